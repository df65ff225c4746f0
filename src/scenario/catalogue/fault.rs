//! What goes wrong.

use super::Value::*;
use super::{Group, Key, Of, group, key, must};
use crate::scenario::quantity::Dimension::*;

pub const GROUPS: &[Group] = &[group("fault.N", FAULT)];

const WHICH: &str = "The service.";
const ON: &str = "On which of its servers; on all if left out.";

const FAULT: &[Key] = &[
    key("at", Quantity(Time), "When it begins, from t = 0."),
    key("lasts", Positive(Time), "How long it lasts; to the end if left out."),
    key("mttf", PositiveDistribution(Time), "In place of `at`: from its end, or the beginning, to the next one."),
    key("mttr", PositiveDistribution(Time), "In place of `lasts`, with `mttf`: how long each one lasts."),
    key(
        "hang",
        Table,
        "A process stands still; its kernel goes on accepting connections. Of a plain station the workers stop, with the \
         work that is left.",
    ),
    must("hang.service", Name(Of::Service), WHICH),
    key("hang.server", Name(Of::Server), ON),
    key("kill", Table, "A process is gone: connections are reset at once, new ones refused."),
    must("kill.service", Name(Of::Service), WHICH),
    key("kill.server", Name(Of::Server), ON),
    key("kill.keepalived", Boolean, "The keepalived beside it dies too."),
    key("stop", Table, "A load balancer leaves with a goodbye: its address moves at once."),
    must("stop.service", Name(Of::Service), WHICH),
    key("stop.server", Name(Of::Server), ON),
    key(
        "maintenance",
        Table,
        "Nothing new is sent there; then it is down until the fault ends. Readers leave a replica alone until it has \
         caught up again. A primary refuses writes (read_only_500) until a candidate of `failover` has applied all and \
         has taken them over, and is stopped only then.",
    ),
    must("maintenance.service", Name(Of::Service), WHICH),
    key("maintenance.server", Name(Of::Server), ON),
    key("maintenance.drain", Quantity(Time), "What is under way has so long to end."),
    key("power_off", NameOrNames(Of::Server), "Servers lose their power: silence, which only time-outs notice."),
    key("cut", NameOrNames(Of::Server), "No bytes between two servers, or around one."),
    key("impair", Table, "Messages take longer, or are lost and sent again."),
    key("impair.between", Names(Of::Server), "Two servers; either this or `around` must be there."),
    key("impair.around", Name(Of::Server), "One server and all others."),
    key("impair.delay", PositiveDistribution(Time), "Added to each message, one way."),
    key("impair.loss", Number(0.0, 0.99), "Probability that a message is lost and sent again."),
    key("slow", Table, "Hardware works at a factor of its speed."),
    must("slow.server", Name(Of::Server), "The server."),
    key("slow.cpu", Above(1000.0), "Factor of the CPU's speed."),
    key("slow.disk", Above(1000.0), "Factor of the disk's speed."),
    key("slow.nic", Above(1000.0), "Factor of the network card's speed."),
    key("memory", Table, "Something else takes memory: services swap, or the OOM killer comes."),
    must("memory.server", Name(Of::Server), "The server."),
    must("memory.taken", Positive(Size), "How much of it."),
];

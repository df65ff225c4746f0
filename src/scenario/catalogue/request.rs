//! What one request of a class asks of each service, or its path through stations.

use super::Value::*;
use super::{Group, Key, Of, group, key, must, of_kind};
use crate::scenario::quantity::Dimension::*;

pub const GROUPS: &[Group] = &[
    group("request.NAME", REQUEST),
    of_kind("request.NAME.SERVICE", "haproxy", &[HAPROXY_CPU]),
    of_kind("request.NAME.SERVICE", "nginx", NGINX),
    of_kind("request.NAME.SERVICE", "app", APP),
    of_kind("request.NAME.SERVICE", "mysql", MYSQL),
    of_kind("request.NAME.SERVICE", "station", &[STATION]),
    group("request.NAME.path.N", STEP),
    group("request.NAME.path.N.choose.N", CHOICE),
];

const REQUEST: &[Key] = &[
    key("response", Distribution(Size), "Bytes of the answer, on every hop back to the client."),
    key("upload", Distribution(Size), "Bytes of the request, on every hop forth."),
    key(
        "path",
        Path,
        "Its way through services of kind station, in place of what it asks of each service: [\"cpu\", { delay = \
         \"1 ms\" }, { probability = 0.3, path = [\"disk\"] }].",
    ),
];

const HAPROXY_CPU: Key = key("cpu", Amount, "CPU of the load balancer for a request on a kept connection.");

const NGINX: &[Key] = &[
    key("cpu", Amount, "CPU of nginx for a request."),
    key("file", Distribution(Size), "A static file of this size is the answer: the request ends here."),
];

const APP: &[Key] = &[
    key("cpu", Amount, "CPU of the application, measured without waiting."),
    key("wait", Amount, "Time that it waits for something outside (an API), without CPU but holding its worker."),
    key("memory", Distribution(Size), "Memory that the request takes while it is worked on."),
];

const PAGES: &str = "Page reads of the buffer pool; those that miss it are reads from the disk.";

const MYSQL: &[Key] = &[
    key("reads", Table, "Statements that read, outside a transaction, one after the other."),
    key("reads.count", Whole(1, 1_000_000), "How many."),
    must("reads.cpu", Distribution(Time), "CPU of each."),
    key("reads.pages", Whole(0, 1_000_000), PAGES),
    key("reads.result", Distribution(Size), "Bytes of the answer to each, over the network cards."),
    key("transactions", Tables, "Transactions on the primary, each with one commit."),
    key("transactions.N.reads", Whole(0, 1_000_000), "Statements of the transaction that read."),
    key("transactions.N.writes", Whole(1, 1_000_000), "Statements that write."),
    key("transactions.N.log", Distribution(Size), "Bytes in the redo log and the binlog; what replicas receive."),
    must("transactions.N.cpu", Amount, "CPU of all its statements together."),
    key("transactions.N.apply_cpu", Amount, "CPU that applying it takes on each replica."),
    key("transactions.N.wait", Amount, "Time that the application lets it stand open."),
    key("transactions.N.pages", Whole(0, 1_000_000), PAGES),
];

const STATION: Key = key("service", Amount, "Service time at this station.");

const WITHIN: &str = "What happens inside the step.";

/// Each element has exactly one of visit, hold, delay, probability, choose, balance, repeat, again, fork and spawn.
const STEP: &[Key] = &[
    key("visit", Name(Of::Service), "Waits for a worker of this station and is served; a name alone is the same."),
    key("service", Amount, "Beside `visit` or `balance`: the service time here, in place of the station's own."),
    key("hold", Name(Of::Service), "Holds a worker of this station while it does `path`."),
    key("delay", Amount, "Time that passes without holding anything."),
    key("probability", Number(0.0, 1.0), "Does `path` with this probability."),
    key("choose", Tables, "Does one of several paths, by weight."),
    key("balance", Balance, "Visits one of `stations`, chosen as HAProxy would."),
    key("stations", Names(Of::Service), "Beside `balance`: the stations to choose from."),
    key("repeat", Whole(1, 1_000_000), "Does `path` so many times."),
    key("again", Number(0.0, 0.9999), "Does `path`, and again with this probability, until it is enough."),
    key("fork", Paths, "Does several paths at once, and goes on when the last is done."),
    key("spawn", Path, "Starts a path that goes on by itself; nobody waits for it."),
    key("path", Path, WITHIN),
];

const CHOICE: &[Key] = &[
    must("weight", Number(0.0, 1e12), "Its share, relative to the others."),
    must("path", Path, "What is done then."),
];

//! What belongs to the scenario as a whole, its network and its servers.

use super::Value::*;
use super::{Group, Key, group, key};
use crate::scenario::quantity::Dimension::*;

pub const GROUPS: &[Group] = &[
    group("", TOP),
    group("simulation", SIMULATION),
    group("network", NETWORK),
    group("network.repair", REPAIR),
    group("server.NAME", SERVER),
    group("server.NAME.repair", REPAIR),
];

const TOP: &[Key] = &[
    key("name", Text, "The scenario's name: the heading of its results, and the folder that they go to."),
    key(
        "extends",
        File,
        "Another scenario, relative to this file, whose keys hold where this one says nothing. Tables are merged, \
         all else is replaced.",
    ),
    key(
        "source",
        Text,
        "Where the values of this table, and of those inside it, come from; possible in every table. What begins with \
         \"measured\" is marked so in the results.",
    ),
    key("simulation", Table, "How long, how often and from which seed it is simulated."),
    key("network", Table, "What lies between the servers, and between clients and the first of them."),
    key("server", Named, "Machines: CPU, memory, disk and network card."),
    key("service", Named, "Software on the servers; `kind` says which."),
    key("request", Named, "Classes of requests: what one of them asks of each service, or its path through stations."),
    key("traffic", Named, "Sources of requests: how they arrive, and of which classes."),
    key("fault", Tables, "What goes wrong, when, and for how long."),
    key("slo", Tables, "Objectives: what shall hold. Each is judged pass, fail or inconclusive."),
    key("plan", Table, "What may vary and what it costs, for `foobar-sim plan`."),
];

const SIMULATION: &[Key] = &[
    key(
        "duration",
        Positive(Time),
        "Measured time of each run; it begins at t = 0, behind the warm-up. Left out where all traffic is recorded, the \
         traces are played to their end.",
    ),
    key(
        "warmup",
        QuantityOr(Time, "auto"),
        "Simulated before t = 0 at the rate of t = 0, without faults, and left out of all figures. \"auto\" finds it by \
         pilot runs, for traffic that does not change in time.",
    ),
    key("runs", Whole(1, 10_000), "Independent runs, each from a seed of its own; intervals come from them."),
    key("seed", Whole(0, i64::MAX), "Of all that is random. The same seed, scenario and version: the same bytes."),
];

const NETWORK: &[Key] = &[
    key("delay", Quantity(Time), "One way, between any two servers."),
    key("client_rtt", Distribution(Time), "Round trip between a client and the first server, drawn for each request."),
    key(
        "tcp_syn_linear_timeouts",
        Whole(0, 255),
        "So many times a SYN without an answer is sent again after one second each, before the waits double.",
    ),
    key("tcp_syn_retries", Whole(0, 127), "So many times more, with doubled waits; then connecting has failed."),
    key("repair", Table, "How often a link between two servers fails, and how soon it is put right; for spof."),
];

/// Of a server, a process or a link.
pub const REPAIR: &[Key] = &[
    key("mttf", Positive(Time), "Mean time to failure: of one server, of one process, of one link."),
    key("notice", Quantity(Time), "From the failure until somebody works on it."),
    key("fix", Positive(Time), "From then on until it works again."),
    key(
        "failover",
        Number(0.0, 1.0),
        "Probability that what should take over does. If it does not, things stay as they are right after the failure \
         until the repair.",
    ),
];

const SERVER: &[Key] = &[
    key("cpu", Table, "Its processor."),
    key("cpu.cores", Whole(1, 4096), "Cores; each request is on one of them at a time."),
    key(
        "cpu.speed",
        Above(1000.0),
        "Relative to the core on which the times of requests were measured: at 2.0 they take half as long.",
    ),
    key(
        "cpu.discipline",
        Choice(&["ps", "fcfs"]),
        "\"ps\": all that can run share the cores equally; \"fcfs\": first come, first served.",
    ),
    key("memory", Positive(Size), "RAM: what services need, and the page cache out of the rest."),
    key("disk", Table, "Its disk."),
    key("disk.iops", Above(1e9), "Operations per second: each occupies the disk 1/iops, and its bytes / throughput."),
    key("disk.throughput", Positive(Throughput), "Bytes per second."),
    key(
        "disk.latency",
        Distribution(Time),
        "Of one operation without waiting. What it is longer than 1/iops passes without occupying the disk.",
    ),
    key("disk.fsync", Distribution(Time), "Of one flush: what a commit waits for."),
    key("nic", Positive(Throughput), "Network card, in each direction."),
    key("repair", Table, "How often the server fails, and how soon it is put right; for spof."),
];

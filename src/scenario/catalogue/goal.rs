//! What shall hold, and what may vary to make it so.

use super::Value::*;
use super::{Group, Key, Of, group, key, must};
use crate::scenario::quantity::Dimension::*;

pub const GROUPS: &[Group] = &[group("slo.N", OBJECTIVE), group("plan", PLAN)];

const OBJECTIVE: &[Key] = &[
    must(
        "that",
        Text,
        "What shall hold: \"latency_p99 < 400 ms\", \"availability >= 0.999\", \"utilization <= 0.8\". Latency is \
         latency_all_ms, in which failures are above every answer.",
    ),
    key("class", Name(Of::Class), "The request class that it is about; all requests if left out."),
    key("station", Text, "The station that it is about, as results name it: \"app1.cpu\"."),
    key("server", Name(Of::Server), "The replica that it is about."),
    key("from", Quantity(Time), "Only what happens from then on, from t = 0."),
    key("to", Quantity(Time), "Only what happens until then, from t = 0."),
    key(
        "during",
        Text,
        "Only while a fault lasts: \"fault 1\". Of one that comes at random, all its times in a run together.",
    ),
];

const PLAN: &[Key] = &[
    key("currency", Text, "Of prices, and for how long: \"EUR a month\"."),
    key("growth", Text, "How much more traffic comes each month: \"5%\"."),
    key("traffic", Above(1e6), "The traffic to buy for, as a multiple of what the scenario says."),
    key("vary", Tables, "What may vary, and what each choice costs."),
    key("vary.N.key", Text, "A key of this scenario, dotted. Either this, `servers` or `replicas` must be there."),
    key("vary.N.servers", Name(Of::Service), "The number of servers of this service."),
    key("vary.N.replicas", Name(Of::Service), "The number of replicas of this database."),
    must("vary.N.values", List, "What it may be."),
    key("vary.N.prices", List, "What each value costs, in the same order. Either this or `price_each` must be there."),
    key("vary.N.price_each", AtLeast(0.0), "What one worker, core or server costs."),
];

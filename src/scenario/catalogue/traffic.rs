//! How requests arrive: by a process, or as recorded; and what clients do.

use super::Value::*;
use super::{Group, Key, Of, group, key, must};
use crate::scenario::quantity::Dimension::*;

pub const GROUPS: &[Group] = &[
    group("traffic.NAME", TRAFFIC),
    group("traffic.NAME", PROFILE),
    group("traffic.NAME", TRACE),
    group("traffic.NAME.client", CLIENT),
];

const TRAFFIC: &[Key] = &[
    key(
        "process",
        Choice(&["poisson", "constant", "renewal", "mmpp", "batch", "closed", "trace"]),
        "How requests arrive: independently of each other, at equal gaps, at drawn gaps, in phases of different rates, \
         in batches, from users who wait for their answers, or as recorded.",
    ),
    key("mix", Weights, "Request classes and their weights: { image = 66, product = 30, checkout = 4 }."),
    key("target", Name(Of::Service), "The service that clients talk to."),
    key("client", Table, "What clients do: how long they wait, whether they try again, how often they connect."),
    key("rate", Positive(Rate), "Of poisson and constant: requests in a time; of batch: batches."),
    key("gap", PositiveDistribution(Time), "Of renewal: from one arrival to the next."),
    key("states", Tables, "Of mmpp: phases that follow each other at random, each with its rate."),
    must("states.N.rate", Quantity(Rate), "Requests in a time while in this state."),
    must("states.N.lasts", Positive(Time), "Its mean length; lengths are exponential."),
    key("size", PositiveDistribution(Count), "Of batch: requests in a batch."),
    key("users", Whole(1, 10_000_000), "Of closed: users, each with one request at a time."),
    key("think", Distribution(Time), "Of closed: from an answer to the user's next request."),
    key("session", Names(Of::Class), "Of closed: the classes that each user asks for in turn, in place of `mix`."),
];

const PROFILE: &[Key] = &[
    key("profile", Points, "Of poisson and constant, in place of `rate`: times and rates, or a CSV file of them."),
    key("shape", Choice(&["linear", "step"]), "Between two points of the profile: a ramp, or the first one's rate."),
    key("period", Positive(Time), "The profile begins anew after this time; left out, the last rate stays."),
    key("wave", Table, "A sine on top: the rate goes up and down around its mean."),
    must("wave.amplitude", Number(0.0, 1.0), "Relative to the rate."),
    must("wave.period", Positive(Time), "Of one wave."),
    key("spikes", Tables, "Times at which the rate is a multiple."),
    must("spikes.N.at", Quantity(Time), "When it begins, from t = 0."),
    must("spikes.N.lasts", Positive(Time), "How long it lasts."),
    must("spikes.N.factor", Number(0.0, 1e6), "What the rate is multiplied by."),
];

const UNITS: &[&str] = &["s", "ms", "us", "ns"];

const TRACE: &[Key] = &[
    key("file", File, "Of trace: the log or table, relative to this scenario; gzipped or not."),
    key(
        "format",
        Choice(&["haproxy", "haproxy-clf", "nginx", "apache", "json", "csv"]),
        "Of trace: how its lines are written.",
    ),
    key("columns", Table, "Of formats json and csv: which field holds what."),
    must("columns.time", Text, "The time stamp."),
    key("columns.time_unit", Choice(UNITS), "Of a time stamp that is a number; guessed from its size if left out."),
    key("columns.stamp", Choice(&["arrival", "end"]), "Which moment the time stamp is of."),
    key(
        "columns.duration",
        Text,
        "How long the request took, from which the arrival is worked out if `stamp` is \"end\".",
    ),
    key("columns.duration_unit", Choice(UNITS), "Of `duration`."),
    key("columns.method", Text, "The method, for `rules`."),
    key("columns.path", Text, "The path, for `rules`."),
    key("columns.status", Text, "The status."),
    key("columns.bytes", Text, "The bytes of the answer, for `sizes`."),
    key("columns.class", Text, "A word that `rules` are matched against, in place of method and path."),
    key("rules", Tables, "Which lines are which request class; the first rule that matches counts."),
    must("rules.N.match", Text, "A regular expression for \"METHOD PATH\"."),
    must("rules.N.class", Name(Of::Class), "The request class."),
    key(
        "otherwise",
        Name(Of::Class),
        "The class of lines that no rule takes; left out, they are left out and counted.",
    ),
    key("speed", Above(1e6), "2.0 plays twice as fast as recorded."),
    key("repeat", Whole(1, 1_000_000), "How often it is played, one after the other."),
    key("window", Window, "Only what arrived between these two times, from the first arrival: [\"10 s\", \"5 min\"]."),
    key("max_malformed", Number(0.0, 1.0), "Share of lines that may be unreadable; beyond it the trace is refused."),
    key(
        "sort_buffer",
        Whole(1, 100_000_000),
        "Lines held to put a log that is in order of completion into order of arrival.",
    ),
    key("sizes", Boolean, "Whether an answer has the bytes that the trace says, in place of the class's `response`."),
    key("work", Tables, "Columns that supply recorded work, which classes take as \"trace(column)\"."),
    must("work.N.column", Text, "The timer or column."),
    key("work.N.unit", Choice(UNITS), "Of the column."),
    key(
        "work.N.recorded_workers",
        Whole(1, 1_000_000),
        "Behind how many workers it was recorded: timers contain waiting, which is taken out for so many workers that \
         serve in the order of arrival.",
    ),
];

const CLIENT: &[Key] = &[
    key("requests_per_connection", Number(1.0, 1e6), "Mean; each new connection costs its handshakes."),
    key("timeout", PositiveOr(Time, "none"), "For an answer; then the client gives the attempt up."),
    key("retries", Whole(0, 1000), "How often a request without an answer is tried again."),
    key(
        "backoff",
        TableOr(&Distribution(Time)),
        "Wait before another attempt: the same distribution each time, or a table for waits that grow.",
    ),
    must("backoff.base", Positive(Time), "The first wait."),
    key("backoff.factor", Number(1.0, 100.0), "Each wait is so many times the one before."),
    key("backoff.max", Positive(Time), "No wait is longer."),
    key(
        "backoff.jitter",
        Choice(&["none", "full", "equal"]),
        "\"full\": evenly from zero to the wait; \"equal\": from half of it on; \"none\": the wait.",
    ),
    key("budget", Table, "Bounds what all clients of this source repeat together."),
    key(
        "budget.ratio",
        Number(0.0, 100.0),
        "Each request adds so many attempts to the budget; a repeated one takes 1.",
    ),
    key("budget.reserve", Above(1e9), "Attempts that the budget holds at most, and at the beginning."),
];

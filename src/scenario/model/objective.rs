//! `[[slo]]`: what shall hold.

use super::{ClassId, ServerId};

/// One objective: a figure, what bounds it, and what part of the runs it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// As written: `latency_p99 < 400 ms`.
    pub that: String,
    pub metric: Metric,
    pub comparison: Comparison,
    /// In the metric's unit: seconds, requests per second, a share or a count.
    pub bound: f64,
    /// Of requests; `None`: of all classes together.
    pub class: Option<ClassId>,
    /// `None`: the whole measured time.
    pub time: Option<TimeSpan>,
    /// Number of the fault, from 1, that `time` was taken from.
    pub during: Option<u32>,
    /// Where it is written: `peak.toml:12`. Empty of one that no scenario says.
    pub written: String,
}

/// The figure that an objective is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Metric {
    /// Seconds, over all requests that finished, every failure ranked above every answer.
    Latency(Figure),
    /// Answered / finished.
    Availability,
    /// Failed / finished.
    ErrorRate,
    /// Answered requests per second.
    Throughput,
    /// Busy share of the workers of a station: `app1.cpu`.
    Utilization { station: String },
    /// Seconds from a transaction's commit until the replica has applied it.
    ApplyDelay { server: ServerId, figure: Figure },
    /// Seconds, over time: age of the oldest commit that the replica has not applied.
    SecondsBehind { server: ServerId, figure: Figure },
    /// Share of the reads at a replica that came while an older commit was not applied.
    StaleReads { server: ServerId },
    /// Transactions acknowledged to a client and absent since, in one run.
    Rpo,
    /// Longest time for which writes failed, in one run: seconds.
    Rto,
}

/// Of many values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    Mean,
    /// 0.99 is p99.
    Percentile(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Below,
    AtMost,
    AtLeast,
    Above,
}

impl Comparison {
    /// As written.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Below => "<",
            Comparison::AtMost => "<=",
            Comparison::AtLeast => ">=",
            Comparison::Above => ">",
        }
    }

    /// Whether small values are the good ones.
    pub fn is_upper(self) -> bool {
        matches!(self, Comparison::Below | Comparison::AtMost)
    }

    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Comparison::Below => value < bound,
            Comparison::AtMost => value <= bound,
            Comparison::AtLeast => value >= bound,
            Comparison::Above => value > bound,
        }
    }
}

/// Part of the measured time. Requests belong to the part in which they finish.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimeSpan {
    /// Seconds from t = 0; no `to_s`: to the end.
    Between { from_s: f64, to_s: Option<f64> },
    /// While a fault that comes at random (its index) is there, in each run whenever that is.
    Outages { fault: usize },
}

impl Objective {
    pub fn is_met_by(&self, value: f64) -> bool {
        self.comparison.holds(value, self.bound)
    }
}

/// The parts of the measured time that objectives look at, each once; runs observe them apart, in this order.
pub fn observed_spans(objectives: &[Objective]) -> Vec<TimeSpan> {
    let mut spans: Vec<TimeSpan> = Vec::new();
    for span in objectives.iter().filter_map(|objective| objective.time) {
        if !spans.contains(&span) {
            spans.push(span);
        }
    }
    spans
}

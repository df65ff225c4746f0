//! Who sends requests, and when.

use std::path::PathBuf;

use super::{ClassId, ServiceId};
use crate::engine::Distribution;

#[derive(Clone, Debug)]
pub struct Traffic {
    pub name: String,
    pub process: Process,
    /// Request classes with their weights; weights sum to something positive. Traces map by rules instead.
    pub mix: Vec<(ClassId, f64)>,
    /// The service that clients talk to; `None` when all classes are paths.
    pub target: Option<ServiceId>,
    pub client: Client,
}

/// What clients do while they wait, and when they are not answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Mean requests on one connection, >= 1 (geometric). A repeated attempt opens a new one.
    pub requests_per_connection: f64,
    /// From an attempt's beginning to its last byte, seconds; `None`: they wait for as long as it takes.
    pub timeout_s: Option<f64>,
    /// Attempts after the first, each when the one before has failed.
    pub retries: u32,
    pub backoff: Backoff,
    pub budget: Option<RetryBudget>,
}

impl Client {
    /// Waits, and tries once.
    pub fn patient() -> Client {
        let backoff = Backoff::Drawn(Distribution::Constant(0.0));
        Client { requests_per_connection: 1.0, timeout_s: None, retries: 0, backoff, budget: None }
    }

    /// Whether an answer may come too late, or a request be sent again.
    pub fn tries(&self) -> bool {
        self.timeout_s.is_some() || self.retries > 0
    }
}

/// The wait before a repeated attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Backoff {
    /// Of the same law each time, seconds.
    Drawn(Distribution),
    /// Before the k-th: the lesser of `max_s` and `base_s` x `factor`^(k - 1), jittered.
    Growing { base_s: f64, factor: f64, max_s: f64, jitter: Jitter },
}

/// As in "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    None,
    /// Uniform between nothing and the whole wait.
    Full,
    /// Half of the wait, and uniform up to the whole.
    Equal,
}

/// All clients of a source together repeat at most so much: each request adds `ratio` to what may be repeated, up to
/// `reserve`, and each repeated attempt takes 1 off. After Finagle's RetryBudget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryBudget {
    pub ratio: f64,
    pub reserve: f64,
}

#[derive(Clone, Debug)]
pub enum Process {
    /// Poisson with a rate that may change in time.
    Poisson(RateProfile),
    /// Evenly spaced (with a profile: by its cumulative rate).
    Constant(RateProfile),
    /// Independent, identically distributed gaps, seconds.
    Renewal(Distribution),
    /// Markov-modulated Poisson; states follow each other in the order given, round and round.
    Mmpp(Vec<MmppState>),
    /// Batches at Poisson instants.
    Batch {
        batches_per_s: f64,
        size: Distribution,
    },
    Trace(TraceSource),
    Closed {
        users: u32,
        think: Distribution,
        session: Vec<ClassId>,
    },
}

#[derive(Clone, Debug)]
pub struct MmppState {
    pub rate_per_s: f64,
    /// Time in the state (exponential), mean in seconds.
    pub lasts_mean_s: f64,
}

/// Arrival rate as a function of time, from t = 0; before it (the warm-up) the rate at t = 0 holds, and
/// after the last point the last rate, unless `period_s` repeats the points.
#[derive(Clone, Debug)]
pub struct RateProfile {
    /// (time in seconds, rate per second), times increasing from 0; at least one.
    pub points: Vec<(f64, f64)>,
    /// Rates change linearly between points (ramps) or stay until the next (steps).
    pub linear: bool,
    pub period_s: Option<f64>,
    /// Multiplies by 1 + amplitude * sin(2 pi t / period).
    pub wave: Option<Wave>,
    /// Multiplies by `factor` in [at, at + lasts).
    pub spikes: Vec<Spike>,
}

#[derive(Clone, Debug)]
pub struct Wave {
    pub amplitude: f64,
    pub period_s: f64,
}

#[derive(Clone, Debug)]
pub struct Spike {
    pub at_s: f64,
    pub lasts_s: f64,
    pub factor: f64,
}

impl RateProfile {
    pub fn steady(rate_per_s: f64) -> RateProfile {
        RateProfile { points: vec![(0.0, rate_per_s)], linear: false, period_s: None, wave: None, spikes: Vec::new() }
    }

    /// Whether the rate never changes.
    pub fn is_steady(&self) -> bool {
        self.points.len() == 1 && self.wave.is_none() && self.spikes.is_empty()
    }
}

/// Most columns of work that a trace may supply with a request.
pub const WORK_COLUMNS: usize = 2;

/// Recorded traffic.
#[derive(Clone, Debug)]
pub struct TraceSource {
    pub file: PathBuf,
    pub format: TraceFormat,
    pub rules: Vec<TraceRule>,
    /// For lines that no rule takes; `None`: they are counted and left out.
    pub otherwise: Option<ClassId>,
    /// Replays this much faster than recorded.
    pub speed: f64,
    /// Times that the trace is played, one after the other.
    pub repeat: u32,
    /// Part of the trace to play, seconds from its first arrival.
    pub window_s: Option<(f64, f64)>,
    /// Lines that may be malformed before it is an error: a share of all, 0..=1.
    pub max_malformed: f64,
    /// Lines held for sorting by arrival.
    pub sort_buffer: usize,
    /// Columns (or timers) supplied to requests as work, in the order of `Amount::Recorded::index`.
    pub work: Vec<RecordedWork>,
    /// The answer's bytes are taken from the trace.
    pub sizes: bool,
}

#[derive(Clone, Debug)]
pub struct RecordedWork {
    /// Timer or column name: `Tr`, `request_time`, `serv_ms`.
    pub column: String,
    /// Seconds per unit of the column.
    pub unit_s: f64,
    /// The timer contains waiting behind this many FCFS workers: invert it. `None`: pure work.
    pub recorded_workers: Option<u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TraceFormat {
    HaproxyHttp,
    HaproxyClf,
    /// nginx or Apache "combined", with or without timing fields behind it.
    Combined {
        stamp: Stamp,
    },
    JsonLines(Columns),
    Csv(Columns),
}

/// What a line's time stamp says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    Arrival,
    /// The end; the arrival is the end less the duration, where there is one.
    End,
}

/// Which field holds what, for formats without fixed places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    pub time: String,
    /// `None`: guessed (RFC 3339, "Y-m-d H:M:S.f", or a number of `time_unit_s`).
    pub time_unit_s: Option<f64>,
    pub stamp_is_end: bool,
    pub duration: Option<String>,
    pub duration_unit_s: f64,
    pub method: Option<String>,
    pub path: Option<String>,
    pub status: Option<String>,
    pub bytes: Option<String>,
    /// A column whose value is matched by rules in place of method and path.
    pub class: Option<String>,
}

#[derive(Clone, Debug)]
pub struct TraceRule {
    /// Matched against "METHOD PATH" (or the class column).
    pub pattern: regex::Regex,
    pub class: ClassId,
}

//! Which runs to make, in parallel, and what they say together.

pub mod summary;

use crate::simulation::result::Windows;
use crate::stats::histogram::Histogram;
use summary::Summary;

/// Everything that an experiment found: the estimates, and the merged distributions for charts.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub summary: Summary,
    pub merged: Merged,
}

/// All runs together.
#[derive(Clone, Debug)]
pub struct Merged {
    /// "all" first, then the classes: name and latency of answered requests, nanoseconds.
    pub latency: Vec<(String, Histogram)>,
    /// Requests that failed, in the same order.
    pub failures: Vec<u64>,
    /// Sums over the runs; widths equal.
    pub windows: Windows,
    pub station_names: Vec<String>,
    /// Workers of each station, for utilization over time; `None`: unlimited.
    pub station_workers: Vec<Option<u32>>,
    pub runs: u32,
}

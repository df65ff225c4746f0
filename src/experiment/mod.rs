//! Which runs to make, in parallel, and what they say together.
//!
//! `runner` does all of it, on the traces of `recording`: `parallel` makes runs, `warmup`, `precision` and `verdict` say
//! how long and how many, `objective` what one run says about an objective, `outcome` turns them into the `summary` that is reported: `merge` adds them up,
//! `estimate` and `ranked` put the doubt beside each number, `checks` are laws that every run must obey,
//! `theory` is the analytic answer where there is one, `bounds` what no answer may pass, and `warnings` are what may mislead.

mod bounds;
pub mod checks;
pub mod compare;
pub mod databases;
pub mod estimate;
pub mod explained;
mod incidents;
pub mod merge;
pub mod objective;
pub mod outcome;
#[cfg(test)]
mod outcome_tests;
pub mod parallel;
pub mod per_run;
pub mod pictured;
pub mod plan;
pub mod precision;
pub mod ranked;
mod recording;
pub mod runner;
pub mod spof;
pub mod stations;
pub mod summary;
pub mod sweep;
#[cfg(test)]
mod synthetic;
pub mod theory;
pub mod time_spent;
pub mod topology;
pub mod verdict;
pub mod warmup;
pub mod warnings;

use crate::simulation::result::Windows;
use crate::stats::histogram::Histogram;
use explained::Explained;
use pictured::Pictured;
use summary::Summary;

pub use outcome::{Context, outcome};

/// Everything that an experiment found: the estimates, and the merged distributions for charts.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub summary: Summary,
    pub merged: Merged,
    pub pictured: Pictured,
    /// What single requests of the first run went through: slow ones, and failed ones. Empty: nobody asked.
    pub samples: Vec<Explained>,
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

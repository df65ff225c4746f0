//! A stored run for the tools that others watch systems with: `openmetrics` is its time series and its figures by class,
//! `dashboard` is a Grafana dashboard for exactly these metrics. Both are made from [`FAMILIES`], so that they cannot
//! disagree. What is read is timeseries.csv and summary.json; nothing is simulated.

mod dashboard;
mod openmetrics;
mod stored;
#[cfg(test)]
mod tests;

pub use dashboard::render as dashboard;
pub use openmetrics::render as openmetrics;
pub use stored::{StoredRun, read};

pub const OPENMETRICS_FILE: &str = "openmetrics.txt";
pub const DASHBOARD_FILE: &str = "grafana.json";

/// A metric: its name ends with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    pub name: &'static str,
    pub unit: &'static str,
    pub help: &'static str,
    /// Labels besides `scenario`.
    pub labels: &'static [&'static str],
    pub of: Of,
    /// Grafana's name for the unit.
    pub shown_as: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A value for each window of timeseries.csv, at the window's end.
    Windows,
    /// One value for the whole measured time, at its end.
    Run,
}

pub const ARRIVED: usize = 0;
pub const COMPLETED: usize = 1;
pub const FAILED: usize = 2;
pub const LATENCY: usize = 3;
pub const LATENCY_MEAN: usize = 4;
pub const UTILIZATION: usize = 5;
pub const QUEUE: usize = 6;
pub const CLASS_LATENCY: usize = 7;
pub const CLASS_THROUGHPUT: usize = 8;
pub const CLASS_AVAILABILITY: usize = 9;

const PER_SECOND: &str = "requests_per_second";

pub const FAMILIES: [Family; 10] = [
    Family {
        name: "foobar_sim_arrived_requests_per_second",
        unit: PER_SECOND,
        help: "Requests that arrived in the window, all runs averaged.",
        labels: &[],
        of: Of::Windows,
        shown_as: "reqps",
    },
    Family {
        name: "foobar_sim_completed_requests_per_second",
        unit: PER_SECOND,
        help: "Requests that were answered in the window, all runs averaged.",
        labels: &[],
        of: Of::Windows,
        shown_as: "reqps",
    },
    Family {
        name: "foobar_sim_failed_requests_per_second",
        unit: PER_SECOND,
        help: "Requests that failed in the window, by reason, all runs averaged.",
        labels: &["reason"],
        of: Of::Windows,
        shown_as: "reqps",
    },
    Family {
        name: "foobar_sim_latency_seconds",
        unit: "seconds",
        help: "Percentiles of the latency of requests answered in the window, all runs together.",
        labels: &["percentile"],
        of: Of::Windows,
        shown_as: "s",
    },
    Family {
        name: "foobar_sim_latency_mean_seconds",
        unit: "seconds",
        help: "Mean latency of requests answered in the window, all runs together.",
        labels: &[],
        of: Of::Windows,
        shown_as: "s",
    },
    Family {
        name: "foobar_sim_station_utilization_ratio",
        unit: "ratio",
        help: "Busy workers over workers, mean over the window and all runs.",
        labels: &["station", "server"],
        of: Of::Windows,
        shown_as: "percentunit",
    },
    Family {
        name: "foobar_sim_station_queue_requests",
        unit: "requests",
        help: "Requests present at the station and not served, mean over the window and all runs.",
        labels: &["station", "server"],
        of: Of::Windows,
        shown_as: "short",
    },
    Family {
        name: "foobar_sim_class_latency_seconds",
        unit: "seconds",
        help: "Latency of answered requests of a class, over the measured time of all runs.",
        labels: &["class", "percentile"],
        of: Of::Run,
        shown_as: "s",
    },
    Family {
        name: "foobar_sim_class_throughput_requests_per_second",
        unit: PER_SECOND,
        help: "Answered requests of a class, over the measured time of all runs.",
        labels: &["class"],
        of: Of::Run,
        shown_as: "reqps",
    },
    Family {
        name: "foobar_sim_class_availability_ratio",
        unit: "ratio",
        help: "Share of a class's requests that were answered, over the measured time of all runs.",
        labels: &["class"],
        of: Of::Run,
        shown_as: "percentunit",
    },
];

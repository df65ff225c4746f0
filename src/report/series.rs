//! The windows of all runs together, read as rates, percentiles and shares: what the CSV and the charts
//! over time draw from.

use crate::experiment::Outcome;
use crate::simulation::result::Window;

/// One window, averaged over the runs.
#[derive(Clone, Copy)]
pub struct Point<'a> {
    /// Beginning, seconds from t = 0.
    pub start_s: f64,
    /// The last one is shorter where the width does not divide the measured time.
    pub length_s: f64,
    pub window: &'a Window,
    runs: f64,
}

/// The points that lie inside the measured time.
pub fn points(outcome: &Outcome) -> Vec<Point<'_>> {
    let merged = &outcome.merged;
    let width_s = merged.windows.width_ns as f64 / 1e9;
    let measured_s = outcome.summary.measured_s;
    let point = |(i, window)| {
        let start_s = i as f64 * width_s;
        Point::new(start_s, (measured_s - start_s).min(width_s), window, merged.runs)
    };
    // a sliver left by rounding would give absurd rates
    merged.windows.windows.iter().enumerate().map(point).filter(|p| p.length_s > width_s * 1e-6).collect()
}

impl<'a> Point<'a> {
    /// Of a window that lies elsewhere, such as in the warm-up.
    pub fn new(start_s: f64, length_s: f64, window: &'a Window, runs: u32) -> Point<'a> {
        Point { start_s, length_s, window, runs: f64::from(runs.max(1)) }
    }
}

impl Point<'_> {
    /// Where it is drawn.
    pub fn middle_s(&self) -> f64 {
        self.start_s + self.length_s / 2.0
    }

    pub fn arrived_per_s(&self) -> f64 {
        self.per_second(self.window.arrived)
    }

    pub fn completed_per_s(&self) -> f64 {
        self.per_second(self.window.completed)
    }

    pub fn failed_per_s(&self) -> f64 {
        self.per_second(self.window.failed.iter().sum())
    }

    /// `reason` is the index into `FailureReason::ALL`.
    pub fn failed_for_per_s(&self, reason: usize) -> f64 {
        self.per_second(self.window.failed[reason])
    }

    pub fn latency_ms(&self, q: f64) -> Option<f64> {
        self.window.latency.quantile(q).map(|ns| ns / 1e6)
    }

    pub fn latency_mean_ms(&self) -> Option<f64> {
        self.window.latency.mean().map(|ns| ns / 1e6)
    }

    /// Busy workers, mean over the window.
    pub fn busy(&self, station: usize) -> f64 {
        self.mean(&self.window.busy_ns, station)
    }

    /// Present and not in service, mean over the window.
    pub fn queue(&self, station: usize) -> f64 {
        (self.mean(&self.window.present_ns, station) - self.busy(station)).max(0.0)
    }

    /// How long a replica was behind, mean over the window.
    pub fn seconds_behind(&self, replica: usize) -> f64 {
        let area = self.window.behind_area.get(replica).copied().unwrap_or(0);
        area as f64 / 1e9 / (self.length_s * 1e9 * self.runs)
    }

    fn mean(&self, areas_ns: &[u64], station: usize) -> f64 {
        areas_ns.get(station).copied().unwrap_or(0) as f64 / (self.length_s * 1e9 * self.runs)
    }

    fn per_second(&self, n: u64) -> f64 {
        n as f64 / (self.length_s * self.runs)
    }
}

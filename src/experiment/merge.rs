//! All runs together: histograms, counts and time series added up in the order of the runs.

use super::Merged;
use crate::simulation::result::{ClassResult, RunResult, Window, Windows};
use crate::stats::histogram::Histogram;

/// All classes of one run as one.
pub fn total(run: &RunResult) -> ClassResult {
    let mut total = ClassResult::default();
    for class in &run.classes {
        total.merge(class);
    }
    total
}

/// One class over all runs.
pub fn over_runs<'a>(runs: impl IntoIterator<Item = &'a ClassResult>) -> ClassResult {
    let mut sum = ClassResult::default();
    for run in runs {
        sum.merge(run);
    }
    sum
}

pub fn histogram<'a>(runs: impl IntoIterator<Item = &'a Histogram>) -> Histogram {
    let mut sum = Histogram::default();
    for run in runs {
        sum.merge(run);
    }
    sum
}

/// Time series of all runs in one. Runs that went on until nothing was left have windows of 2^k times the same
/// width: the finer are brought to the coarsest.
pub fn windows(runs: &[RunResult]) -> Windows {
    let width_ns = runs.iter().map(|r| r.windows.width_ns).max().unwrap_or(1);
    let station_count = runs.first().map_or(0, |r| r.windows.station_count);
    let mut merged: Vec<Window> = Vec::new();
    for run in runs {
        let factor = (width_ns / run.windows.width_ns.max(1)).max(1) as usize;
        for (i, window) in run.windows.windows.iter().enumerate() {
            let at = i / factor;
            if at == merged.len() {
                merged.push(Window::default());
            }
            merged[at].merge(window);
        }
    }
    Windows { width_ns, windows: merged, station_count }
}

/// `classes` are (name, sum over the runs), "all" first.
pub fn merged(runs: &[RunResult], classes: &[(String, ClassResult)]) -> Merged {
    let stations = runs.first().map_or(&[][..], |run| &run.stations);
    Merged {
        latency: classes.iter().map(|(name, class)| (name.clone(), class.latency_ns.clone())).collect(),
        failures: classes.iter().map(|(_, class)| class.failures()).collect(),
        windows: windows(runs),
        station_names: stations.iter().map(|s| s.name.clone()).collect(),
        station_workers: stations.iter().map(|s| s.workers).collect(),
        runs: runs.len() as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::super::synthetic;
    use super::*;

    #[test]
    fn finer_windows_are_brought_to_the_coarsest() {
        let window = |arrived| Window { arrived, busy_ns: vec![10], present_ns: vec![20], ..Window::default() };
        let mut fine = synthetic::run(0);
        fine.windows = Windows { width_ns: 5, windows: vec![window(1), window(2), window(3)], station_count: 1 };
        let mut coarse = synthetic::run(1);
        coarse.windows = Windows { width_ns: 10, windows: vec![window(10), window(20), window(30)], station_count: 1 };
        let merged = windows(&[fine, coarse]);
        assert_eq!(merged.width_ns, 10);
        assert_eq!(merged.windows.iter().map(|w| w.arrived).collect::<Vec<_>>(), [13, 23, 30]);
        assert_eq!(merged.windows[0].busy_ns, [30]);
    }
}

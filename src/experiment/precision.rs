//! `--precision 2%`: runs are added at fixed counts until the intervals are narrow enough.
//!
//! Stopping when an interval happens to be narrow makes it too narrow. So there are only four looks, and each
//! takes a quarter of the error (Bonferroni): every interval of such an experiment is given at 98.75%, and all
//! looks together miss with at most 5%.

use std::ops::Range;

use super::merge;
use crate::simulation::result::RunResult;
use crate::stats::interval::t_interval;

/// Runs at which results are looked at.
pub const LOOKS: [u32; 4] = [10, 20, 40, 80];

/// Of each interval, so that all looks together keep 95%.
pub const CONFIDENCE: f64 = 1.0 - 0.05 / LOOKS.len() as f64;

/// How it ended.
#[derive(Clone, Debug)]
pub struct Precise {
    pub runs: Vec<RunResult>,
    /// Relative half-width of the mean and of the 99th percentile of latency, the wider of the two; `None` when
    /// it has none.
    pub relative_half_width: Option<f64>,
    pub reached: bool,
}

/// Makes runs until the mean and the 99th percentile of latency over all answered requests are known to
/// `relative` (0.02 is 2%), or 80 are made. `make` returns the runs of a range of indices, in order.
pub fn until_precise(relative: f64, mut make: impl FnMut(Range<u32>) -> Vec<RunResult>) -> Precise {
    let mut runs = Vec::new();
    let mut width = None;
    for look in LOOKS {
        runs.extend(make(runs.len() as u32..look));
        width = relative_half_width(&runs);
        if width.is_some_and(|width| width <= relative) {
            return Precise { runs, relative_half_width: width, reached: true };
        }
    }
    Precise { runs, relative_half_width: width, reached: false }
}

/// The wider of both; `None` where a run has no answers or the runs do not vary.
pub fn relative_half_width(runs: &[RunResult]) -> Option<f64> {
    let totals: Vec<_> = runs.iter().map(merge::total).collect();
    let means: Option<Vec<f64>> = totals.iter().map(|t| t.latency_ns.mean()).collect();
    let tails: Option<Vec<f64>> = totals.iter().map(|t| t.latency_ns.quantile(0.99)).collect();
    let relative = |values: Vec<f64>| {
        let interval = t_interval(&values, CONFIDENCE)?;
        Some(interval.half_width / interval.mean)
    };
    Some(relative(means?)?.max(relative(tails?)?))
}

#[cfg(test)]
mod tests {
    use super::super::synthetic;
    use super::*;

    /// Latencies around 100 ms whose level differs between runs by up to `spread`.
    fn make(spread: f64) -> impl FnMut(Range<u32>) -> Vec<RunResult> {
        move |range| {
            range
                .map(|i| {
                    let mut run = synthetic::run(i);
                    let level = 1.0 + spread * (f64::from(i * 7 % 11) / 10.0 - 0.5);
                    let latency = &mut run.classes[0].latency_ns;
                    latency.clear();
                    (0..2000).for_each(|k| latency.record((level * (1e8 + 1e4 * f64::from(k))) as u64));
                    run
                })
                .collect()
        }
    }

    #[test]
    fn enough_runs_are_made_and_no_more() {
        let wide = until_precise(0.02, make(0.2));
        let narrow = until_precise(0.02, make(0.02));
        assert_eq!((narrow.runs.len(), narrow.reached), (10, true));
        assert!(wide.reached && wide.runs.len() > 10, "{}", wide.runs.len());
        let indices: Vec<u32> = wide.runs.iter().map(|r| r.run).collect();
        assert_eq!(indices, (0..wide.runs.len() as u32).collect::<Vec<_>>());
    }

    #[test]
    fn eighty_runs_are_the_end() {
        let never = until_precise(0.0001, make(0.5));
        assert_eq!((never.runs.len(), never.reached), (80, false));
        assert!(never.relative_half_width.unwrap() > 0.0001);
    }
}

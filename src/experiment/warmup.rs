//! `warmup = "auto"`: MSER-5 on the across-run mean of pilot runs, once; the length is then the same for every
//! run and every variant.

use super::summary::Warning;
use super::warnings::NO_WARMUP_FOUND;
use crate::simulation::result::RunResult;
use crate::stats::warmup::{mser5, mser5_first_half};

/// Pilot runs for an automatic warm-up.
pub const PILOTS: u32 = 5;

/// What the pilots say.
#[derive(Clone, Debug, PartialEq)]
pub struct AutomaticWarmup {
    pub warmup_s: f64,
    /// Present: it could not be found, and no interval may be given.
    pub warning: Option<Warning>,
}

/// From pilot runs without a warm-up, all alike: the number of requests at all stations, averaged over each
/// window and over the runs. Where the least of the statistic lies past half the run, and the rest beyond the
/// least in the first half still grows or falls, there is none to trust; half the run is then what is left out.
pub fn automatic(pilots: &[RunResult]) -> AutomaticWarmup {
    let series = present_series(pilots);
    let width_s = pilots.first().map_or(0.0, |run| run.windows.width_ns as f64 / 1e9);
    let length_s = pilots.first().map_or(0.0, |run| run.measured_s);
    let found =
        mser5(&series).filter(|found| 2 * found.batches <= found.of_batches).or_else(|| mser5_first_half(&series));
    match found {
        Some(found) => AutomaticWarmup {
            // whole milliseconds read better
            warmup_s: (found.observations as f64 * width_s * 1e3).round() / 1e3,
            warning: None,
        },
        None => AutomaticWarmup {
            warmup_s: 0.5 * length_s,
            warning: Some(Warning {
                id: NO_WARMUP_FOUND,
                message: format!(
                    "the end of the warm-up was not found within half of {length_s} s, so no interval is given"
                ),
                advice: "set simulation.duration longer, or simulation.warmup to a time after which nothing \
                         grows any more"
                    .to_owned(),
            }),
        },
    }
}

/// Mean over the runs of the number present at all stations in each window. A last window that is shorter than
/// the others is left out.
pub fn present_series(pilots: &[RunResult]) -> Vec<f64> {
    let whole = |run: &RunResult| (run.measured_s * 1e9 / run.windows.width_ns as f64 + 1e-9) as usize;
    let count = pilots.iter().map(|run| run.windows.windows.len().min(whole(run))).min().unwrap_or(0);
    (0..count)
        .map(|i| {
            let sum: f64 = pilots
                .iter()
                .map(|run| {
                    let present: u128 = run.windows.windows[i].present_ns.iter().map(|&ns| u128::from(ns)).sum();
                    present as f64 / run.windows.width_ns as f64
                })
                .sum();
            sum / pilots.len() as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::synthetic;
    use super::*;
    use crate::engine::random::Key;
    use crate::simulation::result::{Window, Windows};

    /// Windows of 1 s with so many present.
    fn pilot(present: impl Fn(f64) -> f64, noise: u64) -> RunResult {
        let mut run = synthetic::run(0);
        run.measured_s = 240.0;
        let windows = (0..240u64)
            .map(|i| {
                let jitter = 3.0 * Key::of_seed(noise).indexed(i).draw(1, 0).unit();
                Window { present_ns: vec![((present(i as f64) + jitter) * 1e9) as u64], ..Window::default() }
            })
            .collect();
        run.windows = Windows { width_ns: 1_000_000_000, windows, station_count: 1 };
        run
    }

    #[test]
    fn a_filling_system_is_given_time_to_fill() {
        let pilots: Vec<_> = (0..5).map(|n| pilot(|t| 8.0 * (1.0 - (-t / 10.0).exp()), n)).collect();
        let found = automatic(&pilots);
        assert_eq!(found.warning, None);
        assert!((25.0..=60.0).contains(&found.warmup_s), "{}", found.warmup_s);
    }

    #[test]
    fn a_system_that_grows_without_end_has_no_warm_up() {
        let pilots: Vec<_> = (0..5).map(|n| pilot(|t| t, n)).collect();
        let found = automatic(&pilots);
        assert_eq!(found.warning.unwrap().id, "no_warmup_found");
        assert_eq!(found.warmup_s, 120.0);
    }

    #[test]
    fn a_system_in_its_steady_state_needs_none() {
        let found: Vec<_> =
            (0..20).map(|seed| automatic(&[pilot(|_| 3.0, seed), pilot(|_| 3.0, 100 + seed)])).collect();
        assert!(found.iter().filter(|f| f.warning.is_some()).count() <= 1, "{found:?}");
        assert!(found.iter().filter(|f| f.warmup_s <= 20.0).count() >= 10, "{found:?}");
    }
}

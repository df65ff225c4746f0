//! A number with its doubt: how values of runs become an estimate.

use super::summary::Estimate;
use crate::stats::interval::{clopper_pearson, effective_sample_size, mean_and_variance, t_interval};

/// Fewest runs from which a percentile has an interval.
pub const PERCENTILE_RUNS: usize = 5;
/// Fewest observations beyond a percentile in each run.
pub const TAIL_SAMPLES: f64 = 20.0;

/// How intervals are made in this experiment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doubt {
    /// 0.95, or more when several looks were taken (`precision`).
    pub confidence: f64,
    /// False: none can be stood by (no warm-up found, no steady state).
    pub intervals: bool,
}

impl Default for Doubt {
    fn default() -> Doubt {
        Doubt { confidence: 0.95, intervals: true }
    }
}

impl Doubt {
    /// Mean over the runs that have a value; quantities here are not negative, so no interval goes below 0.
    pub fn mean(&self, values: impl IntoIterator<Item = Option<f64>>) -> Estimate {
        let values: Vec<f64> = values.into_iter().flatten().collect();
        let Some((mean, _)) = mean_and_variance(&values) else { return nothing() };
        self.around(mean, &values)
    }

    /// `center` with the t interval of the runs' values around it.
    pub fn around(&self, center: f64, values: &[f64]) -> Estimate {
        let interval = t_interval(values, self.confidence).filter(|_| self.intervals);
        let ci95 = interval.map(|i| {
            let [low, high] = i.around(center);
            [low.max(0.0), high]
        });
        Estimate { value: Some(center), ci95, runs: values.len() as u32, censored: false }
    }

    /// Share of trials with the event, all runs together; `runs` are (events, trials). One run alone tells
    /// nothing of how its trials hang together, unless nothing happened at all.
    pub fn proportion(&self, runs: &[(u64, u64)]) -> Estimate {
        let events: u64 = runs.iter().map(|r| r.0).sum();
        let trials: u64 = runs.iter().map(|r| r.1).sum();
        if trials == 0 {
            return nothing();
        }
        let share = events as f64 / trials as f64;
        let judged = self.intervals && (runs.len() > 1 || events == 0);
        let n = effective_sample_size(runs);
        let ci95 = clopper_pearson(share * n, n, self.confidence).filter(|_| judged);
        Estimate { value: Some(share), ci95, runs: runs.len() as u32, censored: false }
    }
}

/// A share is at most 1, and so is the end of its interval.
pub fn share(estimate: Estimate) -> Estimate {
    Estimate { ci95: estimate.ci95.map(|[low, high]| [low, high.min(1.0)]), ..estimate }
}

/// Nothing was observed.
pub fn nothing() -> Estimate {
    Estimate { value: None, ci95: None, runs: 0, censored: false }
}

/// A value by itself: a maximum, a count.
pub fn plain(value: Option<f64>, runs: usize) -> Estimate {
    Estimate { value, ci95: None, runs: runs as u32, censored: false }
}

/// The share without the event.
pub fn complement(estimate: Estimate) -> Estimate {
    Estimate {
        value: estimate.value.map(|v| 1.0 - v),
        ci95: estimate.ci95.map(|[low, high]| [1.0 - high, 1.0 - low]),
        ..estimate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_has_students_interval() {
        let estimate = Doubt::default().mean([Some(9.0), Some(10.0), None, Some(11.0)]);
        assert_eq!((estimate.value, estimate.runs), (Some(10.0), 3));
        // t(0.975, 2) = 4.302653, standard error 1/sqrt(3)
        let [low, high] = estimate.ci95.unwrap();
        assert!((high - 10.0 - 4.30265273 / 3f64.sqrt()).abs() < 1e-6 && (low + high - 20.0).abs() < 1e-9);
    }

    #[test]
    fn equal_values_have_no_interval() {
        assert_eq!(Doubt::default().mean([Some(4.0); 10]).ci95, None);
    }

    #[test]
    fn no_interval_goes_below_nothing() {
        assert_eq!(Doubt::default().mean([Some(0.0), Some(1.0)]).ci95.unwrap()[0], 0.0);
    }

    #[test]
    fn no_share_goes_beyond_all() {
        let busy = share(Doubt::default().mean([Some(0.5), Some(1.0)]));
        assert_eq!((busy.value, busy.ci95), (Some(0.75), Some([0.0, 1.0])));
    }

    #[test]
    fn without_a_steady_state_no_interval_is_stood_by() {
        let doubt = Doubt { intervals: false, ..Doubt::default() };
        assert_eq!(doubt.mean([Some(1.0), Some(2.0)]).ci95, None);
        assert_eq!(doubt.proportion(&[(1, 10), (2, 10)]).ci95, None);
    }

    #[test]
    fn no_failure_in_a_million_is_not_certainty() {
        let failed = Doubt::default().proportion(&[(0, 500_000), (0, 500_000)]);
        let [low, high] = complement(failed).ci95.unwrap();
        assert_eq!(high, 1.0);
        assert!((1.0 - low - 3e-6).abs() < 1e-8);
    }

    #[test]
    fn clustered_failures_widen_the_interval() {
        let spread = Doubt::default().proportion(&[(10, 1000), (9, 1000), (11, 1000), (10, 1000)]);
        let clustered = Doubt::default().proportion(&[(0, 1000), (40, 1000), (0, 1000), (0, 1000)]);
        assert_eq!(spread.value, clustered.value);
        let width = |e: Estimate| e.ci95.unwrap()[1] - e.ci95.unwrap()[0];
        assert!(width(clustered) > 5.0 * width(spread));
    }
}

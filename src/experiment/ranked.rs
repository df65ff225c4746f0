//! Percentiles over runs: of answered requests, or of all with every failure ranked above every answer.

use super::estimate::{Doubt, PERCENTILE_RUNS, TAIL_SAMPLES, nothing, plain};
use super::summary::{Estimate, Latency};
use crate::stats::histogram::Histogram;

/// Nanoseconds in a millisecond.
pub const MS: f64 = 1e6;

/// Observations of one run, or of all.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'a> {
    pub answered: &'a Histogram,
    /// Above every answer.
    pub failed: u64,
}

impl Ranked<'_> {
    pub fn count(&self) -> u64 {
        self.answered.count() + self.failed
    }

    /// Nearest rank, nanoseconds; `Err`: among the failures, with the largest answer if there is one.
    pub fn quantile(&self, q: f64) -> Result<f64, Option<f64>> {
        let rank = ((q * self.count() as f64).ceil() as u64).clamp(1, self.count().max(1));
        if rank <= self.answered.count() {
            Ok(self.answered.value_of_rank(rank))
        } else {
            Err(self.answered.max().map(|max| max as f64))
        }
    }
}

/// What percentiles could not stand by, for one warning of each kind.
#[derive(Clone, Debug, Default)]
pub struct TailNotes {
    /// (figure, fewest observations beyond it in a run)
    pub few: Vec<(String, u64)>,
    /// Figures whose interval is so narrow that the histogram's buckets count.
    pub coarse: Vec<String>,
}

/// One percentile: the value of the merged observations, in units of `unit` nanoseconds.
pub fn percentile(
    doubt: &Doubt,
    notes: &mut TailNotes,
    figure: &str,
    q: f64,
    merged: Ranked,
    runs: &[Ranked],
    unit: f64,
) -> Estimate {
    if merged.count() == 0 {
        return nothing();
    }
    let value = match merged.quantile(q) {
        Ok(value) => value,
        Err(largest) => {
            let estimate = plain(largest.map(|ns| ns / unit), runs.len());
            return Estimate { censored: true, ..estimate };
        }
    };
    let without = plain(Some(value / unit), runs.len());
    if !doubt.intervals || runs.len() < PERCENTILE_RUNS {
        return without;
    }
    let beyond = runs.iter().map(|run| run.count() as f64 * (1.0 - q)).fold(f64::INFINITY, f64::min);
    // 1 - q carries its last bit's error
    if beyond < TAIL_SAMPLES - 1e-6 {
        notes.few.push((figure.to_owned(), beyond as u64));
        return without;
    }
    let values: Result<Vec<f64>, _> = runs.iter().map(|run| run.quantile(q)).collect();
    // among the failures in some run: it has no value there to go into an interval
    let Ok(values) = values else { return without };
    let estimate = doubt.around(value, &values);
    if let Some([low, high]) = estimate.ci95
        && merged.answered.quantile_error(q).is_some_and(|error| error > 0.05 * (high - low))
    {
        notes.coarse.push(figure.to_owned());
    }
    Estimate { value: Some(value / unit), ci95: estimate.ci95.map(|ci| ci.map(|ns| ns / unit)), ..estimate }
}

/// Mean, percentiles and maximum in milliseconds.
pub fn latency(doubt: &Doubt, notes: &mut TailNotes, scope: &str, merged: Ranked, runs: &[Ranked]) -> Latency {
    let mut at = |q: f64, name: &str| percentile(doubt, notes, &format!("{name} of {scope}"), q, merged, runs, MS);
    let (p50, p90, p95, p99, p99_9) =
        (at(0.5, "p50"), at(0.9, "p90"), at(0.95, "p95"), at(0.99, "p99"), at(0.999, "p99.9"));
    Latency { mean: mean(doubt, merged, runs), p50, p90, p95, p99, p99_9, max: largest(merged, runs.len()) }
}

/// With failures the mean is only known to be greater than what it were if each had been answered no later
/// than the slowest answer.
fn mean(doubt: &Doubt, merged: Ranked, runs: &[Ranked]) -> Estimate {
    if merged.failed == 0 {
        return doubt.mean(runs.iter().map(|run| run.answered.mean().map(|ns| ns / MS)));
    }
    let value = merged.answered.max().map(|max| {
        let sum = merged.answered.sum() as f64 + merged.failed as f64 * max as f64;
        sum / merged.count() as f64 / MS
    });
    Estimate { censored: true, ..plain(value, runs.len()) }
}

/// A maximum has no interval.
fn largest(merged: Ranked, runs: usize) -> Estimate {
    let max = plain(merged.answered.max().map(|ns| ns as f64 / MS), runs);
    if merged.count() == 0 { nothing() } else { Estimate { censored: merged.failed > 0, ..max } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        values.into_iter().for_each(|v| histogram.record(v));
        histogram
    }

    /// Runs of `n` requests, 1 ms to `n` ms, the i-th run slower by i percent.
    fn slower_and_slower(runs: u64, n: u64) -> (Vec<Histogram>, Histogram) {
        let runs: Vec<Histogram> =
            (0..runs).map(|run| histogram((1..=n).map(|i| i * (1_000_000 + 10_000 * run)))).collect();
        let mut merged = Histogram::default();
        runs.iter().for_each(|run| merged.merge(run));
        (runs, merged)
    }

    fn estimate(runs: &[Histogram], merged: &Histogram, failed: u64, q: f64) -> (Estimate, TailNotes) {
        let mut notes = TailNotes::default();
        let each: Vec<Ranked> = runs.iter().map(|answered| Ranked { answered, failed }).collect();
        let merged = Ranked { answered: merged, failed: failed * runs.len() as u64 };
        (percentile(&Doubt::default(), &mut notes, "p", q, merged, &each, MS), notes)
    }

    #[test]
    fn a_percentile_is_that_of_the_merged_runs_with_the_runs_spread_around_it() {
        let (runs, merged) = slower_and_slower(6, 2000);
        let (got, notes) = estimate(&runs, &merged, 0, 0.99);
        let value = got.value.unwrap();
        assert!((value - merged.quantile(0.99).unwrap() / 1e6).abs() < 1e-9);
        let [low, high] = got.ci95.unwrap();
        assert!((low + high - 2.0 * value).abs() < 1e-6);
        // runs' p99: 1980 ms (1 + i/100), i = 0..5: sd 1.8708% of it; t(0.975, 5) = 2.570582
        let half = 2.570582 * 0.0187083 * 1980.0 / 6f64.sqrt();
        assert!(((high - low) / 2.0 / half - 1.0).abs() < 1e-2, "{low} {high} {half}");
        assert!(notes.few.is_empty());
    }

    #[test]
    fn twenty_requests_beyond_it_in_each_run_or_no_interval() {
        let (runs, merged) = slower_and_slower(6, 1999);
        let (got, notes) = estimate(&runs, &merged, 0, 0.99);
        assert!(got.value.is_some() && got.ci95.is_none());
        assert_eq!(notes.few, vec![("p".to_owned(), 19)]);
    }

    #[test]
    fn four_runs_have_no_percentile_interval() {
        let (runs, merged) = slower_and_slower(4, 5000);
        assert_eq!(estimate(&runs, &merged, 0, 0.5).0.ci95, None);
    }

    #[test]
    fn a_percentile_among_failures_is_greater_than_every_answer() {
        let (runs, merged) = slower_and_slower(6, 2000);
        // 10% failed: p50 is an answer of higher rank, p95 a failure
        let (median, _) = estimate(&runs, &merged, 222, 0.5);
        assert!(!median.censored && median.value.unwrap() > merged.quantile(0.5).unwrap() / 1e6);
        let (high, _) = estimate(&runs, &merged, 222, 0.95);
        assert!(high.censored && high.ci95.is_none());
        assert_eq!(high.value, Some(merged.max().unwrap() as f64 / 1e6));
    }

    #[test]
    fn only_failures_have_no_value_at_all() {
        let none = Histogram::default();
        let runs = [Ranked { answered: &none, failed: 7 }];
        let mut notes = TailNotes::default();
        let all = latency(&Doubt::default(), &mut notes, "all", runs[0], &runs);
        for estimate in [all.mean, all.p50, all.max] {
            assert_eq!((estimate.value, estimate.censored), (None, true));
        }
    }

    #[test]
    fn buckets_wider_than_the_doubt_are_noted() {
        let runs: Vec<Histogram> = (0..6).map(|run| histogram((0..3000).map(|_| 1_000_000_000 + run))).collect();
        let mut merged = Histogram::default();
        runs.iter().for_each(|run| merged.merge(run));
        let (got, notes) = estimate(&runs, &merged, 0, 0.5);
        assert!(got.ci95.is_some());
        assert_eq!(notes.coarse, vec!["p".to_owned()]);
    }
}

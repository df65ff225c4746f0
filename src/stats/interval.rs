//! Confidence intervals: Student's t over the values of runs, and Clopper-Pearson for proportions whose
//! trials are not independent.

use super::special::{incomplete_beta, student_t_tail};

pub use super::special::{beta_quantile, chi_squared_quantile, f_quantile, normal_quantile, student_t_quantile};

/// Mean of independent values with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanInterval {
    pub mean: f64,
    /// Of the values, with n - 1.
    pub variance: f64,
    pub half_width: f64,
}

impl MeanInterval {
    pub fn around(&self, center: f64) -> [f64; 2] {
        [center - self.half_width, center + self.half_width]
    }
}

/// Mean and sample variance (n - 1; 0 for one value). `None` without values.
pub fn mean_and_variance(values: &[f64]) -> Option<(f64, f64)> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    Some((mean, if values.len() > 1 { squares / (n - 1.0) } else { 0.0 }))
}

/// Student-t interval of the mean of independent values. `None` for fewer than two values, and for values
/// that do not vary: no variance seen is not no doubt.
pub fn t_interval(values: &[f64], confidence: f64) -> Option<MeanInterval> {
    let (mean, variance) = mean_and_variance(values)?;
    let n = values.len() as f64;
    // differences of the last bits of equal values are no variance either
    if values.len() < 2 || variance.sqrt() <= 1e-12 * mean.abs() {
        return None;
    }
    let quantile = student_t_quantile(0.5 + 0.5 * confidence, n - 1.0);
    Some(MeanInterval { mean, variance, half_width: quantile * (variance / n).sqrt() })
}

/// Clopper-Pearson (1934) interval of a proportion, for real-valued effective counts. At zero events (or zero
/// non-events) the one-sided bound at the same confidence: 1 - (1 - confidence)^(1/n), the rule of three.
pub fn clopper_pearson(events: f64, n: f64, confidence: f64) -> Option<[f64; 2]> {
    if n <= 0.0 {
        return None;
    }
    let one_sided = -libm::expm1(libm::log(1.0 - confidence) / n);
    if events <= 0.0 {
        return Some([0.0, one_sided]);
    }
    if events >= n {
        return Some([1.0 - one_sided, 1.0]);
    }
    let tail = 0.5 * (1.0 - confidence);
    Some([beta_quantile(tail, events, n - events + 1.0), 1.0 - beta_quantile(tail, n - events, events + 1.0)])
}

/// Two-sided p-value of a mean: 1 less the highest confidence at which the interval of [`t_interval`] around `center`
/// excludes `bound`. `None` where there is none.
pub fn t_p_value(center: f64, values: &[f64], bound: f64) -> Option<f64> {
    let interval = t_interval(values, 0.5)?;
    let error = (interval.variance / values.len() as f64).sqrt();
    Some((2.0 * student_t_tail((center - bound).abs() / error, values.len() as f64 - 1.0)).min(1.0))
}

/// P-value of a proportion: 1 less the highest confidence at which [`clopper_pearson`] excludes `bound`.
pub fn clopper_pearson_p_value(events: f64, n: f64, bound: f64) -> Option<f64> {
    if n <= 0.0 {
        return None;
    }
    let share = events / n;
    if share == bound {
        return Some(1.0);
    }
    Some(if events <= 0.0 {
        libm::pow(1.0 - bound, n)
    } else if events >= n {
        libm::pow(bound, n)
    } else if share < bound {
        // P(X <= events)
        (2.0 * incomplete_beta(1.0 - bound, n - events, events + 1.0)).min(1.0)
    } else {
        (2.0 * incomplete_beta(bound, events, n - events + 1.0)).min(1.0)
    })
}

/// Two-sided p-value of the sign test: this many of `n` values lie on one side of a bound, the others on the other.
pub fn sign_p_value(on_one_side: u64, n: u64) -> Option<f64> {
    let fewer = on_one_side.min(n - on_one_side);
    (n > 0).then(|| (2.0 * super::special::binomial_cdf(fewer, n, 0.5)).min(1.0))
}

/// Which of several hypotheses are rejected, all together wrongly with at most `error` (Holm 1979): for each whether,
/// and the level that it was held against, where the procedure stopped those behind it too. `None` as a p-value is never
/// rejected, and counts.
pub fn holm(p_values: &[Option<f64>], error: f64) -> Vec<(bool, f64)> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    let p = |i: usize| p_values[i].unwrap_or(f64::INFINITY);
    order.sort_by(|&a, &b| p(a).total_cmp(&p(b)).then(a.cmp(&b)));
    let mut found = vec![(false, 0.0); p_values.len()];
    let mut stopped = None;
    for (rank, &i) in order.iter().enumerate() {
        let level = stopped.unwrap_or(error / (p_values.len() - rank) as f64);
        let rejected = stopped.is_none() && p(i) <= level;
        if !rejected {
            stopped = Some(level);
        }
        found[i] = (rejected, level);
    }
    found
}

/// Trials that independent ones would have to be to say as much: n over the design effect, which is the
/// variance of the pooled proportion seen between runs over that of independent trials, at least 1; with the
/// correction of Korn and Graubard 1998 for the few degrees of freedom. `runs` are (events, trials).
pub fn effective_sample_size(runs: &[(u64, u64)]) -> f64 {
    let events: u64 = runs.iter().map(|r| r.0).sum();
    let trials: u64 = runs.iter().map(|r| r.1).sum();
    let n = trials as f64;
    if runs.len() < 2 || events == 0 || events == trials {
        return n;
    }
    let p = events as f64 / n;
    let squares: f64 = runs.iter().map(|&(x, m)| (x as f64 - p * m as f64).powi(2)).sum();
    let count = runs.len() as f64;
    let variance = count / (count - 1.0) * squares / (n * n);
    let design_effect = (variance * n / (p * (1.0 - p))).max(1.0);
    if design_effect == 1.0 {
        return n;
    }
    let shrink = normal_quantile(0.975) / student_t_quantile(0.975, count - 1.0);
    n / design_effect * shrink * shrink
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E04.
    #[test]
    fn half_width_of_a_mean() {
        let data = [
            12.0, 7.0, 3.0, 25.0, 18.0, 4.0, 9.0, 31.0, 2.0, 16.0, 22.0, 5.0, 11.0, 40.0, 8.0, 6.0, 14.0, 28.0, 10.0,
            55.0,
        ];
        let interval = t_interval(&data, 0.95).unwrap();
        assert!((interval.half_width / 6.433417595773202 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn values_that_do_not_vary_have_no_interval() {
        assert_eq!(t_interval(&[0.1; 10], 0.95), None);
        assert_eq!(t_interval(&[3.0], 0.95), None);
        assert_eq!(t_interval(&[], 0.95), None);
    }

    #[test]
    fn clopper_pearson_as_published() {
        // R: binom.test(10, 100) -> 0.04900469 0.17622260
        let [low, high] = clopper_pearson(10.0, 100.0, 0.95).unwrap();
        assert!((low - 0.04900469).abs() < 1e-8 && (high - 0.17622260).abs() < 1e-8, "{low} {high}");
    }

    #[test]
    fn nothing_seen_in_n_is_at_most_three_in_n() {
        let [low, high] = clopper_pearson(0.0, 1e6, 0.95).unwrap();
        assert_eq!(low, 0.0);
        assert!((high * 1e6 - 2.9957).abs() < 1e-3);
        assert_eq!(clopper_pearson(1e6, 1e6, 0.95).unwrap()[1], 1.0);
        assert_eq!(clopper_pearson(0.0, 0.0, 0.95), None);
    }

    #[test]
    fn p_values_are_where_the_intervals_end() {
        let values = [9.1, 10.4, 11.0, 9.7, 10.2, 8.8];
        for confidence in [0.8, 0.95, 0.9958] {
            let [low, high] = t_interval(&values, confidence).unwrap().around(9.9);
            for end in [low, high] {
                assert!((t_p_value(9.9, &values, end).unwrap() - (1.0 - confidence)).abs() < 1e-9);
            }
            for events in [0.0, 3.0, 17.5, 400.0] {
                for end in clopper_pearson(events, 400.0, confidence).unwrap() {
                    if end > 0.0 && end < 1.0 {
                        let p = clopper_pearson_p_value(events, 400.0, end).unwrap();
                        assert!((p - (1.0 - confidence)).abs() < 1e-7, "{events} {end}: {p}");
                    }
                }
            }
        }
        assert_eq!(t_p_value(1.0, &[1.0; 9], 2.0), None);
        assert_eq!(sign_p_value(0, 10), Some(2.0 / 1024.0));
        assert_eq!(sign_p_value(5, 10), Some(1.0));
    }

    #[test]
    fn holm_rejects_as_long_as_the_next_is_small_enough() {
        // the smallest of three against a third of the error, the next against a half
        let found = holm(&[Some(0.03), Some(0.001), None, Some(0.02)], 0.05);
        let rejected: Vec<bool> = found.iter().map(|f| f.0).collect();
        assert_eq!(rejected, [false, true, false, false]);
        assert_eq!(found[1].1, 0.05 / 4.0);
        // those behind the first that is kept are held against its level
        assert_eq!((found[3].1, found[0].1, found[2].1), (0.05 / 3.0, 0.05 / 3.0, 0.05 / 3.0));
        assert!(holm(&[Some(0.04), Some(0.02)], 0.05).iter().all(|f| f.0));
        assert!(holm(&[], 0.05).is_empty());
    }

    #[test]
    fn failures_that_come_in_clusters_count_for_less() {
        let spread: Vec<_> = [9, 11, 10, 8, 12, 10].iter().map(|&x| (x, 1000)).collect();
        assert_eq!(effective_sample_size(&spread), 6000.0);
        let clustered: Vec<_> = [0, 0, 60, 0, 0, 0].iter().map(|&x| (x, 1000)).collect();
        assert!(effective_sample_size(&clustered) < 200.0);
        assert_eq!(effective_sample_size(&[(0, 500), (0, 500)]), 1000.0);
    }
}

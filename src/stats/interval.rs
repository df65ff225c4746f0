//! Confidence intervals: Student's t over the values of runs, and Clopper-Pearson for proportions whose
//! trials are not independent.

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
    fn failures_that_come_in_clusters_count_for_less() {
        let spread: Vec<_> = [9, 11, 10, 8, 12, 10].iter().map(|&x| (x, 1000)).collect();
        assert_eq!(effective_sample_size(&spread), 6000.0);
        let clustered: Vec<_> = [0, 0, 60, 0, 0, 0].iter().map(|&x| (x, 1000)).collect();
        assert!(effective_sample_size(&clustered) < 200.0);
        assert_eq!(effective_sample_size(&[(0, 500), (0, 500)]), 1000.0);
    }
}

//! Where the warm-up ends: MSER-5.

use super::special::student_t_quantile;

/// What MSER-5 cuts off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truncation {
    /// Batches of 5 to leave out.
    pub batches: usize,
    /// The same in observations.
    pub observations: usize,
    /// Of what remains.
    pub mean: f64,
    /// The least value of the statistic.
    pub statistic: f64,
    /// Batches in the whole series.
    pub of_batches: usize,
}

const BATCH: usize = 5;

/// White 1997, "An effective truncation heuristic for bias reduction in simulation output": means y of batches
/// of 5; z(k) = sum over j >= k of (y_j - mean_k)^2 / (m - k)^2, at its least for k in 0..=m-5; the smallest k
/// among equals. A remainder of fewer than 5 observations is left out. `None` below 5 batches.
pub fn mser5(series: &[f64]) -> Option<Truncation> {
    least(series, usize::MAX)
}

/// The same with k no larger than half of the batches, for a series whose rest beyond that k has no trend: in a
/// series without a warm-up the least over all k lies in the second half by chance about once in twenty times,
/// because a few batches near the end happen to be alike.
pub fn mser5_first_half(series: &[f64]) -> Option<Truncation> {
    let found = least(series, series.len() / BATCH / 2)?;
    let rest = &series[found.observations..found.of_batches * BATCH];
    let batches: Vec<f64> = rest.chunks_exact(BATCH).map(|b| b.iter().sum::<f64>() / BATCH as f64).collect();
    (!has_trend(&batches)).then_some(found)
}

/// Whether the slope of a straight line through equally spaced values differs from 0 at the 5% level (Student's t
/// of the regression).
fn has_trend(values: &[f64]) -> bool {
    let n = values.len() as f64;
    let (x_mean, y_mean) = (0.5 * (n - 1.0), values.iter().sum::<f64>() / n);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (i, y) in values.iter().enumerate() {
        let (dx, dy) = (i as f64 - x_mean, y - y_mean);
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    let unexplained = (yy - xy * xy / xx).max(0.0);
    let t2 = (xy * xy / xx) * (n - 2.0) / unexplained;
    let critical = student_t_quantile(0.975, n - 2.0);
    xy != 0.0 && t2 > critical * critical
}

fn least(series: &[f64], last: usize) -> Option<Truncation> {
    let batches: Vec<f64> = series.chunks_exact(BATCH).map(|b| b.iter().sum::<f64>() / BATCH as f64).collect();
    let m = batches.len();
    if m < 5 {
        return None;
    }
    let mut best: Option<Truncation> = None;
    // Welford's update from the end, so that each suffix has its sum of squares without cancellation
    let (mut mean, mut squares) = (0.0, 0.0);
    for k in (0..m).rev() {
        let n = (m - k) as f64;
        let delta = batches[k] - mean;
        mean += delta / n;
        squares += delta * (batches[k] - mean);
        let statistic = squares / (n * n);
        if k <= last && k + 5 <= m && best.is_none_or(|b| statistic <= b.statistic) {
            best = Some(Truncation { batches: k, observations: k * BATCH, mean, statistic, of_batches: m });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E01.
    #[test]
    fn a_decaying_start_is_cut_off() {
        let series: Vec<f64> = (0..1000)
            .map(|i: i32| {
                10.0 + 40.0 * (-f64::from(i) / 30.0).exp() + (f64::from((i * 7919).rem_euclid(101)) - 50.0) / 10.0
            })
            .collect();
        let found = mser5(&series).unwrap();
        assert_eq!((found.batches, found.observations), (27, 135));
        assert!((found.mean / 10.008386370042478 - 1.0).abs() < 1e-9);
        assert!((found.statistic / 0.001989282499177163 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_constant_series_needs_no_warm_up() {
        assert_eq!(mser5(&[7.0; 100]).unwrap().batches, 0);
    }

    #[test]
    fn growth_is_no_steady_state_even_in_its_first_half() {
        let noise = |i: i32| f64::from((i * 7919).rem_euclid(101)) / 10.0;
        let growing: Vec<f64> = (0..240).map(|i| f64::from(i) + noise(i)).collect();
        assert_eq!(mser5_first_half(&growing), None);
        let steady: Vec<f64> = (0..240).map(noise).collect();
        assert!(mser5_first_half(&steady).unwrap().batches <= 24);
    }

    #[test]
    fn a_short_series_says_nothing() {
        assert_eq!(mser5(&[1.0; 24]), None);
    }
}

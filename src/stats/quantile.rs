//! Quantiles of a sample that is held in memory, by definition, and their distribution-free interval.

use super::special::binomial_cdf;

/// Type 7 of Hyndman and Fan 1996 (linear between order statistics; the default of R and numpy).
/// `sorted` increases and is not empty.
pub fn type7(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let below = libm::floor(position) as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

/// The smallest observation with at least a share `q` of all at or below it.
pub fn nearest_rank(sorted: &[f64], q: f64) -> f64 {
    // 0.95 * 20 is 19 for a reader, whatever its last bit
    let rank = libm::ceil(q * sorted.len() as f64 * (1.0 - 4.0 * f64::EPSILON)) as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Two order statistics that hold the quantile `q` between them with at least this confidence, each side
/// missing it with at most half the error. `None` when the sample is too small. Assumes independent values.
pub fn order_statistic_interval(sorted: &[f64], q: f64, confidence: f64) -> Option<[f64; 2]> {
    let n = sorted.len() as u64;
    let tail = 0.5 * (1.0 - confidence);
    let low = (1..=n).take_while(|&rank| binomial_cdf(rank - 1, n, q) <= tail).last()?;
    let high = (1..=n).find(|&rank| 1.0 - binomial_cdf(rank - 1, n, q) <= tail)?;
    Some([sorted[low as usize - 1], sorted[high as usize - 1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E04.
    fn data() -> Vec<f64> {
        let mut data = vec![
            12.0, 7.0, 3.0, 25.0, 18.0, 4.0, 9.0, 31.0, 2.0, 16.0, 22.0, 5.0, 11.0, 40.0, 8.0, 6.0, 14.0, 28.0, 10.0,
            55.0,
        ];
        data.sort_by(f64::total_cmp);
        data
    }

    #[test]
    fn two_definitions_give_two_answers() {
        let data = data();
        for (q, linear, ranked) in
            [(0.5, 11.5, 11.0), (0.95, 40.750000000000014, 40.0), (0.99, 52.14999999999998, 55.0)]
        {
            assert!((type7(&data, q) / linear - 1.0).abs() < 1e-12);
            assert_eq!(nearest_rank(&data, q), ranked);
        }
    }

    #[test]
    fn the_median_of_twenty_lies_between_the_sixth_and_the_fifteenth() {
        let data: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(order_statistic_interval(&data, 0.5, 0.95), Some([6.0, 15.0]));
    }

    #[test]
    fn twenty_values_say_nothing_of_the_99th_percentile() {
        assert_eq!(order_statistic_interval(&data(), 0.99, 0.95), None);
    }
}

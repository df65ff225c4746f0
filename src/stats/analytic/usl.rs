//! The Universal Scalability Law (Gunther, "Guerrilla Capacity Planning", 2007, ch. 4): throughput at a load of N
//! workers, users or requests in flight, X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)), fitted to points.

use super::{Analytic, AnalyticError};
use crate::stats::special::student_t_quantile;

/// Fewest points: three coefficients, and one more for the doubt.
pub const POINTS_MIN: usize = 4;

/// A coefficient with its interval at the asked confidence; `None` where it lies on its bound, 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficient {
    pub value: f64,
    pub standard_error: Option<f64>,
    pub interval: Option<[f64; 2]>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Usl {
    /// Throughput at a load of one.
    pub lambda: Coefficient,
    /// Contention: the share of the work that is serial.
    pub sigma: Coefficient,
    /// Coherency: what each pair costs.
    pub kappa: Coefficient,
    /// Standard deviation of the residuals.
    pub residual: f64,
}

impl Usl {
    pub fn throughput(&self, load: f64) -> f64 {
        curve([self.lambda.value, self.sigma.value, self.kappa.value], load)
    }

    /// The load at which throughput is greatest, if it ever falls again.
    pub fn peak_load(&self) -> Option<f64> {
        let (sigma, kappa) = (self.sigma.value, self.kappa.value);
        (kappa > 0.0 && sigma < 1.0).then(|| libm::sqrt((1.0 - sigma) / kappa))
    }

    /// What throughput comes near to but never reaches without coherency (Amdahl).
    pub fn ceiling(&self) -> Option<f64> {
        (self.sigma.value > 0.0).then(|| self.lambda.value / self.sigma.value)
    }
}

fn curve([lambda, sigma, kappa]: [f64; 3], load: f64) -> f64 {
    lambda * load / (1.0 + sigma * (load - 1.0) + kappa * load * (load - 1.0))
}

/// Nonlinear least squares over (load, throughput), coefficients not below 0; intervals are Student's t on the
/// linearized model, as R's `nls` and the package `usl` have them.
pub fn fit(points: &[(f64, f64)], confidence: f64) -> Analytic<Usl> {
    if points.len() < POINTS_MIN {
        return Err(AnalyticError::Invalid("the Universal Scalability Law needs at least four points"));
    }
    if points.iter().any(|&(n, x)| !(n > 0.0 && x > 0.0 && n.is_finite() && x.is_finite())) {
        return Err(AnalyticError::Invalid("loads and throughputs must be above 0"));
    }
    let loads = points.iter().map(|p| p.0);
    if loads.clone().fold(f64::INFINITY, f64::min) >= loads.fold(0.0, f64::max) {
        return Err(AnalyticError::Invalid("all points have the same load"));
    }
    // every set of coefficients that may be above 0; the best of those whose others are allowed to stay there
    let free_sets: [&[usize]; 4] = [&[0, 1, 2], &[0, 1], &[0, 2], &[0]];
    let solutions = free_sets.iter().filter_map(|free| {
        let found = minimize(points, start(points, free), free)?;
        found.iter().all(|&value| value >= 0.0).then_some((*free, found))
    });
    let (free, values) = solutions
        .reduce(|best, next| if squares(points, next.1) < squares(points, best.1) { next } else { best })
        .ok_or(AnalyticError::Invalid("no coefficients fit these points"))?;
    let degrees = points.len().saturating_sub(free.len()) as f64;
    let variance = squares(points, values) / degrees;
    let errors = covariance(points, values, free).map(|inverse| {
        let error = |at: usize| libm::sqrt((inverse[at][at] * variance).max(0.0));
        (0..free.len()).map(error).collect::<Vec<f64>>()
    });
    let quantile = student_t_quantile(0.5 + 0.5 * confidence, degrees);
    let coefficient = |which: usize| {
        let at = free.iter().position(|&one| one == which);
        let standard_error = at.and_then(|at| Some(errors.as_ref()?[at]));
        let value = values[which];
        let interval = standard_error.map(|error| [(value - quantile * error).max(0.0), value + quantile * error]);
        Coefficient { value, standard_error, interval }
    };
    Ok(Usl { lambda: coefficient(0), sigma: coefficient(1), kappa: coefficient(2), residual: libm::sqrt(variance) })
}

fn squares(points: &[(f64, f64)], values: [f64; 3]) -> f64 {
    points.iter().map(|&(n, x)| (x - curve(values, n)).powi(2)).sum()
}

/// N / X is linear in 1/lambda, sigma/lambda and kappa/lambda: its least squares are a good beginning.
fn start(points: &[(f64, f64)], free: &[usize]) -> [f64; 3] {
    let row = |n: f64| [1.0, n - 1.0, n * (n - 1.0)];
    let mut normal = [[0.0; 3]; 3];
    let mut right = [0.0; 3];
    for &(n, x) in points {
        let row = row(n);
        // the error of N / X is that of X times N / X^2
        let weight = (x * x / n).powi(2);
        for (i, &one) in free.iter().enumerate() {
            right[i] += weight * row[one] * n / x;
            for (j, &other) in free.iter().enumerate() {
                normal[i][j] += weight * row[one] * row[other];
            }
        }
    }
    let solved = solve(normal, right, free.len());
    let one = points.iter().map(|&(n, x)| x / n).fold(0.0, f64::max);
    let mut values = [one, 0.0, 0.0];
    if let Some(solved) = solved.filter(|solved| solved[0] > 0.0) {
        values[0] = 1.0 / solved[0];
        for (i, &which) in free.iter().enumerate().skip(1) {
            values[which] = (solved[i] / solved[0]).max(0.0);
        }
    }
    values
}

fn gradient([lambda, sigma, kappa]: [f64; 3], n: f64) -> [f64; 3] {
    let below = 1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0);
    let x = lambda * n / below;
    [n / below, -x * (n - 1.0) / below, -x * n * (n - 1.0) / below]
}

/// Marquardt 1963: Gauss-Newton steps, damped until they help.
fn minimize(points: &[(f64, f64)], mut values: [f64; 3], free: &[usize]) -> Option<[f64; 3]> {
    let mut damping = 1e-3;
    for _ in 0..500 {
        let (mut normal, mut right) = ([[0.0; 3]; 3], [0.0; 3]);
        for &(n, x) in points {
            let gradient = gradient(values, n);
            for (i, &one) in free.iter().enumerate() {
                right[i] += gradient[one] * (x - curve(values, n));
                for (j, &other) in free.iter().enumerate() {
                    normal[i][j] += gradient[one] * gradient[other];
                }
            }
        }
        (0..free.len()).for_each(|i| normal[i][i] *= 1.0 + damping);
        let step = solve(normal, right, free.len())?;
        let mut next = values;
        free.iter().enumerate().for_each(|(i, &which)| next[which] += step[i]);
        let positive = points.iter().all(|&(n, _)| curve(next, n) > 0.0);
        if positive && squares(points, next) <= squares(points, values) {
            let still = free.iter().all(|&which| (next[which] - values[which]).abs() <= 1e-13 * next[which].abs());
            (values, damping) = (next, damping * 0.1);
            if still {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e12 {
                break;
            }
        }
    }
    values.iter().all(|value| value.is_finite()).then_some(values)
}

fn covariance(points: &[(f64, f64)], values: [f64; 3], free: &[usize]) -> Option<[[f64; 3]; 3]> {
    let mut normal = [[0.0; 3]; 3];
    for &(n, _) in points {
        let gradient = gradient(values, n);
        for (i, &one) in free.iter().enumerate() {
            for (j, &other) in free.iter().enumerate() {
                normal[i][j] += gradient[one] * gradient[other];
            }
        }
    }
    let mut inverse = [[0.0; 3]; 3];
    for column in 0..free.len() {
        let mut unit = [0.0; 3];
        unit[column] = 1.0;
        let solved = solve(normal, unit, free.len())?;
        (0..free.len()).for_each(|row| inverse[row][column] = solved[row]);
    }
    Some(inverse)
}

/// The first `n` equations, symmetric and scaled to a unit diagonal, by elimination with pivots.
fn solve(matrix: [[f64; 3]; 3], right: [f64; 3], n: usize) -> Option<[f64; 3]> {
    let scale: Vec<f64> = (0..n).map(|i| libm::sqrt(matrix[i][i])).collect();
    if scale.iter().any(|&s| !(s > 0.0 && s.is_finite())) {
        return None;
    }
    let mut rows: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..n).map(|j| matrix[i][j] / scale[i] / scale[j]).chain([right[i] / scale[i]]).collect())
        .collect();
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        if rows[pivot][column].abs() < 1e-14 {
            return None;
        }
        rows.swap(column, pivot);
        for row in 0..n {
            if row != column {
                let factor = rows[row][column] / rows[column][column];
                (column..=n).for_each(|at| rows[row][at] -= factor * rows[column][at]);
            }
        }
    }
    let mut solution = [0.0; 3];
    (0..n).for_each(|i| solution[i] = rows[i][n] / rows[i][i] / scale[i]);
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SPEC SDM91 on a SPARCcenter 2000, and what the R package `usl` prints for it.
    #[test]
    fn the_sparc_benchmark_has_the_published_coefficients() {
        let points = [
            (1.0, 64.9),
            (18.0, 995.9),
            (36.0, 1652.4),
            (72.0, 1853.2),
            (108.0, 1828.9),
            (144.0, 1775.0),
            (216.0, 1702.2),
        ];
        let found = fit(&points, 0.95).unwrap();
        let close = |got: f64, printed: f64, digit: f64| assert!((got - printed).abs() <= digit, "{got} for {printed}");
        close(found.sigma.value, 0.0277285, 5e-6);
        close(found.kappa.value, 0.0001044, 5e-8);
        close(found.lambda.value, 89.9952330, 2e-3);
        close(found.sigma.standard_error.unwrap(), 0.0091217, 5e-6);
        close(found.kappa.standard_error.unwrap(), 0.0000199, 5e-8);
        close(found.lambda.standard_error.unwrap(), 14.2134894, 2e-3);
        assert!((found.peak_load().unwrap() - 96.5).abs() < 0.1, "{:?}", found.peak_load());
    }

    #[test]
    fn points_on_a_curve_give_it_back() {
        let exact = [120.0, 0.03, 2e-4];
        let points: Vec<(f64, f64)> = [1.0, 2.0, 5.5, 12.0, 40.0, 90.0].map(|n| (n, curve(exact, n))).to_vec();
        let found = fit(&points, 0.95).unwrap();
        for (got, expected) in [(found.lambda, exact[0]), (found.sigma, exact[1]), (found.kappa, exact[2])] {
            assert!((got.value / expected - 1.0).abs() < 1e-9, "{got:?} for {expected}");
        }
        assert!(found.residual < 1e-6);
    }

    #[test]
    fn what_scales_without_loss_has_no_contention() {
        // slightly better than linear: nothing below 0 explains it
        let points: Vec<(f64, f64)> =
            [1.0, 2.0, 4.0, 8.0, 16.0].map(|n: f64| (n, 10.0 * n * (1.0 + 0.001 * n))).to_vec();
        let found = fit(&points, 0.95).unwrap();
        assert_eq!((found.sigma.value, found.kappa.value), (0.0, 0.0));
        assert_eq!((found.sigma.interval, found.peak_load(), found.ceiling()), (None, None, None));
    }

    #[test]
    fn its_intervals_hold_the_truth_nineteen_times_of_twenty() {
        let exact = [50.0, 0.05, 1e-3];
        let key = crate::stats::special::normal_quantile;
        let (mut held, mut all) = (0, 0);
        for experiment in 0..400u64 {
            let noise = |i: u64| {
                // a Weyl sequence hashed: any fixed source of uniforms does
                let mut z = (experiment * 16 + i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                key(((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64 + 1e-12)
            };
            let points: Vec<(f64, f64)> = (0..12u64)
                .map(|i| (1.0 + 4.0 * i as f64, curve(exact, 1.0 + 4.0 * i as f64) + 4.0 * noise(i)))
                .collect();
            let Ok(found) = fit(&points, 0.95) else { continue };
            for (got, truth) in [(found.lambda, exact[0]), (found.sigma, exact[1]), (found.kappa, exact[2])] {
                let Some([low, high]) = got.interval else { continue };
                held += u32::from(low <= truth && truth <= high);
                all += 1;
            }
        }
        let share = f64::from(held) / f64::from(all);
        assert!(all > 1100 && (0.92..=0.98).contains(&share), "{share} of {all}");
    }

    #[test]
    fn three_points_or_one_load_are_no_data() {
        assert!(fit(&[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)], 0.95).is_err());
        assert!(fit(&[(2.0, 1.0); 5], 0.95).is_err());
        assert!(fit(&[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 0.0)], 0.95).is_err());
    }
}

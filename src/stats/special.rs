//! Incomplete beta and gamma functions and the inverses of the classical distributions, through `libm` so
//! that intervals have the same bits everywhere.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The smallest positive `x` in [low, high] from which `reached` holds, to the last bit: bisection over the
/// ordered bit patterns of positive doubles, so it is as good at 1e-300 as at 1e300.
pub fn bisect(low: f64, high: f64, reached: impl Fn(f64) -> bool) -> f64 {
    assert!(low >= 0.0 && low <= high, "bisection needs 0 <= low <= high");
    let (mut low, mut high) = (low.to_bits(), high.to_bits());
    while low < high {
        let middle = low + (high - low) / 2;
        if reached(f64::from_bits(middle)) { high = middle } else { low = middle + 1 }
    }
    f64::from_bits(high)
}

/// P(Z > z) of the standard normal.
pub fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

pub fn normal_quantile(p: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "a probability between 0 and 1, not {p}");
    if p == 0.5 {
        return 0.0;
    }
    if p > 0.5 {
        // 1 - p is exact here
        return bisect(0.0, 40.0, |z| normal_tail(z) <= 1.0 - p);
    }
    -bisect(0.0, 40.0, |z| normal_tail(z) <= p)
}

/// What Stirling's formula leaves out of ln Gamma(x) (Loader 2000, "Fast and accurate computation of binomial
/// probabilities").
fn stirling_error(x: f64) -> f64 {
    if x < 15.0 {
        return libm::lgamma(x) - ((x - 0.5) * libm::log(x) - x + 0.5 * libm::log(2.0 * PI));
    }
    let x2 = x * x;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / x2) / x2) / x2) / x2) / x
}

/// Loader's deviance x ln(x/m) + m - x, without cancellation near x = m.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * libm::log(x / m) + m - x;
    }
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut term = 2.0 * x * v;
    for j in 1..1000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// x^a (1-x)^b / B(a, b).
fn beta_front(x: f64, a: f64, b: f64) -> f64 {
    let n = a + b;
    let exponent =
        stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) - deviance(b, n * (1.0 - x));
    libm::sqrt(a * b / (2.0 * PI * n)) * libm::exp(exponent)
}

/// Regularized incomplete beta I_x(a, b) = P(Beta(a, b) <= x), by the continued fraction with Lentz's method
/// (Abramowitz and Stegun 26.5.8).
pub fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_front(x, a, b) * beta_fraction(1.0 - x, b, a) / b;
    }
    beta_front(x, a, b) * beta_fraction(x, a, b) / a
}

fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for m in 1..200_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        result *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    result
}

/// Regularized incomplete gamma P(a, x) and its complement Q(a, x) (Abramowitz and Stegun 6.5.29, 6.5.31).
pub fn incomplete_gamma(a: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    // x^a e^-x / Gamma(a)
    let front = libm::sqrt(a / (2.0 * PI)) * libm::exp(-stirling_error(a) - deviance(a, x));
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        let p = front * sum;
        return (p, 1.0 - p);
    }
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut result = d;
    for i in 1..200_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        result *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    let q = front * result;
    (1.0 - q, q)
}

/// P(T > t) of Student's t, t >= 0.
pub fn student_t_tail(t: f64, degrees: f64) -> f64 {
    let t2 = t * t;
    if t2 < degrees {
        0.5 - 0.5 * incomplete_beta(t2 / (degrees + t2), 0.5, 0.5 * degrees)
    } else {
        0.5 * incomplete_beta(degrees / (degrees + t2), 0.5 * degrees, 0.5)
    }
}

pub fn student_t_quantile(p: f64, degrees: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0 && degrees > 0.0, "Student's t at {p} with {degrees} degrees of freedom");
    if p == 0.5 {
        return 0.0;
    }
    let tail = p.min(1.0 - p);
    bisect(0.0, 1e300, |t| student_t_tail(t, degrees) <= tail).copysign(p - 0.5)
}

pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    bisect(0.0, 1.0, |x| incomplete_beta(x, a, b) >= p)
}

pub fn chi_squared_quantile(p: f64, degrees: f64) -> f64 {
    2.0 * bisect(0.0, 1e300, |x| {
        let (below, above) = incomplete_gamma(0.5 * degrees, x);
        if p > 0.5 { above <= 1.0 - p } else { below >= p }
    })
}

/// Fisher's F with `d1` and `d2` degrees of freedom.
pub fn f_quantile(p: f64, d1: f64, d2: f64) -> f64 {
    bisect(0.0, 1e300, |x| {
        let scaled = d1 * x;
        if scaled < d2 {
            incomplete_beta(scaled / (scaled + d2), 0.5 * d1, 0.5 * d2) >= p
        } else {
            incomplete_beta(d2 / (scaled + d2), 0.5 * d2, 0.5 * d1) <= 1.0 - p
        }
    })
}

/// P(Binomial(n, p) <= k).
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    if k >= n { 1.0 } else { incomplete_beta(1.0 - p, (n - k) as f64, (k + 1) as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{
        Beta, Binomial, ChiSquared, ContinuousCDF, DiscreteCDF, FisherSnedecor, Normal, StudentsT,
    };

    fn close(got: f64, expected: f64) {
        let error = (got - expected).abs() / expected.abs().max(1e-12);
        assert!(error < 1e-9, "{got} for {expected}");
    }

    /// E04: numpy and scipy.
    #[test]
    fn critical_values_of_students_t() {
        close(student_t_quantile(0.975, 9.0), 2.262157162798205);
        close(student_t_quantile(0.95, 19.0), 1.7291328115213682);
        close(student_t_quantile(0.995, 4.0), 4.604094871349992);
        close(student_t_quantile(0.025, 9.0), -2.262157162798205);
    }

    #[test]
    fn distribution_functions_agree_with_statrs() {
        for p in [1e-6, 0.003, 0.2, 0.5, 0.77, 0.975, 0.9999] {
            let normal = Normal::new(0.0, 1.0).unwrap();
            let z = normal_quantile(p);
            close(normal.cdf(z), p);
            for degrees in [1.0, 2.0, 4.0, 9.0, 33.0, 200.0] {
                close(StudentsT::new(0.0, 1.0, degrees).unwrap().cdf(student_t_quantile(p, degrees)), p);
                close(ChiSquared::new(degrees).unwrap().cdf(chi_squared_quantile(p, degrees)), p);
                let f = f_quantile(p, degrees, 7.0);
                close(FisherSnedecor::new(degrees, 7.0).unwrap().cdf(f), p);
                close(Beta::new(degrees, 3.5).unwrap().cdf(beta_quantile(p, degrees, 3.5)), p);
            }
        }
        for k in [0, 3, 10, 19] {
            close(binomial_cdf(k, 20, 0.4), Binomial::new(0.4, 20).unwrap().cdf(k));
        }
    }

    #[test]
    fn large_counts_keep_their_digits() {
        // Beta(a, b) for large a = b is normal around one half
        let half = 5e7;
        close(incomplete_beta(0.5, half, half), 0.5);
        let x = beta_quantile(0.975, half, half);
        let normal = 0.5 + normal_quantile(0.975) * 0.5 / (2.0 * half + 1.0).sqrt();
        assert!((x - normal).abs() < 1e-10);
    }

    #[test]
    fn bisection_reaches_the_last_bit() {
        assert_eq!(bisect(0.0, 10.0, |x| x * x >= 4.0), 2.0);
        assert_eq!(bisect(0.0, 1.0, |x| x >= 1e-200), 1e-200);
    }
}

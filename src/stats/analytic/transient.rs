//! Changing rates, and sums of exponential stages.

use super::{Analytic, AnalyticError, percentile_of_tail};

/// M(t)/M/inf with rate(t) = mean (1 + amplitude sin(2 pi t / period)), long after its start (Eick, Massey,
/// Whitt 1993).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sinusoid {
    pub rate_mean: f64,
    pub amplitude: f64,
    pub period: f64,
    pub service_mean: f64,
}

impl Sinusoid {
    fn phase_speed(&self) -> f64 {
        2.0 * std::f64::consts::PI / self.period
    }

    /// Mean number present at time `t`.
    pub fn present(&self, t: f64) -> f64 {
        let speed = self.phase_speed();
        let lag = speed * self.service_mean;
        let swing = (libm::sin(speed * t) - lag * libm::cos(speed * t)) / (1.0 + lag * lag);
        self.rate_mean * self.service_mean * (1.0 + self.amplitude * swing)
    }

    /// (time within the period, largest mean number present): later than the peak of the rate.
    pub fn peak(&self) -> (f64, f64) {
        let speed = self.phase_speed();
        let lag = speed * self.service_mean;
        let at = (std::f64::consts::FRAC_PI_2 + libm::atan(lag)) / speed;
        (at, self.rate_mean * self.service_mean * (1.0 + self.amplitude / libm::sqrt(1.0 + lag * lag)))
    }
}

/// Mean number present at M/M/inf a time `t` after it began empty.
pub fn filling_present(arrival_rate: f64, service_mean: f64, t: f64) -> f64 {
    -arrival_rate * service_mean * libm::expm1(-t / service_mean)
}

/// A sum of independent exponential stages, equal rates allowed: the response of a tandem of M/M/1 stations
/// (Reich 1957) among others.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypoexponential {
    rates: Vec<f64>,
}

impl Hypoexponential {
    pub fn new(rates: &[f64]) -> Analytic<Hypoexponential> {
        if rates.is_empty() || rates.iter().any(|r| !(*r > 0.0 && r.is_finite())) {
            return Err(AnalyticError::Invalid("stages need positive rates"));
        }
        Ok(Hypoexponential { rates: rates.to_vec() })
    }

    pub fn mean(&self) -> f64 {
        self.rates.iter().map(|r| 1.0 / r).sum()
    }

    /// P(sum > t). The chain's transition matrix over a short time as a series of positive terms
    /// (uniformization), then squared up to `t`: partial fractions would divide by differences of rates.
    pub fn tail(&self, t: f64) -> f64 {
        let n = self.rates.len();
        let fastest = self.rates.iter().copied().fold(0.0, f64::max);
        if t <= 0.0 {
            return 1.0;
        }
        let (mut steps, mut doublings) = (fastest * t, 0);
        while steps > 1.0 {
            steps *= 0.5;
            doublings += 1;
        }
        // p[i][j] = P(in stage j | was in stage i), upper triangular
        let stay: Vec<f64> = self.rates.iter().map(|r| 1.0 - r / fastest).collect();
        let mut term: Vec<Vec<f64>> =
            (0..n).map(|i| (0..n).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect();
        let mut p = term.clone();
        for k in 1..40 {
            for row in &mut term {
                for j in (0..n).rev() {
                    let from_before = if j > 0 { row[j - 1] * (1.0 - stay[j - 1]) } else { 0.0 };
                    row[j] = (row[j] * stay[j] + from_before) * steps / f64::from(k);
                }
            }
            for (sum, row) in p.iter_mut().zip(&term) {
                sum.iter_mut().zip(row).for_each(|(s, r)| *s += r);
            }
        }
        let scale = libm::exp(-steps);
        p.iter_mut().flatten().for_each(|cell| *cell *= scale);
        for _ in 0..doublings {
            p = (0..n).map(|i| (0..n).map(|j| (i..=j.max(i)).map(|k| p[i][k] * p[k][j]).sum()).collect()).collect();
        }
        p[0].iter().sum::<f64>().min(1.0)
    }

    pub fn percentile(&self, p: f64) -> f64 {
        percentile_of_tail(p, |t| self.tail(t))
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn a24_a_daily_wave_arrives_late() {
        let wave = Sinusoid { rate_mean: 100.0, amplitude: 0.8, period: 10.0, service_mean: 2.0 };
        assert_close(wave.present(0.0), 122.04293417082903);
        assert_close(wave.present(5.0), 277.957065829171);
        let (at, peak) = wave.peak();
        assert_close(peak, 299.62831876791995);
        assert_close(at, 3.9302253540564838);
        assert_close(filling_present(100.0, 2.0, 1.0), 78.69386805747331);
    }

    #[test]
    fn d06_primary_then_replica() {
        let both = Hypoexponential::new(&[40.0, 30.0]).unwrap();
        assert_close(both.mean(), 0.058333333333333334);
        assert_close(both.percentile(0.95), 0.1391891492958035);
    }

    #[test]
    fn equal_stages_are_an_erlang() {
        let three = Hypoexponential::new(&[2.0, 2.0, 2.0]).unwrap();
        let x: f64 = 2.0 * 4.0;
        assert_close(three.tail(4.0), (-x).exp() * (1.0 + x + x * x / 2.0));
        assert_close(Hypoexponential::new(&[5.0]).unwrap().percentile(0.99), 100f64.ln() / 5.0);
    }

    #[test]
    fn stages_of_very_different_length_keep_their_digits() {
        let rates = [1e6, 1.0];
        let exact = (1e6 * (-3.0f64).exp() - (-3e6f64).exp()) / (1e6 - 1.0);
        assert!((Hypoexponential::new(&rates).unwrap().tail(3.0) / exact - 1.0).abs() < 1e-8);
    }
}

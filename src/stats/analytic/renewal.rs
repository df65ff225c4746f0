//! One exponential worker behind arrivals that are not Poisson: GI/M/1.

use super::{Analytic, stable};

/// GI/M/1 (Kleinrock 1975, section 6.4): sigma solves sigma = A*(mu (1 - sigma)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gim1 {
    /// Probability that an arrival waits; not the utilization, unless arrivals are Poisson.
    pub sigma: f64,
    pub service_rate: f64,
    pub utilization: f64,
}

impl Gim1 {
    /// `complement(s)` is 1 - A*(s) of the time between arrivals, exact for small s.
    fn solve(arrival_rate: f64, service_rate: f64, complement: impl Fn(f64) -> f64) -> Analytic<Gim1> {
        let utilization = arrival_rate / service_rate;
        stable(utilization, 1.0)?;
        // delta = 1 - sigma: complement(mu delta) exceeds delta below the root
        let delta = super::super::special::bisect(1e-300, 1.0, |delta| complement(service_rate * delta) <= delta);
        Ok(Gim1 { sigma: 1.0 - delta, service_rate, utilization })
    }

    /// Arrivals every `interval`.
    pub fn deterministic(interval: f64, service_rate: f64) -> Analytic<Gim1> {
        Gim1::solve(1.0 / interval, service_rate, |s| -libm::expm1(-s * interval))
    }

    /// Each time between arrivals a sum of `stages` exponentials: what one of `stages` workers gets from a round
    /// robin of Poisson arrivals, `arrival_rate` being its own.
    pub fn erlang(stages: u32, arrival_rate: f64, service_rate: f64) -> Analytic<Gim1> {
        let k = f64::from(stages);
        Gim1::solve(arrival_rate, service_rate, |s| -libm::expm1(-k * libm::log1p(s / (k * arrival_rate))))
    }

    pub fn wait_mean(&self) -> f64 {
        self.sigma / (self.service_rate * (1.0 - self.sigma))
    }

    pub fn sojourn_mean(&self) -> f64 {
        1.0 / (self.service_rate * (1.0 - self.sigma))
    }

    /// The sojourn is exponential.
    pub fn sojourn_tail(&self, t: f64) -> f64 {
        libm::exp(-self.service_rate * (1.0 - self.sigma) * t)
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn a19_dm1() {
        let queue = Gim1::deterministic(0.0125, 100.0).unwrap();
        assert_close(queue.sigma, 0.628629796496459);
        assert_close(queue.sojourn_mean(), 0.026927308399163616);
        assert_close(queue.wait_mean(), 0.016927308399163614);
        assert_close(queue.utilization, 0.8);
    }

    #[test]
    fn one_stage_is_poisson() {
        assert_close(Gim1::erlang(1, 80.0, 100.0).unwrap().sigma, 0.8);
        assert!(Gim1::erlang(2, 100.0, 100.0).is_err());
    }
}

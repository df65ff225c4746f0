//! One worker, Poisson arrivals, any service law: FCFS and processor sharing, and a worker that breaks.

use super::{Analytic, AnalyticError, percentile_of_tail, stable};

/// Waiting time of M/G/1 FCFS from the service's moments (Pollaczek 1930, Khinchine 1932; second moment by
/// Takacs 1962): (mean, second moment).
pub fn pollaczek_khinchine(arrival_rate: f64, mean: f64, second: f64, third: f64) -> Analytic<(f64, f64)> {
    stable(arrival_rate * mean, 1.0)?;
    let spare = 1.0 - arrival_rate * mean;
    let wait = arrival_rate * second / (2.0 * spare);
    Ok((wait, 2.0 * wait * wait + arrival_rate * third / (3.0 * spare)))
}

/// M/D/1 FCFS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Md1 {
    pub arrival_rate: f64,
    pub service: f64,
}

impl Md1 {
    pub fn new(arrival_rate: f64, service: f64) -> Analytic<Md1> {
        stable(arrival_rate * service, 1.0)?;
        Ok(Md1 { arrival_rate, service })
    }

    pub fn wait_mean(&self) -> f64 {
        let rho = self.arrival_rate * self.service;
        rho * self.service / (2.0 * (1.0 - rho))
    }

    /// P(N <= n), n = 0..count, at departures. Flow across each level: what goes down from n + 1 is what jumps
    /// over it, a sum of positive terms, so nothing cancels.
    fn present_cdf(&self, count: usize) -> Vec<f64> {
        let rho = self.arrival_rate * self.service;
        let poisson: Vec<f64> = (0..count + 60).map(|k| poisson(k, rho)).collect();
        let mut beyond = vec![0.0; poisson.len()]; // P(arrivals in one service > k)
        for k in (0..poisson.len() - 1).rev() {
            beyond[k] = beyond[k + 1] + poisson[k + 1];
        }
        let mut p = vec![1.0 - rho];
        while p.len() < count {
            let n = p.len() - 1;
            let up = p[0] * beyond[n] + (1..=n).map(|i| p[i] * beyond[n + 1 - i]).sum::<f64>();
            p.push(up / poisson[0]);
        }
        let mut sum = 0.0;
        p.iter()
            .map(|p| {
                sum += p;
                sum
            })
            .collect()
    }

    /// P(W <= t) by the sum of positive terms of Franx 2001, "A simple solution for the M/D/c waiting time
    /// distribution": Crommelin's alternating series loses all digits in doubles.
    fn wait_cdf_with(&self, present: &[f64], t: f64) -> f64 {
        let k = libm::floor(t / self.service) as usize + 1;
        let u = self.arrival_rate * (k as f64 * self.service - t);
        // waiting <= m is present <= m + 1
        (0..k).map(|j| poisson(j, u) * present[k - j]).sum::<f64>().min(1.0)
    }

    pub fn wait_cdf(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 0.0;
        }
        self.wait_cdf_with(&self.present_cdf(libm::floor(t / self.service) as usize + 2), t)
    }

    pub fn wait_percentile(&self, p: f64) -> f64 {
        if self.wait_cdf(0.0) >= p {
            return 0.0;
        }
        let mut services = 4;
        while self.wait_cdf(services as f64 * self.service) < p {
            services *= 2;
        }
        let limit = services as f64 * self.service;
        let present = self.present_cdf(services + 2);
        super::super::special::bisect(0.0, limit, |t| self.wait_cdf_with(&present, t) >= p)
    }
}

fn poisson(k: usize, mean: f64) -> f64 {
    if mean == 0.0 {
        return if k == 0 { 1.0 } else { 0.0 };
    }
    let k = k as f64;
    libm::exp(k * libm::log(mean) - mean - libm::lgamma(k + 1.0))
}

/// M/H2/1 FCFS: waiting and sojourn time are mixtures of two exponentials whose rates are the roots of the
/// Pollaczek-Khinchine transform's denominator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mh21 {
    arrival_rate: f64,
    mean: f64,
    second: f64,
    third: f64,
    decay: [f64; 2],
    wait_weight: [f64; 2],
    sojourn_weight: [f64; 2],
}

impl Mh21 {
    /// Balanced means: p1 / rate1 = p2 / rate2.
    pub fn balanced(arrival_rate: f64, mean: f64, scv: f64) -> Analytic<Mh21> {
        if scv < 1.0 {
            return Err(AnalyticError::Invalid("a hyperexponential has a coefficient of variation of at least 1"));
        }
        let p1 = 0.5 * (1.0 + libm::sqrt((scv - 1.0) / (scv + 1.0)));
        Mh21::new(arrival_rate, p1, 2.0 * p1 / mean, 2.0 * (1.0 - p1) / mean)
    }

    pub fn new(arrival_rate: f64, p1: f64, rate1: f64, rate2: f64) -> Analytic<Mh21> {
        let p2 = 1.0 - p1;
        let mean = p1 / rate1 + p2 / rate2;
        stable(arrival_rate * mean, 1.0)?;
        let spare = 1.0 - arrival_rate * mean;
        // s^2 + b s + c = 0 with roots -decay
        let b = rate1 + rate2 - arrival_rate;
        let c = rate1 * rate2 - arrival_rate * (p1 * rate2 + p2 * rate1);
        let root = libm::sqrt((b * b - 4.0 * c).max(0.0));
        let fast = 0.5 * (b + root);
        let slow = c / fast;
        if fast == slow {
            return Err(AnalyticError::Invalid("the two phases coincide"));
        }
        let weight = |x: f64, other: f64| spare * (rate1 - x) * (rate2 - x) / ((other - x) * x);
        let sojourn =
            |x: f64, other: f64| spare * (p1 * rate1 * (rate2 - x) + p2 * rate2 * (rate1 - x)) / ((other - x) * x);
        Ok(Mh21 {
            arrival_rate,
            mean,
            second: 2.0 * (p1 / (rate1 * rate1) + p2 / (rate2 * rate2)),
            third: 6.0 * (p1 / rate1.powi(3) + p2 / rate2.powi(3)),
            decay: [slow, fast],
            wait_weight: [weight(slow, fast), weight(fast, slow)],
            sojourn_weight: [sojourn(slow, fast), sojourn(fast, slow)],
        })
    }

    /// (mean, second moment).
    pub fn wait_moments(&self) -> (f64, f64) {
        pollaczek_khinchine(self.arrival_rate, self.mean, self.second, self.third).expect("stable since `new`")
    }

    pub fn sojourn_mean(&self) -> f64 {
        self.wait_moments().0 + self.mean
    }

    fn tail(&self, weight: [f64; 2], t: f64) -> f64 {
        weight[0] * libm::exp(-self.decay[0] * t) + weight[1] * libm::exp(-self.decay[1] * t)
    }

    pub fn wait_tail(&self, t: f64) -> f64 {
        self.tail(self.wait_weight, t)
    }

    pub fn sojourn_tail(&self, t: f64) -> f64 {
        self.tail(self.sojourn_weight, t)
    }

    pub fn wait_percentile(&self, p: f64) -> f64 {
        percentile_of_tail(p, |t| self.wait_tail(t))
    }

    pub fn sojourn_percentile(&self, p: f64) -> f64 {
        percentile_of_tail(p, |t| self.sojourn_tail(t))
    }
}

/// Mean sojourn of a request of this size at M/G/1 with processor sharing, whatever the law (Kleinrock 1976,
/// section 4.4): size / (1 - rho). At the mean size it is the mean, at 1 the slowdown.
pub fn processor_sharing_sojourn(size: f64, utilization: f64) -> Analytic<f64> {
    stable(utilization, 1.0)?;
    Ok(size / (1.0 - utilization))
}

/// Variance of the sojourn at M/M/1 with processor sharing (Coffman, Muntz, Trotter 1970).
pub fn processor_sharing_mm1_variance(arrival_rate: f64, service_rate: f64) -> Analytic<f64> {
    let rho = arrival_rate / service_rate;
    stable(rho, 1.0)?;
    Ok((2.0 + rho) / ((1.0 - rho) * (1.0 - rho) * (2.0 - rho)) / (service_rate * service_rate))
}

/// Mean number present at an M/M/1 whose worker fails at rate `failure_rate` (also when idle) and is repaired
/// at `repair_rate`; work resumes (White and Christie 1958; Avi-Itzhak and Naor 1963).
pub fn breakdown_present(arrival_rate: f64, service_rate: f64, failure_rate: f64, repair_rate: f64) -> Analytic<f64> {
    let both = failure_rate + repair_rate;
    stable(arrival_rate / service_rate, repair_rate / both)?;
    Ok(arrival_rate * (both * both + failure_rate * service_rate)
        / (both * (service_rate * repair_rate - arrival_rate * both)))
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn a08_md1() {
        let queue = Md1::new(80.0, 0.01).unwrap();
        assert_close(queue.wait_mean(), 0.02);
        assert_close(queue.wait_mean() + 0.01, 0.03);
        assert_close(queue.wait_percentile(0.5), 0.012759398733762136);
        assert_close(queue.wait_percentile(0.95), 0.06620324996840635);
        assert_close(queue.wait_percentile(0.99), 0.10355886792011908);
        assert_close(queue.wait_cdf(0.0), 0.2);
        assert_eq!(queue.wait_percentile(0.15), 0.0);
    }

    /// The integral of the tail is the mean, also at a load where the alternating series is noise.
    #[test]
    fn md1_stays_exact_near_saturation() {
        let queue = Md1::new(98.0, 0.01).unwrap();
        let present = queue.present_cdf(3002);
        let step = 0.001;
        let tail = |i: usize| 1.0 - queue.wait_cdf_with(&present, i as f64 * step);
        // Simpson within each service time, where the function is smooth
        let integral: f64 =
            (0..7_500).map(|i| step / 3.0 * (tail(2 * i) + 4.0 * tail(2 * i + 1) + tail(2 * i + 2))).sum();
        assert!((integral / queue.wait_mean() - 1.0).abs() < 1e-5, "{integral} {}", queue.wait_mean());
    }

    #[test]
    fn a09_mh2_1() {
        let queue = Mh21::balanced(70.0, 0.01, 4.0).unwrap();
        let (mean, second) = queue.wait_moments();
        assert_close(mean, 0.058333333333333355);
        assert_close(second, 0.011472222222222231);
        assert_close(queue.sojourn_mean(), 0.06833333333333336);
        assert_close(queue.wait_percentile(0.95), 0.24383866341536065);
        assert_close(queue.sojourn_percentile(0.95), 0.25719180267779135);
        assert_close(queue.wait_percentile(0.99), 0.4047824546587209);
        assert_close(queue.sojourn_percentile(0.99), 0.41813559392116295);
    }

    #[test]
    fn a11_processor_sharing() {
        assert_close(processor_sharing_sojourn(0.01, 0.8).unwrap(), 0.05);
        assert_close(processor_sharing_sojourn(0.03, 0.8).unwrap(), 0.15);
        assert_close(processor_sharing_sojourn(1.0, 0.8).unwrap(), 5.0);
        assert_close(processor_sharing_mm1_variance(80.0, 100.0).unwrap(), 0.0058333333333333345);
    }

    #[test]
    fn a17_breakdowns() {
        let present = breakdown_present(50.0, 100.0, 0.1, 0.5).unwrap();
        assert_close(present, 43.16666666666808);
        assert_close(present / 50.0, 0.8633333333333616);
        assert!(breakdown_present(84.0, 100.0, 0.1, 0.5).is_err());
    }
}

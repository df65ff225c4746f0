//! Exponential stations: M/M/c with and without limits, loss and abandonment.

use super::{Analytic, AnalyticError, percentile_of_tail, stable};

/// Probability that an arrival finds all of `c` workers busy and is lost (Erlang 1917), by the recursion
/// 1/B(c) = 1 + c/a 1/B(c-1), which neither overflows nor cancels.
pub fn erlang_b(offered_erlangs: f64, c: u32) -> f64 {
    if offered_erlangs == 0.0 {
        return if c == 0 { 1.0 } else { 0.0 };
    }
    let inverse = (1..=c).fold(1.0, |inverse, k| 1.0 + f64::from(k) / offered_erlangs * inverse);
    1.0 / inverse
}

/// Probability that an arrival waits in M/M/c (Erlang 1917).
pub fn erlang_c(offered_erlangs: f64, c: u32) -> Analytic<f64> {
    let workers = f64::from(c);
    stable(offered_erlangs, workers)?;
    let b = erlang_b(offered_erlangs, c);
    Ok(workers * b / (workers - offered_erlangs * (1.0 - b)))
}

/// M/M/c, first come first served, unlimited queue (Kleinrock 1975, section 3.5). Its means also hold for
/// processor sharing over c cores with any service law of the same mean (BCMP 1975).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmc {
    pub arrival_rate: f64,
    pub service_rate: f64,
    pub workers: u32,
    /// Erlang C.
    pub waits: f64,
}

impl Mmc {
    pub fn new(arrival_rate: f64, service_rate: f64, workers: u32) -> Analytic<Mmc> {
        Ok(Mmc { arrival_rate, service_rate, workers, waits: erlang_c(arrival_rate / service_rate, workers)? })
    }

    /// Rate at which a queue drains: c mu - lambda.
    fn spare(&self) -> f64 {
        f64::from(self.workers) * self.service_rate - self.arrival_rate
    }

    pub fn utilization(&self) -> f64 {
        self.arrival_rate / (f64::from(self.workers) * self.service_rate)
    }

    pub fn wait_mean(&self) -> f64 {
        self.waits / self.spare()
    }

    pub fn sojourn_mean(&self) -> f64 {
        self.wait_mean() + 1.0 / self.service_rate
    }

    pub fn present_mean(&self) -> f64 {
        self.arrival_rate * self.sojourn_mean()
    }

    /// P(W > t).
    pub fn wait_tail(&self, t: f64) -> f64 {
        self.waits * libm::exp(-self.spare() * t)
    }

    /// P(T > t): with x = (c mu - lambda - mu) t, exp(-mu t) (1 + C mu t (1 - exp(-x)) / x).
    pub fn sojourn_tail(&self, t: f64) -> f64 {
        let mu_t = self.service_rate * t;
        let x = (self.spare() - self.service_rate) * t;
        if x.abs() < 1e-9 {
            return libm::exp(-mu_t) * (1.0 + self.waits * mu_t);
        }
        // exp(-mu t) (1 - exp(-x)) / x, without overflow for large negative x
        let spread = if x > 0.0 { -libm::exp(-mu_t) * libm::expm1(-x) } else { libm::exp(-mu_t - x) * libm::expm1(x) };
        libm::exp(-mu_t) + self.waits * mu_t * spread / x
    }

    pub fn wait_percentile(&self, p: f64) -> f64 {
        percentile_of_tail(p, |t| self.wait_tail(t))
    }

    pub fn sojourn_percentile(&self, p: f64) -> f64 {
        percentile_of_tail(p, |t| self.sojourn_tail(t))
    }

    /// Var T = Var W + Var S, which are independent under FCFS.
    pub fn sojourn_variance(&self) -> f64 {
        let wait = self.waits * (2.0 - self.waits) / (self.spare() * self.spare());
        wait + 1.0 / (self.service_rate * self.service_rate)
    }

    /// P(N >= n).
    pub fn present_at_least(&self, n: u32) -> f64 {
        if n >= self.workers {
            return self.waits * self.utilization().powi((n - self.workers) as i32);
        }
        let a = self.arrival_rate / self.service_rate;
        if a == 0.0 {
            return if n == 0 { 1.0 } else { 0.0 };
        }
        // p(k) downward from p(c) = C (1 - rho)
        let mut p = self.waits * (1.0 - self.utilization());
        let mut sum = self.waits;
        for k in (n..self.workers).rev() {
            p *= f64::from(k + 1) / a;
            sum += p;
        }
        sum
    }

    /// A client gives up at `timeout`, and the server does the work all the same.
    pub fn client_timeout(&self, timeout: f64) -> Analytic<ClientTimeout> {
        if self.workers != 1 {
            return Err(AnalyticError::Invalid("client timeouts have a closed form for one worker"));
        }
        let rate = self.spare();
        let late = libm::exp(-rate * timeout);
        let seen = (1.0 - late) / rate;
        Ok(ClientTimeout {
            late,
            goodput: self.arrival_rate * (1.0 - late),
            success_mean: (seen - timeout * late) / (1.0 - late),
            seen_mean: seen,
        })
    }
}

/// Of an M/M/1 whose clients stop waiting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClientTimeout {
    /// Share of requests answered too late.
    pub late: f64,
    pub goodput: f64,
    /// Mean response time of those in time.
    pub success_mean: f64,
    /// E[min(T, timeout)].
    pub seen_mean: f64,
}

/// A birth-death station with finitely many places, or with abandonment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limited {
    /// Share of arrivals lost: turned away, or gone before service.
    pub lost: f64,
    pub throughput: f64,
    pub present_mean: f64,
    pub queue_mean: f64,
    pub busy_mean: f64,
    /// Sojourn of those served (M/M/c/K) or of all (abandonment).
    pub sojourn_mean: f64,
    /// Share of arrivals that do not find a free worker.
    pub waits: f64,
}

/// M/M/c/K: at most `places` present, those in service among them (Kleinrock 1975, sections 3.6 and 3.8);
/// c = K is Erlang's loss system.
pub fn mmck(arrival_rate: f64, service_rate: f64, workers: u32, places: u32) -> Analytic<Limited> {
    if workers == 0 || places < workers || arrival_rate <= 0.0 || service_rate <= 0.0 {
        return Err(AnalyticError::Invalid("M/M/c/K needs K >= c >= 1 and positive rates"));
    }
    let weights = weights(arrival_rate, places, |n| f64::from(n.min(workers)) * service_rate);
    let full = weights[places as usize];
    let throughput = arrival_rate * (1.0 - full);
    let present = expect(&weights, |n| n);
    let queue = expect(&weights, |n| (n - f64::from(workers)).max(0.0));
    Ok(Limited {
        lost: full,
        throughput,
        present_mean: present,
        queue_mean: queue,
        busy_mean: present - queue,
        sojourn_mean: present / throughput,
        waits: weights[workers as usize..].iter().sum(),
    })
}

/// M/M/c+M, Erlang A (Palm 1957; Garnett, Mandelbaum, Reiman 2002): those who wait leave at rate
/// `abandonment_rate` each. Stable at any load.
pub fn erlang_a(arrival_rate: f64, service_rate: f64, workers: u32, abandonment_rate: f64) -> Analytic<Limited> {
    if workers == 0 || !(arrival_rate > 0.0 && service_rate > 0.0 && abandonment_rate > 0.0) {
        return Err(AnalyticError::Invalid("Erlang A needs positive rates"));
    }
    let death =
        |n: u32| f64::from(n.min(workers)) * service_rate + f64::from(n.saturating_sub(workers)) * abandonment_rate;
    // past the most likely state, up to where births against deaths leave 1e-35 of its weight
    let (mut last, mut log, mut largest) = (workers, 0.0f64, 0.0f64);
    while log > largest - 80.0 {
        last += 1;
        log += libm::log(arrival_rate / death(last));
        largest = largest.max(log);
    }
    let weights = weights(arrival_rate, last, death);
    let present = expect(&weights, |n| n);
    let queue = expect(&weights, |n| (n - f64::from(workers)).max(0.0));
    let lost = abandonment_rate * queue / arrival_rate;
    Ok(Limited {
        lost,
        throughput: arrival_rate * (1.0 - lost),
        present_mean: present,
        queue_mean: queue,
        busy_mean: present - queue,
        sojourn_mean: present / arrival_rate,
        waits: weights[workers as usize..].iter().sum(),
    })
}

/// Stationary probabilities of a birth-death chain on 0..=last, scaled as they grow so that nothing overflows.
fn weights(birth: f64, last: u32, death: impl Fn(u32) -> f64) -> Vec<f64> {
    let mut logs = vec![0.0f64];
    for n in 1..=last {
        logs.push(logs[n as usize - 1] + libm::log(birth / death(n)));
    }
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut weights: Vec<f64> = logs.into_iter().map(|log| libm::exp(log - largest)).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    weights
}

fn expect(weights: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    weights.iter().enumerate().map(|(n, w)| w * of(n as f64)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn a01_mm1() {
        let queue = Mmc::new(80.0, 100.0, 1).unwrap();
        assert_close(queue.sojourn_mean(), 0.05);
        assert_close(queue.wait_mean(), 0.04);
        assert_close(queue.present_mean(), 4.0);
        assert_close(queue.utilization(), 0.8);
        assert_close(queue.sojourn_percentile(0.5), 0.03465735902799726);
        assert_close(queue.sojourn_percentile(0.95), 0.1497866136776995);
        assert_close(queue.sojourn_percentile(0.99), 0.23025850929940456);
        assert_close(queue.wait_percentile(0.95), 0.13862943611198905);
        assert_close(queue.wait_percentile(0.15), 0.0);
        assert_close(queue.sojourn_variance(), 0.0025);
        assert_close(queue.present_at_least(10), 0.1073741824);
    }

    #[test]
    fn a02_mm4() {
        let queue = Mmc::new(360.0, 100.0, 4).unwrap();
        assert_close(queue.waits, 0.7877532642953626);
        assert_close(queue.wait_mean(), 0.019693831607384065);
        assert_close(queue.sojourn_mean(), 0.029693831607384064);
        assert_close(queue.present_mean(), 10.689779378658264);
        assert_close(queue.sojourn_percentile(0.5), 0.022545036930267576);
        assert_close(queue.sojourn_percentile(0.95), 0.08165524818411671);
        assert_close(queue.sojourn_percentile(0.99), 0.12193167436199084);
        assert_close(queue.wait_percentile(0.95), 0.06892904797555305);
        let sum: f64 = (1..400).map(|n| queue.present_at_least(n)).sum();
        assert_close(sum, queue.present_mean());
    }

    /// At c - a = 1 waiting and service decay alike.
    #[test]
    fn equal_rates_of_decay_are_no_special_case() {
        let at = Mmc::new(300.0, 100.0, 4).unwrap();
        let beside = Mmc::new(300.0001, 100.0, 4).unwrap();
        assert!((at.sojourn_tail(0.02) - beside.sojourn_tail(0.02)).abs() < 1e-6);
        assert_close(at.sojourn_tail(0.02), (-2.0f64).exp() * (1.0 + 2.0 * at.waits));
    }

    #[test]
    fn a04_mm1k() {
        let queue = mmck(90.0, 100.0, 1, 10).unwrap();
        assert_close(queue.lost, 0.050813731327412244);
        assert_close(queue.throughput, 85.4267641805329);
        assert_close(queue.present_mean, 3.9694405985861696);
        assert_close(queue.sojourn_mean, 0.046466006721237);
        let full = mmck(100.0, 100.0, 1, 10).unwrap();
        assert_close(full.present_mean, 5.0);
        assert_close(full.lost, 1.0 / 11.0);
    }

    #[test]
    fn a06_erlang_b() {
        assert_close(erlang_b(8.0, 10), 0.1216610642529515);
        let loss = mmck(8.0, 1.0, 10, 10).unwrap();
        assert_close(loss.lost, 0.1216610642529515);
        assert_close(loss.busy_mean, 7.026711485976388);
    }

    #[test]
    fn a13_erlang_a() {
        let queue = erlang_a(100.0, 10.0, 10, 2.0).unwrap();
        assert_close(queue.lost, 0.07769288018920455);
        assert_close(queue.queue_mean / 100.0, 0.03884644009460227);
        assert_close(queue.queue_mean, 3.884644009460227);
        assert_close(queue.waits, 0.7156273017071137);
        assert_close(queue.busy_mean / 10.0, 0.9223071198107959);
    }

    #[test]
    fn a14b_clients_that_give_up_while_the_server_goes_on() {
        let timeout = Mmc::new(80.0, 100.0, 1).unwrap().client_timeout(0.1).unwrap();
        assert_close(timeout.late, 0.1353352832366127);
        assert_close(timeout.goodput, 69.17317734107098);
        assert_close(timeout.success_mean, 0.034348235725033434);
        assert_close(timeout.seen_mean, 0.04323323583816937);
    }

    #[test]
    fn e07_overload_is_an_error() {
        assert_close(erlang_b(10.0, 3), 0.7320644216691069);
        assert_eq!(erlang_c(10.0, 3), Err(AnalyticError::Unstable { offered_erlangs: 10.0, workers: 3.0 }));
        assert!(Mmc::new(100.0, 100.0, 1).is_err(), "rho = 1 has no steady state either");
    }
}

//! A replica that applies Poisson writes one at a time with exponential times: its three lags, which are three
//! different numbers.

use super::Analytic;
use super::erlang::Mmc;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplicaLag {
    queue: Mmc,
}

impl ReplicaLag {
    pub fn new(write_rate: f64, apply_rate: f64) -> Analytic<ReplicaLag> {
        Ok(ReplicaLag { queue: Mmc::new(write_rate, apply_rate, 1)? })
    }

    /// Of a transaction, commit to applied: the sojourn.
    pub fn apply_delay_mean(&self) -> f64 {
        self.queue.sojourn_mean()
    }

    pub fn apply_delay_percentile(&self, p: f64) -> f64 {
        self.queue.sojourn_percentile(p)
    }

    /// P(apply delay > t): also that a read `t` after its own write misses it.
    pub fn apply_delay_tail(&self, t: f64) -> f64 {
        self.queue.sojourn_tail(t)
    }

    /// Share of the time with something not applied.
    pub fn behind(&self) -> f64 {
        self.queue.utilization()
    }

    /// Age of the oldest write not applied at a random instant, 0 when none: attained waiting has the law of the
    /// workload (Sengupta 1989).
    pub fn seconds_behind_mean(&self) -> f64 {
        self.queue.wait_mean()
    }

    pub fn seconds_behind_tail(&self, t: f64) -> f64 {
        self.queue.wait_tail(t)
    }
}

/// Fluid limit of a replica that cannot keep up, a time `t` after it was caught up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GrowingLag {
    /// Writes not applied.
    pub backlog: f64,
    /// Age of the write being applied: (1 - mu/lambda) t.
    pub seconds_behind: f64,
    /// How long a write committed now will take: (lambda/mu - 1) t.
    pub catch_up: f64,
}

pub fn growing_lag(write_rate: f64, apply_rate: f64, t: f64) -> GrowingLag {
    let growth = (write_rate - apply_rate).max(0.0) * t;
    GrowingLag { backlog: growth, seconds_behind: growth / write_rate, catch_up: growth / apply_rate }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn d01_three_lags() {
        let lag = ReplicaLag::new(80.0, 100.0).unwrap();
        assert_close(lag.apply_delay_mean(), 0.05);
        assert_close(lag.apply_delay_percentile(0.99), 0.23025850929940456);
        assert_close(lag.apply_delay_tail(0.1), 0.1353352832366127);
        assert_close(lag.behind(), 0.8);
        assert_close(lag.seconds_behind_mean(), 0.04);
        assert_close(lag.seconds_behind_tail(0.1), 0.10826822658929017);
    }

    #[test]
    fn d03_a_saturated_replica() {
        let lag = growing_lag(120.0, 100.0, 600.0);
        assert_close(lag.backlog, 12000.0);
        assert_close(lag.seconds_behind, 100.0);
        assert_close(lag.catch_up, 120.0);
        assert!(ReplicaLag::new(120.0, 100.0).is_err());
    }

    #[test]
    fn d06_replica_behind_a_primary() {
        assert_close(ReplicaLag::new(60.0, 90.0).unwrap().apply_delay_mean(), 0.03333333333333333);
    }
}

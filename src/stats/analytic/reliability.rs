//! Units that fail and are repaired. Times in any one unit; MTTF is the mean time up (not MTTF + MTTR).

/// Alternates between up and down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repairable {
    pub availability: f64,
    /// Failures per unit of time.
    pub failure_frequency: f64,
}

impl Repairable {
    /// Long-run figures hold for any law of up and down times (renewal theory).
    pub fn new(mttf: f64, mttr: f64) -> Repairable {
        Repairable { availability: mttf / (mttf + mttr), failure_frequency: 1.0 / (mttf + mttr) }
    }

    pub fn unavailability(&self) -> f64 {
        1.0 - self.availability
    }

    /// Mean length of an outage, and of the time between two.
    pub fn outage_mean(&self) -> f64 {
        self.unavailability() / self.failure_frequency
    }

    pub fn up_mean(&self) -> f64 {
        self.availability / self.failure_frequency
    }

    /// Up while at least `k` of `n` such units are, each with its own repair.
    pub fn k_of_n(&self, k: u32, n: u32) -> Repairable {
        let (a, u) = (self.availability, self.unavailability());
        let choose = |n: u32, k: u32| (0..k).fold(1.0, |c, i| c * f64::from(n - i) / f64::from(i + 1));
        let down: f64 = (0..k).map(|i| choose(n, i) * a.powi(i as i32) * u.powi((n - i) as i32)).sum();
        // one of exactly k that are up fails
        let critical = f64::from(n) * choose(n - 1, k - 1) * a.powi(k as i32 - 1) * u.powi((n - k) as i32);
        Repairable { availability: 1.0 - down, failure_frequency: critical * self.failure_frequency }
    }

    /// All are needed; independent.
    pub fn series(parts: &[Repairable]) -> Repairable {
        let availability: f64 = parts.iter().map(|p| p.availability).product();
        let failure_frequency = parts.iter().map(|p| p.failure_frequency * availability / p.availability).sum();
        Repairable { availability, failure_frequency }
    }
}

/// Availability at time `t` of a unit with exponential times, up at 0.
pub fn instant_availability(failure_rate: f64, repair_rate: f64, t: f64) -> f64 {
    let both = failure_rate + repair_rate;
    (repair_rate + failure_rate * libm::exp(-both * t)) / both
}

/// Mean share of (0, t) that it is up.
pub fn interval_availability(failure_rate: f64, repair_rate: f64, t: f64) -> f64 {
    let both = failure_rate + repair_rate;
    (repair_rate - failure_rate * libm::expm1(-both * t) / (both * t)) / both
}

/// Mean time until both of two units are down for the first time, from both up.
pub fn two_unit_first_failure(failure_rate: f64, repair_rate: f64) -> f64 {
    (3.0 * failure_rate + repair_rate) / (2.0 * failure_rate * failure_rate)
}

/// Share of the time that both of two units are down with one repair crew between them.
pub fn two_unit_shared_crew_unavailability(failure_rate: f64, repair_rate: f64) -> f64 {
    let r = failure_rate / repair_rate;
    2.0 * r * r / (1.0 + 2.0 * r + 2.0 * r * r)
}

/// VRRP's Master_Down_Interval (RFC 5798, section 6.1): after the last advertisement heard.
pub fn vrrp_master_down(advert_interval: f64, priority: u32) -> f64 {
    let skew = f64::from(256 - priority) / 256.0 * advert_interval;
    3.0 * advert_interval + skew
}

/// Mean time from a crash at a random instant to the takeover: the last advertisement is half an interval old.
pub fn vrrp_detection_mean(advert_interval: f64, priority: u32) -> f64 {
    vrrp_master_down(advert_interval, priority) - 0.5 * advert_interval
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn c01_six_servers() {
        let (lb, db) = (Repairable::new(2000.0, 2.0), Repairable::new(3000.0, 4.0));
        let (web, app) = (Repairable::new(1500.0, 1.0), Repairable::new(500.0, 1.0));
        let chain = Repairable::series(&[lb.k_of_n(1, 2), web, app, db.k_of_n(1, 2)]);
        assert!((chain.availability - 0.9973363356088673).abs() < 1e-12);
        assert!((chain.unavailability() - 0.0026636643911327473).abs() < 1e-12);
        assert_close(chain.unavailability() * 8760.0, 23.333700066322866);
        assert_close(chain.failure_frequency * 8760.0, 23.31424129920988);
        assert_close(chain.outage_mean(), 1.0008346300813848);
        assert_close(chain.up_mean(), 374.73517528660744);
        let all = Repairable::series(&[lb, lb, web, app, db, db]);
        assert_close(all.availability, 0.9926984484576731);
    }

    #[test]
    fn c02_three_of_five() {
        let system = Repairable::new(1000.0, 10.0).k_of_n(3, 5);
        assert!((system.availability - 0.999990437674693).abs() < 1e-12);
        assert_close(system.unavailability(), 9.562325307016612e-06);
    }

    #[test]
    fn c03b_vrrp_timer() {
        assert_close(vrrp_master_down(1.0, 100), 3.609375);
        assert_close(vrrp_detection_mean(1.0, 100), 3.109375);
        assert_close(vrrp_master_down(0.1, 254), 0.30078125);
    }

    #[test]
    fn c04_two_units() {
        let (failure, repair) = (0.001, 0.1);
        assert_close(two_unit_first_failure(failure, repair), 51500.0);
        assert_close(Repairable::new(1000.0, 10.0).k_of_n(1, 2).unavailability(), 9.80296049406921e-05);
        assert_close(two_unit_shared_crew_unavailability(failure, repair), 0.00019603999215840026);
        assert_close(instant_availability(failure, repair, 10.0), 0.9937051384115992);
        assert_close(interval_availability(failure, repair, 100.0), 0.9910792656802713);
    }
}

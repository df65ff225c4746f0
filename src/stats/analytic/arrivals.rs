//! Bursts: arrivals in batches and with a modulated rate, at one exponential worker.

use super::qbd::{Matrix, Qbd};
use super::{Analytic, AnalyticError, stable};

/// Mean number present at M^X/M/1 (Gross and Harris 1998, section 3.1) for batches with these moments of size.
pub fn batch_present(batch_rate: f64, size_mean: f64, size_second_moment: f64, service_rate: f64) -> Analytic<f64> {
    let rho = batch_rate * size_mean / service_rate;
    stable(rho, 1.0)?;
    Ok(batch_rate * (size_second_moment + size_mean) / (2.0 * service_rate * (1.0 - rho)))
}

/// MMPP/M/1 whose states follow each other round and round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Modulated {
    pub rate_mean: f64,
    pub present_mean: f64,
    pub sojourn_mean: f64,
    /// Share of time empty.
    pub empty: f64,
}

/// `states` are (arrival rate, mean length), each for an exponential time (Neuts 1981).
pub fn modulated(states: &[(f64, f64)], service_rate: f64) -> Analytic<Modulated> {
    let n = states.len();
    if n == 0 || states.iter().any(|s| !(s.0 >= 0.0 && s.1 > 0.0)) {
        return Err(AnalyticError::Invalid("states need a rate and a mean length"));
    }
    let cycle: f64 = states.iter().map(|s| s.1).sum();
    let rate_mean = states.iter().map(|s| s.0 * s.1).sum::<f64>() / cycle;
    stable(rate_mean / service_rate, 1.0)?;
    let mut local = Matrix::zero(n, n);
    let (mut up, mut down) = (Matrix::zero(n, n), Matrix::zero(n, n));
    for (i, &(rate, length)) in states.iter().enumerate() {
        if n > 1 {
            local.add(i, (i + 1) % n, 1.0 / length);
        }
        up.add(i, i, rate);
        down.add(i, i, service_rate);
    }
    let chain = Qbd { boundary: local.clone(), boundary_up: up.clone(), boundary_down: down.clone(), up, local, down };
    let solved = chain.solve()?;
    let present_mean: f64 = solved.level_mean.iter().sum();
    Ok(Modulated {
        rate_mean,
        present_mean,
        sojourn_mean: present_mean / rate_mean,
        empty: solved.boundary.iter().sum(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn a22_bursts_of_overload() {
        let queue = modulated(&[(40.0, 10.0), (160.0, 1.0 / 0.3)], 100.0).unwrap();
        assert_close(queue.rate_mean, 70.0);
        assert_close(queue.present_mean, 152.99019717675253);
        assert_close(queue.sojourn_mean, 2.185574245382179);
        assert_close(queue.empty, 0.3);
    }

    #[test]
    fn equal_states_are_poisson() {
        let queue = modulated(&[(80.0, 1.0), (80.0, 3.0), (80.0, 0.1)], 100.0).unwrap();
        assert_close(queue.present_mean, 4.0);
    }

    #[test]
    fn a23_batches() {
        let present = batch_present(10.0, 5.0, 25.0, 100.0).unwrap();
        assert_close(present, 3.0);
        assert_close(present / 50.0, 0.06);
        // geometric: E[X^2] = m (2m - 1)
        assert_close(batch_present(15.0, 4.0, 28.0, 100.0).unwrap(), 5.999999999999999);
        assert!(batch_present(25.0, 4.0, 28.0, 100.0).is_err());
    }
}

//! A pool of connections held over two stations.

use super::closed::{ClosedStation, exact};
use super::qbd::{Matrix, Qbd};
use super::{Analytic, AnalyticError, stable};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    pub sojourn_mean: f64,
    pub wait_mean: f64,
    /// Share of arrivals that find no free connection.
    pub full: f64,
    /// Largest arrival rate: throughput of the closed network with all connections inside.
    pub capacity: f64,
}

/// Poisson requests take one of `connections` (FCFS), then pass two exponential FCFS stations of one worker each,
/// and release it. The exact chain: the number present, and where those inside are. A pool has no product form.
pub fn pool_over_two_stations(arrival_rate: f64, rates: [f64; 2], connections: u32) -> Analytic<Pool> {
    if connections == 0 || !(rates[0] > 0.0 && rates[1] > 0.0) {
        return Err(AnalyticError::Invalid("a pool needs connections and positive rates"));
    }
    let inside = rates.map(|rate| ClosedStation::queue(1.0 / rate));
    let capacity = exact(&inside, connections)?.throughput;
    stable(arrival_rate / capacity, 1.0)?;
    let c = connections as usize;
    // boundary states: n < c present, k of them at the first station
    let state = |n: usize, k: usize| n * (n + 1) / 2 + k;
    let m = state(c, 0);
    let n = c + 1;
    let mut boundary = Matrix::zero(m, m);
    let (mut boundary_up, mut boundary_down) = (Matrix::zero(m, n), Matrix::zero(n, m));
    let (mut up, mut local, mut down) = (Matrix::zero(n, n), Matrix::zero(n, n), Matrix::zero(n, n));
    for present in 0..c {
        for k in 0..=present {
            let from = state(present, k);
            if present + 1 < c {
                boundary.add(from, state(present + 1, k + 1), arrival_rate);
            } else {
                boundary_up.add(from, k + 1, arrival_rate);
            }
            if k > 0 {
                boundary.add(from, state(present, k - 1), rates[0]);
            }
            if present > k {
                boundary.add(from, state(present - 1, k), rates[1]);
            }
        }
    }
    for k in 0..=c {
        up.add(k, k, arrival_rate);
        if k > 0 {
            local.add(k, k - 1, rates[0]);
        }
        if k < c {
            // one waiting takes the connection over and begins at the first station
            down.add(k, k + 1, rates[1]);
            boundary_down.add(k, state(c - 1, k), rates[1]);
        }
    }
    let solved = Qbd { boundary, boundary_up, boundary_down, up, local, down }.solve()?;
    let full: f64 = solved.repeating.iter().sum();
    // level 1 is `c` present
    let levels: f64 = solved.level_mean.iter().sum();
    let waiting = levels - full;
    let few: f64 = (0..c)
        .map(|present| (0..=present).map(|k| present as f64 * solved.boundary[state(present, k)]).sum::<f64>())
        .sum();
    let present = few + full * c as f64 + waiting;
    Ok(Pool { sojourn_mean: present / arrival_rate, wait_mean: waiting / arrival_rate, full, capacity })
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn b11_a_pool_over_cpu_and_disk() {
        let pool = pool_over_two_stations(70.0, [100.0, 100.0], 4).unwrap();
        assert_close(pool.sojourn_mean, 0.09679836061376906);
        assert_close(pool.wait_mean, 0.05197339849714404);
        assert_close(pool.full, 0.6355301766179741);
        assert_close(pool.capacity, 80.0);
        let large = pool_over_two_stations(70.0, [100.0, 100.0], 25).unwrap();
        assert!((large.sojourn_mean / 0.06666666666666667 - 1.0).abs() < 2e-3);
    }

    #[test]
    fn a_pool_caps_the_rate_below_either_station() {
        assert!(matches!(pool_over_two_stations(81.0, [100.0, 100.0], 4), Err(AnalyticError::Unstable { .. })));
    }
}

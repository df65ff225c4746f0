//! Closed networks of users who think and come back: exact throughput and queues, an approximation, bounds.

use super::{Analytic, AnalyticError};

/// One station as a user sees it in one round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClosedStation {
    /// Visits times service time.
    pub demand: f64,
    pub workers: Workers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// FCFS with exponential service, or processor sharing with any.
    Limited(u32),
    /// A delay: thinking, or a wait outside.
    Unlimited,
}

impl ClosedStation {
    pub fn queue(demand: f64) -> ClosedStation {
        ClosedStation { demand, workers: Workers::Limited(1) }
    }

    pub fn delay(demand: f64) -> ClosedStation {
        ClosedStation { demand, workers: Workers::Unlimited }
    }

    pub fn multi(demand: f64, workers: u32) -> ClosedStation {
        ClosedStation { demand, workers: Workers::Limited(workers) }
    }

    /// Whether none of `n` users ever waits there.
    fn is_delay_for(&self, n: usize) -> bool {
        match self.workers {
            Workers::Limited(workers) => workers as usize >= n,
            Workers::Unlimited => true,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ClosedSolution {
    pub throughput: f64,
    /// Mean number at each station, delays included.
    pub present: Vec<f64>,
    /// Time in all stations but the delays.
    pub response: f64,
}

fn check(stations: &[ClosedStation]) -> Analytic<()> {
    let positive = stations.iter().any(|s| s.demand > 0.0);
    if !positive || stations.iter().any(|s| s.demand.is_nan() || s.demand < 0.0 || s.workers == Workers::Limited(0)) {
        return Err(AnalyticError::Invalid("a closed network needs demands and workers"));
    }
    Ok(())
}

/// ln(e^a + e^b)
fn log_add(a: f64, b: f64) -> f64 {
    let (large, small) = if a > b { (a, b) } else { (b, a) };
    // e^-40 of something is less than its last bit
    if small > large - 40.0 { large + libm::log1p(libm::exp(small - large)) } else { large }
}

/// Logarithms of one station's factors f(0..=n): demand^k over the product of min(j, workers).
fn log_factors(station: &ClosedStation, n: usize) -> Vec<f64> {
    let mut factors = vec![0.0];
    for k in 1..=n {
        let rate = match station.workers {
            Workers::Limited(workers) => (k as f64).min(f64::from(workers)),
            Workers::Unlimited => k as f64,
        };
        factors.push(factors[k - 1] + libm::log(station.demand / rate));
    }
    factors
}

/// Logarithms of the normalization constants G(0..=n) (Buzen 1973, "Computational algorithms for closed queueing
/// networks with exponential servers"): only sums of positive terms, and no overflow in logarithms.
///
/// Linear in `n`: all delays together are one, whose factors are where the convolution begins; and the factors of a station
/// with c workers are geometric from the c-th on, so that they are c terms and a recurrence.
fn log_constants<'a>(stations: impl Iterator<Item = &'a ClosedStation>, n: usize) -> Vec<f64> {
    let (limited, delays): (Vec<&ClosedStation>, Vec<&ClosedStation>) =
        stations.filter(|s| s.demand > 0.0).partition(|s| !s.is_delay_for(n));
    let mut g = log_factors(&ClosedStation::delay(delays.iter().map(|s| s.demand).sum()), n);
    for station in limited {
        let Workers::Limited(workers) = station.workers else { unreachable!("it is no delay") };
        let before = g.clone();
        let factors = log_factors(station, workers as usize);
        // what the factors are more than those of a single worker as quick as all
        let more: Vec<f64> = (1..workers)
            .map(|k| {
                factors[k as usize - 1] + libm::log(station.demand / f64::from(k) - station.demand / f64::from(workers))
            })
            .collect();
        let log_ratio = libm::log(station.demand / f64::from(workers));
        for k in 1..=n {
            let terms = more.iter().zip(before[..k].iter().rev());
            let sum = terms.fold(before[k], |sum, (more, before)| log_add(sum, more + before));
            g[k] = log_add(sum, g[k - 1] + log_ratio);
        }
    }
    g
}

/// Most terms of a sum for each station: some seconds.
const TERMS_MAX: f64 = 1e9;

/// Exact solution with `users` in the network: what exact mean value analysis (Reiser and Lavenberg 1980)
/// yields, multi-worker stations included, without its loss of digits near saturation.
pub fn exact(stations: &[ClosedStation], users: u32) -> Analytic<ClosedSolution> {
    check(stations)?;
    let n = users as usize;
    if n == 0 {
        return Ok(ClosedSolution { throughput: 0.0, present: vec![0.0; stations.len()], response: 0.0 });
    }
    let terms = |station: &ClosedStation| match station.workers {
        Workers::Limited(workers) if !station.is_delay_for(n) => f64::from(workers) * f64::from(users),
        _ => 0.0,
    };
    if stations.iter().map(terms).fold(0.0, f64::max) > TERMS_MAX {
        return Err(AnalyticError::Invalid("too many users and workers for the exact solution"));
    }
    let g = log_constants(stations.iter(), n);
    let throughput_of = |k: usize| libm::exp(g[k - 1] - g[k]);
    let throughput = throughput_of(n);
    let present: Vec<f64> = stations
        .iter()
        .enumerate()
        .map(|(i, station)| match station.workers {
            _ if station.demand == 0.0 => 0.0,
            Workers::Unlimited => throughput * station.demand,
            // arrival theorem: Q(n) = D X(n) (1 + Q(n-1))
            Workers::Limited(1) => (1..=n).fold(0.0, |q, k| station.demand * throughput_of(k) * (1.0 + q)),
            Workers::Limited(_) => {
                let others = stations.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, s)| s);
                let rest = log_constants(others, n);
                let factors = log_factors(station, n);
                (1..=n).map(|k| k as f64 * libm::exp(factors[k] + rest[n - k] - g[n])).sum()
            }
        })
        .collect();
    Ok(ClosedSolution { response: response(stations, users, throughput), throughput, present })
}

fn response(stations: &[ClosedStation], users: u32, throughput: f64) -> f64 {
    f64::from(users) / throughput - delays(stations)
}

fn delays(stations: &[ClosedStation]) -> f64 {
    stations.iter().filter(|s| s.workers == Workers::Unlimited).map(|s| s.demand).sum()
}

/// Schweitzer's approximation (1979; Bard 1979), single-worker stations and delays: an arrival sees (n-1)/n of
/// the mean queue. What textbooks print for large networks, and not exact.
pub fn schweitzer(stations: &[ClosedStation], users: u32) -> Analytic<ClosedSolution> {
    check(stations)?;
    if users == 0 || stations.iter().any(|s| matches!(s.workers, Workers::Limited(c) if c > 1)) {
        return Err(AnalyticError::Invalid("Schweitzer's approximation takes users and single-worker stations"));
    }
    let n = f64::from(users);
    let mut present = vec![n / stations.len() as f64; stations.len()];
    let mut throughput = 0.0;
    for _ in 0..1_000_000 {
        let times: Vec<f64> = stations
            .iter()
            .zip(&present)
            .map(|(s, q)| match s.workers {
                Workers::Unlimited => s.demand,
                Workers::Limited(_) => s.demand * (1.0 + (n - 1.0) / n * q),
            })
            .collect();
        throughput = n / times.iter().sum::<f64>();
        let next: Vec<f64> = times.iter().map(|t| throughput * t).collect();
        let change = next.iter().zip(&present).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        present = next;
        if change < 1e-14 * n {
            break;
        }
    }
    Ok(ClosedSolution { response: response(stations, users, throughput), throughput, present })
}

/// What no queueing can beat and no bad luck undercut, single-worker stations and delays (Lazowska, Zahorjan,
/// Graham, Sevcik 1984, chapter 5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub throughput_max: f64,
    pub throughput_min: f64,
    /// Tighter: balanced-job bounds (Zahorjan, Sevcik, Eager, Galler 1982).
    pub balanced_throughput_max: f64,
    pub balanced_throughput_min: f64,
    pub response_min: f64,
    /// Number of users at which the asymptotes cross: (D + Z) / D_max.
    pub knee_users: f64,
}

pub fn bounds(stations: &[ClosedStation], users: u32) -> Analytic<Bounds> {
    check(stations)?;
    let demands: Vec<f64> =
        stations.iter().filter(|s| s.workers == Workers::Limited(1) && s.demand > 0.0).map(|s| s.demand).collect();
    if users == 0 || demands.is_empty() || stations.iter().any(|s| matches!(s.workers, Workers::Limited(c) if c > 1)) {
        return Err(AnalyticError::Invalid("bounds need users and single-worker stations"));
    }
    let n = f64::from(users);
    let (total, z) = (demands.iter().sum::<f64>(), delays(stations));
    let largest = demands.iter().copied().fold(0.0, f64::max);
    let average = total / demands.len() as f64;
    Ok(Bounds {
        throughput_max: (n / (total + z)).min(1.0 / largest),
        throughput_min: n / (n * total + z),
        balanced_throughput_max: (n / (total + z + (n - 1.0) * average / (1.0 + z / total))).min(1.0 / largest),
        balanced_throughput_min: n / (total + z + (n - 1.0) * largest / (1.0 + z / (n * total))),
        response_min: total.max(n * largest - z),
        knee_users: (total + z) / largest,
    })
}

/// Machine repairman: `users` who think for `think` and queue for one worker.
pub fn repairman(users: u32, think: f64, demand: f64) -> Analytic<ClosedSolution> {
    exact(&[ClosedStation::queue(demand), ClosedStation::delay(think)], users)
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    fn queues(demands: &[f64]) -> Vec<ClosedStation> {
        demands.iter().map(|&d| ClosedStation::queue(d)).collect()
    }

    /// By the definition: the sum over all ways in which users are spread over the stations.
    fn constants_by_definition(stations: &[ClosedStation], n: usize) -> Vec<f64> {
        let mut g = vec![0.0; n + 1];
        g[0] = 1.0;
        for station in stations {
            let factors: Vec<f64> = log_factors(station, n).into_iter().map(f64::exp).collect();
            g = (0..=n).map(|k| (0..=k).map(|j| factors[j] * g[k - j]).sum()).collect();
        }
        g
    }

    #[test]
    fn sums_in_linear_time_are_those_of_the_definition() {
        let stations = [
            ClosedStation::multi(3.0, 4),
            ClosedStation::delay(5.0),
            ClosedStation::queue(0.7),
            ClosedStation::multi(0.9, 2),
            ClosedStation::delay(1.5),
            ClosedStation::multi(2.0, 40),
        ];
        for n in [1, 2, 3, 7, 30] {
            let got = log_constants(stations.iter(), n);
            for (log, exact) in got.iter().zip(constants_by_definition(&stations, n)) {
                assert!((log.exp() / exact - 1.0).abs() < 1e-12, "{n} users: {} for {exact}", log.exp());
            }
        }
    }

    #[test]
    fn a_third_of_a_million_users_are_no_trouble() {
        // each thinks for 5 s; 64 workers with 0.5 ms are half busy, and nobody waits to speak of
        let stations = [ClosedStation::multi(0.5e-3, 64), ClosedStation::delay(5.0)];
        let solved = exact(&stations, 320_000).unwrap();
        assert!((solved.throughput / (320_000.0 / 5.0005) - 1.0).abs() < 1e-4, "{}", solved.throughput);
        assert!(exact(&[ClosedStation::multi(1.0, 100_000), ClosedStation::delay(1.0)], 300_000).is_err());
    }

    #[test]
    fn a18_machine_repairman() {
        let solved = repairman(100, 300.0, 0.63).unwrap();
        assert_close(solved.throughput, 0.33245315287694555);
        assert_close(solved.response, 0.7942596863085922);
        assert_close(solved.present[0], 0.2640541369163452);
        assert_close(solved.throughput * 0.63, 0.2094454863124757);
    }

    #[test]
    fn a18b_near_the_knee() {
        let mut network = queues(&[0.05, 0.08]);
        network.push(ClosedStation::delay(4.0));
        let solved = exact(&network, 60).unwrap();
        assert_close(solved.throughput, 12.117121536781438);
        assert_close(solved.response, 0.951671056353641);
        let approximate = schweitzer(&network, 60).unwrap();
        assert_close(approximate.throughput, 11.70377130454939);
        assert_close(approximate.response, 1.1265526674019435);
        let bounds = bounds(&network, 60).unwrap();
        assert_close(bounds.knee_users, 51.625);
        assert!(bounds.balanced_throughput_min < solved.throughput);
        assert!(solved.throughput < bounds.balanced_throughput_max);
        assert!(bounds.balanced_throughput_max <= bounds.throughput_max);
        assert!(bounds.throughput_min <= bounds.balanced_throughput_min);
        assert!(bounds.response_min < solved.response);
    }

    #[test]
    fn b03_lazowska_closed() {
        let mut network = queues(&[0.605, 2.1, 1.35]);
        network.push(ClosedStation::delay(15.0));
        let solved = exact(&network, 3).unwrap();
        assert_close(solved.throughput, 0.15151649234709555);
        assert_close(solved.response, 4.7998247816321475);
        let approximate = schweitzer(&network, 3).unwrap();
        assert_close(approximate.throughput, 0.1509858727042833);
        assert_close(approximate.response, 4.869408615968434);
    }

    #[test]
    fn b04_bolch() {
        let network = [
            ClosedStation::multi(0.5, 2),
            ClosedStation::queue(0.3),
            ClosedStation::queue(0.4),
            ClosedStation::delay(1.0),
        ];
        let solved = exact(&network, 3).unwrap();
        assert_close(solved.throughput, 1.2174606338449272);
        for (got, expected) in
            solved.present.iter().zip([0.6236794897349013, 0.47287223440302967, 0.6859876420171418, 1.2174606338449272])
        {
            assert_close(*got, expected);
        }
        let second = exact(&queues(&[0.02, 0.08, 0.08, 0.06]), 6).unwrap();
        assert_close(second.throughput, 9.919836337154356);
        assert_close(second.present[3], 1.234309158225948);
    }

    #[test]
    fn b06_three_tiers() {
        let network = queues(&[0.0098, 0.0025, 0.00072, 0.0098]);
        for (users, throughput, response) in [
            (1, 43.821209465381244, 0.02282),
            (4, 79.78625319726835, 0.05013394964305641),
            (20, 97.082140520095, 0.20601111484413764),
        ] {
            let solved = exact(&network, users).unwrap();
            assert_close(solved.throughput, throughput);
            assert_close(solved.response, response);
        }
        assert_close(exact(&network, 20).unwrap().throughput * 0.0098, 0.951404977096931);
    }

    #[test]
    fn b06c_prefork() {
        let network = queues(&[0.0109, 0.015, 0.015]);
        for (users, throughput, response) in [
            (1, 24.449877750611247, 0.0409),
            (5, 51.436927769719134, 0.09720642769305314),
            (10, 58.98591857460656, 0.16953198732256414),
        ] {
            let solved = exact(&network, users).unwrap();
            assert_close(solved.throughput, throughput);
            assert_close(solved.response, response);
        }
    }

    #[test]
    fn b12_two_threads() {
        let solved = exact(&[ClosedStation::multi(1.0, 2), ClosedStation::delay(1.0)], 4).unwrap();
        assert_close(solved.throughput, 1.7);
        assert_close(solved.response - 1.0, 0.3529411764705883);
    }

    #[test]
    fn b15_balanced() {
        let network = queues(&[0.02, 0.02, 0.02]);
        for (users, throughput) in [(1, 16.666666666666668), (10, 41.66666666666667), (100, 49.01960784313725)] {
            let solved = exact(&network, users).unwrap();
            assert_close(solved.throughput, throughput);
            assert_close(bounds(&network, users).unwrap().balanced_throughput_max, throughput);
        }
        assert_close(exact(&network, 10).unwrap().response, 0.24);
    }

    #[test]
    fn a_saturated_multi_worker_station_keeps_its_digits() {
        let network = [ClosedStation::multi(1.0, 16), ClosedStation::delay(2000.0)];
        let solved = exact(&network, 40_000 / 8).unwrap();
        assert!((solved.present.iter().sum::<f64>() / 5000.0 - 1.0).abs() < 1e-8);
        assert!(solved.throughput <= 5000.0 / 2001.0 && solved.throughput > 2.49);
    }

    #[test]
    fn a_network_without_work_is_an_error() {
        assert!(exact(&[], 3).is_err());
        assert!(exact(&queues(&[0.0]), 3).is_err());
    }
}

//! Laws that every run must obey, whatever the model: a broken one is our mistake and is printed as a failure.

use super::summary::Check;
use crate::simulation::result::{RunResult, StationResult, StationRole};

/// One line for each law over all runs; a broken one names the first run and seed that break it.
pub fn checks(runs: &[RunResult]) -> Vec<Check> {
    vec![conservation(runs), littles_law(runs), utilization_law(runs)]
}

fn place(run: &RunResult) -> String {
    format!("run {} of seed {}", run.run, run.seed)
}

/// Requests inside at the beginning + arrived = completed + failed + inside at the end.
fn conservation(runs: &[RunResult]) -> Check {
    let mut check = Check {
        name: "conservation".to_owned(),
        passed: true,
        detail: "in each run, requests inside at the start + arrived = completed + failed + inside at the end"
            .to_owned(),
        simulated: None,
        expected: None,
    };
    for run in runs {
        let offered: u64 = run.classes.iter().map(|c| c.offered).sum();
        let finished: u64 = run.classes.iter().map(|c| c.completed + c.failures()).sum();
        let (came, went) = (run.in_flight_start + offered, finished + run.in_flight_end);
        if came != went {
            check.passed = false;
            check.detail = format!("{}: {came} requests came and {went} are accounted for", place(run));
            (check.simulated, check.expected) = (Some(went as f64), Some(came as f64));
            break;
        }
    }
    check
}

/// Little 1961, exact on a finite run: the area under the number present is the time that each spent here within
/// the measured part. Sums of entry times are kept modulo 2^64, and so is the comparison.
fn littles_law(runs: &[RunResult]) -> Check {
    let sides = |s: &StationResult| {
        let area = s.present_area_ns.wrapping_add(s.sojourn_before_ns);
        let sojourns = s.sojourn_sum_ns.wrapping_add(s.lost_waiting_sum_ns).wrapping_add(s.sojourn_open_ns);
        (area as u64).wrapping_sub(sojourns as u64) as i64
    };
    let mut check = Check {
        name: "Little's law".to_owned(),
        passed: true,
        detail: format!(
            "mean number present = throughput x mean sojourn at each of {} stations in each run, to 1e-9",
            runs.first().map_or(0, |r| r.stations.len())
        ),
        simulated: None,
        expected: None,
    };
    for run in runs {
        for station in &run.stations {
            let difference = sides(station) as f64;
            if difference.abs() > 1e-9 * station.present_area_ns as f64 {
                check.passed = false;
                check.detail = format!("{}, station {}: area and sojourns differ", place(run), station.name);
                check.simulated = Some(station.present_area_ns as f64 / 1e9);
                check.expected = Some((station.present_area_ns as f64 - difference) / 1e9);
                return check;
            }
        }
    }
    check
}

/// Busy time = service given. Of those present at either edge of the measured part (and of those thrown out) only
/// some of the service lies within it: between service without and with all of their time. A pool is busy by
/// definition, and a stage serves a group at once.
fn utilization_law(runs: &[RunResult]) -> Check {
    let mut check = Check {
        name: "utilization law".to_owned(),
        passed: true,
        detail: "busy time of the workers = service given, at each station in each run, within what lies across \
                 the edges"
            .to_owned(),
        simulated: None,
        expected: None,
    };
    for run in runs {
        for s in run.stations.iter().filter(|s| !matches!(s.role, StationRole::Pool | StationRole::Stage)) {
            if s.granted > 0 {
                continue;
            }
            let busy = s.busy_area_ns as f64;
            let service = s.service_sum_ns as f64;
            // shared processors round each change of pace to a nanosecond
            let rounding =
                4.0 * (s.arrivals + s.departures + s.lost + s.present_start) as f64 * f64::from(s.workers.unwrap_or(1));
            let slack = rounding + 1e-9 * busy;
            let (low, high) = (
                service - s.sojourn_before_ns as f64 - slack,
                service + s.sojourn_open_ns as f64 + s.lost_waiting_sum_ns as f64 + slack,
            );
            if !s.repaced && (busy < low || busy > high) {
                check.passed = false;
                check.detail = format!("{}, station {}: busy time is not service time", place(run), s.name);
                (check.simulated, check.expected) = (Some(busy / 1e9), Some(service / 1e9));
                return check;
            }
            let capacity = s.workers.map(|w| f64::from(w) * run.measured_s * 1e9 + slack);
            if capacity.is_some_and(|capacity| busy > capacity) {
                check.passed = false;
                check.detail = format!("{}, station {}: busier than its workers can be", place(run), s.name);
                (check.simulated, check.expected) = (Some(busy / 1e9), capacity.map(|c| c / 1e9));
                return check;
            }
        }
    }
    check
}

#[cfg(test)]
mod tests {
    use super::super::synthetic;
    use super::*;

    fn failed(runs: &[RunResult]) -> Vec<String> {
        checks(runs).into_iter().filter(|c| !c.passed).map(|c| format!("{}: {}", c.name, c.detail)).collect()
    }

    #[test]
    fn a_run_in_order_passes() {
        assert_eq!(failed(&[synthetic::run(0), synthetic::run(1)]), Vec::<String>::new());
        assert_eq!(checks(&[synthetic::run(0)]).len(), 3);
    }

    #[test]
    fn a_request_that_vanishes_is_a_failure_with_its_seed() {
        let mut runs = [synthetic::run(0), synthetic::run(1)];
        runs[1].in_flight_start += 1;
        let failed = failed(&runs);
        assert_eq!(failed.len(), 1);
        assert!(failed[0].contains("run 1 of seed 42"), "{failed:?}");
    }

    #[test]
    fn a_nanosecond_too_much_in_a_short_run_breaks_littles_law() {
        let mut run = synthetic::run(0);
        run.stations[0].present_area_ns += 1 + run.stations[0].present_area_ns / 900_000_000;
        assert!(failed(&[run])[0].starts_with("Little's law"));
    }

    #[test]
    fn little_holds_modulo_the_word() {
        let mut run = synthetic::run(0);
        run.stations[0].sojourn_before_ns = 10;
        run.stations[0].sojourn_open_ns = (run.stations[0].sojourn_open_ns as u64).wrapping_add(10) as u128;
        assert!(failed(&[run]).is_empty());
    }

    #[test]
    fn work_done_by_nobody_breaks_the_utilization_law() {
        let mut run = synthetic::run(0);
        run.stations[0].busy_area_ns /= 2;
        assert!(failed(&[run])[0].starts_with("utilization law"));
        let mut run = synthetic::run(0);
        run.measured_s *= 0.5;
        assert!(failed(&[run])[0].contains("busier than"));
    }
}

//! What no answer may pass, whatever the model: the load that the scenario offers, the response of an idle
//! system, and for closed users the asymptotic bounds, or the exact answer where their network has one.

use super::summary::Check;
use crate::engine::Distribution;
use crate::scenario::{
    Amount, Discipline, PathStep, Process, RequestBody, Scenario, ServiceId, ServiceKind, Station, Traffic,
};
use crate::simulation::load::LoadTable;
use crate::simulation::result::{RunResult, StationRole};
use crate::stats::analytic::closed::{self, ClosedStation};
use crate::stats::interval::mean_and_variance;

/// A simulated mean further than this many standard errors from theory is no chance any more (one in 10^4 at
/// 9 degrees of freedom) ...
const STANDARD_ERRORS: f64 = 6.0;
/// ... provided that it is off by more than this share, which leaves room for what a short warm-up leaves over.
const SLACK: f64 = 0.02;
/// Fewest runs whose spread says anything.
const RUNS: usize = 5;

/// Whether there is work that no request asks for: backups, health checks that send requests.
fn works_for_itself(scenario: &Scenario) -> bool {
    scenario.services.iter().any(|service| match &service.kind {
        ServiceKind::Haproxy(haproxy) => haproxy.check.as_ref().is_some_and(|check| check.httpchk.is_some()),
        ServiceKind::Mysql(mysql) => mysql.backup.is_some(),
        ServiceKind::Nginx(_) | ServiceKind::App(_) | ServiceKind::Station(_) => false,
    })
}

/// Everything that theory has to say. Empty where arrivals are not known beforehand.
pub fn checks(scenario: &Scenario, runs: &[RunResult], load: &LoadTable) -> Vec<Check> {
    if !scenario.faults.is_empty() {
        return Vec::new();
    }
    let steady = scenario.traffic.iter().all(is_steady);
    let overloaded = load.stations.iter().any(|s| s.workers.is_some_and(|w| s.offered_erlangs >= w as f64));
    let lossless = runs.iter().all(|run| run.classes.iter().all(|c| c.failures() == 0 && c.attempts == c.offered));
    let mut checks = Vec::new();
    if steady && lossless && !overloaded && !works_for_itself(scenario) {
        checks.extend(offered_load(runs, load));
    }
    if lossless {
        checks.extend(idle_bound(runs, load));
    }
    // users who leave or come back at once make rounds of another length
    if scenario.traffic.iter().any(|traffic| traffic.client.tries()) {
        return checks;
    }
    let plain = Plain::of(scenario);
    checks.extend(closed_bounds(scenario, plain.as_ref(), runs, load));
    checks
}

fn is_steady(traffic: &Traffic) -> bool {
    match &traffic.process {
        Process::Poisson(profile) | Process::Constant(profile) => profile.is_steady(),
        Process::Renewal(_) | Process::Mmpp(_) | Process::Batch { .. } => true,
        Process::Trace(_) | Process::Closed { .. } => false,
    }
}

/// A simulated mean against its expectation: `of` gives each run's.
fn compare(
    name: &str,
    detail: String,
    expected: f64,
    runs: &[RunResult],
    of: impl Fn(&RunResult) -> Option<f64>,
) -> Option<Check> {
    let values: Vec<f64> = runs.iter().filter_map(of).collect();
    let (simulated, variance) = mean_and_variance(&values)?;
    let off = (simulated - expected).abs();
    let error = (variance / values.len() as f64).sqrt();
    let passed = values.len() < RUNS || off <= STANDARD_ERRORS * error || off <= SLACK * expected.abs();
    Some(Check { name: name.to_owned(), passed, detail, simulated: Some(simulated), expected: Some(expected) })
}

fn latency_mean_ms(run: &RunResult) -> Option<f64> {
    let answered: u64 = run.classes.iter().map(|class| class.latency_ns.count()).sum();
    let sum: u128 = run.classes.iter().map(|class| class.latency_ns.sum()).sum();
    (answered > 0).then(|| sum as f64 / answered as f64 / 1e6)
}

/// Arrival rate times mean service time is what keeps a station busy: the station that is furthest off.
fn offered_load(runs: &[RunResult], load: &LoadTable) -> Option<Check> {
    let mut furthest: Option<(f64, Check)> = None;
    for station in load.stations.iter().filter(|s| s.offered_erlangs > 0.0 && !s.assumed) {
        let index = runs[0].stations.iter().position(|s| s.name == station.station)?;
        // slots are held for as long as others work, which a sum of service times does not foretell; groups
        // share one write
        if !matches!(
            runs[0].stations[index].role,
            StationRole::Cpu | StationRole::NicOut | StationRole::NicIn | StationRole::Plain
        ) {
            continue;
        }
        let busy = |run: &RunResult| {
            let s = &run.stations[index];
            Some(s.busy_area_ns as f64 / (run.measured_s * 1e9))
        };
        let detail = format!("mean busy workers of {}: arrival rate times mean service time", station.station);
        let check = compare("offered load", detail, station.offered_erlangs, runs, busy)?;
        let off = (check.simulated? / check.expected? - 1.0).abs();
        let worse = match &furthest {
            Some((most, furthest)) => {
                (furthest.passed, off) > (check.passed, *most) || (furthest.passed && !check.passed)
            }
            None => true,
        };
        if worse {
            furthest = Some((off, check));
        }
    }
    furthest.map(|(_, check)| check)
}

/// No answer is faster on average than on an idle system.
fn idle_bound(runs: &[RunResult], load: &LoadTable) -> Option<Check> {
    if load.classes.is_empty() {
        return None;
    }
    let mut finished: Vec<(u64, f64)> = Vec::new();
    for class in &load.classes {
        let n: u64 = runs.iter().map(|run| run.classes[class.class].completed).sum();
        // a class that several sources ask for is not told apart here
        if finished.iter().any(|_| load.classes.iter().filter(|c| c.class == class.class).count() > 1) {
            return None;
        }
        finished.push((n, class.unloaded_s));
    }
    let total: u64 = finished.iter().map(|f| f.0).sum();
    if total == 0 {
        return None;
    }
    let bound_ms = finished.iter().map(|(n, seconds)| *n as f64 * seconds).sum::<f64>() / total as f64 * 1e3;
    let values: Vec<f64> = runs.iter().filter_map(latency_mean_ms).collect();
    let (simulated, variance) = mean_and_variance(&values)?;
    let error = (variance / values.len() as f64).sqrt();
    let passed = values.len() < RUNS || simulated >= bound_ms - STANDARD_ERRORS * error - SLACK * bound_ms;
    Some(Check {
        name: "idle bound".into(),
        passed,
        detail: "mean latency, ms, is at least that of an idle system (no waiting anywhere)".into(),
        simulated: Some(simulated),
        expected: Some(bound_ms),
    })
}

/// Whether a scenario has an exact mean in closed form: plain stations in product form, under Poisson traffic or one
/// source of closed users, of clients who wait.
pub fn is_product_form(scenario: &Scenario) -> bool {
    let traffic = |traffic: &Traffic| match &traffic.process {
        Process::Poisson(profile) => profile.is_steady(),
        Process::Closed { .. } => scenario.traffic.len() == 1,
        Process::Constant(_) | Process::Renewal(_) | Process::Mmpp(_) | Process::Batch { .. } | Process::Trace(_) => {
            false
        }
    };
    let patient = scenario.traffic.iter().all(|one| traffic(one) && !one.client.tries());
    patient && scenario.faults.is_empty() && Plain::of(scenario).is_some_and(|plain| plain.is_product_form())
}

/// A scenario of plain stations without limits, visited one at a time.
struct Plain<'s> {
    /// Stations visited, and the service times asked of each.
    stations: Vec<(ServiceId, &'s Station, Vec<&'s Distribution>)>,
}

impl<'s> Plain<'s> {
    fn of(scenario: &'s Scenario) -> Option<Plain<'s>> {
        let mut plain = Plain { stations: Vec::new() };
        for request in &scenario.requests {
            match &request.body {
                RequestBody::Path(path) => plain.add_path(scenario, path)?,
                RequestBody::Tiers(_) => return None,
            }
        }
        Some(plain)
    }

    fn add_path(&mut self, scenario: &'s Scenario, path: &'s [PathStep]) -> Option<()> {
        for step in path {
            match step {
                PathStep::Visit { station, service } => self.add_visit(scenario, *station, service.as_ref())?,
                PathStep::Delay(Amount::Drawn(_)) => {}
                PathStep::Maybe { path, .. } | PathStep::Repeat { path, .. } | PathStep::Again { path, .. } => {
                    self.add_path(scenario, path)?;
                }
                PathStep::Choose(choices) => {
                    for (_, path) in choices {
                        self.add_path(scenario, path)?;
                    }
                }
                PathStep::Delay(Amount::Recorded { .. })
                | PathStep::Hold { .. }
                | PathStep::Balance { .. }
                | PathStep::Fork(_)
                | PathStep::Spawn(_) => return None,
            }
        }
        Some(())
    }

    fn add_visit(&mut self, scenario: &'s Scenario, id: ServiceId, service: Option<&'s Amount>) -> Option<()> {
        let ServiceKind::Station(station) = &scenario.services[id].kind else { return None };
        if station.queue_limit.is_some() || station.patience.is_some() {
            return None;
        }
        let service = match service {
            Some(Amount::Drawn(distribution)) => distribution,
            Some(Amount::Recorded { .. }) => return None,
            None => station.service.as_ref()?,
        };
        match self.stations.iter_mut().find(|(known, _, _)| *known == id) {
            Some((_, _, services)) => services.push(service),
            None => self.stations.push((id, station, vec![service])),
        }
        Some(())
    }

    /// Processor sharing, or no queue, with any service times; FCFS with exponential ones, alike for all.
    fn is_product_form(&self) -> bool {
        self.stations.iter().all(|(_, station, services)| match station.discipline {
            Discipline::ProcessorSharing => true,
            Discipline::Fcfs if station.workers.is_none() => true,
            Discipline::Fcfs => services.iter().all(|s| s.is_exponential() && *s == services[0]),
            Discipline::Priority { .. } => false,
        })
    }
}

/// Closed users alone: throughput by exact mean value analysis where the network is in product form, else its
/// asymptotic bound.
fn closed_bounds(scenario: &Scenario, plain: Option<&Plain>, runs: &[RunResult], load: &LoadTable) -> Option<Check> {
    let [traffic] = scenario.traffic.as_slice() else { return None };
    let Process::Closed { users, think, .. } = &traffic.process else { return None };
    let idle_s: f64 = load.classes.iter().map(|c| c.share * c.unloaded_s).sum();
    let completed = |run: &RunResult| run.classes.iter().map(|class| class.completed).sum::<u64>();
    let throughput = |run: &RunResult| Some(completed(run) as f64 / run.measured_s);
    let exact = plain.filter(|plain| plain.is_product_form()).and_then(|_| {
        let queues = load.of_one_request.iter().map(|s| match s.workers {
            Some(workers) => ClosedStation::multi(s.offered_erlangs, workers),
            None => ClosedStation::delay(s.offered_erlangs),
        });
        let worked: f64 = load.of_one_request.iter().map(|s| s.offered_erlangs).sum();
        let mut stations: Vec<ClosedStation> = queues.collect();
        stations.push(ClosedStation::delay(think.mean() + (idle_s - worked).max(0.0)));
        closed::exact(&stations, *users).ok()
    });
    if let Some(solution) = exact {
        let detail = "throughput, requests/s, by exact mean value analysis".into();
        return compare("closed network (MVA)", detail, solution.throughput, runs, throughput);
    }
    let slowest = load
        .of_one_request
        .iter()
        .filter_map(|s| Some(s.workers? as f64 / s.offered_erlangs))
        .fold(f64::INFINITY, f64::min);
    let bound = slowest.min(*users as f64 / (think.mean() + idle_s));
    let values: Vec<f64> = runs.iter().filter_map(throughput).collect();
    let (simulated, variance) = mean_and_variance(&values)?;
    let error = (variance / values.len() as f64).sqrt();
    Some(Check {
        name: "closed bound".into(),
        passed: values.len() < RUNS || simulated <= bound + STANDARD_ERRORS * error + SLACK * bound,
        detail: "throughput, requests/s, is at most users / (think + idle response) and the slowest station's rate"
            .into(),
        simulated: Some(simulated),
        expected: Some(bound),
    })
}

//! The analytic answer beside the simulated one, where the model has one: open networks of plain stations in
//! product form (BCMP), one FCFS worker with any service law (Pollaczek-Khinchine), and closed users (exact MVA).
//!
//! Absent on purpose: the tiers (HAProxy to MySQL). They hold one thing while they wait for another, and have no
//! closed form.

use super::summary::{Check, Estimate, StationSummary};
use crate::engine::Distribution;
use crate::scenario::{Amount, Discipline, PathStep, Process, RequestBody, Scenario, ServiceId, ServiceKind, Station};
use crate::stats::analytic::erlang::Mmc;
use crate::stats::analytic::mg1::pollaczek_khinchine;

/// Above it runs of usual length have not settled well enough to be judged.
const UTILIZATION_MAX: f64 = 0.9;
/// Half-widths of the 95% interval that chance alone does not exceed in ten thousand experiments of ten runs.
const CHANCE: f64 = 3.0;

/// What a station is asked for, over all classes.
#[derive(Clone, Debug, Default)]
struct Asked {
    /// Visits per second (open) or per round (closed).
    rate: f64,
    /// Rate times mean, and times second moment, of the service.
    work: f64,
    work_second: f64,
    laws: Vec<Distribution>,
    /// Every visit is the first step of a path, so arrivals are Poisson.
    at_the_door: bool,
}

/// One check for each figure that theory knows; none where the scenario goes beyond it, or where a figure has no
/// interval to be judged by.
pub fn checks(scenario: &Scenario, stations: &[StationSummary]) -> Vec<Check> {
    open(scenario, stations).unwrap_or_default()
}

fn open(scenario: &Scenario, stations: &[StationSummary]) -> Option<Vec<Check>> {
    if !scenario.faults.is_empty() {
        return None;
    }
    let mut asked = vec![Asked { at_the_door: true, ..Asked::default() }; scenario.services.len()];
    for traffic in &scenario.traffic {
        let Process::Poisson(profile) = &traffic.process else { return None };
        // what is repeated comes on top, and not at random
        if !profile.is_steady() || traffic.client.retries > 0 {
            return None;
        }
        let weights: f64 = traffic.mix.iter().map(|(_, weight)| weight).sum();
        for &(class, weight) in &traffic.mix {
            walk(scenario, path_of(scenario, class)?, profile.points[0].1 * weight / weights, true, &mut asked)?;
        }
    }
    let fed_by_poisson = |i: usize| asked[i].rate > 0.0 && asked[i].at_the_door;
    let product_form = (0..asked.len()).all(|i| asked[i].rate == 0.0 || has_product_form(scenario, i, &asked[i]));
    let mut found = Vec::new();
    for (i, service) in scenario.services.iter().enumerate() {
        let Some(station) = plain(scenario, i) else { continue };
        let Some(workers) = station.workers.filter(|_| asked[i].rate > 0.0) else { continue };
        let Some(summary) = stations.iter().find(|s| s.name == service.name) else { continue };
        let (rate, mean) = (asked[i].rate, asked[i].work / asked[i].rate);
        if asked[i].work > UTILIZATION_MAX * f64::from(workers) || mean == 0.0 {
            continue;
        }
        let alone = fed_by_poisson(i) && has_product_form(scenario, i, &asked[i]);
        let sojourn = if product_form || alone {
            let formula = if workers == 1 { "M/M/1".to_owned() } else { format!("M/M/{workers}") };
            Some((formula, Mmc::new(rate, 1.0 / mean, workers).ok()?.sojourn_mean()))
        } else if fed_by_poisson(i) && workers == 1 && station.discipline == Discipline::Fcfs && !is_limited(station) {
            let second = asked[i].work_second / rate;
            let wait = pollaczek_khinchine(rate, mean, second, 0.0).ok()?.0;
            Some(("Pollaczek-Khinchine".to_owned(), wait + mean)).filter(|(_, sojourn)| sojourn.is_finite())
        } else {
            None
        };
        if let Some((formula, seconds)) = sojourn {
            let what = format!("mean sojourn time at {}, ms", service.name);
            found.extend(compared(&formula, &what, summary.sojourn_ms, seconds * 1000.0));
        }
    }
    Some(found)
}

fn compared(formula: &str, what: &str, simulated: Estimate, expected: f64) -> Option<Check> {
    let (value, [low, high]) = (simulated.value?, simulated.ci95?);
    let passed = (value - expected).abs() <= CHANCE * 0.5 * (high - low) + 1e-6 * expected;
    Some(Check {
        name: formula.to_owned(),
        passed,
        detail: what.to_owned(),
        simulated: Some(value),
        expected: Some(expected),
    })
}

fn path_of(scenario: &Scenario, class: usize) -> Option<&[PathStep]> {
    match &scenario.requests[class].body {
        RequestBody::Path(path) => Some(path),
        RequestBody::Tiers(_) => None,
    }
}

/// A station without hardware, which is itself all there is to wait for.
fn plain(scenario: &Scenario, id: ServiceId) -> Option<&Station> {
    let service = &scenario.services[id];
    match &service.kind {
        ServiceKind::Station(station) if service.servers.is_empty() => Some(station),
        ServiceKind::Station(_)
        | ServiceKind::Haproxy(_)
        | ServiceKind::Nginx(_)
        | ServiceKind::App(_)
        | ServiceKind::Mysql(_) => None,
    }
}

fn is_limited(station: &Station) -> bool {
    station.queue_limit.is_some() || station.patience.is_some()
}

/// Unlimited queue, and processor sharing, unlimited workers, or FCFS with one exponential law.
fn has_product_form(scenario: &Scenario, id: ServiceId, asked: &Asked) -> bool {
    let Some(station) = plain(scenario, id).filter(|s| !is_limited(s)) else { return false };
    match station.discipline {
        _ if station.workers.is_none() => true,
        Discipline::ProcessorSharing => true,
        Discipline::Fcfs => asked.laws.iter().all(|law| law.is_exponential() && law.mean() == asked.laws[0].mean()),
        Discipline::Priority { .. } => false,
    }
}

/// Adds a path's visits at this rate; returns the mean time in delays of one passage. `None`: beyond theory.
fn walk(scenario: &Scenario, path: &[PathStep], rate: f64, first: bool, asked: &mut [Asked]) -> Option<f64> {
    let mut outside = 0.0;
    for (i, step) in path.iter().enumerate() {
        let first = first && i == 0;
        match step {
            PathStep::Visit { station, service } => {
                let law = match service {
                    Some(Amount::Drawn(law)) => law.clone(),
                    Some(Amount::Recorded { .. }) => return None,
                    None => plain(scenario, *station)?.service.clone()?,
                };
                let asked = &mut asked[*station];
                asked.rate += rate;
                asked.work += rate * law.mean();
                asked.work_second += rate * law.second_moment();
                asked.at_the_door &= first;
                asked.laws.push(law);
            }
            PathStep::Delay(Amount::Drawn(law)) => outside += law.mean(),
            PathStep::Maybe { probability, path } => {
                outside += probability * walk(scenario, path, rate * probability, first, asked)?;
            }
            PathStep::Choose(choices) => {
                let weights: f64 = choices.iter().map(|(weight, _)| weight).sum();
                for (weight, path) in choices {
                    let share = weight / weights;
                    outside += share * walk(scenario, path, rate * share, first, asked)?;
                }
            }
            PathStep::Repeat { count, path } => {
                let times = f64::from(*count);
                outside += times * walk(scenario, path, rate * times, first && *count == 1, asked)?;
            }
            PathStep::Again { probability, path } => {
                let times = 1.0 / (1.0 - probability);
                outside += times * walk(scenario, path, rate * times, false, asked)?;
            }
            PathStep::Delay(Amount::Recorded { .. })
            | PathStep::Hold { .. }
            | PathStep::Balance { .. }
            | PathStep::Fork(_)
            | PathStep::Spawn(_) => return None,
        }
    }
    Some(outside)
}

#[cfg(test)]
mod tests {
    use super::super::runner::{Options, run};
    use super::*;
    use crate::scenario::{Network, RateProfile, RequestClass, Service, Simulation, Traffic, Warmup};
    use crate::stats::analytic::closed::{self, ClosedStation};

    fn station(name: &str, workers: u32, discipline: Discipline, service: Distribution) -> Service {
        Service {
            name: name.to_owned(),
            servers: Vec::new(),
            kind: ServiceKind::Station(Station {
                workers: Some(workers),
                discipline,
                queue_limit: None,
                patience: None,
                service: Some(service),
                percentiles: false,
            }),
        }
    }

    fn scenario(services: Vec<Service>, path: Vec<PathStep>, process: Process) -> Scenario {
        Scenario {
            name: "theory".to_owned(),
            simulation: Simulation {
                duration_s: Some(200.0),
                warmup: Warmup::Seconds(20.0),
                runs: 10,
                seed: 7,
                runs_given: true,
            },
            network: Network { delay_s: 0.0, client_rtt: Distribution::Constant(0.0), tcp: Default::default() },
            servers: Vec::new(),
            services,
            requests: vec![RequestClass { name: "page".to_owned(), body: RequestBody::Path(path) }],
            traffic: vec![Traffic {
                name: "visitors".to_owned(),
                process,
                mix: vec![(0, 1.0)],
                target: None,
                client: crate::scenario::Client::patient(),
            }],
            faults: Vec::new(),
            objectives: Vec::new(),
            repairs: Default::default(),
            plan: None,
            assumptions: Vec::new(),
            written: Vec::new(),
            sha256: String::new(),
        }
    }

    fn visit(station: ServiceId) -> PathStep {
        PathStep::Visit { station, service: None }
    }

    fn poisson(rate: f64) -> Process {
        Process::Poisson(RateProfile::steady(rate))
    }

    /// (formula, expected) of all theory checks of a real experiment, which must pass.
    fn checked(scenario: &Scenario) -> Vec<(String, f64)> {
        let found = run(scenario, &Options::default(), &|_| {}).unwrap().summary;
        for check in &found.checks {
            assert!(check.passed, "{check:?}");
        }
        let laws = ["conservation", "Little's law", "utilization law", "offered load", "idle bound"];
        let theory = found.checks.into_iter().filter(|c| !laws.contains(&c.name.as_str()));
        theory.map(|c| (c.name, c.expected.unwrap())).collect()
    }

    fn assert_found(found: &[(String, f64)], expected: &[(&str, f64)]) {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((formula, value), (name, number)) in found.iter().zip(expected) {
            assert!(formula == name && (value / number - 1.0).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn a_chain_in_product_form_is_held_against_each_station() {
        let lognormal = Distribution::Lognormal { mean: 0.040, cv: 2.0 };
        let services = vec![
            station("app", 4, Discipline::ProcessorSharing, lognormal),
            station("disk", 1, Discipline::Fcfs, Distribution::Exponential { mean: 0.004 }),
        ];
        let path = vec![visit(0), PathStep::Again { probability: 0.5, path: vec![visit(1)] }];
        let app = Mmc::new(50.0, 25.0, 4).unwrap().sojourn_mean() * 1000.0;
        let disk = 4.0 / (1.0 - 100.0 * 0.004);
        assert_found(&checked(&scenario(services, path, poisson(50.0))), &[("M/M/4", app), ("M/M/1", disk)]);
    }

    #[test]
    fn any_service_law_at_the_door_has_pollaczek_and_khinchine() {
        let services = vec![station("web", 1, Discipline::Fcfs, Distribution::Constant(0.010))];
        let found = checked(&scenario(services, vec![visit(0)], poisson(60.0)));
        assert_found(&found, &[("Pollaczek-Khinchine", 10.0 + 0.6 * 10.0 / (2.0 * 0.4))]);
    }

    #[test]
    fn closed_users_have_exact_mva() {
        let services = vec![
            station("cpu", 2, Discipline::ProcessorSharing, Distribution::Constant(0.05)),
            station("disk", 1, Discipline::Fcfs, Distribution::Exponential { mean: 0.02 }),
        ];
        let users = Process::Closed { users: 30, think: Distribution::Exponential { mean: 0.5 }, session: vec![0] };
        let network = [ClosedStation::delay(0.5), ClosedStation::multi(0.05, 2), ClosedStation::queue(0.02)];
        let expected = closed::exact(&network, 30).unwrap().throughput;
        assert_found(
            &checked(&scenario(services, vec![visit(0), visit(1)], users)),
            &[("closed network (MVA)", expected)],
        );
    }

    #[test]
    fn beyond_theory_nothing_is_claimed() {
        let constant = || Distribution::Constant(0.010);
        // two in a row: the second is not fed by Poisson
        let tandem = vec![station("a", 1, Discipline::Fcfs, constant()), station("b", 1, Discipline::Fcfs, constant())];
        let found = checked(&scenario(tandem, vec![visit(0), visit(1)], poisson(50.0)));
        assert_eq!(found.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["Pollaczek-Khinchine"]);
        let held = vec![station("a", 1, Discipline::Fcfs, constant()), station("b", 3, Discipline::Fcfs, constant())];
        let hold = vec![PathStep::Hold { station: 1, path: vec![visit(0)] }];
        assert!(checked(&scenario(held, hold, poisson(50.0))).is_empty());
        let renewal = Process::Renewal(Distribution::Uniform { low: 0.01, high: 0.03 });
        let one = vec![station("a", 1, Discipline::Fcfs, constant())];
        assert!(checked(&scenario(one, vec![visit(0)], renewal)).is_empty());
    }

    #[test]
    fn a_figure_far_from_its_formula_fails() {
        let estimate = Estimate { value: Some(52.0), ci95: Some([51.0, 53.0]), runs: 10, censored: false };
        assert!(compared("M/M/1", "", estimate, 49.5).unwrap().passed);
        assert!(!compared("M/M/1", "", estimate, 48.5).unwrap().passed);
        assert!(compared("M/M/1", "", Estimate { ci95: None, ..estimate }, 48.5).is_none());
    }
}

//! Real experiments on scenarios that theory knows.

use super::runner::{Options, run};
use crate::engine::Distribution;
use crate::scenario::{
    Discipline, Network, PathStep, Process, RateProfile, RequestBody, RequestClass, Scenario, Service, ServiceId,
    ServiceKind, Simulation, Station, Traffic, Warmup,
};
use crate::stats::analytic::closed::{self, ClosedStation};
use crate::stats::analytic::erlang::Mmc;

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
        network: Network { delay_s: 0.0, client_rtt: Distribution::Constant(0.0) },
        servers: Vec::new(),
        services,
        requests: vec![RequestClass { name: "page".to_owned(), body: RequestBody::Path(path) }],
        traffic: vec![Traffic {
            name: "visitors".to_owned(),
            process,
            mix: vec![(0, 1.0)],
            target: None,
            requests_per_connection: 1.0,
        }],
        assumptions: Vec::new(),
        sha256: String::new(),
    }
}

fn visit(station: ServiceId) -> PathStep {
    PathStep::Visit { station, service: None }
}

fn poisson(rate: f64) -> Process {
    Process::Poisson(RateProfile::steady(rate))
}

/// What theory says (the laws and bounds apart) after a real experiment, in which every check must pass.
fn exact(scenario: &Scenario) -> Vec<(String, f64)> {
    let found = run(scenario, &Options { precision: None, variant: None }, &|_| {}).unwrap().summary;
    for check in &found.checks {
        assert!(check.passed, "{check:?}");
    }
    let exact = ["product form", "M/M/c", "M/G/1", "closed network (MVA)"];
    let known = found.checks.into_iter().filter(|c| exact.contains(&c.name.as_str()));
    known.map(|c| (c.name, c.expected.unwrap())).collect()
}

fn assert_exact(scenario: &Scenario, name: &str, expected: f64) {
    let found = exact(scenario);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, name);
    assert!((found[0].1 / expected - 1.0).abs() < 1e-9, "{found:?} for {expected}");
}

#[test]
fn a_chain_in_product_form_is_held_against_its_theorem() {
    let lognormal = Distribution::Lognormal { mean: 0.040, cv: 2.0 };
    let services = vec![
        station("app", 4, Discipline::ProcessorSharing, lognormal),
        station("disk", 1, Discipline::Fcfs, Distribution::Exponential { mean: 0.004 }),
    ];
    let path = vec![visit(0), PathStep::Again { probability: 0.5, path: vec![visit(1)] }];
    let app = Mmc::new(50.0, 25.0, 4).unwrap().sojourn_mean() * 1000.0;
    let disk = 4.0 / (1.0 - 100.0 * 0.004);
    assert_exact(&scenario(services, path, poisson(50.0)), "product form", app + 2.0 * disk);
}

#[test]
fn one_worker_with_any_law_has_pollaczek_and_khinchine() {
    let services = vec![station("web", 1, Discipline::Fcfs, Distribution::Constant(0.010))];
    assert_exact(&scenario(services, vec![visit(0)], poisson(60.0)), "M/G/1", 10.0 + 0.6 * 10.0 / (2.0 * 0.4));
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
    assert_exact(&scenario(services, vec![visit(0), visit(1)], users), "closed network (MVA)", expected);
}

#[test]
fn beyond_theory_nothing_is_claimed() {
    let constant = || Distribution::Constant(0.010);
    // two in a row: the second is not fed by Poisson
    let tandem = vec![station("a", 1, Discipline::Fcfs, constant()), station("b", 1, Discipline::Fcfs, constant())];
    assert!(exact(&scenario(tandem, vec![visit(0), visit(1)], poisson(50.0))).is_empty());
    let held = vec![station("a", 1, Discipline::Fcfs, constant()), station("b", 3, Discipline::Fcfs, constant())];
    let hold = vec![PathStep::Hold { station: 1, path: vec![visit(0)] }];
    assert!(exact(&scenario(held, hold, poisson(50.0))).is_empty());
    let renewal = Process::Renewal(Distribution::Uniform { low: 0.01, high: 0.03 });
    let one = vec![station("a", 1, Discipline::Fcfs, constant())];
    assert!(exact(&scenario(one, vec![visit(0)], renewal)).is_empty());
}

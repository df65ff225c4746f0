//! The highest rate that meets the objectives: with all servers, and with any one of them dead.

use super::findings::{Highest, RateAnswer};
use super::ladder::{Ask, saturation};
use super::search::{Found, Search};
use super::subject::Subject;
use crate::experiment::runner::Prepared;
use crate::experiment::spof::component::Component;
use crate::experiment::spof::structure::Structure;
use crate::experiment::summary::Estimate;
use crate::scenario::{Process, Scenario, ServerId, ServiceKind};

/// A dead server that leaves so little is a single point of failure.
const NOTHING_LEFT: f64 = 0.05;

pub const METHOD: &str = "sample-path root finding under common random numbers (Chen and Schmeiser 2001): a bracket on \
    short runs, regula falsi on long ones; Student's t over the runs' own roots, the error spread over the looks";

/// What a rate is counted in, and how much there is at scale 1.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    pub name: &'static str,
    pub present: f64,
    /// Closed users come in whole numbers.
    pub whole: bool,
}

impl Unit {
    pub fn of(scenario: &Scenario, source: Option<usize>) -> Unit {
        let scaled: Vec<&Process> = scenario
            .traffic
            .iter()
            .enumerate()
            .filter(|(i, _)| source.is_none_or(|only| only == *i))
            .map(|(_, traffic)| &traffic.process)
            .collect();
        let users = |process: &&Process| match process {
            Process::Closed { users, .. } => Some(f64::from(*users)),
            _ => None,
        };
        let closed: Option<Vec<f64>> = scaled.iter().map(users).collect();
        if let Some(closed) = closed {
            return Unit { name: "users", present: closed.iter().sum(), whole: closed.len() == 1 };
        }
        let duration = scenario.simulation.duration_s.unwrap_or(0.0);
        let rate = |process: &&Process| match process {
            Process::Closed { .. } | Process::Trace(_) => None,
            process => Some(crate::workload::arrival::Arrivals::mean_rate(process, duration)),
        };
        match scaled.iter().map(rate).sum::<Option<f64>>() {
            Some(rate) if rate > 0.0 => Unit { name: "requests/s", present: rate, whole: false },
            _ => Unit { name: "times the traffic", present: 1.0, whole: false },
        }
    }

    fn grid(&self) -> f64 {
        if self.whole { 1.0 / self.present } else { 0.0 }
    }

    pub fn estimate(&self, scale: Estimate) -> Estimate {
        let times = |value: f64| value * self.present;
        Estimate { value: scale.value.map(times), ci95: scale.ci95.map(|ci| ci.map(times)), ..scale }
    }
}

/// How a search is made.
#[derive(Clone, Debug)]
pub struct Asked {
    pub precision: f64,
    pub looks: Vec<u32>,
}

/// Whether requests may fail or leave, so that more can come than is served.
fn sheds(scenario: &Scenario) -> bool {
    let service = |kind: &ServiceKind| match kind {
        ServiceKind::Station(station) => station.queue_limit.is_some() || station.patience.is_some(),
        ServiceKind::Haproxy(_) | ServiceKind::Nginx(_) | ServiceKind::App(_) | ServiceKind::Mysql(_) => true,
    };
    scenario.services.iter().any(|s| service(&s.kind)) || scenario.traffic.iter().any(|t| t.client.tries())
}

/// Analytic screening gives the search its ends: nothing that queues without a limit bears more than it can serve.
fn search(subject: &Subject, asks: Option<&[Ask]>, unit: &Unit, asked: &Asked) -> Search {
    let open = unit.name != "users";
    let full = asks.filter(|_| open).and_then(saturation);
    let (start, likely, floor, cap) = match full {
        Some(full) if sheds(&subject.scenario) => (0.8 * full, Some(full), 1e-3 * full, 4.0 * full),
        Some(full) => (0.8 * full, None, 1e-3 * full, full),
        None => (1.0, None, 1e-3, 1e4),
    };
    Search { precision: asked.precision, looks: asked.looks.clone(), start, likely, floor, cap, grid: unit.grid() }
}

/// With all servers.
pub fn all(subject: &mut Subject, asks: Option<&[Ask]>, unit: &Unit, asked: &Asked) -> RateAnswer {
    let search = search(subject, asks, unit, asked);
    answer(subject, search, unit, None)
}

fn answer(subject: &mut Subject, search: Search, at: &Unit, dead: Option<String>) -> RateAnswer {
    let found = search.run(subject);
    let highest = match found {
        Found::Highest { scale, interval, binding, reached, runs, .. } => {
            let interval = interval.filter(|_| subject.intervals).map(|[low, high]| [low.max(0.0), high]);
            let scale = Estimate { value: Some(scale), ci95: interval, runs, censored: false };
            let precise = reached && subject.intervals;
            Highest::Rate {
                rate: at.estimate(scale),
                scale,
                binding: subject.objectives[binding].that.clone(),
                precise,
            }
        }
        Found::Everywhere => Highest::AtLeast { rate: search.cap * at.present, scale: search.cap },
        Found::Nowhere { worst } => nothing(subject, worst),
    };
    finished(subject, highest, at, dead)
}

fn nothing(subject: &Subject, worst: usize) -> Highest {
    let last = subject.tried.last().expect("something was tried");
    Highest::None { binding: subject.objectives[worst].that.clone(), observed: last.observed, unit: last.unit }
}

fn finished(subject: &mut Subject, highest: Highest, at: &Unit, dead: Option<String>) -> RateAnswer {
    let mut tried = std::mem::take(&mut subject.tried);
    tried.iter_mut().for_each(|one| one.rate = one.scale * at.present);
    tried.sort_by(|a, b| b.rough.cmp(&a.rough).then(a.scale.total_cmp(&b.scale)));
    RateAnswer { dead, highest, warmup_s: subject.fine.warmup_s, length_s: subject.fine.length_s, tried }
}

/// With each server dead in turn, beginning where all live.
pub fn one_dead(
    scenario: &Scenario,
    prepared: &Prepared,
    like: &Subject,
    unit: &Unit,
    asked: &Asked,
    all: &RateAnswer,
) -> Vec<RateAnswer> {
    let hosts = |server: ServerId| scenario.services.iter().any(|s| s.servers.iter().any(|p| p.server == server));
    let Some(scale) = all.highest.scale().and_then(|scale| scale.value) else { return Vec::new() };
    let servers = (0..scenario.servers.len()).filter(|&server| hosts(server));
    servers.map(|server| dead(scenario, server, prepared, like, unit, asked, scale)).collect()
}

fn dead(
    scenario: &Scenario,
    server: ServerId,
    prepared: &Prepared,
    like: &Subject,
    at: &Unit,
    asked: &Asked,
    start: f64,
) -> RateAnswer {
    let name = Some(scenario.servers[server].name.clone());
    let mut subject = Subject::without(scenario, server, prepared, like);
    let floor = at.grid().max(NOTHING_LEFT * start);
    // no way to an answer: one look at little traffic says what is left
    let arrivals = vec![1.0; scenario.requests.len()];
    let some_way = Structure::new(scenario, &arrivals).serves_all(&[Component::Server(server)]);
    if !some_way {
        use super::search::Trials;
        let margins = subject.rough(floor);
        let mean = |o: usize| margins.iter().map(|m| m[o]).sum::<f64>();
        let count = subject.objectives.len();
        let worst = (0..count).max_by(|&a, &b| mean(a).total_cmp(&mean(b))).unwrap_or(0);
        if mean(worst) > 0.0 {
            let highest = nothing(&subject, worst);
            return finished(&mut subject, highest, at, name);
        }
    }
    let search = Search {
        precision: asked.precision,
        looks: asked.looks.clone(),
        start,
        likely: None,
        floor,
        // a server fewer helps nobody; but chance may
        cap: 1.1 * start,
        grid: at.grid(),
    };
    answer(&mut subject, search, at, name)
}

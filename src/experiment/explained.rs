//! What single requests of one run went through: chosen in a first pass of that run, written down in a second, so that
//! the run is one of the experiment's own and what is kept does not grow with it.

use serde::Serialize;
use thiserror::Error;

use super::runner::{ExperimentError, Prepared};
use super::summary::{SCHEMA_VERSION, ScenarioId, Summary};
use crate::model::network::{Network, StationAt};
use crate::model::request::NONE;
use crate::scenario::Scenario;
use crate::simulation::places::Spent;
use crate::simulation::result::{FailureReason, STATUSES, failure};
use crate::simulation::trails::{Awaited, Choice, Stop, Trail, Trails, Wanted};

#[derive(Debug, Error)]
pub enum ExplainError {
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// Such requests cannot be asked for.
    #[error("{0}")]
    Unsuitable(String),
}

/// Which requests.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Asked {
    pub most: usize,
    /// `None`: all classes.
    pub class: Option<String>,
    /// Those that failed, else those that were answered.
    pub failed: bool,
    /// Which run of the experiment, from 1.
    pub run: u32,
}

#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    pub schema_version: u32,
    pub scenario: ScenarioId,
    pub seed: u64,
    pub asked: Asked,
    pub warmup_s: f64,
    pub measured_s: f64,
    /// Requests of the run that are as asked for.
    pub matching: u64,
    /// Slowest first; of those that failed, of each reason in turn.
    pub requests: Vec<Explanation>,
}

/// One request. Its steps that are not `parallel` add up to `response_ns`.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Explanation {
    /// In the order of arrival, from 0, the warm-up's counted.
    pub number: u64,
    pub class: String,
    /// From t = 0; before it: in the warm-up.
    pub arrived_ns: i64,
    pub response_ns: u64,
    /// `None`: answered.
    pub failure: Option<Failed>,
    /// Sums over the steps that are not parallel.
    pub waiting_ns: u64,
    pub service_ns: u64,
    pub network_ns: u64,
    pub other_ns: u64,
    /// A parent stands before its children.
    pub entries: Vec<Entry>,
    pub held: Vec<Held>,
}

#[derive(Clone, Copy, Debug, Serialize, PartialEq)]
pub struct Failed {
    pub reason: &'static str,
    /// Of the error page; `none`: there is none.
    pub status: &'static str,
}

#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// All of it, as the client sees it.
    Request,
    /// One attempt of a client who may make several.
    Attempt,
    /// What a process does for its caller.
    Call,
    /// A part that runs beside others.
    Part,
    /// A stretch of time at one place.
    Step,
}

#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Entry {
    pub kind: Kind,
    /// Index of `entries`.
    pub parent: Option<usize>,
    /// The station or other place of a step; of a call the service, with its server where it has several.
    pub name: String,
    /// Of whose program it is; `None`: the client's.
    pub service: Option<String>,
    pub server: Option<String>,
    /// From the request's arrival.
    pub begin_ns: u64,
    pub length_ns: u64,
    /// Of a step: so much of it was waiting.
    pub waiting_ns: u64,
    /// What the rest was: `service`, `network`, `held`.
    pub rest: &'static str,
    /// Requests that waited in front of it when it came.
    pub ahead: u32,
    /// Others that shared the station then.
    pub others: u32,
    /// All who are there are served at the same time: what is called waiting is what it took longer than its work.
    pub shared: bool,
    /// Beside something else: not counted in sums.
    pub parallel: bool,
    /// It went on for nobody.
    pub abandoned: bool,
    pub failure: Option<Failed>,
    /// Of a step, indices of `held`: what the request held meanwhile.
    pub holding: Vec<usize>,
}

/// A slot (a connection, a worker) that it held.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Held {
    pub what: String,
    pub begin_ns: u64,
    pub length_ns: u64,
}

/// Requests of each kind for a report.
const SAMPLED: usize = 3;
/// Measured requests among which they are looked for, where no fault makes one part of a run unlike another.
const LOOKED_AT: f64 = 50_000.0;

/// Chooses requests of one run, and tells what they went through.
pub fn run(scenario: &Scenario, asked: &Asked) -> Result<Explained, ExplainError> {
    let class = asked.class.as_deref().map(|name| class_named(scenario, name)).transpose()?;
    let prepared = Prepared::new(scenario)?;
    if asked.run > 1 && prepared.is_fixed() {
        let one = "the trace fixes arrivals and work, so there is one run; leave --run out";
        return Err(ExplainError::Unsuitable(one.into()));
    }
    let (warmup_s, _) = prepared.warmup(&mut Vec::new());
    let duration_s = scenario.simulation.duration_s;
    Ok(explain(&prepared, warmup_s, duration_s, std::slice::from_ref(asked), class).remove(0))
}

/// Of an experiment's first run, or of the beginning of a long one: the slowest that were answered, and failed ones.
pub(super) fn samples(prepared: &Prepared, found: &Summary) -> Vec<Explained> {
    let scenario = prepared.scenario();
    let rate_per_s = found.totals.requests as f64 / (f64::from(found.runs) * (found.warmup_s + found.measured_s));
    let seconds = LOOKED_AT / rate_per_s.max(1e-9);
    let is_long = scenario.faults.is_empty() && seconds < found.measured_s;
    let duration_s = if is_long { Some(seconds) } else { scenario.simulation.duration_s };
    let any_failed = found.traffic.first().is_some_and(|all| all.failed > 0);
    let asked = |failed| Asked { most: SAMPLED, class: None, failed, run: 1 };
    let asked: Vec<Asked> = std::iter::once(asked(false)).chain(any_failed.then(|| asked(true))).collect();
    let explained = explain(prepared, found.warmup_s, duration_s, &asked, None);
    explained.into_iter().filter(|one| !one.requests.is_empty()).collect()
}

/// What is asked for of one run, all of it in the same two passes.
fn explain(
    prepared: &Prepared,
    warmup_s: f64,
    duration_s: Option<f64>,
    asked: &[Asked],
    class: Option<u16>,
) -> Vec<Explained> {
    let scenario = prepared.scenario();
    let run = asked[0].run - 1;
    let wanted: Vec<Wanted> =
        asked.iter().map(|asked| Wanted { most: asked.most, class, failed: asked.failed }).collect();
    let choices = prepared.run_choice(run, warmup_s, duration_s, &wanted);
    let numbers: Vec<u64> = choices.iter().flat_map(Choice::chosen).collect();
    let (result, trails) = prepared.run_trails(run, warmup_s, duration_s, &numbers);
    let names = Names { scenario, network: &prepared.compiled.network, trails: &trails };
    let origin = crate::engine::time::SimTime::from_seconds(warmup_s).0;
    let of_number = |number: u64| trails.trails.iter().find(|trail| trail.number == number);
    let explained = |(asked, choice): (&Asked, &Choice)| Explained {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioId { name: scenario.name.clone(), sha256: scenario.sha256.clone() },
        seed: scenario.simulation.seed,
        asked: asked.clone(),
        warmup_s,
        measured_s: result.measured_s,
        matching: choice.matching,
        requests: choice
            .chosen()
            .into_iter()
            .filter_map(of_number)
            .map(|trail| names.explanation(trail, origin))
            .collect(),
    };
    asked.iter().zip(&choices).map(explained).collect()
}

fn class_named(scenario: &Scenario, name: &str) -> Result<u16, ExplainError> {
    let names: Vec<&str> = scenario.requests.iter().map(|class| class.name.as_str()).collect();
    let found = names.iter().position(|other| *other == name);
    found.map(|class| class as u16).ok_or_else(|| {
        ExplainError::Unsuitable(format!("there is no request class {name:?}; there are {}", names.join(", ")))
    })
}

/// `None`: no failure.
fn failed(carried: u8) -> Option<Failed> {
    (failure::bare(carried) != 0).then(|| Failed {
        reason: FailureReason::ALL[failure::reason(carried)].name(),
        status: STATUSES[failure::status(carried)],
    })
}

struct Names<'a> {
    scenario: &'a Scenario,
    network: &'a Network,
    trails: &'a Trails,
}

/// A lane that is being told.
#[derive(Clone, Copy)]
struct Telling {
    lane: usize,
    /// Its entry.
    entry: usize,
    parallel: bool,
}

impl Names<'_> {
    fn explanation(&self, trail: &Trail, origin: u64) -> Explanation {
        let mut told = Explanation {
            number: trail.number,
            class: self.scenario.requests[trail.class as usize].name.clone(),
            arrived_ns: trail.arrived as i64 - origin as i64,
            response_ns: trail.ended - trail.arrived,
            failure: failed(trail.failure),
            waiting_ns: 0,
            service_ns: 0,
            network_ns: 0,
            other_ns: 0,
            entries: Vec::new(),
            held: Vec::new(),
        };
        let whole =
            Entry { failure: told.failure, ..blank(Kind::Request, None, told.class.clone(), 0, told.response_ns) };
        told.entries.push(whole);
        self.tell(trail, Telling { lane: 0, entry: 0, parallel: false }, &[], &mut told);
        for step in told.entries.iter().filter(|entry| entry.kind == Kind::Step && !entry.parallel) {
            let rest = step.length_ns - step.waiting_ns;
            told.waiting_ns += step.waiting_ns;
            match step.rest {
                "service" => told.service_ns += rest,
                "network" => told.network_ns += rest,
                _ => told.other_ns += rest,
            }
        }
        told
    }

    /// `outer`: what is held around the lane.
    fn tell(&self, trail: &Trail, telling: Telling, outer: &[usize], told: &mut Explanation) {
        let lane = &trail.lanes[telling.lane];
        let first = told.held.len();
        told.held.extend(lane.holds.iter().map(|hold| Held {
            what: self.station(hold.at),
            begin_ns: hold.began - trail.arrived,
            length_ns: hold.ended - hold.began,
        }));
        let mut entry_of_call: Vec<usize> = Vec::with_capacity(lane.calls.len());
        for (i, stop) in lane.stops.iter().enumerate() {
            let begun = lane.calls.iter().take_while(|call| call.began <= stop.began).count();
            self.tell_calls(trail, telling, begun, &mut entry_of_call, told);
            let covers = |&hold: &usize| {
                let held = &told.held[hold];
                let (began, ended) = (stop.began - trail.arrived, stop.ended - trail.arrived);
                held.begin_ns <= began && ended <= held.begin_ns + held.length_ns
            };
            let own = first..first + lane.holds.len();
            let holding: Vec<usize> = outer.iter().copied().chain(own.filter(covers)).collect();
            let parent = stop.call.map_or(telling.entry, |call| entry_of_call[call]);
            self.tell_stop(trail, telling, (i, stop), parent, holding, told);
        }
        self.tell_calls(trail, telling, lane.calls.len(), &mut entry_of_call, told);
    }

    /// Entries of the first calls of a lane, as far as they are not there.
    fn tell_calls(
        &self,
        trail: &Trail,
        telling: Telling,
        up_to: usize,
        entry_of_call: &mut Vec<usize>,
        told: &mut Explanation,
    ) {
        let lane = &trail.lanes[telling.lane];
        for call in &lane.calls[entry_of_call.len().min(up_to)..up_to] {
            let parent = call.within.map_or(telling.entry, |outer| entry_of_call[outer]);
            let (service, server) = self.process(call.process);
            let name = match (&service, &server) {
                (Some(service), Some(server)) => format!("{service} on {server}"),
                (Some(service), None) => service.clone(),
                _ => "nobody".into(),
            };
            entry_of_call.push(told.entries.len());
            told.entries.push(Entry {
                service,
                server,
                parallel: telling.parallel,
                failure: failed(call.failure),
                ..blank(Kind::Call, Some(parent), name, call.began - trail.arrived, call.ended - call.began)
            });
        }
    }

    fn tell_stop(
        &self,
        trail: &Trail,
        telling: Telling,
        (index, stop): (usize, &Stop),
        parent: usize,
        holding: Vec<usize>,
        told: &mut Explanation,
    ) {
        let (begin, length) = (stop.began - trail.arrived, stop.ended - stop.began);
        let parts = || (0..trail.lanes.len()).filter(|&lane| trail.lanes[lane].parent == Some((telling.lane, index)));
        let (name, rest) = match stop.for_what {
            Awaited::Place(place) => {
                let place = &self.trails.places[place as usize];
                let rest = match place.spent {
                    Spent::Service => "service",
                    Spent::Network => "network",
                    Spent::Held => "held",
                };
                (place.name.clone(), rest)
            }
            Awaited::Parts => ("parts at the same time".into(), "held"),
            Awaited::Attempt => {
                for part in parts() {
                    let lane = &trail.lanes[part];
                    let name = format!("attempt {}", lane.attempt.unwrap_or(1));
                    let entry = told.entries.len();
                    told.entries.push(Entry {
                        parallel: telling.parallel,
                        abandoned: lane.abandoned,
                        failure: failed(lane.failure),
                        ..blank(Kind::Attempt, Some(parent), name, begin, length)
                    });
                    self.tell(trail, Telling { lane: part, entry, ..telling }, &holding, told);
                }
                return;
            }
        };
        let (service, server) = (told.entries[parent].service.clone(), told.entries[parent].server.clone());
        let at = told.entries.len();
        told.entries.push(Entry {
            service: service.clone(),
            server: server.clone(),
            waiting_ns: length - stop.done.min(length),
            rest,
            ahead: stop.ahead,
            others: stop.others,
            shared: self.is_shared(stop.for_what),
            parallel: telling.parallel,
            failure: failed(stop.failure),
            holding: holding.clone(),
            ..blank(Kind::Step, Some(parent), name, begin, length)
        });
        for (number, part) in parts().enumerate() {
            let lane = &trail.lanes[part];
            let entry = told.entries.len();
            let (from, lasts) = (lane.began - trail.arrived, lane.ended - lane.began);
            told.entries.push(Entry {
                service: service.clone(),
                server: server.clone(),
                parallel: true,
                abandoned: lane.abandoned,
                failure: failed(lane.failure),
                ..blank(Kind::Part, Some(at), format!("part {}", number + 1), from, lasts)
            });
            self.tell(trail, Telling { lane: part, entry, parallel: true }, &holding, told);
        }
    }

    fn is_shared(&self, for_what: Awaited) -> bool {
        // the stations come first among the places
        let station = |place: u16| self.network.stations.get(place as usize);
        matches!(for_what, Awaited::Place(place) if station(place).is_some_and(|s| matches!(s.at, StationAt::Sharing(_))))
    }

    fn station(&self, at: StationAt) -> String {
        let found = self.network.stations.iter().find(|station| station.at == at);
        found.map_or("a slot".into(), |station| station.name.clone())
    }

    fn process(&self, process: u32) -> (Option<String>, Option<String>) {
        if process == NONE {
            return (None, None);
        }
        let service = self.network.process_services[process as usize] as usize;
        let server = self.network.process_servers[process as usize];
        let server = (server != NONE).then(|| self.scenario.servers[server as usize].name.clone());
        (Some(self.scenario.services[service].name.clone()), server)
    }
}

fn blank(kind: Kind, parent: Option<usize>, name: String, begin_ns: u64, length_ns: u64) -> Entry {
    Entry {
        kind,
        parent,
        name,
        service: None,
        server: None,
        begin_ns,
        length_ns,
        waiting_ns: 0,
        rest: "held",
        ahead: 0,
        others: 0,
        shared: false,
        parallel: false,
        abandoned: false,
        failure: None,
        holding: Vec::new(),
    }
}

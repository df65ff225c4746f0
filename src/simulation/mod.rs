//! Compile a scenario, run it once, observe it.
//!
//! `compile` makes the network, `simulator` runs it, `observation` records, `result` is what comes out.
//!
//! Invariant: no I/O, no threads, no wall clock. Same scenario and seed: the same result, bit for bit.

pub mod cohorts;
pub mod compile;
pub mod ledger;
pub mod load;
pub mod log;
mod observation;
pub mod places;
pub mod result;
mod simulator;
pub mod source;
mod span;
pub mod trails;

use crate::engine::random::Key;
use crate::engine::time::SimTime;
use crate::model::database::Database;
use crate::model::network::{Network, StationAt};
use crate::model::program::round_nanos;
use crate::scenario::{Process, Scenario, observed_spans};
use crate::workload::arrival::Arrivals;
use crate::workload::trace::TraceRecord;
use cohorts::Cohorts;
use compile::Compiled;
use ledger::Ledger;
use log::EventLog;
use observation::Observation;
use result::{
    BackupResult, DatabaseResult, FailoverResult, Outage, ReplicaResult, RunResult, SemiSyncResult, StationDetail,
    StationResult,
};
use simulator::Simulator;
use source::{Feed, Source};
use span::Spans;
use trails::{Choice, Trails, Wanted};

/// The requests of a trace, in the order of arrival.
pub type Records<'a> = Box<dyn Iterator<Item = TraceRecord> + Send + 'a>;

/// What a run needs besides the compiled scenario.
pub struct RunPlan<'a> {
    /// Index of the run within its experiment: with the scenario's seed it fixes every draw.
    pub run: u32,
    /// Length of the warm-up, seconds.
    pub warmup_s: f64,
    /// Length of the measured part, seconds; `None`: until nothing is left to happen.
    pub duration_s: Option<f64>,
    /// The trace of each source that replays one (index in `Scenario::traffic`).
    pub traces: &'a (dyn Fn(usize) -> Records<'a> + Sync),
}

/// One run.
pub fn run(scenario: &Scenario, compiled: &Compiled, plan: &RunPlan) -> RunResult {
    simulate(scenario, compiled, plan, Watch::default()).0
}

/// One run, and its requests by when they arrived: in windows as wide as the result's, answered within a time. For runs
/// of a given length.
pub fn run_cohorts(scenario: &Scenario, compiled: &Compiled, plan: &RunPlan, within_s: f64) -> (RunResult, Cohorts) {
    let within_ns = SimTime::from_seconds(within_s).0;
    let (result, watched) =
        simulate(scenario, compiled, plan, Watch { within_ns: Some(within_ns), ..Watch::default() });
    (result, *watched.cohorts.expect("cohorts were asked for"))
}

/// One run with the log of every arrival, start of service and end; for tiny scenarios.
pub fn run_logged(scenario: &Scenario, compiled: &Compiled, plan: &RunPlan) -> (RunResult, EventLog) {
    let (result, watched) = simulate(scenario, compiled, plan, Watch { log: true, ..Watch::default() });
    (result, *watched.log.expect("a log was asked for"))
}

/// One run, and where the time went of requests whose latency lies in each of these bands, nanoseconds.
pub fn run_ledger(scenario: &Scenario, compiled: &Compiled, plan: &RunPlan, bands: &[(u64, u64)]) -> Ledger {
    let (_, watched) = simulate(scenario, compiled, plan, Watch { bands, ..Watch::default() });
    *watched.ledger.expect("a ledger was asked for")
}

/// One run that chooses requests, for each of these wishes.
pub fn run_choice(scenario: &Scenario, compiled: &Compiled, plan: &RunPlan, wanted: &[Wanted]) -> Vec<Choice> {
    let trails = Trails::choosing(&compiled.network, wanted);
    let (_, watched) = simulate(scenario, compiled, plan, Watch { trails: Some(trails), ..Watch::default() });
    watched.trails.expect("a choice was asked for").choices
}

/// One run, and what the requests of these numbers in the order of arrival went through.
pub fn run_trails(scenario: &Scenario, compiled: &Compiled, plan: &RunPlan, numbers: &[u64]) -> (RunResult, Trails) {
    let trails = Trails::of(&compiled.network, numbers);
    let (result, watched) = simulate(scenario, compiled, plan, Watch { trails: Some(trails), ..Watch::default() });
    (result, *watched.trails.expect("trails were asked for"))
}

/// What is asked for besides the result.
#[derive(Default)]
struct Watch<'b> {
    log: bool,
    /// Of a ledger; empty: none is kept.
    bands: &'b [(u64, u64)],
    trails: Option<Trails>,
    /// Of cohorts: an answer later than this is none.
    within_ns: Option<u64>,
}

/// What came of it.
#[derive(Default)]
struct Watched {
    log: Option<Box<EventLog>>,
    cohorts: Option<Box<Cohorts>>,
    ledger: Option<Box<Ledger>>,
    trails: Option<Box<Trails>>,
}

fn simulate(scenario: &Scenario, compiled: &Compiled, plan: &RunPlan, watch: Watch) -> (RunResult, Watched) {
    let root = Key::of_seed(scenario.simulation.seed).indexed(plan.run as u64);
    let origin = SimTime::from_seconds(plan.warmup_s);
    let sources = scenario.traffic.iter().enumerate().map(|(i, traffic)| {
        let key = root.named(&format!("traffic.{}", traffic.name));
        let feed = match &traffic.process {
            Process::Trace(_) => Feed::Trace((plan.traces)(i)),
            Process::Closed { users, .. } => Feed::Users(vec![0; *users as usize]),
            process => Feed::Process(Box::new(Arrivals::new(process, key, origin))),
        };
        Source::new(compiled.leaves[i], compiled.entries[i].clone(), key, origin.0, feed)
    });
    let duration = plan.duration_s.map(|s| SimTime::from_seconds(s).0);
    let mut observation =
        Observation::new(scenario.requests.len(), compiled.network.stations.len(), origin.0, duration);
    observation.spans = Spans::new(&observed_spans(&scenario.objectives), origin.0);
    let sessions = scenario.traffic.iter().any(|t| matches!(t.process, Process::Closed { .. }));
    let mut network = compiled.network.clone();
    for database in &mut network.databases {
        if let Some(orchestrator) = &mut database.orchestrator {
            let share = root.named(&format!("failover.{}", database.name)).draw(0, 0).unit();
            orchestrator.offset = round_nanos(share * orchestrator.check_interval as f64);
        }
        if let Some(backup) = &mut database.backup {
            backup.key = root.named(&format!("backup.{}", database.name));
        }
    }
    let watched = Watched {
        log: watch.log.then(Box::default),
        ledger: (!watch.bands.is_empty())
            .then(|| Box::new(Ledger::new(&network, scenario.requests.len(), watch.bands))),
        trails: watch.trails.map(Box::new),
        cohorts: watch.within_ns.map(|within| {
            Box::new(Cohorts::new(observation.windows.width_ns, within, scenario.requests.len(), origin.0))
        }),
    };
    let asked =
        watched.log.is_some() || watched.cohorts.is_some() || watched.ledger.is_some() || watched.trails.is_some();
    if asked || network.keeps_detail() || !network.faults.is_empty() {
        let mut simulator = Simulator::<true>::new(network, sources.collect(), observation);
        (simulator.log, simulator.cohorts, simulator.ledger) = (watched.log, watched.cohorts, watched.ledger);
        simulator.trails = watched.trails;
        simulator.fault_key = root.named("fault");
        simulator.check_key = root.named("check");
        simulator.run_to_result(scenario, plan, sessions)
    } else {
        let mut simulator = Simulator::<false>::new(network, sources.collect(), observation);
        simulator.check_key = root.named("check");
        simulator.run_to_result(scenario, plan, sessions)
    }
}

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    fn run_to_result(mut self, scenario: &Scenario, plan: &RunPlan, sessions: bool) -> (RunResult, Watched) {
        self.run();
        let watched = Watched {
            log: self.log.take(),
            cohorts: self.cohorts.take(),
            ledger: self.ledger.take(),
            trails: self.trails.take(),
        };
        (self.into_result(scenario.simulation.seed, plan, sessions), watched)
    }

    fn into_result(mut self, seed: u64, plan: &RunPlan, sessions: bool) -> RunResult {
        let end = self.observation.origin + self.observation.measured;
        let spans = std::mem::take(&mut self.observation.spans);
        let spans = spans.finish(&self.observation.classes, &mut self.net, end);
        let stations = (0..self.net.stations.len()).map(|i| station_result(&mut self.net, i, end)).collect();
        let databases = std::mem::take(&mut self.net.databases);
        let server_of = |replica: u32| self.net.replicas[replica as usize].server.clone();
        let origin = self.observation.origin;
        let databases = databases.into_iter().map(|d| database_result(d, origin, end, &server_of)).collect();
        let replicas = std::mem::take(&mut self.net.replicas)
            .into_iter()
            .map(|r| ReplicaResult {
                backlog_end: r.pending.len() as u64,
                behind_end_ns: r.behind_ns(end),
                server: r.server,
                apply_delay_ns: r.apply_delay,
                seconds_behind: r.seconds_behind,
                backlog_area_ns: r.backlog_area,
                backlog_max: r.backlog_max,
                reads: r.reads,
                stale_reads: r.stale_reads,
                own_write_misses: sessions.then_some(r.own_write_misses),
            })
            .collect();
        let trace_notes = self
            .sources
            .iter()
            .flat_map(|s| {
                let drew = "requests had no recorded work and drew from the latest of their class";
                let none = "requests had no recorded work before any of their class had, and do none";
                let counts = [(s.without_work, drew), (s.before_any_work(), none)];
                counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}"))
            })
            .collect();
        let since_origin = |at: u64| SimTime(at.saturating_sub(self.observation.origin)).seconds();
        let end = self.observation.origin + self.observation.measured;
        let outages = self.observation.outages.iter().map(|&(fault, from, until)| Outage {
            fault,
            from_s: since_origin(from),
            until_s: since_origin(until.min(end)),
        });
        RunResult {
            seed,
            run: plan.run,
            warmup_s: plan.warmup_s,
            measured_s: SimTime(self.observation.measured).seconds(),
            events: self.events,
            finished_total: self.observation.finished_total,
            classes: self.observation.classes.into(),
            stations,
            replicas,
            databases,
            windows: self.observation.windows,
            warming: self.observation.warming,
            outages: outages.collect(),
            spans,
            transitions: self.observation.transitions,
            in_flight_start: self.observation.in_flight_start,
            in_flight_end: self.observation.in_flight,
            in_flight_max: self.observation.in_flight_max,
            trace_notes,
            oom_kills: self.net.memories.iter().filter(|m| m.kills > 0).map(|m| (m.server.clone(), m.kills)).collect(),
        }
    }
}

fn database_result(database: Database, origin: u64, end: u64, server_of: &dyn Fn(u32) -> String) -> DatabaseResult {
    let since = |at: Option<u64>| at.map(|at| at - origin);
    DatabaseResult {
        name: database.name,
        backup: database.backup.map(|b| BackupResult { began_ns: since(b.began), ended_ns: since(b.ended) }),
        failovers: database.orchestrator.map_or_else(Vec::new, |o| {
            let finished = o.failovers.iter().filter(|f| f.promoted.is_some());
            finished
                .map(|f| FailoverResult {
                    to: f.to,
                    server: server_of(database.replica_of[f.to as usize]),
                    died_ns: f.died - origin,
                    noticed_ns: f.noticed - origin,
                    promoted_ns: since(f.promoted).unwrap_or(0),
                    switched_ns: since(f.switched),
                    lost: f.lost,
                    in_doubt: f.in_doubt,
                })
                .collect()
        }),
        outage_ns: database.broken.outage + database.broken.since.map_or(0, |since| end - since),
        outage_max_ns: database.broken.since.map_or(0, |since| end - since).max(database.broken.outage_max),
        broken_at_end: database.broken.since.is_some(),
        broken: database.broken.times,
        transactions_lost: database.broken.lost,
        in_doubt: database.broken.in_doubt,
        semi_sync: database.semi_sync.map(|s| SemiSyncResult {
            fallbacks: s.fallbacks,
            off_ns: s.off_ns(end),
            wait_ns: s.wait,
        }),
    }
}

fn station_result(net: &mut Network, index: usize, end: u64) -> StationResult {
    let entry = net.stations[index].clone();
    let pool = match entry.at {
        StationAt::Pool(i) => Some(&net.pools[i as usize]),
        StationAt::Dispatcher(i) => Some(&net.dispatchers[i as usize].pool),
        _ => None,
    };
    let pool = pool.map(|p| (p.waiting_sum, p.granted));
    let repaced = net.faults.iter().any(|fault| fault.count > 0 && fault.slowed.iter().any(|(at, _)| *at == entry.at));
    let observed = net.observed(entry.at);
    let open = observed.open_sojourn(end);
    let detail = observed.rare.detail.take().map(|d| {
        Box::new(StationDetail {
            waiting_ns: d.waiting,
            sojourn_ns: d.sojourn,
            present_ns: d.present_ns,
            arrivals_waiting: d.arrivals_waiting,
        })
    });
    let mut result = StationResult {
        name: entry.name,
        role: entry.role,
        workers: entry.workers,
        arrivals: observed.arrivals,
        departures: observed.departures,
        lost: observed.rare.lost,
        present_start: observed.rare.present_start,
        present_end: observed.present as u64,
        present_area_ns: observed.present_area(end),
        busy_area_ns: observed.busy_area(end),
        waiting_sum_ns: observed.sojourn_sum.saturating_sub(observed.service_sum),
        service_sum_ns: observed.service_sum,
        sojourn_sum_ns: observed.sojourn_sum,
        lost_waiting_sum_ns: observed.rare.lost_waiting_sum,
        granted: 0,
        sojourn_before_ns: observed.rare.sojourn_before,
        sojourn_open_ns: open,
        repaced,
        detail,
    };
    if let Some((waiting_sum, granted)) = pool {
        // a pool does not remember who came when: its own sums are those of all time spent in it
        result.waiting_sum_ns = waiting_sum;
        result.granted = granted;
        result.service_sum_ns = result.busy_area_ns;
    }
    result
}

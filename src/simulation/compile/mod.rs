//! From the scenario to the compiled network: stations are made when a program first needs them, and each
//! (service, server, request class) becomes a program of its own that its callers call.
//!
//! `emit` writes steps and keeps account of the load, `hardware` makes the stations of servers; the tiers
//! are in `client`, `haproxy`, `nginx`, `app`, `database_calls`, `mysql`, `replication`, `buffer_pool`, `backup`, `station` and `path`.

mod app;
mod backup;
mod buffer_pool;
mod checks;
mod client;
mod database_calls;
mod emit;
mod fault;
mod haproxy;
mod hardware;
mod mysql;
mod nginx;
mod path;
mod replication;
mod station;
mod vrrp;

use std::collections::BTreeMap;

use super::load::{ClassTime, LoadTable, StationLoad};
use crate::model::network::{Entry, Leaf, Network, Role, StationAt, StationEntry, SynRetries};
use crate::model::program::{StepId, follow_jumps};
use crate::model::request::NONE;
use crate::scenario::{ClassId, Process, RequestBody, Scenario, ServiceId, Traffic};
use crate::workload::arrival::Arrivals;

/// A scenario ready to run: the network, and how each source begins its requests (same index as
/// `Scenario::traffic`).
#[derive(Clone, Debug)]
pub struct Compiled {
    pub network: Network,
    pub entries: Vec<Entry>,
    /// Leaf of each source.
    pub leaves: Vec<u32>,
    pub load: LoadTable,
    /// What the scenario's own figures foretell, to be said to the user.
    pub notes: Vec<CompileNote>,
}

/// Something to be warned of before anything runs.
#[derive(Clone, Debug, PartialEq)]
pub enum CompileNote {
    /// The processes of a server need more memory than it has before the first request.
    MemoryShort {
        server: String,
        needed_bytes: f64,
        ram_bytes: f64,
    },
    /// A fault (numbered from 1) of something that no request uses.
    FaultWithoutEffect {
        fault: usize,
    },
    /// The address stays where a process is dead.
    AddressStays {
        fault: usize,
        service: String,
    },
    /// Of servers with equal priorities, this one counts as having the highest address.
    EqualPriorities {
        service: String,
        server: String,
    },
    BackupAfterTheEnd {
        service: String,
    },
}

/// Index of a program of its own.
type SubId = usize;

/// Where a request comes from, for who looks at its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    source: usize,
    /// A repeated attempt, which comes on a new connection.
    again: bool,
}

/// Which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SubKey {
    /// From the arrival of a source's request to the client's last byte.
    Client {
        source: usize,
        class: ClassId,
    },
    /// The same for one attempt of a client who may make several.
    Attempt {
        origin: Origin,
        class: ClassId,
    },
    /// What one server (index within the service) does with a request. `origin` where it matters: at the
    /// service that clients talk to.
    Serve {
        service: ServiceId,
        instance: usize,
        class: ClassId,
        origin: Option<Origin>,
    },
    /// One read, or the `index`-th transaction of a class, at a database server.
    Read {
        service: ServiceId,
        instance: usize,
        class: ClassId,
    },
    Transaction {
        service: ServiceId,
        instance: usize,
        class: ClassId,
        index: usize,
    },
    /// The server `to` of the database applies it; its source is `from`.
    Apply {
        service: ServiceId,
        from: usize,
        to: usize,
        class: ClassId,
        index: usize,
    },
    /// The answer of `from`, which has received a transaction, to its source.
    Report {
        service: ServiceId,
        from: usize,
        to: usize,
    },
}

/// A program and what it asks for each time it runs.
#[derive(Clone, Debug, Default)]
struct Sub {
    entry: StepId,
    /// (station, visits, mean work in nanoseconds for each visit)
    loads: Vec<(StationAt, f64, f64)>,
    /// (program, times, whether they are assumed)
    calls: Vec<(SubId, f64, bool)>,
    /// Mean time of one execution without any waiting, nanoseconds.
    time_ns: f64,
}

pub(super) struct Compiler<'s> {
    scenario: &'s Scenario,
    net: Network,
    subs: Vec<Sub>,
    sub_of: BTreeMap<SubKey, SubId>,
    /// The program being written, and how often its present part runs for each run of the whole.
    current: SubId,
    weight: f64,
    /// Steps that need to know where failures go, innermost part last.
    fails: Vec<Vec<StepId>>,
    hardware: hardware::Hardware,
    /// Named pools and dispatchers made so far.
    named: BTreeMap<String, u32>,
    notes: Vec<CompileNote>,
    /// Inside a part that a path may go through again.
    repeating: bool,
    /// Whose program is being written, for faults; and the number of each (service, server within it).
    process: u32,
    processes: BTreeMap<(ServiceId, usize), u32>,
}

/// Compiles a scenario.
pub fn compile(scenario: &Scenario) -> Compiled {
    let mut compiler = Compiler {
        scenario,
        net: Network::default(),
        subs: Vec::new(),
        sub_of: BTreeMap::new(),
        current: 0,
        weight: 1.0,
        fails: Vec::new(),
        hardware: hardware::Hardware::new(scenario.servers.len()),
        named: BTreeMap::new(),
        notes: Vec::new(),
        repeating: false,
        process: NONE,
        processes: BTreeMap::new(),
    };
    compiler.begin();
    let (leaves, entries): (Vec<u32>, Vec<Entry>) = (0..scenario.traffic.len()).map(|s| compiler.source(s)).unzip();
    compiler.backups();
    compiler.set_memory();
    compiler.set_delays();
    compiler.faults();
    compiler.note_equal_priorities();
    follow_jumps(&mut compiler.net.steps);
    let load = compiler.load_table();
    Compiled { network: compiler.net, entries, leaves, load, notes: compiler.notes }
}

impl Compiler<'_> {
    fn begin(&mut self) {
        use crate::model::program::Step;
        self.make_processes();
        // work that nobody waits for returns here: a call whose failure and success alike end it
        self.emit(Step::CallFixed { to: 1, chosen: 0, fail: 1 });
        self.emit(Step::BranchEnd);
        self.net.orphan_end = 1;
        self.make_databases();
    }

    /// Leaves for drawn delays and patiences, where any step needs them.
    fn set_delays(&mut self) {
        use crate::model::program::Step;
        use crate::model::station::Patience;
        if !self.scenario.faults.is_empty() {
            self.net.retransmissions = self.leaf(Leaf::Retransmissions);
            let tcp = self.scenario.network.tcp;
            self.net.syn = SynRetries { linear: tcp.syn_linear_timeouts, more: tcp.syn_retries };
        }
        let drawn = |step: &Step| {
            matches!(
                step,
                Step::DelayDrawn { .. }
                    | Step::Think { .. }
                    | Step::Retry { .. }
                    | Step::Pause
                    | Step::NextRead { .. }
                    | Step::ColdReadsDone { .. }
                    | Step::AwaitAcknowledgement { .. }
            )
        };
        if self.net.steps.iter().any(drawn) {
            self.net.delays.leaf = self.leaf(Leaf::Delays);
        }
        let patiences = (self.net.fcfs.iter().map(|s| s.patience))
            .chain(self.net.priority.iter().map(|s| s.patience))
            .chain(self.net.pools.iter().map(|p| p.patience));
        if patiences.flatten().any(|p| matches!(p, Patience::Drawn)) {
            self.net.patiences.leaf = self.leaf(Leaf::Patiences);
        }
    }

    fn leaf(&mut self, owner: Leaf) -> u32 {
        self.net.leaves.push(owner);
        self.net.leaves.len() as u32 - 1
    }

    /// Registers a station for reports.
    fn register(&mut self, name: String, role: Role, at: StationAt, workers: Option<u32>) {
        self.net.stations.push(StationEntry { name, role, at, workers });
    }

    /// A source of traffic: its leaf and how its requests begin.
    fn source(&mut self, source: usize) -> (u32, Entry) {
        let traffic = &self.scenario.traffic[source];
        let leaf = self.leaf(Leaf::Source(source as u32));
        let mut entry = Entry { entry_of_class: vec![0; self.scenario.requests.len()], ..Entry::default() };
        let mut classes: Vec<ClassId> = traffic.mix.iter().map(|(class, _)| *class).collect();
        match &traffic.process {
            Process::Trace(trace) => classes.extend(trace.rules.iter().map(|r| r.class).chain(trace.otherwise)),
            Process::Closed { session, .. } => classes.extend(session),
            Process::Poisson(_)
            | Process::Constant(_)
            | Process::Renewal(_)
            | Process::Mmpp(_)
            | Process::Batch { .. } => {}
        }
        classes.sort_unstable();
        classes.dedup();
        for class in classes {
            let sub = self.sub(SubKey::Client { source, class });
            entry.entry_of_class[class] = self.subs[sub].entry;
        }
        let total: f64 = traffic.mix.iter().map(|(_, weight)| weight).sum();
        let mut sum = 0.0;
        for &(class, weight) in &traffic.mix {
            sum += weight / total;
            entry.classes.push((crate::model::program::threshold(sum), class as u16));
        }
        if let Some(last) = entry.classes.last_mut() {
            last.0 = u32::MAX;
        }
        if let Process::Closed { think, session, .. } = &traffic.process {
            entry.session = session.iter().map(|&class| class as u16).collect();
            entry.think = self.time_draw("client.think", think, 1.0);
            entry.think_step = self.user_steps(source);
        }
        (leaf, entry)
    }

    /// The program of a key, written when first asked for.
    fn sub(&mut self, key: SubKey) -> SubId {
        if let Some(&id) = self.sub_of.get(&key) {
            return id;
        }
        let (current, weight, process) = (self.current, self.weight, self.process);
        let fails = std::mem::take(&mut self.fails);
        self.process = self.process_of(key);
        let id = match key {
            SubKey::Client { source, class } => self.client(source, class),
            SubKey::Attempt { origin, class } => self.attempt(origin, class),
            SubKey::Serve { service, instance, class, origin } => self.service(service, instance, class, origin),
            SubKey::Read { service, instance, class } => self.read(service, instance, class),
            SubKey::Transaction { service, instance, class, index } => {
                self.transaction(service, instance, class, index)
            }
            SubKey::Apply { service, from, to, class, index } => self.apply(service, from, to, class, index),
            SubKey::Report { service, from, to } => self.report(service, from, to),
        };
        (self.current, self.weight, self.process, self.fails) = (current, weight, process, fails);
        self.sub_of.insert(key, id);
        id
    }

    fn service(&mut self, service: ServiceId, instance: usize, class: ClassId, origin: Option<Origin>) -> SubId {
        use crate::scenario::ServiceKind;
        let scenario = self.scenario;
        match &scenario.services[service].kind {
            ServiceKind::Haproxy(config) => self.haproxy(service, instance, class, origin, config),
            ServiceKind::Nginx(config) => self.nginx(service, instance, class, config),
            ServiceKind::App(config) => self.app(service, instance, class, config),
            ServiceKind::Station(_) => self.plain(service, class),
            ServiceKind::Mysql(_) => panic!("a scenario lets only applications talk to a database"),
        }
    }

    /// Servers of a service as its callers see them; a plain station counts as one.
    fn instances(&self, service: ServiceId) -> usize {
        self.scenario.services[service].servers.len().max(1)
    }

    /// Entries of a callee's programs, one for each of its servers: base index, and the programs.
    fn call_table(&mut self, service: ServiceId, class: ClassId) -> (u32, Vec<SubId>) {
        let subs: Vec<SubId> = (0..self.instances(service))
            .map(|instance| self.sub(SubKey::Serve { service, instance, class, origin: None }))
            .collect();
        (self.table_of(&subs), subs)
    }

    fn table_of(&mut self, subs: &[SubId]) -> u32 {
        let base = self.net.entries.len() as u32;
        self.net.entries.extend(subs.iter().map(|&sub| self.subs[sub].entry));
        base
    }

    /// What class demands of a service.
    fn demand(&self, class: ClassId, service: ServiceId) -> &crate::scenario::Demand {
        match &self.scenario.requests[class].body {
            RequestBody::Tiers(demands) => &demands.of_service[service],
            RequestBody::Path(_) => panic!("a path passes no tiers"),
        }
    }

    fn demands(&self, class: ClassId) -> &crate::scenario::Demands {
        match &self.scenario.requests[class].body {
            RequestBody::Tiers(demands) => demands,
            RequestBody::Path(_) => panic!("a path passes no tiers"),
        }
    }

    /// `app.workers` where a service has one server, `app.app1.workers` where it has more.
    fn name_of(&self, service: ServiceId, instance: usize, what: &str) -> String {
        let s = &self.scenario.services[service];
        match s.servers.len() {
            0 | 1 => format!("{}.{what}", s.name),
            _ => format!("{}.{}.{what}", s.name, self.scenario.servers[s.servers[instance].server].name),
        }
    }

    fn load_table(&self) -> LoadTable {
        let duration = self.scenario.simulation.duration_s.unwrap_or(0.0);
        let mut erlangs: BTreeMap<usize, Asked> = BTreeMap::new();
        let index: BTreeMap<String, usize> =
            self.net.stations.iter().enumerate().map(|(i, s)| (format!("{:?}", s.at), i)).collect();
        let mut rate_total = Some(0.0);
        for (source, traffic) in self.scenario.traffic.iter().enumerate() {
            let rate = match &traffic.process {
                Process::Trace(_) | Process::Closed { .. } => {
                    rate_total = None;
                    continue;
                }
                process => Arrivals::mean_rate(process, duration),
            };
            rate_total = rate_total.map(|total| total + rate);
            self.add_source(source, rate, &index, &mut erlangs);
        }
        let of_one_request = match self.scenario.traffic.as_slice() {
            [one] if !matches!(one.process, Process::Trace(_)) => {
                let mut demands = BTreeMap::new();
                self.add_source(0, 1.0, &index, &mut demands);
                self.station_loads(demands)
            }
            _ => Vec::new(),
        };
        let classes = self.scenario.traffic.iter().enumerate().flat_map(|(source, traffic)| {
            let times = shares(traffic).into_iter().map(move |(class, share)| (source, class, share));
            times.map(|(source, class, share)| ClassTime {
                source,
                class,
                share,
                unloaded_s: self.subs[self.sub_of[&SubKey::Client { source, class }]].time_ns * 1e-9,
            })
        });
        let classes = classes.collect();
        LoadTable { rate_per_s: rate_total, stations: self.station_loads(erlangs), of_one_request, classes }
    }

    fn station_loads(&self, loads: BTreeMap<usize, Asked>) -> Vec<StationLoad> {
        let load = |(i, asked): (usize, Asked)| StationLoad {
            station: self.net.stations[i].name.clone(),
            workers: self.net.stations[i].workers,
            visits_per_s: asked.visits,
            offered_erlangs: asked.erlangs,
            assumed: asked.assumed,
        };
        loads.into_iter().map(load).collect()
    }

    fn add_source(
        &self,
        source: usize,
        rate: f64,
        index: &BTreeMap<String, usize>,
        erlangs: &mut BTreeMap<usize, Asked>,
    ) {
        for (class, share) in shares(&self.scenario.traffic[source]) {
            let sub = self.sub_of[&SubKey::Client { source, class }];
            self.add_loads(sub, rate * share, false, index, erlangs);
        }
    }

    fn add_loads(
        &self,
        sub: SubId,
        rate: f64,
        assumed: bool,
        index: &BTreeMap<String, usize>,
        erlangs: &mut BTreeMap<usize, Asked>,
    ) {
        for &(at, visits, work) in &self.subs[sub].loads {
            if let Some(&station) = index.get(&format!("{at:?}")) {
                let entry = erlangs.entry(station).or_default();
                entry.visits += rate * visits;
                entry.erlangs += rate * visits * work * 1e-9;
                entry.assumed |= assumed;
            }
        }
        for &(callee, weight, guess) in &self.subs[sub].calls {
            self.add_loads(callee, rate * weight, assumed || guess, index, erlangs);
        }
    }
}

/// What a station is asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    /// Per second.
    visits: f64,
    erlangs: f64,
    assumed: bool,
}

/// Shares of a source's request classes.
fn shares(traffic: &Traffic) -> Vec<(ClassId, f64)> {
    if let Process::Closed { session, .. } = &traffic.process
        && !session.is_empty()
    {
        return session.iter().map(|&class| (class, 1.0 / session.len() as f64)).collect();
    }
    let total: f64 = traffic.mix.iter().map(|(_, weight)| weight).sum();
    traffic.mix.iter().map(|&(class, weight)| (class, weight / total)).collect()
}

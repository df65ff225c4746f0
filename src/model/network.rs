//! The compiled network: every array that the interpreter needs, in the state in which a run begins.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::buffer_pool::{BufferPool, ColdRead};
use super::database::{Database, Replica, Router};
use super::program::{Draw, DrawId, Link, Step, StepId, SwitchTable};
use super::request::{NONE, RequestId};
use super::station::{Dispatcher, Fcfs, Observed, Patience, Pool, Priority, Sharing, Stage};
use super::vrrp::Vrrp;
use crate::engine::distribution::Sampler;
use crate::engine::due_set::DueSet;
use crate::engine::heap::Heap;
use crate::engine::random::{Key, KeyedRng, purpose};
use crate::engine::ring::Ring;
use crate::engine::table::Table;

#[derive(Clone, Debug, Default)]
pub struct Network {
    pub steps: Table<Step>,
    pub draws: Table<Draw>,
    pub switches: Table<SwitchTable>,
    /// Branches of each fork.
    pub forks: Vec<Vec<StepId>>,
    /// Ways to callees; a step's `links` plus the chosen server is an index here.
    pub links: Vec<Link>,
    /// Of each way its servers: the caller's and the callee's; `NONE`: the clients.
    pub link_servers: Vec<(u32, u32)>,
    /// First steps of callees' programs; a step's `entries` plus the chosen server is an index here.
    pub entries: Vec<StepId>,

    pub fcfs: Table<Fcfs>,
    pub sharing: Table<Sharing>,
    pub priority: Vec<Priority>,
    pub pools: Table<Pool>,
    pub dispatchers: Vec<Dispatcher>,
    pub stages: Vec<Stage>,
    pub lines: Table<Line>,
    pub timeouts: Vec<TimeoutLine>,
    /// Drawn delays of all requests.
    pub delays: Delays,
    /// Drawn patiences of all waits.
    pub patiences: Patiences,

    pub clients: Vec<Clients>,
    pub proxies: Vec<Proxy>,
    pub checks: Vec<Check>,
    pub databases: Vec<Database>,
    pub replicas: Vec<Replica>,
    pub routers: Vec<Router>,
    /// Virtual addresses, where something may go wrong.
    pub vrrps: Vec<Front>,
    pub buffer_pools: Vec<BufferPool>,
    pub cold_reads: Vec<ColdRead>,
    pub memories: Vec<Memory>,
    pub processes: Vec<Process>,

    pub faults: Vec<Fault>,
    /// Whether any of them concerns messages under way.
    pub impairs: bool,
    /// Whose program each step is: the number of a process, which is one server's share of a service; `NONE`: the
    /// client's.
    pub process_of_step: Vec<u32>,
    /// Of each process its service (index within the scenario).
    pub process_services: Vec<u32>,
    /// Of each process its server (index within the scenario), or `NONE`.
    pub process_servers: Vec<u32>,
    /// Whose pool, dispatcher and stage each is: a process, or `NONE`.
    pub process_of_pool: Vec<u32>,
    pub process_of_dispatcher: Vec<u32>,
    pub process_of_stage: Vec<u32>,
    /// Leaf of what is sent again; 0 where nothing goes wrong.
    pub retransmissions: u32,
    pub syn: SynRetries,
    /// Calls that wait so long at most for a connection.
    pub connect_timeouts: BTreeMap<StepId, Patience>,
    /// Clients' calls: the draw and the threshold of its bits below which the connection is a new one.
    pub client_connections: BTreeMap<StepId, (DrawId, u32)>,
    /// First steps of transactions that write, at databases that may be switched over: they are refused meanwhile.
    pub writing: BTreeSet<StepId>,
    /// Clients' calls: for how long the callee bears a client that stands still, nanoseconds.
    pub client_timeouts: BTreeMap<StepId, u64>,
    /// Network cards of each server of the scenario, both directions; `NONE` where none is modelled.
    pub cards: Vec<[u32; 2]>,

    /// The `BranchEnd` at which work ends that nobody waits for any more.
    pub orphan_end: StepId,

    /// Who owns each leaf of the event set.
    pub leaves: Table<Leaf>,
    /// Stations in the order of reports.
    pub stations: Vec<StationEntry>,
}

/// Owner of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// Next arrival of a source.
    Source(u32),
    /// One worker of a FCFS station.
    FcfsWorker(u32),
    /// A FCFS station that keeps its departures in a heap.
    FcfsHeap(u32),
    /// A CPU.
    Sharing(u32),
    /// A network card: a sharing station too.
    Card(u32),
    /// One worker of a priority station.
    PriorityWorker(u32),
    Line(u32),
    Timeouts(u32),
    Delays,
    Patiences,
    /// A killed process serves again.
    Restart(u32),
    /// The backup of a database begins.
    Backup(u32),
    /// A replica tries to reach its source again, or has been rebuilt.
    Replication(u32),
    /// Whoever watches a database has something to do.
    Orchestrator(u32),
    /// A fault begins or ends.
    Fault(u32),
    /// A keepalived has something to do.
    Vrrp(u32),
    /// Somebody sends again what nobody has acknowledged.
    Retransmissions,
    /// A health check begins.
    Check(u32),
    /// A server that has come up is a step warmer.
    Warming(u32),
}

/// Which array holds a station, and how it is reported.
#[derive(Clone, Debug)]
pub struct StationEntry {
    pub name: String,
    pub role: Role,
    pub at: StationAt,
    /// `None`: unlimited.
    pub workers: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StationAt {
    Fcfs(u32),
    Sharing(u32),
    Priority(u32),
    Pool(u32),
    Dispatcher(u32),
    Stage(u32),
}

/// What kind of thing a station is, which decides how its figures are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Cpu,
    Disk,
    NicOut,
    NicIn,
    /// Workers, connections, slots: held while other stations work.
    Pool,
    /// A plain `station` service.
    Plain,
    /// A stage of the group commit.
    Stage,
    /// A replica's applier workers.
    Applier,
}

/// Constant delays of equal length: first in, first out.
#[derive(Clone, Debug)]
pub struct Line {
    pub length: u64,
    pub leaf: u32,
    /// (due, sequence, who)
    pub queue: Ring<(u64, u64, Underway)>,
}

/// Somebody for whom time passes, and where it will go on.
#[derive(Clone, Copy, Debug)]
pub struct Underway {
    pub request: RequestId,
    pub step: StepId,
}

impl Line {
    /// Takes one out before its time (its process was killed).
    pub fn forget(&mut self, id: RequestId) {
        self.queue.retain(|(_, _, other)| other.request != id);
    }
}

/// Timeouts of equal length, cancelled lazily.
#[derive(Clone, Debug)]
pub struct TimeoutLine {
    pub length: u64,
    pub leaf: u32,
    /// (due, sequence) of the entry that the leaf is set to, which may be cancelled and gone; `None`: it is idle.
    pub set_to: Option<(u64, u64)>,
    pub queue: VecDeque<(u64, u64, Wait)>,
}

/// A wait that may end by a timeout: stale when the request's epoch has moved on. For an answer, `request` is the number
/// of a deadline, with an epoch of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    pub request: RequestId,
    pub epoch: u32,
    pub at: WaitAt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitAt {
    /// For an attempt to end.
    Attempt,
    Fcfs(u32),
    Priority(u32),
    Pool(u32),
    Dispatcher(u32),
    /// For replicas of a database to have received a commit.
    Acknowledgement(u32),
    /// For a connection, where nobody answers.
    Silence,
    /// For the answer to a call.
    Answer,
}

#[derive(Clone, Debug, Default)]
pub struct Delays {
    pub leaf: u32,
    pub due: DueSet<Underway>,
}

#[derive(Clone, Debug, Default)]
pub struct Patiences {
    pub leaf: u32,
    pub heap: Heap<u128, Wait>,
    /// The draw of each step that waits at a station whose patience is drawn, in the order of steps: another
    /// visit of the station is another step.
    pub draws: Vec<(StepId, DrawId)>,
}

impl Patiences {
    pub fn draw_at(&self, step: StepId) -> DrawId {
        let at = self.draws.binary_search_by_key(&step, |&(step, _)| step);
        self.draws[at.expect("a step that waits with a drawn patience has its draw")].1
    }
}

/// How often a SYN is sent again a second later, and how often more at intervals that double.
#[derive(Clone, Copy, Debug, Default)]
pub struct SynRetries {
    pub linear: u32,
    pub more: u32,
}

/// What goes wrong, when, and with whom.
#[derive(Clone, Debug, Default)]
pub struct Fault {
    pub leaf: u32,
    pub when: FaultTimes,
    /// Processes that stand still.
    pub hung: Vec<u32>,
    /// Processes that are gone.
    pub killed: Vec<u32>,
    /// Those of them whose keepalived is gone too, without a goodbye or with one.
    pub keepalived_killed: Vec<u32>,
    pub keepalived_stopped: Vec<u32>,
    /// Servers without power.
    pub dark: Vec<u32>,
    /// Where no bytes pass.
    pub cuts: Vec<Cut>,
    /// Processes that get nothing new, and for how long before they are gone, nanoseconds.
    pub drained: Vec<u32>,
    pub drain_ns: u64,
    /// Where messages take longer or are lost.
    pub impaired: Vec<Impairment>,
    /// Memory that is taken: an index of `memories`, and bytes.
    pub memory: Vec<(u32, f64)>,
    /// Stations at a factor of their speed; 0: stopped.
    pub slowed: Vec<(StationAt, f64)>,
    pub active: bool,
    /// What is drained is gone.
    pub drained_out: bool,
    /// How often it has begun.
    pub count: u32,
}

/// A broken way: between two servers, or around one (`NONE`), its clients included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub server: u32,
    pub other: u32,
}

/// A way on which messages take longer, or are lost and sent again.
#[derive(Clone, Debug)]
pub struct Impairment {
    pub way: Cut,
    /// Nanoseconds.
    pub delay: Option<Sampler>,
    /// Share of the messages.
    pub loss: f64,
}

impl Default for FaultTimes {
    fn default() -> Self {
        FaultTimes::Once { at: 0, until: None }
    }
}

impl Cut {
    /// Whether it lies between these two; `NONE`: the clients.
    pub fn between(&self, a: u32, b: u32) -> bool {
        if self.other == NONE {
            return (a == self.server) != (b == self.server);
        }
        (a == self.server && b == self.other) || (b == self.server && a == self.other)
    }
}

/// Nanoseconds from t = 0.
#[derive(Clone, Debug)]
pub enum FaultTimes {
    /// Before 0: so long before the end of the warm-up.
    Once {
        at: i64,
        until: Option<u64>,
    },
    Random {
        up: Sampler,
        down: Sampler,
    },
}

/// What a proxy does when a call has failed.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Who chooses among its servers, if there is a choice.
    pub dispatcher: Option<u32>,
    pub rule: TryAgainRule,
}

#[derive(Clone, Copy, Debug)]
pub enum TryAgainRule {
    /// HAProxy's `retries`: connections that failed. `in_turn`: the algorithm deals out in turn.
    Haproxy {
        retries: u8,
        redispatch: bool,
        in_turn: bool,
        turnaround_ns: u64,
        /// Failed requests in a row that are a failed check, of all or of those whose connection failed.
        error_limit: u32,
        only_connections: bool,
    },
    /// nginx's `proxy_next_upstream`: `tries` servers in all.
    Nginx { tries: u8, error: bool, timeout: bool, non_idempotent: bool, http_500: bool },
}

/// HAProxy's health check of one server. Times in nanoseconds.
#[derive(Clone, Debug)]
pub struct Check {
    pub leaf: u32,
    pub dispatcher: u32,
    pub server: u32,
    /// Whose check it is.
    pub process: u32,
    /// First step of its program.
    pub entry: StepId,
    pub class: u16,
    pub inter: u64,
    pub fastinter: u64,
    pub downinter: u64,
    pub fall: u32,
    pub rise: u32,
    /// A server that comes up warms up for so long; 0: not at all. Since when it is up, and the leaf for the next step.
    pub slowstart: u64,
    pub up_since: u64,
    pub warming: u32,
    /// Its maxconn when it is warm.
    pub maxconn: Option<u32>,
    /// HAProxy's count: from `rise` on the server is up; `rise + fall - 1` is the best.
    pub health: u32,
    /// Failed requests in a row.
    pub errors: u32,
    /// How often its process had been stopped when the check under way began.
    pub stops: u32,
}

impl Check {
    /// Time to the next check.
    pub fn interval(&self) -> u64 {
        if self.health == self.rise + self.fall - 1 {
            self.inter
        } else if self.health == 0 {
            self.downinter
        } else {
            self.fastinter
        }
    }

    /// A check has passed or not; `Some(up)`: with it the server's state changes.
    pub fn count(&mut self, passed: bool) -> Option<bool> {
        let up = self.health >= self.rise;
        if passed {
            self.errors = 0;
            self.health += 1;
            if self.health >= self.rise {
                self.health = self.rise + self.fall - 1;
            }
        } else {
            self.health = self.health.saturating_sub(1);
            if self.health < self.rise {
                self.health = 0;
            }
        }
        let now = self.health >= self.rise;
        (now != up).then_some(now)
    }
}

/// The clients of a source who do not wait forever, or who try again.
#[derive(Clone, Debug)]
pub struct Clients {
    pub timeout: Option<Patience>,
    /// Attempts after the first.
    pub retries: u16,
    pub backoff: Backoff,
    pub budget: Option<RetryBudget>,
}

/// The wait before a repeated attempt, nanoseconds.
#[derive(Clone, Debug)]
pub enum Backoff {
    Drawn(Sampler),
    /// The first, how it grows, and how it is spread: the share `fixed` is always waited for, the rest uniformly.
    Growing {
        base: f64,
        factor: f64,
        max: f64,
        fixed: f64,
    },
}

/// What all clients of a source together may repeat.
#[derive(Clone, Copy, Debug)]
pub struct RetryBudget {
    pub ratio: f64,
    pub reserve: f64,
    pub tokens: f64,
}

impl Backoff {
    /// The wait before the `attempt`-th repeated attempt (from 1), nanoseconds.
    pub fn wait_ns(&self, attempt: u16, rng: &mut KeyedRng) -> u64 {
        super::program::round_nanos(match self {
            Backoff::Drawn(sampler) => sampler.sample(rng),
            Backoff::Growing { base, factor, max, fixed } => {
                let longest = (base * libm::pow(*factor, f64::from(attempt - 1))).min(*max);
                longest * (fixed + (1.0 - fixed) * rng.unit())
            }
        })
    }
}

/// A virtual address, and whose it may be.
#[derive(Clone, Debug)]
pub struct Front {
    pub leaf: u32,
    pub service: String,
    pub vrrp: Vrrp,
    /// Who has the address while all is well.
    pub master: u32,
    /// By server of the service: its index in the scenario, its name, and the process there.
    pub servers: Vec<u32>,
    pub names: Vec<String>,
    pub processes: Vec<u32>,
}

/// Memory of one server.
#[derive(Clone, Debug)]
pub struct Memory {
    pub server: String,
    pub ram: f64,
    pub used: f64,
    pub used_max: f64,
    pub swaps: bool,
    /// Bytes that a CPU burst touches.
    pub touched: f64,
    /// Time of a swap-in at the disk: for each byte, and for the operation, nanoseconds.
    pub swap_ns_per_byte: f64,
    pub swap_ns_per_operation: f64,
    /// Processes on this server, as indices of `Network::processes`.
    pub processes: Vec<u32>,
    pub kills: u64,
}

impl Memory {
    /// Time at the disk to bring in what a CPU burst touches and memory does not hold, nanoseconds.
    pub fn swap_in_ns(&self) -> u64 {
        if !self.swaps || self.used <= self.ram {
            return 0;
        }
        let missing = (self.used - self.ram) / self.used;
        super::program::round_nanos(self.swap_ns_per_operation + missing * self.touched * self.swap_ns_per_byte)
    }
}

/// A process on a server, as the OOM killer sees it.
#[derive(Clone, Debug)]
pub struct Process {
    pub name: String,
    pub memory: u32,
    /// Resident without requests, bytes.
    pub base: f64,
    /// With requests, bytes.
    pub used: f64,
    /// Its number among all processes.
    pub number: u32,
    pub restart_ns: u64,
    pub down: bool,
    pub leaf: u32,
}

/// How a source of traffic begins its requests.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// (upper threshold of 32 bits, class), increasing: which class a request is of.
    pub classes: Vec<(u32, u16)>,
    /// First step by class.
    pub entry_of_class: Vec<StepId>,
    /// Classes that a closed user asks for in turn; empty: by `classes`.
    pub session: Vec<u16>,
    /// Closed users: the draw of the think time, and the step that thinks.
    pub think: DrawId,
    pub think_step: StepId,
}

impl Entry {
    /// Which class the request with this key is of.
    #[inline(always)]
    pub fn draw_class(&self, key: Key) -> u16 {
        if let [(_, only)] = self.classes[..] {
            return only;
        }
        let bits = (key.draw(CLASS, 0).next() >> 32) as u32;
        self.classes.iter().find(|(threshold, _)| bits < *threshold).unwrap_or(&self.classes[self.classes.len() - 1]).1
    }
}

const CLASS: u64 = purpose("request.class");

impl Network {
    /// Whether a station keeps full distributions.
    pub fn keeps_detail(&mut self) -> bool {
        (0..self.stations.len()).any(|i| self.observed(self.stations[i].at).rare.detail.is_some())
    }

    /// The figures of a station.
    pub fn observed(&mut self, at: StationAt) -> &mut Observed {
        match at {
            StationAt::Fcfs(i) => &mut self.fcfs[i as usize].observed,
            StationAt::Sharing(i) => &mut self.sharing[i as usize].observed,
            StationAt::Priority(i) => &mut self.priority[i as usize].observed,
            StationAt::Pool(i) => &mut self.pools[i as usize].observed,
            StationAt::Dispatcher(i) => &mut self.dispatchers[i as usize].pool.observed,
            StationAt::Stage(i) => &mut self.stages[i as usize].observed,
        }
    }
}

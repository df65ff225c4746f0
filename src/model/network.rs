//! The compiled network: every array that the interpreter needs, in the state in which a run begins.

use std::collections::VecDeque;

use super::program::{Draw, DrawId, Link, Step, StepId, SwitchTable};
use super::request::{NONE, RequestId};
use super::station::{Dispatcher, Fcfs, Observed, Patience, Pool, Priority, Sharing, Stage};
use crate::engine::distribution::Sampler;
use crate::engine::heap::Heap;
use crate::engine::random::{Key, KeyedRng, purpose};
use crate::engine::table::Table;
use crate::stats::histogram::Histogram;
use crate::stats::timeweighted::TimeWeighted;

#[derive(Clone, Debug, Default)]
pub struct Network {
    pub steps: Table<Step>,
    pub draws: Table<Draw>,
    pub switches: Table<SwitchTable>,
    /// Branches of each fork.
    pub forks: Vec<Vec<StepId>>,
    /// Ways to callees; a step's `links` plus the chosen server is an index here.
    pub links: Vec<Link>,
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
    pub memories: Vec<Memory>,
    pub processes: Vec<Process>,

    pub faults: Vec<Fault>,
    /// Whose program each step is: the number of a process, which is one server's share of a service; `NONE`: the
    /// client's.
    pub process_of_step: Vec<u32>,
    /// Of each process its server (index within the scenario), or `NONE`.
    pub process_servers: Vec<u32>,
    /// Whose pool, dispatcher and stage each is: a process, or `NONE`.
    pub process_of_pool: Vec<u32>,
    pub process_of_dispatcher: Vec<u32>,
    pub process_of_stage: Vec<u32>,
    /// Leaf of what is sent again; 0 where nothing goes wrong.
    pub retransmissions: u32,
    /// Calls that wait so long at most for a connection.
    pub connect_timeouts: Vec<(StepId, Patience)>,
    /// Clients' calls: the draw and the threshold of its bits below which the connection is a new one.
    pub client_connections: Vec<(StepId, DrawId, u32)>,
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
    Sharing(u32),
    /// One worker of a priority station.
    PriorityWorker(u32),
    Line(u32),
    Timeouts(u32),
    Delays,
    Patiences,
    /// A killed process serves again.
    Restart(u32),
    /// A fault begins or ends.
    Fault(u32),
    /// Somebody sends again what nobody has acknowledged.
    Retransmissions,
    /// A health check begins.
    Check(u32),
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
    /// (due, sequence, request)
    pub queue: VecDeque<(u64, u64, RequestId)>,
}

impl Line {
    /// Takes one out before its time (its process was killed).
    pub fn forget(&mut self, id: RequestId) {
        self.queue.retain(|&(_, _, other)| other != id);
    }
}

/// Timeouts of equal length, cancelled lazily.
#[derive(Clone, Debug)]
pub struct TimeoutLine {
    pub length: u64,
    pub leaf: u32,
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
    /// For a connection, where nobody answers.
    Silence,
    /// For the answer to a call.
    Answer,
}

#[derive(Clone, Debug, Default)]
pub struct Delays {
    pub leaf: u32,
    /// (due, sequence) as one number.
    pub heap: Heap<u128, RequestId>,
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

/// What goes wrong, when, and with whom.
#[derive(Clone, Debug, Default)]
pub struct Fault {
    pub leaf: u32,
    pub when: FaultTimes,
    /// Processes that stand still.
    pub hung: Vec<u32>,
    /// Processes that are gone.
    pub killed: Vec<u32>,
    /// Servers without power.
    pub dark: Vec<u32>,
    /// Where no bytes pass.
    pub cuts: Vec<Cut>,
    /// Stations at a factor of their speed; 0: stopped.
    pub slowed: Vec<(StationAt, f64)>,
    pub active: bool,
    /// How often it has begun.
    pub count: u32,
}

/// A broken way: between two servers, or around one (`NONE`), its clients included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub server: u32,
    pub other: u32,
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
    Once { at: u64, until: Option<u64> },
    Random { up: Sampler, down: Sampler },
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
    Haproxy { retries: u8, redispatch: bool, in_turn: bool, turnaround_ns: u64, error_limit: u32 },
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

/// A database whose commits go to replicas.
#[derive(Clone, Debug, Default)]
pub struct Database {
    pub replicas: Vec<u32>,
    pub committed: u64,
    /// Closed users: number of the last own commit (1-based), by user.
    pub last_commit_of_user: Vec<u64>,
}

/// What is known of a replica.
#[derive(Clone, Debug)]
pub struct Replica {
    pub server: String,
    pub database: u32,
    /// Commit instants of transactions not applied yet, oldest first.
    pub pending: VecDeque<u64>,
    pub applied: u64,
    pub last_change: u64,
    pub seconds_behind: TimeWeighted,
    pub backlog_area: u128,
    pub backlog_max: u64,
    pub apply_delay: Histogram,
    pub reads: u64,
    pub stale_reads: u64,
    pub own_write_misses: u64,
    /// Transactions received, which is the next one's ticket.
    pub received: u64,
    /// Ticket that may pass `AwaitTurn` next, and who waits: (ticket, request).
    pub turn: u64,
    pub waiting: Heap<u64, RequestId>,
    /// How often somebody looks at its lag, at whole multiples of this (nanoseconds; 0: nobody does), when
    /// that was last, and the lag seen then.
    pub poll_ns: u64,
    pub polled_at: u64,
    pub polled_behind_ns: u64,
}

impl Replica {
    pub fn new(server: String, database: u32) -> Replica {
        Replica {
            server,
            database,
            pending: VecDeque::new(),
            applied: 0,
            last_change: 0,
            seconds_behind: TimeWeighted::default(),
            backlog_area: 0,
            backlog_max: 0,
            apply_delay: Histogram::default(),
            reads: 0,
            stale_reads: 0,
            own_write_misses: 0,
            received: 0,
            turn: 0,
            waiting: Heap::default(),
            poll_ns: 0,
            polled_at: 0,
            polled_behind_ns: 0,
        }
    }

    /// The lag as last polled at `now`, nanoseconds. Nobody is woken for a poll: what was pending at its
    /// instant is pending still at the first look after it, or until the first transaction is applied after it.
    pub fn polled_behind_ns(&mut self, now: u64) -> u64 {
        let poll = now / self.poll_ns * self.poll_ns;
        if poll != self.polled_at {
            self.polled_at = poll;
            self.polled_behind_ns = self.behind_ns(poll);
        }
        self.polled_behind_ns
    }

    /// Age of the oldest transaction not applied at `now`, nanoseconds; 0 when caught up.
    pub fn behind_ns(&self, now: u64) -> u64 {
        self.pending.front().map_or(0, |&committed| now.saturating_sub(committed))
    }

    /// Brings the averages over time up to `now`.
    pub fn advance(&mut self, now: u64) {
        let elapsed = now - self.last_change;
        if elapsed == 0 {
            return;
        }
        match self.pending.front() {
            None => self.seconds_behind.add_constant(0, elapsed),
            Some(&committed) => {
                self.seconds_behind.add_ramp(self.last_change - committed, now - committed, elapsed);
            }
        }
        self.backlog_area += self.pending.len() as u128 * elapsed as u128;
        self.last_change = now;
    }

    /// A transaction is committed on the primary; returns its ticket.
    pub fn commit(&mut self, now: u64) -> u32 {
        self.advance(now);
        self.pending.push_back(now);
        self.backlog_max = self.backlog_max.max(self.pending.len() as u64);
        self.received += 1;
        (self.received - 1) as u32
    }

    /// The oldest transaction is applied: they come in the order of commits.
    pub fn apply(&mut self, now: u64, committed: u64) {
        self.advance(now);
        if self.poll_ns > 0 {
            self.polled_behind_ns(now);
        }
        let oldest = self.pending.pop_front().expect("an applied transaction was committed before");
        assert_eq!(oldest, committed, "replica {} applied out of commit order", self.server);
        self.applied += 1;
        self.apply_delay.record(now - committed);
    }

    /// A read arrives, of a user whose last own commit has this number (1-based; 0: none).
    pub fn read(&mut self, own_commit: u64) {
        self.reads += 1;
        self.stale_reads += !self.pending.is_empty() as u64;
        self.own_write_misses += (own_commit > self.applied) as u64;
    }

    /// The measured part begins.
    pub fn begin(&mut self, now: u64) {
        self.advance(now);
        self.seconds_behind = TimeWeighted::default();
        self.backlog_area = 0;
        self.backlog_max = self.pending.len() as u64;
        self.apply_delay.clear();
        self.reads = 0;
        self.stale_reads = 0;
        self.own_write_misses = 0;
    }
}

/// Where reads go.
#[derive(Clone, Debug)]
pub struct Router {
    pub rule: Rule,
    pub database: u32,
    /// Number of the next read, for round robin.
    pub next: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Round robin over these servers (index within the service; 0 is the primary).
    RoundRobin(Vec<u32>),
    /// Round robin over the replicas whose lag, as last polled, is at most this; else the primary.
    /// `fresh` is scratch.
    MaxLag { limit_ns: u64, fresh: Vec<u32> },
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

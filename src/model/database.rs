//! What is known of a database while it runs: its commits, its binlog and backups, and where reads and writes go.

use std::collections::VecDeque;

use super::orchestrator::Orchestrator;
use super::program::StepId;
pub use super::replica::{Replica, ReplicaRole, SourceLink};
use super::request::RequestId;
use super::station::Patience;
use crate::engine::random::Key;
use crate::stats::histogram::Histogram;

/// The servers of a database; they are numbered within it, the primary of the beginning first.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// Of the service.
    pub name: String,
    /// Its process on each server.
    pub processes: Vec<u32>,
    /// What is known of each server as a replica; `NONE`: it never is one.
    pub replica_of: Vec<u32>,
    /// Those that follow the writer, in the order of servers.
    pub replicas: Vec<u32>,
    /// The server whose binlog is that of the database, and the one to which clients send their writes. They differ
    /// only while a failover is under way.
    pub writer: u32,
    pub endpoint: u32,
    /// Transactions in the binlog, which is also the position of the last of them.
    pub committed: u64,
    /// Position up to which transactions are seen by others than their own client.
    pub visible: u64,
    /// Position up to which clients were told of their commits.
    pub acknowledged: u64,
    /// Of what counts as acknowledged, how many only became so because their primary died.
    pub unacknowledged: u64,
    /// How often the process of the primary had been stopped when that was last looked at.
    pub writer_stops: u32,
    pub semi_sync: Option<SemiSync>,
    pub backup: Option<Backup>,
    pub orchestrator: Option<Box<Orchestrator>>,
    /// What replicas may have to be sent again.
    pub binlog: Binlog,
    /// First steps of the way of a transaction from one server into another; see `apply_at`.
    pub applies: Vec<StepId>,
    /// Time between two tries of a replica to reach its source, and until it notices that a silent one is gone:
    /// nanoseconds.
    pub connect_retry: u64,
    pub net_timeout: u64,
    /// Closed users: number of the last own commit (1-based), by user.
    pub last_commit_of_user: Vec<u64>,
    pub broken: Broken,
}

/// What faults have done to a database.
#[derive(Clone, Debug, Default)]
pub struct Broken {
    /// Since when it takes no writes, and how long it did not before: nanoseconds.
    pub since: Option<u64>,
    pub times: u64,
    pub outage: u64,
    pub outage_max: u64,
    /// Acknowledged to a client, and absent since.
    pub lost: u64,
    /// In a binlog when its server died, and not acknowledged.
    pub in_doubt: u64,
}

impl Broken {
    /// The writer is gone.
    pub fn begin(&mut self, now: u64) {
        if self.since.is_none() {
            self.since = Some(now);
            self.times += 1;
        }
    }

    /// A transaction has been committed.
    pub fn end(&mut self, now: u64) {
        if let Some(since) = self.since.take() {
            self.outage += now - since;
            self.outage_max = self.outage_max.max(now - since);
        }
    }
}

impl Database {
    /// Place in `applies` of a transaction's way from one server into another.
    pub fn apply_at(&self, transaction: u32, from: u32, to: u32) -> usize {
        let servers = self.processes.len();
        (transaction as usize * servers + from as usize) * servers + to as usize
    }
}

/// Transactions that some server of the database has not applied, oldest first. Kept only where something may break.
#[derive(Clone, Debug, Default)]
pub struct Binlog {
    /// Position before the first.
    pub before: u64,
    pub entries: VecDeque<Logged>,
}

/// What it takes to apply a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Logged {
    pub transaction: u32,
    pub class: u16,
    pub visit: u16,
    pub key: u64,
    /// Instant of the commit.
    pub committed: u64,
    pub given: [f32; 3],
}

impl Binlog {
    /// What is at a position.
    pub fn at(&self, position: u64) -> Logged {
        self.entries[(position - self.before - 1) as usize]
    }

    /// Nobody needs what lies up to this position any more.
    pub fn purge(&mut self, position: u64) {
        while self.before < position && self.entries.pop_front().is_some() {
            self.before += 1;
        }
    }

    /// What lies behind this position never happened.
    pub fn truncate(&mut self, position: u64) {
        self.entries.truncate((position.saturating_sub(self.before)) as usize);
    }
}

/// Commits that wait until replicas have acknowledged that they received them. After MySQL's
/// `semisync_source.cc`: acknowledgements are positions, and one position releases all before it.
#[derive(Clone, Debug)]
pub struct SemiSync {
    pub after_commit: bool,
    /// Index of the timeout line.
    pub timeout: Patience,
    pub timeout_ns: u64,
    /// Acknowledgements that a commit needs.
    pub count: usize,
    /// False: a commit has waited too long, and none waits until the replicas have caught up.
    pub on: bool,
    /// (position, request), in the order of commits.
    pub waiting: VecDeque<(u64, RequestId)>,
    pub wait: Histogram,
    /// How often it has fallen back, and for how long in all: nanoseconds.
    pub fallbacks: u64,
    pub off_ns: u64,
    pub off_since: u64,
}

impl SemiSync {
    pub fn new(after_commit: bool, timeout: Patience, timeout_ns: u64, count: usize) -> SemiSync {
        SemiSync {
            after_commit,
            timeout,
            timeout_ns,
            count,
            on: true,
            waiting: VecDeque::new(),
            wait: Histogram::default(),
            fallbacks: 0,
            off_ns: 0,
            off_since: 0,
        }
    }

    /// Falls back to asynchronous replication.
    pub fn turn_off(&mut self, now: u64) {
        if self.on {
            self.on = false;
            self.fallbacks += 1;
            self.off_since = now;
        }
    }

    /// The replicas have caught up.
    pub fn turn_on(&mut self, now: u64) {
        if !self.on {
            self.on = true;
            self.off_ns += now - self.off_since;
        }
    }

    /// Time without acknowledgements so far, nanoseconds.
    pub fn off_ns(&self, now: u64) -> u64 {
        self.off_ns + if self.on { 0 } else { now - self.off_since }
    }

    /// The measured part begins.
    pub fn begin(&mut self, now: u64) {
        self.wait.clear();
        self.fallbacks = 0;
        self.off_ns = 0;
        self.off_since = now;
    }
}

/// A copy of a database's files in progress.
#[derive(Clone, Debug)]
pub struct Backup {
    pub leaf: u32,
    /// When it begins, nanoseconds from t = 0, and its first step.
    pub at: u64,
    pub first: StepId,
    /// Root of its draws.
    pub key: Key,
    /// Reads still to begin.
    pub left: u64,
    /// Shortest time from the beginning of one read to that of the next, and when the last one began: nanoseconds.
    pub interval: u64,
    pub read_began: u64,
    /// Nanoseconds on the clock.
    pub began: Option<u64>,
    /// Who reads, while it is under way; and its process.
    pub reader: Option<RequestId>,
    pub process: u32,
    pub ended: Option<u64>,
}

/// Where reads go.
#[derive(Clone, Debug)]
pub struct Router {
    pub rule: Rule,
    pub to: Targets,
    pub database: u32,
    /// Number of the next read, for round robin.
    pub next: u64,
}

/// Whom a router chooses among, whoever that is at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    Primary,
    /// The primary when there is no replica.
    Replicas,
    All,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Round robin over these servers (index within the service; 0 is the primary).
    RoundRobin(Vec<u32>),
    /// Round robin over the replicas whose lag, as last polled, is at most this; else the primary.
    /// `fresh` is scratch.
    MaxLag { limit_ns: u64, fresh: Vec<u32> },
}

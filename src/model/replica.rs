//! What is known of a replica: what it has received and applied, its three lags, and its connection to its source.

use std::collections::VecDeque;

use super::request::RequestId;
use crate::engine::heap::Heap;
use crate::stats::histogram::Histogram;
use crate::stats::timeweighted::TimeWeighted;

/// What is known of a replica.
#[derive(Clone, Debug)]
pub struct Replica {
    pub server: String,
    pub database: u32,
    /// Its number within the database, and its process.
    pub instance: u32,
    pub process: u32,
    pub role: ReplicaRole,
    /// It was left behind, and holds transactions that the primary lacks.
    pub diverged: bool,
    /// It is left alone by readers: it is maintained, or has not caught up since.
    pub out: bool,
    /// Pools of those who are on their way to it, and of those who are applied.
    pub receiving: Vec<u32>,
    pub applying: Vec<u32>,
    pub link: SourceLink,
    pub leaf: u32,
    /// Commit instants of transactions not applied yet, oldest first.
    pub pending: VecDeque<u64>,
    pub applied: u64,
    pub last_change: u64,
    pub seconds_behind: TimeWeighted,
    /// Integral of how long it has been behind, since the beginning of the run: nanoseconds squared.
    behind_area: u128,
    pub backlog_area: u128,
    pub backlog_max: u64,
    pub apply_delay: Histogram,
    pub reads: u64,
    pub stale_reads: u64,
    pub own_write_misses: u64,
    /// Position up to which it has received, and has said so to a primary that waits for it.
    pub received: u64,
    pub acknowledged: u64,
    /// Ticket that may pass `AwaitTurn` next, and who waits: (ticket, request).
    pub turn: u64,
    pub waiting: Heap<u64, RequestId>,
    /// How often somebody looks at its lag, at whole multiples of this (nanoseconds; 0: nobody does), when
    /// that was last, and the lag seen then.
    pub poll_ns: u64,
    pub polled_at: u64,
    pub polled_behind_ns: u64,
}

/// What a server is at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaRole {
    Follows,
    /// It is the primary.
    Writer,
    /// It was the primary, or a replica that holds more than the new one.
    Left,
    /// It is made anew from the primary.
    Rebuilt,
}

/// The connection of a replica to its source. Only where something may break.
#[derive(Clone, Debug)]
pub struct SourceLink {
    pub connected: bool,
    /// Position up to which transactions were sent, and those that are sent and not applied: (position, request).
    pub sent: u64,
    pub pipeline: VecDeque<(u64, RequestId)>,
    /// Since when a way that is cut has kept them apart.
    pub cut_since: Option<u64>,
    /// How often its process had been stopped when that was last looked at.
    pub stops: u32,
    /// Since when its process has run, or not.
    pub up: bool,
    pub turned: u64,
}

impl Default for SourceLink {
    fn default() -> SourceLink {
        SourceLink {
            connected: true,
            sent: 0,
            pipeline: VecDeque::new(),
            cut_since: None,
            stops: 0,
            up: true,
            turned: 0,
        }
    }
}

impl Replica {
    pub fn new(server: String, database: u32, instance: u32, process: u32) -> Replica {
        Replica {
            server,
            database,
            instance,
            process,
            role: if instance == 0 { ReplicaRole::Writer } else { ReplicaRole::Follows },
            receiving: Vec::new(),
            applying: Vec::new(),
            diverged: false,
            out: false,
            link: SourceLink::default(),
            leaf: 0,
            pending: VecDeque::new(),
            applied: 0,
            last_change: 0,
            seconds_behind: TimeWeighted::default(),
            behind_area: 0,
            backlog_area: 0,
            backlog_max: 0,
            apply_delay: Histogram::default(),
            reads: 0,
            stale_reads: 0,
            own_write_misses: 0,
            received: 0,
            acknowledged: 0,
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
            // it is no replica, and so neither behind nor caught up
            None if self.role != ReplicaRole::Follows => {}
            None => self.seconds_behind.add_constant(0, elapsed),
            Some(&committed) => {
                self.seconds_behind.add_ramp(self.last_change - committed, now - committed, elapsed);
            }
        }
        self.behind_area += self.behind_since_change(now);
        self.backlog_area += self.pending.len() as u128 * elapsed as u128;
        self.last_change = now;
    }

    /// Integral of its age behind up to `now`, nanoseconds squared; changes nothing.
    pub fn behind_area(&self, now: u64) -> u128 {
        self.behind_area + self.behind_since_change(now)
    }

    /// The part of it since something last changed: a ramp.
    fn behind_since_change(&self, now: u64) -> u128 {
        let elapsed = u128::from(now - self.last_change);
        let ends = |&committed: &u64| u128::from(self.last_change - committed) + u128::from(now - committed);
        self.pending.front().map_or(0, |committed| ends(committed) * elapsed / 2)
    }

    /// A transaction is committed on the primary.
    pub fn commit(&mut self, now: u64) {
        self.advance(now);
        self.pending.push_back(now);
        self.backlog_max = self.backlog_max.max(self.pending.len() as u64);
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

    /// A read arrives, while others see what is committed up to `visible`, of a user whose last own commit has
    /// this number (1-based; 0: none).
    pub fn read(&mut self, visible: u64, own_commit: u64) {
        self.reads += 1;
        self.stale_reads += (visible > self.applied) as u64;
        self.own_write_misses += (own_commit > self.applied) as u64;
    }

    /// Whether it has everything that its source has committed.
    pub fn has_caught_up(&self) -> bool {
        self.role == ReplicaRole::Follows && self.link.connected && self.pending.is_empty()
    }

    /// Whether it answered at the last poll before `now`.
    pub fn answered_poll(&self, now: u64) -> bool {
        let poll = now / self.poll_ns * self.poll_ns;
        self.link.up == (self.link.turned <= poll)
    }

    /// Transactions behind this position never happened.
    pub fn forget_behind(&mut self, now: u64, position: u64) {
        self.advance(now);
        self.pending.truncate(position.saturating_sub(self.applied) as usize);
    }

    /// It holds everything up to this position, and follows from there on: `pending` are the commits behind it.
    pub fn follow(&mut self, now: u64, position: u64, pending: VecDeque<u64>) {
        self.advance(now);
        self.role = ReplicaRole::Follows;
        self.diverged = false;
        (self.applied, self.received, self.acknowledged, self.turn) = (position, position, position, position);
        self.link.sent = position;
        self.pending = pending;
        self.backlog_max = self.backlog_max.max(self.pending.len() as u64);
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

//! Replicas and their sources where something may break: what was sent and is not applied, who has lost whom and finds
//! him again, and pools of memory that a restart has emptied.
//!
//! A replica whose source stops keeps what it has received, and tries to reach it again each `source_connect_retry`;
//! a silent source is noticed after `replica_net_timeout`. One that stops itself fetches all that it has not applied
//! again, as with `relay_log_recovery = ON`.

use std::collections::VecDeque;

use super::Simulator;
use crate::engine::event_set::EventSet;
use crate::engine::random::Key;
use crate::model::database::ReplicaRole;
use crate::model::program::{StepId, round_nanos};
use crate::model::request::{NONE, Request, RequestId};

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// The source of a replica sends it the transaction at a position of the binlog.
    pub(super) fn send_transaction(&mut self, replica: u32, position: u64) {
        let r = &self.net.replicas[replica as usize];
        let d = &self.net.databases[r.database as usize];
        let logged = d.binlog.at(position);
        let step = d.applies[d.apply_at(logged.transaction, d.writer, r.instance)];
        let mut event = Request::new(logged.key, logged.committed, logged.class, step);
        event.visit = logged.visit;
        event.given = logged.given;
        event.parent = (position - 1) as u32;
        let id = self.slab.insert(event);
        let link = &mut self.net.replicas[replica as usize].link;
        assert_eq!(link.sent + 1, position, "a source sends its transactions in their order");
        link.sent = position;
        link.pipeline.push_back((position, id));
        self.ready.push_back(id);
    }

    /// A replica has applied the oldest of what it was sent.
    pub(super) fn applied_by(&mut self, replica: u32) {
        let r = &mut self.net.replicas[replica as usize];
        let (position, _) = r.link.pipeline.pop_front().expect("it was sent");
        assert_eq!(position, r.applied, "{} applied what it was not sent", r.server);
        let database = r.database;
        self.purge_binlog(database);
        self.candidate_has_applied(database, replica);
        self.readers_return(replica);
    }

    /// Drops what every server has.
    pub(super) fn purge_binlog(&mut self, database: u32) {
        let d = &self.net.databases[database as usize];
        let known = d.replica_of.iter().filter(|&&replica| replica != NONE);
        let needed = known.map(|&replica| &self.net.replicas[replica as usize]).filter(|r| match r.role {
            ReplicaRole::Follows => true,
            ReplicaRole::Left => !r.diverged,
            ReplicaRole::Writer | ReplicaRole::Rebuilt => false,
        });
        let position = needed.map(|r| r.applied).min().unwrap_or(d.committed);
        self.net.databases[database as usize].binlog.purge(position);
    }

    /// What a replica was sent behind a position is lost on its way: it is taken out wherever it is.
    fn drop_behind(&mut self, replica: u32, position: u64) {
        let now = self.now;
        while let Some(&(sent, id)) = self.net.replicas[replica as usize].link.pipeline.back()
            && sent > position
        {
            self.net.replicas[replica as usize].link.pipeline.pop_back();
            self.detach(id);
            self.slab.remove(id);
        }
        let r = &mut self.net.replicas[replica as usize];
        r.link.sent = position;
        let mut pools = r.receiving.clone();
        if position == r.applied {
            pools.extend(&r.applying);
            r.turn = r.applied;
            r.waiting = Default::default();
        }
        for pool in pools {
            let p = &mut self.net.pools[pool as usize];
            for _ in 0..p.in_use {
                p.observed.let_go::<WATCHED>(now);
            }
            p.observed.end_all_work(now);
            p.in_use = 0;
        }
    }

    /// A replica loses its source; `first_try`: when it tries to reach it again.
    pub(super) fn disconnect_replica(&mut self, replica: u32, first_try: u64) {
        let received = self.net.replicas[replica as usize].received;
        self.drop_behind(replica, received);
        let r = &mut self.net.replicas[replica as usize];
        r.link.connected = false;
        let leaf = r.leaf;
        self.schedule_or_never(leaf, first_try);
    }

    /// A replica tries to reach its source.
    pub(super) fn try_to_connect(&mut self, replica: u32) {
        let r = &self.net.replicas[replica as usize];
        let (process, leaf) = (r.process, r.leaf);
        let d = &self.net.databases[r.database as usize];
        let (source, retry) = (d.processes[d.writer as usize], d.connect_retry);
        // a candidate for promotion is told to receive no more, but in a switchover until it has all
        let chosen = d.orchestrator.as_ref().is_some_and(|o| o.candidate() == Some(r.instance) && !o.still_receives());
        if r.link.connected || r.role != ReplicaRole::Follows || chosen || !self.runs(process) {
            return;
        }
        if !self.runs(source) || self.hangs(source) || !self.reaches(self.server_of(process), self.server_of(source)) {
            let again = self.now + retry;
            return self.schedule_or_never(leaf, again);
        }
        self.set.clear(leaf);
        let committed = self.net.databases[self.net.replicas[replica as usize].database as usize].committed;
        let link = &mut self.net.replicas[replica as usize].link;
        (link.connected, link.cut_since) = (true, None);
        let sent = link.sent;
        (sent + 1..=committed).for_each(|position| self.send_transaction(replica, position));
        self.readers_return(replica);
    }

    /// A replica tries again; or it has been made anew.
    #[cold]
    pub(super) fn replication_due(&mut self, leaf: u32, replica: u32) -> RequestId {
        self.set.clear(leaf);
        match self.net.replicas[replica as usize].role {
            ReplicaRole::Follows => self.try_to_connect(replica),
            ReplicaRole::Rebuilt => self.rebuilt(replica),
            ReplicaRole::Writer | ReplicaRole::Left => {}
        }
        NONE
    }

    /// Something has begun or ended to go wrong.
    #[cold]
    pub(super) fn databases_changed(&mut self) {
        for database in 0..self.net.databases.len() as u32 {
            for instance in 0..self.net.databases[database as usize].processes.len() as u32 {
                let process = self.net.databases[database as usize].processes[instance as usize];
                self.empty_buffer_pool(process);
                if instance == self.net.databases[database as usize].writer {
                    self.writer_changed(database, process);
                }
            }
            for at in 0..self.net.databases[database as usize].replica_of.len() {
                let replica = self.net.databases[database as usize].replica_of[at];
                if replica != NONE {
                    self.replica_changed(replica);
                }
            }
            self.stop_backup(database);
            self.watch(database);
        }
    }

    fn writer_changed(&mut self, database: u32, process: u32) {
        let stops = self.world.stops[process as usize];
        let now = self.now;
        let runs = self.runs(process) && !self.hangs(process);
        let gone = !self.runs(process);
        let silent = !self.has_power(self.server_of(process));
        let d = &mut self.net.databases[database as usize];
        if !runs {
            d.broken.begin(now);
        }
        if d.writer_stops != stops {
            d.writer_stops = stops;
            // they are in its binlog, and it commits them when it is back; their clients do not know
            d.unacknowledged = d.committed - d.acknowledged;
            d.broken.in_doubt += d.unacknowledged;
            (d.visible, d.acknowledged) = (d.committed, d.committed);
            if let Some(semi_sync) = &mut d.semi_sync {
                semi_sync.waiting.clear();
                semi_sync.turn_on(now);
            }
        }
        if gone {
            let first_try = now + if silent { d.net_timeout } else { d.connect_retry };
            for replica in d.replicas.clone() {
                if self.net.replicas[replica as usize].link.connected {
                    self.disconnect_replica(replica, first_try);
                }
            }
        }
    }

    fn replica_changed(&mut self, replica: u32) {
        let now = self.now;
        let r = &self.net.replicas[replica as usize];
        let (process, database) = (r.process, r.database as usize);
        let runs = self.runs(process);
        let stops = self.world.stops[process as usize];
        let source = self.net.databases[database].processes[self.net.databases[database].writer as usize];
        let reaches = self.reaches(self.server_of(process), self.server_of(source));
        let r = &mut self.net.replicas[replica as usize];
        if r.link.up != runs {
            (r.link.up, r.link.turned) = (runs, now);
        }
        let stopped = std::mem::replace(&mut r.link.stops, stops) != stops;
        match r.role {
            ReplicaRole::Follows => {
                if stopped {
                    r.received = r.applied;
                    self.disconnect_replica(replica, u64::MAX);
                }
                let net_timeout = self.net.databases[database].net_timeout;
                let link = &self.net.replicas[replica as usize].link;
                if link.connected && !reaches {
                    self.disconnect_replica(replica, now + net_timeout);
                    self.net.replicas[replica as usize].link.cut_since = Some(now);
                } else if !link.connected && runs && reaches {
                    // a connection that stood outlives a cut that is shorter than its timeout; who has just started
                    // does not wait for a time to try
                    let stands = link.cut_since.is_some_and(|since| now - since < net_timeout);
                    let leaf = self.net.replicas[replica as usize].leaf;
                    if stands || EventSet::is_idle(self.set.time_of(leaf)) {
                        self.try_to_connect(replica);
                    }
                }
            }
            ReplicaRole::Writer => {}
            ReplicaRole::Rebuilt | ReplicaRole::Left => {
                if stopped {
                    // nor does it apply the rest of a history that is none
                    r.received = r.applied;
                    let applied = r.applied;
                    r.forget_behind(now, applied);
                    self.drop_behind(replica, applied);
                }
                self.return_to_service(replica);
            }
        }
    }

    /// A process that has stopped begins with nothing in memory.
    fn empty_buffer_pool(&mut self, process: u32) {
        if !self.runs(process) {
            for pool in self.net.buffer_pools.iter_mut().filter(|pool| pool.process == process) {
                pool.empty();
            }
        }
    }

    /// Reads pages while the buffer pool is cold; `Some(step)`: go on there.
    #[inline(never)]
    pub(super) fn cold_reads(&mut self, id: RequestId, index: u32, at: StepId, warm: StepId) -> Option<StepId> {
        let read = self.net.cold_reads[index as usize];
        let pool = &mut self.net.buffer_pools[read.pool as usize];
        if !pool.cold {
            return Some(warm);
        }
        let request = &mut self.slab[id];
        let mut rng = Key(request.key).draw(read.purpose, request.visit as u32);
        let misses = pool.misses(read.pages, &mut rng);
        if misses == 0 {
            return Some(at + 2);
        }
        request.step = at + 1;
        self.serve(id, read.disk, round_nanos(f64::from(misses) * read.each_ns), at + 1)
    }

    /// What the disk's latency is longer than an operation occupies it; true: it passes.
    pub(super) fn cold_reads_done(&mut self, id: RequestId, index: u32) -> bool {
        let read = self.net.cold_reads[index as usize];
        let misses = (self.slab[id].work as f64 / read.each_ns).round();
        let rest = round_nanos(misses * read.rest_ns);
        if rest > 0 {
            self.delay(id, self.slab[id].step, self.now + rest);
        }
        rest > 0
    }

    /// Commit instants of what lies behind a position.
    pub(super) fn committed_behind(&self, database: u32, position: u64) -> VecDeque<u64> {
        let d = &self.net.databases[database as usize];
        (position + 1..=d.committed).map(|at| d.binlog.at(at).committed).collect()
    }
}

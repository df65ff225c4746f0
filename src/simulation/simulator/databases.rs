//! Routing of reads, group commit, and what replicas are told.

use super::Simulator;
use crate::model::database::{Logged, ReplicaRole, Rule};
use crate::model::program::Step;
use crate::model::request::{DEPTH_MAX, NONE, Request, RequestId};

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    pub(super) fn route(&mut self, router: u32) -> u32 {
        let r = &mut self.net.routers[router as usize];
        let turn = r.next;
        r.next += 1;
        match &mut r.rule {
            Rule::RoundRobin(servers) => servers[(turn % servers.len() as u64) as usize],
            Rule::MaxLag { limit_ns, fresh } => {
                fresh.clear();
                let database = &self.net.databases[r.database as usize];
                for &replica in &database.replicas {
                    let replica = &mut self.net.replicas[replica as usize];
                    if WATCHED && (replica.out || !replica.answered_poll(self.now)) {
                        continue;
                    }
                    if replica.polled_behind_ns(self.now) <= *limit_ns {
                        fresh.push(replica.instance);
                    }
                }
                if fresh.is_empty() { database.endpoint } else { fresh[(turn % fresh.len() as u64) as usize] }
            }
        }
    }

    /// True: this request leads its group and goes on; false: it gathers with others. Who finds the stage idle
    /// leads, once all who are on their way at this instant have joined: a group stays together from stage to
    /// stage, as in MySQL's `Stage_manager`.
    pub(super) fn join_stage(&mut self, id: RequestId, stage: u32, bytes: f64) -> bool {
        let now = self.now;
        let s = &mut self.net.stages[stage as usize];
        if s.forming == id {
            s.forming = NONE;
            std::mem::swap(&mut s.group, &mut s.gathering);
            s.group_bytes += std::mem::take(&mut s.gathering_bytes);
            return true;
        }
        self.slab[id].entered = now;
        if s.busy {
            s.observed.arrive::<WATCHED>(now, true);
            s.gathering.push(id);
            s.gathering_bytes += bytes;
            return false;
        }
        s.observed.arrive::<WATCHED>(now, false);
        s.observed.begin_work(now);
        s.busy = true;
        s.group_bytes = bytes;
        s.groups += 1;
        // the leader's own entry, for the figures of its leaving
        s.leader_entered = now;
        s.began = now;
        s.forming = id;
        // back to its JoinStage, behind the others
        self.slab[id].step -= 1;
        self.ready.push_back(id);
        false
    }

    /// The leader and its followers leave together; the first of those who gathered leads the next group.
    pub(super) fn leave_stage(&mut self, stage: u32) {
        let now = self.now;
        let s = &mut self.net.stages[stage as usize];
        s.observed.depart::<WATCHED>(now, s.leader_entered, now - s.began);
        for &follower in &s.group {
            s.observed.depart::<WATCHED>(now, self.slab[follower].entered, now - s.began);
            // a follower stopped behind its own JoinStage, which says where followers go on
            let join = self.slab[follower].step - 1;
            self.slab[follower].step = match self.net.steps[join as usize] {
                Step::JoinStage { after, .. } => after,
                other => panic!("a follower stopped at {other:?}"),
            };
            self.ready.push_back(follower);
        }
        s.group.clear();
        if s.gathering.is_empty() {
            s.busy = false;
            s.observed.end_work(now);
            return;
        }
        std::mem::swap(&mut s.group, &mut s.gathering);
        s.group_bytes = s.gathering_bytes;
        s.gathering_bytes = 0.0;
        s.groups += 1;
        let leader = s.group.remove(0);
        s.leader_entered = self.slab[leader].entered;
        s.began = now;
        self.ready.push_back(leader);
    }

    pub(super) fn commit(&mut self, id: RequestId, database: u32, transaction: u32, instance: u32) {
        let now = self.now;
        let broken = WATCHED && !self.net.faults.is_empty();
        let user = self.slab[id].user;
        let d = &mut self.net.databases[database as usize];
        if instance != d.writer {
            // whom clients still reach, and whose replica is the primary already
            d.broken.lost += 1;
            return;
        }
        d.committed += 1;
        let position = d.committed;
        match &d.semi_sync {
            Some(semi_sync) if semi_sync.on => {
                if semi_sync.after_commit {
                    d.visible = position;
                }
            }
            _ => {
                d.visible = position;
                d.acknowledged = position;
            }
        }
        if user != NONE {
            let user = user as usize;
            if user >= d.last_commit_of_user.len() {
                d.last_commit_of_user.resize(user + 1, 0);
            }
            d.last_commit_of_user[user] = d.committed;
        }
        if broken {
            d.broken.end(now);
            let Request { key, class, visit, given, .. } = self.slab[id];
            d.binlog.entries.push_back(Logged { transaction, class, visit, key, committed: now, given });
        }
        for i in 0..self.net.databases[database as usize].replicas.len() {
            let replica = self.net.databases[database as usize].replicas[i];
            self.net.replicas[replica as usize].commit(now);
            if !broken {
                let d = &self.net.databases[database as usize];
                let to = self.net.replicas[replica as usize].instance;
                let step = d.applies[d.apply_at(transaction, instance, to)];
                let child = self.child(id, step);
                // the caller's frames stay with the caller
                let event = &mut self.slab[child];
                event.arrived = now;
                event.parent = (position - 1) as u32;
                event.source = NONE;
                event.depth = 0;
                event.frames = [Default::default(); DEPTH_MAX];
                self.ready.push_back(child);
            } else if self.net.replicas[replica as usize].link.connected {
                self.send_transaction(replica, position);
            }
        }
    }

    pub(super) fn applied(&mut self, id: RequestId, replica: u32) {
        let committed = self.slab[id].arrived;
        self.net.replicas[replica as usize].apply(self.now, committed);
        if WATCHED && !self.net.faults.is_empty() {
            self.applied_by(replica);
        }
    }

    pub(super) fn read_at(&mut self, id: RequestId, replica: u32) {
        let request = &self.slab[id];
        if self.net.replicas[replica as usize].role == ReplicaRole::Writer {
            return;
        }
        let database = &self.net.databases[self.net.replicas[replica as usize].database as usize];
        let own = match request.user {
            NONE => 0,
            user => database.last_commit_of_user.get(user as usize).copied().unwrap_or(0),
        };
        let visible = database.visible;
        self.net.replicas[replica as usize].read(visible, own);
    }
}

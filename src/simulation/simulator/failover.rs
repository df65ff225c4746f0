//! Failovers: an orchestrator's checks, the candidate that is promoted, the clients' switch, and the return of the old
//! primary. The state machine itself is `model/orchestrator.rs`.

use super::Simulator;
use crate::engine::event_set::EventSet;
use crate::model::database::{Replica, ReplicaRole, Rule, Targets};
use crate::model::orchestrator::{Check, Next, Phase};
use crate::model::request::{NONE, RequestId};

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// What a check of the primary would find now.
    pub(super) fn check_primary(&self, database: u32) -> Check {
        let d = &self.net.databases[database as usize];
        let process = d.processes[d.writer as usize];
        let server = d.orchestrator.as_ref().map_or(NONE, |o| o.server);
        if !self.reaches(server, self.server_of(process)) || self.hangs(process) {
            return Check::Silent;
        }
        if self.runs(process) { Check::Answered } else { Check::Refused }
    }

    /// Something has changed: checks are made while the primary does not answer; in between nobody is woken.
    pub(super) fn watch(&mut self, database: u32) {
        let now = self.now;
        let found = self.check_primary(database);
        let d = &self.net.databases[database as usize];
        let Some(orchestrator) = &d.orchestrator else { return };
        let (phase, leaf) = (orchestrator.phase, orchestrator.leaf);
        match phase {
            Phase::Watching => {
                let idle = EventSet::is_idle(self.set.time_of(leaf));
                if found != Check::Answered && idle {
                    let next = orchestrator.next_check(now);
                    self.schedule(leaf, next);
                }
            }
            Phase::Draining { candidate } | Phase::Promoting { candidate } => {
                let (candidate, planned) = (d.processes[candidate as usize], orchestrator.planned);
                if !self.runs(candidate) {
                    self.take_writes_again(database);
                    let next = self.orchestrator(database).abandon(now);
                    self.follow_up(database, next);
                } else if planned && found != Check::Answered {
                    self.primary_is_gone_meanwhile(database);
                }
            }
            Phase::Checking | Phase::Switching { .. } => {}
        }
    }

    pub(super) fn orchestrator(&mut self, database: u32) -> &mut crate::model::orchestrator::Orchestrator {
        self.net.databases[database as usize].orchestrator.as_mut().expect("somebody watches this database")
    }

    /// The time has come for whatever the orchestrator waits for.
    #[cold]
    pub(super) fn orchestrator_due(&mut self, leaf: u32, database: u32) -> RequestId {
        self.set.clear(leaf);
        let now = self.now;
        let server = self.orchestrator(database).server;
        if !self.has_power(server) {
            // whoever watches is gone himself; he begins anew when he is back
            self.take_writes_again(database);
            let orchestrator = self.orchestrator(database);
            (orchestrator.failed, orchestrator.phase, orchestrator.planned) = (0, Phase::Watching, false);
            return NONE;
        }
        let next = match self.orchestrator(database).phase {
            Phase::Watching => {
                let found = self.check_primary(database);
                self.orchestrator(database).checked(now, found)
            }
            Phase::Checking => self.orchestrator(database).check_failed(now),
            Phase::Draining { candidate } => {
                if self.orchestrator(database).planned {
                    let replica = self.net.databases[database as usize].replica_of[candidate as usize];
                    self.disconnect_replica(replica, u64::MAX);
                }
                self.orchestrator(database).drained(now)
            }
            Phase::Promoting { candidate } => self.promote(database, candidate),
            Phase::Switching { candidate } => {
                self.switch(database, candidate);
                Next::Rest
            }
        };
        self.follow_up(database, next);
        NONE
    }

    fn follow_up(&mut self, database: u32, next: Next) {
        let leaf = self.orchestrator(database).leaf;
        match next {
            Next::At(time) => self.schedule(leaf, time),
            Next::Choose => self.choose_candidate(database),
            Next::Rest => {}
        }
    }

    /// The candidate that has received most, of those who are there.
    pub(super) fn best_candidate(&self, database: u32, wanted: impl Fn(&Replica) -> bool) -> Option<u32> {
        let d = &self.net.databases[database as usize];
        let orchestrator = d.orchestrator.as_ref()?;
        let there = |r: &&Replica| {
            self.runs(r.process)
                && !self.hangs(r.process)
                && self.reaches(orchestrator.server, self.server_of(r.process))
                && wanted(r)
        };
        let usable = d.replicas.iter().map(|&replica| &self.net.replicas[replica as usize]).filter(there);
        let usable: Vec<(u32, u64)> = usable.map(|r| (r.instance, r.received)).collect();
        orchestrator.choose(&usable)
    }

    /// Takes the replica that has received most, and has it receive no more.
    fn choose_candidate(&mut self, database: u32) {
        let now = self.now;
        let candidate = self.best_candidate(database, |_| true);
        let d = &self.net.databases[database as usize];
        let (writer, died) = (d.writer, d.broken.since.unwrap_or(now));
        let Some(candidate) = candidate else {
            let leaf = self.orchestrator(database).leaf;
            let again = now + self.orchestrator(database).check_interval;
            return self.schedule(leaf, again);
        };
        self.orchestrator(database).begin(now, died, writer, candidate);
        self.tell_role(database, writer, "is given up", true);
        let replica = self.net.databases[database as usize].replica_of[candidate as usize];
        self.disconnect_replica(replica, u64::MAX);
        self.candidate_has_applied(database, replica);
    }

    pub(super) fn tell_role(&mut self, database: u32, instance: u32, what: &str, bad: bool) {
        let d = &self.net.databases[database as usize];
        let server = &self.net.replicas[d.replica_of[instance as usize] as usize].server;
        let what = format!("{} on {server} {what}", d.name);
        self.note(what, bad);
    }

    /// A replica has applied something: perhaps all that a candidate for promotion waits for.
    pub(super) fn candidate_has_applied(&mut self, database: u32, replica: u32) {
        let r = &self.net.replicas[replica as usize];
        let (instance, mut all) = (r.instance, r.applied == r.received);
        let d = &self.net.databases[database as usize];
        let Some(orchestrator) = &d.orchestrator else { return };
        if orchestrator.planned {
            all &= r.received == d.committed && !self.still_writes(database);
        }
        if all && orchestrator.phase == (Phase::Draining { candidate: instance }) {
            let leaf = orchestrator.leaf;
            self.schedule(leaf, self.now);
        }
    }

    /// The candidate is opened for writes: what it does not hold is lost, and replicas that hold more than it are of
    /// no use any more.
    fn promote(&mut self, database: u32, candidate: u32) -> Next {
        let now = self.now;
        let d = &mut self.net.databases[database as usize];
        let (old, new) = (d.replica_of[d.writer as usize], d.replica_of[candidate as usize]);
        let position = self.net.replicas[new as usize].applied;
        let held = d.committed;
        let lost = d.acknowledged.saturating_sub(d.unacknowledged).saturating_sub(position);
        let in_doubt = d.unacknowledged + (d.committed - d.acknowledged);
        d.broken.lost += lost;
        // those who still wait at a primary that lives are on their own
        d.broken.in_doubt += d.committed - d.acknowledged;
        let waiting = d.semi_sync.as_mut().map(|s| {
            s.turn_on(now);
            std::mem::take(&mut s.waiting)
        });
        (d.committed, d.visible, d.acknowledged, d.unacknowledged) = (position, position, position, 0);
        d.binlog.truncate(position);
        d.writer = candidate;
        d.writer_stops = self.world.stops[d.processes[candidate as usize] as usize];
        d.replicas.retain(|&replica| replica != new);
        let followers = d.replicas.clone();
        for (_, id) in waiting.into_iter().flatten() {
            let request = &mut self.slab[id];
            request.epoch = request.epoch.wrapping_add(1);
            self.ready.push_back(id);
        }
        self.net.replicas[old as usize].follow(now, held, Default::default());
        self.net.replicas[old as usize].role = ReplicaRole::Left;
        self.net.replicas[old as usize].out = self.is_maintained(self.net.replicas[old as usize].process);
        for r in self.net.replicas.iter_mut().filter(|r| r.database == database && r.role == ReplicaRole::Left) {
            r.diverged |= r.received > position;
        }
        let r = &mut self.net.replicas[new as usize];
        r.forget_behind(now, position);
        r.role = ReplicaRole::Writer;
        r.out = false;
        let process = r.process;
        self.world.read_only.remove(&process);
        for replica in followers {
            self.repoint(replica, position);
        }
        self.orchestrator(database).promoted(now, lost, in_doubt)
    }

    /// A replica of the old primary follows the new one, which begins at a position.
    fn repoint(&mut self, replica: u32, position: u64) {
        let now = self.now;
        let received = self.net.replicas[replica as usize].received;
        self.disconnect_replica(replica, u64::MAX);
        if received > position {
            // it goes on to apply what it has received, for a history that is none
            let r = &mut self.net.replicas[replica as usize];
            r.forget_behind(now, received);
            r.diverged = true;
            r.role = ReplicaRole::Left;
            let database = r.database as usize;
            self.net.databases[database].replicas.retain(|&other| other != replica);
            return;
        }
        self.net.replicas[replica as usize].forget_behind(now, position);
        self.try_to_connect(replica);
    }

    /// Clients learn of the new primary. Who waits for the old one to take up a connection comes to the new one.
    fn switch(&mut self, database: u32, candidate: u32) {
        let now = self.now;
        let d = &mut self.net.databases[database as usize];
        let old = d.processes[d.endpoint as usize];
        d.endpoint = candidate;
        self.set_routers(database);
        let new = self.net.databases[database as usize].processes[candidate as usize];
        self.redirect_silent(old, candidate, new);
        self.orchestrator(database).switched(now);
        self.tell_role(database, candidate, "takes the writes", false);
        for at in 0..self.net.databases[database as usize].replica_of.len() {
            let replica = self.net.databases[database as usize].replica_of[at];
            self.return_to_service(replica);
        }
        self.watch(database);
    }

    /// Routers know who is what.
    pub(super) fn set_routers(&mut self, database: u32) {
        let d = &self.net.databases[database as usize];
        let replicas = d.replicas.iter().map(|&r| &self.net.replicas[r as usize]).filter(|r| !r.out);
        let replicas: Vec<u32> = replicas.map(|r| r.instance).collect();
        for router in self.net.routers.iter_mut().filter(|router| router.database == database) {
            let Rule::RoundRobin(servers) = &mut router.rule else { continue };
            *servers = match router.to {
                Targets::Replicas if !replicas.is_empty() => replicas.clone(),
                Targets::Primary | Targets::Replicas => vec![d.endpoint],
                Targets::All => std::iter::once(d.endpoint).chain(replicas.iter().copied()).collect(),
            };
        }
    }

    /// A server that was left behind follows again, when it can: at once if it holds nothing that the primary lacks,
    /// else once it is made anew.
    pub(super) fn return_to_service(&mut self, replica: u32) {
        let now = self.now;
        let r = &self.net.replicas[replica as usize];
        let (process, database, leaf) = (r.process, r.database, r.leaf);
        let d = &self.net.databases[database as usize];
        let writer = d.processes[d.writer as usize];
        let there = self.runs(process) && !self.hangs(process) && self.runs(writer);
        let watched = d.orchestrator.as_ref().is_some_and(|o| !matches!(o.phase, Phase::Switching { .. }));
        if !there || !watched || !self.reaches(self.server_of(process), self.server_of(writer)) {
            return;
        }
        match r.role {
            ReplicaRole::Left if !r.diverged => self.follow_again(replica, r.received),
            ReplicaRole::Left => {
                let rebuild = self.orchestrator(database).rebuild;
                self.net.replicas[replica as usize].role = ReplicaRole::Rebuilt;
                self.purge_binlog(database);
                self.schedule(leaf, now + rebuild);
            }
            ReplicaRole::Rebuilt if EventSet::is_idle(self.set.time_of(leaf)) => {
                let rebuild = self.orchestrator(database).rebuild;
                self.schedule(leaf, now + rebuild);
            }
            ReplicaRole::Rebuilt | ReplicaRole::Follows | ReplicaRole::Writer => {}
        }
    }

    /// A server is as the primary is now; if one of both is down, it is made anew when they are back.
    pub(super) fn rebuilt(&mut self, replica: u32) {
        let r = &self.net.replicas[replica as usize];
        let d = &self.net.databases[r.database as usize];
        let (process, writer, committed) = (r.process, d.processes[d.writer as usize], d.committed);
        if !self.runs(process) || !self.runs(writer) {
            return;
        }
        if r.link.pipeline.is_empty() {
            return self.follow_again(replica, committed);
        }
        // it still applies what it had received of the old primary
        let (leaf, again) = (r.leaf, self.now + d.connect_retry);
        self.schedule(leaf, again);
    }

    fn follow_again(&mut self, replica: u32, position: u64) {
        let now = self.now;
        let database = self.net.replicas[replica as usize].database;
        let pending = self.committed_behind(database, position);
        let r = &mut self.net.replicas[replica as usize];
        r.link.connected = false;
        r.follow(now, position, pending);
        let d = &mut self.net.databases[database as usize];
        d.replicas.push(replica);
        d.replicas.sort_unstable();
        self.set_routers(database);
        self.try_to_connect(replica);
    }
}

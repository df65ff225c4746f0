//! The maintenance of a database: readers leave a replica alone until it has caught up again, and a primary hands its
//! writes over to a candidate before it stops, so that nothing is lost.

use super::Simulator;
use crate::model::orchestrator::{Check, Phase};
use crate::model::program::StepId;
use crate::model::request::{NONE, RequestId};

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// A maintenance begins or ends for a process: if it is a database's, its readers learn of it, and its writes move.
    pub(super) fn change_maintenance(&mut self, process: u32, begins: bool) {
        let Some((database, instance)) = self.place_in_database(process) else { return };
        let replica = self.net.databases[database as usize].replica_of[instance as usize];
        if replica != NONE && begins {
            let r = &mut self.net.replicas[replica as usize];
            r.out = instance != self.net.databases[database as usize].writer;
            self.set_routers(database);
            self.switch_over(process);
        } else if replica != NONE {
            self.readers_return(replica);
        }
    }

    /// The database that a process belongs to, and its number there.
    fn place_in_database(&self, process: u32) -> Option<(u32, u32)> {
        (0..self.net.databases.len()).find_map(|database| {
            let at = self.net.databases[database].processes.iter().position(|&other| other == process)?;
            Some((database as u32, at as u32))
        })
    }

    pub(super) fn is_maintained(&self, process: u32) -> bool {
        self.net.faults.iter().any(|fault| fault.active && fault.drained.contains(&process))
    }

    /// Readers choose a replica again that is not maintained any more and has caught up.
    pub(super) fn readers_return(&mut self, replica: u32) {
        let r = &self.net.replicas[replica as usize];
        let (process, database) = (r.process, r.database);
        if r.out && r.has_caught_up() && !self.is_maintained(process) {
            self.net.replicas[replica as usize].out = false;
            self.set_routers(database);
        }
    }

    /// Has the writes of a process taken over by another, if it takes any and somebody can: true while they are its own.
    pub(super) fn switch_over(&mut self, process: u32) -> bool {
        let Some((database, instance)) = self.place_in_database(process) else { return false };
        let d = &self.net.databases[database as usize];
        let Some(orchestrator) = &d.orchestrator else { return false };
        if instance == d.writer && orchestrator.phase == Phase::Watching && self.runs(process) {
            self.begin_switchover(database, process);
        }
        let d = &self.net.databases[database as usize];
        self.runs(process) && (instance == d.writer || instance == d.endpoint)
    }

    /// A maintenance has ended before anybody had taken over what a process is needed for.
    pub(super) fn was_not_maintained(&mut self, process: u32) {
        if let Some((database, instance)) = self.place_in_database(process) {
            self.tell_role(database, instance, "was not maintained: nobody took its writes over in time", false);
        }
    }

    /// The primary takes no writes any more; those that it has begun end, and the candidate applies all of them.
    fn begin_switchover(&mut self, database: u32, process: u32) {
        let now = self.now;
        let server = self.orchestrator(database).server;
        let answers = self.has_power(server) && self.check_primary(database) == Check::Answered;
        let candidate = self.best_candidate(database, |r| r.link.connected && !r.out && !self.is_maintained(r.process));
        let Some(candidate) = candidate.filter(|_| answers) else { return };
        let d = &mut self.net.databases[database as usize];
        let (writer, replica) = (d.writer, d.replica_of[candidate as usize]);
        d.broken.begin(now);
        let orchestrator = self.orchestrator(database);
        orchestrator.begin(now, now, writer, candidate);
        orchestrator.planned = true;
        // a check of the primary may have been due
        let leaf = orchestrator.leaf;
        self.set.clear(leaf);
        self.world.read_only.insert(process);
        let begun = self.writes_at(process);
        self.world.writes_begun.extend(begun.into_iter().map(|id| (id, process)));
        self.tell_role(database, writer, "hands its writes over", false);
        self.candidate_has_applied(database, replica);
    }

    /// Who is in a transaction that writes; or works on for nobody, perhaps in one.
    fn writes_at(&self, process: u32) -> Vec<RequestId> {
        let writes = |id: &RequestId| {
            let request = &self.slab[*id];
            let Some(level) = (request.depth as usize).checked_sub(1) else { return false };
            let frame = request.frames[level];
            let nobody = frame.after == self.net.orphan_end;
            self.net.process_of_step[request.step as usize] == process
                && (nobody || self.net.writing.contains(&self.first_step_of(frame.after - 1, frame.chosen as u32)))
        };
        self.slab.live().filter(writes).collect()
    }

    pub(super) fn refuses_writes(&self, process: u32, first: StepId) -> bool {
        self.world.read_only.contains(&process) && self.net.writing.contains(&first)
    }

    /// A request has come back from where it was called; perhaps it was the last write that a candidate waits for.
    pub(super) fn write_has_ended(&mut self, id: RequestId) {
        let Some(process) = self.world.writes_begun.remove(&id) else { return };
        let Some((database, _)) = self.place_in_database(process) else { return };
        let d = &self.net.databases[database as usize];
        if let Some(candidate) = d.orchestrator.as_ref().and_then(|o| o.candidate()) {
            self.candidate_has_applied(database, d.replica_of[candidate as usize]);
        }
    }

    /// Whether the primary has begun writes before it refused others.
    pub(super) fn still_writes(&self, database: u32) -> bool {
        let d = &self.net.databases[database as usize];
        let process = d.processes[d.writer as usize];
        self.world.writes_begun.values().any(|other| *other == process)
    }

    /// A failover comes to nothing: the primary, if it is there, takes writes as before.
    pub(super) fn take_writes_again(&mut self, database: u32) {
        let d = &self.net.databases[database as usize];
        let process = d.processes[d.writer as usize];
        self.world.read_only.remove(&process);
        self.world.writes_begun.retain(|_, other| *other != process);
    }

    /// The primary has died, or answers no more, before its writes were taken over: the candidate takes what it has.
    pub(super) fn primary_is_gone_meanwhile(&mut self, database: u32) {
        let d = &self.net.databases[database as usize];
        let process = d.processes[d.writer as usize];
        self.world.writes_begun.retain(|_, other| *other != process);
        self.orchestrator(database).planned = false;
        let d = &self.net.databases[database as usize];
        if let Some(candidate) = d.orchestrator.as_ref().and_then(|o| o.candidate()) {
            let replica = d.replica_of[candidate as usize];
            self.disconnect_replica(replica, u64::MAX);
            self.candidate_has_applied(database, replica);
        }
    }
}

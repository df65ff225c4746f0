//! The door behind which ids are not checked any more: every id in a compiled network lies inside the array
//! that it means, and no program runs off the end.

use super::network::{Leaf, Network};
use super::program::{Draw, Link, NOT_GIVEN, Step};
use super::request::NONE;
use super::station::Patience;

impl Network {
    /// Panics where an id of a step, a table or a station is none: a mistake of the compiler, never of a user.
    pub fn check(&self) {
        for (at, step) in self.steps.iter().enumerate() {
            self.check_step(*step);
            let ends = matches!(
                step,
                Step::Jump { .. }
                    | Step::Begin { .. }
                    | Step::Return
                    | Step::Accept
                    | Step::CheckEnd { .. }
                    | Step::End
                    | Step::BranchEnd
                    | Step::AttemptEnd
                    | Step::Gone
            );
            assert!(ends || at + 1 < self.steps.len(), "the last step, {step:?}, goes on to the next");
        }
        for table in &self.switches {
            assert!(!table.targets.is_empty(), "a switch has targets");
            table.targets.iter().for_each(|&(_, to)| self.step(to));
        }
        let applies = self.databases.iter().flat_map(|database| &database.applies);
        self.forks.iter().flatten().chain(&self.entries).chain(applies).for_each(|&to| self.step(to));
        self.step(self.orphan_end);
        self.links.iter().for_each(|link| self.check_link(link));
        self.draws.iter().for_each(check_draw);
        for &leaf in &self.leaves {
            match leaf {
                Leaf::FcfsWorker(i) | Leaf::FcfsHeap(i) => inside(i, self.fcfs.len()),
                Leaf::Sharing(i) | Leaf::Card(i) => inside(i, self.sharing.len()),
                Leaf::Line(i) => inside(i, self.lines.len()),
                // looked up with a check at each use
                Leaf::Source(_)
                | Leaf::PriorityWorker(_)
                | Leaf::Timeouts(_)
                | Leaf::Delays
                | Leaf::Patiences
                | Leaf::Restart(_)
                | Leaf::Backup(_)
                | Leaf::Replication(_)
                | Leaf::Orchestrator(_)
                | Leaf::Fault(_)
                | Leaf::Vrrp(_)
                | Leaf::Retransmissions => {}
                Leaf::Check(check) | Leaf::Warming(check) => {
                    inside(check, self.checks.len());
                    self.step(self.checks[check as usize].entry);
                }
            }
        }
        let patiences = self.fcfs.iter().map(|s| s.patience).chain(self.pools.iter().map(|p| p.patience));
        for patience in patiences.chain(self.priority.iter().map(|s| s.patience)).flatten() {
            match patience {
                Patience::Line(line) => inside(line, self.timeouts.len()),
                Patience::Drawn => inside(self.patiences.leaf, self.leaves.len()),
            }
        }
    }

    fn step(&self, to: u32) {
        inside(to, self.steps.len());
    }

    fn draw(&self, draw: u32) {
        inside(draw, self.draws.len());
    }

    fn check_step(&self, step: Step) {
        match step {
            Step::Attempt { clients, first, again } => {
                inside(clients, self.clients.len());
                self.step(first);
                self.step(again);
            }
            Step::Retry { clients, attempt } => {
                inside(clients, self.clients.len());
                self.step(attempt);
            }
            Step::Serve { station, draw, fail } => {
                inside(station, self.fcfs.len());
                self.draw(draw);
                self.step(fail);
            }
            Step::Share { station, draw } => {
                inside(station, self.sharing.len());
                self.draw(draw);
            }
            Step::ServeByRank { station, draw, fail } => {
                inside(station, self.priority.len());
                self.draw(draw);
                self.step(fail);
            }
            Step::Delay { line } => inside(line, self.lines.len()),
            Step::Acquire { pool, fail, .. } => {
                inside(pool, self.pools.len());
                self.step(fail);
            }
            Step::Release { pool, next } => {
                inside(pool, self.pools.len());
                self.step(next);
            }
            Step::Branch { draw, otherwise: to, .. } | Step::Again { draw, back: to, .. } => {
                self.draw(draw);
                self.step(to);
            }
            Step::Switch { draw, table } => {
                self.draw(draw);
                inside(table, self.switches.len());
            }
            Step::Jump { to } | Step::Fail { to, .. } | Step::Join { fail: to } | Step::Spawn { to } => self.step(to),
            Step::Dispatch { dispatcher, fail } => {
                inside(dispatcher, self.dispatchers.len());
                self.step(fail);
            }
            Step::Undispatch { dispatcher, next } => {
                inside(dispatcher, self.dispatchers.len());
                self.step(next);
            }
            Step::PropagateFailure { links } => inside(links, self.links.len()),
            Step::TryAgain { proxy, call, .. } => {
                inside(proxy, self.proxies.len());
                self.step(call);
            }
            Step::CheckEnd { check } => inside(check, self.checks.len()),
            Step::Answer { .. } | Step::Pause => {}
            Step::Deadline { timeouts, .. } => inside(timeouts, self.timeouts.len()),
            Step::Route { router } => inside(router, self.routers.len()),
            Step::TowardAddress { vrrp } => inside(vrrp, self.vrrps.len()),
            Step::CallChosen { entries, fail } => {
                inside(entries, self.entries.len());
                self.step(fail);
            }
            Step::CallFixed { to, fail, .. } => {
                self.step(to);
                self.step(fail);
            }
            Step::Send { links, draw } | Step::Receive { links, draw } => {
                inside(links, self.links.len());
                self.draw(draw);
            }
            Step::Propagate { links } => inside(links, self.links.len()),
            Step::Fork { table } => inside(table, self.forks.len()),
            Step::JoinStage { stage, draw, after } => {
                inside(stage, self.stages.len());
                self.draw(draw);
                self.step(after);
            }
            Step::WriteGroup { stage, disk, draw } => {
                inside(stage, self.stages.len());
                inside(disk, self.fcfs.len());
                self.draw(draw);
            }
            Step::SyncDue { stage, skip, .. } => {
                inside(stage, self.stages.len());
                self.step(skip);
            }
            Step::LeaveStage { stage } => inside(stage, self.stages.len()),
            Step::Commit { database, transaction, instance } => {
                inside(database, self.databases.len());
                let database = &self.databases[database as usize];
                inside(instance, database.processes.len());
                let to = database.processes.len() as u32 - 1;
                inside(database.apply_at(transaction, instance, to) as u32, database.applies.len());
            }
            Step::ColdReads { index, warm } => {
                inside(index, self.cold_reads.len());
                self.step(warm);
            }
            Step::ColdReadsDone { index } => inside(index, self.cold_reads.len()),
            Step::NextRead { database, done } => {
                inside(database, self.databases.len());
                self.step(done);
            }
            Step::AwaitAcknowledgement { database, .. } => inside(database, self.databases.len()),
            Step::SyncRelayLog { skip, .. } => self.step(skip),
            Step::Acknowledge { replica, report } => {
                inside(replica, self.replicas.len());
                self.step(report);
            }
            Step::Received { replica }
            | Step::Acknowledged { replica }
            | Step::AwaitTurn { replica }
            | Step::PassTurn { replica }
            | Step::Applied { replica }
            | Step::ReadAt { replica } => inside(replica, self.replicas.len()),
            Step::TakeMemory { process, draw, fail } => {
                inside(process, self.processes.len());
                self.draw(draw);
                self.step(fail);
            }
            Step::FreeMemory { process, draw } => {
                inside(process, self.processes.len());
                self.draw(draw);
            }
            Step::SwapIn { memory, disk } => {
                inside(memory, self.memories.len());
                inside(disk, self.fcfs.len());
            }
            Step::DelayDrawn { draw, .. } => self.draw(draw),
            Step::Return
            | Step::Accept
            | Step::BranchEnd
            | Step::AttemptEnd
            | Step::Gone
            | Step::Visit { .. }
            | Step::Think { .. }
            | Step::Begin { .. }
            | Step::End => {}
        }
    }

    fn check_link(&self, link: &Link) {
        for card in [link.caller_out, link.callee_in, link.callee_out, link.caller_in] {
            assert!(card == NONE || (card as usize) < self.sharing.len(), "a link's card is a station");
        }
        assert!(link.line == NONE || (link.line as usize) < self.lines.len(), "a link's line is one");
    }
}

fn check_draw(draw: &Draw) {
    assert!(draw.column == NOT_GIVEN || draw.column < 3, "a trace supplies three columns");
}

fn inside(id: u32, length: usize) {
    assert!((id as usize) < length, "id {id} of an array of {length}");
}

//! A process stops: what it works on is lost, what it holds is free, and its callers learn of it at once (a process
//! that was killed resets its connections) or not at all (a server without power says nothing).

use super::Simulator;
use super::silence::Sent;
use crate::model::program::{Step, StepId};
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::FailureReason;

/// What the callers of a stopped process see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Reset(FailureReason),
    Silent,
}

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// Work that the system does for itself is kept: what a replica has received it has on its disk.
    pub(super) fn stop_process(&mut self, process: u32, stop: Stop) {
        self.world.stops[process as usize] += 1;
        let mut lost: Vec<(RequestId, usize)> = Vec::new();
        for id in self.slab.live() {
            let request = &self.slab[id];
            let depth = request.depth as usize;
            let of_step = |step: u32| self.net.process_of_step[step as usize];
            let level = (0..depth).find(|&level| of_step(request.frames[level].after) == process);
            if let Some(level) = level.or_else(|| (of_step(request.step) == process).then_some(depth))
                && level > 0
            {
                lost.push((id, level));
            }
        }
        // all are taken out before anybody is told, so that nobody is looked for among those who were
        let mut callers = Vec::with_capacity(lost.len());
        for (id, level) in lost {
            let caller = if level < self.slab[id].depth as usize {
                self.part(id, level)
            } else {
                self.detach(id);
                id
            };
            callers.push((caller, level));
        }
        for (caller, level) in callers {
            self.tell(caller, level, process, stop);
        }
        self.free_all_of(process);
        self.forget_connections(process, stop != Stop::Silent);
    }

    /// The caller of a stopped process, whose frame was at `level`, learns of it or waits.
    fn tell(&mut self, caller: RequestId, level: usize, process: u32, stop: Stop) {
        let request = &mut self.slab[caller];
        request.pending = 0;
        request.depth = level as u8;
        let after = request.frames[level - 1].after;
        let nobody = after == self.net.orphan_end;
        match stop {
            Stop::Silent if !nobody => {
                request.depth = level as u8 - 1;
                request.step = after;
                let booked = WATCHED && self.is_booked();
                if booked {
                    self.book_passed(caller);
                }
                self.fall_silent(caller, Sent::Nothing, process);
                if booked {
                    self.book_stop(caller, false);
                }
            }
            _ => {
                request.failure = match stop {
                    Stop::Reset(reason) => reason as u8,
                    Stop::Silent => FailureReason::ConnectionReset as u8,
                };
                let step = self.return_step(caller);
                self.slab[caller].step = step;
                self.ready.push_back(caller);
            }
        }
    }

    /// Parts a request at a level: what lies above it works on for nobody, under its old number; what lies below gets
    /// a new one, which is returned.
    pub(super) fn part(&mut self, id: RequestId, level: usize) -> RequestId {
        let mut caller = self.slab[id];
        caller.depth = level as u8;
        caller.pending = 0;
        let caller = self.slab.insert(caller);
        if let Some(log) = &mut self.log {
            log.moved(id, caller);
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.moved(self.now, id, caller);
        }
        if let Some(trails) = &mut self.trails {
            trails.moved(self.now, id, caller);
        }
        let parent = self.slab[caller].parent;
        if parent != NONE && matches!(self.net.steps[self.slab[parent].step as usize - 1], Step::Attempt { .. }) {
            // the client's attempt lives on in another place
            self.slab[parent].work = caller as u64;
        }
        let end = self.net.orphan_end;
        let orphan = &mut self.slab[id];
        // of who has called it nobody is left, for a later kill to find
        for frame in &mut orphan.frames[..=level] {
            frame.after = end;
        }
        orphan.parent = NONE;
        orphan.user = NONE;
        self.move_deadlines(id, caller, level);
        self.clear_deadline(id, level);
        caller
    }

    /// The process that a request has called from a depth.
    pub(super) fn callee_of(&self, id: RequestId, level: usize) -> u32 {
        let frame = self.slab[id].frames[level];
        self.net.process_of_step[self.first_step_of(frame.after - 1, frame.chosen as u32) as usize]
    }

    /// Where the program begins that a call goes to.
    pub(super) fn first_step_of(&self, call: StepId, chosen: u32) -> StepId {
        match self.net.steps[call as usize] {
            Step::CallChosen { entries, .. } => self.net.entries[(entries + chosen) as usize],
            Step::CallFixed { to, .. } => to,
            other => panic!("{other:?} is no call"),
        }
    }

    /// What a stopped process held is free, and nobody waits for it any more: those who did were taken out.
    fn free_all_of(&mut self, process: u32) {
        let now = self.now;
        for pool in indices_of(&self.net.process_of_pool, process) {
            let pool = &mut self.net.pools[pool];
            for _ in 0..pool.in_use {
                pool.observed.let_go::<WATCHED>(now);
            }
            pool.observed.end_all_work(now);
            pool.in_use = 0;
        }
        for dispatcher in indices_of(&self.net.process_of_dispatcher, process) {
            let d = &mut self.net.dispatchers[dispatcher];
            for server in 0..d.bound.len() {
                for _ in 0..d.balancer.served(server) {
                    d.balancer.release(server);
                    d.pool.observed.let_go::<WATCHED>(now);
                }
            }
            d.pool.observed.end_all_work(now);
            self.forget_states(dispatcher);
        }
        for stage in indices_of(&self.net.process_of_stage, process) {
            let s = &mut self.net.stages[stage];
            let followers = std::mem::take(&mut s.group).into_iter().map(|id| self.slab[id].entered);
            let gathering = std::mem::take(&mut s.gathering).into_iter().map(|id| self.slab[id].entered);
            let leader = s.busy.then_some(s.leader_entered);
            for entered in followers.chain(gathering).chain(leader) {
                s.observed.abandon(now, entered);
            }
            if s.busy {
                s.observed.end_work(now);
            }
            (s.busy, s.forming, s.gathering_bytes, s.group_bytes) = (false, NONE, 0.0, 0.0);
        }
        if let Some(at) = self.net.processes.iter().position(|p| p.number == process) {
            let p = &mut self.net.processes[at];
            let (memory, freed) = (p.memory as usize, p.used);
            p.down = true;
            p.used = 0.0;
            self.net.memories[memory].used -= freed;
        }
    }

    /// A stopped process serves again.
    pub(super) fn start_process(&mut self, process: u32) {
        if let Some(at) = self.net.processes.iter().position(|p| p.number == process) {
            let p = &mut self.net.processes[at];
            p.down = false;
            p.used = p.base;
            let leaf = p.leaf;
            self.net.memories[p.memory as usize].used += p.base;
            self.set.clear(leaf);
        }
        for pool in indices_of(&self.net.process_of_pool, process) {
            self.net.pools[pool].closed = false;
        }
    }

    /// A server loses its power: what lies on its network cards for others is gone. Who sends to it finds the silence
    /// behind its last byte; who receives from it has a broken answer.
    pub(super) fn clear_cards_of(&mut self, server: u32) {
        let cards = self.net.cards[server as usize];
        let ids: Vec<RequestId> = self.slab.live().collect();
        for id in ids {
            let request = &self.slab[id];
            let step = request.step;
            let (links, answer) = match step.checked_sub(1).map(|at| self.net.steps[at as usize]) {
                Some(Step::Send { links, .. }) => (links, false),
                Some(Step::Receive { links, .. }) => (links, true),
                _ => continue,
            };
            let link = self.net.links[(links + self.chosen(id)) as usize];
            let touched = match answer {
                false => [link.caller_out, link.callee_in],
                true => [link.callee_out, link.caller_in],
            };
            let on_card = touched.iter().any(|card| *card != NONE && cards.contains(card));
            if !on_card || !touched.iter().any(|&card| card != NONE && self.net.sharing[card as usize].holds(id)) {
                continue;
            }
            self.detach(id);
            if answer {
                let request = &mut self.slab[id];
                request.failure = FailureReason::ConnectionReset as u8;
                let call = request.frames[request.depth as usize].after - 1;
                self.slab[id].step = self.fail_step_of_call(call);
            }
            self.ready.push_back(id);
        }
    }

    /// Takes a request out of wherever it waits or is served.
    pub(super) fn detach(&mut self, id: RequestId) {
        let now = self.now;
        if let Some(at) = self.ready.iter().position(|&other| other == id) {
            self.ready.remove(at);
            return;
        }
        if self.forget_held(id) {
            return;
        }
        if self.leave_silence(id) {
            self.clear_deadline(id, self.slab[id].depth as usize);
            return;
        }
        let entered = self.slab[id].entered;
        let blocked = self.net.steps[self.slab[id].step as usize - 1];
        self.slab[id].epoch = self.slab[id].epoch.wrapping_add(1);
        match blocked {
            Step::Share { station, .. } => self.leave_sharing(id, station),
            Step::Send { links, .. } | Step::Receive { links, .. } => {
                let link = self.net.links[(links + self.chosen(id)) as usize];
                let cards = match blocked {
                    Step::Send { .. } => [link.caller_out, link.callee_in],
                    _ => [link.callee_out, link.caller_in],
                };
                for card in cards {
                    if card != NONE {
                        self.leave_sharing(id, card);
                    }
                }
                self.slab[id].pending = 0;
            }
            Step::Acquire { pool, .. } => {
                let p = &mut self.net.pools[pool as usize];
                p.queue.remove(&mut self.slab, id);
                p.observed.abandon(now, entered);
            }
            Step::Dispatch { dispatcher, .. } => self.leave_dispatcher(id, dispatcher),
            Step::Serve { station, .. }
            | Step::SwapIn { disk: station, .. }
            | Step::WriteGroup { disk: station, .. } => {
                self.leave_fcfs(id, station);
            }
            Step::ColdReads { index, .. } => {
                let disk = self.net.cold_reads[index as usize].disk;
                self.leave_fcfs(id, disk);
            }
            Step::AwaitAcknowledgement { database, .. } => {
                if let Some(semi_sync) = &mut self.net.databases[database as usize].semi_sync {
                    semi_sync.waiting.retain(|&(_, other)| other != id);
                }
                self.net.delays.due.remove_where(|other| other.request == id);
            }
            // their stage, and the order of a replica, are emptied as a whole
            Step::JoinStage { .. } | Step::AwaitTurn { .. } => {}
            Step::Delay { line } => self.net.lines[line as usize].forget(id),
            Step::Propagate { links } | Step::PropagateFailure { links } => {
                let line = self.net.links[(links + self.chosen(id)) as usize].line;
                if line != NONE {
                    self.net.lines[line as usize].forget(id);
                }
                self.net.delays.due.remove_where(|other| other.request == id);
            }
            Step::DelayDrawn { .. } | Step::Pause | Step::ColdReadsDone { .. } | Step::NextRead { .. } => {
                self.net.delays.due.remove_where(|other| other.request == id);
            }
            other => panic!("a request of a stopped process waits at {other:?}"),
        }
        self.reset_leaves(blocked);
    }

    /// Takes a request out of a dispatcher's queues.
    pub(super) fn leave_dispatcher(&mut self, id: RequestId, dispatcher: u32) {
        let now = self.now;
        let entered = self.slab[id].entered;
        let server = self.chosen(id) as usize;
        let d = &mut self.net.dispatchers[dispatcher as usize];
        let bound = d.bound.get(server).is_some_and(|q| q.ids(&self.slab).contains(&id));
        let queue = if bound { &mut d.bound[server] } else { &mut d.pool.queue };
        queue.remove(&mut self.slab, id);
        d.pool.observed.abandon(now, entered);
    }

    fn leave_sharing(&mut self, id: RequestId, station: u32) {
        let now = self.now;
        let entered = self.slab[id].entered;
        self.untie(station);
        let s = &mut self.net.sharing[station as usize];
        let (removed, next) = s.remove_where(now, |other| other == id);
        for _ in removed {
            s.count_removal(now, entered);
        }
        let leaf = s.leaf;
        self.schedule_or_never(leaf, next.unwrap_or(u64::MAX));
    }

    /// What a disk has begun it finishes; who waits for it leaves.
    fn leave_fcfs(&mut self, id: RequestId, station: u32) {
        let now = self.now;
        let entered = self.slab[id].entered;
        let worker = self.serving.iter().position(|&other| other == id);
        let s = &mut self.net.fcfs[station as usize];
        let in_heap = s.departures.remove_where(|_, other| *other == id).pop();
        let stopped = if s.has_own_leaves() { None } else { s.stopped.iter().position(|&(other, _)| other == id) };
        if worker.is_none() && in_heap.is_none() && stopped.is_none() {
            s.queue.remove(&mut self.slab, id);
            s.observed.abandon(now, entered);
            return;
        }
        // the operation goes on for a request that ends with it
        let mut ghost = self.slab[id];
        ghost.step = self.net.orphan_end;
        ghost.parent = NONE;
        ghost.user = NONE;
        ghost.depth = 0;
        let ghost = self.slab.insert(ghost);
        if let Some(at) = stopped {
            self.net.fcfs[station as usize].stopped[at].0 = ghost;
        }
        if let Some((departure, _)) = in_heap {
            self.net.fcfs[station as usize].departures.push(departure, ghost);
        }
        if let Some(worker) = worker {
            self.serving[worker] = ghost;
        }
    }

    /// After a removal from a line or from the drawn delays: their leaves show what is first now.
    fn reset_leaves(&mut self, blocked: Step) {
        use crate::engine::time::SimTime;
        if matches!(blocked, Step::Delay { .. } | Step::Propagate { .. } | Step::PropagateFailure { .. }) {
            for line in &self.net.lines {
                match line.queue.front() {
                    Some((due, sequence, _)) => self.set.set(line.leaf, SimTime(due), sequence),
                    None => self.set.clear(line.leaf),
                }
            }
        }
        let delayed = matches!(
            blocked,
            Step::DelayDrawn { .. }
                | Step::ColdReadsDone { .. }
                | Step::Pause
                | Step::NextRead { .. }
                | Step::AwaitAcknowledgement { .. }
        );
        let maybe_delayed = matches!(blocked, Step::Propagate { .. }) && self.net.impairs;
        if delayed || maybe_delayed {
            let leaf = self.net.delays.leaf;
            match self.net.delays.due.first() {
                Some((time, sequence)) => self.set.set(leaf, SimTime(time), sequence),
                None => self.set.clear(leaf),
            }
        }
    }
}

fn indices_of(owners: &[u32], process: u32) -> Vec<usize> {
    (0..owners.len()).filter(|&i| owners[i] == process).collect()
}

//! Memory that runs full: the OOM killer takes the largest process of the server, whose requests are
//! reset, and which serves again after its restart.

use super::Simulator;
use crate::model::program::{Step, StepId};
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::FailureReason;

const RESET: u8 = FailureReason::OutOfMemory as u8;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// Takes memory for a request; where that is too much, somebody dies. `Some(step)`: go on there; `None`:
    /// the request itself was reset.
    pub(super) fn take_memory(&mut self, id: RequestId, process: u32, bytes: f64, fail: StepId) -> Option<StepId> {
        let p = &mut self.net.processes[process as usize];
        if p.down {
            self.slab[id].failure = FailureReason::Refused as u8;
            return Some(fail);
        }
        p.used += bytes;
        let memory = p.memory as usize;
        let m = &mut self.net.memories[memory];
        m.used += bytes;
        m.used_max = m.used_max.max(m.used);
        if m.used <= m.ram || m.swaps {
            return Some(self.slab[id].step);
        }
        let largest = m
            .processes
            .iter()
            .copied()
            .filter(|&p| !self.net.processes[p as usize].down)
            .max_by(|&a, &b| {
                let used = |p: u32| self.net.processes[p as usize].used;
                used(a).total_cmp(&used(b)).then(b.cmp(&a))
            })
            .unwrap_or(process);
        // parked behind its TakeMemory, the request is found by the kill like all others
        self.ready.push_back(id);
        self.kill(largest);
        None
    }

    pub(super) fn free_memory(&mut self, process: u32, bytes: f64) {
        let p = &mut self.net.processes[process as usize];
        p.used -= bytes;
        self.net.memories[p.memory as usize].used -= bytes;
    }

    /// Resets every request inside a process, empties its pools, and schedules its restart.
    fn kill(&mut self, process: u32) {
        let now = self.now;
        let steps = self.net.processes[process as usize].steps.clone();
        let inside = |step: StepId| steps.iter().any(|&(from, to)| from <= step && step < to);
        let mut lost: Vec<(RequestId, usize)> = Vec::new();
        for id in self.slab.live() {
            let request = &self.slab[id];
            let depth = request.depth as usize;
            let level = (0..depth).find(|&d| inside(request.frames[d].after - 1));
            let level = level.or_else(|| inside(request.step.saturating_sub(1)).then_some(depth));
            if let Some(level) = level {
                lost.push((id, level));
            }
        }
        for (id, level) in lost {
            let depth = self.slab[id].depth as usize;
            if level < depth {
                self.orphan(id, level);
            } else {
                self.detach(id);
                self.slab[id].failure = RESET;
                if self.slab[id].depth == 0 {
                    panic!("a process serves requests in a frame of its own");
                }
                let step = self.return_step(id);
                self.slab[id].step = step;
                self.ready.push_back(id);
            }
        }
        let p = &mut self.net.processes[process as usize];
        p.down = true;
        let (memory, freed, restart, leaf) = (p.memory as usize, p.used, p.restart_ns, p.leaf);
        p.used = 0.0;
        for pool in p.pools.clone() {
            let pool = &mut self.net.pools[pool as usize];
            // those who held a slot are gone with the process; those who waited were detached above
            for _ in 0..pool.in_use {
                pool.observed.let_go::<WATCHED>(now);
            }
            pool.observed.end_all_work(now);
            pool.in_use = 0;
            pool.closed = true;
        }
        let m = &mut self.net.memories[memory];
        m.used -= freed;
        m.kills += 1;
        self.schedule(leaf, now + restart);
    }

    /// A killed process serves again.
    #[inline(never)]
    pub(super) fn restart(&mut self, leaf: u32, process: u32) -> RequestId {
        self.set.clear(leaf);
        let p = &mut self.net.processes[process as usize];
        p.down = false;
        p.used = p.base;
        self.net.memories[p.memory as usize].used += p.base;
        for pool in p.pools.clone() {
            self.net.pools[pool as usize].closed = false;
        }
        NONE
    }

    /// A request has called on from the dead process: its caller learns of the reset at once, while the
    /// callee works on for nobody.
    fn orphan(&mut self, id: RequestId, level: usize) {
        let mut caller = self.slab[id];
        caller.depth = level as u8;
        caller.failure = RESET;
        caller.pending = 0;
        let caller = self.slab.insert(caller);
        if let Some(log) = &mut self.log {
            log.moved(id, caller);
        }
        let parent = self.slab[caller].parent;
        if parent != NONE && matches!(self.net.steps[self.slab[parent].step as usize - 1], Step::Attempt { .. }) {
            // the client's attempt lives on in another place
            self.slab[parent].work = caller as u64;
        }
        let step = self.return_step(caller);
        self.slab[caller].step = step;
        self.ready.push_back(caller);
        let end = self.net.orphan_end;
        let orphan = &mut self.slab[id];
        orphan.frames[level].after = end;
        orphan.parent = NONE;
        orphan.user = NONE;
    }

    /// Takes a request out of wherever it waits or is served.
    fn detach(&mut self, id: RequestId) {
        let now = self.now;
        if let Some(at) = self.ready.iter().position(|&other| other == id) {
            self.ready.remove(at);
            return;
        }
        if WATCHED && self.forget_held(id) {
            return;
        }
        let entered = self.slab[id].entered;
        let blocked = self.net.steps[self.slab[id].step as usize - 1];
        self.slab[id].epoch = self.slab[id].epoch.wrapping_add(1);
        match blocked {
            Step::Share { station, .. } => self.leave_sharing(id, station),
            Step::Send { links, .. } | Step::Receive { links, .. } => {
                let request = &self.slab[id];
                let link = self.net.links[(links + request.frames[request.depth as usize].chosen) as usize];
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
            Step::Serve { station, .. } | Step::SwapIn { disk: station, .. } => self.leave_fcfs(id, station),
            Step::Delay { line } => self.net.lines[line as usize].forget(id),
            Step::Propagate { links } => {
                let request = &self.slab[id];
                let line = self.net.links[(links + request.frames[request.depth as usize].chosen) as usize].line;
                self.net.lines[line as usize].forget(id);
            }
            Step::DelayDrawn { .. } => {
                self.net.delays.heap.remove_where(|_, other| *other == id);
            }
            other => panic!("a request of a killed process waits at {other:?}"),
        }
        self.reset_leaves(blocked);
    }

    fn leave_sharing(&mut self, id: RequestId, station: u32) {
        let now = self.now;
        let entered = self.slab[id].entered;
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
        if matches!(blocked, Step::Delay { .. } | Step::Propagate { .. }) {
            for line in &self.net.lines {
                match line.queue.front() {
                    Some(&(due, sequence, _)) => self.set.set(line.leaf, SimTime(due), sequence),
                    None => self.set.clear(line.leaf),
                }
            }
        }
        if matches!(blocked, Step::DelayDrawn { .. }) {
            let leaf = self.net.delays.leaf;
            match self.net.delays.heap.first() {
                Some((key, _)) => self.set.set(leaf, SimTime((key >> 64) as u64), key as u64),
                None => self.set.clear(leaf),
            }
        }
    }
}

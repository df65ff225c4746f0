//! Memory that runs full: the OOM killer takes the largest process of the server, whose requests are
//! reset, and which serves again after its restart.

use super::Simulator;
use super::stopping::Stop;
use crate::model::program::StepId;
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::FailureReason;

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
        let largest = self.largest_on(memory).unwrap_or(process);
        // parked behind its TakeMemory, the request is found by the kill like all others
        self.ready.push_back(id);
        self.kill(largest);
        None
    }

    /// The largest process that is up, whom the OOM killer takes.
    fn largest_on(&self, memory: usize) -> Option<u32> {
        let up = self.net.memories[memory].processes.iter().copied();
        let used = |p: u32| self.net.processes[p as usize].used;
        up.filter(|&p| !self.net.processes[p as usize].down)
            .max_by(|&a, &b| used(a).total_cmp(&used(b)).then(b.cmp(&a)))
    }

    /// Something has taken memory that no request asked for.
    pub(super) fn kill_until_it_fits(&mut self, memory: usize) {
        while !self.net.memories[memory].swaps && self.net.memories[memory].used > self.net.memories[memory].ram {
            let Some(largest) = self.largest_on(memory) else { return };
            self.kill(largest);
        }
    }

    pub(super) fn free_memory(&mut self, process: u32, bytes: f64) {
        let p = &mut self.net.processes[process as usize];
        p.used -= bytes;
        self.net.memories[p.memory as usize].used -= bytes;
    }

    /// Resets every request inside a process, empties its pools, and schedules its restart.
    fn kill(&mut self, process: u32) {
        let p = &self.net.processes[process as usize];
        let (number, memory, restart, leaf) = (p.number, p.memory as usize, p.restart_ns, p.leaf);
        self.stop_process(number, Stop::Reset(FailureReason::OutOfMemory));
        for pool in 0..self.net.pools.len() {
            if self.net.process_of_pool[pool] == number {
                self.net.pools[pool].closed = true;
            }
        }
        self.net.memories[memory].kills += 1;
        self.schedule(leaf, self.now + restart);
    }

    /// A killed process serves again; one that a fault keeps down does so when the fault is over.
    #[inline(never)]
    pub(super) fn restart(&mut self, leaf: u32, process: u32) -> RequestId {
        self.set.clear(leaf);
        let number = self.net.processes[process as usize].number;
        if !WATCHED || self.net.faults.is_empty() || self.runs(number) {
            self.start_process(number);
        }
        NONE
    }
}

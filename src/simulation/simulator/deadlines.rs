//! Timeouts for answers (HAProxy's `timeout server`, nginx's `proxy_read_timeout`, a database driver's): whoever has
//! called on goes on with a failure, while the callee works on for nobody.

use super::Simulator;
use crate::engine::table::Table;
use crate::model::network::{Wait, WaitAt};
use crate::model::request::{NONE, RequestId};

/// Deadlines under way, numbered from 1, and numbers that are free again.
#[derive(Default)]
pub(super) struct Deadlines {
    entries: Table<Deadline>,
    free: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Deadline {
    request: RequestId,
    /// Counts uses of this number, so that a timeout set for an earlier one is known to be stale.
    epoch: u32,
    /// Depth of the caller.
    level: u8,
    reason: u8,
}

/// Timeouts that a line first has room for.
const LINE_FIRST: usize = 16;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// The next call of a request is to be answered within a line's time.
    #[inline(always)]
    pub(super) fn set_deadline(&mut self, id: RequestId, timeouts: u32, reason: u8) {
        let level = self.slab[id].depth;
        let number = match self.deadlines.free.pop() {
            Some(number) => number,
            None => {
                self.deadlines.entries.push(Deadline { request: NONE, epoch: 0, level: 0, reason: 0 });
                self.deadlines.entries.len() as u32
            }
        };
        let entry = &mut self.deadlines.entries[number as usize - 1];
        (entry.request, entry.level, entry.reason) = (id, level, reason);
        let wait = Wait { request: number, epoch: entry.epoch, at: WaitAt::Answer };
        self.slab[id].deadlines[level as usize] = number;
        self.arm_line(timeouts, wait);
    }

    /// A line is full: what was cancelled at its head is dropped, so that a long timeout costs no more memory than a short
    /// one. If much is left, it gets longer, so that this is rare.
    #[cold]
    #[inline(never)]
    fn shorten_line(&mut self, line: u32) {
        let mut queue = std::mem::take(&mut self.net.timeouts[line as usize].queue);
        while queue.front().is_some_and(|(_, _, head)| self.is_past(head)) {
            queue.pop_front();
        }
        if queue.len() >= queue.capacity() / 2 {
            queue.reserve(queue.capacity().max(LINE_FIRST));
        }
        self.net.timeouts[line as usize].queue = queue;
    }

    /// The answer to the call made at this depth has come, or is not awaited any more.
    #[inline(always)]
    pub(super) fn clear_deadline(&mut self, id: RequestId, level: usize) {
        let Some(number) = self.slab[id].deadlines.get_mut(level) else { return };
        let number = std::mem::take(number);
        if number != 0 {
            let entry = &mut self.deadlines.entries[number as usize - 1];
            entry.epoch = entry.epoch.wrapping_add(1);
            self.deadlines.free.push(number);
        }
    }

    #[inline(always)]
    pub(super) fn is_past(&self, wait: &Wait) -> bool {
        match wait.at {
            WaitAt::Answer => self.deadlines.entries[wait.request as usize - 1].epoch != wait.epoch,
            _ => self.slab[wait.request].epoch != wait.epoch,
        }
    }

    /// The outer part of a request has a new place: its deadlines go with it.
    pub(super) fn move_deadlines(&mut self, from: RequestId, to: RequestId, levels: usize) {
        for level in 0..self.slab[from].deadlines.len() {
            let number = self.slab[from].deadlines[level];
            if level >= levels {
                self.slab[to].deadlines[level] = 0;
            } else {
                self.slab[from].deadlines[level] = 0;
                if number != 0 {
                    self.deadlines.entries[number as usize - 1].request = to;
                }
            }
        }
    }

    /// No answer has come in time.
    pub(super) fn miss(&mut self, wait: Wait) {
        let Deadline { request: id, level, reason, .. } = self.deadlines.entries[wait.request as usize - 1];
        let level = level as usize;
        self.clear_deadline(id, level);
        if self.slab[id].depth as usize == level {
            self.fail_in_silence(id, reason);
            return;
        }
        let call = self.slab[id].frames[level].after - 1;
        if WATCHED && !self.net.faults.is_empty() {
            let (caller, callee) = (self.net.process_of_step[call as usize], self.callee_of(id, level));
            self.disconnect(caller, callee, true);
        }
        let caller = self.part(id, level);
        let step = self.fail_step_of_call(call);
        let request = &mut self.slab[caller];
        request.failure = reason;
        request.step = step;
        self.ready.push_back(caller);
    }

    #[inline(always)]
    pub(super) fn arm_line(&mut self, line: u32, wait: Wait) {
        self.sequence += 1;
        let l = &self.net.timeouts[line as usize];
        if l.queue.len() == l.queue.capacity() {
            self.shorten_line(line);
        }
        let l = &mut self.net.timeouts[line as usize];
        let due = self.now + l.length;
        l.queue.push_back((due, self.sequence, wait));
        if l.set_to.is_none() {
            l.set_to = Some((due, self.sequence));
            let leaf = l.leaf;
            self.set.set(leaf, crate::engine::time::SimTime(due), self.sequence);
        }
    }
}

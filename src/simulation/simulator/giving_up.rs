//! Waits that are too long: timeouts and patience.

use super::Simulator;
use crate::engine::time::SimTime;
use crate::model::network::{Wait, WaitAt};
use crate::model::program::Step;
use crate::model::request::{NONE, RequestId};
use crate::model::station::Patience;
use crate::simulation::result::FailureReason;

const ABANDONED: u8 = FailureReason::Abandoned as u8;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    #[inline(never)]
    pub(super) fn arm(&mut self, id: RequestId, patience: Patience, at: WaitAt) {
        let wait = Wait { request: id, epoch: self.slab[id].epoch, at };
        match patience {
            Patience::Line(line) => self.arm_line(line, wait),
            Patience::Drawn => {
                self.sequence += 1;
                let draw = self.net.patiences.draw_at(self.slab[id].step - 1);
                let due = self.now + self.net.draws[draw as usize].nanos(&self.slab[id]);
                let patiences = &mut self.net.patiences;
                let key = (due as u128) << 64 | self.sequence as u128;
                let earliest = patiences.heap.first().is_none_or(|(first, _)| key < first);
                patiences.heap.push(key, wait);
                if earliest {
                    let leaf = patiences.leaf;
                    self.set.set(leaf, SimTime(due), self.sequence);
                }
            }
        }
    }

    #[inline(never)]
    pub(super) fn timeout_due(&mut self, leaf: u32, line: u32) -> RequestId {
        let l = &mut self.net.timeouts[line as usize];
        // what the leaf was set to may have been cancelled and dropped
        let head = l.queue.front().filter(|head| Some((head.0, head.1)) == l.set_to).map(|head| head.2);
        if head.is_some() {
            l.queue.pop_front();
        }
        loop {
            // drop what was cancelled meanwhile, so that it costs no event
            match self.net.timeouts[line as usize].queue.front() {
                Some(&(_, _, next)) if self.is_past(&next) => {
                    self.net.timeouts[line as usize].queue.pop_front();
                }
                Some(&(due, sequence, _)) => {
                    self.net.timeouts[line as usize].set_to = Some((due, sequence));
                    self.set.set(leaf, SimTime(due), sequence);
                    break;
                }
                None => {
                    self.net.timeouts[line as usize].set_to = None;
                    self.set.clear(leaf);
                    break;
                }
            }
        }
        if let Some(wait) = head {
            self.give_up(wait);
        }
        NONE
    }

    #[inline(never)]
    pub(super) fn patience_due(&mut self, leaf: u32) -> RequestId {
        let (_, wait) = self.net.patiences.heap.pop().expect("a patience was due");
        match self.net.patiences.heap.first() {
            Some((key, _)) => {
                self.set.set(leaf, SimTime((key >> 64) as u64), key as u64);
            }
            None => self.set.clear(leaf),
        }
        self.give_up(wait);
        NONE
    }

    /// A wait was too long: out of the queue, and on where failures of that step go.
    pub(super) fn give_up(&mut self, wait: Wait) {
        if self.is_past(&wait) {
            return;
        }
        if wait.at == WaitAt::Answer {
            return self.miss(wait);
        }
        let id = wait.request;
        let now = self.now;
        if wait.at == WaitAt::Silence {
            return self.fail_in_silence(id, FailureReason::ConnectTimeout as u8);
        }
        let entered = self.slab[id].entered;
        let blocked = self.net.steps[self.slab[id].step as usize - 1];
        if let WaitAt::Acknowledgement(database) = wait.at {
            return self.fall_back(database);
        }
        let (failure, fail) = match (wait.at, blocked) {
            (WaitAt::Attempt, Step::Attempt { .. }) => {
                self.leave_attempt(id);
                (FailureReason::ClientTimeout as u8, self.slab[id].step)
            }
            (WaitAt::Fcfs(station), Step::Serve { fail, .. }) => {
                let s = &mut self.net.fcfs[station as usize];
                s.queue.remove(&mut self.slab, id);
                s.observed.abandon(now, entered);
                (ABANDONED, fail)
            }
            (WaitAt::Priority(station), Step::ServeByRank { fail, .. }) => {
                let s = &mut self.net.priority[station as usize];
                let rank = s.rank_of_class[self.slab[id].class as usize] as usize;
                s.queues[rank].remove(&mut self.slab, id);
                s.observed.abandon(now, entered);
                (ABANDONED, fail)
            }
            (WaitAt::Pool(pool), Step::Acquire { reason, fail, .. }) => {
                let p = &mut self.net.pools[pool as usize];
                p.queue.remove(&mut self.slab, id);
                p.observed.abandon(now, entered);
                (reason, fail)
            }
            (WaitAt::Dispatcher(dispatcher), Step::Dispatch { fail, .. }) => {
                self.leave_dispatcher(id, dispatcher);
                (FailureReason::QueueTimeout as u8, fail)
            }
            (at, step) => panic!("{at:?} timed out in {step:?}"),
        };
        let request = &mut self.slab[id];
        request.epoch = request.epoch.wrapping_add(1);
        request.failure = failure;
        request.step = fail;
        self.ready.push_back(id);
    }
}

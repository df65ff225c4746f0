//! Time that passes without a queue: lines of equal delays, and drawn ones.

use super::{Fired, Simulator};
use crate::engine::event_set::EventSet;
use crate::engine::time::SimTime;
use crate::model::request::RequestId;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    #[inline(always)]
    pub(super) fn enter_line(&mut self, id: RequestId, line: u32) {
        self.sequence += 1;
        let l = &mut self.net.lines[line as usize];
        let due = self.now + l.length;
        let empty = l.queue.is_empty();
        l.queue.push_back((due, self.sequence, id));
        if empty {
            let leaf = l.leaf;
            self.set.set_earlier(leaf, SimTime(due), self.sequence);
        }
    }

    #[inline(always)]
    pub(super) fn line_due(&mut self, leaf: u32, line: u32) -> Fired {
        let l = &mut self.net.lines[line as usize];
        let (_, _, id) = l.queue.pop_front().expect("an entry was due");
        let Some(&(again, sequence, next)) = l.queue.front() else {
            return Fired { moves: id, again: EventSet::idle_time(leaf), sequence: 0 };
        };
        self.slab.prefetch(next);
        Fired { moves: id, again, sequence }
    }

    /// A delay that is over before anything else happens; true: it was.
    #[inline(always)]
    pub(super) fn passes_through_delay(&mut self, due: u64) -> bool {
        let passes = self.passes_to(due);
        self.sequence += passes as u64;
        passes
    }

    #[inline(always)]
    pub(super) fn delay(&mut self, id: RequestId, due: u64) {
        self.sequence += 1;
        let delays = &mut self.net.delays;
        if delays.due.push(due, self.sequence, id) {
            let leaf = delays.leaf;
            self.set.set_earlier(leaf, SimTime(due), self.sequence);
        }
    }

    #[inline(always)]
    pub(super) fn delay_due(&mut self, leaf: u32) -> Fired {
        let delays = &mut self.net.delays;
        let id = delays.due.pop().expect("a delay was due");
        if let Some(next) = delays.due.first_item() {
            self.slab.prefetch(next);
        }
        let (again, sequence) = delays.due.first().unwrap_or((EventSet::idle_time(leaf), 0));
        Fired { moves: id, again, sequence }
    }
}

//! Time that passes without a queue: lines of equal delays, and drawn ones.

use std::hint::select_unpredictable;

use super::{Fired, Simulator};
use crate::engine::event_set::EventSet;
use crate::engine::time::SimTime;
use crate::model::network::Underway;
use crate::model::program::StepId;
use crate::model::request::RequestId;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    #[inline(always)]
    pub(super) fn enter_line(&mut self, id: RequestId, step: StepId, line: u32) {
        self.slab[id].step = step;
        self.sequence += 1;
        let l = &mut self.net.lines[line as usize];
        let due = self.now + l.length;
        let empty = l.queue.is_empty();
        l.queue.push_back((due, self.sequence, Underway { request: id, step }));
        if empty {
            let leaf = l.leaf;
            self.expect(leaf, step);
            self.set.set_earlier(leaf, SimTime(due), self.sequence);
        }
    }

    #[inline(always)]
    pub(super) fn line_due(&mut self, leaf: u32, line: u32) -> Fired {
        let l = &mut self.net.lines[line as usize];
        let (_, _, Underway { request: id, .. }) = l.queue.pop_front().expect("an entry was due");
        // without a branch on whether there is another
        let (due, sequence, next) = l.queue.front_or_any();
        let again = select_unpredictable(l.queue.is_empty(), EventSet::idle_time(leaf), due);
        self.slab.prefetch(next.request);
        self.expect(leaf, next.step);
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
    pub(super) fn delay(&mut self, id: RequestId, step: StepId, due: u64) {
        self.slab[id].step = step;
        self.sequence += 1;
        let delays = &mut self.net.delays;
        if delays.due.push(due, self.sequence, Underway { request: id, step }) {
            let leaf = delays.leaf;
            self.expect(leaf, step);
            self.set.set_earlier(leaf, SimTime(due), self.sequence);
        }
    }

    #[inline(always)]
    pub(super) fn delay_due(&mut self, leaf: u32) -> Fired {
        let delays = &mut self.net.delays;
        let id = delays.due.pop().expect("a delay was due").request;
        let (again, sequence) = delays.due.first().unwrap_or((EventSet::idle_time(leaf), 0));
        if let Some(next) = delays.due.first_item() {
            self.slab.prefetch(next.request);
            self.expect(leaf, next.step);
        }
        Fired { moves: id, again, sequence }
    }
}

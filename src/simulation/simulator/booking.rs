//! What is written down of single requests, where a run is asked for it: their log, the ledger, and their trails. Nothing
//! here changes what happens.

use super::Simulator;
use crate::model::network::{StationAt, WaitAt};
use crate::model::program::Step;
use crate::model::request::{NONE, Request, RequestId};
use crate::simulation::result::failure;
use crate::simulation::trails::Standing;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    pub(super) fn is_booked(&self) -> bool {
        self.ledger.is_some() || self.trails.is_some()
    }

    /// A request goes on: where it was meanwhile.
    #[cold]
    #[inline(never)]
    pub(super) fn book_passed(&mut self, id: RequestId) {
        if let Some(ledger) = &mut self.ledger {
            ledger.goes_on(self.now, id);
        }
        let standing = self.standing(id);
        if let Some(trails) = &mut self.trails {
            trails.goes_on(self.now, id, standing);
        }
    }

    /// It has stopped, or ended.
    #[cold]
    #[inline(never)]
    pub(super) fn book_stop(&mut self, id: RequestId, held: bool) {
        let &Request { step, visit, .. } = &self.slab[id];
        // at the first step of whom it has called, too
        let held = held || (step != NONE && !self.net.faults.is_empty() && self.is_held(id));
        // a client who waits before another attempt stands before the attempt
        let again = step != NONE && visit > 0 && matches!(self.net.steps[step as usize], Step::Attempt { .. });
        let work = self.work_begun(id);
        if let Some(ledger) = &mut self.ledger {
            match held {
                true => ledger.is_held(id),
                false => ledger.stops(id, step, work, again),
            }
        }
        let standing = self.standing(id);
        if let Some(trails) = &mut self.trails {
            match held {
                true => trails.is_held(self.now, id, standing),
                false => trails.stops(self.now, id, standing, &self.net, work, again),
            }
        }
    }

    fn standing(&self, id: RequestId) -> Standing {
        let &Request { step, depth, failure, .. } = &self.slab[id];
        Standing { step, depth, failure }
    }

    /// Service that it is to have where it has stopped. Of whoever waits for a slot there is none; a delay at a station
    /// (what a disk's latency is longer than an operation occupies it) is service as a whole.
    fn work_begun(&self, id: RequestId) -> u64 {
        let request = &self.slab[id];
        match request.step.checked_sub(1).and_then(|at| self.net.steps.get(at as usize)) {
            Some(Step::Acquire { .. } | Step::Dispatch { .. } | Step::JoinStage { .. }) => 0,
            Some(Step::Delay { .. } | Step::DelayDrawn { .. } | Step::ColdReadsDone { .. }) => u64::MAX,
            _ => request.work,
        }
    }

    /// It has called what begins at a step.
    #[cold]
    #[inline(never)]
    pub(super) fn book_call(&mut self, id: RequestId, first: u32) {
        let (process, depth) = (self.net.process_of_step[first as usize], self.slab[id].depth);
        if let Some(trails) = &mut self.trails {
            trails.calls(self.now, id, process, depth);
        }
    }

    /// It is back from a call.
    #[cold]
    #[inline(never)]
    pub(super) fn book_return(&mut self, id: RequestId) {
        let &Request { depth, failure, .. } = &self.slab[id];
        if let Some(trails) = &mut self.trails {
            trails.returns(self.now, id, depth, failure);
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn book_slot(&mut self, id: RequestId, at: StationAt, taken: bool) {
        let depth = self.slab[id].depth;
        if let Some(trails) = &mut self.trails {
            match taken {
                true => trails.takes(self.now, id, at, depth),
                false => trails.gives_back(self.now, id, at),
            }
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn log_arrival(&mut self, id: RequestId, class: u16) {
        if let Some(log) = &mut self.log {
            log.arrive(self.now, id, class);
        }
        if let Some(cohorts) = &mut self.cohorts {
            cohorts.arrives(self.now, class);
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.open(self.now, id);
        }
        if let Some(trails) = &mut self.trails {
            trails.arrives(self.now, id, class);
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn log_end(&mut self, id: RequestId) {
        if let Some(log) = &mut self.log {
            log.end(self.now, id, failure::bare(self.slab[id].failure));
        }
        let &Request { class, arrived, failure, .. } = &self.slab[id];
        if let Some(cohorts) = &mut self.cohorts
            && failure == 0
        {
            cohorts.is_answered(self.now, class, arrived);
        }
        let measured = self.now >= self.observation.origin;
        if let Some(ledger) = &mut self.ledger
            && failure == 0
        {
            ledger.answered(id, class, self.now - arrived, measured);
        }
        if let Some(trails) = &mut self.trails {
            trails.ends(self.now, id, class, arrived, failure, measured);
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn log_start(&mut self, id: RequestId, at: WaitAt) {
        if let Some(log) = &mut self.log {
            log.start(self.now, id, at);
        }
        if let Some(trails) = &mut self.trails {
            trails.starts(self.now, id);
        }
    }
}

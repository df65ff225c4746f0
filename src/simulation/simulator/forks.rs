//! Parts of a request that run at the same time.

use super::Simulator;
use crate::model::program::StepId;
use crate::model::request::{NONE, Request, RequestId};

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    pub(super) fn child(&mut self, id: RequestId, step: StepId) -> RequestId {
        let mut child = self.slab[id];
        child.step = step;
        child.parent = NONE;
        child.user = NONE;
        child.epoch = 0;
        child.pending = 0;
        child.deadlines = Default::default();
        let child = self.slab.insert(child);
        if let Some(ledger) = &mut self.ledger {
            ledger.open(self.now, child);
        }
        if let Some(trails) = &mut self.trails {
            trails.is_apart(child);
        }
        child
    }

    pub(super) fn fork(&mut self, id: RequestId, table: u32) {
        let branches = self.net.forks[table as usize].len();
        self.slab[id].pending = branches as u16;
        for branch in 0..branches {
            let step = self.net.forks[table as usize][branch];
            let child = self.child(id, step);
            self.slab[child].parent = id;
            if let Some(trails) = &mut self.trails {
                trails.begins_part(self.now, id, child, None);
            }
            self.ready.push_back(child);
        }
    }

    pub(super) fn branch_end(&mut self, id: RequestId) {
        let Request { parent, failure, visit, .. } = self.slab[id];
        self.slab.remove(id);
        if let Some(trails) = &mut self.trails {
            trails.ends_part(self.now, id, failure);
        }
        if parent == NONE {
            self.observation.last_event = self.now;
            return;
        }
        let waiting = &mut self.slab[parent];
        if failure != 0 {
            waiting.failure = failure;
        }
        // what repeats behind the fork draws apart from what repeated inside
        waiting.visit = waiting.visit.max(visit);
        waiting.pending -= 1;
        if waiting.pending == 0 {
            // of branches, the last one is what the request has waited for
            if let Some(ledger) = &mut self.ledger {
                ledger.joins(self.now, id, parent);
            }
            self.ready.push_back(parent);
        }
    }
}

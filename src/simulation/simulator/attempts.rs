//! Clients who do not wait forever, or who try again. A client is a request that waits for another, its attempt;
//! when it has had enough, the attempt goes on inside for nobody, until its own end.

use super::Simulator;
use crate::engine::random::{Key, purpose};
use crate::model::network::WaitAt;
use crate::model::program::StepId;
use crate::model::request::{NONE, Request, RequestId};
use crate::simulation::result::FailureReason;

/// A repeated attempt draws afresh.
const ATTEMPT: u64 = purpose("client.attempt");
const BACKOFF: u64 = purpose("client.backoff");

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// The attempt, which goes on next.
    #[inline(never)]
    pub(super) fn attempt(&mut self, id: RequestId, clients: u32, first: StepId, again: StepId) -> RequestId {
        let Request { key, visit: number, class, .. } = self.slab[id];
        let step = if number == 0 { first } else { again };
        let mut attempt = Request { step, parent: id, epoch: 0, pending: 0, visit: 0, ..self.slab[id] };
        if number > 0 {
            attempt.key = Key(key).draw(ATTEMPT, number as u32).next();
            self.observation.tried_again(class);
        }
        let attempt = self.slab.insert(attempt);
        self.slab[id].work = attempt as u64;
        if let Some(log) = &mut self.log {
            log.moved(id, attempt);
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.open(self.now, attempt);
        }
        if let Some(trails) = &mut self.trails {
            trails.begins_part(self.now, id, attempt, Some(number + 1));
        }
        let c = &mut self.net.clients[clients as usize];
        if number == 0
            && let Some(budget) = &mut c.budget
        {
            budget.tokens = (budget.tokens + budget.ratio).min(budget.reserve);
        }
        if let Some(timeout) = c.timeout {
            self.arm(id, timeout, WaitAt::Attempt);
        }
        attempt
    }

    /// The attempt has ended, and its client learns how, who goes on next; or its client has left, and nobody does
    /// (`NONE`).
    #[inline(never)]
    pub(super) fn attempt_end(&mut self, id: RequestId) -> RequestId {
        let Request { parent, failure, .. } = self.slab[id];
        self.slab.remove(id);
        if let Some(trails) = &mut self.trails {
            trails.ends_part(self.now, id, failure);
        }
        if parent == NONE {
            self.observation.last_event = self.now;
            return NONE;
        }
        let client = &mut self.slab[parent];
        client.failure = failure;
        if let Some(ledger) = &mut self.ledger {
            ledger.joins(self.now, id, parent);
        }
        // the timeout means nothing any more
        client.epoch = client.epoch.wrapping_add(1);
        parent
    }

    /// The client of an attempt has had enough of it.
    pub(super) fn leave_attempt(&mut self, client: RequestId) {
        let attempt = self.slab[client].work as RequestId;
        self.slab[attempt].parent = NONE;
        if let Some(trails) = &mut self.trails {
            trails.is_abandoned(self.now, attempt, FailureReason::ClientTimeout as u8);
        }
    }

    /// Where a client goes on after an attempt: `None` while it waits before the next.
    #[inline(never)]
    pub(super) fn retry(&mut self, id: RequestId, clients: u32, attempt: StepId, next: StepId) -> Option<StepId> {
        let Request { key, failure, visit: number, .. } = self.slab[id];
        let c = &mut self.net.clients[clients as usize];
        let affordable = c.budget.is_none_or(|budget| budget.tokens >= 1.0);
        if failure == 0 || number == c.retries || !affordable {
            self.slab[id].visit = 0;
            return Some(next);
        }
        if let Some(budget) = &mut c.budget {
            budget.tokens -= 1.0;
        }
        let number = number + 1;
        let wait = c.backoff.wait_ns(number, &mut Key(key).draw(BACKOFF, number as u32));
        let client = &mut self.slab[id];
        client.visit = number;
        client.failure = 0;
        if wait == 0 {
            return Some(attempt);
        }
        self.delay(id, attempt, self.now + wait);
        None
    }
}

//! Messages that take longer, or are lost and sent again: ways that are impaired.

use super::Simulator;
use crate::engine::random::{Key, purpose};
use crate::model::program::{StepId, round_nanos};
use crate::model::request::{NONE, RequestId};

const DELAYED: u64 = purpose("fault.delay");
const LOST: u64 = purpose("fault.loss");
/// Until a lost message is sent again for the first time, nanoseconds.
const LOST_FIRST: u64 = 200_000_000;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// When a message arrives that would at `due`. What the system sends for itself (the binlog) is one stream, which
    /// nothing overtakes.
    #[cold]
    pub(super) fn due_on(&mut self, id: RequestId, link: u32, step: StepId, due: u64) -> u64 {
        let due = due + self.extra_on(id, link, step);
        if self.slab[id].source != NONE {
            return due;
        }
        let last = self.world.last_arrivals.entry(link).or_default();
        *last = due.max(*last);
        *last
    }

    /// What a message on a way takes beyond the wire's own time, nanoseconds. A lost one is sent again after 200 ms, then
    /// 400, as a Linux kernel does for a connection whose round trip is shorter.
    fn extra_on(&self, id: RequestId, link: u32, step: StepId) -> u64 {
        let (from, to) = self.net.link_servers[link as usize];
        if from == NONE || to == NONE {
            return 0;
        }
        let mut extra = 0;
        let active = self.net.faults.iter().filter(|fault| fault.active);
        for impairment in active.flat_map(|fault| &fault.impaired).filter(|i| i.way.between(from, to)) {
            let request = &self.slab[id];
            let key = Key(request.key).indexed(step as u64).indexed(request.visit as u64);
            if let Some(delay) = &impairment.delay {
                extra += round_nanos(delay.sample(&mut key.draw(DELAYED, 0)));
            }
            let mut rng = key.draw(LOST, 0);
            let mut again = LOST_FIRST;
            while rng.unit() < impairment.loss && again < LOST_FIRST << 10 {
                extra += again;
                again *= 2;
            }
        }
        extra
    }
}

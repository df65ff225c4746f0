//! Slots that are held while other stations work, and the choice of a server.

use super::Simulator;
use crate::engine::random::{Key, purpose};
use crate::model::network::WaitAt;
use crate::model::program::StepId;
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::FailureReason;

const CLIENT: u64 = purpose("client.address");
const SECOND: u64 = 1_000_000_000;
const QUEUE_FULL: u8 = FailureReason::QueueFull as u8;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    #[inline(always)]
    pub(super) fn acquire(&mut self, id: RequestId, pool: u32, reason: u8, fail: StepId) -> Option<StepId> {
        let now = self.now;
        let p = &mut self.net.pools[pool as usize];
        if p.in_use < p.capacity && !p.closed {
            p.in_use += 1;
            p.observed.arrive::<WATCHED>(now, false);
            p.observed.begin_work(now);
            p.granted += 1;
            if WATCHED && let Some(detail) = &mut p.observed.rare.detail {
                detail.waiting.record(0);
            }
            return Some(self.slab[id].step);
        }
        if p.queue.len() >= p.queue_limit || p.closed {
            p.observed.turn_away(now);
            // of a pool with patience, the step's reason is that of giving up
            self.slab[id].failure = if p.patience.is_some() && !p.closed { QUEUE_FULL } else { reason };
            return Some(fail);
        }
        p.observed.arrive::<WATCHED>(now, true);
        self.slab[id].entered = now;
        p.queue.push_back(&mut self.slab, id);
        if let Some(patience) = p.patience {
            self.arm(id, patience, WaitAt::Pool(pool));
        }
        None
    }

    #[inline(always)]
    pub(super) fn release(&mut self, pool: u32) {
        let now = self.now;
        let p = &mut self.net.pools[pool as usize];
        p.observed.let_go::<WATCHED>(now);
        match p.queue.pop_front(&mut self.slab) {
            Some(next) => {
                let request = &mut self.slab[next];
                request.epoch = request.epoch.wrapping_add(1);
                p.waiting_sum += (now - request.entered) as u128;
                p.granted += 1;
                if WATCHED && let Some(detail) = &mut p.observed.rare.detail {
                    detail.waiting.record(now - request.entered);
                }
                self.ready.push_back(next);
            }
            None => {
                p.in_use -= 1;
                p.observed.end_work(now);
            }
        }
    }

    pub(super) fn dispatch(&mut self, id: RequestId, dispatcher: u32, fail: StepId) -> Option<StepId> {
        use crate::balance::Choice;
        let now = self.now;
        let d = &mut self.net.dispatchers[dispatcher as usize];
        let key = Key(self.slab[id].key);
        // a closed user keeps its address; of open traffic every request comes from another
        let client = match self.slab[id].user {
            NONE => key,
            user => {
                let source = &self.sources[self.slab[id].source as usize];
                Key(source.key_of_user(user - source.first_user))
            }
        };
        let client = client.draw(CLIENT, 0).next();
        let mut rng = key.draw(d.choice, self.slab[id].visit as u32);
        if d.marked > 0 {
            d.forgive(now / SECOND);
        }
        let queue = match d.balancer.choose(client, &mut rng) {
            Choice::Server(server) => {
                if d.marked > 0 {
                    d.tried(server, now / SECOND);
                }
                d.pool.observed.arrive::<WATCHED>(now, false);
                d.pool.observed.begin_work(now);
                d.pool.granted += 1;
                let request = &mut self.slab[id];
                request.frames[request.depth as usize].chosen = server as u16;
                return Some(request.step);
            }
            Choice::QueueAny if !d.balancer.any_up() => {
                d.pool.observed.turn_away(now);
                self.slab[id].failure = FailureReason::NoServer as u8;
                return Some(fail);
            }
            Choice::QueueAny => &mut d.pool.queue,
            Choice::QueueOn(server) => {
                let request = &mut self.slab[id];
                request.frames[request.depth as usize].chosen = server as u16;
                &mut d.bound[server]
            }
        };
        if d.pool.queue_limit == 0 {
            d.pool.observed.turn_away(now);
            self.slab[id].failure = FailureReason::Refused as u8;
            return Some(fail);
        }
        d.pool.observed.arrive::<WATCHED>(now, true);
        let request = &mut self.slab[id];
        request.entered = now;
        // where a queued request goes when its time is up
        request.work = fail as u64;
        queue.push_back(&mut self.slab, id);
        if let Some(patience) = d.pool.patience {
            self.arm(id, patience, WaitAt::Dispatcher(dispatcher));
        }
        None
    }

    pub(super) fn undispatch(&mut self, id: RequestId, dispatcher: u32) {
        let now = self.now;
        let server = self.chosen(id) as usize;
        if self.net.dispatchers[dispatcher as usize].counts && self.slab[id].failure == 0 {
            self.count_answer(dispatcher, server);
        }
        let d = &mut self.net.dispatchers[dispatcher as usize];
        d.pool.observed.let_go::<WATCHED>(now);
        d.balancer.release(server);
        d.pool.observed.end_work(now);
        self.serve_queue(dispatcher, server);
    }

    /// A server has room, perhaps: who waits longest goes on; true if somebody does.
    #[inline(always)]
    pub(super) fn serve_queue(&mut self, dispatcher: u32, server: usize) -> bool {
        let now = self.now;
        let d = &mut self.net.dispatchers[dispatcher as usize];
        if !d.balancer.has_room(server) || !d.balancer.is_up(server) {
            return false;
        }
        // requests bound to this server and those that take any: the one that waits longest goes on
        let bound = d.bound.get(server).and_then(|queue| queue.head());
        let any = d.pool.queue.head();
        let next = match (bound, any) {
            (Some(b), Some(a)) if self.slab[b].entered <= self.slab[a].entered => {
                d.bound[server].pop_front(&mut self.slab)
            }
            (Some(_), None) => d.bound[server].pop_front(&mut self.slab),
            (_, Some(_)) => d.pool.queue.pop_front(&mut self.slab),
            (None, None) => None,
        };
        if let Some(next) = next {
            d.balancer.assign(server);
            d.pool.observed.begin_work(now);
            d.pool.granted += 1;
            let request = &mut self.slab[next];
            request.epoch = request.epoch.wrapping_add(1);
            d.pool.waiting_sum += (now - request.entered) as u128;
            request.frames[request.depth as usize].chosen = server as u16;
            self.ready.push_back(next);
        }
        next.is_some()
    }
}

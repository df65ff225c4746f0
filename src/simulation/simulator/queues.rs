//! First come, first served, and by rank: who waits, who is served, who is interrupted.

use super::{Fired, Simulator, Vacated};
use crate::engine::event_set::EventSet;
use crate::engine::time::SimTime;
use crate::model::network::{Leaf, WaitAt};
use crate::model::program::StepId;
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::FailureReason;

const QUEUE_FULL: u8 = FailureReason::QueueFull as u8;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// Queues or starts; `Some(step)` when turned away, or served already: then where the request goes on.
    #[inline(always)]
    pub(super) fn serve(&mut self, id: RequestId, station: u32, work: u64, fail: StepId) -> Option<StepId> {
        let now = self.now;
        let s = &mut self.net.fcfs[station as usize];
        let request = &mut self.slab[id];
        request.entered = now;
        request.work = work;
        if s.idle > 0 {
            if self.vacated.leaf == NONE && self.passes_to(now + work) {
                self.net.fcfs[station as usize].observed.pass(now, now + work, work);
                self.sequence += 1;
                return Some(self.slab[id].step);
            }
            let s = &mut self.net.fcfs[station as usize];
            s.idle -= 1;
            s.observed.arrive::<WATCHED>(now, false);
            s.observed.begin_work(now);
            let own = s.has_own_leaves();
            if WATCHED {
                self.log_start(id, WaitAt::Fcfs(station));
            }
            if own {
                self.start_worker(id, station, work);
            } else {
                self.begin_in_heap(id, station, work);
            }
            return None;
        }
        if s.queue.len() >= s.queue_limit {
            s.observed.turn_away(now);
            self.slab[id].failure = QUEUE_FULL;
            return Some(fail);
        }
        s.observed.arrive::<WATCHED>(now, true);
        s.queue.push_back(&mut self.slab, id);
        if let Some(patience) = s.patience {
            self.arm(id, patience, WaitAt::Fcfs(station));
        }
        None
    }

    /// An idle worker begins: at the leaf that this event has vacated, if it has.
    #[inline(always)]
    pub(super) fn start_worker(&mut self, id: RequestId, station: u32, work: u64) {
        let stopped = WATCHED && self.net.fcfs[station as usize].speed == 0.0;
        let due = self.now + if stopped { 0 } else { self.span(station, work) };
        let leaf = if self.vacated.leaf != NONE && !self.vacated.taken {
            self.sequence += 1;
            let leaf = self.vacated.leaf;
            let due = if stopped { EventSet::idle_time(leaf) } else { due };
            self.vacated = Vacated { taken: true, due, sequence: self.sequence, leaf };
            leaf
        } else {
            let leaf = self.vacant.pop().expect("as many leaves as workers");
            if !stopped {
                self.schedule_earlier(leaf, due);
            }
            leaf
        };
        if stopped {
            self.stop_at_once(station, leaf, work);
        }
        self.net.leaves[leaf as usize] = Leaf::FcfsWorker(station);
        self.serving[leaf as usize] = id;
        self.expect(leaf, self.slab[id].step);
    }

    /// How long so much work takes at a station that does not stand still, nanoseconds.
    #[inline(always)]
    fn span(&self, station: u32, work: u64) -> u64 {
        if WATCHED { self.net.fcfs[station as usize].span(work as f64) } else { work }
    }

    /// For stations with many workers: one begins.
    fn begin_in_heap(&mut self, id: RequestId, station: u32, work: u64) {
        if WATCHED && self.net.fcfs[station as usize].speed == 0.0 {
            self.stop_at_once(station, id, work);
        } else {
            self.start_in_heap(id, station, self.span(station, work));
        }
    }

    /// For stations with many workers: the departure goes into the station's own heap.
    #[inline(never)]
    pub(super) fn start_in_heap(&mut self, id: RequestId, station: u32, work: u64) {
        self.sequence += 1;
        let sequence = self.sequence;
        let s = &mut self.net.fcfs[station as usize];
        let due = self.now + work;
        let first = s.departures.first().map(|(key, _)| key);
        let key = (due as u128) << 64 | sequence as u128;
        s.departures.push(key, id);
        if first.is_none_or(|first| key < first) {
            let leaf = s.leaf;
            self.set.set_earlier(leaf, SimTime(due), sequence);
            self.expect(leaf, self.slab[id].step);
        }
    }

    #[inline(always)]
    pub(super) fn fcfs_worker_done(&mut self, leaf: u32, station: u32) -> Fired {
        let id = self.serving[leaf as usize];
        let now = self.now;
        let s = &mut self.net.fcfs[station as usize];
        let request = &self.slab[id];
        s.observed.depart::<WATCHED>(now, request.entered, request.work);
        match s.queue.pop_front(&mut self.slab) {
            Some(next) => {
                let request = &mut self.slab[next];
                request.epoch = request.epoch.wrapping_add(1);
                let (work, step) = (request.work, request.step);
                let again = now + self.span(station, work);
                self.serving[leaf as usize] = next;
                self.expect(leaf, step);
                if WATCHED {
                    self.log_start(next, WaitAt::Fcfs(station));
                }
                self.sequence += 1;
                Fired { moves: id, again, sequence: self.sequence }
            }
            None => {
                s.observed.end_work(now);
                s.idle += 1;
                self.serving[leaf as usize] = NONE;
                self.vacated = Vacated { leaf, taken: false, due: EventSet::idle_time(leaf), sequence: 0 };
                Fired::settled(id)
            }
        }
    }

    #[inline(never)]
    pub(super) fn fcfs_heap_done(&mut self, leaf: u32, station: u32) -> RequestId {
        let now = self.now;
        let s = &mut self.net.fcfs[station as usize];
        let (_, id) = s.departures.pop().expect("a departure was due");
        let request = &self.slab[id];
        s.observed.depart::<WATCHED>(now, request.entered, request.work);
        match s.departures.first() {
            Some((key, first)) => {
                let (time, sequence) = ((key >> 64) as u64, key as u64);
                self.set.set(leaf, SimTime(time), sequence);
                self.expected[leaf as usize] = self.slab[first].step;
            }
            None => self.set.clear(leaf),
        }
        match s.queue.pop_front(&mut self.slab) {
            Some(next) => {
                let request = &mut self.slab[next];
                request.epoch = request.epoch.wrapping_add(1);
                let work = request.work;
                if WATCHED {
                    self.log_start(next, WaitAt::Fcfs(station));
                }
                self.begin_in_heap(next, station, work);
            }
            None => {
                s.observed.end_work(now);
                s.idle += 1;
            }
        }
        id
    }

    #[inline(never)]
    pub(super) fn serve_by_rank(&mut self, id: RequestId, station: u32, work: u64, fail: StepId) -> Option<StepId> {
        let now = self.now;
        let s = &mut self.net.priority[station as usize];
        let rank = s.rank_of_class[self.slab[id].class as usize];
        self.slab[id].entered = now;
        self.slab[id].work = work;
        if let Some(worker) = s.idle_worker() {
            s.observed.arrive::<WATCHED>(now, false);
            s.observed.begin_work(now);
            self.start_by_rank(station, worker, id);
            return None;
        }
        if let Some(worker) = s.preemptible(rank) {
            let stint = s.serving[worker];
            let other = stint.request;
            let served = s.served(worker, now);
            s.observed.arrive::<WATCHED>(now, false);
            s.observed.service_sum += served as u128;
            self.slab[other].work -= served;
            s.queues[stint.rank as usize].push_front(&mut self.slab, other);
            self.start_by_rank(station, worker, id);
            return None;
        }
        if s.waiting() >= s.queue_limit {
            s.observed.turn_away(now);
            self.slab[id].failure = QUEUE_FULL;
            return Some(fail);
        }
        s.observed.arrive::<WATCHED>(now, true);
        s.queues[rank as usize].push_back(&mut self.slab, id);
        if let Some(patience) = s.patience {
            self.arm(id, patience, WaitAt::Priority(station));
        }
        None
    }

    pub(super) fn start_by_rank(&mut self, station: u32, worker: usize, id: RequestId) {
        let s = &mut self.net.priority[station as usize];
        let rank = s.rank_of_class[self.slab[id].class as usize];
        s.serving[worker] =
            crate::model::station::priority::Stint { request: id, rank, began: self.now, since: self.now };
        let leaf = s.leaf + worker as u32;
        let stands_still = WATCHED && s.stands_still;
        let request = &mut self.slab[id];
        request.epoch = request.epoch.wrapping_add(1);
        let (due, step) = (self.now + request.work, request.step);
        self.expect(leaf, step);
        if WATCHED {
            self.log_start(id, WaitAt::Priority(station));
        }
        if stands_still {
            // its worker has been idle, or was stopped with whom it served before
            return;
        }
        self.schedule(leaf, due);
    }

    #[inline(never)]
    pub(super) fn priority_done(&mut self, leaf: u32, station: u32) -> RequestId {
        let now = self.now;
        let s = &mut self.net.priority[station as usize];
        let worker = (leaf - s.leaf) as usize;
        let id = s.serving[worker].request;
        let request = &self.slab[id];
        s.observed.depart::<WATCHED>(now, request.entered, request.work);
        match s.next_rank() {
            Some(rank) => {
                let next = s.queues[rank].pop_front(&mut self.slab).expect("someone waits at this rank");
                self.start_by_rank(station, worker, next);
            }
            None => {
                s.serving[worker].request = NONE;
                s.observed.end_work(now);
                self.set.clear(leaf);
            }
        }
        id
    }
}

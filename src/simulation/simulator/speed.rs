//! Hardware that becomes slower, stands still or recovers: what is under way keeps the work that is left.

use super::Simulator;
use crate::engine::event_set::EventSet;
use crate::model::network::{Leaf, StationAt};
use crate::model::request::NONE;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    pub(super) fn set_speed(&mut self, station: StationAt, speed: f64) {
        match station {
            StationAt::Sharing(station) => {
                let s = &mut self.net.sharing[station as usize];
                let due = s.set_speed(self.now, speed);
                let leaf = s.leaf;
                self.schedule_or_never(leaf, due);
            }
            StationAt::Fcfs(station) if self.net.fcfs[station as usize].has_own_leaves() => {
                self.set_speed_of_workers(station, speed);
            }
            StationAt::Fcfs(station) => self.set_speed_of_heap(station, speed),
            StationAt::Priority(station) if speed == 0.0 => self.stop_ranks(station),
            StationAt::Priority(station) => self.let_ranks_go_on(station),
            other => panic!("{other:?} has no speed"),
        }
    }

    /// Each busy worker's work that is left takes another time.
    fn set_speed_of_workers(&mut self, station: u32, speed: f64) {
        let now = self.now;
        let before = std::mem::replace(&mut self.net.fcfs[station as usize].speed, speed);
        let mut left = std::mem::take(&mut self.net.fcfs[station as usize].stopped);
        if before != 0.0 {
            for leaf in 0..self.net.leaves.len() as u32 {
                let due = self.set.time_of(leaf);
                let serves = self.net.leaves[leaf as usize] == Leaf::FcfsWorker(station)
                    && self.serving[leaf as usize] != NONE
                    && !EventSet::is_idle(due);
                if serves {
                    left.push((leaf, (due.0 - now) as f64 * before));
                }
            }
        }
        for &(leaf, work) in &left {
            let span = self.net.fcfs[station as usize].span(work);
            self.schedule_or_never(leaf, now.saturating_add(span));
        }
        if speed == 0.0 {
            self.net.fcfs[station as usize].stopped = left;
        }
    }

    fn set_speed_of_heap(&mut self, station: u32, speed: f64) {
        let now = self.now;
        let s = &mut self.net.fcfs[station as usize];
        let before = std::mem::replace(&mut s.speed, speed);
        let mut left = std::mem::take(&mut s.stopped);
        // in the order of departures, which is kept
        while let Some((key, id)) = s.departures.pop() {
            left.push((id, ((key >> 64) as u64 - now) as f64 * before));
        }
        let leaf = s.leaf;
        if speed == 0.0 {
            s.stopped = left;
            self.set.clear(leaf);
            return;
        }
        self.set.clear(leaf);
        for (id, work) in left {
            let span = self.net.fcfs[station as usize].span(work);
            self.start_in_heap(id, station, span);
        }
    }

    /// The workers of a station with ranks stand still, with the work that is left.
    fn stop_ranks(&mut self, station: u32) {
        let now = self.now;
        let s = &mut self.net.priority[station as usize];
        for worker in 0..s.serving.len() {
            let (id, served) = (s.serving[worker].request, s.served(worker, now));
            if id != NONE {
                s.observed.service_sum += served as u128;
                self.slab[id].work -= served;
                self.set.clear(s.leaf + worker as u32);
            }
        }
        s.stands_still = true;
    }

    /// They go on: the clock of each runs from now on.
    fn let_ranks_go_on(&mut self, station: u32) {
        let now = self.now;
        let s = &mut self.net.priority[station as usize];
        if !std::mem::take(&mut s.stands_still) {
            return;
        }
        for worker in 0..s.serving.len() {
            let s = &mut self.net.priority[station as usize];
            let (id, leaf) = (s.serving[worker].request, s.leaf + worker as u32);
            if id != NONE {
                s.serving[worker].since = now;
                let due = now + self.slab[id].work;
                self.schedule(leaf, due);
            }
        }
    }

    /// A worker begins while its station stands still.
    #[cold]
    pub(super) fn stop_at_once(&mut self, station: u32, holder: u32, work: u64) {
        self.net.fcfs[station as usize].stopped.push((holder, work as f64));
    }
}

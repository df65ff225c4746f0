//! What single requests went through: each stretch from one step to the next, with what was awaited, behind how many,
//! what was held meanwhile, and who had called whom.
//!
//! A run either chooses requests (`Choice`: the slowest, those that failed), or writes down those that were chosen by
//! their numbers in the order of arrival. Both runs have the same draws, so what is kept does not grow with the run.
//! `choice` chooses, `lane` is what is written down of one line of steps; here is who is where.

mod choice;
mod lane;
#[cfg(test)]
mod tests;

use super::places::{Place, Places};
use crate::model::network::{Network, StationAt};
use crate::model::program::Step;
use crate::model::request::{NONE, RequestId};

pub use choice::{Candidate, Choice, Wanted};
use lane::Pending;
pub use lane::{Awaited, Call, Hold, Lane, Standing, Stop};

/// One request, from its arrival to its client's last byte. Times are nanoseconds since the start of the run.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    pub number: u64,
    pub class: u16,
    pub arrived: u64,
    pub ended: u64,
    /// As the request carried it at its end; 0: answered.
    pub failure: u8,
    /// It ended within the run.
    pub complete: bool,
    /// The first is the request itself (its client, where clients have time-outs or try again).
    pub lanes: Vec<Lane>,
}

#[derive(Clone, Debug)]
pub struct Trails {
    pub places: Vec<Place>,
    pub choices: Vec<Choice>,
    /// In the order of arrival.
    pub trails: Vec<Trail>,
    numbers_wanted: Vec<u64>,
    /// By place in the slab: the number of the request, and which lane of which trail is there.
    numbers: Vec<u64>,
    lanes: Vec<Option<(usize, usize)>>,
    place_of_step: Vec<u16>,
    held: u16,
    again: u16,
    arrived: u64,
}

impl Trails {
    /// To choose requests, for each of these wishes.
    pub fn choosing(network: &Network, wanted: &[Wanted]) -> Trails {
        Trails { choices: wanted.iter().map(|&wanted| Choice::new(wanted)).collect(), ..Trails::of(network, &[]) }
    }

    /// To write down those of these numbers.
    pub fn of(network: &Network, numbers: &[u64]) -> Trails {
        let Places { places, of_step, held, again } = Places::of(network);
        let mut numbers_wanted = numbers.to_vec();
        numbers_wanted.sort_unstable();
        Trails {
            places,
            choices: Vec::new(),
            trails: Vec::new(),
            numbers_wanted,
            numbers: Vec::new(),
            lanes: Vec::new(),
            place_of_step: of_step,
            held,
            again,
            arrived: 0,
        }
    }

    fn room_for(&mut self, id: RequestId) {
        if id as usize >= self.lanes.len() {
            self.numbers.resize(id as usize + 1, u64::MAX);
            self.lanes.resize(id as usize + 1, None);
        }
    }

    fn lane(&mut self, id: RequestId) -> Option<&mut Lane> {
        let (trail, lane) = (*self.lanes.get(id as usize)?)?;
        Some(&mut self.trails[trail].lanes[lane])
    }

    /// A client sends a request.
    pub fn arrives(&mut self, now: u64, id: RequestId, class: u16) {
        self.room_for(id);
        let number = self.arrived;
        self.arrived += 1;
        self.numbers[id as usize] = number;
        self.lanes[id as usize] = None;
        if self.numbers_wanted.binary_search(&number).is_ok() {
            self.lanes[id as usize] = Some((self.trails.len(), 0));
            let whole = Lane::begun(now, None, None);
            self.trails.push(Trail { number, class, arrived: now, lanes: vec![whole], ..Trail::default() });
        }
    }

    /// Work that is no part of what its request waits for.
    pub fn is_apart(&mut self, id: RequestId) {
        self.room_for(id);
        self.lanes[id as usize] = None;
    }

    /// A part of a request, or an attempt, begins while that waits for it.
    pub fn begins_part(&mut self, now: u64, whole: RequestId, part: RequestId, attempt: Option<u16>) {
        self.is_apart(part);
        let Some((trail, lane)) = self.lanes.get(whole as usize).copied().flatten() else { return };
        let lanes = &mut self.trails[trail].lanes;
        let parent = Some((lane, lanes[lane].stops.len()));
        self.lanes[part as usize] = Some((trail, lanes.len()));
        lanes.push(Lane::begun(now, parent, attempt));
    }

    /// A part has ended.
    pub fn ends_part(&mut self, now: u64, part: RequestId, failure: u8) {
        if let Some((trail, lane)) = self.lanes.get_mut(part as usize).and_then(Option::take) {
            self.trails[trail].lanes[lane].end(now, failure, &self.places);
        }
    }

    /// It works on, and nobody waits for it.
    pub fn is_abandoned(&mut self, now: u64, id: RequestId, failure: u8) {
        let Some((trail, lane)) = self.lanes.get(id as usize).copied().flatten() else { return };
        let lanes = &mut self.trails[trail].lanes;
        if lanes[lane].open {
            lanes[lane].end(now, failure, &self.places);
            lanes[lane].abandoned = true;
        }
        self.lanes[id as usize] = None;
        self.abandon_parts_of(now, trail, lane);
    }

    /// The parts that a lane waited for, and theirs.
    fn abandon_parts_of(&mut self, now: u64, trail: usize, lane: usize) {
        for part in lane + 1..self.trails[trail].lanes.len() {
            let one = &mut self.trails[trail].lanes[part];
            if one.open && one.parent.is_some_and(|(parent, _)| parent == lane) {
                one.end(now, 0, &self.places);
                one.abandoned = true;
                self.abandon_parts_of(now, trail, part);
                for at in self.lanes.iter_mut().filter(|at| **at == Some((trail, part))) {
                    *at = None;
                }
            }
        }
    }

    /// It lives on in another place of the slab.
    pub fn moved(&mut self, now: u64, from: RequestId, to: RequestId) {
        self.room_for(to);
        self.numbers[to as usize] = self.numbers.get(from as usize).copied().unwrap_or(u64::MAX);
        self.lanes[to as usize] = self.lanes.get_mut(from as usize).and_then(Option::take);
        if let Some((trail, lane)) = self.lanes[to as usize] {
            self.abandon_parts_of(now, trail, lane);
        }
    }

    /// It goes on: what has passed since it stopped is written down.
    pub fn goes_on(&mut self, now: u64, id: RequestId, standing: Standing) {
        let Some((trail, lane)) = self.lanes.get(id as usize).copied().flatten() else { return };
        self.trails[trail].lanes[lane].go_on(now, standing, &self.places);
    }

    /// It stops before a step, after it has begun so much work; `again`: to wait before another attempt.
    pub fn stops(&mut self, now: u64, id: RequestId, standing: Standing, net: &Network, work: u64, again: bool) {
        if self.lanes.get(id as usize).copied().flatten().is_none() || standing.step == NONE {
            return;
        }
        let at = standing.step.checked_sub(1).filter(|at| (*at as usize) < self.place_of_step.len());
        let step = at.map(|at| net.steps[at as usize]);
        let place = at.map_or(self.held, |at| self.place_of_step[at as usize]);
        let for_what = match step {
            _ if again => Awaited::Place(self.again),
            Some(Step::Fork { .. }) => Awaited::Parts,
            Some(Step::Attempt { .. }) => Awaited::Attempt,
            _ => Awaited::Place(place),
        };
        let slot = match step {
            Some(Step::Acquire { pool, .. }) => Some(StationAt::Pool(pool)),
            Some(Step::Dispatch { dispatcher, .. }) => Some(StationAt::Dispatcher(dispatcher)),
            _ => None,
        };
        let (ahead, others, waits) = step.map_or((0, 0, false), |step| company(net, id, step));
        let Some(lane) = self.lane(id) else { return };
        lane.unwind(now, standing);
        let (call, failure) = (lane.stack.last().copied(), standing.failure);
        lane.since = now;
        let started = (!waits).then_some(now);
        lane.stop = Some(Pending { for_what, work, started, ahead, others, call, step: standing.step, slot, failure });
    }

    /// Its service begins, after it has waited.
    pub fn starts(&mut self, now: u64, id: RequestId) {
        if let Some(stop) = self.lane(id).and_then(|lane| lane.stop.as_mut()) {
            stop.started = stop.started.or(Some(now));
        }
    }

    /// It cannot go on: the process that it is in hangs.
    pub fn is_held(&mut self, now: u64, id: RequestId, standing: Standing) {
        let for_what = Awaited::Place(self.held);
        if let Some(lane) = self.lane(id) {
            lane.unwind(now, standing);
            let call = lane.stack.last().copied();
            let Standing { step, failure, .. } = standing;
            let (work, started, ahead, others, slot) = (0, Some(now), 0, 0, None);
            lane.since = now;
            lane.stop = Some(Pending { for_what, work, started, ahead, others, call, step, slot, failure });
        }
    }

    /// It has called a process.
    pub fn calls(&mut self, now: u64, id: RequestId, process: u32, depth: u8) {
        if let Some(lane) = self.lane(id) {
            lane.unwind(now, Standing { step: 0, depth: depth - 1, failure: 0 });
            let within = lane.stack.last().copied();
            lane.stack.push(lane.calls.len());
            lane.calls.push(Call { began: now, ended: now, process, within, depth, failure: 0 });
        }
    }

    /// It leaves what it had called, with this failure.
    pub fn returns(&mut self, now: u64, id: RequestId, depth: u8, failure: u8) {
        if let Some(lane) = self.lane(id) {
            lane.unwind(now, Standing { step: 0, depth, failure });
        }
    }

    /// It has a slot from now on.
    pub fn takes(&mut self, now: u64, id: RequestId, at: StationAt, depth: u8) {
        if let Some(lane) = self.lane(id) {
            lane.holds.push(Hold { at, began: now, ended: now, depth, open: true });
        }
    }

    pub fn gives_back(&mut self, now: u64, id: RequestId, at: StationAt) {
        if let Some(lane) = self.lane(id)
            && let Some(hold) = lane.holds.iter_mut().rev().find(|hold| hold.open && hold.at == at)
        {
            (hold.ended, hold.open) = (now, false);
        }
    }

    /// A client has its answer, or its failure.
    pub fn ends(&mut self, now: u64, id: RequestId, class: u16, arrived: u64, failure: u8, measured: bool) {
        if let Some((trail, lane)) = self.lanes.get_mut(id as usize).and_then(Option::take) {
            let trail = &mut self.trails[trail];
            trail.lanes[lane].end(now, failure, &self.places);
            (trail.ended, trail.failure, trail.complete) = (now, failure, true);
        }
        let number = self.numbers.get(id as usize).copied().unwrap_or(u64::MAX);
        if measured {
            let reason = super::result::failure::bare(failure);
            let candidate = Candidate { number, response_ns: now - arrived };
            self.choices.iter_mut().for_each(|choice| choice.consider(candidate, class, reason));
        }
    }
}

/// Who waits in front of a request that has just stopped, who is served beside it, and whether it waits itself.
fn company(net: &Network, id: RequestId, step: Step) -> (u32, u32, bool) {
    let before = |queue: u32| (queue.saturating_sub(1), 0, queue > 0);
    match step {
        Step::Serve { station, .. } | Step::WriteGroup { disk: station, .. } | Step::SwapIn { disk: station, .. } => {
            before(net.fcfs[station as usize].queue.len())
        }
        Step::ColdReads { index, .. } => {
            let disk = net.cold_reads[index as usize].disk;
            before(net.fcfs[disk as usize].queue.len())
        }
        Step::ServeByRank { station, .. } => {
            let s = &net.priority[station as usize];
            if s.serving.iter().any(|stint| stint.request == id) {
                return (0, 0, false);
            }
            before(s.waiting())
        }
        Step::Share { station, .. } => {
            let present = net.sharing[station as usize].observed.present;
            (0, present.saturating_sub(1), false)
        }
        Step::Acquire { pool, .. } => before(net.pools[pool as usize].queue.len()),
        Step::Dispatch { dispatcher, .. } => {
            let d = &net.dispatchers[dispatcher as usize];
            before(d.pool.queue.len() + d.bound.iter().map(|queue| queue.len()).sum::<u32>())
        }
        _ => (0, 0, false),
    }
}

//! What single requests went through: each stretch from one step to the next, with what was awaited, behind how many,
//! what was held meanwhile, and who had called whom.
//!
//! A run either chooses requests (`Choice`: the slowest, those that failed), or writes down those that were chosen by
//! their numbers in the order of arrival. Both runs have the same draws, so what is kept does not grow with the run.

use std::collections::BTreeMap;

use super::places::{Place, Places, Spent};
use crate::model::network::{Network, StationAt};
use crate::model::program::{Step, StepId};
use crate::model::request::{NONE, RequestId};

/// Which requests are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub most: usize,
    /// `None`: of all classes.
    pub class: Option<u16>,
    /// Those that got no answer, else those that got one.
    pub failed: bool,
}

/// A request that may be wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// In the order of arrival, from 0, the warm-up's counted.
    pub number: u64,
    pub response_ns: u64,
}

/// The slowest requests that are wanted, by reason of their failure (0: answered), slowest first.
#[derive(Clone, Debug)]
pub struct Choice {
    wanted: Wanted,
    slowest: BTreeMap<u8, Vec<Candidate>>,
    /// Requests that are as wanted, the slowest among them.
    pub matching: u64,
}

impl Choice {
    pub fn new(wanted: Wanted) -> Choice {
        Choice { wanted, slowest: BTreeMap::new(), matching: 0 }
    }

    fn consider(&mut self, candidate: Candidate, class: u16, reason: u8) {
        if self.wanted.class.is_some_and(|wanted| wanted != class) || self.wanted.failed != (reason != 0) {
            return;
        }
        self.matching += 1;
        let kept = self.slowest.entry(reason).or_default();
        // of equals, who came first
        let at = kept.partition_point(|other| other.response_ns >= candidate.response_ns);
        if at < self.wanted.most {
            kept.insert(at, candidate);
            kept.truncate(self.wanted.most);
        }
    }

    /// As many as are wanted: the slowest of each reason in turn.
    pub fn chosen(&self) -> Vec<u64> {
        let ranks = 0..self.wanted.most;
        let in_turn = ranks.flat_map(|rank| self.slowest.values().filter_map(move |kept| kept.get(rank)));
        in_turn.take(self.wanted.most).map(|candidate| candidate.number).collect()
    }
}

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

/// What goes on one step after the other: a request, an attempt of a client, or a part that runs beside others.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// The lane and the stop of it that waits for this one.
    pub parent: Option<(usize, usize)>,
    /// Which attempt of its client, from 1; `None`: a part beside others.
    pub attempt: Option<u16>,
    pub began: u64,
    pub ended: u64,
    /// Nobody waits for it any more, and it goes on for nobody.
    pub abandoned: bool,
    pub failure: u8,
    /// One after the other without a gap.
    pub stops: Vec<Stop>,
    pub calls: Vec<Call>,
    pub holds: Vec<Hold>,
    open: bool,
    since: u64,
    stop: Option<Pending>,
    /// Calls under way, outermost first.
    stack: Vec<usize>,
}

/// A stretch between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    pub began: u64,
    pub ended: u64,
    pub for_what: Awaited,
    /// So much of it was service (or the passing of time that nothing shortens); the rest was waiting.
    pub done: u64,
    /// Requests that waited in front of it when it came.
    pub ahead: u32,
    /// Others that were served at the same time, where service is shared.
    pub others: u32,
    /// Index of `Lane::calls`: in which call.
    pub call: Option<usize>,
    /// Why it ended, if it failed; as a request carries it.
    pub failure: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// Index of `Trails::places`.
    Place(u16),
    /// For parts that run at the same time; lanes of their own.
    Parts,
    /// For an attempt; a lane of its own.
    Attempt,
}

/// A call of a process, from its arrival there to its return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub began: u64,
    pub ended: u64,
    /// Number of the process.
    pub process: u32,
    /// Index of `Lane::calls`: the call that made it.
    pub within: Option<usize>,
    pub depth: u8,
    pub failure: u8,
}

/// A slot that it held while it went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub at: StationAt,
    pub began: u64,
    pub ended: u64,
    pub depth: u8,
    open: bool,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    for_what: Awaited,
    work: u64,
    /// When its service began; `None`: it waits.
    started: Option<u64>,
    ahead: u32,
    others: u32,
    call: Option<usize>,
    /// The step behind what it waits for, and what it will hold if it goes on there.
    step: StepId,
    slot: Option<StationAt>,
    failure: u8,
}

/// How a request stands when it goes on or stops.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub step: StepId,
    pub depth: u8,
    pub failure: u8,
}

#[derive(Clone, Debug)]
pub struct Trails {
    pub places: Vec<Place>,
    pub choice: Option<Choice>,
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
    /// To choose requests.
    pub fn choosing(network: &Network, wanted: Wanted) -> Trails {
        Trails { choice: Some(Choice::new(wanted)), ..Trails::of(network, &[]) }
    }

    /// To write down those of these numbers.
    pub fn of(network: &Network, numbers: &[u64]) -> Trails {
        let Places { places, of_step, held, again } = Places::of(network);
        let mut numbers_wanted = numbers.to_vec();
        numbers_wanted.sort_unstable();
        Trails {
            places,
            choice: None,
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
    pub fn is_held(&mut self, now: u64, id: RequestId) {
        let for_what = Awaited::Place(self.held);
        if let Some(lane) = self.lane(id) {
            let call = lane.stack.last().copied();
            let (failure, step) = lane.stop.map_or((0, NONE), |stop| (stop.failure, stop.step));
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
        if let Some(choice) = &mut self.choice
            && measured
        {
            let reason = super::result::failure::bare(failure);
            choice.consider(Candidate { number, response_ns: now - arrived }, class, reason);
        }
    }
}

impl Lane {
    fn begun(now: u64, parent: Option<(usize, usize)>, attempt: Option<u16>) -> Lane {
        Lane { parent, attempt, began: now, ended: now, since: now, open: true, ..Lane::default() }
    }

    fn go_on(&mut self, now: u64, standing: Standing, places: &[Place]) {
        let Some(stop) = self.stop.take() else { return };
        if let Some(at) = stop.slot
            && standing.step == stop.step
            && standing.failure == stop.failure
        {
            self.holds.push(Hold { at, began: now, ended: now, depth: standing.depth, open: true });
        }
        let failure = if standing.failure != stop.failure { standing.failure } else { 0 };
        self.close(now, stop, failure, places);
    }

    /// A stretch of no length is left out, unless others have it as their parent.
    fn close(&mut self, now: u64, stop: Pending, failure: u8, places: &[Place]) {
        let elapsed = now - self.since;
        if elapsed == 0 && matches!(stop.for_what, Awaited::Place(_)) {
            return;
        }
        let done = match stop.for_what {
            Awaited::Place(place) if places[place as usize].spent == Spent::Service => {
                // who leaves before its service has begun was not served
                stop.started.map_or(0, |started| stop.work.min(now - started))
            }
            _ => elapsed,
        };
        let Pending { for_what, ahead, others, call, .. } = stop;
        self.stops.push(Stop { began: self.since, ended: now, for_what, done, ahead, others, call, failure });
        self.since = now;
    }

    /// Calls that are deeper than it stands have returned, and what was held there is free.
    fn unwind(&mut self, now: u64, standing: Standing) {
        while let Some(&innermost) = self.stack.last()
            && self.calls[innermost].depth > standing.depth
        {
            self.stack.pop();
            (self.calls[innermost].ended, self.calls[innermost].failure) = (now, standing.failure);
        }
        for hold in self.holds.iter_mut().filter(|hold| hold.open && hold.depth > standing.depth) {
            (hold.ended, hold.open) = (now, false);
        }
    }

    fn end(&mut self, now: u64, failure: u8, places: &[Place]) {
        if let Some(stop) = self.stop.take() {
            self.close(now, stop, failure, places);
        }
        for &call in &self.stack {
            (self.calls[call].ended, self.calls[call].failure) = (now, failure);
        }
        self.stack.clear();
        for hold in self.holds.iter_mut().filter(|hold| hold.open) {
            (hold.ended, hold.open) = (now, false);
        }
        (self.ended, self.failure, self.open) = (now, failure, false);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, Scenario, Warmup, load, load_str};
    use crate::simulation::compile::{Compiled, compile};
    use crate::simulation::{RunPlan, run, run_choice, run_trails};

    fn plan(scenario: &Scenario) -> RunPlan<'static> {
        let warmup_s = if let Warmup::Seconds(seconds) = scenario.simulation.warmup { seconds } else { 1.0 };
        let duration_s = scenario.simulation.duration_s;
        RunPlan { run: 0, warmup_s, duration_s, traces: &|_| Box::new(std::iter::empty()) }
    }

    fn chosen(scenario: &Scenario, compiled: &Compiled, wanted: Wanted) -> (Choice, Vec<Trail>) {
        let (_, found) = run_choice(scenario, compiled, &plan(scenario), wanted);
        let choice = found.choice.expect("a choice");
        let (_, written) = run_trails(scenario, compiled, &plan(scenario), &choice.chosen());
        (choice, written.trails)
    }

    /// Every stretch of a lane follows the one before without a gap, from its beginning to its end.
    fn hold_laws(file: &str, trail: &Trail) {
        let what = format!("{file}, request {}", trail.number);
        assert!(trail.complete, "{what}");
        assert_eq!((trail.lanes[0].began, trail.lanes[0].ended), (trail.arrived, trail.ended), "{what}");
        for (i, lane) in trail.lanes.iter().enumerate() {
            let mut at = lane.began;
            for stop in &lane.stops {
                assert_eq!(stop.began, at, "{what}, lane {i}");
                assert!(stop.done <= stop.ended - stop.began, "{what}, lane {i}");
                at = stop.ended;
            }
            assert_eq!(at, lane.ended, "{what}, lane {i}");
            let inside = |began: u64, ended: u64| lane.began <= began && began <= ended && ended <= lane.ended;
            assert!(lane.holds.iter().all(|hold| inside(hold.began, hold.ended)), "{what}, lane {i}");
            for call in &lane.calls {
                assert!(inside(call.began, call.ended), "{what}, lane {i}");
                if let Some(outer) = call.within.map(|outer| &lane.calls[outer]) {
                    assert!(outer.began <= call.began && call.ended <= outer.ended && outer.depth < call.depth);
                }
            }
            for stop in &lane.stops {
                if let Some(call) = stop.call.map(|call| &lane.calls[call]) {
                    assert!(
                        call.began <= stop.began && stop.ended <= call.ended,
                        "{what}, lane {i}: {stop:?} {call:?}"
                    );
                }
            }
            if let Some((parent, stop)) = lane.parent {
                let waits = &trail.lanes[parent].stops[stop];
                assert!(matches!(waits.for_what, Awaited::Parts | Awaited::Attempt), "{what}, lane {i}: {waits:?}");
                assert!(waits.began == lane.began && lane.ended <= waits.ended, "{what}, lane {i}");
                // an attempt is all that its client waits for; of parts, the last one is
                let ends = trail.lanes.iter().filter(|other| other.parent == lane.parent).map(|other| other.ended);
                assert_eq!(ends.max(), Some(waits.ended), "{what}, lane {i}");
            }
        }
    }

    #[test]
    fn the_steps_of_a_request_add_up_to_its_response_time_exactly() {
        let mut failures = 0;
        for (file, duration) in [
            ("peak", "2 s"),
            ("closed", "200 s"),
            ("retry-storm", "80 s"),
            ("gray-failure", "80 s"),
            ("rolling-upgrade", "90 s"),
            ("lb-failover", "80 s"),
            ("db-primary-crash-promotion", "100 s"),
        ] {
            let set = vec![format!("simulation.duration={duration}")];
            let overrides = Overrides { set, ..Overrides::default() };
            let path = format!("scenarios/{file}.toml");
            let scenario = load(path.as_ref(), &overrides).unwrap_or_else(|error| panic!("{}", error.render(false)));
            let compiled = compile(&scenario);
            for failed in [false, true] {
                let wanted = Wanted { most: 20, class: None, failed };
                let (choice, trails) = chosen(&scenario, &compiled, wanted);
                assert_eq!(trails.len() as u64, choice.matching.min(20), "{file}");
                for trail in &trails {
                    let reason = crate::simulation::result::failure::bare(trail.failure);
                    let response_ns = trail.ended - trail.arrived;
                    let candidate = Candidate { number: trail.number, response_ns };
                    assert!(choice.slowest[&reason].contains(&candidate), "{file}");
                    hold_laws(file, trail);
                }
                failures += if failed { trails.len() } else { 0 };
                // it is a run of the experiment: nothing happens otherwise
                if !failed {
                    let result = run(&scenario, &compiled, &plan(&scenario));
                    let slowest = result.classes.iter().filter_map(|class| class.latency_ns.max()).max();
                    let longest = choice.slowest[&0][0].response_ns;
                    assert_eq!(slowest, Some(longest), "{file}");
                    assert_eq!(choice.matching, result.classes.iter().map(|class| class.completed).sum::<u64>());
                }
            }
        }
        assert!(failures >= 50, "{failures}");
    }

    #[test]
    fn a_trail_says_who_waits_in_front_what_is_held_and_what_runs_beside() {
        // three come at once, and again each 50 ms
        let text = "
            [simulation]
            duration = \"1 s\"
            warmup = \"1 s\"
            [service.desk]
            kind = \"station\"
            workers = 1
            service = \"6 ms\"
            [service.bell]
            kind = \"station\"
            workers = 9
            service = \"2 ms\"
            [request.one]
            path = [\"desk\", { fork = [[\"bell\"], [{ delay = \"5 ms\" }]] }]
            [traffic.a]
            process = \"constant\"
            rate = \"20/s\"
            mix = { one = 1 }
            [traffic.b]
            process = \"constant\"
            rate = \"20/s\"
            mix = { one = 1 }
            [traffic.c]
            process = \"constant\"
            rate = \"20/s\"
            mix = { one = 1 }
        ";
        let scenario =
            load_str("desk.toml", text, &Overrides::default()).unwrap_or_else(|e| panic!("{}", e.render(false)));
        let compiled = compile(&scenario);
        let (_, trails) = chosen(&scenario, &compiled, Wanted { most: 1, class: Some(0), failed: false });
        let trail = &trails[0];
        hold_laws("desk", trail);
        let ms = |ns: u64| ns as f64 / 1e6;
        assert_eq!(ms(trail.ended - trail.arrived), 23.0);
        let desk = &trail.lanes[0].stops[0];
        assert_eq!((desk.ahead, ms(desk.ended - desk.began), ms(desk.done)), (1, 18.0, 6.0));
        assert_eq!(trail.lanes[0].stops[1].for_what, Awaited::Parts);
        let parts: Vec<f64> = trail.lanes[1..].iter().map(|lane| ms(lane.ended - lane.began)).collect();
        assert_eq!(parts, [2.0, 5.0]);
    }
}

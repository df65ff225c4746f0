//! The event loop and the interpreter: takes the next event, moves one request to its next step, and
//! repeats. Knows stations and steps; knows nothing of HAProxy or MySQL.

use std::collections::VecDeque;

use super::log::EventLog;
use super::observation::Observation;
use super::source::Source;
use crate::engine::event_set::EventSet;
use crate::engine::random::{Key, purpose};
use crate::engine::table::Table;
use crate::engine::time::SimTime;
use crate::model::network::{Leaf, Network, Rule, Wait, WaitAt};
use crate::model::program::{Step, StepId};
use crate::model::request::{DEPTH_MAX, NONE, Request, RequestId, Slab};
use crate::model::station::Patience;
use crate::simulation::result::FailureReason;

const CLIENT: u64 = purpose("client.address");
const QUEUE_FULL: u8 = FailureReason::QueueFull as u8;
const ABANDONED: u8 = FailureReason::Abandoned as u8;

/// One run in progress.
pub struct Simulator<'a> {
    pub(super) now: u64,
    /// Up to here events come one after the other; then the observation has something to do.
    limit: u64,
    sequence: u64,
    pub(super) events: u64,
    pub(super) set: EventSet,
    pub(super) net: Network,
    pub(super) slab: Slab,
    /// Requests that a release has let go on at this instant, first come, first gone on.
    pub(super) ready: VecDeque<RequestId>,
    /// Whom each worker's leaf serves; `NONE`: nobody. Workers with leaves of their own share them: which one
    /// a worker gets is of no consequence.
    pub(super) serving: Table<RequestId>,
    /// Workers' leaves that are idle.
    vacant: Vec<u32>,
    /// The worker's leaf whose event is happening, while nobody has taken it; `NONE`: none.
    vacated: u32,
    pub(super) sources: Vec<Source<'a>>,
    pub(super) observation: Observation,
    pub(super) log: Option<Box<EventLog>>,
}

impl<'a> Simulator<'a> {
    pub fn new(net: Network, sources: Vec<Source<'a>>, observation: Observation, log: Option<EventLog>) -> Self {
        net.check();
        let leaves = net.leaves.len();
        Simulator {
            now: 0,
            limit: 0,
            sequence: 0,
            events: 0,
            set: EventSet::new(leaves),
            slab: Slab::default(),
            ready: VecDeque::new(),
            serving: vec![NONE; leaves].into(),
            vacant: (0..leaves as u32)
                .rev()
                .filter(|&l| matches!(net.leaves[l as usize], Leaf::FcfsWorker(_)))
                .collect(),
            vacated: NONE,
            net,
            sources,
            observation,
            log: log.map(Box::new),
        }
    }

    /// Runs from the beginning of the warm-up to the end of the measured part (or until nothing is left).
    pub fn run(&mut self) {
        self.start();
        let mut next = self.ready.pop_front();
        loop {
            // one place for the interpreter, so that its code is there once
            while let Some(id) = next {
                self.advance(id);
                next = self.ready.pop_front();
            }
            if self.vacated != NONE {
                self.set.clear(self.vacated);
                self.vacant.push(self.vacated);
                self.vacated = NONE;
            }
            let (SimTime(time), leaf) = self.set.first();
            if time >= self.limit {
                if self.pass_limit(time) {
                    continue;
                }
                break;
            }
            self.now = time;
            let moved = match self.net.leaves[leaf as usize] {
                Leaf::FcfsWorker(station) => Some(self.fcfs_worker_done(leaf, station)),
                Leaf::Sharing(station) => self.sharing_done(leaf, station),
                Leaf::Source(source) => Some(self.arrival(leaf, source)),
                Leaf::Line(line) => Some(self.line_due(leaf, line)),
                Leaf::Delays => Some(self.delay_due(leaf)),
                Leaf::FcfsHeap(station) => Some(self.fcfs_heap_done(leaf, station)),
                Leaf::PriorityWorker(station) => Some(self.priority_done(leaf, station)),
                Leaf::Timeouts(line) => self.timeout_due(leaf, line),
                Leaf::Patiences => self.patience_due(leaf),
                Leaf::Restart(process) => self.restart(leaf, process),
            };
            self.events += 1;
            next = moved.or_else(|| self.ready.pop_front());
        }
        self.observation.finish(&mut self.net);
    }

    fn start(&mut self) {
        self.limit = self.observation.next_tick().min(self.observation.end);
        let mut users_before = 0;
        for i in 0..self.sources.len() {
            let source = &mut self.sources[i];
            source.first_user = users_before;
            if let Some(users) = source.users() {
                users_before += users;
                for user in 0..users {
                    let mut request = Request::new(source.key_of_user(user), 0, 0, source.entry.think_step);
                    request.user = source.first_user + user;
                    request.source = i as u32;
                    let id = self.slab.insert(request);
                    self.ready.push_back(id);
                }
            } else {
                let leaf = source.leaf;
                let first = source.first();
                self.schedule_or_never(leaf, first);
            }
        }
    }

    /// Sets a leaf to a time, in the order of scheduling; `u64::MAX`: never.
    pub(super) fn schedule_or_never(&mut self, leaf: u32, time: u64) {
        if EventSet::is_idle(SimTime(time)) {
            self.set.clear(leaf);
        } else {
            self.schedule(leaf, time);
        }
    }

    /// Sets a leaf to a time, in the order of scheduling.
    #[inline(always)]
    pub(super) fn schedule(&mut self, leaf: u32, time: u64) {
        self.sequence += 1;
        self.set.set(leaf, SimTime(time), self.sequence);
    }

    /// `schedule` for a leaf that was idle, or whose event comes forward.
    #[inline(always)]
    fn schedule_earlier(&mut self, leaf: u32, time: u64) {
        self.sequence += 1;
        self.set.set_earlier(leaf, SimTime(time), self.sequence);
    }

    /// The end of the warm-up or of a window lies before the next event; false when the run is over.
    #[cold]
    fn pass_limit(&mut self, next_event: u64) -> bool {
        if EventSet::is_idle(SimTime(next_event)) && self.observation.end == u64::MAX {
            // nothing is left to happen: the run ended with its last event
            return false;
        }
        self.now = self.limit;
        if self.limit >= self.observation.end {
            return false;
        }
        self.observation.tick(&mut self.net, self.now);
        self.limit = self.observation.next_tick().min(self.observation.end);
        true
    }

    // ---- arrivals ----

    #[inline(always)]
    fn arrival(&mut self, leaf: u32, source: u32) -> RequestId {
        let s = &mut self.sources[source as usize];
        let arrival = s.take(self.now);
        let next = s.next_time;
        if EventSet::is_idle(SimTime(next)) {
            self.set.clear(leaf);
        } else {
            self.schedule(leaf, next);
        }
        let mut request = Request::new(arrival.key.0, self.now, arrival.class, arrival.step);
        request.source = source;
        request.given = arrival.given;
        let id = self.slab.insert(request);
        self.observation.arrived(arrival.class, self.now);
        if let Some(log) = &mut self.log {
            log.arrive(self.now, id, arrival.class);
        }
        id
    }

    // ---- the interpreter ----

    /// Runs a request's steps until it must wait, or ends.
    #[inline(always)]
    pub(super) fn advance(&mut self, id: RequestId) {
        let mut at = self.slab[id].step;
        loop {
            let step = self.net.steps[at as usize];
            match step {
                Step::Serve { station, draw, fail } => {
                    self.slab[id].step = at + 1;
                    let work = self.net.draws[draw as usize].nanos(&self.slab[id]);
                    match self.serve(id, station, work, fail) {
                        Some(to) => at = to,
                        None => return,
                    }
                }
                Step::Share { station, draw } => {
                    self.slab[id].step = at + 1;
                    let work = self.net.draws[draw as usize].nanos(&self.slab[id]);
                    self.slab[id].work = work;
                    self.share(id, station, work);
                    return;
                }
                Step::Delay { line } => {
                    self.slab[id].step = at + 1;
                    self.enter_line(id, line);
                    return;
                }
                Step::DelayDrawn { draw, less_ns } => {
                    let time = self.net.draws[draw as usize].nanos(&self.slab[id]);
                    at += 1;
                    if time > less_ns as u64 {
                        self.slab[id].step = at;
                        self.delay(id, self.now + time - less_ns as u64);
                        return;
                    }
                }
                Step::Branch { draw, threshold, otherwise } => {
                    let bits = self.net.draws[draw as usize].bits(&self.slab[id]);
                    at = if bits < threshold { at + 1 } else { otherwise };
                }
                Step::Switch { draw, table } => {
                    let bits = self.net.draws[draw as usize].bits(&self.slab[id]);
                    at = self.net.switches[table as usize].target(bits);
                }
                Step::Acquire { reason, pool, fail } => {
                    self.slab[id].step = at + 1;
                    match self.acquire(id, pool, reason, fail) {
                        Some(to) => at = to,
                        None => return,
                    }
                }
                Step::Release { pool } => {
                    self.release(pool);
                    at += 1;
                }
                Step::Jump { to } => at = to,
                Step::Fail { reason, to } => {
                    self.slab[id].failure = reason;
                    at = to;
                }
                Step::CallChosen { entries, .. } => {
                    let request = &mut self.slab[id];
                    let depth = request.depth as usize;
                    request.frames[depth].after = at + 1;
                    request.depth += 1;
                    at = self.net.entries[(entries + request.frames[depth].chosen) as usize];
                }
                Step::CallFixed { to, chosen, .. } => {
                    let request = &mut self.slab[id];
                    let depth = request.depth as usize;
                    request.frames[depth].after = at + 1;
                    request.frames[depth].chosen = chosen;
                    request.depth += 1;
                    at = to;
                }
                Step::Return => at = self.return_step(id),
                Step::Dispatch { dispatcher, fail } => {
                    self.slab[id].step = at + 1;
                    match self.dispatch(id, dispatcher, fail) {
                        Some(to) => at = to,
                        None => return,
                    }
                }
                Step::Undispatch { dispatcher } => {
                    self.undispatch(id, dispatcher);
                    at += 1;
                }
                Step::Send { links, draw } | Step::Receive { links, draw } => {
                    self.slab[id].step = at + 1;
                    let link = self.net.links[(links + self.chosen(id)) as usize];
                    let (from, to) = match step {
                        Step::Send { .. } => (link.caller_out, link.callee_in),
                        _ => (link.callee_out, link.caller_in),
                    };
                    if self.transfer(id, from, to, draw) {
                        return;
                    }
                    at += 1;
                }
                Step::Propagate { links } => {
                    let line = self.net.links[(links + self.chosen(id)) as usize].line;
                    at += 1;
                    if line != NONE {
                        self.slab[id].step = at;
                        self.enter_line(id, line);
                        return;
                    }
                }
                Step::End => match self.end(id) {
                    Some(to) => at = to,
                    None => return,
                },
                Step::ServeByRank { station, draw, fail } => {
                    self.slab[id].step = at + 1;
                    let work = self.net.draws[draw as usize].nanos(&self.slab[id]);
                    match self.serve_by_rank(id, station, work, fail) {
                        Some(to) => at = to,
                        None => return,
                    }
                }
                Step::Again { draw, threshold, back } => {
                    let bits = self.net.draws[draw as usize].bits(&self.slab[id]);
                    if bits < threshold {
                        self.slab[id].visit = self.slab[id].visit.wrapping_add(1);
                        at = back;
                    } else {
                        at += 1;
                    }
                }
                Step::Fork { table } => {
                    self.slab[id].step = at + 1;
                    self.fork(id, table);
                    return;
                }
                Step::Join { fail } => at = if self.slab[id].failure == 0 { at + 1 } else { fail },
                Step::Spawn { to } => {
                    let child = self.child(id, to);
                    self.ready.push_back(child);
                    at += 1;
                }
                Step::BranchEnd => {
                    self.branch_end(id);
                    return;
                }
                Step::Gone => {
                    self.observation.last_event = self.now;
                    self.slab.remove(id);
                    return;
                }
                Step::Visit { number } => {
                    self.slab[id].visit = number as u16;
                    at += 1;
                }
                Step::Route { router } => {
                    let chosen = self.route(router);
                    let request = &mut self.slab[id];
                    request.frames[request.depth as usize].chosen = chosen;
                    at += 1;
                }
                Step::JoinStage { stage, draw, .. } => {
                    let bytes = self.net.draws[draw as usize].value(&self.slab[id]);
                    at += 1;
                    self.slab[id].step = at;
                    if !self.join_stage(id, stage, bytes) {
                        return;
                    }
                }
                Step::WriteGroup { stage, disk, draw } => {
                    self.slab[id].step = at + 1;
                    let draw = &self.net.draws[draw as usize];
                    let bytes = self.net.stages[stage as usize].group_bytes;
                    // the draw is the operation alone; its factor is the time of a byte
                    let operation = draw.sampler.sample(&mut Key(self.slab[id].key).draw(draw.purpose, 0));
                    let work = crate::model::program::round_nanos(operation + bytes * draw.factor as f64);
                    if let Some(to) = self.serve(id, disk, work, at + 1) {
                        at = to;
                    } else {
                        return;
                    }
                }
                Step::SyncDue { stage, every, skip } => {
                    let groups = self.net.stages[stage as usize].groups;
                    at = if groups.is_multiple_of(every as u64) { at + 1 } else { skip };
                }
                Step::LeaveStage { stage } => {
                    self.leave_stage(stage);
                    at += 1;
                }
                Step::Commit { database, table } => {
                    self.commit(id, database, table);
                    at += 1;
                }
                Step::AwaitTurn { replica } => {
                    let ticket = self.slab[id].parent;
                    let replica = &mut self.net.replicas[replica as usize];
                    at += 1;
                    if replica.turn as u32 != ticket {
                        self.slab[id].step = at;
                        replica.waiting.push(ticket as u64, id);
                        return;
                    }
                }
                Step::PassTurn { replica } => {
                    let replica = &mut self.net.replicas[replica as usize];
                    replica.turn += 1;
                    if replica.waiting.first().is_some_and(|(ticket, _)| ticket as u32 == replica.turn as u32)
                        && let Some((_, next)) = replica.waiting.pop()
                    {
                        self.ready.push_back(next);
                    }
                    at += 1;
                }
                Step::Applied { replica } => {
                    let committed = self.slab[id].arrived;
                    self.net.replicas[replica as usize].apply(self.now, committed);
                    at += 1;
                }
                Step::ReadAt { replica } => {
                    self.read_at(id, replica);
                    at += 1;
                }
                Step::TakeMemory { process, draw, fail } => {
                    let bytes = self.net.draws[draw as usize].value(&self.slab[id]);
                    self.slab[id].step = at + 1;
                    match self.take_memory(id, process, bytes, fail) {
                        Some(to) => at = to,
                        None => return,
                    }
                }
                Step::FreeMemory { process, draw } => {
                    let bytes = self.net.draws[draw as usize].value(&self.slab[id]);
                    self.free_memory(process, bytes);
                    at += 1;
                }
                Step::SwapIn { memory, disk } => {
                    at += 1;
                    let work = self.net.memories[memory as usize].swap_in_ns();
                    if work > 0 {
                        self.slab[id].step = at;
                        match self.serve(id, disk, work, at) {
                            Some(to) => at = to,
                            None => return,
                        }
                    }
                }
                Step::Think { source } => {
                    let draw = self.sources[source as usize].entry.think;
                    let time = self.net.draws[draw as usize].nanos(&self.slab[id]);
                    self.slab[id].step = at + 1;
                    self.delay(id, self.now + time);
                    return;
                }
                Step::Begin { source } => at = self.begin(id, source),
            }
        }
    }

    #[inline(always)]
    fn chosen(&self, id: RequestId) -> u32 {
        let request = &self.slab[id];
        request.frames[request.depth as usize].chosen
    }

    /// Where a returning request goes on in its caller.
    #[inline(always)]
    pub(super) fn return_step(&mut self, id: RequestId) -> StepId {
        let request = &mut self.slab[id];
        request.depth -= 1;
        let after = request.frames[request.depth as usize].after;
        if request.failure == 0 {
            return after;
        }
        self.fail_step_of_call(after - 1)
    }

    pub(super) fn fail_step_of_call(&self, call: StepId) -> StepId {
        match self.net.steps[call as usize] {
            Step::CallChosen { fail, .. } | Step::CallFixed { fail, .. } => fail,
            other => panic!("a frame returned to {other:?}, which is no call"),
        }
    }

    /// A closed user's next request begins.
    fn begin(&mut self, id: RequestId, source: u32) -> StepId {
        let s = &mut self.sources[source as usize];
        let user = self.slab[id].user;
        let arrival = s.next_of_user(user - s.first_user);
        let request = &mut self.slab[id];
        request.key = arrival.key.0;
        request.arrived = self.now;
        request.class = arrival.class;
        request.visit = 0;
        request.depth = 0;
        request.frames = Default::default();
        request.failure = 0;
        self.observation.arrived(arrival.class, self.now);
        if let Some(log) = &mut self.log {
            log.arrive(self.now, id, arrival.class);
        }
        arrival.step
    }

    /// The client has its answer. A closed user goes on to think.
    #[inline(always)]
    fn end(&mut self, id: RequestId) -> Option<StepId> {
        let request = &self.slab[id];
        self.observation.finished(request.class, request.failure, request.arrived, self.now);
        if let Some(log) = &mut self.log {
            log.end(self.now, id, request.failure);
        }
        if request.user != NONE {
            return Some(self.sources[request.source as usize].entry.think_step);
        }
        self.slab.remove(id);
        None
    }

    // ---- FCFS stations ----

    /// Queues or starts; `Some(step)` when turned away.
    #[inline(always)]
    fn serve(&mut self, id: RequestId, station: u32, work: u64, fail: StepId) -> Option<StepId> {
        let now = self.now;
        let s = &mut self.net.fcfs[station as usize];
        let request = &mut self.slab[id];
        request.entered = now;
        request.work = work;
        if s.idle > 0 {
            s.idle -= 1;
            s.observed.arrive(now, false);
            s.observed.begin_work(now);
            if self.log.is_some() {
                self.log_start(id, WaitAt::Fcfs(station));
            }
            self.start_worker(id, station, now + work);
            return None;
        }
        if !s.has_own_leaves() && s.departures.len() < s.workers as usize {
            s.observed.arrive(now, false);
            s.observed.begin_work(now);
            if self.log.is_some() {
                self.log_start(id, WaitAt::Fcfs(station));
            }
            self.start_in_heap(id, station, work);
            return None;
        }
        if s.queue.len() >= s.queue_limit {
            s.observed.turn_away(now);
            self.slab[id].failure = QUEUE_FULL;
            return Some(fail);
        }
        s.observed.arrive(now, true);
        s.queue.push_back(&mut self.slab, id);
        if let Some(patience) = s.patience {
            self.arm(id, patience, WaitAt::Fcfs(station));
        }
        None
    }

    /// An idle worker begins: at the leaf that this event has vacated, if it has, which spares clearing it.
    #[inline(always)]
    fn start_worker(&mut self, id: RequestId, station: u32, due: u64) {
        if self.vacated != NONE {
            let leaf = self.vacated;
            self.vacated = NONE;
            self.net.leaves[leaf as usize] = Leaf::FcfsWorker(station);
            self.serving[leaf as usize] = id;
            self.schedule(leaf, due);
        } else {
            let leaf = self.vacant.pop().expect("as many leaves as workers");
            self.net.leaves[leaf as usize] = Leaf::FcfsWorker(station);
            self.serving[leaf as usize] = id;
            self.schedule_earlier(leaf, due);
        }
    }

    /// For stations with many workers: the departure goes into the station's own heap.
    fn start_in_heap(&mut self, id: RequestId, station: u32, work: u64) {
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
        }
    }

    #[inline(always)]
    fn fcfs_worker_done(&mut self, leaf: u32, station: u32) -> RequestId {
        let id = self.serving[leaf as usize];
        let now = self.now;
        let s = &mut self.net.fcfs[station as usize];
        let request = &self.slab[id];
        s.observed.depart(now, request.entered, request.work);
        match s.queue.pop_front(&mut self.slab) {
            Some(next) => {
                let request = &mut self.slab[next];
                request.epoch = request.epoch.wrapping_add(1);
                let due = now + request.work;
                self.serving[leaf as usize] = next;
                if self.log.is_some() {
                    self.log_start(next, WaitAt::Fcfs(station));
                }
                self.schedule(leaf, due);
            }
            None => {
                s.observed.end_work(now);
                s.idle += 1;
                self.serving[leaf as usize] = NONE;
                self.vacated = leaf;
            }
        }
        id
    }

    fn fcfs_heap_done(&mut self, leaf: u32, station: u32) -> RequestId {
        let now = self.now;
        let s = &mut self.net.fcfs[station as usize];
        let (_, id) = s.departures.pop().expect("a departure was due");
        let request = &self.slab[id];
        s.observed.depart(now, request.entered, request.work);
        match s.departures.first() {
            Some((key, _)) => {
                let (time, sequence) = ((key >> 64) as u64, key as u64);
                self.set.set(leaf, SimTime(time), sequence);
            }
            None => self.set.clear(leaf),
        }
        match s.queue.pop_front(&mut self.slab) {
            Some(next) => {
                let request = &mut self.slab[next];
                request.epoch = request.epoch.wrapping_add(1);
                let work = request.work;
                if self.log.is_some() {
                    self.log_start(next, WaitAt::Fcfs(station));
                }
                self.start_in_heap(next, station, work);
            }
            None => s.observed.end_work(now),
        }
        id
    }

    // ---- processor sharing ----

    #[inline(always)]
    fn share(&mut self, id: RequestId, station: u32, work: u64) {
        self.slab[id].entered = self.now;
        let s = &mut self.net.sharing[station as usize];
        let due = s.enter(self.now, id, work);
        let leaf = s.leaf;
        self.schedule(leaf, due);
    }

    #[inline(always)]
    fn sharing_done(&mut self, leaf: u32, station: u32) -> Option<RequestId> {
        let now = self.now;
        let s = &mut self.net.sharing[station as usize];
        let (id, next) = s.leave(now);
        let request = &mut self.slab[id];
        s.count_departure(now, request.entered, request.work);
        match next {
            Some(due) => self.schedule(leaf, due),
            None => self.set.clear(leaf),
        }
        if request_is_split(&mut self.slab[id]) { None } else { Some(id) }
    }

    /// Bytes through the sender's and the receiver's network card at the same time; false where nothing is
    /// to be sent, or neither card is modelled.
    #[inline(always)]
    fn transfer(&mut self, id: RequestId, from: u32, to: u32, draw: u32) -> bool {
        if from == NONE && to == NONE {
            return false;
        }
        let work = self.net.draws[draw as usize].nanos(&self.slab[id]);
        if work == 0 {
            return false;
        }
        let both = from != NONE && to != NONE;
        let request = &mut self.slab[id];
        request.work = work;
        request.pending = both as u16;
        for card in [from, to] {
            if card != NONE {
                self.share(id, card, work);
            }
        }
        true
    }

    // ---- delays ----

    #[inline(always)]
    fn enter_line(&mut self, id: RequestId, line: u32) {
        self.sequence += 1;
        let l = &mut self.net.lines[line as usize];
        let due = self.now + l.length;
        let empty = l.queue.is_empty();
        l.queue.push_back((due, self.sequence, id));
        if empty {
            let leaf = l.leaf;
            self.set.set_earlier(leaf, SimTime(due), self.sequence);
        }
    }

    #[inline(always)]
    fn line_due(&mut self, leaf: u32, line: u32) -> RequestId {
        let l = &mut self.net.lines[line as usize];
        let (_, _, id) = l.queue.pop_front().expect("an entry was due");
        match l.queue.front() {
            Some(&(due, sequence, _)) => self.set.set(leaf, SimTime(due), sequence),
            None => self.set.clear(leaf),
        }
        id
    }

    #[inline(always)]
    pub(super) fn delay(&mut self, id: RequestId, due: u64) {
        self.sequence += 1;
        let delays = &mut self.net.delays;
        let key = (due as u128) << 64 | self.sequence as u128;
        let earliest = delays.heap.first().is_none_or(|(first, _)| key < first);
        delays.heap.push(key, id);
        if earliest {
            let leaf = delays.leaf;
            self.set.set_earlier(leaf, SimTime(due), self.sequence);
        }
    }

    #[inline(always)]
    fn delay_due(&mut self, leaf: u32) -> RequestId {
        let delays = &mut self.net.delays;
        let (_, id) = delays.heap.pop().expect("a delay was due");
        match delays.heap.first() {
            Some((key, _)) => {
                self.set.set(leaf, SimTime((key >> 64) as u64), key as u64);
            }
            None => self.set.clear(leaf),
        }
        id
    }

    // ---- pools ----

    #[inline(always)]
    fn acquire(&mut self, id: RequestId, pool: u32, reason: u8, fail: StepId) -> Option<StepId> {
        let now = self.now;
        let p = &mut self.net.pools[pool as usize];
        if p.in_use < p.capacity && !p.closed {
            p.in_use += 1;
            p.observed.arrive(now, false);
            p.observed.begin_work(now);
            p.granted += 1;
            if let Some(detail) = &mut p.observed.detail {
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
        p.observed.arrive(now, true);
        self.slab[id].entered = now;
        p.queue.push_back(&mut self.slab, id);
        if let Some(patience) = p.patience {
            self.arm(id, patience, WaitAt::Pool(pool));
        }
        None
    }

    #[inline(always)]
    fn release(&mut self, pool: u32) {
        let now = self.now;
        let p = &mut self.net.pools[pool as usize];
        p.observed.let_go(now);
        match p.queue.pop_front(&mut self.slab) {
            Some(next) => {
                let request = &mut self.slab[next];
                request.epoch = request.epoch.wrapping_add(1);
                p.waiting_sum += (now - request.entered) as u128;
                p.granted += 1;
                if let Some(detail) = &mut p.observed.detail {
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

    fn dispatch(&mut self, id: RequestId, dispatcher: u32, fail: StepId) -> Option<StepId> {
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
        let queue = match d.balancer.choose(client, &mut rng) {
            Choice::Server(server) => {
                d.pool.observed.arrive(now, false);
                d.pool.observed.begin_work(now);
                d.pool.granted += 1;
                let request = &mut self.slab[id];
                request.frames[request.depth as usize].chosen = server as u32;
                return Some(request.step);
            }
            Choice::QueueAny => &mut d.pool.queue,
            Choice::QueueOn(server) => {
                let request = &mut self.slab[id];
                request.frames[request.depth as usize].chosen = server as u32;
                &mut d.bound[server]
            }
        };
        if d.pool.queue_limit == 0 {
            d.pool.observed.turn_away(now);
            self.slab[id].failure = FailureReason::Refused as u8;
            return Some(fail);
        }
        d.pool.observed.arrive(now, true);
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

    fn undispatch(&mut self, id: RequestId, dispatcher: u32) {
        let now = self.now;
        let server = self.chosen(id) as usize;
        let d = &mut self.net.dispatchers[dispatcher as usize];
        d.pool.observed.let_go(now);
        d.balancer.release(server);
        d.pool.observed.end_work(now);
        if !d.balancer.has_room(server) {
            return;
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
            request.frames[request.depth as usize].chosen = server as u32;
            self.ready.push_back(next);
        }
    }

    // ---- giving up ----

    fn arm(&mut self, id: RequestId, patience: Patience, at: WaitAt) {
        let wait = Wait { request: id, epoch: self.slab[id].epoch, at };
        self.sequence += 1;
        match patience {
            Patience::Line(line) => {
                let l = &mut self.net.timeouts[line as usize];
                let due = self.now + l.length;
                let empty = l.queue.is_empty();
                l.queue.push_back((due, self.sequence, wait));
                if empty {
                    let leaf = l.leaf;
                    self.set.set(leaf, SimTime(due), self.sequence);
                }
            }
            Patience::Drawn(draw) => {
                let due = self.now + self.net.draws[draw as usize].nanos(&self.slab[id]);
                let patiences = &mut self.net.patiences;
                let key = (due as u128) << 64 | self.sequence as u128;
                let earliest = patiences.heap.first().is_none_or(|(first, _)| key < first);
                patiences.heap.push(key, wait);
                if earliest {
                    let leaf = patiences.leaf;
                    self.set.set(leaf, SimTime(due), self.sequence);
                }
            }
        }
    }

    fn timeout_due(&mut self, leaf: u32, line: u32) -> Option<RequestId> {
        let (_, _, wait) = self.net.timeouts[line as usize].queue.pop_front().expect("a timeout was due");
        loop {
            // drop what was cancelled meanwhile, so that it costs no event
            let l = &mut self.net.timeouts[line as usize];
            match l.queue.front() {
                Some(&(_, _, next)) if self.slab[next.request].epoch != next.epoch => {
                    l.queue.pop_front();
                }
                Some(&(due, sequence, _)) => {
                    self.set.set(leaf, SimTime(due), sequence);
                    break;
                }
                None => {
                    self.set.clear(leaf);
                    break;
                }
            }
        }
        self.give_up(wait);
        None
    }

    fn patience_due(&mut self, leaf: u32) -> Option<RequestId> {
        let (_, wait) = self.net.patiences.heap.pop().expect("a patience was due");
        match self.net.patiences.heap.first() {
            Some((key, _)) => {
                self.set.set(leaf, SimTime((key >> 64) as u64), key as u64);
            }
            None => self.set.clear(leaf),
        }
        self.give_up(wait);
        None
    }

    /// A wait was too long: out of the queue, and on where failures of that step go.
    fn give_up(&mut self, wait: Wait) {
        let id = wait.request;
        if self.slab[id].epoch != wait.epoch {
            return;
        }
        let now = self.now;
        let entered = self.slab[id].entered;
        let blocked = self.net.steps[self.slab[id].step as usize - 1];
        let (failure, fail) = match (wait.at, blocked) {
            (WaitAt::Fcfs(station), Step::Serve { fail, .. }) => {
                let s = &mut self.net.fcfs[station as usize];
                s.queue.remove(&mut self.slab, id);
                s.observed.abandon(now, entered);
                (ABANDONED, fail)
            }
            (WaitAt::Priority(station), Step::ServeByRank { fail, .. }) => {
                let s = &mut self.net.priority[station as usize];
                let rank = s.rank_of_class[self.slab[id].class as usize] as usize;
                s.queues[rank].remove(&mut self.slab, id);
                s.observed.abandon(now, entered);
                (ABANDONED, fail)
            }
            (WaitAt::Pool(pool), Step::Acquire { reason, fail, .. }) => {
                let p = &mut self.net.pools[pool as usize];
                p.queue.remove(&mut self.slab, id);
                p.observed.abandon(now, entered);
                (reason, fail)
            }
            (WaitAt::Dispatcher(dispatcher), Step::Dispatch { fail, .. }) => {
                let server = self.chosen(id) as usize;
                let d = &mut self.net.dispatchers[dispatcher as usize];
                let bound = d.bound.get(server).is_some_and(|q| q.ids(&self.slab).contains(&id));
                let queue = if bound { &mut d.bound[server] } else { &mut d.pool.queue };
                queue.remove(&mut self.slab, id);
                d.pool.observed.abandon(now, entered);
                (FailureReason::QueueTimeout as u8, fail)
            }
            (at, step) => panic!("{at:?} timed out in {step:?}"),
        };
        let request = &mut self.slab[id];
        request.epoch = request.epoch.wrapping_add(1);
        request.failure = failure;
        request.step = fail;
        self.ready.push_back(id);
    }

    // ---- priorities ----

    fn serve_by_rank(&mut self, id: RequestId, station: u32, work: u64, fail: StepId) -> Option<StepId> {
        let now = self.now;
        let s = &mut self.net.priority[station as usize];
        let rank = s.rank_of_class[self.slab[id].class as usize];
        self.slab[id].entered = now;
        self.slab[id].work = work;
        if let Some(worker) = s.idle_worker() {
            s.observed.arrive(now, false);
            s.observed.begin_work(now);
            self.start_by_rank(station, worker, id);
            return None;
        }
        if let Some(worker) = s.preemptible(rank) {
            let stint = s.serving[worker];
            let other = stint.request;
            let served = now - stint.began;
            s.observed.arrive(now, false);
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
        s.observed.arrive(now, true);
        s.queues[rank as usize].push_back(&mut self.slab, id);
        if let Some(patience) = s.patience {
            self.arm(id, patience, WaitAt::Priority(station));
        }
        None
    }

    fn start_by_rank(&mut self, station: u32, worker: usize, id: RequestId) {
        let s = &mut self.net.priority[station as usize];
        let rank = s.rank_of_class[self.slab[id].class as usize];
        s.serving[worker] = crate::model::station::priority::Stint { request: id, rank, began: self.now };
        let leaf = s.leaf + worker as u32;
        let request = &mut self.slab[id];
        request.epoch = request.epoch.wrapping_add(1);
        let due = self.now + request.work;
        if self.log.is_some() {
            self.log_start(id, WaitAt::Priority(station));
        }
        self.schedule(leaf, due);
    }

    fn priority_done(&mut self, leaf: u32, station: u32) -> RequestId {
        let now = self.now;
        let s = &mut self.net.priority[station as usize];
        let worker = (leaf - s.leaf) as usize;
        let id = s.serving[worker].request;
        let request = &self.slab[id];
        s.observed.depart(now, request.entered, request.work);
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

    // ---- forks ----

    fn child(&mut self, id: RequestId, step: StepId) -> RequestId {
        let mut child = self.slab[id];
        child.step = step;
        child.parent = NONE;
        child.user = NONE;
        child.epoch = 0;
        child.pending = 0;
        self.slab.insert(child)
    }

    fn fork(&mut self, id: RequestId, table: u32) {
        let branches = self.net.forks[table as usize].len();
        self.slab[id].pending = branches as u16;
        for branch in 0..branches {
            let step = self.net.forks[table as usize][branch];
            let child = self.child(id, step);
            self.slab[child].parent = id;
            self.ready.push_back(child);
        }
    }

    fn branch_end(&mut self, id: RequestId) {
        let Request { parent, failure, visit, .. } = self.slab[id];
        self.slab.remove(id);
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
            self.ready.push_back(parent);
        }
    }

    // ---- databases ----

    fn route(&mut self, router: u32) -> u32 {
        let r = &mut self.net.routers[router as usize];
        let turn = r.next;
        r.next += 1;
        match &mut r.rule {
            Rule::RoundRobin(servers) => servers[(turn % servers.len() as u64) as usize],
            Rule::MaxLag { limit_ns, fresh } => {
                fresh.clear();
                let database = &self.net.databases[r.database as usize];
                for (i, &replica) in database.replicas.iter().enumerate() {
                    if self.net.replicas[replica as usize].polled_behind_ns(self.now) <= *limit_ns {
                        fresh.push(i as u32 + 1);
                    }
                }
                if fresh.is_empty() { 0 } else { fresh[(turn % fresh.len() as u64) as usize] }
            }
        }
    }

    /// True: this request leads its group and goes on; false: it gathers with others. Who finds the stage idle
    /// leads, once all who are on their way at this instant have joined: a group stays together from stage to
    /// stage, as in MySQL's `Stage_manager`.
    fn join_stage(&mut self, id: RequestId, stage: u32, bytes: f64) -> bool {
        let now = self.now;
        let s = &mut self.net.stages[stage as usize];
        if s.forming == id {
            s.forming = NONE;
            std::mem::swap(&mut s.group, &mut s.gathering);
            s.group_bytes += std::mem::take(&mut s.gathering_bytes);
            return true;
        }
        self.slab[id].entered = now;
        if s.busy {
            s.observed.arrive(now, true);
            s.gathering.push(id);
            s.gathering_bytes += bytes;
            return false;
        }
        s.observed.arrive(now, false);
        s.observed.begin_work(now);
        s.busy = true;
        s.group_bytes = bytes;
        s.groups += 1;
        // the leader's own entry, for the figures of its leaving
        s.leader_entered = now;
        s.began = now;
        s.forming = id;
        // back to its JoinStage, behind the others
        self.slab[id].step -= 1;
        self.ready.push_back(id);
        false
    }

    /// The leader and its followers leave together; the first of those who gathered leads the next group.
    fn leave_stage(&mut self, stage: u32) {
        let now = self.now;
        let s = &mut self.net.stages[stage as usize];
        s.observed.depart(now, s.leader_entered, now - s.began);
        for &follower in &s.group {
            s.observed.depart(now, self.slab[follower].entered, now - s.began);
            // a follower stopped behind its own JoinStage, which says where followers go on
            let join = self.slab[follower].step - 1;
            self.slab[follower].step = match self.net.steps[join as usize] {
                Step::JoinStage { after, .. } => after,
                other => panic!("a follower stopped at {other:?}"),
            };
            self.ready.push_back(follower);
        }
        s.group.clear();
        if s.gathering.is_empty() {
            s.busy = false;
            s.observed.end_work(now);
            return;
        }
        std::mem::swap(&mut s.group, &mut s.gathering);
        s.group_bytes = s.gathering_bytes;
        s.gathering_bytes = 0.0;
        s.groups += 1;
        let leader = s.group.remove(0);
        s.leader_entered = self.slab[leader].entered;
        s.began = now;
        self.ready.push_back(leader);
    }

    fn commit(&mut self, id: RequestId, database: u32, table: u32) {
        let now = self.now;
        let replicas = self.net.databases[database as usize].replicas.len();
        let user = self.slab[id].user;
        let d = &mut self.net.databases[database as usize];
        d.committed += 1;
        if user != NONE {
            let user = user as usize;
            if user >= d.last_commit_of_user.len() {
                d.last_commit_of_user.resize(user + 1, 0);
            }
            d.last_commit_of_user[user] = d.committed;
        }
        for i in 0..replicas {
            let replica = self.net.databases[database as usize].replicas[i];
            let step = self.net.forks[table as usize][i];
            let child = self.child(id, step);
            let r = &mut self.net.replicas[replica as usize];
            let ticket = r.commit(now);
            // the caller's frames stay with the caller
            let event = &mut self.slab[child];
            event.arrived = now;
            event.parent = ticket;
            event.source = NONE;
            event.depth = 0;
            event.frames = [Default::default(); DEPTH_MAX];
            self.ready.push_back(child);
        }
    }

    fn read_at(&mut self, id: RequestId, replica: u32) {
        let request = &self.slab[id];
        let database = self.net.replicas[replica as usize].database;
        let own = match request.user {
            NONE => 0,
            user => {
                let commits = &self.net.databases[database as usize].last_commit_of_user;
                commits.get(user as usize).copied().unwrap_or(0)
            }
        };
        self.net.replicas[replica as usize].read(own);
    }

    fn log_start(&mut self, id: RequestId, at: WaitAt) {
        if let Some(log) = &mut self.log {
            log.start(self.now, id, at);
        }
    }
}

/// Of a transfer through two cards, the first side to finish waits for the other.
#[inline(always)]
fn request_is_split(request: &mut Request) -> bool {
    if request.pending > 0 {
        request.pending -= 1;
        return true;
    }
    false
}

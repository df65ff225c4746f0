//! The event loop: takes the next event, moves one request to its next step, and repeats.
//!
//! This file is the loop, and how requests come and go. `interpreter` takes a request from step to step; what a step does
//! at a station is in `queues`, `sharing`, `pools`, `delays`, `forks`, `attempts`, `giving_up`, `databases` and `memory`.
//! What goes wrong begins in `faults`; what is written down of single requests is in `booking`.

mod attempts;
mod backup;
mod booking;
mod checks;
mod databases;
mod deadlines;
mod delays;
mod failover;
mod faults;
mod forks;
mod giving_up;
mod impairment;
mod interpreter;
mod memory;
mod pools;
mod proxies;
mod queues;
mod replication;
mod semi_sync;
mod sharing;
mod silence;
mod speed;
mod standing;
mod stopping;
mod switchover;
mod vrrp;
mod world;

use std::collections::VecDeque;

use super::cohorts::Cohorts;
use super::ledger::Ledger;
use super::log::EventLog;
use super::observation::Observation;
use super::source::Source;
use super::trails::Trails;
use crate::engine::event_set::{EventSet, LEAVES_MAX};
use crate::engine::random::Key;
use crate::engine::table::Table;
use crate::engine::time::SimTime;
use crate::model::network::{Leaf, Network};
use crate::model::program::StepId;
use crate::model::request::{NONE, Request, RequestId, Slab};

/// One run in progress.
///
/// `WATCHED`: it keeps a log or the distributions of a station, or something goes wrong. Other runs do not ask for any
/// of this at each event.
pub struct Simulator<'a, const WATCHED: bool> {
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
    /// By leaf: the step where whoever its next event lets go on will do so, as far as is known. See `expect`.
    expected: Table<StepId>,
    /// Workers' leaves that are idle.
    vacant: Vec<u32>,
    /// The leaf of the worker who has just become idle, for as long as the event that did it goes on: another
    /// worker who begins in the same event takes it over, which spares setting two leaves.
    vacated: Vacated,
    pub(super) sources: Table<Source<'a>>,
    pub(super) observation: Observation,
    pub(super) log: Option<Box<EventLog>>,
    pub(super) cohorts: Option<Box<Cohorts>>,
    pub(super) ledger: Option<Box<Ledger>>,
    pub(super) trails: Option<Box<Trails>>,
    world: world::World,
    silence: silence::Silence,
    deadlines: deadlines::Deadlines,
    /// Root of the draws of random faults, and of health checks.
    pub(super) fault_key: Key,
    pub(super) check_key: Key,
}

/// See `Simulator::vacated`.
#[derive(Clone, Copy)]
struct Vacated {
    /// `NONE`: no worker has become idle.
    leaf: u32,
    /// Whether another has begun on it.
    taken: bool,
    /// When that one will have done, or an `idle_time`.
    due: u64,
    sequence: u64,
}

/// What an event's handler has to say.
struct Fired {
    /// Who goes on; `NONE`: nobody.
    moves: RequestId,
    /// When the leaf's next event comes, and its place in the order; an `idle_time`: there is none; `SETTLED`: the
    /// leaf has been seen to.
    again: u64,
    sequence: u64,
}

/// No time of an event, and no idle one.
const SETTLED: u64 = u64::MAX - LEAVES_MAX as u64;

impl Fired {
    #[inline(always)]
    fn settled(moves: RequestId) -> Fired {
        Fired { moves, again: SETTLED, sequence: 0 }
    }
}

impl<'a, const WATCHED: bool> Simulator<'a, WATCHED> {
    pub fn new(net: Network, sources: Vec<Source<'a>>, observation: Observation) -> Self {
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
            expected: vec![0; leaves].into(),
            vacant: (0..leaves as u32)
                .rev()
                .filter(|&l| matches!(net.leaves[l as usize], Leaf::FcfsWorker(_)))
                .collect(),
            vacated: Vacated { leaf: NONE, taken: false, due: 0, sequence: 0 },
            world: world::World::new(&net),
            silence: silence::Silence::default(),
            deadlines: deadlines::Deadlines::default(),
            fault_key: Key::default(),
            check_key: Key::default(),
            net,
            sources: sources.into(),
            observation,
            log: None,
            cohorts: None,
            ledger: None,
            trails: None,
        }
    }

    /// Runs from the beginning of the warm-up to the end of the measured part (or until nothing is left).
    pub fn run(&mut self) {
        self.start();
        let (mut next, mut at) = self.next_ready();
        loop {
            // one place for the interpreter, so that its code is there once
            while next != NONE {
                debug_assert!(at != NONE && self.slab[next].step == at, "request {next} goes on where it stands");
                let booked = WATCHED && self.is_booked();
                if booked {
                    self.book_passed(next);
                }
                let held = self.held_before(next, at);
                if !held {
                    self.advance(next, at);
                }
                if booked {
                    self.book_stop(next, held);
                }
                (next, at) = self.next_ready();
            }
            if self.vacated.leaf != NONE {
                let Vacated { leaf, taken, due, sequence } = self.vacated;
                if !taken {
                    self.vacant.push(leaf);
                }
                self.set.set_or_clear(leaf, due, sequence);
                self.vacated.leaf = NONE;
            }
            let (SimTime(time), leaf) = self.set.first();
            if time >= self.limit {
                if self.pass_limit(time) {
                    continue;
                }
                break;
            }
            self.now = time;
            let expected = self.expected[leaf as usize];
            let fired = match self.net.leaves[leaf as usize] {
                Leaf::FcfsWorker(station) => self.fcfs_worker_done(leaf, station),
                Leaf::Sharing(station) => self.sharing_done(leaf, station),
                Leaf::Card(card) => self.card_done(leaf, card),
                Leaf::Source(source) => self.arrival(source),
                Leaf::Line(line) => self.line_due(leaf, line),
                Leaf::Delays => self.delay_due(leaf),
                Leaf::FcfsHeap(station) => Fired::settled(self.fcfs_heap_done(leaf, station)),
                Leaf::PriorityWorker(station) => Fired::settled(self.priority_done(leaf, station)),
                Leaf::Timeouts(line) => Fired::settled(self.timeout_due(leaf, line)),
                Leaf::Patiences => Fired::settled(self.patience_due(leaf)),
                Leaf::Backup(database) => Fired::settled(self.backup_due(leaf, database)),
                Leaf::Replication(replica) => Fired::settled(self.replication_due(leaf, replica)),
                Leaf::Orchestrator(database) => Fired::settled(self.orchestrator_due(leaf, database)),
                Leaf::Restart(process) => Fired::settled(self.restart(leaf, process)),
                Leaf::Fault(fault) => Fired::settled(self.fault_due(leaf, fault)),
                Leaf::Warming(check) => Fired::settled(self.warm(leaf, check)),
                Leaf::Check(check) => Fired::settled(self.check_due(leaf, check)),
                Leaf::Retransmissions => Fired::settled(self.retransmission_due(leaf)),
                Leaf::Vrrp(vrrp) => Fired::settled(self.vrrp_due(vrrp)),
            };
            // one place for this too
            if fired.again != SETTLED {
                self.set.set_or_clear(leaf, fired.again, fired.sequence);
            }
            self.events += 1;
            next = fired.moves;
            if next == NONE {
                (next, at) = self.next_ready();
            } else {
                at = if self.slab[next].step == expected { expected } else { self.unexpected(next) };
            }
        }
        self.observation.finish(&mut self.net);
    }

    /// Whom a release has let go on, first come, first gone on, and where; `NONE`: nobody.
    #[inline(always)]
    fn next_ready(&mut self) -> (RequestId, StepId) {
        if self.ready.is_empty() {
            return (NONE, NONE);
        }
        let next = self.ready.pop_front().unwrap_or(NONE);
        (next, self.slab[next].step)
    }

    /// Where a request goes on for which another step was expected.
    #[cold]
    #[inline(never)]
    fn unexpected(&self, id: RequestId) -> StepId {
        self.slab[id].step
    }

    /// Notes where the one whom a leaf's next event concerns will go on. With that the processor looks up the step while
    /// it still finds out what the event is and whom it concerns; otherwise each would wait for the one before. It is no
    /// more than an expectation, held against the request's own step: a wrong one costs a little time.
    #[inline(always)]
    fn expect(&mut self, leaf: u32, step: StepId) {
        self.expected[leaf as usize] = step;
    }

    fn start(&mut self) {
        if WATCHED {
            self.plan_faults();
            self.begin_vrrp();
        }
        self.plan_checks();
        self.limit = self.observation.next_tick().min(self.observation.end);
        self.plan_backups();
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

    /// Goes to `due` if nothing else happens before, nor at that time; true: it is now. Whoever would have waited until
    /// then goes on at once: its event has come, without a way through the event set.
    #[inline(always)]
    fn passes_to(&mut self, due: u64) -> bool {
        let passes = !WATCHED && due < self.set.first().0.0 && due < self.limit && self.ready.is_empty();
        if passes {
            self.now = due;
            self.events += 1;
        }
        passes
    }

    #[inline(always)]
    fn arrival(&mut self, source: u32) -> Fired {
        let s = &mut self.sources[source as usize];
        let arrival = s.take();
        let again = if EventSet::is_idle(SimTime(s.next_time)) { EventSet::idle_time(s.leaf) } else { s.next_time };
        let (leaf, next_step) = (s.leaf, s.next_step().unwrap_or(arrival.step));
        let begun = Request::new(arrival.key.0, self.now, arrival.class, arrival.step);
        let id = self.slab.insert(Request { source, ..begun });
        self.expect(leaf, next_step);
        if let Some(given) = self.sources[source as usize].given {
            self.slab[id].given = given;
        }
        self.observation.arrived(arrival.class, self.now);
        if WATCHED {
            self.log_arrival(id, arrival.class);
        }
        self.sequence += 1;
        Fired { moves: id, again, sequence: self.sequence }
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
        if WATCHED {
            self.log_arrival(id, arrival.class);
        }
        arrival.step
    }

    /// The client has its answer. A closed user goes on to think.
    #[inline(always)]
    fn end(&mut self, id: RequestId) -> Option<StepId> {
        let request = &self.slab[id];
        self.observation.finished(request.class, request.failure, request.arrived, self.now);
        let (user, source) = (request.user, request.source);
        if WATCHED {
            self.log_end(id);
        }
        if user != NONE {
            return Some(self.sources[source as usize].entry.think_step);
        }
        self.slab.remove(id);
        None
    }
}

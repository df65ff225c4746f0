//! HAProxy's health checks, and what follows when a server is taken to be down or up.

use super::Simulator;
use crate::engine::event_set::EventSet;
use crate::engine::random::purpose;
use crate::model::program::Step;
use crate::model::request::{NONE, Request, RequestId};
use crate::simulation::result::Transition;

const PHASE: u64 = purpose("check.phase");

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// The first of each check comes within its interval.
    pub(super) fn plan_checks(&mut self) {
        for index in 0..self.net.checks.len() {
            let mut rng = self.check_key.indexed(index as u64).draw(PHASE, 0);
            let check = &self.net.checks[index];
            let (leaf, inter) = (check.leaf, check.inter);
            self.schedule(leaf, ((rng.unit() * inter as f64) as u64).max(1));
        }
    }

    /// Whether an open-ended run has nothing more to play: nobody is left, or nobody but those who wait for ever.
    pub(super) fn is_over(&self) -> bool {
        self.observation.end == u64::MAX
            && self.sources.iter().all(|source| EventSet::is_idle(self.set.time_of(source.leaf)))
            && (self.observation.in_flight == 0 || self.all_wait_for_ever())
    }

    /// No fault is to come or to end, and each request that a client has made waits for ever.
    fn all_wait_for_ever(&self) -> bool {
        WATCHED
            && self.net.faults.iter().all(|fault| EventSet::is_idle(self.set.time_of(fault.leaf)))
            && self.slab.live().filter(|&id| self.slab[id].source != NONE).all(|id| self.waits_for_ever(id))
    }

    /// In silence or for a process that stands still, without a time-out; or for one of its parts, of which the same must
    /// be said.
    fn waits_for_ever(&self, id: RequestId) -> bool {
        let request = &self.slab[id];
        if request.deadlines.iter().any(|&number| number != 0) {
            return false;
        }
        match request.step.checked_sub(1).map(|at| self.net.steps[at as usize]) {
            Some(Step::Attempt { clients, .. }) => self.net.clients[clients as usize].timeout.is_none(),
            Some(Step::Fork { .. }) => true,
            _ => self.hears_nothing(id) || self.is_held(id),
        }
    }

    /// A check begins.
    #[cold]
    pub(super) fn check_due(&mut self, leaf: u32, index: u32) -> RequestId {
        if self.is_over() {
            self.set.clear(leaf);
            return NONE;
        }
        let check = &mut self.net.checks[index as usize];
        let stops = self.world.stops[check.process as usize];
        check.stops = stops;
        let (process, inter) = (check.process, check.inter);
        if WATCHED && (!self.runs(process) || self.hangs(process)) {
            self.schedule(leaf, self.now + inter);
            return NONE;
        }
        let check = &self.net.checks[index as usize];
        let key = self.check_key.indexed(index as u64).indexed(self.now);
        let request = Request::new(key.0, self.now, check.class, check.entry);
        self.set.clear(leaf);
        self.slab.insert(request)
    }

    /// A check has its answer, or none.
    #[cold]
    pub(super) fn check_end(&mut self, id: RequestId, index: u32) {
        let passed = self.slab[id].failure == 0;
        self.slab.remove(id);
        let check = &self.net.checks[index as usize];
        if check.stops == self.world.stops[check.process as usize] {
            self.count_check(index, passed);
        }
        let check = &self.net.checks[index as usize];
        let (leaf, due) = (check.leaf, self.now + check.interval());
        self.schedule(leaf, due);
    }

    pub(super) fn count_check(&mut self, index: u32, passed: bool) {
        let check = &mut self.net.checks[index as usize];
        let Some(up) = check.count(passed) else { return };
        let (dispatcher, server) = (check.dispatcher, check.server as usize);
        self.net.dispatchers[dispatcher as usize].set_alive(server, up);
        self.note_server(dispatcher, server, up);
        let check = &mut self.net.checks[index as usize];
        if up && check.slowstart > 0 {
            check.up_since = self.now;
            let leaf = check.warming;
            self.warm(leaf, index);
        }
        self.settle_queues(dispatcher);
    }

    /// A server that has come up gets a larger share: a step each twentieth of `slowstart`, but no sooner than each second
    /// (HAProxy's `server_warmup`, `server_recalc_eweight` and `srv_dynamic_maxconn`).
    #[cold]
    pub(super) fn warm(&mut self, leaf: u32, index: u32) -> RequestId {
        let check = &self.net.checks[index as usize];
        let (dispatcher, server) = (check.dispatcher, check.server as usize);
        let (since, whole) = (self.now - check.up_since, check.slowstart);
        let (sixteenths, maxconn) = if since >= whole {
            (16, check.maxconn)
        } else {
            let part = |of: u64| (of as u128 * since as u128 / whole as u128) as u32;
            (part(16) + 1, check.maxconn.map(|most| part(most as u64).max(1)))
        };
        self.net.dispatchers[dispatcher as usize].balancer.set_warmth(server, sixteenths, maxconn);
        let next = (since < whole).then(|| self.now + (whole / 20).max(1_000_000_000));
        self.schedule_or_never(leaf, next.unwrap_or(u64::MAX));
        while self.serve_queue(dispatcher, server) {}
        NONE
    }

    /// All servers of a dispatcher begin as up: its process has been restarted.
    pub(super) fn forget_states(&mut self, dispatcher: usize) {
        let d = &mut self.net.dispatchers[dispatcher];
        d.marks.iter_mut().for_each(|mark| *mark = Default::default());
        d.marked = 0;
        for server in 0..d.alive.len() {
            d.set_alive(server, true);
        }
        if d.first_check == NONE {
            return;
        }
        let first = d.first_check as usize;
        for check in &mut self.net.checks[first..first + d.alive.len()] {
            (check.health, check.errors) = (check.rise, 0);
            if check.slowstart > 0 {
                d.balancer.set_warmth(check.server as usize, 16, check.maxconn);
                self.set.clear(check.warming);
            }
        }
    }

    /// Which servers take requests has changed: who is bound to one that does not chooses again, and who waits for
    /// any goes to one that does.
    pub(super) fn settle_queues(&mut self, dispatcher: u32) {
        let now = self.now;
        let d = &mut self.net.dispatchers[dispatcher as usize];
        for server in 0..d.bound.len() {
            if d.balancer.is_up(server) {
                continue;
            }
            while let Some(id) = d.bound[server].pop_front(&mut self.slab) {
                d.pool.observed.let_go::<WATCHED>(now);
                let request = &mut self.slab[id];
                request.epoch = request.epoch.wrapping_add(1);
                request.step -= 1;
                self.ready.push_back(id);
            }
        }
        for server in 0..self.net.dispatchers[dispatcher as usize].bound.len() {
            while self.serve_queue(dispatcher, server) {}
        }
    }

    /// A server has changed its state in somebody's eyes.
    pub(super) fn note_server(&mut self, dispatcher: u32, server: usize, up: bool) {
        let name = self.net.dispatchers[dispatcher as usize].server_names[server].clone();
        let what = format!("{name} {}", if up { "up" } else { "down" });
        self.note(what, !up);
    }

    /// Something has been noticed.
    pub(super) fn note(&mut self, what: String, bad: bool) {
        let at_ns = self.now as i128 - self.observation.origin as i128;
        self.observation.transitions.push(Transition { at_s: at_ns as f64 * 1e-9, what, bad });
    }
}

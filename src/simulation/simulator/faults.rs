//! What goes wrong: processes that stand still, hardware that is slow. Only in a watched run: without faults nobody
//! asks.
//!
//! A process that stands still does nothing more: whoever is about to do its next step is held, and so is whoever
//! reaches it, until it goes on. A burst that it has begun on a processor runs to its end.

use super::Simulator;
use super::stopping::Stop;
use crate::engine::event_set::EventSet;
use crate::engine::random::{Key, purpose};
use crate::model::network::{FaultTimes, Leaf, StationAt};
use crate::model::program::{StepId, round_nanos};
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::FailureReason;

const UP: u64 = purpose("fault.up");
const DOWN: u64 = purpose("fault.down");
const DELAYED: u64 = purpose("fault.delay");
const LOST: u64 = purpose("fault.loss");
const LOST_FIRST: u64 = 200_000_000;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// Schedules the first of each fault.
    pub(super) fn plan_faults(&mut self) {
        for index in 0..self.net.faults.len() {
            let origin = self.observation.origin;
            let at = match self.net.faults[index].when {
                FaultTimes::Once { at, .. } => origin.saturating_add_signed(at),
                FaultTimes::Random { .. } => origin.saturating_add(self.lasts(index)),
            };
            let leaf = self.net.faults[index].leaf;
            self.schedule_or_never(leaf, at);
        }
    }

    /// Of a random fault, how long its present state lasts, nanoseconds.
    fn lasts(&self, index: usize) -> u64 {
        let fault = &self.net.faults[index];
        let key = self.fault_key.indexed(index as u64);
        match &fault.when {
            FaultTimes::Once { .. } => panic!("a fault that happens once draws nothing"),
            FaultTimes::Random { up, down } => round_nanos(if fault.active {
                down.sample(&mut key.draw_counted(DOWN, fault.count as u64))
            } else {
                up.sample(&mut key.draw_counted(UP, fault.count as u64))
            }),
        }
    }

    /// A fault begins or ends.
    #[cold]
    pub(super) fn fault_due(&mut self, leaf: u32, index: u32) -> RequestId {
        let index = index as usize;
        let fault = &mut self.net.faults[index];
        if fault.active && !fault.drained.is_empty() && !fault.drained_out {
            self.drain_is_over(leaf, index);
            return NONE;
        }
        fault.active = !fault.active;
        let begins = fault.active;
        fault.count += begins as u32;
        let next = match fault.when {
            FaultTimes::Once { until, .. } => until.filter(|_| begins).map(|until| self.observation.origin + until),
            FaultTimes::Random { .. } => Some(self.now + self.lasts(index)),
        };
        let next = match begins && !self.net.faults[index].drained.is_empty() {
            true => Some(self.now + self.net.faults[index].drain_ns),
            false => next,
        };
        self.schedule_or_never(leaf, next.unwrap_or(u64::MAX));
        self.change_processes(index, begins);
        self.change_drains(index, begins);
        self.change_memory(index, begins);
        self.world_changed();
        for (station, _) in self.net.faults[index].slowed.clone() {
            let active = self.net.faults.iter().filter(|fault| fault.active).flat_map(|fault| &fault.slowed);
            let speed = active.filter(|(at, _)| *at == station).map(|(_, factor)| factor).product();
            self.set_speed(station, speed);
        }
        NONE
    }

    /// What was drained is gone from now on.
    fn drain_is_over(&mut self, leaf: u32, index: usize) {
        let fault = &mut self.net.faults[index];
        fault.drained_out = true;
        let next = match fault.when {
            FaultTimes::Once { until, .. } => until.map(|until| (self.observation.origin + until).max(self.now)),
            FaultTimes::Random { .. } => Some(self.now + self.lasts(index)),
        };
        self.schedule_or_never(leaf, next.unwrap_or(u64::MAX));
        for process in self.net.faults[index].drained.clone() {
            let ran = self.runs(process);
            self.world.killed[process as usize] += 1;
            if ran {
                self.stop_process(process, Stop::Reset(FailureReason::ConnectionReset));
            }
        }
        self.world_changed();
    }

    /// Who sends to a process that is drained stops, or goes on when it is back.
    fn change_drains(&mut self, index: usize, begins: bool) {
        let processes = self.net.faults[index].drained.clone();
        if processes.is_empty() {
            return;
        }
        for dispatcher in 0..self.net.dispatchers.len() {
            let d = &mut self.net.dispatchers[dispatcher];
            for server in 0..d.processes.len() {
                if processes.contains(&d.processes[server]) {
                    d.set_drained(server, begins);
                }
            }
            self.settle_queues(dispatcher as u32);
        }
        if begins {
            return;
        }
        self.net.faults[index].drained_out = false;
        for process in processes {
            self.world.killed[process as usize] -= 1;
            if self.runs(process) {
                self.start_process(process);
            }
            self.let_held_go_on(process);
        }
    }

    /// Who waits for a process that runs again goes on, in the order in which they came.
    fn let_held_go_on(&mut self, process: u32) {
        if self.runs(process) && !self.hangs(process) {
            let held = std::mem::take(&mut self.world.held[process as usize]);
            self.ready.extend(held);
        }
    }

    /// Something else takes memory, or gives it back.
    fn change_memory(&mut self, index: usize, begins: bool) {
        for (memory, bytes) in self.net.faults[index].memory.clone() {
            let m = &mut self.net.memories[memory as usize];
            m.used += if begins { bytes } else { -bytes };
            m.used_max = m.used_max.max(m.used);
            self.kill_until_it_fits(memory as usize);
        }
    }

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

    /// A fault begins or ends for processes, servers and ways.
    fn change_processes(&mut self, index: usize, begins: bool) {
        let fault = &self.net.faults[index];
        let (hung, killed, dark) = (fault.hung.clone(), fault.killed.clone(), fault.dark.clone());
        let cuts = fault.cuts.clone();
        for process in 0..self.net.process_servers.len() as u32 {
            let server = self.server_of(process);
            let (by_kill, by_power) = (killed.contains(&process), server != NONE && dark.contains(&server));
            let by_hang = hung.contains(&process);
            if !by_kill && !by_power && !by_hang {
                continue;
            }
            let ran = self.runs(process);
            count(&mut self.world.killed[process as usize], by_kill, begins);
            count(&mut self.world.hung[process as usize], by_hang, begins);
            if by_power && begins {
                // its neighbours on the server go with it
                if ran {
                    self.stop_process(process, Stop::Silent);
                }
            } else if by_kill && begins && ran {
                // whose address is given up first, resets nobody
                let said_goodbye = self.net.faults[index].keepalived_stopped.contains(&process);
                let reset = Stop::Reset(FailureReason::ConnectionReset);
                self.stop_process(process, if said_goodbye { Stop::Silent } else { reset });
            }
        }
        for &server in &dark {
            if begins && self.has_power(server) {
                self.clear_cards_of(server);
            }
            count(&mut self.world.dark[server as usize], true, begins);
        }
        for cut in cuts {
            match begins {
                true => self.world.cuts.push(cut),
                false => {
                    let at = self.world.cuts.iter().position(|other| *other == cut).expect("a cut that ends was made");
                    self.world.cuts.remove(at);
                }
            }
        }
        for process in 0..self.net.process_servers.len() as u32 {
            let concerned = killed.contains(&process) || dark.contains(&self.server_of(process));
            if !begins && concerned && self.runs(process) {
                self.start_process(process);
            }
            self.let_held_go_on(process);
        }
    }

    /// Whether whoever is about to do this step must wait; then it is held. Who reaches a process that stands still is
    /// taken in by its kernel; work that the system does for itself waits for a process that is gone, too.
    #[inline(always)]
    pub(super) fn held_before(&mut self, id: RequestId, step: StepId) -> bool {
        if !WATCHED || self.net.faults.is_empty() {
            return false;
        }
        let process = self.net.process_of_step[step as usize];
        if process == NONE || !(self.hangs(process) || (self.slab[id].depth == 0 && !self.runs(process))) {
            return false;
        }
        self.slab[id].step = step;
        self.world.held[process as usize].push(id);
        true
    }

    /// Takes one out that is held; false if it is not.
    pub(super) fn forget_held(&mut self, id: RequestId) -> bool {
        for held in &mut self.world.held {
            if let Some(at) = held.iter().position(|&other| other == id) {
                held.remove(at);
                return true;
            }
        }
        false
    }

    fn set_speed(&mut self, station: StationAt, speed: f64) {
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

    /// A worker begins while its station stands still.
    #[cold]
    pub(super) fn stop_at_once(&mut self, station: u32, holder: u32, work: u64) {
        self.net.fcfs[station as usize].stopped.push((holder, work as f64));
    }
}

fn count(times: &mut u32, concerned: bool, begins: bool) {
    if concerned {
        if begins {
            *times += 1;
        } else {
            *times -= 1;
        }
    }
}

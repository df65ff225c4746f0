//! What goes wrong, and when: the beginning and the end of each fault. What a fault of processes and servers does is in
//! `stopping` and `world`, of ways in `silence` and `impairment`, of hardware in `speed`. Only in a watched run: without
//! faults nobody asks.

use super::Simulator;
use super::stopping::Stop;
use crate::engine::random::purpose;
use crate::model::network::FaultTimes;
use crate::model::program::round_nanos;
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::FailureReason;

const UP: u64 = purpose("fault.up");
const DOWN: u64 = purpose("fault.down");
/// Whoever maintains a primary looks again so much later whether another has its writes, nanoseconds.
const ASKED_AGAIN: u64 = 100_000_000;

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
        let fault = &self.net.faults[index];
        if fault.active && !fault.drained.is_empty() && !fault.drained_out && !self.is_past_end(index) {
            self.drain_is_over(leaf, index);
            return NONE;
        }
        let fault = &mut self.net.faults[index];
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
        if let FaultTimes::Random { .. } = self.net.faults[index].when {
            self.note_outage(index, begins);
        }
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

    /// Whether a fault is to have ended, by its times.
    fn is_past_end(&self, index: usize) -> bool {
        match self.net.faults[index].when {
            FaultTimes::Once { until: Some(until), .. } => self.observation.origin + until <= self.now,
            FaultTimes::Once { until: None, .. } | FaultTimes::Random { .. } => false,
        }
    }

    fn note_outage(&mut self, index: usize, begins: bool) {
        let observation = &mut self.observation;
        observation.spans.outage(index, begins, &observation.classes, &mut self.net, self.now);
        let outages = &mut self.observation.outages;
        if begins {
            outages.push((index, self.now, u64::MAX));
        } else if let Some(last) = outages.iter_mut().rfind(|(fault, _, _)| *fault == index) {
            last.2 = self.now;
        }
    }

    /// What was drained is gone from now on; a primary only when its writes are another's.
    fn drain_is_over(&mut self, leaf: u32, index: usize) {
        let drained = self.net.faults[index].drained.clone();
        let needed = drained.into_iter().filter(|&process| self.switch_over(process)).count();
        if needed > 0 {
            let again = self.now + ASKED_AGAIN;
            let end = match self.net.faults[index].when {
                FaultTimes::Once { until: Some(until), .. } => self.observation.origin + until,
                FaultTimes::Once { until: None, .. } | FaultTimes::Random { .. } => u64::MAX,
            };
            return self.schedule_or_never(leaf, again.min(end));
        }
        let fault = &mut self.net.faults[index];
        fault.drained_out = true;
        let next = match fault.when {
            FaultTimes::Once { until, .. } => until.map(|until| (self.observation.origin + until).max(self.now)),
            FaultTimes::Random { .. } => Some(self.now + self.lasts(index)),
        };
        self.schedule_or_never(leaf, next.unwrap_or(u64::MAX));
        for process in self.net.faults[index].drained.clone() {
            self.take_away(index, process);
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
        let taken_away = std::mem::take(&mut self.net.faults[index].drained_out);
        for &process in processes.iter().filter(|_| !begins) {
            match taken_away {
                true => self.give_back(process),
                false => self.was_not_maintained(process),
            }
        }
        for process in processes {
            self.change_maintenance(process, begins);
        }
    }

    /// A fault begins or ends for processes, servers and ways.
    fn change_processes(&mut self, index: usize, begins: bool) {
        let fault = &self.net.faults[index];
        let (hung, killed, dark, cuts) =
            (fault.hung.clone(), fault.killed.clone(), fault.dark.clone(), fault.cuts.clone());
        for process in hung {
            let hung = &mut self.world.hung[process as usize];
            *hung = if begins { *hung + 1 } else { *hung - 1 };
            self.let_held_go_on(process);
        }
        for process in killed {
            match begins {
                true => self.take_away(index, process),
                false => self.give_back(process),
            }
        }
        for server in dark {
            match begins {
                true => self.power_off(server),
                false => self.power_on(server),
            }
        }
        for cut in cuts {
            match begins {
                true => {
                    self.world.cuts.push(cut);
                    self.stop_transfers_of_clients();
                }
                false => {
                    let at = self.world.cuts.iter().position(|other| *other == cut).expect("a cut that ends was made");
                    self.world.cuts.remove(at);
                }
            }
        }
    }

    /// One fault more takes a process away.
    fn take_away(&mut self, index: usize, process: u32) {
        let ran = self.runs(process);
        self.world.killed[process as usize] += 1;
        if ran {
            // whose address is given up first, resets nobody
            let said_goodbye = self.net.faults[index].keepalived_stopped.contains(&process);
            let reset = Stop::Reset(FailureReason::ConnectionReset);
            self.stop_process(process, if said_goodbye { Stop::Silent } else { reset });
        }
    }

    /// One fault less takes a process away.
    fn give_back(&mut self, process: u32) {
        self.world.killed[process as usize] -= 1;
        if self.runs(process) {
            self.start_process(process);
        }
        self.let_held_go_on(process);
    }

    /// One fault more takes the power of a server.
    fn power_off(&mut self, server: u32) {
        if self.has_power(server) {
            for process in self.processes_on(server) {
                if self.runs(process) {
                    self.stop_process(process, Stop::Silent);
                }
            }
            self.clear_cards_of(server);
        }
        self.world.dark[server as usize] += 1;
    }

    fn power_on(&mut self, server: u32) {
        self.world.dark[server as usize] -= 1;
        for process in self.processes_on(server) {
            if self.runs(process) {
                self.start_process(process);
            }
            self.let_held_go_on(process);
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
}

//! Virtual addresses: tells the keepaliveds what has changed around them, wakes them, and cuts off the clients whose
//! connections an address has left behind. Only where something may go wrong.

use super::Simulator;
use super::silence::Sent;
use crate::engine::random::purpose;
use crate::model::program::{Step, StepId};
use crate::model::request::{NONE, RequestId};
use crate::model::vrrp::{Around, Keepalived, State};

const ADVERT: u64 = purpose("vrrp.advert");
const SCRIPT: u64 = purpose("vrrp.script");

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// All have run for long; how long ago the last advertisement and the last scripts were is left to chance.
    pub(super) fn begin_vrrp(&mut self) {
        for front in &mut self.net.vrrps {
            let key = self.fault_key.named(&front.service);
            let scripts = (0..front.servers.len()).map(|i| key.draw_counted(SCRIPT, i as u64).unit());
            let scripts: Vec<f64> = scripts.collect();
            front.vrrp.begin(self.now, key.draw(ADVERT, 0).unit(), &scripts);
        }
    }

    #[cold]
    pub(super) fn vrrp_due(&mut self, index: u32) -> RequestId {
        let before = self.net.vrrps[index as usize].vrrp.generation;
        self.net.vrrps[index as usize].vrrp.wake(self.now);
        self.follow_address(index as usize, before);
        NONE
    }

    /// Faults have begun or ended.
    pub(super) fn tell_keepaliveds(&mut self) {
        for index in 0..self.net.vrrps.len() {
            let front = &self.net.vrrps[index];
            let around: Vec<Around> = (0..front.servers.len()).map(|i| self.around(index, i)).collect();
            let count = front.servers.len();
            let pairs = (0..count * count).map(|pair| (front.servers[pair / count], front.servers[pair % count]));
            let heard: Vec<bool> = pairs.map(|(from, to)| self.reaches(from, to)).collect();
            let before = front.vrrp.generation;
            self.net.vrrps[index].vrrp.changed(self.now, &around, &heard);
            self.follow_address(index, before);
        }
    }

    fn around(&self, front: usize, i: usize) -> Around {
        let front = &self.net.vrrps[front];
        let (server, process) = (front.servers[i], front.processes[i]);
        let active = || self.net.faults.iter().filter(|fault| fault.active);
        let keepalived = if active().any(|fault| fault.keepalived_killed.contains(&process)) {
            Keepalived::Killed
        } else if active().any(|fault| fault.keepalived_stopped.contains(&process)) {
            Keepalived::Stopped
        } else {
            Keepalived::Runs
        };
        Around {
            power: self.has_power(server),
            keepalived,
            link: !self.world.cuts.iter().any(|cut| cut.server == server && cut.other == NONE),
            process: self.runs(process),
            outside: self.reaches(server, NONE),
        }
    }

    /// What has become of an address: when its keepaliveds want to be woken, and whose connections are gone.
    fn follow_address(&mut self, index: usize, generation: u32) {
        let front = &self.net.vrrps[index];
        let (leaf, due) = (front.leaf, front.vrrp.due());
        if front.vrrp.generation != generation {
            self.cut_off_clients(index);
        }
        self.schedule_or_never(leaf, due);
        self.note_masters(index);
    }

    /// Who has become the master; for the worse if it is not the one that is meant to be.
    fn note_masters(&mut self, index: usize) {
        let turns = std::mem::take(&mut self.net.vrrps[index].vrrp.turns);
        for turn in turns.into_iter().filter(|turn| turn.state == State::Master) {
            let front = &self.net.vrrps[index];
            let what = format!("{}: {} has the address", front.service, front.names[turn.node as usize]);
            self.note(what, turn.node != front.master);
        }
    }

    /// The virtual address that a process may be behind.
    pub(super) fn front_of(&self, process: u32) -> Option<usize> {
        self.net.vrrps.iter().position(|front| front.processes.contains(&process))
    }

    /// Whom a client's call reaches: the first step and the process, and whether anybody answers.
    pub(super) fn behind_address(&mut self, id: RequestId, call: StepId, front: usize) -> (StepId, u32, bool) {
        let front = &self.net.vrrps[front];
        let holder = front.vrrp.answers();
        let instance = holder.unwrap_or(front.vrrp.toward);
        let Step::CallChosen { entries, .. } = self.net.steps[call as usize] else {
            panic!("clients choose who has the address");
        };
        let request = &mut self.slab[id];
        request.frames[request.depth as usize - 1].chosen = instance as u16;
        let at = self.net.entries[(entries + instance) as usize];
        (at, front.processes[instance as usize], holder.is_some())
    }

    /// The address has moved, and what comes from where it was is not for these clients any more. Who has more to send
    /// will learn so from whoever has the address next; who has sent all waits in silence. The work goes on for nobody.
    fn cut_off_clients(&mut self, index: usize) {
        let processes = self.net.vrrps[index].processes.clone();
        let mut inside: Vec<(RequestId, u32)> = Vec::new();
        for id in self.slab.live() {
            let request = &self.slab[id];
            let within = match request.depth {
                0 => continue,
                1 => request.step,
                _ => request.frames[1].after,
            };
            let process = self.net.process_of_step[within as usize];
            if processes.contains(&process) && request.frames[0].after != self.net.orphan_end {
                inside.push((id, process));
            }
        }
        for (id, process) in inside {
            let sent = if self.is_shaking_hands(id) { Sent::Bytes } else { Sent::Nothing };
            let client = self.part(id, 0);
            let request = &mut self.slab[client];
            request.step = request.frames[0].after;
            // what was sent was sent on a connection to where the address was
            self.fall_silent(client, sent, process);
            self.forget_standing(client);
        }
        for process in processes {
            self.give_up_answers_of(process);
        }
    }

    /// Whether a client at its load balancer has not sent its request yet.
    fn is_shaking_hands(&self, id: RequestId) -> bool {
        let request = &self.slab[id];
        let Some(blocked) = request.step.checked_sub(1).filter(|_| request.depth == 1) else { return false };
        match self.net.steps[blocked as usize] {
            // a round trip of TLS
            Step::Delay { .. } | Step::DelayDrawn { .. } => true,
            Step::Share { draw, .. } | Step::Serve { draw, .. } => {
                let of = self.net.draws[draw as usize].purpose;
                of == purpose("tls.full_cpu") || of == purpose("tls.resumed_cpu")
            }
            _ => false,
        }
    }
}

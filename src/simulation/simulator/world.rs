//! What of the system stands, runs and can be reached: processes, power, ways. Only in a watched run; without faults
//! nobody asks.
//!
//! A process that stands still does nothing more: whoever is about to do its next step is held, and so is whoever
//! reaches it, until it goes on. A burst that it has begun on a processor runs to its end.

use std::collections::{BTreeMap, BTreeSet};

use super::Simulator;
use crate::model::network::{Cut, Network};
use crate::model::program::StepId;
use crate::model::request::{NONE, RequestId};

/// What faults have done so far and not undone.
#[derive(Default)]
pub(super) struct World {
    /// By process: how many faults make it stand still, and how many have it killed.
    pub hung: Vec<u32>,
    pub killed: Vec<u32>,
    /// By process: how often it has been stopped, so that who was connected before is told from who is now.
    pub stops: Vec<u32>,
    /// By server: how many faults have cut its power.
    pub dark: Vec<u32>,
    pub cuts: Vec<Cut>,
    /// Processes that refuse writes: primaries that are switched over. And whose writes had begun before.
    pub read_only: BTreeSet<u32>,
    pub writes_begun: BTreeMap<RequestId, u32>,
    /// By way: when the last message of a stream arrives.
    pub last_arrivals: BTreeMap<u32, u64>,
    /// By process: who waits for it to go on, in the order in which they came.
    pub held: Vec<Vec<RequestId>>,
}

impl World {
    pub fn new(net: &Network) -> World {
        let processes = net.process_servers.len();
        World {
            hung: vec![0; processes],
            killed: vec![0; processes],
            stops: vec![0; processes],
            dark: vec![0; net.cards.len()],
            cuts: Vec::new(),
            read_only: BTreeSet::new(),
            writes_begun: BTreeMap::new(),
            last_arrivals: Default::default(),
            held: vec![Vec::new(); processes],
        }
    }
}

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// The server that a process is on; `NONE`: none, or no process at all (the clients).
    #[inline]
    pub(super) fn server_of(&self, process: u32) -> u32 {
        if process == NONE { NONE } else { self.net.process_servers[process as usize] }
    }

    /// Whether a server has power; `NONE` always has.
    #[inline]
    pub(super) fn has_power(&self, server: u32) -> bool {
        server == NONE || self.world.dark[server as usize] == 0
    }

    /// Whether bytes pass between two servers; `NONE`: the clients.
    #[inline]
    pub(super) fn reaches(&self, one: u32, other: u32) -> bool {
        self.has_power(one)
            && self.has_power(other)
            && (one == other || !self.world.cuts.iter().any(|cut| cut.between(one, other)))
    }

    /// Whether a process is there: neither killed nor without power.
    #[inline]
    pub(super) fn runs(&self, process: u32) -> bool {
        self.world.killed[process as usize] == 0 && self.has_power(self.server_of(process))
    }

    /// Faults have begun or ended: those who watch learn what they can.
    pub(super) fn world_changed(&mut self) {
        self.tell_keepaliveds();
        self.databases_changed();
    }

    #[inline]
    pub(super) fn hangs(&self, process: u32) -> bool {
        self.world.hung[process as usize] > 0
    }

    pub(super) fn processes_on(&self, server: u32) -> Vec<u32> {
        let servers = self.net.process_servers.iter().enumerate();
        servers.filter(|(_, other)| **other == server).map(|(process, _)| process as u32).collect()
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

    /// Whether one is held, at the process of its next step.
    pub(super) fn is_held(&self, id: RequestId) -> bool {
        let process = self.net.process_of_step[self.slab[id].step as usize];
        process != NONE && self.world.held[process as usize].contains(&id)
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

    /// Who waits for a process that runs again goes on, in the order in which they came.
    pub(super) fn let_held_go_on(&mut self, process: u32) {
        if self.runs(process) && !self.hangs(process) {
            let held = std::mem::take(&mut self.world.held[process as usize]);
            self.ready.extend(held);
        }
    }
}

//! What of the system stands, runs and can be reached: processes, power, ways. Only in a watched run; without faults
//! nobody asks.

use super::Simulator;
use crate::model::network::{Cut, Network};
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

    #[inline]
    pub(super) fn hangs(&self, process: u32) -> bool {
        self.world.hung[process as usize] > 0
    }
}

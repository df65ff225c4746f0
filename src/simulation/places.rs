//! Where a request can be: at a station, on a wire, with its client, or waiting for somebody who is not modelled.

use crate::engine::random::purpose;
use crate::model::network::{Network, Role, StationAt};
use crate::model::program::Step;
use crate::model::request::NONE;

const RTT: u64 = purpose("client.rtt");

/// What kind of time is spent at a place besides waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    Service,
    Network,
    /// Held without anything being done for it here: an outside call, an acknowledgement, silence.
    Held,
}

/// A station, or what else time goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub name: String,
    pub spent: Spent,
}

/// All places of a network; the stations come first, in their order.
pub(super) struct Places {
    pub places: Vec<Place>,
    /// By step: where a request is that waits behind it.
    pub of_step: Vec<u16>,
    pub held: u16,
    pub again: u16,
}

impl Places {
    pub fn of(network: &Network) -> Places {
        let mut places: Vec<Place> = network
            .stations
            .iter()
            .map(|station| Place { name: station.name.clone(), spent: Spent::Service })
            .collect();
        let mut other = |name: &str, spent: Spent| {
            places.push(Place { name: name.to_owned(), spent });
            places.len() as u16 - 1
        };
        let rest = Rest {
            network: other("network", Spent::Network),
            clients: other(if network.links.is_empty() { "delays" } else { "clients' round trips" }, Spent::Network),
            outside: other("outside calls", Spent::Held),
            acknowledgement: other("replicas' acknowledgement", Spent::Held),
            silence: other("connections and silence", Spent::Held),
            attempt: other("attempts given up", Spent::Held),
            pause: other("before connecting again", Spent::Held),
        };
        let again = other("before trying again", Spent::Held);
        let held = other("processes that hang", Spent::Held);
        let of = |step: usize| rest.place_of(network, step);
        let of_step = (0..network.steps.len()).map(of).collect();
        Places { places, of_step, held, again }
    }
}

/// The places that are no stations.
struct Rest {
    network: u16,
    clients: u16,
    outside: u16,
    acknowledgement: u16,
    silence: u16,
    attempt: u16,
    pause: u16,
}

impl Rest {
    fn place_of(&self, network: &Network, step: usize) -> u16 {
        let station = |at: StationAt| network.stations.iter().position(|station| station.at == at).map(|i| i as u16);
        let found = match network.steps[step] {
            Step::Serve { station: s, .. } | Step::WriteGroup { disk: s, .. } | Step::SwapIn { disk: s, .. } => {
                station(StationAt::Fcfs(s))
            }
            Step::Share { station: s, .. } => station(StationAt::Sharing(s)),
            Step::ServeByRank { station: s, .. } => station(StationAt::Priority(s)),
            Step::Acquire { pool, .. } => station(StationAt::Pool(pool)),
            Step::Dispatch { dispatcher, .. } => station(StationAt::Dispatcher(dispatcher)),
            Step::JoinStage { stage, .. } => station(StationAt::Stage(stage)),
            Step::ColdReads { index, .. } | Step::ColdReadsDone { index } => {
                station(StationAt::Fcfs(network.cold_reads[index as usize].disk))
            }
            Step::Delay { line } => self.delay(network, step, Some(line)),
            Step::DelayDrawn { draw, .. } if network.draws[draw as usize].purpose == RTT => Some(self.clients),
            Step::DelayDrawn { .. } => self.delay(network, step, None),
            Step::Send { .. } | Step::Receive { .. } | Step::Propagate { .. } | Step::PropagateFailure { .. } => {
                Some(self.network)
            }
            Step::AwaitAcknowledgement { .. } => Some(self.acknowledgement),
            Step::Attempt { .. } => Some(self.attempt),
            Step::Pause => Some(self.pause),
            _ => Some(self.silence),
        };
        found.unwrap_or(self.silence)
    }

    /// What a disk's latency is longer than an operation occupies it belongs to the disk; a wire's delay to the network;
    /// what is in no process to the clients.
    fn delay(&self, network: &Network, step: usize, line: Option<u32>) -> Option<u16> {
        if let Some(Step::Serve { station, .. }) = step.checked_sub(1).map(|before| network.steps[before]) {
            let at = StationAt::Fcfs(station);
            let disk = network.stations.iter().position(|s| s.at == at && s.role == Role::Disk);
            if let Some(disk) = disk {
                return Some(disk as u16);
            }
        }
        if line.is_some() && network.links.iter().any(|link| Some(link.line) == line) {
            return Some(self.network);
        }
        let no_process = |at: usize| network.process_of_step.get(at).is_none_or(|process| *process == NONE);
        let of_clients = |at: usize| {
            no_process(at) && matches!(network.steps[at], Step::Delay { line: other } if Some(other) == line)
        };
        let clients = no_process(step) || (line.is_some() && (0..network.steps.len()).any(of_clients));
        Some(if clients { self.clients } else { self.outside })
    }
}

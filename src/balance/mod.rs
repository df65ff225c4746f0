//! Load balancing: which server gets the next request, one policy per file, with the tie-breaking of the
//! software that it is taken from (HAProxy, nginx). Behaviour after their documentation and sources.
//!
//! `loads` is what all policies look at, `tournament` and `kinetic` how they find the best in O(log n).
//!
//! Invariant: nothing here knows of time or of queues; who waits, and where, is the caller's.

mod first;
mod kinetic;
mod leastconn;
mod loads;
mod map;
mod nginx_least_conn;
mod nginx_round_robin;
mod random;
mod roundrobin;
mod static_rr;
#[cfg(test)]
mod tests;
mod tournament;

use crate::engine::KeyedRng;

use first::First;
use leastconn::LeastConn;
use loads::Loads;
use map::Map;
use nginx_least_conn::NginxLeastConn;
use nginx_round_robin::NginxRoundRobin;
use random::Ranges;
use roundrobin::RoundRobin;
use static_rr::StaticRr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    RoundRobin,
    StaticRr,
    LeastConn,
    First,
    Source,
    Random { draws: u32 },
    NginxRoundRobin,
    NginxLeastConn,
    NginxIpHash,
    NginxRandom,
    NginxRandomTwo,
}

impl Policy {
    /// Whether the choice depends on how busy the servers are.
    pub fn looks_at_state(self) -> bool {
        match self {
            Policy::LeastConn | Policy::First | Policy::NginxLeastConn | Policy::NginxRandomTwo => true,
            Policy::Random { draws } => draws > 1,
            Policy::RoundRobin
            | Policy::StaticRr
            | Policy::Source
            | Policy::NginxRoundRobin
            | Policy::NginxIpHash
            | Policy::NginxRandom => false,
        }
    }
}

/// One server as the balancer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// At least 1; HAProxy's at most 256.
    pub weight: u32,
    /// Requests it may serve at once; `None`: any number.
    pub maxconn: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The request is counted as served there.
    Server(usize),
    /// None can take it now: HAProxy's backend queue, nginx's "no live upstreams". See [`Balancer::any_up`].
    QueueAny,
    /// It belongs to this very server, which is full (`source`).
    QueueOn(usize),
}

#[derive(Clone, Debug)]
enum State {
    RoundRobin(RoundRobin),
    StaticRr(StaticRr),
    LeastConn(LeastConn),
    First(First),
    Source(Map),
    Random { draws: u32, ranges: Ranges },
    NginxRoundRobin(NginxRoundRobin),
    NginxLeastConn(NginxLeastConn),
    NginxIpHash(Ranges, NginxRoundRobin),
    NginxRandom(Ranges, NginxRoundRobin),
    NginxRandomTwo(Ranges, NginxRoundRobin),
}

#[derive(Clone, Debug)]
pub struct Balancer {
    loads: Loads,
    state: State,
    /// There is one server, and so no choice.
    alone: bool,
}

impl Balancer {
    /// All servers are up and idle.
    pub fn new(policy: Policy, slots: Vec<Slot>) -> Balancer {
        let loads = Loads::new(&slots);
        // `source` queues at its server
        let alone = slots.len() == 1 && policy != Policy::Source;
        let state = match policy {
            Policy::RoundRobin => State::RoundRobin(RoundRobin::new(&loads)),
            Policy::StaticRr => State::StaticRr(StaticRr::new(&loads)),
            Policy::LeastConn => State::LeastConn(LeastConn::new(&loads)),
            Policy::First => State::First(First::new(&loads)),
            Policy::Source => State::Source(Map::new(&loads)),
            Policy::Random { draws } => State::Random { draws, ranges: Ranges::of_up(&loads) },
            Policy::NginxRoundRobin => State::NginxRoundRobin(NginxRoundRobin::new(&loads)),
            Policy::NginxLeastConn => State::NginxLeastConn(NginxLeastConn::new(&loads)),
            Policy::NginxIpHash => State::NginxIpHash(Ranges::of_all(&loads), NginxRoundRobin::new(&loads)),
            Policy::NginxRandom => State::NginxRandom(Ranges::of_all(&loads), NginxRoundRobin::new(&loads)),
            Policy::NginxRandomTwo => State::NginxRandomTwo(Ranges::of_all(&loads), NginxRoundRobin::new(&loads)),
        };
        Balancer { loads, state, alone }
    }

    /// Picks a server that is up and has room and counts the request as served there. `client_hash` stands
    /// for the client's address; `rng` is used by the random policies alone.
    #[inline]
    pub fn choose(&mut self, client_hash: u64, rng: &mut KeyedRng) -> Choice {
        let loads = &self.loads;
        let picked = match &mut self.state {
            _ if self.alone => loads.is_open(0).then_some(0),
            State::RoundRobin(policy) => policy.pick(loads),
            State::StaticRr(policy) => policy.pick(),
            State::LeastConn(policy) => policy.pick(),
            State::First(policy) => policy.pick(),
            State::Source(map) => match map.at(client_hash) {
                Some(server) if !loads.has_room(server) => return Choice::QueueOn(server),
                server => server,
            },
            State::Random { draws, ranges } => random::pick_haproxy(ranges, loads, *draws, rng),
            State::NginxRoundRobin(policy) => policy.pick(),
            State::NginxLeastConn(policy) => policy.pick(loads),
            _ if !loads.any_open() => None,
            State::NginxIpHash(ranges, rest) => {
                random::pick_ip_hash(ranges, loads, client_hash).or_else(|| rest.pick())
            }
            State::NginxRandom(ranges, rest) => random::pick_nginx(ranges, loads, rng).or_else(|| rest.pick()),
            State::NginxRandomTwo(ranges, rest) => random::pick_nginx_two(ranges, loads, rng).or_else(|| rest.pick()),
        };
        let Some(server) = picked else { return Choice::QueueAny };
        self.assign(server);
        Choice::Server(server)
    }

    /// A queued request takes a slot of this very server (which just freed).
    #[inline]
    pub fn assign(&mut self, server: usize) {
        self.loads.take(server);
        self.changed(server);
    }

    #[inline]
    pub fn release(&mut self, server: usize) {
        self.loads.release(server);
        self.changed(server);
    }

    #[inline]
    pub fn served(&self, server: usize) -> u32 {
        self.loads.served[server]
    }

    #[inline]
    pub fn has_room(&self, server: usize) -> bool {
        self.loads.has_room(server)
    }

    pub fn is_up(&self, server: usize) -> bool {
        self.loads.up[server]
    }

    pub fn any_up(&self) -> bool {
        self.loads.up.iter().any(|&up| up)
    }

    /// A server that goes down gets nothing new; what it serves stays counted until it is released.
    pub fn set_up(&mut self, server: usize, up: bool) {
        if self.loads.up[server] == up {
            return;
        }
        self.loads.set_up(server, up);
        match &mut self.state {
            State::RoundRobin(policy) => policy.set_up(server, up),
            State::StaticRr(policy) => policy.rebuild(&self.loads),
            State::Source(map) => map.rebuild(&self.loads),
            State::Random { ranges, .. } => *ranges = Ranges::of_up(&self.loads),
            _ => self.changed(server),
        }
    }

    /// A server that has come up warms up (HAProxy's `slowstart`): it has this many sixteenths of its weight, where the
    /// policy looks at weights while it runs, and serves so many requests at most.
    pub fn set_warmth(&mut self, server: usize, sixteenths: u32, maxconn: Option<u32>) {
        self.loads.set_warmth(server, sixteenths.clamp(1, loads::WARM), maxconn.unwrap_or(u32::MAX));
        match &mut self.state {
            State::RoundRobin(policy) => policy.set_weight(&self.loads, server),
            State::Random { ranges, .. } => *ranges = Ranges::of_up(&self.loads),
            _ => {}
        }
        self.changed(server);
    }

    #[inline]
    fn changed(&mut self, server: usize) {
        if self.alone {
            return;
        }
        let loads = &self.loads;
        match &mut self.state {
            State::RoundRobin(policy) => policy.changed(loads, server),
            State::LeastConn(policy) => policy.changed(loads, server),
            State::First(policy) => policy.changed(loads, server),
            State::NginxRoundRobin(policy) => policy.changed(loads, server),
            State::NginxLeastConn(policy) => policy.changed(loads, server),
            State::NginxIpHash(_, rest) | State::NginxRandom(_, rest) | State::NginxRandomTwo(_, rest) => {
                rest.changed(loads, server)
            }
            State::StaticRr(policy) => policy.changed(loads, server),
            State::Source(_) | State::Random { .. } => {}
        }
    }
}

//! nginx's `least_conn`: fewest connections in proportion to the weight; among equals smooth weighted round
//! robin, in which only the equals take part.

use super::loads::Loads;
use super::tournament::{Tournament, descending};

#[derive(Clone, Debug)]
pub enum NginxLeastConn {
    /// All weights alike: O(log n).
    Even(Levels),
    /// As nginx does it: two passes over all.
    Weighted { current: Vec<i64> },
}

/// Servers with the same number of connections stand on one level and grow together whenever the level
/// chooses, so their order is kept by what they have less that growth.
#[derive(Clone, Debug)]
pub struct Levels {
    order: Tournament,
    grown: Vec<i64>,
    members: Vec<i64>,
    /// Where an open server stands; its current weight is then less the level's growth.
    level: Vec<Option<usize>>,
    current: Vec<i64>,
}

impl NginxLeastConn {
    pub fn new(loads: &Loads) -> NginxLeastConn {
        let n = loads.count();
        if loads.weight.windows(2).any(|pair| pair[0] != pair[1]) {
            return NginxLeastConn::Weighted { current: vec![0; n] };
        }
        let mut levels = Levels {
            order: Tournament::new(n),
            grown: Vec::new(),
            members: Vec::new(),
            level: vec![None; n],
            current: vec![0; n],
        };
        (0..n).for_each(|server| levels.changed(loads, server));
        NginxLeastConn::Even(levels)
    }

    #[inline]
    pub fn pick(&mut self, loads: &Loads) -> Option<usize> {
        match self {
            NginxLeastConn::Even(levels) => levels.pick(),
            NginxLeastConn::Weighted { current } => pick_weighted(loads, current),
        }
    }

    #[inline]
    pub fn changed(&mut self, loads: &Loads, server: usize) {
        match self {
            NginxLeastConn::Even(levels) => levels.changed(loads, server),
            NginxLeastConn::Weighted { .. } => {}
        }
    }
}

impl Levels {
    /// With equal weights only their ratio to the growth counts, so each weighs 1.
    #[inline]
    fn pick(&mut self) -> Option<usize> {
        let best = self.order.first()?;
        let level = self.level[best].expect("who is in the order stands on a level");
        if self.members[level] > 1 {
            self.grown[level] += 1;
            self.current[best] -= self.members[level];
        }
        Some(best)
    }

    #[inline]
    fn changed(&mut self, loads: &Loads, server: usize) {
        if let Some(level) = self.level[server].take() {
            self.current[server] += self.grown[level];
            self.members[level] -= 1;
        }
        if !loads.is_open(server) {
            return self.order.remove(server);
        }
        let level = loads.served[server] as usize;
        if level >= self.grown.len() {
            self.grown.resize(level + 1, 0);
            self.members.resize(level + 1, 0);
        }
        self.current[server] -= self.grown[level];
        self.members[level] += 1;
        self.level[server] = Some(level);
        self.order.set(server, (level as u128) << 64 | descending(self.current[server]));
    }
}

pub fn pick_weighted(loads: &Loads, current: &mut [i64]) -> Option<usize> {
    let open = (0..loads.count()).filter(|&server| loads.is_open(server));
    let first = open.reduce(|best, server| if loads.is_busier(best, server) { server } else { best })?;
    let tied =
        |server: usize| loads.is_open(server) && !loads.is_busier(server, first) && !loads.is_busier(first, server);
    if !(first + 1..loads.count()).any(tied) {
        return Some(first);
    }
    let (mut best, mut total) = (first, 0);
    for server in (first..loads.count()).filter(|&server| tied(server)) {
        let weight = loads.weight[server] as i64;
        current[server] += weight;
        total += weight;
        if current[server] > current[best] {
            best = server;
        }
    }
    current[best] -= total;
    Some(best)
}

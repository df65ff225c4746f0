//! HAProxy's map of servers by weight (lb_map.c), behind `static-rr` (goes round it) and `source` (a hash
//! points into it).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::loads::Loads;
use super::tournament::Tournament;

#[derive(Clone, Debug)]
pub struct Map {
    /// Weights without their common divisor.
    weight: Vec<u32>,
    servers: Vec<u32>,
}

impl Map {
    pub fn new(loads: &Loads) -> Map {
        let divisor = loads.weight.iter().fold(0, |divisor, &weight| common_divisor(divisor, weight)).max(1);
        let mut map = Map { weight: loads.weight.iter().map(|weight| weight / divisor).collect(), servers: Vec::new() };
        map.rebuild(loads);
        map
    }

    /// Every place goes to the first server of the highest band: its score grows by its weight at each
    /// place, falls by the total when it is chosen, and only whole multiples of the total count. A server
    /// changes its band seldom, so the changes are scheduled: O(total log n) in place of O(total n).
    pub fn rebuild(&mut self, loads: &Loads) {
        let usable = |server: &usize| loads.up[*server];
        let total: i64 = (0..loads.count()).filter(usable).map(|server| self.weight[server] as i64).sum();
        let mut score = vec![0i64; loads.count()];
        let mut bands = Tournament::new(loads.count());
        let mut rises = BinaryHeap::new();
        for server in (0..loads.count()).filter(usable) {
            rises.push(Reverse((0, server)));
        }
        self.servers.clear();
        for place in 0..total {
            // `score` is kept less the growth so far, which is weight * (place + 1).
            while let Some(&Reverse((due, server))) = rises.peek()
                && due <= place
            {
                rises.pop();
                let weight = self.weight[server] as i64;
                let band = (score[server] + weight * (place + 1)).div_euclid(total);
                bands.set(server, (1i64 << 32).wrapping_sub(band) as u128);
                let to_rise = (band + 1) * total - score[server];
                rises.push(Reverse(((to_rise + weight - 1) / weight - 1, server)));
            }
            let server = bands.first().expect("a positive total weight has a server");
            self.servers.push(server as u32);
            score[server] -= total;
            // One band down; its next rise is due at the same place as before.
            let band = (score[server] + self.weight[server] as i64 * (place + 1)).div_euclid(total);
            bands.set(server, (1i64 << 32).wrapping_sub(band) as u128);
        }
    }

    /// Where the hash points, full or not; `None`: no server is up.
    #[inline]
    pub fn at(&self, hash: u64) -> Option<usize> {
        let length = self.servers.len() as u64;
        (length > 0).then(|| self.servers[(hash % length) as usize] as usize)
    }

    pub fn servers(&self) -> &[u32] {
        &self.servers
    }
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

//! What every policy looks at: weights, limits, and how many requests each server is serving.

use super::Slot;

/// The whole of a weight: HAProxy's BE_WEIGHT_SCALE.
pub const WARM: u32 = 16;

#[derive(Clone, Debug)]
pub struct Loads {
    pub weight: Vec<u32>,
    /// How much of its weight a server has that warms up (HAProxy's slowstart): sixteenths.
    pub warmth: Vec<u32>,
    limit: Vec<u32>,
    pub served: Vec<u32>,
    pub up: Vec<bool>,
    /// Servers that are up and have room.
    open: usize,
}

impl Loads {
    pub fn new(slots: &[Slot]) -> Loads {
        assert!(slots.iter().all(|slot| slot.weight > 0), "a server's weight is at least 1");
        let limit: Vec<u32> = slots.iter().map(|slot| slot.maxconn.unwrap_or(u32::MAX)).collect();
        Loads {
            weight: slots.iter().map(|slot| slot.weight).collect(),
            warmth: vec![WARM; slots.len()],
            served: vec![0; slots.len()],
            up: vec![true; slots.len()],
            open: limit.iter().filter(|&&limit| limit > 0).count(),
            limit,
        }
    }

    #[inline]
    pub fn count(&self) -> usize {
        self.weight.len()
    }

    #[inline]
    pub fn has_room(&self, server: usize) -> bool {
        self.served[server] < self.limit[server]
    }

    #[inline]
    pub fn is_open(&self, server: usize) -> bool {
        self.up[server] && self.has_room(server)
    }

    #[inline]
    pub fn any_open(&self) -> bool {
        self.open > 0
    }

    #[inline]
    pub fn take(&mut self, server: usize) {
        let before = self.is_open(server);
        self.served[server] += 1;
        self.open -= (before && !self.is_open(server)) as usize;
    }

    #[inline]
    pub fn release(&mut self, server: usize) {
        assert!(self.served[server] > 0, "a server releases only what it serves");
        let before = self.is_open(server);
        self.served[server] -= 1;
        self.open += (!before && self.is_open(server)) as usize;
    }

    pub fn set_up(&mut self, server: usize, up: bool) {
        let before = self.is_open(server);
        self.up[server] = up;
        self.open = self.open + self.is_open(server) as usize - before as usize;
    }

    /// A server warms up: it has this part of its weight, and serves so many at most.
    pub fn set_warmth(&mut self, server: usize, warmth: u32, limit: u32) {
        let before = self.is_open(server);
        self.warmth[server] = warmth;
        self.limit[server] = limit;
        self.open = self.open + self.is_open(server) as usize - before as usize;
    }

    /// Its weight in sixteenths.
    #[inline]
    pub fn effective(&self, server: usize) -> u64 {
        self.weight[server] as u64 * self.warmth[server] as u64
    }

    /// Whether `a` serves more than `b` in proportion to their weights.
    #[inline]
    pub fn is_busier(&self, a: usize, b: usize) -> bool {
        self.served[a] as u64 * self.effective(b) > self.served[b] as u64 * self.effective(a)
    }
}

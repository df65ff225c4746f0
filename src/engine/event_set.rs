//! The event set: what happens next, out of one pending entry for each worker, station, source or line.
//!
//! A winner tree: each leaf holds the key of one pending event, each inner node the smaller key of its two
//! children, so the root is the next event. Setting a leaf replays one path without a branch on data. With
//! few leaves this beats any heap, and an idle leaf costs nothing but its place.

use std::hint::select_unpredictable;

use super::time::SimTime;

/// (time, sequence, leaf), compared as one number: time first, then the order of scheduling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventKey(u128);

const LEAF_BITS: u32 = 20;
const LEAF_MASK: u128 = (1 << LEAF_BITS) - 1;
/// Most leaves of one event set.
pub const LEAVES_MAX: usize = 1 << LEAF_BITS;

impl EventKey {
    pub const NEVER: EventKey = EventKey(u128::MAX);

    /// `sequence` below 2^44: enough for 17 million million events.
    #[inline(always)]
    pub fn new(time: SimTime, sequence: u64, leaf: u32) -> EventKey {
        EventKey((time.0 as u128) << 64 | (sequence << LEAF_BITS) as u128 | leaf as u128)
    }

    #[inline(always)]
    pub fn time(self) -> SimTime {
        SimTime((self.0 >> 64) as u64)
    }

    #[inline(always)]
    pub fn leaf(self) -> u32 {
        (self.0 & LEAF_MASK) as u32
    }
}

/// Bytes of a node. Paths are walked in bytes, which saves the scaling at each level.
const NODE: usize = size_of::<EventKey>();

/// Offset of a node's parent.
#[inline(always)]
fn parent(offset: usize) -> usize {
    (offset / 2) & !(NODE - 1)
}

#[derive(Clone, Debug)]
pub struct EventSet {
    /// Node 1 is the root, node i has children 2i and 2i + 1; leaves are `size..2 size`.
    nodes: Vec<EventKey>,
    size: usize,
}

impl EventSet {
    /// For `leaves` leaves, all idle.
    pub fn new(leaves: usize) -> EventSet {
        assert!(leaves <= LEAVES_MAX, "an event set holds at most {LEAVES_MAX} leaves");
        let size = leaves.max(2).next_power_of_two();
        EventSet { nodes: vec![EventKey::NEVER; 2 * size], size }
    }

    /// The next event; `NEVER` when all leaves are idle.
    #[inline(always)]
    pub fn first(&self) -> EventKey {
        self.nodes[1]
    }

    /// Puts `key` at its own leaf, over whatever was there.
    #[inline(always)]
    pub fn set(&mut self, leaf: u32, key: EventKey) {
        let mut at = self.leaf_offset(leaf);
        let nodes = self.nodes.as_mut_ptr().cast::<u8>();
        let mut winner = key;
        // SAFETY: `leaf_offset` checked that the leaf is a node; from there offsets only halve down to the
        // root's, and the sibling of a node other than the root exists since nodes.len() is a power of two.
        // Offsets are multiples of NODE, so every access is aligned.
        unsafe {
            *nodes.add(at).cast::<EventKey>() = key;
            while at > NODE {
                let rival = *nodes.add(at ^ NODE).cast::<EventKey>();
                // who wins is a matter of chance: a branch would be mispredicted
                winner = select_unpredictable(rival < winner, rival, winner);
                at = parent(at);
                *nodes.add(at).cast::<EventKey>() = winner;
            }
        }
    }

    /// `set` for a leaf that was idle, or whose event is moved forward: stops at the first node where
    /// another comes before it, mostly at once.
    #[inline(always)]
    pub fn set_earlier(&mut self, leaf: u32, key: EventKey) {
        let mut at = self.leaf_offset(leaf);
        let nodes = self.nodes.as_mut_ptr().cast::<u8>();
        // SAFETY: as in `set`.
        unsafe {
            debug_assert!(key <= *nodes.add(at).cast::<EventKey>(), "an event is moved forward");
            *nodes.add(at).cast::<EventKey>() = key;
            while at > NODE {
                at = parent(at);
                if *nodes.add(at).cast::<EventKey>() <= key {
                    break;
                }
                *nodes.add(at).cast::<EventKey>() = key;
            }
        }
    }

    #[inline(always)]
    fn leaf_offset(&self, leaf: u32) -> usize {
        assert!((leaf as usize) < self.size, "a leaf of this event set");
        (self.size + leaf as usize) * NODE
    }

    #[inline(always)]
    pub fn clear(&mut self, leaf: u32) {
        self.set(leaf, EventKey::NEVER);
    }

    /// The key at a leaf.
    #[inline(always)]
    pub fn at(&self, leaf: u32) -> EventKey {
        self.nodes[self.size + leaf as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Key;

    #[test]
    fn events_come_in_order_of_time_then_sequence() {
        let leaves = 37;
        let mut set = EventSet::new(leaves);
        let mut pending: Vec<Option<(u64, u64)>> = vec![None; leaves];
        let key = Key::of_seed(5);
        for step in 0..20_000u64 {
            let mut rng = key.indexed(step).draw(0, 0);
            let leaf = (rng.next() % leaves as u64) as usize;
            if rng.next().is_multiple_of(4) {
                set.clear(leaf as u32);
                pending[leaf] = None;
            } else {
                let time = rng.next() % 50;
                let key = EventKey::new(SimTime(time), step, leaf as u32);
                if key < set.at(leaf as u32) {
                    set.set_earlier(leaf as u32, key);
                } else {
                    set.set(leaf as u32, key);
                }
                pending[leaf] = Some((time, step));
            }
            let expected = pending.iter().enumerate().filter_map(|(l, p)| p.map(|(t, s)| (t, s, l as u32))).min();
            match expected {
                Some((time, _, leaf)) => {
                    assert_eq!((set.first().time(), set.first().leaf()), (SimTime(time), leaf));
                }
                None => assert_eq!(set.first(), EventKey::NEVER),
            }
        }
    }
}

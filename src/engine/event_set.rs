//! The event set: what happens next, out of one pending entry for each worker, station, source or line.
//!
//! A winner tree: each leaf holds the time of one pending event, each inner node the earlier of its two
//! children, so the root is the next event. Setting a leaf replays one path without a branch on data. With
//! few leaves this beats any heap, and an idle leaf costs nothing but its place.
//!
//! Events of the same time come in the order of their sequence. Such ties are rare, so nodes hold no
//! sequence: a tie leaves the fast path and looks up both.

use std::hint::select_unpredictable;

use super::time::SimTime;

/// Most leaves of one event set.
pub const LEAVES_MAX: usize = 1 << 30;
/// Times from here on are those of idle leaves, each its own, so that two of them are no tie.
const IDLE: u64 = u64::MAX - 2 * LEAVES_MAX as u64;
/// Levels of a way up that are written out one after the other.
const UNROLLED: usize = 6;

#[derive(Clone, Debug)]
pub struct EventSet {
    /// Node 1 is the root, node i has children 2i and 2i + 1; leaves are `size..2 size`.
    times: Vec<u64>,
    /// The leaf whose time stands at the node.
    winners: Vec<u32>,
    /// Order of scheduling, by leaf.
    sequences: Vec<u64>,
    /// A power of two.
    size: usize,
}

impl EventSet {
    /// For `leaves` leaves, all idle.
    pub fn new(leaves: usize) -> EventSet {
        assert!(leaves <= LEAVES_MAX, "an event set holds at most {LEAVES_MAX} leaves");
        let size = leaves.max(2).next_power_of_two();
        let mut set =
            EventSet { times: vec![u64::MAX; 2 * size], winners: vec![0; 2 * size], sequences: vec![0; size], size };
        for node in (1..2 * size).rev() {
            let leaf = if node >= size { (node - size) as u32 } else { set.winners[2 * node + 1] };
            (set.winners[node], set.times[node]) = (leaf, EventSet::idle_time(leaf));
        }
        set
    }

    /// Time and leaf of the next event; `SimTime::NEVER` when all leaves are idle.
    #[inline(always)]
    pub fn first(&self) -> (SimTime, u32) {
        // SAFETY: there are at least four nodes.
        unsafe { (SimTime(*self.times.get_unchecked(1)), *self.winners.get_unchecked(1)) }
    }

    /// When the leaf's event comes; an `idle_time`: it has none.
    pub fn time_of(&self, leaf: u32) -> SimTime {
        SimTime(self.times[self.size + leaf as usize])
    }

    /// When the leaf's event comes, and its place in the order.
    pub fn entry(&self, leaf: u32) -> (SimTime, u64) {
        (self.time_of(leaf), self.sequence_of(leaf))
    }

    /// The place in the order of the leaf's event.
    pub fn sequence_of(&self, leaf: u32) -> u64 {
        self.sequences[leaf as usize]
    }

    /// Whether a time that `first` gave is that of an idle leaf.
    pub fn is_idle(time: SimTime) -> bool {
        time.0 >= IDLE
    }

    /// The time that stands for "never" at a leaf, each its own.
    #[inline(always)]
    pub fn idle_time(leaf: u32) -> u64 {
        u64::MAX - leaf as u64
    }

    /// `set` or `clear`, by an `idle_time`.
    #[inline(always)]
    pub fn set_or_clear(&mut self, leaf: u32, time: u64, sequence: u64) {
        self.replay(leaf, time, sequence);
    }

    /// The leaf's event comes at `time`, whatever was there before. `sequence` tells apart events of the same
    /// time, and no two are alike.
    pub fn set(&mut self, leaf: u32, time: SimTime, sequence: u64) {
        debug_assert!(time.0 < IDLE, "an event comes some day");
        self.replay(leaf, time.0, sequence);
    }

    /// The leaf has no event any more.
    pub fn clear(&mut self, leaf: u32) {
        self.replay(leaf, EventSet::idle_time(leaf), 0);
    }

    #[inline(always)]
    fn replay(&mut self, leaf: u32, time: u64, sequence: u64) {
        let mut at = self.node_of(leaf);
        let (times, winners) = (self.times.as_mut_ptr(), self.winners.as_mut_ptr());
        let (mut time, mut winner) = (time, leaf);
        // SAFETY: the leaf exists; from there nodes only halve down to 1, and the sibling of a node other than
        // the root exists since there is a power of two of them.
        unsafe {
            *self.sequences.get_unchecked_mut(leaf as usize) = sequence;
            *times.add(at) = time;
            *winners.add(at) = leaf;
            loop {
                // several levels in a row: the processor meets each one's branch in its own place
                for _ in 0..UNROLLED {
                    let parent = at >> 1;
                    if parent == 0 {
                        return;
                    }
                    let rival_time = *times.add(at ^ 1);
                    let rival = *winners.add(at ^ 1);
                    if rival_time == time {
                        return self.replay_with_ties(at, time, winner);
                    }
                    // who wins is a matter of chance: a branch would be mispredicted
                    winner = select_unpredictable(rival_time < time, rival, winner);
                    time = select_unpredictable(rival_time < time, rival_time, time);
                    at = parent;
                    *times.add(at) = time;
                    *winners.add(at) = winner;
                }
            }
        }
    }

    /// The rest of a path, from a node where both children have the same time.
    #[cold]
    fn replay_with_ties(&mut self, mut at: usize, mut time: u64, mut winner: u32) {
        while at > 1 {
            let rival = (self.times[at ^ 1], self.winners[at ^ 1]);
            let sequence = |leaf: u32| self.sequences[leaf as usize];
            if (rival.0, sequence(rival.1)) < (time, sequence(winner)) {
                (time, winner) = rival;
            }
            at >>= 1;
            self.times[at] = time;
            self.winners[at] = winner;
        }
    }

    /// `set` for a leaf that was idle, or whose event is moved forward. Then each node on its way keeps what it had or
    /// takes this, whatever the others do; and mostly, which can be foreseen, the root keeps what it had. Where there are
    /// many leaves, it is asked every so many levels whether any node still changes.
    #[inline(always)]
    pub fn set_earlier(&mut self, leaf: u32, time: SimTime, sequence: u64) {
        let time = time.0;
        let mut at = self.node_of(leaf);
        let (times, winners) = (self.times.as_mut_ptr(), self.winners.as_mut_ptr());
        // SAFETY: as in `replay`; before each node it is asked whether it is above the root.
        unsafe {
            debug_assert!(time <= *times.add(at), "an event is moved forward");
            *self.sequences.get_unchecked_mut(leaf as usize) = sequence;
            *times.add(at) = time;
            *winners.add(at) = leaf;
            let first = *times.add(1);
            if time < first {
                while at > 1 {
                    at >>= 1;
                    *times.add(at) = time;
                    *winners.add(at) = leaf;
                }
                return;
            }
            let mut tie = time == first;
            'up: loop {
                let mut before = first;
                for _ in 0..UNROLLED {
                    at >>= 1;
                    if at <= 1 {
                        break 'up;
                    }
                    before = *times.add(at);
                    tie |= before == time;
                    // how far it comes is a matter of chance: a branch would be mispredicted
                    *winners.add(at) = select_unpredictable(time < before, leaf, *winners.add(at));
                    *times.add(at) = select_unpredictable(time < before, time, before);
                }
                // whoever comes before it here does so in all nodes above, which with many leaves are many
                if before <= time {
                    break;
                }
            }
            if tie {
                self.replay_with_ties(self.size + leaf as usize, time, leaf);
            }
        }
    }

    /// Leaves are ids as those of a `Table`: checked when a network is made, and here where assertions are on.
    #[inline(always)]
    fn node_of(&self, leaf: u32) -> usize {
        debug_assert!((leaf as usize) < self.size, "a leaf of this event set");
        self.size + leaf as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Key;

    #[test]
    fn events_come_in_order_of_time_then_sequence() {
        for leaves in [1, 5, 8, 20, 37, 100, 300] {
            hold_against_a_plain_list(leaves);
        }
    }

    fn hold_against_a_plain_list(leaves: usize) {
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
                // half of them are scheduled again with the place in the order that they had
                let sequence = pending[leaf].map_or(step, |(_, s)| if rng.next().is_multiple_of(2) { s } else { step });
                let time = rng.next() % 50;
                if pending[leaf].is_none_or(|before| (time, sequence) < before) {
                    set.set_earlier(leaf as u32, SimTime(time), sequence);
                } else {
                    set.set(leaf as u32, SimTime(time), sequence);
                }
                pending[leaf] = Some((time, sequence));
            }
            let expected = pending.iter().enumerate().filter_map(|(l, p)| p.map(|(t, s)| (t, s, l as u32))).min();
            match expected {
                Some((time, _, leaf)) => assert_eq!(set.first(), (SimTime(time), leaf)),
                None => assert!(EventSet::is_idle(set.first().0)),
            }
        }
    }
}

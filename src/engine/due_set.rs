//! Items that each wait for a time of their own, such as requests in drawn delays.
//!
//! An event set that hands out its leaves and grows: to take the next item out is a straight way up the tree, and to put
//! one in is another, without the branches of a heap on what happens to be in it.

use super::event_set::EventSet;
use super::table::Table;
use super::time::SimTime;

#[derive(Clone, Debug)]
pub struct DueSet<T> {
    set: EventSet,
    /// By leaf; where nothing waits, whatever waited there last.
    items: Table<Option<T>>,
    /// Leaves that are free, the one that became so last at the end.
    vacant: Vec<u32>,
}

/// Leaves before it first grows.
const FIRST: usize = 16;

impl<T: Copy> Default for DueSet<T> {
    fn default() -> Self {
        DueSet { set: EventSet::new(FIRST), items: vec![None; FIRST].into(), vacant: (0..FIRST as u32).rev().collect() }
    }
}

impl<T: Copy> DueSet<T> {
    /// `sequence` tells apart what is due at the same time; no two are alike. True if nothing comes before it.
    #[inline(always)]
    pub fn push(&mut self, time: u64, sequence: u64, item: T) -> bool {
        let leaf = match self.vacant.pop() {
            Some(leaf) => leaf,
            None => self.grow(),
        };
        self.items[leaf as usize] = Some(item);
        self.set.set_earlier(leaf, SimTime(time), sequence);
        self.set.first().1 == leaf
    }

    /// Twice as many leaves; returns one that is free.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> u32 {
        let before = self.items.len();
        let mut set = EventSet::new(2 * before);
        for leaf in 0..before as u32 {
            let (time, sequence) = self.set.entry(leaf);
            set.set(leaf, time, sequence);
        }
        self.set = set;
        self.items.resize(2 * before, None);
        self.vacant.extend((before as u32 + 1..2 * before as u32).rev());
        before as u32
    }

    /// Time and sequence of what is due next.
    #[inline(always)]
    pub fn first(&self) -> Option<(u64, u64)> {
        let (time, leaf) = self.set.first();
        (!EventSet::is_idle(time)).then(|| (time.0, self.set.sequence_of(leaf)))
    }

    /// What is due next; anything or nothing where nothing waits.
    #[inline(always)]
    pub fn first_item(&self) -> Option<T> {
        self.items[self.set.first().1 as usize]
    }

    /// Takes out what is due next.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<T> {
        let (time, leaf) = self.set.first();
        if EventSet::is_idle(time) {
            return None;
        }
        self.set.set_or_clear(leaf, EventSet::idle_time(leaf), 0);
        self.vacant.push(leaf);
        self.items[leaf as usize]
    }

    /// Takes out before their time all that `out` accepts.
    pub fn remove_where(&mut self, out: impl Fn(T) -> bool) {
        for leaf in 0..self.items.len() as u32 {
            if self.items[leaf as usize].is_some_and(&out) && !EventSet::is_idle(self.set.time_of(leaf)) {
                self.set.clear(leaf);
                self.vacant.push(leaf);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Key;

    #[test]
    fn what_is_due_first_comes_first() {
        let mut due = DueSet::default();
        let mut expected = Vec::new();
        for sequence in 0..500u64 {
            // many at the same time
            let time = Key::of_seed(1).indexed(sequence).0 % 50;
            let first = due.push(time, sequence, sequence as u32);
            assert_eq!(first, expected.iter().all(|&before| (time, sequence) < before));
            expected.push((time, sequence));
            if sequence % 3 == 0 {
                expected.sort_unstable();
                let (time, sequence) = expected.remove(0);
                assert_eq!(due.first(), Some((time, sequence)));
                assert_eq!(due.pop(), Some(sequence as u32));
            }
        }
        let gone = expected.remove(7).1 as u32;
        due.remove_where(|item| item == gone);
        expected.sort_unstable();
        let left: Vec<u32> = std::iter::from_fn(|| due.pop()).collect();
        assert_eq!(left, expected.iter().map(|&(_, sequence)| sequence as u32).collect::<Vec<_>>());
        assert_eq!((due.first(), due.pop()), (None, None));
        due.push(3, 0, 17);
        assert_eq!((due.first(), due.first_item()), (Some((3, 0)), Some(17)));
    }
}

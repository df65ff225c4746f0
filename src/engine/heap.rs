//! A 4-ary heap of (key, item): for what a station or a line keeps inside, behind its one leaf of the
//! event set.

use std::hint::select_unpredictable;

/// A key, and the one behind which no other comes.
pub trait HeapKey: Copy + PartialOrd {
    const LAST: Self;
}

impl HeapKey for u64 {
    const LAST: u64 = u64::MAX;
}

impl HeapKey for u128 {
    const LAST: u128 = u128::MAX;
}

/// Smallest key first. Keys must be distinct where order matters: callers put a sequence into them.
#[derive(Clone, Debug)]
pub struct Heap<K, T> {
    /// Whole groups of four children; behind the entries there are places with the key `LAST`, so that the least child
    /// is always one of four.
    places: Vec<(K, T)>,
    len: usize,
}

impl<K: HeapKey, T: Copy> Default for Heap<K, T> {
    fn default() -> Self {
        Heap { places: Vec::new(), len: 0 }
    }
}

impl<K: HeapKey, T: Copy> Heap<K, T> {
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    pub fn first(&self) -> Option<(K, T)> {
        if self.len == 0 { None } else { Some(self.places[0]) }
    }

    /// The smallest key; `LAST` where nothing is any more. Something must have been here once.
    #[inline(always)]
    pub fn least(&self) -> K {
        self.places[0].0
    }

    /// In no order.
    pub fn iter(&self) -> impl Iterator<Item = &(K, T)> {
        self.places[..self.len].iter()
    }

    #[inline(always)]
    pub fn push(&mut self, key: K, item: T) {
        let mut i = self.len;
        if i == self.places.len() {
            self.grow(item);
        }
        self.len += 1;
        let places = &mut self.places[..];
        while i > 0 {
            let parent = (i - 1) / 4;
            if places[parent].0 <= key {
                break;
            }
            places[i] = places[parent];
            i = parent;
        }
        places[i] = (key, item);
    }

    /// The root's place, or those of four children. `item` stands there until another comes.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, item: T) {
        let more = if self.places.is_empty() { 1 } else { 4 };
        self.places.resize(self.places.len() + more, (K::LAST, item));
    }

    #[inline(always)]
    pub fn pop(&mut self) -> Option<(K, T)> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        let first = self.places[0];
        let last = self.places[self.len];
        self.places[self.len].0 = K::LAST;
        if self.len > 0 {
            self.fill_root(last);
        }
        Some(first)
    }

    /// The last entry belongs almost at the bottom again. So the hole at the root goes down all the way, always
    /// to the least child and without a branch on keys, and the entry then up, mostly not at all.
    #[inline(always)]
    fn fill_root(&mut self, moving: (K, T)) {
        let places = &mut self.places[..];
        let mut hole = 0;
        loop {
            let child = 4 * hole + 1;
            if child >= self.len {
                break;
            }
            let keys = &places[child..child + 4];
            let (left, right) = ((keys[1].0 < keys[0].0) as usize, 2 + (keys[3].0 < keys[2].0) as usize);
            let least = child + select_unpredictable(keys[right].0 < keys[left].0, right, left);
            places[hole] = places[least];
            hole = least;
        }
        while hole > 0 {
            let parent = (hole - 1) / 4;
            if places[parent].0 <= moving.0 {
                break;
            }
            places[hole] = places[parent];
            hole = parent;
        }
        places[hole] = moving;
    }

    pub fn clear(&mut self) {
        self.places.clear();
        self.len = 0;
    }

    /// Takes out every entry that `out` accepts; for the rare mass removal, O(n log n).
    pub fn remove_where(&mut self, mut out: impl FnMut(&K, &T) -> bool) -> Vec<(K, T)> {
        let (removed, kept): (Vec<_>, Vec<_>) = self.iter().copied().partition(|(k, t)| out(k, t));
        self.clear();
        for (key, item) in kept {
            self.push(key, item);
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Key;

    #[test]
    fn the_smallest_key_leaves_first() {
        let mut heap = Heap::default();
        let mut sorted = Vec::new();
        for i in 0..500u64 {
            let key = Key::of_seed(1).indexed(i).0;
            heap.push(key, i);
            sorted.push(key);
        }
        sorted.sort_unstable();
        let odd = heap.remove_where(|key, _| key % 2 == 1);
        assert_eq!(odd.len(), sorted.iter().filter(|k| *k % 2 == 1).count());
        let out: Vec<u64> = std::iter::from_fn(|| heap.pop().map(|(key, _)| key)).collect();
        assert_eq!(out, sorted.into_iter().filter(|k| k % 2 == 0).collect::<Vec<_>>());
    }
}

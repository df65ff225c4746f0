//! A 4-ary heap of (key, item): for what a station or a line keeps inside, behind its one leaf of the
//! event set.

use std::hint::select_unpredictable;

/// Smallest key first. Keys must be distinct where order matters: callers put a sequence into them.
#[derive(Clone, Debug)]
pub struct Heap<K, T> {
    entries: Vec<(K, T)>,
}

impl<K: Copy + PartialOrd, T: Copy> Default for Heap<K, T> {
    fn default() -> Self {
        Heap { entries: Vec::new() }
    }
}

impl<K: Copy + PartialOrd, T: Copy> Heap<K, T> {
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[inline(always)]
    pub fn first(&self) -> Option<(K, T)> {
        self.entries.first().copied()
    }

    /// In no order.
    pub fn iter(&self) -> impl Iterator<Item = &(K, T)> {
        self.entries.iter()
    }

    #[inline(always)]
    pub fn push(&mut self, key: K, item: T) {
        let mut i = self.entries.len();
        self.entries.push((key, item));
        let entries = &mut self.entries[..];
        while i > 0 {
            let parent = (i - 1) / 4;
            if entries[parent].0 <= key {
                break;
            }
            entries[i] = entries[parent];
            i = parent;
        }
        entries[i] = (key, item);
    }

    #[inline(always)]
    pub fn pop(&mut self) -> Option<(K, T)> {
        let last = self.entries.pop()?;
        if self.entries.is_empty() {
            return Some(last);
        }
        let first = self.entries[0];
        self.fill_root(last);
        Some(first)
    }

    /// The last entry belongs almost at the bottom again. So the hole at the root goes down all the way, always
    /// to the least child and without a branch on keys, and the entry then up, mostly not at all.
    #[inline(always)]
    fn fill_root(&mut self, moving: (K, T)) {
        let entries = &mut self.entries[..];
        let n = entries.len();
        let mut hole = 0;
        loop {
            let child = 4 * hole + 1;
            let least = if child + 4 <= n {
                let keys = &entries[child..child + 4];
                let (left, right) = ((keys[1].0 < keys[0].0) as usize, 2 + (keys[3].0 < keys[2].0) as usize);
                child + select_unpredictable(keys[right].0 < keys[left].0, right, left)
            } else if child < n {
                let mut least = child;
                for k in child + 1..n {
                    least = select_unpredictable(entries[k].0 < entries[least].0, k, least);
                }
                least
            } else {
                break;
            };
            entries[hole] = entries[least];
            hole = least;
        }
        while hole > 0 {
            let parent = (hole - 1) / 4;
            if entries[parent].0 <= moving.0 {
                break;
            }
            entries[hole] = entries[parent];
            hole = parent;
        }
        entries[hole] = moving;
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Takes out every entry that `out` accepts; for the rare mass removal, O(n log n).
    pub fn remove_where(&mut self, mut out: impl FnMut(&K, &T) -> bool) -> Vec<(K, T)> {
        let (removed, kept): (Vec<_>, Vec<_>) = self.entries.drain(..).partition(|(k, t)| out(k, t));
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

//! A winner tree: which of n has the smallest key, with a change of one key in O(log n) and no allocation.

/// The key of one that does not take part.
pub const ABSENT: u128 = u128::MAX;

#[derive(Clone, Debug)]
pub struct Tournament {
    /// Padded with `ABSENT` to a power of two.
    keys: Vec<u128>,
    /// Winner below each inner node; 1 is the root, the children of `k` are `2k` and `2k + 1`.
    winners: Vec<u32>,
}

impl Tournament {
    /// `n` that are all absent.
    pub fn new(n: usize) -> Tournament {
        let leaves = n.next_power_of_two().max(2);
        let mut winners = vec![0; leaves];
        for node in (1..leaves).rev() {
            winners[node] = if 2 * node >= leaves { (2 * node - leaves) as u32 } else { winners[2 * node] };
        }
        Tournament { keys: vec![ABSENT; leaves], winners }
    }

    #[inline]
    pub fn set(&mut self, i: usize, key: u128) {
        let leaves = self.keys.len();
        self.keys[i] = key;
        let mut node = (leaves + i) / 2;
        let (left, right) = (i & !1, i | 1);
        self.winners[node] = self.better(left as u32, right as u32);
        while node > 1 {
            node /= 2;
            self.winners[node] = self.better(self.winners[2 * node], self.winners[2 * node + 1]);
        }
    }

    #[inline]
    pub fn remove(&mut self, i: usize) {
        self.set(i, ABSENT);
    }

    /// The one with the smallest key; among equals the lowest index.
    #[inline]
    pub fn first(&self) -> Option<usize> {
        let winner = self.winners[1] as usize;
        (self.keys[winner] != ABSENT).then_some(winner)
    }

    #[inline]
    pub fn key(&self, i: usize) -> u128 {
        self.keys[i]
    }

    #[inline]
    fn better(&self, left: u32, right: u32) -> u32 {
        if self.keys[right as usize] < self.keys[left as usize] { right } else { left }
    }
}

/// A sort key that puts the largest value first.
#[inline]
pub fn descending(value: i64) -> u128 {
    !((value as u64) ^ (1 << 63)) as u128
}

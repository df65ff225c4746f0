//! A kinetic winner tree: which of n is first, by level and then by a value that grows linearly. Whoever stands on
//! the level that grows gains its own weight at each step, so the order changes without anyone being touched;
//! every inner node knows the step at which its winner may be overtaken, and only such nodes are looked at.

/// The lowest level wins; on one level the highest value; among equals the lowest index.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// `ABSENT`: does not take part.
    pub level: u128,
    /// When the level had not grown yet.
    pub base: i64,
    pub weight: i64,
}

pub const ABSENT: u128 = u128::MAX;

/// Nobody below overtakes the winner, however far the level grows.
const NEVER: i64 = i64::MAX;

#[derive(Clone, Debug)]
pub struct Kinetic {
    /// Padded with absent ones to a power of two.
    entries: Vec<Entry>,
    /// Below each inner node; 1 is the root, the children of `k` are `2k` and `2k + 1`.
    winners: Vec<u32>,
    /// Steps of the winner's level at which another one of that level may have overtaken.
    until: Vec<i64>,
}

impl Kinetic {
    /// `n` that are all absent.
    pub fn new(n: usize) -> Kinetic {
        let leaves = n.next_power_of_two().max(2);
        let absent = Entry { level: ABSENT, base: 0, weight: 0 };
        let mut tree = Kinetic { entries: vec![absent; leaves], winners: vec![0; leaves], until: vec![NEVER; leaves] };
        (1..leaves).rev().for_each(|node| tree.settle(node, 0));
        tree
    }

    #[inline]
    pub fn entry(&self, i: usize) -> Entry {
        self.entries[i]
    }

    #[inline]
    pub fn first(&self) -> Option<usize> {
        let winner = self.winners[1] as usize;
        (self.entries[winner].level != ABSENT).then_some(winner)
    }

    /// `steps`: how far the level has grown that the entry is on, or the first one if that is another.
    /// O(log n).
    ///
    /// Levels other than the first do not grow, so what is known below them stays true.
    pub fn set(&mut self, i: usize, entry: Entry, steps: impl Fn(u128) -> i64) {
        self.entries[i] = entry;
        let mut node = (self.entries.len() + i) / 2;
        while node > 0 {
            let level = self.entries[self.better_level(node)].level;
            self.settle(node, if level == ABSENT { 0 } else { steps(level) });
            node /= 2;
        }
    }

    /// The first level has grown to so many steps: whoever overtakes does so now. O(log n) for each that does.
    pub fn advance(&mut self, steps: i64) {
        if let Some(first) = self.first() {
            self.advance_below(1, self.entries[first].level, steps);
        }
    }

    fn advance_below(&mut self, node: usize, level: u128, steps: i64) {
        let leaves = self.entries.len();
        if node >= leaves || self.until[node] > steps || self.entries[self.winners[node] as usize].level != level {
            return;
        }
        self.advance_below(2 * node, level, steps);
        self.advance_below(2 * node + 1, level, steps);
        self.settle(node, steps);
    }

    /// The winner of a leaf or an inner node.
    #[inline]
    fn winner(&self, node: usize) -> usize {
        let leaves = self.entries.len();
        if node >= leaves { node - leaves } else { self.winners[node] as usize }
    }

    /// One of the node's two candidates that is on the lower level.
    #[inline]
    fn better_level(&self, node: usize) -> usize {
        let (left, right) = (self.winner(2 * node), self.winner(2 * node + 1));
        if self.entries[right].level < self.entries[left].level { right } else { left }
    }

    fn settle(&mut self, node: usize, steps: i64) {
        let leaves = self.entries.len();
        let (left, right) = (self.winner(2 * node), self.winner(2 * node + 1));
        let (one, other) = (self.entries[left], self.entries[right]);
        let below = |child: usize| if child >= leaves { NEVER } else { self.until[child] };
        let (winner, until) = if one.level < other.level {
            (left, below(2 * node))
        } else if other.level < one.level {
            (right, below(2 * node + 1))
        } else {
            let value = |entry: Entry| entry.base + steps * entry.weight;
            // the left one has the lower index
            let right_wins = value(other) > value(one);
            let (winner, overtaken) = match right_wins {
                true => (right, overtakes(other, one, true)),
                false => (left, overtakes(one, other, false)),
            };
            (winner, overtaken.min(below(2 * node)).min(below(2 * node + 1)))
        };
        self.winners[node] = winner as u32;
        self.until[node] = until;
    }
}

/// The first step at which the loser is ahead, or level if that is enough for it.
fn overtakes(winner: Entry, loser: Entry, at_equality: bool) -> i64 {
    let closing = loser.weight - winner.weight;
    if closing <= 0 {
        return NEVER;
    }
    let gap = winner.base - loser.base;
    let whole = gap.div_euclid(closing);
    if at_equality && gap.rem_euclid(closing) == 0 { whole } else { whole + 1 }
}

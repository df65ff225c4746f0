//! From the order of completion, in which logs are written, to the order of arrival, with bounded memory.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

/// Items in order of (arrival, order of insertion). Those that come in order are only appended; a heap
/// holds the late ones.
pub struct Order<T> {
    in_order: VecDeque<Item<T>>,
    late: BinaryHeap<Item<T>>,
    inserted: u64,
}

struct Item<T> {
    arrival: i64,
    inserted: u64,
    value: T,
}

impl<T> Item<T> {
    fn key(&self) -> (i64, u64) {
        (self.arrival, self.inserted)
    }
}

impl<T> PartialEq for Item<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Item<T> {}

impl<T> PartialOrd for Item<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Item<T> {
    /// Reversed: `BinaryHeap` gives the greatest, we want the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl<T> Default for Order<T> {
    fn default() -> Self {
        Order { in_order: VecDeque::new(), late: BinaryHeap::new(), inserted: 0 }
    }
}

impl<T> Order<T> {
    /// Says whether the item came later than one with a later arrival.
    pub fn push(&mut self, arrival: i64, value: T) -> bool {
        let item = Item { arrival, inserted: self.inserted, value };
        self.inserted += 1;
        let late = self.in_order.back().is_some_and(|last| arrival < last.arrival);
        if late {
            self.late.push(item);
        } else {
            self.in_order.push_back(item);
        }
        late
    }

    /// The earliest arrival.
    pub fn pop(&mut self) -> Option<(i64, T)> {
        let late_first = match (self.in_order.front(), self.late.peek()) {
            (Some(next), Some(late)) => late.key() < next.key(),
            (None, late) => late.is_some(),
            (Some(_), None) => false,
        };
        let item = if late_first { self.late.pop() } else { self.in_order.pop_front() };
        item.map(|item| (item.arrival, item.value))
    }

    pub fn len(&self) -> usize {
        self.in_order.len() + self.late.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out_sorted_and_equal_arrivals_keep_their_order(
            arrivals in prop::collection::vec(0i64..20, 0..60)
        ) {
            let mut order = Order::default();
            for (i, &arrival) in arrivals.iter().enumerate() {
                order.push(arrival, i);
            }
            let mut expected: Vec<(i64, usize)> = arrivals.iter().copied().zip(0..).collect();
            expected.sort();
            prop_assert_eq!(order.len(), expected.len());
            prop_assert_eq!(std::iter::from_fn(|| order.pop()).collect::<Vec<_>>(), expected);
            prop_assert!(order.is_empty());
        }
    }
}

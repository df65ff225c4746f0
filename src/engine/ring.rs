//! First in, first out, of what is small and copied.
//!
//! A queue that can be asked for its front whether or not anything is there: whoever has just taken one out looks at
//! the next without a branch on how many there are, which would be mispredicted.

use super::table::Table;

#[derive(Clone, Debug)]
pub struct Ring<T> {
    /// A power of two of places, or none yet.
    places: Table<T>,
    head: usize,
    len: usize,
}

/// Places that there are at first.
const FIRST: usize = 8;

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Ring { places: Table::default(), head: 0, len: 0 }
    }
}

impl<T: Copy> Ring<T> {
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    pub fn push_back(&mut self, item: T) {
        if self.len == self.places.len() {
            self.grow(item);
        }
        let place = self.place_of(self.len);
        self.places[place] = item;
        self.len += 1;
    }

    /// Twice as many places; `item` stands in the new ones until others come.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, item: T) {
        self.places.rotate_left(self.head);
        self.head = 0;
        self.places.resize((2 * self.len).max(FIRST), item);
    }

    #[inline(always)]
    pub fn pop_front(&mut self) -> Option<T> {
        if self.len == 0 {
            return None;
        }
        let item = self.places[self.head];
        self.head = self.place_of(1);
        self.len -= 1;
        Some(item)
    }

    /// The one in front.
    pub fn front(&self) -> Option<T> {
        (self.len > 0).then(|| self.places[self.head])
    }

    /// The one in front, or any that was here once; only where one was.
    #[inline(always)]
    pub fn front_or_any(&self) -> T {
        self.places[self.head]
    }

    /// Takes out all that `kept` does not accept.
    pub fn retain(&mut self, kept: impl Fn(&T) -> bool) {
        for _ in 0..self.len {
            if let Some(item) = self.pop_front()
                && kept(&item)
            {
                self.push_back(item);
            }
        }
    }

    #[inline(always)]
    fn place_of(&self, index: usize) -> usize {
        (self.head + index) & (self.places.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_in_first_out_at_every_length_and_place() {
        let mut ring = Ring::default();
        let mut plain = std::collections::VecDeque::new();
        for step in 0..4000u32 {
            // longer and shorter again, up to some hundred
            if step % 400 < 250 || step % 3 == 0 {
                ring.push_back(step);
                plain.push_back(step);
            } else {
                assert_eq!(ring.pop_front(), plain.pop_front());
            }
            if step % 97 == 0 {
                ring.retain(|item| item % 5 != 0);
                plain.retain(|item| item % 5 != 0);
            }
            assert_eq!((ring.front(), ring.is_empty()), (plain.front().copied(), plain.is_empty()));
        }
        while let Some(item) = plain.pop_front() {
            assert_eq!((ring.front_or_any(), ring.pop_front()), (item, Some(item)));
        }
        assert_eq!(ring.pop_front(), None);
    }
}

//! An array whose indices are ids that were checked once, at the door, and not at each use.
//!
//! The event loop looks up some fifteen ids an event, all of them made by the compiler (checked against the
//! arrays when a run begins) or by the array itself (places in the slab). Checking them again at each use
//! costs a tenth of all instructions. Debug builds, and so all tests, do check.

use std::ops::{Deref, DerefMut, Index, IndexMut};

#[derive(Clone, Debug)]
pub struct Table<T>(Vec<T>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table(Vec::new())
    }
}

impl<T> From<Vec<T>> for Table<T> {
    fn from(entries: Vec<T>) -> Self {
        Table(entries)
    }
}

impl<T> From<Table<T>> for Vec<T> {
    fn from(table: Table<T>) -> Self {
        table.0
    }
}

impl<T> Deref for Table<T> {
    type Target = Vec<T>;
    #[inline(always)]
    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Table<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<'a, T> IntoIterator for &'a Table<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Table<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}

impl<T> Table<T> {
    /// Has an entry brought into the inner caches for when it is needed, where a processor can be asked to.
    #[inline(always)]
    pub fn prefetch(&self, id: usize) {
        #[cfg(target_arch = "x86_64")]
        for line in 0..size_of::<T>().div_ceil(64) {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            let address = self.0.as_ptr().wrapping_add(id).cast::<i8>().wrapping_add(64 * line);
            // SAFETY: nothing is read, whatever the address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = id;
    }
}

impl<T> Index<usize> for Table<T> {
    type Output = T;
    #[inline(always)]
    fn index(&self, id: usize) -> &T {
        debug_assert!(id < self.0.len(), "id {id} of a table of {}", self.0.len());
        // SAFETY: whoever makes ids keeps them below the length: `Network::check` for a compiled network, the
        // slab for its places. No table of a run shrinks.
        unsafe { self.0.get_unchecked(id) }
    }
}

impl<T> IndexMut<usize> for Table<T> {
    #[inline(always)]
    fn index_mut(&mut self, id: usize) -> &mut T {
        debug_assert!(id < self.0.len(), "id {id} of a table of {}", self.0.len());
        // SAFETY: as in `index`.
        unsafe { self.0.get_unchecked_mut(id) }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "id 2 of a table of 2")]
    fn a_wrong_id_is_caught_where_assertions_are_on() {
        let table = Table::from(vec![1, 2]);
        let _ = table[table.len()];
    }
}

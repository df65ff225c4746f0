//! HAProxy's `first`: the lowest server in file order with a free slot.

use super::loads::Loads;
use super::tournament::Tournament;

#[derive(Clone, Debug)]
pub struct First {
    open: Tournament,
}

impl First {
    pub fn new(loads: &Loads) -> First {
        let mut policy = First { open: Tournament::new(loads.count()) };
        (0..loads.count()).for_each(|server| policy.changed(loads, server));
        policy
    }

    #[inline]
    pub fn pick(&self) -> Option<usize> {
        self.open.first()
    }

    #[inline]
    pub fn changed(&mut self, loads: &Loads, server: usize) {
        if loads.is_open(server) { self.open.set(server, 0) } else { self.open.remove(server) }
    }
}

//! HAProxy's `leastconn`: servers sorted by (served + 1) * 256 / weight, idle ones first whatever their
//! weight; whoever changes its place goes behind its equals, so that ties rotate (lb_fwlc.c, 2.4 and later).

use super::loads::{Loads, WARM};
use super::tournament::Tournament;

#[derive(Clone, Debug)]
pub struct LeastConn {
    order: Tournament,
    /// Counts insertions, to queue behind equals.
    inserted: u64,
}

impl LeastConn {
    pub fn new(loads: &Loads) -> LeastConn {
        let mut policy = LeastConn { order: Tournament::new(loads.count()), inserted: 0 };
        (0..loads.count()).for_each(|server| policy.changed(loads, server));
        policy
    }

    #[inline]
    pub fn pick(&self) -> Option<usize> {
        self.order.first()
    }

    /// HAProxy re-inserts a server at each change of its load, so leaving full ones out costs nothing in
    /// fidelity: they come back at a release, which re-inserts them anyway.
    #[inline]
    pub fn changed(&mut self, loads: &Loads, server: usize) {
        if !loads.is_open(server) {
            return self.order.remove(server);
        }
        let served = loads.served[server] as u64;
        let key = if served == 0 { 0 } else { (served + 1) * 256 * u64::from(WARM) / loads.effective(server) };
        self.inserted += 1;
        self.order.set(server, (key as u128) << 64 | self.inserted as u128);
    }
}

//! Virtual addresses: tells the keepaliveds what has changed around them, wakes them, and cuts off the clients whose
//! connections an address has left behind. Only where something may go wrong.

use super::Simulator;
use crate::engine::random::purpose;
use crate::model::request::{NONE, RequestId};

const ADVERT: u64 = purpose("vrrp.advert");
const SCRIPT: u64 = purpose("vrrp.script");

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// All have run for long; how long ago the last advertisement and the last scripts were is left to chance.
    pub(super) fn begin_vrrp(&mut self) {
        for (index, front) in self.net.vrrps.iter_mut().enumerate() {
            let key = self.fault_key.named(&front.service);
            let scripts = (0..front.servers.len()).map(|i| key.draw_counted(SCRIPT, i as u64).unit());
            let scripts: Vec<f64> = scripts.collect();
            front.vrrp.begin(self.now, key.draw(ADVERT, index as u32).unit(), &scripts);
        }
    }

    #[cold]
    pub(super) fn vrrp_due(&mut self, index: u32) -> RequestId {
        self.net.vrrps[index as usize].vrrp.wake(self.now);
        self.follow_address(index);
        NONE
    }

    fn follow_address(&mut self, index: u32) {
        let front = &self.net.vrrps[index as usize];
        let (leaf, due) = (front.leaf, front.vrrp.due());
        self.schedule_or_never(leaf, due);
    }
}

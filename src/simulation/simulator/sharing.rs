//! CPUs and network cards: everyone is served at once, and a transfer by two cards.

use super::{Fired, Simulator};
use crate::engine::event_set::EventSet;
use crate::model::request::{NONE, Request, RequestId};

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    #[inline(always)]
    pub(super) fn share(&mut self, id: RequestId, station: u32, work: u64) {
        self.slab[id].entered = self.now;
        let s = &mut self.net.sharing[station as usize];
        let due = s.enter::<WATCHED>(self.now, id, work);
        let leaf = s.leaf;
        if WATCHED {
            self.schedule_or_never(leaf, due);
        } else {
            self.schedule(leaf, due);
        }
    }

    #[inline(always)]
    pub(super) fn sharing_done(&mut self, leaf: u32, station: u32) -> Fired {
        let now = self.now;
        let s = &mut self.net.sharing[station as usize];
        let (id, next) = s.leave::<WATCHED>(now);
        let request = &mut self.slab[id];
        s.count_departure::<WATCHED>(now, request.entered, request.work);
        let moves = if request_is_split(request) { NONE } else { id };
        self.sequence += 1;
        let again = next.filter(|&due| !WATCHED || due != u64::MAX).unwrap_or(EventSet::idle_time(leaf));
        Fired { moves, again, sequence: self.sequence }
    }

    /// Bytes through the sender's and the receiver's network card at the same time; false where nothing is
    /// to be sent, or neither card is modelled.
    #[inline(always)]
    pub(super) fn transfer(&mut self, id: RequestId, from: u32, to: u32, draw: u32) -> bool {
        if from == NONE && to == NONE {
            return false;
        }
        let work = self.net.draws[draw as usize].nanos(&self.slab[id]);
        if work == 0 {
            return false;
        }
        let both = from != NONE && to != NONE;
        let request = &mut self.slab[id];
        request.work = work;
        request.pending = both as u16;
        for card in [from, to] {
            if card != NONE {
                self.share(id, card, work);
            }
        }
        true
    }
}

/// Of a transfer through two cards, the first side to finish waits for the other.
#[inline(always)]
fn request_is_split(request: &mut Request) -> bool {
    if request.pending > 0 {
        request.pending -= 1;
        return true;
    }
    false
}

//! CPUs and network cards: everyone is served at once, and a transfer by two cards.

use std::hint::select_unpredictable;

use super::{Fired, Simulator};
use crate::engine::event_set::EventSet;
use crate::engine::time::SimTime;
use crate::model::request::{NONE, RequestId};

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// A burst at a CPU; true if it is over already.
    #[inline(always)]
    pub(super) fn burst(&mut self, id: RequestId, station: u32, work: u64) -> bool {
        let now = self.now;
        if self.net.sharing[station as usize].is_idle() && self.passes_to(now + work) {
            self.net.sharing[station as usize].observed.pass(now, now + work, work);
            self.sequence += 2;
            return true;
        }
        self.slab[id].work = work;
        self.share::<false>(id, station, work);
        false
    }

    #[inline(always)]
    pub(super) fn share<const CARD: bool>(&mut self, id: RequestId, station: u32, work: u64) {
        self.slab[id].entered = self.now;
        let s = &mut self.net.sharing[station as usize];
        let due = s.enter::<WATCHED, CARD>(self.now, id, work);
        let (leaf, alone) = (s.leaf, s.serves_one());
        self.expect_first(station);
        if WATCHED {
            self.schedule_or_never(leaf, due);
        } else if alone {
            self.schedule_earlier(leaf, due);
        } else {
            self.schedule(leaf, due);
        }
    }

    /// `expect` for who will leave a station first.
    #[inline(always)]
    fn expect_first(&mut self, station: u32) {
        let s = &self.net.sharing[station as usize];
        self.expect(s.leaf, self.slab[s.first()].step);
    }

    /// A CPU has done with a request.
    #[inline(always)]
    pub(super) fn sharing_done(&mut self, leaf: u32, station: u32) -> Fired {
        let now = self.now;
        let s = &mut self.net.sharing[station as usize];
        let (id, next) = s.leave::<WATCHED>(now);
        let request = &self.slab[id];
        s.count_departure::<WATCHED>(now, request.entered, request.work);
        let first = select_unpredictable(next == u64::MAX, id, s.first());
        self.expect(leaf, self.slab[first].step);
        self.sequence += 1;
        Fired { moves: id, again: due_or_idle(next, leaf), sequence: self.sequence }
    }

    /// A network card has done with a transfer, and so has, mostly, the card at its other end.
    #[inline(always)]
    pub(super) fn card_done(&mut self, leaf: u32, card: u32) -> Fired {
        let (mut moves, next) = self.leave_card(card);
        let sequence = self.sequence;
        if next != u64::MAX {
            self.expect_first(card);
        }
        let follower = self.net.sharing[card as usize].follower;
        if !WATCHED && follower != NONE {
            if moves != NONE {
                // somebody goes on before the other end is heard of
                self.untie(card);
            } else {
                self.events += 1;
                let (id, next_there) = self.leave_card(follower);
                moves = id;
                if next == u64::MAX || next != next_there {
                    self.net.sharing[card as usize].follower = NONE;
                    let s = &mut self.net.sharing[follower as usize];
                    s.leader = NONE;
                    if next_there != u64::MAX {
                        let leaf = s.leaf;
                        self.set.set_earlier(leaf, SimTime(next_there), self.sequence);
                        self.expect_first(follower);
                    }
                }
            }
        }
        Fired { moves, again: due_or_idle(next, leaf), sequence }
    }

    /// The due departure at a card: who goes on, unless its transfer has another end that has not done yet (`NONE`), and
    /// when the next is due, `u64::MAX`: never.
    #[inline(always)]
    fn leave_card(&mut self, card: u32) -> (RequestId, u64) {
        let now = self.now;
        let s = &mut self.net.sharing[card as usize];
        let (id, next) = s.leave::<WATCHED>(now);
        let request = &mut self.slab[id];
        s.count_transfer::<WATCHED>(now, request.entered, request.work);
        self.sequence += 1;
        if request.pending > 0 {
            request.pending -= 1;
            return (NONE, next);
        }
        (id, next)
    }

    /// Bytes through the sender's and the receiver's network card at the same time; false where nothing is
    /// to be sent, or neither card is modelled, or they are through already.
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
        if !WATCHED {
            let one = if from == NONE { to } else { from };
            let passed = if both { self.pass_both(from, to, work) } else { self.pass_one(one, work) };
            if passed {
                return false;
            }
        }
        let request = &mut self.slab[id];
        request.work = work;
        request.pending = both as u16;
        if both && !WATCHED {
            self.share_both(id, from, to, work);
            return true;
        }
        for card in [from, to] {
            if card != NONE {
                self.untie(card);
                self.share::<true>(id, card, work);
            }
        }
        true
    }

    /// A transfer through an idle card that is over before anything else happens; true: it was.
    #[inline(always)]
    fn pass_one(&mut self, card: u32, work: u64) -> bool {
        let now = self.now;
        let s = &self.net.sharing[card as usize];
        if !s.is_idle() {
            return false;
        }
        let time = s.time_alone(work);
        if !self.passes_to(now + time) {
            return false;
        }
        self.net.sharing[card as usize].count_passage(now, time, work);
        self.sequence += 2;
        true
    }

    /// `pass_one` for a transfer through two.
    #[inline(always)]
    fn pass_both(&mut self, from: u32, to: u32, work: u64) -> bool {
        let now = self.now;
        let (s, t) = (&self.net.sharing[from as usize], &self.net.sharing[to as usize]);
        if !s.is_idle() || !t.is_idle() {
            return false;
        }
        let times = (s.time_alone(work), t.time_alone(work));
        if !self.passes_to(now + times.0.max(times.1)) {
            return false;
        }
        self.net.sharing[from as usize].count_passage(now, times.0, work);
        self.net.sharing[to as usize].count_passage(now, times.1, work);
        self.sequence += 4;
        self.events += 1;
        true
    }

    /// A transfer enters two cards. Alone there, or among the same others at both, it leaves both at the same time, and
    /// nothing can come between: then the second departure is not put into the event set but done with the first, which
    /// spares an event's way through the set and a tie there. The order of events is as if it were.
    #[inline(always)]
    fn share_both(&mut self, id: RequestId, from: u32, to: u32, work: u64) {
        let now = self.now;
        let tied = self.net.sharing[from as usize].follower == to;
        if !tied {
            self.untie(from);
            self.untie(to);
        }
        self.slab[id].entered = now;
        let s = &mut self.net.sharing[from as usize];
        let (due, leaf, alone) = (s.enter::<WATCHED, true>(now, id, work), s.leaf, s.serves_one());
        self.expect_first(from);
        if alone {
            self.schedule_earlier(leaf, due);
        } else {
            self.schedule(leaf, due);
        }
        let s = &mut self.net.sharing[to as usize];
        let (due_there, leaf, alone) = (s.enter::<WATCHED, true>(now, id, work), s.leaf, s.serves_one());
        self.sequence += 1;
        if due != due_there {
            self.net.sharing[from as usize].follower = NONE;
            self.net.sharing[to as usize].leader = NONE;
            self.set.set(leaf, SimTime(due_there), self.sequence);
            self.expect_first(to);
        } else if !tied {
            self.net.sharing[from as usize].follower = to;
            self.net.sharing[to as usize].leader = from;
            if !alone {
                self.set.clear(leaf);
            }
        }
    }

    /// A card's next departure is about to change: whose follows it comes into the event set, and it follows nobody's.
    /// The caller sets its own leaf.
    #[inline(always)]
    pub(super) fn untie(&mut self, card: u32) {
        let s = &self.net.sharing[card as usize];
        if !WATCHED && (s.follower != NONE || s.leader != NONE) {
            self.untie_tied(card);
        }
    }

    #[inline(never)]
    fn untie_tied(&mut self, card: u32) {
        let s = &mut self.net.sharing[card as usize];
        let (leaf, leader) = (s.leaf, std::mem::replace(&mut s.leader, NONE));
        let follower = std::mem::replace(&mut s.follower, NONE);
        if leader != NONE {
            self.net.sharing[leader as usize].follower = NONE;
        }
        if follower != NONE {
            let s = &mut self.net.sharing[follower as usize];
            s.leader = NONE;
            let (time, sequence) = self.set.entry(leaf);
            self.set.set_earlier(s.leaf, time, sequence + 1);
        }
    }
}

/// When a leaf's next event comes; an `idle_time`: never.
#[inline(always)]
fn due_or_idle(next: u64, leaf: u32) -> u64 {
    select_unpredictable(next == u64::MAX, EventSet::idle_time(leaf), next)
}

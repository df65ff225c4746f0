//! Processor sharing over c cores, each request on at most one: CPU and network cards.
//!
//! Kept by attained service: a virtual clock runs at the rate at which each request is served
//! (min(1, c/n)), and a request leaves when the clock has moved by its work. Arrival and departure cost
//! O(log n), and nothing is recomputed for the others.

use std::hint::select_unpredictable;

use super::observed::Observed;
use crate::engine::heap::{Heap, HeapKey};
use crate::model::program::round_nanos;
use crate::model::request::{NONE, RequestId};

/// In whole cache lines, as few as it fits.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Sharing {
    cores: f64,
    whole_cores: u32,
    /// Nanoseconds of one unit of work: 1 for CPUs, whose work is in nanoseconds; that of a byte for network
    /// cards.
    pub unit_ns: f64,
    pub leaf: u32,
    /// Factor of its speed; faults change it.
    speed: f64,
    /// Service attained since the station was last empty, nanoseconds.
    clock: f64,
    /// When the clock was last moved.
    moved: u64,
    /// Finishing value of the clock for each request present.
    finishes: Heap<Finish, ()>,
    sequence: u32,
    /// Of a network card: another whose next departure comes right behind this one's, at the same time, and for that is
    /// not in the event set; `NONE`: none. See `Simulator::share_both`.
    pub follower: u32,
    /// The card whose follower this one is; `NONE`: none.
    pub leader: u32,
    pub observed: Observed,
}

/// When a request will have had its work, by the clock, as one number in the order of departures: the clock's
/// value (whose bits are in its order, since it is not negative), the order of arrival, the request.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Finish(u128);

impl HeapKey for Finish {
    const LAST: Finish = Finish(u128::MAX);
}

impl Finish {
    #[inline(always)]
    fn new(at: f64, sequence: u32, request: RequestId) -> Finish {
        Finish((at.to_bits() as u128) << 64 | (sequence as u128) << 32 | request as u128)
    }

    #[inline(always)]
    fn at(self) -> f64 {
        f64::from_bits((self.0 >> 64) as u64)
    }

    #[inline(always)]
    fn request(self) -> RequestId {
        self.0 as RequestId
    }
}

impl Sharing {
    pub fn new(cores: f64, unit_ns: f64, leaf: u32) -> Sharing {
        Sharing {
            cores,
            whole_cores: cores as u32,
            unit_ns,
            leaf,
            speed: 1.0,
            clock: 0.0,
            moved: 0,
            finishes: Heap::default(),
            sequence: 0,
            follower: NONE,
            leader: NONE,
            observed: Observed::default(),
        }
    }

    #[inline(always)]
    fn move_clock<const WATCHED: bool>(&mut self, now: u64) {
        let n = self.finishes.len() as f64;
        let elapsed = (now - self.moved) as f64;
        let elapsed = if WATCHED { elapsed * self.speed } else { elapsed };
        self.clock += if n > self.cores { elapsed * self.cores / n } else { elapsed };
        self.moved = now;
    }

    /// From now on at this factor of its speed; returns when the next departure is due, `u64::MAX`: never.
    pub fn set_speed(&mut self, now: u64, speed: f64) -> u64 {
        self.move_clock::<true>(now);
        self.speed = speed;
        if self.finishes.is_empty() { u64::MAX } else { self.next_departure::<true>(now) }
    }

    /// A request enters with `work` units; returns when the next departure is due, `u64::MAX`: never. `WATCHED`: its
    /// speed may change. `CARD`: its unit of work is not a nanosecond.
    #[inline(always)]
    pub fn enter<const WATCHED: bool, const CARD: bool>(&mut self, now: u64, request: RequestId, work: u64) -> u64 {
        let needed = if CARD { work as i64 as f64 * self.unit_ns } else { work as i64 as f64 };
        self.sequence = self.sequence.wrapping_add(1);
        if self.finishes.is_empty() {
            self.clock = 0.0;
            self.moved = now;
            self.finishes.push(Finish::new(needed, self.sequence, request), ());
            self.observed.arrive::<WATCHED>(now, false);
            self.observed.begin_work(now);
            if !WATCHED {
                return now + if CARD { round_nanos(needed) } else { work };
            }
        } else {
            self.move_clock::<WATCHED>(now);
            self.finishes.push(Finish::new(self.clock + needed, self.sequence, request), ());
            self.observed.arrive::<WATCHED>(now, self.finishes.len() as f64 > self.cores);
            if self.observed.present <= self.whole_cores {
                self.observed.begin_work(now);
            }
        }
        self.next_departure::<WATCHED>(now)
    }

    /// Whether nobody is present.
    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        self.finishes.is_empty()
    }

    /// How long a network card takes for so many bytes when it has nothing else to do, nanoseconds.
    #[inline(always)]
    pub fn time_alone(&self, bytes: u64) -> u64 {
        round_nanos(bytes as i64 as f64 * self.unit_ns)
    }

    /// The figures of a transfer that has passed an idle card.
    #[inline(always)]
    pub fn count_passage(&mut self, now: u64, time: u64, bytes: u64) {
        self.observed.pass(now, now + time, self.service_of(bytes));
    }

    /// Who leaves first, of those who are present.
    #[inline(always)]
    pub fn first(&self) -> RequestId {
        self.finishes.least().request()
    }

    /// Whether one is present and no other.
    #[inline(always)]
    pub fn serves_one(&self) -> bool {
        self.finishes.len() == 1
    }

    /// The due departure happens; returns who leaves, and when the next is due, `u64::MAX`: never.
    #[inline(always)]
    pub fn leave<const WATCHED: bool>(&mut self, now: u64) -> (RequestId, u64) {
        let (finish, ()) = self.finishes.pop().expect("a departure was due");
        // the popped value itself, not a recomputed one: rounding must not accumulate
        self.clock = finish.at();
        self.moved = now;
        let next = if WATCHED && self.finishes.is_empty() { u64::MAX } else { self.next_departure::<WATCHED>(now) };
        // whether anybody is left is a matter of chance: a branch would be mispredicted
        (finish.request(), select_unpredictable(self.finishes.is_empty(), u64::MAX, next))
    }

    /// After `leave`: the figures of who left a CPU.
    #[inline(always)]
    pub fn count_departure<const WATCHED: bool>(&mut self, now: u64, entered: u64, work_ns: u64) {
        self.observed.depart::<WATCHED>(now, entered, work_ns);
        self.end_work(now);
    }

    /// After `leave`: the figures of who left a network card.
    #[inline(always)]
    pub fn count_transfer<const WATCHED: bool>(&mut self, now: u64, entered: u64, bytes: u64) {
        self.observed.depart::<WATCHED>(now, entered, self.service_of(bytes));
        self.end_work(now);
    }

    /// Nanoseconds that so many bytes are worth.
    #[inline(always)]
    fn service_of(&self, bytes: u64) -> u64 {
        (bytes as i64 as f64 * self.unit_ns + 0.5) as i64 as u64
    }

    #[inline(always)]
    fn next_departure<const WATCHED: bool>(&self, now: u64) -> u64 {
        let left = self.finishes.least().at() - self.clock;
        let left = if left > 0.0 { left } else { 0.0 };
        let n = self.finishes.len() as f64;
        let left = if n > self.cores { left * n / self.cores } else { left };
        if WATCHED && self.speed == 0.0 {
            return u64::MAX;
        }
        let left = if WATCHED { left / self.speed } else { left };
        now + round_nanos(left)
    }

    /// After one has left: where nobody is left over, a core stands idle.
    #[inline(always)]
    fn end_work(&mut self, now: u64) {
        if self.observed.present < self.whole_cores {
            self.observed.end_work(now);
        }
    }

    /// Takes out all whom `out` accepts (a process was killed); returns them and the next departure.
    pub fn remove_where(&mut self, now: u64, mut out: impl FnMut(RequestId) -> bool) -> (Vec<RequestId>, Option<u64>) {
        self.move_clock::<true>(now);
        let removed = self.finishes.remove_where(|finish, ()| out(finish.request()));
        let next = (!self.finishes.is_empty()).then(|| self.next_departure::<true>(now));
        (removed.into_iter().map(|(finish, ())| finish.request()).collect(), next)
    }

    /// Units of work that one who is present has not had yet, at least 1.
    pub fn left_of(&mut self, now: u64, request: RequestId) -> Option<u64> {
        self.move_clock::<true>(now);
        let (finish, ()) = self.finishes.iter().find(|(finish, ())| finish.request() == request)?;
        let left = (finish.at() - self.clock) / self.unit_ns;
        Some((left.max(1.0) + 0.5) as u64)
    }

    pub fn holds(&self, request: RequestId) -> bool {
        self.finishes.iter().any(|(finish, ())| finish.request() == request)
    }

    /// After `remove_where`: the figures of one who was taken out.
    pub fn count_removal(&mut self, now: u64, entered: u64) {
        self.observed.abandon(now, entered);
        self.end_work(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_share_one_core_and_the_shorter_leaves_first() {
        let mut cpu = Sharing::new(1.0, 1.0, 0);
        assert_eq!(cpu.enter::<true, false>(0, 1, 1000), 1000);
        // at 400, 600 are left for the first; the second brings 300: both at half speed
        assert_eq!(cpu.enter::<true, false>(400, 2, 300), 1000);
        let (who, next) = cpu.leave::<true>(1000);
        assert_eq!(who, 2);
        cpu.count_departure::<true>(1000, 400, 300);
        // the first has had 400 + 300 and runs alone
        assert_eq!(next, 1300);
        assert_eq!(cpu.leave::<true>(1300), (1, u64::MAX));
        cpu.count_departure::<true>(1300, 0, 1000);
        assert_eq!(cpu.observed.busy_area(1300), 1300);
        assert_eq!(cpu.observed.present_area(1300), 400 + 2 * 600 + 300);
    }

    #[test]
    fn what_is_left_of_a_transfer_is_told_in_bytes() {
        // 4 ns a byte; two share: after 400 ns each has had 50 bytes
        let mut card = Sharing::new(1.0, 4.0, 0);
        card.enter::<true, true>(0, 1, 1000);
        card.enter::<true, true>(0, 2, 100);
        assert_eq!(card.left_of(400, 1), Some(950));
        assert_eq!(card.left_of(400, 2), Some(50));
        assert_eq!(card.left_of(400, 3), None);
    }

    #[test]
    fn no_request_runs_on_more_than_one_core() {
        let mut cpu = Sharing::new(4.0, 1.0, 0);
        assert_eq!(cpu.enter::<true, false>(0, 1, 1000), 1000);
        assert_eq!(cpu.enter::<true, false>(0, 2, 1000), 1000);
        assert_eq!(cpu.leave::<true>(1000), (1, 1000));
    }
}

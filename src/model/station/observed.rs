//! What is observed of a station: time averages and customer averages, kept apart, so that Little's law
//! and the utilization law can be held against each other.

use crate::stats::histogram::Histogram;

/// Areas are kept by their changes: one that comes at `t` takes `t` off the area, one that goes adds it, and
/// at `now` the area is the number present times `now` plus that sum. So nothing is multiplied, and a change
/// touches only what it changes. Sums wrap; the areas do not.
///
/// `WATCHED` of the frequent changes: a station of the run has a `detail`; if none has, nobody looks for one.
///
/// In this order so that what changes together is not adjacent: the compiler would join two small
/// increments into one wide one, which then waits for the narrow stores before it. What changes rarely is
/// elsewhere, so that many stations fit the inner caches.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub struct Observed {
    present_sum: u128,
    busy_sum: u128,
    pub sojourn_sum: u128,
    pub service_sum: u128,
    pub arrivals: u64,
    pub present: u32,
    /// Sum of the entry times of those present, modulo 2^64.
    entered_sum: u64,
    busy: u32,
    pub departures: u64,
    pub rare: Box<Rare>,
}

/// What changes rarely, or only when the measured part begins.
#[derive(Clone, Debug, Default)]
pub struct Rare {
    pub detail: Option<Detail>,
    pub lost: u64,
    /// Waiting of those who left unserved.
    pub lost_waiting_sum: u128,
    /// Sojourn before the measured part of those present at its beginning.
    pub sojourn_before: u128,
    pub present_start: u64,
}

/// Full distributions, on demand.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    pub waiting: Histogram,
    pub sojourn: Histogram,
    pub present_ns: Vec<u64>,
    pub arrivals_waiting: u64,
    /// Time of the last change, nanoseconds.
    moved: u64,
}

/// Numbers present beyond this share one entry.
const PRESENT_MAX: usize = 1000;

impl Observed {
    pub fn with_detail() -> Observed {
        Observed { rare: Box::new(Rare { detail: Some(Detail::default()), ..Rare::default() }), ..Observed::default() }
    }

    /// Integral over the measured part of the number present, up to `now`: request-nanoseconds.
    pub fn present_area(&self, now: u64) -> u128 {
        (self.present as u128 * now as u128).wrapping_add(self.present_sum)
    }

    /// Integral over the measured part of the number of busy workers, up to `now`: worker-nanoseconds.
    pub fn busy_area(&self, now: u64) -> u128 {
        (self.busy as u128 * now as u128).wrapping_add(self.busy_sum)
    }

    /// The number present is about to change, or a window ends.
    #[inline(always)]
    pub fn advance(&mut self, now: u64) {
        if let Some(detail) = &mut self.rare.detail {
            detail.advance(now, self.present);
        }
    }

    /// One has arrived; `waits` says that all workers are busy.
    #[inline(always)]
    pub fn arrive<const WATCHED: bool>(&mut self, now: u64, waits: bool) {
        if WATCHED && let Some(detail) = &mut self.rare.detail {
            detail.arrive(now, self.present, waits);
        }
        self.present += 1;
        self.present_sum = self.present_sum.wrapping_sub(now as u128);
        self.arrivals += 1;
        self.entered_sum = self.entered_sum.wrapping_add(now);
    }

    /// One has left served: entered then, served for so long.
    #[inline(always)]
    pub fn depart<const WATCHED: bool>(&mut self, now: u64, entered: u64, service: u64) {
        if WATCHED && let Some(detail) = &mut self.rare.detail {
            detail.depart(now, self.present, now - entered, service);
        }
        self.leave(now);
        self.departures += 1;
        self.sojourn_sum += (now - entered) as u128;
        self.service_sum += service as u128;
        self.entered_sum = self.entered_sum.wrapping_sub(entered);
    }

    /// One has let go of a pool's slot. When it came is not known any more: leaving times are taken off the
    /// entry times, so that `open_sojourn` is the whole time spent here so far.
    #[inline(always)]
    pub fn let_go<const WATCHED: bool>(&mut self, now: u64) {
        if WATCHED {
            self.advance(now);
        }
        self.leave(now);
        self.departures += 1;
        self.entered_sum = self.entered_sum.wrapping_sub(now);
    }

    /// One has come and gone with nothing in between, served all the time; of stations without detail.
    #[inline(always)]
    pub fn pass(&mut self, from: u64, to: u64, service: u64) {
        debug_assert!(self.rare.detail.is_none(), "a station with detail is told of every arrival");
        let sojourn = (to - from) as u128;
        self.present_sum = self.present_sum.wrapping_add(sojourn);
        self.busy_sum = self.busy_sum.wrapping_add(sojourn);
        self.arrivals += 1;
        self.departures += 1;
        self.sojourn_sum += sojourn;
        self.service_sum += service as u128;
    }

    /// One has left unserved.
    pub fn abandon(&mut self, now: u64, entered: u64) {
        self.advance(now);
        self.leave(now);
        self.rare.lost += 1;
        self.rare.lost_waiting_sum += (now - entered) as u128;
        self.entered_sum = self.entered_sum.wrapping_sub(entered);
    }

    #[inline(always)]
    fn leave(&mut self, now: u64) {
        self.present -= 1;
        self.present_sum = self.present_sum.wrapping_add(now as u128);
    }

    /// One was turned away at the door.
    pub fn turn_away(&mut self, now: u64) {
        self.advance(now);
        self.arrivals += 1;
        self.rare.lost += 1;
    }

    /// One more worker is busy.
    #[inline(always)]
    pub fn begin_work(&mut self, now: u64) {
        self.busy += 1;
        self.busy_sum = self.busy_sum.wrapping_sub(now as u128);
    }

    /// One worker less is busy.
    #[inline(always)]
    pub fn end_work(&mut self, now: u64) {
        self.busy -= 1;
        self.busy_sum = self.busy_sum.wrapping_add(now as u128);
    }

    /// All workers stop.
    pub fn end_all_work(&mut self, now: u64) {
        self.busy_sum = self.busy_sum.wrapping_add(self.busy as u128 * now as u128);
        self.busy = 0;
    }

    /// Time so far of those present: nanoseconds.
    pub fn open_sojourn(&self, now: u64) -> u128 {
        (self.present as u64).wrapping_mul(now).wrapping_sub(self.entered_sum) as u128
    }

    /// The measured part begins: forget all but who is present.
    pub fn begin(&mut self, now: u64) {
        let detail = self.rare.detail.as_ref().map(|_| Detail { moved: now, ..Detail::default() });
        let sojourn_before = self.open_sojourn(now);
        let rare = Rare { detail, sojourn_before, present_start: self.present as u64, ..Rare::default() };
        *self = Observed {
            present: self.present,
            busy: self.busy,
            present_sum: (self.present as u128 * now as u128).wrapping_neg(),
            busy_sum: (self.busy as u128 * now as u128).wrapping_neg(),
            entered_sum: self.entered_sum,
            rare: Box::new(rare),
            ..Observed::default()
        };
    }
}

impl Detail {
    #[cold]
    fn arrive(&mut self, now: u64, present: u32, waits: bool) {
        self.advance(now, present);
        self.arrivals_waiting += waits as u64;
    }

    #[cold]
    fn depart(&mut self, now: u64, present: u32, sojourn: u64, service: u64) {
        self.advance(now, present);
        self.sojourn.record(sojourn);
        self.waiting.record(sojourn.saturating_sub(service));
    }

    /// The time since the last change was spent with so many present.
    #[cold]
    fn advance(&mut self, now: u64, present: u32) {
        let n = (present as usize).min(PRESENT_MAX);
        if n >= self.present_ns.len() {
            self.present_ns.resize(n + 1, 0);
        }
        self.present_ns[n] += now - self.moved;
        self.moved = now;
    }
}

//! What is observed of a station: time averages and customer averages, kept apart, so that Little's law
//! and the utilization law can be held against each other.

use crate::stats::histogram::Histogram;

#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Time of the last change, nanoseconds.
    last: u64,
    pub present: u32,
    pub busy: u32,
    pub present_area: u128,
    pub busy_area: u128,
    pub arrivals: u64,
    pub departures: u64,
    pub lost: u64,
    pub sojourn_sum: u128,
    pub service_sum: u128,
    /// Waiting of those who left unserved.
    pub lost_waiting_sum: u128,
    /// Sum of the entry times of those present, modulo 2^64.
    entered_sum: u64,
    /// Sojourn before the measured part of those present at its beginning.
    pub sojourn_before: u128,
    pub present_start: u64,
    pub detail: Option<Box<Detail>>,
}

/// Full distributions, on demand.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    pub waiting: Histogram,
    pub sojourn: Histogram,
    pub present_ns: Vec<u64>,
    pub arrivals_waiting: u64,
}

/// Numbers present beyond this share one entry.
const PRESENT_MAX: usize = 1000;

impl Observed {
    pub fn with_detail() -> Observed {
        Observed { detail: Some(Box::default()), ..Observed::default() }
    }

    /// Brings the time averages up to `now`.
    #[inline(always)]
    pub fn advance(&mut self, now: u64) {
        let elapsed = now - self.last;
        self.last = now;
        self.present_area += self.present as u128 * elapsed as u128;
        self.busy_area += self.busy as u128 * elapsed as u128;
        if let Some(detail) = &mut self.detail {
            let n = (self.present as usize).min(PRESENT_MAX);
            if n >= detail.present_ns.len() {
                detail.present_ns.resize(n + 1, 0);
            }
            detail.present_ns[n] += elapsed;
        }
    }

    /// One has arrived (after `advance`); `waits` says that all workers are busy.
    #[inline(always)]
    pub fn arrive(&mut self, now: u64, waits: bool) {
        self.present += 1;
        self.arrivals += 1;
        self.entered_sum = self.entered_sum.wrapping_add(now);
        if let Some(detail) = &mut self.detail {
            detail.arrivals_waiting += waits as u64;
        }
    }

    /// One has left served (after `advance`): entered then, served for so long.
    #[inline(always)]
    pub fn depart(&mut self, now: u64, entered: u64, service: u64) {
        self.present -= 1;
        self.departures += 1;
        self.sojourn_sum += (now - entered) as u128;
        self.service_sum += service as u128;
        self.entered_sum = self.entered_sum.wrapping_sub(entered);
        if let Some(detail) = &mut self.detail {
            detail.sojourn.record(now - entered);
            detail.waiting.record((now - entered).saturating_sub(service));
        }
    }

    /// One has let go of a pool's slot (after `advance`). When it came is not known any more: leaving times
    /// are taken off the entry times, so that `open_sojourn` is the whole time spent here so far.
    #[inline(always)]
    pub fn let_go(&mut self, now: u64) {
        self.present -= 1;
        self.departures += 1;
        self.entered_sum = self.entered_sum.wrapping_sub(now);
    }

    /// One has left unserved (after `advance`).
    pub fn abandon(&mut self, now: u64, entered: u64) {
        self.present -= 1;
        self.lost += 1;
        self.lost_waiting_sum += (now - entered) as u128;
        self.entered_sum = self.entered_sum.wrapping_sub(entered);
    }

    /// One was turned away at the door.
    pub fn turn_away(&mut self) {
        self.arrivals += 1;
        self.lost += 1;
    }

    /// Time so far of those present: nanoseconds.
    pub fn open_sojourn(&self, now: u64) -> u128 {
        (self.present as u64).wrapping_mul(now).wrapping_sub(self.entered_sum) as u128
    }

    /// The measured part begins: forget all but who is present.
    pub fn begin(&mut self, now: u64) {
        self.advance(now);
        let detail = self.detail.is_some();
        *self = Observed {
            last: now,
            present: self.present,
            busy: self.busy,
            entered_sum: self.entered_sum,
            sojourn_before: self.open_sojourn(now),
            present_start: self.present as u64,
            ..Observed::default()
        };
        if detail {
            self.detail = Some(Box::default());
        }
    }
}

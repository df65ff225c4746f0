//! The clock: integer nanoseconds since the start of a run (its warm-up included).

use std::ops::{Add, AddAssign, Sub};

/// An instant or a length on the simulated clock, in whole nanoseconds.
///
/// Instants count from the start of a run. What users see as `t = 0` is the end of the warm-up;
/// only the borders (results, messages) subtract it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(pub u64);

pub const NANOS_PER_SECOND: f64 = 1e9;

impl SimTime {
    pub const ZERO: SimTime = SimTime(0);
    /// Later than every event of every run (584 years).
    pub const NEVER: SimTime = SimTime(u64::MAX);

    /// Rounds to the nearest nanosecond; negative values and NaN become zero, what is too large `NEVER`.
    #[inline(always)]
    pub fn from_seconds(seconds: f64) -> SimTime {
        SimTime((seconds * NANOS_PER_SECOND + 0.5) as u64)
    }

    #[inline(always)]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND
    }

    #[inline(always)]
    pub fn saturating_sub(self, earlier: SimTime) -> SimTime {
        SimTime(self.0.saturating_sub(earlier.0))
    }

    #[inline(always)]
    pub fn saturating_add(self, length: SimTime) -> SimTime {
        SimTime(self.0.saturating_add(length.0))
    }
}

impl Add for SimTime {
    type Output = SimTime;
    #[inline(always)]
    fn add(self, length: SimTime) -> SimTime {
        SimTime(self.0 + length.0)
    }
}

impl AddAssign for SimTime {
    #[inline(always)]
    fn add_assign(&mut self, length: SimTime) {
        self.0 += length.0;
    }
}

impl Sub for SimTime {
    type Output = SimTime;
    #[inline(always)]
    fn sub(self, earlier: SimTime) -> SimTime {
        SimTime(self.0 - earlier.0)
    }
}

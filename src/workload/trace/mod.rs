//! Recorded traffic: readers of log formats, in order of arrival, with bounded memory.

use crate::scenario::ClassId;

/// Most columns of work that a trace may supply with a request.
pub const WORK_COLUMNS: usize = 2;

/// One request of a trace, ready to be played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraceRecord {
    /// Seconds from the first arrival of the (windowed) trace, with `speed` and `repeat` applied.
    pub arrival_s: f64,
    pub class: ClassId,
    /// Of the answer.
    pub bytes: Option<f64>,
    /// Supplied work, seconds; `None` where the line has none (drawn from the class's others).
    pub work_s: [Option<f64>; WORK_COLUMNS],
}

//! Recorded traffic: readers of log formats, in order of arrival, with bounded memory.
//!
//! In reading order: [`reader`] (file to [`TraceRecord`]s) over [`lines`] (plain or gzip), [`parser`] with
//! one file for each format ([`haproxy`], [`combined`], [`json`], [`csv`]) and [`stamp`]; then [`order`]
//! (completion order to arrival order) and [`inversion`] (recorded timers to service times). `detect`
//! guesses the format; [`scan`] goes over a file as written: `summary` says what is in a file and `convert` rewrites it as CSV.
//!
//! Absent on purpose: other people's binary formats, and database logs: requests come from web logs.

pub mod combined;
pub mod convert;
pub mod counts;
pub mod csv;
pub mod detect;
pub mod error;
pub mod haproxy;
pub mod inversion;
pub mod json;
pub mod lines;
pub mod order;
pub mod parser;
pub mod reader;
pub mod scan;
pub mod stamp;
pub mod summary;

pub use convert::convert;
pub use counts::TraceCounts;
pub use detect::detect;
pub use error::TraceError;
pub use reader::TraceReader;
pub use summary::{TraceSummary, summary};

use crate::scenario::ClassId;

pub use crate::scenario::WORK_COLUMNS;

/// Lines held for sorting where nobody says otherwise: 100 s of a log with 1,000 requests a second.
pub const SORT_BUFFER_DEFAULT: usize = 100_000;

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

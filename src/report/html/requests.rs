//! What became of single requests, step by step.

use serde::{Deserialize, Serialize};

use super::report::{Piece, Section};
use crate::report::table::Table;

/// The steps of one request, in the order of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Which one it is, and what it came to: `request 1204 (checkout): 2.31 s, answered`.
    pub title: String,
    /// A row for each step.
    pub steps: Table,
}

/// `None`: none were looked at.
pub fn section(timelines: Vec<Timeline>) -> Option<Section> {
    let title = "What became of single requests";
    (!timelines.is_empty()).then(|| Section::new("requests", "Requests", title, vec![Piece::Timelines(timelines)]))
}

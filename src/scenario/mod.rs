//! The scenario: from files as written to the validated [`Scenario`]; every message to users about input.

pub mod model;

pub use model::*;

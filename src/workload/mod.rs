//! What arrives: arrival processes, closed users, and recorded traces.

pub mod arrival;
mod rate_curve;
pub mod trace;

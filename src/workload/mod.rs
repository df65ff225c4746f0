//! What arrives: arrival processes, closed users, and recorded traces.

pub mod trace;

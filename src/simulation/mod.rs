//! Compile a scenario, run it once, observe it.

pub mod result;

//! Results to text and files.

pub mod trace;

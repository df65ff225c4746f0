//! What to buy, and when.

pub mod search;

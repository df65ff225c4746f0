//! The core: clock, event set, keyed randomness, distributions.
//!
//! Invariant: nothing under `engine/` knows of the web, of files, of threads or of the wall clock.

pub mod distribution;
pub mod due_set;
pub mod event_set;
pub mod exponent;
pub mod heap;
pub mod random;
pub mod ring;
pub mod table;
pub mod time;
pub mod ziggurat;

pub use distribution::{Distribution, Sampler};
pub use random::{Key, KeyedRng};
pub use time::SimTime;

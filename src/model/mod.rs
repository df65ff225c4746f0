//! What a scenario compiles to: requests, stations, programs. Plain arrays and ids.
//!
//! Invariant: nothing under `model/` reads a scenario or a file; no trait object, no shared ownership.

pub mod buffer_pool;
pub mod cache;
pub mod check;
pub mod database;
pub mod network;
pub mod orchestrator;
pub mod program;
pub mod replica;
pub mod request;
pub mod station;
pub mod vrrp;

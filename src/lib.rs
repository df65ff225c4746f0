//! A wind tunnel for web infrastructure: describe servers, software and traffic, and learn what latency
//! and throughput to expect, with the doubt of each number beside it.
//!
//! Running a scenario from Rust:
//!
//! ```
//! use foobar_sim::experiment::runner::{Options, run};
//! use foobar_sim::scenario::{Overrides, load_str};
//!
//! let text = r#"
//!     [simulation]
//!     duration = "20 s"
//!
//!     [service.desk]
//!     kind = "station"
//!     workers = 2
//!     service = "exponential(10 ms)"
//!
//!     [request.question]
//!     path = ["desk"]
//!
//!     [traffic.callers]
//!     process = "poisson"
//!     rate = "120/s"
//!     mix = { question = 1 }
//! "#;
//! let scenario = load_str("desk.toml", text, &Overrides::default()).expect("the text is valid");
//! let outcome = run(&scenario, &Options::default(), &|_| {}).expect("no trace is missing");
//! let all = &outcome.summary.traffic[0];
//! println!("p99 {:?} ms, 95% within {:?}", all.latency_ms.p99.value, all.latency_ms.p99.ci95);
//! assert!(all.latency_ms.mean.value.is_some_and(|ms| ms > 10.0 && ms < 25.0));
//! ```
//!
//! The map of the modules and the walk of one request through them are in `src/README.md`.

pub mod balance;
pub mod cli;
pub mod engine;
pub mod experiment;
pub mod model;
pub mod report;
pub mod scenario;
pub mod simulation;
pub mod stats;
pub mod workload;

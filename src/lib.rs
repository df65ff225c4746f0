//! A wind tunnel for web infrastructure: describe servers, software and traffic, and learn what latency
//! and throughput to expect, with the doubt of each number beside it.

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

//! The valid scenario: what a file means once every check has passed. Past this door nothing is
//! re-checked. Times are in seconds, sizes in bytes, rates per second; ids index the vectors here.

use std::sync::Arc;

mod app;
mod fault;
mod haproxy;
mod hardware;
mod mysql;
mod nginx;
mod objective;
mod plan;
mod request;
mod service;
mod traffic;

pub use app::*;
pub use fault::*;
pub use haproxy::*;
pub use hardware::*;
pub use mysql::*;
pub use nginx::*;
pub use objective::*;
pub use plan::*;
pub use request::*;
pub use service::*;
pub use traffic::*;

pub type ServerId = usize;
pub type ServiceId = usize;
pub type ClassId = usize;

#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: String,
    pub simulation: Simulation,
    pub network: Network,
    /// In order of appearance in the file, like everything below.
    pub servers: Vec<Server>,
    pub services: Vec<Service>,
    pub requests: Vec<RequestClass>,
    pub traffic: Vec<Traffic>,
    pub faults: Vec<Fault>,
    /// `[[slo]]`.
    pub objectives: Vec<Objective>,
    pub repairs: Repairs,
    /// `None`: there is no `[plan]`.
    pub plan: Option<Plan>,
    /// Every value that the file could have set, with its mark and source.
    pub assumptions: Vec<Assumption>,
    /// The files that it was read from, its own first, and what the command line changed.
    pub written: Vec<WrittenFile>,
    /// SHA-256 of the effective scenario (files merged, `--set` applied), hex.
    pub sha256: String,
}

/// A file as it was read, or an option of the command line with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenFile {
    /// As it was named; of an option, the option.
    pub name: String,
    pub text: Arc<str>,
}

#[derive(Clone, Debug)]
pub struct Simulation {
    /// Measured time of each run. `None`: until the traces are played out (only with traces alone).
    pub duration_s: Option<f64>,
    pub warmup: Warmup,
    pub runs: u32,
    pub seed: u64,
    /// Whether the file (or the command line) said `runs`; a trace that fixes all is one run otherwise.
    pub runs_given: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Warmup {
    /// MSER-5 on pilot runs.
    Auto,
    Seconds(f64),
}

/// One value of the effective scenario and where it comes from.
#[derive(Clone, Debug)]
pub struct Assumption {
    /// Dotted key as in `--set`: `service.app.workers`.
    pub key: String,
    /// As it would be written in the file.
    pub value: String,
    pub mark: Mark,
    /// Of a default: manual page, RFC, measurement. Of a given value: the file and line.
    pub source: String,
    /// The value with the files that it names in full, so that it means the same in any folder; `None` where it
    /// names none.
    pub anywhere: Option<String>,
    /// Written in a scenario that this one extends, where it may mean something that it does not here.
    pub inherited: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Written in the scenario.
    Given,
    /// Written, with a `source` that says it was measured.
    Measured,
    Fitted,
    Default,
}

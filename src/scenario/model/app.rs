//! `kind = "app"`.

use super::ServiceId;

#[derive(Clone, Debug)]
pub struct App {
    pub runtime: Runtime,
    /// Connections waiting for a worker (or, event loop: waiting to be read) before refusal.
    pub backlog: u32,
    pub memory: Option<AppMemory>,
    pub database: Option<Database>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// A worker holds a request from accept to answer, the database included.
    Workers { workers: u32 },
    /// The CPU part is serial in each process; waiting is free.
    EventLoop { processes: u32 },
}

#[derive(Clone, Debug)]
pub struct AppMemory {
    pub base_bytes: f64,
    pub per_worker_bytes: f64,
    pub when_full: WhenFull,
    /// Seconds from an OOM kill until the process serves again.
    pub restart_s: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    Swap,
    Oom,
}

#[derive(Clone, Debug)]
pub struct Database {
    pub service: ServiceId,
    /// Connections of each app instance.
    pub pool: u32,
    /// Seconds a request waits for a connection, then it fails (500).
    pub acquire_timeout_s: f64,
    /// Seconds for a new connection to a database.
    pub connect_timeout_s: f64,
    /// Seconds for an answer; `None`: as long as it takes.
    pub read_timeout_s: Option<f64>,
}

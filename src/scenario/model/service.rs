//! Services: where software runs; and the plain `station`.

use super::{App, Haproxy, Mysql, Nginx, ServerId};
use crate::engine::Distribution;

#[derive(Clone, Debug)]
pub struct Service {
    pub name: String,
    /// Where it runs, in file order. Empty for a `station` without hardware.
    pub servers: Vec<Placement>,
    pub kind: ServiceKind,
}

#[derive(Clone, Debug)]
pub struct Placement {
    pub server: ServerId,
    /// HAProxy 1..256, nginx >= 1.
    pub weight: u32,
    /// HAProxy's per-server limit for this instance, when it differs from `default_server`.
    pub maxconn: Option<u32>,
    /// Gets requests only while none of the others is up.
    pub backup: bool,
}

#[derive(Clone, Debug)]
pub enum ServiceKind {
    Haproxy(Haproxy),
    Nginx(Nginx),
    App(App),
    Mysql(Mysql),
    Station(Station),
}

/// A textbook queue.
#[derive(Clone, Debug)]
pub struct Station {
    /// `None`: unlimited ("infinite servers").
    pub workers: Option<u32>,
    pub discipline: Discipline,
    /// Waiting places besides the workers; `None`: unlimited.
    pub queue_limit: Option<u32>,
    /// How long a waiting request stays before it leaves unserved, seconds.
    pub patience: Option<Distribution>,
    /// Default service time, seconds; a request class may give its own.
    pub service: Option<Distribution>,
    /// Keep full distributions of waiting and sojourn times and of the number present.
    pub percentiles: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Discipline {
    Fcfs,
    ProcessorSharing,
    /// Rank of each class, 0 most urgent. Preempted work resumes where it was.
    Priority {
        rank_of_class: Vec<u32>,
        preemptive: bool,
    },
}

//! Request classes: what one request asks of each service.

use super::{Balance, ServiceId};
use crate::engine::Distribution;

#[derive(Clone, Debug)]
pub struct RequestClass {
    pub name: String,
    pub body: RequestBody,
}

#[derive(Clone, Debug)]
pub enum RequestBody {
    /// Through the tiers, beginning at the service that its traffic is aimed at.
    Tiers(Demands),
    /// Through stations.
    Path(Vec<PathStep>),
}

/// What one request asks of the services; times in seconds on the reference core, sizes in bytes.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// Bytes of the answer on every hop back to the client.
    pub response: Option<Distribution>,
    /// Bytes of the request on every hop forth.
    pub upload: Option<Distribution>,
    /// For each service, what is asked of it (same index as `Scenario::services`).
    pub of_service: Vec<Demand>,
}

#[derive(Clone, Debug, Default)]
pub struct Demand {
    /// CPU seconds (haproxy, nginx, app).
    pub cpu: Option<Amount>,
    /// Held without CPU, seconds (app).
    pub wait: Option<Amount>,
    /// Bytes while the request is inside (app).
    pub memory: Option<Distribution>,
    /// A static file of this many bytes: the request ends here (nginx).
    pub file: Option<Distribution>,
    /// Single statements, one after the other (mysql).
    pub reads: Option<DatabaseReads>,
    /// Transactions, one after the other (mysql).
    pub transactions: Vec<Transaction>,
}

/// A time that is drawn, or that a trace supplies with each request.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    Drawn(Distribution),
    /// Column `index` of `TraceRecord::work`, times `factor`.
    Recorded {
        index: usize,
        factor: f64,
    },
}

#[derive(Clone, Debug)]
pub struct DatabaseReads {
    pub count: u32,
    /// CPU seconds of each.
    pub cpu: Distribution,
    /// Pages that each touches.
    pub pages: u32,
    /// Bytes of each result over the network.
    pub result: Option<Distribution>,
}

#[derive(Clone, Debug)]
pub struct Transaction {
    pub reads: u32,
    pub writes: u32,
    /// Binlog bytes of the transaction.
    pub log_bytes: Distribution,
    /// CPU seconds of the whole transaction on the primary.
    pub cpu: Amount,
    /// CPU seconds to apply it on a replica.
    pub apply_cpu: Amount,
    /// Held without CPU: on the primary before the commit, and again by the applier (lab: SLEEP in a statement).
    pub wait: Option<Amount>,
    /// Pages that each read or write touches.
    pub pages: u32,
}

/// One step of a path through stations.
#[derive(Clone, Debug)]
pub enum PathStep {
    /// Queue and be served at a station; `None`: the station's own service time.
    Visit {
        station: ServiceId,
        service: Option<Amount>,
    },
    /// Take one of the station's workers for the length of `path` (a pool, a connection limit).
    Hold {
        station: ServiceId,
        path: Vec<PathStep>,
    },
    /// Pass without queueing, seconds.
    Delay(Amount),
    /// With this probability.
    Maybe {
        probability: f64,
        path: Vec<PathStep>,
    },
    /// One of several, by weight.
    Choose(Vec<(f64, Vec<PathStep>)>),
    /// One of several by the stations' state: `path`s begin with a visit or hold of the station that is compared.
    Balance {
        policy: Balance,
        stations: Vec<ServiceId>,
        service: Option<Amount>,
    },
    Repeat {
        count: u32,
        path: Vec<PathStep>,
    },
    /// At least once, and again with this probability after each time.
    Again {
        probability: f64,
        path: Vec<PathStep>,
    },
    /// All at once; goes on when all are done.
    Fork(Vec<Vec<PathStep>>),
    /// Starts it and goes on without waiting; the request's response time does not contain it.
    Spawn(Vec<PathStep>),
}

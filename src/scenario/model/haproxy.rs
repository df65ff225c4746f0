//! `kind = "haproxy"`.

use super::{ClassId, ServiceId};
use crate::engine::Distribution;

#[derive(Clone, Debug)]
pub struct Haproxy {
    /// Of the process; above it connections wait in the kernel.
    pub maxconn: u32,
    /// Event-loop threads; `None`: one for each core.
    pub nbthread: Option<u32>,
    pub tls: Option<Tls>,
    /// For each request class the backend service it goes to.
    pub backend_of_class: Vec<ServiceId>,
    pub balance: Balance,
    /// Per server; `None`: unlimited.
    pub server_maxconn: Option<u32>,
    /// Seconds in the backend's queue, then 503.
    pub timeout_queue_s: f64,
    /// Seconds for a connection to a server.
    pub timeout_connect_s: f64,
    /// Seconds for its answer; `None`: as long as it takes.
    pub timeout_server_s: Option<f64>,
    /// Seconds without a byte from a client, or taken by it, until it is parted from; `None`: as long as it takes.
    pub timeout_client_s: Option<f64>,
    /// Connections that are tried after the first has failed.
    pub retries: u32,
    /// The last of them, or all where the algorithm deals out in turn, go to another server.
    pub redispatch: bool,
    /// `None`: servers are taken to be up.
    pub check: Option<HealthCheck>,
    /// Who of several servers has the address that clients talk to.
    pub vrrp: Option<Vrrp>,
}

/// How HAProxy looks after the servers of a backend. Times in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthCheck {
    pub inter_s: f64,
    /// While a server is on its way up or down; `None`: `inter`.
    pub fastinter_s: Option<f64>,
    /// While it is down; `None`: `inter`.
    pub downinter_s: Option<f64>,
    pub fall: u32,
    pub rise: u32,
    /// A server that comes up gets its whole share only after so long; 0: at once.
    pub slowstart_s: f64,
    /// For one check; `None`: `inter`.
    pub timeout_s: Option<f64>,
    /// The request that is sent; `None`: it only connects.
    pub httpchk: Option<ClassId>,
    /// Failed requests in a row that count as a failed check; `None`: traffic is not watched.
    pub error_limit: Option<u32>,
    /// Of the requests only those count whose connection failed (`observe layer4`).
    pub only_connections: bool,
}

/// keepalived's instance for the virtual address, the same on all servers.
#[derive(Clone, Debug, PartialEq)]
pub struct Vrrp {
    /// By server, 1 to 254. Of equal ones the first in the list has the highest address.
    pub priorities: Vec<u32>,
    pub version: u32,
    pub advert_int_s: f64,
    pub preempt: bool,
    pub preempt_delay_s: f64,
    pub garp_master_delay_s: f64,
    /// 0: a master that hears a lower priority tells the neighbours nothing.
    pub garp_lower_prio_repeat: u32,
    pub lower_prio_no_advert: bool,
    pub higher_prio_send_advert: bool,
    /// How long the neighbours keep an entry of their ARP tables that nobody answers to.
    pub arp_timeout_s: f64,
    pub track_script: Option<TrackScript>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TrackScript {
    pub interval_s: f64,
    pub fall: u32,
    pub rise: u32,
    pub weight: i32,
}

impl Vrrp {
    /// Who has the address while all is well: of equal priorities the first.
    pub fn master(&self) -> usize {
        (0..self.priorities.len()).rev().max_by_key(|&i| self.priorities[i]).unwrap_or(0)
    }
}

#[derive(Clone, Debug)]
pub struct Tls {
    /// CPU seconds of a full handshake on the reference core.
    pub full_cpu: Distribution,
    /// CPU seconds of a resumed handshake.
    pub resumed_cpu: Distribution,
    /// Share of new connections that resume, 0..=1.
    pub resumption: f64,
    /// Round trips before the request can be sent: full, resumed (TLS 1.3: 1, 1; 1.2: 2, 1).
    pub full_round_trips: u32,
    pub resumed_round_trips: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Balance {
    RoundRobin,
    StaticRr,
    LeastConn,
    First,
    /// By a hash of the client's address.
    Source,
    /// `draws` servers at random by weight, the least loaded of them.
    Random {
        draws: u32,
    },
}

impl HealthCheck {
    /// With HAProxy's own defaults.
    pub fn every(inter_s: f64) -> HealthCheck {
        HealthCheck {
            inter_s,
            fastinter_s: None,
            downinter_s: None,
            fall: 3,
            rise: 2,
            slowstart_s: 0.0,
            timeout_s: None,
            httpchk: None,
            error_limit: None,
            only_connections: false,
        }
    }
}

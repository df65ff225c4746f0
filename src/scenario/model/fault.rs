//! What goes wrong, how often, and how soon it is put right.

use super::{ServerId, ServiceId};
use crate::engine::Distribution;

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub when: When,
    pub effect: Effect,
    pub written: FaultLines,
}

/// Where a fault is written, as messages say it: `peak.toml:12`. Empty of one that no scenario says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultLines {
    /// `at` or `mttf`.
    pub when: String,
    /// What goes wrong.
    pub effect: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// Seconds from t = 0, in a scenario not below 0; `None`: it lasts to the end.
    At { at_s: f64, lasts_s: Option<f64> },
    /// Again and again from t = 0: time to failure, time to repair, seconds.
    Random { up: Distribution, down: Distribution },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Processes of a service (indices within it) stand still: what they work on waits, and what reaches them is
    /// taken in and waits too. Of a plain station, its workers.
    Hang { service: ServiceId, instances: Vec<usize> },
    /// Processes of a service are gone: what they work on is reset, and what reaches them is refused. `keepalived`:
    /// so is the keepalived beside each.
    Kill { service: ServiceId, instances: Vec<usize>, keepalived: bool },
    /// A load balancer is stopped as one should: its keepalived says goodbye and gives the address up.
    Stop { service: ServiceId, instances: Vec<usize> },
    /// Servers without power, which may share a feed: silence.
    PowerOff { servers: Vec<ServerId> },
    /// Nothing new is sent to processes of a service for a while; then they are down.
    Maintenance { service: ServiceId, instances: Vec<usize>, drain_s: f64 },
    /// Messages between two servers, or between one and all other servers, take longer (seconds, drawn for each),
    /// and this share of them is lost and sent again.
    Impair { server: ServerId, other: Option<ServerId>, delay: Option<Distribution>, loss: f64 },
    /// Something else on a server takes so much of its memory, bytes.
    Memory { server: ServerId, bytes: f64 },
    /// No bytes pass between two servers, or between one and all others, its clients included.
    Cut { server: ServerId, other: Option<ServerId> },
    /// Hardware at this factor of its speed.
    Slow { server: ServerId, cpu: f64, disk: f64, nic: f64 },
}

/// How often things fail, and who puts them right how soon.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repairs {
    /// Same index as `Scenario::servers`.
    pub servers: Vec<Repair>,
    /// Of one process of each service; same index as `Scenario::services`.
    pub services: Vec<Repair>,
    /// Of the network between any two servers.
    pub links: Repair,
}

/// Means; times in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Repair {
    /// From working again to the next failure.
    pub mttf_s: f64,
    /// Until someone begins to put it right.
    pub notice_s: f64,
    /// From then until it works again.
    pub fix_s: f64,
    /// Where something else takes over: how often that works, 0..=1.
    pub failover: f64,
}

impl Repair {
    /// From the failure until it works again.
    pub fn outage_s(&self) -> f64 {
        self.notice_s + self.fix_s
    }
}

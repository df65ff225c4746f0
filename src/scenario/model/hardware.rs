//! Servers and the wires between them.

use crate::engine::Distribution;

#[derive(Clone, Debug)]
pub struct Network {
    /// One way, between any two servers, seconds. Zero between services on one server.
    pub delay_s: f64,
    /// Client to virtual address and back, seconds.
    pub client_rtt: Distribution,
    pub tcp: Tcp,
}

/// How Linux repeats the first packet of a connection that nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// So many timeouts more than the first are of a second each, before each is twice the last.
    pub syn_linear_timeouts: u32,
    /// Repetitions besides those.
    pub syn_retries: u32,
}

impl Default for Tcp {
    fn default() -> Tcp {
        Tcp { syn_linear_timeouts: 4, syn_retries: 6 }
    }
}

#[derive(Clone, Debug)]
pub struct Server {
    pub name: String,
    pub cpu: Cpu,
    pub memory_bytes: f64,
    pub disk: Disk,
    /// Each direction, bytes per second.
    pub nic_bytes_per_s: f64,
}

#[derive(Clone, Debug)]
pub struct Cpu {
    pub cores: u32,
    /// Relative to the core on which times were measured.
    pub speed: f64,
    pub discipline: CpuDiscipline,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuDiscipline {
    ProcessorSharing,
    Fcfs,
}

/// One device: an operation occupies it for 1/iops + bytes/throughput; what `latency` (or `fsync`) is longer
/// than 1/iops passes after that without occupying it.
#[derive(Clone, Debug)]
pub struct Disk {
    pub iops: f64,
    pub throughput_bytes_per_s: f64,
    /// Seconds.
    pub latency: Distribution,
    /// Seconds.
    pub fsync: Distribution,
}

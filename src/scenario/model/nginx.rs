//! `kind = "nginx"`.

use super::ServiceId;

#[derive(Clone, Debug)]
pub struct Nginx {
    pub worker_processes: u32,
    /// Per worker process; a proxied request takes two.
    pub worker_connections: u32,
    /// Static files: what the page cache is up against.
    pub files: Option<Files>,
    /// Disk reads block the worker process unless true.
    pub aio_threads: bool,
    pub upstream: Option<Upstream>,
}

#[derive(Clone, Debug)]
pub struct Files {
    pub total_bytes: f64,
    pub popularity: Popularity,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Popularity {
    /// Zipf with this exponent over the objects.
    Zipf(f64),
    Uniform,
}

#[derive(Clone, Debug)]
pub struct Upstream {
    pub service: ServiceId,
    pub balance: NginxBalance,
    /// Idle connections kept to the upstream, per worker process. 0: a new connection for each request
    /// (one more network round trip).
    pub keepalive: u32,
    /// Failures after which a server is left out for a while; 0: never. A single server never is.
    pub max_fails: u32,
    /// Seconds.
    pub fail_timeout_s: f64,
    /// Seconds for a connection, and for an answer.
    pub connect_timeout_s: f64,
    pub read_timeout_s: f64,
    pub next_upstream: NextUpstream,
}

/// When nginx passes a request to the next server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextUpstream {
    pub error: bool,
    pub timeout: bool,
    /// Requests that write, too, once they were sent.
    pub non_idempotent: bool,
    pub http_500: bool,
    /// Servers that may be tried in all; 0: each once.
    pub tries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NginxBalance {
    RoundRobin,
    LeastConn,
    IpHash,
    Random,
    /// `random two least_conn`
    RandomTwo,
}

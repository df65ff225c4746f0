//! The valid scenario: what a file means once every check has passed. Past this door nothing is
//! re-checked. Times are in seconds, sizes in bytes, rates per second; ids index the vectors here.

use std::path::PathBuf;

use crate::engine::Distribution;

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
    pub repairs: Repairs,
    /// Every value that the file could have set, with its mark and source.
    pub assumptions: Vec<Assumption>,
    /// SHA-256 of the effective scenario (files merged, `--set` applied), hex.
    pub sha256: String,
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

#[derive(Clone, Debug)]
pub struct Mysql {
    pub primary: ServerId,
    pub replicas: Vec<ServerId>,
    pub max_connections: u32,
    pub buffer_pool_bytes: f64,
    pub buffer_pool: BufferPool,
    /// 1: redo fsync at each commit (group); 0, 2: not.
    pub flush_log_at_trx_commit: u32,
    /// 1: binlog fsync at each group; 0: never; n: each n groups.
    pub sync_binlog: u32,
    pub reads: Reads,
    /// `None`: asynchronous.
    pub semi_sync: Option<SemiSync>,
    /// 0: the relay log is left to the page cache; n: an fsync at each n-th event received.
    pub sync_relay_log: u32,
    pub replica_parallel_workers: u32,
    /// CPU seconds on the replica for one binlog event besides the writes themselves.
    pub apply_overhead: Distribution,
    pub replica_flush_log_at_trx_commit: u32,
    pub replica_sync_binlog: u32,
    pub backup: Option<Backup>,
    /// Seconds from one try of a replica to reach its source to the next, and from the last byte of a silent source
    /// to the first try.
    pub source_connect_retry_s: f64,
    pub replica_net_timeout_s: f64,
    /// `None`: nobody promotes a replica.
    pub failover: Option<Failover>,
}

/// Who watches the primary, and promotes a replica when it is gone. Times are in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Failover {
    pub check_interval_s: f64,
    pub check_timeout_s: f64,
    /// Failed checks in a row.
    pub failures: u32,
    /// Opening the candidate for writes, once it has applied all that it has received.
    pub promotion_s: f64,
    /// Until clients send their writes there.
    pub switch_s: f64,
    /// Until an old primary that holds what the new one lacks is a replica again.
    pub rebuild_s: f64,
    /// Indices within the service, in the order of preference.
    pub candidates: Vec<usize>,
    /// Where the watcher runs; `None`: on a machine of its own that no fault concerns.
    pub server: Option<ServerId>,
}

/// A physical copy of the data files (xtrabackup): reads one piece after the other, and passes it on.
#[derive(Clone, Debug, PartialEq)]
pub struct Backup {
    /// Index within the service: 0 is the primary.
    pub instance: usize,
    /// Seconds from t = 0.
    pub at_s: f64,
    pub size_bytes: f64,
    /// Bytes per second that it does not exceed; `None`: as fast as it goes.
    pub rate_bytes_per_s: Option<f64>,
    /// Bytes of one read.
    pub read_bytes: f64,
    /// CPU seconds for each read.
    pub cpu: Distribution,
    /// The server that it is sent to; `None`: nowhere over the network.
    pub to: Option<ServerId>,
}

/// A commit waits until replicas have received it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SemiSync {
    pub wait_point: WaitPoint,
    /// Seconds a commit waits before the primary goes on without acknowledgements.
    pub timeout_s: f64,
    pub wait_for_replica_count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitPoint {
    /// Between the binlog and the engine: nobody sees the transaction before it is acknowledged.
    AfterSync,
    /// Behind the engine's commit: others see the transaction while its own client waits.
    AfterCommit,
}

#[derive(Clone, Debug)]
pub enum BufferPool {
    /// `buffer_pool_hit`: the share of page reads found in memory.
    Hit(f64),
    /// Computed from the data's size and popularity.
    Data { size_bytes: f64, popularity: Popularity },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reads {
    Primary,
    /// A replica, round robin; the primary when there is none.
    Replica,
    /// Primary and replicas, round robin.
    Any,
    /// A replica whose `seconds_behind`, as last polled, is at most this; else the primary.
    MaxLag {
        max_lag_s: f64,
        poll_s: f64,
    },
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

#[derive(Clone, Debug)]
pub struct Traffic {
    pub name: String,
    pub process: Process,
    /// Request classes with their weights; weights sum to something positive. Traces map by rules instead.
    pub mix: Vec<(ClassId, f64)>,
    /// The service that clients talk to; `None` when all classes are paths.
    pub target: Option<ServiceId>,
    pub client: Client,
}

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
    /// Seconds from t = 0; `None`: it lasts to the end.
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

/// What clients do while they wait, and when they are not answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Mean requests on one connection, >= 1 (geometric). A repeated attempt opens a new one.
    pub requests_per_connection: f64,
    /// From an attempt's beginning to its last byte, seconds; `None`: they wait for as long as it takes.
    pub timeout_s: Option<f64>,
    /// Attempts after the first, each when the one before has failed.
    pub retries: u32,
    pub backoff: Backoff,
    pub budget: Option<RetryBudget>,
}

impl Client {
    /// Waits, and tries once.
    pub fn patient() -> Client {
        let backoff = Backoff::Drawn(Distribution::Constant(0.0));
        Client { requests_per_connection: 1.0, timeout_s: None, retries: 0, backoff, budget: None }
    }

    /// Whether an answer may come too late, or a request be sent again.
    pub fn tries(&self) -> bool {
        self.timeout_s.is_some() || self.retries > 0
    }
}

/// The wait before a repeated attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Backoff {
    /// Of the same law each time, seconds.
    Drawn(Distribution),
    /// Before the k-th: the lesser of `max_s` and `base_s` x `factor`^(k - 1), jittered.
    Growing { base_s: f64, factor: f64, max_s: f64, jitter: Jitter },
}

/// As in "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    None,
    /// Uniform between nothing and the whole wait.
    Full,
    /// Half of the wait, and uniform up to the whole.
    Equal,
}

/// All clients of a source together repeat at most so much: each request adds `ratio` to what may be repeated, up to
/// `reserve`, and each repeated attempt takes 1 off. After Finagle's RetryBudget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryBudget {
    pub ratio: f64,
    pub reserve: f64,
}

#[derive(Clone, Debug)]
pub enum Process {
    /// Poisson with a rate that may change in time.
    Poisson(RateProfile),
    /// Evenly spaced (with a profile: by its cumulative rate).
    Constant(RateProfile),
    /// Independent, identically distributed gaps, seconds.
    Renewal(Distribution),
    /// Markov-modulated Poisson; states follow each other in the order given, round and round.
    Mmpp(Vec<MmppState>),
    /// Batches at Poisson instants.
    Batch {
        batches_per_s: f64,
        size: Distribution,
    },
    Trace(TraceSource),
    Closed {
        users: u32,
        think: Distribution,
        session: Vec<ClassId>,
    },
}

#[derive(Clone, Debug)]
pub struct MmppState {
    pub rate_per_s: f64,
    /// Time in the state (exponential), mean in seconds.
    pub lasts_mean_s: f64,
}

/// Arrival rate as a function of time, from t = 0; before it (the warm-up) the rate at t = 0 holds, and
/// after the last point the last rate, unless `period_s` repeats the points.
#[derive(Clone, Debug)]
pub struct RateProfile {
    /// (time in seconds, rate per second), times increasing from 0; at least one.
    pub points: Vec<(f64, f64)>,
    /// Rates change linearly between points (ramps) or stay until the next (steps).
    pub linear: bool,
    pub period_s: Option<f64>,
    /// Multiplies by 1 + amplitude * sin(2 pi t / period).
    pub wave: Option<Wave>,
    /// Multiplies by `factor` in [at, at + lasts).
    pub spikes: Vec<Spike>,
}

#[derive(Clone, Debug)]
pub struct Wave {
    pub amplitude: f64,
    pub period_s: f64,
}

#[derive(Clone, Debug)]
pub struct Spike {
    pub at_s: f64,
    pub lasts_s: f64,
    pub factor: f64,
}

impl RateProfile {
    pub fn steady(rate_per_s: f64) -> RateProfile {
        RateProfile { points: vec![(0.0, rate_per_s)], linear: false, period_s: None, wave: None, spikes: Vec::new() }
    }

    /// Whether the rate never changes.
    pub fn is_steady(&self) -> bool {
        self.points.len() == 1 && self.wave.is_none() && self.spikes.is_empty()
    }
}

/// Most columns of work that a trace may supply with a request.
pub const WORK_COLUMNS: usize = 2;

/// Recorded traffic.
#[derive(Clone, Debug)]
pub struct TraceSource {
    pub file: PathBuf,
    pub format: TraceFormat,
    pub rules: Vec<TraceRule>,
    /// For lines that no rule takes; `None`: they are counted and left out.
    pub otherwise: Option<ClassId>,
    /// Replays this much faster than recorded.
    pub speed: f64,
    /// Times that the trace is played, one after the other.
    pub repeat: u32,
    /// Part of the trace to play, seconds from its first arrival.
    pub window_s: Option<(f64, f64)>,
    /// Lines that may be malformed before it is an error: a share of all, 0..=1.
    pub max_malformed: f64,
    /// Lines held for sorting by arrival.
    pub sort_buffer: usize,
    /// Columns (or timers) supplied to requests as work, in the order of `Amount::Recorded::index`.
    pub work: Vec<RecordedWork>,
    /// The answer's bytes are taken from the trace.
    pub sizes: bool,
}

#[derive(Clone, Debug)]
pub struct RecordedWork {
    /// Timer or column name: `Tr`, `request_time`, `serv_ms`.
    pub column: String,
    /// Seconds per unit of the column.
    pub unit_s: f64,
    /// The timer contains waiting behind this many FCFS workers: invert it. `None`: pure work.
    pub recorded_workers: Option<u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TraceFormat {
    HaproxyHttp,
    HaproxyClf,
    /// nginx or Apache "combined", with or without timing fields behind it.
    Combined {
        stamp: Stamp,
    },
    JsonLines(Columns),
    Csv(Columns),
}

/// What a line's time stamp says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    Arrival,
    /// The end; the arrival is the end less the duration, where there is one.
    End,
}

/// Which field holds what, for formats without fixed places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    pub time: String,
    /// `None`: guessed (RFC 3339, "Y-m-d H:M:S.f", or a number of `time_unit_s`).
    pub time_unit_s: Option<f64>,
    pub stamp_is_end: bool,
    pub duration: Option<String>,
    pub duration_unit_s: f64,
    pub method: Option<String>,
    pub path: Option<String>,
    pub status: Option<String>,
    pub bytes: Option<String>,
    /// A column whose value is matched by rules in place of method and path.
    pub class: Option<String>,
}

#[derive(Clone, Debug)]
pub struct TraceRule {
    /// Matched against "METHOD PATH" (or the class column).
    pub pattern: regex::Regex,
    pub class: ClassId,
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
    /// The value moved up by a quarter, for sensitivity; `None` where moving it makes no sense.
    pub moved: Option<String>,
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

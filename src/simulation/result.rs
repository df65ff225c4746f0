//! What one run observed. Times are nanoseconds inside, as exact integers; `experiment` turns several of
//! these into estimates.

use crate::stats::histogram::{self, Histogram};
use crate::stats::timeweighted::TimeWeighted;

/// Why a request got no answer. The order is that of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum FailureReason {
    /// HAProxy `timeout queue`: 503, termination state sQ.
    QueueTimeout = 1,
    /// nginx out of worker_connections at accept: connection closed.
    ConnectionsExhausted,
    /// nginx out of worker_connections at the upstream connect: 500.
    UpstreamConnectionsExhausted,
    /// The app's backlog is full: refused, 502.
    Refused,
    /// No database connection within `acquire_timeout`: 500.
    PoolTimeout,
    /// MySQL max_connections reached (error 1040): 500.
    TooManyConnections,
    /// The process was killed by the OOM killer: reset, 502.
    OutOfMemory,
    /// No room in a station's queue.
    QueueFull,
    /// Patience ran out in a station's queue.
    Abandoned,
    /// No answer within the client's timeout.
    ClientTimeout,
    /// Nobody listens there: the process is down.
    ConnectionRefused,
    /// The process at the other end died, or knows nothing of the connection.
    ConnectionReset,
    /// No connection within its timeout, or before the kernel gave up.
    ConnectTimeout,
    /// No answer within the caller's timeout for one.
    AnswerTimeout,
    /// All servers are marked as down.
    NoServer,
    /// HAProxy `timeout client`, while the request's bytes stood still: 408.
    UploadTimeout,
    /// The primary is being switched over and takes no writes (error 1290): 500.
    ReadOnly,
}

impl FailureReason {
    pub const ALL: [FailureReason; 17] = [
        FailureReason::QueueTimeout,
        FailureReason::ConnectionsExhausted,
        FailureReason::UpstreamConnectionsExhausted,
        FailureReason::Refused,
        FailureReason::PoolTimeout,
        FailureReason::TooManyConnections,
        FailureReason::OutOfMemory,
        FailureReason::QueueFull,
        FailureReason::Abandoned,
        FailureReason::ClientTimeout,
        FailureReason::ConnectionRefused,
        FailureReason::ConnectionReset,
        FailureReason::ConnectTimeout,
        FailureReason::AnswerTimeout,
        FailureReason::NoServer,
        FailureReason::UploadTimeout,
        FailureReason::ReadOnly,
    ];

    /// As in summary.json.
    pub fn name(self) -> &'static str {
        match self {
            FailureReason::QueueTimeout => "queue_timeout_503",
            FailureReason::ConnectionsExhausted => "connections_exhausted",
            FailureReason::UpstreamConnectionsExhausted => "upstream_connections_exhausted_500",
            FailureReason::Refused => "refused_502",
            FailureReason::PoolTimeout => "pool_timeout_500",
            FailureReason::TooManyConnections => "too_many_connections_500",
            FailureReason::OutOfMemory => "out_of_memory_502",
            FailureReason::QueueFull => "queue_full",
            FailureReason::Abandoned => "abandoned",
            FailureReason::ClientTimeout => "client_timeout",
            FailureReason::ConnectionRefused => "connection_refused",
            FailureReason::ConnectionReset => "connection_reset",
            FailureReason::ConnectTimeout => "connect_timeout",
            FailureReason::AnswerTimeout => "answer_timeout",
            FailureReason::NoServer => "no_server",
            FailureReason::UploadTimeout => "upload_timeout_408",
            FailureReason::ReadOnly => "read_only_500",
        }
    }
}

pub const REASONS: usize = FailureReason::ALL.len();

/// What a client sees of a failure: the status of an error page, or none. The order is that of reports.
pub const STATUSES: [&str; 6] = ["none", "500", "502", "503", "504", "408"];

/// A failure as a request carries it: its reason, and in the upper bits the status with which one of the services has
/// answered, an index of `STATUSES`. Who gets an answer does not try again, whatever it says.
pub mod failure {
    use super::FailureReason;
    use crate::model::program::Tier;

    const REASON: u8 = 0b0001_1111;

    /// Index into `FailureReason::ALL`.
    #[inline(always)]
    pub fn reason(failure: u8) -> usize {
        (failure & REASON) as usize - 1
    }

    /// Its reason alone, as `FailureReason` numbers it; 0: none.
    pub fn bare(failure: u8) -> u8 {
        failure & REASON
    }

    /// Index into `STATUSES`.
    #[inline(always)]
    pub fn status(failure: u8) -> usize {
        (failure >> 5) as usize
    }

    /// A service answers with an error page, unless one behind it already has.
    pub fn answered(failure: u8, by: Tier) -> u8 {
        if status(failure) != 0 {
            return failure;
        }
        use FailureReason::*;
        let status = match (by, FailureReason::ALL[reason(failure)]) {
            (Tier::App, _) | (Tier::Nginx, UpstreamConnectionsExhausted) => 1,
            (Tier::Haproxy, QueueTimeout | ConnectionRefused | Refused | ConnectTimeout | NoServer) => 3,
            (_, UploadTimeout) => 5,
            (_, AnswerTimeout) | (Tier::Nginx, ConnectTimeout) => 4,
            (Tier::Haproxy | Tier::Nginx, _) => 2,
        };
        failure | status << 5
    }
}

/// One run with one seed.
#[derive(Clone, Debug)]
pub struct RunResult {
    pub seed: u64,
    /// Index of the run within its experiment.
    pub run: u32,
    pub warmup_s: f64,
    /// Length of the measured part, seconds.
    pub measured_s: f64,
    /// Events processed, the warm-up's included.
    pub events: u64,
    /// Requests that finished, the warm-up's included (for speed figures).
    pub finished_total: u64,
    /// Same index as `Scenario::requests`.
    pub classes: Vec<ClassResult>,
    pub stations: Vec<StationResult>,
    pub replicas: Vec<ReplicaResult>,
    pub databases: Vec<DatabaseResult>,
    pub windows: Windows,
    /// The end of the warm-up, in windows as wide as the others, the last one up to t = 0; nothing of stations and
    /// replicas. None before an open-ended run.
    pub warming: Vec<Window>,
    /// Parts of the measured time that objectives look at: same index as `observed_spans` of the scenario's
    /// objectives. `None`: the run was over before.
    pub spans: Vec<Option<SpanResult>>,
    /// In the order in which they happened.
    pub transitions: Vec<Transition>,
    /// When faults that come at random were there, in the order of their beginnings.
    pub outages: Vec<Outage>,
    /// Requests inside when the measured part began and ended.
    pub in_flight_start: u64,
    pub in_flight_end: u64,
    /// Largest number of requests inside.
    pub in_flight_max: u64,
    /// Requests from traces left out because no rule took them, and the like.
    pub trace_notes: Vec<String>,
    /// OOM kills: (server name, count).
    pub oom_kills: Vec<(String, u64)>,
}

/// A fault that comes at random was there. Seconds from t = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outage {
    /// Index of the fault in the scenario.
    pub fault: usize,
    pub from_s: f64,
    /// The run's end, if it was there still.
    pub until_s: f64,
}

/// Somebody has noticed something: a server is down, or up again, or a role has moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// From t = 0, seconds.
    pub at_s: f64,
    pub what: String,
    /// For the worse.
    pub bad: bool,
}

/// Requests of one class that finished in the measured part.
#[derive(Clone, Debug, Default)]
pub struct ClassResult {
    /// Arrived in the measured part.
    pub offered: u64,
    /// Sent by clients, retries included.
    pub attempts: u64,
    pub completed: u64,
    /// By `FailureReason as usize - 1`.
    pub failed: [u64; REASONS],
    /// By index of `STATUSES`.
    pub failed_with: [u64; STATUSES.len()],
    /// Nanoseconds from the intended arrival to the last byte; answered requests only.
    pub latency_ns: Histogram,
    /// Nanoseconds until the failure was told; failed requests only.
    pub failed_after_ns: Histogram,
}

impl ClassResult {
    pub fn failures(&self) -> u64 {
        self.failed.iter().sum()
    }

    /// Adds what another part of the time, or another run, has counted.
    pub fn merge(&mut self, other: &ClassResult) {
        self.offered += other.offered;
        self.attempts += other.attempts;
        self.completed += other.completed;
        self.failed.iter_mut().zip(other.failed).for_each(|(sum, other)| *sum += other);
        self.failed_with.iter_mut().zip(other.failed_with).for_each(|(sum, other)| *sum += other);
        self.latency_ns.merge(&other.latency_ns);
        self.failed_after_ns.merge(&other.failed_after_ns);
    }

    /// What has come since an earlier state of the same counts.
    pub fn since(&self, earlier: &ClassResult) -> ClassResult {
        let mut part = ClassResult {
            offered: self.offered - earlier.offered,
            attempts: self.attempts - earlier.attempts,
            completed: self.completed - earlier.completed,
            failed: self.failed,
            failed_with: self.failed_with,
            latency_ns: self.latency_ns.since(&earlier.latency_ns),
            failed_after_ns: self.failed_after_ns.since(&earlier.failed_after_ns),
        };
        part.failed.iter_mut().zip(earlier.failed).for_each(|(now, before)| *now -= before);
        part.failed_with.iter_mut().zip(earlier.failed_with).for_each(|(now, before)| *now -= before);
        part
    }
}

/// A part of the measured time.
#[derive(Clone, Debug, Default)]
pub struct SpanResult {
    pub length_ns: u64,
    /// Of requests that finished in it; same index as `Scenario::requests`.
    pub classes: Vec<ClassResult>,
    /// Busy worker-nanoseconds; same index as `RunResult::stations`.
    pub busy_area_ns: Vec<u128>,
    /// Same index as `RunResult::replicas`.
    pub replicas: Vec<LagResult>,
}

/// How far a replica is behind.
#[derive(Clone, Debug, Default)]
pub struct LagResult {
    /// As in [`ReplicaResult`].
    pub apply_delay_ns: Histogram,
    pub seconds_behind: TimeWeighted,
    pub reads: u64,
    pub stale_reads: u64,
}

impl SpanResult {
    /// Adds another part of the same run.
    pub fn merge(&mut self, other: &SpanResult) {
        self.length_ns += other.length_ns;
        self.classes.iter_mut().zip(&other.classes).for_each(|(sum, other)| sum.merge(other));
        self.busy_area_ns.iter_mut().zip(&other.busy_area_ns).for_each(|(sum, other)| *sum += other);
        for (sum, other) in self.replicas.iter_mut().zip(&other.replicas) {
            sum.apply_delay_ns.merge(&other.apply_delay_ns);
            sum.seconds_behind.merge(&other.seconds_behind);
            sum.reads += other.reads;
            sum.stale_reads += other.stale_reads;
        }
    }

    /// What has come since an earlier state of the same counts.
    pub fn since(&self, earlier: &SpanResult) -> SpanResult {
        let lag = |(now, before): (&LagResult, &LagResult)| LagResult {
            apply_delay_ns: now.apply_delay_ns.since(&before.apply_delay_ns),
            seconds_behind: now.seconds_behind.since(&before.seconds_behind),
            reads: now.reads - before.reads,
            stale_reads: now.stale_reads - before.stale_reads,
        };
        let busy = self.busy_area_ns.iter().zip(&earlier.busy_area_ns);
        SpanResult {
            length_ns: self.length_ns.saturating_sub(earlier.length_ns),
            classes: self.classes.iter().zip(&earlier.classes).map(|(now, before)| now.since(before)).collect(),
            busy_area_ns: busy.map(|(now, before)| now.saturating_sub(*before)).collect(),
            replicas: self.replicas.iter().zip(&earlier.replicas).map(lag).collect(),
        }
    }
}

pub use crate::model::network::Role as StationRole;

#[derive(Clone, Debug)]
pub struct StationResult {
    /// `app1.cpu`, `db1.disk`, `app1.workers`.
    pub name: String,
    pub role: StationRole,
    /// Parallel slots; `None`: unlimited.
    pub workers: Option<u32>,
    pub arrivals: u64,
    /// Left after service (or released, for a pool) in the measured part.
    pub departures: u64,
    /// Turned away or gave up.
    pub lost: u64,
    /// Present at the beginning and at the end of the measured part.
    pub present_start: u64,
    pub present_end: u64,
    /// Integral over the measured part of the number present (waiting and in service), request-nanoseconds.
    pub present_area_ns: u128,
    /// Integral of the number of busy workers, worker-nanoseconds.
    pub busy_area_ns: u128,
    /// Sums over departures, nanoseconds; sojourn = waiting + service.
    pub waiting_sum_ns: u128,
    pub service_sum_ns: u128,
    pub sojourn_sum_ns: u128,
    /// Waiting of those who left unserved, nanoseconds.
    pub lost_waiting_sum_ns: u128,
    /// Pools: slots granted, which is what `waiting_sum_ns` is over; else 0.
    pub granted: u64,
    /// Part of the sojourns that lay before the measured part, and time so far of those still present at
    /// its end: what Little's law needs to hold exactly on a finite run. Nanoseconds.
    pub sojourn_before_ns: u128,
    pub sojourn_open_ns: u128,
    /// A fault has changed its speed: what a slow worker adds counts as waiting.
    pub repaced: bool,
    /// Only when `percentiles = true`.
    pub detail: Option<Box<StationDetail>>,
}

#[derive(Clone, Debug)]
pub struct StationDetail {
    pub waiting_ns: Histogram,
    pub sojourn_ns: Histogram,
    /// Nanoseconds with exactly n present, n = index; the last entry holds all beyond.
    pub present_ns: Vec<u64>,
    /// Arrivals that found all workers busy.
    pub arrivals_waiting: u64,
}

#[derive(Clone, Debug)]
pub struct ReplicaResult {
    pub server: String,
    /// Of transactions applied in the measured part: commit on the primary to applied here.
    pub apply_delay_ns: Histogram,
    /// Time-weighted distribution of the age of the oldest commit not applied, nanoseconds, 0 when caught up.
    pub seconds_behind: TimeWeighted,
    /// Integral of the number of transactions not applied.
    pub backlog_area_ns: u128,
    pub backlog_max: u64,
    pub backlog_end: u64,
    /// Age of the oldest transaction not applied at the end, nanoseconds.
    pub behind_end_ns: u64,
    /// Reads here, and those while an older commit was not applied.
    pub reads: u64,
    pub stale_reads: u64,
    /// Reads by a user whose own last write was not applied yet; `None` without sessions.
    pub own_write_misses: Option<u64>,
}

/// A database that replicates or is backed up.
#[derive(Clone, Debug)]
pub struct DatabaseResult {
    /// Of the service.
    pub name: String,
    /// In the order in which they happened.
    pub failovers: Vec<FailoverResult>,
    /// How often the primary was gone; time from then to the next commit, in all and at most.
    pub broken: u64,
    pub outage_ns: u64,
    pub outage_max_ns: u64,
    /// It was still gone when the run was over.
    pub broken_at_end: bool,
    /// Acknowledged to a client, and absent since; and in a binlog when its server died, but not acknowledged.
    pub transactions_lost: u64,
    pub in_doubt: u64,
    pub semi_sync: Option<SemiSyncResult>,
    pub backup: Option<BackupResult>,
}

/// A replica was promoted. Nanoseconds from t = 0.
#[derive(Clone, Debug)]
pub struct FailoverResult {
    /// Number of the new primary within the database, and its server.
    pub to: u32,
    pub server: String,
    pub died_ns: u64,
    pub noticed_ns: u64,
    pub promoted_ns: u64,
    /// `None`: clients did not learn of it in this run.
    pub switched_ns: Option<u64>,
    pub lost: u64,
    pub in_doubt: u64,
}

/// Nanoseconds from t = 0; `None`: not in this run.
#[derive(Clone, Copy, Debug)]
pub struct BackupResult {
    pub began_ns: Option<u64>,
    pub ended_ns: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct SemiSyncResult {
    /// Of commits that waited for acknowledgements: until they came, or were no longer waited for.
    pub wait_ns: Histogram,
    /// How often a commit had waited too long, and the time until the replicas had caught up.
    pub fallbacks: u64,
    pub off_ns: u64,
}

/// Time series with a bounded number of windows: when a run outgrows them, neighbours merge.
#[derive(Clone, Debug)]
pub struct Windows {
    /// Length of each, nanoseconds.
    pub width_ns: u64,
    /// From t = 0.
    pub windows: Vec<Window>,
    /// Station names are those of `RunResult::stations`.
    pub station_count: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Window {
    pub arrived: u64,
    pub completed: u64,
    pub failed: [u64; REASONS],
    /// Coarse latency histogram of requests completed in the window.
    pub latency: CoarseHistogram,
    /// Busy worker-nanoseconds by station.
    pub busy_ns: Vec<u64>,
    /// Request-nanoseconds present by station.
    pub present_ns: Vec<u64>,
    /// Integral of how long each replica was behind, nanoseconds squared.
    pub behind_area: Vec<u128>,
}

impl Window {
    /// Both windows as one.
    pub fn merge(&mut self, other: &Window) {
        self.arrived += other.arrived;
        self.completed += other.completed;
        for (mine, theirs) in self.failed.iter_mut().zip(&other.failed) {
            *mine += theirs;
        }
        self.latency.merge(&other.latency);
        for (mine, theirs) in [(&mut self.busy_ns, &other.busy_ns), (&mut self.present_ns, &other.present_ns)] {
            if mine.len() < theirs.len() {
                mine.resize(theirs.len(), 0);
            }
            for (m, t) in mine.iter_mut().zip(theirs) {
                *m += t;
            }
        }
        if self.behind_area.len() < other.behind_area.len() {
            self.behind_area.resize(other.behind_area.len(), 0);
        }
        for (mine, theirs) in self.behind_area.iter_mut().zip(&other.behind_area) {
            *mine += theirs;
        }
    }
}

/// 16 buckets for each octave of nanoseconds, 64 ns wide below 1,024 ns: enough for a chart (4% wide).
#[derive(Clone, Debug, Default)]
pub struct CoarseHistogram {
    pub counts: Vec<u32>,
}

/// log2 of how many buckets of a `Histogram` make one of a [`CoarseHistogram`].
const COARSER: u32 = 6;

/// Lowest value of a bucket and its width, nanoseconds.
fn coarse_bounds(index: usize) -> (f64, f64) {
    let (low, width) = histogram::bounds(index << COARSER);
    (low, width * (1 << COARSER) as f64)
}

impl CoarseHistogram {
    /// Counts a value by its `histogram::index`.
    #[inline(always)]
    pub fn record_in(&mut self, index: usize) {
        let i = index >> COARSER;
        match self.counts.get_mut(i) {
            Some(count) => *count += 1,
            None => self.grow_and_count(i),
        }
    }

    #[cold]
    #[inline(never)]
    fn grow_and_count(&mut self, i: usize) {
        // a whole octave at a time
        self.counts.resize((i | 15) + 1, 0);
        self.counts[i] += 1;
    }

    pub fn merge(&mut self, other: &CoarseHistogram) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    pub fn count(&self) -> u64 {
        self.counts.iter().map(|n| u64::from(*n)).sum()
    }

    /// Nearest rank, placed by linear interpolation inside its bucket (at most 6% wide), nanoseconds;
    /// `None` without observations.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = ((q * count as f64).ceil() as u64).clamp(1, count);
        let mut below = 0;
        for (i, &n) in self.counts.iter().enumerate() {
            let n = u64::from(n);
            if below + n >= rank {
                let (low, width) = coarse_bounds(i);
                return Some(low - 0.5 + width * ((rank - below) as f64 - 0.5) / n as f64);
            }
            below += n;
        }
        None
    }

    /// From bucket midpoints, nanoseconds; `None` without observations.
    pub fn mean(&self) -> Option<f64> {
        let count = self.count();
        let sum: f64 = self
            .counts
            .iter()
            .enumerate()
            .map(|(i, &n)| {
                let (low, width) = coarse_bounds(i);
                f64::from(n) * (low + (width - 1.0) / 2.0)
            })
            .sum();
        (count > 0).then(|| sum / count as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_coarse_bucket() {
        for value in (0..5000u64).chain((12..52).flat_map(|e| [1 << e, (1 << e) + 1, (1 << e) - 1, 3 << (e - 1)])) {
            let (low, width) = coarse_bounds(histogram::index(value) >> COARSER);
            assert!(low <= value as f64 && (value as f64) < low + width, "{value}: {low} {width}");
            assert!(width <= 64.0 || width / low <= 1.0 / 16.0, "{value}");
        }
    }

    #[test]
    fn coarse_quantiles_follow_the_observations_within_a_bucket() {
        let mut h = CoarseHistogram::default();
        for value in 1..=100_000u64 {
            h.record_in(histogram::index(value * 371));
        }
        for q in [0.01, 0.5, 0.95, 0.99, 1.0] {
            let (exact, got) = (q * 371e5, h.quantile(q).unwrap());
            assert!((got - exact).abs() / exact < 0.035, "{q}: {got} for {exact}");
        }
        assert!((h.mean().unwrap() / (371.0 * 50_000.5) - 1.0).abs() < 0.01);
        assert_eq!(CoarseHistogram::default().quantile(0.5), None);
        assert_eq!(CoarseHistogram::default().mean(), None);
    }

    #[test]
    fn merging_coarse_histograms_is_recording_both() {
        let (mut a, mut b, mut both) =
            (CoarseHistogram::default(), CoarseHistogram::default(), CoarseHistogram::default());
        for i in 0..1000u64 {
            let value = i * i * 1013;
            let half: &mut CoarseHistogram = if i < 500 { &mut a } else { &mut b };
            half.record_in(histogram::index(value));
            both.record_in(histogram::index(value));
        }
        a.merge(&b);
        assert_eq!(a.counts, both.counts);
        assert_eq!(a.count(), 1000);
    }
}

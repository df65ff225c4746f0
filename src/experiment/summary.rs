//! What the runs of a scenario say together, in the form in which it is reported: the content of
//! summary.json. Units are last in every name.

use serde::{Serialize, Serializer};

use super::per_run::PerRun;

pub const SCHEMA_VERSION: u32 = 1;

#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub schema_version: u32,
    pub scenario: ScenarioId,
    pub seed: u64,
    pub runs: u32,
    pub warmup_s: f64,
    pub warmup_auto: bool,
    /// Of each run.
    pub measured_s: f64,
    /// pass, fail, inconclusive; "none asked" without objectives.
    pub verdict: &'static str,
    /// In the order of the scenario.
    pub slo: Vec<ObjectiveSummary>,
    pub traffic: Vec<TrafficSummary>,
    pub stations: Vec<StationSummary>,
    pub replication: Vec<ReplicationSummary>,
    /// Those of which there is more to say than of their stations and replicas.
    pub databases: Vec<DatabaseSummary>,
    pub incidents: Vec<Incident>,
    pub random_faults: Vec<RandomFault>,
    pub bottleneck: Option<Bottleneck>,
    pub checks: Vec<Check>,
    pub warnings: Vec<Warning>,
    /// Defaults that move p99 most, largest first.
    pub sensitivities: Vec<Sensitivity>,
    pub assumptions: Vec<AssumptionSummary>,
    pub totals: Totals,
    /// What a later comparison needs to pair runs with; `None`: there are too many of them to keep, or nobody stores it.
    #[serde(skip)]
    pub per_run: Option<PerRun>,
}

/// An objective and whether it is met.
#[derive(Clone, Debug, Serialize)]
pub struct ObjectiveSummary {
    /// As written: `latency_p99 < 400 ms`.
    pub that: String,
    /// Class, station or server, and time; empty: all requests, all the time.
    pub scope: String,
    /// Of the numbers here: ms, s, /s, share, transactions.
    pub unit: &'static str,
    pub bound: f64,
    pub smaller_is_better: bool,
    /// Of what is judged run by run, the worst. `None`: no data, or censored.
    pub value: Option<f64>,
    /// The value lies among the failures, or what was waited for had not come when the run was over.
    pub censored: bool,
    /// What the verdict was read off, where it was an interval of the value, and its confidence: all verdicts of the
    /// experiment, at all looks, are right together with 95%.
    pub interval: Option<[f64; 2]>,
    pub confidence: Option<f64>,
    /// That had data.
    pub runs: u32,
    /// pass, fail, inconclusive
    pub verdict: &'static str,
    /// What it rests on where value and interval do not say it.
    pub why: String,
    /// Line of the scenario.
    pub written: String,
}

/// A fault that happened at a given time, and what became of requests meanwhile. Times are from t = 0, and those that
/// are observed are exact to a window of the time series.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// Its number in the scenario, from 1.
    pub fault: u32,
    pub what: String,
    pub at_s: f64,
    /// `None`: it lasts to the end.
    pub until_s: Option<f64>,
    /// When software first took something to be down, or moved a role, in the runs in which it did.
    pub detected_s: Estimate,
    /// All that it noticed while the incident lasted, in the order of time.
    pub noticed: Vec<Noticed>,
    /// When requests were answered again: the end of the last window, from the fault's beginning on, in which more
    /// than 1% of all runs' requests failed. `None`: in none so many failed, or they fail to the end.
    pub recovered_s: Option<f64>,
    /// Requests that failed from the fault's beginning until they were answered again, of each run.
    pub failures: Estimate,
    /// The same by reason, those that occurred, in the order of reports.
    #[serde(serialize_with = "object")]
    pub failed_by: Vec<(String, Estimate)>,
    /// Of the requests answered while the fault lasts.
    pub p99_ms_during: Estimate,
}

/// A fault that comes at random, and what became of requests while it was there, to a window of the time series.
#[derive(Clone, Debug, Serialize)]
pub struct RandomFault {
    /// Its number in the scenario, from 1.
    pub fault: u32,
    pub what: String,
    /// How often it began in a run, and for how long it was there altogether, seconds.
    pub times: Estimate,
    pub lasted_s: Estimate,
    /// Requests of a run that failed meanwhile, by reason (those that occurred).
    pub failures: Estimate,
    #[serde(serialize_with = "object")]
    pub failed_by: Vec<(String, Estimate)>,
    /// Of the requests answered meanwhile.
    pub p99_ms_during: Estimate,
}

/// As an object with its names as keys.
pub fn object<S: Serializer, T: Serialize>(named: &[(String, T)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(named.iter().map(|(name, value)| (name, value)))
}

/// A server was taken to be down or up again, or a role has moved.
#[derive(Clone, Debug, Serialize)]
pub struct Noticed {
    pub what: String,
    /// When first, from t = 0; its `runs` are those in which it happened.
    pub at_s: Estimate,
}

#[derive(Clone, Debug, Serialize)]
pub struct ScenarioId {
    pub name: String,
    pub sha256: String,
}

/// A number with its doubt.
#[derive(Clone, Copy, Debug, Serialize, PartialEq)]
pub struct Estimate {
    /// `None` where nothing was observed.
    pub value: Option<f64>,
    /// `None`: no interval can be stood by (a warning says why).
    pub ci95: Option<[f64; 2]>,
    pub runs: u32,
    /// The value lies among the failures: it is greater than this.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub censored: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct TrafficSummary {
    /// "all" first, then the classes in file order.
    pub name: String,
    /// Sums over the runs.
    pub offered: u64,
    pub attempts: u64,
    pub completed: u64,
    pub failed: u64,
    pub throughput_per_s: Estimate,
    pub availability: Estimate,
    /// (reason, count), reasons that occurred.
    pub failures: Vec<(String, u64)>,
    /// (status, count) of the error pages that clients got; `none`: no answer at all.
    pub failed_with: Vec<(String, u64)>,
    pub latency_ms: Latency,
    pub latency_all_ms: Latency,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    pub mean: Estimate,
    pub p50: Estimate,
    pub p90: Estimate,
    pub p95: Estimate,
    pub p99: Estimate,
    pub p99_9: Estimate,
    pub max: Estimate,
}

#[derive(Clone, Debug, Serialize)]
pub struct StationSummary {
    pub name: String,
    /// cpu, disk, nic_out, nic_in, pool, station, stage, applier
    pub role: &'static str,
    pub workers: Option<u32>,
    pub utilization: Estimate,
    pub queue_mean: Estimate,
    pub present_mean: Estimate,
    pub waiting_ms: Estimate,
    pub service_ms: Estimate,
    pub sojourn_ms: Estimate,
    pub throughput_per_s: Estimate,
    pub lost: u64,
    /// Offered load computed from the scenario, erlangs, where it can be.
    pub offered_erlangs: Option<f64>,
    pub detail: Option<StationDetailSummary>,
}

#[derive(Clone, Debug, Serialize)]
pub struct StationDetailSummary {
    pub waiting_ms: Vec<(String, Estimate)>,
    pub sojourn_ms: Vec<(String, Estimate)>,
    pub sojourn_variance_s2: Estimate,
    pub waits: Estimate,
    /// P(number present >= n), n = 1, 2, ...
    pub present_at_least: Vec<Estimate>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ReplicationSummary {
    pub server: String,
    pub apply_delay_ms: Lag,
    pub seconds_behind: Estimate,
    /// Share of the time with something not applied.
    pub behind: Estimate,
    pub seconds_behind_p99: Estimate,
    pub backlog: Estimate,
    pub backlog_max: u64,
    pub reads: u64,
    pub stale_reads: Estimate,
    pub own_write_misses: Option<Estimate>,
    /// Acknowledged, and absent since this server was promoted; of all runs.
    pub transactions_lost: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct DatabaseSummary {
    #[serde(skip)]
    pub name: String,
    /// `None`: replication is asynchronous.
    pub semi_sync: Option<SemiSyncSummary>,
    pub backup: Option<BackupSummary>,
    /// `None`: the primary was always there.
    pub primary: Option<PrimarySummary>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SemiSyncSummary {
    /// Of commits that waited: until enough replicas had acknowledged them, or were not waited for any more.
    pub ack_wait_ms: Lag,
    /// To asynchronous replication, of each run; and the share of the time until the replicas had caught up.
    pub fallbacks: Estimate,
    pub asynchronous: Estimate,
}

#[derive(Clone, Debug, Serialize)]
pub struct BackupSummary {
    pub began_s: f64,
    pub took_s: Estimate,
    /// Runs in which it came to its end.
    pub finished: u64,
}

/// What the death of the primary cost, of each run.
#[derive(Clone, Debug, Serialize)]
pub struct PrimarySummary {
    /// How often it was gone.
    pub gone: Estimate,
    /// Until the next commit, in all and at most (RTO).
    pub write_outage_s: Estimate,
    pub write_outage_max_s: Estimate,
    /// Acknowledged to a client, and absent since (RPO).
    pub transactions_lost: Estimate,
    /// In the binlog when the primary died, and not acknowledged.
    pub in_doubt: Estimate,
    /// `None`: no replica was promoted.
    pub failover: Option<FailoverSummary>,
}

/// Seconds from the death of the primary on.
#[derive(Clone, Debug, Serialize)]
pub struct FailoverSummary {
    /// Of all runs.
    pub count: u64,
    pub noticed_s: Estimate,
    pub promoted_s: Estimate,
    /// Clients know of the new primary.
    pub switched_s: Estimate,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Lag {
    pub mean: Estimate,
    pub p50: Estimate,
    pub p95: Estimate,
    pub p99: Estimate,
    pub max: Estimate,
}

#[derive(Clone, Debug, Serialize)]
pub struct Bottleneck {
    pub station: String,
    pub utilization: Option<f64>,
    /// Total arrival rate at which it saturates, all traffic scaled alike.
    pub max_rate_per_s: Option<f64>,
}

/// A law that every run must obey, or a formula that the result can be held against.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    pub name: String,
    pub passed: bool,
    /// What was compared, in a sentence.
    pub detail: String,
    pub simulated: Option<f64>,
    pub expected: Option<f64>,
}

/// Something that may mislead, with advice.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Warning {
    /// Stable identifier: no_steady_state, few_tail_samples, few_runs, near_saturation, ...
    pub id: &'static str,
    pub message: String,
    pub advice: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Sensitivity {
    pub key: String,
    pub value: String,
    pub moved_to: String,
    /// Change of p99 with the value moved, percent.
    pub p99_change_percent: f64,
    pub source: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct AssumptionSummary {
    pub key: String,
    pub value: String,
    /// given, measured, fitted, default
    pub mark: &'static str,
    pub source: String,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Totals {
    pub requests: u64,
    pub events: u64,
}

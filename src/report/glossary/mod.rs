//! What each figure of the results means: the fields of summary.json, the columns of timeseries.csv, the warnings
//! and the reasons for which requests fail.
//!
//! In a name a part in capitals is a name of the user's, or one of a list: `traffic.CLASS.latency_ms.p99`.

#[cfg(test)]
mod tests;

use crate::simulation::result::FailureReason;

/// One figure, or one word of the results.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    pub name: &'static str,
    pub place: Place,
    /// Of the figure; empty where it has none.
    pub unit: &'static str,
    pub meaning: &'static str,
    /// How it is worked out; empty where the meaning says it.
    pub formula: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Summary,
    Timeseries,
    Warning,
    Failure,
}

impl Place {
    /// Where it stands.
    pub fn title(self) -> &'static str {
        match self {
            Place::Summary => "in summary.json",
            Place::Timeseries => "in timeseries.csv",
            Place::Warning => "a warning",
            Place::Failure => "a reason for which a request fails",
        }
    }
}

const fn field(name: &'static str, unit: &'static str, meaning: &'static str, formula: &'static str) -> Term {
    Term { name, place: Place::Summary, unit, meaning, formula }
}

const fn column(name: &'static str, unit: &'static str, meaning: &'static str) -> Term {
    Term { name, place: Place::Timeseries, unit, meaning, formula: "" }
}

const fn warning(name: &'static str, meaning: &'static str) -> Term {
    Term { name, place: Place::Warning, unit: "", meaning, formula: "" }
}

/// All of them.
pub fn terms() -> Vec<Term> {
    let failures = FailureReason::ALL.map(|reason| Term {
        name: reason.name(),
        place: Place::Failure,
        unit: "requests",
        meaning: of_reason(reason),
        formula: "",
    });
    [SUMMARY, TRAFFIC, STATIONS, DATABASES, INCIDENTS, VERDICTS, TIMESERIES, WARNINGS, &failures].concat()
}

fn of_reason(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::QueueTimeout => {
            "HAProxy's `timeout queue` passed in the queue of a backend: the client gets a 503 (termination state sQ)."
        }
        FailureReason::ConnectionsExhausted => {
            "nginx had no worker connection left when the client connected: the connection is closed without an answer."
        }
        FailureReason::UpstreamConnectionsExhausted => {
            "nginx had no worker connection left for the server behind it: the client gets a 500."
        }
        FailureReason::Refused => "The application's backlog was full: it refuses, and a proxy answers 502.",
        FailureReason::PoolTimeout => {
            "No connection of the database pool came free within `acquire_timeout`: the application answers 500."
        }
        FailureReason::TooManyConnections => {
            "The database had `max_connections` statements under way (error 1040): the application answers 500."
        }
        FailureReason::OutOfMemory => {
            "The OOM killer took the process that was working on it: reset, a proxy answers 502."
        }
        FailureReason::QueueFull => "A plain station's queue was at its `queue_limit`.",
        FailureReason::Abandoned => "Its `patience` ran out in a plain station's queue.",
        FailureReason::ClientTimeout => "The client's `timeout` passed without a whole answer.",
        FailureReason::ConnectionRefused => {
            "Nobody listens there: the process is down, and its kernel says so at once."
        }
        FailureReason::ConnectionReset => {
            "The process at the other end died, or a server that was restarted knows nothing of the connection."
        }
        FailureReason::ConnectTimeout => {
            "No connection within the caller's time-out for one, or before the kernel gave up sending SYNs: the other \
             side is silent."
        }
        FailureReason::AnswerTimeout => {
            "No answer within the caller's time-out for one (`timeout server`, `proxy_read_timeout`, `read_timeout`)."
        }
        FailureReason::UploadTimeout => {
            "HAProxy's `timeout client` passed while nothing came of the request's bytes: it answers 408 (termination \
             state cD), of which the client learns when it is reached again."
        }
        FailureReason::ReadOnly => {
            "The primary of the database was read-only while another server took its place for a maintenance (error 1290): \
             the application answers 500."
        }
        FailureReason::NoServer => "All servers of the backend are marked as down: HAProxy answers 503 at once.",
    }
}

const SUMMARY: &[Term] = &[
    field("schema_version", "", "Of this file. It grows when a field changes its meaning or goes.", ""),
    field("scenario.name", "", "The scenario's name.", ""),
    field(
        "scenario.sha256",
        "",
        "Of the scenario with all that it extends and all that --set changed; comments and the order of keys do not count.",
        "",
    ),
    field("seed", "", "Of all randomness; each run has one of its own made from it.", ""),
    field("runs", "runs", "Independent runs that the figures come from.", ""),
    field("warmup_s", "s", "Simulated before t = 0 and left out of all figures.", "MSER-5 on pilot runs, if \"auto\""),
    field("warmup_auto", "", "Whether the warm-up was found by pilot runs.", ""),
    field("measured_s", "s", "Measured time of each run.", ""),
    field("verdict", "", "Whether the objectives are met: pass, fail or inconclusive; \"none asked\" without any.", ""),
    field("slo", "", "The objectives, each with its verdict.", ""),
    field("slo[].that", "", "The objective, as written.", ""),
    field("slo[].scope", "", "Class, station or server, and time; empty: all requests, all the time.", ""),
    field("slo[].unit", "", "Of the numbers of this objective.", ""),
    field("slo[].bound", "", "What it is held against.", ""),
    field("slo[].smaller_is_better", "", "Whether the value shall be below the bound, and not above it.", ""),
    field(
        "slo[].value",
        "",
        "What was found; of what is judged run by run, the worst. null: no data, or censored.",
        "",
    ),
    field("slo[].censored", "", "The value lies among the failures, or had not come when the run was over.", ""),
    field("slo[].interval[]", "", "What the verdict was read off, where it was an interval of the value.", ""),
    field("slo[].confidence", "share", "Of that interval: all verdicts together are right with 95%.", ""),
    field("slo[].runs", "runs", "Runs that had data.", ""),
    field("slo[].verdict", "", "pass, fail or inconclusive.", ""),
    field("slo[].why", "", "What the verdict rests on, where value and interval do not say it.", ""),
    field("slo[].written", "", "The line of the scenario.", ""),
    field("per_run.program_version", "", "Of the program that made the result, for comparisons with it.", ""),
    field("per_run.figures.FIGURE[]", "", "The figure's value in each run; its key is the way to it in this file.", ""),
    field("totals.requests", "requests", "Finished in all runs, the warm-up's included.", ""),
    field("totals.events", "events", "Simulated in all runs, the warm-up's included.", ""),
    field("assumptions[].key", "", "A key of the scenario.", ""),
    field("assumptions[].value", "", "Its value, as TOML.", ""),
    field("assumptions[].mark", "", "given, measured, fitted or default.", ""),
    field("assumptions[].source", "", "Where the value comes from.", ""),
    field("sensitivities[].key", "", "A default that moves p99 of all requests; largest first.", ""),
    field("sensitivities[].value", "", "What it is.", ""),
    field("sensitivities[].moved_to", "", "What it was moved to.", ""),
    field(
        "sensitivities[].p99_change_percent",
        "%",
        "How far p99 moves with it.",
        "100 x (p99 with the moved value / p99 - 1), the same requests in both",
    ),
    field("sensitivities[].source", "", "Where the default comes from.", ""),
];

const PERCENTILE: &str =
    "value at rank ceil(q x n) of all runs' requests together; interval: Student-t over those of the runs";

const TRAFFIC: &[Term] = &[
    field("traffic.CLASS.offered", "requests", "Arrived while it was measured, in all runs together.", ""),
    field("traffic.CLASS.attempts", "requests", "Sent by clients, repeated ones included, in all runs together.", ""),
    field("traffic.CLASS.completed", "requests", "Answered while it was measured, in all runs together.", ""),
    field("traffic.CLASS.failed", "requests", "Finished without their answer, in all runs together.", ""),
    field(
        "traffic.CLASS.throughput_per_s",
        "requests/s",
        "Answered requests in a second.",
        "completed / measured time",
    ),
    field(
        "traffic.CLASS.availability",
        "share",
        "Share of finished requests that were answered.",
        "completed / (completed + failed)",
    ),
    field("traffic.CLASS.failures.REASON", "requests", "Failed requests by the reason of their last attempt.", ""),
    field(
        "traffic.CLASS.failed_with.STATUS",
        "requests",
        "Failed requests by the status of the error page that the client got; none: no answer at all.",
        "",
    ),
    field(
        "traffic.CLASS.latency_ms.mean",
        "ms",
        "Of answered requests, from the intended arrival to the last byte: handshakes, round trips, retries and waits \
         between them included.",
        "",
    ),
    field(
        "traffic.CLASS.latency_ms.p50",
        "ms",
        "Half of the answered requests were faster, from the intended arrival to the last byte.",
        PERCENTILE,
    ),
    field(
        "traffic.CLASS.latency_ms.p90",
        "ms",
        "90% of the answered requests were faster, from the intended arrival to the last byte.",
        PERCENTILE,
    ),
    field(
        "traffic.CLASS.latency_ms.p95",
        "ms",
        "95% of the answered requests were faster, from the intended arrival to the last byte.",
        PERCENTILE,
    ),
    field(
        "traffic.CLASS.latency_ms.p99",
        "ms",
        "99% of the answered requests were faster, from the intended arrival to the last byte.",
        PERCENTILE,
    ),
    field(
        "traffic.CLASS.latency_ms.p99_9",
        "ms",
        "99.9% of the answered requests were faster, from the intended arrival to the last byte.",
        PERCENTILE,
    ),
    field("traffic.CLASS.latency_ms.max", "ms", "The slowest answered request of all runs. It has no interval.", ""),
    field(
        "traffic.CLASS.latency_all_ms.STATISTIC",
        "ms",
        "As latency_ms, but of all finished requests, with every failure ranked above every answer. A percentile among the \
         failures is marked `censored`: it is greater than the value.",
        PERCENTILE,
    ),
    field("value", "", "Of an estimate: the figure itself; null where nothing was observed.", ""),
    field(
        "ci95",
        "",
        "Of an estimate: the 95% confidence interval of its long-run value; null where none can be stood by, and a \
         warning says why.",
        "Student-t over the runs; shares: Clopper-Pearson on the effective sample size",
    ),
    field("censored", "", "Of an estimate: it lies among the failures, and is greater than the value.", ""),
];

const STATIONS: &[Term] = &[
    field(
        "stations.STATION.role",
        "",
        "cpu, disk, nic_out, nic_in, pool (slots that requests hold), station, stage (of a group commit) or applier.",
        "",
    ),
    field("stations.STATION.workers", "workers", "Requests that it serves at a time; null: unlimited.", ""),
    field(
        "stations.STATION.utilization",
        "share",
        "Busy share of its workers.",
        "busy worker-seconds / (workers x time)",
    ),
    field("stations.STATION.queue_mean", "requests", "Waiting there, mean over time.", "present_mean - busy workers"),
    field(
        "stations.STATION.present_mean",
        "requests",
        "Waiting or in service there, mean over time.",
        "Little: rate x sojourn",
    ),
    field("stations.STATION.waiting_ms", "ms", "Mean wait of a visit.", "sojourn_ms - service_ms"),
    field("stations.STATION.service_ms", "ms", "Mean work of a visit, on this station's workers.", ""),
    field(
        "stations.STATION.sojourn_ms",
        "ms",
        "Mean time of a visit, waiting and service.",
        "present_mean / throughput",
    ),
    field("stations.STATION.throughput_per_s", "visits/s", "Visits that ended in a second.", ""),
    field("stations.STATION.lost", "visits", "Turned away or given up, in all runs together.", ""),
    field(
        "stations.STATION.offered_erlangs",
        "erlangs",
        "Work that arrives, computed from the scenario where it can be. Above the number of workers the queue grows for \
         ever.",
        "arrival rate x mean service time",
    ),
    field(
        "stations.STATION.detail.waiting_ms.STATISTIC",
        "ms",
        "Percentiles of waiting, with `percentiles = true`.",
        "",
    ),
    field("stations.STATION.detail.sojourn_ms.STATISTIC", "ms", "Percentiles of the sojourn.", ""),
    field("stations.STATION.detail.sojourn_variance_s2", "s^2", "Variance of the sojourn.", ""),
    field("stations.STATION.detail.waits", "share", "Share of visits that had to wait.", ""),
    field(
        "stations.STATION.detail.present_at_least[]",
        "share",
        "Share of the time with 1, 2, ... or more present.",
        "",
    ),
    field("bottleneck.station", "", "The station that saturates first when all traffic grows alike.", ""),
    field("bottleneck.utilization", "share", "Its utilization.", ""),
    field(
        "bottleneck.max_rate_per_s",
        "requests/s",
        "Rate of all traffic together at which it saturates.",
        "rate / offered load for each worker",
    ),
];

const DATABASES: &[Term] = &[
    field(
        "replication.SERVER.apply_delay_ms.STATISTIC",
        "ms",
        "Of a transaction: from its commit (in the binlog) until it is applied on this replica.",
        "",
    ),
    field(
        "replication.SERVER.seconds_behind",
        "s",
        "Age of the oldest commit that is not applied, mean over time; 0 when caught up.",
        "",
    ),
    field("replication.SERVER.behind", "share", "Share of the time with something not applied.", ""),
    field("replication.SERVER.seconds_behind_p99", "s", "For 1% of the time it was further behind.", ""),
    field("replication.SERVER.backlog", "transactions", "Committed and not applied, mean over time.", ""),
    field("replication.SERVER.backlog_max", "transactions", "The most of any run.", ""),
    field("replication.SERVER.reads", "statements", "Reads that this replica answered, in all runs together.", ""),
    field(
        "replication.SERVER.stale_reads",
        "share",
        "Share of these reads while an older commit was not applied: an upper bound, since keys are not modelled.",
        "",
    ),
    field(
        "replication.SERVER.own_write_misses",
        "share",
        "Reads that miss the user's own write; null without sessions.",
        "",
    ),
    field(
        "replication.SERVER.transactions_lost",
        "transactions",
        "Acknowledged to a client, and absent since this server was promoted, in all runs together.",
        "",
    ),
    field("databases.DATABASE.semi_sync", "", "What semi-synchronous replication cost; null: asynchronous.", ""),
    field(
        "databases.DATABASE.semi_sync.ack_wait_ms.STATISTIC",
        "ms",
        "Wait of a commit for the replicas' acknowledgement, or until it was not waited for any more.",
        "",
    ),
    field("databases.DATABASE.semi_sync.fallbacks", "times a run", "Falls back to asynchronous replication.", ""),
    field("databases.DATABASE.semi_sync.asynchronous", "share", "Share of the time that it stayed so.", ""),
    field("databases.DATABASE.backup", "", "A backup; null: none.", ""),
    field("databases.DATABASE.backup.began_s", "s", "When it began, from t = 0.", ""),
    field("databases.DATABASE.backup.took_s", "s", "How long it took.", ""),
    field("databases.DATABASE.backup.finished", "runs", "Runs in which it came to its end.", ""),
    field("databases.DATABASE.primary", "", "What the loss of the primary cost; null: it was always there.", ""),
    field("databases.DATABASE.primary.gone", "times a run", "How often the primary was gone.", ""),
    field("databases.DATABASE.primary.write_outage_s", "s", "From its end to the next commit, in all (RTO).", ""),
    field("databases.DATABASE.primary.write_outage_max_s", "s", "The longest such time of a run.", ""),
    field(
        "databases.DATABASE.primary.transactions_lost",
        "transactions a run",
        "Acknowledged to a client, and absent since (RPO).",
        "",
    ),
    field(
        "databases.DATABASE.primary.in_doubt",
        "transactions a run",
        "In the binlog when the primary died, and not acknowledged.",
        "",
    ),
    field(
        "databases.DATABASE.primary.failover",
        "",
        "A promotion, also for a maintenance; null: no replica was promoted.",
        "",
    ),
    field("databases.DATABASE.primary.failover.count", "promotions", "In all runs together.", ""),
    field(
        "databases.DATABASE.primary.failover.noticed_s",
        "s",
        "From the primary's end until it was noticed; 0 of a maintenance.",
        "",
    ),
    field("databases.DATABASE.primary.failover.promoted_s", "s", "From its end until the replica took writes.", ""),
    field("databases.DATABASE.primary.failover.switched_s", "s", "From its end until clients knew of it.", ""),
];

const INCIDENTS: &[Term] = &[
    field("incidents[].fault", "", "The fault's number in the scenario, from 1.", ""),
    field("incidents[].what", "", "What happened.", ""),
    field("incidents[].at_s", "s", "When, from t = 0.", ""),
    field("incidents[].until_s", "s", "When it ended; null: it lasts to the end.", ""),
    field(
        "incidents[].detected_s",
        "s",
        "When software first took something to be down, or moved a role, from t = 0.",
        "",
    ),
    field("incidents[].noticed[].what", "", "What was noticed, and by whom.", ""),
    field("incidents[].noticed[].at_s", "s", "When first, from t = 0.", ""),
    field(
        "incidents[].recovered_s",
        "s",
        "When requests were answered again, from t = 0; null: few failed, or they fail to the end.",
        "end of the last window in which more than 1% failed",
    ),
    field(
        "incidents[].failures",
        "requests a run",
        "That failed from the fault on until they were answered again.",
        "",
    ),
    field("incidents[].failed_by.REASON", "requests a run", "The same by reason.", ""),
    field("incidents[].p99_ms_during", "ms", "Of requests answered while the fault lasts.", ""),
    field("random_faults[].fault", "", "The number in the scenario of a fault that comes at random, from 1.", ""),
    field("random_faults[].what", "", "What happens.", ""),
    field("random_faults[].times", "times a run", "How often it began.", ""),
    field("random_faults[].lasted_s", "s a run", "How long it was there altogether.", ""),
    field("random_faults[].failures", "requests a run", "That failed meanwhile.", ""),
    field("random_faults[].failed_by.REASON", "requests a run", "The same by reason.", ""),
    field("random_faults[].p99_ms_during", "ms", "Of requests answered meanwhile.", ""),
];

const VERDICTS: &[Term] = &[
    field("checks[].name", "", "A law that every run must obey, or a formula that the result can be held against.", ""),
    field("checks[].passed", "", "Whether it holds; if not, the result cannot be trusted.", ""),
    field("checks[].detail", "", "What was compared.", ""),
    field("checks[].simulated", "", "What the simulation says; null where there is no one number.", ""),
    field("checks[].expected", "", "What the law or the formula says.", ""),
    field("warnings[].id", "", "Which warning; ask for its name.", ""),
    field("warnings[].message", "", "What may mislead.", ""),
    field("warnings[].advice", "", "What to do about it.", ""),
];

const TIMESERIES: &[Term] = &[
    column("t_s", "s", "Beginning of the window, from t = 0."),
    column("arrived_per_s", "requests/s", "Arrivals in the window, mean of all runs."),
    column("completed_per_s", "requests/s", "Requests answered in the window, mean of all runs."),
    column("failed_per_s", "requests/s", "Requests that failed in the window, mean of all runs."),
    column("failed_REASON_per_s", "requests/s", "The same for one reason."),
    column("latency_p50_ms", "ms", "Of requests answered in the window, all runs together; empty without any."),
    column("latency_p95_ms", "ms", "Of requests answered in the window, all runs together; empty without any."),
    column("latency_p99_ms", "ms", "Of requests answered in the window, all runs together; empty without any."),
    column("latency_mean_ms", "ms", "Of requests answered in the window, all runs together; empty without any."),
    column("STATION.utilization", "share", "Busy share of the station's workers in the window; empty: unlimited."),
    column("STATION.queue_mean", "requests", "Waiting at the station, mean over the window."),
];

const WARNINGS: &[Term] = &[
    warning(
        "no_steady_state",
        "Work arrives faster than it is done, and nothing turns it away: queues grow as long as the run lasts. Lower the \
         rate or add workers.",
    ),
    warning(
        "overload",
        "The same, but requests are refused or give up. Judge latency_all_ms, in which failures count, and not latency_ms.",
    ),
    warning(
        "near_saturation",
        "A station is busy for more than 90% of the time: a little more load changes everything, and averages settle \
         slowly. Measure longer.",
    ),
    warning("retries", "Clients who try again bring notably more traffic than the scenario says."),
    warning("few_runs", "Fewer than 5 runs: percentiles have no interval; a single run: nothing has."),
    warning("precision_not_reached", "`--precision` was not reached within the most runs. Measure longer."),
    warning(
        "few_tail_samples",
        "A percentile has fewer than 20 observations beyond it in some run, and so no interval.",
    ),
    warning("histogram_resolution", "The histogram's buckets (0.1%) are not small beside an interval."),
    warning("nothing_completed", "No request was completed in the measured time."),
    warning("without_effect", "A key of the scenario that nothing in it asks for."),
    warning("fault_after_the_end", "A fault comes when the run is over."),
    warning("fault_within_another", "A fault takes away what another has taken away already."),
    warning("no_warmup_found", "The warm-up could not be found, and so there are no intervals: give its length."),
    warning(
        "fixed_trace",
        "Arrivals and work both come from a trace: one run says all there is, and there is no chance to give an interval.",
    ),
    warning("trace_lines_left_out", "Lines of a trace are unreadable or match no rule, and were not played."),
    warning("recorded_timers", "Something about a trace's timers that is used as work; they contain waiting."),
    warning("memory_short", "The processes of a server take more memory than it has before the first request comes."),
    warning("address_stays", "A load balancer's process dies, and no track_script moves the address."),
    warning("equal_priorities", "Two keepalived have the same priority, so their addresses decide."),
    warning("backup_after_the_end", "A backup begins when the run is over."),
    warning("fault_without_effect", "A fault stops or slows what no request uses."),
    warning("own_faults_left_out", "spof looks at each failure alone, without the scenario's own faults."),
    warning("below_objective_without_failure", "Some class misses the objective of spof without any failure."),
    warning("not_answered", "A question of plan that cannot be answered for this scenario."),
    warning("markov_truncated", "The Markov model of spof leaves out states with so many failed that they matter."),
];

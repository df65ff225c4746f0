//! summary.json: objects keyed by name, in the order of the scenario; floats in the shortest form that
//! reads back to the same bits, what is not a number as null.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::experiment::compare::baseline::CENSORED;
use crate::experiment::per_run::{Figure, Observed, PerRun};
use crate::experiment::summary::{
    AssumptionSummary, Bottleneck, Check, DatabaseSummary, Estimate, Incident, Lag, Latency, ObjectiveSummary,
    RandomFault, ReplicationSummary, ScenarioId, Sensitivity, StationDetailSummary, StationSummary, Summary, Totals,
    TrafficSummary, Warning,
};

pub fn render(summary: &Summary) -> String {
    pretty(&Document::of(summary))
}

/// Two spaces of indentation and a newline at the end.
pub(super) fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a report has string keys and no failing parts");
    text.push('\n');
    text
}

/// The schema. Each part takes the summary's apart field by field, so that a new field does not compile
/// until it has its place here.
#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    scenario: &'a ScenarioId,
    seed: u64,
    runs: u32,
    warmup_s: f64,
    warmup_auto: bool,
    measured_s: f64,
    verdict: &'a str,
    slo: &'a [ObjectiveSummary],
    totals: Totals,
    traffic: Object<'a, Traffic<'a>>,
    stations: Object<'a, Station<'a>>,
    replication: Object<'a, Replication<'a>>,
    databases: Object<'a, &'a DatabaseSummary>,
    incidents: &'a [Incident],
    random_faults: &'a [RandomFault],
    bottleneck: &'a Option<Bottleneck>,
    checks: &'a [Check],
    warnings: &'a [Warning],
    sensitivities: &'a [Sensitivity],
    assumptions: &'a [AssumptionSummary],
    /// null: too many runs.
    per_run: Option<PerRunDocument<'a>>,
}

impl<'a> Document<'a> {
    fn of(summary: &'a Summary) -> Self {
        let Summary {
            schema_version,
            scenario,
            seed,
            runs,
            warmup_s,
            warmup_auto,
            measured_s,
            verdict,
            slo,
            traffic,
            stations,
            replication,
            databases,
            incidents,
            random_faults,
            bottleneck,
            checks,
            warnings,
            sensitivities,
            assumptions,
            totals,
            per_run,
        } = summary;
        Document {
            schema_version: *schema_version,
            scenario,
            seed: *seed,
            runs: *runs,
            warmup_s: *warmup_s,
            warmup_auto: *warmup_auto,
            measured_s: *measured_s,
            verdict,
            slo,
            totals: *totals,
            traffic: Object(traffic.iter().map(Traffic::of).collect()),
            stations: Object(stations.iter().map(Station::of).collect()),
            replication: Object(replication.iter().map(Replication::of).collect()),
            databases: Object(databases.iter().map(|d| (d.name.as_str(), d)).collect()),
            incidents,
            random_faults,
            bottleneck,
            checks,
            warnings,
            sensitivities,
            assumptions,
            per_run: per_run.as_ref().map(PerRunDocument::of),
        }
    }
}

/// Values of each run by figure, as a comparison reads them again; the figure's key is the way to it in this document.
#[derive(Serialize)]
struct PerRunDocument<'a> {
    program_version: &'a str,
    figures: Values<'a>,
}

impl<'a> PerRunDocument<'a> {
    fn of(per_run: &'a PerRun) -> Self {
        let PerRun { program_version, figures } = per_run;
        PerRunDocument { program_version, figures: Values(figures) }
    }
}

struct Values<'a>(&'a [(Figure, Vec<Observed>)]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(figure, values)| (figure.key(), on_one_line(values))))
    }
}

/// Most of a summary would else be their line breaks.
fn on_one_line(values: &[Observed]) -> Box<RawValue> {
    let value = |value: &Observed| match value {
        None => "null".to_owned(),
        Some(value) if value.is_finite() => serde_json::to_string(value).expect("a number is JSON"),
        Some(_) => format!("{CENSORED:?}"),
    };
    let values: Vec<String> = values.iter().map(value).collect();
    RawValue::from_string(format!("[{}]", values.join(", "))).expect("a list of numbers is JSON")
}

/// A list of named things as an object, in its order.
struct Object<'a, T>(Vec<(&'a str, T)>);

impl<T: Serialize> Serialize for Object<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn object<T>(named: &[(String, T)]) -> Object<'_, &T> {
    Object(named.iter().map(|(name, value)| (name.as_str(), value)).collect())
}

#[derive(Serialize)]
struct Traffic<'a> {
    offered: u64,
    attempts: u64,
    completed: u64,
    failed: u64,
    throughput_per_s: Estimate,
    availability: Estimate,
    failures: Object<'a, &'a u64>,
    failed_with: Object<'a, &'a u64>,
    latency_ms: Latency,
    latency_all_ms: Latency,
}

impl<'a> Traffic<'a> {
    fn of(class: &'a TrafficSummary) -> (&'a str, Self) {
        let TrafficSummary {
            name,
            offered,
            attempts,
            completed,
            failed,
            throughput_per_s,
            availability,
            failures,
            failed_with,
            latency_ms,
            latency_all_ms,
        } = class;
        let traffic = Traffic {
            offered: *offered,
            attempts: *attempts,
            completed: *completed,
            failed: *failed,
            throughput_per_s: *throughput_per_s,
            availability: *availability,
            failures: object(failures),
            failed_with: object(failed_with),
            latency_ms: *latency_ms,
            latency_all_ms: *latency_all_ms,
        };
        (name, traffic)
    }
}

#[derive(Serialize)]
struct Station<'a> {
    role: &'a str,
    /// null: unlimited.
    workers: Option<u32>,
    utilization: Estimate,
    queue_mean: Estimate,
    present_mean: Estimate,
    waiting_ms: Estimate,
    service_ms: Estimate,
    sojourn_ms: Estimate,
    throughput_per_s: Estimate,
    lost: u64,
    offered_erlangs: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<StationDetail<'a>>,
}

impl<'a> Station<'a> {
    fn of(station: &'a StationSummary) -> (&'a str, Self) {
        let StationSummary {
            name,
            role,
            workers,
            utilization,
            queue_mean,
            present_mean,
            waiting_ms,
            service_ms,
            sojourn_ms,
            throughput_per_s,
            lost,
            offered_erlangs,
            detail,
        } = station;
        let station = Station {
            role,
            workers: *workers,
            utilization: *utilization,
            queue_mean: *queue_mean,
            present_mean: *present_mean,
            waiting_ms: *waiting_ms,
            service_ms: *service_ms,
            sojourn_ms: *sojourn_ms,
            throughput_per_s: *throughput_per_s,
            lost: *lost,
            offered_erlangs: *offered_erlangs,
            detail: detail.as_ref().map(StationDetail::of),
        };
        (name, station)
    }
}

#[derive(Serialize)]
struct StationDetail<'a> {
    waiting_ms: Object<'a, &'a Estimate>,
    sojourn_ms: Object<'a, &'a Estimate>,
    sojourn_variance_s2: Estimate,
    waits: Estimate,
    present_at_least: &'a [Estimate],
}

impl<'a> StationDetail<'a> {
    fn of(detail: &'a StationDetailSummary) -> Self {
        let StationDetailSummary { waiting_ms, sojourn_ms, sojourn_variance_s2, waits, present_at_least } = detail;
        StationDetail {
            waiting_ms: object(waiting_ms),
            sojourn_ms: object(sojourn_ms),
            sojourn_variance_s2: *sojourn_variance_s2,
            waits: *waits,
            present_at_least,
        }
    }
}

#[derive(Serialize)]
struct Replication<'a> {
    apply_delay_ms: Lag,
    seconds_behind: Estimate,
    behind: Estimate,
    seconds_behind_p99: Estimate,
    backlog: Estimate,
    backlog_max: u64,
    reads: u64,
    stale_reads: Estimate,
    /// null without sessions.
    own_write_misses: &'a Option<Estimate>,
    transactions_lost: u64,
}

impl<'a> Replication<'a> {
    fn of(replica: &'a ReplicationSummary) -> (&'a str, Self) {
        let ReplicationSummary {
            server,
            apply_delay_ms,
            seconds_behind,
            behind,
            seconds_behind_p99,
            backlog,
            backlog_max,
            reads,
            stale_reads,
            own_write_misses,
            transactions_lost,
        } = replica;
        let replication = Replication {
            apply_delay_ms: *apply_delay_ms,
            seconds_behind: *seconds_behind,
            behind: *behind,
            seconds_behind_p99: *seconds_behind_p99,
            backlog: *backlog,
            backlog_max: *backlog_max,
            reads: *reads,
            stale_reads: *stale_reads,
            own_write_misses,
            transactions_lost: *transactions_lost,
        };
        (server, replication)
    }
}

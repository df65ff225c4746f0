//! Simulations held against a real stack: HAProxy, nginx, an application and MariaDB on one machine, whose
//! arrivals and service times were recorded. Given the same of both, the simulator must come out with the same
//! waiting, the same failures and the same lag: means within 3%, 99th percentiles within 6%.
//!
//! The scenarios are tests/lab/*.toml, the recordings tests/data/lab; both say where their figures come from.
//! Nothing is fitted to what is compared here.

use std::path::{Path, PathBuf};

use foobar_sim::experiment::runner::{Options, run};
use foobar_sim::experiment::summary::Summary;
use foobar_sim::scenario::{Overrides, load};

const MEAN_ERROR_MAX: f64 = 0.03;
const P99_ERROR_MAX: f64 = 0.06;

fn simulated(case: &str) -> Summary {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/lab/{case}.toml"));
    let scenario = load(&file, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"));
    run(&scenario, &Options::default(), &|_| {}).expect("the recording can be read").summary
}

/// A column of a recording; empty cells left out.
fn recorded(file: &str, column: &str) -> Vec<f64> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lab").join(file);
    let opened = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut rows = csv::Reader::from_reader(flate2::read::GzDecoder::new(opened));
    let at = rows.headers().expect("a first line").iter().position(|name| name == column).expect("the column");
    rows.records().filter_map(|row| row.expect("a row")[at].parse().ok()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((q * sorted.len() as f64).ceil() as usize).max(1) - 1]
}

struct Compared {
    case: &'static str,
    wrong: Vec<String>,
}

impl Compared {
    fn new(case: &'static str) -> Compared {
        Compared { case, wrong: Vec::new() }
    }

    fn relative(&mut self, name: &str, measured: f64, simulated: Option<f64>, error_max: f64) {
        let simulated = simulated.unwrap_or(f64::NAN);
        self.judge(name, measured, simulated, simulated / measured - 1.0, error_max);
    }

    fn absolute(&mut self, name: &str, measured: f64, simulated: f64, error_max: f64) {
        self.judge(name, measured, simulated, simulated - measured, error_max);
    }

    fn judge(&mut self, name: &str, measured: f64, simulated: f64, error: f64, error_max: f64) {
        let within = error.abs() <= error_max;
        let line = format!(
            "{:6} {name:24} measured {measured:10.3}  simulated {simulated:10.3}  {:+6.2}% of at most {:.0}%  {}",
            self.case,
            100.0 * error,
            100.0 * error_max,
            if within { "pass" } else { "MISS" }
        );
        println!("{line}");
        if !within {
            self.wrong.push(line);
        }
    }

    fn end(self) {
        assert!(self.wrong.is_empty(), "\n{}", self.wrong.join("\n"));
    }
}

/// Mean and p99 of the response times.
fn responses(case: &'static str) -> (Compared, Summary) {
    let measured = recorded(&format!("{case}-requests.csv.gz"), "lat_ms");
    let summary = simulated(case);
    let latency = summary.traffic[0].latency_ms;
    let mut compared = Compared::new(case);
    compared.relative("mean ms", mean(&measured), latency.mean.value, MEAN_ERROR_MAX);
    compared.relative("p99 ms", quantile(&measured, 0.99), latency.p99.value, P99_ERROR_MAX);
    (compared, summary)
}

#[test]
fn four_workers_at_half_load_answer_as_in_the_lab() {
    responses("e1-a50").0.end();
}

#[test]
fn four_workers_at_seven_tenths_answer_as_in_the_lab() {
    responses("e1-a70").0.end();
}

#[test]
fn four_workers_near_saturation_answer_as_in_the_lab() {
    responses("e1-a85").0.end();
}

#[test]
fn a_queue_in_haproxy_answers_as_in_the_lab() {
    responses("e1-b70").0.end();
}

#[test]
fn one_worker_that_burns_cpu_answers_as_in_the_lab() {
    responses("e1-c15").0.end();
}

/// Share of the requests that went to the slow one of two servers.
fn slow_share(summary: &Summary) -> f64 {
    let throughput = |name: &str| {
        let station = summary.stations.iter().find(|s| s.name == name).expect("a pool of workers for each server");
        station.throughput_per_s.value.expect("it was used")
    };
    let (fast, slow) = (throughput("app.app1.workers"), throughput("app.app2.workers"));
    slow / (fast + slow)
}

#[test]
fn round_robin_over_unlike_servers_answers_as_in_the_lab() {
    let (mut compared, summary) = responses("e3-rr80");
    compared.absolute("share of the slow server", 0.5, slow_share(&summary), 0.01);
    compared.end();
}

#[test]
fn least_connections_over_unlike_servers_answer_as_in_the_lab() {
    let (mut compared, summary) = responses("e3-lc80");
    compared.absolute("share of the slow server", 0.384, slow_share(&summary), 0.015);
    compared.end();
}

fn replication(case: &'static str) {
    let measured = recorded(&format!("{case}-writes.csv.gz"), "delay_ms");
    let summary = simulated(case);
    let delay = summary.replication[0].apply_delay_ms;
    let mut compared = Compared::new(case);
    compared.relative("apply delay mean ms", mean(&measured), delay.mean.value, MEAN_ERROR_MAX);
    compared.relative("apply delay p99 ms", quantile(&measured, 0.99), delay.p99.value, P99_ERROR_MAX);
    compared.end();
}

#[test]
fn a_replica_at_half_load_lags_as_in_the_lab() {
    replication("e5-w25");
}

#[test]
fn a_replica_at_seven_tenths_lags_as_in_the_lab() {
    replication("e5-w35");
}

#[test]
fn a_saturated_replica_falls_behind_as_in_the_lab() {
    replication("e5-w60");
}

#[test]
fn an_overloaded_queue_turns_away_as_many_as_in_the_lab() {
    let case = "e6-q120";
    let status = recorded("e6-q120-requests.csv.gz", "status");
    let latency = recorded("e6-q120-requests.csv.gz", "lat_ms");
    let answered: Vec<f64> = (latency.iter().zip(&status)).filter(|(_, s)| **s == 200.0).map(|(l, _)| *l).collect();
    let summary = simulated(case);
    let all = &summary.traffic[0];
    let mut compared = Compared::new(case);
    let share = all.completed as f64 / (all.completed + all.failed) as f64;
    compared.relative("answered share", answered.len() as f64 / status.len() as f64, Some(share), MEAN_ERROR_MAX);
    compared.relative("p50 ms", quantile(&answered, 0.5), all.latency_ms.p50.value, MEAN_ERROR_MAX);
    compared.relative("p99 ms", quantile(&answered, 0.99), all.latency_ms.p99.value, P99_ERROR_MAX);
    compared.end();
}

/// Within a tenth: one run on either side, and every retry adds to what it suffers from.
const RETRIES_ERROR_MAX: f64 = 0.1;

#[test]
fn clients_who_try_again_get_as_many_answers_as_in_the_lab() {
    let case = "e6-q120r";
    let column = |name: &str| recorded("e6-q120r-requests.csv.gz", name);
    let (status, latency, attempts) = (column("status"), column("lat_ms"), column("attempts"));
    let answered: Vec<f64> = (latency.iter().zip(&status)).filter(|(_, s)| **s == 200.0).map(|(l, _)| *l).collect();
    let summary = simulated(case);
    let all = &summary.traffic[0];
    let mut compared = Compared::new(case);
    let share = all.completed as f64 / (all.completed + all.failed) as f64;
    compared.relative("answered share", answered.len() as f64 / status.len() as f64, Some(share), RETRIES_ERROR_MAX);
    compared.relative("attempts", attempts.iter().sum(), Some(all.attempts as f64), RETRIES_ERROR_MAX);
    compared.relative("p50 ms", quantile(&answered, 0.5), all.latency_ms.p50.value, RETRIES_ERROR_MAX);
    compared.relative("p99 ms", quantile(&answered, 0.99), all.latency_ms.p99.value, RETRIES_ERROR_MAX);
    compared.end();
}

#[test]
fn a_frozen_application_costs_as_many_answers_as_in_the_lab() {
    let case = "e6-m70n";
    let column = |name: &str| recorded("e6-m70n-requests.csv.gz", name);
    let (status, latency, arrived) = (column("status"), column("lat_ms"), column("sched_s"));
    let answered: Vec<f64> = (latency.iter().zip(&status)).filter(|(_, s)| **s == 200.0).map(|(l, _)| *l).collect();
    let last_lost = arrived.iter().zip(&status).filter(|(_, s)| **s != 200.0).map(|(at, _)| *at).fold(0.0, f64::max);
    let summary = simulated(case);
    let (all, incident) = (&summary.traffic[0], &summary.incidents[0]);
    let mut compared = Compared::new(case);
    compared.relative("lost", (status.len() - answered.len()) as f64, Some(all.failed as f64), RETRIES_ERROR_MAX);
    compared.relative("p50 ms", quantile(&answered, 0.5), all.latency_ms.p50.value, RETRIES_ERROR_MAX);
    compared.relative("mean ms", mean(&answered), all.latency_ms.mean.value, RETRIES_ERROR_MAX);
    // a request is lost a second after it came
    compared.relative("answered again, s", last_lost + 1.0, incident.recovered_s, RETRIES_ERROR_MAX);
    assert_eq!(incident.failures.value, Some(all.failed as f64), "nobody is lost at another time");
    compared.end();
}

/// Requests of a class, with their answers, as recorded: (arrival, whether it failed).
fn recorded_kind(file: &str, kind: &str) -> Vec<(f64, bool)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lab").join(file);
    let mut rows =
        csv::Reader::from_reader(flate2::read::GzDecoder::new(std::fs::File::open(path).expect("it is there")));
    let rows = rows.records().map(|row| row.expect("a row"));
    let number = |row: &csv::StringRecord, at: usize| row[at].parse::<f64>().expect("a number");
    rows.filter(|row| &row[1] == kind).map(|row| (number(&row, 0), number(&row, 4) != 200.0)).collect()
}

/// Runs of a case that differ in what its recording leaves to chance.
fn several(case: &str, runs: u32) -> Vec<foobar_sim::simulation::result::RunResult> {
    use foobar_sim::simulation::{Records, RunPlan, compile::compile, run};
    use foobar_sim::workload::trace::TraceReader;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/lab/{case}.toml"));
    let scenario = load(&file, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"));
    let compiled = compile(&scenario);
    let traces = |source: usize| -> Records<'_> {
        let foobar_sim::scenario::Process::Trace(trace) = &scenario.traffic[source].process else { panic!("a trace") };
        Box::new(TraceReader::open(trace).expect("it can be read").map(|record| record.expect("a request")))
    };
    let one =
        |number| run(&scenario, &compiled, &RunPlan { run: number, warmup_s: 0.0, duration_s: None, traces: &traces });
    (0..runs).map(one).collect()
}

const FAILED_ERROR_MAX: f64 = 0.1;

#[test]
fn writes_fail_until_a_killed_primary_is_back_as_in_the_lab() {
    let case = "e4-restart";
    let writes = recorded_kind("e4-restart-requests.csv.gz", "write");
    let failed = writes.iter().filter(|(_, failed)| *failed).count();
    let run = &several(case, 1)[0];
    let mut compared = Compared::new(case);
    compared.relative("failed writes", failed as f64, Some(run.classes[1].failures() as f64), FAILED_ERROR_MAX);
    compared.absolute("failed reads", 0.0, run.classes[0].failures() as f64, 0.0);
    compared.relative("writes fail for, s", 15.3, Some(run.databases[0].outage_ns as f64 / 1e9), FAILED_ERROR_MAX);
    compared.absolute("transactions lost", 0.0, run.databases[0].transactions_lost as f64, 0.0);
    compared.end();
}

/// When the watcher looks at the primary is chance: of many runs, those that notice as soon as the recorded one.
#[test]
fn a_replica_is_promoted_as_in_the_lab() {
    let case = "e4-promote";
    let writes = recorded_kind("e4-promote-requests.csv.gz", "write");
    let failed = writes.iter().filter(|(_, failed)| *failed).count();
    let runs = several(case, 200);
    let noticed = |run: &foobar_sim::simulation::result::RunResult| {
        let failover = &run.databases[0].failovers[0];
        (failover.noticed_ns - failover.died_ns) as f64 / 1e9
    };
    // three checks a second apart, the first of them at any time of a second
    let times: Vec<f64> = runs.iter().map(noticed).collect();
    assert!(times.iter().all(|t| (2.0..=3.0).contains(t)), "{times:?}");
    let mut compared = Compared::new(case);
    compared.absolute("noticed after, mean of runs", 2.5, mean(&times), 0.1);
    let alike: Vec<_> = runs.iter().filter(|run| (noticed(run) - 2.27).abs() < 0.05).collect();
    assert!(alike.len() > 5, "{} of 200 runs notice when the lab did", alike.len());
    let of = |value: &dyn Fn(&foobar_sim::simulation::result::RunResult) -> f64| {
        mean(&alike.iter().map(|run| value(run)).collect::<Vec<_>>())
    };
    // a single write more or less is 6%: the noise of one run is the root of their number
    let simulated = of(&|run| run.classes[1].failures() as f64);
    compared.relative("failed writes", failed as f64, Some(simulated), 1.0 / (failed as f64).sqrt());
    compared.absolute("failed reads", 0.0, of(&|run| run.classes[0].failures() as f64), 0.0);
    compared.absolute("transactions lost", 0.0, of(&|run| run.databases[0].transactions_lost as f64), 0.0);
    compared.end();
}

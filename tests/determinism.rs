//! The same scenario, seed and version give the same bytes: on one thread or many, in debug and in release.
//! The engine's own digests are in `digests.rs`; here whole experiments, from a text to the summary.

use std::path::Path;

use sha2::{Digest, Sha256};

use foobar_sim::experiment::Outcome;
use foobar_sim::experiment::runner::{Options, run};
use foobar_sim::scenario::{Overrides, Scenario, load, load_str};

/// Of `EXPERIMENT`, as every build and platform must give it. A change that is meant to alter results
/// prints the new one.
const PINNED: &str = "41ca434f99ca16a21260089e92695788";

/// Everything that draws: all tiers, all kinds of arrivals, several classes, a warm-up that is found.
const EXPERIMENT: &str = r#"
name = "pinned"

[simulation]
duration = "20 s"
warmup = "2 s"
runs = 6
seed = 7

[network]
client_rtt = "lognormal(40 ms, cv 0.5)"

[server.lb1]
[server.web1]
[server.app1]
[server.app2]
[server.db1]
[server.db2]

[service.lb]
kind = "haproxy"
servers = ["lb1"]
backend = "web"
tls = { resumption = 0.5 }

[service.web]
kind = "nginx"
servers = ["web1"]
files = { total = "40 GiB", popularity = "zipf(0.9)" }
upstream = { service = "app", balance = "least_conn", keepalive = 16 }

[service.app]
kind = "app"
servers = ["app1", "app2"]
workers = 8
memory = { base = "300 MiB", per_worker = "60 MiB" }
database = { service = "db" }

[service.db]
kind = "mysql"
primary = "db1"
replicas = ["db2"]
data = { size = "10 GiB", popularity = "zipf(0.9)" }
reads = { max_lag = "50 ms", poll = "1 s" }

[service.station]
kind = "station"
workers = 2
patience = "exponential(300 ms)"
queue_limit = 20
percentiles = true

[request.image]
web.file = "lognormal(40 KiB, cv 1.5)"
response = "lognormal(40 KiB, cv 1.5)"

[request.page]
response = "gamma(30 KiB, cv 0.7)"
app.cpu = "lognormal(9 ms, cv 0.8)"
app.wait = "weibull(10 ms, shape 0.7)"
app.memory = "8 MiB"
db.reads = { count = 3, cpu = "exponential(0.7 ms)", pages = 12 }

[request.order]
response = "10 KiB"
app.cpu = "erlang(12 ms, k 3)"
db.transactions = [{ reads = 2, writes = 2, cpu = "pareto(4 ms, shape 2.5)" }]

[request.job]
path = [{ fork = [[{ visit = "station", service = "hyperexponential(20 ms, cv 2)" }], [{ delay = "uniform(5 ms, 30 ms)" }]] }, { again = 0.3, path = [{ visit = "station", service = "percentiles(p50 4 ms, p95 20 ms)" }] }]

[traffic.visitors]
process = "poisson"
rate = "120/s"
mix = { image = 6, page = 3, order = 1 }
target = "lb"
wave = { amplitude = 0.3, period = "7 s" }
client = { requests_per_connection = 3 }

[traffic.clerks]
process = "closed"
users = 20
think = "exponential(2 s)"
session = ["page", "order"]
target = "lb"

[traffic.jobs]
process = "mmpp"
states = [{ rate = "20/s", lasts = "3 s" }, { rate = "90/s", lasts = "1 s" }]
mix = { job = 1 }

[traffic.batches]
process = "batch"
rate = "2/s"
size = "geometric(4)"
mix = { job = 1 }
"#;

fn on_threads(threads: usize, scenario: &Scenario) -> Outcome {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let options = Options::default();
    pool.install(|| run(scenario, &options, &|_| {})).expect("nothing is to be read")
}

/// All that is reported, and all that is charted.
fn bytes(outcome: &Outcome) -> String {
    let summary = serde_json::to_string(&outcome.summary).expect("a summary is JSON");
    format!("{summary}\n{:?}", outcome.merged)
}

fn experiment() -> Scenario {
    load_str("pinned", EXPERIMENT, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn threads_change_nothing() {
    let scenario = experiment();
    let one = bytes(&on_threads(1, &scenario));
    assert_eq!(one, bytes(&on_threads(2, &scenario)), "2 threads");
    assert_eq!(one, bytes(&on_threads(7, &scenario)), "7 threads");
}

#[test]
fn an_automatic_warm_up_and_shipped_scenarios_are_the_same_on_any_number_of_threads() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/peak.toml");
    let overrides = Overrides { set: vec!["simulation.duration=20 s".into()], runs: Some(5), seed: None };
    let scenario = load(&file, &overrides).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(bytes(&on_threads(1, &scenario)), bytes(&on_threads(4, &scenario)));
}

#[test]
fn another_seed_is_another_result() {
    let mut scenario = experiment();
    scenario.simulation.runs = 1;
    let first = on_threads(1, &scenario);
    scenario.simulation.seed += 1;
    let second = on_threads(1, &scenario);
    assert_ne!(first.summary.totals.events, second.summary.totals.events);
}

#[test]
fn every_build_gives_the_pinned_digest() {
    let outcome = on_threads(2, &experiment());
    // estimates as they are, not the texts around them
    let mut seen = Vec::new();
    for class in &outcome.summary.traffic {
        let l = &class.latency_ms;
        seen.extend([class.offered as f64, class.completed as f64, class.failed as f64]);
        seen.extend([l.mean, l.p50, l.p90, l.p99, l.max].map(|e| e.value.unwrap_or(-1.0)));
        seen.extend(l.p50.ci95.unwrap_or([-1.0; 2]));
    }
    for station in &outcome.summary.stations {
        seen.extend([station.utilization, station.queue_mean, station.sojourn_ms].map(|e| e.value.unwrap_or(-1.0)));
    }
    for replica in &outcome.summary.replication {
        seen.extend(
            [replica.seconds_behind, replica.apply_delay_ms.p99, replica.stale_reads].map(|e| e.value.unwrap_or(-1.0)),
        );
    }
    let mut hash = Sha256::new();
    seen.iter().for_each(|value| hash.update(value.to_bits().to_le_bytes()));
    let digest: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, PINNED, "results differ from the pinned ones");
}

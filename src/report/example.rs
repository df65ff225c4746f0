//! An outcome made up for tests: six servers, three classes, some failures, nothing random.

use crate::experiment::per_run::{Figure, Measure, PerRun, Statistic};
use crate::experiment::pictured::{ClassLatency, Interval, Pictured};
use crate::experiment::summary::*;
use crate::experiment::time_spent::{Percentile, PlaceTime, TimeSpent};
use crate::experiment::topology::{Placed, Topology};
use crate::experiment::{Merged, Outcome};
use crate::scenario::{Overrides, Scenario};
use crate::simulation::places::Spent;
use crate::simulation::result::{FailureReason, Window, Windows};
use crate::stats::histogram::{self, Histogram};

const RUNS: u32 = 10;
const MEASURED_S: f64 = 1800.0;
const WINDOWS: usize = 90;

pub fn outcome() -> Outcome {
    let merged = merged();
    Outcome { summary: summary(&merged), pictured: pictured(&merged), merged, samples: Vec::new() }
}

/// One that the outcome could be of, in little.
pub fn scenario() -> Scenario {
    let text = "
        [server.web1]
        [service.web]
        kind = \"station\"
        workers = 2
        service = \"3 ms\"
        [request.home]
        path = [\"web\"]
        [request.checkout]
        path = [\"web\"]
        [traffic.visitors]
        process = \"poisson\"
        rate = \"60/s\"
        mix = { home = 3, checkout = 1 }
    ";
    crate::scenario::load_str("peak.toml", text, &Overrides::default())
        .unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
}

/// Nothing was answered, nothing can be said.
pub fn nothing() -> Outcome {
    let mut outcome = outcome();
    let none = Estimate { value: None, ci95: None, runs: 1, censored: false };
    let latency = Latency { mean: none, p50: none, p90: none, p95: none, p99: none, p99_9: none, max: none };
    let summary = &mut outcome.summary;
    summary.runs = 1;
    summary.traffic = vec![TrafficSummary {
        name: "all".into(),
        offered: 0,
        attempts: 0,
        completed: 0,
        failed: 0,
        throughput_per_s: none,
        availability: none,
        failures: Vec::new(),
        failed_with: Vec::new(),
        latency_ms: latency,
        latency_all_ms: latency,
    }];
    summary.stations.clear();
    summary.replication.clear();
    summary.databases.clear();
    summary.bottleneck = None;
    summary.checks.clear();
    summary.warnings.clear();
    summary.sensitivities.clear();
    summary.assumptions.clear();
    summary.per_run = None;
    summary.totals = Totals { requests: 0, events: 0 };
    outcome.merged = Merged {
        latency: vec![("all".into(), Histogram::default())],
        failures: vec![0],
        windows: Windows { width_ns: 1_000_000_000, windows: Vec::new(), station_count: 0 },
        station_names: Vec::new(),
        station_workers: Vec::new(),
        runs: 1,
    };
    outcome.pictured = Pictured {
        distribution: vec![ClassLatency { class: "all".into(), points: Vec::new() }],
        together: 1,
        ..Pictured::default()
    };
    outcome
}

pub fn estimate(value: f64, half: f64) -> Estimate {
    Estimate { value: Some(value), ci95: Some([value - half, value + half]), runs: RUNS, censored: false }
}

fn between(value: f64, low: f64, high: f64) -> Estimate {
    Estimate { value: Some(value), ci95: Some([low, high]), runs: RUNS, censored: false }
}

fn alone(value: f64) -> Estimate {
    Estimate { value: Some(value), ci95: None, runs: RUNS, censored: false }
}

/// (name, share of the traffic, scale of the latency in ms)
const CLASSES: [(&str, f64, f64); 3] = [("image", 0.66, 4.0), ("product", 0.30, 55.0), ("checkout", 0.04, 90.0)];

const STATIONS: [(&str, Option<u32>, f64); 16] = [
    ("app1.cpu", Some(8), 0.832),
    ("app1.workers", Some(64), 0.41),
    ("db1.disk", Some(1), 0.37),
    ("db1.cpu", Some(8), 0.29),
    ("db2.cpu", Some(8), 0.22),
    ("web1.nic_out", Some(1), 0.18),
    ("db1.commit.sync", Some(1), 0.15),
    ("lb1.cpu", Some(4), 0.12),
    ("app1.pool", Some(64), 0.09),
    ("db2.applier", Some(1), 0.08),
    ("db2.disk", Some(1), 0.07),
    ("web1.cpu", Some(4), 0.05),
    ("lb1.nic_out", Some(1), 0.045),
    ("web1.disk", Some(1), 0.02),
    ("app1.nic_out", Some(1), 0.01),
    ("outside_api", None, f64::NAN),
];

/// Latency of the class at a rank between 0 and 1, nanoseconds: a heavy tail by inversion.
fn latency_ns(scale_ms: f64, rank: f64) -> u64 {
    (scale_ms * 1e6 * (0.3 + libm::pow(1.0 / (1.0 - rank) - 1.0, 0.42))) as u64
}

fn merged() -> Merged {
    let mut latency = vec![("all".to_string(), Histogram::default())];
    for (name, share, scale_ms) in CLASSES {
        let mut histogram = Histogram::default();
        let n = (share * 60_000.0) as u64;
        for i in 0..n {
            histogram.record(latency_ns(scale_ms, (i as f64 + 0.5) / n as f64));
        }
        latency[0].1.merge(&histogram);
        latency.push((name.into(), histogram));
    }
    Merged {
        latency,
        failures: vec![1_234, 0, 1_034, 200],
        windows: Windows {
            width_ns: (MEASURED_S / WINDOWS as f64 * 1e9) as u64,
            windows: (0..WINDOWS).map(window).collect(),
            station_count: STATIONS.len(),
        },
        station_names: STATIONS.iter().map(|(name, ..)| name.to_string()).collect(),
        station_workers: STATIONS.iter().map(|(_, workers, _)| *workers).collect(),
        runs: RUNS,
    }
}

fn pictured(merged: &Merged) -> Pictured {
    let point = |histogram: &Histogram, step: i32| {
        let share = (1.0 - libm::pow(10.0, -f64::from(step) / 10.0)).max(0.01);
        let ms = histogram.quantile(share)? / 1e6;
        Some((share, if step < 25 { estimate(ms, ms * 0.01 * f64::from(1 + step)) } else { alone(ms) }))
    };
    let distribution = merged.latency.iter().map(|(class, histogram)| ClassLatency {
        class: class.clone(),
        points: (0..=35).filter_map(|step| point(histogram, step)).collect(),
    });
    let placed = |name: &str, kind: &str, servers: &[usize]| Placed {
        name: name.into(),
        kind: kind.into(),
        servers: servers.into(),
    };
    let interval = |window: &Window| {
        [0.5, 0.95, 0.99].map(|q| window.latency.quantile(q).map(|ns| [ns / 1e6 * 0.97, ns / 1e6 * 1.03]))
    };
    let around = |of: &dyn Fn(&Window) -> f64| -> Vec<Interval> {
        merged.windows.windows.iter().map(|window| Some([of(window) * 0.96, of(window) * 1.04])).collect()
    };
    Pictured {
        warming: (0..6).map(window).collect(),
        distribution: distribution.collect(),
        together: 1,
        intervals: merged.windows.windows.iter().map(interval).collect(),
        completed_intervals: around(&|window| {
            window.completed as f64 / (MEASURED_S / WINDOWS as f64 * f64::from(RUNS))
        }),
        queue_intervals: (0..STATIONS.len()).map(|_| around(&|_| 0.25)).collect(),
        behind_intervals: vec![around(&|_| 0.02)],
        replicas: vec!["db2".into()],
        topology: Topology {
            servers: ["lb1", "lb2", "web1", "app1", "db1", "db2"].map(String::from).into(),
            services: vec![
                placed("lb", "haproxy", &[0, 1]),
                placed("web", "nginx", &[2]),
                placed("app", "app", &[3]),
                placed("db", "mysql", &[4, 5]),
            ],
            calls: vec![(None, 0), (Some(0), 1), (Some(1), 2), (Some(2), 3)],
            replicates: vec![(4, 5)],
        },
        time_spent: Some(TimeSpent { percentiles: vec![time_spent(0.5, 1.0), time_spent(0.99, 6.0)] }),
    }
}

fn time_spent(share: f64, times: f64) -> Percentile {
    let place = |(i, (name, ..)): (usize, &(&str, Option<u32>, f64))| {
        let (waiting_ms, rest_ms) = (times * times / (1.0 + i as f64), 11.0 / (1.0 + i as f64));
        let spent = Spent::Service;
        PlaceTime { name: (*name).into(), spent, waiting_ms, rest_ms, total_ms: estimate(waiting_ms + rest_ms, 0.4) }
    };
    let mut places: Vec<PlaceTime> = STATIONS[..12].iter().enumerate().map(place).collect();
    let other = |name: &str, spent, rest_ms| PlaceTime {
        name: name.into(),
        spent,
        waiting_ms: 0.0,
        rest_ms,
        total_ms: estimate(rest_ms, 0.3),
    };
    places.push(other("clients' round trips", Spent::Network, 40.0));
    places.push(other("outside calls", Spent::Held, 8.0 * times));
    let latency_ms = estimate(places.iter().map(|p| p.waiting_ms + p.rest_ms).sum(), 1.0);
    Percentile { share, requests: 5_000, latency_ms, class: Some(("checkout".into(), 0.71)), places }
}

/// A wave over the run, and a bad quarter of an hour at two thirds.
fn window(i: usize) -> Window {
    let wave = 1.0 + 0.15 * libm::sin(i as f64 / 7.0);
    let bad = (58..66).contains(&i);
    let mut window = Window::default();
    let length_ns = MEASURED_S / WINDOWS as f64 * 1e9 * f64::from(RUNS);
    window.arrived = (600.0 * wave * length_ns / 1e9) as u64;
    if bad {
        window.failed[FailureReason::QueueTimeout as usize - 1] = window.arrived / 9;
    }
    window.completed = window.arrived - window.failed.iter().sum::<u64>();
    for rank in 0..400 {
        let scale = if bad { 160.0 } else { 30.0 * wave };
        window.latency.record_in(histogram::index(latency_ns(scale, (rank as f64 + 0.5) / 400.0)));
    }
    for (_, workers, utilization) in STATIONS {
        let busy = match workers {
            Some(n) => f64::from(n) * (utilization * wave * if bad { 1.3 } else { 1.0 }).min(1.0),
            None => 9.0 * wave,
        };
        window.busy_ns.push((busy * length_ns) as u64);
        window.present_ns.push(((busy + if bad { 4.0 } else { 0.25 }) * length_ns) as u64);
    }
    let behind_s = if bad { 3.0 } else { 0.02 * wave };
    window.behind_area.push((behind_s * 1e9 * length_ns) as u128);
    window
}

fn latency(histogram: &Histogram) -> Latency {
    let at = |q| histogram.quantile(q).unwrap() / 1e6;
    Latency {
        mean: estimate(histogram.mean().unwrap() / 1e6, histogram.mean().unwrap() / 3e8),
        p50: estimate(at(0.5), at(0.5) / 200.0),
        p90: estimate(at(0.9), at(0.9) / 100.0),
        p95: estimate(at(0.95), at(0.95) / 60.0),
        p99: estimate(at(0.99), at(0.99) / 30.0),
        p99_9: alone(at(0.999)),
        max: alone(at(1.0)),
    }
}

fn summary(merged: &Merged) -> Summary {
    let completed = [10_798_766, 7_128_000, 3_238_966, 431_800];
    let traffic = merged
        .latency
        .iter()
        .enumerate()
        .map(|(i, (name, histogram))| {
            let (completed, failed) = (completed[i], merged.failures[i]);
            let availability = completed as f64 / (completed + failed) as f64;
            let mut latency_all = latency(histogram);
            if i == 3 {
                latency_all.p99 = Estimate { value: Some(10_000.0), ci95: None, runs: RUNS, censored: true };
            }
            TrafficSummary {
                name: name.clone(),
                offered: completed + failed + 40,
                attempts: completed + 2 * failed,
                completed,
                failed,
                throughput_per_s: estimate(completed as f64 / MEASURED_S / f64::from(RUNS), 0.7),
                availability: between(availability, availability - 2.1e-5, (availability + 1.3e-5).min(1.0)),
                failures: match i {
                    0 => vec![("queue_timeout_503".into(), 1_200), ("refused_502".into(), 34)],
                    2 => vec![("queue_timeout_503".into(), 1_000), ("refused_502".into(), 34)],
                    3 => vec![("queue_timeout_503".into(), 200)],
                    _ => Vec::new(),
                },
                failed_with: match i {
                    0 => vec![("502".into(), 34), ("503".into(), 1_200)],
                    2 => vec![("502".into(), 34), ("503".into(), 1_000)],
                    3 => vec![("503".into(), 200)],
                    _ => Vec::new(),
                },
                latency_ms: latency(histogram),
                latency_all_ms: latency_all,
            }
        })
        .collect();
    Summary {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioId { name: "peak".into(), sha256: "9f86d081884c7d65".repeat(4) },
        seed: 42,
        runs: RUNS,
        warmup_s: 120.0,
        warmup_auto: true,
        measured_s: MEASURED_S,
        verdict: "none asked",
        slo: Vec::new(),
        traffic,
        stations: STATIONS.iter().map(station).collect(),
        replication: vec![replication()],
        databases: vec![database()],
        bottleneck: Some(Bottleneck {
            station: "app1.cpu".into(),
            utilization: Some(0.832),
            max_rate_per_s: Some(721.154),
        }),
        incidents: Vec::new(),
        random_faults: Vec::new(),
        checks: (1..=37)
            .map(|i| Check {
                name: format!("littles_law.{i}"),
                passed: true,
                detail: "mean present = arrival rate x mean sojourn".into(),
                simulated: Some(3.41),
                expected: Some(3.412),
            })
            .collect(),
        warnings: vec![Warning {
            id: "few_tail_samples",
            message: "p99.9 of checkout rests on fewer than 20 samples in some runs, so it has no interval".into(),
            advice: "Simulate longer (duration = \"60 min\") or ask for more runs.".into(),
        }],
        sensitivities: vec![
            Sensitivity {
                key: "service.app.workers".into(),
                value: "64".into(),
                moved_to: "80".into(),
                p99_change_percent: -12.34,
                source: "php-fpm.conf(5), pm.max_children has no default; a common first setting".into(),
            },
            Sensitivity {
                key: "network.client_rtt".into(),
                value: "lognormal(40 ms, cv 0.5)".into(),
                moved_to: "lognormal(50 ms, cv 0.5)".into(),
                p99_change_percent: 4.5,
                source: "a national audience".into(),
            },
        ],
        assumptions: vec![
            AssumptionSummary {
                key: "service.app.workers".into(),
                value: "64".into(),
                mark: "default",
                source: "a common first setting".into(),
            },
            AssumptionSummary {
                key: "server.app1.cpu.cores".into(),
                value: "8".into(),
                mark: "given",
                source: "peak.toml:14".into(),
            },
        ],
        totals: Totals { requests: 10_800_000, events: 234_567_890 },
        per_run: Some(per_run()),
    }
}

fn per_run() -> PerRun {
    let p99 = |measure: fn(Statistic) -> Measure| Figure::class("all", measure(Statistic::P99));
    let mut values: Vec<Option<f64>> = (0..RUNS).map(|run| Some(210.25 + f64::from(run) / 8.0)).collect();
    let answered = values.clone();
    (values[3], values[7]) = (None, Some(f64::INFINITY));
    PerRun {
        program_version: "0.1.0",
        figures: vec![(p99(Measure::Latency), answered), (p99(Measure::LatencyAll), values)],
    }
}

fn station((name, workers, utilization): &(&str, Option<u32>, f64)) -> StationSummary {
    let none = Estimate { value: None, ci95: None, runs: RUNS, censored: false };
    let busy = utilization.is_finite();
    StationSummary {
        name: name.to_string(),
        role: "pool",
        workers: *workers,
        utilization: if busy { estimate(*utilization, utilization / 150.0) } else { none },
        queue_mean: estimate(if busy { utilization / (1.02 - utilization) } else { 0.0 }, 0.012),
        present_mean: estimate(4.4, 0.1),
        waiting_ms: estimate(if busy { utilization * 7.1 } else { 0.0 }, 0.04),
        service_ms: estimate(9.02, 0.013),
        sojourn_ms: estimate(12.4, 0.05),
        throughput_per_s: estimate(600.0, 1.2),
        lost: if *name == "app1.pool" { 34 } else { 0 },
        offered_erlangs: workers.map(|n| f64::from(n) * utilization),
        detail: (*name == "outside_api").then(|| StationDetailSummary {
            waiting_ms: vec![("p50".into(), alone(0.0)), ("p99".into(), estimate(1.25, 0.2))],
            sojourn_ms: vec![("p50".into(), estimate(10.4, 0.1)), ("p99".into(), estimate(69.1, 0.8))],
            sojourn_variance_s2: estimate(2.25e-4, 4e-6),
            waits: estimate(0.125, 0.003),
            present_at_least: vec![estimate(0.9, 0.01), estimate(0.6, 0.01)],
        }),
    }
}

fn database() -> DatabaseSummary {
    let lag = replication().apply_delay_ms;
    DatabaseSummary {
        name: "db".into(),
        semi_sync: Some(SemiSyncSummary {
            ack_wait_ms: lag,
            fallbacks: estimate(0.4, 0.2),
            asynchronous: estimate(0.012, 0.004),
        }),
        backup: Some(BackupSummary { began_s: 120.0, took_s: estimate(433.0, 2.1), finished: u64::from(RUNS) }),
        primary: Some(PrimarySummary {
            gone: alone(1.0),
            write_outage_s: estimate(4.31, 0.21),
            write_outage_max_s: alone(4.89),
            transactions_lost: estimate(1.4, 0.9),
            in_doubt: estimate(0.3, 0.3),
            failover: Some(FailoverSummary {
                count: u64::from(RUNS),
                noticed_s: estimate(2.51, 0.2),
                promoted_s: estimate(3.28, 0.21),
                switched_s: estimate(4.28, 0.21),
            }),
        }),
    }
}

fn replication() -> ReplicationSummary {
    ReplicationSummary {
        server: "db2".into(),
        apply_delay_ms: Lag {
            mean: estimate(6.1, 0.2),
            p50: estimate(4.2, 0.1),
            p95: estimate(17.0, 0.6),
            p99: estimate(41.0, 2.3),
            max: alone(311.0),
        },
        seconds_behind: estimate(0.0021, 0.0002),
        behind: estimate(0.31, 0.01),
        seconds_behind_p99: estimate(0.034, 0.002),
        backlog: estimate(0.44, 0.03),
        backlog_max: 57,
        reads: 9_717_000,
        stale_reads: estimate(0.29, 0.01),
        own_write_misses: None,
        transactions_lost: 0,
    }
}

//! Tiny scenarios whose answers are known exactly: what each tier holds, how long, and what it refuses.
//!
//! `play` gives requests their instants of arrival; `run` takes the traffic of the scenario itself. Both hold
//! every run against the laws, and an empty system against its pools.

mod app;
mod backup;
mod client;
mod failover;
mod faults;
mod haproxy;
mod memory;
mod mysql;
mod network;
mod nginx;
mod noticing;
mod replica;
mod semi_sync;
mod stations;
mod stopping;
mod vrrp;

use foobar_sim::experiment::checks;
use foobar_sim::scenario::{Overrides, Scenario, Warmup, load_str};
use foobar_sim::simulation::compile::compile;
use foobar_sim::simulation::log::{EventLog, What};
use foobar_sim::simulation::result::{FailureReason, RunResult, StationResult};
use foobar_sim::simulation::{Records, RunPlan, run_logged};
use foobar_sim::workload::trace::TraceRecord;

pub struct Outcome {
    pub scenario: Scenario,
    pub result: RunResult,
    pub log: EventLog,
}

/// One request to come: milliseconds, class.
pub type Arrival = (f64, &'static str);

/// Plays requests at given instants until nothing is left. Everything must be empty then.
pub fn play(text: &str, arrivals: &[Arrival]) -> Outcome {
    play_from("", text, arrivals)
}

/// `play`, with keys of the traffic such as `target`.
pub fn play_from(traffic: &str, text: &str, arrivals: &[Arrival]) -> Outcome {
    let outcome = replay(traffic, text, arrivals);
    assert_eq!(outcome.result.in_flight_end, 0, "nobody is left over");
    assert_eq!(outcome.log_ends().len(), arrivals.len(), "each request ends once");
    outcome.assert_empty();
    outcome
}

/// `play_from`, where some may be left who wait for ever.
pub fn replay(traffic: &str, text: &str, arrivals: &[Arrival]) -> Outcome {
    let mut classes: Vec<&str> = arrivals.iter().map(|(_, class)| *class).collect();
    classes.sort_unstable();
    classes.dedup();
    let rules: Vec<String> =
        classes.iter().map(|class| format!("{{ match = \"^{class}$\", class = \"{class}\" }}")).collect();
    // the arrivals are given below; no file is opened
    let text = format!(
        "{text}\n[traffic.t]\nprocess = \"trace\"\nfile = \"Cargo.toml\"\nformat = \"csv\"\n\
         columns = {{ time = \"time\", class = \"class\" }}\nrules = [{}]\n{traffic}\n",
        rules.join(", ")
    );
    let scenario = load(&text);
    let class = |name: &str| scenario.requests.iter().position(|r| r.name == name).expect("a class of the scenario");
    let records: Vec<TraceRecord> = arrivals
        .iter()
        .map(|&(ms, name)| TraceRecord { arrival_s: ms / 1e3, class: class(name), bytes: None, work_s: [None; 2] })
        .collect();
    execute(&scenario, &|_| Box::new(records.clone().into_iter()))
}

/// Runs a scenario with its own traffic.
pub fn run(text: &str) -> Outcome {
    execute(&load(text), &|_| panic!("this scenario replays no trace"))
}

fn load(text: &str) -> Scenario {
    load_str("tiny", text, &Overrides::default()).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

pub fn execute<'a>(scenario: &Scenario, traces: &'a (dyn Fn(usize) -> Records<'a> + Sync)) -> Outcome {
    let Warmup::Seconds(warmup_s) = scenario.simulation.warmup else { panic!("say warmup = \"0 s\"") };
    let plan = RunPlan { run: 0, warmup_s, duration_s: scenario.simulation.duration_s, traces };
    let (result, log) = run_logged(scenario, &compile(scenario), &plan);
    for check in checks::checks(std::slice::from_ref(&result)) {
        assert!(check.passed, "{}: {}", check.name, check.detail);
    }
    Outcome { scenario: scenario.clone(), result, log }
}

impl Outcome {
    /// No station holds or serves anybody.
    pub fn assert_empty(&self) {
        for s in &self.result.stations {
            assert_eq!(s.present_end, 0, "{} is empty at the end", s.name);
        }
    }

    fn class(&self, name: &str) -> usize {
        self.scenario.requests.iter().position(|r| r.name == name).expect("a class of the scenario")
    }

    /// (number in the order of arrival, nanoseconds, failure), in the order of ending.
    pub fn log_ends(&self) -> Vec<(u32, u64, u8)> {
        let ends = self.log.entries.iter().filter_map(|e| match e.what {
            What::Ends { failure } => Some((e.request, e.time_ns, failure)),
            What::Arrives { .. } | What::Starts(_) => None,
        });
        ends.collect()
    }

    /// Milliseconds from arrival to end, in the order of arrivals.
    pub fn latencies(&self) -> Vec<f64> {
        let arrived = self.arrivals();
        let mut ended = self.log_ends();
        ended.sort_unstable();
        ended.iter().map(|&(n, end, _)| (end - arrived[n as usize].0) as f64 / 1e6).collect()
    }

    /// (nanoseconds, class) in the order of arrival.
    pub fn arrivals(&self) -> Vec<(u64, u16)> {
        let arrivals = self.log.entries.iter().filter_map(|e| match e.what {
            What::Arrives { class } => Some((e.time_ns, class)),
            What::Starts(_) | What::Ends { .. } => None,
        });
        arrivals.collect()
    }

    /// How each request ended, in the order of arrivals: "" or the reason.
    pub fn ends(&self) -> Vec<&'static str> {
        let mut ended = self.log_ends();
        ended.sort_unstable();
        let name = |failure: u8| match failure {
            0 => "",
            n => FailureReason::ALL[n as usize - 1].name(),
        };
        ended.iter().map(|&(_, _, failure)| name(failure)).collect()
    }

    pub fn assert_latencies(&self, expected_ms: &[f64]) {
        let latencies = self.latencies();
        assert_eq!(latencies.len(), expected_ms.len());
        for (i, (is, expected)) in latencies.iter().zip(expected_ms).enumerate() {
            // shared processors round to a nanosecond at each change of pace
            assert!((is - expected).abs() < 2e-5, "request {i}: {latencies:?} ms, expected {expected_ms:?}");
        }
    }

    pub fn station(&self, name: &str) -> &StationResult {
        let names: Vec<&str> = self.result.stations.iter().map(|s| s.name.as_str()).collect();
        self.result.stations.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no {name} in {names:?}"))
    }

    pub fn busy_ms(&self, station: &str) -> f64 {
        self.station(station).busy_area_ns as f64 / 1e6
    }

    pub fn failed(&self, class: &str, reason: FailureReason) -> u64 {
        self.result.classes[self.class(class)].failed[reason as usize - 1]
    }

    pub fn completed(&self, class: &str) -> u64 {
        self.result.classes[self.class(class)].completed
    }
}

/// A server whose operations of the disk take 1 ms and its fsync 2 ms, with cards of 1 MB/s.
pub fn server(name: &str, cores: u32) -> String {
    format!(
        "[server.{name}]\ncpu = {{ cores = {cores} }}\nmemory = \"16 GiB\"\nnic = \"1 MB/s\"\n\
         disk = {{ iops = 1000, throughput = \"1000000 GB/s\", latency = \"0 ms\", fsync = \"2 ms\" }}\n"
    )
}

/// Network without any delay.
pub const NEAR: &str = "[network]\ndelay = \"0 ms\"\nclient_rtt = \"0 ms\"\n";

pub fn near(is: f64, expected: f64, share: f64) {
    assert!((is - expected).abs() <= share * expected.abs(), "{is}, expected {expected} within {share}");
}

#[test]
fn the_scenarios_of_the_package_obey_the_laws_across_a_warm_up() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "toml")) {
        let short = ["simulation.duration=2 s", "simulation.warmup=1 s"].map(str::to_string).to_vec();
        let overrides = Overrides { set: short, ..Overrides::default() };
        let scenario =
            foobar_sim::scenario::load(file, &overrides).unwrap_or_else(|wrong| panic!("{}: {wrong}", file.display()));
        let traces = |source: usize| -> Records<'_> {
            let foobar_sim::scenario::Process::Trace(trace) = &scenario.traffic[source].process else {
                panic!("no trace");
            };
            let reader = foobar_sim::workload::trace::TraceReader::open(trace).unwrap();
            Box::new(reader.map(|record| record.unwrap()))
        };
        let outcome = execute(&scenario, &traces);
        assert!(outcome.result.finished_total > 0, "{}", file.display());
    }
}

//! The price of generality: works A, B and C and the main scenario through the ordinary engine from ordinary
//! scenario files, beside the hand-written loops for A and B, in turns, in one process, on one core.
//!
//! `cargo bench --bench engine [-- ROUNDS [WORK ...]]`; without names, all works.

use std::path::Path;
use std::time::Instant;

use foobar_sim::scenario::{Overrides, Scenario, load};
use foobar_sim::simulation::compile::{Compiled, compile};
use foobar_sim::simulation::{RunPlan, run};

#[path = "limit.rs"]
mod limit;

struct Work {
    name: &'static str,
    scenario: Scenario,
    compiled: Compiled,
    /// Simulated seconds of one turn, a tenth of a second of the clock or so.
    seconds: f64,
    by_hand: Option<fn(u64, u64) -> foobar_sim::stats::histogram::Histogram>,
    engine_ns: Vec<f64>,
    by_hand_ns: Vec<f64>,
    ratios: Vec<f64>,
    event_ns: Vec<f64>,
    events_per_request: f64,
    mean_ms: f64,
}

fn main() {
    let rounds = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(15);
    let mut works =
        vec![work("a", 1000.0, Some(limit::a)), work("b", 400.0, Some(limit::b)), work("c", 80.0, None), peak(40.0)];
    let named: Vec<String> = std::env::args().skip(1).filter(|arg| works.iter().any(|work| work.name == arg)).collect();
    works.retain(|work| named.is_empty() || named.iter().any(|name| name == work.name));
    for round in 0..rounds {
        works.iter_mut().for_each(|work| turn(work, round));
    }
    println!("work  engine M requests/s   by hand   ratio   ns/event  events/request  mean latency ms");
    for work in &mut works {
        let rate = |ns: &mut Vec<f64>| if ns.is_empty() { "-".to_owned() } else { format!("{:.2}", 1e3 / median(ns)) };
        let ratio = if work.ratios.is_empty() { "-".to_owned() } else { format!("{:.3}", median(&mut work.ratios)) };
        println!(
            "{:4} {:>20} {:>9} {ratio:>7} {:>10.1} {:>15.2} {:>16.4}",
            work.name,
            rate(&mut work.engine_ns),
            rate(&mut work.by_hand_ns),
            median(&mut work.event_ns),
            work.events_per_request,
            work.mean_ms,
        );
    }
}

fn work(
    name: &'static str,
    seconds: f64,
    by_hand: Option<fn(u64, u64) -> foobar_sim::stats::histogram::Histogram>,
) -> Work {
    work_of(name, &format!("benches/scenarios/{name}.toml"), seconds, by_hand)
}

/// `scenarios/peak.toml`, every part of the six servers at work.
fn peak(seconds: f64) -> Work {
    work_of("peak", "scenarios/peak.toml", seconds, None)
}

fn work_of(
    name: &'static str,
    file: &str,
    seconds: f64,
    by_hand: Option<fn(u64, u64) -> foobar_sim::stats::histogram::Histogram>,
) -> Work {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let scenario = load(&path, &Overrides::default()).unwrap_or_else(|problem| panic!("{problem:?}"));
    let compiled = compile(&scenario);
    let (events_per_request, mean_ms) = (0.0, 0.0);
    let (engine_ns, by_hand_ns, ratios, event_ns) = (vec![], vec![], vec![], vec![]);
    Work {
        name,
        scenario,
        compiled,
        seconds,
        by_hand,
        engine_ns,
        by_hand_ns,
        ratios,
        event_ns,
        events_per_request,
        mean_ms,
    }
}

/// One run of the engine and, for the same number of requests, of the loop: only their ratio counts where
/// others use the machine.
fn turn(work: &mut Work, round: u32) {
    let plan = RunPlan {
        run: round,
        warmup_s: 0.0,
        duration_s: Some(work.seconds),
        traces: &|_| panic!("no trace is played"),
    };
    let begun = Instant::now();
    let result = run(&work.scenario, &work.compiled, &plan);
    let engine = begun.elapsed().as_nanos() as f64;
    let requests = result.finished_total;
    work.engine_ns.push(engine / requests as f64);
    work.event_ns.push(engine / result.events as f64);
    work.events_per_request = result.events as f64 / requests as f64;
    work.mean_ms = result.classes[0].latency_ns.mean().unwrap_or(f64::NAN) / 1e6;
    if let Some(by_hand) = work.by_hand {
        let begun = Instant::now();
        let latency = by_hand(requests, u64::from(round));
        let loop_ns = begun.elapsed().as_nanos() as f64;
        assert_eq!(latency.count(), requests, "the loop has done the same work");
        work.by_hand_ns.push(loop_ns / requests as f64);
        work.ratios.push(loop_ns / engine);
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

//! A server that dies behind a real HAProxy 2.6 and comes back: what its health checks, `retries` and `option redispatch`
//! make of it, under recorded arrivals with recorded service times (tests/lab/e3-kill.toml).
//!
//! When the checks were is left to chance, in the lab as here: what one run of the lab showed is held against those of
//! many runs. Nothing is fitted.

use std::path::Path;

use foobar_sim::scenario::{Overrides, Process, Scenario, load};
use foobar_sim::simulation::compile::compile;
use foobar_sim::simulation::result::FailureReason;
use foobar_sim::simulation::{Records, RunPlan, run};
use foobar_sim::workload::trace::TraceReader;

const RUNS: u32 = 200;
const KILLED_S: f64 = 9.947;
const STARTED_S: f64 = 24.771;

/// In the lab: killed to DOWN, started to UP (seconds; another run took 5.0), requests that were dispatched again, and
/// requests that were inside.
const DOWN_S: f64 = 4.126;
const UP_S: f64 = 3.409;
const REDISPATCHED: f64 = 168.0;
const RESET: f64 = 3.0;

struct Trial {
    down_s: f64,
    up_s: f64,
    redispatched: f64,
    reset: f64,
    others: f64,
}

fn records(scenario: &Scenario, source: usize) -> Records<'_> {
    let Process::Trace(trace) = &scenario.traffic[source].process else { panic!("the traffic is recorded") };
    let reader = TraceReader::open(trace).expect("the recording can be read");
    Box::new(reader.map(|record| record.expect("a line")))
}

fn trials() -> Vec<Trial> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/e3-kill.toml");
    let scenario = load(&file, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"));
    let compiled = compile(&scenario);
    let traces = |source: usize| -> Records<'_> { records(&scenario, source) };
    let trial = |run_number: u32| {
        let plan = RunPlan { run: run_number, warmup_s: 0.0, duration_s: None, traces: &traces };
        let result = run(&scenario, &compiled, &plan);
        let first = |what: &str| {
            let found = result.transitions.iter().find(|transition| transition.what == what);
            found.unwrap_or_else(|| panic!("{what}: {:?}", result.transitions)).at_s
        };
        let class = result.classes.iter().find(|class| class.offered > 0).expect("the recorded one");
        let reset = class.failed[FailureReason::ConnectionReset as usize - 1];
        let slots = result.stations.iter().find(|s| s.name == "lb->app.slots").expect("HAProxy's slots");
        Trial {
            down_s: first("lb: app on app2 down") - KILLED_S,
            up_s: first("lb: app on app2 up") - STARTED_S,
            redispatched: (slots.arrivals - class.offered) as f64,
            reset: reset as f64,
            others: (class.failures() - reset) as f64,
        }
    };
    (0..RUNS).map(trial).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn a_dead_server_is_noticed_and_passed_by_as_in_the_lab() {
    let trials = trials();
    let (down, up) = (mean(trials.iter().map(|t| t.down_s)), mean(trials.iter().map(|t| t.up_s)));
    // three checks 2 s apart, of which the first fails within 2 s; two that pass
    assert!(trials.iter().all(|t| (4.0..6.01).contains(&t.down_s) && (2.0..4.01).contains(&t.up_s)));
    // those that noticed when the lab did
    let alike: Vec<&Trial> = trials.iter().filter(|t| (t.down_s - DOWN_S).abs() < 0.15).collect();
    assert!(alike.len() >= 5, "{}", alike.len());
    let redispatched = mean(alike.iter().map(|t| t.redispatched));
    let reset = mean(trials.iter().map(|t| t.reset));
    println!("{:44} {:>9} {:>9} {:>9}", "", "measured", "simulated", "deviation");
    let line = |what: &str, measured: f64, simulated: f64| {
        println!("{what:44} {measured:9.2} {simulated:9.2} {:8.1}%", 100.0 * (simulated / measured - 1.0));
    };
    line("killed to DOWN, mean of 200 runs, s", (DOWN_S + 5.0) / 2.0, down);
    line("started to UP, mean of 200 runs, s", UP_S, up);
    line("dispatched again, runs that noticed alike", REDISPATCHED, redispatched);
    line("reset (502), mean of 200 runs", RESET, reset);
    assert!((down - 5.0).abs() < 0.15 && (up - 3.0).abs() < 0.15, "uniform over the checks' interval: {down}, {up}");
    // what the lab showed is among what happens here
    let among =
        |seen: f64, of: fn(&Trial) -> f64| trials.iter().any(|t| of(t) < seen) && trials.iter().any(|t| of(t) > seen);
    assert!(among(DOWN_S, |t| t.down_s) && among(UP_S, |t| t.up_s));
    // round robin comes back to the dead server with each request, since the retry took the other's turn
    assert!((redispatched / REDISPATCHED - 1.0).abs() < 0.10, "{redispatched}");
    // Poisson with the lab's own count
    assert!((reset - RESET).abs() <= 2.0 * RESET.sqrt(), "{reset}");
    assert!(trials.iter().all(|t| t.others == 0.0), "nobody else is lost");
}

use super::Outcome;
use super::outcome::{self, Context, checks_passed};
use super::summary::{Summary, Warning};
use super::synthetic;
use super::warnings::{FIXED_TRACE, NO_WARMUP_FOUND};
use crate::engine::Distribution;
use crate::scenario::{
    Discipline, Network, Process, RateProfile, RequestBody, RequestClass, Scenario, Service, ServiceKind, Simulation,
    Station, Traffic, Warmup,
};
use crate::simulation::load::{LoadTable, StationLoad};
use crate::simulation::result::{FailureReason, RunResult};

fn scenario(queue_limit: Option<u32>) -> Scenario {
    Scenario {
        name: "synthetic".to_owned(),
        simulation: Simulation {
            duration_s: Some(10.0),
            warmup: Warmup::Seconds(0.0),
            runs: 10,
            seed: 42,
            runs_given: true,
        },
        network: Network { delay_s: 0.0, client_rtt: Distribution::Constant(0.0), tcp: Default::default() },
        servers: Vec::new(),
        services: vec![Service {
            name: "app".to_owned(),
            servers: Vec::new(),
            kind: ServiceKind::Station(Station {
                workers: Some(1),
                discipline: Discipline::Fcfs,
                queue_limit,
                patience: None,
                service: None,
                percentiles: true,
            }),
        }],
        requests: vec![RequestClass { name: "page".to_owned(), body: RequestBody::Path(Vec::new()) }],
        traffic: vec![Traffic {
            name: "visitors".to_owned(),
            process: Process::Constant(RateProfile::steady(100.0)),
            mix: vec![(0, 1.0)],
            target: None,
            client: crate::scenario::Client::patient(),
        }],
        faults: Vec::new(),
        objectives: Vec::new(),
        repairs: Default::default(),
        plan: None,
        assumptions: Vec::new(),
        written: Vec::new(),
        sha256: "0".repeat(64),
    }
}

fn load(offered_erlangs: f64) -> LoadTable {
    LoadTable {
        classes: Vec::new(),
        of_one_request: Vec::new(),
        rate_per_s: Some(100.0),
        stations: vec![StationLoad {
            assumed: false,
            station: "app".to_owned(),
            workers: Some(1),
            visits_per_s: 100.0,
            offered_erlangs,
        }],
    }
}

fn runs(count: u32) -> Vec<RunResult> {
    (0..count).map(synthetic::run).collect()
}

fn failing(mut runs: Vec<RunResult>, each: u64) -> Vec<RunResult> {
    for run in &mut runs {
        let class = &mut run.classes[0];
        class.failed[FailureReason::QueueFull as usize - 1] += each;
        class.offered += each;
        (0..each).for_each(|_| class.failed_after_ns.record(1_000_000));
    }
    runs
}

fn outcome(scenario: &Scenario, runs: &[RunResult], context: &Context) -> Outcome {
    outcome::outcome(scenario, runs, context.clone())
}

fn warning(id: &'static str) -> Warning {
    Warning { id, message: String::new(), advice: String::new() }
}

fn ids(summary: &Summary) -> Vec<&'static str> {
    summary.warnings.iter().map(|w| w.id).collect()
}

#[test]
fn ten_quiet_runs_have_intervals_and_no_broken_law() {
    let load = load(0.75);
    let context = Context { load: Some(&load), ..Context::default() };
    let found = outcome(&scenario(None), &runs(10), &context);
    let all = &found.summary.traffic[0];
    assert_eq!((all.name.as_str(), found.summary.traffic[1].name.as_str()), ("all", "page"));
    assert!(all.latency_ms.mean.ci95.is_some() && all.latency_ms.p50.ci95.is_some());
    assert_eq!(all.latency_ms.max.ci95, None);
    assert!(all.latency_ms.p99_9.ci95.is_none(), "one request beyond it in each run");
    assert!(checks_passed(&found.summary));
    assert_eq!(ids(&found.summary), ["few_tail_samples"]);
    let bottleneck = found.summary.bottleneck.unwrap();
    assert_eq!(bottleneck.station, "app");
    assert!((bottleneck.max_rate_per_s.unwrap() - 100.0 / 0.75).abs() < 1e-9);
    assert_eq!(found.merged.latency[0].1.count(), all.completed);
    assert_eq!(all.availability.value, Some(1.0));
    let [low, high] = all.availability.ci95.unwrap();
    assert!(low < 1.0 && low > 0.999 && high == 1.0, "three in ten thousand");
}

#[test]
fn a_percentile_is_of_all_requests_and_not_the_mean_of_the_runs() {
    let runs = runs(10);
    let found = outcome(&scenario(None), &runs, &Context::default());
    let merged = &found.merged.latency[0].1;
    assert_eq!(found.summary.traffic[0].latency_ms.p95.value, merged.quantile(0.95).map(|ns| ns / 1e6));
}

#[test]
fn failures_rank_above_every_answer() {
    let found = outcome(&scenario(Some(5)), &failing(runs(10), 60), &Context::default());
    let all = &found.summary.traffic[0];
    assert_eq!(all.failures, [("queue_full".to_owned(), 600)]);
    assert!(!all.latency_ms.p95.censored && all.latency_all_ms.p95.censored);
    assert!(!all.latency_all_ms.p90.censored && all.latency_all_ms.p90.value > all.latency_ms.p90.value);
    assert_eq!(all.latency_all_ms.p95.value, all.latency_ms.max.value);
    let finished = (all.completed + 600) as f64;
    assert!((all.availability.value.unwrap() - all.completed as f64 / finished).abs() < 1e-12);
    let [low, high] = all.availability.ci95.unwrap();
    assert!(low < all.availability.value.unwrap() && all.availability.value.unwrap() < high);
}

#[test]
fn an_endless_queue_has_no_steady_state_and_no_interval() {
    let load = load(1.3);
    let context = Context { load: Some(&load), ..Context::default() };
    let found = outcome(&scenario(None), &runs(10), &context).summary;
    assert_eq!(ids(&found), ["no_steady_state"]);
    assert_eq!(found.traffic[0].latency_ms.mean.ci95, None);
    assert_eq!(found.stations[0].utilization.ci95, None);
}

#[test]
fn a_limited_queue_is_overloaded_and_steady() {
    let load = load(1.3);
    let context = Context { load: Some(&load), ..Context::default() };
    let found = outcome(&scenario(Some(3)), &failing(runs(10), 300), &context).summary;
    assert_eq!(ids(&found)[0], "overload");
    assert!(found.traffic[0].latency_ms.mean.ci95.is_some());
}

#[test]
fn nine_tenths_busy_is_near_saturation() {
    let load = load(0.93);
    let context = Context { load: Some(&load), ..Context::default() };
    assert!(ids(&outcome(&scenario(None), &runs(10), &context).summary).contains(&"near_saturation"));
}

#[test]
fn few_runs_are_told_once() {
    let three = outcome(&scenario(None), &runs(3), &Context::default()).summary;
    assert_eq!(ids(&three), ["few_runs"]);
    assert!(three.traffic[0].latency_ms.mean.ci95.is_some() && three.traffic[0].latency_ms.p50.ci95.is_none());
    let one = outcome(&scenario(None), &runs(1), &Context::default()).summary;
    assert_eq!(one.traffic[0].latency_ms.mean.ci95, None);
    let replay = Context { warnings: vec![warning(FIXED_TRACE)], ..Context::default() };
    assert_eq!(ids(&outcome(&scenario(None), &runs(1), &replay).summary), [FIXED_TRACE]);
}

#[test]
fn without_a_warm_up_there_is_no_interval() {
    let context = Context { warnings: vec![warning(NO_WARMUP_FOUND)], warmup_auto: true, ..Context::default() };
    let found = outcome(&scenario(None), &runs(10), &context).summary;
    assert_eq!(ids(&found), [NO_WARMUP_FOUND]);
    assert!(found.warmup_auto && found.traffic[0].latency_ms.mean.value.is_some());
    assert_eq!(found.traffic[0].latency_ms.mean.ci95, None);
}

#[test]
fn several_looks_widen_every_interval() {
    let width = |context: &Context| {
        let [low, high] = outcome(&scenario(None), &runs(10), context).summary.traffic[0].latency_ms.mean.ci95.unwrap();
        high - low
    };
    let looks = Context { precision: Some((0.02, false, Some(0.031))), ..Context::default() };
    // t(9) at 99.375% over t(9) at 97.5%
    assert!((width(&looks) / width(&Context::default()) - 3.110923 / 2.262157).abs() < 1e-4);
    let found = outcome(&scenario(None), &runs(10), &looks).summary;
    let warning = found.warnings.iter().find(|w| w.id == "precision_not_reached").unwrap();
    assert_eq!(warning.message, "the precision of 2.0% was not reached in 10 runs: it is 3.1%");
}

#[test]
fn a_pool_is_the_bottleneck_where_no_station_holds_its_users_up() {
    let station = |name: &str, role, busy: f64| {
        let mut one = outcome(&scenario(None), &runs(1), &Context::default()).summary.stations.remove(0);
        one.name = name.to_owned();
        one.role = role;
        one.utilization.value = Some(busy);
        one
    };
    let named = |cpu: f64, workers: f64| {
        let both = [station("app1.cpu", "cpu", cpu), station("app.workers", "pool", workers)];
        outcome::bottleneck(&both, None).unwrap().station
    };
    // its holders wait for an outside API
    assert_eq!(named(0.06, 0.72), "app.workers");
    assert_eq!(named(0.97, 1.0), "app1.cpu");
    assert_eq!(named(0.5, 0.2), "app1.cpu");
}

#[test]
fn without_a_load_table_the_busiest_station_is_the_bottleneck() {
    let found = outcome(&scenario(None), &runs(5), &Context::default()).summary;
    let bottleneck = found.bottleneck.unwrap();
    assert_eq!(bottleneck.station, "app");
    assert!(bottleneck.max_rate_per_s.is_none() && bottleneck.utilization.unwrap() > 0.7);
}

#[test]
fn a_run_that_completes_nothing_has_no_latency() {
    let mut run = synthetic::run(0);
    run.classes[0].latency_ns.clear();
    run.in_flight_end += run.classes[0].completed;
    run.classes[0].completed = 0;
    let found = outcome(&scenario(None), &[run], &Context::default()).summary;
    let all = &found.traffic[0];
    assert_eq!((all.latency_ms.p50.value, all.availability.value), (None, None));
    assert!(ids(&found).contains(&"nothing_completed") && checks_passed(&found));
}

#[test]
fn a_broken_law_is_reported_as_failed() {
    let mut runs = runs(5);
    runs[3].in_flight_start += 1;
    let found = outcome(&scenario(None), &runs, &Context::default()).summary;
    assert!(!checks_passed(&found));
}

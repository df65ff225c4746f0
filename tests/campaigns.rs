//! Whether what is said with 95% is right that often: verdicts on objectives a hundredth beside the exact value, and
//! intervals around it, over many experiments on queues whose figures are known exactly.
//!
//! The gate makes a small part of each campaign. With `FOOBAR_SIM_FULL=1` there are 1,000 experiments of each kind; the
//! figures that came out stand in src/README.md. Seeds are 1, 2, 3, ...: one for each experiment, chosen by nobody.

use foobar_sim::experiment::estimate::Doubt;
use foobar_sim::experiment::merge;
use foobar_sim::experiment::ranked::{Ranked, TailNotes, latency};
use foobar_sim::experiment::summary::Estimate;
use foobar_sim::experiment::verdict::{Rule, Verdict, looks, until_decided};
use foobar_sim::scenario::{Overrides, Scenario, load_str};
use foobar_sim::simulation::compile::{Compiled, compile};
use foobar_sim::simulation::result::RunResult;
use foobar_sim::simulation::{RunPlan, run};
use foobar_sim::stats::analytic::erlang::Mmc;
use rayon::prelude::*;

fn is_full() -> bool {
    std::env::var_os("FOOBAR_SIM_FULL").is_some()
}

/// Workers, each of whom serves 100 a second.
struct Queue {
    name: &'static str,
    workers: u32,
    utilization: f64,
}

const SERVICE_RATE: f64 = 100.0;
/// Relaxation times of the queues here are below 1 s.
const WARMUP_S: f64 = 10.0;

impl Queue {
    fn arrival_rate(&self) -> f64 {
        self.utilization * f64::from(self.workers) * SERVICE_RATE
    }

    fn exact(&self) -> Mmc {
        Mmc::new(self.arrival_rate(), SERVICE_RATE, self.workers).expect("it is stable")
    }

    /// `requests` in each run, with one objective.
    fn scenario(&self, requests: u32, objective: Option<&str>, seed: u64) -> Scenario {
        let text = format!(
            "[simulation]\nduration = \"{} s\"\nwarmup = \"{WARMUP_S} s\"\nseed = {seed}\n[service.cpu]\n\
             kind = \"station\"\nworkers = {}\nservice = \"exponential(10 ms)\"\n[request.job]\npath = [\"cpu\"]\n\
             [traffic.all]\nprocess = \"poisson\"\nrate = \"{}/s\"\nmix = {{ job = 1 }}\n{}",
            f64::from(requests) / self.arrival_rate(),
            self.workers,
            self.arrival_rate(),
            objective.map_or_else(String::new, |that| format!("[[slo]]\nthat = \"{that}\"\n")),
        );
        load_str("queue.toml", &text, &Overrides::default()).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
    }
}

fn one_run(scenario: &Scenario, compiled: &Compiled, index: u32) -> RunResult {
    let duration_s = scenario.simulation.duration_s;
    let plan = RunPlan { run: index, warmup_s: WARMUP_S, duration_s, traces: &|_| Box::new(std::iter::empty()) };
    run(scenario, compiled, &plan)
}

/// Verdicts of many experiments.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    right: u32,
    wrong: u32,
    inconclusive: u32,
    runs: u32,
}

/// Judges the figure against limits that are so many times the exact value. The runs of an experiment serve all figures
/// and factors, each of which stops where it would alone.
fn verdicts(queue: &Queue, requests: u32, most: u32, experiments: u64, factors: &[f64]) -> Vec<(String, Count)> {
    let exact = queue.exact();
    let figures = [
        ("latency_mean", exact.sojourn_mean()),
        ("latency_p95", exact.sojourn_percentile(0.95)),
        ("latency_p99", exact.sojourn_percentile(0.99)),
    ];
    let cases: Vec<(&str, f64, f64)> =
        figures.iter().flat_map(|&(name, value)| factors.iter().map(move |&factor| (name, value, factor))).collect();
    let found: Vec<Vec<(Verdict, u32)>> = (1..=experiments)
        .into_par_iter()
        .map(|seed| {
            let plain = queue.scenario(requests, None, seed);
            let compiled = compile(&plain);
            let mut made: Vec<RunResult> = Vec::new();
            let judged = cases.iter().map(|(name, value, factor)| {
                let that = format!("{name} < {} us", value * factor * 1e6);
                let scenario = queue.scenario(requests, Some(&that), seed);
                let rule = Rule { looks: looks(10, most), fixed: false };
                let (runs, judged) = until_decided(&scenario, &rule, Vec::new(), |range| {
                    while made.len() < range.end as usize {
                        made.push(one_run(&plain, &compiled, made.len() as u32));
                    }
                    made[range.start as usize..range.end as usize].to_vec()
                });
                (judged[0].verdict, runs.len() as u32)
            });
            judged.collect()
        })
        .collect();
    let counted = cases.iter().enumerate().map(|(i, (name, _, factor))| {
        let mut count = Count::default();
        for (verdict, runs) in found.iter().map(|of_experiment| of_experiment[i]) {
            count.runs += runs;
            match (verdict, *factor > 1.0) {
                (Verdict::Inconclusive, _) => count.inconclusive += 1,
                (Verdict::Pass, true) | (Verdict::Fail, false) => count.right += 1,
                (Verdict::Pass, false) | (Verdict::Fail, true) => count.wrong += 1,
            }
        }
        (format!("{} {name} < {factor} x exact", queue.name), count)
    });
    counted.collect()
}

fn show(rows: &[(String, Count)], experiments: u64) {
    println!("{:<44} {:>7} {:>7} {:>14} {:>10}", "verdicts, %", "right", "wrong", "inconclusive", "runs");
    for (name, count) in rows {
        let percent = |n: u32| 100.0 * f64::from(n) / experiments as f64;
        println!(
            "{name:<44} {:>7.1} {:>7.1} {:>14.1} {:>10.1}",
            percent(count.right),
            percent(count.wrong),
            percent(count.inconclusive),
            f64::from(count.runs) / experiments as f64
        );
    }
}

const MM1: Queue = Queue { name: "M/M/1 at 0.5", workers: 1, utilization: 0.5 };
const MM1_BUSY: Queue = Queue { name: "M/M/1 at 0.8", workers: 1, utilization: 0.8 };
const MM4: Queue = Queue { name: "M/M/4 at 0.8", workers: 4, utilization: 0.8 };

#[test]
fn verdicts_beside_the_exact_value_are_seldom_wrong() {
    // so many wrong of a hundred come of 5% once in a hundred campaigns
    let (experiments, requests, most, limit) = if is_full() { (1000, 5_000, 80, 50) } else { (100, 2_500, 20, 11) };
    let queues: &[Queue] = if is_full() { &[MM1, MM4] } else { &[MM1] };
    for queue in queues {
        let rows = verdicts(queue, requests, most, experiments, &[1.01, 0.99]);
        show(&rows, experiments);
        for (name, count) in &rows {
            assert!(count.wrong <= limit, "{name}: {} of {experiments} are wrong", count.wrong);
        }
    }
}

/// Or the campaign above would be passed by one who never decides.
#[test]
fn verdicts_far_from_the_exact_value_are_decided() {
    let experiments = if is_full() { 1000 } else { 50 };
    let rows = verdicts(&MM1, 2_500, 80, experiments, &[1.25, 0.8]);
    show(&rows, experiments);
    for (name, count) in &rows {
        assert!(u64::from(count.right) * 100 >= experiments * 95, "{name}: {count:?}");
    }
}

/// Shares of experiments whose interval holds the exact value, for mean, p50, p95 and p99, percent. `None`: no interval
/// was given in most of them.
fn coverage(queue: &Queue, requests: u32, experiments: u64) -> [Option<f64>; 4] {
    let exact = queue.exact();
    let values = [
        exact.sojourn_mean(),
        exact.sojourn_percentile(0.5),
        exact.sojourn_percentile(0.95),
        exact.sojourn_percentile(0.99),
    ];
    let found: Vec<[Option<bool>; 4]> = (1..=experiments)
        .into_par_iter()
        .map(|seed| {
            let scenario = queue.scenario(requests, None, seed);
            let compiled = compile(&scenario);
            let runs: Vec<RunResult> = (0..10).map(|index| one_run(&scenario, &compiled, index)).collect();
            let sum = merge::over_runs(runs.iter().map(|run| &run.classes[0]));
            let each: Vec<Ranked> =
                runs.iter().map(|run| Ranked { answered: &run.classes[0].latency_ns, failed: 0 }).collect();
            let all = Ranked { answered: &sum.latency_ns, failed: 0 };
            let latency = latency(&Doubt::default(), &mut TailNotes::default(), "all", all, &each);
            let holds = |estimate: Estimate, value: f64| {
                estimate.ci95.map(|[low, high]| low <= value * 1e3 && value * 1e3 <= high)
            };
            let estimates = [latency.mean, latency.p50, latency.p95, latency.p99];
            [0, 1, 2, 3].map(|i| holds(estimates[i], values[i]))
        })
        .collect();
    [0, 1, 2, 3].map(|i| {
        let given: Vec<bool> = found.iter().filter_map(|of_experiment| of_experiment[i]).collect();
        let most = given.len() as u64 * 2 > experiments;
        most.then(|| 100.0 * given.iter().filter(|holds| **holds).count() as f64 / given.len() as f64)
    })
}

/// Requests of a run from which on its intervals are what they say: the first of those tried.
const ENOUGH: [(Queue, u32); 2] = [(MM1, 5_000), (MM1_BUSY, 20_000)];

#[test]
fn intervals_hold_the_exact_value_as_often_as_they_say() {
    let (experiments, lengths): (u64, &[u32]) =
        if is_full() { (1000, &[100, 200, 500, 1_000, 2_000, 5_000, 20_000]) } else { (100, &[5_000]) };
    // of a hundred experiments at 95%: beyond it once in a thousand campaigns
    let (least, most) = if is_full() { (92.0, 98.0) } else { (87.0, 100.0) };
    println!("{:<14} {:>9} {:>7} {:>7} {:>7} {:>7}", "coverage, %", "requests", "mean", "p50", "p95", "p99");
    for (queue, enough) in ENOUGH {
        for &requests in lengths.iter().filter(|&&requests| is_full() || requests >= enough) {
            let found = coverage(&queue, requests, experiments);
            let [mean, p50, p95, p99] = found.map(|share| share.map_or("-".into(), |share| format!("{share:.1}")));
            println!("{:<14} {requests:>9} {mean:>7} {p50:>7} {p95:>7} {p99:>7}", queue.name);
            if requests < enough {
                continue;
            }
            for (what, share) in ["mean", "p50", "p95", "p99"].iter().zip(found) {
                let share = share.expect("there are enough beyond each percentile");
                assert!(
                    (least..=most).contains(&share),
                    "{}, {requests} requests a run: {share:.1}% of the intervals of {what} hold it",
                    queue.name
                );
            }
        }
    }
}

//! How often comparisons are wrong, and how soon they are right: experiments on M/M/1, whose answers are known. A small part
//! of each campaign is in the gate; `FOOBAR_SIM_FULL=1` makes the full length. Seeds are 1, 2, 3, ...

use foobar_sim::experiment::compare::findings::{FigureFindings, Findings};
use foobar_sim::experiment::compare::verdict::Verdict;
use foobar_sim::experiment::compare::{Options, Thresholds, run};
use foobar_sim::scenario::{Overrides, Scenario, load_str};
use foobar_sim::stats::special::binomial_cdf;

/// Full: 1,000 experiments each.
fn experiments(in_the_gate: u64) -> u64 {
    if std::env::var_os("FOOBAR_SIM_FULL").is_some() { 1000 } else { in_the_gate }
}

/// M/M/1 at 100 requests a second, 2,500 in a run.
fn queue(seed: u64, source: &str, service_ms: f64) -> Scenario {
    let text = format!(
        "[simulation]\nwarmup = \"2 s\"\nduration = \"25 s\"\nseed = {seed}\n[service.cpu]\nkind = \"station\"\nworkers = 1\n\
         service = \"exponential({service_ms} ms)\"\n[request.job]\npath = [\"cpu\"]\n[traffic.{source}]\n\
         process = \"poisson\"\nrate = \"100/s\"\nmix = {{ job = 1 }}\n"
    );
    load_str("queue.toml", &text, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn compare(a: &Scenario, b: &Scenario, share: f64, first: u32, most: u32) -> Findings {
    let options = Options { thresholds: Thresholds { share, availability: 0.001 }, first, most };
    let (findings, broken) = run([a, b], ["A".into(), "B".into()], &options, &|_| {}).expect("they can be compared");
    assert!(broken.is_empty(), "{broken:?}");
    findings
}

fn figure<'f>(findings: &'f Findings, key: &str) -> &'f FigureFindings {
    findings.figures.iter().find(|figure| figure.key == key).unwrap_or_else(|| panic!("no {key}"))
}

/// Whether more than 5% of all experiments are wrong, beyond what chance makes of 5%.
fn too_many(wrong: u64, of: u64) -> bool {
    1.0 - binomial_cdf(wrong.saturating_sub(1), of, 0.05) < 0.001 && wrong > 0
}

#[test]
fn equal_systems_with_other_draws_are_seldom_called_better_or_worse() {
    let of = experiments(15);
    for share in [0.0, 0.03] {
        let (mut wrong, mut same) = (0, 0);
        for seed in 1..=of {
            let found = compare(&queue(seed, "users", 5.0), &queue(seed, "others", 5.0), share, 10, 80);
            wrong += u64::from(matches!(found.verdict, Verdict::Better | Verdict::Worse));
            same += u64::from(found.verdict == Verdict::Same);
        }
        println!(
            "A against A, threshold {}%, up to 80 runs in 4 looks: {wrong} of {of} better or worse, {same} same",
            100.0 * share
        );
        assert!(!too_many(wrong, of), "{wrong} of {of} at a threshold of {share}");
        if of == 1000 {
            assert!(wrong <= 50, "{wrong} of {of} at a threshold of {share}");
        }
    }
}

#[test]
fn a_system_against_itself_is_the_same_whatever_the_seed() {
    for seed in 1..=experiments(8) {
        let scenario = queue(seed, "users", 5.0);
        let found = compare(&scenario, &scenario, 0.0, 10, 10);
        assert!(found.figures.iter().all(|figure| figure.identical || figure.few), "seed {seed}");
        assert_eq!(compare(&scenario, &scenario, 0.03, 10, 10).verdict, Verdict::Same, "seed {seed}");
    }
}

/// The sojourn time of M/M/1 is exponential: its mean is 1 / (mu - lambda), its p99 as many ln 100.
#[test]
fn intervals_of_paired_differences_hold_the_exact_difference() {
    let of = experiments(30);
    let mean = |service_s: f64| 1000.0 / (1.0 / service_s - 100.0);
    let difference = mean(0.00475) - mean(0.005);
    let change = mean(0.00475) / mean(0.005) - 1.0;
    let exact = [("traffic.all.latency_ms.mean", difference), ("traffic.all.latency_ms.p99", difference * 100f64.ln())];
    let mut missed = [[0u64; 2]; 2];
    for seed in 1..=of {
        let found = compare(&queue(seed, "users", 5.0), &queue(seed, "users", 4.75), 0.03, 10, 10);
        for (missed, (key, exact)) in missed.iter_mut().zip(exact) {
            let figure = figure(&found, key);
            let outside = |ends: Option<[f64; 2]>, value: f64| {
                let [low, high] = ends.expect("an interval");
                u64::from(value < low || high < value)
            };
            missed[0] += outside(figure.difference_ci95, exact);
            missed[1] += outside(figure.change_ci95, change);
        }
    }
    for (missed, name) in missed.iter().zip(["mean", "p99"]) {
        println!(
            "95% intervals of 10 paired runs, {name}: {} (difference) and {} (change) of {of} miss",
            missed[0], missed[1]
        );
        for missed in missed {
            assert!(!too_many(*missed, of), "{name}: {missed} of {of}");
            // 92% to 98%
            assert!(of < 1000 || (20..=80).contains(missed), "{name}: {missed} of {of}");
        }
    }
}

#[test]
fn five_percent_faster_service_is_found_sooner_with_common_random_numbers() {
    let of = experiments(5);
    let mut paired = (0, 0, 0);
    let mut unpaired = (0, 0, 0);
    for seed in 1..=of {
        let a = queue(seed, "users", 5.0);
        for (source, found) in [("users", &mut paired), ("others", &mut unpaired)] {
            let b = queue(seed, source, 4.75);
            let got = compare(&a, &b, 0.03, 10, 80);
            found.0 += u64::from(got.verdict == Verdict::Better);
            found.1 += u64::from(got.verdict == Verdict::Worse);
            found.2 += u64::from(got.runs);
        }
    }
    for (name, (better, worse, runs)) in [("with", paired), ("without", unpaired)] {
        println!(
            "5% faster, {name} common random numbers: {better} of {of} better, {worse} worse, after {:.1} runs of 25 s",
            runs as f64 / of as f64
        );
    }
    assert!(10 * paired.0 >= 9 * of, "{paired:?} of {of}");
    assert!(paired.1 == 0 && !too_many(unpaired.1, of), "{paired:?} {unpaired:?}");
    assert!(2 * paired.2 < unpaired.2, "{paired:?} {unpaired:?}");
}

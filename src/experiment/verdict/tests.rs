use super::super::synthetic;
use super::*;
use crate::scenario::{Overrides, load_str};

/// One worker, as the synthetic runs have it, with these objectives.
fn scenario(objectives: &[&str]) -> Scenario {
    let mut text = "[service.app]\nkind = \"station\"\nservice = \"7 ms\"\n[request.page]\npath = [\"app\"]\n\
                    [traffic.visitors]\nprocess = \"poisson\"\nrate = \"100/s\"\nmix = { page = 1 }\n"
        .to_owned();
    for that in objectives {
        text.push_str(&format!("[[slo]]\n{that}\n"));
    }
    load_str("test.toml", &text, &Overrides::default()).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

/// Latencies from 0 to 200 ms; the level differs between runs by up to `spread`. `failed` of them are not answered.
fn run(index: u32, spread: f64, failed: u64) -> RunResult {
    let mut run = synthetic::run(index);
    let level = 1.0 + spread * (f64::from(index * 7 % 11) / 10.0 - 0.5);
    let class = &mut run.classes[0];
    class.latency_ns.clear();
    (1..=4000u64).for_each(|k| class.latency_ns.record((level * 50_000.0 * k as f64) as u64));
    (class.completed, class.failed[0]) = (4000, failed);
    run
}

fn decide(scenario: &Scenario, most: u32, make: impl Fn(u32) -> RunResult) -> (usize, Vec<ObjectiveSummary>) {
    let rule = Rule { looks: looks(10, most), fixed: false };
    let (runs, judged) = until_decided(scenario, &rule, Vec::new(), |range| range.map(&make).collect());
    (runs.len(), reported(scenario, &rule, &judged, true))
}

fn verdicts(found: &[ObjectiveSummary]) -> Vec<&str> {
    found.iter().map(|objective| objective.verdict).collect()
}

#[test]
fn looks_are_at_fixed_counts() {
    assert_eq!(looks(10, 80), [10, 20, 40, 80]);
    assert_eq!(looks(10, 100), [10, 20, 40, 80, 100]);
    assert_eq!(looks(3, 3), [3]);
    assert_eq!(looks(10, 4), [4]);
}

#[test]
fn what_is_clear_takes_ten_runs_and_what_is_not_takes_more() {
    let clear = scenario(&["that = \"latency_p95 < 250 ms\"", "that = \"latency_mean < 130 ms\""]);
    let (runs, found) = decide(&clear, 80, |i| run(i, 0.1, 0));
    assert_eq!((runs, verdicts(&found)), (10, vec!["pass", "pass"]));
    assert!((found[0].value.unwrap() - 190.0).abs() < 3.0 && found[0].unit == "ms");
    let [low, high] = found[0].interval.unwrap();
    assert!(low < 190.0 && high > 190.0 && high < 250.0);

    let near = scenario(&["that = \"latency_p95 < 192 ms\""]);
    let (runs, found) = decide(&near, 80, |i| run(i, 0.1, 0));
    assert_eq!(verdicts(&found), ["pass"]);
    assert!(runs > 10, "{runs}");

    let at = scenario(&["that = \"latency_p95 < 190.05 ms\""]);
    let (runs, found) = decide(&at, 80, |i| run(i, 0.1, 0));
    assert_eq!((runs, verdicts(&found)), (80, vec!["inconclusive"]));
    assert!(found[0].why.starts_with("the interval holds the limit"), "{}", found[0].why);
}

#[test]
fn one_that_is_missed_ends_it() {
    let both = scenario(&["that = \"latency_p95 < 190.05 ms\"", "that = \"latency_mean < 50 ms\""]);
    let (runs, found) = decide(&both, 80, |i| run(i, 0.1, 0));
    assert_eq!((runs, verdicts(&found)), (10, vec!["inconclusive", "fail"]));
    assert_eq!(Verdict::together([Verdict::Inconclusive, Verdict::Fail]), Verdict::Fail);
    assert_eq!(Verdict::together([Verdict::Pass, Verdict::Inconclusive]), Verdict::Inconclusive);
}

#[test]
fn failures_rank_above_every_answer() {
    // 2% fail, so p99 is no answer; 1 in 200 does, and p99 is one
    let p99 = scenario(&["that = \"latency_p99 < 10 s\"", "that = \"availability >= 97%\""]);
    let (_, found) = decide(&p99, 80, |i| run(i, 0.1, 80 + u64::from(i % 5)));
    assert_eq!(verdicts(&found), ["fail", "pass"]);
    assert!(found[0].censored && found[0].value.is_none());
    assert!(found[0].why.contains("of the requests are slower or fail, and 1% may"), "{}", found[0].why);
    let (_, found) = decide(&p99, 80, |i| run(i, 0.1, 20 + u64::from(i % 5)));
    assert_eq!(verdicts(&found), ["pass", "pass"]);
    assert!((found[1].value.unwrap() - 4000.0 / 4022.0).abs() < 1e-4 && found[1].interval.is_some());
}

#[test]
fn no_data_is_a_fail() {
    let scenario = scenario(&["that = \"latency_p99 < 10 s\"\nfrom = \"20 s\"", "that = \"availability >= 0.9\""]);
    let (runs, found) = decide(&scenario, 80, |i| {
        let mut run = run(i, 0.1, 0);
        run.classes[0].completed = 0;
        run.classes[0].latency_ns.clear();
        run
    });
    assert_eq!((runs, verdicts(&found)), (10, vec!["fail", "fail"]));
    assert_eq!((found[0].why.as_str(), found[0].value), ("no data: no request finished", None));
}

#[test]
fn runs_that_do_not_vary_are_judged_by_their_number() {
    let scenario = scenario(&["that = \"latency_mean < 150 ms\""]);
    let (runs, found) = decide(&scenario, 80, |i| run(i, 0.0, 0));
    // 2/1024 is below 5% / 4
    assert_eq!((runs, verdicts(&found), found[0].interval), (10, vec!["pass"], None));
    assert!(found[0].why.starts_with("10 of 10 runs meet it"), "{}", found[0].why);
    let (_, found) = decide(&scenario, 5, |i| run(i, 0.0, 0));
    assert_eq!(verdicts(&found), ["inconclusive"], "2/32 is not");
}

#[test]
fn one_run_decides_where_nothing_is_left_to_chance() {
    let scenario = scenario(&["that = \"latency_p95 < 190.2 ms\"", "that = \"latency_mean < 90 ms\""]);
    let rule = Rule { looks: vec![1], fixed: true };
    let (runs, judged) = until_decided(&scenario, &rule, Vec::new(), |range| range.map(|i| run(i, 0.0, 0)).collect());
    let found = reported(&scenario, &rule, &judged, true);
    assert_eq!((runs.len(), verdicts(&found)), (1, vec!["pass", "fail"]));
    assert!(found[0].why.starts_with("one run, without doubt"), "{}", found[0].why);
}

#[test]
fn without_a_steady_state_nothing_passes_and_what_is_missed_is_missed() {
    let scenario = scenario(&["that = \"latency_p95 < 250 ms\"", "that = \"latency_mean < 50 ms\""]);
    let rule = Rule { looks: looks(10, 80), fixed: false };
    let (_, judged) = until_decided(&scenario, &rule, Vec::new(), |range| range.map(|i| run(i, 0.1, 0)).collect());
    let found = reported(&scenario, &rule, &judged, false);
    assert_eq!(verdicts(&found), ["inconclusive", "fail"]);
    assert!(found[0].why.contains("no steady state"), "{}", found[0].why);
}

#[test]
fn few_beyond_a_percentile_are_counted_instead() {
    // four beyond p99.9 in each run: no interval of the percentile itself
    let scenario = scenario(&["that = \"latency_p99_9 < 300 ms\"", "that = \"latency_p99 < 150 ms\""]);
    let (_, found) = decide(&scenario, 80, |i| run(i, 0.01, 0));
    assert_eq!(verdicts(&found), ["pass", "fail"]);
    assert!(found[0].why.starts_with("0% [0, "), "{}", found[0].why);
    assert!(found[0].interval.is_none() && found[1].interval.is_some());
}

#[test]
fn the_interval_of_a_percentile_holds_the_limit_where_nothing_is_decided_and_only_there() {
    for limit_ms in [183.0, 188.0, 189.9, 190.0, 190.1, 192.0, 197.0] {
        let that = format!("that = \"latency_p95 < {limit_ms} ms\"");
        let (_, found) = decide(&scenario(&[that.as_str()]), 80, |i| run(i, 0.02, 0));
        let [low, high] = found[0].interval.expect("hundreds of requests lie beyond p95 in each run");
        let expected = match limit_ms {
            limit if limit < low => "fail",
            limit if limit > high => "pass",
            _ => "inconclusive",
        };
        assert_eq!(found[0].verdict, expected, "{limit_ms} ms: {low} to {high}");
        assert_eq!(expected == "inconclusive", (189.5..190.5).contains(&limit_ms), "{limit_ms} ms: {low} to {high}");
    }
}

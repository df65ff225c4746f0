//! Whether the objectives are met: pass, fail or inconclusive.
//!
//! Runs are looked at only after fixed counts (10, 20, 40, 80), since stopping when an interval happens to lie well
//! makes it lie well too often. The error of 5% is shared out evenly: over the looks (Bonferroni; of the usual ways of
//! spending it the one that holds however the looks hang together, and with intervals from few runs), and at each look
//! over the objectives by Holm's procedure. So all verdicts of an experiment are right together with 95%. An experiment
//! ends when every objective is decided, or one is missed, or no more runs may be made.
//!
//! `evidence` is what the runs say about one objective.

mod evidence;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::summary::ObjectiveSummary;
use crate::scenario::{Metric, Objective, Scenario, TimeSpan};
use crate::simulation::result::RunResult;
use crate::stats::interval::holm;
use evidence::{Evidence, Kind, RUNS_AMISS};

/// Of all verdicts of an experiment together.
pub const ERROR: f64 = 0.05;

/// The most runs are so many times those of the first look, if nobody says otherwise: intervals are then a third as
/// wide, which decides what is a third as far from its limit, and takes no more than some minutes where a run takes
/// seconds.
pub const GROWTH: u32 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Fail,
    Inconclusive,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Inconclusive => "inconclusive",
        }
    }

    /// Of all objectives together.
    pub fn together(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        verdicts.into_iter().fold(Verdict::Pass, |all, one| match (all, one) {
            (Verdict::Fail, _) | (_, Verdict::Fail) => Verdict::Fail,
            (Verdict::Inconclusive, _) | (_, Verdict::Inconclusive) => Verdict::Inconclusive,
            (Verdict::Pass, Verdict::Pass) => Verdict::Pass,
        })
    }
}

/// Numbers of runs after which is looked: each twice the one before, the last at most `most`.
pub fn looks(first: u32, most: u32) -> Vec<u32> {
    let mut looks = vec![first.min(most)];
    while let Some(next) = looks.last().map(|last| last.saturating_mul(2)).filter(|next| *next <= most) {
        looks.push(next);
    }
    if looks.last().is_some_and(|last| *last < most) {
        looks.push(most);
    }
    looks
}

/// One objective, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    pub verdict: Verdict,
    /// Level of the interval that the verdict was read off.
    pub confidence: f64,
    evidence: Evidence,
    p_value: Option<f64>,
}

/// How an experiment with objectives is stopped.
#[derive(Clone, Debug)]
pub struct Rule {
    pub looks: Vec<u32>,
    /// Nothing is left to chance: one run decides.
    pub fixed: bool,
}

/// Adds runs to those that are there until all is decided. `make` returns the runs of a range of indices, in order.
pub fn until_decided(
    scenario: &Scenario,
    rule: &Rule,
    mut runs: Vec<RunResult>,
    mut make: impl FnMut(Range<u32>) -> Vec<RunResult>,
) -> (Vec<RunResult>, Vec<Judged>) {
    let mut judged = Vec::new();
    for &look in &rule.looks {
        let made = runs.len() as u32;
        if look < made {
            continue;
        }
        runs.extend(make(made..look));
        judged = judge(scenario, rule, &runs);
        if Verdict::together(judged.iter().map(|one| one.verdict)) != Verdict::Inconclusive {
            break;
        }
    }
    if judged.is_empty() {
        // so many were made for another reason that no look is left
        judged = judge(scenario, rule, &runs);
    }
    (runs, judged)
}

/// One look.
pub fn judge(scenario: &Scenario, rule: &Rule, runs: &[RunResult]) -> Vec<Judged> {
    let objectives = &scenario.objectives;
    let found: Vec<Evidence> =
        objectives.iter().map(|objective| evidence::evidence(objective, scenario, runs)).collect();
    let looks = rule.looks.len();
    // what there is no data for is decided without a test
    let tested: Vec<usize> = (0..found.len()).filter(|&i| found[i].value.is_some() && !rule.fixed).collect();
    let p_values: Vec<Option<f64>> = tested.iter().map(|&i| found[i].p_value(objectives[i].bound, looks)).collect();
    let decided = holm(&p_values, ERROR / looks as f64);
    found
        .into_iter()
        .enumerate()
        .map(|(i, evidence)| {
            let side = if evidence.is_met() { Verdict::Pass } else { Verdict::Fail };
            let at = tested.iter().position(|&tested| tested == i);
            let (verdict, level) = match at.map(|at| decided[at]) {
                Some((true, level)) => (side, level),
                Some((false, level)) => (Verdict::Inconclusive, level),
                None if evidence.value.is_some() => (side, 0.0),
                None => (Verdict::Fail, 0.0),
            };
            Judged { verdict, confidence: 1.0 - level, evidence, p_value: at.and_then(|at| p_values[at]) }
        })
        .collect()
}

/// As reported. `trusted`: false where no interval can be stood by (no steady state, no end of the warm-up found): a run
/// that begins empty looks better than it is, so what is missed is missed, and what seems to be met is not decided.
pub fn reported(scenario: &Scenario, rule: &Rule, judged: &[Judged], trusted: bool) -> Vec<ObjectiveSummary> {
    let rows = scenario.objectives.iter().zip(judged);
    rows.map(|(objective, judged)| {
        let verdict = match judged.verdict {
            Verdict::Pass if !trusted && !rule.fixed => Verdict::Inconclusive,
            verdict => verdict,
        };
        let (unit, scale) = unit(&objective.metric);
        let evidence = &judged.evidence;
        let finite = evidence.value.filter(|value| value.is_finite());
        let interval = finite.filter(|_| !rule.fixed).and_then(|_| evidence.interval(judged.confidence));
        // a share's interval does not go beyond all
        let most = if unit == "share" { 1.0 } else { f64::INFINITY };
        ObjectiveSummary {
            that: objective.that.clone(),
            scope: scope(objective, scenario),
            unit,
            bound: objective.bound * scale,
            smaller_is_better: objective.comparison.is_upper(),
            value: finite.map(|value| value * scale),
            censored: evidence.value == Some(f64::INFINITY),
            interval: interval.map(|[low, high]| [low * scale, high.min(most) * scale]),
            confidence: interval.map(|_| judged.confidence),
            runs: evidence.runs,
            verdict: verdict.name(),
            why: why(objective, rule, judged, verdict),
            written: objective.written.clone(),
        }
    })
    .collect()
}

/// Unit of results, and what one of the objective's own is in it.
fn unit(metric: &Metric) -> (&'static str, f64) {
    match metric {
        Metric::Latency(_) | Metric::ApplyDelay { .. } => ("ms", 1e3),
        Metric::SecondsBehind { .. } | Metric::Rto => ("s", 1.0),
        Metric::Throughput => ("/s", 1.0),
        Metric::Availability | Metric::ErrorRate | Metric::Utilization { .. } | Metric::StaleReads { .. } => {
            ("share", 1.0)
        }
        Metric::Rpo => ("transactions", 1.0),
    }
}

/// `checkout, during fault 1`; empty: all requests, all the time.
fn scope(objective: &Objective, scenario: &Scenario) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(objective.class.map(|class| scenario.requests[class].name.clone()));
    match &objective.metric {
        Metric::Utilization { station } => parts.push(station.clone()),
        Metric::ApplyDelay { server, .. } | Metric::SecondsBehind { server, .. } | Metric::StaleReads { server } => {
            parts.push(scenario.servers[*server].name.clone());
        }
        Metric::Latency(_)
        | Metric::Availability
        | Metric::ErrorRate
        | Metric::Throughput
        | Metric::Rpo
        | Metric::Rto => {}
    }
    match (objective.during, objective.time) {
        (Some(fault), _) => parts.push(format!("during fault {fault}")),
        (None, Some(TimeSpan::Between { from_s, to_s: Some(to_s) })) => parts.push(format!("{from_s} s to {to_s} s")),
        (None, Some(TimeSpan::Between { from_s, to_s: None })) => parts.push(format!("from {from_s} s")),
        (None, Some(TimeSpan::Outages { .. }) | None) => {}
    }
    parts.join(", ")
}

/// What the verdict rests on where value and interval do not say it.
fn why(objective: &Objective, rule: &Rule, judged: &Judged, verdict: Verdict) -> String {
    let evidence = &judged.evidence;
    let runs = evidence.runs;
    if evidence.value.is_none() {
        if let Some(TimeSpan::Outages { fault }) = objective.time {
            return format!("no data: fault {} came in no run, or nothing was to be seen meanwhile", fault + 1);
        }
        return match objective.metric {
            Metric::Rpo | Metric::Rto => "no data: the primary was there all the time".into(),
            Metric::Utilization { .. } => "no data: there is no such station, or it has no limit".into(),
            Metric::ApplyDelay { .. } | Metric::SecondsBehind { .. } => "no data: nothing was replicated".into(),
            Metric::StaleReads { .. } => "no data: nobody read there".into(),
            Metric::Latency(_) | Metric::Availability | Metric::ErrorRate | Metric::Throughput => {
                "no data: no request finished".into()
            }
        };
    }
    if rule.fixed {
        return "one run, without doubt: the traces fix arrivals and work".into();
    }
    if verdict != judged.verdict {
        return "it is met in these runs, but they have no steady state that could be stood by (see the warnings)"
            .into();
    }
    let percent = |share: f64| format!("{}%", significant(share * 100.0));
    let undecided = || match more_runs(objective, rule, judged) {
        Some(runs) => format!("; some {runs} runs would decide"),
        None => String::new(),
    };
    match (&evidence.kind, verdict) {
        (Kind::Slower { allowed, .. }, _) => {
            let Some((share, interval)) = evidence.slower(judged.confidence) else { return String::new() };
            let between = interval
                .map_or_else(String::new, |[low, high]| format!(" [{}, {}]", significant(low * 100.0), percent(high)));
            let tail = if verdict == Verdict::Inconclusive { undecided() } else { String::new() };
            let allowed = percent(*allowed);
            format!("{}{between} of the requests are slower or fail, and {allowed} may{tail}", percent(share))
        }
        (Kind::EachRun { amiss: 0 }, _) => {
            let level = ((1.0 - judged.confidence) * rule.looks.len() as f64).clamp(1e-12, ERROR);
            let at_most = 1.0 - libm::pow(level, 1.0 / f64::from(runs));
            let tail = match verdict {
                Verdict::Inconclusive => {
                    let needed = (libm::log(level) / libm::log(1.0 - RUNS_AMISS)).ceil();
                    format!("; to say that of {} takes {needed} runs", percent(RUNS_AMISS))
                }
                Verdict::Pass | Verdict::Fail => String::new(),
            };
            format!("the worst of {runs} runs; fewer than {} of all runs miss it{tail}", percent(at_most))
        }
        (Kind::EachRun { amiss }, _) => format!("the worst of {runs} runs; {amiss} of them miss it"),
        (Kind::Sides { good }, _) => format!("{good} of {runs} runs meet it; they do not vary, or not as numbers do"),
        (Kind::None, _) => "too few runs, or too few observations beyond the percentile in a run".into(),
        (Kind::Values(_) | Kind::Percentile { .. } | Kind::Trials { .. }, Verdict::Inconclusive) => {
            format!("the interval holds the limit{}", undecided())
        }
        (Kind::Values(_) | Kind::Percentile { .. } | Kind::Trials { .. }, Verdict::Pass | Verdict::Fail) => {
            String::new()
        }
    }
}

/// Runs with which an interval that shrinks as their square root would not hold the limit any more.
fn more_runs(objective: &Objective, rule: &Rule, judged: &Judged) -> Option<u32> {
    let evidence = &judged.evidence;
    let (value, [low, high], bound) = match evidence.slower(judged.confidence) {
        Some((share, interval)) => {
            let Kind::Slower { allowed, .. } = evidence.kind else { return None };
            (share, interval?, allowed)
        }
        None => (evidence.value?, evidence.interval(judged.confidence)?, objective.bound),
    };
    let half = if bound > value { high - value } else { value - low };
    let ratio = half / (bound - value).abs();
    let runs = f64::from(evidence.runs) * ratio * ratio;
    // what follows from chance alone, and what nobody waits for
    let sensible = runs.is_finite() && runs <= 10_000.0;
    let last = f64::from(*rule.looks.last()?);
    sensible.then(|| significant_up(runs.max(1.2 * last).max(f64::from(evidence.runs) * 1.2)))
}

/// Two digits, upwards.
fn significant_up(number: f64) -> u32 {
    let unit = libm::pow(10.0, (libm::log10(number.max(1.0)).floor() - 1.0).max(0.0));
    ((number / unit).ceil() * unit) as u32
}

/// Three digits.
fn significant(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
}

impl Judged {
    /// How likely something at least as clear is where the figure lies on the limit; `None`: it was not tested.
    pub fn p_value(&self) -> Option<f64> {
        self.p_value
    }
}

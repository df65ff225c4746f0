//! All runs of a scenario -> what they say together.

use super::checks::checks;
use super::estimate::{Doubt, PERCENTILE_RUNS, complement};
use super::merge::{self, over_runs, total};
use super::per_run::PerRun;
use super::ranked::{Ranked, TailNotes, latency};
use super::stations;
use super::summary::{
    AssumptionSummary, Bottleneck, ObjectiveSummary, SCHEMA_VERSION, ScenarioId, Sensitivity, StationSummary, Summary,
    Totals, TrafficSummary, Warning,
};
use super::verdict::{self, Judged, Rule, Verdict};
use super::warnings::{Caution, FIXED_TRACE, Loaded, NO_WARMUP_FOUND};
use super::{Outcome, bounds, databases, incidents, pictured, precision, summary, theory, topology};
use crate::scenario::{Mark, Process, Scenario, ServiceKind, is_of_plan, is_of_repair};
use crate::simulation::load::LoadTable;
use crate::simulation::result::{ClassResult, FailureReason, RunResult, STATUSES};

/// A station above this share of its capacity is near saturation.
const NEAR_SATURATION: f64 = 0.9;
/// Attempts for each request from which clients who try again are worth a word.
const AMPLIFIED: f64 = 1.05;
/// Above this share it is never idle but for the beginning of a run.
const FULL: f64 = 0.995;

/// What is known besides the runs themselves.
#[derive(Clone, Debug, Default)]
pub struct Context<'a> {
    /// Load offered to each station, computed beforehand.
    pub load: Option<&'a LoadTable>,
    /// The warm-up was to be found by MSER-5.
    pub warmup_auto: bool,
    /// Found before the runs (by the compiler, by the warm-up). `NO_WARMUP_FOUND` takes all intervals away.
    pub warnings: Vec<Warning>,
    /// Of `precision::until_precise`: the relative half-width asked for, whether it was reached, and the one at
    /// the end.
    pub precision: Option<(f64, bool, Option<f64>)>,
    pub sensitivities: Vec<Sensitivity>,
    /// Of a scenario with objectives: how it was stopped, and what was found.
    pub judged: Option<(Rule, Vec<Judged>)>,
    /// What an undecided verdict counts as, where there may be only two.
    pub inconclusive: Option<Verdict>,
}

impl Context<'_> {
    fn has(&self, warning: &str) -> bool {
        self.warnings.iter().any(|w| w.id == warning)
    }
}

/// The runs are of one scenario, in the order of their indices; at least one.
pub fn outcome(scenario: &Scenario, runs: &[RunResult], context: Context) -> Outcome {
    let Together { mut summary, classes, doubt } = together(scenario, runs, context);
    summary.per_run = PerRun::of(scenario, runs);
    summary.assumptions = assumptions(scenario);
    let pictured = pictured::pictured(&doubt, runs, &classes, topology::topology(scenario));
    Outcome { summary, merged: merge::merged(runs, &classes), pictured, samples: Vec::new() }
}

/// [`outcome`] for those who draw nothing and are compared with nobody: without the figures of each run and the
/// assumptions.
pub fn summary(scenario: &Scenario, runs: &[RunResult], context: Context) -> Summary {
    together(scenario, runs, context).summary
}

struct Together {
    summary: Summary,
    /// "all" first.
    classes: Vec<(String, ClassResult)>,
    doubt: Doubt,
}

fn together(scenario: &Scenario, runs: &[RunResult], context: Context) -> Together {
    let settled = context.load.map(|load| settled(load, runs));
    let context = &Context { load: settled.as_ref(), ..context };
    assert!(!runs.is_empty(), "an experiment has at least one run");
    let mut warnings = context.warnings.clone();
    let totals: Vec<ClassResult> = runs.iter().map(total).collect();
    let mut classes = vec![("all".to_owned(), over_runs(&totals))];
    for (i, request) in scenario.requests.iter().enumerate() {
        classes.push((request.name.clone(), over_runs(runs.iter().map(|run| &run.classes[i]))));
    }

    let load_cautions = load_cautions(scenario, runs, context, &classes[0].1);
    let steady = !load_cautions.iter().any(|c| matches!(c, Caution::NoSteadyState(_)));
    let mut confidence = if context.precision.is_some() { precision::CONFIDENCE } else { Doubt::default().confidence };
    if let Some((rule, _)) = context.judged.as_ref().filter(|(rule, _)| !rule.fixed) {
        // how many runs there are was decided by looking at them
        confidence = confidence.max(1.0 - verdict::ERROR / rule.looks.len() as f64);
    }
    let doubt = Doubt { confidence, intervals: steady && !context.has(NO_WARMUP_FOUND) };
    warnings.extend(load_cautions.iter().map(Caution::warning));

    let mut notes = TailNotes::default();
    let measured: Vec<f64> = runs.iter().map(|run| run.measured_s).collect();
    let traffic: Vec<TrafficSummary> = classes
        .iter()
        .enumerate()
        .map(|(i, (name, sum))| {
            let each: Vec<&ClassResult> = match i.checked_sub(1) {
                None => totals.iter().collect(),
                Some(class) => runs.iter().map(|run| &run.classes[class]).collect(),
            };
            traffic(&doubt, &mut notes, name, sum, &each, &measured)
        })
        .collect();
    let stations = stations::stations(&doubt, &mut notes, runs, context.load);
    let replication = stations::replication(&doubt, &mut notes, runs);
    let databases = databases::databases(&doubt, &mut notes, runs);
    warnings.extend(observation_cautions(runs, &doubt, context, &classes[0].1, notes).iter().map(Caution::warning));

    let incidents = incidents::incidents(&doubt, scenario, runs);
    let random_faults = incidents::random_faults(&doubt, scenario, runs);
    let mut checks = checks(runs);
    checks.extend(theory::checks(scenario, &stations));
    checks.extend(context.load.map(|load| bounds::checks(scenario, runs, load)).unwrap_or_default());

    let slo = match &context.judged {
        Some((rule, judged)) => verdict::reported(scenario, rule, judged, doubt.intervals),
        None => Vec::new(),
    };
    let summary = Summary {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioId { name: scenario.name.clone(), sha256: scenario.sha256.clone() },
        seed: scenario.simulation.seed,
        runs: runs.len() as u32,
        warmup_s: runs[0].warmup_s,
        warmup_auto: context.warmup_auto,
        measured_s: measured.iter().sum::<f64>() / measured.len() as f64,
        verdict: overall(&slo, context.inconclusive),
        slo,
        traffic,
        bottleneck: bottleneck(&stations, context.load),
        stations,
        replication,
        databases,
        incidents,
        random_faults,
        checks,
        warnings,
        sensitivities: context.sensitivities.clone(),
        assumptions: Vec::new(),
        totals: Totals {
            requests: runs.iter().map(|run| run.finished_total).sum(),
            events: runs.iter().map(|run| run.events).sum(),
        },
        per_run: None,
    };
    Together { summary, classes, doubt }
}

fn overall(slo: &[ObjectiveSummary], inconclusive: Option<Verdict>) -> &'static str {
    let of = |name: &str| slo.iter().any(|objective| objective.verdict == name);
    if slo.is_empty() {
        "none asked"
    } else if of(Verdict::Fail.name()) {
        Verdict::Fail.name()
    } else if of(Verdict::Inconclusive.name()) {
        inconclusive.unwrap_or(Verdict::Inconclusive).name()
    } else {
        Verdict::Pass.name()
    }
}

fn traffic(
    doubt: &Doubt,
    notes: &mut TailNotes,
    name: &str,
    sum: &ClassResult,
    runs: &[&ClassResult],
    measured_s: &[f64],
) -> TrafficSummary {
    let answered: Vec<Ranked> = runs.iter().map(|r| Ranked { answered: &r.latency_ns, failed: 0 }).collect();
    let all: Vec<Ranked> = runs.iter().map(|r| Ranked { answered: &r.latency_ns, failed: r.failures() }).collect();
    let failed = doubt.proportion(&runs.iter().map(|r| (r.failures(), r.failures() + r.completed)).collect::<Vec<_>>());
    let merged = Ranked { answered: &sum.latency_ns, failed: 0 };
    let latency_ms = latency(doubt, notes, &format!("latency ({name})"), merged, &answered);
    // without failures it is the same figure, and so would be its notes
    let latency_all_ms = if sum.failures() == 0 {
        latency_ms
    } else {
        let merged = Ranked { failed: sum.failures(), ..merged };
        latency(doubt, notes, &format!("latency_all ({name})"), merged, &all)
    };
    TrafficSummary {
        name: name.to_owned(),
        offered: sum.offered,
        attempts: sum.attempts,
        completed: sum.completed,
        failed: sum.failures(),
        throughput_per_s: doubt
            .mean(runs.iter().zip(measured_s).map(|(r, &t)| (t > 0.0).then(|| r.completed as f64 / t))),
        availability: complement(failed),
        failures: FailureReason::ALL
            .iter()
            .map(|reason| (reason.name().to_owned(), sum.failed[*reason as usize - 1]))
            .filter(|(_, count)| *count > 0)
            .collect(),
        failed_with: STATUSES
            .iter()
            .zip(sum.failed_with)
            .map(|(status, count)| ((*status).to_owned(), count))
            .filter(|(_, count)| *count > 0)
            .collect(),
        latency_ms,
        latency_all_ms,
    }
}

/// From the offered load where the rates are known beforehand, from what was measured where a trace sets them.
fn load_cautions(scenario: &Scenario, runs: &[RunResult], context: &Context, all: &ClassResult) -> Vec<Caution> {
    let Some(load) = context.load else { return Vec::new() };
    let mut endless = Vec::new();
    let mut refused = Vec::new();
    let mut near = Vec::new();
    for station in &load.stations {
        let Some(workers) = station.workers else { continue };
        let loaded = Loaded { station: station.station.clone(), erlangs: station.offered_erlangs, workers };
        let share = station.offered_erlangs / f64::from(workers);
        if share >= 1.0 {
            let endless_queue = match is_limited(scenario, &station.station) {
                Some(limited) => !limited,
                // a client who leaves takes no work away
                None => all.failures() == all.failed[FailureReason::ClientTimeout as usize - 1],
            };
            if endless_queue { endless.push(loaded) } else { refused.push(loaded) }
        } else if share > NEAR_SATURATION {
            near.push(loaded);
        }
    }
    if scenario.traffic.iter().any(|t| matches!(t.process, Process::Trace(_))) {
        for (i, station) in runs[0].stations.iter().enumerate() {
            let Some(workers) = station.workers.filter(|_| station.granted == 0) else { continue };
            let busy: f64 = runs.iter().map(|r| r.stations[i].busy_area_ns as f64 / 1e9).sum();
            let time: f64 = runs.iter().map(|r| r.measured_s).sum();
            let known = load.stations.iter().any(|s| s.station == station.name && s.offered_erlangs > 0.0);
            if !known && busy > NEAR_SATURATION * f64::from(workers) * time {
                near.push(Loaded { station: station.name.clone(), erlangs: busy / time, workers });
            }
        }
    }
    let mut cautions = Vec::new();
    if !endless.is_empty() {
        cautions.push(Caution::NoSteadyState(endless));
    }
    if !refused.is_empty() {
        let finished = (all.completed + all.failures()).max(1);
        cautions.push(Caution::Overload { stations: refused, failed_share: all.failures() as f64 / finished as f64 });
    }
    if !near.is_empty() {
        cautions.push(Caution::NearSaturation(near));
    }
    let attempts = all.attempts as f64 / all.offered.max(1) as f64;
    if attempts >= AMPLIFIED {
        cautions.push(Caution::Retries { attempts });
    }
    cautions
}

/// The load with what only the runs know: where a policy that looks at the servers' state sends requests. A
/// station that is busy without a pause counts as full.
fn settled(load: &LoadTable, runs: &[RunResult]) -> LoadTable {
    let mut load = load.clone();
    for station in load.stations.iter_mut().filter(|s| s.assumed) {
        let Some(at) = runs[0].stations.iter().position(|s| s.name == station.station) else { continue };
        let busy: f64 = runs.iter().map(|r| r.stations[at].busy_area_ns as f64 / 1e9).sum();
        let time: f64 = runs.iter().map(|r| r.measured_s).sum();
        let full = station.workers.map_or(f64::INFINITY, f64::from);
        let settled = busy / time;
        station.offered_erlangs = if settled >= FULL * full { full.max(station.offered_erlangs) } else { settled };
    }
    load
}

/// Whether a plain station turns requests away or lets them give up; `None`: it is not one.
fn is_limited(scenario: &Scenario, station: &str) -> Option<bool> {
    scenario.services.iter().find(|s| s.name == station).and_then(|service| match &service.kind {
        ServiceKind::Station(s) => Some(s.queue_limit.is_some() || s.patience.is_some()),
        ServiceKind::Haproxy(_) | ServiceKind::Nginx(_) | ServiceKind::App(_) | ServiceKind::Mysql(_) => None,
    })
}

fn observation_cautions(
    runs: &[RunResult],
    doubt: &Doubt,
    context: &Context,
    all: &ClassResult,
    notes: TailNotes,
) -> Vec<Caution> {
    let mut cautions = Vec::new();
    if all.completed == 0 {
        cautions.push(Caution::NothingCompleted);
    }
    // a trace that fixes all has one run, and its own warning says so
    if doubt.intervals && runs.len() < PERCENTILE_RUNS && !context.has(FIXED_TRACE) {
        cautions.push(Caution::FewRuns { runs: runs.len() as u32 });
    }
    if let Some((relative, false, half_width)) = context.precision {
        cautions.push(Caution::PrecisionNotReached { relative, half_width, runs: runs.len() as u32 });
    }
    if !notes.few.is_empty() {
        cautions.push(Caution::FewTailSamples(notes.few));
    }
    if !notes.coarse.is_empty() {
        cautions.push(Caution::HistogramResolution(notes.coarse));
    }
    cautions
}

/// With a station this busy, a full pool is full because of what its holders wait for.
const HELD_UP: f64 = 0.9;

/// From the offered load if all rates are known; else the busiest station or pool. A pool is passed over where
/// its holders are held up by a busy station.
pub(super) fn bottleneck(stations: &[StationSummary], load: Option<&LoadTable>) -> Option<Bottleneck> {
    let utilization = |s: &StationSummary| s.utilization.value;
    if let Some((station, rate)) = load.and_then(LoadTable::bottleneck) {
        let measured = stations.iter().find(|s| s.name == station.station);
        return Some(Bottleneck {
            station: station.station.clone(),
            utilization: measured.and_then(utilization),
            max_rate_per_s: Some(rate),
        });
    }
    let busiest_of = |pools: bool| {
        let of_kind = stations.iter().filter(|s| (s.role == "pool") == pools);
        of_kind
            .filter_map(|s| Some((s, utilization(s).filter(|u| *u > 0.0)?)))
            // the first among equals
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
    };
    let busiest = match (busiest_of(false), busiest_of(true)) {
        (Some(station), Some(pool)) if station.1 < HELD_UP && pool.1 > station.1 => pool,
        (station, pool) => station.or(pool)?,
    };
    Some(Bottleneck { station: busiest.0.name.clone(), utilization: Some(busiest.1), max_rate_per_s: None })
}

/// No run asks how often things fail, or what may be bought.
pub fn assumptions(scenario: &Scenario) -> Vec<AssumptionSummary> {
    listed(scenario, |key| !is_of_repair(key) && !is_of_plan(key))
}

/// How often things fail, and how soon they are put right.
pub(super) fn repairs(scenario: &Scenario) -> Vec<AssumptionSummary> {
    listed(scenario, is_of_repair)
}

fn listed(scenario: &Scenario, wanted: impl Fn(&str) -> bool) -> Vec<AssumptionSummary> {
    scenario
        .assumptions
        .iter()
        .filter(|a| wanted(&a.key))
        .map(|a| AssumptionSummary {
            key: a.key.clone(),
            value: a.value.clone(),
            mark: match a.mark {
                Mark::Given => "given",
                Mark::Measured => "measured",
                Mark::Fitted => "fitted",
                Mark::Default => "default",
            },
            source: a.source.clone(),
        })
        .collect()
}

/// Whether a self-check failed: the process then does not end well.
pub fn checks_passed(summary: &summary::Summary) -> bool {
    summary.checks.iter().all(|check| check.passed)
}

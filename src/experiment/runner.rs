//! An experiment from beginning to end: read the traces, compile, find the warm-up, make the runs, and put
//! together what they say.

use std::borrow::Cow;

use thiserror::Error;

use super::explained;
use super::outcome::{Context, outcome};
use super::parallel::{self, Progress};
use super::recording::Recording;
use super::summary::{Sensitivity, Warning};
use super::time_spent::time_spent;
use super::verdict::{self, GROWTH, Rule, Verdict};
use super::warnings::{Caution, FIXED_TRACE, numbered};
use super::{Outcome, merge, precision, warmup};
use crate::model::network::FaultTimes;
use crate::model::program::Step;
use crate::scenario::{Mark, Process, Scenario, Warmup, idle_faults, immaterial_defaults, moved_by, without_effect};
use crate::simulation::cohorts::Cohorts;
use crate::simulation::compile::{CompileNote, Compiled, compile};
use crate::simulation::ledger::Ledger;
use crate::simulation::result::RunResult;
use crate::simulation::trails::{Choice, Trails, Wanted};
use crate::simulation::{Records, RunPlan, run as run_once, run_choice, run_cohorts, run_ledger, run_trails};
use crate::workload::trace::TraceError;

/// The same scenario with one value (`key`, as written) in the place of another; `None` where that is not
/// valid.
pub type Variant<'a> = &'a (dyn Fn(&str, &str) -> Option<Scenario> + Sync);

#[derive(Default)]
pub struct Options<'a> {
    /// Relative half-width to reach (0.02 is 2%); else the scenario's number of runs.
    pub precision: Option<f64>,
    /// Makes variants, to learn which defaults move the answer; `None`: not asked.
    pub variant: Option<Variant<'a>>,
    /// Where the scenario has objectives: the most runs to decide them; 8 times the scenario's number if left out.
    pub max_runs: Option<u32>,
    /// What an undecided verdict counts as, where there may be only two.
    pub inconclusive: Option<Verdict>,
    /// Single requests are looked for, and what they went through is told.
    pub samples: bool,
}

#[derive(Debug, Error)]
pub enum ExperimentError {
    /// Every trace that cannot be played, with the name of its traffic.
    #[error("{}", .0.iter().map(|(traffic, error)| format!("traffic.{traffic}.file: {error}")).collect::<Vec<_>>().join("\n"))]
    Traces(Vec<(String, TraceError)>),
}

/// Requests of each run that asks what a default does: enough for a p99 with some hundred beyond it.
const PROBE_REQUESTS: f64 = 20_000.0;
/// More do not fit into memory.
const RUNS_MAX: u32 = 10_000;
/// Longest list of defaults in the results.
const SENSITIVITIES_MAX: usize = 5;

/// Runs a scenario as often as it says, over all threads of the present rayon pool.
pub fn run(
    scenario: &Scenario,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Outcome, ExperimentError> {
    let prepared = Prepared::new(scenario)?;
    let mut warnings = prepared.warnings();
    let (warmup_s, automatic) = prepared.warmup(&mut warnings);
    let duration = scenario.simulation.duration_s;
    let make = |range| parallel::runs(range, |i| prepared.run(i, warmup_s, duration), progress);
    let (mut runs, precise) = match options.precision {
        _ if prepared.is_fixed() => (make(0..1), None),
        Some(relative) => {
            let precise = precision::until_precise(relative, make);
            (precise.runs, Some((relative, precise.reached, precise.relative_half_width)))
        }
        None => (make(0..scenario.simulation.runs.min(options.max_runs.unwrap_or(u32::MAX))), None),
    };
    let mut judged = None;
    if !scenario.objectives.is_empty() {
        let rule = rule(scenario, options, prepared.is_fixed());
        let found;
        (runs, found) = verdict::until_decided(scenario, &rule, runs, make);
        judged = Some((rule, found));
    }
    let sensitivities = match options.variant {
        Some(variant) => sensitivities(scenario, &prepared, warmup_s, variant),
        None => Vec::new(),
    };
    let context = Context {
        load: Some(&prepared.compiled.load),
        warmup_auto: automatic,
        warnings,
        precision: precise,
        sensitivities,
        judged,
        inconclusive: options.inconclusive,
    };
    let mut outcome = outcome(scenario, &runs, context);
    outcome.pictured.time_spent = time_spent(scenario, &prepared, &outcome, warmup_s);
    if options.samples {
        outcome.samples = explained::samples(&prepared, &outcome.summary);
    }
    Ok(outcome)
}

/// When runs are looked at. With `precision` the looks are its own, and others behind them.
fn rule(scenario: &Scenario, options: &Options, fixed: bool) -> Rule {
    if fixed {
        return Rule { looks: vec![1], fixed };
    }
    let first = options.precision.map_or(scenario.simulation.runs, |_| precision::LOOKS[0]);
    let most = options.max_runs.unwrap_or(first.saturating_mul(GROWTH).min(RUNS_MAX));
    Rule { looks: verdict::looks(first, most), fixed }
}

/// Reads every trace through, as [`run`] does before its first run.
///
/// # Errors
/// All traces that cannot be played.
pub fn check_traces(scenario: &Scenario) -> Result<(), ExperimentError> {
    Prepared::new(scenario).map(|_| ())
}

/// A scenario ready to be run again and again.
pub(super) struct Prepared<'s> {
    scenario: Cow<'s, Scenario>,
    pub(super) compiled: Compiled,
    /// By source; `None` where it replays nothing.
    recordings: Vec<Option<Recording>>,
}

impl<'s> Prepared<'s> {
    pub(super) fn new(scenario: &'s Scenario) -> Result<Prepared<'s>, ExperimentError> {
        Prepared::of(Cow::Borrowed(scenario))
    }

    /// One that keeps its scenario.
    pub(super) fn owned(scenario: Scenario) -> Result<Prepared<'static>, ExperimentError> {
        Prepared::of(Cow::Owned(scenario))
    }

    fn of(scenario: Cow<'s, Scenario>) -> Result<Prepared<'s>, ExperimentError> {
        let (mut recordings, mut unplayable) = (Vec::new(), Vec::new());
        for traffic in &scenario.traffic {
            match &traffic.process {
                Process::Trace(source) => match Recording::open(source) {
                    Ok(recording) => recordings.push(Some(recording)),
                    Err(error) => unplayable.push((traffic.name.clone(), error)),
                },
                _ => recordings.push(None),
            }
        }
        if !unplayable.is_empty() {
            return Err(ExperimentError::Traces(unplayable));
        }
        let compiled = compile(&scenario);
        Ok(Prepared { scenario, compiled, recordings })
    }

    /// Another scenario with the same traffic; traces may be played at another speed.
    pub(super) fn variant<'v>(&self, scenario: &'v Scenario) -> Prepared<'v> {
        let recordings = self.recordings_for(scenario);
        Prepared { scenario: Cow::Borrowed(scenario), compiled: compile(scenario), recordings }
    }

    /// The same, and it keeps its scenario.
    pub(super) fn owned_variant(&self, scenario: Scenario) -> Prepared<'static> {
        let (compiled, recordings) = (compile(&scenario), self.recordings_for(&scenario));
        Prepared { scenario: Cow::Owned(scenario), compiled, recordings }
    }

    fn recordings_for(&self, scenario: &Scenario) -> Vec<Option<Recording>> {
        let each = self.recordings.iter().zip(&scenario.traffic).map(|(recording, traffic)| {
            match (recording, &traffic.process) {
                (Some(recording), Process::Trace(trace)) => Some(recording.at_speed(trace.speed)),
                (recording, _) => recording.clone(),
            }
        });
        each.collect()
    }

    pub(super) fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    pub(super) fn run(&self, index: u32, warmup_s: f64, duration_s: Option<f64>) -> RunResult {
        let records = |source: usize| self.records(source);
        run_once(&self.scenario, &self.compiled, &RunPlan { run: index, warmup_s, duration_s, traces: &records })
    }

    /// The same, and its requests by when they arrived.
    pub(super) fn run_cohorts(
        &self,
        index: u32,
        warmup_s: f64,
        duration_s: f64,
        within_s: f64,
    ) -> (RunResult, Cohorts) {
        let records = |source: usize| self.records(source);
        let plan = RunPlan { run: index, warmup_s, duration_s: Some(duration_s), traces: &records };
        run_cohorts(&self.scenario, &self.compiled, &plan, within_s)
    }

    /// A run for where time goes.
    pub(super) fn run_ledger(
        &self,
        index: u32,
        warmup_s: f64,
        duration_s: Option<f64>,
        bands: &[(u64, u64)],
    ) -> Ledger {
        let records = |source: usize| self.records(source);
        run_ledger(
            &self.scenario,
            &self.compiled,
            &RunPlan { run: index, warmup_s, duration_s, traces: &records },
            bands,
        )
    }

    /// A run that chooses requests, for each of these wishes.
    pub(super) fn run_choice(
        &self,
        index: u32,
        warmup_s: f64,
        duration_s: Option<f64>,
        wanted: &[Wanted],
    ) -> Vec<Choice> {
        let records = |source: usize| self.records(source);
        let plan = RunPlan { run: index, warmup_s, duration_s, traces: &records };
        run_choice(&self.scenario, &self.compiled, &plan, wanted)
    }

    /// A run, and what the requests of these numbers went through.
    pub(super) fn run_trails(
        &self,
        index: u32,
        warmup_s: f64,
        duration_s: Option<f64>,
        numbers: &[u64],
    ) -> (RunResult, Trails) {
        let records = |source: usize| self.records(source);
        let plan = RunPlan { run: index, warmup_s, duration_s, traces: &records };
        run_trails(&self.scenario, &self.compiled, &plan, numbers)
    }

    fn records(&self, source: usize) -> Records<'_> {
        match &self.recordings[source] {
            Some(recording) => recording.records(),
            None => Box::new(std::iter::empty()),
        }
    }

    /// Length of the warm-up, seconds, and whether it was found by pilot runs; then all runs and variants have it.
    pub(super) fn warmup(&self, warnings: &mut Vec<Warning>) -> (f64, bool) {
        match self.scenario.simulation.warmup {
            Warmup::Seconds(seconds) => (seconds, false),
            Warmup::Auto => {
                let duration_s = self.scenario.simulation.duration_s;
                let pilots = parallel::runs(0..warmup::PILOTS, |i| self.run(i, 0.0, duration_s), &|_| {});
                let found = warmup::automatic(&pilots);
                warnings.extend(found.warning);
                (found.warmup_s, true)
            }
        }
    }

    /// Whether nothing is left to chance: arrivals and work both come from traces.
    pub(super) fn is_fixed(&self) -> bool {
        let network = &self.compiled.network;
        let chance = |step: &Step| {
            matches!(step, Step::Branch { .. } | Step::Switch { .. } | Step::Again { .. } | Step::Dispatch { .. })
        };
        self.recordings.iter().all(Option::is_some)
            && network
                .draws
                .iter()
                .all(|draw| matches!(draw.sampler, crate::engine::distribution::Sampler::Constant(_)))
            && !network.steps.iter().any(chance)
            // who notices when a load balancer is gone, and when faults come
            && network.vrrps.is_empty()
            && !network.faults.iter().any(|fault| matches!(fault.when, FaultTimes::Random { .. }))
    }

    pub(super) fn warnings(&self) -> Vec<Warning> {
        let mut warnings: Vec<Warning> =
            without_effect(&self.scenario).into_iter().map(|found| Caution::WithoutEffect(found).warning()).collect();
        warnings.extend(idle_faults(&self.scenario).into_iter().map(|found| Caution::IdleFault(found).warning()));
        let numbered = |fault: &usize| numbered(*fault, self.scenario.faults[fault - 1].written.effect.as_str());
        for note in &self.compiled.notes {
            let (server, needed_bytes, ram_bytes) = match note {
                CompileNote::MemoryShort { server, needed_bytes, ram_bytes } => (server, needed_bytes, ram_bytes),
                CompileNote::AddressStays { fault, service } => {
                    warnings.push(Warning {
                        id: "address_stays",
                        message: format!(
                            "{}: a dead process of {service} does not move the address: no track_script",
                            numbered(fault)
                        ),
                        advice: format!(
                            "add track_script = {{ interval = \"2 s\", fall = 2, rise = 2 }} to service.{service}.vrrp"
                        ),
                    });
                    continue;
                }
                CompileNote::EqualPriorities { service, server } => {
                    warnings.push(Warning {
                        id: "equal_priorities",
                        message: format!("{service}: priorities are equal, so keepalived decides by address; {server}, named first, counts as having the highest"),
                        advice: "give the server that shall have the address a higher priority".into(),
                    });
                    continue;
                }
                CompileNote::BackupAfterTheEnd { service } => {
                    warnings.push(Warning {
                        id: "backup_after_the_end",
                        message: format!("the backup of {service} begins when the run is over"),
                        advice: "let it begin earlier, or set simulation.duration longer".into(),
                    });
                    continue;
                }
                CompileNote::FaultWithoutEffect { fault } => {
                    warnings.push(Warning {
                        id: "fault_without_effect",
                        message: format!("{} changes nothing: no request uses what it stops or slows", numbered(fault)),
                        advice: "name a service or a part of a server that requests use".into(),
                    });
                    continue;
                }
            };
            warnings.push(Warning {
                id: "memory_short",
                message: format!(
                    "{server} has {:.1} GiB of memory, and its processes take {:.1} GiB before the first request",
                    ram_bytes / 1_073_741_824.0,
                    needed_bytes / 1_073_741_824.0
                ),
                advice: "give it more memory, or its services fewer workers or a smaller buffer pool".into(),
            });
        }
        for recording in self.recordings.iter().flatten() {
            let counts = &recording.counts;
            let left_out = counts.malformed + counts.unmatched;
            if left_out > 0 {
                let examples = counts.examples.iter().take(3);
                let examples: Vec<String> =
                    examples.map(|(line, text, why)| format!("line {line} ({why}): {text}")).collect();
                warnings.push(Warning {
                    id: "trace_lines_left_out",
                    message: format!(
                        "{}: {} of {} lines are malformed and {} match no rule; they were left out. {}",
                        recording.file().display(),
                        counts.malformed,
                        counts.lines,
                        counts.unmatched,
                        examples.join("; ")
                    ),
                    advice: "see them with `foobar-sim trace`; add rules or `otherwise` for what is traffic".into(),
                });
            }
            for note in &counts.notes {
                warnings.push(Warning {
                    id: "recorded_timers",
                    message: format!("{}: {note}", recording.file().display()),
                    advice: "see \"Recorded timers are not service times\" in src/README.md".into(),
                });
            }
        }
        if self.is_fixed() {
            warnings.push(Warning {
                id: FIXED_TRACE,
                message: "the trace fixes arrivals and work, so there is one run and no interval".into(),
                advice: "the figures hold for these requests and no others".into(),
            });
        }
        warnings
    }
}

/// By what a default is moved: up by a quarter.
const MOVED: f64 = 1.25;

/// Which defaults move p99 most: each is moved by a quarter, on the same traffic, in one short run.
fn sensitivities(scenario: &Scenario, base: &Prepared, warmup_s: f64, variant: Variant) -> Vec<Sensitivity> {
    let immaterial = immaterial_defaults(scenario);
    let moved: Vec<_> = scenario
        .assumptions
        .iter()
        .filter(|a| a.mark == Mark::Default && !immaterial(a))
        .filter_map(|a| Some((a, moved_by(a, MOVED)?.0)))
        .collect();
    if moved.is_empty() {
        return Vec::new();
    }
    let rate = base.compiled.load.rate_per_s;
    let duration = match (rate, scenario.simulation.duration_s) {
        (Some(rate), Some(duration)) if rate > 0.0 => Some((PROBE_REQUESTS / rate).min(duration)),
        (_, duration) => duration.map(|d| d / 4.0),
    };
    let warmup = warmup_s.min(duration.unwrap_or(warmup_s));
    let p99 = |prepared: &Prepared| merge::total(&prepared.run(0, warmup, duration)).latency_ns.quantile(0.99);
    let Some(reference) = p99(base) else { return Vec::new() };
    let mut found: Vec<Sensitivity> = {
        use rayon::prelude::*;
        moved
            .par_iter()
            .filter_map(|(assumption, to)| {
                let other = variant(&assumption.key, to)?;
                let changed = p99(&base.variant(&other))?;
                Some(Sensitivity {
                    key: assumption.key.clone(),
                    value: assumption.value.clone(),
                    moved_to: to.clone(),
                    p99_change_percent: (changed / reference - 1.0) * 100.0,
                    source: assumption.source.clone(),
                })
            })
            .collect()
    };
    found.retain(|s| s.p99_change_percent != 0.0);
    found.sort_by(|a, b| b.p99_change_percent.abs().total_cmp(&a.p99_change_percent.abs()).then(a.key.cmp(&b.key)));
    found.truncate(SENSITIVITIES_MAX);
    found
}

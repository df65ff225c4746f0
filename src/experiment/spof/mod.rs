//! What each single failure costs: the scenario with one failure at a time, on the same traffic, beside the scenario
//! without any.
//!
//! In reading order: [`component`] (what can fail), this file (which runs are made), `trial` (what is kept of a run),
//! `effect` (what a failure does), `cost` (what that makes in a year), `structure` and `system` (the availability of the
//! whole), `pairs` (two at once), [`findings`] (what is reported).
//!
//! Years of failures and milliseconds of queueing meet here: no year is simulated. A failure is simulated once it has
//! happened, for as long as it takes to settle; how often it happens and how long it lasts are multiplied on.

pub mod component;
mod cost;
mod effect;
pub mod findings;
mod pairs;
mod structure;
mod system;
mod trial;

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use super::estimate::Doubt;
use super::parallel::Progress;
use super::runner::{ExperimentError, Prepared};
use super::summary::{Check, ScenarioId, Totals, Warning};
use super::warnings::NO_WARMUP_FOUND;
use super::{checks, outcome};
use crate::scenario::{Fault, Scenario};
use crate::stats::analytic::AnalyticError;
use component::{Component, components, fault_of};
use effect::{Loss, Pairing, verdict};
use findings::{
    Baseline, ComponentFindings, Findings, OverTime, PairSimulated, Recovery, SCHEMA_VERSION, SystemFindings,
};
use structure::Structure;
use system::Member;
use trial::Trial;

/// Runs if neither the command line nor a shorter scenario says otherwise: enough for an interval.
pub const RUNS: u32 = 5;

/// When in a run the failure happens. Times in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Horizon {
    /// From t = 0.
    pub at_s: f64,
    pub lasts_s: f64,
    /// From the repair to the end.
    pub after_s: f64,
    /// An answer later than this is none.
    pub within_s: f64,
}

impl Horizon {
    pub fn until_s(&self) -> f64 {
        self.at_s + self.lasts_s
    }

    pub fn length_s(&self) -> f64 {
        self.until_s() + self.after_s
    }

    /// The part in which failover has settled: the second half, but for those whom the repair may yet help.
    pub fn settled_s(&self) -> [f64; 2] {
        [self.at_s + 0.5 * self.lasts_s, self.until_s() - self.within_s]
    }

    /// Whether the settled part is long enough to tell.
    pub fn is_sound(&self) -> bool {
        let [from, to] = self.settled_s();
        self.within_s > 0.0 && self.at_s > 0.0 && self.after_s > 0.0 && to - from >= 0.1 * self.lasts_s
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    pub horizon: Horizon,
    pub runs: u32,
    /// Of each class's requests, 0..1.
    pub objective: f64,
    /// Two failures at once, too.
    pub pairs: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum SpofError {
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// The scenario cannot be asked this.
    #[error("{0}")]
    Unsuitable(String),
    #[error("the Markov model: {0}")]
    Analytic(#[from] AnalyticError),
}

/// The findings, and the laws that were broken.
pub fn run(
    scenario: &Scenario,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(Findings, Vec<Check>), SpofError> {
    let horizon = &options.horizon;
    assert!(horizon.is_sound(), "the command line lets only sound horizons pass");
    let mut warnings = own_faults(scenario);
    let quiet = Scenario { faults: Vec::new(), ..scenario.clone() };
    let prepared = Prepared::new(&quiet)?;
    let (components, without) = components(&quiet);
    warnings.extend((!without.is_empty()).then(|| cannot_fail(&without)));
    if components.is_empty() {
        return Err(SpofError::Unsuitable("nothing in this scenario can be made to fail".into()));
    }
    let (warmup_s, warmup_auto) = prepared.warmup(&mut warnings);
    let runs = if prepared.is_fixed() { 1 } else { options.runs };
    let doubt = Doubt { intervals: warnings.iter().all(|warning| warning.id != NO_WARMUP_FOUND), ..Doubt::default() };

    let at = |component: Component| fault_of(component, &quiet, horizon.at_s, horizon.lasts_s).0;
    let mut cases: Vec<Vec<Fault>> = vec![Vec::new()];
    cases.extend(components.iter().map(|&component| vec![at(component)]));
    let (mut pair_findings, mut pair_of) = (None, Vec::new());
    if options.pairs {
        let (found, order) = pairs::ranked(&quiet, &components)?;
        pair_of = order.into_iter().take(pairs::SIMULATED).collect();
        cases.extend(pair_of.iter().map(|pair| pair.iter().map(|&i| at(components[i])).collect()));
        pair_findings = Some(found);
    }
    let trials = simulate(&prepared, &quiet, cases, horizon, warmup_s, runs, progress);
    let (all, broken) = (trials.trials, trials.broken);
    let baseline = &all[0];
    let [from, to] = horizon.settled_s().map(|s| (s / baseline[0].width_s()).round() as usize);
    let arrivals: Vec<f64> = (0..quiet.requests.len())
        .map(|class| baseline.iter().map(|trial| trial.of_class(class, from..to).0).sum::<u64>() as f64)
        .collect();
    if arrivals.iter().all(|&n| n == 0.0) {
        let [from, to] = horizon.settled_s();
        return Err(SpofError::Unsuitable(format!(
            "no request arrives from {from} s to {to} s, where the failures are judged; choose another time with --at"
        )));
    }

    let names: Vec<String> = quiet.requests.iter().map(|class| class.name.clone()).collect();
    let pairing = |with| Pairing { with, without: baseline, horizon, doubt };
    let mut found = Vec::new();
    let mut losses: Vec<Vec<Loss>> = Vec::new();
    for (i, &component) in components.iter().enumerate() {
        let pairing = pairing(&all[1 + i]);
        let classes = pairing.classes(&names);
        let loss = pairing.losses();
        let (detected_s, detected) = pairing.detected();
        found.push(ComponentFindings {
            name: component.name(&quiet),
            kind: component.kind(),
            fault: fault_of(component, &quiet, horizon.at_s, horizon.lasts_s).1,
            spof: verdict(&classes, options),
            classes,
            failed: pairing.failed(),
            failures: pairing.reasons(),
            p99_ms: pairing.p99_ms(),
            detected_s,
            detected,
            noticed_s: pairing.noticed_s(),
            recovery: pairing.recovery(options.objective),
            overload: pairing.overload(&trials.stations),
            cost: cost::cost(&doubt, &loss, &component.repair(&quiet)),
            over_time: over_time(&pairing, &names),
        });
        losses.push(loss);
    }
    let structure = Structure::new(&quiet, &arrivals);
    // what would be if nothing took over is as bad as what is until something has
    let members = |below: &dyn Fn(usize) -> bool, seen: &dyn Fn(&Pairing) -> bool| -> Vec<Member> {
        let member = |(i, &component): (usize, &Component)| {
            let finding = &found[i];
            let seen = seen(&pairing(&all[1 + i]));
            let failover_s = match finding.recovery {
                Recovery::Failover { after_s } => after_s,
                Recovery::Unharmed | Recovery::Repair { .. } | Recovery::Never => 0.0,
            };
            let failover_s = failover_s.max(finding.noticed_s.filter(|_| seen).unwrap_or(0.0));
            Member { component, repair: component.repair(&quiet), single: below(i), failover_s, needs_failover: seen }
        };
        components.iter().enumerate().map(member).collect()
    };
    let misses = |i: usize| {
        let values = found[i].classes.iter().filter_map(|class| class.settled.value);
        values.into_iter().any(|value| value < options.objective)
    };
    let halves = |i: usize| losses[i].iter().map(Loss::settled_down).sum::<f64>() > 0.5 * losses[i].len() as f64;
    let system = SystemFindings {
        below_objective: system::availability(&members(&misses, &|one| one.is_seen()), &|failed| {
            structure.serves_all(failed)
        })?,
        below_half: system::availability(&members(&halves, &|one| one.is_halved()), &|failed| {
            structure.served(failed) >= 0.5
        })?,
    };
    if let Some(pairs) = &mut pair_findings {
        for (i, pair) in pairs.pairs.iter_mut().take(pair_of.len()).enumerate() {
            let pairing = pairing(&all[1 + components.len() + i]);
            let classes = pairing.classes(&names);
            let minutes = pair.both_failed_min_per_year;
            let lost = pairing.losses().into_iter().map(|loss| Some(loss.settled_lost().max(0.0) * minutes));
            pair.simulated = Some(PairSimulated {
                below_objective: verdict(&classes, options),
                settled: pairing.settled_success_of_all(),
                budget_min_per_year: doubt.mean(lost),
                overload: pairing.overload(&trials.stations),
                classes,
            });
        }
    }
    let base = pairing(baseline);
    let baseline_findings = Baseline { classes: base.classes(&names), p99_ms: base.p99_ms(), failures: base.reasons() };
    warnings.extend(cautions(&baseline_findings, &system, options, runs));
    found.sort_by(|a, b| {
        let value = |one: &ComponentFindings| one.cost.budget_min_per_year.value.unwrap_or(0.0);
        value(b).total_cmp(&value(a))
    });
    let findings = Findings {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioId { name: scenario.name.clone(), sha256: scenario.sha256.clone() },
        seed: scenario.simulation.seed,
        runs,
        warmup_s,
        warmup_auto,
        before_s: horizon.at_s,
        lasts_s: horizon.lasts_s,
        after_s: horizon.after_s,
        within_s: horizon.within_s,
        settled_s: horizon.settled_s(),
        window_s: baseline[0].width_s(),
        objective: options.objective,
        baseline: baseline_findings,
        components: found,
        system,
        pairs: pair_findings,
        warnings,
        assumptions: outcome::repairs(scenario),
        totals: Totals {
            requests: all.iter().flatten().map(|trial| trial.requests).sum(),
            events: all.iter().flatten().map(|trial| trial.events).sum(),
        },
    };
    Ok((findings, broken))
}

fn over_time(pairing: &Pairing, names: &[String]) -> OverTime {
    let classes = names.iter().enumerate();
    OverTime { success: classes.map(|(class, name)| (name.clone(), pairing.success_over_time(class))).collect() }
}

/// Of each case its runs.
struct Trials {
    trials: Vec<Vec<Trial>>,
    stations: Vec<String>,
    /// Laws that some run broke.
    broken: Vec<Check>,
}

/// All runs of all cases over all threads; the same run of each case has the same traffic.
fn simulate(
    prepared: &Prepared,
    quiet: &Scenario,
    cases: Vec<Vec<Fault>>,
    horizon: &Horizon,
    warmup_s: f64,
    runs: u32,
    progress: &(dyn Fn(Progress) + Sync),
) -> Trials {
    let variant = |faults| {
        let mut scenario = Scenario { faults, ..quiet.clone() };
        scenario.simulation.duration_s = Some(horizon.length_s());
        scenario
    };
    let scenarios: Vec<Scenario> = cases.into_iter().map(variant).collect();
    let variants: Vec<Prepared> = scenarios.iter().map(|scenario| prepared.variant(scenario)).collect();
    let tasks: Vec<(usize, u32)> = (0..variants.len()).flat_map(|case| (0..runs).map(move |run| (case, run))).collect();
    let finished = AtomicU32::new(0);
    let mut made: Vec<(Trial, Vec<Check>, Vec<String>)> = tasks
        .par_iter()
        // each is long: one after the other is taken, not a part of all
        .with_max_len(1)
        .map(|&(case, run)| {
            let (result, cohorts) = variants[case].run_cohorts(run, warmup_s, horizon.length_s(), horizon.within_s);
            let broken = checks::checks(std::slice::from_ref(&result)).into_iter().filter(|c| !c.passed).collect();
            let trial = Trial::new(&result, cohorts, horizon);
            let stations =
                if run == 0 && case == 0 { result.stations.into_iter().map(|s| s.name).collect() } else { Vec::new() };
            let done = finished.fetch_add(1, Ordering::Relaxed) + 1;
            progress(Progress { finished: done, of: tasks.len() as u32, events: trial.events });
            (trial, broken, stations)
        })
        .collect();
    let stations = std::mem::take(&mut made[0].2);
    let broken = made.iter_mut().flat_map(|(_, broken, _)| std::mem::take(broken)).collect();
    let mut made = made.into_iter().map(|(trial, ..)| trial);
    let trials = (0..variants.len()).map(|_| made.by_ref().take(runs as usize).collect()).collect();
    Trials { trials, stations, broken }
}

fn own_faults(scenario: &Scenario) -> Vec<Warning> {
    let count = scenario.faults.len();
    let warning = (count > 0).then(|| Warning {
        id: "own_faults_left_out",
        message: format!("the scenario's own faults ({count}) are left out: each failure is looked at alone"),
        advice: "see what they do with `foobar-sim run`".into(),
    });
    warning.into_iter().collect()
}

fn cannot_fail(names: &[String]) -> Warning {
    Warning {
        id: "cannot_fail",
        message: format!("stations that serve by priority cannot be made to fail yet: {}", names.join(", ")),
        advice: "what their failure costs is not in these figures".into(),
    }
}

fn cautions(baseline: &Baseline, system: &SystemFindings, options: &Options, runs: u32) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let missing: Vec<&str> = baseline
        .classes
        .iter()
        .filter(|class| class.settled.value.is_some_and(|value| value < options.objective))
        .map(|class| class.class.as_str())
        .collect();
    if !missing.is_empty() {
        warnings.push(Warning {
            id: "below_objective_without_failure",
            message: format!("without any failure the objective is missed already by: {}", missing.join(", ")),
            advice: "every component looks like a single point of failure then; give the system more room, or choose \
                     --objective and --within that it meets when all is well"
                .into(),
        });
    }
    if runs < 2 {
        warnings.push(Warning {
            id: "few_runs",
            message: "one run has no interval".into(),
            advice: "ask for more with --runs".into(),
        });
    }
    let downtime = &system.below_objective.one_crew;
    if !downtime.complete && downtime.edge_share > 1e-3 {
        warnings.push(Warning {
            id: "markov_truncated",
            message: format!(
                "the Markov model looks at most at {} failed at once, and so many are for {:.2}% of the time",
                downtime.failed_max,
                100.0 * downtime.edge_share
            ),
            advice: "the system's availability is too good in these figures".into(),
        });
    }
    warnings
}

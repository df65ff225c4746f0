//! What each single failure costs: the scenario with one failure at a time, on the same traffic, beside the scenario
//! without any.
//!
//! In reading order: [`component`] (what can fail), this file (which runs are made), `trial` (what is kept of a run),
//! `study` (all that is asked of the runs): `effect` (what a failure does), `cost` (what that makes in a year), `structure`
//! and `system` (the availability of the whole), `pairs` (two at once); [`findings`] (what is reported).
//!
//! Years of failures and milliseconds of queueing meet here: no year is simulated. A failure is simulated once it has
//! happened, for as long as it takes to settle; how often it happens and how long it lasts are multiplied on.

pub mod component;
mod cost;
mod effect;
pub mod findings;
mod pairs;
pub mod structure;
mod study;
mod system;
mod trial;

use super::estimate::Doubt;
use super::outcome;
use super::parallel::Progress;
use super::runner::{ExperimentError, Prepared};
use super::summary::{Check, ScenarioId, Warning};
use super::warnings::NO_WARMUP_FOUND;
use crate::scenario::Scenario;
use crate::stats::analytic::AnalyticError;
use component::{Component, components, fault_of};
use findings::{Baseline, ComponentFindings, Findings, SCHEMA_VERSION, SystemFindings};
use study::Study;
use trial::Trials;

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
    let components = components(&quiet);
    if components.is_empty() {
        return Err(SpofError::Unsuitable("nothing in this scenario can be made to fail".into()));
    }
    let (warmup_s, warmup_auto) = prepared.warmup(&mut warnings);
    let runs = if prepared.is_fixed() { 1 } else { options.runs };
    let doubt = Doubt { intervals: warnings.iter().all(|warning| warning.id != NO_WARMUP_FOUND), ..Doubt::default() };
    let (mut pairs, mut simulated) = (None, Vec::new());
    if options.pairs {
        let (ranked, order) = pairs::ranked(&quiet, &components)?;
        simulated = order.into_iter().take(pairs::SIMULATED).collect();
        pairs = Some(ranked);
    }

    let at = |component: Component| fault_of(component, &quiet, horizon.at_s, horizon.lasts_s).0;
    let mut cases = vec![Vec::new()];
    cases.extend(components.iter().map(|&component| vec![at(component)]));
    cases.extend(simulated.iter().map(|pair: &[usize; 2]| pair.map(|i| at(components[i])).to_vec()));
    let trials = Trials::simulate(&prepared, &quiet, cases, horizon, warmup_s, runs, progress);
    let study = Study { scenario: &quiet, options, components: &components, pairs: &simulated, trials: &trials, doubt };
    if study.arrivals().iter().all(|&n| n == 0.0) {
        let [from, to] = horizon.settled_s();
        return Err(SpofError::Unsuitable(format!(
            "no request arrives from {from} s to {to} s, where the failures are judged; choose another time with --at"
        )));
    }
    let baseline = study.baseline();
    let mut found: Vec<ComponentFindings> = (0..components.len()).map(|i| study.component(i)).collect();
    if let Some(pairs) = &mut pairs {
        for (i, pair) in pairs.pairs.iter_mut().take(simulated.len()).enumerate() {
            pair.simulated = Some(study.pair(i, pair.both_failed_min_per_year));
        }
    }
    let system = study.system(&found)?;
    warnings.extend(cautions(&baseline, &system, options, runs));
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
        window_s: trials.cases[0][0].width_s(),
        objective: options.objective,
        baseline,
        components: found,
        system,
        pairs,
        warnings,
        assumptions: outcome::repairs(scenario),
        totals: trials.totals(),
    };
    Ok((findings, trials.broken))
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

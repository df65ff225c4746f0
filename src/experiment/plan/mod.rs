//! What to buy, and when: the questions of capacity planning, each answered from runs of one scenario at many scales.
//!
//! In reading order: this file (which questions, and what they need), [`findings`] (what is reported); `subject` (a
//! scenario at one scale after the other), `margin` (how far a run is from an objective), [`search`] (the root);
//! `rate` (the highest rate, also with a server dead), `headroom` (when it is reached), [`ladder`] and [`curve`] (what
//! saturates, and what theory says of it), `fleet` and `cheapest` (what to buy), `tornado` (what the answer hangs on),
//! `scalability` (Gunther's law).
//!
//! All that one question compares has the same seeds and the same lengths, so that it sees the same requests.

mod cheapest;
pub mod curve;
pub mod findings;
mod fleet;
mod headroom;
pub mod ladder;
mod margin;
mod rate;
pub mod scalability;
pub mod search;
mod subject;
mod tornado;

use jiff::civil::Date;

use super::runner::{ExperimentError, Prepared};
use super::summary::{ScenarioId, Warning};
use crate::scenario::{Plan, Process, Scenario};
use findings::{Findings, Highest, LadderFindings, RateFindings, SCHEMA_VERSION, Traffic};
use rate::{Asked, Unit};
use scalability::Measured;
use subject::{Ledger, Subject};

pub use cheapest::Load;
pub use tornado::MOVED;

/// Counts of runs at which a search may end, as in `precision`.
pub const LOOKS: [u32; 4] = super::precision::LOOKS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// The highest rate that meets the objectives, also with any one server dead.
    Rate,
    /// What saturates first, and next.
    Bottlenecks,
    /// The cheapest that meets the objectives.
    Cheapest,
    /// When the traffic reaches the highest rate.
    Headroom,
    /// Which parameter moves p99 most.
    Tornado,
    /// The Universal Scalability Law.
    Usl,
}

impl Question {
    pub const ALL: [Question; 6] = [
        Question::Rate,
        Question::Bottlenecks,
        Question::Cheapest,
        Question::Headroom,
        Question::Tornado,
        Question::Usl,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Question::Rate => "rate",
            Question::Bottlenecks => "bottlenecks",
            Question::Cheapest => "cheapest",
            Question::Headroom => "headroom",
            Question::Tornado => "tornado",
            Question::Usl => "usl",
        }
    }

    fn needs_objectives(self) -> bool {
        matches!(self, Question::Rate | Question::Cheapest | Question::Headroom)
    }
}

#[derive(Clone, Debug)]
pub struct Options {
    /// Empty: all that the scenario can be asked.
    pub questions: Vec<Question>,
    /// Relative half-width of the rate.
    pub precision: f64,
    /// No answer rests on more.
    pub runs_max: u32,
    /// Name of the traffic that is scaled; `None`: all.
    pub source: Option<String>,
    /// Each month; else the scenario's.
    pub growth: Option<f64>,
    pub from: Date,
    /// By how much parameters are moved.
    pub moved: f64,
    /// Points that were measured, in the place of simulated ones.
    pub measured: Option<Measured>,
}

#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// The scenario cannot be asked this; what to do stands with it.
    #[error("{0}")]
    Unsuitable(String),
}

/// How to write an objective.
const WRITE_OBJECTIVE: &str = "write what shall hold, such as\n  [[slo]]\n  that = \"latency_p99 < 400 ms\"\nor ask only \
    what needs none: --question bottlenecks, tornado or usl";

/// `load` reads the scenario again with more overrides.
pub fn run(
    scenario: &Scenario,
    options: &Options,
    load: Load,
    progress: &(dyn Fn(u32) + Sync),
) -> Result<Findings, PlanError> {
    let given = !options.questions.is_empty();
    let wants = |question: Question| !given || options.questions.contains(&question);
    let source = source(scenario, options)?;
    // objectives that a whole scenario is judged by, and those of them that more traffic brings nearer to being missed
    if scenario.objectives.is_empty() {
        let needs = |question: &Question| question.needs_objectives() && wants(*question);
        if let Some(question) = Question::ALL.iter().find(|question| needs(question)) {
            let what = format!(
                "there is no objective, and --question {} asks for what meets them; {WRITE_OBJECTIVE}",
                question.name()
            );
            return Err(PlanError::Unsuitable(what));
        }
    }
    let prepared = Prepared::new(scenario)?;
    let ledger = Ledger::new(progress);
    let looks: Vec<u32> = match LOOKS.iter().copied().filter(|&look| look <= options.runs_max).collect::<Vec<u32>>() {
        // fewer than the first look: all of them
        none if none.is_empty() => vec![options.runs_max],
        looks => looks,
    };
    // a trace that fixes all says the same in each run
    let looks = if prepared.is_fixed() { vec![1] } else { looks };
    let asked = Asked { precision: options.precision, looks };
    let unit = Unit::of(scenario, source);
    let asks = ladder::asks(scenario, source);
    let mut findings = Findings {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioId { name: scenario.name.clone(), sha256: scenario.sha256.clone() },
        seed: scenario.simulation.seed,
        traffic: Traffic { source: options.source.clone(), unit: unit.name, present: unit.present },
        objectives: scenario.objectives.iter().map(|objective| objective.that.clone()).collect(),
        precision: options.precision,
        rate: None,
        bottlenecks: None,
        cheapest: None,
        headroom: None,
        tornado: None,
        usl: None,
        warnings: Vec::new(),
        totals: ledger.totals(),
    };
    let growth = options.growth.or(scenario.plan.as_ref().and_then(|plan| plan.growth_per_month));
    if wants(Question::Headroom) && growth.is_none() {
        let advice = "say --growth 5%, or growth = \"5%\" in [plan]";
        no_answer(given, &ledger, Question::Headroom, "nothing says how fast the traffic grows", advice)?;
    }
    let asks_rate = wants(Question::Rate) || (wants(Question::Headroom) && growth.is_some());
    if asks_rate {
        let mut subject = Subject::new(scenario.clone(), &prepared, source, &ledger);
        subject.keep_objectives(margin::tightens_with_traffic);
        if subject.objectives.is_empty() {
            let what = "no objective is missed by more traffic, so there is no highest rate; add one such as \
                        latency_p99 < 400 ms";
            return Err(PlanError::Unsuitable(what.into()));
        }
        subject.asking(options.precision, asked.looks[0]);
        let all = rate::all(&mut subject, asks.as_deref(), &unit, &asked);
        impossible(scenario, &all.highest, &unit)?;
        if let Some(growth) = growth.filter(|_| wants(Question::Headroom)) {
            findings.headroom = headroom::headroom(&all.highest, growth, options.from);
            if findings.headroom.is_none() {
                let why = "no rate was found at which an objective is missed, or it is centuries away";
                no_answer(false, &ledger, Question::Headroom, why, "tighten the objectives")?;
            }
        }
        if wants(Question::Rate) {
            let one_dead = rate::one_dead(scenario, &prepared, &subject, &unit, &asked, &all);
            findings.rate = Some(RateFindings { all, one_dead, method: rate::METHOD });
        }
    }
    if wants(Question::Bottlenecks) || (wants(Question::Usl) && options.measured.is_none()) {
        let subject = Subject::new(scenario.clone(), &prepared, source, &ledger);
        let curve = curve::curve(&subject, asks.as_deref(), unit.present);
        if wants(Question::Usl) && options.measured.is_none() {
            match scalability::simulated(&curve, unit.name == "users") {
                Ok(found) => findings.usl = Some(found),
                Err(error) => no_answer(
                    given,
                    &ledger,
                    Question::Usl,
                    &error.to_string(),
                    "measure points, and give them with --usl",
                )?,
            }
        }
        if wants(Question::Bottlenecks) {
            let users = scenario.traffic.iter().any(|one| matches!(one.process, Process::Closed { .. }));
            let per_scale = if users { 1.0 } else { unit.present };
            let rungs = ladder::ladder(asks.as_deref().unwrap_or_default(), |scale| scale * per_scale);
            if rungs.is_empty() {
                let advice = "the points that were tried stand below; a ladder needs traffic whose rates are written";
                no_answer(
                    false,
                    &ledger,
                    Question::Bottlenecks,
                    "what stations are asked for is not known beforehand",
                    advice,
                )?;
            }
            findings.bottlenecks = Some(LadderFindings { unit: "requests/s", rungs, curve });
        }
    }
    if let Some(measured) = &options.measured {
        let found = scalability::measured(measured).map_err(|error| PlanError::Unsuitable(error.to_string()))?;
        findings.usl = Some(found);
    }
    if wants(Question::Cheapest) {
        match scenario.plan.as_ref().filter(|plan: &&Plan| !plan.vary.is_empty()) {
            Some(plan) => {
                let found = cheapest::cheapest(plan, &prepared, &ledger, load, &asked);
                findings.cheapest = Some(found.map_err(PlanError::Unsuitable)?);
            }
            None => {
                let advice = "write what may vary and what it costs, such as\n  [plan]\n  currency = \"EUR a month\"\n  \
                              vary = [{ key = \"service.app.workers\", values = [32, 64], prices = [0, 40] },\n          \
                              { servers = \"app\", values = [1, 2, 3], price_each = 180 }]";
                no_answer(given, &ledger, Question::Cheapest, "nothing may vary", advice)?;
            }
        }
    }
    if wants(Question::Tornado) {
        findings.tornado = Some(tornado::tornado(scenario, &prepared, &ledger, load, options.moved));
    }
    findings.totals = ledger.totals();
    findings.warnings = ledger.into_warnings();
    Ok(findings)
}

fn source(scenario: &Scenario, options: &Options) -> Result<Option<usize>, PlanError> {
    let Some(name) = &options.source else { return Ok(None) };
    let found = scenario.traffic.iter().position(|traffic| traffic.name == *name);
    if found.is_none() {
        let names: Vec<&str> = scenario.traffic.iter().map(|traffic| traffic.name.as_str()).collect();
        let what = format!("--source {name}: there is no such traffic; there is {}", names.join(", "));
        return Err(PlanError::Unsuitable(what));
    }
    Ok(found)
}

/// A question that was asked for is an error then; one of all is left out with a word.
fn no_answer(given: bool, ledger: &Ledger, question: Question, why: &str, advice: &str) -> Result<(), PlanError> {
    if given {
        return Err(PlanError::Unsuitable(format!("--question {}: {why}; {advice}", question.name())));
    }
    ledger.warn(Warning {
        id: "not_answered",
        message: format!("\"{}\" is not answered: {why}", question.name()),
        advice: advice.to_owned(),
    });
    Ok(())
}

/// Objectives that no rate meets are a mistake in the scenario.
fn impossible(scenario: &Scenario, highest: &Highest, unit: &Unit) -> Result<(), PlanError> {
    let Highest::None { binding, observed, unit: of } = highest else { return Ok(()) };
    let written = scenario.objectives.iter().find(|objective| objective.that == *binding);
    let place = written.map_or(String::new(), |objective| format!("{}: ", objective.written));
    let seen = observed.value.map_or("nothing is answered".to_owned(), |value| format!("it is {value:.4} {of}"));
    Err(PlanError::Unsuitable(format!(
        "{place}\"{binding}\" is met at no rate: with a thousandth of what the system bears {seen} (now {:.4} {}); loosen \
         the objective, or make the system faster",
        unit.present, unit.name
    )))
}

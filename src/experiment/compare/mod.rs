//! Two scenarios, or a scenario and a stored result, on the same traffic: the difference of every figure run by run, with
//! its interval, and whether the second is better, worse or the same.
//!
//! In reading order: this file (which runs are made), [`looks`] (how many), `side` (the runs of one scenario), `column` (its
//! figures), [`pairing`] (one figure of both), [`verdict`] and `judge` (what that means), [`difference`] and [`draws`] (what
//! differs besides), [`baseline`] (a result that was stored), [`observed`] (figures of production), [`findings`] (what is
//! reported).

pub mod baseline;
mod column;
pub mod difference;
pub mod draws;
pub mod findings;
mod judge;
pub mod looks;
pub mod observed;
pub mod pairing;
mod side;
pub mod verdict;

use super::parallel::Progress;
use super::per_run::Of;
use super::runner::ExperimentError;
use super::summary::{Check, ScenarioId, Totals, Warning};
use super::warnings::NO_WARMUP_FOUND;
use crate::scenario::{Scenario, Warmup};
use baseline::Baseline;
use column::Column;
use findings::{Arrivals, Findings, SCHEMA_VERSION};
use judge::{Judge, Judged};
use side::Side;

/// Most runs of each side if nobody says otherwise: as `--precision`.
pub const RUNS_MOST: u32 = 80;

/// What is too small a difference to count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Of the reference's value.
    pub share: f64,
    /// Of all requests.
    pub availability: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    pub thresholds: Thresholds,
    /// Runs of each side at the first look, and at the last.
    pub first: u32,
    pub most: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Of side A or B (0, 1).
    #[error("{1}")]
    Experiment(usize, ExperimentError),
    /// They cannot be compared: what differs, and what to do.
    #[error("{0}")]
    Unlike(String),
}

/// The findings, and the laws that were broken. `files` are the names of both, for the report.
pub fn run(
    scenarios: [&Scenario; 2],
    files: [String; 2],
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(Findings, Vec<Check>), CompareError> {
    let [a, b] = scenarios;
    alike(a, b)?;
    let mut sides = [
        Side::new(a).map_err(|error| CompareError::Experiment(0, error))?,
        Side::new(b).map_err(|error| CompareError::Experiment(1, error))?,
    ];
    let mut warnings = Vec::new();
    let (warmup_s, warmup_auto) = warmup(&sides, &mut warnings);
    let certain = sides.iter().all(Side::is_fixed);
    let scenario_differences = difference::differences(&difference::keys(a), &difference::keys(b));
    let equal = scenario_differences.is_empty();
    let looks = if certain { vec![1] } else { looks::looks(options.first, options.most) };
    let error = looks::error(looks.len());
    let duration = a.simulation.duration_s;
    let mut judged = None;
    let mut runs = 0;
    for &look in &looks {
        side::extend(&mut sides, runs..look, warmup_s, duration, progress);
        runs = look;
        let [a, b] = sides.each_ref().map(|side| &side.column);
        let now = Judge { a, b, thresholds: options.thresholds, certain, equal, error }.judged();
        let is_final = now.is_final();
        judged = Some(now);
        if is_final {
            break;
        }
    }
    let judged = judged.expect("there is at least one look");
    let [first, second] = &sides;
    let judge = Judge { a: &first.column, b: &second.column, thresholds: options.thresholds, certain, equal, error };
    warnings.extend(of_both(first.warnings(), second.warnings()));
    warnings.extend(cautions(&judge, &judged, runs));
    let findings = Findings {
        a: side_of(a, &files[0]),
        b: side_of(b, &files[1]),
        seed: a.simulation.seed,
        looks,
        warmup_s,
        warmup_auto,
        measured_s: second.measured_s(),
        scenario_differences,
        arrivals: arrivals(first, second),
        unpaired: draws::unpaired(a, b),
        warnings,
        totals: Totals {
            requests: first.totals.requests + second.totals.requests,
            events: first.totals.events + second.totals.events,
        },
        ..found(&judge, &judged, runs)
    };
    let broken = sides.into_iter().flat_map(|side| side.broken).collect();
    Ok((findings, broken))
}

/// A scenario beside a result of another or an earlier one, on the traffic of that.
pub fn run_against(
    baseline: &Baseline,
    scenario: &Scenario,
    files: [String; 2],
    thresholds: Thresholds,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(Findings, Vec<Check>), CompareError> {
    baseline.suits(scenario).map_err(CompareError::Unlike)?;
    let mut sides = [Side::new(scenario).map_err(|error| CompareError::Experiment(1, error))?];
    let certain = sides[0].is_fixed() && baseline.runs == 1;
    let scenario_differences = difference::differences(&baseline.keys, &difference::keys_as_stored(scenario));
    let equal = scenario_differences.is_empty();
    let error = looks::error(1);
    side::extend(&mut sides, 0..baseline.runs, baseline.warmup_s, scenario.simulation.duration_s, progress);
    let [side] = sides;
    let judge = Judge { a: &baseline.column, b: &side.column, thresholds, certain, equal, error };
    let judged = judge.judged();
    let mut warnings = of_both(Vec::new(), side.warnings());
    warnings.extend(cautions(&judge, &judged, baseline.runs));
    let findings = Findings {
        a: findings::Side { scenario: baseline.scenario.clone(), file: files[0].clone(), stored: true },
        b: side_of(scenario, &files[1]),
        seed: scenario.simulation.seed,
        looks: vec![baseline.runs],
        warmup_s: baseline.warmup_s,
        warmup_auto: baseline.warmup_auto,
        measured_s: side.measured_s(),
        scenario_differences,
        arrivals: Vec::new(),
        unpaired: draws::unpaired(scenario, scenario),
        warnings,
        totals: Totals { requests: side.totals.requests, events: side.totals.events },
        ..found(&judge, &judged, baseline.runs)
    };
    Ok((findings, side.broken))
}

/// What the judge says; the rest is filled in by whom it concerns.
fn found(judge: &Judge, judged: &Judged, runs: u32) -> Findings {
    let nobody = || ScenarioId { name: String::new(), sha256: String::new() };
    let none = || findings::Side { scenario: nobody(), file: String::new(), stored: false };
    let missing = |from: &Column, other: &Column| {
        let others = other.subjects();
        from.subjects().into_iter().filter(|one| !others.contains(one)).map(subject).collect::<Vec<String>>()
    };
    Findings {
        schema_version: SCHEMA_VERSION,
        verdict: judged.overall(),
        judged: judged.figures.iter().map(|figure| figure.key()).collect(),
        a: none(),
        b: none(),
        seed: 0,
        runs,
        looks: Vec::new(),
        confidence: 1.0 - judge.error,
        warmup_s: 0.0,
        warmup_auto: false,
        measured_s: 0.0,
        threshold: judge.thresholds.share,
        threshold_availability: judge.thresholds.availability,
        scenario_differences: Vec::new(),
        figures: judge.figures(judged),
        only_in_a: missing(judge.a, judge.b),
        only_in_b: missing(judge.b, judge.a),
        arrivals: Vec::new(),
        unpaired: Vec::new(),
        warnings: Vec::new(),
        totals: Totals { requests: 0, events: 0 },
    }
}

fn subject(of: &Of) -> String {
    match of {
        Of::Class(name) => format!("request class {name}"),
        Of::Station(name) => format!("station {name}"),
        Of::Replica(name) => format!("replica {name}"),
    }
}

fn side_of(scenario: &Scenario, file: &str) -> findings::Side {
    let id = ScenarioId { name: scenario.name.clone(), sha256: scenario.sha256.clone() };
    findings::Side { scenario: id, file: file.to_owned(), stored: false }
}

/// Only the same length of the same randomness can be compared run by run.
fn alike(a: &Scenario, b: &Scenario) -> Result<(), CompareError> {
    let unlike = |what: String| Err(CompareError::Unlike(what));
    if a.simulation.seed != b.simulation.seed {
        return unlike(format!(
            "the seeds differ: {} and {}; give both the same with --seed {}",
            a.simulation.seed, b.simulation.seed, a.simulation.seed
        ));
    }
    let length = |duration: Option<f64>| duration.map_or("as long as the traces".into(), |s| format!("{s} s"));
    let (of_a, of_b) = (a.simulation.duration_s, b.simulation.duration_s);
    if of_a != of_b {
        let remedy = of_a.or(of_b).map_or(String::new(), |s| format!(" with --set simulation.duration='{s} s'"));
        return unlike(format!(
            "the horizons differ: simulation.duration is {} and {}; give both the same{remedy}",
            length(of_a),
            length(of_b)
        ));
    }
    if a.simulation.warmup != b.simulation.warmup {
        let written = |warmup: Warmup| match warmup {
            Warmup::Auto => "auto".to_owned(),
            Warmup::Seconds(s) => format!("{s} s"),
        };
        return unlike(format!(
            "the warm-ups differ: simulation.warmup is {} and {}; give both the same with --set \
             simulation.warmup='{}'",
            written(a.simulation.warmup),
            written(b.simulation.warmup),
            written(if a.simulation.warmup == Warmup::Auto { b.simulation.warmup } else { a.simulation.warmup })
        ));
    }
    if !a.requests.iter().any(|one| b.requests.iter().any(|other| other.name == one.name)) {
        let names = |of: &Scenario| of.requests.iter().map(|r| r.name.as_str()).collect::<Vec<_>>().join(", ");
        return unlike(format!(
            "no request class is in both: {} in A, {} in B; give those that are the same the same name",
            names(a),
            names(b)
        ));
    }
    Ok(())
}

/// The longer of both, so that the same requests are left out of both.
fn warmup(sides: &[Side; 2], warnings: &mut Vec<Warning>) -> (f64, bool) {
    let found = sides.each_ref().map(|side| {
        let mut of_side = Vec::new();
        let found = side.prepared.warmup(&mut of_side);
        // what is compared is the same horizon of both, steady or not
        let lost = of_side.iter().any(|warning| warning.id == NO_WARMUP_FOUND);
        (found, lost)
    });
    let names: Vec<&str> = ["A", "B"].into_iter().zip(&found).filter(|(_, (_, lost))| *lost).map(|(n, _)| n).collect();
    if !names.is_empty() {
        warnings.push(Warning {
            id: NO_WARMUP_FOUND,
            message: format!("the end of the warm-up was not found in {}", names.join(" and in ")),
            advice: "the comparison holds for this length of run, not for the long run; set simulation.duration longer"
                .into(),
        });
    }
    let [((a, auto), _), ((b, _), _)] = found;
    (a.max(b), auto)
}

/// With the name of the side that each is of, in front.
fn of_both(a: Vec<Warning>, b: Vec<Warning>) -> Vec<Warning> {
    let named = |side: &str, w: &Warning| Warning { message: format!("{side}: {}", w.message), ..w.clone() };
    let of_a = a.iter().map(|warning| named(if b.contains(warning) { "A and B" } else { "A" }, warning));
    of_a.chain(b.iter().filter(|warning| !a.contains(warning)).map(|warning| named("B", warning))).collect()
}

/// Whether as many requests of each class came to both in each run.
fn arrivals(a: &Side, b: &Side) -> Vec<Arrivals> {
    let of = |side: &Side, class: &str| -> Option<Vec<u64>> {
        let at = side.classes.iter().position(|name| name == class)?;
        Some(side.offered.iter().map(|run| run[at]).collect())
    };
    let both = b.classes.iter().filter_map(|class| Some((class, of(a, class)?, of(b, class)?)));
    both.map(|(class, a, b)| Arrivals {
        class: class.clone(),
        equal_runs: a.iter().zip(&b).filter(|(a, b)| a == b).count() as u32,
        a: a.iter().sum(),
        b: b.iter().sum(),
    })
    .collect()
}

fn cautions(judge: &Judge, judged: &Judged, runs: u32) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if runs < 2 && !judge.certain {
        warnings.push(Warning {
            id: "few_runs",
            message: "one run has no interval, so nothing is decided".into(),
            advice: "ask for more with --runs".into(),
        });
    }
    if judge.certain {
        warnings.push(Warning {
            id: super::warnings::FIXED_TRACE,
            message: "traces fix arrivals and work on both sides, so there is one run and no doubt".into(),
            advice: "the verdict holds for these requests and no others".into(),
        });
    }
    let few: Vec<String> = judge.figures(judged).iter().filter(|f| f.judged && f.few).map(|f| f.key.clone()).collect();
    if !few.is_empty() {
        warnings.push(Warning {
            id: "few_tail_samples",
            message: format!("too few observations in some run for an interval: {}", few.join(", ")),
            advice: "a percentile needs 20 requests beyond it in each run (p99: 2,000); set simulation.duration longer"
                .into(),
        });
    }
    warnings
}

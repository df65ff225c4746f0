//! Which single parameter moves p99 most, and on which default the verdict hangs: each is moved alone, on the same traffic.
//!
//! All are tried up in one short run, where what has no part in the answer makes exactly no difference; those that move
//! p99 most are tried up and down in several, and compared run by run.

use super::cheapest::Load;
use super::findings::{Bar, Hinge, Tornado};
use super::margin::unit;
use super::subject::{Ledger, Said, Subject, worst};
use crate::experiment::estimate::{Doubt, nothing};
use crate::experiment::runner::Prepared;
use crate::experiment::summary::Estimate;
use crate::scenario::{Assumption, Mark, Scenario, is_of_plan, moved_by};

pub const MOVED: f64 = 0.1;
const RUNS: u32 = 6;
const BARS: usize = 8;
const HINGES: usize = 4;

/// A parameter, and its values up and down with the factors.
struct Moved<'a> {
    assumption: &'a Assumption,
    up: Option<(String, f64)>,
    down: Option<(String, f64)>,
    /// In one short run: change of ln p99 and of the worst margin.
    effect: f64,
    margin: f64,
}

pub fn tornado(scenario: &Scenario, prepared: &Prepared, ledger: &Ledger, load: Load, by: f64) -> Tornado {
    use rayon::prelude::*;
    let base = Subject::new(scenario.clone(), prepared, None, ledger);
    let first = base.rough_runs(0..1);
    let reference = first[0].p99_s;
    let margin = worst(&first).map_or(0.0, |(_, margin)| margin);
    let of_others = |key: &str| is_of_plan(key) || key.starts_with("slo.") || key.starts_with("fault.");
    let parameters: Vec<&Assumption> = scenario.assumptions.iter().filter(|a| !of_others(&a.key)).collect();
    let candidates: Vec<Moved> = parameters
        .iter()
        .filter_map(|assumption| {
            let (up, down) = (moved_by(assumption, 1.0 + by), moved_by(assumption, 1.0 - by));
            (up.is_some() || down.is_some()).then_some(Moved { assumption, up, down, effect: 0.0, margin: 0.0 })
        })
        .collect();
    let count = candidates.len() as u32;
    let effects: Vec<Option<(f64, f64)>> = candidates
        .par_iter()
        .map(|moved| {
            let (value, _) = moved.up.as_ref().or(moved.down.as_ref())?;
            let variant = load(&[format!("{}={value}", moved.assumption.key)]).ok()?;
            let said = base.rough_of(&variant);
            let effect = (said.p99_s? / reference?).ln();
            let moved_margin = worst(std::slice::from_ref(&said)).map_or(0.0, |(_, margin)| margin);
            Some((effect, moved_margin - margin))
        })
        .collect();
    let mut moved: Vec<Moved> = candidates
        .into_iter()
        .zip(effects)
        .filter_map(|(moved, effect)| effect.map(|(effect, margin)| Moved { effect, margin, ..moved }))
        .filter(|moved| moved.effect != 0.0 || moved.margin != 0.0)
        .collect();
    moved.sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()));
    let mut bars = Vec::new();
    let said = base.rough_runs(0..RUNS);
    let doubt = Doubt { intervals: base.intervals, ..Doubt::default() };
    let at = |to: &Option<(String, f64)>, key: &str| -> Option<(String, f64, Vec<Said>)> {
        let (value, factor) = to.clone()?;
        let variant = load(&[format!("{key}={value}")]).ok()?;
        let mut other = Subject::new(variant, prepared, None, ledger);
        other.time_like(&base);
        Some((value, factor, other.rough_runs(0..RUNS)))
    };
    let mut hinges: Vec<(f64, Hinge)> = Vec::new();
    let mut defaults = 0;
    for (rank, one) in moved.iter().enumerate() {
        let is_default = one.assumption.mark == Mark::Default && !base.objectives.is_empty();
        if rank >= BARS && !(is_default && defaults < HINGES) {
            continue;
        }
        defaults += usize::from(is_default);
        let key = &one.assumption.key;
        let sides = [at(&one.down, key), at(&one.up, key)];
        if rank < BARS {
            bars.push(bar(&doubt, one.assumption, &sides, &said));
        }
        if is_default {
            hinges.extend(hinge(&base, &doubt, one.assumption, &sides, &said));
        }
    }
    let widest = |bar: &Bar| {
        let of = |estimate: &Estimate| estimate.value.map_or(0.0, f64::abs);
        of(&bar.p99_up_percent).max(of(&bar.p99_down_percent))
    };
    bars.sort_by(|a, b| widest(b).total_cmp(&widest(a)));
    hinges.sort_by(|a, b| b.0.total_cmp(&a.0));
    let flipping = hinges.iter().filter(|(_, hinge)| hinge.flips).count();
    hinges.truncate(flipping.max(1));
    Tornado {
        moved_percent: by * 100.0,
        parameters: count,
        runs: RUNS,
        length_s: base.rough_length(),
        p99_ms: doubt.mean(said.iter().map(|run| run.p99_s.map(|s| s * 1e3))),
        bars,
        defaults: hinges.into_iter().map(|(_, hinge)| hinge).collect(),
        objective: worst(&said).map(|(o, _)| base.objectives[o].that.clone()),
    }
}

type Side = Option<(String, f64, Vec<Said>)>;

/// Run by run: how much p99 changes, and the elasticity between both sides.
fn bar(doubt: &Doubt, assumption: &Assumption, [down, up]: &[Side; 2], base: &[Said]) -> Bar {
    let change = |side: &Side| match side {
        Some((_, _, said)) => {
            signed(doubt, said.iter().zip(base).map(|(s, b)| Some((s.p99_s? / b.p99_s? - 1.0) * 100.0)))
        }
        None => nothing(),
    };
    let elasticity = match (down, up) {
        (Some((_, less, below)), Some((_, more, above))) => {
            let pairs = below.iter().zip(above);
            signed(doubt, pairs.map(|(b, a)| Some((a.p99_s? / b.p99_s?).ln() / (more / less).ln())))
        }
        (None, Some((_, factor, said))) | (Some((_, factor, said)), None) => {
            signed(doubt, said.iter().zip(base).map(|(s, b)| Some((s.p99_s? / b.p99_s?).ln() / factor.ln())))
        }
        (None, None) => nothing(),
    };
    let value = |side: &Side| side.as_ref().map_or(String::new(), |(value, _, _)| value.clone());
    Bar {
        key: assumption.key.clone(),
        value: assumption.value.clone(),
        mark: match assumption.mark {
            Mark::Given => "given",
            Mark::Measured => "measured",
            Mark::Fitted => "fitted",
            Mark::Default => "default",
        },
        down: value(down),
        up: value(up),
        p99_down_percent: change(down),
        p99_up_percent: change(up),
        elasticity,
    }
}

/// As [`Doubt::mean`], of what may be below 0.
fn signed(doubt: &Doubt, values: impl Iterator<Item = Option<f64>>) -> Estimate {
    let values: Vec<f64> = values.flatten().collect();
    if values.is_empty() {
        return nothing();
    }
    let (mean, interval) = super::subject::mean(&values, doubt.confidence);
    let ci95 = interval.filter(|_| doubt.intervals);
    Estimate { value: Some(mean), ci95, runs: values.len() as u32, censored: false }
}

/// The side on which an objective comes nearest to the other side of its bound, and how near relative to where it is.
fn hinge(
    subject: &Subject,
    doubt: &Doubt,
    assumption: &Assumption,
    sides: &[Side; 2],
    base: &[Said],
) -> Option<(f64, Hinge)> {
    let (_, margin) = worst(base)?;
    let mut nearest: Option<(f64, Hinge)> = None;
    for (value, _, said) in sides.iter().flatten() {
        let (objective, moved) = worst(said)?;
        let flips = (moved > 0.0) != (margin > 0.0);
        // 1 is the bound, 0 no change
        let way = (margin - moved) / margin;
        if nearest.as_ref().is_some_and(|(known, _)| *known >= way) {
            continue;
        }
        let (unit, factor) = unit(&subject.objectives[objective]);
        let values = said.iter().map(|run| run.observed[objective].filter(|v| v.is_finite()).map(|v| v * factor));
        let hinge = Hinge {
            key: assumption.key.clone(),
            value: assumption.value.clone(),
            source: assumption.source.clone(),
            moved_to: value.clone(),
            objective: subject.objectives[objective].that.clone(),
            observed: doubt.mean(values),
            unit,
            flips,
        };
        nearest = Some((way, hinge));
    }
    nearest.filter(|(way, _)| *way > 0.0)
}

//! The cheapest change, or fleet, that meets the objectives: by price, each first held against the work that its stations
//! are asked for, and only then simulated, all on the same traffic.

use super::findings::{Fleet, FleetFindings, Verdict};
use super::fleet::{Fleets, overrides, with_counts};
use super::ladder::{Ask, asks};
use super::margin::unit;
use super::rate::Asked;
use super::subject::{Ledger, Said, Subject, mean, worst};
use crate::experiment::estimate::Doubt;
use crate::experiment::runner::Prepared;
use crate::experiment::summary::Estimate;
use crate::scenario::{Lever, Metric, Plan, Scenario};
use crate::simulation::result::StationRole;

/// How a scenario is read with overrides; what is wrong with it otherwise.
pub type Load<'a> = &'a (dyn Fn(&[String]) -> Result<Scenario, String> + Sync);

/// Those beside the cheapest.
const RUNNERS_UP: usize = 3;
/// Cheaper ones shown.
const CHEAPER: usize = 5;
/// More than these are not simulated, and screened fleets are not counted beyond some number either.
const SIMULATED_MAX: u64 = 60;
const SCREENED_MAX: u64 = 20_000;
/// Missed by so much in every short run, nobody needs long ones.
const CLEARLY: f64 = 0.4;

pub fn cheapest(
    plan: &Plan,
    prepared: &Prepared,
    ledger: &Ledger,
    load: Load,
    asked: &Asked,
) -> Result<FleetFindings, String> {
    let levers = plan.vary.as_slice();
    check_values(levers, load)?;
    let mut fleets = Fleets::new(levers);
    let count = fleets.number();
    let (mut overloaded, mut simulated, mut looked_at) = (0u64, 0u64, 0u64);
    let mut timing: Option<Subject> = None;
    let mut others: Vec<Fleet> = Vec::new();
    let mut meeting: Vec<Fleet> = Vec::new();
    let mut unexplored = false;
    while meeting.len() <= RUNNERS_UP {
        let Some(choices) = fleets.next() else { break };
        if simulated >= SIMULATED_MAX || looked_at >= SCREENED_MAX {
            unexplored = true;
            break;
        }
        looked_at += 1;
        let price = fleets.price(&choices);
        let variant = with_counts(load(&overrides(levers, &choices))?, levers, &choices);
        let variant = variant.with_traffic(plan.traffic, None);
        if let Some((station, share)) = overload(&variant) {
            overloaded += 1;
            let observed = Estimate { value: Some(100.0 * share), ci95: None, runs: 0, censored: false };
            others.push(fleet(levers, &choices, price, Verdict::Overloaded, 0, station, observed, "%"));
            continue;
        }
        simulated += 1;
        let mut subject = Subject::new(variant, prepared, None, ledger);
        subject.asking(asked.precision, asked.looks[0]);
        match &timing {
            Some(first) => {
                subject.time_like(first);
                subject.fine.length_s = subject.length_at(1.0, 0.0);
            }
            // the cheapest that is not overloaded is the busiest, and the longest to settle
            None => subject.settle_at(1.0, 0.0),
        }
        let judged = judge(&subject, asked);
        let found = shown(&subject, levers, &choices, price, judged);
        if timing.is_none() {
            timing = Some(subject);
        }
        match found.verdict {
            Verdict::Meets => meeting.push(found),
            Verdict::Misses | Verdict::Unsure | Verdict::Overloaded => others.push(found),
        }
    }
    let mut meeting = meeting.into_iter();
    let cheapest = meeting.next();
    let bound = cheapest.as_ref().map_or(f64::INFINITY, |fleet| fleet.price);
    let sure = !others.iter().any(|fleet| fleet.verdict == Verdict::Unsure && fleet.price <= bound) && !unexplored;
    let mut runners_up: Vec<Fleet> = meeting.collect();
    runners_up.extend(others.iter().filter(|fleet| fleet.verdict == Verdict::Unsure && fleet.price > bound).cloned());
    runners_up.sort_by(|a, b| a.price.total_cmp(&b.price));
    let mut cheaper: Vec<Fleet> = others.into_iter().filter(|fleet| fleet.price <= bound).collect();
    // simulated ones tell more, and of these the last that were looked at
    cheaper.sort_by(|a, b| {
        (a.verdict == Verdict::Overloaded).cmp(&(b.verdict == Verdict::Overloaded)).then(b.price.total_cmp(&a.price))
    });
    cheaper.truncate(CHEAPER);
    let present: Option<Vec<usize>> = levers.iter().map(|lever| lever.present).collect();
    Ok(FleetFindings {
        currency: plan.currency.clone(),
        traffic: plan.traffic,
        levers: levers.iter().map(|lever| lever.name.clone()).collect(),
        cheapest,
        present_price: present.map(|choices| fleets.price(&choices)),
        runners_up,
        cheaper,
        sure,
        fleets: count,
        overloaded,
        simulated,
        cut_off: count.saturating_sub(looked_at),
        unexplored,
    })
}

/// Every value of every lever must be one that the scenario can have.
fn check_values(levers: &[Lever], load: Load) -> Result<(), String> {
    for (i, lever) in levers.iter().enumerate() {
        for choice in 0..lever.choices.len() {
            load(&overrides(&levers[i..=i], &[choice])).map_err(|error| {
                let value = &lever.choices[choice].value;
                format!("{}: {} cannot be {value}: {}", lever.written, lever.name, error.trim_start_matches("error: "))
            })?;
        }
    }
    Ok(())
}

/// A station that is asked for more than it can do, or more than an objective lets it, and the share it would be busy.
fn overload(scenario: &Scenario) -> Option<(String, f64)> {
    let asks = asks(scenario, None)?;
    scenario.traffic.iter().all(|t| !matches!(t.process, crate::scenario::Process::Closed { .. })).then_some(())?;
    let limit = |ask: &Ask| {
        let named = scenario.objectives.iter().filter_map(|objective| match &objective.metric {
            Metric::Utilization { station } if *station == ask.station && objective.comparison.is_upper() => {
                Some(objective.bound)
            }
            _ => None,
        });
        named.fold(1.0, f64::min)
    };
    let share = |ask: &Ask| ask.erlangs(1.0) / f64::from(ask.workers);
    // slots are held for at least as long as on an idle system
    let known = |ask: &&Ask| !ask.assumed && (!ask.at_most || ask.role == StationRole::Pool);
    let worst = asks.iter().filter(known).max_by(|a, b| (share(a) / limit(a)).total_cmp(&(share(b) / limit(b))))?;
    (share(worst) >= limit(worst)).then(|| (worst.station.clone(), share(worst)))
}

struct Judged {
    verdict: Verdict,
    runs: u32,
    worst: usize,
    said: Vec<Said>,
}

/// Looks at fixed counts of runs, the error spread over them; every objective must be met for all to be.
fn judge(subject: &Subject, asked: &Asked) -> Judged {
    let rough = subject.rough_at(1.0);
    let count = subject.objectives.len();
    if let Some(missed) = (0..count).find(|&o| rough.iter().all(|run| run.margins[o] > CLEARLY)) {
        return Judged { verdict: Verdict::Misses, runs: rough.len() as u32, worst: missed, said: rough };
    }
    let confidence = 1.0 - 0.05 / asked.looks.len() as f64;
    let mut said: Vec<Said> = Vec::new();
    let mut verdict = Verdict::Unsure;
    for &look in &asked.looks {
        said.extend(subject.fine_at(1.0, said.len() as u32..look));
        let ends = (0..count).map(|o| {
            let values: Vec<f64> = said.iter().map(|run| run.margins[o]).collect();
            let (mean, interval) = mean(&values, confidence);
            interval.unwrap_or([mean, mean])
        });
        let ends: Vec<[f64; 2]> = ends.collect();
        if ends.iter().all(|[_, high]| *high <= 0.0) {
            verdict = Verdict::Meets;
        } else if ends.iter().any(|[low, _]| *low > 0.0) {
            verdict = Verdict::Misses;
        } else {
            continue;
        }
        break;
    }
    if !subject.intervals {
        verdict = Verdict::Unsure;
    }
    let worst = worst(&said).map_or(0, |(o, _)| o);
    Judged { verdict, runs: said.len() as u32, worst, said }
}

fn shown(subject: &Subject, levers: &[Lever], choices: &[usize], price: f64, judged: Judged) -> Fleet {
    let objective = &subject.objectives[judged.worst];
    let (unit, factor) = unit(objective);
    let values: Vec<f64> =
        judged.said.iter().filter_map(|run| run.observed[judged.worst]).map(|value| value * factor).collect();
    let observed = figures(subject, &values, judged.said.len());
    fleet(levers, choices, price, judged.verdict, judged.runs, objective.that.clone(), observed, unit)
}

fn figures(subject: &Subject, values: &[f64], runs: usize) -> Estimate {
    if values.len() < runs || values.iter().any(|value| !value.is_finite()) {
        return Estimate { value: None, ci95: None, runs: runs as u32, censored: true };
    }
    let doubt = Doubt { intervals: subject.intervals, ..Doubt::default() };
    doubt.around(values.iter().sum::<f64>() / values.len() as f64, values)
}

#[allow(clippy::too_many_arguments)]
fn fleet(
    levers: &[Lever],
    choices: &[usize],
    price: f64,
    verdict: Verdict,
    runs: u32,
    limit: String,
    observed: Estimate,
    unit: &'static str,
) -> Fleet {
    let value = |(lever, &choice): (&Lever, &usize)| lever.choices[choice].value.clone();
    let changes = levers.iter().zip(choices).filter(|(lever, choice)| lever.present != Some(**choice));
    Fleet {
        price,
        values: levers.iter().zip(choices).map(value).collect(),
        changes: changes.map(|(lever, &choice)| format!("{} = {}", lever.name, lever.choices[choice].value)).collect(),
        verdict,
        runs,
        limit,
        observed,
        unit,
    }
}

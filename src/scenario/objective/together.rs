//! Objectives beside each other: those that cannot hold at the same time, and those that say nothing of their own.

use super::super::diagnostics::Diagnostic;
use super::super::model::{Figure, Metric, Objective, Process, Traffic};
use super::super::reader::Reader;
use super::{Placed, beyond_proof};

pub fn check_together(reader: &mut Reader, placed: &[Option<Placed>], traffic: &[Traffic]) {
    let only_traces = traffic.iter().all(|one| matches!(one.process, Process::Trace(_)));
    let numbered: Vec<(usize, &Placed)> =
        placed.iter().enumerate().filter_map(|(index, one)| Some((index, one.as_ref()?))).collect();
    for (index, (objective, place)) in &numbered {
        if !only_traces && beyond_proof(objective.bound, &objective.metric) {
            let example = if objective.metric == Metric::Availability { "0.9999" } else { "0.0001" };
            reader.error(
                Diagnostic::at(
                    place.clone(),
                    format!("slo.{index}.that: no number of runs can show that something never happens"),
                )
                .label("never decided")
                .help(format!("allow for a little, such as {example}")),
            );
        }
    }
    for (at, (index, (later, place))) in numbered.iter().enumerate() {
        for (_, (earlier, earlier_place)) in &numbered[..at] {
            let Some(Conflict { what, help }) = conflict(earlier, later) else { continue };
            reader.error(
                Diagnostic::at(place.clone(), format!("slo.{index}.that: {what}"))
                    .label("this one")
                    .help(help)
                    .related(earlier_place.clone(), "the other one"),
            );
        }
    }
}

struct Conflict {
    what: String,
    help: &'static str,
}

fn conflict(one: &Objective, other: &Objective) -> Option<Conflict> {
    if (one.class, one.time) != (other.class, other.time) {
        return None;
    }
    if one.metric == other.metric {
        if one.comparison.is_upper() == other.comparison.is_upper() {
            let what = format!("\"{}\" and \"{}\" limit the same figure", one.that, other.that);
            return Some(Conflict { what, help: "keep the stricter one" });
        }
        let (upper, lower) = if one.comparison.is_upper() { (one, other) } else { (other, one) };
        // a value between them, or on both where both let it be
        let possible = lower.bound < upper.bound || (upper.is_met_by(lower.bound) && lower.is_met_by(upper.bound));
        return (!possible).then(|| Conflict {
            what: format!("\"{}\" and \"{}\" cannot both hold", one.that, other.that),
            help: "change one of them",
        });
    }
    let (low, high) = match (percentile(one)?, percentile(other)?) {
        (p, q) if p < q => (one, other),
        _ => (other, one),
    };
    (same_but_for_the_figure(&one.metric, &other.metric) && low.bound > high.bound).then(|| Conflict {
        what: format!("\"{}\" already follows from \"{}\"", low.that, high.that),
        help: "a lower percentile is never above a higher one; perhaps the limits are swapped",
    })
}

fn percentile(objective: &Objective) -> Option<f64> {
    match objective.metric {
        Metric::Latency(Figure::Percentile(q))
        | Metric::ApplyDelay { figure: Figure::Percentile(q), .. }
        | Metric::SecondsBehind { figure: Figure::Percentile(q), .. } => Some(q),
        _ => None,
    }
}

fn same_but_for_the_figure(one: &Metric, other: &Metric) -> bool {
    match (one, other) {
        (Metric::Latency(_), Metric::Latency(_)) => true,
        (Metric::ApplyDelay { server: a, .. }, Metric::ApplyDelay { server: b, .. })
        | (Metric::SecondsBehind { server: a, .. }, Metric::SecondsBehind { server: b, .. }) => a == b,
        _ => false,
    }
}

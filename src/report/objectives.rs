//! Objectives and verdicts in words.

use crate::experiment::summary::{Estimate, ObjectiveSummary, Summary};

use super::content::{Block, Tone};
use super::figure::{self, Figure, NOTHING};

/// What the whole summary comes to, in one line; `None`: nothing was asked.
pub fn headline(summary: &Summary) -> Option<(Tone, String)> {
    let of = |verdict: &str| summary.slo.iter().filter(|objective| objective.verdict == verdict).count();
    let all = figure::counted(summary.slo.len() as u64, "objective");
    let undecided = of("inconclusive");
    let counts_as = match (summary.verdict, undecided) {
        (_, 0) | ("inconclusive", _) => String::new(),
        (verdict, _) if of("fail") == 0 => format!(", which counts as {verdict}"),
        _ => String::new(),
    };
    let parts: Vec<String> = [("met", of("pass")), ("missed", of("fail")), ("undecided", undecided)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    let text = format!("{} of {all}{counts_as}", parts.join(", "));
    match summary.verdict {
        "pass" => Some((Tone::Good, format!("PASS: {text}"))),
        "fail" => Some((Tone::Alarm, format!("FAIL: {text}"))),
        "inconclusive" => Some((Tone::Warning, format!("INCONCLUSIVE: {text}"))),
        _ => None,
    }
}

pub fn objectives(summary: &Summary, out: &mut Vec<Block>) {
    if summary.slo.is_empty() {
        return;
    }
    out.push(Block::Heading("Objectives".into()));
    for objective in &summary.slo {
        let (observed, unit) = observed(objective);
        let text = format!("{}: {}, observed {} {unit}", objective.verdict, name(objective), observed.text());
        let tone = match objective.verdict {
            "pass" => Tone::Good,
            "fail" => Tone::Alarm,
            _ => Tone::Warning,
        };
        out.push(Block::Item { tone, text, advice: objective.why.clone() });
    }
    if summary.slo.iter().any(|objective| objective.interval.is_some()) {
        let note = "Here ± is so wide that all verdicts, at every look at the runs, are right together with 95%.";
        out.push(Block::Line(Tone::Faint, note.into()));
    }
}

/// `latency_p99 < 400 ms (checkout, during fault 1)`
pub fn name(objective: &ObjectiveSummary) -> String {
    match objective.scope.as_str() {
        "" => objective.that.clone(),
        scope => format!("{} ({scope})", objective.that),
    }
}

/// Value and interval, shares as percentages, with their unit.
pub fn observed(objective: &ObjectiveSummary) -> (Figure, &'static str) {
    let (scale, unit) = if objective.unit == "share" { (100.0, "%") } else { (1.0, objective.unit) };
    if objective.censored {
        return (Figure::plain("failed"), "");
    }
    let Some(value) = objective.value else { return (Figure::plain(NOTHING), "") };
    let estimate = Estimate { value: Some(value), ci95: objective.interval, runs: objective.runs, censored: false };
    let figure = match objective.interval {
        Some(_) => figure::estimate(&estimate, scale),
        // what its verdict rests on is said below
        None => Figure::plain(figure::number(value * scale)),
    };
    (figure, unit)
}

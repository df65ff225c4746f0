//! The picture of a comparison: every judged difference with its interval.

use super::drawing::{AxisScale, Dot, Drawing, Ranking, Row, Shows};
use crate::experiment::compare::findings::{FigureFindings, Findings};
use crate::experiment::compare::verdict::Verdict;
use crate::experiment::summary::Estimate;
use crate::report::figure::{counted, number, signed_percent};

pub fn drawings(findings: &Findings) -> Vec<Drawing> {
    let percent = |value: f64| 100.0 * value;
    let row = |found: &FigureFindings| {
        let (value, ci95) = (found.change.map(percent), found.change_ci95.map(|ci| ci.map(percent)));
        let estimate = Estimate { value, ci95, runs: findings.runs, censored: false };
        let dot = match found.verdict {
            Verdict::Worse => Dot::Strong,
            Verdict::Better => Dot::Plain,
            Verdict::Same | Verdict::Higher | Verdict::Lower | Verdict::Inconclusive => Dot::Open,
        };
        let change = signed_percent(value.unwrap_or(f64::NAN));
        let said = match found.verdict {
            Verdict::Inconclusive if found.identical => "the same in every run",
            verdict => verdict.name(),
        };
        Row::of(found.key.clone(), &estimate, format!("{change} {said}"), dot)
    };
    let judged = findings.figures.iter().filter(|found| found.judged);
    let others = findings.figures.iter().filter(|found| !found.judged && found.change.is_some());
    vec![Drawing {
        name: "compare".into(),
        title: "What B changes".into(),
        subtitle: format!(
            "A: {}, B: {}; {} each, seed {}; a difference within {}% (dotted) is none",
            findings.a.scenario.name,
            findings.b.scenario.name,
            counted(u64::from(findings.runs), "run"),
            findings.seed,
            number(100.0 * findings.threshold)
        ),
        shows: Shows::Ranking(Ranking {
            axis: "Change from A to B, %".into(),
            scale: AxisScale::Differences,
            rows_title: "Figure, those judged first".into(),
            figures_title: "change, verdict".into(),
            interval: format!("{}% interval", number((findings.confidence * 1000.0).round() / 10.0)),
            rows: judged.chain(others).map(row).collect(),
            legend: ["worse".into(), "better".into(), "the same, neither, or inconclusive".into()],
            reference: Some((0.0, "no difference".into())),
            within: Some(100.0 * findings.threshold),
        }),
    }]
}

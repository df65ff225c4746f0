//! The page of a sweep: the design, the knee and the best points, the charts, and the points themselves.

use super::report::{Piece, Report, Section};
use super::section::{self, Origin, chart, made, said};
use crate::experiment::sweep::design::Kind;
use crate::experiment::sweep::findings::Findings;
use crate::report::content::{Extent, Tone};
use crate::report::figure;
use crate::report::sweep::content;
use crate::report::sweep::folder::SCENARIO;

/// `scenario`: its text, before anything was varied.
pub fn report(findings: &Findings, scenario: &str) -> Report {
    let (tone, text) = content::headline(findings);
    let best = made(|out| {
        content::knees(findings, Extent::Page, out);
        content::best(findings, out);
    });
    let points = made(|out| content::first_points(findings, out));
    let charts = ["sweep-latency", "sweep-throughput", "sweep-map"].map(chart);
    let cautions = made(|out| content::cautions(findings, out));
    let cautions = section::blocks_or(cautions, Tone::Good, "There is nothing to warn of.");
    Report {
        kind: "Sweep of".into(),
        title: findings.scenario.name.clone(),
        below: said(content::below(findings)).into_iter().take(2).collect(),
        version: findings.version.clone(),
        sections: vec![
            Section::new("question", "Question", "What was asked", vec![Piece::Terms(question(findings))]),
            Section::new("verdict", "Findings", "Findings", vec![Piece::Headline(tone, text), Piece::Blocks(best)]),
            Section::new("charts", "Charts", "Charts", charts.into()),
            Section::new("figures", "Points", "Points", vec![Piece::Blocks(points)]),
            Section::new("warnings", "Warnings", "Warnings", vec![cautions]),
            section::listed(vec![Piece::Listing(
                format!("{SCENARIO}, before anything is varied"),
                scenario.to_owned(),
            )]),
            reproduce(findings),
        ],
    }
}

fn question(findings: &Findings) -> Vec<(String, Vec<String>)> {
    let design = match findings.design {
        Kind::Grid if findings.axes.len() == 1 => "each value of one key",
        Kind::Grid => "every value with every other",
        Kind::Zip => "the first values together, then the second ones, and so on",
        Kind::Lhs => "a Latin hypercube, which covers the range of each key evenly",
    };
    let objective = match findings.p99_limit_ms {
        Some(limit) => format!("p99 of all requests at most {} ms", figure::number(limit)),
        None => "none on p99 of all requests".into(),
    };
    vec![
        ("Asked".into(), vec!["How do latency, throughput and failures change with what is varied?".into()]),
        ("Varied".into(), findings.axes.iter().map(content::axis).collect()),
        ("Design".into(), vec![design.into()]),
        ("Objective".into(), vec![objective]),
        ("Runs".into(), said(content::below(findings))),
    ]
}

/// Of the folder alone, since nobody knows where the sweep was planned and merged.
fn reproduce(findings: &Findings) -> Section {
    let mut arguments = vec!["sweep".to_owned(), SCENARIO.to_owned()];
    for axis in &findings.axes {
        arguments.extend(["--vary".to_owned(), format!("{}={}", axis.key, axis.written)]);
    }
    match findings.design {
        Kind::Grid => {}
        Kind::Zip => arguments.extend(["--design", "zip"].map(str::to_owned)),
        Kind::Lhs => {
            arguments.extend(["--design".to_owned(), "lhs".into(), "--points".into(), findings.points.to_string()])
        }
    }
    let notes = [
        ("Table, SHA-256", findings.sha256.clone()),
        (SCENARIO, "lies in the folder of the sweep; the traces that it names are those of manifest.json".to_owned()),
    ];
    let origin = Origin { arguments: &arguments, version: &findings.version, seed: findings.seed };
    section::reproduce(&origin, &[("Scenario, SHA-256", &findings.scenario)], &notes)
}

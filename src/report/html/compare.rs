//! The page of a comparison: the verdict, what differs in the scenarios, every figure with its difference, and what the runs
//! had in common; and that of a simulation beside production.

use super::report::{Piece, Report, Section, Tile};
use super::section::{self, Origin, chart, made, said};
use crate::experiment::compare::findings::{FigureFindings, Findings};
use crate::experiment::compare::observed::Trust;
use crate::report::compare::{content, trust};
use crate::report::content::{self as words, Extent};
use crate::report::figure;
use crate::report::manifest::Manifest;
use crate::scenario::Scenario;

/// `scenarios`: A and B; `None`: A is a stored result.
pub fn report(findings: &Findings, scenarios: [Option<&Scenario>; 2], manifest: &Manifest) -> Report {
    let differences = made(|out| content::differences(findings, Extent::Page, out));
    let figures = made(|out| content::figures(findings, Extent::Page, out));
    let common = made(|out| content::common(findings, out));
    let [a, b] = [&findings.a, &findings.b].map(|side| &side.scenario);
    Report {
        kind: "Comparison of".into(),
        title: content::title(findings),
        below: said(content::below(findings)).split_off(2),
        version: manifest.version.into(),
        sections: vec![
            Section::new("question", "Question", "What was asked", vec![Piece::Terms(question(findings))]),
            Section::new("verdict", "Verdict", "Verdict", verdict(findings)),
            Section::new("differences", "Differences", "What differs", vec![Piece::Blocks(differences)]),
            Section::new("figures", "Figures", "What it changes", vec![chart("compare"), Piece::Blocks(figures)]),
            Section::new("common", "Pairing", "What the runs have in common", vec![Piece::Blocks(common)]),
            section::warnings(&findings.warnings),
            section::listed(listings(scenarios)),
            section::reproduce(
                &Origin::of(manifest, findings.seed),
                &[("Scenario A, SHA-256", a), ("Scenario B, SHA-256", b)],
                &stored(findings),
            ),
        ],
    }
}

fn question(findings: &Findings) -> Vec<(String, Vec<String>)> {
    let thresholds = format!(
        "a difference of {} of A's value counts, of availability {} of all requests",
        words::percent(findings.threshold),
        words::percent(findings.threshold_availability)
    );
    let [a, b] = [&findings.a, &findings.b].map(|side| vec![format!("{}: {}", side.scenario.name, side.file)]);
    vec![
        ("Asked".into(), vec!["Is B better than A, worse, or the same, on the same traffic?".into()]),
        ("A".into(), a),
        ("B".into(), b),
        (
            "Judged".into(),
            findings.figures.iter().filter(|one| one.judged).map(|one| content::what(&one.figure)).collect(),
        ),
        ("Threshold".into(), vec![thresholds]),
        ("Runs".into(), said(content::below(findings)).split_off(2)),
    ]
}

fn verdict(findings: &Findings) -> Vec<Piece> {
    let (tone, text) = content::headline(findings);
    let judged = findings.figures.iter().filter(|found| found.judged);
    vec![
        Piece::Headline(tone, text),
        Piece::Tiles(judged.map(tile).collect()),
        Piece::Blocks(made(|out| content::rules(findings, out))),
    ]
}

/// The difference of a figure that is judged, and its interval.
fn tile(found: &FigureFindings) -> Tile {
    let difference = content::difference(found, figure::estimate);
    Tile::of(format!("{}: {}", content::what(&found.figure), found.verdict.name()), difference, content::unit(found))
}

/// What both read is there once.
fn listings([a, b]: [Option<&Scenario>; 2]) -> Vec<Piece> {
    let written = |side: Option<&Scenario>| side.map_or(Vec::new(), |scenario| scenario.written.clone());
    let (of_a, of_b) = (written(a), written(b));
    let listing = |of: &str, one: &crate::scenario::WrittenFile| {
        Piece::Listing(format!("{of}: {}", one.name), one.text.to_string())
    };
    let mut listings: Vec<Piece> =
        of_a.iter().map(|one| listing(if of_b.contains(one) { "A and B" } else { "A" }, one)).collect();
    listings.extend(of_b.iter().filter(|one| !of_a.contains(one)).map(|one| listing("B", one)));
    listings
}

fn stored(findings: &Findings) -> Vec<(&'static str, String)> {
    let text = "is a stored result, and is read again: the manifest beside it says how it was made";
    if findings.a.stored { vec![("A", text.to_owned())] } else { Vec::new() }
}

pub fn of_trust(found: &Trust, scenario: &Scenario, manifest: &Manifest) -> Report {
    let mut below = said(trust::below(found));
    let runs = below.split_off(2);
    let question = vec![
        ("Asked".to_owned(), vec!["Do production's own figures lie where a run of this model would?".to_owned()]),
        ("Simulated".into(), vec![found.file.clone()]),
        ("Observed".into(), vec![found.observed.clone()]),
        ("Runs".into(), runs.clone()),
    ];
    let (tone, text) = trust::headline(found);
    let verdict = vec![Piece::Headline(tone, text), Piece::Blocks(trust::farthest(found).into_iter().collect())];
    let figures = made(|out| trust::table(found, out));
    Report {
        kind: "Simulation and production of".into(),
        title: found.scenario.name.clone(),
        below: runs,
        version: manifest.version.into(),
        sections: vec![
            Section::new("question", "Question", "What was asked", vec![Piece::Terms(question)]),
            Section::new("verdict", "Verdict", "Verdict", verdict),
            Section::new("figures", "Figures", "Figures", vec![Piece::Blocks(figures)]),
            section::warnings(&found.warnings),
            section::scenario(scenario),
            section::reproduce(&Origin::of(manifest, found.seed), &[("Scenario, SHA-256", &found.scenario)], &[]),
        ],
    }
}

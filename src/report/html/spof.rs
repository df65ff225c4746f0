//! The page of single failures: which of them nothing stands in for, what each costs, what it does, and what that makes of
//! the whole.

use super::report::{CaptionedTable, Piece, Report, Section, Tile};
use super::section::{self, Origin, chart, made, said};
use super::{ledger, question};
use crate::experiment::outcome;
use crate::experiment::spof::findings::{Downtime, Findings, Verdict};
use crate::report::content::{self as words, Block, Extent, Tone};
use crate::report::figure::{self, Figure};
use crate::report::manifest::Manifest;
use crate::report::spof::content;
use crate::scenario::Scenario;

pub fn report(findings: &Findings, scenario: &Scenario, manifest: &Manifest) -> Report {
    let blocks = |of: fn(&Findings, &mut Vec<Block>)| made(|out| of(findings, out));
    let failures = section::blocks_or(blocks(content::reasons), Tone::Good, "Every request was answered in time.");
    let mut sections = vec![
        Section::new("question", "Question", "What was asked", vec![Piece::Terms(question(findings, scenario))]),
        Section::new("verdict", "Verdict", "Verdict", verdict(findings)),
        Section::new(
            "figures",
            "Cost",
            "What each failure costs",
            vec![chart("spof-ranking"), Piece::Blocks(blocks(content::costs))],
        ),
        Section::new(
            "effects",
            "Effects",
            "What each failure does",
            vec![chart("spof-timelines"), Piece::Blocks(blocks(content::effects))],
        ),
        Section::new("failures", "Failures", "Failures by reason", vec![failures]),
        Section::new("availability", "Availability", "Availability", vec![Piece::Blocks(blocks(content::system))]),
    ];
    if let Some(found) = &findings.pairs {
        let blocks = made(|out| content::pairs(found, Extent::Full, out));
        sections.push(Section::new("pairs", "Pairs", "Two failures at once", vec![Piece::Blocks(blocks)]));
    }
    sections.extend([
        section::warnings(&findings.warnings),
        assumptions(findings, scenario),
        section::scenario(scenario),
        section::reproduce(&Origin::of(manifest, findings.seed), &[("Scenario, SHA-256", &findings.scenario)], &[]),
    ]);
    Report {
        kind: "Single failures of".into(),
        title: findings.scenario.name.clone(),
        below: said(content::below(findings)).into_iter().take(1).collect(),
        version: manifest.version.into(),
        sections,
    }
}

fn question(findings: &Findings, scenario: &Scenario) -> Vec<(String, Vec<String>)> {
    let asked = format!(
        "Which single failure leaves less than {} of some class answered within {}, once failover has settled; and what \
         does each cost in a year?",
        words::percent(findings.objective),
        figure::duration(findings.within_s)
    );
    let failures: Vec<String> = findings.components.iter().map(content::label).collect();
    let pairs = match &findings.pairs {
        Some(found) => format!("asked: {}", figure::counted(found.pairs.len() as u64, "pair")),
        None => "not asked (--pairs)".into(),
    };
    let mut terms = vec![
        ("Asked".to_owned(), vec![asked]),
        ("Failures".to_owned(), vec![failures.join(", ")]),
        ("Two at once".to_owned(), vec![pairs]),
    ];
    terms.extend(question::subject(scenario));
    terms.push(("Runs".into(), said(content::below(findings))));
    terms
}

fn verdict(findings: &Findings) -> Vec<Piece> {
    let (tone, text) = content::headline(findings);
    let beside = made(|out| content::beside_headline(findings, out));
    vec![Piece::Headline(tone, text), Piece::Blocks(beside), Piece::Tiles(tiles(findings))]
}

fn tiles(findings: &Findings) -> Vec<Tile> {
    let count = |verdict: Verdict| findings.components.iter().filter(|c| c.spof == verdict).count();
    let spofs =
        Figure { value: count(Verdict::Yes).to_string(), doubt: format!("{} undecided", count(Verdict::Undecided)) };
    let mut tiles = vec![Tile::of("Single points of failure", spofs, &format!("of {}", findings.components.len()))];
    if let Some(dearest) = findings.components.first() {
        let lost = figure::coarse(&dearest.cost.budget_min_per_year, 1.0);
        tiles.push(Tile::of(format!("{} loses", content::label(dearest)), lost, "min a year"));
    }
    let whole = &findings.system.below_objective;
    let available = |name: &str, of: &Downtime| {
        let down = format!(
            "{} min a year below the objective; exact, given the times",
            content::minutes(of.min_per_year).text()
        );
        Tile::of(name, Figure { value: content::nines(of.availability), doubt: down }, "%")
    };
    tiles.push(available("Available, a crew for each", &whole.own_crews));
    tiles.push(available("Available, one crew", &whole.one_crew));
    tiles
}

/// How often things fail comes first: all costs stand on it.
fn assumptions(findings: &Findings, scenario: &Scenario) -> Section {
    let mut section = ledger::section(&outcome::assumptions(scenario));
    if !findings.assumptions.is_empty() {
        let caption = "How often things fail, and how soon they are put right".into();
        let table = words::marked(&findings.assumptions);
        section.pieces.insert(0, Piece::Table(CaptionedTable { caption, table, words: vec![1, 2, 3] }));
    }
    section
}

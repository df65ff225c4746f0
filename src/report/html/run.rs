//! The page of a run: the question, the verdict, the figures, and what they rest on.

use super::report::{CaptionedTable, ObjectiveRow, Piece, Report, Section, Tile};
use super::section::{self, Origin};
use super::{ledger, question, requests};
use crate::experiment::Outcome;
use crate::experiment::summary::{ObjectiveSummary, Summary, TrafficSummary};
use crate::report::chart::Chart;
use crate::report::content::{self, Block, Extent, Tone};
use crate::report::figure::{self, Figure, NOTHING};
use crate::report::manifest::Manifest;
use crate::report::table::Table;
use crate::report::{objectives, replication};
use crate::scenario::Scenario;

/// Charts that have their place among words.
const WITH_FAILURES: &str = "failures";
const WITH_TOPOLOGY: &str = "topology";

pub fn report(scenario: &Scenario, outcome: &Outcome, manifest: &Manifest, charts: &[Chart]) -> Report {
    let summary = &outcome.summary;
    let blocks = |of: &[fn(&Summary, &mut Vec<Block>)]| {
        let mut blocks = Vec::new();
        of.iter().for_each(|of| of(summary, &mut blocks));
        Piece::Blocks(blocks)
    };
    let others = charts.iter().filter(|chart| ![WITH_FAILURES, WITH_TOPOLOGY].contains(&chart.name.as_str()));
    let chart = |name: &str| Piece::Chart(name.into());
    let mut failures = vec![blocks(&[content::availability])];
    // an empty plot would say no more
    if summary.traffic.iter().any(|class| class.failed > 0) {
        failures.push(chart(WITH_FAILURES));
    }
    let mut sections = vec![
        Section::new("question", "Question", "What was asked", vec![Piece::Terms(question::terms(scenario, outcome))]),
        Section::new("verdict", "Verdict", "Verdict", verdict(summary)),
        Section::new("figures", "Figures", "Figures", figures(summary)),
        Section::new("charts", "Charts", "Charts", others.map(|other| chart(&other.name)).collect()),
        Section::new("incidents", "Incidents", "What went wrong", vec![incidents(summary)]),
        Section::new("failures", "Failures", "Failures by reason", failures),
    ];
    sections.push(Section::new(
        "topology",
        "Topology",
        "Topology and load",
        vec![
            chart(WITH_TOPOLOGY),
            blocks(&[
                content::bottleneck,
                |summary, out| content::stations(summary, Extent::Page, out),
                content::station_detail,
                replication::replicas,
                replication::databases,
            ]),
        ],
    ));
    sections.extend(requests::section(&outcome.samples));
    sections.push(Section::new("warnings", "Warnings", "Warnings and checks", vec![warnings(summary)]));
    sections.push(Section::new("assumptions", "Assumptions", "What it rests on", ledger::pieces(summary)));
    sections.push(section::scenario(scenario));
    sections.push(section::reproduce(
        &Origin::of(manifest, summary.seed),
        &[("Scenario, SHA-256", &summary.scenario)],
        &[],
    ));
    Report {
        kind: "Simulation of".into(),
        title: summary.scenario.name.clone(),
        below: vec![content::setting(summary)],
        version: manifest.version.into(),
        sections,
    }
}

fn verdict(summary: &Summary) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let broken = summary.checks.iter().filter(|check| !check.passed).count();
    if broken > 0 {
        let text = format!("{broken} of {} checks failed: do not trust this result", summary.checks.len());
        pieces.push(Piece::Headline(Tone::Alarm, text));
    }
    let (tone, text) = objectives::headline(summary).unwrap_or((Tone::Plain, "No objective was asked".into()));
    pieces.push(Piece::Headline(tone, text));
    if !summary.slo.is_empty() {
        pieces.push(Piece::Objectives(summary.slo.iter().map(objective).collect()));
    }
    pieces.push(Piece::Tiles(tiles(summary)));
    pieces
}

fn objective(objective: &ObjectiveSummary) -> ObjectiveRow {
    let (observed, unit) = objectives::observed(objective);
    ObjectiveRow {
        verdict: objective.verdict.into(),
        that: objectives::name(objective),
        observed: format!("{} {unit}", observed.text()).trim_end().into(),
        why: objective.why.clone(),
        written: objective.written.clone(),
    }
}

fn tiles(summary: &Summary) -> Vec<Tile> {
    let Some(all) = summary.traffic.first() else { return Vec::new() };
    let latency = &all.latency_ms;
    let mut tiles = vec![
        Tile::estimate("p99 of answered requests", &latency.p99, 1.0, "ms"),
        Tile::estimate("p50 of answered requests", &latency.p50, 1.0, "ms"),
        Tile::estimate("Answers", &all.throughput_per_s, 1.0, "/s"),
        Tile::estimate("Availability", &all.availability, 100.0, "%"),
    ];
    if let Some(bottleneck) = &summary.bottleneck {
        let rate = bottleneck.max_rate_per_s;
        tiles.push(Tile {
            name: format!("{} saturates at about", bottleneck.station),
            value: rate.map_or(NOTHING.into(), figure::number),
            unit: "requests/s".into(),
            doubt: bottleneck
                .utilization
                .map(|share| format!("{} busy now", content::percent(share)))
                .unwrap_or_default(),
        });
    }
    tiles
}

type Column = (&'static str, fn(&TrafficSummary) -> Figure);

/// By class. What is not in milliseconds says so in its heading.
fn figures(summary: &Summary) -> Vec<Piece> {
    let answered: [Column; 8] = [
        ("answers /s", |class| figure::estimate(&class.throughput_per_s, 1.0)),
        ("mean ms", |class| figure::estimate(&class.latency_ms.mean, 1.0)),
        ("p50 ms", |class| figure::estimate(&class.latency_ms.p50, 1.0)),
        ("p90 ms", |class| figure::estimate(&class.latency_ms.p90, 1.0)),
        ("p95 ms", |class| figure::estimate(&class.latency_ms.p95, 1.0)),
        ("p99 ms", |class| figure::estimate(&class.latency_ms.p99, 1.0)),
        ("p99.9 ms", |class| figure::estimate(&class.latency_ms.p99_9, 1.0)),
        ("max ms", |class| figure::bare(&class.latency_ms.max)),
    ];
    let finished: [Column; 7] = [
        ("offered", |class| Figure::plain(figure::count(class.offered))),
        ("attempts", |class| Figure::plain(figure::count(class.attempts))),
        ("answered", |class| Figure::plain(figure::count(class.completed))),
        ("failed", |class| Figure::plain(figure::count(class.failed))),
        ("availability %", |class| figure::estimate(&class.availability, 100.0)),
        ("p50 (all) ms", |class| figure::estimate(&class.latency_all_ms.p50, 1.0)),
        ("p99 (all) ms", |class| figure::estimate(&class.latency_all_ms.p99, 1.0)),
    ];
    let note = match summary.runs {
        1 => "±?: no interval from one run.".to_owned(),
        runs => {
            format!("±: 95% interval over {runs} runs; ±?: none (see Warnings), or all runs agree. A maximum has none.")
        }
    };
    vec![
        Piece::Table(by_class(summary, "Latency of answered requests by class", &answered)),
        Piece::Table(by_class(
            summary,
            "What became of requests by class; (all) ranks every failure above every answer",
            &finished,
        )),
        Piece::Blocks(vec![Block::Line(Tone::Faint, note)]),
    ]
}

fn by_class(summary: &Summary, caption: &str, columns: &[Column]) -> CaptionedTable {
    let names: Vec<&str> = std::iter::once("class").chain(columns.iter().map(|(name, _)| *name)).collect();
    let mut table = Table::new(&names);
    for class in &summary.traffic {
        table.row(&class.name, columns.iter().map(|(_, figure)| figure(class)).collect());
    }
    CaptionedTable { caption: caption.into(), table, words: Vec::new() }
}

fn incidents(summary: &Summary) -> Piece {
    let mut blocks = Vec::new();
    content::incidents(summary, &mut blocks);
    content::random_faults(summary, &mut blocks);
    if blocks.is_empty() {
        blocks.push(Block::Line(Tone::Plain, "The scenario has no faults.".into()));
    }
    Piece::Blocks(blocks)
}

fn warnings(summary: &Summary) -> Piece {
    let mut blocks = Vec::new();
    content::failed_checks(summary, &mut blocks);
    content::warnings(&summary.warnings, &mut blocks);
    if summary.warnings.is_empty() {
        blocks.push(Block::Line(Tone::Good, "There is nothing to warn of.".into()));
    }
    content::checks(summary, Extent::Page, &mut blocks);
    Piece::Blocks(blocks)
}

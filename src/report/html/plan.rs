//! The page of a plan: each question with its answer first, then what it rests on: the search, what saturates, what to buy,
//! what moves p99.

use super::report::{CaptionedTable, Piece, Report, Section, Tile};
use super::section::{self, Origin, chart, made, said};
use super::{ledger, question};
use crate::experiment::outcome;
use crate::experiment::plan::findings::{Findings, Highest, RateFindings};
use crate::report::content::{Block, Extent, Tone};
use crate::report::figure::{self, Figure};
use crate::report::manifest::Manifest;
use crate::report::plan::answers::{Answer, answers};
use crate::report::plan::content;
use crate::scenario::Scenario;

pub fn report(findings: &Findings, scenario: &Scenario, manifest: &Manifest) -> Report {
    let mut sections = vec![
        Section::new("question", "Question", "What was asked", vec![Piece::Terms(question(findings, scenario))]),
        Section::new("verdict", "Answers", "Answers", verdict(findings)),
    ];
    sections.extend(answered(findings));
    sections.extend([
        section::warnings(&findings.warnings),
        ledger::section(&outcome::assumptions(scenario)),
        section::scenario(scenario),
        section::reproduce(
            &Origin::of(manifest, findings.seed),
            &[("Scenario, SHA-256", &findings.scenario)],
            &today(findings),
        ),
    ]);
    Report {
        kind: "Capacity plan of".into(),
        title: findings.scenario.name.clone(),
        below: said(content::below(findings)).into_iter().take(2).collect(),
        version: manifest.version.into(),
        sections,
    }
}

fn question(findings: &Findings, scenario: &Scenario) -> Vec<(String, Vec<String>)> {
    let asked = [
        (findings.rate.is_some(), "At most how much traffic meets the objectives, also with any one server dead?"),
        (findings.headroom.is_some(), "When does growing traffic come to that?"),
        (findings.bottlenecks.is_some(), "What saturates first, and next?"),
        (findings.cheapest.is_some(), "What is the cheapest that meets the objectives?"),
        (findings.tornado.is_some(), "What moves p99 most, and which default does the verdict hang on?"),
        (findings.usl.is_some(), "How does throughput scale with load?"),
    ];
    let asked = asked.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, text)| text.to_owned()).collect();
    let objectives = match findings.objectives.is_empty() {
        true => vec!["none".into()],
        false => findings.objectives.clone(),
    };
    let mut terms = vec![("Asked".to_owned(), asked), ("Objectives".to_owned(), objectives)];
    terms.extend(question::subject(scenario));
    if let Some(found) = &findings.cheapest {
        terms.push(("May be bought".into(), found.levers.clone()));
    }
    let beyond_objectives = usize::from(!findings.objectives.is_empty());
    terms.push(("Runs".into(), said(content::below(findings)).split_off(beyond_objectives)));
    terms
}

/// The first answer is the headline.
fn verdict(findings: &Findings) -> Vec<Piece> {
    let sentence = |answer: &Answer| format!("{}: {}", answer.question, answer.text);
    let answers = answers(findings);
    let Some((first, rest)) = answers.split_first() else {
        let nothing = Block::Line(Tone::Warning, "Nothing could be answered; see the warnings.".into());
        return vec![Piece::Blocks(vec![nothing])];
    };
    let item = |answer: &Answer| Block::Item { tone: answer.tone, text: sentence(answer), advice: String::new() };
    vec![
        Piece::Headline(first.tone, sentence(first)),
        Piece::Tiles(tiles(findings)),
        Piece::Blocks(rest.iter().map(item).collect()),
    ]
}

fn tiles(findings: &Findings) -> Vec<Tile> {
    let unit = findings.traffic.unit;
    let mut tiles = vec![Tile::of("Traffic now", Figure::plain(figure::number(findings.traffic.present)), unit)];
    if let Some(Highest::Rate { rate, scale, .. }) = findings.rate.as_ref().map(|rate| &rate.all.highest) {
        tiles.push(Tile::estimate("Highest rate", rate, 1.0, unit));
        tiles.push(Tile::estimate("Highest rate over now", scale, 1.0, "times"));
    }
    if let Some(found) = findings.headroom.as_ref().filter(|found| !found.already) {
        tiles.push(Tile::estimate(format!("Runs out on {}", found.date), &found.months, 1.0, "months"));
    }
    if let Some((found, fleet)) = findings.cheapest.as_ref().and_then(|found| Some((found, found.cheapest.as_ref()?))) {
        let doubt = found.present_price.map_or(String::new(), |price| format!("{} now", figure::number(price)));
        let price = Figure { value: figure::number(fleet.price), doubt };
        tiles.push(Tile::of("Cheapest that meets them", price, &found.currency));
    }
    tiles
}

/// A section for each question.
fn answered(findings: &Findings) -> Vec<Section> {
    let unit = findings.traffic.unit;
    let mut sections: Vec<Section> = findings.rate.iter().map(|found| rate(found, findings)).collect();
    let mut section = |id, short, title, charts: &[&str], blocks: Vec<Block>| {
        let mut pieces: Vec<Piece> = charts.iter().map(|name| chart(name)).collect();
        pieces.push(Piece::Blocks(blocks));
        sections.push(Section::new(id, short, title, pieces));
    };
    if let Some(found) = &findings.headroom {
        section("headroom", "Headroom", "Headroom", &["plan-headroom"], made(|out| content::headroom(found, out)));
    }
    if let Some(found) = &findings.bottlenecks {
        let blocks = made(|out| content::bottlenecks(found, unit, Extent::Full, out));
        section("bottlenecks", "Bottlenecks", "Bottlenecks", &["plan-bottlenecks", "plan-load"], blocks);
    }
    if let Some(found) = &findings.cheapest {
        let blocks = made(|out| content::cheapest(found, Extent::Full, out));
        section("fleet", "Fleet", "What to buy", &["plan-fleets", "plan-trade-off"], blocks);
    }
    if let Some(found) = &findings.tornado {
        let blocks = made(|out| content::tornado(found, Extent::Full, out));
        section("tornado", "Tornado", "What the answer hangs on", &["plan-tornado"], blocks);
    }
    if let Some(found) = &findings.usl {
        section("scalability", "Scalability", "How it scales", &["plan-usl"], content::scalability(found));
    }
    sections
}

/// The search with all servers is told; those with one dead are folded.
fn rate(found: &RateFindings, findings: &Findings) -> Section {
    let unit = findings.traffic.unit;
    let said = made(|out| content::rate(found, unit, findings.precision, Extent::Page, out));
    let mut pieces = vec![chart("plan-rate"), chart("plan-one-dead"), Piece::Blocks(said)];
    pieces.extend(found.one_dead.iter().map(|answer| {
        let caption = format!("What was tried {}", content::case(answer));
        let table = content::tried(answer, unit);
        Piece::Folded(caption.clone(), CaptionedTable { caption, table, words: Vec::new() })
    }));
    pieces.push(Piece::Blocks(vec![Block::Line(Tone::Faint, content::method(found))]));
    Section::new("rate", "Rate", "How much it bears", pieces)
}

/// The only figure that depends on the day.
fn today(findings: &Findings) -> Vec<(&'static str, String)> {
    let from = findings.headroom.as_ref().map(|found| found.from.clone());
    from.map(|day| ("Day", format!("--from {day}, which is the day it was made unless the command says it")))
        .into_iter()
        .collect()
}

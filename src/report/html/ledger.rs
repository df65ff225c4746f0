//! What a result rests on: values that were measured, fitted, or taken from elsewhere because nobody gave them.

use super::report::{CaptionedTable, Piece, Section};
use crate::experiment::summary::{AssumptionSummary, Sensitivity, Summary};
use crate::report::content::moves;
use crate::report::figure::{self, Figure, counted};
use crate::report::table::Table;

/// (mark, what it means), those first that are nobody's measurement.
const MARKS: [(&str, &str); 4] = [
    ("default", "default: nobody gave a value, so that of the source was taken"),
    ("fitted", "fitted: chosen so that the model meets what was measured"),
    ("measured", "measured"),
    ("given", "given in the scenario"),
];

pub fn pieces(summary: &Summary) -> Vec<Piece> {
    let counts = counts(&summary.assumptions);
    let mut pieces =
        vec![Piece::Terms(vec![("Values".into(), vec![counts]), ("Moves p99 most".into(), most(summary))])];
    let moving: Vec<&Sensitivity> = summary.sensitivities.iter().filter(|one| moves(one)).collect();
    if !moving.is_empty() {
        pieces.push(Piece::Table(sensitivities(&moving)));
    }
    pieces.extend(by_mark(&summary.assumptions));
    pieces
}

/// Where nobody has tried which of them matters.
pub fn section(assumptions: &[AssumptionSummary]) -> Section {
    let mut pieces = vec![Piece::Terms(vec![("Values".into(), vec![counts(assumptions)])])];
    pieces.extend(by_mark(assumptions));
    Section::new("assumptions", "Assumptions", "What it rests on", pieces)
}

/// A table for each mark, folded.
fn by_mark(assumptions: &[AssumptionSummary]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (mark, meaning) in MARKS {
        let of_mark: Vec<&AssumptionSummary> = assumptions.iter().filter(|one| one.mark == mark).collect();
        if of_mark.is_empty() {
            continue;
        }
        let title = format!("{} {meaning}", figure::count(of_mark.len() as u64));
        pieces.push(Piece::Folded(title, table(&format!("Values that are {mark}"), &of_mark)));
    }
    pieces
}

fn table(caption: &str, assumptions: &[&AssumptionSummary]) -> CaptionedTable {
    let mut table = Table::new(&["key", "value", "source"]);
    for assumption in assumptions {
        table.row(&assumption.key, [&assumption.value, &assumption.source].map(Figure::plain).into());
    }
    CaptionedTable { caption: caption.into(), table, words: vec![1, 2] }
}

fn counts(assumptions: &[AssumptionSummary]) -> String {
    let count = |mark: &str| assumptions.iter().filter(|assumption| assumption.mark == mark).count();
    let said: Vec<String> = ["given", "measured", "fitted", "default"]
        .map(|mark| format!("{} {mark}", figure::count(count(mark) as u64)))
        .into();
    format!("{}: {}", counted(assumptions.len() as u64, "value"), said.join(", "))
}

fn most(summary: &Summary) -> Vec<String> {
    match summary.sensitivities.iter().find(|one| moves(one)) {
        None => vec!["no default that was tried moves it".into()],
        Some(first) => vec![
            format!(
                "{} = {}: p99 {} with {}",
                first.key,
                first.value,
                figure::signed_percent(first.p99_change_percent),
                first.moved_to
            ),
            "Each default was moved up by a quarter by itself; what moves p99 most is worth measuring first.".into(),
        ],
    }
}

fn sensitivities(moving: &[&Sensitivity]) -> CaptionedTable {
    let mut table = Table::new(&["default", "value", "moved to", "p99 changes by", "source"]);
    for one in moving {
        let change = figure::signed_percent(one.p99_change_percent);
        table.row(&one.key, [&one.value, &one.moved_to, &change, &one.source].map(Figure::plain).into());
    }
    CaptionedTable { caption: "Defaults by how much they move p99".into(), table, words: vec![1, 2, 4] }
}

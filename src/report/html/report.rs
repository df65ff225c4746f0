//! What a page says, as plain parts in their order. Kept as report.json beside the figures of the charts.

use serde::{Deserialize, Serialize};

use super::requests::Waterfall;
use crate::experiment::summary::Estimate;
use crate::report::chart::stored::StoredError;
use crate::report::content::{Block, Tone};
use crate::report::figure::{self, Figure, NO_INTERVAL};
use crate::report::table::Table;

pub const FILE: &str = "report.json";
/// Of this file; one that an older or a newer program wrote is not drawn.
pub const SCHEMA_VERSION: u64 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What the page is of: `Simulation of`.
    pub kind: String,
    /// The scenario's name.
    pub title: String,
    /// Lines under the title.
    pub below: Vec<String>,
    /// Of the program.
    pub version: String,
    pub sections: Vec<Section>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// A word; the address within the page.
    pub id: String,
    /// In the list of sections.
    pub short: String,
    pub title: String,
    pub pieces: Vec<Piece>,
}

impl Section {
    pub fn new(id: &str, short: &str, title: &str, pieces: Vec<Piece>) -> Section {
        Section { id: id.into(), short: short.into(), title: title.into(), pieces }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// (term, what is said of it)
    Terms(Vec<(String, Vec<String>)>),
    Headline(Tone, String),
    Tiles(Vec<Tile>),
    Objectives(Vec<ObjectiveRow>),
    Table(CaptionedTable),
    Blocks(Vec<Block>),
    /// By name, without ending.
    Chart(String),
    /// Below one line that opens it.
    Folded(String, CaptionedTable),
    /// A text as it was written.
    Listing(String, String),
    Waterfall(Waterfall),
}

/// A figure that is seen first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    pub name: String,
    pub value: String,
    pub unit: String,
    /// Its interval, or why there is none.
    pub doubt: String,
}

impl Tile {
    pub fn of(name: impl Into<String>, figure: Figure, unit: &str) -> Tile {
        let Figure { value, doubt } = figure;
        let doubt = if doubt == NO_INTERVAL { "no interval".into() } else { doubt };
        Tile { name: name.into(), value, unit: unit.into(), doubt }
    }

    /// The estimate times `scale`.
    pub fn estimate(name: impl Into<String>, estimate: &Estimate, scale: f64, unit: &str) -> Tile {
        Tile::of(name, figure::estimate(estimate, scale), unit)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveRow {
    /// pass, fail, inconclusive
    pub verdict: String,
    pub that: String,
    pub observed: String,
    pub why: String,
    pub written: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaptionedTable {
    pub caption: String,
    pub table: Table,
    /// Columns of words, which are aligned left and broken, by index.
    pub words: Vec<usize>,
}

pub fn store(report: &Report) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        report_version: u64,
        #[serde(flatten)]
        report: &'a Report,
    }
    let document = Document { report_version: SCHEMA_VERSION, report };
    let mut text = serde_json::to_string(&document).expect("a report has string keys and no failing parts");
    text.push('\n');
    text
}

pub fn read(text: &str) -> Result<Report, StoredError> {
    let damaged = |error: serde_json::Error| StoredError::Damaged(error.to_string());
    let value: serde_json::Value = serde_json::from_str(text).map_err(damaged)?;
    match value.get("report_version") {
        Some(version) if version.as_u64() == Some(SCHEMA_VERSION) => {}
        Some(version) => return Err(StoredError::Version { found: version.to_string() }),
        None => return Err(StoredError::Damaged("report_version is missing".into())),
    }
    let report: Report = serde_json::from_value(value).map_err(damaged)?;
    report.check().map_err(StoredError::Damaged)?;
    Ok(report)
}

impl Report {
    pub fn has_charts(&self) -> bool {
        let mut pieces = self.sections.iter().flat_map(|section| &section.pieces);
        pieces.any(|piece| matches!(piece, Piece::Chart(_)))
    }

    /// Whether it can be drawn: what is read from a file may be anything.
    fn check(&self) -> Result<(), String> {
        let is_word = |id: &str| !id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if let Some(section) = self.sections.iter().find(|section| !is_word(&section.id)) {
            return Err(format!("a section is called {:?}", section.id));
        }
        let tables = self.sections.iter().flat_map(|section| &section.pieces).flat_map(Piece::tables);
        for table in tables {
            if table.rows.iter().any(|(_, figures)| figures.len() + 1 != table.columns.len()) {
                return Err("a table's row has not a figure for each column".into());
            }
        }
        let mut pieces = self.sections.iter().flat_map(|section| &section.pieces);
        if pieces.any(|piece| matches!(piece, Piece::Waterfall(one) if !one.is_sound())) {
            return Err("a request's bar is longer than the request".into());
        }
        Ok(())
    }
}

impl Piece {
    fn tables(&self) -> Vec<&Table> {
        match self {
            Piece::Table(one) | Piece::Folded(_, one) => vec![&one.table],
            Piece::Blocks(blocks) => blocks.iter().filter_map(Block::table).collect(),
            Piece::Terms(_)
            | Piece::Headline(..)
            | Piece::Tiles(_)
            | Piece::Objectives(_)
            | Piece::Chart(_)
            | Piece::Listing(..)
            | Piece::Waterfall(_) => Vec::new(),
        }
    }
}

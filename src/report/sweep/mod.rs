//! Sweeps to bytes, and back: the point's `row`, the `part` that keeps it, the [`folder`] of all parts, [`merge`] that
//! makes one table of them; `content` says what they show together, in the blocks that text and Markdown draw;
//! [`status`] how far a sweep is; [`submit`] describes it to a cluster; `parquet` is the table for
//! other tools, where it is built in.

pub(super) mod content;
pub mod folder;
pub mod merge;
#[cfg(feature = "parquet")]
pub mod parquet;
mod part;
mod row;
pub mod status;
pub mod submit;

use super::chart::stored::Stored;
use super::content::Extent;
use super::text::{self, Written};
use super::{chart, html, json, markdown};
use crate::experiment::sweep::findings::Findings;

pub use row::{Row, row};

pub fn text(findings: &Findings, written: Option<&Written>, color: bool) -> String {
    let blocks = content::blocks(findings, Extent::Terminal);
    text::document(&content::title(findings), &content::below(findings), &blocks, written, color)
}

pub fn markdown(findings: &Findings) -> String {
    let below: Vec<String> = content::below(findings).into_iter().map(|(_, text)| text).collect();
    markdown::document(&content::title(findings), &below, content::blocks(findings, Extent::Full))
}

pub fn json(findings: &Findings) -> String {
    json::pretty(findings)
}

/// What stands beside sweep.csv, as (file name, content); charts as PNG, too, where asked. `scenario`: its text, before
/// anything was varied.
pub fn files(findings: &Findings, scenario: &str, png: bool) -> Vec<(String, Vec<u8>)> {
    let files = [("sweep.json", json(findings)), ("sweep.md", markdown(findings))];
    let files = files.into_iter().map(|(name, content)| (name.to_owned(), content.into_bytes()));
    let pictures = Stored::Drawings { drawings: chart::of_sweep(findings) };
    files.chain(html::with_pictures(&html::sweep::report(findings, scenario), &pictures, png)).collect()
}

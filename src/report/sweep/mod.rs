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

use super::content::Extent;
use super::text::{self, Written};
use super::{chart, json, markdown};
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

/// What stands beside sweep.csv, as (file name, content).
pub fn files(findings: &Findings) -> Vec<(String, Vec<u8>)> {
    let files = [("sweep.json", json(findings)), ("sweep.md", markdown(findings))];
    let files = files.into_iter().map(|(name, content)| (name.to_owned(), content.into_bytes()));
    files.chain(chart::kept_drawings(chart::of_sweep(findings))).collect()
}

//! What single failures cost, to bytes: `content` says it, in the blocks that text and Markdown draw; JSON is the
//! findings as they are; `csv` has the figures of each failure, and how each class fared over time.

pub(super) mod content;
mod csv;

use super::chart::spof::SpofData;
use super::chart::stored::Stored;
use super::html;
use super::manifest::{self, Manifest};
use super::text::{self, Written};
use super::{json, markdown};
use crate::experiment::spof::findings::Findings;
use crate::scenario::Scenario;
use content::Extent;

pub use csv::{over_time, render as csv};

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

/// Everything that is kept, as (file name, content); charts as PNG, too, where asked.
pub fn files(findings: &Findings, asked: &Scenario, manifest: &Manifest, png: bool) -> Vec<(String, Vec<u8>)> {
    let Findings { schema_version, scenario, seed, runs, .. } = findings;
    let files = [
        ("spof.json", json(findings)),
        ("spof.md", markdown(findings)),
        ("spof.csv", csv(findings)),
        ("spof-over-time.csv", over_time(findings)),
        ("manifest.json", manifest::document(manifest, *schema_version, scenario, *seed, *runs)),
    ];
    let pictures = Stored::Spof(SpofData::of(findings));
    let mut files: Vec<(String, Vec<u8>)> =
        files.into_iter().map(|(name, content)| (name.to_owned(), content.into_bytes())).collect();
    files.extend(html::with_pictures(&html::spof::report(findings, asked, manifest), &pictures, png));
    files
}

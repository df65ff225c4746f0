//! Comparisons to bytes: `content` says what two scenarios differ in, `trust` what production and the simulation do, both
//! in the blocks that text and Markdown draw; JSON is the findings as they are; `csv` has a line for each figure.

pub(super) mod content;
mod csv;
pub(super) mod trust;

use super::chart;
use super::chart::stored::Stored;
use super::html;
use super::manifest::{self, Manifest};
use super::text::{self, Written};
use super::{json, markdown};
use crate::experiment::compare::findings::Findings;
use crate::experiment::compare::observed::Trust;
use crate::scenario::Scenario;
use content::Extent;

pub use csv::{of_trust as trust_csv, render as csv};

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

/// Everything that is kept, as (file name, content); charts as PNG, too, where asked. `asked`: A and B; `None`: A is a
/// stored result.
pub fn files(
    findings: &Findings,
    asked: [Option<&Scenario>; 2],
    manifest: &Manifest,
    png: bool,
) -> Vec<(String, Vec<u8>)> {
    let Findings { schema_version, b, seed, runs, .. } = findings;
    let files = [
        ("compare.json", json(findings)),
        ("compare.md", markdown(findings)),
        ("compare.csv", csv(findings)),
        ("manifest.json", manifest::document(manifest, *schema_version, &b.scenario, *seed, *runs)),
    ];
    let files = files.into_iter().map(|(name, content)| (name.to_owned(), content.into_bytes()));
    let pictures = Stored::Drawings { drawings: chart::of_compare(findings) };
    files.chain(html::with_pictures(&html::compare::report(findings, asked, manifest), &pictures, png)).collect()
}

pub fn trust_text(trust: &Trust, written: Option<&Written>, color: bool) -> String {
    text::document(&trust::title(trust), &trust::below(trust), &trust::blocks(trust), written, color)
}

pub fn trust_markdown(trust: &Trust) -> String {
    let below: Vec<String> = trust::below(trust).into_iter().map(|(_, text)| text).collect();
    markdown::document(&trust::title(trust), &below, trust::blocks(trust))
}

pub fn trust_json(trust: &Trust) -> String {
    json::pretty(trust)
}

/// Everything that is kept, as (file name, content). There are no charts.
pub fn trust_files(trust: &Trust, asked: &Scenario, manifest: &Manifest) -> Vec<(String, Vec<u8>)> {
    let Trust { schema_version, scenario, seed, runs, .. } = trust;
    let files = [
        ("observed.json", trust_json(trust)),
        ("observed.md", trust_markdown(trust)),
        ("observed.csv", trust_csv(trust)),
        ("manifest.json", manifest::document(manifest, *schema_version, scenario, *seed, *runs)),
    ];
    let files = files.into_iter().map(|(name, content)| (name.to_owned(), content.into_bytes()));
    let pictures = Stored::Drawings { drawings: Vec::new() };
    files.chain(html::with_pictures(&html::compare::of_trust(trust, asked, manifest), &pictures, false)).collect()
}

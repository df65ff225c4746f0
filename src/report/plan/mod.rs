//! What to buy and when, to bytes: `content` says it, in the blocks that text and Markdown draw, and `answers` each answer in
//! a sentence; JSON is the findings as they are.

pub(super) mod answers;
pub(super) mod content;

use super::chart;
use super::chart::stored::Stored;
use super::content::Extent;
use super::html;
use super::manifest::{self, Manifest};
use super::text::{self, Written};
use super::{json, markdown};
use crate::experiment::plan::findings::{Findings, UslFindings};
use crate::scenario::Scenario;

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

/// Of measured points alone.
pub fn usl_text(found: &UslFindings, color: bool) -> String {
    text::document("Measured throughput", &[], &content::scalability(found), None, color)
}

pub fn usl_markdown(found: &UslFindings) -> String {
    markdown::document("Measured throughput", &[], content::scalability(found))
}

pub fn usl_json(found: &UslFindings) -> String {
    json::pretty(found)
}

/// Everything that is kept, as (file name, content); charts as PNG, too, where asked.
pub fn files(findings: &Findings, asked: &Scenario, manifest: &Manifest, png: bool) -> Vec<(String, Vec<u8>)> {
    let Findings { schema_version, scenario, seed, .. } = findings;
    let runs =
        findings.rate.as_ref().map_or(0, |rate| rate.all.tried.iter().map(|tried| tried.runs).max().unwrap_or(0));
    let files = [
        ("plan.json", json(findings)),
        ("plan.md", markdown(findings)),
        ("manifest.json", manifest::document(manifest, *schema_version, scenario, *seed, runs)),
    ];
    let files = files.into_iter().map(|(name, content)| (name.to_owned(), content.into_bytes()));
    let pictures = Stored::Drawings { drawings: chart::of_plan(findings) };
    files.chain(html::with_pictures(&html::plan::report(findings, asked, manifest), &pictures, png)).collect()
}

//! Sections that the pages of several commands have: what warns, the scenario as it was written, how the result is made again.

use super::report::{Piece, Section};
use crate::experiment::summary::{ScenarioId, Warning};
use crate::report::content::{self, Block, Tone};
use crate::report::manifest::Manifest;
use crate::report::sweep::submit::quoted;
use crate::scenario::Scenario;

/// Blocks, or the sentence where there are none.
pub fn blocks_or(blocks: Vec<Block>, tone: Tone, nothing: &str) -> Piece {
    match blocks.is_empty() {
        true => Piece::Blocks(vec![Block::Line(tone, nothing.into())]),
        false => Piece::Blocks(blocks),
    }
}

pub fn made(of: impl FnOnce(&mut Vec<Block>)) -> Vec<Block> {
    let mut blocks = Vec::new();
    of(&mut blocks);
    blocks
}

/// What stands below a title, where nothing is coloured.
pub fn said(below: Vec<(Tone, String)>) -> Vec<String> {
    below.into_iter().map(|(_, text)| text).collect()
}

/// A chart by its name, without ending.
pub fn chart(name: &str) -> Piece {
    Piece::Chart(name.into())
}

pub fn warnings(warnings: &[Warning]) -> Section {
    let piece = blocks_or(warnings.iter().map(content::warning).collect(), Tone::Good, "There is nothing to warn of.");
    Section::new("warnings", "Warnings", "Warnings", vec![piece])
}

pub fn scenario(scenario: &Scenario) -> Section {
    let listings =
        scenario.written.iter().map(|written| Piece::Listing(written.name.clone(), written.text.to_string()));
    listed(listings.collect())
}

/// Of texts of scenarios.
pub fn listed(listings: Vec<Piece>) -> Section {
    Section::new("scenario", "Scenario", "The scenario as written", listings)
}

/// What made a result.
pub struct Origin<'a> {
    pub arguments: &'a [String],
    pub version: &'a str,
    pub seed: u64,
}

impl<'a> Origin<'a> {
    pub fn of(manifest: &'a Manifest, seed: u64) -> Origin<'a> {
        Origin { arguments: &manifest.arguments, version: manifest.version, seed }
    }
}

/// `scenarios`: each with what it is called; `notes`: what else has to be known.
pub fn reproduce(origin: &Origin, scenarios: &[(&str, &ScenarioId)], notes: &[(&str, String)]) -> Section {
    let mut terms = vec![
        ("Command", command(origin.arguments)),
        ("Version", origin.version.to_owned()),
        ("Seed", origin.seed.to_string()),
    ];
    terms.extend(scenarios.iter().map(|(name, id)| (*name, id.sha256.clone())));
    terms.extend(notes.iter().cloned());
    let promise = "The same version, scenario and seed give the same figures, on any number of threads.";
    terms.push(("Promise", promise.into()));
    let terms = terms.into_iter().map(|(term, said)| (term.into(), vec![said])).collect();
    Section::new("reproduce", "Reproduce", "How to reproduce it", vec![Piece::Terms(terms)])
}

/// As it is typed into a shell.
fn command(arguments: &[String]) -> String {
    let quoted: Vec<String> = arguments.iter().map(|argument| for_a_shell(argument)).collect();
    format!("foobar-sim {}", quoted.join(" "))
}

/// Quoted where a shell would take it apart.
fn for_a_shell(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    match !argument.is_empty() && argument.chars().all(plain) {
        true => argument.into(),
        false => quoted(argument),
    }
}

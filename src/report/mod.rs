//! Results to bytes. Computes nothing but the layout: every number comes from `experiment`.
//!
//! In reading order: [`content`] (what is said), drawn by [`text`] and [`markdown`]; [`json`], [`csv`],
//! [`junit`], [`benchmark`] and [`manifest`] for machines; [`chart`] for eyes, and [`html`] with all of it; [`output`] puts
//! them on the disk. [`figure`] and [`table`] lay out numbers, [`series`] reads the windows over time, [`spark`] draws them
//! for a terminal. [`spof`] is the report of single failures, [`compare`] that of comparisons, [`requests`] what single
//! requests went through, [`export`] a run for Prometheus and Grafana. [`glossary`] says what each figure means, and
//! [`explain`] tells it, and what keys mean.

pub mod benchmark;
pub mod chart;
pub mod compare;
pub mod content;
pub mod csv;
pub mod explain;
pub mod export;
pub mod figure;
pub mod glossary;
pub mod html;
pub mod json;
pub mod junit;
pub mod manifest;
pub mod markdown;
pub mod objectives;
pub mod output;
pub mod plan;
mod replication;
pub mod requests;
pub mod series;
pub mod spark;
pub mod spof;
pub mod sweep;
pub mod table;
pub mod text;
pub mod trace;

use crate::experiment::Outcome;
use crate::scenario::Scenario;
use chart::run::RunData;
use chart::stored::Stored;
use manifest::Manifest;

/// Everything that is kept of an experiment, as (file name, content); charts as PNG, too, where asked.
pub fn files(outcome: &Outcome, scenario: &Scenario, manifest: &Manifest, png: bool) -> Vec<(String, Vec<u8>)> {
    let stored = Stored::Run(RunData::of(outcome));
    let charts = chart::charts(&stored);
    let names: Vec<String> = charts.iter().map(chart::Chart::file).collect();
    let titles: Vec<(&str, &str)> =
        names.iter().zip(&charts).map(|(name, chart)| (name.as_str(), chart.picture.title.as_str())).collect();
    let mut files = vec![
        ("summary.json".to_string(), json::render(&outcome.summary).into_bytes()),
        ("summary.md".to_string(), markdown::render(&outcome.summary, &titles).into_bytes()),
        ("timeseries.csv".to_string(), csv::render(outcome).into_bytes()),
    ];
    files.extend(chart::kept(&stored, &charts, png));
    files.extend(html::files(&html::run::report(scenario, outcome, manifest, &charts), &charts));
    files.push(("manifest.json".to_string(), manifest::render(manifest, &outcome.summary).into_bytes()));
    files
}

#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod tests;

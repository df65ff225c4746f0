//! Results to bytes. Computes nothing but the layout: every number comes from `experiment`.
//!
//! In reading order: [`content`] (what is said), drawn by [`text`] and [`markdown`]; [`json`], [`csv`] and
//! [`manifest`] for machines; [`chart`] for eyes; [`output`] puts them on the disk. [`figure`] and
//! [`table`] lay out numbers, [`series`] reads the windows over time. [`spof`] is the report of single failures.
//! [`glossary`] says what each figure means, and [`explain`] tells it, and what keys mean.

pub mod chart;
pub mod content;
pub mod csv;
pub mod explain;
pub mod figure;
pub mod glossary;
pub mod json;
pub mod manifest;
pub mod markdown;
pub mod output;
mod replication;
pub mod series;
pub mod spof;
pub mod table;
pub mod text;
pub mod trace;

use crate::experiment::Outcome;
use manifest::Manifest;

/// Everything that is kept of an experiment, as (file name, content).
pub fn files(outcome: &Outcome, manifest: &Manifest) -> Vec<(String, Vec<u8>)> {
    let charts = chart::render_all(outcome);
    let titles: Vec<(&str, &str)> = charts.iter().map(|chart| (chart.file, chart.title)).collect();
    let mut files = vec![
        ("summary.json".to_string(), json::render(&outcome.summary).into_bytes()),
        ("summary.md".to_string(), markdown::render(&outcome.summary, &titles).into_bytes()),
        ("timeseries.csv".to_string(), csv::render(outcome).into_bytes()),
    ];
    files.extend(charts.iter().map(|chart| (chart.file.to_string(), chart.svg.clone().into_bytes())));
    files.push(("manifest.json".to_string(), manifest::render(manifest, &outcome.summary).into_bytes()));
    files
}

#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod tests;

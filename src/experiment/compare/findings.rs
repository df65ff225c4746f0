//! What a comparison found, in the form in which it is reported: the content of compare.json. Differences are B - A.

use serde::Serialize;

use super::difference::Difference;
use super::draws::Unpaired;
use super::verdict::Verdict;
use crate::experiment::per_run::{Better, Figure};
use crate::experiment::summary::{ScenarioId, Totals, Warning};

pub const SCHEMA_VERSION: u32 = 1;

#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    pub schema_version: u32,
    pub verdict: Verdict,
    /// Keys of the figures that the verdict is on.
    pub judged: Vec<String>,
    pub a: Side,
    pub b: Side,
    pub seed: u64,
    /// Of each side.
    pub runs: u32,
    /// At which the results were to be looked at, and the confidence of each interval, so that all looks together miss
    /// with at most 5%.
    pub looks: Vec<u32>,
    pub confidence: f64,
    pub warmup_s: f64,
    pub warmup_auto: bool,
    pub measured_s: f64,
    /// Share of A's value within which a difference is none; of availability in shares of all requests.
    pub threshold: f64,
    pub threshold_availability: f64,
    /// What differs in the scenarios.
    pub scenario_differences: Vec<Difference>,
    pub figures: Vec<FigureFindings>,
    /// Classes, stations and replicas of one side alone.
    pub only_in_a: Vec<String>,
    pub only_in_b: Vec<String>,
    /// Whether the same requests came; empty where one side is stored.
    pub arrivals: Vec<Arrivals>,
    /// Draws that are not the same on both sides.
    pub unpaired: Vec<Unpaired>,
    pub warnings: Vec<Warning>,
    pub totals: Totals,
}

#[derive(Clone, Debug, Serialize)]
pub struct Side {
    pub scenario: ScenarioId,
    /// The file.
    pub file: String,
    /// It was read and not simulated.
    pub stored: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct FigureFindings {
    pub key: String,
    #[serde(skip)]
    pub figure: Figure,
    #[serde(skip)]
    pub better: Better,
    pub a: Value,
    pub b: Value,
    pub difference: Option<f64>,
    /// `None`: runs do not vary, or too few observations in some run.
    pub difference_ci95: Option<[f64; 2]>,
    /// Of A's value; its interval is of b/a - 1.
    pub change: Option<f64>,
    pub change_ci95: Option<[f64; 2]>,
    pub verdict: Verdict,
    /// The verdict on the whole rests on it.
    pub judged: bool,
    /// Every run of B has the value of A's.
    pub identical: bool,
    /// Some run has too few observations for it.
    pub few: bool,
    pub common_random_numbers: Option<Gain>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Value {
    /// `None`: nothing was observed.
    pub value: Option<f64>,
    /// It lies among the failures.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub censored: bool,
}

impl Value {
    /// Something was observed.
    pub fn is_there(&self) -> bool {
        self.value.is_some() || self.censored
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gain {
    pub half_width_paired: f64,
    pub half_width_independent: f64,
    /// The second over the first.
    pub narrower: f64,
    /// How many times as many runs independent ones would need.
    pub runs_saved: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Arrivals {
    pub class: String,
    /// Of all runs.
    pub a: u64,
    pub b: u64,
    /// Runs in which as many came to both.
    pub equal_runs: u32,
}

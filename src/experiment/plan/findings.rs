//! The answers, in the form in which they are reported: the content of plan.json. Units are last in every name; a scale is
//! a multiple of the traffic that the scenario says.

use serde::Serialize;

use super::curve::Curve;
use super::ladder::Rung;
use crate::experiment::summary::{Estimate, ScenarioId, Totals, Warning};

pub const SCHEMA_VERSION: u32 = 1;

#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    pub schema_version: u32,
    pub scenario: ScenarioId,
    pub seed: u64,
    /// What is scaled, and how much of it there is now.
    pub traffic: Traffic,
    pub objectives: Vec<String>,
    /// Relative half-width asked for.
    pub precision: f64,
    /// Of the questions asked; `None`: not asked, or not to be answered (then a warning says why).
    pub rate: Option<RateFindings>,
    pub bottlenecks: Option<LadderFindings>,
    pub cheapest: Option<FleetFindings>,
    pub headroom: Option<Headroom>,
    pub tornado: Option<Tornado>,
    pub usl: Option<UslFindings>,
    pub warnings: Vec<Warning>,
    pub totals: Totals,
}

#[derive(Clone, Debug, Serialize)]
pub struct Traffic {
    /// `None`: all.
    pub source: Option<String>,
    /// "requests/s", "users" or "times the traffic".
    pub unit: &'static str,
    /// At scale 1, in that unit.
    pub present: f64,
}

/// One scale that was tried.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    pub scale: f64,
    pub rate: f64,
    pub runs: u32,
    pub length_s: Option<f64>,
    /// Short runs, to find the neighbourhood.
    pub rough: bool,
    pub met: bool,
    /// That is furthest from being met, and its figure.
    pub objective: String,
    pub observed: Estimate,
    pub unit: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct RateFindings {
    pub all: RateAnswer,
    /// With one server dead, each in turn.
    pub one_dead: Vec<RateAnswer>,
    pub method: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct RateAnswer {
    /// `None`: all servers live.
    pub dead: Option<String>,
    pub highest: Highest,
    pub warmup_s: f64,
    pub length_s: Option<f64>,
    pub tried: Vec<Tried>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Highest {
    Rate {
        rate: Estimate,
        scale: Estimate,
        /// The objective that is missed beyond it.
        binding: String,
        /// Whether the interval is as narrow as asked.
        precise: bool,
    },
    /// The objectives are met up to where this was ended.
    AtLeast { rate: f64, scale: f64 },
    /// They are missed at any rate, by this one.
    None { binding: String, observed: Estimate, unit: &'static str },
}

impl Highest {
    /// The scale and its interval.
    pub fn scale(&self) -> Option<Estimate> {
        match self {
            Highest::Rate { scale, .. } => Some(*scale),
            Highest::AtLeast { .. } | Highest::None { .. } => None,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct LadderFindings {
    /// "requests/s".
    pub unit: &'static str,
    pub rungs: Vec<Rung>,
    pub curve: Curve,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Meets,
    Misses,
    /// The interval straddles an objective.
    Unsure,
    /// A station is asked for more than it can do: not simulated.
    Overloaded,
}

#[derive(Clone, Debug, Serialize)]
pub struct FleetFindings {
    pub currency: String,
    /// Multiple of the scenario's traffic that it is bought for.
    pub traffic: f64,
    pub levers: Vec<String>,
    /// The cheapest that meets the objectives; `None`: none does.
    pub cheapest: Option<Fleet>,
    /// As the scenario is, where its values are among the choices.
    pub present_price: Option<f64>,
    /// The next ones, in the order of their prices.
    pub runners_up: Vec<Fleet>,
    /// Cheaper ones that were simulated, the dearest first; and the nearest where none meets the objectives.
    pub cheaper: Vec<Fleet>,
    /// Whether no cheaper one is unsure.
    pub sure: bool,
    pub fleets: u64,
    pub overloaded: u64,
    pub simulated: u64,
    /// Neither looked at nor simulated: too dear to matter.
    pub cut_off: u64,
    /// Left out since the search was ended.
    pub unexplored: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Fleet {
    pub price: f64,
    /// A value of each lever, TOML.
    pub values: Vec<String>,
    /// Those that differ from the scenario.
    pub changes: Vec<String>,
    pub verdict: Verdict,
    pub runs: u32,
    /// The objective that is furthest from being met, or the station that is overloaded.
    pub limit: String,
    pub observed: Estimate,
    pub unit: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Headroom {
    pub growth_percent_per_month: f64,
    /// Today, as asked: YYYY-MM-DD.
    pub from: String,
    pub months: Estimate,
    pub date: String,
    /// Ends of the interval.
    pub date_ci95: Option<[String; 2]>,
    /// The objectives are missed already.
    pub already: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Tornado {
    /// By how much each was moved, up and down.
    pub moved_percent: f64,
    pub parameters: u32,
    pub runs: u32,
    pub length_s: Option<f64>,
    pub p99_ms: Estimate,
    /// What moves p99 most first.
    pub bars: Vec<Bar>,
    /// On which the verdict hangs: moved so, an objective changes sides.
    pub defaults: Vec<Hinge>,
    /// The objective nearest to changing sides, at the scenario as it is.
    pub objective: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Bar {
    pub key: String,
    pub value: String,
    pub mark: &'static str,
    pub down: String,
    pub up: String,
    pub p99_down_percent: Estimate,
    pub p99_up_percent: Estimate,
    /// Percent of p99 for one percent of the parameter; `None`: it moves one way only.
    pub elasticity: Estimate,
}

#[derive(Clone, Debug, Serialize)]
pub struct Hinge {
    pub key: String,
    pub value: String,
    pub source: String,
    /// At which an objective changes sides; or which brings it nearest.
    pub moved_to: String,
    pub objective: String,
    pub observed: Estimate,
    pub unit: &'static str,
    pub flips: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct UslFindings {
    /// "measured" or "simulated".
    pub of: &'static str,
    /// What load counts: "users", "in flight", or the column of the file.
    pub load: String,
    pub throughput: String,
    pub points: Vec<[f64; 2]>,
    pub lambda: Estimate,
    pub sigma: Estimate,
    pub kappa: Estimate,
    /// Root mean square of what the law leaves over, relative to the mean throughput.
    pub residual_percent: f64,
    pub peak_load: Option<f64>,
    pub peak_throughput: Option<f64>,
    /// What throughput comes near to without coherency.
    pub ceiling: Option<f64>,
}

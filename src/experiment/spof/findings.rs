//! What the failures of a scenario cost, in the form in which it is reported: the content of spof.json. Units are last
//! in every name; times of a failure count from its beginning.

use serde::Serialize;

use super::component::Kind;
use crate::experiment::summary::{AssumptionSummary, Estimate, ScenarioId, Totals, Warning, object};

pub const SCHEMA_VERSION: u32 = 1;

#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    pub schema_version: u32,
    pub scenario: ScenarioId,
    pub seed: u64,
    pub runs: u32,
    pub warmup_s: f64,
    pub warmup_auto: bool,
    /// From t = 0 to the failure, its length, and from its repair to the end.
    pub before_s: f64,
    pub lasts_s: f64,
    pub after_s: f64,
    /// A request that is not answered by then counts as failed.
    pub within_s: f64,
    /// The part of the run in which failover has settled, from t = 0.
    pub settled_s: [f64; 2],
    pub window_s: f64,
    /// Share of a class's requests below which a single failure is a single point of failure.
    pub objective: f64,
    pub baseline: Baseline,
    /// What costs most first.
    pub components: Vec<ComponentFindings>,
    pub system: SystemFindings,
    /// `None`: not asked.
    pub pairs: Option<PairFindings>,
    pub warnings: Vec<Warning>,
    /// How often things fail and how soon they are put right.
    pub assumptions: Vec<AssumptionSummary>,
    pub totals: Totals,
}

/// The same runs with no failure.
#[derive(Clone, Debug, Serialize)]
pub struct Baseline {
    pub classes: Vec<ClassSuccess>,
    pub p99_ms: P99,
    /// (reason, requests of a run) in the same part of the run as with a failure.
    #[serde(serialize_with = "object")]
    pub failures: Vec<(String, f64)>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ClassSuccess {
    pub class: String,
    /// Share of the requests answered in time, once failover has settled.
    pub settled: Estimate,
}

/// Latency of answered requests.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct P99 {
    pub before: Estimate,
    pub during: Estimate,
    pub after: Estimate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Yes,
    No,
    /// The interval straddles the objective.
    Undecided,
}

impl Verdict {
    pub(super) fn rank(self) -> u32 {
        match self {
            Verdict::No => 0,
            Verdict::Undecided => 1,
            Verdict::Yes => 2,
        }
    }
}

/// When requests were answered again as the objective asks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Recovery {
    /// They always were.
    Unharmed,
    /// While the failure lasted; seconds from its beginning.
    Failover { after_s: f64 },
    /// Seconds from the repair.
    Repair { after_s: f64 },
    /// Not before the end of the run.
    Never,
}

/// A station that has more to do than it can.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overload {
    pub station: String,
    pub utilization: f64,
    /// Its queue was longer in the second half of the settled part than in the first.
    pub growing: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct ComponentFindings {
    pub name: String,
    pub kind: Kind,
    /// What was done to it, in the words of the scenario.
    pub fault: &'static str,
    pub spof: Verdict,
    pub classes: Vec<ClassSuccess>,
    /// Requests of one failure as simulated that were not answered in time, more than without it.
    pub failed: Estimate,
    /// (reason, requests of a run) that ended after the failure began; who is never answered has no reason.
    #[serde(serialize_with = "object")]
    pub failures: Vec<(String, f64)>,
    pub p99_ms: P99,
    /// Until some software notices it (a health check, a peer), and what it says; no value: none does.
    pub detected_s: Estimate,
    pub detected: Option<String>,
    /// Until what is missing is half of the most; `None`: nobody sees it, or it stays as it is.
    pub noticed_s: Option<f64>,
    pub recovery: Recovery,
    pub overload: Option<Overload>,
    pub cost: Cost,
    /// In a file of its own.
    #[serde(skip)]
    pub over_time: OverTime,
}

/// The class that fares worst once failover has settled; the first among equals.
pub fn worst(classes: &[ClassSuccess]) -> Option<&ClassSuccess> {
    let judged = classes.iter().filter(|class| class.settled.value.is_some());
    judged.reduce(|worst, next| if next.settled.value < worst.settled.value { next } else { worst })
}

impl ComponentFindings {
    pub fn fault_kind(&self) -> &'static str {
        match self.kind {
            Kind::Server => "server",
            Kind::Process => "process",
            Kind::Link => "link",
        }
    }
}

/// By when requests came, all runs together, from t = 0.
#[derive(Clone, Debug)]
pub struct OverTime {
    /// For each class its share answered in time in each window; null: nobody came.
    pub success: Vec<(String, Vec<Option<f64>>)>,
    /// Likewise of all classes together.
    pub all: Vec<Option<f64>>,
}

/// In a year of 365.25 days.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    pub mttf_s: f64,
    pub notice_s: f64,
    pub fix_s: f64,
    pub failover: f64,
    pub failures_per_year: f64,
    /// Minutes' worth of requests that are lost. The interval is that of the simulation, not of how often it fails.
    pub budget_min_per_year: Estimate,
    /// Minutes in which less than half of the requests are answered.
    pub down_min_per_year: Estimate,
    pub mttf_halved: CostPoint,
    pub mttf_doubled: CostPoint,
    /// Notice and fix.
    pub mttr_halved: CostPoint,
    pub mttr_doubled: CostPoint,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct CostPoint {
    pub budget_min_per_year: f64,
    pub down_min_per_year: f64,
}

/// All components together, by an exact Markov model of their failures and repairs.
#[derive(Clone, Debug, Serialize)]
pub struct SystemFindings {
    /// Some class below the objective; and less than half of all requests answered.
    pub below_objective: Availability,
    pub below_half: Availability,
}

#[derive(Clone, Debug, Serialize)]
pub struct Availability {
    /// Each failure has its own repair crew.
    pub own_crews: Downtime,
    /// One crew repairs all, sharing its time.
    pub one_crew: Downtime,
}

#[derive(Clone, Debug, Serialize)]
pub struct Downtime {
    pub availability: f64,
    pub min_per_year: f64,
    pub outages_per_year: f64,
    /// `None` without outages.
    pub outage_mean_min: Option<f64>,
    /// Of `min_per_year`: something has failed that nothing stands in for.
    pub single_min_per_year: f64,
    /// Something else is taking over.
    pub failover_min_per_year: f64,
    /// Something else should have taken over and did not.
    pub failed_failover_min_per_year: f64,
    /// What stood in for something has failed as well.
    pub several_min_per_year: f64,
    /// Share of the downtime that redundancy does not cover: all but the last. `None` without downtime.
    pub uncovered_share: Option<f64>,
    pub states: usize,
    /// Most components failed at once; states with more are left out.
    pub failed_max: u32,
    pub complete: bool,
    /// Share of the time with that many failed at once: what is left out is rarer.
    pub edge_share: f64,
}

#[derive(Clone, Debug, Serialize)]
pub struct PairFindings {
    /// Most time both down first.
    pub pairs: Vec<Pair>,
    /// Left out: one's failure is a part of the other's.
    pub contained: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct Pair {
    pub names: [String; 2],
    /// Both failed at once, with one repair crew.
    pub both_failed_min_per_year: f64,
    /// `None`: not simulated.
    pub simulated: Option<PairSimulated>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PairSimulated {
    pub classes: Vec<ClassSuccess>,
    /// Of all requests, once failover has settled.
    pub settled: Estimate,
    pub below_objective: Verdict,
    /// Minutes' worth of requests that are lost while both have failed, as settled.
    pub budget_min_per_year: Estimate,
    pub overload: Option<Overload>,
}

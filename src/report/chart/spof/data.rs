//! What the pictures of single failures are drawn from.

use serde::{Deserialize, Serialize};

use super::super::stored::{rounded, same_length};
use crate::experiment::spof::findings::{ComponentFindings, Findings, Verdict};

/// Of what costs most.
const FAILURES_MAX: usize = 20;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpofData {
    pub setting: String,
    /// Of each window of `answered`, seconds.
    pub window_s: f64,
    /// From t = 0 to the failure, and its length.
    pub before_s: f64,
    pub lasts_s: f64,
    pub after_s: f64,
    pub within_s: f64,
    pub objective: f64,
    /// What costs most first.
    pub failures: Vec<FailureData>,
    pub left_out: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureData {
    pub name: String,
    /// `yes`: it is a single point of failure; `no`; `undecided`.
    pub spof: String,
    pub budget_min_per_year: Option<f64>,
    pub budget_ci95: Option<[f64; 2]>,
    pub down_min_per_year: Option<f64>,
    /// Share of all requests that came in a window and were answered in time; null: nobody came.
    pub answered: Vec<Option<f64>>,
    /// Likewise of the class that fares worst.
    pub worst: Vec<Option<f64>>,
    pub worst_class: String,
}

impl SpofData {
    pub fn of(findings: &Findings) -> SpofData {
        let shown = findings.components.len().min(FAILURES_MAX);
        SpofData {
            setting: format!(
                "{}: {} of each failure, which lasts {}",
                findings.scenario.name,
                crate::report::figure::counted(u64::from(findings.runs), "run"),
                crate::report::figure::duration(findings.lasts_s)
            ),
            window_s: findings.window_s,
            before_s: findings.before_s,
            lasts_s: findings.lasts_s,
            after_s: findings.after_s,
            within_s: findings.within_s,
            objective: findings.objective,
            failures: findings.components[..shown].iter().map(failure).collect(),
            left_out: findings.components.len() - shown,
        }
    }

    pub fn check(&self) -> Result<(), String> {
        let windows = self.failures.first().map_or(0, |failure| failure.answered.len());
        for failure in &self.failures {
            same_length(&failure.name, failure.answered.len(), windows)?;
            same_length(&failure.name, failure.worst.len(), windows)?;
        }
        if self.window_s > 0.0 { Ok(()) } else { Err("window_s is not a length of time".into()) }
    }
}

fn failure(component: &ComponentFindings) -> FailureData {
    let budget = component.cost.budget_min_per_year;
    let over_time = &component.over_time.success;
    let low = |values: &[Option<f64>]| values.iter().flatten().sum::<f64>();
    let worst = over_time.iter().reduce(|worst, next| if low(&next.1) < low(&worst.1) { next } else { worst });
    FailureData {
        name: component.name.clone(),
        spof: match component.spof {
            Verdict::Yes => "yes",
            Verdict::No => "no",
            Verdict::Undecided => "undecided",
        }
        .into(),
        budget_min_per_year: budget.value.map(rounded),
        budget_ci95: budget.ci95.map(|ci| ci.map(rounded)),
        down_min_per_year: component.cost.down_min_per_year.value.map(rounded),
        answered: component.over_time.all.iter().map(|share| share.map(rounded)).collect(),
        worst: worst.map_or_else(Vec::new, |worst| worst.1.iter().map(|share| share.map(rounded)).collect()),
        worst_class: worst.map_or_else(String::new, |worst| worst.0.clone()),
    }
}

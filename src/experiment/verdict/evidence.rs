//! What all runs together say about one objective: a value, how sure it is on which side of the limit, and the interval
//! that says the same.

use super::super::estimate::{PERCENTILE_RUNS, TAIL_SAMPLES};
use super::super::objective::{beyond, observed, observed_together, requests_together, slower_than, trials};
use super::super::ranked::Ranked;
use crate::scenario::{Figure, Metric, Objective, Scenario};
use crate::simulation::result::{ClassResult, RunResult};
use crate::stats::interval::{
    clopper_pearson, clopper_pearson_p_value, effective_sample_size, sign_p_value, t_interval, t_p_value,
};

/// Share of runs that may miss an objective which is about each run: to be sure of none would take endless runs.
pub const RUNS_AMISS: f64 = 0.1;

/// In the unit of the objective: seconds, per second, a share or a count.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Infinite: among the failures. `None`: there is no data.
    pub value: Option<f64>,
    pub runs: u32,
    /// Whether what was seen lies on the good side.
    pub met: bool,
    pub kind: Kind,
}

/// What the doubt is worked out from.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A value of each run; the interval is Student's, around the value of all.
    Values(Vec<f64>),
    /// (events, trials) of each run; `complement`: the figure is the share without the event.
    Trials {
        runs: Vec<(u64, u64)>,
        complement: bool,
    },
    /// A latency percentile that each run has. What is judged is the share of requests beyond the limit, and how much such
    /// a share varies is seen at the percentile itself, where it is what the limit allows (Woodruff, JASA 47, 1952):
    /// percentiles of runs lean to one side where runs are short, shares hardly do.
    Percentile {
        /// Of each run, beyond the percentile of all.
        beyond: Vec<f64>,
        /// Of all runs, beyond the limit; and what the limit allows.
        late: f64,
        allowed: f64,
        all: Box<ClassResult>,
    },
    /// A percentile that cannot be had of each run: how many were slower than the limit, and how many may be.
    Slower {
        runs: Vec<(u64, u64)>,
        allowed: f64,
    },
    /// Whether each run meets it: how many do not.
    EachRun {
        amiss: u64,
    },
    /// Values that are all the same, or infinite: only their number says how sure they are.
    Sides {
        good: u64,
    },
    None,
}

pub fn evidence(objective: &Objective, scenario: &Scenario, runs: &[RunResult]) -> Evidence {
    let each: Vec<Option<f64>> = runs.iter().map(|run| observed(objective, scenario, run)).collect();
    let values: Vec<f64> = each.iter().copied().flatten().collect();
    let none = Evidence { value: None, runs: 0, met: false, kind: Kind::None };
    if values.is_empty() {
        return none;
    }
    let count = values.len() as u32;
    let good = values.iter().filter(|&&value| objective.is_met_by(value)).count() as u64;
    if matches!(objective.metric, Metric::Rpo | Metric::Rto) {
        let amiss = u64::from(count) - good;
        let worst = values.iter().copied().fold(0.0, f64::max);
        return Evidence { value: Some(worst), runs: count, met: amiss == 0, kind: Kind::EachRun { amiss } };
    }
    let share = |complement: bool| {
        let runs: Vec<(u64, u64)> = runs.iter().filter_map(|run| trials(objective, scenario, run)).collect();
        let (events, of) = together(&runs);
        let value = events as f64 / of as f64;
        // failures are what is counted, so that the interval is that of the availability elsewhere
        let runs = if complement { runs.iter().map(|(x, n)| (n - x, *n)).collect() } else { runs };
        (value, Kind::Trials { runs, complement })
    };
    let (value, kind) = match &objective.metric {
        Metric::Availability => share(true),
        Metric::ErrorRate | Metric::StaleReads { .. } => share(false),
        Metric::Latency(Figure::Percentile(q)) => {
            let Some(all) = observed_together(objective, scenario, runs) else { return none };
            (all, percentile_kind(objective, scenario, runs, &values, *q))
        }
        Metric::ApplyDelay { figure: Figure::Percentile(_), .. }
        | Metric::SecondsBehind { figure: Figure::Percentile(_), .. } => {
            let Some(all) = observed_together(objective, scenario, runs) else { return none };
            let enough = values.len() >= PERCENTILE_RUNS && has_tail(objective, scenario, runs);
            (all, if enough { Kind::Values(values.clone()) } else { Kind::None })
        }
        Metric::Latency(Figure::Mean)
        | Metric::Throughput
        | Metric::Utilization { .. }
        | Metric::ApplyDelay { figure: Figure::Mean, .. }
        | Metric::SecondsBehind { figure: Figure::Mean, .. } => {
            (values.iter().sum::<f64>() / values.len() as f64, Kind::Values(values.clone()))
        }
        Metric::Rpo | Metric::Rto => unreachable!("judged run by run"),
    };
    let varies = t_interval(&values, 0.5).is_some() && values.iter().all(|value| value.is_finite());
    let kind = match kind {
        // Student's interval needs values that vary, and are finite
        Kind::Values(_) if !varies => Kind::Sides { good },
        Kind::Percentile { beyond, .. } if t_interval(&beyond, 0.5).is_none() => Kind::Sides { good },
        kind => kind,
    };
    Evidence { value: Some(value), runs: count, met: objective.is_met_by(value), kind }
}

fn percentile_kind(objective: &Objective, scenario: &Scenario, runs: &[RunResult], values: &[f64], q: f64) -> Kind {
    let late = |limit_s: f64| -> Vec<(u64, u64)> {
        runs.iter().filter_map(|run| slower_than(objective, scenario, run, limit_s)).collect()
    };
    let finite = values.iter().all(|value| value.is_finite());
    if finite && values.len() >= PERCENTILE_RUNS && has_tail(objective, scenario, runs) {
        let all = requests_together(objective, scenario, runs);
        if let Ok(ns) = (Ranked { answered: &all.latency_ns, failed: all.failures() }).quantile(q) {
            let beyond = late(ns / 1e9).into_iter().map(|(x, n)| x as f64 / n as f64).collect();
            let (x, n) = together(&late(objective.bound));
            return Kind::Percentile { beyond, late: x as f64 / n as f64, allowed: 1.0 - q, all: Box::new(all) };
        }
    }
    Kind::Slower { runs: late(objective.bound), allowed: 1.0 - q }
}

fn together(runs: &[(u64, u64)]) -> (u64, u64) {
    runs.iter().fold((0, 0), |(x, n), run| (x + run.0, n + run.1))
}

/// Enough observations beyond the percentile in each run.
fn has_tail(objective: &Objective, scenario: &Scenario, runs: &[RunResult]) -> bool {
    // 1 - q carries its last bit's error
    runs.iter().filter_map(|run| beyond(objective, scenario, run)).all(|beyond| beyond >= TAIL_SAMPLES - 1e-6)
}

impl Evidence {
    /// How likely something at least as clear is where the figure lies on the limit. `None`: nothing can be said.
    /// `looks`: how many there may be; what is judged run by run passes at one of them alone.
    pub fn p_value(&self, bound: f64, looks: usize) -> Option<f64> {
        match &self.kind {
            Kind::Values(values) => t_p_value(self.value?, values, bound),
            Kind::Percentile { beyond, late, allowed, .. } => t_p_value(*late, beyond, *allowed),
            Kind::Trials { runs, complement } => {
                let bound = if *complement { 1.0 - bound } else { bound };
                share_p_value(runs, bound)
            }
            Kind::Slower { runs, allowed } => share_p_value(runs, *allowed),
            Kind::EachRun { amiss: 0 } => Some(libm::pow(1.0 - RUNS_AMISS, f64::from(self.runs)) / looks as f64),
            // one is enough
            Kind::EachRun { .. } => Some(0.0),
            Kind::Sides { good } => sign_p_value(*good, u64::from(self.runs)),
            Kind::None => None,
        }
    }

    /// Of the value. `None`: there is none that says what the verdict says.
    pub fn interval(&self, confidence: f64) -> Option<[f64; 2]> {
        match &self.kind {
            Kind::Values(values) => {
                let [low, high] = t_interval(values, confidence)?.around(self.value?);
                Some([low.max(0.0), high])
            }
            Kind::Trials { runs, complement } => {
                let [low, high] = share_interval(runs, confidence)?;
                Some(if *complement { [1.0 - high, 1.0 - low] } else { [low, high] })
            }
            Kind::Percentile { beyond, allowed, all, .. } => {
                let half = t_interval(beyond, confidence)?.half_width;
                let all = Ranked { answered: &all.latency_ns, failed: all.failures() };
                let at = |q: f64| all.quantile(q).ok().filter(|_| q < 1.0).map(|ns| ns / 1e9);
                Some([at((1.0 - allowed - half).max(0.0))?, at(1.0 - allowed + half)?])
            }
            Kind::Slower { .. } | Kind::EachRun { .. } | Kind::Sides { .. } | Kind::None => None,
        }
    }

    /// The share of requests beyond the limit, with its interval, where that is what is judged.
    pub fn slower(&self, confidence: f64) -> Option<(f64, Option<[f64; 2]>)> {
        let Kind::Slower { runs, .. } = &self.kind else { return None };
        let (events, of) = together(runs);
        (of > 0).then(|| (events as f64 / of as f64, share_interval(runs, confidence)))
    }

    /// What was seen lies on the good side; of a percentile among few, by how many are slower.
    pub fn is_met(&self) -> bool {
        match &self.kind {
            Kind::Slower { runs, allowed } => {
                let (events, of) = together(runs);
                events as f64 <= allowed * of as f64
            }
            Kind::Percentile { late, allowed, .. } => late <= allowed,
            _ => self.met,
        }
    }
}

/// One run alone tells nothing of how its trials hang together, unless nothing happened at all.
fn effective(runs: &[(u64, u64)]) -> Option<(f64, f64)> {
    let (events, trials) = together(runs);
    if trials == 0 || (runs.len() == 1 && events > 0) {
        return None;
    }
    let n = effective_sample_size(runs);
    Some((events as f64 / trials as f64 * n, n))
}

fn share_p_value(runs: &[(u64, u64)], bound: f64) -> Option<f64> {
    let (events, n) = effective(runs)?;
    clopper_pearson_p_value(events, n, bound)
}

fn share_interval(runs: &[(u64, u64)], confidence: f64) -> Option<[f64; 2]> {
    let (events, n) = effective(runs)?;
    clopper_pearson(events, n, confidence)
}

//! The runs, and what is kept of one: little enough that all failures of all runs fit into memory.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use super::Horizon;
use crate::experiment::checks;
use crate::experiment::parallel::Progress;
use crate::experiment::runner::Prepared;
use crate::experiment::summary::{Check, Totals};
use crate::scenario::{Fault, Scenario};
use crate::simulation::cohorts::{Cell, Cohorts};
use crate::simulation::result::{CoarseHistogram, REASONS, RunResult, StationRole};

/// All that was run.
pub struct Trials {
    /// Of each case its runs; the first case is that of no failure.
    pub cases: Vec<Vec<Trial>>,
    /// Names.
    pub stations: Vec<String>,
    /// Laws that some run broke.
    pub broken: Vec<Check>,
}

impl Trials {
    /// All runs of all cases over all threads; the same run of each case has the same traffic.
    pub fn simulate(
        prepared: &Prepared,
        quiet: &Scenario,
        cases: Vec<Vec<Fault>>,
        horizon: &Horizon,
        warmup_s: f64,
        runs: u32,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Trials {
        let variant = |faults| {
            let mut scenario = Scenario { faults, ..quiet.clone() };
            scenario.simulation.duration_s = Some(horizon.length_s());
            scenario
        };
        let scenarios: Vec<Scenario> = cases.into_iter().map(variant).collect();
        let variants: Vec<Prepared> = scenarios.iter().map(|scenario| prepared.variant(scenario)).collect();
        let tasks: Vec<(usize, u32)> =
            (0..variants.len()).flat_map(|case| (0..runs).map(move |run| (case, run))).collect();
        let finished = AtomicU32::new(0);
        let mut made: Vec<(Trial, Vec<Check>, Vec<String>)> = tasks
            .par_iter()
            // each is long: one after the other is taken, not a part of all
            .with_max_len(1)
            .map(|&(case, run)| {
                let (result, cohorts) = variants[case].run_cohorts(run, warmup_s, horizon.length_s(), horizon.within_s);
                let broken = checks::checks(std::slice::from_ref(&result)).into_iter().filter(|c| !c.passed).collect();
                let trial = Trial::new(&result, cohorts, horizon);
                let stations = if run == 0 && case == 0 {
                    result.stations.into_iter().map(|s| s.name).collect()
                } else {
                    Vec::new()
                };
                let done = finished.fetch_add(1, Ordering::Relaxed) + 1;
                progress(Progress { finished: done, of: tasks.len() as u32, events: trial.events });
                (trial, broken, stations)
            })
            .collect();
        let stations = std::mem::take(&mut made[0].2);
        let broken = made.iter_mut().flat_map(|(_, broken, _)| std::mem::take(broken)).collect();
        let mut made = made.into_iter().map(|(trial, ..)| trial);
        let cases = (0..variants.len()).map(|_| made.by_ref().take(runs as usize).collect()).collect();
        Trials { cases, stations, broken }
    }

    pub fn totals(&self) -> Totals {
        let all = || self.cases.iter().flatten();
        Totals { requests: all().map(|trial| trial.requests).sum(), events: all().map(|trial| trial.events).sum() }
    }
}

#[derive(Clone, Debug)]
pub struct Trial {
    pub cohorts: Cohorts,
    /// Answers in each window, whenever their requests came.
    pub completed: Vec<u64>,
    /// By reason, of requests that ended after the failure.
    pub failed: [u64; REASONS],
    /// Of requests answered before the failure, while it lasted, and after it.
    pub latency: [CoarseHistogram; 3],
    /// Same index as the stations of a run.
    pub stations: Vec<StationTrial>,
    /// Seconds from the failure until some software noticed it, while it lasted, and what it said.
    pub detected: Option<(f64, String)>,
    pub requests: u64,
    pub events: u64,
}

/// One station of one run, in the part in which failover has settled.
#[derive(Clone, Copy, Debug)]
pub struct StationTrial {
    /// Pools have no work of their own.
    pub serves: bool,
    pub workers: Option<u32>,
    /// Mean busy workers.
    pub busy: f64,
    /// Mean number present in its first and its second half.
    pub present: [f64; 2],
}

impl Trial {
    pub fn new(run: &RunResult, cohorts: Cohorts, horizon: &Horizon) -> Trial {
        let windows = &run.windows.windows;
        let width_s = run.windows.width_ns as f64 / 1e9;
        let at = |seconds: f64| ((seconds / width_s).round() as usize).min(windows.len());
        let mut latency: [CoarseHistogram; 3] = Default::default();
        let parts =
            [0..at(horizon.at_s), at(horizon.at_s)..at(horizon.until_s()), at(horizon.until_s())..windows.len()];
        for (all, part) in latency.iter_mut().zip(parts) {
            windows[part].iter().for_each(|window| all.merge(&window.latency));
        }
        let mut failed = [0; REASONS];
        for window in &windows[at(horizon.at_s)..] {
            failed.iter_mut().zip(&window.failed).for_each(|(sum, n)| *sum += n);
        }
        let [from, to] = horizon.settled_s().map(at);
        let half = from + (to - from) / 2;
        let mean = |part: std::ops::Range<usize>, of: &dyn Fn(usize) -> u64| {
            let sum: f64 = part.clone().map(|window| of(window) as f64).sum();
            sum / (part.len().max(1) as f64 * run.windows.width_ns as f64)
        };
        let stations = run.stations.iter().enumerate().map(|(i, station)| {
            let present = |window: usize| windows[window].present_ns[i];
            StationTrial {
                serves: station.role != StationRole::Pool,
                workers: station.workers,
                busy: mean(from..to, &|window| windows[window].busy_ns[i]),
                present: [mean(from..half, &present), mean(half..to, &present)],
            }
        });
        Trial {
            completed: windows.iter().map(|window| window.completed).collect(),
            failed,
            latency,
            stations: stations.collect(),
            detected: run
                .transitions
                .iter()
                .find(|change| change.bad && change.at_s >= horizon.at_s && change.at_s < horizon.until_s())
                .map(|change| (change.at_s - horizon.at_s, change.what.clone())),
            requests: run.finished_total,
            events: run.events,
            cohorts,
        }
    }

    pub fn width_s(&self) -> f64 {
        self.cohorts.width_ns as f64 / 1e9
    }

    /// All classes of a window.
    pub fn all(&self, window: usize) -> Cell {
        (0..self.cohorts.classes).map(|class| self.cohorts.cell(window, class)).fold(Cell::default(), sum)
    }

    /// One class over many windows: (arrived, answered).
    pub fn of_class(&self, class: usize, windows: std::ops::Range<usize>) -> (u64, u64) {
        let cells = windows.map(|window| self.cohorts.cell(window, class));
        cells.fold((0, 0), |(arrived, answered), cell| {
            (arrived + u64::from(cell.arrived), answered + u64::from(cell.answered))
        })
    }
}

fn sum(a: Cell, b: Cell) -> Cell {
    Cell { arrived: a.arrived + b.arrived, answered: a.answered + b.answered }
}

//! The runs of one scenario, as far as a comparison keeps them: figures and sums, not the runs themselves, since they may
//! be many.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use super::column::Column;
use crate::experiment::checks;
use crate::experiment::estimate::{Doubt, complement};
use crate::experiment::outcome::{Context, summary};
use crate::experiment::parallel::Progress;
use crate::experiment::per_run::{Figure, Observed, Of, Pool, figures};
use crate::experiment::runner::{ExperimentError, Prepared};
use crate::experiment::summary::{Check, Estimate, Totals, Warning};
use crate::experiment::warnings::FIXED_TRACE;
use crate::scenario::Scenario;
use crate::simulation::result::RunResult;

/// Warnings that follow from the few runs that are kept, or that are told of the comparison.
const NOT_OF_ONE_SIDE: [&str; 4] = ["few_runs", "few_tail_samples", "histogram_resolution", FIXED_TRACE];
/// Whole runs that are kept to see how loaded the system is.
const KEPT: usize = 5;
/// Runs of all sides that are in memory at once, at least.
const AT_ONCE: u32 = 16;

pub struct Side<'s> {
    pub scenario: &'s Scenario,
    pub prepared: Prepared<'s>,
    pub column: Column,
    pool: Pool,
    pub classes: Vec<String>,
    /// Of each run, by class.
    pub offered: Vec<Vec<u64>>,
    /// Of each run, `all` first: failed, and ended either way.
    ended: Vec<Vec<(u64, u64)>>,
    pub broken: Vec<Check>,
    pub totals: Totals,
    kept: Vec<RunResult>,
}

/// What is kept of one run.
struct Made {
    figures: Vec<(Figure, Observed)>,
    pool: Pool,
    offered: Vec<u64>,
    broken: Vec<Check>,
    requests: u64,
    events: u64,
    whole: Option<RunResult>,
}

impl<'s> Side<'s> {
    pub fn new(scenario: &'s Scenario) -> Result<Side<'s>, ExperimentError> {
        Ok(Side {
            scenario,
            prepared: Prepared::new(scenario)?,
            column: Column::default(),
            pool: Pool::default(),
            classes: scenario.requests.iter().map(|class| class.name.clone()).collect(),
            offered: Vec::new(),
            ended: Vec::new(),
            broken: Vec::new(),
            totals: Totals { requests: 0, events: 0 },
            kept: Vec::new(),
        })
    }

    /// Whom there are figures of, known from the shortest of runs.
    pub fn subjects(&self) -> Vec<Of> {
        let mut subjects: Vec<Of> = Vec::new();
        for (figure, _) in figures(self.scenario, &self.prepared.run(0, 0.0, Some(1e-3))) {
            if !subjects.contains(&figure.of) {
                subjects.push(figure.of);
            }
        }
        subjects
    }

    pub fn is_fixed(&self) -> bool {
        self.prepared.is_fixed()
    }

    /// Mean length of the measured part.
    pub fn measured_s(&self) -> f64 {
        self.kept.iter().map(|run| run.measured_s).sum::<f64>() / self.kept.len().max(1) as f64
    }

    /// Share of a class's requests that were answered, by the proportion's own interval.
    pub fn availability(&self, class: &str) -> Estimate {
        let failed: Vec<(u64, u64)> =
            self.ended.iter().filter_map(|run| run.get(self.place(class)?).copied()).collect();
        complement(Doubt::default().proportion(&failed))
    }

    /// `all` first, then the classes.
    fn place(&self, class: &str) -> Option<usize> {
        if class == "all" { Some(0) } else { self.classes.iter().position(|name| name == class).map(|i| i + 1) }
    }

    fn make(&self, index: u32, warmup_s: f64, duration_s: Option<f64>) -> Made {
        let run = self.prepared.run(index, warmup_s, duration_s);
        Made {
            figures: figures(self.scenario, &run),
            pool: Pool::of_run(self.scenario, &run),
            offered: run.classes.iter().map(|class| class.offered).collect(),
            broken: checks::checks(std::slice::from_ref(&run)).into_iter().filter(|check| !check.passed).collect(),
            requests: run.finished_total,
            events: run.events,
            whole: ((index as usize) < KEPT).then_some(run),
        }
    }

    fn absorb(&mut self, made: Vec<Made>) {
        let mut figures = Vec::with_capacity(made.len());
        for one in made {
            figures.push(one.figures);
            let ended =
                one.pool.classes.iter().map(|(_, class)| (class.failures(), class.failures() + class.completed));
            self.ended.push(ended.collect());
            self.pool.add(one.pool);
            self.offered.push(one.offered);
            self.broken.extend(one.broken);
            self.totals.requests += one.requests;
            self.totals.events += one.events;
            self.kept.extend(one.whole);
        }
        self.column.extend(figures);
        self.column.pool(&self.pool);
    }

    /// What may mislead about this side alone.
    pub fn warnings(&self) -> Vec<Warning> {
        let context = Context {
            load: Some(&self.prepared.compiled.load),
            warnings: self.prepared.warnings(),
            ..Context::default()
        };
        let found = summary(self.scenario, &self.kept, context).warnings;
        let own = found.into_iter().filter(|warning| !NOT_OF_ONE_SIDE.contains(&warning.id));
        own.map(|warning| match warning.id {
            "no_steady_state" => Warning {
                advice: "the difference holds for this length of run and grows with it; lower the rate or add workers"
                    .into(),
                ..warning
            },
            _ => warning,
        })
        .collect()
    }
}

/// Makes the runs of a range on each side over all threads; the same run of each has the same traffic.
pub fn extend<const N: usize>(
    sides: &mut [Side; N],
    range: Range<u32>,
    warmup_s: f64,
    duration_s: Option<f64>,
    progress: &(dyn Fn(Progress) + Sync),
) {
    let finished = AtomicU32::new(range.start * N as u32);
    let of = range.end * N as u32;
    let at_once = AtMost(AT_ONCE.max(2 * rayon::current_num_threads() as u32).div_ceil(N as u32));
    for part in at_once.parts(range) {
        let tasks: Vec<(usize, u32)> = part.flat_map(|run| (0..N).map(move |side| (side, run))).collect();
        let shared = &*sides;
        let made: Vec<(usize, Made)> = tasks
            .par_iter()
            .with_max_len(1)
            .map(|&(side, run)| {
                let made = shared[side].make(run, warmup_s, duration_s);
                let finished = finished.fetch_add(1, Ordering::Relaxed) + 1;
                progress(Progress { finished, of, events: made.events });
                (side, made)
            })
            .collect();
        let mut of_sides: [Vec<Made>; N] = std::array::from_fn(|_| Vec::new());
        made.into_iter().for_each(|(side, made)| of_sides[side].push(made));
        sides.iter_mut().zip(of_sides).for_each(|(side, made)| side.absorb(made));
    }
}

struct AtMost(u32);

impl AtMost {
    fn parts(self, range: Range<u32>) -> impl Iterator<Item = Range<u32>> {
        let (end, step) = (range.end, self.0);
        range.step_by(step as usize).map(move |begin| begin..(begin + step).min(end))
    }
}

//! What is tried at one scale of the traffic after the other: a scenario, perhaps with a server dead, and what is kept of
//! each of its runs.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use super::findings::Tried;
use super::margin::{margin, unit};
use super::search::{Margins, Trials};
use crate::experiment::estimate::Doubt;
use crate::experiment::objective::observed;
use crate::experiment::runner::Prepared;
use crate::experiment::summary::{Estimate, Totals, Warning};
use crate::experiment::{merge, parallel, warmup};
use crate::scenario::{Effect, Fault, FaultLines, Metric, Objective, Process, Scenario, ServerId, Warmup, When};
use crate::simulation::compile::compile;
use crate::simulation::load::StationLoad;
use crate::simulation::result::RunResult;
use crate::stats::interval::t_interval;

/// Runs of a rough look, and the requests of each.
pub const ROUGH_RUNS: u32 = 4;
const ROUGH_REQUESTS: f64 = 40_000.0;
/// Of which a quarter more come before, where nobody knows the warm-up yet.
const ROUGH_WARMUP: f64 = 0.25;
/// No run is shorter: health checks, time-outs and clients' patience are seconds.
const SHORTEST_S: f64 = 20.0;
/// Fewest requests beyond the percentile of an objective, in each of the runs that an answer rests on.
const TAIL_REQUESTS: f64 = 100.0;
/// A server that is dead has been so for this long, and for the warm-up, before the first request that counts.
pub const SETTLE_S: f64 = 30.0;
/// Longer before t = 0 than any warm-up.
const FROM_THE_BEGINNING_S: f64 = -1e9;
/// A run is at least so many relaxation times long of the busiest station, if the scenario's duration has room for them.
const RELAXATIONS: f64 = 100.0;
const PILOTS: u32 = 5;

/// Lengths in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    pub warmup_s: f64,
    /// `None`: until the traces are played.
    pub length_s: Option<f64>,
}

/// What all questions share: how many runs were made, and what to beware of.
pub struct Ledger<'a> {
    progress: &'a (dyn Fn(u32) + Sync),
    runs: AtomicU32,
    totals: Mutex<Totals>,
    warnings: Mutex<Vec<Warning>>,
}

impl<'a> Ledger<'a> {
    /// `progress` is called with the number of runs made so far, from any thread.
    pub fn new(progress: &'a (dyn Fn(u32) + Sync)) -> Ledger<'a> {
        let totals = Mutex::new(Totals { requests: 0, events: 0 });
        Ledger { progress, runs: AtomicU32::new(0), totals, warnings: Mutex::default() }
    }

    /// One run more.
    fn count(&self, run: &RunResult) {
        let mut totals = self.totals.lock().expect("nobody panics while counting");
        totals.requests += run.finished_total;
        totals.events += run.events;
        drop(totals);
        (self.progress)(1 + self.runs.fetch_add(1, Ordering::Relaxed));
    }

    pub fn totals(&self) -> Totals {
        *self.totals.lock().expect("nobody panics while counting")
    }

    pub fn into_warnings(self) -> Vec<Warning> {
        self.warnings.into_inner().expect("nobody panics while warning")
    }

    pub fn warn(&self, warning: Warning) {
        let mut warnings = self.warnings.lock().expect("nobody panics while warning");
        if !warnings.iter().any(|known| known.id == warning.id && known.message == warning.message) {
            warnings.push(warning);
        }
    }
}

/// One run, as far as plans ask.
#[derive(Clone, Debug)]
pub struct Said {
    pub margins: Margins,
    /// Of each objective.
    pub observed: Vec<Option<f64>>,
    /// Latency of answered requests, seconds.
    pub mean_s: Option<f64>,
    pub p99_s: Option<f64>,
    pub throughput_per_s: f64,
    /// Mean number of requests between arrival and end, by Little's law.
    pub in_flight: f64,
    /// Busy workers of each station, on average.
    pub busy: Vec<f64>,
}

pub struct Subject<'a> {
    pub scenario: Scenario,
    /// With its traces read.
    prepared: &'a Prepared<'a>,
    /// The traffic that is scaled; `None`: all.
    pub source: Option<usize>,
    pub objectives: Vec<Objective>,
    /// Requests per second at scale 1, where known.
    rate: Option<f64>,
    settle_s: f64,
    pub precision: f64,
    first_look: u32,
    rough: Timing,
    pub fine: Timing,
    pub intervals: bool,
    /// The timing is another's, who is compared with.
    timed: bool,
    pub tried: Vec<Tried>,
    /// Of each scale all runs that an answer rests on.
    rested_on: Vec<(f64, Vec<Said>)>,
    pub ledger: &'a Ledger<'a>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        scenario: Scenario,
        prepared: &'a Prepared<'a>,
        source: Option<usize>,
        ledger: &'a Ledger<'a>,
    ) -> Subject<'a> {
        let rate = compile(&scenario).load.rate_per_s.filter(|rate| *rate > 0.0);
        let objectives = scenario.objectives.clone();
        let whole = Timing { warmup_s: 0.0, length_s: scenario.simulation.duration_s };
        let mut subject = Subject {
            scenario,
            prepared,
            source,
            objectives,
            rate,
            settle_s: 0.0,
            precision: 0.02,
            first_look: 10,
            rough: whole,
            fine: whole,
            intervals: true,
            timed: false,
            tried: Vec::new(),
            rested_on: Vec::new(),
            ledger,
        };
        subject.rough = subject.rough_timing();
        subject.fine.warmup_s = subject.rough.warmup_s;
        subject
    }

    /// Looks at these objectives alone.
    pub fn keep_objectives(&mut self, wanted: impl Fn(&Objective) -> bool) {
        self.objectives.retain(&wanted);
        self.scenario.objectives.retain(&wanted);
    }

    /// The same with a server that has no power from the beginning. Its own faults, and objectives during
    /// them, are left out.
    pub(super) fn without(
        scenario: &Scenario,
        server: ServerId,
        prepared: &'a Prepared<'a>,
        like: &Subject<'a>,
    ) -> Subject<'a> {
        let when = When::At { at_s: FROM_THE_BEGINNING_S, lasts_s: None };
        let effect = Effect::PowerOff { servers: vec![server] };
        let mut dead = scenario.clone();
        dead.faults = vec![Fault { when, effect, written: FaultLines::default() }];
        dead.objectives = like.objectives.clone();
        dead.objectives.retain(|objective| objective.during.is_none());
        let mut subject = Subject::new(dead, prepared, like.source, like.ledger);
        subject.asking(like.precision, like.first_look);
        subject.settle_s = SETTLE_S;
        subject.time_like(like);
        subject
    }

    /// Runs of the same lengths as another's: what is compared has the same traffic.
    pub fn time_like(&mut self, like: &Subject) {
        (self.rough, self.fine, self.intervals) = (like.rough, like.fine, like.intervals);
        self.timed = true;
    }

    pub fn asking(&mut self, precision: f64, first_look: u32) {
        (self.precision, self.first_look) = (precision, first_look);
    }

    /// Whether a shorter run says the same: nothing changes in time, and no objective looks at a part of it.
    fn is_steady(&self) -> bool {
        let steady = |process: &Process| match process {
            Process::Poisson(profile) | Process::Constant(profile) => profile.is_steady(),
            Process::Renewal(_) | Process::Mmpp(_) | Process::Batch { .. } | Process::Closed { .. } => true,
            Process::Trace(_) => false,
        };
        let own_faults =
            self.scenario.faults.iter().any(|fault| !matches!(fault.when, When::At { at_s, .. } if at_s < 0.0));
        let parts = self.objectives.iter().any(|objective| objective.time.is_some());
        !own_faults && !parts && self.scenario.traffic.iter().all(|traffic| steady(&traffic.process))
    }

    fn rough_timing(&self) -> Timing {
        let whole = self.scenario.simulation.duration_s;
        let length_s = match whole {
            Some(whole) if self.is_steady() => {
                let enough = self.rate.map_or(whole / 8.0, |rate| ROUGH_REQUESTS / rate);
                Some(enough.max(SHORTEST_S).ceil().min(whole))
            }
            whole => whole,
        };
        let warmup_s = match self.scenario.simulation.warmup {
            Warmup::Seconds(seconds) => seconds,
            Warmup::Auto => (ROUGH_WARMUP * length_s.unwrap_or(0.0)).ceil(),
        };
        Timing { warmup_s, length_s }
    }

    /// What runs at this scale say, in the order of the runs.
    pub fn at(&self, scale: f64, runs: Range<u32>, timing: Timing) -> Vec<Said> {
        let scaled = self.scenario.with_traffic(scale, self.source);
        let prepared = self.prepared.variant(&scaled);
        let make = |run: u32| self.one(&scaled, &prepared, run, timing);
        runs.into_par_iter().with_max_len(1).map(make).collect()
    }

    fn one(&self, scenario: &Scenario, prepared: &Prepared, run: u32, timing: Timing) -> Said {
        let result = prepared.run(run, timing.warmup_s + self.settle_s, timing.length_s);
        self.ledger.count(&result);
        self.said(scenario, &result)
    }

    /// Of another scenario, the first of the short runs.
    pub fn rough_of(&self, other: &Scenario) -> Said {
        self.one(other, &self.prepared.variant(other), 0, self.rough)
    }

    pub fn rough_runs(&self, runs: Range<u32>) -> Vec<Said> {
        self.at(1.0, runs, self.rough)
    }

    pub fn rough_length(&self) -> Option<f64> {
        self.rough.length_s
    }

    pub fn rough_at(&self, scale: f64) -> Vec<Said> {
        self.at(scale, 0..ROUGH_RUNS, self.rough)
    }

    pub fn fine_at(&self, scale: f64, runs: Range<u32>) -> Vec<Said> {
        self.at(scale, runs, self.fine)
    }

    fn said(&self, scenario: &Scenario, run: &RunResult) -> Said {
        let all = merge::total(run);
        let observed: Vec<Option<f64>> =
            self.objectives.iter().map(|objective| observed(objective, scenario, run)).collect();
        let latency = &all.latency_ns;
        let inside_ns: f64 = latency.sum() as f64 + all.failed_after_ns.sum() as f64;
        Said {
            margins: self.objectives.iter().zip(&observed).map(|(o, &value)| margin(o, value)).collect(),
            observed,
            mean_s: latency.mean().map(|ns| ns / 1e9),
            p99_s: latency.quantile(0.99).map(|ns| ns / 1e9),
            throughput_per_s: all.completed as f64 / run.measured_s,
            in_flight: inside_ns / 1e9 / run.measured_s,
            busy: run.stations.iter().map(|s| s.busy_area_ns as f64 / 1e9 / run.measured_s).collect(),
        }
    }

    /// Runs from which an answer comes: their warm-up found by pilots at this scale, and as long as the spread of the
    /// rough ones asks for.
    pub fn settle_at(&mut self, scale: f64, spread: f64) {
        if self.timed {
            return;
        }
        let whole = self.scenario.simulation.duration_s;
        if self.scenario.simulation.warmup == Warmup::Auto {
            let scaled = self.scenario.with_traffic(scale, self.source);
            let prepared = self.prepared.variant(&scaled);
            let pilot = |run| {
                let result = prepared.run(run, self.settle_s, whole);
                self.ledger.count(&result);
                result
            };
            let found = warmup::automatic(&parallel::runs(0..PILOTS, pilot, &|_| {}));
            if let Some(warning) = found.warning {
                self.intervals = false;
                self.ledger.warn(warning);
            }
            self.fine.warmup_s = found.warmup_s;
        }
        self.fine.length_s = self.length_at(scale, spread);
    }

    /// How long runs at this scale must be, where the roots of rough ones lie `spread` apart (relative).
    pub fn length_at(&self, scale: f64, spread: f64) -> Option<f64> {
        let whole = self.scenario.simulation.duration_s;
        let Some(whole) = whole.filter(|_| self.is_steady()) else { return whole };
        // a half-width is t standard errors, and a rough spread is known to a factor of about two
        let runs = f64::from(self.first_look);
        let wanted = self.precision * runs.sqrt() / 2.3 / 2.0;
        let rough_s = self.rough.length_s.unwrap_or(whole);
        let enough = rough_s * (spread / wanted).powi(2);
        let longest = enough.max(self.tail_s(scale)).max(self.fine.warmup_s).max(SHORTEST_S);
        let longest = longest.max(RELAXATIONS * self.relaxation_s(scale));
        Some(longest.ceil().min(whole))
    }

    /// How long the busiest station remembers: 1 / (mu (1 - sqrt(rho))^2) of one worker (Cohen, "The Single Server Queue",
    /// 1982, III.7.3), of several as of one that is as fast.
    fn relaxation_s(&self, scale: f64) -> f64 {
        let load = compile(&self.scenario.with_traffic(scale, self.source)).load;
        let of = |s: &StationLoad| {
            let workers = f64::from(s.workers?);
            let (mean_s, share) =
                (s.offered_erlangs / s.visits_per_s / workers, (s.offered_erlangs / workers).min(1.0));
            let room = 1.0 - share.sqrt();
            (room > 0.0 && mean_s > 0.0).then(|| mean_s / (room * room))
        };
        load.stations.iter().filter_map(of).filter(|s| s.is_finite()).fold(0.0, f64::max)
    }

    /// Time for enough requests beyond the percentiles that objectives name.
    fn tail_s(&self, scale: f64) -> f64 {
        let rate = self.rate.unwrap_or(0.0) * if self.source.is_none() { scale } else { 1.0 };
        let of = |objective: &Objective| match &objective.metric {
            Metric::Latency(crate::scenario::Figure::Percentile(p)) => {
                let share = objective.class.map_or(1.0, |class| self.share(class));
                TAIL_REQUESTS / ((1.0 - p) * rate * share)
            }
            _ => 0.0,
        };
        self.objectives.iter().map(of).filter(|s| s.is_finite()).fold(0.0, f64::max)
    }

    fn share(&self, class: usize) -> f64 {
        let weights = |wanted: Option<usize>| -> f64 {
            let mixes = self.scenario.traffic.iter().flat_map(|traffic| &traffic.mix);
            mixes.filter(|(of, _)| wanted.is_none_or(|class| *of == class)).map(|(_, weight)| weight).sum()
        };
        weights(Some(class)) / weights(None)
    }

    fn keep(&mut self, scale: f64, said: &[Said], timing: Timing, fine: bool) {
        let Some((worst, margin)) = worst(said) else { return };
        let objective = &self.objectives[worst];
        let (unit, factor) = unit(objective);
        let values: Vec<f64> = said.iter().filter_map(|run| run.observed[worst]).map(|v| v * factor).collect();
        let finite = !values.is_empty() && values.iter().all(|v| v.is_finite()) && values.len() == said.len();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let doubt = Doubt { intervals: self.intervals, ..Doubt::default() };
        let observed = if finite {
            doubt.around(mean, &values)
        } else {
            Estimate { value: None, ci95: None, runs: said.len() as u32, censored: true }
        };
        let tried = Tried {
            scale,
            rate: 0.0,
            runs: said.len() as u32,
            length_s: timing.length_s,
            rough: !fine,
            met: margin <= 0.0,
            objective: objective.that.clone(),
            observed,
            unit,
        };
        match self.tried.iter_mut().find(|known| known.scale == scale && known.rough == tried.rough) {
            Some(known) => *known = tried,
            None => self.tried.push(tried),
        }
    }
}

/// The objective that is furthest from being met on average over the runs.
pub fn worst(said: &[Said]) -> Option<(usize, f64)> {
    let count = said.first()?.margins.len();
    let mean = |o: usize| said.iter().map(|run| run.margins[o]).sum::<f64>() / said.len() as f64;
    (0..count).map(|o| (o, mean(o))).reduce(|worst, next| if next.1 > worst.1 { next } else { worst })
}

/// Student's t over the runs, where they may have an interval.
pub fn mean(values: &[f64], confidence: f64) -> (f64, Option<[f64; 2]>) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, t_interval(values, confidence).map(|interval| interval.around(mean)))
}

impl Trials for Subject<'_> {
    fn rough(&mut self, scale: f64) -> Vec<Margins> {
        let said = self.rough_at(scale);
        self.keep(scale, &said, self.rough, false);
        said.into_iter().map(|run| run.margins).collect()
    }

    fn settle(&mut self, scale: f64, spread: f64) {
        self.settle_at(scale, spread);
    }

    fn fine(&mut self, scale: f64, runs: Range<u32>) -> Vec<Margins> {
        let said = self.fine_at(scale, runs);
        let margins = said.iter().map(|run| run.margins.clone()).collect();
        let at = self.rested_on.iter().position(|(known, _)| *known == scale).unwrap_or_else(|| {
            self.rested_on.push((scale, Vec::new()));
            self.rested_on.len() - 1
        });
        self.rested_on[at].1.extend(said);
        let all = std::mem::take(&mut self.rested_on[at].1);
        self.keep(scale, &all, self.fine, true);
        self.rested_on[at].1 = all;
        margins
    }
}

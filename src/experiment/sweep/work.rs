//! Making the points: runs of all points over all threads, each point handed on when its last run is there.
//!
//! Runs are given out in the order of points, so that only about as many points are under way as there are threads,
//! whatever their number; and a thread waits for nobody until nothing is left to do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::design::Design;
use crate::experiment::outcome::{Context, summary};
use crate::experiment::runner::{ExperimentError, Prepared};
use crate::experiment::summary::{Summary, Warning};
use crate::experiment::verdict::{self, Rule};
use crate::experiment::warnings::NO_WARMUP_FOUND;
use crate::scenario::{Diagnostics, Draft, Process, Scenario, Warmup};
use crate::simulation::result::RunResult;

/// Points whose scenarios are all checked before the first run; of more, a sample that has every value.
pub const CHECKED_MAX: u64 = 10_000;
/// Points at which the warm-up is looked for.
const WARMUP_POINTS: u64 = 8;

/// Takes the result of a point: its number from 0, its values, and what its runs say together.
pub type Keep<'k, E> = dyn Fn(u64, &[String], &Summary) -> Result<(), E> + Sync + 'k;

/// A sweep that can be worked on.
pub struct Work<'a> {
    draft: &'a Draft,
    design: &'a Design,
    /// Of every point whose scenario says "auto".
    warmup_s: Option<f64>,
    /// Whose traces serve every point; `None`: they may differ from point to point, or there are none.
    recorded: Option<Prepared<'static>>,
}

/// What ends a sweep before its last point.
#[derive(Debug)]
pub enum WorkError<E> {
    /// The point's number, and what its scenario is told.
    Scenario(u64, Box<Diagnostics>),
    Experiment(u64, ExperimentError),
    /// The result of a point could not be kept.
    Keep(E),
}

impl<'a> Work<'a> {
    /// Reads the traces, where they are the same for every point.
    ///
    /// # Errors
    /// Of the first point: its scenario, or its traces.
    pub fn new<E>(draft: &'a Draft, design: &'a Design, warmup_s: Option<f64>) -> Result<Work<'a>, WorkError<E>> {
        let mut work = Work { draft, design, warmup_s, recorded: None };
        let scenario = work.scenario(0)?;
        let replays = scenario.traffic.iter().any(|traffic| matches!(traffic.process, Process::Trace(_)));
        let touches = |axis: &super::vary::Axis| axis.key.starts_with("traffic.") || axis.key.starts_with("request.");
        if replays && !design.axes.iter().any(touches) {
            work.recorded = Some(Prepared::owned(scenario).map_err(|error| WorkError::Experiment(0, error))?);
        }
        Ok(work)
    }

    /// Of a point, with the sweep's warm-up.
    fn scenario<E>(&self, point: u64) -> Result<Scenario, WorkError<E>> {
        let values = self.design.values(point);
        let scenario = self.draft.with(self.design.settings(&values));
        let mut scenario = scenario.map_err(|error| WorkError::Scenario(point, Box::new(error)))?;
        if let (Warmup::Auto, Some(seconds)) = (scenario.simulation.warmup, self.warmup_s) {
            scenario.simulation.warmup = Warmup::Seconds(seconds);
        }
        Ok(scenario)
    }

    pub(super) fn prepare<E>(&self, point: u64) -> Result<Prepared<'static>, WorkError<E>> {
        let scenario = self.scenario(point)?;
        match &self.recorded {
            Some(base) => Ok(base.owned_variant(scenario)),
            None => Prepared::owned(scenario).map_err(|error| WorkError::Experiment(point, error)),
        }
    }

    /// Whether the points' scenarios are valid: all, or of very many a sample.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check<E: Send>(&self) -> Result<(), WorkError<E>> {
        use rayon::prelude::*;
        let sample = self.design.sample(CHECKED_MAX);
        let wrong = sample.par_iter().find_map_first(|&point| self.scenario::<E>(point).err());
        wrong.map_or(Ok(()), Err)
    }

    pub(super) fn warmup_s(&self) -> Option<f64> {
        self.warmup_s
    }

    /// Those at which the warm-up is looked for.
    pub(super) fn warmup_points(&self) -> Vec<u64> {
        self.design.few(WARMUP_POINTS)
    }

    /// Whether some point asks for a warm-up to be found.
    pub fn searches_warmup<E>(&self) -> Result<bool, WorkError<E>> {
        for point in self.warmup_points() {
            if self.scenario(point)?.simulation.warmup == Warmup::Auto {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The warm-up for every point: the longest that pilot runs find at a few points, evenly over the sweep. `None`: no
    /// point asks for it, or it was not found at any.
    pub fn find_warmup<E>(&self) -> Result<Option<f64>, WorkError<E>> {
        let mut longest: Option<f64> = None;
        for point in self.warmup_points() {
            let prepared = self.prepare(point)?;
            if prepared.scenario().simulation.warmup != Warmup::Auto {
                continue;
            }
            let mut warnings = Vec::new();
            let (seconds, _) = prepared.warmup(&mut warnings);
            if !warnings.iter().any(|warning| warning.id == NO_WARMUP_FOUND) {
                longest = Some(longest.map_or(seconds, |other| other.max(seconds)));
            }
        }
        Ok(longest)
    }

    /// Makes points over all threads of the present rayon pool. A point is left out if `wanted` says so when its turn
    /// comes; `keep` takes each result, from any thread and in no particular order.
    ///
    /// # Errors
    /// The first point that failed, by number, of those that were begun before work stopped.
    pub fn run<E: Send>(
        &self,
        points: &[u64],
        wanted: &(dyn Fn(u64) -> bool + Sync),
        keep: &Keep<E>,
    ) -> Result<(), WorkError<E>> {
        let queue = Queue { work: self, points, state: Mutex::default(), stop: AtomicBool::new(false) };
        let failed: Mutex<Option<(u64, WorkError<E>)>> = Mutex::new(None);
        rayon::broadcast(|_| {
            while let Some(found) = queue.next(wanted) {
                let done = match found {
                    Ok((open, run)) => open.make(run, keep).map_err(|error| (open.point, WorkError::Keep(error))),
                    Err(error) => Err(error),
                };
                if let Err((point, error)) = done {
                    queue.stop.store(true, Ordering::Relaxed);
                    let mut first = locked(&failed);
                    if first.as_ref().is_none_or(|(other, _)| point < *other) {
                        *first = Some((point, error));
                    }
                }
            }
        });
        let failed = failed.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        failed.map_or(Ok(()), |(_, error)| Err(error))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A point with runs under way.
struct Open {
    point: u64,
    values: Vec<String>,
    prepared: Prepared<'static>,
    warmup: (f64, bool),
    warnings: Vec<Warning>,
    results: Mutex<Vec<Option<RunResult>>>,
    /// Runs that are not there yet.
    missing: AtomicU32,
}

impl Open {
    fn runs(&self) -> u32 {
        if self.prepared.is_fixed() { 1 } else { self.prepared.scenario().simulation.runs }
    }

    /// One run; with the last one, the point's result.
    fn make<E>(&self, run: u32, keep: &Keep<E>) -> Result<(), E> {
        let (warmup_s, warmup_auto) = self.warmup;
        let result = self.prepared.run(run, warmup_s, self.prepared.scenario().simulation.duration_s);
        locked(&self.results)[run as usize] = Some(result);
        if self.missing.fetch_sub(1, Ordering::AcqRel) > 1 {
            return Ok(());
        }
        let results = std::mem::take(&mut *locked(&self.results));
        let results: Vec<RunResult> = results.into_iter().map(|run| run.expect("the last run was made")).collect();
        let scenario = self.prepared.scenario();
        // every point has its number of runs, so there is one look
        let rule = Rule { looks: vec![results.len() as u32], fixed: self.prepared.is_fixed() };
        let judged = (!scenario.objectives.is_empty()).then(|| {
            let judged = verdict::judge(scenario, &rule, &results);
            (rule, judged)
        });
        let load = Some(&self.prepared.compiled.load);
        let context = Context { load, warmup_auto, warnings: self.warnings.clone(), judged, ..Context::default() };
        keep(self.point, &self.values, &summary(scenario, &results, context))
    }
}

struct Queue<'a> {
    work: &'a Work<'a>,
    points: &'a [u64],
    state: Mutex<State>,
    stop: AtomicBool,
}

#[derive(Default)]
struct State {
    /// How many of the points have been begun.
    begun: usize,
    /// Points with runs that nobody makes yet, and the next of these runs.
    open: VecDeque<(Arc<Open>, u32)>,
}

type Found<E> = Result<(Arc<Open>, u32), (u64, WorkError<E>)>;

impl Queue<'_> {
    /// A run to make: of a point under way, else of the next one. `None`: nothing is left.
    fn next<E>(&self, wanted: &dyn Fn(u64) -> bool) -> Option<Found<E>> {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            let mut state = locked(&self.state);
            if let Some((open, run)) = state.open.front_mut() {
                let taken = (Arc::clone(open), *run);
                *run += 1;
                if *run == taken.0.runs() {
                    state.open.pop_front();
                }
                return Some(Ok(taken));
            }
            let point = *self.points.get(state.begun)?;
            state.begun += 1;
            drop(state);
            if !wanted(point) {
                continue;
            }
            let open = match self.open(point) {
                Ok(open) => Arc::new(open),
                Err(error) => return Some(Err((point, error))),
            };
            if open.runs() > 1 {
                locked(&self.state).open.push_back((Arc::clone(&open), 1));
            }
            return Some(Ok((open, 0)));
        }
    }

    /// Compiles a point's scenario, and finds its warm-up where the sweep has none.
    fn open<E>(&self, point: u64) -> Result<Open, WorkError<E>> {
        let prepared = self.work.prepare(point)?;
        let mut warnings = prepared.warnings();
        let warmup = prepared.warmup(&mut warnings);
        let open = Open {
            point,
            values: self.work.design.values(point),
            warmup,
            warnings,
            results: Mutex::new(Vec::new()),
            missing: AtomicU32::new(0),
            prepared,
        };
        let runs = open.runs();
        locked(&open.results).resize_with(runs as usize, || None);
        open.missing.store(runs, Ordering::Release);
        Ok(open)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::design::Kind;
    use super::super::vary::Axis;
    use super::*;

    pub const DESK: &str = r#"
[simulation]
duration = "5 s"
warmup = "1 s"
runs = 3

[service.desk]
kind = "station"
service = "exponential(10 ms)"

[request.question]
path = ["desk"]

[traffic.callers]
process = "poisson"
rate = "50/s"
mix = { question = 1 }
"#;

    fn design(vary: &[&str]) -> Design {
        let vary: Vec<String> = vary.iter().map(|v| v.to_string()).collect();
        Design::new(Axis::parse_all(&vary).unwrap(), Kind::Grid, None, 1).unwrap()
    }

    fn results(threads: usize, todo: &[u64]) -> BTreeMap<u64, String> {
        let draft = Draft::parse("desk.toml", DESK, Path::new("")).unwrap();
        let design = design(&["traffic.callers.rate=10/s..90/s/20/s", "service.desk.workers=1,2"]);
        let work = Work::new::<()>(&draft, &design, None).unwrap();
        let kept = Mutex::new(BTreeMap::new());
        let keep = |point: u64, values: &[String], summary: &Summary| {
            let p99 = summary.traffic[0].latency_ms.p99;
            let before = locked(&kept).insert(point, format!("{values:?} {p99:?} {}", summary.scenario.sha256));
            assert!(before.is_none(), "point {point} came twice");
            Ok(())
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| work.run::<()>(todo, &|_| true, &keep)).unwrap();
        kept.into_inner().unwrap()
    }

    #[test]
    fn every_point_is_made_once_and_the_same_on_any_number_of_threads() {
        let all: Vec<u64> = (0..10).collect();
        let one = results(1, &all);
        assert_eq!(one.keys().copied().collect::<Vec<_>>(), all);
        assert_eq!(one, results(3, &all));
        let some = results(2, &[7, 3]);
        assert_eq!(some.keys().copied().collect::<Vec<_>>(), [3, 7]);
        assert!(some.iter().all(|(point, found)| one[point] == *found));
    }

    #[test]
    fn a_point_says_what_a_run_with_its_values_says() {
        let found = &results(2, &[3])[&3];
        let overrides = crate::scenario::Overrides {
            set: vec!["traffic.callers.rate=30/s".into(), "service.desk.workers=2".into()],
            ..Default::default()
        };
        let scenario = crate::scenario::load_str("desk.toml", DESK, &overrides).unwrap();
        let options = crate::experiment::runner::Options::default();
        let summary = crate::experiment::runner::run(&scenario, &options, &|_| {}).unwrap().summary;
        let p99 = summary.traffic[0].latency_ms.p99;
        assert_eq!(*found, format!("{:?} {p99:?} {}", ["30/s", "2"], summary.scenario.sha256));
    }

    #[test]
    fn a_result_that_cannot_be_kept_stops_the_work() {
        let draft = Draft::parse("desk.toml", DESK, Path::new("")).unwrap();
        let design = design(&["traffic.callers.rate=10/s..90/s/1/s"]);
        let work = Work::new::<String>(&draft, &design, None).unwrap();
        let kept = AtomicU32::new(0);
        let keep = |point: u64, _: &[String], _: &Summary| match kept.fetch_add(1, Ordering::Relaxed) {
            2.. => Err(format!("no room for {point}")),
            _ => Ok(()),
        };
        let points: Vec<u64> = (0..design.points()).collect();
        let failed = work.run(&points, &|_| true, &keep).unwrap_err();
        assert!(matches!(failed, WorkError::Keep(said) if said.starts_with("no room for")));
        assert!(kept.into_inner() < 40);
    }

    #[test]
    fn a_wrong_value_is_found_before_the_first_run() {
        let draft = Draft::parse("desk.toml", DESK, Path::new("")).unwrap();
        let design = design(&["service.desk.workers=1,2,0"]);
        let work = Work::new::<()>(&draft, &design, None).unwrap();
        let Err(WorkError::Scenario(2, said)) = work.check::<()>() else { panic!("zero workers") };
        assert!(said.to_string().contains("service.desk.workers: zero is not possible here"), "{said}");
    }

    #[test]
    fn one_warm_up_serves_all_points() {
        let text =
            DESK.replace("warmup = \"1 s\"", "warmup = \"auto\"").replace("duration = \"5 s\"", "duration = \"60 s\"");
        let draft = Draft::parse("desk.toml", &text, Path::new("")).unwrap();
        let design = design(&["traffic.callers.rate=10/s..50/s/20/s"]);
        let work = Work::new::<()>(&draft, &design, None).unwrap();
        let warmup = work.find_warmup::<()>().unwrap().expect("it is found");
        assert!((0.0..=30.0).contains(&warmup), "{warmup}");
        let with = Work::new::<()>(&draft, &design, Some(warmup)).unwrap();
        let seen = Mutex::new(Vec::new());
        let keep = |_: u64, _: &[String], summary: &Summary| {
            locked(&seen).push(summary.warmup_s);
            Ok(())
        };
        with.run::<()>(&[0, 1, 2], &|_| true, &keep).unwrap();
        assert_eq!(seen.into_inner().unwrap(), [warmup; 3]);
    }
}

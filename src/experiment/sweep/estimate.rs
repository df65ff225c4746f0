//! What a sweep will take: from one short pilot run at a few of its points.

use std::time::Instant;

use super::work::{Work, WorkError};
use crate::experiment::warmup::PILOTS;
use crate::scenario::Warmup;
use crate::simulation::result::RunResult;

/// Points with a pilot run: the first, the last and one in the middle.
const PILOT_POINTS: u64 = 3;
/// Requests of a pilot run.
const PILOT_REQUESTS: f64 = 20_000.0;
/// Of its length, where the rate is not known beforehand.
const PILOT_SHARE: f64 = 0.1;

/// All of the points that are still to be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub points: u64,
    pub runs: u64,
    pub requests: f64,
    pub events: f64,
    /// Wall-clock time on all threads.
    pub seconds: f64,
    /// Memory of the runs under way.
    pub memory_bytes: f64,
}

impl Work<'_> {
    /// Some of the points that stand for all: the first, the last, one in the middle.
    pub fn few_of(&self, points: &[u64]) -> Vec<u64> {
        let count = PILOT_POINTS.min(points.len() as u64) as usize;
        (0..count).map(|i| points[i * (points.len() - 1) / (count - 1).max(1)]).collect()
    }

    /// From one short run at each of `few`, which stand for `points`. `searching`: the warm-up is still to be found.
    ///
    /// # Errors
    /// Of a point that cannot be run.
    pub fn estimate<E>(&self, few: &[u64], points: u64, searching: bool) -> Result<Estimate, WorkError<E>> {
        let threads = rayon::current_num_threads() as f64;
        let mut sum = Estimate { points, runs: 0, requests: 0.0, events: 0.0, seconds: 0.0, memory_bytes: 0.0 };
        let (mut runs, mut searching_s) = (0.0, 0.0);
        for &point in few {
            let pilot = self.pilot(point)?;
            let many = f64::from(pilot.runs) * pilot.longer;
            runs += f64::from(pilot.runs);
            sum.requests += pilot.requests * many;
            sum.events += pilot.events * many;
            sum.seconds += pilot.seconds * many;
            searching_s += pilot.seconds * pilot.longer * f64::from(PILOTS);
            sum.memory_bytes = sum.memory_bytes.max(pilot.bytes * f64::from(pilot.runs));
        }
        let seen = few.len().max(1) as f64;
        let (each, searched) =
            (points as f64 / seen, if searching { self.warmup_points().len() as f64 / seen } else { 0.0 });
        Ok(Estimate {
            runs: (runs * each).round() as u64,
            requests: sum.requests * each,
            events: sum.events * each,
            seconds: (sum.seconds * each + searching_s * searched) / threads,
            // each thread has a point under way, and one more is being put together
            memory_bytes: sum.memory_bytes * (threads + 1.0).min(points as f64),
            points,
        })
    }

    fn pilot<E>(&self, point: u64) -> Result<Pilot, WorkError<E>> {
        let prepared = self.prepare(point)?;
        let simulation = &prepared.scenario().simulation;
        let whole_s = simulation.duration_s;
        let pilot_s = match (prepared.compiled.load.rate_per_s, whole_s) {
            (Some(rate), Some(whole)) if rate > 0.0 => Some((PILOT_REQUESTS / rate).min(whole)),
            (_, Some(whole)) => Some(whole * PILOT_SHARE),
            (_, None) => None,
        };
        let begin = Instant::now();
        let result = prepared.run(0, 0.0, pilot_s);
        let seconds = begin.elapsed().as_secs_f64();
        let warmup_s = match (simulation.warmup, self.warmup_s()) {
            (Warmup::Seconds(seconds), _) | (Warmup::Auto, Some(seconds)) => seconds,
            (Warmup::Auto, None) => 0.0,
        };
        let longer = match (whole_s, pilot_s) {
            (Some(whole), Some(pilot)) => (whole + warmup_s) / pilot.max(1e-9),
            _ => 1.0,
        };
        let runs = if prepared.is_fixed() { 1 } else { simulation.runs };
        let (requests, events) = (result.finished_total as f64, result.events as f64);
        Ok(Pilot { runs, longer, requests, events, seconds, bytes: bytes(&result) as f64 })
    }
}

/// What one short run took, and what it stands for.
struct Pilot {
    runs: u32,
    /// Of a whole run, as a multiple of the pilot's length.
    longer: f64,
    requests: f64,
    events: f64,
    seconds: f64,
    bytes: f64,
}

/// Memory that a run's result takes until its point is put together.
fn bytes(run: &RunResult) -> usize {
    let classes: usize = run.classes.iter().map(|class| class.latency_ns.bytes() + class.failed_after_ns.bytes()).sum();
    let window = |window: &crate::simulation::result::Window| {
        size_of_val(window) + 4 * window.latency.counts.len() + 8 * (window.busy_ns.len() + window.present_ns.len())
    };
    let windows: usize = run.windows.windows.iter().map(window).sum();
    size_of_val(run) + classes + windows + size_of_val(&run.stations[..])
}

//! What pictures show besides the summary: the warm-up, latency at many percentiles and over time with the doubt of each,
//! and (`topology`) what stands where and who calls whom.

use super::estimate::Doubt;
use super::merge::total;
use super::ranked::{MS, Ranked, TailNotes, percentile};
use super::summary::Estimate;
use super::time_spent::TimeSpent;
use super::topology::Topology;
use crate::simulation::result::{ClassResult, CoarseHistogram, RunResult, Window};

/// Percentiles of latency over time.
pub const OVER_TIME: [f64; 3] = [0.5, 0.95, 0.99];
/// Windows of a picture; more would be closer than lines are wide.
const WINDOWS_MAX: usize = 120;
/// Percentiles of a distribution lie evenly in -log10(1 - p), so many for each factor of ten.
const PER_DECADE: usize = 16;
/// Up to 1 in 10,000.
const DECADES: usize = 4;
/// The fastest answer of millions says little, and would take a decade of an axis.
const LOWEST: f64 = 0.01;
/// A percentile is shown while this many observations lie beyond it.
const BEYOND_MIN: f64 = 10.0;
/// More intervals of queues than this are more work than they are worth.
const QUEUE_INTERVALS_MAX: usize = 50_000;
/// In each window of each run, for an interval over time.
const BEYOND_IN_WINDOW: f64 = 20.0;

/// `None`: none can be stood by.
pub type Interval = Option<[f64; 2]>;

#[derive(Clone, Debug, Default)]
pub struct Pictured {
    /// The end of the warm-up, all runs together, in windows as wide as the others, the last one up to t = 0.
    pub warming: Vec<Window>,
    /// "all" first, then the classes.
    pub distribution: Vec<ClassLatency>,
    /// So many windows make one in pictures.
    pub together: usize,
    /// Of each of those, for each of `OVER_TIME`, milliseconds; empty where the windows of the runs differ.
    pub intervals: Vec<[Option<[f64; 2]>; 3]>,
    /// Likewise of completed requests per second.
    pub completed_intervals: Vec<Interval>,
    /// Likewise of each station's queue; empty where there are many stations.
    pub queue_intervals: Vec<Vec<Interval>>,
    /// Likewise of how long each replica was behind, seconds.
    pub behind_intervals: Vec<Vec<Interval>>,
    /// Replicas, in the order of `Window::behind_area`.
    pub replicas: Vec<String>,
    pub topology: Topology,
    /// `None`: not asked, or too few requests were answered.
    pub time_spent: Option<TimeSpent>,
}

/// Latency of answered requests.
#[derive(Clone, Debug)]
pub struct ClassLatency {
    pub class: String,
    /// (share of the requests that are faster, milliseconds), as far as there are observations.
    pub points: Vec<(f64, Estimate)>,
}

pub fn pictured(doubt: &Doubt, runs: &[RunResult], classes: &[(String, ClassResult)], topology: Topology) -> Pictured {
    let windows = runs.iter().map(|run| run.windows.windows.len()).max().unwrap_or(0);
    let together = windows.div_ceil(WINDOWS_MAX).max(1);
    let stations =
        if runs[0].stations.len() * windows / together <= QUEUE_INTERVALS_MAX { runs[0].stations.len() } else { 0 };
    let over_time = |figure: &dyn Fn(&Window) -> f64| over_time(doubt, runs, together, figure);
    let waiting =
        |station: usize| over_time(&|w| w.present_ns[station].saturating_sub(w.busy_ns[station]) as f64 / 1e9);
    Pictured {
        warming: warming(runs),
        together,
        distribution: distribution(doubt, runs, classes),
        intervals: intervals(doubt, runs, together),
        completed_intervals: over_time(&|window| window.completed as f64),
        queue_intervals: (0..stations).map(waiting).collect(),
        behind_intervals: (0..runs[0].replicas.len())
            .map(|replica| over_time(&|window| window.behind_area.get(replica).map_or(0.0, |area| *area as f64 / 1e18)))
            .collect(),
        replicas: runs[0].replicas.iter().map(|replica| replica.server.clone()).collect(),
        topology,
        time_spent: None,
    }
}

/// The last windows are those that meet at t = 0.
fn warming(runs: &[RunResult]) -> Vec<Window> {
    let kept = runs.iter().map(|run| run.warming.len()).min().unwrap_or(0);
    let mut merged = vec![Window::default(); kept];
    for run in runs {
        for (window, other) in merged.iter_mut().zip(&run.warming[run.warming.len() - kept..]) {
            window.merge(other);
        }
    }
    merged
}

fn distribution(doubt: &Doubt, runs: &[RunResult], classes: &[(String, ClassResult)]) -> Vec<ClassLatency> {
    let totals: Vec<ClassResult> = runs.iter().map(total).collect();
    let of_class = |(i, (name, sum)): (usize, &(String, ClassResult))| {
        let each = runs.iter().zip(&totals).map(|(run, total)| i.checked_sub(1).map_or(total, |c| &run.classes[c]));
        let each: Vec<Ranked> = each.map(|class| Ranked { answered: &class.latency_ns, failed: 0 }).collect();
        let merged = Ranked { answered: &sum.latency_ns, failed: 0 };
        let last = (sum.latency_ns.count() as f64 / BEYOND_MIN).log10().clamp(0.5, DECADES as f64);
        let steps = (last * PER_DECADE as f64 + 1e-9) as usize;
        let points = (0..=steps).map(|step| {
            let share = (1.0 - libm::pow(10.0, -(step as f64) / PER_DECADE as f64)).max(LOWEST);
            (share, percentile(doubt, &mut TailNotes::default(), name, share, merged, &each, MS))
        });
        let points = if sum.latency_ns.is_empty() { Vec::new() } else { points.collect() };
        ClassLatency { class: name.clone(), points }
    };
    classes.iter().enumerate().map(of_class).collect()
}

fn intervals(doubt: &Doubt, runs: &[RunResult], together: usize) -> Vec<[Option<[f64; 2]>; 3]> {
    let windows = &runs[0].windows;
    if runs.len() < super::estimate::PERCENTILE_RUNS || !are_alike(runs) {
        return Vec::new();
    }
    let of_part = |first: usize| {
        let latency = |run: &RunResult| {
            let end = (first + together).min(run.windows.windows.len());
            let mut all = CoarseHistogram::default();
            run.windows.windows[first..end].iter().for_each(|window| all.merge(&window.latency));
            all
        };
        let each: Vec<CoarseHistogram> = runs.iter().map(latency).collect();
        OVER_TIME.map(|q| {
            let quantile = |latency: &CoarseHistogram| {
                let enough = latency.count() as f64 * (1.0 - q) >= BEYOND_IN_WINDOW - 1e-6;
                latency.quantile(q).filter(|_| enough).map(|ns| ns / MS)
            };
            let values: Vec<f64> = each.iter().map(quantile).collect::<Option<_>>()?;
            doubt.around(values.iter().sum::<f64>() / values.len() as f64, &values).ci95
        })
    };
    (0..windows.windows.len()).step_by(together).map(of_part).collect()
}

/// Of a sum over windows, for each second of what is put together; empty where the windows of the runs differ.
fn over_time(doubt: &Doubt, runs: &[RunResult], together: usize, figure: &dyn Fn(&Window) -> f64) -> Vec<Interval> {
    if !are_alike(runs) {
        return Vec::new();
    }
    let width_s = runs[0].windows.width_ns as f64 / 1e9;
    let of_part = |first: usize| {
        let each = runs.iter().map(|run| {
            let end = (first + together).min(run.windows.windows.len());
            let sum: f64 = run.windows.windows[first..end].iter().map(figure).sum();
            // the last one is cut short by the end
            let length_s = (end as f64 * width_s).min(run.measured_s) - first as f64 * width_s;
            (length_s > width_s * 1e-6).then(|| sum / length_s)
        });
        doubt.mean(each).ci95
    };
    (0..runs[0].windows.windows.len()).step_by(together).map(of_part).collect()
}

fn are_alike(runs: &[RunResult]) -> bool {
    let windows = &runs[0].windows;
    runs.iter()
        .all(|run| run.windows.width_ns == windows.width_ns && run.windows.windows.len() == windows.windows.len())
}

#[cfg(test)]
mod tests {
    use super::super::merge::over_runs;
    use super::super::synthetic;
    use super::*;

    #[test]
    fn percentiles_are_shown_as_far_as_there_are_observations_and_doubted_as_far_as_there_are_enough() {
        let runs: Vec<RunResult> = (0..10).map(synthetic::run).collect();
        let sum = over_runs(runs.iter().map(|run| &run.classes[0]));
        let classes = [("all".to_owned(), sum.clone()), ("job".to_owned(), sum)];
        let found = pictured(&Doubt::default(), &runs, &classes, Topology::default());
        let points = &found.distribution[1].points;
        assert_eq!(points[0].0, 0.01);
        // 9,990 or so answers: ten beyond p99.9
        let last = points.last().unwrap().0;
        assert!((0.998..0.9995).contains(&last), "{last}");
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1.value <= pair[1].1.value));
        // 20 beyond in each run of a thousand
        let doubted = points.iter().filter(|(_, estimate)| estimate.ci95.is_some()).map(|(share, _)| *share);
        let farthest = doubted.fold(0.0, f64::max);
        assert!((0.97..=0.98).contains(&farthest), "{farthest}");
    }

    #[test]
    fn warm_ups_meet_at_the_beginning_of_the_measured_part() {
        let mut runs: Vec<RunResult> = (0..2).map(synthetic::run).collect();
        let window = |completed| Window { completed, ..Window::default() };
        runs[0].warming = vec![window(1), window(2), window(3)];
        runs[1].warming = vec![window(20), window(30)];
        let completed: Vec<u64> = warming(&runs).iter().map(|window| window.completed).collect();
        assert_eq!(completed, [22, 33]);
    }
}

//! The highest scale of the traffic at which objectives are met: root finding on sample paths.
//!
//! One set of seeds sees the same traffic at every scale, so that what a run says is a smooth function of the scale, and
//! its root is found as that of any function: a bracket, then the Illinois form of regula falsi (Dowell and Jarratt 1971).
//! First on few short runs, then, beginning there, on more and longer ones: retrospective approximation (Chen and
//! Schmeiser, "Stochastic root finding via retrospective approximation", IIE Transactions 33, 2001).
//!
//! The interval is by the delta method: each run's distance from the objective, over the slope of their mean, is how far
//! away its own root is; Student's t over these. There are few looks, at fixed counts of runs, and the error is spread
//! over them, as in `precision`.

use std::ops::Range;

use crate::stats::interval::t_interval;

/// How far one run is from each objective: above 0 it is missed. On a scale on which an objective missed by a few
/// percent and one missed by a few percent of its room compare.
pub type Margins = Vec<f64>;

/// Nothing was said, or it was far off: margins go no further, so that one run does not outweigh all others.
pub const FAR: f64 = 3.0;

/// Steps before a search gives up.
const STEPS_MAX: usize = 40;
/// A margin that changes by more than this for a scale that doubles is a jump, not a slope.
const JUMP: f64 = 50.0;

/// What is searched.
pub trait Trials {
    /// Few short runs, always the same.
    fn rough(&mut self, scale: f64) -> Vec<Margins>;
    /// The rough root, and how far the roots of its runs lie apart: relative standard deviation. Before the first `fine`.
    fn settle(&mut self, scale: f64, spread: f64);
    /// The runs that the answer rests on.
    fn fine(&mut self, scale: f64, runs: Range<u32>) -> Vec<Margins>;
}

#[derive(Clone, Debug)]
pub struct Search {
    /// Relative half-width to reach.
    pub precision: f64,
    /// Counts of runs at which it may end, increasing.
    pub looks: Vec<u32>,
    /// Where it begins, within the two ends, beyond which nothing is tried.
    pub start: f64,
    /// Where something is likely missed, to be tried when the start is met; none where nothing is known.
    pub likely: Option<f64>,
    pub floor: f64,
    pub cap: f64,
    /// Scales are multiples of this (closed users come in whole numbers); 0: any.
    pub grid: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Highest {
        scale: f64,
        /// `None`: the runs do not vary, or there is one.
        interval: Option<[f64; 2]>,
        /// The objective that is missed first.
        binding: usize,
        /// Whether the precision was.
        reached: bool,
        /// The runs at the end, and the bracket around the root.
        runs: u32,
        bracket: [f64; 2],
    },
    /// Met at the cap.
    Everywhere,
    /// Missed at the floor, by this objective.
    Nowhere { worst: usize },
}

/// One scale, and what its runs said.
#[derive(Clone, Debug)]
struct Point {
    scale: f64,
    runs: Vec<Margins>,
}

impl Point {
    fn mean(&self, objective: usize) -> f64 {
        self.runs.iter().map(|margins| margins[objective]).sum::<f64>() / self.runs.len() as f64
    }

    /// The objective that is furthest from being met, and how far.
    fn worst(&self) -> (usize, f64) {
        let means = (0..self.runs[0].len()).map(|objective| (objective, self.mean(objective)));
        means.reduce(|worst, next| if next.1 > worst.1 { next } else { worst }).expect("there are objectives")
    }

    fn is_met(&self) -> bool {
        self.worst().1 <= 0.0
    }
}

impl Search {
    pub fn run(&self, trials: &mut impl Trials) -> Found {
        let [mut low, mut high] = match self.rough_bracket(trials) {
            Ok(bracket) => bracket,
            Err(found) => return found,
        };
        let mut side = 0;
        let close = self.precision.max(0.04);
        for _ in 0..STEPS_MAX {
            if high.scale - low.scale <= (close * low.scale).max(self.grid * 1.001) {
                break;
            }
            let at = self.snap(between(&low, &high, side));
            let point = Point { scale: at, runs: trials.rough(at) };
            narrow(&mut low, &mut high, point, &mut side);
        }
        let answer = Chord::of(&low, &high);
        let (root, spread) = answer.rough(high.scale);
        trials.settle(root, spread);
        self.fine(trials, root, answer.slope * root)
    }

    fn snap(&self, scale: f64) -> f64 {
        let scale = scale.clamp(self.floor, self.cap);
        if self.grid > 0.0 { ((scale / self.grid).round() * self.grid).max(self.grid) } else { scale }
    }

    /// A scale at which all is met and one at which something is not.
    fn rough_bracket(&self, trials: &mut impl Trials) -> Result<[Point; 2], Found> {
        let (mut low, mut high): (Option<Point>, Option<Point>) = (None, None);
        let mut at = self.snap(self.start);
        loop {
            let point = Point { scale: at, runs: trials.rough(at) };
            if point.is_met() {
                if at >= self.cap * (1.0 - 1e-9) {
                    return Err(Found::Everywhere);
                }
                low = Some(point);
            } else {
                let worst = point.worst().0;
                let least = self.floor.max(self.grid);
                if at <= least * (1.0 + 1e-9) {
                    return Err(Found::Nowhere { worst });
                }
                high = Some(point);
            }
            match (low.take(), high.take()) {
                (Some(met), Some(missed)) => return Ok([met, missed]),
                (met, missed) => {
                    // nothing is known beyond: a capacity that is known is tried at once
                    at = match &met {
                        Some(_) if self.likely.is_some_and(|likely| likely > at) => {
                            self.snap(self.likely.unwrap_or(at))
                        }
                        Some(_) if self.cap < 2.0 * at => self.snap(self.cap),
                        Some(_) => self.snap((at * 1.6).max(at + self.grid)),
                        None => self.snap((at * 0.6).min(at - self.grid)),
                    };
                    (low, high) = (met, missed);
                }
            }
        }
    }

    /// `steepness`: change of the margin for a scale that doubles.
    fn fine(&self, trials: &mut impl Trials, root: f64, steepness: f64) -> Found {
        let mut points: Vec<Point> = Vec::new();
        let mut at = self.snap(root);
        let mut answer = None;
        for (look, &runs) in self.looks.iter().enumerate() {
            for point in points.iter_mut().filter(|point| (point.runs.len() as u32) < runs) {
                point.runs.extend(trials.fine(point.scale, point.runs.len() as u32..runs));
            }
            if points.is_empty() {
                points.push(Point { scale: at, runs: trials.fine(at, 0..runs) });
            }
            for _ in 0..STEPS_MAX {
                points.sort_by(|a, b| a.scale.total_cmp(&b.scale));
                let next = match self.bracket(&points) {
                    Some([low, high]) if high.scale - low.scale <= self.width(low.scale) => break,
                    Some([low, high]) => between(low, high, 0),
                    None => match self.beyond(&points, steepness) {
                        Ok(next) => next,
                        Err(found) => return found,
                    },
                };
                at = self.snap(next);
                if points.iter().any(|point| point.scale == at) {
                    // between two neighbours of the grid, or no further to go
                    break;
                }
                points.push(Point { scale: at, runs: trials.fine(at, 0..runs) });
            }
            let Some([low, high]) = self.bracket(&points) else { break };
            let confidence = 1.0 - 0.05 / self.looks.len() as f64;
            let found = Chord::of(low, high).answer(low, high, confidence, self, runs);
            let done = matches!(&found, Found::Highest { reached: true, .. });
            answer = Some(found);
            if done || look + 1 == self.looks.len() {
                break;
            }
        }
        answer.unwrap_or(Found::Nowhere { worst: points[0].worst().0 })
    }

    /// How near two points must be for the line between them to do.
    fn width(&self, scale: f64) -> f64 {
        (2.0 * self.precision * scale).max(self.grid * 1.001)
    }

    fn bracket<'p>(&self, points: &'p [Point]) -> Option<[&'p Point; 2]> {
        // with noise a point may be met beyond one that is missed: the highest that is met counts
        let low = points.iter().rposition(Point::is_met)?;
        points.get(low + 1).map(|high| [&points[low], high])
    }

    /// Where to look when all points lie on one side: a Newton step, and half of what the precision allows beyond it.
    fn beyond(&self, points: &[Point], steepness: f64) -> Result<f64, Found> {
        let edge = if points[0].is_met() { points.last() } else { points.first() }.expect("there is a point");
        let (worst, margin) = edge.worst();
        let steepness = if steepness.is_finite() && steepness > 0.0 { steepness } else { 1.0 };
        let step = (margin.abs() / steepness).min(0.2) + 0.5 * self.precision;
        if margin <= 0.0 {
            if edge.scale >= self.cap * (1.0 - 1e-9) {
                return Err(Found::Everywhere);
            }
            return Ok((edge.scale * (1.0 + step)).max(edge.scale + self.grid));
        }
        if edge.scale <= self.floor.max(self.grid) * (1.0 + 1e-9) {
            return Err(Found::Nowhere { worst });
        }
        Ok((edge.scale * (1.0 - step)).min(edge.scale - self.grid))
    }
}

/// Illinois: the end that stayed counts for half; never so near to an end that nothing is gained.
fn between(low: &Point, high: &Point, side: i32) -> f64 {
    let (below, above) = (low.worst().1, high.worst().1);
    let (below, above) = match side {
        1 => (below * 0.5, above),
        -1 => (below, above * 0.5),
        _ => (below, above),
    };
    let share = if above > below { -below / (above - below) } else { 0.5 };
    low.scale + share.clamp(0.1, 0.9) * (high.scale - low.scale)
}

fn narrow(low: &mut Point, high: &mut Point, point: Point, side: &mut i32) {
    if point.is_met() {
        *low = point;
        *side = if *side < 0 { -2 } else { -1 };
    } else {
        *high = point;
        *side = if *side > 0 { 2 } else { 1 };
    }
    // only who stays twice is halved
    *side = (*side).clamp(-1, 1);
}

/// The lines between two scales, one for each objective.
struct Chord {
    /// Of the objective that is missed first.
    slope: f64,
    root: f64,
    binding: usize,
    /// The roots of single runs, of each objective that may be missed first.
    roots: Vec<(usize, Vec<f64>)>,
}

impl Chord {
    fn of(low: &Point, high: &Point) -> Chord {
        let width = high.scale - low.scale;
        let count = low.runs[0].len();
        let runs = low.runs.len().min(high.runs.len());
        let mut chord = Chord { slope: f64::NAN, root: f64::INFINITY, binding: 0, roots: Vec::new() };
        for objective in 0..count {
            let (below, above) = (low.mean(objective), high.mean(objective));
            let slope = (above - below) / width;
            let root = low.scale - below / slope;
            // who is met at both ends may be missed soon after
            if slope <= 0.0 || !root.is_finite() || root > high.scale + 2.0 * width {
                continue;
            }
            let share = (root - low.scale) / width;
            let own = (0..runs).map(|run| {
                let margin = (1.0 - share) * low.runs[run][objective] + share * high.runs[run][objective];
                root - margin / slope
            });
            chord.roots.push((objective, own.collect()));
            if root < chord.root {
                (chord.root, chord.slope, chord.binding) = (root, slope, objective);
            }
        }
        chord
    }

    /// The root, and the relative standard deviation of the runs' roots.
    fn rough(&self, otherwise: f64) -> (f64, f64) {
        let Some((_, own)) = self.roots.iter().find(|(objective, _)| *objective == self.binding) else {
            return (otherwise, 0.0);
        };
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        let squares: f64 = own.iter().map(|root| (root - mean).powi(2)).sum();
        (self.root, (squares / (own.len() as f64 - 1.0).max(1.0)).sqrt() / self.root)
    }

    fn answer(&self, low: &Point, high: &Point, confidence: f64, search: &Search, runs: u32) -> Found {
        let bracket = [low.scale, high.scale];
        if self.roots.is_empty() {
            let binding = high.worst().0;
            return Found::Highest { scale: low.scale, interval: None, binding, reached: false, runs, bracket };
        }
        let mut ends: Option<[f64; 2]> = None;
        for (_, own) in &self.roots {
            let Some(interval) = t_interval(own, confidence) else { continue };
            let [from, to] = interval.around(interval.mean);
            ends = Some(ends.map_or([from, to], |[low, high]| [low.min(from), high.min(to)]));
        }
        let jump = self.slope * self.root > JUMP;
        let interval = match ends {
            // where the objective is missed all at once, no line between two points says where
            Some([from, to]) if jump => Some([from.min(bracket[0]), to.max(bracket[1])]),
            Some(ends) => Some(ends),
            None => None,
        };
        let half = interval.map_or(0.5 * (bracket[1] - bracket[0]), |[from, to]| 0.5 * (to - from));
        let reached = half <= search.precision * self.root || (search.grid > 0.0 && half <= search.grid);
        Found::Highest { scale: self.root, interval, binding: self.binding, reached, runs, bracket }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Key;
    use crate::stats::special::normal_quantile;

    /// Latency c / (mu - s), log margins against a limit; each run has its own level, and a little noise of its own at each
    /// scale. Two objectives: the second has more room.
    struct Queue {
        key: Key,
        noise: f64,
        limit: f64,
        calls: usize,
    }

    impl Queue {
        fn margins(&mut self, scale: f64, runs: Range<u32>, factor: f64) -> Vec<Margins> {
            self.calls += 1;
            let normal = |key: Key| normal_quantile(key.draw(1, 0).unit().clamp(1e-9, 1.0 - 1e-9));
            let latency = if scale < 1.0 { 1.0 / (1.0 - scale) } else { f64::INFINITY };
            let run = |run: u32| {
                let own = self.key.indexed(u64::from(run));
                let level = normal(own) + 0.05 * normal(own.indexed(scale.to_bits()));
                let first = ((latency / self.limit).ln() + factor * self.noise * level).clamp(-FAR, FAR);
                vec![first, (first - 0.3).max(-FAR)]
            };
            runs.map(run).collect()
        }
    }

    impl Trials for Queue {
        fn rough(&mut self, scale: f64) -> Vec<Margins> {
            self.margins(scale, 0..4, 2.0)
        }

        fn settle(&mut self, scale: f64, spread: f64) {
            assert!(scale > 0.0 && spread >= 0.0, "{scale} {spread}");
        }

        fn fine(&mut self, scale: f64, runs: Range<u32>) -> Vec<Margins> {
            self.margins(scale, runs, 1.0)
        }
    }

    fn search() -> Search {
        Search { precision: 0.02, looks: vec![10], start: 0.75, likely: None, floor: 1e-3, cap: 0.999, grid: 0.0 }
    }

    #[test]
    fn the_interval_holds_the_root_nineteen_times_of_twenty() {
        let (mut held, mut calls) = (0, 0);
        let experiments = 1000;
        for seed in 0..experiments {
            let mut queue = Queue { key: Key::of_seed(seed), noise: 0.05, limit: 5.0, calls: 0 };
            let Found::Highest { scale, interval, binding, reached, .. } = search().run(&mut queue) else {
                panic!("seed {seed}: it has a root")
            };
            assert!(binding == 0 && (scale / 0.8 - 1.0).abs() < 0.05, "seed {seed}: {scale}");
            let [low, high] = interval.expect("its runs vary");
            assert!(reached, "seed {seed}: {low} {high}");
            held += u32::from(low <= 0.8 && 0.8 <= high);
            calls += queue.calls;
        }
        let share = f64::from(held) / experiments as f64;
        assert!((0.92..=0.98).contains(&share), "{share}");
        assert!(calls < 14 * experiments as usize, "{calls} calls of {experiments} searches");
    }

    #[test]
    fn more_runs_are_made_until_the_precision_is_reached() {
        let mut queue = Queue { key: Key::of_seed(7), noise: 0.2, limit: 3.0, calls: 0 };
        let wide = Search { precision: 0.2, looks: vec![10, 20, 40, 80], ..search() }.run(&mut queue);
        let narrow = Search { precision: 0.04, looks: vec![10, 20, 40, 80], ..search() }.run(&mut queue);
        let runs = |found: &Found| match found {
            Found::Highest { runs, reached, .. } => (*runs, *reached),
            other => panic!("{other:?}"),
        };
        assert_eq!(runs(&wide), (10, true));
        assert!(runs(&narrow).0 > 20 && runs(&narrow).1, "{narrow:?}");
    }

    #[test]
    fn what_is_met_everywhere_or_nowhere_has_no_root() {
        let mut easy = Queue { key: Key::of_seed(1), noise: 0.1, limit: 1e9, calls: 0 };
        assert_eq!(search().run(&mut easy), Found::Everywhere);
        let mut hard = Queue { key: Key::of_seed(1), noise: 0.01, limit: 0.5, calls: 0 };
        assert_eq!(search().run(&mut hard), Found::Nowhere { worst: 0 });
    }

    #[test]
    fn whole_numbers_are_tried_alone() {
        struct Users(Vec<f64>);
        impl Trials for Users {
            fn rough(&mut self, scale: f64) -> Vec<Margins> {
                self.0.push(scale);
                vec![vec![(scale * 10.0 - 34.4) / 10.0]; 4]
            }
            fn settle(&mut self, _: f64, _: f64) {}
            fn fine(&mut self, scale: f64, _: Range<u32>) -> Vec<Margins> {
                self.rough(scale)
            }
        }
        let mut users = Users(Vec::new());
        let search = Search { start: 1.0, cap: 1e3, floor: 0.1, grid: 0.1, ..search() };
        let Found::Highest { scale, bracket, .. } = search.run(&mut users) else { panic!("it has a root") };
        assert!((scale - 3.44).abs() < 1e-9 && (bracket[0] - 3.4).abs() < 1e-9, "{scale} {bracket:?}");
        assert!(users.0.iter().all(|tried| (tried * 10.0 - (tried * 10.0).round()).abs() < 1e-9), "{:?}", users.0);
    }

    #[test]
    fn a_jump_is_known_to_its_bracket() {
        struct Cliff;
        impl Trials for Cliff {
            fn rough(&mut self, scale: f64) -> Vec<Margins> {
                (0..10).map(|run| vec![if scale < 0.6 { -1.0 - 0.01 * f64::from(run) } else { FAR }]).collect()
            }
            fn settle(&mut self, _: f64, _: f64) {}
            fn fine(&mut self, scale: f64, _: Range<u32>) -> Vec<Margins> {
                self.rough(scale)
            }
        }
        let Found::Highest { interval: Some([low, high]), bracket, .. } = search().run(&mut Cliff) else {
            panic!("it has a root")
        };
        assert!(low < 0.6 && high >= 0.6 && high - low < 0.04, "{low} {high}");
        assert!(bracket[0] < 0.6 && bracket[1] >= 0.6);
    }
}

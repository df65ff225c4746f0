//! What all points say together: the knee of load against latency, and the best points. The content of sweep.json.

use serde::Serialize;

use super::super::summary::{Estimate, ScenarioId};
use super::decimal::Decimal;
use super::definition::Definition;
use super::design::{Design, Kind};
use super::knee;
use super::vary::{Axis, Values};

/// Points that the findings list with their figures; of more, the table is sweep.csv.
pub const LISTED_MAX: u64 = 24;
/// The first points, which a page lists.
pub const TABLED_MAX: usize = 200;
/// Of more points no picture is drawn.
const DRAWN_MAX: u64 = 4_096;
/// Curves of which a knee is told.
const KNEES_MAX: usize = 100;
/// Parts of keys that are a load. A sweep along one of them is a curve of load against latency.
const LOADS: [&str; 5] = ["rate", "users", "speed", "batch_size", "rate_scale"];

#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    pub schema_version: u32,
    pub version: String,
    pub scenario: ScenarioId,
    pub seed: u64,
    pub design: Kind,
    pub axes: Vec<Axis>,
    pub points: u64,
    /// Of every point alike; null: as each point's scenario says.
    pub warmup_s: Option<f64>,
    pub totals: SweepTotals,
    pub best: Vec<Best>,
    pub knees: Vec<Knee>,
    /// Of few points all; else empty.
    pub listed: Vec<Figures>,
    /// SHA-256 of sweep.csv.
    pub sha256: String,
    /// The first points with their figures, as many as a page has room for.
    #[serde(skip)]
    pub tabled: Vec<Figures>,
    /// For pictures: along the key that is a load.
    #[serde(skip)]
    pub curves: Option<Vec<Curve>>,
    /// Of two keys.
    #[serde(skip)]
    pub grid: Option<Grid>,
    /// What an objective allows for p99 of all requests.
    #[serde(skip)]
    pub p99_limit_ms: Option<f64>,
}

/// Figures along one key, the others held.
#[derive(Clone, Debug)]
pub struct Curve {
    pub along: String,
    pub unit: String,
    /// Its values are at equal ratios.
    pub log: bool,
    pub with: Vec<(String, String)>,
    pub points: Vec<(f64, Figures)>,
    pub knee_at: Option<f64>,
}

/// p99 with failures above every answer, by the values of two keys, row by row.
#[derive(Clone, Debug)]
pub struct Grid {
    pub rows_key: String,
    pub rows: Vec<String>,
    pub columns_key: String,
    pub columns: Vec<String>,
    pub p99_ms: Vec<Estimate>,
}

/// Sums over all points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct SweepTotals {
    pub runs: u64,
    pub requests: u64,
    pub events: u64,
    pub checks_failed: u64,
    /// Points that miss an objective.
    pub missed: u64,
    /// Points that have a warning of this kind.
    pub without_steady_state: u64,
    pub without_warmup: u64,
}

/// What is looked at of each point.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Its number, from 1, as in sweep.csv.
    pub point: u64,
    pub values: Vec<String>,
    pub throughput_per_s: Estimate,
    pub availability: Estimate,
    pub latency_p50_ms: Estimate,
    /// Failures rank above every answer.
    pub latency_all_p99_ms: Estimate,
    pub busiest: Option<String>,
    pub busiest_utilization: Option<f64>,
    /// On the scenario's objectives; null: it has none.
    pub verdict: Option<String>,
}

/// The point that is best in one respect, of those that miss no objective.
#[derive(Clone, Debug, Serialize)]
pub struct Best {
    pub of: Respect,
    pub point: u64,
    pub values: Vec<String>,
    pub estimate: Estimate,
    /// Others that may be as good: their intervals overlap with its.
    pub alike: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Respect {
    LatencyP99,
    Throughput,
    Availability,
}

impl Respect {
    const ALL: [Respect; 3] = [Respect::LatencyP99, Respect::Throughput, Respect::Availability];

    fn of(self, figures: &Figures) -> Estimate {
        match self {
            Respect::LatencyP99 => figures.latency_all_p99_ms,
            Respect::Throughput => figures.throughput_per_s,
            Respect::Availability => figures.availability,
        }
    }

    fn is_better(self, value: f64, than: f64) -> bool {
        match self {
            Respect::LatencyP99 => value < than,
            Respect::Throughput | Respect::Availability => value > than,
        }
    }

    /// The end of an interval that is nearest to the best.
    fn hopeful(self, [low, high]: [f64; 2]) -> f64 {
        if self == Respect::LatencyP99 { low } else { high }
    }

    fn doubtful(self, [low, high]: [f64; 2]) -> f64 {
        if self == Respect::LatencyP99 { high } else { low }
    }
}

/// Along one key, the others held.
#[derive(Clone, Debug, Serialize)]
pub struct Knee {
    pub along: String,
    /// The other keys and their values.
    pub with: Vec<(String, String)>,
    /// Latency grows along the key; else it falls, and the knee is where more stops helping.
    pub rising: bool,
    /// null: the curve has no knee.
    pub knee: Option<KneeAt>,
    /// null: it does not come to that, or latency falls.
    pub doubling: Option<Doubling>,
}

#[derive(Clone, Debug, Serialize)]
pub struct KneeAt {
    pub value: String,
    /// Its neighbours: how exactly the points can tell.
    pub between: [String; 2],
    pub p99_ms: Estimate,
}

/// Where p99 is twice that of the first point.
#[derive(Clone, Debug, Serialize)]
pub struct Doubling {
    pub from: String,
    pub from_p99_ms: Estimate,
    /// A number in `unit`.
    pub at: f64,
    pub ci95: Option<[f64; 2]>,
    pub unit: String,
}

/// Takes the points in their order.
pub struct Tally<'a> {
    design: &'a Design,
    best: [Option<Figures>; 3],
    /// The hopeful end of each point's interval, by respect.
    hopes: [Vec<f64>; 3],
    p99: Vec<Estimate>,
    listed: Vec<Figures>,
    tabled: Vec<Figures>,
    any_failed: bool,
    pub totals: SweepTotals,
    drawn: Vec<Figures>,
}

impl<'a> Tally<'a> {
    pub fn new(design: &'a Design) -> Tally<'a> {
        Tally {
            design,
            best: [None, None, None],
            hopes: [Vec::new(), Vec::new(), Vec::new()],
            p99: Vec::new(),
            listed: Vec::new(),
            tabled: Vec::new(),
            any_failed: false,
            totals: SweepTotals::default(),
            drawn: Vec::new(),
        }
    }

    pub fn add(&mut self, figures: Figures) {
        let misses = figures.verdict.as_deref() == Some("fail");
        self.totals.missed += u64::from(misses);
        self.any_failed |= figures.availability.value.is_some_and(|share| share < 1.0);
        for (i, respect) in Respect::ALL.into_iter().enumerate() {
            let estimate = respect.of(&figures);
            let value = estimate.value.filter(|_| !estimate.censored);
            let value = value.filter(|_| !misses);
            let hope = value.map(|value| respect.hopeful(estimate.ci95.unwrap_or([value, value])));
            self.hopes[i].push(hope.unwrap_or(f64::NAN));
            let Some(value) = value else { continue };
            let best = self.best[i].as_ref().and_then(|best| respect.of(best).value);
            if best.is_none_or(|best| respect.is_better(value, best)) {
                self.best[i] = Some(figures.clone());
            }
        }
        self.p99.push(figures.latency_all_p99_ms);
        if self.design.points() <= LISTED_MAX {
            self.listed.push(figures.clone());
        }
        if self.tabled.len() < TABLED_MAX {
            self.tabled.push(figures.clone());
        }
        if self.design.points() <= DRAWN_MAX {
            self.drawn.push(figures);
        }
    }

    /// `sha256`: of sweep.csv. `p99_limit_ms`: what an objective allows.
    pub fn finish(self, definition: &Definition, sha256: String, p99_limit_ms: Option<f64>) -> Findings {
        Findings {
            schema_version: definition.schema_version,
            version: definition.program.version.clone(),
            scenario: ScenarioId { name: definition.scenario.name.clone(), sha256: definition.scenario.sha256.clone() },
            seed: definition.seed,
            design: definition.design,
            axes: definition.axes.clone(),
            points: definition.points,
            warmup_s: definition.warmup_s,
            totals: self.totals,
            best: self.best(),
            knees: self.knees(),
            curves: self.curves(),
            grid: self.grid(),
            listed: self.listed,
            tabled: self.tabled,
            sha256,
            p99_limit_ms,
        }
    }

    fn best(&self) -> Vec<Best> {
        let mut found = Vec::new();
        for (i, respect) in Respect::ALL.into_iter().enumerate() {
            // where nothing fails, all are as good
            if respect == Respect::Availability && !self.any_failed {
                continue;
            }
            let Some(best) = &self.best[i] else { continue };
            let estimate = respect.of(best);
            let value = estimate.value.expect("the best has a value");
            let doubt = respect.doubtful(estimate.ci95.unwrap_or([value, value]));
            let reaches = |hope: &&f64| hope.is_finite() && !respect.is_better(doubt, **hope);
            let alike = self.hopes[i].iter().filter(reaches).count() as u64 - 1;
            let values = best.values.clone();
            found.push(Best { of: respect, point: best.point, values, estimate, alike });
        }
        found
    }

    fn curves(&self) -> Option<Vec<Curve>> {
        let line = Line::of(self.design).filter(|_| self.design.points() <= DRAWN_MAX)?;
        let axis = &self.design.axes[line.axis];
        let curve = |points: Vec<u64>| {
            let knee = line.knee(self.design, &points, &self.p99);
            let at = |value: &String| points.iter().position(|&point| self.design.values(point)[line.axis] == *value);
            let knee_at = knee.knee.as_ref().and_then(|knee| at(&knee.value)).map(|i| line.numbers[i]);
            let figures = points.iter().map(|&point| self.drawn[point as usize].clone());
            Curve {
                along: axis.key.clone(),
                unit: line.unit.trim().to_owned(),
                log: axis.is_log(),
                with: knee.with,
                points: line.numbers.iter().copied().zip(figures).collect(),
                knee_at,
            }
        };
        Some(line.curves(self.design).map(curve).collect())
    }

    fn grid(&self) -> Option<Grid> {
        let [first, second] = &self.design.axes[..] else { return None };
        if self.design.kind != Kind::Grid || self.design.points() > DRAWN_MAX {
            return None;
        }
        let (Values::Listed(ones), Values::Listed(others)) = (&first.values, &second.values) else { return None };
        let p99 = |row: usize, column: usize, width: usize| self.p99[row * width + column];
        // a load goes from left to right
        let across = Line::of(self.design).is_some_and(|line| line.axis == 0);
        let cells =
            |rows: usize, columns: usize| (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)));
        Some(match across {
            true => Grid {
                rows_key: second.key.clone(),
                rows: others.clone(),
                columns_key: first.key.clone(),
                columns: ones.clone(),
                p99_ms: cells(others.len(), ones.len()).map(|(row, column)| p99(column, row, others.len())).collect(),
            },
            false => Grid {
                rows_key: first.key.clone(),
                rows: ones.clone(),
                columns_key: second.key.clone(),
                columns: others.clone(),
                p99_ms: cells(ones.len(), others.len()).map(|(row, column)| p99(row, column, others.len())).collect(),
            },
        })
    }

    fn knees(&self) -> Vec<Knee> {
        let Some(line) = Line::of(self.design) else { return Vec::new() };
        line.curves(self.design).take(KNEES_MAX).map(|points| line.knee(self.design, &points, &self.p99)).collect()
    }
}

/// The key along which a knee is looked for: its numbers, in growing order.
struct Line {
    axis: usize,
    numbers: Vec<f64>,
    unit: String,
}

impl Line {
    /// A load, if exactly one is varied; else the only key with numbers.
    fn of(design: &Design) -> Option<Line> {
        if design.kind == Kind::Lhs {
            return None;
        }
        let lines = || (0..design.axes.len()).filter_map(|axis| Line::along(&design.axes[axis], axis));
        let is_load = |line: &Line| {
            let key = &design.axes[line.axis].key;
            key.starts_with("traffic.") && LOADS.iter().any(|load| key.rsplit('.').next() == Some(load))
        };
        let only = |mut found: Vec<Line>| if found.len() == 1 { found.pop() } else { None };
        only(lines().filter(is_load).collect()).or_else(|| only(lines().collect()))
    }

    fn along(axis: &Axis, at: usize) -> Option<Line> {
        let Values::Listed(values) = &axis.values else { return None };
        let mut unit: Option<&str> = None;
        let mut numbers = Vec::with_capacity(values.len());
        for value in values {
            let (number, rest) = Decimal::leading(value)?;
            if *unit.get_or_insert(rest) != rest {
                return None;
            }
            numbers.push(number.to_f64());
        }
        let grows = numbers.len() >= 2 && numbers.windows(2).all(|pair| pair[0] < pair[1]);
        grows.then(|| Line { axis: at, numbers, unit: unit.unwrap_or_default().to_owned() })
    }

    /// The points of each curve along the line.
    fn curves(&self, design: &Design) -> impl Iterator<Item = Vec<u64>> + use<> {
        let counts: Vec<u64> = design.axes.iter().map(|axis| axis.count().unwrap_or(1)).collect();
        let (length, of_zip) = (self.numbers.len() as u64, design.kind == Kind::Zip);
        let inner: u64 = counts[self.axis + 1..].iter().product();
        let curves = if of_zip { 1 } else { design.points() / length };
        (0..curves).map(move |curve| match of_zip {
            true => (0..length).collect(),
            false => (0..length).map(|i| (curve / inner * length + i) * inner + curve % inner).collect(),
        })
    }

    fn knee(&self, design: &Design, points: &[u64], p99: &[Estimate]) -> Knee {
        let along = &design.axes[self.axis];
        let is_log = along.is_log();
        let place = |i: usize| if is_log { libm::log(self.numbers[i]) } else { self.numbers[i] };
        let of = |i: usize| p99[points[i] as usize];
        // what failed more often than once in a hundred has no p99
        let known: Vec<usize> = (0..points.len()).filter(|&i| of(i).value.is_some() && !of(i).censored).collect();
        let curve: Vec<(f64, f64)> = known.iter().map(|&i| (place(i), of(i).value.unwrap_or(0.0))).collect();
        let estimates: Vec<(f64, Estimate)> = known.iter().map(|&i| (self.numbers[i], of(i))).collect();
        let rising = curve.len() > 1 && curve[curve.len() - 1].1 > curve[0].1;
        let value = |i: usize| design.values(points[i])[self.axis].clone();
        let bend = knee::knee(&curve).map(|bend| {
            let i = known[bend.at];
            KneeAt { value: value(i), between: [value(known[bend.at - 1]), value(known[bend.at + 1])], p99_ms: of(i) }
        });
        let doubled = knee::doubling(&estimates).filter(|_| rising);
        let doubling = doubled.map(|(at, ci95)| Doubling {
            from: value(known[0]),
            from_p99_ms: of(known[0]),
            at,
            ci95,
            unit: self.unit.trim().to_owned(),
        });
        let others = |values: Vec<String>| -> Vec<(String, String)> {
            let named = design.axes.iter().map(|axis| axis.key.clone()).zip(values);
            named.enumerate().filter(|(i, _)| *i != self.axis).map(|(_, other)| other).collect()
        };
        let with = if design.kind == Kind::Zip { Vec::new() } else { others(design.values(points[0])) };
        Knee { along: along.key.clone(), with, rising, knee: bend, doubling }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: f64) -> Estimate {
        Estimate { value: Some(value), ci95: Some([0.99 * value, 1.01 * value]), runs: 10, censored: false }
    }

    fn figures(point: u64, values: Vec<String>, p99: f64, throughput: f64) -> Figures {
        Figures {
            point: point + 1,
            values,
            throughput_per_s: estimate(throughput),
            availability: Estimate { value: Some(1.0), ci95: None, runs: 10, censored: false },
            latency_p50_ms: estimate(p99 / 5.0),
            latency_all_p99_ms: estimate(p99),
            busiest: None,
            busiest_utilization: None,
            verdict: None,
        }
    }

    fn grid(vary: &[&str]) -> Design {
        let vary: Vec<String> = vary.iter().map(|v| v.to_string()).collect();
        Design::new(Axis::parse_all(&vary).unwrap(), Kind::Grid, None, 1).unwrap()
    }

    /// p99 of M/M/1 with so many servers' speed.
    fn tally(design: &Design) -> Tally<'_> {
        let mut tally = Tally::new(design);
        for point in 0..design.points() {
            let values = design.values(point);
            let number = |text: &str| Decimal::leading(text).unwrap().0.to_f64();
            let (rate, speed) = match &values[..] {
                [rate] => (number(rate), 1.0),
                [speed, rate] => (number(rate), number(speed)),
                _ => panic!("one or two keys"),
            };
            tally.add(figures(point, values, 460.5 / (speed - rate / 100.0), rate));
        }
        tally
    }

    #[test]
    fn the_knee_and_the_best_of_a_line() {
        let design = grid(&["traffic.v.rate=10/s..90/s/10/s"]);
        let tally = tally(&design);
        let knees = tally.knees();
        let [knee] = &knees[..] else { panic!("{knees:?}") };
        let at = knee.knee.as_ref().unwrap();
        assert_eq!((at.value.as_str(), &at.between), ("70/s", &["60/s".to_owned(), "80/s".to_owned()]));
        let doubling = knee.doubling.as_ref().unwrap();
        // 55 on the curve; between 50 and 60 by a straight line
        assert!((doubling.at - 54.444).abs() < 1e-3 && doubling.unit == "/s", "{doubling:?}");
        let best = tally.best();
        assert_eq!(
            best.iter().map(|b| (b.of, b.point)).collect::<Vec<_>>(),
            [(Respect::LatencyP99, 1), (Respect::Throughput, 9)]
        );
        assert!(best.iter().all(|b| b.alike == 0));
    }

    #[test]
    fn each_line_of_a_grid_has_its_own_knee() {
        let design = grid(&["service.s.speed=1,2", "traffic.v.rate=10/s..90/s/10/s"]);
        let found = tally(&design).knees();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].with, [("service.s.speed".to_owned(), "2".to_owned())]);
        assert_eq!(found[0].knee.as_ref().unwrap().value, "70/s");
        let turned = grid(&["traffic.v.rate=10/s..90/s/10/s", "service.s.speed=1,2"]);
        let points: Vec<Vec<u64>> = Line::of(&turned).unwrap().curves(&turned).collect();
        assert_eq!(points[1][..3], [1, 3, 5]);
    }

    #[test]
    fn points_whose_intervals_overlap_are_alike() {
        let design = grid(&["a.b=1..3/1"]);
        let mut tally = Tally::new(&design);
        for (point, p99) in [(0, 100.0), (1, 101.0), (2, 150.0)] {
            tally.add(figures(point, design.values(point), p99, 10.0));
        }
        let best = tally.best();
        assert_eq!((best[0].point, best[0].alike), (1, 1));
    }

    #[test]
    fn what_misses_an_objective_is_no_best_point_and_none_that_is_alike() {
        let design = grid(&["a.b=1..4/1"]);
        let mut tally = Tally::new(&design);
        // the two with most answers miss; the second has the third's figures
        let points = [(100.0, 10.0, "pass"), (50.0, 30.0, "fail"), (50.0, 30.0, "inconclusive"), (40.0, 90.0, "fail")];
        for (point, (p99, throughput, verdict)) in points.into_iter().enumerate() {
            let point = point as u64;
            let found = figures(point, design.values(point), p99, throughput);
            tally.add(Figures { verdict: Some(verdict.into()), ..found });
        }
        let found: Vec<_> = tally.best().iter().map(|best| (best.of, best.point, best.alike)).collect();
        assert_eq!(found, [(Respect::LatencyP99, 3, 0), (Respect::Throughput, 3, 0)]);
        assert_eq!(tally.totals.missed, 2);
    }

    #[test]
    fn a_load_goes_from_left_to_right_on_a_map_whichever_key_came_first() {
        let cells = |vary: &[&str]| {
            let design = grid(vary);
            let mut tally = Tally::new(&design);
            for point in 0..design.points() {
                let values = design.values(point);
                // tells each cell: workers, then the rate
                let number = |unit: &str| values.iter().find_map(|value| value.strip_suffix(unit)?.parse::<f64>().ok());
                let (rate, workers) =
                    (number("/s").unwrap(), values.iter().find_map(|v| v.parse::<f64>().ok()).unwrap());
                tally.add(figures(point, values, 1000.0 * workers + rate, 1.0));
            }
            let grid = tally.grid().unwrap();
            assert_eq!(grid.columns, ["10/s", "20/s", "30/s"]);
            assert_eq!((grid.columns_key.as_str(), grid.rows_key.as_str()), ("traffic.v.rate", "service.s.workers"));
            grid.p99_ms.iter().map(|cell| cell.value.unwrap()).collect::<Vec<_>>()
        };
        let (workers, rate) = ("service.s.workers=1,2", "traffic.v.rate=10/s,20/s,30/s");
        let expected = [1010.0, 1020.0, 1030.0, 2010.0, 2020.0, 2030.0];
        assert_eq!(cells(&[workers, rate]), expected);
        assert_eq!(cells(&[rate, workers]), expected);
    }
}

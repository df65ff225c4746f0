//! Percentiles of latency in each window of simulated time.

use crate::experiment::Outcome;
use crate::report::series;

use super::axis::Axis;
use super::band::bands;
use super::line_chart::{Line, LineChart};
use super::style::Pen;

pub const TITLE: &str = "Latency over time";

/// Beyond this ratio of largest to smallest a linear axis hides the small.
const LINEAR_RATIO_MAX: f64 = 30.0;

pub fn render(outcome: &Outcome) -> String {
    let points = series::points(outcome);
    let lines: Vec<Line> = [("p99", 0.99), ("p95", 0.95), ("p50", 0.5)]
        .into_iter()
        .enumerate()
        .map(|(i, (name, q))| Line {
            name: name.into(),
            pen: Pen::nth(i),
            points: points.iter().map(|p| (p.middle_s(), p.latency_ms(q))).collect(),
        })
        .collect();
    let values = || lines.iter().flat_map(|line| &line.points).filter_map(|(_, y)| *y);
    let min = values().fold(f64::INFINITY, f64::min);
    let max = values().fold(0.0, f64::max);
    let title = "Latency of answered requests, ms";
    LineChart {
        title: TITLE,
        subtitle: &super::subtitle(outcome),
        x: Axis::time(outcome.summary.measured_s),
        y: if max > LINEAR_RATIO_MAX * min { Axis::log(title, min, max) } else { Axis::from_zero(title, max) },
        lines,
        bands: bands(&outcome.summary.incidents, outcome.summary.measured_s),
        if_empty: "No request was answered.",
    }
    .render()
}

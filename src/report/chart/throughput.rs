//! What arrives, what is answered and what fails, over simulated time.

use crate::experiment::Outcome;
use crate::report::series::{self, Point};

use super::axis::Axis;
use super::band::bands;
use super::line_chart::{Line, LineChart};
use super::style::Pen;

pub const TITLE: &str = "Traffic over time";

pub fn render(outcome: &Outcome) -> String {
    let points = series::points(outcome);
    let line = |i, name: &str, rate: fn(Point) -> f64| Line {
        name: name.into(),
        pen: Pen::nth(i),
        points: points.iter().map(|p| (p.middle_s(), Some(rate(*p)))).collect(),
    };
    // light dots over a line that is the same are seen, and under it they are not
    let lines = vec![
        line(6, "arrived", |p| p.arrived_per_s()),
        line(1, "failed", |p| p.failed_per_s()),
        line(0, "completed", |p| p.completed_per_s()),
    ];
    let max = lines.iter().flat_map(|line| &line.points).filter_map(|(_, y)| *y).fold(0.0, f64::max);
    LineChart {
        title: TITLE,
        subtitle: &super::subtitle(outcome),
        x: Axis::time(outcome.summary.measured_s),
        y: Axis::from_zero("Requests per second", max),
        lines,
        bands: bands(&outcome.summary.incidents, outcome.summary.measured_s),
        if_empty: "Nothing happened.",
    }
    .render()
}

//! Latency by percentile for each class, out to the rare ones, as far as there are observations.

use crate::experiment::Outcome;
use crate::stats::histogram::Histogram;

use super::axis::Axis;
use super::line_chart::{LINES_MAX, Line, LineChart};
use super::style::Pen;

pub const TITLE: &str = "How long answers take";

/// A percentile is drawn while this many observations lie beyond it.
const BEYOND_MIN: f64 = 10.0;
const STEPS: usize = 320;
/// The fastest answer of millions says little, and would take a decade of the axis.
const LOWEST: f64 = 0.01;

pub fn render(outcome: &Outcome) -> String {
    let latency = &outcome.merged.latency;
    let lines: Vec<Line> = latency
        .iter()
        .take(LINES_MAX)
        .enumerate()
        .map(|(i, (name, histogram))| Line { name: name.clone(), pen: Pen::nth(i), points: points(histogram) })
        .collect();
    let values = || lines.iter().flat_map(|line| &line.points).filter_map(|(_, y)| *y);
    let min = values().fold(f64::INFINITY, f64::min);
    let max = values().fold(0.0, f64::max);
    let mut subtitle = super::subtitle(outcome);
    if latency.len() > LINES_MAX {
        subtitle.push_str(&format!("; {} more classes not shown", latency.len() - LINES_MAX));
    }
    LineChart {
        title: TITLE,
        subtitle: &subtitle,
        x: Axis::percentile("Percentile of answered requests"),
        y: Axis::log("Latency, ms", min, max),
        lines,
        bands: Vec::new(),
        if_empty: "No request was answered.",
    }
    .render()
}

fn points(histogram: &Histogram) -> Vec<(f64, Option<f64>)> {
    let last = (histogram.count() as f64 / BEYOND_MIN).log10().clamp(0.5, 4.0);
    (0..=STEPS)
        .map(|i| i as f64 / STEPS as f64 * last)
        .filter_map(|x| {
            let p = (1.0 - 10f64.powf(-x)).max(LOWEST);
            let ns = histogram.quantile(p)?;
            Some((-(1.0 - p).log10(), Some(ns.max(1.0) / 1e6)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_of_many_does_not_stretch_the_axis() {
        let mut histogram = Histogram::default();
        histogram.record(1_000);
        (0..1000).for_each(|_| histogram.record(5_000_000));
        let points = points(&histogram);
        assert!(points.iter().all(|(_, ms)| ms.unwrap() > 4.9), "{:?}", points[0]);
        assert!((points[0].0 - 0.004_365).abs() < 1e-5, "at p1: {}", points[0].0);
    }
}

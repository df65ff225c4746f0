//! Latency by percentile for each class, out to the rare ones, as far as there are observations.

use super::super::axis::Axis;
use super::super::color::Pen;
use super::super::line_chart::{LINES_MAX, Line, LineChart, Stroke, said};
use super::super::picture::Picture;
use super::{ClassCurve, RunData};

pub fn picture(data: &RunData) -> Picture {
    let line = |(i, class): (usize, &ClassCurve)| {
        let x = |share: f64| -(1.0 - share).log10();
        Line {
            name: class.class.clone(),
            pen: Pen::nth(i),
            stroke: Stroke::Line,
            points: class.points.iter().map(|&(share, ms, _)| (x(share), Some(ms))).collect(),
            interval: class
                .points
                .iter()
                .filter_map(|&(share, _, ci)| ci.map(|[low, high]| (x(share), low, high)))
                .collect(),
        }
    };
    let lines: Vec<Line> = data.distribution.iter().take(LINES_MAX).enumerate().map(line).collect();
    let values = || lines.iter().flat_map(|line| &line.points).filter_map(|(_, y)| *y);
    let (min, max) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    let mut subtitle = data.setting.clone();
    subtitle.push_str(said(&lines));
    if data.distribution.len() > LINES_MAX {
        subtitle.push_str(&format!("; {} more classes not shown", data.distribution.len() - LINES_MAX));
    }
    LineChart {
        title: "How long answers take",
        subtitle: &subtitle,
        x: Axis::percentile("Percentile of answered requests, %"),
        y: Axis::log("Latency, ms", min, max),
        lines,
        bands: Vec::new(),
        marks: Vec::new(),
        if_empty: "No request was answered.",
    }
    .picture()
}

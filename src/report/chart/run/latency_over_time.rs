//! Percentiles of latency in each window of simulated time.

use super::super::axis::Axis;
use super::super::color::Pen;
use super::super::line_chart::{Line, LineChart, Stroke, said};
use super::super::picture::Picture;
use super::{OverTime, RunData};

pub fn picture(data: &RunData) -> Picture {
    let middles = middles(&data.traffic.edges_s);
    let lines: Vec<Line> = data
        .traffic
        .latency_ms
        .iter()
        .enumerate()
        .map(|(i, percentile)| Line {
            name: percentile.name.clone(),
            pen: Pen::nth(i),
            stroke: Stroke::Line,
            points: middles.iter().copied().zip(percentile.value.iter().copied()).collect(),
            interval: middles
                .iter()
                .zip(&percentile.ci95)
                .filter_map(|(x, ci)| ci.map(|[low, high]| (*x, low, high)))
                .collect(),
        })
        .collect();
    let values = lines.iter().flat_map(|line| &line.points).filter_map(|(_, y)| *y);
    LineChart {
        title: "Latency over time",
        subtitle: &format!("{}{}", data.setting, said(&lines)),
        x: axis(data),
        y: Axis::linear_or_log("Latency of answered requests, ms", values),
        lines: lines.clone(),
        bands: data.incidents.clone(),
        marks: Vec::new(),
        if_empty: "No request was answered.",
    }
    .picture()
}

/// From the part of the warm-up that is shown to the end.
pub fn axis(data: &RunData) -> Axis {
    Axis::time_after(before_s(&data.traffic), data.measured_s)
}

fn before_s(traffic: &OverTime) -> f64 {
    traffic.edges_s.first().map_or(0.0, |first| -first.min(0.0))
}

pub fn middles(edges: &[f64]) -> Vec<f64> {
    edges.windows(2).map(|edge| (edge[0] + edge[1]) / 2.0).collect()
}

//! Requests that failed over simulated time, by the reason that their clients met.

use super::super::axis::Axis;
use super::super::color::Pen;
use super::super::line_chart::{LINES_MAX, Line, LineChart, Stroke};
use super::super::picture::Picture;
use super::RunData;
use super::latency_over_time::{axis, middles};

pub fn picture(data: &RunData) -> Picture {
    let middles = middles(&data.traffic.edges_s);
    let mut reasons: Vec<_> = data.traffic.failed_for_per_s.iter().collect();
    let sum = |values: &[f64]| values.iter().sum::<f64>();
    reasons.sort_by(|a, b| sum(&b.values).total_cmp(&sum(&a.values)));
    let lines: Vec<Line> = reasons
        .iter()
        .take(LINES_MAX)
        .enumerate()
        .map(|(i, reason)| Line {
            name: reason.name.replace('_', " "),
            pen: Pen::nth(i),
            stroke: Stroke::Line,
            points: middles.iter().copied().zip(reason.values.iter().map(|rate| Some(*rate))).collect(),
            interval: Vec::new(),
        })
        .collect();
    let values = lines.iter().flat_map(|line| &line.points).filter_map(|(_, y)| *y);
    let max = values.fold(0.0, f64::max);
    let mut subtitle = data.setting.clone();
    if reasons.len() > LINES_MAX {
        subtitle.push_str(&format!("; {} rarer reasons not shown", reasons.len() - LINES_MAX));
    }
    LineChart {
        title: "Why requests failed, over time",
        subtitle: &subtitle,
        x: axis(data),
        y: Axis::from_zero("Failed requests per second", max),
        lines,
        bands: data.incidents.clone(),
        marks: Vec::new(),
        if_empty: "No request failed.",
    }
    .picture()
}

//! How far the replicas are behind over simulated time.

use super::super::axis::Axis;
use super::super::color::Pen;
use super::super::line_chart::{LINES_MAX, Line, LineChart};
use super::super::picture::Picture;
use super::RunData;
use super::latency_over_time::middles;

pub fn picture(data: &RunData) -> Picture {
    let middles = middles(&data.edges_s);
    let lines: Vec<Line> = data
        .replication
        .iter()
        .take(LINES_MAX)
        .enumerate()
        .map(|(i, replica)| Line {
            name: replica.name.clone(),
            pen: Pen::nth(i),
            points: middles.iter().copied().zip(replica.values.iter().map(|v| Some(*v))).collect(),
            interval: Vec::new(),
        })
        .collect();
    let values = || lines.iter().flat_map(|line| &line.points).filter_map(|(_, y)| *y);
    let peak = values().fold(0.0, f64::max);
    // nobody thinks of a millisecond as 0.001 s
    let (unit, factor) = if peak < 1.0 { ("ms", 1e3) } else { ("s", 1.0) };
    let scaled: Vec<Line> = lines
        .iter()
        .map(|line| Line {
            points: line.points.iter().map(|&(x, y)| (x, y.map(|y| y * factor))).collect(),
            ..line.clone()
        })
        .collect();
    let shown = scaled.iter().flat_map(|line| &line.points).filter_map(|(_, y)| *y);
    LineChart {
        title: "How far the replicas are behind over time",
        subtitle: &format!("{}; mean of each window", data.setting),
        x: Axis::time(data.measured_s),
        y: Axis::linear_or_log(&format!("Age of the oldest commit not applied, {unit}"), shown),
        lines: scaled.clone(),
        bands: data.incidents.clone(),
        marks: Vec::new(),
        if_empty: "There is no replica.",
    }
    .picture()
}

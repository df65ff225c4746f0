//! How far the replicas are behind over simulated time.

use super::super::axis::Axis;
use super::super::color::Pen;
use super::super::line_chart::{LINES_MAX, Line, LineChart, Stroke, above, said};
use super::super::picture::Picture;
use super::RunData;
use super::data::Series;
use super::latency_over_time::middles;

/// Below this part of the longest, a lag on a log axis is none.
const PART_SHOWN: f64 = 1e-5;

pub fn picture(data: &RunData) -> Picture {
    let middles = middles(&data.edges_s);
    let peak_s = data.replication.iter().flat_map(|replica| &replica.values).copied().fold(0.0, f64::max);
    // nobody thinks of a millisecond as 0.001 s
    let (unit, factor) = if peak_s < 1.0 { ("ms", 1e3) } else { ("s", 1.0) };
    let floor = peak_s * factor * PART_SHOWN;
    let scaled = |replica: &Series| replica.values.iter().map(move |seconds| seconds * factor).collect::<Vec<f64>>();
    let values: Vec<f64> = data.replication.iter().flat_map(scaled).filter(|value| *value >= floor).collect();
    let axis = Axis::linear_or_log(&format!("Age of the oldest commit not applied, {unit}"), values.iter().copied());
    let line = |(i, replica): (usize, &Series)| {
        let points: Vec<(f64, Option<f64>)> =
            middles.iter().copied().zip(scaled(replica).into_iter().map(Some)).collect();
        Line {
            name: replica.name.clone(),
            pen: Pen::nth(i),
            stroke: Stroke::Line,
            points: if axis.is_log() { above(floor, &points) } else { points },
            interval: replica
                .interval(&middles)
                .into_iter()
                .filter(|(.., high)| high * factor >= floor)
                .map(|(at, low, high)| (at, low * factor, high * factor))
                .collect(),
        }
    };
    let lines: Vec<Line> = data.replication.iter().take(LINES_MAX).enumerate().map(line).collect();
    LineChart {
        title: "How far the replicas are behind over time",
        subtitle: &format!("{}; mean of each window{}", data.setting, said(&lines)),
        x: Axis::time(data.measured_s),
        y: axis,
        lines,
        bands: data.incidents.clone(),
        marks: Vec::new(),
        if_empty: "There is no replica.",
    }
    .picture()
}

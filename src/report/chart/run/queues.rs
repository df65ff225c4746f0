//! Who waits where over simulated time: the longest queues.

use super::super::axis::Axis;
use super::super::color::Pen;
use super::super::line_chart::{Line, LineChart, Stroke, above, said};
use super::super::picture::Picture;
use super::RunData;
use super::data::Series;
use super::latency_over_time::middles;

/// Below this part of the longest a queue is none.
const PART_SHOWN: f64 = 1e-3;
/// Shorter ones are nobody's trouble.
const SHORTEST: f64 = 0.01;

pub fn picture(data: &RunData) -> Picture {
    let middles = middles(&data.edges_s);
    let peak = data.queues.iter().flat_map(|queue| &queue.values).copied().fold(0.0, f64::max);
    let floor = (peak * PART_SHOWN).max(SHORTEST);
    let longest = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let shown: Vec<_> = data.queues.iter().filter(|queue| longest(&queue.values) >= 2.0 * floor).collect();
    let values = shown.iter().flat_map(|queue| queue.values.iter().copied()).filter(|value| *value >= floor);
    let axis = Axis::linear_or_log("Requests waiting", values);
    let line = |(i, queue): (usize, &&Series)| {
        let points: Vec<(f64, Option<f64>)> =
            middles.iter().copied().zip(queue.values.iter().map(|value| Some(*value))).collect();
        Line {
            name: queue.name.clone(),
            pen: Pen::nth(i),
            stroke: Stroke::Line,
            points: if axis.is_log() { above(floor, &points) } else { points },
            // one over another would be mud
            interval: if i == 0 { queue.interval(&middles) } else { Vec::new() },
        }
    };
    let lines: Vec<Line> = shown.iter().enumerate().map(line).collect();
    LineChart {
        title: "How long the queues are over time",
        subtitle: &format!("{}; mean of each window{}", data.setting, said(&lines).replace("bands", "band")),
        x: Axis::time(data.measured_s),
        y: axis,
        lines,
        bands: data.incidents.clone(),
        marks: Vec::new(),
        if_empty: "Nobody waited anywhere.",
    }
    .picture()
}

//! What arrives, what is answered and what fails, over simulated time.

use super::super::axis::Axis;
use super::super::color::Pen;
use super::super::line_chart::{Line, LineChart, Stroke, said};
use super::super::picture::Picture;
use super::RunData;
use super::latency_over_time::{axis, middles};

pub fn picture(data: &RunData) -> Picture {
    let middles = middles(&data.traffic.edges_s);
    let line = |i, name: &str, rates: &[f64], interval| Line {
        name: name.into(),
        pen: Pen::nth(i),
        stroke: Stroke::Line,
        points: middles.iter().copied().zip(rates.iter().map(|rate| Some(*rate))).collect(),
        interval,
    };
    let traffic = &data.traffic;
    // light dots over a line that is the same are seen, and under it they are not
    let lines = vec![
        line(6, "arrived", &traffic.arrived_per_s, Vec::new()),
        line(1, "failed", &traffic.failed_per_s, Vec::new()),
        line(0, "completed", &traffic.completed_per_s.values, traffic.completed_per_s.interval(&middles)),
    ];
    let max = lines.iter().flat_map(|line| &line.points).filter_map(|(_, y)| *y).fold(0.0, f64::max);
    LineChart {
        title: "Traffic over time",
        subtitle: &format!("{}{}", data.setting, said(&lines)),
        x: axis(data),
        y: Axis::from_zero("Requests per second", max),
        lines,
        bands: data.incidents.clone(),
        marks: Vec::new(),
        if_empty: "Nothing happened.",
    }
    .picture()
}

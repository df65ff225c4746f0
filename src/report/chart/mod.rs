//! The pictures: SVG, 1200 x 675, in one visual language (`style`). The font comes with the program.

mod axis;
mod band;
mod latency_distribution;
mod latency_over_time;
mod line_chart;
mod style;
mod throughput;
mod utilization;

use crate::experiment::Outcome;

pub struct Chart {
    pub file: &'static str,
    pub title: &'static str,
    pub svg: String,
}

pub fn render_all(outcome: &Outcome) -> Vec<Chart> {
    vec![
        Chart {
            file: "latency-distribution.svg",
            title: latency_distribution::TITLE,
            svg: latency_distribution::render(outcome),
        },
        Chart {
            file: "latency-over-time.svg",
            title: latency_over_time::TITLE,
            svg: latency_over_time::render(outcome),
        },
        Chart { file: "throughput.svg", title: throughput::TITLE, svg: throughput::render(outcome) },
        Chart { file: "utilization.svg", title: utilization::TITLE, svg: utilization::render(outcome) },
    ]
}

/// Scenario and setting, under every title.
fn subtitle(outcome: &Outcome) -> String {
    let summary = &outcome.summary;
    format!("{}: {}", summary.scenario.name, super::content::setting(summary))
}

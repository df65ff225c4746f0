//! What each failure costs in a year, as minutes' worth of requests.

use super::super::axis::Axis;
use super::super::dot_interval::{DotIntervals, Emphasis, Row};
use super::super::picture::Picture;
use super::data::SpofData;
use crate::report::figure::number;

/// Below this a cost is chance: two seconds in a year.
const SMALLEST_MIN: f64 = 1.0 / 30.0;

pub fn picture(data: &SpofData) -> Picture {
    let rows: Vec<Row> = data
        .failures
        .iter()
        .map(|failure| Row {
            name: failure.name.clone(),
            value: failure.budget_min_per_year.map(|value| value.max(SMALLEST_MIN)),
            interval: failure.budget_ci95.map(|ci| ci.map(|end| end.max(SMALLEST_MIN))),
            figures: figures(failure.budget_min_per_year, failure.budget_ci95),
            emphasis: match failure.spof.as_str() {
                "yes" => Emphasis::Strong,
                "no" => Emphasis::Plain,
                _ => Emphasis::Open,
            },
        })
        .collect();
    let values = rows.iter().flat_map(|row| row.value.into_iter().chain(row.interval.into_iter().flatten()));
    let values: Vec<f64> = values.collect();
    let mut subtitle = data.setting.clone();
    if data.failures.iter().any(|failure| failure.budget_min_per_year.is_some_and(|value| value < SMALLEST_MIN)) {
        subtitle.push_str("; what costs less than 2 s a year stands at the left");
    }
    if data.left_out > 0 {
        subtitle.push_str(&format!("; {} cheaper failures not shown", data.left_out));
    }
    DotIntervals {
        title: "What each failure costs in a year",
        subtitle: &subtitle,
        axis: Axis::linear_or_log("Error budget, minutes' worth of requests in a year", values.iter().copied()),
        rows: rows.clone(),
        rows_title: "What fails",
        figures_title: "min/year, 95% interval",
        interval: "95% interval",
        legend: [
            (Emphasis::Strong, "single point of failure"),
            (Emphasis::Plain, "no single point of failure"),
            (Emphasis::Open, "undecided"),
        ],
        reference: None,
        within: None,
        if_empty: "Nothing can fail.",
    }
    .picture()
}

fn figures(value: Option<f64>, interval: Option<[f64; 2]>) -> String {
    let short = |value: f64| match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v < 0.005 => "0".into(),
        v => number((v * 100.0).round() / 100.0),
    };
    match (value, interval) {
        (None, _) => "-".into(),
        (Some(value), None) => short(value),
        (Some(value), Some([low, high])) => format!("{} [{}, {}]", short(value), short(low), short(high)),
    }
}

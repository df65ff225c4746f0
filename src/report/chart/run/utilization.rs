//! How busy each resource is over simulated time, the busiest first.

use super::super::axis::Axis;
use super::super::heat_map::{Columns, HeatMap, Row, Scale};
use super::super::picture::Picture;
use super::{RunData, StationSeries};
use crate::report::figure::number;

pub fn picture(data: &RunData) -> Picture {
    let mut subtitle = data.setting.clone();
    if data.utilization_left_out > 0 {
        subtitle.push_str(&format!("; {} less busy resources not shown", data.utilization_left_out));
    }
    HeatMap {
        title: "How busy the resources are over time",
        subtitle: &subtitle,
        columns: Columns::Along { axis: Axis::time(data.measured_s), edges: data.edges_s.clone() },
        rows: data.utilization.iter().map(row).collect(),
        rows_title: "Resource",
        figures_title: "mean; peak, %",
        scale: Scale::share("Share of the workers busy"),
        contour: None,
        bands: data.incidents.clone(),
        if_empty: "No station has a limited number of workers.",
    }
    .picture()
}

fn row(station: &StationSeries) -> Row {
    let percent = |share: f64| match share * 100.0 {
        p if p < 0.05 => "0".to_owned(),
        p if p < 9.95 => format!("{p:.1}"),
        p => format!("{p:.0}"),
    };
    let mean = station.mean.value.unwrap_or(0.0);
    let doubt = station.mean.ci95.map(|[low, high]| format!(" ±{}", small((high - low) * 50.0))).unwrap_or_default();
    let peak = station.values.iter().copied().fold(0.0, f64::max);
    Row {
        name: station.name.clone(),
        cells: station.values.iter().map(|value| Some(*value)).collect(),
        figures: format!("{}{doubt}; {}", percent(mean), percent(peak)),
    }
}

/// Half an interval, in points of percent.
fn small(half: f64) -> String {
    if half < 0.1 { "0.1".into() } else { number((half * 10.0).ceil() / 10.0) }
}

//! timeseries.csv: one line for each window, all runs averaged; a cell without observations is empty.

use crate::experiment::Outcome;
use crate::simulation::result::FailureReason;

use super::series;

pub fn render(outcome: &Outcome) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header(outcome)).expect("memory takes every record");
    for point in series::points(outcome) {
        let mut record = vec![
            cell(point.start_s),
            cell(point.arrived_per_s()),
            cell(point.completed_per_s()),
            cell(point.failed_per_s()),
        ];
        record.extend([0.5, 0.95, 0.99].map(|q| point.latency_ms(q).map_or(String::new(), cell)));
        record.push(point.latency_mean_ms().map_or(String::new(), cell));
        record.extend((0..FailureReason::ALL.len()).map(|reason| cell(point.failed_for_per_s(reason))));
        for (station, workers) in outcome.merged.station_workers.iter().enumerate() {
            record.push(workers.map_or(String::new(), |n| cell(point.busy(station) / f64::from(n.max(1)))));
            record.push(cell(point.queue(station)));
        }
        writer.write_record(record).expect("memory takes every record");
    }
    let bytes = writer.into_inner().expect("memory takes every record");
    String::from_utf8(bytes).expect("strings in, strings out")
}

fn header(outcome: &Outcome) -> Vec<String> {
    let fixed = ["t_s", "arrived_per_s", "completed_per_s", "failed_per_s"];
    let latency = ["latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "latency_mean_ms"];
    let mut header: Vec<String> = fixed.iter().chain(&latency).map(|name| name.to_string()).collect();
    header.extend(FailureReason::ALL.map(|reason| format!("failed_{}_per_s", reason.name())));
    for station in &outcome.merged.station_names {
        header.push(format!("{station}.utilization"));
        header.push(format!("{station}.queue_mean"));
    }
    header
}

/// Six significant digits and more are noise in a window; shortest form of what is left.
pub(super) fn cell(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { String::new() };
    }
    let decimals = (5 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

//! The pictures of a run, drawn from plain figures that are kept beside them, so that they can be drawn again.

mod data;
mod failures;
mod latency_distribution;
mod latency_over_time;
mod queues;
mod replication_lag;
mod throughput;
mod time_spent;
mod topology;
mod utilization;

use super::Chart;

pub use data::{ClassCurve, OverTime, RunData, StationSeries};

/// In the order in which they are looked at.
pub fn charts(data: &RunData) -> Vec<Chart> {
    let mut charts = vec![
        Chart::new("latency-over-time", latency_over_time::picture(data)),
        Chart::new("latency-distribution", latency_distribution::picture(data)),
        Chart::new("throughput", throughput::picture(data)),
        Chart::new("failures", failures::picture(data)),
        Chart::new("utilization", utilization::picture(data)),
        Chart::new("queues", queues::picture(data)),
        Chart::new("time-spent", time_spent::picture(data)),
        Chart::new("topology", topology::picture(data)),
    ];
    if !data.replication.is_empty() {
        charts.push(Chart::new("replication-lag", replication_lag::picture(data)));
    }
    charts
}

//! Reads timeseries.csv and summary.json of a run.

use serde_json::Value;

use super::{
    ARRIVED, CLASS_AVAILABILITY, CLASS_LATENCY, CLASS_THROUGHPUT, COMPLETED, FAILED, LATENCY, LATENCY_MEAN, QUEUE,
    UTILIZATION,
};
use crate::simulation::result::FailureReason;

/// What a run's files say, as metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRun {
    pub scenario: String,
    pub seed: u64,
    pub runs: u64,
    pub measured_s: f64,
    /// In the order of `FAMILIES`.
    pub series: Vec<Series>,
}

/// One metric with its labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Index of `FAMILIES`.
    pub family: usize,
    pub labels: Vec<(&'static str, String)>,
    /// (seconds from t = 0, value)
    pub points: Vec<(f64, f64)>,
}

/// Percentiles of summary.json.
const PERCENTILES: [&str; 5] = ["p50", "p90", "p95", "p99", "p99_9"];

/// # Errors
/// What is wrong with which file.
pub fn read(summary: &str, timeseries: &str, servers: &[String]) -> Result<StoredRun, String> {
    let damaged = |what: &str| format!("summary.json: {what}; it is damaged or no result of `run`, so make it again");
    let summary: Value = serde_json::from_str(summary).map_err(|error| damaged(&error.to_string()))?;
    let number = |key: &str| summary[key].as_f64().ok_or_else(|| damaged(&format!("{key} is missing")));
    let scenario = summary["scenario"]["name"].as_str().ok_or_else(|| damaged("scenario.name is missing"))?.to_owned();
    let (seed, runs) = (summary["seed"].as_u64(), summary["runs"].as_u64());
    let measured_s = number("measured_s")?;
    let mut series = windows(timeseries, measured_s, servers)?;
    let classes = summary["traffic"].as_object().ok_or_else(|| damaged("traffic is missing"))?;
    for (class, figures) in classes {
        let mut add = |family, percentile: Option<&str>, value: &Value, unit: f64| {
            let Some(value) = value["value"].as_f64() else { return };
            let mut labels = vec![("class", class.clone())];
            labels.extend(percentile.map(|percentile| ("percentile", percentile.replace('_', "."))));
            series.push(Series { family, labels, points: vec![(measured_s, value * unit)] });
        };
        for percentile in PERCENTILES {
            add(CLASS_LATENCY, Some(percentile), &figures["latency_ms"][percentile], 1e-3);
        }
        add(CLASS_THROUGHPUT, None, &figures["throughput_per_s"], 1.0);
        add(CLASS_AVAILABILITY, None, &figures["availability"], 1.0);
    }
    series.sort_by_key(|one| one.family);
    let (seed, runs) =
        (seed.ok_or_else(|| damaged("seed is missing"))?, runs.ok_or_else(|| damaged("runs is missing"))?);
    Ok(StoredRun { scenario, seed, runs, measured_s, series })
}

fn windows(timeseries: &str, measured_s: f64, servers: &[String]) -> Result<Vec<Series>, String> {
    let damaged = |what: String| format!("timeseries.csv: {what}; it is damaged, so make the result again");
    let mut reader = csv::Reader::from_reader(timeseries.as_bytes());
    let header = reader.headers().map_err(|error| damaged(error.to_string()))?.clone();
    if header.get(0) != Some("t_s") {
        return Err(damaged("the first column is not t_s".into()));
    }
    let metrics: Vec<Option<Metric>> = header.iter().skip(1).map(|column| metric(column, servers)).collect();
    let mut rows: Vec<Vec<Option<f64>>> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| damaged(error.to_string()))?;
        let cell = |cell: &str| match cell {
            "" => Ok(None),
            cell => cell.parse().map(Some).map_err(|_| damaged(format!("{cell:?} is no number"))),
        };
        rows.push(record.iter().map(cell).collect::<Result<_, _>>()?);
    }
    let begins: Vec<f64> = rows.iter().filter_map(|row| row[0]).collect();
    if begins.len() != rows.len() {
        return Err(damaged("a line has no time".into()));
    }
    // a window's figures are known at its end
    let end = |at: usize| begins.get(at + 1).copied().unwrap_or(measured_s);
    let series = metrics.into_iter().enumerate().filter_map(|(column, metric)| {
        let (family, labels, unit) = metric?;
        let value = |(at, row): (usize, &Vec<Option<f64>>)| Some((end(at), row[column + 1]? * unit));
        let points: Vec<(f64, f64)> = rows.iter().enumerate().filter_map(value).collect();
        (!points.is_empty()).then_some(Series { family, labels, points })
    });
    Ok(series.collect())
}

type Metric = (usize, Vec<(&'static str, String)>, f64);

/// What a column is, and what brings it to its base unit.
fn metric(column: &str, servers: &[String]) -> Option<Metric> {
    let plain = |family| Some((family, Vec::new(), 1.0));
    match column {
        "arrived_per_s" => return plain(ARRIVED),
        "completed_per_s" => return plain(COMPLETED),
        "latency_mean_ms" => return Some((LATENCY_MEAN, Vec::new(), 1e-3)),
        // the sum of the reasons
        "failed_per_s" => return None,
        _ => {}
    }
    if let Some((percentile, "")) = column.strip_prefix("latency_").and_then(|rest| rest.split_once("_ms")) {
        return Some((LATENCY, vec![("percentile", percentile.to_owned())], 1e-3));
    }
    if let Some(reason) = column.strip_prefix("failed_").and_then(|rest| rest.strip_suffix("_per_s"))
        && FailureReason::ALL.iter().any(|known| known.name() == reason)
    {
        return Some((FAILED, vec![("reason", reason.to_owned())], 1.0));
    }
    let of_station = |suffix: &str| column.strip_suffix(suffix).map(str::to_owned);
    let (family, station) = match (of_station(".utilization"), of_station(".queue_mean")) {
        (Some(station), _) => (UTILIZATION, station),
        (_, Some(station)) => (QUEUE, station),
        _ => return None,
    };
    let mut labels = vec![("station", station.clone())];
    labels.extend(server_of(&station, servers).map(|server| ("server", server.to_owned())));
    Some((family, labels, 1.0))
}

/// Hardware is `SERVER.cpu`; what a service has at each of several servers, `SERVICE.SERVER.workers` or
/// `SERVICE.SERVER->OTHER.slots`.
fn server_of<'s>(station: &str, servers: &'s [String]) -> Option<&'s str> {
    const HARDWARE: [&str; 4] = ["cpu", "disk", "nic_in", "nic_out"];
    let is_at = |server: &&String| {
        let hardware = station.strip_prefix(server.as_str()).and_then(|rest| rest.strip_prefix('.'));
        hardware.is_some_and(|part| HARDWARE.contains(&part))
            || [".", "->"].iter().any(|end| station.contains(&format!(".{server}{end}")))
    };
    servers.iter().find(is_at).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_station_is_at_the_server_that_its_name_says() {
        let servers = ["app", "app-1", "app-10", "lb1", "db.eu"].map(str::to_owned);
        for (station, server) in [
            ("app-1.cpu", Some("app-1")),
            ("app-10.nic_out", Some("app-10")),
            ("app.app-10.workers", Some("app-10")),
            ("lb.lb1->web.slots", Some("lb1")),
            ("db.db.eu.flush", Some("db.eu")),
            ("db.eu.disk", Some("db.eu")),
            // of the service, and not of the server of that name
            ("app.workers", None),
            ("app.cpu", Some("app")),
            ("web.worker_connections", None),
        ] {
            assert_eq!(server_of(station, &servers), server, "{station}");
        }
    }
}

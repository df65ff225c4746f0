//! A point's row of sweep.csv: every input and every estimate, each with its interval. Columns are named like the
//! values of summary.json; an empty cell is no observation, or an interval that nobody can stand by.

use crate::experiment::summary::{Estimate, Lag, Latency, ReplicationSummary, StationSummary, Summary, TrafficSummary};
use crate::experiment::sweep::design::Design;

/// Names and cells, in the same order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub columns: Vec<String>,
    pub cells: Vec<String>,
}

/// `point`: its number from 0, which is one less than what is shown.
pub fn row(design: &Design, point: u64, values: &[String], summary: &Summary) -> Row {
    let mut row = Row::default();
    row.push("point", (point + 1).to_string());
    for (key, value) in design.settings(values) {
        row.push(key, value.to_owned());
    }
    let checks_failed = summary.checks.iter().filter(|check| !check.passed).count();
    row.push("scenario_sha256", summary.scenario.sha256.clone());
    row.push("runs", summary.runs.to_string());
    row.push("warmup_s", number(summary.warmup_s));
    row.push("measured_s", number(summary.measured_s));
    row.push("requests", summary.totals.requests.to_string());
    row.push("events", summary.totals.events.to_string());
    row.push("checks_failed", checks_failed.to_string());
    row.push("warnings", warnings(summary));
    let bottleneck = summary.bottleneck.as_ref();
    row.push("bottleneck", bottleneck.map_or(String::new(), |b| b.station.clone()));
    row.push("bottleneck_utilization", bottleneck.and_then(|b| b.utilization).map_or(String::new(), number));
    row.push("bottleneck_max_rate_per_s", bottleneck.and_then(|b| b.max_rate_per_s).map_or(String::new(), number));
    row.objectives(summary);
    summary.traffic.iter().for_each(|class| row.traffic(class));
    summary.stations.iter().for_each(|station| row.station(station));
    summary.replication.iter().for_each(|replica| row.replica(replica));
    row
}

/// What hangs on the results of this point; that a key has no effect in a scenario is told by `run`.
fn warnings(summary: &Summary) -> String {
    let of_scenario = |id: &&str| matches!(*id, "without_effect" | "idle_fault" | "fault_without_effect");
    let mut ids: Vec<&str> = summary.warnings.iter().map(|w| w.id).filter(|id| !of_scenario(id)).collect();
    ids.dedup();
    ids.join(" ")
}

impl Row {
    fn push(&mut self, column: &str, cell: String) {
        self.columns.push(column.to_owned());
        self.cells.push(cell);
    }

    /// Three columns. A censored value is a lower bound, and its interval has no end: an empty cell, since a word in a
    /// column of numbers is a date to one reader and a text to another.
    fn estimate(&mut self, column: &str, estimate: &Estimate) {
        self.push(column, estimate.value.map_or(String::new(), number));
        let [low, high] = match (estimate.ci95, estimate.censored, estimate.value) {
            (_, true, Some(value)) => [number(value), String::new()],
            (Some([low, high]), _, _) => [number(low), number(high)],
            (None, _, _) => [String::new(), String::new()],
        };
        self.columns.push([column, "_low"].concat());
        self.cells.push(low);
        self.columns.push([column, "_high"].concat());
        self.cells.push(high);
    }

    fn latency(&mut self, prefix: &str, latency: &Latency) {
        let Latency { mean, p50, p90, p95, p99, p99_9, max } = latency;
        for (name, estimate) in
            [("mean", mean), ("p50", p50), ("p90", p90), ("p95", p95), ("p99", p99), ("p99_9", p99_9)]
        {
            self.estimate(&format!("{prefix}_{name}_ms"), estimate);
        }
        // a maximum has no interval
        self.push(&format!("{prefix}_max_ms"), max.value.map_or(String::new(), number));
    }

    /// In the order of the scenario; without objectives there is no column.
    fn objectives(&mut self, summary: &Summary) {
        if !summary.slo.is_empty() {
            self.push("verdict", summary.verdict.to_owned());
        }
        for (i, objective) in summary.slo.iter().enumerate() {
            let prefix = format!("slo.{}", i + 1);
            let [low, high] = objective.interval.map_or([String::new(), String::new()], |ends| ends.map(number));
            self.push(&format!("{prefix}.that"), objective.that.clone());
            self.push(&format!("{prefix}.verdict"), objective.verdict.to_owned());
            self.push(&format!("{prefix}.value"), objective.value.map_or(String::new(), number));
            self.push(&format!("{prefix}.value_low"), low);
            self.push(&format!("{prefix}.value_high"), high);
        }
    }

    fn traffic(&mut self, class: &TrafficSummary) {
        let prefix = format!("traffic.{}", class.name);
        for (name, count) in [
            ("offered", class.offered),
            ("attempts", class.attempts),
            ("completed", class.completed),
            ("failed", class.failed),
        ] {
            self.push(&format!("{prefix}.{name}"), count.to_string());
        }
        self.estimate(&format!("{prefix}.throughput_per_s"), &class.throughput_per_s);
        self.estimate(&format!("{prefix}.availability"), &class.availability);
        self.latency(&format!("{prefix}.latency"), &class.latency_ms);
        self.latency(&format!("{prefix}.latency_all"), &class.latency_all_ms);
    }

    fn station(&mut self, station: &StationSummary) {
        let prefix = format!("stations.{}", station.name);
        self.push(&format!("{prefix}.workers"), station.workers.map_or("unlimited".into(), |n| n.to_string()));
        for (name, estimate) in [
            ("utilization", &station.utilization),
            ("queue_mean", &station.queue_mean),
            ("present_mean", &station.present_mean),
            ("waiting_ms", &station.waiting_ms),
            ("service_ms", &station.service_ms),
            ("sojourn_ms", &station.sojourn_ms),
            ("throughput_per_s", &station.throughput_per_s),
        ] {
            self.estimate(&format!("{prefix}.{name}"), estimate);
        }
        self.push(&format!("{prefix}.lost"), station.lost.to_string());
        self.push(&format!("{prefix}.offered_erlangs"), station.offered_erlangs.map_or(String::new(), number));
    }

    fn replica(&mut self, replica: &ReplicationSummary) {
        let prefix = format!("replication.{}", replica.server);
        let Lag { mean, p50, p95, p99, max } = &replica.apply_delay_ms;
        for (name, estimate) in [("mean", mean), ("p50", p50), ("p95", p95), ("p99", p99)] {
            self.estimate(&format!("{prefix}.apply_delay_{name}_ms"), estimate);
        }
        self.push(&format!("{prefix}.apply_delay_max_ms"), max.value.map_or(String::new(), number));
        for (name, estimate) in [
            ("seconds_behind", &replica.seconds_behind),
            ("seconds_behind_p99", &replica.seconds_behind_p99),
            ("behind", &replica.behind),
            ("backlog", &replica.backlog),
            ("stale_reads", &replica.stale_reads),
        ] {
            self.estimate(&format!("{prefix}.{name}"), estimate);
        }
        self.push(&format!("{prefix}.backlog_max"), replica.backlog_max.to_string());
        self.push(&format!("{prefix}.transactions_lost"), replica.transactions_lost.to_string());
    }
}

/// The shortest text that reads back to the same bits; nothing for what is not a number.
fn number(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { String::new() }
}

/// One line of CSV with its end.
pub fn line(cells: &[impl AsRef<[u8]>]) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    writer.write_record(cells).expect("memory takes every record");
    let bytes = writer.into_inner().expect("memory takes every record");
    String::from_utf8(bytes).expect("strings in, strings out")
}

/// The cells of one line.
pub fn cells(line: &str) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sweep::design::Kind;
    use crate::experiment::sweep::vary::Axis;
    use crate::report::example;

    #[test]
    fn a_row_has_every_input_and_every_estimate_with_its_interval() {
        let axes = vec![Axis::parse("request.page.app.cpu=\"lognormal(9 ms, cv 0.8)\",9 ms").unwrap()];
        let design = Design::new(axes, Kind::Grid, None, 1).unwrap();
        let summary = example::outcome().summary;
        let row = row(&design, 0, &design.values(0), &summary);
        assert_eq!(row.columns.len(), row.cells.len());
        let cell = |name: &str| {
            let at =
                row.columns.iter().position(|c| c == name).unwrap_or_else(|| panic!("no {name}: {:?}", row.columns));
            row.cells[at].clone()
        };
        assert_eq!(cell("point"), "1");
        assert_eq!(cell("request.page.app.cpu"), "\"lognormal(9 ms, cv 0.8)\"");
        let p99 = summary.traffic[0].latency_ms.p99;
        assert_eq!(cell("traffic.all.latency_p99_ms"), format!("{}", p99.value.unwrap()));
        assert_eq!(cell("traffic.all.latency_p99_ms_low"), p99.ci95.map_or(String::new(), |[low, _]| format!("{low}")));
        let mut sorted = row.columns.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), row.columns.len(), "a column's name stands twice");
        let text = line(&row.cells);
        assert_eq!(cells(&text).unwrap(), row.cells);
    }

    #[test]
    fn a_censored_value_has_no_upper_end() {
        let mut row = Row::default();
        row.estimate("p99_ms", &Estimate { value: Some(10_000.0), ci95: None, runs: 10, censored: true });
        assert_eq!(row.cells, ["10000", "10000", ""]);
    }
}

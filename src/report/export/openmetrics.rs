//! OpenMetrics text (<https://prometheus.io/docs/specs/om/open_metrics_spec/>): gauges with time stamps, which
//! `promtool tsdb create-blocks-from openmetrics` loads.

use std::fmt::Write;

use super::stored::{Series, StoredRun};
use super::{FAMILIES, Family};

/// `epoch_s`: t = 0, seconds since 1970.
pub fn render(run: &StoredRun, epoch_s: u64) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# TYPE foobar_sim info\n# HELP foobar_sim Which simulation this is, and of which version.");
    let (scenario, version) = (label("scenario", &run.scenario), label("version", env!("CARGO_PKG_VERSION")));
    let (seed, runs) = (run.seed, run.runs);
    let at = stamp(epoch_s, run.measured_s);
    let _ = writeln!(out, "foobar_sim_info{{{scenario},{version},seed=\"{seed}\",runs=\"{runs}\"}} 1 {at}");
    for (number, Family { name, unit, help, .. }) in FAMILIES.iter().enumerate() {
        let _ = writeln!(out, "# TYPE {name} gauge\n# UNIT {name} {unit}\n# HELP {name} {help}");
        for Series { labels, points, .. } in run.series.iter().filter(|series| series.family == number) {
            let labels: String = labels.iter().map(|(name, value)| format!(",{}", label(name, value))).collect();
            for (at, value) in points {
                let _ = writeln!(out, "{name}{{{scenario}{labels}}} {value} {}", stamp(epoch_s, *at));
            }
        }
    }
    out.push_str("# EOF\n");
    out
}

/// A float of 53 bits cannot hold nanoseconds since 1970; milliseconds are what Prometheus keeps.
fn stamp(epoch_s: u64, at_s: f64) -> String {
    let ms = epoch_s as i64 * 1000 + (at_s * 1000.0).round() as i64;
    if ms % 1000 == 0 { (ms / 1000).to_string() } else { format!("{}.{:03}", ms / 1000, ms % 1000) }
}

/// Backslash, quote and line feed are escaped.
fn label(name: &str, value: &str) -> String {
    format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

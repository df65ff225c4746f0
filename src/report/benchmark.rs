//! The JSON that github-action-benchmark takes (`tool: customSmallerIsBetter` or `customBiggerIsBetter`): figures over
//! the commits of a repository, with an alarm when one becomes worse.

use serde::Serialize;

use crate::experiment::summary::{Estimate, Summary};

use super::{figure, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    Smaller,
    Bigger,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    unit: &'static str,
    value: f64,
    /// Half the width of the 95% interval; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    extra: String,
}

/// Figures that are better the smaller (latency, failures) or the bigger (throughput, availability) they are. What was
/// not observed is left out.
pub fn render(summary: &Summary, better: Better) -> String {
    let scenario = &summary.scenario.name;
    let extra = format!("{}, seed {}", figure::counted(u64::from(summary.runs), "run"), summary.seed);
    let mut entries = Vec::new();
    for class in &summary.traffic {
        let mut add = |what: &str, unit: &'static str, estimate: &Estimate, scale: f64| {
            let Some(value) = estimate.value.filter(|value| value.is_finite() && !estimate.censored) else { return };
            let range = estimate.ci95.map(|[low, high]| format!("± {}", figure::number((high - low) / 2.0 * scale)));
            let name = format!("{scenario} / {} / {what}", class.name);
            entries.push(Entry { name, unit, value: value * scale, range, extra: extra.clone() });
        };
        match better {
            Better::Smaller => {
                let latency = &class.latency_ms;
                add("latency mean", "ms", &latency.mean, 1.0);
                add("latency p50", "ms", &latency.p50, 1.0);
                add("latency p95", "ms", &latency.p95, 1.0);
                add("latency p99", "ms", &latency.p99, 1.0);
                add("failed", "%", &failed(&class.availability), 100.0);
            }
            Better::Bigger => {
                add("throughput", "/s", &class.throughput_per_s, 1.0);
                add("availability", "%", &class.availability, 100.0);
            }
        }
    }
    json::pretty(&entries)
}

/// The other side of the availability, as it stands in the summary.
fn failed(availability: &Estimate) -> Estimate {
    Estimate {
        value: availability.value.map(|share| 1.0 - share),
        ci95: availability.ci95.map(|[low, high]| [1.0 - high, 1.0 - low]),
        ..*availability
    }
}

//! A Grafana dashboard with a panel for each metric: import it, and choose the Prometheus that has them.

use serde_json::{Value, json};

use super::stored::StoredRun;
use super::{FAMILIES, Family, Of};

/// Of the JSON model of dashboards.
const SCHEMA_VERSION: u32 = 36;
/// Grafana's grid is 24 columns wide.
const WIDTH: usize = 12;
const HEIGHT: usize = 8;

/// `epoch_s`: t = 0, seconds since 1970.
pub fn render(run: &StoredRun, epoch_s: u64) -> String {
    let panels: Vec<Value> = FAMILIES.iter().enumerate().map(|(number, family)| panel(number, family)).collect();
    let at = |seconds: f64| {
        let ms = epoch_s as i64 * 1000 + (seconds * 1000.0).ceil() as i64;
        jiff::Timestamp::from_millisecond(ms).map_or(ms.to_string(), |at| at.to_string())
    };
    let document = json!({
        "title": "foobar-sim",
        "uid": "foobar-sim",
        "tags": ["foobar-sim"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": true,
        "timezone": "utc",
        "time": { "from": at(0.0), "to": at(run.measured_s + 1.0) },
        "templating": { "list": [
            { "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus" },
            {
                "name": "scenario", "label": "Scenario", "type": "query", "datasource": datasource(),
                "query": "label_values(foobar_sim_info, scenario)", "refresh": 2, "includeAll": false,
                "current": { "text": run.scenario, "value": run.scenario },
            },
        ] },
        "panels": panels,
    });
    super::super::json::pretty(&document)
}

fn panel(number: usize, family: &Family) -> Value {
    let Family { name, help, labels, of, shown_as, .. } = family;
    let selected = format!("{name}{{scenario=\"$scenario\"}}");
    let legend: Vec<String> =
        labels.iter().filter(|label| **label != "server").map(|label| format!("{{{{{label}}}}}")).collect();
    let (kind, expr) = match of {
        Of::Windows => ("timeseries", selected),
        Of::Run => ("bargauge", format!("last_over_time({selected}[$__range])")),
    };
    json!({
        "id": number + 1,
        "type": kind,
        "title": title(name),
        "description": help,
        "datasource": datasource(),
        "gridPos": { "x": number % 2 * WIDTH, "y": number / 2 * HEIGHT, "w": WIDTH, "h": HEIGHT },
        "fieldConfig": { "defaults": { "unit": shown_as, "min": 0 }, "overrides": [] },
        "targets": [{
            "refId": "A", "datasource": datasource(), "expr": expr, "instant": *of == Of::Run, "range": *of != Of::Run,
            "legendFormat": if legend.is_empty() { "all".to_owned() } else { legend.join(" ") },
        }],
    })
}

/// `Station utilization ratio`
fn title(name: &str) -> String {
    let words = name.trim_start_matches("foobar_sim_").replace('_', " ");
    let (first, rest) = words.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

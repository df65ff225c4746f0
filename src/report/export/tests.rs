use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::report::{csv, example, json};

const EPOCH_S: u64 = 1_735_689_600;

fn stored() -> StoredRun {
    let outcome = example::outcome();
    let servers = ["app1".to_owned(), "db1".to_owned()];
    read(&json::render(&outcome.summary), &csv::render(&outcome), &servers).unwrap()
}

/// "OpenMetrics, a cloud-native, highly scalable metrics protocol": the text format.
#[test]
fn open_metrics_have_what_the_format_demands() {
    let text = openmetrics(&stored(), EPOCH_S);
    assert!(text.ends_with("\n# EOF\n") && text.matches("# EOF").count() == 1);
    let mut family = String::new();
    let mut seen = BTreeSet::new();
    let mut last: (String, f64) = (String::new(), 0.0);
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..2] {
            ["#", "TYPE"] => {
                assert!(seen.insert(words[2].to_owned()), "{line}: a family twice");
                family = words[2].to_owned();
            }
            ["#", "UNIT"] => {
                assert_eq!(words[2], family);
                assert!(family.ends_with(&format!("_{}", words[3])), "{line}: a name ends with its unit");
            }
            ["#", "HELP"] => assert!(words[2] == family && words.len() > 5, "{line}"),
            ["#", "EOF"] => {}
            _ => {
                let (metric, rest) = line.rsplit_once("} ").unwrap();
                let name = metric.split('{').next().unwrap();
                assert!(name == family || (family == "foobar_sim" && name == "foobar_sim_info"), "{line}");
                assert!(metric.contains("scenario=\""), "{line}");
                let numbers: Vec<f64> = rest.split(' ').map(|number| number.parse().unwrap()).collect();
                assert!(numbers.len() == 2 && numbers[1] >= EPOCH_S as f64, "{line}");
                assert!(last.0 != metric || last.1 < numbers[1], "{line}: time does not go on");
                last = (metric.to_owned(), numbers[1]);
            }
        }
    }
    assert_eq!(seen.len(), FAMILIES.len() + 1);
}

#[test]
fn figures_are_those_of_the_files_in_base_units() {
    let (outcome, run) = (example::outcome(), stored());
    let figure = |family: usize, labels: &[(&str, &str)]| {
        let is = |series: &&stored::Series| {
            let found: Vec<(&str, &str)> = series.labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
            series.family == family && found == labels
        };
        run.series.iter().find(is).unwrap_or_else(|| panic!("{family} {labels:?}")).points.clone()
    };
    let p99 = outcome.summary.traffic[0].latency_ms.p99.value.unwrap();
    let of_class = figure(CLASS_LATENCY, &[("class", "all"), ("percentile", "p99")]);
    assert_eq!(of_class, [(outcome.summary.measured_s, p99 * 1e-3)]);
    let table = csv::render(&outcome);
    let mut rows = table.lines();
    let column = rows.next().unwrap().split(',').position(|name| name == "arrived_per_s").unwrap();
    let values: Vec<f64> = rows.map(|row| row.split(',').nth(column).unwrap().parse().unwrap()).collect();
    let points = figure(ARRIVED, &[]);
    assert_eq!(points.iter().map(|point| point.1).collect::<Vec<_>>(), values);
    assert_eq!(points.last().unwrap().0, outcome.summary.measured_s);
}

#[test]
fn the_dashboard_shows_each_metric_and_no_other() {
    let dashboard: Value = serde_json::from_str(&dashboard(&stored(), EPOCH_S)).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert_eq!(panels.len(), FAMILIES.len());
    let metrics = openmetrics(&stored(), EPOCH_S);
    let mut places = BTreeSet::new();
    for (panel, family) in panels.iter().zip(&FAMILIES) {
        let expr = panel["targets"][0]["expr"].as_str().unwrap();
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let words: Vec<&str> = expr.split(|c| !named(c)).filter(|word| word.starts_with("foobar_sim_")).collect();
        assert_eq!(words, [family.name]);
        let legend = panel["targets"][0]["legendFormat"].as_str().unwrap();
        assert!(family.labels.iter().all(|label| *label == "server" || legend.contains(label)), "{legend}");
        assert!(metrics.contains(&format!("# TYPE {} gauge", family.name)));
        for key in ["id", "type", "title", "gridPos", "datasource", "fieldConfig"] {
            assert!(!panel[key].is_null(), "{key}");
        }
        assert!(places.insert(panel["gridPos"].to_string()), "two panels at one place");
    }
    // the variable that all of them use
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(
        variables
            .iter()
            .any(|one| one["name"] == "scenario" && one["query"].as_str().unwrap().contains("foobar_sim_info"))
    );
}

#[test]
fn a_damaged_file_is_told() {
    let outcome = example::outcome();
    let (summary, table) = (json::render(&outcome.summary), csv::render(&outcome));
    assert!(read("{", &table, &[]).unwrap_err().starts_with("summary.json: "));
    assert!(read(&summary, "t,x\n1,2\n", &[]).unwrap_err().starts_with("timeseries.csv: the first column"));
    assert!(read(&summary, "t_s,arrived_per_s\n0,many\n", &[]).unwrap_err().contains("\"many\" is no number"));
}

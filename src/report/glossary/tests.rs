//! That each figure of the results is described, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::experiment::summary::{Incident, Noticed, ObjectiveSummary, RandomFault};
use crate::report::explain::covers;
use crate::report::{csv, example, json};

fn is_described(place: Place, name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    terms().iter().any(|term| term.place == place && covers(term.name, &parts, true))
}

/// Every field, down to estimates and plain values.
fn fields(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) if object.contains_key("ci95") => {
            found.push(at.to_string());
            assert!(object.keys().all(|key| ["value", "ci95", "runs", "censored"].contains(&key.as_str())), "{at}");
        }
        Value::Object(object) => {
            for (name, inner) in object {
                // names of stations have dots
                let name = name.replace('.', "_");
                fields(inner, &if at.is_empty() { name } else { format!("{at}.{name}") }, found);
            }
        }
        Value::Array(items) if items.is_empty() => found.push(at.to_string()),
        Value::Array(items) => items.iter().for_each(|item| fields(item, &format!("{at}.0"), found)),
        _ => found.push(at.to_string()),
    }
}

#[test]
fn every_field_of_the_summary_is_described() {
    let mut outcome = example::outcome();
    let noticed = vec![Noticed { what: "lb: lb2 has the address".into(), at_s: example::estimate(63.0, 0.2) }];
    outcome.summary.incidents.push(Incident {
        fault: 1,
        what: "lb1 loses its power".into(),
        at_s: 60.0,
        until_s: Some(180.0),
        detected_s: example::estimate(63.0, 0.2),
        noticed,
        recovered_s: Some(193.8),
        failures: example::estimate(478.0, 32.0),
        failed_by: vec![("connect_timeout".into(), example::estimate(478.0, 32.0))],
        p99_ms_during: example::estimate(166.0, 3.0),
    });
    outcome.summary.random_faults.push(RandomFault {
        fault: 2,
        what: "app on app1 is killed".into(),
        times: example::estimate(1.5, 0.5),
        lasted_s: example::estimate(60.0, 9.0),
        failures: example::estimate(478.0, 32.0),
        failed_by: vec![("connection_reset".into(), example::estimate(478.0, 32.0))],
        p99_ms_during: example::estimate(166.0, 3.0),
    });
    outcome.summary.slo.push(ObjectiveSummary {
        that: "latency_p99 < 400 ms".into(),
        scope: String::new(),
        unit: "ms",
        bound: 400.0,
        smaller_is_better: true,
        value: Some(264.0),
        censored: false,
        interval: Some([263.0, 265.0]),
        confidence: Some(0.99),
        runs: 10,
        verdict: "pass",
        why: String::new(),
        written: "peak.toml:130".into(),
    });
    let document: Value = serde_json::from_str(&json::render(&outcome.summary)).unwrap();
    let mut found = Vec::new();
    fields(&document, "", &mut found);
    assert!(found.len() > 300, "{}", found.len());
    let unknown: BTreeSet<&String> = found.iter().filter(|name| !is_described(Place::Summary, name)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    // and nothing is described that is not there
    let there = |term: &Term| ["value", "ci95", "censored"].contains(&term.name) || !document_lacks(&found, term.name);
    let absent: Vec<&str> =
        terms().iter().filter(|term| term.place == Place::Summary && !there(term)).map(|term| term.name).collect();
    assert!(absent.is_empty(), "{absent:?}");
}

fn document_lacks(found: &[String], pattern: &str) -> bool {
    // an object that can be null, or a list, is described beside its fields
    let parents = [format!("{pattern}."), format!("{pattern}[].")];
    let has_fields = terms().iter().any(|term| parents.iter().any(|parent| term.name.starts_with(parent)));
    !has_fields && !found.iter().any(|name| covers(pattern, &name.split('.').collect::<Vec<_>>(), true))
}

#[test]
fn every_column_over_time_is_described() {
    let text = csv::render(&example::outcome());
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let unknown: Vec<&&str> = header.iter().filter(|name| !is_described(Place::Timeseries, name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_warning_is_described_and_no_other() {
    let mut written = BTreeSet::new();
    let of_constant = regex::Regex::new(r#"pub const [A-Z_]+: &str = "([a-z_]+)";"#).unwrap();
    let of_field = regex::Regex::new(r#"[^a-z_]id: "([a-z_]+)","#).unwrap();
    let of_caution = regex::Regex::new(r#"(?m)(?:^ +|\(\s*)"([a-z]+(?:_[a-z]+)*)",$"#).unwrap();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/experiment")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let mut add = |pattern: &regex::Regex| {
                written.extend(pattern.captures_iter(&text).map(|found| found[1].to_string()));
            };
            add(&of_field);
            if path.ends_with("src/experiment/warnings.rs") {
                add(&of_constant);
                add(&of_caution);
            }
        }
    }
    let described: BTreeSet<String> =
        terms().iter().filter(|term| term.place == Place::Warning).map(|term| term.name.to_string()).collect();
    assert!(written.len() > 20, "{written:?}");
    assert_eq!(written, described);
}

#[test]
fn every_reason_is_described() {
    for reason in FailureReason::ALL {
        assert!(is_described(Place::Failure, reason.name()), "{}", reason.name());
    }
}

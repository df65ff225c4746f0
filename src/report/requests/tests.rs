use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::experiment::explained::{self, Asked, Kind};
use crate::scenario::{Overrides, load};

const EPOCH_S: u64 = 1_735_689_600;

/// Calls through every tier, requests that failed, and some that never came back.
fn explained(file: &str, failed: bool, set: &[&str]) -> Explained {
    let set = set.iter().map(|set| set.to_string()).collect();
    let overrides = Overrides { set, ..Overrides::default() };
    let path = format!("scenarios/{file}.toml");
    let scenario = load(path.as_ref(), &overrides).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let asked = Asked { most: 5, class: None, failed, run: 1 };
    explained::run(&scenario, &asked).unwrap()
}

fn some() -> Vec<Explained> {
    vec![
        explained("peak", false, &["simulation.duration=3 s"]),
        explained("gray-failure", true, &["simulation.duration=80 s"]),
        explained("db-primary-crash", true, &["simulation.duration=150 s"]),
    ]
}

fn nanos(span: &Value, key: &str) -> u64 {
    // 64-bit integers are strings in the JSON mapping
    span[key].as_str().unwrap().parse().unwrap()
}

fn is_hex(value: &Value, digits: usize) -> bool {
    let text = value.as_str().unwrap_or("");
    text.len() == digits && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) && text.chars().any(|c| c != '0')
}

#[test]
fn steps_that_are_not_beside_others_add_up_to_the_response_time() {
    for explained in some() {
        assert_eq!(explained.requests.len(), 5, "{}", explained.scenario.name);
        for request in &explained.requests {
            let steps = request.entries.iter().filter(|entry| entry.kind == Kind::Step && !entry.parallel);
            assert_eq!(steps.map(|step| step.length_ns).sum::<u64>(), request.response_ns);
            let sums = request.waiting_ns + request.service_ns + request.network_ns + request.other_ns;
            assert_eq!(sums, request.response_ns);
            for (at, entry) in request.entries.iter().enumerate() {
                let Some(parent) = entry.parent else { continue };
                let outer = &request.entries[parent];
                assert!(parent < at && outer.begin_ns <= entry.begin_ns, "{entry:?} in {outer:?}");
                assert!(entry.begin_ns + entry.length_ns <= outer.begin_ns + outer.length_ns, "{entry:?} in {outer:?}");
            }
            assert!(request.failure.is_some() == explained.asked.failed);
        }
    }
}

/// https://github.com/open-telemetry/opentelemetry-proto: `Span`, and "JSON Protobuf Encoding" of the OTLP specification.
#[test]
fn otlp_traces_have_what_the_format_demands() {
    for explained in some() {
        let text = otlp(&explained, EPOCH_S);
        assert_eq!(text.lines().count(), 1);
        let document: Value = serde_json::from_str(&text).unwrap();
        let mut spans: BTreeMap<String, (String, u64, u64)> = BTreeMap::new();
        let mut parents = Vec::new();
        let mut services = Vec::new();
        for resource in document["resourceSpans"].as_array().unwrap() {
            let attributes = resource["resource"]["attributes"].as_array().unwrap();
            let name = attributes.iter().find(|attribute| attribute["key"] == "service.name").unwrap();
            services.push(name["value"]["stringValue"].as_str().unwrap().to_owned());
            for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
                assert!(is_hex(&span["traceId"], 32) && is_hex(&span["spanId"], 16), "{span}");
                assert!(!span["name"].as_str().unwrap().is_empty());
                assert!((1..=5).contains(&span["kind"].as_u64().unwrap()));
                assert!((0..=2).contains(&span["status"]["code"].as_u64().unwrap()));
                let (begin, end) = (nanos(span, "startTimeUnixNano"), nanos(span, "endTimeUnixNano"));
                assert!(begin <= end && begin > EPOCH_S * 1_000_000_000 - 3_600_000_000_000);
                let id = span["spanId"].as_str().unwrap().to_owned();
                let trace = span["traceId"].as_str().unwrap().to_owned();
                assert!(spans.insert(id, (trace.clone(), begin, end)).is_none(), "an id twice");
                match span.get("parentSpanId") {
                    Some(parent) => {
                        assert!(is_hex(parent, 16));
                        parents.push((parent.as_str().unwrap().to_owned(), trace, begin, end));
                    }
                    None => assert_eq!(span["kind"], 3, "a root is the client's"),
                }
                for attribute in span["attributes"].as_array().unwrap() {
                    let value = attribute["value"].as_object().unwrap();
                    assert!(attribute["key"].is_string() && value.len() == 1);
                    assert!(value.get("intValue").is_none_or(Value::is_string), "an int64 is a string");
                }
            }
        }
        assert_eq!(parents.len() + explained.requests.len(), spans.len());
        for (parent, trace, begin, end) in parents {
            let (of_trace, from, to) = &spans[&parent];
            assert!(*of_trace == trace && *from <= begin && end <= *to, "a child lies within its parent");
        }
        assert!(services.contains(&"clients".to_owned()) && services.len() >= 3, "{services:?}");
    }
}

/// "Trace Event Format" (Google): metadata and complete events; events of one thread lie one in the other.
#[test]
fn trace_events_have_what_the_format_demands() {
    for explained in some() {
        let document: Value = serde_json::from_str(&trace_events(&explained)).unwrap();
        let mut named = Vec::new();
        let mut threads: BTreeMap<(u64, u64), Vec<(f64, f64)>> = BTreeMap::new();
        for event in document["traceEvents"].as_array().unwrap() {
            let thread = (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
            match event["ph"].as_str().unwrap() {
                "M" => named.push((event["name"].as_str().unwrap().to_owned(), thread)),
                "X" => {
                    let (ts, dur) = (event["ts"].as_f64().unwrap(), event["dur"].as_f64().unwrap());
                    assert!(ts >= 0.0 && dur >= 0.0 && event["name"].is_string() && event["cat"].is_string());
                    threads.entry(thread).or_default().push((ts, ts + dur));
                }
                other => panic!("{other}"),
            }
        }
        for (thread, events) in threads {
            assert!(named.contains(&("thread_name".into(), thread)), "{thread:?}");
            assert!(named.contains(&("process_name".into(), (thread.0, 0))), "{thread:?}");
            for (i, a) in events.iter().enumerate() {
                for b in &events[i + 1..] {
                    let apart = a.1 <= b.0 + 1e-3 || b.1 <= a.0 + 1e-3;
                    let inside = (a.0 <= b.0 + 1e-3 && b.1 <= a.1 + 1e-3) || (b.0 <= a.0 + 1e-3 && a.1 <= b.1 + 1e-3);
                    assert!(apart || inside, "{a:?} and {b:?} overlap on one thread");
                }
            }
        }
    }
}

#[test]
fn a_waterfall_fits_a_terminal_and_says_why_a_request_failed() {
    for explained in some() {
        let text = text(&explained, None);
        let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(widest.chars().count() <= 80, "{widest}");
        for request in &explained.requests {
            if let Some(failure) = &request.failure {
                assert!(text.contains(failure.reason), "{text}");
            }
        }
        assert!(markdown(&explained).contains("| begins | lasts |"));
    }
}

#[test]
fn a_class_that_is_not_there_is_named_with_those_that_are() {
    let scenario = load("scenarios/peak.toml".as_ref(), &Overrides::default()).ok().unwrap();
    let asked = Asked { most: 5, class: Some("nothing".into()), failed: false, run: 1 };
    let said = explained::run(&scenario, &asked).unwrap_err().to_string();
    assert!(said.starts_with("there is no request class \"nothing\"; there are "), "{said}");
}

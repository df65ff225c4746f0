//! Traces as OTLP in JSON (opentelemetry-proto, trace.proto, in its JSON mapping): ids in hex, 64-bit numbers as strings,
//! enumerations as numbers. One document on one line, as collectors read files and `/v1/traces` takes it.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::title;
use crate::experiment::explained::{Entry, Explained, Explanation, Kind};
use crate::experiment::sweep::definition::hex;

/// enum SpanKind.
const INTERNAL: u32 = 1;
const SERVER: u32 = 2;
const CLIENT: u32 = 3;
/// enum Status.StatusCode.
const OK: u32 = 1;
const ERROR: u32 = 2;

/// `epoch_s`: t = 0, seconds since 1970.
pub fn render(explained: &Explained, epoch_s: u64) -> String {
    // services in the order in which they are met; `None`: the clients
    let mut resources: Vec<(Option<String>, Option<String>, Vec<Value>)> = Vec::new();
    for request in &explained.requests {
        let arrived = (i128::from(epoch_s) * 1_000_000_000 + i128::from(request.arrived_ns)).max(0) as u64;
        for (at, entry) in request.entries.iter().enumerate() {
            let span = span(explained, request, at, entry, arrived);
            let (service, server) = (&entry.service, &entry.server);
            match resources.iter_mut().find(|(s, on, _)| s == service && on == server) {
                Some((_, _, spans)) => spans.push(span),
                None => resources.push((service.clone(), server.clone(), vec![span])),
            }
        }
    }
    let scope = json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") });
    let resource = |(service, server, spans): &(Option<String>, Option<String>, Vec<Value>)| {
        let mut attributes = vec![
            attribute("service.name", service.as_deref().unwrap_or("clients").into()),
            attribute("service.namespace", explained.scenario.name.as_str().into()),
        ];
        attributes.extend(server.as_deref().map(|server| attribute("host.name", server.into())));
        attributes.push(attribute("foobar_sim.requests", title(explained).as_str().into()));
        json!({ "resource": { "attributes": attributes }, "scopeSpans": [{ "scope": scope, "spans": spans }] })
    };
    let resources: Vec<Value> = resources.iter().map(resource).collect();
    format!("{}\n", json!({ "resourceSpans": resources }))
}

fn span(explained: &Explained, request: &Explanation, at: usize, entry: &Entry, arrived: u64) -> Value {
    let trace = trace_id(explained, request);
    let begin = arrived + entry.begin_ns;
    let kind = match entry.kind {
        Kind::Request | Kind::Attempt => CLIENT,
        Kind::Call => SERVER,
        Kind::Part | Kind::Step => INTERNAL,
    };
    let status = match &entry.failure {
        Some(failure) => json!({ "code": ERROR, "message": failure.reason }),
        None => json!({ "code": OK }),
    };
    let mut span = json!({
        "traceId": trace,
        "spanId": span_id(&trace, at),
        "name": entry.name,
        "kind": kind,
        "startTimeUnixNano": begin.to_string(),
        "endTimeUnixNano": (begin + entry.length_ns).to_string(),
        "attributes": attributes(request, entry),
        "status": status,
    });
    if let Some(parent) = entry.parent {
        span["parentSpanId"] = span_id(&trace, parent).into();
    }
    span
}

fn attributes(request: &Explanation, entry: &Entry) -> Vec<Value> {
    let mut found = vec![attribute("foobar_sim.kind", format!("{:?}", entry.kind).to_lowercase().into())];
    if entry.kind == Kind::Request {
        found.push(attribute("foobar_sim.request.class", request.class.as_str().into()));
        found.push(attribute("foobar_sim.request.number", request.number.into()));
    }
    if entry.kind == Kind::Step {
        found.push(attribute("foobar_sim.waiting_ns", entry.waiting_ns.into()));
        found.push(attribute("foobar_sim.ahead", u64::from(entry.ahead).into()));
        found.push(attribute("foobar_sim.others", u64::from(entry.others).into()));
        let held = entry.holding.iter().map(|&held| json!({ "stringValue": request.held[held].what }));
        let held: Vec<Value> = held.collect();
        if !held.is_empty() {
            found.push(json!({ "key": "foobar_sim.holding", "value": { "arrayValue": { "values": held } } }));
        }
    }
    if let Some(failure) = &entry.failure {
        found.push(attribute("error.type", failure.reason.into()));
        if failure.status != "none" {
            found.push(attribute("http.response.status_code", failure.status.parse::<u64>().unwrap_or(0).into()));
        }
    }
    if entry.abandoned {
        found.push(json!({ "key": "foobar_sim.abandoned", "value": { "boolValue": true } }));
    }
    found
}

enum Scalar {
    Text(String),
    Number(u64),
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Scalar {
        Scalar::Text(text.into())
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Scalar {
        Scalar::Text(text)
    }
}

impl From<u64> for Scalar {
    fn from(number: u64) -> Scalar {
        Scalar::Number(number)
    }
}

/// KeyValue of common.proto; an int64 is a string in JSON.
fn attribute(key: &str, value: Scalar) -> Value {
    let value = match value {
        Scalar::Text(text) => json!({ "stringValue": text }),
        Scalar::Number(number) => json!({ "intValue": number.to_string() }),
    };
    json!({ "key": key, "value": value })
}

/// 16 bytes that are the same for the same request of the same run.
fn trace_id(explained: &Explained, request: &Explanation) -> String {
    let of = format!("{}/{}/{}/{}", explained.scenario.sha256, explained.seed, explained.asked.run, request.number);
    hex(&Sha256::digest(of)[..16])
}

/// 8 bytes.
fn span_id(trace: &str, entry: usize) -> String {
    hex(&Sha256::digest(format!("{trace}/{entry}"))[..8])
}

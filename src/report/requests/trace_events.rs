//! The Trace Event Format of Chrome, which Perfetto and chrome://tracing read: complete events (`ph` = X) with times in
//! microseconds. A process is a server, a thread is a service there for one request: what is on one thread must lie one
//! in the other, and requests overlap.

use serde_json::{Value, json};

use super::{title, why};
use crate::experiment::explained::{Explained, Explanation, Kind};

/// Of which thread an entry is: (server, service, request, the part that runs beside others).
type Thread = (Option<String>, Option<String>, usize, usize);

pub fn render(explained: &Explained) -> String {
    let mut servers: Vec<Option<String>> = vec![None];
    let mut threads: Vec<Thread> = Vec::new();
    let mut spans = Vec::new();
    let before_ns = (explained.warmup_s * 1e9).round() as i64;
    for (place, request) in explained.requests.iter().enumerate() {
        for (at, entry) in request.entries.iter().enumerate() {
            let thread = (entry.server.clone(), entry.service.clone(), place, part_of(request, at));
            let pid = index_of(&mut servers, &entry.server) + 1;
            let tid = index_of(&mut threads, &thread) + 1;
            let ts = micros(request.arrived_ns + before_ns + entry.begin_ns as i64);
            let held: Vec<&str> = entry.holding.iter().map(|&held| request.held[held].what.as_str()).collect();
            let mut args = json!({ "request": request.number, "class": request.class });
            if entry.kind == Kind::Step {
                args["waiting_us"] = micros(entry.waiting_ns as i64);
                args["ahead"] = entry.ahead.into();
                args["others"] = entry.others.into();
                args["held"] = held.into();
            }
            if let Some(failure) = &entry.failure {
                args["failure"] = why(failure).into();
            }
            spans.push(json!({
                "ph": "X", "name": entry.name, "cat": format!("{:?}", entry.kind).to_lowercase(),
                "pid": pid, "tid": tid, "ts": ts, "dur": micros(entry.length_ns as i64), "args": args,
            }));
        }
    }
    let named = |what: &str, pid: usize, tid: usize, name: String| json!({ "ph": "M", "name": what, "pid": pid, "tid": tid, "args": { "name": name } });
    let mut events: Vec<Value> = Vec::new();
    for (i, server) in servers.iter().enumerate() {
        events.push(named("process_name", i + 1, 0, server.clone().unwrap_or("no server".into())));
    }
    for (i, (server, service, place, _)) in threads.iter().enumerate() {
        let pid = servers.iter().position(|other| other == server).unwrap_or(0) + 1;
        let number = explained.requests[*place].number;
        let name = format!("{}, request {number}", service.as_deref().unwrap_or("client"));
        events.push(named("thread_name", pid, i + 1, name));
    }
    events.extend(spans);
    let other = json!({ "scenario": explained.scenario.name, "requests": title(explained),
        "ts": "microseconds since the beginning of the warm-up", "warmup_s": explained.warmup_s });
    format!("{}\n", json!({ "traceEvents": events, "displayTimeUnit": "ms", "otherData": other }))
}

/// The entry of the part beside others that an entry belongs to; 0: it belongs to none.
fn part_of(request: &Explanation, mut at: usize) -> usize {
    while request.entries[at].kind != Kind::Part {
        match request.entries[at].parent {
            Some(parent) => at = parent,
            None => return 0,
        }
    }
    at
}

fn index_of<T: PartialEq + Clone>(all: &mut Vec<T>, one: &T) -> usize {
    all.iter().position(|other| other == one).unwrap_or_else(|| {
        all.push(one.clone());
        all.len() - 1
    })
}

fn micros(ns: i64) -> Value {
    json!(ns as f64 / 1e3)
}

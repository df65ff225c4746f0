//! What single requests went through, to bytes: `waterfall` for a terminal and for Markdown, JSON as it is, and for the
//! tools that others look at traces with: `otlp` and `trace_events`.

mod otlp;
#[cfg(test)]
mod tests;
mod trace_events;
mod waterfall;

use super::manifest::{self, Manifest};
use super::{html, json};
use crate::experiment::explained::{Explained, Explanation, Failed};
use crate::report::figure;
use crate::scenario::Scenario;

pub use otlp::render as otlp;
pub use trace_events::render as trace_events;
pub(super) use waterfall::{depth, notes};
pub use waterfall::{markdown, text};

pub fn json(explained: &Explained) -> String {
    json::pretty(explained)
}

/// Everything that is kept, as (file name, content). `epoch_s`: t = 0 in the traces for other tools, seconds since 1970.
pub fn files(scenario: &Scenario, explained: &Explained, manifest: &Manifest, epoch_s: u64) -> Vec<(String, Vec<u8>)> {
    let page = html::files(&html::requests::report(scenario, explained, manifest), &[]);
    let Explained { schema_version, scenario: identity, seed, .. } = explained;
    let files = [
        ("explain.json", json(explained)),
        ("explain.md", markdown(explained)),
        ("otlp.json", otlp(explained, epoch_s)),
        ("trace-events.json", trace_events(explained)),
        ("manifest.json", manifest::document(manifest, *schema_version, identity, *seed, 1)),
    ];
    files.into_iter().map(|(name, content)| (name.to_owned(), content.into_bytes())).chain(page).collect()
}

/// `the 5 slowest of 108,012 answered requests of class page, run 1`
pub(super) fn title(explained: &Explained) -> String {
    let Explained { asked, matching, requests, .. } = explained;
    let what = if asked.failed { "failed" } else { "answered" };
    let class = asked.class.as_ref().map_or(String::new(), |class| format!(" of class {class}"));
    let of = figure::counted(*matching, &format!("{what} request"));
    match requests.len() {
        0 => format!("no {what} request{class} in run {}", asked.run),
        1 => format!("the slowest of {of}{class}, run {}", asked.run),
        n if asked.failed => format!("{n} of {of}{class}, run {}, of each reason the slowest", asked.run),
        n => format!("the {n} slowest of {of}{class}, run {}", asked.run),
    }
}

/// `2. page, 812.3 ms: client_timeout, no answer`
pub(super) fn heading(place: usize, request: &Explanation) -> String {
    let end = request.failure.as_ref().map_or("answered".into(), why);
    format!("{}. {}, {}: {end}", place + 1, request.class, time(request.response_ns))
}

fn why(failed: &Failed) -> String {
    match failed.status {
        "none" => failed.reason.into(),
        status if failed.reason.ends_with(status) => failed.reason.into(),
        status => format!("{}, {status}", failed.reason),
    }
}

/// Where it was and what it rested on.
pub(super) fn summary(request: &Explanation) -> String {
    let at = request.arrived_ns as f64 / 1e9;
    let when = if at < 0.0 {
        format!("{} before t = 0", figure::duration(-at))
    } else {
        format!("at t = {}", figure::duration(at))
    };
    format!(
        "Arrived {when} as number {}. It waited {}, was served {}, was on the way {}, and {} passed otherwise.",
        figure::count(request.number),
        time(request.waiting_ns),
        time(request.service_ns),
        time(request.network_ns),
        time(request.other_ns)
    )
}

pub(super) fn time(ns: u64) -> String {
    if ns == 0 { "0 ms".into() } else { figure::duration(ns as f64 / 1e9) }
}

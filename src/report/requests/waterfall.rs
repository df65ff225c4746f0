//! Requests as indented lines with bars, one below the other in the order of time.

use std::fmt::Write;

use super::super::table::{escape, shorten};
use super::super::text::{Written, harmless, place_of_files, push_wrapped};
use super::{heading, summary, time, title, why};
use crate::experiment::explained::{Entry, Explained, Explanation, Kind};

const WIDTH: usize = 80;
const BAR: usize = 18;
/// Columns in front of what a line is about.
const LEFT: usize = 2 + 9 + 1 + 9 + 2 + BAR + 1;
/// On a terminal, what takes a smaller share of the request's time is added up.
const SHARE_MIN: f64 = 0.005;

pub fn text(explained: &Explained, written: Option<&Written>) -> String {
    let mut out = String::new();
    push_wrapped(&mut out, &format!("{}: {}", explained.scenario.name, title(explained)), 0, str::to_owned);
    if !explained.requests.is_empty() {
        let legend = "A bar is its part of the request's time: waiting ░, anything else █, and ─ for what has \
                      parts of its own.";
        push_wrapped(&mut out, legend, 2, str::to_owned);
    }
    for (place, request) in explained.requests.iter().enumerate() {
        out.push('\n');
        push_wrapped(&mut out, &heading(place, request), 0, str::to_owned);
        push_wrapped(&mut out, &summary(request), 2, str::to_owned);
        push_request(&mut out, request);
    }
    if let Some(written) = written {
        place_of_files(&mut out, written);
    }
    out
}

fn push_request(out: &mut String, request: &Explanation) {
    let _ = writeln!(out, "  {:>9} {:>9}", "begins", "lasts");
    let least = (request.response_ns as f64 * SHARE_MIN) as u64;
    let mut short = (0, 0);
    for (at, entry) in request.entries.iter().enumerate().skip(1) {
        if entry.length_ns < least && entry.failure.is_none() {
            if entry.kind == Kind::Step && !entry.parallel {
                short = (short.0 + 1, short.1 + entry.length_ns);
            }
            continue;
        }
        let depth = depth(request, at) - 1;
        let room = WIDTH - LEFT - depth.min(8);
        let indent = " ".repeat(depth.min(8));
        let bar = bar(entry, request.response_ns);
        let (begin, length) = (time(entry.begin_ns), time(entry.length_ns));
        let _ = writeln!(out, "  {begin:>9} {length:>9}  {bar} {indent}{}", shorten(&harmless(&entry.name), room));
        for note in notes(entry) {
            push_wrapped(out, &note, WIDTH - room + 2, str::to_owned);
        }
    }
    if short.0 > 0 {
        let each = if short.0 == 1 { "step" } else { "steps" };
        let _ = writeln!(out, "  {:>9} {:>9}  {} {each} shorter than 0.5% each", "", time(short.1), short.0);
    }
    let held: Vec<String> = (request.held.iter().filter(|held| held.length_ns >= least.max(1)))
        .map(|held| format!("{} from {} for {}", held.what, time(held.begin_ns), time(held.length_ns)))
        .collect();
    if !held.is_empty() {
        push_wrapped(out, &format!("Held: {}.", held.join("; ")), 2, str::to_owned);
    }
}

/// Above it.
pub(in crate::report) fn depth(request: &Explanation, mut at: usize) -> usize {
    let mut depth = 0;
    while let Some(parent) = request.entries[at].parent {
        (at, depth) = (parent, depth + 1);
    }
    depth
}

fn bar(entry: &Entry, response_ns: u64) -> String {
    let cell = |ns: u64| (ns as f64 / response_ns.max(1) as f64 * BAR as f64).round() as usize;
    let from = cell(entry.begin_ns).min(BAR - 1);
    let to = cell(entry.begin_ns + entry.length_ns).clamp(from + 1, BAR);
    let waited = if entry.waiting_ns == entry.length_ns { to } else { cell(entry.begin_ns + entry.waiting_ns).min(to) };
    let mark = |at: usize| match at {
        at if at < from || at >= to => ' ',
        _ if entry.kind != Kind::Step => '─',
        at if entry.waiting_ns > 0 && at < waited => '░',
        _ => '█',
    };
    (0..BAR).map(mark).collect()
}

/// What is to be said of an entry besides its times.
pub(in crate::report) fn notes(entry: &Entry) -> Vec<String> {
    let mut notes = Vec::new();
    let served = entry.length_ns - entry.waiting_ns;
    if entry.waiting_ns > 0 && entry.shared {
        // others, or hardware that is slow
        let others = match entry.others {
            0 => String::new(),
            1 => "; 1 other when it came".into(),
            n => format!("; {n} others when it came"),
        };
        notes.push(format!("{} more than its work{others}", time(entry.waiting_ns)));
    } else if entry.waiting_ns > 0 && entry.rest == "service" {
        let behind = if entry.ahead > 0 { format!(" behind {}", entry.ahead) } else { String::new() };
        let then = if served > 0 { format!(", {} of service", time(served)) } else { String::new() };
        notes.push(format!("waited {}{behind}{then}", time(entry.waiting_ns)));
    }
    if entry.abandoned {
        notes.push("goes on for nobody".into());
    }
    if let Some(failure) = &entry.failure {
        notes.push(format!("failed: {}", why(failure)));
    }
    notes
}

pub fn markdown(explained: &Explained) -> String {
    let mut out = format!("# {}\n\n", escape(&explained.scenario.name));
    let mut line = title(explained);
    line[..1].make_ascii_uppercase();
    let _ = writeln!(out, "{}. Times are from the request's arrival.", escape(&line));
    for (place, request) in explained.requests.iter().enumerate() {
        let _ = write!(out, "\n## {}\n\n{}\n\n", escape(&heading(place, request)), escape(&summary(request)));
        out.push_str("| begins | lasts | what | notes | held meanwhile |\n|---:|---:|---|---|---|\n");
        for (at, entry) in request.entries.iter().enumerate().skip(1) {
            let indent = "· ".repeat(depth(request, at) - 1);
            let mut said = notes(entry);
            if entry.parallel {
                said.push("beside others".into());
            }
            let held: Vec<&str> = entry.holding.iter().map(|&held| request.held[held].what.as_str()).collect();
            let _ = writeln!(
                out,
                "| {} | {} | {indent}{} | {} | {} |",
                time(entry.begin_ns),
                time(entry.length_ns),
                escape(&entry.name),
                escape(&said.join("; ")),
                escape(&held.join(", "))
            );
        }
    }
    out
}

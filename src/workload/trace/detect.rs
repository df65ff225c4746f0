//! Which format a file has, from its first lines; also which ones we know, but do not read yet.

use std::path::Path;

use serde_json::Value;

use super::TraceError;
use super::combined::Combined;
use super::counts::excerpt;
use super::csv::separator_of;
use super::json;
use super::lines::{Input, Lines};
use super::parser::{Line, Parser};
use super::stamp::{self, Fault};
use crate::scenario::{Columns, Stamp, TraceFormat};

/// Lines looked at: a proxy that restarts writes some dozens of messages first.
const LINES_MAX: usize = 400;

/// Errors: those of opening; a format that is not supported yet; one that is not known.
pub fn detect(file: &Path) -> Result<TraceFormat, TraceError> {
    let mut lines = Lines::open(&Input::File(file.to_path_buf()))?;
    let mut sample: Vec<Vec<u8>> = Vec::new();
    while sample.len() < LINES_MAX {
        match lines.read()? {
            Some((line, _)) if line.trim_ascii().is_empty() => {}
            Some((line, _)) => sample.push(line.to_vec()),
            None => break,
        }
    }
    if let Some((what, lines)) = unsupported(&sample) {
        return Err(TraceError::Unsupported { file: file.to_path_buf(), what, lines });
    }
    let candidates = [
        Some(TraceFormat::HaproxyHttp),
        Some(TraceFormat::HaproxyClf),
        json_columns(&sample).map(TraceFormat::JsonLines),
        Some(TraceFormat::Combined { stamp: combined_stamp(&sample) }),
        csv_columns(&sample).map(TraceFormat::Csv),
    ];
    // The first of those that read most lines: HAProxy's CLF is a "combined" as well.
    let mut best = (0, 0, None);
    for format in candidates.into_iter().flatten() {
        let (requests, others) = score(&format, &sample);
        if (requests, others) > (best.0, best.1) {
            best = (requests, others, Some(format));
        }
    }
    best.2.ok_or_else(|| TraceError::UnknownFormat {
        file: file.to_path_buf(),
        text: sample.first().map(|line| excerpt(line)).unwrap_or_default(),
    })
}

/// Requests, and lines of other kinds.
fn score(format: &TraceFormat, sample: &[Vec<u8>]) -> (usize, usize) {
    let Ok(mut parser) = Parser::new(format, &[]) else { return (0, 0) };
    let mut counts = (0, 0);
    for line in sample {
        match parser.parse(line) {
            Line::Request(_) => counts.0 += 1,
            Line::Other(_) => counts.1 += 1,
            Line::Malformed(_) | Line::OutOfRange(_) | Line::Nothing | Line::NoColumn(_) => {}
        }
    }
    counts
}

type Recognizer = fn(&[u8]) -> bool;

/// Formats that we can name, but not play.
const UNSUPPORTED: [(&str, Recognizer); 4] = [
    ("W3C extended logs (IIS, CloudFront)", |line| {
        [&b"#Fields:"[..], b"#Software:", b"#Version:"].iter().any(|mark| line.starts_with(mark))
    }),
    ("MySQL slow query logs", |line| line.starts_with(b"# User@Host:") || line.starts_with(b"# Query_time:")),
    ("Envoy access logs", |line| {
        let line = line.strip_prefix(b"ACCESS ").unwrap_or(line);
        line.first() == Some(&b'[')
            && line.iter().position(|&b| b == b']').is_some_and(|end| is_calendar(&line[1..end]))
    }),
    ("AWS ELB logs", |line| {
        let mut fields = line.split(|&b| b == b' ');
        let first = fields.next().unwrap_or_default();
        let kinds: [&[u8]; 6] = [b"http", b"https", b"h2", b"grpcs", b"ws", b"wss"];
        let stamp = if kinds.contains(&first) { fields.next().unwrap_or_default() } else { first };
        // Name, client:port, target:port, three times.
        stamp.last() == Some(&b'Z')
            && is_calendar(stamp)
            && fields.nth(1).is_some_and(|client| client.contains(&b':'))
            && fields.nth(1).is_some_and(|time| time.starts_with(b"0.") || time == b"-1")
    }),
];

fn is_calendar(text: &[u8]) -> bool {
    !matches!(stamp::calendar(text), Err(Fault::Unreadable))
}

fn unsupported(sample: &[Vec<u8>]) -> Option<(&'static str, u64)> {
    UNSUPPORTED.iter().find_map(|&(what, recognizes)| {
        let lines = sample.iter().filter(|line| recognizes(line)).count() as u64;
        (lines > 0).then_some((what, lines))
    })
}

/// nginx stamps the end, Apache the arrival: a whole number of microseconds tells Apache. Without any
/// timing it makes no difference.
fn combined_stamp(sample: &[Vec<u8>]) -> Stamp {
    let mut parser = Combined::new(Stamp::Arrival, &["D".to_string()]);
    let micros = sample.iter().any(|line| match parser.parse(line) {
        Line::Request(request) => request.timers[0].is_some(),
        _ => false,
    });
    if micros { Stamp::Arrival } else { Stamp::End }
}

/// Names that log formats in the wild use, compared without case; the better ones first.
const TIME: [&str; 16] = [
    "time",
    "ts",
    "timestamp",
    "@timestamp",
    "msec",
    "time_iso8601",
    "time_local",
    "startutc",
    "start_time",
    "start",
    "arrival_s",
    "arrival",
    "sched_s",
    "epoch_s",
    "datetime",
    "date",
];
const METHOD: [&str; 5] = ["method", "request_method", "requestmethod", "request.method", "http_method"];
const PATH: [&str; 8] = ["uri", "request_uri", "path", "requestpath", "request.uri", "url", "target", "request"];
const STATUS: [&str; 5] = ["status", "status_code", "code", "downstreamstatus", "originstatus"];
const BYTES: [&str; 7] =
    ["bytes", "body_bytes_sent", "bytes_sent", "body_bytes", "size", "downstreamcontentsize", "response_size"];
const CLASS: [&str; 4] = ["class", "kind", "type", "endpoint"];
/// With seconds for each unit.
const DURATION: [(&str, f64); 10] = [
    ("request_time", 1.0),
    ("duration_s", 1.0),
    ("duration_ms", 1e-3),
    ("latency_ms", 1e-3),
    ("lat_ms", 1e-3),
    ("elapsed_ms", 1e-3),
    ("latency_s", 1.0),
    ("response_time", 1.0),
    ("duration", 1.0),
    ("latency", 1.0),
];

/// `names` as written; `None` without a time. Columns whose time is a beginning say so in their name.
fn guess(names: &[String], stamp_is_end: bool) -> Option<Columns> {
    let find = |wanted: &str| names.iter().find(|name| name.eq_ignore_ascii_case(wanted)).cloned();
    let first = |wanted: &[&str]| wanted.iter().find_map(|name| find(name));
    let time = first(&TIME)?;
    let duration = DURATION.iter().find_map(|&(name, unit_s)| Some((find(name)?, unit_s)));
    // Traefik writes nanoseconds under a name of its own.
    let is_traefik = time.eq_ignore_ascii_case("StartUTC");
    let unit_s = duration.as_ref().map_or(1.0, |&(_, unit_s)| if is_traefik { 1e-9 } else { unit_s });
    let lower = time.to_ascii_lowercase();
    let is_beginning = ["start", "arrival", "sched"].iter().any(|word| lower.starts_with(word));
    let (method, path) = (first(&METHOD), first(&PATH));
    let class = if path.is_none() { first(&CLASS) } else { None };
    Some(Columns {
        time,
        time_unit_s: None,
        stamp_is_end: stamp_is_end && !is_beginning,
        duration: duration.map(|(name, _)| name),
        duration_unit_s: unit_s,
        method,
        path,
        status: first(&STATUS),
        bytes: first(&BYTES),
        class,
    })
}

/// From the object that has most of the names; servers that log JSON stamp the end.
fn json_columns(sample: &[Vec<u8>]) -> Option<Columns> {
    let mut best: Option<(usize, Columns)> = None;
    for line in sample {
        let Some(brace) = line.iter().position(|&b| b == b'{') else { continue };
        let Ok(object) = serde_json::from_slice::<Value>(&line[brace..]) else { continue };
        let Some(fields) = object.as_object() else { continue };
        let mut names: Vec<String> = fields.keys().cloned().collect();
        let inner = ["request.method", "request.uri"];
        names.extend(inner.iter().filter(|name| json::field(&object, name).is_some()).map(|name| name.to_string()));
        // An object is no path.
        names.retain(|name| json::field(&object, name).is_some_and(|value| !value.is_object()));
        let Some(columns) = guess(&names, true) else { continue };
        let found = [&columns.method, &columns.path, &columns.status, &columns.duration];
        let found = found.iter().filter(|column| column.is_some()).count();
        if best.as_ref().is_none_or(|(most, _)| found > *most) {
            best = Some((found, columns));
        }
    }
    best.map(|(_, columns)| columns)
}

/// From the header; tables of arrivals stamp the arrival.
fn csv_columns(sample: &[Vec<u8>]) -> Option<Columns> {
    let header = sample.first()?;
    let separator = separator_of(header);
    let names: Vec<String> = header
        .split(|&b| b == separator)
        .map(|name| String::from_utf8_lossy(name).trim().trim_matches('"').to_string())
        .collect();
    guess(&names, false)
}

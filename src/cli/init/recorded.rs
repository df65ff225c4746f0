//! What a log says that a scenario can be made from.

use std::path::Path;

use regex::Regex;

use super::replay::Writer;
use crate::cli::failure::Failure;
use crate::cli::real::format_named;
use crate::scenario::{Columns, TraceFormat};
use crate::workload::trace::{TraceSummary, scan, summary};

/// Request classes that are made; what is rarer is `other`.
const CLASSES_MAX: usize = 8;
/// Share of the requests from which on something is a class of its own.
const SHARE_MIN: f64 = 0.01;

/// What one class's lines say.
pub struct Class {
    pub name: String,
    /// As the summary shows it: method and first part of the path.
    pub what: String,
    /// `None`: what no rule takes.
    pub rule: Option<Regex>,
    pub requests: u64,
    pub bytes: f64,
    pub sized: u64,
    pub timer_s: f64,
    pub timed: u64,
}

/// The log's stem, as the name of a scenario.
pub fn name_of(log: &Path) -> String {
    let name = log.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or_default();
    let plain = plain_name(stem);
    if plain.is_empty() { "recorded".to_string() } else { plain }
}

/// `file`: where it will stand; the log is named relative to that folder.
pub fn scenario(log: &Path, format: Option<&str>, file: Option<&Path>) -> Result<String, Failure> {
    if std::fs::metadata(log).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        return Err(Failure::input(format!(
            "{}: is no file that can be read twice; write the log to a file first",
            log.display()
        )));
    }
    let format = format.map(|name| format_named(name, log)).transpose()?;
    let found = summary(log, format).map_err(Failure::input)?;
    if found.counts.requests == 0 {
        return Err(Failure::input(format!(
            "{}: there are no requests in it; see `foobar-sim trace {}`",
            log.display(),
            log.display()
        )));
    }
    let timer = timer_of(&found);
    let classes = classes(log, &found, timer.as_ref())?;
    let shown = named_from(log, file)?;
    Ok(Writer { found: &found, timer, classes: &classes, log: &shown }.write(&name_of(log)))
}

/// The log's name as the scenario has it.
fn named_from(log: &Path, file: Option<&Path>) -> Result<String, Failure> {
    let folder = file.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    let path = match folder {
        Some(_) if log.is_relative() => std::path::absolute(log).unwrap_or_else(|_| log.to_path_buf()),
        _ => log.to_path_buf(),
    };
    path.to_str().map(str::to_string).ok_or_else(|| {
        Failure::input(format!("{}: a scenario cannot name this file, since it is not UTF-8; rename it", log.display()))
    })
}

/// A timer that says how long whoever is behind took.
pub struct Timer {
    pub column: String,
    /// As a scenario names it.
    pub unit: &'static str,
    pub seconds: f64,
    pub mean_s: f64,
}

fn timer_of(found: &TraceSummary) -> Option<Timer> {
    let wanted: &[&str] = match &found.format {
        TraceFormat::HaproxyHttp | TraceFormat::HaproxyClf => &["Tr"],
        TraceFormat::Combined { .. } => &["upstream_response_time", "request_time"],
        TraceFormat::JsonLines(Columns { duration, .. }) | TraceFormat::Csv(Columns { duration, .. }) => {
            &[duration.as_deref()?]
        }
    };
    let of_name = |name: &&str| found.timers.iter().find(|timer| timer.name == *name && timer.spread_s.is_some());
    let timer = wanted.iter().find_map(of_name)?;
    let (unit, seconds) = match &found.format {
        TraceFormat::HaproxyHttp | TraceFormat::HaproxyClf => ("ms", 1e-3),
        TraceFormat::Combined { .. } => ("s", 1.0),
        TraceFormat::JsonLines(columns) | TraceFormat::Csv(columns) => {
            (unit_of(columns.duration_unit_s)?, columns.duration_unit_s)
        }
    };
    Some(Timer { column: timer.name.clone(), unit, seconds, mean_s: timer.spread_s?.mean })
}

pub fn unit_of(seconds: f64) -> Option<&'static str> {
    [("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)]
        .into_iter()
        .find(|(_, unit_s)| *unit_s == seconds)
        .map(|(unit, _)| unit)
}

/// The most frequent beginnings, and what the lines of each say.
fn classes(log: &Path, found: &TraceSummary, timer: Option<&Timer>) -> Result<Vec<Class>, Failure> {
    let all = found.counts.requests as f64;
    let mut classes: Vec<Class> = Vec::new();
    for (what, requests) in &found.mix {
        let odd = what.starts_with('<') || what.chars().any(|letter| letter.is_control() || letter == '\u{fffd}');
        if odd || what.is_empty() || classes.len() == CLASSES_MAX || (*requests as f64) < SHARE_MIN * all {
            continue;
        }
        let rule = Regex::new(&format!("^{}(?:[/?; ]|$)", regex::escape(what)));
        let Ok(rule) = rule else { continue };
        classes.push(Class::new(name_for(what, &classes), what.clone(), Some(rule)));
    }
    classes.push(Class::new(name_for("other", &classes), "all others".to_string(), None));
    let columns: Vec<String> = timer.iter().map(|timer| timer.column.clone()).collect();
    scan::scan(log, &found.format, &columns, |_, request| {
        let text = String::from_utf8_lossy(request.text);
        let of_rule = |class: &&mut Class| class.rule.as_ref().is_none_or(|rule| rule.is_match(&text));
        let class = classes.iter_mut().find(of_rule).expect("the last one has no rule");
        class.requests += 1;
        if let Some(bytes) = request.bytes {
            class.bytes += bytes;
            class.sized += 1;
        }
        if let (Some(timer), Some(value)) = (timer, request.timers[0]) {
            class.timer_s += value * timer.seconds;
            class.timed += 1;
        }
        Ok(())
    })
    .map_err(Failure::input)?;
    classes.retain(|class| class.requests > 0);
    Ok(classes)
}

impl Class {
    fn new(name: String, what: String, rule: Option<Regex>) -> Class {
        Class { name, what, rule, requests: 0, bytes: 0.0, sized: 0, timer_s: 0.0, timed: 0 }
    }
}

/// `GET /img` is `get-img`; a name that is taken gets a number.
fn name_for(what: &str, taken: &[Class]) -> String {
    let plain = plain_name(what);
    let plain = match what.ends_with('/') {
        true => format!("{plain}-root"),
        false if plain.is_empty() => "class".to_string(),
        false => plain,
    };
    let plain = plain.trim_start_matches('-').to_string();
    let is_free = |name: &str| taken.iter().all(|class| class.name != name);
    match is_free(&plain) {
        true => plain,
        false => (2..).map(|n| format!("{plain}-{n}")).find(|name| is_free(name)).expect("numbers do not end"),
    }
}

/// Small letters, digits and single hyphens.
fn plain_name(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars().take(60) {
        if letter.is_ascii_alphanumeric() {
            name.push(letter.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_end_matches('-').to_string()
}

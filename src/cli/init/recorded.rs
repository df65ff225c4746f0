//! A scenario that plays a log again. What the log says is taken from it, and what it does not say is marked.

use std::path::Path;

use regex::Regex;

use super::FILL_IN;
use crate::cli::failure::{Failure, visible};
use crate::cli::real::format_named;
use crate::report::figure::counted;
use crate::scenario::{Columns, Stamp, TraceFormat, quoted};
use crate::workload::trace::{SORT_BUFFER_DEFAULT, TraceSummary, scan, summary};

/// Request classes that are made; what is rarer is `other`.
const CLASSES_MAX: usize = 8;
/// Share of the requests from which on something is a class of its own.
const SHARE_MIN: f64 = 0.01;
/// More broken lines than the reader takes without being told.
const MALFORMED_MAX: f64 = 0.01;

/// What one class's lines say.
struct Class {
    name: String,
    /// As the summary shows it: method and first part of the path.
    what: String,
    /// `None`: what no rule takes.
    rule: Option<Regex>,
    requests: u64,
    bytes: f64,
    sized: u64,
    timer_s: f64,
    timed: u64,
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
struct Timer {
    column: String,
    /// As a scenario names it.
    unit: &'static str,
    seconds: f64,
    /// Whose place in the summary's list it is.
    mean_s: f64,
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

fn unit_of(seconds: f64) -> Option<&'static str> {
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

struct Writer<'a> {
    found: &'a TraceSummary,
    timer: Option<Timer>,
    classes: &'a [Class],
    log: &'a str,
}

impl Writer<'_> {
    fn write(&self, name: &str) -> String {
        [self.head(name), self.servers(), self.services(), self.requests(), self.traffic()].concat()
    }

    fn head(&self, name: &str) -> String {
        let counts = &self.found.counts;
        let rate = match self.found.rate_mean_per_s {
            Some(rate) => {
                format!("{} requests/s in the mean, {} in the busiest second", digits(rate), self.found.rate_peak_per_s)
            }
            None => "all at one moment".to_string(),
        };
        format!(
            "# {}, to be played again: what would other servers have made of it?\n\
             # Arrivals, classes{} are as recorded. Lines marked {FILL_IN} are not in the log: what stands there\n\
             # is a place to start from, and the results are worth no more than it is.\n\
             #\n\
             # In the log: {} in {} s; {rate}.\n\
             # `foobar-sim trace` says more of it, `foobar-sim explain KEY` what a key means.\n\n\
             name = {}\n\n\
             [network]\n\
             client_rtt = \"0 ms\"                 # {FILL_IN}: round trip between your clients and the first server\n\n",
            comment(self.log),
            if self.sized() { " and sizes" } else { "" },
            counted(counts.requests, "request"),
            digits(self.found.span_s),
            quoted(name),
        )
    }

    fn sized(&self) -> bool {
        self.found.sizes.is_some()
    }

    fn front(&self) -> Option<(&'static str, &'static str, &'static str)> {
        match self.found.format {
            TraceFormat::HaproxyHttp | TraceFormat::HaproxyClf => Some(("lb", "lb1", "haproxy")),
            TraceFormat::Combined { stamp: Stamp::End } => Some(("web", "web1", "nginx")),
            TraceFormat::Combined { stamp: Stamp::Arrival } | TraceFormat::JsonLines(_) | TraceFormat::Csv(_) => None,
        }
    }

    fn servers(&self) -> String {
        let front = self.front().map(|(_, server, _)| server);
        let each = front.into_iter().chain(["app1"]).map(|server| {
            format!("[server.{server}]\ncpu = {{ cores = 4 }}                   # {FILL_IN}\nnic = \"1 Gbit/s\"                    # {FILL_IN}\n\n")
        });
        each.collect()
    }

    fn services(&self) -> String {
        let front = match self.front() {
            Some((service, server, kind @ "haproxy")) => format!(
                "[service.{service}]\nkind    = \"{kind}\"\nservers = [\"{server}\"]\nbackend = \"app\"\n\
                 # tls = {{ key = \"ecdsa-p256\" }}      # take the # away if clients come over TLS\n\n"
            ),
            Some((service, server, kind)) => format!(
                "[service.{service}]\nkind    = \"{kind}\"\nservers = [\"{server}\"]\nupstream = {{ service = \"app\" }}\n\n"
            ),
            None => String::new(),
        };
        format!(
            "{front}[service.app]                       # whatever stands behind, as one service\nkind    = \"app\"\n\
             servers = [\"app1\"]\nworkers = {:<27} # {FILL_IN}: requests that it works on at a time\n\n",
            self.workers()
        )
    }

    /// Room for four times what was there in the mean.
    fn workers(&self) -> u64 {
        (4.0 * self.in_flight()).ceil().clamp(16.0, 10_000.0) as u64
    }

    /// Mean number with whoever the timer is of, by Little's law.
    fn in_flight(&self) -> f64 {
        let timed: u64 = self.classes.iter().map(|class| class.timed).sum();
        let share = timed as f64 / self.found.counts.requests as f64;
        match (&self.timer, self.found.rate_mean_per_s) {
            (Some(timer), Some(rate)) => rate * share * timer.mean_s,
            _ => 0.0,
        }
    }

    fn requests(&self) -> String {
        let mut out = String::new();
        for class in self.classes {
            let share = 100.0 * class.requests as f64 / self.found.counts.requests as f64;
            out.push_str(&format!(
                "[request.{}]\n# {}: {}, {}%",
                class.name,
                comment(&class.what),
                counted(class.requests, "request"),
                digits(share)
            ));
            if class.sized > 0 {
                out.push_str(&format!("; answers of {} bytes in the mean", digits(class.bytes / class.sized as f64)));
            }
            out.push('\n');
            out.push_str(&self.work(class));
            out.push('\n');
        }
        out
    }

    fn work(&self, class: &Class) -> String {
        let by_itself =
            format!("app.cpu = \"10 ms\"                   # {FILL_IN}: the log says nothing of its work\n");
        let Some(timer) = &self.timer else { return by_itself };
        if class.timed > 0 {
            return format!(
                "# {} of {} ms in the mean, in {} of them\n\
                 app.wait = {:<26} # {FILL_IN}: how much of it is CPU the log does not say; that is app.cpu\n",
                timer.column,
                digits(1e3 * class.timer_s / class.timed as f64),
                counted(class.timed, "request").trim_end_matches(" requests").trim_end_matches(" request"),
                quoted(&format!("trace({})", timer.column)),
            );
        }
        match self.front() {
            Some((service, _, "nginx")) => format!(
                "{service}.cpu = \"0.2 ms\"                 # {FILL_IN}: nobody behind nginx was asked; a file is {service}.file = \"30 KiB\"\n"
            ),
            _ => by_itself,
        }
    }

    fn traffic(&self) -> String {
        let mut out = String::from("[traffic.recorded]\nprocess = \"trace\"\n");
        out.push_str(&format!("file    = {:<26} # relative to this file\n", quoted(self.log)));
        out.push_str(&format!("format  = \"{}\"\n", format_word(&self.found.format)));
        if let TraceFormat::JsonLines(columns) | TraceFormat::Csv(columns) = &self.found.format {
            out.push_str(&columns_text(columns));
        }
        let rules: Vec<String> = self
            .classes
            .iter()
            .filter_map(|class| {
                let rule = class.rule.as_ref()?;
                Some(format!("    {{ match = {}, class = \"{}\" }},\n", pattern_text(rule), class.name))
            })
            .collect();
        if !rules.is_empty() {
            out.push_str(&format!(
                "rules = [                           # the first that matches counts\n{}]\n",
                rules.concat()
            ));
        }
        if let Some(other) = self.classes.iter().find(|class| class.rule.is_none()) {
            out.push_str(&format!("otherwise = \"{}\"\n", other.name));
        }
        if self.sized() {
            out.push_str("sizes   = true                      # measured: bytes of each answer as recorded\n");
        }
        if let Some(timer) = &self.timer {
            out.push_str(&self.work_text(timer));
        }
        let counts = &self.found.counts;
        let malformed = counts.malformed as f64 / counts.lines.max(1) as f64;
        if malformed > MALFORMED_MAX {
            let allowed = (1e3 * malformed).ceil() / 1e3;
            out.push_str(&format!(
                "max_malformed = {allowed:<19} # so many lines cannot be read; `foobar-sim trace` shows some\n"
            ));
        }
        if self.found.displacement_max >= SORT_BUFFER_DEFAULT as u64 {
            out.push_str(&format!(
                "sort_buffer = {:<21} # lines by which it is out of order of arrival\n",
                self.found.displacement_max + 1
            ));
        }
        out
    }

    fn work_text(&self, timer: &Timer) -> String {
        format!(
            "# {FILL_IN}: {} contains waiting. Say behind how many workers it was recorded, and that is taken out; with more\n\
             # than there were, waiting is taken for work. {} were there at a time in the mean.\n\
             work = [{{ column = {}, unit = \"{}\", recorded_workers = {} }}]\n",
            timer.column,
            digits(self.in_flight()),
            quoted(&timer.column),
            timer.unit,
            self.workers(),
        )
    }
}

fn format_word(format: &TraceFormat) -> &'static str {
    match format {
        TraceFormat::HaproxyHttp => "haproxy",
        TraceFormat::HaproxyClf => "haproxy-clf",
        TraceFormat::Combined { stamp: Stamp::End } => "nginx",
        TraceFormat::Combined { stamp: Stamp::Arrival } => "apache",
        TraceFormat::JsonLines(_) => "json",
        TraceFormat::Csv(_) => "csv",
    }
}

fn columns_text(columns: &Columns) -> String {
    let Columns { time, time_unit_s, stamp_is_end, duration, duration_unit_s, method, path, status, bytes, class } =
        columns;
    let mut keys = vec![format!("time = {}", quoted(time))];
    if let Some(unit) = time_unit_s.and_then(unit_of) {
        keys.push(format!("time_unit = \"{unit}\""));
    }
    keys.push(format!("stamp = \"{}\"", if *stamp_is_end { "end" } else { "arrival" }));
    if let Some(duration) = duration {
        keys.push(format!("duration = {}", quoted(duration)));
        keys.extend(unit_of(*duration_unit_s).map(|unit| format!("duration_unit = \"{unit}\"")));
    }
    for (key, column) in [("method", method), ("path", path), ("status", status), ("bytes", bytes), ("class", class)] {
        keys.extend(column.as_ref().map(|column| format!("{key} = {}", quoted(column))));
    }
    format!("columns = {{ {} }}           # as guessed from the file\n", keys.join(", "))
}

/// Without escapes where TOML lets it stand so.
fn pattern_text(rule: &Regex) -> String {
    let text = rule.as_str();
    if text.contains('\'') { quoted(text) } else { format!("'{text}'") }
}

/// Names of files and paths, in a comment.
fn comment(text: &str) -> String {
    visible(text).replace('\n', " ")
}

/// Three significant digits, more before the point.
fn digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_string();
    }
    let decimals = (2 - value.abs().log10().floor() as i32).clamp(0, 9) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

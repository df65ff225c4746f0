//! The text of a scenario that plays a log again. What the log says is taken from it; what it does not say is marked.

use std::path::Path;

use regex::Regex;

use super::FILL_IN;
use super::recorded::{Class, Timer, unit_of};
use crate::cli::failure::visible;
use crate::report::figure::counted;
use crate::scenario::{Columns, Stamp, TraceFormat, quoted};
use crate::workload::trace::{SORT_BUFFER_DEFAULT, TraceSummary};

/// More broken lines than the reader takes without being told.
const MALFORMED_MAX: f64 = 0.01;

pub struct Writer<'a> {
    pub found: &'a TraceSummary,
    pub timer: Option<Timer>,
    pub classes: &'a [Class],
    /// As the scenario names it.
    pub log: &'a str,
}

impl Writer<'_> {
    pub fn write(&self, name: &str) -> String {
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
             [network]\n{}\n",
            comment(self.log),
            if self.sized() { " and sizes" } else { "" },
            counted(counts.requests, "request"),
            digits(self.found.span_s),
            quoted(name),
            noted("client_rtt = \"0 ms\"", &format!("{FILL_IN}: round trip between your clients and the first server")),
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
            let keys = ["cpu = { cores = 4 }", "nic = \"1 Gbit/s\""].map(|key| noted(key, FILL_IN)).concat();
            format!("[server.{server}]\n{keys}\n")
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
        let workers = format!("workers = {}", self.workers());
        format!(
            "{front}{}kind    = \"app\"\nservers = [\"app1\"]\n{}\n",
            noted("[service.app]", "whatever stands behind, as one service"),
            noted(&workers, &format!("{FILL_IN}: requests that it works on at a time")),
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
        let by_itself = noted("app.cpu = \"10 ms\"", &format!("{FILL_IN}: the log says nothing of its work"));
        let Some(timer) = &self.timer else { return by_itself };
        if class.timed > 0 {
            let work = format!("app.wait = {}", quoted(&format!("trace({})", timer.column)));
            return format!(
                "# {}: {} ms in the mean, said of {}\n{}",
                comment(&timer.column),
                digits(1e3 * class.timer_s / class.timed as f64),
                counted(class.timed, "request"),
                noted(&work, &format!("{FILL_IN}: what of it is CPU the log does not say; that is app.cpu")),
            );
        }
        match self.front() {
            Some((service, _, "nginx")) => noted(
                &format!("{service}.cpu = \"0.2 ms\""),
                &format!("{FILL_IN}: nobody behind nginx was asked; a file is {service}.file = \"30 KiB\""),
            ),
            _ => by_itself,
        }
    }

    fn traffic(&self) -> String {
        let mut out = String::from("[traffic.recorded]\nprocess = \"trace\"\n");
        let file = format!("file    = {}", quoted(self.log));
        out.push_str(&match Path::new(self.log).is_absolute() {
            true => format!("{file}\n"),
            false => noted(&file, "relative to this file"),
        });
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
            out.push_str(&format!("{}{}]\n", noted("rules = [", "the first that matches counts"), rules.concat()));
        }
        if let Some(other) = self.classes.iter().find(|class| class.rule.is_none()) {
            out.push_str(&format!("otherwise = \"{}\"\n", other.name));
        }
        if self.sized() {
            out.push_str(&noted("sizes   = true", "measured: bytes of each answer as recorded"));
        }
        if let Some(timer) = &self.timer {
            out.push_str(&self.work_text(timer));
        }
        let counts = &self.found.counts;
        let malformed = counts.malformed as f64 / counts.lines.max(1) as f64;
        if malformed > MALFORMED_MAX {
            let allowed = (1e3 * malformed).ceil() / 1e3;
            let key = format!("max_malformed = {allowed}");
            out.push_str(&noted(&key, "so many lines cannot be read; `foobar-sim trace` shows some"));
        }
        if self.found.displacement_max >= SORT_BUFFER_DEFAULT as u64 {
            let key = format!("sort_buffer = {}", self.found.displacement_max + 1);
            out.push_str(&noted(&key, "lines by which it is out of order of arrival"));
        }
        out
    }

    fn work_text(&self, timer: &Timer) -> String {
        format!(
            "# {FILL_IN}: {} contains waiting.\n\
             # Say behind how many workers it was recorded, and that is taken out; with more than there were, waiting is\n\
             # taken for work. In the mean {} requests were there at a time.\n\
             work = [{{ column = {}, unit = \"{}\", recorded_workers = {} }}]\n",
            comment(&timer.column),
            digits(self.in_flight()),
            quoted(&timer.column),
            timer.unit,
            self.workers(),
        )
    }
}

/// A key with a note behind it, in one column.
fn noted(key: &str, note: &str) -> String {
    format!("{key:<35} # {note}\n")
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
    format!("# guessed from the file:\ncolumns = {{ {} }}\n", keys.join(", "))
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

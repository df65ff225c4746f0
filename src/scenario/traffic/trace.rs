//! `process = "trace"`: recorded traffic, and how its lines become requests.

use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::merge::explain;
use crate::scenario::model::{Columns, RecordedWork, Stamp, TraceFormat, TraceRule, TraceSource, WORK_COLUMNS};
use crate::scenario::names::Names;
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Flaw, Parsed, Reader, Section};
use crate::scenario::tree::{Node, SourceFiles, Value};
use crate::scenario::values::{boolean, choice, number, positive_number, quantity, text, whole};

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Haproxy,
    HaproxyClf,
    Nginx,
    Apache,
    Json,
    Csv,
}

const FORMATS: &[(&str, Format)] = &[
    ("haproxy", Format::Haproxy),
    ("haproxy-clf", Format::HaproxyClf),
    ("nginx", Format::Nginx),
    ("apache", Format::Apache),
    ("json", Format::Json),
    ("csv", Format::Csv),
];

const UNITS: &[(&str, f64)] = &[("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)];

/// Timers that contain waiting, whatever the format that carries them.
const TIMERS: &[&str] = &[
    "TR",
    "Tq",
    "Tw",
    "Tc",
    "Tr",
    "Ta",
    "Tt",
    "Td",
    "request_time",
    "upstream_response_time",
    "upstream_header_time",
    "rt",
    "urt",
    "uht",
    "D",
    "%D",
];

pub fn read(reader: &mut Reader, section: &mut Section<'_>, names: &Names) -> TraceSource {
    if !section.has("file") {
        section.missing(reader, "file", "name the log, relative to this scenario: file = \"access.log\"");
    }
    let file = section.optional(reader, "file", existing_file).unwrap_or_default();
    let word = section.required(reader, "format", choice(FORMATS), "\"haproxy\"");
    let format = match word {
        Format::Haproxy => TraceFormat::HaproxyHttp,
        Format::HaproxyClf => TraceFormat::HaproxyClf,
        Format::Nginx => TraceFormat::Combined { stamp: Stamp::End },
        Format::Apache => TraceFormat::Combined { stamp: Stamp::Arrival },
        Format::Json => TraceFormat::JsonLines(read_columns(reader, section)),
        Format::Csv => TraceFormat::Csv(read_columns(reader, section)),
    };
    if !matches!(word, Format::Json | Format::Csv)
        && let Some(entry) = section.take_named("columns")
    {
        reader.error(
            Diagnostic::at(
                entry.key_place.clone(),
                format!("{}: this format has its fields in fixed places", section.key("columns")),
            )
            .label("would have no effect")
            .help("remove it, or write format = \"json\" or \"csv\""),
        );
    }
    let rules = read_rules(reader, section, names);
    let otherwise = section.optional(reader, "otherwise", |_, node| names.class(node));
    if rules.is_empty() && otherwise.is_none() && !section.has("rules") && !section.has("otherwise") {
        section.missing(reader, "rules", "say which lines are which class: rules = [{ match = \"^GET /img\", class = \"image\" }], or otherwise = \"class\" for all");
    }
    let speed = section.or_default(reader, "speed", positive_number(1e6), "1.0", "as recorded");
    let repeat = section.or_default(reader, "repeat", whole(1, 1_000_000), "1", "once");
    let window_s = section.optional(reader, "window", window);
    let malformed = "our choice: more than one broken line in a hundred is a wrong format";
    let max_malformed = section.or_default(reader, "max_malformed", number(0.0, 1.0), "0.01", malformed);
    let buffer = "our choice: logs are in order of completion; this many lines are held to sort them by arrival";
    let sort_buffer = section.or_default(reader, "sort_buffer", whole(1, 100_000_000), "100000", buffer) as usize;
    let work = read_work(reader, section, word);
    let sizes = section.or_default(reader, "sizes", boolean, "false", "sizes are drawn from the request classes");
    TraceSource { file, format, rules, otherwise, speed, repeat, window_s, max_malformed, sort_buffer, work, sizes }
}

fn existing_file(files: &SourceFiles, node: &Node) -> Parsed<std::path::PathBuf> {
    let path = files.resolve(&node.place, &text(files, node)?);
    match std::fs::metadata(&path) {
        Ok(data) if data.is_dir() => {
            Err(Flaw::new(format!("{} is a directory", path.display()), "not a file").help("name the log file in it"))
        }
        Ok(data) if data.len() == 0 => Err(Flaw::new(format!("{} is empty", path.display()), "nothing recorded")
            .help("name a log with requests in it")),
        Ok(_) => Ok(path),
        Err(error) => {
            let (what, help) = explain(&path, &error);
            Err(Flaw::new(what, "relative to the scenario").help(help))
        }
    }
}

fn read_columns(reader: &mut Reader, section: &mut Section<'_>) -> Columns {
    if !section.has("columns") {
        section.take("columns");
        section.missing(reader, "columns", "say which field holds what: columns = { time = \"ts\", path = \"uri\" }");
        return Columns::default();
    }
    section.within(reader, "columns", |reader, columns| Columns {
        time: columns.required(reader, "time", text, "\"time\""),
        time_unit_s: columns.optional(reader, "time_unit", choice(UNITS)),
        stamp_is_end: columns.or_default(
            reader,
            "stamp",
            choice(&[("arrival", false), ("end", true)]),
            "\"arrival\"",
            "our choice; access logs of nginx stamp the end",
        ),
        duration: columns.optional(reader, "duration", text),
        duration_unit_s: columns.or_default(
            reader,
            "duration_unit",
            choice(UNITS),
            "\"s\"",
            "as nginx writes request_time",
        ),
        method: columns.optional(reader, "method", text),
        path: columns.optional(reader, "path", text),
        status: columns.optional(reader, "status", text),
        bytes: columns.optional(reader, "bytes", text),
        class: columns.optional(reader, "class", text),
    })
}

fn read_rules(reader: &mut Reader, section: &mut Section<'_>, names: &Names) -> Vec<TraceRule> {
    let example = "[{ match = \"^GET /img\", class = \"image\" }]";
    let rules = section.elements(reader, "rules", example, |reader, rule| {
        let pattern = rule.required(reader, "match", pattern, "\"^GET /\"");
        match rule.take("class") {
            Some(entry) => {
                rule.assume_given(reader, "class", &entry.node);
                match names.class(&entry.node) {
                    Ok(class) => return Some(TraceRule { pattern, class }),
                    Err(flaw) => reader.flaw(&rule.key("class"), &entry.node, flaw),
                }
            }
            None => rule.missing(reader, "class", &format!("write rules = {example}")),
        }
        None
    });
    rules.unwrap_or_default().into_iter().flatten().collect()
}

fn pattern(files: &SourceFiles, node: &Node) -> Parsed<regex::Regex> {
    let text = text(files, node)?;
    regex::Regex::new(&text).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or("").trim_start_matches("error: ").to_string();
        Flaw::new(format!("is not a regular expression: {reason}"), "cannot be matched")
            .help("see the syntax of the regex crate: ^ begins, .* is anything, \\\\. is a dot")
    })
}

/// `window = ["10 s", "5 min"]`
fn window(files: &SourceFiles, node: &Node) -> Parsed<(f64, f64)> {
    let help = "write window = [\"10 s\", \"5 min\"]: from and to, from the first arrival";
    let Value::Array(ends) = &node.value else {
        return Err(
            Flaw::new(format!("expected two times, found {}", node.value.type_name()), "not a window").help(help)
        );
    };
    let [from, to] = &ends[..] else {
        return Err(Flaw::new(format!("expected two times, found {}", ends.len()), "not a window").help(help));
    };
    let read =
        |end: &Node| quantity(Dimension::Time)(files, end).map_err(|flaw| Flaw { within: None, ..flaw }.or_help(help));
    let (from, to) = (read(from)?, read(to)?);
    if from >= to {
        return Err(Flaw::new("the window ends before it begins", "nothing in it").help(help));
    }
    Ok((from, to))
}

fn read_work(reader: &mut Reader, section: &mut Section<'_>, format: Format) -> Vec<RecordedWork> {
    let fields: &[&str] = match format {
        Format::Haproxy => &["TR", "Tq", "Tw", "Tc", "Tr", "Ta", "Tt"],
        Format::HaproxyClf => &["TR", "Tq", "Tw", "Tc", "Tr", "Ta", "Tt"],
        // Any `name=value` behind the line can be asked for.
        Format::Nginx | Format::Apache | Format::Json | Format::Csv => &[],
    };
    let default_unit = match format {
        Format::Haproxy | Format::HaproxyClf => {
            Some(("ms", "HAProxy configuration manual: timers are in milliseconds"))
        }
        Format::Nginx => Some(("s", "nginx documentation: seconds with a resolution of milliseconds")),
        Format::Apache => Some(("us", "Apache documentation, %D: microseconds")),
        Format::Json | Format::Csv => None,
    };
    let example = "[{ column = \"serv_ms\", unit = \"ms\" }]";
    let work = section.elements(reader, "work", example, |reader, one| {
        let column = one.required(reader, "column", |files, node| {
            let column = text(files, node)?;
            if fields.is_empty() || fields.contains(&column.as_str()) {
                return Ok(column);
            }
            Err(Flaw::new(format!("this format has no timer `{column}`"), "unknown timer").help(format!("its timers are {}", fields.join(", "))))
        }, fields.first().map_or("\"serv_ms\"", |_| match format {
            Format::Haproxy | Format::HaproxyClf => "\"Tr\"",
            Format::Apache => "\"D\"",
            _ => "\"upstream_response_time\"",
        }));
        let unit_s = match default_unit {
            Some((unit, source)) => one.or_default(reader, "unit", choice(UNITS), &format!("\"{unit}\""), source),
            None => one.required(reader, "unit", choice(UNITS), "\"ms\""),
        };
        let recorded_workers = one.optional(reader, "recorded_workers", whole(1, 1_000_000));
        if recorded_workers.is_none() && !one.has("recorded_workers") && TIMERS.contains(&column.as_str()) {
            let place = one.get("column").map_or(one.place.clone(), |entry| entry.node.place.clone());
            reader.error(
                Diagnostic::at(place, format!("{}: `{column}` is not a service time: it contains waiting", one.path))
                    .label("recorded with its queueing")
                    .help("say behind how many workers it was recorded, so that the waiting can be taken out: recorded_workers = 4"),
            );
        }
        RecordedWork { column, unit_s, recorded_workers }
    });
    let work = work.unwrap_or_default();
    if work.len() > WORK_COLUMNS
        && let Some(entry) = section.get("work")
    {
        let flaw = Flaw::new(
            format!("a trace supplies at most {WORK_COLUMNS} columns of work, found {}", work.len()),
            "too many",
        );
        reader.flaw(&section.key("work"), &entry.node, flaw.help("leave out those that no request class takes"));
    }
    work
}

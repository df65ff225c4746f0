//! A rate that may change in time: `rate`, or `profile`, with waves and spikes.

use std::path::Path;

use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::merge::explain;
use crate::scenario::model::{RateProfile, Spike, Wave};
use crate::scenario::quantity::{self, Dimension};
use crate::scenario::reader::{Flaw, Parsed, Reader, Section};
use crate::scenario::tree::{Node, SourceFiles, Value};
use crate::scenario::values::{choice, number, positive, quantity};

const EXAMPLE: &str = "[[\"0 s\", \"100/s\"], [\"10 min\", \"600/s\"]]";

pub fn read(reader: &mut Reader, section: &mut Section<'_>) -> RateProfile {
    section.conflict(reader, "rate", "profile");
    let mut profile = if section.has("profile") {
        section.take("rate");
        let points = section.required(reader, "profile", points, EXAMPLE);
        let shapes = choice(&[("linear", true), ("step", false)]);
        let linear = section.or_default(reader, "shape", shapes, "\"linear\"", "our choice: a ramp between the points");
        let period_s = section.optional(reader, "period", positive(Dimension::Time));
        let last = points.last().map_or(0.0, |point| point.0);
        if let Some(period) = period_s
            && period <= last
            && let Some(entry) = section.get("period")
        {
            let flaw = Flaw::new(format!("the points reach to {last} s, beyond the period"), "too short");
            reader.flaw(&section.key("period"), &entry.node, flaw.help("write a period beyond the last point"));
        }
        RateProfile { points, linear, period_s, wave: None, spikes: Vec::new() }
    } else {
        for key in ["shape", "period"] {
            if let Some(entry) = section.take_named(key) {
                reader.error(
                    Diagnostic::at(entry.key_place.clone(), format!("{}: belongs to a `profile`", section.key(key)))
                        .label("would have no effect")
                        .help(format!("remove it, or write profile = {EXAMPLE} in place of `rate`")),
                );
            }
        }
        section.take("profile");
        RateProfile::steady(section.required(reader, "rate", positive(Dimension::Rate), "\"600/s\""))
    };
    profile.wave = section.within_if(reader, "wave", |reader, wave| Wave {
        amplitude: wave.required(reader, "amplitude", number(0.0, 1.0), "0.3"),
        period_s: wave.required(reader, "period", positive(Dimension::Time), "\"24 h\""),
    });
    let example = "[{ at = \"5 min\", lasts = \"30 s\", factor = 3.0 }]";
    let spikes = section.elements(reader, "spikes", example, |reader, spike| Spike {
        at_s: spike.required(reader, "at", quantity(Dimension::Time), "\"5 min\""),
        lasts_s: spike.required(reader, "lasts", positive(Dimension::Time), "\"30 s\""),
        factor: spike.required(reader, "factor", number(0.0, 1e6), "3.0"),
    });
    profile.spikes = spikes.unwrap_or_default();
    profile
}

fn points(files: &SourceFiles, node: &Node) -> Parsed<Vec<(f64, f64)>> {
    let help = || format!("write profile = {EXAMPLE}, or the name of a CSV file");
    let points = match &node.value {
        Value::String(file) => from_file(&files.resolve(&node.place, file))?,
        Value::Array(items) => items.iter().map(|item| point(files, item)).collect::<Parsed<Vec<_>>>()?,
        other => {
            return Err(Flaw::new(format!("expected points or a file, found {}", other.type_name()), "not a profile")
                .help(help()));
        }
    };
    let Some(first) = points.first() else {
        return Err(Flaw::new("has no points", "empty").help(help()));
    };
    if first.0 != 0.0 {
        return Err(Flaw::new(format!("begins at {} s", first.0), "does not begin at 0")
            .help("let the first point be at \"0 s\""));
    }
    if let Some(pair) = points.windows(2).find(|pair| pair[1].0 <= pair[0].0) {
        return Err(Flaw::new(format!("{} s comes after {} s", pair[1].0, pair[0].0), "times do not grow")
            .help("put the points in order, each time once"));
    }
    if points.iter().all(|point| point.1 == 0.0) {
        return Err(Flaw::new("all rates are zero", "no request would arrive").help(help()));
    }
    Ok(points)
}

fn point(files: &SourceFiles, node: &Node) -> Parsed<(f64, f64)> {
    match &node.value {
        Value::Array(pair) if pair.len() == 2 => Ok((
            quantity(Dimension::Time)(files, &pair[0]).map_err(whole)?,
            quantity(Dimension::Rate)(files, &pair[1]).map_err(whole)?,
        )),
        _ => Err(Flaw::new("a point is a time and a rate", "not a pair").help("write [\"10 min\", \"600/s\"]")),
    }
}

/// A flaw in a part of the value points at all of it.
fn whole(flaw: Flaw) -> Flaw {
    Flaw { within: None, ..flaw }
}

/// Two columns: seconds or HH:MM[:SS], and requests per second; a first line of names is passed over.
fn from_file(path: &Path) -> Parsed<Vec<(f64, f64)>> {
    let shown = path.display();
    let opened = std::fs::File::open(path).map_err(|error| {
        let (what, help) = explain(path, &error);
        Flaw::new(what, "relative to the scenario").help(help)
    })?;
    let help = "each line has a time (seconds, or HH:MM:SS) and a rate per second: 00:05,120";
    let mut rows =
        csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).comment(Some(b'#')).from_reader(opened);
    let mut points = Vec::new();
    for (index, row) in rows.records().enumerate() {
        let row = row.map_err(|error| Flaw::new(format!("{shown}: {error}"), "in this file").help(help))?;
        let (time, rate) = (row.get(0).and_then(clock), row.get(1).and_then(rate));
        match (time, rate) {
            (Some(time), Some(rate)) => points.push((time, rate)),
            _ if index == 0 => {}
            _ => {
                let line = row.position().map_or(0, |position| position.line());
                return Err(Flaw::new(format!("{shown}:{line}: not a time and a rate"), "in this file").help(help));
            }
        }
    }
    Ok(points)
}

fn clock(text: &str) -> Option<f64> {
    let parts: Vec<f64> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let seconds = match parts[..] {
        [seconds] => seconds,
        [hours, minutes] => hours * 3600.0 + minutes * 60.0,
        [hours, minutes, seconds] => hours * 3600.0 + minutes * 60.0 + seconds,
        _ => return None,
    };
    quantity::checked(seconds, Dimension::Time).ok()
}

fn rate(text: &str) -> Option<f64> {
    let rate = text.trim_end_matches("/s").parse().ok()?;
    quantity::checked(rate, Dimension::Rate).ok()
}

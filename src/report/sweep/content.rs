//! What is said of a sweep and in which order: the points if they are few, the knee, the best, what may mislead.

use crate::experiment::summary::Estimate;
use crate::experiment::sweep::design::Kind;
use crate::experiment::sweep::findings::{Best, Figures, Findings, Knee, Respect};
use crate::experiment::sweep::vary::{Axis, Values};

use super::super::content::{Block, Extent, Tone};
use super::super::figure::{self, Figure};
use super::super::table::Table;

/// Knees told on a terminal.
const KNEES_SHOWN: usize = 8;

pub fn title(findings: &Findings) -> String {
    format!("{}: a sweep of {}", findings.scenario.name, figure::counted(findings.points, "point"))
}

pub fn below(findings: &Findings) -> Vec<(Tone, String)> {
    let design = match findings.design {
        Kind::Grid if findings.axes.len() == 1 => "",
        Kind::Grid => ", a grid",
        Kind::Zip => ", varied together",
        Kind::Lhs => ", a Latin hypercube",
    };
    let axes: Vec<String> = findings.axes.iter().map(axis).collect();
    let warmup = match findings.warmup_s {
        Some(0.0) => "without warm-up".into(),
        Some(seconds) => format!("each after a warm-up of {}", figure::duration(seconds)),
        None => "warm-up as each point's scenario says".into(),
    };
    let totals = findings.totals;
    let size = format!(
        "{}, {}, {}; seed {}, the same traffic at every point",
        figure::counted(totals.runs, "run"),
        figure::counted(totals.requests, "request"),
        figure::counted(totals.events, "event"),
        findings.seed
    );
    vec![
        (Tone::Plain, format!("{}{design}; {warmup}", axes.join("; "))),
        (Tone::Faint, size),
        (Tone::Faint, format!("sha256 of sweep.csv {}", findings.sha256)),
    ]
}

/// `service.app.workers: 16..128/16 (8 values)`
pub fn axis(axis: &Axis) -> String {
    match &axis.values {
        Values::Listed(values) => {
            format!("{}={} ({})", axis.key, axis.written, figure::counted(values.len() as u64, "value"))
        }
        Values::Between { .. } => format!("{}={}", axis.key, axis.written),
    }
}

pub fn blocks(findings: &Findings, extent: Extent) -> Vec<Block> {
    let mut blocks = Vec::new();
    points(findings, &mut blocks);
    knees(findings, extent, &mut blocks);
    best(findings, &mut blocks);
    cautions(findings, &mut blocks);
    blocks
}

fn estimate(estimate: &Estimate, scale: f64) -> Figure {
    figure::estimate(estimate, scale)
}

/// The last parts of the keys, as many as tell them apart.
pub(in crate::report) fn short_names(axes: &[Axis]) -> Vec<String> {
    let parts: Vec<Vec<&str>> = axes.iter().map(|axis| axis.key.split('.').collect()).collect();
    let last = |parts: &[&str], n: usize| parts[parts.len().saturating_sub(n)..].join(".");
    let name = |parts: &Vec<&str>, others: &[Vec<&str>]| {
        let told = |n: &usize| others.iter().filter(|other| last(other, *n) == last(parts, *n)).count() == 1;
        let n = (1..=parts.len()).find(told).unwrap_or(parts.len());
        last(parts, n)
    };
    parts.iter().map(|own| name(own, &parts)).collect()
}

fn named(names: &[String], values: &[String]) -> String {
    names.iter().zip(values).map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

fn points(findings: &Findings, out: &mut Vec<Block>) {
    if findings.listed.is_empty() {
        return;
    }
    out.push(Block::Heading("Points".into()));
    table(findings, &findings.listed, out);
}

/// Of more points than are listed anywhere else, the first, and how many are left out.
pub fn first_points(findings: &Findings, out: &mut Vec<Block>) {
    table(findings, &findings.tabled, out);
    let shown = findings.tabled.len() as u64;
    if shown < findings.points {
        let text = format!(
            "These are the first {} of {}; the other {} are in sweep.csv.",
            figure::count(shown),
            figure::counted(findings.points, "point"),
            figure::count(findings.points - shown)
        );
        out.push(Block::Line(Tone::Warning, text));
    }
}

fn table(findings: &Findings, points: &[Figures], out: &mut Vec<Block>) {
    let names = short_names(&findings.axes);
    let mut table =
        Table::new(&[&names.join(", "), "answers /s", "answered %", "p50 ms", "p99 ms", "busy %", "station"]);
    for point in points {
        let busy = point.busiest_utilization.map_or("-".into(), |share| format!("{:.1}", share * 100.0));
        table.row(
            point.values.join(", "),
            vec![
                estimate(&point.throughput_per_s, 1.0),
                answered(&point.availability),
                estimate(&point.latency_p50_ms, 1.0),
                estimate(&point.latency_all_p99_ms, 1.0),
                Figure::plain(busy),
                Figure::plain(point.busiest.clone().unwrap_or_else(|| "-".into())),
            ],
        );
    }
    out.push(Block::Table(table));
    let note = "±: 95% interval; ±?: none (see `warnings` in sweep.csv). p99 counts failures as later than every answer; \
                p50 is of answers";
    out.push(Block::Line(Tone::Faint, note.into()));
}

/// Where nothing failed, how sure that is would only be noise.
fn answered(availability: &Estimate) -> Figure {
    match availability.value {
        Some(1.0) => Figure::plain("100"),
        _ => estimate(availability, 100.0),
    }
}

fn with(knee: &Knee) -> String {
    let with: Vec<String> = knee.with.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) }
}

pub fn knees(findings: &Findings, extent: Extent, out: &mut Vec<Block>) {
    if findings.knees.is_empty() {
        return;
    }
    out.push(Block::Heading("Knee".into()));
    let shown = if extent == Extent::Terminal { KNEES_SHOWN } else { usize::MAX };
    for found in findings.knees.iter().take(shown) {
        let text = knee_text(found);
        let advice = found.doubling.as_ref().map_or(String::new(), |doubling| {
            let at = Estimate { value: Some(doubling.at), ci95: doubling.ci95, runs: 2, censored: false };
            format!(
                "p99 is twice that of {} ({} ms) from {} {} on",
                doubling.from,
                estimate(&doubling.from_p99_ms, 1.0).text(),
                estimate(&at, 1.0).text(),
                doubling.unit
            )
            .replace("  ", " ")
        });
        out.push(Block::Item { tone: Tone::Plain, text, advice });
    }
    let more = findings.knees.len().saturating_sub(shown);
    if more > 0 {
        out.push(Block::Line(Tone::Faint, format!("and {more} more in sweep.json")));
    }
}

fn knee_text(found: &Knee) -> String {
    let with = with(found);
    match (&found.knee, found.rising) {
        (Some(at), true) => format!(
            "p99 bends upwards at {}={}{with}: {} ms there; to be sought between {} and {}",
            found.along,
            at.value,
            estimate(&at.p99_ms, 1.0).text(),
            at.between[0],
            at.between[1]
        ),
        (Some(at), false) => format!(
            "more than {}={}{with} hardly helps: p99 is {} ms there; to be sought between {} and {}",
            found.along,
            at.value,
            estimate(&at.p99_ms, 1.0).text(),
            at.between[0],
            at.between[1]
        ),
        (None, _) => format!("p99 has no knee along {}{with}", found.along),
    }
}

pub fn best(findings: &Findings, out: &mut Vec<Block>) {
    out.push(Block::Heading("Best points".into()));
    let names = short_names(&findings.axes);
    let missed = findings.totals.missed;
    if findings.best.is_empty() {
        out.push(Block::Line(Tone::Alarm, no_best(findings).into()));
        return;
    }
    for best in &findings.best {
        out.push(Block::Line(Tone::Plain, best_text(best, &names)));
    }
    if missed > 0 {
        let points = figure::counted(missed, "point");
        let text = format!("Of those that miss no objective; {points} of {} miss one.", findings.points);
        out.push(Block::Line(Tone::Faint, text));
    }
}

fn no_best(findings: &Findings) -> &'static str {
    match findings.totals.missed {
        0 => "No request was answered at any point.",
        n if n == findings.points => "Every point misses an objective.",
        _ => "No request was answered at any point that misses no objective.",
    }
}

/// What the points come to, in a sentence: the knee where there is one curve, else what is best.
pub fn headline(findings: &Findings) -> (Tone, String) {
    let totals = findings.totals;
    if totals.checks_failed > 0 {
        return (
            Tone::Alarm,
            format!("{}: do not trust these results", figure::counted(totals.checks_failed, "failed check")),
        );
    }
    let Some(best) = findings.best.first() else { return (Tone::Alarm, no_best(findings).into()) };
    match &findings.knees[..] {
        [knee] if knee.knee.is_some() => (Tone::Plain, format!("Knee: {}", knee_text(knee))),
        _ => (Tone::Plain, format!("Best: {}", best_text(best, &short_names(&findings.axes)))),
    }
}

fn best_text(best: &Best, names: &[String]) -> String {
    let (what, scale, unit) = match best.of {
        Respect::LatencyP99 => ("lowest p99", 1.0, "ms"),
        Respect::Throughput => ("most answers", 1.0, "/s"),
        Respect::Availability => ("most answered", 100.0, "%"),
    };
    let alike = match best.alike {
        0 => String::new(),
        n => format!("; the intervals of {n} more overlap with it"),
    };
    format!(
        "{what}: {} {unit} at {} (point {}){alike}",
        estimate(&best.estimate, scale).text(),
        named(names, &best.values),
        best.point
    )
}

pub fn cautions(findings: &Findings, out: &mut Vec<Block>) {
    let totals = findings.totals;
    let mut found: Vec<(Tone, String, &str)> = Vec::new();
    if totals.checks_failed > 0 {
        let text =
            format!("{} failed, so these results cannot be trusted", figure::counted(totals.checks_failed, "check"));
        found.push((
            Tone::Alarm,
            text,
            "see `checks_failed` in sweep.csv, and `foobar-sim run` with the point's values",
        ));
    }
    if totals.without_steady_state > 0 {
        let has = if totals.without_steady_state == 1 { "has" } else { "have" };
        let text = format!("{} {has} no steady state", figure::counted(totals.without_steady_state, "point"));
        let advice =
            "more is offered there than can be served: latency grows with the length of the run, and has no interval";
        found.push((Tone::Warning, text, advice));
    }
    if totals.without_warmup > 0 {
        let text =
            format!("the end of the warm-up was not found at {}", figure::counted(totals.without_warmup, "point"));
        found.push((Tone::Warning, text, "set simulation.warmup to a time, or simulation.duration longer"));
    }
    if !found.is_empty() {
        out.push(Block::Heading("Warnings".into()));
    }
    for (tone, text, advice) in found {
        out.push(Block::Item { tone, text, advice: advice.into() });
    }
}

//! A trace's summary as plain text, 80 columns wide.

use std::fmt::Write;

use crate::scenario::{Columns, Stamp, TraceFormat};
use crate::workload::trace::parser::format_name;
use crate::workload::trace::summary::{Spread, TraceSummary};

/// Widest line.
const COLUMNS: usize = 80;

pub fn render(summary: &TraceSummary) -> String {
    let mut text = String::new();
    let mut line = |parts: String| {
        let mut cut: String = parts.trim_end().chars().take(COLUMNS).collect();
        cut.push('\n');
        text.push_str(&cut);
    };
    let counts = &summary.counts;
    line(format!("{}", summary.file.display()));
    let how = if summary.detected { "detected" } else { "as asked for" };
    line(format!("  format        {}, {how}", format_name(&summary.format)));
    for detail in format_details(&summary.format) {
        line(format!("                {detail}"));
    }
    line(format!(
        "  lines         {}: {} requests, {} other, {} malformed",
        counts.lines, counts.requests, counts.other, counts.malformed
    ));
    if let Some(begin_ns) = summary.begin_ns {
        line(format!("  begin         {}", instant(begin_ns)));
        line(format!("  span          {}", seconds(summary.span_s)));
        let mean = summary.rate_mean_per_s.map_or("-".into(), |rate| format!("{}/s", figure(rate)));
        line(format!("  rate          {mean} mean, {}/s peak (of 1 s)", summary.rate_peak_per_s));
        let windows: Vec<String> = summary
            .dispersion
            .iter()
            .map(|(window_s, value)| format!("{} at {window_s} s", value.map_or("-".into(), figure)))
            .collect();
        line(format!("  dispersion    {} (Poisson: 1)", windows.join(", ")));
        line(match (summary.late, summary.displacement_max) {
            (0, _) => "  order         of arrival".to_string(),
            (late, most) => {
                format!("  order         of completion: {late} requests are late, by up to {most} lines")
            }
        });
    }
    if !summary.mix.is_empty() {
        line(String::new());
        line("  requests   share  method and first part of the path".into());
        for (what, count) in &summary.mix {
            line(format!("{count:>10} {:>6.1}%  {}", share(*count, counts.requests), printable(what)));
        }
        if summary.mix_rest > 0 {
            line(format!("{:>10} {:>6.1}%  (others)", summary.mix_rest, share(summary.mix_rest, counts.requests)));
        }
        line(String::new());
        line("  requests   share  status".into());
        for (status, count) in &summary.statuses {
            let status = status.map_or("none".into(), |status| status.to_string());
            line(format!("{count:>10} {:>6.1}%  {status}", share(*count, counts.requests)));
        }
    }
    let timed = counts.requests > 0 && !summary.timers.is_empty();
    if summary.sizes.is_some() || timed {
        line(String::new());
        line(format!("  {:<27}{:>10}{:>10}{:>10}{:>10}{:>9}", "", "mean", "p50", "p99", "max", "missing"));
    }
    if let Some(sizes) = summary.sizes {
        line(spread_row("bytes", Some(sizes), 1.0, None));
    }
    for timer in summary.timers.iter().filter(|_| timed) {
        line(spread_row(&format!("{}, ms", timer.name), timer.spread_s, 1e3, Some(timer.missing)));
    }
    for note in &counts.notes {
        line(format!("  note: {note}"));
    }
    if !counts.examples.is_empty() {
        line(String::new());
        line("  lines that are no requests, for example".into());
        for (number, example, why) in &counts.examples {
            line(format!("{number:>10}  {why}"));
            line(format!("            {}", printable(example)));
        }
    }
    text
}

fn format_details(format: &TraceFormat) -> Vec<String> {
    let when = |end: bool| if end { "stamps are the end of a request" } else { "stamps are the arrival" };
    match format {
        TraceFormat::HaproxyHttp | TraceFormat::HaproxyClf => vec![when(false).into()],
        TraceFormat::Combined { stamp } => vec![when(*stamp == Stamp::End).into()],
        TraceFormat::JsonLines(columns) | TraceFormat::Csv(columns) => {
            vec![when(columns.stamp_is_end).into(), column_names(columns)]
        }
    }
}

fn column_names(columns: &Columns) -> String {
    let mut text = format!("time {:?}", columns.time);
    let others = [
        ("duration", &columns.duration),
        ("method", &columns.method),
        ("path", &columns.path),
        ("status", &columns.status),
        ("bytes", &columns.bytes),
        ("class", &columns.class),
    ];
    for (what, name) in others {
        if let Some(name) = name {
            let same = what == name;
            let _ = if same { write!(text, ", {what}") } else { write!(text, ", {what} {name:?}") };
        }
    }
    text
}

fn spread_row(name: &str, spread: Option<Spread>, unit: f64, missing: Option<f64>) -> String {
    let mut row = format!("  {:<27}", name.chars().take(26).collect::<String>());
    match spread {
        Some(spread) => {
            for value in [spread.mean, spread.p50, spread.p99, spread.max] {
                let _ = write!(row, "{:>10}", figure(value * unit));
            }
        }
        None => row.push_str(&format!("{:>10}", "-").repeat(4)),
    }
    if let Some(missing) = missing {
        let _ = write!(row, "{:>8.1}%", missing * 100.0);
    }
    row
}

fn share(count: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { count as f64 / all as f64 * 100.0 }
}

/// Three digits or so.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn seconds(span_s: f64) -> String {
    let whole = span_s as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{span_s:.3} s"),
        (0, 0, _) => format!("{span_s:.3} s ({minutes} min {} s)", whole % 60),
        (0, _, _) => format!("{span_s:.0} s ({hours} h {minutes} min)"),
        (_, _, _) => format!("{span_s:.0} s ({days} d {hours} h)"),
    }
}

fn instant(nanos: i64) -> String {
    // Logs that count from their own beginning start near 0.
    if nanos < 86_400_000_000_000 {
        return format!("{:.3} s (the log counts from its own beginning)", nanos as f64 * 1e-9);
    }
    match jiff::Timestamp::from_nanosecond(i128::from(nanos)) {
        Ok(timestamp) => format!("{timestamp:.3} (UTC, if the log names no offset)"),
        Err(_) => format!("{nanos} ns"),
    }
}

/// Control characters of a log must not reach a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The same as JSON, with units last in every name.
pub fn json(summary: &TraceSummary) -> String {
    use serde_json::{Map, Value, json};
    let spread = |s: &Spread| json!({ "mean": s.mean, "p50": s.p50, "p99": s.p99, "max": s.max });
    let counts = &summary.counts;
    let timers: Map<String, Value> = summary
        .timers
        .iter()
        .map(|t| (t.name.clone(), json!({ "seconds": t.spread_s.as_ref().map(spread), "missing_share": t.missing })))
        .collect();
    let dispersion: Map<String, Value> =
        summary.dispersion.iter().map(|(window_s, value)| (format!("{window_s}_s"), json!(value))).collect();
    let mix: Map<String, Value> = summary.mix.iter().map(|(what, n)| (what.clone(), json!(n))).collect();
    let statuses: Map<String, Value> = summary
        .statuses
        .iter()
        .map(|(status, n)| (status.map_or("none".to_owned(), |s| s.to_string()), json!(n)))
        .collect();
    let examples: Vec<Value> =
        counts.examples.iter().map(|(line, text, why)| json!({ "line": line, "text": text, "why": why })).collect();
    let document = json!({
        "file": summary.file.display().to_string(),
        "format": format_name(&summary.format),
        "detected": summary.detected,
        "lines": counts.lines,
        "requests": counts.requests,
        "other": counts.other,
        "malformed": counts.malformed,
        "examples": examples,
        "begin_unix_ns": summary.begin_ns,
        "span_s": summary.span_s,
        "rate_mean_per_s": summary.rate_mean_per_s,
        "rate_peak_per_s": summary.rate_peak_per_s,
        "dispersion": dispersion,
        "mix": mix,
        "mix_rest": summary.mix_rest,
        "statuses": statuses,
        "sizes_bytes": summary.sizes.as_ref().map(spread),
        "timers": timers,
        "late": summary.late,
        "displacement_max_lines": summary.displacement_max,
    });
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::trace::{TraceCounts, summary::TimerSummary};

    fn example() -> TraceSummary {
        TraceSummary {
            file: "access.log".into(),
            format: TraceFormat::Combined { stamp: Stamp::End },
            detected: true,
            counts: TraceCounts {
                lines: 12,
                requests: 10,
                other: 1,
                malformed: 1,
                examples: vec![(7, "\u{1b}[31mx".repeat(30), "no status code")],
                ..TraceCounts::default()
            },
            begin_ns: Some(1_795_379_849_515_000_000),
            span_s: 3723.5,
            rate_mean_per_s: Some(2.6857),
            rate_peak_per_s: 9,
            dispersion: vec![(1, Some(1.234)), (10, None)],
            mix: vec![("GET /image".into(), 8)],
            mix_rest: 2,
            statuses: vec![(None, 1), (Some(200), 9)],
            sizes: Some(Spread { mean: 1234.0, p50: 900.0, p99: 30_577.0, max: 40_000.0 }),
            timers: vec![
                TimerSummary { name: "request_time".into(), spread_s: None, missing: 1.0 },
                TimerSummary {
                    name: "Tr".into(),
                    spread_s: Some(Spread { mean: 0.0391, p50: 0.02, p99: 0.1, max: 0.2 }),
                    missing: 0.25,
                },
            ],
            late: 3,
            displacement_max: 17,
        }
    }

    #[test]
    fn a_summary_reads_well_in_80_columns_without_control_characters() {
        let text = render(&example());
        insta::assert_snapshot!(text);
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS));
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    }
}

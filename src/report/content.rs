//! What a summary says and in which order, from what matters to the detail. Text and markdown differ only
//! in how they draw these blocks.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::experiment::summary::{
    AssumptionSummary, Check, Estimate, Noticed, Sensitivity, Summary, TrafficSummary, Warning,
};

use super::figure::{self, Figure, NOTHING};
use super::table::Table;
use super::{objectives, replication};

/// Stations shown on a terminal; markdown has all.
const STATIONS_SHOWN: usize = 12;
/// Defaults shown that move p99.
const SENSITIVITIES_SHOWN: usize = 5;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    Heading(String),
    Table(Table),
    Line(Tone, String),
    /// Something to act on, and what to do.
    Item {
        tone: Tone,
        text: String,
        advice: String,
    },
}

impl Block {
    pub fn table(&self) -> Option<&Table> {
        if let Block::Table(table) = self { Some(table) } else { None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Plain,
    /// Less important than what is around it.
    Faint,
    Good,
    Warning,
    Alarm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What fits on a screen.
    Terminal,
    /// Every station, check and assumption.
    Full,
    /// As much, with no more digits than help.
    Page,
}

pub fn blocks(summary: &Summary, extent: Extent) -> Vec<Block> {
    let mut blocks = Vec::new();
    failed_checks(summary, &mut blocks);
    objectives::objectives(summary, &mut blocks);
    traffic(summary, &mut blocks);
    availability(summary, &mut blocks);
    incidents(summary, &mut blocks);
    random_faults(summary, &mut blocks);
    stations(summary, extent, &mut blocks);
    station_detail(summary, &mut blocks);
    replication::replicas(summary, &mut blocks);
    replication::databases(summary, &mut blocks);
    bottleneck(summary, &mut blocks);
    checks(summary, extent, &mut blocks);
    warnings(&summary.warnings, &mut blocks);
    sensitivities(summary, &mut blocks);
    if extent == Extent::Full {
        assumptions(&summary.assumptions, &mut blocks);
    }
    blocks
}

/// `10 runs of 30 min after a warm-up of 2 min (auto), seed 42`
pub fn setting(summary: &Summary) -> String {
    let warmup = match figure::duration(summary.warmup_s) {
        _ if summary.warmup_auto && summary.warmup_s == 0.0 => "without warm-up (auto: none is needed)".into(),
        length if summary.warmup_auto => format!("after a warm-up of {length} (auto)"),
        _ if summary.warmup_s == 0.0 => "without warm-up".into(),
        length => format!("after a warm-up of {length}"),
    };
    let runs = figure::counted(u64::from(summary.runs), "run");
    format!("{runs} of {} {warmup}, seed {}", figure::duration(summary.measured_s), summary.seed)
}

/// `10,800,123 requests, 120,034,567 events, scenario 9f86d081884c`
pub fn size(summary: &Summary) -> String {
    let totals = summary.totals;
    let hash: String = summary.scenario.sha256.chars().take(12).collect();
    format!(
        "{}, {}, scenario {hash}",
        figure::counted(totals.requests, "request"),
        figure::counted(totals.events, "event")
    )
}

fn traffic(summary: &Summary, out: &mut Vec<Block>) {
    out.push(Block::Heading("Latency of answered requests".into()));
    let mut table = Table::new(&["class", "answers /s", "p50 ms", "p95 ms", "p99 ms", "mean ms"]);
    for class in &summary.traffic {
        let latency = &class.latency_ms;
        let estimates = [&class.throughput_per_s, &latency.p50, &latency.p95, &latency.p99, &latency.mean];
        table.row(&class.name, estimates.map(|e| figure::estimate(e, 1.0)).into());
    }
    out.push(Block::Table(table));
    if summary.traffic.iter().all(|class| class.completed == 0) {
        out.push(Block::Line(Tone::Alarm, "No request was answered.".into()));
    }
    let note = if summary.runs > 1 {
        format!("±: 95% interval over {} runs; ±?: none (see Warnings), or all runs agree", summary.runs)
    } else {
        "±?: no interval from one run".into()
    };
    out.push(Block::Line(Tone::Faint, note));
}

pub(super) fn availability(summary: &Summary, out: &mut Vec<Block>) {
    out.push(Block::Heading("Availability".into()));
    let Some(all) = summary.traffic.first() else { return };
    if all.completed + all.failed == 0 {
        out.push(Block::Line(Tone::Alarm, "No request finished.".into()));
        return;
    }
    if summary.traffic.iter().all(|class| class.failed == 0) {
        let share = percent_text(&all.availability);
        let text = format!("{} finished, none failed: {share} answered", figure::counted(all.completed, "request"));
        out.push(Block::Line(Tone::Good, text));
        return;
    }
    let mut table = Table::new(&["class", "answered %", "failed", "attempts", "p99 (all) ms"]);
    for class in &summary.traffic {
        table.row(
            &class.name,
            vec![
                figure::estimate(&class.availability, 100.0),
                Figure::plain(figure::count(class.failed)),
                Figure::plain(figure::count(class.attempts)),
                figure::estimate(&class.latency_all_ms.p99, 1.0),
            ],
        );
    }
    out.push(Block::Table(table));
    out.push(Block::Line(Tone::Faint, "p99 (all) ranks every failure above every answer.".into()));
    reasons(&summary.traffic, out);
}

/// Things noticed in one incident that are listed; summary.json has them all.
const NOTICED_SHOWN: usize = 8;

pub(super) fn incidents(summary: &Summary, out: &mut Vec<Block>) {
    if summary.incidents.is_empty() {
        return;
    }
    out.push(Block::Heading("Incidents".into()));
    let mut table =
        Table::new(&["fault", "at s", "until s", "noticed s", "recovered s", "failed a run", "p99 during ms"]);
    for incident in &summary.incidents {
        let time = |seconds: Option<f64>| Figure::plain(seconds.map_or("-".into(), |s| format!("{s:.1}")));
        table.row(
            incident.fault.to_string(),
            vec![
                time(Some(incident.at_s)),
                time(incident.until_s),
                figure::estimate(&incident.detected_s, 1.0),
                time(incident.recovered_s),
                figure::estimate(&incident.failures, 1.0),
                figure::estimate(&incident.p99_ms_during, 1.0),
            ],
        );
    }
    out.push(Block::Table(table));
    for incident in &summary.incidents {
        out.push(Block::Line(Tone::Faint, format!("{}: {}", incident.fault, incident.what)));
        out.extend(failed_by(&incident.failed_by));
        for Noticed { what, at_s } in incident.noticed.iter().take(NOTICED_SHOWN) {
            let at = at_s.value.map_or("-".into(), |s| format!("{s:.1}"));
            let of_runs = match at_s.runs < summary.runs {
                true => format!(" (in {} of {} runs)", at_s.runs, summary.runs),
                false => String::new(),
            };
            out.push(Block::Line(Tone::Faint, format!("at {at} s {what}{of_runs}")));
        }
        if incident.noticed.len() > NOTICED_SHOWN {
            let more = incident.noticed.len() - NOTICED_SHOWN;
            out.push(Block::Line(Tone::Faint, format!("and {more} more: see summary.json")));
        }
    }
}

/// `failed by client_timeout 812 ±12, no_server 3.1 ±0.9`
fn failed_by(reasons: &[(String, Estimate)]) -> Option<Block> {
    let said = reasons.iter().map(|(reason, times)| format!("{reason} {}", figure::estimate(times, 1.0).text()));
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| Block::Line(Tone::Faint, format!("failed by {}", said.join(", "))))
}

/// Faults without a time of their own.
pub(super) fn random_faults(summary: &Summary, out: &mut Vec<Block>) {
    if summary.random_faults.is_empty() {
        return;
    }
    out.push(Block::Heading("Faults at random".into()));
    let mut table = Table::new(&["fault", "times a run", "lasted s", "failed meanwhile", "p99 meanwhile ms"]);
    for fault in &summary.random_faults {
        let figures = [&fault.times, &fault.lasted_s, &fault.failures, &fault.p99_ms_during];
        table.row(fault.fault.to_string(), figures.iter().map(|one| figure::estimate(one, 1.0)).collect());
    }
    out.push(Block::Table(table));
    for fault in &summary.random_faults {
        out.push(Block::Line(Tone::Faint, format!("{}: {}", fault.fault, fault.what)));
        out.extend(failed_by(&fault.failed_by));
    }
}

fn reasons(traffic: &[TrafficSummary], out: &mut Vec<Block>) {
    let failing: Vec<&TrafficSummary> = traffic.iter().filter(|class| class.failed > 0).collect();
    let mut names: Vec<&str> = Vec::new();
    for (reason, _) in failing.iter().flat_map(|class| &class.failures) {
        if !names.contains(&reason.as_str()) {
            names.push(reason);
        }
    }
    if names.is_empty() {
        return;
    }
    let mut columns = vec!["failed because"];
    columns.extend(failing.iter().map(|class| class.name.as_str()));
    let mut table = Table::new(&columns);
    for name in names {
        let of_class = |class: &&TrafficSummary| {
            let n = class.failures.iter().find(|(reason, _)| reason == name).map_or(0, |(_, n)| *n);
            Figure::plain(figure::count(n))
        };
        table.row(name, failing.iter().map(of_class).collect());
    }
    out.push(Block::Table(table));
    let pages: Vec<String> = failing[0]
        .failed_with
        .iter()
        .map(|(status, n)| match status.as_str() {
            "none" => format!("{} got no answer", figure::count(*n)),
            _ => format!("{} got a {status}", figure::count(*n)),
        })
        .collect();
    if !pages.is_empty() {
        out.push(Block::Line(Tone::Faint, format!("Of all that failed, {}.", pages.join(", "))));
    }
}

pub(super) fn stations(summary: &Summary, extent: Extent, out: &mut Vec<Block>) {
    if summary.stations.is_empty() {
        return;
    }
    out.push(Block::Heading("Stations, busiest first".into()));
    let mut busiest: Vec<_> = summary.stations.iter().collect();
    busiest.sort_by(|a, b| descending(a.utilization.value, b.utilization.value));
    let shown = match extent {
        Extent::Terminal => busiest.len().min(STATIONS_SHOWN),
        Extent::Full | Extent::Page => busiest.len(),
    };
    let small = match extent {
        Extent::Terminal | Extent::Page => figure::coarse,
        Extent::Full => figure::estimate,
    };
    let mut table = Table::new(&["station", "workers", "busy %", "queue", "waiting ms", "service ms"]);
    if extent != Extent::Terminal {
        table.columns.extend(["sojourn ms", "left /s", "lost"].map(String::from));
    }
    for station in &busiest[..shown] {
        let mut figures = vec![
            Figure::plain(station.workers.map_or("no limit".into(), |n| figure::count(n.into()))),
            figure::estimate(&station.utilization, 100.0),
            small(&station.queue_mean, 1.0),
            small(&station.waiting_ms, 1.0),
            figure::estimate(&station.service_ms, 1.0),
        ];
        if extent != Extent::Terminal {
            figures.push(figure::estimate(&station.sojourn_ms, 1.0));
            figures.push(figure::estimate(&station.throughput_per_s, 1.0));
            figures.push(Figure::plain(figure::count(station.lost)));
        }
        table.row(&station.name, figures);
    }
    out.push(Block::Table(table));
    if let Some(next) = busiest.get(shown) {
        let most = percent_text(&next.utilization);
        let text = match (busiest.len() - shown, next.utilization.value) {
            (1, Some(_)) => format!("and 1 more, {most} busy"),
            (more, Some(_)) => format!("and {more} more, at most {most} busy"),
            (more, None) => format!("and {more} more"),
        };
        out.push(Block::Line(Tone::Faint, text));
    }
    for station in &busiest {
        if station.lost > 0 {
            let text = format!("{} turned away or lost {}", station.name, figure::counted(station.lost, "arrival"));
            out.push(Block::Line(Tone::Warning, text));
        }
    }
}

pub(super) fn station_detail(summary: &Summary, out: &mut Vec<Block>) {
    for station in &summary.stations {
        let Some(detail) = &station.detail else { continue };
        out.push(Block::Heading(format!("Times at {}", station.name)));
        let mut columns = vec!["time".to_string()];
        columns.extend(detail.waiting_ms.iter().map(|(name, _)| format!("{name} ms")));
        let mut table = Table { columns, rows: Vec::new() };
        let figures = |estimates: &[(String, Estimate)]| -> Vec<Figure> {
            estimates.iter().map(|(_, e)| figure::estimate(e, 1.0)).collect()
        };
        table.row("waiting", figures(&detail.waiting_ms));
        table.row("sojourn", figures(&detail.sojourn_ms));
        out.push(Block::Table(table));
        let waits = format!("{} of arrivals wait", percent_text(&detail.waits));
        let variance = figure::estimate(&detail.sojourn_variance_s2, 1.0).text();
        out.push(Block::Line(Tone::Plain, format!("{waits}; variance of the sojourn time {variance} s²")));
        if !detail.present_at_least.is_empty() {
            let shares: Vec<String> = (1..)
                .zip(&detail.present_at_least)
                .take(8)
                .map(|(n, share)| format!("{n}: {}", percent_text(share)))
                .collect();
            out.push(Block::Line(
                Tone::Plain,
                format!("share of the time with at least n present: {}", shares.join(", ")),
            ));
        }
    }
}

pub(super) fn bottleneck(summary: &Summary, out: &mut Vec<Block>) {
    let Some(bottleneck) = &summary.bottleneck else { return };
    out.push(Block::Heading("Bottleneck".into()));
    let mut text = bottleneck.station.clone();
    if let Some(utilization) = bottleneck.utilization {
        text.push_str(&format!(", {}% busy", figure::number(utilization * 100.0)));
    }
    if let Some(rate) = bottleneck.max_rate_per_s {
        text.push_str(&format!(
            "; it saturates at about {} requests/s, all traffic scaled alike",
            figure::number(rate)
        ));
    }
    out.push(Block::Line(Tone::Plain, text));
}

/// A broken law puts every number in doubt, so it comes first.
pub(super) fn failed_checks(summary: &Summary, out: &mut Vec<Block>) {
    let failed: Vec<&Check> = summary.checks.iter().filter(|check| !check.passed).collect();
    if failed.is_empty() {
        return;
    }
    out.push(Block::Heading(format!("{} of {} checks FAILED", failed.len(), summary.checks.len())));
    for check in failed {
        out.push(Block::Item {
            tone: Tone::Alarm,
            text: format!("FAILED {}: {}{}", check.name, check.detail, compared(check)),
            advice: "Do not trust this result; it is a defect of the simulator. Please report it with the manifest."
                .into(),
        });
    }
}

fn compared(check: &Check) -> String {
    match (check.simulated, check.expected) {
        (Some(simulated), Some(expected)) => {
            format!(" (simulated {}, expected {})", figure::number(simulated), figure::number(expected))
        }
        _ => String::new(),
    }
}

pub(super) fn checks(summary: &Summary, extent: Extent, out: &mut Vec<Block>) {
    let total = summary.checks.len();
    let passed = summary.checks.iter().filter(|check| check.passed).count();
    if total == 0 {
        return;
    }
    out.push(Block::Heading("Checks".into()));
    if passed == total {
        let text = match total {
            1 => "The law that this run can be held against holds".into(),
            _ => format!("All {total} laws and formulas that these runs can be held against hold"),
        };
        out.push(Block::Line(Tone::Good, text));
    } else {
        let text = format!("{passed} of {total} pass; those that failed stand at the top");
        out.push(Block::Line(Tone::Alarm, text));
    }
    if extent != Extent::Terminal {
        let mut table = Table::new(&["check", "result", "simulated", "expected", "what was compared"]);
        for check in &summary.checks {
            let number = |value: Option<f64>| Figure::plain(value.map_or(NOTHING.into(), figure::number));
            let result = Figure::plain(if check.passed { "pass" } else { "FAILED" });
            let compared = Figure::plain(check.detail.as_str());
            table.row(&check.name, vec![result, number(check.simulated), number(check.expected), compared]);
        }
        out.push(Block::Table(table));
    }
}

pub(super) fn warnings(warnings: &[Warning], out: &mut Vec<Block>) {
    if warnings.is_empty() {
        return;
    }
    out.push(Block::Heading("Warnings".into()));
    out.extend(warnings.iter().map(warning));
}

pub(super) fn warning(warning: &Warning) -> Block {
    Block::Item { tone: Tone::Warning, text: warning.message.clone(), advice: warning.advice.clone() }
}

/// A change that rounds to nothing moves nothing.
pub(super) fn moves(sensitivity: &Sensitivity) -> bool {
    sensitivity.p99_change_percent.abs() >= 0.05
}

fn sensitivities(summary: &Summary, out: &mut Vec<Block>) {
    let moving: Vec<_> = summary.sensitivities.iter().filter(|one| moves(one)).collect();
    if moving.is_empty() {
        return;
    }
    out.push(Block::Heading("Defaults that move p99 most; measure these first".into()));
    for s in moving.into_iter().take(SENSITIVITIES_SHOWN) {
        let change = figure::signed_percent(s.p99_change_percent);
        out.push(Block::Item {
            tone: Tone::Plain,
            text: format!("{} = {}: p99 {change} with {}", s.key, s.value, s.moved_to),
            advice: format!("default from: {}", s.source),
        });
    }
}

pub(super) fn assumptions(assumptions: &[AssumptionSummary], out: &mut Vec<Block>) {
    if assumptions.is_empty() {
        return;
    }
    out.push(Block::Heading("Assumptions".into()));
    out.push(Block::Table(marked(assumptions)));
}

/// Values with their marks and sources.
pub(super) fn marked(assumptions: &[AssumptionSummary]) -> Table {
    let mut table = Table::new(&["key", "value", "mark", "source"]);
    for a in assumptions {
        table.row(&a.key, [&a.value, a.mark, &a.source].map(Figure::plain).into());
    }
    table
}

/// `99.9%`
pub(super) fn percent(share: f64) -> String {
    format!("{}%", figure::number(share * 100.0))
}

/// `83.2% ±0.4`
pub(super) fn percent_text(share: &Estimate) -> String {
    let figure = figure::estimate(share, 100.0);
    if figure.value == NOTHING {
        return figure.value;
    }
    Figure { value: format!("{}%", figure.value), doubt: figure.doubt }.text()
}

/// Largest first, what has no value last.
fn descending(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

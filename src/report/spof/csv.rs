//! spof.csv: one line for each failure. spof-over-time.csv: for each failure, class and window the share answered. A
//! cell without observations is empty.

use crate::experiment::spof::findings::{ComponentFindings, Findings, Recovery, worst};
use crate::experiment::summary::Estimate;

use super::super::csv::cell;
use super::content::verdict;

const HEADER: [&str; 32] = [
    "failure",
    "kind",
    "fault",
    "spof",
    "worst_class",
    "settled_availability",
    "settled_availability_low",
    "settled_availability_high",
    "failed_per_run",
    "failed_per_run_low",
    "failed_per_run_high",
    "p99_before_ms",
    "p99_during_ms",
    "p99_after_ms",
    "detected_s",
    "noticed_s",
    "recovered_by",
    "recovered_after_s",
    "overloaded",
    "mttf_s",
    "notice_s",
    "fix_s",
    "failures_per_year",
    "budget_min_per_year",
    "budget_min_per_year_low",
    "budget_min_per_year_high",
    "down_min_per_year",
    "budget_mttf_halved",
    "budget_mttf_doubled",
    "budget_mttr_halved",
    "budget_mttr_doubled",
    "failures",
];

pub fn render(findings: &Findings) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER).expect("memory takes every record");
    for component in &findings.components {
        writer.write_record(record(component)).expect("memory takes every record");
    }
    finished(writer)
}

fn record(c: &ComponentFindings) -> Vec<String> {
    let (by, after) = recovery(c.recovery);
    let worst = worst(&c.classes);
    let settled = worst.map(|class| class.settled);
    let mut record = vec![
        c.name.clone(),
        c.fault_kind().to_owned(),
        c.fault.to_owned(),
        verdict(c.spof).to_owned(),
        worst.map_or(String::new(), |class| class.class.clone()),
    ];
    record.extend(settled.map_or([const { String::new() }; 3], |settled| with_ends(&settled)));
    record.extend(with_ends(&c.failed));
    record.extend([c.p99_ms.before, c.p99_ms.during, c.p99_ms.after].map(|p99| value(p99.value)));
    record.push(value(c.detected_s.value));
    record.extend([value(c.noticed_s), by.to_owned(), value(after)]);
    record.push(c.overload.as_ref().map_or(String::new(), |overload| overload.station.clone()));
    let cost = &c.cost;
    record.extend([cost.mttf_s, cost.notice_s, cost.fix_s, cost.failures_per_year].map(cell));
    record.extend(with_ends(&cost.budget_min_per_year));
    record.push(value(cost.down_min_per_year.value));
    let points = [cost.mttf_halved, cost.mttf_doubled, cost.mttr_halved, cost.mttr_doubled];
    record.extend(points.map(|point| cell(point.budget_min_per_year)));
    let reasons: Vec<String> = c.failures.iter().map(|(reason, n)| format!("{reason}={}", cell(*n))).collect();
    record.push(reasons.join(" "));
    record
}

pub fn over_time(findings: &Findings) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["failure", "class", "t_s", "answered_share"]).expect("memory takes every record");
    for component in &findings.components {
        for (class, shares) in &component.over_time.success {
            for (window, share) in shares.iter().enumerate() {
                let at = cell(window as f64 * findings.window_s);
                let row = [component.name.as_str(), class, &at, &value(*share)];
                writer.write_record(row).expect("memory takes every record");
            }
        }
    }
    finished(writer)
}

fn finished(writer: csv::Writer<Vec<u8>>) -> String {
    let bytes = writer.into_inner().expect("memory takes every record");
    String::from_utf8(bytes).expect("strings in, strings out")
}

fn recovery(recovery: Recovery) -> (&'static str, Option<f64>) {
    match recovery {
        Recovery::Unharmed => ("unharmed", None),
        Recovery::Failover { after_s } => ("failover", Some(after_s)),
        Recovery::Repair { after_s } => ("repair", Some(after_s)),
        Recovery::Never => ("never", None),
    }
}

fn value(value: Option<f64>) -> String {
    value.map_or(String::new(), cell)
}

fn with_ends(estimate: &Estimate) -> [String; 3] {
    let end = |i: usize| value(estimate.ci95.map(|ends| ends[i]));
    [value(estimate.value), end(0), end(1)]
}

//! compare.csv and observed.csv: one line for each figure, in the units of its key.

use crate::experiment::compare::findings::{FigureFindings, Findings};
use crate::experiment::compare::observed::{Beside, Trust};

use super::super::csv::cell;

pub fn render(findings: &Findings) -> String {
    let header = [
        "figure",
        "a",
        "b",
        "difference",
        "difference_low",
        "difference_high",
        "change",
        "change_low",
        "change_high",
        "verdict",
        "judged",
        "half_width_independent",
        "narrower",
        "runs_saved",
    ];
    table(&header, findings.figures.iter().map(record))
}

fn record(figure: &FigureFindings) -> Vec<String> {
    let gain = figure.common_random_numbers;
    let mut record = vec![figure.key.clone(), value(figure.a.value), value(figure.b.value)];
    record.push(value(figure.difference));
    record.extend(ends(figure.difference_ci95));
    record.push(value(figure.change));
    record.extend(ends(figure.change_ci95));
    record.extend([figure.verdict.name().to_owned(), figure.judged.to_string()]);
    record.push(value(gain.map(|gain| gain.half_width_independent)));
    record.push(value(gain.map(|gain| gain.narrower)));
    record.push(value(gain.map(|gain| gain.runs_saved)));
    record
}

pub fn of_trust(trust: &Trust) -> String {
    let header = [
        "figure",
        "observed",
        "simulated",
        "simulated_low",
        "simulated_high",
        "single_run_low",
        "single_run_high",
        "deviation",
        "in_interval",
        "in_single_run",
    ];
    let record = |one: &Beside| {
        let mut record = vec![one.key.clone(), value(Some(one.observed)), value(one.simulated.value)];
        record.extend(ends(one.simulated.ci95));
        record.extend(ends(one.single_run95));
        record.push(value(one.deviation));
        record.extend([one.in_interval, one.in_single_run].map(|is| is.map_or(String::new(), |is| is.to_string())));
        record
    };
    table(&header, trust.figures.iter().map(record))
}

fn table(header: &[&str], records: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("memory takes every record");
    records.for_each(|record| writer.write_record(record).expect("memory takes every record"));
    let bytes = writer.into_inner().expect("memory takes every record");
    String::from_utf8(bytes).expect("strings in, strings out")
}

fn value(value: Option<f64>) -> String {
    value.map_or(String::new(), cell)
}

fn ends(ends: Option<[f64; 2]>) -> [String; 2] {
    [0, 1].map(|i| value(ends.map(|ends| ends[i])))
}

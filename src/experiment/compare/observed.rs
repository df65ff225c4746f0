//! Production's own figures beside the simulated ones: whether to trust the model.
//!
//! They come as CSV with a header, `figure,of,value,unit` (`of` may be called class, station or server; without it, or
//! left empty, a figure is of all classes; the unit may stand with the value):
//!
//! ```csv
//! figure,of,value,unit
//! latency_p99,,264,ms
//! latency_p50,checkout,136 ms,
//! throughput,,1500,/s
//! availability,,0.9995,
//! utilization,app1.cpu,64,%
//! ```
//!
//! Production is one run itself. So there are two ranges to hold it against: the interval of the mean over runs, which
//! narrows with every run, and the range in which a single run of this length lies with 95% (prediction interval).

use serde::Serialize;

use super::side::{self, Side};
use super::{CompareError, SCHEMA_VERSION};
use crate::experiment::estimate::Doubt;
use crate::experiment::parallel::Progress;
use crate::experiment::per_run::{Figure, Measure, Of, Statistic};
use crate::experiment::summary::{Check, Estimate, ScenarioId, Totals, Warning};
use crate::scenario::{Scenario, parse_rate, parse_time};
use crate::stats::interval::{mean_and_variance, student_t_quantile};

/// One line of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub line: u64,
    pub figure: Figure,
    /// In the unit of the figure.
    pub value: f64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Trust {
    pub schema_version: u32,
    pub scenario: ScenarioId,
    pub file: String,
    pub observed: String,
    pub seed: u64,
    pub runs: u32,
    pub warmup_s: f64,
    pub warmup_auto: bool,
    pub measured_s: f64,
    pub figures: Vec<Beside>,
    pub warnings: Vec<Warning>,
    pub totals: Totals,
}

/// One figure of production and of the simulation.
#[derive(Clone, Debug, Serialize)]
pub struct Beside {
    pub key: String,
    #[serde(skip)]
    pub figure: Figure,
    pub line: u64,
    pub observed: f64,
    pub simulated: Estimate,
    /// Where a single run lies with 95%.
    pub single_run95: Option<[f64; 2]>,
    /// Simulated over observed, less 1; `None`: 0 was observed, or nothing simulated.
    pub deviation: Option<f64>,
    /// `None`: there is no interval.
    pub in_interval: Option<bool>,
    pub in_single_run: Option<bool>,
}

/// Names of figures, and what they are of.
const CLASS_FIGURES: [(&str, Measure); 8] = [
    ("latency_mean", Measure::Latency(Statistic::Mean)),
    ("latency_p50", Measure::Latency(Statistic::P50)),
    ("latency_p90", Measure::Latency(Statistic::P90)),
    ("latency_p95", Measure::Latency(Statistic::P95)),
    ("latency_p99", Measure::Latency(Statistic::P99)),
    ("latency_p99_9", Measure::Latency(Statistic::P99_9)),
    ("throughput", Measure::Throughput),
    ("availability", Measure::Availability),
];
const STATION_FIGURES: [(&str, Measure); 2] = [("utilization", Measure::Utilization), ("waiting", Measure::Waiting)];
const REPLICA_FIGURES: [(&str, Measure); 5] = [
    ("apply_delay_mean", Measure::ApplyDelay(Statistic::Mean)),
    ("apply_delay_p50", Measure::ApplyDelay(Statistic::P50)),
    ("apply_delay_p95", Measure::ApplyDelay(Statistic::P95)),
    ("apply_delay_p99", Measure::ApplyDelay(Statistic::P99)),
    ("seconds_behind", Measure::SecondsBehind),
];

/// Reads the CSV.
///
/// # Errors
/// Everything that is wrong with it, with its line, and what to write.
pub fn parse(text: &str) -> Result<Vec<Line>, Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut written = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let header = written.next().map_or(Ok(csv::StringRecord::new()), |(_, line)| cells(line));
    let header = header.map_err(|what| vec![format!("line 1: {what}")])?;
    let column = |names: &[&str]| header.iter().position(|name| names.contains(&name));
    let (figure, of, value, unit) = (
        column(&["figure"]),
        column(&["of", "class", "station", "server", "class/station"]),
        column(&["value"]),
        column(&["unit"]),
    );
    let (Some(figure), Some(value)) = (figure, value) else {
        return Err(vec![
            "line 1: the columns `figure` and `value` are needed; begin with figure,of,value,unit".into(),
        ]);
    };
    let (mut lines, mut wrong): (Vec<Line>, Vec<String>) = (Vec::new(), Vec::new());
    for (line, written) in written {
        let record = match cells(written) {
            Ok(record) => record,
            Err(what) => {
                wrong.push(format!("line {line}: {what}"));
                continue;
            }
        };
        let cell = |column: Option<usize>| column.and_then(|i| record.get(i)).unwrap_or("");
        let found = named(cell(Some(figure)), cell(of))
            .and_then(|figure| Ok((quantity(&figure, cell(Some(value)), cell(unit))?, figure)));
        match found {
            Err(what) => wrong.push(format!("line {line}: {what}")),
            Ok((value, figure)) => match lines.iter().find(|other| other.figure == figure) {
                Some(other) => {
                    wrong.push(format!("line {line}: {} stands in line {} already", figure.key(), other.line));
                }
                None => lines.push(Line { line, figure, value }),
            },
        }
    }
    if lines.is_empty() && wrong.is_empty() {
        wrong.push("there is no figure below the header; write for example latency_p99,,264,ms".into());
    }
    if wrong.is_empty() { Ok(lines) } else { Err(wrong) }
}

/// A figure stands on one line, whose number is counted here: that of a CSV reader is that of a comment before it.
fn cells(line: &str) -> Result<csv::StringRecord, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    reader.read_record(&mut record).map_err(|error| error.to_string())?;
    Ok(record)
}

fn named(name: &str, of: &str) -> Result<Figure, String> {
    let measure = |figures: &[(&str, Measure)]| figures.iter().find(|(one, _)| *one == name).map(|(_, m)| *m);
    if let Some(measure) = measure(&CLASS_FIGURES) {
        return Ok(Figure::class(if of.is_empty() { "all" } else { of }, measure));
    }
    let needs = |what: &str, example: &str| match of.is_empty() {
        true => Err(format!("{name} is of a {what}: name it in the second column, for example {name},{example},...")),
        false => Ok(of.to_owned()),
    };
    if let Some(measure) = measure(&STATION_FIGURES) {
        return Ok(Figure { of: Of::Station(needs("station", "app1.cpu")?), measure });
    }
    if let Some(measure) = measure(&REPLICA_FIGURES) {
        return Ok(Figure { of: Of::Replica(needs("server", "db2")?), measure });
    }
    let known = CLASS_FIGURES.iter().chain(&STATION_FIGURES).chain(&REPLICA_FIGURES).map(|(name, _)| *name);
    Err(format!("there is no figure `{name}`; there are {}", known.collect::<Vec<_>>().join(", ")))
}

fn quantity(figure: &Figure, value: &str, unit: &str) -> Result<f64, String> {
    let written = format!("{value} {unit}");
    let written = written.trim();
    if value.is_empty() {
        return Err("the value is missing".into());
    }
    let checked = match figure.measure {
        Measure::Throughput => parse_rate(written),
        Measure::Availability | Measure::Utilization => share(written),
        Measure::SecondsBehind => parse_time(written),
        Measure::Latency(_) | Measure::Waiting | Measure::ApplyDelay(_) => parse_time(written).map(|s| s * 1e3),
        Measure::LatencyAll(_) | Measure::Failures | Measure::Backlog | Measure::StaleReads => {
            unreachable!("no line names these")
        }
    };
    checked.map_err(|what| format!("{}: {what}", figure.key()))
}

/// `0.64` and `64%`.
fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number.trim(), 100.0));
    match number.parse::<f64>().map(|value| value / unit) {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!("`{text}` is no share; write it from 0 to 1, or as 64%")),
    }
}

/// Simulates the scenario and puts each line beside it.
pub fn run(
    scenario: &Scenario,
    lines: &[Line],
    files: [String; 2],
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(Trust, Vec<Check>), CompareError> {
    let mut sides = [Side::new(scenario).map_err(|error| CompareError::Experiment(0, error))?];
    let names = sides[0].subjects();
    let missing: Vec<String> = lines
        .iter()
        .filter(|line| !names.contains(&line.figure.of))
        .map(|line| format!("line {}: {}", line.line, unknown(&line.figure.of, &names)))
        .collect();
    if !missing.is_empty() {
        return Err(CompareError::Unlike(missing.join("\n")));
    }
    let mut warnings = Vec::new();
    let (warmup_s, warmup_auto) = sides[0].prepared.warmup(&mut warnings);
    let runs = if sides[0].is_fixed() { 1 } else { scenario.simulation.runs };
    side::extend(&mut sides, 0..runs, warmup_s, scenario.simulation.duration_s, progress);
    let [side] = sides;
    warnings.extend(side.warnings());
    if runs < 2 {
        warnings.push(Warning {
            id: "few_runs",
            message: "one run has no interval, so it cannot be said whether a deviation is chance".into(),
            advice: "ask for more with --runs".into(),
        });
    }
    let trust = Trust {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioId { name: scenario.name.clone(), sha256: scenario.sha256.clone() },
        file: files[0].clone(),
        observed: files[1].clone(),
        seed: scenario.simulation.seed,
        runs,
        warmup_s,
        warmup_auto,
        measured_s: side.measured_s(),
        figures: lines.iter().map(|line| beside(line, &side)).collect(),
        warnings,
        totals: side.totals,
    };
    Ok((trust, side.broken))
}

fn unknown(of: &Of, known: &[Of]) -> String {
    let named = |of: &Of| match of {
        Of::Class(name) => ("request class", name.clone()),
        Of::Station(name) => ("station", name.clone()),
        Of::Replica(name) => ("replica", name.clone()),
    };
    let (kind, name) = named(of);
    let known: Vec<String> =
        known.iter().map(named).filter(|(other, _)| *other == kind).map(|(_, name)| name).collect();
    match known.is_empty() {
        true => format!("there is no {kind} in this scenario, so there is no {name:?}"),
        false => format!("there is no {kind} {name:?} in this scenario; there are {}", known.join(", ")),
    }
}

fn beside(line: &Line, side: &Side) -> Beside {
    let row = side.column.row(&line.figure).expect("figures that are missing were told before");
    let values: Option<Vec<f64>> = row.values.iter().copied().map(|v| v.filter(|v| v.is_finite())).collect();
    let known: Vec<f64> = row.values.iter().flatten().copied().filter(|v| v.is_finite()).collect();
    let center = row.pooled.or_else(|| mean_and_variance(&known).map(|(mean, _)| mean)).filter(|v| v.is_finite());
    let runs = row.values.len() as u32;
    let simulated = match (center, &values, &line.figure) {
        (None, ..) => Estimate { value: None, ci95: None, runs, censored: false },
        // proportions have an interval of their own, also where nothing failed
        (Some(_), _, Figure { of: Of::Class(name), measure: Measure::Availability }) => side.availability(name),
        (Some(center), Some(values), _) => Doubt::default().around(center, values),
        (Some(center), None, _) => Estimate { value: Some(center), ci95: None, runs, censored: false },
    };
    let single_run95 = values.as_ref().zip(center).and_then(|(values, center)| single_run(values, center));
    let within = |range: Option<[f64; 2]>| range.map(|[low, high]| low <= line.value && line.value <= high);
    Beside {
        key: line.figure.key(),
        figure: line.figure.clone(),
        line: line.line,
        observed: line.value,
        deviation: center.filter(|_| line.value > 0.0).map(|center| center / line.value - 1.0),
        in_interval: within(simulated.ci95),
        in_single_run: within(single_run95),
        simulated,
        single_run95,
    }
}

/// Where one more run lies with 95%, for normal values.
fn single_run(values: &[f64], center: f64) -> Option<[f64; 2]> {
    let n = values.len() as f64;
    let (_, variance) = mean_and_variance(values)?;
    if values.len() < 2 || variance <= 0.0 {
        return None;
    }
    let half = student_t_quantile(0.975, n - 1.0) * (variance * (1.0 + 1.0 / n)).sqrt();
    Some([(center - half).max(0.0), center + half])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_has_its_unit_and_whom_it_is_of() {
        let text = "figure,of,value,unit\n# measured on Tuesday\nlatency_p99,,264,ms\nlatency_p50,checkout,0.136 s,\n\
                    throughput,all,1500,/s\navailability,,99.95%\nutilization,app1.cpu,64,%\nseconds_behind,db2,2,s\n";
        let lines = parse(text).unwrap();
        let shown: Vec<(u64, String, f64)> = lines.iter().map(|l| (l.line, l.figure.key(), l.value)).collect();
        assert_eq!(
            shown,
            [
                (3, "traffic.all.latency_ms.p99".into(), 264.0),
                (4, "traffic.checkout.latency_ms.p50".into(), 136.0),
                (5, "traffic.all.throughput_per_s".into(), 1500.0),
                (6, "traffic.all.availability".into(), 0.9995),
                (7, "stations.app1.cpu.utilization".into(), 0.64),
                (8, "replication.db2.seconds_behind".into(), 2.0),
            ]
        );
        assert_eq!(parse("value,figure,class\n4 ms,latency_mean,home\n").unwrap().len(), 1);
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_line() {
        let text = "figure,of,value,unit\nlatency_p98,,1,ms\nlatency_p99,,264,\nutilization,,64,%\n\
                    utilization,app1.cpu,640,%\nlatency_p50,,x,ms\nlatency_p90,,,ms\nlatency_p95,,3,ms\nlatency_p95,all,4,ms\n";
        let wrong = parse(text).unwrap_err();
        let expected = [
            "line 2: there is no figure `latency_p98`; there are latency_mean,",
            "line 3: traffic.all.latency_ms.p99:",
            "line 4: utilization is of a station: name it",
            "line 5: stations.app1.cpu.utilization: `640 %` is no share",
            "line 6: traffic.all.latency_ms.p50:",
            "line 7: the value is missing",
            "line 9: traffic.all.latency_ms.p95 stands in line 8 already",
        ];
        assert_eq!(wrong.len(), expected.len(), "{wrong:#?}");
        for (wrong, expected) in wrong.iter().zip(expected) {
            assert!(wrong.starts_with(expected), "{wrong}");
        }
        assert!(parse("").unwrap_err()[0].contains("begin with figure,of,value,unit"));
        assert!(parse("figure,value\n").unwrap_err()[0].contains("no figure below the header"));
    }

    #[test]
    fn a_single_run_lies_wider_than_their_mean() {
        let values = [10.0, 11.0, 9.0, 10.5, 9.5];
        let [low, high] = single_run(&values, 10.0).unwrap();
        let [near, far] = Doubt::default().around(10.0, &values).ci95.unwrap();
        // sqrt(1 + 1/n) over sqrt(1/n)
        assert!(((high - low) / (far - near) - 6f64.sqrt()).abs() < 1e-9);
        assert_eq!(single_run(&[1.0], 1.0), None);
    }
}

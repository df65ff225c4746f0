//! A stored result as one side of a comparison: summary.json of a run, with the values of each of its runs.

use serde_json::{Map, Value};

use super::column::{Column, Row};
use super::difference::{Keys, Written, is_asked};
use crate::experiment::per_run::{Figure, Observed, Of, STORED_MAX};
use crate::experiment::summary::{SCHEMA_VERSION, ScenarioId};
use crate::scenario::{Scenario, Warmup};

#[derive(Clone, Debug)]
pub struct Baseline {
    pub scenario: ScenarioId,
    pub seed: u64,
    pub runs: u32,
    pub warmup_s: f64,
    pub warmup_auto: bool,
    measured_s: f64,
    /// What took effect.
    pub keys: Keys,
    pub(super) column: Column,
    classes: Vec<String>,
}

impl Baseline {
    /// # Errors
    /// Why the text is no result that something can be compared with, and what to do.
    pub fn parse(text: &str) -> Result<Baseline, String> {
        let document: Value = serde_json::from_str(text).map_err(|error| match error.is_eof() {
            true => "the file is cut short; write it again with `foobar-sim run`".to_owned(),
            false => format!("this is no JSON ({error}); name a summary.json of `foobar-sim run`"),
        })?;
        let Some(version) = document.get("schema_version").and_then(Value::as_u64) else {
            return Err(NO_SUMMARY.into());
        };
        if !["traffic", "stations", "runs", "seed", "warmup_s"].iter().all(|key| document.get(key).is_some()) {
            return Err(NO_SUMMARY.into());
        }
        if version != u64::from(SCHEMA_VERSION) {
            return Err(format!(
                "the result has schema version {version}, and this program writes {SCHEMA_VERSION}; make it again with \
                 this version"
            ));
        }
        read(&document)
    }

    /// Whether the scenario can be run on the traffic of this result.
    ///
    /// # Errors
    /// What differs, and what to do.
    pub fn suits(&self, scenario: &Scenario) -> Result<(), String> {
        let simulation = &scenario.simulation;
        if simulation.seed != self.seed {
            return Err(format!(
                "the seeds differ: {} in the baseline, {} in the scenario; use the baseline's with --seed {}",
                self.seed, simulation.seed, self.seed
            ));
        }
        if let Some(duration) = simulation.duration_s.filter(|s| (s / self.measured_s - 1.0).abs() > 1e-9) {
            return Err(format!(
                "the horizons differ: {} s in the baseline, {duration} s in the scenario; use the baseline's with --set \
                 simulation.duration='{} s'",
                self.measured_s, self.measured_s
            ));
        }
        if let Warmup::Seconds(seconds) = simulation.warmup
            && seconds != self.warmup_s
        {
            return Err(format!(
                "the warm-ups differ: {} s in the baseline, {seconds} s in the scenario; use the baseline's with --set \
                 simulation.warmup='{} s'",
                self.warmup_s, self.warmup_s
            ));
        }
        if !scenario.requests.iter().any(|class| self.classes.contains(&class.name)) {
            let own: Vec<&str> = scenario.requests.iter().map(|class| class.name.as_str()).collect();
            return Err(format!(
                "no request class is in both: {} in the baseline, {} in the scenario",
                self.classes.join(", "),
                own.join(", ")
            ));
        }
        Ok(())
    }
}

const NO_SUMMARY: &str = "this is no result of a run; name a summary.json of `foobar-sim run`";

/// A document that has the parts of a summary.
fn read(document: &Value) -> Result<Baseline, String> {
    let damaged = |what: &str| format!("{what} is missing or damaged; make the result again with `foobar-sim run`");
    let number = |key: &str| document.get(key).and_then(Value::as_f64).ok_or_else(|| damaged(key));
    let whole = |key: &str| document.get(key).and_then(Value::as_u64).ok_or_else(|| damaged(key));
    let object = |key: &str| document.get(key).and_then(Value::as_object).ok_or_else(|| damaged(key));
    let runs = whole("runs")?;
    let Some(per_run) = document.get("per_run").and_then(Value::as_object) else {
        return Err(match runs {
            n if n > STORED_MAX as u64 => format!(
                "the result has {n} runs, and the values of each are kept only up to {STORED_MAX}; make it again with \
                 --runs {STORED_MAX} or fewer"
            ),
            _ => {
                "the result does not have the values of each run, which a paired difference needs; make it again with \
                  this version"
                    .into()
            }
        });
    };
    let written_by = per_run.get("program_version").and_then(Value::as_str).unwrap_or("?");
    if written_by != env!("CARGO_PKG_VERSION") {
        return Err(format!(
            "the result is of version {written_by}, and this is {}: the same seed may be other traffic; make it again \
             with this version",
            env!("CARGO_PKG_VERSION")
        ));
    }
    let values = per_run.get("figures").and_then(Value::as_object).ok_or_else(|| damaged("per_run.figures"))?;
    let mut column = Column::default();
    let subjects = object("traffic")?.keys().cloned().map(Of::Class);
    let subjects = subjects.chain(object("stations")?.keys().cloned().map(Of::Station));
    for of in subjects.chain(object("replication")?.keys().cloned().map(Of::Replica)) {
        for measure in of.measures() {
            let figure = Figure { of: of.clone(), measure };
            let Some(stored) = values.get(&figure.key()) else { continue };
            let values = of_runs(stored, runs).ok_or_else(|| damaged(&figure.key()))?;
            let pooled = if measure.is_pooled() { pooled(document, &figure) } else { None };
            column.rows.push(Row { figure, values, pooled });
        }
    }
    if column.rows.is_empty() {
        return Err(damaged("per_run.figures"));
    }
    let traffic = object("traffic")?;
    for (name, class) in traffic {
        let count =
            |key: &str| class.get(key).and_then(Value::as_u64).ok_or_else(|| damaged(&format!("traffic.{name}")));
        column.finished.push((name.clone(), count("completed")?, count("failed")?));
    }
    let scenario = object("scenario")?;
    let text = |of: &Map<String, Value>, key: &str| {
        of.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| damaged("scenario"))
    };
    Ok(Baseline {
        scenario: ScenarioId { name: text(scenario, "name")?, sha256: text(scenario, "sha256")? },
        seed: whole("seed")?,
        runs: u32::try_from(runs).map_err(|_| damaged("runs"))?,
        warmup_s: number("warmup_s")?,
        warmup_auto: document.get("warmup_auto").and_then(Value::as_bool).unwrap_or(false),
        measured_s: number("measured_s")?,
        keys: keys(document).ok_or_else(|| damaged("assumptions"))?,
        column,
        classes: traffic.keys().filter(|name| *name != "all").cloned().collect(),
    })
}

fn of_runs(stored: &Value, runs: u64) -> Option<Vec<Observed>> {
    let values = stored.as_array().filter(|values| values.len() as u64 == runs)?;
    values
        .iter()
        .map(|value| match value {
            Value::Null => Some(None),
            Value::String(text) if text == CENSORED => Some(Some(f64::INFINITY)),
            value => value.as_f64().map(Some),
        })
        .collect()
}

/// A value among the failures, in summary.json.
pub const CENSORED: &str = "censored";

fn pooled(document: &Value, figure: &Figure) -> Option<f64> {
    let estimate = figure.path().iter().try_fold(document, |value, key| value.get(key))?;
    if estimate.get("censored").and_then(Value::as_bool) == Some(true) {
        return Some(f64::INFINITY);
    }
    estimate.get("value")?.as_f64()
}

fn keys(document: &Value) -> Option<Keys> {
    let mut keys = Vec::new();
    for assumption in document.get("assumptions")?.as_array()? {
        let text = |key: &str| assumption.get(key).and_then(Value::as_str);
        let (key, value, mark) = (text("key")?, text("value")?, text("mark")?);
        if is_asked(key) {
            keys.push((key.to_owned(), Written { value: value.to_owned(), default: mark == "default" }));
        }
    }
    Some(keys)
}

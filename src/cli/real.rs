//! The subcommands' work, done for real: the scenario reader, the experiment, the trace readers.

use std::path::Path;

use super::failure::{Failure, visible};
use super::progress::Progress;
use super::{Simulator, run, trace};
use crate::experiment::Outcome;
use crate::experiment::runner::{self, ExperimentError, Options};
use crate::report::output;
use crate::scenario::{self, Overrides, Scenario, Stamp, TraceFormat};
use crate::workload::trace as recorded;

pub struct Real;

impl Simulator for Real {
    fn load(&self, file: &Path, overrides: &Overrides, color: bool) -> Result<Scenario, Failure> {
        scenario::load(file, overrides).map_err(|diagnostics| Failure::Input(diagnostics.render(color)))
    }

    fn check_traces(&self, scenario: &Scenario) -> Result<(), Failure> {
        runner::check_traces(scenario).map_err(unplayable)
    }

    fn run(&self, scenario: &Scenario, options: &run::Args, progress: &Progress) -> Result<Outcome, Failure> {
        let overrides = options.all_overrides();
        let variant = |key: &str, value: &str| {
            let mut overrides = overrides.clone();
            overrides.set.push(format!("{key}={value}"));
            scenario::load(&options.scenario, &overrides).ok()
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads.unwrap_or(0))
            .build()
            .map_err(|error| Failure::Ours(format!("no threads to run on: {error}")))?;
        let show = |p: crate::experiment::parallel::Progress| progress.show("runs", p.finished as u64, p.of as u64);
        let options = Options { precision: options.precision, variant: Some(&variant) };
        pool.install(|| runner::run(scenario, &options, &show)).map_err(unplayable)
    }

    fn trace(&self, options: &trace::Args, _color: bool) -> Result<String, Failure> {
        let format = match &options.format {
            Some(name) => Some(format_named(name, &options.file)?),
            None => None,
        };
        let summary = recorded::summary(&options.file, format.clone()).map_err(Failure::input)?;
        if let Some(target) = &options.convert {
            if is_same(target, &options.file) {
                let file = options.file.display();
                return Err(Failure::input(format!(
                    "{file}: --convert would replace the log itself; name another file"
                )));
            }
            let mut csv = Vec::new();
            recorded::convert(&options.file, format.as_ref(), &mut csv).map_err(Failure::input)?;
            output::write_file(target, &csv)?;
        }
        Ok(if options.json { crate::report::trace::json(&summary) } else { crate::report::trace::render(&summary) })
    }
}

/// Through links as well.
fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// One message for each trace.
fn unplayable(error: ExperimentError) -> Failure {
    let ExperimentError::Traces(traces) = error;
    let messages = traces.iter().map(|(traffic, error)| format!("error: traffic.{traffic}.file: {error}"));
    Failure::Input(visible(&messages.collect::<Vec<_>>().join("\n")))
}

/// The formats that a user may name. JSON and CSV say themselves which column is what.
fn format_named(name: &str, file: &Path) -> Result<TraceFormat, Failure> {
    let columns = |wanted: fn(&TraceFormat) -> bool| match recorded::detect(file) {
        Ok(format) if wanted(&format) => Ok(format),
        Ok(_) => Err(Failure::input(format!("{}: this does not look like {name}", file.display()))),
        Err(error) => Err(Failure::input(error)),
    };
    match name {
        "haproxy" => Ok(TraceFormat::HaproxyHttp),
        "haproxy-clf" => Ok(TraceFormat::HaproxyClf),
        "nginx" => Ok(TraceFormat::Combined { stamp: Stamp::End }),
        "apache" => Ok(TraceFormat::Combined { stamp: Stamp::Arrival }),
        "json" => columns(|format| matches!(format, TraceFormat::JsonLines(_))),
        "csv" => columns(|format| matches!(format, TraceFormat::Csv(_))),
        _ => Err(Failure::input(format!(
            "there is no trace format {name:?}; there are haproxy, haproxy-clf, nginx, apache, json and csv"
        ))),
    }
}

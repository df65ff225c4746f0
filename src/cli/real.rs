//! The subcommands' work, done for real: the scenario reader, the experiment, the trace readers.

use std::path::Path;

use super::failure::Failure;
use super::progress::Progress;
use super::{Simulator, run, trace};
use crate::experiment::Outcome;
use crate::experiment::runner::{self, ExperimentError, Options};
use crate::report::output;
use crate::scenario::{self, Overrides, Scenario, Stamp, TraceFormat};
use crate::workload::trace as recorded;

pub struct Real;

impl Simulator for Real {
    fn load(&self, file: &Path, overrides: &[String], color: bool) -> Result<Scenario, Failure> {
        scenario::load(file, &Overrides { set: overrides.to_vec(), ..Overrides::default() })
            .map_err(|diagnostics| Failure::Input(diagnostics.render(color)))
    }

    fn run(&self, scenario: &Scenario, options: &run::Args, progress: &Progress) -> Result<Outcome, Failure> {
        let overrides = options.all_overrides();
        let variant = |key: &str, value: &str| {
            let mut set = overrides.clone();
            set.push(format!("{key}={value}"));
            scenario::load(&options.scenario, &Overrides { set, ..Overrides::default() }).ok()
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads.unwrap_or(0))
            .build()
            .map_err(|error| Failure::Ours(format!("no threads to run on: {error}")))?;
        let show = |p: crate::experiment::parallel::Progress| progress.show("runs", p.finished as u64, p.of as u64);
        let options = Options { precision: options.precision, variant: Some(&variant) };
        pool.install(|| runner::run(scenario, &options, &show)).map_err(|error| match error {
            ExperimentError::Trace(error) => Failure::input(error),
        })
    }

    fn trace(&self, options: &trace::Args, _color: bool) -> Result<String, Failure> {
        let format = match &options.format {
            Some(name) => Some(format_named(name, &options.file)?),
            None => None,
        };
        let summary = recorded::summary(&options.file, format.clone()).map_err(Failure::input)?;
        if let Some(target) = &options.convert {
            let mut csv = Vec::new();
            recorded::convert(&options.file, format.as_ref(), &mut csv).map_err(Failure::input)?;
            output::write_file(target, &csv)?;
        }
        Ok(if options.json { crate::report::trace::json(&summary) } else { crate::report::trace::render(&summary) })
    }
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

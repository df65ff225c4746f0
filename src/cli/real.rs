//! The subcommands' work, done for real: the scenario reader, the experiment, the trace readers.

use std::path::Path;

use super::failure::{Failure, visible};
use super::progress::Progress;
use super::{Simulator, Written, run, spof, trace};
use crate::experiment::Outcome;
use crate::experiment::runner::{self, ExperimentError, Options};
use crate::experiment::spof::findings::Findings;
use crate::experiment::spof::{self as spof_experiment, SpofError};
use crate::experiment::summary::Check;
use crate::report::output::OutputFile;
use crate::scenario::{self, Complaint, Scenario, Stamp, TraceFormat};
use crate::simulation::compile::compile;
use crate::workload::trace::{self as recorded, TraceError};

pub struct Real;

impl Simulator for Real {
    fn load(&self, written: &Written) -> Result<Scenario, Failure> {
        scenario::load(written.file, &written.overrides)
            .map_err(|diagnostics| Failure::Input(diagnostics.render(written.color)))
    }

    fn check_traces(&self, scenario: &Scenario, written: &Written) -> Result<(), Failure> {
        runner::check_traces(scenario).map_err(|error| unplayable(error, written))
    }

    fn run(
        &self,
        scenario: &Scenario,
        options: &run::Args,
        written: &Written,
        progress: &Progress,
    ) -> Result<Outcome, Failure> {
        let variant = |key: &str, value: &str| {
            let mut overrides = written.overrides.clone();
            overrides.set.push(format!("{key}={value}"));
            scenario::load(written.file, &overrides).ok()
        };
        if let Some(note) = long_wait(scenario) {
            progress.note(&note);
        }
        progress.show("runs", 0, u64::from(scenario.simulation.runs));
        let pool = pool(options.threads)?;
        let show = |p: crate::experiment::parallel::Progress| progress.show("runs", p.finished as u64, p.of as u64);
        let options = Options { precision: options.precision, variant: Some(&variant) };
        pool.install(|| runner::run(scenario, &options, &show)).map_err(|error| unplayable(error, written))
    }

    fn spof(
        &self,
        scenario: &Scenario,
        options: &spof::Args,
        written: &Written,
        progress: &Progress,
    ) -> Result<(Findings, Vec<Check>), Failure> {
        let show = |p: crate::experiment::parallel::Progress| progress.show("failures", p.finished as u64, p.of as u64);
        let asked = options.asked(scenario.simulation.runs);
        pool(options.threads)?.install(|| spof_experiment::run(scenario, &asked, &show)).map_err(|error| match error {
            SpofError::Experiment(error) => unplayable(error, written),
            SpofError::Unsuitable(what) => Failure::input(format!("{}: {what}", written.file.display())),
            SpofError::Analytic(_) => Failure::Ours(error.to_string()),
        })
    }

    fn trace(&self, options: &trace::Args, _color: bool) -> Result<String, Failure> {
        let format = match &options.format {
            Some(name) => Some(format_named(name, &options.file)?),
            None => None,
        };
        let mut rows = match &options.convert {
            Some(target) if is_same(target, &options.file) => {
                let file = options.file.display();
                return Err(Failure::input(format!(
                    "{file}: --convert would replace the log itself; name another file"
                )));
            }
            // known before a long log is read, not after it
            Some(target) => Some(OutputFile::create(target)?),
            None => None,
        };
        let summary = recorded::summary(&options.file, format.clone()).map_err(Failure::input)?;
        if let Some(rows) = rows.as_mut() {
            recorded::convert(&options.file, format.as_ref(), &mut *rows).map_err(|error| match error {
                TraceError::Unwritable { source } => Failure::from(rows.failed(source)),
                error => Failure::input(error),
            })?;
        }
        if let Some(rows) = rows {
            rows.place()?;
        }
        Ok(if options.json { crate::report::trace::json(&summary) } else { crate::report::trace::render(&summary) })
    }
}

/// `None`: a thread for each core.
fn pool(threads: Option<usize>) -> Result<rayon::ThreadPool, Failure> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0));
    builder.build().map_err(|error| Failure::Ours(format!("no threads to run on: {error}")))
}

/// More requests than this take more than an hour on most machines.
const MANY_REQUESTS: f64 = 2e9;

/// A slip in a unit makes a run that nobody will see the end of, so that is said at its beginning.
fn long_wait(scenario: &Scenario) -> Option<String> {
    let rate = compile(scenario).load.rate_per_s?;
    let requests = rate * scenario.simulation.duration_s? * f64::from(scenario.simulation.runs);
    (requests > MANY_REQUESTS).then(|| {
        format!(
            "about {:.0} million requests are to be simulated, which takes hours; check the rate and \
             simulation.duration, or interrupt",
            requests / 1e6
        )
    })
}

/// Through links as well.
fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// One message for each trace, at the line that names it.
fn unplayable(error: ExperimentError, written: &Written) -> Failure {
    let ExperimentError::Traces(traces) = error;
    let keys: Vec<[&str; 3]> = traces.iter().map(|(traffic, _)| ["traffic", traffic, "file"]).collect();
    let complaints = keys.iter().zip(&traces).map(|(key, (_, error))| Complaint {
        key,
        what: visible(&error.what()),
        label: "cannot be played",
        help: visible(&error.remedy()),
    });
    let complaints: Vec<Complaint> = complaints.collect();
    Failure::Input(scenario::point_out(written.file, &written.overrides, &complaints).render(written.color))
}

/// The formats that a user may name. JSON and CSV say themselves which column is what.
pub fn format_named(name: &str, file: &Path) -> Result<TraceFormat, Failure> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Overrides;

    #[test]
    fn a_run_of_hours_is_announced_and_a_usual_one_is_not() {
        let queue = "[service.cpu]\nkind = \"station\"\nservice = \"1 ms\"\n[request.job]\npath = [\"cpu\"]\n\
                     [traffic.all]\nprocess = \"poisson\"\nmix = { job = 1 }\n";
        let at = |rate: &str| {
            let text = format!("{queue}rate = \"{rate}\"\n[simulation]\nduration = \"10 min\"\nruns = 10\n");
            long_wait(&scenario::load_str("queue.toml", &text, &Overrides::default()).unwrap())
        };
        assert_eq!(at("900/s"), None);
        assert!(at("1000000/s").unwrap().starts_with("about 6000 million requests"));
    }
}

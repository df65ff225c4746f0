//! The subcommands' work, done for real: the scenario reader, the experiment, the trace readers.

use std::path::Path;

use super::failure::{Failure, visible};
use super::progress::Progress;
use super::{Simulator, Written, compare, explain_request, plan, run, spof, trace};
use crate::experiment::Outcome;
use crate::experiment::compare::{self as compare_experiment, CompareError, observed};
use crate::experiment::explained::{self, ExplainError, Explained};
use crate::experiment::objective::unknown_stations;
use crate::experiment::plan::findings::{Findings as Plans, UslFindings};
use crate::experiment::plan::scalability::{self, Measured};
use crate::experiment::plan::{self as plan_experiment, PlanError};
use crate::experiment::runner::{self, ExperimentError, Options};
use crate::experiment::spof::findings::Findings;
use crate::experiment::spof::{self as spof_experiment, SpofError};
use crate::experiment::summary::Check;
use crate::experiment::verdict::Verdict;
use crate::report::output::OutputFile;
use crate::scenario::{self, Complaint, Scenario, Stamp, TraceFormat};
use crate::simulation::compile::compile;
use crate::workload::trace::{self as recorded, TraceError};

pub struct Real;

impl Simulator for Real {
    fn load(&self, written: &Written) -> Result<Scenario, Failure> {
        scenario::load(written.file, &written.overrides)
            .map_err(|diagnostics| Failure::Input(diagnostics.render(written.color)))
            .and_then(|scenario| judgeable(scenario, written))
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
        let pool = pool(options.how.threads)?;
        let show = |p: crate::experiment::parallel::Progress| progress.show("runs", p.finished as u64, p.of as u64);
        let options = Options {
            precision: options.precision,
            variant: Some(&variant),
            max_runs: options.max_runs,
            inconclusive: options.inconclusive.map(|counts| match counts {
                run::Counts::Fail => Verdict::Fail,
                run::Counts::Pass => Verdict::Pass,
            }),
            samples: true,
        };
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
        pool(options.how.threads)?.install(|| spof_experiment::run(scenario, &asked, &show)).map_err(
            |error| match error {
                SpofError::Experiment(error) => unplayable(error, written),
                SpofError::Unsuitable(what) => Failure::input(format!("{}: {what}", written.file.display())),
                SpofError::Analytic(_) => Failure::Ours(error.to_string()),
            },
        )
    }

    fn plan(
        &self,
        scenario: &Scenario,
        options: &plan::Args,
        measured: Option<Measured>,
        written: &Written,
        progress: &Progress,
    ) -> Result<Plans, Failure> {
        let load = |set: &[String]| {
            let mut overrides = written.overrides.clone();
            overrides.set.extend_from_slice(set);
            scenario::load(written.file, &overrides).map_err(|diagnostics| diagnostics.render(written.color))
        };
        // nobody knows how many runs a search takes
        let show = |runs: u32| progress.count("runs", u64::from(runs));
        let asked = options.asked(measured);
        pool(options.how.threads)?.install(|| plan_experiment::run(scenario, &asked, &load, &show)).map_err(|error| {
            match error {
                PlanError::Experiment(error) => unplayable(error, written),
                PlanError::Unsuitable(what) => Failure::input(format!("{}: {what}", written.file.display())),
            }
        })
    }

    fn scalability(&self, measured: &Measured) -> Result<UslFindings, String> {
        scalability::measured(measured).map_err(|error| error.to_string())
    }

    fn compare(
        &self,
        subject: &compare::Subject,
        options: &compare::Args,
        progress: &Progress,
    ) -> Result<(compare::Found, Vec<Check>), Failure> {
        let show = |p: crate::experiment::parallel::Progress| progress.show("runs", p.finished as u64, p.of as u64);
        let pool = pool(options.how.threads)?;
        let found = |findings, broken| (compare::Found::Difference(Box::new(findings)), broken);
        match subject {
            compare::Subject::Two(sides) => {
                let [a, b] = sides.as_ref();
                let runs = a.scenario.simulation.runs.max(b.scenario.simulation.runs);
                let asked = options.options(runs);
                let names = [a.name.clone(), b.name.clone()];
                let made = pool.install(|| compare_experiment::run([&a.scenario, &b.scenario], names, &asked, &show));
                made.map(|(findings, broken)| found(findings, broken)).map_err(|error| match error {
                    CompareError::Experiment(side, error) => unplayable(error, &sides[side].written),
                    CompareError::Unlike(what) => Failure::input(format!("these cannot be compared: {what}")),
                })
            }
            compare::Subject::Stored { baseline, name, side } => {
                let names = [name.clone(), side.name.clone()];
                let against =
                    || compare_experiment::run_against(baseline, &side.scenario, names, options.thresholds(), &show);
                let made = pool.install(against).map(|(findings, broken)| found(findings, broken));
                made.map_err(|error| of_one(error, side, &format!("{name}: this cannot be compared with it: ")))
            }
            compare::Subject::Production { lines, name, side } => {
                let names = [side.name.clone(), name.clone()];
                let made = pool.install(|| observed::run(&side.scenario, lines, names, &show));
                let trust = made.map(|(trust, broken)| (compare::Found::Trust(Box::new(trust)), broken));
                trust.map_err(|error| of_one(error, side, &format!("{name}: ")))
            }
        }
    }

    fn explain_request(
        &self,
        scenario: &Scenario,
        options: &explain_request::Args,
        written: &Written,
    ) -> Result<Explained, Failure> {
        let found = pool(options.how.threads)?.install(|| explained::run(scenario, &options.asked()));
        found.map_err(|error| match error {
            ExplainError::Experiment(error) => unplayable(error, written),
            ExplainError::Unsuitable(what) => Failure::input(format!("{}: {what}", written.file.display())),
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

/// Objectives name stations as results do, and which there are turns out when the scenario is compiled.
fn judgeable(scenario: Scenario, written: &Written) -> Result<Scenario, Failure> {
    let unknown = unknown_stations(&scenario);
    if unknown.is_empty() {
        return Ok(scenario);
    }
    let keys: Vec<[String; 3]> =
        unknown.iter().map(|one| ["slo".into(), one.objective.to_string(), "station".into()]).collect();
    let keys: Vec<[&str; 3]> = keys.iter().map(|[a, b, c]| [a.as_str(), b.as_str(), c.as_str()]).collect();
    let complaints = keys.iter().zip(&unknown).map(|(key, one)| Complaint {
        key,
        what: visible(&one.what),
        label: "cannot be judged",
        help: visible(&one.help),
    });
    let complaints: Vec<Complaint> = complaints.collect();
    Err(Failure::Input(scenario::point_out(written.file, &written.overrides, &complaints).render(written.color)))
}

/// `file`: what the side was held against, in front of what is unlike.
fn of_one(error: CompareError, side: &compare::Side, file: &str) -> Failure {
    match error {
        CompareError::Experiment(_, error) => unplayable(error, &side.written),
        CompareError::Unlike(what) => {
            let each: Vec<String> = what.lines().map(|line| format!("{file}{line}")).collect();
            Failure::input(each.join("\nerror: "))
        }
    }
}

/// `None`: a thread for each core.
pub(super) fn pool(threads: Option<usize>) -> Result<rayon::ThreadPool, Failure> {
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
pub(super) fn unplayable(error: ExperimentError, written: &Written) -> Failure {
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

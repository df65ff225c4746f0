//! `foobar-sim run SCENARIO`: simulate and report.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::ValueEnum;

use crate::experiment::Outcome;
use crate::experiment::summary::Summary;
use crate::report::benchmark::Better;
use crate::report::content::Extent;
use crate::report::manifest::Manifest;
use crate::report::output::OutputFile;
use crate::report::{self, output};
use crate::scenario::{Overrides, Scenario, is_stationary};

use super::Simulator;
use super::console::Console;
use super::failure::{self, Failure};
use super::options::{How, parse_override, parse_percent, parse_runs, parse_seed};
use super::progress::Progress;
use super::results;

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim run peak.toml
  foobar-sim run peak.toml --set traffic.visitors.rate=900/s --runs 20
  foobar-sim run peak.toml --precision 2% --format json | jq .traffic.all.latency_ms.p99
  foobar-sim run peak.toml --print-effective > effective.toml
  foobar-sim run slo.toml --max-runs 160 --junit objectives.xml

Exit codes with objectives ([[slo]]): 0 all are met, 99 one is missed, 97 undecided after all runs.")]
#[command(after_long_help = "Examples:
  foobar-sim run peak.toml
  foobar-sim run peak.toml --set traffic.visitors.rate=900/s --runs 20
  foobar-sim run peak.toml --set server.app1.cpu='{ cores = 16, speed = 1.2 }'
  foobar-sim run peak.toml --precision 2% --format json | jq .traffic.all.latency_ms.p99
  foobar-sim run peak.toml --print-effective > effective.toml
  foobar-sim run peak.toml --seed 7 -o output/seed-7 --quiet
  foobar-sim run gray-failure.toml --verbose
  foobar-sim run slo.toml --max-runs 160 --junit objectives.xml

Exit codes with objectives ([[slo]]): 0 all are met, 99 one is missed, 97 undecided after all runs.

The same scenario, seed and version give the same bytes, whatever --threads is. `foobar-sim explain NAME` says what a
key or a figure means.")]
pub struct Args {
    /// The scenario, a TOML file
    pub scenario: PathBuf,

    /// Replace one value, as `key=value`; may be given many times
    #[arg(long = "set", value_name = "K=V", value_parser = parse_override)]
    pub overrides: Vec<String>,

    /// Independent runs; the scenario's number if left out
    #[arg(long, value_name = "N", value_parser = parse_runs, allow_hyphen_values = true)]
    pub runs: Option<u32>,

    /// Seed of all randomness; the scenario's if left out
    #[arg(long, value_name = "N", value_parser = parse_seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,

    /// Add runs until the intervals are this narrow, as half-width over value: `2%`
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent, allow_hyphen_values = true)]
    pub precision: Option<f64>,

    /// With objectives: add runs up to this many until they are decided; 8 times the number of runs if left out
    #[arg(long, value_name = "N", value_parser = parse_runs, allow_hyphen_values = true)]
    pub max_runs: Option<u32>,

    /// With objectives: what an undecided verdict counts as, instead of exit code 97
    #[arg(long, value_enum, value_name = "VERDICT")]
    pub inconclusive: Option<Counts>,

    /// Write a JUnit report: a test case for each objective and each self-check
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Folder for the results; `output/<name of the scenario>` if left out
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Charts as PNG besides SVG
    #[arg(long)]
    pub png: bool,

    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// Print every value of the scenario with its mark and source, and do not simulate
    #[arg(long)]
    pub print_effective: bool,

    /// All stations, assumptions and defaults instead of the leading ones, and on standard error how long each phase took
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,

    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A summary for the terminal
    Text,
    /// summary.json
    Json,
    /// timeseries.csv
    Csv,
    /// summary.md
    Markdown,
    /// For github-action-benchmark, tool customSmallerIsBetter: latencies and failures
    Benchmark,
    /// The same for customBiggerIsBetter: throughput and availability
    BenchmarkBigger,
}

/// Instead of a third verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Counts {
    Fail,
    Pass,
}

impl Args {
    /// `--set`, and the flags that stand for a key of the scenario; the flags win.
    pub(super) fn all_overrides(&self) -> Overrides {
        Overrides { set: self.overrides.clone(), runs: self.runs, seed: self.seed }
    }
}

/// `typed`: the arguments, for the manifest.
pub fn execute(
    simulator: &impl Simulator,
    args: &Args,
    typed: Vec<String>,
    console: &mut Console,
) -> Result<(), Failure> {
    let written = super::Written { file: &args.scenario, overrides: args.all_overrides(), color: console.err_color };
    let mut phases = Phases::new(args.verbose);
    let scenario = simulator.load(&written)?;
    phases.ended("read the scenario");
    if args.print_effective {
        return console.print(&crate::scenario::print_effective(&scenario));
    }
    has_something_to_decide(args, &scenario)?;
    // known before hours of simulation, not after them
    let folder = folder(args, &scenario.name);
    output::check(&folder)?;
    let junit = args.junit.as_deref().map(OutputFile::create).transpose()?;
    let progress = Progress::new(args.how.quiet, console.err_is_terminal);
    let outcome = simulator.run(&scenario, args, &written, &progress)?;
    progress.finish();
    phases.ended("simulate");
    let found = finish(&outcome, &scenario, args, &folder, Manifest::new(typed), console);
    phases.ended("write and draw");
    phases.tell(console);
    if let Some(mut junit) = junit {
        let xml = report::junit::render(&outcome.summary);
        junit.write_all(xml.as_bytes()).map_err(|source| junit.failed(source))?;
        junit.place()?;
    }
    console.show_in_ci(&report::markdown::brief(&outcome.summary));
    found
}

/// Whether something happens in the run at one time and not at another.
fn changes(scenario: &Scenario) -> bool {
    !scenario.faults.is_empty() || scenario.traffic.iter().any(|one| !is_stationary(&one.process))
}

/// How long the parts of the work took.
struct Phases {
    asked: bool,
    since: Instant,
    ended: Vec<(&'static str, f64)>,
}

impl Phases {
    fn new(asked: bool) -> Phases {
        Phases { asked, since: Instant::now(), ended: Vec::new() }
    }

    fn ended(&mut self, phase: &'static str) {
        self.ended.push((phase, self.since.elapsed().as_secs_f64()));
        self.since = Instant::now();
    }

    fn tell(&self, console: &mut Console) {
        if self.asked {
            let each: Vec<String> = self.ended.iter().map(|(phase, s)| format!("{phase} {s:.2} s")).collect();
            console.complain(&format!("foobar-sim: {}", each.join(", ")));
        }
    }
}

/// No option is taken and then ignored.
fn has_something_to_decide(args: &Args, scenario: &Scenario) -> Result<(), Failure> {
    if !scenario.objectives.is_empty() {
        let runs = scenario.simulation.runs;
        return match (args.max_runs, args.runs) {
            (Some(most), Some(given)) if most < given => {
                Err(Failure::input(format!("--max-runs {most} is less than --runs {runs}; leave one of them out")))
            }
            _ => Ok(()),
        };
    }
    let option = match (args.max_runs, args.inconclusive) {
        (Some(_), _) => "--max-runs",
        (_, Some(_)) => "--inconclusive",
        _ => return Ok(()),
    };
    Err(Failure::input(format!(
        "{option}: {} has no objectives to decide; add a [[slo]] such as that = \"latency_p99 < 400 ms\", or leave it out",
        args.scenario.display()
    )))
}

fn folder(args: &Args, scenario: &str) -> PathBuf {
    match &args.output {
        Some(folder) => folder.clone(),
        None => Path::new("output").join(output::folder_name(scenario)),
    }
}

/// Keeps and prints the result. What cannot be kept is printed all the same.
fn finish(
    outcome: &Outcome,
    scenario: &Scenario,
    args: &Args,
    folder: &Path,
    manifest: Manifest,
    console: &mut Console,
) -> Result<(), Failure> {
    let files = report::files(outcome, scenario, &manifest, args.png);
    let is_text = args.format == Format::Text;
    results::hand_over(folder, &files, is_text, &args.how, console, |place, color| match args.format {
        Format::Text => {
            let over_time = if changes(scenario) { report::spark::over_time(outcome) } else { Vec::new() };
            let extent = if args.verbose { Extent::Full } else { Extent::Terminal };
            report::text::render_all(&outcome.summary, extent, over_time, place, color)
        }
        Format::Json => report::json::render(&outcome.summary),
        Format::Csv => report::csv::render(outcome),
        Format::Markdown => report::markdown::render(&outcome.summary, &[]),
        Format::Benchmark => report::benchmark::render(&outcome.summary, Better::Smaller),
        Format::BenchmarkBigger => report::benchmark::render(&outcome.summary, Better::Bigger),
    })?;
    let broken = outcome.summary.checks.iter().filter(|check| !check.passed).count();
    if broken > 0 {
        return Err(Failure::Ours(format!(
            "{broken} of {} checks failed, so this result cannot be trusted; see the summary",
            outcome.summary.checks.len()
        )));
    }
    verdict(&outcome.summary)
}

/// What the objectives come to, as an exit code.
fn verdict(summary: &Summary) -> Result<(), Failure> {
    let of = |verdict: &str| {
        let found: Vec<String> =
            summary.slo.iter().filter(|one| one.verdict == verdict).map(report::objectives::name).collect();
        found.join("; ")
    };
    match (summary.verdict, of("fail"), of("inconclusive")) {
        ("fail", missed, undecided) if missed.is_empty() => {
            Err(Failure::Verdict(failure::MISSED, format!("undecided, which counts as fail: {undecided}")))
        }
        ("fail", missed, _) => Err(Failure::Verdict(failure::MISSED, format!("missed: {missed}"))),
        ("inconclusive", _, undecided) => {
            let tail = "; more runs (--max-runs) or longer ones may decide";
            Err(Failure::Verdict(failure::INCONCLUSIVE, format!("undecided: {undecided}{tail}")))
        }
        _ => Ok(()),
    }
}

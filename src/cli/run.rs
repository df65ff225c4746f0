//! `foobar-sim run SCENARIO`: simulate and report.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::experiment::Outcome;
use crate::report::manifest::Manifest;
use crate::report::{self, output, text::Written};
use crate::scenario::Overrides;

use super::Simulator;
use super::console::Console;
use super::failure::Failure;
use super::progress::Progress;

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim run peak.toml
  foobar-sim run peak.toml --set traffic.visitors.rate=900/s --runs 20
  foobar-sim run peak.toml --precision 2% --format json | jq .traffic.all.latency_ms.p99
  foobar-sim run peak.toml --print-effective > effective.toml")]
#[command(after_long_help = "Examples:
  foobar-sim run peak.toml
  foobar-sim run peak.toml --set traffic.visitors.rate=900/s --runs 20
  foobar-sim run peak.toml --set server.app1.cpu='{ cores = 16, speed = 1.2 }'
  foobar-sim run peak.toml --precision 2% --format json | jq .traffic.all.latency_ms.p99
  foobar-sim run peak.toml --print-effective > effective.toml
  foobar-sim run peak.toml --seed 7 -o output/seed-7 --quiet

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

    /// Folder for the results; `output/<name of the scenario>` if left out
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// Print every value of the scenario with its mark and source, and do not simulate
    #[arg(long)]
    pub print_effective: bool,

    /// Threads; one for each core if left out. The results do not depend on it
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    pub threads: Option<usize>,

    /// Nothing but errors on standard error
    #[arg(short, long)]
    pub quiet: bool,
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
    let scenario = simulator.load(&written)?;
    if args.print_effective {
        return console.print(&crate::scenario::print_effective(&scenario));
    }
    // known before hours of simulation, not after them
    let folder = folder(args, &scenario.name);
    output::check(&folder)?;
    let progress = Progress::new(args.quiet, console.err_is_terminal);
    let outcome = simulator.run(&scenario, args, &written, &progress)?;
    progress.finish();
    finish(&outcome, args, &folder, Manifest::new(typed), console)
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
    args: &Args,
    folder: &Path,
    manifest: Manifest,
    console: &mut Console,
) -> Result<(), Failure> {
    let files = report::files(outcome, &manifest);
    let written = output::write(folder, &files);
    let place =
        written.is_ok().then(|| Written { folder, files: files.iter().map(|(name, _)| name.as_str()).collect() });
    console.print(&match args.format {
        Format::Text => report::text::render(&outcome.summary, place.as_ref(), console.out_color),
        Format::Json => report::json::render(&outcome.summary),
        Format::Csv => report::csv::render(outcome),
        Format::Markdown => report::markdown::render(&outcome.summary, &[]),
    })?;
    written?;
    if args.format != Format::Text && !args.quiet {
        console.complain(&format!("foobar-sim: results are in {}", folder.display()));
    }
    let broken = outcome.summary.checks.iter().filter(|check| !check.passed).count();
    if broken > 0 {
        return Err(Failure::Ours(format!(
            "{broken} of {} checks failed, so this result cannot be trusted; see the summary",
            outcome.summary.checks.len()
        )));
    }
    Ok(())
}

pub(super) fn parse_override(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => Ok(text.into()),
        _ => Err("expected KEY=VALUE, such as service.app.workers=128".into()),
    }
}

/// As simulation.runs.
pub(super) fn parse_runs(text: &str) -> Result<u32, String> {
    whole(text, 1, 10_000, "run")
}

/// As simulation.seed: what TOML can write.
pub(super) fn parse_seed(text: &str) -> Result<u64, String> {
    match text.parse::<i64>() {
        Ok(seed) if seed >= 0 => Ok(seed as u64),
        _ => Err(format!("expected a whole number from 0 to {}", i64::MAX)),
    }
}

/// More threads than this start slower than they help.
pub(super) fn parse_threads(text: &str) -> Result<usize, String> {
    whole(text, 1, 1024, "thread").map(|n| n as usize)
}

fn whole(text: &str, least: u32, most: u32, what: &str) -> Result<u32, String> {
    match text.parse::<i128>() {
        Ok(n) if n < i128::from(least) => Err(format!("at least {least} {what} is needed")),
        Ok(n) => u32::try_from(n).ok().filter(|n| *n <= most).ok_or(format!("at most {most} {what}s are possible")),
        Err(_) => Err(format!("expected a whole number from {least} to {most}")),
    }
}

/// `2%` is 0.02.
fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').ok_or("expected a percentage with its sign, such as 2%")?;
    match number.trim().parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent < 100.0 => Ok(percent / 100.0),
        _ => Err("expected more than 0% and less than 100%".into()),
    }
}

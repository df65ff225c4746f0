//! `foobar-sim run SCENARIO`: simulate and report.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::experiment::Outcome;
use crate::report::manifest::Manifest;
use crate::report::{self, output, text::Written};

use super::Simulator;
use super::console::Console;
use super::effective;
use super::failure::Failure;
use super::progress::Progress;

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim run peak.toml
  foobar-sim run peak.toml --set traffic.visitors.rate=900/s --runs 20
  foobar-sim run peak.toml --precision 2% --format json | jq .traffic.all.latency_ms.p99
  foobar-sim run peak.toml --print-effective > effective.toml")]
pub struct Args {
    /// The scenario, a TOML file
    pub scenario: PathBuf,

    /// Replace one value, as `key=value`; may be given many times
    #[arg(long = "set", value_name = "K=V", value_parser = parse_override)]
    pub overrides: Vec<String>,

    /// Independent runs; the scenario's number if left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: Option<u32>,

    /// Seed of all randomness; the scenario's if left out
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Add runs until the intervals are this narrow, as half-width over value: `2%`
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
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
    #[arg(long, value_name = "N", value_parser = parse_threads)]
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
    pub(super) fn all_overrides(&self) -> Vec<String> {
        let mut all = self.overrides.clone();
        all.extend(self.runs.map(|n| format!("simulation.runs={n}")));
        all.extend(self.seed.map(|n| format!("simulation.seed={n}")));
        all
    }
}

/// `typed`: the arguments, for the manifest.
pub fn execute(
    simulator: &impl Simulator,
    args: &Args,
    typed: Vec<String>,
    console: &mut Console,
) -> Result<(), Failure> {
    let scenario = simulator.load(&args.scenario, &args.all_overrides(), console.err_color)?;
    if args.print_effective {
        return console.print(&effective::render(&scenario));
    }
    let progress = Progress::new(args.quiet, console.err_is_terminal);
    let outcome = simulator.run(&scenario, args, &progress)?;
    progress.finish();
    finish(&outcome, args, Manifest::new(typed), console)
}

/// Keeps and prints the result. What cannot be kept is printed all the same.
fn finish(outcome: &Outcome, args: &Args, manifest: Manifest, console: &mut Console) -> Result<(), Failure> {
    let folder = match &args.output {
        Some(folder) => folder.clone(),
        None => Path::new("output").join(output::folder_name(&outcome.summary.scenario.name)),
    };
    let files = report::files(outcome, &manifest);
    let written = output::write(&folder, &files);
    let place = written
        .is_ok()
        .then(|| Written { folder: &folder, files: files.iter().map(|(name, _)| name.as_str()).collect() });
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

fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 thread is needed".into()),
        Ok(n) => Ok(n),
        Err(_) => Err("expected a whole number".into()),
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

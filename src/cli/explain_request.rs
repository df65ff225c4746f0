//! `foobar-sim explain-request SCENARIO`: what single requests went through.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::experiment::explained::Asked;
use crate::report::manifest::Manifest;
use crate::report::{output, requests};
use crate::scenario::Overrides;

use super::Simulator;
use super::console::Console;
use super::failure::Failure;
use super::options::{How, parse_override, parse_requests, parse_runs, parse_seed, parse_time_zero};
use super::results;

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim explain-request peak.toml
  foobar-sim explain-request peak.toml --slowest 20 --class search
  foobar-sim explain-request overload.toml --failed")]
#[command(after_long_help = "Examples:
  foobar-sim explain-request peak.toml
  foobar-sim explain-request peak.toml --slowest 20 --class search
  foobar-sim explain-request overload.toml --failed
  foobar-sim explain-request peak.toml --run 3 --set service.app.workers=32
  foobar-sim explain-request peak.toml --format json | jq '.requests[0].entries[] | select(.waiting_ns > 0)'

Up to simulation.runs, the run is one of those that `foobar-sim run` makes with the same seed. It is simulated once to choose requests, and once
more to write down those that were chosen. The steps of a request that are not beside others add up to its response time
to the nanosecond. The folder of results has explain.json and explain.md, otlp.json for OpenTelemetry's tools (send it to
/v1/traces), trace-events.json for Perfetto (https://ui.perfetto.dev) and chrome://tracing, and report.html to look at.")]
pub struct Args {
    /// The scenario, a TOML file
    pub scenario: PathBuf,

    /// How many requests: the slowest; of those that failed, of each reason in turn
    #[arg(long, value_name = "N", value_parser = parse_requests, default_value = "5", allow_hyphen_values = true)]
    pub slowest: usize,

    /// Of one request class
    #[arg(long, value_name = "C")]
    pub class: Option<String>,

    /// Requests that failed, instead of those that were answered
    #[arg(long)]
    pub failed: bool,

    /// Which run of the experiment, from 1
    #[arg(long, value_name = "N", value_parser = parse_runs, default_value = "1", allow_hyphen_values = true)]
    pub run: u32,

    /// Seed of all randomness; the scenario's if left out
    #[arg(long, value_name = "N", value_parser = parse_seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,

    /// Replace one value, as `key=value`; may be given many times
    #[arg(long = "set", value_name = "K=V", value_parser = parse_override)]
    pub overrides: Vec<String>,

    /// When t = 0 is in otlp.json, in seconds since 1970, such as `$(date +%s)`; the beginning of 2025 if left out
    #[arg(long, value_name = "SECONDS", value_parser = parse_time_zero, default_value = "1735689600", allow_hyphen_values = true)]
    pub time_zero: u64,

    /// Folder for the results; `output/<name of the scenario>-requests` if left out
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Waterfalls for the terminal
    Text,
    /// explain.json
    Json,
    /// explain.md
    Markdown,
    /// otlp.json
    Otlp,
    /// trace-events.json
    TraceEvents,
}

impl Args {
    pub(super) fn asked(&self) -> Asked {
        Asked { most: self.slowest, class: self.class.clone(), failed: self.failed, run: self.run }
    }
}

/// `typed`: the arguments, for the manifest.
pub fn execute(
    simulator: &impl Simulator,
    args: &Args,
    typed: Vec<String>,
    console: &mut Console,
) -> Result<(), Failure> {
    let overrides = Overrides { set: args.overrides.clone(), runs: None, seed: args.seed };
    let written = super::Written { file: &args.scenario, overrides, color: console.err_color };
    let scenario = simulator.load(&written)?;
    let folder = results::folder(args.output.as_ref(), &scenario.name, "requests");
    output::check(&folder)?;
    let explained = simulator.explain_request(&scenario, args, &written)?;

    let files = requests::files(&scenario, &explained, &Manifest::new(typed), args.time_zero);
    let is_text = args.format == Format::Text;
    results::hand_over(&folder, &files, is_text, &args.how, console, |place, _| match args.format {
        Format::Text => requests::text(&explained, place),
        Format::Json => requests::json(&explained),
        Format::Markdown => requests::markdown(&explained),
        Format::Otlp => requests::otlp(&explained, args.time_zero),
        Format::TraceEvents => requests::trace_events(&explained),
    })
}

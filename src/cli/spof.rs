//! `foobar-sim spof SCENARIO`: what each single failure does, and what it costs in a year.

use std::path::PathBuf;

use super::Simulator;
use super::console::Console;
use super::failure::Failure;
use super::options::{Format, How, parse_override, parse_runs, parse_seed};
use super::progress::Progress;
use super::results;
use crate::experiment::spof::{Horizon, Options, RUNS};
use crate::report::manifest::Manifest;
use crate::report::{self, output};
use crate::scenario::{Overrides, parse_time};

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim spof peak.toml
  foobar-sim spof peak.toml --pairs --runs 10")]
#[command(after_long_help = "How often things fail and how soon they are put right stands in the scenario:
  [server.db1]
  repair = { mttf = \"650 d\", notice = \"5 min\", fix = \"1 h\", failover = 0.95 }
likewise in [service.x] for each of its processes and in [network] for its links.

Examples:
  foobar-sim spof peak.toml
  foobar-sim spof peak.toml --pairs --runs 10
  foobar-sim spof peak.toml --set server.db1.repair.notice='8 h'
  foobar-sim spof peak.toml --lasts '5 min' --format json | jq '.components[0]'")]
pub struct Args {
    /// The scenario, a TOML file; its own faults are left out
    pub scenario: PathBuf,

    /// Replace one value, as `key=value`; may be given many times
    #[arg(long = "set", value_name = "K=V", value_parser = parse_override)]
    pub overrides: Vec<String>,

    /// Independent runs of each failure; the scenario's number up to 5 if left out
    #[arg(long, value_name = "N", value_parser = parse_runs, allow_hyphen_values = true)]
    pub runs: Option<u32>,

    /// Seed of all randomness; the scenario's if left out
    #[arg(long, value_name = "N", value_parser = parse_seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,

    /// When it fails, from t = 0
    #[arg(long, value_name = "TIME", value_parser = parse_length, default_value = "10 s", allow_hyphen_values = true)]
    pub at: f64,

    /// For how long it is simulated to fail: long enough for failover to settle within the first half
    #[arg(long, value_name = "TIME", value_parser = parse_length, default_value = "60 s", allow_hyphen_values = true)]
    pub lasts: f64,

    /// For how long it is looked at after the repair
    #[arg(long, value_name = "TIME", value_parser = parse_length, default_value = "30 s", allow_hyphen_values = true)]
    pub after: f64,

    /// An answer later than this counts as none (Nielsen 1993: 10 s keep a user's attention)
    #[arg(long, value_name = "TIME", value_parser = parse_length, default_value = "10 s", allow_hyphen_values = true)]
    pub within: f64,

    /// Share of each class's requests that is to be answered: `0.99` or `99%`
    #[arg(long, value_name = "SHARE", value_parser = parse_share, default_value = "0.99", allow_hyphen_values = true)]
    pub objective: f64,

    /// Two failures at once as well: all ranked, the likeliest 20 simulated
    #[arg(long)]
    pub pairs: bool,

    /// Folder for the results; `output/<name of the scenario>-spof` if left out
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

    #[command(flatten)]
    pub how: How,
}

impl Args {
    fn horizon(&self) -> Horizon {
        Horizon { at_s: self.at, lasts_s: self.lasts, after_s: self.after, within_s: self.within }
    }

    /// `of_scenario`: runs that the scenario says.
    pub(super) fn asked(&self, of_scenario: u32) -> Options {
        let runs = self.runs.unwrap_or(of_scenario.min(RUNS));
        Options { horizon: self.horizon(), runs, objective: self.objective, pairs: self.pairs }
    }
}

/// `typed`: the arguments, for the manifest.
pub fn execute(
    simulator: &impl Simulator,
    args: &Args,
    typed: Vec<String>,
    console: &mut Console,
) -> Result<(), Failure> {
    if !args.horizon().is_sound() {
        return Err(Failure::input(format!(
            "--lasts {} s leaves no time to judge: requests are judged from its half on, and up to --within {} s before \
             its end; write --lasts '{} s' or more, or a shorter --within",
            args.lasts,
            args.within,
            2.5 * args.within
        )));
    }
    let overrides = Overrides { set: args.overrides.clone(), runs: args.runs, seed: args.seed };
    let written = super::Written { file: &args.scenario, overrides, color: console.err_color };
    let scenario = simulator.load(&written)?;
    if args.print_effective {
        return console.print(&crate::scenario::print_effective(&scenario));
    }
    let folder = results::folder(args.output.as_ref(), &scenario.name, "spof");
    // known before the simulation, not after it
    output::check(&folder)?;
    let progress = Progress::new(args.how.quiet, console.err_is_terminal);
    let (findings, broken) = simulator.spof(&scenario, args, &written, &progress)?;
    progress.finish();

    let files = report::spof::files(&findings, &scenario, &Manifest::new(typed), args.png);
    let is_text = args.format == Format::Text;
    results::hand_over(&folder, &files, is_text, &args.how, console, |place, color| match args.format {
        Format::Text => report::spof::text(&findings, place, color),
        Format::Json => report::spof::json(&findings),
        Format::Csv => report::spof::csv(&findings),
        Format::Markdown => report::spof::markdown(&findings),
    })?;
    match broken.first() {
        None => Ok(()),
        Some(check) => Err(Failure::Ours(format!(
            "{} checks failed, so this result cannot be trusted; the first: {}: {}",
            broken.len(),
            check.name,
            check.detail
        ))),
    }
}

/// Longer runs are a slip of the keyboard.
const LENGTH_MAX_S: f64 = 86_400.0;

fn parse_length(text: &str) -> Result<f64, String> {
    match parse_time(text)? {
        0.0 => Err("zero is not possible here; write for example 60 s".into()),
        s if s > LENGTH_MAX_S => {
            Err("longer than a day is surely a mistake; what failures cost in a year is worked out \
                                      from a simulated one that lasts until failover has settled"
                .into())
        }
        s => Ok(s),
    }
}

/// `0.99` and `99%` are the same.
fn parse_share(text: &str) -> Result<f64, String> {
    let trimmed = text.trim();
    let (number, unit) = trimmed.strip_suffix('%').map_or((trimmed, 1.0), |number| (number.trim(), 100.0));
    match number.parse::<f64>().map(|value| value / unit) {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("expected a share between 0 and 1, such as 0.99 or 99%".into()),
    }
}

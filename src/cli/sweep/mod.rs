//! `foobar-sim sweep`: many points of a scenario. `sweep SCENARIO` makes them all; `plan`, `run`, `status`, `merge` and
//! `submit` are the same in steps, for a cluster.
//!
//! In reading order: this file (what can be typed), `plan` (from what was typed to a folder with a manifest), `points`
//! (making points), `shard` (which of them), `status`, `merge`, `submit`.

mod merge;
mod plan;
mod points;
mod program;
mod shard;
mod status;
mod submit;

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::Written;
use super::console::Console;
use super::failure::Failure;
use super::options::{Format, How, parse_override, parse_runs, parse_seed};
use super::real::unplayable;
use crate::experiment::sweep::design::{Design, Kind};
use crate::experiment::sweep::work::WorkError;
use crate::report::sweep::folder::FolderError;
use crate::report::sweep::merge::MergeError;
use crate::scenario::Overrides;

#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(
    after_help = "VALUES of --vary KEY=VALUES are items with commas between them, each a value as --set takes it, or a range:
  FROM..TO/STEP        service.app.workers=16..128/16      traffic.visitors.rate=200/s..800/s/100/s
  FROM..TO linear N    traffic.visitors.rate=200..800/s linear 7      (a unit written once holds for all)
  FROM..TO log N       service.db.max_connections=10..1000 log 5
  FROM..TO             for --design lhs

Examples:
  foobar-sim sweep peak.toml --vary traffic.visitors.rate=1000/s..2200/s/200/s
  foobar-sim sweep peak.toml --vary service.app.workers=32,64,128 --vary server.app1.cpu.cores=4,8,16
  foobar-sim sweep peak.toml --vary server.app1.cpu.cores=4..32 --vary service.app.workers=16..256 --design lhs --points 200

On a cluster:
  foobar-sim sweep plan peak.toml --vary traffic.visitors.rate=100/s..2200/s/1/s --shards 64 -o sweeps/peak
  foobar-sim sweep submit sweeps/peak --engine slurm
  foobar-sim sweep status sweeps/peak
  foobar-sim sweep merge sweeps/peak

An interrupted sweep goes on where it was when the same command is given again."
)]
pub struct Args {
    #[command(subcommand)]
    pub action: Option<Action>,

    /// `None`: a subcommand was typed.
    #[command(flatten)]
    pub asked: Option<Asked>,

    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    #[command(flatten)]
    pub besides: Besides,

    #[command(flatten)]
    pub how: How,
}

/// What is kept besides.
#[derive(Clone, Debug, clap::Args)]
pub struct Besides {
    /// Write sweep.parquet beside sweep.csv; needs a program that was built with `--features parquet`
    #[arg(long)]
    pub parquet: bool,

    /// Charts as PNG besides SVG
    #[arg(long)]
    pub png: bool,
}

impl Besides {
    /// # Errors
    /// This program cannot write it; known before any work.
    fn check(&self) -> Result<(), Failure> {
        match self.parquet && cfg!(not(feature = "parquet")) {
            true => Err(Failure::input(
                "--parquet: this program was built without Parquet; build it with `cargo build --release --features parquet`",
            )),
            false => Ok(()),
        }
    }
}

#[derive(Clone, Debug, Subcommand)]
pub enum Action {
    /// Write a manifest and the scenario into a folder, for shards to work on
    Plan(Plan),
    /// Make the points of one shard
    Run(Run),
    /// How many points are made
    Status(Status),
    /// Put all points together, and print the digest
    Merge(Merge),
    /// Describe the shards to a cluster, or hand them over
    Submit(submit::Args),
}

/// What is varied, and how.
#[derive(Clone, Debug, clap::Args)]
pub struct Asked {
    /// The scenario, a TOML file
    pub scenario: PathBuf,

    /// Vary a key of the scenario, as `key=values`; may be given many times
    #[arg(long, value_name = "K=VALUES", required = true)]
    pub vary: Vec<String>,

    /// How the values of several keys meet
    #[arg(long, value_enum, default_value_t = DesignName::Grid)]
    pub design: DesignName,

    /// Points of a Latin hypercube
    #[arg(long, value_name = "N")]
    pub points: Option<u64>,

    /// Replace one value at every point, as `key=value`; may be given many times
    #[arg(long = "set", value_name = "K=V", value_parser = parse_override)]
    pub overrides: Vec<String>,

    /// Independent runs of each point; the scenario's number if left out
    #[arg(long, value_name = "N", value_parser = parse_runs, allow_hyphen_values = true)]
    pub runs: Option<u32>,

    /// Seed of all randomness; the scenario's if left out
    #[arg(long, value_name = "N", value_parser = parse_seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,

    /// Folder of the sweep; `output/<name of the scenario>-sweep` if left out
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DesignName {
    /// Every value with every other
    Grid,
    /// The first values together, then the second ones, ...
    Zip,
    /// A sample that covers each key's range evenly: Latin hypercube
    Lhs,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim sweep plan peak.toml --vary traffic.visitors.rate=100/s..2200/s/1/s --shards 64 -o sweeps/peak")]
pub struct Plan {
    #[command(flatten)]
    pub asked: Asked,

    /// Into how many parts the points are divided; one is worth at least half a minute of work
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub shards: u64,

    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "--shard auto takes its number from the environment, and how many there are from the manifest:
  SLURM_ARRAY_TASK_ID    of a job array 0-(N-1)       counted from 0
  JOB_COMPLETION_INDEX   of a Kubernetes Indexed Job  counted from 0
  CI_NODE_INDEX          of a GitLab parallel job     counted from 1

Examples:
  foobar-sim sweep run sweeps/peak --shard 3/64
  foobar-sim sweep run sweeps/peak --shard auto")]
pub struct Run {
    /// Folder of the sweep
    pub folder: PathBuf,

    /// `K/N`, counted from 1, or `auto`; all points if left out
    #[arg(long, value_name = "K/N|auto")]
    pub shard: Option<String>,

    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim sweep status sweeps/peak
  foobar-sim sweep status sweeps/peak --format json | jq .made")]
pub struct Status {
    /// Folder of the sweep
    pub folder: PathBuf,

    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = StatusFormat::Text)]
    pub format: StatusFormat,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim sweep merge sweeps/peak
  foobar-sim sweep merge sweeps/peak --format json | jq -r .sha256")]
pub struct Merge {
    /// Folder of the sweep
    pub folder: PathBuf,

    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    #[command(flatten)]
    pub besides: Besides,

    /// Nothing but errors on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusFormat {
    /// A table for the terminal
    Text,
    /// One object
    Json,
}

impl Asked {
    fn overrides(&self) -> Overrides {
        Overrides { set: self.overrides.clone(), runs: self.runs, seed: self.seed }
    }

    fn kind(&self) -> Kind {
        match self.design {
            DesignName::Grid => Kind::Grid,
            DesignName::Zip => Kind::Zip,
            DesignName::Lhs => Kind::Lhs,
        }
    }
}

pub fn execute(args: &Args, console: &mut Console) -> Result<(), Failure> {
    match (&args.action, &args.asked) {
        (Some(Action::Plan(args)), _) => plan::execute(args, console),
        (Some(Action::Run(args)), _) => points::execute(args, console),
        (Some(Action::Status(args)), _) => status::execute(args, console),
        (Some(Action::Merge(args)), _) => merge::execute(args, console),
        (Some(Action::Submit(args)), _) => submit::execute(args, console),
        (None, Some(asked)) => {
            args.besides.check()?;
            let sweep = plan::begin(asked, 1, &args.how, console)?;
            points::make(&sweep, None, &args.how, console)?;
            merge::finish(&sweep.folder, args.format, &args.besides, args.how.quiet, console)
        }
        (None, None) => Err(Failure::input("a scenario is needed; see `foobar-sim sweep --help`")),
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Failure {
        match error {
            FolderError::Output(error) => error.into(),
            FolderError::Scenario(diagnostics) => Failure::Input(diagnostics.to_string()),
            error => Failure::input(error),
        }
    }
}

impl From<MergeError> for Failure {
    fn from(error: MergeError) -> Failure {
        match error {
            MergeError::Folder(error) => error.into(),
            MergeError::Output(error) => error.into(),
            error => Failure::input(error),
        }
    }
}

/// What is said of a point that cannot be made. `written`: where the scenario was read from.
fn failure(error: WorkError<FolderError>, design: &Design, written: &Written) -> Failure {
    let at = |point: u64| format!("at point {} of {}: {}", point + 1, design.points(), design.named(point));
    match error {
        WorkError::Keep(error) => error.into(),
        WorkError::Scenario(point, diagnostics) => {
            Failure::Input(format!("{}\n{}", diagnostics.render(written.color).trim_end(), at(point)))
        }
        WorkError::Experiment(point, error) => {
            let said = unplayable(error, written).to_string();
            Failure::Input(format!("{}\n{}", said.trim_end(), at(point)))
        }
    }
}

//! The command line: one file for each subcommand; the only place that prints.
//!
//! In reading order: this file (what can be typed, and what happens with it), [`run`], [`spof`], [`sweep`], [`plan`],
//! [`compare`], [`explain_request`], [`chart`], [`export`], [`validate`], [`trace`]; for newcomers [`init`], [`explain`], [`schema`], [`shell`];
//! [`options`] (what several have), [`failure`] (exit codes), [`console`] and [`progress`] (what goes where).

pub mod chart;
pub mod compare;
pub mod console;
pub mod explain;
pub mod explain_request;
pub mod export;
pub mod failure;
pub mod init;
pub mod options;
pub mod plan;
pub mod progress;
pub mod real;
mod results;
pub mod run;
pub mod schema;
pub mod shell;
pub mod spof;
pub mod sweep;
pub mod trace;
pub mod validate;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::experiment::Outcome;
use crate::experiment::explained::Explained;
use crate::experiment::plan::findings::{Findings as Plans, UslFindings};
use crate::experiment::plan::scalability::Measured;
use crate::experiment::spof::findings::Findings;
use crate::experiment::summary::Check;
use crate::scenario::{Overrides, Scenario};
use console::Console;
use failure::Failure;
use progress::Progress;

/// Where a scenario was read from, for messages that point there.
pub struct Written<'a> {
    pub file: &'a Path,
    pub overrides: Overrides,
    pub color: bool,
}

/// What the subcommands call. Tests put made-up results in the place of simulated ones.
pub trait Simulator {
    /// Reads and validates a scenario.
    fn load(&self, written: &Written) -> Result<Scenario, Failure>;
    /// Whether its traces can be played: reads them.
    fn check_traces(&self, scenario: &Scenario, written: &Written) -> Result<(), Failure>;
    fn run(
        &self,
        scenario: &Scenario,
        options: &run::Args,
        written: &Written,
        progress: &Progress,
    ) -> Result<Outcome, Failure>;
    /// What each single failure costs, and the laws that the runs broke.
    fn spof(
        &self,
        scenario: &Scenario,
        options: &spof::Args,
        written: &Written,
        progress: &Progress,
    ) -> Result<(Findings, Vec<Check>), Failure>;
    /// How much it bears, what to buy and when.
    fn plan(
        &self,
        scenario: &Scenario,
        options: &plan::Args,
        measured: Option<Measured>,
        written: &Written,
        progress: &Progress,
    ) -> Result<Plans, Failure>;
    /// The Universal Scalability Law through measured points; what is wrong with them.
    fn scalability(&self, measured: &Measured) -> Result<UslFindings, String>;
    /// How two differ, and the laws that the runs broke.
    fn compare(
        &self,
        subject: &compare::Subject,
        options: &compare::Args,
        progress: &Progress,
    ) -> Result<(compare::Found, Vec<Check>), Failure>;
    /// What single requests went through.
    fn explain_request(
        &self,
        scenario: &Scenario,
        options: &explain_request::Args,
        written: &Written,
    ) -> Result<Explained, Failure>;
    /// What `trace` prints, as text or JSON; writes `--convert`'s file.
    fn trace(&self, options: &trace::Args, color: bool) -> Result<String, Failure>;
}

#[derive(Debug, Parser)]
#[command(name = "foobar-sim", version, about, max_term_width = 100, arg_required_else_help = true)]
#[command(long_about = "A wind tunnel for web infrastructure: describe servers, software and traffic, and learn \
what latency and throughput to expect, with the doubt of each number beside it.")]
#[command(after_help = "Examples:
  foobar-sim init
  foobar-sim run six-servers.toml
  foobar-sim explain service.app.workers

`foobar-sim COMMAND --help` has more of them.

Exit codes: 0 done, 1 our error or I/O, 2 the command line or a file it names is wrong, 130 interrupted.")]
#[command(after_long_help = "Examples:
  foobar-sim init
  foobar-sim run six-servers.toml
  foobar-sim explain service.app.workers
  foobar-sim run scenarios/peak.toml
  foobar-sim run scenarios/peak.toml --set service.app.workers=128 --precision 2%
  foobar-sim spof scenarios/peak.toml
  foobar-sim sweep scenarios/peak.toml --vary traffic.visitors.rate=1000/s..2200/s/200/s
  foobar-sim plan scenarios/capacity.toml
  foobar-sim compare scenarios/peak.toml --set-b service.app.workers=128
  foobar-sim explain-request scenarios/peak.toml --slowest 3
  foobar-sim chart output/peak --png
  foobar-sim export output/peak
  foobar-sim validate scenarios/peak.toml
  foobar-sim trace /var/log/haproxy.log.gz

Exit codes: 0 done, objectives met, 1 our error or I/O, 2 the command line or a file it names is wrong,
97 inconclusive, 98 worse than the baseline, 99 an objective missed, 130 interrupted.")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a scenario and report
    Run(run::Args),
    /// Fail each server, process and link in turn: what it does, and what it costs in a year
    Spof(spof::Args),
    /// Many points of a scenario, here or on a cluster: which load, which size, where is the knee?
    Sweep(sweep::Args),
    /// How much traffic it bears, what saturates next, what to buy and when
    Plan(plan::Args),
    /// Two scenarios on the same traffic: what differs, by how much, and whether it is worse
    Compare(compare::Args),
    /// What single requests went through: where they waited, behind how many, and what they held
    ExplainRequest(explain_request::Args),
    /// Draw the charts of a stored result again
    Chart(chart::Args),
    /// A stored run for Prometheus and Grafana: OpenMetrics and a dashboard
    Export(export::Args),
    /// Check a scenario without simulating it
    Validate(validate::Args),
    /// Say what is in a log; convert it
    Trace(trace::Args),
    /// Write a scenario to begin with: six servers, a single one, or a log to be played again
    Init(init::Args),
    /// Say what a key of a scenario or a figure of the results means
    Explain(explain::Args),
    /// Print a JSON Schema of scenarios, for editors
    Schema(schema::Args),
    /// Print completions for a shell
    Completions(shell::CompletionsArgs),
    /// Print the manual page
    Man(shell::ManArgs),
}

/// The program. `arguments` begin with the program's own name.
pub fn main(simulator: &impl Simulator, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // a closed pipe is no failure of ours, and help is no failure at all
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { failure::INPUT } else { failure::DONE });
        }
    };
    let typed: Vec<String> = arguments.iter().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    let mut console = Console::of_process();
    ExitCode::from(dispatch(simulator, cli, typed, &mut console))
}

/// The exit code; whatever failed has been said.
fn dispatch(simulator: &impl Simulator, cli: Cli, typed: Vec<String>, console: &mut Console) -> u8 {
    let result = match cli.command {
        Command::Run(args) => run::execute(simulator, &args, typed, console),
        Command::Spof(args) => spof::execute(simulator, &args, typed, console),
        Command::Sweep(args) => sweep::execute(&args, console),
        Command::Plan(args) => plan::execute(simulator, &args, typed, console),
        Command::Compare(args) => match compare::execute(simulator, &args, typed, console) {
            Ok(code) => return code,
            Err(failure) => Err(failure),
        },
        Command::ExplainRequest(args) => explain_request::execute(simulator, &args, typed, console),
        Command::Chart(args) => chart::execute(&args, console),
        Command::Export(args) => export::execute(&args, console),
        Command::Validate(args) => validate::execute(simulator, &args, console),
        Command::Trace(args) => trace::execute(simulator, &args, console),
        Command::Init(args) => init::execute(&args, console),
        Command::Explain(args) => explain::execute(&args, console),
        Command::Schema(args) => schema::execute(&args, console),
        Command::Completions(args) => shell::completions(&args, console),
        Command::Man(args) => shell::man(&args, console),
    };
    match result {
        Ok(()) => failure::DONE,
        Err(failure) => {
            console.complain(&failure.to_string());
            failure.exit_code()
        }
    }
}

#[cfg(test)]
mod tests;

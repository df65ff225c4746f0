//! `foobar-sim validate SCENARIO`: every mistake in one go; or a line that says what is there, and what of it has
//! no effect.

use std::path::PathBuf;

use crate::experiment::warnings::Caution;
use crate::report::figure::{counted, duration};
use crate::scenario::{Overrides, Scenario, idle_faults, without_effect};

use super::console::Console;
use super::failure::Failure;
use super::{Simulator, Written};

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim validate peak.toml
  foobar-sim validate peak.toml --set service.app.workers=128")]
#[command(after_long_help = "Examples:
  foobar-sim validate peak.toml
  foobar-sim validate peak.toml --set service.app.workers=128
  for file in scenarios/*.toml; do foobar-sim validate \"$file\" || exit; done

All mistakes are shown at once, each with its line and what to write instead; the exit code is then 2. Traces that the
scenario names are read as well. `foobar-sim explain KEY` says what a key means.")]
pub struct Args {
    /// The scenario, a TOML file
    pub scenario: PathBuf,

    /// Replace one value, as `key=value`; may be given many times
    #[arg(long = "set", value_name = "K=V", value_parser = super::options::parse_override)]
    pub overrides: Vec<String>,
}

pub fn execute(simulator: &impl Simulator, args: &Args, console: &mut Console) -> Result<(), Failure> {
    let overrides = Overrides { set: args.overrides.clone(), ..Overrides::default() };
    let written = Written { file: &args.scenario, overrides, color: console.err_color };
    let scenario = simulator.load(&written)?;
    simulator.check_traces(&scenario, &written)?;
    let mut text = format!("{} is valid: {}\n", args.scenario.display(), describe(&scenario));
    let idle = without_effect(&scenario).into_iter().map(Caution::WithoutEffect);
    for found in idle.chain(idle_faults(&scenario).into_iter().map(Caution::IdleFault)) {
        let warning = found.warning();
        text.push_str(&format!("warning: {}\n  {}\n", warning.message, warning.advice));
    }
    console.print(&text)
}

/// `6 servers, 4 services, 3 request classes, 1 traffic source; 10 runs of 30 min`
fn describe(scenario: &Scenario) -> String {
    let length = match scenario.simulation.duration_s {
        Some(seconds) => duration(seconds),
        None => "the trace's length".into(),
    };
    format!(
        "{}, {}, {}, {}; {} of {length}",
        counted(scenario.servers.len() as u64, "server"),
        counted(scenario.services.len() as u64, "service"),
        counted(scenario.requests.len() as u64, "request class"),
        counted(scenario.traffic.len() as u64, "traffic source"),
        counted(u64::from(scenario.simulation.runs), "run"),
    )
}

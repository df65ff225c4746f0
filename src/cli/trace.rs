//! `foobar-sim trace FILE`: what is in a log, and the same as CSV.

use std::path::PathBuf;

use super::Simulator;
use super::console::Console;
use super::failure::Failure;

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim trace /var/log/haproxy.log.gz
  foobar-sim trace access.log --format nginx --json
  foobar-sim trace haproxy.log --convert requests.csv")]
#[command(after_long_help = "Examples:
  foobar-sim trace /var/log/haproxy.log.gz
  foobar-sim trace access.log --format nginx --json | jq .rate_mean_per_s
  foobar-sim trace haproxy.log --convert requests.csv
  foobar-sim init trace haproxy.log          # a scenario that plays it again

Formats: haproxy (httplog), haproxy-clf, nginx and apache (combined, with or without timing fields), json (lines), csv.")]
pub struct Args {
    /// A log or a table of requests, gzipped or not
    pub file: PathBuf,

    /// How its lines are written; guessed from the first ones if left out
    #[arg(long, value_name = "F")]
    pub format: Option<String>,

    /// Also write the requests to this file, as CSV
    #[arg(long, value_name = "OUT.csv")]
    pub convert: Option<PathBuf>,

    /// The summary as JSON
    #[arg(long)]
    pub json: bool,
}

pub fn execute(simulator: &impl Simulator, args: &Args, console: &mut Console) -> Result<(), Failure> {
    let text = simulator.trace(args, console.err_color)?;
    console.print(&text)
}

//! `foobar-sim explain KEY|METRIC`: what a key of a scenario or a figure of the results means.

use super::console::Console;
use super::failure::Failure;
use crate::report::explain::explain;

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim explain service.app.workers
  foobar-sim explain latency_all_ms
  foobar-sim explain connect_timeout")]
#[command(after_long_help = "Examples:
  foobar-sim explain service.app.workers     # a key, as in a scenario or in --set
  foobar-sim explain workers                 # its end is enough
  foobar-sim explain haproxy.maxconn         # of one kind of service
  foobar-sim explain service                 # a table: which keys there are
  foobar-sim explain traffic.all.latency_ms.p99   # a field of summary.json
  foobar-sim explain app1.cpu.utilization    # a column of timeseries.csv
  foobar-sim explain near_saturation         # a warning
  foobar-sim explain connect_timeout         # a reason for which requests fail

Of a key: what it means, what it takes and in which units, its default and where that comes from; of a figure: what it
means, its unit and how it is worked out.")]
pub struct Args {
    /// A key of a scenario, a field of summary.json, a column of timeseries.csv, a warning or a reason of failures
    #[arg(value_name = "KEY|METRIC")]
    pub name: String,
}

pub fn execute(args: &Args, console: &mut Console) -> Result<(), Failure> {
    match explain(&args.name) {
        Ok(text) => console.print(&text),
        Err(Some(near)) => Err(Failure::input(format!(
            "there is neither a key nor a figure `{}`; did you mean `{near}`? See `foobar-sim explain {near}`",
            args.name
        ))),
        Err(None) => Err(Failure::input(format!(
            "there is neither a key nor a figure `{}`; see `foobar-sim explain service` for the keys of a table, and \
             summary.json for the names of figures",
            args.name
        ))),
    }
}

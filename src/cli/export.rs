//! `foobar-sim export DIR`: a stored run for Prometheus and Grafana.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::report::chart::stored::{self, Stored};
use crate::report::export;

use super::console::Console;
use super::failure::Failure;
use super::options::parse_time_zero;
use super::results;

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim export output/peak
  foobar-sim export output/peak --time-zero $(date +%s) -o /tmp/metrics")]
#[command(after_long_help = "Examples:
  foobar-sim export output/peak
  foobar-sim export output/peak --time-zero $(date +%s) -o /tmp/metrics
  promtool tsdb create-blocks-from openmetrics output/peak/openmetrics.txt data
  prometheus --storage.tsdb.path=data --storage.tsdb.retention.time=100y

openmetrics.txt has the figures of timeseries.csv at the end of each window, and those of the classes from summary.json
at the end of the run; grafana.json is a dashboard for exactly these metrics. Import it into Grafana.")]
pub struct Args {
    /// The folder that `run` wrote
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,

    /// When t = 0 is, in seconds since 1970, such as `$(date +%s)`; the beginning of 2025 if left out
    #[arg(long, value_name = "SECONDS", value_parser = parse_time_zero, default_value = "1735689600", allow_hyphen_values = true)]
    pub time_zero: u64,

    /// Folder for the files; DIR if left out
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Do not list what was written
    #[arg(short, long)]
    pub quiet: bool,
}

pub fn execute(args: &Args, console: &mut Console) -> Result<(), Failure> {
    let [summary, timeseries, charts] =
        ["summary.json", "timeseries.csv", stored::FILE].map(|name| read(&args.folder, name));
    let (summary, timeseries, charts) = (summary?, timeseries?, charts?);
    let wrong = |what: String| Failure::input(format!("{}: {what}", args.folder.display()));
    let servers = match stored::read(&charts).map_err(|error| wrong(format!("{}: {error}", stored::FILE)))? {
        Stored::Run(data) => data.topology.servers.into_iter().map(|server| server.name).collect(),
        Stored::Spof(_) | Stored::Drawings { .. } => Vec::new(),
    };
    let run = export::read(&summary, &timeseries, &servers).map_err(wrong)?;
    let files = [
        (export::OPENMETRICS_FILE.to_owned(), export::openmetrics(&run, args.time_zero).into_bytes()),
        (export::DASHBOARD_FILE.to_owned(), export::dashboard(&run, args.time_zero).into_bytes()),
    ];
    let folder = args.output.as_ref().unwrap_or(&args.folder);
    results::list(folder, &files, args.quiet, console)
}

fn read(folder: &Path, name: &str) -> Result<String, Failure> {
    fs::read_to_string(folder.join(name)).map_err(|error| {
        let shown = folder.display();
        let made = "name one that `run` wrote, such as output/peak";
        Failure::input(match error.kind() {
            _ if !folder.exists() => format!("{shown}: there is no such folder; {made}"),
            ErrorKind::NotFound | ErrorKind::NotADirectory => format!("{shown}: there is no {name} here; {made}"),
            ErrorKind::InvalidData => format!("{shown}: {name} is not text, so it is damaged; make the result again"),
            _ => format!("{shown}: {name}: {error}"),
        })
    })
}

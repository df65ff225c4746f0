//! `foobar-sim chart DIR`: draw the charts of a stored result again, and its report.html.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::report::chart::stored::{self, Stored};
use crate::report::html::report::{self as stored_report, Report};
use crate::report::{chart, html};

use super::console::Console;
use super::failure::Failure;
use super::results;

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim chart output/peak
  foobar-sim chart output/peak --png
  foobar-sim chart output/peak-spof --png -o slides")]
pub struct Args {
    /// The folder that `run`, `spof`, `sweep`, `compare`, `plan` or `explain-request` wrote
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,

    /// As PNG besides SVG
    #[arg(long)]
    pub png: bool,

    /// Folder for the charts; DIR if left out
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Do not list what was written
    #[arg(short, long)]
    pub quiet: bool,
}

/// What commands write besides charts.
const RESULTS: [&str; 7] =
    ["summary.json", "spof.json", "sweep.json", "compare.json", "observed.json", "plan.json", "explain.json"];

pub fn execute(args: &Args, console: &mut Console) -> Result<(), Failure> {
    let report = read_report(&args.folder)?;
    let charts = match &report {
        Some(report) if !report.has_charts() => Vec::new(),
        _ => chart::charts(&read(&args.folder)?),
    };
    let mut files = chart::files(&charts, args.png);
    if let Some(report) = report {
        files.push((html::FILE.to_owned(), html::render(&report, &charts).into_bytes()));
    }
    let folder = args.output.as_ref().unwrap_or(&args.folder);
    results::list(folder, &files, args.quiet, console)
}

fn read(folder: &Path) -> Result<Stored, Failure> {
    let file = folder.join(stored::FILE);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => return Err(Failure::input(unreadable(folder, &file, &error))),
    };
    stored::read(&text).map_err(|error| Failure::input(format!("{}: {error}", file.display())))
}

/// `None`: the result has no report.
fn read_report(folder: &Path) -> Result<Option<Report>, Failure> {
    let file = folder.join(stored_report::FILE);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::input(unreadable(folder, &file, &error))),
    };
    let read = stored_report::read(&text).map(Some);
    read.map_err(|error| Failure::input(format!("{}: {error}", file.display())))
}

fn unreadable(folder: &Path, file: &Path, error: &std::io::Error) -> String {
    let made = "name one that `run`, `spof`, `sweep`, `compare` or `plan` wrote, such as output/peak";
    let shown = folder.display();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory if !folder.exists() => {
            format!("{shown}: there is no such folder; {made}")
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory if !folder.is_dir() => {
            format!("{shown}: this is a file, not the folder of a result; {made}")
        }
        ErrorKind::NotFound if RESULTS.iter().any(|result| folder.join(result).exists()) => {
            format!("{shown}: the result has no {}: an older version made it; make it again", stored::FILE)
        }
        ErrorKind::NotFound => format!("{shown}: this is not the folder of a result; {made}"),
        ErrorKind::InvalidData => {
            format!("{}: this is not text, so it is damaged; make the result again", file.display())
        }
        _ => format!("{}: {error}", file.display()),
    }
}

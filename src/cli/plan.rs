//! `foobar-sim plan SCENARIO`: how much the system bears, what to buy, and when.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::civil::Date;

use super::Simulator;
use super::console::Console;
use super::failure::Failure;
use super::options::{How, parse_override, parse_seed};
use super::progress::Progress;
use super::results;
use crate::experiment::plan::scalability::Measured;
use crate::experiment::plan::{LOOKS, MOVED, Options, Question};
use crate::report::manifest::Manifest;
use crate::report::{self, output};
use crate::scenario::{Overrides, parse_growth};

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "What shall hold stands in the scenario, and so does what may be bought:
  [[slo]]
  that = \"latency_p99 < 400 ms\"

  [plan]
  currency = \"EUR a month\"
  growth   = \"5%\"                          # more traffic each month
  vary = [
    { key = \"service.app.workers\", values = [32, 64, 128], prices = [0, 0, 0] },
    { key = \"server.app1.cpu.cores\", values = [8, 12, 16], price_each = 25 },
    { servers = \"app\", values = [1, 2, 3], price_each = 180 },
    { replicas = \"db\", values = [1, 2], price_each = 220 },
  ]

Examples:
  foobar-sim plan scenarios/capacity.toml
  foobar-sim plan scenarios/capacity.toml --question rate --precision 1%
  foobar-sim plan scenarios/capacity.toml --question headroom --growth 8% --from 2026-01-01
  foobar-sim plan --usl measured.csv")]
pub struct Args {
    /// The scenario, a TOML file
    #[arg(required_unless_present = "usl")]
    pub scenario: Option<PathBuf>,

    /// Replace one value, as `key=value`; may be given many times
    #[arg(long = "set", value_name = "K=V", value_parser = parse_override)]
    pub overrides: Vec<String>,

    /// What to answer; may be given many times; all that the scenario can be asked if left out
    #[arg(long = "question", value_name = "QUESTION", value_enum)]
    pub questions: Vec<Question>,

    /// Scale this traffic alone, by its name; all alike if left out
    #[arg(long, value_name = "TRAFFIC")]
    pub source: Option<String>,

    /// Relative half-width of the rate's interval: `2%` or `0.02`
    #[arg(long, value_name = "SHARE", value_parser = parse_precision, default_value = "2%", allow_hyphen_values = true)]
    pub precision: f64,

    /// No answer rests on more runs: they are added at 10, 20, 40 and 80
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=80), default_value_t = LOOKS[3])]
    pub max_runs: u32,

    /// Traffic grows by so much each month: `5%`; the scenario's `plan.growth` if left out
    #[arg(long, value_name = "SHARE", value_parser = parse_growth, allow_hyphen_values = true)]
    pub growth: Option<f64>,

    /// The day on which the traffic is what the scenario says: YYYY-MM-DD; today (UTC) if left out
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub from: Option<Date>,

    /// By how much each parameter is moved up and down for the tornado
    #[arg(long, value_name = "SHARE", value_parser = parse_moved, default_value = "10%", allow_hyphen_values = true)]
    pub moved: f64,

    /// Fit the Universal Scalability Law to measured points: a CSV file with a column `load` (or `users`, `workers`,
    /// `concurrency`) and a column `throughput`
    #[arg(long, value_name = "FILE")]
    pub usl: Option<PathBuf>,

    /// Seed of all randomness; the scenario's if left out
    #[arg(long, value_name = "N", value_parser = parse_seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,

    /// Folder for the results; `output/<name of the scenario>-plan` if left out
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Charts as PNG besides SVG
    #[arg(long)]
    pub png: bool,

    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for the terminal
    Text,
    /// plan.json
    Json,
    /// plan.md
    Markdown,
}

impl ValueEnum for Question {
    fn value_variants<'a>() -> &'a [Question] {
        &Question::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        let help = match self {
            Question::Rate => "the highest rate that meets the objectives, also with any one server dead",
            Question::Bottlenecks => "what saturates first, what lifts it, what saturates next",
            Question::Cheapest => "the cheapest that meets the objectives",
            Question::Headroom => "when growing traffic reaches the highest rate",
            Question::Tornado => "which parameter moves p99 most, and which default the verdict hangs on",
            Question::Usl => "the Universal Scalability Law through simulated points",
        };
        Some(clap::builder::PossibleValue::new(self.name()).help(help))
    }
}

impl Args {
    /// `today` where no date was given.
    pub(super) fn asked(&self, measured: Option<Measured>) -> Options {
        Options {
            questions: self.questions.clone(),
            precision: self.precision,
            runs_max: self.max_runs,
            source: self.source.clone(),
            growth: self.growth,
            from: self.from.unwrap_or_else(today),
            moved: self.moved,
            measured,
        }
    }
}

/// The only look at a clock: a plan made tomorrow runs out a day later.
fn today() -> Date {
    jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date()
}

/// `typed`: the arguments, for the manifest.
pub fn execute(
    simulator: &impl Simulator,
    args: &Args,
    typed: Vec<String>,
    console: &mut Console,
) -> Result<(), Failure> {
    let measured = args.usl.as_deref().map(measured).transpose()?;
    let Some(file) = &args.scenario else {
        let measured = measured.expect("clap asks for a scenario or points");
        let found = simulator.scalability(&measured).map_err(|why| of_points(args, why))?;
        return console.print(&match args.format {
            Format::Text => report::plan::usl_text(&found, console.out_color),
            Format::Json => report::plan::usl_json(&found),
            Format::Markdown => report::plan::usl_markdown(&found),
        });
    };
    let overrides = Overrides { set: args.overrides.clone(), runs: None, seed: args.seed };
    let written = super::Written { file, overrides, color: console.err_color };
    let scenario = simulator.load(&written)?;
    let folder = results::folder(args.output.as_ref(), &scenario.name, "plan");
    // known before the simulation, not after it
    output::check(&folder)?;
    if let Some(measured) = &measured {
        simulator.scalability(measured).map_err(|why| of_points(args, why))?;
    }
    let progress = Progress::new(args.how.quiet, console.err_is_terminal);
    let findings = simulator.plan(&scenario, args, measured, &written, &progress)?;
    progress.finish();

    let files = report::plan::files(&findings, &scenario, &Manifest::new(typed), args.png);
    let is_text = args.format == Format::Text;
    results::hand_over(&folder, &files, is_text, &args.how, console, |place, color| match args.format {
        Format::Text => report::plan::text(&findings, place, color),
        Format::Json => report::plan::json(&findings),
        Format::Markdown => report::plan::markdown(&findings),
    })
}

fn of_points(args: &Args, why: String) -> Failure {
    let file = args.usl.as_deref().unwrap_or(Path::new("--usl"));
    Failure::input(format!("{}: {why}", file.display()))
}

/// Names of a column of loads.
const LOADS: [&str; 7] = ["load", "users", "workers", "concurrency", "threads", "clients", "n"];
const THROUGHPUTS: [&str; 3] = ["throughput", "throughput_per_s", "x"];

/// Points from a CSV file with headings, in any order and among other columns.
fn measured(file: &Path) -> Result<Measured, Failure> {
    let wrong = |what: String| Failure::input(format!("{}: {what}", file.display()));
    let example = "write for example\n  load,throughput\n  1,95\n  8,610\n  16,980\n  32,1190";
    let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_path(file);
    let mut reader = reader.map_err(|error| wrong(said(error)))?;
    let headings = reader.headers().map_err(|error| wrong(said(error)))?.clone();
    let column = |names: &[&str]| headings.iter().position(|h| names.contains(&h.to_lowercase().as_str()));
    let (Some(load), Some(throughput)) = (column(&LOADS), column(&THROUGHPUTS)) else {
        let missing = if column(&LOADS).is_none() { "load" } else { "throughput" };
        return Err(wrong(format!("there is no column \"{missing}\" in its first line; {example}")));
    };
    let mut points = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(said(error)))?;
        let line = record.position().map_or(0, |position| position.line());
        let number = |at: usize| {
            let text = record.get(at).unwrap_or("");
            text.parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0).ok_or_else(|| {
                let heading = &headings[at];
                wrong(format!("line {line}: {heading} is \"{text}\"; expected a number above 0"))
            })
        };
        points.push((number(load)?, number(throughput)?));
    }
    Ok(Measured { load: headings[load].to_owned(), throughput: headings[throughput].to_owned(), points })
}

fn said(error: csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::NotFound => "there is no such file".into(),
        csv::ErrorKind::Io(error) => format!("cannot be read: {error}"),
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, |position| position.line());
            format!("line {line} has {len} fields, and the first line {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8 text".into(),
        _ => error.to_string(),
    }
}

/// `2%` and `0.02` are the same.
fn share(text: &str, most: f64, example: &str) -> Result<f64, String> {
    let trimmed = text.trim();
    let (number, unit) = trimmed.strip_suffix('%').map_or((trimmed, 1.0), |number| (number.trim(), 100.0));
    match number.parse::<f64>().map(|value| value / unit) {
        Ok(share) if share > 0.0 && share <= most => Ok(share),
        _ => Err(format!("expected a share above 0 and up to {}%, such as {example}", most * 100.0)),
    }
}

fn parse_precision(text: &str) -> Result<f64, String> {
    match share(text, 0.5, "2% or 0.02")? {
        precision if precision < 1e-4 => Err("less than 0.01% would take more runs than anybody waits for".into()),
        precision => Ok(precision),
    }
}

fn parse_moved(text: &str) -> Result<f64, String> {
    share(text, 0.9, &format!("{}%", 100.0 * MOVED))
}

fn parse_date(text: &str) -> Result<Date, String> {
    text.trim().parse().map_err(|_| format!("expected a day such as 2026-01-31, found \"{text}\""))
}

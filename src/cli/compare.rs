//! `foobar-sim compare A B`: two scenarios, or one beside a stored result or beside production, on the same traffic.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::failure::{self, Failure};
use super::options::{Format, How, parse_override, parse_runs, parse_seed};
use super::progress::Progress;
use super::results;
use super::{Simulator, Written};
use crate::experiment::compare::baseline::Baseline;
use crate::experiment::compare::findings::Findings;
use crate::experiment::compare::observed::{self, Line, Trust};
use crate::experiment::compare::verdict::Verdict;
use crate::experiment::compare::{Options, RUNS_MOST, Thresholds};
use crate::experiment::summary::Check;
use crate::report::manifest::Manifest;
use crate::report::text::Written as Place;
use crate::report::{self, output};
use crate::scenario::{Overrides, Scenario};

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim compare peak.toml peak-new.toml
  foobar-sim compare peak.toml --set-b service.app.workers=128
  foobar-sim compare peak.toml --baseline output/peak/summary.json
  foobar-sim compare peak.toml --observed prod.csv

Differences are B - A. Exit codes: 0 better, the same, or none asked; 97 inconclusive; 98 worse.
prod.csv has the columns figure,of,value,unit, for example latency_p99,checkout,264,ms.")]
pub struct Args {
    /// The scenario A; with --baseline or --observed the one that is simulated
    #[arg(value_name = "A")]
    pub scenario: PathBuf,

    /// The scenario B; A itself if left out, with what --set-a and --set-b change
    #[arg(value_name = "B", conflicts_with_all = ["baseline", "observed"])]
    pub other: Option<PathBuf>,

    /// In place of A a stored result, which the scenario is compared with
    #[arg(long, value_name = "SUMMARY.JSON", conflicts_with = "observed")]
    pub baseline: Option<PathBuf>,

    /// Production's own figures (CSV), to see whether the model can be trusted
    #[arg(long, value_name = "CSV")]
    pub observed: Option<PathBuf>,

    /// Replace one value in both, as `key=value`; may be given many times
    #[arg(long = "set", value_name = "K=V", value_parser = parse_override)]
    pub overrides: Vec<String>,

    /// Replace one value in A alone
    #[arg(long = "set-a", value_name = "K=V", value_parser = parse_override, conflicts_with_all = ["baseline", "observed"])]
    pub overrides_a: Vec<String>,

    /// Replace one value in B alone
    #[arg(long = "set-b", value_name = "K=V", value_parser = parse_override, conflicts_with_all = ["baseline", "observed"])]
    pub overrides_b: Vec<String>,

    /// A smaller difference counts as none, as a share of A's value
    #[arg(long, value_name = "PERCENT", value_parser = parse_threshold, allow_hyphen_values = true, conflicts_with = "observed")]
    #[arg(default_value = "3%")]
    pub threshold: f64,

    /// The same of availability, as a share of all requests
    #[arg(long, value_name = "PERCENT", value_parser = parse_threshold, allow_hyphen_values = true, conflicts_with = "observed")]
    #[arg(default_value = "0.1%")]
    pub availability_threshold: f64,

    /// Runs of each side, and no more; if left out, the scenario's number at first, and more until it is decided
    #[arg(long, value_name = "N", value_parser = parse_runs, allow_hyphen_values = true)]
    pub runs: Option<u32>,

    /// Most runs of each side; they are doubled while nothing is decided. 80, or --runs
    #[arg(long, value_name = "N", value_parser = parse_runs, allow_hyphen_values = true, conflicts_with_all = ["baseline", "observed"])]
    pub max_runs: Option<u32>,

    /// Seed of all randomness on both sides; the scenario's if left out
    #[arg(long, value_name = "N", value_parser = parse_seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,

    /// Folder for the results; `output/<name of the scenario>-compare` if left out
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

/// A scenario that was read, and where from.
pub struct Side<'a> {
    pub scenario: Scenario,
    pub written: Written<'a>,
    /// The file, and what is changed in it, as it was typed.
    pub name: String,
}

/// What is put beside what.
pub enum Subject<'a> {
    Two(Box<[Side<'a>; 2]>),
    Stored { baseline: Box<Baseline>, name: String, side: Side<'a> },
    Production { lines: Vec<Line>, name: String, side: Side<'a> },
}

impl Subject<'_> {
    /// A, where it is simulated, and B or the only one.
    fn scenarios(&self) -> (Option<&Scenario>, &Scenario) {
        match self {
            Subject::Two(sides) => (Some(&sides[0].scenario), &sides[1].scenario),
            Subject::Stored { side, .. } | Subject::Production { side, .. } => (None, &side.scenario),
        }
    }
}

/// What came of it.
pub enum Found {
    Difference(Box<Findings>),
    Trust(Box<Trust>),
}

impl Args {
    pub fn thresholds(&self) -> Thresholds {
        Thresholds { share: self.threshold, availability: self.availability_threshold }
    }

    /// `of_scenarios`: runs that they say.
    pub fn options(&self, of_scenarios: u32) -> Options {
        let first = self.runs.unwrap_or(of_scenarios);
        let most = self.max_runs.unwrap_or(match self.runs {
            Some(runs) => runs,
            None => RUNS_MOST.max(first),
        });
        Options { thresholds: self.thresholds(), first: first.min(most), most }
    }

    fn side<'a>(
        &'a self,
        simulator: &impl Simulator,
        file: &'a Path,
        own: &[(&str, &[String])],
        color: bool,
    ) -> Result<Side<'a>, Failure> {
        let all = own.iter().flat_map(|(_, set)| set.iter().cloned()).collect();
        let overrides = Overrides { set: all, runs: self.runs, seed: self.seed };
        let written = Written { file, overrides, color };
        let scenario = simulator.load(&written)?;
        let typed = own.iter().flat_map(|(flag, set)| set.iter().map(move |one| format!(" {flag} {one}")));
        let name = format!("{}{}", file.display(), typed.collect::<String>());
        Ok(Side { scenario, written, name })
    }

    fn subject<'a>(&'a self, simulator: &impl Simulator, color: bool) -> Result<Subject<'a>, Failure> {
        let both = ("--set", self.overrides.as_slice());
        if let Some(file) = &self.baseline {
            let stored = read(file)?;
            let baseline =
                Baseline::parse(&stored).map_err(|what| Failure::input(format!("{}: {what}", file.display())))?;
            if let Some(runs) = self.runs.filter(|runs| *runs != baseline.runs) {
                return Err(Failure::input(format!(
                    "{}: the baseline has {} runs, and --runs asks for {runs}; leave it out",
                    file.display(),
                    baseline.runs
                )));
            }
            let side = self.side(simulator, &self.scenario, &[both], color)?;
            return Ok(Subject::Stored { baseline: Box::new(baseline), name: file.display().to_string(), side });
        }
        if let Some(file) = &self.observed {
            let lines = observed::parse(&read(file)?).map_err(|wrong| in_file(file, &wrong))?;
            let side = self.side(simulator, &self.scenario, &[both], color)?;
            return Ok(Subject::Production { lines, name: file.display().to_string(), side });
        }
        if self.other.is_none() && self.overrides_a.is_empty() && self.overrides_b.is_empty() {
            return Err(Failure::input(
                "there is nothing to compare with; name a second scenario, or --set-b KEY=VALUE, --baseline \
                 SUMMARY.JSON or --observed CSV",
            ));
        }
        if let (Some(runs), Some(most)) = (self.runs, self.max_runs)
            && most < runs
        {
            return Err(Failure::input(format!("--max-runs {most} is less than --runs {runs}; leave one of them out")));
        }
        let a = self.side(simulator, &self.scenario, &[both, ("--set-a", &self.overrides_a)], color)?;
        let file = self.other.as_ref().unwrap_or(&self.scenario);
        let b = self.side(simulator, file, &[both, ("--set-b", &self.overrides_b)], color)?;
        Ok(Subject::Two(Box::new([a, b])))
    }
}

/// All that is wrong with a file, a line each.
fn in_file(file: &Path, wrong: &[String]) -> Failure {
    let each: Vec<String> = wrong.iter().map(|what| format!("{}: {what}", file.display())).collect();
    Failure::input(each.join("\nerror: "))
}

/// Larger files are no results, and no hand-written figures.
const BYTES_MAX: u64 = 256 << 20;

fn read(file: &Path) -> Result<String, Failure> {
    let failed = |what: String| Failure::input(format!("{}: {what}", file.display()));
    let about = std::fs::metadata(file).map_err(|error| failed(reason(&error)))?;
    if about.is_dir() {
        return Err(failed("this is a folder; name the file in it, such as summary.json".into()));
    }
    if about.len() > BYTES_MAX {
        return Err(failed("the file is too large to be a result".into()));
    }
    let bytes = std::fs::read(file).map_err(|error| failed(reason(&error)))?;
    String::from_utf8(bytes).map_err(|_| failed("this is no text".into()))
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "no permission to read it".into(),
        _ => error.to_string(),
    }
}

/// The exit code. `typed`: the arguments, for the manifest.
pub fn execute(
    simulator: &impl Simulator,
    args: &Args,
    typed: Vec<String>,
    console: &mut Console,
) -> Result<u8, Failure> {
    let subject = args.subject(simulator, console.err_color)?;
    let folder = folder(args, &subject)?;
    // known before the simulation, not after it
    output::check(&folder)?;
    let progress = Progress::new(args.how.quiet, console.err_is_terminal);
    let (found, broken) = simulator.compare(&subject, args, &progress)?;
    progress.finish();

    let manifest = Manifest::new(typed);
    let (a, b) = subject.scenarios();
    let files = match &found {
        Found::Difference(findings) => report::compare::files(findings, [a, Some(b)], &manifest, args.png),
        Found::Trust(trust) => report::compare::trust_files(trust, b, &manifest),
    };
    let is_text = args.format == Format::Text;
    results::hand_over(&folder, &files, is_text, &args.how, console, |place, color| {
        shown(&found, args.format, place, color)
    })?;
    broken_laws(&broken)?;
    Ok(match found {
        Found::Trust(_) => failure::DONE,
        Found::Difference(findings) => match findings.verdict {
            Verdict::Worse => failure::WORSE,
            Verdict::Inconclusive => failure::INCONCLUSIVE,
            Verdict::Better | Verdict::Same | Verdict::Higher | Verdict::Lower => failure::DONE,
        },
    })
}

fn shown(found: &Found, format: Format, place: Option<&Place>, color: bool) -> String {
    match (found, format) {
        (Found::Difference(findings), Format::Text) => report::compare::text(findings, place, color),
        (Found::Difference(findings), Format::Json) => report::compare::json(findings),
        (Found::Difference(findings), Format::Csv) => report::compare::csv(findings),
        (Found::Difference(findings), Format::Markdown) => report::compare::markdown(findings),
        (Found::Trust(trust), Format::Text) => report::compare::trust_text(trust, place, color),
        (Found::Trust(trust), Format::Json) => report::compare::trust_json(trust),
        (Found::Trust(trust), Format::Csv) => report::compare::trust_csv(trust),
        (Found::Trust(trust), Format::Markdown) => report::compare::trust_markdown(trust),
    }
}

fn folder(args: &Args, subject: &Subject) -> Result<PathBuf, Failure> {
    let name = match subject {
        Subject::Two(sides) => &sides[0].scenario.name,
        Subject::Stored { side, .. } | Subject::Production { side, .. } => &side.scenario.name,
    };
    let folder = results::folder(args.output.as_ref(), name, "compare");
    // its manifest says how the baseline was made
    let of_baseline = args.baseline.as_ref().and_then(|file| file.canonicalize().ok());
    if let (Some(file), Ok(folder)) = (of_baseline, folder.canonicalize())
        && file.parent() == Some(&folder)
    {
        return Err(Failure::input(format!(
            "{}: the baseline itself is there, and its manifest would be replaced; choose another folder with -o",
            folder.display()
        )));
    }
    Ok(folder)
}

fn broken_laws(broken: &[Check]) -> Result<(), Failure> {
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

/// `3%` is 0.03; `0%` counts every difference.
fn parse_threshold(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').ok_or("expected a percentage with its sign, such as 3%")?;
    match number.trim().parse::<f64>() {
        Ok(percent) if (0.0..100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("expected 0% or more, and less than 100%".into()),
    }
}

//! From what was typed to a folder with a manifest: `sweep plan`, and the first half of `sweep SCENARIO`.

use std::path::{Path, PathBuf};

use super::{Asked, Failure, How, Plan, failure, program};
use crate::cli::Written;
use crate::cli::console::Console;
use crate::cli::progress::Progress;
use crate::cli::real::pool;
use crate::cli::results;
use crate::experiment::sweep::definition::{Definition, Identity, Program, SCHEMA_VERSION, SHARDS_MAX, sha256};
use crate::experiment::sweep::design::{Design, Kind};
use crate::experiment::sweep::estimate::Estimate;
use crate::experiment::sweep::vary::Axis;
use crate::experiment::sweep::work::Work;
use crate::report::figure;
use crate::report::output;
use crate::report::sweep::folder::{Folder, FolderError, input_file};
use crate::scenario::{self, Draft};

/// All that is needed to make points.
pub struct Sweep {
    pub folder: Folder,
    pub draft: Draft,
    pub design: Design,
}

impl Sweep {
    /// One that is in a folder.
    pub fn open(folder: &Path) -> Result<Sweep, Failure> {
        let folder = Folder::open(folder, &program::hash()?)?;
        let (draft, design) = (folder.draft()?, folder.definition.design().map_err(Failure::input)?);
        Ok(Sweep { folder, draft, design })
    }
}

pub fn execute(args: &Plan, console: &mut Console) -> Result<(), Failure> {
    let sweep = begin(&args.asked, args.shards, &args.how, console)?;
    let definition = &sweep.folder.definition;
    let folder = sweep.folder.path.display();
    let (points, shards) = (figure::counted(definition.points, "point"), figure::counted(definition.shards, "shard"));
    console.print(&format!(
        "{folder}: {points} in {shards}\n  make them with `foobar-sim sweep run {folder} --shard 1/{n}` to {n}/{n}, or `foobar-sim \
         sweep submit {folder}`;\n  then `foobar-sim sweep merge {folder}`\n",
        n = definition.shards
    ))
}

/// The sweep that was asked for, in its folder: the one that is there, or a new one. Everything is checked first.
pub fn begin(asked: &Asked, shards: u64, how: &How, console: &mut Console) -> Result<Sweep, Failure> {
    let axes = Axis::parse_all(&asked.vary).map_err(Failure::input)?;
    let draft = Draft::read(&asked.scenario, &asked.overrides())
        .map_err(|diagnostics| Failure::Input(diagnostics.render(console.err_color)))?;
    // what a Latin hypercube is drawn with stands in the scenario
    let any = Design::new(axes.clone(), asked.kind(), asked.points, 0).map_err(Failure::input)?;
    let values = any.values(0);
    let scenario = draft
        .with(any.settings(&values))
        .map_err(|diagnostics| Failure::Input(diagnostics.render(console.err_color)))?;
    let seed = scenario.simulation.seed;
    let design = match any.kind {
        Kind::Lhs => Design::new(axes, any.kind, asked.points, seed).map_err(Failure::input)?,
        Kind::Grid | Kind::Zip => any,
    };
    if shards == 0 || shards > design.points().min(SHARDS_MAX) {
        return Err(Failure::input(format!(
            "--shards {shards}: from 1 to {} are possible here, since there are {} points",
            design.points().min(SHARDS_MAX),
            design.points()
        )));
    }
    let path = results::folder(asked.output.as_ref(), &scenario.name, "sweep");
    let text = draft.to_toml();
    let folder = std::path::absolute(draft.folder()).unwrap_or_else(|_| draft.folder());
    let files = scenario::files(&scenario).iter().map(|file| input_file(file)).collect::<Result<_, _>>()?;
    let definition = Definition {
        schema_version: SCHEMA_VERSION,
        program: Program { version: env!("CARGO_PKG_VERSION").into(), sha256: program::hash()? },
        scenario: Identity {
            name: scenario.name,
            sha256: sha256(text.as_bytes()),
            folder: folder.to_string_lossy().into_owned(),
        },
        files,
        design: design.kind,
        axes: design.axes.clone(),
        points: design.points(),
        seed,
        warmup_s: None,
        shards,
    };
    let there = match Folder::is_there(&path)? {
        true => {
            let there = Folder::open(&path, &definition.program.sha256)?;
            there.must_be(&definition)?;
            Some(there)
        }
        false => None,
    };
    let planned = Planned { draft, design, definition, path, text };
    match there {
        Some(folder) => Ok(Sweep { draft: folder.draft()?, folder, design: planned.design }),
        None => planned.create(asked, how, console),
    }
}

/// A sweep that is in no folder yet.
struct Planned {
    draft: Draft,
    design: Design,
    definition: Definition,
    path: PathBuf,
    text: String,
}

impl Planned {
    fn create(mut self, asked: &Asked, how: &How, console: &Console) -> Result<Sweep, Failure> {
        let progress = Progress::new(how.quiet, console.err_is_terminal);
        let written = Written { file: &asked.scenario, overrides: asked.overrides(), color: console.err_color };
        let warmup_s = pool(how.threads)?.install(|| self.prepare(&progress, &written))?;
        self.definition.warmup_s = warmup_s;
        let folder = Folder::create(&self.path, &self.definition, &self.text)?;
        Ok(Sweep { draft: folder.draft()?, folder, design: self.design })
    }

    /// Checks the points, says what they will take, and finds the warm-up.
    fn prepare(&self, progress: &Progress, written: &Written) -> Result<Option<f64>, Failure> {
        let said = |error| failure(error, &self.design, written);
        let work = Work::new::<FolderError>(&self.draft, &self.design, None).map_err(said)?;
        work.check().map_err(said)?;
        // known before the work, not after it
        output::check(&self.path)?;
        let (few, searched) = (self.design.few(3), work.searches_warmup().map_err(said)?);
        let estimate = work.estimate(&few, self.design.points(), searched).map_err(said)?;
        progress.note(&announced(&estimate, &self.design));
        if !searched {
            return Ok(None);
        }
        progress.show("warm-up", 0, 1);
        let found = work.find_warmup().map_err(said)?;
        progress.finish();
        progress.note(&match found {
            Some(seconds) => format!("warm-up of every point: {} (auto)", figure::duration(seconds)),
            None => "no end of the warm-up was found; each point looks for its own".into(),
        });
        Ok(found)
    }
}

/// `7 points, 70 runs: about 38 million requests and 640 million events, 35 s on 2 threads, 120 MB of memory`
fn announced(estimate: &Estimate, design: &Design) -> String {
    let sizes: Vec<String> = design.axes.iter().filter_map(|axis| axis.count()).map(|n| n.to_string()).collect();
    let sizes =
        if sizes.len() > 1 && design.kind == Kind::Grid { format!(" ({})", sizes.join(" x ")) } else { String::new() };
    format!(
        "{}{sizes}, {}: about {} requests and {} events, {} on {}, {} of memory for results under way",
        figure::counted(estimate.points, "point"),
        figure::counted(estimate.runs, "run"),
        round(estimate.requests),
        round(estimate.events),
        length(estimate.seconds),
        figure::counted(rayon::current_num_threads() as u64, "thread"),
        size(estimate.memory_bytes)
    )
}

/// Two digits of a large number.
fn round(value: f64) -> String {
    for (word, unit) in [("billion", 1e9), ("million", 1e6), ("thousand", 1e3)] {
        if value >= unit {
            return format!("{} {word}", two(value / unit));
        }
    }
    two(value)
}

fn two(value: f64) -> String {
    let rounded: f64 = format!("{value:.1e}").parse().expect("a float that was printed");
    format!("{rounded}")
}

/// Of an estimate, in the largest unit that it fills.
pub fn length(seconds: f64) -> String {
    for (unit, length) in [("days", 86_400.0), ("h", 3600.0), ("min", 60.0)] {
        if seconds >= 2.0 * length {
            return format!("{} {unit}", two(seconds / length));
        }
    }
    format!("{} s", two(seconds.max(0.1)))
}

fn size(bytes: f64) -> String {
    if bytes >= 1e9 { format!("{} GB", two(bytes / 1e9)) } else { format!("{} MB", two((bytes / 1e6).max(0.1))) }
}

//! Making points: all that are missing, or those of one shard. Each is kept as soon as it is made.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::plan::{Sweep, length};
use super::shard::{of_process, shard_of};
use super::{Failure, How, Run, failure};
use crate::cli::Written;
use crate::cli::console::Console;
use crate::cli::progress::Progress;
use crate::cli::real::pool;
use crate::experiment::summary::Summary;
use crate::experiment::sweep::work::Work;
use crate::report::figure;
use crate::report::output;
use crate::report::sweep::folder::FolderError;
use crate::report::sweep::row;
use crate::scenario::Overrides;

pub fn execute(args: &Run, console: &mut Console) -> Result<(), Failure> {
    let sweep = Sweep::open(&args.folder)?;
    let shards = sweep.folder.definition.shards;
    let shard = match &args.shard {
        Some(text) => Some(shard_of(text, shards, &of_process).map_err(Failure::input)?),
        None => None,
    };
    make(&sweep, shard, &args.how, console)
}

/// `shard` from 0; `None`: all points.
pub fn make(sweep: &Sweep, shard: Option<u64>, how: &How, console: &mut Console) -> Result<(), Failure> {
    let definition = &sweep.folder.definition;
    let mine: Vec<u64> = match shard {
        Some(shard) => definition.points_of(shard).collect(),
        None => (0..definition.points).collect(),
    };
    let total = mine.len() as u64;
    sweep.folder.check_strangers()?;
    let missing = sweep.folder.missing(mine.into_iter())?;
    let progress = Progress::new(how.quiet, console.err_is_terminal);
    let made = Arc::new(AtomicU64::new(total - missing.len() as u64));
    if !missing.is_empty() && (missing.len() as u64) < total {
        progress.note(&format!("{} of {total} points are there already", made.load(Ordering::Relaxed)));
    }
    if missing.is_empty() {
        if shard.is_some() {
            progress.note(&format!("all {total} points are there already"));
        }
        return Ok(());
    }
    sweep.folder.make_room(&missing)?;
    // those who come to a point that another process has made meanwhile leave it as it is
    let wanted = |point: u64| {
        let there = sweep.folder.has(point);
        if there {
            made.fetch_add(1, Ordering::Relaxed);
        }
        !there
    };
    let broken = AtomicU64::new(0);
    let keep = |point: u64, values: &[String], summary: &Summary| {
        sweep.folder.keep(point, &row(&sweep.design, point, values, summary))?;
        broken.fetch_add(summary.checks.iter().filter(|check| !check.passed).count() as u64, Ordering::Relaxed);
        progress.show("points", made.fetch_add(1, Ordering::Relaxed) + 1, total);
        Ok(())
    };
    let counted = Arc::clone(&made);
    output::when_interrupted(move || {
        let _ = writeln!(
            io::stderr(),
            "foobar-sim: interrupted; {} of {total} points are kept, and the same command goes on with the others",
            counted.load(Ordering::Relaxed)
        );
    });
    let warmup_s = definition.warmup_s;
    // what is wrong with a scenario that was planned is wrong in the one beside the manifest
    let file = sweep.folder.scenario();
    let written = Written { file: &file, overrides: Overrides::default(), color: console.err_color };
    let worked = pool(how.threads)?.install(|| {
        let work = Work::new::<FolderError>(&sweep.draft, &sweep.design, warmup_s)?;
        if shard.is_some() && !how.quiet {
            let estimate = work.estimate(&work.few_of(&missing), missing.len() as u64, false)?;
            let threads = figure::counted(rayon::current_num_threads() as u64, "thread");
            progress.note(&format!("{} to make: about {} on {threads}", missing.len(), length(estimate.seconds)));
        }
        progress.show("points", made.load(Ordering::Relaxed), total);
        work.run(&missing, &wanted, &keep)
    });
    output::when_interrupted_nothing();
    progress.finish();
    worked.map_err(|error| failure(error, &sweep.design, &written))?;
    if shard.is_some() && !how.quiet {
        progress.note(&format!("{total} of {total} points are kept in {}", sweep.folder.path.display()));
    }
    match broken.into_inner() {
        0 => Ok(()),
        n => Err(Failure::Ours(format!(
            "error: {n} checks failed, so these results cannot be trusted; see `checks_failed`"
        ))),
    }
}

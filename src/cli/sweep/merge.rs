//! `sweep merge DIR`: all points to one table, and what they say together.

use std::fs;
use std::path::Path;

use super::{Besides, Failure, Format, Merge};
use crate::cli::console::Console;
use crate::report::output;
use crate::report::sweep::folder::Folder;
use crate::report::sweep::merge::{MergeError, TABLE, merge};
use crate::report::{self, text::Written};

pub fn execute(args: &Merge, console: &mut Console) -> Result<(), Failure> {
    args.besides.check()?;
    let folder = Folder::read(&args.folder)?;
    finish(&folder, args.format, &args.besides, args.quiet, console)
}

/// Writes sweep.csv and what stands beside it, and prints the result.
pub fn finish(
    folder: &Folder,
    format: Format,
    besides: &Besides,
    quiet: bool,
    console: &mut Console,
) -> Result<(), Failure> {
    let design = folder.definition.design().map_err(Failure::input)?;
    let found = merge(folder, &design).map_err(|error| match &error {
        MergeError::Incomplete { .. } => {
            let path = folder.path.display();
            Failure::input(format!("{path}: {error}; make them with `foobar-sim sweep run {path}`, then merge again"))
        }
        _ => Failure::from(error),
    })?;
    let files = report::sweep::files(&found, &folder.scenario_text()?, besides.png);
    output::write(&folder.path, &files)?;
    let tables = if besides.parquet { write_parquet(&folder.path)? } else { &[TABLE][..] };
    let names = tables.iter().copied().chain(files.iter().map(|(name, _)| name.as_str())).collect();
    let place = Written { folder: &folder.path, files: names };
    match format {
        Format::Text => console.print(&report::sweep::text(&found, Some(&place), console.out_color))?,
        Format::Json => console.print(&report::sweep::json(&found))?,
        Format::Markdown => console.print(&report::sweep::markdown(&found))?,
        Format::Csv => {
            let file = folder.path.join(TABLE);
            let text = fs::read_to_string(&file);
            console.print(&text.map_err(|error| Failure::Ours(format!("error: {}: {error}", file.display())))?)?;
        }
    }
    if format != Format::Text && !quiet {
        console.complain(&format!("foobar-sim: results are in {}", folder.path.display()));
    }
    match found.totals.checks_failed {
        0 => Ok(()),
        n => Err(Failure::Ours(format!(
            "error: {n} checks failed, so these results cannot be trusted; see `checks_failed` in {TABLE}"
        ))),
    }
}

#[cfg(feature = "parquet")]
fn write_parquet(folder: &Path) -> Result<&'static [&'static str], Failure> {
    use crate::report::sweep::parquet;
    parquet::write(&folder.join(TABLE), &folder.join(parquet::TABLE))
        .map_err(|error| Failure::Ours(format!("error: {error}")))?;
    Ok(&[TABLE, parquet::TABLE])
}

#[cfg(not(feature = "parquet"))]
fn write_parquet(_: &Path) -> Result<&'static [&'static str], Failure> {
    unreachable!("asked for with a program that was built without it, which is said before any work")
}

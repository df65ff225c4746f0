//! Where a command's results go, and how they are handed over: into the folder, and to standard output.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::failure::Failure;
use super::options::How;
use crate::report::output;
use crate::report::text::Written;

/// The folder that was asked for, or one named after the scenario and what the results are `of`.
pub fn folder(asked: Option<&PathBuf>, scenario: &str, of: &str) -> PathBuf {
    let named = || Path::new("output").join(format!("{}-{of}", output::folder_name(scenario)));
    asked.cloned().unwrap_or_else(named)
}

/// Keeps the files and prints what is shown, which may name them. What cannot be kept is shown all the same, and then told.
/// `is_text`: it names the folder itself.
pub fn hand_over(
    folder: &Path,
    files: &[(String, Vec<u8>)],
    is_text: bool,
    how: &How,
    console: &mut Console,
    show: impl FnOnce(Option<&Written>, bool) -> String,
) -> Result<(), Failure> {
    let kept = output::write(folder, files);
    let names = files.iter().map(|(name, _)| name.as_str()).collect();
    let place = kept.is_ok().then_some(Written { folder, files: names });
    let color = console.out_color;
    console.print(&show(place.as_ref(), color))?;
    kept?;
    if !is_text && !how.quiet {
        console.complain(&format!("foobar-sim: results are in {}", folder.display()));
    }
    Ok(())
}

/// Writes files that were made again of a stored result, and lists them.
pub fn list(folder: &Path, files: &[(String, Vec<u8>)], quiet: bool, console: &mut Console) -> Result<(), Failure> {
    output::write(folder, files)?;
    if quiet {
        return Ok(());
    }
    console.print(&files.iter().map(|(name, _)| format!("{}\n", folder.join(name).display())).collect::<String>())
}

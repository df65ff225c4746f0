//! Which program this is: results are the same bytes only from the same build.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::experiment::sweep::definition::sha256;

/// Its file, to be named in job descriptions.
pub fn path() -> Result<PathBuf, Failure> {
    std::env::current_exe()
        .map_err(|error| Failure::Ours(format!("error: this program's own file is not known: {error}")))
}

/// A program with debug information is a hundred times as large; then its two ends are enough, of which the first has the
/// linker's own hash of the whole (the build ID).
const WHOLE_MAX: u64 = 32 << 20;
const END: u64 = 1 << 20;

/// SHA-256 of its file.
pub fn hash() -> Result<String, Failure> {
    // the one that runs, even if another has taken its place since
    let running = Path::new("/proc/self/exe");
    let file = if running.exists() { running.to_path_buf() } else { path()? };
    let failed = |error| Failure::Ours(format!("error: this program's own file cannot be read: {error}"));
    Ok(sha256(&read(&file).map_err(failed)?))
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(file)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    if length <= WHOLE_MAX {
        file.read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    bytes.extend(length.to_le_bytes());
    file.by_ref().take(END).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::End(-(END as i64)))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

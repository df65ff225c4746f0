//! A file under a temporary name, in the folder where it shall stand. It is gone when dropped before it was
//! placed, and when the process is interrupted. A process that is killed cannot clean up: what it leaves is
//! removed by the next one that writes into the folder, and known by its name and by the lock that nobody holds
//! any more.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::interrupt;

/// Hidden, and told from the user's own files.
pub const PREFIX: &str = ".foobar-sim-";
const SUFFIX: &str = ".part";

pub struct Part {
    /// Locked as long as it is open; `None`: placed.
    file: Option<NamedTempFile>,
}

impl Part {
    pub fn create(folder: &Path) -> io::Result<Part> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        #[cfg(unix)]
        {
            // the umask decides, as for any file; the crate's own default is private
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        interrupt::watch();
        let mut held = interrupt::held();
        loop {
            let file = builder.tempfile_in(folder)?;
            // a file system without locks is one where nobody takes it for abandoned either
            let _ = file.as_file().lock();
            // before it was locked, someone may have taken it for abandoned
            if file.path().exists() {
                held.add(file.path());
                return Ok(Part { file: Some(file) });
            }
        }
    }

    fn file(&mut self) -> &mut NamedTempFile {
        self.file.as_mut().expect("a part is written before it is placed")
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            let mut held = interrupt::held();
            held.forget(file.path());
            let _ = file.close();
        }
    }
}

/// Gives all parts their names, in this order; an interrupt waits until that is done. An error names the file
/// that could not be put in its place.
pub fn place(mut parts: Vec<(Part, PathBuf)>) -> Result<(), (PathBuf, io::Error)> {
    let mut held = interrupt::held();
    for (part, file) in &mut parts {
        let whole = part.file.take().expect("a part is placed once");
        held.forget(whole.path());
        whole.persist(&*file).map_err(|error| (file.clone(), error.error))?;
    }
    Ok(())
}

/// Removes what processes left that were killed while they wrote into the folder.
pub fn remove_abandoned(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let opened = File::options().read(true).write(true).open(entry.path());
        if opened.is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

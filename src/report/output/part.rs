//! A file under a temporary name, in the folder where it shall stand. It is gone when dropped before it was
//! placed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Hidden, and told from the user's own files.
pub const PREFIX: &str = ".foobar-sim-";
const SUFFIX: &str = ".part";

pub struct Part {
    file: NamedTempFile,
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
        Ok(Part { file: builder.tempfile_in(folder)? })
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Gives all parts their names, in this order. An error names the file that could not be put in its place.
pub fn place(parts: Vec<(Part, PathBuf)>) -> Result<(), (PathBuf, io::Error)> {
    for (part, file) in parts {
        if let Err(error) = part.file.persist(&file) {
            return Err((file, error.error));
        }
    }
    Ok(())
}

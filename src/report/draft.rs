//! One file that the user named, written piece by piece and never all in memory. Until it is complete it
//! has no name, so neither an error nor an interrupt leaves anything of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::output::{self, OutputError};

/// Takes what is written to it; gone when dropped, until it is placed.
pub struct Draft {
    /// As the user named it.
    name: PathBuf,
    to: Destination,
    file: File,
}

enum Destination {
    /// A device or a pipe (`/dev/stdout`) is written to, and stays what it is.
    Device,
    /// What is replaced, with the link followed that led to it.
    File(PathBuf),
}

impl Draft {
    /// # Errors
    /// Where such a file cannot be written.
    pub fn new(name: &Path) -> Result<Draft, OutputError> {
        let failed = |source| OutputError::File { file: name.into(), source };
        let (to, file) = begin(name).map_err(failed)?;
        Ok(Draft { name: name.into(), to, file })
    }

    /// Gives it its name, in the place of what had that name; folders that are missing are made.
    ///
    /// # Errors
    /// Then all is as it was.
    pub fn place(mut self) -> Result<(), OutputError> {
        let Destination::File(target) = &self.to else { return Ok(()) };
        let folder = folder_of(target);
        let put = output::within(folder, || {
            let temporary = named(&mut self.file, folder)?;
            temporary.persist(target).map(drop).map_err(|error| error.error)
        });
        put.map_err(|source| self.failure(source))
    }

    /// What it means that a write failed.
    pub fn failure(&self, source: io::Error) -> OutputError {
        OutputError::File { file: self.name.clone(), source }
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn begin(name: &Path) -> io::Result<(Destination, File)> {
    match fs::metadata(name) {
        Ok(about) if about.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(about) if !about.is_file() => {
            return Ok((Destination::Device, OpenOptions::new().write(true).open(name)?));
        }
        _ => {}
    }
    let target = fs::canonicalize(name).unwrap_or_else(|_| name.into());
    // folders that are missing come last: an interrupt would leave them
    let existing = target.ancestors().skip(1).map(or_here).find(|folder| folder.exists()).unwrap_or(Path::new("."));
    if !existing.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let file = tempfile::tempfile_in(existing)?;
    Ok((Destination::File(target), file))
}

fn folder_of(target: &Path) -> &Path {
    or_here(target.parent().unwrap_or(Path::new("")))
}

fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// A moment before the end it gets a name that passes, since only a file with a name can replace another.
fn named(file: &mut File, folder: &Path) -> io::Result<NamedTempFile<()>> {
    #[cfg(target_os = "linux")]
    if let Ok(linked) = linked(file, folder) {
        return Ok(linked);
    }
    copied(file, folder)
}

/// open(2), O_TMPFILE: how a file without a name gets one.
#[cfg(target_os = "linux")]
fn linked(file: &File, folder: &Path) -> io::Result<NamedTempFile<()>> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    output::temporary().make_in(folder, |path| Ok(linkat(CWD, &open, CWD, path, AtFlags::SYMLINK_FOLLOW)?))
}

/// Where the system or the file system cannot do that.
fn copied(file: &mut File, folder: &Path) -> io::Result<NamedTempFile<()>> {
    let mut copy = output::temporary().tempfile_in(folder)?;
    file.rewind()?;
    io::copy(file, copy.as_file_mut())?;
    let (_, path) = copy.into_parts();
    Ok(NamedTempFile::from_parts((), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn write(file: &Path, content: &[u8]) -> Result<(), OutputError> {
        let mut draft = Draft::new(file)?;
        draft.write_all(content).map_err(|error| draft.failure(error))?;
        draft.place()
    }

    #[test]
    fn a_draft_is_seen_only_when_it_is_placed() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("new/out.csv");
        let mut draft = Draft::new(&file).unwrap();
        draft.write_all(b"first").unwrap();
        assert!(listing(root.path()).is_empty());
        drop(draft);
        assert!(listing(root.path()).is_empty());
        write(&file, b"second").unwrap();
        write(&file, b"third").unwrap();
        assert_eq!((fs::read(&file).unwrap(), listing(file.parent().unwrap()).len()), (b"third".to_vec(), 1));
    }

    #[test]
    fn what_cannot_be_linked_is_copied() {
        let root = tempfile::tempdir().unwrap();
        let mut file = tempfile::tempfile_in(root.path()).unwrap();
        file.write_all(b"content").unwrap();
        copied(&mut file, root.path()).unwrap().persist(root.path().join("out.csv")).unwrap();
        assert_eq!(fs::read(root.path().join("out.csv")).unwrap(), b"content");
        assert_eq!(listing(root.path()), ["out.csv"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named_and_a_device_stays_one() {
        let error = write(Path::new("/dev/full"), b"x").unwrap_err().to_string();
        assert_eq!(error, "cannot write /dev/full: the disk is full; nothing was written");
        assert!(!fs::metadata("/dev/full").unwrap().is_file());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_what_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        let (file, link) = (root.path().join("file"), root.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_the_umask_lets_them() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("usual"), "").unwrap();
        write(&root.path().join("out.csv"), b"content").unwrap();
        let mode = |name: &str| fs::metadata(root.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("out.csv"), mode("usual"));
    }
}

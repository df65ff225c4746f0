//! Puts a set of files into a folder: all are written under temporary names first and renamed when the
//! last one is complete, so that nobody finds half a result. `part` is a file under a temporary name;
//! `interrupt` removes it when the process is told to end.

mod interrupt;
mod part;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use part::Part;

#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("cannot create the folder {}: {}", .folder.display(), reason(.source, ELSEWHERE))]
    Create { folder: PathBuf, source: io::Error },
    #[error("cannot write into {}: {}", .folder.display(), reason(.source, ELSEWHERE))]
    Write { folder: PathBuf, source: io::Error },
    #[error("cannot write {}: {}", .file.display(), reason(.source, ELSEWHERE))]
    Place { file: PathBuf, source: io::Error },
    /// One file that the user named.
    #[error("cannot write {}: {}", .file.display(), reason(.source, "name another file"))]
    File { file: PathBuf, source: io::Error },
}

/// Results go to a folder.
const ELSEWHERE: &str = "choose another folder with -o";

/// What the operating system says, and what to do about the usual cases.
fn reason(error: &io::Error, remedy: &str) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!("no permission; {remedy}"),
        io::ErrorKind::StorageFull => "the disk is full; nothing was written".into(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up; nothing was written".into(),
        io::ErrorKind::ReadOnlyFilesystem => format!("the file system is read-only; {remedy}"),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            format!("a file is in the way; remove it or {remedy}")
        }
        io::ErrorKind::IsADirectory => format!("a folder of that name is in the way; remove it or {remedy}"),
        io::ErrorKind::InvalidFilename => format!("the name is too long or not allowed; {remedy}"),
        _ => {
            let said = error.to_string();
            // a temporary file's name, which tempfile adds, tells nobody anything
            format!("{}; {remedy}", said.split(" at path ").next().unwrap_or(&said))
        }
    }
}

/// Whether results could be put there, without making anything that stays: a file in the way or a folder
/// where nothing can be written is better known before the work than after it.
pub fn check(folder: &Path) -> Result<(), OutputError> {
    let Some(existing) = folder.ancestors().find(|path| path.as_os_str().is_empty() || path.symlink_metadata().is_ok())
    else {
        return Ok(());
    };
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    if !existing.is_dir() {
        return Err(OutputError::Create { folder: folder.into(), source: io::ErrorKind::NotADirectory.into() });
    }
    part::remove_abandoned(existing);
    // a file, then a folder, since one may be possible without the other
    let probe = if existing == folder {
        Part::create(existing).map(drop)
    } else {
        tempfile::Builder::new().prefix(part::PREFIX).tempdir_in(existing).map(drop)
    };
    probe.map_err(|source| OutputError::Write { folder: existing.into(), source })
}

/// Writes (name, content) pairs into `folder`, which is created with its parents. On an error the folder
/// holds what it held before.
pub fn write(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), OutputError> {
    let folders = Folders::make(folder)?;
    part::remove_abandoned(folder);
    let failed = |source| OutputError::Write { folder: folder.into(), source };
    let mut pending = Vec::with_capacity(files.len());
    for (name, content) in files {
        let file = folder.join(name);
        if file.is_dir() {
            return Err(OutputError::Place { file, source: io::ErrorKind::IsADirectory.into() });
        }
        let mut part = Part::create(folder).map_err(failed)?;
        part.write_all(content).map_err(failed)?;
        pending.push((part, file));
    }
    part::place(pending).map_err(|(file, source)| OutputError::Place { file, source })?;
    folders.keep();
    Ok(())
}

/// One file in a folder that is there: it appears whole, in the place of one of the same name.
pub fn replace(file: &Path, content: &[u8]) -> Result<(), OutputError> {
    let failed = |source| OutputError::Place { file: file.into(), source };
    let mut part = Part::create(file.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    part.write_all(content).map_err(failed)?;
    part::place(vec![(part, file.into())]).map_err(|(_, source)| failed(source))
}

/// What the process shall say when it is interrupted, once its temporary files are gone. Whoever is asked last is heard.
pub fn when_interrupted(say: impl Fn() + Send + 'static) {
    interrupt::watch();
    interrupt::held().last_words(Box::new(say));
}

/// Nothing any more.
pub fn when_interrupted_nothing() {
    interrupt::held().no_last_words();
}

/// One file that the user named, written as its content comes. It appears under its name when it is whole; a
/// device or a pipe (`/dev/stdout`) is written to, and stays what it is.
pub struct OutputFile {
    name: PathBuf,
    to: Destination,
}

enum Destination {
    Device(File),
    /// The part goes before the folders that were made for it.
    Part {
        part: Part,
        target: PathBuf,
        folders: Folders,
    },
}

impl OutputFile {
    pub fn create(file: &Path) -> Result<OutputFile, OutputError> {
        let failed = |source| OutputError::File { file: file.into(), source };
        let name = file.to_path_buf();
        if fs::metadata(file).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
            let device = fs::OpenOptions::new().write(true).open(file).map_err(failed)?;
            return Ok(OutputFile { name, to: Destination::Device(device) });
        }
        // a link stays one: what it leads to is replaced
        let target = fs::canonicalize(file).unwrap_or_else(|_| file.into());
        if target.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folders = Folders::make(folder).map_err(|error| match error {
            OutputError::Create { source, .. }
            | OutputError::Write { source, .. }
            | OutputError::Place { source, .. }
            | OutputError::File { source, .. } => failed(source),
        })?;
        part::remove_abandoned(folder);
        let part = Part::create(folder).map_err(failed)?;
        Ok(OutputFile { name, to: Destination::Part { part, target, folders } })
    }

    /// Nothing more comes.
    pub fn place(self) -> Result<(), OutputError> {
        match self.to {
            Destination::Device(_) => Ok(()),
            Destination::Part { part, target, folders } => {
                part::place(vec![(part, target)])
                    .map_err(|(_, source)| OutputError::File { file: self.name, source })?;
                folders.keep();
                Ok(())
            }
        }
    }

    /// What a failed write means for the file.
    pub fn failed(&self, source: io::Error) -> OutputError {
        OutputError::File { file: self.name.clone(), source }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            Destination::Device(device) => device.write(bytes),
            Destination::Part { part, .. } => part.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            Destination::Device(device) => device.flush(),
            Destination::Part { part, .. } => part.flush(),
        }
    }
}

/// Folders that had to be made, removed again when dropped unless they are kept.
struct Folders {
    /// Outermost first.
    made: Vec<PathBuf>,
}

impl Folders {
    fn make(folder: &Path) -> Result<Folders, OutputError> {
        let mut made: Vec<PathBuf> = folder
            .ancestors()
            .filter(|path| !path.as_os_str().is_empty())
            .take_while(|path| !path.exists())
            .map(Path::to_path_buf)
            .collect();
        made.reverse();
        interrupt::watch();
        let mut held = interrupt::held();
        made.iter().for_each(|path| held.add(path));
        drop(held);
        let folders = Folders { made };
        fs::create_dir_all(folder).map_err(|source| OutputError::Create { folder: folder.into(), source })?;
        Ok(folders)
    }

    fn keep(mut self) {
        let mut held = interrupt::held();
        self.made.drain(..).for_each(|path| held.forget(&path));
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        let mut held = interrupt::held();
        // innermost first; one that is not empty stays
        for path in self.made.iter().rev() {
            let _ = fs::remove_dir(path);
            held.forget(path);
        }
    }
}

/// A scenario's name as that of a folder: letters, digits, `-`, `_` and `.`, never hidden, never a path.
pub fn folder_name(scenario: &str) -> String {
    let mut name = String::new();
    for c in scenario.chars().take(100) {
        if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') {
            name.push(c);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_matches(|c| matches!(c, '.' | '-'));
    if name.is_empty() { "scenario".into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<(String, Vec<u8>)> {
        vec![("a.txt".into(), b"first".to_vec()), ("b.txt".into(), b"second".to_vec())]
    }

    fn write_file(file: &Path, content: &[u8]) -> Result<(), OutputError> {
        let mut output = OutputFile::create(file)?;
        output.write_all(content).map_err(|source| output.failed(source))?;
        output.place()
    }

    fn listing(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_written_and_replaced() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("output/peak");
        write(&folder, &files()).unwrap();
        write(&folder, &[("a.txt".into(), b"again".to_vec())]).unwrap();
        assert_eq!(listing(&folder), ["a.txt", "b.txt"]);
        assert_eq!(fs::read(folder.join("a.txt")).unwrap(), b"again");
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("b.txt")).unwrap();
        let error = write(root.path(), &files()).unwrap_err().to_string();
        assert!(
            error.ends_with("b.txt: a folder of that name is in the way; remove it or choose another folder with -o"),
            "{error}"
        );
        assert_eq!(listing(root.path()), ["b.txt"]);

        let inside = root.path().join("new/folder");
        write(&inside, &[("no/such/folder".into(), b"x".to_vec())]).unwrap_err();
        assert!(!root.path().join("new").exists());
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_is_being_written_is_not() {
        let root = tempfile::tempdir().unwrap();
        let left = |name: &str| fs::write(root.path().join(name), "half").unwrap();
        left(".foobar-sim-Ab3dEf.part");
        left(".foobar-sim-notes");
        let other = OutputFile::create(&root.path().join("rows.csv")).unwrap();
        left(".foobar-sim-Cd3dEf.part");
        write(root.path(), &files()).unwrap();
        let names = listing(root.path());
        assert_eq!(names.iter().filter(|name| name.ends_with(".part")).count(), 1, "of the other one: {names:?}");
        other.place().unwrap();
        assert_eq!(listing(root.path()), [".foobar-sim-notes", "a.txt", "b.txt", "rows.csv"]);
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("output"), "").unwrap();
        let error = write(&root.path().join("output/peak"), &files()).unwrap_err().to_string();
        assert!(error.contains("output/peak: a file is in the way"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_unwritable_folder_says_so() {
        // nobody can create files there, the superuser neither
        let error = write(Path::new("/proc/sys"), &files()).unwrap_err().to_string();
        assert!(error.starts_with("cannot write into /proc/sys: "), "{error}");
    }

    #[test]
    fn what_cannot_be_written_is_known_beforehand_and_nothing_is_left() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        for wrong in [file.clone(), file.join("a/b")] {
            let error = check(&wrong).unwrap_err().to_string();
            assert!(error.contains("a file is in the way"), "{error}");
        }
        for right in [root.path().to_path_buf(), root.path().join("new/folder")] {
            check(&right).unwrap();
        }
        assert_eq!(listing(root.path()), ["file"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named_and_a_device_stays_one() {
        let error = write_file(Path::new("/dev/full"), b"x").unwrap_err().to_string();
        assert_eq!(error, "cannot write /dev/full: the disk is full; nothing was written");
        assert!(!fs::metadata("/dev/full").unwrap().is_file());
        for wrong in ["/proc/sys", "/proc/sys/new"] {
            let error = check(Path::new(wrong)).unwrap_err().to_string();
            assert!(error.starts_with("cannot write into /proc/sys: "), "{error}");
        }
        let error = check(Path::new("/proc/new")).unwrap_err().to_string();
        assert!(error.starts_with("cannot write into /proc: ") && !error.contains(".foobar-sim"), "{error}");
    }

    #[test]
    fn a_file_appears_when_it_is_whole_and_leaves_nothing_when_it_is_given_up() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("new/folder/rows.csv");
        let mut output = OutputFile::create(&file).unwrap();
        output.write_all(b"half").unwrap();
        let folder = file.parent().unwrap();
        assert!(!file.exists() && listing(folder).len() == 1, "under another name in the same folder");
        drop(output);
        assert!(listing(root.path()).is_empty());
        write_file(&file, b"whole").unwrap();
        assert_eq!((listing(folder), fs::read(&file).unwrap()), (vec!["rows.csv".into()], b"whole".to_vec()));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_what_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        let (file, link) = (root.path().join("file"), root.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_file(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_the_umask_lets_them() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("usual"), "").unwrap();
        write(root.path(), &files()).unwrap();
        let mode = |name: &str| fs::metadata(root.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("a.txt"), mode("usual"));
    }

    #[test]
    fn names_cannot_leave_the_folder() {
        assert_eq!(folder_name("peak"), "peak");
        assert_eq!(folder_name("../../etc/passwd"), "etc-passwd");
        assert_eq!(folder_name("Black Friday (2026)"), "Black-Friday-2026");
        assert_eq!(folder_name(".."), "scenario");
        assert_eq!(folder_name(""), "scenario");
        assert_eq!(folder_name("münchen_1.5"), "münchen_1.5");
    }
}

//! The folder of a sweep: its manifest and the scenario, which never change; the points, each in a file that appears
//! whole; and what was put together from them.
//!
//! ```text
//! manifest.json      what the sweep is, and its identity
//! scenario.toml      the scenario before anything was varied, in one file
//! points/00000/00000017.part
//! points/columns-3f2a.csv    names of the columns; one file unless points differ in their stations
//! sweep.csv, sweep.json, sweep.md, report.html, charts    written by merge
//! ```
//!
//! Whoever makes a point writes the same bytes under the same name, so two who make the same one do no harm. Names that
//! begin with a point are files being written, or left by somebody who was killed; nobody reads them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::part::{self, PartFile, PartFlaw};
use super::row::{self, Row};
use crate::experiment::sweep::definition::{Definition, InputFile, SCHEMA_VERSION, hex, sha256};
use crate::report::json;
use crate::report::output::{self, OutputError};
use crate::scenario::{Diagnostics, Draft};

const MANIFEST: &str = "manifest.json";
pub const SCENARIO: &str = "scenario.toml";
const POINTS: &str = "points";
/// Points in one folder: file systems list a thousand names at once, not a million.
const POINTS_PER_FOLDER: u64 = 1000;

#[derive(Debug, Error)]
pub enum FolderError {
    #[error("{0}: there is no sweep here; write one with `foobar-sim sweep plan SCENARIO --vary ... -o {0}`")]
    NoSweep(String),
    #[error("{folder}: is in use by something else ({why}); choose another folder with -o")]
    InUse { folder: String, why: String },
    #[error("{0}: holds another sweep, which differs in {1}; choose another folder with -o, or remove this one")]
    OtherSweep(String, String),
    #[error("{0}: was changed since the sweep was planned; put it back, or plan the sweep anew in another folder")]
    OtherInput(String),
    #[error("{0}: is no manifest of a sweep: {1}; write a new one with `foobar-sim sweep plan`")]
    NotAManifest(String, String),
    #[error("{0}: was changed after it was written; plan the sweep anew in another folder")]
    Changed(String),
    #[error(
        "{file}: is of version {theirs} of foobar-sim, and this is {ours}; go on with that version, or plan the sweep \
         anew in another folder"
    )]
    OtherVersion { file: String, theirs: String, ours: String },
    #[error(
        "{0}: is of another build of the same version of foobar-sim; go on with that build (its SHA-256 begins with \
         {1}), or plan the sweep anew in another folder"
    )]
    OtherBuild(String, String),
    #[error("{0}: {1}; remove this file, and the point will be made again by `foobar-sim sweep run`")]
    Damaged(String, PartFlaw),
    #[error("{0}: belongs to another sweep; remove this file, or keep each sweep in a folder of its own")]
    OthersPart(String),
    #[error("{0}: is the result of point {1} under the name of another; remove this file")]
    OtherPoint(String, u64),
    #[error("{0}: has the names of the columns of some points, and is gone or was changed; remove {1} and run again")]
    Columns(String, String),
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, io::Error),
    #[error("{0}")]
    Scenario(Box<Diagnostics>),
    #[error(transparent)]
    Output(#[from] OutputError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    /// So that this is told from the manifest of a run.
    kind: String,
    /// SHA-256 of the definition.
    sweep: String,
    definition: Definition,
}

const KIND: &str = "foobar-sim sweep";

/// A sweep's folder that can be worked in.
pub struct Folder {
    pub path: PathBuf,
    pub definition: Definition,
    /// The definition's.
    id: String,
    /// Columns whose file is there, with its hash.
    columns: Mutex<Vec<(Vec<String>, String)>>,
}

impl Folder {
    /// Whether a sweep is there. Whatever else is in the folder is an error.
    pub fn is_there(path: &Path) -> Result<bool, FolderError> {
        if path.join(MANIFEST).is_file() {
            return Ok(true);
        }
        match path.join(POINTS).exists() || path.join(SCENARIO).exists() {
            true => Err(FolderError::InUse { folder: shown(path), why: format!("it has no {MANIFEST} of a sweep") }),
            false => Ok(false),
        }
    }

    /// Writes a manifest and the scenario's text.
    pub fn create(path: &Path, definition: &Definition, scenario: &str) -> Result<Folder, FolderError> {
        let manifest = Manifest { kind: KIND.into(), sweep: definition.id(), definition: definition.clone() };
        let manifest = json::pretty(&manifest).into_bytes();
        output::write(path, &[(SCENARIO.into(), scenario.as_bytes().to_vec()), (MANIFEST.into(), manifest)])?;
        Ok(Folder::of(path, definition.clone()))
    }

    fn of(path: &Path, definition: Definition) -> Folder {
        let id = definition.id();
        Folder { path: path.into(), definition, id, columns: Mutex::default() }
    }

    /// Reads the manifest. `program`: the hash of this program.
    pub fn open(path: &Path, program_sha256: &str) -> Result<Folder, FolderError> {
        let folder = Folder::read(path)?;
        let (file, theirs) = (shown(&path.join(MANIFEST)), &folder.definition.program);
        let ours = env!("CARGO_PKG_VERSION");
        if theirs.version != ours {
            let (theirs, ours) = (theirs.version.clone(), ours.to_owned());
            return Err(FolderError::OtherVersion { file, theirs, ours });
        }
        if theirs.sha256 != program_sha256 {
            return Err(FolderError::OtherBuild(file, theirs.sha256.chars().take(12).collect()));
        }
        for input in &folder.definition.files {
            if input_file(Path::new(&input.file))? != *input {
                return Err(FolderError::OtherInput(input.file.clone()));
            }
        }
        Ok(folder)
    }

    /// The same for those who make no points, and need not be the program that did.
    pub fn read(path: &Path) -> Result<Folder, FolderError> {
        let file = path.join(MANIFEST);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(FolderError::NoSweep(shown(path)));
            }
            Err(error) => return Err(FolderError::Unreadable(shown(&file), error)),
        };
        // the version first: another's manifest may have another form
        let version = |value: &serde_json::Value| value["definition"]["program"]["version"].as_str().map(str::to_owned);
        let schema = |value: &serde_json::Value| value["definition"]["schema_version"].as_u64();
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| FolderError::NotAManifest(shown(&file), error.to_string()))?;
        if value["kind"] != KIND {
            let why = format!("its {MANIFEST} is of another command");
            return Err(FolderError::InUse { folder: shown(path), why });
        }
        if let (Some(theirs), Some(schema)) = (version(&value), schema(&value))
            && schema != u64::from(SCHEMA_VERSION)
        {
            let ours = env!("CARGO_PKG_VERSION").to_owned();
            return Err(FolderError::OtherVersion { file: shown(&file), theirs, ours });
        }
        let manifest: Manifest = serde_json::from_value(value)
            .map_err(|error| FolderError::NotAManifest(shown(&file), error.to_string()))?;
        let folder = Folder::of(path, manifest.definition);
        if folder.id != manifest.sweep {
            return Err(FolderError::Changed(shown(&file)));
        }
        Ok(folder)
    }

    /// The file of the scenario.
    pub fn scenario(&self) -> PathBuf {
        self.path.join(SCENARIO)
    }

    /// The scenario before anything is varied.
    pub fn draft(&self) -> Result<Draft, FolderError> {
        let text = self.scenario_text()?;
        Draft::parse(&shown(&self.scenario()), &text, Path::new(&self.definition.scenario.folder))
            .map_err(|error| FolderError::Scenario(Box::new(error)))
    }

    /// Its text, which is that of the manifest.
    pub fn scenario_text(&self) -> Result<String, FolderError> {
        let file = self.scenario();
        let text = fs::read_to_string(&file).map_err(|error| FolderError::Unreadable(shown(&file), error))?;
        match sha256(text.as_bytes()) == self.definition.scenario.sha256 {
            true => Ok(text),
            false => Err(FolderError::Changed(shown(&file))),
        }
    }

    /// Fails unless this is the sweep that was asked for; the warm-up is found once, and not asked for.
    pub fn must_be(&self, asked: &Definition) -> Result<(), FolderError> {
        let Definition { schema_version, program, scenario, files, design, axes, points, seed, warmup_s: _, shards } =
            asked;
        let is = &self.definition;
        let differs = [
            ("version", is.schema_version != *schema_version || is.program.version != program.version),
            ("the build of foobar-sim", is.program.sha256 != program.sha256),
            ("the scenario", is.scenario != *scenario),
            ("the files that the scenario reads", is.files != *files),
            ("the design", is.design != *design || is.points != *points && is.axes == *axes),
            ("what is varied", is.axes != *axes),
            ("the seed", is.seed != *seed),
            ("the number of shards", is.shards != *shards),
        ];
        let differs: Vec<&str> = differs.iter().filter(|(_, differs)| *differs).map(|(what, _)| *what).collect();
        if differs.is_empty() { Ok(()) } else { Err(FolderError::OtherSweep(shown(&self.path), differs.join(", "))) }
    }

    fn folder_of(&self, point: u64) -> PathBuf {
        self.path.join(POINTS).join(format!("{:05}", point / POINTS_PER_FOLDER))
    }

    /// `point` from 0; its file has its number from 1.
    fn file_of(&self, point: u64) -> PathBuf {
        self.folder_of(point).join(format!("{:08}.part", point + 1))
    }

    fn file_of_columns(&self, sha256: &str) -> PathBuf {
        self.path.join(POINTS).join(format!("columns-{}.csv", &sha256[..16]))
    }

    /// Makes the folders in which points will be.
    pub fn make_room(&self, points: &[u64]) -> Result<(), FolderError> {
        let mut last = None;
        for &point in points {
            let folder = self.folder_of(point);
            if last.as_ref() != Some(&folder) {
                fs::create_dir_all(&folder).map_err(|source| OutputError::Create { folder: folder.clone(), source })?;
                last = Some(folder);
            }
        }
        Ok(())
    }

    /// Whether somebody has made a point since this one looked.
    pub fn has(&self, point: u64) -> bool {
        self.file_of(point).exists()
    }

    /// Keeps a result: from then on the point is made, whatever happens to this process.
    pub fn keep(&self, point: u64, row: &Row) -> Result<(), FolderError> {
        let columns = self.keep_columns(&row.columns)?;
        let part = PartFile { sweep: self.id.clone(), point: point + 1, columns, row: row::line(&row.cells) };
        output::replace(&self.file_of(point), part::render(&part).as_bytes())?;
        Ok(())
    }

    /// The hash of the file with the names of these columns, which is there from now on.
    fn keep_columns(&self, columns: &[String]) -> Result<String, FolderError> {
        // held while the file is written, so that no part appears before its columns do
        let mut known = self.columns.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, sha256)) = known.iter().find(|(names, _)| names == columns) {
            return Ok(sha256.clone());
        }
        let header = row::line(columns);
        let sha256 = sha256(header.as_bytes());
        output::replace(&self.file_of_columns(&sha256), header.as_bytes())?;
        known.push((columns.to_vec(), sha256.clone()));
        Ok(sha256)
    }

    /// `None`: the point is not made yet.
    pub fn part(&self, point: u64) -> Result<Option<PartFile>, FolderError> {
        let file = self.file_of(point);
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FolderError::Unreadable(shown(&file), error)),
        };
        let part = String::from_utf8(bytes).map_err(|_| PartFlaw::Damaged).and_then(|text| part::parse(&text));
        let part = part.map_err(|flaw| FolderError::Damaged(shown(&file), flaw))?;
        if part.sweep != self.id {
            return Err(FolderError::OthersPart(shown(&file)));
        }
        if part.point != point + 1 {
            return Err(FolderError::OtherPoint(shown(&file), part.point));
        }
        Ok(Some(part))
    }

    /// Those of the points that are still to be made.
    pub fn missing(&self, points: impl Iterator<Item = u64>) -> Result<Vec<u64>, FolderError> {
        let mut missing = Vec::new();
        for point in points {
            if self.part(point)?.is_none() {
                missing.push(point);
            }
        }
        Ok(missing)
    }

    /// The names of columns, by their hash.
    pub fn columns(&self, sha256: &str) -> Result<Vec<String>, FolderError> {
        let file = self.file_of_columns(sha256);
        let broken = || FolderError::Columns(shown(&file), shown(&self.path.join(POINTS)));
        let text = fs::read_to_string(&file).map_err(|_| broken())?;
        if self::sha256(text.as_bytes()) != sha256 {
            return Err(broken());
        }
        row::cells(&text).ok_or_else(broken)
    }

    /// Parts in the folder that are of no point of this sweep, or of another sweep: somebody else worked here.
    pub fn check_strangers(&self) -> Result<(), FolderError> {
        let points = self.path.join(POINTS);
        let Ok(folders) = fs::read_dir(&points) else { return Ok(()) };
        let mut names: BTreeMap<PathBuf, Option<u64>> = BTreeMap::new();
        for folder in folders.flatten().filter(|entry| entry.path().is_dir()) {
            for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if let Some(number) = name.strip_suffix(".part").filter(|number| !number.starts_with('.')) {
                    names.insert(entry.path(), number.parse().ok());
                }
            }
        }
        for (file, number) in names {
            let point = number.and_then(|number| number.checked_sub(1));
            if point.is_none_or(|point| point >= self.definition.points || self.file_of(point) != file) {
                return Err(FolderError::OthersPart(shown(&file)));
            }
        }
        Ok(())
    }
}

/// A file that a scenario reads, as it is now.
pub fn input_file(path: &Path) -> Result<InputFile, FolderError> {
    let failed = |error| FolderError::Unreadable(shown(path), error);
    let mut file = BufReader::with_capacity(1 << 16, fs::File::open(path).map_err(failed)?);
    let mut digest = Sha256::new();
    loop {
        let bytes = file.fill_buf().map_err(failed)?;
        if bytes.is_empty() {
            return Ok(InputFile { file: shown(path), sha256: hex(&digest.finalize()) });
        }
        digest.update(bytes);
        let read = bytes.len();
        file.consume(read);
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

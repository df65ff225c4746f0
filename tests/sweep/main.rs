//! Sweeps as a user meets them: points and their rows, interruptions, shards, job descriptions, wrong input.

mod descriptions;
mod input;
mod points;
mod shards;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const DESK: &str = r#"
name = "desk"

[simulation]
duration = "20 s"
warmup = "1 s"
runs = 5

[service.desk]
kind = "station"
service = "exponential(10 ms)"

[request.question]
path = ["desk"]

[traffic.callers]
process = "poisson"
rate = "50/s"
mix = { question = 1 }
"#;

/// A folder with `desk.toml`, in which commands are called.
struct Place {
    root: tempfile::TempDir,
}

struct Said {
    /// `None`: ended by a signal.
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Place {
        Place::with(DESK)
    }

    fn with(scenario: &str) -> Place {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("desk.toml"), scenario).unwrap();
        Place { root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_foobar-sim"));
        command.current_dir(self.root.path()).args(arguments);
        for engine in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "CI_NODE_INDEX"] {
            command.env_remove(engine);
        }
        command
    }

    fn say(&self, arguments: &[&str]) -> Said {
        self.say_with(arguments, &[])
    }

    fn say_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Said {
        let output = self.command(arguments).envs(environment.iter().copied()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What is printed by a command that does what it shall.
    fn done(&self, arguments: &[&str]) -> String {
        let said = self.say(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}{}", said.out, said.err);
        said.out
    }

    /// The message of a command that the user typed wrongly, which changes nothing.
    fn refused(&self, arguments: &[&str]) -> String {
        self.refused_with(arguments, &[])
    }

    fn refused_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let before = contents(self.root.path());
        let said = self.say_with(arguments, environment);
        assert_eq!(said.code, Some(2), "{arguments:?}: {}{}", said.out, said.err);
        assert_eq!(said.out, "", "{arguments:?}");
        assert_eq!(said.err.matches("error: ").count(), 1, "{arguments:?}: {}", said.err);
        assert!(contents(self.root.path()) == before, "{arguments:?} changed files");
        said.err
    }

    fn table(&self, folder: &str) -> String {
        std::fs::read_to_string(self.path(folder).join("sweep.csv")).unwrap()
    }
}

/// Every file below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.append(&mut contents(&path)),
            false => drop(found.insert(path.clone(), std::fs::read(&path).unwrap())),
        }
    }
    found
}

/// Columns of a table of results by name.
fn column(table: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let at = reader.headers().unwrap().iter().position(|header| header == name);
    let at = at.unwrap_or_else(|| panic!("no column {name}"));
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

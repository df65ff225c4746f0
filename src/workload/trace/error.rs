//! What can be wrong with a trace; each message names the file, the line where there is one, and a remedy.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

#[derive(Debug, Error)]
pub enum TraceError {
    Missing {
        file: PathBuf,
    },
    Directory {
        file: PathBuf,
    },
    Unreadable {
        file: PathBuf,
        source: io::Error,
    },
    Empty {
        file: PathBuf,
    },
    Truncated {
        file: PathBuf,
        line: u64,
    },
    Corrupt {
        file: PathBuf,
        line: u64,
        source: io::Error,
    },
    AllMalformed {
        file: PathBuf,
        lines: u64,
        format: &'static str,
        line: u64,
        text: String,
        why: &'static str,
    },
    TooManyMalformed {
        file: PathBuf,
        malformed: u64,
        lines: u64,
        max_malformed: f64,
        line: u64,
        text: String,
        why: &'static str,
    },
    Unsorted {
        file: PathBuf,
        line: u64,
        behind_s: f64,
        sort_buffer: usize,
    },
    StampRange {
        file: PathBuf,
        line: u64,
        text: String,
        why: &'static str,
    },
    Column {
        file: PathBuf,
        column: String,
        known: String,
    },
    Unsupported {
        file: PathBuf,
        what: &'static str,
        lines: u64,
    },
    UnknownFormat {
        file: PathBuf,
        text: String,
    },
    NothingLeft {
        file: PathBuf,
        why: String,
    },
    Unwritable {
        file: PathBuf,
        source: io::Error,
    },
}

impl TraceError {
    /// What is wrong, beginning with the file and perhaps the line.
    pub fn what(&self) -> String {
        let (file, line, what) = match self {
            TraceError::Missing { file } => (file, None, "no such file".to_string()),
            TraceError::Directory { file } => (file, None, "is a directory".to_string()),
            TraceError::Unreadable { file, source } => (file, None, format!("cannot be read: {source}")),
            TraceError::Empty { file } => (file, None, "is empty".to_string()),
            TraceError::Truncated { file, line } => {
                (file, None, format!("the gzip data ends in the middle of line {line}"))
            }
            TraceError::Corrupt { file, line, source } => {
                (file, None, format!("the data is damaged at line {line} ({source})"))
            }
            TraceError::AllMalformed { file, lines, format, line, text, why } => (
                file,
                None,
                format!("none of the {lines} lines is a request in {format} format; line {line}: {why}: {text:?}"),
            ),
            TraceError::TooManyMalformed { file, malformed, lines, max_malformed, line, text, why } => (
                file,
                None,
                format!(
                    "{malformed} of {lines} lines are malformed, more than max_malformed = {max_malformed} allows; \
                     the first, line {line}: {why}: {text:?}"
                ),
            ),
            TraceError::Unsorted { file, line, behind_s, .. } => {
                (file, Some(line), format!("arrives {behind_s:.3} s before a request that was already played"))
            }
            TraceError::StampRange { file, line, text, why } => {
                (file, Some(line), format!("the time stamp is out of range: {why}: {text:?}"))
            }
            TraceError::Column { file, column, .. } => (file, None, format!("there is no column {column:?}")),
            TraceError::Unsupported { file, what, lines } => {
                (file, None, format!("{what} are not supported yet ({lines} such lines)"))
            }
            TraceError::UnknownFormat { file, text } => {
                (file, None, format!("the format is not known; line 1: {text:?}"))
            }
            TraceError::NothingLeft { file, why } => (file, None, format!("no request is left to play: {why}")),
            TraceError::Unwritable { file, source } => (file, None, format!("cannot be written: {source}")),
        };
        match line {
            Some(line) => format!("{}:{line}: {what}", file.display()),
            None => format!("{}: {what}", file.display()),
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            TraceError::Missing { .. } => {
                "check the path (in a scenario it is relative to the scenario's own file)".into()
            }
            TraceError::Directory { .. } => {
                "name one log file (several: put them together with `cat` or `zcat`)".into()
            }
            TraceError::Unreadable { .. } => "check the file, its permissions and the disk".into(),
            TraceError::Empty { .. } => "check that the right (rotated?) log was named".into(),
            TraceError::Truncated { .. } => {
                "copy the file again, or keep what can be read: `zcat FILE > part.log`".into()
            }
            TraceError::Corrupt { .. } => "copy the file again".into(),
            TraceError::AllMalformed { .. } => "check `format`, or look with `foobar-sim trace FILE`".into(),
            TraceError::TooManyMalformed { .. } => "repair them or raise max_malformed".into(),
            TraceError::Unsorted { behind_s, sort_buffer, .. } => {
                let hint = clock_hint(*behind_s);
                format!("raise sort_buffer (now {sort_buffer} lines), or sort the file{hint}")
            }
            TraceError::StampRange { .. } => "repair or remove the line".into(),
            TraceError::Column { known, .. } => known.clone(),
            TraceError::Unsupported { .. } => "convert them to CSV with a header and use format = \"csv\"".into(),
            TraceError::UnknownFormat { .. } => "say which it is: haproxy, haproxy-clf, nginx, apache, json or csv \
                 (`format` in a scenario, `--format` on the command line)"
                .into(),
            TraceError::NothingLeft { .. } => {
                "check the file, and what chooses from it: rules, otherwise, window".into()
            }
            TraceError::Unwritable { .. } => "name another file".into(),
        }
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what(), self.remedy())
    }
}

/// HAProxy's accept date is local time without an offset.
fn clock_hint(behind_s: f64) -> &'static str {
    if (3000.0..=3700.0).contains(&behind_s) {
        "; an hour back looks like the end of daylight saving time: cut the file there"
    } else {
        ""
    }
}

//! What can be wrong with a trace; each message names the file, the line where there is one, and a remedy.

use std::path::PathBuf;
use std::{fmt, io};

#[derive(Debug)]
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
        source: io::Error,
    },
}

impl TraceError {
    /// What is wrong, beginning with the file.
    pub fn what(&self) -> String {
        match self {
            TraceError::Missing { file } => format!("{}: no such file", file.display()),
            TraceError::Directory { file } => format!("{}: is a directory", file.display()),
            TraceError::Unreadable { file, source } => format!("{}: cannot be read: {source}", file.display()),
            TraceError::Empty { file } => format!("{}: is empty", file.display()),
            TraceError::Truncated { file, line } => {
                format!("{}: the gzip data ends in the middle of line {line}", file.display())
            }
            TraceError::Corrupt { file, line, source } => {
                format!("{}: the data is damaged at line {line} ({source})", file.display())
            }
            TraceError::AllMalformed { file, lines, format, line, text, why } => format!(
                "{}: none of the {lines} lines is a request in {format} format; line {line}: {why}: {text:?}",
                file.display()
            ),
            TraceError::TooManyMalformed { file, malformed, lines, max_malformed, line, text, why } => format!(
                "{}: {malformed} of {lines} lines are malformed, more than max_malformed = {max_malformed} allows; \
                 the first, line {line}: {why}: {text:?}",
                file.display()
            ),
            TraceError::Unsorted { file, line, behind_s, .. } => {
                format!("{}:{line}: arrives {behind_s:.3} s before a request that was already played", file.display())
            }
            TraceError::StampRange { file, line, text, why } => {
                format!("{}:{line}: the time stamp is out of range: {why}: {text:?}", file.display())
            }
            TraceError::Column { file, column, .. } => format!("{}: there is no column {column:?}", file.display()),
            TraceError::Unsupported { file, what, lines } => {
                format!("{}: {what} are not supported yet ({lines} such lines)", file.display())
            }
            TraceError::UnknownFormat { file, text } => {
                format!("{}: the format is not known; line 1: {text:?}", file.display())
            }
            TraceError::NothingLeft { file, why } => {
                format!("{}: no request is left to play: {why}", file.display())
            }
            TraceError::Unwritable { source } => format!("the converted requests cannot be written: {source}"),
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
            TraceError::Unreadable { .. } => "check its permissions and the disk that it is on".into(),
            TraceError::Empty { .. } => "check that the right (rotated?) log was named".into(),
            TraceError::Truncated { .. } => {
                "copy the file again, or keep what can be read: `zcat FILE > part.log`".into()
            }
            TraceError::Corrupt { .. } => "copy the file again".into(),
            TraceError::AllMalformed { .. } => "check `format`, or look with `foobar-sim trace FILE`".into(),
            TraceError::TooManyMalformed { .. } => "repair them or raise max_malformed".into(),
            TraceError::Unsorted { behind_s, sort_buffer, .. } => {
                format!("raise sort_buffer (now {sort_buffer} lines), or sort the file{}", clock_hint(*behind_s))
            }
            TraceError::StampRange { .. } => "repair or remove the line".into(),
            TraceError::Column { known, .. } => known.clone(),
            TraceError::Unsupported { .. } => "convert them to CSV with a header and use format = \"csv\"".into(),
            TraceError::UnknownFormat { .. } => "say which it is: haproxy, haproxy-clf, nginx, apache, json or csv \
                                                 (`format` in a scenario, `--format` on the command line)"
                .into(),
            TraceError::NothingLeft { .. } => {
                "check the rules, `otherwise` and the window, or look with `foobar-sim trace FILE`".into()
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

impl std::error::Error for TraceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            TraceError::Unreadable { source, .. }
            | TraceError::Corrupt { source, .. }
            | TraceError::Unwritable { source } => Some(source),
            _ => None,
        }
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

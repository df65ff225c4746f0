//! What can be wrong with a trace; each message names the file, the line where there is one, and a remedy.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

#[derive(Debug, Error)]
pub enum TraceError {
    #[error("{}: no such file; check the path (in a scenario it is relative to the scenario's own file)", file.display())]
    Missing { file: PathBuf },
    #[error("{}: is a directory; name one log file (several: put them together with `cat` or `zcat`)", file.display())]
    Directory { file: PathBuf },
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{}: is empty; check that the right (rotated?) log was named", file.display())]
    Empty { file: PathBuf },
    #[error("{}: the gzip data ends in the middle of line {line}; copy the file again, or keep what can be read: `zcat FILE > part.log`", file.display())]
    Truncated { file: PathBuf, line: u64 },
    #[error("{}: the data is damaged at line {line} ({source}); copy the file again", file.display())]
    Corrupt { file: PathBuf, line: u64, source: io::Error },
    #[error("{}: none of the {lines} lines is a request in {format} format; line {line}: {why}: {text:?}; check `format`, or look with `foobar-sim trace FILE`", file.display())]
    AllMalformed { file: PathBuf, lines: u64, format: &'static str, line: u64, text: String, why: &'static str },
    #[error("{}: {malformed} of {lines} lines are malformed, more than max_malformed = {max_malformed} allows; the first, line {line}: {why}: {text:?}; repair them or raise max_malformed", file.display())]
    TooManyMalformed {
        file: PathBuf,
        malformed: u64,
        lines: u64,
        max_malformed: f64,
        line: u64,
        text: String,
        why: &'static str,
    },
    #[error("{}:{line}: arrives {behind_s:.3} s before a request that was already played; raise sort_buffer (now {sort_buffer} lines), or sort the file{}", file.display(), clock_hint(*behind_s))]
    Unsorted { file: PathBuf, line: u64, behind_s: f64, sort_buffer: usize },
    #[error("{}:{line}: the time stamp is out of range: {why}: {text:?}; repair or remove the line", file.display())]
    StampRange { file: PathBuf, line: u64, text: String, why: &'static str },
    #[error("{}: there is no column {column:?}; {known}", file.display())]
    Column { file: PathBuf, column: String, known: String },
    #[error("{}: {what} are not supported yet ({lines} such lines); convert them to CSV with a header and use format = \"csv\"", file.display())]
    Unsupported { file: PathBuf, what: &'static str, lines: u64 },
    #[error("{}: the format is not known; line 1: {text:?}; say which it is: haproxy, haproxy-clf, nginx, apache, json or csv (`format` in a scenario, `--format` on the command line)", file.display())]
    UnknownFormat { file: PathBuf, text: String },
    #[error("{}: no request is left to play: {why}", file.display())]
    NothingLeft { file: PathBuf, why: String },
    #[error("the converted requests cannot be written: {source}")]
    Unwritable { source: io::Error },
}

/// HAProxy's accept date is local time without an offset.
fn clock_hint(behind_s: f64) -> &'static str {
    if (3000.0..=3700.0).contains(&behind_s) {
        "; an hour back looks like the end of daylight saving time: cut the file there"
    } else {
        ""
    }
}

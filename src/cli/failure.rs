//! Why a command did not do what it was asked, and the exit code that says so.
//!
//! An interrupt has no code of ours: SIGINT ends the process, for which shells report 130, once its temporary
//! files are removed; others appear under their names only when they are complete.

use crate::report::output::OutputError;

pub const DONE: u8 = 0;
/// Our error, or I/O.
pub const OURS: u8 = 1;
/// The command line, or a file that it names. clap uses the same.
pub const INPUT: u8 = 2;
/// Nothing is decided: an objective is neither shown to be met nor to be missed, a difference is neither seen nor ruled out.
pub const INCONCLUSIVE: u8 = 97;
/// Than the baseline.
pub const WORSE: u8 = 98;
/// An objective is missed.
pub const MISSED: u8 = 99;

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What the user wrote is wrong: a complete message, `error: ` and all, perhaps of many lines.
    #[error("{0}")]
    Input(String),
    #[error("error: {0}")]
    Ours(String),
    /// All was done, and the answer is not the one that was hoped for: the exit code, and a sentence.
    #[error("foobar-sim: {1}")]
    Verdict(u8, String),
}

impl Failure {
    /// The user's mistake in one sentence.
    pub fn input(message: impl std::fmt::Display) -> Failure {
        Failure::Input(visible(&format!("error: {message}")))
    }

    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Input(_) => INPUT,
            Failure::Ours(_) => OURS,
            Failure::Verdict(code, _) => *code,
        }
    }
}

/// Names of files and lines of logs may hold what a terminal would obey.
pub fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Failure {
        Failure::Ours(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_cannot_colour_the_message() {
        let failure = Failure::input("a\u{1b}[31m.log: no such file\nerror: b.log: no such file");
        assert_eq!(failure.to_string(), "error: a\u{fffd}[31m.log: no such file\nerror: b.log: no such file");
    }
}

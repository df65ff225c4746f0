//! Where words go: results to stdout, which may be a pipe that closes; all else to stderr. Neither panics.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::PathBuf;

use super::failure::Failure;

pub struct Console {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    pub out_color: bool,
    pub err_color: bool,
    /// A progress bar can be drawn.
    pub err_is_terminal: bool,
    /// Where GitHub Actions shows what a step found: Markdown is appended there.
    pub step_summary: Option<PathBuf>,
}

impl Console {
    pub fn of_process() -> Console {
        let wish = wish(|name| std::env::var_os(name));
        Console {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            out_color: wish.unwrap_or(io::stdout().is_terminal()),
            err_color: wish.unwrap_or(io::stderr().is_terminal()),
            err_is_terminal: io::stderr().is_terminal(),
            step_summary: std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()).map(PathBuf::from),
        }
    }

    /// Without colours or terminals.
    pub fn plain(out: Box<dyn Write>, err: Box<dyn Write>) -> Console {
        Console { out, err, out_color: false, err_color: false, err_is_terminal: false, step_summary: None }
    }

    /// The result. A reader that has seen enough (`| head`) is not an error.
    pub fn print(&mut self, text: &str) -> Result<(), Failure> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::Ours(format!("cannot write to standard output: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Shows Markdown where CI asks for it. What cannot be shown there is no reason to fail, but is said.
    pub fn show_in_ci(&mut self, markdown: &str) {
        let Some(file) = self.step_summary.clone() else { return };
        let opened = OpenOptions::new().create(true).append(true).open(&file);
        if let Err(error) = opened.and_then(|mut opened| opened.write_all(format!("{markdown}\n").as_bytes())) {
            self.complain(&format!("foobar-sim: GITHUB_STEP_SUMMARY: cannot append to {}: {error}", file.display()));
        }
    }

    /// One message on stderr; when even that fails there is nobody to tell.
    pub fn complain(&mut self, message: &str) {
        let _ = writeln!(self.err, "{}", message.trim_end());
    }
}

/// Whether colours are wished for, wherever the words go; `None`: on terminals. NO_COLOR (https://no-color.org), set and
/// not empty, wins over CLICOLOR_FORCE (https://bixense.com/clicolors), set and not 0.
fn wish(variable: impl Fn(&str) -> Option<OsString>) -> Option<bool> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    if is_set("NO_COLOR") {
        return Some(false);
    }
    if is_set("CLICOLOR_FORCE") && variable("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return Some(true);
    }
    variable("TERM").is_some_and(|term| term == "dumb").then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_not_an_error_and_a_full_disk_is() {
        let mut closed = Console::plain(Box::new(Broken(ErrorKind::BrokenPipe)), Box::new(io::sink()));
        assert!(closed.print("result").is_ok());
        let mut full = Console::plain(Box::new(Broken(ErrorKind::StorageFull)), Box::new(io::sink()));
        assert!(full.print("result").unwrap_err().to_string().contains("cannot write to standard output"));
    }

    #[test]
    fn a_closed_stderr_does_not_panic() {
        let mut console = Console::plain(Box::new(io::sink()), Box::new(Broken(ErrorKind::BrokenPipe)));
        console.complain("nobody hears this");
    }

    #[test]
    fn no_color_and_clicolor_force_are_obeyed_when_they_are_not_empty() {
        let wished = |set: &[(&str, &str)]| {
            let value = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
            wish(value)
        };
        assert_eq!(wished(&[("TERM", "xterm")]), None);
        assert_eq!(wished(&[("NO_COLOR", "")]), None);
        assert_eq!(wished(&[("NO_COLOR", "1")]), Some(false));
        assert_eq!(wished(&[("TERM", "dumb")]), Some(false));
        assert_eq!(wished(&[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")]), Some(true));
        assert_eq!(wished(&[("CLICOLOR_FORCE", "0")]), None);
        assert_eq!(wished(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]), Some(false));
    }
}

//! How far a command is: a bar on a terminal, a line now and then elsewhere, nothing if so asked.

use std::io::{self, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two lines where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

pub struct Progress {
    display: Display,
}

enum Display {
    Nothing,
    Bar(ProgressBar),
    Lines(Mutex<Lines>),
}

struct Lines {
    err: Box<dyn Write + Send>,
    interval: Duration,
    /// When the last line was written, or the work began.
    last: Instant,
}

impl Progress {
    pub fn new(quiet: bool, terminal: bool) -> Progress {
        let display = match (quiet, terminal) {
            (true, _) => Display::Nothing,
            (false, true) => Display::Bar(bar()),
            (false, false) => Display::Lines(Mutex::new(Lines {
                err: Box::new(io::stderr()),
                interval: LINE_INTERVAL,
                last: Instant::now(),
            })),
        };
        Progress { display }
    }

    /// `done` of `total` in a phase ("runs", "sensitivities"). May be called from any thread.
    pub fn show(&self, phase: &str, done: u64, total: u64) {
        match &self.display {
            Display::Nothing => {}
            Display::Bar(bar) => {
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(phase.to_string());
            }
            Display::Lines(lines) => {
                // progress is no reason to panic, even if another thread has
                let mut lines = lines.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                if lines.last.elapsed() >= lines.interval {
                    lines.last = Instant::now();
                    let _ = writeln!(lines.err, "foobar-sim: {phase}: {done} of {total}");
                }
            }
        }
    }

    /// So many done of a number that nobody knows yet.
    pub fn count(&self, phase: &str, done: u64) {
        match &self.display {
            Display::Nothing => {}
            Display::Bar(bar) => {
                bar.set_style(counter());
                bar.set_position(done);
                bar.set_message(phase.to_string());
            }
            Display::Lines(lines) => {
                let mut lines = lines.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                if lines.last.elapsed() >= lines.interval {
                    lines.last = Instant::now();
                    let _ = writeln!(lines.err, "foobar-sim: {phase}: {done}");
                }
            }
        }
    }

    /// Something to know while one waits.
    pub fn note(&self, text: &str) {
        let _ = match &self.display {
            Display::Nothing => Ok(()),
            Display::Bar(bar) => {
                bar.println(format!("foobar-sim: {text}"));
                Ok(())
            }
            Display::Lines(lines) => {
                let mut lines = lines.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                writeln!(lines.err, "foobar-sim: {text}")
            }
        };
    }

    /// Leaves no trace on a terminal.
    pub fn finish(&self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<14} {wide_bar} {pos}/{len}  {eta} left")
        .expect("the template is valid")
        .progress_chars("=> ");
    ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr()).with_style(style)
}

fn counter() -> ProgressStyle {
    ProgressStyle::with_template("{msg:<14} {pos}  {elapsed}").expect("the template is valid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(interval: Duration) -> String {
        let shared = Shared::default();
        let lines = Lines { err: Box::new(shared.clone()), interval, last: Instant::now() };
        let progress = Progress { display: Display::Lines(Mutex::new(lines)) };
        std::thread::scope(|scope| {
            scope.spawn(|| progress.show("runs", 1, 2)).join().unwrap();
            scope.spawn(|| progress.show("runs", 2, 2)).join().unwrap();
        });
        String::from_utf8(shared.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn lines_are_sparse() {
        assert_eq!(lines(Duration::ZERO), "foobar-sim: runs: 1 of 2\nfoobar-sim: runs: 2 of 2\n");
        assert_eq!(lines(Duration::from_secs(3600)), "");
    }

    #[test]
    fn a_note_is_written_at_once() {
        let shared = Shared::default();
        let lines = Lines { err: Box::new(shared.clone()), interval: LINE_INTERVAL, last: Instant::now() };
        Progress { display: Display::Lines(Mutex::new(lines)) }.note("this takes hours");
        assert_eq!(shared.0.lock().unwrap().as_slice(), b"foobar-sim: this takes hours\n");
        Progress::new(true, false).note("nobody asked");
    }

    #[test]
    fn the_bar_takes_every_update() {
        let progress = Progress::new(false, true);
        progress.show("runs", 3, 10);
        let Display::Bar(bar) = &progress.display else { panic!("a terminal gets a bar") };
        assert_eq!((bar.position(), bar.length()), (3, Some(10)));
        progress.finish();
        assert!(bar.is_finished());
    }
}

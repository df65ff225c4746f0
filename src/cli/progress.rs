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
    /// Of the present phase: when it was first shown, and how much was done by then.
    since: Option<(String, Instant, u64)>,
}

impl Lines {
    /// `, 3 min left`, once there is something to go by.
    fn left(&mut self, phase: &str, done: u64, total: u64) -> String {
        match &self.since {
            Some((known, began, from)) if known == phase && done > *from && done < total => {
                let each = began.elapsed().as_secs_f64() / (done - from) as f64;
                format!(", {} left", remaining(each * total.saturating_sub(done) as f64))
            }
            Some((known, _, _)) if known == phase => String::new(),
            _ => {
                self.since = Some((phase.to_owned(), Instant::now(), done));
                String::new()
            }
        }
    }
}

/// In the largest unit that it fills twice.
fn remaining(seconds: f64) -> String {
    match seconds {
        s if s >= 172_800.0 => format!("{:.0} days", s / 86_400.0),
        s if s >= 7200.0 => format!("{:.0} h", s / 3600.0),
        s if s >= 120.0 => format!("{:.0} min", s / 60.0),
        s => format!("{s:.0} s"),
    }
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
                since: None,
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
                if bar.message() != phase {
                    // what was done before does not count for how long the rest takes
                    bar.set_message(phase.to_string());
                    bar.set_position(done);
                    bar.reset_eta();
                }
                bar.set_position(done);
            }
            Display::Lines(lines) => {
                // progress is no reason to panic, even if another thread has
                let mut lines = lines.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                let left = lines.left(phase, done, total);
                if lines.last.elapsed() >= lines.interval {
                    lines.last = Instant::now();
                    let _ = writeln!(lines.err, "foobar-sim: {phase}: {done} of {total}{left}");
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
        let lines = Lines { err: Box::new(shared.clone()), interval, last: Instant::now(), since: None };
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
        let lines = Lines { err: Box::new(shared.clone()), interval: LINE_INTERVAL, last: Instant::now(), since: None };
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

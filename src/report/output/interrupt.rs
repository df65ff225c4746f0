//! What is removed when the process is interrupted: by ctrl-C, by `kill`, or by a terminal that closes. After
//! that the signal does what it always does, so that the process ends by it and shells report 130.
//!
//! The only state here that is the process's and nobody's in particular, as a signal is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

static HELD: Mutex<Held> = Mutex::new(Held { paths: Vec::new(), last_words: None });

/// Files, and folders that are removed if they are empty; those inside come after those outside.
pub struct Held {
    paths: Vec<PathBuf>,
    /// Said when all is removed.
    last_words: Option<Box<dyn Fn() + Send>>,
}

/// An interrupt waits as long as the caller has this.
pub fn held() -> MutexGuard<'static, Held> {
    HELD.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Held {
    pub fn add(&mut self, path: &Path) {
        // it must be found whatever the working directory is then
        self.paths.push(std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()));
    }

    pub fn forget(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        self.paths.retain(|held| *held != path);
    }

    pub fn last_words(&mut self, say: Box<dyn Fn() + Send>) {
        self.last_words = Some(say);
    }

    pub fn no_last_words(&mut self) {
        self.last_words = None;
    }

    #[cfg(unix)]
    fn remove(&self) {
        for path in self.paths.iter().rev() {
            let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
        }
    }
}

/// Begins to listen, once. Signals that the process was told to ignore (`nohup`, a shell's background jobs)
/// stay ignored.
#[cfg(unix)]
pub fn watch() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use std::sync::{Once, mpsc};

    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        let (ready, wait) = mpsc::channel();
        let listen = move || {
            let signals = Signals::new([SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| !is_ignored(signal)));
            let _ = ready.send(());
            let Some(signal) = signals.ok().and_then(|mut signals| signals.forever().next()) else { return };
            // never given back: nothing appears any more
            let held = held();
            held.remove();
            if let Some(say) = &held.last_words {
                say();
            }
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        };
        // without a thread, signals do what they do, and the next run cleans up
        if std::thread::Builder::new().name("interrupts".into()).spawn(listen).is_ok() {
            let _ = wait.recv();
        }
    });
}

#[cfg(not(unix))]
pub fn watch() {}

#[cfg(unix)]
fn is_ignored(signal: libc::c_int) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action, sigaction only writes the present one, and returns 0 if it did
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init_ref().sa_sigaction == libc::SIG_IGN
    }
}

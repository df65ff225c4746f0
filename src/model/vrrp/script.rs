//! `track_script`: what keepalived concludes from a script that looks for the process, run after run.

use super::{NEVER, State, Vrrp};

#[derive(Clone, Copy, Debug)]
pub struct TrackScript {
    /// Nanoseconds.
    pub interval: u64,
    /// Runs in a row that must fail, or succeed, before it believes them.
    pub fall: u32,
    pub rise: u32,
    /// 0: who fails leaves. Above: added to the priority while it succeeds; below: while it fails.
    pub weight: i32,
}

impl TrackScript {
    pub fn priority(&self, base: u32, succeeds: bool) -> u32 {
        let counts = if self.weight > 0 { succeeds } else { !succeeds };
        (base as i32 + if counts { self.weight } else { 0 }).clamp(1, 254) as u32
    }

    fn highest(&self) -> u32 {
        self.rise + self.fall - 1
    }
}

/// Where the counting stands: at least `rise` is success, and each run moves it.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    result: u32,
    known: bool,
    pub(super) due: u64,
}

impl Script {
    /// Has always succeeded; or there is none.
    pub(super) fn sound(track: Option<TrackScript>) -> Script {
        Script { result: track.map_or(0, |track| track.highest()), known: true, due: NEVER }
    }

    /// Runs at once, and its first result is believed.
    pub(super) fn unknown(now: u64) -> Script {
        Script { result: 0, known: false, due: now }
    }

    /// Whether another run says nothing new.
    pub(super) fn is_settled(&self, track: TrackScript, succeeds: bool) -> bool {
        self.known && self.result == if succeeds { track.highest() } else { 0 }
    }

    /// One run; the new verdict, if there is one.
    fn run(&mut self, track: TrackScript, succeeds: bool) -> Option<bool> {
        let was = self.known.then_some(self.result >= track.rise);
        self.result = match (was, succeeds) {
            (None, true) => track.highest(),
            (None, false) => 0,
            (Some(true), true) => track.highest(),
            (Some(false), true) if self.result + 1 >= track.rise => track.highest(),
            (Some(false), true) => self.result + 1,
            (Some(true), false) if self.result == track.rise => 0,
            (Some(true), false) => self.result - 1,
            (Some(false), false) => 0,
        };
        self.known = true;
        let is = self.result >= track.rise;
        (was != Some(is)).then_some(is)
    }
}

impl Vrrp {
    pub(super) fn run_script(&mut self, i: usize, now: u64) {
        let track = self.config.track_script.expect("a script that is due is configured");
        let node = &mut self.nodes[i];
        node.script.due = now + track.interval;
        let verdict = node.script.run(track, node.around.process);
        let Some(succeeds) = verdict else { return };
        let before = self.down(i);
        self.nodes[i].effective = track.priority(self.nodes[i].priority, succeeds);
        if self.nodes[i].state == State::Backup {
            self.nodes[i].due = (self.nodes[i].due + self.down(i)).saturating_sub(before).max(now);
        }
        match self.nodes[i].state {
            State::Init | State::Fault if succeeds || track.weight != 0 => self.become_backup(i, now),
            State::Init | State::Backup | State::Master if !succeeds && track.weight == 0 => self.become_faulty(i, now),
            _ => {}
        }
    }
}

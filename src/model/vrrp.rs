//! VRRP as keepalived speaks it: who of several servers holds a virtual address. A state machine that knows nothing
//! of requests; the simulator tells it what has changed around it, wakes it when it is `due`, and asks where the
//! address leads.
//!
//! After keepalived's vrrp.c and vrrp_track.c. Advertisements arrive as they are sent. While nothing can change, the
//! machine sleeps: advertisements that all hear and no one objects to are worked out when they matter.

mod script;
#[cfg(test)]
mod tests;

pub use script::{Script, TrackScript};

use std::collections::VecDeque;

/// No instant.
pub const NEVER: u64 = u64::MAX;
/// A priority that says goodbye.
const GOODBYE: u32 = 0;

/// What keepalived.conf says, the same for all; nanoseconds.
#[derive(Clone, Debug)]
pub struct Config {
    pub advert_int: u64,
    /// The skew of priority 0: `advert_int` in version 3 (RFC 5798), a second in keepalived's version 2.
    pub skew_whole: u64,
    pub preempt: bool,
    pub preempt_delay: u64,
    /// Gratuitous ARPs are sent again after this; 0: they are not.
    pub garp_master_delay: u64,
    /// Whether a master that hears a lower priority sends gratuitous ARPs, and an advertisement.
    pub garp_lower_prio: bool,
    pub lower_prio_no_advert: bool,
    pub higher_prio_send_advert: bool,
    /// How long the neighbours believe in an entry of their ARP tables that nobody answers to.
    pub arp_timeout: u64,
    pub track_script: Option<TrackScript>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No power, no link, or no keepalived.
    Off,
    /// Waits for the first result of its script.
    Init,
    Backup,
    Master,
    /// Its script says that the process is dead.
    Fault,
}

/// What keepalived finds on its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Around {
    pub power: bool,
    pub keepalived: Keepalived,
    /// Its interface is up: keepalived gives the address up where it is not.
    pub link: bool,
    /// The tracked process is there (it may hang).
    pub process: bool,
    /// The network of the clients is reached.
    pub outside: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keepalived {
    Runs,
    /// Without a goodbye: the address stays on its interface.
    Killed,
    Stopped,
}

impl Around {
    pub const SOUND: Around =
        Around { power: true, keepalived: Keepalived::Runs, link: true, process: true, outside: true };

    fn speaks(&self) -> bool {
        self.power && self.link && self.keepalived == Keepalived::Runs
    }
}

/// One keepalived.
#[derive(Clone, Debug)]
pub struct Node {
    pub state: State,
    /// The address is on its interface.
    pub has_address: bool,
    /// As configured, and with the weight of its script.
    pub priority: u32,
    pub effective: u32,
    pub around: Around,
    /// Of a master, its next advertisement; of a backup, when it has heard nothing for too long.
    due: u64,
    garp_due: u64,
    /// From when on lower priorities are not accepted any more.
    preempt_at: u64,
    script: Script,
}

/// A change of state, for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub at: u64,
    pub node: u32,
    pub state: State,
}

#[derive(Clone, Debug)]
pub struct Vrrp {
    pub config: Config,
    pub nodes: Vec<Node>,
    /// Whether an advertisement of one reaches another: row by row.
    heard: Vec<bool>,
    /// Where the packets of clients go: to whom the last gratuitous ARP came from.
    pub toward: u32,
    /// When the neighbours give up an entry that nobody answers to.
    forget_at: u64,
    /// Counts how often connections to the address were cut off.
    pub generation: u32,
    /// Not taken out yet.
    pub turns: Vec<Turn>,
    /// Advertisements under way: sender, priority.
    sent: VecDeque<(usize, u32)>,
}

impl Vrrp {
    /// Priorities by server, in the order of their addresses from the highest down. The best is the master.
    pub fn new(config: Config, priorities: &[u32]) -> Vrrp {
        let tracked = config.track_script;
        let node = |&priority: &u32| Node {
            state: State::Backup,
            has_address: false,
            priority,
            effective: tracked.map_or(priority, |track| track.priority(priority, true)),
            around: Around::SOUND,
            due: NEVER,
            garp_due: NEVER,
            preempt_at: NEVER,
            script: Script::sound(tracked),
        };
        let nodes: Vec<Node> = priorities.iter().map(node).collect();
        let best = (0..nodes.len()).rev().max_by_key(|&i| nodes[i].effective).expect("there are servers");
        let heard = vec![true; nodes.len() * nodes.len()];
        let mut vrrp = Vrrp {
            config,
            nodes,
            heard,
            toward: best as u32,
            forget_at: NEVER,
            generation: 0,
            turns: Vec::new(),
            sent: VecDeque::new(),
        };
        vrrp.nodes[best].state = State::Master;
        vrrp.nodes[best].has_address = true;
        vrrp
    }

    /// Long in steady state at `now`. The phases, of 0 to 1, say how far the master is from its last advertisement
    /// and each from the last run of its script.
    pub fn begin(&mut self, now: u64, phase_of_advert: f64, phases_of_scripts: &[f64]) {
        let share = |whole: u64, phase: f64| (whole as f64 * phase) as u64;
        let master = self.toward as usize;
        let next = now + self.config.advert_int - share(self.config.advert_int, phase_of_advert);
        self.nodes[master].due = next;
        for i in (0..self.nodes.len()).filter(|&i| i != master) {
            self.nodes[i].due = next + self.down(i) - self.config.advert_int;
        }
        if let Some(track) = self.config.track_script {
            for (node, &phase) in self.nodes.iter_mut().zip(phases_of_scripts) {
                node.script.due = now + track.interval - share(track.interval, phase);
            }
        }
    }

    /// Who answers at the address; `None`: silence.
    pub fn answers(&self) -> Option<u32> {
        let node = &self.nodes[self.toward as usize];
        (node.around.power && node.around.outside && node.has_address).then_some(self.toward)
    }

    /// When it wants to be woken.
    pub fn due(&self) -> u64 {
        if self.is_steady() { NEVER } else { self.next() }
    }

    fn next(&self) -> u64 {
        let each = self.nodes.iter().map(|node| node.due.min(node.garp_due).min(node.script.due));
        each.min().unwrap_or(NEVER).min(self.forget_at)
    }

    /// Does what is due.
    pub fn wake(&mut self, now: u64) {
        while self.next() <= now {
            for i in 0..self.nodes.len() {
                if self.nodes[i].script.due <= now {
                    self.run_script(i, now);
                }
                if self.nodes[i].garp_due <= now {
                    self.nodes[i].garp_due = NEVER;
                    self.garp(i);
                }
                if self.nodes[i].due <= now {
                    match self.nodes[i].state {
                        State::Master => {
                            self.nodes[i].due = now + self.config.advert_int;
                            self.send(i, self.nodes[i].effective);
                        }
                        State::Backup => self.become_master(i, now),
                        state => panic!("{state:?} waits for nothing"),
                    }
                }
                self.deliver(now);
            }
            self.mind_neighbours(now);
        }
    }

    /// Something has changed around the servers; `heard` row by row, who is heard by whom.
    pub fn changed(&mut self, now: u64, around: &[Around], heard: &[bool]) {
        self.catch_up(now);
        for (i, &around) in around.iter().enumerate() {
            let before = std::mem::replace(&mut self.nodes[i].around, around);
            if before.speaks() && !around.speaks() {
                self.falls_silent(i, now);
            }
            if !around.power {
                self.drop_address(i);
            }
        }
        self.deliver(now);
        self.heard.copy_from_slice(heard);
        for i in 0..self.nodes.len() {
            if self.nodes[i].state == State::Off && self.nodes[i].around.speaks() {
                self.starts(i, now);
            }
        }
        self.mind_neighbours(now);
        self.wake(now);
    }

    fn falls_silent(&mut self, i: usize, now: u64) {
        let around = self.nodes[i].around;
        let stopped = around.keepalived == Keepalived::Stopped;
        if around.power && (stopped || !around.link) {
            self.drop_address(i);
            if stopped && around.link && self.nodes[i].state == State::Master {
                self.send(i, GOODBYE);
            }
        }
        self.turn(i, State::Off, now);
        let node = &mut self.nodes[i];
        (node.due, node.garp_due, node.preempt_at, node.script.due) = (NEVER, NEVER, NEVER, NEVER);
    }

    /// keepalived starts: it takes the address off its interface, if it is still there, and waits for its script.
    fn starts(&mut self, i: usize, now: u64) {
        self.drop_address(i);
        self.turn(i, State::Init, now);
        match self.config.track_script {
            Some(_) => self.nodes[i].script = Script::unknown(now),
            None => self.become_backup(i, now),
        }
    }

    fn become_backup(&mut self, i: usize, now: u64) {
        self.drop_address(i);
        self.turn(i, State::Backup, now);
        self.nodes[i].due = now + self.down(i);
        self.nodes[i].garp_due = NEVER;
        self.nodes[i].preempt_at = NEVER;
    }

    fn become_master(&mut self, i: usize, now: u64) {
        self.turn(i, State::Master, now);
        let config = &self.config;
        let node = &mut self.nodes[i];
        node.has_address = true;
        node.due = now + config.advert_int;
        node.garp_due = if config.garp_master_delay == 0 { NEVER } else { now + config.garp_master_delay };
        let priority = node.effective;
        self.send(i, priority);
        self.garp(i);
    }

    fn become_faulty(&mut self, i: usize, now: u64) {
        if self.nodes[i].state == State::Master {
            self.send(i, GOODBYE);
        }
        self.drop_address(i);
        self.turn(i, State::Fault, now);
        self.nodes[i].due = NEVER;
        self.nodes[i].garp_due = NEVER;
    }

    fn turn(&mut self, i: usize, state: State, now: u64) {
        self.nodes[i].state = state;
        self.turns.push(Turn { at: now, node: i as u32, state });
    }

    fn drop_address(&mut self, i: usize) {
        let had = std::mem::replace(&mut self.nodes[i].has_address, false);
        if had && self.toward == i as u32 {
            self.generation += 1;
        }
    }

    /// Tells the neighbours that the address is here.
    fn garp(&mut self, i: usize) {
        if self.nodes[i].around.outside {
            self.lead_to(i);
        }
    }

    fn lead_to(&mut self, i: usize) {
        self.forget_at = NEVER;
        if self.toward != i as u32 {
            self.toward = i as u32;
            self.generation += 1;
        }
    }

    /// Neighbours whose entry nobody answers to find the address elsewhere, in their own time.
    fn mind_neighbours(&mut self, now: u64) {
        let holds = |node: &Node| node.around.power && node.around.outside && node.has_address;
        let elsewhere = (0..self.nodes.len()).rev().filter(|&i| holds(&self.nodes[i]) && self.toward != i as u32);
        let other = elsewhere.max_by_key(|&i| self.nodes[i].effective);
        match other {
            Some(other) if self.answers().is_none() => {
                if self.forget_at == NEVER {
                    self.forget_at = now + self.config.arp_timeout;
                }
                if self.forget_at <= now {
                    self.lead_to(other);
                }
            }
            _ => self.forget_at = NEVER,
        }
    }

    fn send(&mut self, from: usize, priority: u32) {
        self.sent.push_back((from, priority));
    }

    fn deliver(&mut self, now: u64) {
        while let Some((from, priority)) = self.sent.pop_front() {
            for to in 0..self.nodes.len() {
                let heard = to != from && self.hears(to, from) && self.nodes[to].around.speaks();
                match self.nodes[to].state {
                    State::Backup if heard => self.hear_as_backup(to, priority, now),
                    State::Master if heard => self.hear_as_master(to, from, priority, now),
                    _ => {}
                }
            }
        }
    }

    fn hears(&self, to: usize, from: usize) -> bool {
        self.heard[from * self.nodes.len() + to]
    }

    fn hear_as_backup(&mut self, i: usize, priority: u32, now: u64) {
        if priority == GOODBYE {
            self.nodes[i].due = now + self.skew(i);
            return;
        }
        let delay = self.config.preempt_delay;
        let node = &self.nodes[i];
        let lower = priority < node.effective;
        let waits = delay > 0 && (node.preempt_at == NEVER || node.preempt_at > now);
        if self.config.preempt && lower && !waits {
            // it is not heard at all
            return;
        }
        self.nodes[i].due = now + self.down(i);
        let node = &mut self.nodes[i];
        if !lower {
            node.preempt_at = NEVER;
        } else if delay > 0 && node.preempt_at == NEVER {
            node.preempt_at = now + delay;
        }
    }

    fn hear_as_master(&mut self, i: usize, from: usize, priority: u32, now: u64) {
        let own = self.nodes[i].effective;
        // of equal priorities the higher address stays: that of the first in the list
        let yields = priority != GOODBYE && (priority > own || priority == own && from < i);
        if priority == GOODBYE || yields && self.config.higher_prio_send_advert {
            self.send(i, own);
        }
        if yields {
            self.become_backup(i, now);
        } else if priority != GOODBYE {
            if !self.config.lower_prio_no_advert {
                self.send(i, own);
            }
            if self.config.garp_lower_prio {
                self.garp(i);
                if self.config.garp_master_delay > 0 {
                    self.nodes[i].garp_due = now + self.config.garp_master_delay;
                }
            }
        }
    }

    fn skew(&self, i: usize) -> u64 {
        u64::from(256 - self.nodes[i].effective) * self.config.skew_whole / 256
    }

    /// How long a backup hears nothing before it takes over.
    fn down(&self, i: usize) -> u64 {
        3 * self.config.advert_int + self.skew(i)
    }

    /// Whether a backup's clock begins again at this advertisement, and will always.
    fn accepts(&self, i: usize, priority: u32) -> bool {
        !self.config.preempt || priority >= self.nodes[i].effective
    }

    /// Whether nothing changes any more unless something changes around it.
    fn is_steady(&self) -> bool {
        let speaking = || (0..self.nodes.len()).filter(|&i| self.nodes[i].around.speaks());
        let masters = || speaking().filter(|&i| self.nodes[i].state == State::Master);
        let settled = |i: usize| {
            let node = &self.nodes[i];
            let scripted =
                self.config.track_script.is_none_or(|track| node.script.is_settled(track, node.around.process));
            let heard = masters().filter(|&other| other != i && self.hears(i, other));
            scripted
                && match node.state {
                    State::Backup => heard.into_iter().any(|other| self.accepts(i, self.nodes[other].effective)),
                    State::Master => heard.count() == 0 && (node.garp_due == NEVER || self.toward == i as u32),
                    State::Fault => true,
                    State::Init | State::Off => false,
                }
        };
        self.forget_at == NEVER && speaking().all(settled)
    }

    /// Brings the clocks to where they are at `now`, after a sleep.
    fn catch_up(&mut self, now: u64) {
        let later = |due: u64, every: u64| if due < now { due + (now - due).div_ceil(every) * every } else { due };
        let advert_int = self.config.advert_int;
        for i in 0..self.nodes.len() {
            let node = &mut self.nodes[i];
            if let Some(track) = self.config.track_script {
                node.script.due = later(node.script.due, track.interval);
            }
            if node.garp_due < now {
                node.garp_due = NEVER;
            }
            if node.state == State::Master {
                node.due = later(node.due, advert_int);
            }
        }
        for i in 0..self.nodes.len() {
            if self.nodes[i].state != State::Backup {
                continue;
            }
            let down = self.down(i);
            for other in 0..self.nodes.len() {
                let master = &self.nodes[other];
                let resets = master.state == State::Master && self.hears(i, other) && self.accepts(i, master.effective);
                if resets {
                    let last = master.due.saturating_sub(advert_int);
                    self.nodes[i].due = self.nodes[i].due.max(last + down);
                }
            }
        }
    }
}

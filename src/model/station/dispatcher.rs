//! Chooses among the servers of a service, keeps those who found all of them full, and remembers which servers are
//! taken to be up: by health checks, or by what became of requests.

use super::pool::Pool;
use crate::balance::Balancer;
use crate::model::request::{NONE, Queue};

#[derive(Clone, Debug)]
pub struct Dispatcher {
    pub balancer: Balancer,
    pub pool: Pool,
    /// Queues of requests bound to one server (`balance source`).
    pub bound: Vec<Queue>,
    /// Purpose of its draws: two dispatchers on one way choose independently.
    pub choice: u64,
    /// Shares of the servers follow from their state, not from their weights alone.
    pub looks_at_state: bool,
    /// As in `lb: app app1`.
    pub server_names: Vec<String>,
    /// Which servers are taken to be up, and which of all are for when none of the others is.
    pub alive: Vec<bool>,
    pub backup: Vec<bool>,
    /// How often somebody has it drained.
    pub drained: Vec<u32>,
    /// Of each server its process; `NONE`: none.
    pub processes: Vec<u32>,
    /// Whether it keeps an account of what becomes of requests: `marks`, or health checks that observe.
    pub counts: bool,
    /// nginx's own account of failures; empty: it keeps none.
    pub marks: Vec<Mark>,
    /// How many servers it leaves out for their failures.
    pub marked: u32,
    pub passive: Passive,
    /// The health check of its first server, with those of the others behind it; `NONE`: none.
    pub first_check: u32,
}

/// nginx's `max_fails` and `fail_timeout` (seconds: its clock has whole ones).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passive {
    pub max_fails: u32,
    pub fail_timeout_s: u64,
}

/// What nginx remembers of a server (`ngx_http_upstream_rr_peer_t`): failures, and when the last was and when it was
/// last tried in spite of them, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub fails: u32,
    pub accessed: u64,
    pub checked: u64,
}

impl Dispatcher {
    /// All servers are up.
    pub fn new(balancer: Balancer, pool: Pool, backup: Vec<bool>, choice: u64, looks_at_state: bool) -> Dispatcher {
        let mut dispatcher = Dispatcher {
            balancer,
            pool,
            bound: vec![Queue::default(); backup.len()],
            choice,
            looks_at_state,
            server_names: vec![String::new(); backup.len()],
            alive: vec![true; backup.len()],
            drained: vec![0; backup.len()],
            processes: vec![NONE; backup.len()],
            backup,
            counts: false,
            marks: Vec::new(),
            marked: 0,
            passive: Passive::default(),
            first_check: NONE,
        };
        dispatcher.settle();
        dispatcher
    }

    /// A server is up from now on, or is not.
    pub fn set_alive(&mut self, server: usize, alive: bool) {
        if self.alive[server] != alive {
            self.alive[server] = alive;
            self.settle();
        }
    }

    /// A server gets nothing new from now on, or does again.
    pub fn set_drained(&mut self, server: usize, drained: bool) {
        if drained {
            self.drained[server] += 1;
        } else {
            self.drained[server] -= 1;
        }
        self.settle();
    }

    /// Backups serve while none of the others is up: HAProxy's first, nginx's all.
    fn settle(&mut self) {
        let able = |d: &Dispatcher, i: usize| d.alive[i] && d.drained[i] == 0;
        let any = (0..self.alive.len()).any(|i| able(self, i) && !self.backup[i]);
        let mut first_backup = true;
        for i in 0..self.alive.len() {
            let serves = if !self.backup[i] {
                able(self, i)
            } else if any || !able(self, i) {
                false
            } else {
                std::mem::take(&mut first_backup) || self.passive.max_fails > 0
            };
            self.balancer.set_up(i, serves);
        }
    }

    /// Servers that take requests.
    pub fn serving(&self) -> usize {
        (0..self.alive.len()).filter(|&i| self.balancer.is_up(i)).count()
    }

    /// Before a choice: servers whose time is over may be tried again.
    pub fn forgive(&mut self, now_s: u64) {
        for server in 0..self.marks.len() {
            if !self.alive[server] && now_s - self.marks[server].checked > self.passive.fail_timeout_s {
                self.set_alive(server, true);
            }
        }
    }

    /// A server was chosen: one that has failed is tried with this request alone.
    pub fn tried(&mut self, server: usize, now_s: u64) {
        let mark = &mut self.marks[server];
        if now_s - mark.checked > self.passive.fail_timeout_s {
            mark.checked = now_s;
            if mark.fails >= self.passive.max_fails {
                self.set_alive(server, false);
            }
        }
    }

    /// A request to a server has failed; true: it is left out from now on.
    pub fn failed(&mut self, server: usize, now_s: u64) -> bool {
        let mark = &mut self.marks[server];
        mark.fails += 1;
        (mark.accessed, mark.checked) = (now_s, now_s);
        if mark.fails < self.passive.max_fails {
            return false;
        }
        let news = mark.fails == self.passive.max_fails;
        self.marked += news as u32;
        self.set_alive(server, false);
        news
    }

    /// A request to a server was answered; true: a server that was left out is back.
    pub fn answered(&mut self, server: usize) -> bool {
        let mark = &mut self.marks[server];
        if mark.accessed >= mark.checked {
            return false;
        }
        let back = mark.fails >= self.passive.max_fails;
        mark.fails = 0;
        if back {
            self.marked -= 1;
            self.set_alive(server, true);
        }
        back
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::{Policy, Slot};

    fn two(backup: [bool; 2]) -> Dispatcher {
        let slots = vec![Slot { weight: 1, maxconn: None }; 2];
        let balancer = Balancer::new(Policy::NginxRoundRobin, slots);
        let mut dispatcher = Dispatcher::new(balancer, Pool::new(10), backup.to_vec(), 0, false);
        dispatcher.marks = vec![Mark::default(); 2];
        dispatcher.passive = Passive { max_fails: 2, fail_timeout_s: 10 };
        dispatcher
    }

    #[test]
    fn a_server_that_failed_twice_is_left_out_and_tried_once_after_its_time() {
        let mut d = two([false, false]);
        assert!(!d.failed(0, 100));
        assert!(d.failed(0, 101));
        d.forgive(111);
        assert_eq!(d.serving(), 1, "10 s are not over");
        d.forgive(112);
        assert_eq!(d.serving(), 2);
        d.tried(0, 112);
        assert_eq!(d.serving(), 1, "one request tries it");
        assert!(!d.failed(0, 112));
        d.forgive(123);
        d.tried(0, 123);
        assert!(d.answered(0));
        assert_eq!((d.serving(), d.marked), (2, 0));
    }

    #[test]
    fn a_backup_serves_while_no_other_is_up() {
        let mut d = two([false, true]);
        assert!(d.balancer.is_up(0) && !d.balancer.is_up(1));
        d.set_alive(0, false);
        assert!(!d.balancer.is_up(0) && d.balancer.is_up(1));
        d.set_alive(0, true);
        assert!(d.balancer.is_up(0) && !d.balancer.is_up(1));
    }
}

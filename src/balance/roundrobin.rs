//! HAProxy's `roundrobin`, "fast weighted round robin" (lb_fwrr.c): each server has a next position on a
//! line that advances by one with every choice; its stride is the total weight over its own. Servers wait
//! for their first turn sorted by weight, heaviest first, and again whenever a round of the line ends.
//!
//! One liberty, for O(log n): a full server met at its turn is set aside until it has room, where HAProxy
//! meets it again at each of its turns.

use super::loads::{Loads, WARM};
use super::tournament::Tournament;

/// HAProxy computes with weights in sixteenths (BE_WEIGHT_SCALE), up to 256 times 16.
const SCALE: i64 = WARM as i64;
const HEAVIEST: i64 = 256 * SCALE;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// Not up.
    Out,
    /// Waits for its first turn of this round.
    Waiting,
    /// Has a position in this round.
    Line,
    /// Its next turn is in the next round.
    NextRound,
    /// Was full at its turn, in this round.
    Aside(u64),
}

#[derive(Clone, Debug)]
pub struct RoundRobin {
    waiting: Tournament,
    line: Tournament,
    next_round: Tournament,
    place: Vec<Place>,
    weight: Vec<i64>,
    position: Vec<i64>,
    /// What division of the stride left over.
    remainder: Vec<i64>,
    now: i64,
    round_weight: i64,
    next_weight: i64,
    round: u64,
    inserted: u64,
}

impl RoundRobin {
    pub fn new(loads: &Loads) -> RoundRobin {
        let n = loads.count();
        let weight: Vec<i64> = (0..n).map(|server| loads.effective(server) as i64).collect();
        let total = weight.iter().sum();
        let mut policy = RoundRobin {
            waiting: Tournament::new(n),
            line: Tournament::new(n),
            next_round: Tournament::new(n),
            place: vec![Place::Out; n],
            weight,
            position: vec![0; n],
            remainder: vec![0; n],
            now: total,
            round_weight: total,
            next_weight: total,
            round: 0,
            inserted: 0,
        };
        (0..n).for_each(|server| policy.wait(server));
        policy
    }

    #[inline]
    pub fn pick(&mut self, loads: &Loads) -> Option<usize> {
        if !loads.any_open() {
            return None;
        }
        if self.round_weight == 0 {
            self.round_weight = self.next_weight;
            self.now = self.next_weight;
        }
        let mut switched = false;
        loop {
            let Some(server) = self.due() else {
                if switched {
                    return None;
                }
                switched = true;
                self.begin_round();
                continue;
            };
            self.advance(server);
            self.leave(server);
            self.now += 1;
            if loads.has_room(server) {
                self.enqueue(server);
                return Some(server);
            }
            self.place[server] = Place::Aside(self.round);
        }
    }

    /// Takes a server that has room again back from aside: to its place if the round is still the same,
    /// else to wait by weight.
    #[inline]
    pub fn changed(&mut self, loads: &Loads, server: usize) {
        if let Place::Aside(round) = self.place[server]
            && loads.has_room(server)
        {
            if round == self.round { self.enqueue(server) } else { self.wait(server) }
        }
    }

    pub fn set_up(&mut self, server: usize, up: bool) {
        if up == (self.place[server] != Place::Out) {
            return;
        }
        let weight = self.weight[server];
        if up {
            self.next_weight += weight;
            self.position[server] = self.now + (self.next_weight + self.round_weight - self.now) / weight;
            self.enqueue(server);
        } else {
            self.next_weight -= weight;
            self.leave(server);
            self.place[server] = Place::Out;
        }
    }

    /// A server that is up has another weight from now on.
    pub fn set_weight(&mut self, loads: &Loads, server: usize) {
        let up = self.place[server] != Place::Out;
        if up {
            self.set_up(server, false);
        }
        self.weight[server] = loads.effective(server) as i64;
        if up {
            self.set_up(server, true);
        }
    }

    /// The head of the line if its turn has come; in a gap whoever waits; else the head all the same.
    #[inline]
    fn due(&mut self) -> Option<usize> {
        let head = self.line.first();
        if let Some(server) = head
            && self.position[server] <= self.now
        {
            return head;
        }
        match self.waiting.first() {
            Some(server) => {
                self.position[server] = 0;
                self.remainder[server] = 0;
                Some(server)
            }
            None => head,
        }
    }

    #[inline]
    fn advance(&mut self, server: usize) {
        let weight = self.weight[server];
        if self.position[server] == 0 {
            self.position[server] = self.now;
        }
        self.position[server] += self.next_weight / weight;
        self.remainder[server] += self.next_weight % weight;
        if self.remainder[server] >= weight {
            self.remainder[server] -= weight;
            self.position[server] += 1;
        }
    }

    #[inline]
    fn enqueue(&mut self, server: usize) {
        let position = self.position[server];
        if position >= 2 * self.round_weight || position >= self.round_weight + self.next_weight {
            self.position[server] -= self.round_weight;
            let key = self.by_weight(server);
            self.next_round.set(server, key);
            self.place[server] = Place::NextRound;
        } else {
            let finer = (HEAVIEST + self.remainder[server] - self.weight[server]) / SCALE;
            let key = self.stamped(256 * position + finer);
            self.line.set(server, key);
            self.place[server] = Place::Line;
        }
    }

    #[inline]
    fn wait(&mut self, server: usize) {
        let key = self.by_weight(server);
        self.waiting.set(server, key);
        self.place[server] = Place::Waiting;
    }

    #[inline]
    fn leave(&mut self, server: usize) {
        match self.place[server] {
            Place::Waiting => self.waiting.remove(server),
            Place::Line => self.line.remove(server),
            Place::NextRound => self.next_round.remove(server),
            Place::Out | Place::Aside(_) => {}
        }
    }

    fn begin_round(&mut self) {
        std::mem::swap(&mut self.waiting, &mut self.next_round);
        for place in &mut self.place {
            if *place == Place::NextRound {
                *place = Place::Waiting;
            }
        }
        self.round_weight = self.next_weight;
        self.now = self.round_weight;
        self.round += 1;
    }

    #[inline]
    fn by_weight(&mut self, server: usize) -> u128 {
        self.stamped(HEAVIEST - self.weight[server])
    }

    /// Equal keys keep the order of insertion.
    #[inline]
    fn stamped(&mut self, key: i64) -> u128 {
        debug_assert!(key >= 0, "weights are at most 256");
        self.inserted += 1;
        (key as u128) << 64 | self.inserted as u128
    }
}

//! What this machine allows: works A and B written out by hand, without the engine. No request, no station,
//! no interpreter; only the clock, the draws, the queues and a histogram, since these are the work itself.
//!
//! `cargo bench --bench limit [-- REQUESTS]`; `engine` runs the same loops beside the engine.

use std::collections::VecDeque;
use std::time::Instant;

use foobar_sim::stats::histogram::Histogram;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};
use rand_distr::{Distribution as _, Exp1};

#[allow(dead_code)] // `engine` includes this file for its loops
fn main() {
    let requests = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(3_000_000);
    for (name, work) in [("a", a as fn(u64, u64) -> Histogram), ("b", b)] {
        let begun = Instant::now();
        let latency = work(requests, 1);
        let seconds = begun.elapsed().as_secs_f64();
        let mean = latency.mean().unwrap_or(f64::NAN) / 1e6;
        println!("work {name}: {:6.2} M requests/s, mean {mean:.4} ms", requests as f64 / seconds / 1e6);
    }
}

/// A sequence of draws, one for each purpose.
fn stream(seed: u64, purpose: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed << 8 | purpose)
}

#[inline(always)]
fn exponential(rng: &mut Xoshiro256PlusPlus, mean_ns: f64) -> u64 {
    let unit: f64 = Exp1.sample(rng);
    (mean_ns * unit) as u64
}

/// True with this probability, in 2^32nds.
#[inline(always)]
fn happens(rng: &mut Xoshiro256PlusPlus, threshold: u32) -> bool {
    ((rng.next_u64() >> 32) as u32) < threshold
}

/// Events by time in a 4-ary heap whose next push takes the place of what was popped last.
struct Heap {
    entries: Vec<(u64, u32)>,
    popped: bool,
}

impl Heap {
    #[inline(always)]
    fn push(&mut self, time: u64, what: u32) {
        if self.popped {
            self.popped = false;
            return self.sift_down((time, what));
        }
        let mut at = self.entries.len();
        self.entries.push((time, what));
        while at > 0 && self.entries[(at - 1) / 4].0 > time {
            self.entries[at] = self.entries[(at - 1) / 4];
            at = (at - 1) / 4;
        }
        self.entries[at] = (time, what);
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<(u64, u32)> {
        if self.popped {
            self.popped = false;
            let last = self.entries.pop()?;
            if !self.entries.is_empty() {
                self.sift_down(last);
            }
        }
        let first = *self.entries.first()?;
        self.popped = true;
        Some(first)
    }

    #[inline(always)]
    fn sift_down(&mut self, moving: (u64, u32)) {
        let entries = &mut self.entries[..];
        let mut at = 0;
        loop {
            let first = 4 * at + 1;
            if first >= entries.len() {
                break;
            }
            let mut least = first;
            for child in first + 1..(first + 4).min(entries.len()) {
                least = if entries[child].0 < entries[least].0 { child } else { least };
            }
            if entries[least].0 >= moving.0 {
                break;
            }
            entries[at] = entries[least];
            at = least;
        }
        entries[at] = moving;
    }
}

/// One worker at 80%: a heap of at most two entries and a queue of arrival times.
pub fn a(requests: u64, seed: u64) -> Histogram {
    let (mut gaps, mut services) = (stream(seed, 0), stream(seed, 1));
    let mut latency = Histogram::default();
    let mut events = Heap { entries: Vec::with_capacity(16), popped: false };
    let mut queue: VecDeque<u64> = VecDeque::with_capacity(1024);
    let (mut left, mut busy, mut served) = (requests, false, 0);
    events.push(exponential(&mut gaps, 1.25e6), 0);
    while let Some((now, what)) = events.pop() {
        if what == 0 {
            left -= 1;
            if left > 0 {
                events.push(now + exponential(&mut gaps, 1.25e6), 0);
            }
            if busy {
                queue.push_back(now);
            } else {
                (busy, served) = (true, now);
                events.push(now + exponential(&mut services, 1e6), 1);
            }
        } else {
            latency.record(now - served);
            if let Some(arrived) = queue.pop_front() {
                served = arrived;
                events.push(now + exponential(&mut services, 1e6), 1);
            } else {
                busy = false;
            }
        }
    }
    latency
}

const STATIONS: usize = 5;
/// Nanoseconds.
const SERVICE_MEAN: [f64; STATIONS] = [0.2e6, 0.5e6, 10e6, 6e6, 4e6];
/// First leaf of each station's workers; leaf 0 is the next arrival's.
const FIRST_LEAF: [usize; STATIONS + 1] = [1, 2, 4, 12, 16, 20];
const LEAF_BITS: u32 = 5;
const LEAVES: usize = 1 << LEAF_BITS;

/// Keys are time and leaf as one number; u64::MAX: idle.
#[inline(always)]
fn set(tree: &mut [u64; 2 * LEAVES], leaf: usize, key: u64) {
    let mut at = LEAVES + leaf % LEAVES;
    let mut winner = key;
    tree[at] = key;
    for _ in 0..LEAF_BITS {
        winner = winner.min(tree[at ^ 1]);
        at /= 2;
        tree[at] = winner;
    }
}

/// Five stations in a row: a winner tree with one leaf for each worker, which holds its request's arrival.
pub fn b(requests: u64, seed: u64) -> Histogram {
    let mut gaps = stream(seed, 0);
    let mut services: [Xoshiro256PlusPlus; STATIONS] = std::array::from_fn(|station| stream(seed, 1 + station as u64));
    let (mut dynamic, mut primary) = (stream(seed, 10), stream(seed, 11));
    let mut latency = Histogram::default();
    let mut tree = [u64::MAX; 2 * LEAVES];
    let mut arrived_of = [0u64; LEAVES];
    let mut station_of = [0usize; LEAVES];
    let mut idle: [Vec<usize>; STATIONS] =
        std::array::from_fn(|station| (FIRST_LEAF[station]..FIRST_LEAF[station + 1]).rev().collect());
    let mut queues: [VecDeque<u64>; STATIONS] = Default::default();
    for station in 0..STATIONS {
        station_of[FIRST_LEAF[station]..FIRST_LEAF[station + 1]].fill(station);
    }
    let mut left = requests;
    set(&mut tree, 0, exponential(&mut gaps, 1e6) << LEAF_BITS);
    while tree[1] != u64::MAX {
        let (now, leaf) = (tree[1] >> LEAF_BITS, tree[1] as usize % LEAVES);
        let (next, arrived);
        if leaf == 0 {
            left -= 1;
            let gap = exponential(&mut gaps, 1e6);
            set(&mut tree, 0, if left > 0 { (now + gap) << LEAF_BITS } else { u64::MAX });
            (next, arrived) = (0, now);
        } else {
            let station = station_of[leaf];
            arrived = arrived_of[leaf];
            if let Some(waiting) = queues[station].pop_front() {
                arrived_of[leaf] = waiting;
                let due = now + exponential(&mut services[station], SERVICE_MEAN[station]);
                set(&mut tree, leaf, due << LEAF_BITS | leaf as u64);
            } else {
                idle[station].push(leaf);
                set(&mut tree, leaf, u64::MAX);
            }
            next = match station {
                0 => 1,
                1 if happens(&mut dynamic, 1_717_986_918) => 2,
                2 => 4 - usize::from(happens(&mut primary, 1_288_490_189)),
                _ => {
                    latency.record(now - arrived);
                    continue;
                }
            };
        }
        if let Some(leaf) = idle[next].pop() {
            arrived_of[leaf] = arrived;
            let due = now + exponential(&mut services[next], SERVICE_MEAN[next]);
            set(&mut tree, leaf, due << LEAF_BITS | leaf as u64);
        } else {
            queues[next].push_back(arrived);
        }
    }
    latency
}

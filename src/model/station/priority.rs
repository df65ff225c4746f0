//! Several ranks of requests, the most urgent first; with preemption, urgent work interrupts other work,
//! which resumes where it was.

use super::observed::Observed;
use super::pool::Patience;
use crate::model::request::{NONE, Queue, RequestId};

#[derive(Clone, Debug)]
pub struct Priority {
    pub leaf: u32,
    pub preemptive: bool,
    /// Rank by request class, 0 most urgent.
    pub rank_of_class: Vec<u32>,
    /// Whom each worker serves (`NONE`: idle), its rank, and when that stint began.
    pub serving: Vec<Stint>,
    /// One queue for each rank.
    pub queues: Vec<Queue>,
    pub queue_limit: u32,
    pub patience: Option<Patience>,
    /// Its workers stand still: they keep whom they serve, with the work that is left.
    pub stands_still: bool,
    pub observed: Observed,
}

#[derive(Clone, Copy, Debug)]
pub struct Stint {
    pub request: RequestId,
    pub rank: u32,
    pub began: u64,
    /// From when on it has been served of the work that is left; later than `began` where it stood still meanwhile.
    pub since: u64,
}

impl Priority {
    pub fn new(workers: u32, leaf: u32, rank_of_class: Vec<u32>, preemptive: bool) -> Priority {
        let ranks = rank_of_class.iter().max().map_or(1, |r| r + 1) as usize;
        Priority {
            leaf,
            preemptive,
            rank_of_class,
            serving: vec![Stint { request: NONE, rank: 0, began: 0, since: 0 }; workers as usize],
            queues: vec![Queue::default(); ranks],
            queue_limit: u32::MAX,
            patience: None,
            stands_still: false,
            observed: Observed::default(),
        }
    }

    pub fn waiting(&self) -> u32 {
        self.queues.iter().map(|q| q.len()).sum()
    }

    pub fn idle_worker(&self) -> Option<usize> {
        self.serving.iter().position(|s| s.request == NONE)
    }

    /// The worker whose work `rank` may interrupt: the least urgent, of those the one begun last.
    pub fn preemptible(&self, rank: u32) -> Option<usize> {
        if !self.preemptive {
            return None;
        }
        (0..self.serving.len())
            .filter(|&w| self.serving[w].rank > rank)
            .max_by_key(|&w| (self.serving[w].rank, self.serving[w].began, std::cmp::Reverse(w)))
    }

    /// How long a worker has served whom it serves, of the work that is left: nanoseconds.
    pub fn served(&self, worker: usize, now: u64) -> u64 {
        if self.stands_still { 0 } else { now - self.serving[worker].since }
    }

    /// The most urgent rank with someone waiting.
    pub fn next_rank(&self) -> Option<usize> {
        self.queues.iter().position(|q| !q.is_empty())
    }
}

//! First come, first served, with one or many workers.

use super::observed::Observed;
use super::pool::Patience;
use crate::engine::heap::Heap;
use crate::model::request::{Queue, RequestId};

/// Up to this many workers each have a leaf of their own in the event set (any leaf that is free then); beyond, the station keeps its
/// departures in a heap behind one leaf.
pub const OWN_LEAVES_MAX: u32 = 16;

/// What every visit touches comes first, in as few cache lines as it fits.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Fcfs {
    pub observed: Observed,
    pub idle: u32,
    pub queue: Queue,
    /// `u32::MAX`: unlimited.
    pub workers: u32,
    /// Most that may wait.
    pub queue_limit: u32,
    pub patience: Option<Patience>,
    /// Its leaf, where departures are in a heap.
    pub leaf: u32,
    /// (time, sequence) of departures to come; only without leaves of their own.
    pub departures: Heap<u128, RequestId>,
    /// Factor of its speed; faults change it.
    pub speed: f64,
    /// While it stands still: who is being served (the leaf of a worker that has one, else the request), and how
    /// much work is left, nanoseconds.
    pub stopped: Vec<(u32, f64)>,
}

impl Fcfs {
    pub fn new(workers: u32, leaf: u32) -> Fcfs {
        Fcfs {
            workers,
            leaf,
            idle: workers,
            departures: Heap::default(),
            speed: 1.0,
            stopped: Vec::new(),
            queue: Queue::default(),
            queue_limit: u32::MAX,
            patience: None,
            observed: Observed::default(),
        }
    }

    /// How long so much work takes, nanoseconds; `u64::MAX` while the station stands still.
    pub fn span(&self, work: f64) -> u64 {
        if self.speed == 1.0 {
            work as u64
        } else if self.speed == 0.0 {
            u64::MAX
        } else {
            crate::model::program::round_nanos(work / self.speed)
        }
    }

    pub fn has_own_leaves(&self) -> bool {
        self.workers <= OWN_LEAVES_MAX
    }

    /// Leaves that a station with so many workers needs.
    pub fn leaves(workers: u32) -> u32 {
        if workers <= OWN_LEAVES_MAX { workers } else { 1 }
    }
}

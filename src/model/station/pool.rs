//! What is held while other stations work: workers, connections, slots of a server.

use super::observed::Observed;
use crate::model::request::Queue;

/// How long a request waits in a queue before it gives up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Patience {
    /// All alike: a timeout line.
    Line(u32),
    /// Drawn for each visit: see `Patiences`.
    Drawn,
}

#[derive(Clone, Debug)]
pub struct Pool {
    /// `u32::MAX`: unlimited.
    pub capacity: u32,
    pub in_use: u32,
    pub queue: Queue,
    pub queue_limit: u32,
    pub patience: Option<Patience>,
    /// Its process is down: everyone is turned away.
    pub closed: bool,
    /// Waits for a free slot (present, waiting) and holding (busy).
    pub observed: Observed,
    /// Sum over waits that ended, and of the time from grant to release: nanoseconds.
    pub waiting_sum: u128,
    pub granted: u64,
}

impl Pool {
    pub fn new(capacity: u32) -> Pool {
        Pool {
            capacity,
            in_use: 0,
            queue: Queue::default(),
            queue_limit: u32::MAX,
            patience: None,
            closed: false,
            observed: Observed::default(),
            waiting_sum: 0,
            granted: 0,
        }
    }
}

impl Pool {
    /// The measured part begins.
    pub fn begin(&mut self) {
        self.waiting_sum = 0;
        self.granted = 0;
    }
}

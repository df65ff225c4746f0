//! The exact log of a tiny run, for tests: who arrived, was served where, and left when.

use crate::model::network::WaitAt;
use crate::model::request::RequestId;

/// One line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Nanoseconds since the start of the run.
    pub time_ns: u64,
    /// Number of the request in the order of arrival, from 0.
    pub request: u32,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Arrives {
        class: u16,
    },
    /// Service begins at a queueing station.
    Starts(WaitAt),
    /// 0: answered; else the `FailureReason`.
    Ends {
        failure: u8,
    },
}

#[derive(Clone, Debug, Default)]
pub struct EventLog {
    pub entries: Vec<Entry>,
    /// Number of the request in each place of the slab.
    numbers: Vec<u32>,
    arrived: u32,
}

impl EventLog {
    pub fn arrive(&mut self, now: u64, id: RequestId, class: u16) {
        let place = id as usize;
        if place >= self.numbers.len() {
            self.numbers.resize(place + 1, u32::MAX);
        }
        self.numbers[place] = self.arrived;
        self.arrived += 1;
        self.push(now, id, What::Arrives { class });
    }

    pub fn start(&mut self, now: u64, id: RequestId, at: WaitAt) {
        self.push(now, id, What::Starts(at));
    }

    pub fn end(&mut self, now: u64, id: RequestId, failure: u8) {
        self.push(now, id, What::Ends { failure });
    }

    /// A request lives on in another place of the slab.
    pub fn moved(&mut self, from: RequestId, to: RequestId) {
        let number = self.number_of(from);
        if to as usize >= self.numbers.len() {
            self.numbers.resize(to as usize + 1, u32::MAX);
        }
        self.numbers[to as usize] = number;
    }

    fn push(&mut self, now: u64, id: RequestId, what: What) {
        self.entries.push(Entry { time_ns: now, request: self.number_of(id), what });
    }

    /// `u32::MAX`: it did not arrive, but is something that the system does for itself.
    fn number_of(&self, id: RequestId) -> u32 {
        self.numbers.get(id as usize).copied().unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_never_arrived_has_no_number_wherever_it_lives() {
        let mut log = EventLog::default();
        log.arrive(1, 0, 0);
        // a health check that is parted from whom it has called
        log.moved(7, 3);
        log.moved(0, 4);
        log.end(5, 3, 0);
        log.end(6, 4, 0);
        assert_eq!(log.entries.iter().map(|entry| entry.request).collect::<Vec<_>>(), [0, u32::MAX, 0]);
    }
}

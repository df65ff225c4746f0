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
        let number = self.numbers[from as usize];
        if to as usize >= self.numbers.len() {
            self.numbers.resize(to as usize + 1, u32::MAX);
        }
        self.numbers[to as usize] = number;
    }

    fn push(&mut self, now: u64, id: RequestId, what: What) {
        let request = self.numbers.get(id as usize).copied().unwrap_or(u32::MAX);
        self.entries.push(Entry { time_ns: now, request, what });
    }
}

//! A source of traffic inside a run: when its next request comes, and what it is.

use crate::engine::random::{Key, purpose};
use crate::engine::time::SimTime;
use crate::model::network::Entry;
use crate::model::program::StepId;
use crate::workload::arrival::Arrivals;
use crate::workload::trace::{TraceRecord, WORK_COLUMNS};

const CLASS: u64 = purpose("request.class");
const MISSING: u64 = purpose("trace.missing_work");

/// Where a source's arrivals come from.
pub enum Feed<'a> {
    Process(Box<Arrivals>),
    /// Recorded requests in the order of arrival.
    Trace(Box<dyn Iterator<Item = TraceRecord> + Send + 'a>),
    /// Closed users; each one's next request number.
    Users(Vec<u32>),
}

pub struct Source<'a> {
    pub leaf: u32,
    pub entry: Entry,
    key: Key,
    /// t = 0 on the clock, nanoseconds.
    origin: u64,
    feed: Feed<'a>,
    /// Closed users of the sources before this one: requests carry numbers that are unique in the run.
    pub first_user: u32,
    index: u64,
    /// When the next request comes; `u64::MAX`: never.
    pub next_time: u64,
    next_record: Option<TraceRecord>,
    /// Work that the trace supplied lately, by class and column: requests without a timer draw from it.
    supplied: Vec<[Recent; WORK_COLUMNS]>,
    /// Requests whose timer was missing.
    pub without_work: u64,
}

/// The latest values of a column.
#[derive(Clone, Debug, Default)]
struct Recent {
    values: Vec<f64>,
    next: usize,
    /// Requests without a value before the first that had one.
    missed: u64,
}

/// How many values are kept of each class and column.
const RECENT_MAX: usize = 1024;

impl Recent {
    fn push(&mut self, value: f64) {
        if self.values.len() < RECENT_MAX {
            self.values.push(value);
        } else {
            self.values[self.next] = value;
        }
        self.next = (self.next + 1) % RECENT_MAX;
    }
}

/// A request as it begins.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    pub key: Key,
    pub class: u16,
    pub step: StepId,
    pub given: [f32; 3],
}

impl<'a> Source<'a> {
    pub fn new(leaf: u32, entry: Entry, key: Key, origin: u64, feed: Feed<'a>) -> Source<'a> {
        let supplied = vec![Default::default(); entry.entry_of_class.len()];
        Source {
            leaf,
            entry,
            key,
            origin,
            feed,
            first_user: 0,
            index: 0,
            next_time: u64::MAX,
            next_record: None,
            supplied,
            without_work: 0,
        }
    }

    /// Requests whose timer was missing before any other of their class had one: they do no such work.
    pub fn before_any_work(&self) -> u64 {
        self.supplied.iter().flatten().filter(|recent| !recent.values.is_empty()).map(|recent| recent.missed).sum()
    }

    /// Number of closed users; `None` for open traffic.
    pub fn users(&self) -> Option<u32> {
        match &self.feed {
            Feed::Users(iterations) => Some(iterations.len() as u32),
            Feed::Process(_) | Feed::Trace(_) => None,
        }
    }

    pub fn key_of_user(&self, user: u32) -> u64 {
        self.key.indexed(user as u64).0
    }

    /// When the first request comes.
    pub fn first(&mut self) -> u64 {
        self.plan();
        self.next_time
    }

    #[inline(always)]
    fn plan(&mut self) {
        match &mut self.feed {
            Feed::Process(arrivals) => self.next_time = arrivals.next().0,
            Feed::Trace(records) => {
                self.next_record = records.next();
                self.next_time = match &self.next_record {
                    Some(record) => self.origin + SimTime::from_seconds(record.arrival_s).0,
                    None => u64::MAX,
                };
            }
            Feed::Users(_) => self.next_time = u64::MAX,
        }
    }

    /// The request that comes now; plans the one after it.
    #[inline(always)]
    pub fn take(&mut self, _now: u64) -> Begun {
        let key = self.key.indexed(self.index);
        self.index += 1;
        let begun = if self.next_record.is_none() { self.drawn(key) } else { self.recorded(key) };
        self.plan();
        begun
    }

    #[inline(never)]
    fn recorded(&mut self, key: Key) -> Begun {
        let record = self.next_record.expect("a trace has planned its next request");
        let mut given = [f32::NAN; 3];
        for (column, value) in record.work_s.iter().enumerate() {
            given[column] = (self.work(key, record.class, column, *value) * 1e9) as f32;
        }
        given[WORK_COLUMNS] = record.bytes.map_or(f32::NAN, |bytes| bytes as f32);
        Begun { key, class: record.class as u16, step: self.entry.entry_of_class[record.class], given }
    }

    /// Work of one column: as recorded, else one of the class's latest.
    fn work(&mut self, key: Key, class: usize, column: usize, recorded: Option<f64>) -> f64 {
        let recent = &mut self.supplied[class][column];
        match recorded {
            Some(value) => {
                recent.push(value);
                value
            }
            None if recent.values.is_empty() => {
                recent.missed += 1;
                f64::NAN
            }
            None => {
                self.without_work += 1;
                let n = recent.values.len() as u64;
                recent.values[(key.draw(MISSING, column as u32).next() % n) as usize]
            }
        }
    }

    #[inline(always)]
    fn drawn(&self, key: Key) -> Begun {
        let classes = &self.entry.classes;
        let class = if classes.len() == 1 {
            classes[0].1
        } else {
            let bits = (key.draw(CLASS, 0).next() >> 32) as u32;
            classes.iter().find(|(threshold, _)| bits < *threshold).unwrap_or(&classes[classes.len() - 1]).1
        };
        Begun { key, class, step: self.entry.entry_of_class[class as usize], given: [f32::NAN; 3] }
    }

    /// The next request of a closed user.
    pub fn next_of_user(&mut self, user: u32) -> Begun {
        let Feed::Users(iterations) = &mut self.feed else { panic!("only closed users come back") };
        let iteration = iterations[user as usize];
        iterations[user as usize] += 1;
        // one key for the user, one for each of its requests; the thinking before it uses the former's
        let key = self.key.indexed(user as u64).indexed(iteration as u64 + 1);
        if self.entry.session.is_empty() {
            return self.drawn(key);
        }
        let class = self.entry.session[iteration as usize % self.entry.session.len()];
        Begun { key, class, step: self.entry.entry_of_class[class as usize], given: [f32::NAN; 3] }
    }
}

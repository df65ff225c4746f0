//! A source of traffic inside a run: when its next request comes, and what it is.

use crate::engine::random::{Key, purpose};
use crate::engine::time::SimTime;
use crate::model::network::Entry;
use crate::model::program::StepId;
use crate::workload::arrival::Arrivals;
use crate::workload::trace::{TraceRecord, WORK_COLUMNS};

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
    /// Requests of an arrival process are worked out some way ahead, since nothing that happens changes them:
    /// a loop of draws is quicker than as many single ones. The next one's place among them.
    ahead: Vec<Planned>,
    at: usize,
    next_record: Option<TraceRecord>,
    /// Work and size that a trace supplied for the request taken last.
    pub given: Option<[f32; WORK_COLUMNS + 1]>,
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

/// A request to come.
#[derive(Clone, Copy, Debug)]
struct Planned {
    time: u64,
    key: Key,
    step: StepId,
    class: u16,
}

/// How many requests are worked out ahead.
const AHEAD: usize = 64;

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
            ahead: Vec::new(),
            at: 0,
            next_record: None,
            given: None,
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

    /// Works out when the next request comes.
    #[inline(never)]
    fn plan(&mut self) {
        match &mut self.feed {
            Feed::Process(arrivals) => {
                let mut times = [0; AHEAD];
                arrivals.fill(&mut times);
                let (key, first) = (self.key, self.index);
                self.index += AHEAD as u64;
                self.ahead.clear();
                self.ahead.extend(times.iter().zip(first..).map(|(&time, index)| {
                    let key = key.indexed(index);
                    let class = self.entry.draw_class(key);
                    Planned { time, key, class, step: self.entry.entry_of_class[class as usize] }
                }));
                self.at = 0;
                self.next_time = self.ahead[0].time;
            }
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

    /// Where the request that comes next will begin, if that is known.
    #[inline(always)]
    pub fn next_step(&self) -> Option<StepId> {
        self.ahead.get(self.at).map(|next| next.step)
    }

    /// The request that comes now; plans the one after it.
    #[inline(always)]
    pub fn take(&mut self) -> Begun {
        if self.next_record.is_some() {
            self.supply();
        }
        let Planned { key, class, step, .. } = self.ahead[self.at];
        self.at += 1;
        match self.ahead.get(self.at) {
            Some(next) => self.next_time = next.time,
            None => self.plan(),
        }
        Begun { key, class, step }
    }

    /// Makes a request of the record that is due.
    #[cold]
    #[inline(never)]
    fn supply(&mut self) {
        let record = self.next_record.expect("a trace has planned its next request");
        let key = self.key.indexed(self.index);
        self.index += 1;
        let mut given = [f32::NAN; WORK_COLUMNS + 1];
        for (column, value) in record.work_s.iter().enumerate() {
            given[column] = (self.work(key, record.class, column, *value) * 1e9) as f32;
        }
        given[WORK_COLUMNS] = record.bytes.map_or(f32::NAN, |bytes| bytes as f32);
        self.given = Some(given);
        let (class, step) = (record.class as u16, self.entry.entry_of_class[record.class]);
        self.ahead.clear();
        self.ahead.push(Planned { time: self.next_time, key, class, step });
        self.at = 0;
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

    /// The next request of a closed user.
    pub fn next_of_user(&mut self, user: u32) -> Begun {
        let Feed::Users(iterations) = &mut self.feed else { panic!("only closed users come back") };
        let iteration = iterations[user as usize];
        iterations[user as usize] += 1;
        // one key for the user, one for each of its requests; the thinking before it uses the former's
        let key = self.key.indexed(user as u64).indexed(iteration as u64 + 1);
        let class = if self.entry.session.is_empty() {
            self.entry.draw_class(key)
        } else {
            self.entry.session[iteration as usize % self.entry.session.len()]
        };
        Begun { key, class, step: self.entry.entry_of_class[class as usize] }
    }
}

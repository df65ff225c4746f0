//! Parts of the measured time that objectives look at, observed apart: what has been counted by the end of a part less
//! what had been by its beginning. Nothing is done for each request, and nothing at all where no objective asks.

use super::result::{ClassResult, LagResult, SpanResult};
use crate::engine::table::Table;
use crate::engine::time::SimTime;
use crate::model::network::Network;
use crate::scenario::TimeSpan;

#[derive(Debug, Default)]
pub struct Spans {
    spans: Vec<Span>,
}

#[derive(Debug)]
struct Span {
    /// The fault that it is there with, any number of times; `from` and `to` are never then.
    fault: Option<usize>,
    /// On the clock, nanoseconds; `u64::MAX`: to the end.
    from: u64,
    to: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// What was seen each time before, if it is there several times.
    Ahead(Option<Box<SpanResult>>),
    /// The same, and everything up to its beginning.
    Open(Option<Box<SpanResult>>, Box<SpanResult>),
    Over(Box<SpanResult>),
}

impl Spans {
    /// `origin`: t = 0 on the clock.
    pub fn new(wanted: &[TimeSpan], origin: u64) -> Spans {
        let at = |seconds: f64| origin + SimTime::from_seconds(seconds).0;
        let span = |wanted: &TimeSpan| {
            let (fault, from, to) = match *wanted {
                TimeSpan::Between { from_s, to_s } => (None, at(from_s), to_s.map_or(u64::MAX, at)),
                TimeSpan::Outages { fault } => (Some(fault), u64::MAX, u64::MAX),
            };
            Span { fault, from, to, state: State::Ahead(None) }
        };
        Spans { spans: wanted.iter().map(span).collect() }
    }

    /// The next beginning or end of one.
    pub fn next_edge(&self) -> u64 {
        let edges = self.spans.iter().map(|span| match span.state {
            State::Ahead(_) => span.from,
            State::Open(..) => span.to,
            State::Over(_) => u64::MAX,
        });
        edges.min().unwrap_or(u64::MAX)
    }

    /// Begins and ends what begins and ends at this time.
    pub fn pass(&mut self, classes: &Table<ClassResult>, net: &mut Network, now: u64) {
        for span in self.spans.iter_mut().filter(|span| span.fault.is_none()) {
            match &span.state {
                State::Ahead(_) if span.from <= now => {
                    span.state = State::Open(None, Box::new(so_far(classes, net, now)));
                }
                State::Open(_, before) if span.to <= now => {
                    span.state = State::Over(Box::new(so_far(classes, net, now).since(before)));
                }
                State::Ahead(_) | State::Open(..) | State::Over(_) => {}
            }
        }
    }

    /// A fault that comes at random begins or ends.
    pub fn outage(&mut self, fault: usize, begins: bool, classes: &Table<ClassResult>, net: &mut Network, now: u64) {
        for span in self.spans.iter_mut().filter(|span| span.fault == Some(fault)) {
            let state = std::mem::replace(&mut span.state, State::Ahead(None));
            span.state = match state {
                State::Ahead(sum) if begins => State::Open(sum, Box::new(so_far(classes, net, now))),
                State::Open(sum, before) if !begins => {
                    State::Ahead(Some(Box::new(with(sum, so_far(classes, net, now).since(&before)))))
                }
                other => other,
            };
        }
    }

    /// The run is over; `None`: over before the part began.
    pub fn finish(self, classes: &Table<ClassResult>, net: &mut Network, end: u64) -> Vec<Option<SpanResult>> {
        let finished = self.spans.into_iter().map(|span| match span.state {
            State::Ahead(sum) => sum.map(|sum| *sum),
            State::Open(sum, before) => {
                Some(with(sum, so_far(classes, net, end).since(&before))).filter(|part| part.length_ns > 0)
            }
            State::Over(part) => Some(*part),
        });
        finished.collect()
    }
}

/// What was seen this time, and before.
fn with(before: Option<Box<SpanResult>>, mut part: SpanResult) -> SpanResult {
    if let Some(before) = before {
        part.merge(&before);
    }
    part
}

/// Everything since the measured part began.
fn so_far(classes: &Table<ClassResult>, net: &mut Network, now: u64) -> SpanResult {
    let busy = (0..net.stations.len()).map(|i| {
        let at = net.stations[i].at;
        net.observed(at).busy_area(now)
    });
    let busy_area_ns = busy.collect();
    let lag = net.replicas.iter_mut().map(|replica| {
        replica.advance(now);
        LagResult {
            apply_delay_ns: replica.apply_delay.clone(),
            seconds_behind: replica.seconds_behind.clone(),
            reads: replica.reads,
            stale_reads: replica.stale_reads,
        }
    });
    let replicas = lag.collect();
    SpanResult { length_ns: now, classes: classes.iter().cloned().collect(), busy_area_ns, replicas }
}

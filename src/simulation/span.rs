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
    /// On the clock, nanoseconds; `u64::MAX`: to the end.
    from: u64,
    to: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Ahead,
    Open(Box<SpanResult>),
    Over(Box<SpanResult>),
}

impl Spans {
    /// `origin`: t = 0 on the clock.
    pub fn new(wanted: &[TimeSpan], origin: u64) -> Spans {
        let at = |seconds: f64| origin + SimTime::from_seconds(seconds).0;
        let span = |wanted: &TimeSpan| Span {
            from: at(wanted.from_s),
            to: wanted.to_s.map_or(u64::MAX, at),
            state: State::Ahead,
        };
        Spans { spans: wanted.iter().map(span).collect() }
    }

    /// The next beginning or end of one.
    pub fn next_edge(&self) -> u64 {
        let edges = self.spans.iter().map(|span| match span.state {
            State::Ahead => span.from,
            State::Open(_) => span.to,
            State::Over(_) => u64::MAX,
        });
        edges.min().unwrap_or(u64::MAX)
    }

    /// Begins and ends what begins and ends at this time.
    pub fn pass(&mut self, classes: &Table<ClassResult>, net: &mut Network, now: u64) {
        for span in &mut self.spans {
            match &span.state {
                State::Ahead if span.from <= now => span.state = State::Open(Box::new(so_far(classes, net, now))),
                State::Open(before) if span.to <= now => {
                    span.state = State::Over(Box::new(so_far(classes, net, now).since(before)));
                }
                State::Ahead | State::Open(_) | State::Over(_) => {}
            }
        }
    }

    /// The run is over; `None`: over before the part began.
    pub fn finish(self, classes: &Table<ClassResult>, net: &mut Network, end: u64) -> Vec<Option<SpanResult>> {
        let finished = self.spans.into_iter().map(|span| match span.state {
            State::Ahead => None,
            State::Open(before) => Some(so_far(classes, net, end).since(&before)).filter(|part| part.length_ns > 0),
            State::Over(part) => Some(*part),
        });
        finished.collect()
    }
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

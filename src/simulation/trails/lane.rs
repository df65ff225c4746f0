//! What goes on one step after the other, and what is written down of it.

use super::super::places::{Place, Spent};
use crate::model::network::StationAt;
use crate::model::program::StepId;

/// What goes on one step after the other: a request, an attempt of a client, or a part that runs beside others.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// The lane and the stop of it that waits for this one.
    pub parent: Option<(usize, usize)>,
    /// Which attempt of its client, from 1; `None`: a part beside others.
    pub attempt: Option<u16>,
    pub began: u64,
    pub ended: u64,
    /// Nobody waits for it any more, and it goes on for nobody.
    pub abandoned: bool,
    pub failure: u8,
    /// One after the other without a gap.
    pub stops: Vec<Stop>,
    pub calls: Vec<Call>,
    pub holds: Vec<Hold>,
    pub(super) open: bool,
    pub(super) since: u64,
    pub(super) stop: Option<Pending>,
    /// Calls under way, outermost first.
    pub(super) stack: Vec<usize>,
}

/// A stretch between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    pub began: u64,
    pub ended: u64,
    pub for_what: Awaited,
    /// So much of it was service (or the passing of time that nothing shortens); the rest was waiting.
    pub done: u64,
    /// Requests that waited in front of it when it came.
    pub ahead: u32,
    /// Others that were served at the same time, where service is shared.
    pub others: u32,
    /// Index of `Lane::calls`: in which call.
    pub call: Option<usize>,
    /// Why it ended, if it failed; as a request carries it.
    pub failure: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// Index of `Trails::places`.
    Place(u16),
    /// For parts that run at the same time; lanes of their own.
    Parts,
    /// For an attempt; a lane of its own.
    Attempt,
}

/// A call of a process, from its arrival there to its return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub began: u64,
    pub ended: u64,
    /// Number of the process.
    pub process: u32,
    /// Index of `Lane::calls`: the call that made it.
    pub within: Option<usize>,
    pub depth: u8,
    pub failure: u8,
}

/// A slot that it held while it went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub at: StationAt,
    pub began: u64,
    pub ended: u64,
    pub depth: u8,
    pub(super) open: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) for_what: Awaited,
    pub(super) work: u64,
    /// When its service began; `None`: it waits.
    pub(super) started: Option<u64>,
    pub(super) ahead: u32,
    pub(super) others: u32,
    pub(super) call: Option<usize>,
    /// The step behind what it waits for, and what it will hold if it goes on there.
    pub(super) step: StepId,
    pub(super) slot: Option<StationAt>,
    pub(super) failure: u8,
}

/// How a request stands when it goes on or stops.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub step: StepId,
    pub depth: u8,
    pub failure: u8,
}

impl Lane {
    pub(super) fn begun(now: u64, parent: Option<(usize, usize)>, attempt: Option<u16>) -> Lane {
        Lane { parent, attempt, began: now, ended: now, since: now, open: true, ..Lane::default() }
    }

    pub(super) fn go_on(&mut self, now: u64, standing: Standing, places: &[Place]) {
        let Some(stop) = self.stop.take() else { return };
        if let Some(at) = stop.slot
            && standing.step == stop.step
            && standing.failure == stop.failure
        {
            self.holds.push(Hold { at, began: now, ended: now, depth: standing.depth, open: true });
        }
        let failure = if standing.failure != stop.failure { standing.failure } else { 0 };
        self.close(now, stop, failure, places);
    }

    /// A stretch of no length is left out, unless others have it as their parent.
    pub(super) fn close(&mut self, now: u64, stop: Pending, failure: u8, places: &[Place]) {
        let elapsed = now - self.since;
        if elapsed == 0 && matches!(stop.for_what, Awaited::Place(_)) {
            return;
        }
        let done = match stop.for_what {
            Awaited::Place(place) if places[place as usize].spent == Spent::Service => {
                // who leaves before its service has begun was not served
                stop.started.map_or(0, |started| stop.work.min(now - started))
            }
            _ => elapsed,
        };
        let Pending { for_what, ahead, others, call, .. } = stop;
        self.stops.push(Stop { began: self.since, ended: now, for_what, done, ahead, others, call, failure });
        self.since = now;
    }

    /// Calls that are deeper than it stands have returned, and what was held there is free.
    pub(super) fn unwind(&mut self, now: u64, standing: Standing) {
        while let Some(&innermost) = self.stack.last()
            && self.calls[innermost].depth > standing.depth
        {
            self.stack.pop();
            (self.calls[innermost].ended, self.calls[innermost].failure) = (now, standing.failure);
        }
        for hold in self.holds.iter_mut().filter(|hold| hold.open && hold.depth > standing.depth) {
            (hold.ended, hold.open) = (now, false);
        }
    }

    pub(super) fn end(&mut self, now: u64, failure: u8, places: &[Place]) {
        if let Some(stop) = self.stop.take() {
            self.close(now, stop, failure, places);
        }
        for &call in &self.stack {
            (self.calls[call].ended, self.calls[call].failure) = (now, failure);
        }
        self.stack.clear();
        for hold in self.holds.iter_mut().filter(|hold| hold.open) {
            (hold.ended, hold.open) = (now, false);
        }
        (self.ended, self.failure, self.open) = (now, failure, false);
    }
}

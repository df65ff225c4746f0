//! Calls into silence: a server without power, or a way that is cut, answers nothing. Who connects sends its SYN
//! again, who has sent on a connection that stood sends its bytes again, and who waits for an answer waits: a timeout
//! ends it, or the return of the other side.
//!
//! When a Linux kernel sends again, and when it gives up: `tcp_syn_retries` and `tcp_syn_linear_timeouts` as the
//! scenario says, `tcp_retries2` 15 with a first timeout of 200 ms and a longest of 120 s (kernel documentation,
//! ip-sysctl).

use std::collections::BTreeMap;

use super::Simulator;
use crate::engine::heap::Heap;
use crate::engine::time::SimTime;
use crate::model::network::{SynRetries, WaitAt};
use crate::model::program::{Step, StepId};
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::FailureReason;

const SECOND: u64 = 1_000_000_000;
const DATA_FIRST: u64 = SECOND / 5;
const LONGEST: u64 = 120 * SECOND;
const DATA_RETRIES: u32 = 15;

/// What somebody who waits has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// A SYN.
    Connect,
    /// Bytes of a request, on a connection that stood.
    Bytes,
    /// The other side sends: an answer that does not come through.
    Answer,
    /// The first part of a client's upload, or of its download (see `standing`).
    Part,
    /// All was received: nothing is sent again.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) sent: Sent,
    /// Since when.
    pub(super) since: u64,
    /// How often it was sent again.
    again: u32,
    /// The process at the other end, and how often it had been stopped.
    pub(super) process: u32,
    pub(super) stops: u32,
}

#[derive(Default)]
pub(super) struct Silence {
    waiting: BTreeMap<RequestId, Waiting>,
    /// When somebody sends again; stale when it does not wait any more, or again.
    due: Heap<u128, (RequestId, u32)>,
    /// Connections between a caller and a callee, by process: in use, and open.
    connections: BTreeMap<(u32, u32), Connections>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Connections {
    busy: u32,
    open: u32,
}

/// Time from one sending to the next, nanoseconds, and whether there is one: else it gives up after as long as that.
fn interval(syn: SynRetries, sent: Sent, again: u32) -> (u64, bool) {
    match sent {
        Sent::Connect => {
            let doubled = again.saturating_sub(syn.linear).min(20);
            ((SECOND << doubled).min(LONGEST), again < syn.linear + syn.more)
        }
        _ => ((DATA_FIRST << again.min(20)).min(LONGEST), again < DATA_RETRIES),
    }
}

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// A call arrives at its callee, whose program begins at `at`: where it goes on; `None`: it waits.
    pub(super) fn admit(&mut self, id: RequestId, at: StepId) -> Option<StepId> {
        let process = self.net.process_of_step[at as usize];
        if process == NONE {
            return Some(at);
        }
        let request = &self.slab[id];
        let call = request.frames[request.depth as usize - 1].after - 1;
        let caller = self.net.process_of_step[call as usize];
        let (at, process, answered) = match self.front_of(process) {
            Some(front) => self.behind_address(id, call, front),
            None => (at, process, self.reaches(self.server_of(caller), self.server_of(process))),
        };
        if !answered {
            self.call_into_silence(id, call, caller, process);
            return None;
        }
        if let Some(waited) = self.silence.waiting.remove(&id) {
            // its timeouts mean nothing any more
            self.slab[id].epoch = self.slab[id].epoch.wrapping_add(1);
            let stands = waited.stops == self.standing_of(process, waited.sent);
            if waited.sent == Sent::Bytes && (!stands || self.has_closed(call, waited.since)) {
                // nobody there knows of the connection
                self.slab[id].failure = FailureReason::ConnectionReset as u8;
                return Some(self.return_step(id));
            }
        }
        if self.world.killed[process as usize] > 0 {
            self.slab[id].failure = FailureReason::ConnectionRefused as u8;
            return Some(self.return_step(id));
        }
        if self.net.steps[at as usize] == Step::Accept {
            return Some(at);
        }
        if !self.world.read_only.is_empty() && self.refuses_writes(process, at) {
            self.slab[id].failure = FailureReason::ReadOnly as u8;
            return Some(self.return_step(id));
        }
        if caller != NONE {
            let connections = self.silence.connections.entry((caller, process)).or_default();
            connections.busy += 1;
            connections.open = connections.open.max(connections.busy);
        }
        (!self.held_before(id, at)).then_some(at)
    }

    /// A callee's program ends at the step `from`: where the caller goes on; `None`: it waits.
    pub(super) fn come_back(&mut self, id: RequestId, from: StepId) -> Option<StepId> {
        let process = self.net.process_of_step[from as usize];
        if !self.world.writes_begun.is_empty() {
            self.write_has_ended(id);
        }
        let request = &self.slab[id];
        let after = request.frames[request.depth as usize - 1].after;
        let caller = self.net.process_of_step[after as usize];
        let next = self.return_step(id);
        if process != NONE && after != self.net.orphan_end {
            if !self.reaches(self.server_of(process), self.server_of(caller)) {
                self.slab[id].step = next;
                self.fall_silent(id, Sent::Answer, process);
                return None;
            }
            self.disconnect(caller, process, false);
        }
        (!self.held_before(id, next)).then_some(next)
    }

    /// A connection is free again; or it is closed.
    pub(super) fn disconnect(&mut self, caller: u32, process: u32, closed: bool) {
        if let Some(connections) = self.silence.connections.get_mut(&(caller, process)) {
            connections.busy = connections.busy.saturating_sub(1);
            connections.open = connections.open.saturating_sub(closed as u32);
        }
    }

    /// A process has stopped: of its own connections none is left, and of those to it only the ones of callers who
    /// have not been told and do not wait there.
    pub(super) fn forget_connections(&mut self, process: u32, told: bool) {
        self.silence.connections.retain(|&(from, to), connections| {
            if to == process {
                connections.open -= connections.busy;
                connections.busy = 0;
            }
            from != process && !(to == process && told)
        });
    }

    fn call_into_silence(&mut self, id: RequestId, call: StepId, caller: u32, process: u32) {
        let request = &mut self.slab[id];
        request.depth -= 1;
        request.step = call + 1;
        if self.silence.waiting.contains_key(&id) {
            return self.send_again_later(id);
        }
        let kept = match self.silence.connections.get_mut(&(caller, process)) {
            Some(connections) if connections.open > connections.busy => {
                // the connection dies with its request
                connections.open -= 1;
                true
            }
            _ => caller == NONE && !self.opens_connection(id, call),
        };
        let sent = if kept { Sent::Bytes } else { Sent::Connect };
        self.fall_silent(id, sent, process);
        if !kept && let Some(&timeout) = self.net.connect_timeouts.get(&call) {
            self.arm(id, timeout, WaitAt::Silence);
        }
    }

    /// Whether a client's request came on a connection of its own.
    fn opens_connection(&self, id: RequestId, call: StepId) -> bool {
        let of_call = self.net.client_connections.get(&call);
        of_call.is_none_or(|&(draw, threshold)| self.net.draws[draw as usize].bits(&self.slab[id]) < threshold)
    }

    /// Begins to wait, at the step behind the one where it does; its place in the programs is the caller's.
    pub(super) fn fall_silent(&mut self, id: RequestId, sent: Sent, process: u32) {
        let request = &mut self.slab[id];
        request.epoch = request.epoch.wrapping_add(1);
        let stops = self.standing_of(process, sent);
        self.silence.waiting.insert(id, Waiting { sent, since: self.now, again: 0, process, stops });
        if sent != Sent::Nothing {
            self.send_again_later(id);
        }
    }

    /// Of one that waits in silence, how.
    pub(super) fn waiting_of(&self, id: RequestId) -> Waiting {
        self.silence.waiting[&id]
    }

    /// What is the same as before for as long as the other end knows of a connection.
    pub(super) fn standing_of(&self, process: u32, sent: Sent) -> u32 {
        match self.front_of(process) {
            Some(front) if sent != Sent::Answer => self.net.vrrps[front].vrrp.generation,
            _ if self.runs(process) => self.world.stops[process as usize],
            // a process that is gone will know of none when it is back
            _ => u32::MAX,
        }
    }

    /// Nobody will know of the connection on which this one waits.
    pub(super) fn forget_standing(&mut self, id: RequestId) {
        if let Some(waiting) = self.silence.waiting.get_mut(&id) {
            waiting.stops = u32::MAX;
        }
    }

    /// The other end of connections to a process will never answer: what it had sent is lost.
    pub(super) fn give_up_answers_of(&mut self, process: u32) {
        for waiting in self.silence.waiting.values_mut() {
            if waiting.process == process && waiting.sent == Sent::Answer {
                waiting.sent = Sent::Nothing;
            }
        }
    }

    /// Whether somebody waits in silence who will not send again.
    pub(super) fn hears_nothing(&self, id: RequestId) -> bool {
        self.silence.waiting.get(&id).is_some_and(|waiting| waiting.sent == Sent::Nothing)
    }

    pub(super) fn send_again_later(&mut self, id: RequestId) {
        let waiting = self.silence.waiting.get(&id).expect("it waits");
        let (interval, _) = interval(self.net.syn, waiting.sent, waiting.again);
        self.sequence += 1;
        let due = self.now + interval;
        let key = (due as u128) << 64 | self.sequence as u128;
        let earliest = self.silence.due.first().is_none_or(|(first, _)| key < first);
        self.silence.due.push(key, (id, self.slab[id].epoch));
        if earliest {
            let leaf = self.net.retransmissions;
            self.set.set(leaf, SimTime(due), self.sequence);
        }
    }

    /// Somebody sends again, and comes through or not; or gives up.
    #[cold]
    pub(super) fn retransmission_due(&mut self, leaf: u32) -> RequestId {
        let (_, (id, epoch)) = self.silence.due.pop().expect("a retransmission was due");
        match self.silence.due.first() {
            Some((key, _)) => self.set.set(leaf, SimTime((key >> 64) as u64), key as u64),
            None => self.set.clear(leaf),
        }
        let waits = |waiting: &&mut Waiting| waiting.sent != Sent::Nothing && self.slab[id].epoch == epoch;
        let Some(waiting) = self.silence.waiting.get_mut(&id).filter(waits) else {
            return NONE;
        };
        let (_, goes_on) = interval(self.net.syn, waiting.sent, waiting.again);
        waiting.again += 1;
        let Waiting { sent, since, process, stops, .. } = *waiting;
        if !goes_on {
            match sent {
                Sent::Part => self.part_is_lost(id, gives_up(sent)),
                _ => self.fail_in_silence(id, gives_up(sent) as u8),
            }
            return NONE;
        }
        match sent {
            Sent::Answer => {
                let caller = self.net.process_of_step[self.slab[id].step as usize];
                if stops != self.world.stops[process as usize] {
                    // whoever sent it is gone
                    if let Some(waiting) = self.silence.waiting.get_mut(&id) {
                        waiting.sent = Sent::Nothing;
                    }
                } else if self.reaches(self.server_of(process), self.server_of(caller)) {
                    if self.answer_is_cut_short(id, since) {
                        self.fail_in_silence(id, FailureReason::ConnectionReset as u8);
                        return NONE;
                    }
                    self.leave_silence(id);
                    self.disconnect(caller, process, false);
                    self.ready.push_back(id);
                } else {
                    self.send_again_later(id);
                }
            }
            Sent::Connect | Sent::Bytes => {
                // from the call itself
                self.slab[id].step -= 1;
                self.ready.push_back(id);
            }
            Sent::Part => self.send_part_again(id),
            Sent::Nothing => panic!("nothing was sent"),
        }
        NONE
    }

    /// Clients of a process that have no answer from it are told of another server of its service: who connects comes
    /// there with its next SYN, and who has sent bytes is told that nobody knows of the connection.
    pub(super) fn redirect_silent(&mut self, process: u32, instance: u32, to: u32) {
        for (&id, waiting) in &mut self.silence.waiting {
            if waiting.process == process && matches!(waiting.sent, Sent::Connect | Sent::Bytes) {
                waiting.process = to;
                waiting.stops = u32::MAX;
                let request = &mut self.slab[id];
                request.frames[request.depth as usize].chosen = instance as u16;
            }
        }
    }

    /// The way to a failure of a call that waits in silence.
    pub(super) fn fail_in_silence(&mut self, id: RequestId, reason: u8) {
        let request = &self.slab[id];
        let call = request.frames[request.depth as usize].after - 1;
        let fail = self.fail_step_of_call(call);
        if let Some(&Waiting { sent: Sent::Answer, process, stops, .. }) = self.silence.waiting.get(&id)
            && stops == self.world.stops[process as usize]
        {
            self.disconnect(self.net.process_of_step[call as usize], process, true);
        }
        self.leave_silence(id);
        // it may have been about to send again for a process that stands still
        self.forget_held(id);
        self.clear_deadline(id, self.slab[id].depth as usize);
        let request = &mut self.slab[id];
        request.failure = reason;
        request.step = fail;
        self.ready.push_back(id);
    }

    /// Takes one out that waits in silence; false if it does not.
    pub(super) fn leave_silence(&mut self, id: RequestId) -> bool {
        if self.silence.waiting.remove(&id).is_none() {
            return false;
        }
        self.slab[id].epoch = self.slab[id].epoch.wrapping_add(1);
        true
    }
}

/// What the kernel tells who has waited for so long.
fn gives_up(sent: Sent) -> FailureReason {
    match sent {
        Sent::Connect => FailureReason::ConnectTimeout,
        Sent::Bytes | Sent::Answer | Sent::Part | Sent::Nothing => FailureReason::ConnectionReset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syn_is_sent_again_each_second_at_first_and_given_up_after_131_seconds() {
        let times = |linear: u32| {
            let syn = SynRetries { linear, more: 6 };
            let mut times = vec![0];
            for again in 0.. {
                let (interval, goes_on) = interval(syn, Sent::Connect, again);
                times.push(times[times.len() - 1] + interval / SECOND);
                if !goes_on {
                    return times;
                }
            }
            times
        };
        assert_eq!(times(4), [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67, 131]);
        // kernels before 6.5
        assert_eq!(times(0), [0, 1, 3, 7, 15, 31, 63, 127]);
    }

    #[test]
    fn bytes_are_given_up_after_924_seconds() {
        let syn = SynRetries::default();
        let total: u64 = (0..=DATA_RETRIES).map(|again| interval(syn, Sent::Bytes, again).0).sum();
        assert_eq!(total / (SECOND / 10), 9_246);
        assert!(!interval(syn, Sent::Bytes, DATA_RETRIES).1);
    }
}

//! Calls into silence: a server without power, or a way that is cut, answers nothing. Who connects sends its SYN
//! again, who has sent on a connection that stood sends its bytes again, and who waits for an answer waits: a timeout
//! ends it, or the return of the other side.
//!
//! When a Linux kernel sends again, and when it gives up: `tcp_syn_retries` 6 and `tcp_syn_linear_timeouts` 4 (since
//! 6.5), `tcp_retries2` 15 with a first timeout of 200 ms and a longest of 120 s (kernel documentation, ip-sysctl).

use std::collections::BTreeMap;

use super::Simulator;
use crate::engine::heap::Heap;
use crate::engine::time::SimTime;
use crate::model::network::WaitAt;
use crate::model::program::{Step, StepId};
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::FailureReason;

const SECOND: u64 = 1_000_000_000;
/// A SYN is sent again each second this often, then at growing intervals.
const SYN_LINEAR: u32 = 4;
const SYN_RETRIES: u32 = SYN_LINEAR + 6;
const DATA_FIRST: u64 = SECOND / 5;
const DATA_LONGEST: u64 = 120 * SECOND;
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
    /// All was received: nothing is sent again.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    sent: Sent,
    /// How often it was sent again.
    again: u32,
    /// The process at the other end, and how often it had been stopped.
    process: u32,
    stops: u32,
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

/// Time from one sending to the next, nanoseconds; `None`: it gives up then, after as long as that.
fn interval(sent: Sent, again: u32) -> (u64, bool) {
    match sent {
        Sent::Connect if again < SYN_LINEAR => (SECOND, true),
        Sent::Connect => (SECOND << (again - SYN_LINEAR), again < SYN_RETRIES),
        _ => ((DATA_FIRST << again.min(20)).min(DATA_LONGEST), again < DATA_RETRIES),
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
        if !self.reaches(self.server_of(caller), self.server_of(process)) {
            self.call_into_silence(id, call, caller, process);
            return None;
        }
        if let Some(waited) = self.silence.waiting.remove(&id) {
            // its timeouts mean nothing any more
            self.slab[id].epoch = self.slab[id].epoch.wrapping_add(1);
            if waited.sent == Sent::Bytes && waited.stops != self.world.stops[process as usize] {
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
        if !kept && let Some(&(_, timeout)) = self.net.connect_timeouts.iter().find(|(at, _)| *at == call) {
            self.arm(id, timeout, WaitAt::Silence);
        }
    }

    /// Whether a client's request came on a connection of its own.
    fn opens_connection(&self, id: RequestId, call: StepId) -> bool {
        let of_call = self.net.client_connections.iter().find(|(at, _, _)| *at == call);
        of_call.is_none_or(|&(_, draw, threshold)| self.net.draws[draw as usize].bits(&self.slab[id]) < threshold)
    }

    /// Begins to wait, at the step behind the one where it does; its place in the programs is the caller's.
    pub(super) fn fall_silent(&mut self, id: RequestId, sent: Sent, process: u32) {
        let request = &mut self.slab[id];
        request.epoch = request.epoch.wrapping_add(1);
        // a process that is gone will know of no connection when it is back
        let stops = if self.runs(process) { self.world.stops[process as usize] } else { u32::MAX };
        self.silence.waiting.insert(id, Waiting { sent, again: 0, process, stops });
        if sent != Sent::Nothing {
            self.send_again_later(id);
        }
    }

    fn send_again_later(&mut self, id: RequestId) {
        let waiting = self.silence.waiting.get(&id).expect("it waits");
        let (interval, _) = interval(waiting.sent, waiting.again);
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
        let Some(waiting) = self.silence.waiting.get_mut(&id).filter(|_| self.slab[id].epoch == epoch) else {
            return NONE;
        };
        let (_, goes_on) = interval(waiting.sent, waiting.again);
        waiting.again += 1;
        let Waiting { sent, process, stops, .. } = *waiting;
        if !goes_on {
            self.fail_in_silence(id, gives_up(sent) as u8);
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
                    self.leave_silence(id);
                    self.disconnect(caller, process, false);
                    self.ready.push_back(id);
                } else {
                    self.send_again_later(id);
                }
            }
            Sent::Connect | Sent::Bytes => {
                self.slab[id].step = self.call_again(id);
                self.ready.push_back(id);
            }
            Sent::Nothing => panic!("nothing was sent"),
        }
        NONE
    }

    /// The step from which a call that waits in silence is made again.
    fn call_again(&self, id: RequestId) -> StepId {
        self.slab[id].step - 1
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
        Sent::Bytes | Sent::Answer | Sent::Nothing => FailureReason::ConnectionReset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syn_is_sent_again_each_second_at_first_and_given_up_after_131_seconds() {
        let mut at = 0;
        let mut times = Vec::new();
        for again in 0.. {
            let (interval, goes_on) = interval(Sent::Connect, again);
            at += interval / SECOND;
            if !goes_on {
                break;
            }
            times.push(at);
        }
        assert_eq!(times, [1, 2, 3, 4, 5, 7, 11, 19, 35, 67]);
        assert_eq!(at, 131);
    }

    #[test]
    fn bytes_are_given_up_after_924_seconds() {
        let total: u64 = (0..=DATA_RETRIES).map(|again| interval(Sent::Bytes, again).0).sum();
        assert_eq!(total / (SECOND / 10), 9_246);
        assert!(!interval(Sent::Bytes, DATA_RETRIES).1);
    }
}

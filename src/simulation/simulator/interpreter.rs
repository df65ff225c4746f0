//! Takes one request from step to step until it must wait or ends. Knows stations and steps; knows nothing of HAProxy or
//! MySQL.

use super::Simulator;
use crate::engine::random::Key;
use crate::model::network::StationAt;
use crate::model::program::{Step, StepId};
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::{FailureReason, failure};

const CONNECT_TIMEOUT: u8 = FailureReason::ConnectTimeout as u8;
const ANSWER_TIMEOUT: u8 = FailureReason::AnswerTimeout as u8;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// Runs a request's steps until it must wait, or ends.
    #[inline(always)]
    pub(super) fn advance(&mut self, mut id: RequestId, mut at: StepId) {
        loop {
            let step = self.net.steps[at as usize];
            match step {
                Step::Serve { station, draw, fail } => {
                    let request = &mut self.slab[id];
                    request.step = at + 1;
                    let work = self.net.draws[draw as usize].nanos(request);
                    match self.serve(id, station, work, fail) {
                        Some(to) => at = to,
                        None => return,
                    }
                }
                Step::Share { station, draw } => {
                    let request = &mut self.slab[id];
                    request.step = at + 1;
                    let work = self.net.draws[draw as usize].nanos(request);
                    at += 1;
                    if !self.burst(id, station, work) {
                        return;
                    }
                }
                Step::Delay { line } => {
                    self.enter_line(id, at + 1, line);
                    return;
                }
                Step::DelayDrawn { draw, less_ns } => {
                    let time = self.net.draws[draw as usize].nanos(&self.slab[id]);
                    at += 1;
                    if time > less_ns as u64 {
                        let due = self.now + time - less_ns as u64;
                        if !self.passes_through_delay(due) {
                            self.delay(id, at, due);
                            return;
                        }
                    }
                }
                Step::Branch { draw, threshold, otherwise } => {
                    let bits = self.net.draws[draw as usize].bits(&self.slab[id]);
                    at = if bits < threshold { at + 1 } else { otherwise };
                }
                Step::Switch { draw, table } => {
                    let bits = self.net.draws[draw as usize].bits(&self.slab[id]);
                    at = self.net.switches[table as usize].target(bits);
                }
                Step::Acquire { reason, pool, fail } => {
                    self.slab[id].step = at + 1;
                    match self.acquire(id, pool, reason, fail) {
                        Some(to) => {
                            if WATCHED && self.trails.is_some() && to == at + 1 {
                                self.book_slot(id, StationAt::Pool(pool), true);
                            }
                            at = to;
                        }
                        None => return,
                    }
                }
                Step::Release { pool, next } => {
                    self.release(pool);
                    if WATCHED && self.trails.is_some() {
                        self.book_slot(id, StationAt::Pool(pool), false);
                    }
                    at = next;
                }
                Step::Jump { to } => at = to,
                Step::Fail { reason, to } => {
                    self.slab[id].failure = reason;
                    at = to;
                }
                Step::CallChosen { entries, .. } => {
                    let request = &mut self.slab[id];
                    let depth = request.depth as usize;
                    request.frames[depth].after = at + 1;
                    request.depth += 1;
                    at = self.net.entries[(entries + request.frames[depth].chosen as u32) as usize];
                    if WATCHED && self.trails.is_some() {
                        self.book_call(id, at);
                    }
                    if WATCHED && !self.net.faults.is_empty() {
                        match self.admit(id, at) {
                            Some(to) => at = to,
                            None => return,
                        }
                    }
                }
                Step::CallFixed { to, chosen, .. } => {
                    let request = &mut self.slab[id];
                    let depth = request.depth as usize;
                    request.frames[depth].after = at + 1;
                    request.frames[depth].chosen = chosen as u16;
                    request.depth += 1;
                    at = to;
                    if WATCHED && self.trails.is_some() {
                        self.book_call(id, at);
                    }
                    if WATCHED && !self.net.faults.is_empty() {
                        match self.admit(id, at) {
                            Some(to) => at = to,
                            None => return,
                        }
                    }
                }
                Step::Deadline { reason, timeouts } => {
                    self.set_deadline(id, timeouts, reason);
                    at += 1;
                }
                Step::PropagateFailure { links } => {
                    let found_out = matches!(self.slab[id].failure, CONNECT_TIMEOUT | ANSWER_TIMEOUT);
                    let line = self.net.links[(links + self.chosen(id)) as usize].line;
                    at += 1;
                    if line != NONE && !found_out {
                        self.enter_line(id, at, line);
                        return;
                    }
                }
                Step::Answer { by } => {
                    let request = &mut self.slab[id];
                    request.failure = failure::answered(request.failure, by);
                    at += 1;
                }
                Step::TryAgain { idempotent, proxy, call } => match self.try_again(id, at, proxy, call, idempotent) {
                    Some(to) => at = to,
                    None => return,
                },
                Step::Pause => at += 1,
                Step::CheckEnd { check } => {
                    self.check_end(id, check);
                    return;
                }
                Step::Return | Step::Accept => {
                    if WATCHED && !self.net.faults.is_empty() {
                        match self.come_back(id, at) {
                            Some(to) => at = to,
                            None => return,
                        }
                    } else {
                        at = self.return_step(id);
                    }
                }
                Step::Dispatch { dispatcher, fail } => {
                    self.slab[id].step = at + 1;
                    match self.dispatch(id, dispatcher, fail) {
                        Some(to) => {
                            if WATCHED && self.trails.is_some() && to == at + 1 {
                                self.book_slot(id, StationAt::Dispatcher(dispatcher), true);
                            }
                            at = to;
                        }
                        None => return,
                    }
                }
                Step::Undispatch { dispatcher, next } => {
                    self.undispatch(id, dispatcher);
                    if WATCHED && self.trails.is_some() {
                        self.book_slot(id, StationAt::Dispatcher(dispatcher), false);
                    }
                    at = next;
                }
                Step::Send { links, draw } | Step::Receive { links, draw } => {
                    self.slab[id].step = at + 1;
                    let link = self.net.links[(links + self.chosen(id)) as usize];
                    let (from, to) = match step {
                        Step::Send { .. } => (link.caller_out, link.callee_in),
                        _ => (link.callee_out, link.caller_in),
                    };
                    if self.transfer(id, from, to, draw) {
                        return;
                    }
                    at += 1;
                }
                Step::Propagate { links } => {
                    let link = links + self.chosen(id);
                    let line = self.net.links[link as usize].line;
                    at += 1;
                    if WATCHED && self.net.impairs {
                        let wire = if line == NONE { 0 } else { self.net.lines[line as usize].length };
                        let due = self.due_on(id, link, at, self.now + wire);
                        if due > self.now + wire {
                            self.delay(id, at, due);
                            return;
                        }
                    }
                    if line != NONE {
                        self.enter_line(id, at, line);
                        return;
                    }
                }
                Step::End => match self.end(id) {
                    Some(to) => at = to,
                    None => return,
                },
                Step::ServeByRank { station, draw, fail } => {
                    self.slab[id].step = at + 1;
                    let work = self.net.draws[draw as usize].nanos(&self.slab[id]);
                    match self.serve_by_rank(id, station, work, fail) {
                        Some(to) => at = to,
                        None => return,
                    }
                }
                Step::Again { draw, threshold, back } => {
                    let bits = self.net.draws[draw as usize].bits(&self.slab[id]);
                    if bits < threshold {
                        self.slab[id].visit = self.slab[id].visit.wrapping_add(1);
                        at = back;
                    } else {
                        at += 1;
                    }
                }
                Step::Fork { table } => {
                    self.slab[id].step = at + 1;
                    self.fork(id, table);
                    return;
                }
                Step::Join { fail } => at = if self.slab[id].failure == 0 { at + 1 } else { fail },
                Step::Spawn { to } => {
                    let child = self.child(id, to);
                    self.ready.push_back(child);
                    at += 1;
                }
                Step::BranchEnd => {
                    self.branch_end(id);
                    return;
                }
                Step::Gone => {
                    self.observation.last_event = self.now;
                    self.slab.remove(id);
                    return;
                }
                Step::Visit { number } => {
                    self.slab[id].visit = number as u16;
                    at += 1;
                }
                Step::Route { router } => {
                    let chosen = self.route(router);
                    let request = &mut self.slab[id];
                    request.frames[request.depth as usize].chosen = chosen as u16;
                    at += 1;
                }
                Step::TowardAddress { vrrp } => {
                    let toward = self.net.vrrps[vrrp as usize].vrrp.toward;
                    let request = &mut self.slab[id];
                    request.frames[request.depth as usize].chosen = toward as u16;
                    at += 1;
                }
                Step::JoinStage { stage, draw, .. } => {
                    let bytes = self.net.draws[draw as usize].value(&self.slab[id]);
                    at += 1;
                    self.slab[id].step = at;
                    if !self.join_stage(id, stage, bytes) {
                        return;
                    }
                }
                Step::WriteGroup { stage, disk, draw } => {
                    self.slab[id].step = at + 1;
                    let draw = &self.net.draws[draw as usize];
                    let bytes = self.net.stages[stage as usize].group_bytes;
                    // the draw is the operation alone; its factor is the time of a byte
                    let operation = draw.sampler.sample(&mut Key(self.slab[id].key).draw(draw.purpose, 0));
                    let work = crate::model::program::round_nanos(operation + bytes * draw.factor as f64);
                    if let Some(to) = self.serve(id, disk, work, at + 1) {
                        at = to;
                    } else {
                        return;
                    }
                }
                Step::SyncDue { stage, every, skip } => {
                    let groups = self.net.stages[stage as usize].groups;
                    at = if groups.is_multiple_of(every as u64) { at + 1 } else { skip };
                }
                Step::LeaveStage { stage } => {
                    self.leave_stage(stage);
                    at += 1;
                }
                Step::Commit { database, transaction, instance } => {
                    self.commit(id, database, transaction, instance);
                    at += 1;
                }
                Step::AwaitAcknowledgement { database, instance } => {
                    at += 1;
                    self.slab[id].step = at;
                    if !self.await_acknowledgement(id, database, instance) {
                        return;
                    }
                }
                Step::SyncRelayLog { every, skip } => {
                    let number = self.slab[id].parent.wrapping_add(1);
                    at = if number.is_multiple_of(every) { at + 1 } else { skip };
                }
                Step::Received { replica } => {
                    let ticket = self.slab[id].parent;
                    let r = &mut self.net.replicas[replica as usize];
                    r.received += 1;
                    assert_eq!(r.received as u32, ticket.wrapping_add(1), "{} received out of order", r.server);
                    at += 1;
                }
                Step::Acknowledge { replica, report } => {
                    self.acknowledge(id, replica, report);
                    at += 1;
                }
                Step::Acknowledged { replica } => {
                    self.acknowledged(id, replica);
                    at += 1;
                }
                Step::AwaitTurn { replica } => {
                    let ticket = self.slab[id].parent;
                    let replica = &mut self.net.replicas[replica as usize];
                    at += 1;
                    if replica.turn as u32 != ticket {
                        self.slab[id].step = at;
                        replica.waiting.push(ticket as u64, id);
                        return;
                    }
                }
                Step::PassTurn { replica } => {
                    let replica = &mut self.net.replicas[replica as usize];
                    replica.turn += 1;
                    if replica.waiting.first().is_some_and(|(ticket, _)| ticket as u32 == replica.turn as u32)
                        && let Some((_, next)) = replica.waiting.pop()
                    {
                        self.ready.push_back(next);
                    }
                    at += 1;
                }
                Step::Applied { replica } => {
                    self.applied(id, replica);
                    at += 1;
                }
                Step::ReadAt { replica } => {
                    self.read_at(id, replica);
                    at += 1;
                }
                Step::ColdReads { index, warm } => match self.cold_reads(id, index, at, warm) {
                    Some(to) => at = to,
                    None => return,
                },
                Step::ColdReadsDone { index } => {
                    at += 1;
                    self.slab[id].step = at;
                    if self.cold_reads_done(id, index) {
                        return;
                    }
                }
                Step::NextRead { database, done } => match self.next_read(id, database, done, at + 1) {
                    Some(to) => at = to,
                    None => return,
                },
                Step::TakeMemory { process, draw, fail } => {
                    let bytes = self.net.draws[draw as usize].value(&self.slab[id]);
                    self.slab[id].step = at + 1;
                    match self.take_memory(id, process, bytes, fail) {
                        Some(to) => at = to,
                        None => return,
                    }
                }
                Step::FreeMemory { process, draw } => {
                    let bytes = self.net.draws[draw as usize].value(&self.slab[id]);
                    self.free_memory(process, bytes);
                    at += 1;
                }
                Step::SwapIn { memory, disk } => {
                    at += 1;
                    let work = self.net.memories[memory as usize].swap_in_ns();
                    if work > 0 {
                        self.slab[id].step = at;
                        match self.serve(id, disk, work, at) {
                            Some(to) => at = to,
                            None => return,
                        }
                    }
                }
                Step::Attempt { clients, first, again } => {
                    self.slab[id].step = at + 1;
                    let attempt = self.attempt(id, clients, first, again);
                    if !self.goes_on_at_once(attempt) {
                        return;
                    }
                    id = attempt;
                    at = self.slab[id].step;
                }
                Step::Retry { clients, attempt } => match self.retry(id, clients, attempt, at + 1) {
                    Some(to) => at = to,
                    None => return,
                },
                Step::AttemptEnd => {
                    let client = self.attempt_end(id);
                    if client == NONE || !self.goes_on_at_once(client) {
                        return;
                    }
                    id = client;
                    at = self.slab[id].step;
                }
                Step::Think { source } => {
                    let draw = self.sources[source as usize].entry.think;
                    let time = self.net.draws[draw as usize].nanos(&self.slab[id]);
                    self.delay(id, at + 1, self.now + time);
                    return;
                }
                Step::Begin { source } => at = self.begin(id, source),
            }
        }
    }

    /// Whether it is another's turn where one has stopped: if nobody else is ready, and nothing is written down of single
    /// requests. Otherwise it waits for its turn among the ready.
    #[inline(always)]
    fn goes_on_at_once(&mut self, other: RequestId) -> bool {
        let at_once = !WATCHED && self.ready.is_empty();
        if !at_once {
            self.ready.push_back(other);
        }
        at_once
    }

    #[inline(always)]
    pub(super) fn chosen(&self, id: RequestId) -> u32 {
        let request = &self.slab[id];
        request.frames[request.depth as usize].chosen as u32
    }

    /// Where a returning request goes on in its caller.
    #[inline(always)]
    pub(super) fn return_step(&mut self, id: RequestId) -> StepId {
        let request = &mut self.slab[id];
        request.depth -= 1;
        let depth = request.depth as usize;
        let after = request.frames[depth].after;
        if request.deadlines.get(depth).is_some_and(|&number| number != 0) {
            self.clear_deadline(id, depth);
        }
        if WATCHED && self.trails.is_some() {
            self.book_return(id);
        }
        if self.slab[id].failure == 0 {
            return after;
        }
        self.fail_step_of_call(after - 1)
    }

    pub(super) fn fail_step_of_call(&self, call: StepId) -> StepId {
        match self.net.steps[call as usize] {
            Step::CallChosen { fail, .. } | Step::CallFixed { fail, .. } => fail,
            other => panic!("a frame returned to {other:?}, which is no call"),
        }
    }
}

//! Clients' uploads and downloads that stand still, since the way to whom they talk to is cut: the kernels send again, and
//! HAProxy's `timeout client` parts from a client of which it hears nothing for so long. That nothing is held for a client
//! meanwhile, so what HAProxy has done is seen when the way is there again: by the next bytes that come through.

use super::Simulator;
use super::silence::{Sent, Waiting};
use crate::model::program::{Step, StepId, Tier};
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::{FailureReason, failure};

/// Bytes of an answer that the kernel has taken over, and delivers also when the connection is closed: a socket's buffer
/// as it is at first (`tcp_wmem`, 16 KiB by default; kernel documentation, ip-sysctl).
const SOCKET_BUFFER: f64 = 16384.0;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// A way was cut: what clients send or receive over it stands still from now on.
    pub(super) fn stop_transfers_of_clients(&mut self) {
        let ids: Vec<RequestId> = self.slab.live().collect();
        for id in ids {
            let Some((card, server)) = self.transfer_of_client(id) else { continue };
            let left = match self.reaches(server, NONE) {
                true => None,
                false => self.net.sharing[card as usize].left_of(self.now, id),
            };
            if let Some(left) = left {
                self.stop_transfer(id, left);
            }
        }
    }

    /// The network card that a client's bytes pass, and its server.
    fn transfer_of_client(&self, id: RequestId) -> Option<(u32, u32)> {
        let blocked = self.slab[id].step.checked_sub(1)?;
        let (links, upload) = match self.net.steps[blocked as usize] {
            Step::Send { links, .. } => (links, true),
            Step::Receive { links, .. } => (links, false),
            _ => return None,
        };
        if self.net.process_of_step[blocked as usize] != NONE {
            return None;
        }
        let at = (links + self.chosen(id)) as usize;
        let link = self.net.links[at];
        let card = if upload { link.callee_in } else { link.callee_out };
        (card != NONE).then_some((card, self.net.link_servers[at].1))
    }

    /// A transfer is taken from its card, with what is left of it.
    fn stop_transfer(&mut self, id: RequestId, left: u64) {
        let booked = self.is_booked();
        if booked {
            self.book_passed(id);
        }
        self.detach(id);
        self.slab[id].work = left;
        let process = self.process_at_end(id);
        self.fall_silent(id, Sent::Part, process);
        if booked {
            self.book_stop(id, false);
        }
    }

    /// The process that a client talks to.
    fn process_at_end(&self, id: RequestId) -> u32 {
        let first = self.first_step_of(self.call_of_client(id), self.chosen(id));
        self.net.process_of_step[first as usize]
    }

    /// The call of a client that sends its request before it, or receives the answer behind it.
    fn call_of_client(&self, id: RequestId) -> StepId {
        let request = &self.slab[id];
        match self.net.steps[request.step as usize - 1] {
            // they stand one behind the other (`compile/client`)
            Step::Send { .. } => request.step,
            _ => request.frames[request.depth as usize].after - 1,
        }
    }

    /// The bytes that stood still are sent again: they go on, or do not come through, or find that nobody wants them.
    pub(super) fn send_part_again(&mut self, id: RequestId) {
        let Waiting { since, process, stops, .. } = self.waiting_of(id);
        if !self.is_heard(process) {
            return self.send_again_later(id);
        }
        if stops != self.standing_of(process, Sent::Part) {
            return self.part_is_lost(id, FailureReason::ConnectionReset);
        }
        let upload = matches!(self.net.steps[self.slab[id].step as usize - 1], Step::Send { .. });
        if self.has_closed(self.call_of_client(id), since) && (upload || self.slab[id].work as f64 > SOCKET_BUFFER) {
            let reason = if upload { FailureReason::UploadTimeout } else { FailureReason::ConnectionReset };
            return self.part_is_lost(id, reason);
        }
        self.resume_transfer(id);
    }

    /// Whether a client hears from where a process is, or from whoever has its address.
    fn is_heard(&self, process: u32) -> bool {
        match self.front_of(process) {
            Some(front) => self.net.vrrps[front].vrrp.answers().is_some(),
            None => self.reaches(self.server_of(process), NONE),
        }
    }

    fn resume_transfer(&mut self, id: RequestId) {
        let (card, _) = self.transfer_of_client(id).expect("it stood still in a transfer");
        let booked = self.is_booked();
        if booked {
            self.book_passed(id);
        }
        self.leave_silence(id);
        let left = self.slab[id].work;
        self.share::<true>(id, card, left);
        if booked {
            self.book_stop(id, false);
        }
    }

    /// Of an upload or a download that stands still nothing more comes.
    pub(super) fn part_is_lost(&mut self, id: RequestId, reason: FailureReason) {
        let fail = self.fail_step_of_call(self.call_of_client(id));
        self.leave_silence(id);
        let request = &mut self.slab[id];
        request.failure = match reason {
            FailureReason::UploadTimeout => failure::answered(reason as u8, Tier::Haproxy),
            other => other as u8,
        };
        request.step = fail;
        self.ready.push_back(id);
    }

    /// Whether HAProxy has parted from a client of which it has heard nothing since then.
    pub(super) fn has_closed(&self, call: StepId, since: u64) -> bool {
        self.net.client_timeouts.get(&call).is_some_and(|timeout| self.now - since >= *timeout)
    }

    /// Whether HAProxy has parted from a client that has taken none of its answer since then, and has not sent all.
    pub(super) fn answer_is_cut_short(&self, id: RequestId, since: u64) -> bool {
        let request = &self.slab[id];
        let Step::Receive { draw, .. } = self.net.steps[request.step as usize] else { return false };
        let call = request.frames[request.depth as usize].after - 1;
        self.has_closed(call, since) && self.net.draws[draw as usize].value(request) > SOCKET_BUFFER
    }
}

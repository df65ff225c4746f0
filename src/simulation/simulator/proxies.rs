//! What a proxy does when a call has failed: HAProxy's `retries` and `option redispatch`, nginx's
//! `proxy_next_upstream` and `max_fails`. After HAProxy 2.6 (`back_handle_st_cer`) and nginx 1.22
//! (`ngx_http_upstream_next`, `ngx_http_upstream_free_round_robin_peer`).

use super::Simulator;
use crate::model::network::{Proxy, TryAgainRule};
use crate::model::program::StepId;
use crate::model::request::{NONE, RequestId};
use crate::simulation::result::{FailureReason, failure};

const SECOND: u64 = 1_000_000_000;

/// From a `TryAgain` to the step behind its second pause, to that behind its first, and to where it gives up.
const BEHIND_CALL: StepId = 4;
const AT_CALL: StepId = 2;
const GIVES_UP: StepId = 5;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// Where a request goes on whose call has failed; `None`: it waits before the next try.
    #[cold]
    #[inline(never)]
    pub(super) fn try_again(
        &mut self,
        id: RequestId,
        at: StepId,
        proxy: u32,
        call: StepId,
        safe: bool,
    ) -> Option<StepId> {
        let failed = self.slab[id].failure;
        let reason = FailureReason::ALL[failure::reason(failed)];
        let answered = failure::status(failed) != 0;
        let Proxy { dispatcher, rule } = self.net.proxies[proxy as usize].clone();
        let server = self.chosen(id) as usize;
        match rule {
            TryAgainRule::Haproxy { retries, redispatch, in_turn, turnaround_ns, error_limit, only_connections } => {
                if !only_connections || (!answered && is_connecting(reason)) {
                    self.note_error(dispatcher, server, error_limit);
                }
                let tries = self.slab[id].tries[0];
                if answered || !is_connecting(reason) || tries == retries {
                    self.slab[id].tries = [0; 2];
                    return Some(at + GIVES_UP);
                }
                self.slab[id].tries = [tries + 1, 0];
                self.slab[id].failure = 0;
                let waits = reason != FailureReason::ConnectTimeout;
                let (up, serving) = dispatcher.map_or((true, 1), |d| {
                    let d = &self.net.dispatchers[d as usize];
                    (d.balancer.is_up(server), d.serving())
                });
                let elsewhere = redispatch && (tries + 1 == retries || !up || (in_turn && serving > 1));
                if let Some(dispatcher) = dispatcher
                    && elsewhere
                {
                    self.undispatch(id, dispatcher);
                    // it waits only for a server that it would meet again
                    return self.pause(id, at + AT_CALL, call, if waits && serving <= 1 { turnaround_ns } else { 0 });
                }
                let pause = if waits { turnaround_ns } else { 0 };
                match dispatcher {
                    Some(_) => self.pause(id, at + BEHIND_CALL, call + 1, pause),
                    None => self.pause(id, at + AT_CALL, call, pause),
                }
            }
            TryAgainRule::Nginx { tries: most, error, timeout, non_idempotent, http_500 } => {
                let is_timeout = matches!(reason, FailureReason::AnswerTimeout | FailureReason::ConnectTimeout);
                if !answered && let Some(dispatcher) = dispatcher {
                    self.count_failure(dispatcher, server);
                }
                let tries = self.slab[id].tries[1] + 1;
                let passes = match answered {
                    true => http_500,
                    false if is_timeout => timeout,
                    false => error,
                };
                let repeatable = safe || non_idempotent || is_connecting(reason);
                let Some(dispatcher) = dispatcher.filter(|_| passes && repeatable && tries < most) else {
                    self.slab[id].tries[1] = 0;
                    return Some(at + GIVES_UP);
                };
                self.undispatch(id, dispatcher);
                let request = &mut self.slab[id];
                request.tries[1] = tries;
                request.failure = 0;
                Some(call)
            }
        }
    }

    fn pause(&mut self, id: RequestId, paused: StepId, go_on: StepId, time: u64) -> Option<StepId> {
        if time == 0 {
            return Some(go_on);
        }
        self.delay(id, paused, self.now + time);
        None
    }

    /// nginx counts a failure of one of its servers.
    fn count_failure(&mut self, dispatcher: u32, server: usize) {
        let d = &mut self.net.dispatchers[dispatcher as usize];
        if !d.marks.is_empty() && d.failed(server, self.now / SECOND) {
            self.note_server(dispatcher, server, false);
        }
    }

    /// A request was answered.
    #[inline(never)]
    pub(super) fn count_answer(&mut self, dispatcher: u32, server: usize) {
        let d = &mut self.net.dispatchers[dispatcher as usize];
        if !d.marks.is_empty() && d.answered(server) {
            self.note_server(dispatcher, server, true);
        }
        let first = self.net.dispatchers[dispatcher as usize].first_check;
        if first != NONE {
            self.net.checks[first as usize + server].errors = 0;
        }
    }

    /// HAProxy's `observe`: so many failed requests in a row are a failed check.
    fn note_error(&mut self, dispatcher: Option<u32>, server: usize, limit: u32) {
        let Some(first) = dispatcher.map(|d| self.net.dispatchers[d as usize].first_check).filter(|&c| c != NONE)
        else {
            return;
        };
        let index = first as usize + server;
        let check = &mut self.net.checks[index];
        check.errors += 1;
        if check.errors >= limit {
            check.errors = 0;
            self.count_check(index as u32, false);
        }
    }
}

/// Whether a connection could not be made.
fn is_connecting(reason: FailureReason) -> bool {
    matches!(reason, FailureReason::ConnectionRefused | FailureReason::ConnectTimeout | FailureReason::Refused)
}

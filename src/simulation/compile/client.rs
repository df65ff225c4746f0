//! The client's side: round trips before and after, and the connection that a request comes on.

use super::{Compiler, Origin, SubId, SubKey};
use crate::engine::Distribution;
use crate::model::network::{Backoff, Clients, RetryBudget};
use crate::model::program::{Step, StepId, round_nanos, threshold};
use crate::scenario::{ClassId, Haproxy, Jitter, Process, RequestBody, ServiceKind};

/// Draws of the same purpose are the same value within a request: the client's round trip, and whether its
/// connection is new, may be asked for in several places.
pub(super) const RTT: &str = "client.rtt";
pub(super) const NEW_CONNECTION: &str = "client.new_connection";
pub(super) const UPLOAD: &str = "request.upload";
pub(super) const RESPONSE: &str = "request.response";
pub(super) const FILE: &str = "file.read";

impl Compiler<'_> {
    /// Share of requests that open a connection.
    pub(super) fn new_connections(&self, origin: Origin) -> f64 {
        if origin.again { 1.0 } else { 1.0 / self.scenario.traffic[origin.source].client.requests_per_connection }
    }

    pub(super) fn client(&mut self, source: usize, class: ClassId) -> SubId {
        if !self.scenario.traffic[source].client.tries() {
            return self.request(Origin { source, again: false }, class, Step::End);
        }
        let [first, again] =
            [false, true].map(|again| self.sub(SubKey::Attempt { origin: Origin { source, again }, class }));
        let clients = self.clients(source);
        let sub = self.open_sub();
        let (first_step, again) = (self.subs[first].entry, self.subs[again].entry);
        let attempt = self.emit(Step::Attempt { clients, first: first_step, again });
        // whether it is repeated nobody knows beforehand
        self.account_call(first, 1.0);
        self.emit(Step::Retry { clients, attempt });
        self.emit(Step::End);
        sub
    }

    pub(super) fn attempt(&mut self, origin: Origin, class: ClassId) -> SubId {
        self.request(origin, class, Step::AttemptEnd)
    }

    /// How the clients of a source try: one for all their classes.
    fn clients(&mut self, source: usize) -> u32 {
        let name = format!("client.{}", self.scenario.traffic[source].name);
        if let Some(&clients) = self.named.get(&name) {
            return clients;
        }
        let client = self.scenario.traffic[source].client.clone();
        let backoff = match &client.backoff {
            crate::scenario::Backoff::Drawn(seconds) => Backoff::Drawn(seconds.scaled(1e9).sampler()),
            crate::scenario::Backoff::Growing { base_s, factor, max_s, jitter } => {
                let fixed = match jitter {
                    Jitter::None => 1.0,
                    Jitter::Full => 0.0,
                    Jitter::Equal => 0.5,
                };
                Backoff::Growing { base: base_s * 1e9, factor: *factor, max: max_s * 1e9, fixed }
            }
        };
        let clients = self.net.clients.len() as u32;
        let timeout = client.timeout_s.map(|seconds| self.timeout(seconds));
        self.net.clients.push(Clients {
            timeout,
            retries: client.retries as u16,
            backoff,
            budget: client.budget.map(|b| RetryBudget { ratio: b.ratio, reserve: b.reserve, tokens: b.reserve }),
        });
        self.named.insert(name, clients);
        clients
    }

    /// A request from the client's first byte to its last, or to its failure: then `end`.
    fn request(&mut self, origin: Origin, class: ClassId, end: Step) -> SubId {
        match &self.scenario.requests[class].body {
            RequestBody::Path(path) => {
                let sub = self.open_sub();
                self.path(path);
                let end = self.emit(end);
                self.land_failures_at(end);
                sub
            }
            RequestBody::Tiers(_) => self.request_of_tiers(origin, class, end),
        }
    }

    fn request_of_tiers(&mut self, origin: Origin, class: ClassId, end: Step) -> SubId {
        let source = origin.source;
        let target = self.scenario.traffic[source].target.expect("traffic of tiers has a target");
        let front = self.front(target, class, origin);
        let rtt = self.scenario.network.client_rtt.clone();
        let new = self.new_connections(origin);

        let sub = self.open_sub();
        // TCP's handshake costs a round trip before the request's half
        self.maybe(NEW_CONNECTION, new, |c| c.pass(RTT, &rtt, 1.0, 0));
        self.pass(RTT, &rtt, 0.5, 0);
        let (upload, response) = (self.upload(class), self.response(source, class));
        let links = self.links(None, &front.servers, upload.is_some() || response.is_some());
        if let Some((draw, bytes)) = upload {
            if let Some(vrrp) = front.vrrp {
                self.emit(Step::TowardAddress { vrrp });
            }
            self.emit(Step::Send { links, draw });
            self.account_transfer(links, &front.shares, bytes, false);
        }
        let call = self.call_front(&front);
        if new < 1.0 {
            let draw = self.bits_draw(NEW_CONNECTION);
            self.net.client_connections.insert(call, (draw, threshold(new)));
        }
        if let ServiceKind::Haproxy(Haproxy { timeout_client_s: Some(seconds), .. }) =
            &self.scenario.services[target].kind
        {
            self.net.client_timeouts.insert(call, round_nanos(seconds * 1e9));
        }
        if let Some((draw, bytes)) = response {
            self.emit(Step::Receive { links, draw });
            self.account_transfer(links, &front.shares, bytes, true);
        }
        let back = self.here();
        self.land_failures_at(back);
        self.pass(RTT, &rtt, 0.5, 0);
        self.emit(end);
        sub
    }

    /// The request's bytes, where the scenario gives any: a draw and their mean.
    pub(super) fn upload(&mut self, class: ClassId) -> Option<(u32, f64)> {
        let bytes = self.demands(class).upload.clone()?;
        Some((self.number_draw(UPLOAD, &bytes), bytes.mean()))
    }

    /// The answer's bytes: from the trace, or drawn.
    pub(super) fn response(&mut self, source: usize, class: ClassId) -> Option<(u32, f64)> {
        let demands = self.demands(class);
        // a static file is its own answer
        let file = demands.of_service.iter().find_map(|demand| demand.file.clone());
        let (purpose, bytes) = match demands.response.clone() {
            Some(bytes) => (RESPONSE, Some(bytes)),
            None => (FILE, file),
        };
        let recorded = matches!(&self.scenario.traffic[source].process, Process::Trace(trace) if trace.sizes);
        if recorded {
            let otherwise = bytes.unwrap_or(Distribution::Constant(0.0));
            let draw = self.given_draw(purpose, &otherwise, crate::workload::trace::WORK_COLUMNS, 1.0);
            return Some((draw, otherwise.mean()));
        }
        let bytes = bytes?;
        Some((self.number_draw(purpose, &bytes), bytes.mean()))
    }

    /// The answer's bytes on a hop inside, where the source is not known: a draw that a trace supplies if
    /// any source of this class records sizes.
    pub(super) fn response_inside(&mut self, class: ClassId) -> Option<(u32, f64)> {
        let recorded = (0..self.scenario.traffic.len())
            .find(|&s| matches!(&self.scenario.traffic[s].process, Process::Trace(trace) if trace.sizes));
        self.response(recorded.unwrap_or(0), class)
    }

    /// The steps of closed users: think, then begin.
    pub(super) fn user_steps(&mut self, source: usize) -> StepId {
        let think = self.emit(Step::Think { source: source as u32 });
        self.emit(Step::Begin { source: source as u32 });
        think
    }
}

//! HAProxy's health checks: one for each server of a backend, a request that nobody waits for but the check itself.

use super::{Compiler, SubKey};
use crate::model::network::{Check, Leaf};
use crate::model::program::{Step, round_nanos};
use crate::model::request::NONE;
use crate::scenario::{HealthCheck, ServiceId, ServiceKind};
use crate::simulation::result::FailureReason;

impl Compiler<'_> {
    /// Before the program of a HAProxy process: its checks of a backend, once.
    ///
    /// Who only connects finds a server down in a world in which something goes wrong, and in no other.
    pub(super) fn checks(
        &mut self,
        service: ServiceId,
        instance: usize,
        backend: ServiceId,
        config: &HealthCheck,
        dispatcher: u32,
    ) {
        let name = format!("{}.checks", self.dispatcher_name(service, instance, backend));
        if self.named.contains_key(&name) || (config.httpchk.is_none() && self.scenario.faults.is_empty()) {
            return;
        }
        self.named.insert(name, 0);
        let server = self.server_of(service, instance);
        let class = config.httpchk.unwrap_or(0);
        self.net.dispatchers[dispatcher as usize].first_check = self.net.checks.len() as u32;
        self.net.dispatchers[dispatcher as usize].counts = true;
        for (target, callee) in self.servers_of(backend).into_iter().enumerate() {
            let http = config
                .httpchk
                .map(|class| self.sub(SubKey::Serve { service: backend, instance: target, class, origin: None }));
            let links = self.links(server, &[callee], false);
            let to = match http {
                Some(sub) => self.subs[sub].entry,
                None => {
                    let own = self.process;
                    self.process = self.process_number(backend, target);
                    let accept = self.emit(Step::Accept);
                    self.process = own;
                    accept
                }
            };
            let check = self.net.checks.len() as u32;
            let sub = self.open_sub();
            self.propagate(links, &[1.0]);
            let timeout_s = config.timeout_s.unwrap_or(config.inter_s);
            let timeouts = self.timeout_line(timeout_s);
            self.emit(Step::Deadline { reason: FailureReason::AnswerTimeout as u8, timeouts });
            let call = self.emit_failing(Step::CallFixed { to, chosen: 0, fail: 0 });
            self.limit_connecting(call, timeout_s);
            self.propagate(links, &[1.0]);
            let end = self.emit(Step::CheckEnd { check });
            self.land_failures_at(end);
            let nanos = |seconds: f64| round_nanos(seconds * 1e9);
            let made = Check {
                leaf: self.leaf(Leaf::Check(check)),
                dispatcher,
                server: target as u32,
                process: self.process,
                entry: self.subs[sub].entry,
                class: class as u16,
                inter: nanos(config.inter_s),
                fastinter: nanos(config.fastinter_s.unwrap_or(config.inter_s)),
                downinter: nanos(config.downinter_s.unwrap_or(config.inter_s)),
                fall: config.fall,
                rise: config.rise,
                slowstart: nanos(config.slowstart_s),
                up_since: 0,
                warming: if config.slowstart_s > 0.0 { self.leaf(Leaf::Warming(check)) } else { NONE },
                maxconn: self.maxconn_of(service, backend, target),
                // a server begins as up, and the first failed check takes it down
                health: config.rise,
                errors: 0,
                stops: 0,
            };
            self.net.checks.push(made);
        }
    }

    /// What HAProxy lets one server of a backend serve at once.
    fn maxconn_of(&self, service: ServiceId, backend: ServiceId, target: usize) -> Option<u32> {
        let ServiceKind::Haproxy(config) = &self.scenario.services[service].kind else { return None };
        self.scenario.services[backend].servers.get(target).and_then(|p| p.maxconn).or(config.server_maxconn)
    }
}

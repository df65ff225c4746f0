//! HAProxy: connections of the process, TLS handshakes, its CPU, and the choice of a server with the queue
//! behind `maxconn`.

use super::client::{NEW_CONNECTION, RTT};
use super::{Compiler, Origin, SubId};
use crate::balance::{Balancer, Policy, Slot};
use crate::engine::random::purpose;
use crate::model::network::{Proxy, Role, StationAt, StationEntry, TryAgainRule};
use crate::model::program::{Step, Tier, round_nanos};
use crate::model::request::NONE;
use crate::model::station::dispatcher::{Mark, Passive};
use crate::model::station::{Dispatcher, Pool};
use crate::scenario::{Amount, Balance, ClassId, Haproxy, Placement, ServerId, ServiceId};
use crate::simulation::result::FailureReason;

/// A choice among the servers of a service.
pub(super) struct Dispatching {
    pub name: String,
    pub slots: Vec<Slot>,
    /// As whoever reads of a change wants to hear of them.
    pub server_names: Vec<String>,
    /// Their processes.
    pub processes: Vec<u32>,
    pub backup: Vec<bool>,
    pub policy: Policy,
    /// In the queue where all are full; `None`: there is no queue.
    pub timeout_s: Option<f64>,
    pub passive: Passive,
    /// Health checks may find the only one down.
    pub checked: bool,
}

/// How a proxy calls a service.
pub(super) struct Calling {
    pub dispatcher: Option<u32>,
    /// On a connection of its own, each time.
    pub connects: bool,
    pub by: Tier,
    pub connect_timeout_s: f64,
    pub answer_timeout_s: Option<f64>,
    pub rule: TryAgainRule,
}

impl Compiler<'_> {
    pub(super) fn haproxy(
        &mut self,
        service: ServiceId,
        instance: usize,
        class: ClassId,
        origin: Option<Origin>,
        config: &Haproxy,
    ) -> SubId {
        let backend = config.backend_of_class[class];
        let (entries, callees) = self.call_table(backend, class);
        let server = self.server_of(service, instance).expect("HAProxy runs on a server");
        let cores = self.scenario.servers[server].cpu.cores;
        let threads = config.nbthread.unwrap_or(cores).min(cores);

        let connections = self.name_of(service, instance, "maxconn");
        // above the process's maxconn the kernel's backlog holds connections: waiting, no error
        let connections = self.pool(connections, Role::Pool, |_| Pool::new(config.maxconn));
        let thread_pool = (threads < cores).then(|| {
            let name = self.name_of(service, instance, "nbthread");
            self.pool(name, Role::Pool, |_| Pool::new(threads))
        });
        let slots: Vec<Slot> = self.scenario.services[backend]
            .servers
            .iter()
            .map(|p| Slot { weight: p.weight, maxconn: p.maxconn.or(config.server_maxconn) })
            .collect();
        let policy = policy_of(&config.balance);
        let dispatcher = self.dispatcher(Dispatching {
            name: self.dispatcher_name(service, instance, backend),
            slots,
            server_names: self.server_names(service, instance, backend),
            processes: (0..self.instances(backend)).map(|i| self.process_number(backend, i)).collect(),
            backup: self.scenario.services[backend].servers.iter().map(|p| p.backup).collect(),
            policy,
            timeout_s: Some(config.timeout_queue_s),
            passive: Passive::default(),
            checked: config.check.is_some(),
        });
        let rule = TryAgainRule::Haproxy {
            retries: config.retries.min(u8::MAX as u32) as u8,
            redispatch: config.redispatch,
            in_turn: matches!(policy, Policy::RoundRobin | Policy::StaticRr | Policy::Random { .. }),
            turnaround_ns: round_nanos(config.timeout_connect_s.min(1.0) * 1e9),
            error_limit: config.check.as_ref().and_then(|check| check.error_limit).unwrap_or(u32::MAX),
            only_connections: config.check.as_ref().is_some_and(|check| check.only_connections),
        };
        let calling = Calling {
            dispatcher,
            connects: false,
            by: Tier::Haproxy,
            connect_timeout_s: config.timeout_connect_s,
            answer_timeout_s: config.timeout_server_s,
            rule,
        };
        if let (Some(check), Some(dispatcher)) = (&config.check, dispatcher) {
            self.checks(service, instance, backend, check, dispatcher);
        }

        let sub = self.open_sub();
        self.hold(connections, FailureReason::ConnectionsExhausted as u8, |c| {
            if let (Some(tls), Some(origin)) = (&config.tls, origin) {
                let new = c.new_connections(origin);
                let rtt = c.scenario.network.client_rtt.clone();
                c.maybe(NEW_CONNECTION, new, |c| {
                    let full = |c: &mut Self| {
                        c.threaded_cpu(thread_pool, server, "tls.full_cpu", &Amount::Drawn(tls.full_cpu.clone()));
                        c.pass(RTT, &rtt, tls.full_round_trips as f64, 0);
                    };
                    let resumed = |c: &mut Self| {
                        c.threaded_cpu(thread_pool, server, "tls.resumed_cpu", &Amount::Drawn(tls.resumed_cpu.clone()));
                        c.pass(RTT, &rtt, tls.resumed_round_trips as f64, 0);
                    };
                    c.either("client.tls_resumed", tls.resumption, resumed, full);
                });
            }
            let purpose = format!("{}.cpu", c.service_name(service));
            if let Some(amount) = c.demand(class, service).cpu.clone() {
                c.threaded_cpu(thread_pool, server, &purpose, &amount);
            }
            c.call_service(server, class, backend, (entries, &callees), &calling);
        });
        self.close_sub_returning(sub)
    }

    pub(super) fn service_name(&self, service: ServiceId) -> String {
        self.scenario.services[service].name.clone()
    }

    /// CPU under a limit on threads, where there are fewer than cores.
    pub(super) fn threaded_cpu(&mut self, threads: Option<u32>, server: ServerId, purpose: &str, amount: &Amount) {
        match threads {
            Some(pool) => self.hold(pool, 0, |c| c.cpu(server, purpose, amount)),
            None => self.cpu(server, purpose, amount),
        }
    }

    /// Calls one server of a service, chosen by a dispatcher where there is one: bytes forth, the call,
    /// bytes back, and the slot is free again. `connects`: on a connection of its own.
    pub(super) fn call_service(
        &mut self,
        caller: ServerId,
        class: ClassId,
        service: ServiceId,
        (entries, callees): (u32, &[SubId]),
        calling: &Calling,
    ) {
        let &Calling { dispatcher, connects, by, connect_timeout_s: connect_s, .. } = calling;
        let shares = self.shares(service);
        let servers = self.servers_of(service);
        let (upload, response) = (self.upload(class), self.response_inside(class));
        let links = self.links(Some(caller), &servers, upload.is_some() || response.is_some());
        let deadline = calling.answer_timeout_s.map(|seconds| self.timeout_line(seconds));
        let proxy = self.proxy(calling);
        let idempotent = self.is_idempotent(class);
        self.fails.push(Vec::new());
        let again = self.here();
        if let Some(dispatcher) = dispatcher {
            self.emit_failing(Step::Dispatch { dispatcher, fail: 0 });
        }
        let before = self.elapsed();
        let assumed = dispatcher.is_some_and(|d| callees.len() > 1 && self.net.dispatchers[d as usize].looks_at_state);
        let single = self.net.entries[entries as usize];
        let undispatch = |c: &mut Self| {
            if let Some(dispatcher) = dispatcher {
                c.emit(Step::Undispatch { dispatcher, next: NONE });
            }
        };
        self.protected(
            |c| {
                if connects {
                    // SYN and SYN-ACK
                    c.propagate(links, &shares);
                    c.propagate(links, &shares);
                }
                if let Some((draw, bytes)) = upload {
                    c.emit(Step::Send { links, draw });
                    c.account_transfer(links, &shares, bytes, false);
                }
                c.propagate(links, &shares);
                if let Some(timeouts) = deadline {
                    c.emit(Step::Deadline { reason: FailureReason::AnswerTimeout as u8, timeouts });
                }
                let call = c.emit_failing(match dispatcher {
                    Some(_) => Step::CallChosen { entries, fail: 0 },
                    None => Step::CallFixed { to: single, chosen: 0, fail: 0 },
                });
                c.limit_connecting(call, connect_s);
                for (callee, share) in callees.iter().zip(&shares) {
                    c.account_choice(*callee, *share, assumed);
                }
                if let Some((draw, bytes)) = response {
                    c.emit(Step::Receive { links, draw });
                    c.account_transfer(links, &shares, bytes, true);
                }
                c.propagate(links, &shares);
            },
            undispatch,
            |c| {
                // the refusal comes back over the wire too
                c.emit(Step::PropagateFailure { links });
                c.emit(Step::TryAgain { idempotent, proxy, call: again });
                for to in [again, again + 1] {
                    c.emit(Step::Pause);
                    c.emit(Step::Jump { to });
                }
                undispatch(c);
            },
        );
        // a request that found no server, or whose last try failed, is answered with an error page
        let skip = self.emit(Step::Jump { to: 0 });
        let pad = self.here();
        self.land_failures_at(pad);
        self.emit(Step::Answer { by });
        self.emit_failing(Step::Jump { to: 0 });
        let next = self.here();
        self.net.steps[skip as usize] = Step::Jump { to: next };
        if let Some(dispatcher) = dispatcher {
            self.account_held(StationAt::Dispatcher(dispatcher), before);
        }
    }

    /// Expected shares of a service's servers: by weight, of those that are no backups.
    fn shares(&self, service: ServiceId) -> Vec<f64> {
        let servers = &self.scenario.services[service].servers;
        if servers.is_empty() {
            return vec![1.0];
        }
        let only_backups = servers.iter().all(|p| p.backup);
        let weight = |p: &Placement| if p.backup && !only_backups { 0.0 } else { p.weight as f64 };
        let total: f64 = servers.iter().map(weight).sum();
        servers.iter().map(|p| weight(p) / total).collect()
    }

    /// What a proxy does when its call fails.
    fn proxy(&mut self, calling: &Calling) -> u32 {
        self.net.proxies.push(Proxy { dispatcher: calling.dispatcher, rule: calling.rule });
        self.net.proxies.len() as u32 - 1
    }

    /// Whether a request may be sent twice: none that writes.
    fn is_idempotent(&self, class: ClassId) -> bool {
        let writes = |demand: &crate::scenario::Demand| demand.transactions.iter().any(|t| t.writes > 0);
        !self.demands(class).of_service.iter().any(writes)
    }

    /// `lb: app on app1`, for each server that it calls.
    pub(super) fn server_names(&self, service: ServiceId, instance: usize, callee: ServiceId) -> Vec<String> {
        let own = self.name_of(service, instance, "");
        let name = |server: Option<ServerId>| match server {
            Some(server) => {
                let server = &self.scenario.servers[server].name;
                format!("{}: {} on {server}", own.trim_end_matches('.'), self.service_name(callee))
            }
            None => format!("{}: {}", own.trim_end_matches('.'), self.service_name(callee)),
        };
        self.servers_of(callee).into_iter().map(name).collect()
    }

    pub(super) fn dispatcher_name(&self, service: ServiceId, instance: usize, callee: ServiceId) -> String {
        format!("{}->{}", self.name_of(service, instance, "").trim_end_matches('.'), self.service_name(callee))
    }

    /// A dispatcher; none for a single server without a limit that nobody checks.
    pub(super) fn dispatcher(&mut self, asked: Dispatching) -> Option<u32> {
        let Dispatching { name, slots, server_names, processes, backup, policy, timeout_s, passive, checked } = asked;
        if slots.is_empty() || (slots.len() == 1 && slots[0].maxconn.is_none() && !checked) {
            return None;
        }
        let name = format!("{name}.slots");
        if let Some(&dispatcher) = self.named.get(&name) {
            return Some(dispatcher);
        }
        let capacity: Option<u32> = slots.iter().map(|s| s.maxconn).sum();
        let mut pool = Pool::new(capacity.unwrap_or(u32::MAX));
        if capacity.is_some()
            && let Some(seconds) = timeout_s
        {
            pool.patience = Some(self.timeout(seconds));
        }
        if timeout_s.is_none() {
            // nginx keeps no queue: where all are at their max_conns, that is a 502 at once
            pool.queue_limit = 0;
        }
        // a limit on each server sends requests where there is room
        let looks_at_state = policy.looks_at_state() || slots.iter().any(|s| s.maxconn.is_some());
        let dispatcher = self.net.dispatchers.len() as u32;
        self.net.process_of_dispatcher.push(self.process);
        let choice = purpose(&format!("{name}.choice"));
        let servers = slots.len();
        let mut made = Dispatcher::new(Balancer::new(policy, slots), pool, backup, choice, looks_at_state);
        made.server_names = server_names;
        made.processes = processes;
        if passive.max_fails > 0 && servers > 1 {
            made.passive = passive;
            made.marks = vec![Mark::default(); servers];
            made.counts = true;
        }
        self.net.dispatchers.push(made);
        let at = StationAt::Dispatcher(dispatcher);
        self.net.stations.push(StationEntry { name: name.clone(), role: Role::Pool, at, workers: capacity });
        self.named.insert(name, dispatcher);
        Some(dispatcher)
    }
}

pub(super) fn policy_of(balance: &Balance) -> Policy {
    match *balance {
        Balance::RoundRobin => Policy::RoundRobin,
        Balance::StaticRr => Policy::StaticRr,
        Balance::LeastConn => Policy::LeastConn,
        Balance::First => Policy::First,
        Balance::Source => Policy::Source,
        Balance::Random { draws } => Policy::Random { draws },
    }
}

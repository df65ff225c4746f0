//! HAProxy: connections of the process, TLS handshakes, its CPU, and the choice of a server with the queue
//! behind `maxconn`.

use super::client::{NEW_CONNECTION, RTT};
use super::{Compiler, Origin, SubId};
use crate::balance::{Balancer, Policy, Slot};
use crate::engine::random::purpose;
use crate::model::network::{Role, StationAt, StationEntry};
use crate::model::program::Step;
use crate::model::request::Queue;
use crate::model::station::{Dispatcher, Pool};
use crate::scenario::{Amount, Balance, ClassId, Haproxy, ServerId, ServiceId};
use crate::simulation::result::FailureReason;

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
        let dispatcher = self.dispatcher(
            format!("{}->{}", self.name_of(service, instance, "").trim_end_matches('.'), self.service_name(backend)),
            slots,
            policy_of(&config.balance),
            Some(config.timeout_queue_s),
        );

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
            c.call_service(server, class, backend, (entries, &callees), dispatcher, false);
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
        dispatcher: Option<u32>,
        connects: bool,
    ) {
        let shares = self.shares(service);
        let servers = self.servers_of(service);
        let (upload, response) = (self.upload(class), self.response_inside(class));
        let links = self.links(Some(caller), &servers, upload.is_some() || response.is_some());
        if let Some(dispatcher) = dispatcher {
            self.emit_failing(Step::Dispatch { dispatcher, fail: 0 });
        }
        let before = self.elapsed();
        let assumed = dispatcher.is_some_and(|d| callees.len() > 1 && self.net.dispatchers[d as usize].looks_at_state);
        let single = self.net.entries[entries as usize];
        let undispatch = |c: &mut Self| {
            if let Some(dispatcher) = dispatcher {
                c.emit(Step::Undispatch { dispatcher });
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
                c.emit_failing(match dispatcher {
                    Some(_) => Step::CallChosen { entries, fail: 0 },
                    None => Step::CallFixed { to: single, chosen: 0, fail: 0 },
                });
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
                c.emit(Step::Propagate { links });
                undispatch(c);
            },
        );
        if let Some(dispatcher) = dispatcher {
            self.account_held(StationAt::Dispatcher(dispatcher), before);
        }
    }

    /// Expected shares of a service's servers: by weight.
    fn shares(&self, service: ServiceId) -> Vec<f64> {
        let servers = &self.scenario.services[service].servers;
        if servers.is_empty() {
            return vec![1.0];
        }
        let total: f64 = servers.iter().map(|p| p.weight as f64).sum();
        servers.iter().map(|p| p.weight as f64 / total).collect()
    }

    /// A dispatcher; none for a single server without a limit.
    pub(super) fn dispatcher(
        &mut self,
        name: String,
        slots: Vec<Slot>,
        policy: Policy,
        timeout_s: Option<f64>,
    ) -> Option<u32> {
        if slots.is_empty() || (slots.len() == 1 && slots[0].maxconn.is_none()) {
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
        let bound = vec![Queue::default(); slots.len()];
        // a limit on each server sends requests where there is room
        let looks_at_state = policy.looks_at_state() || slots.iter().any(|s| s.maxconn.is_some());
        let dispatcher = self.net.dispatchers.len() as u32;
        self.net.process_of_dispatcher.push(self.process);
        let choice = purpose(&format!("{name}.choice"));
        self.net.dispatchers.push(Dispatcher {
            balancer: Balancer::new(policy, slots),
            pool,
            bound,
            choice,
            looks_at_state,
        });
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

//! The application: workers that hold a request, or an event loop; memory; the database pool.

use super::{Compiler, SubId, SubKey};
use crate::model::network::{Role, Router, Rule};
use crate::model::program::{Step, Tier};
use crate::model::station::{Patience, Pool};
use crate::scenario::{
    App, ClassId, Database, Demand, Mysql, Reads, Runtime, ServerId, ServiceId, ServiceKind, WhenFull,
};
use crate::simulation::result::FailureReason;

impl Compiler<'_> {
    pub(super) fn app(&mut self, service: ServiceId, instance: usize, class: ClassId, config: &App) -> SubId {
        let server = self.server_of(service, instance).expect("an application runs on a server");
        let demand = self.demand(class, service).clone();
        let refused = FailureReason::Refused as u8;
        let database = config.database.as_ref().map(|d| self.database_calls(class, d));
        let queue_limit = config.backlog;
        let (what, slots) = match config.runtime {
            Runtime::Workers { workers } => ("workers", workers),
            Runtime::EventLoop { processes } => ("event_loop", processes),
        };
        let name = self.name_of(service, instance, what);
        let slots = self.pool(name, Role::Pool, |_| Pool { queue_limit, ..Pool::new(slots) });
        let pool = config.database.as_ref().map(|d| self.database_pool(service, instance, d));
        let process = config.memory.as_ref().map(|memory| {
            let name = self.name_of(service, instance, "process");
            if let Some(&process) = self.named.get(&name) {
                return process;
            }
            let account = self.memory(server, memory.when_full == WhenFull::Swap);
            let workers = match config.runtime {
                Runtime::Workers { workers } => workers,
                Runtime::EventLoop { processes } => processes,
            };
            let base = memory.base_bytes + memory.per_worker_bytes * workers as f64;
            let process = self.process(name.clone(), account, base, memory.restart_s);
            self.named.insert(name, process);
            process
        });

        let sub = self.open_sub();
        let cpu = format!("{}.cpu", self.service_name(service));
        let body = |c: &mut Self| {
            if let Some(amount) = &demand.cpu {
                match config.runtime {
                    Runtime::Workers { .. } => c.cpu(server, &cpu, amount),
                    Runtime::EventLoop { .. } => c.hold(slots, refused, |c| c.cpu(server, &cpu, amount)),
                }
            }
            if let Some(amount) = &demand.wait {
                c.wait(&format!("{cpu}.wait"), amount);
            }
            if let (Some(calls), Some(pool)) = (&database, pool) {
                c.call_database(server, pool, calls);
            }
        };
        let inside = |c: &mut Self| c.with_memory(process, &demand, &cpu, body);
        match config.runtime {
            Runtime::Workers { .. } => self.hold(slots, refused, inside),
            Runtime::EventLoop { .. } => inside(self),
        }
        self.close_sub_returning(sub)
    }

    /// Runs `body` with the request's memory taken.
    fn with_memory(&mut self, process: Option<u32>, demand: &Demand, name: &str, body: impl FnOnce(&mut Self)) {
        let (Some(process), Some(bytes)) = (process, &demand.memory) else { return body(self) };
        let draw = self.number_draw(&format!("{name}.memory"), bytes);
        self.emit_failing(Step::TakeMemory { process, draw, fail: 0 });
        let free = move |c: &mut Self| {
            c.emit(Step::FreeMemory { process, draw });
        };
        self.protected(body, free, free);
    }

    fn database_pool(&mut self, service: ServiceId, instance: usize, config: &Database) -> u32 {
        let name = self.name_of(service, instance, "database_pool");
        self.pool(name, Role::Pool, |c| {
            let patience = Some(c.timeout(config.acquire_timeout_s));
            Pool { patience, ..Pool::new(config.pool) }
        })
    }

    /// The programs at the database that a class needs, compiled before the caller's own.
    fn database_calls(&mut self, class: ClassId, config: &Database) -> DatabaseCalls {
        let service = config.service;
        let scenario = self.scenario;
        let ServiceKind::Mysql(mysql) = &scenario.services[service].kind else {
            panic!("a scenario lets applications talk to databases alone");
        };
        let demand = self.demand(class, service).clone();
        let reads = demand.reads.map(|reads| {
            let subs: Vec<SubId> = (0..1 + mysql.replicas.len())
                .map(|instance| self.sub(SubKey::Read { service, instance, class }))
                .collect();
            let entries = self.table_of(&subs);
            let router = self.router(service, mysql);
            (reads, entries, subs, router)
        });
        let transactions = (0..demand.transactions.len())
            .map(|index| self.sub(SubKey::Transaction { service, class, index }))
            .collect();
        DatabaseCalls {
            service,
            reads,
            transactions,
            connect_timeout: self.timeout(config.connect_timeout_s),
            read_timeout: config.read_timeout_s.map(|seconds| self.timeout_line(seconds)),
        }
    }

    fn router(&mut self, service: ServiceId, mysql: &Mysql) -> u32 {
        let name = format!("{}.reads", self.service_name(service));
        if let Some(&router) = self.named.get(&name) {
            return router;
        }
        let replicas: Vec<u32> = (1..=mysql.replicas.len() as u32).collect();
        let all: Vec<u32> = (0..=mysql.replicas.len() as u32).collect();
        let rule = match mysql.reads {
            Reads::Primary => Rule::RoundRobin(vec![0]),
            Reads::Replica if replicas.is_empty() => Rule::RoundRobin(vec![0]),
            Reads::Replica => Rule::RoundRobin(replicas),
            Reads::Any => Rule::RoundRobin(all),
            Reads::MaxLag { max_lag_s, poll_s } => {
                let poll_ns = crate::model::program::round_nanos(poll_s * 1e9).max(1);
                let database = self.database_of(service) as usize;
                for &replica in &self.net.databases[database].replicas {
                    self.net.replicas[replica as usize].poll_ns = poll_ns;
                }
                Rule::MaxLag { limit_ns: crate::model::program::round_nanos(max_lag_s * 1e9), fresh: Vec::new() }
            }
        };
        self.make_router(service, name, rule)
    }

    /// Writes go to the primary.
    fn primary_router(&mut self, service: ServiceId) -> u32 {
        let name = format!("{}.writes", self.service_name(service));
        match self.named.get(&name) {
            Some(&router) => router,
            None => self.make_router(service, name, Rule::RoundRobin(vec![0])),
        }
    }

    fn make_router(&mut self, service: ServiceId, name: String, rule: Rule) -> u32 {
        let router = self.net.routers.len() as u32;
        let database = self.database_of(service);
        self.net.routers.push(Router { rule, database, next: 0 });
        self.named.insert(name, router);
        router
    }

    /// Statements and transactions, one after the other, each on a connection of the pool.
    fn call_database(&mut self, caller: ServerId, pool: u32, calls: &DatabaseCalls) {
        // draws of the whole request are those of its first pass, an error's way out included
        let first_pass = |c: &mut Self| {
            c.emit(Step::Visit { number: 0 });
        };
        self.protected(
            |c| c.statements(caller, pool, calls),
            first_pass,
            |c| {
                first_pass(c);
                c.emit(Step::Answer { by: Tier::App });
            },
        );
    }

    fn statements(&mut self, caller: ServerId, pool: u32, calls: &DatabaseCalls) {
        let timeout = FailureReason::PoolTimeout as u8;
        if let Some((reads, entries, subs, router)) = &calls.reads {
            let servers = self.database_servers(calls.service);
            let result = reads.result.as_ref().map(|bytes| (self.number_draw("database.result", bytes), bytes.mean()));
            let links = self.links(Some(caller), &servers, result.is_some());
            let shares = self.read_shares(*router, servers.len());
            let assumed = matches!(self.net.routers[*router as usize].rule, Rule::MaxLag { .. });
            for number in 0..reads.count {
                self.emit(Step::Visit { number });
                self.hold(pool, timeout, |c| {
                    c.emit(Step::Route { router: *router });
                    c.round_trip(links, &shares, |c| {
                        c.database_call(Step::CallChosen { entries: *entries, fail: 0 }, calls);
                        for (sub, share) in subs.iter().zip(&shares) {
                            c.account_choice(*sub, *share, assumed);
                        }
                        if let Some((draw, bytes)) = result {
                            c.emit(Step::Receive { links, draw });
                            c.account_transfer(links, &shares, bytes, true);
                        }
                    });
                });
            }
            // a transaction's draws do not depend on how many reads there were before it
            self.emit(Step::Visit { number: 0 });
        }
        let primary = self.database_servers(calls.service)[..1].to_vec();
        for &sub in &calls.transactions {
            let links = self.links(Some(caller), &primary, false);
            let to = self.subs[sub].entry;
            let router = self.primary_router(calls.service);
            self.hold(pool, timeout, |c| {
                // the wire is that of whom a read has chosen last, so the primary is chosen too
                c.emit(Step::Route { router });
                c.round_trip(links, &[1.0], |c| {
                    c.database_call(Step::CallFixed { to, chosen: 0, fail: 0 }, calls);
                    c.account_call(sub, 1.0);
                });
            });
        }
    }

    /// A call under the driver's time-outs.
    fn database_call(&mut self, call: Step, calls: &DatabaseCalls) {
        if let Some(timeouts) = calls.read_timeout {
            self.emit(Step::Deadline { reason: FailureReason::AnswerTimeout as u8, timeouts });
        }
        let call = self.emit_failing(call);
        self.net.connect_timeouts.push((call, calls.connect_timeout));
    }

    /// A call with the wire before and behind it, an error's answer included.
    fn round_trip(&mut self, links: u32, shares: &[f64], call: impl FnOnce(&mut Self)) {
        self.propagate(links, shares);
        self.protected(
            call,
            |c| c.propagate(links, shares),
            |c| {
                c.emit(Step::PropagateFailure { links });
            },
        );
    }

    /// Shares of the reads by server, as the rule deals them out while no replica lags.
    fn read_shares(&self, router: u32, servers: usize) -> Vec<f64> {
        let mut shares = vec![0.0; servers];
        match &self.net.routers[router as usize].rule {
            Rule::RoundRobin(order) => {
                for &server in order {
                    shares[server as usize] += 1.0 / order.len() as f64;
                }
            }
            Rule::MaxLag { .. } if servers == 1 => shares[0] = 1.0,
            Rule::MaxLag { .. } => shares[1..].fill(1.0 / (servers - 1) as f64),
        }
        shares
    }
}

struct DatabaseCalls {
    service: ServiceId,
    /// The reads, their entries by server, their programs, and who chooses.
    reads: Option<(crate::scenario::DatabaseReads, u32, Vec<SubId>, u32)>,
    transactions: Vec<SubId>,
    connect_timeout: Patience,
    read_timeout: Option<u32>,
}

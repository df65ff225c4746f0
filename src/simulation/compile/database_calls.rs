//! How an application talks to a database: which server each statement goes to, over which wire, on a connection of
//! the pool.

use super::{Compiler, SubId, SubKey};
use crate::model::database::{Router, Rule, Targets};
use crate::model::program::{Step, Tier};
use crate::scenario::{ClassId, Database, Mysql, Reads, ServerId, ServiceId, ServiceKind};
use crate::simulation::result::FailureReason;

impl Compiler<'_> {
    /// The programs at the database that a class needs, compiled before the caller's own.
    pub(super) fn database_calls(&mut self, class: ClassId, config: &Database) -> DatabaseCalls {
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
        // the primary takes the writes, and who may become one
        let writers =
            if mysql.failover.is_some() && !scenario.faults.is_empty() { 1 + mysql.replicas.len() } else { 1 };
        let transactions = (0..demand.transactions.len())
            .map(|index| {
                let at = |instance| self.sub(SubKey::Transaction { service, instance, class, index });
                (0..writers).map(at).collect()
            })
            .collect();
        DatabaseCalls {
            service,
            reads,
            transactions,
            connect_timeout_s: config.connect_timeout_s,
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
        let (rule, to) = match mysql.reads {
            Reads::Primary => (Rule::RoundRobin(vec![0]), Targets::Primary),
            Reads::Replica if replicas.is_empty() => (Rule::RoundRobin(vec![0]), Targets::Replicas),
            Reads::Replica => (Rule::RoundRobin(replicas), Targets::Replicas),
            Reads::Any => (Rule::RoundRobin(all), Targets::All),
            Reads::MaxLag { max_lag_s, poll_s } => {
                let poll_ns = crate::model::program::round_nanos(poll_s * 1e9).max(1);
                let database = self.database_of(service);
                for replica in self.net.replicas.iter_mut().filter(|replica| replica.database == database) {
                    replica.poll_ns = poll_ns;
                }
                let limit_ns = crate::model::program::round_nanos(max_lag_s * 1e9);
                (Rule::MaxLag { limit_ns, fresh: Vec::new() }, Targets::Replicas)
            }
        };
        self.make_router(service, name, rule, to)
    }

    /// Writes go to the primary.
    fn primary_router(&mut self, service: ServiceId) -> u32 {
        let name = format!("{}.writes", self.service_name(service));
        match self.named.get(&name) {
            Some(&router) => router,
            None => self.make_router(service, name, Rule::RoundRobin(vec![0]), Targets::Primary),
        }
    }

    fn make_router(&mut self, service: ServiceId, name: String, rule: Rule, to: Targets) -> u32 {
        let router = self.net.routers.len() as u32;
        let database = self.database_of(service);
        self.net.routers.push(Router { rule, to, database, next: 0 });
        self.named.insert(name, router);
        router
    }

    /// Statements and transactions, one after the other, each on a connection of the pool.
    pub(super) fn call_database(&mut self, caller: ServerId, pool: u32, calls: &DatabaseCalls) {
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
        for subs in &calls.transactions {
            let servers = self.database_servers(calls.service)[..subs.len()].to_vec();
            let links = self.links(Some(caller), &servers, false);
            let to = self.subs[subs[0]].entry;
            let entries = (subs.len() > 1).then(|| self.table_of(subs));
            let router = self.primary_router(calls.service);
            let first: Vec<f64> = (0..subs.len()).map(|i| if i == 0 { 1.0 } else { 0.0 }).collect();
            self.hold(pool, timeout, |c| {
                // the wire is that of whom a read has chosen last, so the primary is chosen too
                c.emit(Step::Route { router });
                c.round_trip(links, &first, |c| {
                    let call = match entries {
                        Some(entries) => Step::CallChosen { entries, fail: 0 },
                        None => Step::CallFixed { to, chosen: 0, fail: 0 },
                    };
                    c.database_call(call, calls);
                    c.account_call(subs[0], 1.0);
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
        self.limit_connecting(call, calls.connect_timeout_s);
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

pub(super) struct DatabaseCalls {
    service: ServiceId,
    /// The reads, their entries by server, their programs, and who chooses.
    reads: Option<(crate::scenario::DatabaseReads, u32, Vec<SubId>, u32)>,
    /// Each one's programs by server.
    transactions: Vec<Vec<SubId>>,
    /// Of the driver.
    connect_timeout_s: f64,
    read_timeout: Option<u32>,
}

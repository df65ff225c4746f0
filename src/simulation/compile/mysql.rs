//! MySQL: databases and their servers, connections, reads, transactions and their group commit in stages.

use super::{Compiler, SubId, SubKey};
use crate::engine::Distribution;
use crate::model::database::{Database, Replica, SemiSync};
use crate::model::network::{Leaf, Role, StationAt};
use crate::model::orchestrator::Orchestrator;
use crate::model::program::{DrawId, Step, round_nanos};
use crate::model::request::NONE;
use crate::model::station::{Pool, Stage};
use crate::scenario::{Amount, ClassId, Mysql, ServerId, ServiceId, ServiceKind, WaitPoint};
use crate::simulation::result::FailureReason;

/// Nanoseconds.
fn nanos(seconds: f64) -> u64 {
    round_nanos(seconds * 1e9)
}

const NO_CONNECTION: u8 = FailureReason::TooManyConnections as u8;

impl Compiler<'_> {
    /// Databases and replicas, before any program.
    pub(super) fn make_databases(&mut self) {
        let scenario = self.scenario;
        for (service, s) in scenario.services.iter().enumerate() {
            match &s.kind {
                ServiceKind::Mysql(mysql) => {
                    self.make_database(service, mysql);
                    for &server in std::iter::once(&mysql.primary).chain(&mysql.replicas) {
                        self.hardware.resident[server] += mysql.buffer_pool_bytes;
                    }
                }
                // accounts first: every program on such a server pays for what does not fit
                ServiceKind::App(app) => {
                    if let Some(memory) = &app.memory {
                        for placement in &s.servers {
                            self.memory(placement.server, memory.when_full == crate::scenario::WhenFull::Swap);
                        }
                    }
                }
                ServiceKind::Haproxy(_) | ServiceKind::Nginx(_) | ServiceKind::Station(_) => {}
            }
        }
    }

    fn make_database(&mut self, service: ServiceId, mysql: &Mysql) {
        let scenario = self.scenario;
        let database = self.net.databases.len() as u32;
        let servers = self.database_servers(service);
        let broken = !scenario.faults.is_empty();
        let mut replica_of = vec![NONE; servers.len()];
        for (instance, server) in servers.iter().enumerate() {
            // the primary of the beginning may be a replica later
            if instance == 0 && (mysql.failover.is_none() || !broken) {
                continue;
            }
            replica_of[instance] = self.net.replicas.len() as u32;
            let name = scenario.servers[server.expect("a database runs on servers")].name.clone();
            let process = self.process_number(service, instance);
            let mut replica = Replica::new(name, database, instance as u32, process);
            if broken {
                replica.leaf = self.leaf(Leaf::Replication(replica_of[instance]));
            }
            self.net.replicas.push(replica);
        }
        let semi_sync = mysql.semi_sync.map(|s| {
            let after_commit = s.wait_point == WaitPoint::AfterCommit;
            let timeout_ns = nanos(s.timeout_s);
            SemiSync::new(after_commit, self.timeout(s.timeout_s), timeout_ns, s.wait_for_replica_count as usize)
        });
        let orchestrator = mysql.failover.as_ref().filter(|_| broken).map(|f| {
            let leaf = self.leaf(Leaf::Orchestrator(database));
            let server = f.server.map_or(NONE, |server| server as u32);
            Box::new(
                Orchestrator::new(leaf, server, f.failures, f.candidates.iter().map(|&i| i as u32).collect())
                    .timed([f.check_interval_s, f.check_timeout_s, f.promotion_s, f.switch_s, f.rebuild_s].map(nanos)),
            )
        });
        self.net.databases.push(Database {
            name: scenario.services[service].name.clone(),
            processes: (0..servers.len()).map(|instance| self.process_number(service, instance)).collect(),
            replicas: replica_of[1..].to_vec(),
            replica_of,
            semi_sync,
            orchestrator,
            connect_retry: nanos(mysql.source_connect_retry_s),
            net_timeout: nanos(mysql.replica_net_timeout_s),
            ..Database::default()
        });
        self.named.insert(format!("{}.database", self.service_name(service)), database);
    }

    pub(super) fn database_of(&self, service: ServiceId) -> u32 {
        self.named[&format!("{}.database", self.service_name(service))]
    }

    /// Primary first.
    pub(super) fn database_servers(&self, service: ServiceId) -> Vec<Option<ServerId>> {
        let mysql = self.mysql(service);
        std::iter::once(mysql.primary).chain(mysql.replicas.iter().copied()).map(Some).collect()
    }

    pub(super) fn mysql(&self, service: ServiceId) -> &Mysql {
        match &self.scenario.services[service].kind {
            ServiceKind::Mysql(mysql) => mysql,
            other => panic!("{other:?} is no database"),
        }
    }

    pub(super) fn instance_server(&self, service: ServiceId, instance: usize) -> ServerId {
        self.database_servers(service)[instance].expect("a database runs on servers")
    }

    pub(super) fn database_name(&self, service: ServiceId, instance: usize, what: &str) -> String {
        let server = self.instance_server(service, instance);
        format!("{}.{}.{what}", self.service_name(service), self.scenario.servers[server].name)
    }

    fn connections(&mut self, service: ServiceId, instance: usize) -> u32 {
        let max = self.mysql(service).max_connections;
        let name = self.database_name(service, instance, "max_connections");
        self.pool(name, Role::Pool, |_| Pool { queue_limit: 0, ..Pool::new(max) })
    }

    /// Memory of a server that its services hold from the start: bytes.
    pub(super) fn resident(&self, server: ServerId) -> f64 {
        let mut bytes = self.hardware.resident[server];
        for service in &self.scenario.services {
            if let ServiceKind::App(app) = &service.kind
                && let Some(memory) = &app.memory
                && service.servers.iter().any(|p| p.server == server)
            {
                let workers = match app.runtime {
                    crate::scenario::Runtime::Workers { workers } => workers,
                    crate::scenario::Runtime::EventLoop { processes } => processes,
                };
                bytes += memory.base_bytes + memory.per_worker_bytes * workers as f64;
            }
        }
        bytes
    }

    pub(super) fn read(&mut self, service: ServiceId, instance: usize, class: ClassId) -> SubId {
        let reads = self.demand(class, service).reads.clone().expect("a class that reads");
        let server = self.instance_server(service, instance);
        let connections = self.connections(service, instance);
        let name = self.service_name(service);
        let sub = self.open_sub();
        self.hold(connections, NO_CONNECTION, |c| {
            if c.net.databases[c.database_of(service) as usize].replica_of[instance] != NONE {
                let database = c.database_of(service) as usize;
                let replica = c.net.databases[database].replica_of[instance];
                c.emit(Step::ReadAt { replica });
            }
            c.cpu(server, &format!("{name}.read.cpu"), &Amount::Drawn(reads.cpu));
            c.pages(service, instance, &format!("{name}.read.pages"), reads.pages);
        });
        self.close_sub_returning(sub)
    }

    pub(super) fn transaction(&mut self, service: ServiceId, instance: usize, class: ClassId, index: usize) -> SubId {
        let t = self.demand(class, service).transactions[index].clone();
        let others = (0..self.database_servers(service).len()).filter(|&to| to != instance && t.writes > 0);
        let applies: Vec<(usize, SubId)> =
            others.map(|to| (to, self.sub(SubKey::Apply { service, from: instance, to, class, index }))).collect();
        let server = self.instance_server(service, instance);
        let (flush, sync) = (self.mysql(service).flush_log_at_trx_commit, self.mysql(service).sync_binlog);
        let semi_sync = self.mysql(service).semi_sync.is_some();
        let connections = self.connections(service, instance);
        let database = self.database_of(service);
        let name = format!("{}.transaction{index}", self.service_name(service));
        let sub = self.open_sub();
        if t.writes > 0 && self.net.databases[database as usize].orchestrator.is_some() {
            self.net.writing.insert(self.here());
        }
        self.hold(connections, NO_CONNECTION, |c| {
            c.cpu(server, &format!("{name}.cpu"), &t.cpu);
            if let Some(wait) = &t.wait {
                c.wait(&format!("{name}.wait"), wait);
            }
            c.pages(service, instance, &format!("{name}.pages"), (t.reads + t.writes) * t.pages);
            if t.writes > 0 {
                c.commit_stages(service, instance, server, &name, &t.log_bytes, flush, sync);
                let transaction = c.transaction_number(service, class, index);
                for &(to, sub) in &applies {
                    let entry = c.subs[sub].entry;
                    let d = &mut c.net.databases[database as usize];
                    let at = d.apply_at(transaction, instance as u32, to as u32);
                    d.applies[at] = entry;
                }
                c.emit(Step::Commit { database, transaction, instance: instance as u32 });
                for &(_, sub) in &applies {
                    c.account_spawned(sub);
                }
                if semi_sync {
                    c.emit(Step::AwaitAcknowledgement { database, instance: instance as u32 });
                }
            }
        });
        self.close_sub_returning(sub)
    }

    /// Number of a transaction of a class among those of its database, made when first asked for.
    fn transaction_number(&mut self, service: ServiceId, class: ClassId, index: usize) -> u32 {
        let database = self.database_of(service) as usize;
        let orphan_end = self.net.orphan_end;
        let d = &mut self.net.databases[database];
        let servers = d.processes.len();
        let next = (d.applies.len() / (servers * servers)) as u32;
        let name = format!("{}.{class}.{index}.number", self.scenario.services[service].name);
        let number = *self.named.entry(name).or_insert(next);
        if number == next {
            d.applies.resize(d.applies.len() + servers * servers, orphan_end);
        }
        number
    }

    /// Flush stage (redo) and sync stage (binlog): each group has one leader, whose fsync serves all.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn commit_stages(
        &mut self,
        service: ServiceId,
        instance: usize,
        server: ServerId,
        name: &str,
        log: &Distribution,
        flush: u32,
        sync: u32,
    ) {
        let bytes = self.number_draw(&format!("{name}.log"), log);
        if flush == 1 {
            let stage = self.stage(service, instance, "flush");
            self.stage_of(stage, server, bytes, &format!("{name}.redo"), 1);
        }
        if sync >= 1 {
            let stage = self.stage(service, instance, "sync");
            self.stage_of(stage, server, bytes, &format!("{name}.binlog"), sync);
        }
    }

    fn stage(&mut self, service: ServiceId, instance: usize, what: &str) -> u32 {
        let name = self.database_name(service, instance, what);
        if let Some(&stage) = self.named.get(&name) {
            return stage;
        }
        let stage = self.net.stages.len() as u32;
        self.net.stages.push(Stage::default());
        self.net.process_of_stage.push(self.process_number(service, instance));
        self.register(name.clone(), Role::Stage, StationAt::Stage(stage), Some(1));
        self.named.insert(name, stage);
        stage
    }

    fn stage_of(&mut self, stage: u32, server: ServerId, bytes: DrawId, purpose: &str, every: u32) {
        let disk = self.disk(server);
        let (operation, byte) = self.disk_times(server);
        let fsync = self.scenario.servers[server].disk.fsync.clone();
        let join = self.emit(Step::JoinStage { stage, draw: bytes, after: 0 });
        let due = (every > 1).then(|| self.emit(Step::SyncDue { stage, every, skip: 0 }));
        let draw = self.constant_draw(&format!("{purpose}.write"), operation, byte);
        self.emit(Step::WriteGroup { stage, disk, draw });
        // at most one operation for each transaction: groups make it fewer
        self.account(StationAt::Fcfs(disk), operation / every as f64);
        self.pass(&format!("{purpose}.fsync"), &fsync, 1.0, operation as u32);
        let leave = self.emit(Step::LeaveStage { stage });
        if let Some(due) = due {
            self.net.steps[due as usize] = Step::SyncDue { stage, every, skip: leave };
        }
        self.net.steps[join as usize] = Step::JoinStage { stage, draw: bytes, after: leave + 1 };
    }
}

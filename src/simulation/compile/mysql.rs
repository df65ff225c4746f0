//! MySQL: connections, the buffer pool, group commit in stages, and the way of a transaction to the
//! replicas, whose appliers work on the replica's own hardware.

use super::hardware::PAGE_BYTES;
use super::{Compiler, SubId, SubKey};
use crate::engine::Distribution;
use crate::model::cache::hit_ratio;
use crate::model::network::{Database, Replica, Role, StationAt};
use crate::model::program::{DrawId, Step};
use crate::model::request::NONE;
use crate::model::station::{Pool, Stage};
use crate::scenario::{Amount, BufferPool, ClassId, Mysql, Popularity, ServerId, ServiceId, ServiceKind, Transaction};
use crate::simulation::result::FailureReason;

const NO_CONNECTION: u8 = FailureReason::TooManyConnections as u8;

impl Compiler<'_> {
    /// Databases and replicas, before any program.
    pub(super) fn make_databases(&mut self) {
        let scenario = self.scenario;
        for (service, s) in scenario.services.iter().enumerate() {
            match &s.kind {
                ServiceKind::Mysql(mysql) => {
                    let database = self.net.databases.len() as u32;
                    let first = self.net.replicas.len() as u32;
                    for &server in &mysql.replicas {
                        let name = scenario.servers[server].name.clone();
                        self.net.replicas.push(Replica::new(name, database));
                    }
                    let replicas = (first..self.net.replicas.len() as u32).collect();
                    self.net.databases.push(Database { replicas, ..Database::default() });
                    self.named.insert(format!("{}.database", self.service_name(service)), database);
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

    pub(super) fn database_of(&self, service: ServiceId) -> u32 {
        self.named[&format!("{}.database", self.service_name(service))]
    }

    /// Primary first.
    pub(super) fn database_servers(&self, service: ServiceId) -> Vec<Option<ServerId>> {
        let mysql = self.mysql(service);
        std::iter::once(mysql.primary).chain(mysql.replicas.iter().copied()).map(Some).collect()
    }

    fn mysql(&self, service: ServiceId) -> &Mysql {
        match &self.scenario.services[service].kind {
            ServiceKind::Mysql(mysql) => mysql,
            other => panic!("{other:?} is no database"),
        }
    }

    fn instance_server(&self, service: ServiceId, instance: usize) -> ServerId {
        self.database_servers(service)[instance].expect("a database runs on servers")
    }

    fn database_name(&self, service: ServiceId, instance: usize, what: &str) -> String {
        let server = self.instance_server(service, instance);
        format!("{}.{}.{what}", self.service_name(service), self.scenario.servers[server].name)
    }

    fn connections(&mut self, service: ServiceId, instance: usize) -> u32 {
        let max = self.mysql(service).max_connections;
        let name = self.database_name(service, instance, "max_connections");
        self.pool(name, Role::Pool, |_| Pool { queue_limit: 0, ..Pool::new(max) })
    }

    /// Share of page reads that the buffer pool answers.
    fn buffer_pool_hit(&self, service: ServiceId) -> f64 {
        let mysql = self.mysql(service);
        match &mysql.buffer_pool {
            BufferPool::Hit(hit) => *hit,
            BufferPool::Data { size_bytes, popularity } => {
                let exponent = match popularity {
                    Popularity::Zipf(exponent) => *exponent,
                    Popularity::Uniform => 0.0,
                };
                hit_ratio(size_bytes / PAGE_BYTES, mysql.buffer_pool_bytes / PAGE_BYTES, exponent)
            }
        }
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
        let hit = self.buffer_pool_hit(service);
        let connections = self.connections(service, instance);
        let name = self.service_name(service);
        let sub = self.open_sub();
        self.hold(connections, NO_CONNECTION, |c| {
            if instance > 0 {
                let database = c.database_of(service) as usize;
                let replica = c.net.databases[database].replicas[instance - 1];
                c.emit(Step::ReadAt { replica });
            }
            c.cpu(server, &format!("{name}.read.cpu"), &Amount::Drawn(reads.cpu));
            c.page_reads(server, &format!("{name}.read.pages"), reads.pages, hit);
        });
        self.close_sub_returning(sub)
    }

    pub(super) fn transaction(&mut self, service: ServiceId, class: ClassId, index: usize) -> SubId {
        let t = self.demand(class, service).transactions[index].clone();
        let replicas = self.mysql(service).replicas.len();
        let applies: Vec<SubId> = (0..replicas)
            .filter(|_| t.writes > 0)
            .map(|replica| self.sub(SubKey::Apply { service, replica, class, index }))
            .collect();
        let server = self.instance_server(service, 0);
        let (flush, sync) = (self.mysql(service).flush_log_at_trx_commit, self.mysql(service).sync_binlog);
        let hit = self.buffer_pool_hit(service);
        let connections = self.connections(service, 0);
        let database = self.database_of(service);
        let name = format!("{}.transaction{index}", self.service_name(service));
        let sub = self.open_sub();
        self.hold(connections, NO_CONNECTION, |c| {
            c.cpu(server, &format!("{name}.cpu"), &t.cpu);
            if let Some(wait) = &t.wait {
                c.wait(&format!("{name}.wait"), wait);
            }
            c.page_reads(server, &format!("{name}.pages"), (t.reads + t.writes) * t.pages, hit);
            if t.writes > 0 {
                c.commit_stages(service, 0, server, &name, &t.log_bytes, flush, sync);
                let table = c.net.forks.len() as u32;
                let entries = applies.iter().map(|&sub| c.subs[sub].entry).collect();
                c.net.forks.push(entries);
                c.emit(Step::Commit { database, table });
                for &sub in &applies {
                    c.account_spawned(sub);
                }
            }
        });
        self.close_sub_returning(sub)
    }

    /// Flush stage (redo) and sync stage (binlog): each group has one leader, whose fsync serves all.
    #[allow(clippy::too_many_arguments)]
    fn commit_stages(
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
        self.net.process_of_stage.push(if instance == 0 { self.process } else { NONE });
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

    /// A transaction's way to one replica and into it.
    pub(super) fn apply(&mut self, service: ServiceId, replica: usize, class: ClassId, index: usize) -> SubId {
        let mysql = self.mysql(service).clone();
        let t: Transaction = self.demand(class, service).transactions[index].clone();
        let (primary, server) = (self.instance_server(service, 0), self.instance_server(service, replica + 1));
        let id = self.net.databases[self.database_of(service) as usize].replicas[replica];
        let name = format!("{}.transaction{index}", self.service_name(service));
        // the dump thread sends one event after the other; the appliers take them in the order of commits
        let dump = self.database_name(service, replica + 1, "dump");
        let dump = self.pool(dump, Role::Pool, |_| Pool::new(1));
        let appliers = self.database_name(service, replica + 1, "appliers");
        let workers = mysql.replica_parallel_workers.max(1);
        let appliers = self.pool(appliers, Role::Applier, |_| Pool::new(workers));
        // what is on its way to a replica survives the replica's restart
        self.net.process_of_pool[dump as usize] = NONE;
        self.net.process_of_pool[appliers as usize] = NONE;
        let hit = self.buffer_pool_hit(service);
        let sub = self.open_sub();
        let bytes = self.number_draw(&format!("{name}.log"), &t.log_bytes);
        let links = self.links(Some(primary), &[Some(server)], true);
        self.hold(dump, 0, |c| {
            c.emit(Step::Send { links, draw: bytes });
            c.account_transfer(links, &[1.0], t.log_bytes.mean(), false);
        });
        self.propagate(links, &[1.0]);
        self.hold(appliers, 0, |c| {
            let service_name = c.service_name(service);
            c.cpu(server, &format!("{service_name}.apply_overhead"), &Amount::Drawn(mysql.apply_overhead.clone()));
            c.cpu(server, &format!("{name}.apply_cpu"), &t.apply_cpu);
            if let Some(wait) = &t.wait {
                c.wait(&format!("{name}.wait"), wait);
            }
            c.page_reads(server, &format!("{name}.apply_pages"), t.writes * t.pages, hit);
            if workers > 1 {
                c.emit(Step::AwaitTurn { replica: id });
                c.emit(Step::PassTurn { replica: id });
            }
            let (flush, sync) = (mysql.replica_flush_log_at_trx_commit, mysql.replica_sync_binlog);
            c.commit_stages(service, replica + 1, server, &name, &t.log_bytes, flush, sync);
            c.emit(Step::Applied { replica: id });
        });
        let end = self.emit(Step::Gone);
        self.land_failures_at(end);
        sub
    }
}

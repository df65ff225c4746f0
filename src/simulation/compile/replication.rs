//! The way of a transaction from the binlog of one server into another, whose appliers work on that one's own
//! hardware; and the way of the acknowledgement back.

use super::{Compiler, SubId, SubKey};
use crate::engine::Distribution;
use crate::model::network::{Role, StationAt};
use crate::model::program::Step;
use crate::model::request::NONE;
use crate::model::station::Pool;
use crate::scenario::{Amount, ClassId, ServerId, ServiceId, Transaction};

impl Compiler<'_> {
    /// A transaction's way to one replica and into it.
    pub(super) fn apply(&mut self, service: ServiceId, from: usize, to: usize, class: ClassId, index: usize) -> SubId {
        let mysql = self.mysql(service).clone();
        let t: Transaction = self.demand(class, service).transactions[index].clone();
        let (source, server) = (self.instance_server(service, from), self.instance_server(service, to));
        let id = self.net.databases[self.database_of(service) as usize].replica_of[to];
        let name = format!("{}.transaction{index}", self.service_name(service));
        // the dump thread sends one event after the other; the appliers take them in the order of commits
        let dump = self.database_name(service, to, "dump");
        let dump = self.pool(dump, Role::Pool, |_| Pool::new(1));
        let appliers = self.database_name(service, to, "appliers");
        let workers = mysql.replica_parallel_workers.max(1);
        let appliers = self.pool(appliers, Role::Applier, |_| Pool::new(workers));
        let receiver = (mysql.sync_relay_log > 0).then(|| {
            let receiver = self.database_name(service, to, "receiver");
            self.pool(receiver, Role::Pool, |_| Pool::new(1))
        });
        // what is on its way to a replica is the replica's to give up, not its process's
        for pool in [Some(dump), receiver, Some(appliers)].into_iter().flatten() {
            self.net.process_of_pool[pool as usize] = NONE;
        }
        let replica = &mut self.net.replicas[id as usize];
        replica.receiving = [Some(dump), receiver].into_iter().flatten().collect();
        replica.applying = vec![appliers];
        let report = mysql.semi_sync.map(|_| self.sub(SubKey::Report { service, from: to, to: from }));
        let sub = self.open_sub();
        let bytes = self.number_draw(&format!("{name}.log"), &t.log_bytes);
        let links = self.links(Some(source), &[Some(server)], true);
        self.hold(dump, 0, |c| {
            c.emit(Step::Send { links, draw: bytes });
            c.account_transfer(links, &[1.0], t.log_bytes.mean(), false);
        });
        self.propagate(links, &[1.0]);
        if let Some(receiver) = receiver {
            self.relay_log(receiver, server, &name, &t.log_bytes, mysql.sync_relay_log);
        }
        self.emit(Step::Received { replica: id });
        if let Some(report) = report {
            let report = self.subs[report].entry;
            self.emit(Step::Acknowledge { replica: id, report });
        }
        self.hold(appliers, 0, |c| {
            let service_name = c.service_name(service);
            c.cpu(server, &format!("{service_name}.apply_overhead"), &Amount::Drawn(mysql.apply_overhead.clone()));
            c.cpu(server, &format!("{name}.apply_cpu"), &t.apply_cpu);
            if let Some(wait) = &t.wait {
                c.wait(&format!("{name}.wait"), wait);
            }
            c.pages(service, to, &format!("{name}.apply_pages"), t.writes * t.pages);
            if workers > 1 {
                c.emit(Step::AwaitTurn { replica: id });
                c.emit(Step::PassTurn { replica: id });
            }
            let (flush, sync) = (mysql.replica_flush_log_at_trx_commit, mysql.replica_sync_binlog);
            c.commit_stages(service, to, server, &name, &t.log_bytes, flush, sync);
            c.emit(Step::Applied { replica: id });
        });
        let end = self.emit(Step::Gone);
        self.land_failures_at(end);
        sub
    }

    /// The receiver thread writes one event after the other, and syncs each `every`-th.
    fn relay_log(&mut self, receiver: u32, server: ServerId, name: &str, log: &Distribution, every: u32) {
        let disk = self.disk(server);
        let (operation, byte) = self.disk_times(server);
        let fsync = self.scenario.servers[server].disk.fsync.clone();
        self.hold(receiver, 0, |c| {
            let due = c.emit(Step::SyncRelayLog { every, skip: 0 });
            c.weighted(1.0 / every as f64, |c| {
                let draw = c.affine_draw(&format!("{name}.log"), log, byte, operation);
                c.emit_failing(Step::Serve { station: disk, draw, fail: 0 });
                c.account(StationAt::Fcfs(disk), operation + byte * log.mean());
                c.pass(&format!("{name}.relay_log.fsync"), &fsync, 1.0, operation as u32);
            });
            let skip = c.here();
            c.net.steps[due as usize] = Step::SyncRelayLog { every, skip };
        });
    }

    /// The way of a replica's acknowledgement to the primary: a few bytes.
    pub(super) fn report(&mut self, service: ServiceId, from: usize, to: usize) -> SubId {
        let (server, source) = (self.instance_server(service, from), self.instance_server(service, to));
        let replica = self.net.databases[self.database_of(service) as usize].replica_of[from];
        let links = self.links(Some(server), &[Some(source)], false);
        let sub = self.open_sub();
        self.propagate(links, &[1.0]);
        self.emit(Step::Acknowledged { replica });
        let end = self.emit(Step::Gone);
        self.land_failures_at(end);
        sub
    }
}

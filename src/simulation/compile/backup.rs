//! A backup of a database: reads of its server's disk, some CPU, and the way to where it is kept.

use super::{CompileNote, Compiler};
use crate::engine::Distribution;
use crate::engine::random::Key;
use crate::model::database::Backup;
use crate::model::network::Leaf;
use crate::model::program::{Step, round_nanos};
use crate::scenario::{Amount, ServiceId, ServiceKind};

impl Compiler<'_> {
    /// Once all programs of requests are written.
    pub(super) fn backups(&mut self) {
        for service in 0..self.scenario.services.len() {
            self.backup(service);
        }
    }

    fn backup(&mut self, service: ServiceId) {
        let scenario = self.scenario;
        let ServiceKind::Mysql(mysql) = &scenario.services[service].kind else { return };
        let Some(backup) = &mysql.backup else { return };
        if scenario.simulation.duration_s.is_some_and(|end| backup.at_s >= end) {
            self.notes.push(CompileNote::BackupAfterTheEnd { service: self.service_name(service) });
        }
        let database = self.database_of(service);
        let server = if backup.instance == 0 { mysql.primary } else { mysql.replicas[backup.instance - 1] };
        let name = format!("{}.backup", self.service_name(service));
        let bytes = Distribution::Constant(backup.read_bytes);
        self.process = self.process_number(service, backup.instance);
        let sub = self.open_sub();
        let first = self.here();
        self.disk_read(server, &format!("{name}.read"), &bytes);
        self.cpu(server, &format!("{name}.cpu"), &Amount::Drawn(backup.cpu.clone()));
        if let Some(to) = backup.to {
            let draw = self.number_draw(&format!("{name}.size"), &bytes);
            let links = self.links(Some(server), &[Some(to)], true);
            self.emit(Step::Send { links, draw });
            self.emit(Step::Propagate { links });
        }
        let read = self.emit(Step::NextRead { database, done: 0 });
        self.emit(Step::Jump { to: first });
        let end = self.emit(Step::Gone);
        self.net.steps[read as usize] = Step::NextRead { database, done: end };
        self.land_failures_at(end);
        // it happens once: what it asks for is no part of the load of requests
        self.subs[sub] = super::Sub { entry: first, ..super::Sub::default() };
        let leaf = self.leaf(Leaf::Backup(database));
        let interval = backup.rate_bytes_per_s.map_or(0.0, |rate| backup.read_bytes / rate * 1e9);
        self.net.databases[database as usize].backup = Some(Backup {
            leaf,
            at: round_nanos(backup.at_s * 1e9),
            first,
            key: Key::default(),
            left: ((backup.size_bytes / backup.read_bytes).ceil() as u64).max(1),
            interval: round_nanos(interval),
            read_began: 0,
            began: None,
            reader: None,
            process: self.process,
            ended: None,
        });
    }
}

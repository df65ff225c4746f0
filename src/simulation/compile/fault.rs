//! Faults: which processes and stations they concern.

use super::{CompileNote, Compiler, SubKey};
use crate::model::network::{Fault, FaultTimes, Leaf, StationAt};
use crate::model::program::round_nanos;
use crate::model::request::NONE;
use crate::scenario::{Effect, ServerId, ServiceId, ServiceKind, When};

impl Compiler<'_> {
    /// The number of the process whose program a key's is; `NONE`: the client's.
    pub(super) fn process_of(&mut self, key: SubKey) -> u32 {
        let at = match key {
            SubKey::Client { .. } | SubKey::Attempt { .. } => return NONE,
            SubKey::Serve { service, instance, .. } | SubKey::Read { service, instance, .. } => (service, instance),
            // writes are the primary's
            SubKey::Transaction { service, .. } => (service, 0),
            SubKey::Apply { service, replica, .. } | SubKey::Report { service, replica } => (service, replica + 1),
        };
        self.process_at(at.0, at.1)
    }

    pub(super) fn process_at(&mut self, service: ServiceId, instance: usize) -> u32 {
        let next = self.processes.len() as u32;
        *self.processes.entry((service, instance)).or_insert(next)
    }

    /// Once all programs are written.
    pub(super) fn faults(&mut self) {
        self.net.process_count = self.processes.len() as u32;
        for (index, fault) in self.scenario.faults.iter().enumerate() {
            let nanos = |seconds: f64| round_nanos(seconds * 1e9);
            let when = match &fault.when {
                When::At { at_s, lasts_s } => {
                    FaultTimes::Once { at: nanos(*at_s), until: lasts_s.map(|lasts| nanos(at_s + lasts)) }
                }
                When::Random { up, down } => {
                    FaultTimes::Random { up: up.scaled(1e9).sampler(), down: down.scaled(1e9).sampler() }
                }
            };
            let end = self.scenario.simulation.duration_s.map_or(u64::MAX, nanos);
            if matches!(when, FaultTimes::Once { at, .. } if at >= end) {
                self.notes.push(CompileNote::FaultAfterTheEnd { fault: index + 1 });
            }
            let (hung, slowed) = match &fault.effect {
                Effect::Hang { service, instances } => self.hung(*service, instances),
                Effect::Slow { server, cpu, disk, nic } => (Vec::new(), self.slowed(*server, *cpu, *disk, *nic)),
            };
            if hung.is_empty() && slowed.is_empty() {
                self.notes.push(CompileNote::FaultWithoutEffect { fault: index + 1 });
            }
            let leaf = self.leaf(Leaf::Fault(index as u32));
            self.net.faults.push(Fault { leaf, when, hung, slowed, active: false, count: 0 });
        }
    }

    fn hung(&mut self, service: ServiceId, instances: &[usize]) -> (Vec<u32>, Vec<(StationAt, f64)>) {
        if let ServiceKind::Station(_) = self.scenario.services[service].kind {
            let name = self.service_name(service);
            let station = self.net.stations.iter().find(|s| s.name == name).map(|s| s.at);
            let stops = station.filter(|at| matches!(at, StationAt::Fcfs(_) | StationAt::Sharing(_)));
            return (Vec::new(), stops.map(|at| (at, 0.0)).into_iter().collect());
        }
        let hung = instances.iter().filter_map(|&i| self.processes.get(&(service, i)).copied());
        (hung.collect(), Vec::new())
    }

    fn slowed(&mut self, server: ServerId, cpu: f64, disk: f64, nic: f64) -> Vec<(StationAt, f64)> {
        let hardware = &self.hardware;
        let stations = [
            (hardware.cpu[server], cpu),
            (hardware.disk[server].map(StationAt::Fcfs), disk),
            (hardware.nic_out[server].map(StationAt::Sharing), nic),
            (hardware.nic_in[server].map(StationAt::Sharing), nic),
        ];
        stations.into_iter().filter_map(|(at, factor)| Some((at?, factor))).filter(|(_, f)| *f != 1.0).collect()
    }
}

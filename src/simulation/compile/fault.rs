//! Faults: which processes and stations they concern.

use super::{CompileNote, Compiler, SubKey};
use crate::model::network::{Cut, Fault, FaultTimes, Impairment, Leaf, StationAt};
use crate::model::program::round_nanos;
use crate::model::request::NONE;
use crate::scenario::{Effect, ServerId, ServiceId, ServiceKind, When};

impl Compiler<'_> {
    /// Numbers every server's share of every service, before any program.
    pub(super) fn make_processes(&mut self) {
        for (service, s) in self.scenario.services.iter().enumerate() {
            let servers = match &s.kind {
                ServiceKind::Mysql(_) => self.database_servers(service),
                _ => self.servers_of(service),
            };
            for (instance, server) in servers.into_iter().enumerate() {
                self.processes.insert((service, instance), self.net.process_servers.len() as u32);
                self.net.process_services.push(service as u32);
                self.net.process_servers.push(server.map_or(NONE, |server| server as u32));
            }
        }
    }

    /// The number of a server's share of a service.
    pub(super) fn process_number(&self, service: ServiceId, instance: usize) -> u32 {
        self.processes[&(service, instance)]
    }

    /// The process whose program a key's is; `NONE`: the client's.
    pub(super) fn process_of(&self, key: SubKey) -> u32 {
        match key {
            SubKey::Client { .. } | SubKey::Attempt { .. } => NONE,
            SubKey::Serve { service, instance, .. }
            | SubKey::Read { service, instance, .. }
            | SubKey::Transaction { service, instance, .. }
            | SubKey::Apply { service, to: instance, .. }
            | SubKey::Report { service, from: instance, .. } => self.process_number(service, instance),
        }
    }

    /// Once all programs are written.
    pub(super) fn faults(&mut self) {
        for (index, fault) in self.scenario.faults.iter().enumerate() {
            let nanos = |seconds: f64| round_nanos(seconds * 1e9);
            let when = match &fault.when {
                When::At { at_s, lasts_s } => {
                    let at = if *at_s < 0.0 { -(nanos(-at_s) as i64) } else { nanos(*at_s) as i64 };
                    FaultTimes::Once { at, until: lasts_s.map(|lasts| nanos(at_s + lasts)) }
                }
                When::Random { up, down } => {
                    FaultTimes::Random { up: up.scaled(1e9).sampler(), down: down.scaled(1e9).sampler() }
                }
            };
            let leaf = self.leaf(Leaf::Fault(index as u32));
            let mut compiled = Fault { leaf, when, ..Fault::default() };
            match &fault.effect {
                Effect::Hang { service, instances } => {
                    (compiled.hung, compiled.slowed) = self.hung(*service, instances);
                }
                Effect::Slow { server, cpu, disk, nic } => compiled.slowed = self.slowed(*server, *cpu, *disk, *nic),
                Effect::Kill { service, instances, keepalived } => {
                    compiled.killed = instances.iter().map(|&i| self.process_number(*service, i)).collect();
                    if *keepalived {
                        compiled.keepalived_killed = compiled.killed.clone();
                    } else {
                        self.deaths_that_stay(index + 1, *service);
                    }
                }
                Effect::Stop { service, instances } => {
                    compiled.killed = instances.iter().map(|&i| self.process_number(*service, i)).collect();
                    compiled.keepalived_stopped = compiled.killed.clone();
                }
                Effect::PowerOff { servers } => compiled.dark = servers.iter().map(|&s| s as u32).collect(),
                Effect::Maintenance { service, instances, drain_s } => {
                    compiled.drained = instances.iter().map(|&i| self.process_number(*service, i)).collect();
                    compiled.drain_ns = nanos(*drain_s);
                    if let ServiceKind::Haproxy(_) = self.scenario.services[*service].kind {
                        compiled.keepalived_stopped = compiled.drained.clone();
                    }
                }
                Effect::Impair { server, other, delay, loss } => {
                    let way = Cut { server: *server as u32, other: other.map_or(NONE, |o| o as u32) };
                    let delay = delay.as_ref().map(|delay| delay.scaled(1e9).sampler());
                    compiled.impaired = vec![Impairment { way, delay, loss: *loss }];
                }
                Effect::Memory { server, bytes } => {
                    compiled.memory =
                        self.hardware.memory[*server].map(|memory| (memory, *bytes)).into_iter().collect();
                }
                Effect::Cut { server, other } => {
                    compiled.cuts = vec![Cut { server: *server as u32, other: other.map_or(NONE, |o| o as u32) }];
                }
            }
            if !self.has_effect(&compiled) {
                self.notes.push(CompileNote::FaultWithoutEffect { fault: index + 1 });
            }
            self.net.impairs |= !compiled.impaired.is_empty();
            self.net.faults.push(compiled);
        }
        let cards = |server: usize| {
            let card = |station: Option<u32>| station.unwrap_or(NONE);
            [card(self.hardware.nic_out[server]), card(self.hardware.nic_in[server])]
        };
        self.net.cards = (0..self.scenario.servers.len()).map(cards).collect();
    }

    /// Whether any request could feel it.
    fn has_effect(&self, fault: &Fault) -> bool {
        let used = |process: u32| self.net.process_of_step.contains(&process);
        let on = |server: u32| {
            (0..self.net.process_servers.len() as u32)
                .any(|p| self.net.process_servers[p as usize] == server && used(p))
        };
        let passes = |way: &Cut| {
            let lies = |&(from, to): &(u32, u32)| from != NONE && to != NONE && from != to && way.between(from, to);
            self.net.link_servers.iter().any(lies)
        };
        let ends = |cut: &Cut| cut.other == NONE || passes(cut) || self.hear_each_other(cut);
        fault.hung.iter().chain(&fault.killed).chain(&fault.drained).any(|&process| used(process))
            || !fault.slowed.is_empty()
            || !fault.memory.is_empty()
            || fault.impaired.iter().any(|impairment| passes(&impairment.way))
            || fault.dark.iter().any(|&server| on(server))
            || fault.cuts.iter().any(|cut| on(cut.server) && (cut.other == NONE || on(cut.other)) && ends(cut))
    }

    /// Whether something other than requests passes between the ends: advertisements, a binlog, checks of a primary.
    fn hear_each_other(&self, cut: &Cut) -> bool {
        let ends = [cut.server as usize, cut.other as usize];
        self.scenario.services.iter().any(|service| {
            let on = |end: usize| service.servers.iter().any(|place| place.server == end);
            match &service.kind {
                ServiceKind::Haproxy(_) => ends.into_iter().all(on),
                ServiceKind::Mysql(mysql) => {
                    let watcher = mysql.failover.as_ref().and_then(|failover| failover.server);
                    ends.into_iter().all(|end| on(end) || watcher == Some(end))
                }
                ServiceKind::Nginx(_) | ServiceKind::App(_) | ServiceKind::Station(_) => false,
            }
        })
    }

    fn hung(&mut self, service: ServiceId, instances: &[usize]) -> (Vec<u32>, Vec<(StationAt, f64)>) {
        if let ServiceKind::Station(_) = self.scenario.services[service].kind {
            let name = self.service_name(service);
            let station = self.net.stations.iter().find(|s| s.name == name).map(|s| s.at);
            let stops =
                station.filter(|at| matches!(at, StationAt::Fcfs(_) | StationAt::Sharing(_) | StationAt::Priority(_)));
            return (Vec::new(), stops.map(|at| (at, 0.0)).into_iter().collect());
        }
        let hung = instances.iter().map(|&i| self.process_number(service, i));
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

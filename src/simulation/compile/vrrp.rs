//! The service that clients talk to: of one server, or of several of which one has the virtual address. Where nothing
//! can go wrong that is the master, and nobody asks.

use super::{CompileNote, Compiler, Origin, SubId, SubKey};
use crate::model::network::{Front, Leaf};
use crate::model::program::{Step, StepId, round_nanos};
use crate::model::vrrp::{Config, TrackScript, Vrrp};
use crate::scenario::{self, ClassId, Haproxy, ServerId, ServiceId, ServiceKind};

/// Whom a client calls.
pub(super) struct Called {
    /// Programs and servers to choose from; shares of the calls while all is well.
    pub(super) subs: Vec<SubId>,
    pub(super) servers: Vec<Option<ServerId>>,
    pub(super) shares: Vec<f64>,
    /// Who has the address must be looked up.
    pub(super) vrrp: Option<u32>,
}

impl Compiler<'_> {
    pub(super) fn front(&mut self, target: ServiceId, class: ClassId, origin: Origin) -> Called {
        let scenario = self.scenario;
        let vrrp = match &scenario.services[target].kind {
            ServiceKind::Haproxy(haproxy) => haproxy.vrrp.as_ref(),
            _ => None,
        };
        let master = vrrp.map_or(0, scenario::Vrrp::master);
        let servers = self.servers_of(target);
        let mut serve = |instance| self.sub(SubKey::Serve { service: target, instance, class, origin: Some(origin) });
        match vrrp {
            Some(vrrp) if !scenario.faults.is_empty() => Called {
                subs: (0..servers.len()).map(serve).collect(),
                vrrp: Some(self.vrrp(target, vrrp)),
                shares: (0..servers.len()).map(|i| (i == master) as u8 as f64).collect(),
                servers,
            },
            // who only stands by does nothing while nothing goes wrong
            _ => Called { subs: vec![serve(master)], servers: vec![servers[master]], shares: vec![1.0], vrrp: None },
        }
    }

    /// The client's call, which may fail.
    pub(super) fn call_front(&mut self, front: &Called) -> StepId {
        let call = match (front.vrrp, &front.subs[..]) {
            (None, &[only]) => Step::CallFixed { to: self.subs[only].entry, chosen: 0, fail: 0 },
            _ => Step::CallChosen { entries: self.table_of(&front.subs), fail: 0 },
        };
        let call = self.emit_failing(call);
        for (&sub, &share) in front.subs.iter().zip(&front.shares) {
            self.account_call(sub, share);
        }
        call
    }

    /// A process that dies without its keepalived moves the address only where somebody looks.
    pub(super) fn deaths_that_stay(&mut self, fault: usize, service: ServiceId) {
        let of = &self.scenario.services[service];
        if let ServiceKind::Haproxy(Haproxy { vrrp: Some(vrrp), .. }) = &of.kind
            && vrrp.track_script.is_none()
        {
            self.notes.push(CompileNote::AddressStays { fault, service: of.name.clone() });
        }
    }

    /// Who wins among equals is not written in the scenario.
    pub(super) fn note_equal_priorities(&mut self) {
        for service in &self.scenario.services {
            let ServiceKind::Haproxy(Haproxy { vrrp: Some(vrrp), .. }) = &service.kind else { continue };
            let first = vrrp.master();
            if vrrp.priorities.iter().filter(|&&priority| priority == vrrp.priorities[first]).count() > 1 {
                let server = self.scenario.servers[service.servers[first].server].name.clone();
                self.notes.push(CompileNote::EqualPriorities { service: service.name.clone(), server });
            }
        }
    }

    /// The virtual address of a service.
    fn vrrp(&mut self, service: ServiceId, config: &scenario::Vrrp) -> u32 {
        let name = self.service_name(service);
        if let Some(known) = self.net.vrrps.iter().position(|front| front.service == name) {
            return known as u32;
        }
        let vrrp = self.net.vrrps.len() as u32;
        let placed = self.scenario.services[service].servers.iter().map(|placement| placement.server);
        let servers: Vec<ServerId> = placed.collect();
        let front = Front {
            leaf: self.leaf(Leaf::Vrrp(vrrp)),
            service: name,
            vrrp: Vrrp::new(nanoseconds(config), &config.priorities),
            master: config.master() as u32,
            names: servers.iter().map(|&server| self.scenario.servers[server].name.clone()).collect(),
            processes: (0..servers.len()).map(|instance| self.process_number(service, instance)).collect(),
            servers: servers.into_iter().map(|server| server as u32).collect(),
        };
        self.net.vrrps.push(front);
        vrrp
    }
}

fn nanoseconds(config: &scenario::Vrrp) -> Config {
    let nanos = |seconds: f64| round_nanos(seconds * 1e9);
    Config {
        advert_int: nanos(config.advert_int_s),
        skew_whole: if config.version == 2 { 1_000_000_000 } else { nanos(config.advert_int_s) },
        preempt: config.preempt,
        preempt_delay: nanos(config.preempt_delay_s),
        garp_master_delay: nanos(config.garp_master_delay_s),
        garp_lower_prio: config.garp_lower_prio_repeat > 0,
        lower_prio_no_advert: config.lower_prio_no_advert,
        higher_prio_send_advert: config.higher_prio_send_advert,
        arp_timeout: nanos(config.arp_timeout_s),
        track_script: config.track_script.as_ref().map(|script| TrackScript {
            interval: nanos(script.interval_s),
            fall: script.fall,
            rise: script.rise,
            weight: script.weight,
        }),
    }
}

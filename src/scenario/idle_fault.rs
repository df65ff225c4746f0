//! Faults that contradict each other, and those that come too late: not wrong, since what two faults take away is gone
//! until both are over, but whoever wrote them expects something that does not happen.
//!
//! Faults that come at random are not judged: when they meet is chance.

use super::model::*;

/// A fault that changes nothing when it begins. Faults are numbered from 1.
#[derive(Clone, Debug, PartialEq)]
pub enum IdleFault {
    /// The run is over by then.
    AfterTheEnd { fault: usize, line: String },
    /// All that it takes away is gone already.
    Gone {
        fault: usize,
        line: String,
        /// What is gone, by which fault, and where that one is written; each once.
        by: Vec<(String, usize, String)>,
        /// From when on the fault does something; `None`: never.
        until_s: Option<f64>,
    },
}

pub fn idle_faults(scenario: &Scenario) -> Vec<IdleFault> {
    (0..scenario.faults.len()).filter_map(|index| idle(scenario, index)).collect()
}

fn idle(scenario: &Scenario, index: usize) -> Option<IdleFault> {
    let fault = &scenario.faults[index];
    let When::At { at_s, lasts_s } = fault.when else { return None };
    let run_s = scenario.simulation.duration_s.unwrap_or(f64::INFINITY);
    if at_s >= run_s {
        return Some(IdleFault::AfterTheEnd { fault: index + 1, line: fault.written.when.clone() });
    }
    let end_s = lasts_s.map_or(run_s, |lasts| run_s.min(at_s + lasts));
    let mut by: Vec<(String, usize, String)> = Vec::new();
    let mut until_s = f64::INFINITY;
    for target in targets(&fault.effect) {
        let mut gone_s = at_s;
        while gone_s < end_s {
            let covers = scenario.faults.iter().enumerate();
            let found = covers.filter(|&(other, _)| before(scenario, other, index)).find_map(|(other, cover)| {
                let (what, from_s, to_s) = takes(scenario, cover, &target)?;
                (from_s <= gone_s && gone_s < to_s).then_some((what, other, to_s))
            });
            let Some((what, other, to_s)) = found else { break };
            let reason = (what, other + 1, scenario.faults[other].written.effect.clone());
            if !by.contains(&reason) {
                by.push(reason);
            }
            gone_s = to_s;
        }
        if gone_s <= at_s {
            return None;
        }
        until_s = until_s.min(gone_s);
    }
    let until_s = Some(until_s).filter(|&until_s| until_s < end_s);
    let line = fault.written.effect.clone();
    (!by.is_empty()).then_some(IdleFault::Gone { fault: index + 1, line, by, until_s })
}

/// Whether one fault begins before another; of two at the same time, the first in the scenario.
fn before(scenario: &Scenario, one: usize, other: usize) -> bool {
    let at = |index: usize| match scenario.faults[index].when {
        When::At { at_s, .. } => at_s,
        When::Random { .. } => f64::INFINITY,
    };
    (at(one), one) < (at(other), other)
}

/// What a fault takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Power(ServerId),
    /// Speed or memory.
    Hardware(ServerId),
    Way(ServerId, Option<ServerId>),
    Process(ServiceId, usize),
    /// That it goes on with its work.
    Pace(ServiceId, usize),
    /// That others send to it, clients of a virtual address included.
    Service(ServiceId, usize),
    /// The keepalived beside it, which says goodbye or dies.
    Keepalived(ServiceId, usize),
}

fn targets(effect: &Effect) -> Vec<Target> {
    let each = |service: ServiceId, instances: &[usize], target: fn(ServiceId, usize) -> Target| {
        instances.iter().map(|&instance| target(service, instance)).collect()
    };
    match effect {
        Effect::Hang { service, instances } => each(*service, instances, Target::Pace),
        Effect::Kill { service, instances, keepalived: true } | Effect::Stop { service, instances } => {
            each(*service, instances, Target::Keepalived)
        }
        Effect::Kill { service, instances, keepalived: false } => each(*service, instances, Target::Process),
        Effect::Maintenance { service, instances, .. } => each(*service, instances, Target::Service),
        Effect::PowerOff { servers } => servers.iter().map(|&server| Target::Power(server)).collect(),
        Effect::Slow { server, .. } | Effect::Memory { server, .. } => vec![Target::Hardware(*server)],
        Effect::Cut { server, other } | Effect::Impair { server, other, .. } => vec![Target::Way(*server, *other)],
    }
}

/// What of the target a fault takes away, in words, from when on and until when (seconds).
fn takes(scenario: &Scenario, fault: &Fault, target: &Target) -> Option<(String, f64, f64)> {
    let When::At { at_s, lasts_s } = fault.when else { return None };
    let to_s = lasts_s.map_or(f64::INFINITY, |lasts| at_s + lasts);
    let server_name = |server: ServerId| scenario.servers[server].name.as_str();
    let place = |service: ServiceId, instance: usize| {
        let places = &scenario.services[service].servers;
        places.get(instance).map(|place| place.server)
    };
    let name = |service: ServiceId, instance: usize| {
        let on = place(service, instance).map_or(String::new(), |server| format!(" on {}", server_name(server)));
        format!("{}{on}", scenario.services[service].name)
    };
    let lies_on: Vec<ServerId> = match *target {
        Target::Power(server) | Target::Hardware(server) | Target::Way(server, None) => vec![server],
        Target::Way(server, Some(other)) => vec![server, other],
        Target::Process(service, instance)
        | Target::Pace(service, instance)
        | Target::Service(service, instance)
        | Target::Keepalived(service, instance) => place(service, instance).into_iter().collect(),
    };
    // of a process that is named
    let of = |service: ServiceId, instances: &[usize]| match *target {
        Target::Process(s, i) | Target::Pace(s, i) | Target::Service(s, i) | Target::Keepalived(s, i) => {
            (s == service && instances.contains(&i)).then_some((s, i))
        }
        Target::Power(_) | Target::Hardware(_) | Target::Way(..) => None,
    };
    // beside a dead process a keepalived lives on
    let goodbye = match *target {
        Target::Keepalived(..) => true,
        Target::Service(s, _) => matches!(scenario.services[s].kind, ServiceKind::Haproxy(_)),
        Target::Process(..) | Target::Pace(..) | Target::Power(_) | Target::Hardware(_) | Target::Way(..) => false,
    };
    match &fault.effect {
        Effect::PowerOff { servers } => {
            let dark = lies_on.into_iter().find(|server| servers.contains(server))?;
            Some((format!("{} has no power", server_name(dark)), at_s, to_s))
        }
        Effect::Cut { server, other } => {
            let Target::Way(a, b) = *target else { return None };
            let is_cut = match (other, b) {
                (None, _) => a == *server || b == Some(*server),
                (Some(other), Some(b)) => (a, b) == (*server, *other) || (b, a) == (*server, *other),
                (Some(_), None) => false,
            };
            is_cut.then(|| ("no bytes pass there".to_owned(), at_s, to_s))
        }
        Effect::Kill { service, instances, keepalived } => {
            let (s, i) = of(*service, instances).filter(|_| *keepalived || !goodbye)?;
            Some((format!("{} is down", name(s, i)), at_s, to_s))
        }
        Effect::Stop { service, instances } => {
            let (s, i) = of(*service, instances)?;
            Some((format!("{} is down", name(s, i)), at_s, to_s))
        }
        // whoever sends to it knows from the beginning on, the process is there until it is drained
        Effect::Maintenance { service, instances, drain_s } => {
            let (s, i) = of(*service, instances)?;
            match target {
                Target::Service(..) => Some((format!("{} is under maintenance", name(s, i)), at_s, to_s)),
                Target::Process(..) | Target::Pace(..) | Target::Keepalived(..) => {
                    Some((format!("{} is under maintenance", name(s, i)), at_s + drain_s, to_s))
                }
                Target::Power(_) | Target::Hardware(_) | Target::Way(..) => None,
            }
        }
        Effect::Hang { service, instances } => {
            let (s, i) = of(*service, instances).filter(|_| matches!(target, Target::Pace(..)))?;
            Some((format!("{} hangs", name(s, i)), at_s, to_s))
        }
        Effect::Slow { .. } | Effect::Memory { .. } | Effect::Impair { .. } => None,
    }
}

//! What depends on what: which request classes still have a way from the client to their answer when some components
//! have failed. A way is one that could be taken; whether it is taken, and how soon, the simulation shows.

use super::component::Component;
use crate::scenario::{
    ClassId, PathStep, Process, Reads, RequestBody, Scenario, ServerId, ServiceId, ServiceKind, Traffic,
};

pub struct Structure<'a> {
    scenario: &'a Scenario,
    /// (class, where its requests enter, weight), classes that have traffic.
    asked: Vec<(ClassId, Option<ServiceId>, f64)>,
}

impl<'a> Structure<'a> {
    /// `arrivals`: how often each class is asked for, in any unit.
    pub fn new(scenario: &'a Scenario, arrivals: &[f64]) -> Structure<'a> {
        let asked = (0..scenario.requests.len()).filter(|&class| arrivals[class] > 0.0).map(|class| {
            let source = scenario.traffic.iter().find(|traffic| sends(traffic, class));
            (class, source.and_then(|traffic| traffic.target), arrivals[class])
        });
        Structure { scenario, asked: asked.collect() }
    }

    /// Whether every class has a way.
    pub fn serves_all(&self, failed: &[Component]) -> bool {
        self.asked.iter().all(|&(class, entry, _)| self.has_way(class, entry, failed))
    }

    /// Share of the requests whose class has a way.
    pub fn served(&self, failed: &[Component]) -> f64 {
        let all: f64 = self.asked.iter().map(|asked| asked.2).sum();
        let served: f64 =
            self.asked.iter().filter(|(class, entry, _)| self.has_way(*class, *entry, failed)).map(|a| a.2).sum();
        if all > 0.0 { served / all } else { 1.0 }
    }

    fn has_way(&self, class: ClassId, entry: Option<ServiceId>, failed: &[Component]) -> bool {
        match (&self.scenario.requests[class].body, entry) {
            (RequestBody::Path(path), _) => path.iter().all(|step| passes(step, failed)),
            (RequestBody::Tiers(_), Some(entry)) => self.answers(entry, None, class, failed),
            (RequestBody::Tiers(_), None) => true,
        }
    }

    /// Whether some process of the service can be reached from there and answers.
    fn answers(&self, service: ServiceId, from: Option<ServerId>, class: ClassId, failed: &[Component]) -> bool {
        let s = &self.scenario.services[service];
        (0..s.servers.len().max(1)).any(|instance| {
            let server = s.servers.get(instance).map(|place| place.server);
            reaches(service, instance, from, server, failed) && self.goes_on(service, server, class, failed)
        })
    }

    /// Whether a process that runs there finds what it needs.
    fn goes_on(&self, service: ServiceId, server: Option<ServerId>, class: ClassId, failed: &[Component]) -> bool {
        let RequestBody::Tiers(demands) = &self.scenario.requests[class].body else { return true };
        match &self.scenario.services[service].kind {
            ServiceKind::Haproxy(haproxy) => self.answers(haproxy.backend_of_class[class], server, class, failed),
            ServiceKind::Nginx(nginx) => match &nginx.upstream {
                Some(upstream) if demands.of_service[service].file.is_none() => {
                    self.answers(upstream.service, server, class, failed)
                }
                _ => true,
            },
            ServiceKind::App(app) => {
                let Some(database) = app.database.as_ref().map(|database| database.service) else { return true };
                let asked = &demands.of_service[database];
                let ServiceKind::Mysql(mysql) = &self.scenario.services[database].kind else { return true };
                let at = |instance: usize| {
                    let place = self.scenario.services[database].servers[instance].server;
                    reaches(database, instance, server, Some(place), failed)
                };
                let replica = || (1..=mysql.replicas.len()).any(at);
                let reads = match mysql.reads {
                    Reads::Primary => at(0),
                    Reads::Replica if mysql.replicas.is_empty() => at(0),
                    Reads::Replica => replica(),
                    Reads::Any | Reads::MaxLag { .. } => at(0) || replica(),
                };
                (asked.reads.is_none() || reads) && (asked.transactions.is_empty() || at(0))
            }
            ServiceKind::Mysql(_) | ServiceKind::Station(_) => true,
        }
    }
}

fn reaches(
    service: ServiceId,
    instance: usize,
    from: Option<ServerId>,
    to: Option<ServerId>,
    failed: &[Component],
) -> bool {
    failed.iter().all(|component| match *component {
        Component::Server(off) => to != Some(off),
        Component::Process { service: s, instance: i } => (s, i) != (service, instance),
        Component::Link(a, b) => {
            let ends = [Some(a), Some(b)];
            from == to || !(ends == [from, to] || ends == [to, from])
        }
    })
}

fn sends(traffic: &Traffic, class: ClassId) -> bool {
    traffic.mix.iter().any(|(of, _)| *of == class)
        || match &traffic.process {
            Process::Closed { session, .. } => session.contains(&class),
            Process::Trace(trace) => {
                trace.otherwise == Some(class) || trace.rules.iter().any(|rule| rule.class == class)
            }
            Process::Poisson(_)
            | Process::Constant(_)
            | Process::Renewal(_)
            | Process::Mmpp(_)
            | Process::Batch { .. } => false,
        }
}

/// Of what may be passed by, that it is passed by is not counted on.
fn passes(step: &PathStep, failed: &[Component]) -> bool {
    let works = |station: &ServiceId| !failed.contains(&Component::Process { service: *station, instance: 0 });
    let all = |path: &[PathStep]| path.iter().all(|step| passes(step, failed));
    match step {
        PathStep::Visit { station, .. } => works(station),
        PathStep::Hold { station, path } => works(station) && all(path),
        PathStep::Delay(_) | PathStep::Spawn(_) => true,
        PathStep::Maybe { path, .. } | PathStep::Repeat { path, .. } | PathStep::Again { path, .. } => all(path),
        PathStep::Choose(choices) => choices.iter().all(|(_, path)| all(path)),
        PathStep::Balance { stations, .. } => stations.iter().any(works),
        PathStep::Fork(paths) => paths.iter().all(|path| all(path)),
    }
}

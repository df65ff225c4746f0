//! What can fail: servers, processes, and the network between two servers that talk to each other.

use serde::Serialize;

use crate::scenario::{
    Effect, Fault, FaultLines, Reads, Repair, RequestBody, Scenario, ServerId, ServiceId, ServiceKind, When,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    Server(ServerId),
    Process {
        service: ServiceId,
        instance: usize,
    },
    /// The lower number first.
    Link(ServerId, ServerId),
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Server,
    Process,
    Link,
}

impl Component {
    pub fn kind(self) -> Kind {
        match self {
            Component::Server(_) => Kind::Server,
            Component::Process { .. } => Kind::Process,
            Component::Link(..) => Kind::Link,
        }
    }

    pub fn name(self, scenario: &Scenario) -> String {
        let server = |id: ServerId| scenario.servers[id].name.as_str();
        match self {
            Component::Server(id) => server(id).to_owned(),
            Component::Process { service, instance } => {
                let service = &scenario.services[service];
                match service.servers.get(instance) {
                    Some(place) => format!("{} on {}", service.name, server(place.server)),
                    None => service.name.clone(),
                }
            }
            Component::Link(a, b) => format!("{} - {}", server(a), server(b)),
        }
    }

    pub fn repair(self, scenario: &Scenario) -> Repair {
        match self {
            Component::Server(id) => scenario.repairs.servers[id],
            Component::Process { service, .. } => scenario.repairs.services[service],
            Component::Link(..) => scenario.repairs.links,
        }
    }

    /// Whether the one's failure is a part of the other's: a process on a server that is off, a link of it.
    pub fn is_within(self, other: Component, scenario: &Scenario) -> bool {
        let Component::Server(off) = other else { return false };
        match self {
            Component::Server(_) => false,
            Component::Process { service, instance } => {
                scenario.services[service].servers.get(instance).is_some_and(|place| place.server == off)
            }
            Component::Link(a, b) => a == off || b == off,
        }
    }
}

/// A failure of this component, as a fault of the scenario, and what it is called there.
pub fn fault_of(component: Component, scenario: &Scenario, at_s: f64, lasts_s: f64) -> (Fault, &'static str) {
    let (effect, word) = match component {
        Component::Server(server) => (Effect::PowerOff { servers: vec![server] }, "power_off"),
        Component::Process { service, instance } => match scenario.services[service].kind {
            // no process: its workers stop
            ServiceKind::Station(_) => (Effect::Hang { service, instances: vec![instance] }, "hang"),
            ServiceKind::Haproxy(_) | ServiceKind::Nginx(_) | ServiceKind::App(_) | ServiceKind::Mysql(_) => {
                (Effect::Kill { service, instances: vec![instance], keepalived: false }, "kill")
            }
        },
        Component::Link(server, other) => (Effect::Cut { server, other: Some(other) }, "cut"),
    };
    let when = When::At { at_s, lasts_s: Some(lasts_s) };
    (Fault { when, effect, written: FaultLines::default() }, word)
}

/// All that can fail, in the order of the scenario: servers, processes, links.
pub fn components(scenario: &Scenario) -> Vec<Component> {
    let hosts = |server: ServerId| scenario.services.iter().any(|s| s.servers.iter().any(|p| p.server == server));
    let mut found: Vec<Component> =
        (0..scenario.servers.len()).filter(|&server| hosts(server)).map(Component::Server).collect();
    for (service, s) in scenario.services.iter().enumerate() {
        let instances = 0..s.servers.len().max(1);
        found.extend(instances.map(|instance| Component::Process { service, instance }));
    }
    found.extend(links(scenario).into_iter().map(|(a, b)| Component::Link(a, b)));
    found
}

/// Pairs of servers that talk, each once, in order.
fn links(scenario: &Scenario) -> Vec<(ServerId, ServerId)> {
    let mut pairs = Vec::new();
    let mut talk = |a: ServerId, b: ServerId| {
        if a != b {
            pairs.push((a.min(b), a.max(b)));
        }
    };
    let on = |service: ServiceId| scenario.services[service].servers.iter().map(|place| place.server);
    for (service, s) in scenario.services.iter().enumerate() {
        let mut calls = |callee: ServiceId| on(service).for_each(|a| on(callee).for_each(|b| talk(a, b)));
        match &s.kind {
            ServiceKind::Haproxy(haproxy) => {
                haproxy.backend_of_class.iter().for_each(|&backend| calls(backend));
                // the servers of one address hear each other
                on(service).for_each(|a| on(service).for_each(|b| talk(a, b)));
            }
            ServiceKind::Nginx(nginx) => nginx.upstream.iter().for_each(|upstream| calls(upstream.service)),
            ServiceKind::App(app) => {
                let Some(database) = &app.database else { continue };
                let ServiceKind::Mysql(mysql) = &scenario.services[database.service].kind else { continue };
                let asks = Asks::of(scenario, database.service);
                let reads_replicas = asks.reads && mysql.reads != Reads::Primary;
                let reads_primary = asks.reads && (mysql.reads != Reads::Replica || mysql.replicas.is_empty());
                for a in on(service) {
                    if asks.writes || reads_primary {
                        talk(a, mysql.primary);
                    }
                    mysql.replicas.iter().filter(|_| reads_replicas).for_each(|&b| talk(a, b));
                }
            }
            ServiceKind::Mysql(mysql) => {
                if Asks::of(scenario, service).writes {
                    mysql.replicas.iter().for_each(|&b| talk(mysql.primary, b));
                }
            }
            ServiceKind::Station(_) => {}
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// What requests ask of a database.
struct Asks {
    reads: bool,
    writes: bool,
}

impl Asks {
    fn of(scenario: &Scenario, database: ServiceId) -> Asks {
        let demands = scenario.requests.iter().filter_map(|class| match &class.body {
            RequestBody::Tiers(demands) => demands.of_service.get(database),
            RequestBody::Path(_) => None,
        });
        let mut asks = Asks { reads: false, writes: false };
        for demand in demands {
            asks.reads |= demand.reads.is_some();
            asks.writes |= !demand.transactions.is_empty();
        }
        asks
    }
}

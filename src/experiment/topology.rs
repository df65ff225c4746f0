//! What stands where and who calls whom: the structure of a scenario as people draw it.

use crate::scenario::{PathStep, Process, RequestBody, Scenario, ServiceId, ServiceKind, Traffic};

/// Ids index `servers` and `services`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    pub servers: Vec<String>,
    pub services: Vec<Placed>,
    /// Who calls whom; `None`: the clients.
    pub calls: Vec<(Option<usize>, usize)>,
    /// From a primary to its replicas.
    pub replicates: Vec<(usize, usize)>,
}

/// A service and where it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub name: String,
    /// As in the scenario: `haproxy`, `nginx`, `app`, `mysql`, `station`.
    pub kind: String,
    /// In file order; none: it has no hardware.
    pub servers: Vec<usize>,
}

pub fn topology(scenario: &Scenario) -> Topology {
    let services = scenario.services.iter().map(|service| Placed {
        name: service.name.clone(),
        kind: kind(&service.kind).to_owned(),
        servers: service.servers.iter().map(|place| place.server).collect(),
    });
    let mut calls = Vec::new();
    for traffic in &scenario.traffic {
        for class in classes(scenario, traffic) {
            match &scenario.requests[class].body {
                RequestBody::Tiers(_) => calls.extend(traffic.target.map(|target| (None, target))),
                RequestBody::Path(path) => {
                    walk(path, vec![None], &mut calls);
                }
            }
        }
    }
    let mut replicates = Vec::new();
    for (id, service) in scenario.services.iter().enumerate() {
        match &service.kind {
            ServiceKind::Haproxy(haproxy) => {
                calls.extend(haproxy.backend_of_class.iter().map(|&to| (Some(id), to)).filter(|call| call.1 != id));
            }
            ServiceKind::Nginx(nginx) => calls.extend(nginx.upstream.iter().map(|up| (Some(id), up.service))),
            ServiceKind::App(app) => calls.extend(app.database.iter().map(|db| (Some(id), db.service))),
            ServiceKind::Mysql(mysql) => {
                replicates.extend(mysql.replicas.iter().map(|&replica| (mysql.primary, replica)));
            }
            ServiceKind::Station(_) => {}
        }
    }
    let mut seen = Vec::new();
    calls.retain(|call| {
        let new = !seen.contains(call);
        if new {
            seen.push(*call);
        }
        new
    });
    let servers = scenario.servers.iter().map(|server| server.name.clone()).collect();
    Topology { servers, services: services.collect(), calls, replicates }
}

fn kind(kind: &ServiceKind) -> &'static str {
    match kind {
        ServiceKind::Haproxy(_) => "haproxy",
        ServiceKind::Nginx(_) => "nginx",
        ServiceKind::App(_) => "app",
        ServiceKind::Mysql(_) => "mysql",
        ServiceKind::Station(_) => "station",
    }
}

fn classes(scenario: &Scenario, traffic: &Traffic) -> Vec<usize> {
    let mut classes: Vec<usize> = traffic.mix.iter().map(|(class, _)| *class).collect();
    match &traffic.process {
        Process::Closed { session, .. } => classes.extend(session),
        Process::Trace(trace) => {
            classes.extend(trace.rules.iter().map(|rule| rule.class).chain(trace.otherwise));
        }
        Process::Poisson(_) | Process::Constant(_) | Process::Renewal(_) | Process::Mmpp(_) | Process::Batch { .. } => {
        }
    }
    classes.retain(|class| *class < scenario.requests.len());
    classes
}

/// Adds the calls of a path that is reached from any of these, and returns whence it is left.
fn walk(
    path: &[PathStep],
    mut from: Vec<Option<ServiceId>>,
    calls: &mut Vec<(Option<ServiceId>, ServiceId)>,
) -> Vec<Option<ServiceId>> {
    for step in path {
        from = match step {
            PathStep::Visit { station, .. } => {
                calls.extend(from.iter().map(|&caller| (caller, *station)));
                vec![Some(*station)]
            }
            PathStep::Hold { station, path } => {
                calls.extend(from.iter().map(|&caller| (caller, *station)));
                walk(path, vec![Some(*station)], calls)
            }
            PathStep::Delay(_) => from,
            PathStep::Maybe { path, .. } => {
                let mut left = walk(path, from.clone(), calls);
                left.extend(from);
                left
            }
            PathStep::Choose(choices) => choices.iter().flat_map(|(_, path)| walk(path, from.clone(), calls)).collect(),
            PathStep::Balance { stations, .. } => {
                calls.extend(from.iter().flat_map(|&caller| stations.iter().map(move |&station| (caller, station))));
                stations.iter().map(|&station| Some(station)).collect()
            }
            PathStep::Repeat { path, .. } | PathStep::Again { path, .. } => walk(path, from, calls),
            PathStep::Fork(paths) => paths.iter().flat_map(|path| walk(path, from.clone(), calls)).collect(),
            PathStep::Spawn(path) => {
                walk(path, from.clone(), calls);
                from
            }
        };
        from.sort_unstable();
        from.dedup();
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, load_str};

    #[test]
    fn calls_follow_the_tiers() {
        let text = std::fs::read_to_string("scenarios/peak.toml").unwrap();
        let found = topology(&load_str("peak.toml", &text, &Overrides::default()).unwrap());
        assert_eq!(found.servers, ["lb1", "lb2", "web1", "app1", "db1", "db2"]);
        let names: Vec<(&str, &str)> = found.services.iter().map(|s| (s.name.as_str(), s.kind.as_str())).collect();
        assert_eq!(names, [("lb", "haproxy"), ("web", "nginx"), ("app", "app"), ("db", "mysql")]);
        assert_eq!(found.services[0].servers, [0, 1]);
        assert_eq!(found.calls, [(None, 0), (Some(0), 1), (Some(1), 2), (Some(2), 3)]);
        assert_eq!(found.replicates, [(4, 5)]);
    }

    #[test]
    fn calls_follow_a_path_through_its_choices() {
        let text = "
            [service.a]
            kind = \"station\"
            service = \"1 ms\"
            [service.b]
            kind = \"station\"
            service = \"1 ms\"
            [service.c]
            kind = \"station\"
            service = \"1 ms\"
            [request.job]
            path = [\"a\", { probability = 0.5, path = [\"b\"] }, \"c\"]
            [traffic.all]
            process = \"poisson\"
            rate = \"1/s\"
            mix = { job = 1 }
        ";
        let scenario =
            load_str("path.toml", text, &Overrides::default()).unwrap_or_else(|e| panic!("{}", e.render(false)));
        let found = topology(&scenario);
        assert_eq!(found.calls, [(None, 0), (Some(0), 1), (Some(0), 2), (Some(1), 2)]);
    }
}

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
                // whoever watches promotes another when the primary itself is gone, not when a way to it is
                let primary = self.scenario.services[database].servers[0].server;
                let is_primary = |component: &Component| match *component {
                    Component::Server(server) => server == primary,
                    Component::Process { service, instance } => (service, instance) == (database, 0),
                    Component::Link(..) => false,
                };
                let promoted = || {
                    let gone = failed.iter().any(is_primary);
                    gone && mysql.failover.as_ref().is_some_and(|failover| failover.candidates.iter().any(|&c| at(c)))
                };
                let served = |at_primary: bool| at_primary || promoted();
                let reads = reads || (matches!(mysql.reads, Reads::Primary) && promoted());
                (asked.reads.is_none() || reads) && (asked.transactions.is_empty() || served(at(0)))
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

#[cfg(test)]
mod tests {
    use super::super::component::components;
    use super::*;
    use crate::scenario::{Overrides, load_str};

    const SHOP: &str = r#"
        [server.web1]
        [server.app1]
        [server.app2]
        [server.db1]
        [server.db2]

        [service.web]
        kind = "nginx"
        servers = ["web1"]
        files = { total = "1 GiB" }
        upstream = { service = "app" }

        [service.app]
        kind = "app"
        servers = ["app1", "app2"]
        database = { service = "db" }

        [service.db]
        kind = "mysql"
        primary = "db1"
        replicas = ["db2"]
        buffer_pool_hit = 1.0
        reads = "any"

        [request.image]
        web.file = "10 KiB"
        [request.page]
        app.cpu = "5 ms"
        db.reads = { count = 1, cpu = "1 ms" }
        [request.order]
        app.cpu = "5 ms"
        db.transactions = [{ writes = 1, cpu = "1 ms" }]

        [traffic.all]
        process = "poisson"
        rate = "10/s"
        mix = { image = 6, page = 3, order = 1 }
        target = "web"
    "#;

    fn shop() -> Scenario {
        load_str("shop.toml", SHOP, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// Share served without these, by name.
    fn served(failed: &[&str]) -> f64 {
        let scenario = shop();
        let all = components(&scenario);
        let named = |name: &&str| *all.iter().find(|c| c.name(&scenario) == *name).unwrap_or_else(|| panic!("{name}"));
        let failed: Vec<Component> = failed.iter().map(named).collect();
        let structure = Structure::new(&scenario, &[6.0, 3.0, 1.0]);
        let served = structure.served(&failed);
        assert_eq!(structure.serves_all(&failed), served == 1.0);
        served
    }

    #[test]
    fn each_class_needs_its_own_way() {
        assert_eq!(served(&[]), 1.0);
        assert_eq!(served(&["web1"]), 0.0);
        assert_eq!(served(&["app1"]), 1.0);
        assert_eq!(served(&["app1", "app on app2"]), 0.6, "files end at nginx");
        assert_eq!(served(&["db1"]), 0.9, "reads go on at the replica");
        assert_eq!(served(&["db on db1", "db2"]), 0.6);
        assert_eq!(served(&["app1 - db1"]), 1.0, "through the other application");
        assert_eq!(served(&["app1 - db1", "app2"]), 0.9);
        assert_eq!(served(&["web1 - app1", "app2 - db1", "app2 - db2"]), 0.6);
    }

    #[test]
    fn writes_go_on_at_a_replica_that_somebody_promotes() {
        let with = SHOP.replace("reads = \"any\"", "reads = \"any\"\nfailover = {}");
        let scenario = load_str("shop.toml", &with, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"));
        let all = components(&scenario);
        let structure = Structure::new(&scenario, &[6.0, 3.0, 1.0]);
        let served = |names: &[&str]| {
            let find = |name: &&str| *all.iter().find(|c| c.name(&scenario) == *name).expect("a component");
            structure.served(&names.iter().map(find).collect::<Vec<_>>())
        };
        assert_eq!(served(&["db1"]), 1.0);
        assert_eq!(served(&["db on db1"]), 1.0);
        assert_eq!(served(&["db1", "db2"]), 0.6);
        assert_eq!(served(&["app1 - db1", "app2 - db1"]), 0.9, "the primary itself lives");
    }

    #[test]
    fn links_are_those_that_requests_and_replication_take() {
        let scenario = shop();
        let links = components(&scenario).into_iter().filter(|c| matches!(c, Component::Link(..)));
        let names: Vec<String> = links.map(|link| link.name(&scenario)).collect();
        let expected =
            ["web1 - app1", "web1 - app2", "app1 - db1", "app1 - db2", "app2 - db1", "app2 - db2", "db1 - db2"];
        assert_eq!(names, expected);
    }
}

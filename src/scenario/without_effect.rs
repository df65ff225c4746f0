//! What a valid scenario says and no request ever notices: not wrong, but it may mislead whoever changes it and
//! waits for another result.
//!
//! Defaults are never told: nobody wrote them. What another scenario says that is extended is not either: it has
//! its effect there, and cannot be taken out here.

use super::check::{callees, inner_paths};
use super::model::*;
use super::tree::bare_or_quoted;

/// Keys that have no effect for the same reason.
#[derive(Clone, Debug, PartialEq)]
pub struct WithoutEffect {
    /// Dotted, at least one.
    pub keys: Vec<String>,
    pub why: &'static str,
    pub advice: &'static str,
}

pub fn without_effect(scenario: &Scenario) -> Vec<WithoutEffect> {
    among(scenario, |assumption| assumption.mark != Mark::Default && !assumption.inherited)
}

/// Whether nothing asks for a value, and nobody wrote it.
pub fn idle_defaults(scenario: &Scenario) -> impl Fn(&Assumption) -> bool {
    let keys: Vec<String> = among(scenario, |_| true).into_iter().flat_map(|found| found.keys).collect();
    move |assumption| assumption.mark == Mark::Default && keys.iter().any(|key| is_in(assumption, key))
}

/// Whether a default cannot move any result of this scenario: nothing asks for it, or only what never happens here. These
/// are told to nobody, since whoever writes them is right to.
pub fn immaterial_defaults(scenario: &Scenario) -> impl Fn(&Assumption) -> bool {
    let idle = idle_defaults(scenario);
    let mut keys = Vec::new();
    for service in &scenario.services {
        let key = |name: &str| format!("service.{}.{name}", bare_or_quoted(&service.name));
        if scenario.faults.is_empty() {
            // a connection stands at once or is refused at once
            keys.extend(["timeout.connect", "proxy_connect_timeout", "database.connect_timeout"].map(key));
        }
        if let ServiceKind::Nginx(Nginx { upstream: Some(upstream), .. }) = &service.kind
            && scenario.services[upstream.service].servers.len() == 1
        {
            // nginx never leaves out the only server
            keys.extend(["upstream.max_fails", "upstream.fail_timeout"].map(key));
        }
    }
    move |assumption| idle(assumption) || assumption.mark == Mark::Default && keys.contains(&assumption.key)
}

/// Whether the value is that of the key, or of a key below it.
fn is_in(assumption: &Assumption, key: &str) -> bool {
    assumption.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Of single values, only those that are wanted.
fn among(scenario: &Scenario, wanted: impl Fn(&Assumption) -> bool) -> Vec<WithoutEffect> {
    let reached = reached(scenario);
    let asked = |class: ClassId| scenario.traffic.iter().any(|one| one.mix.iter().any(|(of, _)| *of == class));
    let hosted = |server: ServerId| {
        scenario.services.iter().filter(move |service| service.servers.iter().any(|place| place.server == server))
    };
    let server = |server: ServerId| format!("server.{}", bare_or_quoted(&scenario.servers[server].name));
    let service = |service: &Service| format!("service.{}", bare_or_quoted(&service.name));
    let all = 0..scenario.servers.len();
    let used = || all.clone().filter(|&id| hosted(id).next().is_some());
    // a table, which may be empty
    let own = |key: &String| {
        let mut below = scenario.assumptions.iter().filter(|one| one.mark != Mark::Default && is_in(one, key));
        let first = below.next();
        first.is_none_or(|first| std::iter::once(first).chain(below).any(&wanted))
    };
    let written = |key: &String| scenario.assumptions.iter().any(|one| is_in(one, key) && wanted(one));
    let kept = |keys: &mut dyn Iterator<Item = String>| keys.filter(&written).collect::<Vec<String>>();

    let mut found = Vec::new();
    let mut tell = |keys: Vec<String>, why, advice| {
        if !keys.is_empty() {
            found.push(WithoutEffect { keys, why, advice });
        }
    };
    tell(
        all.clone().filter(|&id| hosted(id).next().is_none()).map(server).filter(&own).collect(),
        "no service is on it",
        "put a service there, or remove the server",
    );
    tell(
        kept(&mut used().filter(|&id| !hosted(id).any(takes_memory)).map(|id| format!("{}.memory", server(id)))),
        "no service there says what it keeps in memory",
        "say it of an app (memory = { base = \"300 MiB\", per_worker = \"60 MiB\" }) or of an nginx (files), or remove \
         the key; what HAProxy and stations need is not modelled",
    );
    tell(
        kept(&mut used().filter(|&id| !hosted(id).any(takes_disk)).map(|id| format!("{}.disk", server(id)))),
        "nothing there reads or writes",
        "remove it; a disk is used by MySQL, by nginx with `files`, and by an app that swaps",
    );
    tell(
        scenario
            .services
            .iter()
            .zip(&reached)
            .filter(|(_, reached)| !**reached)
            .map(|(one, _)| service(one))
            .filter(&own)
            .collect(),
        "no request gets there",
        "name it as a `target`, `backend`, `upstream` or `database`, or in a path; or remove it",
    );
    let unasked = scenario.requests.iter().enumerate().filter(|(class, _)| !asked(*class));
    tell(
        unasked.map(|(_, class)| format!("request.{}", bare_or_quoted(&class.name))).filter(&own).collect(),
        "no traffic asks for it",
        "name it in a traffic's mix, session or rules, or remove it",
    );
    let mut demands = Vec::new();
    for class in scenario.requests.iter() {
        for app in
            scenario.services.iter().filter(|one| matches!(&one.kind, ServiceKind::App(app) if app.memory.is_none()))
        {
            demands.push(format!("request.{}.{}.memory", bare_or_quoted(&class.name), bare_or_quoted(&app.name)));
        }
    }
    tell(
        kept(&mut demands.into_iter()),
        "the service says nothing of its own memory",
        "write memory = { base = \"300 MiB\" } into the service's table, or remove it here",
    );
    let mut alone = Vec::new();
    let mut asynchronous = Vec::new();
    let mut unlimited = Vec::new();
    let mut never_parted = Vec::new();
    let mut unweighted = Vec::new();
    let mut restarts = Vec::new();
    let mut unbroken = Vec::new();
    for one in &scenario.services {
        let key = service(one);
        if let ServiceKind::Mysql(mysql) = &one.kind
            && scenario.faults.is_empty()
            && !mysql.replicas.is_empty()
        {
            let keys = ["source_connect_retry", "replica_net_timeout"];
            unbroken.extend(keys.map(|name| format!("{key}.replication.{name}")));
        }
        match &one.kind {
            ServiceKind::Mysql(mysql) if mysql.replicas.is_empty() => {
                alone.push(format!("{key}.replication"));
                // "primary" is what happens
                alone.extend((mysql.reads != Reads::Primary).then(|| format!("{key}.reads")));
            }
            ServiceKind::Mysql(mysql) if mysql.semi_sync.is_none() => {
                let keys = ["wait_point", "timeout", "wait_for_replica_count"];
                asynchronous.extend(keys.map(|name| format!("{key}.replication.{name}")));
            }
            ServiceKind::Haproxy(haproxy) => {
                let backends = || haproxy.backend_of_class.iter().map(|&backend| &scenario.services[backend]);
                let limited = |place: &Placement| place.maxconn.or(haproxy.server_maxconn).is_some();
                if !backends().any(|backend| backend.servers.iter().any(limited)) {
                    unlimited.push(format!("{key}.timeout.queue"));
                }
                if !is_cut_from_clients(scenario, one) {
                    never_parted.push(format!("{key}.timeout.client"));
                }
                if haproxy.balance == Balance::First {
                    for backend in backends() {
                        let count = backend.servers.len();
                        unweighted.extend((0..count).map(|i| format!("{}.servers.{i}.weight", service(backend))));
                    }
                }
            }
            ServiceKind::App(App { memory: Some(memory), .. }) if memory.when_full == WhenFull::Swap => {
                restarts.push(format!("{key}.memory.restart"));
            }
            _ => {}
        }
    }
    unweighted.sort();
    unweighted.dedup();
    tell(kept(&mut alone.into_iter()), "there is no replica", "name one: replicas = [\"db2\"], or remove it");
    tell(
        kept(&mut unbroken.into_iter()),
        "no replica loses its source without a fault",
        "add a [[fault]], or remove it",
    );
    tell(
        kept(&mut asynchronous.into_iter()),
        "asynchronous replication waits for nobody",
        "write mode = \"semi-sync\" beside it, or remove it",
    );
    tell(
        kept(&mut unlimited.into_iter()),
        "no server behind it has a `maxconn`, so nothing queues",
        "write default_server = { maxconn = 400 }, or remove it",
    );
    tell(
        kept(&mut never_parted.into_iter()),
        "clients stand still only where a fault cuts them off, and none does",
        "add a [[fault]] with cut = \"lb1\", around a server of it, or remove it",
    );
    tell(
        kept(&mut unweighted.into_iter()),
        "balance = \"first\" does not look at weights",
        "remove it, or choose another `balance`",
    );
    tell(
        kept(&mut restarts.into_iter()),
        "a process that swaps is not killed",
        "remove it, or write when_full = \"oom\"",
    );
    let retransmission = ["network.tcp_syn_linear_timeouts", "network.tcp_syn_retries"].map(str::to_string);
    tell(
        kept(&mut retransmission.into_iter().filter(|_| scenario.faults.is_empty())),
        "nothing goes wrong, so every SYN is answered",
        "add a [[fault]], or remove it",
    );
    found
}

/// Whether a fault parts clients from a service that they talk to.
fn is_cut_from_clients(scenario: &Scenario, service: &Service) -> bool {
    let cut = |fault: &Fault| match fault.effect {
        Effect::Cut { server, other: None } => service.servers.iter().any(|place| place.server == server),
        _ => false,
    };
    scenario.faults.iter().any(cut)
}

/// Or has something in memory that takes room there.
fn takes_memory(service: &Service) -> bool {
    match &service.kind {
        ServiceKind::Mysql(_) => true,
        ServiceKind::Nginx(nginx) => nginx.files.is_some(),
        ServiceKind::App(app) => app.memory.is_some(),
        ServiceKind::Haproxy(_) | ServiceKind::Station(_) => false,
    }
}

fn takes_disk(service: &Service) -> bool {
    match &service.kind {
        ServiceKind::Mysql(_) => true,
        ServiceKind::Nginx(nginx) => nginx.files.is_some(),
        ServiceKind::App(app) => app.memory.as_ref().is_some_and(|memory| memory.when_full == WhenFull::Swap),
        ServiceKind::Haproxy(_) | ServiceKind::Station(_) => false,
    }
}

/// By service: whether a request of any traffic comes by.
fn reached(scenario: &Scenario) -> Vec<bool> {
    let mut reached = vec![false; scenario.services.len()];
    for one in &scenario.traffic {
        for &(class, _) in &one.mix {
            match &scenario.requests[class].body {
                RequestBody::Tiers(_) => one.target.into_iter().for_each(|front| pass(scenario, front, &mut reached)),
                RequestBody::Path(steps) => visit(steps, &mut reached),
            }
        }
    }
    reached
}

fn pass(scenario: &Scenario, service: ServiceId, reached: &mut [bool]) {
    if !std::mem::replace(&mut reached[service], true) {
        callees(&scenario.services[service]).into_iter().for_each(|next| pass(scenario, next, reached));
    }
}

fn visit(steps: &[PathStep], reached: &mut [bool]) {
    for step in steps {
        match step {
            PathStep::Visit { station, .. } | PathStep::Hold { station, .. } => reached[*station] = true,
            PathStep::Balance { stations, .. } => stations.iter().for_each(|&station| reached[station] = true),
            _ => {}
        }
        inner_paths(step).into_iter().for_each(|inner| visit(inner, reached));
    }
}

//! `[[fault]]`: what goes wrong, when, and for how long.

use super::diagnostics::Diagnostic;
use super::distribution::positive_distribution;
use super::model::{Effect, Fault, FaultLines, Server, ServerId, Service, ServiceId, ServiceKind, Simulation, When};
use super::names::Names;
use super::quantity::Dimension;
use super::reader::{Flaw, Reader, Section};
use super::tree::{Node, Value};
use super::values::{boolean, number, positive, positive_number, quantity};

/// What goes wrong, one of them.
const EFFECTS: &[&str] = &["hang", "kill", "stop", "maintenance", "power_off", "cut", "impair", "slow", "memory"];
const EXAMPLE: &str = "kill or hang = { service = \"app\", server = \"app1\" }, power_off = \"app1\", \
                       cut = [\"app1\", \"db1\"], or slow = { server = \"app1\", cpu = 0.2 }";

pub fn read(
    reader: &mut Reader,
    section: &mut Section<'_>,
    names: &Names,
    servers: &[Server],
    services: &[Option<Service>],
    simulation: &Simulation,
) -> Option<Fault> {
    let when = read_when(reader, section, simulation);
    let given: Vec<&&str> = EFFECTS.iter().filter(|effect| section.has(effect)).collect();
    for pair in given.windows(2) {
        section.conflict(reader, pair[0], pair[1]);
    }
    if given.is_empty() {
        let message = format!("{}: nothing says what goes wrong", section.path);
        reader.error(
            Diagnostic::at(section.place.clone(), message)
                .label("without an effect")
                .help(format!("add one of these: {EXAMPLE}")),
        );
    }
    let hang = section.within_if(reader, "hang", |reader, hang| {
        let (service, instances) = read_processes(reader, hang, names, services)?;
        Some(Effect::Hang { service, instances })
    });
    let kill = section.within_if(reader, "kill", |reader, kill| {
        let keepalived = kill.optional(reader, "keepalived", boolean).unwrap_or(false);
        let (service, instances) = read_processes(reader, kill, names, services)?;
        object(reader, kill, "service", services.get(service)?, cannot_be_killed)?;
        if keepalived {
            object(reader, kill, "keepalived", services.get(service)?, has_no_keepalived)?;
        }
        Some(Effect::Kill { service, instances, keepalived })
    });
    let stop = section.within_if(reader, "stop", |reader, stop| {
        let (service, instances) = read_processes(reader, stop, names, services)?;
        object(reader, stop, "service", services.get(service)?, has_no_keepalived)?;
        Some(Effect::Stop { service, instances })
    });
    let slow = section.within_if(reader, "slow", |reader, slow| read_slow(reader, slow, names, servers));
    let maintenance = section.within_if(reader, "maintenance", |reader, maintenance| {
        let source = "our choice: what is under way is given that long to end";
        let drain_s = maintenance.or_default(reader, "drain", quantity(Dimension::Time), "30 s", source);
        let (service, instances) = read_processes(reader, maintenance, names, services)?;
        object(reader, maintenance, "service", services.get(service)?, cannot_be_drained)?;
        let left = services.get(service)?.as_ref().and_then(|service| nobody_takes_over(service, &instances));
        if let Some((what, label, help)) = left {
            let key = if maintenance.has("server") { "server" } else { "service" };
            reader.flaw(&maintenance.key(key), &maintenance.get(key)?.node, Flaw::new(what, label).help(help));
            return None;
        }
        Some(Effect::Maintenance { service, instances, drain_s })
    });
    let impair = section.within_if(reader, "impair", |reader, impair| read_impair(reader, impair, names));
    let memory = section.within_if(reader, "memory", |reader, memory| {
        let server = memory.optional(reader, "server", |_, node| names.server(node));
        if !memory.has("server") {
            memory.missing(reader, "server", "say which: server = \"app1\"");
        }
        let bytes = memory.required(reader, "taken", positive(Dimension::Size), "\"14 GiB\"");
        Some(Effect::Memory { server: server?, bytes })
    });
    let dark = section.take("power_off").map(|entry| {
        let key = section.key("power_off");
        read_servers(reader, &key, &entry.node, names).map(|servers| Effect::PowerOff { servers })
    });
    let cut = section.take("cut").map(|entry| read_cut(reader, &section.key("cut"), &entry.node, names));
    let effects = [hang, kill, stop, maintenance, slow, memory, impair, dark, cut];
    let effect = effects.into_iter().flatten().flatten().next()?;
    let when = when?;
    if let (Effect::Maintenance { drain_s, .. }, When::At { lasts_s: Some(lasts_s), .. }) = (&effect, &when)
        && drain_s >= lasts_s
        && let Some(entry) = section.get("lasts")
    {
        let flaw = Flaw::new("the maintenance is over before its drain is", "not longer than the drain")
            .help("make `lasts` longer: it counts from the beginning of the drain");
        reader.flaw(&section.key("lasts"), &entry.node, flaw);
    }
    Some(Fault { when, effect, written: lines(reader, section) })
}

fn lines(reader: &Reader, section: &Section<'_>) -> FaultLines {
    let of = |keys: &[&str]| {
        let entry = keys.iter().find_map(|key| section.get(key));
        reader.files.locate(entry.map_or(&section.place, |entry| &entry.key_place))
    };
    FaultLines { when: of(&["at", "mttf"]), effect: of(EFFECTS) }
}

/// `at` and `lasts`, or `mttf` and `mttr`.
fn read_when(reader: &mut Reader, section: &mut Section<'_>, simulation: &Simulation) -> Option<When> {
    for (at, random) in [("at", "mttf"), ("lasts", "mttr"), ("at", "mttr"), ("lasts", "mttf")] {
        section.conflict(reader, at, random);
    }
    if section.has("mttf") || section.has("mttr") {
        let up = section.required(reader, "mttf", positive_distribution(Dimension::Time), "\"exponential(30 d)\"");
        let down = section.required(reader, "mttr", positive_distribution(Dimension::Time), "\"exponential(1 h)\"");
        if simulation.duration_s.is_none()
            && let Some(entry) = section.get("mttf")
        {
            let flaw = Flaw::new("a run that plays its traces out has no end before the next fault", "never the last");
            reader.flaw(&section.key("mttf"), &entry.node, flaw.help("set simulation.duration, or write at and lasts"));
        }
        return Some(When::Random { up, down });
    }
    if !section.has("at") {
        section.missing(reader, "at", "say when: at = \"10 min\", or mttf = \"exponential(30 d)\" with mttr");
        section.optional(reader, "lasts", positive(Dimension::Time));
        return None;
    }
    let at_s = section.required(reader, "at", quantity(Dimension::Time), "\"10 min\"");
    let lasts_s = section.optional(reader, "lasts", positive(Dimension::Time));
    Some(When::At { at_s, lasts_s })
}

/// `{ service, server? }`: a service, and which of its servers (indices within it).
fn read_processes(
    reader: &mut Reader,
    section: &mut Section<'_>,
    names: &Names,
    services: &[Option<Service>],
) -> Option<(ServiceId, Vec<usize>)> {
    let service = section.optional(reader, "service", |_, node| names.service(node));
    if !section.has("service") {
        section.missing(reader, "service", "say which: service = \"app\"");
    }
    let server = section.optional(reader, "server", |_, node| names.server(node));
    // what is wrong with the service itself is reported there
    let service = service?;
    let found = services.get(service)?.as_ref()?;
    let Some(server) = server else {
        return Some((service, (0..found.servers.len().max(1)).collect()));
    };
    let instances: Vec<usize> = (0..found.servers.len()).filter(|&i| found.servers[i].server == server).collect();
    if instances.is_empty() {
        let known: Vec<&str> = found.servers.iter().map(|p| names.servers[p.server].as_str()).collect();
        let help = if known.is_empty() {
            "remove `server`: this service runs on none".to_owned()
        } else {
            format!("it runs on {}", known.join(", "))
        };
        let entry = section.get("server")?;
        let what = format!("`{}` does not run on `{}`", found.name, names.servers[server]);
        reader.flaw(&section.key("server"), &entry.node, Flaw::new(what, "nothing to stop there").help(help));
        return None;
    }
    Some((service, instances))
}

/// What speaks against a fault of a service: what it is, and what to write instead.
type Objection = (String, &'static str, &'static str);

/// Tells, at a key, why a fault cannot happen to a service.
fn object(
    reader: &mut Reader,
    section: &Section<'_>,
    key: &str,
    service: &Option<Service>,
    objection: fn(&Service) -> Option<Objection>,
) -> Option<()> {
    let Some((what, label, help)) = objection(service.as_ref()?) else { return Some(()) };
    reader.flaw(&section.key(key), &section.get(key)?.node, Flaw::new(what, label).help(help));
    None
}

fn cannot_be_killed(service: &Service) -> Option<Objection> {
    matches!(service.kind, ServiceKind::Station(_)).then(|| {
        let what = format!("`{}` is a plain station, which is no process", service.name);
        (what, "cannot be killed", "write hang: its workers stop, and go on where they were")
    })
}

/// Who stops with a goodbye, or whose keepalived dies, has one.
fn has_no_keepalived(service: &Service) -> Option<Objection> {
    let has = matches!(&service.kind, ServiceKind::Haproxy(haproxy) if haproxy.vrrp.is_some());
    (!has).then(|| {
        let what = format!("`{}` has no keepalived: not supported yet", service.name);
        let help = "name a haproxy with vrrp; or write kill = { service = ... } without `keepalived`";
        (what, "nobody to say goodbye", help)
    })
}

/// Others can be told to leave alone only whom they choose among several.
fn cannot_be_drained(service: &Service) -> Option<Objection> {
    let (what, help) = match &service.kind {
        ServiceKind::Nginx(_) | ServiceKind::App(_) | ServiceKind::Mysql(_) => return None,
        ServiceKind::Haproxy(haproxy) if haproxy.vrrp.is_some() => return None,
        ServiceKind::Haproxy(_) => ("clients have no other load balancer", "add a second one and vrrp, or write kill"),
        ServiceKind::Station(_) => ("a plain station is not drained", "write hang: its workers stop"),
    };
    Some((format!("`{}`: {what}", service.name), "not possible", help))
}

/// A primary is maintained only when another server of its database takes the writes.
fn nobody_takes_over(service: &Service, instances: &[usize]) -> Option<Objection> {
    let ServiceKind::Mysql(mysql) = &service.kind else { return None };
    if !instances.contains(&0) {
        return None;
    }
    let name = &service.name;
    let Some(failover) = mysql.failover.as_ref().filter(|_| !mysql.replicas.is_empty()) else {
        let what = format!("`{name}`: nobody takes the writes of its primary over");
        let help = "give the database a replica and `failover = {}`, or name one of its replicas as `server`";
        return Some((what, "not possible", help));
    };
    failover.candidates.iter().all(|candidate| instances.contains(candidate)).then(|| {
        let what = format!("`{name}`: no candidate is left to take the writes over");
        (what, "all at once", "maintain one server at a time: name it as `server`, in a [[fault]] for each")
    })
}

/// One server, or an array of different ones.
fn read_servers(reader: &mut Reader, key: &str, node: &Node, names: &Names) -> Option<Vec<ServerId>> {
    let nodes: Vec<&Node> = match &node.value {
        Value::Array(items) => items.iter().collect(),
        _ => vec![node],
    };
    let mut servers = Vec::new();
    for node in nodes {
        match names.server(node) {
            Ok(server) if servers.contains(&server) => {
                let flaw = Flaw::new(format!("`{}` is named twice", names.servers[server]), "again")
                    .help("name each server once");
                reader.flaw(key, node, flaw);
                return None;
            }
            Ok(server) => servers.push(server),
            Err(flaw) => {
                reader.flaw(key, node, flaw);
                return None;
            }
        }
    }
    if servers.is_empty() {
        reader.flaw(
            key,
            node,
            Flaw::new("no server is named", "empty").help("name at least one: [\"web1\", \"app1\"]"),
        );
        return None;
    }
    Some(servers)
}

/// `{ between = ["app1", "db1"], delay = "50 ms", loss = 0.02 }`, or `around = "db1"`.
fn read_impair(reader: &mut Reader, impair: &mut Section<'_>, names: &Names) -> Option<Effect> {
    impair.conflict(reader, "between", "around");
    let way = match (impair.take("between"), impair.take("around")) {
        (Some(entry), _) | (None, Some(entry)) => {
            let key = impair.key(if impair.has("between") { "between" } else { "around" });
            read_cut(reader, &key, &entry.node, names)
        }
        (None, None) => {
            impair.missing(reader, "between", "say where: between = [\"app1\", \"db1\"], or around = \"db1\"");
            None
        }
    };
    let delay = impair.optional(reader, "delay", positive_distribution(Dimension::Time));
    let loss = impair.optional(reader, "loss", number(0.0, 0.99));
    if delay.is_none() && loss.is_none() {
        impair.missing(reader, "delay", "say how: delay = \"50 ms\", loss = 0.02, or both");
        return None;
    }
    let Some(Effect::Cut { server, other }) = way else { return None };
    Some(Effect::Impair { server, other, delay, loss: loss.unwrap_or(0.0) })
}

/// `"db1"`: around one server; `["app1", "db1"]`: between two.
fn read_cut(reader: &mut Reader, key: &str, node: &Node, names: &Names) -> Option<Effect> {
    let nodes: Vec<&Node> = match &node.value {
        Value::Array(items) => items.iter().collect(),
        _ => vec![node],
    };
    let mut servers = Vec::new();
    for node in &nodes {
        match names.server(node) {
            Ok(server) => servers.push(server),
            Err(flaw) => {
                reader.flaw(key, node, flaw);
                return None;
            }
        }
    }
    match servers[..] {
        [server] => Some(Effect::Cut { server, other: None }),
        [one, other] if one != other => Some(Effect::Cut { server: one, other: Some(other) }),
        _ => {
            let flaw = Flaw::new("a cut is around one server, or between two different ones", "not a way")
                .help("write cut = \"db1\", or cut = [\"app1\", \"db1\"]");
            reader.flaw(key, node, flaw);
            None
        }
    }
}

fn read_slow(reader: &mut Reader, slow: &mut Section<'_>, names: &Names, servers: &[Server]) -> Option<Effect> {
    let server = slow.optional(reader, "server", |_, node| names.server(node));
    if !slow.has("server") {
        slow.missing(reader, "server", "say which: server = \"app1\"");
    }
    let mut factor = |key: &'static str| slow.optional(reader, key, positive_number(1000.0));
    let (cpu, disk, nic) = (factor("cpu"), factor("disk"), factor("nic"));
    if cpu.is_none() && disk.is_none() && nic.is_none() {
        slow.missing(reader, "cpu", "say what is slow, as a factor of its speed: cpu = 0.2, disk = 0.5, nic = 0.1");
        return None;
    }
    let server = server.filter(|&server| server < servers.len())?;
    let factor = |given: Option<f64>| given.unwrap_or(1.0);
    Some(Effect::Slow { server, cpu: factor(cpu), disk: factor(disk), nic: factor(nic) })
}

//! `[[fault]]`: what goes wrong, when, and for how long.

use super::distribution::positive_distribution;
use super::model::{Discipline, Effect, Fault, Server, Service, ServiceId, ServiceKind, Simulation, When};
use super::names::Names;
use super::quantity::Dimension;
use super::reader::{Flaw, Reader, Section};
use super::tree::{Node, Value};
use super::values::{positive, positive_number, quantity};

/// Effects that come later.
const LATER: &[&str] = &["delay", "loss", "memory", "maintenance", "group"];
/// What goes wrong, one of them.
const EFFECTS: &[&str] = &["hang", "kill", "power_off", "cut", "slow"];
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
    for later in LATER {
        section.unsupported(reader, later, "leave it out; a fault is one of hang, kill, power_off, cut and slow");
    }
    let when = read_when(reader, section, simulation);
    let given: Vec<&&str> = EFFECTS.iter().filter(|effect| section.has(effect)).collect();
    for pair in given.windows(2) {
        section.conflict(reader, pair[0], pair[1]);
    }
    if given.is_empty() {
        section.missing(reader, "kill", &format!("say what goes wrong: {EXAMPLE}"));
    }
    let hang = section.within_if(reader, "hang", |reader, hang| {
        let (service, instances) = read_processes(reader, hang, names, services)?;
        can_hang(reader, hang, services, service)?;
        Some(Effect::Hang { service, instances })
    });
    let kill = section.within_if(reader, "kill", |reader, kill| {
        let (service, instances) = read_processes(reader, kill, names, services)?;
        can_be_killed(reader, kill, services, service)?;
        Some(Effect::Kill { service, instances })
    });
    let slow = section.within_if(reader, "slow", |reader, slow| read_slow(reader, slow, names, servers));
    let dark = section.optional(reader, "power_off", |_, node| names.server(node));
    let cut = section.take("cut").map(|entry| read_cut(reader, &section.key("cut"), &entry.node, names));
    let dark = dark.map(|server| Effect::PowerOff { server });
    Some(Fault {
        when: when?,
        effect: hang.flatten().or(kill.flatten()).or(slow.flatten()).or(dark).or(cut.flatten())?,
    })
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

fn can_hang(
    reader: &mut Reader,
    section: &Section<'_>,
    services: &[Option<Service>],
    service: ServiceId,
) -> Option<()> {
    let found = services.get(service)?.as_ref()?;
    if let ServiceKind::Station(station) = &found.kind
        && let Discipline::Priority { .. } = station.discipline
    {
        let entry = section.get("service")?;
        let flaw = Flaw::new(format!("`{}` serves by priority: not supported yet", found.name), "cannot be stopped")
            .help("name another service, or leave the fault out");
        reader.flaw(&section.key("service"), &entry.node, flaw);
        return None;
    }
    Some(())
}

fn can_be_killed(
    reader: &mut Reader,
    section: &Section<'_>,
    services: &[Option<Service>],
    service: ServiceId,
) -> Option<()> {
    let found = services.get(service)?.as_ref()?;
    if let ServiceKind::Station(_) = &found.kind {
        let entry = section.get("service")?;
        let flaw = Flaw::new(format!("`{}` is a plain station, which is no process", found.name), "cannot be killed")
            .help("write hang: its workers stop, and go on where they were");
        reader.flaw(&section.key("service"), &entry.node, flaw);
        return None;
    }
    Some(())
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

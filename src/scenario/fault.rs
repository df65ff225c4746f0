//! `[[fault]]`: what goes wrong, when, and for how long.

use super::distribution::positive_distribution;
use super::model::{Discipline, Effect, Fault, Server, Service, ServiceKind, Simulation, When};
use super::names::Names;
use super::quantity::Dimension;
use super::reader::{Flaw, Reader, Section};
use super::values::{positive, positive_number, quantity};

/// Effects that come later.
const LATER: &[&str] = &["kill", "power_off", "cut", "delay", "loss", "memory", "maintenance", "group"];
const EXAMPLE: &str = "hang = { service = \"app\" }, or slow = { server = \"app1\", cpu = 0.2 }";

pub fn read(
    reader: &mut Reader,
    section: &mut Section<'_>,
    names: &Names,
    servers: &[Server],
    services: &[Option<Service>],
    simulation: &Simulation,
) -> Option<Fault> {
    for later in LATER {
        section.unsupported(reader, later, "leave it out; in this version a fault is `hang` or `slow`");
    }
    let when = read_when(reader, section, simulation);
    section.conflict(reader, "hang", "slow");
    let hang = section.within_if(reader, "hang", |reader, hang| read_hang(reader, hang, names, services));
    let slow = section.within_if(reader, "slow", |reader, slow| read_slow(reader, slow, names, servers));
    if hang.is_none() && slow.is_none() {
        section.missing(reader, "hang", &format!("say what goes wrong: {EXAMPLE}"));
    }
    Some(Fault { when: when?, effect: hang.flatten().or(slow.flatten())? })
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

fn read_hang(
    reader: &mut Reader,
    hang: &mut Section<'_>,
    names: &Names,
    services: &[Option<Service>],
) -> Option<Effect> {
    let service = hang.optional(reader, "service", |_, node| names.service(node));
    if !hang.has("service") {
        hang.missing(reader, "service", "say which: service = \"app\"");
    }
    let server = hang.optional(reader, "server", |_, node| names.server(node));
    // what is wrong with the service itself is reported there
    let service = service?;
    let found = services.get(service)?.as_ref()?;
    if let ServiceKind::Station(station) = &found.kind
        && let Discipline::Priority { .. } = station.discipline
    {
        let entry = hang.get("service")?;
        let flaw = Flaw::new(format!("`{}` serves by priority: not supported yet", found.name), "cannot be stopped")
            .help("name another service, or leave the fault out");
        reader.flaw(&hang.key("service"), &entry.node, flaw);
        return None;
    }
    let Some(server) = server else {
        return Some(Effect::Hang { service, instances: (0..found.servers.len().max(1)).collect() });
    };
    let instances: Vec<usize> = (0..found.servers.len()).filter(|&i| found.servers[i].server == server).collect();
    if instances.is_empty() {
        let known: Vec<&str> = found.servers.iter().map(|p| names.servers[p.server].as_str()).collect();
        let help = if known.is_empty() {
            "remove `server`: this service runs on none".to_owned()
        } else {
            format!("it runs on {}", known.join(", "))
        };
        let entry = hang.get("server")?;
        let what = format!("`{}` does not run on `{}`", found.name, names.servers[server]);
        reader.flaw(&hang.key("server"), &entry.node, Flaw::new(what, "nothing to stop there").help(help));
        return None;
    }
    Some(Effect::Hang { service, instances })
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

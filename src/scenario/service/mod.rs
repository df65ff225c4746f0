//! `[service.x]`: software on servers, one file for each kind. A directive of the real software keeps its
//! own name.

mod app;
mod haproxy;
mod mysql;
mod nginx;
mod station;

pub use haproxy::balance;

use super::diagnostics::Diagnostic;
use super::model::{Placement, Server, Service, ServiceKind};
use super::names::{KINDS, Kind, Names};
use super::reader::{Flaw, Reader, Section};
use super::tree::{Node, Value};
use super::values::{boolean, choice, whole, whole_or_unlimited};

/// HAProxy's upper bound (configuration manual, `weight`); nginx has none that matters.
const WEIGHT_MAX: u32 = 256;

/// What reading a service needs to know of the rest.
pub struct Surroundings<'a> {
    pub names: &'a Names,
    pub servers: &'a [Server],
}

/// `None`: so wrong that it cannot stand in (reported).
pub fn read(reader: &mut Reader, section: &mut Section<'_>, name: &str, around: &Surroundings<'_>) -> Option<Service> {
    if matches!(name, "source" | "response" | "upload" | "path") {
        reader.error(
            Diagnostic::at(section.place.clone(), format!("service.{name}: a service cannot be called `{name}`"))
                .label("a word of the request tables")
                .help("give it another name"),
        );
    }
    let kind = match section.take("kind") {
        Some(entry) => match choice(KINDS)(&reader.files, &entry.node) {
            Ok(kind) => kind,
            Err(flaw) => {
                reader.flaw(&section.key("kind"), &entry.node, flaw);
                // which keys it may have is the kind's to say
                section.give_up();
                return None;
            }
        },
        None => {
            section.missing(reader, "kind", "add kind = \"haproxy\", \"nginx\", \"app\", \"mysql\" or \"station\"");
            section.give_up();
            return None;
        }
    };
    let kind_node = &section.get("kind").expect("just taken").node;
    section.assume_given(reader, "kind", kind_node);
    let placed = |reader: &mut Reader, section: &mut Section<'_>| placements(reader, section, around.names);
    let (servers, kind) = match kind {
        Kind::Haproxy => {
            let servers = placed(reader, section);
            (servers, ServiceKind::Haproxy(haproxy::read(reader, section, around)))
        }
        Kind::Nginx => {
            let servers = placed(reader, section);
            let cores = cores(&servers, around);
            (servers, ServiceKind::Nginx(nginx::read(reader, section, around, cores)))
        }
        Kind::App => {
            let servers = placed(reader, section);
            let cores = cores(&servers, around);
            (servers, ServiceKind::App(app::read(reader, section, around, cores)))
        }
        Kind::Mysql => {
            let mysql = mysql::read(reader, section, around);
            let on = std::iter::once(mysql.primary).chain(mysql.replicas.iter().copied());
            (
                on.map(|server| Placement { server, weight: 1, maxconn: None, backup: false }).collect(),
                ServiceKind::Mysql(mysql),
            )
        }
        Kind::Station => (Vec::new(), ServiceKind::Station(station::read(reader, section, around))),
    };
    Some(Service { name: name.to_string(), servers, kind })
}

/// Of the first server it is on.
fn cores(servers: &[Placement], around: &Surroundings<'_>) -> u32 {
    servers.first().and_then(|placement| around.servers.get(placement.server)).map_or(1, |server| server.cpu.cores)
}

/// `servers = ["web1"]` or `[{ name = "web1", weight = 2, maxconn = 100 }]`.
fn placements(reader: &mut Reader, section: &mut Section<'_>, names: &Names) -> Vec<Placement> {
    let example = match names.servers.first() {
        Some(name) => format!("[{{ name = \"{name}\" }}]"),
        None => "[{ name = \"server1\" }]".to_string(),
    };
    let Some(entry) = section.take("servers") else {
        section.missing(reader, "servers", &format!("say where it runs: servers = {example}"));
        return Vec::new();
    };
    let key = section.key("servers");
    let Value::Array(items) = &entry.node.value else {
        let flaw =
            Flaw::new(format!("expected an array of servers, found {}", entry.node.value.type_name()), "not an array");
        reader.flaw(&key, &entry.node, flaw.help(format!("write servers = {example}")));
        return Vec::new();
    };
    if items.is_empty() {
        reader.flaw(
            &key,
            &entry.node,
            Flaw::new("a service runs on at least one server", "empty").help(format!("write servers = {example}")),
        );
    }
    let mut placements: Vec<Placement> = Vec::new();
    let mut seen: Vec<(usize, &Node)> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("{key}.{index}");
        let (name_node, placement) = match &item.value {
            Value::Table(table) => {
                let mut element = Section::new(reader, path.clone(), item.place.clone(), Some(table), section.source());
                let name = element.take("name");
                let weight = element.or_default(
                    reader,
                    "weight",
                    whole(1, WEIGHT_MAX),
                    "1",
                    "HAProxy and nginx manuals: weight 1",
                );
                let maxconn = element.optional(reader, "maxconn", whole_or_unlimited(1, u32::MAX)).flatten();
                element.unsupported(
                    reader,
                    "priority",
                    "the takeover pair comes later; a single server needs no priority",
                );
                let backup = element.optional(reader, "backup", boolean).unwrap_or(false);
                for later in ["max_fails", "fail_timeout", "inter", "fall", "rise", "slowstart"] {
                    element.unsupported(reader, later, "write it for all servers: in default_server, or in upstream");
                }
                if name.is_none() {
                    element.missing(reader, "name", &format!("write for example {example}"));
                }
                if let Some(entry) = name {
                    element.assume_given(reader, "name", &entry.node);
                }
                element.finish(reader);
                (name.map(|entry| &entry.node), Placement { server: 0, weight, maxconn, backup })
            }
            _ => {
                section.assume_given(reader, &format!("servers.{index}"), item);
                (Some(item), Placement { server: 0, weight: 1, maxconn: None, backup: false })
            }
        };
        let Some(node) = name_node else { continue };
        match names.server(node) {
            Ok(server) => {
                if let Some((_, first)) = seen.iter().find(|(known, _)| *known == server) {
                    reader.error(
                        Diagnostic::at(
                            node.place.clone(),
                            format!("{path}: `{}` is named twice", names.servers[server]),
                        )
                        .label("again")
                        .help("name each server once; a larger `weight` gives it more")
                        .related(first.place.clone(), "the first time"),
                    );
                }
                seen.push((server, node));
                placements.push(Placement { server, ..placement });
            }
            Err(flaw) => reader.flaw(&path, node, flaw),
        }
    }
    placements
}

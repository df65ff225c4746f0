//! What the user named: servers, services and request classes, known before anything is read, so that
//! references may point forward; and the messages about references that point nowhere.

use super::model::{ClassId, ServerId, ServiceId};
use super::reader::{Flaw, Parsed, nearest};
use super::tree::{Node, SourceFiles, Table, Value};
use super::values::described;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Haproxy,
    Nginx,
    App,
    Mysql,
    Station,
}

pub const KINDS: &[(&str, Kind)] = &[
    ("haproxy", Kind::Haproxy),
    ("nginx", Kind::Nginx),
    ("app", Kind::App),
    ("mysql", Kind::Mysql),
    ("station", Kind::Station),
];

impl Kind {
    pub fn word(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).expect("every kind has its word").0
    }
}

/// Ids are positions, in the order of appearance.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub servers: Vec<String>,
    pub services: Vec<String>,
    /// `None`: the kind is missing or wrong, and reported elsewhere.
    pub kinds: Vec<Option<Kind>>,
    pub classes: Vec<String>,
    /// Whether the class goes through stations by a path of its own.
    pub is_path: Vec<bool>,
}

impl Names {
    pub fn of(root: &Table) -> Names {
        let tables = |key: &str| match root.get(key).map(|entry| &entry.node.value) {
            Some(Value::Table(table)) => &table.entries[..],
            _ => &[],
        };
        let named = |key: &str| tables(key).iter().map(|entry| entry.key.clone()).collect();
        let inner = |value: &Value, key: &str| match value {
            Value::Table(table) => table.get(key).map(|entry| entry.node.value.clone()),
            _ => None,
        };
        let kinds = tables("service").iter().map(|entry| match inner(&entry.node.value, "kind") {
            Some(Value::String(word)) => KINDS.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind),
            _ => None,
        });
        Names {
            servers: named("server"),
            services: named("service"),
            kinds: kinds.collect(),
            classes: named("request"),
            is_path: tables("request").iter().map(|entry| inner(&entry.node.value, "path").is_some()).collect(),
        }
    }

    pub fn server(&self, node: &Node) -> Parsed<ServerId> {
        find(&self.servers, node, "server")
    }

    pub fn service(&self, node: &Node) -> Parsed<ServiceId> {
        find(&self.services, node, "service")
    }

    pub fn class(&self, node: &Node) -> Parsed<ClassId> {
        find(&self.classes, node, "request class").map_err(|flaw| {
            let help = flaw.help.replace("[request class.", "[request.");
            flaw.help(help)
        })
    }

    /// A service of one of these kinds. `why` says what it is for.
    pub fn service_of(
        &self,
        kinds: &'static [Kind],
        why: &'static str,
    ) -> impl Fn(&SourceFiles, &Node) -> Parsed<ServiceId> {
        move |_, node| {
            let service = self.service(node)?;
            match self.kinds[service] {
                Some(kind) if !kinds.contains(&kind) => {
                    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
                    Err(Flaw::new(
                        format!(
                            "`{}` is of kind {}; {why} {}",
                            self.services[service],
                            kind.word(),
                            words.join(" or ")
                        ),
                        "of the wrong kind",
                    )
                    .help(format!("name a service of kind {}", words.join(" or "))))
                }
                _ => Ok(service),
            }
        }
    }

    /// The stand-in where a reference is broken and must not be followed.
    pub fn first_of(&self, kinds: &[Kind]) -> Option<ServiceId> {
        self.kinds.iter().position(|kind| kind.is_some_and(|kind| kinds.contains(&kind)))
    }
}

fn find(names: &[String], node: &Node, what: &str) -> Parsed<usize> {
    let Value::String(wanted) = &node.value else {
        return Err(Flaw::new(
            format!("expected the name of a {what}, found {}", described(&node.value)),
            "not a name",
        )
        .help("write a name in \"quotes\""));
    };
    names.iter().position(|name| name == wanted).ok_or_else(|| unknown(names, wanted, what))
}

pub fn unknown(names: &[String], wanted: &str, what: &str) -> Flaw {
    let help = match nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if names.is_empty() => format!("add a table [{what}.{wanted}]"),
        None => format!("known are {}; or add a table [{what}.{wanted}]", names.join(", ")),
    };
    Flaw::new(format!("there is no {what} `{wanted}`"), format!("unknown {what}")).help(help)
}

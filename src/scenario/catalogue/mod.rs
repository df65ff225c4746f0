//! Every key of the language: what it means, what it takes, and whether it must be there. `explain` and the JSON
//! Schema are made from it.
//!
//! In reading order: [`Key`] and [`Value`] here; the keys by section (`general`, `service`, `database`, `request`,
//! `traffic`, `fault`, `goal`); `probe`, which asks the reader itself for the defaults and their sources; `schema`.
//!
//! The reader decides what is valid, and this says it in words: tests hold that both know the same keys, that
//! each value that stands here is taken and what lies beyond is not, and that what must be there is missed.

mod database;
mod fault;
mod general;
mod goal;
mod probe;
mod request;
pub mod schema;
mod service;
#[cfg(test)]
mod tests;
mod traffic;

pub use probe::{Default, defaults};

use super::quantity::Dimension;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A table, whose keys follow.
    Table,
    /// A table, or something else in its place.
    TableOr(&'static Value),
    /// Tables with names of the user's.
    Named,
    /// An array of tables.
    Tables,
    /// `false`: what a scenario that is extended has is not wanted.
    Off,
    Text,
    File,
    Boolean,
    /// A whole number within bounds, both included.
    Whole(i64, i64),
    /// The same, or a word.
    WholeOr(i64, i64, &'static str),
    /// A number within bounds, both included.
    Number(f64, f64),
    /// A number from this on.
    AtLeast(f64),
    /// A number above zero, up to this.
    Above(f64),
    Choice(&'static [&'static str]),
    /// An array of such words.
    Words(&'static [&'static str]),
    Quantity(Dimension),
    /// Above zero.
    Positive(Dimension),
    /// Above zero, or a word.
    PositiveOr(Dimension, &'static str),
    /// From zero on, or a word.
    QuantityOr(Dimension, &'static str),
    /// A quantity or a distribution of it.
    Distribution(Dimension),
    /// The same with a mean above zero.
    PositiveDistribution(Dimension),
    /// A distribution of a time, or recorded work: `trace(column)`.
    Amount,
    Popularity,
    Balance,
    Name(Of),
    Names(Of),
    NameOrNames(Of),
    /// Request classes, each with a number: a mix.
    Weights,
    /// Request classes, each with a service.
    Routes,
    /// Times and rates, or the name of a CSV file.
    Points,
    /// Two times.
    Window,
    /// An array of plain values.
    List,
    /// Steps through stations.
    Path,
    /// Several of them.
    Paths,
}

/// Whose name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Server,
    Service,
    Class,
}

/// One key of the language.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Below its table, dotted.
    pub name: &'static str,
    pub value: Value,
    pub meaning: &'static str,
    /// Within its table; where several keys say the same in other ways, none of them is.
    pub required: bool,
}

/// May be left out.
const fn key(name: &'static str, value: Value, meaning: &'static str) -> Key {
    Key { name, value, meaning, required: false }
}

/// Must be there.
const fn must(name: &'static str, value: Value, meaning: &'static str) -> Key {
    Key { name, value, meaning, required: true }
}

/// Keys of one table. In a path `NAME` is a name of the user's, `SERVICE` one of a service, `N` a place in an array.
struct Group {
    path: &'static str,
    /// Of the service that the table belongs to.
    kind: Option<&'static str>,
    keys: &'static [Key],
}

const fn group(path: &'static str, keys: &'static [Key]) -> Group {
    Group { path, kind: None, keys }
}

const fn of_kind(path: &'static str, kind: &'static str, keys: &'static [Key]) -> Group {
    Group { path, kind: Some(kind), keys }
}

/// A key with the whole path to it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `service.NAME.timeout.connect`
    pub path: String,
    /// `haproxy`, where the key is one of that kind of service.
    pub kind: Option<&'static str>,
    pub key: &'static Key,
}

/// `source` is possible in every table; it stands here once.
pub const SOURCE: &str = "source";

/// All keys, in the order in which the language is described.
pub fn entries() -> Vec<Entry> {
    let groups = [
        general::GROUPS,
        service::GROUPS,
        database::GROUPS,
        request::GROUPS,
        traffic::GROUPS,
        fault::GROUPS,
        goal::GROUPS,
    ];
    let entry = |group: &Group, key: &'static Key| Entry {
        path: if group.path.is_empty() { key.name.to_string() } else { format!("{}.{}", group.path, key.name) },
        kind: group.kind,
        key,
    };
    groups.into_iter().flatten().flat_map(|group| group.keys.iter().map(move |key| entry(group, key))).collect()
}

/// A dotted key as it is written, to the path under which it stands here: `service.lb.servers.0.weight` is
/// `service.NAME.servers.N.weight`.
pub fn pattern(key: &str) -> String {
    let parts = super::effective::split(key);
    let is_index = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let named = matches!(parts[0].as_str(), "server" | "service" | "request" | "traffic");
    if parts.last().is_some_and(|last| last == SOURCE) {
        return SOURCE.to_string();
    }
    let mut path: Vec<&str> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        path.push(match at {
            1 if named => "NAME",
            2 if parts[0] == "request" && !matches!(part.as_str(), "response" | "upload" | "path") => "SERVICE",
            _ if is_index(part) => "N",
            _ => part,
        });
    }
    // a path within a path has the keys of a path
    if path.starts_with(&["request", "NAME", "path", "N"]) {
        let keys: Vec<&str> = path.iter().copied().rev().take_while(|part| *part != "N").collect();
        let before = path.len() - keys.len();
        let within_choice = before >= 2 && path[before - 2] == "choose";
        let mut flat = vec!["request", "NAME", "path", "N"];
        flat.extend(within_choice.then_some(["choose", "N"]).into_iter().flatten());
        flat.extend(keys.into_iter().rev());
        path = flat;
    }
    path.join(".")
}

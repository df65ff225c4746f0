//! Defaults and where they come from, asked of the reader itself, so that nobody has to write them twice.

use super::super::diagnostics::Diagnostics;
use super::super::model::{Assumption, Mark};
use super::super::names::Names;
use super::super::reader::Reader;
use super::super::tree::{SourceFiles, Table};
use super::super::{Overrides, merge, read};
use super::{Entry, entries, pattern};

/// Every table that can be there, and no key that can be left out.
pub(super) const EVERYTHING: &str = include_str!("probe.toml");

/// The same with other values around, so that a default which is worked out from them shows itself by changing.
const OTHERWISE: &[&str] = &[
    "server.web1.cpu.cores=8",
    "server.app1.cpu.cores=8",
    "service.db.replicas=['db3', 'db2']",
    "service.other.primary=db2",
    "service.db.data.size=80 GiB",
    "service.lb.timeout.connect=3 s",
    "service.lb.tls.key=rsa-2048",
    "request.page.db.transactions.0.cpu=8 ms",
];

/// Traffic that does not change in time, and classes that say nothing of the proxies that they pass.
const STEADY: &str = include_str!("steady.toml");

/// A default of one key; several where it depends on something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Default {
    /// As an [`Entry`] has them.
    pub path: String,
    pub kind: Option<&'static str>,
    /// TOML.
    pub value: String,
    pub source: String,
}

/// Of all keys that have one.
pub fn defaults() -> Vec<Default> {
    let entries = entries();
    let mut found: Vec<Default> = Vec::new();
    let otherwise = Overrides { set: OTHERWISE.iter().map(|set| set.to_string()).collect(), ..Overrides::default() };
    for (name, text, overrides) in [
        ("everything", EVERYTHING, &Overrides::default()),
        ("otherwise", EVERYTHING, &otherwise),
        ("steady", STEADY, &Overrides::default()),
    ] {
        let Read { root, assumptions, .. } = ask(name, text, overrides);
        for assumption in assumptions.into_iter().filter(|assumption| assumption.mark == Mark::Default) {
            let Some(Entry { path, kind, .. }) = entry_of(&entries, &root, &assumption.key) else { continue };
            let default =
                Default { path: path.clone(), kind: *kind, value: assumption.value, source: assumption.source };
            if !found.contains(&default) {
                found.push(default);
            }
        }
    }
    found
}

/// The key of the language that a key of this scenario is.
pub(super) fn entry_of<'e>(entries: &'e [Entry], root: &Table, key: &str) -> Option<&'e Entry> {
    let path = pattern(key);
    let parts = super::super::effective::split(key);
    let service = match parts[0].as_str() {
        "service" => parts.get(1),
        "request" => parts.get(2),
        _ => None,
    };
    let names = Names::of(root);
    let at = service.and_then(|service| names.services.iter().position(|name| name == service));
    let kind = at.and_then(|at| names.kinds[at]).map(|kind| kind.word());
    entries.iter().find(|entry| entry.path == path && (entry.kind.is_none() || entry.kind == kind))
}

pub(super) struct Read {
    pub root: Table,
    pub assumptions: Vec<Assumption>,
    #[cfg_attr(not(test), allow(dead_code))]
    pub diagnostics: Diagnostics,
}

/// Reads it as far as that goes: the files that it names are nowhere, which says nothing of its defaults.
pub(super) fn ask(name: &str, text: &str, overrides: &Overrides) -> Read {
    let (mut files, mut diagnostics) = (SourceFiles::default(), Diagnostics::default());
    let root = merge::read_str(name, text, std::path::Path::new(""), overrides, &mut files, &mut diagnostics);
    ask_of(name, root, files, diagnostics)
}

pub(super) fn ask_of(name: &str, root: Table, files: SourceFiles, diagnostics: Diagnostics) -> Read {
    let mut reader = Reader { files, diagnostics, assumptions: Vec::new() };
    let scenario = read(&mut reader, &root, name);
    Read { root, assumptions: scenario.assumptions, diagnostics: reader.diagnostics }
}

//! What a valid scenario still knows of the files that it came from, for what comes later: that a trace
//! cannot be played is seen only when it is read through, and the effective scenario may go to another folder.

use std::collections::BTreeMap;

use super::check::entry_of;
use super::diagnostics::{Diagnostic, Diagnostics};
use super::model::{Process, Traffic};
use super::reader::Reader;
use super::tree::{Place, SourceFiles, Table};

#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// Empty where nothing below points into them.
    files: SourceFiles,
    /// By the name of the traffic: where it names its trace.
    traces: Vec<(String, Place)>,
    /// By key, as TOML: the values that name files, with names that hold in every folder.
    pub absolute: BTreeMap<String, String>,
}

/// What is wrong with the trace of one traffic.
pub struct UnplayableTrace<'a> {
    pub traffic: &'a str,
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Origins {
    pub(super) fn new(root: &Table, traffic: &[Traffic], reader: Reader) -> Origins {
        let traces: Vec<(String, Place)> = traffic
            .iter()
            .filter(|one| matches!(one.process, Process::Trace(_)))
            .filter_map(|one| {
                let entry = entry_of(root, &["traffic", &one.name, "file"])?;
                Some((one.name.clone(), entry.node.place.clone()))
            })
            .collect();
        let files = if traces.is_empty() { SourceFiles::default() } else { reader.files };
        Origins { files, traces, absolute: reader.absolute }
    }

    /// Points at the lines that name the traces.
    pub fn unplayable<'a>(&self, traces: impl IntoIterator<Item = UnplayableTrace<'a>>) -> Diagnostics {
        let mut diagnostics = Diagnostics::default();
        for trace in traces {
            let message = format!("traffic.{}.file: {}", super::tree::bare_or_quoted(trace.traffic), trace.what);
            let diagnostic = match self.traces.iter().find(|(traffic, _)| traffic == trace.traffic) {
                Some((_, place)) => Diagnostic::at(place.clone(), message).label("cannot be played"),
                None => Diagnostic::nowhere(message),
            };
            diagnostics.push(diagnostic.help(trace.remedy));
        }
        diagnostics.in_file_order(self.files.clone())
    }
}

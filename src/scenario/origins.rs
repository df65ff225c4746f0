//! What a valid scenario still knows of the files that it came from, for what is found out later: that a
//! trace cannot be played is seen only when it is read through.

use super::check::entry_of;
use super::diagnostics::{Diagnostic, Diagnostics};
use super::model::{Process, Traffic};
use super::tree::{Place, SourceFiles, Table};

#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// Empty where nothing below points into them.
    files: SourceFiles,
    /// By the name of the traffic: where it names its trace.
    traces: Vec<(String, Place)>,
}

/// What is wrong with the trace of one traffic.
pub struct UnplayableTrace<'a> {
    pub traffic: &'a str,
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Origins {
    pub(super) fn new(root: &Table, traffic: &[Traffic], files: SourceFiles) -> Origins {
        let traces: Vec<(String, Place)> = traffic
            .iter()
            .filter(|one| matches!(one.process, Process::Trace(_)))
            .filter_map(|one| {
                let entry = entry_of(root, &["traffic", &one.name, "file"])?;
                Some((one.name.clone(), entry.node.place.clone()))
            })
            .collect();
        Origins { files: if traces.is_empty() { SourceFiles::default() } else { files }, traces }
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

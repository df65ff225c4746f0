//! What is wrong with a scenario, all of it at once: file, line, key, and what to write instead.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::tree::{Place, SourceFiles};

/// One mistake of the user's.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// `None`: not in a text (a file that cannot be read).
    pub place: Option<Place>,
    /// What is wrong, beginning with the key.
    pub message: String,
    /// Beside the marked bytes.
    pub label: String,
    /// What to do next.
    pub help: String,
    /// Other places that explain it.
    pub related: Vec<(Place, String)>,
}

impl Diagnostic {
    pub fn at(place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic { place: Some(place), ..Diagnostic::nowhere(message) }
    }

    pub fn nowhere(message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            place: None,
            message: message.into(),
            label: String::new(),
            help: String::new(),
            related: Vec::new(),
        }
    }

    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = help.into();
        self
    }

    pub fn related(mut self, place: Place, label: impl Into<String>) -> Diagnostic {
        self.related.push((place, label.into()));
        self
    }
}

/// Everything that is wrong, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
    files: SourceFiles,
}

impl Diagnostics {
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.items.push(diagnostic);
    }

    pub fn append(&mut self, mut others: Diagnostics) {
        self.items.append(&mut others.items);
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn items(&self) -> &[Diagnostic] {
        &self.items
    }

    /// Sorted, and with the texts that the places point into.
    pub fn in_file_order(mut self, files: SourceFiles) -> Diagnostics {
        self.items.sort_by_key(|item| item.place.as_ref().map(|place| (place.file, place.span.start)));
        self.items.dedup_by(|later, earlier| later.place == earlier.place && later.message == earlier.message);
        self.files = files;
        self
    }

    /// One block for each, in the manner of rustc, and a last line that counts several.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for item in &self.items {
            out.push_str(&renderer.render(&self.report(item)));
            out.push_str("\n\n");
        }
        if self.items.len() > 1 {
            out.push_str(&format!("{} errors in the scenario\n", self.items.len()));
        }
        out
    }

    fn report<'a>(&'a self, item: &'a Diagnostic) -> Vec<Group<'a>> {
        let title = Level::ERROR.primary_title(item.message.as_str());
        let mut group = match &item.place {
            Some(place) => title.element(self.snippet(place, &item.label, AnnotationKind::Primary)),
            None if item.label.is_empty() => Group::with_title(title),
            None => title.element(Origin::path(item.label.as_str())),
        };
        for (place, label) in &item.related {
            group = group.element(self.snippet(place, label, AnnotationKind::Context));
        }
        if !item.help.is_empty() {
            group = group.element(Level::HELP.message(item.help.as_str()));
        }
        vec![group]
    }

    /// Only the lines around the span are handed over, so that a long file costs no more than a short one.
    fn snippet<'a>(
        &'a self,
        place: &Place,
        label: &'a str,
        kind: AnnotationKind,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let file = &self.files.0[place.file];
        let text: &str = &file.text;
        let start = place.span.start.min(text.len());
        let end = place.span.end.clamp(start, text.len());
        let from = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let to = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
        // an editor's \r\n is no part of the line
        let to = if text[end..to].ends_with('\r') { to - 1 } else { to };
        let line = 1 + text.as_bytes()[..from].iter().filter(|&&byte| byte == b'\n').count();
        Snippet::source(&text[from..to])
            .line_start(line)
            .path(file.name.as_str())
            .annotation(kind.span(start - from..end - from).label(label))
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

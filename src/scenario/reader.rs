//! Reading a table key by key: each key is taken once with its parser and, where it may be left out, its
//! default and that default's source. What was taken becomes an assumption, what is wrong a diagnostic,
//! and what nobody took an unknown key. Reading never stops: a wrong value stands in as its default.

use std::ops::Range;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::model::{Assumption, Mark};
use super::tree::{Entry, Node, Place, SourceFiles, Table, Value, bare_or_quoted, parse_value};
use super::{distribution, effective};

/// What is wrong with one value.
#[derive(Clone, Debug, Default)]
pub struct Flaw {
    /// Comes behind the key: "a time cannot be negative".
    pub what: String,
    /// Beside the marked bytes.
    pub label: String,
    pub help: String,
    /// Bytes of the string's content, where only a part is wrong.
    pub within: Option<Range<usize>>,
}

impl Flaw {
    pub fn new(what: impl Into<String>, label: impl Into<String>) -> Flaw {
        Flaw { what: what.into(), label: label.into(), ..Flaw::default() }
    }

    pub fn help(mut self, help: impl Into<String>) -> Flaw {
        self.help = help.into();
        self
    }

    /// Unless there is help already.
    pub fn or_help(self, help: impl Into<String>) -> Flaw {
        if self.help.is_empty() { self.help(help) } else { self }
    }

    pub fn within(mut self, span: Range<usize>) -> Flaw {
        self.within = Some(span);
        self
    }

    /// The same flaw in a text of which this one's text is a part.
    pub fn shifted(mut self, by: usize) -> Flaw {
        self.within = self.within.map(|span| span.start + by..span.end + by);
        self
    }
}

/// A value that was read, with what its assumption shall say beyond the usual.
pub type Parsed<T> = Result<T, Flaw>;

/// All that reading collects.
pub struct Reader {
    pub files: SourceFiles,
    pub diagnostics: Diagnostics,
    pub assumptions: Vec<Assumption>,
}

/// The closest of the names, if it is close enough to be a slip.
pub fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let lower = wanted.to_lowercase();
    names
        .map(|name| {
            let name_lower = name.to_lowercase();
            let edits = strsim::damerau_levenshtein(&lower, &name_lower);
            let alike =
                edits <= 1 + wanted.chars().count().max(name.chars().count()) / 4 && edits < name.chars().count();
            let contained = lower.len() >= 3
                && name_lower.len() >= 3
                && (name_lower.split('_').any(|part| part == lower)
                    || lower.split(['_', '-']).any(|part| part == name_lower));
            (
                if alike {
                    edits
                } else if contained {
                    90
                } else {
                    100
                },
                name,
            )
        })
        .filter(|(distance, _)| *distance < 100)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

impl Reader {
    pub fn error(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Points at the value of `key`, or at the wrong part of it.
    pub fn flaw(&mut self, key: &str, node: &Node, flaw: Flaw) {
        let place = match &flaw.within {
            Some(within) => self.inside(node, within.clone()),
            None => node.place.clone(),
        };
        self.error(Diagnostic::at(place, format!("{key}: {}", flaw.what)).label(flaw.label).help(flaw.help));
    }

    /// Bytes of the content of a string, where the string stands as it is between its quotes.
    fn inside(&self, node: &Node, within: Range<usize>) -> Place {
        let Value::String(content) = &node.value else {
            return node.place.clone();
        };
        let written = self.files.written(&node.place);
        let offset = match written.find(content.as_str()) {
            Some(offset) if !within.is_empty() && within.end <= content.len() => offset,
            _ => return node.place.clone(),
        };
        let start = node.place.span.start + offset;
        Place { file: node.place.file, span: start + within.start..start + within.end }
    }

    /// Enters a value into the list of assumptions.
    pub fn assume(&mut self, key: String, value: &Value, mark: Mark, source: String) {
        let value = value.to_toml();
        self.assumptions.push(Assumption { key, value, mark, source, anywhere: None, inherited: false });
    }
}

/// A table that is being read.
pub struct Section<'t> {
    table: Option<&'t Table>,
    /// Dotted, as in `--set`.
    pub path: String,
    /// Of its header; where a missing key is reported.
    pub place: Place,
    /// Given by `source = "..."` here or in a table around it.
    source: Option<String>,
    known: Vec<&'static str>,
    taken: Vec<String>,
}

impl<'t> Section<'t> {
    pub fn new(
        reader: &mut Reader,
        path: String,
        place: Place,
        table: Option<&'t Table>,
        inherited: Option<&str>,
    ) -> Section<'t> {
        let mut section =
            Section { table, path, place, source: inherited.map(str::to_string), known: Vec::new(), taken: Vec::new() };
        if let Some(entry) = section.take("source") {
            match &entry.node.value {
                Value::String(text) if !text.trim().is_empty() => section.source = Some(text.clone()),
                other => {
                    let found = other.type_name();
                    let flaw = Flaw::new(format!("expected where the values come from, found {found}"), "not a text")
                        .help("write for example source = \"measured: production, 12 May\"");
                    reader.flaw(&section.key("source"), &entry.node, flaw);
                }
            }
        }
        section
    }

    /// The dotted key of one of its keys.
    pub fn key(&self, key: &str) -> String {
        if self.path.is_empty() { bare_or_quoted(key) } else { format!("{}.{}", self.path, bare_or_quoted(key)) }
    }

    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub fn get(&self, key: &str) -> Option<&'t Entry> {
        self.table.and_then(|table| table.get(key))
    }

    /// Takes a key whose value the caller reads itself.
    pub fn take(&mut self, key: &'static str) -> Option<&'t Entry> {
        self.know(key);
        self.take_named(key)
    }

    fn know(&mut self, key: &'static str) {
        self.known.push(key);
        #[cfg(test)]
        asked_for::note(self.key(key));
    }

    /// Takes a key that the user named (a service, a class).
    pub fn take_named(&mut self, key: &str) -> Option<&'t Entry> {
        let entry = self.get(key)?;
        self.taken.push(key.to_string());
        Some(entry)
    }

    /// Keys of the user's own naming that have not been taken.
    pub fn rest(&self) -> Vec<&'t Entry> {
        let all = self.table.map_or(&[][..], |table| &table.entries);
        all.iter().filter(|entry| !self.taken.contains(&entry.key)).collect()
    }

    fn mark_of(&self, reader: &Reader, place: &Place) -> (Mark, String) {
        match &self.source {
            Some(source) if source.trim_start().to_lowercase().starts_with("measured") => {
                (Mark::Measured, source.clone())
            }
            Some(source) => (Mark::Given, source.clone()),
            None => (Mark::Given, reader.files.locate(place)),
        }
    }

    /// Enters a value as the user gave it. `key` is dotted, and quoted where it must be.
    pub fn assume_given(&self, reader: &mut Reader, key: &str, node: &Node) {
        let whole = if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) };
        self.assume_at(reader, whole, node);
    }

    /// The same for a key that is not inside this table.
    pub fn assume_at(&self, reader: &mut Reader, key: String, node: &Node) {
        let anywhere = effective::anywhere(&reader.files, &key, node);
        let (mark, source) = self.mark_of(reader, &node.place);
        match distribution::fit_error(&node.value) {
            Some(error) => {
                let source = format!("{source}; fitted, within {:.1}% at every percentile", error * 100.0);
                reader.assume(key, &node.value, Mark::Fitted, source);
            }
            None => reader.assume(key, &node.value, mark, source),
        }
        if let Some(assumption) = reader.assumptions.last_mut() {
            assumption.anywhere = anywhere;
            assumption.inherited = reader.files.is_inherited(&node.place);
        }
    }

    /// Enters a default that was worked out from other values.
    pub fn assume_default(&self, reader: &mut Reader, key: &str, value: &Value, source: &str) {
        let whole = if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) };
        reader.assume(whole, value, Mark::Default, source.to_string());
    }

    fn read<T>(
        &self,
        reader: &mut Reader,
        entry: &Entry,
        parse: impl Fn(&SourceFiles, &Node) -> Parsed<T>,
    ) -> Option<T> {
        match parse(&reader.files, &entry.node) {
            Ok(value) => {
                self.assume_given(reader, &entry.key, &entry.node);
                Some(value)
            }
            Err(flaw) => {
                reader.flaw(&self.key(&entry.key), &entry.node, flaw);
                None
            }
        }
    }

    /// A key without a default.
    pub fn optional<T>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        parse: impl Fn(&SourceFiles, &Node) -> Parsed<T>,
    ) -> Option<T> {
        let entry = self.take(key)?;
        self.read(reader, entry, parse)
    }

    /// A key with a default: TOML, and where it comes from.
    pub fn or_default<T>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        parse: impl Fn(&SourceFiles, &Node) -> Parsed<T>,
        default: &str,
        source: &str,
    ) -> T {
        if let Some(entry) = self.take(key) {
            let read = self.read(reader, entry, &parse);
            return read.unwrap_or_else(|| parse_own(&reader.files, &parse, &own(default)));
        }
        let default = own(default);
        let value = parse_own(&reader.files, &parse, &default);
        self.assume_default(reader, key, &default.value, source);
        value
    }

    /// A key that must be there; the example says how it looks, and stands in for it where it is missing.
    pub fn required<T>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        parse: impl Fn(&SourceFiles, &Node) -> Parsed<T>,
        example: &str,
    ) -> T {
        let read = match self.take(key) {
            Some(entry) => self.read(reader, entry, &parse),
            None => {
                self.missing(reader, key, &format!("add for example {key} = {example}"));
                None
            }
        };
        read.unwrap_or_else(|| parse_own(&reader.files, &parse, &own(example)))
    }

    pub fn missing(&self, reader: &mut Reader, key: &str, help: &str) {
        let message = format!("{}: missing", self.key(key));
        reader.error(Diagnostic::at(self.place.clone(), message).label(format!("needs `{key}`")).help(help));
    }

    /// A table inside, read by `body`; absent, it is read as if empty, so that its defaults are known.
    pub fn within<T>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        body: impl FnOnce(&mut Reader, &mut Section<'t>) -> T,
    ) -> T {
        let entry = self.take(key);
        let place = entry.map_or(&self.place, |entry| &entry.key_place).clone();
        let table = entry.and_then(|entry| match &entry.node.value {
            Value::Table(table) => Some(table),
            _ => None,
        });
        let mut section = Section::new(reader, self.key(key), place, table, self.source.as_deref());
        let value = body(reader, &mut section);
        if let (Some(entry), None) = (entry, table) {
            // by now it is known what would stand in it
            let keys = section.known.iter().filter(|key| **key != "source").take(3);
            let keys: Vec<String> = keys.map(|key| format!("{key} = ...")).collect();
            let found = entry.node.value.type_name();
            let flaw = Flaw::new(format!("expected a table, found {found}"), "not a table")
                .help(format!("write {key} = {{ {} }}", keys.join(", ")));
            reader.flaw(&section.path, &entry.node, flaw);
        }
        section.finish(reader);
        value
    }

    /// The same, `None` where the key is absent.
    pub fn within_if<T>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        body: impl FnOnce(&mut Reader, &mut Section<'t>) -> T,
    ) -> Option<T> {
        if self.has(key) {
            Some(self.within(reader, key, body))
        } else {
            self.know(key);
            None
        }
    }

    /// The elements of an array of tables. A string stands for a table with only the key `shorthand`.
    pub fn elements<T>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        example: &str,
        mut body: impl FnMut(&mut Reader, &mut Section<'t>) -> T,
    ) -> Option<Vec<T>> {
        let entry = self.take(key)?;
        let Value::Array(items) = &entry.node.value else {
            let flaw = Flaw::new(format!("expected an array, found {}", entry.node.value.type_name()), "not an array");
            reader.flaw(&self.key(key), &entry.node, flaw.help(format!("write {key} = {example}")));
            return Some(Vec::new());
        };
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path = format!("{}.{index}", self.key(key));
            let Value::Table(table) = &item.value else {
                let flaw = Flaw::new(format!("expected a table, found {}", item.value.type_name()), "not a table");
                reader.flaw(&path, item, flaw.help(format!("write {key} = {example}")));
                continue;
            };
            let mut section = Section::new(reader, path, item.place.clone(), Some(table), self.source.as_deref());
            values.push(body(reader, &mut section));
            section.finish(reader);
        }
        Some(values)
    }

    /// A key of the language whose meaning is not built yet.
    pub fn unsupported(&mut self, reader: &mut Reader, key: &str, help: &str) {
        if let Some(entry) = self.take_named(key) {
            reader.error(
                Diagnostic::at(entry.key_place.clone(), format!("{}: not supported yet", self.key(key)))
                    .label("has no effect in this version")
                    .help(help),
            );
        }
    }

    /// Two keys that exclude each other.
    pub fn conflict(&self, reader: &mut Reader, one: &str, other: &str) {
        if let (Some(first), Some(second)) = (self.get(one), self.get(other)) {
            reader.error(
                Diagnostic::at(second.key_place.clone(), format!("{}: cannot stand beside `{one}`", self.key(other)))
                    .label("says the same in another way")
                    .help(format!("remove `{one}` or `{other}`"))
                    .related(first.key_place.clone(), "the other one"),
            );
        }
    }

    /// Nothing more can be said of this table: its other keys are not judged.
    pub fn give_up(&mut self) {
        let rest: Vec<String> = self.rest().iter().map(|entry| entry.key.clone()).collect();
        self.taken.extend(rest);
    }

    /// Reports what nobody took.
    pub fn finish(self, reader: &mut Reader) {
        for entry in self.rest() {
            let near = nearest(&entry.key, self.known.iter().copied());
            let mut known: Vec<&str> = self.known.clone();
            known.dedup();
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "remove it".to_string(),
                None => format!("remove it, or use one of: {}", known.join(", ")),
            };
            reader.error(
                Diagnostic::at(entry.key_place.clone(), format!("{}: unknown key", self.key(&entry.key)))
                    .label(if self.path.is_empty() {
                        "unknown here".to_string()
                    } else {
                        format!("unknown in `{}`", self.path)
                    })
                    .help(help),
            );
        }
    }
}

/// The node of a default or an example of ours. Its place is in no file; only parsers look at it.
pub fn own(text: &str) -> Node {
    parse_value(text, 0, 0)
}

fn parse_own<T>(files: &SourceFiles, parse: impl Fn(&SourceFiles, &Node) -> Parsed<T>, own: &Node) -> T {
    match parse(files, own) {
        Ok(value) => value,
        Err(flaw) => panic!("our own default {} does not read: {}", own.value.to_toml(), flaw.what),
    }
}

/// Every key that was asked for, whether it was there or not: what the language has.
#[cfg(test)]
pub mod asked_for {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    thread_local!(static KEYS: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) });

    pub fn note(key: String) {
        KEYS.with_borrow_mut(|keys| keys.insert(key));
    }

    /// Since the last time.
    pub fn drain() -> BTreeSet<String> {
        KEYS.take()
    }
}

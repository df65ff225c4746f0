//! A scenario as written: a tree whose every node knows the file and the bytes that it came from.
//! Knows TOML, and nothing of what the keys mean.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostics::{Diagnostic, Diagnostics};
use super::model::WrittenFile;

/// Index into [`SourceFiles`].
pub type FileId = usize;

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: FileId,
    /// Bytes of the file's text.
    pub span: Range<usize>,
}

/// A text that values came from: a file, or the pseudo-file `--set`.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// As shown in messages.
    pub name: String,
    pub text: Arc<str>,
    /// Where its lines end, bytes.
    line_ends: Arc<[usize]>,
    /// SourceFiles named in it are relative to this folder.
    pub folder: PathBuf,
}

/// In the order of reading: the scenario, the command line's overrides, then what it extends.
#[derive(Clone, Debug, Default)]
pub struct SourceFiles(pub Vec<SourceFile>);

impl SourceFiles {
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>, folder: &Path) -> FileId {
        let text: Arc<str> = text.into();
        let line_ends = text.match_indices('\n').map(|(end, _)| end).collect();
        self.0.push(SourceFile { name: name.into(), text, line_ends, folder: folder.to_path_buf() });
        self.0.len() - 1
    }

    /// What was read of a scenario and what the command line changed; not what it names, such as profiles.
    pub fn as_written(&self) -> Vec<WrittenFile> {
        self.0.iter().map(|file| WrittenFile { name: file.name.clone(), text: Arc::clone(&file.text) }).collect()
    }

    /// `peak.toml:12`; the command line's values have no line.
    pub fn locate(&self, place: &Place) -> String {
        let file = &self.0[place.file];
        if file.name.starts_with("--") {
            return file.name.clone();
        }
        format!("{}:{}", file.name, 1 + file.line_ends.partition_point(|&end| end < place.span.start))
    }

    /// Whether it is in a file that the scenario extends, and not in its own or on the command line.
    pub fn is_inherited(&self, place: &Place) -> bool {
        place.file > 0 && !self.0[place.file].name.starts_with("--")
    }

    pub fn written(&self, place: &Place) -> &str {
        self.0[place.file].text.get(place.span.clone()).unwrap_or("")
    }

    /// A file named in a value, relative to the file that names it.
    pub fn resolve(&self, place: &Place, path: &str) -> PathBuf {
        self.0[place.file].folder.join(path)
    }
}

#[derive(Clone, Debug)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub enum Value {
    String(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// No key takes one; kept so that the message can say what it is.
    Datetime(String),
    Array(Vec<Node>),
    Table(Table),
}

impl Value {
    /// With its article, for "expected ..., found ...".
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::String(_) => "a string",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Boolean(_) => "a boolean",
            Value::Datetime(_) => "a date",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// As TOML.
    pub fn to_toml(&self) -> String {
        match self {
            Value::String(text) => quoted(text),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => float(*number),
            Value::Boolean(truth) => truth.to_string(),
            Value::Datetime(text) => text.clone(),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| item.value.to_toml()).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Table(table) if table.entries.is_empty() => "{}".to_string(),
            Value::Table(table) => {
                let entries = table.entries.iter();
                let entries: Vec<String> = entries
                    .map(|entry| format!("{} = {}", bare_or_quoted(&entry.key), entry.node.value.to_toml()))
                    .collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }
}

/// A float that TOML reads back as a float.
pub fn float(number: f64) -> String {
    format!("{number:?}").replace("NaN", "nan")
}

pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            control if control.is_control() => out.push_str(&format!("\\u{:04X}", control as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A key as TOML wants it.
pub fn bare_or_quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { key.to_string() } else { quoted(key) }
}

/// In the order of appearance.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub key_place: Place,
    pub node: Node,
}

impl Table {
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key == key)
    }
}

/// Reads the text of a file that is already in `files`. All syntax errors are reported.
pub fn parse(files: &SourceFiles, file: FileId, diagnostics: &mut Diagnostics) -> Table {
    let text: &str = &files.0[file].text;
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut twice: Option<usize> = None;
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let label = error.message().to_string();
        let place = Place { file, span };
        if label == "duplicate key" {
            let header = header_of(text, place.span.start);
            // below a header that stands twice, its keys do as well
            if twice != Some(header) {
                diagnostics.push(duplicate(text, &place, header));
            }
            if place.span.start < text[header..].find('\n').map_or(text.len(), |end| header + end) {
                twice = Some(header);
            }
            continue;
        }
        // the parser takes a word for a `true` or `false` that is misspelt
        let is_word = label.starts_with("invalid boolean") || label.starts_with("string values must be quoted");
        let (label, help) = match is_word {
            true => (
                "a word without quotes".into(),
                format!("write a number, or {} if it is a text", quoted(word_at(text, place.span.start))),
            ),
            false => (
                label,
                "write `key = value` lines under `[table]` headers; text and quantities stand in \"quotes\"".into(),
            ),
        };
        diagnostics.push(Diagnostic::at(place, "this is not valid TOML").label(label).help(help));
    }
    if errors.is_empty() { convert_table(table.get_ref(), file, diagnostics) } else { Table::default() }
}

/// Up to what ends a value.
fn word_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or("");
    rest[..rest.find([',', '}', ']', '#', '\n']).unwrap_or(rest.len())].trim()
}

/// Where the line of the last `[table]` up to this place begins; 0 above the first.
fn header_of(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let mut line_start = 0;
    let mut header = 0;
    for line in text[..end].split_inclusive('\n') {
        if line.trim_start().starts_with('[') && line.trim_end().ends_with(']') || line.trim_start().starts_with("[[") {
            header = line_start;
        }
        line_start += line.len();
    }
    header
}

fn duplicate(text: &str, place: &Place, header: usize) -> Diagnostic {
    let word = &text[place.span.clone()];
    let line = text[header..].lines().next().unwrap_or_default();
    if line.trim_start().starts_with('[') && place.span.start < header + line.len() {
        let table = line.trim_start().trim_start_matches('[').split(']').next().unwrap_or_default().trim();
        return Diagnostic::at(place.clone(), format!("{table}: this table stands twice"))
            .label("again")
            .help("give one of the two another name, or put their keys under one header");
    }
    Diagnostic::at(place.clone(), format!("{word}: this key stands twice in its table"))
        .label("again")
        .help("remove one of the two")
}

/// A value given on the command line: TOML, or else text.
pub fn parse_value(text: &str, file: FileId, offset: usize) -> Node {
    let trimmed = text.trim();
    let start = offset + (text.len() - text.trim_start().len());
    let place = Place { file, span: start..start + trimmed.len() };
    let Ok(value) = DeValue::parse(trimmed) else {
        return Node { place, value: Value::String(trimmed.to_string()) };
    };
    // Nested values keep the place of the whole: the command line is short.
    let mut none = Diagnostics::default();
    let mut node = convert(&value, file, &mut none);
    if !none.is_empty() {
        return Node { place, value: Value::String(trimmed.to_string()) };
    }
    move_to(&mut node, &place);
    node
}

fn move_to(node: &mut Node, place: &Place) {
    node.place = place.clone();
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(|item| move_to(item, place)),
        Value::Table(table) => {
            for entry in &mut table.entries {
                entry.key_place = place.clone();
                move_to(&mut entry.node, place);
            }
        }
        _ => {}
    }
}

fn convert_table(table: &DeTable<'_>, file: FileId, diagnostics: &mut Diagnostics) -> Table {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let entries = entries.into_iter().map(|(key, value)| {
        let key_place = Place { file, span: key.span() };
        Entry { key: key.get_ref().to_string(), key_place, node: convert(value, file, diagnostics) }
    });
    Table { entries: entries.collect() }
}

fn convert(value: &Spanned<DeValue<'_>>, file: FileId, diagnostics: &mut Diagnostics) -> Node {
    let place = Place { file, span: value.span() };
    let value = match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(date) => Value::Datetime(date.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => {
                diagnostics.push(
                    Diagnostic::at(place.clone(), format!("the number {number} is too large"))
                        .label("beyond 64 bits")
                        .help("write a smaller number"),
                );
                Value::Integer(1)
            }
        },
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| convert(item, file, diagnostics)).collect()),
        DeValue::Table(table) => Value::Table(convert_table(table, file, diagnostics)),
    };
    Node { place, value }
}

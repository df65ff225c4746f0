//! From a file to one tree: `extends` first, then `--set`. Reads files; judges no key but `extends`.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::Overrides;
use super::diagnostics::{Diagnostic, Diagnostics};
use super::tree::{self, Entry, Node, Place, SourceFiles, Table, Value};

/// A scenario of this size is a mistake: a log, or a binary.
const SCENARIO_BYTES_MAX: u64 = 16 << 20;

/// The scenario file with all that it extends, and the overrides on top.
pub fn read(path: &Path, overrides: &Overrides, files: &mut SourceFiles, diagnostics: &mut Diagnostics) -> Table {
    let text = match read_text(path) {
        Ok(text) => text,
        Err((message, help)) => {
            diagnostics.push(Diagnostic::nowhere(message).help(help));
            return Table::default();
        }
    };
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let mut chain = vec![canonical(path)];
    read_merged(&path.display().to_string(), text, &folder, &mut chain, overrides, files, diagnostics)
}

/// The same for a text that is not in a file; files that it names are relative to `folder`.
pub fn read_str(
    name: &str,
    text: &str,
    folder: &Path,
    overrides: &Overrides,
    files: &mut SourceFiles,
    diagnostics: &mut Diagnostics,
) -> Table {
    read_merged(name, text.to_string(), folder, &mut Vec::new(), overrides, files, diagnostics)
}

fn read_merged(
    name: &str,
    text: String,
    folder: &Path,
    chain: &mut Vec<PathBuf>,
    overrides: &Overrides,
    files: &mut SourceFiles,
    diagnostics: &mut Diagnostics,
) -> Table {
    let file = files.add(name, text, folder);
    let mut table = tree::parse(files, file, diagnostics);
    let from = files.0.len();
    let options = overrides_as_files(overrides, files, folder);
    table = extend(table, chain, files, diagnostics);
    if diagnostics.is_empty() {
        for option in from..from + options {
            set(&mut table, option, files, diagnostics);
        }
    }
    table
}

/// Reads what `extends` names, and lays the table over it.
fn extend(mut table: Table, chain: &mut Vec<PathBuf>, files: &mut SourceFiles, diagnostics: &mut Diagnostics) -> Table {
    let Some(position) = table.position("extends") else {
        return table;
    };
    let entry = table.entries.remove(position);
    let place = entry.node.place.clone();
    let Value::String(base) = entry.node.value else {
        diagnostics.push(
            Diagnostic::at(place, format!("extends: expected a file name, found {}", entry.node.value.type_name()))
                .label("not a string")
                .help("name one scenario file: extends = \"base.toml\""),
        );
        return table;
    };
    let path = files.resolve(&place, &base);
    let canonical_path = canonical(&path);
    if chain.contains(&canonical_path) {
        diagnostics.push(
            Diagnostic::at(place, format!("extends: {} extends itself", path.display()))
                .label("this closes a circle")
                .help("a scenario can only extend one that does not lead back to it; remove this line, or move what both need to a third file"),
        );
        return table;
    }
    let text = match read_text(&path) {
        Ok(text) => text,
        Err((message, help)) => {
            diagnostics.push(
                Diagnostic::at(place, format!("extends: {message}"))
                    .label("looked for relative to the file that says so")
                    .help(help),
            );
            return table;
        }
    };
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let file = files.add(path.display().to_string(), text, &folder);
    chain.push(canonical_path);
    let base = tree::parse(files, file, diagnostics);
    let mut merged = extend(base, chain, files, diagnostics);
    lay_over(&mut merged, table);
    merged
}

/// Tables are merged; anything else is replaced.
fn lay_over(below: &mut Table, above: Table) {
    for entry in above.entries {
        let Some(position) = below.position(&entry.key) else {
            below.entries.push(entry);
            continue;
        };
        match (&mut below.entries[position], entry) {
            (
                Entry { node: Node { value: Value::Table(below), place }, key_place, .. },
                Entry {
                    node: Node { value: Value::Table(above), place: place_above }, key_place: key_place_above, ..
                },
            ) => {
                *place = place_above;
                *key_place = key_place_above;
                lay_over(below, above);
            }
            (below, above) => *below = above,
        }
    }
}

/// The options become texts that messages can point into. Returns how many there are.
fn overrides_as_files(overrides: &Overrides, files: &mut SourceFiles, folder: &Path) -> usize {
    let before = files.0.len();
    for text in &overrides.set {
        files.add("--set", text.clone(), folder);
    }
    if let Some(runs) = overrides.runs {
        files.add("--runs", format!("simulation.runs={runs}"), folder);
    }
    if let Some(seed) = overrides.seed {
        files.add("--seed", format!("simulation.seed={seed}"), folder);
    }
    files.0.len() - before
}

/// Applies one `a.b.c=value`, the text of a pseudo-file named like its option.
pub fn set(table: &mut Table, file: usize, files: &SourceFiles, diagnostics: &mut Diagnostics) {
    let (option, text): (&str, &str) = (&files.0[file].name, &files.0[file].text);
    let whole = Place { file, span: 0..text.len() };
    let Some(equals) = text.find('=') else {
        diagnostics.push(
            Diagnostic::at(whole, format!("{option} {text}: there is no `=`"))
                .label("expected key=value")
                .help(format!("write for example {option} service.app.workers=128")),
        );
        return;
    };
    let key_place = Place { file, span: 0..text[..equals].trim_end().len() };
    let Some(keys) = split_key(text[..equals].trim()) else {
        diagnostics.push(
            Diagnostic::at(key_place, format!("{option} {text}: `{}` is not a dotted key", &text[..equals]))
                .label("empty or unfinished")
                .help(format!("write the tables and the key with dots: {option} service.app.workers=128")),
        );
        return;
    };
    let node = tree::parse_value(&text[equals + 1..], file, equals + 1);
    if keys == ["extends"] {
        diagnostics.push(
            Diagnostic::at(key_place, "extends: cannot be set on the command line")
                .label("only in a file")
                .help("write a scenario file that extends the other one"),
        );
        return;
    }
    if let Some(diagnostic) = names_nothing(table, &keys, &key_place, option) {
        diagnostics.push(diagnostic);
        return;
    }
    if let Err(problem) = set_in_table(table, &keys, node, &key_place) {
        diagnostics.push(
            Diagnostic::at(key_place, format!("{option} {}: {problem}", keys.join(".")))
                .label("cannot be reached")
                .help("set the whole value instead, in TOML: --set 'key={ a = 1 }'"),
        );
    }
}

/// Sections whose tables have names of the user's.
const NAMED: [(&str, &str); 4] =
    [("server", "server"), ("service", "service"), ("request", "request class"), ("traffic", "traffic")];

/// A value of a server, service, class or traffic that is not there, while one is called nearly the same: a slip.
fn names_nothing(table: &Table, keys: &[String], place: &Place, option: &str) -> Option<Diagnostic> {
    let [section, name, _, ..] = keys else { return None };
    let (_, what) = NAMED.iter().find(|(known, _)| known == section)?;
    let Some(Value::Table(tables)) = table.get(section).map(|entry| &entry.node.value) else { return None };
    if tables.get(name).is_some() {
        return None;
    }
    let near = super::reader::nearest(name, tables.entries.iter().map(|entry| entry.key.as_str()))?;
    let help = format!("did you mean {section}.{near}? A new one is given whole: --set '{section}.{name}={{ ... }}'");
    let message = format!("{option} {}: there is no {what} `{name}`", keys.join("."));
    Some(Diagnostic::at(place.clone(), message).label("not in the scenario").help(help))
}

/// `a."b.c".d` to its parts; `None` where a part is empty or a quote is not closed.
pub fn split_key(text: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for letter in text.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '.') => parts.push(String::new()),
            (None, letter) if letter.is_whitespace() => {}
            (_, letter) => parts.last_mut().expect("never empty").push(letter),
        }
    }
    (quote.is_none() && parts.iter().all(|part| !part.is_empty())).then_some(parts)
}

pub fn set_in_table(table: &mut Table, keys: &[String], node: Node, place: &Place) -> Result<(), String> {
    let (key, rest) = keys.split_first().expect("a key has at least one part");
    let position = table.position(key).unwrap_or_else(|| {
        let empty = Node { place: place.clone(), value: Value::Table(Table::default()) };
        table.entries.push(Entry { key: key.clone(), key_place: place.clone(), node: empty });
        table.entries.len() - 1
    });
    set_in_node(&mut table.entries[position].node, key, rest, node, place)
}

fn set_in_node(target: &mut Node, name: &str, keys: &[String], node: Node, place: &Place) -> Result<(), String> {
    if keys.is_empty() {
        *target = node;
        return Ok(());
    }
    match &mut target.value {
        Value::Table(table) => set_in_table(table, keys, node, place),
        Value::Array(items) => {
            let (count, index) = (items.len(), &keys[0]);
            let Ok(position) = index.parse::<usize>() else {
                return Err(format!("`{name}` is an array; `{index}` is not a position in it (0 is the first)"));
            };
            match items.get_mut(position) {
                Some(item) => set_in_node(item, index, &keys[1..], node, place),
                None => Err(format!("`{name}` has {count} elements, counted from 0; there is no {position}")),
            }
        }
        other => Err(format!("`{name}` is {}, with nothing inside it", other.type_name())),
    }
}

/// The text of a file, or what is wrong with it and what to do.
pub fn read_text(path: &Path) -> Result<String, (String, String)> {
    let shown = path.display();
    let data = match std::fs::metadata(path) {
        Ok(data) => data,
        Err(error) => return Err(explain(path, &error)),
    };
    if data.is_dir() {
        return Err((format!("{shown} is a directory, not a scenario"), "name the .toml file in it".into()));
    }
    if data.len() > SCENARIO_BYTES_MAX {
        return Err(too_large(path, &format!("{} bytes", data.len())));
    }
    // a pipe or a device says nothing of its length, and may have no end
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(SCENARIO_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| explain(path, &error))?;
    if bytes.len() as u64 > SCENARIO_BYTES_MAX {
        return Err(too_large(path, "more than 16 MiB"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes).to_vec();
    let text = String::from_utf8(bytes).map_err(|error| {
        (
            format!("{shown} is not UTF-8 (byte {} is not text)", error.utf8_error().valid_up_to()),
            "save the file as UTF-8, or check that it is a scenario and not a binary".to_string(),
        )
    })?;
    if text.trim().is_empty() {
        return Err((
            format!("{shown} is empty"),
            "begin with the tables [service.x], [request.x] and [traffic.x]".into(),
        ));
    }
    Ok(text)
}

fn too_large(path: &Path, size: &str) -> (String, String) {
    (
        format!("{} has {size}: too large for a scenario", path.display()),
        "name a scenario (TOML); recorded traffic belongs into a traffic table with process = \"trace\"".into(),
    )
}

/// An I/O error in words that say what to do.
pub fn explain(path: &Path, error: &std::io::Error) -> (String, String) {
    let shown = path.display();
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            let help = match nearest_file(path) {
                Some(near) => format!("did you mean {near}?"),
                None => {
                    "check the path; it is relative to the file that names it, or else to the working directory".into()
                }
            };
            (format!("there is no file {shown}"), help)
        }
        std::io::ErrorKind::PermissionDenied => {
            (format!("{shown} may not be read"), "check the permissions of the file and its folder".into())
        }
        _ => (format!("{shown} cannot be read: {error}"), "check the path".into()),
    }
}

fn nearest_file(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wanted = path.file_name()?.to_string_lossy().into_owned();
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    super::reader::nearest(&wanted, names.iter().map(String::as_str))
        .map(|name| path.with_file_name(name).display().to_string())
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

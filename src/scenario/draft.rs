//! A scenario read once and completed again and again, each time with other values: the points of a sweep.
//! Reads no file after the first time but those that values name (profiles, `empirical`).

use std::path::{Path, PathBuf};

use super::diagnostics::Diagnostics;
use super::tree::{Entry, Node, SourceFiles, Table, Value, bare_or_quoted, quoted};
use super::{Overrides, Scenario, effective, merge, safe_name, validate};

/// The tree of a scenario: files merged, overrides applied, nothing judged yet.
#[derive(Clone, Debug)]
pub struct Draft {
    root: Table,
    files: SourceFiles,
    /// Names a scenario that does not name itself.
    stem: String,
}

impl Draft {
    /// A scenario file and all that it extends.
    ///
    /// # Errors
    /// What keeps it from being read as TOML.
    pub fn read(path: &Path, overrides: &Overrides) -> Result<Draft, Diagnostics> {
        let (mut files, mut diagnostics) = (SourceFiles::default(), Diagnostics::default());
        let root = merge::read(path, overrides, &mut files, &mut diagnostics);
        Draft::sound(root, &super::stem(path), files, diagnostics)
    }

    /// The same for a text; files that it names are relative to `folder`.
    ///
    /// # Errors
    /// As [`Draft::read`].
    pub fn parse(name: &str, text: &str, folder: &Path) -> Result<Draft, Diagnostics> {
        let (mut files, mut diagnostics) = (SourceFiles::default(), Diagnostics::default());
        let root = merge::read_str(name, text, folder, &Overrides::default(), &mut files, &mut diagnostics);
        Draft::sound(root, name.trim_end_matches(".toml"), files, diagnostics)
    }

    fn sound(root: Table, stem: &str, files: SourceFiles, diagnostics: Diagnostics) -> Result<Draft, Diagnostics> {
        match diagnostics.is_empty() {
            true => Ok(Draft { root, files, stem: stem.to_owned() }),
            false => Err(diagnostics.in_file_order(files)),
        }
    }

    /// The valid scenario with these values, each as it would be given with `--set`.
    ///
    /// # Errors
    /// Everything that is wrong; messages about the values point at `--vary`.
    pub fn with<'v>(&self, values: impl IntoIterator<Item = (&'v str, &'v str)>) -> Result<Scenario, Diagnostics> {
        let (mut root, mut files, mut diagnostics) = (self.root.clone(), self.files.clone(), Diagnostics::default());
        for (key, value) in values {
            let file = files.add("--vary", format!("{key}={value}"), &self.folder());
            merge::set(&mut root, file, &files, &mut diagnostics);
        }
        validate(root, &self.stem, files, diagnostics)
    }

    /// Files named in the values of points are relative to it.
    pub fn folder(&self) -> PathBuf {
        self.files.0.first().map_or(PathBuf::new(), |file| file.folder.clone())
    }

    /// As one TOML file that means the same in any folder of this machine: what was extended and overridden is
    /// in it, and files are named in full.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        if self.root.get("name").is_none() {
            out.push_str(&format!("name = {}\n", quoted(&safe_name(&self.stem))));
        }
        // before the first header, which would take them in
        for Entry { key, node, .. } in self.root.entries.iter().filter(|entry| !is_table(&entry.node)) {
            out.push_str(&format!("{} = {}\n", bare_or_quoted(key), self.written(key, node)));
        }
        for Entry { key, node, .. } in &self.root.entries {
            let Value::Table(table) = &node.value else { continue };
            let named = !table.entries.is_empty() && table.entries.iter().all(|entry| is_table(&entry.node));
            let tables: Vec<(String, &Table)> = match named {
                false => vec![(bare_or_quoted(key), table)],
                true => table.entries.iter().filter_map(|entry| named_table(key, entry)).collect(),
            };
            for (path, table) in tables {
                out.push_str(&format!("\n[{path}]\n"));
                for Entry { key, node, .. } in &table.entries {
                    let whole = format!("{path}.{}", bare_or_quoted(key));
                    out.push_str(&format!("{} = {}\n", bare_or_quoted(key), self.written(&whole, node)));
                }
            }
        }
        out
    }

    /// A value in one line. `key` is dotted, since it says which texts are names of files.
    fn written(&self, key: &str, node: &Node) -> String {
        match &node.value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let items: Vec<String> = items.map(|(i, item)| self.written(&format!("{key}.{i}"), item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Table(table) if !table.entries.is_empty() => {
                let entry = |Entry { key: name, node, .. }: &Entry| {
                    let name = bare_or_quoted(name);
                    format!("{name} = {}", self.written(&format!("{key}.{name}"), node))
                };
                format!("{{ {} }}", table.entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
            leaf => effective::anywhere(&self.files, key, node).unwrap_or_else(|| leaf.to_toml()),
        }
    }
}

fn is_table(node: &Node) -> bool {
    matches!(node.value, Value::Table(_))
}

fn named_table<'t>(section: &str, entry: &'t Entry) -> Option<(String, &'t Table)> {
    match &entry.node.value {
        Value::Table(table) => Some((format!("{}.{}", bare_or_quoted(section), bare_or_quoted(&entry.key)), table)),
        _ => None,
    }
}

/// Whether a text is a key with dots, as `--set` takes it.
pub fn is_key(text: &str) -> bool {
    merge::split_key(text).is_some_and(|parts| parts != ["extends"])
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESK: &str = r#"
[simulation]
duration = "20 s"
warmup = "1 s"

[service.desk]
kind = "station"
workers = 2
service = "exponential(10 ms)"

[request.question]
path = ["desk"]

[traffic.callers]
process = "poisson"
rate = "120/s"
mix = { question = 1 }
"#;

    #[test]
    fn a_draft_is_completed_with_each_point_s_values() {
        let draft = Draft::parse("desk.toml", DESK, Path::new("")).unwrap();
        let scenario = draft.with([("service.desk.workers", "5"), ("traffic.callers.rate", "90/s")]).unwrap();
        let crate::scenario::ServiceKind::Station(station) = &scenario.services[0].kind else { panic!("a station") };
        assert_eq!(station.workers, Some(5));
        let overrides = Overrides {
            set: vec!["service.desk.workers=5".into(), "traffic.callers.rate=90/s".into()],
            ..Overrides::default()
        };
        let set = super::super::load_str("desk.toml", DESK, &overrides).unwrap();
        assert_eq!(scenario.sha256, set.sha256);
    }

    #[test]
    fn messages_point_at_vary() {
        let draft = Draft::parse("desk.toml", DESK, Path::new("")).unwrap();
        let wrong = draft.with([("service.desk.wrokers", "5")]).unwrap_err().to_string();
        assert!(wrong.contains("service.desk.wrokers: unknown key"), "{wrong}");
        assert!(wrong.contains("--vary") && wrong.contains("did you mean `workers`?"), "{wrong}");
        let wrong = draft.with([("service.dsk.workers", "5")]).unwrap_err().to_string();
        assert!(wrong.contains("--vary service.dsk.workers: there is no service `dsk`"), "{wrong}");
    }

    #[test]
    fn every_scenario_here_means_the_same_in_one_file() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut seen = 0;
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for path in files.filter(|path| path.extension().is_some_and(|ending| ending == "toml")) {
            let draft = Draft::read(&path, &Overrides::default()).unwrap();
            let text = draft.to_toml();
            let again = Draft::parse("again.toml", &text, Path::new("/nowhere"))
                .unwrap_or_else(|errors| panic!("{errors}\n{text}"));
            assert_eq!(again.to_toml(), text, "{}", path.display());
            let (one, other) = (draft.with([]).unwrap(), again.with([]).unwrap_or_else(|e| panic!("{e}\n{text}")));
            assert_eq!(one.name, other.name);
            let values = |scenario: &Scenario| -> Vec<(String, String)> {
                let of = |a: &crate::scenario::Assumption| {
                    (a.key.clone(), a.anywhere.clone().unwrap_or_else(|| a.value.clone()))
                };
                scenario.assumptions.iter().map(of).collect()
            };
            let (mut one, mut other) = (values(&one), values(&other));
            one.sort();
            other.sort();
            assert_eq!(one, other, "{}", path.display());
            seen += 1;
        }
        assert!(seen > 15);
    }
}

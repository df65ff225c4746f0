//! The arrows between modules: src/README.md says who may use whom, and the sources are held to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The modules of the library, as src/lib.rs lists them.
fn modules() -> BTreeSet<String> {
    let text = read(&root().join("src/lib.rs"));
    text.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_string).collect()
}

/// The table of src/README.md: for each module, those that it may use.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let modules = modules();
    let readme = read(&root().join("src/README.md"));
    let rows: Vec<(String, String)> = readme
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, name, _, uses, _] = cells[..] else { return None };
            let name = name.trim_matches('`').trim_end_matches('/');
            modules.contains(name).then(|| (name.to_string(), uses.to_string()))
        })
        .collect();
    let below = |at: usize| rows[at + 1..].iter().map(|(name, _)| name.clone()).collect();
    let words = |uses: &str| -> BTreeSet<String> {
        uses.split(|c: char| !c.is_alphanumeric()).filter(|w| modules.contains(*w)).map(str::to_string).collect()
    };
    let uses = |(at, (name, uses)): (usize, &(String, String))| {
        let all = uses.contains("everything below");
        (name.clone(), if all { below(at) } else { words(uses) })
    };
    rows.iter().enumerate().map(uses).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder's entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What a file uses of the crate, outside comments: (line number, module).
fn arrows(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        for rest in code.split("crate::").skip(1) {
            // `use crate::{a::b, c}` does not occur: rustfmt keeps one line for each module
            let module: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push((number + 1, module));
        }
    }
    found
}

#[test]
fn every_module_has_its_row_in_the_map() {
    let (modules, allowed) = (modules(), allowed());
    assert!(!modules.is_empty());
    assert_eq!(modules, allowed.keys().cloned().collect(), "src/lib.rs and the table of src/README.md differ");
}

#[test]
fn modules_use_only_what_the_map_allows() {
    let (modules, allowed) = (modules(), allowed());
    let mut wrong = Vec::new();
    let mut seen = 0;
    for module in &modules {
        for file in sources(&root().join("src").join(module)) {
            for (line, used) in arrows(&read(&file)) {
                seen += 1;
                assert!(modules.contains(&used), "{}:{line}: crate::{used} is no module", file.display());
                if used != *module && !allowed[module].contains(&used) {
                    let file = file.strip_prefix(root()).expect("a file of the package").display();
                    wrong.push(format!("{file}:{line}: {module} may not use {used}"));
                }
            }
        }
    }
    assert!(seen > 100, "the sources were not read");
    assert!(wrong.is_empty(), "arrows that src/README.md does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn nothing_below_an_experiment_knows_of_files_threads_or_clocks() {
    const ABSENT: &[&str] = &[
        "std::fs",
        "std::thread",
        "std::time",
        "std::io",
        "std::net",
        "std::process",
        "rayon",
        "println!",
        "HashMap",
        "HashSet",
    ];
    for module in ["engine", "model", "balance", "simulation"] {
        for file in sources(&root().join("src").join(module)) {
            for (number, line) in read(&file).lines().enumerate() {
                let code = line.split("//").next().unwrap_or("");
                for absent in ABSENT {
                    assert!(!code.contains(absent), "{}:{}: {absent} under {module}/", file.display(), number + 1);
                }
            }
        }
    }
}

#[test]
fn the_binary_uses_the_command_line_alone() {
    let text = read(&root().join("src/main.rs"));
    for rest in text.split("foobar_sim::").skip(1) {
        assert!(rest.starts_with("cli"), "src/main.rs uses foobar_sim::{}", rest.lines().next().unwrap_or(""));
    }
}

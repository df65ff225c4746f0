//! The whole scenario as it takes effect: every value with its mark and source, and its hash.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::distribution;
use super::model::{Amount, Assumption, Mark, Scenario};
use super::tree::{Node, SourceFiles, Table, Value, parse_value, quoted};
use super::without_effect::idle_defaults;
use crate::engine::Distribution;

/// The order of sections, which is that of the language's description.
const SECTIONS: &[&str] =
    &["name", "simulation", "network", "server", "service", "request", "traffic", "fault", "slo", "plan"];

/// A value with the files that it names (of a trace, a profile, `empirical`) in full.
pub fn anywhere(files: &SourceFiles, key: &str, node: &Node) -> Option<String> {
    let Value::String(text) = &node.value else { return None };
    let full = |file: &str| std::path::absolute(files.resolve(&node.place, file)).ok()?.to_str().map(str::to_string);
    if is_file(key) {
        return Some(quoted(&full(text)?));
    }
    let (file, others) = distribution::empirical_file(text)?;
    let full = full(file)?;
    // what would end the name inside of the call has to stay as it is written
    (!full.contains([',', '"', '\''])).then(|| quoted(&format!("empirical({full},{others}")))
}

/// The files that a scenario names, in full, each once: traces, profiles, measured distributions. A file of a distribution
/// whose name has a comma or a quote is not among them.
pub fn files(scenario: &Scenario) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for Assumption { key, anywhere, .. } in &scenario.assumptions {
        let Some(Value::String(text)) = anywhere.as_ref().map(|text| parse_value(text, 0, 0).value) else { continue };
        let file = match is_file(key) {
            true => Some(text.as_str()),
            false => distribution::empirical_file(&text).map(|(file, _)| file),
        };
        files.extend(file.map(PathBuf::from).filter(|file| !files.contains(file)));
    }
    files
}

fn is_file(key: &str) -> bool {
    key.starts_with("traffic.") && (key.ends_with(".file") || key.ends_with(".profile"))
}

/// Sections in their order, tables in order of appearance, keys as read.
pub fn in_order(assumptions: Vec<Assumption>) -> Vec<Assumption> {
    let mut tables: BTreeMap<&str, usize> = BTreeMap::new();
    let places: Vec<(Option<usize>, usize)> = assumptions
        .iter()
        .enumerate()
        .map(|(index, Assumption { key, .. })| {
            let first = *tables.entry(leading(key, 2)).or_insert(index);
            (SECTIONS.iter().position(|section| *section == leading(key, 1)), first)
        })
        .collect();
    let mut placed: Vec<_> = places.into_iter().zip(assumptions).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, assumption)| assumption).collect()
}

/// The first parts of a dotted key.
fn leading(key: &str, parts: usize) -> &str {
    let mut in_quotes = false;
    let mut dots = key.bytes().enumerate().filter(|&(_, letter)| {
        in_quotes ^= letter == b'"';
        letter == b'.' && !in_quotes
    });
    dots.nth(parts - 1).map_or(key, |(end, _)| &key[..end])
}

/// The scenario as TOML that can be read again, from any folder; behind each value where it comes from.
/// Defaults that nothing asks for stand there as comments.
pub fn print_effective(scenario: &Scenario) -> String {
    let mut out = format!("# {}: every value that takes effect, and where it comes from\n", scenario.name);
    if scenario.assumptions.iter().any(|assumption| assumption.anywhere.is_some()) {
        out.push_str("# files are named in full, so that this can be kept in any folder of this machine\n");
    }
    let idle = idle_defaults(scenario);
    if scenario.assumptions.iter().any(&idle) {
        out.push_str("# what is commented out is a default that nothing here asks for\n");
    }
    let mut open = Vec::new();
    let mut at = 0;
    while at < scenario.assumptions.len() {
        let parts = split(&scenario.assumptions[at].key);
        let depth = if parts.len() <= 2 {
            parts.len() - 1
        } else if matches!(parts[0].as_str(), "simulation" | "network" | "plan") {
            1
        } else {
            2
        };
        let header = parts[..depth].to_vec();
        if header != open {
            // faults and objectives have numbers instead of names
            let bracketed = match header[0].as_str() {
                list @ ("fault" | "slo") => format!("[[{list}]]"),
                _ => format!("[{}]", header.join(".")),
            };
            out.push_str(&format!("\n{bracketed}\n"));
            open = header;
        }
        let belongs = |other: &&Assumption| {
            let parts = split(&other.key);
            parts.starts_with(&open) && (!open.is_empty() || parts.len() == 1)
        };
        let same = scenario.assumptions[at..].iter().take_while(belongs).count();
        let mut tree = Tree::default();
        for assumption in &scenario.assumptions[at..at + same] {
            tree.insert(&split(&assumption.key)[open.len()..], assumption, idle(assumption));
        }
        tree.print_keys("", &mut out);
        at += same;
    }
    out
}

/// A dotted key to its parts, each as it is written (quotes kept).
pub fn split(key: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut in_quotes = false;
    for letter in key.chars() {
        match letter {
            '"' => in_quotes = !in_quotes,
            '.' if !in_quotes => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("never empty").push(letter);
    }
    parts
}

/// Assumptions put back in the shape of the file.
#[derive(Default)]
struct Tree<'a> {
    leaf: Option<&'a Assumption>,
    /// The leaf is a default that nothing asks for: shown, but not as something that takes effect.
    idle: bool,
    children: Vec<(String, Tree<'a>)>,
}

impl<'a> Tree<'a> {
    fn insert(&mut self, parts: &[String], assumption: &'a Assumption, idle: bool) {
        let Some((part, rest)) = parts.split_first() else {
            self.leaf = Some(assumption);
            self.idle = idle;
            return;
        };
        let position = self.children.iter().position(|(name, _)| name == part).unwrap_or_else(|| {
            self.children.push((part.clone(), Tree::default()));
            self.children.len() - 1
        });
        self.children[position].1.insert(rest, assumption, idle);
    }

    fn hash(&self) -> &'static str {
        if self.idle { "# " } else { "" }
    }

    fn is_array(&self) -> bool {
        !self.children.is_empty()
            && self.children.iter().all(|(name, _)| name.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// `a.b = 1` lines.
    fn print_keys(&self, prefix: &str, out: &mut String) {
        for (name, child) in &self.children {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            if let Some(leaf) = child.leaf {
                out.push_str(&format!(
                    "{}{}\n",
                    pad(&format!("{}{key} = {}", child.hash(), written(leaf))),
                    origin(leaf)
                ));
            } else if child.is_array() {
                out.push_str(&format!("{key} = [\n"));
                child.print_elements(1, out);
                out.push_str("]\n");
            } else {
                child.print_keys(&key, out);
            }
        }
    }

    /// The elements of an array, one line or block each.
    fn print_elements(&self, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        for (_, child) in &self.children {
            if let Some(leaf) = child.leaf {
                out.push_str(&format!(
                    "{}{}\n",
                    pad(&format!("{indent}{}{},", child.hash(), written(leaf))),
                    origin(leaf)
                ));
                continue;
            }
            let (open, close) = if child.is_array() { ('[', ']') } else { ('{', '}') };
            out.push_str(&format!("{indent}{open}\n"));
            if child.is_array() {
                child.print_elements(depth + 1, out)
            } else {
                child.print_fields(depth + 1, out)
            }
            out.push_str(&format!("{indent}{close},\n"));
        }
    }

    /// The keys of an inline table over several lines (TOML 1.1).
    fn print_fields(&self, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        for (name, child) in &self.children {
            if let Some(leaf) = child.leaf {
                out.push_str(&format!(
                    "{}{}\n",
                    pad(&format!("{indent}{}{name} = {},", child.hash(), written(leaf))),
                    origin(leaf)
                ));
                continue;
            }
            let (open, close) = if child.is_array() { ('[', ']') } else { ('{', '}') };
            out.push_str(&format!("{indent}{name} = {open}\n"));
            if child.is_array() {
                child.print_elements(depth + 1, out)
            } else {
                child.print_fields(depth + 1, out)
            }
            out.push_str(&format!("{indent}{close},\n"));
        }
    }
}

fn written(leaf: &Assumption) -> &str {
    leaf.anywhere.as_deref().unwrap_or(&leaf.value)
}

fn pad(text: &str) -> String {
    format!("{text:<48}")
}

fn origin(assumption: &Assumption) -> String {
    let word = match assumption.mark {
        Mark::Given => "given",
        Mark::Measured => "measured",
        Mark::Fitted => "fitted",
        Mark::Default => "default",
    };
    let source = assumption.source.replace(['\n', '\r'], " ");
    match source.strip_prefix(word).map(|rest| rest.trim_start_matches([':', ' '])) {
        Some(rest) => format!("  # {word}: {rest}"),
        None => format!("  # {word}: {source}"),
    }
}

/// Of the merged tree, so that neither comments nor the order of keys nor `extends` change it.
pub fn sha256(root: &Table) -> String {
    let mut text = String::new();
    canonical_table(root, &mut text);
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn canonical_table(table: &Table, out: &mut String) {
    let mut entries: Vec<_> = table.entries.iter().collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    out.push('{');
    for entry in entries {
        out.push_str(&quoted(&entry.key));
        out.push('=');
        canonical(&entry.node.value, out);
        out.push(',');
    }
    out.push('}');
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Table(table) => canonical_table(table, out),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(&item.value, out);
                out.push(',');
            }
            out.push(']');
        }
        leaf => out.push_str(&leaf.to_toml()),
    }
}

/// A time as it would be written, to six digits.
pub fn time_text(seconds: f64) -> String {
    let milliseconds: f64 = format!("{:.5e}", seconds * 1e3).parse().expect("a float that was printed");
    format!("{milliseconds} ms")
}

/// An amount as it would be written. What cannot be written with a scale (a column of a file) becomes its mean.
pub fn amount_text(amount: &Amount, columns: &[String]) -> String {
    let distribution = match amount {
        Amount::Recorded { index, factor } => return format!("trace({}) * {}", columns[*index], float_text(*factor)),
        Amount::Drawn(distribution) => distribution,
    };
    match distribution {
        Distribution::Constant(value) => time_text(*value),
        Distribution::Exponential { mean } => format!("exponential({})", time_text(*mean)),
        Distribution::Lognormal { mean, cv } => format!("lognormal({}, cv {cv})", time_text(*mean)),
        Distribution::Gamma { mean, cv } => format!("gamma({}, cv {cv})", time_text(*mean)),
        Distribution::Erlang { mean, k } => format!("erlang({}, k {k})", time_text(*mean)),
        Distribution::Hyperexponential { mean, cv } => format!("hyperexponential({}, cv {cv})", time_text(*mean)),
        Distribution::Weibull { mean, shape } => format!("weibull({}, shape {shape})", time_text(*mean)),
        Distribution::Pareto { mean, shape } => format!("pareto({}, shape {shape})", time_text(*mean)),
        Distribution::Uniform { low, high } => format!("uniform({}, {})", time_text(*low), time_text(*high)),
        Distribution::Percentiles { knots, .. } => {
            let knots: Vec<String> =
                knots.iter().map(|(p, value)| format!("p{} {}", float_text(p * 100.0), time_text(*value))).collect();
            format!("percentiles({})", knots.join(", "))
        }
        Distribution::Empirical { .. } | Distribution::Geometric { .. } => time_text(distribution.mean()),
    }
}

fn float_text(number: f64) -> f64 {
    format!("{number:.6e}").parse().expect("a float that was printed")
}

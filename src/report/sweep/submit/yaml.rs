//! As much of YAML as job descriptions need: maps in their order, lists, texts, numbers.

pub enum Yaml {
    Text(String),
    Number(u64),
    Flag(bool),
    List(Vec<Yaml>),
    Map(Vec<(&'static str, Yaml)>),
    /// Lines of a script.
    Script(String),
}

pub fn text(text: impl Into<String>) -> Yaml {
    Yaml::Text(text.into())
}

pub fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Yaml {
    Yaml::List(texts.into_iter().map(text).collect())
}

/// A document with the lines of a comment before it.
pub fn document(comment: &str, root: &Yaml) -> String {
    let mut out: String = comment.lines().map(|line| format!("# {line}\n").replace("# \n", "#\n")).collect();
    render(root, 0, &mut out);
    out
}

fn render(yaml: &Yaml, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match yaml {
        Yaml::Map(entries) => {
            for (key, value) in entries {
                out.push_str(&format!("{indent}{key}:"));
                below(value, depth, out);
            }
        }
        Yaml::List(items) => {
            for item in items {
                let mut body = String::new();
                match item {
                    Yaml::Map(_) | Yaml::List(_) => render(item, depth + 1, &mut body),
                    leaf => body = format!("{indent}  {}\n", scalar(leaf)),
                }
                // the dash takes the place of the first two spaces of what it begins
                out.push_str(&format!("{indent}- {}", &body[indent.len() + 2..]));
            }
        }
        leaf => out.push_str(&format!("{indent}{}\n", scalar(leaf))),
    }
}

fn below(value: &Yaml, depth: usize, out: &mut String) {
    match value {
        Yaml::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
        Yaml::List(items) if items.iter().all(|item| matches!(item, Yaml::Text(_) | Yaml::Number(_))) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            out.push_str(&format!(" [{}]\n", items.join(", ")));
        }
        Yaml::Map(_) | Yaml::List(_) => {
            out.push('\n');
            render(value, depth + 1, out);
        }
        Yaml::Script(script) => {
            out.push_str(" |\n");
            let indent = "  ".repeat(depth + 1);
            for line in script.lines() {
                out.push_str(format!("{indent}{line}").trim_end());
                out.push('\n');
            }
        }
        leaf => out.push_str(&format!(" {}\n", scalar(leaf))),
    }
}

fn scalar(yaml: &Yaml) -> String {
    match yaml {
        Yaml::Text(text) if is_plain(text) => text.clone(),
        // a string of JSON is one of YAML
        Yaml::Text(text) | Yaml::Script(text) => serde_json::to_string(text).expect("a text is JSON"),
        Yaml::Number(number) => number.to_string(),
        Yaml::Flag(flag) => flag.to_string(),
        Yaml::List(_) | Yaml::Map(_) => unreachable!("only leaves are scalars"),
    }
}

/// Whether a text stands for itself without quotes, and for nothing else (`no`, `1e3`, `a: b`).
fn is_plain(text: &str) -> bool {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ' '))
        && !text.ends_with(' ')
        && !words.contains(&text.to_lowercase().as_str())
}

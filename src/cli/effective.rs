//! `--print-effective`: the whole scenario, each value with its mark and source; dotted keys, valid TOML.

use crate::scenario::{Mark, Scenario};

pub fn render(scenario: &Scenario) -> String {
    let mut out = format!("# {}, SHA-256 {}\n", one_line(&scenario.name), scenario.sha256);
    for assumption in &scenario.assumptions {
        out.push_str(&format!("{} = {}  # {}", assumption.key, assumption.value, word(assumption.mark)));
        if !assumption.source.is_empty() {
            out.push_str(&format!(": {}", one_line(&assumption.source)));
        }
        out.push('\n');
    }
    out
}

fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Given => "given",
        Mark::Measured => "measured",
        Mark::Fitted => "fitted",
        Mark::Default => "default",
    }
}

/// A comment ends with its line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

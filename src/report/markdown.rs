//! summary.md: the same content as on the terminal, with every station, check and assumption.

use crate::experiment::summary::Summary;

use super::content::{self, Block, Extent, Tone};
use super::objectives;
use super::table::escape;

/// `charts`: (file name, title) of pictures that lie beside the summary.
pub fn render(summary: &Summary, charts: &[(&str, &str)]) -> String {
    let mut out = document(&summary.scenario.name, &below(summary), content::blocks(summary, Extent::Full));
    if !charts.is_empty() {
        out.push_str("\n## Charts\n");
        for (file, title) in charts {
            out.push_str(&format!("\n![{}]({file})\n", escape(title)));
        }
    }
    out
}

/// What is worth a look where CI shows it: the verdict and the tables, without what fills pages.
pub fn brief(summary: &Summary) -> String {
    document(&summary.scenario.name, &below(summary), content::blocks(summary, Extent::Terminal))
}

fn below(summary: &Summary) -> Vec<String> {
    let verdict = objectives::headline(summary).map(|(_, text)| format!("**{}**", escape(&text)));
    verdict.into_iter().chain([content::setting(summary), content::size(summary)]).collect()
}

/// A title, what stands below it, and the blocks.
pub(super) fn document(title: &str, below: &[String], blocks: Vec<Block>) -> String {
    let mut out = format!("# {}\n\n{}\n", escape(title), below.join("  \n"));
    let mut in_list = false;
    for block in blocks {
        if !(in_list && matches!(block, Block::Item { .. })) {
            out.push('\n');
        }
        in_list = matches!(block, Block::Item { .. });
        match block {
            Block::Heading(text) => out.push_str(&format!("## {}\n", escape(&text))),
            Block::Table(table) => out.push_str(&table.to_markdown()),
            Block::Line(tone, text) => out.push_str(&format!("{}\n", toned(tone, &text))),
            Block::Item { tone, text, advice } => {
                out.push_str(&format!("- {}\n", toned(tone, &text)));
                if !advice.is_empty() {
                    out.push_str(&format!("  {}\n", escape(&advice)));
                }
            }
        }
    }
    out
}

fn toned(tone: Tone, text: &str) -> String {
    match tone {
        Tone::Alarm => format!("**{}**", escape(text)),
        Tone::Plain | Tone::Faint | Tone::Good | Tone::Warning => escape(text),
    }
}

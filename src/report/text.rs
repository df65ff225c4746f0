//! The summary for a terminal: 80 columns, colour only if asked.

use std::path::Path;

use crate::experiment::summary::Summary;

use super::content::{self, Block, Extent, Tone};
use super::objectives;

const WIDTH: usize = 80;
const INDENT: usize = 2;

/// Where the files of a result went.
#[derive(Clone, Debug)]
pub struct Written<'a> {
    pub folder: &'a Path,
    pub files: Vec<&'a str>,
}

pub fn render(summary: &Summary, written: Option<&Written>, color: bool) -> String {
    render_all(summary, Extent::Terminal, Vec::new(), written, color)
}

/// `over_time`: what is shown of it, in front of the stations.
pub fn render_all(
    summary: &Summary,
    extent: Extent,
    over_time: Vec<Block>,
    written: Option<&Written>,
    color: bool,
) -> String {
    let mut below = vec![(Tone::Plain, content::setting(summary)), (Tone::Faint, content::size(summary))];
    if let Some(verdict) = objectives::headline(summary) {
        below.insert(0, verdict);
    }
    let mut blocks = content::blocks(summary, extent);
    let stations = |block: &Block| matches!(block, Block::Heading(text) if text.starts_with("Stations"));
    let at = blocks.iter().position(stations).unwrap_or(blocks.len());
    blocks.splice(at..at, over_time);
    document(&summary.scenario.name, &below, &blocks, written, color)
}

/// A title, what stands below it, and the blocks.
pub(super) fn document(
    title: &str,
    below: &[(Tone, String)],
    blocks: &[Block],
    written: Option<&Written>,
    color: bool,
) -> String {
    let paint = Paint { color };
    let mut out = String::new();
    out.push_str(&paint.bold(&harmless(title)));
    out.push('\n');
    for (tone, text) in below {
        push_wrapped(&mut out, text, INDENT, |line| paint.tone(*tone, line));
    }
    for block in blocks {
        push_block(&mut out, block, paint);
    }
    if let Some(written) = written {
        out.push('\n');
        out.push_str(&paint.bold("Files"));
        out.push('\n');
        push_files(&mut out, written);
    }
    out
}

fn push_files(out: &mut String, written: &Written) {
    push_wrapped(out, &format!("{}:", written.folder.display()), INDENT, |line| line.into());
    push_wrapped(out, &written.files.join(", "), 2 * INDENT, |line| line.into());
}

/// The closing lines, where nothing is coloured.
pub(super) fn place_of_files(out: &mut String, written: &Written) {
    out.push_str("\nFiles\n");
    push_files(out, written);
}

fn push_block(out: &mut String, block: &Block, paint: Paint) {
    match block {
        Block::Heading(text) => {
            out.push('\n');
            push_wrapped(out, text, 0, |line| paint.bold(line));
        }
        Block::Table(table) => {
            let parts = table.to_lines(WIDTH - INDENT);
            if parts.iter().flatten().any(|line| line.chars().count() > WIDTH - INDENT) {
                for (name, sentence) in table.to_sentences() {
                    push_wrapped(out, &name, INDENT, |line| line.into());
                    push_wrapped(out, &sentence, 2 * INDENT, |line| paint.tone(Tone::Faint, line));
                }
                return;
            }
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    out.push('\n');
                }
                for (i, line) in part.iter().enumerate() {
                    out.push_str(&" ".repeat(INDENT));
                    let line = harmless(line);
                    out.push_str(&if i == 0 { paint.tone(Tone::Faint, &line) } else { line });
                    out.push('\n');
                }
            }
        }
        Block::Line(tone, text) => push_wrapped(out, text, INDENT, |line| paint.tone(*tone, line)),
        Block::Item { tone, text, advice } => {
            push_wrapped(out, text, INDENT, |line| paint.tone(*tone, line));
            if !advice.is_empty() {
                push_wrapped(out, advice, 2 * INDENT, |line| line.into());
            }
        }
    }
}

/// Breaks at spaces; what has none (a path, a key) is left whole, so that it can be copied.
pub(super) fn push_wrapped(out: &mut String, text: &str, indent: usize, paint: impl Fn(&str) -> String) {
    let breaks = |c: char| c.is_whitespace() && c != '\u{a0}';
    let mut line = String::new();
    let mut flush = |line: &mut String| {
        out.push_str(&" ".repeat(indent));
        out.push_str(&paint(line));
        out.push('\n');
        line.clear();
    };
    for word in harmless(text).split(breaks).filter(|word| !word.is_empty()) {
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
            flush(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    flush(&mut line);
}

/// Names and lines of logs may hold what a terminal would obey.
pub(super) fn harmless(text: &str) -> String {
    let shown = |c: char| if c.is_control() && !c.is_whitespace() { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(shown).collect()
}

/// ECMA-48 colours, or none.
#[derive(Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn tone(self, tone: Tone, text: &str) -> String {
        match tone {
            Tone::Plain => text.into(),
            Tone::Faint => self.with("2", text),
            Tone::Good => self.with("32", text),
            Tone::Warning => self.with("33", text),
            Tone::Alarm => self.with("1;31", text),
        }
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.into() }
    }
}

//! Tables and blocks of words as HTML: a caption, headings with their scope, a box that scrolls where a table is wide.

use maud::{Markup, html};

use super::report::CaptionedTable;
use crate::report::chart::picture::printable;
use crate::report::content::{Block, Tone};
use crate::report::figure::Figure;
use crate::report::table::Table;

pub fn captioned(one: &CaptionedTable, id: &str) -> Markup {
    table(&one.table, html! { (printable(&one.caption)) }, id, &one.words, true)
}

/// `seen`: the caption is not said above the table already. A column with words in it is aligned left.
fn table(table: &Table, caption: Markup, id: &str, words: &[usize], seen: bool) -> Markup {
    let class = |column: usize| words.contains(&column).then_some("words");
    html! {
        div.wide role="region" aria-labelledby=(id) tabindex="0" {
            table {
                caption id=(id) .unseen[!seen] { (caption) }
                thead {
                    tr {
                        @for (i, column) in table.columns.iter().enumerate() {
                            th scope="col" class=[class(i)] { bdi { (printable(column)) } }
                        }
                    }
                }
                tbody {
                    @for (name, figures) in &table.rows {
                        tr {
                            th scope="row" { bdi { (printable(name)) } }
                            @for (i, figure) in figures.iter().enumerate() {
                                td class=[class(i + 1)] { (cell(figure)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cell(figure: &Figure) -> Markup {
    html! {
        bdi { (printable(&figure.value)) }
        @if !figure.doubt.is_empty() { " " span.doubt { (figure.doubt) } }
    }
}

/// Headings are of the third order; what follows one belongs to it.
pub fn blocks(blocks: &[Block], id: &str) -> Markup {
    let mut heading = String::new();
    let mut out = html! {};
    let mut at = 0;
    while let Some(block) = blocks.get(at) {
        at += 1;
        let drawn = match block {
            Block::Heading(text) => {
                heading.clone_from(text);
                html! { h3 { bdi { (printable(text)) } } }
            }
            Block::Table(one) => {
                let words: Vec<usize> = (1..one.columns.len()).filter(|column| is_of_words(one, *column)).collect();
                // a heading goes before its first table; another one below it is known by its first column
                let caption = match heading.is_empty() {
                    true => one.columns.first().cloned().unwrap_or_default(),
                    false => format!("{heading}: by {}", one.columns.first().map_or("row", String::as_str)),
                };
                table(one, html! { (printable(&caption)) }, &format!("{id}-{at}"), &words, false)
            }
            Block::Line(tone, text) => html! { p class=(class(*tone)) { bdi { (printable(text)) } } },
            Block::Item { .. } => {
                let rest = blocks[at - 1..].iter().take_while(|block| matches!(block, Block::Item { .. })).count();
                let items = &blocks[at - 1..at - 1 + rest];
                at += rest - 1;
                list(items)
            }
        };
        out = html! { (out) (drawn) };
    }
    out
}

fn list(items: &[Block]) -> Markup {
    html! {
        ul.items {
            @for item in items {
                @if let Block::Item { tone, text, advice } = item {
                    li class=(class(*tone)) {
                        p { bdi { (printable(text)) } }
                        @if !advice.is_empty() { p.advice { bdi { (printable(advice)) } } }
                    }
                }
            }
        }
    }
}

fn is_of_words(table: &Table, column: usize) -> bool {
    let longest = table.rows.iter().map(|(_, figures)| figures[column - 1].value.chars().count()).max();
    longest.is_some_and(|length| length > 30)
}

pub fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Faint => "faint",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Alarm => "alarm",
    }
}

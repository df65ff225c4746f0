//! The parts of a page as HTML.

use maud::{Markup, html};

use super::report::{ObjectiveRow, Piece, Tile};
use super::{figure, requests, table};
use crate::report::chart::Chart;
use crate::report::chart::picture::printable;
use crate::report::content::Tone;

/// `id` is nobody else's in the page.
pub fn draw(piece: &Piece, id: &str, charts: &[Chart]) -> Markup {
    match piece {
        Piece::Terms(terms) => html! {
            dl {
                @for (term, said) in terms {
                    div {
                        dt { bdi { (printable(term)) } }
                        @for one in said { dd { bdi { (printable(one)) } } }
                    }
                }
            }
        },
        Piece::Headline(tone, text) => html! {
            p class={ "headline " (table::class(*tone)) } {
                span.sign aria-hidden="true" { (sign(*tone)) }
                bdi { (printable(text)) }
            }
        },
        Piece::Tiles(tiles) => html! { ul.tiles { @for tile in tiles { (one_tile(tile)) } } },
        Piece::Objectives(rows) => objectives(rows, id),
        Piece::Table(one) => table::captioned(one, id),
        Piece::Blocks(blocks) => table::blocks(blocks, id),
        // one that is not there was not drawn by the program that made the charts
        Piece::Chart(name) => match charts.iter().find(|chart| chart.name == *name) {
            Some(chart) => figure::draw(chart),
            None => html! {},
        },
        Piece::Folded(summary, one) => html! {
            details { summary { (printable(summary)) } (table::captioned(one, id)) }
        },
        Piece::Listing(name, text) => listing(name, text, id),
        Piece::Waterfall(one) => requests::draw(one, id),
    }
}

fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✓",
        Tone::Alarm => "✗",
        Tone::Warning => "?",
        Tone::Plain | Tone::Faint => "–",
    }
}

fn one_tile(tile: &Tile) -> Markup {
    html! {
        li {
            span.name { bdi { (printable(&tile.name)) } }
            span.value { bdi { (printable(&tile.value)) } @if !tile.unit.is_empty() { " " span.unit { (tile.unit) } } }
            span.doubt { bdi { (printable(&tile.doubt)) } }
        }
    }
}

fn objectives(rows: &[ObjectiveRow], id: &str) -> Markup {
    let tone = |row: &ObjectiveRow| match row.verdict.as_str() {
        "pass" => Tone::Good,
        "fail" => Tone::Alarm,
        _ => Tone::Warning,
    };
    html! {
        div.wide role="region" aria-labelledby=(id) tabindex="0" {
            table {
                caption id=(id) { "Objectives" }
                thead {
                    tr {
                        @for (column, words) in [("verdict", true), ("objective", true), ("observed", false), ("resting on", true)] {
                            th scope="col" class=[words.then_some("words")] { (column) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            td class={ "words verdict " (table::class(tone(row))) } {
                                span aria-hidden="true" { (sign(tone(row))) " " } (row.verdict)
                            }
                            th scope="row" { bdi { (printable(&row.that)) } @if !row.written.is_empty() { span.where { (printable(&row.written)) } } }
                            td { bdi { (printable(&row.observed)) } }
                            td.words { bdi { (printable(&row.why)) } }
                        }
                    }
                }
            }
        }
    }
}

/// Lines and tabs are kept.
fn listing(name: &str, text: &str, id: &str) -> Markup {
    let lines: Vec<String> =
        text.lines().map(|line| line.split('\t').map(printable).collect::<Vec<_>>().join("\t")).collect();
    html! {
        h3 id=(id) { bdi { (printable(name)) } }
        pre tabindex="0" role="region" aria-labelledby=(id) { code { (lines.join("\n")) } }
    }
}

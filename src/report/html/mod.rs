//! report.html: one file that holds a whole result for a design review, and asks the network for nothing. It reads without
//! script; with it, charts answer to a pointer and to keys.
//!
//! In reading order: [`report`] is what the page says, as plain parts that are kept in report.json, so that it can be made
//! again; [`run`], [`spof`], [`plan`], [`compare`], [`sweep`] and [`requests`] say it of a command's result, with [`question`] (what was
//! asked), [`ledger`] (what it rests on) and the [`section`]s that several have. [`piece`], [`table`] and [`figure`] draw
//! the parts, and [`policy`] is what a browser is told to refuse. style.css and script.js go into the page as they are.

pub mod compare;
pub mod figure;
pub mod ledger;
pub mod piece;
pub mod plan;
pub mod policy;
pub mod question;
pub mod report;
pub mod requests;
pub mod run;
pub mod section;
pub mod spof;
pub mod sweep;
pub mod table;

use maud::{DOCTYPE, PreEscaped, html};

use super::chart::picture::printable;
use super::chart::stored::Stored;
use super::chart::{self, Chart};
use policy::{SCRIPT, style};
use report::Report;

pub const FILE: &str = "report.html";

/// The pictures of a result and the page that they are in, as (file name, content); pictures as PNG, too, where asked.
pub fn with_pictures(report: &Report, pictures: &Stored, png: bool) -> Vec<(String, Vec<u8>)> {
    let charts = chart::charts(pictures);
    let mut kept = chart::kept(pictures, &charts, png);
    kept.extend(files(report, &charts));
    kept
}

/// What is kept of a page, as (file name, content): the page, and what it can be made of again.
pub fn files(report: &Report, charts: &[Chart]) -> Vec<(String, Vec<u8>)> {
    [(FILE, render(report, charts)), (report::FILE, report::store(report))]
        .map(|(name, content)| (name.to_owned(), content.into_bytes()))
        .into()
}

/// With those of the charts that the report names.
pub fn render(report: &Report, charts: &[Chart]) -> String {
    let (style, title) = (style(), format!("{} - foobar-sim", printable(&report.title)));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy::policy(&style));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "foobar-sim " (report.version) };
                title { (title) }
                style { (PreEscaped(&style)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    p.kind { (report.kind) }
                    h1 { bdi { (printable(&report.title)) } }
                    @for line in &report.below { p.below { (printable(line)) } }
                }
                nav aria-label="Sections" {
                    ul {
                        @for section in &report.sections {
                            li { a href={ "#" (section.id) } { (section.short) } }
                        }
                    }
                }
                main id="content" tabindex="-1" {
                    @for section in &report.sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                            h2 id={ (section.id) "-title" } { (section.title) }
                            @for (i, piece) in section.pieces.iter().enumerate() {
                                (piece::draw(piece, &format!("{}-{i}", section.id), charts))
                            }
                        }
                    }
                }
                footer { p { "Made by foobar-sim " (report.version) ". All of it is in this file; nothing was fetched." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    let mut page = page.into_string();
    page.push('\n');
    page
}

#[cfg(test)]
mod tests;

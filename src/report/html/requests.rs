//! What single requests went through: each as a table in the order of time, with a bar where it stood.

use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use super::question;
use super::report::{Piece, Report, Section};
use super::section::{self, Origin};
use crate::experiment::explained::{Entry, Explained, Explanation, Kind};
use crate::report::chart::picture::printable;
use crate::report::content::{Block, Tone};
use crate::report::figure;
use crate::report::manifest::Manifest;
use crate::report::requests::{depth, heading, notes, summary, time, title};
use crate::scenario::Scenario;

/// Units of the whole width of a bar.
const WIDTH: f64 = 1000.0;
/// What is shorter is not seen.
const SEEN: f64 = 4.0;

/// One request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waterfall {
    pub heading: String,
    pub below: String,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub begins: String,
    pub lasts: String,
    pub name: String,
    /// Rows that it is a part of.
    pub depth: usize,
    pub notes: String,
    pub held: String,
    pub bar: Bar,
}

/// In thousandths of the request's time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    pub from: f64,
    /// So much of it was waiting.
    pub waited: f64,
    pub length: f64,
    /// It has parts of its own.
    pub whole: bool,
}

/// Of a report about something else: slow requests, and failed ones.
pub fn section(samples: &[Explained]) -> Option<Section> {
    let first = samples.first()?;
    let from = format!(
        "Looked for in the first {} of run 1; `foobar-sim explain-request` looks through all of it, and for one class.",
        figure::duration(first.measured_s)
    );
    let mut pieces = vec![Piece::Blocks(vec![Block::Line(Tone::Plain, from), legend()])];
    pieces.extend(samples.iter().flat_map(of_kind));
    Some(Section::new("requests", "Requests", "Single requests", pieces))
}

/// The page of `explain-request`.
pub fn report(scenario: &Scenario, explained: &Explained, manifest: &Manifest) -> Report {
    let mut requests = vec![Piece::Blocks(vec![legend()])];
    requests.extend(of_kind(explained));
    Report {
        kind: "Single requests of".into(),
        title: explained.scenario.name.clone(),
        below: vec![sentence(&title(explained))],
        version: manifest.version.into(),
        sections: vec![
            Section::new("question", "Question", "What was asked", vec![Piece::Terms(question::subject(scenario))]),
            Section::new("requests", "Requests", "Requests", requests),
            section::scenario(scenario),
            section::reproduce(
                &Origin::of(manifest, explained.seed),
                &[("Scenario, SHA-256", &explained.scenario)],
                &[("Run", explained.asked.run.to_string())],
            ),
        ],
    }
}

fn legend() -> Block {
    let text = "A bar is its part of the request's time: pale where it waited, dark for anything else, a line for what has \
                parts of its own.";
    Block::Line(Tone::Faint, text.into())
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn of_kind(explained: &Explained) -> Vec<Piece> {
    let mut pieces = vec![Piece::Blocks(vec![Block::Heading(sentence(&title(explained)))])];
    let numbered = explained.requests.iter().enumerate();
    pieces.extend(numbered.map(|(place, request)| Piece::Waterfall(waterfall(place, request))));
    pieces
}

fn waterfall(place: usize, request: &Explanation) -> Waterfall {
    let rows = request.entries.iter().enumerate().skip(1);
    Waterfall {
        heading: heading(place, request),
        below: summary(request),
        rows: rows.map(|(at, entry)| row(request, at, entry)).collect(),
    }
}

fn row(request: &Explanation, at: usize, entry: &Entry) -> Row {
    let mut said = notes(entry);
    if entry.parallel {
        said.push("beside others".into());
    }
    let held: Vec<&str> = entry.holding.iter().map(|&held| request.held[held].what.as_str()).collect();
    let part = |ns: u64| (ns as f64 / request.response_ns.max(1) as f64 * WIDTH).clamp(0.0, WIDTH).round();
    let (from, whole) = (part(entry.begin_ns), entry.kind != Kind::Step);
    let end = part(entry.begin_ns.saturating_add(entry.length_ns));
    let waited = if whole { 0.0 } else { part(entry.begin_ns.saturating_add(entry.waiting_ns)) - from };
    Row {
        begins: time(entry.begin_ns),
        lasts: time(entry.length_ns),
        name: entry.name.clone(),
        depth: depth(request, at) - 1,
        notes: said.join("; "),
        held: held.join(", "),
        bar: Bar { from, waited, length: end - from, whole },
    }
}

/// `id` is nobody else's in the page.
pub fn draw(one: &Waterfall, id: &str) -> Markup {
    html! {
        details.waterfall open {
            summary { bdi { (printable(&one.heading)) } }
            p { (printable(&one.below)) }
            div.wide role="region" aria-labelledby=(id) tabindex="0" {
                table {
                    caption.unseen id=(id) { (printable(&one.heading)) }
                    thead {
                        tr {
                            th scope="col" { "what" }
                            th scope="col" { "begins" }
                            th scope="col" { "lasts" }
                            th scope="col" aria-hidden="true" {}
                            th.words scope="col" { "notes" }
                            th.words scope="col" { "held meanwhile" }
                        }
                    }
                    tbody { @for row in &one.rows { (line(row)) } }
                }
            }
        }
    }
}

fn line(row: &Row) -> Markup {
    html! {
        tr {
            th scope="row" {
                @if row.depth > 0 { span.depth aria-hidden="true" { ("· ".repeat(row.depth.min(12))) } }
                bdi { (printable(&row.name)) }
            }
            td { (row.begins) }
            td { (row.lasts) }
            td aria-hidden="true" { (bar(row.bar)) }
            td.words { bdi { (printable(&row.notes)) } }
            td.words { bdi { (printable(&row.held)) } }
        }
    }
}

fn bar(bar: Bar) -> Markup {
    let Bar { from, waited, length, whole } = bar;
    let seen = |length: f64| length.max(SEEN);
    html! {
        svg.bar viewBox={ "0 0 " (WIDTH) " 12" } preserveAspectRatio="none" {
            @if whole {
                rect.works x=(from) y="5" width=(seen(length)) height="2" {}
            } @else {
                @if waited > 0.0 { rect.waits x=(from) y="1" width=(seen(waited)) height="10" {} }
                @if length > waited || waited == 0.0 {
                    rect.works x=(from + waited) y="1" width=(seen(length - waited)) height="10" {}
                }
            }
        }
    }
}

impl Waterfall {
    /// Whether it can be drawn: what is read from a file may be anything.
    pub fn is_sound(&self) -> bool {
        let sound = |x: f64| (0.0..=WIDTH).contains(&x);
        self.rows.iter().all(|row| sound(row.bar.from) && sound(row.bar.waited) && sound(row.bar.length))
    }
}

//! The page as text: well-formed, nothing from outside, nothing taken for markup. tests/browser looks at it in a browser.
//! Here that of a run; those of other commands are in files of their own.

mod compare;
mod plan;
mod requests;
mod spof;
mod sweep;

use std::collections::BTreeSet;

use super::report::{self, Report};
use super::{policy, render, run};
use crate::experiment::Outcome;
use crate::experiment::summary::ObjectiveSummary;
use crate::report::chart::run::RunData;
use crate::report::chart::stored::Stored;
use crate::report::chart::{Chart, charts};
use crate::report::example;
use crate::report::manifest::Manifest;
use crate::scenario::{Overrides, Scenario, load_str};

const HOSTILE: [&str; 4] =
    ["<script>alert(1)</script>", "\"' onload=\"alert(1)", "a\u{202e}b\u{2066}c", "</title></style></svg>&amp;"];

fn of(outcome: &Outcome) -> (Report, Vec<Chart>) {
    let charts = charts(&Stored::Run(RunData::of(outcome)));
    let manifest = Manifest::new(vec!["run".into(), "it's <peak>.toml".into()]);
    (run::report(&example::scenario(), outcome, &manifest, &charts), charts)
}

fn page(outcome: &Outcome) -> String {
    let (report, charts) = of(outcome);
    render(&report, &charts)
}

/// One with names that want to be more.
fn hostile() -> Outcome {
    let mut outcome = example::outcome();
    let summary = &mut outcome.summary;
    summary.scenario.name = HOSTILE[3].into();
    let long = "long".repeat(500);
    for (class, name) in summary.traffic.iter_mut().skip(1).zip([HOSTILE[0], HOSTILE[1], long.as_str()]) {
        class.name = name.into();
    }
    for (class, name) in outcome.pictured.distribution.iter_mut().skip(1).zip(HOSTILE) {
        class.class = name.into();
    }
    for station in &mut summary.stations {
        station.name = HOSTILE[2].into();
    }
    summary.warnings[0].message = HOSTILE[0].into();
    summary.assumptions[0].source = HOSTILE[1].into();
    for server in &mut outcome.pictured.topology.servers {
        *server = HOSTILE[0].into();
    }
    outcome
}

/// The tags of a page in their order, without what is inside of scripts and styles: (name, closes, the whole tag).
fn tags(page: &str) -> Vec<(String, bool, String)> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at..=end];
        let closes = tag.starts_with("</");
        let name: String =
            tag[1 + usize::from(closes)..].chars().take_while(|c| c.is_alphanumeric() || *c == '!').collect();
        rest = &rest[end + 1..];
        if !closes && matches!(name.as_str(), "script" | "style") {
            rest = &rest[rest.find(&format!("</{name}>")).expect("it is closed")..];
        }
        tags.push((name, closes, tag.to_owned()));
    }
    tags
}

fn well_formed(page: &str) {
    const VOID: [&str; 3] = ["!DOCTYPE", "meta", "link"];
    let mut open: Vec<String> = Vec::new();
    for (name, closes, tag) in tags(page) {
        if closes {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()), "{tag}");
        } else if !VOID.contains(&name.as_str()) && !tag.ends_with("/>") {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed");
}

fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let pattern = format!(" {name}=\"");
    page.split(&pattern).skip(1).map(|rest| rest.split('"').next().expect("a value")).collect()
}

#[test]
fn a_page_is_well_formed_and_has_its_parts() {
    for outcome in [example::outcome(), example::nothing(), hostile()] {
        has_its_parts(&page(&outcome));
    }
}

/// One of each part that a reader of screens looks for, and every name that is referred to.
fn has_its_parts(page: &str) {
    well_formed(page);
    let tags = tags(page);
    let count = |wanted: &str| tags.iter().filter(|(name, closes, _)| name == wanted && !closes).count();
    for (name, times) in [("h1", 1), ("main", 1), ("header", 1), ("nav", 1), ("footer", 1), ("style", 1)] {
        assert_eq!(count(name), times, "{name}");
    }
    let levels = tags.iter().filter(|tag| !tag.1).filter_map(|(name, ..)| name.strip_prefix('h')?.parse::<u8>().ok());
    let levels: Vec<u8> = levels.collect();
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "headings leave an order out: {levels:?}");
    assert_eq!(count("caption"), count("table"));
    assert!(tags.iter().all(|(name, closes, tag)| name != "th" || *closes || tag.contains("scope=")));
    let ids = attributes(page, "id");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id is given twice");
    for labelled in attributes(page, "aria-labelledby").iter().flat_map(|ids| ids.split(' ')) {
        assert!(ids.contains(&labelled), "{labelled} is nowhere");
    }
}

/// Sections in their order.
fn sections(page: &str) -> Vec<&str> {
    attributes(page, "id").into_iter().filter(|id| page.contains(&format!("<section id=\"{id}\""))).collect()
}

/// What stands in a section.
fn section<'p>(page: &'p str, id: &str) -> &'p str {
    let rest = &page[page.find(&format!("<section id=\"{id}\"")).expect(id)..];
    &rest[..rest.find("</section>").expect("it ends")]
}

/// The page of files that a command keeps, after what holds for each: it is sound, fetches nothing, and what is kept beside
/// it makes it again.
fn kept_page(files: &[(String, Vec<u8>)]) -> String {
    let file = |name: &str| {
        let (_, content) = files.iter().find(|(file, _)| file == name)?;
        Some(std::str::from_utf8(content).expect("it is text"))
    };
    let page = file("report.html").expect("there is a page");
    has_its_parts(page);
    asks_for_nothing(page);
    let stored =
        file("charts.json").map(|stored| crate::report::chart::stored::read(stored).expect("it can be drawn again"));
    let drawn = stored.map_or(Vec::new(), |stored| charts(&stored));
    let again = report::read(file("report.json").expect("it is kept")).expect("it can be read again");
    assert!(render(&again, &drawn) == page, "it is another page when it is made again");
    page.to_owned()
}

/// A system of two stations, the second of which only every other request needs.
fn small(set: &[&str]) -> Scenario {
    let set = set.iter().map(|one| one.to_string()).collect();
    load("small.toml", SMALL, Overrides { set, ..Overrides::default() })
}

fn load(file: &str, text: &str, overrides: Overrides) -> Scenario {
    load_str(file, text, &overrides).unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
}

const SMALL: &str = r#"
name = "small"
[simulation]
warmup = "1 s"
duration = "20 s"
runs = 3
[service.web]
kind = "station"
workers = 2
service = "exponential(5 ms)"
[service.store]
kind = "station"
workers = 1
service = "exponential(4 ms)"
[request.page]
path = ["web"]
[request.order]
path = ["web", "store"]
[traffic.visitors]
process = "poisson"
rate = "100/s"
mix = { page = 1, order = 1 }
[[slo]]
that = "latency_p99 < 200 ms"
"#;

/// The same with names that want to be more.
fn hostile_scenario() -> Scenario {
    let quoted = |name: &str| serde_json::to_string(name).expect("a string is written");
    let mut text = SMALL.to_owned();
    for (name, hostile) in [("web", 0), ("store", 1), ("order", 1), ("page", 0), ("visitors", 3)] {
        let (name, hostile) = (quoted(name), quoted(&format!("{}{name}", HOSTILE[hostile])));
        let bare = name.trim_matches('"');
        for table in ["service", "request", "traffic"] {
            text = text.replace(&format!("[{table}.{bare}]"), &format!("[{table}.{hostile}]"));
        }
        text = text.replace(&format!("{bare} = 1"), &format!("{hostile} = 1")).replace(&name, &hostile);
    }
    load(HOSTILE[0], &text, Overrides::default())
}

/// The names of [`hostile_scenario`] are in the page, and are text.
fn hostile_names_stay_text(page: &str) {
    let tags = tags(page);
    assert_eq!(tags.iter().filter(|(name, closes, tag)| name == "script" && !closes && tag == "<script>").count(), 1);
    assert!(!tags.iter().any(|(_, _, tag)| tag.contains("onload=\"")), "a name became an attribute");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("&lt;/title&gt;&lt;/style&gt;"));
}

#[test]
fn the_order_is_from_the_question_to_how_to_make_it_again() {
    let page = page(&example::outcome());
    let sections = [
        "question",
        "verdict",
        "figures",
        "charts",
        "incidents",
        "failures",
        "topology",
        "warnings",
        "assumptions",
        "scenario",
        "reproduce",
    ];
    let places: Vec<usize> = sections.iter().map(|id| page.find(&format!("<section id=\"{id}\"")).expect(id)).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(page.contains("No objective was asked"));
    let class = &example::outcome().summary.traffic[0];
    let p99 = crate::report::figure::estimate(&class.latency_ms.p99, 1.0);
    assert!(page.contains(&format!("<bdi>{}</bdi> <span class=\"doubt\">{}</span>", p99.value, p99.doubt)));
    assert!(page.contains("foobar-sim run 'it'\\''s &lt;peak&gt;.toml'"), "the command");
    assert!(page.contains("[traffic.visitors]"), "the scenario as it was written");
    assert!(page.contains("visitors: 60 requests/s, each by itself (Poisson); home 75%, checkout 25%"));
}

#[test]
fn a_missed_objective_stands_first() {
    let mut outcome = example::outcome();
    outcome.summary.verdict = "fail";
    outcome.summary.slo = vec![ObjectiveSummary {
        that: "latency_p99 < 100 ms".into(),
        scope: "home".into(),
        unit: "ms",
        bound: 100.0,
        smaller_is_better: true,
        value: Some(112.4),
        censored: false,
        interval: Some([105.0, 119.8]),
        confidence: Some(0.9875),
        runs: 10,
        verdict: "fail",
        why: "of 10 runs".into(),
        written: "peak.toml:12".into(),
    }];
    let page = page(&outcome);
    let verdict = &page[page.find("<section id=\"verdict\"").unwrap()..page.find("<section id=\"figures\"").unwrap()];
    assert!(verdict.contains("FAIL: 1 missed of 1 objective") && verdict.contains("latency_p99 &lt; 100 ms (home)"));
    assert!(verdict.contains("112 ±8 ms") && verdict.contains("peak.toml:12"), "{verdict}");
}

#[test]
fn nothing_comes_from_outside_and_nothing_else_runs() {
    asks_for_nothing(&page(&example::outcome()));
}

fn asks_for_nothing(page: &str) {
    for (name, _, tag) in tags(page) {
        assert!(
            !["link", "iframe", "object", "embed", "base", "form", "image", "use"].contains(&name.as_str()),
            "{tag}"
        );
        for refused in [" src=", " style=", " srcset=", " xlink:href=", " action=", " on"] {
            assert!(!tag.contains(refused), "{tag}");
        }
    }
    assert!(attributes(page, "href").iter().all(|href| href.starts_with('#')));
    assert!(
        !page.contains("http://")
            || page.matches("http://").count() == page.matches("http://www.w3.org/2000/svg").count()
    );
    let between = |from: &str, to: &str| {
        let rest = &page[page.find(from).expect(from) + from.len()..];
        rest[..rest.find(to).expect(to)].to_owned()
    };
    let refused = between("http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    for (from, to) in [("<style>", "</style>"), ("<script>", "</script>")] {
        assert!(refused.contains(&format!("'{}'", policy::source(&between(from, to)))), "{from}: {refused}");
    }
    assert!(refused.starts_with("default-src 'none';") && !refused.contains("unsafe"), "{refused}");
}

#[test]
fn names_stay_text() {
    let page = page(&hostile());
    let tags = tags(&page);
    let scripts = tags.iter().filter(|(name, closes, _)| name == "script" && !closes).map(|(_, _, tag)| tag.as_str());
    assert_eq!(scripts.filter(|tag| *tag == "<script>").count(), 1);
    assert!(!tags.iter().any(|(_, _, tag)| tag.contains("onload=\"")), "a name became an attribute");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("&lt;/title&gt;&lt;/style&gt;"));
    assert!(!page.contains('\u{202e}') && !page.contains('\u{2066}') && page.contains("a\u{fffd}b\u{fffd}c"));
    assert!(page.contains("\\u003cscript\\u003ealert(1)"), "the figures of a live chart");
    assert!(page.contains(&"long".repeat(500)), "nothing is cut off");
}

#[test]
fn what_is_kept_makes_the_same_page_again() {
    for outcome in [example::outcome(), example::nothing(), hostile()] {
        let (report, charts) = of(&outcome);
        let read = report::read(&report::store(&report)).unwrap();
        assert_eq!(read, report);
        assert_eq!(render(&read, &charts), render(&report, &charts));
    }
}

#[test]
fn what_is_no_report_is_refused() {
    let (report, _) = of(&example::outcome());
    let text = report::store(&report);
    let why = |text: &str| report::read(text).unwrap_err().to_string();
    assert!(why(&text[..text.len() / 2]).contains("damaged"));
    assert!(why(&text.replacen("\"report_version\":1", "\"report_version\":9", 1)).contains("version 9"));
    assert!(why("{}").contains("report_version is missing"));
    assert!(why(&text.replacen("\"id\":\"question\"", "\"id\":\"a\\\"b\"", 1)).contains("a section is called"));
    assert!(why(&text.replacen("[\"class\",", "[\"class\",\"more\",", 1)).contains("not a figure for each column"));
}

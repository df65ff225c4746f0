//! Single requests: the page of `explain-request`, and their part of a run's page.

use super::{HOSTILE, hostile_names_stay_text, hostile_scenario, kept_page, section, sections, small};
use crate::experiment::explained::{Asked, Explained, run};
use crate::experiment::runner::{self, Options};
use crate::report::html::{render, report, requests};
use crate::report::manifest::Manifest;
use crate::report::requests::{files, heading};
use crate::scenario::Scenario;

fn explained(scenario: &Scenario) -> Explained {
    run(scenario, &Asked { most: 2, class: None, failed: false, run: 1 }).expect("it can be asked")
}

fn page(scenario: &Scenario) -> (Explained, String) {
    let explained = explained(scenario);
    let page = kept_page(&files(scenario, &explained, &Manifest::new(vec!["explain-request".into()]), 0));
    (explained, page)
}

#[test]
fn each_step_of_a_request_is_a_row_with_its_times_and_its_bar() {
    let (explained, page) = page(&small(&["traffic.visitors.rate=300/s"]));
    assert_eq!(sections(&page), ["question", "requests", "scenario", "reproduce"]);
    let told = section(&page, "requests");
    let steps: usize = explained.requests.iter().map(|request| request.entries.len() - 1).sum();
    assert!(steps >= 4, "{steps}");
    assert_eq!(told.matches("<th scope=\"row\">").count(), steps);
    assert_eq!(told.matches("<svg class=\"bar\"").count(), steps);
    for (place, request) in explained.requests.iter().enumerate() {
        assert!(told.contains(&heading(place, request)), "{told}");
    }
    assert!(told.contains("class=\"waits\"") && told.contains("waited "), "the slowest have waited: {told}");
}

#[test]
fn names_stay_text() {
    let (_, page) = page(&hostile_scenario());
    hostile_names_stay_text(&page);
    assert!(page.contains("&lt;script&gt;"), "{}", HOSTILE[0]);
}

#[test]
fn a_runs_page_tells_of_slow_requests_and_of_failed_ones() {
    let told = |set: &[&str]| {
        let scenario = small(set);
        let outcome = runner::run(&scenario, &Options { samples: true, ..Options::default() }, &|_| {}).unwrap();
        assert!(outcome.samples.iter().all(|one| !one.requests.is_empty()));
        let report = super::run::report(&scenario, &outcome, &Manifest::new(vec!["run".into()]), &[]);
        section(&render(&report, &[]), "requests").to_owned()
    };
    let fine = told(&[]);
    assert!(fine.contains("The 3 slowest of ") && !fine.contains(" failed request"), "{fine}");
    let full = told(&["service.store.queue_limit=0"]);
    assert!(full.contains("The 3 slowest of ") && full.contains(" failed requests"), "{full}");
    assert!(full.contains("queue_full"), "{full}");
}

#[test]
fn a_bar_that_leaves_its_request_is_not_drawn() {
    let scenario = small(&[]);
    let stored = report::store(&requests::report(&scenario, &explained(&scenario), &Manifest::new(Vec::new())));
    assert!(report::read(&stored).is_ok());
    let from = stored.find("\"from\":").expect("it has bars") + "\"from\":".len();
    let (before, after) = stored.split_at(from);
    let damaged = format!("{before}1e9{}", &after[after.find(',').expect("more follows")..]);
    assert!(report::read(&damaged).is_err_and(|error| error.to_string().contains("bar")), "{damaged}");
}

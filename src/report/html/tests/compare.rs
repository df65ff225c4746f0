//! The page of a comparison, and of a simulation beside production.

use super::{hostile_names_stay_text, hostile_scenario, kept_page, section, sections, small};
use crate::experiment::compare::findings::Findings;
use crate::experiment::compare::{Options, Thresholds, observed, run};
use crate::report::compare::{files, trust_files};
use crate::report::figure;
use crate::report::manifest::Manifest;
use crate::scenario::Scenario;

/// Enough requests for p99 to have an interval.
const LONG: &str = "simulation.duration=120 s";
const FASTER: &str = "service.web.service=exponential(3 ms)";

fn found(a: &Scenario, b: &Scenario) -> Findings {
    let options = Options { thresholds: Thresholds { share: 0.03, availability: 0.001 }, first: 5, most: 5 };
    let names = ["a.toml".to_owned(), format!("a.toml --set-b {FASTER}")];
    run([a, b], names, &options, &|_| {}).unwrap().0
}

fn manifest() -> Manifest {
    Manifest::new(vec!["compare".into(), "a.toml".into(), "--set-b".into(), FASTER.into()])
}

#[test]
fn the_verdict_stands_first_and_differences_are_those_of_the_findings() {
    let (a, b) = (small(&[LONG]), small(&[LONG, FASTER]));
    let findings = found(&a, &b);
    let page = kept_page(&files(&findings, [Some(&a), Some(&b)], &manifest(), false));
    let order = ["question", "verdict", "differences", "figures", "common", "warnings", "scenario", "reproduce"];
    assert_eq!(sections(&page), order);
    let verdict = section(&page, "verdict");
    assert!(verdict.contains("B is better than A: all mean ms -"), "{verdict}");
    for judged in findings.figures.iter().filter(|one| one.judged) {
        let difference = crate::report::compare::content::difference(judged, figure::estimate);
        assert!(verdict.contains(&format!("<bdi>{}</bdi>", difference.value)), "{}: {difference:?}", judged.key);
    }
    let differs = section(&page, "differences");
    assert!(differs.contains("service.web.service") && differs.contains("exponential(3 ms)"), "{differs}");
    for one in findings.figures.iter().filter_map(|one| one.a.value.filter(|_| one.key.contains("latency_ms"))) {
        assert!(section(&page, "figures").contains(&format!("<bdi>{}</bdi>", figure::number(one))), "{one}");
    }
    assert!(
        page.contains("id=\"chart-compare\"")
            && section(&page, "common").contains("narrower than with traffic of its own")
    );
    let listed = section(&page, "scenario");
    assert!(listed.contains("A and B: small.toml") && listed.contains("B: --set"), "{listed}");
    assert_eq!(listed.matches("[traffic.visitors]").count(), 1, "what both read is there once");
    let how = section(&page, "reproduce");
    assert!(how.contains("'service.web.service=exponential(3 ms)'") && how.contains(&findings.b.scenario.sha256));
}

#[test]
fn names_stay_text_in_it() {
    let scenario = hostile_scenario();
    let findings = found(&scenario, &scenario);
    hostile_names_stay_text(&kept_page(&files(&findings, [Some(&scenario), Some(&scenario)], &manifest(), false)));
}

#[test]
fn a_simulation_beside_production_has_a_page() {
    let scenario = small(&[LONG]);
    let lines = observed::parse("figure,of,value,unit\nlatency_mean,all,30,ms\n").unwrap();
    let names = ["small.toml".to_owned(), "prod.csv".to_owned()];
    let trust = observed::run(&scenario, &lines, names, &|_| {}).unwrap().0;
    let page = kept_page(&trust_files(&trust, &scenario, &manifest()));
    assert_eq!(sections(&page), ["question", "verdict", "figures", "warnings", "scenario", "reproduce"]);
    assert!(section(&page, "verdict").contains("lie where a run of this model would"));
    assert!(section(&page, "figures").contains("all mean ms") && section(&page, "figures").contains("<bdi>30</bdi>"));
}

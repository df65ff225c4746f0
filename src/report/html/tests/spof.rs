//! The page of single failures.

use super::{hostile_names_stay_text, hostile_scenario, kept_page, section, sections, small};
use crate::experiment::spof::findings::Findings;
use crate::experiment::spof::{Horizon, Options, run};
use crate::report::figure;
use crate::report::manifest::Manifest;
use crate::report::spof::files;
use crate::scenario::Scenario;

fn found(scenario: &Scenario, pairs: bool) -> Findings {
    let horizon = Horizon { at_s: 3.0, lasts_s: 12.0, after_s: 5.0, within_s: 2.0 };
    let (findings, broken) = run(scenario, &Options { horizon, runs: 3, objective: 0.99, pairs }, &|_| {}).unwrap();
    assert!(broken.is_empty());
    findings
}

fn page(findings: &Findings, scenario: &Scenario) -> String {
    kept_page(&files(findings, scenario, &Manifest::new(vec!["spof".into(), "it's.toml".into()]), false))
}

#[test]
fn the_verdict_names_the_single_points_of_failure_and_figures_are_those_of_the_findings() {
    let scenario = small(&[]);
    let findings = found(&scenario, true);
    let page = page(&findings, &scenario);
    let order = [
        "question",
        "verdict",
        "figures",
        "effects",
        "failures",
        "availability",
        "pairs",
        "warnings",
        "assumptions",
        "scenario",
        "reproduce",
    ];
    assert_eq!(sections(&page), order);
    let verdict = section(&page, "verdict");
    let spofs = "2 of 2 single failures are single points of failure: ";
    assert!(
        verdict.contains(spofs) && verdict.contains("web hangs") && verdict.contains("class=\"headline alarm\""),
        "{verdict}"
    );
    for component in &findings.components {
        let lost = figure::coarse(&component.cost.budget_min_per_year, 1.0);
        let cell = format!("<bdi>{}</bdi> <span class=\"doubt\">{}</span>", lost.value, lost.doubt);
        assert!(section(&page, "figures").contains(&cell), "{}: {cell}", component.name);
    }
    assert!(section(&page, "figures").contains("id=\"chart-spof-ranking\""));
    assert!(section(&page, "effects").contains("id=\"chart-spof-timelines\""));
    assert!(section(&page, "availability").contains("exact Markov model"));
    assert!(section(&page, "pairs").contains("web and store"));
    assert!(section(&page, "assumptions").contains("service.web.repair.mttf"));
    assert!(section(&page, "scenario").contains("[traffic.visitors]"));
    assert!(section(&page, "reproduce").contains("foobar-sim spof 'it'\\''s.toml'"));
    assert!(section(&page, "reproduce").contains(&findings.scenario.sha256));
}

#[test]
fn names_stay_text_in_it() {
    let scenario = hostile_scenario();
    hostile_names_stay_text(&page(&found(&scenario, false), &scenario));
}

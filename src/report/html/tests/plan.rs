//! The page of a plan.

use super::{SMALL, hostile_names_stay_text, hostile_scenario, kept_page, load, section, sections, small};
use crate::experiment::plan::findings::{Findings, Highest};
use crate::experiment::plan::{Options, Question, run};
use crate::report::figure;
use crate::report::manifest::Manifest;
use crate::report::plan::files;
use crate::scenario::{Overrides, Scenario};

const LEVERS: &str = "plan.vary=[{ key = \"service.web.workers\", values = [1, 2], price_each = 10 }]";

fn found(scenario: &Scenario, questions: &[Question]) -> Findings {
    let options = Options {
        questions: questions.to_vec(),
        precision: 0.2,
        runs_max: 10,
        source: None,
        growth: Some(0.05),
        from: jiff::civil::date(2026, 1, 31),
        moved: 0.1,
        measured: None,
    };
    let again = |set: &[String]| {
        let set = [&[LEVERS.to_owned()], set].concat();
        Ok(load("small.toml", SMALL, Overrides { set, ..Overrides::default() }))
    };
    run(scenario, &options, &again, &|_| {}).unwrap()
}

fn page(findings: &Findings, scenario: &Scenario) -> String {
    kept_page(&files(findings, scenario, &Manifest::new(vec!["plan".into(), "small.toml".into()]), false))
}

#[test]
fn each_question_has_its_answer_first_and_what_it_rests_on_behind() {
    let scenario = small(&[LEVERS]);
    let findings = found(&scenario, &Question::ALL);
    let page = page(&findings, &scenario);
    let order = [
        "question",
        "verdict",
        "rate",
        "headroom",
        "bottlenecks",
        "fleet",
        "tornado",
        "scalability",
        "warnings",
        "assumptions",
        "scenario",
        "reproduce",
    ];
    assert_eq!(sections(&page), order);
    let Highest::Rate { rate, .. } = &findings.rate.as_ref().unwrap().all.highest else { panic!("no rate") };
    let verdict = section(&page, "verdict");
    let said = format!("Highest rate: At most {} requests/s, which is ", figure::estimate(rate, 1.0).text());
    assert!(verdict.contains(&said) && verdict.contains("beyond it latency_p99 &lt; 200 ms is missed"), "{verdict}");
    let date = &findings.headroom.as_ref().unwrap().date;
    assert!(verdict.contains("Headroom: At 5% growth a month from 2026-01-31 on") && verdict.contains(date));
    for answer in
        ["Saturates first: web, at ", "Cheapest that meets them: 10 ", "Moves p99 most: ", "Scalability law: "]
    {
        assert!(verdict.contains(answer), "{answer}: {verdict}");
    }
    let charts = ["rate", "bottlenecks", "load", "fleets", "headroom", "tornado", "usl"];
    assert!(charts.iter().all(|name| page.contains(&format!("id=\"chart-plan-{name}\""))));
    for tried in &findings.rate.as_ref().unwrap().all.tried {
        assert!(section(&page, "rate").contains(&format!("<bdi>{}</bdi>", figure::number(tried.rate))));
    }
    assert!(section(&page, "question").contains("service.web.workers"), "what may be bought");
    assert!(section(&page, "reproduce").contains("--from 2026-01-31"));
    assert!(section(&page, "assumptions").contains("service.web.queue_limit"));
}

#[test]
fn what_was_not_asked_is_not_there_and_names_stay_text() {
    let scenario = hostile_scenario();
    let page = page(&found(&scenario, &[Question::Rate, Question::Bottlenecks]), &scenario);
    let order = ["question", "verdict", "rate", "bottlenecks", "warnings", "assumptions", "scenario", "reproduce"];
    assert_eq!(sections(&page), order);
    hostile_names_stay_text(&page);
}

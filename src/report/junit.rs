//! JUnit XML, which every CI system shows: a test case for each objective and for each law that the runs must obey.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::experiment::summary::{Check, ObjectiveSummary, Summary};

use super::objectives;

pub fn render(summary: &Summary) -> String {
    let name = summary.scenario.name.as_str();
    let mut asked = TestSuite::new(name.to_owned());
    for objective in &summary.slo {
        asked.add_test_case(of_objective(name, objective, summary.verdict));
    }
    let mut laws = TestSuite::new(format!("{name}: self-checks"));
    for check in &summary.checks {
        laws.add_test_case(of_check(name, check));
    }
    let mut report = Report::new("foobar-sim");
    report.add_test_suites([asked, laws]);
    report.to_string().expect("a report of strings is XML")
}

fn of_objective(scenario: &str, objective: &ObjectiveSummary, overall: &str) -> TestCase {
    let (observed, unit) = objectives::observed(objective);
    let observed = format!("observed {} {unit}", observed.text()).trim_end().to_owned();
    let message = match objective.why.as_str() {
        "" => observed.clone(),
        why => format!("{observed}; {why}"),
    };
    let mut status = match objective.verdict {
        "pass" => TestCaseStatus::success(),
        // as the whole is counted
        "inconclusive" if overall == "pass" => TestCaseStatus::skipped(),
        verdict => {
            let mut missed = TestCaseStatus::non_success(NonSuccessKind::Failure);
            missed.set_type(if verdict == "fail" { "missed" } else { "inconclusive" });
            missed
        }
    };
    if objective.verdict != "pass" {
        status.set_message(message.clone());
    }
    let mut case = TestCase::new(objectives::name(objective), status);
    case.set_classname(scenario.to_owned());
    case.set_system_out(format!("{}: {message}", objective.verdict));
    case
}

fn of_check(scenario: &str, check: &Check) -> TestCase {
    let mut status = match check.passed {
        true => TestCaseStatus::success(),
        false => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if !check.passed {
        status.set_type("broken law").set_message(check.detail.clone());
    }
    let mut case = TestCase::new(check.name.clone(), status);
    case.set_classname(scenario.to_owned());
    case
}

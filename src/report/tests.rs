use super::*;
use crate::experiment::summary::{Check, ScenarioId};

fn longest_line(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn the_terminal_sees_what_matters_first() {
    let outcome = example::outcome();
    let written = text::Written {
        folder: std::path::Path::new("output/peak"),
        files: vec!["summary.json", "summary.md", "timeseries.csv", "throughput.svg", "manifest.json"],
    };
    let text = text::render(&outcome.summary, Some(&written), false);
    assert!(longest_line(&text) <= 80, "{text}");
    assert!(!text.contains('\x1b'));
    insta::assert_snapshot!(text);
}

#[test]
fn an_incident_says_what_happened_and_when_it_was_over() {
    use crate::experiment::summary::{Estimate, Incident, Noticed, RandomFault};
    let mut summary = example::outcome().summary;
    let estimate = |value, ci95| Estimate { value: Some(value), ci95, runs: 10, censored: false };
    summary.incidents = vec![Incident {
        fault: 1,
        what: "app on app1 hangs".into(),
        at_s: 60.0,
        until_s: Some(65.0),
        detected_s: estimate(64.9, Some([64.1, 65.7])),
        noticed: vec![
            Noticed { what: "lb: app on app1 down".into(), at_s: estimate(64.9, None) },
            Noticed { what: "lb: app on app1 up".into(), at_s: Estimate { runs: 4, ..estimate(71.0, None) } },
        ],
        recovered_s: Some(73.5),
        failures: estimate(812.0, Some([800.0, 824.0])),
        failed_by: vec![
            ("answer_timeout".into(), estimate(800.0, Some([788.0, 812.0]))),
            ("no_server".into(), estimate(12.0, None)),
        ],
        p99_ms_during: estimate(940.0, None),
    }];
    summary.random_faults = vec![RandomFault {
        fault: 2,
        what: "db1 loses its power".into(),
        times: estimate(1.7, Some([0.9, 2.5])),
        lasted_s: estimate(31.0, Some([20.0, 42.0])),
        failures: estimate(0.0, None),
        failed_by: Vec::new(),
        p99_ms_during: estimate(55.0, Some([50.0, 60.0])),
    }];
    let text = text::render(&summary, None, false);
    assert!(longest_line(&text) <= 80, "{text}");
    let begin = text.find("Incidents").expect("a heading");
    let shown: String = text[begin..].lines().take(13).map(|line| format!("{}\n", line.trim_end())).collect();
    insta::assert_snapshot!(shown, @r"
    Incidents
      fault  at s  until s  noticed s  recovered s  failed a run  p99 during ms
      1      60.0     65.0  64.9 ±0.8         73.5       812 ±12         940 ±?
      1: app on app1 hangs
      failed by answer_timeout 800 ±12, no_server 12 ±?
      at 64.9 s lb: app on app1 down
      at 71.0 s lb: app on app1 up (in 4 of 10 runs)

    Faults at random
      fault  times a run  lasted s  failed meanwhile  p99 meanwhile ms
      2         1.7 ±0.8    31 ±11                 0             55 ±5
      2: db1 loses its power
    ");
    let json = json::render(&summary);
    assert!(json.contains("\"recovered_s\": 73.5") && json.contains("\"failed_by\": {\n        \"answer_timeout\": {"));
}

#[test]
fn a_run_without_answers_says_so() {
    let text = text::render(&example::nothing().summary, None, false);
    assert!(text.contains("No request was answered."), "{text}");
    assert!(!text.contains("NaN"), "{text}");
}

#[test]
fn long_names_and_large_numbers_still_fit_80_columns() {
    let mut outcome = example::outcome();
    for class in &mut outcome.summary.traffic {
        class.name = format!("{}_of_the_international_customers_area", class.name);
        class.throughput_per_s = example::estimate(123_456.7, 12_345.6);
        for e in [&mut class.latency_ms.p50, &mut class.latency_ms.p95, &mut class.latency_ms.p99] {
            *e = example::estimate(9_876_543.21, 1_234_567.8);
        }
    }
    for station in &mut outcome.summary.stations {
        station.name = format!("application-server-in-frankfurt-{}", station.name);
        station.queue_mean = example::estimate(1_234_567.0, 2_345.6);
    }
    let text = text::render(&outcome.summary, None, false);
    assert!(longest_line(&text) <= 80, "{text}");
    assert!(text.contains("9876543 ±1234568"), "{text}");
}

#[test]
fn colour_comes_only_when_asked_and_changes_no_word() {
    let outcome = example::outcome();
    let plain = text::render(&outcome.summary, None, false);
    let colored = text::render(&outcome.summary, None, true);
    assert!(colored.contains("\x1b[33m"));
    let stripped: String = colored
        .split('\x1b')
        .enumerate()
        .map(|(i, piece)| if i == 0 { piece } else { piece.split_once('m').unwrap().1 })
        .collect();
    assert_eq!(stripped, plain);
}

#[test]
fn a_broken_law_is_the_first_thing_said() {
    let mut summary = example::outcome().summary;
    summary.checks.push(Check {
        name: "conservation".into(),
        passed: false,
        detail: "arrived = completed + failed + in flight".into(),
        simulated: Some(1000.0),
        expected: Some(1001.0),
    });
    let text = text::render(&summary, None, false);
    let failed = text.find("FAILED conservation: arrived").unwrap();
    assert!(failed < text.find("Latency").unwrap(), "{text}");
    let flowing = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flowing.contains("(simulated 1000, expected 1001)"), "{text}");
    assert!(text.contains("37 of 38 pass"), "{text}");
    assert!(markdown::render(&summary, &[]).contains("**FAILED conservation"));
}

#[test]
fn the_summary_as_markdown() {
    let outcome = example::outcome();
    insta::assert_snapshot!(markdown::render(&outcome.summary, &[("throughput.svg", "Traffic over time")]));
}

#[test]
fn the_summary_as_json() {
    let mut summary = example::outcome().summary;
    summary.traffic.truncate(1);
    summary.stations = vec![summary.stations[0].clone(), summary.stations.pop().unwrap()];
    summary.checks.truncate(1);
    let json = json::render(&summary);
    assert!(json.ends_with("}\n"));
    insta::assert_snapshot!(json);
}

#[test]
fn json_keeps_the_order_of_the_scenario_and_has_no_nan() {
    let mut outcome = example::outcome();
    outcome.summary.traffic[1].latency_ms.p50.value = Some(f64::NAN);
    let json = json::render(&outcome.summary);
    let at = |key: &str| json.find(&format!("\"{key}\": {{")).unwrap();
    assert!(at("all") < at("image") && at("image") < at("product") && at("product") < at("checkout"));
    assert!(!json.contains("NaN"));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["traffic"]["checkout"]["failures"]["queue_timeout_503"], 200);
    assert_eq!(value["traffic"]["checkout"]["latency_all_ms"]["p99"]["censored"], true);
    assert_eq!(value["traffic"]["all"]["completed"], 10_798_766);
    let p50 = value["traffic"]["all"]["latency_ms"]["p50"]["value"].as_f64();
    assert_eq!(p50, outcome.summary.traffic[0].latency_ms.p50.value);
}

#[test]
fn the_time_series_has_a_line_for_each_window() {
    let outcome = example::outcome();
    let text = csv::render(&outcome);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|h| h == name).unwrap_or_else(|| panic!("no {name}: {header:?}"));
    let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 90);
    assert_eq!(&rows[3][column("t_s")], "60");
    let number = |row: usize, name: &str| rows[row][column(name)].parse::<f64>().unwrap();
    // 600/s, 1 + 0.15 sin(60/7) of it, a ninth of which fails
    assert!((number(60, "arrived_per_s") - 667.7).abs() < 0.5, "{}", number(60, "arrived_per_s"));
    let failed = number(60, "failed_per_s");
    assert!((failed * 9.0 / number(60, "arrived_per_s") - 1.0).abs() < 1e-3);
    assert_eq!(failed, number(60, "failed_queue_timeout_503_per_s"));
    assert!((number(0, "app1.cpu.utilization") - 0.832).abs() < 1e-6);
    assert!((number(0, "app1.cpu.queue_mean") - 0.25).abs() < 1e-6);
    assert!(number(0, "latency_p50_ms") < number(0, "latency_p99_ms"));
    assert_eq!(&rows[0][column("outside_api.utilization")], "");
}

#[test]
fn a_last_window_that_is_cut_short_keeps_its_rate() {
    let mut outcome = example::outcome();
    outcome.summary.measured_s = 1790.0;
    let points = series::points(&outcome);
    let last = points.last().unwrap();
    assert_eq!(last.length_s, 10.0);
    assert_eq!(last.arrived_per_s(), last.window.arrived as f64 / 100.0);
}

#[test]
fn the_manifest_reproduces_a_result() {
    let outcome = example::outcome();
    let manifest = Manifest { version: "1.2.3", arguments: vec!["run".into(), "peak.toml".into(), "--seed=42".into()] };
    insta::assert_snapshot!(manifest::render(&manifest, &outcome.summary), @r#"
    {
      "program": "foobar-sim",
      "version": "1.2.3",
      "schema_version": 1,
      "scenario": "peak",
      "scenario_sha256": "9f86d081884c7d659f86d081884c7d659f86d081884c7d659f86d081884c7d65",
      "seed": 42,
      "runs": 10,
      "command": [
        "foobar-sim",
        "run",
        "peak.toml",
        "--seed=42"
      ]
    }
    "#);
}

#[test]
fn every_file_is_the_same_each_time() {
    let manifest = Manifest::new(vec!["run".into()]);
    let files = super::files(&example::outcome(), &example::scenario(), &manifest, false);
    assert_eq!(files, super::files(&example::outcome(), &example::scenario(), &manifest, false));
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "summary.json",
            "summary.md",
            "timeseries.csv",
            "charts.json",
            "latency-over-time.svg",
            "latency-distribution.svg",
            "throughput.svg",
            "failures.svg",
            "utilization.svg",
            "queues.svg",
            "time-spent.svg",
            "topology.svg",
            "replication-lag.svg",
            "report.html",
            "report.json",
            "manifest.json"
        ]
    );
    assert!(files.iter().all(|(_, content)| content.len() > 100));
}

#[test]
fn a_name_with_markup_does_not_break_out() {
    let mut outcome = example::outcome();
    outcome.summary.scenario = ScenarioId { name: "<b>&\"peak".into(), sha256: String::new() };
    assert!(markdown::render(&outcome.summary, &[]).starts_with("# \\<b>"));
}

#[test]
fn a_line_of_a_log_cannot_speak_to_the_terminal() {
    let mut summary = example::outcome().summary;
    summary.warnings[0].message = "line 3: GET /\u{1b}[2J\u{7}".into();
    summary.stations[0].name = "app\u{1b}[31m".into();
    let text = text::render(&summary, None, false);
    assert!(text.contains("GET /\u{fffd}[2J\u{fffd}") && text.contains("app\u{fffd}[31m"), "{text}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
}

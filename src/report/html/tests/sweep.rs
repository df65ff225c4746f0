//! The page of a sweep.

use super::{HOSTILE, SMALL, hostile_names_stay_text, kept_page, section, sections};
use crate::experiment::summary::Estimate;
use crate::experiment::sweep::definition::{Definition, example};
use crate::experiment::sweep::findings::{Figures, Findings, TABLED_MAX, Tally};
use crate::experiment::sweep::vary::Axis;
use crate::report::sweep::files;

/// Latency grows with the load as a single server's does; `busiest`: the name of a station.
fn found(vary: &str, points: u64, busiest: &str) -> Findings {
    let axes = vec![Axis::parse(vary).unwrap()];
    let definition = Definition { axes, points, ..example(1) };
    let design = definition.design().unwrap();
    assert_eq!(design.points(), points);
    let mut tally = Tally::new(&design);
    for point in 0..points {
        let share = 0.95 * (point + 1) as f64 / points as f64;
        let at = |value: f64| Estimate {
            value: Some(value),
            ci95: Some([0.9 * value, 1.1 * value]),
            runs: 5,
            censored: false,
        };
        tally.add(Figures {
            point: point + 1,
            values: design.values(point),
            throughput_per_s: at(1000.0 * share),
            availability: at(1.0),
            latency_p50_ms: at(5.0 / (1.0 - share)),
            latency_all_p99_ms: at(30.0 / (1.0 - share)),
            busiest: Some(busiest.into()),
            busiest_utilization: Some(share),
            verdict: None,
        });
    }
    tally.finish(&definition, "5ca1ab1e".into(), Some(250.0))
}

#[test]
fn the_knee_and_the_best_points_come_first_and_points_are_limited() {
    let findings = found("traffic.visitors.rate=1/s..250/s/1/s", 250, "web");
    let page = kept_page(&files(&findings, SMALL, false));
    let order = ["question", "verdict", "charts", "figures", "warnings", "scenario", "reproduce"];
    assert_eq!(sections(&page), order);
    assert!(section(&page, "question").contains("traffic.visitors.rate=1/s..250/s/1/s (250 values)"));
    let verdict = section(&page, "verdict");
    let knee = &findings.knees[0].knee.as_ref().unwrap().value;
    assert!(verdict.contains(&format!("Knee: p99 bends upwards at traffic.visitors.rate={knee}: ")), "{verdict}");
    assert!(verdict.contains("lowest p99: ") && verdict.contains("most answers: 950 "), "{verdict}");
    assert!(page.contains("id=\"chart-sweep-latency\"") && page.contains("id=\"chart-sweep-throughput\""));
    let points = section(&page, "figures");
    assert_eq!(points.matches("<th scope=\"row\">").count(), TABLED_MAX);
    assert!(points.contains("These are the first 200 of 250 points; the other 50 are in sweep.csv."));
    let how = section(&page, "reproduce");
    assert!(how.contains("foobar-sim sweep scenario.toml --vary traffic.visitors.rate=1/s..250/s/1/s"), "{how}");
    assert!(how.contains("5ca1ab1e") && section(&page, "scenario").contains("[traffic.visitors]"));
}

#[test]
fn names_stay_text_and_few_points_are_all_there() {
    let vary = format!("request.\"{}\".path=\"{}\",\"{}\"", "x", HOSTILE[0], HOSTILE[3]);
    let page = kept_page(&files(&found(&vary, 2, HOSTILE[2]), &format!("# {}", HOSTILE[0]), false));
    hostile_names_stay_text(&page);
    assert!(!page.contains("are in sweep.csv"));
}

//! Pictures as a reader meets them: nothing missing, nothing outside, no text over another. Text is measured with the
//! font that comes with the program.

use super::picture::{Horizontal, Pixel, Shape, Vertical};
use super::run::RunData;
use super::spof::{FailureData, SpofData};
use super::stored::{Stored, StoredError};
use super::*;
use crate::experiment::Outcome;
use crate::experiment::summary::{Estimate, Incident, ScenarioId};
use crate::report::example;

/// What a text covers, without the space above and below its letters.
fn boxes(picture: &Picture) -> Vec<(String, Pixel, Pixel)> {
    let of_text = |shape: &Shape| {
        let Shape::Text { at, text, kind } = shape else { return None };
        let (width, height) = (kind.width_of(text), kind.size * 7 / 10);
        let left = match kind.horizontal {
            Horizontal::Left => at.0,
            Horizontal::Center => at.0 - width / 2,
            Horizontal::Right => at.0 - width,
        };
        let top = match kind.vertical {
            Vertical::Top => at.1,
            Vertical::Center => at.1 - height / 2,
            Vertical::Bottom => at.1 - height,
        };
        Some((text.clone(), (left, top), (left + width, top + height)))
    };
    picture.shapes.iter().filter_map(of_text).collect()
}

/// What a reader would complain about at first sight.
fn faults(name: &str, picture: &Picture) -> Vec<String> {
    let mut found = Vec::new();
    let boxes = boxes(picture);
    for (i, (text, from, to)) in boxes.iter().enumerate() {
        if from.0 < 0 || from.1 < 0 || to.0 > picture.size.0 || to.1 > picture.size.1 {
            found.push(format!("{name}: {text:?} leaves the picture: {from:?} to {to:?}"));
        }
        for (other, start, end) in &boxes[..i] {
            if from.0 < end.0 && start.0 < to.0 && from.1 < end.1 && start.1 < to.1 {
                found.push(format!("{name}: {text:?} lies over {other:?} at {from:?}"));
            }
        }
    }
    for shape in &picture.shapes {
        let points: Vec<Pixel> = match shape {
            Shape::Line { points, .. } => points.clone(),
            Shape::Area { outline, .. } => outline.clone(),
            Shape::Box { from, to, .. } | Shape::Frame { from, to, .. } => vec![*from, *to],
            Shape::Dot { at, .. } | Shape::Text { at, .. } => vec![*at],
        };
        if points.iter().any(|p| p.0 < 0 || p.1 < 0 || p.0 > picture.size.0 || p.1 > picture.size.1) {
            found.push(format!("{name}: {shape:?} leaves the picture"));
        }
    }
    found
}

fn texts(picture: &Picture) -> Vec<String> {
    boxes(picture).into_iter().map(|(text, ..)| text).collect()
}

/// Shapes that carry data: neither paper nor grid nor axes.
fn data_shapes(picture: &Picture) -> usize {
    use color::Color;
    let is_data = |color: &Color| matches!(color, Color::Kind(_) | Color::Level(_));
    let carries = |shape: &&Shape| match shape {
        Shape::Line { pen, .. } => is_data(&pen.color),
        Shape::Box { fill, .. } | Shape::Area { fill, .. } => is_data(fill),
        Shape::Dot { color, .. } => is_data(color),
        Shape::Frame { .. } | Shape::Text { .. } => false,
    };
    picture.shapes.iter().filter(carries).count()
}

fn of(outcome: &Outcome) -> Vec<Chart> {
    run::charts(&RunData::of(outcome))
}

fn with_incidents(mut outcome: Outcome) -> Outcome {
    let end_s = outcome.summary.measured_s;
    let nothing = Estimate { value: None, ci95: None, runs: 0, censored: false };
    let incident = |fault: u32, at_s: f64, until_s: Option<f64>| Incident {
        fault,
        what: "app1 loses its power".into(),
        at_s,
        until_s,
        detected_s: nothing,
        noticed: Vec::new(),
        recovered_s: None,
        failures: nothing,
        failed_by: Vec::new(),
        p99_ms_during: nothing,
    };
    // the third lasts to the end, and the fourth begins right before it
    let quarter = end_s / 4.0;
    outcome.summary.incidents = vec![
        incident(7, quarter, Some(2.0 * quarter)),
        incident(8, 2.5 * quarter, Some(2.5 * quarter)),
        incident(9, 3.0 * quarter, None),
        incident(10, 3.99 * quarter, None),
    ];
    outcome
}

/// Long names everywhere, and many of each.
fn crowded() -> Outcome {
    let mut outcome = with_incidents(example::outcome());
    for i in 0..12 {
        let mut class = outcome.pictured.distribution[1 + i % 3].clone();
        class.class = format!("{}_number_{i}_of_the_international_shop", class.class);
        outcome.pictured.distribution.push(class);
    }
    for (i, name) in outcome.merged.station_names.iter_mut().enumerate() {
        *name = format!("{name}.of-the-data-center-in-frankfurt.{i}");
    }
    outcome.summary.scenario.name = "the_peak_of_the_season_with_all_of_the_campaigns_at_once".repeat(4);
    let topology = &mut outcome.pictured.topology;
    for i in 0..9 {
        topology.servers.push(format!("an-application-server-with-a-long-name-{i}"));
        topology.services.push(crate::experiment::topology::Placed {
            name: format!("a-service-of-its-own-{i}"),
            kind: "app".into(),
            servers: vec![6 + i],
        });
        topology.calls.push((Some(1), 4 + i));
    }
    outcome
}

fn few() -> Outcome {
    let mut few = example::outcome();
    few.merged.station_names.truncate(2);
    few.merged.windows.windows.truncate(1);
    few.pictured.intervals.truncate(1);
    few.summary.measured_s = 20.0;
    few
}

fn failures(count: usize) -> SpofData {
    let answered = |low: f64| (0..60).map(|i| Some(if (12..40).contains(&i) { low } else { 1.0 })).collect();
    let failure = |i: usize| FailureData {
        name: format!("process of app on application-server-{i} (out of memory)"),
        spof: ["yes", "no", "undecided"][i % 3].into(),
        budget_min_per_year: Some(3000.0 / (1.0 + (i * i * i) as f64)),
        budget_ci95: Some([2900.0 / (1.0 + (i * i * i) as f64), 3100.0 / (1.0 + (i * i * i) as f64)]),
        down_min_per_year: Some(1.0),
        answered: answered(0.5),
        worst: answered(0.1 * (i % 10) as f64),
        worst_class: "checkout".into(),
    };
    SpofData {
        setting: "peak: 5 runs of each failure, which lasts 1 min".into(),
        window_s: 1.0,
        before_s: 10.0,
        lasts_s: 30.0,
        after_s: 20.0,
        within_s: 10.0,
        objective: 0.99,
        failures: (0..count).map(failure).collect(),
        left_out: 0,
    }
}

#[test]
fn nothing_leaves_a_picture_and_no_text_lies_over_another() {
    let runs = [
        ("full", example::outcome()),
        ("faults", with_incidents(example::outcome())),
        ("nothing", example::nothing()),
        ("crowded", crowded()),
        ("few", few()),
    ];
    let mut found = Vec::new();
    for (case, outcome) in &runs {
        for chart in of(outcome) {
            found.extend(faults(&format!("{case} {}", chart.name), &chart.picture));
        }
    }
    for count in [0, 1, 2, 5, 10, 20] {
        for chart in spof::charts(&failures(count)) {
            found.extend(faults(&format!("{count} {}", chart.name), &chart.picture));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_a_reader_would_complain_about_is_found() {
    use super::picture::Type;
    let mut picture = Picture::new("A title", "below");
    picture.text((100, 200), "first", Type::default());
    assert_eq!(faults("", &picture), Vec::<String>::new());
    picture.text((110, 205), "second", Type::default());
    assert_eq!(faults("", &picture).len(), 1);
    picture.text((1190, 300), "third", Type::default());
    picture.rule((0, 0), (0, 700), color::Color::Grid);
    assert_eq!(faults("", &picture).len(), 3);
}

#[test]
fn pictures_carry_their_axes_and_names() {
    let charts = of(&example::outcome());
    let expected: [(&str, &[&str]); 9] = [
        (
            "latency-over-time",
            &["Simulated time, min", "Latency of answered requests, ms (log scale)", "p50", "p95", "p99"],
        ),
        (
            "latency-distribution",
            &["Percentile of answered requests, %", "Latency, ms (log scale)", "99.9", "checkout", "all"],
        ),
        ("throughput", &["Simulated time, min", "Requests per second", "arrived", "completed", "failed"]),
        ("failures", &["Simulated time, min", "Failed requests per second", "queue timeout 503"]),
        ("utilization", &["Simulated time, min", "Share of the workers busy:", "app1.cpu", "db1.disk", "100%"]),
        ("queues", &["Simulated time, min", "Requests waiting", "app1.cpu"]),
        (
            "time-spent",
            &["waiting", "service", "network", "95% interval", "app1.cpu", "ms of one request", "3 others", "13"],
        ),
        ("topology", &["clients", "app1", "db (mysql)", "CPU", "83%", "replication"]),
        ("replication-lag", &["Simulated time, min", "Age of the oldest commit not applied, s (log scale)", "db2"]),
    ];
    assert_eq!(charts.len(), expected.len());
    for (chart, (name, words)) in charts.iter().zip(expected) {
        assert_eq!(chart.name, name);
        let texts = texts(&chart.picture);
        for word in words {
            assert!(texts.iter().any(|text| text == word), "{name} without {word:?}: {texts:?}");
        }
        assert!(texts.iter().any(|text| text.starts_with("peak: 10 runs of 30 min")), "{name}: {texts:?}");
        assert!(data_shapes(&chart.picture) > 0, "{name} is empty");
    }
    let words = ["What fails", "min/year, 95% interval", "single point of failure", "95% interval"];
    let spof = spof::charts(&failures(6));
    let texts = texts(&spof[0].picture);
    assert!(words.iter().all(|word| texts.iter().any(|text| text == word)), "{texts:?}");
    assert!(data_shapes(&spof[0].picture) >= 6 && data_shapes(&spof[1].picture) >= 12);
}

#[test]
fn intervals_are_drawn_where_there_are_any() {
    let mut outcome = example::outcome();
    let areas = |outcome: &Outcome, name: &str| {
        let charts = of(outcome);
        let chart = charts.iter().find(|chart| chart.name == name).unwrap();
        chart.picture.shapes.iter().filter(|shape| matches!(shape, Shape::Area { .. })).count()
    };
    assert_eq!(areas(&outcome, "latency-over-time"), 3);
    assert_eq!(areas(&outcome, "latency-distribution"), 4);
    assert_eq!(areas(&outcome, "throughput"), 1);
    assert_eq!(areas(&outcome, "queues"), 1);
    assert_eq!(areas(&outcome, "replication-lag"), 1);
    outcome.pictured.intervals.clear();
    assert_eq!(areas(&outcome, "latency-over-time"), 0);
}

#[test]
fn the_pictures_of_time_show_when_faults_were() {
    let shades = |chart: &Chart| {
        let shade = |shape: &&Shape| matches!(shape, Shape::Box { opacity, .. } if *opacity == 0.08);
        chart.picture.shapes.iter().filter(shade).count()
    };
    for chart in of(&with_incidents(example::outcome())) {
        let texts = texts(&chart.picture);
        if ["topology", "latency-distribution", "time-spent"].contains(&chart.name.as_str()) {
            assert_eq!(shades(&chart), 0, "{} is not of time", chart.name);
            continue;
        }
        assert_eq!(shades(&chart), if chart.name == "utilization" { 0 } else { 4 }, "{}", chart.name);
        for label in ["7 app1 loses its power", "9 app1 loses its power", "10"] {
            assert!(texts.iter().any(|text| text == label), "{}: {label}: {texts:?}", chart.name);
        }
    }
}

#[test]
fn the_warm_up_is_shaded_and_said() {
    let charts = of(&example::outcome());
    for name in ["latency-over-time", "throughput", "failures"] {
        let chart = charts.iter().find(|chart| chart.name == name).unwrap();
        let said =
            texts(&chart.picture).iter().any(|text| text == "warm-up" || text.ends_with("; before 0: the warm-up"));
        assert!(said, "{name}");
        let shaded = |shape: &Shape| matches!(shape, Shape::Box { opacity, .. } if *opacity == 0.12);
        assert!(chart.picture.shapes.iter().any(shaded), "{name}");
    }
}

#[test]
fn pictures_of_nothing_say_so() {
    for chart in of(&example::nothing()) {
        let said = ["No ", "Nothing happened", "Nobody ", "There is nothing"];
        let texts = texts(&chart.picture);
        assert!(texts.iter().any(|text| said.iter().any(|start| text.starts_with(start))), "{}: {texts:?}", chart.name);
        assert!(!chart.svg().contains("NaN"), "{}", chart.name);
    }
}

#[test]
fn a_name_with_markup_does_not_break_out() {
    let mut outcome = example::outcome();
    outcome.summary.scenario = ScenarioId { name: "<b>&\"peak".into(), sha256: String::new() };
    outcome.pictured.distribution[1].class = "<script>".into();
    outcome.merged.station_names[0] = "]]><svg onload='x'>".into();
    for chart in of(&outcome) {
        let svg = chart.svg();
        for markup in ["<b>", "<script>", "<svg onload"] {
            assert!(!svg.contains(markup), "{}", chart.name);
        }
        assert_eq!(svg.matches('<').count(), svg.matches('>').count(), "{}", chart.name);
    }
}

#[test]
fn what_is_kept_draws_the_same_bytes() {
    for stored in [Stored::Run(RunData::of(&with_incidents(example::outcome()))), Stored::Spof(failures(7))] {
        let again = stored::read(&stored::render(&stored)).unwrap();
        assert_eq!(again, stored);
        assert_eq!(files(&charts(&again), false), files(&charts(&stored), false));
    }
}

#[test]
fn what_is_damaged_or_of_another_version_is_not_drawn() {
    let whole = stored::render(&Stored::Run(RunData::of(&example::outcome())));
    for cut in [0, 1, whole.len() / 2, whole.len() - 3] {
        assert!(matches!(stored::read(&whole[..cut]), Err(StoredError::Damaged(_))), "cut at {cut}");
    }
    let newer = whole.replacen("\"charts_version\":1", "\"charts_version\":2", 1);
    assert_eq!(stored::read(&newer), Err(StoredError::Version { found: "2".into() }));
    for (from, to) in [
        ("\"of\":\"run\"", "\"of\":\"sweep\""),
        ("\"arrived_per_s\":[", "\"arrived_per_s\":[1.0,"),
        ("\"calls\":[[null,0]", "\"calls\":[[null,99]"),
        ("\"edges_s\":[", "\"edges_s\":[1e9,"),
        ("\"measured_s\":1800.0", "\"measured_s\":\"long\""),
        ("\"measured_s\":1800.0", "\"measured_s\":1e999"),
    ] {
        let changed = whole.replacen(from, to, 1);
        assert_ne!(changed, whole, "{from}");
        assert!(matches!(stored::read(&changed), Err(StoredError::Damaged(_))), "{to}");
    }
}

/// `cargo test pictures_to_look_at -- --ignored` with `CHARTS` set to a folder.
#[test]
#[ignore = "writes pictures for people to look at"]
fn pictures_to_look_at() {
    let folder = std::env::var("CHARTS").expect("CHARTS names a folder");
    let runs = [
        ("full", with_incidents(example::outcome())),
        ("nothing", example::nothing()),
        ("crowded", crowded()),
        ("few", few()),
    ];
    let mut all: Vec<(String, Chart)> = Vec::new();
    for (case, outcome) in &runs {
        all.extend(of(outcome).into_iter().map(|chart| (format!("{case}-{}", chart.name), chart)));
    }
    for count in [2, 6, 20] {
        let charts = spof::charts(&failures(count));
        all.extend(charts.into_iter().map(|chart| (format!("{count}-{}", chart.name), chart)));
    }
    for (name, chart) in all {
        std::fs::write(format!("{folder}/{name}.svg"), chart.svg()).unwrap();
    }
}

#[test]
fn the_files_hold_every_text_of_their_pictures() {
    let escaped = |text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        text.replace('"', "&quot;").replace('\'', "&apos;")
    };
    for chart in of(&with_incidents(example::outcome())) {
        let svg = chart.svg();
        let texts = texts(&chart.picture);
        assert_eq!(svg.matches("<text ").count(), texts.len(), "{}", chart.name);
        for text in texts {
            assert!(svg.contains(&format!(">\n{}\n</text>", escaped(&text))), "{}: {text}", chart.name);
        }
        assert!(svg.len() < 150_000, "{} has {} bytes", chart.name, svg.len());
    }
}

#[test]
fn the_pieces_serve_other_results() {
    use super::axis::Axis;
    use super::color::Pen;
    use super::dot_interval::{DotIntervals, Emphasis, Row};
    use super::line_chart::{Line, LineChart, Mark, MarkAt};
    let load: Vec<f64> = (1..=8).map(|i| f64::from(i) * 100.0).collect();
    let p99 = |rate: f64| 20.0 / (1.0 - rate / 850.0);
    let by_load = LineChart {
        title: "Load against latency",
        subtitle: "made up",
        x: Axis::linear("Arrival rate, requests per second", 100.0, 800.0),
        y: Axis::linear_or_log("p99, ms", load.iter().map(|rate| p99(*rate))),
        lines: vec![Line {
            name: "p99".into(),
            pen: Pen::nth(0),
            stroke: Default::default(),
            points: load.iter().map(|rate| (*rate, Some(p99(*rate)))).collect(),
            interval: load.iter().map(|rate| (*rate, p99(*rate) * 0.9, p99(*rate) * 1.1)).collect(),
        }],
        bands: Vec::new(),
        marks: vec![
            Mark { name: "knee".into(), at: MarkAt::X(600.0) },
            Mark { name: "objective: 200 ms".into(), at: MarkAt::Y(200.0) },
        ],
        if_empty: "Nothing was tried.",
    };
    let row = |name: &str, value: f64, emphasis| Row {
        name: name.into(),
        value: Some(value),
        interval: Some([value - 4.0, value + 4.0]),
        figures: format!("{value:+.1} ms"),
        emphasis,
    };
    let differences = DotIntervals {
        title: "What changed",
        subtitle: "made up",
        axis: Axis::linear("Difference of p99, ms", -12.0, 31.0),
        rows: vec![row("image", -8.0, Emphasis::Plain), row("checkout", 27.0, Emphasis::Strong)],
        rows_title: "Class",
        figures_title: "B less A",
        interval: "95% interval",
        legend: [(Emphasis::Strong, "worse"), (Emphasis::Plain, "better"), (Emphasis::Open, "undecided")],
        reference: Some((0.0, "no difference")),
        within: None,
        if_empty: "Nothing was compared.",
    };
    for (picture, words) in [
        (by_load.picture(), ["knee", "objective: 200 ms", "Arrival rate, requests per second", "p99"]),
        (differences.picture(), ["no difference", "worse", "-8.0 ms", "Difference of p99, ms"]),
    ] {
        assert_eq!(faults(&picture.title, &picture), Vec::<String>::new());
        let texts = texts(&picture);
        assert!(words.iter().all(|word| texts.iter().any(|text| text == word)), "{texts:?}");
    }
}

#[test]
fn drawings_hold_together_whatever_was_found() {
    use super::drawing::{AxisScale, Dot, Drawing, Line, Lines, Map, Ranking, Row, Shows};
    let long = "traffic.visitors-of-the-north-american-storefront.client.requests_per_connection +10%";
    let drawing = |name: &str, shows| Drawing {
        name: name.into(),
        title: format!("{name}: {long}"),
        subtitle: long.repeat(2),
        shows,
    };
    let line = |name: &str, points: &[[f64; 2]]| Line {
        name: name.into(),
        points: points.to_vec(),
        interval: points.iter().map(|&[x, y]| [x, 0.8 * y, 1.3 * y]).collect(),
        stroke: line_chart::Stroke::Dotted,
        left_out: 3,
    };
    let row = |name: &str, value: Option<f64>| Row {
        name: name.into(),
        value,
        ci95: value.map(|value| [value - 1.0, value + 2.0]),
        figures: "meets: 1,234.5 ±12.3 ms".into(),
        dot: Dot::Open,
    };
    let ranking = |rows: Vec<Row>, scale| {
        Shows::Ranking(Ranking {
            axis: "Change, %".into(),
            scale,
            rows_title: "Parameter".into(),
            figures_title: "change of p99, 95%".into(),
            interval: "95% interval".into(),
            rows,
            legend: ["one".into(), "two".into(), "three".into()],
            reference: Some((0.0, "as it is".into())),
            within: None,
        })
    };
    let lines = |lines: Vec<Line>, at_x: &[(&str, f64)]| {
        Shows::Lines(Lines {
            x: long.into(),
            y: "ms".into(),
            lines,
            at_x: at_x.iter().map(|(name, at)| (name.to_string(), *at)).collect(),
            at_y: vec![("objective for p99".into(), 300.0)],
            ..Lines::default()
        })
    };
    let map = |columns: usize, rows: usize| {
        Shows::Map(Map {
            columns_title: long.into(),
            columns: (0..columns).map(|i| format!("{}/s", i * 100)).collect(),
            rows_title: "service.app.workers".into(),
            rows: (0..rows).map(|i| (format!("lognormal({i} ms, cv 0.8)"), vec![Some(7.0); columns])).collect(),
            of: "p99 with failures, ms".into(),
            contour: Some(200.0),
        })
    };
    let cases = [
        drawing("no-lines", lines(Vec::new(), &[])),
        drawing("a-point", lines(vec![line("p99", &[[100.0, 5.0]])], &[("2225 ±9 requests/s", 100.0)])),
        drawing(
            "many",
            lines((0..20).map(|i| line(long, &[[1.0, f64::from(i)], [9.0, 700.0]])).collect(), &[("knee", 8.9)]),
        ),
        drawing("no-rows", ranking(Vec::new(), AxisScale::Differences)),
        drawing("one-row", ranking(vec![row("a", None)], AxisScale::Near)),
        drawing(
            "rows",
            ranking((0..40).map(|i| row(long, Some(f64::from(i) - 20.0))).collect(), AxisScale::Differences),
        ),
        drawing(
            "costs",
            ranking((1..5).map(|i| row(long, Some(f64::from(i * i * i * 90)))).collect(), AxisScale::FromZero),
        ),
        drawing("no-map", map(0, 0)),
        drawing("map", map(5, 3)),
        drawing("large-map", map(40, 40)),
    ];
    let mut found = Vec::new();
    for case in &cases {
        case.check().unwrap();
        found.extend(faults(&case.name, &case.chart().picture));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let stored = Stored::Drawings { drawings: cases.to_vec() };
    assert_eq!(stored::read(&stored::render(&stored)), Ok(stored));
    let torn = Shows::Map(Map {
        columns: vec!["one".into()],
        ..match map(5, 3) {
            Shows::Map(map) => map,
            _ => unreachable!(),
        }
    });
    let error = stored::read(&stored::render(&Stored::Drawings { drawings: vec![drawing("torn", torn)] })).unwrap_err();
    assert!(error.to_string().contains("has 5 cells, not 1"), "{error}");
}

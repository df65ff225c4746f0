//! Public logs of others, read where they lie: they are not part of the project, so without them these
//! tests say so and pass. FOOBAR_SIM_SHARED names the folder that holds `traces/`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use foobar_sim::scenario::{Columns, RecordedWork, Stamp, TraceFormat, TraceSource};
use foobar_sim::workload::trace::{TraceCounts, TraceError, TraceReader, TraceRecord, TraceSummary, convert, summary};

fn trace(name: &str) -> Option<PathBuf> {
    let folder = match std::env::var_os("FOOBAR_SIM_SHARED") {
        Some(shared) => PathBuf::from(shared).join("traces"),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/traces")),
    };
    let file = folder.join(name);
    if !file.exists() {
        println!("skipped: {} is not here", file.display());
        return None;
    }
    Some(file)
}

/// Requests, other lines, malformed lines.
fn kinds(counts: &TraceCounts) -> (u64, u64, u64) {
    (counts.requests, counts.other, counts.malformed)
}

fn source(summary: &TraceSummary) -> TraceSource {
    TraceSource {
        file: summary.file.clone(),
        format: summary.format.clone(),
        rules: Vec::new(),
        otherwise: Some(0),
        speed: 1.0,
        repeat: 1,
        window_s: None,
        max_malformed: 0.5,
        sort_buffer: 10_000,
        work: Vec::new(),
        sizes: true,
    }
}

/// Plays it: every request comes, in order, and the counts are those of the summary.
fn play(source: &TraceSource) -> (Vec<TraceRecord>, TraceCounts) {
    let mut reader = TraceReader::open(source).unwrap();
    let records: Vec<TraceRecord> = reader.by_ref().map(|record| record.unwrap()).collect();
    assert!(records.is_sorted_by(|a, b| a.arrival_s <= b.arrival_s));
    assert_eq!(records[0].arrival_s, 0.0);
    (records, reader.counts().clone())
}

/// The summary with the format detected, after playing it as well.
fn load(name: &str) -> Option<TraceSummary> {
    let summary = summary(&trace(name)?, None).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let (records, counts) = play(&source(&summary));
    assert_eq!(records.len() as u64, summary.counts.requests, "{name}");
    assert_eq!(kinds(&counts), kinds(&summary.counts), "{name}");
    let span_s = records.last().unwrap().arrival_s;
    assert!((span_s - summary.span_s).abs() < 1e-6, "{name}: {span_s} s and {} s", summary.span_s);
    Some(summary)
}

/// Within 3%: how windows are laid, and what becomes of the last one, is a matter of taste.
fn assert_dispersion(summary: &TraceSummary, expected: &[f64]) {
    for (&(window_s, found), expected) in summary.dispersion.iter().zip(expected) {
        let found = found.unwrap();
        assert!((found / expected - 1.0).abs() < 0.03, "{found} at {window_s} s, expected {expected}");
    }
}

#[test]
fn an_old_haproxy_log_of_fifteen_days_is_read_whole() {
    let Some(summary) = load("raravena80_haproxy.log.gz") else { return };
    assert_eq!(summary.format, TraceFormat::HaproxyHttp);
    assert_eq!(kinds(&summary.counts), (17_211, 0, 0));
    assert!((14.0..16.0).contains(&(summary.span_s / 86_400.0)), "{} s", summary.span_s);
    // 7,858 of 17,211 reached no server: no Tq, Tw, Tc, Tr, but a total.
    assert!((summary.timers[3].missing - 7858.0 / 17_211.0).abs() < 1e-3, "{:?}", summary.timers);
    assert_eq!(summary.timers[4].missing, 0.0);

    let mut source = source(&summary);
    source.work = vec![RecordedWork { column: "Tr".into(), unit_s: 1e-3, recorded_workers: None }];
    let (records, counts) = play(&source);
    assert_eq!(counts.without_work, records.iter().filter(|record| record.work_s[0].is_none()).count() as u64);
    assert!(counts.without_work >= 7858);
}

#[test]
fn an_nginx_json_log_stamped_at_the_end_is_sorted_by_arrival() {
    let Some(summary) = load("private_isu_nginx.jsonl.gz") else { return };
    let TraceFormat::JsonLines(columns) = &summary.format else { panic!("{:?}", summary.format) };
    assert!(columns.stamp_is_end && columns.duration.as_deref() == Some("request_time"));
    assert_eq!(kinds(&summary.counts), (4122, 0, 0));
    assert!(summary.late > 0 && summary.displacement_max > 10);
    assert!((65.0..80.0).contains(&summary.span_s), "{} s", summary.span_s);
    // One client takes 30.9 s.
    assert!((summary.timers[0].spread_s.unwrap().max - 30.9).abs() < 0.1);
}

#[test]
fn a_shop_log_with_a_pipe_in_its_urls_is_read_whole() {
    let Some(summary) = load("shop_access.log.gz") else { return };
    assert!(matches!(summary.format, TraceFormat::Combined { .. }));
    assert_eq!(kinds(&summary.counts), (1000, 0, 0));
    assert_eq!((summary.span_s, summary.rate_peak_per_s), (177.0, 23));
    assert!((summary.rate_mean_per_s.unwrap() - 5.65).abs() < 0.01);
}

#[test]
fn arrivals_without_anything_else_are_a_trace_and_tokens_may_stand_in_for_work() {
    let Some(summary) = load("azure_llm_code.csv.gz") else { return };
    assert_eq!(kinds(&summary.counts), (8819, 0, 0));
    assert_dispersion(&summary, &[13.0, 71.0, 161.0]);
    let mut source = source(&summary);
    source.work = vec![
        RecordedWork { column: "ContextTokens".into(), unit_s: 1e-4, recorded_workers: None },
        RecordedWork { column: "GeneratedTokens".into(), unit_s: 1e-2, recorded_workers: None },
    ];
    let (records, _) = play(&source);
    assert!((records[0].work_s[0].unwrap() - 0.4808).abs() < 1e-12);
    assert!((records[0].work_s[1].unwrap() - 0.10).abs() < 1e-12);
    // Sub-microsecond stamps: 18:17:03.9799600 and 18:17:04.0319600.
    assert!((records[1].arrival_s - 0.052).abs() < 1e-9);
}

#[test]
fn small_logs_of_each_supported_format_are_detected() {
    // Reason for each that is no request: HAProxy messages; an access line without identity and user;
    // Caddy's own messages.
    let expected: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::from([
        ("formats/haproxy_log_test.log", (4, 0, 0)),
        ("formats/lnav_haproxy.log", (13, 4, 0)),
        ("formats/lnav_bad_access_log.0", (2, 0, 1)),
        ("formats/nginx_ingress_test.log", (4, 0, 0)),
        ("formats/traefik_clf_test.log", (2, 0, 0)),
        ("formats/lnav_caddy.0", (4, 35, 0)),
    ]);
    for (name, kinds_expected) in expected {
        let Some(file) = trace(name) else { continue };
        let found = summary(&file, None).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(kinds(&found.counts), kinds_expected, "{name}: {:?}", found.counts.examples);
        let mut source = source(&found);
        source.max_malformed = 0.5;
        assert_eq!(play(&source).0.len() as u64, found.counts.requests, "{name}");
    }
}

#[test]
fn formats_that_are_not_supported_are_named() {
    let expected = [
        ("formats/elb_classic_test.log", "AWS ELB logs are not supported yet"),
        ("formats/envoy_test.log", "Envoy access logs are not supported yet"),
        ("formats/lnav_w3c.0", "W3C extended logs (IIS, CloudFront) are not supported yet"),
        ("formats/lnav_w3c.1", "W3C"),
        ("formats/lnav_w3c.2", "W3C"),
        ("formats/lnav_w3c.3", "W3C"),
        ("formats/lnav_w3c.4", "W3C"),
        ("formats/lnav_w3c.6", "W3C"),
        ("formats/beats_mysql_8.0.15_slow_extra.log", "MySQL slow query logs are not supported yet"),
        ("formats/lnav_mysql_slow.0", "MySQL slow query logs are not supported yet"),
    ];
    for (name, message) in expected {
        let Some(file) = trace(name) else { continue };
        let fault = summary(&file, None).err().unwrap_or_else(|| panic!("{name} was taken for something"));
        assert!(matches!(fault, TraceError::Unsupported { .. }), "{name}: {fault}");
        assert!(fault.to_string().contains(message), "{name}: {fault}");
        // Forced into a format that it is not, every line is counted.
        let forced = summary(&file, Some(TraceFormat::Combined { stamp: Stamp::End })).unwrap();
        assert_eq!(forced.counts.malformed, forced.counts.lines, "{name}");
        assert_eq!(forced.counts.requests, 0, "{name}");
    }
}

#[test]
fn a_converted_trace_is_the_same_trace() {
    let Some(file) = trace("private_isu_nginx.jsonl.gz") else { return };
    let original = play(&source(&summary(&file, None).unwrap())).0;
    let mut rows = Vec::new();
    convert(&file, None, &mut rows).unwrap();
    let columns = Columns {
        time: "arrival_s".into(),
        method: Some("method".into()),
        path: Some("path".into()),
        bytes: Some("bytes".into()),
        duration: Some("duration_s".into()),
        duration_unit_s: 1.0,
        ..Columns::default()
    };
    let mut converted = source(&summary(&file, None).unwrap());
    converted.format = TraceFormat::Csv(columns);
    let again: Vec<TraceRecord> =
        TraceReader::from_bytes(&converted, rows.into()).unwrap().map(|record| record.unwrap()).collect();
    assert_eq!(again.len(), original.len());
    for (a, b) in again.iter().zip(&original) {
        assert!((a.arrival_s - b.arrival_s).abs() < 1e-8 && a.bytes == b.bytes);
    }
}

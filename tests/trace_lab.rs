//! Our own recordings of a real stack (HAProxy, nginx, an application with 4 workers behind one queue),
//! read the way users read theirs. The application's own log says what the answer is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use foobar_sim::scenario::{Columns, RecordedWork, Stamp, TraceFormat, TraceSource};
use foobar_sim::workload::trace::{TraceReader, TraceRecord, convert, detect, summary};

fn lab(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/lab")).join(name)
}

fn source(file: PathBuf, format: TraceFormat, work: &[(&str, f64, Option<u32>)]) -> TraceSource {
    TraceSource {
        file,
        format,
        rules: Vec::new(),
        otherwise: Some(0),
        speed: 1.0,
        repeat: 1,
        window_s: None,
        max_malformed: 0.0,
        sort_buffer: 10_000,
        work: work
            .iter()
            .map(|&(column, unit_s, recorded_workers)| RecordedWork { column: column.into(), unit_s, recorded_workers })
            .collect(),
        sizes: true,
    }
}

/// Columns of the application's log: id, kind, arrival, waiting, service (ms), and others.
fn application_log(file: &str) -> TraceSource {
    let columns = Columns { time: "3".into(), class: Some("2".into()), duration_unit_s: 1e-3, ..Columns::default() };
    source(lab(file), TraceFormat::Csv(columns), &[("5", 1e-3, None), ("4", 1e-3, None)])
}

/// Mean of the first column of work, its standard deviation, and the number of records.
fn moments(source: &TraceSource) -> (f64, f64, usize) {
    let work: Vec<f64> = TraceReader::open(source).unwrap().map(|record| record.unwrap().work_s[0].unwrap()).collect();
    let mean = work.iter().sum::<f64>() / work.len() as f64;
    let variance = work.iter().map(|work| (work - mean).powi(2)).sum::<f64>() / work.len() as f64;
    (mean, variance.sqrt(), work.len())
}

fn assert_recovered(load: &str, timer: &str, recorded: &TraceSource) {
    let (truth, truth_deviation, requests) = moments(&application_log(&format!("{load}-app1.csv.gz")));
    let (found, found_deviation, lines) = moments(recorded);
    assert_eq!(lines, requests, "{load}: the logs do not hold the same requests");
    assert!((found / truth - 1.0).abs() < 0.05, "{load} {timer}: mean {found} s, really {truth} s");
    assert!(
        (found_deviation / truth_deviation - 1.0).abs() < 0.05,
        "{load} {timer}: deviation {found_deviation} s, really {truth_deviation} s"
    );
}

#[test]
fn service_times_come_back_from_haproxys_log_alone() {
    for load in ["e1-a50", "e1-a70"] {
        let file = lab(&format!("{load}-haproxy.log.gz"));
        assert_recovered(load, "Tr", &source(file, TraceFormat::HaproxyHttp, &[("Tr", 1e-3, Some(4))]));
    }
}

#[test]
fn service_times_come_back_from_nginxs_log_alone() {
    for load in ["e1-a50", "e1-a70"] {
        let file = lab(&format!("{load}-nginx-access.log.gz"));
        let format = TraceFormat::Combined { stamp: Stamp::End };
        assert_recovered(load, "urt", &source(file, format, &[("urt", 1.0, Some(4))]));
    }
}

#[test]
fn waiting_that_was_taken_out_is_noted_and_taken_as_work_it_would_mislead() {
    let file = lab("e1-a70-haproxy.log.gz");
    let (truth, ..) = moments(&application_log("e1-a70-app1.csv.gz"));
    let (naive, ..) = moments(&source(file.clone(), TraceFormat::HaproxyHttp, &[("Tr", 1e-3, None)]));
    assert!(naive > 1.2 * truth, "Tr {naive} s holds waiting beyond the service of {truth} s");

    let mut reader = TraceReader::open(&source(file, TraceFormat::HaproxyHttp, &[("Tr", 1e-3, Some(4))])).unwrap();
    assert!(reader.by_ref().all(|record| record.is_ok()));
    assert!(reader.counts().notes[0].starts_with("Tr contained "), "{:?}", reader.counts().notes);
    assert_eq!(reader.counts().malformed, 0);
}

#[test]
fn the_distribution_of_service_times_comes_back_and_not_only_its_mean() {
    let sorted = |source: &TraceSource| {
        let mut work: Vec<f64> =
            TraceReader::open(source).unwrap().map(|record| record.unwrap().work_s[0].unwrap()).collect();
        work.sort_by(f64::total_cmp);
        work
    };
    let truth = sorted(&application_log("e1-a70-app1.csv.gz"));
    let file = lab("e1-a70-haproxy.log.gz");
    let found = sorted(&source(file, TraceFormat::HaproxyHttp, &[("Tr", 1e-3, Some(4))]));
    for q in [0.25, 0.5, 0.75, 0.9, 0.99] {
        let at = (q * truth.len() as f64) as usize;
        let error_s = (found[at] - truth[at]).abs();
        assert!(error_s < 0.002 + 0.05 * truth[at], "quantile {q}: {} s, really {} s", found[at], truth[at]);
    }
}

#[test]
fn all_logs_of_one_load_agree_on_who_came_when() {
    let first = |source: &TraceSource| TraceReader::open(source).unwrap().map(|r| r.unwrap()).collect::<Vec<_>>();
    let haproxy = first(&source(lab("e1-a50-haproxy.log.gz"), TraceFormat::HaproxyHttp, &[]));
    let format = TraceFormat::Combined { stamp: Stamp::End };
    let nginx = first(&source(lab("e1-a50-nginx-access.log.gz"), format, &[]));
    let columns = Columns {
        time: "sched_s".into(),
        class: Some("kind".into()),
        duration: Some("lat_ms".into()),
        duration_unit_s: 1e-3,
        ..Columns::default()
    };
    let load = first(&source(lab("e1-a50-load.csv.gz"), TraceFormat::Csv(columns), &[]));
    assert_eq!((haproxy.len(), nginx.len(), load.len()), (5961, 5961, 5961));
    let far = |a: &[TraceRecord], b: &[TraceRecord]| {
        a.iter().zip(b).filter(|(a, b)| (a.arrival_s - b.arrival_s).abs() > 0.010).count()
    };
    // Within 10 ms: TLS handshakes, a busy machine, and the milliseconds of the logs. Nearly all of them.
    assert!(far(&haproxy, &nginx) < 60, "{} of HAProxy and nginx differ", far(&haproxy, &nginx));
    assert!(far(&haproxy, &load) < 120, "{} of HAProxy and client differ", far(&haproxy, &load));
    let bytes: BTreeMap<u64, usize> = haproxy.iter().fold(BTreeMap::new(), |mut all, record| {
        *all.entry(record.bytes.unwrap() as u64).or_default() += 1;
        all
    });
    assert!(bytes.keys().all(|&bytes| (120..=130).contains(&bytes)), "{bytes:?}");
}

#[test]
fn formats_are_detected_and_summaries_see_the_same_traffic_in_each() {
    let detected = |name| detect(&lab(name)).unwrap();
    assert_eq!(detected("e1-a50-haproxy.log.gz"), TraceFormat::HaproxyHttp);
    assert_eq!(detected("e1-a50-nginx-access.log.gz"), TraceFormat::Combined { stamp: Stamp::End });
    let TraceFormat::Csv(columns) = detected("e1-a50-load.csv.gz") else { panic!("the client's log is CSV") };
    assert_eq!((columns.time.as_str(), columns.duration.as_deref()), ("sched_s", Some("lat_ms")));
    for name in ["e1-a50-haproxy.log.gz", "e1-a50-nginx-access.log.gz", "e1-a50-load.csv.gz"] {
        let found = summary(&lab(name), None).unwrap();
        assert_eq!((found.counts.requests, found.counts.malformed), (5961, 0), "{name}");
        assert!((found.rate_mean_per_s.unwrap() - 50.0).abs() < 1.0, "{name}: {:?}", found.rate_mean_per_s);
        // Poisson arrivals.
        assert!((0.7..1.3).contains(&found.dispersion[0].1.unwrap()), "{name}: {:?}", found.dispersion);
    }
}

#[test]
fn a_converted_log_has_the_same_arrivals_and_durations() {
    let file = lab("e1-a50-nginx-access.log.gz");
    let mut rows = Vec::new();
    let counts = convert(&file, None, &mut rows).unwrap();
    assert_eq!((counts.requests, counts.malformed), (5961, 0));
    let text = std::str::from_utf8(&rows).unwrap();
    // 20:37:29.524 less 7 ms is the first arrival.
    assert!(text.starts_with(
        "arrival_s,method,path,status,bytes,duration_s\n0.000000000,GET,/app/read?id=1&st=6.325,200,3,0.007\n"
    ));

    let columns = Columns {
        time: "arrival_s".into(),
        method: Some("method".into()),
        path: Some("path".into()),
        duration_unit_s: 1.0,
        ..Columns::default()
    };
    let again = source("converted.csv".into(), TraceFormat::Csv(columns), &[("duration_s", 1.0, None)]);
    let again = TraceReader::from_bytes(&again, rows.into()).unwrap();
    let original = source(file, TraceFormat::Combined { stamp: Stamp::End }, &[("rt", 1.0, None)]);
    let original = TraceReader::open(&original).unwrap();
    let mut compared = 0;
    for (a, b) in again.zip(original) {
        let (a, b) = (a.unwrap(), b.unwrap());
        assert!((a.arrival_s - b.arrival_s).abs() < 1e-8 && a.work_s == b.work_s);
        compared += 1;
    }
    assert_eq!(compared, 5961);
}

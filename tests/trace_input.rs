//! Bad input: each fault names the file, the line where there is one, and a remedy. And what the options
//! of a trace do, on traces of a few lines.

use std::io::Write;
use std::path::Path;

use proptest::prelude::*;

use flate2::{Compression, write::GzEncoder};
use foobar_sim::scenario::{Columns, RecordedWork, Stamp, TraceFormat, TraceRule, TraceSource};
use foobar_sim::workload::trace::{TraceError, TraceReader, TraceRecord, detect, summary};

fn csv() -> TraceFormat {
    TraceFormat::Csv(Columns {
        time: "t".into(),
        path: Some("path".into()),
        bytes: Some("bytes".into()),
        duration_unit_s: 1.0,
        ..Columns::default()
    })
}

fn source(format: TraceFormat) -> TraceSource {
    TraceSource {
        file: "trace.log".into(),
        format,
        rules: Vec::new(),
        otherwise: Some(0),
        speed: 1.0,
        repeat: 1,
        window_s: None,
        max_malformed: 0.0,
        sort_buffer: 100,
        work: Vec::new(),
        sizes: false,
    }
}

fn reader(source: &TraceSource, text: &str) -> Result<TraceReader, TraceError> {
    TraceReader::from_bytes(source, text.as_bytes().into())
}

fn play(source: &TraceSource, text: &str) -> Result<Vec<TraceRecord>, TraceError> {
    reader(source, text)?.collect()
}

fn arrivals(source: &TraceSource, text: &str) -> Vec<f64> {
    play(source, text).unwrap().iter().map(|record| record.arrival_s).collect()
}

#[track_caller]
fn assert_fault<T>(result: Result<T, TraceError>, parts: &[&str]) {
    let message = result.err().expect("was taken").to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

fn open_and_play(file: &Path) -> Result<usize, TraceError> {
    let source = TraceSource { file: file.to_path_buf(), ..source(TraceFormat::HaproxyHttp) };
    Ok(TraceReader::open(&source)?.collect::<Result<Vec<_>, _>>()?.len())
}

fn haproxy_line(i: usize) -> String {
    format!(
        "h[1]: 10.0.0.1:{} [22/Nov/2026:20:{:02}:{:02}.{:03}] fe be/s 0/0/0/7/8 200 {} - - ---- 1/1/0/0/0 0/0 \"GET /{} HTTP/1.1\"\n",
        i % 60_000,
        i / 60_000,
        i / 1000 % 60,
        i % 1000,
        i * 31 % 5000,
        i * 7919 % 1009
    )
}

#[test]
fn a_missing_file_and_a_directory_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    assert_fault(open_and_play(&folder.path().join("no.log")), &["no.log", "no such file"]);
    assert_fault(open_and_play(folder.path()), &["is a directory", "name one log file"]);
}

#[test]
fn an_empty_file_is_an_error_plain_or_gzip() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("empty.log");
    std::fs::write(&plain, "").unwrap();
    assert_fault(open_and_play(&plain), &["empty.log", "is empty"]);
    let gzip = folder.path().join("empty.log.gz");
    std::fs::write(&gzip, GzEncoder::new(Vec::new(), Compression::fast()).finish().unwrap()).unwrap();
    assert_fault(open_and_play(&gzip), &["empty.log.gz", "is empty"]);
    assert_fault(play(&source(csv()), "t,path,bytes\n"), &["no lines but blank ones or a header"]);
}

#[test]
fn damaged_gzip_names_the_line_up_to_which_it_could_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    (0..20_000).for_each(|i| encoder.write_all(haproxy_line(i).as_bytes()).unwrap());
    let whole = encoder.finish().unwrap();
    let file = folder.path().join("some.log.gz");

    std::fs::write(&file, &whole).unwrap();
    assert_eq!(open_and_play(&file).unwrap(), 20_000);

    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert_fault(open_and_play(&file), &["some.log.gz", "ends in the middle of line", "zcat"]);
    assert_fault(summary(&file, None), &["ends in the middle of line"]);

    // The checksum does not fit: four bytes of it and four of the length are the last.
    let mut corrupt = whole.clone();
    let checksum = corrupt.len() - 8;
    corrupt[checksum] ^= 1;
    std::fs::write(&file, &corrupt).unwrap();
    assert_fault(open_and_play(&file), &["some.log.gz", "damaged at line 20001"]);

    // A block of a kind that there is not: three bits behind the header of ten bytes.
    let mut corrupt = whole;
    corrupt[10] |= 0b110;
    std::fs::write(&file, &corrupt).unwrap();
    assert_fault(open_and_play(&file), &["some.log.gz", "damaged at line", "copy the file again"]);
}

#[test]
fn a_file_of_another_format_shows_its_first_line() {
    let text = "2026-11-22 something else\n".repeat(3000);
    assert_fault(
        play(&source(TraceFormat::HaproxyHttp), &text),
        &["trace.log", "none of the 1000 lines", "HAProxy httplog", "line 1", "something else", "check `format`"],
    );
    assert_fault(play(&source(TraceFormat::HaproxyHttp), "x\n"), &["none of the 1 lines"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("what.txt");
    std::fs::write(&file, text).unwrap();
    assert_fault(detect(&file), &["what.txt", "format is not known"]);
}

#[test]
fn malformed_lines_are_counted_up_to_the_share_that_is_allowed() {
    let text = "t,path,bytes\n1,/a,1\n2,/a\n3,/a,1\n4,/a,1\n";
    assert_fault(play(&source(csv()), text), &["1 of 4 lines", "max_malformed = 0", "line 3", "raise max_malformed"]);
    let lenient = TraceSource { max_malformed: 0.25, ..source(csv()) };
    let mut reader = reader(&lenient, text).unwrap();
    assert_eq!(reader.by_ref().filter(|record| record.is_ok()).count(), 3);
    let counts = reader.counts();
    assert_eq!((counts.lines, counts.requests, counts.malformed), (4, 3, 1));
    assert_eq!(counts.examples[0].0, 3);
}

#[test]
fn too_many_malformed_lines_end_it_before_the_end() {
    let mut text = String::from("t,path,bytes\n0,/a,1\n");
    (0..5000).for_each(|_| text.push_str("x,/a,1\n"));
    let strict = TraceSource { sort_buffer: 0, ..source(csv()) };
    let mut reader = reader(&strict, &text).unwrap();
    assert!(reader.find(|record| record.is_err()).is_some());
    assert!(reader.counts().lines < 1100, "{} lines were read", reader.counts().lines);
}

#[test]
fn a_request_beyond_the_sort_buffer_names_its_line_and_the_remedy() {
    let text = "t,path,bytes\n10,/,1\n11,/,1\n12,/,1\n3,/,1\n";
    let narrow = TraceSource { sort_buffer: 1, ..source(csv()) };
    assert_fault(play(&narrow, text), &["trace.log:5", "raise sort_buffer (now 1 lines)"]);
    let wide = TraceSource { sort_buffer: 3, ..source(csv()) };
    assert_eq!(arrivals(&wide, text), [0.0, 7.0, 8.0, 9.0]);
}

#[test]
fn stamps_of_year_9999_or_before_1970_are_refused_with_their_line() {
    let line = |year: u32| format!("1.1.1.1 - - [22/Nov/{year}:20:37:29 +0000] \"GET / HTTP/1.1\" 200 1\n");
    let format = TraceFormat::Combined { stamp: Stamp::End };
    for text in [line(2026) + &line(9999), line(2026) + &line(1969), line(2026) + &line(2150)] {
        assert_fault(play(&source(format.clone()), &text), &["trace.log:2", "out of range", "repair or remove"]);
    }
}

#[test]
fn a_column_that_no_line_has_is_an_error() {
    let work = |column: &str| RecordedWork { column: column.into(), unit_s: 1.0, recorded_workers: None };
    let with = |format, column| TraceSource { work: vec![work(column)], ..source(format) };
    assert_fault(play(&with(csv(), "work"), "t,path,bytes\n1,/,1\n"), &["no column \"work\"", "t, path, bytes"]);
    assert_fault(play(&with(TraceFormat::HaproxyHttp, "rt"), &haproxy_line(0)), &["no column \"rt\"", "Tr"]);
    let line = "1.1.1.1 - - [22/Nov/2026:20:37:29 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\" urt=0.1\n";
    let format = TraceFormat::Combined { stamp: Stamp::End };
    assert_fault(play(&with(format.clone(), "rt"), line), &["no column \"rt\"", "none of the first 1 requests"]);
    assert_eq!(play(&with(format, "urt"), line).unwrap()[0].work_s[0], Some(0.1));
}

#[test]
fn the_first_rule_that_matches_wins_and_what_none_takes_is_counted() {
    let rule = |pattern: &str, class| TraceRule { pattern: regex::Regex::new(pattern).unwrap(), class };
    let mut source = TraceSource {
        rules: vec![rule("^GET /[0-4]", 7), rule("^GET /[3-6]", 8)],
        otherwise: None,
        ..source(TraceFormat::HaproxyHttp)
    };
    let text: String = (0..1000).map(haproxy_line).collect();
    let mut reader = reader(&source, &text).unwrap();
    let classes: Vec<usize> = reader.by_ref().map(|record| record.unwrap().class).collect();
    assert!(classes.contains(&7) && classes.contains(&8));
    assert_eq!(classes.len() as u64 + reader.counts().unmatched, 1000);
    assert!(reader.counts().unmatched > 0);
    source.otherwise = Some(9);
    let all = play(&source, &text).unwrap();
    assert_eq!(all.iter().filter(|record| record.class == 9).count(), 1000 - classes.len());
    source.rules = vec![rule("^POST", 1)];
    source.otherwise = None;
    assert_fault(play(&source, &text), &["no rule matches any of the 1000 requests", "GET /0"]);
}

#[test]
fn speed_divides_and_a_repetition_follows_after_one_mean_gap() {
    let text = "t,path,bytes\n100,/,1\n101,/,1\n104,/,1\n";
    let twice = TraceSource { repeat: 2, ..source(csv()) };
    assert_eq!(arrivals(&twice, text), [0.0, 1.0, 4.0, 6.0, 7.0, 10.0]);
    let fast = TraceSource { speed: 2.0, ..twice };
    assert_eq!(arrivals(&fast, text), [0.0, 0.5, 2.0, 3.0, 3.5, 5.0]);
    let mut reader = reader(&fast, text).unwrap();
    assert_eq!(reader.by_ref().count(), 6);
    assert_eq!(reader.counts().requests, 3);
}

#[test]
fn a_window_counts_from_the_first_arrival_and_time_begins_in_it() {
    let text = "t,path,bytes\n100,/,1\n101,/,2\n104,/,3\n105,/,4\n";
    let part = TraceSource { window_s: Some((1.0, 5.0)), sizes: true, ..source(csv()) };
    let records = play(&part, text).unwrap();
    let seen: Vec<(f64, Option<f64>)> = records.iter().map(|record| (record.arrival_s, record.bytes)).collect();
    assert_eq!(seen, [(0.0, Some(2.0)), (3.0, Some(3.0))]);
    let beyond = TraceSource { window_s: Some((50.0, 60.0)), ..source(csv()) };
    assert_fault(play(&beyond, text), &["no request is left", "from 50 s to 60 s", "lasts 5.000 s"]);
}

#[test]
fn bytes_that_are_not_utf8_break_nothing() {
    let mut bytes = b"t,path,bytes\n1,/\xff\xfe,1\n\xff\xff\xff\n".to_vec();
    bytes.extend(b"2,/,1\n");
    let rule = TraceRule { pattern: regex::Regex::new("^/").unwrap(), class: 3 };
    let source = TraceSource { rules: vec![rule], max_malformed: 0.5, ..source(csv()) };
    let mut reader = TraceReader::from_bytes(&source, bytes.into()).unwrap();
    assert_eq!(reader.by_ref().map(|record| record.unwrap().class).collect::<Vec<_>>(), [3, 3]);
    assert_eq!(reader.counts().malformed, 1);
}

/// A good line of each format, to be damaged.
fn good_lines() -> Vec<(TraceFormat, &'static str, String)> {
    let combined = "1.1.1.1 - - [22/Nov/2026:20:37:29 +0000] \"GET /a HTTP/1.1\" 200 1 \"-\" \"-\" ";
    let clf = "1.1.1.1 - - [22/Nov/2026:20:37:29 +0000] \"GET /a HTTP/1.1\" 200 1 \"\" \"\" 18957 515 \"fe\" \"be\" \"s\" 0 0 1 7 8 \"----\" 1 1 0 0 0 0 0 \"-\" \"-\"\n";
    let json = Columns {
        time: "ts".into(),
        path: Some("uri".into()),
        duration: Some("d".into()),
        duration_unit_s: 1.0,
        stamp_is_end: true,
        ..Columns::default()
    };
    let end = TraceFormat::Combined { stamp: Stamp::End };
    vec![
        (TraceFormat::HaproxyHttp, "Tr", haproxy_line(7)),
        (TraceFormat::HaproxyClf, "Tr", clf.into()),
        (end.clone(), "urt", format!("{combined}msec=1795379850.524 rt=0.250 urt=\"0.1, 0.1\"\n")),
        (end, "urt", format!("{combined}348 0.250 [a-80] [] 1:80, [::1]:80 61, 100 0.1, 0.4 200, 203 83\n")),
        (TraceFormat::JsonLines(json), "d", "{\"ts\":1761019828.5,\"uri\":\"/a\",\"d\":\"0.25\"}\n".into()),
        (csv(), "bytes", "1761019828.5,\"/a\"\"b\",77\n".into()),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_to_a_line_it_is_counted_and_nothing_breaks(
        which in 0usize..6,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 0..6),
    ) {
        let (format, column, good) = good_lines().swap_remove(which);
        let mut line = good.clone().into_bytes();
        for (at, byte, kind) in damage {
            if line.is_empty() {
                break;
            }
            let at = at.index(line.len());
            match kind {
                0 => line[at] = byte,
                1 => line.insert(at, byte),
                _ => line.truncate(at),
            }
        }
        let header: &[u8] = if matches!(format, TraceFormat::Csv(_)) { b"t,path,bytes\n" } else { b"" };
        let bytes = [header, good.as_bytes(), &line, b"\n", good.as_bytes()].concat();
        let work = vec![RecordedWork { column: column.into(), unit_s: 1e-3, recorded_workers: Some(1) }];
        let source = TraceSource { work, max_malformed: 1.0, ..source(format) };
        let mut reader = TraceReader::from_bytes(&source, bytes.into()).unwrap();
        let played: Result<Vec<TraceRecord>, TraceError> = reader.by_ref().collect();
        match played {
            Ok(records) => {
                let counts = reader.counts();
                prop_assert!(records.len() as u64 == counts.requests && counts.requests >= 2);
                prop_assert_eq!(counts.requests + counts.other + counts.malformed, counts.lines);
                prop_assert!(records.iter().all(|r| r.work_s[0].is_none_or(|work| work >= 0.0 && work.is_finite())));
            }
            Err(fault) => prop_assert!(matches!(fault, TraceError::StampRange { .. }), "{}", fault),
        }
    }
}

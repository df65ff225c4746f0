//! How many lines a second one core reads from memory, sorting included.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foobar_sim::scenario::{Columns, RecordedWork, TraceFormat, TraceSource};
use foobar_sim::workload::trace::TraceReader;

const LINES: u64 = 200_000;

fn source(format: TraceFormat, column: &str) -> TraceSource {
    TraceSource {
        file: "memory".into(),
        format,
        rules: Vec::new(),
        otherwise: Some(0),
        speed: 1.0,
        repeat: 1,
        window_s: None,
        max_malformed: 0.0,
        sort_buffer: 10_000,
        work: vec![RecordedWork { column: column.into(), unit_s: 1e-3, recorded_workers: None }],
        sizes: true,
    }
}

/// 1,000 lines a second; every third is some 40 ms late, as lines in order of completion are.
fn millisecond(i: u64) -> u64 {
    if i.is_multiple_of(3) { i.saturating_sub(i * 7919 % 80) } else { i }
}

fn haproxy() -> String {
    let line = |i: u64| {
        let ms = millisecond(i);
        format!(
            "<134>Nov 22 20:37:29 lb1 haproxy[18133]: 10.77.0.100:{} [22/Nov/2026:20:{:02}:{:02}.{:03}] fe_https~ be_dyn/web1 0/0/1/{}/{} 200 {} - - ---- 1/1/0/0/0 0/0 \"GET /app/read?id={i}&st=6.325 HTTP/1.1\"\n",
            10_000 + i % 50_000,
            ms / 60_000,
            ms / 1000 % 60,
            ms % 1000,
            i * 31 % 90,
            i * 31 % 90 + 1,
            i * 17 % 9000
        )
    };
    (0..LINES).map(line).collect()
}

fn csv() -> String {
    let line = |i: u64| {
        let ms = millisecond(i);
        format!("{i},read,{}.{:03}391,200,{}.325\n", 1_795_379_849 + ms / 1000, ms % 1000, i * 31 % 90)
    };
    std::iter::once("id,kind,time,status,serv_ms\n".to_string()).chain((0..LINES).map(line)).collect()
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("trace");
    group.throughput(Throughput::Elements(LINES)).sample_size(10);
    let columns = Columns {
        time: "time".into(),
        class: Some("kind".into()),
        status: Some("status".into()),
        duration_unit_s: 1.0,
        ..Columns::default()
    };
    let inputs = [
        ("haproxy", source(TraceFormat::HaproxyHttp, "Tr"), haproxy()),
        ("csv", source(TraceFormat::Csv(columns), "serv_ms"), csv()),
    ];
    for (name, source, text) in inputs {
        let bytes: Arc<[u8]> = text.into_bytes().into();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let reader = TraceReader::from_bytes(&source, Arc::clone(&bytes)).expect("generated");
                let work_s: f64 = reader.map(|record| record.expect("generated").work_s[0].unwrap_or(0.0)).sum();
                black_box(work_s)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);

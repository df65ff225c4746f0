//! What a sweep writes, and that an interruption costs no more than the points under way.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{DESK, Place, column, contents};

const RATES: &str = "traffic.callers.rate=10/s..90/s/10/s";

#[test]
fn each_point_has_one_row_with_its_inputs_and_estimates() {
    let place = Place::new();
    let out =
        place.done(&["sweep", "desk.toml", "--vary", RATES, "--vary", "service.desk.workers=1,2", "-o", "s", "-q"]);
    let table = place.table("s");
    assert_eq!(column(&table, "point"), (1..=18).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(column(&table, "traffic.callers.rate")[..3], ["10/s", "10/s", "20/s"]);
    assert_eq!(column(&table, "service.desk.workers")[..3], ["1", "2", "1"]);
    let number = |name: &str| -> Vec<f64> { column(&table, name).iter().map(|cell| cell.parse().unwrap()).collect() };
    let (mean, low, high) = (
        number("traffic.all.latency_mean_ms"),
        number("traffic.all.latency_mean_ms_low"),
        number("traffic.all.latency_mean_ms_high"),
    );
    assert!((0..18).all(|i| low[i] <= mean[i] && mean[i] <= high[i]));
    // one worker at 50%: twice the service time
    assert!((mean[8] / 20.0 - 1.0).abs() < 0.2, "{}", mean[8]);
    // the same traffic at every point: two workers answer exactly whom one does at low load
    assert_eq!(column(&table, "traffic.question.offered")[0], column(&table, "traffic.question.offered")[1]);
    for text in ["desk: a sweep of 18 points", "Knee", "p99 bends upwards at traffic.callers.rate=", "Best points"] {
        assert!(out.contains(text), "{text}: {out}");
    }
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(place.path("s/sweep.json")).unwrap()).unwrap();
    assert_eq!(json["points"], 18);
    assert!(out.replace('\n', " ").contains(json["sha256"].as_str().unwrap()));

    // the same command again has nothing to do and says the same
    let again =
        place.done(&["sweep", "desk.toml", "--vary", RATES, "--vary", "service.desk.workers=1,2", "-o", "s", "-q"]);
    assert_eq!((again, place.table("s")), (out, table));
}

#[test]
fn load_against_latency_is_drawn_with_the_knee_and_two_keys_as_a_map() {
    let place = Place::with(&format!("{DESK}\n[[slo]]\nthat = \"latency_p99 < 120 ms\"\n"));
    let out = place.done(&["sweep", "desk.toml", "--vary", RATES, "-o", "line", "-q"]);
    assert!(out.contains("Of those that miss no objective"), "{out}");
    let read = |file: &str| std::fs::read_to_string(place.path(file)).unwrap();
    let line = read("line/sweep-latency.svg");
    for word in ["traffic.callers.rate, /s", "p99", "p50", "knee", "objective for p99"] {
        assert!(line.contains(word), "{word}");
    }
    let two = ["--vary", "service.desk.workers=1,2,3", "--vary", "traffic.callers.rate=30/s,60/s,90/s"];
    place.done(&[&["sweep", "desk.toml", "-o", "grid", "-q"], &two[..]].concat());
    assert!(read("grid/sweep-latency.svg").contains("workers=3"));
    let map = read("grid/sweep-map.svg");
    for word in ["service.desk.workers", "traffic.callers.rate", "30/s", "p99 with failures, ms"] {
        assert!(map.contains(word), "{word}");
    }
    place.done(&["chart", "grid", "-o", "drawn", "-q"]);
    assert_eq!(read("drawn/sweep-map.svg"), map);
    assert_eq!(read("drawn/report.html"), read("grid/report.html"));
    place.done(&["sweep", "merge", "grid", "--png", "-q"]);
    assert!(std::fs::read(place.path("grid/sweep-map.png")).unwrap().starts_with(b"\x89PNG\r\n"));
    assert_eq!(read("drawn/report.html"), read("grid/report.html"), "merging again changes nothing");
}

#[test]
fn a_row_says_what_a_run_with_its_values_says() {
    let place = Place::new();
    place.done(&["sweep", "desk.toml", "--vary", RATES, "-o", "s", "-q"]);
    let said =
        place.done(&["run", "desk.toml", "--set", "traffic.callers.rate=30/s", "-o", "r", "-q", "--format", "json"]);
    let summary: serde_json::Value = serde_json::from_str(&said).unwrap();
    let table = place.table("s");
    let cell = |name: &str| column(&table, name)[2].clone();
    let all = &summary["traffic"]["all"];
    assert_eq!(cell("traffic.all.latency_p99_ms"), all["latency_ms"]["p99"]["value"].to_string());
    assert_eq!(cell("traffic.all.throughput_per_s_low"), all["throughput_per_s"]["ci95"][0].to_string());
    assert_eq!(cell("stations.desk.utilization"), summary["stations"]["desk"]["utilization"]["value"].to_string());
    assert_eq!(cell("scenario_sha256"), summary["scenario"]["sha256"].as_str().unwrap());
}

#[cfg(feature = "parquet")]
#[test]
fn the_typed_table_has_the_columns_and_rows_of_the_other() {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    let place = Place::new();
    let out = place.done(&["sweep", "desk.toml", "--vary", RATES, "-o", "s", "-q", "--parquet"]);
    assert!(out.contains("sweep.csv, sweep.parquet, "), "{out}");
    let file = std::fs::File::open(place.path("s/sweep.parquet")).unwrap();
    let rows: Vec<parquet::record::Row> =
        SerializedFileReader::new(file).unwrap().get_row_iter(None).unwrap().map(Result::unwrap).collect();
    let table = place.table("s");
    assert_eq!(rows.len(), table.lines().count() - 1);
    let names: Vec<&str> = rows[0].get_column_iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.join(","), table.lines().next().unwrap());
    let of_row = |row: &parquet::record::Row, name: &str| {
        row.get_column_iter().find(|(column, _)| *column == name).unwrap().1.to_string()
    };
    for name in ["point", "traffic.callers.rate", "traffic.all.latency_p50_ms", "stations.desk.utilization_low"] {
        let typed: Vec<String> = rows.iter().map(|row| of_row(row, name).replace('"', "")).collect();
        assert_eq!(typed, column(&table, name), "{name}");
    }
}

#[test]
fn objectives_are_judged_at_each_point() {
    // in theory 0.1, 0.5 and 0.9: met, on the border, missed
    let slo = "[[slo]]\nthat = \"utilization <= 0.5\"\nstation = \"desk\"\n";
    let place = Place::with(&format!("{DESK}\n{slo}"));
    let said = place.say(&["sweep", "desk.toml", "--vary", "traffic.callers.rate=10/s,50/s,90/s", "-o", "s", "-q"]);
    // a missed objective is a result
    assert_eq!(said.code, Some(0), "{}", said.err);
    let table = place.table("s");
    assert_eq!(column(&table, "slo.1.verdict"), ["pass", "inconclusive", "fail"]);
    assert_eq!(column(&table, "verdict"), ["pass", "inconclusive", "fail"]);
    assert_eq!(column(&table, "slo.1.that")[0], "utilization <= 0.5");
}

#[test]
fn threads_change_nothing() {
    let place = Place::new();
    for threads in ["1", "2", "5"] {
        place.done(&["sweep", "desk.toml", "--vary", RATES, "-o", threads, "-q", "--threads", threads]);
    }
    assert_eq!(place.table("1"), place.table("2"));
    assert_eq!(place.table("1"), place.table("5"));
}

#[test]
fn points_with_other_stations_share_a_table() {
    let scenario = "[simulation]\nduration = \"2 s\"\nwarmup = \"0 s\"\nruns = 2\n[server.a]\n[server.b]\n[service.app]\nkind = \"app\"\nservers = \
                    [\"a\"]\nworkers = 4\n[request.page]\napp.cpu = \"5 ms\"\n[traffic.all]\nprocess = \"poisson\"\nrate = \"50/s\"\nmix = { page = 1 }\n[service.lb]\nkind = \"haproxy\"\nservers = [\"a\"]\nbackend = \"app\"\n";
    let place = Place::with(scenario);
    place.done(&["sweep", "desk.toml", "--vary", r#"service.app.servers=["a"],["b"],["a", "b"]"#, "-o", "s", "-q"]);
    let table = place.table("s");
    assert_eq!(column(&table, "service.app.servers")[2], r#"["a", "b"]"#);
    let header = table.lines().next().unwrap();
    let of_b: Vec<&str> = header.split(',').filter(|name| name.starts_with("stations.b.")).collect();
    assert!(!of_b.is_empty(), "{header}");
    let used = column(&table, of_b[0]);
    assert!(used[0].is_empty() && !used[1].is_empty() && !used[2].is_empty(), "{}: {used:?}", of_b[0]);
}

#[test]
fn zips_and_latin_hypercubes() {
    let place = Place::new();
    let zip = ["--vary", "service.desk.workers=1,2,3", "--vary", "traffic.callers.rate=50/s,100/s,150/s"];
    place.done(&[&["sweep", "desk.toml", "--design", "zip", "-o", "zip", "-q"], &zip[..]].concat());
    assert_eq!(column(&place.table("zip"), "traffic.callers.rate"), ["50/s", "100/s", "150/s"]);
    let lhs = ["--vary", "service.desk.workers=1..4", "--vary", "traffic.callers.rate=10..50/s"];
    place.done(&[&["sweep", "desk.toml", "--design", "lhs", "--points", "8", "-o", "lhs", "-q"], &lhs[..]].concat());
    let mut parts: Vec<u64> = column(&place.table("lhs"), "traffic.callers.rate")
        .iter()
        .map(|rate| ((rate.trim_end_matches("/s").parse::<f64>().unwrap() - 10.0) / 5.0) as u64)
        .collect();
    parts.sort_unstable();
    assert_eq!(parts, [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn one_warm_up_is_found_for_all_points_and_kept() {
    let place = Place::with(&DESK.replace("warmup = \"1 s\"\n", ""));
    let command = ["sweep", "desk.toml", "--vary", RATES, "-o", "s"];
    let said = place.say(&command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("9 points, 45 runs: about "), "{}", said.err);
    assert!(said.err.contains("warm-up of every point: "), "{}", said.err);
    let warmups = column(&place.table("s"), "warmup_s");
    assert!(warmups.iter().all(|one| *one == warmups[0]), "{warmups:?}");
}

/// Long enough to be interrupted.
const MANY: [&str; 8] = [
    "sweep",
    "desk.toml",
    "--vary",
    "traffic.callers.rate=20/s..80/s linear 121",
    "--set",
    "simulation.duration=60 s",
    "-o",
    "s",
];

fn made(place: &Place) -> usize {
    let points = place.path("s/points/00000");
    std::fs::read_dir(points).map_or(0, |found| {
        found.flatten().filter(|entry| !entry.file_name().to_string_lossy().starts_with('.')).count()
    })
}

/// Starts a sweep, and ends it by a signal once so many points are made.
#[cfg(unix)]
fn end_at(place: &Place, command: &[&str], points: usize, signal: i32) -> (std::process::ExitStatus, String) {
    let mut child = place.command(command).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begin = Instant::now();
    while made(place) < points && child.try_wait().unwrap().is_none() {
        assert!(begin.elapsed() < Duration::from_secs(60), "no points are made");
        std::thread::sleep(Duration::from_millis(1));
    }
    // SAFETY: the child has not been waited for, so that its number is its own
    unsafe { libc::kill(child.id() as libc::pid_t, signal) };
    let output = child.wait_with_output().unwrap();
    (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(unix)]
#[test]
fn killed_again_and_again_it_loses_no_point_that_was_made() {
    use std::os::unix::process::ExitStatusExt;
    let undisturbed = Place::new();
    undisturbed.done(&[&MANY[..], &["-q"]].concat());
    let place = Place::new();
    let mut before = 0;
    for points in [3, 12, 30] {
        let (status, _) = end_at(&place, &MANY, points, libc::SIGKILL);
        assert_eq!(status.signal(), Some(libc::SIGKILL));
        let after = made(&place);
        assert!(after >= points && after >= before, "{after} points after {before}");
        before = after;
    }
    let kept = contents(&place.path("s/points"));
    place.done(&[&MANY[..], &["-q"]].concat());
    assert_eq!(place.table("s"), undisturbed.table("s"));
    // what was made was not made again
    let now = contents(&place.path("s/points"));
    for (file, content) in kept.iter().filter(|(file, _)| file.extension().is_some_and(|e| e == "part")) {
        let temporary = file.file_name().unwrap().to_string_lossy().starts_with('.');
        assert!(temporary || now.get(file) == Some(content), "{}", file.display());
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_cleanly_and_says_how_far_it_came() {
    use std::os::unix::process::ExitStatusExt;
    let place = Place::new();
    // where the tests run in the background a child inherits that ctrl-C is ignored; then this is the same
    let ignored = std::fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map(str::trim).map(str::to_owned);
        mask.and_then(|mask| u64::from_str_radix(&mask, 16).ok())
            .is_some_and(|mask| mask >> (libc::SIGINT - 1) & 1 == 1)
    });
    let signal = if ignored { libc::SIGTERM } else { libc::SIGINT };
    // nobody waits for the end of this one
    let endless = MANY.map(|word| if word == "simulation.duration=60 s" { "simulation.duration=20 min" } else { word });
    let (status, err) = end_at(&place, &endless, 4, signal);
    // for which shells report 130 after ctrl-C
    assert_eq!(status.signal(), Some(signal), "{err}");
    assert!(err.contains("of 121 points are kept, and the same command goes on with the others"), "{err}");
    let left: Vec<_> = contents(&place.path("s")).into_keys().collect();
    let hidden = |file: &&std::path::PathBuf| file.file_name().unwrap().to_string_lossy().starts_with('.');
    assert!(!left.iter().any(|file| hidden(&file)), "{left:?}");
    let status: serde_json::Value =
        serde_json::from_str(&place.done(&["sweep", "status", "s", "--format", "json"])).unwrap();
    assert_eq!(status["made"], made(&place));
    // the signal may have come when a point was kept and not counted yet
    let told: usize =
        err.split("interrupted; ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).expect(&err);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    assert!(told <= made(&place) && told + threads >= made(&place), "{told} of {}", made(&place));
}

//! Wrong input: one message, exit code 2, nothing overwritten.

use super::{DESK, Place};

fn sweep<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["sweep", "desk.toml", "-o", "s", "-q"], more].concat()
}

#[test]
fn what_cannot_be_varied() {
    let place = Place::new();
    for (vary, words) in [
        ("service.desk.wrokers=1,2", "service.desk.wrokers: unknown key"),
        ("service.dsk.workers=1,2", "there is no service `dsk`"),
        ("service.desk.workers=1,none", "service.desk.workers"),
        ("traffic.callers.rate=10 ms,20 ms", "expected a rate"),
        ("traffic.callers.rate=10..20/5", "needs its unit"),
        ("service.desk.workers=4..4/1", "nothing varies"),
        ("service.desk.workers=", "there are no values"),
        ("service.desk.workers=1..4/0", "the step of `1..4/0` is zero"),
        ("service.desk.workers=4..1/1", "goes downwards"),
        ("service.desk.workers=1..10000000000/1", "10000000000 values are more than a sweep can have"),
        ("service.desk.workers=1..4", "neither step nor number of values"),
        ("extends=a,b", "expected KEY=VALUES"),
    ] {
        let message = place.refused(&sweep(&["--vary", vary]));
        assert!(message.contains(words), "{vary}: {message}");
        assert!(!place.path("s").exists(), "{vary}");
    }
    let huge =
        ["--vary", "service.desk.workers=1..100000/1", "--vary", "traffic.callers.rate=1..100000/s linear 100000"];
    let message = place.refused(&sweep(&huge));
    assert!(message.contains("10000000000 points (100000 x 100000) are more than a sweep can have"), "{message}");
    let message = place.refused(&sweep(&["--vary", "service.desk.workers=1,2", "--points", "5"]));
    assert!(message.contains("--points is for --design lhs"), "{message}");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_table_that_this_program_was_not_built_for() {
    let place = finished();
    for command in [
        &sweep(&["--vary", "traffic.callers.rate=10/s,20/s,30/s", "--parquet"])[..],
        &["sweep", "merge", "s", "--parquet"],
    ] {
        let message = place.refused(command);
        assert!(message.contains("cargo build --release --features parquet"), "{message}");
    }
}

#[test]
fn a_point_that_is_not_valid_is_named_before_the_first_run() {
    let place = Place::new();
    let message =
        place.refused(&sweep(&["--vary", "traffic.callers.rate=10/s,20/s", "--vary", "service.desk.workers=1,0"]));
    assert!(message.contains("service.desk.workers: zero is not possible here"), "{message}");
    assert!(message.contains("at point 2 of 4: traffic.callers.rate=10/s, service.desk.workers=0"), "{message}");
    assert!(!place.path("s").exists());
}

/// A finished sweep in `s`.
fn finished() -> Place {
    let place = Place::new();
    place.done(&sweep(&["--vary", "traffic.callers.rate=10/s,20/s,30/s"]));
    place
}

#[test]
fn a_folder_with_something_else() {
    let place = finished();
    for (more, differs) in [
        (&["--vary", "traffic.callers.rate=10/s,20/s"][..], "what is varied"),
        (&["--vary", "traffic.callers.rate=10/s,20/s,30/s", "--seed", "7"], "the scenario, the seed"),
        (&["--vary", "traffic.callers.rate=10/s,20/s,30/s", "--set", "service.desk.workers=2"], "the scenario"),
    ] {
        let message = place.refused(&sweep(more));
        assert!(message.contains("holds another sweep") && message.contains(differs), "{message}");
    }
    let shards =
        ["sweep", "plan", "desk.toml", "-o", "s", "--vary", "traffic.callers.rate=10/s,20/s,30/s", "--shards", "3"];
    assert!(place.refused(&shards).contains("the number of shards"));
    // a result of `run`
    place.done(&["run", "desk.toml", "-q", "-o", "r"]);
    let message = place.refused(&["sweep", "desk.toml", "-o", "r", "-q", "--vary", "service.desk.workers=1,2"]);
    assert!(message.contains("is in use by something else"), "{message}");
    // points whose manifest is gone
    std::fs::remove_file(place.path("s/manifest.json")).unwrap();
    let message = place.refused(&sweep(&["--vary", "traffic.callers.rate=10/s,20/s,30/s"]));
    assert!(message.contains("it has no manifest.json"), "{message}");
    for command in ["run", "status", "merge"] {
        assert!(place.refused(&["sweep", command, "s"]).contains("there is no sweep here"));
        assert!(place.refused(&["sweep", command, "nowhere"]).contains("there is no sweep here"));
    }
}

const PART: &str = "s/points/00000/00000002.part";

#[test]
fn a_file_that_the_scenario_reads_and_that_was_changed() {
    let place = Place::with(&DESK.replace("exponential(10 ms)", "empirical(times.csv, time, ms)"));
    let times = place.path("times.csv");
    std::fs::write(&times, "time\n5\n15\n").unwrap();
    let command = sweep(&["--vary", "traffic.callers.rate=10/s,20/s"]);
    place.done(&command);
    place.done(&["sweep", "run", "s", "-q"]);
    std::fs::write(&times, "time\n5\n25\n").unwrap();
    let message = place.refused(&["sweep", "run", "s", "-q"]);
    assert!(message.contains("times.csv: was changed since the sweep was planned"), "{message}");
    let message = place.refused(&command);
    assert!(message.contains("times.csv: was changed since the sweep was planned"), "{message}");
}

#[test]
fn a_part_that_is_damaged_or_another_s() {
    let place = finished();
    let whole = std::fs::read(place.path(PART)).unwrap();
    let again = ["sweep", "desk.toml", "-o", "s", "-q", "--vary", "traffic.callers.rate=10/s,20/s,30/s"];
    let commands = [&again[..], &["sweep", "run", "s", "-q"], &["sweep", "status", "s"], &["sweep", "merge", "s"]];
    let mut changed = whole.clone();
    let at = changed.len() - 200;
    changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
    for damaged in [&whole[..whole.len() / 2], &whole[..whole.len() - 1], &changed, b""] {
        std::fs::write(place.path(PART), damaged).unwrap();
        for command in commands {
            let message = place.refused(command);
            assert!(message.contains("00000002.part: is not whole, or was changed"), "{message}");
            assert!(message.contains("remove this file"), "{message}");
        }
    }
    // the remedy
    std::fs::remove_file(place.path(PART)).unwrap();
    place.done(&again);
    assert_eq!(std::fs::read(place.path(PART)).unwrap(), whole);

    let other = Place::new();
    other.done(&sweep(&["--vary", "traffic.callers.rate=10/s,20/s,40/s"]));
    std::fs::copy(other.path(PART), place.path(PART)).unwrap();
    for command in commands {
        let message = place.refused(command);
        assert!(message.contains("00000002.part: belongs to another sweep"), "{message}");
    }
    std::fs::copy(place.path("s/points/00000/00000001.part"), place.path(PART)).unwrap();
    assert!(place.refused(&["sweep", "merge", "s"]).contains("is the result of point 1 under the name of another"));
    std::fs::write(place.path(PART), &whole).unwrap();
    std::fs::write(place.path("s/points/00000/00000004.part"), &whole).unwrap();
    assert!(place.refused(&["sweep", "merge", "s"]).contains("00000004.part: belongs to another sweep"));
}

#[test]
fn a_manifest_that_is_not_this_program_s() {
    let place = finished();
    let file = place.path("s/manifest.json");
    let manifest = std::fs::read_to_string(&file).unwrap();
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let change = |from: &str, to: &str| {
        assert!(manifest.contains(from), "{from}");
        std::fs::write(&file, manifest.replace(from, to)).unwrap();
    };
    change("\"points\": 3", "\"points\": 2");
    for command in ["run", "status", "merge"] {
        assert!(place.refused(&["sweep", command, "s"]).contains("manifest.json: was changed after it was written"));
    }
    change("\"schema_version\": 1", "\"schema_version\": 99");
    assert!(place.refused(&["sweep", "run", "s"]).contains("is of version"));
    std::fs::write(&file, &manifest[..manifest.len() / 2]).unwrap();
    assert!(place.refused(&["sweep", "run", "s"]).contains("is no manifest of a sweep"));
    // of another version and of another build, as those would have written it
    let mut document: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let sweep = document["definition"].clone();
    assert!(manifest.contains(&version));
    for (key, value, words) in [
        ("version", "9.9.9", "is of version 9.9.9 of foobar-sim, and this is"),
        ("sha256", "0123456789abcdef", "is of another build of the same version"),
    ] {
        let mut definition: foobar_sim::experiment::sweep::definition::Definition =
            serde_json::from_value(sweep.clone()).unwrap();
        match key {
            "version" => definition.program.version = value.into(),
            _ => definition.program.sha256 = value.into(),
        }
        document["definition"] = serde_json::to_value(&definition).unwrap();
        document["sweep"] = definition.id().into();
        std::fs::write(&file, document.to_string()).unwrap();
        let message = place.refused(&["sweep", "run", "s"]);
        assert!(message.contains(words), "{message}");
    }
    std::fs::write(&file, &manifest).unwrap();
    std::fs::write(place.path("s/scenario.toml"), "name = \"other\"\n").unwrap();
    assert!(place.refused(&["sweep", "run", "s"]).contains("scenario.toml: was changed"));
}

#[test]
fn shards_that_are_not_there() {
    let place = finished();
    for (shard, words) in [
        ("0/1", "counted from 1/1 to 1/1"),
        ("2/1", "counted from 1/1 to 1/1"),
        ("1/2", "planned with 1 shards"),
        ("one", "expected K/N"),
        ("auto", "none of SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, CI_NODE_INDEX is set"),
    ] {
        let message = place.refused(&["sweep", "run", "s", "--shard", shard]);
        assert!(message.contains(words), "{shard}: {message}");
    }
    let message = place.refused_with(&["sweep", "run", "s", "--shard", "auto"], &[("SLURM_ARRAY_TASK_ID", "1")]);
    assert!(message.contains("SLURM_ARRAY_TASK_ID is 1, and the sweep has 1 shards"), "{message}");
    let plan = ["sweep", "plan", "desk.toml", "-o", "p", "--vary", "service.desk.workers=1,2", "--shards"];
    for shards in ["0", "3"] {
        assert!(place.refused(&[&plan[..], &[shards]].concat()).contains("from 1 to 2 are possible here"));
    }
}

#[test]
fn a_trace_that_cannot_be_played_is_told_before_the_work() {
    let scenario = r#"
[service.desk]
kind = "station"
service = "5 ms"
[request.job]
path = ["desk"]
[traffic.log]
process = "trace"
file = "lost.log"
format = "haproxy"
otherwise = "job"
"#;
    let place = Place::with(scenario);
    let message = place.refused(&sweep(&["--vary", "service.desk.workers=1,2"]));
    assert!(message.contains("traffic.log.file: there is no file") && message.contains("lost.log"), "{message}");
    assert!(!place.path("s").exists());
}

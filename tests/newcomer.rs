//! What a newcomer meets: a scenario to begin with, which runs as it is; what keys and figures mean; completions and the
//! manual page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn say(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foobar-sim"));
    let Output { status, stdout, stderr } = command.args(arguments).current_dir(folder).output().unwrap();
    let (out, err) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(!err.contains("panicked"), "{arguments:?}: {err}");
    Said { code: status.code(), out, err }
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let said = say(folder, arguments);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments:?}: {}", said.out);
    said.out
}

fn lab(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lab").join(name)
}

/// Valid without a warning, and played for a moment.
fn plays(folder: &Path, file: &str, more: &[&str]) {
    let text = done(folder, &["validate", file]);
    assert!(text.starts_with(&format!("{file} is valid: ")) && !text.contains("warning"), "{text}");
    let text = done(folder, &[&["run", file, "--runs", "1", "--quiet", "-o", "out"], more].concat());
    assert!(text.contains("laws and formulas"), "{text}");
}

#[test]
fn a_scenario_to_begin_with_runs_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (arguments, file) in [
        (&["init"][..], "six-servers.toml"),
        (&["init", "single-server"][..], "single-server.toml"),
        (&["init", "-o", "sub/mine.toml"][..], "sub/mine.toml"),
        (&["init", "six-servers", "--output", "six.toml"][..], "six.toml"),
    ] {
        let said = done(folder, arguments);
        assert!(said.contains(&format!("\n  foobar-sim run {file}\n")), "{said}");
        assert!(said.contains("lines of it are marked FILL IN"), "{said}");
        assert!(fs::read_to_string(folder.join(file)).unwrap().contains("# FILL IN"));
    }
    let short = ["--set", "simulation.duration=2 s", "--set", "simulation.warmup=1 s"];
    plays(folder, "six-servers.toml", &short);
    plays(folder, "single-server.toml", &short);
}

#[test]
fn nothing_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("six-servers.toml"), "mine").unwrap();
    fs::create_dir(folder.join("here")).unwrap();
    for arguments in [&["init"][..], &["init", "single-server", "-o", "six-servers.toml"], &["init", "-o", "here"]] {
        let said = say(folder, arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(
            said.err.contains("is there already, and nothing is replaced; name another file with -o"),
            "{}",
            said.err
        );
    }
    assert_eq!(fs::read_to_string(folder.join("six-servers.toml")).unwrap(), "mine");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 2);
    // to look at it, no file is needed
    assert!(done(folder, &["init", "-o", "-"]).contains("[service.lb]"));
    assert_eq!(fs::read_dir(folder).unwrap().count(), 2);
}

#[test]
fn a_log_becomes_a_scenario_that_plays_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (log, front, work) in [
        ("e1-a70-haproxy.log.gz", "kind    = \"haproxy\"", "column = \"Tr\", unit = \"ms\""),
        ("e1-a70-nginx-access.log.gz", "kind    = \"nginx\"", "column = \"upstream_response_time\", unit = \"s\""),
    ] {
        done(folder, &["init", "trace", lab(log).to_str().unwrap(), "-o", "replay.toml"]);
        let text = fs::read_to_string(folder.join("replay.toml")).unwrap();
        for part in [
            front,
            work,
            "[request.get-app]",
            "{ match = '^GET /app(?:[/?; ]|$)', class = \"get-app\" }",
            "sizes   = true",
            "FILL IN",
        ] {
            assert!(text.contains(part), "{log} without {part}:\n{text}");
        }
        let validated = done(folder, &["validate", "replay.toml"]);
        assert!(!validated.contains("warning"), "{validated}");
        let out = done(folder, &["run", "replay.toml", "--quiet", "--format", "json", "-o", "out"]);
        let summary: serde_json::Value = serde_json::from_str(&out).unwrap();
        let requests = flate2::read::GzDecoder::new(fs::File::open(lab(log)).unwrap());
        let lines = std::io::read_to_string(requests).unwrap().lines().count() as u64;
        assert_eq!(summary["traffic"]["all"]["completed"].as_u64(), Some(lines), "{log}");
        fs::remove_file(folder.join("replay.toml")).unwrap();
    }
}

/// Static files, strange words and broken lines; a name with what TOML and regular expressions mean something by.
#[test]
fn whatever_is_in_a_log_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut log = String::new();
    for i in 0..200 {
        let (path, upstream) = match i % 4 {
            0 => ("/img/a.png", "-"),
            1 => ("/it's.(here)+x", "0.020"),
            2 => ("/", "0.030"),
            _ => ("/api?\u{1b}[31m", "0.010"),
        };
        let second = i / 4;
        log.push_str(&format!(
            "10.0.0.1 - - [22/Nov/2026:20:39:{second:02} +0000] \"GET {path} HTTP/1.1\" 200 512 \"-\" \"x\" rt=0.050 urt={upstream}\n"
        ));
    }
    log.push_str("what is this\nand this\nand that\n");
    fs::write(folder.join("access.log"), log).unwrap();
    done(folder, &["init", "trace", "access.log"]);
    let text = fs::read_to_string(folder.join("access.toml")).unwrap();
    assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}");
    assert!(text.contains("file    = \"access.log\""), "{text}");
    assert!(text.contains("[request.get-root]"), "{text}");
    assert!(text.contains("max_malformed = "), "{text}");
    assert!(text.contains("nobody behind nginx was asked"), "{text}");
    let out = done(folder, &["run", "access.toml", "--quiet", "--format", "json", "-o", "out"]);
    let summary: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(summary["traffic"]["all"]["completed"].as_u64(), Some(200), "{text}");
    assert_eq!(summary["traffic"]["get-img"]["completed"].as_u64(), Some(50));
}

#[test]
fn a_table_without_times_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut rows = String::from("ts,method,uri\n");
    (0..100).for_each(|i| rows.push_str(&format!("2026-11-22 20:39:{:02}.5,GET,/a/{i}\n", i / 2)));
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut packed, rows.as_bytes()).unwrap();
    fs::write(folder.join("My requests.csv.gz"), packed.finish().unwrap()).unwrap();
    done(folder, &["init", "trace", "My requests.csv.gz", "--format", "csv"]);
    let text = fs::read_to_string(folder.join("my-requests.toml")).unwrap();
    assert!(text.contains("the log says nothing of its work"), "{text}");
    assert!(!text.contains("work = ["), "{text}");
    plays(folder, "my-requests.toml", &[]);
}

#[test]
fn what_is_no_log_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("notes.txt"), "this is no log\nat all\n").unwrap();
    for (arguments, part) in [
        (&["init", "trace", "nothing.log"][..], "nothing.log"),
        (&["init", "trace", "notes.txt"][..], "notes.txt"),
        (&["init", "trace", "notes.txt", "--format", "iis"][..], "there is no trace format"),
        (&["init", "seven-servers"][..], "unrecognized subcommand"),
    ] {
        let said = say(folder, arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(said.err.contains(part), "{}", said.err);
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn a_key_or_a_figure_is_explained() {
    let here = Path::new(".");
    let text = done(here, &["explain", "server.cpu.cores"]);
    assert!(text.starts_with("server.NAME.cpu.cores\n") && text.contains("default   4, from: "), "{text}");
    assert!(done(here, &["explain", "near_saturation"]).contains("(a warning)"));
    let said = say(here, &["explain", "wrokers"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert!(said.err.contains("did you mean `workers`?"), "{}", said.err);
}

#[test]
fn editors_shells_and_man_get_what_they_want() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let schema: serde_json::Value = serde_json::from_str(&done(folder, &["schema"])).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for (shell, part) in [
        ("bash", "complete -F _foobar__sim"),
        ("zsh", "#compdef foobar-sim"),
        ("fish", "complete -c foobar-sim"),
        ("elvish", "edit:completion"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        assert!(done(folder, &["completions", shell]).contains(part), "{shell}");
    }
    assert_eq!(say(folder, &["completions", "tcsh"]).code, Some(2));
    let page = done(folder, &["man"]);
    assert!(page.contains(".TH foobar-sim 1") && page.contains("foobar\\-sim\\-run(1)"), "{page}");
    done(folder, &["man", "-o", "man1"]);
    let of_run = fs::read_to_string(folder.join("man1/foobar-sim-run.1")).unwrap();
    assert!(of_run.contains(".TH foobar-sim-run 1") && of_run.contains("\\-\\-precision"), "{of_run}");
}

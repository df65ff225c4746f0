//! Objectives as a CI job meets them: verdict, exit code, what is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// One worker, half busy: p99 is 92 ms, the mean 20 ms.
const QUEUE: &str = r#"name = "queue"
[simulation]
duration = "60 s"
warmup = "2 s"
seed = 7
[service.cpu]
kind = "station"
service = "exponential(10 ms)"
[request.job]
path = ["cpu"]
[traffic.all]
process = "poisson"
rate = "50/s"
mix = { job = 1 }
"#;

struct Folder(TempDir);

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Folder {
    /// With `queue.toml` that has these objectives.
    fn with(objectives: &[&str]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        let slo: String = objectives.iter().map(|that| format!("[[slo]]\nthat = \"{that}\"\n")).collect();
        fs::write(folder.path("queue.toml"), format!("{QUEUE}{slo}")).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    fn say(&self, arguments: &[&str], step_summary: Option<&Path>) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_foobar-sim"));
        command.args(arguments).current_dir(self.0.path()).env_remove("GITHUB_STEP_SUMMARY");
        if let Some(file) = step_summary {
            command.env("GITHUB_STEP_SUMMARY", file);
        }
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }

    fn run(&self, more: &[&str]) -> Said {
        self.say(&[&["run", "queue.toml", "-o", "out", "-q"], more].concat(), None)
    }
}

#[test]
fn objectives_that_are_met_end_well() {
    let folder = Folder::with(&["latency_p99 < 200 ms", "availability >= 0.99"]);
    let said = folder.run(&["--junit", "objectives.xml"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.starts_with("queue\n  PASS: 2 met of 2 objectives\n"), "{}", said.out);
    let summary = folder.json("out/summary.json");
    assert_eq!((&summary["verdict"], &summary["slo"][0]["verdict"]), (&"pass".into(), &"pass".into()));
    assert_eq!((&summary["slo"][0]["unit"], &summary["slo"][0]["bound"]), (&"ms".into(), &200.0.into()));
    assert_eq!(summary["runs"], 10);
    assert!(folder.read("out/summary.md").starts_with("# queue\n\n**PASS: 2 met of 2 objectives**"));
    let junit = folder.read("objectives.xml");
    assert!(junit.contains("failures=\"0\"") && junit.contains("name=\"latency_p99 &lt; 200 ms\""), "{junit}");
}

#[test]
fn a_missed_objective_is_99_and_the_results_are_there() {
    let folder = Folder::with(&["latency_p99 < 200 ms", "latency_mean < 5 ms"]);
    let step = folder.path("step.md");
    fs::write(&step, "before\n").unwrap();
    let said = folder.say(&["run", "queue.toml", "-o", "out", "-q", "--junit", "new/o.xml"], Some(&step));
    assert_eq!((said.code, said.err.as_str()), (99, "foobar-sim: missed: latency_mean < 5 ms\n"));
    assert!(said.out.contains("FAIL: 1 met, 1 missed of 2 objectives"), "{}", said.out);
    assert_eq!(folder.json("out/summary.json")["slo"][1]["verdict"], "fail");
    let junit = folder.read("new/o.xml");
    assert!(junit.contains("<failure message=\"observed ") && junit.contains("type=\"missed\""), "{junit}");
    let shown = fs::read_to_string(step).unwrap();
    assert!(shown.starts_with("before\n# queue\n\n**FAIL: 1 met, 1 missed of 2 objectives**"), "{shown}");
}

#[test]
fn what_cannot_be_decided_is_97_or_what_it_counts_as() {
    let folder = Folder::with(&["latency_mean < 20 ms"]);
    let said = folder.run(&["--max-runs", "20"]);
    assert_eq!(said.code, 97, "{}", said.err);
    assert!(
        said.err.starts_with("foobar-sim: undecided: latency_mean < 20 ms; more runs (--max-runs)"),
        "{}",
        said.err
    );
    let summary = folder.json("out/summary.json");
    assert_eq!((&summary["verdict"], &summary["runs"]), (&"inconclusive".into(), &20.into()));
    for (counts_as, code, junit) in [("pass", 0, "skipped=\"1\""), ("fail", 99, "type=\"inconclusive\"")] {
        let said = folder.run(&["--max-runs", "20", "--inconclusive", counts_as, "--junit", "o.xml"]);
        assert_eq!(said.code, code, "{}", said.err);
        assert!(said.out.contains(&format!("which counts as {counts_as}")), "{}", said.out);
        let summary = folder.json("out/summary.json");
        assert_eq!((&summary["verdict"], &summary["slo"][0]["verdict"]), (&counts_as.into(), &"inconclusive".into()));
        assert!(folder.read("o.xml").contains(junit), "{}", folder.read("o.xml"));
    }
}

#[test]
fn the_verdict_depends_on_neither_threads_nor_format() {
    let folder = Folder::with(&["latency_p95 < 60 ms", "utilization < 0.6\"\nstation = \"cpu"]);
    let one = folder.run(&["--threads", "1", "--format", "json", "--max-runs", "40"]);
    let two = folder.run(&["--threads", "2", "--format", "json", "--max-runs", "40"]);
    assert_eq!((one.code, &one.out), (two.code, &two.out));
}

#[test]
fn benchmark_json_has_figures_of_one_direction() {
    let folder = Folder::with(&[]);
    for (format, names) in [
        ("benchmark", &["latency mean", "latency p50", "latency p95", "latency p99", "failed"][..]),
        ("benchmark-bigger", &["throughput", "availability"]),
    ] {
        let said = folder.run(&["--runs", "5", "--format", format]);
        assert_eq!(said.code, 0, "{}", said.err);
        let entries: Vec<serde_json::Value> = serde_json::from_str(&said.out).unwrap();
        let all = entries.iter().filter(|entry| entry["name"].as_str().unwrap().starts_with("queue / all / "));
        let found: Vec<&str> = all.map(|entry| entry["name"].as_str().unwrap().rsplit(" / ").next().unwrap()).collect();
        assert_eq!(found, names);
        for entry in &entries {
            assert!(entry["value"].is_number() && entry["unit"].is_string(), "{entry}");
        }
        assert!(entries[0]["range"].as_str().unwrap().starts_with("± "), "{}", entries[0]);
    }
}

#[test]
fn what_has_nothing_to_decide_or_to_judge_is_refused() {
    let plain = Folder::with(&[]);
    for option in [["--max-runs", "40"], ["--inconclusive", "pass"]] {
        let said = plain.run(&option);
        assert_eq!((said.code, said.out.as_str()), (2, ""));
        assert!(said.err.contains("has no objectives to decide; add a [[slo]]"), "{}", said.err);
    }
    let folder = Folder::with(&["utilization < 0.6\"\nstation = \"cpuu"]);
    let said = folder.run(&[]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    for part in ["slo.0.station: there is no station `cpuu`", "queue.toml:17", "did you mean \"cpu\"?"] {
        assert!(said.err.contains(part), "{}", said.err);
    }
    let folder = Folder::with(&["latency_p99 < 1 s"]);
    let said = folder.run(&["--runs", "20", "--max-runs", "10"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("--max-runs 10 is less than --runs 20"), "{}", said.err);
    fs::create_dir(folder.path("folder")).unwrap();
    let said = folder.run(&["--junit", "folder"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(!folder.path("out").exists(), "known before the work");
}

#[test]
fn an_objective_during_a_fault_that_comes_at_random_looks_at_its_outages_alone() {
    let folder = Folder::with(&[]);
    let text = |mttf: &str, that: &str| {
        format!(
            "{QUEUE}[[fault]]\nmttf = \"{mttf}\"\nmttr = \"exponential(3 s)\"\nhang = {{ service = \"cpu\" }}\n\
             [[slo]]\nthat = \"{that}\"\nduring = \"fault 1\"\n"
        )
    };
    let judged = |mttf: &str, that: &str| {
        fs::write(folder.path("queue.toml"), text(mttf, that)).unwrap();
        let said = folder.say(&["run", "queue.toml", "-q", "-o", "out"], None);
        let summary = folder.json("out/summary.json");
        (said.code, summary["slo"][0].clone(), summary["runs"].as_u64().unwrap())
    };
    // nobody is answered while it hangs, and in some runs it does not come
    let (code, slo, runs) = judged("exponential(40 s)", "throughput < 1/s");
    assert_eq!((code, slo["verdict"].as_str()), (0, Some("pass")), "{slo}");
    assert_eq!(slo["scope"], "during fault 1");
    assert!(slo["runs"].as_u64().unwrap() < runs, "{slo}");
    let (code, slo, _) = judged("exponential(40 s)", "throughput > 1/s");
    assert_eq!((code, slo["verdict"].as_str()), (99, Some("fail")), "{slo}");
    // no data at all is a fail
    let (code, slo, _) = judged("61 s", "throughput < 1/s");
    assert_eq!((code, slo["verdict"].as_str()), (99, Some("fail")), "{slo}");
    assert_eq!(slo["why"], "no data: fault 1 came in no run, or nothing was to be seen meanwhile");
}

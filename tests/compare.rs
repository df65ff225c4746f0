//! Comparisons as a user meets them: two scenarios, a stored result, production's figures; and all that is refused.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// M/M/1 at half its capacity; three thousand requests a run.
const QUEUE: &str = r#"
name = "queue"

[simulation]
warmup = "5 s"
duration = "30 s"
runs = 10

[service.cpu]
kind = "station"
workers = 1
service = "exponential(5 ms)"

[request.job]
path = ["cpu"]

[traffic.users]
process = "poisson"
rate = "100/s"
mix = { job = 1 }
"#;

const FASTER: &str = "service.cpu.service=exponential(4.5 ms)";
const SLOWER: &str = "service.cpu.service=exponential(5.5 ms)";

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

fn say(folder: &Path, arguments: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_foobar-sim")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A folder with the queue in it.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("queue.toml"), QUEUE).unwrap();
    folder
}

fn figure<'v>(found: &'v Value, key: &str) -> &'v Value {
    let figures = found["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["key"] == key).unwrap_or_else(|| panic!("no {key} in {found:#}"))
}

#[test]
fn a_faster_server_is_better_and_a_slower_one_is_worse_and_ends_with_98() {
    let folder = place();
    let better = say(folder.path(), &["compare", "queue.toml", "--set-b", FASTER, "--format", "json", "-q"]);
    assert_eq!((better.code, better.err.as_str()), (Some(0), ""), "{}", better.err);
    let found = better.json();
    assert_eq!(found["verdict"], "better");
    assert_eq!(found["scenario_differences"][0]["key"], "service.cpu.service");
    assert_eq!(found["scenario_differences"][0]["b"]["value"], "\"exponential(4.5 ms)\"");
    // 1 / (1/0.0045 - 100) less 10 ms
    let mean = figure(&found, "traffic.all.latency_ms.mean");
    let ends: Vec<f64> = mean["difference_ci95"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let exact = 1000.0 / (1.0 / 0.0045 - 100.0) - 10.0;
    assert!(ends[0] < exact && exact < ends[1], "{exact} in {ends:?}");
    assert!(mean["common_random_numbers"]["narrower"].as_f64().unwrap() > 2.0, "{mean:#}");
    let busy = figure(&found, "stations.cpu.utilization");
    assert_eq!(busy["verdict"], "lower", "neither way is better");

    let worse = say(folder.path(), &["compare", "queue.toml", "--set-b", SLOWER, "--format", "json", "-q"]);
    assert_eq!(worse.code, Some(98), "{}", worse.err);
    assert_eq!(worse.json()["verdict"], "worse");
    assert_eq!(say(folder.path(), &["compare", "queue.toml", "--set-a", SLOWER, "-q"]).code, Some(0));
}

#[test]
fn what_changes_nothing_is_the_same_and_what_cannot_be_told_is_inconclusive() {
    let folder = place();
    let same = say(folder.path(), &["compare", "queue.toml", "queue.toml", "--format", "json", "-q"]);
    assert_eq!(same.code, Some(0), "{}", same.err);
    let found = same.json();
    assert_eq!((&found["verdict"], &found["scenario_differences"]), (&"same".into(), &Value::Array(Vec::new())));
    for figure in found["figures"].as_array().unwrap() {
        assert!(figure["identical"] == true || figure["few"] == true, "{figure:#}");
    }
    let few = ["compare", "queue.toml", "--set-b", FASTER, "--runs", "2", "-q"];
    let open = say(folder.path(), &few);
    assert_eq!(open.code, Some(97), "{}", open.out);
    assert!(open.out.contains("Verdict: inconclusive") && open.out.contains("--max-runs"), "{}", open.out);
    // 2, then 4, 8, ...
    let more = say(folder.path(), &[&few[..], &["--max-runs", "40", "--format", "json"]].concat());
    assert_eq!(more.code, Some(0), "{}", more.out);
    let found = more.json();
    assert_eq!(found["looks"], serde_json::json!([2, 4, 8, 16, 32, 40]));
    assert!(found["runs"].as_u64().unwrap() < 40, "it stops when it is decided: {}", found["runs"]);
}

#[test]
fn the_threshold_says_what_counts() {
    let folder = place();
    let at = |threshold: &str, set: &str| {
        let arguments = ["compare", "queue.toml", "--set-b", set, "--threshold", threshold, "--format", "json", "-q"];
        say(folder.path(), &arguments).json()["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(at("60%", SLOWER), "same");
    // a thousandth of the service time moves the mean by 0.2%
    let little = "service.cpu.service=exponential(5.005 ms)";
    assert_eq!(at("3%", little), "same");
    assert_eq!(at("0%", little), "worse");
}

#[test]
fn the_command_prints_within_80_columns_and_keeps_three_views_and_a_manifest() {
    let folder = place();
    let arguments = ["compare", "queue.toml", "--set-b", FASTER, "--runs", "10"];
    let text = say(folder.path(), &arguments);
    assert_eq!((text.code, text.err.as_str()), (Some(0), ""), "{}", text.err);
    assert!(text.out.lines().all(|line| line.chars().count() <= 80), "{}", text.out);
    for part in ["Verdict: better", "What differs", "B - A", "Common random numbers", "in every run"] {
        assert!(text.out.contains(part), "{part} is not in\n{}", text.out);
    }
    let kept = |name: &str| std::fs::read_to_string(folder.path().join("output/queue-compare").join(name)).unwrap();
    for (format, file) in [("json", "compare.json"), ("csv", "compare.csv"), ("markdown", "compare.md")] {
        let said = say(folder.path(), &[&arguments[..], &["--format", format, "-q"]].concat());
        assert_eq!((said.code, said.out), (Some(0), kept(file)), "{format}");
    }
    assert!(kept("compare.csv").starts_with("figure,a,b,difference,difference_low"));
    assert!(kept("manifest.json").contains("--set-b"));
    let picture = kept("compare.svg");
    for word in ["Change from A to B, %", "no difference", "traffic.all.latency_ms.p99", "% better"] {
        assert!(picture.contains(word), "{word}");
    }
    let page = kept("report.html");
    assert!(page.contains("B is better than A: ") && page.contains("id=\"chart-compare\""));
    assert_eq!(say(folder.path(), &["chart", "output/queue-compare", "-q"]).code, Some(0));
    assert_eq!((kept("compare.svg"), kept("report.html")), (picture, page));
    let one = say(folder.path(), &[&arguments[..], &["--format", "json", "-q", "--threads", "1"]].concat());
    assert_eq!(one.out, kept("compare.json"), "threads change nothing");
}

#[test]
fn a_stored_result_gives_the_differences_that_both_scenarios_give() {
    let folder = place();
    let run = say(folder.path(), &["run", "queue.toml", "-q", "-o", "base"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let both = ["compare", "queue.toml", "--set-b", FASTER, "--runs", "10", "--format", "json", "-q"];
    let both = say(folder.path(), &both).json();
    let stored = ["compare", "queue.toml", "--set", FASTER, "--baseline", "base/summary.json"];
    let against = say(folder.path(), &[&stored[..], &["--format", "json", "-q"]].concat());
    assert_eq!(against.code, Some(0), "{}", against.err);
    let against = against.json();
    assert_eq!(against["a"]["stored"], true);
    assert_eq!(against["figures"], both["figures"]);
    assert_eq!(against["scenario_differences"], both["scenario_differences"]);
    assert_eq!(against["verdict"], "better");
    // the baseline is only read
    assert!(say(folder.path(), &[&stored[..], &["-o", "base"]].concat()).err.contains("choose another folder"));
    let worse = ["compare", "queue.toml", "--set", SLOWER, "--baseline", "base/summary.json", "-q"];
    assert_eq!(say(folder.path(), &worse).code, Some(98));
}

/// The command must refuse, say this, and leave nothing.
fn refused(folder: &Path, arguments: &[&str], message: &str) {
    let before = listing(folder);
    let said = say(folder, &[&["compare"], arguments].concat());
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}: {}", said.err);
    assert!(said.err.contains(message), "{arguments:?} says\n{}and not\n{message}", said.err);
    assert_eq!(listing(folder), before, "{arguments:?} left something");
}

fn listing(folder: &Path) -> Vec<(std::path::PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(listing(&path)),
            false => found.push((path.clone(), path.metadata().unwrap().len())),
        }
    }
    found.sort();
    found
}

#[test]
fn scenarios_that_cannot_be_compared_are_refused_with_the_reason() {
    let folder = place();
    let folder = folder.path();
    refused(folder, &["queue.toml"], "there is nothing to compare with");
    refused(folder, &["queue.toml", "--set-b", "simulation.seed=7"], "the seeds differ: 1 and 7; give both");
    let horizon = ["queue.toml", "--set-b", "simulation.duration=60 s"];
    refused(folder, &horizon, "simulation.duration is 30 s and 60 s; give both the same with --set");
    refused(folder, &["queue.toml", "--set-b", "simulation.warmup=6 s"], "simulation.warmup is 5 s and 6 s");
    refused(folder, &["queue.toml", "--set-a", "simulation.warmup=auto"], "simulation.warmup is auto and 5 s");
    std::fs::write(folder.join("other.toml"), QUEUE.replace("job", "task")).unwrap();
    refused(folder, &["queue.toml", "other.toml"], "no request class is in both: job in A, task in B");
    refused(folder, &["queue.toml", "missing.toml"], "missing.toml");
    refused(folder, &["queue.toml", "--set-b", "service.cpu.wrokers=2"], "did you mean `workers`");
    refused(folder, &["queue.toml", "--set-b", FASTER, "--runs", "20", "--max-runs", "10"], "--max-runs 10 is less");
    refused(folder, &["queue.toml", "--set-b", FASTER, "--threshold", "3"], "a percentage with its sign");
    refused(folder, &["queue.toml", "--set-b", FASTER, "--threshold=-1%"], "0% or more");
    refused(folder, &["queue.toml", "queue.toml", "--baseline", "x.json"], "cannot be used with");
    refused(folder, &["queue.toml", "--observed", "x.csv", "--set-b", FASTER], "cannot be used with");
}

#[test]
fn a_baseline_that_does_not_suit_is_refused_with_the_reason() {
    let folder = place();
    let folder = folder.path();
    assert_eq!(say(folder, &["run", "queue.toml", "-q", "-o", "base", "--runs", "3"]).code, Some(0));
    let text = std::fs::read_to_string(folder.join("base/summary.json")).unwrap();
    let against = |name: &str, set: &[&str], message: &str| {
        refused(folder, &[&["queue.toml", "--baseline", name], set].concat(), message);
    };
    let base = "base/summary.json";
    against(base, &["--seed", "2"], "the seeds differ: 1 in the baseline, 2 in the scenario; use");
    against(base, &["--set", "simulation.duration=20 s"], "the horizons differ: 30 s in the baseline, 20 s");
    against(base, &["--set", "simulation.warmup=1 s"], "the warm-ups differ: 5 s in the baseline, 1 s");
    against(base, &["--runs", "10"], "the baseline has 3 runs, and --runs asks for 10");
    against(base, &["--max-runs", "10"], "cannot be used with");
    against("queue.toml", &[], "this is no JSON");
    against("missing.json", &[], "missing.json: there is no such file");
    against("base", &[], "this is a folder; name the file in it");
    against("base/manifest.json", &[], "this is no result of a run");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("cut.json", &text[..text.len() / 2]);
    against("cut.json", &[], "cut.json: the file is cut short");
    write("empty.json", "");
    against("empty.json", &[], "empty.json: the file is cut short");
    write("list.json", "[1, 2]");
    against("list.json", &[], "this is no result of a run");
    let changed = |name: &str, key: &str, value: Value| {
        let mut document: Value = serde_json::from_str(&text).unwrap();
        *document.pointer_mut(key).unwrap_or_else(|| panic!("no {key}")) = value;
        write(name, &document.to_string());
    };
    changed("schema.json", "/schema_version", 99.into());
    against("schema.json", &[], "schema version 99");
    changed("version.json", "/per_run/program_version", "0.0.1".into());
    against("version.json", &[], "the result is of version 0.0.1, and this is");
    changed("without.json", "/per_run", Value::Null);
    against("without.json", &[], "does not have the values of each run");
    changed("short.json", "/per_run/figures/traffic.all.latency_ms.mean", serde_json::json!([1.0, 2.0]));
    against("short.json", &[], "traffic.all.latency_ms.mean is missing or damaged");
    changed("seed.json", "/seed", "one".into());
    against("seed.json", &[], "seed is missing or damaged");
    std::fs::write(folder.join("other.toml"), QUEUE.replace("job", "task")).unwrap();
    refused(folder, &["other.toml", "--baseline", base], "no request class is in both: job in the baseline, task in");
}

#[test]
fn too_many_runs_are_not_stored_and_that_is_told() {
    let folder = place();
    let set = ["--set", "simulation.duration=1 s", "--set", "simulation.warmup=0 s", "-q"];
    let run = say(folder.path(), &[&["run", "queue.toml", "--runs", "201", "-o", "base"], &set[..]].concat());
    assert_eq!(run.code, Some(0), "{}", run.err);
    let stored = std::fs::read_to_string(folder.path().join("base/summary.json")).unwrap();
    assert!(stored.contains("\"per_run\": null"));
    let arguments = ["queue.toml", "--baseline", "base/summary.json"];
    refused(folder.path(), &[&arguments[..], &set[..]].concat(), "kept only up to 200");
}

#[test]
fn production_stands_beside_the_simulation() {
    let folder = place();
    // exact: mean 10 ms, p50 6.93 ms, p99 46.05 ms, half busy; but p90 is not 99 ms
    let production = "figure,of,value,unit\nlatency_mean,,10,ms\nlatency_p50,job,6.93,ms\nlatency_p99,,46.05,ms\n\
                      latency_p90,,99,ms\nthroughput,,100,/s\nutilization,cpu,50,%\navailability,,1,\n";
    std::fs::write(folder.path().join("prod.csv"), production).unwrap();
    let said = say(folder.path(), &["compare", "queue.toml", "--observed", "prod.csv", "--format", "json", "-q"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.err);
    let found = said.json();
    let figures = found["figures"].as_array().unwrap();
    let within: Vec<bool> = figures.iter().filter_map(|figure| figure["in_single_run"].as_bool()).collect();
    assert_eq!(within, [true, true, true, false, true, true], "{found:#}");
    let p90 = &figures[3];
    assert_eq!(p90["line"], 5);
    assert!((p90["deviation"].as_f64().unwrap() - (23.03 / 99.0 - 1.0)).abs() < 0.03, "{p90:#}");
    assert_eq!(figures[6]["in_interval"], true, "no failure in so many is no certainty");
    let text = say(folder.path(), &["compare", "queue.toml", "--observed", "prod.csv"]);
    assert!(text.out.lines().all(|line| line.chars().count() <= 80), "{}", text.out);
    assert!(text.out.contains("5 of 6 figures lie where a run of this model would"), "{}", text.out);
    assert!(text.out.contains("The largest deviation is -7"), "{}", text.out);
    assert!(folder.path().join("output/queue-compare/observed.csv").is_file());
}

#[test]
fn figures_of_production_that_nobody_understands_are_told_with_their_lines() {
    let folder = place();
    let folder = folder.path();
    for (text, message) in [
        ("figure,of,value,unit\nlatency_p42,,1,ms\n", "prod.csv: line 2: there is no figure `latency_p42`; there are"),
        ("figure,of,value,unit\nlatency_p99,,264,\n", "prod.csv: line 2: traffic.all.latency_ms.p99:"),
        (
            "figure,of,value,unit\nlatency_p99,home,264,ms\n",
            "line 2: there is no request class \"home\" in this scenario",
        ),
        ("figure,of,value,unit\nutilization,gpu,64,%\n", "there is no station \"gpu\" in this scenario; there are cpu"),
        ("figure,of,value,unit\nseconds_behind,db2,1,s\n", "there is no replica in this scenario"),
        ("p99,264\n", "the columns `figure` and `value` are needed"),
        ("", "begin with figure,of,value,unit"),
    ] {
        std::fs::write(folder.join("prod.csv"), text).unwrap();
        refused(folder, &["queue.toml", "--observed", "prod.csv"], message);
    }
    refused(folder, &["queue.toml", "--observed", "nothing.csv"], "there is no such file");
}

#[test]
fn where_draws_differ_is_told() {
    let folder = place();
    let folder = folder.path();
    std::fs::write(folder.join("renamed.toml"), QUEUE.replace("traffic.users", "traffic.others")).unwrap();
    let said = say(folder, &["compare", "queue.toml", "renamed.toml", "--runs", "5", "-q", "--format", "json"]);
    let found = said.json();
    let unpaired: Vec<&str> =
        found["unpaired"].as_array().unwrap().iter().map(|u| u["what"].as_str().unwrap()).collect();
    assert_eq!(unpaired, ["traffic.users", "traffic.others"]);
    assert!(found["arrivals"][0]["equal_runs"].as_u64().unwrap() < 5, "{found:#}");
    let closed = QUEUE.replace(
        "process = \"poisson\"\nrate = \"100/s\"\nmix = { job = 1 }",
        "users = 5\nthink = \"exponential(50 ms)\"\nprocess = \"closed\"\nsession = [\"job\"]",
    );
    std::fs::write(folder.join("closed.toml"), closed).unwrap();
    let said = say(folder, &["compare", "closed.toml", "--set-b", FASTER, "--runs", "5", "-q"]);
    assert!(said.out.contains("closed users"), "{}{}", said.out, said.err);
}

#[test]
fn failures_rank_above_every_answer_and_count_for_themselves() {
    let folder = place();
    let limit = ["--set-b", "service.cpu.queue_limit=1", "--format", "json", "-q"];
    let said = say(folder.path(), &[&["compare", "queue.toml"], &limit[..]].concat());
    assert_eq!(said.code, Some(98), "{}", said.err);
    let found = said.json();
    // one server, one place: 1/7 of the arrivals find both taken (Erlang)
    let availability = figure(&found, "traffic.all.availability");
    let ends: Vec<f64> =
        availability["difference_ci95"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert!(ends[0] < -1.0 / 7.0 && -1.0 / 7.0 < ends[1], "{availability:#}");
    assert_eq!(availability["verdict"], "worse");
    let p99 = figure(&found, "traffic.all.latency_all_ms.p99");
    assert_eq!((&p99["b"]["censored"], &p99["verdict"]), (&Value::Bool(true), &"worse".into()), "{p99:#}");
    // who was answered waited less
    assert_eq!(figure(&found, "traffic.all.latency_ms.mean")["verdict"], "better");
    assert_eq!(found["judged"][0], "traffic.all.latency_all_ms.p99");
    // where p99 is lost on both sides, availability tells
    let both =
        ["compare", "queue.toml", "--set", "service.cpu.queue_limit=1", "--set-b", SLOWER, "--format", "json", "-q"];
    let found = say(folder.path(), &both).json();
    assert_eq!(found["judged"].as_array().unwrap().len(), 2, "{}", found["judged"]);
}

#[test]
fn overload_is_worse_and_told_as_such() {
    let folder = place();
    let said = say(folder.path(), &["compare", "queue.toml", "--set-b", "traffic.users.rate=220/s", "-q"]);
    assert_eq!(said.code, Some(98), "{}", said.err);
    assert!(said.out.contains("B: no steady state"), "{}", said.out);
    assert!(said.out.contains("the k-th request keeps its work"), "{}", said.out);
}

#[test]
fn a_long_value_is_told_whole_so_that_its_difference_is_seen() {
    let folder = place();
    let value = |ms: u32| format!("percentiles(p50 1 ms, p90 {ms} ms, p99 30 ms)");
    let [a, b] = [4, 5].map(|ms| format!("service.cpu.service={}", value(ms)));
    let arguments = ["compare", "queue.toml", "--set-a", &a, "--set-b", &b, "--runs", "2", "-q"];
    let said = say(folder.path(), &arguments);
    let text = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = format!("service.cpu.service: \"{}\" in A, \"{}\" in B", value(4), value(5));
    assert!(text.contains(&told), "{}{}", said.out, said.err);
}

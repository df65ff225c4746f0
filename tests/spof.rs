//! What single failures cost, on a small system: from a text to the findings, and the command as a user meets it.

use std::path::Path;
use std::process::Command;

use foobar_sim::experiment::spof::findings::{ComponentFindings, Findings, Recovery, Verdict};
use foobar_sim::experiment::spof::{Horizon, Options, run};
use foobar_sim::scenario::{Overrides, load_str};

/// A load balancer with health checks before two applications; each can carry all.
const PAIR: &str = r#"
name = "pair"

[simulation]
warmup = "1 s"
duration = "20 s"
runs = 3

[network]
repair = { mttf = "3650 d" }

[server.lb1]
[server.app1]
repair = { mttf = "100 d", notice = "10 min", fix = "50 min" }
[server.app2]

[service.lb]
kind = "haproxy"
servers = ["lb1"]
backend = "app"
default_server = { inter = "500 ms", fall = 2, rise = 2 }
timeout = { connect = "500 ms", server = "2 s" }

[service.app]
kind = "app"
servers = ["app1", "app2"]
workers = 16
repair = { mttf = "30 d", notice = "0 s", fix = "10 s", failover = 0.9 }

[request.page]
app.cpu = "exponential(5 ms)"

[traffic.visitors]
process = "poisson"
rate = "60/s"
mix = { page = 1 }
"#;

const OPTIONS: Options = Options {
    horizon: Horizon { at_s: 4.0, lasts_s: 24.0, after_s: 8.0, within_s: 3.0 },
    runs: 3,
    objective: 0.99,
    pairs: false,
};

fn findings(set: &[&str], options: &Options) -> Findings {
    let set = set.iter().map(|one| one.to_string()).collect();
    let overrides = Overrides { set, ..Overrides::default() };
    let scenario = load_str("pair.toml", PAIR, &overrides).unwrap_or_else(|errors| panic!("{errors}"));
    let (findings, broken) = run(&scenario, options, &|_| {}).expect("it can be asked");
    assert!(broken.is_empty(), "{broken:?}");
    findings
}

fn of<'f>(findings: &'f Findings, name: &str) -> &'f ComponentFindings {
    let names: Vec<&str> = findings.components.iter().map(|c| c.name.as_str()).collect();
    findings.components.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("no {name} in {names:?}"))
}

const YEAR_MIN: f64 = 365.25 * 24.0 * 60.0;

#[test]
fn everything_is_failed_once_and_only_what_nothing_stands_in_for_is_a_single_point_of_failure() {
    let found = findings(&[], &OPTIONS);
    let mut verdicts: Vec<(&str, Verdict)> = found.components.iter().map(|c| (c.name.as_str(), c.spof)).collect();
    verdicts.sort_by_key(|(name, _)| *name);
    let (yes, no) = (Verdict::Yes, Verdict::No);
    assert_eq!(
        verdicts,
        [
            ("app on app1", no),
            ("app on app2", no),
            ("app1", no),
            ("app2", no),
            ("lb on lb1", yes),
            ("lb1", yes),
            ("lb1 - app1", no),
            ("lb1 - app2", no),
        ]
    );
    let lost: Vec<f64> = found.components.iter().map(|c| c.cost.budget_min_per_year.value.unwrap()).collect();
    assert!(lost.is_sorted_by(|a, b| a >= b), "the dearest first: {lost:?}");
}

#[test]
fn a_total_outage_costs_its_length_times_how_often_it_happens() {
    let found = findings(&[], &OPTIONS);
    let lb = of(&found, "lb1");
    // MTTF 650 d, noticed after 5 min, fixed in an hour
    let (mttf, outage) = (650.0 * 24.0 * 60.0, 65.0);
    let expected = YEAR_MIN / (mttf + outage) * outage;
    for minutes in [lb.cost.budget_min_per_year.value.unwrap(), lb.cost.down_min_per_year.value.unwrap()] {
        assert!((minutes / expected - 1.0).abs() < 0.02, "{minutes} for {expected}");
    }
    let halved = lb.cost.mttr_halved.budget_min_per_year;
    assert!((halved / (expected / 2.0) - 1.0).abs() < 0.02, "{halved}");
    assert!(matches!(lb.recovery, Recovery::Repair { .. }), "{:?}", lb.recovery);
    assert_eq!(lb.noticed_s, None, "it stays as it is");
}

#[test]
fn health_checks_bound_what_a_dead_server_costs_and_without_them_it_is_a_single_point_of_failure() {
    let with = findings(&[], &OPTIONS);
    let app = of(&with, "app1");
    let detected = app.detected_s.value.expect("health checks see it");
    // two checks fail, each after its time-out at the latest
    assert!(detected > 0.2 && detected < 2.5, "{detected}");
    assert!(app.failed.value.unwrap() < 60.0 * 3.0, "{:?}", app.failed);

    let without = findings(&["service.lb.default_server.check=false"], &OPTIONS);
    let blind = of(&without, "app1");
    assert_eq!((blind.spof, blind.detected_s.value), (Verdict::Yes, None));
    let (noticing, not) = (app.cost.budget_min_per_year.value.unwrap(), blind.cost.budget_min_per_year.value.unwrap());
    assert!(not > 10.0 * noticing, "{not} without, {noticing} with");
    // about every other request goes there; none is answered
    assert!(blind.failed.value.unwrap() > 0.3 * 60.0 * 24.0, "{:?}", blind.failed);
}

#[test]
fn the_markov_model_adds_the_single_failures_and_the_failovers_that_do_not_work() {
    let found = findings(&[], &OPTIONS);
    let system = &found.system.below_objective.own_crews;
    let days = 24.0 * 60.0;
    let unavailability = |mttf: f64, outage: f64| outage / (mttf + outage);
    let single = 1.0 - (1.0 - unavailability(650.0 * days, 65.0)) * (1.0 - unavailability(90.0 * days, 10.0));
    assert!((system.single_min_per_year / (single * YEAR_MIN) - 1.0).abs() < 1e-3, "{system:?}");
    // one failover of twenty of the servers (an hour, and 65 min), and of ten of the processes, does not work
    assert!(system.failed_failover_min_per_year > 0.05 * YEAR_MIN * unavailability(100.0 * days, 60.0), "{system:?}");
    assert!(system.several_min_per_year > 0.0 && system.uncovered_share.unwrap() < 1.0, "{system:?}");
    let sum = system.single_min_per_year
        + system.failover_min_per_year
        + system.failed_failover_min_per_year
        + system.several_min_per_year;
    assert!((sum / system.min_per_year - 1.0).abs() < 1e-9, "{sum} of {}", system.min_per_year);
    let one_crew = &found.system.below_objective.one_crew;
    assert!(one_crew.several_min_per_year > system.several_min_per_year, "a crew that is busy elsewhere");
}

#[test]
fn pairs_are_ranked_and_the_likeliest_simulated() {
    let found = findings(&[], &Options { pairs: true, runs: 2, ..OPTIONS });
    let pairs = found.pairs.expect("they were asked for");
    // of 28, a server and its own process or link is none: lb1 has 3 of these, each app 2
    assert_eq!((pairs.pairs.len(), pairs.contained), (28 - 7, 7));
    assert!(pairs.pairs.is_sorted_by(|a, b| a.both_failed_min_per_year >= b.both_failed_min_per_year));
    assert_eq!(pairs.pairs.iter().filter(|pair| pair.simulated.is_some()).count(), 20);
    let both = pairs.pairs.iter().find(|pair| pair.names == ["app1".to_owned(), "app2".to_owned()]).unwrap();
    let simulated = both.simulated.as_ref().expect("among the likeliest");
    assert_eq!(simulated.below_objective, Verdict::Yes);
    let lost = simulated.budget_min_per_year.value.unwrap();
    assert!((lost / both.both_failed_min_per_year - 1.0).abs() < 1e-9, "nobody is answered meanwhile");
}

#[test]
fn threads_change_nothing() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let found = pool.install(|| findings(&[], &Options { runs: 2, ..OPTIONS }));
        format!("{}\n{found:?}", serde_json::to_string(&found).expect("findings are JSON"))
    };
    assert_eq!(on(1), on(5));
}

#[test]
fn a_scenario_s_own_faults_are_left_out_and_that_is_told() {
    let text = format!("{PAIR}\n[[fault]]\nat = \"5 s\"\npower_off = \"lb1\"\n");
    let scenario = load_str("pair.toml", &text, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"));
    let (found, _) = run(&scenario, &Options { runs: 1, ..OPTIONS }, &|_| {}).expect("it can be asked");
    let ids: Vec<&str> = found.warnings.iter().map(|warning| warning.id).collect();
    assert!(ids.contains(&"own_faults_left_out"), "{ids:?}");
    assert_eq!(found.baseline.classes[0].settled.value, Some(1.0));
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn say(folder: &Path, arguments: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_foobar-sim")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

const SHORT: [&str; 12] =
    ["spof", "pair.toml", "--runs", "2", "--at", "4 s", "--lasts", "24 s", "--after", "8 s", "--within", "3 s"];

#[test]
fn the_command_prints_within_80_columns_and_keeps_four_views_and_a_manifest() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pair.toml"), PAIR).unwrap();
    let text = say(folder.path(), &SHORT);
    assert_eq!((text.code, text.err.as_str()), (Some(0), ""), "{}", text.err);
    assert!(text.out.lines().all(|line| line.chars().count() <= 80), "{}", text.out);
    for part in ["Minutes in a year", "lb1 off", "interval of the simulation only", "Markov model"] {
        assert!(text.out.contains(part), "{part} is not in\n{}", text.out);
    }
    let kept = |name: &str| std::fs::read_to_string(folder.path().join("output/pair-spof").join(name)).unwrap();
    for (format, file) in [("json", "spof.json"), ("csv", "spof.csv"), ("markdown", "spof.md")] {
        let said = say(folder.path(), &[&SHORT[..], &["--format", format, "-q"]].concat());
        assert_eq!((said.code, said.out), (Some(0), kept(file)), "{format}");
    }
    let json: serde_json::Value = serde_json::from_str(&kept("spof.json")).unwrap();
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["components"].as_array().unwrap().len(), 8);
    // the head, and each failure
    assert_eq!(kept("spof.csv").lines().count(), 9);
    assert!(kept("spof-over-time.csv").lines().nth(1).unwrap().contains(",page,0,"));
    assert!(kept("manifest.json").contains("\"--within\""));
    let page = kept("report.html");
    assert!(page.contains("are single points of failure: ") && page.contains("id=\"chart-spof-timelines\""));
    assert_eq!(say(folder.path(), &["chart", "output/pair-spof", "-q"]).code, Some(0));
    assert_eq!(kept("report.html"), page);
}

#[test]
fn what_cannot_be_asked_is_told_with_a_remedy_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pair.toml"), PAIR).unwrap();
    for (arguments, message) in [
        (["--lasts", "20 s"], "--lasts '25 s' or more"),
        (["--within", "0 s"], "zero is not possible"),
        (["--at", "-1 s"], "a time cannot be negative"),
        (["--at", "60"], "needs its unit"),
        (["--lasts", "2 d"], "longer than a day"),
        (["--objective", "1.5"], "a share between 0 and 1"),
        (["--set", "server.app1.repair.mtff='1 h'"], "did you mean `mttf`?"),
        (["--set", "server.app1.repair.mttf='0 s'"], "mttf"),
        (["--set", "service.app.repair.failover=2"], "2 is more than 1"),
    ] {
        let said = say(folder.path(), &[&["spof", "pair.toml"], &arguments[..]].concat());
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(said.err.contains(message), "{arguments:?}: {}", said.err);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let effective = say(folder.path(), &["spof", "pair.toml", "--print-effective"]);
    assert!(effective.out.contains("repair.mttf = \"100 d\""), "{}", effective.out);
    assert!(effective.out.contains("# default: J. Dean"), "{}", effective.out);
}

//! Every scenario that we ship loads, runs, and obeys the laws; and peak.toml keeps what it is there to show.

use std::path::{Path, PathBuf};

use foobar_sim::experiment::Outcome;
use foobar_sim::experiment::runner::{Options, run};
use foobar_sim::model::network::Role;
use foobar_sim::report::content::Extent;
use foobar_sim::report::spark;
use foobar_sim::report::text::render_all;
use foobar_sim::scenario::{
    Demands, Overrides, Process, Reads, RequestBody, Scenario, ServiceKind, immaterial_defaults, load, moved_by,
};
use foobar_sim::simulation::compile::compile;
use foobar_sim::simulation::result::RunResult;
use foobar_sim::simulation::{RunPlan, run as run_once};

fn shipped() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = ["scenarios", "benches/scenarios"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).expect("a folder of scenarios"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
}

fn read(file: &Path, set: &[&str]) -> Scenario {
    let set = set.iter().map(|s| s.to_string()).collect();
    let overrides = Overrides { set, runs: Some(1), seed: None };
    load(file, &overrides).unwrap_or_else(|errors| panic!("{}:\n{errors}", file.display()))
}

#[test]
fn every_shipped_scenario_loads_and_runs_and_obeys_the_laws() {
    let files = shipped();
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let scenario = read(&file, &["simulation.duration=10 s", "simulation.warmup=2 s"]);
        let options = Options::default();
        let outcome = run(&scenario, &options, &|_| {}).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        fits_a_terminal(&file, &outcome);
        let summary = outcome.summary;
        let idle: Vec<&str> =
            summary.warnings.iter().filter(|w| w.id == "without_effect").map(|w| w.message.as_str()).collect();
        assert!(idle.is_empty(), "{}: {idle:?}", file.display());
        let all = &summary.traffic[0];
        assert!(
            all.offered > 0 && all.completed > 0,
            "{}: {} of {} answered",
            file.display(),
            all.completed,
            all.offered
        );
        for class in &summary.traffic {
            assert!(class.offered > 0, "{}: nothing asks for {}", file.display(), class.name);
        }
        assert!(!summary.checks.is_empty());
        for check in summary.checks.iter().filter(|check| check.simulated.is_none()) {
            assert!(check.passed, "{}: {}: {}", file.display(), check.name, check.detail);
        }
    }
}

/// What is printed is no wider than 80 columns; only what has no space in it (a path) is left whole.
fn fits_a_terminal(file: &Path, outcome: &Outcome) {
    let over_time = spark::over_time(outcome);
    assert!(!over_time.is_empty(), "{}: ten windows of a second", file.display());
    for extent in [Extent::Terminal, Extent::Full] {
        let text = render_all(&outcome.summary, extent, over_time.clone(), None, false);
        for line in text.lines().filter(|line| line.trim().contains(' ')) {
            assert!(line.chars().count() <= 80, "{}: {line}", file.display());
        }
    }
}

#[test]
fn a_shipped_scenario_begins_with_what_it_is_for() {
    for file in shipped() {
        let text = std::fs::read_to_string(&file).expect("it was read before");
        assert!(text.starts_with("# "), "{}", file.display());
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let named = text.lines().any(|line| line.starts_with("name = ") && line.ends_with(&format!("{stem}\"")));
        assert!(named, "{}: its name is another", file.display());
    }
}

fn peak() -> (Scenario, RunResult) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/peak.toml");
    let scenario = read(&file, &[]);
    let plan = RunPlan { run: 0, warmup_s: 1.0, duration_s: Some(10.0), traces: &|_| Box::new(std::iter::empty()) };
    let result = run_once(&scenario, &compile(&scenario), &plan);
    (scenario, result)
}

fn demands(scenario: &Scenario) -> Vec<&Demands> {
    let mut demands = Vec::new();
    for class in &scenario.requests {
        match &class.body {
            RequestBody::Tiers(of) => demands.push(of),
            RequestBody::Path(_) => {}
        }
    }
    demands
}

#[test]
fn peak_has_all_the_software_of_the_reference_system() {
    let (scenario, _) = peak();
    let kinds = |is: fn(&ServiceKind) -> bool| scenario.services.iter().filter(|s| is(&s.kind)).count();
    assert_eq!(kinds(|k| matches!(k, ServiceKind::Haproxy(h) if h.tls.is_some())), 1, "TLS ends at HAProxy");
    assert_eq!(kinds(|k| matches!(k, ServiceKind::Nginx(n) if n.files.is_some() && n.upstream.is_some())), 1);
    assert_eq!(kinds(|k| matches!(k, ServiceKind::App(a) if a.database.is_some() && a.memory.is_some())), 1);
    let replicated = |k: &ServiceKind| {
        matches!(k, ServiceKind::Mysql(m) if m.replicas.len() == 1 && m.reads == Reads::Replica
            && m.flush_log_at_trx_commit == 1 && m.sync_binlog == 1)
    };
    assert_eq!(kinds(replicated), 1, "reads at a replica, durable writes at the primary");
    assert!(scenario.traffic.iter().all(|t| matches!(t.process, Process::Poisson(_))));
    assert_eq!(scenario.servers.len(), 6);
    let pair = |k: &ServiceKind| matches!(k, ServiceKind::Haproxy(h) if h.vrrp.as_ref().is_some_and(|v| v.priorities == [150, 100]) && h.check.is_some());
    assert_eq!(kinds(pair), 1, "two load balancers, who share an address and check the web server");
    assert!(scenario.traffic.iter().all(|t| t.client.timeout_s == Some(10.0)));
}

#[test]
fn peak_asks_for_static_files_pages_and_orders() {
    let (scenario, result) = peak();
    let demands = demands(&scenario);
    let asks = |is: fn(&foobar_sim::scenario::Demand) -> bool| demands.iter().any(|d| d.of_service.iter().any(is));
    assert!(asks(|d| d.file.is_some()), "static files");
    assert!(asks(|d| d.reads.is_some()), "database reads");
    assert!(asks(|d| d.transactions.iter().any(|t| t.writes > 0)), "database writes");
    assert!(asks(|d| d.wait.is_some()), "an outside service");
    assert!(asks(|d| d.memory.is_some()), "memory");
    assert!(demands.iter().any(|d| d.upload.is_some()) && demands.iter().all(|d| d.response.is_some()), "bytes");
    for (class, seen) in scenario.requests.iter().zip(&result.classes) {
        assert!(seen.completed > 100, "{}: {} answered", class.name, seen.completed);
        assert_eq!(seen.failures(), 0, "{}", class.name);
    }
}

#[test]
fn peak_visits_every_kind_of_hardware() {
    let (_, result) = peak();
    let busy = |role: Role, name: &str| {
        let found = result.stations.iter().find(|s| s.role == role && s.name == name);
        let station = found.unwrap_or_else(|| panic!("no {role:?} {name} among {:?}", names(&result)));
        assert!(station.departures > 0 && station.busy_area_ns > 0, "{name} was not visited");
    };
    for server in ["lb1", "web1", "app1", "db1", "db2"] {
        busy(Role::Cpu, &format!("{server}.cpu"));
    }
    for server in ["web1", "db1", "db2"] {
        busy(Role::Disk, &format!("{server}.disk"));
    }
    for server in ["lb1", "web1", "app1", "db1"] {
        busy(Role::NicOut, &format!("{server}.nic_out"));
    }
    for server in ["lb1", "web1", "app1", "db2"] {
        busy(Role::NicIn, &format!("{server}.nic_in"));
    }
    for pool in ["lb.lb1.maxconn", "web.worker_connections", "app.workers", "app.database_pool"] {
        busy(Role::Pool, pool);
    }
    for role in [Role::Stage, Role::Applier] {
        let visited = result.stations.iter().filter(|s| s.role == role && s.departures > 0).count();
        assert!(visited > 0, "no {role:?} was visited among {:?}", names(&result));
    }
    let replica = &result.replicas[0];
    assert!(replica.reads > 0 && !replica.apply_delay_ns.is_empty(), "the replica reads and applies");
}

fn names(result: &RunResult) -> Vec<&str> {
    result.stations.iter().map(|s| s.name.as_str()).collect()
}

/// What the list of defaults that move p99 leaves out untried, moves nothing: not even where so much is refused that
/// servers are left out and requests repeated.
#[test]
fn a_default_that_is_not_tried_moves_nothing() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/peak.toml");
    let overloaded =
        ["simulation.duration=2 s", "simulation.warmup=1 s", "service.app.workers=6", "service.app.backlog=2"];
    let scenario = read(&file, &overloaded);
    let options = Options::default();
    let result = |scenario: &Scenario| {
        let outcome = run(scenario, &options, &|_| {}).expect("no traces");
        let traffic = serde_json::to_string(&outcome.summary.traffic).expect("a summary is JSON");
        (outcome.summary.totals.events, outcome.summary.traffic[0].failed, traffic)
    };
    let expected = result(&scenario);
    assert!(expected.1 > 100, "{} of few failed", expected.1);
    let immaterial = immaterial_defaults(&scenario);
    let untried: Vec<_> = scenario.assumptions.iter().filter(|one| immaterial(one)).collect();
    let moved: Vec<_> = untried.iter().filter_map(|one| Some((one.key.as_str(), moved_by(one, 1.25)?.0))).collect();
    for key in ["service.web.proxy_connect_timeout", "service.web.upstream.max_fails"] {
        assert!(moved.iter().any(|(moved, _)| *moved == key), "{key} would be tried: {moved:?}");
    }
    for (key, to) in moved {
        let set = format!("{key}={to}");
        let other = read(&file, &[&overloaded[..], &[set.as_str()]].concat());
        assert!(result(&other) == expected, "{set} moves something");
    }
}

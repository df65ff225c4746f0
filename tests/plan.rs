//! What to buy and when: `foobar-sim plan` on small systems whose answers are known, and the command as a user meets it.

use std::path::Path;
use std::process::Command;

use foobar_sim::experiment::plan::findings::{Findings, FleetFindings, Highest, Verdict};
use foobar_sim::experiment::plan::{Options, PlanError, Question, run};
use foobar_sim::scenario::{Overrides, Scenario, ServiceKind, load_str};
use foobar_sim::simulation::compile::compile;
use foobar_sim::stats::analytic::closed::{ClosedStation, exact};
use foobar_sim::stats::analytic::erlang::Mmc;
use foobar_sim::stats::analytic::network::tandem_response;
use foobar_sim::stats::special::bisect;

const PAIR: &str = r#"
[server.lb1]
[server.app1]
[server.db1]
[service.lb]
kind = "haproxy"
servers = ["lb1"]
backend = "app"
[service.app]
kind = "app"
servers = ["app1"]
workers = 16
database = { service = "db", pool = 8 }
[service.db]
kind = "mysql"
primary = "db1"
reads = "any"
[request.page]
app.cpu = "10 ms"
db.reads = { count = 2, cpu = "1 ms", pages = 1 }
[traffic.a]
process = "poisson"
rate = "60/s"
mix = { page = 1 }
[traffic.b]
process = "mmpp"
states = [{ rate = "10/s", lasts = "1 s" }, { rate = "30/s", lasts = "1 s" }]
mix = { page = 1 }
"#;

fn pair() -> Scenario {
    load_str("pair.toml", PAIR, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn busy(scenario: &Scenario, station: &str) -> f64 {
    let load = compile(scenario).load;
    load.stations.iter().find(|s| s.station == station).map_or(f64::NAN, |s| s.offered_erlangs)
}

#[test]
fn twice_the_traffic_is_twice_the_load() {
    let once = pair();
    let rate = |scenario: &Scenario| compile(scenario).load.rate_per_s.unwrap();
    assert!((rate(&once) - 80.0).abs() < 1e-9);
    assert!((rate(&once.with_traffic(2.0, None)) - 160.0).abs() < 1e-9);
    assert!((rate(&once.with_traffic(2.0, Some(1))) - 100.0).abs() < 1e-9);
    assert!((busy(&once.with_traffic(2.0, None), "app1.cpu") / busy(&once, "app1.cpu") - 2.0).abs() < 1e-9);
}

#[test]
fn more_servers_share_the_work_and_no_fewer_are_left() {
    let once = pair();
    let three = once.with_servers(1, 3);
    assert_eq!(three.servers.iter().map(|s| s.name.as_str()).collect::<Vec<_>>()[3..], ["app1-2", "app1-3"]);
    assert_eq!(three.repairs.servers.len(), three.servers.len());
    assert!((busy(&three, "app1.cpu") * 3.0 / busy(&once, "app1.cpu") - 1.0).abs() < 1e-9);
    assert!((busy(&three, "app1-3.cpu") * 3.0 / busy(&once, "app1.cpu") - 1.0).abs() < 1e-9);
    let again = three.with_servers(1, 1);
    assert!((busy(&again, "app1.cpu") / busy(&once, "app1.cpu") - 1.0).abs() < 1e-9);
}

#[test]
fn a_replica_more_takes_its_share_of_the_reads() {
    let one = pair();
    let two = one.with_replicas(2, 1);
    let ServiceKind::Mysql(mysql) = &two.services[2].kind else { panic!("a database") };
    assert_eq!((mysql.replicas.len(), two.services[2].servers.len()), (1, 2));
    assert!((busy(&two, "db1.cpu") * 2.0 / busy(&one, "db1.cpu") - 1.0).abs() < 1e-9);
}

// ---- the highest rate, where it is known ----------------------------------------------------------------

fn options(questions: &[Question]) -> Options {
    Options {
        questions: questions.to_vec(),
        precision: 0.02,
        runs_max: 80,
        source: None,
        growth: None,
        from: "2026-01-31".parse().unwrap(),
        moved: 0.1,
        measured: None,
    }
}

fn plan(text: &str, set: &[String], options: &Options) -> Result<Findings, PlanError> {
    let load = |more: &[String]| {
        let set = [set, more].concat();
        load_str("plan.toml", text, &Overrides { set, ..Overrides::default() }).map_err(|errors| errors.to_string())
    };
    let scenario = load(&[]).unwrap_or_else(|errors| panic!("{errors}"));
    run(&scenario, options, &load, &|_| {})
}

fn full() -> bool {
    std::env::var_os("FOOBAR_SIM_FULL").is_some()
}

/// A model whose highest rate is known.
struct Known {
    name: &'static str,
    text: String,
    exact: f64,
}

const SIMULATION: &str = "[simulation]\nduration = \"DURATION\"\nwarmup = \"WARMUP\"\nruns = 10\nseed = 1\n";

fn known() -> Vec<Known> {
    // M/M/1 of 10 ms: p95 at 150 ms; M/M/4 of 40 ms: p99 at 300 ms
    let single = |workers: u32, mean_ms: f64, quantile: f64, limit_ms: f64| {
        let mu = 1e3 / mean_ms;
        let most = mu * f64::from(workers);
        let slow = |rate: f64| {
            Mmc::new(rate, mu, workers).map_or(true, |queue| queue.sojourn_percentile(quantile) * 1e3 >= limit_ms)
        };
        let text = format!(
            "{SIMULATION}[service.cpu]\nkind = \"station\"\nworkers = {workers}\n[request.job]\n\
             path = [{{ visit = \"cpu\", service = \"exponential({mean_ms} ms)\" }}]\n[traffic.all]\n\
             process = \"poisson\"\nrate = \"{}/s\"\nmix = {{ job = 1 }}\n[[slo]]\nthat = \"latency_p{} < {limit_ms} ms\"\n",
            0.5 * most,
            (quantile * 100.0).round()
        );
        (text, bisect(0.01 * most, most, slow))
    };
    let (text, exact_rate) = single(1, 10.0, 0.95, 150.0);
    let mm1 = Known { name: "M/M/1, p95", text, exact: exact_rate };
    let (text, exact_rate) = single(4, 40.0, 0.99, 300.0);
    let mm4 = Known { name: "M/M/4, p99", text, exact: exact_rate };

    let tiers = [0.005, 0.008];
    let slow = |rate: f64| tandem_response(rate, &tiers).map_or(true, |response| response.percentile(0.95) >= 0.1);
    let jackson = Known {
        name: "two tiers (Jackson), p95",
        text: format!(
            "{SIMULATION}[service.front]\nkind = \"station\"\nworkers = 1\n[service.back]\nkind = \"station\"\n\
             workers = 1\n[request.job]\npath = [{{ visit = \"front\", service = \"exponential(5 ms)\" }}, \
             {{ visit = \"back\", service = \"exponential(8 ms)\" }}]\n[traffic.all]\nprocess = \"poisson\"\n\
             rate = \"60/s\"\nmix = {{ job = 1 }}\n[[slo]]\nthat = \"latency_p95 < 100 ms\"\n"
        ),
        exact: bisect(1.0, 125.0, slow),
    };

    // closed users: mean response of 0.5 s; between two numbers of users the line between their responses
    let network = [ClosedStation::queue(0.05), ClosedStation::queue(0.04), ClosedStation::delay(6.0)];
    let response = |users: u32| f64::from(users) / exact(&network, users).unwrap().throughput - 6.0;
    let above = (1..1000).find(|&users| response(users) >= 0.5).unwrap();
    let share = (0.5 - response(above - 1)) / (response(above) - response(above - 1));
    let closed = Known {
        name: "closed network, mean",
        text: format!(
            "{SIMULATION}[service.cpu]\nkind = \"station\"\nworkers = 1\ndiscipline = \"ps\"\n[service.disk]\n\
             kind = \"station\"\nworkers = 1\n[request.order]\npath = [{{ visit = \"cpu\", service = \"exponential(50 ms)\" }}, \
             {{ visit = \"disk\", service = \"exponential(40 ms)\" }}]\n[traffic.clerks]\nprocess = \"closed\"\nusers = 50\n\
             think = \"exponential(6 s)\"\nmix = {{ order = 1 }}\n[[slo]]\nthat = \"latency_mean < 500 ms\"\n"
        ),
        exact: f64::from(above - 1) + share,
    };
    vec![mm1, mm4, jackson, closed]
}

/// The highest rate, its interval, and whether the latter holds the exact one.
fn highest(case: &Known, seed: u64, precision: f64, duration: &str) -> (f64, [f64; 2]) {
    let text = case.text.replace("DURATION", duration).replace("WARMUP", "60 s");
    let options = Options { precision, ..options(&[Question::Rate]) };
    let found =
        plan(&text, &[format!("simulation.seed={seed}")], &options).unwrap_or_else(|e| panic!("{}: {e}", case.name));
    match found.rate.unwrap().all.highest {
        Highest::Rate { rate, .. } => (rate.value.unwrap(), rate.ci95.unwrap()),
        other => panic!("{}: {other:?}", case.name),
    }
}

/// At full length within 1%; a short one within 3%, and its interval must hold the exact value, or the next seed's.
#[test]
fn the_highest_rate_is_the_exact_one_where_that_is_known() {
    let (precision, duration, within) = if full() { (0.004, "2 h", 0.01) } else { (0.02, "10 min", 0.03) };
    for case in known() {
        let (rate, [low, high]) = highest(&case, 1, precision, duration);
        let off = rate / case.exact - 1.0;
        println!("{:<26} {rate:9.3} [{low:.3}, {high:.3}], exact {:.3}: {:+.2}%", case.name, case.exact, 100.0 * off);
        assert!(off.abs() <= within, "{}: {rate} for {}", case.name, case.exact);
        // 95% intervals miss one time of twenty: a second seed is declared beforehand
        let held = |[low, high]: [f64; 2]| low <= case.exact && case.exact <= high;
        assert!(held([low, high]) || held(highest(&case, 2, precision, duration).1), "{}: {low} {high}", case.name);
    }
}

/// How often the interval of 10 runs holds the exact rate: of 400 experiments in at least 92%; 12 in the gate only show
/// that it is not grossly too narrow.
#[test]
fn the_interval_of_the_rate_holds_the_exact_one() {
    let experiments: u64 = if full() { 400 } else { 12 };
    let case = &known()[0];
    let held = (0..experiments).filter(|seed| {
        let text = case.text.replace("DURATION", "10 min").replace("WARMUP", "30 s");
        let options = Options { runs_max: 10, precision: 0.02, ..options(&[Question::Rate]) };
        let found = plan(&text, &[format!("simulation.seed={}", 1000 + seed)], &options).unwrap();
        match found.rate.unwrap().all.highest {
            Highest::Rate { rate, .. } => {
                let [low, high] = rate.ci95.unwrap();
                low <= case.exact && case.exact <= high
            }
            other => panic!("{other:?}"),
        }
    });
    let held = held.count() as f64 / experiments as f64;
    println!("coverage of the rate's interval: {:.1}% of {experiments}", 100.0 * held);
    let least = if full() { 0.92 } else { 0.7 };
    assert!(held >= least, "{held} of {experiments}");
}

// ---- the ladder ------------------------------------------------------------------------------------------

/// HAProxy, nginx, application, MySQL in product form, 50/s.
const CHAIN: &str = r#"
[simulation]
duration = "5 min"
warmup = "10 s"
runs = 5
[service.haproxy]
kind = "station"
workers = 1
discipline = "ps"
[service.nginx]
kind = "station"
workers = 1
discipline = "ps"
[service.app]
kind = "station"
workers = 4
discipline = "ps"
[service.dbcpu]
kind = "station"
workers = 2
discipline = "ps"
[service.disk]
kind = "station"
workers = 1
[request.page]
path = [
    { visit = "haproxy", service = "0.5 ms" },
    { visit = "nginx", service = "hyperexponential(2 ms, cv 2)" },
    { visit = "app", service = "lognormal(40 ms, cv 2)" },
    { again = 0.375, path = [{ visit = "dbcpu", service = "exponential(15 ms)" }] },
    { again = 0.5833333333333334, path = [{ visit = "disk", service = "exponential(4 ms)" }] },
]
[traffic.all]
process = "poisson"
rate = "50/s"
mix = { page = 1 }
"#;

#[test]
fn the_ladder_of_the_web_chain_is_exact() {
    let found = plan(CHAIN, &[], &options(&[Question::Bottlenecks])).unwrap().bottlenecks.unwrap();
    let expected = [("dbcpu", 250.0 / 3.0), ("app", 100.0), ("disk", 1000.0 / 9.6), ("nginx", 500.0)];
    let rungs: Vec<(&str, f64)> =
        found.rungs.iter().map(|rung| (rung.stations[0].as_str(), rung.saturates_at_rate)).collect();
    for ((station, rate), (name, exact)) in rungs.iter().zip(expected) {
        assert!(*station == name && (rate / exact - 1.0).abs() < 1e-9, "{rungs:?}");
    }
    assert_eq!(rungs.len(), 4);
    // 24 ms a request: 2.4 cores at 100/s
    assert_eq!((found.rungs[0].workers, found.rungs[0].lift_workers), (2, Some(3)));
    assert!((found.rungs[0].lift_less_work.unwrap() - (1.0 - 2.0 / 2.4)).abs() < 1e-9);
}

#[test]
fn simulation_and_theory_agree_on_the_knee_of_the_web_chain() {
    let curve = plan(CHAIN, &[], &options(&[Question::Bottlenecks])).unwrap().bottlenecks.unwrap().curve;
    assert!(curve.product_form && curve.disagreements.is_empty(), "{:?}", curve.disagreements);
    let (simulated, formula) = (curve.knee_simulated.unwrap(), curve.knee_formula.unwrap());
    assert!((simulated / formula - 1.0).abs() < 0.05, "{simulated} {formula}");
    for point in &curve.points {
        let (mean, exact) = (point.mean_ms.value.unwrap(), point.theory.formula_ms.unwrap());
        let [low, high] = point.theory.balanced_ms.unwrap();
        assert!((mean / exact - 1.0).abs() < 0.15, "{mean} {exact} at {}", point.load);
        assert!(low <= exact * 1.0001 && exact <= high * 1.0001, "{low} {exact} {high} at {}", point.load);
    }
}

#[test]
fn a_pool_that_is_too_small_moves_the_knee_and_is_told() {
    // the pool is held around the work, and saturates far below the station behind it
    let text = r#"
[simulation]
duration = "2 min"
warmup = "10 s"
[service.pool]
kind = "station"
workers = 4
[service.cpu]
kind = "station"
workers = 4
discipline = "ps"
[request.page]
path = [{ hold = "pool", path = [{ visit = "cpu", service = "exponential(10 ms)" }, { delay = "exponential(90 ms)" }] }]
[traffic.all]
process = "poisson"
rate = "20/s"
mix = { page = 1 }
"#;
    let found = plan(text, &[], &options(&[Question::Bottlenecks])).unwrap().bottlenecks.unwrap();
    assert_eq!(found.rungs[0].stations, ["pool"]);
    assert!(
        (found.rungs[0].saturates_at_rate - 40.0).abs() < 1e-6 && found.rungs[0].at_the_latest,
        "{:?}",
        found.rungs
    );
    assert!(!found.curve.disagreements.is_empty());
}

// ---- what to buy -----------------------------------------------------------------------------------------

const FLEET: &str = r#"
[simulation]
duration = "5 min"
warmup = "10 s"
[service.front]
kind = "station"
workers = 1
[service.back]
kind = "station"
workers = 2
[request.page]
path = [{ visit = "front", service = "exponential(10 ms)" }, { visit = "back", service = "exponential(30 ms)" }]
[traffic.all]
process = "poisson"
rate = "80/s"
mix = { page = 1 }
[[slo]]
that = "latency_p95 < 160 ms"
[plan]
currency = "EUR a month"
vary = [
    { key = "service.front.workers", values = [1, 2, 3], prices = [10, 25, 60] },
    { key = "service.back.workers", values = [2, 3, 4, 6, 8], price_each = 20 },
]
"#;

/// Every fleet alone, and whether it meets the objective in ten long runs.
fn brute_force() -> Vec<(f64, [u32; 2], bool)> {
    let mut all = Vec::new();
    for (front, price) in [(1u32, 10.0), (2, 25.0), (3, 60.0)] {
        for back in [2u32, 3, 4, 6, 8] {
            let set = [format!("service.front.workers={front}"), format!("service.back.workers={back}")];
            let overrides = Overrides { set: set.to_vec(), runs: Some(10), seed: Some(99) };
            let scenario = load_str("fleet.toml", FLEET, &overrides).unwrap();
            let options = foobar_sim::experiment::runner::Options { max_runs: Some(10), ..Default::default() };
            let summary = foobar_sim::experiment::runner::run(&scenario, &options, &|_| {}).unwrap().summary;
            let p95 = summary.traffic[0].latency_ms.p95.value.unwrap();
            all.push((price + 20.0 * f64::from(back), [front, back], p95 < 160.0));
        }
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

fn values(findings: &FleetFindings) -> Vec<Vec<String>> {
    findings.cheapest.iter().chain(&findings.runners_up).map(|fleet| fleet.values.clone()).collect()
}

#[test]
fn the_cheapest_of_a_small_fleet_is_that_of_brute_force() {
    let found = plan(FLEET, &[], &options(&[Question::Cheapest])).unwrap().cheapest.unwrap();
    let all = brute_force();
    let meeting: Vec<Vec<String>> =
        all.iter().filter(|fleet| fleet.2).map(|fleet| fleet.1.map(|n| n.to_string()).to_vec()).collect();
    assert_eq!(values(&found)[..3], meeting[..3], "{found:?}\n{all:?}");
    let cheapest = found.cheapest.as_ref().unwrap();
    assert_eq!((cheapest.verdict, cheapest.price), (Verdict::Meets, all.iter().find(|fleet| fleet.2).unwrap().0));
    assert!(found.sure && found.fleets == 15 && found.overloaded > 0 && found.cut_off > 0, "{found:?}");
    assert_eq!(found.present_price, Some(50.0));
    assert!(found.simulated + found.overloaded + found.cut_off == 15, "{found:?}");
}

#[test]
fn more_servers_in_a_tier_are_bought_as_one_number() {
    let text = PAIR.to_owned()
        + "[simulation]\nduration = \"30 s\"\nwarmup = \"5 s\"\n[[slo]]\nthat = \"latency_p99 < 60 ms\"\n[plan]\n\
           vary = [{ servers = \"app\", values = [1, 2, 3], price_each = 100 }]\n";
    let set = ["server.app1.cpu={ cores = 1 }".to_string()];
    let found = plan(&text, &set, &options(&[Question::Cheapest])).unwrap().cheapest.unwrap();
    let cheapest = found.cheapest.unwrap();
    assert_eq!(cheapest.changes, ["servers of app = 2"], "{cheapest:?}");
    assert_eq!((cheapest.price, found.present_price), (200.0, Some(100.0)));
}

// ---- when, and what it hangs on --------------------------------------------------------------------------

#[test]
fn headroom_follows_from_the_rate_and_the_growth() {
    let case = &known()[0];
    let text = case.text.replace("DURATION", "5 min").replace("WARMUP", "30 s");
    let options = Options { growth: Some(0.05), ..options(&[Question::Rate, Question::Headroom]) };
    let found = plan(&text, &[], &options).unwrap();
    let Highest::Rate { scale, .. } = found.rate.unwrap().all.highest else { panic!("it has a rate") };
    let headroom = found.headroom.unwrap();
    let months = scale.value.unwrap().ln() / 1.05f64.ln();
    assert!((headroom.months.value.unwrap() - months).abs() < 1e-9);
    // 1.6 times the traffic at 5% a month: 9.6 months from the end of January
    assert!(headroom.date.starts_with("2026-1"), "{headroom:?}");
    let [early, late] = headroom.date_ci95.unwrap();
    assert!(early < headroom.date && headroom.date < late);
}

#[test]
fn p99_hangs_on_service_and_traffic_as_theory_says() {
    let case = &known()[0];
    let text = case.text.replace("DURATION", "10 min").replace("WARMUP", "30 s");
    let found = plan(&text, &[], &options(&[Question::Tornado])).unwrap().tornado.unwrap();
    // p99 = ln 100 / (mu - lambda) at mu = 100, lambda = 50: elasticity 1 to lambda, 2 to the service time
    let elasticity = |key: &str| {
        let bar = found.bars.iter().find(|bar| bar.key == key).unwrap_or_else(|| panic!("no {key}: {:?}", found.bars));
        bar.elasticity.value.unwrap()
    };
    assert!((elasticity("traffic.all.rate") - 1.0).abs() < 0.15, "{:?}", found.bars);
    assert!((elasticity("request.job.path.0.service") - 2.0).abs() < 0.2, "{:?}", found.bars);
    assert!(found.defaults.iter().all(|hinge| !hinge.flips));
}

#[test]
fn the_default_that_the_verdict_hangs_on_is_named() {
    // the application's backlog and workers are given; its CPU cores are the default
    let text = r#"
[simulation]
duration = "1 min"
warmup = "5 s"
[server.app1]
[service.app]
kind = "app"
servers = ["app1"]
workers = 64
[request.page]
app.cpu = "exponential(10 ms)"
[traffic.all]
process = "poisson"
rate = "RATE/s"
mix = { page = 1 }
[[slo]]
that = "latency_p95 < LIMIT ms"
"#;
    let at = |rate: &str, limit: &str| {
        let text = text.replace("RATE", rate).replace("LIMIT", limit);
        plan(&text, &[], &options(&[Question::Tornado])).unwrap().tornado.unwrap()
    };
    let cores =
        |text: &str| load_str("a.toml", &text.replace("RATE", "10").replace("LIMIT", "60"), &Overrides::default());
    let cores = cores(text).unwrap().servers[0].cpu.cores;
    // at 90% of the cores' capacity
    let rate = format!("{}", 90 * cores);
    let near = at(&rate, "100");
    assert!(near.defaults.iter().any(|hinge| hinge.key.starts_with("server.app1.cpu")), "{:?}", near.defaults);
    let far = at("10", "1000");
    assert!(far.defaults.iter().all(|hinge| !hinge.flips), "{:?}", far.defaults);
}

// ---- one server dead ---------------------------------------------------------------------------------------

#[test]
fn with_one_of_two_servers_dead_half_the_rate_is_left_and_without_the_only_one_none() {
    let text = r#"
[simulation]
duration = "1 min"
warmup = "5 s"
runs = 10
[server.lb1]
[server.app1]
cpu = { cores = 2 }
[server.app2]
cpu = { cores = 2 }
[service.lb]
kind = "haproxy"
servers = ["lb1"]
backend = "app"
default_server = { inter = "500 ms", fall = 2, rise = 2 }
timeout = { connect = "500 ms", server = "2 s" }
[service.app]
kind = "app"
servers = ["app1", "app2"]
workers = 64
[request.page]
app.cpu = "exponential(10 ms)"
[traffic.all]
process = "poisson"
rate = "100/s"
mix = { page = 1 }
[[slo]]
that = "latency_p95 < 80 ms"
[[slo]]
that = "availability >= 0.99"
"#;
    let found = plan(text, &[], &options(&[Question::Rate])).unwrap().rate.unwrap();
    let scale = |highest: &Highest| highest.scale().and_then(|scale| scale.value);
    let all = scale(&found.all.highest).unwrap();
    let of = |name: &str| {
        let answer = found.one_dead.iter().find(|answer| answer.dead.as_deref() == Some(name));
        scale(&answer.unwrap_or_else(|| panic!("{name} was not tried")).highest)
    };
    assert_eq!(of("lb1"), None);
    for server in ["app1", "app2"] {
        let left = of(server).unwrap() / all;
        assert!((0.40..0.56).contains(&left), "{server}: {left}");
    }
}

// ---- as a user meets it ----------------------------------------------------------------------------------

fn command(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_foobar-sim")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fleet.toml"), FLEET.replace("5 min", "20 s")).unwrap();
    folder
}

#[test]
fn a_plan_is_printed_within_80_columns_kept_and_the_same_each_time() {
    let folder = folder();
    let base = ["plan", "fleet.toml", "--quiet", "--growth", "4%", "--from", "2026-02-28", "--precision", "5%"];
    let (code, text, errors) = command(folder.path(), &[&base[..], &["-o", "one", "--threads", "1"]].concat());
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{text}");
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:?}");
    for heading in [
        "The highest rate",
        "When headroom runs out",
        "What saturates first",
        "The cheapest",
        "What moves p99",
        "Scalability Law",
    ] {
        assert!(text.contains(heading), "{heading} is missing:\n{text}");
    }
    let (code, json, _) =
        command(folder.path(), &[&base[..], &["-o", "two", "--threads", "2", "--format", "json"]].concat());
    assert_eq!(code, Some(0));
    let read = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
    assert_eq!(read("one/plan.json"), read("two/plan.json"));
    assert_eq!(json.trim_end(), read("two/plan.json").trim_end());
    let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&parsed["schema_version"], parsed["rate"]["all"]["highest"]["is"].as_str()), (&1.into(), Some("rate")));
    assert!(read("one/plan.md").contains("## The cheapest that meets the objectives"));

    let (code, drawn, errors) = command(folder.path(), &["chart", "one", "-o", "drawn"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    for (picture, word) in [
        ("plan-rate", "The highest rate that meets the objectives"),
        ("plan-bottlenecks", "What saturates first, and next"),
        ("plan-load", "mean by formula"),
        ("plan-fleets", "meets all"),
        ("plan-trade-off", "cheapest"),
        ("plan-headroom", "highest rate"),
        ("plan-tornado", "Change of p99, %"),
        ("plan-usl", "the law"),
    ] {
        assert!(drawn.contains(&format!("{picture}.svg")), "{drawn}");
        let svg = read(&format!("one/{picture}.svg"));
        assert!(svg.contains(word), "{picture} does not say {word}");
        assert_eq!(svg, read(&format!("drawn/{picture}.svg")), "{picture}");
    }
    assert_eq!(read("one/report.html"), read("drawn/report.html"));
    assert!(read("one/report.html").contains("Highest rate: At most "));
}

#[test]
fn measured_points_are_fitted_with_and_without_a_scenario() {
    let folder = folder();
    let points = "load,host,throughput\n1,a,64.9\n18,a,995.9\n36,a,1652.4\n72,a,1853.2\n108,a,1828.9\n144,a,1775.0\n216,a,1702.2\n";
    std::fs::write(folder.path().join("sdm.csv"), points).unwrap();
    let (code, text, _) = command(folder.path(), &["plan", "--usl", "sdm.csv"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("lambda") && text.contains("90"), "{text}");
    let (code, json, _) = command(
        folder.path(),
        &["plan", "fleet.toml", "--usl", "sdm.csv", "--question", "usl", "--format", "json", "--quiet"],
    );
    let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, parsed["usl"]["of"].as_str()), (Some(0), Some("measured")));
    assert!((parsed["usl"]["sigma"]["value"].as_f64().unwrap() - 0.0277).abs() < 1e-4);
}

/// What is typed, and words that the answer holds.
fn refused(set: &[&str], more: &[&str], words: &[&str]) {
    let folder = folder();
    let mut arguments = vec!["plan", "fleet.toml", "--quiet"];
    set.iter().for_each(|one| arguments.extend(["--set", one]));
    arguments.extend(more);
    let (code, out, errors) = command(folder.path(), &arguments);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {errors}");
    for word in words {
        assert!(errors.contains(word), "{word:?} is missing from {errors}");
    }
    assert_eq!(errors.matches("error").count(), 1, "{errors}");
    assert!(!folder.path().join("output").exists(), "something was written");
}

#[test]
fn wrong_plans_are_answered_with_what_to_write() {
    let vary = |text: &str| format!("plan.vary=[{text}]");
    refused(&["slo=[]"], &[], &["fleet.toml", "[[slo]]", "latency_p99 < 400 ms"]);
    let vary_of = |text: &str, words: &[&str]| refused(&[&vary(text)], &[], words);
    vary_of("{ key = \"service.front.workers\", values = [1, 2] }", &["plan.vary.0.prices", "missing", "price_each"]);
    vary_of(
        "{ key = \"service.front.wrokers\", values = [1, 2], price_each = 1 }",
        &["no key service.front.wrokers", "service.front.workers"],
    );
    vary_of("{ key = \"service.front.workers\", values = [], price_each = 1 }", &["nothing to choose from"]);
    vary_of("{ key = \"service.front.workers\", values = [1, 2], prices = [1] }", &["1 prices for 2 values"]);
    vary_of("{ key = \"service.front.workers\", values = [1], prices = [-1] }", &["a price", "from 0"]);
    vary_of("{ servers = \"front\", values = [1], price_each = 1 }", &["on no server", "service.front.workers"]);
    vary_of("{ replicas = \"font\", values = [1], price_each = 1 }", &["no service \"font\""]);
    vary_of("{ values = [1], price_each = 1 }", &["plan.vary.0.key", "say what may vary"]);
    vary_of("{ key = \"service.front.workers\", values = [1, \"two\"], prices = [1, 2] }", &["cannot be \"two\""]);
    refused(&["plan.growth=5"], &[], &["plan.growth", "\"5%\""]);
    refused(&[], &["--growth", "-3%"], &["never runs out"]);
    refused(&[], &["--source", "visitors"], &["no such traffic", "all"]);
    refused(&[], &["--question", "headroom"], &["how fast the traffic grows", "--growth 5%"]);
    refused(&["plan.vary=[]"], &["--question", "cheapest"], &["nothing may vary", "price_each"]);
    refused(&[], &["--from", "2026-13-01"], &["2026-01-31"]);
    refused(&[], &["--usl", "none.csv"], &["none.csv", "no such file"]);
    refused(
        &["slo=[{that=\"latency_p95 < 20 ms\"}]"],
        &["--question", "rate"],
        &["met at no rate", "latency_p95 < 20 ms"],
    );
}

#[test]
fn a_file_without_points_says_what_was_expected() {
    let folder = folder();
    let say = |content: &str| {
        std::fs::write(folder.path().join("points.csv"), content).unwrap();
        let (code, _, errors) = command(folder.path(), &["plan", "--usl", "points.csv"]);
        assert_eq!(code, Some(2), "{errors}");
        errors
    };
    assert!(say("a,b\n1,2\n").contains("no column \"load\""));
    assert!(say("load,b\n1,2\n").contains("no column \"throughput\""));
    assert!(say("load,throughput\n1,2\n2,x\n").contains("line 3: throughput is \"x\""));
    assert!(say("load,throughput\n1,2\n2,3\n").contains("at least four points"));
    assert!(say("load,throughput\n1,2\n2,3,4\n").contains("line 3 has 3 fields"));
}

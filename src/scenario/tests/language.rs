//! What is read, and what it becomes.

use std::path::PathBuf;

use super::{PEAK, QUEUE, loaded, loaded_with, refused, set};
use crate::engine::Distribution;
use crate::scenario::*;

fn assumption<'s>(scenario: &'s Scenario, key: &str) -> &'s Assumption {
    let found = scenario.assumptions.iter().find(|assumption| assumption.key == key);
    found.unwrap_or_else(|| panic!("{key} is not among the assumptions:\n{}", print_effective(scenario)))
}

/// A folder of its own for a test's files, gone with the value.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn path_in(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

#[test]
fn the_six_servers_load() {
    let peak = loaded(PEAK);
    assert_eq!((peak.servers.len(), peak.services.len(), peak.requests.len()), (5, 4, 3));
    let ServiceKind::Haproxy(lb) = &peak.services[0].kind else { panic!() };
    assert_eq!((lb.maxconn, lb.server_maxconn, lb.timeout_queue_s), (20_000, Some(400), 2.0));
    assert_eq!((&lb.balance, &lb.backend_of_class), (&Balance::LeastConn, &vec![1, 1, 1]));
    assert_eq!(lb.tls.as_ref().unwrap().resumption, 0.7);
    let ServiceKind::Mysql(db) = &peak.services[3].kind else { panic!() };
    assert_eq!((db.primary, &db.replicas[..], db.reads), (3, &[4][..], Reads::Replica));
    assert_eq!(peak.services[3].servers.len(), 2);
    let RequestBody::Tiers(product) = &peak.requests[1].body else { panic!() };
    assert_eq!(product.response, Some(Distribution::Constant(40_960.0)));
    assert_eq!(product.of_service[2].cpu, Some(Amount::Drawn(Distribution::Lognormal { mean: 0.009, cv: 0.8 })));
    assert_eq!(product.of_service[3].reads.as_ref().unwrap().count, 3);
    let traffic = &peak.traffic[0];
    assert_eq!((traffic.target, traffic.client.requests_per_connection), (Some(0), 6.0));
    assert_eq!(traffic.mix, vec![(0, 66.0), (1, 30.0), (2, 4.0)]);
    assert_eq!(peak.simulation.warmup, Warmup::Auto);
}

#[test]
fn a_first_scenario_fits_on_one_screen_and_its_defaults_say_where_they_come_from() {
    let queue = loaded(QUEUE);
    assert_eq!(queue.simulation.duration_s, Some(600.0));
    assert_eq!(queue.simulation.warmup, Warmup::Auto);
    assert!(!queue.simulation.runs_given);
    assert_eq!(queue.traffic[0].mix, vec![(0, 1.0)]);
    assert_eq!(queue.traffic[0].target, None);
    for assumption in &queue.assumptions {
        assert!(!assumption.source.is_empty(), "{} has no source", assumption.key);
    }
    let rate = assumption(&queue, "traffic.all.rate");
    assert_eq!(
        (rate.mark, rate.source.as_str(), moved_by(rate, 1.25)),
        (Mark::Given, "test.toml:8", Some(("\"1125/s\"".into(), 1.25)))
    );
    assert_eq!(assumption(&queue, "service.cpu.workers").mark, Mark::Default);
}

#[test]
fn proxies_cost_what_the_lab_measured_where_nothing_is_said() {
    let peak = loaded(PEAK);
    let RequestBody::Tiers(image) = &peak.requests[0].body else { panic!() };
    assert_eq!(image.of_service[0].cpu, Some(Amount::Drawn(Distribution::Constant(0.0003))));
    assert_eq!(image.of_service[2].cpu, None, "the file ends the request before the application");
    assert_eq!(assumption(&peak, "request.image.lb.cpu").mark, Mark::Default);
}

#[test]
fn applying_a_transaction_costs_the_writes_share() {
    let peak = loaded(PEAK);
    let RequestBody::Tiers(checkout) = &peak.requests[2].body else { panic!() };
    let Amount::Drawn(Distribution::Exponential { mean }) = checkout.of_service[3].transactions[0].apply_cpu else {
        panic!()
    };
    assert!((mean - 0.004 * 0.65 / 3.0).abs() < 1e-8, "{mean}");
    assert_eq!(assumption(&peak, "request.checkout.db.transactions.0.apply_cpu").value, "\"exponential(0.866667 ms)\"");
}

#[test]
fn set_replaces_adds_and_reaches_into_arrays() {
    let peak = loaded_with(
        PEAK,
        &[
            "service.app.workers=128",
            "traffic.visitors.rate=800/s",
            "request.checkout.db.transactions.0.writes = 3",
            "service.web.aio=\"threads\"",
            "traffic.visitors.mix={ image = 1 }",
        ],
    );
    let ServiceKind::App(app) = &peak.services[2].kind else { panic!() };
    assert_eq!(app.runtime, Runtime::Workers { workers: 128 });
    let ServiceKind::Nginx(web) = &peak.services[1].kind else { panic!() };
    assert!(web.aio_threads);
    let Process::Poisson(profile) = &peak.traffic[0].process else { panic!() };
    assert_eq!(profile.points, vec![(0.0, 800.0)]);
    assert_eq!(peak.traffic[0].mix, vec![(0, 1.0)]);
    let RequestBody::Tiers(checkout) = &peak.requests[2].body else { panic!() };
    assert_eq!(checkout.of_service[3].transactions[0].writes, 3);
    assert_eq!(assumption(&peak, "service.app.workers").source, "--set");
}

#[test]
fn runs_and_seed_of_the_command_line_win() {
    let overrides = Overrides { runs: Some(40), seed: Some(7), ..set(&["simulation.seed=6"]) };
    let peak = load_str("peak.toml", PEAK, &overrides).unwrap();
    assert_eq!((peak.simulation.runs, peak.simulation.seed, peak.simulation.runs_given), (40, 7, true));
    assert_eq!(assumption(&peak, "simulation.seed").source, "--seed");
}

#[test]
fn a_scenario_extends_another_and_overrides_come_last() {
    let folder = folder(&[
        ("base.toml", QUEUE),
        ("middle.toml", "extends = \"base.toml\"\n[traffic.all]\nrate = \"500/s\"\n[service.cpu]\nworkers = 2"),
        ("top.toml", "extends = \"middle.toml\"\n[service.cpu]\nworkers = 3"),
    ]);
    let top = load(&path_in(&folder, "top.toml"), &set(&["service.cpu.queue_limit=9"])).unwrap();
    assert_eq!(top.name, "top");
    let ServiceKind::Station(cpu) = &top.services[0].kind else { panic!() };
    assert_eq!((cpu.workers, cpu.queue_limit), (Some(3), Some(9)));
    assert_eq!(cpu.service, Some(Distribution::Exponential { mean: 0.001 }));
    assert!(assumption(&top, "traffic.all.rate").source.ends_with("middle.toml:3"));
}

#[test]
fn extending_oneself_or_nothing_is_told() {
    let folder = folder(&[
        ("a.toml", "extends = \"b.toml\""),
        ("b.toml", "extends = \"a.toml\""),
        ("c.toml", "extends = \"bb.toml\""),
    ]);
    let circle = load(&path_in(&folder, "a.toml"), &set(&[])).unwrap_err().render(false);
    assert!(circle.contains("extends itself"), "{circle}");
    let missing = load(&path_in(&folder, "c.toml"), &set(&[])).unwrap_err().render(false);
    assert!(
        missing.contains("there is no file") && missing.contains("c.toml:1:11") && missing.contains("did you mean"),
        "{missing}"
    );
}

#[test]
fn files_that_are_no_scenario_are_told_apart() {
    let folder = folder(&[("empty.toml", "\n")]);
    std::fs::write(path_in(&folder, "binary.toml"), [0x6e, 0xff, 0xfe]).unwrap();
    let message = |name: &str| load(&path_in(&folder, name), &set(&[])).unwrap_err().render(false);
    assert!(message("empty.toml").contains("is empty"));
    assert!(message("binary.toml").contains("is not UTF-8 (byte 1"));
    assert!(message("emty.toml").contains("empty.toml?"));
    assert!(message(".").contains("is a directory"));
}

#[test]
fn what_is_printed_as_effective_means_the_same_when_read_again() {
    for text in [PEAK, QUEUE] {
        let scenario = loaded(text);
        let printed = print_effective(&scenario);
        let again = load_str("again.toml", &printed, &set(&[])).unwrap_or_else(|e| panic!("{printed}\n{e}"));
        let values = |scenario: &Scenario| -> Vec<(String, String)> {
            scenario.assumptions.iter().map(|one| (one.key.clone(), one.value.clone())).collect()
        };
        let (mut first, mut second) = (values(&scenario), values(&again));
        first.sort();
        second.sort();
        assert_eq!(first, second, "{printed}");
        // but for what nothing asks for
        let left: Vec<&str> =
            again.assumptions.iter().filter(|one| one.mark == Mark::Default).map(|one| one.key.as_str()).collect();
        let keys = again.assumptions.iter().map(|one| one.key.as_str());
        let idle: Vec<&str> = keys
            .filter(|key| {
                let starts = ["server.lb1.memory", "server.lb1.disk"];
                let ends = ["timeout.client", "replication.source_connect_retry", "replication.replica_net_timeout"];
                let of_peak =
                    starts.iter().any(|start| key.starts_with(start)) || ends.iter().any(|end| key.ends_with(end));
                key.starts_with("network.tcp_") || (text == PEAK && of_peak)
            })
            .collect();
        assert_eq!(left, idle, "{printed}");
        assert_eq!(without_effect(&again), without_effect(&scenario), "{printed}");
    }
}

#[test]
fn what_is_printed_as_effective_shows_mark_and_source() {
    let text =
        format!("{QUEUE}\n[service.cpu2]\nkind = \"station\"\nsource = \"measured: production, May\"\nworkers = 4\n");
    let printed =
        print_effective(&loaded_with(&text, &["service.cpu.service=percentiles(p50 4 ms, p95 20 ms, p99 60 ms)"]));
    let line =
        |key: &str| printed.lines().find(|line| line.contains(key)).unwrap_or_else(|| panic!("{printed}")).to_string();
    assert!(line("rate = ").ends_with("# given: test.toml:8"), "{printed}");
    assert!(line("workers = 4").ends_with("# measured: production, May"), "{printed}");
    assert!(line("percentiles(").contains("# fitted: --set; fitted, within"), "{printed}");
    assert!(line("duration").contains("# default: our choice"), "{printed}");
    assert!(printed.contains("[service.cpu2]"));
}

#[test]
fn the_hash_is_of_what_takes_effect() {
    let folder = folder(&[("base.toml", QUEUE), ("same.toml", "extends = \"base.toml\" # a comment")]);
    let base = load(&path_in(&folder, "base.toml"), &set(&[])).unwrap().sha256;
    assert_eq!(base.len(), 64);
    assert_eq!(base, load(&path_in(&folder, "same.toml"), &set(&[])).unwrap().sha256);
    assert_ne!(base, load(&path_in(&folder, "base.toml"), &set(&["traffic.all.rate=901/s"])).unwrap().sha256);
}

#[test]
fn every_distribution_is_read() {
    let folder = folder(&[("base.toml", QUEUE), ("times.csv", "id,serv_ms\n1,3\n2,1\n3,2\n")]);
    let read = |written: &str| {
        let scenario = load(&path_in(&folder, "base.toml"), &set(&[&format!("service.cpu.service={written}")]));
        let scenario = scenario.unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
        let ServiceKind::Station(cpu) = &scenario.services[0].kind else { panic!() };
        cpu.service.clone().unwrap()
    };
    use Distribution::*;
    assert_eq!(read("9 ms"), Constant(0.009));
    assert_eq!(read("constant(9 ms)"), Constant(0.009));
    assert_eq!(read("exponential(9 ms)"), Exponential { mean: 0.009 });
    assert_eq!(read("lognormal(9 ms, cv 0.8)"), Lognormal { mean: 0.009, cv: 0.8 });
    assert_eq!(read("gamma(9 ms, cv 0.8)"), Gamma { mean: 0.009, cv: 0.8 });
    assert_eq!(read("erlang(9 ms, k 4)"), Erlang { mean: 0.009, k: 4 });
    assert_eq!(read("hyperexponential(9 ms, cv 2)"), Hyperexponential { mean: 0.009, cv: 2.0 });
    assert_eq!(read("weibull(9 ms, shape 0.7)"), Weibull { mean: 0.009, shape: 0.7 });
    assert_eq!(read("pareto(9 ms, shape 2.5)"), Pareto { mean: 0.009, shape: 2.5 });
    assert_eq!(read("uniform(5 ms, 13 ms)"), Uniform { low: 0.005, high: 0.013 });
    assert_eq!(read("empirical(times.csv, serv_ms, ms)"), Empirical { values: vec![0.001, 0.002, 0.003].into() });
    let Percentiles { knots, .. } = read("percentiles(p50 4 ms, p95 20 ms, p99 60 ms)") else { panic!() };
    assert_eq!(&knots[..], &[(0.5, 0.004), (0.95, 0.02), (0.99, 0.06)]);
}

#[test]
fn every_kind_of_traffic_is_read() {
    let folder = folder(&[
        ("base.toml", QUEUE),
        ("day.csv", "time,rate\n00:00,10\n06:30,20\n23:59:30,5\n"),
        ("log.csv", "t,serv_ms\n0,3\n"),
    ]);
    let read = |options: &[&str]| {
        let traffic: Vec<String> = options.iter().map(|option| format!("traffic.t.{option}")).collect();
        let mut options: Vec<&str> = traffic.iter().map(String::as_str).collect();
        options.push("simulation.duration=1 min");
        let scenario = load(&path_in(&folder, "base.toml"), &set(&options));
        scenario.unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
    };
    let process = |options: &[&str]| read(options).traffic[1].process.clone();
    let Process::Constant(steady) = process(&["process=constant", "rate=5/s"]) else { panic!() };
    assert!(steady.is_steady());
    let Process::Poisson(ramp) =
        process(&["profile=[[\"0 s\", \"100/s\"], [\"10 min\", \"600/s\"]]", "wave={amplitude=0.3, period=\"24 h\"}"])
    else {
        panic!()
    };
    assert_eq!(
        (ramp.points, ramp.linear, ramp.wave.unwrap().period_s),
        (vec![(0.0, 100.0), (600.0, 600.0)], true, 86_400.0)
    );
    let Process::Poisson(day) = process(&["profile=day.csv", "shape=step", "period=24 h"]) else { panic!() };
    assert_eq!(day.points, vec![(0.0, 10.0), (23_400.0, 20.0), (86_370.0, 5.0)]);
    assert_eq!((day.linear, day.period_s), (false, Some(86_400.0)));
    let Process::Poisson(spiky) = process(&["rate=9/s", "spikes=[{ at = \"5 s\", lasts = \"1 s\", factor = 3 }]"])
    else {
        panic!()
    };
    assert_eq!(spiky.spikes[0].factor, 3.0);
    let Process::Renewal(gap) = process(&["process=renewal", "gap=gamma(2 ms, cv 3)"]) else { panic!() };
    assert_eq!(gap, Distribution::Gamma { mean: 0.002, cv: 3.0 });
    let states = "states=[{ rate = \"1/s\", lasts = \"9 s\" }, { rate = \"90/s\", lasts = \"1 s\" }]";
    let Process::Mmpp(states) = process(&["process=mmpp", states]) else { panic!() };
    assert_eq!((states[1].rate_per_s, states[1].lasts_mean_s), (90.0, 1.0));
    let Process::Batch { batches_per_s, size } = process(&["process=batch", "rate=50/s", "size=geometric(4)"]) else {
        panic!()
    };
    assert_eq!((batches_per_s, size), (50.0, Distribution::Geometric { mean: 4.0 }));
    let Process::Closed { users, session, .. } =
        process(&["process=closed", "users=7", "think=exponential(5 s)", "session=[\"job\", \"job\"]"])
    else {
        panic!()
    };
    assert_eq!((users, session), (7, vec![0, 0]));
    let trace = read(&[
        "process=trace",
        "file=log.csv",
        "format=csv",
        "columns={ time = \"t\", time_unit = \"s\" }",
        "otherwise=job",
        "work=[{ column = \"serv_ms\", unit = \"ms\" }]",
        "window=[\"0 s\", \"5 min\"]",
    ]);
    let Process::Trace(source) = &trace.traffic[1].process else { panic!() };
    assert_eq!(source.file, path_in(&folder, "log.csv"));
    assert_eq!((source.window_s, source.work[0].unit_s, source.otherwise), (Some((0.0, 300.0)), 1e-3, Some(0)));
    assert_eq!(trace.simulation.warmup, Warmup::Seconds(0.0));
}

#[test]
fn recorded_work_is_taken_by_the_name_of_its_column() {
    let folder = folder(&[
        ("log.csv", "t,a,b\n0,3,4\n"),
        (
            "s.toml",
            "[service.cpu]\nkind = \"station\"\n[request.job]\npath = [{ visit = \"cpu\", service = \"trace(b) * 2.0\" }]\n\
             [traffic.log]\nprocess = \"trace\"\nfile = \"log.csv\"\nformat = \"csv\"\ncolumns = { time = \"t\" }\notherwise = \"job\"\n\
             work = [{ column = \"a\", unit = \"ms\" }, { column = \"b\", unit = \"s\" }]\n",
        ),
    ]);
    let scenario = load(&path_in(&folder, "s.toml"), &set(&[])).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(scenario.simulation.duration_s, None);
    let RequestBody::Path(path) = &scenario.requests[0].body else { panic!() };
    assert!(
        matches!(path[0], PathStep::Visit { service: Some(Amount::Recorded { index: 1, factor: 2.0 }), .. }),
        "{path:?}"
    );
}

#[test]
fn faults_and_impatient_clients_mean_the_same_when_read_again() {
    let text = format!(
        "{QUEUE}client = {{ timeout = \"1 s\", retries = 2, backoff = {{ base = \"10 ms\" }}, budget = {{}} }}\n\
         [[fault]]\nat = \"1 s\"\nhang = {{ service = \"cpu\" }}\n\
         [server.a]\n[service.app]\nkind = \"app\"\nservers = [\"a\"]\n\
         [[fault]]\nmttf = \"exponential(1 h)\"\nmttr = \"5 min\"\nslow = {{ server = \"a\", cpu = 0.5, disk = 0.1 }}\n"
    );
    let scenario = loaded(&text);
    let printed = print_effective(&scenario);
    let again = load_str("again", &printed, &Overrides::default()).unwrap_or_else(|e| panic!("{printed}\n{e}"));
    assert_eq!(scenario.faults.len(), 2);
    let meant = |of: &Scenario| of.faults.iter().map(|f| (f.when.clone(), f.effect.clone())).collect::<Vec<_>>();
    assert_eq!(meant(&again), meant(&scenario));
    assert_eq!(again.traffic[0].client, scenario.traffic[0].client);
}

#[test]
fn a_pair_is_read_with_the_defaults_of_keepalived_and_printed_as_it_is_meant() {
    let written = "servers = [{ name = \"lb1\", priority = 150 }, { name = \"web1\" }]\n\
                   vrrp = { preempt = false, track_script = { fall = 2, weight = -60 } }";
    let scenario = loaded(&PEAK.replace("servers = [{ name = \"lb1\" }]", written));
    let ServiceKind::Haproxy(lb) = &scenario.services[0].kind else { panic!() };
    let vrrp = lb.vrrp.as_ref().expect("a pair");
    assert_eq!((&vrrp.priorities[..], vrrp.master(), vrrp.version), (&[150, 100][..], 0, 3));
    assert_eq!((vrrp.advert_int_s, vrrp.garp_master_delay_s, vrrp.garp_lower_prio_repeat), (1.0, 5.0, 5));
    assert!(!vrrp.preempt);
    let script = TrackScript { interval_s: 1.0, fall: 2, rise: 1, weight: -60 };
    assert_eq!(vrrp.track_script, Some(script));
    assert_eq!(assumption(&scenario, "service.lb.servers.1.priority").mark, Mark::Default);
    let again = loaded(&print_effective(&scenario));
    let ServiceKind::Haproxy(printed) = &again.services[0].kind else { panic!() };
    assert_eq!(printed.vrrp, lb.vrrp);
}

#[test]
fn every_step_of_a_path_is_read() {
    let path = r#"request.job.path=["cpu", { visit = "cpu", service = "2 ms" }, { hold = "pool", path = [{ delay = "1 ms" }] },
        { probability = 0.3, path = ["cpu"] }, { choose = [{ weight = 0.6, path = ["cpu"] }, { weight = 0.4, path = [] }] },
        { balance = "random(3)", stations = ["cpu"] }, { repeat = 3, path = ["cpu"] }, { again = 0.375, path = ["cpu"] },
        { fork = [["cpu"], ["cpu", "cpu"]] }, { spawn = ["cpu"] }]"#;
    let queue = format!("{QUEUE}[service.pool]\nkind = \"station\"\nworkers = 3\n");
    let scenario = loaded_with(&queue, &[path]);
    let RequestBody::Path(steps) = &scenario.requests[0].body else { panic!() };
    use PathStep::*;
    assert!(matches!(
        &steps[..],
        [
            Visit { service: None, .. },
            Visit { service: Some(_), .. },
            Hold { .. },
            Maybe { probability: 0.3, .. },
            Choose(_),
            Balance { policy: crate::scenario::Balance::Random { draws: 3 }, .. },
            Repeat { count: 3, .. },
            Again { probability: 0.375, .. },
            Fork(_),
            PathStep::Spawn(_)
        ]
    ));
    let Fork(branches) = &steps[8] else { panic!() };
    assert_eq!(branches[1].len(), 2);
    let again = load_str("again", &print_effective(&scenario), &set(&[]))
        .unwrap_or_else(|e| panic!("{}\n{e}", print_effective(&scenario)));
    let RequestBody::Path(steps_again) = &again.requests[0].body else { panic!() };
    assert_eq!(format!("{steps:?}"), format!("{steps_again:?}"));
}

#[test]
fn messages_are_in_the_order_of_the_file_and_count_themselves() {
    let wrong = refused("[traffic.t]\nrate = 5\n[service.a]\nkind = \"nginy\"\n[request.r]\nb.cpu = 1\n", &[]);
    assert_eq!(wrong.len(), 3);
    let rendered = wrong.render(false);
    let lines: Vec<usize> =
        ["test.toml:2:8", "test.toml:4:8", "test.toml:6:1"].iter().map(|at| rendered.find(at).expect(at)).collect();
    assert!(lines.is_sorted(), "{rendered}");
    assert!(rendered.ends_with("3 errors in the scenario\n"));
    assert!(wrong.render(true).contains("\u{1b}["));
}

#[test]
fn keys_that_nothing_asks_for_are_told_and_others_are_not() {
    let found = |text: &str, options: &[&str]| -> Vec<String> {
        without_effect(&loaded_with(text, options)).into_iter().flat_map(|found| found.keys).collect()
    };
    let none: [&str; 0] = [];
    assert_eq!(found(QUEUE, &[]), none);
    let web = "[server.web1]\ncpu = { cores = 2 }\n[service.app]\nkind = \"app\"\nservers = [\"web1\"]\n\
               [request.page]\napp.cpu = \"5 ms\"\n[traffic.all]\nrate = \"9/s\"\ntarget = \"app\"\nmix = { page = 1 }\n";
    assert_eq!(found(web, &[]), none);
    let memory = "service.app.memory={ base = \"1 GiB\" }";
    let swap = "service.app.memory={ base = \"1 GiB\", when_full = \"swap\" }";
    let lb = "service.lb={ kind = \"haproxy\", servers = [\"web1\"], backend = \"app\" }";
    for (options, expected) in [
        (&["server.web1.memory=4 GiB"][..], &["server.web1.memory"][..]),
        (&["server.web1.memory=4 GiB", memory], &[]),
        (&["server.web1.disk.iops=100", memory], &["server.web1.disk"]),
        (&["server.web1.disk.iops=100", swap], &[]),
        (&["server.\"spare 1\".cpu.cores=1"], &["server.\"spare 1\""]),
        (&["request.page.app.memory=4 MiB"], &["request.page.app.memory"]),
        (&["request.page.app.memory=4 MiB", memory], &[]),
        (&["request.lost.app.cpu=4 ms"], &["request.lost"]),
        (&[lb], &["service.lb"]),
        (&[lb, "traffic.all.target=lb", "service.lb.timeout.queue=1 s"], &["service.lb.timeout.queue"]),
        (&[lb, "traffic.all.target=lb", "service.lb.timeout.queue=1 s", "service.lb.default_server.maxconn=9"], &[]),
        (&[lb, "traffic.all.target=lb", "service.lb.timeout.client=1 s"], &["service.lb.timeout.client"]),
        (
            &[
                lb,
                "traffic.all.target=lb",
                "service.lb.timeout.client=1 s",
                "fault=[{ at = \"1 s\", cut = [\"web1\", \"web2\"] }]",
                "server.web2={}",
            ],
            &["server.web2", "service.lb.timeout.client"],
        ),
        (
            &[lb, "traffic.all.target=lb", "service.lb.timeout.client=1 s", "fault=[{ at = \"1 s\", cut = \"web1\" }]"],
            &[],
        ),
        (&[swap, "service.app.memory.restart=1 s"], &["service.app.memory.restart"]),
        (&[memory, "service.app.memory.restart=1 s"], &[]),
        (
            &[
                lb,
                "traffic.all.target=lb",
                "service.lb.balance=first",
                "service.app.servers=[{ name = \"web1\", weight = 2 }]",
            ],
            &["service.app.servers.0.weight"],
        ),
    ] {
        assert_eq!(found(web, options), expected, "{options:?}");
    }
    // what is inherited has its effect elsewhere
    let folder = folder(&[
        ("base.toml", &web.replace("[service", "memory = \"1 GiB\"\n[server.spare]\ncpu = { cores = 1 }\n[service")),
        ("x.toml", "extends = \"base.toml\""),
    ]);
    let keys = |file: &str| -> Vec<String> {
        let scenario = load(&path_in(&folder, file), &set(&[])).unwrap();
        without_effect(&scenario).into_iter().flat_map(|found| found.keys).collect()
    };
    assert_eq!(keys("base.toml"), ["server.spare", "server.web1.memory"]);
    assert_eq!(keys("x.toml"), none);
    let db = &["service.db.primary=db1", "service.db.replicas=[]"];
    assert_eq!(found(PEAK, db), ["server.db2", "server.app1.disk", "service.db.replication", "service.db.reads"]);
}

//! Pinned digests of tiny runs: a change of the engine that alters one draw, one order of events or one
//! sum shows here. Every figure of the result and the whole event log go into a digest.
//!
//! A change that is meant to alter results prints the new table, to be pasted over the old one.

use std::fmt::Write as _;
use std::path::Path;

use foobar_sim::engine::Distribution;
use foobar_sim::scenario::*;
use foobar_sim::simulation::compile::compile;
use foobar_sim::simulation::log::EventLog;
use foobar_sim::simulation::result::{FailureReason, RunResult};
use foobar_sim::simulation::{Records, RunPlan, run, run_logged};
use foobar_sim::stats::histogram::Histogram;
use foobar_sim::workload::trace::TraceRecord;

/// (scenario, events, finished requests, digest)
const PINNED: &[(&str, u64, u64, u64)] = &[
    ("one_worker", 3973, 1986, 0xa9e49c2dc4fcdef9),
    ("feed_forward", 9460, 2477, 0x8a56a02566ce2364),
    ("six_servers_as_stations", 35208, 2925, 0xa196f26ada109ac2),
    ("many_workers", 4612, 923, 0x607d59f70bad4a80),
    ("unlimited_workers", 1480, 728, 0x4fff980b32b6f4c7),
    ("short_queue", 6028, 3757, 0xafc58be2fc3023f5),
    ("equal_patience", 7576, 3237, 0x464ccd6683eaf410),
    ("drawn_patience", 9974, 3924, 0xef1cfa0c5532f385),
    ("ranks", 13266, 5075, 0xb5d2e55864338f9c),
    ("ranks_with_preemption", 11766, 5075, 0x9afc85736f7e9f20),
    ("shared_cores", 7516, 3755, 0xaa7546152b7e45d9),
    ("fork_and_join", 10762, 1155, 0xbac663f73a25f827),
    ("again_and_spawn", 6720, 1235, 0xe27be7461fdada5c),
    ("balanced_leastconn", 10840, 3610, 0x6d445f908133a6a4),
    ("balanced_roundrobin", 10835, 3605, 0xcbd77e78750ef5a6),
    ("balanced_random", 10840, 3610, 0xfe7b67f1efae67e9),
    ("balanced_source", 10831, 3601, 0x688291030ac8a3f2),
    ("impatient_holders", 10107, 2359, 0x71ded32704758333),
    ("closed_users", 6274, 2493, 0xae1490e4b8c3bff4),
    ("two_sources_in_bursts", 6093, 2813, 0x56ec43c10f5841b4),
    ("replayed_trace", 1500, 500, 0x7142a4b7187abaf6),
    ("six_servers", 26027, 945, 0x781ada59580210bf),
    ("six_servers_out_of_memory", 18268, 949, 0x91d3c66e92242971),
    ("six_servers_swapping", 26283, 945, 0x878474e85d2bba8c),
];

#[test]
fn every_scenario_gives_the_pinned_digest() {
    let mut table = String::new();
    let mut pinned = Vec::new();
    for (name, scenario) in scenarios() {
        let (result, log) = observe(&scenario);
        let line = (name, result.events, result.finished_total, digest(&result, &log));
        writeln!(table, "    ({:?}, {}, {}, {:#018x}),", line.0, line.1, line.2, line.3).unwrap();
        pinned.push(line);
    }
    assert!(pinned == PINNED, "results differ from the pinned ones; this is the table now:\n{table}");
}

#[test]
fn logging_changes_nothing() {
    for (name, scenario) in scenarios() {
        let compiled = compile(&scenario);
        let silent = run(&scenario, &compiled, &plan(&scenario));
        let (logged, _) = observe(&scenario);
        let nothing = EventLog::default();
        assert_eq!(digest(&silent, &nothing), digest(&logged, &nothing), "{name}");
    }
}

/// Without a log, events that nothing can come between are done with in one, and who passes an idle station before
/// anything else happens does not wait for its event: at any load the result is what it is with every event by itself.
#[test]
fn events_one_by_one_give_the_same_result() {
    for name in ["peak", "all-in-one", "read-scaling", "balance", "overload", "closed", "retry-storm", "first"] {
        for rate in [None, Some("20/s"), Some("300/s"), Some("2400/s")] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
            let mut scenario = load(&file, &Overrides::default()).unwrap_or_else(|problem| panic!("{problem:?}"));
            if let (Some(rate), Process::Poisson(_)) = (rate, &scenario.traffic[0].process) {
                let set = vec![format!("traffic.{}.rate={rate}", scenario.traffic[0].name)];
                let overrides = Overrides { set, ..Overrides::default() };
                scenario = load(&file, &overrides).unwrap_or_else(|problem| panic!("{problem:?}"));
            } else if rate.is_some() {
                continue;
            }
            let compiled = compile(&scenario);
            let plan = RunPlan { run: 1, warmup_s: 0.5, duration_s: Some(2.0), traces: &trace };
            let (by_itself, _) = run_logged(&scenario, &compiled, &plan);
            let nothing = EventLog::default();
            let together = digest(&run(&scenario, &compiled, &plan), &nothing);
            assert_eq!(together, digest(&by_itself, &nothing), "{name} at {rate:?}");
        }
    }
}

#[test]
fn littles_law_holds_exactly_at_every_station_that_remembers_who_came_when() {
    for (name, scenario) in scenarios() {
        let (result, _) = observe(&scenario);
        for s in result.stations.iter().filter(|s| s.granted == 0 && s.departures > 0) {
            let sojourns = s.sojourn_sum_ns + s.lost_waiting_sum_ns + s.sojourn_open_ns - s.sojourn_before_ns;
            assert_eq!(sojourns, s.present_area_ns, "{name}: {}", s.name);
        }
    }
}

#[test]
fn the_scenarios_reach_the_rare_paths() {
    let result = |wanted: &str| {
        let (_, scenario) = scenarios().into_iter().find(|(name, _)| *name == wanted).unwrap();
        observe(&scenario).0
    };
    let failed =
        |r: &RunResult, reason: FailureReason| r.classes.iter().map(|c| c.failed[reason as usize - 1]).sum::<u64>();
    assert!(!result("six_servers_out_of_memory").oom_kills.is_empty());
    assert!(failed(&result("six_servers_out_of_memory"), FailureReason::OutOfMemory) > 0);
    assert!(failed(&result("ranks_with_preemption"), FailureReason::Abandoned) > 0);
    assert!(failed(&result("ranks"), FailureReason::QueueFull) > 0);
    assert!(failed(&result("equal_patience"), FailureReason::Abandoned) > 0);
    assert!(failed(&result("impatient_holders"), FailureReason::QueueFull) > 0);
    assert!(failed(&result("impatient_holders"), FailureReason::Abandoned) > 0);
    assert!(result("six_servers").replicas[0].stale_reads > 0);
    assert_eq!(result("replayed_trace").trace_notes.len(), 1);
    assert_ne!(result("six_servers").events, result("six_servers_swapping").events);
}

fn plan(scenario: &Scenario) -> RunPlan<'static> {
    let warmup_s = match scenario.simulation.warmup {
        Warmup::Seconds(seconds) => seconds,
        Warmup::Auto => panic!("a digest has a fixed warm-up"),
    };
    RunPlan { run: 3, warmup_s, duration_s: scenario.simulation.duration_s, traces: &trace }
}

fn observe(scenario: &Scenario) -> (RunResult, EventLog) {
    run_logged(scenario, &compile(scenario), &plan(scenario))
}

/// Every 40 ms a request with its work and its size, each fifth without its work.
fn trace(_source: usize) -> Records<'static> {
    Box::new((0..500u32).map(|i| TraceRecord {
        arrival_s: f64::from(i) * 0.04,
        class: 0,
        bytes: Some(f64::from(i % 7) * 1000.0),
        work_s: [(i % 5 != 4).then_some(0.01 + f64::from(i % 11) * 0.005), None],
    }))
}

// ---- digests ----

fn digest(result: &RunResult, log: &EventLog) -> u64 {
    let mut text = String::new();
    let mut line = |what: &dyn std::fmt::Debug| writeln!(text, "{what:?}").unwrap();
    line(&(result.events, result.finished_total, result.measured_s.to_bits()));
    line(&(result.in_flight_start, result.in_flight_end, result.in_flight_max));
    for c in &result.classes {
        line(&(c.offered, c.attempts, c.completed, reasons(&c.failed)));
        line(&(histogram(&c.latency_ns), histogram(&c.failed_after_ns)));
    }
    for s in &result.stations {
        line(&(&s.name, s.arrivals, s.departures, s.lost, s.present_start, s.present_end, s.granted));
        line(&(s.present_area_ns, s.busy_area_ns, s.waiting_sum_ns, s.service_sum_ns, s.sojourn_sum_ns));
        line(&(s.lost_waiting_sum_ns, s.sojourn_before_ns, s.sojourn_open_ns));
        if let Some(d) = &s.detail {
            line(&(histogram(&d.waiting_ns), histogram(&d.sojourn_ns), &d.present_ns, d.arrivals_waiting));
        }
    }
    for r in &result.replicas {
        line(&(histogram(&r.apply_delay_ns), r.backlog_area_ns, r.backlog_max, r.backlog_end, r.behind_end_ns));
        line(&(r.reads, r.stale_reads, r.own_write_misses));
    }
    line(&result.windows.width_ns);
    for w in &result.windows.windows {
        let latency = (w.latency.count(), w.latency.mean().map(f64::to_bits));
        line(&(w.arrived, w.completed, reasons(&w.failed), latency, &w.busy_ns, &w.present_ns));
    }
    line(&(&result.trace_notes, &result.oom_kills));
    line(&log.entries);
    fnv(text.as_bytes())
}

/// Those that there were, so that another kind of failure is no other result.
fn reasons(failed: &[u64]) -> Vec<(&'static str, u64)> {
    FailureReason::ALL.iter().map(|r| (r.name(), failed[*r as usize - 1])).filter(|(_, n)| *n > 0).collect()
}

fn histogram(h: &Histogram) -> (u64, u128, Option<u64>, Option<u64>, u64) {
    let mut text = String::new();
    for (low, width, n) in h.buckets() {
        writeln!(text, "{low} {width} {n}").unwrap();
    }
    (h.count(), h.sum(), h.min(), h.max(), fnv(text.as_bytes()))
}

/// FNV-1a.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &b| (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3))
}

// ---- scenarios ----

fn scenarios() -> Vec<(&'static str, Scenario)> {
    vec![
        ("one_worker", open(800.0, 2.0, vec![fcfs("s", 1, 1e-3)], vec![visit(0)])),
        ("feed_forward", feed_forward()),
        ("six_servers_as_stations", six_stations()),
        ("many_workers", open(900.0, 2.0, vec![fcfs("s", 40, 40e-3)], vec![visit(0), visit(0)])),
        ("unlimited_workers", open(300.0, 2.0, vec![station("s", None, Discipline::Fcfs, 0.1)], vec![visit(0)])),
        ("short_queue", open(1500.0, 2.0, vec![queue_limit(fcfs("s", 1, 1e-3), 3)], vec![visit(0)])),
        (
            "equal_patience",
            open(1300.0, 2.0, vec![patience(fcfs("s", 1, 1e-3), Distribution::Constant(4e-3))], vec![visit(0)]),
        ),
        (
            "drawn_patience",
            open(2600.0, 1.0, vec![patience(percentiles(fcfs("s", 2, 1e-3)), exponential(3e-3))], vec![visit(0)]),
        ),
        ("ranks", ranks(false)),
        ("ranks_with_preemption", ranks(true)),
        (
            "shared_cores",
            open(
                1500.0,
                2.0,
                vec![percentiles(station("cpu", Some(2), Discipline::ProcessorSharing, 1.1e-3))],
                vec![visit(0)],
            ),
        ),
        ("fork_and_join", fork_and_join()),
        ("again_and_spawn", again_and_spawn()),
        ("balanced_leastconn", balanced(Balance::LeastConn)),
        ("balanced_roundrobin", balanced(Balance::RoundRobin)),
        ("balanced_random", balanced(Balance::Random { draws: 2 })),
        ("balanced_source", balanced(Balance::Source)),
        ("impatient_holders", impatient_holders()),
        ("closed_users", closed_users()),
        ("two_sources_in_bursts", two_sources()),
        ("replayed_trace", replayed_trace()),
        ("six_servers", tiers(8 << 30, WhenFull::Swap, Reads::Replica)),
        ("six_servers_out_of_memory", tiers(800 << 20, WhenFull::Oom, Reads::Any)),
        ("six_servers_swapping", tiers(760 << 20, WhenFull::Swap, Reads::MaxLag { max_lag_s: 2e-3, poll_s: 0.1 })),
    ]
}

fn exponential(mean: f64) -> Distribution {
    Distribution::Exponential { mean }
}

fn lognormal(mean: f64, cv: f64) -> Distribution {
    Distribution::Lognormal { mean, cv }
}

fn station(name: &str, workers: Option<u32>, discipline: Discipline, mean: f64) -> Service {
    let kind = ServiceKind::Station(Station {
        workers,
        discipline,
        queue_limit: None,
        patience: None,
        service: Some(exponential(mean)),
        percentiles: false,
    });
    Service { name: name.into(), servers: vec![], kind }
}

fn fcfs(name: &str, workers: u32, mean: f64) -> Service {
    station(name, Some(workers), Discipline::Fcfs, mean)
}

fn changed(mut service: Service, change: impl FnOnce(&mut Station)) -> Service {
    match &mut service.kind {
        ServiceKind::Station(station) => change(station),
        other => panic!("{other:?} is no station"),
    }
    service
}

fn queue_limit(service: Service, limit: u32) -> Service {
    changed(service, |s| s.queue_limit = Some(limit))
}

fn patience(service: Service, patience: Distribution) -> Service {
    changed(service, |s| s.patience = Some(patience))
}

fn percentiles(service: Service) -> Service {
    changed(service, |s| s.percentiles = true)
}

fn visit(station: usize) -> PathStep {
    PathStep::Visit { station, service: None }
}

fn visit_for(station: usize, service: Distribution) -> PathStep {
    PathStep::Visit { station, service: Some(Amount::Drawn(service)) }
}

fn delay(seconds: Distribution) -> PathStep {
    PathStep::Delay(Amount::Drawn(seconds))
}

fn hold(station: usize, path: Vec<PathStep>) -> PathStep {
    PathStep::Hold { station, path }
}

fn maybe(probability: f64, path: Vec<PathStep>) -> PathStep {
    PathStep::Maybe { probability, path }
}

fn scenario(duration_s: f64, services: Vec<Service>, paths: Vec<Vec<PathStep>>, processes: Vec<Process>) -> Scenario {
    let classes = paths.len();
    Scenario {
        name: "digest".into(),
        simulation: Simulation {
            duration_s: Some(duration_s),
            warmup: Warmup::Seconds(0.5),
            runs: 1,
            seed: 7,
            runs_given: true,
        },
        network: Network { delay_s: 0.0, client_rtt: Distribution::Constant(0.0), tcp: Default::default() },
        servers: vec![],
        services,
        requests: paths
            .into_iter()
            .enumerate()
            .map(|(i, path)| RequestClass { name: format!("class{i}"), body: RequestBody::Path(path) })
            .collect(),
        traffic: processes
            .into_iter()
            .enumerate()
            .map(|(i, process)| Traffic {
                name: format!("traffic{i}"),
                process,
                mix: (0..classes).map(|class| (class, 1.0 + class as f64)).collect(),
                target: None,
                client: Client::patient(),
            })
            .collect(),
        faults: Vec::new(),
        objectives: Vec::new(),
        repairs: Default::default(),
        plan: None,
        assumptions: vec![],
        written: vec![],
        sha256: String::new(),
    }
}

fn poisson(rate_per_s: f64) -> Process {
    Process::Poisson(RateProfile::steady(rate_per_s))
}

fn open(rate_per_s: f64, duration_s: f64, services: Vec<Service>, path: Vec<PathStep>) -> Scenario {
    scenario(duration_s, services, vec![path], vec![poisson(rate_per_s)])
}

fn feed_forward() -> Scenario {
    let services = vec![
        fcfs("lb", 1, 0.2e-3),
        fcfs("web", 2, 0.5e-3),
        fcfs("app", 8, 10e-3),
        fcfs("primary", 4, 6e-3),
        fcfs("replica", 4, 4e-3),
    ];
    let database = PathStep::Choose(vec![(0.3, vec![visit(3)]), (0.7, vec![visit(4)])]);
    open(1000.0, 2.0, services, vec![visit(0), visit(1), maybe(0.4, vec![visit(2), database])])
}

fn six_stations() -> Scenario {
    let cpu = |name, cores| station(name, Some(cores), Discipline::ProcessorSharing, 1e-3);
    let services = vec![
        fcfs("lb", 20_000, 1.0),
        cpu("lb.cpu", 4),
        fcfs("app", 8, 1.0),
        cpu("app.cpu", 8),
        fcfs("connections", 20, 1.0),
        cpu("db.cpu", 8),
        fcfs("db.disk", 2, 2e-3),
        cpu("nic", 1),
    ];
    let hop = || delay(Distribution::Constant(1e-4));
    let statement = vec![hop(), hold(4, vec![visit_for(5, exponential(0.7e-3)), maybe(0.1, vec![visit(6)]), hop()])];
    let app = vec![
        visit_for(3, lognormal(9e-3, 0.8)),
        PathStep::Repeat { count: 3, path: statement },
        visit_for(7, Distribution::Constant(82e-6)),
    ];
    let lb = vec![
        maybe(0.3, vec![visit_for(1, exponential(0.8e-3))]),
        visit_for(1, exponential(0.05e-3)),
        hop(),
        maybe(0.4, vec![hold(2, app)]),
        hop(),
        visit_for(7, Distribution::Constant(82e-6)),
    ];
    let client = || delay(lognormal(20e-3, 0.5));
    open(1500.0, 1.5, services, vec![client(), hold(0, lb), client()])
}

fn ranks(preemptive: bool) -> Scenario {
    let discipline = Discipline::Priority { rank_of_class: vec![0, 1, 2], preemptive };
    let service = patience(queue_limit(station("s", Some(2), discipline, 1e-3), 12), exponential(20e-3));
    let paths = vec![
        vec![visit(0)],
        vec![visit_for(0, lognormal(1.5e-3, 2.0))],
        vec![visit_for(0, Distribution::Erlang { mean: 1e-3, k: 3 })],
    ];
    scenario(2.0, vec![service], paths, vec![poisson(2000.0)])
}

fn fork_and_join() -> Scenario {
    let services = vec![fcfs("a", 1, 1e-3), queue_limit(fcfs("b", 2, 2e-3), 5), fcfs("c", 1, 0.5e-3)];
    let branches = vec![vec![visit(0), visit(2)], vec![visit(1)], vec![delay(exponential(1e-3)), visit(2)]];
    open(700.0, 2.0, services, vec![PathStep::Fork(branches), visit(0)])
}

fn again_and_spawn() -> Scenario {
    let services = vec![fcfs("a", 1, 1e-3), fcfs("b", 1, 1e-3)];
    let path = vec![
        PathStep::Spawn(vec![delay(Distribution::Constant(2e-3)), visit(1)]),
        PathStep::Again {
            probability: 0.3,
            path: vec![visit_for(0, Distribution::Hyperexponential { mean: 1e-3, cv: 2.0 })],
        },
        delay(Distribution::Uniform { low: 0.0, high: 1e-3 }),
    ];
    open(500.0, 2.0, services, path)
}

fn balanced(policy: Balance) -> Scenario {
    let services = vec![fcfs("a", 1, 1e-3), fcfs("b", 2, 1e-3), fcfs("c", 1, 1e-3), fcfs("front", 3, 0.1e-3)];
    let stations = vec![0, 1, 2];
    open(2400.0, 1.0, services, vec![visit(3), PathStep::Balance { policy, stations, service: None }])
}

fn impatient_holders() -> Scenario {
    let pool = patience(fcfs("pool", 4, 1.0), Distribution::Constant(5e-3));
    let small = queue_limit(fcfs("small", 2, 1.0), 1);
    let services = vec![pool, small, fcfs("work", 3, 1.2e-3), percentiles(fcfs("held", 6, 1.0))];
    let path = vec![hold(3, vec![hold(0, vec![visit(2), hold(1, vec![visit(2)])])]), visit(2)];
    open(1200.0, 2.0, services, path)
}

fn closed_users() -> Scenario {
    let services = vec![fcfs("a", 2, 2e-3), station("b", Some(1), Discipline::ProcessorSharing, 1e-3)];
    let paths = vec![vec![visit(0)], vec![visit(1), visit(0)]];
    let users = |session| Process::Closed { users: 30, think: exponential(20e-3), session };
    scenario(2.0, services, paths, vec![users(vec![]), users(vec![0, 0, 1])])
}

fn two_sources() -> Scenario {
    let services = vec![fcfs("a", 4, 2e-3), station("b", Some(2), Discipline::ProcessorSharing, 1e-3)];
    let paths = vec![vec![visit(0), visit(1)], vec![visit(1)], vec![visit(0)]];
    let state = |rate_per_s, lasts_mean_s| MmppState { rate_per_s, lasts_mean_s };
    let wave = RateProfile { wave: Some(Wave { amplitude: 0.5, period_s: 1.0 }), ..RateProfile::steady(200.0) };
    let processes = vec![
        Process::Mmpp(vec![state(900.0, 0.1), state(100.0, 0.2)]),
        Process::Batch { batches_per_s: 50.0, size: Distribution::Geometric { mean: 4.0 } },
        Process::Renewal(Distribution::Weibull { mean: 5e-3, shape: 0.7 }),
        Process::Constant(RateProfile::steady(100.0)),
        Process::Poisson(wave),
    ];
    scenario(2.0, services, paths, processes)
}

fn replayed_trace() -> Scenario {
    let source = TraceSource {
        file: "trace.csv".into(),
        format: TraceFormat::HaproxyHttp,
        rules: vec![],
        otherwise: Some(0),
        speed: 1.0,
        repeat: 1,
        window_s: None,
        max_malformed: 0.0,
        sort_buffer: 0,
        work: vec![RecordedWork { column: "Tr".into(), unit_s: 1e-3, recorded_workers: None }],
        sizes: false,
    };
    let recorded = |factor| Some(Amount::Recorded { index: 0, factor });
    let path = vec![
        PathStep::Visit { station: 0, service: recorded(1.0) },
        PathStep::Visit { station: 1, service: recorded(0.5) },
    ];
    let services = vec![fcfs("a", 1, 1e-3), station("b", Some(1), Discipline::ProcessorSharing, 1e-3)];
    let mut scenario = scenario(1.0, services, vec![path], vec![Process::Trace(source)]);
    scenario.simulation.duration_s = None;
    scenario.simulation.warmup = Warmup::Seconds(0.0);
    scenario
}

/// The reference system: two load balancers, nginx, two application servers of different weight, a primary
/// and a replica.
fn tiers(app_memory: u64, when_full: WhenFull, reads: Reads) -> Scenario {
    let mut scenario = scenario(2.0, vec![], vec![], vec![poisson(400.0)]);
    scenario.network = Network { delay_s: 1e-4, client_rtt: lognormal(40e-3, 0.5), tcp: Default::default() };
    let server = |name: &str, memory_bytes: f64| Server {
        name: name.into(),
        cpu: Cpu { cores: 4, speed: 1.0, discipline: CpuDiscipline::ProcessorSharing },
        memory_bytes,
        disk: Disk {
            iops: 8000.0,
            throughput_bytes_per_s: 400e6,
            latency: Distribution::Constant(1e-4),
            fsync: lognormal(0.8e-3, 1.5),
        },
        nic_bytes_per_s: 125e6,
    };
    let large = 16.0 * f64::from(1 << 30);
    scenario.servers = vec![
        server("lb1", large),
        server("web1", large),
        server("app1", app_memory as f64),
        server("app2", app_memory as f64),
        server("db1", large),
        server("db2", large),
    ];
    let on = |server, weight| Placement { server, weight, maxconn: None, backup: false };
    let service = |name: &str, servers, kind| Service { name: name.into(), servers, kind };
    let haproxy = Haproxy {
        maxconn: 2000,
        nbthread: None,
        tls: Some(Tls {
            full_cpu: Distribution::Constant(0.6e-3),
            resumed_cpu: Distribution::Constant(0.1e-3),
            resumption: 0.7,
            full_round_trips: 1,
            resumed_round_trips: 1,
        }),
        backend_of_class: vec![1, 1, 1],
        balance: Balance::LeastConn,
        server_maxconn: Some(300),
        timeout_queue_s: 0.5,
        timeout_connect_s: 5.0,
        timeout_server_s: None,
        timeout_client_s: None,
        retries: 3,
        redispatch: false,
        check: None,
        vrrp: None,
    };
    let nginx = Nginx {
        worker_processes: 4,
        worker_connections: 512,
        files: Some(Files { total_bytes: 40e9, popularity: Popularity::Zipf(0.9) }),
        aio_threads: false,
        upstream: Some(Upstream {
            service: 2,
            balance: NginxBalance::LeastConn,
            keepalive: 0,
            max_fails: 0,
            fail_timeout_s: 10.0,
            connect_timeout_s: 60.0,
            read_timeout_s: 60.0,
            next_upstream: foobar_sim::scenario::NextUpstream {
                error: false,
                timeout: false,
                non_idempotent: false,
                http_500: false,
                tries: 0,
            },
        }),
    };
    let app = App {
        runtime: Runtime::Workers { workers: 16 },
        backlog: 20,
        memory: Some(AppMemory { base_bytes: 200e6, per_worker_bytes: 30e6, when_full, restart_s: 0.3 }),
        database: Some(Database {
            service: 3,
            pool: 6,
            acquire_timeout_s: 0.02,
            connect_timeout_s: 10.0,
            read_timeout_s: None,
        }),
    };
    let mysql = Mysql {
        primary: 4,
        replicas: vec![5],
        max_connections: 10,
        buffer_pool_bytes: 8e9,
        buffer_pool: BufferPool::Hit(0.97),
        flush_log_at_trx_commit: 1,
        sync_binlog: 1,
        reads,
        semi_sync: None,
        sync_relay_log: 0,
        replica_parallel_workers: 2,
        apply_overhead: Distribution::Constant(0.1e-3),
        replica_flush_log_at_trx_commit: 1,
        replica_sync_binlog: 1,
        backup: None,
        source_connect_retry_s: 60.0,
        replica_net_timeout_s: 60.0,
        failover: None,
    };
    scenario.services = vec![
        service("lb", vec![on(0, 1)], ServiceKind::Haproxy(haproxy)),
        service("web", vec![on(1, 1)], ServiceKind::Nginx(nginx)),
        service("app", vec![on(2, 1), on(3, 2)], ServiceKind::App(app)),
        service("db", vec![on(4, 1), on(5, 1)], ServiceKind::Mysql(mysql)),
    ];
    let cpu = |mean| Demand { cpu: Some(Amount::Drawn(exponential(mean))), ..Demand::default() };
    let demands = |app: Demand, db: Demand, web: Demand| {
        RequestBody::Tiers(Demands {
            response: Some(lognormal(40e3, 0.5)),
            upload: Some(Distribution::Constant(800.0)),
            of_service: vec![cpu(0.05e-3), web, app, db],
        })
    };
    let image = Demand { file: Some(Distribution::Constant(120e3)), ..cpu(0.1e-3) };
    let page = Demand {
        wait: Some(Amount::Drawn(exponential(15e-3))),
        memory: Some(Distribution::Constant(30e6)),
        ..cpu(9e-3)
    };
    let read =
        DatabaseReads { count: 3, cpu: exponential(0.7e-3), pages: 12, result: Some(Distribution::Constant(2e3)) };
    let transaction = Transaction {
        reads: 2,
        writes: 2,
        log_bytes: lognormal(6e3, 1.0),
        cpu: Amount::Drawn(exponential(4e-3)),
        apply_cpu: Amount::Drawn(exponential(3e-3)),
        wait: None,
        pages: 4,
    };
    let reading = Demand { reads: Some(read), ..Demand::default() };
    let writing = Demand { transactions: vec![transaction], ..Demand::default() };
    let class = |name: &str, body| RequestClass { name: name.into(), body };
    scenario.requests = vec![
        class("image", demands(Demand::default(), Demand::default(), image)),
        class("product", demands(page.clone(), reading, cpu(0.1e-3))),
        class("checkout", demands(page, writing, cpu(0.1e-3))),
    ];
    scenario.traffic[0].mix = vec![(0, 50.0), (1, 35.0), (2, 15.0)];
    scenario.traffic[0].target = Some(0);
    scenario.traffic[0].client.requests_per_connection = 6.0;
    scenario
}

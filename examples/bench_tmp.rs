use foobar_sim::engine::Distribution as D;
use foobar_sim::scenario::*;
use foobar_sim::simulation::{RunPlan, compile::compile, run};
fn station(name: &str, workers: u32, d: Discipline, s: f64) -> Service {
    Service {
        name: name.into(),
        servers: vec![],
        kind: ServiceKind::Station(Station {
            workers: Some(workers),
            discipline: d,
            queue_limit: None,
            patience: None,
            service: Some(D::Exponential { mean: s }),
            percentiles: false,
        }),
    }
}
fn scenario(services: Vec<Service>, path: Vec<PathStep>, rate: f64, duration: f64) -> Scenario {
    Scenario {
        name: "x".into(),
        simulation: Simulation {
            duration_s: Some(duration),
            warmup: Warmup::Seconds(0.0),
            runs: 1,
            seed: 1,
            runs_given: true,
        },
        network: Network { delay_s: 0.0, client_rtt: D::Constant(0.0) },
        servers: vec![],
        services,
        requests: vec![RequestClass { name: "r".into(), body: RequestBody::Path(path) }],
        traffic: vec![Traffic {
            name: "t".into(),
            process: Process::Poisson(RateProfile::steady(rate)),
            mix: vec![(0, 1.0)],
            target: None,
            requests_per_connection: 1.0,
        }],
        assumptions: vec![],
        sha256: String::new(),
    }
}
fn v(i: usize) -> PathStep {
    PathStep::Visit { station: i, service: None }
}
fn vs(i: usize, a: D) -> PathStep {
    PathStep::Visit { station: i, service: Some(Amount::Drawn(a)) }
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: f64 = args[2].parse().unwrap();
    let f = Discipline::Fcfs;
    let ps = Discipline::ProcessorSharing;
    let ln = |m: f64, c: f64| D::Lognormal { mean: m, cv: c };
    let e = |m: f64| D::Exponential { mean: m };
    let dl = |m: f64| PathStep::Delay(Amount::Drawn(D::Constant(m)));
    let (s, rate) = match args[1].as_str() {
        "A" => (scenario(vec![station("s", 1, f, 1e-3)], vec![v(0)], 800.0, n / 800.0), 800.0),
        "B" => (
            scenario(
                vec![
                    station("lb", 1, f.clone(), 0.2e-3),
                    station("web", 2, f.clone(), 0.5e-3),
                    station("app", 8, f.clone(), 10e-3),
                    station("pri", 4, f.clone(), 6e-3),
                    station("rep", 4, f, 4e-3),
                ],
                vec![
                    v(0),
                    v(1),
                    PathStep::Maybe {
                        probability: 0.4,
                        path: vec![v(2), PathStep::Choose(vec![(0.3, vec![v(3)]), (0.7, vec![v(4)])])],
                    },
                ],
                1000.0,
                n / 1000.0,
            ),
            1000.0,
        ),
        _ => {
            let h = |i: usize, path: Vec<PathStep>| PathStep::Hold { station: i, path };
            let services = vec![
                station("lb", 20000, f.clone(), 1.0),
                station("lbcpu", 4, ps.clone(), 1.0),
                station("web", 400, f.clone(), 1.0),
                station("webcpu", 4, ps.clone(), 1.0),
                station("webdisk", 4, f.clone(), 1.0),
                station("app", 64, f.clone(), 1.0),
                station("appcpu", 8, ps.clone(), 1.0),
                station("repc", 300, f.clone(), 1.0),
                station("repcpu", 8, ps.clone(), 1.0),
                station("repdisk", 2, f.clone(), 1.0),
                station("pric", 300, f.clone(), 1.0),
                station("pricpu", 8, ps.clone(), 1.0),
                station("pridisk", 2, f.clone(), 1.0),
                station("appnic", 1, ps.clone(), 1.0),
                station("webnic", 1, ps.clone(), 1.0),
                station("lbnic", 1, ps.clone(), 1.0),
            ];
            let nic = 82e-6;
            let c = |m| D::Constant(m);
            let app = vec![
                vs(6, ln(9e-3, 0.8)),
                PathStep::Repeat {
                    count: 3,
                    path: vec![
                        dl(1e-4),
                        h(
                            7,
                            vec![
                                vs(8, e(0.7e-3)),
                                PathStep::Maybe { probability: 0.1, path: vec![vs(9, e(1e-3))] },
                                dl(1e-4),
                            ],
                        ),
                    ],
                },
                PathStep::Maybe {
                    probability: 0.04,
                    path: vec![PathStep::Repeat {
                        count: 2,
                        path: vec![dl(1e-4), h(10, vec![vs(11, e(1.1e-3)), vs(12, e(2e-3)), dl(1e-4)])],
                    }],
                },
                vs(13, c(nic)),
            ];
            let web = vec![
                vs(3, e(1e-4)),
                PathStep::Choose(vec![
                    (0.6, vec![PathStep::Maybe { probability: 0.1, path: vec![vs(4, e(1e-3))] }]),
                    (0.4, vec![dl(1e-4), h(5, app), dl(1e-4)]),
                ]),
                vs(14, c(nic)),
            ];
            let path = vec![
                PathStep::Delay(Amount::Drawn(ln(20e-3, 0.5))),
                h(
                    0,
                    vec![
                        PathStep::Maybe { probability: 0.3, path: vec![vs(1, e(0.8e-3))] },
                        vs(1, e(0.05e-3)),
                        dl(1e-4),
                        h(2, web),
                        dl(1e-4),
                        vs(15, c(nic)),
                    ],
                ),
                PathStep::Delay(Amount::Drawn(ln(20e-3, 0.5))),
            ];
            (scenario(services, path, 1555.0, n / 1555.0), 1555.0)
        }
    };
    let c = compile(&s);
    let t = std::time::Instant::now();
    let r = run(
        &s,
        &c,
        &RunPlan { run: 0, warmup_s: 0.0, duration_s: s.simulation.duration_s, traces: &|_| unreachable!() },
    );
    let w = t.elapsed().as_secs_f64();
    let l = &r.classes[0].latency_ns;
    println!(
        "{} n={} mean={:.5}ms p50={:.4} p99={:.4} events/req={:.2} {:.2} Mreq/s {:.1} ns/event {:.1} leaves={}",
        args[1],
        r.finished_total,
        l.mean().unwrap() / 1e6,
        l.quantile(0.5).unwrap() / 1e6,
        l.quantile(0.99).unwrap() / 1e6,
        r.events as f64 / r.finished_total as f64,
        r.finished_total as f64 / w / 1e6,
        w * 1e9 / r.events as f64,
        rate,
        c.network.leaves.len()
    );
    for st in &r.stations {
        println!(
            "  {} util {:.4} wait {:.4} ms area {} check {}",
            st.name,
            st.busy_area_ns as f64 / st.workers.unwrap() as f64 / (r.measured_s * 1e9),
            st.waiting_sum_ns as f64 / st.departures as f64 / 1e6,
            st.present_area_ns,
            st.sojourn_sum_ns + st.sojourn_open_ns - st.sojourn_before_ns == st.present_area_ns
        );
    }
}

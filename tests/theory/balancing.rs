//! Requests spread over several stations by policy.

use foobar_sim::stats::analytic::balancing::{power_of_choices_sojourn, round_robin_sojourn};
use foobar_sim::stats::analytic::erlang::Mmc;

use super::grade::{Case, Model};
use super::oracle;
use super::run::variance;

/// `n` exponential stations of one worker behind a policy; times in seconds.
fn balanced(policy: &str, n: usize, rate: f64, service: f64) -> String {
    let mut text = String::new();
    let mut names = Vec::new();
    for i in 0..n {
        text += &format!("[service.s{i}]\nkind = \"station\"\nservice = \"exponential({service} s)\"\n");
        names.push(format!("\"s{i}\""));
    }
    text + &format!(
        "[request.r]\npath = [{{ balance = \"{policy}\", stations = [{}] }}]\n\
         [traffic.t]\nprocess = \"poisson\"\nrate = \"{rate}/s\"\nmix = {{ r = 1 }}\n",
        names.join(", ")
    )
}

fn sojourn(policy: &str, n: usize, rate: f64, service: f64, name: &str, value: f64, seconds: [f64; 2]) -> Model {
    Model::new(balanced(policy, n, rate, service), 200.0 * service / 0.01, seconds[0], seconds[1]).is(
        name,
        value,
        |r| r.response("r"),
    )
}

pub fn cases() -> Vec<Case> {
    let central = "[service.s]\nkind = \"station\"\nworkers = 2\nservice = \"exponential(10 ms)\"\n\
                   [request.r]\npath = [\"s\"]\n\
                   [traffic.t]\nprocess = \"poisson\"\nrate = \"180/s\"\nmix = { r = 1 }\n";
    let a21 = vec![
        sojourn("random(1)", 2, 180.0, 0.01, "random", 0.1, [400.0, 4000.0]),
        sojourn("roundrobin", 2, 180.0, 0.01, "round_robin", 0.07588283628687889, [500.0, 4500.0]),
        sojourn("leastconn", 2, 180.0, 0.01, "jsq", 0.05474912821240581, [400.0, 3500.0]),
        Model::new(central, 60.0, 400.0, 3500.0).is("central_queue_mm2", 0.05263157894736842, |r| r.response("r")),
        sojourn("leastconn", 2, 1.0, 1.0, "jsq_rho0.5_in_units_of_1/mu", 1.4263207511686466, [4000.0, 20_000.0]),
        sojourn("leastconn", 2, 1.4, 1.0, "jsq_rho0.7_in_units_of_1/mu", 2.1081972739662227, [6000.0, 45_000.0]),
        sojourn("random(2)", 1000, 900.0, 1.0, "power_of_2_limit_rho.9_units_1/mu", 2.614057377323876, [40.0, 550.0])
            .runs(8, 16)
            .warmup(60.0),
        sojourn("random(2)", 4000, 3960.0, 1.0, "power_of_2_limit_rho.99", 5.431996579161878, [30.0, 2000.0])
            .runs(8, 16)
            // the queues grow logarithmically: what is left of an empty start fades with (1 - rho) ln 2 a second
            .warmup(1000.0),
    ];

    let jsq3 = oracle::join_shortest_of_three(240.0, 100.0);
    let v50 = vec![
        sojourn("leastconn", 3, 240.0, 0.01, "jsq of 3", jsq3, [200.0, 1500.0]),
        sojourn(
            "roundrobin",
            3,
            240.0,
            0.01,
            "round robin of 3",
            round_robin_sojourn(240.0, 100.0, 3).expect("stable"),
            [300.0, 2500.0],
        ),
        sojourn(
            "static-rr",
            4,
            320.0,
            0.01,
            "static-rr of 4",
            round_robin_sojourn(320.0, 100.0, 4).expect("stable"),
            [200.0, 1500.0],
        ),
        sojourn(
            "random(3)",
            600,
            540.0,
            1.0,
            "random(3) of 600",
            power_of_choices_sojourn(0.9, 3).expect("stable"),
            [60.0, 600.0],
        )
        .runs(8, 8)
        .warmup(60.0),
    ];

    // weights 3 to 1: each server gets its share; dealt in turn, and thinned at random
    let weighted = |balance: &str| {
        format!(
            "[network]\ndelay = \"0 ms\"\nclient_rtt = \"0 ms\"\n\
             [server.lb1]\n[server.a]\n[server.b]\n\
             [service.lb]\nkind = \"haproxy\"\nservers = [\"lb1\"]\nbackend = \"app\"\nbalance = \"{balance}\"\n\
             [service.app]\nkind = \"app\"\nworkers = 1\nbacklog = 100000\n\
             servers = [{{ name = \"a\", weight = 3 }}, {{ name = \"b\", weight = 1 }}]\n\
             [request.r]\nlb.cpu = \"0 ms\"\napp.wait = \"exponential(10 ms)\"\n\
             [traffic.t]\nprocess = \"poisson\"\nrate = \"100/s\"\nmix = {{ r = 1 }}\n"
        )
    };
    let single = |rate: f64| Mmc::new(rate, 100.0, 1).expect("stable").present_mean();
    let share = |r: &super::run::Seen| {
        let (a, b) = (r.station("app.a.workers").throughput(), r.station("app.b.workers").throughput());
        a / (a + b)
    };
    let v51 = vec![
        Model::new(weighted("random(1)"), 20.0, 200.0, 1600.0)
            .is("random: share of weight 3", 0.75, share)
            .is("random: L_a", single(75.0), |r| r.station("app.a.workers").present())
            .is("random: L_b", single(25.0), |r| r.station("app.b.workers").present()),
        Model::new(weighted("static-rr"), 20.0, 100.0, 1000.0)
            .is("static-rr: share of weight 3", 0.75, share)
            // every fourth arrival
            .is("static-rr: L_b", 25.0 * round_robin_sojourn(100.0, 100.0, 4).expect("stable"), |r| {
                r.station("app.b.workers").present()
            }),
        Model::new(weighted("roundrobin"), 20.0, 100.0, 1000.0).is("roundrobin: share of weight 3", 0.75, share).is(
            "roundrobin: L_b",
            25.0 * round_robin_sojourn(100.0, 100.0, 4).expect("stable"),
            |r| r.station("app.b.workers").present(),
        ),
    ];

    // `first` fills the first server's connections before it opens the second: with maxconn 1 and a queue,
    // the first is busy as in a station of two whose first worker is preferred
    let first = "[network]\ndelay = \"0 ms\"\nclient_rtt = \"0 ms\"\n\
                 [server.lb1]\n[server.a]\n[server.b]\n\
                 [service.lb]\nkind = \"haproxy\"\nservers = [\"lb1\"]\nbackend = \"app\"\nbalance = \"first\"\n\
                 default_server = { maxconn = 1 }\ntimeout = { queue = \"1000 s\" }\n\
                 [service.app]\nkind = \"app\"\nworkers = 1\nservers = [\"a\", \"b\"]\n\
                 [request.r]\nlb.cpu = \"0 ms\"\napp.wait = \"exponential(10 ms)\"\n\
                 [traffic.t]\nprocess = \"poisson\"\nrate = \"120/s\"\nmix = { r = 1 }\n";
    let two = Mmc::new(120.0, 100.0, 2).expect("stable");
    let preferred = oracle::preferred_of_two(120.0, 100.0);
    let v52 = Model::new(first, 20.0, 200.0, 500.0)
        .is("R", two.sojourn_mean(), |r| r.response("r"))
        .is("U_a", preferred, |r| r.station("app.a.workers").utilization())
        .is("U_b", 1.2 - preferred, |r| r.station("app.b.workers").utilization());

    // two balancers on one way choose, and serve, independently: variances of two stages add up
    let twice = "[service.a]\nkind = \"station\"\nworkers = \"unlimited\"\nservice = \"exponential(10 ms)\"\n\
                 [service.b]\nkind = \"station\"\nworkers = \"unlimited\"\nservice = \"exponential(30 ms)\"\n\
                 [request.r]\npath = [{ balance = \"random(1)\", stations = [\"a\", \"b\"] }, \
                 { balance = \"random(1)\", stations = [\"a\", \"b\"] }]\n\
                 [traffic.t]\nprocess = \"poisson\"\nrate = \"100/s\"\nmix = { r = 1 }\n";
    // a mixture of two exponentials: E[X] = 20 ms, E[X^2] = (2 x 100 + 2 x 900) / 2 ms^2
    let v53 = Model::new(twice, 5.0, 100.0, 1500.0).is("R", 0.04, |r| r.response("r")).is(
        "variance",
        2.0 * (1000.0 - 400.0) * 1e-6,
        |r| variance(&r.class("r").latency_ns),
    );
    let tiers = "[network]\ndelay = \"0 ms\"\nclient_rtt = \"0 ms\"\n\
                 [server.lb1]\n[server.w1]\ncpu = { cores = 64 }\n[server.w2]\ncpu = { cores = 64, speed = 0.5 }\n\
                 [server.a1]\ncpu = { cores = 64 }\n[server.a2]\ncpu = { cores = 64, speed = 0.5 }\n\
                 [service.lb]\nkind = \"haproxy\"\nservers = [\"lb1\"]\nbackend = \"web\"\nbalance = \"random(1)\"\n\
                 [service.web]\nkind = \"nginx\"\nservers = [\"w1\", \"w2\"]\nworker_processes = 64\nworker_connections = 10000\n\
                 upstream = { service = \"app\", balance = \"random\", keepalive = 64 }\n\
                 [service.app]\nkind = \"app\"\nservers = [\"a1\", \"a2\"]\nworkers = 10000\n\
                 [request.r]\nlb.cpu = \"0 ms\"\nweb.cpu = \"10 ms\"\napp.cpu = \"10 ms\"\n\
                 [traffic.t]\nprocess = \"poisson\"\nrate = \"100/s\"\nmix = { r = 1 }\n";
    let v54 =
        Model::new(tiers, 5.0, 100.0, 1500.0)
            .is("R", 0.03, |r| r.response("r"))
            .is("variance", 2.0 * 25e-6, |r| variance(&r.class("r").latency_ns));

    vec![
        Case::new("V53", "Two balancers on one path", vec![v53]),
        Case::new("V54", "Random over nginx, then over applications", vec![v54]),
        Case::new("A21", "Random, round robin and least connections", a21),
        Case::new("V50", "Three and more stations by policy", v50),
        Case::new("V51", "Weights of HAProxy's servers", v51),
        Case::new("V52", "HAProxy's `first` with maxconn", vec![v52]),
    ]
}

//! Open networks: tandems, routing, feedback, mixed disciplines; and the tiers held against product form.

use foobar_sim::stats::analytic::erlang::Mmc;
use foobar_sim::stats::analytic::network::{OpenStation, jackson, tandem_response};

use super::grade::{Case, Judged, Model};

pub fn cases() -> Vec<Case> {
    let series = "[service.s1]\nkind = \"station\"\nservice = \"exponential(1 s)\"\n\
                  [service.s2]\nkind = \"station\"\nservice = \"exponential(2 s)\"\n\
                  [service.s3]\nkind = \"station\"\nservice = \"exponential(3 s)\"\n\
                  [request.r]\npath = [\"s1\", \"s2\", \"s3\"]\n\
                  [traffic.t]\nprocess = \"poisson\"\nrate = \"0.1/s\"\nmix = { r = 1 }\n";
    let b01 = Model::new(series, 1000.0, 40_000.0, 200_000.0)
        .is("R_total", 7.896825396825397, |r| r.response("r"))
        .is("R3", 4.285714285714286, |r| r.station("s3").sojourn())
        .is("L3", 0.4285714285714286, |r| r.station("s3").present())
        .is("R_total_p50", 6.772309032772273, |r| r.response_quantile("r", 0.5))
        .is("R_total_p95", 17.69887662454116, |r| r.response_quantile("r", 0.95))
        .is("R_total_p99", 24.720122854169418, |r| r.response_quantile("r", 0.99));

    // 121 visits to the CPU, 70 and 50 to the disks
    let stations = "[service.cpu]\nkind = \"station\"\nservice = \"exponential(5 ms)\"\n\
                    [service.disk1]\nkind = \"station\"\nservice = \"exponential(30 ms)\"\n\
                    [service.disk2]\nkind = \"station\"\nservice = \"exponential(27 ms)\"\n";
    let path = "\"cpu\", { probability = 0.9917355371900827, path = [{ again = 0.9917355371900827, path = [\
                { choose = [{ weight = 70, path = [\"disk1\"] }, { weight = 50, path = [\"disk2\"] }] }, \"cpu\"] }] }";
    let open = format!(
        "{stations}[request.r]\npath = [{path}]\n\
         [traffic.t]\nprocess = \"poisson\"\nrate = \"0.3/s\"\nmix = {{ r = 1 }}\n"
    );
    let b03_open = Model::new(open, 300.0, 3000.0, 45_000.0)
        .is("open_U1", 0.1815, |r| r.station("cpu").utilization())
        .is("open_Q1", 0.2217470983506414, |r| r.station("cpu").present())
        .is("open_R_total", 8.683740233203025, |r| r.response("r"));
    let closed = "[service.s1]\nkind = \"station\"\nservice = \"exponential(0.605 s)\"\n\
                  [service.s2]\nkind = \"station\"\nservice = \"exponential(2.1 s)\"\n\
                  [service.s3]\nkind = \"station\"\nservice = \"exponential(1.35 s)\"\n\
                  [request.r]\npath = [\"s1\", \"s2\", \"s3\"]\n\
                  [traffic.t]\nprocess = \"closed\"\nusers = 3\nthink = \"exponential(15 s)\"\nmix = { r = 1 }\n";
    let b03_closed = Model::new(closed, 500.0, 10_000.0, 30_000.0)
        .is("closed_exact_X", 0.15151649234709555, |r| r.throughput("r"))
        .is("closed_exact_R", 4.7998247816321475, |r| r.response("r"));

    vec![
        Case::new("B01", "Open tandem of three M/M/1", vec![b01]),
        Case::new("B03", "Lazowska et al., open and closed", vec![b03_open, b03_closed]),
        Case::new("B09", "HAProxy, nginx, app, MySQL in product form", vec![webchain()]),
        Case::new("V30", "The tiers themselves in product form", vec![tiers()]),
        Case::new("V31", "Jackson network with feedback and several workers", vec![routed()]),
        Case::new("V32", "Tandem into a shared core, with a delay", vec![mixed()]),
        Case::new("V33", "Spawned work loads its station, not the response", vec![spawned()]),
        Case::new("V35", "Choices inside choices", vec![nested()]),
        Case::new("V34", "Tandem percentiles with equal rates", vec![equal_tandem()]),
    ]
}

fn webchain() -> Model {
    let text = "[service.haproxy]\nkind = \"station\"\ndiscipline = \"ps\"\nservice = \"0.5 ms\"\n\
                [service.nginx]\nkind = \"station\"\ndiscipline = \"ps\"\nservice = \"hyperexponential(2 ms, cv 2)\"\n\
                [service.app]\nkind = \"station\"\nworkers = 4\ndiscipline = \"ps\"\nservice = \"lognormal(40 ms, cv 2)\"\n\
                [service.db]\nkind = \"station\"\nworkers = 2\ndiscipline = \"ps\"\nservice = \"exponential(15 ms)\"\n\
                [service.disk]\nkind = \"station\"\nservice = \"exponential(4 ms)\"\n\
                [request.r]\npath = [\"haproxy\", \"nginx\", \"app\", { again = 0.375, path = [\"db\"] }, \
                { again = 0.5833333333333334, path = [\"disk\"] }]\n\
                [traffic.t]\nprocess = \"poisson\"\nrate = \"50/s\"\nmix = { r = 1 }\n";
    let per_request = |r: &super::run::Seen, station: &str| r.station(station).present() / r.throughput("r");
    Model::new(text, 30.0, 300.0, 600.0)
        .is("R_haproxy", 0.0005128205128205128, |r| r.station("haproxy").sojourn())
        .is("R_nginx", 0.0022222222222222222, |r| r.station("nginx").sojourn())
        .is("R_app", 0.043478260869565216, |r| r.station("app").sojourn())
        .is("R_db_cpu_total", 0.037500000000000006, move |r| per_request(r, "db"))
        .is("R_disk_total", 0.01846153846153846, move |r| per_request(r, "disk"))
        .is("R_total", 0.10217484206614642, |r| r.response("r"))
        .overall("bottleneck_max_lam", 83.33333333333333, |scenario, _| {
            let compiled = foobar_sim::simulation::compile::compile(scenario);
            let (station, rate) = compiled.load.bottleneck().expect("the load is known");
            Judged {
                simulated: rate,
                half_width: None,
                passed: station.station == "db" && (rate / 83.33333333333333 - 1.0).abs() < 1e-6,
            }
        })
}

/// The same kind of chain, but through the tiers' own compilers: shared CPUs of servers, nothing else in the way.
fn tiers() -> Model {
    let text = "[network]\ndelay = \"0 ms\"\nclient_rtt = \"0 ms\"\n\
                [server.lb1]\ncpu = { cores = 1 }\n[server.web1]\ncpu = { cores = 1 }\n\
                [server.app1]\ncpu = { cores = 4 }\n[server.db1]\ncpu = { cores = 2 }\n\
                [service.lb]\nkind = \"haproxy\"\nservers = [\"lb1\"]\nbackend = \"web\"\n\
                [service.web]\nkind = \"nginx\"\nservers = [\"web1\"]\nworker_connections = 100000\n\
                upstream = { service = \"app\", keepalive = 64 }\n\
                [service.app]\nkind = \"app\"\nservers = [\"app1\"]\nworkers = 10000\n\
                database = { service = \"db\", pool = 10000 }\n\
                [service.db]\nkind = \"mysql\"\nprimary = \"db1\"\nmax_connections = 10000\nbuffer_pool_hit = 1.0\n\
                [request.r]\nlb.cpu = \"0.5 ms\"\nweb.cpu = \"hyperexponential(2 ms, cv 2)\"\n\
                app.cpu = \"lognormal(40 ms, cv 2)\"\ndb.reads = { count = 2, cpu = \"exponential(12 ms)\", pages = 0 }\n\
                [traffic.t]\nprocess = \"poisson\"\nrate = \"50/s\"\nmix = { r = 1 }\n";
    let app = Mmc::new(50.0, 25.0, 4).expect("stable").sojourn_mean();
    let db = Mmc::new(100.0, 1.0 / 0.012, 2).expect("stable").sojourn_mean();
    let total = 0.0005128205128205128 + 0.0022222222222222222 + app + 2.0 * db;
    Model::new(text, 30.0, 200.0, 600.0)
        .is("R_lb1.cpu", 0.0005128205128205128, |r| r.station("lb1.cpu").sojourn())
        .is("R_web1.cpu", 0.0022222222222222222, |r| r.station("web1.cpu").sojourn())
        .is("R_app1.cpu", app, |r| r.station("app1.cpu").sojourn())
        .is("R_db1.cpu", db, |r| r.station("db1.cpu").sojourn())
        .is("R_total", total, |r| r.response("r"))
        .is("app workers held", 50.0 * (app + 2.0 * db), |r| r.station("app.workers").busy())
}

fn routed() -> Model {
    let text = "[service.a]\nkind = \"station\"\nworkers = 2\nservice = \"exponential(20 ms)\"\n\
                [service.b]\nkind = \"station\"\nservice = \"exponential(15 ms)\"\n\
                [service.c]\nkind = \"station\"\nworkers = 5\nservice = \"exponential(80 ms)\"\n\
                [request.r]\npath = [{ again = 0.25, path = [\"a\", { probability = 0.6, path = [\"b\"] }] }, \
                { choose = [{ weight = 7, path = [\"c\"] }, { weight = 3, path = [\"b\", \"c\", \"c\"] }] }]\n\
                [traffic.t]\nprocess = \"poisson\"\nrate = \"36/s\"\nmix = { r = 1 }\n";
    let loops = 1.0 / 0.75;
    let stations = [
        OpenStation { visits: loops, service: 0.02, workers: 2 },
        OpenStation { visits: 0.6 * loops + 0.3, service: 0.015, workers: 1 },
        OpenStation { visits: 1.3, service: 0.08, workers: 5 },
    ];
    let solution = jackson(36.0, &stations).expect("stable");
    let (u, l) = (solution.utilization.clone(), solution.present.clone());
    Model::new(text, 30.0, 300.0, 1400.0)
        .is("R", solution.residence.iter().sum(), |r| r.response("r"))
        .is("U_a", u[0], |r| r.station("a").utilization())
        .is("L_a", l[0], |r| r.station("a").present())
        .is("L_b", l[1], |r| r.station("b").present())
        .is("L_c", l[2], |r| r.station("c").present())
}

fn mixed() -> Model {
    let text = "[service.disk]\nkind = \"station\"\nworkers = 2\nservice = \"exponential(30 ms)\"\n\
                [service.cpu]\nkind = \"station\"\ndiscipline = \"ps\"\nservice = \"hyperexponential(16 ms, cv 1.7320508075688772)\"\n\
                [request.r]\npath = [\"disk\", { delay = \"uniform(10 ms, 50 ms)\" }, \"cpu\", { delay = \"5 ms\" }]\n\
                [traffic.t]\nprocess = \"poisson\"\nrate = \"45/s\"\nmix = { r = 1 }\n";
    let disk = Mmc::new(45.0, 1.0 / 0.03, 2).expect("stable").sojourn_mean();
    let cpu = 0.016 / (1.0 - 0.72);
    Model::new(text, 30.0, 300.0, 6000.0).is("R", disk + 0.03 + cpu + 0.005, |r| r.response("r")).is(
        "R_cpu",
        cpu,
        |r| r.station("cpu").sojourn(),
    )
}

fn spawned() -> Model {
    let text = "[service.front]\nkind = \"station\"\nservice = \"exponential(10 ms)\"\n\
                [service.log]\nkind = \"station\"\nservice = \"exponential(15 ms)\"\n\
                [request.r]\npath = [\"front\", { spawn = [\"log\"] }]\n\
                [traffic.t]\nprocess = \"poisson\"\nrate = \"50/s\"\nmix = { r = 1 }\n";
    Model::new(text, 30.0, 200.0, 1800.0)
        .is("R", 0.02, |r| r.response("r"))
        .is("L_log", 3.0, |r| r.station("log").present())
        .is("R_log", 0.06, |r| r.station("log").sojourn())
}

fn equal_tandem() -> Model {
    let response = tandem_response(70.0, &[0.01, 0.01, 0.01]).expect("stable");
    let text = "[service.a]\nkind = \"station\"\nservice = \"exponential(10 ms)\"\n\
                [service.b]\nkind = \"station\"\nservice = \"exponential(10 ms)\"\n\
                [service.c]\nkind = \"station\"\nservice = \"exponential(10 ms)\"\n\
                [request.r]\npath = [\"a\", \"b\", \"c\"]\n\
                [traffic.t]\nprocess = \"poisson\"\nrate = \"70/s\"\nmix = { r = 1 }\n";
    Model::new(text, 20.0, 200.0, 3800.0)
        .is("R", response.mean(), |r| r.response("r"))
        .is("R_p95", response.percentile(0.95), |r| r.response_quantile("r", 0.95))
        .is("R_p99", response.percentile(0.99), |r| r.response_quantile("r", 0.99))
}

/// Choices inside choices draw apart: 1/4 passes both delays, and a half of a half both branches.
fn nested() -> Model {
    let text = "[request.r]\npath = [{ probability = 0.5, path = [{ delay = \"1 ms\" }, { probability = 0.5, path = [\
                { delay = \"10 ms\" }] }, { choose = [{ weight = 1, path = [{ choose = [\
                { weight = 1, path = [{ delay = \"100 ms\" }] }, { weight = 1, path = [] }] }] }, \
                { weight = 1, path = [] }] }] }]\n\
                [service.unused]\nkind = \"station\"\n\
                [traffic.t]\nprocess = \"poisson\"\nrate = \"1000/s\"\nmix = { r = 1 }\n";
    // milliseconds
    let square = 0.5 * (1.0 + 0.5 * (121.0 - 1.0)) + 0.125 * (100.0f64.powi(2) + 2.0 * 100.0 * (1.0 + 0.5 * 10.0));
    let mean = 0.5 * (1.0 + 0.5 * 10.0 + 0.25 * 100.0);
    Model::new(text, 1.0, 4.0, 40.0).is("R", mean / 1000.0, |r| r.response("r")).is(
        "variance",
        (square - mean * mean) * 1e-6,
        |r| super::run::variance(&r.class("r").latency_ns),
    )
}

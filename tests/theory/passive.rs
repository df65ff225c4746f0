//! Pools: slots that are held while the request is served elsewhere.

use foobar_sim::stats::analytic::erlang::mmck;
use foobar_sim::stats::analytic::pool::pool_over_two_stations;

use super::grade::{Case, Model};

fn two_stations(pool: &str, services: [f64; 2], rate: f64) -> String {
    format!(
        "[service.pool]\nkind = \"station\"\npercentiles = true\n{pool}\n\
         [service.cpu]\nkind = \"station\"\nservice = \"exponential({} ms)\"\n\
         [service.disk]\nkind = \"station\"\nservice = \"exponential({} ms)\"\n\
         [request.r]\npath = [{{ hold = \"pool\", path = [\"cpu\", \"disk\"] }}]\n\
         [traffic.t]\nprocess = \"poisson\"\nrate = \"{rate}/s\"\nmix = {{ r = 1 }}\n",
        services[0], services[1]
    )
}

pub fn cases() -> Vec<Case> {
    let b11 = Model::new(two_stations("workers = 4", [10.0, 10.0], 70.0), 20.0, 500.0, 8500.0)
        .is("mean_sojourn", 0.09679836061376906, |r| r.response("r"))
        .is("mean_pool_wait", 0.05197339849714404, |r| r.station("pool").wait_for_slot())
        .is("P(pool full at arrival)", 0.6355301766179741, |r| r.station("pool").waits());
    let saturated = "[service.cpu]\nkind = \"station\"\nservice = \"exponential(10 ms)\"\n\
                     [service.disk]\nkind = \"station\"\nservice = \"exponential(10 ms)\"\n\
                     [service.pool]\nkind = \"station\"\nworkers = 4\n\
                     [request.r]\npath = [{ hold = \"pool\", path = [\"cpu\", \"disk\"] }]\n\
                     [traffic.t]\nprocess = \"closed\"\nusers = 20\nthink = \"0 s\"\nmix = { r = 1 }\n";
    let capacity = Model::new(saturated, 10.0, 40.0, 80.0).is("capacity", 80.0, |r| r.throughput("r"));
    let without = Model::new(two_stations("workers = \"unlimited\"", [10.0, 10.0], 70.0), 20.0, 150.0, 1500.0).is(
        "no_pool_sojourn",
        0.06666666666666667,
        |r| r.response("r"),
    );

    let lqn = "[service.server]\nkind = \"station\"\nworkers = 2\nservice = \"exponential(1 s)\"\n\
               [request.r]\npath = [\"server\"]\n\
               [traffic.t]\nprocess = \"closed\"\nusers = 4\nthink = \"exponential(1 s)\"\nmix = { r = 1 }\n";
    let b12 = Model::new(lqn, 200.0, 2000.0, 5000.0).is("X", 1.7, |r| r.throughput("r")).is(
        "mean_wait",
        0.3529411764705883,
        |r| r.station("server").wait(),
    );

    // another size, other speeds: 7 connections, 8 and 12 ms, near their capacity
    let seven = pool_over_two_stations(68.0, [125.0, 1000.0 / 12.0], 7).expect("stable");
    let v40 = Model::new(two_stations("workers = 7", [8.0, 12.0], 68.0), 20.0, 500.0, 13_500.0)
        .is("mean_sojourn", seven.sojourn_mean, |r| r.response("r"))
        .is("mean_pool_wait", seven.wait_mean, |r| r.station("pool").wait_for_slot())
        .is("P(pool full at arrival)", seven.full, |r| r.station("pool").waits());

    // a pool around a station of many workers is those workers: with a limit on the queue, M/M/3/8
    let inside = "[service.pool]\nkind = \"station\"\nworkers = 3\nqueue_limit = 5\n\
                  [service.work]\nkind = \"station\"\nworkers = \"unlimited\"\nservice = \"exponential(100 ms)\"\n\
                  [request.r]\npath = [{ hold = \"pool\", path = [\"work\"] }]\n\
                  [traffic.t]\nprocess = \"poisson\"\nrate = \"26/s\"\nmix = { r = 1 }\n";
    let limited = mmck(26.0, 10.0, 3, 8).expect("parameters");
    let v41 = Model::new(inside, 20.0, 200.0, 5200.0)
        .is("lost", limited.lost, |r| r.station("pool").lost())
        .is("mean_in_system", limited.present_mean, |r| r.station("pool").present())
        .is("held", limited.throughput * 0.1, |r| r.station("pool").busy());

    // the same pool as an application's: 4 workers held over waits, behind HAProxy's maxconn
    let tiers = "[network]\ndelay = \"0 ms\"\nclient_rtt = \"0 ms\"\n\
                 [server.lb1]\n[server.app1]\n\
                 [service.lb]\nkind = \"haproxy\"\nservers = [\"lb1\"]\nbackend = \"app\"\n\
                 default_server = { maxconn = 4 }\ntimeout = { queue = \"1000 s\" }\n\
                 [service.app]\nkind = \"app\"\nservers = [\"app1\"]\nworkers = 4\n\
                 [request.r]\nlb.cpu = \"0 ms\"\napp.wait = \"exponential(10 ms)\"\n\
                 [traffic.t]\nprocess = \"poisson\"\nrate = \"360/s\"\nmix = { r = 1 }\n";
    let v42 = Model::new(tiers, 20.0, 300.0, 1500.0).is("mean_response", 0.029693831607384064, |r| r.response("r")).is(
        "workers busy",
        3.6,
        |r| r.station("app.workers").busy(),
    );

    vec![
        Case::new("B11", "Connection pool held over two stations", vec![b11, capacity, without]),
        Case::new("B12", "LQN 20-multiserver", vec![b12]),
        Case::new("V40", "Pool of another size and speed", vec![v40]),
        Case::new("V41", "Pool with a limited queue", vec![v41]),
        Case::new("V42", "HAProxy's queue before the workers is M/M/4", vec![v42]),
    ]
}

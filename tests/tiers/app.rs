//! The application: workers, the event loop, the backlog, the pool of database connections.

use foobar_sim::simulation::result::FailureReason;

use crate::{NEAR, play, play_from, server};

/// An application that asks its database for one statement of 10 ms of CPU, or only computes.
fn app(app: &str, db: &str) -> String {
    format!(
        "{NEAR}{}{}\n[service.app]\nkind = \"app\"\nservers = [\"a\"]\n{app}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"d\"\nbuffer_pool_hit = 1.0\n{db}\n\
         [request.asks]\napp.cpu = \"1 ms\"\ndb.reads = {{ count = 1, cpu = \"10 ms\" }}\n\
         [request.computes]\napp.cpu = \"1 ms\"\n\
         [request.waits]\napp.cpu = \"2 ms\"\napp.wait = \"10 ms\"\n",
        server("a", 4),
        server("d", 4)
    )
}

const DB: &str = "database = { service = \"db\" }";

#[test]
fn a_worker_holds_its_request_while_the_database_works() {
    let outcome = play(&app(&format!("workers = 1\n{DB}"), ""), &[(0.0, "asks"), (2.0, "computes")]);
    outcome.assert_latencies(&[11.0, 10.0]);
    assert_eq!(outcome.busy_ms("app.workers"), 12.0);
}

#[test]
fn the_cpu_of_an_event_loop_is_serial_and_its_waits_overlap() {
    // four cores do not help one process
    let text = app("runtime = \"event-loop\"", "")
        .replace("[request.asks]\napp.cpu = \"1 ms\"\ndb.reads = { count = 1, cpu = \"10 ms\" }\n", "");
    play_from("target = \"app\"", &text, &[(0.0, "waits"); 3]).assert_latencies(&[12.0, 14.0, 16.0]);
    let text = text.replace("\"event-loop\"", "\"event-loop\"\nprocesses = 2");
    play_from("target = \"app\"", &text, &[(0.0, "waits"); 3]).assert_latencies(&[12.0, 12.0, 14.0]);
}

#[test]
fn an_event_loop_goes_on_while_the_database_works() {
    let outcome = play(&app(&format!("runtime = \"event-loop\"\n{DB}"), ""), &[(0.0, "asks"), (2.0, "computes")]);
    outcome.assert_latencies(&[11.0, 1.0]);
}

#[test]
fn beyond_the_backlog_connections_are_refused() {
    let outcome = play(
        &app(&format!("workers = 1\nbacklog = 1\n{DB}"), ""),
        &[(0.0, "computes"), (0.25, "computes"), (0.5, "computes"), (3.0, "computes")],
    );
    assert_eq!(outcome.ends(), ["", "", "refused_502", ""]);
    outcome.assert_latencies(&[1.0, 1.75, 0.0, 1.0]);
}

#[test]
fn a_refusal_comes_back_over_every_wire() {
    let text = format!(
        "[network]\ndelay = \"1 ms\"\nclient_rtt = \"20 ms\"\n{}{}{}\n\
         [service.lb]\nkind = \"haproxy\"\nservers = [\"l\"]\nbackend = \"web\"\n\
         [service.web]\nkind = \"nginx\"\nservers = [\"w\"]\nupstream = {{ service = \"app\", keepalive = 8 }}\n\
         [service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 1\nbacklog = 0\n\
         [request.page]\nlb.cpu = \"0 ms\"\nweb.cpu = \"0 ms\"\napp.wait = \"50 ms\"\n",
        server("l", 1),
        server("w", 1),
        server("a", 1)
    );
    let outcome = play(&text, &[(0.0, "page"), (1.0, "page")]);
    // a new connection: 20 ms before the request's own round trip; 4 ms inside
    outcome.assert_latencies(&[94.0, 44.0]);
    assert_eq!(outcome.ends(), ["", "refused_502"]);
}

#[test]
fn no_connection_of_the_pool_in_time_is_a_500_at_exactly_acquire_timeout() {
    let app_keys = "workers = 8\ndatabase = { service = \"db\", pool = 1, acquire_timeout = \"4 ms\" }";
    let outcome = play(&app(app_keys, ""), &[(0.0, "asks"), (0.0, "asks"), (8.0, "asks")]);
    assert_eq!(outcome.ends(), ["", "pool_timeout_500", ""]);
    outcome.assert_latencies(&[11.0, 5.0, 13.0]);
}

#[test]
fn beyond_max_connections_the_database_refuses() {
    let app_keys = format!("workers = 8\n{DB}");
    let outcome =
        play(&app(&app_keys, "max_connections = 2"), &[(0.0, "asks"), (0.0, "asks"), (5.0, "asks"), (20.0, "asks")]);
    assert_eq!(outcome.ends(), ["", "", "too_many_connections_500", ""]);
    outcome.assert_latencies(&[11.0, 11.0, 1.0, 11.0]);
}

#[test]
fn failures_inside_what_is_held_give_everything_back() {
    // under far more load than there is room for
    for (pool, max_connections) in [(6, 5), (3, 5)] {
        let text = format!(
            "[network]\ndelay = \"0.3 ms\"\nclient_rtt = \"lognormal(5 ms, cv 1)\"\n{}{}{}{}{}\n\
         [service.lb]\nkind = \"haproxy\"\nservers = [\"l\"]\nbackend = \"web\"\nmaxconn = 120\nbalance = \"leastconn\"\n\
         default_server = {{ maxconn = 15 }}\ntimeout = {{ queue = \"5 ms\" }}\n\
         [service.web]\nkind = \"nginx\"\nservers = [\"w\", \"v\"]\nworker_processes = 1\nworker_connections = 31\n\
         upstream = {{ service = \"app\", keepalive = 0 }}\n\
         [service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 8\nbacklog = 26\n\
         memory = {{ base = \"1 GiB\", per_worker = \"0 B\", when_full = \"oom\", restart = \"50 ms\" }}\n\
         database = {{ service = \"db\", pool = {pool}, acquire_timeout = \"2 ms\" }}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"d\"\nmax_connections = {max_connections}\nbuffer_pool_hit = 0.9\n\
         [request.page]\nlb.cpu = \"0.1 ms\"\nweb.cpu = \"0.1 ms\"\napp.cpu = \"exponential(2 ms)\"\n\
         app.memory = \"lognormal(80 MiB, cv 1.5)\"\ndb.reads = {{ count = 3, cpu = \"exponential(2 ms)\" }}\n\
         db.transactions = [{{ cpu = \"exponential(2 ms)\" }}]\n",
            server("l", 1),
            server("w", 1),
            server("v", 1),
            server("a", 2).replace("16 GiB", "3 GiB"),
            server("d", 2)
        );
        let arrivals: Vec<_> = (0..20_000).map(|i| (i as f64 * 0.5, "page")).collect();
        let outcome = play_from("target = \"lb\"", &text, &arrivals);
        let failed: Vec<u64> = FailureReason::ALL.iter().map(|&reason| outcome.failed("page", reason)).collect();
        let scarce =
            if pool > max_connections { FailureReason::TooManyConnections } else { FailureReason::PoolTimeout };
        for reason in [FailureReason::QueueTimeout, FailureReason::Refused, FailureReason::OutOfMemory, scarce] {
            assert!(outcome.failed("page", reason) > 0, "{}: {failed:?}", reason.name());
        }
        assert!(outcome.completed("page") > 0);
        assert_eq!(outcome.completed("page") + failed.iter().sum::<u64>(), 20_000);
    }
}

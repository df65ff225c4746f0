//! HAProxy: handshakes, connections of the process and of servers, queues, policies, routes.

use foobar_sim::simulation::result::FailureReason;

use crate::{NEAR, near, play, play_from, run, server};

/// A client 40 ms away, TLS with 3 ms (full) or 1 ms (resumed) of CPU, 2 ms of CPU for the request.
fn tls(version: &str, resumption: f64) -> String {
    format!(
        "[network]\ndelay = \"0 ms\"\nclient_rtt = \"40 ms\"\n{}{}\n\
         [service.lb]\nkind = \"haproxy\"\nservers = [\"lb1\"]\nbackend = \"web\"\n\
         tls = {{ version = \"{version}\", resumption = {resumption}, full_cpu = \"3 ms\", resumed_cpu = \"1 ms\" }}\n\
         [service.web]\nkind = \"nginx\"\nservers = [\"web1\"]\n\
         [request.page]\nlb.cpu = \"2 ms\"\nweb.cpu = \"4 ms\"\n",
        server("lb1", 1),
        server("web1", 1)
    )
}

#[test]
fn a_full_handshake_of_tls_1_3_costs_tcp_and_one_round_trip_and_its_cpu() {
    // 40 TCP + 40 TLS + 40 the request and its answer
    play(&tls("1.3", 0.0), &[(0.0, "page")]).assert_latencies(&[120.0 + 3.0 + 2.0 + 4.0]);
}

#[test]
fn a_full_handshake_of_tls_1_2_costs_two_round_trips() {
    play(&tls("1.2", 0.0), &[(0.0, "page")]).assert_latencies(&[160.0 + 3.0 + 2.0 + 4.0]);
}

#[test]
fn a_resumed_handshake_costs_one_round_trip_and_less_cpu() {
    for version in ["1.2", "1.3"] {
        play(&tls(version, 1.0), &[(0.0, "page")]).assert_latencies(&[120.0 + 1.0 + 2.0 + 4.0]);
    }
}

#[test]
fn a_kept_connection_costs_neither_tcp_nor_tls() {
    let outcome = play_from(
        "client = { requests_per_connection = 4 }",
        &tls("1.3", 0.0),
        &(0..2000).map(|i| (i as f64 * 1000.0, "page")).collect::<Vec<_>>(),
    );
    let latencies = outcome.latencies();
    let on_new = latencies.iter().filter(|l| (**l - 129.0).abs() < 1e-6).count();
    let on_kept = latencies.iter().filter(|l| (**l - 46.0).abs() < 1e-6).count();
    assert_eq!(on_new + on_kept, 2000);
    // binomial: one standard deviation is 19
    near(on_new as f64, 500.0, 0.12);
}

/// lb -> app, whose request waits for 10 ms without any CPU.
fn balanced(lb: &str, servers: &str, request: &str) -> String {
    format!(
        "{NEAR}{}{}{}{}\n[service.lb]\nkind = \"haproxy\"\nservers = [\"lb1\"]\n{lb}\n\
         [service.app]\nkind = \"app\"\nservers = {servers}\nworkers = 100\n{request}\n",
        server("lb1", 1),
        server("a", 1),
        server("b", 1),
        server("c", 1)
    )
}

const WAITS: &str = "[request.page]\nlb.cpu = \"0 ms\"\napp.wait = \"10 ms\"\n";

#[test]
fn above_the_process_maxconn_requests_wait_and_none_fails() {
    let outcome = play(
        &balanced("backend = \"app\"\nmaxconn = 1", "[\"a\"]", WAITS),
        &[(0.0, "page"), (1.0, "page"), (2.0, "page")],
    );
    outcome.assert_latencies(&[10.0, 19.0, 28.0]);
    assert_eq!(outcome.ends(), ["", "", ""]);
    assert_eq!(outcome.station("lb.maxconn").waiting_sum_ns, 9_000_000 + 18_000_000);
}

#[test]
fn a_full_server_queues_in_haproxy_and_its_slot_is_held_over_the_way_there_and_back() {
    let text = balanced("backend = \"app\"\ndefault_server = { maxconn = 1 }", "[\"a\"]", WAITS)
        .replace("delay = \"0 ms\"", "delay = \"3 ms\"");
    let outcome = play(&text, &[(0.0, "page"), (0.0, "page")]);
    outcome.assert_latencies(&[16.0, 32.0]);
    assert_eq!(outcome.station("lb->app.slots").busy_area_ns, 32_000_000);
    // the second is not at the application while it waits
    assert_eq!(outcome.station("app.workers").present_area_ns, 20_000_000);
}

#[test]
fn a_queued_request_gets_its_503_at_exactly_timeout_queue() {
    let lb = "backend = \"app\"\ndefault_server = { maxconn = 1 }\ntimeout = { queue = \"7 ms\" }";
    let outcome = play(&balanced(lb, "[\"a\"]", WAITS), &[(0.0, "page"), (1.0, "page"), (4.0, "page")]);
    outcome.assert_latencies(&[10.0, 7.0, 16.0]);
    assert_eq!(outcome.ends(), ["", "queue_timeout_503", ""]);
    assert_eq!(outcome.failed("page", FailureReason::QueueTimeout), 1);
}

/// Requests at each server, by its workers.
fn shares(lb: &str, servers: &str, arrivals: usize, gap_ms: f64) -> Vec<u64> {
    let arrivals: Vec<_> = (0..arrivals).map(|i| (i as f64 * gap_ms, "page")).collect();
    let outcome = play(&balanced(lb, servers, WAITS), &arrivals);
    ["a", "b", "c"].iter().map(|s| outcome.station(&format!("app.{s}.workers")).arrivals).collect()
}

#[test]
fn round_robin_deals_by_weight() {
    for balance in ["roundrobin", "static-rr"] {
        let lb = format!("backend = \"app\"\nbalance = \"{balance}\"");
        assert_eq!(shares(&lb, "[\"a\", \"b\", \"c\"]", 30, 1.0), [10, 10, 10], "{balance}");
        let weighted = "[{ name = \"a\", weight = 3 }, { name = \"b\", weight = 2 }, { name = \"c\", weight = 1 }]";
        assert_eq!(shares(&lb, weighted, 60, 1.0), [30, 20, 10], "{balance}");
    }
}

#[test]
fn leastconn_levels_what_is_open_and_takes_turns_among_equals() {
    let lb = "backend = \"app\"\nbalance = \"leastconn\"";
    assert_eq!(shares(lb, "[\"a\", \"b\", \"c\"]", 9, 0.0), [3, 3, 3]);
    // each alone: all are equal each time, and the one used last is the last choice
    assert_eq!(shares(lb, "[\"a\", \"b\", \"c\"]", 9, 20.0), [3, 3, 3]);
    assert_eq!(shares(lb, "[{ name = \"a\", weight = 2 }, \"b\", \"c\"]", 8, 0.0), [4, 2, 2]);
}

#[test]
fn first_fills_a_server_to_its_maxconn_before_the_next() {
    let lb = "backend = \"app\"\nbalance = \"first\"\ndefault_server = { maxconn = 2 }";
    assert_eq!(shares(lb, "[\"a\", \"b\", \"c\"]", 5, 0.0), [2, 2, 1]);
    assert_eq!(shares(lb, "[\"a\", \"b\", \"c\"]", 5, 20.0), [5, 0, 0]);
    assert_eq!(shares(lb, "[{ name = \"a\", maxconn = 4 }, \"b\", \"c\"]", 5, 0.0), [4, 1, 0]);
}

#[test]
fn source_keeps_a_closed_user_at_one_server() {
    let lb = "backend = \"app\"\nbalance = \"source\"";
    let users = "[simulation]\nduration = \"1 s\"\nwarmup = \"0 s\"\n\
                 [traffic.users]\nprocess = \"closed\"\nusers = 1\nthink = \"10 ms\"\n";
    let outcome = run(&(balanced(lb, "[\"a\", \"b\", \"c\"]", WAITS) + users));
    let mut shares = ["a", "b", "c"].map(|s| outcome.station(&format!("app.{s}.workers")).arrivals);
    shares.sort_unstable();
    assert_eq!(shares, [0, 0, 50]);
}

#[test]
fn two_random_policies_on_one_way_choose_independently() {
    let text = format!(
        "{NEAR}{}{}{}{}{}\n[service.lb]\nkind = \"haproxy\"\nservers = [\"lb1\"]\nbackend = \"web\"\nbalance = \"random(1)\"\n\
         [service.web]\nkind = \"nginx\"\nservers = [\"a\", \"b\"]\nworker_processes = 1\n\
         upstream = {{ service = \"app\", balance = \"random\", keepalive = 8 }}\n\
         [service.app]\nkind = \"app\"\nservers = [\"c\", \"d\"]\nworkers = 100\n\
         [request.page]\nlb.cpu = \"0 ms\"\nweb.cpu = \"0 ms\"\napp.wait = \"1 ms\"\n",
        server("lb1", 1),
        server("a", 1),
        server("b", 1),
        server("c", 1),
        server("d", 1)
    );
    let arrivals: Vec<_> = (0..1000).map(|i| (i as f64 * 10.0, "page")).collect();
    let outcome = play(&text, &arrivals);
    for web in ["a", "b"] {
        let busy = |web: &str| outcome.station(&format!("web.{web}->app.slots")).arrivals;
        near(busy(web) as f64, 500.0, 0.12);
    }
    // were the choices the same, a server of nginx would always go with one of the application
    let arrived = |server: &str| outcome.station(&format!("app.{server}.workers")).arrivals;
    near(arrived("c") as f64, 500.0, 0.12);
    assert_eq!(arrived("c") + arrived("d"), 1000);
    assert_ne!(arrived("c"), outcome.station("web.a->app.slots").arrivals);
    assert_ne!(arrived("d"), outcome.station("web.a->app.slots").arrivals);
}

#[test]
fn routes_go_by_class() {
    let text = format!(
        "{NEAR}{}{}\n[service.lb]\nkind = \"haproxy\"\nservers = [\"lb1\"]\nroute = {{ image = \"web\", api = \"app\" }}\n\
         [service.web]\nkind = \"nginx\"\nservers = [\"w\"]\n[service.app]\nkind = \"app\"\nservers = [\"w\"]\n\
         [request.image]\nlb.cpu = \"0 ms\"\nweb.cpu = \"5 ms\"\n[request.api]\nlb.cpu = \"0 ms\"\napp.wait = \"9 ms\"\n",
        server("lb1", 1),
        server("w", 1)
    );
    let outcome = play(&text, &[(0.0, "image"), (0.0, "api"), (10.0, "api")]);
    outcome.assert_latencies(&[5.0, 9.0, 9.0]);
    assert_eq!(outcome.station("app.workers").arrivals, 2);
    assert_eq!(outcome.station("web.worker_connections").arrivals, 1);
}

#[test]
fn fewer_threads_than_cores_limit_the_cpu() {
    let text = |threads: u32| {
        format!(
            "{NEAR}{}\n[service.lb]\nkind = \"haproxy\"\nservers = [\"lb1\"]\nbackend = \"s\"\nnbthread = {threads}\n\
             [service.s]\nkind = \"station\"\nservice = \"0 ms\"\n[request.page]\nlb.cpu = \"10 ms\"\n",
            server("lb1", 4)
        )
    };
    let arrivals = [(0.0, "page"); 4];
    play(&text(4), &arrivals).assert_latencies(&[10.0; 4]);
    // a thread takes what has come: one after the other
    play(&text(1), &arrivals).assert_latencies(&[10.0, 20.0, 30.0, 40.0]);
    play(&text(2), &arrivals).assert_latencies(&[10.0, 10.0, 20.0, 20.0]);
}

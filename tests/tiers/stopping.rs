//! Processes that die, servers that lose their power, ways that are cut.

use crate::{NEAR, play, play_from};

fn fault(keys: &str) -> String {
    format!("[[fault]]\n{keys}\n")
}

/// web on a -> app on b, which holds a request for 10 ms; one worker.
fn chain(workers: u32, more: &str) -> String {
    format!(
        "{NEAR}[server.a]\ncpu = {{ cores = 4 }}\n[server.b]\ncpu = {{ cores = 4 }}\n\
         [service.web]\nkind = \"nginx\"\nservers = [\"a\"]\nupstream = {{ service = \"app\" }}\n\
         [service.app]\nkind = \"app\"\nservers = [\"b\"]\nworkers = {workers}\n\
         [request.x]\nweb.cpu = \"0 ms\"\napp.wait = \"10 ms\"\n{more}"
    )
}

#[test]
fn a_killed_process_resets_what_it_works_on_and_refuses_what_comes() {
    let kill = fault("at = \"5 ms\"\nlasts = \"20 ms\"\nkill = { service = \"app\" }");
    // one worked on, one waiting for the worker, one while it is down, one afterwards
    let outcome = play(&chain(1, &kill), &[(0.0, "x"), (2.0, "x"), (15.0, "x"), (30.0, "x")]);
    assert_eq!(outcome.ends(), ["connection_reset", "connection_reset", "connection_refused", ""]);
    outcome.assert_latencies(&[5.0, 3.0, 0.0, 10.0]);
}

#[test]
fn what_a_killed_caller_has_asked_for_is_worked_on_for_nobody() {
    let kill = fault("at = \"5 ms\"\nlasts = \"1 ms\"\nkill = { service = \"web\" }");
    let outcome = play(&chain(1, &kill), &[(0.0, "x"), (7.0, "x")]);
    assert_eq!(outcome.ends(), ["connection_reset", ""]);
    // the worker is free at 10 ms, not at 5
    outcome.assert_latencies(&[5.0, 13.0]);
}

#[test]
fn a_server_without_power_says_nothing() {
    let dark = fault("at = \"5 ms\"\nlasts = \"100 ms\"\npower_off = \"b\"");
    // the first was being worked on, the second connects to a server that is dark and tries again each second
    let arrivals = [(0.0, "x"), (50.0, "x"), (2_000.0, "x")];
    let outcome = play_from("client = { timeout = \"10 s\" }", &chain(4, &dark), &arrivals);
    assert_eq!(outcome.ends(), ["client_timeout", "", ""]);
    outcome.assert_latencies(&[10_000.0, 1_010.0, 10.0]);
}

#[test]
fn clients_of_a_dark_server_send_their_syn_again() {
    let dark = fault("at = \"0 ms\"\nlasts = \"2500 ms\"\npower_off = \"a\"");
    let outcome = play(&chain(4, &dark), &[(100.0, "x"), (1_600.0, "x"), (2_600.0, "x")]);
    // 100 + 3000 and 1600 + 1000 are the first SYNs that find it up
    outcome.assert_latencies(&[3_010.0, 1_010.0, 10.0]);
}

#[test]
fn a_cut_keeps_answers_back_and_lets_the_work_go_on() {
    let cut = fault("at = \"5 ms\"\nlasts = \"100 ms\"\ncut = [\"a\", \"b\"]");
    let outcome = play(&chain(1, &cut), &[(0.0, "x"), (12.0, "x"), (50.0, "x")]);
    // The first answer is sent again 200 ms after it was lost, the second request is on the wire until then: sent at
    // 12 on the connection... which the first still uses, so that it is a new one, and so is the third's.
    outcome.assert_latencies(&[210.0, 1_010.0, 1_010.0]);
    let around = fault("at = \"5 ms\"\nlasts = \"100 ms\"\ncut = \"b\"");
    play(&chain(1, &around), &[(0.0, "x")]).assert_latencies(&[210.0]);
}

#[test]
fn bytes_on_a_connection_that_stood_are_sent_again_sooner_and_reset_by_a_server_that_was_restarted() {
    let text = |effect: &str| chain(1, &fault(&format!("at = \"20 ms\"\nlasts = \"100 ms\"\n{effect}")));
    let arrivals = [(0.0, "x"), (25.0, "x"), (1_000.0, "x")];
    // at 0 a connection is made that the second request finds
    let outcome = play(&text("cut = [\"a\", \"b\"]"), &arrivals);
    outcome.assert_latencies(&[10.0, 210.0, 10.0]);
    let outcome = play(&text("power_off = \"b\""), &arrivals);
    assert_eq!(outcome.ends(), ["", "connection_reset", ""]);
    outcome.assert_latencies(&[10.0, 200.0, 10.0]);
}

#[test]
fn all_on_a_dark_server_stops_and_other_servers_go_on() {
    // a client of its own for each of two services, one on the dark server and one beside it
    let text = format!(
        "{NEAR}[server.a]\ncpu = {{ cores = 1 }}\n[server.b]\ncpu = {{ cores = 1 }}\n\
         [service.web]\nkind = \"nginx\"\nservers = [\"a\"]\nupstream = {{ service = \"app\" }}\n\
         [service.app]\nkind = \"app\"\nservers = [\"a\", \"b\"]\nworkers = 4\n\
         [request.x]\nweb.cpu = \"0 ms\"\napp.cpu = \"10 ms\"\n{}",
        fault("at = \"5 ms\"\nlasts = \"1 s\"\npower_off = \"b\"")
    );
    // round robin: the first is a's and the second b's, the third a's
    let outcome = play_from("client = { timeout = \"500 ms\" }", &text, &[(0.0, "x"), (0.0, "x"), (20.0, "x")]);
    assert_eq!(outcome.ends(), ["", "client_timeout", ""]);
    outcome.assert_latencies(&[10.0, 500.0, 10.0]);
}

/// A load balancer and its application on one server with a card of 1 MB/s; the application holds a request for 10 ms.
/// The server is cut off from its clients.
fn cut_off(timeout: &str, request: &str, at_ms: u32, lasts_ms: u32) -> String {
    let cut = fault(&format!("at = \"{at_ms} ms\"\nlasts = \"{lasts_ms} ms\"\ncut = \"a\""));
    format!(
        "{NEAR}{}[service.lb]\nkind = \"haproxy\"\nservers = [\"a\"]\nbackend = \"app\"\n{timeout}\n\
         [service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 4\n\
         [request.x]\nlb.cpu = \"0 ms\"\napp.wait = \"10 ms\"\n{request}\n{cut}",
        crate::server("a", 1)
    )
}

#[test]
fn an_upload_that_stands_still_goes_on_or_ends_with_a_408() {
    let play = |timeout: &str| {
        let text = cut_off(timeout, "upload = \"100 kB\"", 50, 300);
        play(&text, &[(0.0, "x"), (400.0, "x")])
    };
    // half of it is there at 50; sent again at 250 in vain, and at 650
    for timeout in ["", "timeout = { client = \"none\" }", "timeout = { client = \"601 ms\" }"] {
        let outcome = play(timeout);
        outcome.assert_latencies(&[710.0, 110.0]);
        assert_eq!(outcome.busy_ms("a.nic_in").round(), 200.0, "{timeout}");
    }
    let outcome = play("timeout = { client = \"600 ms\" }");
    assert_eq!(outcome.ends(), ["upload_timeout_408", ""]);
    outcome.assert_latencies(&[650.0, 110.0]);
    assert_eq!(outcome.result.classes[0].failed_with, [0, 0, 0, 0, 0, 1]);
}

#[test]
fn a_download_that_stands_still_goes_on_or_is_reset() {
    let play = |timeout: &str, at_ms: u32| {
        let timeout = format!("timeout = {{ client = \"{timeout}\" }}");
        play(&cut_off(&timeout, "response = \"100 kB\"", at_ms, 300), &[(0.0, "x")])
    };
    // in the middle, and before the first byte
    for (at_ms, sent_again_ms, left_ms) in [(60, 660.0, 50.0), (5, 610.0, 100.0)] {
        play("601 ms", at_ms).assert_latencies(&[sent_again_ms + left_ms]);
        let outcome = play("600 ms", at_ms);
        assert_eq!(outcome.ends(), ["connection_reset"]);
        outcome.assert_latencies(&[sent_again_ms]);
    }
    // the last 10 kB are the kernel's: HAProxy has sent all
    play("600 ms", 100).assert_latencies(&[710.0]);
}

#[test]
fn a_kept_connection_on_which_nothing_came_is_closed_meanwhile() {
    let play = |timeout: &str| {
        let timeout = format!("timeout = {{ client = \"{timeout}\" }}");
        play_from("client = { requests_per_connection = 100000 }", &cut_off(&timeout, "", 0, 300), &[(10.0, "x")])
    };
    play("601 ms").assert_latencies(&[610.0]);
    let outcome = play("600 ms");
    assert_eq!(outcome.ends(), ["connection_reset"]);
    outcome.assert_latencies(&[600.0]);
}

#[test]
fn an_upload_to_an_address_that_has_moved_meanwhile_is_reset() {
    let text = cut_off("timeout = { client = \"20 s\" }", "upload = \"100 kB\"", 50, 30_000)
        .replace("[\"a\"]\nbackend", "[{ name = \"a\", priority = 150 }, \"b\"]\nvrrp = {}\nbackend")
        .replace("servers = [\"a\"]\nworkers", "servers = [\"b\"]\nworkers");
    let outcome = play(&format!("{text}{}", crate::server("b", 1)), &[(0.0, "x"), (20_000.0, "x")]);
    // sent again at 0.25, 0.65, 1.45, 3.05 and 6.25 s: by then the backup has the address
    assert_eq!(outcome.ends(), ["connection_reset", ""]);
    assert!(outcome.latencies()[0] < 6_251.0, "{:?}", outcome.latencies());
}

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

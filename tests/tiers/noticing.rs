//! Who notices that something is down, when, and what becomes of requests until then.

use crate::{NEAR, Outcome, near, play, play_from, replay, run};

fn fault(keys: &str) -> String {
    format!("[[fault]]\n{keys}\n")
}

/// lb on l -> app on a and b, which hold a request for 10 ms.
fn two(lb: &str, servers: &str, more: &str) -> String {
    format!(
        "{NEAR}[server.l]\ncpu = {{ cores = 4 }}\n[server.a]\ncpu = {{ cores = 4 }}\n[server.b]\ncpu = {{ cores = 4 }}\n\
         [service.lb]\nkind = \"haproxy\"\nservers = [\"l\"]\nbackend = \"app\"\n{lb}\n\
         [service.app]\nkind = \"app\"\nservers = {servers}\nworkers = 100\n\
         [request.x]\nlb.cpu = \"0 ms\"\napp.wait = \"10 ms\"\n{more}"
    )
}

/// nginx on l -> app on a and b.
fn behind_nginx(upstream: &str, web: &str, request: &str, more: &str) -> String {
    format!(
        "{NEAR}[server.l]\ncpu = {{ cores = 4 }}\n[server.a]\ncpu = {{ cores = 4 }}\n[server.b]\ncpu = {{ cores = 4 }}\n\
         [service.web]\nkind = \"nginx\"\nservers = [\"l\"]\nupstream = {{ service = \"app\", keepalive = 8{upstream} }}\n{web}\n\
         [service.app]\nkind = \"app\"\nservers = [\"a\", \"b\"]\nworkers = 100\n{request}\
         [request.x]\nweb.cpu = \"0 ms\"\napp.wait = \"10 ms\"\n{more}"
    )
}

fn statuses(outcome: &Outcome) -> Vec<(&'static str, u64)> {
    let mut sums = [0; 5];
    for class in &outcome.result.classes {
        sums.iter_mut().zip(class.failed_with).for_each(|(sum, n)| *sum += n);
    }
    let names = foobar_sim::simulation::result::STATUSES;
    (0..5).filter(|&i| sums[i] > 0).map(|i| (names[i], sums[i])).collect()
}

fn transitions(outcome: &Outcome) -> Vec<(String, f64)> {
    outcome.result.transitions.iter().map(|t| (t.what.clone(), t.at_s)).collect()
}

const BOTH: &str = "[\"a\", \"b\"]";
const KILL_B: &str = "at = \"5 s\"\nlasts = \"20 s\"\nkill = { service = \"app\", server = \"b\" }";

#[test]
fn a_refused_connection_is_retried_and_dealt_out_anew_where_there_is_a_choice() {
    // round robin deals the second request to b
    let at = |s: f64| (s * 1e3, "x");
    let with = |lb: &str, servers: &str| play(&two(lb, servers, &fault(KILL_B)), &[at(6.0), at(7.0)]);
    with("option_redispatch = true", BOTH).assert_latencies(&[10.0, 10.0]);
    // without it three more tries, a second apart, at the same server
    let outcome = with("", BOTH);
    assert_eq!(outcome.ends(), ["", "connection_refused"]);
    outcome.assert_latencies(&[10.0, 3_000.0]);
    assert_eq!(statuses(&outcome), [("503", 1)]);
    with("retries = 0", BOTH).assert_latencies(&[10.0, 0.0]);
    // leastconn goes elsewhere with its last try
    with("option_redispatch = true\nbalance = \"leastconn\"", BOTH).assert_latencies(&[10.0, 2_010.0]);
    with("option_redispatch = true\nbalance = \"leastconn\"\nretries = 1", BOTH).assert_latencies(&[10.0, 10.0]);
    // a turnaround is never longer than the time-out for connecting
    with("timeout = { connect = \"100 ms\" }", BOTH).assert_latencies(&[10.0, 300.0]);
}

#[test]
fn a_server_that_is_silent_costs_a_connect_timeout_for_each_try() {
    let dark = fault("at = \"5 s\"\npower_off = \"b\"");
    let lb = "timeout = { connect = \"700 ms\" }\nretries = 2";
    let outcome = play(&two(lb, BOTH, &dark), &[(6_000.0, "x"), (7_000.0, "x")]);
    assert_eq!(outcome.ends(), ["", "connect_timeout"]);
    outcome.assert_latencies(&[10.0, 2_100.0]);
    assert_eq!(statuses(&outcome), [("503", 1)]);
}

#[test]
fn an_answer_that_does_not_come_is_a_504_after_the_servers_timeout() {
    let hang = fault("at = \"5 s\"\nhang = { service = \"app\", server = \"b\" }");
    let lb = "timeout = { server = \"3 s\" }";
    let text = two(lb, BOTH, &hang);
    let outcome = run(&format!(
        "[simulation]\nduration = \"30 s\"\nwarmup = \"0 s\"\n{text}[traffic.t]\nprocess = \"constant\"\nrate = \"1/s\"\n"
    ));
    // every second one, from 5 s on, whose time is over before 30 s
    assert_eq!(statuses(&outcome), [("504", 11)]);
    assert_eq!(outcome.result.in_flight_end, 2);
}

#[test]
fn a_server_that_takes_too_long_works_on_for_nobody() {
    let text = two("timeout = { server = \"4 ms\" }", "[\"a\"]", "").replace("workers = 100", "workers = 1");
    let outcome = play(&text, &[(0.0, "x"), (5.0, "x")]);
    assert_eq!(outcome.ends(), ["answer_timeout", "answer_timeout"]);
    outcome.assert_latencies(&[4.0, 4.0]);
    let outcome = play(&text, &[(0.0, "x")]);
    assert_eq!(outcome.result.stations.iter().find(|s| s.name == "app.workers").unwrap().departures, 1);
}

/// Constant traffic of 10 requests a second for two minutes, and a fault.
fn watched(lb: &str, fault_keys: &str) -> Outcome {
    run(&format!(
        "[simulation]\nduration = \"2 min\"\nwarmup = \"0 s\"\n{}[traffic.t]\nprocess = \"constant\"\nrate = \"10/s\"\n",
        two(lb, BOTH, &fault(fault_keys))
    ))
}

#[test]
fn checks_take_a_dead_server_out_after_fall_and_back_after_rise() {
    let lb = "option_redispatch = true\ndefault_server = { inter = \"2 s\", fall = 3, rise = 2 }";
    let outcome = watched(lb, "at = \"10 s\"\nlasts = \"40 s\"\nkill = { service = \"app\", server = \"b\" }");
    let seen = transitions(&outcome);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!((seen[0].0.as_str(), seen[1].0.as_str()), ("lb: app on b down", "lb: app on b up"));
    // the phase of the checks is random: refusals at U, U + 2, U + 4; then successes at U', U' + 2
    assert!((14.0..16.0).contains(&seen[0].1) && (52.0..54.0).contains(&seen[1].1), "{seen:?}");
    // whoever was inside is lost, whoever comes is dealt to the other
    assert!(outcome.result.classes[0].failures() <= 1);
}

#[test]
fn silence_is_noticed_a_check_timeout_later() {
    let lb = "option_redispatch = true\ntimeout = { connect = \"1 s\", check = \"500 ms\" }\n\
              default_server = { inter = \"2 s\", fastinter = \"1 s\", downinter = \"5 s\", fall = 2, rise = 1 }";
    let outcome = watched(lb, "at = \"10 s\"\nlasts = \"41 s\"\npower_off = \"b\"");
    let seen = transitions(&outcome);
    // the first failure 0.5 s after a check's beginning, within 2 s of the fault; the second 1.5 s later
    assert!((12.0..14.0).contains(&seen[0].1), "{seen:?}");
    // each 5.5 s a check while it is down
    assert!((51.0..56.5).contains(&seen[1].1), "{seen:?}");
    // Clients of b in the meantime wait for a second, and are dealt out anew: none is lost but those inside.
    assert!(outcome.result.classes[0].failures() <= 1, "{:?}", statuses(&outcome));
}

#[test]
fn a_check_that_only_connects_does_not_notice_a_process_that_hangs_and_one_that_asks_does() {
    let text = |check: &str| {
        let text =
            two(check, BOTH, &fault("at = \"10 s\"\nlasts = \"40 s\"\nhang = { service = \"app\", server = \"b\" }"));
        run(&format!(
            "[simulation]\nduration = \"2 min\"\nwarmup = \"0 s\"\n{text}[request.health]\nlb.cpu = \"0 ms\"\napp.cpu = \"0.1 ms\"\n\
             [traffic.t]\nprocess = \"constant\"\nrate = \"10/s\"\nmix = {{ x = 1 }}\n"
        ))
    };
    assert!(transitions(&text("default_server = { inter = \"1 s\" }")).is_empty());
    let seen = transitions(&text("default_server = { inter = \"1 s\" }\noption_httpchk = \"health\""));
    // three checks, each of which begins within a second of the last one's end and takes a second
    assert!((15.0..17.1).contains(&seen[0].1), "{seen:?}");
    assert!((50.0..53.1).contains(&seen[1].1), "{seen:?}");
}

#[test]
fn failed_requests_count_as_failed_checks_where_traffic_is_observed() {
    let lb = "default_server = { inter = \"60 s\", fall = 2, observe = \"layer7\", error_limit = 5 }\nretries = 0";
    let outcome = watched(lb, "at = \"70 s\"\nkill = { service = \"app\", server = \"b\" }");
    // b's requests come each 0.2 s; after a first check at rise + fall - 1 two times five of them
    let seen = transitions(&outcome);
    assert!((71.8..72.1).contains(&seen[0].1), "{seen:?}");
}

#[test]
fn with_all_servers_down_the_answer_is_a_503_at_once_and_a_backup_takes_over() {
    let lb = "retries = 0\ndefault_server = { inter = \"1 s\", fall = 1, rise = 1 }";
    let kill = "at = \"10 s\"\nkill = { service = \"app\" }";
    let outcome = watched(lb, kill);
    assert_eq!(transitions(&outcome).len(), 2);
    let none = &outcome.result.classes[0].failed;
    let no_server = foobar_sim::simulation::result::FailureReason::NoServer as usize - 1;
    near(none[no_server] as f64, 1_090.0, 0.01);
    let text = two(
        lb,
        "[\"a\", { name = \"b\", backup = true }]",
        &fault("at = \"10 s\"\nkill = { service = \"app\", server = \"a\" }"),
    );
    let outcome = run(&format!(
        "[simulation]\nduration = \"2 min\"\nwarmup = \"0 s\"\n{text}[traffic.t]\nprocess = \"constant\"\nrate = \"10/s\"\n"
    ));
    let detected = transitions(&outcome)[0].1;
    assert!((10.0..11.0).contains(&detected));
    // a's until it is found down, with the one inside; then all are b's
    let lost = outcome.result.classes[0].failures() as f64;
    assert!((lost - (detected - 10.0) * 10.0 - 1.0).abs() <= 1.0, "{lost}, {detected}");
}

#[test]
fn nginx_passes_a_request_on_and_leaves_the_server_out_for_fail_timeout() {
    let kill = fault("at = \"1 s\"\nlasts = \"13 s\"\nkill = { service = \"app\", server = \"a\" }");
    let arrivals: Vec<(f64, &str)> = (0..40).map(|i| (2_050.0 + 500.0 * i as f64, "x")).collect();
    let outcome = play(&behind_nginx(", fail_timeout = \"4 s\"", "", "", &kill), &arrivals);
    assert!(outcome.ends().iter().all(|end| end.is_empty()));
    let seen = transitions(&outcome);
    assert_eq!(seen[0].0, "web: app on a down");
    // tried again after more than 4 s, by its clock of whole seconds, until it answers after 14 s
    assert_eq!(seen[1].0, "web: app on a up");
    assert!((14.0..19.0).contains(&seen[1].1), "{seen:?}");
}

#[test]
fn nginx_does_not_send_a_write_twice() {
    let database = "database = { service = \"db\" }\n[server.d]\ncpu = { cores = 4 }\nnic = \"1 Gbit/s\"\n\
                    [service.db]\nkind = \"mysql\"\nprimary = \"d\"\ndata = { size = \"1 MiB\" }\n\
                    [request.write]\nweb.cpu = \"0 ms\"\napp.wait = \"10 ms\"\ndb.transactions = [{ writes = 1, log = \"1 KiB\", cpu = \"0 ms\" }]\n";
    let kill = fault("at = \"5 ms\"\nkill = { service = \"app\", server = \"a\" }");
    // each is on a when it dies; a connection that is refused is another matter
    let first = |class| {
        let text = behind_nginx("", "", database, &kill);
        play(&text, &[(0.0, class)]).ends()[0]
    };
    assert_eq!((first("x"), first("write")), ("", "connection_reset"));
    let text = behind_nginx("", "proxy_next_upstream = [\"error\", \"non_idempotent\"]", database, &kill);
    assert_eq!(play(&text, &[(0.0, "write")]).ends(), [""]);
    let off = behind_nginx("", "proxy_next_upstream = \"off\"", "", &kill).replace("\"off\"", "[\"off\"]");
    let outcome = play(&off, &[(0.0, "x")]);
    assert_eq!((outcome.ends(), statuses(&outcome)), (vec!["connection_reset"], vec![("502", 1)]));
}

#[test]
fn a_database_that_is_gone_is_a_500_at_once_and_a_silent_one_holds_its_workers() {
    let text = |app: &str, fault_keys: &str| {
        format!(
            "{NEAR}[server.a]\ncpu = {{ cores = 4 }}\n[server.d]\ncpu = {{ cores = 4 }}\n\
             [service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 2\ndatabase = {{ service = \"db\"{app} }}\n\
             [service.db]\nkind = \"mysql\"\nprimary = \"d\"\ndata = {{ size = \"1 MiB\" }}\n\
             [request.x]\napp.wait = \"10 ms\"\ndb.reads = {{ count = 1, cpu = \"1 ms\" }}\n{}",
            fault(fault_keys)
        )
    };
    let outcome = play(&text("", "at = \"1 s\"\nkill = { service = \"db\" }"), &[(0.0, "x"), (2_000.0, "x")]);
    assert_eq!((outcome.ends(), statuses(&outcome)), (vec!["", "connection_refused"], vec![("500", 1)]));
    outcome.assert_latencies(&[11.0, 10.0]);
    // no connection stands: each waits for one until its time-out, and the third waits for a worker first
    let dark = "at = \"1 s\"\npower_off = \"d\"";
    let late = [(2_000.0, "x"), (2_000.0, "x"), (2_000.0, "x")];
    let outcome = play(&text(", connect_timeout = \"2 s\"", dark), &late);
    assert_eq!(statuses(&outcome), [("500", 3)]);
    outcome.assert_latencies(&[2_010.0, 2_010.0, 4_020.0]);
    // a connection that stood is found out by the driver's time-out for answers
    let outcome =
        play(&text(", connect_timeout = \"2 s\", read_timeout = \"7 s\"", dark), &[(0.0, "x"), (2_000.0, "x")]);
    outcome.assert_latencies(&[11.0, 7_010.0]);
    // without one, by the kernel, after a quarter of an hour
    let outcome = play_from("", &text("", dark), &[(0.0, "x"), (2_000.0, "x")]);
    outcome.assert_latencies(&[11.0, 924_610.0]);
}

#[test]
fn a_server_under_maintenance_gets_nothing_new_and_loses_nobody() {
    let maintained = |drain: &str| {
        let keys = format!(
            "at = \"10 s\"\nlasts = \"30 s\"\nmaintenance = {{ service = \"app\", server = \"b\", drain = \"{drain}\" }}"
        );
        watched("default_server = { inter = \"1 s\", fall = 1, rise = 1 }\nretries = 0", &keys)
    };
    let outcome = maintained("1 s");
    assert_eq!(outcome.result.classes[0].failures(), 0);
    // its checks fail from 11 s on, which changes nothing
    let seen = transitions(&outcome);
    assert!((11.0..12.0).contains(&seen[0].1) && (40.0..41.0).contains(&seen[1].1), "{seen:?}");
    // without a drain whoever is inside is lost
    assert!(maintained("0 s").result.classes[0].failures() <= 1);
}

#[test]
fn messages_on_an_impaired_way_take_longer_or_are_sent_again() {
    let text = |how: &str| {
        format!(
            "[simulation]\nduration = \"200 s\"\nwarmup = \"0 s\"\n{NEAR}[server.l]\ncpu = {{ cores = 4 }}\n[server.a]\ncpu = {{ cores = 4 }}\n\
             [service.web]\nkind = \"nginx\"\nservers = [\"l\"]\nupstream = {{ service = \"app\", keepalive = 8 }}\n\
             [service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 100\n\
             [request.x]\nweb.cpu = \"0 ms\"\napp.wait = \"10 ms\"\n{}[traffic.t]\nprocess = \"constant\"\nrate = \"100/s\"\n",
            fault(&format!("at = \"0 s\"\nimpair = {{ between = [\"l\", \"a\"], {how} }}"))
        )
    };
    // a message there and one back
    let outcome = run(&text("delay = \"50 ms\""));
    near(outcome.result.classes[0].latency_ns.mean().unwrap() / 1e6, 110.0, 1e-3);
    // each is lost with probability 0.1: 0.9 x 0.1 x 200 ms + 0.9 x 0.01 x 600 ms + ...
    let outcome = run(&text("loss = 0.1"));
    let once: f64 = (1..12).map(|k| 0.9 * 0.1f64.powi(k) * 200.0 * (2f64.powi(k) - 1.0)).sum();
    near(outcome.result.classes[0].latency_ns.mean().unwrap() / 1e6, 10.0 + 2.0 * once, 0.04);
}

#[test]
fn memory_that_something_else_takes_kills_the_largest_process() {
    let text = |taken: &str| {
        format!(
            "{NEAR}[server.a]\ncpu = {{ cores = 4 }}\nmemory = \"2 GiB\"\n\
             [service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 4\n\
             memory = {{ base = \"100 MiB\", per_worker = \"100 MiB\", when_full = \"oom\", restart = \"5 s\" }}\n\
             [request.x]\napp.wait = \"10 ms\"\n{}",
            fault(&format!("at = \"1 s\"\nlasts = \"2 s\"\nmemory = {{ server = \"a\", taken = \"{taken}\" }}"))
        )
    };
    let arrivals = [(995.0, "x"), (2_000.0, "x"), (7_000.0, "x")];
    assert_eq!(play(&text("1 GiB"), &arrivals).ends(), ["", "", ""]);
    assert_eq!(play(&text("1.9 GiB"), &arrivals).ends(), ["out_of_memory_502", "refused_502", ""]);
}

#[test]
fn servers_on_one_feed_go_dark_together() {
    let text = two("retries = 0", BOTH, &fault("at = \"5 s\"\nlasts = \"10 s\"\npower_off = [\"a\", \"b\"]"));
    let outcome = play_from(
        "client = { timeout = \"1 s\" }",
        &text,
        &[(0.0, "x"), (6_000.0, "x"), (7_000.0, "x"), (16_000.0, "x")],
    );
    assert_eq!(outcome.ends(), ["", "client_timeout", "client_timeout", ""]);
}

#[test]
fn a_server_that_comes_up_warms_up() {
    let lb = |more: &str| {
        format!("option_redispatch = true\nmaxconn = 1000\ndefault_server = {{ inter = \"1 s\", rise = 1{more} }}")
    };
    let kill = "at = \"10 s\"\nlasts = \"30 s\"\nkill = { service = \"app\", server = \"b\" }";
    let served_by_b = |more: &str| {
        let outcome = watched(&lb(more), kill);
        assert!(outcome.result.classes[0].failures() <= 1);
        let at_b = outcome.result.stations.iter().find(|s| s.name == "app.b.workers").unwrap().departures;
        (at_b as f64, transitions(&outcome)[1].1)
    };
    // without: 5 a second for 10 s and from its return on
    let (all, up) = served_by_b("");
    assert!((all - 5.0 * (10.0 + 120.0 - up)).abs() < 8.0, "{all}");
    // warming for 40 s its weight is w of w + 16 for w from 1 to 16
    let (warmed, up) = served_by_b(", slowstart = \"40 s\"");
    let meanwhile: f64 = (0..20).map(|i| f64::from(16 * i / 20 + 1)).map(|w| 20.0 * w / (w + 16.0)).sum();
    assert!((warmed - 50.0 - meanwhile - 5.0 * (80.0 - up)).abs() < 15.0, "{warmed}, {meanwhile}");
}

#[test]
fn a_replay_ends_though_somebody_waits_for_ever_and_checks_go_on() {
    let lb = "default_server = { inter = \"500 ms\" }";
    for effect in ["power_off = \"l\"", "hang = { service = \"lb\" }"] {
        // whose answer is lost, or is held, waits without a time-out
        let text = two(lb, BOTH, &fault(&format!("at = \"5 s\"\n{effect}")));
        for client in ["", "client = { retries = 1 }"] {
            let outcome = replay(client, &text, &[(1_000.0, "x"), (4_995.0, "x")]);
            assert_eq!((outcome.log_ends().len(), outcome.result.in_flight_end), (1, 1), "{effect} {client}");
        }
    }
}

//! Traffic: sessions of closed users, batches, traces, and random numbers that belong to the request.

use std::io::Write as _;

use foobar_sim::scenario::Process;
use foobar_sim::workload::trace::{TraceReader, TraceRecord};

use crate::{NEAR, Outcome, execute, load, near, play, play_from, run, server};

const STATION: &str = "[service.s]\nkind = \"station\"\nworkers = \"unlimited\"\n\
                       [request.x]\npath = [{ visit = \"s\", service = \"1 ms\" }]\n\
                       [request.y]\npath = [{ visit = \"s\", service = \"2 ms\" }]\n";

#[test]
fn closed_users_ask_in_the_order_of_their_session() {
    let outcome = run(&format!(
        "[simulation]\nduration = \"100 ms\"\nwarmup = \"0 s\"\n{STATION}\
         [traffic.u]\nprocess = \"closed\"\nusers = 1\nthink = \"3 ms\"\nsession = [\"x\", \"y\", \"y\"]\n"
    ));
    let arrivals = outcome.arrivals();
    let classes: Vec<u16> = arrivals.iter().map(|(_, class)| *class).collect();
    assert_eq!(classes[..7], [0, 1, 1, 0, 1, 1, 0]);
    let times: Vec<u64> = arrivals.iter().map(|(at, _)| at / 1_000_000).collect();
    assert_eq!(times[..5], [3, 7, 12, 17, 21]);
}

#[test]
fn a_batch_comes_at_one_instant() {
    let outcome = run(&format!(
        "[simulation]\nduration = \"60 s\"\nwarmup = \"0 s\"\n{STATION}\
         [traffic.b]\nprocess = \"batch\"\nrate = \"10/s\"\nsize = \"constant(4)\"\nmix = {{ x = 1, y = 1 }}\n"
    ));
    let arrivals = outcome.arrivals();
    near(arrivals.len() as f64, 2400.0, 0.15);
    for batch in arrivals.chunks(4) {
        assert!(batch.iter().all(|(at, _)| *at == batch[0].0));
    }
    assert_ne!(arrivals[0].0, arrivals[4].0);
}

#[test]
fn evenly_spaced_arrivals_begin_at_zero_and_a_warm_up_leads_up_to_it() {
    let text = |warmup: &str| {
        format!(
            "[simulation]\nduration = \"1 s\"\nwarmup = \"{warmup}\"\n{STATION}\
             [traffic.c]\nprocess = \"constant\"\nrate = \"10/s\"\nmix = {{ x = 1 }}\n"
        )
    };
    let outcome = run(&text("0 s"));
    assert_eq!(
        outcome.arrivals().iter().map(|(at, _)| at / 1_000_000).collect::<Vec<_>>(),
        [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]
    );
    let outcome = run(&text("250 ms"));
    assert_eq!(outcome.arrivals().len(), 12);
    assert_eq!(outcome.result.classes[0].offered, 10);
}

/// Arrivals of a CSV trace with these keys, in milliseconds.
fn replay(keys: &str) -> Vec<f64> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "t,c\n100.0,x\n100.1,x\n100.3,y\n100.6,x\n101.0,y").unwrap();
    let text = format!(
        "{STATION}[traffic.t]\nprocess = \"trace\"\nfile = \"{}\"\nformat = \"csv\"\n\
         columns = {{ time = \"t\", class = \"c\" }}\n\
         rules = [{{ match = \"x\", class = \"x\" }}, {{ match = \"y\", class = \"y\" }}]\n{keys}\n",
        file.path().display()
    );
    let scenario = load(&text);
    let Process::Trace(source) = &scenario.traffic[0].process else { panic!("a trace") };
    let records: Vec<_> = TraceReader::open(source).unwrap().map(|record| record.unwrap()).collect();
    let outcome = execute(&scenario, &|_| Box::new(records.clone().into_iter()));
    outcome.assert_empty();
    outcome.arrivals().iter().map(|(at, _)| (*at as f64 / 1e6).round()).collect()
}

#[test]
fn a_trace_is_replayed_as_recorded_faster_in_part_and_again() {
    assert_eq!(replay(""), [0.0, 100.0, 300.0, 600.0, 1000.0]);
    assert_eq!(replay("speed = 2.0"), [0.0, 50.0, 150.0, 300.0, 500.0]);
    assert_eq!(replay("window = [\"50 ms\", \"650 ms\"]").len(), 3);
    let again = replay("repeat = 2");
    assert_eq!(again.len(), 10);
    let gaps = |part: &[f64]| part.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>();
    assert_eq!(gaps(&again[..5]), gaps(&again[5..]));
    assert!(again[5] >= again[4]);
}

/// Every demand drawn, on servers so fast and arrivals so rare that nobody meets anybody.
fn drawn(lb: &str, web: &str, request: &str) -> String {
    format!(
        "[network]\ndelay = \"0.1 ms\"\nclient_rtt = \"lognormal(40 ms, cv 1)\"\n{}{}{}{}{}{}\n\
         [service.lb]\nkind = \"haproxy\"\nservers = [\"l\"]\nbackend = \"web\"\ntls = {{ resumption = 0.5 }}\n{lb}\n\
         [service.web]\nkind = \"nginx\"\nservers = [\"w\", \"v\"]\nupstream = {{ service = \"app\", keepalive = 8{web} }}\n\
         [service.app]\nkind = \"app\"\nservers = [\"a\", \"b\"]\ndatabase = {{ service = \"db\" }}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"d\"\nbuffer_pool_hit = 0.9\n\
         [request.x]\nresponse = \"exponential(10 kB)\"\nlb.cpu = \"exponential(1 ms)\"\nweb.cpu = \"exponential(1 ms)\"\n\
         app.cpu = \"exponential(10 ms)\"\napp.wait = \"exponential(10 ms)\"\n\
         db.transactions = [{{ cpu = \"exponential(4 ms)\" }}]\n{request}\n\
         [traffic.t]\nrate = \"200/s\"\nclient = {{ requests_per_connection = 2 }}\n\
         [simulation]\nduration = \"20 s\"\nwarmup = \"0 s\"\n",
        server("l", 64),
        server("w", 64),
        server("v", 64),
        server("a", 64),
        server("b", 64),
        server("d", 64)
    )
    .replace("nic = \"1 MB/s\"", "nic = \"1000 GB/s\"")
}

fn rare(text: &str) -> Outcome {
    run(&text.replace("rate = \"200/s\"", "rate = \"0.5/s\"").replace("duration = \"20 s\"", "duration = \"400 s\""))
}

#[test]
fn two_policies_see_the_same_arrivals() {
    let one = run(&drawn("balance = \"roundrobin\"", "", ""));
    let other = run(&drawn("balance = \"random\"", ", balance = \"random two\"", ""));
    assert_eq!(one.arrivals(), other.arrivals());
    assert_ne!(one.latencies(), other.latencies());
}

#[test]
fn two_policies_see_the_same_work() {
    let one = rare(&drawn("balance = \"roundrobin\"", "", ""));
    let other = rare(&drawn("balance = \"random\"", ", balance = \"ip_hash\"", ""));
    assert!(one.latencies().len() > 150);
    assert_eq!(one.latencies(), other.latencies());
}

#[test]
fn work_added_to_a_request_leaves_its_other_draws_alone() {
    let one = rare(&drawn("", "", ""));
    // reads before the transaction, whose own draws stay
    let other = rare(&drawn("", "", "db.reads = { count = 3, cpu = \"2 ms\", pages = 0 }"));
    assert_eq!(one.arrivals(), other.arrivals());
    let pairs: Vec<f64> = one.latencies().iter().zip(other.latencies()).map(|(a, b)| b - a).collect();
    // three statements of 2 ms with their wire, but for those that met another
    let moved = pairs.iter().filter(|d| (**d - 6.6).abs() > 1e-4).count();
    assert!(moved <= pairs.len() / 20, "{moved} of {}", pairs.len());
}

#[test]
fn a_step_added_to_a_path_leaves_the_others_draws_alone() {
    let text = |more: &str| {
        format!(
            "[service.s]\nkind = \"station\"\nworkers = \"unlimited\"\nservice = \"exponential(5 ms)\"\n\
             [request.x]\npath = [{more}\"s\"]\n"
        )
    };
    let arrivals: Vec<_> = (0..50).map(|i| (i as f64, "x")).collect();
    let plain = play(&text(""), &arrivals).latencies();
    let longer = play(&text("{ delay = \"7 ms\" }, "), &arrivals).latencies();
    for (plain, longer) in plain.iter().zip(&longer) {
        assert!((longer - plain - 7.0).abs() < 1e-6);
    }
}

#[test]
fn an_upload_waits_for_half_a_round_trip_and_its_bytes() {
    let text = format!(
        "{}{}\n[service.app]\nkind = \"app\"\nservers = [\"a\"]\n[request.x]\nupload = \"5 kB\"\napp.cpu = \"1 ms\"\n",
        NEAR.replace("client_rtt = \"0 ms\"", "client_rtt = \"10 ms\""),
        server("a", 1)
    );
    // TCP 10, half 5, 5 of bytes, 1 of CPU, half 5
    play(&text, &[(0.0, "x")]).assert_latencies(&[26.0]);
}

#[test]
fn requests_without_recorded_work_are_counted_and_draw_from_those_before_them() {
    let text = "[service.s]\nkind = \"station\"\nworkers = \"unlimited\"\n\
                [request.x]\npath = [{ visit = \"s\", service = \"trace(ms)\" }]\n\
                [traffic.t]\nprocess = \"trace\"\nfile = \"Cargo.toml\"\nformat = \"csv\"\ncolumns = { time = \"t\" }\n\
                otherwise = \"x\"\nwork = [{ column = \"ms\", unit = \"ms\" }]\n";
    let scenario = load(text);
    let record = |(i, work): (usize, &Option<f64>)| TraceRecord {
        arrival_s: i as f64,
        class: 0,
        bytes: None,
        work_s: [*work, None],
    };
    let work = [None, Some(0.004), None, None, Some(0.004)];
    let outcome =
        execute(&scenario, &|_| Box::new(work.iter().enumerate().map(record).collect::<Vec<_>>().into_iter()));
    outcome.assert_latencies(&[0.0, 4.0, 4.0, 4.0, 4.0]);
    assert_eq!(
        outcome.result.trace_notes,
        [
            "2 requests had no recorded work and drew from the latest of their class",
            "1 requests had no recorded work before any of their class had, and do none"
        ]
    );
}

const TEN: &str = "[service.s]\nkind = \"station\"\n[request.x]\npath = [{ visit = \"s\", service = \"10 ms\" }]\n";

#[test]
fn a_client_who_gives_up_leaves_its_work_behind() {
    let outcome =
        play_from("client = { timeout = \"12 ms\" }", TEN, &[(0.0, "x"), (1.0, "x"), (19.0, "x"), (22.0, "x")]);
    // the second would be served from 10 to 20, the third from 20 to 30, the fourth from 30 to 40
    assert_eq!(outcome.ends(), ["", "client_timeout", "", "client_timeout"]);
    outcome.assert_latencies(&[10.0, 12.0, 11.0, 12.0]);
    assert_eq!(outcome.station("s").departures, 4, "all the work is done");
    assert_eq!(outcome.busy_ms("s"), 40.0);
}

#[test]
fn a_client_tries_again_after_its_backoff_and_its_first_work_goes_on() {
    let client = "client = { timeout = \"5 ms\", retries = 2, backoff = \"2 ms\" }";
    let outcome = play_from(client, TEN, &[(0.0, "x")]);
    // attempts at 0, 7 and 14, each given up after 5 ms, behind work that nobody waits for
    assert_eq!(outcome.ends(), ["client_timeout"]);
    outcome.assert_latencies(&[19.0]);
    assert_eq!(outcome.result.classes[0].attempts, 3);
    assert_eq!(outcome.busy_ms("s"), 30.0);
}

#[test]
fn backoff_grows_up_to_its_most() {
    // refused at once each time: the waits are all there is
    let text = "[service.s]\nkind = \"station\"\nqueue_limit = 0\n\
                [request.x]\npath = [{ visit = \"s\", service = \"1 ms\" }]\n\
                [request.block]\npath = [{ visit = \"s\", service = \"1000 ms\" }]\n";
    let client =
        "client = { retries = 4, backoff = { base = \"10 ms\", factor = 3, max = \"50 ms\", jitter = \"none\" } }";
    let outcome = play_from(client, text, &[(0.0, "block"), (1.0, "x")]);
    assert_eq!(outcome.ends(), ["", "queue_full"]);
    outcome.assert_latencies(&[1000.0, 10.0 + 30.0 + 50.0 + 50.0]);
}

#[test]
fn jitter_spreads_the_waits() {
    let text = "[service.s]\nkind = \"station\"\nqueue_limit = 0\n\
                [request.x]\npath = [{ visit = \"s\", service = \"1 ms\" }]\n\
                [request.block]\npath = [{ visit = \"s\", service = \"100000 ms\" }]\n";
    let mut arrivals = vec![(0.0, "block")];
    arrivals.extend((1..=4000).map(|i| (f64::from(i), "x")));
    for (jitter, lowest, mean) in [("full", 0.0, 50.0), ("equal", 50.0, 75.0)] {
        let client = format!("client = {{ retries = 1, backoff = {{ base = \"100 ms\", jitter = \"{jitter}\" }} }}");
        let waits = &play_from(&client, text, &arrivals).latencies()[1..];
        near(waits.iter().sum::<f64>() / waits.len() as f64, mean, 0.03);
        let (least, most) = waits.iter().fold((f64::MAX, 0.0f64), |(low, high), &w| (low.min(w), high.max(w)));
        assert!(least >= lowest && least < lowest + 1.0 && most < 100.0 && most > 99.0, "{jitter}: {least} to {most}");
    }
}

#[test]
fn a_budget_bounds_what_is_repeated() {
    let text = "[service.s]\nkind = \"station\"\nqueue_limit = 0\n\
                [request.x]\npath = [{ visit = \"s\", service = \"1 ms\" }]\n\
                [request.block]\npath = [{ visit = \"s\", service = \"100000 ms\" }]\n";
    let mut arrivals = vec![(0.0, "block")];
    arrivals.extend((1..=1000).map(|i| (f64::from(i), "x")));
    let client = "client = { retries = 5, budget = { ratio = 0.1, reserve = 20 } }";
    let outcome = play_from(client, text, &arrivals);
    // 20 to begin with, and a tenth of a thousand
    let x = &outcome.result.classes[outcome.scenario.requests.iter().position(|r| r.name == "x").unwrap()];
    assert_eq!(x.offered, 1000);
    assert!((119..=120).contains(&(x.attempts - x.offered)), "{} retries", x.attempts - x.offered);
}

#[test]
fn a_repeated_attempt_comes_on_a_new_connection_and_draws_afresh() {
    let text = format!(
        "{NEAR}{}[service.lb]\nkind = \"haproxy\"\nservers = [\"a\"]\nbackend = \"s\"\n\
         tls = {{ full_cpu = \"2 ms\", resumption = 0.0 }}\n\
         [service.s]\nkind = \"station\"\nworkers = 1\n\
         [request.x]\nlb.cpu = \"0 ms\"\ns.service = \"exponential(10 ms)\"\n",
        server("a", 1)
    );
    // of requests that are alone, one in 1 - exp(-1) is answered in time; of those who try again ...
    let client = "client = { requests_per_connection = 1000000, timeout = \"12 ms\", retries = 1, backoff = \"1 s\" }";
    let arrivals: Vec<_> = (0..2000).map(|i| (f64::from(i) * 5000.0, "x")).collect();
    let outcome = play_from(client, &text, &arrivals);
    let x = &outcome.result.classes[0];
    let first = (-1.2f64).exp();
    near((x.attempts - x.offered) as f64 / 2000.0, first, 0.12);
    // ... the handshake takes 2 ms of the 12
    near(x.failed.iter().sum::<u64>() as f64 / 2000.0, first * (-1.0f64).exp(), 0.2);
    // and it is the only handshake
    near(outcome.busy_ms("a.cpu"), 2.0 * (x.attempts - x.offered) as f64, 0.02);
}

#[test]
fn closed_users_try_again_before_they_think() {
    let outcome = run(&format!(
        "[simulation]\nduration = \"100 ms\"\nwarmup = \"0 s\"\n{TEN}\
         [traffic.u]\nprocess = \"closed\"\nusers = 1\nthink = \"3 ms\"\nsession = [\"x\"]\n\
         client = {{ timeout = \"8 ms\", retries = 1, backoff = \"4 ms\" }}\n"
    ));
    let times: Vec<u64> = outcome.arrivals().iter().map(|(at, _)| at / 1_000_000).collect();
    // 3 + 8 + 4 + 8 ms, then 3 ms of thinking; the first attempt's work ends at 13, the second's begins at 15
    assert_eq!(times[..3], [3, 26, 49]);
}

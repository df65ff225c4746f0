//! Plain stations and paths: schedules worked out by hand.

use crate::{near, play, run};

fn station(keys: &str, requests: &str) -> String {
    format!("[service.s]\nkind = \"station\"\n{keys}\n{requests}\n")
}

const TEN: &str = "[request.x]\npath = [{ visit = \"s\", service = \"10 ms\" }]\n\
                   [request.y]\npath = [{ visit = \"s\", service = \"4 ms\" }]\n";

#[test]
fn fcfs_serves_in_the_order_of_arrival() {
    play(&station("", TEN), &[(0.0, "x"), (1.0, "y"), (2.0, "x")]).assert_latencies(&[10.0, 13.0, 22.0]);
    play(&station("workers = 2", TEN), &[(0.0, "x"), (1.0, "y"), (2.0, "x")]).assert_latencies(&[10.0, 4.0, 13.0]);
}

#[test]
fn more_workers_than_own_leaves_serve_as_well() {
    let arrivals: Vec<_> = (0..45).map(|_| (0.0, "x")).collect();
    let expected: Vec<f64> = (0..45)
        .map(|i| {
            if i < 20 {
                10.0
            } else if i < 40 {
                20.0
            } else {
                30.0
            }
        })
        .collect();
    play(&station("workers = 20", TEN), &arrivals).assert_latencies(&expected);
    play(&station("workers = \"unlimited\"", TEN), &arrivals).assert_latencies(&[10.0; 45]);
}

#[test]
fn processor_sharing_serves_all_at_once() {
    // 1 ms alone, then both at half speed: y takes 8; x has had 5 and needs 5 more
    play(&station("discipline = \"ps\"", TEN), &[(0.0, "x"), (1.0, "y")]).assert_latencies(&[14.0, 8.0]);
    // two cores and three requests: two thirds of a core each
    play(&station("discipline = \"ps\"\nworkers = 2", TEN), &[(0.0, "y"); 3]).assert_latencies(&[6.0; 3]);
}

#[test]
fn the_cpu_of_a_server_is_shared_or_first_come_first_served() {
    let text = |discipline: &str| {
        format!(
            "[network]\nclient_rtt = \"0 ms\"\n[server.a]\ncpu = {{ cores = 1, speed = 2.0, discipline = \"{discipline}\" }}\n\
             [service.app]\nkind = \"app\"\nservers = [\"a\"]\n[request.x]\napp.cpu = \"20 ms\"\n[request.y]\napp.cpu = \"8 ms\"\n"
        )
    };
    play(&text("ps"), &[(0.0, "x"), (1.0, "y")]).assert_latencies(&[14.0, 8.0]);
    play(&text("fcfs"), &[(0.0, "x"), (1.0, "y")]).assert_latencies(&[10.0, 13.0]);
}

#[test]
fn urgent_work_goes_first_and_interrupts_where_it_may() {
    let ranks = "priority = [\"y\", \"x\"]";
    let arrivals = [(0.0, "x"), (1.0, "x"), (2.0, "y"), (3.0, "y")];
    let patient = station(&format!("discipline = \"priority\"\n{ranks}"), TEN);
    play(&patient, &arrivals).assert_latencies(&[10.0, 27.0, 12.0, 15.0]);
    // the first has had 2 ms, is interrupted until 10, and resumes where it was, before the other of its rank
    let preemptive = station(&format!("discipline = \"priority-preemptive\"\n{ranks}"), TEN);
    let outcome = play(&preemptive, &arrivals);
    outcome.assert_latencies(&[18.0, 27.0, 4.0, 7.0]);
    assert_eq!(outcome.station("s").service_sum_ns, 28_000_000);
}

#[test]
fn with_two_workers_the_least_urgent_and_latest_is_interrupted() {
    let keys = "workers = 2\ndiscipline = \"priority-preemptive\"\npriority = [\"y\", \"x\"]";
    play(&station(keys, TEN), &[(0.0, "x"), (1.0, "x"), (2.0, "y")]).assert_latencies(&[10.0, 14.0, 4.0]);
}

#[test]
fn beyond_its_queue_limit_a_station_turns_away() {
    let outcome = play(&station("queue_limit = 1", TEN), &[(0.0, "x"), (1.0, "x"), (2.0, "x"), (12.0, "x")]);
    assert_eq!(outcome.ends(), ["", "", "queue_full", ""]);
    outcome.assert_latencies(&[10.0, 19.0, 0.0, 18.0]);
    assert_eq!(outcome.station("s").lost, 1);
}

#[test]
fn patience_ends_at_its_instant_and_service_begun_is_finished() {
    let outcome = play(&station("patience = \"7 ms\"", TEN), &[(0.0, "x"), (1.0, "x"), (4.0, "x")]);
    assert_eq!(outcome.ends(), ["", "abandoned", ""]);
    outcome.assert_latencies(&[10.0, 7.0, 16.0]);
    assert_eq!(outcome.station("s").lost_waiting_sum_ns, 7_000_000);
}

#[test]
fn drawn_patience_is_each_requests_own() {
    // nobody is served: every one leaves after its own time
    let text =
        station("patience = \"exponential(50 ms)\"", "[request.x]\npath = [{ visit = \"s\", service = \"1000 s\" }]\n");
    let arrivals: Vec<_> = (0..4001).map(|i| (i as f64 * 0.01, "x")).collect();
    let outcome = play(&text, &arrivals);
    let waits = &outcome.latencies()[1..];
    near(waits.iter().sum::<f64>() / 4000.0, 50.0, 0.06);
    near(waits.iter().map(|w| w * w).sum::<f64>() / 4000.0, 5000.0, 0.15);
}

#[test]
fn patience_is_drawn_anew_for_each_visit_of_a_station() {
    use foobar_sim::scenario::{Overrides, load_str};
    let text = station("patience = \"exponential(50 ms)\"\nservice = \"1 ms\"", "[request.x]\npath = [\"s\", \"s\"]\n");
    let text = format!("{text}[traffic.t]\nprocess = \"poisson\"\nrate = \"1/s\"\nmix = {{ x = 1 }}\n");
    let scenario = load_str("patience", &text, &Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
    let net = foobar_sim::simulation::compile::compile(&scenario).network;
    let purposes: Vec<u64> = net.patiences.draws.iter().map(|&(_, draw)| net.draws[draw as usize].purpose).collect();
    assert_eq!(purposes.len(), 2);
    assert_ne!(purposes[0], purposes[1]);
}

#[test]
fn a_held_station_tells_a_full_queue_from_lost_patience() {
    let text = station(
        "patience = \"3 ms\"\nqueue_limit = 1",
        "[request.x]\npath = [{ hold = \"s\", path = [{ delay = \"10 ms\" }] }]\n",
    );
    let outcome = play(&text, &[(0.0, "x"), (1.0, "x"), (2.0, "x"), (8.0, "x")]);
    assert_eq!(outcome.ends(), ["", "abandoned", "queue_full", ""]);
    outcome.assert_latencies(&[10.0, 3.0, 0.0, 12.0]);
}

fn path(path: &str) -> String {
    format!(
        "[service.a]\nkind = \"station\"\nservice = \"1 ms\"\n[service.b]\nkind = \"station\"\nservice = \"4 ms\"\n\
         [service.c]\nkind = \"station\"\nworkers = 2\nservice = \"2 ms\"\n[request.x]\npath = {path}\n"
    )
}

#[test]
fn a_fork_goes_on_when_its_last_branch_has_ended() {
    let fork = path("[{ fork = [[\"a\", \"a\"], [\"b\"], []] }, \"a\"]");
    // at a: the second's first visit comes behind the first's second
    play(&fork, &[(0.0, "x"), (10.0, "x")]).assert_latencies(&[5.0, 5.0]);
    play(&fork, &[(0.0, "x"), (0.0, "x")]).assert_latencies(&[5.0, 9.0]);
}

#[test]
fn a_branch_that_fails_fails_the_whole_once_all_have_ended() {
    let text = path("[{ fork = [[\"a\"], [\"b\"]] }, \"c\"]").replacen(
        "service = \"1 ms\"",
        "service = \"1 ms\"\nqueue_limit = 0",
        1,
    );
    let outcome = play(&text, &[(0.0, "x"), (0.5, "x")]);
    assert_eq!(outcome.ends(), ["", "queue_full"]);
    outcome.assert_latencies(&[6.0, 7.5]);
}

#[test]
fn what_is_spawned_keeps_nobody_waiting() {
    let outcome = play(&path("[{ spawn = [{ delay = \"3 ms\" }, \"b\"] }, \"a\"]"), &[(0.0, "x"), (0.0, "x")]);
    outcome.assert_latencies(&[1.0, 2.0]);
    assert_eq!(outcome.busy_ms("b"), 8.0);
    assert!((outcome.result.measured_s - 0.011).abs() < 1e-9);
}

#[test]
fn again_visits_geometrically_often() {
    let outcome = play(&path("[{ again = 0.75, path = [\"a\"] }]"), &vec![(0.0, "x"); 2000]);
    near(outcome.station("a").arrivals as f64, 8000.0, 0.06);
}

#[test]
fn repeat_and_delay_add_up() {
    play(&path("[{ repeat = 3, path = [\"a\", { delay = \"0.5 ms\" }] }, \"b\"]"), &[(0.0, "x")])
        .assert_latencies(&[8.5]);
}

#[test]
fn choices_go_by_weight() {
    let choose = "[{ choose = [{ weight = 1, path = [\"a\"] }, { weight = 3, path = [\"b\", \"c\"] }] }]";
    let outcome = play(&path(choose), &(0..2000).map(|i| (i as f64 * 10.0, "x")).collect::<Vec<_>>());
    near(outcome.station("a").arrivals as f64, 500.0, 0.12);
    assert_eq!(outcome.station("b").arrivals, outcome.station("c").arrivals);
    assert_eq!(outcome.station("a").arrivals + outcome.station("b").arrivals, 2000);
}

#[test]
fn a_part_inside_another_is_chosen_independently_of_it() {
    let spaced: Vec<_> = (0..4000).map(|i| (i as f64 * 100.0, "x")).collect();
    let outcome = play(&path("[{ probability = 0.5, path = [{ probability = 0.5, path = [\"a\"] }] }]"), &spaced);
    near(outcome.station("a").arrivals as f64, 1000.0, 0.1);
    let inner = "{ choose = [{ weight = 1, path = [\"a\"] }, { weight = 1, path = [\"b\"] }] }";
    let outer = format!("[{{ choose = [{{ weight = 1, path = [{inner}] }}, {{ weight = 1, path = [\"c\"] }}] }}]");
    let outcome = play(&path(&outer), &spaced);
    near(outcome.station("a").arrivals as f64, 1000.0, 0.1);
    near(outcome.station("b").arrivals as f64, 1000.0, 0.1);
    // twice as often inside, twice as often outside
    let outcome = play(&path("[{ again = 0.5, path = [{ again = 0.5, path = [\"a\"] }] }]"), &spaced);
    near(outcome.station("a").arrivals as f64, 16_000.0, 0.1);
}

#[test]
fn what_is_held_inside_what_is_held_is_given_back_in_turn() {
    let text = path("[{ hold = \"h\", path = [\"a\", { hold = \"i\", path = [{ delay = \"5 ms\" }] }, \"a\"] }]")
        + "[service.h]\nkind = \"station\"\nworkers = 2\n[service.i]\nkind = \"station\"\n";
    // a: 0-1, 1-2; i: 1-6, 6-11; a: 6-7, 11-12; the third has h from 7 on: a 7-8, i 11-16, a 16-17
    let outcome = play(&text, &[(0.0, "x"); 3]);
    outcome.assert_latencies(&[7.0, 12.0, 17.0]);
    assert_eq!(outcome.busy_ms("h"), 7.0 + 12.0 + 10.0);
    assert_eq!(outcome.busy_ms("i"), 15.0);
}

#[test]
fn the_work_is_the_same_wherever_a_policy_sends_it() {
    let text = |policy: &str| {
        format!(
            "[service.a]\nkind = \"station\"\n[service.b]\nkind = \"station\"\n\
             [request.x]\npath = [{{ balance = \"{policy}\", stations = [\"a\", \"b\"], service = \"exponential(5 ms)\" }}]\n"
        )
    };
    let spaced: Vec<_> = (0..100).map(|i| (i as f64 * 1000.0, "x")).collect();
    let first = play(&text("first"), &spaced);
    let dealt = play(&text("roundrobin"), &spaced);
    assert_eq!(first.station("a").arrivals, 100);
    assert_eq!(dealt.station("a").arrivals, 50);
    assert_eq!(first.latencies(), dealt.latencies());
}

#[test]
fn each_visit_draws_afresh() {
    let visit = "{ balance = \"first\", stations = [\"a\"], service = \"exponential(5 ms)\" }";
    let text = |path: &str| format!("[service.a]\nkind = \"station\"\n[request.x]\npath = {path}\n");
    let spaced: Vec<_> = (0..20).map(|i| (i as f64 * 1000.0, "x")).collect();
    let once = play(&text(&format!("[{visit}]")), &spaced).latencies();
    let twice = play(&text(&format!("[{visit}, {visit}]")), &spaced).latencies();
    assert!(once.iter().zip(&twice).all(|(once, twice)| (twice - 2.0 * once).abs() > 1e-6));
}

#[test]
fn two_classes_keep_their_own_policies() {
    let text = "[service.a]\nkind = \"station\"\nservice = \"1 ms\"\n[service.b]\nkind = \"station\"\nservice = \"1 ms\"\n\
                [request.x]\npath = [{ balance = \"first\", stations = [\"a\", \"b\"] }]\n\
                [request.y]\npath = [{ balance = \"roundrobin\", stations = [\"a\", \"b\"] }]\n";
    let mixed: Vec<_> = (0..40).map(|i| (i as f64 * 10.0, if i % 2 == 0 { "x" } else { "y" })).collect();
    let outcome = play(text, &mixed);
    assert_eq!((outcome.station("a").arrivals, outcome.station("b").arrivals), (30, 10));
}

#[test]
fn a_path_of_closed_users_runs_on_until_the_end() {
    let text = station("", TEN).replace("[request.y]\npath = [{ visit = \"s\", service = \"4 ms\" }]\n", "");
    let outcome = run(&format!(
        "[simulation]\nduration = \"1 s\"\nwarmup = \"0.5 s\"\n[traffic.u]\nprocess = \"closed\"\nusers = 3\nthink = \"5 ms\"\n{text}"
    ));
    // three users and one worker: always busy, each waits for two others less its thinking
    assert_eq!(outcome.busy_ms("s"), 1000.0);
    assert_eq!(outcome.completed("x"), 100);
    near(outcome.latencies().iter().rev().take(50).sum::<f64>() / 50.0, 25.0, 1e-9);
}

#[test]
fn what_follows_a_repeated_part_draws_the_same_however_often_it_was() {
    let text = |again: f64| {
        format!(
            "[service.a]\nkind = \"station\"\nworkers = \"unlimited\"\nservice = \"0 ms\"\n\
             [request.x]\npath = [{{ again = {again}, path = [\"a\", {{ again = 0.3, path = [\"a\"] }}] }}, {{ delay = \"exponential(5 ms)\" }}]\n"
        )
    };
    let arrivals: Vec<_> = (0..50).map(|i| (i as f64, "x")).collect();
    assert_eq!(play(&text(0.1), &arrivals).latencies(), play(&text(0.9), &arrivals).latencies());
}

//! What goes wrong, and what becomes of the work.

use crate::{NEAR, play, play_from, run, server};

const TEN: &str = "[service.s]\nkind = \"station\"\n[request.x]\npath = [{ visit = \"s\", service = \"10 ms\" }]\n";

fn fault(keys: &str) -> String {
    format!("[[fault]]\n{keys}\n")
}

#[test]
fn a_station_that_stands_still_goes_on_where_it_was() {
    let stop = fault("at = \"5 ms\"\nlasts = \"20 ms\"\nhang = { service = \"s\" }");
    let outcome = play(&format!("{TEN}{stop}"), &[(0.0, "x"), (6.0, "x"), (50.0, "x")]);
    outcome.assert_latencies(&[30.0, 34.0, 10.0]);
    // begun while it stands still: a second worker has been free
    let two = TEN.replace("kind", "workers = 2\nkind");
    let outcome = play(&format!("{two}{stop}"), &[(0.0, "x"), (6.0, "x")]);
    outcome.assert_latencies(&[30.0, 29.0]);
    // workers whose departures are in a heap, and workers without number
    for workers in ["20", "\"unlimited\""] {
        let many = TEN.replace("kind", &format!("workers = {workers}\nkind"));
        play(&format!("{many}{stop}"), &[(0.0, "x"), (6.0, "x")]).assert_latencies(&[30.0, 29.0]);
    }
    let shared = TEN.replace("kind", "discipline = \"ps\"\nkind");
    // 5 ms done, 20 ms nothing, then both at half speed: 5 ms take 10, and the second has 5 left
    play(&format!("{shared}{stop}"), &[(0.0, "x"), (6.0, "x")]).assert_latencies(&[35.0, 34.0]);
}

#[test]
fn a_station_with_ranks_that_stands_still_keeps_what_is_left_and_its_order() {
    let text = |discipline: &str, workers: u32, faults: &str| {
        format!(
            "[service.s]\nkind = \"station\"\nworkers = {workers}\ndiscipline = \"{discipline}\"\n\
             priority = [\"urgent\", \"x\"]\n\
             [request.urgent]\npath = [{{ visit = \"s\", service = \"10 ms\" }}]\n\
             [request.x]\npath = [{{ visit = \"s\", service = \"10 ms\" }}]\n{faults}"
        )
    };
    let stop = fault("at = \"5 ms\"\nlasts = \"20 ms\"\nhang = { service = \"s\" }");
    let arrivals = [(0.0, "x"), (7.0, "x"), (8.0, "urgent")];
    // it goes on at 25: the 5 ms that were left, the urgent one, the other
    let outcome = play(&text("priority", 1, &stop), &arrivals);
    outcome.assert_latencies(&[30.0, 43.0, 32.0]);
    // the urgent one first, which has interrupted the first in the middle of nothing
    let outcome = play(&text("priority-preemptive", 1, &stop), &arrivals);
    outcome.assert_latencies(&[40.0, 43.0, 27.0]);
    assert_eq!(outcome.station("s").service_sum_ns, 30_000_000);
    // the second has a worker of its own, and the urgent one takes that, begun last
    let outcome = play(&text("priority-preemptive", 2, &stop), &arrivals);
    outcome.assert_latencies(&[30.0, 33.0, 27.0]);
    // two of them, the one within the other, and one after the other: 2 ms, and nothing from 2 to 10 and from 12 to 13
    let times = [(2, 8), (4, 2), (12, 1)]
        .map(|(at, lasts)| fault(&format!("at = \"{at} ms\"\nlasts = \"{lasts} ms\"\nhang = {{ service = \"s\" }}")));
    for discipline in ["priority", "priority-preemptive"] {
        play(&text(discipline, 1, &times.concat()), &[(0.0, "x")]).assert_latencies(&[19.0]);
    }
    // interrupted while it works, after it has stood still: 5 and 1 ms done, 4 left
    let outcome = play(&text("priority-preemptive", 1, &stop), &[(0.0, "x"), (26.0, "urgent")]);
    outcome.assert_latencies(&[40.0, 10.0]);
}

#[test]
fn slow_hardware_takes_its_factor_longer() {
    let text = |discipline: &str, keys: &str| {
        format!(
            "{NEAR}[server.a]\ncpu = {{ cores = 1, discipline = \"{discipline}\" }}\n\
             [service.app]\nkind = \"app\"\nservers = [\"a\"]\n[request.x]\napp.cpu = \"10 ms\"\n{}",
            fault(keys)
        )
    };
    for discipline in ["ps", "fcfs"] {
        let slow = "at = \"4 ms\"\nlasts = \"8 ms\"\nslow = { server = \"a\", cpu = 0.5 }";
        // 4 ms at once, 4 in the next 8, and the last 2
        play(&text(discipline, slow), &[(0.0, "x"), (20.0, "x")]).assert_latencies(&[14.0, 10.0]);
        let fast = "at = \"4 ms\"\nslow = { server = \"a\", cpu = 2 }";
        play(&text(discipline, fast), &[(0.0, "x"), (20.0, "x")]).assert_latencies(&[7.0, 5.0]);
    }
}

#[test]
fn two_faults_at_once_multiply() {
    let text = format!(
        "{TEN}{}{}",
        fault("at = \"2 ms\"\nlasts = \"8 ms\"\nhang = { service = \"s\" }"),
        fault("at = \"4 ms\"\nlasts = \"2 ms\"\nhang = { service = \"s\" }")
    );
    play(&text, &[(0.0, "x")]).assert_latencies(&[18.0]);
}

#[test]
fn a_slow_card_and_a_slow_disk_slow_what_uses_them() {
    let text = format!(
        "{NEAR}{}[service.web]\nkind = \"nginx\"\nservers = [\"a\"]\nfiles = {{ total = \"1000000 GiB\", popularity = \"zipf(0.0)\" }}\n\
         [request.x]\nresponse = \"10 kB\"\nweb.cpu = \"0 ms\"\nweb.file = \"1 kB\"\n",
        server("a", 1)
    );
    // the disk takes 1 ms, the card (1 MB/s) 10 ms
    play(&text, &[(0.0, "x")]).assert_latencies(&[11.0]);
    let slow = fault("at = \"0 s\"\nslow = { server = \"a\", disk = 0.5, nic = 0.1 }");
    play(&format!("{text}{slow}"), &[(1.0, "x")]).assert_latencies(&[102.0]);
}

#[test]
fn a_process_that_hangs_takes_requests_in_and_answers_them_later() {
    let text = |more: &str| {
        format!(
            "{NEAR}[server.a]\ncpu = {{ cores = 4 }}\n[server.b]\ncpu = {{ cores = 4 }}\n\
             [service.web]\nkind = \"nginx\"\nservers = [\"a\"]\nupstream = {{ service = \"app\" }}\n\
             [service.app]\nkind = \"app\"\nservers = [\"b\"]\nworkers = 1\n\
             [request.x]\nweb.cpu = \"0 ms\"\napp.wait = \"10 ms\"\n{more}"
        )
    };
    let hang = fault("at = \"5 ms\"\nlasts = \"20 ms\"\nhang = { service = \"app\", server = \"b\" }");
    let arrivals = [(0.0, "x"), (8.0, "x"), (9.0, "x"), (60.0, "x")];
    // the first has waited long enough when the process goes on; the others have the one worker after it
    play(&text(&hang), &arrivals).assert_latencies(&[25.0, 27.0, 36.0, 10.0]);
    // the same where the proxy stands still: the application answers, and nobody passes it on
    let hang = fault("at = \"5 ms\"\nlasts = \"20 ms\"\nhang = { service = \"web\" }");
    play(&text(&hang), &arrivals).assert_latencies(&[25.0, 27.0, 36.0, 10.0]);
}

#[test]
fn clients_leave_a_process_that_hangs_and_their_work_stays() {
    let text = format!(
        "{NEAR}[server.b]\ncpu = {{ cores = 4 }}\n[service.app]\nkind = \"app\"\nservers = [\"b\"]\nworkers = 1\n\
         [request.x]\napp.wait = \"10 ms\"\n{}",
        fault("at = \"5 ms\"\nlasts = \"100 ms\"\nhang = { service = \"app\" }")
    );
    let arrivals = [(0.0, "x"), (10.0, "x"), (20.0, "x"), (106.0, "x")];
    let outcome = play_from("client = { timeout = \"40 ms\" }", &text, &arrivals);
    // at 105 the first is done, the two whose clients have left take until 125, and only then the last
    assert_eq!(outcome.ends(), ["client_timeout", "client_timeout", "client_timeout", ""]);
    outcome.assert_latencies(&[40.0, 40.0, 40.0, 29.0]);
}

#[test]
fn a_fault_without_end_lasts_to_the_end() {
    let text = format!(
        "[simulation]\nduration = \"1 s\"\nwarmup = \"0 s\"\n{TEN}{}\
         [traffic.t]\nprocess = \"constant\"\nrate = \"10/s\"\n",
        fault("at = \"500 ms\"\nhang = { service = \"s\" }")
    );
    let outcome = run(&text);
    assert_eq!(outcome.completed("x"), 5);
    assert_eq!(outcome.result.in_flight_end, 5);
}

#[test]
fn random_faults_are_the_same_for_the_same_seed_and_take_their_share() {
    let text = format!(
        "[simulation]\nduration = \"20000 s\"\nwarmup = \"0 s\"\n\
         [service.s]\nkind = \"station\"\nworkers = 1\nqueue_limit = 0\n\
         [request.x]\npath = [{{ visit = \"s\", service = \"100000 s\" }}]\n\
         [request.y]\npath = [{{ visit = \"u\", service = \"1 ms\" }}]\n\
         [service.u]\nkind = \"station\"\nworkers = \"unlimited\"\n{}\
         [traffic.t]\nprocess = \"constant\"\nrate = \"1/s\"\nmix = {{ y = 1 }}\n",
        fault("mttf = \"exponential(30 s)\"\nmttr = \"exponential(10 s)\"\nhang = { service = \"u\" }")
    );
    let outcome = run(&text);
    let station = outcome.station("u");
    // who comes while it stands still waits for what is left of it: 10 s on average, a quarter of the time
    crate::near(station.sojourn_sum_ns as f64 / 1e9 / station.departures as f64, 2.5, 0.15);
    assert_eq!(run(&text).log.entries, outcome.log.entries);
}

/// What is told to change nothing does change nothing: to the nanosecond, everything is as without it.
#[test]
fn a_fault_of_what_is_gone_already_leaves_everything_as_it_is() {
    const PAIR: &str = "[simulation]\nduration = \"12 s\"\nwarmup = \"0 s\"\n[server.lb1]\n[server.lb2]\n[server.a1]\n\
        [server.a2]\n[server.d1]\n[service.lb]\nkind = \"haproxy\"\nservers = [{ name = \"lb1\", priority = 150 }, \"lb2\"]\n\
        vrrp = { track_script = { interval = \"1 s\" } }\nbackend = \"app\"\ndefault_server = { inter = \"500 ms\" }\n\
        option_redispatch = true\n[service.app]\nkind = \"app\"\nservers = [\"a1\", \"a2\"]\nworkers = 4\n\
        database = { service = \"db\" }\n[service.db]\nkind = \"mysql\"\nprimary = \"d1\"\n\
        [request.x]\napp.cpu = \"exponential(10 ms)\"\ndb.reads = { count = 1, cpu = \"1 ms\" }\n\
        [traffic.t]\nrate = \"80/s\"\nclient = { timeout = \"2 s\" }\n";
    let first = |what: &str| fault(&format!("at = \"2 s\"\nlasts = \"6 s\"\n{what}"));
    let second = |what: &str| fault(&format!("at = \"5 s\"\nlasts = \"2 s\"\n{what}"));
    let a1 = "{ service = \"app\", server = \"a1\" }";
    let (dark, cut) = ("power_off = \"a1\"".to_owned(), "cut = \"a1\"".to_owned());
    let (dead, hung) = (format!("kill = {a1}"), format!("hang = {a1}"));
    let out = "maintenance = { service = \"app\", server = \"a1\", drain = \"1 s\" }".to_owned();
    let way = "cut = [\"lb1\", \"a1\"]".to_owned();
    let lossy = "impair = { between = [\"a1\", \"d1\"], delay = \"20 ms\", loss = 0.5 }".to_owned();
    let slow = "slow = { server = \"a1\", cpu = 0.1, nic = 0.1 }".to_owned();
    let taken = "memory = { server = \"a1\", taken = \"1 GiB\" }".to_owned();
    let lb1 = "{ service = \"lb\", server = \"lb1\", keepalived = true }";
    let (pair_dead, pair_stop) = (format!("kill = {lb1}"), "stop = { service = \"lb\", server = \"lb1\" }".to_owned());
    let pair_out = "maintenance = { service = \"lb\", server = \"lb1\", drain = \"1 s\" }".to_owned();
    let mut told = 0;
    let all = [&dark, &cut, &dead, &hung, &out, &way, &lossy, &slow, &taken, &pair_dead, &pair_stop, &pair_out];
    for one in all {
        let alone = run(&format!("{PAIR}{}", first(one)));
        for other in all {
            let both = run(&format!("{PAIR}{}{}", first(one), second(other)));
            let found = foobar_sim::scenario::idle_faults(&both.scenario);
            if found.is_empty() {
                continue;
            }
            told += 1;
            assert!(both.log.entries == alone.log.entries, "{one}, and within it {other}: {found:?}");
            assert_eq!(both.result.transitions, alone.result.transitions, "{one}, and within it {other}");
        }
    }
    assert_eq!(told, 29, "pairs");
    // and what is not told may well change something
    let alone = run(&format!("{PAIR}{}", first(&slow)));
    assert!(run(&format!("{PAIR}{}{}", first(&slow), second(&dead))).log.entries != alone.log.entries);
}

#[test]
fn when_faults_come_at_random_is_noted_to_the_end() {
    let text = format!(
        "[simulation]\nduration = \"300 s\"\nwarmup = \"5 s\"\n[service.u]\nkind = \"station\"\nservice = \"1 ms\"\n\
         [request.x]\npath = [\"u\"]\n[traffic.t]\nprocess = \"constant\"\nrate = \"10/s\"\n{}",
        fault("mttf = \"30 s\"\nmttr = \"10 s\"\nhang = { service = \"u\" }")
    );
    let outages: Vec<(f64, f64)> = run(&text).result.outages.iter().map(|o| (o.from_s, o.until_s)).collect();
    let expected: Vec<(f64, f64)> =
        (0..7).map(|n| 30.0 + 40.0 * f64::from(n)).map(|from| (from, from + 10.0)).collect();
    assert_eq!(outages, expected);
    // the run ends in the middle of the last one
    let short = text.replace("300 s", "275 s");
    assert_eq!(run(&short).result.outages.last().map(|o| (o.from_s, o.until_s)), Some((270.0, 275.0)));
}

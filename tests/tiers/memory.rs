//! Memory that runs full: swapping, and the OOM killer.

use foobar_sim::simulation::result::FailureReason;

use crate::{NEAR, play, server};

fn app(memory: &str, keys: &str, requests: &str) -> String {
    format!(
        "{NEAR}{}\n[service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 10\nmemory = {{ {keys} }}\n{requests}\n",
        server("a", 4).replace("16 GiB", memory)
    )
}

const BURST: &str = "[request.x]\napp.cpu = \"10 ms\"\n";

#[test]
fn swapping_reads_from_the_disk_before_each_burst_in_proportion_to_what_does_not_fit() {
    let swap = "base = \"2 GiB\", when_full = \"swap\"";
    play(&app("4 GiB", swap, BURST), &[(0.0, "x")]).assert_latencies(&[10.0]);
    let outcome = play(&app("1 GiB", swap, BURST), &[(0.0, "x"), (0.0, "x")]);
    // one operation each, and the bytes at next to no cost; the disk serves one after the other
    outcome.assert_latencies(&[11.0, 12.0]);
    assert_eq!(outcome.station("a.disk").arrivals, 2);
    // half of 1 MiB does not fit: at 1 MiB/s that is half a second
    let slow = app("1 GiB", swap, BURST).replace("1000000 GB/s", "1 MiB/s");
    play(&slow, &[(0.0, "x")]).assert_latencies(&[511.0]);
    let slow = app("1536 MiB", swap, BURST).replace("1000000 GB/s", "1 MiB/s");
    play(&slow, &[(0.0, "x")]).assert_latencies(&[261.0]);
}

#[test]
fn the_workers_memory_counts() {
    let swap = "base = \"1 GiB\", per_worker = \"100 MiB\", when_full = \"swap\"";
    play(&app("1 GiB", swap, BURST), &[(0.0, "x")]).assert_latencies(&[11.0]);
    play(&app("2040 MiB", swap, BURST), &[(0.0, "x")]).assert_latencies(&[10.0]);
}

const LARGE: &str = "[request.x]\napp.wait = \"50 ms\"\napp.memory = \"400 MiB\"\n";

#[test]
fn out_of_memory_resets_the_process_and_everything_in_it_until_its_restart() {
    let oom = "base = \"300 MiB\", when_full = \"oom\", restart = \"20 ms\"";
    let outcome = play(&app("1 GiB", oom, LARGE), &[(0.0, "x"), (10.0, "x"), (15.0, "x"), (31.0, "x")]);
    assert_eq!(outcome.ends(), ["out_of_memory_502", "out_of_memory_502", "refused_502", ""]);
    outcome.assert_latencies(&[10.0, 0.0, 0.0, 50.0]);
    assert_eq!(outcome.result.oom_kills, [("a".to_string(), 1)]);
}

#[test]
fn memory_is_given_back_with_each_answer() {
    let oom = "base = \"300 MiB\", when_full = \"oom\"";
    let outcome = play(&app("1 GiB", oom, LARGE), &[(0.0, "x"), (51.0, "x"), (102.0, "x"), (153.0, "x")]);
    assert_eq!(outcome.ends(), [""; 4]);
    assert!(outcome.result.oom_kills.is_empty());
}

#[test]
fn memory_is_given_back_with_each_failure_however_it_was_drawn() {
    // the other request takes the pool's connection between the two reads, and the second one fails: what is
    // given back is what was taken
    let text = format!(
        "{NEAR}{}{}\n[service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 10\n\
         memory = {{ base = \"10 MiB\", when_full = \"oom\" }}\n\
         database = {{ service = \"db\", pool = 1, acquire_timeout = \"0.1 ms\" }}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"d\"\nbuffer_pool_hit = 1.0\n\
         [request.x]\napp.memory = \"exponential(20 MiB)\"\ndb.reads = {{ count = 2, cpu = \"1 ms\" }}\n\
         [request.y]\napp.cpu = \"0 ms\"\ndb.reads = {{ count = 1, cpu = \"1 ms\" }}\n",
        server("a", 4).replace("16 GiB", "300 MiB"),
        server("d", 1)
    );
    let pairs = (0..1000).flat_map(|i| [(i as f64 * 10.0, "x"), (i as f64 * 10.0 + 0.95, "y")]);
    let outcome = play(&text, &pairs.collect::<Vec<_>>());
    assert_eq!(outcome.failed("x", FailureReason::PoolTimeout), 1000);
    assert_eq!(outcome.completed("y"), 1000);
    assert!(outcome.result.oom_kills.is_empty(), "{:?}", outcome.result.oom_kills);
}

/// Two applications on one server, behind one HAProxy.
fn two_apps() -> String {
    format!(
        "{NEAR}{}{}\n[service.lb]\nkind = \"haproxy\"\nservers = [\"l\"]\nroute = {{ x = \"big\", y = \"small\" }}\n\
         [service.big]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 10\n\
         memory = {{ base = \"600 MiB\", when_full = \"oom\", restart = \"20 ms\" }}\n\
         [service.small]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 10\n\
         memory = {{ base = \"100 MiB\", when_full = \"oom\" }}\n\
         [request.x]\nlb.cpu = \"0 ms\"\nbig.wait = \"50 ms\"\nbig.memory = \"1 MiB\"\n\
         [request.y]\nlb.cpu = \"0 ms\"\nsmall.wait = \"50 ms\"\nsmall.memory = \"400 MiB\"\n",
        server("l", 1),
        server("a", 4).replace("16 GiB", "1 GiB")
    )
}

#[test]
fn the_largest_process_dies_whoever_asked_for_the_memory() {
    let outcome = play(&two_apps(), &[(0.0, "x"), (5.0, "y"), (60.0, "x")]);
    assert_eq!(outcome.ends(), ["out_of_memory_502", "", ""]);
    outcome.assert_latencies(&[5.0, 50.0, 50.0]);
}

#[test]
fn the_database_works_on_for_a_request_that_was_reset() {
    let text = format!(
        "{NEAR}{}{}\n[service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 10\n\
         memory = {{ base = \"300 MiB\", when_full = \"oom\", restart = \"1 ms\" }}\ndatabase = {{ service = \"db\", pool = 1 }}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"d\"\nmax_connections = 2\nbuffer_pool_hit = 1.0\n\
         [request.x]\napp.memory = \"400 MiB\"\ndb.reads = {{ count = 1, cpu = \"30 ms\" }}\n",
        server("a", 4).replace("16 GiB", "1 GiB"),
        server("d", 4)
    );
    // the first is at the database, the second kills; the third has the pool's connection, the restarted
    // process knows nothing of the first
    let outcome = play(&text, &[(0.0, "x"), (10.0, "x"), (12.0, "x")]);
    assert_eq!(outcome.ends(), ["out_of_memory_502", "out_of_memory_502", ""]);
    outcome.assert_latencies(&[10.0, 0.0, 30.0]);
    assert_eq!(outcome.busy_ms("d.cpu"), 60.0);
}

#[test]
fn a_kill_finds_its_requests_wherever_they_wait() {
    for cpu in ["cores = 1", "cores = 1, discipline = \"fcfs\"", "cores = 20, discipline = \"fcfs\""] {
        let text = format!(
            "{NEAR}{}\n[service.web]\nkind = \"nginx\"\nservers = [\"a\"]\nupstream = {{ service = \"app\", keepalive = 8 }}\n\
             worker_connections = 100000\n[service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 30\n\
             memory = {{ base = \"10 MiB\", when_full = \"oom\", restart = \"2 ms\" }}\n\
             [request.x]\nweb.cpu = \"0.2 ms\"\napp.cpu = \"exponential(1 ms)\"\napp.wait = \"exponential(3 ms)\"\n\
             app.memory = \"exponential(30 MiB)\"\n",
            server("a", 1).replace("cores = 1", cpu).replace("16 GiB", "512 MiB")
        );
        let arrivals: Vec<_> = (0..5000).map(|i| (i as f64 * 0.13, "x")).collect();
        let outcome = play(&text, &arrivals);
        let ends = outcome.ends();
        for end in ["", "refused_502", "out_of_memory_502"] {
            assert!(ends.contains(&end), "{cpu}: {end}");
        }
        assert!(outcome.result.oom_kills[0].1 > 5, "{cpu}");
    }
}

#[test]
fn a_closed_user_goes_on_after_its_request_was_reset() {
    let text = app("1 GiB", "base = \"300 MiB\", when_full = \"oom\", restart = \"20 ms\"", LARGE);
    let outcome = crate::run(&format!(
        "{text}[simulation]\nduration = \"10 s\"\nwarmup = \"0 s\"\n\
         [traffic.u]\nprocess = \"closed\"\nusers = 3\nthink = \"exponential(100 ms)\"\n"
    ));
    assert!(outcome.result.oom_kills[0].1 > 3);
    assert!(outcome.completed("x") > 20);
    assert!(outcome.result.in_flight_max <= 3);
    // each arrival ends before the same user's next: numbers of the log are those of requests
    let ended: Vec<u32> = outcome.log_ends().iter().map(|(n, _, _)| *n).collect();
    let mut unique = ended.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ended.len());
}

#[test]
fn a_restart_after_running_out_of_memory_waits_for_the_end_of_a_kill() {
    let oom = "base = \"350 MiB\", when_full = \"oom\", restart = \"20 ms\"";
    let kill = "[[fault]]\nat = \"15 ms\"\nlasts = \"30 ms\"\nkill = { service = \"app\" }\n";
    // out of memory at 10, due back at 30, killed from 15 to 45: its base is resident once, and 400 MiB fit beside it
    let arrivals = [(0.0, "x"), (10.0, "x"), (35.0, "x"), (50.0, "x")];
    let outcome = play(&app("1 GiB", oom, &format!("{LARGE}{kill}")), &arrivals);
    assert_eq!(outcome.ends(), ["out_of_memory_502", "out_of_memory_502", "connection_refused", ""]);
    assert_eq!(outcome.result.oom_kills, [("a".to_string(), 1)]);
}

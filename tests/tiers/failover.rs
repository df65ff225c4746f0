//! The death of a primary: what fails, who takes over and when, what is lost, and how the old one comes back.

use crate::{Outcome, run, server};
use foobar_sim::simulation::result::{FailoverResult, FailureReason};

/// 100 writes a second for 60 s, alike and evenly spaced, each 1 ms of CPU on the primary and `apply` on a replica;
/// 10 reads a second at the replica. Nothing waits for a disk.
fn database(replicas: &str, db: &str, replication: &str, apply: &str, faults: &str) -> String {
    let servers: String = ["a", "d1", "d2", "d3"].map(|name| server(name, 8)).concat();
    format!(
        "[simulation]\nduration = \"60 s\"\nwarmup = \"1 s\"\nruns = 1\n\
         [network]\ndelay = \"0.1 ms\"\nclient_rtt = \"0 ms\"\n{servers}\
         [service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 1000\nbacklog = 100000\n\
         database = {{ service = \"db\", pool = 1000 }}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"d1\"\nreplicas = [{replicas}]\nbuffer_pool_hit = 1.0\n\
         reads = \"replica\"\ninnodb_flush_log_at_trx_commit = 0\nsync_binlog = 0\n{db}\n\
         replication = {{ replica_parallel_workers = 1, apply_overhead = \"0 ms\", innodb_flush_log_at_trx_commit = 0, \
         sync_binlog = 0, source_connect_retry = \"1 s\", replica_net_timeout = \"2 s\"{replication} }}\n\
         [request.writes]\n\
         db.transactions = [{{ cpu = \"1 ms\", apply_cpu = \"{apply}\", log = \"1 B\", pages = 0 }}]\n\
         [request.reads]\ndb.reads = {{ count = 1, cpu = \"1 ms\", pages = 0 }}\n\
         [traffic.w]\nprocess = \"constant\"\nrate = \"100/s\"\nmix = {{ writes = 1 }}\n\
         [traffic.r]\nprocess = \"constant\"\nrate = \"10/s\"\nmix = {{ reads = 1 }}\n{faults}\n"
    )
}

const FAILOVER: &str = "failover = { check_interval = \"1 s\", check_timeout = \"0.5 s\", failures = 3, \
                        promotion = \"2 s\", switch = \"1 s\", rebuild = \"10 s\" }";

fn kill(lasts: &str) -> String {
    format!("[[fault]]\nat = \"10.005 s\"\nlasts = \"{lasts}\"\nkill = {{ service = \"db\", server = \"d1\" }}\n")
}

fn failover(outcome: &Outcome) -> FailoverResult {
    let failovers = &outcome.result.databases[0].failovers;
    assert_eq!(failovers.len(), 1, "{failovers:?}");
    failovers[0].clone()
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[test]
fn without_anyone_to_promote_a_replica_writes_fail_until_the_primary_is_back() {
    let outcome = run(&database("\"d2\"", "", "", "1 ms", &kill("15 s")));
    let db = &outcome.result.databases[0];
    assert_eq!((db.broken, db.transactions_lost, db.in_doubt), (1, 0, 0));
    assert!((seconds(db.outage_ns) - 15.0).abs() < 0.02, "{}", seconds(db.outage_ns));
    // refused at once; reads do not notice
    let refused = outcome.failed("writes", FailureReason::ConnectionRefused);
    assert!((1495..=1500).contains(&refused), "{refused}");
    assert_eq!(outcome.result.classes[1].failures(), 0);
    // the replica finds its source again and misses nothing
    let replica = &outcome.result.replicas[0];
    assert!(replica.backlog_end <= 2, "{}", replica.backlog_end);
    let written = outcome.completed("writes");
    assert!((4498..=4506).contains(&written), "{written}");
}

#[test]
fn a_replica_is_promoted_after_three_failed_checks() {
    let outcome = run(&database("\"d2\"", FAILOVER, "", "1 ms", &kill("20 s")));
    let done = failover(&outcome);
    // the first failed check comes within a second, the third two seconds later; then 2 s and 1 s
    let noticed = seconds(done.noticed_ns - done.died_ns);
    assert!((2.0..=3.0).contains(&noticed), "{noticed}");
    assert!((seconds(done.promoted_ns - done.noticed_ns) - 2.0).abs() < 1e-6);
    assert!((seconds(done.switched_ns.unwrap() - done.promoted_ns) - 1.0).abs() < 1e-6);
    let db = &outcome.result.databases[0];
    assert!((seconds(db.outage_ns) - noticed - 3.0).abs() < 0.02, "{}", seconds(db.outage_ns));
    let refused = outcome.failed("writes", FailureReason::ConnectionRefused);
    assert!((refused as f64 - 100.0 * (noticed + 3.0)).abs() < 3.0, "{refused}");
    // the replica had everything
    assert_eq!((db.transactions_lost, db.in_doubt), (0, 0));
    // the old primary holds nothing that the new one lacks, and follows it at once
    let old = &outcome.result.replicas[0];
    assert_eq!(old.server, "d1");
    assert!(old.apply_delay_ns.count() > 2900, "{}", old.apply_delay_ns.count());
    assert!(old.backlog_end <= 2, "{}", old.backlog_end);
    // reads went to the new primary, and to the replica once there was one again
    assert!(outcome.station("db.d1.max_connections").arrivals > 250 + 1000);
    assert_eq!(outcome.result.classes[1].failures(), 0);
}

#[test]
fn silence_is_noticed_later_and_hangs_the_writes() {
    let dark = "[[fault]]\nat = \"10.005 s\"\nlasts = \"40 s\"\npower_off = \"d1\"\n";
    let outcome = run(&database("\"d2\"", FAILOVER, "", "1 ms", dark));
    let done = failover(&outcome);
    // each of three checks waits half a second
    let noticed = seconds(done.noticed_ns - done.died_ns);
    assert!((3.5..=4.5).contains(&noticed), "{noticed}");
    // whoever connects meanwhile comes to the new primary with its next SYN
    assert_eq!(outcome.failed("writes", FailureReason::ConnectionRefused), 0);
    let late = outcome.result.classes[0].latency_ns.max().unwrap();
    assert!(seconds(late) > 3.0, "{}", seconds(late));
}

#[test]
fn what_the_new_primary_has_not_received_is_lost_and_the_old_one_is_made_anew() {
    // the way to the replica is cut 3 s before the primary dies
    let faults = format!("[[fault]]\nat = \"7.005 s\"\nlasts = \"30 s\"\ncut = [\"d1\", \"d2\"]\n{}", kill("20 s"));
    let outcome = run(&database("\"d2\"", FAILOVER, "", "1 ms", &faults));
    let db = &outcome.result.databases[0];
    assert!((298..=302).contains(&db.transactions_lost), "{}", db.transactions_lost);
    assert_eq!(failover(&outcome).lost, db.transactions_lost);
    // back at 30 s, reached at 37 s, made anew for 10 s: it follows for the last 13 s
    let old = &outcome.result.replicas[0];
    assert!((1290..=1320).contains(&old.apply_delay_ns.count()), "{}", old.apply_delay_ns.count());
}

#[test]
fn a_slow_applier_drains_its_relay_log_before_it_is_promoted() {
    // it applies 80 of 100 a second: after 11 s some 220 wait, which take 2.75 s
    let outcome = run(&database("\"d2\"", FAILOVER, "", "12.5 ms", &kill("20 s")));
    let done = failover(&outcome);
    let drained = seconds(done.promoted_ns - done.noticed_ns) - 2.0;
    let noticed = seconds(done.noticed_ns - done.died_ns);
    assert!((drained - (2.75 - noticed).max(0.0)).abs() < 0.1, "{drained} after {noticed}");
    assert_eq!(outcome.result.databases[0].transactions_lost, 0);
}

#[test]
fn semi_sync_loses_nothing_where_async_does() {
    // the replica's card takes 8 ms for a transaction, which the primary's death finds on the way
    let lost = |mode: &str| {
        let mut text = database("\"d2\"", FAILOVER, mode, "1 ms", &kill("20 s"));
        text = text.replace("log = \"1 B\"", "log = \"8 kB\"").replace("10.005 s", "10.007 s");
        let outcome = run(&text);
        let db = &outcome.result.databases[0];
        (db.transactions_lost, db.in_doubt)
    };
    assert_eq!(lost(""), (1, 0));
    assert_eq!(lost(", mode = \"semi-sync\""), (0, 1));
}

#[test]
fn the_candidate_that_has_received_most_is_promoted_and_the_others_follow_it() {
    // d2 is cut off from the primary 1 s before its death
    let faults = format!("[[fault]]\nat = \"9.005 s\"\nlasts = \"40 s\"\ncut = [\"d1\", \"d2\"]\n{}", kill("40 s"));
    let outcome = run(&database("\"d2\", \"d3\"", FAILOVER, "", "1 ms", &faults));
    assert_eq!(failover(&outcome).to, 2);
    assert_eq!(outcome.result.databases[0].transactions_lost, 0);
    // d2 is told of the new primary, which has all that it lacks
    let behind = &outcome.result.replicas[1];
    assert_eq!(behind.server, "d2");
    assert!(behind.backlog_end <= 2, "{}", behind.backlog_end);
    // where only d2 may be promoted, d3 holds more than it and is made anew
    let only = FAILOVER.replace("failures = 3", "failures = 3, candidate = [\"d2\"]");
    let outcome = run(&database("\"d2\", \"d3\"", &only, "", "1 ms", &faults));
    assert_eq!(failover(&outcome).to, 1);
    assert!((98..=102).contains(&outcome.result.databases[0].transactions_lost));
    assert!(outcome.result.replicas[2].apply_delay_ns.count() > 1000);
}

#[test]
fn a_candidate_that_dies_meanwhile_is_not_promoted() {
    let both = format!(
        "{}[[fault]]\nat = \"13.5 s\"\nlasts = \"10 s\"\nkill = {{ service = \"db\", server = \"d2\" }}\n",
        kill("40 s")
    );
    let outcome = run(&database("\"d2\"", FAILOVER, "", "1 ms", &both));
    // back at 23.5 s, it is found by the next check
    let done = failover(&outcome);
    let noticed = seconds(done.noticed_ns);
    assert!((23.5..=24.6).contains(&noticed), "{noticed}");
}

#[test]
fn a_primary_that_only_hangs_is_replaced_and_what_it_still_commits_is_lost() {
    let hang = "[[fault]]\nat = \"10.005 s\"\nlasts = \"20 s\"\nhang = { service = \"db\", server = \"d1\" }\n";
    let many = format!("max_connections = 10000\n{FAILOVER}");
    let outcome = run(&database("\"d2\"", &many, "", "1 ms", hang));
    let db = &outcome.result.databases[0];
    let done = failover(&outcome);
    // those that it had taken in commit when it goes on: nobody has told it
    let waited = seconds(done.switched_ns.unwrap() - done.died_ns);
    assert!((db.transactions_lost as f64 - 100.0 * waited).abs() < 5.0, "{} in {waited} s", db.transactions_lost);
}

#[test]
fn a_restarted_primary_reads_its_pages_from_the_disk_again() {
    let read = |faults: &str| {
        let text = database("", "", "", "1 ms", faults)
            .replace("reads = \"replica\"", "reads = \"primary\"\ninnodb_buffer_pool_size = \"1 MiB\"")
            .replace("cpu = \"1 ms\", pages = 0 }\n[traffic", "cpu = \"1 ms\", pages = 2 }\n[traffic");
        run(&text).result.stations.iter().find(|s| s.name == "d1.disk").map_or(0, |s| s.arrivals)
    };
    // 64 pages, all of them in memory, and 500 statements of two pages
    assert_eq!(read(""), 0);
    let again = read(&kill("1 s"));
    assert!((30..=64).contains(&again), "{again}");
}

#[test]
fn the_same_seed_gives_the_same_failover() {
    let text = database("\"d2\", \"d3\"", FAILOVER, ", mode = \"semi-sync\"", "9 ms", &kill("20 s"));
    let (one, other) = (run(&text), run(&text));
    assert_eq!(one.log.entries, other.log.entries);
    assert_eq!(failover(&one).noticed_ns, failover(&other).noticed_ns);
}

#[test]
fn a_backup_ends_with_the_server_that_it_copies() {
    let backup = "backup = { at = \"1 s\", size = \"100 MB\", rate = \"10 MB/s\" }";
    let fault = "[[fault]]\nat = \"5 s\"\nlasts = \"1 s\"\nkill = { service = \"db\", server = \"d2\" }\n";
    let outcome = run(&database("\"d2\"", backup, "", "1 ms", fault));
    let backup = outcome.result.databases[0].backup.unwrap();
    assert_eq!((backup.began_ns, backup.ended_ns), (Some(1_000_000_000), None));
    assert!(outcome.result.replicas[0].backlog_end <= 2);
}

#[test]
fn an_orchestrator_without_anything_that_goes_wrong_changes_nothing() {
    let without = run(&database("\"d2\"", "", "", "1 ms", ""));
    let with = run(&database("\"d2\"", FAILOVER, "", "1 ms", ""));
    assert_eq!(without.log.entries, with.log.entries);
}

fn maintain(server: &str, drain: &str, lasts: &str) -> String {
    format!(
        "[[fault]]\nat = \"10.005 s\"\nlasts = \"{lasts}\"\n\
         maintenance = {{ service = \"db\", server = \"{server}\", drain = \"{drain}\" }}\n"
    )
}

#[test]
fn a_primary_that_is_maintained_hands_its_writes_over_and_nothing_is_lost() {
    // the drain ends before the clients know of the new primary, or long after
    for drain in ["1 s", "5 s"] {
        let outcome = run(&database("\"d2\"", FAILOVER, "", "1 ms", &maintain("d1", drain, "20 s")));
        let done = failover(&outcome);
        assert_eq!((done.server.as_str(), done.noticed_ns - done.died_ns), ("d2", 0));
        // what is under way ends and is applied within milliseconds; then 2 s and 1 s
        let promoted = seconds(done.promoted_ns - done.died_ns);
        assert!((2.0..2.02).contains(&promoted), "{promoted}");
        assert!((seconds(done.switched_ns.unwrap() - done.promoted_ns) - 1.0).abs() < 1e-6);
        let db = &outcome.result.databases[0];
        assert_eq!((db.broken, db.transactions_lost, db.in_doubt), (1, 0, 0));
        assert!((seconds(db.outage_ns) - 3.0).abs() < 0.04, "{}", seconds(db.outage_ns));
        let refused = outcome.failed("writes", FailureReason::ReadOnly);
        assert!((298..=303).contains(&refused), "{refused}");
        // it stops when nobody needs it, and nobody notices
        assert_eq!(outcome.result.classes[0].failures(), refused, "{:?}", outcome.result.classes[0].failed);
        assert_eq!(outcome.result.classes[1].failures(), 0);
        // the old primary follows, stops, starts and follows again: it has all that was written since the switch
        let old = &outcome.result.replicas[0];
        assert_eq!(old.server, "d1");
        assert!(old.backlog_end <= 2 && old.apply_delay_ns.count() > 4600, "{}", old.apply_delay_ns.count());
        // readers go to it once it has applied the 1,500 to 1,700 of meanwhile, 1 ms each: after 32 s
        let reads = outcome.station("db.d1.max_connections").arrivals - 1_000;
        assert!((275..=290).contains(&reads), "{reads}");
    }
}

#[test]
fn a_switchover_waits_for_writes_that_nobody_waits_for_any_more() {
    let text = database("\"d2\"", FAILOVER, "", "1 ms", &maintain("d1", "5 s", "20 s"));
    // each transaction takes 40 ms, and drivers leave it after 5: all are committed for nobody
    let text = text
        .replace("pool = 1000", "pool = 1000, read_timeout = \"5 ms\"")
        .replace("cpu = \"1 ms\", apply", "cpu = \"40 ms\", apply");
    let outcome = run(&text);
    let done = failover(&outcome);
    let promoted = seconds(done.promoted_ns - done.died_ns);
    assert!((2.03..2.06).contains(&promoted), "{promoted}");
    let db = &outcome.result.databases[0];
    assert_eq!((db.transactions_lost, db.in_doubt), (0, 0));
    assert_eq!(outcome.completed("writes"), 0);
}

#[test]
fn a_candidate_that_lags_applies_everything_before_it_takes_the_writes() {
    // 12 ms for each of 100 a second: after 11 s it is some 180 behind
    let outcome = run(&database("\"d2\"", FAILOVER, "", "12 ms", &maintain("d1", "1 s", "20 s")));
    let done = failover(&outcome);
    let promoted = seconds(done.promoted_ns - done.died_ns);
    assert!((4.0..4.5).contains(&promoted), "{promoted}");
    let db = &outcome.result.databases[0];
    assert_eq!((db.transactions_lost, db.in_doubt), (0, 0));
    let refused = outcome.failed("writes", FailureReason::ReadOnly);
    assert_eq!(outcome.result.classes[0].failures(), refused, "{:?}", outcome.result.classes[0].failed);
}

#[test]
fn a_replica_that_is_maintained_is_left_alone_until_it_has_caught_up() {
    // half busy with applying: of 14 s without it there are 1,400 to be applied, at 200 a second while 100 more come
    let outcome = run(&database("\"d2\"", "", "", "5 ms", &maintain("d2", "1 s", "15 s")));
    assert_eq!(outcome.result.classes[0].failures() + outcome.result.classes[1].failures(), 0);
    let reads = outcome.station("db.d2.max_connections").arrivals;
    // 10 a second for 10 s, and from 39 s on
    assert!((300..=325).contains(&reads), "{reads}");
    let replica = &outcome.result.replicas[0];
    assert!(replica.backlog_end <= 2 && replica.stale_reads * 2 < replica.reads, "{replica:?}");
    let pool = outcome.result.databases[0].failovers.len();
    assert_eq!(pool, 0);
}

#[test]
fn a_switchover_without_a_candidate_waits_and_one_whose_primary_dies_is_a_failover() {
    // the candidate is down until 20 s
    let down = "[[fault]]\nat = \"5 s\"\nlasts = \"15 s\"\nkill = { service = \"db\", server = \"d2\" }\n";
    let outcome = run(&database("\"d2\"", FAILOVER, "", "1 ms", &format!("{down}{}", maintain("d1", "1 s", "30 s"))));
    let done = failover(&outcome);
    assert!((20.0..20.2).contains(&seconds(done.died_ns)), "{done:?}");
    assert_eq!(outcome.failed("writes", FailureReason::ConnectionRefused), 0);
    assert_eq!(outcome.result.databases[0].transactions_lost, 0);
    // it stays down: the primary is never stopped
    let down = down.replace("15 s", "50 s");
    let outcome = run(&database("\"d2\"", FAILOVER, "", "1 ms", &format!("{down}{}", maintain("d1", "1 s", "10 s"))));
    assert_eq!(outcome.result.classes[0].failures(), 0);
    let told = |what: &str| outcome.result.transitions.iter().any(|transition| transition.what.contains(what));
    assert!(told("db on d1 was not maintained"), "{:?}", outcome.result.transitions);
    // the primary dies while the candidate applies: what that has received it has
    let dies = "[[fault]]\nat = \"10.5 s\"\nlasts = \"20 s\"\nkill = { service = \"db\", server = \"d1\" }\n";
    let outcome = run(&database("\"d2\"", FAILOVER, "", "12 ms", &format!("{dies}{}", maintain("d1", "1 s", "30 s"))));
    let done = failover(&outcome);
    assert!(seconds(done.promoted_ns - done.died_ns) > 3.9, "{done:?}");
    assert_eq!(outcome.result.databases[0].transactions_lost, 0);
    assert!(outcome.failed("writes", FailureReason::ConnectionRefused) > 100);
}

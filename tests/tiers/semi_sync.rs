//! Semi-synchronous replication: what a commit waits for, and what happens when that does not come.

use crate::{Outcome, play, server};

/// A transaction is 1 ms of CPU; 10 kB of binlog over cards of 1 MB/s, 2 ms of wire, 5 ms of CPU on the replica, and
/// 2 ms for the acknowledgement: it is acknowledged 14 ms after the binlog has it.
fn database(replication: &str, request: &str) -> String {
    format!(
        "[network]\ndelay = \"2 ms\"\nclient_rtt = \"0 ms\"\n{}{}\n\
         [service.app]\nkind = \"app\"\nservers = [\"d1\"]\nworkers = 100\ndatabase = {{ service = \"db\" }}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"d1\"\nreplicas = [\"d2\"]\nbuffer_pool_hit = 1.0\nreads = \"replica\"\n\
         innodb_flush_log_at_trx_commit = 0\nsync_binlog = 0\n\
         replication = {{ mode = \"semi-sync\", replica_parallel_workers = 1, apply_overhead = \"0 ms\", \
         innodb_flush_log_at_trx_commit = 0, sync_binlog = 0{replication} }}\n\
         [request.writes]\ndb.transactions = [{{ cpu = \"1 ms\", apply_cpu = \"5 ms\", log = \"10 kB\" }}]\n{request}\n",
        server("d1", 4),
        server("d2", 4)
    )
}

const READS: &str = "[request.reads]\ndb.reads = { count = 1, cpu = \"1 ms\" }\n";

fn waits(outcome: &Outcome) -> (u64, u64) {
    let semi_sync = outcome.result.databases[0].semi_sync.as_ref().expect("it waits for its replica");
    (semi_sync.wait_ns.count(), semi_sync.fallbacks)
}

#[test]
fn a_commit_waits_for_its_bytes_and_the_wire_there_and_back() {
    let outcome = play(&database("", ""), &[(0.0, "writes")]);
    outcome.assert_latencies(&[15.0]);
    assert_eq!(waits(&outcome), (1, 0));
    // it does not wait for the replica to apply it
    assert_eq!(outcome.result.replicas[0].apply_delay_ns.sum(), 17_000_000);
}

#[test]
fn a_relay_log_that_is_synced_is_waited_for() {
    // an operation of 1 ms, then the rest of an fsync of 2 ms
    play(&database(", sync_relay_log = 1", ""), &[(0.0, "writes")]).assert_latencies(&[17.0]);
    // each second event: the first is not
    let outcome = play(&database(", sync_relay_log = 2", ""), &[(0.0, "writes"), (100.0, "writes")]);
    outcome.assert_latencies(&[15.0, 17.0]);
}

#[test]
fn acknowledgements_come_in_the_order_of_commits() {
    // the card sends one after the other
    play(&database("", ""), &[(0.0, "writes"), (0.5, "writes")]).assert_latencies(&[15.0, 24.5]);
}

#[test]
fn who_waits_too_long_goes_on_and_so_do_all_behind_it() {
    // the first is in the binlog at 1 and gives up at 11; the second, in it at 6, goes on with it; the third does not
    // wait at all. The replica has all at 33 and says so at 35: the last one waits again
    let arrivals = [(0.0, "writes"), (5.0, "writes"), (20.0, "writes"), (60.0, "writes")];
    let outcome = play(&database(", timeout = \"10 ms\"", ""), &arrivals);
    outcome.assert_latencies(&[11.0, 6.0, 1.0, 11.0]);
    assert_eq!(waits(&outcome), (3, 2));
    let off = outcome.result.databases[0].semi_sync.as_ref().unwrap().off_ns;
    // from 11 to 35, and from 71 to 75
    assert_eq!(off, 28_000_000);
}

#[test]
fn two_acknowledgements_are_waited_for_where_two_are_asked_for() {
    let two = |count: u32| {
        let text = database(&format!(", wait_for_replica_count = {count}"), "");
        text.replace("[\"d2\"]", "[\"d2\", \"d3\"]") + &server("d3", 4)
    };
    // both go through the primary's card at once
    play(&two(1), &[(0.0, "writes")]).assert_latencies(&[25.0]);
    play(&two(2), &[(0.0, "writes")]).assert_latencies(&[25.0]);
    // the second replica's own card takes 100 ms
    let (before, after) = two(1).split_once("[server.d3]").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let slow = format!("{before}[server.d3]{}", after.replacen("1 MB/s", "100 kB/s", 1));
    play(&slow, &[(0.0, "writes")]).assert_latencies(&[25.0]);
    let both = slow.replace("wait_for_replica_count = 1", "wait_for_replica_count = 2");
    play(&both, &[(0.0, "writes")]).assert_latencies(&[105.0]);
}

#[test]
fn a_transaction_is_seen_by_others_before_or_after_its_acknowledgement() {
    let stale = |point: &str| {
        let text = database(&format!(", wait_point = \"{point}\""), READS);
        let outcome = play(&text, &[(0.0, "writes"), (8.0, "reads"), (14.0, "reads"), (17.0, "reads")]);
        (outcome.result.replicas[0].reads, outcome.result.replicas[0].stale_reads)
    };
    // in the binlog at 1, acknowledged at 15, applied at 18; the reads are there at 10, 16 and 19
    assert_eq!(stale("AFTER_SYNC"), (3, 1));
    assert_eq!(stale("AFTER_COMMIT"), (3, 2));
}

//! Replication: the way of a transaction to the replica, its three measures, and where reads go.

use crate::{Outcome, play, run, server};

/// Commits cost no fsync anywhere. A transaction is 1 ms of CPU, 10 kB of binlog over cards of 1 MB/s, 2 ms of
/// wire and 5 ms of CPU on the replica.
fn replicated(db: &str, request: &str) -> String {
    format!(
        "[network]\ndelay = \"2 ms\"\nclient_rtt = \"0 ms\"\n{}{}\n\
         [service.app]\nkind = \"app\"\nservers = [\"d1\"]\nworkers = 100\ndatabase = {{ service = \"db\" }}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"d1\"\nreplicas = [\"d2\"]\nbuffer_pool_hit = 1.0\n\
         innodb_flush_log_at_trx_commit = 0\nsync_binlog = 0\n{db}\n\
         [request.writes]\ndb.transactions = [{{ cpu = \"1 ms\", apply_cpu = \"5 ms\", log = \"10 kB\" }}]\n{request}\n",
        server("d1", 4),
        server("d2", 4)
    )
}

fn appliers(workers: u32) -> String {
    format!(
        "replication = {{ replica_parallel_workers = {workers}, apply_overhead = \"0 ms\", \
         innodb_flush_log_at_trx_commit = 0, sync_binlog = 0 }}"
    )
}

const READS: &str = "[request.reads]\ndb.reads = { count = 1, cpu = \"1 ms\" }\n";

/// Sum of the delays, milliseconds.
fn apply_delays(outcome: &Outcome) -> (u64, f64) {
    let delays = &outcome.result.replicas[0].apply_delay_ns;
    (delays.count(), delays.sum() as f64 / 1e6)
}

#[test]
fn a_transaction_is_applied_after_its_bytes_the_wire_and_its_work() {
    let outcome = play(&replicated(&appliers(1), ""), &[(0.0, "writes")]);
    outcome.assert_latencies(&[1.0]);
    assert_eq!(apply_delays(&outcome), (1, 17.0));
    assert_eq!(outcome.busy_ms("d1.nic_out"), 10.0);
    assert_eq!(outcome.busy_ms("d2.nic_in"), 10.0);
    assert_eq!(outcome.busy_ms("d2.cpu"), 5.0);
}

#[test]
fn an_open_ended_run_lasts_until_the_replica_has_applied_everything() {
    let outcome = play(&replicated(&appliers(1), ""), &[(0.0, "writes")]);
    let replica = &outcome.result.replicas[0];
    assert_eq!((replica.backlog_end, replica.behind_end_ns), (0, 0));
    assert!((outcome.result.measured_s - 0.018).abs() < 1e-9, "{} s", outcome.result.measured_s);
    assert!((replica.seconds_behind.total_s - 0.018).abs() < 1e-9);
}

#[test]
fn seconds_behind_is_a_sawtooth_of_the_oldest_commit() {
    let outcome = play(&replicated(&appliers(1), ""), &[(0.0, "writes"), (1.0, "writes")]);
    // commits at 1 and 2; the dump thread sends from 1 to 11 and from 11 to 21; applied at 18 and 28
    assert_eq!(apply_delays(&outcome), (2, 17.0 + 26.0));
    let replica = &outcome.result.replicas[0];
    assert_eq!(replica.backlog_max, 2);
    assert_eq!(replica.backlog_area_ns, 17_000_000 + 26_000_000);
    assert_eq!(replica.seconds_behind.max_ns, 26_000_000);
    // 0 to 17, down to 16, up to 26: milliseconds squared
    let area = 17.0 * 17.0 / 2.0 + (26.0 * 26.0 - 16.0 * 16.0) / 2.0;
    assert!((replica.seconds_behind.area / 1e3 - area).abs() < 1e-6, "{}", replica.seconds_behind.area);
    assert!((replica.seconds_behind.zero_s - 1e-3).abs() < 1e-9);
}

const MIXED: &str = "[request.slow]\ndb.transactions = [{ cpu = \"1 ms\", apply_cpu = \"20 ms\", log = \"1 B\" }]\n\
                     [request.fast]\ndb.transactions = [{ cpu = \"1 ms\", apply_cpu = \"3 ms\", log = \"1 B\" }]\n";

#[test]
fn several_appliers_work_at_once_and_commit_in_order() {
    let arrivals = [(0.0, "slow"), (1.0, "fast"), (2.0, "slow"), (3.0, "fast")];
    // one applier: the sum of the work. Commits at 1, 2, 3, 4, on the replica 2.001 ms later
    let (count, sum) = apply_delays(&play(&replicated(&appliers(1), MIXED), &arrivals));
    assert_eq!(count, 4);
    assert!((sum - (22.001 + 24.001 + 43.001 + 45.001)).abs() < 1e-4, "{sum}");
    // four: the fast ones wait for the slow ones before them
    let (_, sum) = apply_delays(&play(&replicated(&appliers(4), MIXED), &arrivals));
    assert!((sum - (22.001 + 21.001 + 22.001 + 21.001)).abs() < 1e-4, "{sum}");
    // two: the third begins when the first two have committed, at 23.001
    let (_, sum) = apply_delays(&play(&replicated(&appliers(2), MIXED), &arrivals));
    assert!((sum - (22.001 + 21.001 + 40.001 + 39.001)).abs() < 1e-4, "{sum}");
}

#[test]
fn the_replicas_own_durability_costs_its_own_disk() {
    let own = appliers(1).replace("sync_binlog = 0", "sync_binlog = 1");
    let outcome = play(&replicated(&own, ""), &[(0.0, "writes")]);
    let (_, delay) = apply_delays(&outcome);
    assert!((delay - 19.0).abs() < 1e-4, "{delay}");
    assert!((outcome.busy_ms("d2.disk") - 1.0).abs() < 1e-4);
    outcome.assert_latencies(&[1.0]);
}

#[test]
fn applying_contends_with_reads_for_the_replicas_cpu() {
    let reads = "[request.reads]\ndb.reads = { count = 1, cpu = \"10 ms\" }\n";
    let text = replicated(&format!("reads = \"replica\"\n{}", appliers(1)), reads);
    let one_core = text.replacen("cores = 4", "cores = 9", 1).replacen("cores = 4", "cores = 1", 1);
    // it applies from 13 to 18 where it is alone; the read is there from 14 on
    play(&text, &[(0.0, "writes"), (12.0, "reads")]).assert_latencies(&[1.0, 14.0]);
    // from 14 to 22 both at half speed
    let outcome = play(&one_core, &[(0.0, "writes"), (12.0, "reads")]);
    outcome.assert_latencies(&[1.0, 4.0 + 10.0 + 4.0]);
    assert_eq!(apply_delays(&outcome), (1, 21.0));
}

#[test]
fn reads_before_all_is_applied_are_stale() {
    let text = replicated(&format!("reads = \"replica\"\n{}", appliers(1)), READS);
    // pending from 1 to 18; a read reaches the replica 2 ms after it came
    let outcome = play(&text, &[(0.0, "writes"), (-0.0, "reads"), (10.0, "reads"), (15.5, "reads"), (16.5, "reads")]);
    let replica = &outcome.result.replicas[0];
    assert_eq!((replica.reads, replica.stale_reads), (4, 3));
    assert_eq!(replica.own_write_misses, None);
}

fn arrivals(outcome: &Outcome) -> (u64, u64) {
    let at = |server: &str| outcome.station(&format!("db.{server}.max_connections")).arrivals;
    (at("d1"), at("d2"))
}

#[test]
fn reads_go_where_the_rule_says() {
    let ten: Vec<_> = (0..10).map(|i| (i as f64 * 10.0, "reads")).collect();
    let text = |rule: &str| replicated(&format!("reads = {rule}\n{}", appliers(1)), READS);
    let outcome = play(&text("\"primary\""), &ten);
    assert_eq!(outcome.station("db.d1.max_connections").arrivals, 10);
    outcome.assert_latencies(&[1.0; 10]);
    let outcome = play(&text("\"replica\""), &ten);
    assert_eq!(arrivals(&outcome), (0, 10));
    outcome.assert_latencies(&[5.0; 10]);
    assert_eq!(arrivals(&play(&text("\"any\""), &ten)), (5, 5));
}

#[test]
fn a_lag_limit_looks_at_the_lag_as_last_polled() {
    let text = replicated(&format!("reads = {{ max_lag = \"5 ms\", poll = \"10 ms\" }}\n{}", appliers(1)), READS);
    // pending from 1 to 18; polls at 0 (none), 10 (9 ms), 20 (none)
    let outcome = play(&text, &[(0.0, "writes"), (8.0, "reads"), (11.0, "reads"), (19.5, "reads"), (20.5, "reads")]);
    outcome.assert_latencies(&[1.0, 5.0, 1.0, 1.0, 5.0]);
    // the first look after the poll at 10 comes when all is applied: the poll has seen the lag all the same
    play(&text, &[(0.0, "writes"), (19.0, "reads")]).assert_latencies(&[1.0, 1.0]);
}

#[test]
fn a_transaction_behind_a_read_goes_over_the_primarys_wire() {
    // the application is on the primary's own server: no delay for the transaction, wherever it read before
    let request = "[request.both]\ndb.reads = { count = 1, cpu = \"1 ms\" }\ndb.transactions = [{ cpu = \"1 ms\", log = \"1 B\" }]\n";
    let text = replicated(&format!("reads = \"replica\"\n{}", appliers(1)), request);
    play(&text, &[(0.0, "both")]).assert_latencies(&[2.0 + 1.0 + 2.0 + 1.0]);
}

fn session(think_ms: f64, second: &str) -> Outcome {
    let text = replicated(&format!("reads = \"replica\"\n{}", appliers(1)), READS);
    let users = format!(
        "[simulation]\nduration = \"1 s\"\nwarmup = \"0 s\"\n[traffic.users]\nprocess = \"closed\"\nusers = 1\n\
         think = \"{think_ms} ms\"\nsession = [\"writes\", \"reads\"]\n{second}\n"
    );
    run(&(text + &users))
}

#[test]
fn a_user_misses_its_own_write_while_it_is_not_applied() {
    // applied 17 ms after the answer; the read is there after the thinking and 2 ms
    let quick = session(14.5, "");
    let replica = &quick.result.replicas[0];
    assert!(replica.reads > 20);
    assert_eq!(replica.own_write_misses, Some(replica.reads));
    let slow = session(15.5, "");
    assert!(slow.result.replicas[0].reads > 20);
    assert_eq!(slow.result.replicas[0].own_write_misses, Some(0));
}

#[test]
fn the_writes_of_other_users_are_not_ones_own() {
    let readers = "[traffic.readers]\nprocess = \"closed\"\nusers = 3\nthink = \"1 ms\"\nsession = [\"reads\"]\n";
    let replica = &session(15.5, readers).result.replicas[0];
    assert!(replica.stale_reads > 100);
    assert_eq!(replica.own_write_misses, Some(0));
}

#[test]
fn two_replicas_share_the_primarys_card() {
    let text = replicated(&appliers(1), "").replace("[\"d2\"]", "[\"d2\", \"d3\"]") + &server("d3", 4);
    let outcome = play(&text, &[(0.0, "writes")]);
    for replica in &outcome.result.replicas {
        assert_eq!(
            (replica.apply_delay_ns.count(), replica.apply_delay_ns.sum()),
            (1, 27_000_000),
            "{}",
            replica.server
        );
    }
}

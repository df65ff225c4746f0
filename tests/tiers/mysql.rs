//! MySQL on one server: the buffer pool, group commit, durability settings.

use crate::{NEAR, near, play, server};

/// A disk whose operations take no time worth mentioning, but an fsync 2 ms.
const FAST: &str = "disk = { iops = 1000000000, throughput = \"1000000 GB/s\", latency = \"0 ms\", fsync = \"2 ms\" }";

fn database(db: &str, request: &str) -> String {
    let d = server("d", 4);
    format!(
        "{NEAR}{}{d}\n[service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = 100\ndatabase = {{ service = \"db\" }}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"d\"\n{db}\n{request}\n",
        server("a", 4)
    )
}

const WRITES: &str = "[request.writes]\ndb.transactions = [{ cpu = \"0 ms\", pages = 0, log = \"1 B\" }]\n";

/// End of each of these commits that come at the same instant.
fn commits(settings: &str, count: usize) -> Vec<f64> {
    let text = database(&format!("buffer_pool_hit = 1.0\n{settings}"), WRITES);
    let slow = text.split("[server.d]").nth(1).unwrap().split("[service").next().unwrap().to_string();
    let disk = slow.lines().find(|line| line.starts_with("disk")).unwrap().to_string();
    let outcome = play(&text.replace(&disk, FAST), &vec![(0.0, "writes"); count]);
    outcome.latencies().iter().map(|ms| (ms * 1e3).round() / 1e3).collect()
}

#[test]
fn commits_of_one_instant_share_fsyncs_and_the_stages_pipeline() {
    // the first alone: redo to 2, binlog to 4. The others are flushed together from 2 to 4, while the first
    // is in the sync stage, and synced together to 6
    assert_eq!(commits("", 1), [4.0]);
    assert_eq!(commits("", 2), [4.0, 6.0]);
    assert_eq!(commits("", 5), [4.0, 6.0, 6.0, 6.0, 6.0]);
}

#[test]
fn durability_settings_leave_stages_out() {
    for flush in [0, 2] {
        let flush = format!("innodb_flush_log_at_trx_commit = {flush}");
        assert_eq!(commits(&flush, 3), [2.0, 4.0, 4.0], "{flush}");
        assert_eq!(commits(&format!("{flush}\nsync_binlog = 0"), 3), [0.0; 3], "{flush}");
        // each second group: the first is not synced, the second is, and the third waits for it
        assert_eq!(commits(&format!("{flush}\nsync_binlog = 2"), 3), [0.0, 2.0, 2.0], "{flush}");
        assert_eq!(commits(&format!("{flush}\nsync_binlog = 3"), 4), [0.0, 0.0, 2.0, 2.0], "{flush}");
    }
    assert_eq!(commits("sync_binlog = 0", 3), [2.0, 4.0, 4.0]);
}

#[test]
fn both_stages_share_one_disk() {
    // operations of 1 ms, then 1 ms of each fsync without the disk: the next group's redo comes to the disk
    // before the first one's binlog
    let outcome = play(&database("buffer_pool_hit = 1.0", WRITES), &[(0.0, "writes"); 3]);
    outcome.assert_latencies(&[5.0, 7.0, 7.0]);
    assert_eq!(outcome.station("d.disk").arrivals, 4);
    assert_eq!(outcome.busy_ms("d.disk"), 4.0);
}

#[test]
fn a_commit_that_comes_while_a_group_is_in_its_fsync_waits_for_the_next() {
    let text = database("buffer_pool_hit = 1.0\nsync_binlog = 0", WRITES);
    play(&text, &[(0.0, "writes"), (1.5, "writes"), (4.5, "writes")]).assert_latencies(&[2.0, 2.5, 2.0]);
}

#[test]
fn transactions_without_writes_do_not_exist_and_reads_do_not_commit() {
    let reads = "[request.reads]\ndb.reads = { count = 2, cpu = \"3 ms\", pages = 5 }\n";
    let outcome = play(&database("buffer_pool_hit = 1.0", reads), &[(0.0, "reads")]);
    outcome.assert_latencies(&[6.0]);
    assert!(outcome.result.stations.iter().all(|s| s.name != "d.disk"));
}

#[test]
fn pages_that_miss_the_buffer_pool_are_read_from_the_disk_one_after_the_other() {
    let reads = "[request.reads]\ndb.reads = { count = 1, cpu = \"3 ms\", pages = 4 }\n";
    let text = database("buffer_pool_hit = 0.0", reads);
    play(&text, &[(0.0, "reads"), (0.0, "reads")]).assert_latencies(&[7.0, 11.0]);
    // latency beyond the operation passes without the disk
    let slow = text.replace("latency = \"0 ms\"", "latency = \"1.5 ms\"");
    play(&slow, &[(0.0, "reads"), (0.0, "reads")]).assert_latencies(&[9.0, 13.0]);
}

#[test]
fn the_share_of_misses_follows_from_the_sizes() {
    let reads = "[request.reads]\ndb.reads = { count = 1, cpu = \"0 ms\", pages = 1 }\n";
    let sizes = "innodb_buffer_pool_size = \"6 GiB\"\ndata = { size = \"8 GiB\", popularity = \"uniform\" }";
    let arrivals: Vec<_> = (0..4000).map(|i| (i as f64 * 2.0, "reads")).collect();
    let outcome = play(&database(sizes, reads), &arrivals);
    near(outcome.station("d.disk").arrivals as f64, 1000.0, 0.1);
    near(outcome.busy_ms("d.disk"), outcome.station("d.disk").arrivals as f64, 1e-4);
}

#[test]
fn a_transaction_reads_its_pages_and_waits_before_it_commits() {
    let request = "[request.writes]\ndb.transactions = [{ reads = 2, writes = 1, cpu = \"3 ms\", pages = 2, wait = \"4 ms\", log = \"1 B\" }]\n";
    let text = database("buffer_pool_hit = 0.0\nsync_binlog = 0", request);
    // 3 of CPU, 4 of waiting, 6 pages, one fsync
    play(&text, &[(0.0, "writes")]).assert_latencies(&[15.0]);
}

#[test]
fn transactions_of_a_class_come_one_after_the_other() {
    let request = "[request.writes]\ndb.transactions = [{ cpu = \"1 ms\", pages = 0, log = \"1 B\" }, { cpu = \"2 ms\", pages = 0, log = \"1 B\" }]\n";
    play(&database("buffer_pool_hit = 1.0", request), &[(0.0, "writes")]).assert_latencies(&[11.0]);
}

//! A backup: what it reads, how fast, and what it does to who works there.

use crate::{NEAR, Outcome, near, play, run, server};

/// Disks whose operations take 1 ms, cards of 1 MB/s.
fn database(backup: &str, more: &str) -> String {
    format!(
        "{NEAR}{}{}{}[service.app]\nkind = \"app\"\nservers = [\"a\"]\ndatabase = {{ service = \"db\" }}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"d1\"\nreplicas = [\"d2\"]\nbuffer_pool_hit = 0.0\nreads = \"replica\"\n\
         backup = {{ {backup} }}\n[request.reads]\ndb.reads = {{ count = 1, cpu = \"0 ms\", pages = 1 }}\n{more}\n",
        server("a", 4),
        server("d1", 4),
        server("d2", 4)
    )
}

fn ended_ms(outcome: &Outcome) -> (f64, f64) {
    let backup = outcome.result.databases[0].backup.expect("there is a backup");
    let ms = |ns: Option<u64>| ns.expect("it has happened") as f64 / 1e6;
    (ms(backup.began_ns), ms(backup.ended_ns))
}

#[test]
fn a_backup_reads_all_of_its_size_piece_by_piece() {
    let text = database("at = \"5 ms\", size = \"40 kB\", read_size = \"10 kB\", cpu = \"2 ms\"", "");
    let outcome = play(&text, &[(0.0, "reads")]);
    // four reads of an operation of 1 ms and 2 ms of CPU, on the replica
    assert_eq!(ended_ms(&outcome), (5.0, 17.0));
    assert_eq!(outcome.busy_ms("d2.cpu"), 8.0);
    assert!((outcome.busy_ms("d2.disk") - 5.0).abs() < 1e-4);
    // the end of the run waits for it
    assert!((outcome.result.measured_s - 0.017).abs() < 1e-9);
}

#[test]
fn a_backup_of_the_primary_goes_over_its_card() {
    let keys = "server = \"d1\", to = \"a\", at = \"0 s\", size = \"30 kB\", read_size = \"10 kB\", cpu = \"0 ms\"";
    let outcome = play(&database(keys, ""), &[(0.0, "reads")]);
    assert_eq!(ended_ms(&outcome), (0.0, 33.0));
    assert_eq!((outcome.busy_ms("d1.nic_out"), outcome.busy_ms("a.nic_in")), (30.0, 30.0));
}

#[test]
fn a_backup_does_not_exceed_its_rate() {
    // a read each 4 ms, the last one done 1 ms after it began
    let keys = "at = \"0 s\", size = \"40 kB\", read_size = \"4 kB\", rate = \"1 MB/s\", cpu = \"0 ms\"";
    assert_eq!(ended_ms(&play(&database(keys, ""), &[(0.0, "reads")])), (0.0, 37.0));
}

#[test]
fn reads_wait_for_the_disk_behind_the_backup() {
    let keys = "at = \"0 s\", size = \"1 MB\", read_size = \"10 kB\", cpu = \"0 ms\"";
    // there is always one of its reads at the disk
    let outcome = play(&database(keys, ""), &[(0.5, "reads"), (200.0, "reads")]);
    outcome.assert_latencies(&[1.5, 1.0]);
}

#[test]
fn a_replica_lags_while_it_is_backed_up() {
    let writes = "[request.writes]\ndb.transactions = [{ cpu = \"0 ms\", apply_cpu = \"1 ms\", pages = 1, log = \"1 B\" }]\n\
                  [simulation]\nduration = \"100 s\"\nwarmup = \"5 s\"\n\
                  [traffic.t]\nprocess = \"poisson\"\nrate = \"80/s\"\nmix = { writes = 1 }\n";
    let lag = |size: &str| {
        let keys =
            format!("at = \"0 s\", size = \"{size}\", read_size = \"1 kB\", rate = \"300 kB/s\", cpu = \"0 ms\"");
        let outcome = run(&database(&keys, writes));
        let delay = outcome.result.replicas[0].apply_delay_ns.mean().unwrap() / 1e6;
        (delay, outcome.busy_ms("d2.disk") / 1e3 / outcome.result.measured_s)
    };
    let (alone, idle) = lag("1 kB");
    let (beside, busy) = lag("1 GB");
    near(busy - idle, 0.3, 0.02);
    assert!(beside > 1.1 * alone, "{beside} ms with the backup, {alone} ms without");
}

//! MySQL and what is around it: replication, failover, backups.

use super::Value::*;
use super::{Group, Key, Of, key, must, of_kind};
use crate::scenario::quantity::Dimension::*;

pub const GROUPS: &[Group] = &[
    of_kind("service.NAME", "mysql", MYSQL),
    of_kind("service.NAME.replication", "mysql", REPLICATION),
    of_kind("service.NAME.failover", "mysql", FAILOVER),
    of_kind("service.NAME.backup", "mysql", BACKUP),
];

const FLUSH: &str = "1: each commit waits for an fsync of the redo log; 0 and 2: none does, and a crash loses up to a \
                     second.";
const BINLOG: &str = "1: each group of commits waits for an fsync of the binlog; N: every Nth; 0: none.";

const MYSQL: &[Key] = &[
    must("primary", Name(Of::Server), "The server that takes the writes."),
    key("replicas", Names(Of::Server), "Servers that apply what the primary has committed."),
    key("max_connections", Whole(1, 100_000), "Statements at a time of each server; those above fail (error 1040)."),
    key("innodb_buffer_pool_size", Positive(Size), "Memory for pages; a page that is not there is read from the disk."),
    key("data", Table, "The data, from which the share of page reads that the buffer pool answers is computed."),
    must("data.size", Positive(Size), "Of all pages."),
    key("data.popularity", Popularity, "How unevenly they are read."),
    key("buffer_pool_hit", Number(0.0, 1.0), "Share of page reads that the buffer pool answers, in place of `data`."),
    key("innodb_flush_log_at_trx_commit", Whole(0, 2), FLUSH),
    key("sync_binlog", Whole(0, 1_000_000), BINLOG),
    key(
        "reads",
        TableOr(&Choice(&["primary", "replica", "any"])),
        "Who answers reads outside transactions; { max_lag = \"1 s\" }: replicas that are not further behind.",
    ),
    must("reads.max_lag", Quantity(Time), "`seconds_behind` of a replica, as it was last asked for."),
    key("reads.poll", Positive(Time), "How often it is asked for."),
    key("replication", Table, "How commits come to the replicas, and how these apply them."),
    key("failover", Table, "Who notices that the primary is gone, and promotes a replica. Left out: nobody."),
    key("backup", Table, "A copy of a server's files while it serves."),
];

const REPLICATION: &[Key] = &[
    key("mode", Choice(&["async", "semi-sync"]), "Whether a commit waits until replicas have received it."),
    key(
        "wait_point",
        Choice(&["AFTER_SYNC", "AFTER_COMMIT"]),
        "With semi-sync: whether others see a transaction only after the acknowledgement, or before it.",
    ),
    key("timeout", Positive(Time), "With semi-sync: after such a wait commits go on without acknowledgements."),
    key("wait_for_replica_count", Whole(1, 65_535), "With semi-sync: replicas whose acknowledgement is waited for."),
    key("sync_relay_log", Whole(0, 1_000_000), "An fsync of the relay log every so many events; 0: none."),
    key(
        "replica_parallel_workers",
        Whole(1, 1024),
        "Transactions that a replica applies at a time; commits keep order.",
    ),
    key("apply_overhead", Distribution(Time), "CPU of the applier for each transaction, beside its statements."),
    key("source_connect_retry", Positive(Time), "Between two tries of a replica to connect to its source."),
    key("replica_net_timeout", Positive(Time), "Silence after which a replica takes its source to be gone."),
    key("innodb_flush_log_at_trx_commit", Whole(0, 2), FLUSH),
    key("sync_binlog", Whole(0, 1_000_000), BINLOG),
];

const FAILOVER: &[Key] = &[
    key("check_interval", Positive(Time), "Between two looks whether the primary answers."),
    key("check_timeout", Positive(Time), "For its answer."),
    key("failures", Whole(1, 1000), "Looks in a row without an answer until it is taken to be gone."),
    key("promotion", Quantity(Time), "From the last transaction applied until the replica takes writes."),
    key("switch", Quantity(Time), "From then on until clients know of the new primary."),
    key("rebuild", Positive(Time), "Until an old primary that cannot rejoin is a replica again."),
    key("server", Name(Of::Server), "Where whoever looks is; then a cut around it, or its end, concerns it too."),
    key(
        "candidate",
        Names(Of::Server),
        "Replicas that may be promoted: whichever has received most, of equals the first.",
    ),
];

const BACKUP: &[Key] = &[
    key("server", Name(Of::Server), "Whose files are copied."),
    must("at", Quantity(Time), "When it begins, from t = 0."),
    key("size", Positive(Size), "What is copied; all of `data` if left out."),
    key("rate", Positive(Throughput), "At most so fast; as fast as it can if left out."),
    key("read_size", Positive(Size), "Of one read from the disk."),
    key("cpu", Distribution(Time), "CPU for each such read."),
    key("to", Name(Of::Server), "The server that it goes to over the network; left out: nothing does."),
];

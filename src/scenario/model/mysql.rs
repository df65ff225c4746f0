//! `kind = "mysql"`.

use super::{Popularity, ServerId};
use crate::engine::Distribution;

#[derive(Clone, Debug)]
pub struct Mysql {
    pub primary: ServerId,
    pub replicas: Vec<ServerId>,
    pub max_connections: u32,
    pub buffer_pool_bytes: f64,
    pub buffer_pool: BufferPool,
    /// 1: redo fsync at each commit (group); 0, 2: not.
    pub flush_log_at_trx_commit: u32,
    /// 1: binlog fsync at each group; 0: never; n: each n groups.
    pub sync_binlog: u32,
    pub reads: Reads,
    /// `None`: asynchronous.
    pub semi_sync: Option<SemiSync>,
    /// 0: the relay log is left to the page cache; n: an fsync at each n-th event received.
    pub sync_relay_log: u32,
    pub replica_parallel_workers: u32,
    /// CPU seconds on the replica for one binlog event besides the writes themselves.
    pub apply_overhead: Distribution,
    pub replica_flush_log_at_trx_commit: u32,
    pub replica_sync_binlog: u32,
    pub backup: Option<Backup>,
    /// Seconds from one try of a replica to reach its source to the next, and from the last byte of a silent source
    /// to the first try.
    pub source_connect_retry_s: f64,
    pub replica_net_timeout_s: f64,
    /// `None`: nobody promotes a replica.
    pub failover: Option<Failover>,
}

/// Who watches the primary, and promotes a replica when it is gone. Times are in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Failover {
    pub check_interval_s: f64,
    pub check_timeout_s: f64,
    /// Failed checks in a row.
    pub failures: u32,
    /// Opening the candidate for writes, once it has applied all that it has received.
    pub promotion_s: f64,
    /// Until clients send their writes there.
    pub switch_s: f64,
    /// Until an old primary that holds what the new one lacks is a replica again.
    pub rebuild_s: f64,
    /// Indices within the service, in the order of preference.
    pub candidates: Vec<usize>,
    /// Where the watcher runs; `None`: on a machine of its own that no fault concerns.
    pub server: Option<ServerId>,
}

/// A physical copy of the data files (xtrabackup): reads one piece after the other, and passes it on.
#[derive(Clone, Debug, PartialEq)]
pub struct Backup {
    /// Index within the service: 0 is the primary.
    pub instance: usize,
    /// Seconds from t = 0.
    pub at_s: f64,
    pub size_bytes: f64,
    /// Bytes per second that it does not exceed; `None`: as fast as it goes.
    pub rate_bytes_per_s: Option<f64>,
    /// Bytes of one read.
    pub read_bytes: f64,
    /// CPU seconds for each read.
    pub cpu: Distribution,
    /// The server that it is sent to; `None`: nowhere over the network.
    pub to: Option<ServerId>,
}

/// A commit waits until replicas have received it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SemiSync {
    pub wait_point: WaitPoint,
    /// Seconds a commit waits before the primary goes on without acknowledgements.
    pub timeout_s: f64,
    pub wait_for_replica_count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitPoint {
    /// Between the binlog and the engine: nobody sees the transaction before it is acknowledged.
    AfterSync,
    /// Behind the engine's commit: others see the transaction while its own client waits.
    AfterCommit,
}

#[derive(Clone, Debug)]
pub enum BufferPool {
    /// `buffer_pool_hit`: the share of page reads found in memory.
    Hit(f64),
    /// Computed from the data's size and popularity.
    Data { size_bytes: f64, popularity: Popularity },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reads {
    Primary,
    /// A replica, round robin; the primary when there is none.
    Replica,
    /// Primary and replicas, round robin.
    Any,
    /// A replica whose `seconds_behind`, as last polled, is at most this; else the primary.
    MaxLag {
        max_lag_s: f64,
        poll_s: f64,
    },
}

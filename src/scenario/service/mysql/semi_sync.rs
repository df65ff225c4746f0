//! `replication.mode`, and what semi-synchronous replication waits for.

use crate::scenario::model::{SemiSync, WaitPoint};
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Flaw, Reader, Section};
use crate::scenario::values::{choice, positive, whole};

const MANUAL: &str = "MySQL 8.0 reference manual";

pub fn read(reader: &mut Reader, replication: &mut Section<'_>, replicas: usize) -> Option<SemiSync> {
    let modes = choice(&[("async", false), ("semi-sync", true)]);
    let node = replication.get("mode").map(|entry| &entry.node);
    let waits = replication.or_default(reader, "mode", modes, "\"async\"", MANUAL);
    let points = choice(&[("AFTER_SYNC", WaitPoint::AfterSync), ("AFTER_COMMIT", WaitPoint::AfterCommit)]);
    if !waits {
        // nothing asks for them, so their defaults are not told; who wrote them is warned
        replication.optional(reader, "wait_point", points);
        replication.optional(reader, "timeout", positive(Dimension::Time));
        replication.optional(reader, "wait_for_replica_count", whole(1, 65_535));
        return None;
    }
    if replicas == 0
        && let Some(node) = node
    {
        let flaw = Flaw::new("there is no replica to wait for", "semi-sync without a replica")
            .help("name one: replicas = [\"db2\"], or write mode = \"async\"");
        reader.flaw(&replication.key("mode"), node, flaw);
    }
    let semi_sync = SemiSync {
        wait_point: replication.or_default(
            reader,
            "wait_point",
            points,
            "\"AFTER_SYNC\"",
            "MySQL 8.0 reference manual, rpl_semi_sync_source_wait_point",
        ),
        timeout_s: replication.or_default(
            reader,
            "timeout",
            positive(Dimension::Time),
            "\"10 s\"",
            "MySQL 8.0 reference manual, rpl_semi_sync_source_timeout: 10000 ms",
        ),
        wait_for_replica_count: replication.or_default(
            reader,
            "wait_for_replica_count",
            whole(1, 65_535),
            "1",
            "MySQL 8.0 reference manual, rpl_semi_sync_source_wait_for_replica_count",
        ),
    };
    let wanted = semi_sync.wait_for_replica_count as usize;
    if replicas > 0
        && wanted > replicas
        && let Some(entry) = replication.get("wait_for_replica_count")
    {
        let flaw = Flaw::new(format!("waits for {wanted} replicas, and there are {replicas}"), "never acknowledged")
            .help("name more replicas, or wait for fewer");
        reader.flaw(&replication.key("wait_for_replica_count"), &entry.node, flaw);
    }
    Some(semi_sync)
}

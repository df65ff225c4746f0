//! `kind = "mysql"`. Defaults are those of the MySQL 8.0 reference manual.

mod backup;
mod failover;
mod semi_sync;

use super::Surroundings;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::distribution::{distribution, popularity};
use crate::scenario::model::{BufferPool, Mysql, Reads, ServerId};
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Flaw, Reader, Section};
use crate::scenario::tree::Value;
use crate::scenario::values::{choice, names, number, positive, quantity, whole};

const MANUAL: &str = "MySQL 8.0 reference manual";

pub fn read(reader: &mut Reader, section: &mut Section<'_>, around: &Surroundings<'_>) -> Mysql {
    if let Some(entry) = section.take_named("servers") {
        reader.error(
            Diagnostic::at(entry.key_place.clone(), format!("{}: mysql does not use it", section.key("servers")))
                .label("unknown for mysql")
                .help("write primary = \"db1\" and replicas = [\"db2\"]"),
        );
    }
    let primary = read_primary(reader, section, around);
    let replicas = read_replicas(reader, section, around, primary);
    section.unsupported(reader, "read_only", "leave it out: a replica takes no writes, and the primary takes all");
    let durable = |reader: &mut Reader, section: &mut Section<'_>| {
        let flush = whole(0, 2);
        (
            section.or_default(reader, "innodb_flush_log_at_trx_commit", flush, "1", MANUAL),
            section.or_default(reader, "sync_binlog", whole(0, 1_000_000), "1", MANUAL),
        )
    };
    let max_connections = section.or_default(reader, "max_connections", whole(1, 100_000), "151", MANUAL);
    let buffer_pool_bytes =
        section.or_default(reader, "innodb_buffer_pool_size", positive(Dimension::Size), "128 MiB", MANUAL);
    let buffer_pool = read_buffer_pool(reader, section);
    let (flush_log_at_trx_commit, sync_binlog) = durable(reader, section);
    let reads = read_reads(reader, section);
    let instances: Vec<ServerId> = std::iter::once(primary).chain(replicas.iter().copied()).collect();
    let size_bytes = match &buffer_pool {
        BufferPool::Data { size_bytes, .. } => Some(*size_bytes),
        BufferPool::Hit(_) => None,
    };
    let failover = failover::read(reader, section, around, &instances);
    let backup = backup::read(reader, section, around, &instances, size_bytes);
    section.within(reader, "replication", |reader, replication| {
        let semi_sync = semi_sync::read(reader, replication, replicas.len());
        let relay_log = "our choice: never; MySQL's default of 10000 is next to never";
        let sync_relay_log = replication.or_default(reader, "sync_relay_log", whole(0, 1_000_000), "0", relay_log);
        let workers = "MySQL 8.0.27 reference manual, replica_parallel_workers: 4";
        let overhead = "our lab: each event costs the applier 0.4 ms beside the statement";
        let replica_parallel_workers =
            replication.or_default(reader, "replica_parallel_workers", whole(1, 1024), "4", workers);
        let apply_overhead =
            replication.or_default(reader, "apply_overhead", distribution(Dimension::Time), "0.4 ms", overhead);
        let source_connect_retry_s = replication.or_default(
            reader,
            "source_connect_retry",
            positive(Dimension::Time),
            "\"60 s\"",
            "MySQL 8.0 reference manual, SOURCE_CONNECT_RETRY",
        );
        let replica_net_timeout_s = replication.or_default(
            reader,
            "replica_net_timeout",
            positive(Dimension::Time),
            "\"60 s\"",
            "MySQL 8.0 reference manual, replica_net_timeout",
        );
        let (replica_flush_log_at_trx_commit, replica_sync_binlog) = durable(reader, replication);
        Mysql {
            primary,
            replicas,
            max_connections,
            buffer_pool_bytes,
            buffer_pool,
            flush_log_at_trx_commit,
            sync_binlog,
            reads,
            semi_sync,
            sync_relay_log,
            replica_parallel_workers,
            apply_overhead,
            replica_flush_log_at_trx_commit,
            replica_sync_binlog,
            backup,
            source_connect_retry_s,
            replica_net_timeout_s,
            failover,
        }
    })
}

fn read_primary(reader: &mut Reader, section: &mut Section<'_>, around: &Surroundings<'_>) -> ServerId {
    let Some(entry) = section.take("primary") else {
        section.missing(reader, "primary", "name the server that takes the writes: primary = \"db1\"");
        return 0;
    };
    section.assume_given(reader, "primary", &entry.node);
    around.names.server(&entry.node).unwrap_or_else(|flaw| {
        reader.flaw(&section.key("primary"), &entry.node, flaw);
        0
    })
}

fn read_replicas(
    reader: &mut Reader,
    section: &mut Section<'_>,
    around: &Surroundings<'_>,
    primary: ServerId,
) -> Vec<ServerId> {
    let Some(entry) = section.take("replicas") else {
        section.assume_default(reader, "replicas", &Value::Array(Vec::new()), "none unless named");
        return Vec::new();
    };
    section.assume_given(reader, "replicas", &entry.node);
    let key = section.key("replicas");
    let names = match names(&entry.node, "replicas = [\"db2\"]") {
        Ok(names) => names,
        Err(flaw) => {
            reader.flaw(&key, &entry.node, flaw);
            return Vec::new();
        }
    };
    let mut replicas = Vec::new();
    for (name, node) in names {
        match around.names.server(node) {
            Ok(server) if server == primary && section.has("primary") => {
                let flaw = Flaw::new(format!("`{name}` is the primary already"), "the primary")
                    .help("a replica needs a server of its own");
                reader.flaw(&key, node, flaw);
            }
            Ok(server) if replicas.contains(&server) => {
                reader.flaw(
                    &key,
                    node,
                    Flaw::new(format!("`{name}` is named twice"), "again").help("name each replica once"),
                );
            }
            Ok(server) => replicas.push(server),
            Err(flaw) => reader.flaw(&key, node, flaw),
        }
    }
    replicas
}

fn read_buffer_pool(reader: &mut Reader, section: &mut Section<'_>) -> BufferPool {
    section.conflict(reader, "data", "buffer_pool_hit");
    let data = section.within_if(reader, "data", |reader, data| BufferPool::Data {
        size_bytes: data.required(reader, "size", positive(Dimension::Size), "\"40 GiB\""),
        popularity: data.or_default(
            reader,
            "popularity",
            popularity,
            "\"zipf(0.9)\"",
            "our choice: few rows take most reads",
        ),
    });
    match data {
        Some(data) => {
            section.take("buffer_pool_hit");
            data
        }
        None => BufferPool::Hit(section.or_default(
            reader,
            "buffer_pool_hit",
            number(0.0, 1.0),
            "0.99",
            "our choice: a buffer pool that fits its data; give `data` to have it computed",
        )),
    }
}

fn read_reads(reader: &mut Reader, section: &mut Section<'_>) -> Reads {
    let words = choice(&[("primary", Reads::Primary), ("replica", Reads::Replica), ("any", Reads::Any)]);
    if matches!(section.get("reads").map(|entry| &entry.node.value), Some(Value::Table(_))) {
        return section.within(reader, "reads", |reader, reads| Reads::MaxLag {
            max_lag_s: reads.required(reader, "max_lag", quantity(Dimension::Time), "\"1 s\""),
            poll_s: reads.or_default(reader, "poll", positive(Dimension::Time), "2 s", "ProxySQL documentation, mysql-monitor_replication_lag_interval is 10 s; our choice is closer to a checker's 2 s"),
        });
    }
    section.or_default(
        reader,
        "reads",
        words,
        "\"primary\"",
        "our choice: a client that knows one address reads where it writes",
    )
}

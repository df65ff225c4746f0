//! `failover`: who notices that the primary is gone, and what is done then.

use super::Surroundings;
use crate::scenario::model::{Failover, ServerId};
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Flaw, Reader, Section};
use crate::scenario::tree::Value;
use crate::scenario::values::{names, positive, quantity, whole};

/// `instances` are the servers of the database, the primary first.
pub fn read(
    reader: &mut Reader,
    section: &mut Section<'_>,
    around: &Surroundings<'_>,
    instances: &[ServerId],
) -> Option<Failover> {
    if instances.len() == 1
        && let Some(entry) = section.get("failover")
    {
        let flaw = Flaw::new("there is no replica to promote", "failover without a candidate")
            .help("name one: replicas = [\"db2\"], or remove it");
        let place = section.key("failover");
        reader.flaw(&place, &entry.node, flaw);
    }
    section.within_if(reader, "failover", |reader, failover| {
        let monitor = "ProxySQL documentation, mysql-monitor_ping_max_failures";
        let timeout = "ProxySQL documentation, mysql-monitor_ping_timeout: 1000 ms";
        let lab = "our lab: stopping the replication and opening the replica takes some 0.1 s";
        let seen = "ProxySQL documentation, mysql-monitor_read_only_interval: 1500 ms, until it sees the new primary";
        let check_interval_s = failover.or_default(
            reader,
            "check_interval",
            positive(Dimension::Time),
            "\"5 s\"",
            "orchestrator documentation, InstancePollSeconds",
        );
        let check_timeout_s =
            failover.or_default(reader, "check_timeout", positive(Dimension::Time), "\"1 s\"", timeout);
        let failures = failover.or_default(reader, "failures", whole(1, 1000), "3", monitor);
        let promotion_s = failover.or_default(reader, "promotion", quantity(Dimension::Time), "\"0.1 s\"", lab);
        let switch_s = failover.or_default(reader, "switch", quantity(Dimension::Time), "\"1.5 s\"", seen);
        let rebuild = "our choice: a copy of some hundred GiB, taken by hand";
        let rebuild_s = failover.or_default(reader, "rebuild", positive(Dimension::Time), "\"1 h\"", rebuild);
        let server = failover.optional(reader, "server", |_, node| around.names.server(node));
        let candidates = read_candidates(reader, failover, around, instances);
        Failover { check_interval_s, check_timeout_s, failures, promotion_s, switch_s, rebuild_s, candidates, server }
    })
}

/// Left out, every replica is one, in the order of `replicas`.
fn read_candidates(
    reader: &mut Reader,
    failover: &mut Section<'_>,
    around: &Surroundings<'_>,
    instances: &[ServerId],
) -> Vec<usize> {
    let known = &around.names.servers;
    let Some(entry) = failover.take("candidate") else {
        let all = instances[1..].iter().filter_map(|&server| known.get(server));
        let all = Value::Array(all.map(|name| crate::scenario::reader::own(&format!("\"{name}\""))).collect());
        failover.assume_default(reader, "candidate", &all, "our choice: any replica");
        return (1..instances.len()).collect();
    };
    failover.assume_given(reader, "candidate", &entry.node);
    let key = failover.key("candidate");
    let found = match names(&entry.node, "candidate = [\"db2\"]") {
        Ok(found) => found,
        Err(flaw) => {
            reader.flaw(&key, &entry.node, flaw);
            return Vec::new();
        }
    };
    if found.is_empty() {
        let flaw = Flaw::new("names nobody", "failover without a candidate")
            .help("name a replica, or leave it out: then each replica is one");
        reader.flaw(&key, &entry.node, flaw);
    }
    let mut candidates = Vec::new();
    for (name, node) in found {
        let server = match around.names.server(node) {
            Ok(server) => server,
            Err(flaw) => {
                reader.flaw(&key, node, flaw);
                continue;
            }
        };
        match instances.iter().position(|&on| on == server) {
            Some(instance) if instance > 0 && !candidates.contains(&instance) => candidates.push(instance),
            Some(0) => {
                let flaw = Flaw::new(format!("`{name}` is the primary"), "not a replica").help("name a replica");
                reader.flaw(&key, node, flaw);
            }
            Some(_) => {
                let flaw = Flaw::new(format!("`{name}` is named twice"), "again").help("name each candidate once");
                reader.flaw(&key, node, flaw);
            }
            None => {
                let flaw = Flaw::new(format!("`{name}` is no replica of this database"), "nothing to promote there")
                    .help("name one of its replicas");
                reader.flaw(&key, node, flaw);
            }
        }
    }
    candidates
}

//! `backup`: a physical copy of a database's files while it serves.

use super::Surroundings;
use crate::scenario::distribution::distribution;
use crate::scenario::model::{Backup, ServerId};
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Flaw, Reader, Section};
use crate::scenario::tree::Value;
use crate::scenario::values::{positive, quantity};

/// `instances` are the servers of the database, the primary first; `data_bytes` what it says of its data.
pub fn read(
    reader: &mut Reader,
    section: &mut Section<'_>,
    around: &Surroundings<'_>,
    instances: &[ServerId],
    data_bytes: Option<f64>,
) -> Option<Backup> {
    let service = section.path.rsplit('.').next().unwrap_or_default().to_string();
    section
        .within_if(reader, "backup", |reader, backup| {
            let instance = read_server(reader, backup, around, instances, &service)?;
            let at_s = backup.required(reader, "at", quantity(Dimension::Time), "\"2 min\"");
            let size_bytes = match data_bytes {
                Some(bytes) if !backup.has("size") => {
                    let all = Value::String(format!("{bytes} B"));
                    backup.assume_default(reader, "size", &all, "all of `data`");
                    backup.take("size");
                    bytes
                }
                _ => backup.required(reader, "size", positive(Dimension::Size), "\"40 GiB\""),
            };
            let rate_bytes_per_s = backup.optional(reader, "rate", positive(Dimension::Throughput));
            let block = "Linux block layer, max_sectors_kb is 1280: larger reads are split";
            let read_bytes = backup.or_default(reader, "read_size", positive(Dimension::Size), "\"1 MiB\"", block);
            let checksums = "our choice: page checksums and copying at 2 GB/s on the reference core";
            let cpu = backup.or_default(reader, "cpu", distribution(Dimension::Time), "\"0.5 ms\"", checksums);
            let to = backup.optional(reader, "to", |_, node| around.names.server(node));
            if to == Some(instances[instance])
                && let Some(entry) = backup.get("to")
            {
                let flaw = Flaw::new("this is the server that is backed up", "the same")
                    .help("name another, or leave `to` out: then nothing goes over the network");
                reader.flaw(&backup.key("to"), &entry.node, flaw);
            }
            Some(Backup { instance, at_s, size_bytes, rate_bytes_per_s, read_bytes, cpu, to })
        })
        .flatten()
}

/// Left out, it is the first replica, else the primary.
fn read_server(
    reader: &mut Reader,
    backup: &mut Section<'_>,
    around: &Surroundings<'_>,
    instances: &[ServerId],
    service: &str,
) -> Option<usize> {
    let names = &around.names.servers;
    if !backup.has("server") {
        backup.take("server");
        let instance = instances.len().min(2) - 1;
        let name = Value::String(names.get(instances[instance])?.clone());
        backup.assume_default(reader, "server", &name, "our choice: a backup is taken from a replica, if there is one");
        return Some(instance);
    }
    let server = backup.optional(reader, "server", |_, node| around.names.server(node))?;
    let found = instances.iter().position(|&on| on == server);
    if found.is_none()
        && let Some(entry) = backup.get("server")
    {
        let on: Vec<&str> = instances.iter().map(|&on| names[on].as_str()).collect();
        let what = format!("`{service}` does not run on `{}`", names[server]);
        let flaw = Flaw::new(what, "nothing to copy there").help(format!("it runs on {}", on.join(", ")));
        reader.flaw(&backup.key("server"), &entry.node, flaw);
    }
    found
}

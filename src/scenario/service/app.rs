//! `kind = "app"`: php-fpm, gunicorn, Node.js and their like.

use super::Surroundings;
use crate::scenario::model::{App, AppMemory, Database, Runtime, WhenFull};
use crate::scenario::names::Kind;
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Reader, Section};
use crate::scenario::values::{choice, positive, positive_or_none, quantity, whole};

const COUNT_MAX: u32 = 10_000_000;

pub fn read(reader: &mut Reader, section: &mut Section<'_>, around: &Surroundings<'_>, cores: u32) -> App {
    let is_workers = section.or_default(
        reader,
        "runtime",
        choice(&[("workers", true), ("event-loop", false)]),
        "\"workers\"",
        "our choice: php-fpm, gunicorn, puma and Tomcat hold a worker for each request",
    );
    let runtime = if is_workers {
        wrong_for(reader, section, "processes", "workers");
        let workers = (2 * cores + 1).to_string();
        let source = "gunicorn documentation: 2 x cores + 1";
        Runtime::Workers { workers: section.or_default(reader, "workers", whole(1, COUNT_MAX), &workers, source) }
    } else {
        wrong_for(reader, section, "workers", "processes");
        let source = "Node.js documentation: one process has one event loop";
        Runtime::EventLoop { processes: section.or_default(reader, "processes", whole(1, COUNT_MAX), "1", source) }
    };
    let (pool, pool_source) = match runtime {
        Runtime::Workers { workers } => (workers, "one for each worker: php-fpm and Django open their own"),
        Runtime::EventLoop { .. } => (10, "mysql2 documentation, createPool: connectionLimit 10"),
    };
    App {
        runtime,
        backlog: section.or_default(
            reader,
            "backlog",
            whole(0, COUNT_MAX),
            "511",
            "php-fpm (listen.backlog) and Node.js (server.listen) documentation: 511",
        ),
        memory: section.within_if(reader, "memory", |reader, memory| AppMemory {
            base_bytes: memory.required(reader, "base", quantity(Dimension::Size), "\"300 MiB\""),
            per_worker_bytes: memory.or_default(
                reader,
                "per_worker",
                quantity(Dimension::Size),
                "0 B",
                "nothing beyond the base unless said",
            ),
            when_full: memory.or_default(
                reader,
                "when_full",
                choice(&[("swap", WhenFull::Swap), ("oom", WhenFull::Oom)]),
                "\"oom\"",
                "our choice: cloud images come without swap space",
            ),
            restart_s: memory.or_default(
                reader,
                "restart",
                quantity(Dimension::Time),
                "5 s",
                "our choice: a service manager restarts it, and it loads its code",
            ),
        }),
        database: section.within_if(reader, "database", |reader, database| {
            let stand_in = around.names.first_of(&[Kind::Mysql]).unwrap_or(0);
            let service = match database.take("service") {
                Some(entry) => {
                    database.assume_given(reader, "service", &entry.node);
                    around.names.service_of(&[Kind::Mysql], "a database is")(&reader.files, &entry.node).unwrap_or_else(
                        |flaw| {
                            reader.flaw(&database.key("service"), &entry.node, flaw);
                            stand_in
                        },
                    )
                }
                None => {
                    database.missing(reader, "service", "name the service of kind mysql: service = \"db\"");
                    stand_in
                }
            };
            Database {
                service,
                pool: database.or_default(reader, "pool", whole(1, COUNT_MAX), &pool.to_string(), pool_source),
                acquire_timeout_s: database.or_default(
                    reader,
                    "acquire_timeout",
                    positive(Dimension::Time),
                    "30 s",
                    "SQLAlchemy documentation, QueuePool: timeout 30 s",
                ),
                connect_timeout_s: database.or_default(
                    reader,
                    "connect_timeout",
                    positive(Dimension::Time),
                    "10 s",
                    "MySQL manual, connect_timeout: 10 s, as its connectors and mysql2 for Node.js",
                ),
                read_timeout_s: database.or_default(
                    reader,
                    "read_timeout",
                    positive_or_none(Dimension::Time),
                    "\"none\"",
                    "MySQL's connectors wait for an answer for as long as it takes",
                ),
            }
        }),
    }
}

/// A key of the other runtime.
fn wrong_for(reader: &mut Reader, section: &mut Section<'_>, key: &'static str, instead: &str) {
    if let Some(entry) = section.take_named(key) {
        let runtime = if key == "workers" { "event-loop" } else { "workers" };
        reader.error(
            crate::scenario::diagnostics::Diagnostic::at(
                entry.key_place.clone(),
                format!("{}: runtime \"{runtime}\" has no {key}", section.key(key)),
            )
            .label("of the other runtime")
            .help(format!("write {instead} = N, or change `runtime`")),
        );
    }
}

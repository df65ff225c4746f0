//! `[request.x]`: what one request of a class asks of each service, or its path through stations.

use super::diagnostics::Diagnostic;
use super::distribution::{amount, distribution};
use super::effective::amount_text;
use super::model::{Amount, DatabaseReads, Demand, Demands, RequestBody, RequestClass, Transaction};
use super::names::{Kind, Names, unknown};
use super::path;
use super::quantity::Dimension;
use super::reader::{Reader, Section, nearest, own};
use super::tree::{Entry, Value, quoted};
use super::values::{described, whole};
use crate::engine::Distribution;

const STATEMENTS_MAX: u32 = 1_000_000;
/// A primary key's look-up in a B+tree of some millions of rows reads three levels and a leaf.
const PAGES: &str = "our choice: a primary-key look-up walks a B+tree of four levels";
const HAPROXY_CPU: &str =
    "our lab: HAProxy 0.30 ms of CPU for a request on a kept connection (network namespaces, one slow core)";
const NGINX_CPU: &str = "our lab: nginx 0.15 to 0.24 ms of CPU for a request (network namespaces, one slow core)";
/// Of the CPU that a write takes on the primary, the share that applying it takes again on a replica.
const APPLY_SHARE: f64 = 0.65;
const APPLY_CPU: &str =
    "our lab: 0.30 ms on the replica for a write of 0.46 ms on the primary, over the writes' share of the statements";

pub fn read(
    reader: &mut Reader,
    section: &mut Section<'_>,
    name: &str,
    names: &Names,
    columns: &[String],
) -> RequestClass {
    let body = match section.take("path") {
        Some(entry) => {
            for other in section.rest() {
                reader.error(
                    Diagnostic::at(
                        other.key_place.clone(),
                        format!("{}: cannot stand beside `path`", section.key(&other.key)),
                    )
                    .label("a path says all")
                    .help("remove it, or remove `path` and describe the request by what it asks of each service")
                    .related(entry.key_place.clone(), "the path"),
                );
            }
            section.rest().iter().for_each(|other| {
                section.take_named(&other.key);
            });
            RequestBody::Path(path::read(reader, section, &entry.node, names, columns))
        }
        None => RequestBody::Tiers(read_demands(reader, section, names, columns)),
    };
    RequestClass { name: name.to_string(), body }
}

fn read_demands(reader: &mut Reader, section: &mut Section<'_>, names: &Names, columns: &[String]) -> Demands {
    let mut demands = Demands {
        response: section.optional(reader, "response", distribution(Dimension::Size)),
        upload: section.optional(reader, "upload", distribution(Dimension::Size)),
        of_service: vec![Demand::default(); names.services.len()],
    };
    let asked: Vec<&Entry> = section.rest();
    if asked.is_empty() {
        let example = names.services.last().map_or("app", String::as_str);
        reader.error(
            Diagnostic::at(section.place.clone(), format!("{}: asks nothing of any service", section.path))
                .label("no work")
                .help(format!(
                    "say what it costs, such as {example}.cpu = \"9 ms\", or give its path = [...] through stations"
                )),
        );
    }
    for entry in asked {
        section.take_named(&entry.key);
        let Some(service) = names.services.iter().position(|name| *name == entry.key) else {
            let flaw = unknown(&names.services, &entry.key, "service");
            let near = nearest(&entry.key, ["response", "upload", "path", "source"].into_iter());
            let help = near.map_or(flaw.help, |near| format!("did you mean `{near}`?"));
            let message = format!("{}: there is neither a key nor a service `{}`", section.path, entry.key);
            reader.error(Diagnostic::at(entry.key_place.clone(), message).label(flaw.label).help(help));
            continue;
        };
        let key = section.key(&entry.key);
        let Value::Table(table) = &entry.node.value else {
            reader.error(
                Diagnostic::at(
                    entry.node.place.clone(),
                    format!("{key}: expected what is asked of the service, found {}", described(&entry.node.value)),
                )
                .label("not a table")
                .help(format!("write for example {}.cpu = {}", entry.key, entry.node.value.to_toml())),
            );
            continue;
        };
        let mut of = Section::new(reader, key, entry.key_place.clone(), Some(table), section.source());
        demands.of_service[service] = read_demand(reader, &mut of, names.kinds[service], columns);
        of.finish(reader);
    }
    demands
}

/// Each kind of service takes its own keys.
fn read_demand(reader: &mut Reader, of: &mut Section<'_>, kind: Option<Kind>, columns: &[String]) -> Demand {
    let mut demand = Demand::default();
    match kind {
        Some(Kind::Haproxy) => demand.cpu = of.optional(reader, "cpu", amount(columns)),
        Some(Kind::Nginx) => {
            demand.cpu = of.optional(reader, "cpu", amount(columns));
            demand.file = of.optional(reader, "file", distribution(Dimension::Size));
        }
        Some(Kind::App) => {
            demand.cpu = of.optional(reader, "cpu", amount(columns));
            demand.wait = of.optional(reader, "wait", amount(columns));
            demand.memory = of.optional(reader, "memory", distribution(Dimension::Size));
        }
        Some(Kind::Mysql) => {
            demand.reads = of.within_if(reader, "reads", read_reads);
            let example = "[{ reads = 4, writes = 2, log = \"6 KiB\", cpu = \"4 ms\" }]";
            let transactions =
                of.elements(reader, "transactions", example, |reader, one| read_transaction(reader, one, columns));
            demand.transactions = transactions.unwrap_or_default();
        }
        Some(Kind::Station) => demand.cpu = of.optional(reader, "service", amount(columns)),
        // The kind is wrong, and reported there; its keys cannot be judged.
        None => of.rest().iter().for_each(|entry| {
            of.take_named(&entry.key);
        }),
    }
    demand
}

fn read_reads(reader: &mut Reader, reads: &mut Section<'_>) -> DatabaseReads {
    DatabaseReads {
        count: reads.or_default(reader, "count", whole(1, STATEMENTS_MAX), "1", "one statement unless said"),
        cpu: reads.required(reader, "cpu", distribution(Dimension::Time), "\"exponential(0.7 ms)\""),
        pages: reads.or_default(reader, "pages", whole(0, STATEMENTS_MAX), "4", PAGES),
        result: reads.optional(reader, "result", distribution(Dimension::Size)),
    }
}

fn read_transaction(reader: &mut Reader, one: &mut Section<'_>, columns: &[String]) -> Transaction {
    let reads = one.or_default(reader, "reads", whole(0, STATEMENTS_MAX), "0", "none unless said");
    let writes = one.or_default(reader, "writes", whole(1, STATEMENTS_MAX), "1", "one write unless said");
    let log = "our choice: a row event of some hundred bytes, with its transaction's header and the new page";
    let log_bytes = one.or_default(reader, "log", distribution(Dimension::Size), "1 KiB", log);
    let cpu = one.required(reader, "cpu", amount(columns), "\"exponential(4 ms)\"");
    let share = APPLY_SHARE * writes as f64 / (reads + writes) as f64;
    let apply_cpu = one.optional(reader, "apply_cpu", amount(columns)).unwrap_or_else(|| {
        let exact = match &cpu {
            Amount::Drawn(of) => Amount::Drawn(of.scaled(share)),
            Amount::Recorded { index, factor } => Amount::Recorded { index: *index, factor: factor * share },
        };
        // What is printed is what is simulated, so the text is read back.
        let node = own(&quoted(&amount_text(&exact, columns)));
        if !one.has("apply_cpu") {
            one.assume_default(reader, "apply_cpu", &node.value, APPLY_CPU);
        }
        amount(columns)(&reader.files, &node).unwrap_or(exact)
    });
    Transaction {
        reads,
        writes,
        log_bytes,
        cpu,
        apply_cpu,
        wait: one.optional(reader, "wait", amount(columns)),
        pages: one.or_default(reader, "pages", whole(0, STATEMENTS_MAX), "4", PAGES),
    }
}

/// The proxies' CPU where a request class that reaches them does not say it.
pub fn fill_proxy_cpu(reader: &mut Reader, class: &mut RequestClass, names: &Names, service: usize) {
    let RequestBody::Tiers(demands) = &mut class.body else { return };
    let (milliseconds, source) = match names.kinds[service] {
        Some(Kind::Haproxy) => (0.30, HAPROXY_CPU),
        Some(Kind::Nginx) => (0.20, NGINX_CPU),
        _ => return,
    };
    if demands.of_service[service].cpu.is_some() {
        return;
    }
    demands.of_service[service].cpu = Some(Amount::Drawn(Distribution::Constant(milliseconds / 1000.0)));
    let key = |name: &str| super::tree::bare_or_quoted(name);
    let path = format!("request.{}.{}.cpu", key(&class.name), key(&names.services[service]));
    let value = Value::String(format!("{milliseconds} ms"));
    reader.assume(path, &value, super::model::Mark::Default, source.to_string());
}

//! `kind = "haproxy"`.

use super::Surroundings;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::distribution::distribution;
use crate::scenario::model::{Balance, Haproxy, HealthCheck, ServiceId, Tls, Vrrp};
use crate::scenario::names::{Kind, unknown};
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Flaw, Parsed, Reader, Section};
use crate::scenario::tree::{Node, SourceFiles, Value};
use crate::scenario::values::{
    boolean, choice, number, positive, positive_or_none, quantity, whole, whole_or_unlimited,
};

const BACKENDS: &[Kind] = &[Kind::Nginx, Kind::App, Kind::Station];
const PASSES_TO: &str = "haproxy passes requests to";

/// What a full handshake costs beside the signature: a new TLS connection takes 1.59 ms of CPU with
/// RSA-2048 and a request on a kept one 0.30 ms; the signature is 0.30 ms of the difference (3,328/s).
const LAB: &str = "our lab: HAProxy 1.59 ms of CPU with a new RSA-2048 connection, 0.30 ms on a kept one";
const RESUMED: &str = "our lab: a new RSA-2048 connection less the kept one's 0.30 ms and the signature's 0.30 ms";

#[derive(Clone, Copy)]
struct CertificateKey {
    full_cpu: &'static str,
    source: &'static str,
}

const KEYS: &[(&str, CertificateKey)] = &[
    (
        "ecdsa-p256",
        CertificateKey {
            full_cpu: "1.01 ms",
            source: "our lab: as RSA-2048 (1.29 ms), with a signature of 0.025 ms in place of 0.30 ms (openssl speed)",
        },
    ),
    ("rsa-2048", CertificateKey { full_cpu: "1.29 ms", source: LAB }),
    (
        "rsa-4096",
        CertificateKey {
            full_cpu: "5.52 ms",
            source: "our lab: as RSA-2048 (1.29 ms), with a signature of 4.53 ms in place of 0.30 ms (openssl speed)",
        },
    ),
];

pub fn read(reader: &mut Reader, section: &mut Section<'_>, around: &Surroundings<'_>, vrrp: Option<Vrrp>) -> Haproxy {
    let maxconn_source = "our choice; HAProxy computes it from the limit of open files (configuration manual, maxconn)";
    let maxconn = section.or_default(reader, "maxconn", whole(1, 100_000_000), "20000", maxconn_source);
    let nbthread = section.optional(reader, "nbthread", whole(1, 4096));
    let tls = section.within_if(reader, "tls", read_tls);
    let backend_of_class = read_backends(reader, section, around);
    let balance_source = "HAProxy configuration manual: roundrobin where nothing is said";
    let balance = section.or_default(reader, "balance", balance, "\"roundrobin\"", balance_source);
    let server_maxconn = section.within(reader, "default_server", |reader, server| {
        let maxconn = server.or_default(
            reader,
            "maxconn",
            server_maxconn,
            "\"unlimited\"",
            "HAProxy configuration manual: no limit",
        );
        (maxconn, read_check(reader, server))
    });
    let (server_maxconn, mut check) = server_maxconn;
    let (timeout_queue_s, timeout_connect_s, timeout_server_s, timeout_client_s) =
        section.within(reader, "timeout", |reader, timeout| {
            for later in ["http_request", "http_keep_alive"] {
                timeout.unsupported(reader, later, "write `client`, which holds where neither of these is set");
            }
            let connect_source = "HAProxy configuration manual: 5 s in its examples";
            let connect = timeout.or_default(reader, "connect", positive(Dimension::Time), "5 s", connect_source);
            let queue = match timeout.has("queue") {
                true => timeout.or_default(reader, "queue", quantity(Dimension::Time), "5 s", ""),
                false => {
                    let source = "HAProxy configuration manual: `timeout connect` where it is not set";
                    timeout.or_default(reader, "queue", quantity(Dimension::Time), &format!("{connect} s"), source)
                }
            };
            let none = "HAProxy configuration manual: no time-out where none is set (it warns)";
            let server = timeout.or_default(reader, "server", positive_or_none(Dimension::Time), "\"none\"", none);
            let client = timeout.or_default(reader, "client", positive_or_none(Dimension::Time), "\"none\"", none);
            if let Some(of_check) = timeout.optional(reader, "check", positive(Dimension::Time)) {
                match &mut check {
                    Some(check) => check.timeout_s = Some(of_check),
                    None => {
                        let entry = timeout.get("check").expect("it was read");
                        let flaw = Flaw::new("there are no health checks", "has no effect")
                            .help("add default_server = { inter = \"2 s\" }, or remove it");
                        reader.flaw(&timeout.key("check"), &entry.node, flaw);
                    }
                }
            }
            (queue, connect, server, client)
        });
    let httpchk = section.optional(reader, "option_httpchk", |_, node| around.names.class(node));
    if httpchk.is_some() {
        let default = || HealthCheck::every(2.0);
        check.get_or_insert_with(default).httpchk = httpchk;
    }
    let retries = section.or_default(reader, "retries", whole(0, 100), "3", "HAProxy configuration manual: 3");
    let redispatch_source = "HAProxy configuration manual: `option redispatch` is off where it is not set";
    let redispatch = section.or_default(reader, "option_redispatch", boolean, "false", redispatch_source);
    for later in ["retry_on", "backlog", "check"] {
        section.unsupported(reader, later, "leave it out; it comes later");
    }
    Haproxy {
        maxconn,
        nbthread,
        tls,
        backend_of_class,
        balance,
        server_maxconn,
        timeout_queue_s,
        timeout_connect_s,
        timeout_server_s,
        timeout_client_s,
        retries,
        redispatch,
        check,
        vrrp,
    }
}

/// Health checks, where any of their keys is given.
fn read_check(reader: &mut Reader, server: &mut Section<'_>) -> Option<HealthCheck> {
    const KEYS: [&str; 9] =
        ["check", "inter", "fastinter", "downinter", "fall", "rise", "slowstart", "observe", "error_limit"];
    let given = KEYS.iter().any(|key| server.has(key));
    let on = server.optional(reader, "check", boolean).unwrap_or(given);
    let manual = "HAProxy configuration manual, server keywords";
    if !given {
        return None;
    }
    let inter_s = server.or_default(reader, "inter", positive(Dimension::Time), "2 s", manual);
    let fastinter_s = server.optional(reader, "fastinter", positive(Dimension::Time));
    let downinter_s = server.optional(reader, "downinter", positive(Dimension::Time));
    let fall = server.or_default(reader, "fall", whole(1, 1000), "3", manual);
    let rise = server.or_default(reader, "rise", whole(1, 1000), "2", manual);
    let slowstart_s = server.or_default(reader, "slowstart", quantity(Dimension::Time), "0 s", manual);
    let observe = server.optional(reader, "observe", choice(&[("layer4", true), ("layer7", false)]));
    let error_limit = match observe {
        Some(_) => Some(server.or_default(reader, "error_limit", whole(1, 1_000_000), "10", manual)),
        None => {
            server.unsupported(reader, "error_limit", "it belongs to observe = \"layer7\": add that, or remove it");
            None
        }
    };
    on.then_some(HealthCheck {
        fastinter_s,
        downinter_s,
        fall,
        rise,
        slowstart_s,
        error_limit,
        only_connections: observe == Some(true),
        ..HealthCheck::every(inter_s)
    })
}

/// 0 is "no limit", as in haproxy.cfg.
fn server_maxconn(files: &SourceFiles, node: &Node) -> Parsed<Option<u32>> {
    match &node.value {
        Value::Integer(0) => Ok(None),
        _ => whole_or_unlimited(1, 100_000_000)(files, node),
    }
}

fn read_tls(reader: &mut Reader, tls: &mut Section<'_>) -> Tls {
    let key = tls.or_default(
        reader,
        "key",
        choice(KEYS),
        "\"ecdsa-p256\"",
        "our choice: what certificate authorities issue by default today",
    );
    let full_cpu = format!("\"{}\"", key.full_cpu);
    let version = "HAProxy 2.6 and OpenSSL 3 agree on TLS 1.3 with today's browsers";
    let (full_round_trips, resumed_round_trips) =
        tls.or_default(reader, "version", choice(&[("1.3", (1, 1)), ("1.2", (2, 1))]), "\"1.3\"", version);
    Tls {
        full_cpu: tls.or_default(reader, "full_cpu", distribution(Dimension::Time), &full_cpu, key.source),
        resumed_cpu: tls.or_default(reader, "resumed_cpu", distribution(Dimension::Time), "\"0.99 ms\"", RESUMED),
        resumption: tls.or_default(
            reader,
            "resumption",
            number(0.0, 1.0),
            "0.5",
            "our choice; depends on how often clients come back",
        ),
        full_round_trips,
        resumed_round_trips,
    }
}

/// `backend = "web"` for all, or `route = { class = "service" }`.
fn read_backends(reader: &mut Reader, section: &mut Section<'_>, around: &Surroundings<'_>) -> Vec<ServiceId> {
    let names = around.names;
    let stand_in = names.first_of(BACKENDS).unwrap_or(0);
    let backend = section.take("backend");
    let route = section.take("route");
    section.conflict(reader, "backend", "route");
    if let Some(entry) = backend {
        let service = match names.service_of(BACKENDS, PASSES_TO)(&reader.files, &entry.node) {
            Ok(service) => service,
            Err(flaw) => {
                reader.flaw(&section.key("backend"), &entry.node, flaw);
                stand_in
            }
        };
        section.assume_given(reader, "backend", &entry.node);
        return vec![service; names.classes.len()];
    }
    let Some(entry) = route else {
        section.missing(
            reader,
            "backend",
            "add backend = \"service\", or route = { class = \"service\" } by request class",
        );
        return vec![stand_in; names.classes.len()];
    };
    let key = section.key("route");
    let Value::Table(table) = &entry.node.value else {
        reader.flaw(
            &key,
            &entry.node,
            Flaw::new("expected a table", "not a table").help("write route = { class = \"service\" }"),
        );
        return vec![stand_in; names.classes.len()];
    };
    let mut backends: Vec<Option<ServiceId>> = vec![None; names.classes.len()];
    for one in &table.entries {
        let Some(class) = names.classes.iter().position(|class| *class == one.key) else {
            let flaw = unknown(&names.classes, &one.key, "request");
            reader.error(
                Diagnostic::at(one.key_place.clone(), format!("{key}: {}", flaw.what))
                    .label(flaw.label)
                    .help(flaw.help),
            );
            continue;
        };
        let service = match names.service_of(BACKENDS, PASSES_TO)(&reader.files, &one.node) {
            Ok(service) => service,
            Err(flaw) => {
                reader.flaw(&format!("{key}.{}", one.key), &one.node, flaw);
                stand_in
            }
        };
        section.assume_given(reader, &format!("route.{}", one.key), &one.node);
        backends[class] = Some(service);
    }
    let missing: Vec<&str> = (0..names.classes.len())
        .filter(|&class| backends[class].is_none() && !names.is_path[class])
        .map(|class| names.classes[class].as_str())
        .collect();
    if !missing.is_empty() {
        reader.error(
            Diagnostic::at(entry.key_place.clone(), format!("{key}: no backend for {}", missing.join(", ")))
                .label("not all request classes are named")
                .help(format!("add {} = \"service\"", missing[0])),
        );
    }
    backends.into_iter().map(|backend| backend.unwrap_or(stand_in)).collect()
}

/// The words of HAProxy's `balance`.
pub fn balance(_: &SourceFiles, node: &Node) -> Parsed<Balance> {
    let help =
        "possible are \"roundrobin\", \"static-rr\", \"leastconn\", \"first\", \"source\", \"random\", \"random(2)\"";
    let Value::String(word) = &node.value else {
        return Err(Flaw::new(format!("expected a balance algorithm, found {}", node.value.type_name()), "not a text")
            .help(help));
    };
    Ok(match word.as_str() {
        "roundrobin" => Balance::RoundRobin,
        "static-rr" => Balance::StaticRr,
        "leastconn" => Balance::LeastConn,
        "first" => Balance::First,
        "source" => Balance::Source,
        // Configuration manual, `balance random`: two draws where none are said.
        "random" => Balance::Random { draws: 2 },
        other => match other
            .strip_prefix("random(")
            .and_then(|rest| rest.strip_suffix(')'))
            .map(|draws| draws.trim().parse())
        {
            Some(Ok(draws)) if (1..=64).contains(&draws) => Balance::Random { draws },
            Some(_) => {
                return Err(
                    Flaw::new(format!("\"{word}\": draws are a number from 1 to 64"), "not possible").help(help)
                );
            }
            None => {
                let known = ["roundrobin", "static-rr", "leastconn", "first", "source", "random"];
                let near = crate::scenario::reader::nearest(&other.replace(['_', '-'], ""), known.into_iter());
                let help = near.map_or(help.to_string(), |near| format!("did you mean \"{near}\"? {help}"));
                return Err(
                    Flaw::new(format!("\"{word}\" is not a balance algorithm of HAProxy"), "unknown").help(help)
                );
            }
        },
    })
}

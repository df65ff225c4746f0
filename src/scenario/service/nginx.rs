//! `kind = "nginx"`.

use super::Surroundings;
use crate::scenario::distribution::popularity;
use crate::scenario::model::{Files, NextUpstream, Nginx, NginxBalance, Upstream};
use crate::scenario::names::Kind;
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Flaw, Parsed, Reader, Section};
use crate::scenario::tree::{Node, SourceFiles};
use crate::scenario::values::{choice, names, positive, whole};

const BALANCES: &[(&str, NginxBalance)] = &[
    ("round_robin", NginxBalance::RoundRobin),
    ("least_conn", NginxBalance::LeastConn),
    ("ip_hash", NginxBalance::IpHash),
    ("random", NginxBalance::Random),
    ("random two", NginxBalance::RandomTwo),
];
const UPSTREAMS: &[Kind] = &[Kind::App, Kind::Station];

pub fn read(reader: &mut Reader, section: &mut Section<'_>, around: &Surroundings<'_>, cores: u32) -> Nginx {
    let processes = "`worker_processes auto`, as distributions ship it: one for each core";
    let connections = "nginx documentation, worker_connections: 512";
    let times = read_proxy(reader, section);
    let nginx = Nginx {
        worker_processes: section.or_default(reader, "worker_processes", whole(1, 4096), &cores.to_string(), processes),
        worker_connections: section.or_default(reader, "worker_connections", whole(1, 10_000_000), "512", connections),
        files: section.within_if(reader, "files", |reader, files| Files {
            total_bytes: files.required(reader, "total", positive(Dimension::Size), "\"3 GiB\""),
            popularity: files.or_default(
                reader,
                "popularity",
                popularity,
                "\"zipf(0.9)\"",
                "Breslau et al. 1999: exponents of web requests from 0.64 to 0.83 at proxies, nearer 1 at servers",
            ),
        }),
        aio_threads: section.or_default(
            reader,
            "aio",
            choice(&[("threads", true), ("off", false)]),
            "\"off\"",
            "nginx documentation, aio: off",
        ),
        upstream: section.within_if(reader, "upstream", |reader, upstream| {
            upstream.unsupported(reader, "zone", "leave it out; worker processes share what they know of servers");
            let passive = "nginx documentation, upstream, server";
            let example =
                around.names.first_of(UPSTREAMS).map_or("app", |service| around.names.services[service].as_str());
            let service = match upstream.take("service") {
                Some(entry) => {
                    upstream.assume_given(reader, "service", &entry.node);
                    around.names.service_of(UPSTREAMS, "nginx forwards to")(&reader.files, &entry.node).unwrap_or_else(
                        |flaw| {
                            reader.flaw(&upstream.key("service"), &entry.node, flaw);
                            around.names.first_of(UPSTREAMS).unwrap_or(0)
                        },
                    )
                }
                None => {
                    upstream.missing(reader, "service", &format!("add service = \"{example}\""));
                    around.names.first_of(UPSTREAMS).unwrap_or(0)
                }
            };
            Upstream {
                service,
                balance: upstream.or_default(
                    reader,
                    "balance",
                    choice(BALANCES),
                    "\"round_robin\"",
                    "nginx documentation, upstream: weighted round robin",
                ),
                keepalive: upstream.or_default(
                    reader,
                    "keepalive",
                    whole(0, 1_000_000),
                    "0",
                    "nginx 1.22 documentation, upstream: none unless set",
                ),
                max_fails: upstream.or_default(reader, "max_fails", whole(0, 1_000_000), "1", passive),
                fail_timeout_s: upstream.or_default(reader, "fail_timeout", positive(Dimension::Time), "10 s", passive),
                connect_timeout_s: times.0,
                read_timeout_s: times.1,
                next_upstream: times.2,
            }
        }),
    };
    for later in ["proxy_send_timeout", "proxy_buffering", "proxy_next_upstream_timeout"] {
        section.unsupported(reader, later, "leave it out; it comes later");
    }
    nginx
}

/// `proxy_connect_timeout`, `proxy_read_timeout` and `proxy_next_upstream`, of whoever forwards.
fn read_proxy(reader: &mut Reader, section: &mut Section<'_>) -> (f64, f64, NextUpstream) {
    let mut next = NextUpstream { error: true, timeout: true, non_idempotent: false, http_500: false, tries: 0 };
    if !section.has("upstream") {
        for key in ["proxy_connect_timeout", "proxy_read_timeout", "proxy_next_upstream", "proxy_next_upstream_tries"] {
            if let Some(entry) = section.take_named(key) {
                let flaw = Flaw::new("nothing is forwarded", "has no effect")
                    .help("add upstream = { service = \"app\" }, or remove it");
                reader.flaw(&section.key(key), &entry.node, flaw);
            }
        }
        return (60.0, 60.0, next);
    }
    let source = "nginx documentation, ngx_http_proxy_module";
    let connect = section.or_default(reader, "proxy_connect_timeout", positive(Dimension::Time), "60 s", source);
    let read = section.or_default(reader, "proxy_read_timeout", positive(Dimension::Time), "60 s", source);
    let default = "[\"error\", \"timeout\"]";
    let words = section.or_default(reader, "proxy_next_upstream", next_upstream, default, source);
    next = NextUpstream { tries: 0, ..words };
    next.tries = section.or_default(reader, "proxy_next_upstream_tries", whole(0, 255), "0", source);
    (connect, read, next)
}

/// The words of nginx's `proxy_next_upstream`.
fn next_upstream(_: &SourceFiles, node: &Node) -> Parsed<NextUpstream> {
    let mut next = NextUpstream { error: false, timeout: false, non_idempotent: false, http_500: false, tries: 0 };
    let example = "[\"error\", \"timeout\"]";
    for (word, _) in names(node, example)? {
        match word {
            "error" => next.error = true,
            "timeout" => next.timeout = true,
            "non_idempotent" => next.non_idempotent = true,
            "http_500" => next.http_500 = true,
            "off" => {}
            other => {
                let help = "possible are \"error\", \"timeout\", \"http_500\", \"non_idempotent\", \"off\"";
                return Err(Flaw::new(format!("\"{other}\" is not understood here"), "unknown").help(help));
            }
        }
    }
    Ok(next)
}

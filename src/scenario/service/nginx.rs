//! `kind = "nginx"`.

use super::Surroundings;
use crate::scenario::distribution::popularity;
use crate::scenario::model::{Files, Nginx, NginxBalance, Upstream};
use crate::scenario::names::Kind;
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Reader, Section};
use crate::scenario::values::{choice, positive, whole};

const BALANCES: &[(&str, NginxBalance)] = &[
    ("round_robin", NginxBalance::RoundRobin),
    ("least_conn", NginxBalance::LeastConn),
    ("ip_hash", NginxBalance::IpHash),
    ("random", NginxBalance::Random),
    ("random two", NginxBalance::RandomTwo),
];
const NO_FAILURES: &str = "leave it out; servers are always up and answer in this version";
const UPSTREAMS: &[Kind] = &[Kind::App, Kind::Station];

pub fn read(reader: &mut Reader, section: &mut Section<'_>, around: &Surroundings<'_>, cores: u32) -> Nginx {
    let processes = "`worker_processes auto`, as distributions ship it: one for each core";
    let connections = "nginx documentation, worker_connections: 512";
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
            for later in ["max_fails", "fail_timeout", "zone"] {
                upstream.unsupported(reader, later, NO_FAILURES);
            }
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
            }
        }),
    };
    for later in
        ["proxy_next_upstream", "proxy_connect_timeout", "proxy_read_timeout", "proxy_send_timeout", "proxy_buffering"]
    {
        section.unsupported(reader, later, NO_FAILURES);
    }
    nginx
}

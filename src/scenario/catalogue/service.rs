//! Software but databases: HAProxy, nginx, applications, and the textbook's queue.

use super::Value::*;
use super::general::REPAIR;
use super::{Group, Key, Of, group, key, must, of_kind};
use crate::scenario::quantity::Dimension::*;

pub const GROUPS: &[Group] = &[
    group("service.NAME", ANY),
    group("service.NAME.repair", REPAIR),
    of_kind("service.NAME", "haproxy", HAPROXY),
    of_kind("service.NAME.servers.N", "haproxy", HAPROXY_SERVER),
    of_kind("service.NAME.vrrp", "haproxy", VRRP),
    of_kind("service.NAME", "nginx", NGINX),
    of_kind("service.NAME.servers.N", "nginx", SERVER),
    of_kind("service.NAME", "app", APP),
    of_kind("service.NAME.servers.N", "app", SERVER),
    of_kind("service.NAME", "station", STATION),
];

pub const KINDS: &[&str] = &["haproxy", "nginx", "app", "mysql", "station"];

const ANY: &[Key] = &[
    must("kind", Choice(KINDS), "Which software it is; each kind has its own keys."),
    key("repair", Table, "How often one of its processes fails, and how soon it is put right; for spof."),
];

const SERVERS: &str = "Where it runs, one process on each: names, or tables with what a server of its own has.";

const NAME: Key = must("name", Name(Of::Server), "The server.");
const WEIGHT: Key =
    key("weight", Whole(1, 256), "Its share of what a load balancer gives out, relative to the others.");
const MAXCONN: Key = key(
    "maxconn",
    WholeOr(1, u32::MAX as i64, "unlimited"),
    "Requests that a load balancer lets it have at a time; those above wait in the load balancer's queue.",
);
const BACKUP: Key = key("backup", Boolean, "It gets requests only when all servers that are not backups are down.");

const SERVER: &[Key] = &[NAME, WEIGHT, MAXCONN, BACKUP];

const HAPROXY_SERVER: &[Key] = &[
    NAME,
    WEIGHT,
    MAXCONN,
    BACKUP,
    key("priority", Whole(1, 254), "VRRP's: the highest of those that are there has the virtual address."),
];

const HAPROXY: &[Key] = &[
    must("servers", Tables, SERVERS),
    key(
        "maxconn",
        Whole(1, 100_000_000),
        "Connections that the process accepts; those above wait in the kernel's backlog, without an error.",
    ),
    key(
        "nbthread",
        Whole(1, 4096),
        "Event-loop threads, and so cores that it can use at a time; one for each core if left out.",
    ),
    key("tls", Table, "Clients come over TLS: what handshakes cost in CPU and round trips."),
    key(
        "tls.key",
        Choice(&["ecdsa-p256", "rsa-2048", "rsa-4096"]),
        "Of the certificate; it decides the CPU of a full handshake.",
    ),
    key("tls.version", Choice(&["1.3", "1.2"]), "Round trips of a full handshake: 1 with 1.3, 2 with 1.2."),
    key("tls.full_cpu", Distribution(Time), "CPU of a full handshake, beside the request's own."),
    key("tls.resumed_cpu", Distribution(Time), "CPU of a resumed handshake."),
    key("tls.resumption", Number(0.0, 1.0), "Share of new connections that resume an earlier session."),
    key("backend", Name(Of::Service), "The service that requests are passed to. Either this or `route` must be there."),
    key("route", Routes, "The same by request class: { image = \"static\", page = \"app\" }."),
    key("balance", Balance, "How a server is chosen for each request, with HAProxy's own ways of breaking ties."),
    key("default_server", Table, "What holds for each server of the backend. Any key of health checks turns them on."),
    key(
        "default_server.maxconn",
        WholeOr(0, 100_000_000, "unlimited"),
        "Requests that a server has at a time; those above wait in the backend's queue. 0 is no limit.",
    ),
    key("default_server.check", Boolean, "Whether servers are checked; true where a key of checks is given."),
    key("default_server.inter", Positive(Time), "Between two checks of a server."),
    key("default_server.fastinter", Positive(Time), "The same while its state is changing; `inter` if left out."),
    key("default_server.downinter", Positive(Time), "The same while it is down; `inter` if left out."),
    key("default_server.fall", Whole(1, 1000), "Checks in a row that fail until a server is taken to be down."),
    key("default_server.rise", Whole(1, 1000), "Checks in a row that succeed until it is taken to be up again."),
    key("default_server.slowstart", Quantity(Time), "After a server is up again its weight grows over this time."),
    key(
        "default_server.observe",
        Choice(&["layer4", "layer7"]),
        "Requests count as checks too: connections alone, or answers as well.",
    ),
    key("default_server.error_limit", Whole(1, 1_000_000), "Observed errors in a row that count as a failed check."),
    key("timeout", Table, "How long it waits for what."),
    key("timeout.connect", Positive(Time), "For a connection to a server."),
    key("timeout.queue", Quantity(Time), "In the backend's queue; then the client gets a 503 (sQ)."),
    key(
        "timeout.server",
        PositiveOr(Time, "none"),
        "For the server's answer, from the moment the request has been sent; then the client gets a 504 (sH).",
    ),
    key(
        "timeout.client",
        PositiveOr(Time, "none"),
        "For a client that sends nothing more of its request, which then fails with a 408 (cD), or takes nothing more of \
         the answer, and is then reset. Clients stand still only where a `cut` around the server parts them from it; idle \
         connections that it closes are part of `requests_per_connection`.",
    ),
    key("timeout.check", Positive(Time), "For one health check; `inter` if left out."),
    key("option_httpchk", Name(Of::Class), "Checks ask for this request class, and not for a connection alone."),
    key("retries", Whole(0, 100), "How often it tries again to connect to a server."),
    key(
        "option_redispatch",
        Boolean,
        "The last of these tries goes to another server; all of them, where the algorithm deals out in turn.",
    ),
    key("vrrp", TableOr(&Off), "keepalived beside each HAProxy: who of two or more servers has the virtual address."),
];

const VRRP: &[Key] = &[
    key("version", Whole(2, 3), "Of the protocol; it decides the skew, and what `advert_int` can be."),
    key("advert_int", Positive(Time), "Between two advertisements. After three and the skew a backup takes over."),
    key("preempt", Boolean, "Whoever has the higher priority takes the address back when it returns."),
    key("preempt_delay", Quantity(Time), "How long it waits before that."),
    key("garp_master_delay", Quantity(Time), "After a takeover the gratuitous ARPs are sent a second time."),
    key("garp_lower_prio_repeat", Whole(0, 100), "Gratuitous ARPs when somebody with a lower priority advertises."),
    key("lower_prio_no_advert", Boolean, "A master does not answer the advertisement of a lower priority."),
    key("higher_prio_send_advert", Boolean, "A master advertises once more when it hears a higher priority."),
    key(
        "arp_timeout",
        Positive(Time),
        "How long others send to an address whose holder was not announced anew, before they ask again.",
    ),
    key("track_script", Table, "A script that looks whether the HAProxy process is there."),
    key("track_script.interval", Positive(Time), "Between two looks."),
    key("track_script.fall", Whole(1, 1000), "Looks in a row that fail until it counts."),
    key("track_script.rise", Whole(1, 1000), "Looks in a row that succeed until it counts again."),
    key(
        "track_script.weight",
        Whole(-253, 253),
        "Added to the priority: a negative one while the script fails, a positive one while it succeeds; with 0 a \
         failing script gives the address up.",
    ),
];

const NGINX: &[Key] = &[
    must("servers", Tables, SERVERS),
    key("worker_processes", Whole(1, 4096), "Its processes; each does one thing at a time on a CPU."),
    key(
        "worker_connections",
        Whole(1, 10_000_000),
        "Connections of each worker. A request that is passed on takes two; running out closes it, or gives a 500.",
    ),
    key("files", Table, "The files that it serves, for the page cache: what is asked for again is in memory."),
    must("files.total", Positive(Size), "Of all files together."),
    key("files.popularity", Popularity, "How unevenly they are asked for."),
    key(
        "aio",
        Choice(&["threads", "off"]),
        "With \"off\" a read from the disk blocks its worker; with \"threads\" it does not.",
    ),
    key("upstream", Table, "Where it forwards what is not a static file."),
    must("upstream.service", Name(Of::Service), "The service behind it."),
    key(
        "upstream.balance",
        Choice(&["round_robin", "least_conn", "ip_hash", "random", "random two"]),
        "How a server is chosen for each request.",
    ),
    key(
        "upstream.keepalive",
        Whole(0, 1_000_000),
        "Idle connections that each worker keeps to the servers behind it; 0: each is new.",
    ),
    key(
        "upstream.max_fails",
        Whole(0, 1_000_000),
        "Failures within `fail_timeout` until a server is left alone for as long; 0: never. An only server never is.",
    ),
    key("upstream.fail_timeout", Positive(Time), "See `max_fails`."),
    key("proxy_connect_timeout", Positive(Time), "For a connection to a server behind it."),
    key("proxy_read_timeout", Positive(Time), "For its answer; then the client gets a 504."),
    key(
        "proxy_next_upstream",
        Words(&["error", "timeout", "http_500", "non_idempotent", "off"]),
        "What lets it try another server.",
    ),
    key("proxy_next_upstream_tries", Whole(0, 255), "At most so many servers for one request; 0: all."),
];

const APP: &[Key] = &[
    must("servers", Tables, SERVERS),
    key(
        "runtime",
        Choice(&["workers", "event-loop"]),
        "\"workers\": a request holds one to its end (php-fpm, gunicorn). \"event-loop\": CPU is serial in a process, \
         and waiting is free (Node.js).",
    ),
    key(
        "workers",
        Whole(1, 10_000_000),
        "Of each server, with runtime \"workers\": requests that it works on at a time.",
    ),
    key("processes", Whole(1, 10_000_000), "Of each server, with runtime \"event-loop\": event loops."),
    key("backlog", Whole(0, 10_000_000), "Requests that wait for a worker; those above are refused."),
    key("memory", Table, "What its processes need; beyond the server's memory it swaps, or is killed."),
    must("memory.base", Quantity(Size), "Of the service on each server, at rest."),
    key("memory.per_worker", Quantity(Size), "Of each worker or process, besides."),
    key(
        "memory.when_full",
        Choice(&["swap", "oom"]),
        "\"oom\": the largest process is killed and restarts; \"swap\": CPU waits for the disk.",
    ),
    key("memory.restart", Quantity(Time), "From the kill until it accepts requests again."),
    key("database", Table, "Its connections to a database."),
    must("database.service", Name(Of::Service), "The service of kind mysql."),
    key("database.pool", Whole(1, 10_000_000), "Connections that each server keeps; statements above wait for one."),
    key("database.acquire_timeout", Positive(Time), "For a connection of the pool; then the request fails with a 500."),
    key("database.connect_timeout", Positive(Time), "For a new connection to the database."),
    key("database.read_timeout", PositiveOr(Time, "none"), "For the answer to a statement."),
];

const STATION: &[Key] = &[
    key("workers", WholeOr(1, 100_000_000, "unlimited"), "Requests that it serves at a time."),
    key(
        "discipline",
        Choice(&["fcfs", "ps", "priority", "priority-preemptive"]),
        "Who is served: in the order of arrival, all at a share each, or by `priority`.",
    ),
    key("priority", Names(Of::Class), "Request classes, the most urgent first, for a discipline by priority."),
    key(
        "queue_limit",
        WholeOr(0, u32::MAX as i64, "unlimited"),
        "Requests that may wait; those above are turned away.",
    ),
    key("patience", Distribution(Time), "How long a request waits before it leaves without being served."),
    key("service", Distribution(Time), "Service time, where a request class or a step does not say its own."),
    key("percentiles", Boolean, "Percentiles of waiting and sojourn in the results, and not means alone."),
];

//! The language, tested at its door: text in, scenario or messages out.

mod fault_messages;
mod language;
mod messages;
mod mistakes;

use super::{Diagnostics, Overrides, Scenario, load_str};

/// All that the language has for the six servers, without what comes later.
pub const PEAK: &str = r#"
name = "peak"

[simulation]
duration = "30 min"
warmup   = "auto"
runs     = 10
seed     = 42

[network]
delay      = "0.1 ms"
client_rtt = "lognormal(40 ms, cv 0.5)"

[server.lb1]
cpu = { cores = 2 }
[server.web1]
[server.app1]
cpu    = { cores = 8, speed = 1.0 }
memory = "16 GiB"
disk   = { iops = 8000, throughput = "400 MB/s", latency = "0.1 ms", fsync = "lognormal(0.8 ms, cv 1.5)" }
nic    = "1 Gbit/s"
[server.db1]
[server.db2]

[service.lb]
kind    = "haproxy"
servers = [{ name = "lb1" }]
maxconn = 20000
tls     = { key = "ecdsa-p256", resumption = 0.7, version = "1.3" }
backend = "web"
balance = "leastconn"
default_server = { maxconn = 400 }
timeout = { queue = "2 s" }

[service.web]
kind = "nginx"
servers = [{ name = "web1", weight = 1 }]
worker_processes = 4
worker_connections = 1024
files = { total = "3 GiB", popularity = "zipf(0.9)" }
upstream = { service = "app", balance = "round_robin", keepalive = 64 }

[service.app]
kind = "app"
servers = [{ name = "app1" }]
runtime = "workers"
workers = 64
backlog = 511
memory  = { base = "300 MiB", per_worker = "60 MiB", when_full = "oom" }
database = { service = "db", pool = 64, acquire_timeout = "5 s" }

[service.db]
kind = "mysql"
primary = "db1"
replicas = ["db2"]
max_connections = 300
innodb_buffer_pool_size = "8 GiB"
data = { size = "40 GiB", popularity = "zipf(0.9)" }
innodb_flush_log_at_trx_commit = 1
sync_binlog = 1
reads = "replica"
replication = { mode = "async", replica_parallel_workers = 1 }

[request.image]
web.file = "120 KiB"

[request.product]
response = "40 KiB"
lb.cpu   = "0.05 ms"
web.cpu  = "0.10 ms"
app.cpu  = "lognormal(9 ms, cv 0.8)"
app.wait = "exponential(15 ms)"
app.memory = "8 MiB"
db.reads = { count = 3, cpu = "exponential(0.7 ms)", pages = 12 }

[request.checkout]
app.cpu  = "lognormal(18 ms, cv 0.8)"
db.transactions = [{ reads = 4, writes = 2, log = "6 KiB", cpu = "exponential(4 ms)" }]

[traffic.visitors]
process = "poisson"
rate    = "600/s"
mix     = { image = 66, product = 30, checkout = 4 }
client  = { requests_per_connection = 6 }
"#;

/// A queue with one worker, to which tests add.
pub const QUEUE: &str = r#"
[service.cpu]
kind = "station"
service = "exponential(1 ms)"
[request.job]
path = ["cpu"]
[traffic.all]
rate = "900/s"
"#;

pub fn set(options: &[&str]) -> Overrides {
    Overrides { set: options.iter().map(|option| option.to_string()).collect(), ..Overrides::default() }
}

pub fn loaded(text: &str) -> Scenario {
    loaded_with(text, &[])
}

pub fn loaded_with(text: &str, options: &[&str]) -> Scenario {
    load_str("test.toml", text, &set(options)).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

pub fn refused(text: &str, options: &[&str]) -> Diagnostics {
    match load_str("test.toml", text, &set(options)) {
        Ok(_) => panic!("this was taken:\n{text}\n{options:?}"),
        Err(diagnostics) => diagnostics,
    }
}

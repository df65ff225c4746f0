//! What a user reads for each of many mistakes, word for word: a snapshot to be reviewed as a whole.

use super::{PEAK, refused};

/// What stands in the six servers' scenario, and what somebody wrote in its place.
const MISTAKES: &[(&str, &str)] = &[
    // how values are written
    ("duration = \"30 min\"", "duration = 30"),
    ("duration = \"30 min\"", "duration = \"30 m\""),
    ("duration = \"30 min\"", "duration = \"-30 min\""),
    ("duration = \"30 min\"", "duration = \"30 min"),
    ("cores = 8", "cores = eight"),
    ("cores = 8", "cores = four"),
    ("duration = \"30 min\"", "durration = \"30 min\""),
    ("runs     = 10", "runs     = 0"),
    ("runs     = 10", "runs     = \"ten\""),
    ("seed     = 42", "seed     = 42\nseed     = 43"),
    ("speed = 1.0", "speed = nan"),
    ("cores = 8", "cores = 100000"),
    ("cpu    = { cores = 8, speed = 1.0 }", "cpu    = 8"),
    ("nic    = \"1 Gbit/s\"", "nic    = \"1 Gbps\""),
    ("memory = \"16 GiB\"", "memory = \"16G\""),
    ("rate    = \"600/s\"", "rate    = 600"),
    ("rate    = \"600/s\"", "rate    = \"600 rps\""),
    ("rate    = \"600/s\"", "rate    = \"0/s\""),
    ("resumption = 0.7", "resumption = \"70%\""),
    ("resumption = 0.7", "resumption = 1.7"),
    // distributions
    ("lognormal(9 ms, cv 0.8)", "lognormal(9 ms)"),
    ("lognormal(9 ms, cv 0.8)", "lognormal(9, cv 0.8)"),
    ("lognormal(9 ms, cv 0.8)", "lognormal(9 ms, cv -0.8)"),
    ("lognormal(9 ms, cv 0.8)", "log-normal(9 ms, cv 0.8)"),
    ("exponential(15 ms)", "exponential(15 ms"),
    ("exponential(15 ms)", "empirical(times.csv, ms, ms)"),
    ("exponential(15 ms)", "percentiles(p50 4 ms, p95 3 ms)"),
    // names
    ("servers = [{ name = \"app1\" }]", "servers = [{ name = \"app2\" }]"),
    ("servers = [{ name = \"app1\" }]", "servers = []"),
    ("backend = \"web\"", "backend = \"wep\""),
    ("backend = \"web\"", "backend = \"db\""),
    ("service = \"app\", balance", "service = \"lb\", balance"),
    ("replicas = [\"db2\"]", "replicas = [\"db1\"]"),
    ("checkout = 4", "chekout = 4"),
    ("mix     = { image = 66, product = 30, checkout = 4 }", "mix     = {}"),
    ("web.cpu  = \"0.10 ms\"", "wbe.cpu  = \"0.10 ms\""),
    ("web.file = \"120 KiB\"", "web.file = \"120 KiB\"\napp.cpu = \"1 ms\""),
    ("[request.checkout]", "[request.product]"),
    // the software's own words
    ("balance = \"leastconn\"", "balance = \"least_conn\""),
    ("kind = \"nginx\"", "kind = \"ngnix\""),
    ("runtime = \"workers\"", "runtime = \"threads\""),
    ("workers = 64", "workers = 64\nprocesses = 4"),
    ("reads = \"replica\"", "reads = \"replicas\""),
    ("mode = \"async\"", "mode = \"semisync\""),
    ("timeout = { queue = \"2 s\" }", "timeout = { queue = \"2 s\", http_request = \"30 s\" }"),
    (
        "data = { size = \"40 GiB\", popularity = \"zipf(0.9)\" }",
        "data = { size = \"40 GiB\", popularity = \"pareto\" }",
    ),
    ("innodb_flush_log_at_trx_commit = 1", "innodb_flush_log_at_trx_commit = 3"),
    ("process = \"poisson\"", "process = \"poison\""),
    ("client  = { requests_per_connection = 6 }", "client  = { requests_per_connection = 6, backoff = \"1 s\" }"),
    // faults and objectives
    ("client  = {", "client  = { timeout = 10, "),
    ("[request.image]", "[[fault]]\nat = \"1 min\"\n\n[request.image]"),
    ("[request.image]", "[[fault]]\nat = \"1 min\"\npower_off = \"db3\"\n\n[request.image]"),
    ("[request.image]", "[[fault]]\nkill = { service = \"app\" }\n\n[request.image]"),
    ("[request.image]", "[[fault]]\nat = \"1 min\"\nmaintenance = { service = \"db\" }\n\n[request.image]"),
    (
        "[request.image]",
        "[[fault]]\nat = \"1 min\"\nlasts = \"0 s\"\nslow = { server = \"app1\", cpu = 0.2 }\n\n[request.image]",
    ),
    ("[request.image]", "[[slo]]\nthat = \"latency_p99 < 400\"\n\n[request.image]"),
    ("[request.image]", "[[slo]]\nthat = \"latncy_p99 < 400 ms\"\n\n[request.image]"),
    ("[request.image]", "[[slo]]\nthat = \"availability >= 1\"\n\n[request.image]"),
    ("[request.image]", "[[slo]]\nthat = \"latency_p99 > 400 ms\"\n\n[request.image]"),
    ("[request.image]", "[[slo]]\nthat = \"latency_p99 < 400 ms\"\nclass = \"chekout\"\n\n[request.image]"),
];

#[test]
fn messages_read_as_they_were_reviewed() {
    let mut all = String::new();
    for (right, wrong) in MISTAKES {
        assert!(PEAK.contains(right), "{right} is not in the scenario");
        let message = refused(&PEAK.replacen(right, wrong, 1), &[]).render(false);
        all.push_str(&format!("{}\n{}\n\n", "-".repeat(80), message.trim_end()));
    }
    insta::assert_snapshot!(all);
}

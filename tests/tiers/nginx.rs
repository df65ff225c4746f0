//! nginx: the page cache and the disk, worker processes and connections, its upstream.

use crate::{NEAR, near, play, server};

/// Files of 10 operations of the disk... one operation each, 1 ms.
fn files(web: &str, memory: &str) -> String {
    let server = server("w", 4).replace("16 GiB", memory);
    format!(
        "{NEAR}{server}\n[service.web]\nkind = \"nginx\"\nservers = [\"w\"]\n{web}\n\
         [request.image]\nweb.cpu = \"1 ms\"\nweb.file = \"1 B\"\nresponse = \"0 B\"\n\
         [request.plain]\nweb.cpu = \"1 ms\"\n"
    )
}

#[test]
fn files_that_fit_the_page_cache_never_touch_the_disk() {
    let text = files("files = { total = \"8 GiB\", popularity = \"uniform\" }", "16 GiB");
    play(&text, &[(0.0, "image"), (5.0, "image")]).assert_latencies(&[1.0, 1.0]);
}

#[test]
fn of_files_four_times_the_memory_three_reads_in_four_go_to_the_disk() {
    let text = files("files = { total = \"64 GiB\", popularity = \"uniform\" }", "16 GiB");
    let arrivals: Vec<_> = (0..2000).map(|i| (i as f64 * 5.0, "image")).collect();
    let outcome = play(&text, &arrivals);
    let latencies = outcome.latencies();
    let misses = latencies.iter().filter(|l| (**l - 2.0).abs() < 1e-3).count();
    let hits = latencies.iter().filter(|l| (**l - 1.0).abs() < 1e-3).count();
    assert_eq!((misses + hits) as u64, 2000);
    assert_eq!(misses as u64, outcome.station("w.disk").arrivals);
    near(misses as f64, 1500.0, 0.04);
}

#[test]
fn a_disk_read_blocks_its_worker_process_unless_threads_read() {
    // no file fits: each takes 1 ms of CPU and 1 ms of disk
    let web = "worker_processes = 1\nfiles = { total = \"16384 GiB\", popularity = \"uniform\" }";
    let memory = "1 KiB";
    let arrivals = [(0.0, "image"), (0.5, "plain")];
    play(&files(web, memory), &arrivals).assert_latencies(&[2.0, 2.5]);
    let threads = format!("{web}\naio = \"threads\"");
    play(&files(&threads, memory), &arrivals).assert_latencies(&[2.0, 1.5]);
}

fn proxy(web: &str, app: &str, delay: &str) -> String {
    format!(
        "[network]\ndelay = \"{delay}\"\nclient_rtt = \"0 ms\"\n{}{}{}\n\
         [service.web]\nkind = \"nginx\"\nservers = [\"w\"]\nworker_processes = 1\n{web}\n\
         [service.app]\nkind = \"app\"\nservers = {app}\nworkers = 100\n\
         [request.page]\nweb.cpu = \"0 ms\"\napp.wait = \"10 ms\"\n\
         [request.short]\nweb.cpu = \"1 ms\"\nweb.file = \"1 B\"\nresponse = \"0 B\"\n",
        server("w", 1),
        server("a", 1),
        server("b", 1)
    )
}

const KEPT: &str = "upstream = { service = \"app\", keepalive = 16 }\n\
                    files = { total = \"1 GiB\", popularity = \"uniform\" }";

#[test]
fn a_proxied_request_takes_two_connections() {
    let web = format!("{KEPT}\nworker_connections = 4");
    let outcome = play(&proxy(&web, "[\"a\"]", "0 ms"), &[(0.0, "page"), (0.0, "page"), (1.0, "page"), (11.0, "page")]);
    assert_eq!(outcome.ends(), ["", "", "connections_exhausted", ""]);
    outcome.assert_latencies(&[10.0, 10.0, 0.0, 10.0]);
    assert_eq!(outcome.busy_ms("web.worker_connections"), 2.0 * 30.0);
}

#[test]
fn without_a_connection_for_the_upstream_the_answer_is_500() {
    let web = format!("{KEPT}\nworker_connections = 3");
    let outcome =
        play(&proxy(&web, "[\"a\"]", "0 ms"), &[(0.0, "page"), (1.0, "page"), (2.0, "short"), (11.0, "page")]);
    assert_eq!(outcome.ends(), ["", "upstream_connections_exhausted_500", "", ""]);
    outcome.assert_latencies(&[10.0, 0.0, 1.0, 10.0]);
}

#[test]
fn a_new_connection_to_the_upstream_costs_a_round_trip() {
    play(&proxy(KEPT, "[\"a\"]", "2 ms"), &[(0.0, "page")]).assert_latencies(&[14.0]);
    let new = KEPT.replace("keepalive = 16", "keepalive = 0");
    play(&proxy(&new, "[\"a\"]", "2 ms"), &[(0.0, "page")]).assert_latencies(&[18.0]);
}

#[test]
fn a_new_connection_on_the_same_server_costs_nothing() {
    let new = KEPT.replace("keepalive = 16", "keepalive = 0");
    play(&proxy(&new, "[\"w\"]", "2 ms"), &[(0.0, "page")]).assert_latencies(&[10.0]);
    // of two servers only the other one is away
    play(&proxy(&new, "[\"w\", \"a\"]", "2 ms"), &[(0.0, "page"), (1.0, "page")]).assert_latencies(&[10.0, 18.0]);
}

#[test]
fn nginx_keeps_no_queue_for_servers_at_their_max_conns() {
    let app = "[{ name = \"a\", maxconn = 1 }, { name = \"b\", maxconn = 1 }]";
    let outcome = play(&proxy(KEPT, app, "0 ms"), &[(0.0, "page"), (0.0, "page"), (1.0, "page"), (11.0, "page")]);
    assert_eq!(outcome.ends(), ["", "", "refused_502", ""]);
}

#[test]
fn its_round_robin_is_smooth() {
    let app = "[{ name = \"a\", weight = 2 }, \"b\"]";
    let arrivals: Vec<_> = (0..30).map(|i| (i as f64, "page")).collect();
    let outcome = play(&proxy(KEPT, app, "0 ms"), &arrivals);
    assert_eq!(outcome.station("app.a.workers").arrivals, 20);
    assert_eq!(outcome.station("app.b.workers").arrivals, 10);
    let least = KEPT.replace("keepalive = 16", "keepalive = 16, balance = \"least_conn\"");
    let outcome = play(&proxy(&least, "[\"a\", \"b\"]", "0 ms"), &[(0.0, "page"); 6]);
    assert_eq!(outcome.station("app.a.workers").arrivals, 3);
}

#[test]
fn fewer_worker_processes_than_cores_limit_the_cpu() {
    let text = |processes: u32| {
        files(&format!("worker_processes = {processes}"), "16 GiB")
            .replace("[request.image]\nweb.cpu = \"1 ms\"\nweb.file = \"1 B\"\nresponse = \"0 B\"\n", "")
    };
    play(&text(1), &[(0.0, "plain"); 3]).assert_latencies(&[1.0, 2.0, 3.0]);
    play(&text(4), &[(0.0, "plain"); 3]).assert_latencies(&[1.0, 1.0, 1.0]);
}

#[test]
fn a_file_is_its_own_answer() {
    // 5 kB over the card of 1 MB/s
    let text = files("files = { total = \"1 GiB\" }", "16 GiB")
        .replace("web.file = \"1 B\"\nresponse = \"0 B\"", "web.file = \"5 kB\"");
    let outcome = play(&text, &[(0.0, "image")]);
    outcome.assert_latencies(&[1.0 + 5.0]);
    assert_eq!(outcome.busy_ms("w.nic_out"), 5.0);
}

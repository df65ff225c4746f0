//! What must not grow: memory and time for each request with the length of a run, time with the number of
//! servers; and what must double: the work done by two cores.
//!
//! `cargo bench --bench flat [-- REQUESTS]`: the longer run's requests, 10^8 when asked for; 10^7 if not.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use foobar_sim::scenario::{Overrides, Scenario, load, load_str};
use foobar_sim::simulation::compile::compile;
use foobar_sim::simulation::{RunPlan, run};

const SHORT: u64 = 1_000_000;
/// Of the second system, for one of each in the first.
const COPIES: usize = 100;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [child, requests] = &args[..]
        && child == "--child"
    {
        return one_run(requests.parse().expect("a number of requests"));
    }
    let long = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(10_000_000);
    length(long);
    cores();
    servers();
}

/// Each length in a process of its own: a process's peak memory never falls.
fn length(long: u64) {
    let exe = std::env::current_exe().expect("this program has a file");
    for requests in [SHORT, long] {
        let output = Command::new(&exe).args(["--child", &requests.to_string()]).output().expect("it runs again");
        print!("work b, {requests:>9} requests: {}", String::from_utf8_lossy(&output.stdout));
    }
}

fn one_run(requests: u64) {
    let scenario = scenario("b");
    let ns = time(&scenario, requests as f64 / 1000.0, 0);
    println!("{ns:.1} ns a request, peak memory {}", peak_memory());
}

/// Of this process, as the kernel counts it.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown on this system".to_owned(), |line| line.trim().to_owned())
}

/// Two runs at once against one after the other, three times in turns.
fn cores() {
    let scenario = scenario("b");
    let mut gains: Vec<f64> = (0..3)
        .map(|round| {
            let begun = Instant::now();
            time(&scenario, 1000.0, 2 * round);
            time(&scenario, 1000.0, 2 * round + 1);
            let alone = begun.elapsed().as_secs_f64();
            let begun = Instant::now();
            std::thread::scope(|scope| {
                for run in [2 * round, 2 * round + 1] {
                    let scenario = &scenario;
                    scope.spawn(move || time(scenario, 1000.0, run));
                }
            });
            alone / begun.elapsed().as_secs_f64()
        })
        .collect();
    gains.sort_by(f64::total_cmp);
    println!("two runs on two cores: {:.2} times as fast as on one", gains[1]);
}

/// The six servers, and a hundred of each with a hundred times the traffic; the same number of requests.
fn servers() {
    let text = std::fs::read_to_string(file("c")).expect("the scenario of work c");
    let many = load_str("many", &copies(&text, COPIES), &Overrides::default());
    let (one, many) = (scenario("c"), many.unwrap_or_else(|problem| panic!("{problem:?}")));
    let mut ratios = Vec::new();
    let mut last = (0.0, 0.0);
    for round in 0..7 {
        last = (time(&one, 200.0, round), time(&many, 200.0 / COPIES as f64, round));
        ratios.push(last.1 / last.0);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "work c with 6 servers {:.0} ns a request, with {} {:.0} ns: {:.2} times",
        last.0,
        6 * COPIES,
        last.1,
        ratios[3]
    );
}

/// The scenario with each station so many times; each request goes through one of the copies, chosen at random.
fn copies(text: &str, copies: usize) -> String {
    let (services, request) = text.split_at(text.find("[request.").expect("a request class"));
    let (head, services) = services.split_at(services.find("[service.").expect("a service"));
    let (path, traffic) = request.split_at(request.find("[traffic.").expect("a source of traffic"));
    let (title, path) = path.split_once("path = ").expect("the class has a path");
    let names: Vec<&str> =
        services.lines().filter_map(|line| line.strip_prefix("[service.")?.strip_suffix(']')).collect();
    let (mut all_services, mut choices) = (String::new(), String::new());
    for copy in 0..copies {
        let (mut services, mut path) = (services.to_owned(), path.to_owned());
        for name in &names {
            services = services.replace(&format!("[service.{name}]"), &format!("[service.{name}_{copy}]"));
            path = path.replace(&format!("\"{name}\""), &format!("\"{name}_{copy}\""));
        }
        all_services += &services;
        choices += &format!("    {{ weight = 1, path = {} }},\n", path.trim_end());
    }
    let rate = 1555 * copies;
    let traffic = traffic.replace("1555/s", &format!("{rate}/s"));
    format!("{head}{all_services}{title}path = [{{ choose = [\n{choices}] }}]\n\n{traffic}")
}

/// Nanoseconds of the clock for each request.
fn time(scenario: &Scenario, seconds: f64, index: u32) -> f64 {
    let compiled = compile(scenario);
    let plan =
        RunPlan { run: index, warmup_s: 0.0, duration_s: Some(seconds), traces: &|_| panic!("no trace is played") };
    let begun = Instant::now();
    let result = run(scenario, &compiled, &plan);
    begun.elapsed().as_nanos() as f64 / result.finished_total as f64
}

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("benches/scenarios/{name}.toml"))
}

fn scenario(name: &str) -> Scenario {
    load(&file(name), &Overrides::default()).unwrap_or_else(|problem| panic!("{problem:?}"))
}

//! Random scenarios: whatever is put together, nothing panics, no request is lost from the count, Little's law
//! holds exactly, and what was held is given back. A failure prints the number that makes the same scenario.

mod common;

use foobar_sim::engine::Key;
use foobar_sim::engine::random::{KeyedRng, purpose};
use foobar_sim::scenario::{Overrides, load_str};
use foobar_sim::simulation::compile::compile;
use foobar_sim::simulation::{RunPlan, run, run_logged};
use rayon::prelude::*;

use common::laws;

/// In the gate, and in the full campaign.
const SCENARIOS: u64 = 500;
const SCENARIOS_FULL: u64 = 20_000;

struct Dice(KeyedRng);

impl Dice {
    fn of(number: u64) -> Dice {
        Dice(Key::of_seed(77).indexed(number).draw(purpose("random.scenario"), 0))
    }

    fn up_to(&mut self, n: u64) -> u64 {
        self.0.next() % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.up_to(from.len() as u64) as usize]
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.up_to(100) < percent
    }

    fn time(&mut self) -> String {
        let mean = [0.5, 1.0, 2.0, 5.0, 10.0][self.up_to(5) as usize];
        match self.up_to(6) {
            0 => format!("{mean} ms"),
            1 => format!("exponential({mean} ms)"),
            2 => format!("lognormal({mean} ms, cv 1.5)"),
            3 => format!("erlang({mean} ms, k 3)"),
            4 => format!("hyperexponential({mean} ms, cv 2)"),
            _ => format!("uniform(0.1 ms, {} ms)", 2.0 * mean),
        }
    }
}

/// Plain stations and a path through them.
fn path_scenario(dice: &mut Dice) -> String {
    let mut text = String::from("[simulation]\nduration = \"4 s\"\nwarmup = \"1 s\"\nruns = 1\n");
    let stations = 2 + dice.up_to(4);
    let mut queues = Vec::new();
    for i in 0..stations {
        let discipline = dice.pick(&["fcfs", "fcfs", "ps", "priority", "priority-preemptive"]);
        let workers = [1, 2, 3, 20][dice.up_to(4) as usize];
        text += &format!("[service.s{i}]\nkind = \"station\"\nworkers = {workers}\ndiscipline = \"{discipline}\"\n");
        text += &format!("service = \"{}\"\n", dice.time());
        if discipline.starts_with("priority") {
            text += "priority = [\"b\", \"a\"]\n";
        }
        if discipline != "ps" {
            queues.push(i);
            if dice.chance(30) {
                text += &format!("queue_limit = {}\n", dice.up_to(6));
            }
            if dice.chance(30) {
                text += &format!("patience = \"{}\"\n", dice.time());
            }
        }
        if dice.chance(30) {
            text += "percentiles = true\n";
        }
    }
    text += "[service.pool]\nkind = \"station\"\nworkers = 3\n";
    if dice.chance(50) {
        text += "patience = \"20 ms\"\n";
    }
    for class in ["a", "b"] {
        let path = path(dice, stations, 3);
        text += &format!("[request.{class}]\npath = {path}\n");
    }
    text += &traffic(dice, "a = 3, b = 1");
    text += &format!("client = {{ {} }}\n", client(dice));
    let stops: Vec<String> = (0..stations).map(|i| format!("s{i}")).collect();
    text += &faults(dice, &stops.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    text
}

fn path(dice: &mut Dice, stations: u64, depth: u32) -> String {
    let mut steps = Vec::new();
    for _ in 0..1 + dice.up_to(3) {
        let station = format!("s{}", dice.up_to(stations));
        let other = format!("s{}", dice.up_to(stations));
        let deep = depth > 0;
        steps.push(match dice.up_to(if deep { 11 } else { 3 }) {
            0 => format!("\"{station}\""),
            1 => format!("{{ visit = \"{station}\", service = \"{}\" }}", dice.time()),
            2 => format!("{{ delay = \"{}\" }}", dice.time()),
            3 => format!("{{ hold = \"pool\", path = {} }}", path(dice, stations, 0)),
            4 => format!("{{ probability = 0.4, path = {} }}", path(dice, stations, depth - 1)),
            5 => {
                let (first, second) = (path(dice, stations, depth - 1), path(dice, stations, depth - 1));
                format!("{{ choose = [{{ weight = 2, path = {first} }}, {{ weight = 1, path = {second} }}] }}")
            }
            6 => format!("{{ repeat = 2, path = {} }}", path(dice, stations, depth - 1)),
            7 => format!("{{ again = 0.3, path = {} }}", path(dice, stations, depth - 1)),
            8 => {
                let (first, second) = (path(dice, stations, depth - 1), path(dice, stations, depth - 1));
                format!("{{ fork = [{first}, {second}] }}")
            }
            9 => format!("{{ spawn = {} }}", path(dice, stations, depth - 1)),
            _ if station != other => {
                let policy = dice.pick(&["roundrobin", "leastconn", "first", "random(2)", "source", "static-rr"]);
                format!("{{ balance = \"{policy}\", stations = [\"{station}\", \"{other}\"] }}")
            }
            _ => format!("\"{station}\""),
        });
    }
    format!("[{}]", steps.join(", "))
}

fn traffic(dice: &mut Dice, mix: &str) -> String {
    let rate = [20, 60, 150, 400][dice.up_to(4) as usize];
    let process = match dice.up_to(7) {
        0 => format!("process = \"poisson\"\nrate = \"{rate}/s\""),
        1 => format!("process = \"constant\"\nrate = \"{rate}/s\""),
        2 => format!("process = \"renewal\"\ngap = \"gamma({} ms, cv 2)\"", 1000 / rate),
        3 => format!(
            "process = \"mmpp\"\nstates = [{{ rate = \"{rate}/s\", lasts = \"200 ms\" }}, \
             {{ rate = \"10/s\", lasts = \"1 s\" }}]"
        ),
        4 => format!("process = \"batch\"\nrate = \"{}/s\"\nsize = \"geometric(4)\"", rate / 5),
        5 => format!("process = \"closed\"\nusers = {}\nthink = \"exponential(50 ms)\"", 1 + rate / 10),
        _ => format!(
            "process = \"poisson\"\nprofile = [[\"0 s\", \"10/s\"], [\"2 s\", \"{rate}/s\"]]\nshape = \"linear\""
        ),
    };
    format!("[traffic.t]\n{process}\nmix = {{ {mix} }}\n")
}

/// How clients wait and try again: a table of keys, or nothing.
fn client(dice: &mut Dice) -> String {
    let mut keys = Vec::new();
    if dice.chance(50) {
        keys.push(format!("timeout = \"{} ms\"", [5, 20, 100, 1000][dice.up_to(4) as usize]));
    }
    if dice.chance(40) {
        keys.push(format!("retries = {}", 1 + dice.up_to(4)));
        match dice.up_to(3) {
            0 => {}
            1 => keys.push(format!("backoff = \"{}\"", dice.time())),
            _ => keys.push("backoff = { base = \"2 ms\", max = \"10 ms\" }".into()),
        }
        if dice.chance(40) {
            keys.push("budget = { ratio = 0.1, reserve = 5 }".into());
        }
    }
    keys.join(", ")
}

/// Behind another key.
fn more(keys: &str) -> String {
    if keys.is_empty() { String::new() } else { format!(", {keys}") }
}

/// Up to three faults of the given services and servers.
fn faults(dice: &mut Dice, services: &[&str], servers: &[&str]) -> String {
    let mut text = String::new();
    for _ in 0..dice.up_to(4) {
        text += "[[fault]]\n";
        text += &match dice.up_to(3) {
            0 => format!("at = \"{} ms\"\n", dice.up_to(3900)),
            1 => format!("at = \"{} ms\"\nlasts = \"{} ms\"\n", dice.up_to(3900), 301 + dice.up_to(1500)),
            _ => "mttf = \"exponential(400 ms)\"\nmttr = \"exponential(100 ms)\"\n".to_owned(),
        };
        let effect = if servers.is_empty() { 0 } else { dice.up_to(9) };
        text += &match effect {
            0 => format!("hang = {{ service = \"{}\" }}\n", dice.pick(services)),
            1 => format!("kill = {{ service = \"{}\" }}\n", dice.pick(services)),
            2 => format!("power_off = \"{}\"\n", dice.pick(servers)),
            3 => format!("cut = \"{}\"\n", dice.pick(servers)),
            4 => {
                let one = dice.pick(servers);
                let other = servers.iter().find(|other| **other != one).expect("two servers");
                format!("cut = [\"{one}\", \"{other}\"]\n")
            }
            5 => {
                let drain = dice.up_to(2) * 300;
                let of = dice.pick(&["service = \"web\"", "service = \"app\"", "service = \"db\", server = \"db2\""]);
                format!("maintenance = {{ {of}, drain = \"{drain} ms\" }}\n")
            }
            6 => {
                let server = dice.pick(servers);
                format!("impair = {{ around = \"{server}\", delay = \"{}\", loss = 0.05 }}\n", dice.time())
            }
            7 => format!("memory = {{ server = \"{}\", taken = \"1800 MiB\" }}\n", dice.pick(servers)),
            _ => {
                let part = dice.pick(&["cpu", "disk", "nic"]);
                let factor = dice.pick(&["0.05", "0.5", "3"]);
                format!("slow = {{ server = \"{}\", {part} = {factor} }}\n", dice.pick(servers))
            }
        };
    }
    text
}

/// The tiers, with limits so small that every way of failing is taken.
fn tier_scenario(dice: &mut Dice) -> String {
    let n = 1 + dice.up_to(3);
    let mut text = String::from("[simulation]\nduration = \"4 s\"\nwarmup = \"1 s\"\nruns = 1\n");
    let mut servers = vec!["lb".to_owned(), "lb2".into(), "db1".into(), "db2".into()];
    let pair = dice.chance(50);
    let split = dice.chance(70);
    let (mut webs, mut apps) = (Vec::new(), Vec::new());
    for i in 0..n {
        webs.push(if split { format!("web{i}") } else { "lb".into() });
        apps.push(if split { format!("app{i}") } else { "db1".into() });
    }
    webs.dedup();
    apps.dedup();
    if split {
        servers.extend(webs.iter().chain(&apps).cloned());
    }
    for server in servers {
        let discipline = dice.pick(&["ps", "fcfs"]);
        text += &format!(
            "[server.{server}]\ncpu = {{ cores = {}, discipline = \"{discipline}\" }}\nmemory = \"2 GiB\"\n\
             nic = \"200 Mbit/s\"\n",
            1 + dice.up_to(4)
        );
    }
    let list = |names: &[String]| names.iter().map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(", ");
    text += &format!(
        "[network]\ndelay = \"0.1 ms\"\nclient_rtt = \"{}\"\n[service.lb]\nkind = \"haproxy\"\n{}\
         maxconn = {}\nbackend = \"web\"\nbalance = \"{}\"\ndefault_server = {{ maxconn = {}{} }}\n\
         timeout = {{ queue = \"50 ms\", connect = \"{} ms\", server = \"{} ms\", client = \"{} ms\" }}\nretries = {}\noption_redispatch = {}\n",
        dice.time(),
        if pair { lb_pair(dice) } else { "servers = [\"lb\"]\n".to_owned() },
        20 + dice.up_to(100),
        dice.pick(&["roundrobin", "leastconn", "static-rr", "first", "source", "random"]),
        2 + dice.up_to(30),
        dice.pick(&[
            "",
            ", inter = \"100 ms\"",
            ", inter = \"50 ms\", fall = 1, rise = 1, slowstart = \"2 s\", observe = \"layer7\", error_limit = 3"
        ]),
        10 + dice.up_to(200),
        20 + dice.up_to(2000),
        100 + dice.up_to(2000),
        dice.up_to(4),
        dice.pick(&["true", "false"])
    );
    if dice.chance(30) {
        text += "option_httpchk = \"file\"\n";
    }
    if dice.chance(60) {
        text += "tls = { key = \"rsa-2048\", resumption = 0.5, version = \"1.2\" }\n";
    }
    text += &format!(
        "[service.web]\nkind = \"nginx\"\nservers = [{}]\nworker_processes = {}\nworker_connections = {}\n\
         files = {{ total = \"8 GiB\", popularity = \"zipf(0.9)\" }}\n\
         upstream = {{ service = \"app\", balance = \"{}\", keepalive = {}, max_fails = {}, fail_timeout = \"1 s\" }}\n\
         proxy_read_timeout = \"{} ms\"\nproxy_connect_timeout = \"{} ms\"\nproxy_next_upstream = {}\n",
        list(&webs),
        1 + dice.up_to(3),
        10 + dice.up_to(40),
        dice.pick(&["round_robin", "least_conn", "ip_hash", "random", "random two"]),
        dice.up_to(2) * 16,
        dice.up_to(3),
        20 + dice.up_to(1000),
        10 + dice.up_to(1500),
        dice.pick(&[
            "[\"error\", \"timeout\"]",
            "[\"off\"]",
            "[\"error\", \"timeout\", \"http_500\", \"non_idempotent\"]"
        ])
    );
    let runtime = if dice.chance(60) {
        format!("runtime = \"workers\"\nworkers = {}", 1 + dice.up_to(12))
    } else {
        format!("runtime = \"event-loop\"\nprocesses = {}", 1 + dice.up_to(2))
    };
    text += &format!(
        "[service.app]\nkind = \"app\"\nservers = [{}]\n{runtime}\nbacklog = {}\n\
         memory = {{ base = \"200 MiB\", per_worker = \"20 MiB\", when_full = \"{}\", restart = \"300 ms\" }}\n\
         database = {{ service = \"db\", pool = {}, acquire_timeout = \"30 ms\", connect_timeout = \"{} ms\", \
         read_timeout = {} }}\n",
        list(&apps),
        dice.up_to(20),
        dice.pick(&["swap", "oom"]),
        1 + dice.up_to(8),
        10 + dice.up_to(1500),
        dice.pick(&["\"none\"", "\"15 ms\"", "\"300 ms\""])
    );
    text += &format!(
        "[service.db]\nkind = \"mysql\"\nprimary = \"db1\"\nreplicas = [\"db2\"]\nmax_connections = {}\n\
         innodb_buffer_pool_size = \"512 MiB\"\nbuffer_pool_hit = 0.9\nreads = {}\nsync_binlog = {}\n\
         innodb_flush_log_at_trx_commit = {}\nreplication = {{ mode = \"async\", replica_parallel_workers = {} }}\n",
        1 + dice.up_to(12),
        dice.pick(&["\"primary\"", "\"replica\"", "\"any\"", "{ max_lag = \"20 ms\" }"]),
        dice.up_to(4),
        dice.up_to(3),
        1 + dice.up_to(4)
    );
    text += &format!(
        "[request.file]\nresponse = \"20 KiB\"\nweb.file = \"20 KiB\"\n\
         [request.page]\nresponse = \"lognormal(30 KiB, cv 1)\"\nupload = \"1 KiB\"\napp.cpu = \"{}\"\n\
         app.memory = \"{} MiB\"\ndb.reads = {{ count = {}, cpu = \"{}\", pages = 6 }}\n\
         [request.order]\napp.cpu = \"{}\"\napp.wait = \"{}\"\n\
         db.transactions = [{{ reads = 2, writes = 2, log = \"4 KiB\", cpu = \"{}\" }}]\n",
        dice.time(),
        1 + dice.up_to(400),
        1 + dice.up_to(4),
        dice.time(),
        dice.time(),
        dice.time(),
        dice.time()
    );
    text += &traffic(dice, "file = 2, page = 2, order = 1");
    text += &format!("client = {{ requests_per_connection = 3{} }}\n", more(&client(dice)));
    text += &faults(dice, &["lb", "web", "app", "db"], &["lb", "db1", "db2"]);
    if pair {
        text += &pair_faults(dice);
    }
    text
}

/// Two load balancers, quick to notice.
fn lb_pair(dice: &mut Dice) -> String {
    let script = ["0", "-60", "60"][dice.up_to(3) as usize];
    let script = format!("track_script = {{ interval = \"70 ms\", fall = 2, rise = 3, weight = {script} }}");
    let more = if dice.chance(60) { format!(", {script}") } else { String::new() };
    format!(
        "servers = [{{ name = \"lb\", priority = {} }}, {{ name = \"lb2\", priority = {} }}]\n\
         vrrp = {{ advert_int = \"{} ms\", preempt = {}, higher_prio_send_advert = {}, arp_timeout = \"400 ms\", \
         garp_lower_prio_repeat = {}{more} }}\n",
        100 + 50 * dice.up_to(2),
        100 + 20 * dice.up_to(3),
        10 + 10 * dice.up_to(8),
        dice.chance(70),
        dice.chance(50),
        dice.up_to(2),
    )
}

/// What befalls two load balancers, several times over and at once.
fn pair_faults(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..1 + dice.up_to(4) {
        text += "[[fault]]\n";
        text += &match dice.up_to(3) {
            0 => format!("at = \"{} ms\"\n", dice.up_to(3900)),
            1 => format!("at = \"{} ms\"\nlasts = \"{} ms\"\n", dice.up_to(3900), 301 + dice.up_to(1500)),
            _ => "mttf = \"exponential(700 ms)\"\nmttr = \"exponential(300 ms)\"\n".to_owned(),
        };
        let server = dice.pick(&["lb", "lb2"]);
        text += &match dice.up_to(6) {
            0 => format!("power_off = \"{server}\"\n"),
            1 => format!("cut = \"{server}\"\n"),
            2 => "cut = [\"lb\", \"lb2\"]\n".to_owned(),
            3 => format!("stop = {{ service = \"lb\", server = \"{server}\" }}\n"),
            other => {
                let keepalived = other == 4;
                format!("kill = {{ service = \"lb\", server = \"{server}\", keepalived = {keepalived} }}\n")
            }
        };
    }
    text
}

/// A panic says which scenario it was, too.
fn check(number: u64) -> Result<(), String> {
    std::panic::catch_unwind(|| check_one(number))
        .unwrap_or_else(|_| Err(format!("scenario {number} panics:\n{}", scenario(number))))
}

fn scenario(number: u64) -> String {
    let mut dice = Dice::of(number);
    if number.is_multiple_of(2) { path_scenario(&mut dice) } else { tier_scenario(&mut dice) }
}

fn check_one(number: u64) -> Result<(), String> {
    let text = scenario(number);
    let scenario = load_str("random.toml", &text, &Overrides::default())
        .map_err(|error| format!("scenario {number} is not valid:\n{}\n{text}", error.render(false)))?;
    let compiled = compile(&scenario);
    let plan = RunPlan { run: 0, warmup_s: 1.0, duration_s: Some(4.0), traces: &|_| Box::new(std::iter::empty()) };
    let result = run(&scenario, &compiled, &plan);
    laws(&result).map_err(|broken| format!("scenario {number}: {broken}\n{text}"))?;
    // the engine takes every event one by one where it writes them down
    let (again, _) = run_logged(&scenario, &compiled, &plan);
    if format!("{result:?}") != format!("{again:?}") {
        return Err(format!("scenario {number}: a second run, with a log, differs\n{text}"));
    }
    Ok(())
}

#[test]
fn random_scenarios_keep_the_laws() {
    let full = std::env::var_os("FOOBAR_SIM_FULL").is_some();
    let count = if full { SCENARIOS_FULL } else { SCENARIOS };
    let broken: Vec<String> = (0..count).into_par_iter().filter_map(|number| check(number).err()).collect();
    assert!(broken.is_empty(), "{} of {count} scenarios; the first:\n{}", broken.len(), broken[0]);
    println!("{count} random scenarios, all laws kept");
}

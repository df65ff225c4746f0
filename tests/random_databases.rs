//! Random databases with random faults: whoever dies and returns in whatever order, transactions are applied in their
//! order (the simulator asserts it), nobody is lost from the count, and the same seed gives the same bytes.

mod common;

use foobar_sim::engine::random::Key;
use foobar_sim::scenario::{Overrides, load_str};
use foobar_sim::simulation::compile::compile;
use foobar_sim::simulation::result::RunResult;
use foobar_sim::simulation::{RunPlan, run};
use rayon::prelude::*;

use common::laws;

const SCENARIOS: u64 = 500;
const SCENARIOS_FULL: u64 = 20_000;
/// Once broke a law in the full campaign: a server that was left behind and stopped while it still applied.
const ONCE_BROKEN: [u64; 1] = [14_861];

struct Dice {
    key: Key,
    thrown: u32,
}

impl Dice {
    fn up_to(&mut self, n: u64) -> u64 {
        self.thrown += 1;
        (self.key.draw(1, self.thrown).unit() * n as f64) as u64
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.up_to(of.len() as u64) as usize]
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.up_to(100) < percent
    }
}

fn scenario(number: u64) -> String {
    let mut dice = Dice { key: Key::of_seed(77).indexed(number), thrown: 0 };
    let dice = &mut dice;
    let replicas = 1 + dice.up_to(3);
    let names: Vec<String> = (0..=replicas).map(|i| format!("d{i}")).collect();
    let mut text = String::from(
        "[simulation]\nduration = \"6 s\"\nwarmup = \"1 s\"\nruns = 1\n\
         [network]\ndelay = \"0.2 ms\"\nclient_rtt = \"1 ms\"\n[server.a]\ncpu = { cores = 2 }\n",
    );
    for name in &names {
        text += &format!("[server.{name}]\ncpu = {{ cores = {} }}\nnic = \"100 Mbit/s\"\n", 1 + dice.up_to(3));
    }
    text += &format!(
        "[service.app]\nkind = \"app\"\nservers = [\"a\"]\nworkers = {}\nbacklog = 50\n\
         database = {{ service = \"db\", pool = {}, acquire_timeout = \"200 ms\", connect_timeout = \"1500 ms\", \
         read_timeout = \"{}\" }}\n",
        5 + dice.up_to(40),
        2 + dice.up_to(30),
        dice.pick(&["300 ms", "2 s", "none"])
    );
    let list = |names: &[String]| names.iter().map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(", ");
    text += &format!(
        "[service.db]\nkind = \"mysql\"\nprimary = \"d0\"\nreplicas = [{}]\nmax_connections = {}\n\
         innodb_buffer_pool_size = \"16 MiB\"\nreads = {}\nsync_binlog = {}\ninnodb_flush_log_at_trx_commit = {}\n",
        list(&names[1..]),
        5 + dice.up_to(60),
        dice.pick(&["\"primary\"", "\"replica\"", "\"any\"", "{ max_lag = \"20 ms\", poll = \"100 ms\" }"]),
        dice.up_to(4),
        dice.up_to(3)
    );
    text += dice.pick(&["buffer_pool_hit = 0.9\n", "data = { size = \"40 MiB\", popularity = \"zipf(0.9)\" }\n"]);
    if dice.chance(70) {
        text += &format!(
            "failover = {{ check_interval = \"{} ms\", check_timeout = \"50 ms\", failures = {}, promotion = \"{} ms\", \
             switch = \"{} ms\", rebuild = \"{} ms\"{} }}\n",
            50 + dice.up_to(200),
            1 + dice.up_to(3),
            dice.up_to(300),
            dice.up_to(300),
            1 + dice.up_to(2000),
            dice.pick(&["", ", candidate = [\"d1\"]", ", server = \"a\"", ", server = \"d1\""])
        );
    }
    text += &format!(
        "replication = {{ replica_parallel_workers = {}, source_connect_retry = \"{} ms\", replica_net_timeout = \"300 ms\", \
         sync_relay_log = {}{} }}\n",
        1 + dice.up_to(4),
        20 + dice.up_to(500),
        dice.up_to(3),
        dice.pick(&[
            "",
            ", mode = \"semi-sync\", timeout = \"100 ms\"",
            ", mode = \"semi-sync\", wait_point = \"AFTER_COMMIT\""
        ])
    );
    if dice.chance(30) {
        text += &format!(
            "backup = {{ server = \"{}\", at = \"{} ms\", size = \"{} MB\", rate = \"100 MB/s\"{} }}\n",
            dice.pick(&["d0", "d1"]),
            dice.up_to(5000),
            1 + dice.up_to(300),
            dice.pick(&["", ", to = \"a\""])
        );
    }
    text += &format!(
        "[request.page]\napp.cpu = \"1 ms\"\ndb.reads = {{ count = 2, cpu = \"exponential(1 ms)\", pages = 3 }}\n\
         [request.order]\napp.cpu = \"1 ms\"\n\
         db.transactions = [{{ reads = 1, writes = 2, log = \"{}\", cpu = \"exponential(2 ms)\", apply_cpu = \"exponential({} ms)\" }}, \
         {{ writes = 1, log = \"1 KiB\", cpu = \"1 ms\" }}]\n\
         [traffic.t]\nmix = {{ page = 2, order = 1 }}\n{}\nclient = {{ timeout = \"{}\", retries = {} }}\n",
        dice.pick(&["2 KiB", "lognormal(40 KiB, cv 1)"]),
        1 + dice.up_to(12),
        dice.pick(&[
            "process = \"poisson\"\nrate = \"100/s\"",
            "process = \"closed\"\nusers = 30\nthink = \"exponential(100 ms)\"",
        ]),
        dice.pick(&["800 ms", "3 s", "none"]),
        dice.up_to(3)
    );
    for _ in 0..1 + dice.up_to(5) {
        let server = format!("d{}", dice.up_to(replicas + 1));
        let other = format!("d{}", dice.up_to(replicas + 1));
        text += &format!("[[fault]]\nat = \"{} ms\"\nlasts = \"{} ms\"\n", dice.up_to(5500), 1 + dice.up_to(2500));
        text += &match dice.up_to(5) {
            0 => format!("kill = {{ service = \"db\", server = \"{server}\" }}\n"),
            1 => format!("power_off = \"{server}\"\n"),
            2 => format!("hang = {{ service = \"db\", server = \"{server}\" }}\n"),
            3 if server != other => format!("cut = [\"{server}\", \"{other}\"]\n"),
            3 => format!("cut = \"{server}\"\n"),
            _ => "kill = { service = \"db\" }\n".to_owned(),
        };
    }
    if number.is_multiple_of(2) {
        text += &maintenances(dice, &text, replicas);
    }
    text
}

/// One or two servers are maintained, the primary only where another may take its writes.
fn maintenances(dice: &mut Dice, text: &str, replicas: u64) -> String {
    let first = if text.contains("failover = {") { 0 } else { 1 };
    let one = |dice: &mut Dice| {
        let server = first + dice.up_to(replicas + 1 - first);
        let drain = dice.up_to(600);
        format!(
            "[[fault]]\nat = \"{} ms\"\nlasts = \"{} ms\"\n\
             maintenance = {{ service = \"db\", server = \"d{server}\", drain = \"{drain} ms\" }}\n",
            dice.up_to(4000),
            drain + 1 + dice.up_to(2000)
        )
    };
    (0..1 + dice.up_to(2)).map(|_| one(dice)).collect()
}

/// How much of what may happen did.
#[derive(Default)]
struct Seen {
    failovers: u64,
    lost: u64,
    in_doubt: u64,
    fallbacks: u64,
    applied: u64,
    unfinished_backups: u64,
}

impl Seen {
    fn of(result: &RunResult) -> Seen {
        let mut seen =
            Seen { applied: result.replicas.iter().map(|r| r.apply_delay_ns.count()).sum(), ..Seen::default() };
        for d in &result.databases {
            seen.failovers += d.failovers.len() as u64;
            seen.lost += d.transactions_lost;
            seen.in_doubt += d.in_doubt;
            seen.fallbacks += d.semi_sync.as_ref().map_or(0, |s| s.fallbacks);
            seen.unfinished_backups +=
                u64::from(d.backup.is_some_and(|b| b.began_ns.is_some() && b.ended_ns.is_none()));
        }
        seen
    }

    fn add(self, other: Seen) -> Seen {
        Seen {
            failovers: self.failovers + other.failovers,
            lost: self.lost + other.lost,
            in_doubt: self.in_doubt + other.in_doubt,
            fallbacks: self.fallbacks + other.fallbacks,
            applied: self.applied + other.applied,
            unfinished_backups: self.unfinished_backups + other.unfinished_backups,
        }
    }
}

fn check(number: u64) -> Result<Seen, String> {
    let text = scenario(number);
    let scenario = load_str("random.toml", &text, &Overrides::default())
        .map_err(|error| format!("scenario {number} is not valid:\n{}\n{text}", error.render(false)))?;
    let compiled = compile(&scenario);
    let plan = RunPlan { run: 0, warmup_s: 1.0, duration_s: Some(6.0), traces: &|_| Box::new(std::iter::empty()) };
    let quietly = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&scenario, &compiled, &plan)));
    let result = quietly().map_err(|_| format!("scenario {number} panics\n{text}"))?;
    laws(&result)
        .and_then(|()| database_laws(&result))
        .map_err(|broken| format!("scenario {number}: {broken}\n{text}"))?;
    let again = run(&scenario, &compiled, &plan);
    if format!("{result:?}") != format!("{again:?}") {
        return Err(format!("scenario {number}: a second run differs\n{text}"));
    }
    Ok(Seen::of(&result))
}

/// What holds for databases, besides.
fn database_laws(result: &RunResult) -> Result<(), String> {
    for d in &result.databases {
        let lost: u64 = d.failovers.iter().map(|f| f.lost).sum();
        if lost > d.transactions_lost || d.outage_max_ns > d.outage_ns {
            return Err(format!("{d:?}"));
        }
        for f in &d.failovers {
            if f.noticed_ns < f.died_ns
                || f.promoted_ns < f.noticed_ns
                || f.switched_ns.is_some_and(|s| s < f.promoted_ns)
            {
                return Err(format!("time goes back: {f:?}"));
            }
        }
    }
    Ok(())
}

#[test]
fn random_databases_survive_random_faults() {
    let full = std::env::var_os("FOOBAR_SIM_FULL").is_some();
    let count = if full { SCENARIOS_FULL } else { SCENARIOS };
    let checked: Vec<Result<Seen, String>> =
        (0..count).chain(ONCE_BROKEN).collect::<Vec<u64>>().into_par_iter().map(check).collect();
    let (seen, broken): (Vec<_>, Vec<_>) = checked.into_iter().partition(Result::is_ok);
    let broken: Vec<String> = broken.into_iter().filter_map(Result::err).collect();
    assert!(broken.is_empty(), "{} of {count} scenarios; the first:\n{}", broken.len(), broken[0]);
    let seen = seen.into_iter().flatten().fold(Seen::default(), Seen::add);
    let Seen { failovers, lost, in_doubt, fallbacks, applied, unfinished_backups } = seen;
    println!(
        "{count} databases: {failovers} failovers, {lost} transactions lost, {in_doubt} in doubt, {fallbacks} fallbacks, \
         {applied} applied, {unfinished_backups} backups broken off"
    );
    for (what, times) in [
        ("failovers", failovers),
        ("losses", lost),
        ("doubts", in_doubt),
        ("fallbacks", fallbacks),
        ("applied transactions", applied),
        ("unfinished backups", unfinished_backups),
    ] {
        assert!(times > 20, "{times} {what}: the scenarios do not reach what they are for");
    }
}

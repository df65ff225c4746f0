//! What to buy and when: `foobar-sim plan` on small systems whose answers are known, and the command as a user meets it.

use foobar_sim::scenario::{Overrides, Scenario, ServiceKind, load_str};
use foobar_sim::simulation::compile::compile;

const PAIR: &str = r#"
[server.lb1]
[server.app1]
[server.db1]
[service.lb]
kind = "haproxy"
servers = ["lb1"]
backend = "app"
[service.app]
kind = "app"
servers = ["app1"]
workers = 16
database = { service = "db", pool = 8 }
[service.db]
kind = "mysql"
primary = "db1"
reads = "any"
[request.page]
app.cpu = "10 ms"
db.reads = { count = 2, cpu = "1 ms", pages = 1 }
[traffic.a]
process = "poisson"
rate = "60/s"
mix = { page = 1 }
[traffic.b]
process = "mmpp"
states = [{ rate = "10/s", lasts = "1 s" }, { rate = "30/s", lasts = "1 s" }]
mix = { page = 1 }
"#;

fn pair() -> Scenario {
    load_str("pair.toml", PAIR, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn busy(scenario: &Scenario, station: &str) -> f64 {
    let load = compile(scenario).load;
    load.stations.iter().find(|s| s.station == station).map_or(f64::NAN, |s| s.offered_erlangs)
}

#[test]
fn twice_the_traffic_is_twice_the_load() {
    let once = pair();
    let rate = |scenario: &Scenario| compile(scenario).load.rate_per_s.unwrap();
    assert!((rate(&once) - 80.0).abs() < 1e-9);
    assert!((rate(&once.with_traffic(2.0, None)) - 160.0).abs() < 1e-9);
    assert!((rate(&once.with_traffic(2.0, Some(1))) - 100.0).abs() < 1e-9);
    assert!((busy(&once.with_traffic(2.0, None), "app1.cpu") / busy(&once, "app1.cpu") - 2.0).abs() < 1e-9);
}

#[test]
fn more_servers_share_the_work_and_no_fewer_are_left() {
    let once = pair();
    let three = once.with_servers(1, 3);
    assert_eq!(three.servers.iter().map(|s| s.name.as_str()).collect::<Vec<_>>()[3..], ["app1-2", "app1-3"]);
    assert_eq!(three.repairs.servers.len(), three.servers.len());
    assert!((busy(&three, "app1.cpu") * 3.0 / busy(&once, "app1.cpu") - 1.0).abs() < 1e-9);
    assert!((busy(&three, "app1-3.cpu") * 3.0 / busy(&once, "app1.cpu") - 1.0).abs() < 1e-9);
    let again = three.with_servers(1, 1);
    assert!((busy(&again, "app1.cpu") / busy(&once, "app1.cpu") - 1.0).abs() < 1e-9);
}

#[test]
fn a_replica_more_takes_its_share_of_the_reads() {
    let one = pair();
    let two = one.with_replicas(2, 1);
    let ServiceKind::Mysql(mysql) = &two.services[2].kind else { panic!("a database") };
    assert_eq!((mysql.replicas.len(), two.services[2].servers.len()), (1, 2));
    assert!((busy(&two, "db1.cpu") * 2.0 / busy(&one, "db1.cpu") - 1.0).abs() < 1e-9);
}

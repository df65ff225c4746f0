//! What is refused, with the place, the key and the remedy: one row each.

use super::{PEAK, QUEUE, loaded, loaded_with, refused};
use crate::scenario::{Figure, Metric, TimeSpan, print_effective};

/// `text` (or, beginning with `+`, the queue and `text`; with `--`, the six servers and that option) is
/// refused with a message that holds all of these.
pub(super) fn check(text: &str, expected: &[&str]) {
    let diagnostics = match (text.strip_prefix('+'), text.strip_prefix("--")) {
        (Some(more), _) => refused(&format!("{QUEUE}{more}"), &[]),
        (_, Some(option)) => refused(PEAK, &[option]),
        _ => refused(text, &[]),
    };
    let rendered = diagnostics.render(false);
    for part in expected {
        assert!(rendered.contains(part), "{text}\nis answered without `{part}`:\n{rendered}");
    }
    assert!(diagnostics.items().iter().all(|item| !item.help.is_empty()), "no remedy:\n{rendered}");
}

#[test]
fn values_of_the_wrong_kind() {
    for (text, expected) in [
        ("+rates = 1", &["traffic.all.rates: unknown key", "did you mean `rate`?", "test.toml:9:1"][..]),
        ("--network.delay=9", &["network.delay: a time needs its unit", "bare number 9", "\"9 ms\"", "--set:1:15"]),
        ("--network.delay=9 KiB", &["expected a time, found a size"]),
        ("--network.delay=9 m", &["did you mean \"9 min\"?"]),
        ("--network.delay=-9 ms", &["cannot be negative"]),
        ("--network.delay=inf", &["a time needs its unit"]),
        ("--network.delay=200 y", &["`y` is not a unit of time"]),
        ("--simulation.duration=999999999 h", &["beyond 100 years"]),
        ("--simulation.duration=0 s", &["zero is not possible"]),
        ("--simulation.runs=0", &["simulation.runs: zero is not possible", "from 1 to"]),
        ("--simulation.runs=2.5", &["expected a whole number, found 2.5"]),
        ("--simulation.seed=-1", &["simulation.seed: cannot be negative"]),
        ("--server.app1.cpu.cores=5000", &["server.app1.cpu.cores: 5000 is more than 4096"]),
        ("--server.app1.cpu.speed=nan", &["nan is not a number"]),
        ("--server.app1.cpu.speed=0", &["zero is not possible"]),
        ("--server.app1.nic=1 Gbps", &["did you mean \"1 Gbit/s\"?"]),
        ("--server.app1.memory=16G", &["did you mean \"16 GiB\"?"]),
        ("--server.app1.cpu=4", &["server.app1.cpu: expected a table"]),
        ("--server.app1=4", &["server.app1: expected a table"]),
        ("--traffic.visitors.rate=600 rps", &["did you mean \"600/s\"?"]),
        ("--service.lb.tls.resumption=70%", &["write it as a share: 0.7"]),
        ("--service.lb.tls.resumption=1.5", &["1.5 is more than 1"]),
        ("--service.web.worker_connections=many", &["expected a whole number"]),
        ("--name=a/b", &["name: names a folder", "\"a-b\""]),
        ("--name=3", &["name: expected a text"]),
    ] {
        check(text, expected);
    }
}

#[test]
fn recorded_work_of_a_station_belongs_to_its_requests() {
    let message = refused(QUEUE, &["service.cpu.service=trace(Tr)"]).render(false);
    assert!(message.contains("recorded work belongs to a request class"), "{message}");
    assert!(message.contains("service = \"trace\""), "{message}");
}

#[test]
fn distributions_that_are_none() {
    for (written, expected) in [
        ("lognormal(9 ms)", &["lognormal takes 2 arguments, found 1", "lognormal(9 ms, cv 0.8)"][..]),
        ("lognormal(9 ms, cv -1)", &["`cv` must be above 0"]),
        ("lognormal(9 ms, 0.8)", &["the second argument of lognormal is `cv`"]),
        ("lognormal(9, cv 0.8)", &["a time needs its unit", "\"9 ms\""]),
        ("lognormall(9 ms, cv 0.8)", &["`lognormall` is not a distribution", "did you mean lognormal"]),
        ("expo(9 ms)", &["`expo` is not a distribution", "did you mean exponential(9 ms)"]),
        ("exponential(0 ms)", &["the mean of exponential cannot be zero"]),
        ("exponential(9 ms", &["the parenthesis is not closed"]),
        ("hyperexponential(9 ms, cv 0.5)", &["a cv of at least 1"]),
        ("pareto(9 ms, shape 1)", &["has no mean"]),
        ("erlang(9 ms, k 2.5)", &["k must be a whole number"]),
        ("uniform(9 ms, 5 ms)", &["must be above the lower"]),
        ("percentiles(p50 4 ms)", &["at least 2"]),
        ("percentiles(p50 4 ms, p95 3 ms)", &["must grow"]),
        ("percentiles(p50 4 ms, p100 9 ms)", &["between p0 and p100"]),
        ("geometric(4)", &["geometric counts things"]),
        ("empirical(nothing.csv, ms, ms)", &["there is no file nothing.csv"]),
        ("empirical(nothing.csv)", &["empirical takes a file, a column"]),
        ("trace(x)", &["no traffic supplies recorded work"]),
    ] {
        check(&format!("--request.product.app.cpu={written}"), expected);
    }
}

#[test]
fn what_comes_later_is_not_read() {
    for text in [
        "--service.lb.retry_on=conn-failure",
        "--service.lb.timeout.http_request=30 s",
        "--service.web.upstream.zone=apps",
        "--service.web.servers=[{ name = \"web1\", priority = 150 }]",
        "--traffic.visitors.resample=60 s",
    ] {
        check(text, &["not supported yet"]);
    }
}

#[test]
fn objectives_that_cannot_be() {
    let fault = "--fault=[{ at = \"1 s\", hang = { service = \"app\" } }]";
    for (slo, expected) in [
        ("{}", &["slo.0.that: missing", "latency_p99 < 400 ms"][..]),
        ("{ that = 4 }", &["slo.0.that: expected a text"]),
        ("{ that = \"latency_p99 < 400\" }", &["slo.0.that: a time needs its unit"]),
        ("{ that = \"latncy_p99 < 4 ms\" }", &["no metric `latncy_p99`", "did you mean latency_p99?"]),
        ("{ that = \"availability >= 1.5\" }", &["slo.0.that: availability is at most 1"]),
        ("{ that = \"availability >= 1\" }", &["no number of runs can show", "0.9999"]),
        ("{ that = \"latency_p99 < 1 s\", class = \"chekout\" }", &["slo.0.class", "did you mean \"checkout\"?"]),
        ("{ that = \"latency_p99 < 1 s\", station = \"app1.cpu\" }", &["slo.0.station: latency_p99 is of requests"]),
        ("{ that = \"latency_p99 < 1 s\", server = \"db2\" }", &["slo.0.server: latency_p99 is of requests"]),
        ("{ that = \"latency_p99 < 1 s\", klass = \"image\" }", &["slo.0.klass: unknown key", "`class`"]),
        ("{ that = \"utilization < 0.8\" }", &["slo.0.station: missing", "app1.cpu"]),
        ("{ that = \"utilization < 1.8\", station = \"x\" }", &["utilization is at most 1"]),
        ("{ that = \"apply_delay_p99 < 1 s\", server = \"db9\" }", &["there is no server `db9`"]),
        ("{ that = \"apply_delay_p99 < 1 s\", server = \"app1\" }", &["`app1` is no replica", "replicas are db2"]),
        ("{ that = \"rto < 1 s\", from = \"1 s\" }", &["slo.0.from: rto is of all that failures do", "remove `from`"]),
        ("{ that = \"latency_p99 < 1 s\", during = \"fault 1\" }", &["there is no [[fault]]"]),
        ("{ that = \"latency_p99 < 1 s\", from = \"9 s\", to = \"9 s\" }", &["slo.0.to", "ends before it has begun"]),
        ("{ that = \"latency_p99 < 1 s\", from = \"9 h\" }", &["slo.0.from: the run is over after 1800 s"]),
        ("{ that = \"latency_p99 < 1 s\", to = \"9 h\" }", &["slo.0.to: the run is over", "leave `to` out"]),
        (
            "{ that = \"latency_p99 < 1 s\" }, { that = \"latency_p99 <= 2 s\" }",
            &["slo.1.that", "limit the same figure", "keep the stricter one"],
        ),
        (
            "{ that = \"latency_p50 < 400 ms\" }, { that = \"latency_p99 < 200 ms\" }",
            &[
                "\"latency_p50 < 400 ms\" already follows from \"latency_p99 < 200 ms\"",
                "perhaps the limits are swapped",
            ],
        ),
        (
            "{ that = \"throughput > 500/s\" }, { that = \"throughput < 500/s\" }",
            &["\"throughput > 500/s\" and \"throughput < 500/s\" cannot both hold"],
        ),
        ("{ that = \"latency_p99 > 200 ms\" }", &["the wrong way round", "latency_p99 < 200 ms"]),
    ] {
        check(&format!("--slo=[{slo}]"), expected);
    }
    for (options, expected) in [
        ([fault, "--slo=[{ that = \"latency_p99 < 1 s\", during = \"fault 2\" }]"], "there is no fault 2"),
        ([fault, "--slo=[{ that = \"latency_p99 < 1 s\", during = \"noon\" }]"], "write during = \"fault 1\""),
        (
            [fault, "--slo=[{ that = \"latency_p99 < 1 s\", during = \"fault 1\", to = \"9 s\" }]"],
            "slo.0.during: cannot stand beside `to`",
        ),
        (
            ["--network.client_rtt=40 ms", "--slo=[{ that = \"latency_p50 < 30 ms\" }]"],
            "network.client_rtt alone is 40 ms",
        ),
        (
            [
                "--traffic.visitors.mix={ image = 1 }",
                "--slo=[{ that = \"latency_p50 < 30 ms\", class = \"checkout\" }]",
            ],
            "no traffic asks for `checkout`",
        ),
    ] {
        let options = options.map(|option| option.trim_start_matches("--"));
        let warmup = "simulation.warmup=\"1 s\"";
        let message = refused(PEAK, &[options[0], options[1], warmup]).render(false);
        assert!(message.contains(expected), "{options:?}\n{message}");
    }
    check("+[[slo]]\nthat = \"rpo <= 0\"", &["rpo is of a database, and there is none"]);
    check("+[[slo]]\nthat = \"stale_reads < 0.1\"", &["no database here has one"]);
    check("+[slo]\nthat = \"latency_p99 < 1 s\"", &["slo: expected an array", "latency_p99 < 400 ms"]);
}

#[test]
fn objectives_are_read() {
    let options = [
        "simulation.warmup=\"1 s\"",
        "fault=[{ at = \"60 s\", lasts = \"30 s\", hang = { service = \"app\" } }]",
        "slo=[{ that = \"latency_p99<400 ms\", class = \"checkout\", during = \"fault 1\" }, { that = \"seconds_behind_mean < 1 s\" }]",
    ];
    let scenario = loaded_with(PEAK, &options);
    let [latency, lag] = &scenario.objectives[..] else { panic!("{:?}", scenario.objectives) };
    assert_eq!((latency.that.as_str(), latency.class, latency.during), ("latency_p99 < 400 ms", Some(2), Some(1)));
    assert_eq!(latency.time, Some(TimeSpan::Between { from_s: 60.0, to_s: Some(90.0) }));
    assert_eq!(lag.metric, Metric::SecondsBehind { server: 4, figure: Figure::Mean });
    let effective = print_effective(&scenario);
    assert!(effective.contains("[[slo]]\nthat = \"latency_p99<400 ms\""), "{effective}");
    let again = loaded(&effective);
    assert_eq!(again.objectives.len(), 2);
    assert_eq!(again.sha256.len(), 64);
}

#[test]
fn pairs_that_cannot_be() {
    for (vrrp, expected) in [
        ("vrrp = {}", &["service.lb.vrrp.advert_intt: unknown key", "did you mean `advert_int`?"][..]),
        ("vrrp = { advert_int = 1 }", &["service.lb.vrrp.advert_int: a time needs its unit"]),
        ("vrrp = { advert_int = \"50 s\" }", &["version 3 has 0.01 to 40.95 s"]),
        ("vrrp = { version = 2, advert_int = \"0.5 s\" }", &["version 2 has whole seconds", "write version = 3"]),
        ("vrrp = { nopreempt = true }", &["service.lb.vrrp.nopreempt", "write preempt = false"]),
        ("vrrp = { preempt = false, preempt_delay = \"9 s\" }", &["nobody preempts"]),
        ("vrrp = { garp_master_refresh = \"9 s\" }", &["not supported yet"]),
        ("vrrp = { track_script = { fall = 0 } }", &["service.lb.vrrp.track_script.fall: zero is not possible"]),
        ("vrrp = { track_script = { weight = 300 } }", &["a whole number from -253 to 253"]),
    ] {
        let vrrp = if vrrp == "vrrp = {}" { "vrrp = { advert_intt = \"1 s\" }" } else { vrrp };
        let text = PEAK.replace("servers = [{ name = \"lb1\" }]", &format!("servers = [\"lb1\", \"web1\"]\n{vrrp}"));
        check(&text, expected);
    }
    for (option, expected) in [
        ("--service.lb.vrrp={}", &["service.lb.vrrp: there is one server", "name a second server"][..]),
        ("--service.lb.servers=[\"lb1\", \"web1\"]", &["who of them has the address?", "add vrrp ="]),
        ("--service.lb.servers=[{ name = \"lb1\", priority = 150 }]", &["there is no vrrp", "add vrrp ="]),
    ] {
        check(option, expected);
    }
    let pair = |priority: &str| {
        let servers = format!("servers = [{{ name = \"lb1\", priority = {priority} }}, \"web1\"]\nvrrp = {{}}");
        PEAK.replace("servers = [{ name = \"lb1\" }]", &servers)
    };
    check(&pair("255"), &["service.lb.servers.0.priority: 255 is more than 254"]);
    check(&pair("0"), &["service.lb.servers.0.priority: zero is not possible"]);
    // who has no keepalived
    for effect in ["kill = { service = \"app\", keepalived = true }", "stop = { service = \"lb\" }"] {
        check(&format!("{PEAK}\n[[fault]]\nat = \"1 s\"\n{effect}\n"), &["has no keepalived: not supported yet"]);
    }
}

#[test]
fn clients_that_cannot_be() {
    for (text, expected) in [
        ("--traffic.visitors.client.timeout=10", &["traffic.visitors.client.timeout", "a time needs its unit"][..]),
        ("--traffic.visitors.client.timeout=0 s", &["zero is not possible"]),
        ("--traffic.visitors.client.timeout=never", &["expected a time", "\"none\""]),
        ("--traffic.visitors.client.retries=-1", &["cannot be negative"]),
        ("--traffic.visitors.client.retries=2000", &["2000 is more than 1000"]),
        ("--traffic.visitors.client.backoff=1 s", &["nothing is tried again without retries", "add retries = 1"]),
        ("--traffic.visitors.client.budget={ ratio = 0.1 }", &["nothing is tried again without retries"]),
        ("--traffic.visitors.client={ retries = 1, backoff = { base = \"0 s\" } }", &["zero is not possible"]),
        ("--traffic.visitors.client={ retries = 1, backoff = { factor = 2 } }", &["base", "\"100 ms\""]),
        (
            "--traffic.visitors.client={ retries = 1, backoff = { base = \"1 s\", jitter = \"some\" } }",
            &["jitter", "\"full\""],
        ),
        ("--traffic.visitors.client={ retries = 1, budget = { ratio = -1 } }", &["cannot be negative"]),
        ("--traffic.visitors.retries=1", &["this is the client's", "client = { retries = ... }"]),
    ] {
        check(text, expected);
    }
}

#[test]
fn faults_that_cannot_be() {
    for (text, expected) in [
        ("--fault=[{ at = \"1 s\" }]", &["fault.0: nothing says what goes wrong", "slow = {"][..]),
        (
            "--fault=[{ at = \"1 s\", maintenance = { service = \"db\" } }]",
            &["fault.0.maintenance.service: `db`: nobody takes the writes of its primary over", "failover = {}"],
        ),
        (
            "--fault=[{ at = \"1 s\", maintenance = { service = \"db\", server = \"db1\" } }]",
            &["fault.0.maintenance.server: `db`: nobody takes", "name one of its replicas"],
        ),
        ("--fault=[{ hang = { service = \"app\" } }]", &["fault.0.at: missing", "mttf"]),
        ("--fault=[{ at = \"-1 s\", hang = { service = \"app\" } }]", &["cannot be negative"]),
        ("--fault=[{ at = \"1 s\", lasts = \"0 s\", hang = { service = \"app\" } }]", &["zero is not possible"]),
        (
            "--fault=[{ at = \"1 s\", mttf = \"exponential(1 h)\", mttr = \"1 s\", hang = { service = \"app\" } }]",
            &["cannot stand beside `at`"],
        ),
        ("--fault=[{ mttf = \"exponential(1 h)\", hang = { service = \"app\" } }]", &["fault.0.mttr: missing"]),
        (
            "--fault=[{ at = \"1 s\", hang = { service = \"ap\" } }]",
            &["there is no service `ap`", "did you mean \"app\"?"],
        ),
        ("--fault=[{ at = \"1 s\", hang = {} }]", &["fault.0.hang.service: missing"]),
        (
            "--fault=[{ at = \"1 s\", hang = { service = \"app\", server = \"db1\" } }]",
            &["`app` does not run on `db1`", "it runs on app1"],
        ),
        ("--fault=[{ at = \"1 s\", slow = { server = \"app1\" } }]", &["as a factor of its speed: cpu = 0.2"]),
        ("--fault=[{ at = \"1 s\", slow = { server = \"app9\", cpu = 0.5 } }]", &["there is no server `app9`"]),
        ("--fault=[{ at = \"1 s\", slow = { server = \"app1\", cpu = 0 } }]", &["zero is not possible"]),
        (
            "[service.s]\nkind = \"station\"\nservice = \"1 ms\"\n[request.x]\npath = [\"s\"]\n[traffic.t]\n\
             process = \"trace\"\nfile = \"a.csv\"\nformat = \"csv\"\ncolumns = { time = \"t\" }\notherwise = \"x\"\n\
             [[fault]]\nmttf = \"1 h\"\nmttr = \"1 s\"\nhang = { service = \"s\" }\n",
            &["has no end before the next fault", "set simulation.duration"],
        ),
        ("--fault=[{ at = \"1 s\", power_off = \"app9\" }]", &["there is no server `app9`"]),
        ("--fault=[{ at = \"1 s\", cut = [\"app1\", \"app1\"] }]", &["between two different ones", "cut = \"db1\""]),
        ("--fault=[{ at = \"1 s\", cut = [] }]", &["between two different ones"]),
        (
            "--fault=[{ at = \"1 s\", slow = { server = \"app1\", cpu = 0.5 }, hang = { service = \"app\" } }]",
            &["cannot stand beside"],
        ),
        (
            "+[simulation]\nwarmup = \"auto\"\n[[fault]]\nat = \"1 s\"\nhang = { service = \"s\" }",
            &["[[fault]] does", "\"30 s\""],
        ),
    ] {
        check(text, expected);
    }
}

#[test]
fn references_that_point_nowhere() {
    for (text, expected) in [
        ("--service.app.servers=[\"app2\"]", &["there is no server `app2`", "did you mean \"app1\"?"][..]),
        ("--service.app.servers=[]", &["at least one server"]),
        ("--service.app.servers=[\"app1\", \"app1\"]", &["is named twice"]),
        ("--service.lb.backend=wep", &["there is no service `wep`", "did you mean \"web\"?"]),
        ("--service.lb.backend=db", &["is of kind mysql"]),
        ("--service.web.upstream.service=lb", &["is of kind haproxy; nginx forwards to app or station"]),
        ("--service.lb.route={ image = \"web\" }", &["cannot stand beside `backend`"]),
        ("--service.db.replicas=[\"db1\"]", &["is the primary already"]),
        ("--service.db.servers=[\"db1\"]", &["mysql does not use it", "primary ="]),
        ("--service.db.buffer_pool_hit=0.9", &["cannot stand beside `data`"]),
        ("--service.app.kind=ap", &["service.app.kind: \"ap\" is not known", "did you mean \"app\"?"]),
        ("--service.app.processes=2", &["runtime \"workers\" has no processes"]),
        ("--service.lb.balance=least_conn", &["did you mean \"leastconn\"?"]),
        ("--traffic.visitors.mix={}", &["traffic.visitors.mix: is empty"]),
        ("--traffic.visitors.mix={ image = 0 }", &["only weights of zero"]),
        ("--traffic.visitors.mix={ imgae = 1 }", &["no request class `imgae`", "did you mean \"image\"?"]),
        ("--request.product.cache.cpu=1 ms", &["neither a key nor a service `cache`"]),
        ("--request.product.web.wait=1 ms", &["request.product.web.wait: unknown key", "cpu, file"]),
        (
            "--request.image.app.cpu=1 ms",
            &["request.image.app: the request never gets there", "answers it with a file"],
        ),
        ("--request.image={}", &["request.image: asks nothing of any service"]),
        ("--request.image.path=[\"web\"]", &["cannot stand beside `path`", "is of kind nginx"]),
        ("+target = \"cpu\"", &["would have no effect"]),
        ("+[request.other]\npath = [\"cpu\"]", &["traffic.all.mix: missing"]),
        (
            "+mix = { job = 1 }\n[service.disk]\nkind = \"station\"\n[request.b]\npath = [\"disk\"]",
            &["nothing says how long the service at `disk` takes"],
        ),
        ("name = \"x\"", &["service: missing", "request: missing", "traffic: missing"]),
    ] {
        check(text, expected);
    }
}

#[test]
fn static_files_need_to_be_described() {
    let without = PEAK.replace("files = { total = \"3 GiB\", popularity = \"zipf(0.9)\" }", "");
    check(&without, &["request.image.web.file: service.web has no `files`", "files = { total"]);
}

#[test]
fn a_route_covers_all_classes() {
    let routed = PEAK.replace("backend = \"web\"", "route = { image = \"web\", product = \"app\" }");
    check(&routed, &["service.lb.route: no backend for checkout"]);
}

#[test]
fn traffic_that_cannot_be() {
    for (text, expected) in [
        ("profile = [[\"5 s\", \"1/s\"]]", &["begins at 5 s"][..]),
        ("profile = [[\"0 s\", \"1/s\"], [\"0 s\", \"2/s\"]]", &["times do not grow"]),
        ("profile = []", &["has no points"]),
        ("profile = \"nothing.csv\"", &["there is no file nothing.csv"]),
        ("rate = \"1/s\"\nprofile = []", &["cannot stand beside `rate`"]),
        ("rate = \"1/s\"\nshape = \"step\"", &["belongs to a `profile`"]),
        ("process = \"poison\"", &["did you mean \"poisson\"?"]),
        ("process = \"mmpp\"\nstates = [{ rate = \"1/s\", lasts = \"1 s\" }]", &["at least two states"]),
        ("process = \"closed\"\nthink = \"1 s\"", &["traffic.b.users: missing", "users = 100"]),
        (
            "process = \"closed\"\nusers = 2\nthink = \"1 s\"\nsession = [\"jop\"]",
            &["there is no request class `jop`", "did you mean \"job\"?"],
        ),
        ("process = \"batch\"\nrate = \"1/s\"\nsize = \"geometric(0.5)\"", &["the mean of a geometric is at least 1"]),
        (
            "process = \"trace\"\nfile = \"nothing.log\"\nformat = \"haproxy\"\notherwise = \"job\"",
            &["there is no file nothing.log"],
        ),
        (
            "process = \"trace\"\nfile = \"Cargo.toml\"\nformat = \"haproxy\"\notherwise = \"job\"\nwork = [{ column = \"Tr\" }]",
            &["`Tr` is not a service time: it contains waiting", "recorded_workers = 4"],
        ),
        (
            "process = \"trace\"\nfile = \"Cargo.toml\"\nformat = \"nginx\"\notherwise = \"job\"\nwork = [{ column = \"request_time\" }]",
            &["is not a service time"],
        ),
        (
            "process = \"trace\"\nfile = \"Cargo.toml\"\nformat = \"haproxy\"\nrules = [{ match = \"(\", class = \"job\" }]",
            &["is not a regular expression"],
        ),
        ("process = \"trace\"\nfile = \"Cargo.toml\"\nformat = \"haproxy\"", &["say which lines are which class"]),
        ("rate = \"1/s\"\nwave = { amplitude = 2.0, period = \"1 h\" }", &["2 is more than 1"]),
    ] {
        check(&format!("+[traffic.b]\n{text}"), expected);
    }
    check(
        "+[traffic.b]\nprofile = [[\"0 s\", \"1/s\"], [\"9 s\", \"2/s\"]]\n[simulation]\nwarmup = \"auto\"",
        &["simulation.warmup: \"auto\" is for what does not change in time", "warmup = \"30 s\""],
    );
    check("+[simulation]\nwarmup = \"fast\"", &["simulation.warmup: expected a time", "write \"auto\" or a time"]);
}

#[test]
fn paths_that_lead_nowhere() {
    for (path, expected) in [
        ("[]", &["request.job.path: goes nowhere"][..]),
        ("[\"cpuu\"]", &["there is no service `cpuu`", "did you mean \"cpu\"?"]),
        ("[{ service = \"1 ms\" }]", &["says no step", "exactly one of visit, hold"]),
        ("[{ visit = \"cpu\", delay = \"1 ms\" }]", &["says 2 steps at once: visit, delay"]),
        ("[{ repeat = 3 }]", &["request.job.path.0.path: missing"]),
        ("[{ again = 1.0, path = [\"cpu\"] }]", &["1 is more than 0.9999"]),
        ("[{ choose = [{ weight = 0.0, path = [\"cpu\"] }] }]", &["nothing can be chosen"]),
        ("[{ visit = \"cpu\", servise = \"1 ms\" }]", &["unknown key", "did you mean `service`?"]),
        ("[3]", &["expected a station or a step"]),
    ] {
        let text = QUEUE.replace("[\"cpu\"]", path);
        check(&text, expected);
    }
}

#[test]
fn stations_whose_keys_would_have_no_effect() {
    let shared = "kind = \"station\"\ndiscipline = \"ps\"";
    for (with, path, expected) in [
        (format!("{shared}\nqueue_limit = 3"), "[\"cpu\"]", "service.cpu.queue_limit: a shared station"),
        (format!("{shared}\npatience = \"1 s\""), "[\"cpu\"]", "service.cpu.patience: a shared station"),
        (format!("{shared}\nworkers = \"unlimited\""), "[\"cpu\"]", "service.cpu.workers: nothing is shared"),
        (
            "kind = \"station\"\nworkers = \"unlimited\"\ndiscipline = \"priority\"\npriority = [\"job\"]".into(),
            "[\"cpu\"]",
            "service.cpu.workers: nobody is served before others",
        ),
        (
            "kind = \"station\"".into(),
            "[\"cpu\", { hold = \"cpu\", path = [{ delay = \"1 ms\" }] }]",
            "a pool or a queue, not both",
        ),
        (
            "kind = \"station\"".into(),
            "[{ hold = \"cpu\", path = [{ delay = \"1 ms\" }] }]",
            "service.cpu.service: requests only hold",
        ),
        (
            shared.into(),
            "[{ hold = \"cpu\", path = [{ delay = \"1 ms\" }] }]",
            "service.cpu.discipline: requests only hold",
        ),
    ] {
        check(&QUEUE.replace("kind = \"station\"", &with).replace("[\"cpu\"]", path), &[expected]);
    }
}

#[test]
fn overrides_that_reach_nothing() {
    for (text, expected) in [
        ("--service.app.wrokers=3", &["service.app.wrokers: unknown key", "did you mean `workers`?", "--set:1:1"][..]),
        ("--service.app.workers", &["there is no `=`"]),
        ("--service..workers=3", &["is not a dotted key"]),
        ("--service.lb.backend.x=3", &["`backend` is a string, with nothing inside it"]),
        ("--service.lb.servers.4=3", &["`servers` has 1 elements"]),
        ("--extends=other.toml", &["cannot be set on the command line"]),
    ] {
        check(text, expected);
    }
}

#[test]
fn text_that_is_not_toml() {
    check("[service.a\nkind = 1", &["this is not valid TOML", "test.toml:1:"]);
    check("[a]\nx = 1\nx = 2\n", &["x: this key stands twice", "test.toml:3:1"]);
    check("x = 99999999999999999999", &["is too large"]);
}

/// Whatever a line becomes, there is a scenario or a message, and never a panic.
#[test]
fn no_line_of_a_scenario_can_be_broken_into_a_panic() {
    let trace = "[traffic.log]\nprocess = \"trace\"\nfile = \"Cargo.toml\"\nformat = \"csv\"\ncolumns = { time = \"t\" }\notherwise = \"image\"\n\
                 work = [{ column = \"a\", unit = \"ms\" }]\nwindow = [\"0 s\", \"1 s\"]\n";
    let whole = format!("{PEAK}{trace}").replace("\"auto\"", "\"9 s\"");
    crate::scenario::load_str("test.toml", &whole, &super::set(&[])).unwrap_or_else(|e| panic!("{e}"));
    let lines: Vec<&str> = whole.lines().collect();
    let mut refused = 0;
    for broken in 0..lines.len() {
        let key = lines[broken].split('=').next().unwrap_or("");
        for value in [
            None,
            Some("0"),
            Some("\"\""),
            Some("\"µ(\""),
            Some("[]"),
            Some("[[], 1]"),
            Some("{}"),
            Some("{ a = 1 }"),
            Some("nan"),
            Some("1979-05-27"),
        ] {
            let line = value.map_or(String::new(), |value| format!("{key}= {value}"));
            let mut text: Vec<&str> = lines.clone();
            text[broken] = &line;
            if let Err(diagnostics) = crate::scenario::load_str("test.toml", &text.join("\n"), &super::set(&[])) {
                assert!(!diagnostics.render(true).is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 5 * lines.len(), "only {refused} of {} broken scenarios were refused", 10 * lines.len());
}

#[test]
fn one_mistake_is_one_error() {
    let count = |text: &str, option: &[&str]| {
        let diagnostics = refused(text, option);
        (diagnostics.len(), diagnostics.render(false))
    };
    // the keys of an unknown kind are not judged
    for option in ["service.app.kind=apache", "service.db.kind=7"] {
        let (errors, rendered) = count(PEAK, &[option]);
        assert_eq!(errors, 1, "{rendered}");
    }
    // a service that passes requests to itself is not asked which one is in front
    let circle = "[server.a]\n[service.web]\nkind = \"nginx\"\nservers = [\"a\"]\nupstream = { service = \"web\" }\n\
                  [request.page]\nweb.cpu = \"1 ms\"\n[traffic.v]\nprocess = \"poisson\"\nrate = \"1/s\"\n";
    let (errors, rendered) = count(circle, &[]);
    assert_eq!(errors, 1, "{rendered}");
    assert!(rendered.contains("`web` is of kind nginx; nginx forwards to app or station"), "{rendered}");
    // nor are the keys below a header that stands twice
    let twice = format!("{QUEUE}[service.cpu]\nkind = \"station\"\nworkers = 2\n");
    let (errors, rendered) = count(&twice, &[]);
    assert_eq!(errors, 1, "{rendered}");
    assert!(rendered.contains("service.cpu: this table stands twice"), "{rendered}");
    assert!(!rendered.contains("errors in the scenario"), "{rendered}");
}

#[test]
fn a_key_that_stands_twice() {
    check("+rate = \"2/s\"", &["rate: this key stands twice in its table", "remove one of the two", "test.toml:9:1"]);
}

#[test]
fn one_value_of_something_that_is_not_there() {
    for (option, expected) in [
        (
            "--service.ap.workers=3",
            &["there is no service `ap`", "did you mean service.app?", "given whole: --set", "--set:1:1"][..],
        ),
        ("--server.db3.cpu.cores=3", &["there is no server `db3`", "did you mean server.db"]),
        ("--traffic.visitor.rate=3/s", &["there is no traffic `visitor`", "did you mean traffic.visitors?"]),
    ] {
        check(option, expected);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_without_end_is_refused() {
    let endless = std::path::Path::new("/dev/zero");
    let rendered = crate::scenario::load(endless, &crate::scenario::Overrides::default()).unwrap_err().render(false);
    assert!(rendered.contains("/dev/zero has more than 16 MiB: too large for a scenario"), "{rendered}");
}

#[test]
fn what_is_nowhere_in_the_file_points_at_no_line_of_it() {
    let rendered = refused("name = \"x\"\n[server.a]\n", &[]).render(false);
    assert!(
        rendered.contains("service: missing; there is no [service.NAME] in this scenario\n--> test.toml\n"),
        "{rendered}"
    );
    assert!(!rendered.contains("name = "), "{rendered}");
}

#[test]
fn ends_of_lines_from_another_system_are_not_shown() {
    let rendered = refused("name = \"x\"\r\nbogus = 1\r\n", &[]).render(false);
    assert!(rendered.contains("2 | bogus = 1\n"), "{rendered}");
}

#[test]
fn replication_that_cannot_be() {
    let db = "[server.d1]\n[server.d2]\n[server.d3]\n[service.app]\nkind = \"app\"\nservers = [\"d1\"]\n\
              database = { service = \"db\" }\n[request.w]\ndb.transactions = [{ cpu = \"1 ms\" }]\n[traffic.t]\n\
              rate = \"1/s\"\n[service.db]\nkind = \"mysql\"\nprimary = \"d1\"\n";
    for (keys, expected) in [
        ("replication = { mode = \"semi-sync\" }", &["semi-sync without a replica", "replicas = [\"db2\"]"][..]),
        (
            "replicas = [\"d2\"]\nreplication = { mode = \"semi-sync\", wait_for_replica_count = 2 }",
            &["waits for 2 replicas, and there are 1"],
        ),
        ("replicas = [\"d2\"]\nreplication = { mode = \"semi-sync\", timeout = \"0 s\" }", &["zero is not possible"]),
        (
            "replicas = [\"d2\"]\nreplication = { mode = \"semi-sync\", wait_point = \"after_sync\" }",
            &["did you mean \"AFTER_SYNC\"?"],
        ),
        (
            "backup = { server = \"d3\", at = \"1 s\", size = \"1 GiB\" }",
            &["`db` does not run on `d3`", "it runs on d1"],
        ),
        ("backup = { at = \"1 s\" }", &["service.db.backup.size: missing"]),
        ("backup = { size = \"1 GiB\" }", &["service.db.backup.at: missing"]),
        ("backup = { at = \"-1 s\", size = \"1 GiB\" }", &["cannot be negative"]),
        (
            "backup = { at = \"1 s\", size = \"1 GiB\", to = \"d1\" }",
            &["the server that is backed up", "leave `to` out"],
        ),
        ("failover = {}", &["failover without a candidate", "no replica to promote"]),
        ("replicas = [\"d2\"]\nfailover = { candidate = [] }", &["failover without a candidate"]),
        ("replicas = [\"d2\"]\nfailover = { candidate = [\"d1\"] }", &["`d1` is the primary"]),
        ("replicas = [\"d2\"]\nfailover = { candidate = [\"d3\"] }", &["no replica of this database"]),
        ("replicas = [\"d2\"]\nfailover = { candidate = [\"d2\", \"d2\"] }", &["named twice"]),
        ("replicas = [\"d2\"]\nfailover = { failures = 0 }", &["zero is not possible"]),
        ("replicas = [\"d2\"]\nfailover = { check_interval = \"-1 s\" }", &["cannot be negative"]),
    ] {
        check(&format!("{db}{keys}\n"), expected);
    }
}

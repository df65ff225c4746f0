//! One station: M/M/c and its kin, loss, abandonment, sharing, priorities, feedback, arrivals that are not
//! Poisson.

use foobar_sim::stats::analytic::erlang::{Mmc, erlang_b, mmck};
use foobar_sim::stats::analytic::mg1::pollaczek_khinchine;
use foobar_sim::stats::analytic::priority::{PriorityClass, nonpreemptive_waits, preemptive_sojourns};
use foobar_sim::stats::analytic::renewal::Gim1;

use super::grade::{Case, Model};
use super::oracle;
use super::run::variance;

/// One class of Poisson requests through one station with these keys.
pub fn poisson(rate: f64, station: &str) -> String {
    with_process(&format!("process = \"poisson\"\nrate = \"{rate}/s\""), station)
}

/// The same behind another arrival process.
pub fn with_process(process: &str, station: &str) -> String {
    format!(
        "[service.s]\nkind = \"station\"\npercentiles = true\n{station}\n\
         [request.r]\npath = [\"s\"]\n\
         [traffic.t]\n{process}\nmix = {{ r = 1 }}\n"
    )
}

pub fn cases() -> Vec<Case> {
    let mut cases = exponential();
    cases.extend(losing());
    cases.extend(general());
    cases.extend(sharing());
    cases.extend(clients());
    cases.extend(priorities());
    cases.extend(renewals());
    cases
}

fn exponential() -> Vec<Case> {
    let a01 = Model::new(poisson(80.0, "service = \"exponential(10 ms)\""), 20.0, 600.0, 19_000.0)
        .is("mean_sojourn", 0.05, |r| r.station("s").sojourn())
        .is("mean_wait", 0.04, |r| r.station("s").wait())
        .is("mean_in_system", 4.0, |r| r.station("s").present())
        .is("util", 0.8, |r| r.station("s").utilization())
        .is("sojourn_p50", 0.03465735902799726, |r| r.response_quantile("r", 0.5))
        .is("sojourn_p95", 0.1497866136776995, |r| r.response_quantile("r", 0.95))
        .is("sojourn_p99", 0.23025850929940456, |r| r.response_quantile("r", 0.99))
        .is("wait_p95", 0.13862943611198905, |r| r.station("s").wait_quantile(0.95))
        .exactly("wait_p15", 0.0, 0.0, |r| r.station("s").wait_quantile(0.15))
        .is("sojourn_variance", 0.0025, |r| variance(&r.class("r").latency_ns))
        .is("P(N>=10)", 0.10737418240000006, |r| r.station("s").present_at_least(10));

    let a02 = Model::new(poisson(360.0, "workers = 4\nservice = \"exponential(10 ms)\""), 20.0, 400.0, 8000.0)
        .is("erlang_C", 0.7877532642953626, |r| r.station("s").waits())
        .is("mean_wait", 0.019693831607384065, |r| r.station("s").wait())
        .is("mean_sojourn", 0.029693831607384064, |r| r.station("s").sojourn())
        .is("mean_in_system", 10.689779378658264, |r| r.station("s").present())
        .is("sojourn_p50", 0.022545036930267576, |r| r.response_quantile("r", 0.5))
        .is("sojourn_p95", 0.08165524818411671, |r| r.response_quantile("r", 0.95))
        .is("sojourn_p99", 0.12193167436199084, |r| r.response_quantile("r", 0.99))
        .is("wait_p95", 0.06892904797555305, |r| r.station("s").wait_quantile(0.95));

    // many workers: they live in the station's own heap
    let many = Mmc::new(11_000.0, 100.0, 120).expect("stable");
    let v01 = Model::new(poisson(11_000.0, "workers = 120\nservice = \"exponential(10 ms)\""), 2.0, 10.0, 110.0)
        .is("waits", many.waits, |r| r.station("s").waits())
        .is("mean_sojourn", many.sojourn_mean(), |r| r.station("s").sojourn())
        .is("sojourn_p99", many.sojourn_percentile(0.99), |r| r.response_quantile("r", 0.99))
        .is("P(N>=110)", many.present_at_least(110), |r| r.station("s").present_at_least(110));

    // insensitive: any law of the time in service
    let v02 = Model::new(
        poisson(50.0, "workers = \"unlimited\"\nservice = \"lognormal(300 ms, cv 2)\""),
        60.0,
        300.0,
        6000.0,
    )
    .is("mean_in_system", 15.0, |r| r.station("s").present())
    .is("P(N>=20)", oracle::poisson_at_least(15.0, 20), |r| r.station("s").present_at_least(20));

    vec![
        Case::new("A01", "M/M/1 basics", vec![a01]),
        Case::new("A02", "M/M/4 with Erlang C and sojourn percentiles", vec![a02]),
        Case::new("V01", "M/M/120: many workers", vec![v01]),
        Case::new("V02", "M/G/inf is insensitive", vec![v02]),
    ]
}

fn losing() -> Vec<Case> {
    // K counts the request in service; the station's limit counts those who wait
    let a04 = Model::new(poisson(90.0, "queue_limit = 9\nservice = \"exponential(10 ms)\""), 10.0, 100.0, 2800.0)
        .is("loss_prob", 0.050813731327412244, |r| r.station("s").lost())
        .is("throughput", 85.4267641805329, |r| r.throughput("r"))
        .is("mean_in_system", 3.9694405985861696, |r| r.station("s").present())
        .is("mean_sojourn_accepted", 0.046466006721237, |r| r.station("s").sojourn());
    let a04_critical =
        Model::new(poisson(100.0, "queue_limit = 9\nservice = \"exponential(10 ms)\""), 10.0, 80.0, 2000.0)
            .is("rho1_L", 5.0, |r| r.station("s").present())
            .is("rho1_loss", 0.09090909090909091, |r| r.station("s").lost());

    let a06 = Model::new(
        poisson(80.0, "workers = 10\nqueue_limit = 0\nservice = \"exponential(100 ms)\""),
        10.0,
        60.0,
        700.0,
    )
    .is("blocking", 0.1216610642529515, |r| r.station("s").lost())
    .is("mean_busy", 7.026711485976388, |r| r.station("s").busy());

    let a13 = |patience: &str| format!("workers = 10\nservice = \"exponential(100 ms)\"\npatience = \"{patience}\"");
    let a13 = Model::new(poisson(100.0, &a13("exponential(0.5 s)")), 10.0, 100.0, 2200.0)
        .is("P(abandon)", 0.07769288018920455, |r| r.station("s").lost())
        .is("mean_wait_all", 0.03884644009460227, |r| r.station("s").wait_of_all())
        .is("mean_queue", 3.884644009460227, |r| r.station("s").present() - r.station("s").busy())
        .is("P(wait>0)", 0.7156273017071137, |r| r.station("s").waits())
        .is("utilization", 0.9223071198107959, |r| r.station("s").utilization());

    let limited = mmck(26.0, 10.0, 3, 8).expect("parameters");
    let v03 = Model::new(
        poisson(26.0, "workers = 3\nqueue_limit = 5\nservice = \"exponential(100 ms)\""),
        10.0,
        200.0,
        3800.0,
    )
    .is("lost", limited.lost, |r| r.station("s").lost())
    .is("mean_in_system", limited.present_mean, |r| r.station("s").present())
    .is("throughput", limited.throughput, |r| r.throughput("r"));

    // Erlang's loss formula holds for any law of the holding time
    let v04 = Model::new(
        poisson(30.0, "workers = 5\nqueue_limit = 0\nservice = \"hyperexponential(100 ms, cv 2)\""),
        10.0,
        200.0,
        2600.0,
    )
    .is("blocking", erlang_b(3.0, 5), |r| r.station("s").lost())
    .is("mean_busy", 3.0 * (1.0 - erlang_b(3.0, 5)), |r| r.station("s").busy());

    // patience that does not vary: M/M/1+D, of Baccelli and Hebuterne 1981
    let (lost, wait) = oracle::mm1_with_constant_patience(90.0, 100.0, 0.05);
    let v05 = Model::new(poisson(90.0, "service = \"exponential(10 ms)\"\npatience = \"50 ms\""), 10.0, 200.0, 1000.0)
        .is("P(abandon)", lost, |r| r.station("s").lost())
        .is("mean_wait_all", wait, |r| r.station("s").wait_of_all());

    // both limits: abandonment with few places (birth and death)
    let rates = |n: usize| if n < 12 { 45.0 } else { 0.0 };
    let gone = |n: usize| 10.0 * n.min(4) as f64 + 1.5 * n.saturating_sub(4) as f64;
    let p = oracle::birth_death(13, rates, gone);
    let present = oracle::mean_of(&p);
    let busy: f64 = p.iter().enumerate().map(|(n, p)| n.min(4) as f64 * p).sum();
    let v06 = Model::new(
        poisson(45.0, "workers = 4\nqueue_limit = 8\nservice = \"exponential(100 ms)\"\npatience = \"exponential(666.6666667 ms)\""),
        10.0,
        200.0,
        1200.0,
    )
    .is("mean_in_system", present, |r| r.station("s").present())
    .is("mean_busy", busy, |r| r.station("s").busy())
    .is("lost", 1.0 - busy * 10.0 / 45.0, |r| r.station("s").lost());

    vec![
        Case::new("A04", "M/M/1/K loss", vec![a04, a04_critical]),
        Case::new("A06", "Erlang B", vec![a06]),
        Case::new("A13", "Erlang A", vec![a13]),
        Case::new("V03", "M/M/3/8 loss", vec![v03]),
        Case::new("V04", "Erlang B is insensitive", vec![v04]),
        Case::new("V05", "M/M/1 with constant patience", vec![v05]),
        Case::new("V06", "M/M/4/12 with impatience", vec![v06]),
    ]
}

fn general() -> Vec<Case> {
    let a08 = Model::new(poisson(80.0, "service = \"10 ms\""), 20.0, 300.0, 5000.0)
        .is("mean_wait", 0.02, |r| r.station("s").wait())
        .is("mean_sojourn", 0.03, |r| r.station("s").sojourn())
        .is("wait_p50", 0.012759398733762136, |r| r.station("s").wait_quantile(0.5))
        .is("wait_p95", 0.06620324996840635, |r| r.station("s").wait_quantile(0.95))
        .is("wait_p99", 0.10355886792011908, |r| r.station("s").wait_quantile(0.99));

    let a09 = Model::new(poisson(70.0, "service = \"hyperexponential(10 ms, cv 2)\""), 30.0, 1500.0, 30_000.0)
        .is("mean_wait", 0.058333333333333355, |r| r.station("s").wait())
        .is("mean_sojourn", 0.06833333333333336, |r| r.station("s").sojourn())
        .is("wait_second_moment", 0.011472222222222231, |r| r.station("s").wait_second_moment())
        .is("wait_p95", 0.24383866341536065, |r| r.station("s").wait_quantile(0.95))
        .is("sojourn_p95", 0.25719180267779135, |r| r.response_quantile("r", 0.95))
        .is("wait_p99", 0.4047824546587209, |r| r.station("s").wait_quantile(0.99))
        .is("sojourn_p99", 0.41813559392116295, |r| r.response_quantile("r", 0.99));

    // E[S^2] and E[S^3] by law, mean 10 ms
    let laws = [
        ("erlang(10 ms, k 3)", 4.0 / 3.0, 20.0 / 9.0),
        ("gamma(10 ms, cv 1.5)", 1.0 + 2.25, (1.0 + 2.25) * (1.0 + 2.0 * 2.25)),
        ("lognormal(10 ms, cv 1.2)", 2.44, 2.44f64.powi(3)),
        ("uniform(5 ms, 15 ms)", 1.0 + 1.0 / 12.0, 1.0 + 0.25),
        ("weibull(10 ms, shape 2)", 4.0 / std::f64::consts::PI, 6.0 / std::f64::consts::PI),
    ];
    let v07 = laws.map(|(law, second, third)| {
        let (wait, _) = pollaczek_khinchine(60.0, 0.01, second * 1e-4, third * 1e-6).expect("stable");
        Model::new(poisson(60.0, &format!("service = \"{law}\"")), 20.0, 300.0, 2500.0)
            .is(&format!("mean_wait {law}"), wait, |r| r.station("s").wait())
            .is(&format!("util {law}"), 0.6, |r| r.station("s").utilization())
    });

    vec![
        Case::new("A08", "M/D/1 mean and exact percentiles", vec![a08]),
        Case::new("A09", "M/H2/1, balanced means", vec![a09]),
        Case::new("V07", "M/G/1 by service law", v07.into()),
    ]
}

fn sharing() -> Vec<Case> {
    let ps = |service: &str| poisson(80.0, &format!("discipline = \"ps\"\nservice = \"{service}\""));
    let exponential = Model::new(ps("exponential(10 ms)"), 20.0, 600.0, 20_000.0)
        .is("mean_sojourn_exp", 0.05, |r| r.response("r"))
        .is("exp_sojourn_variance", 0.0058333333333333345, |r| variance(&r.class("r").latency_ns));
    let h2 =
        Model::new(ps("hyperexponential(10 ms, cv 3)"), 30.0, 1000.0, 11_000.0)
            .is("mean_sojourn_h2_scv9", 0.05, |r| r.response("r"));
    let constant = Model::new(ps("10 ms"), 20.0, 500.0, 3000.0).is("mean_sojourn_det", 0.05, |r| r.response("r")).is(
        "mean_slowdown",
        5.0,
        |r| r.response("r") / 0.01,
    );
    // requests of exactly 30 ms among exponential ones, 0.8 erlangs together
    let probes = Model::new(
        "[service.s]\nkind = \"station\"\ndiscipline = \"ps\"\n\
         [request.r]\npath = [{ visit = \"s\", service = \"exponential(10 ms)\" }]\n\
         [request.probe]\npath = [{ visit = \"s\", service = \"30 ms\" }]\n\
         [traffic.t]\nprocess = \"poisson\"\nrate = \"72/s\"\nmix = { r = 68, probe = 4 }\n",
        20.0,
        600.0,
        6000.0,
    )
    .is("cond_sojourn_of_job_size_x=30ms", 0.15, |r| r.response("probe"));

    // several cores, each request on at most one: insensitive too, with the mean of M/M/c
    let cores = Mmc::new(300.0, 100.0, 4).expect("stable");
    let v08 = ["exponential(10 ms)", "hyperexponential(10 ms, cv 2)", "10 ms", "erlang(10 ms, k 4)"].map(|law| {
        Model::new(
            poisson(300.0, &format!("workers = 4\ndiscipline = \"ps\"\nservice = \"{law}\"")),
            20.0,
            80.0,
            2400.0,
        )
        .is(&format!("mean_sojourn {law}"), cores.sojourn_mean(), |r| r.response("r"))
        .is(&format!("util {law}"), 0.75, |r| r.station("s").utilization())
        .is(&format!("P(N>=8) {law}"), cores.present_at_least(8), |r| r.station("s").present_at_least(8))
    });

    vec![
        Case::new("A11", "M/G/1-PS: insensitive mean", vec![exponential, h2, constant, probes]),
        Case::new("V08", "M/G/4-PS is insensitive", v08.into()),
    ]
}

fn clients() -> Vec<Case> {
    // the server works on: what clients see is the sojourn, cut off
    let impatient =
        format!("{}client = {{ timeout = \"100 ms\" }}\n", poisson(80.0, "service = \"exponential(10 ms)\""));
    let a14b = Model::new(impatient, 20.0, 400.0, 7000.0)
        .is("P(timeout)", 0.1353352832366127, |r| 1.0 - r.answered("r"))
        .is("goodput", 69.17317734107098, |r| r.throughput("r"))
        .is("mean_response_of_successes", 0.034348235725033434, |r| r.response("r"))
        .is("util", 0.8, |r| r.station("s").utilization())
        .is("mean_latency_seen_by_client", 0.04323323583816937, |r| {
            r.answered("r") * r.response("r") + 0.1 * (1.0 - r.answered("r"))
        });

    // up and down whether it works or not, the work under way goes on after (White and Christie 1958)
    let breaks = format!(
        "{}[[fault]]\nmttf = \"exponential(10 s)\"\nmttr = \"exponential(2 s)\"\nhang = {{ service = \"s\" }}\n",
        poisson(50.0, "service = \"exponential(10 ms)\"")
    );
    let a17 = Model::new(breaks, 0.0, 4_000.0, 128_000.0)
        .is("mean_in_system", 43.16666666666808, |r| r.station("s").present())
        .is("mean_sojourn", 0.8633333333333616, |r| r.station("s").sojourn());

    // one worker and no queue: who finds it busy comes back after an exponential time, as often as it takes
    // (Falin and Templeton 1997, Retrial Queues, 1.2)
    let (rate, service, back) = (60.0, 0.01, 0.02);
    let rho = rate * service;
    let orbit = rho / (1.0 - rho) * (rho + rate * back);
    let retrials = format!(
        "{}client = {{ retries = 1000, backoff = \"exponential(20 ms)\" }}\n",
        poisson(rate, "queue_limit = 0\nservice = \"exponential(10 ms)\"")
    );
    let v18 = Model::new(retrials, 20.0, 400.0, 7000.0)
        .is("mean_response", service + orbit / rate, |r| r.response("r"))
        .is("util", rho, |r| r.station("s").utilization())
        .is("attempts", 1.0 + orbit / back / rate, |r| r.class("r").attempts as f64 / r.class("r").offered as f64);

    let feedback = |path: &str, rate: f64| {
        format!(
            "[service.s]\nkind = \"station\"\nservice = \"exponential(0.75 s)\"\n\
             [request.r]\npath = {path}\n\
             [traffic.t]\nprocess = \"poisson\"\nrate = \"{rate}/s\"\nmix = {{ r = 1 }}\n"
        )
    };
    let a15 = Model::new(feedback("[{ again = 0.3, path = [\"s\"] }]", 0.5), 200.0, 20_000.0, 60_000.0)
        .is("mean_response_total", 2.3076923076923075, |r| r.response("r"))
        .is("util", 0.5357142857, |r| r.station("s").utilization())
        .is("mean_in_system", 1.1538461538, |r| r.station("s").present());

    // three visits to the same station, one after the other (Kelly 1979: any route, same exponential law)
    let v09 = Model::new(feedback("[{ repeat = 3, path = [\"s\"] }]", 0.25), 200.0, 40_000.0, 60_000.0)
        .is("mean_response_total", 3.0 * 0.75 / (1.0 - 0.5625), |r| r.response("r"))
        .is("mean_in_system", 0.5625 / (1.0 - 0.5625), |r| r.station("s").present());

    vec![
        Case::new("A14b", "Client timeout without cancellation", vec![a14b]),
        Case::new("A17", "Breakdowns, the work resumed", vec![a17]),
        Case::new("V18", "Retrials without a queue", vec![v18]),
        Case::new("A15", "Bernoulli feedback", vec![a15]),
        Case::new("V09", "Three visits to one station", vec![v09]),
    ]
}

fn priorities() -> Vec<Case> {
    let two = |discipline: &str| {
        format!(
            "[service.s]\nkind = \"station\"\ndiscipline = \"{discipline}\"\npriority = [\"high\", \"low\"]\n\
             service = \"exponential(1 s)\"\n\
             [request.high]\npath = [\"s\"]\n[request.low]\npath = [\"s\"]\n\
             [traffic.t]\nprocess = \"poisson\"\nrate = \"0.8/s\"\nmix = {{ high = 0.2, low = 0.6 }}\n"
        )
    };
    let a16 = Model::new(two("priority"), 1000.0, 60_000.0, 250_000.0)
        .is("sojourn_high", 2.0, |r| r.response("high"))
        .is("sojourn_low", 6.0, |r| r.response("low"))
        .is("wait_high", 1.0, |r| r.response("high") - 1.0)
        .is("wait_low", 5.0, |r| r.response("low") - 1.0);

    // three classes, different means and laws
    let three = |discipline: &str| {
        format!(
            "[service.s]\nkind = \"station\"\ndiscipline = \"{discipline}\"\npriority = [\"a\", \"b\", \"c\"]\n\
             [request.a]\npath = [{{ visit = \"s\", service = \"5 ms\" }}]\n\
             [request.b]\npath = [{{ visit = \"s\", service = \"hyperexponential(10 ms, cv 2)\" }}]\n\
             [request.c]\npath = [{{ visit = \"s\", service = \"erlang(20 ms, k 2)\" }}]\n\
             [traffic.t]\nprocess = \"poisson\"\nrate = \"70/s\"\nmix = {{ a = 30, b = 25, c = 15 }}\n"
        )
    };
    let class = |rate: f64, mean: f64, scv: f64| PriorityClass {
        arrival_rate: rate,
        service_mean: mean,
        service_second_moment: mean * mean * (1.0 + scv),
    };
    let classes = [class(30.0, 0.005, 0.0), class(25.0, 0.01, 4.0), class(15.0, 0.02, 0.5)];
    let names = ["a", "b", "c"];
    let waits = nonpreemptive_waits(&classes).expect("stable");
    let sojourns = preemptive_sojourns(&classes).expect("stable");
    let mut v10 = Model::new(three("priority"), 20.0, 600.0, 5500.0);
    let mut v11 = Model::new(three("priority-preemptive"), 20.0, 600.0, 5500.0);
    for (k, name) in names.into_iter().enumerate() {
        v10 = v10.is(&format!("sojourn_{name}"), waits[k] + classes[k].service_mean, move |r| r.response(name));
        v11 = v11.is(&format!("sojourn_{name}"), sojourns[k], move |r| r.response(name));
    }
    // several workers, one law: the urgent see M/M/c by themselves, and all together are M/M/c
    let (urgent, all) = (Mmc::new(120.0, 100.0, 3).expect("stable"), Mmc::new(255.0, 100.0, 3).expect("stable"));
    let low = (255.0 * all.sojourn_mean() - 120.0 * urgent.sojourn_mean()) / 135.0;
    let v12 = Model::new(
        "[service.s]\nkind = \"station\"\nworkers = 3\ndiscipline = \"priority-preemptive\"\n\
         priority = [\"high\", \"low\"]\nservice = \"exponential(10 ms)\"\n\
         [request.high]\npath = [\"s\"]\n[request.low]\npath = [\"s\"]\n\
         [traffic.t]\nprocess = \"poisson\"\nrate = \"255/s\"\nmix = { high = 120, low = 135 }\n",
        20.0,
        200.0,
        1200.0,
    )
    .is("sojourn_high", urgent.sojourn_mean(), |r| r.response("high"))
    .is("sojourn_low", low, |r| r.response("low"))
    .is("util", 0.85, |r| r.station("s").utilization());

    vec![
        Case::new("A16", "Non-preemptive priority M/M/1", vec![a16]),
        Case::new("V10", "Non-preemptive priority M/G/1, three classes", vec![v10]),
        Case::new("V11", "Preemptive priority M/G/1, three classes", vec![v11]),
        Case::new("V12", "Preemptive priority M/M/3", vec![v12]),
    ]
}

fn renewals() -> Vec<Case> {
    let constant = |rate: f64| format!("process = \"constant\"\nrate = \"{rate}/s\"");
    let a19 = Model::new(with_process(&constant(80.0), "service = \"exponential(10 ms)\""), 20.0, 300.0, 2500.0)
        .is("sigma=P(arrival waits)", 0.628629796496459, |r| r.station("s").waits())
        .is("mean_sojourn", 0.026927308399163616, |r| r.response("r"))
        .is("time_avg_P(busy)", 0.8, |r| r.station("s").utilization())
        .is("mean_wait", 0.016927308399163614, |r| r.station("s").wait());

    let erlang = Gim1::erlang(3, 85.0, 100.0).expect("stable");
    let gap = |law: &str| format!("process = \"renewal\"\ngap = \"{law}\"");
    let v13 = Model::new(
        with_process(&gap("erlang(11.764705882352942 ms, k 3)"), "service = \"exponential(10 ms)\""),
        20.0,
        400.0,
        2500.0,
    )
    .is("E3: sigma", erlang.sigma, |r| r.station("s").waits())
    .is("E3: mean_sojourn", erlang.sojourn_mean(), |r| r.response("r"));

    // gaps hyperexponential with cv 2: sigma = A*(mu (1 - sigma))
    let sigma = oracle::sigma_of_h2_gaps(1.0 / 60.0, 4.0, 100.0);
    let v13_h2 = Model::new(
        with_process(&gap("hyperexponential(16.666666666666668 ms, cv 2)"), "service = \"exponential(10 ms)\""),
        20.0,
        600.0,
        3500.0,
    )
    .is("H2: sigma", sigma, |r| r.station("s").waits())
    .is("H2: mean_sojourn", 0.01 / (1.0 - sigma), |r| r.response("r"))
    .is("H2: util", 0.6, |r| r.station("s").utilization());

    // E2/M/3, by its chain
    let e2m3 = oracle::erlang_gaps_many_workers(2, 240.0, 100.0, 3);
    let v14 = Model::new(
        with_process(&gap("erlang(4.166666666666667 ms, k 2)"), "workers = 3\nservice = \"exponential(10 ms)\""),
        20.0,
        150.0,
        400.0,
    )
    .is("mean_in_system", e2m3.present, |r| r.station("s").present())
    .is("mean_sojourn", e2m3.present / 240.0, |r| r.response("r"))
    .is("P(arrival waits)", e2m3.arrival_waits, |r| r.station("s").waits());

    vec![
        Case::new("A19", "D/M/1: arrival and time averages", vec![a19]),
        Case::new("V13", "GI/M/1: Erlang and hyperexponential gaps", vec![v13, v13_h2]),
        Case::new("V14", "E2/M/3", vec![v14]),
    ]
}

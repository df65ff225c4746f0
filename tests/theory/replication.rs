//! A replica that applies writes: its three lags are three different numbers.

use foobar_sim::stats::analytic::mg1::{Md1, Mh21};
use foobar_sim::stats::analytic::replication::growing_lag;

use super::grade::{Case, Model};
use super::run::{mean, quantile, share_above};

/// Writes that take nothing on the way to the commit, and `apply` on the replica; nothing else costs anything.
fn replica(process: &str, primary: &str, apply: &str) -> String {
    format!(
        "[network]\ndelay = \"0 ms\"\nclient_rtt = \"0 ms\"\n\
         [server.app1]\n\
         [server.db1]\ncpu = {{ cores = 1, discipline = \"fcfs\" }}\nnic = \"1000 Gbit/s\"\n\
         [server.db2]\ncpu = {{ cores = 1 }}\nnic = \"1000 Gbit/s\"\n\
         [service.app]\nkind = \"app\"\nservers = [\"app1\"]\nworkers = 1000000\n\
         database = {{ service = \"db\", pool = 1000000, acquire_timeout = \"1 h\" }}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"db1\"\nreplicas = [\"db2\"]\nmax_connections = 100000\n\
         buffer_pool_hit = 1.0\ninnodb_flush_log_at_trx_commit = 0\nsync_binlog = 0\n\
         replication = {{ replica_parallel_workers = 1, apply_overhead = \"0 ms\", \
         innodb_flush_log_at_trx_commit = 0, sync_binlog = 0 }}\n\
         [request.w]\n\
         db.transactions = [{{ writes = 1, cpu = \"{primary}\", apply_cpu = \"{apply}\", log = \"1 B\", pages = 0 }}]\n\
         [traffic.t]\n{process}\nmix = {{ w = 1 }}\n"
    )
}

fn poisson(rate: f64) -> String {
    format!("process = \"poisson\"\nrate = \"{rate}/s\"")
}

pub fn cases() -> Vec<Case> {
    let d01 = Model::new(replica(&poisson(80.0), "0 ms", "exponential(10 ms)"), 20.0, 500.0, 9000.0)
        .is("commit_to_applied_mean", 0.05, |r| mean(&r.replica().apply_delay_ns))
        .is("commit_to_applied_p99", 0.23025850929940456, |r| quantile(&r.replica().apply_delay_ns, 0.99))
        .is("P(lag>100ms)_per_transaction", 0.1353352832366127, |r| share_above(&r.replica().apply_delay_ns, 0.1))
        .is("P(replica behind at random instant)", 0.8, |r| {
            r.replica().seconds_behind.share_above(0).unwrap_or(f64::NAN)
        })
        .is("seconds_behind_random_instant_mean", 0.04, |r| {
            r.replica().seconds_behind.mean().unwrap_or(f64::NAN) * 1e-9
        })
        .is("P(seconds_behind>100ms)_random_instant", 0.10826822658929017, |r| {
            r.replica().seconds_behind.share_above(100_000_000).unwrap_or(f64::NAN)
        });

    let overload = growing_lag(120.0, 100.0, 600.0);
    let d03 = Model::new(replica(&poisson(120.0), "0 ms", "exponential(10 ms)"), 0.0, 600.0, 600.0)
        .runs(16, 100)
        .within("backlog_events", 12000.0, 0.03, |r| r.replica().backlog_end as f64)
        .within("seconds_behind_(age_of_event_applied)", overload.seconds_behind, 0.03, |r| {
            r.replica().behind_end_ns as f64 * 1e-9
        });
    // writes stop at 600 s: the last of them is applied 120 s later
    let stopping = "process = \"poisson\"\nprofile = [[\"0 s\", \"120/s\"], [\"600 s\", \"0/s\"]]\nshape = \"step\"";
    let d03_drained = Model::new(replica(stopping, "0 ms", "exponential(10 ms)"), 0.0, 800.0, 800.0)
        .runs(16, 100)
        .within("lag_of_write_committed_now", 120.0, 0.03, |r| {
            r.replica().apply_delay_ns.max().unwrap_or(0) as f64 * 1e-9
        });

    let d06 = Model::new(
        replica(&poisson(60.0), "exponential(10 ms)", "exponential(11.11111111111111 ms)"),
        20.0,
        300.0,
        1500.0,
    )
    .is("replica_lag_mean", 0.03333333333333333, |r| mean(&r.replica().apply_delay_ns))
    .is("commit_visible_total_mean", 0.058333333333333334, |r| r.response("w") + mean(&r.replica().apply_delay_ns));
    let tandem = "[service.primary]\nkind = \"station\"\nservice = \"exponential(10 ms)\"\n\
                  [service.replica]\nkind = \"station\"\nservice = \"exponential(11.11111111111111 ms)\"\n\
                  [request.r]\npath = [\"primary\", \"replica\"]\n\
                  [traffic.t]\nprocess = \"poisson\"\nrate = \"60/s\"\nmix = { r = 1 }\n";
    let d06_total =
        Model::new(tandem, 20.0, 200.0, 1000.0).is("total_p95", 0.1391891492958035, |r| r.response_quantile("r", 0.95));

    // other laws: the apply delay is the sojourn, and the age of the oldest has the law of the workload
    let constant = Md1::new(70.0, 0.01).expect("stable");
    let v90 = Model::new(replica(&poisson(70.0), "0 ms", "10 ms"), 20.0, 200.0, 1500.0)
        .is("M/D/1: apply_delay mean", constant.wait_mean() + 0.01, |r| mean(&r.replica().apply_delay_ns))
        .is("M/D/1: apply_delay p95", constant.wait_percentile(0.95) + 0.01, |r| {
            quantile(&r.replica().apply_delay_ns, 0.95)
        })
        .is("M/D/1: seconds_behind", constant.wait_mean(), |r| {
            r.replica().seconds_behind.mean().unwrap_or(f64::NAN) * 1e-9
        })
        .is("M/D/1: backlog", 70.0 * (constant.wait_mean() + 0.01), |r| {
            r.replica().backlog_area_ns as f64 * 1e-9 / r.run.measured_s
        });
    let varied = Mh21::balanced(60.0, 0.01, 4.0).expect("stable");
    let v90_h2 = Model::new(replica(&poisson(60.0), "0 ms", "hyperexponential(10 ms, cv 2)"), 20.0, 500.0, 4200.0)
        .is("M/H2/1: apply_delay mean", varied.sojourn_mean(), |r| mean(&r.replica().apply_delay_ns))
        .is("M/H2/1: seconds_behind", varied.wait_moments().0, |r| {
            r.replica().seconds_behind.mean().unwrap_or(f64::NAN) * 1e-9
        })
        .is("M/H2/1: behind", 0.6, |r| r.replica().seconds_behind.share_above(0).unwrap_or(f64::NAN));

    // a card that sends one transaction after the other for 10 ms each, and the wire there and back
    let waits = replica(&poisson(70.0), "0 ms", "0 ms")
        .replace("log = \"1 B\"", "log = \"10 kB\"")
        .replace("nic = \"1000 Gbit/s\"", "nic = \"1 MB/s\"")
        .replace("delay = \"0 ms\"", "delay = \"2 ms\"")
        .replace("replication = {", "replication = { mode = \"semi-sync\", timeout = \"1 h\",");
    let acknowledged = |r: &super::run::Seen| mean(&r.database().semi_sync.as_ref().expect("it waits").wait_ns);
    let v91 = Model::new(waits, 20.0, 200.0, 1500.0)
        .is("M/D/1: wait for the acknowledgement", constant.wait_mean() + 0.014, acknowledged)
        // from the application to the primary and back
        .is("M/D/1: response", constant.wait_mean() + 0.018, |r| r.response("w"));

    vec![
        Case::new("D01", "Replica as M/M/1: the lags", vec![d01]),
        Case::new("D03", "Saturated replica: lag growth", vec![d03, d03_drained]),
        Case::new("D06", "Primary then replica", vec![d06, d06_total]),
        Case::new("V90", "Replica with other laws of applying", vec![v90, v90_h2]),
        Case::new("V91", "Semi-synchronous commits behind one card", vec![v91]),
    ]
}

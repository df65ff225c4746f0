//! What has no answer must be told as such.

use foobar_sim::experiment::runner::{Options, run};

use super::grade::{Case, Judged, Model};
use super::single_station::poisson;

pub fn cases() -> Vec<Case> {
    let erlang_b =
        Model::new(poisson(10.0, "workers = 3\nqueue_limit = 0\nservice = \"exponential(1 s)\""), 20.0, 200.0, 500.0)
            .is("erlang_B", 0.7320644216691069, |r| r.station("s").lost());
    let unstable = Model::new(poisson(10.0, "workers = 3\nservice = \"exponential(1 s)\""), 0.0, 100.0, 100.0)
        .runs(8, 8)
        .overall("expect: no_steady_state, no intervals", 1.0, |scenario, _| {
            let options = Options::default();
            let summary = run(scenario, &options, &|_| {}).expect("there is no trace to be read").summary;
            let told = summary.warnings.iter().any(|w| w.id == "no_steady_state");
            let all = &summary.traffic[0];
            let l = &all.latency_ms;
            let estimates =
                [l.mean, l.p50, l.p90, l.p95, l.p99, all.latency_all_ms.mean, summary.stations[0].queue_mean];
            let silent = estimates.iter().all(|e| e.ci95.is_none());
            Judged { simulated: f64::from(u8::from(told && silent)), half_width: None, passed: told && silent }
        });
    vec![Case::new("E07", "Unstable input", vec![erlang_b, unstable])]
}

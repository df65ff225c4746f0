//! Bursts: modulated rates and batches.

use foobar_sim::stats::analytic::arrivals::{batch_present, modulated};

use super::grade::{Case, Model};
use super::oracle;
use super::single_station::with_process;

pub fn cases() -> Vec<Case> {
    let mmpp = "process = \"mmpp\"\nstates = [{ rate = \"40/s\", lasts = \"10 s\" }, { rate = \"160/s\", lasts = \"3.3333333333 s\" }]";
    let a22 = Model::new(with_process(mmpp, "service = \"exponential(10 ms)\""), 400.0, 8000.0, 190_000.0)
        .is("mean_rate", 70.0, |r| r.class("r").offered as f64 / r.run.measured_s)
        .is("mean_in_system", 152.99019717675253, |r| r.station("s").present())
        .is("mean_sojourn", 2.185574245382179, |r| r.response("r"))
        .is("P(N=0)_time", 0.3000000000000094, |r| 1.0 - r.station("s").present_at_least(1));

    let batch = |rate: f64, size: &str| format!("process = \"batch\"\nrate = \"{rate}/s\"\nsize = {size}");
    let a23 = Model::new(with_process(&batch(10.0, "5"), "service = \"exponential(10 ms)\""), 20.0, 300.0, 2500.0)
        .is("mean_in_system", 3.0, |r| r.station("s").present())
        .is("mean_sojourn_per_job", 0.06, |r| r.response("r"));
    let a23_geometric = Model::new(
        with_process(&batch(15.0, "\"geometric(4)\""), "service = \"exponential(10 ms)\""),
        20.0,
        400.0,
        3200.0,
    )
    .is("geometric_batch_mean4_rate15_L", 6.0, |r| r.station("s").present());

    // three states, one of them silent
    let states = [(120.0, 0.5), (30.0, 2.0), (0.0, 1.0)];
    let exact = modulated(&states, 100.0).expect("stable");
    let three = "process = \"mmpp\"\nstates = [{ rate = \"120/s\", lasts = \"0.5 s\" }, \
                 { rate = \"30/s\", lasts = \"2 s\" }, { rate = \"0/s\", lasts = \"1 s\" }]";
    let v70 = Model::new(with_process(three, "service = \"exponential(10 ms)\""), 60.0, 1500.0, 22_000.0)
        .is("mean_rate", exact.rate_mean, |r| r.class("r").offered as f64 / r.run.measured_s)
        .is("mean_in_system", exact.present_mean, |r| r.station("s").present())
        .is("mean_sojourn", exact.sojourn_mean, |r| r.response("r"))
        .is("P(N=0)_time", exact.empty, |r| 1.0 - r.station("s").present_at_least(1));

    // geometric batches of other size; and batches to several workers, by their chain
    let second = 3.0 * (2.0 * 3.0 - 1.0);
    let v71 = Model::new(
        with_process(&batch(12.0, "\"geometric(3)\""), "service = \"exponential(20 ms)\""),
        20.0,
        400.0,
        7000.0,
    )
    .is("mean_in_system", batch_present(12.0, 3.0, second, 50.0).expect("stable"), |r| r.station("s").present())
    .is("util", 0.72, |r| r.station("s").utilization());
    let present = oracle::batches_to_many_workers(10.0, 4, 20.0, 3);
    let v72 = Model::new(
        with_process(&batch(10.0, "4"), "workers = 3\nservice = \"exponential(50 ms)\""),
        20.0,
        300.0,
        2200.0,
    )
    .is("mean_in_system", present, |r| r.station("s").present())
    .is("mean_sojourn", present / 40.0, |r| r.response("r"));

    // two sources superposed: Poisson beside modulated is modulated, with the rates added
    let both = modulated(&[(20.0 + 90.0, 1.0), (20.0 + 10.0, 3.0)], 80.0).expect("stable");
    let text = "[service.s]\nkind = \"station\"\npercentiles = true\nservice = \"exponential(12.5 ms)\"\n\
                [request.a]\npath = [\"s\"]\n[request.b]\npath = [\"s\"]\n\
                [traffic.a]\nprocess = \"poisson\"\nrate = \"20/s\"\nmix = { a = 1 }\n\
                [traffic.b]\nprocess = \"mmpp\"\nstates = [{ rate = \"90/s\", lasts = \"1 s\" }, { rate = \"10/s\", lasts = \"3 s\" }]\nmix = { b = 1 }\n";
    let v73 = Model::new(text, 60.0, 1500.0, 42_000.0)
        .is("mean_in_system", both.present_mean, |r| r.station("s").present())
        .is("mean_sojourn", both.sojourn_mean, |r| r.station("s").sojourn())
        // Poisson arrivals see time averages; the others do not
        .is("sojourn of the Poisson ones", (1.0 + both.present_mean) / 80.0, |r| r.response("a"));

    vec![
        Case::new("A22", "MMPP(2)/M/1", vec![a22]),
        Case::new("A23", "Batch arrivals", vec![a23, a23_geometric]),
        Case::new("V70", "MMPP(3)/M/1 with a silent state", vec![v70]),
        Case::new("V71", "Geometric batches", vec![v71]),
        Case::new("V72", "Batches to three workers", vec![v72]),
        Case::new("V73", "Poisson beside modulated traffic", vec![v73]),
    ]
}

//! Requests that split and wait for all of their parts.

use foobar_sim::stats::analytic::balancing::fork_join_two_response;

use super::grade::{Case, Model};
use super::run::variance;

fn forked(workers: &str, services: &[f64], rate: f64) -> String {
    let mut text = String::new();
    let mut branches = Vec::new();
    for (i, service) in services.iter().enumerate() {
        text += &format!(
            "[service.s{i}]\nkind = \"station\"\nworkers = {workers}\nservice = \"exponential({service} ms)\"\n"
        );
        branches.push(format!("[\"s{i}\"]"));
    }
    text + &format!(
        "[request.r]\npath = [{{ fork = [{}] }}]\n\
         [traffic.t]\nprocess = \"poisson\"\nrate = \"{rate}/s\"\nmix = {{ r = 1 }}\n",
        branches.join(", ")
    )
}

pub fn cases() -> Vec<Case> {
    let a20 = Model::new(forked("1", &[10.0, 10.0], 80.0), 20.0, 400.0, 2600.0)
        .is("mean_response", 0.07, |r| r.response("r"));
    let v60 = Model::new(forked("1", &[10.0, 10.0], 50.0), 20.0, 200.0, 500.0).is(
        "mean_response",
        fork_join_two_response(50.0, 100.0).expect("stable"),
        |r| r.response("r"),
    );

    // three ways: no exact formula. The parts are associated, so the mean lies below that of independent
    // ones, H3 / (mu - lambda) (Nelson and Tantawi 1988), and above that of two
    let two = fork_join_two_response(70.0, 100.0).expect("stable");
    let independent = (1.0 + 0.5 + 1.0 / 3.0) / 30.0;
    let v61 = Model::new(forked("1", &[10.0, 10.0, 10.0], 70.0), 20.0, 300.0, 1000.0)
        .above("mean_response > two ways", two, |r| r.response("r"))
        .below("mean_response < independent", independent, |r| r.response("r"))
        .is("R of one part", 1.0 / 30.0, |r| r.station("s2").sojourn());

    // unlimited workers: the largest of independent exponentials, by inclusion and exclusion
    let (a, b, c) = (1.0 / 0.02, 1.0 / 0.03, 1.0 / 0.05);
    let largest = 1.0 / a + 1.0 / b + 1.0 / c - 1.0 / (a + b) - 1.0 / (a + c) - 1.0 / (b + c) + 1.0 / (a + b + c);
    let v62 = Model::new(forked("\"unlimited\"", &[20.0, 30.0, 50.0], 100.0), 5.0, 20.0, 100.0).is(
        "mean of the largest",
        largest,
        |r| r.response("r"),
    );

    // a part that is itself a path, and steps around the fork
    let nested = "[service.a]\nkind = \"station\"\nworkers = \"unlimited\"\nservice = \"exponential(20 ms)\"\n\
                  [service.b]\nkind = \"station\"\nworkers = \"unlimited\"\nservice = \"exponential(20 ms)\"\n\
                  [service.c]\nkind = \"station\"\nservice = \"exponential(5 ms)\"\n\
                  [request.r]\npath = [\"c\", { fork = [[\"a\", { delay = \"10 ms\" }], [{ fork = [[\"b\"], [{ delay = \"10 ms\" }, \"b\"]] }]] }, \"c\"]\n\
                  [traffic.t]\nprocess = \"poisson\"\nrate = \"60/s\"\nmix = { r = 1 }\n";
    // max(A + 10, max(B, 10 + B')) ms: shift by 10 of max(A, B', B - 10); P(B - 10 > t) = e^-0.5 e^-t/20
    let q = (-0.5f64).exp();
    // E[max(A, B', C)] with P(C > t) = q e^{-t/20} for t >= 0, by inclusion and exclusion of tails
    let mean = 20.0 * ((1.0 + 1.0 + q) - (1.0 + 2.0 * q) / 2.0 + q / 3.0);
    let v63 =
        Model::new(nested, 10.0, 100.0, 200.0)
            .is("mean_response", (10.0 + mean) / 1000.0 + 2.0 * 0.005 / 0.4, |r| r.response("r"));

    // repeats around a fork and inside it all draw apart: a geometric number of visits, mean 4, sums to an
    // exponential time
    let repeated = "[service.a]\nkind = \"station\"\nworkers = \"unlimited\"\nservice = \"exponential(10 ms)\"\n\
                    [request.r]\npath = [{ again = 0.5, path = [{ fork = [[{ again = 0.5, path = [\"a\"] }]] }] }]\n\
                    [traffic.t]\nprocess = \"poisson\"\nrate = \"100/s\"\nmix = { r = 1 }\n";
    let v64 = Model::new(repeated, 5.0, 100.0, 1000.0)
        .is("mean_response", 0.04, |r| r.response("r"))
        .is("variance", 0.0016, |r| variance(&r.class("r").latency_ns))
        .is("p95", 0.04 * 20f64.ln(), |r| r.response_quantile("r", 0.95));

    vec![
        Case::new("V64", "Repeats around a fork and inside it", vec![v64]),
        Case::new("A20", "Fork-join of two M/M/1", vec![a20]),
        Case::new("V60", "Fork-join of two at half load", vec![v60]),
        Case::new("V61", "Fork-join of three within its bounds", vec![v61]),
        Case::new("V62", "Fork to unlimited workers", vec![v62]),
        Case::new("V63", "Fork inside a fork", vec![v63]),
    ]
}

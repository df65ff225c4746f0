//! Closed users: they think, ask, and come back.

use foobar_sim::stats::analytic::closed::{ClosedStation, exact};

use super::grade::{Case, Model};
use super::oracle;

/// Exponential FCFS stations visited one after the other by `users` who think for `think`.
fn cycle(users: u32, think: &str, services: &[f64]) -> String {
    let mut text = String::new();
    let mut path = Vec::new();
    for (i, s) in services.iter().enumerate() {
        text += &format!("[service.s{i}]\nkind = \"station\"\nservice = \"exponential({s} s)\"\n");
        path.push(format!("\"s{i}\""));
    }
    text + &users_of(users, think, &path.join(", "))
}

fn users_of(users: u32, think: &str, path: &str) -> String {
    format!(
        "[request.r]\npath = [{path}]\n\
         [traffic.t]\nprocess = \"closed\"\nusers = {users}\nthink = \"{think}\"\nmix = {{ r = 1 }}\n"
    )
}

pub fn cases() -> Vec<Case> {
    let a18 = Model::new(cycle(100, "exponential(300 s)", &[0.63]), 3000.0, 40_000.0, 80_000.0)
        .is("X", 0.33245315287694555, |r| r.throughput("r"))
        .is("R", 0.7942596863085922, |r| r.response("r"))
        .is("Q", 0.2640541369163452, |r| r.station("s0").present())
        .is("util", 0.2094454863124757, |r| r.station("s0").utilization());

    // thinking may have any law, and so may a shared CPU
    let knee = "[service.cpu]\nkind = \"station\"\ndiscipline = \"ps\"\nservice = \"hyperexponential(50 ms, cv 2)\"\n\
                [service.disk]\nkind = \"station\"\nservice = \"exponential(80 ms)\"\n";
    let knee = knee.to_string() + &users_of(60, "uniform(2 s, 6 s)", "\"cpu\", \"disk\"");
    let a18b = Model::new(knee, 200.0, 1500.0, 3000.0).is("X", 12.117121536781438, |r| r.throughput("r")).is(
        "R",
        0.951671056353641,
        |r| r.response("r"),
    );

    let bolch_84 = "[service.s1]\nkind = \"station\"\nworkers = 2\nservice = \"exponential(0.5 s)\"\n\
                    [service.s2]\nkind = \"station\"\nservice = \"exponential(0.6 s)\"\n\
                    [service.s3]\nkind = \"station\"\nservice = \"exponential(0.8 s)\"\n\
                    [service.s4]\nkind = \"station\"\nworkers = \"unlimited\"\nservice = \"exponential(1 s)\"\n";
    let path = "\"s1\", { choose = [{ weight = 1, path = [\"s2\"] }, { weight = 1, path = [\"s3\"] }] }, \"s4\"";
    let b04_4 = Model::new(bolch_84.to_string() + &users_of(3, "0 s", path), 200.0, 2000.0, 10_000.0)
        .is("8.4_X", 1.2174606338449272, |r| r.throughput("r"))
        .is("8.4_Q1", 0.6236794897349013, |r| r.station("s1").present())
        .is("8.4_Q2", 0.47287223440302967, |r| r.station("s2").present())
        .is("8.4_Q3", 0.6859876420171418, |r| r.station("s3").present())
        .is("8.4_Q4", 1.2174606338449272, |r| r.station("s4").present());
    let bolch_83 = "[service.s1]\nkind = \"station\"\nservice = \"exponential(20 ms)\"\n\
                    [service.s2]\nkind = \"station\"\nservice = \"exponential(200 ms)\"\n\
                    [service.s3]\nkind = \"station\"\nservice = \"exponential(400 ms)\"\n\
                    [service.s4]\nkind = \"station\"\nservice = \"exponential(600 ms)\"\n";
    let path = "\"s1\", { choose = [{ weight = 0.4, path = [\"s2\"] }, { weight = 0.2, path = [\"s3\"] }, \
                { weight = 0.1, path = [\"s4\"] }, { weight = 0.3, path = [] }] }";
    let b04_3 = Model::new(bolch_83.to_string() + &users_of(6, "0 s", path), 100.0, 1500.0, 16_000.0)
        .is("8.3_X", 9.919836337154356, |r| r.throughput("r"))
        .is("8.3_Q4", 1.234309158225948, |r| r.station("s4").present());

    let ebiz = [0.0098, 0.0025, 0.00072, 0.0098];
    let b06 = |users: u32, x: f64, response: f64| {
        Model::new(cycle(users, "0 s", &ebiz), 10.0, 30.0, 100.0)
            .is(&format!("X_N{users}"), x, |r| r.throughput("r"))
            .is(&format!("R_N{users}"), response, |r| r.response("r"))
    };
    let b06 = vec![
        b06(1, 43.821209465381244, 0.02282),
        b06(4, 79.78625319726835, 0.05013394964305641),
        b06(20, 97.082140520095, 0.20601111484413764)
            .is("util_web_N20", 0.951404977096931, |r| r.station("s0").utilization()),
    ];

    let httpd = "[service.master]\nkind = \"station\"\nservice = \"exponential(10.9 ms)\"\n\
                 [service.slave1]\nkind = \"station\"\nservice = \"exponential(30 ms)\"\n\
                 [service.slave2]\nkind = \"station\"\nservice = \"exponential(30 ms)\"\n";
    let path = "\"master\", { balance = \"random(1)\", stations = [\"slave1\", \"slave2\"] }";
    let b06c = |users: u32, x: f64, response: f64| {
        Model::new(httpd.to_string() + &users_of(users, "0 s", path), 10.0, 60.0, 150.0)
            .is(&format!("X_N{users}"), x, |r| r.throughput("r"))
            .is(&format!("R_N{users}"), response, |r| r.response("r"))
    };
    let b06c = vec![
        b06c(1, 24.449877750611247, 0.0409),
        b06c(5, 51.436927769719134, 0.09720642769305314),
        b06c(10, 58.98591857460656, 0.16953198732256414),
    ];

    let balanced = |users: u32, x: f64| {
        Model::new(cycle(users, "0 s", &[0.02; 3]), 60.0, 60.0, 200.0)
            .is(&format!("X_N{users}"), x, |r| r.throughput("r"))
    };
    let b15 = vec![
        balanced(1, 16.666666666666668),
        balanced(10, 41.66666666666667).is("R_N10", 0.24, |r| r.response("r")),
        balanced(100, 49.01960784313725),
    ];

    // a station of three workers between a shared CPU of two cores and thinking users
    let stations = [ClosedStation::multi(0.04, 2), ClosedStation::multi(0.09, 3), ClosedStation::delay(0.5)];
    let solution = exact(&stations, 25).expect("parameters");
    let text = "[service.cpu]\nkind = \"station\"\nworkers = 2\ndiscipline = \"ps\"\nservice = \"erlang(40 ms, k 2)\"\n\
                [service.db]\nkind = \"station\"\nworkers = 3\nservice = \"exponential(90 ms)\"\n";
    let v20 =
        Model::new(text.to_string() + &users_of(25, "lognormal(500 ms, cv 1)", "\"cpu\", \"db\""), 60.0, 300.0, 600.0)
            .is("X", solution.throughput, |r| r.throughput("r"))
            .is("R", solution.response, |r| r.response("r"))
            .is("Q_cpu", solution.present[0], |r| r.station("cpu").present())
            .is("Q_db", solution.present[1], |r| r.station("db").present());

    // two classes of users on a shared CPU (own demands) and a disk (one law)
    let multi = oracle::multiclass_mva(&[[0.03, 0.02], [0.06, 0.02]], &[1.0, 0.4], [8, 5]);
    let text = "[service.cpu]\nkind = \"station\"\ndiscipline = \"ps\"\n\
                [service.disk]\nkind = \"station\"\nservice = \"exponential(20 ms)\"\n\
                [request.a]\npath = [{ visit = \"cpu\", service = \"exponential(30 ms)\" }, \"disk\"]\n\
                [request.b]\npath = [{ visit = \"cpu\", service = \"60 ms\" }, \"disk\"]\n\
                [traffic.a]\nprocess = \"closed\"\nusers = 8\nthink = \"exponential(1 s)\"\nmix = { a = 1 }\n\
                [traffic.b]\nprocess = \"closed\"\nusers = 5\nthink = \"400 ms\"\nmix = { b = 1 }\n";
    let v21 = Model::new(text, 60.0, 400.0, 600.0)
        .is("X_a", multi.throughput[0], |r| r.throughput("a"))
        .is("X_b", multi.throughput[1], |r| r.throughput("b"))
        .is("R_a", multi.response[0], |r| r.response("a"))
        .is("R_b", multi.response[1], |r| r.response("b"));

    // open traffic beside closed users: their demands grow by 1 / (1 - open utilization)
    let slowed = exact(&[ClosedStation::queue(0.05 / 0.6), ClosedStation::queue(0.03), ClosedStation::delay(1.0)], 10)
        .expect("parameters");
    let text = "[service.cpu]\nkind = \"station\"\ndiscipline = \"ps\"\n\
                [service.disk]\nkind = \"station\"\nservice = \"exponential(30 ms)\"\n\
                [request.r]\npath = [{ visit = \"cpu\", service = \"exponential(50 ms)\" }, \"disk\"]\n\
                [request.o]\npath = [{ visit = \"cpu\", service = \"erlang(20 ms, k 2)\" }]\n\
                [traffic.t]\nprocess = \"closed\"\nusers = 10\nthink = \"exponential(1 s)\"\nmix = { r = 1 }\n\
                [traffic.o]\nprocess = \"poisson\"\nrate = \"20/s\"\nmix = { o = 1 }\n";
    let open_response = 0.02 / 0.6 * (1.0 + slowed.present[0]);
    let v22 = Model::new(text, 60.0, 400.0, 1200.0)
        .is("X", slowed.throughput, |r| r.throughput("r"))
        .is("R", slowed.response, |r| r.response("r"))
        .is("R_open", open_response, |r| r.response("o"));

    // a session asks for its classes in turn
    let session =
        exact(&[ClosedStation::queue(0.5 * (0.04 + 0.01)), ClosedStation::delay(0.2)], 6).expect("parameters");
    let text = "[service.cpu]\nkind = \"station\"\ndiscipline = \"ps\"\n\
                [request.a]\npath = [{ visit = \"cpu\", service = \"exponential(40 ms)\" }]\n\
                [request.b]\npath = [{ visit = \"cpu\", service = \"10 ms\" }]\n\
                [traffic.t]\nprocess = \"closed\"\nusers = 6\nthink = \"exponential(200 ms)\"\nsession = [\"a\", \"b\"]\n";
    let v23 = Model::new(text, 30.0, 120.0, 400.0)
        .is("X", session.throughput, |r| r.throughput("a") + r.throughput("b"))
        .is("Q", session.present[0], |r| r.station("cpu").present())
        .is("R_a/R_b", 4.0, |r| r.response("a") / r.response("b"));

    vec![
        Case::new("A18", "Machine repairman", vec![a18]),
        Case::new("A18b", "Closed model near the knee", vec![a18b]),
        Case::new("B04", "Bolch et al. 8.4 and 8.3", vec![b04_4, b04_3]),
        Case::new("B06", "3-tier e-business closed model", b06),
        Case::new("B06c", "HTTPd pre-fork closed model", b06c),
        Case::new("B15", "Balanced closed network", b15),
        Case::new("V20", "Closed with several workers and cores", vec![v20]),
        Case::new("V21", "Closed with two classes", vec![v21]),
        Case::new("V22", "Open and closed traffic together", vec![v22]),
        Case::new("V23", "Closed sessions", vec![v23]),
    ]
}

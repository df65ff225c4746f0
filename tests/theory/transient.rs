//! Rates that change in time, and queues that fill from empty.

use foobar_sim::stats::analytic::transient::{Sinusoid, filling_present};

use super::grade::{Case, Model};

fn unlimited(process: &str, service: &str) -> String {
    format!(
        "[service.s]\nkind = \"station\"\nworkers = \"unlimited\"\nservice = \"{service}\"\n\
         [request.r]\npath = [\"s\"]\n\
         [traffic.t]\n{process}\nmix = {{ r = 1 }}\n"
    )
}

/// Runs are fixed in length (the number of windows is), so full length is more of them.
pub fn cases() -> Vec<Case> {
    let wave = "process = \"poisson\"\nrate = \"100/s\"\nwave = { amplitude = 0.8, period = \"10 s\" }";
    let at = |t: f64| {
        move |r: &super::run::Seen| {
            let (mean, cosine, sine) = r.harmonic("s", 20.0, 10.0);
            let angle = std::f64::consts::TAU * t / 10.0;
            mean + cosine * angle.cos() + sine * angle.sin()
        }
    };
    let a24 = Model::new(unlimited(wave, "exponential(2 s)"), 0.0, 30.0, 30.0)
        .runs(100, 500)
        .is("EN_at_t=0_mod_10", 122.04293417082903, |r| r.present_at("s", 20.0))
        .is("EN_at_t=5", 277.957065829171, |r| r.present_at("s", 25.0))
        .is("EN_max", 299.62831876791995, at(3.9302253540564838))
        .is("time_of_max_mod_10", 3.9302253540564838, |r| {
            let (_, cosine, sine) = r.harmonic("s", 20.0, 10.0);
            10.0 * (sine.atan2(cosine) / std::f64::consts::TAU).rem_euclid(1.0)
        });
    let empty = Model::new(unlimited("process = \"poisson\"\nrate = \"100/s\"", "exponential(2 s)"), 0.0, 2.0, 2.0)
        .runs(200, 1500)
        .is("empty_start_EN(1s)", 78.69386805747331, |r| r.present_at("s", 1.0));

    let sinusoid = Sinusoid { rate_mean: 40.0, amplitude: 0.5, period: 6.0, service_mean: 0.5 };
    let (peak_at, peak) = sinusoid.peak();
    let wave = "process = \"poisson\"\nrate = \"40/s\"\nwave = { amplitude = 0.5, period = \"6 s\" }";
    let v80 = Model::new(unlimited(wave, "exponential(0.5 s)"), 5.0, 24.0, 24.0)
        .runs(200, 2000)
        .is("EN_at_t=13", sinusoid.present(13.0), |r| r.present_at("s", 13.0))
        .is("EN_max", peak, move |r| {
            let (mean, cosine, sine) = r.harmonic("s", 12.0, 6.0);
            let angle = std::f64::consts::TAU * peak_at / 6.0;
            mean + cosine * angle.cos() + sine * angle.sin()
        });

    // a step up at 4 s, after a long warm-up at the rate of t = 0
    let step = "process = \"poisson\"\nprofile = [[\"0 s\", \"50/s\"], [\"4 s\", \"150/s\"]]\nshape = \"step\"";
    let v81 = Model::new(unlimited(step, "exponential(2 s)"), 20.0, 12.0, 12.0)
        .runs(150, 700)
        .is("EN before", 100.0, |r| r.present_at("s", 2.0))
        .is("EN 1 s after", 100.0 + filling_present(100.0, 2.0, 1.0), |r| r.present_at("s", 5.0))
        .is("EN 6 s after", 100.0 + filling_present(100.0, 2.0, 6.0), |r| r.present_at("s", 10.0));

    // a ramp from 20/s to 120/s over 10 s: EN(t) = S rate(t - S) + transient, with S = 1 s
    let ramp = "process = \"poisson\"\nprofile = [[\"0 s\", \"20/s\"], [\"10 s\", \"120/s\"]]\nshape = \"linear\"";
    let on_ramp = |t: f64| 20.0 + 10.0 * (t - 1.0 + (-t).exp());
    let v82 = Model::new(unlimited(ramp, "exponential(1 s)"), 10.0, 12.0, 12.0)
        .runs(200, 2000)
        .is("EN at 3 s", on_ramp(3.0), |r| r.present_at("s", 3.0))
        .is("EN at 9 s", on_ramp(9.0), |r| r.present_at("s", 9.0));

    // a fixed time in service: EN(t) is the arrivals of the last S seconds; a spike
    let spike = "process = \"poisson\"\nrate = \"60/s\"\nspikes = [{ at = \"4 s\", lasts = \"1 s\", factor = 4.0 }]";
    let v83 = Model::new(unlimited(spike, "2 s"), 10.0, 12.0, 12.0)
        .runs(150, 700)
        .is("EN in the spike", 60.0 * 1.5 + 240.0 * 0.5, |r| r.present_at("s", 4.5))
        .is("EN after the spike", 60.0 + 240.0, |r| r.present_at("s", 5.5))
        .is("EN when it has left", 120.0, |r| r.present_at("s", 8.0));

    vec![
        Case::new("A24", "M(t)/M/inf: a wave, and an empty start", vec![a24, empty]),
        Case::new("V80", "M(t)/M/inf: another wave", vec![v80]),
        Case::new("V81", "A step of the rate", vec![v81]),
        Case::new("V82", "A ramp of the rate", vec![v82]),
        Case::new("V83", "A spike, with a fixed time in service", vec![v83]),
    ]
}

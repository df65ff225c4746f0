//! What is said about the doubt itself. E01 and E04 (MSER-5, quantile definitions, t values) are data and
//! formulas without a simulation, held in `stats`; E06 (the laws) is held in every run of every case.

use foobar_sim::stats::interval::{chi_squared_quantile, mean_and_variance};

use super::grade::{Case, Judged, Model};
use super::run::Seen;

/// n Var(mean of n) against the asymptotic variance: inside the 99.9% interval of chi squared.
fn asymptotic(
    value: f64,
    length: impl Fn(&Seen) -> f64 + Send + Sync + 'static,
    of: impl Fn(&Seen) -> f64 + Send + Sync + 'static,
) -> impl Fn(&foobar_sim::scenario::Scenario, &[foobar_sim::simulation::result::RunResult]) -> Judged + Send + Sync {
    move |scenario, runs| {
        let seen: Vec<Seen> = runs.iter().map(|run| Seen { scenario, run }).collect();
        let values: Vec<f64> = seen.iter().map(&of).collect();
        let n = seen.iter().map(&length).sum::<f64>() / seen.len() as f64;
        let (_, variance) = mean_and_variance(&values).expect("there are runs");
        let degrees = values.len() as f64 - 1.0;
        let simulated = n * variance;
        let low = simulated * degrees / chi_squared_quantile(0.9995, degrees);
        let high = simulated * degrees / chi_squared_quantile(0.0005, degrees);
        Judged { simulated, half_width: Some(0.5 * (high - low)), passed: low <= value && value <= high }
    }
}

pub fn cases() -> Vec<Case> {
    let mm1 = |rate: f64| {
        format!(
            "[service.s]\nkind = \"station\"\nservice = \"exponential(1 s)\"\n\
             [request.r]\npath = [\"s\"]\n\
             [traffic.t]\nprocess = \"poisson\"\nrate = \"{rate}/s\"\nmix = {{ r = 1 }}\n"
        )
    };
    let e02 = Model::new(mm1(0.8), 1000.0, 40_000.0, 60_000.0).runs(300, 1500).overall(
        "asym_var_rho.8",
        1976.0,
        asymptotic(1976.0, |r| r.class("r").completed as f64, |r| r.station("s").wait()),
    );
    let e02_present = Model::new(mm1(0.9), 3000.0, 100_000.0, 150_000.0).runs(100, 500).overall(
        "asym_var_time_avg_L_rho.9",
        34200.0,
        asymptotic(34200.0, |r| r.run.measured_s, |r| r.station("s").present()),
    );
    vec![Case::new("E02", "Run length: asymptotic variances", vec![e02, e02_present])]
}

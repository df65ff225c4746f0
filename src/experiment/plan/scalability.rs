//! The Universal Scalability Law through simulated or measured points.

use super::curve::Curve;
use super::findings::UslFindings;
use crate::experiment::summary::Estimate;
use crate::stats::analytic::Analytic;
use crate::stats::analytic::usl::{self, Coefficient, Usl};

/// Throughput at some loads, measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Names of the columns.
    pub load: String,
    pub throughput: String,
    pub points: Vec<(f64, f64)>,
}

pub fn measured(of: &Measured) -> Analytic<UslFindings> {
    let fitted = usl::fit(&of.points, 0.95)?;
    Ok(findings("measured", of.load.clone(), of.throughput.clone(), &of.points, &fitted))
}

/// Of closed users by their number; else by the mean number in flight (Little's law).
pub fn simulated(curve: &Curve, users: bool) -> Analytic<UslFindings> {
    let points: Vec<(f64, f64)> = curve
        .points
        .iter()
        .filter_map(|point| {
            let load = if users { Some(point.load) } else { point.in_flight.value };
            Some((load?, point.throughput_per_s.value?))
        })
        .collect();
    let fitted = usl::fit(&points, 0.95)?;
    let load = if users { "users" } else { "in flight" };
    Ok(findings("simulated", load.into(), "answers/s".into(), &points, &fitted))
}

fn findings(of: &'static str, load: String, throughput: String, points: &[(f64, f64)], fitted: &Usl) -> UslFindings {
    let estimate = |coefficient: &Coefficient| Estimate {
        value: Some(coefficient.value),
        ci95: coefficient.interval,
        runs: points.len() as u32,
        censored: false,
    };
    let mean = points.iter().map(|point| point.1).sum::<f64>() / points.len() as f64;
    let peak_load = fitted.peak_load();
    UslFindings {
        of,
        load,
        throughput,
        points: points.iter().map(|&(n, x)| [n, x]).collect(),
        lambda: estimate(&fitted.lambda),
        sigma: estimate(&fitted.sigma),
        kappa: estimate(&fitted.kappa),
        residual_percent: 100.0 * fitted.residual / mean,
        peak_load,
        peak_throughput: peak_load.map(|load| fitted.throughput(load)),
        ceiling: fitted.ceiling(),
    }
}

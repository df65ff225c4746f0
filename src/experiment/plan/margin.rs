//! How far a run is from an objective, as one number that a root can be sought for; and the objective's figure in the
//! unit in which people read it.

use super::search::FAR;
use crate::scenario::{Metric, Objective};

/// Above 0 it is missed. Of a time, the logarithm of how many times its bound; of a share or a count, the excess over the
/// bound relative to what the bound leaves. Nothing observed is far off.
pub fn margin(objective: &Objective, observed: Option<f64>) -> f64 {
    let Some(value) = observed.filter(|value| !value.is_nan()) else { return FAR };
    let bound = objective.bound;
    let excess = match (&objective.metric, objective.comparison.is_upper()) {
        (Metric::Latency(_) | Metric::ApplyDelay { .. } | Metric::SecondsBehind { .. } | Metric::Rto, true)
            if bound > 0.0 =>
        {
            if value > 0.0 {
                (value / bound).ln()
            } else {
                -FAR
            }
        }
        (Metric::Availability, false) if bound < 1.0 => (bound - value) / (1.0 - bound),
        (_, upper) => {
            let over = if upper { value - bound } else { bound - value };
            if bound > 0.0 { over / bound } else { over }
        }
    };
    // on the bound itself: `<` misses, `<=` does not
    if excess == 0.0 && !objective.is_met_by(value) { f64::MIN_POSITIVE } else { excess.clamp(-FAR, FAR) }
}

/// Whether more traffic brings it nearer to being missed. Throughput is the one that needs traffic to be met.
pub fn tightens_with_traffic(objective: &Objective) -> bool {
    match objective.metric {
        Metric::Throughput => objective.comparison.is_upper(),
        Metric::Availability => !objective.comparison.is_upper(),
        _ => objective.comparison.is_upper(),
    }
}

/// The unit in which its figure is read, and how many of these one of the figure's own is.
pub fn unit(objective: &Objective) -> (&'static str, f64) {
    match objective.metric {
        Metric::Latency(_) | Metric::ApplyDelay { .. } => ("ms", 1e3),
        Metric::SecondsBehind { .. } | Metric::Rto => ("s", 1.0),
        Metric::Availability | Metric::ErrorRate | Metric::Utilization { .. } | Metric::StaleReads { .. } => {
            ("%", 100.0)
        }
        Metric::Throughput => ("requests/s", 1.0),
        Metric::Rpo => ("transactions", 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Comparison, Figure};

    fn objective(metric: Metric, comparison: Comparison, bound: f64) -> Objective {
        let that = String::new();
        Objective { that, metric, comparison, bound, class: None, time: None, during: None, written: String::new() }
    }

    #[test]
    fn a_margin_is_above_zero_where_the_objective_is_missed() {
        let p99 = objective(Metric::Latency(Figure::Percentile(0.99)), Comparison::Below, 0.4);
        assert!((margin(&p99, Some(0.8)) - 2f64.ln()).abs() < 1e-12);
        assert!((margin(&p99, Some(0.2)) + 2f64.ln()).abs() < 1e-12);
        assert!(margin(&p99, Some(0.4)) > 0.0, "< is not <=");
        assert_eq!((margin(&p99, Some(f64::INFINITY)), margin(&p99, None)), (FAR, FAR));
        let available = objective(Metric::Availability, Comparison::AtLeast, 0.99);
        assert!(
            (margin(&available, Some(0.98)) - 1.0).abs() < 1e-9 && (margin(&available, Some(1.0)) + 1.0).abs() < 1e-9
        );
        assert_eq!(margin(&available, Some(0.99)), 0.0);
        let errors = objective(Metric::ErrorRate, Comparison::AtMost, 0.0);
        assert!(margin(&errors, Some(0.0)) <= 0.0 && margin(&errors, Some(1e-6)) > 0.0);
    }

    #[test]
    fn throughput_needs_traffic_and_all_else_suffers_from_it() {
        assert!(!tightens_with_traffic(&objective(Metric::Throughput, Comparison::AtLeast, 100.0)));
        assert!(tightens_with_traffic(&objective(Metric::Availability, Comparison::AtLeast, 0.99)));
        assert!(tightens_with_traffic(&objective(Metric::Latency(Figure::Mean), Comparison::Below, 0.1)));
    }
}

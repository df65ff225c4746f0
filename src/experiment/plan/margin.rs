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

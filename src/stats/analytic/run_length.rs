//! How long to simulate: the asymptotic variance of M/M/1's averages.

use super::{Analytic, stable};
use crate::stats::special::normal_quantile;

/// Asymptotic variance of the customer average of the waiting time at M/M/1, in squared service times (Daley 1968).
pub fn wait_asymptotic_variance(utilization: f64) -> Analytic<f64> {
    stable(utilization, 1.0)?;
    let rho = utilization;
    Ok(rho * (2.0 + 5.0 * rho - 4.0 * rho * rho + rho * rho * rho) / (1.0 - rho).powi(4))
}

/// Asymptotic variance of the time average of the number present at M/M/1, for service times of 1 (Whitt 1989).
pub fn present_asymptotic_variance(utilization: f64) -> Analytic<f64> {
    stable(utilization, 1.0)?;
    Ok(2.0 * utilization * (1.0 + utilization) / (1.0 - utilization).powi(4))
}

/// Customers for an interval of the mean wait with this relative half-width (Whitt 1989, "Planning queueing
/// simulations").
pub fn customers_for_wait(utilization: f64, relative_half_width: f64, confidence: f64) -> Analytic<f64> {
    let variance = wait_asymptotic_variance(utilization)?;
    let wait = utilization / (1.0 - utilization);
    let z = normal_quantile(0.5 + 0.5 * confidence);
    let ratio = z / (relative_half_width * wait);
    Ok(ratio * ratio * variance)
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn e02_a_narrow_interval_takes_millions() {
        for (rho, customers) in
            [(0.5, 1114023.07557584), (0.8, 4744201.718400562), (0.9, 17026199.41943306), (0.95, 64655796.61313924)]
        {
            assert_close(customers_for_wait(rho, 0.01, 0.95).unwrap(), customers);
        }
        assert_close(wait_asymptotic_variance(0.8).unwrap(), 1976.0);
        assert_close(present_asymptotic_variance(0.9).unwrap(), 34200.0);
        assert!(customers_for_wait(1.0, 0.01, 0.95).is_err());
    }
}

//! Poisson requests spread over exponential workers with a queue each.

use super::qbd::{Matrix, Qbd};
use super::renewal::Gim1;
use super::{Analytic, AnalyticError, stable};

/// Mean sojourn when each request goes to one of `n` alike at random: M/M/1 each.
pub fn random_sojourn(arrival_rate: f64, service_rate: f64, n: u32) -> Analytic<f64> {
    let own = arrival_rate / f64::from(n);
    stable(own / service_rate, 1.0)?;
    Ok(1.0 / (service_rate - own))
}

/// Mean sojourn in turn: each worker sees an Erlang-n renewal process.
pub fn round_robin_sojourn(arrival_rate: f64, service_rate: f64, n: u32) -> Analytic<f64> {
    Ok(Gim1::erlang(n, arrival_rate / f64::from(n), service_rate)?.sojourn_mean())
}

/// Mean sojourn when each request joins the shorter of two queues, ties at random, without changing over
/// (Kingman 1961). The chain of (shorter, difference) with the difference cut where it no longer counts: it
/// decays faster than 3^-d.
pub fn shorter_of_two_sojourn(arrival_rate: f64, service_rate: f64) -> Analytic<f64> {
    const DIFFERENCES: usize = 45;
    stable(arrival_rate / service_rate, 2.0)?;
    let n = DIFFERENCES;
    let (mut up, mut local, mut down) = (Matrix::zero(n, n), Matrix::zero(n, n), Matrix::zero(n, n));
    let mut boundary = Matrix::zero(n, n);
    for d in 0..n {
        if d == 0 {
            local.add(0, 1, arrival_rate);
            boundary.add(0, 1, arrival_rate);
            down.add(0, 1, 2.0 * service_rate);
            continue;
        }
        up.add(d, d - 1, arrival_rate);
        local.add(d, d - 1, service_rate);
        boundary.add(d, d - 1, service_rate);
        if d + 1 < n {
            down.add(d, d + 1, service_rate);
        }
    }
    let chain = Qbd { boundary, boundary_up: up.clone(), boundary_down: down.clone(), up, local, down };
    let solved = chain.solve()?;
    let difference = |p: &[f64]| p.iter().enumerate().map(|(d, p)| d as f64 * p).sum::<f64>();
    let shorter: f64 = solved.level_mean.iter().sum();
    let present = 2.0 * shorter + difference(&solved.boundary) + difference(&solved.repeating);
    Ok(present / arrival_rate)
}

/// Mean sojourn, in service times, with the shorter of `d` queues drawn at random, for infinitely many workers
/// (Vvedenskaya, Dobrushin, Karpelevich 1996; Mitzenmacher 2001): the sum of rho^((d^i - d)/(d - 1)), i >= 1.
pub fn power_of_choices_sojourn(utilization: f64, d: u32) -> Analytic<f64> {
    stable(utilization, 1.0)?;
    if d < 2 {
        return Err(AnalyticError::Invalid("at least two choices"));
    }
    let d = f64::from(d);
    let (mut sum, mut power) = (0.0, d);
    loop {
        let term = libm::pow(utilization, (power - d) / (d - 1.0));
        sum += term;
        if term < 1e-18 {
            return Ok(sum);
        }
        power *= d;
    }
}

/// Mean response of a request forked to two M/M/1 workers that is done when both are (Flatto and Hahn 1984;
/// Nelson and Tantawi 1988).
pub fn fork_join_two_response(arrival_rate: f64, service_rate: f64) -> Analytic<f64> {
    let rho = arrival_rate / service_rate;
    stable(rho, 1.0)?;
    Ok((12.0 - rho) / 8.0 / (service_rate - arrival_rate))
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn a21_two_workers() {
        assert_close(random_sojourn(180.0, 100.0, 2).unwrap(), 0.1);
        assert_close(round_robin_sojourn(180.0, 100.0, 2).unwrap(), 0.07588283628687889);
        assert_close(shorter_of_two_sojourn(180.0, 100.0).unwrap(), 0.05474912821240581);
        assert_close(super::super::erlang::Mmc::new(180.0, 100.0, 2).unwrap().sojourn_mean(), 0.05263157894736842);
        assert_close(shorter_of_two_sojourn(1.0, 1.0).unwrap(), 1.4263207511686466);
        assert_close(shorter_of_two_sojourn(1.4, 1.0).unwrap(), 2.1081972739662227);
        assert_close(power_of_choices_sojourn(0.9, 2).unwrap(), 2.614057377323876);
        assert_close(power_of_choices_sojourn(0.99, 2).unwrap(), 5.431996579161878);
    }

    #[test]
    fn a20_fork_join() {
        assert_close(fork_join_two_response(80.0, 100.0).unwrap(), 0.06999999999999999);
    }

    #[test]
    fn balancing_does_not_make_capacity() {
        assert!(shorter_of_two_sojourn(200.0, 100.0).is_err());
        assert!(round_robin_sojourn(200.0, 100.0, 2).is_err());
        assert!(power_of_choices_sojourn(1.0, 2).is_err());
    }
}

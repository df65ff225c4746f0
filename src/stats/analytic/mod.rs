//! Queueing formulas: what theory says a model must do. Each names its source; inputs without a steady state
//! are an error and never a mean. Times and rates are in any one unit of time.

pub mod arrivals;
pub mod balancing;
pub mod closed;
pub mod erlang;
pub mod markov;
pub mod mg1;
pub mod network;
pub mod pool;
pub mod priority;
pub mod qbd;
pub mod reliability;
pub mod renewal;
pub mod replication;
pub mod run_length;
pub mod transient;
pub mod units;
pub mod usl;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AnalyticError {
    #[error("no steady state: {offered_erlangs} erlangs offered to {workers} worker(s)")]
    Unstable { offered_erlangs: f64, workers: f64 },
    #[error("{0}")]
    Invalid(&'static str),
}

pub type Analytic<T> = Result<T, AnalyticError>;

/// Refuses load that grows without bound: offered erlangs at or above the workers.
pub fn stable(offered_erlangs: f64, workers: f64) -> Analytic<()> {
    if !(offered_erlangs >= 0.0 && workers > 0.0) {
        return Err(AnalyticError::Invalid("rates and times must be positive"));
    }
    if offered_erlangs < workers { Ok(()) } else { Err(AnalyticError::Unstable { offered_erlangs, workers }) }
}

/// The value whose tail probability is 1 - p; 0 where an atom at zero holds it.
pub fn percentile_of_tail(p: f64, tail: impl Fn(f64) -> f64) -> f64 {
    if tail(0.0) <= 1.0 - p {
        return 0.0;
    }
    super::special::bisect(0.0, 1e300, |t| tail(t) <= 1.0 - p)
}

#[cfg(test)]
pub(crate) fn assert_close(got: f64, expected: f64) {
    let error = if expected == 0.0 { got.abs() } else { (got / expected - 1.0).abs() };
    assert!(error < 1e-6, "{got} for {expected}");
}

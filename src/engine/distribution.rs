//! Distributions of times, sizes and counts, with their moments, sampled from keyed bits.
//!
//! Every transcendental function goes through `libm`; Exp(1) and the normal come from `rand_distr`'s
//! ziggurat, whose bits are stable. Units are the caller's: seconds, bytes or plain numbers.

use std::sync::Arc;

use rand_distr::{Distribution as _, Exp1, StandardNormal};

use super::random::KeyedRng;

/// A non-negative random quantity. The first parameter is its mean wherever that exists.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    Constant(f64),
    Exponential {
        mean: f64,
    },
    Lognormal {
        mean: f64,
        cv: f64,
    },
    Gamma {
        mean: f64,
        cv: f64,
    },
    /// Sum of `k` exponentials; `mean` is that of the sum.
    Erlang {
        mean: f64,
        k: u32,
    },
    /// Two exponential branches with balanced means (p1/rate1 = p2/rate2); cv >= 1.
    Hyperexponential {
        mean: f64,
        cv: f64,
    },
    Weibull {
        mean: f64,
        shape: f64,
    },
    /// Classical Pareto (type I); shape > 1, else the mean does not exist.
    Pareto {
        mean: f64,
        shape: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    /// Each of the (sorted) values alike.
    Empirical {
        values: Arc<[f64]>,
    },
    /// Fitted to stated percentiles: linear in log(value) against the normal score between the knots,
    /// the outer slopes continued. `knots` are (probability, value), increasing; `fit_error` is the
    /// largest relative deviation at a knot.
    Percentiles {
        knots: Arc<[(f64, f64)]>,
        mean: f64,
        second_moment: f64,
        fit_error: f64,
    },
    /// Number of trials up to and with the first success: 1, 2, ...; mean >= 1.
    Geometric {
        mean: f64,
    },
}

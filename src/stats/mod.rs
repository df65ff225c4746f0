//! Statistics: histograms, time averages, warm-up, confidence intervals and analytic formulas. Uses nothing
//! else of this crate.

pub mod histogram;
pub mod timeweighted;

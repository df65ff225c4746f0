//! Statistics: histograms, time averages, warm-up, confidence intervals and analytic formulas. Uses nothing
//! else of this crate.

pub mod analytic;
pub mod histogram;
pub mod interval;
pub mod quantile;
pub mod special;
pub mod timeweighted;
pub mod warmup;

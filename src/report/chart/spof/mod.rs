//! The pictures of single failures: what each costs in a year, and what clients saw of each.

mod data;
mod ranking;
mod timelines;

use super::Chart;

pub use data::{FailureData, SpofData};

pub fn charts(data: &SpofData) -> Vec<Chart> {
    vec![Chart::new("spof-ranking", ranking::picture(data)), Chart::new("spof-timelines", timelines::picture(data))]
}

//! What clients saw of each failure: the share of requests answered in time, by when they came.

use super::super::axis::Axis;
use super::super::color::{Color, Pen};
use super::super::picture::Picture;
use super::super::small_multiples::{Panel, SmallMultiples};
use super::data::{FailureData, SpofData};
use crate::report::figure::number;

pub fn picture(data: &SpofData) -> Picture {
    let end_s = data.before_s + data.lasts_s + data.after_s;
    // who came later may not have had the time to be answered
    let judged_s = end_s - data.within_s.min(data.after_s / 2.0);
    let line = |values: &[Option<f64>]| -> Vec<(f64, Option<f64>)> {
        let place = |(i, share): (usize, &Option<f64>)| ((i as f64 + 0.5) * data.window_s, share.map(|s| s * 100.0));
        values.iter().enumerate().map(place).filter(|(at, _)| *at <= judged_s).collect()
    };
    let panel = |failure: &FailureData| Panel {
        title: failure.name.clone(),
        note: if failure.worst_class.is_empty() { String::new() } else { format!("worst: {}", failure.worst_class) },
        marked: failure.spof == "yes",
        lines: vec![line(&failure.answered), line(&failure.worst)],
    };
    let several = data.failures.iter().any(|failure| failure.worst != failure.answered);
    let mut pens = vec![("all requests".to_owned(), Pen::solid(Color::Kind(0), 2))];
    if several {
        pens.push(("class that fares worst".to_owned(), Pen { dash: (4, 3), ..Pen::solid(Color::Kind(1), 2) }));
    }
    let objective = format!("objective ({}%)", number(data.objective * 100.0));
    SmallMultiples {
        title: "What clients see of each failure",
        subtitle: &format!("{}; shaded: the failure; dot: single point of failure", data.setting),
        x: Axis::time(end_s),
        y: Axis::from_zero(&format!("Answered within {} s, %", number(data.within_s)), 100.0)
            .with_ticks(&[0.0, 50.0, 100.0]),
        pens,
        shaded: Some((data.before_s, data.before_s + data.lasts_s)),
        reference: Some((data.objective * 100.0, objective)),
        panels: data.failures.iter().map(panel).collect(),
        if_empty: "Nothing can fail.",
    }
    .picture()
}

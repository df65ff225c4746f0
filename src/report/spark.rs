//! A run over time in two lines of a terminal: the p99 of latency and the answers per second, as bars of eight heights
//! from 0 to the highest.

use crate::experiment::Outcome;
use crate::simulation::result::Window;

use super::content::{Block, Tone};
use super::figure;
use super::series::{self, Point};

/// Fewer windows show nothing that the summary does not say.
const WINDOWS_MIN: usize = 7;
/// Bars of a line.
const BARS_MAX: usize = 44;
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Nothing was observed.
const NOTHING: char = '·';

/// Empty where there are few windows.
pub fn over_time(outcome: &Outcome) -> Vec<Block> {
    let points = series::points(outcome);
    if points.len() < WINDOWS_MIN {
        return Vec::new();
    }
    let together = points.len().div_ceil(BARS_MAX);
    let runs = outcome.merged.runs;
    let parts = points.chunks(together).map(|part| {
        let mut window = Window::default();
        part.iter().for_each(|point| window.merge(point.window));
        (window, part.iter().map(|point| point.length_s).sum::<f64>())
    });
    let (mut latency, mut answers) = (Vec::new(), Vec::new());
    for (window, length_s) in parts {
        let point = Point::new(0.0, length_s, &window, runs);
        latency.push(point.latency_ms(0.99));
        answers.push(Some(point.completed_per_s()));
    }
    let each = figure::duration(points[0].length_s * together as f64);
    vec![
        Block::Heading(format!("Over time, {each} for each bar, all runs together")),
        Block::Line(Tone::Plain, line("p99 ms", &latency)),
        Block::Line(Tone::Plain, line("answers/s", &answers)),
    ]
}

/// `p99 ms    ▁▁▂█▇▁ 41.2 to 812.3`
fn line(what: &str, values: &[Option<f64>]) -> String {
    let known = || values.iter().flatten().copied();
    let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(0.0, f64::max));
    let height = |value: f64| HEIGHTS[((value / most * 8.0).ceil() as usize).clamp(1, 8) - 1];
    let bars: String = values.iter().map(|value| value.map_or(NOTHING, height)).collect();
    let range = match least.is_finite() {
        true => format!("{} to {}", figure::number(least), figure::number(most)),
        false => "nothing was answered".into(),
    };
    // a no-break space is no place to break a line at
    format!("{what}{} {bars} {range}", "\u{a0}".repeat(9 - what.chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_zero_and_nothing_observed_is_no_zero() {
        let values = [Some(10.0), None, Some(40.0), Some(80.0), Some(0.0)];
        assert_eq!(line("answers/s", &values), "answers/s ▁·▄█▁ 0 to 80");
        assert_eq!(line("p99 ms", &[None, None]), "p99 ms\u{a0}\u{a0}\u{a0} ·· nothing was answered");
    }
}

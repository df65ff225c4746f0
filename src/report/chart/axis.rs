//! Axes: a range, where its ticks are and what they say.

use crate::report::figure::number;

/// What titles of axes of time begin with; their unit comes behind it.
pub const OF_TIME: &str = "Simulated time, ";

/// Beyond this ratio of largest to smallest a linear axis hides the small.
const LINEAR_RATIO_MAX: f64 = 30.0;

/// Positions are in the chart's own coordinate: seconds, or log10 of milliseconds on a log axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// With its unit.
    pub title: String,
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<(f64, String)>,
    /// Of time, and what lies before 0 is the warm-up.
    pub warmup: bool,
    /// Maps a value to the coordinate.
    log: bool,
}

impl Axis {
    /// From zero to a little above `max`, some five ticks at 1, 2 or 5 times a power of ten.
    pub fn from_zero(title: &str, max: f64) -> Axis {
        let max = if max > 0.0 && max.is_finite() { max } else { 1.0 };
        let step = nice_step(max / 5.0);
        let high = (max / step - 1e-6).ceil() * step;
        let count = (high / step).round() as usize;
        let ticks = (0..=count).map(|i| i as f64 * step).map(|v| (v, number(v))).collect();
        Axis { title: title.into(), low: 0.0, high, ticks, warmup: false, log: false }
    }

    /// From a little below `low` to a little above `high`, either side of zero: for differences.
    pub fn linear(title: &str, low: f64, high: f64) -> Axis {
        let (low, high) = if low < high { (low, high) } else { (low - 1.0, low + 1.0) };
        let step = nice_step((high - low) / 5.0);
        let (first, last) = ((low / step + 1e-6).floor() as i64, (high / step - 1e-6).ceil() as i64);
        let ticks = (first..=last).map(|i| i as f64 * step).map(|at| (at, number(at))).collect();
        let (low, high) = (first as f64 * step, last as f64 * step);
        Axis { title: title.into(), low, high, ticks, warmup: false, log: false }
    }

    /// Logarithmic, ticks at the powers of ten, or at 1, 2 and 5 times them when those are few.
    pub fn log(title: &str, min: f64, max: f64) -> Axis {
        let (min, max) = if min > 0.0 && max >= min && max.is_finite() { (min, max) } else { (1.0, 10.0) };
        let factors: &[f64] = if max / min > 1e4 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let candidates: Vec<f64> = (-9..=12).flat_map(|e| factors.iter().map(move |f| f * 10f64.powi(e))).collect();
        let low = candidates.iter().copied().filter(|v| *v <= min * 1.000_001).fold(1e-9, f64::max);
        let high = candidates.iter().copied().filter(|v| *v * 1.000_001 >= max && *v > low).fold(1e13, f64::min);
        let ticks = candidates
            .iter()
            .filter(|v| **v >= low * 0.999 && **v <= high * 1.001)
            .map(|v| (v.log10(), number(*v)))
            .collect();
        Axis {
            title: format!("{title} (log scale)"),
            low: low.log10(),
            high: high.log10(),
            ticks,
            warmup: false,
            log: true,
        }
    }

    /// Logarithmic where a linear axis would hide the small ones.
    pub fn linear_or_log(title: &str, values: impl Iterator<Item = f64> + Clone) -> Axis {
        let max = values.clone().fold(0.0, f64::max);
        let min = values.filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
        if max > LINEAR_RATIO_MAX * min { Axis::log(title, min, max) } else { Axis::from_zero(title, max) }
    }

    /// Simulated time from t = 0, in the unit that suits its length.
    pub fn time(length_s: f64) -> Axis {
        Axis::time_after(0.0, length_s)
    }

    /// The same, with what lies before t = 0 to the left.
    pub fn time_after(before_s: f64, length_s: f64) -> Axis {
        let length_s = if length_s > 0.0 { length_s } else { 1.0 };
        let (unit, seconds) = match length_s {
            s if s >= 3.0 * 86_400.0 => ("days", 86_400.0),
            s if s >= 3.0 * 3600.0 => ("h", 3600.0),
            s if s >= 180.0 => ("min", 60.0),
            _ => ("s", 1.0),
        };
        let step = nice_step((length_s + before_s) / seconds / 10.0) * seconds;
        let count = (length_s / step * 1.000_001).floor() as usize;
        let ticks = (0..=count).map(|i| i as f64 * step).map(|t| (t, number(t / seconds))).collect();
        Axis {
            title: format!("{OF_TIME}{unit}"),
            low: -before_s,
            high: length_s,
            ticks,
            warmup: before_s > 0.0,
            log: false,
        }
    }

    /// Percentiles as -log10(1 - p): each step to the right is ten times rarer.
    pub fn percentile(title: &str) -> Axis {
        let percents = [0.0, 50.0, 90.0, 95.0, 99.0, 99.9, 99.99];
        let ticks = percents.map(|p: f64| (-(1.0 - p / 100.0).log10(), number(p)));
        Axis { title: title.into(), low: 0.0, high: 4.0, ticks: ticks.into(), warmup: false, log: false }
    }

    pub fn is_log(&self) -> bool {
        self.log
    }

    /// With these ticks alone.
    pub fn with_ticks(self, at: &[f64]) -> Axis {
        Axis { ticks: at.iter().map(|at| (*at, number(*at))).collect(), ..self }
    }

    /// Where a value lies, 0 at the low end and 1 at the high one; what is outside is moved to the border.
    pub fn place(&self, value: f64) -> f64 {
        let at = if self.log { value.max(1e-12).log10() } else { value };
        self.place_coordinate(at)
    }

    /// Between two pixels.
    pub fn pixel(&self, value: f64, low: i32, high: i32) -> i32 {
        low + (self.place(value) * f64::from(high - low)).round() as i32
    }

    pub fn place_coordinate(&self, at: f64) -> f64 {
        ((at - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// The next of 1, 2, 5, 10, ... times a power of ten.
fn nice_step(least: f64) -> f64 {
    let power = 10f64.powi(least.log10().floor() as i32);
    [1.0, 2.0, 5.0].map(|f| f * power).into_iter().find(|step| *step >= least * 0.999_999).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(&Axis::from_zero("x", 612.0)), ["0", "200", "400", "600", "800"]);
        assert_eq!(labels(&Axis::from_zero("x", 1.0)), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(labels(&Axis::from_zero("x", 0.0)), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(labels(&Axis::linear("x", -12.0, 31.0)), ["-20", "-10", "0", "10", "20", "30", "40"]);
        assert_eq!(labels(&Axis::linear("x", 0.0, 0.0)), ["-1", "-0.5", "0", "0.5", "1"]);
        assert_eq!(labels(&Axis::log("x", 3.0, 180.0)), ["2", "5", "10", "20", "50", "100", "200"]);
        assert_eq!(labels(&Axis::log("x", 0.5, 40_000.0)), ["0.1", "1", "10", "100", "1000", "10000", "100000"]);
        assert_eq!(labels(&Axis::log("x", 5.0, 5.0)), ["5", "10"]);
        assert_eq!(labels(&Axis::time(1800.0)), ["0", "5", "10", "15", "20", "25", "30"]);
        assert_eq!(Axis::time(1800.0).title, "Simulated time, min");
        assert_eq!(labels(&Axis::percentile("p"))[4..], ["99", "99.9", "99.99"]);
    }

    #[test]
    fn values_are_placed_between_the_ends() {
        let axis = Axis::log("x", 1.0, 100.0);
        assert_eq!(axis.place(10.0), 0.5);
        assert_eq!(axis.place(0.0), 0.0);
        assert_eq!(Axis::from_zero("x", 10.0).place(5.0), 0.5);
    }
}

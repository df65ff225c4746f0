//! Numbers as people read them: as many digits as their interval can stand by, the interval beside them.

use serde::{Deserialize, Serialize};

use crate::experiment::summary::Estimate;

/// What stands where nothing was observed.
pub const NOTHING: &str = "-";

/// In place of an interval that nobody can stand by.
pub const NO_INTERVAL: &str = "±?";

/// A figure in two parts, so that tables can align them: the value and its doubt.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub value: String,
    pub doubt: String,
}

impl Figure {
    pub fn plain(value: impl Into<String>) -> Figure {
        Figure { value: value.into(), doubt: String::new() }
    }

    /// Both parts in one string.
    pub fn text(&self) -> String {
        if self.doubt.is_empty() { self.value.clone() } else { format!("{} {}", self.value, self.doubt) }
    }
}

/// The estimate times `scale` (100 for percent): `41.3 ±0.2`, `99.98 [99.97, 99.99]` where the interval is
/// lopsided, `213 ±?` where there is none, `> 10000` where the value lies among failures.
pub fn estimate(estimate: &Estimate, scale: f64) -> Figure {
    let Some(value) = estimate.value.map(|v| v * scale).filter(|v| v.is_finite()) else {
        return Figure::plain(NOTHING);
    };
    if estimate.censored {
        return Figure::plain(format!("> {}", number(value)));
    }
    let interval = estimate.ci95.map(|ends| ends.map(|end| end * scale));
    let Some([low, high]) = interval.filter(|ends| ends.iter().all(|end| end.is_finite())) else {
        // nothing seen in any run needs no alarm: what is counted or timed here is never below 0
        let doubt = if value == 0.0 { "" } else { NO_INTERVAL };
        return Figure { value: number(value), doubt: doubt.into() };
    };
    let half = (high - low) / 2.0;
    let decimals = decimals_for(value, half);
    let lopsided = ((high - value) - (value - low)).abs() > 0.2 * half;
    let doubt = if lopsided {
        format!("[{}, {}]", round_down(low, decimals), round_up(high, decimals))
    } else {
        format!("±{}", round_up(half, decimals))
    };
    Figure { value: format!("{value:.decimals$}"), doubt }
}

/// As [`estimate`], for queues and waits on a terminal: nobody acts on the millionth of one, so what lies below
/// a thousandth, interval and all, is shown as `<0.001`, and the rest with at most three decimals.
pub fn coarse(estimate: &Estimate, scale: f64) -> Figure {
    const LEAST: f64 = 0.001;
    let Some(value) = estimate.value.map(|v| v * scale) else { return self::estimate(estimate, scale) };
    let high = estimate.ci95.map_or(value, |[_, high]| high * scale);
    if value > 0.0 && value.max(high) < LEAST {
        return Figure::plain(format!("<{LEAST}"));
    }
    let fine = |text: &str| text.split_once('.').is_some_and(|(_, decimals)| decimals.len() > 3);
    let figure = self::estimate(estimate, scale);
    match estimate.ci95.map(|ends| ends.map(|end| end * scale)) {
        Some([low, high]) if fine(&figure.value) => {
            let doubt = match figure.doubt.starts_with('[') {
                true => format!("[{}, {}]", round_down(low, 3), round_up(high, 3)),
                false => format!("±{}", round_up((high - low) / 2.0, 3)),
            };
            Figure { value: trim_zero(format!("{value:.3}")), doubt }
        }
        None if fine(&figure.value) => Figure { value: trim_zero(format!("{value:.3}")), ..figure },
        _ => figure,
    }
}

/// With its sign; nothing has none.
pub fn signed(figure: &Figure) -> Figure {
    let digits = figure.value.trim_start_matches('-');
    let value = match figure.value.chars().next() {
        _ if digits.chars().all(|c| matches!(c, '0' | '.')) && !digits.is_empty() => digits.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("+{}", figure.value),
        _ => figure.value.clone(),
    };
    Figure { value, ..figure.clone() }
}

/// The estimate as a maximum or the like, which has no interval.
pub fn bare(estimate: &Estimate) -> Figure {
    match estimate.value.filter(|v| v.is_finite()) {
        Some(value) if estimate.censored => Figure::plain(format!("> {}", number(value))),
        Some(value) => Figure::plain(number(value)),
        None => Figure::plain(NOTHING),
    }
}

/// Four significant digits, whole from 1000 on.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.into();
    }
    if value == 0.0 {
        return "0".into();
    }
    let decimals = (3 - magnitude(value)).clamp(0, 9) as usize;
    trim(format!("{value:.decimals$}"))
}

/// `10,800,123`
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 request`, `2 requests`, `2 classes`
pub fn counted(n: u64, what: &str) -> String {
    let ending = match n {
        1 => "",
        _ if what.ends_with('s') => "es",
        _ => "s",
    };
    format!("{} {what}{ending}", count(n))
}

/// A length of time in the unit that reads best: `30 min`, `90 s`, `2 h`.
pub fn duration(seconds: f64) -> String {
    for (unit, length) in [("h", 3600.0), ("min", 60.0)] {
        if seconds >= length && (seconds / length).fract() == 0.0 {
            return format!("{} {unit}", number(seconds / length));
        }
    }
    for (unit, length) in [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3)] {
        if seconds > 0.0 && seconds < 999.5 * length {
            return format!("{} {unit}", number(seconds / length));
        }
    }
    format!("{} s", number(seconds))
}

/// A change in percent, with its sign.
pub fn signed_percent(percent: f64) -> String {
    if percent.is_finite() { format!("{percent:+.1}%") } else { NOTHING.into() }
}

/// Power of ten of the leading digit.
fn magnitude(value: f64) -> i32 {
    value.abs().log10().floor() as i32
}

/// Decimals that show the half-width with one significant digit, or two when the first is 1; never more
/// than six significant digits of the value.
fn decimals_for(value: f64, half: f64) -> usize {
    if half <= 0.0 {
        return number(value).split_once('.').map_or(0, |(_, fraction)| fraction.len());
    }
    let first = magnitude(half);
    let two = half / 10f64.powi(first) < 2.0;
    let wanted = i32::from(two) - first;
    let most = if value == 0.0 { 9 } else { 5 - magnitude(value) };
    wanted.min(most).clamp(0, 9) as usize
}

/// Rounded away from what would flatter: the interval printed holds the interval meant.
fn round_up(value: f64, decimals: usize) -> String {
    let unit = 10f64.powi(decimals as i32);
    // what is an integer but for the last bits of a float is left alone
    trim_zero(format!("{:.decimals$}", ((value * unit) - 1e-6).ceil() / unit))
}

fn round_down(value: f64, decimals: usize) -> String {
    let unit = 10f64.powi(decimals as i32);
    trim_zero(format!("{:.decimals$}", ((value * unit) + 1e-6).floor() / unit))
}

/// `-0.0` and `0.00` are 0.
fn trim_zero(text: String) -> String {
    if text.trim_start_matches('-').chars().all(|c| matches!(c, '0' | '.')) { "0".into() } else { text }
}

/// Drops zeros behind the decimal point.
fn trim(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64, low: f64, high: f64) -> String {
        estimate(&Estimate { value: Some(value), ci95: Some([low, high]), runs: 10, censored: false }, 1.0).text()
    }

    #[test]
    fn digits_follow_the_interval() {
        assert_eq!(shown(41.312, 41.10, 41.524), "41.3 ±0.3");
        assert_eq!(shown(41.312, 41.19, 41.434), "41.31 ±0.13");
        assert_eq!(shown(12034.4, 11621.4, 12447.4), "12034 ±413");
        assert_eq!(shown(0.00123, 0.00118, 0.00128), "0.00123 ±0.00005");
        assert_eq!(shown(600.0, 599.99998, 600.00002), "600.000 ±0.001");
        assert_eq!(shown(5.0, 5.0, 5.0), "5 ±0");
        assert_eq!(shown(0.0, 0.0, 0.0), "0 ±0");
    }

    #[test]
    fn a_lopsided_interval_is_shown_by_its_ends() {
        assert_eq!(shown(99.982, 99.971, 99.989), "99.982 [99.971, 99.989]");
        assert_eq!(shown(100.0, 99.97, 100.0), "100.000 [99.970, 100.000]");
    }

    #[test]
    fn what_is_not_known_is_said() {
        let e = Estimate { value: Some(213.04), ci95: None, runs: 2, censored: false };
        assert_eq!(estimate(&e, 1.0).text(), "213 ±?");
        assert_eq!(estimate(&Estimate { value: None, ..e }, 1.0).text(), "-");
        assert_eq!(estimate(&Estimate { value: Some(f64::NAN), ..e }, 1.0).text(), "-");
        assert_eq!(estimate(&Estimate { value: Some(10_000.0), censored: true, ..e }, 1.0).text(), "> 10000");
        let endless = Estimate { ci95: Some([0.0, f64::INFINITY]), ..e };
        assert_eq!(estimate(&endless, 1.0).text(), "213 ±?");
        assert_eq!(bare(&e).text(), "213");
    }

    #[test]
    fn nothing_at_all_is_no_alarm() {
        let nothing = Estimate { value: Some(0.0), ci95: None, runs: 2, censored: false };
        assert_eq!(estimate(&nothing, 100.0).text(), "0");
        assert_eq!(coarse(&nothing, 1.0).text(), "0");
    }

    #[test]
    fn a_millionth_of_a_queue_is_not_spelled_out() {
        let of =
            |value: f64, ci95| coarse(&Estimate { value: Some(value), ci95, runs: 2, censored: false }, 1.0).text();
        assert_eq!(of(0.000011, Some([0.000007, 0.000015])), "<0.001");
        assert_eq!(of(0.000011, None), "<0.001");
        // the interval reaches higher
        assert_eq!(of(0.0004, Some([0.0, 0.0016])), "0 [0, 0.002]");
        assert_eq!(of(0.01234, Some([0.01230, 0.01238])), "0.012 ±0.001");
        assert_eq!(of(0.01234, None), "0.012 ±?");
        assert_eq!(of(41.312, Some([41.10, 41.524])), "41.3 ±0.3");
    }

    proptest::proptest! {
        #[test]
        fn the_printed_interval_holds_the_one_meant(value in -1e7..1e7f64, power in -6..6i32, skew in 0.0..1.0f64) {
            let width = 10f64.powi(power);
            let (low, high) = (value - width * skew, value + width * (1.0 - skew));
            let text = shown(value, low, high);
            let numbers: Vec<f64> = text
                .split([' ', ',', '[', ']', '±'])
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().unwrap())
                .collect();
            let (from, to) = match numbers[..] {
                [v, half] => (v - half, v + half),
                [_, from, to] => (from, to),
                _ => panic!("{text}"),
            };
            // the value itself is rounded by at most half of its last digit, the centre moved by a tenth
            let unit = 10f64.powi(-(decimals_for(value, width / 2.0) as i32));
            let slack = unit / 2.0 + 0.1 * width + 1e-6;
            proptest::prop_assert!(from <= low + slack && to >= high - slack, "{} for {} {} {}", text, value, low, high);
        }
    }

    #[test]
    fn counts_and_lengths_read_well() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(10_800_123), "10,800,123");
        assert_eq!(counted(1, "run"), "1 run");
        assert_eq!(duration(1800.0), "30 min");
        assert_eq!(duration(7200.0), "2 h");
        assert_eq!(duration(90.0), "90 s");
        assert_eq!(duration(0.25), "250 ms");
        assert_eq!(duration(0.0), "0 s");
        assert_eq!(duration(1e-9), "1 ns");
        assert_eq!(duration(2.5e-5), "25 us");
        assert_eq!(duration(0.9999), "0.9999 s");
        assert_eq!(number(0.012_345), "0.01235");
        assert_eq!(number(123_456.7), "123457");
        assert_eq!(signed_percent(-12.34), "-12.3%");
    }
}

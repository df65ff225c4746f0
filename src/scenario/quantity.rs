//! Quantities: a number and its unit in one string, `"9 ms"`. Inside they are seconds, bytes, bytes per
//! second and rates per second.

use std::ops::Range;

use super::reader::{Flaw, nearest};

/// What kind of quantity a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    Time,
    Size,
    /// Bytes over time: disks and networks.
    Throughput,
    /// Things over time: arrivals.
    Rate,
    /// A plain number, such as the size of a batch.
    Count,
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;
const YEAR: f64 = 365.25 * DAY;
const KIB: f64 = 1024.0;

const TIME: &[(&str, f64)] =
    &[("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("min", MINUTE), ("h", HOUR), ("d", DAY)];
const SIZE: &[(&str, f64)] = &[
    ("B", 1.0),
    ("KB", 1e3),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("KiB", KIB),
    ("MiB", KIB * KIB),
    ("GiB", KIB * KIB * KIB),
    ("TiB", KIB * KIB * KIB * KIB),
];
const THROUGHPUT: &[(&str, f64)] = &[
    ("bit/s", 0.125),
    ("kbit/s", 125.0),
    ("Kbit/s", 125.0),
    ("Mbit/s", 125e3),
    ("Gbit/s", 125e6),
    ("Tbit/s", 125e9),
    ("B/s", 1.0),
    ("KB/s", 1e3),
    ("kB/s", 1e3),
    ("MB/s", 1e6),
    ("GB/s", 1e9),
    ("KiB/s", KIB),
    ("MiB/s", KIB * KIB),
    ("GiB/s", KIB * KIB * KIB),
];
const RATE: &[(&str, f64)] = &[("/s", 1.0), ("/min", 1.0 / MINUTE), ("/h", 1.0 / HOUR), ("/d", 1.0 / DAY)];
const COUNT: &[(&str, f64)] = &[("", 1.0)];

impl Dimension {
    /// Units and what one of them is in the unit used inside.
    pub fn units(self) -> &'static [(&'static str, f64)] {
        match self {
            Dimension::Time => TIME,
            Dimension::Size => SIZE,
            Dimension::Throughput => THROUGHPUT,
            Dimension::Rate => RATE,
            Dimension::Count => COUNT,
        }
    }

    /// With its article.
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Time => "a time",
            Dimension::Size => "a size",
            Dimension::Throughput => "a throughput",
            Dimension::Rate => "a rate",
            Dimension::Count => "a number",
        }
    }

    /// The unit that a bare number most likely meant.
    fn likely_unit(self) -> &'static str {
        match self {
            Dimension::Time => " ms",
            Dimension::Size => " KiB",
            Dimension::Throughput => " MB/s",
            Dimension::Rate => "/s",
            Dimension::Count => "",
        }
    }

    /// As one is written.
    pub fn example(self) -> &'static str {
        match self {
            Dimension::Time => "9 ms",
            Dimension::Size => "40 KiB",
            Dimension::Throughput => "400 MB/s",
            Dimension::Rate => "600/s",
            Dimension::Count => "4",
        }
    }

    /// Beyond it a value is a slip of the keyboard, and the text that says so.
    fn limit(self) -> (f64, &'static str) {
        match self {
            Dimension::Time => (100.0 * YEAR, "100 years"),
            Dimension::Size => (1e18, "10^18 bytes"),
            Dimension::Throughput => (1e15, "10^15 bytes per second"),
            Dimension::Rate => (1e9, "10^9 per second"),
            Dimension::Count => (1e12, "10^12"),
        }
    }
}

/// Splits `"9 ms"` to the number and its unit, with the unit's bytes in the text.
pub fn split(text: &str) -> Option<(f64, &str, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let sign_after_exponent =
            matches!(bytes[end], b'+' | b'-') && (end == 0 || matches!(bytes[end - 1], b'e' | b'E'));
        let exponent = matches!(bytes[end], b'e' | b'E')
            && end > 0
            && bytes.get(end + 1).is_some_and(|&next| next.is_ascii_digit() || next == b'-' || next == b'+');
        if !(bytes[end].is_ascii_digit() || matches!(bytes[end], b'.' | b'_') || sign_after_exponent || exponent) {
            break;
        }
        end += 1;
    }
    let number = text[..end].replace('_', "").parse().ok()?;
    let unit = text[end..].trim();
    let start = text.len() - text[end..].trim_start().len();
    Some((number, unit, start..start + unit.len()))
}

/// Below one, units divide: 9 ms is then the number 0.009, and not the product's next neighbour.
pub fn scaled(number: f64, factor: f64) -> f64 {
    if factor < 1.0 { number / (1.0 / factor).round() } else { number * factor }
}

/// Reads a quantity of this dimension. The flaw's range is within `text`.
pub fn parse(text: &str, dimension: Dimension) -> Result<f64, Flaw> {
    let trimmed = text.trim();
    let Some((number, unit, unit_span)) = split(trimmed) else {
        return Err(not_a_number(trimmed, dimension));
    };
    let Some(&(_, factor)) = dimension.units().iter().find(|(name, _)| *name == unit) else {
        return Err(wrong_unit(trimmed, number, unit, unit_span, dimension));
    };
    let example = match trimmed.strip_prefix('-') {
        Some(positive) => format!("write \"{positive}\""),
        None => format!("write for example \"{}\"", dimension.example()),
    };
    checked(scaled(number, factor), dimension).map_err(|flaw| flaw.or_help(example))
}

fn not_a_number(text: &str, dimension: Dimension) -> Flaw {
    let what = match text.to_ascii_lowercase().trim_start_matches(['+', '-']) {
        "inf" | "infinity" => format!("{} must be finite, found `{text}`", dimension.name()),
        "nan" => format!("{} must be a number, found `{text}`", dimension.name()),
        _ => format!("expected {}, found \"{text}\"", dimension.name()),
    };
    Flaw::new(what, format!("not {}", dimension.name())).help(format!("write for example \"{}\"", dimension.example()))
}

fn wrong_unit(text: &str, number: f64, unit: &str, span: Range<usize>, dimension: Dimension) -> Flaw {
    if unit.is_empty() {
        return missing_unit(&text[..span.start], dimension).within(0..text.len());
    }
    if dimension == Dimension::Count {
        return Flaw::new(format!("expected a plain number, found \"{text}\""), "has a unit")
            .help(format!("write {number}"))
            .within(span);
    }
    let known: Vec<&str> = dimension.units().iter().map(|(name, _)| *name).collect();
    let help = match (suggested_unit(unit, dimension), nearest(unit, known.iter().copied())) {
        (Some(near), _) => format!("did you mean \"{number}{near}\"?"),
        (None, Some(near)) if near.starts_with('/') => format!("did you mean \"{number}{near}\"?"),
        (None, Some(near)) => format!("did you mean \"{number} {near}\"?"),
        (None, None) => format!("{} has one of the units {}", dimension.name(), known.join(", ")),
    };
    let other = [Dimension::Time, Dimension::Size, Dimension::Throughput, Dimension::Rate];
    let other = other.into_iter().find(|other| other.units().iter().any(|(name, _)| *name == unit));
    let what = match other {
        Some(other) => format!("expected {}, found {}: \"{text}\"", dimension.name(), other.name()),
        None => format!("`{unit}` is not a unit of {}", dimension.name().trim_start_matches("a ")),
    };
    Flaw::new(what, format!("not a unit of {}", dimension.name().trim_start_matches("a "))).help(help).within(span)
}

/// What other software's abbreviations mean.
fn suggested_unit(unit: &str, dimension: Dimension) -> Option<&'static str> {
    let lower = unit.to_ascii_lowercase();
    Some(match (dimension, lower.as_str()) {
        (Dimension::Time, "m" | "minute" | "minutes" | "mins") => " min",
        (Dimension::Time, "sec" | "secs" | "second" | "seconds") => " s",
        (Dimension::Time, "msec" | "millis" | "milliseconds") => " ms",
        (Dimension::Time, "usec" | "microseconds") => " us",
        (Dimension::Time, "hour" | "hours" | "hr") => " h",
        (Dimension::Time, "day" | "days") => " d",
        (Dimension::Size, "k" | "kib") => " KiB",
        (Dimension::Size, "m" | "mib") => " MiB",
        (Dimension::Size, "g" | "gib") => " GiB",
        (Dimension::Size, "b" | "byte" | "bytes") => " B",
        (Dimension::Throughput, "mbps" | "mb" | "mbit") => " Mbit/s",
        (Dimension::Throughput, "gbps" | "gb" | "gbit") => " Gbit/s",
        (Dimension::Rate, "rps" | "qps" | "req/s" | "hz" | "per second" | "requests/s" | "s") => "/s",
        (Dimension::Rate, "rpm" | "req/min" | "min") => "/min",
        _ => return None,
    })
}

/// A bare number where a unit belongs.
pub fn missing_unit(number: &str, dimension: Dimension) -> Flaw {
    let number = number.trim();
    Flaw::new(format!("{} needs its unit, found the bare number {number}", dimension.name()), "no unit").help(format!(
        "write \"{number}{}\"{} (units: {})",
        dimension.likely_unit(),
        if dimension == Dimension::Time { format!(" or \"{number} s\"") } else { String::new() },
        dimension
            .units()
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| *name != "kB" && *name != "µs")
            .collect::<Vec<_>>()
            .join(", ")
    ))
}

/// Finite, not negative, not absurd.
pub fn checked(value: f64, dimension: Dimension) -> Result<f64, Flaw> {
    let (limit, limit_text) = dimension.limit();
    let name = dimension.name();
    if value.is_nan() {
        return Err(Flaw::new(format!("{name} must be a number, found nan"), "not a number"));
    }
    if value < 0.0 {
        return Err(Flaw::new(format!("{name} cannot be negative"), "negative"));
    }
    if value > limit {
        return Err(Flaw::new(format!("{name} beyond {limit_text} is surely a mistake"), "too large")
            .help("check the number and its unit"));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(text: &str, dimension: Dimension, expected: f64) {
        let value = parse(text, dimension).unwrap_or_else(|flaw| panic!("{text}: {}", flaw.what));
        assert!((value - expected).abs() <= 1e-12 * expected, "{text} is {value}, not {expected}");
    }

    #[test]
    fn every_unit_means_what_it_says() {
        near("9 ms", Dimension::Time, 0.009);
        near("9ms", Dimension::Time, 0.009);
        near("1.5 min", Dimension::Time, 90.0);
        near("2 h", Dimension::Time, 7200.0);
        near("250 us", Dimension::Time, 250e-6);
        near("250 µs", Dimension::Time, 250e-6);
        near("5e3 ns", Dimension::Time, 5e-6);
        near("1 d", Dimension::Time, 86_400.0);
        near("40 KiB", Dimension::Size, 40_960.0);
        near("40 KB", Dimension::Size, 40_000.0);
        near("3 GiB", Dimension::Size, 3_221_225_472.0);
        near("2 TiB", Dimension::Size, 2_199_023_255_552.0);
        near("1 Gbit/s", Dimension::Throughput, 125e6);
        near("400 MB/s", Dimension::Throughput, 400e6);
        near("600/s", Dimension::Rate, 600.0);
        near("90/min", Dimension::Rate, 1.5);
        near("1_000/s", Dimension::Rate, 1000.0);
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for (text, dimension) in [
            ("", Dimension::Time),
            ("ms", Dimension::Time),
            ("-1 ms", Dimension::Time),
            ("1e400 s", Dimension::Time),
            ("101e9 h", Dimension::Time),
            ("9", Dimension::Time),
            ("9 KiB", Dimension::Time),
            ("9 m", Dimension::Time),
            ("1.2.3 ms", Dimension::Time),
            ("40 Mbit/s", Dimension::Size),
            ("5", Dimension::Rate),
            ("4 apples", Dimension::Count),
        ] {
            assert!(parse(text, dimension).is_err(), "{text:?} was taken as {dimension:?}");
        }
    }

    #[test]
    fn a_known_abbreviation_is_translated() {
        assert!(parse("5 m", Dimension::Time).unwrap_err().help.contains("5 min"));
        assert!(parse("8G", Dimension::Size).unwrap_err().help.contains("8 GiB"));
        assert!(parse("600 rps", Dimension::Rate).unwrap_err().help.contains("600/s"));
    }
}

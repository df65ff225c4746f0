//! Decimal numbers as they are written, so that 0.1..0.3/0.1 is 0.1, 0.2, 0.3 and nothing beside it.

use std::cmp::Ordering;
use std::fmt;

/// `digits` * 10^-`places`.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    digits: i128,
    places: u32,
}

/// Nothing that anybody varies has more.
const PLACES_MAX: u32 = 15;
const DIGITS_MAX: i128 = 1_000_000_000_000_000_000;

impl Decimal {
    /// The number at the beginning of a text, and what follows it. `None`: none begins there, or it is absurdly long.
    pub fn leading(text: &str) -> Option<(Decimal, &str)> {
        let bytes = text.as_bytes();
        let (mut at, mut digits, mut places, mut any, mut point) = (0, 0i128, 0, false, false);
        let negative = matches!(bytes.first(), Some(b'-'));
        if matches!(bytes.first(), Some(b'-' | b'+')) {
            at += 1;
        }
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'0'..=b'9' => {
                    digits = digits * 10 + i128::from(byte - b'0');
                    places += u32::from(point);
                    any = true;
                    if digits > DIGITS_MAX || places > PLACES_MAX {
                        return None;
                    }
                }
                b'_' if any => {}
                // the two points of a range are none of the number's
                b'.' if !point && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => point = true,
                _ => break,
            }
            at += 1;
        }
        let digits = if negative { -digits } else { digits };
        any.then(|| (Decimal { digits, places }, &text[at..]))
    }

    /// To six significant digits, as ranges with a number of values are rounded.
    pub fn rounded(value: f64) -> String {
        let rounded: f64 = format!("{value:.5e}").parse().expect("a float that was printed");
        format!("{rounded}")
    }

    pub fn to_f64(self) -> f64 {
        // correctly rounded, as if it had been read
        self.to_string().parse().expect("a decimal number is a float")
    }

    /// Without a decimal point.
    pub fn is_whole(self) -> bool {
        self.places == 0
    }

    pub fn is_zero(self) -> bool {
        self.digits == 0
    }

    pub fn is_negative(self) -> bool {
        self.digits < 0
    }

    fn with_places(self, places: u32) -> i128 {
        self.digits * 10i128.pow(places - self.places)
    }

    /// How many steps fit between here and there, both ends counted. The step is above zero.
    pub fn count_to(self, to: Decimal, step: Decimal) -> u64 {
        let places = self.places.max(to.places).max(step.places);
        let (from, to, step) = (self.with_places(places), to.with_places(places), step.with_places(places));
        if to < from { 0 } else { u64::try_from((to - from) / step + 1).unwrap_or(u64::MAX) }
    }

    pub fn plus(self, step: Decimal, times: u64) -> Decimal {
        let places = self.places.max(step.places);
        Decimal { digits: self.with_places(places) + step.with_places(places) * i128::from(times), places }
    }

    pub fn compare(self, other: Decimal) -> Ordering {
        let places = self.places.max(other.places);
        self.with_places(places).cmp(&other.with_places(places))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10i128.pow(self.places);
        let (whole, rest) = (self.digits.abs() / one, self.digits.abs() % one);
        let sign = if self.digits < 0 { "-" } else { "" };
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let fraction = format!("{rest:0places$}", places = self.places as usize);
        write!(f, "{sign}{whole}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::leading(text).expect(text).0
    }

    #[test]
    fn a_number_ends_where_its_unit_or_its_range_begins() {
        for (text, value, rest) in [
            ("200/s..800/s", 200.0, "/s..800/s"),
            ("16..128", 16.0, "..128"),
            ("0.5..1.5", 0.5, "..1.5"),
            ("1_000 ms", 1000.0, " ms"),
            ("-3", -3.0, ""),
        ] {
            let (read, left) = Decimal::leading(text).unwrap();
            assert_eq!((read.to_f64(), left), (value, rest), "{text}");
        }
        for text in ["", "..5", "ms", "-", "99999999999999999999999999"] {
            assert!(Decimal::leading(text).is_none(), "{text}");
        }
    }

    #[test]
    fn steps_are_exact() {
        let (from, to, step) = (number("0.1"), number("0.7"), number("0.1"));
        let values: Vec<String> = (0..from.count_to(to, step)).map(|i| from.plus(step, i).to_string()).collect();
        assert_eq!(values, ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]);
        assert_eq!(number("16").count_to(number("100"), number("16")), 6);
        assert_eq!(number("1").count_to(number("10000000000"), number("1")), 10_000_000_000);
        assert_eq!(number("1.50").plus(number("0.25"), 2).to_string(), "2");
    }
}

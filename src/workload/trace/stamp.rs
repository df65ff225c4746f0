//! Time stamps of logs to nanoseconds since 1970 (UTC). Fixed layouts are read byte by byte, because a
//! stamp is on every line; anything else goes through `jiff`.

/// Why a stamp was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Unreadable,
    /// Before 1970 or after [`YEAR_MAX`].
    OutOfRange,
}

/// Later years do not occur in recorded traffic, and nanoseconds in 64 bits end in 2262.
pub const YEAR_MAX: i64 = 2200;

const NANOS: i64 = 1_000_000_000;

/// `22/Nov/2026:20:37:29.515`, with or without fraction and ` +0330`: the bracket of HAProxy, nginx and
/// Apache. Without an offset (HAProxy's accept date is local time) it is taken as UTC: only differences
/// count.
pub fn bracket(text: &[u8]) -> Result<i64, Fault> {
    if text.len() < 20 || text[2] != b'/' || text[6] != b'/' || text[11] != b':' {
        return Err(Fault::Unreadable);
    }
    let day = digits(&text[0..2])?;
    let month = month(&text[3..6])?;
    let year = digits(&text[7..11])?;
    let clock = clock(&text[12..20])?;
    let (fraction, rest) = fraction(&text[20..]);
    instant(year, month, day, clock - offset(rest)?, fraction)
}

/// Whether a stamp of [`bracket`]'s layout begins here.
pub fn looks_like_bracket(text: &[u8]) -> bool {
    text.len() >= 20
        && text[2] == b'/'
        && text[6] == b'/'
        && text[11] == b':'
        && text[0].is_ascii_digit()
        && text[7].is_ascii_digit()
        && text[3].is_ascii_alphabetic()
}

/// RFC 3339 and its relatives: `2024-10-12T23:14:20+09:00`, `2023-11-16 18:17:03.9799600`,
/// `2026/11/22 20:37:29`; without an offset it is UTC. Other layouts that `jiff` knows (RFC 9557, RFC 2822)
/// are taken as well.
pub fn calendar(text: &[u8]) -> Result<i64, Fault> {
    match fixed_calendar(text) {
        Err(Fault::Unreadable) => lenient_calendar(text),
        known => known,
    }
}

fn fixed_calendar(text: &[u8]) -> Result<i64, Fault> {
    if text.len() < 19
        || !matches!(text[4], b'-' | b'/')
        || text[7] != text[4]
        || !matches!(text[10], b'T' | b't' | b' ' | b'_')
    {
        return Err(Fault::Unreadable);
    }
    let year = digits(&text[0..4])?;
    let month = digits(&text[5..7])?;
    let day = digits(&text[8..10])?;
    let clock = clock(&text[11..19])?;
    let (fraction, rest) = fraction(&text[19..]);
    instant(year, month, day, clock - offset(rest)?, fraction)
}

fn lenient_calendar(text: &[u8]) -> Result<i64, Fault> {
    let text = std::str::from_utf8(text).map_err(|_| Fault::Unreadable)?.trim();
    let timestamp = text
        .parse::<jiff::Timestamp>()
        .or_else(|_| jiff::fmt::rfc2822::parse(text).map(|zoned| zoned.timestamp()))
        .map_err(|_| Fault::Unreadable)?;
    in_range(timestamp.as_nanosecond())
}

/// A number of `unit_s` since 1970 (or since any other moment: only differences count).
pub fn number(text: &[u8], unit_s: f64) -> Result<i64, Fault> {
    let unit_ns = (unit_s * 1e9).round();
    if let Some((whole, fraction)) = decimal(text) {
        // Exact where the unit is a whole number of nanoseconds, as seconds to nanoseconds are.
        if unit_ns >= 1.0 {
            let unit_ns = unit_ns as i128;
            return in_range(whole as i128 * unit_ns + fraction as i128 * unit_ns / NANOS as i128);
        }
    }
    let value: f64 =
        std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()).ok_or(Fault::Unreadable)?;
    if !value.is_finite() {
        return Err(Fault::Unreadable);
    }
    in_range((value * unit_s * 1e9).round() as i128)
}

/// Seconds for each unit of a number that carries no unit: what is too large for seconds in this century
/// is milliseconds, then microseconds, then nanoseconds.
pub fn guessed_unit_s(text: &[u8]) -> f64 {
    match text.iter().position(|&b| b == b'.').unwrap_or(text.len()) {
        0..=11 => 1.0,
        12..=14 => 1e-3,
        15..=17 => 1e-6,
        _ => 1e-9,
    }
}

/// Non-negative `123.456`: the whole part and the fraction in billionths; `None` for any other notation.
fn decimal(text: &[u8]) -> Option<(i64, i64)> {
    let point = text.iter().position(|&b| b == b'.').unwrap_or(text.len());
    // Nineteen digits (nanoseconds) fit in 63 bits unless the first one is a nine.
    if point == 0 || point > 19 || (point == 19 && text[0] == b'9') {
        return None;
    }
    let whole = digits(&text[..point]).ok()?;
    let rest = &text[point..];
    let (fraction, left) = fraction(rest);
    (left.is_empty() && rest.len() != 1).then_some((whole, fraction))
}

fn digits(text: &[u8]) -> Result<i64, Fault> {
    let mut value = 0i64;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Fault::Unreadable);
        }
        value = value * 10 + i64::from(digit);
    }
    Ok(value)
}

fn month(text: &[u8]) -> Result<i64, Fault> {
    let name = [text[0] | 0x20, text[1] | 0x20, text[2] | 0x20];
    Ok(match &name {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return Err(Fault::Unreadable),
    })
}

/// `20:37:29` to seconds; second 60 is a leap second and counts as the next one.
fn clock(text: &[u8]) -> Result<i64, Fault> {
    if text[2] != b':' || text[5] != b':' {
        return Err(Fault::Unreadable);
    }
    let (hour, minute, second) = (digits(&text[0..2])?, digits(&text[3..5])?, digits(&text[6..8])?);
    if hour > 23 || minute > 59 || second > 60 {
        return Err(Fault::Unreadable);
    }
    Ok(hour * 3600 + minute * 60 + second)
}

/// `.515` or `,515` as billionths, and what follows; digits past the ninth are dropped.
fn fraction(text: &[u8]) -> (i64, &[u8]) {
    if !matches!(text.first(), Some(b'.' | b',')) {
        return (0, text);
    }
    let mut value = 0;
    let mut scale = NANOS / 10;
    let mut used = 1;
    for &byte in &text[1..] {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value += i64::from(digit) * scale;
        scale /= 10;
        used += 1;
    }
    (value, &text[used..])
}

/// Seconds east of Greenwich of ` +0330`, `+03:30`, `Z`, ` UTC` or nothing.
fn offset(text: &[u8]) -> Result<i64, Fault> {
    let text = text.trim_ascii();
    let sign = match text.first() {
        None => return Ok(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) if matches!(text, b"Z" | b"z" | b"UTC" | b"GMT") => return Ok(0),
        Some(_) => return Err(Fault::Unreadable),
    };
    let (hours, minutes) = match text.len() {
        3 => (&text[1..3], &b"00"[..]),
        5 => (&text[1..3], &text[3..5]),
        6 if text[3] == b':' => (&text[1..3], &text[4..6]),
        _ => return Err(Fault::Unreadable),
    };
    Ok(sign * (digits(hours)? * 3600 + digits(minutes)? * 60))
}

fn instant(year: i64, month: i64, day: i64, second_of_day: i64, nanos: i64) -> Result<i64, Fault> {
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return Err(Fault::Unreadable);
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + second_of_day;
    in_range(seconds as i128 * NANOS as i128 + nanos as i128)
}

fn in_range(nanos: i128) -> Result<i64, Fault> {
    let end = days_since_1970(YEAR_MAX + 1, 1, 1) as i128 * 86_400 * NANOS as i128;
    if (0..end).contains(&nanos) { Ok(nanos as i64) } else { Err(Fault::OutOfRange) }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Proleptic Gregorian days, with the year taken to begin in March so that the leap day is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_month = (153 * month + 2) / 5;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + before_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nanos(text: &str) -> i64 {
        i64::try_from(text.parse::<jiff::Timestamp>().unwrap().as_nanosecond()).unwrap()
    }

    #[test]
    fn a_bracket_is_read_with_and_without_fraction_and_offset() {
        assert_eq!(bracket(b"22/Nov/2026:20:37:29.515"), Ok(nanos("2026-11-22T20:37:29.515Z")));
        assert_eq!(bracket(b"22/Jan/2019:03:56:14 +0330"), Ok(nanos("2019-01-22T00:26:14Z")));
        assert_eq!(bracket(b"29/Feb/2024:23:59:60 -0100"), Ok(nanos("2024-03-01T01:00:00Z")));
    }

    #[test]
    fn calendar_stamps_are_read_in_their_variants() {
        let expected = nanos("2024-10-12T14:14:20Z");
        for text in
            ["2024-10-12T23:14:20+09:00", "2024-10-12 14:14:20", "2024/10/12 14:14:20Z", "2024-10-12T23:14:20+09"]
        {
            assert_eq!(calendar(text.as_bytes()), Ok(expected), "{text}");
        }
        assert_eq!(calendar(b"2023-11-16 18:17:03.9799600"), Ok(nanos("2023-11-16T18:17:03.97996Z")));
        assert_eq!(calendar(b"Sat, 12 Oct 2024 23:14:20 +0900"), Ok(expected));
    }

    #[test]
    fn numbers_are_exact_to_the_nanosecond_in_every_unit() {
        assert_eq!(number(b"1795379849.524391", 1.0), Ok(1_795_379_849_524_391_000));
        assert_eq!(number(b"1795379849524.25", 1e-3), Ok(1_795_379_849_524_250_000));
        assert_eq!(number(b"1795379849524391007", 1e-9), Ok(1_795_379_849_524_391_007));
        assert_eq!(number(b"1.5e3", 1.0), Ok(1_500_000_000_000));
        assert_eq!(guessed_unit_s(b"1795379849.524"), 1.0);
        assert_eq!(guessed_unit_s(b"1795379849524"), 1e-3);
        assert_eq!(guessed_unit_s(b"1795379849524391"), 1e-6);
        assert_eq!(guessed_unit_s(b"1795379849524391007"), 1e-9);
    }

    #[test]
    fn stamps_outside_recorded_time_are_out_of_range_and_not_unreadable() {
        assert_eq!(bracket(b"22/Nov/9999:20:37:29"), Err(Fault::OutOfRange));
        assert_eq!(calendar(b"1969-12-31T23:59:59Z"), Err(Fault::OutOfRange));
        assert_eq!(number(b"-1", 1.0), Err(Fault::OutOfRange));
        assert_eq!(number(b"99999999999", 1.0), Err(Fault::OutOfRange));
    }

    #[test]
    fn days_and_hours_that_do_not_exist_are_unreadable() {
        for text in ["31/Apr/2026:20:37:29", "29/Feb/2026:20:37:29", "22/Nov/2026:24:00:00", "22/Foo/2026:20:37:29"] {
            assert_eq!(bracket(text.as_bytes()), Err(Fault::Unreadable), "{text}");
        }
        for text in ["", "-", "nan", "inf", "2024-13-01 00:00:00"] {
            assert!(calendar(text.as_bytes()).is_err() && number(text.as_bytes(), 1.0).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_second_of_two_centuries_agrees_with_jiff(second in 0i64..6_311_433_600, millis in 0i64..1000) {
            let stamp = jiff::Timestamp::from_millisecond(second * 1000 + millis).unwrap();
            let text = format!("{stamp:.3}");
            prop_assert_eq!(calendar(text.as_bytes()).unwrap() as i128, stamp.as_nanosecond());
            let text = stamp.strftime("%d/%b/%Y:%H:%M:%S.%3f").to_string();
            prop_assert_eq!(bracket(text.as_bytes()).unwrap() as i128, stamp.as_nanosecond());
        }
    }
}

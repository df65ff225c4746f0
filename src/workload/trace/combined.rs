//! "combined" of nginx and Apache (and Traefik, the nginx ingress controller and others that write it), with
//! or without timing behind it:
//!
//! - named: `msec=1795379849.524 rt=0.007 urt=0.008` (any `name=value` can be asked for as a column);
//! - `$request_time $upstream_response_time`, numbers with a decimal point, in seconds;
//! - `%D` of Apache, a whole number, in microseconds;
//! - `2ms` of Traefik;
//! - the ingress controller's `length request_time [upstream] [] address length urt status id`.
//!
//! `$upstream_response_time` may be a list (`0.100, 0.004` after a retry, ` : ` after an internal redirect):
//! the sum is taken, since the request spent it all.

use super::csv::arrival_of;
use super::parser::{Line, Request, TIMERS_MAX, amount, quote_end, quoted_token, status, token, without_protocol};
use super::stamp;
use crate::scenario::Stamp;

/// What can be asked for beside named fields, for summaries.
pub const TIMERS: [&str; 2] = ["request_time", "upstream_response_time"];

pub struct Combined {
    stamp: Stamp,
    wanted: Vec<Wanted>,
}

enum Wanted {
    /// Seconds.
    RequestTime,
    /// Seconds.
    UpstreamResponseTime,
    /// Apache's `%D`, microseconds.
    Micros,
    /// `name=value`, as it is.
    Named(Vec<u8>),
}

/// Seconds, from wherever in the line they stood.
#[derive(Default)]
struct Timing {
    request_s: Option<f64>,
    upstream_s: Option<f64>,
    micros: Option<f64>,
    /// `$msec`: the end to the millisecond, where the bracket has whole seconds.
    end: Option<i64>,
}

impl Combined {
    pub fn new(stamp: Stamp, columns: &[String]) -> Combined {
        let wanted = |column: &String| match column.as_str() {
            "request_time" | "rt" => Wanted::RequestTime,
            "upstream_response_time" | "urt" => Wanted::UpstreamResponseTime,
            "D" | "%D" => Wanted::Micros,
            name => Wanted::Named(format!("{}=", name.trim_end_matches('=')).into_bytes()),
        };
        Combined { stamp, wanted: columns.iter().map(wanted).collect() }
    }

    pub fn parse<'a>(&mut self, line: &'a [u8]) -> Line<'a> {
        let Some(open) = line.iter().position(|&b| b == b'[') else {
            return Line::Malformed("no time stamp in brackets");
        };
        let mut before = &line[..open];
        let names = std::iter::from_fn(|| Some(token(&mut before)).filter(|name| !name.is_empty())).count();
        if names < 3 {
            return Line::Malformed("not three fields (host, identity, user) before the time stamp");
        }
        let mut rest = &line[open + 1..];
        let Some(length) = rest.iter().position(|&b| b == b']') else {
            return Line::Malformed("the time stamp has no closing bracket");
        };
        let stamp = match stamp::bracket(&rest[..length]) {
            Ok(stamp) => stamp,
            Err(fault) => return fault.into(),
        };
        rest = rest[length + 1..].trim_ascii_start();
        if rest.first() != Some(&b'"') {
            return Line::Malformed("no quoted request line after the time stamp");
        }
        let Some(end) = quote_end(&rest[1..]) else { return Line::Malformed("the request line has no end") };
        let text = without_protocol(&rest[1..=end]);
        rest = &rest[end + 2..];
        let Some(code) = status(token(&mut rest)) else { return Line::Malformed("no status code after the request") };
        let bytes_text = token(&mut rest);
        // Apache's %b writes "-" for no bytes.
        let bytes = if bytes_text == b"-" { Some(0.0) } else { amount(bytes_text) };
        let Some(bytes) = bytes else { return Line::Malformed("no byte count after the status code") };

        // Referer and user agent, where there are any ("common" has none).
        rest = rest.trim_ascii_start();
        let mut quoted = 0;
        while quoted < 2 && rest.first() == Some(&b'"') {
            quoted_token(&mut rest);
            rest = rest.trim_ascii_start();
            quoted += 1;
        }
        let mut request = Request::new(stamp, text);
        request.status = Some(code);
        request.bytes = Some(bytes);
        let timing = if rest.is_empty() { Timing::default() } else { timing(rest) };
        request.duration_s = timing.request_s.or(timing.micros.map(|micros| micros * 1e-6));
        request.arrival = match arrival_of(timing.end.unwrap_or(stamp), request.duration_s, self.stamp == Stamp::End) {
            Ok(arrival) => arrival,
            Err(fault) => return fault.into(),
        };
        for (slot, wanted) in self.wanted.iter().enumerate().take(TIMERS_MAX) {
            request.timers[slot] = match wanted {
                Wanted::RequestTime => request.duration_s,
                Wanted::UpstreamResponseTime => timing.upstream_s,
                Wanted::Micros => timing.micros,
                Wanted::Named(name) => {
                    let at = rest.windows(name.len() + 1).position(|text| text[0] == b' ' && &text[1..] == name);
                    let at = at.map(|at| at + 1).or_else(|| rest.starts_with(name).then_some(0));
                    at.and_then(|at| sum_of_list(&rest[at + name.len()..]))
                }
            };
            // The upstream's part ends with the request; the rest of the request came before it.
            if let (Wanted::UpstreamResponseTime, Some(whole), Some(upstream)) =
                (wanted, request.duration_s, timing.upstream_s)
            {
                request.starts_s[slot] = (whole - upstream).max(0.0);
            }
        }
        Line::Request(request)
    }
}

fn timing(rest: &[u8]) -> Timing {
    let mut timing = Timing::default();
    if named(rest, &mut timing) {
        return timing;
    }
    let mut after = rest;
    let first = quoted_token(&mut after);
    let second_text = after.trim_ascii_start();
    let mut after_second = after;
    let second = token(&mut after_second);
    if after_second.trim_ascii_start().first() == Some(&b'[') && is_seconds(second) {
        timing.request_s = amount(second);
        timing.upstream_s = ingress_upstream(after_second);
    } else if is_seconds(first) {
        timing.request_s = amount(first);
        timing.upstream_s = sum_of_list(second_text.strip_prefix(b"\"").unwrap_or(second_text));
    } else if let Some(ms) = rest.strip_suffix(b"ms").and_then(last_number) {
        timing.request_s = Some(ms * 1e-3);
    } else if rest.iter().all(|b| b.is_ascii_digit() || *b == b' ') {
        timing.micros = last_number(rest);
    }
    timing
}

/// `name=value` fields; says whether there was one that we know.
fn named(rest: &[u8], timing: &mut Timing) -> bool {
    let mut known = false;
    let mut from = 0;
    while let Some(equals) = rest[from..].iter().position(|&b| b == b'=').map(|at| from + at) {
        let begin = rest[..equals].iter().rposition(|&b| matches!(b, b' ' | b'"' | b',')).map_or(0, |at| at + 1);
        let value = &rest[equals + 1..];
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        match &rest[begin..equals] {
            b"rt" | b"request_time" => timing.request_s = sum_of_list(value),
            b"urt" | b"upstream_response_time" => timing.upstream_s = sum_of_list(value),
            b"msec" => {
                let end = value.iter().position(|b| !b.is_ascii_digit() && *b != b'.').unwrap_or(value.len());
                timing.end = stamp::number(&value[..end], 1.0).ok();
            }
            _ => {
                from = equals + 1;
                continue;
            }
        }
        known = true;
        from = equals + 1;
    }
    known
}

/// `0.100, 0.004 : -`: the sum of what is there; `None` without a number.
fn sum_of_list(text: &[u8]) -> Option<f64> {
    let mut rest = text;
    let mut sum = None;
    loop {
        let entry = token(&mut rest);
        let more = entry.last() == Some(&b',');
        let entry = entry.strip_suffix(b",").unwrap_or(entry);
        for part in entry.split(|&b| b == b',') {
            let part = part.strip_suffix(b"\"").unwrap_or(part);
            if let Some(value) = amount(part) {
                sum = Some(sum.unwrap_or(0.0) + value);
            }
        }
        if !more {
            match rest.strip_prefix(b" : ") {
                Some(next) => rest = next,
                None => return sum,
            }
        }
    }
}

/// Behind `length request_time`: `[upstream name] [alternative] addresses lengths times codes id`, where the
/// four before the id are lists.
fn ingress_upstream(rest: &[u8]) -> Option<f64> {
    let mut rest = rest;
    for _ in 0..2 {
        let close = rest.iter().position(|&b| b == b']')?;
        rest = &rest[close + 1..];
    }
    // Addresses and lengths, then the times; an IPv6 address holds brackets, but no spaces.
    for _ in 0..2 {
        while token(&mut rest).last() == Some(&b',') {}
    }
    sum_of_list(rest)
}

fn is_seconds(text: &[u8]) -> bool {
    text.contains(&b'.') && amount(text).is_some()
}

fn last_number(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii_end();
    amount(&text[text.iter().rposition(|b| !b.is_ascii_digit() && *b != b'.').map_or(0, |at| at + 1)..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "10.0.0.1 - frank [22/Nov/2026:20:37:30 +0000] \"GET /a?id=1 HTTP/1.1\" 200 124 \"http://a/\" \"b \\\"c\\\" d\"";

    fn second(offset_s: f64) -> i64 {
        stamp::bracket(b"22/Nov/2026:20:37:30").unwrap() + (offset_s * 1e9).round() as i64
    }

    /// Arrival after 20:37:30, duration, upstream, `uct=`.
    fn check(stamp: Stamp, tail: &str, expected: (f64, Option<f64>, Option<f64>, Option<f64>)) {
        let columns = ["request_time", "upstream_response_time", "uct", "D"].map(String::from);
        let line = format!("{HEAD}{tail}");
        let Line::Request(request) = Combined::new(stamp, &columns).parse(line.as_bytes()) else {
            panic!("{line} was not read")
        };
        let (arrival_s, duration_s, upstream_s, uct) = expected;
        assert_eq!((request.text, request.status, request.bytes), (&b"GET /a?id=1"[..], Some(200), Some(124.0)));
        assert_eq!(request.arrival, second(arrival_s), "{tail}");
        assert_eq!((request.duration_s, request.timers[0]), (duration_s, duration_s), "{tail}");
        let close = match (request.timers[1], upstream_s) {
            (Some(read), Some(written)) => (read - written).abs() < 1e-9,
            (read, written) => read == written,
        };
        assert!(close, "{tail}: {:?}", request.timers);
        assert_eq!(request.timers[2], uct, "{tail}");
    }

    #[test]
    fn timing_is_found_in_each_of_its_layouts() {
        let end = Stamp::End;
        check(end, "", (0.0, None, None, None));
        check(end, " \"-\"", (0.0, None, None, None));
        check(end, " 0.250 0.200", (-0.25, Some(0.25), Some(0.2), None));
        check(end, " 0.250 -", (-0.25, Some(0.25), None, None));
        check(end, " 0.250 0.100, 0.004 : 0.001", (-0.25, Some(0.25), Some(0.105), None));
        check(end, " \"0.250\" \"0.100, 0.004\"", (-0.25, Some(0.25), Some(0.104), None));
        check(
            end,
            " msec=1795379850.524 rt=0.250 uct=0.002 urt=0.200 ua=1:2",
            (0.274, Some(0.25), Some(0.2), Some(0.002)),
        );
        check(end, " rt=0.250 urt=\"0.1, 0.1\"", (-0.25, Some(0.25), Some(0.2), None));
        check(end, " 262 \"host\" \"http://172.19.0.3:5601\" 2ms", (-0.002, Some(0.002), None, None));
        check(
            end,
            " 348 0.250 [a-80] [] 172.17.0.6:80, [::1]:80 61, 100 0.100, 0.004 200, 203 83",
            (-0.25, Some(0.25), Some(0.104), None),
        );
        check(end, " 348 0.250 [] [] - - - - 83", (-0.25, Some(0.25), None, None));
        check(Stamp::Arrival, " 250000", (0.0, Some(0.25), None, None));
    }

    #[test]
    fn the_upstream_begins_when_the_rest_of_the_request_is_over() {
        let line = format!("{HEAD} 0.250 0.200");
        let mut parser = Combined::new(Stamp::End, &["upstream_response_time".to_string()]);
        let Line::Request(request) = parser.parse(line.as_bytes()) else { panic!() };
        assert!((request.starts_s[0] - 0.05).abs() < 1e-12);
    }

    #[test]
    fn common_log_format_and_a_virtual_host_in_front_are_taken() {
        for line in [
            "10.0.0.1 - - [22/Nov/2026:20:37:30 +0000] \"HEAD / HTTP/1.0\" 304 -",
            "www.example.com:443 10.0.0.1 - a b [22/Nov/2026:20:37:30 +0000] \"HEAD / HTTP/1.0\" 304 0 \"-\" \"-\"",
        ] {
            let mut parser = Combined::new(Stamp::End, &[]);
            let Line::Request(request) = parser.parse(line.as_bytes()) else { panic!("{line}") };
            assert_eq!((request.text, request.bytes), (&b"HEAD /"[..], Some(0.0)));
        }
    }

    #[test]
    fn damaged_lines_are_malformed() {
        for line in [
            "10.0.0.1 [22/Nov/2026:20:37:30 +0000] \"GET / HTTP/1.0\" 304 0",
            "10.0.0.1 - - [22/Nov/2026:20:37:30",
            "10.0.0.1 - - [22/Nov/2026:20:37 +0000] \"GET / HTTP/1.0\" 304 0",
            "10.0.0.1 - - [22/Nov/2026:20:37:30 +0000] \"GET / HTTP/1.0",
            "10.0.0.1 - - [22/Nov/2026:20:37:30 +0000] \"GET / HTTP/1.0\" x 0",
            "10.0.0.1 - - [22/Nov/2026:20:37:30 +0000] \"GET / HTTP/1.0\" 200 x",
            "",
        ] {
            let parsed = Combined::new(Stamp::End, &[]).parse(line.as_bytes());
            assert!(matches!(parsed, Line::Malformed(_)), "{line}: {parsed:?}");
        }
    }
}

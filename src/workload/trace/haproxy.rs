//! HAProxy's `option httplog`, old (Tq/Tw/Tc/Tr/Tt, until 1.6) and new (TR/Tw/Tc/Tr/Ta), and
//! `option httplog clf`: configuration manual, chapter 8. Whatever syslog, journald or a container runtime
//! puts in front is skipped: a line begins, for us, at the bracket of the accept date.

use super::parser::{
    Line, NoColumn, Request, TIMERS_MAX, amount, quote_end, quoted_token, status, token, without_protocol,
};
use super::stamp;

/// Where a timer stands in TR/Tw/Tc/Tr/Ta; the names of 1.6 are taken as well.
fn timer_index(name: &str) -> Option<usize> {
    Some(match name {
        "TR" | "Tq" => 0,
        "Tw" => 1,
        "Tc" => 2,
        "Tr" => 3,
        "Ta" | "Tt" => 4,
        _ => return None,
    })
}

/// The five timers, for summaries.
pub const TIMERS: [&str; 5] = ["TR", "Tw", "Tc", "Tr", "Ta"];

fn timer_indices(columns: &[String]) -> Result<Vec<usize>, NoColumn> {
    let index = |column: &String| {
        timer_index(column).ok_or_else(|| NoColumn {
            column: column.clone(),
            known: "HAProxy's timers are TR (before 1.7: Tq), Tw, Tc, Tr and Ta (Tt), in milliseconds".into(),
        })
    };
    columns.iter().map(index).collect()
}

/// Milliseconds, -1 where the request did not get that far.
type Timers = [i64; 5];

fn give_timers(request: &mut Request<'_>, timers: &Timers, wanted: &[usize]) {
    let given = |timer: i64| (timer >= 0).then_some(timer as f64);
    request.duration_s = given(timers[4]).map(|ms| ms * 1e-3);
    for (slot, &index) in wanted.iter().enumerate().take(TIMERS_MAX) {
        request.timers[slot] = given(timers[index]);
        // One timer begins where the one before it ends; Ta (Tt) spans all of them.
        let before = if index == 4 { 0 } else { timers[..index].iter().map(|&timer| timer.max(0)).sum::<i64>() };
        request.starts_s[slot] = before as f64 * 1e-3;
    }
}

/// `0/0/1/7/8`; `+` before a number marks `logasap`. `None`: another kind of token.
#[inline]
fn timers(text: &[u8]) -> Option<Timers> {
    let mut all = [0i64; 5];
    let mut rest = text.iter().copied();
    for (i, timer) in all.iter_mut().enumerate() {
        let mut negative = false;
        let mut digits = 0;
        loop {
            match rest.next() {
                Some(byte @ b'0'..=b'9') if digits < 15 => {
                    *timer = *timer * 10 + i64::from(byte - b'0');
                    digits += 1;
                }
                Some(b'-') if digits == 0 && !negative => negative = true,
                Some(b'+') if digits == 0 => {}
                Some(b'/') if digits > 0 && i < 4 => break,
                None if digits > 0 && i == 4 => break,
                _ => return None,
            }
        }
        if negative {
            *timer = -1;
        }
    }
    Some(all)
}

pub struct Haproxy {
    wanted: Vec<usize>,
}

impl Haproxy {
    pub fn new(columns: &[String]) -> Result<Haproxy, NoColumn> {
        Ok(Haproxy { wanted: timer_indices(columns)? })
    }

    pub fn parse<'a>(&mut self, line: &'a [u8]) -> Line<'a> {
        let Some(date) = accept_date(line) else { return without_date(line) };
        let Some(length) = line[date..].iter().position(|&b| b == b']') else {
            return Line::Malformed("the accept date has no closing bracket");
        };
        let arrival = match stamp::bracket(&line[date..date + length]) {
            Ok(arrival) => arrival,
            Err(fault) => return fault.into(),
        };
        let mut rest = &line[date + length + 1..];
        let frontend = token(&mut rest);
        if frontend.last() == Some(&b':') {
            return Line::Other("a connection message");
        }
        // Backend and server, then what a site has put between them and the timers.
        let timers = loop {
            let text = token(&mut rest);
            if text.is_empty() {
                return Line::Malformed("no timers TR/Tw/Tc/Tr/Ta");
            }
            if let Some(timers) = timers(text) {
                break timers;
            }
            if is_tcp_timers(text) {
                return Line::Other("a TCP connection (option tcplog)");
            }
            if text[0] == b'"' {
                return Line::Malformed("no timers TR/Tw/Tc/Tr/Ta before the request");
            }
        };
        let status_text = token(&mut rest);
        let status = status(status_text);
        if status.is_none() && status_text != b"-1" {
            return Line::Malformed("no status code after the timers");
        }
        let bytes_text = token(&mut rest);
        let Some(bytes) = amount(bytes_text.strip_prefix(b"+").unwrap_or(bytes_text)) else {
            return Line::Malformed("no byte count after the status code");
        };
        let Some(text) = request_line(rest) else { return Line::Malformed("no request line") };
        let mut request = Request::new(arrival, text);
        request.status = status;
        request.bytes = Some(bytes);
        give_timers(&mut request, &timers, &self.wanted);
        Line::Request(request)
    }
}

/// Just behind the bracket of the first date: `haproxy[18133]:` comes before it, captured headers after it.
#[inline]
fn accept_date(line: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = line[from..].iter().position(|&b| b == b'[') {
        from += at + 1;
        if stamp::looks_like_bracket(&line[from..]) {
            return Some(from);
        }
    }
    None
}

/// Servers going up and down, proxies starting, warnings of the master process.
fn without_date<'a>(line: &'a [u8]) -> Line<'a> {
    if contains(line, b" HTTP/1") || contains(line, b" HTTP/2") || contains(line, b" HTTP/3") {
        return Line::Malformed("a request without an accept date in brackets");
    }
    let marks: [&[u8]; 6] = [b"haproxy", b"[WARNING]", b"[ALERT]", b"[NOTICE]", b"Proxy ", b"Server "];
    if marks.iter().any(|mark| contains(line, mark)) {
        Line::Other("a message of HAProxy itself")
    } else {
        Line::Malformed("no accept date in brackets")
    }
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}

/// `Tw/Tc/Tt`.
fn is_tcp_timers(text: &[u8]) -> bool {
    let mut parts = 0;
    text.split(|&b| b == b'/').all(|part| {
        parts += 1;
        let part = part.strip_prefix(b"+").unwrap_or(part);
        part == b"-1" || (!part.is_empty() && part.iter().all(u8::is_ascii_digit))
    }) && parts == 3
}

/// The quoted request behind cookies, termination state, counters and captured headers, as "METHOD PATH".
/// A line cut at its length limit has no closing quote.
#[inline]
fn request_line(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = rest.trim_ascii_start();
        match rest.first()? {
            b'{' => {
                // Captured headers hold spaces; HAProxy escapes braces inside of them.
                let end = rest.iter().position(|&b| b == b'}')?;
                rest = &rest[end + 1..];
            }
            b'"' => break,
            _ => {
                token(&mut rest);
            }
        }
    }
    let text = &rest[1..];
    let request = match text.iter().position(|&b| b == b'"') {
        Some(end) => without_protocol(&text[..end]),
        None => without_cut_protocol(text),
    };
    (!request.is_empty()).then_some(request)
}

/// A request that was cut may end within " HTTP/1.1"; what is left of the URL is kept.
fn without_cut_protocol(text: &[u8]) -> &[u8] {
    let whole = without_protocol(text);
    match whole.iter().rposition(|&b| b == b' ') {
        Some(at) if b"HTTP/".starts_with(&whole[at + 1..]) && whole[..at].contains(&b' ') => &whole[..at],
        _ => whole,
    }
}

/// `option httplog clf`: the fields of `httplog` behind those of the common log format, quoted.
pub struct HaproxyClf {
    wanted: Vec<usize>,
}

impl HaproxyClf {
    pub fn new(columns: &[String]) -> Result<HaproxyClf, NoColumn> {
        Ok(HaproxyClf { wanted: timer_indices(columns)? })
    }

    pub fn parse<'a>(&mut self, line: &'a [u8]) -> Line<'a> {
        let Some(date) = accept_date(line) else { return without_date(line) };
        let Some(length) = line[date..].iter().position(|&b| b == b']') else {
            return Line::Malformed("the date has no closing bracket");
        };
        let second = match stamp::bracket(&line[date..date + length]) {
            Ok(second) => second,
            Err(fault) => return fault.into(),
        };
        let mut rest = line[date + length + 1..].trim_ascii_start();
        if rest.first() != Some(&b'"') {
            return Line::Malformed("no quoted request line after the date");
        }
        let Some(end) = quote_end(&rest[1..]) else { return Line::Malformed("the request line has no end") };
        let text = without_protocol(&rest[1..=end]);
        rest = &rest[end + 2..];
        let status_text = token(&mut rest);
        let status = status(status_text);
        if status.is_none() && status_text != b"-1" {
            return Line::Malformed("no status code after the request line");
        }
        let bytes_text = token(&mut rest);
        let Some(bytes) = amount(bytes_text.strip_prefix(b"+").unwrap_or(bytes_text)) else {
            return Line::Malformed("no byte count after the status code");
        };
        // "" "" client_port milliseconds frontend backend server, then the five timers.
        let _empty = (quoted_token(&mut rest), quoted_token(&mut rest));
        let _port = quoted_token(&mut rest);
        let Some(ms) = amount(quoted_token(&mut rest)).filter(|&ms| ms < 1000.0) else {
            return Line::Malformed("no milliseconds of the accept date");
        };
        let _names = (quoted_token(&mut rest), quoted_token(&mut rest), quoted_token(&mut rest));
        let mut timers = [0i64; 5];
        for timer in &mut timers {
            let text = token(&mut rest);
            let value = amount(text.strip_prefix(b"+").unwrap_or(text)).map(|value| value as i64);
            match value.or((text == b"-1").then_some(-1)) {
                Some(value) => *timer = value,
                None => return Line::Malformed("no timers TR Tw Tc Tr Ta"),
            }
        }
        if text.is_empty() {
            return Line::Malformed("no request line");
        }
        let mut request = Request::new(second + ms as i64 * 1_000_000, text);
        request.status = status;
        request.bytes = Some(bytes);
        give_timers(&mut request, &timers, &self.wanted);
        Line::Request(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "200 124 - - ---- 1/1/0/0/0 0/0";

    fn timers_wanted() -> Vec<String> {
        TIMERS.map(String::from).to_vec()
    }

    fn check(line: &str, then: impl FnOnce(Line<'_>)) {
        then(Haproxy::new(&timers_wanted()).unwrap().parse(line.as_bytes()));
    }

    fn request_of(line: &str, then: impl FnOnce(&Request<'_>)) {
        check(line, |parsed| match parsed {
            Line::Request(request) => then(&request),
            other => panic!("{line}: {other:?}"),
        });
    }

    #[test]
    fn every_kind_of_prefix_is_skipped() {
        let line = format!(
            "10.77.0.100:18957 [22/Nov/2026:20:37:29.515] fe_https~ be_dyn/web1 0/0/1/7/8 {TAIL} \"GET /a?b=c HTTP/1.1\""
        );
        let prefixes = [
            "",
            "<134>Nov 22 20:37:29 lb1 haproxy[18133]: ",
            "Nov 22 20:37:29 lb1 haproxy[18133]: ",
            "<134>1 2026-11-22T20:37:29.515Z lb1 haproxy 18133 - [meta sequenceId=\"7\"] ",
            "2026-11-22T20:37:29.515+00:00 lb1 haproxy[18133]: ",
            "haproxy_1  | ",
        ];
        for prefix in prefixes {
            request_of(&format!("{prefix}{line}"), |request| {
                assert_eq!(request.text, b"GET /a?b=c");
                assert_eq!((request.method(), request.path()), (&b"GET"[..], &b"/a?b=c"[..]));
                assert_eq!((request.status, request.bytes, request.duration_s), (Some(200), Some(124.0), Some(0.008)));
                assert_eq!(request.timers, [Some(0.0), Some(0.0), Some(1.0), Some(7.0), Some(8.0)]);
                assert_eq!(request.starts_s, [0.0, 0.0, 0.0, 0.001, 0.0]);
            });
        }
    }

    #[test]
    fn a_request_that_reached_no_server_has_no_timers_but_its_total() {
        let line = "h[1]: -:1 [02/Feb/2012:04:05:24.385] in in/<NOSRV> -1/-1/-1/-1/+12 401 +262 - - PR-- 0/0/0/0/+0 0/0 \"<BADREQ>\"";
        request_of(line, |request| {
            assert_eq!(request.text, b"<BADREQ>");
            assert_eq!((request.method(), request.path()), (&b""[..], &b"<BADREQ>"[..]));
            assert_eq!(request.timers, [None, None, None, None, Some(12.0)]);
            assert_eq!(request.bytes, Some(262.0));
        });
    }

    #[test]
    fn captured_headers_and_extra_fields_are_passed_over() {
        let line = format!(
            "a:1 [22/May/2021:02:22:22.222] in~ app/n2 site.example.com 0/0/0/18/18 {TAIL} {{Mozilla/5.0 (X11; a \"b)|}} {{}} \"OPTIONS /v2/ HTTP/1.1\" extra \"x\""
        );
        request_of(&line, |request| {
            assert_eq!(request.text, b"OPTIONS /v2/");
            assert_eq!(request.timers[3], Some(18.0));
        });
    }

    #[test]
    fn a_url_that_was_cut_needs_no_closing_quote() {
        for (cut, expected) in [
            ("GET /long", "GET /long"),
            ("GET /long HT", "GET /long"),
            ("GET /long HTTP/1.1", "GET /long"),
            ("GET /", "GET /"),
        ] {
            request_of(&format!("a:1 [22/May/2021:02:22:22.222] in b/s 0/0/0/1/1 {TAIL} \"{cut}"), |request| {
                assert_eq!(request.text, expected.as_bytes());
            });
        }
    }

    #[test]
    fn messages_of_haproxy_itself_are_other_lines_and_not_malformed() {
        let lines = [
            "Feb 25 16:19:38 192.168.4.2 haproxy[1]: Proxy prod_http_in started.",
            "[WARNING]  (21209) : Server be_static/web1 is DOWN, info: \"No route to host\".",
            "[ALERT]    (21209) : backend 'be_static' has no server available!",
            "Feb 25 16:20:15 lb haproxy[7]: 95.2.1.3:562 [25/Feb/2019:16:20:10.111] in/sk2: SSL handshake failure",
            "lb haproxy[7]: 95.2.1.3:562 [25/Feb/2019:16:20:10.111] mysql db/db1 1/0/5007 212 -- 0/0/0/0/3 0/0",
        ];
        for line in lines {
            check(line, |parsed| assert!(matches!(parsed, Line::Other(_)), "{line}: {parsed:?}"));
        }
    }

    #[test]
    fn damaged_requests_are_malformed_with_a_reason() {
        let lines = [
            "something else entirely",
            "a:1 [22/May/2021:02:22:22.222",
            "a:1 [22/May/2021:02:99:22.222] in b/s 0/0/0/1/1 200 1 - - ---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"",
            "a:1 [22/May/2021:02:22:22.222] in b/s 0/0/0/1",
            "a:1 [22/May/2021:02:22:22.222] in b/s 0/0/0/1/1 20",
            "a:1 [22/May/2021:02:22:22.222] in b/s 0/0/0/1/1 200 x - -",
            "a:1 [22/May/2021:02:22:22.222] in b/s 0/0/0/1/1 200 1 - - ---- 1/1/0/0/0",
            "haproxy[1]: a:1 22/May/2021:02:22:22.222 in b/s \"GET / HTTP/1.1\"",
        ];
        for line in lines {
            check(line, |parsed| assert!(matches!(parsed, Line::Malformed(_)), "{line}: {parsed:?}"));
        }
    }

    #[test]
    fn the_clf_variant_has_the_milliseconds_apart() {
        let line = b"10.77.0.100 - - [22/Nov/2026:20:37:29 +0000] \"GET /a HTTP/1.1\" 200 124 \"\" \"\" 18957 515 \"fe\" \"be\" \"web1\" 0 0 1 7 8 \"----\" 1 1 0 0 0 0 0 \"-\" \"-\" \"\" \"\"";
        let mut parser = HaproxyClf::new(&timers_wanted()).unwrap();
        let Line::Request(request) = parser.parse(line) else { panic!("not read") };
        assert_eq!(request.arrival, stamp::bracket(b"22/Nov/2026:20:37:29.515").unwrap());
        assert_eq!(request.text, b"GET /a");
        assert_eq!(request.timers, [Some(0.0), Some(0.0), Some(1.0), Some(7.0), Some(8.0)]);
        assert_eq!((request.status, request.bytes), (Some(200), Some(124.0)));
    }

    #[test]
    fn a_timer_that_haproxy_does_not_have_is_refused_with_those_it_has() {
        let refused = Haproxy::new(&["request_time".to_string()]).err().unwrap();
        assert!(refused.known.contains("Tr"), "{refused:?}");
    }
}

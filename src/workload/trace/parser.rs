//! One line to one request. Formats are files beside this one; here is what they have in common.

use super::combined::Combined;
use super::csv::Csv;
use super::haproxy::{Haproxy, HaproxyClf};
use super::json::Json;
use super::stamp::Fault;
use crate::scenario::TraceFormat;

/// Most columns that can be asked of one parser: HAProxy's five timers.
pub const TIMERS_MAX: usize = 5;

/// Borrowed from the line (or from the parser's scratch buffer), so that no line costs an allocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Request<'a> {
    /// Nanoseconds since 1970, or since whatever the log counts from.
    pub arrival: i64,
    /// "METHOD PATH", or the class column: what rules are matched against.
    pub text: &'a [u8],
    pub status: Option<u16>,
    /// Of the answer.
    pub bytes: Option<f64>,
    pub duration_s: Option<f64>,
    /// The columns asked for, as numbers of the log's own unit; `None`: "-", -1 or absent.
    pub timers: [Option<f64>; TIMERS_MAX],
    /// Seconds from the arrival to the moment at which each of them begins.
    pub starts_s: [f64; TIMERS_MAX],
}

impl<'a> Request<'a> {
    pub(super) fn new(arrival: i64, text: &'a [u8]) -> Request<'a> {
        Request {
            arrival,
            text,
            status: None,
            bytes: None,
            duration_s: None,
            timers: [None; TIMERS_MAX],
            starts_s: [0.0; TIMERS_MAX],
        }
    }

    /// Empty for `<BADREQ>` and for a class column.
    pub fn method(&self) -> &'a [u8] {
        self.split().map_or(b"", |(method, _)| method)
    }

    /// With the query; the whole text where there is no method.
    pub fn path(&self) -> &'a [u8] {
        self.split().map_or(self.text, |(_, path)| path)
    }

    fn split(&self) -> Option<(&'a [u8], &'a [u8])> {
        let at = self.text.iter().position(|&b| b == b' ')?;
        Some((&self.text[..at], &self.text[at + 1..]))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Line<'a> {
    Request(Request<'a>),
    /// Belongs in such a log, but is no request; why.
    Other(&'static str),
    Malformed(&'static str),
    /// The time stamp cannot be one of recorded traffic; why.
    OutOfRange(&'static str),
    /// Names the columns; or there is nothing on it.
    Nothing,
    NoColumn(NoColumn),
}

#[derive(Clone, Debug, PartialEq)]
pub struct NoColumn {
    pub column: String,
    /// A sentence with those that there are.
    pub known: String,
}

impl From<Fault> for Line<'_> {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unreadable => Line::Malformed("the time stamp cannot be read"),
            Fault::OutOfRange => Line::OutOfRange("before 1970 or after 2200"),
        }
    }
}

pub enum Parser {
    Haproxy(Haproxy),
    HaproxyClf(HaproxyClf),
    Combined(Combined),
    Json(Json),
    Csv(Csv),
}

impl Parser {
    /// `columns`: timers or columns wanted in [`Request::timers`], at most [`TIMERS_MAX`]. Those of CSV are
    /// looked for when the header comes.
    pub fn new(format: &TraceFormat, columns: &[String]) -> Result<Parser, NoColumn> {
        assert!(columns.len() <= TIMERS_MAX, "{} columns of a trace wanted, {TIMERS_MAX} are possible", columns.len());
        Ok(match format {
            TraceFormat::HaproxyHttp => Parser::Haproxy(Haproxy::new(columns)?),
            TraceFormat::HaproxyClf => Parser::HaproxyClf(HaproxyClf::new(columns)?),
            TraceFormat::Combined { stamp } => Parser::Combined(Combined::new(*stamp, columns)),
            TraceFormat::JsonLines(names) => Parser::Json(Json::new(names, columns)),
            TraceFormat::Csv(names) => Parser::Csv(Csv::new(names, columns)),
        })
    }

    #[inline]
    pub fn parse<'a>(&'a mut self, line: &'a [u8]) -> Line<'a> {
        if line.is_empty() {
            return Line::Nothing;
        }
        match self {
            Parser::Haproxy(parser) => parser.parse(line),
            Parser::HaproxyClf(parser) => parser.parse(line),
            Parser::Combined(parser) => parser.parse(line),
            Parser::Json(parser) => parser.parse(line),
            Parser::Csv(parser) => parser.parse(line),
        }
    }
}

/// For messages, and in `format` of a scenario.
pub fn format_name(format: &TraceFormat) -> &'static str {
    match format {
        TraceFormat::HaproxyHttp => "HAProxy httplog",
        TraceFormat::HaproxyClf => "HAProxy CLF",
        TraceFormat::Combined { .. } => "combined (nginx, Apache)",
        TraceFormat::JsonLines(_) => "JSON lines",
        TraceFormat::Csv(_) => "CSV",
    }
}

/// Splits off the next token at a space.
#[inline]
pub(super) fn token<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let text = *rest;
    let begin = text.iter().position(|&b| b != b' ').unwrap_or(text.len());
    let text = &text[begin..];
    let end = text.iter().position(|&b| b == b' ').unwrap_or(text.len());
    *rest = &text[end..];
    &text[..end]
}

/// Splits off the next token at a space, where quotes hold a token together; a backslash escapes.
pub(super) fn quoted_token<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let text = rest.trim_ascii_start();
    if text.first() != Some(&b'"') {
        *rest = text;
        return token(rest);
    }
    let end = 1 + quote_end(&text[1..]).unwrap_or(text.len() - 1);
    *rest = text.get(end + 1..).unwrap_or_default();
    &text[1..end]
}

/// Where the closing quote is, in what follows the opening one.
#[inline]
pub(super) fn quote_end(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// "METHOD PATH" of "METHOD PATH HTTP/1.1".
#[inline]
pub(super) fn without_protocol(request: &[u8]) -> &[u8] {
    match request.iter().rposition(|&b| b == b' ') {
        Some(at) if request[at + 1..].starts_with(b"HTTP/") => &request[..at],
        _ => request,
    }
}

/// A non-negative number in decimal notation; "-", -1 and anything else is `None`.
#[inline]
pub(super) fn amount(text: &[u8]) -> Option<f64> {
    let mut value = 0u64;
    if text.is_empty() || text.len() > 18 {
        return slow_amount(text);
    }
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return slow_amount(text);
        }
        value = value * 10 + u64::from(digit);
    }
    Some(value as f64)
}

fn slow_amount(text: &[u8]) -> Option<f64> {
    if !text.first()?.is_ascii_digit() {
        return None;
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

#[inline]
pub(super) fn status(text: &[u8]) -> Option<u16> {
    match text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    }
}

//! CSV: columns by name from the header, or by number (from 1) where there is no header. The separator is
//! a comma, semicolon, tab or bar. A quoted field may hold separators, but not ends of lines.

use super::parser::{Line, NoColumn, Request, TIMERS_MAX, amount, status};
use super::stamp::{self, Fault};
use crate::scenario::Columns;

pub struct Csv {
    names: Columns,
    columns: Vec<String>,
    /// `None` until the first line has been seen.
    layout: Option<Layout>,
    scratch: Vec<u8>,
}

/// Places of the columns, counted from 0.
struct Layout {
    separator: u8,
    fields: usize,
    time: usize,
    duration: Option<usize>,
    method: Option<usize>,
    path: Option<usize>,
    status: Option<usize>,
    bytes: Option<usize>,
    class: Option<usize>,
    timers: Vec<usize>,
}

/// More columns than this are a line of something else.
const FIELDS_MAX: usize = 64;

impl Csv {
    pub fn new(names: &Columns, columns: &[String]) -> Csv {
        Csv { names: names.clone(), columns: columns.to_vec(), layout: None, scratch: Vec::new() }
    }

    pub fn parse<'a>(&'a mut self, line: &'a [u8]) -> Line<'a> {
        if self.layout.is_none() {
            match self.read_header(line) {
                Ok(true) => return Line::Nothing,
                Ok(false) => {}
                Err(missing) => return Line::NoColumn(missing),
            }
        }
        let Some(layout) = &self.layout else { unreachable!("set above") };
        let mut fields = [&b""[..]; FIELDS_MAX];
        let Some(count) = split(line, layout.separator, &mut fields) else {
            return Line::Malformed("a quoted field does not end on its line");
        };
        if count != layout.fields {
            return Line::Malformed("another number of fields than the first line");
        }
        let time = fields[layout.time];
        let arrival = match read_time(time, &self.names) {
            Ok(arrival) => arrival,
            Err(fault) => return fault.into(),
        };
        let duration = layout.duration.and_then(|at| amount(fields[at]));
        let duration_s = duration.map(|duration| duration * self.names.duration_unit_s);
        let arrival = match arrival_of(arrival, duration_s, self.names.stamp_is_end) {
            Ok(arrival) => arrival,
            Err(fault) => return fault.into(),
        };
        let text: &[u8] = match (layout.class, layout.method, layout.path) {
            (Some(at), _, _) | (None, Some(at), None) | (None, None, Some(at)) => fields[at],
            (None, Some(method), Some(path)) => {
                self.scratch.clear();
                self.scratch.extend_from_slice(fields[method]);
                self.scratch.push(b' ');
                self.scratch.extend_from_slice(fields[path]);
                &self.scratch
            }
            (None, None, None) => b"",
        };
        let mut request = Request::new(arrival, text);
        request.status = layout.status.and_then(|at| status(fields[at]));
        request.bytes = layout.bytes.and_then(|at| amount(fields[at]));
        request.duration_s = duration_s;
        for (slot, &at) in layout.timers.iter().enumerate().take(TIMERS_MAX) {
            request.timers[slot] = amount(fields[at]);
        }
        Line::Request(request)
    }

    /// Finds the columns; says whether the line was a header.
    fn read_header(&mut self, line: &[u8]) -> Result<bool, NoColumn> {
        let separator = separator_of(line);
        let mut fields = [&b""[..]; FIELDS_MAX];
        let count = split(line, separator, &mut fields).unwrap_or(0);
        let names: Vec<String> =
            fields[..count].iter().map(|name| String::from_utf8_lossy(name).trim().to_string()).collect();
        let is_header = names.contains(&self.names.time);
        let place = |column: &str| -> Result<usize, NoColumn> {
            if let Some(at) = names.iter().position(|name| name == column) {
                return Ok(at);
            }
            // Without a header, columns are numbers.
            match column.parse::<usize>() {
                Ok(number) if !is_header && (1..=count).contains(&number) => Ok(number - 1),
                _ => Err(NoColumn {
                    column: column.to_string(),
                    known: format!(
                        "the first line has {}; without a header, give columns as numbers from 1",
                        names.join(", ")
                    ),
                }),
            }
        };
        let optional = |column: &Option<String>| column.as_deref().map(place).transpose();
        self.layout = Some(Layout {
            separator,
            fields: count,
            time: place(&self.names.time)?,
            duration: optional(&self.names.duration)?,
            method: optional(&self.names.method)?,
            path: optional(&self.names.path)?,
            status: optional(&self.names.status)?,
            bytes: optional(&self.names.bytes)?,
            class: optional(&self.names.class)?,
            timers: self.columns.iter().map(|column| place(column)).collect::<Result<_, _>>()?,
        });
        Ok(is_header)
    }
}

/// As a date where it looks like one, otherwise as a number.
pub(super) fn read_time(text: &[u8], names: &Columns) -> Result<i64, Fault> {
    if let Some(unit_s) = names.time_unit_s {
        return stamp::number(text, unit_s);
    }
    if text.first().is_some_and(u8::is_ascii_digit) && text.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return stamp::number(text, stamp::guessed_unit_s(text));
    }
    match stamp::calendar(text) {
        Err(Fault::Unreadable) if stamp::looks_like_bracket(text) => stamp::bracket(text),
        Err(Fault::Unreadable) => stamp::number(text, 1.0),
        known => known,
    }
}

/// The end less the duration, where the stamp is the end.
pub(super) fn arrival_of(stamp: i64, duration_s: Option<f64>, stamp_is_end: bool) -> Result<i64, Fault> {
    match duration_s {
        Some(duration_s) if stamp_is_end => {
            let arrival = stamp - (duration_s * 1e9).round() as i64;
            if arrival < 0 { Err(Fault::OutOfRange) } else { Ok(arrival) }
        }
        _ => Ok(stamp),
    }
}

/// The one that the first line holds most of.
pub(super) fn separator_of(line: &[u8]) -> u8 {
    let count = |separator: u8| line.iter().filter(|&&b| b == separator).count();
    let mut best = b',';
    for separator in *b";\t|" {
        if count(separator) > count(best) {
            best = separator;
        }
    }
    best
}

/// Fields without their quotes; `None`: a quote stays open. Doubled quotes inside stay doubled.
#[inline]
pub(super) fn split<'a>(line: &'a [u8], separator: u8, fields: &mut [&'a [u8]; FIELDS_MAX]) -> Option<usize> {
    let mut count = 0;
    let mut rest = line;
    loop {
        let (field, end) = if rest.first() == Some(&b'"') {
            let close = closing_quote(&rest[1..])?;
            (&rest[1..=close], close + 2)
        } else {
            let end = rest.iter().position(|&b| b == separator).unwrap_or(rest.len());
            (&rest[..end], end)
        };
        if count == FIELDS_MAX {
            return Some(FIELDS_MAX + 1);
        }
        fields[count] = field;
        count += 1;
        match rest.get(end) {
            None => return Some(count),
            Some(&byte) if byte == separator => rest = &rest[end + 1..],
            Some(_) => return None,
        }
    }
}

fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text[at..].iter().position(|&b| b == b'"')?;
        if text.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(time: &str) -> Columns {
        Columns { time: time.into(), duration_unit_s: 1e-3, ..Columns::default() }
    }

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let mut csv = Csv::new(
            &Columns {
                method: Some("m".into()),
                path: Some("url".into()),
                status: Some("code".into()),
                bytes: Some("size".into()),
                duration: Some("ms".into()),
                stamp_is_end: true,
                ..names("at")
            },
            &["ms".into(), "extra".into()],
        );
        assert_eq!(csv.parse(b"m;url;at;ms;code;size;extra"), Line::Nothing);
        let Line::Request(request) = csv.parse(b"GET;\"/a;\"\"b\";1000.5;250;200;77;-") else { panic!() };
        assert_eq!(request.arrival, 1_000_250_000_000);
        assert_eq!(request.text, b"GET /a;\"\"b");
        assert_eq!((request.status, request.bytes, request.duration_s), (Some(200), Some(77.0), Some(0.25)));
        assert_eq!(request.timers[..2], [Some(250.0), None]);
    }

    #[test]
    fn without_a_header_columns_are_numbers() {
        let mut csv = Csv::new(&Columns { class: Some("2".into()), ..names("3") }, &["5".into()]);
        let Line::Request(request) = csv.parse(b"1,read,1795379849.517392,0.059,6.994") else { panic!() };
        assert_eq!((request.arrival, request.text), (1_795_379_849_517_392_000, &b"read"[..]));
        assert_eq!(request.timers[0], Some(6.994));
    }

    #[test]
    fn a_column_that_is_not_there_is_named_with_those_that_are() {
        let mut csv = Csv::new(&names("time"), &["work".into()]);
        let Line::NoColumn(missing) = csv.parse(b"time,works") else { panic!() };
        assert_eq!(missing.column, "work");
        assert!(missing.known.contains("time, works"));
    }

    #[test]
    fn lines_with_another_number_of_fields_are_malformed() {
        let mut csv = Csv::new(&names("t"), &[]);
        csv.parse(b"t,a");
        for line in [&b"1,2,3"[..], b"1", b"1,\"open", b"1,\"a\"b", b"x,2"] {
            assert!(matches!(csv.parse(line), Line::Malformed(_)), "{line:?}");
        }
        assert!(matches!(csv.parse(b"1,2"), Line::Request(_)));
    }
}

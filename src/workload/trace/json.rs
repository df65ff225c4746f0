//! JSON, one object on each line. Fields are named as written; a dot steps into an object, so Caddy's
//! path is `request.uri`. What a container runtime puts before the first brace is skipped.

use serde_json::Value;

use super::csv::{arrival_of, read_time};
use super::parser::{Line, Request, TIMERS_MAX, amount, status};
use crate::scenario::Columns;

pub struct Json {
    names: Columns,
    columns: Vec<String>,
    scratch: Vec<u8>,
}

impl Json {
    pub fn new(names: &Columns, columns: &[String]) -> Json {
        Json { names: names.clone(), columns: columns.to_vec(), scratch: Vec::new() }
    }

    pub fn parse<'a>(&'a mut self, line: &'a [u8]) -> Line<'a> {
        let Some(brace) = line.iter().position(|&b| b == b'{') else { return Line::Malformed("not a JSON object") };
        let text = String::from_utf8_lossy(&line[brace..]);
        let Ok(object) = serde_json::from_str::<Value>(&text) else { return Line::Malformed("not a JSON object") };
        let wanted = [&self.names.class, &self.names.method, &self.names.path];
        if wanted.into_iter().flatten().any(|name| field(&object, name).is_none()) {
            return Line::Other("a JSON object without the fields of a request");
        }
        let Some(time) = field(&object, &self.names.time) else { return Line::Other("a JSON object without a time") };
        let arrival = match read_time(plain(time).as_bytes(), &self.names) {
            Ok(arrival) => arrival,
            Err(fault) => return fault.into(),
        };
        let number = |name: &str| field(&object, name).and_then(|value| amount(plain(value).trim().as_bytes()));
        let duration_s =
            self.names.duration.as_deref().and_then(number).map(|duration| duration * self.names.duration_unit_s);
        let arrival = match arrival_of(arrival, duration_s, self.names.stamp_is_end) {
            Ok(arrival) => arrival,
            Err(fault) => return fault.into(),
        };
        let mut timers = [None; TIMERS_MAX];
        for (timer, name) in timers.iter_mut().zip(&self.columns) {
            *timer = number(name);
        }
        let code = self.names.status.as_deref().and_then(|name| field(&object, name));
        let code = code.and_then(|value| status(plain(value).as_bytes()));
        let bytes = self.names.bytes.as_deref().and_then(number);
        self.scratch.clear();
        let parts: &[&Option<String>] =
            if self.names.class.is_some() { &[&self.names.class] } else { &[&self.names.method, &self.names.path] };
        for name in parts.iter().copied().flatten() {
            if !self.scratch.is_empty() {
                self.scratch.push(b' ');
            }
            self.scratch.extend(field(&object, name).map(plain).unwrap_or_default().bytes());
        }
        let mut request = Request::new(arrival, &self.scratch);
        request.status = code;
        request.bytes = bytes;
        request.duration_s = duration_s;
        request.timers = timers;
        Line::Request(request)
    }
}

/// A field whose whole name this is, dots included, before one inside of another.
pub(super) fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let found = object.get(name).or_else(|| {
        let (outer, inner) = name.split_once('.')?;
        field(object.get(outer)?, inner)
    });
    found.filter(|value| !value.is_null())
}

/// A string without its quotes, anything else as it is written.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Columns {
        Columns {
            time: "ts".into(),
            method: Some("request.method".into()),
            path: Some("request.uri".into()),
            status: Some("status".into()),
            bytes: Some("size".into()),
            duration: Some("duration".into()),
            duration_unit_s: 1.0,
            stamp_is_end: true,
            ..Columns::default()
        }
    }

    #[test]
    fn fields_inside_of_objects_and_numbers_in_strings_are_read() {
        let mut json = Json::new(&names(), &["duration".into(), "absent".into()]);
        let line = br#"caddy | {"ts":1761019828.5,"request":{"method":"GET","uri":"/a b"},"duration":"0.25","size":188,"status":200}"#;
        let Line::Request(request) = json.parse(line) else { panic!() };
        assert_eq!(request.arrival, 1_761_019_828_250_000_000);
        assert_eq!(request.text, b"GET /a b");
        assert_eq!((request.status, request.bytes, request.duration_s), (Some(200), Some(188.0), Some(0.25)));
        assert_eq!(request.timers[..2], [Some(0.25), None]);
    }

    #[test]
    fn objects_without_a_request_are_other_lines_and_half_objects_malformed() {
        let mut json = Json::new(&names(), &[]);
        assert!(matches!(json.parse(br#"{"level":"info","ts":1761019828.5}"#), Line::Other(_)));
        assert!(matches!(json.parse(br#"{"level":"info","ts":176101"#), Line::Malformed(_)));
        assert!(matches!(json.parse(b"plain text"), Line::Malformed(_)));
        let stamped = br#"{"ts":"soon","request":{"method":"GET","uri":"/"}}"#;
        assert!(matches!(json.parse(stamped), Line::Malformed(_)));
    }
}

//! `--vary KEY=VALUES`: one key of the scenario and the values that it takes.
//!
//! VALUES are items with commas between them. An item is a value as `--set` takes it, or a range:
//!
//! | written | values |
//! |---|---|
//! | `FROM..TO/STEP` | from FROM upwards by STEP, TO included where it is reached |
//! | `FROM..TO linear N` | N values at equal distances, both ends included |
//! | `FROM..TO log N` | N values at equal ratios, both ends included |
//! | `FROM..TO`, `FROM..TO log` | anything between the two: for Latin hypercubes |
//!
//! A unit may stand behind each number, and one is enough: it holds for all. The `/` before STEP is followed by a digit
//! and that of a unit (`/s`, `MB/s`) by a letter, so `200/s..800/s/100/s` can be read in one way alone. Commas inside of
//! quotes and brackets separate nothing; an item in quotes is never a range. Bounds that are whole and have no unit
//! give whole numbers (`1..1000 log 4` is 1, 10, 100, 1000), others six significant digits.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::decimal::Decimal;
use crate::scenario;

/// A sweep has no more points, and so no key more values.
pub const POINTS_MAX: u64 = 10_000_000;

/// One key and what it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    pub key: String,
    /// What stood behind the `=`.
    pub written: String,
    pub values: Values,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Values {
    Listed(Vec<String>),
    /// Anything from one to the other.
    Between {
        from: f64,
        to: f64,
        unit: String,
        whole: bool,
        log: bool,
    },
}

#[derive(Clone, Debug, Error, PartialEq)]
pub enum VaryError {
    #[error("--vary {0}: expected KEY=VALUES; write for example --vary service.app.workers=16..128/16")]
    NoKey(String),
    #[error("--vary {0}: there are no values; write for example {0}=16,32,64 or {0}=16..128/16")]
    NoValues(String),
    #[error("--vary {key}: between two commas there is no value; remove one of the commas")]
    EmptyItem { key: String },
    #[error(
        "--vary {key}: `{item}` is no range: {what}; write for example 16..128/16, 200/s..800/s/100/s, or 1..1000 log 7"
    )]
    NotARange { key: String, item: String, what: String },
    #[error("--vary {key}: `{item}` mixes the units `{one}` and `{other}`; write all of the range in one unit")]
    Units { key: String, item: String, one: String, other: String },
    #[error("--vary {key}: the step of `{item}` is zero; write a step above zero, or a number of values: {remedy}")]
    ZeroStep { key: String, item: String, remedy: String },
    #[error("--vary {key}: the step of `{item}` is negative; ranges go upwards: {remedy}")]
    NegativeStep { key: String, item: String, remedy: String },
    #[error("--vary {key}: `{item}` goes downwards; the smaller one comes first: {remedy}")]
    Downwards { key: String, item: String, remedy: String },
    #[error(
        "--vary {key}: `{item}` begins where it ends, so nothing varies; use --set for one value, or another bound"
    )]
    Empty { key: String, item: String },
    #[error("--vary {key}: `{item}` has log spacing, for which both ends must be above zero")]
    LogOfZero { key: String, item: String },
    #[error("--vary {key}: `{item}` has one value; write 2 or more, or use --set")]
    OneValue { key: String, item: String },
    #[error(
        "--vary {key}: `{item}` says neither step nor number of values; write {item}/STEP, {item} linear 5 or {item} log 5 \
             (a Latin hypercube, --design lhs, takes it as it is)"
    )]
    NoSpacing { key: String, item: String },
    #[error(
        "--vary {key}: {count} values are more than a sweep can have ({POINTS_MAX}); take a larger step, or fewer values"
    )]
    TooMany { key: String, count: u64 },
    #[error("--vary {0}: given twice; write all values of a key behind one --vary, with commas between them")]
    Twice(String),
    #[error("--vary {key}: the value {value} stands there twice")]
    Repeated { key: String, value: String },
}

impl Axis {
    /// `text` is what stands behind `--vary`.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence that says what to write.
    pub fn parse(text: &str) -> Result<Axis, VaryError> {
        let no_key = || VaryError::NoKey(text.to_owned());
        let (key, written) = text.split_once('=').ok_or_else(no_key)?;
        let key = key.trim();
        if !scenario::is_key(key) {
            return Err(no_key());
        }
        let written = written.trim();
        if written.is_empty() {
            return Err(VaryError::NoValues(key.to_owned()));
        }
        let items = items(written);
        if let [item] = items[..]
            && let Some(range) = Range::parse(key, item)?
            && let Spacing::Any { log } = range.spacing
        {
            let Range { from, to, unit, .. } = range;
            let whole = unit.is_empty() && from.is_whole() && to.is_whole();
            let values = Values::Between { from: from.to_f64(), to: to.to_f64(), unit, whole, log };
            return Ok(Axis { key: key.into(), written: written.into(), values });
        }
        let mut values: Vec<String> = Vec::new();
        for item in items {
            if item.is_empty() {
                return Err(VaryError::EmptyItem { key: key.into() });
            }
            match Range::parse(key, item)? {
                None => values.push(item.to_owned()),
                Some(range) => range.values_into(&mut values)?,
            }
        }
        let mut sorted: Vec<&String> = values.iter().collect();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(VaryError::Repeated { key: key.into(), value: pair[0].clone() });
        }
        Ok(Axis { key: key.into(), written: written.into(), values: Values::Listed(values) })
    }

    /// All axes of a command line.
    ///
    /// # Errors
    /// The first that is wrong, or a key given twice.
    pub fn parse_all(texts: &[String]) -> Result<Vec<Axis>, VaryError> {
        let mut axes: Vec<Axis> = Vec::with_capacity(texts.len());
        for text in texts {
            let axis = Axis::parse(text)?;
            if axes.iter().any(|other| other.key == axis.key) {
                return Err(VaryError::Twice(axis.key));
            }
            axes.push(axis);
        }
        Ok(axes)
    }

    /// How many values it has; `None`: anything between two.
    pub fn count(&self) -> Option<u64> {
        match &self.values {
            Values::Listed(values) => Some(values.len() as u64),
            Values::Between { .. } => None,
        }
    }

    /// Whether its values are at equal ratios, so that a chart of it has a logarithmic axis.
    pub fn is_log(&self) -> bool {
        match &self.values {
            Values::Between { log, .. } => *log,
            Values::Listed(_) => self.written.split_whitespace().any(|word| word == "log"),
        }
    }

    /// The value at a share of the way, 0 to 1; of a list, the one whose equal part of the way this is.
    pub fn at(&self, share: f64) -> String {
        match &self.values {
            Values::Listed(values) => values[((share * values.len() as f64) as usize).min(values.len() - 1)].clone(),
            Values::Between { from, to, unit, whole, log } => {
                let value = between(*from, *to, *log, share);
                format!("{}{unit}", if *whole { format!("{}", value.round()) } else { Decimal::rounded(value) })
            }
        }
    }
}

fn between(from: f64, to: f64, log: bool, share: f64) -> f64 {
    if log { from * libm::pow(to / from, share) } else { from + (to - from) * share }
}

/// Splits at commas outside of quotes and brackets.
fn items(text: &str) -> Vec<&str> {
    let (mut items, mut start, mut depth, mut quote) = (Vec::new(), 0, 0i32, None);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth <= 0 => {
                items.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(text[start..].trim());
    items
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Spacing {
    Any { log: bool },
    Step,
    Count { log: bool, n: u64 },
}

/// `FROM..TO` with what follows.
struct Range<'t> {
    key: &'t str,
    item: &'t str,
    from: Decimal,
    to: Decimal,
    /// `None` unless the spacing is a step.
    step: Option<Decimal>,
    /// With the space before it, as written.
    unit: String,
    spacing: Spacing,
}

impl<'t> Range<'t> {
    /// `None`: the item is a value.
    fn parse(key: &'t str, item: &'t str) -> Result<Option<Range<'t>>, VaryError> {
        let Some((from, rest)) = Decimal::leading(item) else { return Ok(None) };
        let Some((unit_from, rest)) = rest.split_once("..") else { return Ok(None) };
        if unit_from.chars().any(|c| !(c.is_alphabetic() || matches!(c, '/' | ' ' | '%'))) {
            return Ok(None);
        }
        let wrong = |what: &str| VaryError::NotARange { key: key.into(), item: item.into(), what: what.into() };
        let (to, rest) =
            Decimal::leading(rest.trim_start()).ok_or_else(|| wrong("no number stands behind the `..`"))?;
        let (unit_to, rest) = unit(rest);
        let (mut step, mut unit_step) = (None, "");
        let spacing = match rest.trim() {
            "" => Spacing::Any { log: false },
            "log" => Spacing::Any { log: true },
            words => match words.strip_prefix('/') {
                Some(text) => {
                    let (number, rest) =
                        Decimal::leading(text).ok_or_else(|| wrong("no number stands behind the last `/`"))?;
                    let (unit, rest) = unit(rest);
                    if !rest.trim().is_empty() {
                        return Err(wrong(&format!("`{}` behind the step means nothing", rest.trim())));
                    }
                    (step, unit_step) = (Some(number), unit);
                    Spacing::Step
                }
                None => {
                    let mut parts = words.split_whitespace();
                    let log = match parts.next() {
                        Some("log") => true,
                        Some("linear") => false,
                        _ => return Err(wrong(&format!("`{words}` is neither a step nor `linear N` nor `log N`"))),
                    };
                    let n = parts.next().and_then(|n| n.parse::<u64>().ok());
                    match (n, parts.next()) {
                        (Some(n), None) => Spacing::Count { log, n },
                        _ => return Err(wrong("`linear` and `log` are followed by the number of values")),
                    }
                }
            },
        };
        let mut unit = "";
        for written in [unit_from, unit_to, unit_step] {
            match (unit.trim(), written.trim()) {
                (_, "") => {}
                ("", _) => unit = written.trim_end(),
                (one, other) if one == other => {}
                (one, other) => {
                    let (one, other) = (one.to_owned(), other.to_owned());
                    return Err(VaryError::Units { key: key.into(), item: item.into(), one, other });
                }
            }
        }
        let range = Range { key, item, from, to, step, unit: unit.to_owned(), spacing };
        range.check()?;
        Ok(Some(range))
    }

    fn check(&self) -> Result<(), VaryError> {
        let (key, item) = (self.key.to_owned(), self.item.to_owned());
        let Range { from, to, unit, .. } = self;
        if from.compare(*to).is_eq() {
            return Err(VaryError::Empty { key, item });
        }
        if from.compare(*to).is_gt() {
            let more = match (self.spacing, self.step) {
                (Spacing::Step, Some(step)) => format!("/{}", step.to_string().trim_start_matches('-')),
                (Spacing::Count { log, n }, _) => format!(" {} {n}", if log { "log" } else { "linear" }),
                _ => String::new(),
            };
            return Err(VaryError::Downwards { key, item, remedy: format!("{to}{unit}..{from}{unit}{more}") });
        }
        let remedy = format!("{from}{unit}..{to}{unit}");
        match (self.step, self.spacing) {
            (Some(step), _) if step.is_zero() => {
                Err(VaryError::ZeroStep { key, item, remedy: format!("{remedy} linear 5") })
            }
            (Some(step), _) if step.is_negative() => {
                let step = step.to_string();
                let remedy = format!("{remedy}/{}", step.trim_start_matches('-'));
                Err(VaryError::NegativeStep { key, item, remedy })
            }
            (_, Spacing::Count { n: 0 | 1, .. }) => Err(VaryError::OneValue { key, item }),
            (_, Spacing::Count { n, .. }) if n > POINTS_MAX => Err(VaryError::TooMany { key, count: n }),
            (_, Spacing::Count { log: true, .. } | Spacing::Any { log: true })
                if from.is_zero() || from.is_negative() =>
            {
                Err(VaryError::LogOfZero { key, item })
            }
            _ => Ok(()),
        }
    }

    fn values_into(&self, values: &mut Vec<String>) -> Result<(), VaryError> {
        let (key, unit) = (self.key.to_owned(), &self.unit);
        match (self.spacing, self.step) {
            (Spacing::Step, Some(step)) => {
                let count = self.from.count_to(self.to, step);
                if count > POINTS_MAX {
                    return Err(VaryError::TooMany { key, count });
                }
                values.extend((0..count).map(|i| format!("{}{unit}", self.from.plus(step, i))));
            }
            (Spacing::Count { log, n }, _) => {
                let whole = unit.is_empty() && self.from.is_whole() && self.to.is_whole();
                let (from, to) = (self.from.to_f64(), self.to.to_f64());
                let before = values.len();
                for i in 0..n {
                    let value = match i {
                        0 => self.from.to_string(),
                        i if i == n - 1 => self.to.to_string(),
                        i => {
                            let value = between(from, to, log, i as f64 / (n - 1) as f64);
                            if whole { format!("{}", value.round()) } else { Decimal::rounded(value) }
                        }
                    };
                    let value = format!("{value}{unit}");
                    // whole numbers meet where there are fewer of them than values asked for
                    if values[before..].last() != Some(&value) {
                        values.push(value);
                    }
                }
            }
            _ => return Err(VaryError::NoSpacing { key, item: self.item.to_owned() }),
        }
        Ok(())
    }
}

/// The unit behind a number: letters, and a `/` with a letter behind it; spaces before it belong to it. Then the rest.
fn unit(text: &str) -> (&str, &str) {
    let body = text.trim_start();
    let mut end = text.len() - body.len();
    let mut letters = body.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let slash = letter == '/' && letters.peek().is_some_and(|(_, next)| next.is_alphabetic());
        if !(letter.is_alphabetic() || slash || letter == '%') {
            break;
        }
        end = text.len() - body.len() + at + letter.len_utf8();
    }
    // a word that says how the range is divided is no unit
    match text[..end].trim() {
        "log" | "linear" | "" => ("", text),
        _ => (&text[..end], &text[end..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Vec<String> {
        match Axis::parse(text).unwrap_or_else(|error| panic!("{error}")).values {
            Values::Listed(values) => values,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn refused(text: &str) -> String {
        Axis::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn a_unit_written_once_holds_for_all() {
        let expected = ["200/s", "400/s", "600/s", "800/s"];
        for text in [
            "200/s..800/s/200/s",
            "200/s..800/200",
            "200..800/s/200",
            "200..800/200/s",
            "200/s..800/s/200",
            "200/s,400/s,600/s,800/s",
            "200/s..800/s linear 4",
            "200/s, 400/s..800/s/200/s",
        ] {
            assert_eq!(listed(&format!("traffic.visitors.rate={text}")), expected, "{text}");
        }
        assert_eq!(listed("a.b=10 ms..30 ms/10 ms"), ["10 ms", "20 ms", "30 ms"]);
        assert_eq!(listed("a.b=10..30 ms/10"), ["10 ms", "20 ms", "30 ms"]);
        assert_eq!(listed("a.b=1 MB/s..2 MB/s/0.5 MB/s"), ["1 MB/s", "1.5 MB/s", "2 MB/s"]);
        assert_eq!(listed("a.b=60/min..120/min/30/min"), ["60/min", "90/min", "120/min"]);
    }

    #[test]
    fn steps_are_exact_and_stop_before_they_pass_the_end() {
        assert_eq!(listed("a.b=16..100/16"), ["16", "32", "48", "64", "80", "96"]);
        assert_eq!(listed("a.b=0.1..0.5/0.1"), ["0.1", "0.2", "0.3", "0.4", "0.5"]);
    }

    #[test]
    fn log_spacing_keeps_both_ends_and_whole_numbers_whole() {
        assert_eq!(listed("a.b=1..1000 log 7"), ["1", "3", "10", "32", "100", "316", "1000"]);
        assert_eq!(listed("a.b=1 ms..1000 ms log 4"), ["1 ms", "10 ms", "100 ms", "1000 ms"]);
        assert_eq!(listed("a.b=1.0..10.0 log 3"), ["1", "3.16228", "10"]);
        assert_eq!(listed("a.b=1..4 linear 7"), ["1", "2", "3", "4"]);
    }

    #[test]
    fn what_is_no_range_is_a_value_as_set_takes_it() {
        assert_eq!(
            listed(r#"request.page.app.cpu=lognormal(9 ms, cv 0.8),"exponential(9 ms)",9 ms"#),
            ["lognormal(9 ms, cv 0.8)", "\"exponential(9 ms)\"", "9 ms"]
        );
        assert_eq!(listed("s.servers=[\"a\", \"b\"],[\"a\"]"), ["[\"a\", \"b\"]", "[\"a\"]"]);
        assert_eq!(listed("traffic.t.file=../one.log,../two.log"), ["../one.log", "../two.log"]);
        assert_eq!(listed("a.b=\"1..2\",x"), ["\"1..2\"", "x"]);
    }

    #[test]
    fn a_range_without_spacing_is_for_latin_hypercubes() {
        let axis = Axis::parse("a.b=10 ms..1000 ms log").unwrap();
        assert_eq!([axis.at(0.0), axis.at(0.5), axis.at(1.0)], ["10 ms", "100 ms", "1000 ms"]);
        let axis = Axis::parse("a.b=16..128").unwrap();
        assert_eq!([axis.at(0.0), axis.at(0.33)], ["16", "53"]);
        assert_eq!(axis.count(), None);
        assert!(refused("a.b=16..128,256").contains("neither step nor number of values"));
        let axis = Axis::parse("a.b=x,y").unwrap();
        assert_eq!([axis.at(0.49), axis.at(0.5), axis.at(1.0)], ["x", "y", "y"]);
    }

    #[test]
    fn wrong_ranges_are_told_with_their_remedy() {
        for (text, words) in [
            ("workers", "expected KEY=VALUES"),
            ("a..b=1,2", "expected KEY=VALUES"),
            ("a.b=", "there are no values"),
            ("a.b=1,,2", "between two commas"),
            ("a.b=16..128/0", "the step of `16..128/0` is zero"),
            ("a.b=16..128/-16", "write 16..128/16"),
            ("a.b=128..16/16", "goes downwards"),
            ("a.b=800/s..200/s/100/s", "200/s..800/s/100"),
            ("a.b=16..16/4", "nothing varies"),
            ("a.b=1 ms..2 s/1 ms", "mixes the units `ms` and `s`"),
            ("a.b=16..x", "no number stands behind the `..`"),
            ("a.b=16..128 by 16", "neither a step"),
            ("a.b=16..128 log", "LHS"),
            ("a.b=16..128 log 1", "one value"),
            ("a.b=16..128 log x", "followed by the number"),
            ("a.b=0..128 log 3", "above zero"),
            ("a.b=1..10000000000/1", "10000000000 values are more than a sweep can have"),
            ("a.b=1,2,1", "the value 1 stands there twice"),
        ] {
            if words == "LHS" {
                assert!(matches!(Axis::parse(text).unwrap().values, Values::Between { log: true, .. }));
                continue;
            }
            let said = refused(text);
            let shown = said.replace("ranges go upwards: ", "ranges go upwards: write ");
            assert!(shown.contains(words), "{text}: {said}");
        }
        let twice = ["a.b=1,2".to_owned(), "a.b=3,4".to_owned()];
        assert_eq!(Axis::parse_all(&twice), Err(VaryError::Twice("a.b".into())));
    }
}

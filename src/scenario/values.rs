//! Parsers of single values: numbers, choices, quantities.

use super::quantity::{self, Dimension};
use super::reader::{Flaw, Parsed, nearest};
use super::tree::{Node, SourceFiles, Value};

pub fn text(_: &SourceFiles, node: &Node) -> Parsed<String> {
    match &node.value {
        Value::String(text) if !text.trim().is_empty() => Ok(text.clone()),
        Value::String(_) => Err(Flaw::new("cannot be empty", "empty").help("write a text")),
        other => Err(Flaw::new(format!("expected a text, found {}", other.type_name()), "not a text")
            .help(format!("write \"{}\"", other.to_toml()))),
    }
}

pub fn boolean(_: &SourceFiles, node: &Node) -> Parsed<bool> {
    match &node.value {
        Value::Boolean(truth) => Ok(*truth),
        other => Err(Flaw::new(format!("expected true or false, found {}", other.type_name()), "not a boolean")
            .help("write true or false")),
    }
}

/// A whole number within bounds, both included.
pub fn whole(min: u32, max: u32) -> impl Fn(&SourceFiles, &Node) -> Parsed<u32> {
    move |_, node| {
        let help = || format!("write a whole number from {min} to {max}");
        match &node.value {
            Value::Integer(number) if (min as i64..=max as i64).contains(number) => Ok(*number as u32),
            Value::Integer(0) => Err(Flaw::new("zero is not possible here", "zero").help(help())),
            Value::Integer(number) if *number < 0 => {
                Err(Flaw::new(format!("cannot be negative, found {number}"), "negative").help(help()))
            }
            Value::Integer(number) if *number > max as i64 => {
                Err(Flaw::new(format!("{number} is more than {max}, surely a mistake"), "too large").help(help()))
            }
            Value::Integer(number) => Err(Flaw::new(format!("{number} is less than {min}"), "too small").help(help())),
            other => {
                Err(Flaw::new(format!("expected a whole number, found {}", described(other)), "not a whole number")
                    .help(help()))
            }
        }
    }
}

/// A whole number, or "unlimited".
pub fn whole_or_unlimited(min: u32, max: u32) -> impl Fn(&SourceFiles, &Node) -> Parsed<Option<u32>> {
    move |files, node| match &node.value {
        Value::String(text) if text == "unlimited" => Ok(None),
        _ => whole(min, max)(files, node).map(Some).map_err(|flaw| {
            let help = format!("{}, or \"unlimited\"", flaw.help);
            flaw.help(help)
        }),
    }
}

pub fn seed(_: &SourceFiles, node: &Node) -> Parsed<u64> {
    match &node.value {
        Value::Integer(number) if *number >= 0 => Ok(*number as u64),
        Value::Integer(_) => Err(Flaw::new("cannot be negative", "negative").help("write a whole number from 0")),
        other => Err(Flaw::new(format!("expected a whole number, found {}", described(other)), "not a whole number")
            .help("write for example 42")),
    }
}

/// A finite number within bounds, both included.
pub fn number(min: f64, max: f64) -> impl Fn(&SourceFiles, &Node) -> Parsed<f64> {
    move |_, node| {
        let help = format!("write a number from {min} to {max}");
        let value = match &node.value {
            Value::Integer(number) => *number as f64,
            Value::Float(number) => *number,
            Value::String(text) if text.trim_end().ends_with('%') => {
                let percent = text.trim_end().trim_end_matches('%').trim().parse::<f64>();
                let help = percent.map_or(help, |percent| format!("write it as a share: {}", percent / 100.0));
                return Err(Flaw::new(format!("expected a number, found \"{text}\""), "a percentage").help(help));
            }
            other => {
                return Err(
                    Flaw::new(format!("expected a number, found {}", described(other)), "not a number").help(help)
                );
            }
        };
        match value {
            v if v.is_nan() => Err(Flaw::new("nan is not a number", "nan").help(help)),
            v if v.is_infinite() => Err(Flaw::new("must be finite", "infinite").help(help)),
            v if v < 0.0 && min >= 0.0 => {
                Err(Flaw::new(format!("cannot be negative, found {v}"), "negative").help(help))
            }
            v if v < min => Err(Flaw::new(format!("{v} is less than {min}"), "too small").help(help)),
            v if v > max => Err(Flaw::new(format!("{v} is more than {max}"), "too large").help(help)),
            v => Ok(v),
        }
    }
}

/// Above zero.
pub fn positive_number(max: f64) -> impl Fn(&SourceFiles, &Node) -> Parsed<f64> {
    move |files, node| match number(0.0, max)(files, node)? {
        0.0 => Err(Flaw::new("zero is not possible here", "zero").help(format!("write a number above 0, up to {max}"))),
        value => Ok(value),
    }
}

/// One of the words.
pub fn choice<T: Copy + 'static>(words: &'static [(&'static str, T)]) -> impl Fn(&SourceFiles, &Node) -> Parsed<T> {
    move |_, node| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let Value::String(text) = &node.value else {
            return Err(Flaw::new(
                format!("expected one of {}, found {}", listed(&known), described(&node.value)),
                "not a text",
            )
            .help(format!("write for example \"{}\"", known[0])));
        };
        if let Some((_, value)) = words.iter().find(|(word, _)| word == text) {
            return Ok(*value);
        }
        let help = match nearest(text, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"? Possible are {}", listed(&known)),
            None => format!("possible are {}", listed(&known)),
        };
        Err(Flaw::new(format!("\"{text}\" is not known here"), "unknown").help(help))
    }
}

/// A quantity from zero upwards.
pub fn quantity(dimension: Dimension) -> impl Fn(&SourceFiles, &Node) -> Parsed<f64> {
    move |_, node| quantity_of(node, dimension)
}

/// A quantity above zero.
pub fn positive(dimension: Dimension) -> impl Fn(&SourceFiles, &Node) -> Parsed<f64> {
    move |_, node| match quantity_of(node, dimension)? {
        0.0 => Err(Flaw::new(format!("{} of zero is not possible here", dimension.name()), "zero")
            .help("write a value above zero")),
        value => Ok(value),
    }
}

fn quantity_of(node: &Node, dimension: Dimension) -> Parsed<f64> {
    match &node.value {
        Value::String(text) => {
            quantity::parse(text, dimension).map_err(|flaw| flaw.shifted(text.len() - text.trim_start().len()))
        }
        Value::Integer(number) if dimension == Dimension::Count => quantity::checked(*number as f64, dimension),
        Value::Float(number) if dimension == Dimension::Count => quantity::checked(*number, dimension),
        number @ (Value::Integer(_) | Value::Float(_)) => Err(quantity::missing_unit(&number.to_toml(), dimension)),
        other => Err(Flaw::new(format!("expected {}, found {}", dimension.name(), other.type_name()), "wrong type")
            .help("write a number and its unit in one string")),
    }
}

/// A quantity above zero, or `"none"`.
pub fn positive_or_none(dimension: Dimension) -> impl Fn(&SourceFiles, &Node) -> Parsed<Option<f64>> {
    move |files, node| match &node.value {
        Value::String(text) if text == "none" => Ok(None),
        _ => positive(dimension)(files, node).map(Some).map_err(|flaw| {
            let help = format!("{}, or \"none\"", flaw.help);
            flaw.help(help)
        }),
    }
}

/// `"a"`, or with its content where that helps.
pub fn described(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text \"{text}\""),
        Value::Float(number) => format!("{number}"),
        other => other.type_name().to_string(),
    }
}

pub fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

/// An array of strings; each with its node, for messages.
pub fn names<'n>(node: &'n Node, example: &str) -> Parsed<Vec<(&'n str, &'n Node)>> {
    let flaw = |found: &Value| {
        Flaw::new(format!("expected an array of names, found {}", found.type_name()), "not names")
            .help(format!("write {example}"))
    };
    let Value::Array(items) = &node.value else {
        return Err(flaw(&node.value));
    };
    items
        .iter()
        .map(|item| match &item.value {
            Value::String(text) => Ok((text.as_str(), item)),
            other => Err(flaw(other)),
        })
        .collect()
}

//! `client = { ... }` of a source of traffic: how long clients wait, and whether they try again.

use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::distribution::distribution;
use crate::scenario::model::{Backoff, Client, Jitter, RetryBudget};
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Flaw, Parsed, Reader, Section};
use crate::scenario::tree::{Node, SourceFiles, Value};
use crate::scenario::values::{choice, number, positive, positive_number, whole};

const RETRIES_MAX: u32 = 1000;

const JITTERS: &[(&str, Jitter)] = &[("none", Jitter::None), ("full", Jitter::Full), ("equal", Jitter::Equal)];

pub fn read(reader: &mut Reader, client: &mut Section<'_>) -> Client {
    let source = "our choice: each request on its own connection, the dearest case";
    let requests_per_connection = client.or_default(reader, "requests_per_connection", number(1.0, 1e6), "1", source);
    let source = "our choice: what becomes of a request is seen to its end";
    let timeout_s = client.or_default(reader, "timeout", time_or_none, "\"none\"", source);
    let source = "our choice: who is not answered gives up";
    let retries = client.or_default(reader, "retries", whole(0, RETRIES_MAX), "0", source);
    if retries == 0 {
        for key in ["backoff", "budget"] {
            refuse_without_retries(reader, client, key);
        }
        return Client { requests_per_connection, timeout_s, ..Client::patient() };
    }
    let backoff = read_backoff(reader, client);
    let budget = client.within_if(reader, "budget", |reader, budget| RetryBudget {
        ratio: budget.or_default(reader, "ratio", number(0.0, 100.0), "0.2", "Finagle's RetryBudget: a fifth"),
        reserve: budget.or_default(
            reader,
            "reserve",
            positive_number(1e9),
            "100",
            "Finagle's RetryBudget: 10 retries a second, kept for 10 s",
        ),
    });
    Client { requests_per_connection, timeout_s, retries, backoff, budget }
}

/// A time or its distribution: the same each time; a table: growing waits.
fn read_backoff(reader: &mut Reader, client: &mut Section<'_>) -> Backoff {
    let is_table = client.get("backoff").is_some_and(|entry| matches!(entry.node.value, Value::Table(_)));
    if !is_table {
        let source = "our choice: at once, the hardest on the servers";
        return Backoff::Drawn(client.or_default(reader, "backoff", distribution(Dimension::Time), "\"0 s\"", source));
    }
    client.within(reader, "backoff", |reader, backoff| Backoff::Growing {
        base_s: backoff.required(reader, "base", positive(Dimension::Time), "\"100 ms\""),
        factor: backoff.or_default(reader, "factor", number(1.0, 100.0), "2", "each wait twice the one before"),
        max_s: backoff.or_default(reader, "max", positive(Dimension::Time), "\"20 s\"", "AWS SDKs"),
        jitter: backoff.or_default(reader, "jitter", choice(JITTERS), "\"full\"", "AWS Architecture Blog, 2015"),
    })
}

fn time_or_none(files: &SourceFiles, node: &Node) -> Parsed<Option<f64>> {
    match &node.value {
        Value::String(text) if text == "none" => Ok(None),
        _ => positive(Dimension::Time)(files, node)
            .map(Some)
            .map_err(|flaw: Flaw| flaw.help("write a time with its unit, such as \"10 s\", or \"none\"")),
    }
}

fn refuse_without_retries(reader: &mut Reader, client: &mut Section<'_>, key: &'static str) {
    let Some(entry) = client.take(key) else { return };
    reader.error(
        Diagnostic::at(entry.key_place.clone(), format!("{}: nothing is tried again without retries", client.key(key)))
            .label("would have no effect")
            .help(format!("add retries = 1, or remove `{key}`")),
    );
}

/// A key of the client's that stands beside `client`.
pub fn misplaced(reader: &mut Reader, section: &mut Section<'_>, key: &'static str) {
    let Some(entry) = section.take(key) else { return };
    reader.error(
        Diagnostic::at(entry.key_place.clone(), format!("{}: this is the client's", section.key(key)))
            .label("not here")
            .help(format!("write client = {{ {key} = ... }}")),
    );
}

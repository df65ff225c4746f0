//! `[traffic.x]`: what arrives, by which process, at which service.

mod client;
mod profile;
mod trace;

use super::diagnostics::Diagnostic;
use super::distribution::{distribution, positive_distribution};
use super::model::{ClassId, MmppState, Process, ServiceId, Traffic};
use super::names::{Kind, Names, unknown};
use super::quantity::Dimension;
use super::reader::{Flaw, Reader, Section};
use super::tree::Value;
use super::values::{choice, names, number, positive, whole};

const USERS_MAX: u32 = 10_000_000;

#[derive(Clone, Copy, PartialEq)]
enum Word {
    Poisson,
    Constant,
    Renewal,
    Mmpp,
    Batch,
    Closed,
    Trace,
}

const WORDS: &[(&str, Word)] = &[
    ("poisson", Word::Poisson),
    ("constant", Word::Constant),
    ("renewal", Word::Renewal),
    ("mmpp", Word::Mmpp),
    ("batch", Word::Batch),
    ("closed", Word::Closed),
    ("trace", Word::Trace),
];

/// `entry_point`: the only service that no other refers to.
pub fn read(
    reader: &mut Reader,
    section: &mut Section<'_>,
    name: &str,
    known: &Names,
    entry_point: Option<ServiceId>,
) -> Traffic {
    let word = section.or_default(
        reader,
        "process",
        choice(WORDS),
        "\"poisson\"",
        "our choice: many clients that know nothing of each other",
    );
    let process = match word {
        Word::Poisson => Process::Poisson(profile::read(reader, section)),
        Word::Constant => Process::Constant(profile::read(reader, section)),
        Word::Renewal => Process::Renewal(section.required(
            reader,
            "gap",
            positive_distribution(Dimension::Time),
            "\"exponential(2 ms)\"",
        )),
        Word::Mmpp => Process::Mmpp(read_states(reader, section)),
        Word::Batch => Process::Batch {
            batches_per_s: section.required(reader, "rate", positive(Dimension::Rate), "\"50/s\""),
            size: section.required(reader, "size", positive_distribution(Dimension::Count), "\"geometric(4)\""),
        },
        Word::Closed => Process::Closed {
            users: section.required(reader, "users", whole(1, USERS_MAX), "100"),
            think: section.required(reader, "think", distribution(Dimension::Time), "\"exponential(5 s)\""),
            session: read_session(reader, section, known),
        },
        Word::Trace => Process::Trace(trace::read(reader, section, known)),
    };
    let client = section.within(reader, "client", client::read);
    section.unsupported(reader, "resample", "leave it out");
    for inside in ["retries", "timeout", "backoff", "budget", "requests_per_connection"] {
        client::misplaced(reader, section, inside);
    }
    let mix = read_mix(reader, section, known, word, &process);
    let target = read_target(reader, section, known, entry_point, &mix);
    Traffic { name: name.to_string(), process, mix, target, client }
}

fn read_states(reader: &mut Reader, section: &mut Section<'_>) -> Vec<MmppState> {
    let example = "[{ rate = \"100/s\", lasts = \"9 s\" }, { rate = \"900/s\", lasts = \"1 s\" }]";
    let states = section.elements(reader, "states", example, |reader, state| MmppState {
        rate_per_s: state.required(reader, "rate", super::values::quantity(Dimension::Rate), "\"100/s\""),
        lasts_mean_s: state.required(reader, "lasts", positive(Dimension::Time), "\"9 s\""),
    });
    let Some(states) = states else {
        section.missing(reader, "states", &format!("add states = {example}"));
        return Vec::new();
    };
    if states.len() < 2 || states.iter().all(|state| state.rate_per_s == 0.0) {
        let node = &section.get("states").expect("it was read").node;
        let flaw = Flaw::new("needs at least two states, one of them with arrivals", "no modulation");
        reader.flaw(
            &section.key("states"),
            node,
            flaw.help(format!("write states = {example}, or process = \"poisson\"")),
        );
    }
    states
}

fn read_session(reader: &mut Reader, section: &mut Section<'_>, known: &Names) -> Vec<ClassId> {
    let Some(entry) = section.take("session") else { return Vec::new() };
    section.assume_given(reader, "session", &entry.node);
    let key = section.key("session");
    match names(&entry.node, "session = [\"home\", \"product\"]") {
        Ok(listed) if listed.is_empty() => {
            reader.flaw(
                &key,
                &entry.node,
                Flaw::new("a session asks for at least one class", "empty").help("name request classes, or remove it"),
            );
            Vec::new()
        }
        Ok(listed) => listed
            .into_iter()
            .filter_map(|(_, node)| known.class(node).map_err(|flaw| reader.flaw(&key, node, flaw)).ok())
            .collect(),
        Err(flaw) => {
            reader.flaw(&key, &entry.node, flaw);
            Vec::new()
        }
    }
}

/// Classes and weights; a session and a trace bring their own classes.
fn read_mix(
    reader: &mut Reader,
    section: &mut Section<'_>,
    known: &Names,
    word: Word,
    process: &Process,
) -> Vec<(ClassId, f64)> {
    let brought = match process {
        Process::Trace(trace) => {
            let mut classes: Vec<ClassId> = trace.rules.iter().map(|rule| rule.class).chain(trace.otherwise).collect();
            classes.sort_unstable();
            classes.dedup();
            Some(classes)
        }
        Process::Closed { session, .. } if !session.is_empty() => {
            let mut classes = session.clone();
            classes.sort_unstable();
            classes.dedup();
            Some(classes)
        }
        _ => None,
    };
    let entry = section.take("mix");
    if let Some(classes) = brought {
        if let Some(entry) = entry {
            let by = if word == Word::Trace { "rules" } else { "session" };
            reader.error(
                Diagnostic::at(
                    entry.key_place.clone(),
                    format!("{}: `{by}` already says the classes", section.key("mix")),
                )
                .label("would have no effect")
                .help(format!("remove `mix` or `{by}`")),
            );
        }
        return classes.into_iter().map(|class| (class, 1.0)).collect();
    }
    let Some(entry) = entry else {
        if let [only] = &known.classes[..] {
            let key = format!("mix.{}", super::tree::bare_or_quoted(only));
            section.assume_default(reader, &key, &Value::Integer(1), "the only request class");
            return vec![(0, 1.0)];
        }
        let example: Vec<String> = known.classes.iter().take(3).map(|class| format!("{class} = 1")).collect();
        section.missing(
            reader,
            "mix",
            &format!("say the share of each request class: mix = {{ {} }}", example.join(", ")),
        );
        return Vec::new();
    };
    let key = section.key("mix");
    let Value::Table(table) = &entry.node.value else {
        let flaw =
            Flaw::new(format!("expected a table of weights, found {}", entry.node.value.type_name()), "not a table");
        reader.flaw(&key, &entry.node, flaw.help("write mix = { home = 3, checkout = 1 }"));
        return Vec::new();
    };
    let mut mix = Vec::new();
    let mut wrong = false;
    for one in &table.entries {
        let weight = match number(0.0, 1e12)(&reader.files, &one.node) {
            Ok(weight) => weight,
            Err(flaw) => {
                reader.flaw(&format!("{key}.{}", one.key), &one.node, flaw);
                wrong = true;
                continue;
            }
        };
        let Some(class) = known.classes.iter().position(|class| *class == one.key) else {
            let flaw = unknown(&known.classes, &one.key, "request");
            let what = flaw.what.replace("no request", "no request class");
            reader.error(
                Diagnostic::at(one.key_place.clone(), format!("{key}: {what}"))
                    .label("unknown request class")
                    .help(flaw.help),
            );
            wrong = true;
            continue;
        };
        section.assume_given(reader, &format!("mix.{}", super::tree::bare_or_quoted(&one.key)), &one.node);
        mix.push((class, weight));
    }
    if !wrong && mix.iter().map(|(_, weight)| weight).sum::<f64>() <= 0.0 {
        let what = if table.entries.is_empty() { "is empty" } else { "has only weights of zero" };
        reader.flaw(
            &key,
            &entry.node,
            Flaw::new(what, "no request would arrive").help("write mix = { home = 3, checkout = 1 }"),
        );
    }
    mix.retain(|(_, weight)| *weight > 0.0);
    mix
}

/// Needed where a class goes through the tiers.
fn read_target(
    reader: &mut Reader,
    section: &mut Section<'_>,
    known: &Names,
    entry_point: Option<ServiceId>,
    mix: &[(ClassId, f64)],
) -> Option<ServiceId> {
    let tiers = mix.iter().any(|(class, _)| !known.is_path[*class]);
    if let Some(entry) = section.take("target") {
        const FRONTS: &[Kind] = &[Kind::Haproxy, Kind::Nginx, Kind::App, Kind::Station];
        section.assume_given(reader, "target", &entry.node);
        return match known.service_of(FRONTS, "clients talk to")(&reader.files, &entry.node) {
            Ok(_) if !tiers && !mix.is_empty() => {
                let flaw = Flaw::new("all request classes have their own `path`", "would have no effect")
                    .help("remove `target`");
                reader.flaw(&section.key("target"), &entry.node, flaw);
                None
            }
            Ok(service) => Some(service),
            Err(flaw) => {
                reader.flaw(&section.key("target"), &entry.node, flaw);
                None
            }
        };
    }
    // Without the kinds, which are reported, nobody knows what is in front.
    if !tiers || known.services.is_empty() || known.kinds.contains(&None) {
        return None;
    }
    match entry_point {
        Some(service) => {
            let value = Value::String(known.services[service].clone());
            section.assume_default(reader, "target", &value, "the only service that no other refers to");
        }
        None => {
            let example = known.services[0].as_str();
            let help = match known.services.len() {
                // it passes requests to itself, which is reported there
                1 => return None,
                _ => format!("more than one service could be the front; say which: target = \"{example}\""),
            };
            section.missing(reader, "target", &help);
        }
    }
    entry_point
}

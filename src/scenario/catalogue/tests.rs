//! That the catalogue and the reader are of one mind.

use std::collections::{BTreeMap, BTreeSet};

use super::super::reader::asked_for;
use super::super::tree::{Node, SourceFiles, Table};
use super::super::{Diagnostics, Overrides, merge, tree};
use super::probe::{EVERYTHING, ask, ask_of, entry_of};
use super::*;

/// The reader asks for these to say that they belong elsewhere.
const REFUSED: &[&str] = &[
    "service.NAME.vrrp.nopreempt",
    "traffic.NAME.retries",
    "traffic.NAME.timeout",
    "traffic.NAME.backoff",
    "traffic.NAME.budget",
    "traffic.NAME.requests_per_connection",
];

fn shipped() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|file| file.extension().is_some_and(|extension| extension == "toml"))
        .map(|file| (file.display().to_string(), std::fs::read_to_string(&file).unwrap()))
        .collect()
}

/// What the probe asks for: each key of the language with one of its keys there.
fn asked_by_probe() -> BTreeMap<(String, Option<&'static str>), String> {
    let entries = entries();
    asked_for::drain();
    let read = ask("everything", EVERYTHING, &Overrides::default());
    let mut found = BTreeMap::new();
    for key in asked_for::drain() {
        if let Some(entry) = entry_of(&entries, &read.root, &key) {
            found.entry((entry.path.clone(), entry.kind)).or_insert(key);
        }
    }
    found
}

#[test]
fn the_probe_is_valid_but_for_the_files_that_it_names() {
    let read = ask("everything", EVERYTHING, &Overrides::default());
    let messages: Vec<&str> = read.diagnostics.items().iter().map(|item| item.message.as_str()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages.iter().all(|message| message.contains(".file: ")), "{messages:?}");
}

#[test]
fn the_reader_asks_for_no_key_that_is_not_in_the_catalogue() {
    let entries = entries();
    let texts = shipped().into_iter().chain([("everything".to_string(), EVERYTHING.to_string())]);
    for (name, text) in texts {
        asked_for::drain();
        let read = ask(&name, &text, &Overrides::default());
        let unknown: BTreeSet<String> = asked_for::drain()
            .into_iter()
            .filter(|key| entry_of(&entries, &read.root, key).is_none() && !REFUSED.contains(&pattern(key).as_str()))
            .collect();
        assert!(unknown.is_empty(), "{name}: not in the catalogue: {unknown:?}");
    }
}

#[test]
fn the_catalogue_has_no_key_that_the_reader_does_not_ask_for() {
    let asked = asked_by_probe();
    let entries = entries();
    // read before the reader begins
    let idle = entries.iter().filter(|entry| entry.path != "extends");
    let idle: Vec<_> = idle.filter(|entry| !asked.contains_key(&(entry.path.clone(), entry.kind))).collect();
    assert!(idle.is_empty(), "nobody asks for {idle:#?}");
}

#[test]
fn no_key_stands_twice_in_the_catalogue() {
    let mut seen = BTreeSet::new();
    for entry in entries() {
        assert!(seen.insert((entry.path.clone(), entry.kind)), "{} stands twice", entry.path);
        assert!(entry.key.meaning.ends_with(['.', ':']) || entry.key.meaning.ends_with("]."), "{}", entry.path);
    }
}

/// Where one of several keys must be there, the reader names one of them.
const ONE_OF_SEVERAL: &[&str] = &[
    "service.NAME.backend",
    "service.NAME.priority",
    "traffic.NAME.rate",
    "traffic.NAME.gap",
    "traffic.NAME.states",
    "traffic.NAME.size",
    "traffic.NAME.users",
    "traffic.NAME.think",
    "traffic.NAME.file",
    "traffic.NAME.format",
    "traffic.NAME.columns",
    "traffic.NAME.rules",
    "traffic.NAME.mix",
    "traffic.NAME.target",
    "traffic.NAME.work.N.unit",
    "request.NAME.path.N.path",
    "request.NAME.path.N.stations",
    "fault.N.at",
    "fault.N.mttf",
    "fault.N.mttr",
    "fault.N.kill",
    "fault.N.impair.between",
    "fault.N.impair.delay",
    "fault.N.slow.cpu",
    "plan.vary.N.key",
    "plan.vary.N.price_each",
    "plan.vary.N.prices",
];

#[test]
fn what_must_be_there_is_missed_and_what_may_be_left_out_is_not() {
    let asked = asked_by_probe();
    let (mut files, mut none) = (SourceFiles::default(), Diagnostics::default());
    let root = merge::read_str(
        "everything",
        EVERYTHING,
        std::path::Path::new(""),
        &Overrides::default(),
        &mut files,
        &mut none,
    );
    let mut seen = 0;
    for entry in entries() {
        let Some(key) = asked.get(&(entry.path.clone(), entry.kind)) else { continue };
        let mut without = root.clone();
        let was_there = remove(&mut without, &super::super::effective::split(key));
        if !was_there || matches!(entry.key.value, Value::Named) {
            assert!(!entry.key.required, "{key} is not in the probe");
            continue;
        }
        let read = ask_of("everything", without, files.clone(), Diagnostics::default());
        let missed = read.diagnostics.items().iter().any(|item| item.message == format!("{key}: missing"));
        let may_be_missed = entry.key.required || ONE_OF_SEVERAL.contains(&entry.path.as_str());
        assert!(!missed || may_be_missed, "{key} must be there");
        assert!(missed || !entry.key.required, "{key} may be left out");
        seen += usize::from(missed);
    }
    assert!(seen > 30, "only {seen} keys were missed");
}

/// Whether it was there.
fn remove(table: &mut Table, parts: &[String]) -> bool {
    let Some(at) = table.position(&parts[0]) else { return false };
    if parts.len() == 1 {
        table.entries.remove(at);
        return true;
    }
    let mut node: &mut Node = &mut table.entries[at].node;
    for (depth, part) in parts.iter().enumerate().skip(1) {
        node = match &mut node.value {
            tree::Value::Table(inner) => return remove(inner, &parts[depth..]),
            tree::Value::Array(items) => match items.get_mut(part.parse::<usize>().unwrap()) {
                Some(item) => item,
                None => return false,
            },
            _ => return false,
        };
    }
    false
}

/// Values that the catalogue says are taken, and some that are not.
fn samples(value: &Value) -> (Vec<String>, Vec<String>) {
    let quoted = |text: &str| format!("\"{text}\"");
    let texts = |words: &[&str]| words.iter().map(|word| quoted(word)).collect::<Vec<_>>();
    let unit = |dimension: &Dimension| match dimension {
        Dimension::Time => ("1 ms", "0 ms", "1 KiB"),
        Dimension::Size => ("1 KiB", "0 KiB", "1 ms"),
        Dimension::Throughput => ("1 MB/s", "0 MB/s", "1 KiB"),
        Dimension::Rate => ("1/s", "0/s", "1 ms"),
        Dimension::Count => ("4", "0", "1 ms"),
    };
    match value {
        Value::Boolean => (vec!["true".into(), "false".into()], vec!["1".into(), quoted("yes")]),
        Value::Whole(low, high) | Value::WholeOr(low, high, _) => {
            let mut good = vec![low.to_string(), high.to_string()];
            let mut bad = vec![(low - 1).to_string(), "1.5".into(), quoted("no-such-word")];
            bad.extend(high.checked_add(1).map(|beyond| beyond.to_string()));
            if let Value::WholeOr(_, _, word) = value {
                good.push(quoted(word));
            }
            (good, bad)
        }
        Value::Number(low, high) => (
            vec![format!("{low:?}"), format!("{high:?}")],
            vec![format!("{:?}", low - 1.0), format!("{:?}", high * 1.1), quoted("x")],
        ),
        Value::AtLeast(low) => (vec![format!("{low:?}"), "1e9".into()], vec![format!("{:?}", low - 1.0), quoted("x")]),
        Value::Above(high) => {
            (vec!["0.001".into(), format!("{high:?}")], vec!["0".into(), format!("{:?}", high * 1.1), quoted("x")])
        }
        Value::Choice(words) => (texts(words), vec![quoted("no-such-word"), "1".into()]),
        Value::Quantity(of) => {
            (texts(&[unit(of).0, unit(of).1]), texts(&[unit(of).2, &format!("exponential({})", unit(of).0), "auto"]))
        }
        Value::Positive(of) => {
            (texts(&[unit(of).0]), texts(&[unit(of).1, unit(of).2, "none", &format!("exponential({})", unit(of).0)]))
        }
        Value::PositiveOr(of, word) => (texts(&[unit(of).0, word]), texts(&[unit(of).1, unit(of).2, "no-such-word"])),
        Value::QuantityOr(of, word) => (texts(&[unit(of).0, unit(of).1, word]), texts(&[unit(of).2, "no-such-word"])),
        Value::Distribution(of) => (
            texts(&[unit(of).0, unit(of).1, &format!("exponential({})", unit(of).0)]),
            texts(&[unit(of).2, "trace", "x(1)"]),
        ),
        Value::PositiveDistribution(of) => {
            (texts(&[unit(of).0, &format!("exponential({})", unit(of).0)]), texts(&[unit(of).1, unit(of).2]))
        }
        Value::Amount => (texts(&["1 ms", "exponential(1 ms)"]), texts(&["1 KiB", "x(1)", "trace(no_such_column)"])),
        Value::Popularity => (texts(&["zipf(0.9)", "uniform"]), texts(&["zipf(9)", "even"])),
        Value::Balance => (
            texts(&["roundrobin", "static-rr", "leastconn", "first", "source", "random", "random(3)"]),
            texts(&["round_robin", "random(0)"]),
        ),
        Value::Words(words) => {
            let each = words.iter().map(|word| format!("[\"{word}\"]"));
            (each.collect(), vec!["[\"no-such-word\"]".into(), quoted("no-such-word")])
        }
        Value::Name(_) | Value::Names(_) | Value::NameOrNames(_) => (Vec::new(), vec![quoted("nobody"), "1".into()]),
        Value::Text | Value::File => (Vec::new(), vec!["1".into(), "\"\"".into()]),
        Value::Off => (vec!["false".into()], Vec::new()),
        Value::Table | Value::Named => (Vec::new(), vec!["1".into(), quoted("x")]),
        Value::TableOr(other) => {
            let (good, _) = samples(other);
            (good, vec!["1".into(), quoted("no-such-word")])
        }
        Value::Tables => (Vec::new(), vec!["1".into(), "[1]".into()]),
        Value::Weights => {
            (vec!["{ job = 3 }".into()], vec!["{ nobody = 1 }".into(), "{ job = -1 }".into(), "1".into()])
        }
        Value::Routes => (Vec::new(), vec!["{ nobody = \"app\" }".into(), "1".into()]),
        Value::Points => (vec!["[[\"0 s\", \"1/s\"]]".into()], vec!["[[1, 2]]".into(), "1".into()]),
        Value::Window => (vec!["[\"0 s\", \"1 s\"]".into()], vec!["[\"1 s\"]".into(), "[1, 2]".into()]),
        Value::List => (Vec::new(), vec!["1".into(), "[]".into()]),
        Value::Path | Value::Paths => (Vec::new(), vec!["1".into(), "[1]".into()]),
    }
}

/// Possible by themselves, and refused beside what the probe has there.
const NOT_THERE: &[(&str, &str)] = &[
    ("simulation.warmup", "\"auto\""),
    ("service.NAME.vrrp.advert_int", "\"1 ms\""),
    ("service.NAME.buffer_pool_hit", "0.0"),
    ("service.NAME.buffer_pool_hit", "1.0"),
    ("service.NAME.replication.wait_for_replica_count", "65535"),
    ("traffic.NAME.period", "\"1 ms\""),
    ("traffic.NAME.client.backoff", "\"1 ms\""),
    ("traffic.NAME.client.backoff", "\"0 ms\""),
    ("traffic.NAME.client.backoff", "\"exponential(1 ms)\""),
    ("fault.N.kill.keepalived", "true"),
    ("slo.N.to", "\"0 ms\""),
];

fn unquoted(key: &str) -> Vec<String> {
    super::super::effective::split(key).iter().map(|part| part.trim_matches('"').to_string()).collect()
}

#[test]
fn what_the_catalogue_says_is_taken_is_taken_and_nothing_beyond() {
    let asked = asked_by_probe();
    let (mut files, mut none) = (SourceFiles::default(), Diagnostics::default());
    let root = merge::read_str(
        "everything",
        EVERYTHING,
        std::path::Path::new(""),
        &Overrides::default(),
        &mut files,
        &mut none,
    );
    let place = tree::Place { file: 0, span: 0..0 };
    let mut wrong = Vec::new();
    for entry in entries() {
        let Some(key) = asked.get(&(entry.path.clone(), entry.kind)) else { continue };
        let (good, bad) = samples(&entry.key.value);
        let parts = unquoted(key);
        // what is wrong with a name is told at the element that it names
        let element = key.strip_suffix(".name").unwrap_or(key);
        let complaint = |value: &str| {
            let (mut root, node) = (root.clone(), tree::parse_value(value, 0, 0));
            merge::set_in_table(&mut root, &parts, node, &place).unwrap_or_else(|problem| panic!("{key}: {problem}"));
            let read = ask_of("everything", root, files.clone(), Diagnostics::default());
            let begins =
                |message: &str, with: &str| message.strip_prefix(with).is_some_and(|rest| rest.starts_with([':', '.']));
            let of_key = |message: &str| begins(message, key) || begins(message, element);
            read.diagnostics.items().iter().find(|item| of_key(&item.message)).cloned()
        };
        for value in good {
            if let Some(item) = complaint(&value)
                && !NOT_THERE.contains(&(entry.path.as_str(), value.as_str()))
            {
                wrong.push(format!("{key} = {value} is refused: {} ({})", item.message, item.help));
            }
        }
        for value in bad {
            if complaint(&value).is_none() {
                wrong.push(format!("{key} = {value} is taken"));
            }
        }
        if let Value::Choice(words) = entry.key.value {
            let help = complaint("\"no-such-word\"").map_or(String::new(), |item| item.help);
            let told: Vec<&str> = help.rsplit("ossible are ").next().unwrap_or("").split(['"', ',', ' ']).collect();
            let told: BTreeSet<String> =
                told.join("\u{1}").split('\u{1}').filter(|word| !word.is_empty()).map(str::to_string).collect();
            let known: BTreeSet<String> = words.iter().flat_map(|word| word.split(' ')).map(str::to_string).collect();
            if told != known {
                wrong.push(format!("{key}: the reader knows {told:?}, the catalogue {known:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn defaults_are_the_readers_own() {
    let defaults = defaults();
    let of = |path: &str, kind: Option<&str>| -> Vec<&str> {
        let of_key = defaults.iter().filter(|default| default.path == path && default.kind == kind);
        of_key.map(|default| default.value.as_str()).collect()
    };
    assert_eq!(of("server.NAME.cpu.cores", None), ["4"]);
    assert_eq!(of("service.NAME.maxconn", Some("haproxy")), ["20000"]);
    assert_eq!(of("service.NAME.workers", Some("app")), ["9", "17"]);
    assert_eq!(of("service.NAME.workers", Some("station")), ["1"]);
    assert_eq!(of("simulation.warmup", None), ["\"0 s\"", "\"auto\""]);
    assert_eq!(of("request.NAME.SERVICE.cpu", Some("haproxy")), ["\"0.3 ms\""]);
    assert!(defaults.len() > 90, "{}", defaults.len());
}

#[test]
fn a_key_as_written_is_found_under_its_path() {
    for (key, path) in [
        ("simulation.runs", "simulation.runs"),
        ("server.\"web.1\".cpu.cores", "server.NAME.cpu.cores"),
        ("service.lb.servers.0.weight", "service.NAME.servers.N.weight"),
        ("request.page.response", "request.NAME.response"),
        ("request.page.app.cpu", "request.NAME.SERVICE.cpu"),
        ("request.page.db.transactions.1.cpu", "request.NAME.SERVICE.transactions.N.cpu"),
        ("request.job.path.0.fork.1.0.visit", "request.NAME.path.N.visit"),
        ("request.job.path.0.path.2.choose.1.weight", "request.NAME.path.N.choose.N.weight"),
        ("request.job.path.0.choose.1.path.2.repeat", "request.NAME.path.N.repeat"),
        ("fault.2.kill.server", "fault.N.kill.server"),
        ("service.lb.source", "source"),
    ] {
        assert_eq!(pattern(key), path, "{key}");
    }
}

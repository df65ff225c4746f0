//! What a key of the scenario or a figure of the results means, as text of 80 columns.

use super::glossary::{Place, Term, terms};
use crate::scenario::catalogue::{Default, Entry, Value, defaults, entries};
use crate::scenario::nearest;

const WIDTH: usize = 80;
const INDENT: usize = 2;
/// Of the words in front: `default   `.
const LABEL: usize = 10;
/// So many are told in full; more are listed.
const IN_FULL: usize = 5;

/// What is known under a name; `Err`: the nearest name that there is, if one is near.
pub fn explain(asked: &str) -> Result<String, Option<String>> {
    let typed = asked.trim().trim_matches('.').replace(['[', ']', '"'], "");
    let parts: Vec<&str> = typed.split('.').filter(|part| !part.is_empty()).collect();
    let mut keys: Vec<Entry> = entries().into_iter().filter(|entry| covers(&entry.path, &parts, false)).collect();
    // `haproxy.maxconn`, and `service.NAME.maxconn` of all kinds otherwise
    if let [kind, _, ..] = parts[..]
        && keys.iter().any(|entry| entry.kind == Some(kind))
    {
        keys.retain(|entry| entry.kind == Some(kind));
    }
    // a section by its whole name, and nothing that happens to end in it
    if keys.iter().any(|entry| covers(&entry.path, &parts, true)) {
        keys.retain(|entry| covers(&entry.path, &parts, true));
    }
    let mut found: Vec<Term> = terms().into_iter().filter(|term| is_term(term, &parts)).collect();
    if keys.is_empty() && found.is_empty() {
        // an object of summary.json: its fields
        found = terms().into_iter().filter(|term| is_inside(term, &parts)).collect();
    }
    let terms = found;
    if keys.is_empty() && terms.is_empty() {
        return Err(near(&parts));
    }
    let mut out = String::new();
    if keys.len() + terms.len() > IN_FULL {
        list(&mut out, &keys, &terms);
        return Ok(out);
    }
    let defaults = defaults();
    for (at, entry) in keys.iter().enumerate() {
        out.push_str(if at > 0 { "\n" } else { "" });
        push_key(&mut out, entry, &defaults);
    }
    for term in &terms {
        out.push_str(if out.is_empty() { "" } else { "\n" });
        push_term(&mut out, term);
    }
    Ok(out)
}

/// Whether a path is, or ends in, what was asked for. Parts in capitals stand for any name, and `whole` paths must have
/// all parts; otherwise names and places in arrays may be left out.
pub fn covers(path: &str, asked: &[&str], whole: bool) -> bool {
    let path = path.replace("[]", ".N");
    covers_parts(&path.split('.').collect::<Vec<_>>(), asked, whole)
}

fn covers_parts(parts: &[&str], asked: &[&str], whole: bool) -> bool {
    let (Some((last, before)), Some(asked_last)) = (parts.split_last(), asked.last()) else { return false };
    if !stands_for_any(last) {
        return is_part(last, asked_last) && ends_in(parts, asked, whole);
    }
    // a name of the user's alone says nothing
    let by_name = (asked.len() > 1 || whole) && ends_in(parts, asked, whole);
    by_name || (!whole && covers_parts(before, asked, whole))
}

fn ends_in(path: &[&str], asked: &[&str], whole: bool) -> bool {
    let (Some((last, path)), Some((asked_last, asked_rest))) = (path.split_last(), asked.split_last()) else {
        return asked.is_empty() && (!whole || path.is_empty());
    };
    if stands_for_any(last) {
        let taken = ends_in(path, asked_rest, whole);
        // the names of stations have dots
        let more = *last == "STATION" && asked_rest.len() + 1 > path.len() && {
            let mut longer = path.to_vec();
            longer.push(last);
            ends_in(&longer, asked_rest, whole)
        };
        return taken || more || (!whole && ends_in(path, asked, whole));
    }
    is_part(last, asked_last) && ends_in(path, asked_rest, whole)
}

fn stands_for_any(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// `failed_REASON_per_s` is any such column.
fn is_part(part: &str, asked: &str) -> bool {
    let Some(start) = part.find(|letter: char| letter.is_ascii_uppercase()) else {
        return part.eq_ignore_ascii_case(asked);
    };
    let end = part.rfind(|letter: char| letter.is_ascii_uppercase()).map_or(start, |at| at + 1);
    let (before, after) = (&part[..start], &part[end..]);
    asked.len() > before.len() + after.len() && asked.starts_with(before) && asked.ends_with(after)
}

/// A reason is known without its status too: `queue_timeout` is `queue_timeout_503`.
fn is_term(term: &Term, asked: &[&str]) -> bool {
    let bare = term.name.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('_');
    covers(term.name, asked, false)
        || term.place == Place::Failure && asked.len() == 1 && bare.eq_ignore_ascii_case(asked[0])
}

fn is_inside(term: &Term, asked: &[&str]) -> bool {
    let objects = term.name.match_indices('.').map(|(at, _)| term.name[..at].trim_end_matches("[]"));
    let named = |object: &&str| !stands_for_any(object.rsplit('.').next().unwrap_or_default());
    objects.filter(named).any(|object| covers(object, asked, false))
}

/// By the last part, under which most things are known.
fn near(asked: &[&str]) -> Option<String> {
    let wanted = asked.last()?;
    let last = |path: &str| path.trim_end_matches("[]").rsplit('.').next().unwrap_or_default().to_string();
    let names = entries().iter().map(|entry| last(&entry.path)).collect::<Vec<_>>();
    let names: Vec<String> = names
        .into_iter()
        .chain(terms().iter().map(|term| last(term.name)))
        .filter(|name| !stands_for_any(name))
        .collect();
    // what stands behind a name that there is can only be found there
    nearest(wanted, names.iter().map(String::as_str)).map(str::to_string)
}

fn push_key(out: &mut String, entry: &Entry, defaults: &[Default]) {
    let kind = entry.kind.map_or(String::new(), |kind| format!("  (kind = \"{kind}\")"));
    out.push_str(&format!("{}{kind}\n", entry.path));
    push_wrapped(out, "", entry.key.meaning);
    push_wrapped(out, "value", &described(&entry.key.value));
    let of_key = defaults.iter().filter(|default| default.path == entry.path && default.kind == entry.kind);
    // worked out from other values: several by one rule
    let mut rules: Vec<(&str, Vec<&str>)> = Vec::new();
    for default in of_key {
        match rules.iter_mut().find(|(source, _)| *source == default.source) {
            Some((_, values)) => values.push(&default.value),
            None => rules.push((&default.source, vec![&default.value])),
        }
    }
    if rules.is_empty() && entry.key.required {
        push_wrapped(out, "default", "none: it must be there");
    }
    let depends = rules.len() > 1 || rules.iter().any(|(_, values)| values.len() > 1);
    for (source, values) in rules {
        let such_as = if depends { "such as " } else { "" };
        push_wrapped(out, "default", &format!("{such_as}{}, from: {source}", values.join(" or ")));
    }
    push_below(out, entry);
}

/// The keys of a table.
fn push_below(out: &mut String, entry: &Entry) {
    let prefix = match entry.key.value {
        Value::Table | Value::TableOr(_) => format!("{}.", entry.path),
        Value::Named => format!("{}.NAME.", entry.path),
        Value::Tables => format!("{}.N.", entry.path),
        Value::Path => "request.NAME.path.N.".to_string(),
        _ => return,
    };
    let mut kinds: Vec<Option<&str>> = Vec::new();
    let all = entries();
    let below: Vec<(&Entry, &str)> = all
        .iter()
        .filter_map(|other| {
            let name = other.path.strip_prefix(&prefix)?;
            let name = name.strip_prefix("SERVICE.").unwrap_or(name);
            let fits = entry.kind.is_none() || other.kind.is_none() || other.kind == entry.kind;
            (fits && !name.contains('.')).then_some((other, name))
        })
        .collect();
    for (other, _) in &below {
        if !kinds.contains(&other.kind) {
            kinds.push(other.kind);
        }
    }
    for kind in kinds {
        let names: Vec<&str> = below.iter().filter(|(other, _)| other.kind == kind).map(|(_, name)| *name).collect();
        let label = kind.filter(|_| entry.kind.is_none()).unwrap_or("keys");
        push_wrapped(out, label, &names.join(", "));
    }
}

fn push_term(out: &mut String, term: &Term) {
    out.push_str(&format!("{}  ({})\n", term.name, term.place.title()));
    push_wrapped(out, "", term.meaning);
    if !term.unit.is_empty() {
        push_wrapped(out, "unit", term.unit);
    }
    if !term.formula.is_empty() {
        push_wrapped(out, "formula", term.formula);
    }
}

/// One line for each.
fn list(out: &mut String, keys: &[Entry], terms: &[Term]) {
    let name = |entry: &Entry| match entry.kind {
        Some(kind) => entry.path.replace("NAME", kind).replace("SERVICE", kind).replacen(
            &format!("request.{kind}"),
            "request.NAME",
            1,
        ),
        None => entry.path.clone(),
    };
    let rows: Vec<(String, &str)> = keys
        .iter()
        .map(|entry| (name(entry), entry.key.meaning))
        .chain(terms.iter().map(|term| (term.name.to_string(), term.meaning)))
        .collect();
    out.push_str(&format!("{} have that name; ask for one with more of its path:\n", rows.len()));
    for (name, meaning) in rows {
        let line = format!("{:INDENT$}{name}: {meaning}", "");
        match line.chars().count() > WIDTH {
            true => out.extend(line.chars().take(WIDTH - 3).chain("...".chars())),
            false => out.push_str(&line),
        }
        out.push('\n');
    }
}

/// What a key takes, in words.
fn described(value: &Value) -> String {
    let units = |dimension: &crate::scenario::Dimension| {
        let units: Vec<&str> =
            dimension.units().iter().map(|(unit, _)| *unit).filter(|unit| !unit.is_empty()).collect();
        match units.is_empty() {
            true => dimension.name().to_string(),
            false => format!("{} in {}, such as \"{}\"", dimension.name(), units.join(", "), dimension.example()),
        }
    };
    let words = |words: &[&str]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let varies = "or a distribution of it: \"exponential(MEAN)\", \"lognormal(MEAN, cv 0.8)\", gamma, erlang, \
                  hyperexponential, weibull, pareto, uniform, percentiles, empirical";
    match value {
        Value::Table => "a table".into(),
        Value::TableOr(other) => format!("a table, or {}", described(other)),
        Value::Named => "tables with names of your own".into(),
        Value::Tables => "an array of tables".into(),
        Value::Off => "false, to take it away from what is extended".into(),
        Value::Text => "a text".into(),
        Value::File => "the name of a file".into(),
        Value::Boolean => "true or false".into(),
        Value::Whole(low, high) => format!("a whole number from {low} to {high}"),
        Value::WholeOr(low, high, word) => format!("a whole number from {low} to {high}, or \"{word}\""),
        Value::Number(low, high) => format!("a number from {low} to {high}"),
        Value::AtLeast(low) => format!("a number from {low} on"),
        Value::Above(high) => format!("a number above 0, up to {high}"),
        Value::Choice(of) => format!("one of {}", words(of)),
        Value::Words(of) => format!("an array of {}", words(of)),
        Value::Quantity(of) => units(of),
        Value::Positive(of) => format!("{}; above zero", units(of)),
        Value::PositiveOr(of, word) => format!("{}; above zero, or \"{word}\"", units(of)),
        Value::QuantityOr(of, word) => format!("{}; or \"{word}\"", units(of)),
        Value::Distribution(of) => format!("{}; {varies}", units(of)),
        Value::PositiveDistribution(of) => format!("{}, above zero; {varies}", units(of)),
        Value::Amount => {
            let time = units(&crate::scenario::Dimension::Time);
            format!("{time}; {varies}; or recorded work: \"trace(COLUMN)\"")
        }
        Value::Popularity => "\"zipf(0.9)\" (the exponent) or \"uniform\"".into(),
        Value::Balance => format!(
            "one of {}",
            words(&["roundrobin", "static-rr", "leastconn", "first", "source", "random", "random(N)"])
        ),
        Value::Name(of) => format!("the name of a {}", whose(*of)),
        Value::Names(of) => format!("an array of names of {}s", whose(*of).replace("class", "classe")),
        Value::NameOrNames(of) => format!("the name of a {}, or an array of them", whose(*of)),
        Value::Weights => "a table of request classes and numbers".into(),
        Value::Routes => "a table of request classes and services".into(),
        Value::Points => "[[\"0 s\", \"100/s\"], [\"10 min\", \"600/s\"]], or the name of a CSV file".into(),
        Value::Window => "two times: [\"10 s\", \"5 min\"]".into(),
        Value::List => "an array of values".into(),
        Value::Path => "an array of steps: names of stations, and tables".into(),
        Value::Paths => "an array of paths: [[\"cpu\"], [\"disk\", \"cpu\"]]".into(),
    }
}

fn whose(of: crate::scenario::catalogue::Of) -> &'static str {
    use crate::scenario::catalogue::Of;
    match of {
        Of::Server => "server",
        Of::Service => "service",
        Of::Class => "request class",
    }
}

/// Behind its label, in 80 columns.
fn push_wrapped(out: &mut String, label: &str, text: &str) {
    let margin = if label.is_empty() { INDENT } else { INDENT + LABEL };
    let mut line = if label.is_empty() { " ".repeat(INDENT) } else { format!("{:INDENT$}{label:<LABEL$}", "") };
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(margin);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_explained_with_its_default_and_where_that_comes_from() {
        assert_eq!(
            explain("service.app.database.pool").unwrap(),
            "service.NAME.database.pool  (kind = \"app\")\n  \
             Connections that each server keeps; statements above wait for one.\n  \
             value     a whole number from 1 to 10000000\n  \
             default   such as 9 or 17, from: one for each worker: php-fpm and Django open\n            their own\n  \
             default   such as 10, from: mysql2 documentation, createPool: connectionLimit\n            10\n"
        );
    }

    #[test]
    fn names_and_places_may_be_left_out_or_given() {
        for (asked, path) in [
            ("server.web1.cpu.cores", "server.NAME.cpu.cores"),
            ("server.cpu.cores", "server.NAME.cpu.cores"),
            ("cpu.cores", "server.NAME.cpu.cores"),
            ("cores", "server.NAME.cpu.cores"),
            ("service.lb.servers.0.priority", "service.NAME.servers.N.priority"),
            ("haproxy.maxconn", "service.NAME.maxconn  (kind = \"haproxy\")"),
            ("fault.power_off", "fault.N.power_off"),
            ("[[fault]]", "fault"),
            ("traffic.all.latency_ms.p99", "traffic.CLASS.latency_ms.p99  (in summary.json)"),
            ("latency_all_ms.p99", "traffic.CLASS.latency_all_ms.STATISTIC  (in summary.json)"),
            ("app1.cpu.utilization", "stations.STATION.utilization  (in summary.json)"),
            ("failed_connect_timeout_per_s", "failed_REASON_per_s  (in timeseries.csv)"),
            ("near_saturation", "near_saturation  (a warning)"),
            ("latency_all_ms", "traffic.CLASS.latency_all_ms.STATISTIC  (in summary.json)"),
            ("queue_timeout", "queue_timeout_503  (a reason for which a request fails)"),
        ] {
            let text = explain(asked).unwrap_or_else(|near| panic!("{asked}: {near:?}"));
            assert!(
                text.lines().any(|line| line == path || line.starts_with(&format!("{path}  ("))),
                "{asked}: {text}"
            );
        }
    }

    #[test]
    fn one_word_may_be_a_key_and_a_reason() {
        let text = explain("connect_timeout").unwrap();
        assert!(text.contains("service.NAME.database.connect_timeout  (kind = \"app\")"), "{text}");
        assert!(text.contains("connect_timeout  (a reason for which a request fails)"), "{text}");
    }

    #[test]
    fn many_of_one_name_are_listed() {
        let text = explain("cpu").unwrap();
        assert!(text.contains("have that name"), "{text}");
        assert!(text.contains("\n  request.NAME.app.cpu: CPU of the application"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn an_object_of_the_summary_lists_its_fields() {
        let text = explain("traffic.all.latency_ms").unwrap();
        assert!(text.contains("\n  traffic.CLASS.latency_ms.p99_9: 99.9% of the answered"), "{text}");
        assert!(explain("incidents").unwrap().contains("\n  incidents[].recovered_s: "));
    }

    #[test]
    fn a_table_names_its_keys() {
        assert!(explain("simulation").unwrap().contains("  keys      duration, warmup, runs, seed\n"));
        let service = explain("service").unwrap();
        assert!(service.contains("  keys      kind, repair\n"), "{service}");
        assert!(service.contains("  mysql     primary, replicas,"), "{service}");
    }

    #[test]
    fn a_slip_is_told_from_nonsense() {
        assert_eq!(explain("wrokers"), Err(Some("workers".into())));
        assert_eq!(explain("service.lb.maxcon"), Err(Some("maxconn".into())));
        assert_eq!(explain("zzzzzzzzzz"), Err(None));
        assert_eq!(explain(""), Err(None));
        assert_eq!(explain("."), Err(None));
    }

    #[test]
    fn everything_can_be_asked_for_and_fits_80_columns() {
        for name in entries().iter().map(|entry| entry.path.clone()).chain(terms().iter().map(|term| term.name.into()))
        {
            let text = explain(&name).unwrap_or_else(|near| panic!("{name}: {near:?}"));
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{name}: {text}");
        }
    }
}

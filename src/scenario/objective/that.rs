//! The sentence of an objective: `latency_p99 < 400 ms`.

use super::super::model::{Comparison, Figure};
use super::super::quantity::{self, Dimension};
use super::super::reader::{Flaw, Parsed, nearest};
use super::super::tree::{Node, SourceFiles};
use super::super::values::text;

/// What it is about, before it is known of whom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subject {
    Latency(Figure),
    Availability,
    ErrorRate,
    Throughput,
    Utilization,
    ApplyDelay(Figure),
    SecondsBehind(Figure),
    StaleReads,
    Rpo,
    Rto,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// In one spelling, whatever the spaces were.
    pub text: String,
    pub name: String,
    pub subject: Subject,
    pub comparison: Comparison,
    /// Seconds, per second, a share or a count.
    pub bound: f64,
}

const NAMES: [&str; 14] = [
    "latency_mean",
    "latency_p50",
    "latency_p90",
    "latency_p95",
    "latency_p99",
    "latency_p99_9",
    "availability",
    "error_rate",
    "throughput",
    "utilization",
    "stale_reads",
    "rpo",
    "rto",
    "apply_delay_p99",
];
const POSSIBLE: &str = "latency_mean, latency_p50 (or any other percentile: latency_p99_9), availability, error_rate, \
                        throughput, utilization (of a station), apply_delay_p99, seconds_behind_p99, stale_reads (of \
                        a replica), rpo, rto";
const EXAMPLE: &str = "write for example \"latency_p99 < 400 ms\" or \"availability >= 0.999\"";

/// What users of other tools call them.
const OTHERS: [(&str, &str); 12] = [
    ("lag", "seconds_behind_p99, or apply_delay_p99"),
    ("replication_lag", "seconds_behind_p99, or apply_delay_p99"),
    ("seconds_behind", "seconds_behind_mean, or seconds_behind_p99"),
    ("seconds_behind_source", "seconds_behind_mean, or seconds_behind_p99"),
    ("apply_delay", "apply_delay_mean, or apply_delay_p99"),
    ("latency", "latency_p99, or latency_mean"),
    ("p99", "latency_p99"),
    ("response_time", "latency_p99, or latency_mean"),
    ("errors", "error_rate"),
    ("uptime", "availability"),
    ("rps", "throughput"),
    ("cpu", "utilization, with station = \"app1.cpu\""),
];

pub fn sentence(files: &SourceFiles, node: &Node) -> Parsed<Sentence> {
    let written = text(files, node)?;
    let Some(at) = written.find(['<', '>', '=', '≤', '≥']) else {
        return Err(Flaw::new("says no limit", "no < or > in it").help(EXAMPLE));
    };
    let (left, rest) = written.split_at(at);
    let sign_length = rest.find(|c| !matches!(c, '<' | '>' | '=' | '≤' | '≥')).unwrap_or(rest.len());
    let (sign, right) = rest.split_at(sign_length);
    let comparison = match sign {
        "<" => Comparison::Below,
        "<=" => Comparison::AtMost,
        ">=" => Comparison::AtLeast,
        ">" => Comparison::Above,
        _ => {
            return Err(Flaw::new(format!("`{sign}` is no comparison"), "unknown")
                .help("write <, <=, >= or >")
                .within(at..at + sign_length));
        }
    };
    let name = left.trim();
    let name_at = left.len() - left.trim_start().len();
    let subject = subject(name).map_err(|flaw| flaw.within(name_at..name_at + name.len()))?;
    let bound_at = at + sign_length + (right.len() - right.trim_start().len());
    let bound_text = right.trim();
    if bound_text.is_empty() {
        return Err(Flaw::new("says no limit", "nothing after the sign").help(EXAMPLE));
    }
    let bound = bound(name, subject, comparison, bound_text).map_err(|flaw| match flaw.within {
        Some(_) => flaw.shifted(bound_at),
        None => flaw.within(bound_at..bound_at + bound_text.len()),
    })?;
    direction(name, subject, comparison, bound_text).map_err(|flaw| flaw.within(at..at + sign_length))?;
    let text = format!("{name} {} {bound_text}", comparison.sign());
    Ok(Sentence { text, name: name.to_owned(), subject, comparison, bound })
}

fn subject(name: &str) -> Parsed<Subject> {
    for prefix in ["latency_", "apply_delay_", "seconds_behind_"] {
        let Some(rest) = name.strip_prefix(prefix) else { continue };
        let Some(figure) = figure(prefix, rest)? else { continue };
        return Ok(match prefix {
            "latency_" => Subject::Latency(figure),
            "apply_delay_" => Subject::ApplyDelay(figure),
            _ => Subject::SecondsBehind(figure),
        });
    }
    Ok(match name {
        "availability" => Subject::Availability,
        "error_rate" => Subject::ErrorRate,
        "throughput" => Subject::Throughput,
        "utilization" => Subject::Utilization,
        "stale_reads" => Subject::StaleReads,
        "rpo" => Subject::Rpo,
        "rto" => Subject::Rto,
        "" => return Err(Flaw::new("says of nothing what it shall be", "no metric").help(EXAMPLE)),
        _ => {
            let near = OTHERS.iter().find(|(other, _)| *other == name).map(|(_, ours)| *ours);
            let help = match near.or_else(|| nearest(name, NAMES.into_iter())) {
                Some(near) => format!("did you mean {near}? Possible are {POSSIBLE}"),
                None => format!("possible are {POSSIBLE}"),
            };
            return Err(Flaw::new(format!("there is no metric `{name}`"), "unknown metric").help(help));
        }
    })
}

/// `mean`, `p99`, `p99_9`; `None`: something else.
fn figure(prefix: &str, text: &str) -> Parsed<Option<Figure>> {
    if text == "mean" {
        return Ok(Some(Figure::Mean));
    }
    if text == "max" {
        return Err(Flaw::new("a maximum grows with the length of the run and has no interval", "not to be judged")
            .help(format!("ask for a high percentile: {prefix}p99_9")));
    }
    let Some(digits) = text.strip_prefix('p') else { return Ok(None) };
    let number = digits.replacen('_', ".", 1);
    let Some(percent) =
        number.parse::<f64>().ok().filter(|_| !digits.is_empty() && !digits.contains(['e', 'E', '+', '-']))
    else {
        return Ok(None);
    };
    if digits.contains('.') {
        let help = format!("write {prefix}p{}", digits.replace('.', "_"));
        return Err(Flaw::new("a percentile has no point in its name", "a point").help(help));
    }
    // p999 elsewhere means p99.9
    if !(percent > 0.0 && percent < 100.0) {
        let help = format!("percentiles are above 0 and below 100: {prefix}p99, {prefix}p99_9");
        return Err(Flaw::new(format!("there is no percentile {percent}"), "no percentile").help(help));
    }
    Ok(Some(Figure::Percentile(hundredth(&number).unwrap_or(percent / 100.0))))
}

fn bound(name: &str, subject: Subject, comparison: Comparison, text: &str) -> Parsed<f64> {
    match subject {
        Subject::Latency(_) | Subject::ApplyDelay(_) | Subject::SecondsBehind(_) | Subject::Rto => {
            let seconds = quantity::parse(text, Dimension::Time)?;
            // a replica may be up to date most of the time, and no failure may stop writes
            let may_be_zero = !matches!(subject, Subject::Latency(_)) && comparison == Comparison::AtMost;
            if seconds == 0.0 && !may_be_zero {
                return Err(Flaw::new("nothing takes less than no time, so this is never met", "never met")
                    .help("write a time above zero"));
            }
            Ok(seconds)
        }
        Subject::Throughput => {
            let rate = quantity::parse(text, Dimension::Rate)?;
            if rate == 0.0 {
                return Err(Flaw::new("a throughput of zero says nothing", "zero").help("write a rate above zero"));
            }
            Ok(rate)
        }
        Subject::Rpo => {
            let count = quantity::parse(text, Dimension::Count)?;
            if count == 0.0 && comparison == Comparison::Below {
                return Err(Flaw::new("less than no transaction cannot be lost, so this is never met", "never met")
                    .help("write rpo <= 0"));
            }
            Ok(count)
        }
        Subject::Availability | Subject::ErrorRate | Subject::Utilization | Subject::StaleReads => {
            share(name, comparison, text)
        }
    }
}

/// `0.999` or `99.9%`.
fn share(name: &str, comparison: Comparison, text: &str) -> Parsed<f64> {
    let example = if name == "availability" { "0.999 or 99.9%" } else { "0.01 or 1%" };
    let (digits, percent) = match text.strip_suffix('%') {
        Some(number) => (number.trim(), true),
        None => (text, false),
    };
    let Some(number) = digits.parse::<f64>().ok().filter(|n| n.is_finite()) else {
        return Err(
            Flaw::new(format!("{name} is a share, found \"{text}\""), "not a share").help(format!("write {example}"))
        );
    };
    let value = if percent { hundredth(digits).unwrap_or(number / 100.0) } else { number };
    if value > 1.0 && !percent && value <= 100.0 {
        let help = format!("did you mean {number}%? It is a share from 0 to 1: {example}");
        return Err(Flaw::new(format!("{name} is at most 1, found {number}"), "more than all").help(help));
    }
    if !(0.0..=1.0).contains(&value) {
        return Err(Flaw::new(format!("{name} is a share from 0 to 1, found {text}"), "not a share")
            .help(format!("write {example}")));
    }
    let never = (comparison == Comparison::Above && value >= 1.0) || (comparison == Comparison::Below && value <= 0.0);
    if never {
        return Err(Flaw::new(format!("{name} {} {text} can never be met", comparison.sign()), "never met")
            .help(format!("{name} is a share from 0 to 1: {example}")));
    }
    Ok(value)
}

/// 99.9 as the number 0.999 and not its neighbour.
fn hundredth(percent: &str) -> Option<f64> {
    format!("{percent}e-2").parse().ok()
}

/// Whoever asks for slow answers has the sign the wrong way round.
fn direction(name: &str, subject: Subject, comparison: Comparison, bound: &str) -> Parsed<()> {
    let upper = match subject {
        Subject::Availability => false,
        // enough, or not more than one pays for; busy enough, or not too busy
        Subject::Throughput | Subject::Utilization => return Ok(()),
        Subject::Latency(_)
        | Subject::ErrorRate
        | Subject::ApplyDelay(_)
        | Subject::SecondsBehind(_)
        | Subject::StaleReads
        | Subject::Rpo
        | Subject::Rto => true,
    };
    if comparison.is_upper() == upper {
        return Ok(());
    }
    let (better, sign) = if upper { ("little", "<") } else { ("much", ">=") };
    Err(Flaw::new(
        format!("{name} is better the {} it is", if upper { "smaller" } else { "larger" }),
        "the wrong way round",
    )
    .help(format!("write {name} {sign} {bound}: as {better} as possible is wanted")))
}

#[cfg(test)]
mod tests {
    use super::super::super::reader::own;
    use super::*;

    fn read(text: &str) -> Parsed<Sentence> {
        sentence(&SourceFiles::default(), &own(&format!("\"{text}\"")))
    }

    #[test]
    fn a_sentence_has_a_figure_a_sign_and_a_limit_in_its_unit() {
        for (text, subject, comparison, bound) in [
            ("latency_p99 < 400 ms", Subject::Latency(Figure::Percentile(0.99)), Comparison::Below, 0.4),
            ("latency_p99_9<=2s", Subject::Latency(Figure::Percentile(0.999)), Comparison::AtMost, 2.0),
            ("latency_mean < 9 ms", Subject::Latency(Figure::Mean), Comparison::Below, 0.009),
            ("availability >= 0.999", Subject::Availability, Comparison::AtLeast, 0.999),
            ("availability >= 99.9%", Subject::Availability, Comparison::AtLeast, 0.999),
            ("error_rate < 1%", Subject::ErrorRate, Comparison::Below, 0.01),
            ("throughput > 500/s", Subject::Throughput, Comparison::Above, 500.0),
            ("utilization <= 0.7", Subject::Utilization, Comparison::AtMost, 0.7),
            ("apply_delay_p95 < 1 s", Subject::ApplyDelay(Figure::Percentile(0.95)), Comparison::Below, 1.0),
            ("seconds_behind_mean < 2 s", Subject::SecondsBehind(Figure::Mean), Comparison::Below, 2.0),
            ("stale_reads < 0.05", Subject::StaleReads, Comparison::Below, 0.05),
            ("rpo <= 0", Subject::Rpo, Comparison::AtMost, 0.0),
            ("rto < 30 s", Subject::Rto, Comparison::Below, 30.0),
        ] {
            let sentence = read(text).unwrap_or_else(|flaw| panic!("{text}: {}", flaw.what));
            assert_eq!((sentence.subject, sentence.comparison), (subject, comparison), "{text}");
            assert!((sentence.bound - bound).abs() < 1e-15, "{text}: {}", sentence.bound);
        }
        assert_eq!(read("  latency_p95<1 s ").unwrap().text, "latency_p95 < 1 s");
    }

    #[test]
    fn what_is_no_sentence_is_refused_with_what_to_write() {
        for (text, what, help) in [
            ("latency_p99", "says no limit", "latency_p99 < 400 ms"),
            ("latency_p99 <", "says no limit", "latency_p99 < 400 ms"),
            ("< 400 ms", "says of nothing", "latency_p99 < 400 ms"),
            ("latency_p99 == 400 ms", "`==` is no comparison", "<, <=, >= or >"),
            ("latency_p99 < 400", "a time needs its unit", "400 ms"),
            ("latency_p99 < 400 KiB", "expected a time, found a size", ""),
            ("latency_p99 < -4 ms", "cannot be negative", ""),
            ("latency_p99 < 0 ms", "never met", "above zero"),
            ("latency_p99 > 400 ms", "better the smaller", "latency_p99 < 400 ms"),
            ("latency_p99.9 < 1 s", "no point in its name", "latency_p99_9"),
            ("latency_p999 < 1 s", "no percentile 999", "latency_p99_9"),
            ("latency_p100 < 1 s", "no percentile 100", ""),
            ("latency_max < 1 s", "has no interval", "latency_p99_9"),
            ("latncy_p99 < 1 s", "no metric `latncy_p99`", "did you mean latency_p99?"),
            ("p99 < 1 s", "no metric `p99`", "latency_p99"),
            ("lag < 1 s", "no metric `lag`", "seconds_behind_p99"),
            ("availability >= 1.5", "at most 1", "1.5%"),
            ("availability >= 99.9", "at most 1", "99.9%"),
            ("availability >= 150%", "a share from 0 to 1", ""),
            ("availability > 1", "never be met", ""),
            ("availability < 0.999", "better the larger", "availability >= 0.999"),
            ("error_rate < 0", "never be met", ""),
            ("error_rate > 1%", "better the smaller", "error_rate < 1%"),
            ("throughput > 500", "a rate needs its unit", "500/s"),
            ("rpo < 0", "never met", "rpo <= 0"),
            ("rpo < 5 s", "expected a plain number", "5"),
            ("rto < 5", "a time needs its unit", "5 ms"),
        ] {
            let flaw = read(text).expect_err(text);
            assert!(flaw.what.contains(what), "{text}: {}", flaw.what);
            assert!(flaw.help.contains(help) && !flaw.help.is_empty(), "{text}: {}", flaw.help);
        }
    }
}

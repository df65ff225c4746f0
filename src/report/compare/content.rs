//! What is said of two scenarios and in which order: the verdict and what it rests on, what differs in them, every figure
//! with its difference, and what the runs had in common.

use crate::experiment::compare::difference::{Difference, Written};
use crate::experiment::compare::findings::{FigureFindings, Findings, Value};
use crate::experiment::compare::verdict::Verdict;
use crate::experiment::per_run::{Figure as Which, Measure, Of, Statistic};
use crate::experiment::summary::Estimate;

use super::super::content::{self, Block, Tone};
use super::super::figure::{self, Figure, NOTHING};
use super::super::table::{Table, shorten};

pub use super::super::content::Extent;

/// Keys that differ, and stations, on a terminal; Markdown has all.
const KEYS_SHOWN: usize = 12;
const STATIONS_SHOWN: usize = 8;
/// Longest value of a key on a terminal.
const VALUE_WIDTH: usize = 24;
/// Of a value in a line of text.
const LINE_WIDTH: usize = 200;
/// Nothing is cut.
const VALUE_MAX: usize = usize::MAX;

pub fn title(findings: &Findings) -> String {
    let (a, b) = (&findings.a.scenario.name, &findings.b.scenario.name);
    let both = if a == b { a.clone() } else { format!("{a} and {b}") };
    format!("{both}: B compared with A")
}

pub fn below(findings: &Findings) -> Vec<(Tone, String)> {
    let side = |name: &str, side: &crate::experiment::compare::findings::Side| {
        let hash: String = side.scenario.sha256.chars().take(12).collect();
        let stored = if side.stored { ", stored" } else { "" };
        (Tone::Plain, format!("{name}: {} (scenario {hash}{stored})", side.file))
    };
    let each = if findings.a.stored { "" } else { " each" };
    let warmup = match findings.warmup_s {
        0.0 => "without warm-up".to_owned(),
        s => format!("after a warm-up of {}", figure::duration(s)),
    };
    let setting = format!(
        "{}{each} of {} {warmup}, seed {}; {}",
        figure::counted(u64::from(findings.runs), "run"),
        figure::duration(findings.measured_s),
        findings.seed,
        figure::counted(findings.totals.requests, "request")
    );
    vec![side("A", &findings.a), side("B", &findings.b), (Tone::Faint, setting)]
}

pub fn blocks(findings: &Findings, extent: Extent) -> Vec<Block> {
    let mut blocks = Vec::new();
    verdict(findings, &mut blocks);
    differences(findings, extent, &mut blocks);
    figures(findings, extent, &mut blocks);
    common(findings, &mut blocks);
    content::warnings(&findings.warnings, &mut blocks);
    blocks
}

fn verdict(findings: &Findings, out: &mut Vec<Block>) {
    let (tone, text) = headline(findings);
    out.push(Block::Heading(format!("Verdict: {}", findings.verdict.name())));
    out.push(Block::Line(tone, text));
    rules(findings, out);
}

/// `B is better than A: all p99 (all) ms -12.3% (better); ...`
pub fn headline(findings: &Findings) -> (Tone, String) {
    let (tone, what) = match findings.verdict {
        Verdict::Worse => (Tone::Alarm, "B is WORSE than A"),
        Verdict::Better => (Tone::Good, "B is better than A"),
        Verdict::Same => (Tone::Good, "B is the same as A"),
        Verdict::Inconclusive | Verdict::Higher | Verdict::Lower => (Tone::Warning, "Inconclusive"),
    };
    let judged = findings.figures.iter().filter(|figure| figure.judged);
    let each: Vec<String> = judged.map(sentence).collect();
    (tone, format!("{what}: {}", each.join("; ")))
}

/// When a figure counts as worse, and what would decide one that is not.
pub fn rules(findings: &Findings, out: &mut Vec<Block>) {
    let threshold = content::percent(findings.threshold);
    let looks = match findings.looks.len() {
        1 => String::new(),
        n => format!(", shared out over {n} looks (at {} runs)", listed(&findings.looks)),
    };
    out.push(Block::Line(
        Tone::Faint,
        format!(
            "A figure is worse (better) when its whole interval lies beyond {threshold} of A's value on that side, the same \
             when it lies within; availability beyond {} of all requests. The error of all of these together is at \
             most 5% (Holm){looks}.",
            content::percent(findings.threshold_availability)
        ),
    ));
    if findings.verdict == Verdict::Inconclusive {
        let advice = "more runs (--max-runs), a longer simulation.duration or a wider --threshold would decide it";
        out.push(Block::Line(Tone::Plain, format!("The intervals reach over the threshold: {advice}.")));
    }
}

fn listed(looks: &[u32]) -> String {
    looks.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

/// `p99 +12.3% (worse)`
fn sentence(figure: &FigureFindings) -> String {
    let name = what(&figure.figure);
    let by = match (figure.figure.measure, figure.change, figure.difference) {
        (Measure::Availability, _, Some(difference)) => format!("{:+.3} percentage points", 100.0 * difference),
        (_, Some(change), _) => percent(change),
        (_, None, Some(difference)) => figure::signed(&Figure::plain(figure::number(difference))).text(),
        (_, None, None) if figure.b.censored => "among the failures in B".to_owned(),
        (_, None, None) if figure.a.censored => "among the failures in A".to_owned(),
        (_, None, None) => "no value".to_owned(),
    };
    format!("{name} {by} ({})", figure.verdict.name())
}

pub fn differences(findings: &Findings, extent: Extent, out: &mut Vec<Block>) {
    out.push(Block::Heading("What differs in the scenarios".into()));
    let all = &findings.scenario_differences;
    if all.is_empty() {
        out.push(Block::Line(Tone::Plain, "Nothing that takes effect.".into()));
    }
    let wanted: Vec<&Difference> = all.iter().filter(|one| extent != Extent::Terminal || !one.is_default()).collect();
    let shown = if extent != Extent::Terminal { wanted.len() } else { wanted.len().min(KEYS_SHOWN) };
    if shown > 0 {
        // what a column would cut has a line of its own: the cut may be where it differs
        let is_long = |written: &Option<Written>| {
            extent == Extent::Terminal && value_of(written, VALUE_MAX).chars().count() > VALUE_WIDTH
        };
        let (long, short): (Vec<&Difference>, Vec<&Difference>) =
            wanted[..shown].iter().partition(|one| is_long(&one.a) || is_long(&one.b));
        if !short.is_empty() {
            let mut table = Table::new(&["key", "A", "B"]);
            for one in short {
                table.row(&one.key, [&one.a, &one.b].map(|written| Figure::plain(value_of(written, VALUE_MAX))).into());
            }
            out.push(Block::Table(table));
        }
        for one in long {
            let [a, b] = [&one.a, &one.b].map(|written| value_of(written, LINE_WIDTH));
            out.push(Block::Line(Tone::Plain, format!("{}: {a} in A, {b} in B", one.key)));
        }
    }
    if shown < all.len() {
        let defaults = all.iter().filter(|one| one.is_default()).count();
        let more = format!("and {} more, {defaults} of them defaults: see compare.md", all.len() - shown);
        out.push(Block::Line(Tone::Faint, more));
    }
    for (side, only) in [("A", &findings.only_in_a), ("B", &findings.only_in_b)] {
        if !only.is_empty() {
            let shown: Vec<&str> = only.iter().take(KEYS_SHOWN).map(String::as_str).collect();
            let more = if only.len() > shown.len() {
                format!(" and {} more", only.len() - shown.len())
            } else {
                String::new()
            };
            out.push(Block::Line(
                Tone::Plain,
                format!("Only in {side}, and not compared: {}{more}.", shown.join(", ")),
            ));
        }
    }
}

fn value_of(written: &Option<Written>, width: usize) -> String {
    match written {
        None => NOTHING.into(),
        Some(written) => {
            let value = shorten(&written.value, width);
            if written.default { format!("{value} (default)") } else { value }
        }
    }
}

pub fn figures(findings: &Findings, extent: Extent, out: &mut Vec<Block>) {
    let of = |wanted: fn(&Of) -> bool| findings.figures.iter().filter(move |f| wanted(&f.figure.of));
    let classes: Vec<&FigureFindings> =
        of(|of| matches!(of, Of::Class(_))).filter(|f| extent != Extent::Terminal || is_shown(f)).collect();
    let replicas: Vec<&FigureFindings> =
        of(|of| matches!(of, Of::Replica(_))).filter(|f| extent != Extent::Terminal || is_main(f)).collect();
    let mut stations: Vec<&FigureFindings> = of(|of| matches!(of, Of::Station(_))).collect();
    let count = stations.len();
    if extent == Extent::Terminal {
        stations = moved(stations);
    }
    table("Requests", &classes, figure::estimate, true, out);
    out.push(Block::Line(Tone::Faint, note(findings)));
    // on a terminal there is no room for what a queue of no length gains
    let (small, narrower): (Small, bool) = match extent {
        Extent::Terminal => (figure::coarse, false),
        Extent::Page => (figure::coarse, true),
        Extent::Full => (figure::estimate, true),
    };
    let heading = if extent != Extent::Terminal { "Stations" } else { "Stations, where most has changed" };
    if !stations.is_empty() {
        table(heading, &stations, small, narrower, out);
    }
    if stations.len() < count {
        let left = format!("and {} more figures of stations: see compare.md", count - stations.len());
        out.push(Block::Line(Tone::Faint, left));
    }
    if !replicas.is_empty() {
        table("Replication", &replicas, small, narrower, out);
    }
}

fn note(findings: &Findings) -> String {
    let confidence = content::percent(findings.confidence);
    let looks = match findings.looks.len() {
        1 => format!("±: {confidence} Student-t interval of the runs' paired differences"),
        _ => format!(
            "±: Student-t interval of the runs' paired differences, at {confidence} so that all looks together keep 95%"
        ),
    };
    let many = findings.figures.len();
    format!(
        "{looks}; ±?: none, since runs do not vary or too few requests lie beyond. Narrower: how much wider it were with \
         traffic of its own on each side. *: in the verdict. ?: inconclusive. Figures that are not in the verdict are judged each by itself, so of {many} \
         some may stray by chance."
    )
}

type Small = fn(&Estimate, f64) -> Figure;

/// Of a replica, on a terminal.
fn is_main(figure: &FigureFindings) -> bool {
    matches!(
        figure.figure.measure,
        Measure::ApplyDelay(Statistic::Mean | Statistic::P99) | Measure::SecondsBehind | Measure::StaleReads
    )
}

/// On a terminal: all of all, and the mean and p99 of each class.
fn is_shown(figure: &FigureFindings) -> bool {
    let Of::Class(name) = &figure.figure.of else { return true };
    let counts = |figure: &FigureFindings| figure.a.value != Some(0.0) || figure.b.value != Some(0.0);
    match figure.figure.measure {
        Measure::Latency(Statistic::Mean | Statistic::P99) => true,
        Measure::LatencyAll(Statistic::P99) => true,
        Measure::Failures => name == "all" && counts(figure),
        Measure::LatencyAll(_) => false,
        _ => name == "all",
    }
}

/// The stations' figures that have changed most, in their order; none that nobody waits at.
fn moved(stations: Vec<&FigureFindings>) -> Vec<&FigureFindings> {
    let size = |f: &FigureFindings| match f.figure.measure {
        // a utilization of 0.1% that doubles is nothing
        Measure::Utilization => f.difference.unwrap_or(0.0).abs(),
        // waits of microseconds neither: nobody sees less than a hundredth of a millisecond
        _ => f.difference.unwrap_or(0.0).abs() / 100.0,
    };
    let mut sizes: Vec<f64> = stations.iter().map(|f| size(f)).collect();
    sizes.sort_by(|a, b| b.total_cmp(a));
    let least = sizes.get(STATIONS_SHOWN).copied().unwrap_or(0.0).max(1e-4);
    stations.into_iter().filter(|f| size(f) > least).take(STATIONS_SHOWN).collect()
}

/// `small`: how a difference is written; `narrower`: whether there is room for what common random numbers gain.
fn table(heading: &str, figures: &[&FigureFindings], small: Small, narrower: bool, out: &mut Vec<Block>) {
    out.push(Block::Heading(heading.into()));
    let mut table = Table::new(&["figure", "A", "B", "B - A", "change", "verdict"]);
    table.columns.extend(narrower.then(|| "narrower".to_owned()));
    for figure in figures {
        let scale = scale(figure.figure.measure);
        let change = match figure.figure.measure {
            // a share of a share misleads
            Measure::Availability | Measure::StaleReads => NOTHING.into(),
            _ => figure.change.map_or(NOTHING.into(), percent),
        };
        let verdict = match figure.verdict {
            Verdict::Inconclusive => "?",
            decided => decided.name(),
        };
        let mut figures = vec![
            value(&figure.a, scale, small),
            value(&figure.b, scale, small),
            difference(figure, small),
            Figure::plain(change),
            Figure::plain(if figure.judged { format!("{verdict} *") } else { verdict.to_owned() }),
        ];
        if narrower {
            let gain = figure.common_random_numbers;
            figures.push(Figure::plain(gain.map_or(NOTHING.into(), |gain| times(gain.narrower))));
        }
        table.row(what(&figure.figure), figures);
    }
    out.push(Block::Table(table));
}

/// B - A with its interval and its sign, shares in percentage points.
pub fn difference(found: &FigureFindings, small: Small) -> Figure {
    let difference = Estimate { value: found.difference, ci95: found.difference_ci95, runs: 0, censored: false };
    figure::signed(&small(&difference, scale(found.figure.measure)))
}

/// With its sign, unless it rounds to nothing.
fn percent(change: f64) -> String {
    if (100.0 * change).abs() < 0.05 { "0.0%".into() } else { figure::signed_percent(100.0 * change) }
}

pub fn times(factor: f64) -> String {
    if factor < 10.0 { format!("{factor:.1}x") } else { format!("{factor:.0}x") }
}

fn value(value: &Value, scale: f64, small: Small) -> Figure {
    Figure::plain(match value.value {
        Some(_) => small(&Estimate { value: value.value, ci95: None, runs: 0, censored: false }, scale).value,
        None if value.censored => "failed".into(),
        None => NOTHING.into(),
    })
}

/// Of a figure or its difference, as [`what`] names it.
pub fn unit(found: &FigureFindings) -> &'static str {
    match found.figure.measure {
        Measure::Availability | Measure::Utilization | Measure::StaleReads => "points",
        Measure::Latency(_) | Measure::LatencyAll(_) | Measure::Waiting | Measure::ApplyDelay(_) => "ms",
        Measure::Throughput | Measure::Failures => "/s",
        Measure::SecondsBehind => "s",
        Measure::Backlog => "",
    }
}

/// Shares are shown in percent.
pub fn scale(measure: Measure) -> f64 {
    match measure {
        Measure::Availability | Measure::Utilization | Measure::StaleReads => 100.0,
        Measure::Latency(_) | Measure::LatencyAll(_) | Measure::Throughput | Measure::Failures => 1.0,
        Measure::Waiting | Measure::ApplyDelay(_) | Measure::SecondsBehind | Measure::Backlog => 1.0,
    }
}

/// `checkout p99 ms`
pub fn what(figure: &Which) -> String {
    let statistic = |statistic: Statistic| statistic.name().replace('_', ".");
    let name = match &figure.of {
        Of::Class(name) | Of::Station(name) | Of::Replica(name) => name,
    };
    let measure = match figure.measure {
        Measure::Latency(of) => format!("{} ms", statistic(of)),
        Measure::LatencyAll(of) => format!("{} (all) ms", statistic(of)),
        Measure::Throughput => "answers /s".into(),
        Measure::Availability => "answered %".into(),
        Measure::Failures => "failed /s".into(),
        Measure::Utilization => "busy %".into(),
        Measure::Waiting => "waiting ms".into(),
        Measure::ApplyDelay(of) => format!("delay {} ms", statistic(of)),
        Measure::SecondsBehind => "behind s".into(),
        Measure::Backlog => "backlog".into(),
        Measure::StaleReads => "stale reads %".into(),
    };
    format!("{name} {measure}")
}

/// What the runs of both had in common, and what that was worth.
pub fn common(findings: &Findings, out: &mut Vec<Block>) {
    out.push(Block::Heading("Common random numbers".into()));
    for figure in findings.figures.iter().filter(|figure| figure.judged) {
        let name = what(&figure.figure);
        let text = match figure.common_random_numbers {
            Some(gain) if gain.narrower >= 1.0 => format!(
                "{name}: the interval is {} narrower than with traffic of its own on each side, which would take {} as many \
                 runs",
                times(gain.narrower),
                times(gain.runs_saved)
            ),
            Some(gain) => format!("{name}: nothing is gained, the interval is {} as wide", times(1.0 / gain.narrower)),
            None if figure.identical => format!("{name}: the same in every run"),
            None => format!("{name}: no interval, so no gain is known"),
        };
        out.push(Block::Line(Tone::Plain, text));
    }
    let unlike: Vec<String> = findings
        .arrivals
        .iter()
        .filter(|of| of.equal_runs < findings.runs)
        .map(|of| format!("{} ({} in A, {} in B)", of.class, figure::count(of.a), figure::count(of.b)))
        .collect();
    match (findings.arrivals.is_empty(), unlike.is_empty()) {
        (true, _) => {}
        (false, true) => {
            out.push(Block::Line(Tone::Plain, "As many requests of each class came to both in every run.".into()))
        }
        (false, false) => {
            out.push(Block::Line(Tone::Plain, format!("Arrivals differ in some run: {}.", unlike.join(", "))));
        }
    }
    if !findings.unpaired.is_empty() {
        out.push(Block::Line(
            Tone::Plain,
            "What both do not draw alike, since it has other names or depends on the state:".into(),
        ));
    }
    for one in &findings.unpaired {
        out.push(Block::Item { tone: Tone::Faint, text: format!("{}: {}", one.what, one.why), advice: String::new() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_its_sign_and_nothing_has_none() {
        for (value, shown) in
            [("1.5", "+1.5"), ("-0.94", "-0.94"), ("-0.00", "0.00"), ("0", "0"), ("<0.001", "<0.001"), ("-", "-")]
        {
            assert_eq!(figure::signed(&Figure::plain(value)).value, shown);
        }
        assert_eq!([percent(-0.0001), percent(0.123), percent(-0.05)], ["0.0%", "+12.3%", "-5.0%"]);
        assert_eq!([times(5.66), times(24.4)], ["5.7x", "24x"]);
    }
}

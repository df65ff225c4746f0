//! What is said of production and the simulation beside each other.

use crate::experiment::compare::observed::{Beside, Trust};
use crate::experiment::summary::Estimate;

use super::super::content::{self, Block, Tone};
use super::super::figure::{self, Figure, NOTHING};
use super::super::table::Table;
use super::content::{scale, what};

pub fn title(trust: &Trust) -> String {
    format!("{}: the simulation beside what was observed", trust.scenario.name)
}

pub fn below(trust: &Trust) -> Vec<(Tone, String)> {
    let warmup = match trust.warmup_s {
        0.0 => "without warm-up".to_owned(),
        s => format!("after a warm-up of {}", figure::duration(s)),
    };
    let setting = format!(
        "{} of {} {warmup}, seed {}; {}",
        figure::counted(u64::from(trust.runs), "run"),
        figure::duration(trust.measured_s),
        trust.seed,
        figure::counted(trust.totals.requests, "request")
    );
    vec![
        (Tone::Plain, format!("simulated: {}", trust.file)),
        (Tone::Plain, format!("observed: {}", trust.observed)),
        (Tone::Faint, setting),
    ]
}

pub fn blocks(trust: &Trust) -> Vec<Block> {
    let mut out = Vec::new();
    let (tone, text) = headline(trust);
    out.push(Block::Heading("Can it be trusted?".into()));
    out.push(Block::Line(tone, text));
    out.extend(farthest(trust));
    table(trust, &mut out);
    content::warnings(&trust.warnings, &mut out);
    out
}

/// How many figures lie where they should.
pub fn headline(trust: &Trust) -> (Tone, String) {
    let judged: Vec<&Beside> = trust.figures.iter().filter(|one| one.in_single_run.is_some()).collect();
    let within = judged.iter().filter(|one| one.in_single_run == Some(true)).count();
    match (judged.len(), within) {
        (0, _) => (Tone::Warning, "No figure has a range to hold it against.".to_owned()),
        (n, within) if n == within => (Tone::Good, format!("All {n} figures lie where a run of this model would.")),
        (n, within) => (Tone::Warning, format!("{within} of {n} figures lie where a run of this model would.")),
    }
}

/// The figure that deviates most.
pub fn farthest(trust: &Trust) -> Option<Block> {
    let farthest = trust.figures.iter().filter(|one| one.deviation.is_some()).max_by(|a, b| {
        let size = |one: &Beside| one.deviation.unwrap_or(0.0).abs();
        size(a).total_cmp(&size(b))
    });
    farthest.map(|one| {
        let by = figure::signed_percent(100.0 * one.deviation.unwrap_or(0.0));
        Block::Line(Tone::Plain, format!("The largest deviation is {by}, of {}.", what(&one.figure)))
    })
}

pub fn table(trust: &Trust, out: &mut Vec<Block>) {
    let columns = ["figure", "observed", "simulated", "deviation", "in ±", "a single run", "in it"];
    out.push(Block::Heading("Observed and simulated".into()));
    let mut table = Table::new(&columns);
    for one in &trust.figures {
        let scale = scale(one.figure.measure);
        let yes = |is: Option<bool>| Figure::plain(is.map_or(NOTHING, |is| if is { "yes" } else { "no" }));
        table.row(
            what(&one.figure),
            vec![
                Figure::plain(figure::number(one.observed * scale)),
                figure::estimate(&one.simulated, scale),
                Figure::plain(one.deviation.map_or(NOTHING.into(), |by| figure::signed_percent(100.0 * by))),
                yes(one.in_interval),
                Figure::plain(range(one, scale)),
                yes(one.in_single_run),
            ],
        );
    }
    out.push(Block::Table(table));
    let note = "Deviation: simulated over observed. ±: 95% interval of the mean over runs, which narrows with every run; a \
                single run: where one run of this length lies with 95%. Production is one run itself, so the second is \
                what it has to keep to, if it was observed for as long.";
    out.push(Block::Line(Tone::Faint, note.into()));
}

fn range(one: &Beside, scale: f64) -> String {
    let Some([low, high]) = one.single_run95 else { return NOTHING.into() };
    // with the digits that their distance asks for
    let end = |value: f64| {
        let both = Estimate {
            value: Some(value),
            ci95: Some([value - (high - low) / 2.0, value + (high - low) / 2.0]),
            runs: 0,
            censored: false,
        };
        figure::estimate(&both, scale).value
    };
    format!("{} to {}", end(low), end(high))
}

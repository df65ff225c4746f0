//! What is said of single failures and in which order: what they cost, what they do, what that makes of the whole.

use crate::experiment::spof::findings::{
    Availability, ComponentFindings, Downtime, Findings, Pair, PairFindings, Recovery, Verdict, worst,
};

use super::super::content::{self, Block, Tone};
use super::super::figure::{self, Figure, NOTHING};
use super::super::table::Table;

pub use super::super::content::Extent;

pub fn title(findings: &Findings) -> String {
    format!("{}: what each single failure costs", findings.scenario.name)
}

pub fn below(findings: &Findings) -> Vec<(Tone, String)> {
    let time = figure::duration;
    let setting = format!(
        "{} of each of {} and of none: fails after {}, for {}, and {} beyond; seed {}",
        figure::counted(u64::from(findings.runs), "run"),
        figure::counted(findings.components.len() as u64, "failure"),
        time(findings.before_s),
        time(findings.lasts_s),
        time(findings.after_s),
        findings.seed
    );
    let totals = findings.totals;
    let hash: String = findings.scenario.sha256.chars().take(12).collect();
    let size = format!(
        "{}, {}, scenario {hash}",
        figure::counted(totals.requests, "request"),
        figure::counted(totals.events, "event")
    );
    vec![(Tone::Plain, setting), (Tone::Faint, size)]
}

pub fn blocks(findings: &Findings, extent: Extent) -> Vec<Block> {
    let mut blocks = Vec::new();
    costs(findings, &mut blocks);
    effects(findings, &mut blocks);
    reasons(findings, &mut blocks);
    system(findings, &mut blocks);
    if let Some(found) = &findings.pairs {
        pairs(found, extent, &mut blocks);
    }
    content::warnings(&findings.warnings, &mut blocks);
    if extent == Extent::Full {
        content::assumptions(&findings.assumptions, &mut blocks);
    }
    blocks
}

/// Failures that are named in a sentence.
const NAMED: usize = 8;

/// Which single failures nothing stands in for, the dearest first.
pub fn headline(findings: &Findings) -> (Tone, String) {
    let (spofs, unsure) = (named(findings, Verdict::Yes), named(findings, Verdict::Undecided));
    let of = figure::counted(findings.components.len() as u64, "single failure");
    match (spofs.len(), unsure.len()) {
        (0, 0) => (Tone::Good, format!("None of {of} is a single point of failure")),
        (0, n) => (Tone::Warning, format!("Undecided: {n} of {of} may be single points of failure: {}", list(&unsure))),
        (1, _) => (Tone::Alarm, format!("1 of {of} is a single point of failure: {}", list(&spofs))),
        (n, _) => (Tone::Alarm, format!("{n} of {of} are single points of failure: {}", list(&spofs))),
    }
}

/// What is not in the headline: those that are undecided, and what costs most.
pub fn beside_headline(findings: &Findings, out: &mut Vec<Block>) {
    let unsure = named(findings, Verdict::Undecided);
    if !unsure.is_empty() && findings.components.iter().any(|c| c.spof == Verdict::Yes) {
        let text = format!("Undecided, since the intervals reach over the objective: {}.", list(&unsure));
        out.push(Block::Line(Tone::Warning, text));
    }
    if let Some(dearest) = findings.components.first() {
        let lost = figure::coarse(&dearest.cost.budget_min_per_year, 1.0).text();
        let text = format!("{} costs most: {lost} minutes' worth of requests in a year.", label(dearest));
        out.push(Block::Line(Tone::Plain, text));
    }
}

fn named(findings: &Findings, verdict: Verdict) -> Vec<String> {
    findings.components.iter().filter(|c| c.spof == verdict).map(label).collect()
}

fn list(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "yes",
        Verdict::No => "no",
        Verdict::Undecided => "undecided",
    }
}

/// `yes`, `no`, or `?` where the interval cannot tell.
fn short(found: Verdict) -> Figure {
    Figure::plain(match found {
        Verdict::Undecided => "?",
        decided => verdict(decided),
    })
}

/// Of a year, a tenth of a second is enough.
pub fn minutes(value: f64) -> Figure {
    Figure::plain(match value {
        v if v < 0.0005 => "0".into(),
        v if v < 10.0 => format!("{v:.3}"),
        v if v < 1000.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    })
}

pub fn costs(findings: &Findings, out: &mut Vec<Block>) {
    out.push(Block::Heading("Minutes in a year, the dearest first".into()));
    let columns = ["failure", "SPOF", "lost min", "down min", "MTTF/2", "MTTFx2", "MTTR/2", "MTTRx2"];
    let mut table = Table::new(&columns);
    for c in &findings.components {
        let cost = &c.cost;
        let points = [cost.mttf_halved, cost.mttf_doubled, cost.mttr_halved, cost.mttr_doubled];
        let mut figures = vec![
            short(c.spof),
            figure::coarse(&cost.budget_min_per_year, 1.0),
            minutes(cost.down_min_per_year.value.unwrap_or(0.0)),
        ];
        figures.extend(points.map(|point| minutes(point.budget_min_per_year)));
        table.row(label(c), figures);
    }
    out.push(Block::Table(table));
    let note = format!(
        "SPOF: once failover has settled, less than {} of some class is answered; ?: too few runs to tell. Lost: \
         minutes' worth of requests not answered within {}. Down: less than half are answered. Then lost min with MTTF \
         and MTTR (notice and fix) halved and doubled.",
        content::percent(findings.objective),
        figure::duration(findings.within_s)
    );
    out.push(Block::Line(Tone::Faint, note));
    let doubt = match findings.runs {
        1 => "±?: no interval from one run.".to_owned(),
        n => format!(
            "±: 95% interval of the simulation only, over {n} runs; how often things fail and how long they last is \
             taken as given. ±?: all runs agree."
        ),
    };
    out.push(Block::Line(Tone::Faint, doubt));
    let mut often = Table::new(&["failure", "MTTF", "a year", "noticed after", "fixed in", "who restores it"]);
    for c in &findings.components {
        let cost = &c.cost;
        often.row(
            label(c),
            vec![
                Figure::plain(long(cost.mttf_s)),
                Figure::plain(figure::number(cost.failures_per_year)),
                Figure::plain(long(cost.notice_s)),
                Figure::plain(long(cost.fix_s)),
                Figure::plain(who(c)),
            ],
        );
    }
    out.push(Block::Heading("How often, and who puts it right".into()));
    out.push(Block::Table(often));
}

/// `db1 (power_off)`
pub fn label(c: &ComponentFindings) -> String {
    match c.fault {
        "power_off" => format!("{} off", c.name),
        "cut" => format!("{} cut", c.name),
        "hang" => format!("{} hangs", c.name),
        _ => c.name.clone(),
    }
}

/// A time of a year's order.
fn long(seconds: f64) -> String {
    if seconds >= 86_400.0 { format!("{} d", figure::number(seconds / 86_400.0)) } else { figure::duration(seconds) }
}

fn who(c: &ComponentFindings) -> &'static str {
    match c.recovery {
        Recovery::Unharmed => "nobody needs to",
        Recovery::Failover { .. } if c.spof == Verdict::No => "failover",
        Recovery::Failover { .. } | Recovery::Repair { .. } | Recovery::Never => "a person",
    }
}

pub fn effects(findings: &Findings, out: &mut Vec<Block>) {
    out.push(Block::Heading(format!("What one failure of {} does", figure::duration(findings.lasts_s))));
    let columns = [
        "failure",
        "worst class",
        "answered %",
        "detected s",
        "eases after s",
        "answered again",
        "p99 before ms",
        "during",
        "after",
    ];
    let mut table = Table::new(&columns);
    for c in &findings.components {
        let worst = worst(&c.classes);
        let p99 = c.p99_ms;
        let mut figures = vec![
            Figure::plain(worst.map_or(NOTHING, |class| class.class.as_str())),
            worst.map_or(Figure::plain(NOTHING), |class| share(&class.settled)),
            figure::estimate(&c.detected_s, 1.0),
            Figure::plain(c.noticed_s.map_or(NOTHING.into(), |s| format!("{s:.1}"))),
            Figure::plain(again(c.recovery)),
        ];
        figures.extend([p99.before, p99.during, p99.after].map(|p99| figure::estimate(&p99, 1.0)));
        table.row(label(c), figures);
    }
    let base = findings.baseline.p99_ms;
    let usual = worst(&findings.baseline.classes);
    let mut none = vec![
        Figure::plain(usual.map_or(NOTHING, |class| class.class.as_str())),
        usual.map_or(Figure::plain(NOTHING), |class| share(&class.settled)),
    ];
    none.extend(vec![Figure::plain(NOTHING); 3]);
    none.extend([base.before, base.during, base.after].map(|p99| figure::estimate(&p99, 1.0)));
    table.row("no failure", none);
    out.push(Block::Table(table));
    let note = format!(
        "Answered %: of the class that fares worst, from {} to {} after the failure. Detected: by a health check or a \
         peer. Eases: what is missing has fallen to half. Answered again, as the objective asks: after the failure, or after its repair. Times are exact \
         to {:.1} s.",
        figure::duration(findings.settled_s[0] - findings.before_s),
        figure::duration(findings.settled_s[1] - findings.before_s),
        findings.window_s
    );
    out.push(Block::Line(Tone::Faint, note));
    for c in &findings.components {
        let Some(overload) = &c.overload else { continue };
        let grows = if overload.growing { ", and its queue grows" } else { "" };
        let text = format!(
            "{}: {} is overloaded meanwhile, {}% busy{grows}",
            label(c),
            overload.station,
            figure::number(overload.utilization * 100.0)
        );
        out.push(Block::Line(Tone::Warning, text));
    }
}

/// A share as percent; all of them is `100`, with what the runs cannot exclude.
fn share(settled: &crate::experiment::summary::Estimate) -> Figure {
    let figure = figure::estimate(settled, 100.0);
    match settled.ci95 {
        Some([low, _]) if settled.value == Some(1.0) && low > 0.9995 => Figure::plain("100"),
        Some([_, high]) if settled.value == Some(0.0) && high < 0.0005 => Figure::plain("0"),
        _ => figure,
    }
}

fn again(recovery: Recovery) -> String {
    match recovery {
        Recovery::Unharmed => "always".into(),
        Recovery::Failover { after_s } => format!("{after_s:.1} s"),
        Recovery::Repair { after_s } => format!("repair + {after_s:.1} s"),
        Recovery::Never => "not yet".into(),
    }
}

pub fn reasons(findings: &Findings, out: &mut Vec<Block>) {
    let mut columns: Vec<&str> = Vec::new();
    for (reason, _) in findings.components.iter().flat_map(|c| &c.failures) {
        if !columns.contains(&reason.as_str()) {
            columns.push(reason);
        }
    }
    let failing: Vec<&ComponentFindings> = findings.components.iter().filter(|c| fails(c)).collect();
    if failing.is_empty() {
        return;
    }
    out.push(Block::Heading("Failed requests of each run, from the failure on".into()));
    let mut table = Table::new(&[["failure", "not in time"].as_slice(), &columns].concat());
    for c in failing {
        let of = |reason: &&str| c.failures.iter().find(|(name, _)| name == reason).map_or(0.0, |(_, n)| *n);
        let mut figures = vec![figure::estimate(&c.failed, 1.0)];
        figures.extend(columns.iter().map(|reason| Figure::plain(figure::number(of(reason)))));
        table.row(label(c), figures);
    }
    out.push(Block::Table(table));
    let note = "Not in time: failed, late or never answered, more than without the failure. The others ended for that \
                reason; who waits for an answer that never comes has none.";
    out.push(Block::Line(Tone::Faint, note.into()));
}

fn fails(c: &ComponentFindings) -> bool {
    !c.failures.is_empty() || c.failed.value.is_some_and(|failed| failed > 0.0)
}

pub fn system(findings: &Findings, out: &mut Vec<Block>) {
    out.push(Block::Heading("The whole system in a year, by an exact Markov model".into()));
    let columns = [
        "down is below",
        "available %",
        "down min",
        "outages",
        "single",
        "failing over",
        "failover fails",
        "several",
        "uncovered %",
    ];
    let mut table = Table::new(&columns);
    let mut rows = |what: &str, of: &Availability| {
        for (crews, downtime) in [("a crew each", &of.own_crews), ("one crew", &of.one_crew)] {
            table.row(format!("{what}, {crews}"), downtime_figures(downtime));
        }
    };
    rows("objective", &findings.system.below_objective);
    rows("half", &findings.system.below_half);
    out.push(Block::Table(table));
    let of = &findings.system.below_objective.one_crew;
    let extent = if of.complete {
        format!("All {} states.", figure::count(of.states as u64))
    } else {
        format!(
            "{} states, at most {} failed at once; so many are for {} of the time, and more for less.",
            figure::count(of.states as u64),
            of.failed_max,
            content::percent(of.edge_share)
        )
    };
    let note = format!(
        "Down: some class below the objective, or less than half answered; because of a single failure that nothing stands in for, while something else takes over, because that does \
         not work, or because several have failed. Uncovered: the share of the downtime that redundancy does not cover, \
         all but the last. Times are exponential. {extent}"
    );
    out.push(Block::Line(Tone::Faint, note));
}

fn downtime_figures(of: &Downtime) -> Vec<Figure> {
    vec![
        // as many nines as there are
        Figure::plain(nines(of.availability)),
        minutes(of.min_per_year),
        Figure::plain(figure::number(of.outages_per_year)),
        minutes(of.single_min_per_year),
        minutes(of.failover_min_per_year),
        minutes(of.failed_failover_min_per_year),
        minutes(of.several_min_per_year),
        Figure::plain(of.uncovered_share.map_or(NOTHING.into(), |share| figure::number(share * 100.0))),
    ]
}

/// Percent with two digits behind the nines.
pub fn nines(availability: f64) -> String {
    let missing = (1.0 - availability) * 100.0;
    let decimals = if missing > 0.0 { (1.0 - missing.log10().floor()).clamp(2.0, 9.0) as usize } else { 2 };
    format!("{:.decimals$}", availability * 100.0)
}

pub fn pairs(found: &PairFindings, extent: Extent, out: &mut Vec<Block>) {
    out.push(Block::Heading("Two failures at once, the likeliest first".into()));
    let columns = ["failures", "both min/year", "below objective", "answered %", "lost min/year", "overloaded"];
    let mut table = Table::new(&columns);
    let shown = found.pairs.iter().filter(|pair| extent == Extent::Full || pair.simulated.is_some());
    shown.for_each(|pair| table.row(pair.names.join(" and "), pair_figures(pair)));
    out.push(Block::Table(table));
    let more = found.pairs.iter().filter(|pair| pair.simulated.is_none()).count();
    let mut note = "Both min/year: both failed, with one repair crew, by a Markov model.".to_owned();
    if more > 0 && extent == Extent::Terminal {
        note.push_str(&format!(" And {more} more that are likely less often: not simulated."));
    }
    if found.contained > 0 {
        let left = figure::counted(found.contained as u64, "pair");
        note.push_str(&format!(" Left out: {left} of a server and what is on it."));
    }
    out.push(Block::Line(Tone::Faint, note));
}

fn pair_figures(pair: &Pair) -> Vec<Figure> {
    let mut figures = vec![Figure::plain(figure::number(pair.both_failed_min_per_year))];
    match &pair.simulated {
        None => figures.extend(["not simulated", "", "", ""].map(Figure::plain)),
        Some(simulated) => figures.extend([
            short(simulated.below_objective),
            share(&simulated.settled),
            figure::coarse(&simulated.budget_min_per_year, 1.0),
            Figure::plain(simulated.overload.as_ref().map_or(NOTHING, |overload| overload.station.as_str())),
        ]),
    }
    figures
}

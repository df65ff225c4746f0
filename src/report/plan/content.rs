//! What is said of a plan and in which order: how much the system bears and until when, what saturates, what to buy, what
//! the answer hangs on.

use crate::experiment::plan::curve::Curve;
use crate::experiment::plan::findings::{
    Findings, Fleet, FleetFindings, Headroom, Highest, LadderFindings, RateAnswer, RateFindings, Tornado, UslFindings,
    Verdict,
};
use crate::experiment::plan::ladder::Rung;
use crate::experiment::summary::Estimate;

use super::super::content::{self, Block, Extent, Tone};
use super::super::figure::{self, Figure, NOTHING};
use super::super::table::Table;

pub fn title(findings: &Findings) -> String {
    format!("{}: what it bears, and what to buy", findings.scenario.name)
}

pub fn below(findings: &Findings) -> Vec<(Tone, String)> {
    let mut lines = Vec::new();
    if !findings.objectives.is_empty() {
        lines.push((Tone::Plain, format!("objectives: {}", findings.objectives.join("; "))));
    }
    let traffic = &findings.traffic;
    let of = traffic.source.as_ref().map_or("all traffic".to_owned(), |source| format!("traffic {source}"));
    lines.push((
        Tone::Plain,
        format!("now {} {}, {of}; seed {}", figure::number(traffic.present), traffic.unit, findings.seed),
    ));
    let totals = findings.totals;
    let hash: String = findings.scenario.sha256.chars().take(12).collect();
    let size = format!(
        "{}, {}, scenario {hash}",
        figure::counted(totals.requests, "request"),
        figure::counted(totals.events, "event")
    );
    lines.push((Tone::Faint, size));
    lines
}

pub fn blocks(findings: &Findings, extent: Extent) -> Vec<Block> {
    let mut blocks = Vec::new();
    let unit = findings.traffic.unit;
    if let Some(found) = &findings.rate {
        rate(found, unit, findings.precision, extent, &mut blocks);
    }
    if let Some(found) = &findings.headroom {
        headroom(found, &mut blocks);
    }
    if let Some(found) = &findings.bottlenecks {
        bottlenecks(found, unit, extent, &mut blocks);
    }
    if let Some(found) = &findings.cheapest {
        cheapest(found, extent, &mut blocks);
    }
    if let Some(found) = &findings.tornado {
        tornado(found, extent, &mut blocks);
    }
    if let Some(found) = &findings.usl {
        blocks.extend(scalability(found));
    }
    content::warnings(&findings.warnings, &mut blocks);
    blocks
}

fn line(out: &mut Vec<Block>, tone: Tone, text: impl Into<String>) {
    out.push(Block::Line(tone, text.into()));
}

pub fn rate(found: &RateFindings, unit: &str, precision: f64, extent: Extent, out: &mut Vec<Block>) {
    out.push(Block::Heading("The highest rate that meets the objectives".into()));
    let mut table = Table::new(&["servers", unit, "of now", "beyond it is missed"]);
    for answer in std::iter::once(&found.all).chain(&found.one_dead) {
        table.row(case(answer), rate_figures(&answer.highest));
    }
    out.push(Block::Table(table));
    let rough = found.all.tried.iter().filter(|tried| tried.rough).count();
    let last = found.all.tried.iter().rev().find(|tried| !tried.rough);
    let length = last.and_then(|tried| tried.length_s).map_or("the whole trace".into(), figure::duration);
    let rested = last.map_or(String::new(), |tried| {
        format!(
            " After {rough} short looks the answer rests on {} of {length} after a warm-up of {} at each rate.",
            figure::counted(u64::from(tried.runs), "run"),
            figure::duration(found.all.warmup_s)
        )
    });
    line(out, Tone::Faint, format!("±: 95% interval, asked to be within {}.{rested}", content::percent(precision)));
    if matches!(&found.all.highest, Highest::Rate { precise: false, .. }) {
        line(
            out,
            Tone::Warning,
            "The interval is wider than asked; let runs be longer (simulation.duration), or allow more with --max-runs.",
        );
    }
    let none: Vec<&str> = found
        .one_dead
        .iter()
        .filter(|a| matches!(a.highest, Highest::None { .. }))
        .filter_map(|a| a.dead.as_deref())
        .collect();
    if !none.is_empty() {
        line(out, Tone::Warning, nothing_stands_in(&none));
    }
    out.push(Block::Heading("What was tried".into()));
    out.push(Block::Table(tried(&found.all, unit)));
    if extent == Extent::Full {
        for answer in &found.one_dead {
            out.push(Block::Heading(format!("What was tried {}", case(answer))));
            out.push(Block::Table(tried(answer, unit)));
        }
        line(out, Tone::Faint, method(found));
    }
}

pub fn nothing_stands_in(servers: &[&str]) -> String {
    format!("Without {} no rate meets the objectives: nothing stands in.", servers.join(", "))
}

pub fn method(found: &RateFindings) -> String {
    format!("Method: {}.", found.method)
}

/// `without db1`
pub fn case(answer: &RateAnswer) -> String {
    answer.dead.as_ref().map_or("all".into(), |server| format!("without {server}"))
}

fn rate_figures(highest: &Highest) -> Vec<Figure> {
    match highest {
        Highest::Rate { rate, scale, binding, .. } => {
            vec![figure::estimate(rate, 1.0), times(scale), Figure::plain(binding.clone())]
        }
        Highest::AtLeast { rate, scale } => vec![
            Figure::plain(format!(">= {}", figure::number(*rate))),
            Figure::plain(format!(">= {}", figure::number(*scale))),
            Figure::plain("nothing up to there"),
        ],
        Highest::None { binding, .. } => {
            vec![Figure::plain("none"), Figure::plain(NOTHING), Figure::plain(binding.clone())]
        }
    }
}

fn times(scale: &Estimate) -> Figure {
    figure::estimate(scale, 1.0)
}

/// Each rate, and whether the objectives were met at it.
pub fn tried(answer: &RateAnswer, unit: &str) -> Table {
    let mut table = Table::new(&[unit, "runs", "of", "objective", "said", "met"]);
    for one in &answer.tried {
        let said = if one.observed.censored {
            Figure::plain("failures")
        } else {
            let figure = figure::estimate(&one.observed, 1.0);
            Figure { doubt: format!("{} {}", figure.doubt, one.unit).trim().to_owned(), value: figure.value }
        };
        table.row(
            figure::number(one.rate),
            vec![
                Figure::plain(one.runs.to_string()),
                Figure::plain(one.length_s.map_or(NOTHING.into(), figure::duration)),
                Figure::plain(one.objective.clone()),
                said,
                Figure::plain(if one.met { "yes" } else { "no" }),
            ],
        );
    }
    table
}

pub fn headroom(found: &Headroom, out: &mut Vec<Block>) {
    out.push(Block::Heading("When headroom runs out".into()));
    let (tone, text) = headroom_text(found);
    line(out, tone, text);
}

pub fn headroom_text(found: &Headroom) -> (Tone, String) {
    let growth = figure::number(found.growth_percent_per_month);
    if found.already {
        let text = format!(
            "It has run out: at {growth}% growth a month the highest rate was passed on {}{}.",
            found.date,
            between(&found.date_ci95)
        );
        return (Tone::Alarm, text);
    }
    let months = figure::estimate(&found.months, 1.0).text();
    let text = format!(
        "At {growth}% growth a month from {} on the highest rate is reached in {months} months: on {}{}.",
        found.from,
        found.date,
        between(&found.date_ci95)
    );
    (Tone::Plain, text)
}

fn between(dates: &Option<[String; 2]>) -> String {
    dates.as_ref().map_or(String::new(), |[from, to]| format!(" (between {from} and {to})"))
}

pub fn bottlenecks(found: &LadderFindings, unit: &str, extent: Extent, out: &mut Vec<Block>) {
    if !found.rungs.is_empty() {
        out.push(Block::Heading("What saturates first, and next".into()));
        let mut table = Table::new(&["station", "has", "busy %", found.unit, "next step", "or less work"]);
        for rung in &found.rungs {
            let figures = vec![
                Figure::plain(has(rung)),
                Figure::plain(figure::number(rung.utilization * 100.0)),
                Figure::plain(saturates_at(rung)),
                Figure::plain(lift(rung)),
                Figure::plain(
                    rung.lift_less_work.map_or(NOTHING.into(), |less| format!("{:.0}%", (less * 100.0).ceil())),
                ),
            ];
            table.row(rung.stations.join(", "), figures);
        }
        out.push(Block::Table(table));
        let note = "By the utilization law, from the work that requests ask for; next step: what it needs to bear the rate \
                    of the line below. <=: at the latest, since slots are held longer under load, groups share a write, \
                    or a policy decides.";
        line(out, Tone::Faint, note);
    }
    curve(&found.curve, unit, extent, out);
}

/// `<= 2300`: at the latest.
pub fn saturates_at(rung: &Rung) -> String {
    format!("{}{}", if rung.at_the_latest { "<= " } else { "" }, figure::number(rung.saturates_at_rate))
}

/// `1 worker`, `8 cores`
fn has(rung: &Rung) -> String {
    let kind = if rung.workers == 1 { rung.kind.trim_end_matches('s') } else { rung.kind };
    format!("{} {kind}", rung.workers)
}

/// What it needs to bear what saturates the next.
fn lift(rung: &Rung) -> String {
    let (Some(workers), Some(less)) = (rung.lift_workers, rung.lift_less_work) else { return NOTHING.into() };
    match rung.kind {
        "disk" | "NIC" | "commit stage" => format!("{:.2} x", (100.0 / (1.0 - less)).ceil() / 100.0),
        _ => format!("{workers} {}", rung.kind),
    }
}

fn curve(curve: &Curve, unit: &str, extent: Extent, out: &mut Vec<Block>) {
    out.push(Block::Heading("Load against response time".into()));
    let formula = if curve.product_form { "exact ms" } else { "formula ms" };
    let columns = [unit, "answers/s", "mean ms", formula, "bounds ms", "p99 ms", "busy %", "by law %"];
    // what stands behind is for who wants to know more
    let shown = if extent == Extent::Full { columns.len() } else { columns.len() - 2 };
    let mut table = Table::new(&columns[..shown]);
    let optional = |value: Option<f64>| value.map_or(NOTHING.into(), figure::number);
    for point in &curve.points {
        let theory = &point.theory;
        let bounds = match theory.balanced_ms.map(|ends| ends.map(figure::number)) {
            None => NOTHING.into(),
            Some([low, high]) if low == high => low,
            Some([low, high]) => format!("{low}-{high}"),
        };
        let mut figures = vec![
            figure::estimate(&point.throughput_per_s, 1.0),
            figure::estimate(&point.mean_ms, 1.0),
            Figure::plain(optional(theory.formula_ms)),
            Figure::plain(bounds),
            figure::estimate(&point.p99_ms, 1.0),
            figure::estimate(&point.utilization, 100.0),
            Figure::plain(optional(theory.utilization.map(|share| share * 100.0))),
        ];
        figures.truncate(shown - 1);
        table.row(figure::number(point.load), figures);
    }
    out.push(Block::Table(table));
    let knee =
        |at: Option<f64>| at.map_or("not within these loads".into(), |load| format!("{} {unit}", figure::number(load)));
    let text = format!(
        "Knee (the mean is twice that of an idle system): simulated {}, by formula {}.",
        knee(curve.knee_simulated),
        knee(curve.knee_formula)
    );
    line(out, Tone::Plain, text);
    let what = if curve.product_form {
        "Exact: product form (BCMP; mean value analysis for closed users)."
    } else {
        "Formula: every station as M/M/c, or closed users by mean value analysis; an orientation, since this network has \
         no product form."
    };
    let note = format!(
        "{what} Bounds: balanced-job bounds, several workers taken as a delay below and as one that is as fast above. \
         Simulated: short runs."
    );
    line(out, Tone::Faint, note);
    for text in &curve.disagreements {
        let mut text = text.clone();
        text[..1].make_ascii_uppercase();
        line(out, Tone::Warning, format!("{text}."));
    }
}

pub fn cheapest(found: &FleetFindings, extent: Extent, out: &mut Vec<Block>) {
    let at = at_traffic(found);
    out.push(Block::Heading(format!("The cheapest that meets the objectives{at}")));
    match &found.cheapest {
        Some(fleet) => {
            out.push(item(fleet, found, Tone::Good));
            if let Some(present) = found.present_price {
                let difference = fleet.price - present;
                let more = if difference < 0.0 { "less" } else { "more" };
                let text = match difference {
                    0.0 => format!("As much as now ({} {}).", figure::number(present), found.currency),
                    _ => format!(
                        "{} {} {more} than now ({}).",
                        figure::number(difference.abs()),
                        found.currency,
                        figure::number(present)
                    ),
                };
                line(out, Tone::Plain, text);
            }
        }
        None => line(out, Tone::Alarm, no_fleet(found)),
    }
    let sure = match (found.sure, found.unexplored, &found.cheapest) {
        (_, true, _) => "The search ended before all that might matter were looked at; let less vary.",
        (true, _, Some(_)) => "Every cheaper one surely misses an objective.",
        (false, _, Some(_)) => "It is not sure that no cheaper one does: see the unsure ones below.",
        (true, _, None) => "Each surely misses an objective.",
        (false, _, None) => "Some are unsure: see below.",
    };
    line(out, if found.sure { Tone::Plain } else { Tone::Warning }, sure);
    let list = |out: &mut Vec<Block>, heading: &str, fleets: &[Fleet]| {
        if !fleets.is_empty() {
            line(out, Tone::Plain, heading);
            out.extend(fleets.iter().map(|fleet| item(fleet, found, Tone::Plain)));
        }
    };
    list(out, "Runners-up:", &found.runners_up);
    let shown = if extent == Extent::Full { found.cheaper.len() } else { found.cheaper.len().min(3) };
    let heading = if found.cheapest.is_some() { "Cheaper, the dearest first:" } else { "The dearest:" };
    list(out, heading, &found.cheaper[..shown]);
    let note = format!(
        "{}: {} overloaded by the utilization law, {} simulated, {} too dear to matter. Meets and misses: at 95%, \
         every objective.",
        figure::counted(found.fleets, "fleet"),
        figure::count(found.overloaded),
        figure::count(found.simulated),
        figure::count(found.cut_off)
    );
    line(out, Tone::Faint, note);
}

fn at_traffic(found: &FleetFindings) -> String {
    if found.traffic == 1.0 { String::new() } else { format!(" at {} x the traffic", figure::number(found.traffic)) }
}

pub fn no_fleet(found: &FleetFindings) -> String {
    format!("None of the {} does{}.", figure::counted(found.fleets, "fleet"), at_traffic(found))
}

fn item(fleet: &Fleet, found: &FleetFindings, tone: Tone) -> Block {
    let (text, advice) = fleet_text(fleet, found);
    Block::Item { tone, text, advice }
}

/// What it costs and whether it meets the objectives; and what it changes.
pub fn fleet_text(fleet: &Fleet, found: &FleetFindings) -> (String, String) {
    let verdict = match fleet.verdict {
        Verdict::Meets => "meets",
        Verdict::Misses => "misses",
        Verdict::Unsure => "unsure",
        Verdict::Overloaded => "overloaded",
    };
    let said = match fleet.verdict {
        Verdict::Overloaded => {
            format!("{} would be {}% busy", fleet.limit, fleet.observed.value.map_or(NOTHING.into(), figure::number))
        }
        _ if fleet.observed.censored => format!("{}: failures", fleet.limit),
        _ => format!("{}: {} {}", fleet.limit, figure::estimate(&fleet.observed, 1.0).text(), fleet.unit),
    };
    let text = format!("{} {}: {verdict}; {said}", figure::number(fleet.price), found.currency);
    let changes = if fleet.changes.is_empty() { "as it is now".into() } else { fleet.changes.join(", ") };
    (text, changes)
}

pub fn tornado(found: &Tornado, extent: Extent, out: &mut Vec<Block>) {
    let percent = figure::number(found.moved_percent);
    out.push(Block::Heading(format!("What moves p99 most, each moved by {percent}%")));
    let (down, up) = (format!("-{percent}%: p99 %"), format!("+{percent}%: p99 %"));
    let columns = ["parameter", &down, &up, "elasticity", "value"];
    let shown = if extent == Extent::Full { columns.len() } else { columns.len() - 1 };
    let mut table = Table::new(&columns[..shown]);
    for bar in &found.bars {
        let mut figures = vec![
            figure::estimate(&bar.p99_down_percent, 1.0),
            figure::estimate(&bar.p99_up_percent, 1.0),
            figure::estimate(&bar.elasticity, 1.0),
            Figure::plain(bar.value.trim_matches('"')),
        ];
        figures.truncate(shown - 1);
        table.row(bar.key.clone(), figures);
    }
    out.push(Block::Table(table));
    let note = format!(
        "p99 is {} ms; of {} the {} that move it most. Run by run on the same requests, {} of {}. Elasticity: percent of \
         p99 for one percent of the parameter.",
        figure::estimate(&found.p99_ms, 1.0).text(),
        figure::counted(u64::from(found.parameters), "parameter"),
        found.bars.len(),
        figure::counted(u64::from(found.runs), "run"),
        found.length_s.map_or("the whole trace".into(), figure::duration)
    );
    line(out, Tone::Faint, note);
    if found.objective.is_none() {
        return;
    }
    match found.defaults.first() {
        None => line(
            out,
            Tone::Good,
            format!("No default that is moved by {percent}% brings an objective nearer to its bound's other side."),
        ),
        Some(first) if !first.flips => {
            let text = format!(
                "The verdict hangs on no default: none that is moved by {percent}% changes it. Nearest comes {} = {}: \
                 {} is {} {} then.",
                first.key,
                first.moved_to,
                first.objective,
                figure::estimate(&first.observed, 1.0).text(),
                first.unit
            );
            line(out, Tone::Good, text);
        }
        Some(_) => {
            for hinge in &found.defaults {
                let text = format!(
                    "The verdict hangs on the default {} = {}: at {} {} is {} {}",
                    hinge.key,
                    hinge.value,
                    hinge.moved_to,
                    hinge.objective,
                    figure::estimate(&hinge.observed, 1.0).text(),
                    hinge.unit
                );
                let advice = format!("measure it, and write it into the scenario; it is {}", hinge.source);
                out.push(Block::Item { tone: Tone::Warning, text, advice });
            }
        }
    }
}

pub fn scalability(found: &UslFindings) -> Vec<Block> {
    let mut out = vec![Block::Heading(format!("Universal Scalability Law, {} throughput", found.of))];
    let mut table = Table::new(&["coefficient", "value", "what it is"]);
    let rows = [
        ("lambda", &found.lambda, format!("{} at a load of one", found.throughput)),
        ("sigma", &found.sigma, "contention: the serial share".into()),
        ("kappa", &found.kappa, "coherency: what each pair costs".into()),
    ];
    for (name, estimate, what) in rows {
        table.row(name, vec![figure::estimate(estimate, 1.0), Figure::plain(what)]);
    }
    out.push(Block::Table(table));
    line(&mut out, Tone::Plain, peak_text(found));
    let note = format!(
        "X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)) through {} of {} (N: {}), by nonlinear least squares; it \
         leaves {} over. ±: 95%.",
        figure::counted(found.points.len() as u64, "point"),
        found.throughput,
        found.load,
        content::percent(found.residual_percent / 100.0)
    );
    line(&mut out, Tone::Faint, note);
    out
}

/// Where throughput is greatest.
pub fn peak_text(found: &UslFindings) -> String {
    match (found.peak_load, found.peak_throughput, found.ceiling) {
        (Some(load), Some(throughput), _) => {
            let tried = found.points.iter().map(|point| point[0]).fold(0.0, f64::max);
            let beyond = match load > tried {
                true => format!(
                    " That lies beyond the loads tried (up to {}), where the law knows nothing of a station that saturates.",
                    figure::number(tried)
                ),
                false => String::new(),
            };
            format!(
                "Throughput is greatest, {}, at {} {}.{beyond}",
                figure::number(throughput),
                figure::number(load),
                found.load
            )
        }
        (_, _, Some(ceiling)) => {
            format!("Throughput comes near to {} and does not fall again.", figure::number(ceiling))
        }
        _ => "Throughput grows with the load, without an end that these points show.".into(),
    }
}

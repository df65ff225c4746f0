//! The pictures of a plan, one or two for each question that was asked.

use super::drawing::{AxisScale, Dot, Drawing, Line, Lines, Ranking, Row, Shows};
use super::line_chart::Stroke;
use super::stored::rounded;
use crate::experiment::plan::findings::{
    Findings, Fleet, FleetFindings, Headroom, Highest, LadderFindings, RateAnswer, RateFindings, Tornado, Tried,
    UslFindings, Verdict,
};
use crate::experiment::summary::Estimate;
use crate::report::figure::{self, number};

pub fn drawings(findings: &Findings) -> Vec<Drawing> {
    let setting = format!(
        "{}: now {} {}, seed {}",
        findings.scenario.name,
        number(findings.traffic.present),
        findings.traffic.unit,
        findings.seed
    );
    let mut drawings = Vec::new();
    if let Some(rate) = &findings.rate {
        drawings.push(search(&rate.all, findings, &setting));
        if !rate.one_dead.is_empty() {
            drawings.push(one_dead(rate, findings, &setting));
        }
    }
    if let Some(ladder) = &findings.bottlenecks {
        drawings.push(bottlenecks(ladder, findings, &setting));
        drawings.push(curve(ladder, &setting));
    }
    if let Some(fleets) = &findings.cheapest {
        drawings.push(cheapest(fleets, &setting));
        drawings.extend(trade_off(fleets, &setting));
    }
    if let (Some(room), Some(rate)) = (&findings.headroom, &findings.rate) {
        drawings.extend(headroom(room, rate, findings, &setting));
    }
    drawings.extend(findings.tornado.as_ref().map(|tornado| moved(tornado, &setting)));
    drawings.extend(findings.usl.as_ref().map(|usl| scalability(usl, &findings.scenario.name)));
    drawings
}

fn shown(estimate: &Estimate) -> String {
    figure::estimate(estimate, 1.0).text()
}

fn sorted(tried: &[Tried], rough: bool) -> Vec<(f64, Estimate)> {
    let mut points: Vec<(f64, Estimate)> =
        tried.iter().filter(|one| one.rough == rough).map(|one| (one.rate, one.observed)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn search(answer: &RateAnswer, findings: &Findings, setting: &str) -> Drawing {
    let last = answer.tried.iter().rev().find(|one| !one.rough).or(answer.tried.last());
    let (objective, unit) = last.map_or(("the objective", ""), |one| (one.objective.as_str(), one.unit));
    // one objective on one axis; another that binds elsewhere has another unit
    let tried: Vec<Tried> = answer.tried.iter().filter(|one| one.objective == objective).cloned().collect();
    let found = match &answer.highest {
        Highest::Rate { rate, .. } => rate.value.map(|at| (format!("{} {}", shown(rate), findings.traffic.unit), at)),
        Highest::AtLeast { rate, .. } => Some((format!("at least {}", number(*rate)), *rate)),
        Highest::None { .. } => None,
    };
    let limit = bound(objective, unit);
    Drawing {
        name: "plan-rate".into(),
        title: "The highest rate that meets the objectives".into(),
        subtitle: format!("{setting}; what was tried for {objective}"),
        shows: Shows::Lines(Lines {
            x: format!("Traffic, {}", findings.traffic.unit),
            y: measured(objective, unit),
            lines: vec![Line::of("long runs", sorted(&tried, false)), Line::of("short looks", sorted(&tried, true))],
            at_x: found.map(|(name, at)| (name, rounded(at))).into_iter().collect(),
            at_y: limit.map(|limit| ("objective".to_owned(), limit)).into_iter().collect(),
            ..Lines::default()
        }),
    }
}

/// The limit of an objective as it is written, where that is in this unit.
fn bound(objective: &str, unit: &str) -> Option<f64> {
    let (_, bound) = objective.split_once(['<', '>'])?;
    let (number, written) = bound.trim_start_matches('=').trim().split_once(' ')?;
    number.parse().ok().filter(|_| written == unit)
}

/// What an objective is about, with its unit.
fn measured(objective: &str, unit: &str) -> String {
    let of = objective.split(['<', '>', '=']).next().unwrap_or(objective).trim();
    if unit.is_empty() { of.to_owned() } else { format!("{of}, {unit}") }
}

fn one_dead(rate: &RateFindings, findings: &Findings, setting: &str) -> Drawing {
    let row = |answer: &RateAnswer| {
        let name = answer.dead.as_ref().map_or("all servers".to_owned(), |dead| format!("without {dead}"));
        match &answer.highest {
            Highest::Rate { rate, .. } => Row::of(name, rate, shown(rate), Dot::Plain),
            Highest::AtLeast { rate, .. } => {
                let least = Estimate { value: Some(*rate), ci95: None, runs: 0, censored: false };
                Row::of(name, &least, format!("at least {}", number(*rate)), Dot::Open)
            }
            Highest::None { .. } => {
                Row { name, value: Some(0.0), ci95: None, figures: "none".into(), dot: Dot::Strong }
            }
        }
    };
    Drawing {
        name: "plan-one-dead".into(),
        title: "The highest rate with one server dead".into(),
        subtitle: format!("{setting}; {}", findings.objectives.join("; ")),
        shows: Shows::Ranking(Ranking {
            axis: format!("Traffic that meets the objectives, {}", findings.traffic.unit),
            scale: AxisScale::Differences,
            rows_title: "Servers".into(),
            figures_title: format!("{}, 95% interval", findings.traffic.unit),
            interval: "95% interval".into(),
            rows: std::iter::once(&rate.all).chain(&rate.one_dead).map(row).collect(),
            legend: ["no rate meets them".into(), "highest rate".into(), "at least".into()],
            reference: Some((rounded(findings.traffic.present), "now".into())),
            within: None,
        }),
    }
}

fn bottlenecks(ladder: &LadderFindings, findings: &Findings, setting: &str) -> Drawing {
    let rows = ladder.rungs.iter().enumerate().map(|(i, rung)| {
        let lift = match (rung.lift_workers, rung.lift_less_work) {
            (Some(workers), _) => format!("{} -> {workers} {}", rung.workers, rung.kind),
            (None, Some(less)) => format!("{}% less work", number((less * 100.0).round())),
            (None, None) => String::new(),
        };
        Row {
            name: rung.stations.join(", "),
            value: Some(rounded(rung.saturates_at_rate)),
            ci95: None,
            figures: lift,
            dot: match (i, rung.at_the_latest) {
                (_, true) => Dot::Open,
                (0, false) => Dot::Strong,
                _ => Dot::Plain,
            },
        }
    });
    Drawing {
        name: "plan-bottlenecks".into(),
        title: "What saturates first, and next".into(),
        subtitle: format!("{setting}; by the utilization law, without doubt of its own"),
        shows: Shows::Ranking(Ranking {
            axis: format!("Saturates at, {}", ladder.unit),
            scale: AxisScale::FromZero,
            rows_title: "Station".into(),
            figures_title: "lifts it to the next".into(),
            interval: "95% interval".into(),
            rows: rows.collect(),
            legend: ["the first".into(), "later ones".into(), "at the latest there".into()],
            reference: Some((rounded(findings.traffic.present), "now".into())),
            within: None,
        }),
    }
}

fn curve(ladder: &LadderFindings, setting: &str) -> Drawing {
    let points = &ladder.curve.points;
    let of = |name: &str, figure: fn(&crate::experiment::plan::curve::CurvePoint) -> Estimate| {
        Line::of(name, points.iter().map(|point| (point.load, figure(point))))
    };
    let theory = |name: &str, value: fn(&crate::experiment::plan::curve::Theory) -> Option<f64>| {
        let points = points.iter().filter_map(|point| Some([rounded(point.load), rounded(value(&point.theory)?)]));
        Line { name: name.into(), points: points.collect(), ..Line::default() }
    };
    let lines = [
        of("mean, simulated", |point| point.mean_ms),
        of("p99, simulated", |point| point.p99_ms),
        theory("mean by formula", |theory| theory.formula_ms),
        theory("least by bounds", |theory| theory.balanced_ms.map(|bounds| bounds[0])),
        theory("most by bounds", |theory| theory.balanced_ms.map(|bounds| bounds[1])),
    ];
    let mut knees = Vec::new();
    knees.extend(ladder.curve.knee_simulated.map(|at| ("knee".to_owned(), rounded(at))));
    Drawing {
        name: "plan-load".into(),
        title: "Load against response time".into(),
        subtitle: format!("{setting}; short runs beside queueing theory"),
        shows: Shows::Lines(Lines {
            x: format!("Traffic, {}", ladder.unit),
            y: "Response time, ms".into(),
            lines: lines.into_iter().filter(|line| !line.points.is_empty()).collect(),
            at_x: knees,
            ..Lines::default()
        }),
    }
}

fn cheapest(found: &FleetFindings, setting: &str) -> Drawing {
    let mut fleets: Vec<&Fleet> =
        found.cheaper.iter().chain(found.cheapest.as_ref()).chain(&found.runners_up).collect();
    fleets.sort_by(|a, b| a.price.total_cmp(&b.price));
    let row = |fleet: &&Fleet| {
        let changes = if fleet.changes.is_empty() { "as it is now".into() } else { fleet.changes.join(", ") };
        let price = Estimate { value: Some(fleet.price), ci95: None, runs: fleet.runs, censored: false };
        let (dot, verdict) = match fleet.verdict {
            Verdict::Meets => (Dot::Plain, "meets"),
            Verdict::Misses => (Dot::Strong, "misses"),
            Verdict::Unsure => (Dot::Open, "unsure"),
            Verdict::Overloaded => (Dot::Strong, "overloaded"),
        };
        let observed = match fleet.verdict {
            Verdict::Overloaded => verdict.to_owned(),
            _ => format!("{verdict}: {} {}", shown(&fleet.observed), fleet.unit),
        };
        Row::of(changes, &price, observed, dot)
    };
    Drawing {
        name: "plan-fleets".into(),
        title: format!("What to buy for {} x the traffic", number(found.traffic)),
        subtitle: format!("{setting}; by price, and whether the objectives are met"),
        shows: Shows::Ranking(Ranking {
            axis: format!("Price, {}", found.currency),
            scale: AxisScale::Near,
            rows_title: "Change".into(),
            figures_title: "nearest objective".into(),
            interval: "95% interval".into(),
            rows: fleets.iter().map(row).collect(),
            legend: ["misses an objective".into(), "meets all".into(), "unsure".into()],
            reference: found.present_price.map(|price| (rounded(price), "now".into())),
            within: None,
        }),
    }
}

/// Price against the objective that is nearest to be missed at most fleets: one objective on one axis.
fn trade_off(found: &FleetFindings, setting: &str) -> Option<Drawing> {
    let simulated = || {
        let all = found.cheaper.iter().chain(found.cheapest.as_ref()).chain(&found.runners_up);
        all.filter(|fleet| fleet.verdict != Verdict::Overloaded)
    };
    let times = |limit: &str| simulated().filter(|fleet| fleet.limit == limit).count();
    // of equal ones the first
    let fleet = simulated().rev().max_by_key(|fleet| times(&fleet.limit))?;
    let (objective, unit) = (fleet.limit.as_str(), fleet.unit);
    let of = |verdict: Verdict, name: &str| {
        let fleets = simulated().filter(|fleet| fleet.limit == objective && fleet.verdict == verdict);
        let mut points: Vec<(f64, Estimate)> = fleets.map(|fleet| (fleet.price, fleet.observed)).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Line { stroke: Stroke::Dots, ..Line::of(name, points) }
    };
    let lines = [
        of(Verdict::Meets, "meets all objectives"),
        of(Verdict::Unsure, "unsure"),
        of(Verdict::Misses, "misses an objective"),
    ];
    let lines: Vec<Line> = lines.into_iter().filter(|line| !line.points.is_empty()).collect();
    if lines.iter().map(|line| line.points.len()).sum::<usize>() < 2 {
        return None;
    }
    let at_x = found.cheapest.as_ref().map(|fleet| ("cheapest".to_owned(), rounded(fleet.price)));
    Some(Drawing {
        name: "plan-trade-off".into(),
        title: "What money buys".into(),
        subtitle: format!(
            "{setting}; {} x the traffic, fleets that were simulated, {objective}",
            number(found.traffic)
        ),
        shows: Shows::Lines(Lines {
            x: format!("Price, {}", found.currency),
            y: measured(objective, unit),
            lines,
            at_x: at_x.into_iter().collect(),
            at_y: bound(objective, unit).map(|limit| ("objective".to_owned(), limit)).into_iter().collect(),
            ..Lines::default()
        }),
    })
}

fn headroom(room: &Headroom, rate: &RateFindings, findings: &Findings, setting: &str) -> Option<Drawing> {
    let Highest::Rate { rate, .. } = &rate.all.highest else { return None };
    let (highest, months) = (rate.value?, room.months.value.filter(|months| months.is_finite())?);
    let grown = |month: f64| findings.traffic.present * (1.0 + room.growth_percent_per_month / 100.0).powf(month);
    let until = (1.3 * months.max(1.0)).ceil();
    let steps = 48;
    let points = (0..=steps).map(|i| {
        let month = until * f64::from(i) / f64::from(steps);
        [rounded(month), rounded(grown(month))]
    });
    let limit = [0.0, until].map(|month| (month, *rate));
    Some(Drawing {
        name: "plan-headroom".into(),
        title: "When headroom runs out".into(),
        subtitle: format!("{setting}; {}% growth a month from {}", number(room.growth_percent_per_month), room.from),
        shows: Shows::Lines(Lines {
            x: format!("Months from {}", room.from),
            y: format!("Traffic, {}", findings.traffic.unit),
            lines: vec![
                Line { name: "traffic".into(), points: points.collect(), ..Line::default() },
                Line { stroke: Stroke::Line, ..Line::of("highest rate", limit) },
            ],
            x_log: false,
            at_x: if room.already { Vec::new() } else { vec![(room.date.clone(), rounded(months))] },
            at_y: Vec::new(),
        }),
    })
    .filter(|_| highest > 0.0)
}

fn moved(tornado: &Tornado, setting: &str) -> Drawing {
    let percent = number(tornado.moved_percent);
    let rows = tornado.bars.iter().flat_map(|bar| {
        let row = |sign: &str, estimate: &Estimate, dot| {
            Row::of(format!("{} {sign}{percent}%", bar.key), estimate, format!("{}%", shown(estimate)), dot)
        };
        [row("-", &bar.p99_down_percent, Dot::Open), row("+", &bar.p99_up_percent, Dot::Plain)]
    });
    Drawing {
        name: "plan-tornado".into(),
        title: "What moves p99 most".into(),
        subtitle: format!(
            "{setting}; p99 is {} ms; each of {} parameters moved by {percent}% on the same requests",
            shown(&tornado.p99_ms),
            tornado.parameters
        ),
        shows: Shows::Ranking(Ranking {
            axis: "Change of p99, %".into(),
            scale: AxisScale::Differences,
            rows_title: "Parameter".into(),
            figures_title: "change of p99, 95%".into(),
            interval: "95% interval".into(),
            rows: rows.filter(|row| row.value.is_some()).collect(),
            legend: [String::new(), "more of it".into(), "less of it".into()],
            reference: Some((0.0, "as it is".into())),
            within: None,
        }),
    }
}

fn scalability(usl: &UslFindings, setting: &str) -> Drawing {
    let at = |estimate: &Estimate| estimate.value.unwrap_or(0.0);
    let (lambda, sigma, kappa) = (at(&usl.lambda), at(&usl.sigma), at(&usl.kappa));
    let law = |n: f64| lambda * n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0));
    let most = usl.points.iter().map(|point| point[0]).fold(1.0, f64::max);
    let steps = 60;
    let fitted = (1..=steps).map(|i| {
        let n = most * f64::from(i) / f64::from(steps);
        [rounded(n), rounded(law(n))]
    });
    let mut points: Vec<[f64; 2]> = usl.points.iter().map(|point| point.map(rounded)).collect();
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    Drawing {
        name: "plan-usl".into(),
        title: "Universal Scalability Law".into(),
        subtitle: format!("{setting}; it leaves {}% over", number((usl.residual_percent * 10.0).round() / 10.0)),
        shows: Shows::Lines(Lines {
            x: format!("Load, {}", usl.load),
            y: format!("Throughput, {}", usl.throughput),
            lines: vec![
                Line { name: usl.of.into(), points, stroke: Stroke::Dots, ..Line::default() },
                Line { name: "the law".into(), points: fitted.collect(), ..Line::default() },
            ],
            ..Lines::default()
        }),
    }
}

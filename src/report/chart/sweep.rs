//! The pictures of a sweep: load against latency with the knee, and of two keys a map.

use std::collections::BTreeMap;

use super::drawing::{Drawing, Line, Lines, Map, Shows};
use super::stored::rounded;
use crate::experiment::summary::Estimate;
use crate::experiment::sweep::findings::{Curve, Figures, Findings};
use crate::report::figure;
use crate::report::sweep::content::short_names;

/// More curves than this are a thicket; the rest is in sweep.csv.
const CURVES_MAX: usize = 8;

pub fn drawings(findings: &Findings) -> Vec<Drawing> {
    let mut drawings = Vec::new();
    if let Some(curves) = &findings.curves {
        drawings.push(latency(findings, curves));
        drawings.push(throughput(findings, curves));
    }
    drawings.extend(map(findings));
    drawings
}

fn setting(findings: &Findings) -> String {
    format!("{}: {}, seed {}", findings.scenario.name, figure::counted(findings.points, "point"), findings.seed)
}

/// A line for each curve along the key, with the others' values as its name; `of`: where there are no others.
fn lines(findings: &Findings, curves: &[Curve], of: &str, figure: fn(&Figures) -> Estimate) -> Vec<Line> {
    let short = short_names(&findings.axes);
    let named: BTreeMap<&str, &String> = findings.axes.iter().map(|axis| axis.key.as_str()).zip(&short).collect();
    let line_of = |curve: &Curve| {
        let with: Vec<String> = curve
            .with
            .iter()
            .map(|(key, value)| format!("{}={value}", named.get(key.as_str()).unwrap_or(&key)))
            .collect();
        line(if with.is_empty() { of.to_owned() } else { with.join(", ") }, curve, figure)
    };
    curves.iter().take(CURVES_MAX).map(line_of).collect()
}

fn line(name: String, curve: &Curve, figure: fn(&Figures) -> Estimate) -> Line {
    Line::of(&name, curve.points.iter().map(|(x, figures)| (*x, figure(figures))))
}

fn along(curves: &[Curve]) -> String {
    curves.first().map_or_else(String::new, |curve| match curve.unit.as_str() {
        "" => curve.along.clone(),
        unit => format!("{}, {unit}", curve.along),
    })
}

fn latency(findings: &Findings, curves: &[Curve]) -> Drawing {
    let one = curves.len() == 1;
    let mut drawn = lines(findings, curves, "p99", |f| f.latency_all_p99_ms);
    if one {
        drawn.push(line("p50".into(), &curves[0], |f| f.latency_p50_ms));
    }
    let knee = curves.first().filter(|_| one).and_then(|curve| curve.knee_at);
    let more = curves.len().saturating_sub(CURVES_MAX);
    let mut subtitle = setting(findings);
    if !one {
        subtitle.push_str("; p99 with failures above every answer");
    }
    if more > 0 {
        subtitle.push_str(&format!("; {more} more curves are in sweep.csv"));
    }
    Drawing {
        name: "sweep-latency".into(),
        title: "Load against latency".into(),
        subtitle,
        shows: Shows::Lines(Lines {
            x: along(curves),
            x_log: curves.first().is_some_and(|curve| curve.log),
            y: "Latency, ms".into(),
            lines: drawn,
            at_x: knee.map(|at| ("knee".to_owned(), rounded(at))).into_iter().collect(),
            at_y: findings
                .p99_limit_ms
                .map(|limit| ("objective for p99".to_owned(), rounded(limit)))
                .into_iter()
                .collect(),
        }),
    }
}

fn throughput(findings: &Findings, curves: &[Curve]) -> Drawing {
    Drawing {
        name: "sweep-throughput".into(),
        title: "Answers per second".into(),
        subtitle: setting(findings),
        shows: Shows::Lines(Lines {
            x: along(curves),
            x_log: curves.first().is_some_and(|curve| curve.log),
            y: "Answers per second".into(),
            lines: lines(findings, curves, "answers", |f| f.throughput_per_s),
            ..Lines::default()
        }),
    }
}

/// Of two keys on a grid.
fn map(findings: &Findings) -> Option<Drawing> {
    let grid = findings.grid.as_ref()?;
    let cell = |estimate: &Estimate| estimate.value.filter(|value| value.is_finite()).map(rounded);
    let rows = grid.rows.iter().zip(grid.p99_ms.chunks(grid.columns.len().max(1)));
    let limit = findings.p99_limit_ms.map(|limit| format!("; line: p99 of {} ms", figure::number(limit)));
    Some(Drawing {
        name: "sweep-map".into(),
        title: "p99 by both keys".into(),
        subtitle: format!("{}{}", setting(findings), limit.unwrap_or_default()),
        shows: Shows::Map(Map {
            columns_title: grid.columns_key.clone(),
            columns: grid.columns.clone(),
            rows_title: grid.rows_key.clone(),
            rows: rows.map(|(name, cells)| (name.clone(), cells.iter().map(cell).collect())).collect(),
            of: "p99 with failures, ms".into(),
            contour: findings.p99_limit_ms.map(rounded),
        }),
    })
}

//! How busy the busiest stations are over simulated time: a row for each, all on one scale.

use plotters::style::text_anchor::{HPos, VPos};

use crate::experiment::Outcome;
use crate::report::series;
use crate::report::table::shorten;

use super::axis::Axis;
use super::line_chart::time_like_axis;
use super::style::{self, Canvas, FAINT, GRID, Pixel, SIZE, SMALL_SIZE, Type};

pub const TITLE: &str = "How busy the stations are";

const ROWS_MAX: usize = 10;
const LEFT: i32 = 220;
const RIGHT: i32 = SIZE.0 as i32 - 190;
const TOP: i32 = 132;
const BOTTOM: i32 = SIZE.1 as i32 - 78;
const ROW_HEIGHT_MAX: i32 = 150;
const GAP: i32 = 14;

struct Row<'a> {
    name: &'a str,
    /// (second, share of the workers busy)
    points: Vec<(f64, f64)>,
    mean: f64,
    peak: f64,
}

pub fn render(outcome: &Outcome) -> String {
    let rows = rows(outcome);
    let shown = rows.len().min(ROWS_MAX);
    let mut subtitle = super::subtitle(outcome);
    if rows.len() > shown {
        subtitle.push_str(&format!("; {} less busy stations not shown", rows.len() - shown));
    }
    style::picture(TITLE, &subtitle, |canvas| {
        let kind = Type { vertical: VPos::Bottom, ..Type::default() };
        style::text(canvas, (24, TOP - 14), "Utilization (busy workers), % of each row's height", kind);
        let right = Type { horizontal: HPos::Right, color: FAINT, size: SMALL_SIZE, ..kind };
        style::text(canvas, (SIZE.0 as i32 - 24, TOP - 14), "mean, peak", right);
        let time = Axis::time(outcome.summary.measured_s);
        let pitch = ((BOTTOM - TOP) / shown.max(1) as i32).min(ROW_HEIGHT_MAX);
        let bottom = if shown == 0 { BOTTOM } else { TOP + pitch * shown as i32 };
        time_like_axis(canvas, &time, (LEFT, RIGHT), (TOP, bottom));
        for (i, row) in rows[..shown].iter().enumerate() {
            let low = TOP + pitch * (i as i32 + 1);
            draw(canvas, row, &time, (low - pitch + GAP, low));
        }
        if rows.is_empty() {
            let kind = Type { color: FAINT, horizontal: HPos::Center, vertical: VPos::Center, ..Type::default() };
            style::text(
                canvas,
                ((LEFT + RIGHT) / 2, (TOP + bottom) / 2),
                "No station has a limited number of workers.",
                kind,
            );
        }
    })
}

fn draw(canvas: &Canvas, row: &Row, time: &Axis, (top, bottom): (i32, i32)) {
    let place = |(t, share): (f64, f64)| -> Pixel {
        let x = LEFT + (time.place(t) * f64::from(RIGHT - LEFT)).round() as i32;
        (x, bottom - (share.clamp(0.0, 1.0) * f64::from(bottom - top)).round() as i32)
    };
    let line: Vec<Pixel> = row.points.iter().copied().map(place).collect();
    if let (Some(first), Some(last)) = (line.first(), line.last()) {
        let mut outline = line.clone();
        outline.extend([(last.0, bottom), (first.0, bottom)]);
        style::area(canvas, outline);
    }
    style::rule(canvas, (LEFT, top), (RIGHT, top), GRID);
    style::rule(canvas, (LEFT, bottom), (RIGHT, bottom), FAINT);
    style::utilization_line(canvas, &line);

    let small = Type { size: 12, color: FAINT, horizontal: HPos::Right, vertical: VPos::Center, ..Type::default() };
    style::text(canvas, (LEFT - 6, top), "100", small);
    style::text(canvas, (LEFT - 6, bottom), "0", small);
    let middle = (top + bottom) / 2;
    let name = Type { vertical: VPos::Center, size: SMALL_SIZE, ..Type::default() };
    style::text(canvas, (24, middle), &shorten(row.name, 18), name);
    let figures = format!("{:.0}%, {:.0}%", row.mean * 100.0, row.peak * 100.0);
    style::text(canvas, (SIZE.0 as i32 - 24, middle), &figures, Type { horizontal: HPos::Right, ..name });
}

/// Busiest first; stations without a limit have no utilization.
fn rows(outcome: &Outcome) -> Vec<Row<'_>> {
    let points = series::points(outcome);
    let merged = &outcome.merged;
    let mut rows: Vec<Row> = merged
        .station_names
        .iter()
        .zip(&merged.station_workers)
        .enumerate()
        .filter_map(|(station, (name, workers))| {
            let workers = f64::from((*workers)?.max(1));
            // a step for each window
            let points: Vec<(f64, f64)> = points
                .iter()
                .flat_map(|p| {
                    let share = p.busy(station) / workers;
                    [(p.start_s, share), (p.start_s + p.length_s, share)]
                })
                .collect();
            let (area, length) = points.chunks_exact(2).fold((0.0, 0.0), |(area, length), step| {
                let width = step[1].0 - step[0].0;
                (area + width * step[0].1, length + width)
            });
            let mean = if length > 0.0 { area / length } else { 0.0 };
            let peak = points.iter().map(|p| p.1).fold(0.0, f64::max);
            Some(Row { name, points, mean, peak })
        })
        .collect();
    rows.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    rows
}

//! Lines over two axes, each labelled where it ends.

use plotters::style::text_anchor::{HPos, VPos};

use crate::report::table::shorten;

use super::axis::Axis;
use super::band::{self, Band};
use super::style::{self, Canvas, FAINT, GRID, INK, Pen, Pixel, SIZE, SMALL_SIZE, Type};

const LEFT: i32 = 96;
const RIGHT: i32 = SIZE.0 as i32 - 220;
const TOP: i32 = 132;
const BOTTOM: i32 = SIZE.1 as i32 - 78;
/// Below the title of the vertical axis.
const BAND_SIZE: i32 = 13;
/// Between two labels.
const LABEL_HEIGHT: i32 = 20;
/// More lines than this are a thicket.
pub const LINES_MAX: usize = 12;

pub struct Line {
    pub name: String,
    pub pen: Pen,
    /// `None` in y interrupts the line.
    pub points: Vec<(f64, Option<f64>)>,
}

pub struct LineChart<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    pub x: Axis,
    pub y: Axis,
    pub lines: Vec<Line>,
    /// Of a horizontal axis of time.
    pub bands: Vec<Band>,
    /// What stands in the middle when there is nothing to draw.
    pub if_empty: &'a str,
}

impl LineChart<'_> {
    pub fn render(&self) -> String {
        let subtitle = format!("{}{}", self.subtitle, band::caption(&self.bands));
        style::picture(self.title, &subtitle, |canvas| {
            self.shade(canvas);
            self.grid(canvas);
            let drawn = self.draw_lines(canvas);
            if drawn.is_empty() {
                let middle = ((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2);
                let kind = Type { color: FAINT, horizontal: HPos::Center, vertical: VPos::Center, ..Type::default() };
                style::text(canvas, middle, self.if_empty, kind);
            }
            self.label(canvas, drawn);
        })
    }

    fn shade(&self, canvas: &Canvas) {
        let places = band::places(&self.bands, &self.x, LEFT, RIGHT);
        for &(from, to) in &places {
            style::band(canvas, (from, TOP), (to, BOTTOM));
        }
        for (at, numbers) in band::labels(&self.bands, &places) {
            let kind = Type { size: BAND_SIZE, color: FAINT, vertical: VPos::Bottom, ..Type::default() };
            style::text(canvas, (at, TOP - 1), &numbers, kind);
        }
    }

    fn grid(&self, canvas: &Canvas) {
        for (at, label) in &self.y.ticks {
            let y = vertical(self.y.place_coordinate(*at));
            style::rule(canvas, (LEFT, y), (RIGHT, y), GRID);
            let kind = Type { size: SMALL_SIZE, horizontal: HPos::Right, vertical: VPos::Center, ..Type::default() };
            style::text(canvas, (LEFT - 10, y), label, kind);
        }
        time_like_axis(canvas, &self.x, (LEFT, RIGHT), (TOP, BOTTOM));
        let kind = Type { color: INK, vertical: VPos::Bottom, ..Type::default() };
        style::text(canvas, (24, TOP - 14), &self.y.title, kind);
    }

    /// The last pixel of each line that has any.
    fn draw_lines(&self, canvas: &Canvas) -> Vec<(usize, Pixel)> {
        let mut ends = Vec::new();
        // the first line, which matters most, is drawn over the others
        for (i, line) in self.lines.iter().enumerate().rev() {
            let mut end = None;
            for piece in line.points.split(|(_, y)| y.is_none()) {
                let pixels: Vec<Pixel> = piece
                    .iter()
                    .filter_map(|(x, y)| y.map(|y| (horizontal(self.x.place(*x)), vertical(self.y.place(y)))))
                    .collect();
                line.pen.line(canvas, &pixels);
                end = pixels.last().copied().or(end);
            }
            ends.extend(end.map(|end| (i, end)));
        }
        ends.sort_by_key(|(i, end)| (end.1, *i));
        ends
    }

    /// A sample of each line and its name, as near to its end as the others allow.
    fn label(&self, canvas: &Canvas, ends: Vec<(usize, Pixel)>) {
        let heights = spread(&ends.iter().map(|(_, end)| end.1).collect::<Vec<_>>(), TOP, BOTTOM);
        for ((i, _), y) in ends.iter().zip(heights) {
            let line = &self.lines[*i];
            line.pen.line(canvas, &[(RIGHT + 10, y), (RIGHT + 44, y)]);
            let kind = Type { size: SMALL_SIZE, vertical: VPos::Center, ..Type::default() };
            style::text(canvas, (RIGHT + 52, y), &shorten(&line.name, 19), kind);
        }
    }
}

/// The horizontal axis below a plot: ticks, labels, title.
pub fn time_like_axis(canvas: &Canvas, axis: &Axis, (left, right): (i32, i32), (top, bottom): (i32, i32)) {
    for (at, label) in &axis.ticks {
        let x = left + (axis.place_coordinate(*at) * f64::from(right - left)).round() as i32;
        style::rule(canvas, (x, top), (x, bottom), GRID);
        style::rule(canvas, (x, bottom), (x, bottom + 6), FAINT);
        let kind = Type { size: SMALL_SIZE, horizontal: HPos::Center, ..Type::default() };
        style::text(canvas, (x, bottom + 11), label, kind);
    }
    style::rule(canvas, (left, bottom), (right, bottom), FAINT);
    let kind = Type { horizontal: HPos::Center, ..Type::default() };
    style::text(canvas, ((left + right) / 2, bottom + 38), &axis.title, kind);
}

fn horizontal(place: f64) -> i32 {
    LEFT + (place * f64::from(RIGHT - LEFT)).round() as i32
}

fn vertical(place: f64) -> i32 {
    BOTTOM - (place * f64::from(BOTTOM - TOP)).round() as i32
}

/// Moves increasing heights apart to `LABEL_HEIGHT`, inside the plot.
fn spread(wanted: &[i32], top: i32, bottom: i32) -> Vec<i32> {
    let mut heights = wanted.to_vec();
    let mut free_from = top;
    for height in &mut heights {
        *height = (*height).max(free_from);
        free_from = *height + LABEL_HEIGHT;
    }
    let mut free_to = bottom;
    for height in heights.iter_mut().rev() {
        *height = (*height).min(free_to);
        free_to = *height - LABEL_HEIGHT;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_never_overlap() {
        assert_eq!(spread(&[100, 105, 300], 0, 500), [100, 120, 300]);
        assert_eq!(spread(&[495, 498, 500], 0, 500), [460, 480, 500]);
        assert_eq!(spread(&[0, 0, 0], 0, 500), [0, 20, 40]);
    }
}

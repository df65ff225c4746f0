//! Many small plots on the same axes, for comparing shapes.

use super::axis::Axis;
use super::color::{Color, Pen};
use super::picture::{MARGIN, Picture, Pixel, SIZE, Type};
use super::plot::Plot;

/// More panels than this are stamps.
pub const PANELS_MAX: usize = 20;
const GAP: Pixel = (26, 46);
const TOP: i32 = 160;
const BOTTOM: i32 = SIZE.1 - 66;
const LEFT: i32 = 78;
/// A plot is not higher than this.
const HEIGHT_MAX: i32 = 180;

#[derive(Clone, Debug)]
pub struct Panel {
    pub title: String,
    /// At the right of the title.
    pub note: String,
    /// Alarming: the title is marked.
    pub marked: bool,
    /// One for each pen of the chart; `None` in y interrupts.
    pub lines: Vec<Vec<(f64, Option<f64>)>>,
}

#[derive(Clone, Debug)]
pub struct SmallMultiples<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    pub x: Axis,
    pub y: Axis,
    /// Names and pens of the lines that each panel has.
    pub pens: Vec<(String, Pen)>,
    /// Shaded in each plot.
    pub shaded: Option<(f64, f64)>,
    /// A level that all are held against.
    pub reference: Option<(f64, String)>,
    /// At most `PANELS_MAX`.
    pub panels: Vec<Panel>,
    pub if_empty: &'a str,
}

impl SmallMultiples<'_> {
    pub fn picture(&self) -> Picture {
        let mut picture = Picture::new(self.title, self.subtitle);
        if self.panels.is_empty() {
            picture.says(Plot::within(LEFT, MARGIN).middle(), self.if_empty);
            return picture;
        }
        self.legend(&mut picture);
        let columns = match self.panels.len() {
            1 => 1,
            2..=4 => 2,
            5..=9 => 3,
            10..=16 => 4,
            _ => 5,
        };
        let rows = self.panels.len().div_ceil(columns) as i32;
        let width = (SIZE.0 - MARGIN - LEFT - GAP.0 * (columns as i32 - 1)) / columns as i32;
        let height = ((BOTTOM - TOP - GAP.1 * (rows - 1)) / rows).min(HEIGHT_MAX);
        for (i, panel) in self.panels.iter().enumerate() {
            let (row, column) = ((i / columns) as i32, i % columns);
            let left = LEFT + (width + GAP.0) * column as i32;
            let top = TOP + (height + GAP.1) * row;
            let plot = Plot { left, right: left + width, top, bottom: top + height };
            let is_last = i + columns >= self.panels.len();
            self.draw(&mut picture, plot, panel, column == 0, is_last);
        }
        let bottom = TOP + (height + GAP.1) * rows - GAP.1;
        picture.text(((LEFT + SIZE.0 - MARGIN) / 2, bottom + 34), &self.x.title, Type::small().center());
        picture
    }

    fn draw(&self, picture: &mut Picture, plot: Plot, panel: &Panel, first: bool, last: bool) {
        if let Some((from, to)) = self.shaded {
            let (from, to) = (plot.x(&self.x, from), plot.x(&self.x, to));
            picture.shade((from, plot.top), (to, plot.bottom), Color::Ink, 0.08);
        }
        for (at, label) in thinned(&self.y.ticks, 3) {
            let y = plot.bottom - (self.y.place_coordinate(*at) * f64::from(plot.bottom - plot.top)).round() as i32;
            picture.rule((plot.left, y), (plot.right, y), Color::Grid);
            if first {
                picture.text((plot.left - 8, y), label, Type::tiny().right().level());
            }
        }
        for (at, label) in thinned(&self.x.ticks, 4) {
            let x = plot.left + (self.x.place_coordinate(*at) * f64::from(plot.right - plot.left)).round() as i32;
            picture.rule((x, plot.bottom), (x, plot.bottom + 4), Color::Faint);
            if last {
                picture.text((x, plot.bottom + 7), label, Type::tiny().center());
            }
        }
        picture.rule((plot.left, plot.bottom), (plot.right, plot.bottom), Color::Faint);
        if let Some((at, _)) = &self.reference {
            let y = plot.y(&self.y, *at);
            let pen = Pen { dash: (6, 4), ..Pen::solid(Color::Faint, 1) };
            picture.line(vec![(plot.left, y), (plot.right, y)], pen);
        }
        for (line, (_, pen)) in panel.lines.iter().zip(&self.pens).rev() {
            for piece in line.split(|(_, y)| y.is_none()) {
                let place = |&(x, y): &(f64, Option<f64>)| y.map(|y| (plot.x(&self.x, x), plot.y(&self.y, y)));
                picture.line(piece.iter().filter_map(place).collect(), *pen);
            }
        }
        let note = Type::tiny().right().above();
        let mut x = plot.left;
        if panel.marked {
            picture.dot((plot.left + 6, plot.top - 12), 6, Color::Kind(1), true);
            x += 18;
        }
        let kind = Type { color: Color::Ink, ..Type::tiny() }.bold().above();
        // the note only where it costs the title nothing
        if kind.width_of(&panel.title) + note.width_of(&panel.note) + 10 <= plot.right - x {
            picture.text((plot.right, plot.top - 4), &panel.note, note);
        }
        picture.text((x, plot.top - 4), &kind.fit(&panel.title, plot.right - x), kind);
    }

    fn legend(&self, picture: &mut Picture) {
        let (mut x, y, kind) = (MARGIN, 104, Type::small().level());
        let mut item = |picture: &mut Picture, name: &str, pen: Pen| {
            picture.line(vec![(x, y), (x + 34, y)], pen);
            picture.text((x + 42, y), name, kind);
            x += 42 + kind.width_of(name) + 28;
        };
        for (name, pen) in &self.pens {
            item(picture, name, *pen);
        }
        if let Some((_, name)) = &self.reference {
            item(picture, name, Pen { dash: (6, 4), ..Pen::solid(Color::Faint, 1) });
        }
        picture.text((SIZE.0 - MARGIN, y), &self.y.title, kind.right());
    }
}

/// At most so many and one more, the first among them.
fn thinned<T>(ticks: &[T], most: usize) -> impl Iterator<Item = &T> {
    ticks.iter().step_by(ticks.len().div_ceil(most + 1).max(1))
}

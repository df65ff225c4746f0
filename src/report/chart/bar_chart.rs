//! Horizontal bars made of parts, in one or more panels that share their rows, each bar with its interval.

use super::axis::Axis;
use super::color::{Color, Pen};
use super::picture::{MARGIN, Picture, TINY_SIZE, Type};
use super::plot::Plot;

pub const ROWS_MAX: usize = 12;
const NAMES: i32 = 230;
const GAP: i32 = 40;
const ROW_HEIGHT_MAX: i32 = 54;

/// A kind of part, in the legend. Their colours differ in darkness.
#[derive(Clone, Debug)]
pub struct Part {
    pub name: String,
    pub color: Color,
}

#[derive(Clone, Debug)]
pub struct Bar {
    /// By part, in the order of the legend.
    pub parts: Vec<f64>,
    /// Of the whole bar.
    pub interval: Option<[f64; 2]>,
    pub label: String,
}

#[derive(Clone, Debug)]
pub struct Panel {
    pub title: String,
    pub axis: Axis,
    /// By row; `None`: there is nothing to say.
    pub bars: Vec<Option<Bar>>,
}

#[derive(Clone, Debug)]
pub struct BarChart<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    pub parts: Vec<Part>,
    /// At most `ROWS_MAX`.
    pub rows: Vec<String>,
    pub panels: Vec<Panel>,
    pub if_empty: &'a str,
}

impl BarChart<'_> {
    pub fn picture(&self) -> Picture {
        let mut picture = Picture::new(self.title, self.subtitle);
        let whole = Plot { top: 168, ..Plot::within(NAMES, MARGIN + 16) };
        if self.rows.is_empty() || self.panels.is_empty() {
            picture.says(whole.middle(), self.if_empty);
            return picture;
        }
        self.legend(&mut picture);
        let pitch = ((whole.bottom - whole.top) / self.rows.len() as i32).min(ROW_HEIGHT_MAX);
        let bottom = whole.top + pitch * self.rows.len() as i32;
        for (i, name) in self.rows.iter().enumerate() {
            let kind = Type::small().level();
            let name = kind.fit(name, NAMES - MARGIN - 12);
            picture.text((MARGIN, whole.top + pitch * i as i32 + pitch / 2), &name, kind);
        }
        let count = self.panels.len() as i32;
        let width = (whole.right - whole.left - GAP * (count - 1)) / count;
        for (i, panel) in self.panels.iter().enumerate() {
            let left = whole.left + (width + GAP) * i as i32;
            let plot = Plot { left, right: left + width, top: whole.top, bottom };
            let kind = Type::default().bold().above();
            picture.text((left, whole.top - 8), &kind.fit(&panel.title, width), kind);
            plot.horizontal_axis(&mut picture, &panel.axis);
            for (row, bar) in panel.bars.iter().enumerate() {
                if let Some(bar) = bar {
                    draw(&mut picture, plot, panel, &self.parts, bar, (whole.top + pitch * row as i32, pitch));
                }
            }
        }
        picture
    }

    fn legend(&self, picture: &mut Picture) {
        let (mut x, y, kind) = (MARGIN, 104, Type::small().level());
        for part in self.parts.iter().filter(|part| !part.name.is_empty()) {
            picture.fill((x, y - 8), (x + 26, y + 8), part.color);
            picture.text((x + 34, y), &part.name, kind);
            x += 34 + kind.width_of(&part.name) + 28;
        }
        if self.panels.iter().flat_map(|panel| panel.bars.iter().flatten()).any(|bar| bar.interval.is_some()) {
            whisker(picture, x, x + 26, y, 5);
            picture.text((x + 34, y), "95% interval", kind);
        }
    }
}

fn draw(picture: &mut Picture, plot: Plot, panel: &Panel, parts: &[Part], bar: &Bar, (top, pitch): (i32, i32)) {
    let middle = top + pitch / 2;
    let half = (pitch / 2 - 4).clamp(3, 13);
    let mut sum = 0.0;
    for (value, part) in bar.parts.iter().zip(parts) {
        let (from, to) = (plot.x(&panel.axis, sum), plot.x(&panel.axis, sum + value));
        if to > from {
            picture.fill((from, middle - half), (to, middle + half), part.color);
        }
        sum += value;
    }
    let mut end = plot.x(&panel.axis, sum);
    if let Some([low, high]) = bar.interval {
        let (low, high) = (plot.x(&panel.axis, low), plot.x(&panel.axis, high));
        whisker(picture, low, high, middle, half.min(6));
        end = end.max(high);
    }
    let kind = Type { size: TINY_SIZE, ..Type::default() }.level();
    let width = kind.width_of(&bar.label);
    // inside of the bar's end where it would leave the panel
    if end + 8 + width <= plot.right + GAP / 2 {
        picture.text((end + 8, middle), &bar.label, kind);
    } else {
        let right = plot.x(&panel.axis, sum).min(end) - 10;
        picture.fill((right - width - 4, middle - 9), (right + 4, middle + 9), Color::Paper);
        picture.text((right, middle), &bar.label, kind.right());
    }
}

/// From low to high with an end on each side.
pub fn whisker(picture: &mut Picture, low: i32, high: i32, y: i32, half: i32) {
    let pen = Pen::solid(Color::Ink, 2);
    picture.line(vec![(low, y), (high.max(low + 1), y)], pen);
    for x in [low, high.max(low + 1)] {
        picture.line(vec![(x, y - half), (x, y + half)], pen);
    }
}

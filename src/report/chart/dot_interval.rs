//! A ranking: for each row a dot with its interval on a shared axis.

use super::axis::Axis;
use super::bar_chart::whisker;
use super::color::{Color, Pen};
use super::picture::{MARGIN, Picture, Pixel, SIZE, Type};
use super::plot::Plot;

pub const ROWS_MAX: usize = 20;
const ROW_HEIGHT_MAX: i32 = 44;
const NAMES: i32 = 310;
const FIGURES: i32 = 250;

#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    /// `None`: it has no value.
    pub value: Option<f64>,
    pub interval: Option<[f64; 2]>,
    /// At the right.
    pub figures: String,
    pub emphasis: Emphasis,
}

/// Seen without colour as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emphasis {
    /// A filled dot of the alarming colour.
    Strong,
    /// A filled dot.
    Plain,
    /// A ring.
    Open,
}

#[derive(Clone, Debug)]
pub struct DotIntervals<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    pub axis: Axis,
    /// At most `ROWS_MAX`.
    pub rows: Vec<Row>,
    pub rows_title: &'a str,
    pub figures_title: &'a str,
    /// What the whiskers are: "95% interval".
    pub interval: &'a str,
    /// What the dots mean; those that occur are shown.
    pub legend: [(Emphasis, &'a str); 3],
    /// A value that all are held against (no difference, an objective), with its name.
    pub reference: Option<(f64, &'a str)>,
    /// What lies so near to the reference counts as no difference.
    pub within: Option<f64>,
    pub if_empty: &'a str,
}

impl DotIntervals<'_> {
    pub fn picture(&self) -> Picture {
        let mut picture = Picture::new(self.title, self.subtitle);
        let mut plot = Plot { top: 168, ..Plot::within(NAMES, FIGURES) };
        if self.rows.is_empty() {
            picture.says(plot.middle(), self.if_empty);
            return picture;
        }
        let pitch = ((plot.bottom - plot.top) / self.rows.len() as i32).min(ROW_HEIGHT_MAX);
        plot.bottom = plot.top + pitch * self.rows.len() as i32;
        self.legend(&mut picture);
        picture.text((MARGIN, plot.top - 8), self.rows_title, Type::small().faint().above());
        picture.text((SIZE.0 - MARGIN, plot.top - 8), self.figures_title, Type::small().faint().right().above());
        plot.horizontal_axis(&mut picture, &self.axis);
        if let Some((at, name)) = self.reference {
            let x = plot.x(&self.axis, at);
            picture.line(vec![(x, plot.top), (x, plot.bottom)], Pen { dash: (6, 4), ..Pen::solid(Color::Faint, 2) });
            picture.text((x, plot.top - 8), name, Type::tiny().center().above());
        }
        if let (Some((at, _)), Some(within)) = (self.reference, self.within) {
            for end in [at - within, at + within] {
                let x = plot.x(&self.axis, end);
                picture
                    .line(vec![(x, plot.top), (x, plot.bottom)], Pen { dash: (2, 4), ..Pen::solid(Color::Faint, 1) });
            }
        }
        for (i, row) in self.rows.iter().enumerate() {
            let middle = plot.top + pitch * i as i32 + pitch / 2;
            let kind = if pitch < 22 { Type { color: Color::Ink, ..Type::tiny() } } else { Type::small() }.level();
            picture.text((MARGIN, middle), &kind.fit(&row.name, NAMES - MARGIN - 12), kind);
            let figures = kind.fit(&row.figures, SIZE.0 - MARGIN - plot.right - 16);
            picture.text((SIZE.0 - MARGIN, middle), &figures, kind.right());
            picture.rule((plot.left, middle), (plot.right, middle), Color::Grid);
            if let Some([low, high]) = row.interval {
                whisker(&mut picture, plot.x(&self.axis, low), plot.x(&self.axis, high), middle, 5);
            }
            if let Some(value) = row.value {
                dot(&mut picture, (plot.x(&self.axis, value), middle), row.emphasis);
            }
        }
        picture
    }

    fn legend(&self, picture: &mut Picture) {
        let (mut x, y, kind) = (MARGIN + 6, 104, Type::small().level());
        for (emphasis, meaning) in self.legend {
            if self.rows.iter().any(|row| row.emphasis == emphasis && row.value.is_some()) {
                dot(picture, (x, y), emphasis);
                picture.text((x + 14, y), meaning, kind);
                x += 14 + kind.width_of(meaning) + 34;
            }
        }
        if self.rows.iter().any(|row| row.interval.is_some()) {
            whisker(picture, x, x + 26, y, 5);
            picture.text((x + 36, y), self.interval, kind);
        }
    }
}

fn dot(picture: &mut Picture, at: Pixel, emphasis: Emphasis) {
    match emphasis {
        Emphasis::Strong => picture.dot(at, 7, Color::Kind(1), true),
        Emphasis::Plain => picture.dot(at, 6, Color::Kind(2), true),
        Emphasis::Open => picture.dot(at, 6, Color::Kind(2), false),
    }
}

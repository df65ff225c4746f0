//! Lines over two axes, each labelled where it ends, with the band of its interval where it has one.

use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::band::{self, Band};
use super::color::Pen;
use super::live::{Live, Part};
use super::picture::{MARGIN, Picture, Pixel, SIZE, Type};
use super::plot::{Plot, spread};

const LEFT: i32 = 96;
/// Names at the right take what they need, up to this.
const NAMES_MAX: i32 = 170;
/// Samples of the lines before them.
const SAMPLES: i32 = 52;
/// Between two labels.
const LABEL_HEIGHT: i32 = 23;
/// More lines than this are a thicket.
pub const LINES_MAX: usize = 12;

#[derive(Clone, Debug)]
pub struct Line {
    pub name: String,
    pub pen: Pen,
    /// `None` in y interrupts the line.
    pub points: Vec<(f64, Option<f64>)>,
    /// (x, low, high), increasing in x; empty: it has none.
    pub interval: Vec<(f64, f64, f64)>,
    pub stroke: Stroke,
}

/// How a line's points are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stroke {
    /// Joined: there are as many as are wanted.
    #[default]
    Line,
    /// Joined, each with a dot: between them nothing was looked at.
    Dotted,
    /// Dots alone: observations, which another line runs through.
    Dots,
}

/// Something at one x or y that all lines are held against: an objective, a knee.
#[derive(Clone, Debug)]
pub struct Mark {
    pub name: String,
    pub at: MarkAt,
}

#[derive(Clone, Copy, Debug)]
pub enum MarkAt {
    X(f64),
    Y(f64),
}

#[derive(Clone, Debug)]
pub struct LineChart<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    pub x: Axis,
    pub y: Axis,
    pub lines: Vec<Line>,
    /// Of a horizontal axis of time.
    pub bands: Vec<Band>,
    pub marks: Vec<Mark>,
    /// What stands in the middle when there is nothing to draw.
    pub if_empty: &'a str,
}

/// Behind the subtitle, where there are intervals.
pub fn said(lines: &[Line]) -> &'static str {
    let any = |of: fn(Stroke) -> bool| lines.iter().any(|line| !line.interval.is_empty() && of(line.stroke));
    match (any(|stroke| stroke != Stroke::Dots), any(|stroke| stroke == Stroke::Dots)) {
        (true, true) => "; bands and whiskers: 95% intervals",
        (true, false) => "; bands: 95% intervals",
        (false, true) => "; whiskers: 95% intervals",
        (false, false) => "",
    }
}

/// What lies under the floor of a log axis is not drawn, but for the way up from it.
pub fn above(floor: f64, points: &[(f64, Option<f64>)]) -> Vec<(f64, Option<f64>)> {
    let is_over = |at: Option<usize>| {
        at.and_then(|at| points.get(at)).is_some_and(|(_, y)| y.is_some_and(|value| value >= floor))
    };
    let kept = |(i, &(x, y)): (usize, &(f64, Option<f64>))| {
        let shown = is_over(Some(i)) || is_over(i.checked_sub(1)) || is_over(Some(i + 1));
        (x, y.filter(|_| shown).map(|value| value.max(floor)))
    };
    points.iter().enumerate().map(kept).collect()
}

impl LineChart<'_> {
    pub fn picture(&self) -> Picture {
        let kind = Type::small();
        let names = self.lines.iter().map(|line| kind.width_of(&line.name)).max().unwrap_or(0).min(NAMES_MAX);
        let plot = Plot::within(LEFT, SAMPLES + names + MARGIN);
        let before = if band::hides_warmup(&self.x, plot.left, plot.right) { "; before 0: the warm-up" } else { "" };
        let subtitle = format!("{}{}{before}", self.subtitle, band::caption(&self.bands));
        let mut picture = Picture::new(self.title, &subtitle);
        let corners = ((plot.left, plot.top), (plot.right, plot.bottom));
        picture.part(Part::Along, |picture| band::draw(picture, &self.bands, &self.x, corners.0, corners.1));
        plot.vertical_axis(&mut picture, &self.y);
        picture.part(Part::HorizontalAxis, |picture| plot.horizontal_axis(picture, &self.x));
        for (i, line) in self.lines.iter().enumerate() {
            picture.part(Part::Series(i), |picture| self.draw_interval(picture, plot, line));
        }
        picture.part(Part::Along, |picture| self.draw_marks(picture, plot));
        let ends = self.draw_lines(&mut picture, plot);
        if ends.is_empty() {
            picture.says(plot.middle(), self.if_empty);
        }
        self.label(&mut picture, plot, ends);
        picture.live = Live::of_lines(plot, &self.x, &self.y, &self.lines);
        picture
    }

    fn draw_interval(&self, picture: &mut Picture, plot: Plot, line: &Line) {
        // one alone has no area, and there is nothing between observations
        if line.stroke == Stroke::Dots || (line.interval.len() == 1 && line.stroke != Stroke::Line) {
            let pen = Pen { dash: (1, 0), ..line.pen };
            for &(x, low, high) in &line.interval {
                let (x, low, high) = (plot.x(&self.x, x), plot.y(&self.y, low), plot.y(&self.y, high));
                picture.line(vec![(x, low), (x, high)], pen);
                for end in [low, high] {
                    picture.line(vec![(x - 4, end), (x + 4, end)], pen);
                }
            }
            return;
        }
        let low = line.interval.iter().map(|&(x, low, _)| (plot.x(&self.x, x), plot.y(&self.y, low)));
        let high = line.interval.iter().rev().map(|&(x, _, high)| (plot.x(&self.x, x), plot.y(&self.y, high)));
        picture.area(low.chain(high).collect(), line.pen.color, 0.22);
    }

    fn draw_marks(&self, picture: &mut Picture, plot: Plot) {
        for mark in &self.marks {
            let (from, to, at, kind) = match mark.at {
                MarkAt::X(x) => {
                    let x = plot.x(&self.x, x);
                    ((x, plot.top), (x, plot.bottom), (x + 6, plot.top + 6), Type::tiny())
                }
                MarkAt::Y(y) => {
                    let y = plot.y(&self.y, y);
                    ((plot.left, y), (plot.right, y), (plot.left + 6, y - 3), Type::tiny().above())
                }
            };
            picture.line(vec![from, to], Pen { dash: (6, 4), ..Pen::solid(kind.color, 2) });
            picture.text(at, &mark.name, kind);
        }
    }

    /// The last pixel of each line that has any.
    fn draw_lines(&self, picture: &mut Picture, plot: Plot) -> Vec<(usize, Pixel)> {
        let mut ends = Vec::new();
        // the first line, which matters most, is drawn over the others
        for (i, line) in self.lines.iter().enumerate().rev() {
            let mut end = None;
            for piece in line.points.split(|(_, y)| y.is_none()) {
                let place = |&(x, y): &(f64, Option<f64>)| y.map(|y| (plot.x(&self.x, x), plot.y(&self.y, y)));
                let pixels: Vec<Pixel> = piece.iter().filter_map(place).collect();
                end = pixels.last().copied().or(end);
                picture.part(Part::Series(i), |picture| draw(picture, pixels, line));
            }
            ends.extend(end.map(|end| (i, end)));
        }
        ends.sort_by_key(|(i, end)| (end.1, *i));
        ends
    }

    /// A sample of each line and its name, as near to its end as the others allow.
    fn label(&self, picture: &mut Picture, plot: Plot, ends: Vec<(usize, Pixel)>) {
        let wanted: Vec<i32> = ends.iter().map(|(_, end)| end.1).collect();
        let heights = spread(&wanted, LABEL_HEIGHT, plot.top, plot.bottom);
        for ((i, _), y) in ends.iter().zip(heights) {
            let line = &self.lines[*i];
            let kind = Type::small().level();
            let name = kind.fit(&line.name, SIZE.0 - plot.right - SAMPLES - MARGIN);
            picture.part(Part::Label(*i), |picture| {
                let sample = match line.stroke {
                    Stroke::Dots => vec![(plot.right + 27, y)],
                    Stroke::Line | Stroke::Dotted => vec![(plot.right + 10, y), (plot.right + 44, y)],
                };
                draw(picture, sample, line);
                picture.text((plot.right + SAMPLES, y), &name, kind);
            });
        }
    }
}

fn draw(picture: &mut Picture, pixels: Vec<Pixel>, line: &Line) {
    if line.stroke != Stroke::Line {
        pixels.iter().for_each(|&at| picture.dot(at, 4, line.pen.color, true));
    }
    if line.stroke != Stroke::Dots {
        picture.line(pixels, line.pen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_the_floor_is_left_out_and_a_peak_stands_on_it() {
        let points = [0.0, 0.0, 5.0, 0.5, 0.0, 0.0].map(|y| (0.0, Some(y)));
        let drawn: Vec<Option<f64>> = above(1.0, &points).into_iter().map(|(_, y)| y).collect();
        assert_eq!(drawn, [None, Some(1.0), Some(5.0), Some(1.0), None, None]);
    }
}

//! What a picture in a page can be asked: the space of its plot, what its axes mean, and the figures that it was drawn
//! from; and which of its shapes belong to what, so that they can be hidden or moved.

use serde::Serialize;

use super::axis::{Axis, OF_TIME};
use super::heat_map::{Row, Scale};
use super::line_chart::Line;
use super::picture::printable;
use super::plot::Plot;
use super::stored::rounded;
use crate::report::figure::number;

/// What some of the shapes of a picture are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Of a line, in the plot: it is where the horizontal axis says.
    Series(usize),
    /// The name of a line, beside the plot.
    Label(usize),
    /// Of no line, and where the horizontal axis says.
    Along,
    HorizontalAxis,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Live {
    /// Pixels: left, right, top, bottom.
    pub plot: [i32; 4],
    pub across: Across,
    /// What is read off, with its unit.
    pub measure: String,
    #[serde(flatten)]
    pub figures: Figures,
}

/// The horizontal axis, in its own coordinate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Across {
    pub title: String,
    pub low: f64,
    pub high: f64,
    pub kind: Kind,
    /// What time is told in, and how many seconds that is.
    pub unit: Option<(String, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Time,
    /// -log10 of the share that is above.
    Percentile,
    /// log10
    Log,
    Linear,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figures {
    Lines(Vec<LineFigures>),
    Cells {
        /// Of the columns, one more than there are.
        edges: Vec<f64>,
        /// Pixels.
        row_height: i32,
        rows: Vec<RowFigures>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineFigures {
    pub name: String,
    /// (across, value, its interval)
    pub points: Vec<(f64, Option<f64>, Option<[f64; 2]>)>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowFigures {
    pub name: String,
    /// As they are said.
    pub cells: Vec<Option<String>>,
}

impl Live {
    /// `None`: there is nothing to ask.
    pub fn of_lines(plot: Plot, across: &Axis, up: &Axis, lines: &[Line]) -> Option<Live> {
        let figures: Vec<LineFigures> = lines.iter().map(LineFigures::of).collect();
        let any = figures.iter().flat_map(|line| &line.points).any(|(_, value, _)| value.is_some());
        any.then(|| Live {
            plot: [plot.left, plot.right, plot.top, plot.bottom],
            across: Across::of(across),
            measure: up.title.trim_end_matches(" (log scale)").into(),
            figures: Figures::Lines(figures),
        })
    }

    pub fn of_cells(
        plot: Plot,
        row_height: i32,
        across: &Axis,
        edges: &[f64],
        rows: &[Row],
        scale: &Scale,
    ) -> Option<Live> {
        // coarser labels of whole percents are for the legend
        let is_share = (scale.label)(1.0) == "100%";
        let said = |value: f64| if is_share { format!("{}%", number(value * 100.0)) } else { (scale.label)(value) };
        let row = |row: &Row| RowFigures {
            name: printable(&row.name),
            cells: row.cells.iter().map(|cell| cell.map(said)).collect(),
        };
        (!rows.is_empty() && edges.len() > 1).then(|| Live {
            plot: [plot.left, plot.right, plot.top, plot.bottom],
            across: Across::of(across),
            measure: scale.title.clone(),
            figures: Figures::Cells {
                edges: edges.iter().copied().map(rounded).collect(),
                row_height,
                rows: rows.iter().map(row).collect(),
            },
        })
    }

    /// For those who cannot see the picture: how far each line goes.
    pub fn in_words(&self) -> String {
        let Figures::Lines(lines) = &self.figures else { return String::new() };
        let range = |line: &LineFigures| {
            let values = || line.points.iter().filter_map(|(_, value, _)| *value);
            let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
            (low <= high).then(|| match (number(low), number(high)) {
                (low, high) if low == high => format!("{} {low}", line.name),
                (low, high) => format!("{} {low} to {high}", line.name),
            })
        };
        let ranges: Vec<String> = lines.iter().filter_map(range).collect();
        format!("{}: {}", self.measure, ranges.join("; "))
    }
}

impl Across {
    fn of(axis: &Axis) -> Across {
        let unit = axis.title.strip_prefix(OF_TIME).map(|unit| {
            let seconds = match unit {
                "days" => 86_400.0,
                "h" => 3600.0,
                "min" => 60.0,
                _ => 1.0,
            };
            (unit.to_owned(), seconds)
        });
        let kind = match &unit {
            Some(_) => Kind::Time,
            None if axis.title.starts_with("Percentile") => Kind::Percentile,
            None if axis.is_log() => Kind::Log,
            None => Kind::Linear,
        };
        Across { title: axis.title.clone(), low: axis.low, high: axis.high, kind, unit }
    }
}

impl LineFigures {
    fn of(line: &Line) -> LineFigures {
        let mut intervals = line.interval.iter().peekable();
        let point = |&(x, value): &(f64, Option<f64>)| {
            while intervals.next_if(|interval| interval.0 < x).is_some() {}
            let interval = intervals.next_if(|interval| interval.0 == x).map(|(_, low, high)| [*low, *high]);
            (rounded(x), value.map(rounded), interval.map(|ends| ends.map(rounded)))
        };
        LineFigures { name: printable(&line.name), points: line.points.iter().map(point).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::color::Pen;
    use super::*;

    #[test]
    fn figures_stand_with_the_intervals_of_their_places() {
        let line = Line {
            name: "p99".into(),
            pen: Pen::nth(0),
            stroke: Default::default(),
            points: vec![(1.0, Some(10.0)), (2.0, None), (3.0, Some(30.0))],
            interval: vec![(3.0, 25.0, 37.0)],
        };
        let (time, up) = (Axis::time(600.0), Axis::log("Latency, ms", 1.0, 100.0));
        let live = Live::of_lines(Plot::within(90, 90), &time, &up, &[line]).unwrap();
        assert_eq!((live.across.kind, live.across.unit.clone()), (Kind::Time, Some(("min".into(), 60.0))));
        assert_eq!(live.in_words(), "Latency, ms: p99 10 to 30");
        let Figures::Lines(lines) = &live.figures else { panic!("{live:?}") };
        assert_eq!(
            lines[0].points,
            [(1.0, Some(10.0), None), (2.0, None, None), (3.0, Some(30.0), Some([25.0, 37.0]))]
        );
        let json = serde_json::to_string(&live).unwrap();
        assert!(json.contains(r#""kind":"time""#) && json.contains(r#""lines":[{"name":"p99""#), "{json}");
    }

    #[test]
    fn axes_are_told_apart() {
        assert_eq!(Across::of(&Axis::percentile("Percentile of answered requests, %")).kind, Kind::Percentile);
        assert_eq!(Across::of(&Axis::log("Rate", 1.0, 10.0)).kind, Kind::Log);
        assert_eq!(Across::of(&Axis::from_zero("Rate", 10.0)).kind, Kind::Linear);
    }
}

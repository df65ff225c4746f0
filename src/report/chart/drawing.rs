//! A picture as plain figures, of those kinds that several commands draw: lines, a ranking, a map. What `plan`, `sweep` and
//! `compare` keep in charts.json.

use serde::{Deserialize, Serialize};

use super::Chart;
use super::axis::Axis;
use super::color::Pen;
use super::dot_interval::{self, DotIntervals, Emphasis};
use super::heat_map::{self, Columns, HeatMap, Scale};
use super::line_chart::{self, LineChart, Mark, MarkAt, Stroke};
use super::picture::Picture;
use super::stored::rounded;
use crate::experiment::summary::Estimate;
use crate::report::figure::number;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawing {
    /// Of its file.
    pub name: String,
    pub title: String,
    pub subtitle: String,
    pub shows: Shows,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    Lines(Lines),
    Ranking(Ranking),
    Map(Map),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lines {
    pub x: String,
    /// Its values are spread over powers of ten.
    pub x_log: bool,
    pub y: String,
    pub lines: Vec<Line>,
    /// Names of places on the horizontal axis.
    pub at_x: Vec<(String, f64)>,
    pub at_y: Vec<(String, f64)>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    /// Increasing in x.
    pub points: Vec<[f64; 2]>,
    /// x, low and high.
    pub interval: Vec<[f64; 3]>,
    pub stroke: Stroke,
    /// Points without a value that can be drawn: it lies among the failures.
    pub left_out: usize,
}

impl Line {
    /// Of those estimates that have a value; each was looked at, and nothing between them.
    pub fn of(name: &str, estimates: impl IntoIterator<Item = (f64, Estimate)>) -> Line {
        let mut line = Line { name: name.into(), stroke: Stroke::Dotted, ..Line::default() };
        for (x, estimate) in estimates {
            let Some(value) = estimate.value.filter(|value| value.is_finite() && !estimate.censored) else {
                line.left_out += 1;
                continue;
            };
            line.points.push([rounded(x), rounded(value)]);
            line.interval.extend(estimate.ci95.map(|[low, high]| [x, low, high].map(rounded)));
        }
        line
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    pub axis: String,
    pub scale: AxisScale,
    pub rows_title: String,
    pub figures_title: String,
    /// What the whiskers are.
    pub interval: String,
    pub rows: Vec<Row>,
    /// What a strong, a plain and an open dot mean.
    pub legend: [String; 3],
    /// A value that all are held against.
    pub reference: Option<(f64, String)>,
    /// What lies so near to the reference counts as no difference.
    #[serde(default)]
    pub within: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AxisScale {
    /// Begins at zero, or is logarithmic where that would hide the small ones.
    FromZero,
    /// Either side of zero.
    Differences,
    /// As far as the values go.
    Near,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub name: String,
    pub value: Option<f64>,
    pub ci95: Option<[f64; 2]>,
    /// At the right.
    pub figures: String,
    pub dot: Dot,
}

impl Row {
    pub fn of(name: String, estimate: &Estimate, figures: String, dot: Dot) -> Row {
        let value = estimate.value.filter(|value| value.is_finite() && !estimate.censored).map(rounded);
        Row { name, value, ci95: estimate.ci95.filter(|_| value.is_some()).map(|ci| ci.map(rounded)), figures, dot }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dot {
    Strong,
    Plain,
    Open,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Map {
    pub columns_title: String,
    pub columns: Vec<String>,
    pub rows_title: String,
    /// Names, and a cell for each column.
    pub rows: Vec<(String, Vec<Option<f64>>)>,
    pub of: String,
    /// Cells on either side of it are parted by a line.
    pub contour: Option<f64>,
}

impl Drawing {
    pub fn chart(&self) -> Chart {
        Chart::new(self.name.clone(), self.picture())
    }

    /// What a damaged file could have that cannot be drawn.
    pub fn check(&self) -> Result<(), String> {
        let same = |what: &str, found: usize, wanted: usize| match found == wanted {
            true => Ok(()),
            false => Err(format!("{what} has {found} cells, not {wanted}")),
        };
        match &self.shows {
            Shows::Lines(_) | Shows::Ranking(_) => Ok(()),
            Shows::Map(map) => map.rows.iter().try_for_each(|(name, cells)| same(name, cells.len(), map.columns.len())),
        }
    }

    fn picture(&self) -> Picture {
        match &self.shows {
            Shows::Lines(lines) => self.lines(lines),
            Shows::Ranking(ranking) => self.ranking(ranking),
            Shows::Map(map) => self.map(map),
        }
    }

    fn lines(&self, data: &Lines) -> Picture {
        let line = |(i, line): (usize, &Line)| line_chart::Line {
            name: line.name.clone(),
            pen: Pen::nth(i),
            stroke: line.stroke,
            points: line.points.iter().map(|&[x, y]| (x, Some(y))).collect(),
            interval: line.interval.iter().map(|&[x, low, high]| (x, low, high)).collect(),
        };
        let lines: Vec<line_chart::Line> =
            data.lines.iter().take(line_chart::LINES_MAX).enumerate().map(line).collect();
        let xs: Vec<f64> = data.lines.iter().flat_map(|line| &line.points).map(|point| point[0]).collect();
        let ys = data.lines.iter().flat_map(|line| &line.points).map(|point| point[1]);
        let ys: Vec<f64> = ys.chain(data.at_y.iter().map(|(_, y)| *y)).collect();
        let at_x = data.at_x.iter().map(|(name, x)| Mark { name: name.clone(), at: MarkAt::X(*x) });
        let at_y = data.at_y.iter().map(|(name, y)| Mark { name: name.clone(), at: MarkAt::Y(*y) });
        let marks = at_x.chain(at_y).collect();
        let reach = xs.iter().copied().chain(data.at_x.iter().map(|(_, x)| *x));
        let (low, high) = ends(reach);
        // dots at the ends would lie on the axes
        let all_dots = data.lines.iter().all(|line| line.stroke == Stroke::Dots) && !data.x_log;
        let room = if all_dots { 0.05 * (high - low) } else { 0.0 };
        let (low, high) = (low - room, high + room);
        let left_out = match data.lines.iter().map(|line| line.left_out).sum::<usize>() {
            0 => String::new(),
            1 => "; 1 figure among the failures not shown".into(),
            n => format!("; {n} figures among the failures not shown"),
        };
        LineChart {
            title: &self.title,
            subtitle: &format!("{}{left_out}{}", self.subtitle, line_chart::said(&lines)),
            x: if data.x_log { Axis::log(&data.x, low, high) } else { Axis::linear(&data.x, low, high) },
            y: Axis::linear_or_log(&data.y, ys.iter().copied()),
            lines,
            bands: Vec::new(),
            marks,
            if_empty: "Nothing was observed.",
        }
        .picture()
    }

    fn ranking(&self, data: &Ranking) -> Picture {
        let rows: Vec<dot_interval::Row> = data
            .rows
            .iter()
            .take(dot_interval::ROWS_MAX)
            .map(|row| dot_interval::Row {
                name: row.name.clone(),
                value: row.value,
                interval: row.ci95,
                figures: row.figures.clone(),
                emphasis: match row.dot {
                    Dot::Strong => Emphasis::Strong,
                    Dot::Plain => Emphasis::Plain,
                    Dot::Open => Emphasis::Open,
                },
            })
            .collect();
        let values = rows.iter().flat_map(|row| row.value.into_iter().chain(row.interval.into_iter().flatten()));
        let held = data
            .reference
            .iter()
            .flat_map(|(at, _)| [*at, at - data.within.unwrap_or(0.0), at + data.within.unwrap_or(0.0)]);
        let values: Vec<f64> = values.chain(held).collect();
        let (low, high) = ends(values.iter().copied());
        let [strong, plain, open] = &data.legend;
        let more = data.rows.len() - rows.len();
        let left_out = if more > 0 { format!("; {more} more not shown") } else { String::new() };
        DotIntervals {
            title: &self.title,
            subtitle: &format!("{}{left_out}", self.subtitle),
            axis: match data.scale {
                AxisScale::FromZero => Axis::linear_or_log(&data.axis, values.iter().copied()),
                AxisScale::Differences => Axis::linear(&data.axis, low.min(0.0), high.max(0.0)),
                AxisScale::Near => Axis::linear(&data.axis, low, high),
            },
            rows,
            rows_title: &data.rows_title,
            figures_title: &data.figures_title,
            interval: &data.interval,
            legend: [(Emphasis::Strong, strong), (Emphasis::Plain, plain), (Emphasis::Open, open)],
            reference: data.reference.as_ref().map(|(at, name)| (*at, name.as_str())),
            within: data.within,
            if_empty: "Nothing was found.",
        }
        .picture()
    }

    fn map(&self, data: &Map) -> Picture {
        let cells = data.rows.iter().flat_map(|(_, cells)| cells).flatten().copied();
        let (low, high) = ends(cells);
        let more = data.rows.len().saturating_sub(heat_map::ROWS_MAX);
        let mut subtitle = self.subtitle.clone();
        if more > 0 {
            subtitle.push_str(&format!("; {more} more rows not shown"));
        }
        let row = |(name, cells): &(String, Vec<Option<f64>>)| {
            let (low, high) = ends(cells.iter().flatten().copied());
            let figures = match cells.iter().any(Option::is_some) {
                true => format!("{} to {}", short(low), short(high)),
                false => "-".into(),
            };
            heat_map::Row { name: name.clone(), cells: cells.clone(), figures }
        };
        HeatMap {
            title: &self.title,
            subtitle: &subtitle,
            columns: Columns::Named { title: data.columns_title.clone(), names: data.columns.clone() },
            rows: data.rows.iter().take(heat_map::ROWS_MAX).map(row).collect(),
            rows_title: &data.rows_title,
            figures_title: "range",
            scale: Scale { title: data.of.clone(), low, high, log: low > 0.0 && high > 10.0 * low, label: short },
            contour: data.contour,
            bands: Vec::new(),
            if_empty: "Nothing was observed.",
        }
        .picture()
    }
}

/// To a tenth.
fn short(value: f64) -> String {
    number((value * 10.0).round() / 10.0)
}

/// Smallest and largest; 0 and 1 where there are none.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    finite
        .map(|value| (value, value))
        .reduce(|(low, high), (value, _)| (low.min(value), high.max(value)))
        .unwrap_or((0.0, 1.0))
}

//! A grid of shares by colour: rows by name, columns over time or by name. Colours come in few steps, which a reader can
//! find again in the legend, on paper without colour as well.

use super::axis::Axis;
use super::band::{self, Band};
use super::color::{Color, LEVELS, Pen};
use super::live::{Live, Part};
use super::picture::{MARGIN, Picture, Pixel, SIZE, Type};
use super::plot::Plot;

/// More rows than this are too low to be read.
pub const ROWS_MAX: usize = 20;
const ROW_HEIGHT_MAX: i32 = 44;
const NAMES: i32 = 230;
const FIGURES: i32 = 150;
const SWATCH: Pixel = (26, 14);

#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    /// By column; `None`: nothing was observed.
    pub cells: Vec<Option<f64>>,
    /// At the right.
    pub figures: String,
}

#[derive(Clone, Debug)]
pub enum Columns {
    /// Edges, one more than there are cells, on a horizontal axis.
    Along { axis: Axis, edges: Vec<f64> },
    /// The values that were tried.
    Named { title: String, names: Vec<String> },
}

/// What a colour means: from `low` to `high` in even steps of the value, or of its logarithm.
#[derive(Clone, Debug)]
pub struct Scale {
    /// With its unit.
    pub title: String,
    pub low: f64,
    pub high: f64,
    pub log: bool,
    /// Writes a value at the legend's ends.
    pub label: fn(f64) -> String,
}

impl Scale {
    /// Utilization.
    pub fn share(title: &str) -> Scale {
        Scale { title: title.into(), low: 0.0, high: 1.0, log: false, label: |v| format!("{:.0}%", v * 100.0) }
    }

    fn level(&self, value: f64) -> Color {
        let at = |v: f64| if self.log { v.max(1e-300).log10() } else { v };
        Color::of_share((at(value) - at(self.low)) / (at(self.high) - at(self.low)).max(1e-300))
    }
}

#[derive(Clone, Debug)]
pub struct HeatMap<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    pub columns: Columns,
    /// At most `ROWS_MAX`.
    pub rows: Vec<Row>,
    pub rows_title: &'a str,
    pub figures_title: &'a str,
    pub scale: Scale,
    /// A line is drawn between cells on different sides of this value.
    pub contour: Option<f64>,
    pub bands: Vec<Band>,
    pub if_empty: &'a str,
}

impl HeatMap<'_> {
    pub fn picture(&self) -> Picture {
        let subtitle = format!("{}{}", self.subtitle, band::caption(&self.bands));
        let mut picture = Picture::new(self.title, &subtitle);
        let figures = if self.figures_title.is_empty() { 60 } else { FIGURES };
        let mut plot = Plot { top: 168, ..Plot::within(NAMES, figures) };
        let rows = self.rows.len().max(1) as i32;
        let pitch = ((plot.bottom - plot.top) / rows).min(ROW_HEIGHT_MAX);
        plot.bottom = plot.top + if self.rows.is_empty() { 120 } else { pitch * rows };
        legend(&mut picture, &self.scale);
        picture.text((MARGIN, plot.top - 8), self.rows_title, Type::small().above());
        let right = (SIZE.0 - MARGIN, plot.top - 8);
        picture.text(right, self.figures_title, Type::small().faint().right().above());
        let edges = self.edges(plot);
        self.horizontal_axis(&mut picture, plot, &edges);
        for (i, row) in self.rows.iter().enumerate() {
            let top = plot.top + pitch * i as i32;
            self.draw(&mut picture, row, &edges, (top, top + pitch));
        }
        if self.rows.is_empty() {
            picture.says(plot.middle(), self.if_empty);
        }
        self.draw_contour(&mut picture, &edges, plot.top, pitch);
        if let Columns::Along { axis, edges } = &self.columns {
            picture.part(Part::Along, |picture| band_edges(picture, &self.bands, axis, plot));
            picture.live = Live::of_cells(plot, pitch, axis, edges, &self.rows, &self.scale);
        }
        picture
    }

    fn edges(&self, plot: Plot) -> Vec<i32> {
        match &self.columns {
            Columns::Along { axis, edges } => edges.iter().map(|edge| plot.x(axis, *edge)).collect(),
            Columns::Named { names, .. } => {
                let width = f64::from(plot.right - plot.left) / names.len().max(1) as f64;
                (0..=names.len()).map(|i| plot.left + (i as f64 * width).round() as i32).collect()
            }
        }
    }

    fn horizontal_axis(&self, picture: &mut Picture, plot: Plot, edges: &[i32]) {
        match &self.columns {
            Columns::Along { axis, .. } => {
                picture.part(Part::HorizontalAxis, |picture| plot.horizontal_axis(picture, axis))
            }
            Columns::Named { title, names } => {
                let kind = Type::small().center();
                let mut free_from = i32::MIN;
                for (name, edge) in names.iter().zip(edges.windows(2)) {
                    let (x, half) = ((edge[0] + edge[1]) / 2, kind.width_of(name) / 2);
                    if x - half >= free_from {
                        picture.text((x, plot.bottom + 11), name, kind);
                        free_from = x + half + 8;
                    }
                }
                picture.text((plot.middle().0, plot.bottom + 42), title, Type::default().center());
            }
        }
    }

    /// Neighbours of one colour are one shape.
    fn draw(&self, picture: &mut Picture, row: &Row, edges: &[i32], (top, bottom): (i32, i32)) {
        let gap = if bottom - top > 12 { 2 } else { 1 };
        let colors: Vec<Option<Color>> = row.cells.iter().map(|cell| cell.map(|v| self.scale.level(v))).collect();
        let mut from = 0;
        for piece in colors.chunk_by(|one, other| one == other) {
            let to = from + piece.len();
            if let (Some(color), Some(left), Some(right)) = (piece[0], edges.get(from), edges.get(to)) {
                picture.part(Part::Along, |picture| picture.fill((*left, top), (*right, bottom - gap), color));
            }
            from = to;
        }
        let middle = (top + bottom - gap) / 2;
        let kind = if bottom - top < 20 { Type { color: Color::Ink, ..Type::tiny() } } else { Type::small() };
        picture.text((MARGIN, middle), &kind.fit(&row.name, NAMES - MARGIN - 12), kind.level());
        picture.text((SIZE.0 - MARGIN, middle), &row.figures, kind.right().level());
    }

    fn draw_contour(&self, picture: &mut Picture, edges: &[i32], top: i32, pitch: i32) {
        let Some(limit) = self.contour else { return };
        let pen = Pen::solid(Color::Kind(1), 4);
        let over = |row: usize, column: usize| -> Option<bool> {
            self.rows.get(row)?.cells.get(column).copied().flatten().map(|value| value > limit)
        };
        let differ = |one: Option<bool>, other: Option<bool>| matches!((one, other), (Some(a), Some(b)) if a != b);
        for row in 0..self.rows.len() {
            let (above, below) = (top + pitch * row as i32, top + pitch * (row as i32 + 1));
            for (column, edge) in edges.windows(2).enumerate() {
                if differ(over(row, column), over(row, column + 1)) {
                    picture.line(vec![(edge[1], above), (edge[1], below)], pen);
                }
                if differ(over(row, column), over(row + 1, column)) {
                    picture.line(vec![(edge[0], below), (edge[1], below)], pen);
                }
            }
        }
    }
}

/// Swatches from low to high, above a plot.
pub fn legend(picture: &mut Picture, scale: &Scale) {
    let (y, kind) = (104, Type::small());
    let (low, high) = ((scale.label)(scale.low), (scale.label)(scale.high));
    let swatches = SWATCH.0 * i32::from(LEVELS);
    let title = format!("{}:", scale.title);
    picture.text((MARGIN, y), &title, kind.level());
    let mut x = MARGIN + kind.width_of(&title) + 14;
    picture.text((x, y), &low, kind.level());
    x += kind.width_of(&low) + 8;
    for level in 0..LEVELS {
        let left = x + SWATCH.0 * i32::from(level);
        picture.fill((left, y - SWATCH.1 / 2), (left + SWATCH.0 - 2, y + SWATCH.1 / 2), Color::Level(level));
    }
    picture.text((x + swatches + 6, y), &high, kind.level());
}

/// Over colours a shade would lie: a bracket above says when.
fn band_edges(picture: &mut Picture, bands: &[Band], time: &Axis, plot: Plot) {
    for band in bands {
        for at in [band.from_s, band.to_s] {
            let x = plot.x(time, at);
            let pen = Pen { dash: (4, 4), ..Pen::solid(Color::Kind(1), 2) };
            picture.line(vec![(x, plot.top), (x, plot.bottom)], pen);
        }
    }
    band::say(picture, bands, time, (plot.left, plot.top), plot.right);
}

#[cfg(test)]
mod tests {
    use super::super::picture::Shape;
    use super::*;

    fn map(rows: Vec<Vec<f64>>, contour: Option<f64>) -> Picture {
        let names = (0..rows[0].len()).map(|i| format!("{}/s", i * 100)).collect();
        let row = |(i, cells): (usize, Vec<f64>)| Row {
            name: format!("{i} workers"),
            cells: cells.into_iter().map(Some).collect(),
            figures: String::new(),
        };
        HeatMap {
            title: "p99 by rate and workers",
            subtitle: "",
            columns: Columns::Named { title: "Arrival rate, requests per second".into(), names },
            rows: rows.into_iter().enumerate().map(row).collect(),
            rows_title: "Workers",
            figures_title: "",
            scale: Scale { title: "p99, ms".into(), low: 10.0, high: 1000.0, log: true, label: |v| format!("{v:.0}") },
            contour,
            bands: Vec::new(),
            if_empty: "Nothing was tried.",
        }
        .picture()
    }

    fn contour_lines(picture: &Picture) -> usize {
        let of_contour = |shape: &&Shape| matches!(shape, Shape::Line { pen, .. } if pen.color == Color::Kind(1));
        picture.shapes.iter().filter(of_contour).count()
    }

    #[test]
    fn the_contour_runs_between_what_is_over_and_what_is_not() {
        let rows = vec![vec![20.0, 300.0, 900.0], vec![20.0, 40.0, 700.0]];
        assert_eq!(contour_lines(&map(rows.clone(), Some(200.0))), 3);
        assert_eq!(contour_lines(&map(rows, None)), 0);
    }

    #[test]
    fn neighbours_of_one_colour_are_one_shape() {
        let cells = |rows| {
            let picture = map(rows, None);
            let boxes = picture.shapes.iter().filter(|s| matches!(s, Shape::Box { from, .. } if from.1 >= 168));
            boxes.count()
        };
        assert_eq!(cells(vec![vec![20.0, 20.1, 20.2]]), 1);
        assert_eq!(cells(vec![vec![20.0, 900.0, 20.0]]), 3);
    }
}

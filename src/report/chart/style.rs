//! The visual language: one canvas, one palette, few sizes of text. Lines differ in dash as well as in
//! colour, so that a grey print can be read.

use std::sync::Once;

use plotters::coord::Shift;
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

pub const SIZE: (u32, u32) = (1200, 675);

pub const INK: RGBColor = RGBColor(34, 34, 34);
pub const FAINT: RGBColor = RGBColor(102, 102, 102);
pub const GRID: RGBColor = RGBColor(228, 228, 228);
pub const FILL: RGBColor = RGBColor(0, 114, 178);

pub const TITLE_SIZE: i32 = 24;
pub const TEXT_SIZE: i32 = 17;
pub const SMALL_SIZE: i32 = 15;

/// Okabe and Ito 2008, "Color universal design", without its yellow, which is lost on white.
const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 0, 0),
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// Pixels drawn and left out; the first is solid.
const DASHES: [(i32, i32); 4] = [(1, 0), (9, 5), (2, 4), (18, 5)];

pub type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub type Pixel = (i32, i32);

/// How a line is drawn.
#[derive(Clone, Copy)]
pub struct Pen {
    color: RGBColor,
    width: u32,
    dash: (i32, i32),
}

impl Pen {
    /// The `index`-th line of a chart; the first is the one that matters most.
    pub fn nth(index: usize) -> Pen {
        let color = index % PALETTE.len();
        let dash = DASHES[(color + index / PALETTE.len()) % DASHES.len()];
        // dots are little ink
        let width = if index == 0 || dash.0 < dash.1 { 3 } else { 2 };
        Pen { color: PALETTE[color], width, dash }
    }

    pub fn line(self, canvas: &Canvas, points: &[Pixel]) {
        let style = self.color.stroke_width(self.width);
        match points {
            [] => {}
            [alone] => put(canvas, &Circle::new(*alone, 4, self.color.filled())),
            _ if self.dash.1 == 0 => put(canvas, &PathElement::new(points.to_vec(), style)),
            _ => {
                for dash in dashes(points, self.dash) {
                    put(canvas, &PathElement::new(dash, style));
                }
            }
        }
    }
}

/// The pieces of a polyline that are drawn, by length along it.
fn dashes(points: &[Pixel], (on, off): (i32, i32)) -> Vec<Vec<Pixel>> {
    let mut pieces = Vec::new();
    let mut piece = vec![points[0]];
    let mut drawing = true;
    let mut left = f64::from(on);
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = (dx * dx + dy * dy).sqrt();
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let share = done / length;
            let at = (from.0 + (dx * share).round() as i32, from.1 + (dy * share).round() as i32);
            if drawing {
                piece.push(at);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![at];
            }
            drawing = !drawing;
            left = f64::from(if drawing { on } else { off });
        }
        left -= length - done;
        if drawing {
            piece.push(to);
        }
    }
    if drawing && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

/// Draws on a fresh canvas and returns the picture.
pub fn picture(title: &str, subtitle: &str, draw: impl FnOnce(&Canvas)) -> String {
    register_fonts();
    let mut svg = String::new();
    {
        let canvas = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        canvas.fill(&WHITE).expect("a string takes every picture");
        text(&canvas, (24, 20), title, Type { size: TITLE_SIZE, bold: true, ..Type::default() });
        text(&canvas, (24, 52), subtitle, Type { color: FAINT, ..Type::default() });
        draw(&canvas);
        canvas.present().expect("a string takes every picture");
    }
    svg
}

#[derive(Clone, Copy)]
pub struct Type {
    pub size: i32,
    pub color: RGBColor,
    pub bold: bool,
    pub horizontal: HPos,
    pub vertical: VPos,
}

impl Default for Type {
    fn default() -> Type {
        Type { size: TEXT_SIZE, color: INK, bold: false, horizontal: HPos::Left, vertical: VPos::Top }
    }
}

pub fn text(canvas: &Canvas, at: Pixel, text: &str, kind: Type) {
    let style = if kind.bold { FontStyle::Bold } else { FontStyle::Normal };
    let style = TextStyle::from(("sans-serif", kind.size, style).into_font())
        .color(&kind.color)
        .pos(Pos::new(kind.horizontal, kind.vertical));
    put(canvas, &Text::new(text.to_string(), at, style));
}

pub fn rule(canvas: &Canvas, from: Pixel, to: Pixel, color: RGBColor) {
    put(canvas, &PathElement::new(vec![from, to], color.stroke_width(1)));
}

/// Behind everything else; where two lie over each other it is darker.
pub fn band(canvas: &Canvas, from: Pixel, to: Pixel) {
    put(canvas, &Rectangle::new([from, to], INK.mix(0.08).filled()));
}

pub fn area(canvas: &Canvas, outline: Vec<Pixel>) {
    put(canvas, &Polygon::new(outline, FILL.mix(0.35).filled()));
}

pub fn utilization_line(canvas: &Canvas, points: &[Pixel]) {
    put(canvas, &PathElement::new(points.to_vec(), FILL.stroke_width(2)));
}

fn put<'c, E>(canvas: &Canvas<'c>, element: &E)
where
    for<'b> &'b E: PointCollection<'b, Pixel>,
    E: Drawable<SVGBackend<'c>>,
{
    canvas.draw(element).expect("a string takes every picture");
}

/// DejaVu Sans measures the text; viewers draw with their own sans-serif.
fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, font) in [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())] {
            assert!(register_font("sans-serif", style, font).is_ok(), "the dejavu crate carries valid fonts");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_have_their_length_around_corners() {
        let pieces = dashes(&[(0, 0), (6, 0), (6, 100)], (10, 5));
        assert_eq!(pieces[0], [(0, 0), (6, 0), (6, 4)]);
        assert_eq!(pieces[1], [(6, 9), (6, 19)]);
    }

    #[test]
    fn the_first_twenty_eight_pens_differ() {
        let mut seen: Vec<(RGBColor, (i32, i32))> = Vec::new();
        for pen in (0..28).map(Pen::nth) {
            assert!(!seen.contains(&(pen.color, pen.dash)));
            seen.push((pen.color, pen.dash));
        }
    }
}

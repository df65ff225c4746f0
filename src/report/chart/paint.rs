//! Shapes -> SVG that follows a viewer's preference for light or dark, or PNG.

use std::fmt::Write;

use plotters::coord::Shift;
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::color::{Color, Pen, Rgb};
use super::font;
use super::picture::{Horizontal, Picture, Pixel, Shape, Type, Vertical};

/// Pixels of a bitmap for one of the picture: for a projector's or a printer's resolution.
const BITMAP_SCALE: i32 = 2;

pub fn svg(picture: &Picture) -> String {
    let mut svg = String::new();
    let size = (picture.size.0 as u32, picture.size.1 as u32);
    let canvas = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    paint(picture, &canvas, 1);
    canvas.present().expect("a string takes every picture");
    drop(canvas);
    // what is so anyway is left out; quotes of texts are escaped, so that no text holds this
    let svg = svg.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "");
    let (opening, rest) = svg.split_once(">\n").expect("an SVG begins with its tag");
    let (title, description) = (escaped(&picture.title), escaped(&picture.description));
    format!(
        "{opening} role=\"img\">\n<title>{title}</title>\n<desc>{description}</desc>\n<style>{}</style>\n{rest}",
        dark_style(picture)
    )
}

/// RGB, eight bits each.
pub fn png(picture: &Picture) -> Vec<u8> {
    let (width, height) = ((picture.size.0 * BITMAP_SCALE) as u32, (picture.size.1 * BITMAP_SCALE) as u32);
    let mut pixels = vec![0; (width * height * 3) as usize];
    {
        let canvas = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        paint(picture, &canvas, BITMAP_SCALE);
        canvas.present().expect("memory takes every picture");
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("memory takes every picture");
    writer.write_image_data(&pixels).expect("memory takes every picture");
    writer.finish().expect("memory takes every picture");
    file
}

fn paint<B: DrawingBackend>(picture: &Picture, canvas: &DrawingArea<B, Shift>, scale: i32) {
    let at = |(x, y): Pixel| (x * scale, y * scale);
    for shape in &picture.shapes {
        match shape {
            Shape::Line { points, pen } => {
                let points: Vec<Pixel> = points.iter().copied().map(at).collect();
                line(canvas, points, *pen, scale);
            }
            Shape::Box { from, to, fill, opacity } => {
                put(canvas, &Rectangle::new([at(*from), at(*to)], rgb(*fill).mix(*opacity).filled()));
            }
            Shape::Frame { from, to, pen } => {
                let (from, to) = (at(*from), at(*to));
                line(canvas, vec![from, (to.0, from.1), to, (from.0, to.1), from], *pen, scale);
            }
            Shape::Area { outline, fill, opacity } => {
                let outline: Vec<Pixel> = outline.iter().copied().map(at).collect();
                put(canvas, &Polygon::new(outline, rgb(*fill).mix(*opacity).filled()));
            }
            Shape::Dot { at: center, radius, color, filled } => {
                let (center, radius) = (at(*center), radius * scale);
                let border = rgb(*color).stroke_width(2 * scale as u32);
                if *filled {
                    put(canvas, &Circle::new(center, radius, rgb(*color).filled()));
                } else {
                    put(canvas, &Circle::new(center, radius, rgb(Color::Paper).filled()));
                    put(canvas, &Circle::new(center, radius, border));
                }
            }
            Shape::Text { at: place, text: words, kind } => text(canvas, at(*place), words, *kind, scale),
        }
    }
}

fn line<B: DrawingBackend>(canvas: &DrawingArea<B, Shift>, points: Vec<Pixel>, pen: Pen, scale: i32) {
    let style = rgb(pen.color).stroke_width((pen.width * scale) as u32);
    if pen.dash.1 == 0 {
        put(canvas, &PathElement::new(points, style));
        return;
    }
    for dash in dashes(&points, (pen.dash.0 * scale, pen.dash.1 * scale)) {
        put(canvas, &PathElement::new(dash, style));
    }
}

fn text<B: DrawingBackend>(canvas: &DrawingArea<B, Shift>, at: Pixel, words: &str, kind: Type, scale: i32) {
    let horizontal = match kind.horizontal {
        Horizontal::Left => HPos::Left,
        Horizontal::Center => HPos::Center,
        Horizontal::Right => HPos::Right,
    };
    let vertical = match kind.vertical {
        Vertical::Top => VPos::Top,
        Vertical::Center => VPos::Center,
        Vertical::Bottom => VPos::Bottom,
    };
    let color = rgb(kind.color);
    let style =
        TextStyle::from(font::of(kind.size * scale, kind.bold)).color(&color).pos(Pos::new(horizontal, vertical));
    put(canvas, &Text::new(words.to_owned(), at, style));
}

fn put<B, E>(canvas: &DrawingArea<B, Shift>, element: &E)
where
    B: DrawingBackend,
    for<'b> &'b E: PointCollection<'b, Pixel>,
    E: Drawable<B>,
{
    canvas.draw(element).expect("memory takes every picture");
}

fn rgb(color: Color) -> RGBColor {
    let (r, g, b) = color.light();
    RGBColor(r, g, b)
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

/// A stylesheet is stronger than the attributes that the light colours are written in.
fn dark_style(picture: &Picture) -> String {
    let mut used: Vec<Color> = Vec::new();
    for shape in &picture.shapes {
        used.push(match shape {
            Shape::Line { pen, .. } | Shape::Frame { pen, .. } => pen.color,
            Shape::Box { fill, .. } | Shape::Area { fill, .. } => *fill,
            Shape::Dot { color, .. } => *color,
            Shape::Text { kind, .. } => kind.color,
        });
    }
    used.push(Color::Paper);
    used.sort_unstable();
    used.dedup();
    let hex = |(r, g, b): Rgb| format!("#{r:02X}{g:02X}{b:02X}");
    let mut style = String::from("@media(prefers-color-scheme:dark){");
    for color in used {
        let (light, dark) = (hex(color.light()), hex(color.dark()));
        write!(style, "[fill=\"{light}\"]{{fill:{dark}}}[stroke=\"{light}\"]{{stroke:{dark}}}")
            .expect("a string takes every text");
    }
    style.push('}');
    style
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
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
    fn every_colour_has_its_dark_form() {
        let mut picture = Picture::new("A title with <markup> & \"quotes\"", "below");
        picture.line(vec![(0, 0), (9, 9)], Pen::solid(Color::Kind(2), 2));
        let svg = svg(&picture);
        assert!(svg.contains("[stroke=\"#0072B2\"]{stroke:#4DA3DC}"), "{svg}");
        assert!(svg.contains("[fill=\"#FFFFFF\"]{fill:#16191E}"), "{svg}");
        assert!(svg.contains("<title>A title with &lt;markup&gt; &amp; \"quotes\"</title>"), "{svg}");
        assert!(!svg.contains("<markup>"), "{svg}");
    }

    #[test]
    fn a_bitmap_holds_what_is_drawn() {
        let mut picture = Picture::sized("", "", (60, 40));
        picture.fill((10, 10), (20, 20), Color::Kind(1));
        picture.text((30, 10), "M", Type::default());
        let file = png(&picture);
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let about = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((about.width, about.height), (120, 80));
        let at = |x: usize, y: usize| &pixels[(y * 120 + x) * 3..][..3];
        assert_eq!(at(30, 30), [213, 94, 0]);
        assert_eq!(at(2, 70), [255, 255, 255]);
        let dark = |x: usize, y: usize| at(x, y)[0] < 90;
        assert!((60..100).any(|x| (20..60).any(|y| dark(x, y))), "the letter is missing");
    }
}

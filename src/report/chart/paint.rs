//! Shapes -> SVG that follows a viewer's preference for light or dark, or PNG.

use std::fmt::Write;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::color::{self, Color, Pen, Rgb};
use super::font;
use super::live::Part;
use super::picture::{Horizontal, Picture, Pixel, Shape, Type, Vertical, printable};

/// Pixels of a bitmap for one of the picture: for a projector's or a printer's resolution.
const BITMAP_SCALE: i32 = 2;

pub fn svg(picture: &Picture) -> String {
    let svg = drawn(picture, 0..picture.shapes.len());
    let (opening, rest) = svg.split_once(">\n").expect("an SVG begins with its tag");
    let (title, description) = (escaped(&picture.title), escaped(&picture.description));
    format!(
        "{opening} role=\"img\">\n<title>{title}</title>\n<desc>{description}</desc>\n<style>{}</style>\n{rest}",
        dark_style(picture)
    )
}

/// As a part of a page, which has the stylesheet of [`dark_rules`]: no style and no size of its own, and its parts told
/// apart. `id` is nobody else's in the page.
pub fn inline(picture: &Picture, id: &str) -> String {
    let (width, height) = picture.size;
    let in_words = picture.live.as_ref().map(|live| format!(". {}", live.in_words())).unwrap_or_default();
    let (title, description) = (escaped(&picture.title), escaped(&printable(&in_words)));
    let description = format!("{}{description}", escaped(&picture.description));
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" font-family=\"{}\">\n\
         <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{description}</desc>\n",
        font::FAMILY
    );
    let family = format!(" font-family=\"{}\"", font::FAMILY);
    let mut at = 0;
    let ends = (picture.shapes.len()..picture.shapes.len(), None);
    for (shapes, part) in picture.parts.iter().map(|(shapes, part)| (shapes.clone(), Some(*part))).chain([ends]) {
        for (shapes, part) in [(at..shapes.start, None), (shapes.clone(), part)] {
            if shapes.is_empty() {
                continue;
            }
            let inside = inside(picture, shapes).replace(&family, "");
            match part {
                None => svg.write_str(&inside),
                Some(Part::Series(i)) => write!(svg, "<g class=\"moves\" data-series=\"{i}\">\n{inside}</g>\n"),
                Some(Part::Label(i)) => write!(svg, "<g data-series=\"{i}\">\n{inside}</g>\n"),
                Some(Part::Along) => write!(svg, "<g class=\"moves\">\n{inside}</g>\n"),
                Some(Part::HorizontalAxis) => write!(svg, "<g class=\"ticks\">\n{inside}</g>\n"),
            }
            .expect("a string takes every text");
        }
        at = shapes.end;
    }
    svg.push_str("</svg>");
    svg
}

/// Some of the shapes without a frame. Dashed lines are one shape each, whose dashes keep their length when it is stretched.
fn inside(picture: &Picture, shapes: Range<usize>) -> String {
    let dash = |shape: &Shape| {
        if let Shape::Line { pen, .. } = shape { Some(pen.dash).filter(|dash| dash.1 > 0) } else { None }
    };
    let mut all = String::new();
    let mut at = shapes.start;
    for alike in picture.shapes[shapes].chunk_by(|one, other| dash(one).is_none() && dash(other).is_none()) {
        let (from, dash) = (at, dash(&alike[0]));
        at += alike.len();
        match (&alike[0], dash) {
            (Shape::Line { points, pen }, Some((on, off))) => {
                let (r, g, b) = pen.color.light();
                let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
                let (width, points) = (pen.width, points.join(" "));
                writeln!(
                    all,
                    "<polyline fill=\"none\" stroke=\"#{r:02X}{g:02X}{b:02X}\" stroke-width=\"{width}\" \
                     stroke-dasharray=\"{on} {off}\" points=\"{points}\"/>"
                )
                .expect("a string takes every text");
            }
            _ => {
                let whole = drawn(picture, from..at);
                let (_, rest) = whole.split_once(">\n").expect("an SVG begins with its tag");
                all.push_str(rest.trim_end().strip_suffix("</svg>").expect("an SVG ends with its tag"));
            }
        }
    }
    all
}

/// Some of the shapes, as an SVG of their own.
fn drawn(picture: &Picture, shapes: Range<usize>) -> String {
    let mut svg = String::new();
    let size = (picture.size.0 as u32, picture.size.1 as u32);
    let canvas = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    paint(&picture.shapes[shapes], &canvas, 1);
    canvas.present().expect("a string takes every picture");
    drop(canvas);
    // what is so anyway is left out; quotes of texts are escaped, so that no text holds this
    svg.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "")
}

/// RGB, eight bits each.
pub fn png(picture: &Picture) -> Vec<u8> {
    let (width, height) = ((picture.size.0 * BITMAP_SCALE) as u32, (picture.size.1 * BITMAP_SCALE) as u32);
    let mut pixels = vec![0; (width * height * 3) as usize];
    {
        let canvas = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        paint(&picture.shapes, &canvas, BITMAP_SCALE);
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

fn paint<B: DrawingBackend>(shapes: &[Shape], canvas: &DrawingArea<B, Shift>, scale: i32) {
    let at = |(x, y): Pixel| (x * scale, y * scale);
    for shape in shapes {
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
    format!("@media(prefers-color-scheme:dark){{{}}}", replaced(&used, ""))
}

/// The dark form of every colour, for pictures below what `within` selects.
pub fn dark_rules(within: &str) -> String {
    replaced(&color::all(), &format!("{within} "))
}

fn replaced(colors: &[Color], within: &str) -> String {
    let hex = |(r, g, b): Rgb| format!("#{r:02X}{g:02X}{b:02X}");
    let mut style = String::new();
    for color in colors {
        let (light, dark) = (hex(color.light()), hex(color.dark()));
        write!(style, "{within}[fill=\"{light}\"]{{fill:{dark}}}{within}[stroke=\"{light}\"]{{stroke:{dark}}}")
            .expect("a string takes every text");
    }
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
    fn a_part_of_a_page_has_no_style_and_tells_its_parts_apart() {
        let mut picture = Picture::new("A title with <markup>", "below");
        picture.part(Part::Series(0), |picture| picture.line(vec![(0, 0), (9, 9)], Pen::nth(1)));
        picture.part(Part::Label(0), |picture| picture.text((20, 20), "<b>p99", Type::default()));
        picture.line(vec![(0, 0), (9, 9)], Pen::nth(0));
        let svg = inline(&picture, "one");
        assert!(!svg.contains("style") && !svg.contains("<b>") && !svg.contains("<markup>"), "{svg}");
        assert!(
            svg.contains("aria-labelledby=\"one-title one-desc\"") && svg.contains("<title id=\"one-title\">"),
            "{svg}"
        );
        let line = "<g class=\"moves\" data-series=\"0\">\n<polyline fill=\"none\" stroke=\"#D55E00\"";
        assert!(svg.contains(line) && svg.contains("stroke-dasharray=\"9 5\" points=\"0,0 9,9\"/>\n</g>"), "{svg}");
        assert_eq!(
            (svg.matches("<svg").count(), svg.matches("<g").count(), svg.matches("</g>").count()),
            (1, 2, 2),
            "{svg}"
        );
        assert!(svg.contains("&lt;b&gt;p99") && svg.ends_with("</svg>"), "{svg}");
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

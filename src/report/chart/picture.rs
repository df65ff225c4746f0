//! A picture as a list of shapes, before it is SVG or PNG: what charts draw on, and what tests look at.

use std::ops::Range;

use super::color::{Color, Pen};
use super::font;
use super::live::{Live, Part};

pub type Pixel = (i32, i32);

/// That of a slide.
pub const SIZE: Pixel = (1200, 675);

/// Left edge of titles.
pub const MARGIN: i32 = 24;

/// As fonts are measured: 1.24 times the pixels of an em.
pub const TITLE_SIZE: i32 = 30;
pub const TEXT_SIZE: i32 = 20;
pub const SMALL_SIZE: i32 = 18;
pub const TINY_SIZE: i32 = 15;

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Line {
        points: Vec<Pixel>,
        pen: Pen,
    },
    /// Filled.
    Box {
        from: Pixel,
        to: Pixel,
        fill: Color,
        opacity: f64,
    },
    /// Not filled.
    Frame {
        from: Pixel,
        to: Pixel,
        pen: Pen,
    },
    Area {
        outline: Vec<Pixel>,
        fill: Color,
        opacity: f64,
    },
    Dot {
        at: Pixel,
        radius: i32,
        color: Color,
        filled: bool,
    },
    Text {
        at: Pixel,
        text: String,
        kind: Type,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizontal {
    Left,
    Center,
    Right,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vertical {
    Top,
    Center,
    Bottom,
}

/// How text is set, and which point of it stands where it is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    pub size: i32,
    pub color: Color,
    pub bold: bool,
    pub horizontal: Horizontal,
    pub vertical: Vertical,
}

impl Default for Type {
    fn default() -> Type {
        Type { size: TEXT_SIZE, color: Color::Ink, bold: false, horizontal: Horizontal::Left, vertical: Vertical::Top }
    }
}

impl Type {
    pub fn small() -> Type {
        Type { size: SMALL_SIZE, ..Type::default() }
    }

    pub fn tiny() -> Type {
        Type { size: TINY_SIZE, color: Color::Faint, ..Type::default() }
    }

    pub fn faint(self) -> Type {
        Type { color: Color::Faint, ..self }
    }

    pub fn bold(self) -> Type {
        Type { bold: true, ..self }
    }

    pub fn right(self) -> Type {
        Type { horizontal: Horizontal::Right, ..self }
    }

    pub fn center(self) -> Type {
        Type { horizontal: Horizontal::Center, ..self }
    }

    /// The middle of its height stands where it is put.
    pub fn level(self) -> Type {
        Type { vertical: Vertical::Center, ..self }
    }

    /// It stands on what it is put on.
    pub fn above(self) -> Type {
        Type { vertical: Vertical::Bottom, ..self }
    }

    /// Pixels.
    pub fn width_of(self, text: &str) -> i32 {
        font::width(text, self.size, self.bold)
    }

    /// The text, or as much of its beginning and its end as fits.
    pub fn fit(self, text: &str, width: i32) -> String {
        if self.width_of(text) <= width {
            return text.into();
        }
        let length = text.chars().count();
        let fits = |kept: usize| {
            let front = kept.div_ceil(2);
            let back = text.chars().skip(length - (kept - front));
            text.chars().take(front).chain(['…']).chain(back).collect::<String>()
        };
        // the most that fits, by bisection: more letters are wider
        let (mut kept, mut too_many) = (0, length);
        while too_many - kept > 1 {
            let tried = (kept + too_many) / 2;
            if self.width_of(&fits(tried)) <= width {
                kept = tried;
            } else {
                too_many = tried;
            }
        }
        fits(kept)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub title: String,
    /// For those who cannot see it.
    pub description: String,
    pub size: Pixel,
    pub shapes: Vec<Shape>,
    /// Which of the shapes are what, in their order.
    pub parts: Vec<(Range<usize>, Part)>,
    /// What a reader can ask of it where it is alive.
    pub live: Option<Live>,
}

impl Picture {
    /// An empty one with its titles.
    pub fn new(title: &str, subtitle: &str) -> Picture {
        Picture::sized(title, subtitle, SIZE)
    }

    pub fn sized(title: &str, subtitle: &str, size: Pixel) -> Picture {
        let (title, subtitle) = (printable(title), printable(subtitle));
        let mut picture = Picture {
            title: title.clone(),
            description: subtitle.clone(),
            size,
            shapes: Vec::new(),
            parts: Vec::new(),
            live: None,
        };
        picture.fill((0, 0), size, Color::Paper);
        let width = size.0 - 2 * MARGIN;
        let kind = Type { size: TITLE_SIZE, bold: true, ..Type::default() };
        picture.text((MARGIN, 20), &kind.fit(&title, width), kind);
        let kind = Type::small().faint();
        picture.text((MARGIN, 58), &kind.fit(&subtitle, width), kind);
        picture
    }

    /// What is drawn meanwhile is this part of the picture.
    pub fn part(&mut self, part: Part, draw: impl FnOnce(&mut Picture)) {
        let from = self.shapes.len();
        draw(self);
        if self.shapes.len() > from {
            self.parts.push((from..self.shapes.len(), part));
        }
    }

    /// One point is a dot, none is nothing.
    pub fn line(&mut self, points: Vec<Pixel>, pen: Pen) {
        match points[..] {
            [] => {}
            [at] => self.dot(at, 4, pen.color, true),
            _ => self.shapes.push(Shape::Line { points, pen }),
        }
    }

    pub fn rule(&mut self, from: Pixel, to: Pixel, color: Color) {
        self.line(vec![from, to], Pen::solid(color, 1));
    }

    pub fn fill(&mut self, from: Pixel, to: Pixel, fill: Color) {
        self.shapes.push(Shape::Box { from, to, fill, opacity: 1.0 });
    }

    /// What lies under it is seen; where two lie over each other it is darker.
    pub fn shade(&mut self, from: Pixel, to: Pixel, fill: Color, opacity: f64) {
        self.shapes.push(Shape::Box { from, to, fill, opacity });
    }

    pub fn frame(&mut self, from: Pixel, to: Pixel, pen: Pen) {
        self.shapes.push(Shape::Frame { from, to, pen });
    }

    pub fn area(&mut self, outline: Vec<Pixel>, fill: Color, opacity: f64) {
        if outline.len() > 2 {
            self.shapes.push(Shape::Area { outline, fill, opacity });
        }
    }

    pub fn dot(&mut self, at: Pixel, radius: i32, color: Color, filled: bool) {
        self.shapes.push(Shape::Dot { at, radius, color, filled });
    }

    pub fn text(&mut self, at: Pixel, text: &str, kind: Type) {
        let text = printable(text);
        if !text.is_empty() {
            self.shapes.push(Shape::Text { at, text, kind });
        }
    }

    /// In the middle of an empty plot.
    pub fn says(&mut self, at: Pixel, text: &str) {
        self.text(at, text, Type::default().faint().center().level());
    }
}

/// What no XML may hold, and what would turn the line around, is replaced.
pub fn printable(text: &str) -> String {
    let harmless = |c: char| match c {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_in_its_middle_to_fit() {
        let kind = Type::small();
        let name = "the-application-server-of-the-third-floor.cpu";
        let fitted = kind.fit(name, 200);
        assert!(kind.width_of(&fitted) <= 200 && kind.width_of(&fitted) > 170, "{fitted}");
        assert!(fitted.starts_with("the-app") && fitted.ends_with(".cpu") && fitted.contains('…'), "{fitted}");
        assert_eq!(kind.fit("app1.cpu", 200), "app1.cpu");
        assert_eq!(kind.fit("app1.cpu", 0), "…");
    }

    #[test]
    fn no_name_turns_a_line_around_or_breaks_the_file() {
        let mut picture = Picture::new("a\u{202e}b", "c\u{0}\u{1b}[2J");
        picture.text((10, 10), "\u{ffff}", Type::default());
        let texts: Vec<&str> = picture
            .shapes
            .iter()
            .filter_map(|shape| if let Shape::Text { text, .. } = shape { Some(text.as_str()) } else { None })
            .collect();
        assert_eq!(texts, ["a\u{fffd}b", "c\u{fffd}\u{fffd}[2J", "\u{fffd}"]);
    }
}

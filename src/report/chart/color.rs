//! Colours, each for light and for dark paper, and pens. Lines differ in dash as well as in colour, and a scale of colours
//! rises in darkness, so that a grey print can be read.

pub type Rgb = (u8, u8, u8);

/// What a colour is for. Its light form is what is drawn; its dark one is what a viewer who prefers dark gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Color {
    Paper,
    Ink,
    Faint,
    Grid,
    /// A line or a bar of a kind: 0 is the one that matters most.
    Kind(u8),
    /// Of a scale from 0 (nothing) to `LEVELS - 1` (all).
    Level(u8),
}

/// Steps of a scale; a reader tells no more apart.
pub const LEVELS: u8 = 10;

/// Okabe and Ito 2008, "Color universal design", without its yellow, which is lost on white; lighter on dark paper.
const KINDS: [(Rgb, Rgb); 7] = [
    ((0, 0, 0), (240, 240, 240)),
    ((213, 94, 0), (240, 128, 60)),
    ((0, 114, 178), (77, 163, 220)),
    ((0, 158, 115), (60, 199, 155)),
    ((204, 121, 167), (222, 150, 190)),
    ((230, 159, 0), (240, 180, 50)),
    ((86, 180, 233), (150, 212, 246)),
];

/// Blues of even steps in luminance; the last step, nearly full, is of another hue and still the darkest.
const SCALE: [Rgb; 6] =
    [(238, 243, 249), (198, 219, 239), (133, 182, 219), (66, 133, 190), (24, 84, 150), (10, 40, 92)];
const FULL: Rgb = (74, 4, 32);
const DARK_SCALE: [Rgb; 6] =
    [(36, 42, 52), (38, 66, 104), (42, 98, 152), (70, 140, 200), (124, 184, 230), (190, 222, 246)];
const DARK_FULL: Rgb = (255, 226, 196);

impl Color {
    pub fn light(self) -> Rgb {
        match self {
            Color::Paper => (255, 255, 255),
            Color::Ink => (34, 34, 34),
            Color::Faint => (96, 96, 96),
            Color::Grid => (226, 226, 226),
            Color::Kind(i) => KINDS[i as usize % KINDS.len()].0,
            Color::Level(level) => step(&SCALE, FULL, level),
        }
    }

    pub fn dark(self) -> Rgb {
        match self {
            Color::Paper => (22, 25, 30),
            Color::Ink => (230, 230, 230),
            Color::Faint => (168, 172, 178),
            Color::Grid => (56, 60, 68),
            Color::Kind(i) => KINDS[i as usize % KINDS.len()].1,
            Color::Level(level) => step(&DARK_SCALE, DARK_FULL, level),
        }
    }

    /// Of a share of the scale, 0 to 1.
    pub fn of_share(share: f64) -> Color {
        Color::Level((share.clamp(0.0, 1.0) * f64::from(LEVELS)).floor().min(f64::from(LEVELS - 1)) as u8)
    }
}

/// Every colour that there is.
pub fn all() -> Vec<Color> {
    let mut all = vec![Color::Paper, Color::Ink, Color::Faint, Color::Grid];
    all.extend((0..KINDS.len() as u8).map(Color::Kind));
    all.extend((0..LEVELS).map(Color::Level));
    all
}

fn step(scale: &[Rgb], full: Rgb, level: u8) -> Rgb {
    if level + 1 >= LEVELS {
        return full;
    }
    let at = f64::from(level) / f64::from(LEVELS - 2) * (scale.len() - 1) as f64;
    let below = (at as usize).min(scale.len() - 2);
    let (one, other, share) = (scale[below], scale[below + 1], at - below as f64);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
    (mix(one.0, other.0), mix(one.1, other.1), mix(one.2, other.2))
}

/// Pixels drawn and left out; the first is solid.
const DASHES: [(i32, i32); 4] = [(1, 0), (9, 5), (2, 4), (18, 5)];

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pen {
    pub color: Color,
    pub width: i32,
    /// Pixels drawn and left out.
    pub dash: (i32, i32),
}

impl Pen {
    /// The `index`-th line of a chart; the first is the one that matters most.
    pub fn nth(index: usize) -> Pen {
        let color = index % KINDS.len();
        let dash = DASHES[(color + index / KINDS.len()) % DASHES.len()];
        // dots are little ink
        let width = if index == 0 || dash.0 < dash.1 { 3 } else { 2 };
        Pen { color: Color::Kind(color as u8), width, dash }
    }

    pub fn solid(color: Color, width: i32) -> Pen {
        Pen { color, width, dash: DASHES[0] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of WCAG 2.
    fn luminance((r, g, b): Rgb) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn the_first_twenty_eight_pens_differ() {
        let mut seen: Vec<Pen> = Vec::new();
        for pen in (0..28).map(Pen::nth) {
            assert!(!seen.iter().any(|other| (other.color, other.dash) == (pen.color, pen.dash)));
            seen.push(pen);
        }
    }

    #[test]
    fn a_scale_is_read_in_grey() {
        for level in 1..LEVELS {
            let (below, here) = (Color::Level(level - 1), Color::Level(level));
            assert!(luminance(here.light()) < luminance(below.light()), "level {level} is no darker");
            assert!(luminance(here.dark()) > luminance(below.dark()), "level {level} is no lighter on dark paper");
        }
        assert_eq!(Color::of_share(0.899), Color::Level(8));
        assert_eq!(Color::of_share(0.9), Color::Level(9));
        assert_eq!(Color::of_share(7.0), Color::Level(9));
    }

    #[test]
    fn text_and_lines_are_seen_on_both_papers() {
        for color in [Color::Ink, Color::Faint] {
            assert!(contrast(color.light(), Color::Paper.light()) >= 4.5, "{color:?}");
            assert!(contrast(color.dark(), Color::Paper.dark()) >= 4.5, "{color:?}");
        }
        for color in (0..KINDS.len() as u8).map(Color::Kind) {
            assert!(contrast(color.light(), Color::Paper.light()) >= 2.0, "{color:?}");
            assert!(contrast(color.dark(), Color::Paper.dark()) >= 3.0, "{color:?} on dark paper");
        }
    }

    #[test]
    fn what_is_the_same_on_light_paper_is_so_on_dark() {
        let all = all();
        for (i, one) in all.iter().enumerate() {
            for other in &all[..i] {
                assert_ne!(one.light(), other.light(), "{one:?} and {other:?}: a stylesheet could not tell them apart");
            }
        }
    }
}

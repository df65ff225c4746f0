//! The font that comes with the program: DejaVu Sans. It measures text, and draws it in bitmaps; viewers of SVG draw with
//! their own sans-serif, which is hardly ever wider.

use std::sync::Once;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

pub const FAMILY: &str = "sans-serif";

/// Pixels.
pub fn width(text: &str, size: i32, bold: bool) -> i32 {
    let ((left, _), (right, _)) = of(size, bold).layout_box(text).expect("the font is registered");
    right - left + 1
}

pub fn of(size: i32, bold: bool) -> FontDesc<'static> {
    register();
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::SansSerif, f64::from(size), style)
}

fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, font) in [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())] {
            assert!(register_font(FAMILY, style, font).is_ok(), "the dejavu crate carries valid fonts");
        }
    });
}

//! What a browser is told to refuse: everything but the script and the style that came with the page, known by their
//! hashes. So a name that were taken for markup could still run nothing and fetch nothing.

use sha2::{Digest, Sha256};

use crate::report::chart::color::Color;
use crate::report::chart::paint;

pub const SCRIPT: &str = include_str!("script.js");
const STYLE: &str = include_str!("style.css");

/// The stylesheet, after the colours of the charts in both their forms.
pub fn style() -> String {
    let hex = |(r, g, b): (u8, u8, u8)| format!("#{r:02X}{g:02X}{b:02X}");
    let names = [
        ("paper", Color::Paper),
        ("ink", Color::Ink),
        ("faint", Color::Faint),
        ("grid", Color::Grid),
        ("alarm", Color::Kind(1)),
        ("link", Color::Kind(2)),
        ("good", Color::Kind(3)),
        ("warning", Color::Kind(5)),
    ];
    let all = |form: fn(Color) -> (u8, u8, u8)| -> String {
        names.map(|(name, color)| format!("--{name}:{};", hex(form(color)))).concat()
    };
    let (light, dark) = (all(Color::light), all(Color::dark));
    let charts = paint::dark_rules(".chart");
    format!(":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}{charts}}}\n{STYLE}")
}

pub fn policy(style: &str) -> String {
    format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        source(SCRIPT),
        source(style)
    )
}

/// As a policy names what is in the page.
pub fn source(content: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(content.as_bytes())))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let of_three = |three: &[u8]| {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        let letter = |i: usize| match i <= three.len() {
            true => char::from(LETTERS[(bits >> (18 - 6 * i)) as usize & 63]),
            false => '=',
        };
        (0..4).map(letter).collect::<String>()
    };
    bytes.chunks(3).map(of_three).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_written_as_browsers_want_them() {
        let examples =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (plain, encoded) in examples {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        // of the specification of Content Security Policy, level 2
        assert_eq!(source("alert('Hello, world.');"), "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
    }

    #[test]
    fn script_and_style_end_where_they_should() {
        assert!(!SCRIPT.contains("</") && !STYLE.contains("</"));
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"), "the style fetches something");
    }
}

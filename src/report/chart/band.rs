//! When something was wrong: a light vertical band for each incident, with the number of its fault above, and what it
//! was where there is room. The warm-up is shaded as well.

use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::color::Color;
use super::picture::{Picture, Pixel, Type};

/// Between two labels, pixels.
const GAP: i32 = 12;
/// A fault of an instant is seen, too.
const WIDTH_MIN: i32 = 4;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Of its fault, from 1.
    pub number: u32,
    pub what: String,
    /// Seconds.
    pub from_s: f64,
    pub to_s: f64,
}

/// Behind the subtitle.
pub fn caption(bands: &[Band]) -> &'static str {
    match bands {
        [] => "",
        [_] => "; shaded: the fault",
        _ => "; shaded: faults, by their numbers",
    }
}

/// Shades a plot and says what for.
pub fn draw(picture: &mut Picture, bands: &[Band], time: &Axis, (left, top): Pixel, (right, bottom): Pixel) {
    if time.warmup {
        let zero = time.pixel(0.0, left, right);
        picture.shade((left, top), (zero, bottom), Color::Faint, 0.12);
        if !hides_warmup(time, left, right) {
            picture.text(((left + zero) / 2, bottom - 4), "warm-up", Type::tiny().center().above());
        }
    }
    let places = places(bands, time, left, right);
    for &(from, to) in &places {
        picture.shade((from, top), (to, bottom), Color::Ink, 0.08);
    }
    say(picture, bands, time, (left, top), right);
}

/// Whether there is a warm-up, and no room to say so where it is.
pub fn hides_warmup(time: &Axis, left: i32, right: i32) -> bool {
    time.warmup && Type::tiny().width_of("warm-up") > time.pixel(0.0, left, right) - left
}

/// The labels alone.
pub fn say(picture: &mut Picture, bands: &[Band], time: &Axis, (left, top): Pixel, right: i32) {
    for (at, text) in labels(bands, &places(bands, time, left, right), right) {
        picture.text((at, top - 1), &text, Type::tiny().above());
    }
}

/// From where to where each lies between two pixels.
fn places(bands: &[Band], time: &Axis, left: i32, right: i32) -> Vec<(i32, i32)> {
    let place = |band: &Band| {
        let from = time.pixel(band.from_s, left, right).min(right - WIDTH_MIN);
        (from, time.pixel(band.to_s, left, right).max(from + WIDTH_MIN))
    };
    bands.iter().map(place).collect()
}

/// Above the beginnings: numbers, said together where they would overlap, with what happened where all of that fits.
fn labels(bands: &[Band], places: &[(i32, i32)], right: i32) -> Vec<(i32, String)> {
    let kind = Type::tiny();
    let mut starts: Vec<(i32, &Band)> = places.iter().zip(bands).map(|(place, band)| (place.0, band)).collect();
    starts.sort_by_key(|(at, band)| (*at, band.number));
    // (where, numbers, the band if it is one alone)
    let mut groups: Vec<(i32, String, Option<&Band>)> = Vec::new();
    for (at, band) in starts {
        match groups.last_mut() {
            Some((before, text, alone)) if at - *before < kind.width_of(text) + GAP => {
                text.push_str(&format!(", {}", band.number));
                *alone = None;
            }
            _ => groups.push((at, band.number.to_string(), Some(band))),
        }
    }
    let ends: Vec<i32> = groups.iter().skip(1).map(|group| group.0 - GAP).chain([right]).collect();
    let mut labels = Vec::new();
    for ((at, numbers, alone), end) in groups.into_iter().zip(ends) {
        let said = alone.map(|band| format!("{numbers} {}", band.what)).filter(|said| kind.width_of(said) <= end - at);
        let text = said.unwrap_or(numbers);
        let text = kind.fit(&text, (end - at).max(kind.width_of("10")));
        // at the end of the axis a number would stand outside
        labels.push((at.min(right - kind.width_of(&text)), text));
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(number: u32, from_s: f64, to_s: f64) -> Band {
        Band { number, what: "app1 loses its power".into(), from_s, to_s }
    }

    #[test]
    fn bands_lie_where_their_faults_do_and_are_seen() {
        let time = Axis::time(100.0);
        let bands = [band(1, 10.0, 30.0), band(2, 50.0, 50.0001), band(3, 99.999, 100.0)];
        assert_eq!(places(&bands, &time, 0, 1000), [(100, 300), (500, 504), (996, 1000)]);
    }

    #[test]
    fn numbers_that_would_overlap_are_said_together_and_what_happened_where_it_fits() {
        let bands = [band(1, 10.0, 30.0), band(2, 11.0, 12.0), band(3, 60.0, 70.0), band(4, 99.0, 100.0)];
        let said = labels(&bands, &places(&bands, &Axis::time(100.0), 0, 1000), 1000);
        let expected = [(100, "1, 2"), (600, "3 app1 loses its power"), (990, "4")].map(|(at, t)| (at, t.to_owned()));
        assert_eq!(said, expected);
    }
}

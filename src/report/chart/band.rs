//! When something was wrong: a light vertical band for each incident, with the number of its fault above.

use crate::experiment::summary::Incident;

use super::axis::Axis;

/// Pixels between two numbers.
const LABEL_WIDTH: i32 = 22;
/// A fault of an instant is seen, too.
const WIDTH_MIN: i32 = 4;

#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Of its fault, from 1.
    pub number: u32,
    /// Seconds.
    pub from_s: f64,
    pub to_s: f64,
}

pub fn bands(incidents: &[Incident], measured_s: f64) -> Vec<Band> {
    let of = |incident: &Incident| Band {
        number: incident.fault,
        from_s: incident.at_s,
        to_s: incident.until_s.map_or(measured_s, |until_s| until_s.min(measured_s)),
    };
    incidents.iter().map(of).collect()
}

/// Behind the subtitle.
pub fn caption(bands: &[Band]) -> &'static str {
    match bands {
        [] => "",
        [_] => "; shaded: the fault",
        _ => "; shaded: faults, by their numbers",
    }
}

/// From where to where each lies between two pixels.
pub fn places(bands: &[Band], time: &Axis, left: i32, right: i32) -> Vec<(i32, i32)> {
    let x = |at: f64| left + (time.place(at) * f64::from(right - left)).round() as i32;
    let place = |band: &Band| {
        let from = x(band.from_s).min(right - WIDTH_MIN);
        (from, x(band.to_s).max(from + WIDTH_MIN))
    };
    bands.iter().map(place).collect()
}

/// Numbers above the beginnings; what would overlap is said together.
pub fn labels(bands: &[Band], places: &[(i32, i32)]) -> Vec<(i32, String)> {
    let mut starts: Vec<(i32, u32)> = places.iter().zip(bands).map(|(place, band)| (place.0, band.number)).collect();
    starts.sort_unstable();
    let mut labels: Vec<(i32, String)> = Vec::new();
    for (at, number) in starts {
        match labels.last_mut() {
            // each number more makes the last one wider
            Some((before, text)) if at - *before < LABEL_WIDTH + 6 * (text.len() as i32 - 1) => {
                text.push_str(&format!(", {number}"));
            }
            _ => labels.push((at, number.to_string())),
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(number: u32, from_s: f64, to_s: f64) -> Band {
        Band { number, from_s, to_s }
    }

    #[test]
    fn bands_lie_where_their_faults_do_and_are_seen() {
        let time = Axis::time(100.0);
        let bands = [band(1, 10.0, 30.0), band(2, 50.0, 50.0001), band(3, 99.999, 100.0)];
        assert_eq!(places(&bands, &time, 0, 1000), [(100, 300), (500, 504), (996, 1000)]);
    }

    #[test]
    fn numbers_that_would_overlap_are_said_together() {
        let bands = [band(1, 10.0, 30.0), band(2, 11.0, 12.0), band(3, 60.0, 70.0)];
        let said = labels(&bands, &places(&bands, &Axis::time(100.0), 0, 1000));
        assert_eq!(said, [(100, "1, 2".to_owned()), (600, "3".to_owned())]);
    }
}

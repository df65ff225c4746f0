//! Where a curve bends: load against latency, or workers against latency.
//!
//! Two answers to "how far can this go?". The *knee* is the point of greatest distance between the curve and the
//! straight line from its first to its last point, both axes scaled to 0..1 (Satopää, Albrecht, Irwin, Raghavan 2011,
//! "Finding a 'Kneedle' in a Haystack"): before it more load costs little, behind it much. *Doubling* is where the curve
//! passes twice the value of its first point, by straight lines between points.

use super::super::summary::Estimate;

/// Fewer points have no shape.
const POINTS_MIN: usize = 4;
/// The distance that makes a knee: a straight line has 0, 1/(1 - rho) from 0.1 to 0.9 has 0.5.
const DISTANCE_MIN: f64 = 0.15;
/// A curve whose highest point is not this many times its lowest is flat.
const RISE_MIN: f64 = 1.2;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bend {
    /// Index of the knee's point; the real knee lies between its neighbours.
    pub at: usize,
    /// Latency grows along the axis; else it falls, and the knee is where more stops helping.
    pub rising: bool,
}

/// Of (place, value), places growing.
pub fn knee(curve: &[(f64, f64)]) -> Option<Bend> {
    let (first, last) = (curve.first()?, curve.last()?);
    let lowest = curve.iter().map(|(_, y)| *y).fold(f64::INFINITY, f64::min);
    let highest = curve.iter().map(|(_, y)| *y).fold(0.0, f64::max);
    if curve.len() < POINTS_MIN || highest < RISE_MIN * lowest {
        return None;
    }
    let rising = last.1 > first.1;
    let distance = |(x, y): &(f64, f64)| {
        let (x, y) = ((x - first.0) / (last.0 - first.0), (y - lowest) / (highest - lowest));
        if rising { x - y } else { 1.0 - y - x }
    };
    let inner = 1..curve.len() - 1;
    let at = inner.max_by(|&a, &b| distance(&curve[a]).total_cmp(&distance(&curve[b])).then(b.cmp(&a)))?;
    (distance(&curve[at]) >= DISTANCE_MIN).then_some(Bend { at, rising })
}

/// Where estimates pass twice the first one: the place, and the interval that theirs leave open.
pub fn doubling(curve: &[(f64, Estimate)]) -> Option<(f64, Option<[f64; 2]>)> {
    let reference = curve.first()?.1;
    let values = |of: &dyn Fn(&Estimate) -> Option<f64>| -> Option<Vec<(f64, f64)>> {
        curve.iter().map(|(x, estimate)| Some((*x, of(estimate)?))).collect()
    };
    let at = crossing(&values(&|e| e.value)?, 2.0 * reference.value?)?;
    // as far as every point has an interval
    let sure = |end: usize, bound: usize| -> Option<f64> {
        let bounds: Vec<(f64, f64)> = curve.iter().map_while(|(x, e)| Some((*x, e.ci95?[end]))).collect();
        crossing(&bounds, 2.0 * reference.ci95?[bound])
    };
    let interval = sure(1, 0).zip(sure(0, 1)).map(|(low, high)| [low, high]);
    Some((at, interval))
}

/// The first place at which a curve of straight lines reaches a level from below.
fn crossing(curve: &[(f64, f64)], level: f64) -> Option<f64> {
    let step = curve.windows(2).find(|pair| pair[0].1 < level && pair[1].1 >= level)?;
    let ((x0, y0), (x1, y1)) = (step[0], step[1]);
    Some(x0 + (x1 - x0) * (level - y0) / (y1 - y0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The p99 of the response time of M/M/1 is ln(100) / (1 - rho) service times.
    fn mm1(rho: f64) -> f64 {
        100f64.ln() / (1.0 - rho)
    }

    #[test]
    fn the_knee_of_one_server_is_where_the_curve_bends_most() {
        let curve: Vec<(f64, f64)> = (10..=90).map(|i| (f64::from(i) / 100.0, mm1(f64::from(i) / 100.0))).collect();
        let bend = knee(&curve).unwrap();
        // where the slope is that of the chord: 1 / (1 - rho)^2 = 1 / (0.9 * 0.1)
        assert!((curve[bend.at].0 - 0.7).abs() < 1e-9 && bend.rising, "{bend:?}");
        let falling: Vec<(f64, f64)> = curve.iter().rev().map(|(x, y)| (-x, *y)).collect();
        let bend = knee(&falling).unwrap();
        assert!((falling[bend.at].0 + 0.7).abs() < 1e-9 && !bend.rising);
    }

    #[test]
    fn straight_and_flat_curves_have_none() {
        let line: Vec<(f64, f64)> = (1..20).map(|i| (f64::from(i), 3.0 * f64::from(i))).collect();
        assert_eq!(knee(&line), None);
        let flat: Vec<(f64, f64)> = (1..20).map(|i| (f64::from(i), 50.0 + f64::from(i * i % 7))).collect();
        assert_eq!(knee(&flat), None);
        assert_eq!(knee(&[(1.0, 1.0), (2.0, 1.0), (3.0, 9.0)]), None);
    }

    #[test]
    fn latency_doubles_where_it_should() {
        let estimate = |value: f64| Estimate {
            value: Some(value),
            ci95: Some([0.98 * value, 1.02 * value]),
            runs: 10,
            censored: false,
        };
        let curve: Vec<(f64, Estimate)> =
            (10..=90).map(|i| (f64::from(i) / 100.0, estimate(mm1(f64::from(i) / 100.0)))).collect();
        let (at, interval) = doubling(&curve).unwrap();
        assert!((at - 0.55).abs() < 1e-3, "{at}");
        let [low, high] = interval.unwrap();
        // 4% of 1 / (1 - rho) at 0.55 is 0.018
        assert!(low > 0.53 && low < at && high > at && high < 0.57, "{low} {high}");
        assert_eq!(doubling(&curve[..20]), None);
    }
}

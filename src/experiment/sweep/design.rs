//! Which points a sweep has: a grid, a zip, or a Latin hypercube. A point is worked out from its number, so that a
//! million of them take no room.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::vary::{Axis, POINTS_MAX};
use crate::engine::random::{Key, purpose};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Every value with every other.
    Grid,
    /// The first values together, the second ones, ...
    Zip,
    /// N points that, seen along each key, lie one in each N-th of its range (McKay, Beckman, Conover 1979).
    Lhs,
}

#[derive(Clone, Debug, Error, PartialEq)]
pub enum DesignError {
    #[error("nothing to vary; write for example --vary service.app.workers=16..128/16")]
    NoAxes,
    #[error(
        "--vary {key}: `{written}` says neither step nor number of values; write {written}/STEP, {written} linear 5 or \
             {written} log 5 (a Latin hypercube, --design lhs, takes it as it is)"
    )]
    NoSpacing { key: String, written: String },
    #[error(
        "{points} points ({sizes}) are more than a sweep can have ({POINTS_MAX}); take larger steps or fewer keys, or \
             a sample of them: --design lhs --points 1000"
    )]
    TooMany { points: String, sizes: String },
    #[error("--design zip takes keys of equally many values; {one} has {of_one} and {other} has {of_other}")]
    UnequalZip { one: String, of_one: u64, other: String, of_other: u64 },
    #[error("--design lhs needs to know how many points to take; add for example --points 100")]
    NoPoints,
    #[error("--points is for --design lhs; the points of a grid or a zip follow from its values")]
    PointsGiven,
    #[error("--points {0}: from 2 to {POINTS_MAX} are possible")]
    PointsOutside(u64),
}

/// The points, numbered from 0.
#[derive(Clone, Debug)]
pub struct Design {
    pub axes: Vec<Axis>,
    pub kind: Kind,
    points: u64,
    seed: u64,
    /// Of a Latin hypercube, for each axis: in which part of its range each point lies.
    strata: Vec<Vec<u32>>,
}

impl Design {
    /// `points` and `seed` are for Latin hypercubes.
    ///
    /// # Errors
    /// What does not fit together.
    pub fn new(axes: Vec<Axis>, kind: Kind, points: Option<u64>, seed: u64) -> Result<Design, DesignError> {
        if axes.is_empty() {
            return Err(DesignError::NoAxes);
        }
        let points = match (kind, points) {
            (Kind::Lhs, None) => return Err(DesignError::NoPoints),
            (Kind::Lhs, Some(points)) if !(2..=POINTS_MAX).contains(&points) => {
                return Err(DesignError::PointsOutside(points));
            }
            (Kind::Lhs, Some(points)) => points,
            (Kind::Grid | Kind::Zip, Some(_)) => return Err(DesignError::PointsGiven),
            (Kind::Grid, None) => grid(&axes)?,
            (Kind::Zip, None) => zip(&axes)?,
        };
        let strata = match kind {
            Kind::Lhs => (0..axes.len()).map(|axis| permutation(seed, &axes[axis].key, points as u32)).collect(),
            Kind::Grid | Kind::Zip => Vec::new(),
        };
        Ok(Design { axes, kind, points, seed, strata })
    }

    pub fn points(&self) -> u64 {
        self.points
    }

    /// The values of a point, in the order of the axes.
    pub fn values(&self, point: u64) -> Vec<String> {
        assert!(point < self.points, "a point of this design");
        match self.kind {
            Kind::Grid => {
                let mut rest = point;
                let mut values: Vec<String> = Vec::with_capacity(self.axes.len());
                // the last key changes from each point to the next
                for axis in self.axes.iter().rev() {
                    let count = axis.count().expect("a grid has listed values");
                    values.push(listed(axis, rest % count));
                    rest /= count;
                }
                values.reverse();
                values
            }
            Kind::Zip => self.axes.iter().map(|axis| listed(axis, point)).collect(),
            Kind::Lhs => {
                let of_axis = |(axis, strata): (&Axis, &Vec<u32>)| {
                    let within = Key::of_seed(self.seed).named(&axis.key).draw_counted(purpose("sweep.within"), point);
                    let share = (f64::from(strata[point as usize]) + within.clone().unit()) / self.points as f64;
                    axis.at(share)
                };
                self.axes.iter().zip(&self.strata).map(of_axis).collect()
            }
        }
    }

    /// The values with their keys, as `--set` takes them.
    pub fn settings<'d>(&'d self, values: &'d [String]) -> impl Iterator<Item = (&'d str, &'d str)> + 'd {
        self.axes.iter().zip(values).map(|(axis, value)| (axis.key.as_str(), value.as_str()))
    }

    /// `a.b = 1, c.d = 2`
    pub fn named(&self, point: u64) -> String {
        let values = self.values(point);
        let named: Vec<String> = self.settings(&values).map(|(key, value)| format!("{key}={value}")).collect();
        named.join(", ")
    }

    /// Up to `most` points that show what can be wrong with any: all of them if they are few; else each value of each
    /// key, the corners, and the rest of the number evenly over the points.
    pub fn sample(&self, most: u64) -> Vec<u64> {
        if self.points <= most {
            return (0..self.points).collect();
        }
        let mut sample: Vec<u64> = Vec::new();
        if self.kind == Kind::Grid {
            let counts: Vec<u64> =
                self.axes.iter().map(|axis| axis.count().expect("a grid has listed values")).collect();
            let at = |index: &dyn Fn(usize) -> u64| {
                counts.iter().enumerate().fold(0, |point, (axis, count)| point * count + index(axis))
            };
            for (axis, count) in counts.iter().enumerate() {
                sample.extend((0..*count).map(|i| at(&|other| if other == axis { i } else { 0 })));
            }
            let corners = 1u64 << counts.len().min(10);
            sample
                .extend((0..corners).map(|bits| at(&|axis| if bits >> axis & 1 == 1 { counts[axis] - 1 } else { 0 })));
        }
        let spread = most.max(2);
        sample.extend((0..spread).map(|i| i * (self.points - 1) / (spread - 1)));
        sample.sort_unstable();
        sample.dedup();
        sample
    }

    /// A few points at which what a run needs is found out: the corners' and others in between, evenly.
    pub fn few(&self, most: u64) -> Vec<u64> {
        let count = most.min(self.points);
        let mut few: Vec<u64> = (0..count).map(|i| i * (self.points - 1) / (count - 1).max(1)).collect();
        few.dedup();
        few
    }
}

fn listed(axis: &Axis, index: u64) -> String {
    let count = axis.count().expect("the values are listed");
    axis.at((index as f64 + 0.5) / count as f64)
}

fn grid(axes: &[Axis]) -> Result<u64, DesignError> {
    let mut points = 1u128;
    let mut sizes = Vec::new();
    for axis in axes {
        let count = spaced(axis)?;
        points = points.saturating_mul(u128::from(count));
        sizes.push(count.to_string());
    }
    match u64::try_from(points) {
        Ok(points) if points <= POINTS_MAX => Ok(points),
        _ => Err(DesignError::TooMany { points: points.to_string(), sizes: sizes.join(" x ") }),
    }
}

fn zip(axes: &[Axis]) -> Result<u64, DesignError> {
    let first = spaced(&axes[0])?;
    for axis in &axes[1..] {
        let count = spaced(axis)?;
        if count != first {
            let (one, other) = (axes[0].key.clone(), axis.key.clone());
            return Err(DesignError::UnequalZip { one, of_one: first, other, of_other: count });
        }
    }
    Ok(first)
}

fn spaced(axis: &Axis) -> Result<u64, DesignError> {
    axis.count().ok_or_else(|| DesignError::NoSpacing { key: axis.key.clone(), written: axis.written.clone() })
}

/// Fisher and Yates, keyed by the seed and the key's name: an axis more changes nothing of the others.
fn permutation(seed: u64, key: &str, n: u32) -> Vec<u32> {
    let mut random = Key::of_seed(seed).named(key).draw(purpose("sweep.strata"), 0);
    let mut order: Vec<u32> = (0..n).collect();
    for last in (1..n as usize).rev() {
        let other = (random.unit() * (last + 1) as f64) as usize;
        order.swap(last, other);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design(vary: &[&str], kind: Kind, points: Option<u64>) -> Result<Design, DesignError> {
        let vary: Vec<String> = vary.iter().map(|v| v.to_string()).collect();
        Design::new(Axis::parse_all(&vary).unwrap(), kind, points, 42)
    }

    #[test]
    fn a_grid_has_every_value_with_every_other() {
        let grid = design(&["a.x=1,2", "a.y=10..30/10"], Kind::Grid, None).unwrap();
        let all: Vec<Vec<String>> = (0..grid.points()).map(|p| grid.values(p)).collect();
        assert_eq!(all, [["1", "10"], ["1", "20"], ["1", "30"], ["2", "10"], ["2", "20"], ["2", "30"]]);
    }

    #[test]
    fn a_list_of_any_length_gives_back_its_values() {
        for n in 1..=1000u64 {
            let axis = Axis::parse(&format!("a.x={}", (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(",")));
            let axis = axis.unwrap();
            assert!((0..n).all(|i| listed(&axis, i) == i.to_string()), "{n}");
        }
    }

    #[test]
    fn a_zip_goes_through_all_keys_together() {
        let zip = design(&["a.x=1,2", "a.y=10,20"], Kind::Zip, None).unwrap();
        assert_eq!([zip.values(0), zip.values(1)], [["1", "10"], ["2", "20"]]);
        assert_eq!(zip.named(1), "a.x=2, a.y=20");
        let unequal = design(&["a.x=1,2", "a.y=10,20,30"], Kind::Zip, None).unwrap_err();
        assert!(unequal.to_string().contains("a.x has 2 and a.y has 3"));
    }

    #[test]
    fn a_latin_hypercube_has_one_point_in_each_part_of_each_range() {
        let lhs = design(&["a.x=0.0..1.0", "a.y=100..1100", "a.z=p,q"], Kind::Lhs, Some(50)).unwrap();
        let all: Vec<Vec<String>> = (0..50).map(|p| lhs.values(p)).collect();
        for (axis, scale, from) in [(0, 50.0, 0.0), (1, 0.05, 100.0)] {
            let mut parts: Vec<u64> =
                all.iter().map(|v| ((v[axis].parse::<f64>().unwrap() - from) * scale) as u64).collect();
            parts.sort_unstable();
            parts.dedup();
            // whole numbers are rounded, and may fall into a neighbour's part
            assert!(parts.len() >= 48, "{parts:?}");
        }
        assert_eq!(all.iter().filter(|v| v[2] == "p").count(), 25);
        let again = design(&["a.x=0.0..1.0", "a.y=100..1100", "a.z=p,q"], Kind::Lhs, Some(50)).unwrap();
        assert_eq!(again.values(7), all[7]);
    }

    #[test]
    fn absurd_and_unfit_designs_are_refused() {
        let many = design(&["a.x=1..100000/1", "a.y=1..100000/1"], Kind::Grid, None).unwrap_err();
        assert!(many.to_string().starts_with("10000000000 points (100000 x 100000) are more"), "{many}");
        assert_eq!(design(&[], Kind::Grid, None).unwrap_err(), DesignError::NoAxes);
        assert_eq!(design(&["a.x=1,2"], Kind::Lhs, None).unwrap_err(), DesignError::NoPoints);
        assert_eq!(design(&["a.x=1,2"], Kind::Grid, Some(5)).unwrap_err(), DesignError::PointsGiven);
        assert_eq!(design(&["a.x=1,2"], Kind::Lhs, Some(1)).unwrap_err(), DesignError::PointsOutside(1));
        assert!(matches!(design(&["a.x=1..2"], Kind::Grid, None), Err(DesignError::NoSpacing { .. })));
    }

    #[test]
    fn the_sample_of_a_large_grid_has_every_value_and_the_corners() {
        let grid = design(&["a.x=1..200/1", "a.y=1..200/1"], Kind::Grid, None).unwrap();
        let sample = grid.sample(1000);
        let values: Vec<Vec<String>> = sample.iter().map(|&p| grid.values(p)).collect();
        for n in 1..=200 {
            assert!(values.iter().any(|v| v[0] == n.to_string()) && values.iter().any(|v| v[1] == n.to_string()));
        }
        for corner in [["1", "1"], ["1", "200"], ["200", "1"], ["200", "200"]] {
            assert!(values.iter().any(|v| v == &corner));
        }
        assert_eq!(grid.few(3), [0, 19_999, 39_999]);
        assert_eq!(design(&["a.x=1,2"], Kind::Grid, None).unwrap().few(8), [0, 1]);
    }
}

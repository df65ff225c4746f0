//! One figure of two scenarios, run by run: the difference with its interval, where it lies, and what it owes to the
//! runs having met the same traffic.
//!
//! Three regions are told apart: lower than the reference by more than the margin, within it, higher by more than it.
//! A figure is decided when its interval lies wholly in one of them. With a margin that is a share of the reference,
//! which is itself an estimate, the borders are tested as b - (1 ± share) a in each run (Fieller 1954), so that nothing is
//! divided and what both runs share cancels.

use crate::experiment::per_run::Observed;
use crate::stats::interval::{mean_and_variance, student_t_quantile, t_interval};
use crate::stats::special::student_t_tail;

/// A smaller difference is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Margin {
    /// Of the reference's value: 0.03 is 3%.
    Share(f64),
    /// In the figure's unit.
    Absolute(f64),
}

/// Where the difference lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    Lower,
    Within,
    Higher,
}

/// Values of the same runs; the reference first.
#[derive(Clone, Debug)]
pub struct Pairs {
    a: Vec<f64>,
    b: Vec<f64>,
}

/// What they say. Differences are b - a.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    pub difference: f64,
    /// Student-t over the runs' differences. `None`: they do not vary, or some are infinite.
    pub interval: Option<[f64; 2]>,
    /// Of b/a - 1. `None`: the reference may be 0.
    pub relative: Option<[f64; 2]>,
    pub gain: Option<Gain>,
}

/// What common random numbers are worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// Half-width that as many runs with traffic of their own would have (Welch 1947).
    pub half_width_independent: f64,
    /// The same over the paired half-width; below 1 it is wider.
    pub narrower: f64,
    /// Variance of the difference of independent runs over that of the paired ones: how many times as many runs they
    /// would need.
    pub runs_saved: f64,
}

/// Where a figure lies, and the error probability at which its interval reaches the nearest border.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub region: Region,
    /// Two-sided; the interval of confidence 1 - p still lies wholly in the region.
    pub p: f64,
}

impl Pairs {
    /// `None` where a run lacks a value, or there are none. With values of all runs together (`pooled`) the runs' are
    /// moved so that they lie around these.
    pub fn new(a: &[Observed], b: &[Observed], pooled: [Option<f64>; 2]) -> Option<Pairs> {
        assert_eq!(a.len(), b.len(), "values of the same runs");
        let all = |values: &[Observed]| values.iter().copied().collect::<Option<Vec<f64>>>();
        let (a, b) = (all(a)?, all(b)?);
        (!a.is_empty()).then(|| Pairs { a: around(a, pooled[0]), b: around(b, pooled[1]) })
    }

    pub fn is_finite(&self) -> bool {
        self.a.iter().chain(&self.b).all(|value| value.is_finite())
    }

    /// Both lie among the failures in each run: neither has a value.
    pub fn is_lost(&self) -> bool {
        self.a.iter().chain(&self.b).all(|value| *value == f64::INFINITY)
    }

    /// Every run of one has the value of the other's.
    pub fn is_identical(&self) -> bool {
        self.a == self.b
    }

    pub fn means(&self) -> [f64; 2] {
        [&self.a, &self.b].map(|values| values.iter().sum::<f64>() / values.len() as f64)
    }

    pub fn paired(&self, confidence: f64) -> Option<Paired> {
        if !self.is_finite() {
            return None;
        }
        let differences: Vec<f64> = self.combined(1.0, 0.0);
        let (difference, _) = mean_and_variance(&differences)?;
        if !self.vary(&differences) {
            return Some(Paired { difference, interval: None, relative: None, gain: None });
        }
        let interval = t_interval(&differences, confidence).map(|i| i.around(difference));
        Some(Paired { difference, interval, relative: self.relative(confidence), gain: self.gain(confidence) })
    }

    /// Where the difference lies. Without variance the runs vote: that all n fall into one region by chance has at most
    /// the probability 2^(1 - n) (sign test).
    pub fn place(&self, margin: Margin) -> Place {
        let differences = self.combined(1.0, 0.0);
        if !self.is_finite() || !self.vary(&differences) {
            return self.vote(margin);
        }
        let (low, high) = match margin {
            Margin::Share(share) => (self.combined(1.0 - share, 0.0), self.combined(1.0 + share, 0.0)),
            Margin::Absolute(by) => (self.combined(1.0, -by), self.combined(1.0, by)),
        };
        let [low, high] = [low, high].map(|values| self.border(&values));
        match (low.above, high.above) {
            (_, true) => Place { region: Region::Higher, p: high.p },
            (false, false) => Place { region: Region::Lower, p: low.p },
            (true, false) => Place { region: Region::Within, p: low.p.max(high.p) },
        }
    }

    /// b - factor x a - offset, run by run.
    fn combined(&self, factor: f64, offset: f64) -> Vec<f64> {
        self.a.iter().zip(&self.b).map(|(a, b)| b - factor * a - offset).collect()
    }

    /// Differences of the last bits are no variance.
    fn vary(&self, differences: &[f64]) -> bool {
        let scale = self.means().iter().fold(0.0f64, |most, mean| most.max(mean.abs()));
        mean_and_variance(differences).is_some_and(|(_, variance)| variance.sqrt() > 1e-12 * scale)
    }

    fn border(&self, values: &[f64]) -> Border {
        let n = values.len() as f64;
        let (mean, variance) = mean_and_variance(values).expect("pairs are at least one");
        let error = (variance / n).sqrt();
        let p = match values.len() {
            1 => 1.0,
            // the differences vary, and this combination of them does not
            _ if !self.vary(values) => agreed(values.len()),
            _ => (2.0 * student_t_tail(mean.abs() / error, n - 1.0)).min(1.0),
        };
        Border { above: mean > 0.0, p }
    }

    fn vote(&self, margin: Margin) -> Place {
        let of_run = |(a, b): (&f64, &f64)| {
            let by = match margin {
                Margin::Share(share) => share * a,
                Margin::Absolute(by) => by,
            };
            // among the failures in both: no difference is seen
            match (a == b, b - a) {
                (true, _) => Region::Within,
                (false, d) if d > by => Region::Higher,
                (false, d) if d < -by => Region::Lower,
                (false, _) => Region::Within,
            }
        };
        let votes: Vec<Region> = self.a.iter().zip(&self.b).map(of_run).collect();
        let region = votes[0];
        let p = if votes.iter().all(|vote| *vote == region) { agreed(votes.len()) } else { 1.0 };
        Place { region, p }
    }

    /// Fieller's interval of b/a, less 1: all r for which b - r a is not told from 0.
    fn relative(&self, confidence: f64) -> Option<[f64; 2]> {
        let n = self.a.len() as f64;
        let ([mean_a, mean_b], [var_a, var_b, both]) = (self.means(), self.moments());
        let t = student_t_quantile(0.5 + 0.5 * confidence, n - 1.0);
        let k = t * t / n;
        // (b - r a)^2 <= k (var_b - 2 r both + r^2 var_a)
        let square = mean_a * mean_a - k * var_a;
        if mean_a <= 0.0 || square <= 0.0 {
            return None;
        }
        let linear = mean_a * mean_b - k * both;
        let root = (linear * linear - square * (mean_b * mean_b - k * var_b)).max(0.0).sqrt();
        Some([(linear - root) / square - 1.0, (linear + root) / square - 1.0])
    }

    fn gain(&self, confidence: f64) -> Option<Gain> {
        let n = self.a.len() as f64;
        let [var_a, var_b, both] = self.moments();
        let (independent, paired) = (var_a + var_b, var_a + var_b - 2.0 * both);
        if self.a.len() < 2 || independent <= 0.0 || paired <= 0.0 {
            return None;
        }
        let degrees = (n - 1.0) * independent * independent / (var_a * var_a + var_b * var_b);
        let t = |degrees: f64| student_t_quantile(0.5 + 0.5 * confidence, degrees);
        let half_width_independent = t(degrees) * (independent / n).sqrt();
        let half_width = t(n - 1.0) * (paired / n).sqrt();
        Some(Gain {
            half_width_independent,
            narrower: half_width_independent / half_width,
            runs_saved: independent / paired,
        })
    }

    /// Variances of a and b and their covariance, with n - 1.
    fn moments(&self) -> [f64; 3] {
        let [mean_a, mean_b] = self.means();
        let sum = |of: &dyn Fn(f64, f64) -> f64| {
            self.a.iter().zip(&self.b).map(|(a, b)| of(a - mean_a, b - mean_b)).sum::<f64>()
        };
        let n = (self.a.len() as f64 - 1.0).max(1.0);
        [sum(&|a, _| a * a) / n, sum(&|_, b| b * b) / n, sum(&|a, b| a * b) / n]
    }
}

struct Border {
    above: bool,
    p: f64,
}

/// Of n runs that agree.
fn agreed(n: usize) -> f64 {
    libm::exp2(1.0 - n as f64)
}

fn around(values: Vec<f64>, center: Option<f64>) -> Vec<f64> {
    let Some(center) = center.filter(|center| center.is_finite() && values.iter().all(|v| v.is_finite())) else {
        return values;
    };
    let by = center - values.iter().sum::<f64>() / values.len() as f64;
    values.into_iter().map(|value| value + by).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(a: &[f64], b: &[f64]) -> Pairs {
        let some = |values: &[f64]| values.iter().map(|v| Some(*v)).collect::<Vec<_>>();
        Pairs::new(&some(a), &some(b), [None, None]).unwrap()
    }

    const A: [f64; 5] = [10.0, 12.0, 9.0, 11.0, 13.0];

    #[test]
    fn a_paired_difference_has_students_interval() {
        // differences 1.1, 0.9, 1.0, 1.2, 0.8: sd 0.158114; t(0.975, 4) = 2.776445
        let b = [11.1, 12.9, 10.0, 12.2, 13.8];
        let paired = pairs(&A, &b).paired(0.95).unwrap();
        let half = 2.776445 * 0.1581139 / 5f64.sqrt();
        let [low, high] = paired.interval.unwrap();
        assert!((paired.difference - 1.0).abs() < 1e-12);
        assert!((high - 1.0 - half).abs() < 1e-6 && (1.0 - low - half).abs() < 1e-6, "{low} {high}");
    }

    #[test]
    fn what_both_runs_share_cancels_and_the_gain_says_how_much() {
        let b = A.map(|a| 1.1 * a + if a > 10.5 { 0.05 } else { -0.05 });
        let gain = pairs(&A, &b).paired(0.95).unwrap().gain.unwrap();
        assert!(gain.narrower > 5.0 && gain.runs_saved > 25.0, "{gain:?}");
        // the variance of the difference by hand
        let differences: Vec<f64> = A.iter().zip(&b).map(|(a, b)| b - a).collect();
        let variance = |values: &[f64]| mean_and_variance(values).unwrap().1;
        let saved = (variance(&A) + variance(&b)) / variance(&differences);
        assert!((gain.runs_saved / saved - 1.0).abs() < 1e-9);
    }

    #[test]
    fn fiellers_interval_and_the_borders_agree() {
        let b = [10.9, 13.4, 9.8, 12.6, 13.9];
        let pairs = pairs(&A, &b);
        let confidence = 0.95;
        let [low, high] = pairs.paired(confidence).unwrap().relative.unwrap();
        let [a, of_b] = pairs.means();
        assert!(low < of_b / a - 1.0 && of_b / a - 1.0 < high);
        // at the ends of the interval the border is met at just this error
        for end in [low, high] {
            let border = pairs.border(&pairs.combined(1.0 + end, 0.0));
            assert!((border.p - (1.0 - confidence)).abs() < 1e-6, "{end}: {}", border.p);
        }
        let place = pairs.place(Margin::Share(low * 0.999));
        assert_eq!(place.region, Region::Higher);
        assert!(place.p < 0.05, "{place:?}");
        assert!(pairs.place(Margin::Share(low * 1.001)).p > 0.05);
        let within = pairs.place(Margin::Share(high * 1.001));
        assert_eq!(within.region, Region::Within);
        assert!(within.p < 0.05, "{within:?}");
    }

    #[test]
    fn a_reference_of_nothing_has_no_relative_interval_but_a_place() {
        let paired = pairs(&[0.0; 6], &[1.0, 1.1, 0.9, 1.0, 1.2, 0.8]);
        assert_eq!(paired.paired(0.95).unwrap().relative, None);
        let place = paired.place(Margin::Share(0.03));
        assert!(place.region == Region::Higher && place.p < 1e-4, "{place:?}");
    }

    #[test]
    fn runs_without_variance_vote() {
        let same = pairs(&A, &A);
        assert!(same.is_identical() && same.paired(0.95).unwrap().interval.is_none());
        assert_eq!(same.place(Margin::Share(0.03)), Place { region: Region::Within, p: 0.0625 });
        let constant = pairs(&[10.0; 10], &[11.0; 10]);
        assert_eq!(constant.place(Margin::Share(0.03)).region, Region::Higher);
        assert!((constant.place(Margin::Share(0.03)).p - 2f64.powi(-9)).abs() < 1e-12);
        assert_eq!(pairs(&[10.0], &[20.0]).place(Margin::Share(0.0)).p, 1.0);
    }

    #[test]
    fn what_lies_among_failures_is_higher_than_every_answer() {
        let lost = pairs(&[10.0; 8], &[f64::INFINITY; 8]);
        assert!(lost.paired(0.95).is_none() && !lost.is_lost());
        assert_eq!(lost.place(Margin::Share(0.03)), Place { region: Region::Higher, p: 2f64.powi(-7) });
        let both = pairs(&[f64::INFINITY; 8], &[f64::INFINITY; 8]);
        assert!(both.is_lost());
        let mut some = [10.0; 8];
        some[3] = f64::INFINITY;
        assert_eq!(pairs(&[10.0; 8], &some).place(Margin::Share(0.03)).p, 1.0);
    }

    #[test]
    fn pooled_values_move_the_runs_and_not_their_spread() {
        let values: Vec<Observed> = A.iter().map(|a| Some(*a)).collect();
        let other: Vec<Observed> = A.iter().map(|a| Some(a * a / 10.0)).collect();
        let plain = Pairs::new(&values, &other, [None, None]).unwrap().paired(0.95).unwrap();
        let moved = Pairs::new(&values, &other, [Some(11.5), Some(20.0)]).unwrap();
        let paired = moved.paired(0.95).unwrap();
        let [a, b] = moved.means();
        let near = |value: f64, wanted: f64| (value - wanted).abs() < 1e-12;
        assert!(near(paired.difference, 8.5) && near(a, 11.5) && near(b, 20.0), "{a} {b} {paired:?}");
        let width = |p: Paired| p.interval.unwrap()[1] - p.interval.unwrap()[0];
        assert!((width(paired) - width(plain)).abs() < 1e-9);
        assert_eq!(Pairs::new(&[Some(1.0), None], &[Some(1.0), Some(2.0)], [None, None]).map(|_| ()), None);
    }
}

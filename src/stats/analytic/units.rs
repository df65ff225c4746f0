//! Systems of units that fail, are noticed, and are repaired by few crews or many: an exact Markov chain over which of
//! them are in which stage. What the system makes of it (a function of the failed units) is the caller's.

use std::collections::BTreeMap;

use super::markov::Chain;
use super::{Analytic, AnalyticError};

/// Units that are all alike. Times are exponential.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    pub count: u32,
    /// Of each that works.
    pub failure_rate: f64,
    /// What a failure may lead to; probabilities sum to 1.
    pub courses: Vec<Course>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub probability: f64,
    /// One after the other, then it works again.
    pub stages: Vec<Stage>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    pub mean: f64,
    /// Goes on only while a crew works on it.
    pub needs_crew: bool,
}

impl Unit {
    /// Repaired as soon as a crew has the time.
    pub fn simple(count: u32, mttf: f64, mttr: f64) -> Unit {
        let stages = vec![Stage { mean: mttr, needs_crew: true }];
        Unit { count, failure_rate: 1.0 / mttf, courses: vec![Course { probability: 1.0, stages }] }
    }
}

/// Where a failed unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub unit: u16,
    pub course: u16,
    pub stage: u16,
}

/// What bounds the chain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Most states.
    pub states: usize,
    /// Most states with fewer than the most failed at once: these are solved as a whole.
    pub inner: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { states: 100_000, inner: 1_024 }
    }
}

/// The chain, solved.
#[derive(Clone, Debug)]
pub struct Units {
    /// The failed ones of each state, in order.
    states: Vec<Vec<Place>>,
    chain: Chain,
    shares: Vec<f64>,
    /// Most units that fail at once; more are left out.
    pub failed_max: u32,
    /// Whether that is all there are.
    pub complete: bool,
}

impl Units {
    /// `crews`: at most so many are worked on at once, all alike; `None`: each has its own. A stage of mean 0 takes
    /// no time and is never seen.
    pub fn solve(units: &[Unit], crews: Option<u32>, bounds: Bounds) -> Analytic<Units> {
        let units: Vec<Unit> = units.iter().map(without_empty_stages).collect::<Analytic<_>>()?;
        let all: u32 = units.iter().map(|unit| unit.count).sum();
        let (mut states, mut level_of) = (vec![Vec::new()], vec![1]);
        let mut failed_max = 0;
        while failed_max < all {
            let next = one_more(&units, &states[states.len() - level_of[level_of.len() - 1]..]);
            let too_many = states.len() + next.len() > bounds.states || states.len() > bounds.inner;
            if too_many && failed_max > 0 {
                break;
            }
            level_of.push(next.len());
            states.extend(next);
            failed_max += 1;
        }
        let number: BTreeMap<&[Place], usize> = states.iter().enumerate().map(|(i, s)| (s.as_slice(), i)).collect();
        let mut chain = Chain::new(states.len());
        for (from, state) in states.iter().enumerate() {
            for (to, rate) in moves(&units, crews, state) {
                // beyond the bounds nothing more fails
                if let Some(&to) = number.get(to.as_slice()) {
                    chain.add(from, to, rate);
                }
            }
        }
        let shares = chain.stationary()?;
        Ok(Units { states, chain, shares, failed_max, complete: failed_max == all })
    }

    pub fn count(&self) -> usize {
        self.states.len()
    }

    /// Share of the time in such states.
    pub fn share(&self, is: impl Fn(&[Place]) -> bool) -> f64 {
        // the rare ones first, so that their digits are not lost
        let shares = self.states.iter().zip(&self.shares).rev().filter(|(state, _)| is(state));
        shares.fold(0.0, |sum, (_, share)| sum + share)
    }

    /// Every state, and its share of the time. The first is that of all well, and the rarest come last.
    pub fn states(&self) -> impl DoubleEndedIterator<Item = (&[Place], f64)> + ExactSizeIterator {
        self.states.iter().map(Vec::as_slice).zip(self.shares.iter().copied())
    }

    /// How often such states are entered from others, per unit of time. `inside`: of every state.
    pub fn frequency(&self, inside: &[bool]) -> f64 {
        let entering = |from: usize| -> f64 {
            self.chain.leads(from).filter(|(to, _)| inside[*to]).map(|(_, rate)| rate * self.shares[from]).sum()
        };
        (0..self.states.len()).rev().filter(|&from| !inside[from]).fold(0.0, |sum, from| sum + entering(from))
    }

    /// Mean time from all well to the first of such states.
    pub fn mean_time_to(&self, is: impl Fn(&[Place]) -> bool) -> Analytic<f64> {
        self.chain.mean_time_to(|state| is(&self.states[state]))
    }

    /// Share of the time with the most failed at once that are looked at.
    pub fn edge(&self) -> f64 {
        self.share(|state| state.len() as u32 == self.failed_max)
    }
}

fn without_empty_stages(unit: &Unit) -> Analytic<Unit> {
    let sum: f64 = unit.courses.iter().map(|course| course.probability).sum();
    if unit.failure_rate.is_nan() || unit.failure_rate <= 0.0 || (sum - 1.0).abs() > 1e-9 {
        return Err(AnalyticError::Invalid("units fail at a positive rate, and something comes of it"));
    }
    let mut unit = unit.clone();
    for course in &mut unit.courses {
        if course.stages.iter().all(|stage| stage.mean <= 0.0) {
            return Err(AnalyticError::Invalid("a failed unit takes some time until it works again"));
        }
    }
    unit.courses.retain(|course| course.probability > 0.0);
    Ok(unit)
}

/// First stage from this one on that takes time.
fn stage_from(course: &Course, at: usize) -> Option<usize> {
    (at..course.stages.len()).find(|&stage| course.stages[stage].mean > 0.0)
}

/// All states with one more failed unit than these.
fn one_more(units: &[Unit], states: &[Vec<Place>]) -> Vec<Vec<Place>> {
    let mut found = std::collections::BTreeSet::new();
    for state in states {
        for (u, unit) in units.iter().enumerate() {
            if working(unit, u, state) == 0 {
                continue;
            }
            for (c, course) in unit.courses.iter().enumerate() {
                for stage in (0..course.stages.len()).filter(|&s| course.stages[s].mean > 0.0) {
                    found.insert(with(state, Place { unit: u as u16, course: c as u16, stage: stage as u16 }));
                }
            }
        }
    }
    found.into_iter().collect()
}

fn working(unit: &Unit, index: usize, state: &[Place]) -> u32 {
    unit.count - state.iter().filter(|place| place.unit as usize == index).count() as u32
}

fn with(state: &[Place], place: Place) -> Vec<Place> {
    let mut more = state.to_vec();
    more.insert(state.partition_point(|other| *other < place), place);
    more
}

fn moves(units: &[Unit], crews: Option<u32>, state: &[Place]) -> Vec<(Vec<Place>, f64)> {
    let mut moves = Vec::new();
    for (u, unit) in units.iter().enumerate() {
        let rate = f64::from(working(unit, u, state)) * unit.failure_rate;
        for (c, course) in unit.courses.iter().enumerate().filter(|_| rate > 0.0) {
            let stage = stage_from(course, 0).expect("a course takes time") as u16;
            moves.push((with(state, Place { unit: u as u16, course: c as u16, stage }), rate * course.probability));
        }
    }
    let stage_of = |place: &Place| &units[place.unit as usize].courses[place.course as usize];
    let waiting = state.iter().filter(|p| stage_of(p).stages[p.stage as usize].needs_crew).count() as f64;
    let attention = crews.map_or(1.0, |crews| (f64::from(crews) / waiting).min(1.0));
    for (i, place) in state.iter().enumerate() {
        let course = stage_of(place);
        let stage = course.stages[place.stage as usize];
        let rate = if stage.needs_crew { attention / stage.mean } else { 1.0 / stage.mean };
        let mut others = state.to_vec();
        others.remove(i);
        let to = match stage_from(course, place.stage as usize + 1) {
            Some(next) => with(&others, Place { stage: next as u16, ..*place }),
            None => others,
        };
        moves.push((to, rate));
    }
    moves
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::super::reliability::{Repairable, two_unit_first_failure, two_unit_shared_crew_unavailability};
    use super::*;

    fn failed(state: &[Place], unit: u16) -> usize {
        state.iter().filter(|place| place.unit == unit).count()
    }

    #[test]
    fn c01_six_servers() {
        let units = [(2, 2000.0, 2.0), (1, 1500.0, 1.0), (1, 500.0, 1.0), (2, 3000.0, 4.0)]
            .map(|(n, f, r)| Unit::simple(n, f, r));
        let solved = Units::solve(&units, None, Bounds::default()).unwrap();
        assert!(solved.complete);
        let down = |s: &[Place]| failed(s, 0) == 2 || failed(s, 1) == 1 || failed(s, 2) == 1 || failed(s, 3) == 2;
        assert_close(solved.share(down), 0.0026636643911327473);
        assert_close(solved.share(down) * 8760.0, 23.333700066322866);
        let inside: Vec<bool> = solved.states().map(|(state, _)| down(state)).collect();
        let failures = solved.frequency(&inside);
        assert_close(failures * 8760.0, 23.31424129920988);
        assert_close(solved.share(down) / failures, 1.0008346300813848);
        assert_close(solved.share(<[Place]>::is_empty), 0.9926984484576731);
    }

    #[test]
    fn c02_three_of_five() {
        let solved = Units::solve(&[Unit::simple(5, 1000.0, 10.0)], None, Bounds::default()).unwrap();
        assert_close(solved.share(|s| s.len() > 2), 9.562325307016612e-06);
    }

    #[test]
    fn c03b_vrrp_timer_is_what_a_failover_costs() {
        // the master dies once in a while; the backup takes over after the detection time of RFC 5798
        let (mttf, detection, repair) = (2_000.0 * 3600.0, 3.109375, 2.0 * 3600.0);
        let stages = vec![Stage { mean: detection, needs_crew: false }, Stage { mean: repair, needs_crew: true }];
        let unit = Unit { count: 1, failure_rate: 1.0 / mttf, courses: vec![Course { probability: 1.0, stages }] };
        let solved = Units::solve(&[unit], None, Bounds::default()).unwrap();
        assert_close(solved.share(|s| s.iter().any(|p| p.stage == 0)), detection / (mttf + detection + repair));
    }

    #[test]
    fn c04_two_units() {
        let pair = [Unit::simple(2, 1000.0, 10.0)];
        let both = |s: &[Place]| s.len() == 2;
        let own = Units::solve(&pair, None, Bounds::default()).unwrap();
        assert_close(own.share(both), 9.80296049406921e-05);
        assert_close(own.mean_time_to(both).unwrap(), 51500.0);
        assert_close(own.mean_time_to(both).unwrap(), two_unit_first_failure(0.001, 0.1));
        let shared = Units::solve(&pair, Some(1), Bounds::default()).unwrap();
        assert_close(shared.share(both), 0.00019603999215840026);
        assert_close(shared.share(both), two_unit_shared_crew_unavailability(0.001, 0.1));
    }

    #[test]
    fn a_failover_that_may_not_work_is_a_renewal() {
        // (probability, stages) of an outage of one unit: shares are mean times over the mean cycle
        let stage = |mean, needs_crew| Stage { mean, needs_crew };
        let courses = vec![
            Course { probability: 0.9, stages: vec![stage(5.0, false), stage(300.0, false), stage(3600.0, true)] },
            Course { probability: 0.1, stages: vec![stage(0.0, false), stage(600.0, false), stage(3600.0, true)] },
        ];
        let unit = Unit { count: 1, failure_rate: 1e-6, courses };
        let solved = Units::solve(&[unit], Some(1), Bounds::default()).unwrap();
        let cycle = 1e6 + 0.9 * 3905.0 + 0.1 * 4200.0;
        let down = |s: &[Place]| s.iter().any(|p| p.course == 1 || p.stage == 0);
        assert_close(solved.share(down), (0.9 * 5.0 + 0.1 * 4200.0) / cycle);
    }

    #[test]
    fn alike_units_in_one_group_are_the_same_as_apart() {
        let together = [Unit::simple(3, 100.0, 7.0), Unit::simple(1, 50.0, 2.0)];
        let apart = [
            Unit::simple(1, 100.0, 7.0),
            Unit::simple(1, 100.0, 7.0),
            Unit::simple(1, 100.0, 7.0),
            together[1].clone(),
        ];
        for crews in [None, Some(1), Some(2)] {
            let one = Units::solve(&together, crews, Bounds::default()).unwrap();
            let other = Units::solve(&apart, crews, Bounds::default()).unwrap();
            assert!(one.count() < other.count());
            for n in 1..=4 {
                assert_close(one.share(|s| s.len() == n), other.share(|s| s.len() == n));
            }
        }
    }

    #[test]
    fn what_is_left_out_is_rarer_than_the_edge() {
        let units: Vec<Unit> = (0..8).map(|i| Unit::simple(1, 1e4 + f64::from(i), 5.0)).collect();
        let whole = Units::solve(&units, None, Bounds::default()).unwrap();
        let part = Units::solve(&units, None, Bounds { states: 50, inner: 50 }).unwrap();
        assert!(whole.complete && !part.complete && part.failed_max == 2);
        let beyond = whole.share(|s| s.len() > 2);
        assert!(beyond < part.edge() && part.edge() < 1e-4, "{beyond} {}", part.edge());
        let independent = 1.0 - Repairable::new(1e4, 5.0).k_of_n(1, 1).availability.powi(8);
        assert!((whole.share(|s| !s.is_empty()) / independent - 1.0).abs() < 1e-3);
    }
}

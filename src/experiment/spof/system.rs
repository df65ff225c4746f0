//! The whole system's availability: an exact Markov chain of which components have failed and in which stage of being
//! noticed and repaired they are. What the failure of one component does is simulated; that of several takes the system
//! down if one of them alone does, or if no way is left.

use super::component::Component;
use super::cost::YEAR_S;
use super::findings::{Availability, Downtime};
use crate::scenario::Repair;
use crate::stats::analytic::Analytic;
use crate::stats::analytic::units::{Bounds, Course, Place, Stage, Unit, Units};

/// Stages of a failure, in order; the first only where something else takes over.
const FAILOVER: u16 = 0;
/// Courses of a failure that something stands in for.
const WORKS: u16 = 0;

/// One component as the chain sees it.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub component: Component,
    pub repair: Repair,
    /// The system is down as long as it has failed.
    pub single: bool,
    /// Until something else has taken over, seconds; 0 where nothing needs to.
    pub failover_s: f64,
    /// Whether something else must take over at all.
    pub needs_failover: bool,
}

impl Member {
    fn unit(&self) -> Unit {
        let until_fixed = [
            Stage { mean: self.repair.notice_s, needs_crew: false },
            Stage { mean: self.repair.fix_s, needs_crew: true },
        ];
        let course = |probability: f64, failover_s: f64| {
            let first = Stage { mean: failover_s, needs_crew: false };
            Course { probability, stages: [first].into_iter().chain(until_fixed).collect() }
        };
        let courses = if self.single || !self.needs_failover {
            vec![course(1.0, 0.0)]
        } else {
            vec![course(self.repair.failover, self.failover_s), course(1.0 - self.repair.failover, 0.0)]
        };
        Unit { count: 1, failure_rate: 1.0 / self.repair.mttf_s, courses }
    }
}

/// Why the system is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Single,
    FailedFailover,
    Failover,
    Several,
}

/// `serves`: whether the system has a way without these components.
pub fn availability(members: &[Member], serves: &dyn Fn(&[Component]) -> bool) -> Analytic<Availability> {
    Ok(Availability { own_crews: downtime(members, serves, None)?, one_crew: downtime(members, serves, Some(1))? })
}

fn downtime(members: &[Member], serves: &dyn Fn(&[Component]) -> bool, crews: Option<u32>) -> Analytic<Downtime> {
    let units: Vec<Unit> = members.iter().map(Member::unit).collect();
    let solved = Units::solve(&units, crews, Bounds::default())?;
    let cause = |state: &[Place]| {
        let of = |place: &Place| &members[place.unit as usize];
        if state.iter().any(|place| of(place).single) {
            return Some(Cause::Single);
        }
        if state.iter().any(|place| place.course != WORKS) {
            return Some(Cause::FailedFailover);
        }
        if state.iter().any(|place| place.stage == FAILOVER) {
            return Some(Cause::Failover);
        }
        let failed: Vec<Component> = state.iter().map(|place| of(place).component).collect();
        (failed.len() > 1 && !serves(&failed)).then_some(Cause::Several)
    };
    let causes: Vec<Option<Cause>> = solved.states().map(|(state, _)| cause(state)).collect();
    // the rare ones first, so that their digits are not lost
    let share = |is: &dyn Fn(Option<Cause>) -> bool| {
        let shares = causes.iter().zip(solved.states()).rev().filter(|(cause, _)| is(**cause));
        shares.fold(0.0, |sum, (_, (_, share))| sum + share)
    };
    let minutes = |of: Cause| share(&|cause| cause == Some(of)) * YEAR_S / 60.0;
    let down = share(&|cause| cause.is_some());
    let inside: Vec<bool> = causes.iter().map(Option::is_some).collect();
    let outages = solved.frequency(&inside) * YEAR_S;
    let several = minutes(Cause::Several);
    let min_per_year = down * YEAR_S / 60.0;
    Ok(Downtime {
        availability: 1.0 - down,
        min_per_year,
        outages_per_year: outages,
        outage_mean_min: (outages > 0.0).then(|| min_per_year / outages),
        single_min_per_year: minutes(Cause::Single),
        failover_min_per_year: minutes(Cause::Failover),
        failed_failover_min_per_year: minutes(Cause::FailedFailover),
        several_min_per_year: several,
        uncovered_share: (down > 0.0).then(|| 1.0 - several / min_per_year),
        states: solved.count(),
        failed_max: solved.failed_max,
        complete: solved.complete,
        edge_share: solved.edge(),
    })
}

/// Share of the time that both have failed, with one repair crew between them.
pub fn both_failed(one: &Repair, other: &Repair) -> Analytic<f64> {
    let unit = |repair: &Repair| {
        let stages =
            vec![Stage { mean: repair.notice_s, needs_crew: false }, Stage { mean: repair.fix_s, needs_crew: true }];
        Unit { count: 1, failure_rate: 1.0 / repair.mttf_s, courses: vec![Course { probability: 1.0, stages }] }
    };
    let solved = Units::solve(&[unit(one), unit(other)], Some(1), Bounds::default())?;
    Ok(solved.share(|state| state.len() == 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(server: usize, single: bool, failover_s: f64) -> Member {
        let repair = Repair { mttf_s: 1e6, notice_s: 300.0, fix_s: 3600.0, failover: 0.9 };
        let component = Component::Server(server);
        Member { component, repair, single, failover_s, needs_failover: failover_s > 0.0 }
    }

    fn near(got: f64, expected: f64) {
        assert!((got / expected - 1.0).abs() < 1e-9, "{got} for {expected}");
    }

    #[test]
    fn a_single_point_of_failure_is_its_own_unavailability() {
        let found = availability(&[member(0, true, 0.0)], &|_| true).unwrap().own_crews;
        near(1.0 - found.availability, 3900.0 / 1_003_900.0);
        near(found.single_min_per_year, found.min_per_year);
        assert_eq!(found.uncovered_share, Some(1.0));
    }

    #[test]
    fn what_redundancy_does_not_cover_is_told_apart() {
        let pair = [member(0, false, 5.0), member(1, false, 5.0)];
        let found = availability(&pair, &|failed| failed.len() < 2).unwrap();
        // each alone: up 1e6 s, then 0.9 of the time 5 s and 3,900 s, else 3,900 s
        let cycle = 1e6 + 3900.0 + 0.9 * 5.0;
        let [failing_over, not_taken_over, covered] = [0.9 * 5.0, 0.1 * 3900.0, 0.9 * 3900.0].map(|s| s / cycle);
        let up = 1e6 / cycle;
        let own = &found.own_crews;
        near(own.availability, up * up + 2.0 * up * covered);
        let year_min = YEAR_S / 60.0;
        near(own.several_min_per_year, covered * covered * year_min);
        near(own.failed_failover_min_per_year, (1.0 - (1.0 - not_taken_over).powi(2)) * year_min);
        let none_of_these = (1.0 - not_taken_over - failing_over).powi(2);
        near(own.failover_min_per_year, ((1.0 - not_taken_over).powi(2) - none_of_these) * year_min);
        assert!(found.one_crew.several_min_per_year > own.several_min_per_year, "a crew that is busy elsewhere");
    }

    #[test]
    fn a_pair_waits_for_one_crew() {
        let repair = Repair { mttf_s: 1000.0, notice_s: 0.0, fix_s: 10.0, failover: 1.0 };
        near(both_failed(&repair, &repair).unwrap(), 0.00019603999215840026);
    }
}

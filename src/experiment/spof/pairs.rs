//! Two failures at once: how much of a year both have failed, and for the pairs where that is most, what users see.

use super::component::Component;
use super::cost::YEAR_S;
use super::findings::{Pair, PairFindings};
use super::system;
use crate::scenario::{Repair, Scenario};
use crate::stats::analytic::Analytic;

/// So many are simulated.
pub const SIMULATED: usize = 20;

/// All pairs, the most time both failed first, with their places in the list of components.
pub fn ranked(scenario: &Scenario, components: &[Component]) -> Analytic<(PairFindings, Vec<[usize; 2]>)> {
    let mut contained = 0;
    let mut found = Vec::new();
    // many are alike, and each kind is a chain of its own
    let mut known: Vec<([Repair; 2], f64)> = Vec::new();
    for (i, &one) in components.iter().enumerate() {
        for (j, &other) in components.iter().enumerate().skip(i + 1) {
            if one.is_within(other, scenario) || other.is_within(one, scenario) {
                contained += 1;
                continue;
            }
            let repairs = [one.repair(scenario), other.repair(scenario)];
            let share = match known.iter().find(|(of, _)| *of == repairs) {
                Some((_, share)) => *share,
                None => {
                    let share = system::both_failed(&repairs[0], &repairs[1])?;
                    known.push((repairs, share));
                    share
                }
            };
            found.push(([i, j], share * YEAR_S / 60.0));
        }
    }
    // a stable sort: equals stay in the order of the scenario
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    let pair = |([i, j], minutes): &([usize; 2], f64)| Pair {
        names: [components[*i].name(scenario), components[*j].name(scenario)],
        both_failed_min_per_year: *minutes,
        simulated: None,
    };
    let pairs = found.iter().map(pair).collect();
    Ok((PairFindings { pairs, contained }, found.into_iter().map(|(pair, _)| pair).collect()))
}

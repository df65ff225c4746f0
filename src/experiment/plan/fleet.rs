//! All that could be bought: a choice for each lever, in the order of the price.
//!
//! Branch and bound: a branch is a choice for the first levers, and costs at least these and the cheapest of the others;
//! the cheapest branch is grown first, so that fleets come out by price and nothing dearer than needed is looked at.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::scenario::{Lever, LeverKind, Scenario};

pub struct Fleets<'a> {
    levers: &'a [Lever],
    /// The cheapest of all levers from this one on.
    rest: Vec<f64>,
    open: BinaryHeap<Branch>,
}

#[derive(Clone, Debug, PartialEq)]
struct Branch {
    /// At least.
    price: f64,
    choices: Vec<usize>,
}

impl Eq for Branch {}

impl Ord for Branch {
    /// The cheapest is the greatest; of equal ones the one that is furthest, then the first in the order of the choices.
    fn cmp(&self, other: &Branch) -> Ordering {
        let length = self.choices.len().cmp(&other.choices.len());
        other.price.total_cmp(&self.price).then(length).then_with(|| other.choices.cmp(&self.choices))
    }
}

impl PartialOrd for Branch {
    fn partial_cmp(&self, other: &Branch) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Fleets<'a> {
    pub fn new(levers: &'a [Lever]) -> Fleets<'a> {
        let mut rest = vec![0.0; levers.len() + 1];
        for (i, lever) in levers.iter().enumerate().rev() {
            let cheapest = lever.choices.iter().map(|choice| choice.price).fold(f64::INFINITY, f64::min);
            rest[i] = rest[i + 1] + cheapest;
        }
        let open = BinaryHeap::from([Branch { price: rest[0], choices: Vec::new() }]);
        Fleets { levers, rest, open }
    }

    /// Without growing a branch.
    pub fn number(&self) -> u64 {
        self.levers.iter().fold(1, |n: u64, lever| n.saturating_mul(lever.choices.len() as u64))
    }

    pub fn price(&self, choices: &[usize]) -> f64 {
        choices.iter().zip(self.levers).map(|(&choice, lever)| lever.choices[choice].price).sum()
    }
}

impl Iterator for Fleets<'_> {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        loop {
            let branch = self.open.pop()?;
            let at = branch.choices.len();
            let Some(lever) = self.levers.get(at) else { return Some(branch.choices) };
            for choice in 0..lever.choices.len() {
                let choices = [branch.choices.as_slice(), &[choice]].concat();
                self.open.push(Branch { price: self.price(&choices) + self.rest[at + 1], choices });
            }
        }
    }
}

/// As `--set` has them; servers and replicas are no keys.
pub fn overrides(levers: &[Lever], choices: &[usize]) -> Vec<String> {
    let keys = levers.iter().zip(choices).filter_map(|(lever, &choice)| match &lever.kind {
        LeverKind::Key(key) => Some(format!("{key}={}", lever.choices[choice].value)),
        LeverKind::Servers(_) | LeverKind::Replicas(_) => None,
    });
    keys.collect()
}

/// The scenario, read with the overrides, with so many servers and replicas.
pub fn with_counts(mut scenario: Scenario, levers: &[Lever], choices: &[usize]) -> Scenario {
    for (lever, &choice) in levers.iter().zip(choices) {
        let count = lever.choices[choice].count as usize;
        match lever.kind {
            LeverKind::Key(_) => {}
            LeverKind::Servers(service) => scenario = scenario.with_servers(service, count),
            LeverKind::Replicas(service) => scenario = scenario.with_replicas(service, count),
        }
    }
    scenario
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Choice;

    fn lever(prices: &[f64]) -> Lever {
        let choice = |&price: &f64| Choice { value: price.to_string(), count: 0, price };
        let kind = LeverKind::Key("service.a.workers".into());
        Lever {
            kind,
            name: "a".into(),
            choices: prices.iter().map(choice).collect(),
            present: None,
            written: String::new(),
        }
    }

    #[test]
    fn fleets_come_by_price_and_each_once() {
        let levers = [lever(&[5.0, 1.0, 3.0]), lever(&[0.0, 2.0]), lever(&[7.0, 4.0, 4.0, 9.0])];
        let mut fleets = Fleets::new(&levers);
        assert_eq!(fleets.number(), 24);
        let all: Vec<Vec<usize>> = fleets.by_ref().collect();
        let prices: Vec<f64> = all.iter().map(|choices| fleets.price(choices)).collect();
        assert!(prices.is_sorted(), "{prices:?}");
        let mut once = all.clone();
        once.sort();
        once.dedup();
        assert_eq!((all.len(), once.len()), (24, 24));
        assert_eq!(prices[0], 5.0);
    }

    #[test]
    fn the_first_of_a_great_many_is_found_at_once() {
        let many: Vec<Lever> = (0..12).map(|_| lever(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])).collect();
        let mut fleets = Fleets::new(&many);
        assert_eq!(fleets.next(), Some(vec![0; 12]));
        assert!(fleets.open.len() < 100);
    }
}

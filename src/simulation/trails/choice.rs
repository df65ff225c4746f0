//! Which requests of a run are told of: the slowest of each reason.

use std::collections::BTreeMap;

/// Which requests are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub most: usize,
    /// `None`: of all classes.
    pub class: Option<u16>,
    /// Those that got no answer, else those that got one.
    pub failed: bool,
}

/// A request that may be wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// In the order of arrival, from 0, the warm-up's counted.
    pub number: u64,
    pub response_ns: u64,
}

/// The slowest requests that are wanted, by reason of their failure (0: answered), slowest first.
#[derive(Clone, Debug)]
pub struct Choice {
    wanted: Wanted,
    pub(super) slowest: BTreeMap<u8, Vec<Candidate>>,
    /// Requests that are as wanted, the slowest among them.
    pub matching: u64,
}

impl Choice {
    pub fn new(wanted: Wanted) -> Choice {
        Choice { wanted, slowest: BTreeMap::new(), matching: 0 }
    }

    pub(super) fn consider(&mut self, candidate: Candidate, class: u16, reason: u8) {
        if self.wanted.class.is_some_and(|wanted| wanted != class) || self.wanted.failed != (reason != 0) {
            return;
        }
        self.matching += 1;
        let kept = self.slowest.entry(reason).or_default();
        // of equals, who came first
        let at = kept.partition_point(|other| other.response_ns >= candidate.response_ns);
        if at < self.wanted.most {
            kept.insert(at, candidate);
            kept.truncate(self.wanted.most);
        }
    }

    /// As many as are wanted: the slowest of each reason in turn, and of those in turn the slower first.
    pub fn chosen(&self) -> Vec<u64> {
        let mut chosen = Vec::new();
        for rank in 0..self.wanted.most {
            let mut of_rank: Vec<&Candidate> = self.slowest.values().filter_map(|kept| kept.get(rank)).collect();
            of_rank.sort_by_key(|candidate| (std::cmp::Reverse(candidate.response_ns), candidate.number));
            chosen.extend(of_rank.into_iter().map(|candidate| candidate.number));
        }
        chosen.truncate(self.wanted.most);
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_comes_first_whatever_its_reason() {
        let choose = |most: usize| {
            let mut choice = Choice::new(Wanted { most, class: None, failed: true });
            for (number, response_ns, reason) in [(0, 5, 1), (1, 900, 4), (2, 7, 1), (3, 30, 2), (4, 800, 4)] {
                choice.consider(Candidate { number, response_ns }, 0, reason);
            }
            choice.chosen()
        };
        assert_eq!(choose(1), [1]);
        assert_eq!(choose(5), [1, 3, 2, 4, 0]);
    }
}

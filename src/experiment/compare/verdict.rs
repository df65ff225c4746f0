//! From where figures lie to verdicts: each one's, and the verdict on the whole.

use serde::Serialize;

use super::pairing::{Place, Region};
use crate::experiment::per_run::Better;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// By more than the threshold, the whole interval.
    Better,
    Worse,
    /// The whole interval lies within the threshold.
    Same,
    /// Of figures of which neither way is better.
    Higher,
    Lower,
    /// The interval reaches over a border, or there is none.
    Inconclusive,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Same => "same",
            Verdict::Higher => "higher",
            Verdict::Lower => "lower",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}

/// What a decided place means.
fn meaning(region: Region, better: Better) -> Verdict {
    match (region, better) {
        (Region::Within, _) => Verdict::Same,
        (Region::Higher, Better::Higher) | (Region::Lower, Better::Lower) => Verdict::Better,
        (Region::Higher, Better::Lower) | (Region::Lower, Better::Higher) => Verdict::Worse,
        (Region::Higher, Better::Neither) => Verdict::Higher,
        (Region::Lower, Better::Neither) => Verdict::Lower,
    }
}

/// Of one figure by itself; `None`: there is nothing to judge it by.
pub fn of_one(place: Option<Place>, better: Better, error: f64) -> Verdict {
    place.filter(|place| place.p <= error).map_or(Verdict::Inconclusive, |place| meaning(place.region, better))
}

/// Of several that are judged together: the smallest error probability may be 1/m of what is allowed, the next
/// 1/(m - 1), and so on until one is too large (Holm 1979).
pub fn of_several(figures: &[(Option<Place>, Better)], error: f64) -> Vec<Verdict> {
    let p = |i: usize| figures[i].0.map_or(1.0, |place| place.p);
    let mut order: Vec<usize> = (0..figures.len()).collect();
    order.sort_by(|&i, &j| p(i).total_cmp(&p(j)));
    let mut verdicts = vec![Verdict::Inconclusive; figures.len()];
    for (rank, &i) in order.iter().enumerate() {
        let allowed = error / (figures.len() - rank) as f64;
        if p(i) > allowed {
            break;
        }
        verdicts[i] = of_one(figures[i].0, figures[i].1, allowed);
    }
    verdicts
}

/// One figure that is worse is enough; better needs all others to be no worse.
pub fn overall(judged: &[Verdict]) -> Verdict {
    let any = |wanted: Verdict| judged.contains(&wanted);
    match () {
        () if any(Verdict::Worse) => Verdict::Worse,
        () if judged.is_empty() || any(Verdict::Inconclusive) => Verdict::Inconclusive,
        () if any(Verdict::Better) => Verdict::Better,
        () => Verdict::Same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(region: Region, p: f64) -> Option<Place> {
        Some(Place { region, p })
    }

    #[test]
    fn which_way_is_better_decides_what_higher_means() {
        for (better, higher, lower) in [
            (Better::Lower, Verdict::Worse, Verdict::Better),
            (Better::Higher, Verdict::Better, Verdict::Worse),
            (Better::Neither, Verdict::Higher, Verdict::Lower),
        ] {
            assert_eq!(of_one(at(Region::Higher, 0.01), better, 0.05), higher);
            assert_eq!(of_one(at(Region::Lower, 0.01), better, 0.05), lower);
            assert_eq!(of_one(at(Region::Within, 0.01), better, 0.05), Verdict::Same);
            assert_eq!(of_one(at(Region::Higher, 0.06), better, 0.05), Verdict::Inconclusive);
            assert_eq!(of_one(None, better, 0.05), Verdict::Inconclusive);
        }
    }

    #[test]
    fn holm_asks_more_of_the_first_and_stops_at_the_first_that_fails() {
        let judge = |ps: [f64; 3]| of_several(&ps.map(|p| (at(Region::Within, p), Better::Lower)), 0.05);
        let (same, open) = (Verdict::Same, Verdict::Inconclusive);
        assert_eq!(judge([0.016, 0.024, 0.049]), [same, same, same]);
        assert_eq!(judge([0.049, 0.016, 0.024]), [same, same, same]);
        assert_eq!(judge([0.017, 0.001, 0.03]), [same, same, same]);
        assert_eq!(judge([0.026, 0.001, 0.03]), [open, same, open]);
        assert_eq!(judge([0.017, 0.02, 0.03]), [open, open, open], "none is below a third");
        // what has no figure counts among those that are judged
        let missing = [(None, Better::Lower), (at(Region::Within, 0.02), Better::Lower)];
        assert_eq!(of_several(&missing, 0.05), [open, same]);
        assert_eq!(of_several(&missing, 0.03), [open, open]);
    }

    #[test]
    fn one_worse_figure_is_worse_and_a_better_one_needs_the_others_settled() {
        use Verdict::*;
        assert_eq!(overall(&[Better, Worse, Same]), Worse);
        assert_eq!(overall(&[Better, Inconclusive, Same]), Inconclusive);
        assert_eq!(overall(&[Worse, Inconclusive, Inconclusive]), Worse);
        assert_eq!(overall(&[Better, Same, Same]), Better);
        assert_eq!(overall(&[Same, Same]), Same);
        assert_eq!(overall(&[]), Inconclusive);
    }
}

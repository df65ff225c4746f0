//! Runs over all cores, with results in the order of their indices whatever finishes first.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::simulation::result::RunResult;

/// How far an experiment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub finished: u32,
    pub of: u32,
    /// Events of the run that has just finished.
    pub events: u64,
}

/// Makes the runs of a range. `progress` is called from any thread after each.
pub fn runs(
    range: Range<u32>,
    run: impl Fn(u32) -> RunResult + Sync,
    progress: &(dyn Fn(Progress) + Sync),
) -> Vec<RunResult> {
    let finished = AtomicU32::new(0);
    let of = range.len() as u32;
    range
        .into_par_iter()
        .map(|index| {
            let result = run(index);
            let finished = finished.fetch_add(1, Ordering::Relaxed) + 1;
            progress(Progress { finished, of, events: result.events });
            result
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::synthetic;
    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_indices() {
        let seen = Mutex::new(Vec::new());
        let results = runs(5..25, synthetic::run, &|progress| seen.lock().unwrap().push(progress));
        assert_eq!(results.iter().map(|r| r.run).collect::<Vec<_>>(), (5..25).collect::<Vec<_>>());
        let mut finished: Vec<u32> = seen.into_inner().unwrap().iter().map(|p| p.finished).collect();
        finished.sort_unstable();
        assert_eq!(finished, (1..=20).collect::<Vec<_>>());
    }
}

//! Where the time of a typical and of a slow request goes, by station: from a few short runs of their own, which keep a
//! ledger, so that the runs that count are not slowed down.

use super::Outcome;
use super::estimate::Doubt;
use super::ranked::MS;
use super::runner::Prepared;
use super::summary::Estimate;
use crate::scenario::{Scenario, is_stationary};
use crate::simulation::ledger::Ledger;
use crate::simulation::places::Spent;

/// Short runs, where what happens does not change in time.
const RUNS: u32 = 5;
/// Requests of each.
const REQUESTS: f64 = 10_000.0;
/// Of one run, where traffic changes; where there are faults it is as long as the others.
const REQUESTS_CHANGING: f64 = 200_000.0;
/// Requests around the median, and around the slowest of a hundred.
pub const AROUND: [(f64, f64, f64); 2] = [(0.5, 0.45, 0.55), (0.99, 0.985, 0.995)];

#[derive(Clone, Debug, Default)]
pub struct TimeSpent {
    /// Of each of `AROUND`.
    pub percentiles: Vec<Percentile>,
}

#[derive(Clone, Debug)]
pub struct Percentile {
    pub share: f64,
    /// Requests that it rests on.
    pub requests: u64,
    pub latency_ms: Estimate,
    /// The class that most of them are of, and its share.
    pub class: Option<(String, f64)>,
    /// Those where any time was spent, most first.
    pub places: Vec<PlaceTime>,
}

/// Of a request, on average.
#[derive(Clone, Debug)]
pub struct PlaceTime {
    pub name: String,
    pub spent: Spent,
    pub waiting_ms: f64,
    pub rest_ms: f64,
    pub total_ms: Estimate,
}

/// `None`: too few were answered.
pub(super) fn time_spent(
    scenario: &Scenario,
    prepared: &Prepared,
    outcome: &Outcome,
    warmup_s: f64,
) -> Option<TimeSpent> {
    let latency = &outcome.merged.latency.first()?.1;
    let bands: Option<Vec<(u64, u64)>> = AROUND
        .iter()
        .map(|&(_, low, high)| Some((latency.quantile(low)? as u64, latency.quantile(high)?.ceil() as u64)))
        .collect();
    let bands = bands?;
    let steady = scenario.faults.is_empty() && scenario.traffic.iter().all(|one| is_stationary(&one.process));
    let rate_per_s = outcome.summary.totals.requests as f64
        / (f64::from(outcome.summary.runs) * (outcome.summary.warmup_s + outcome.summary.measured_s));
    let of_length = |requests: f64| Some((requests / rate_per_s.max(1e-9)).min(outcome.summary.measured_s));
    let (runs, duration_s) = match (steady, scenario.faults.is_empty()) {
        (true, _) => (RUNS, of_length(REQUESTS)),
        // what happens when is a part of the answer
        (false, true) => (1, of_length(REQUESTS_CHANGING)),
        (false, false) => (1, scenario.simulation.duration_s),
    };
    // a short run is warmed up as long as it is: the whole warm-up would cost more than all of them
    let warmup_s = if steady { warmup_s.min(duration_s.unwrap_or(warmup_s)) } else { warmup_s };
    let ledgers: Vec<Ledger> = {
        use rayon::prelude::*;
        (0..runs).into_par_iter().map(|run| prepared.run_ledger(run, warmup_s, duration_s, &bands)).collect()
    };
    let doubt = Doubt::default();
    let percentiles = AROUND.iter().enumerate().map(|(i, around)| percentile(&doubt, scenario, &ledgers, i, around.0));
    Some(TimeSpent { percentiles: percentiles.collect() })
}

fn percentile(doubt: &Doubt, scenario: &Scenario, ledgers: &[Ledger], at: usize, share: f64) -> Percentile {
    let bands = || ledgers.iter().map(|ledger| &ledger.bands[at]);
    let requests: u64 = bands().map(|band| band.requests).sum();
    let per_request = |sum: u128| sum as f64 / requests.max(1) as f64 / MS;
    let mean = |of: &dyn Fn(&crate::simulation::ledger::Band) -> u128| {
        let values = bands().map(|band| (band.requests > 0).then(|| of(band) as f64 / band.requests as f64 / MS));
        let all = per_request(bands().map(of).sum());
        let estimate = doubt.mean(values);
        Estimate { value: estimate.value.map(|_| all), ..estimate }
    };
    let of_class = |class: usize| bands().map(|band| band.by_class[class]).sum::<u64>();
    let classes = scenario.requests.iter().enumerate().map(|(class, request)| (request.name.clone(), of_class(class)));
    let most = classes.reduce(|most, next| if next.1 > most.1 { next } else { most });
    let mut places: Vec<PlaceTime> = ledgers[0]
        .places
        .iter()
        .enumerate()
        .map(|(i, place)| PlaceTime {
            name: place.name.clone(),
            spent: place.spent,
            waiting_ms: per_request(bands().map(|band| band.places[i].0).sum()),
            rest_ms: per_request(bands().map(|band| band.places[i].1).sum()),
            total_ms: mean(&|band| band.places[i].0 + band.places[i].1),
        })
        .filter(|place| place.waiting_ms + place.rest_ms > 0.0)
        .collect();
    places.sort_by(|a, b| (b.waiting_ms + b.rest_ms).total_cmp(&(a.waiting_ms + a.rest_ms)));
    Percentile {
        share,
        requests,
        latency_ms: mean(&|band| band.latency_ns),
        class: most.filter(|_| requests > 0).map(|(name, count)| (name, count as f64 / requests as f64)),
        places,
    }
}

//! What the runs say of each station and of each replica.

use super::estimate::{Doubt, PERCENTILE_RUNS, nothing, plain, share};
use super::merge;
use super::ranked::{MS, Ranked, TailNotes, percentile};
use super::summary::{Estimate, Lag, ReplicationSummary, StationDetailSummary, StationSummary};
use crate::simulation::load::LoadTable;
use crate::simulation::result::{FailoverResult, ReplicaResult, RunResult, StationDetail, StationResult, StationRole};
use crate::stats::histogram::Histogram;
use crate::stats::timeweighted::TimeWeighted;

/// Percentiles of a station's detail. The low one shows the share that does not wait.
const DETAIL: [(&str, f64); 5] = [("p15", 0.15), ("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)];
/// P(number present >= n) is given for n = 1 up to this.
const PRESENT_MAX: usize = 20;
/// Nanoseconds in a second.
const SECOND: f64 = 1e9;

/// In the order of the runs' stations, which is the same in each.
pub fn stations(
    doubt: &Doubt,
    notes: &mut TailNotes,
    runs: &[RunResult],
    load: Option<&LoadTable>,
) -> Vec<StationSummary> {
    let count = runs.first().map_or(0, |run| run.stations.len());
    (0..count)
        .map(|i| {
            let observed: Vec<(&StationResult, f64)> = runs.iter().map(|r| (&r.stations[i], r.measured_s)).collect();
            station(doubt, notes, &observed, load)
        })
        .collect()
}

fn station(
    doubt: &Doubt,
    notes: &mut TailNotes,
    runs: &[(&StationResult, f64)],
    load: Option<&LoadTable>,
) -> StationSummary {
    let first = runs[0].0;
    let mean = |of: &dyn Fn(&StationResult, f64) -> Option<f64>| doubt.mean(runs.iter().map(|&(s, t)| of(s, t)));
    let offered = load.and_then(|load| load.stations.iter().find(|s| s.station == first.name));
    StationSummary {
        name: first.name.clone(),
        role: role_name(first.role),
        workers: first.workers,
        utilization: share(mean(&|s, t| ratio(s.busy_area_ns as f64, f64::from(s.workers?) * t * SECOND))),
        queue_mean: mean(&|s, t| ratio(s.present_area_ns.saturating_sub(s.busy_area_ns) as f64, t * SECOND)),
        present_mean: mean(&|s, t| ratio(s.present_area_ns as f64, t * SECOND)),
        waiting_ms: mean(&|s, _| waiting_ns(s).map(|ns| ns / MS)),
        service_ms: mean(&|s, _| ratio(s.service_sum_ns as f64, s.departures as f64 * MS)),
        sojourn_ms: mean(&|s, _| sojourn_ns(s).map(|ns| ns / MS)),
        throughput_per_s: mean(&|s, t| ratio(s.departures as f64, t)),
        lost: runs.iter().map(|(s, _)| s.lost).sum(),
        offered_erlangs: offered.map(|s| s.offered_erlangs),
        detail: detail(doubt, notes, &runs.iter().map(|r| r.0).collect::<Vec<_>>()),
    }
}

pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// Mean wait of those who left; of a pool, of those who were granted a slot.
pub(super) fn waiting_ns(s: &StationResult) -> Option<f64> {
    let over = if s.granted > 0 { s.granted } else { s.departures };
    ratio(s.waiting_sum_ns as f64, over as f64)
}

/// A pool does not remember who came when: there it is waiting + holding.
fn sojourn_ns(s: &StationResult) -> Option<f64> {
    if s.granted > 0 {
        return Some(waiting_ns(s)? + ratio(s.service_sum_ns as f64, s.departures as f64)?);
    }
    ratio(s.sojourn_sum_ns as f64, s.departures as f64)
}

/// As in summary.json.
pub fn role_name(role: StationRole) -> &'static str {
    match role {
        StationRole::Cpu => "cpu",
        StationRole::Disk => "disk",
        StationRole::NicOut => "nic_out",
        StationRole::NicIn => "nic_in",
        StationRole::Pool => "pool",
        StationRole::Plain => "station",
        StationRole::Stage => "stage",
        StationRole::Applier => "applier",
    }
}

fn detail(doubt: &Doubt, notes: &mut TailNotes, runs: &[&StationResult]) -> Option<StationDetailSummary> {
    let name = &runs[0].name;
    let details: Vec<&StationDetail> = runs.iter().map(|s| s.detail.as_deref()).collect::<Option<_>>()?;
    let mut percentiles = |what: &str, of: fn(&StationDetail) -> &Histogram| {
        let merged = merge::histogram(details.iter().map(|d| of(d)));
        let each: Vec<Ranked> = details.iter().map(|d| Ranked { answered: of(d), failed: 0 }).collect();
        let merged = Ranked { answered: &merged, failed: 0 };
        DETAIL
            .iter()
            .map(|&(p, q)| {
                let figure = format!("{p} of {name} {what}");
                (p.to_owned(), percentile(doubt, notes, &figure, q, merged, &each, MS))
            })
            .collect()
    };
    let waiting_ms = percentiles("waiting", |d| &d.waiting_ns);
    let sojourn_ms = percentiles("sojourn", |d| &d.sojourn_ns);
    let at_least = |d: &StationDetail, n: usize| {
        let total: u64 = d.present_ns.iter().sum();
        let beyond: u64 = d.present_ns.iter().skip(n).sum();
        ratio(beyond as f64, total as f64)
    };
    Some(StationDetailSummary {
        waiting_ms,
        sojourn_ms,
        sojourn_variance_s2: doubt
            .mean(details.iter().map(|d| d.sojourn_ns.variance().map(|ns2| ns2 / (SECOND * SECOND)))),
        waits: share(
            doubt.mean(runs.iter().zip(&details).map(|(s, d)| ratio(d.arrivals_waiting as f64, s.arrivals as f64))),
        ),
        present_at_least: (1..=PRESENT_MAX)
            .map(|n| share(doubt.mean(details.iter().map(|d| at_least(d, n)))))
            .collect(),
    })
}

pub fn replication(doubt: &Doubt, notes: &mut TailNotes, runs: &[RunResult]) -> Vec<ReplicationSummary> {
    let count = runs.first().map_or(0, |run| run.replicas.len());
    (0..count)
        .map(|i| {
            let observed: Vec<(&ReplicaResult, f64)> = runs.iter().map(|r| (&r.replicas[i], r.measured_s)).collect();
            let lost = |f: &&FailoverResult| f.server == observed[0].0.server;
            let failovers = runs.iter().flat_map(|run| &run.databases).flat_map(|d| &d.failovers);
            let transactions_lost = failovers.filter(lost).map(|f| f.lost).sum();
            ReplicationSummary { transactions_lost, ..replica(doubt, notes, &observed) }
        })
        .collect()
}

fn replica(doubt: &Doubt, notes: &mut TailNotes, runs: &[(&ReplicaResult, f64)]) -> ReplicationSummary {
    let server = runs[0].0.server.clone();
    let merged = merge::histogram(runs.iter().map(|(r, _)| &r.apply_delay_ns));
    let each: Vec<Ranked> = runs.iter().map(|(r, _)| Ranked { answered: &r.apply_delay_ns, failed: 0 }).collect();
    let all = Ranked { answered: &merged, failed: 0 };
    let mut at =
        |p: &str, q: f64| percentile(doubt, notes, &format!("{p} of the apply delay on {server}"), q, all, &each, MS);
    let apply_delay_ms = Lag {
        p50: at("p50", 0.5),
        p95: at("p95", 0.95),
        p99: at("p99", 0.99),
        mean: doubt.mean(each.iter().map(|r| r.answered.mean().map(|ns| ns / MS))),
        max: plain(merged.max().map(|ns| ns as f64 / MS), runs.len()),
    };
    let mean = |of: &dyn Fn(&ReplicaResult, f64) -> Option<f64>| doubt.mean(runs.iter().map(|&(r, t)| of(r, t)));
    // a read is a trial; a share of none is no share
    let of_reads = |events: &dyn Fn(&ReplicaResult) -> u64| {
        doubt.proportion(&runs.iter().map(|(r, _)| (events(r), r.reads)).collect::<Vec<_>>())
    };
    let sessions = runs.iter().all(|(r, _)| r.own_write_misses.is_some());
    ReplicationSummary {
        apply_delay_ms,
        seconds_behind: mean(&|r, _| r.seconds_behind.mean().map(|ns| ns / SECOND)),
        behind: share(mean(&|r, _| r.seconds_behind.share_above(0))),
        seconds_behind_p99: behind_percentile(doubt, runs, 0.99),
        backlog: mean(&|r, t| ratio(r.backlog_area_ns as f64, t * SECOND)),
        backlog_max: runs.iter().map(|(r, _)| r.backlog_max).max().unwrap_or(0),
        reads: runs.iter().map(|(r, _)| r.reads).sum(),
        stale_reads: of_reads(&|r| r.stale_reads),
        own_write_misses: sessions.then(|| of_reads(&|r| r.own_write_misses.unwrap_or(0))),
        transactions_lost: 0,
        server,
    }
}

/// Of time, not of observations: there are no samples to count beyond it.
fn behind_percentile(doubt: &Doubt, runs: &[(&ReplicaResult, f64)], q: f64) -> Estimate {
    let mut merged = TimeWeighted::default();
    runs.iter().for_each(|(r, _)| merged.merge(&r.seconds_behind));
    let Some(value) = merged.quantile(q) else { return nothing() };
    let values: Vec<f64> =
        runs.iter().filter_map(|(r, _)| r.seconds_behind.quantile(q)).map(|ns| ns / SECOND).collect();
    if values.len() < PERCENTILE_RUNS {
        return plain(Some(value / SECOND), runs.len());
    }
    doubt.around(value / SECOND, &values)
}

#[cfg(test)]
mod tests {
    use super::super::synthetic;
    use super::*;
    use crate::simulation::load::StationLoad;

    fn summaries(runs: &[RunResult]) -> Vec<StationSummary> {
        stations(&Doubt::default(), &mut TailNotes::default(), runs, None)
    }

    #[test]
    fn a_station_s_figures_obey_its_laws() {
        let runs: Vec<_> = (0..10).map(synthetic::run).collect();
        let app = &summaries(&runs)[0];
        let value = |e: Estimate| e.value.unwrap();
        assert!((value(app.utilization) - 0.75).abs() < 0.02, "service 3 to 12 ms each 10 ms");
        assert!((value(app.waiting_ms) + value(app.service_ms) - value(app.sojourn_ms)).abs() < 1e-9);
        assert!((value(app.present_mean) - value(app.queue_mean) - value(app.utilization)).abs() < 1e-9);
        // Little, but for the one at the edge
        let little = value(app.throughput_per_s) * value(app.sojourn_ms) / 1000.0;
        assert!((little - value(app.present_mean)).abs() < 2e-3);
        assert!(app.utilization.ci95.is_some() && app.waiting_ms.runs == 10);
    }

    #[test]
    fn detail_gives_the_law_of_the_number_present() {
        let runs: Vec<_> = (0..10).map(synthetic::run).collect();
        let app = &summaries(&runs)[0];
        let detail = app.detail.as_ref().unwrap();
        assert_eq!(detail.present_at_least.len(), 20);
        let sum: f64 = detail.present_at_least.iter().map(|e| e.value.unwrap()).sum();
        assert!((sum - app.present_mean.value.unwrap()).abs() < 1e-9);
        assert!((detail.present_at_least[0].value.unwrap() - app.utilization.value.unwrap()).abs() < 1e-9);
        let waits = detail.waits.value.unwrap();
        assert!(waits > 0.2 && waits < 0.8);
        // more than 15% do not wait
        assert_eq!((detail.waiting_ms[0].0.as_str(), detail.waiting_ms[0].1.value), ("p15", Some(0.0)));
        assert!(detail.sojourn_ms[1].1.ci95.is_some(), "500 beyond the median in each run");
        assert!(detail.sojourn_ms[4].1.ci95.is_none(), "ten beyond p99 in each run");
    }

    #[test]
    fn a_pool_s_wait_is_over_those_who_were_granted_a_slot() {
        let mut run = synthetic::run(0);
        let pool = &mut run.stations[0];
        pool.granted = 500;
        pool.waiting_sum_ns = 500 * 2_000_000;
        pool.sojourn_sum_ns = 0;
        pool.departures = 400;
        pool.service_sum_ns = 400 * 3_000_000;
        let pool = &summaries(&[run])[0];
        assert_eq!(
            (pool.waiting_ms.value, pool.service_ms.value, pool.sojourn_ms.value),
            (Some(2.0), Some(3.0), Some(5.0))
        );
    }

    #[test]
    fn an_unlimited_station_has_no_utilization() {
        let mut run = synthetic::run(0);
        run.stations[0].workers = None;
        assert_eq!(summaries(&[run])[0].utilization, nothing());
    }

    #[test]
    fn offered_load_is_found_by_name() {
        let load = LoadTable {
            classes: Vec::new(),
            of_one_request: Vec::new(),
            rate_per_s: Some(100.0),
            stations: vec![StationLoad {
                assumed: false,
                station: "app".to_owned(),
                workers: Some(1),
                visits_per_s: 100.0,
                offered_erlangs: 0.75,
            }],
        };
        let runs = [synthetic::run(0)];
        let found = stations(&Doubt::default(), &mut TailNotes::default(), &runs, Some(&load));
        assert_eq!(found[0].offered_erlangs, Some(0.75));
    }

    #[test]
    fn three_measures_of_lag_are_kept_apart() {
        let runs: Vec<RunResult> = (0..6u64)
            .map(|i| {
                let mut run = synthetic::run(i as u32);
                let mut replica = ReplicaResult {
                    server: "db2".to_owned(),
                    apply_delay_ns: Histogram::default(),
                    seconds_behind: TimeWeighted::default(),
                    backlog_area_ns: 5_000_000_000,
                    backlog_max: 7 + i,
                    backlog_end: 0,
                    behind_end_ns: 0,
                    reads: 1000,
                    stale_reads: 100 + i,
                    own_write_misses: None,
                };
                (0..3000).for_each(|k| replica.apply_delay_ns.record(1_000_000 + 1000 * k + 10_000 * i));
                // behind for 2 s of 10, up to 4 s old
                replica.seconds_behind.add_constant(0, 8_000_000_000);
                replica.seconds_behind.add_ramp(0, 4_000_000_000 + i * 1_000_000, 2_000_000_000);
                run.replicas = vec![replica];
                run
            })
            .collect();
        let found = replication(&Doubt::default(), &mut TailNotes::default(), &runs);
        let lag = &found[0];
        assert!((lag.behind.value.unwrap() - 0.2).abs() < 1e-9);
        assert!((lag.seconds_behind.value.unwrap() - 0.4).abs() < 1e-3);
        assert!((lag.seconds_behind_p99.value.unwrap() - 3.8).abs() < 0.01);
        assert!(lag.seconds_behind_p99.ci95.is_some());
        assert!((lag.apply_delay_ms.p50.value.unwrap() - 2.525).abs() < 0.01);
        assert_eq!(lag.backlog.value, Some(0.5));
        assert_eq!((lag.backlog_max, lag.reads), (12, 6000));
        assert!((lag.stale_reads.value.unwrap() - 0.1025).abs() < 1e-12 && lag.stale_reads.ci95.is_some());
        assert!(lag.own_write_misses.is_none(), "no sessions");
    }
}

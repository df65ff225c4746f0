//! What the runs say of each database: commits that waited for replicas, backups, and what the death of a primary cost.

use super::estimate::{Doubt, plain, share};
use super::merge;
use super::ranked::{MS, Ranked, TailNotes, percentile};
use super::summary::{BackupSummary, DatabaseSummary, Estimate, FailoverSummary, Lag, PrimarySummary, SemiSyncSummary};
use crate::simulation::result::{DatabaseResult, FailoverResult, RunResult, SemiSyncResult};

const SECOND: f64 = 1e9;

/// Those of which there is something to say.
pub fn databases(doubt: &Doubt, notes: &mut TailNotes, runs: &[RunResult]) -> Vec<DatabaseSummary> {
    let count = runs.first().map_or(0, |run| run.databases.len());
    let of = |i: usize| -> Vec<(&DatabaseResult, f64)> {
        runs.iter().map(|run| (&run.databases[i], run.measured_s)).collect()
    };
    let summaries = (0..count).map(|i| database(doubt, notes, &of(i)));
    summaries.filter(|d| d.semi_sync.is_some() || d.backup.is_some() || d.primary.is_some()).collect()
}

fn database(doubt: &Doubt, notes: &mut TailNotes, runs: &[(&DatabaseResult, f64)]) -> DatabaseSummary {
    let name = runs[0].0.name.clone();
    let semi_sync: Vec<(&SemiSyncResult, f64)> =
        runs.iter().filter_map(|(d, measured)| Some((d.semi_sync.as_ref()?, *measured))).collect();
    let broken = runs.iter().any(|(d, _)| d.broken > 0 || d.transactions_lost > 0 || !d.failovers.is_empty());
    DatabaseSummary {
        semi_sync: (!semi_sync.is_empty()).then(|| waits(doubt, notes, &name, &semi_sync)),
        backup: backup(doubt, runs),
        primary: broken.then(|| primary(doubt, runs)),
        name,
    }
}

fn waits(doubt: &Doubt, notes: &mut TailNotes, name: &str, runs: &[(&SemiSyncResult, f64)]) -> SemiSyncSummary {
    let merged = merge::histogram(runs.iter().map(|(s, _)| &s.wait_ns));
    let each: Vec<Ranked> = runs.iter().map(|(s, _)| Ranked { answered: &s.wait_ns, failed: 0 }).collect();
    let all = Ranked { answered: &merged, failed: 0 };
    let mut at = |p: &str, q: f64| {
        percentile(doubt, notes, &format!("{p} of the wait for replicas of {name}"), q, all, &each, MS)
    };
    let ack_wait_ms = Lag {
        p50: at("p50", 0.5),
        p95: at("p95", 0.95),
        p99: at("p99", 0.99),
        mean: doubt.mean(each.iter().map(|r| r.answered.mean().map(|ns| ns / MS))),
        max: plain(merged.max().map(|ns| ns as f64 / MS), runs.len()),
    };
    let asynchronous = runs.iter().map(|(s, t)| (*t > 0.0).then(|| s.off_ns as f64 / SECOND / t));
    SemiSyncSummary {
        ack_wait_ms,
        fallbacks: doubt.mean(runs.iter().map(|(s, _)| Some(s.fallbacks as f64))),
        asynchronous: share(doubt.mean(asynchronous)),
    }
}

fn backup(doubt: &Doubt, runs: &[(&DatabaseResult, f64)]) -> Option<BackupSummary> {
    let backups: Vec<_> = runs.iter().filter_map(|(d, _)| d.backup).collect();
    let began = backups.iter().find_map(|b| b.began_ns)?;
    let took = backups.iter().map(|b| Some((b.ended_ns? - b.began_ns?) as f64 / SECOND));
    Some(BackupSummary {
        began_s: began as f64 / SECOND,
        took_s: doubt.mean(took),
        finished: backups.iter().filter(|b| b.ended_ns.is_some()).count() as u64,
    })
}

fn primary(doubt: &Doubt, runs: &[(&DatabaseResult, f64)]) -> PrimarySummary {
    let mean = |of: &dyn Fn(&DatabaseResult) -> f64| doubt.mean(runs.iter().map(|(d, _)| Some(of(d))));
    let failovers: Vec<&FailoverResult> = runs.iter().flat_map(|(d, _)| &d.failovers).collect();
    PrimarySummary {
        gone: mean(&|d| d.broken as f64),
        write_outage_s: mean(&|d| d.outage_ns as f64 / SECOND),
        write_outage_max_s: plain(
            runs.iter().map(|(d, _)| d.outage_max_ns as f64 / SECOND).reduce(f64::max),
            runs.len(),
        ),
        transactions_lost: mean(&|d| d.transactions_lost as f64),
        in_doubt: mean(&|d| d.in_doubt as f64),
        failover: (!failovers.is_empty()).then(|| {
            // of each run the mean of its failovers: a run is one observation
            let after = |of: &dyn Fn(&FailoverResult) -> Option<u64>| -> Estimate {
                doubt.mean(runs.iter().map(|(d, _)| {
                    let times: Vec<f64> =
                        d.failovers.iter().filter_map(|f| Some((of(f)? - f.died_ns) as f64 / SECOND)).collect();
                    (!times.is_empty()).then(|| times.iter().sum::<f64>() / times.len() as f64)
                }))
            };
            FailoverSummary {
                count: failovers.len() as u64,
                noticed_s: after(&|f| Some(f.noticed_ns)),
                promoted_s: after(&|f| Some(f.promoted_ns)),
                switched_s: after(&|f| f.switched_ns),
            }
        }),
    }
}

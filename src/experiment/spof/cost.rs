//! From seconds of a simulated failure to minutes in a year: how often it happens, times what it loses until it is
//! repaired. The simulation shows how it begins, how it is once failover has settled, and what follows the repair; the
//! hours between are as they are once it has settled.

use super::effect::Loss;
use super::findings::{Cost, CostPoint};
use crate::experiment::estimate::Doubt;
use crate::scenario::Repair;

pub const YEAR_S: f64 = 365.25 * 86_400.0;

/// Of each run: (minutes' worth of requests lost, minutes down) in a year.
fn per_year(losses: &[Loss], repair: &Repair) -> Vec<(f64, f64)> {
    let failures = failures_per_year(repair);
    let minutes = |seconds: f64| failures * seconds / 60.0;
    let each = losses.iter().map(|loss| loss.seconds(repair.outage_s()));
    each.map(|(lost, down)| (minutes(lost), minutes(down))).collect()
}

/// It does not fail while it has failed.
fn failures_per_year(repair: &Repair) -> f64 {
    YEAR_S / (repair.mttf_s + repair.outage_s())
}

pub fn cost(doubt: &Doubt, losses: &[Loss], repair: &Repair) -> Cost {
    let years = per_year(losses, repair);
    let point = |mttf: f64, mttr: f64| {
        let changed = Repair {
            mttf_s: repair.mttf_s * mttf,
            notice_s: repair.notice_s * mttr,
            fix_s: repair.fix_s * mttr,
            ..*repair
        };
        let years = per_year(losses, &changed);
        let mean = |of: fn(&(f64, f64)) -> f64| (years.iter().map(of).sum::<f64>() / years.len() as f64).max(0.0);
        CostPoint { budget_min_per_year: mean(|year| year.0), down_min_per_year: mean(|year| year.1) }
    };
    let estimate = |of: fn(&(f64, f64)) -> f64| {
        let estimate = doubt.mean(years.iter().map(|year| Some(of(year))));
        // with it, fewer may fail than without it, by chance
        crate::experiment::summary::Estimate { value: estimate.value.map(|value| value.max(0.0)), ..estimate }
    };
    Cost {
        mttf_s: repair.mttf_s,
        notice_s: repair.notice_s,
        fix_s: repair.fix_s,
        failover: repair.failover,
        failures_per_year: failures_per_year(repair),
        budget_min_per_year: estimate(|year| year.0),
        down_min_per_year: estimate(|year| year.1),
        mttf_halved: point(0.5, 1.0),
        mttf_doubled: point(2.0, 1.0),
        mttr_halved: point(1.0, 0.5),
        mttr_doubled: point(1.0, 2.0),
    }
}

//! What one failure does, read off the runs with it and the same runs without.

use super::trial::Trial;
use super::{Horizon, Options};
use crate::experiment::estimate::{Doubt, complement, nothing};
use crate::experiment::summary::Estimate;
use crate::simulation::result::{CoarseHistogram, FailureReason};

use super::findings::{ClassSuccess, Overload, P99, Recovery, Verdict};

/// Below this part of what is answered otherwise, nobody would see it in the noise of a window.
const SEEN: f64 = 0.1;
/// Noise of a window's count, in standard deviations of a Poisson count.
const NOISE: f64 = 4.0;
/// A station that is busy for this share of the time is overloaded, if it was less before.
const FULL: f64 = 0.95;
/// Requests of a class that must fail in a window until it is one of the incident.
const FEW: u64 = 3;

/// Same runs with and without a failure.
pub struct Pairing<'a> {
    pub with: &'a [Trial],
    pub without: &'a [Trial],
    pub horizon: &'a Horizon,
    pub doubt: Doubt,
}

/// Share of the requests lost, over the windows of one run.
#[derive(Clone, Debug)]
pub struct Loss {
    width_s: f64,
    /// From the failure on: share of the requests of each window that are not answered in time, less the same without
    /// the failure; and whether less than half are answered.
    lost: Vec<f64>,
    down: Vec<f64>,
    /// Once failover has settled.
    settled_lost: f64,
    settled_down: f64,
    /// Requests that came up to here after the failure are judged before it is repaired.
    judged_s: f64,
    lasts_s: f64,
}

impl Loss {
    /// Seconds lost and seconds down of a failure that is repaired after this time: as simulated up to where it has
    /// settled, then as settled, and at the end what follows a repair.
    pub fn seconds(&self, outage_s: f64) -> (f64, f64) {
        let total = |share: &[f64], settled: f64| {
            let until = |seconds: f64| ((seconds / self.width_s).round() as usize).min(share.len());
            let sum = |windows: &[f64]| windows.iter().sum::<f64>() * self.width_s;
            let after = sum(&share[until(self.lasts_s)..]);
            if outage_s <= self.judged_s {
                sum(&share[..until(outage_s)]) + after
            } else {
                sum(&share[..until(self.judged_s)]) + settled * (outage_s - self.judged_s) + after
            }
        };
        (total(&self.lost, self.settled_lost), total(&self.down, self.settled_down))
    }

    /// Share of the requests lost once failover has settled.
    pub fn settled_lost(&self) -> f64 {
        self.settled_lost
    }

    pub fn settled_down(&self) -> f64 {
        self.settled_down
    }
}

impl Pairing<'_> {
    fn width_s(&self) -> f64 {
        self.with[0].width_s()
    }

    fn window(&self, seconds: f64) -> usize {
        (seconds / self.width_s()).round() as usize
    }

    fn windows(&self) -> usize {
        self.without.iter().map(|trial| trial.completed.len()).max().unwrap_or(0)
    }

    fn settled(&self) -> std::ops::Range<usize> {
        let [from, to] = self.horizon.settled_s().map(|s| self.window(s));
        from..to
    }

    /// Answered in time, once failover has settled. Where nobody of a class comes any more that came without the
    /// failure (all users wait), nobody is answered.
    pub fn settled_success(&self, class: usize) -> Estimate {
        let each =
            self.with.iter().zip(self.without).map(|(with, without)| match with.of_class(class, self.settled()) {
                (0, _) => (without.of_class(class, self.settled()).0, 0),
                counted => counted,
            });
        let failed: Vec<(u64, u64)> = each.map(|(arrived, answered)| (arrived - answered, arrived)).collect();
        complement(self.doubt.proportion(&failed))
    }

    /// Requests of a class there, without the failure.
    pub fn settled_arrivals(&self, class: usize) -> u64 {
        self.without.iter().map(|trial| trial.of_class(class, self.settled()).0).sum()
    }

    /// The success of all classes together.
    pub fn settled_success_of_all(&self) -> Estimate {
        let classes = 0..self.with[0].cohorts.classes;
        let each = self.with.iter().zip(self.without).map(|(with, without)| {
            let counted = |trial: &Trial| {
                let all = classes.clone().map(|class| trial.of_class(class, self.settled()));
                all.fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1))
            };
            match counted(with) {
                (0, _) => (counted(without).0, 0),
                counted => counted,
            }
        });
        let failed: Vec<(u64, u64)> = each.map(|(arrived, answered)| (arrived - answered, arrived)).collect();
        complement(self.doubt.proportion(&failed))
    }

    pub fn classes(&self, names: &[String]) -> Vec<ClassSuccess> {
        let all = names.iter().enumerate();
        all.map(|(class, name)| ClassSuccess { class: name.clone(), settled: self.settled_success(class) }).collect()
    }

    /// Of each run.
    pub fn losses(&self) -> Vec<Loss> {
        let from = self.window(self.horizon.at_s);
        let one = |(with, without): (&Trial, &Trial)| {
            let share = |window: usize| {
                let (cell, base) = (with.all(window), without.all(window));
                let of = |arrived: u32, answered: u32| match arrived {
                    0 => None,
                    _ => Some(f64::from(arrived - answered) / f64::from(arrived)),
                };
                let base_lost = of(base.arrived, base.answered);
                // nobody comes who came without it: all wait
                let lost = of(cell.arrived, cell.answered).or(base_lost.map(|_| 1.0)).unwrap_or(0.0);
                (lost - base_lost.unwrap_or(0.0), lost)
            };
            let shares: Vec<(f64, f64)> = (from..self.windows()).map(share).collect();
            let mean = |of: fn(&(f64, f64)) -> f64| {
                let part = &shares[self.settled().start - from..self.settled().end - from];
                part.iter().map(of).sum::<f64>() / part.len() as f64
            };
            Loss {
                width_s: self.width_s(),
                settled_lost: mean(|share| share.0),
                settled_down: if mean(|share| share.1) > 0.5 { 1.0 } else { 0.0 },
                lost: shares.iter().map(|share| share.0).collect(),
                down: shares.iter().map(|share| if share.1 > 0.5 { 1.0 } else { 0.0 }).collect(),
                judged_s: self.horizon.lasts_s - self.horizon.within_s,
                lasts_s: self.horizon.lasts_s,
            }
        };
        self.with.iter().zip(self.without).map(one).collect()
    }

    /// Requests of each run that came after the failure and were not answered in time, more than without it.
    pub fn failed(&self) -> Estimate {
        let from = self.window(self.horizon.at_s);
        let unanswered = |trial: &Trial| {
            let cells = (from..self.windows()).map(|window| trial.all(window));
            cells.map(|cell| f64::from(cell.arrived) - f64::from(cell.answered)).sum::<f64>()
        };
        let each: Vec<f64> =
            self.with.iter().zip(self.without).map(|(with, without)| unanswered(with) - unanswered(without)).collect();
        self.doubt.mean(each.into_iter().map(Some))
    }

    /// (reason, requests of a run), reasons that occurred.
    pub fn reasons(&self) -> Vec<(String, f64)> {
        let runs = self.with.len() as f64;
        let sum = |reason: &FailureReason| self.with.iter().map(|t| t.failed[*reason as usize - 1]).sum::<u64>();
        let counted = FailureReason::ALL.iter().map(|reason| (reason.name().to_owned(), sum(reason) as f64 / runs));
        counted.filter(|(_, count)| *count > 0.0).collect()
    }

    pub fn p99_ms(&self) -> P99 {
        let part = |part: usize| {
            let p99 = |latency: &CoarseHistogram| latency.quantile(0.99).map(|ns| ns / 1e6);
            let mut all = CoarseHistogram::default();
            self.with.iter().for_each(|trial| all.merge(&trial.latency[part]));
            let each: Vec<f64> = self.with.iter().filter_map(|trial| p99(&trial.latency[part])).collect();
            p99(&all).map_or(nothing(), |merged| self.doubt.around(merged, &each))
        };
        P99 { before: part(0), during: part(1), after: part(2) }
    }

    /// All runs: share of a window's requests of a class that are not answered in time.
    fn lost_of_class(&self, trials: &[Trial], class: usize, window: usize) -> (u64, u64) {
        trials
            .iter()
            .map(|t| t.of_class(class, window..window + 1))
            .fold((0, 0), |sum, (arrived, answered)| (sum.0 + arrived - answered, sum.1 + arrived))
    }

    /// Answers that are missing in a window, as a share, where it is more than noise.
    fn missing(&self, window: usize) -> f64 {
        let count = |trials: &[Trial]| -> f64 {
            trials.iter().map(|trial| trial.completed.get(window).copied().unwrap_or(0)).sum::<u64>() as f64
        };
        let usual = count(self.without);
        if usual > 0.0 { seen(1.0 - count(self.with) / usual, usual) } else { 0.0 }
    }

    /// The same, or requests of one class if more of these are missing.
    fn impact(&self, window: usize) -> f64 {
        let mut most = self.missing(window);
        for class in 0..self.with[0].cohorts.classes {
            let (lost, arrived) = self.lost_of_class(self.with, class, window);
            let (base_lost, base) = self.lost_of_class(self.without, class, window);
            if arrived > 0 && lost >= FEW {
                let share = lost as f64 / arrived as f64 - base_lost as f64 / base.max(1) as f64;
                most = most.max(seen(share, arrived as f64));
            }
        }
        most
    }

    /// Seconds from the failure until some software notices it, of the runs in which one does, and what it says first.
    pub fn detected(&self) -> (Estimate, Option<String>) {
        let seconds = self.with.iter().map(|trial| trial.detected.as_ref().map(|(seconds, _)| *seconds));
        let what = self.with.iter().find_map(|trial| trial.detected.as_ref().map(|(_, what)| what.clone()));
        (self.doubt.mean(seconds), what)
    }

    /// Seconds from the failure until what is missing is half of the most, while the failure lasts; `None`: nobody
    /// sees it, or it stays as it is.
    pub fn noticed_s(&self) -> Option<f64> {
        let from = self.window(self.horizon.at_s);
        let until = self.window(self.horizon.until_s() - self.horizon.within_s).max(from + 1);
        let impact: Vec<f64> = (from..until).map(|window| self.impact(window)).collect();
        let most = impact.iter().copied().fold(0.0, f64::max);
        let begins = impact.iter().position(|share| most > 0.0 && *share > 0.5 * most)?;
        // one window may be lucky, two are not
        let quiet = |at: usize| impact[at..(at + 2).min(impact.len())].iter().all(|share| *share <= 0.5 * most);
        let ends = (begins + 1..impact.len()).find(|&at| quiet(at))?;
        Some(ends as f64 * self.width_s())
    }

    fn lasting(&self) -> std::ops::Range<usize> {
        self.window(self.horizon.at_s)..self.window(self.horizon.until_s())
    }

    /// Whether users see anything of it while it lasts.
    pub fn is_seen(&self) -> bool {
        self.lasting().any(|window| self.impact(window) > 0.0)
    }

    /// Whether for some time while it lasts less than half of the answers come.
    pub fn is_halved(&self) -> bool {
        self.lasting().any(|window| self.missing(window) > 0.5)
    }

    /// When requests were answered again as objectives ask.
    pub fn recovery(&self, objective: f64) -> Recovery {
        let from = self.window(self.horizon.at_s);
        let failing = |window: usize| {
            (0..self.with[0].cohorts.classes).any(|class| {
                let (lost, arrived) = self.lost_of_class(self.with, class, window);
                let (base_lost, base) = self.lost_of_class(self.without, class, window);
                let base = base_lost as f64 / base.max(1) as f64;
                lost >= FEW && lost as f64 > arrived as f64 * (1.0 - objective + base)
            })
        };
        // the last to come have no time left to be answered in
        let end = self.windows().saturating_sub(1);
        let Some(last) = (from..end).rev().find(|&window| failing(window)) else { return Recovery::Unharmed };
        let after_s = (last + 1 - from) as f64 * self.width_s();
        let judged = self.windows() - self.window(self.horizon.within_s.min(self.horizon.after_s / 2.0));
        match last {
            _ if last + 1 >= judged => Recovery::Never,
            _ if after_s <= self.horizon.lasts_s - self.horizon.within_s => Recovery::Failover { after_s },
            _ => Recovery::Repair { after_s: (after_s - self.horizon.lasts_s).max(0.0) },
        }
    }

    /// The station that the failure leaves with more than it can do.
    pub fn overload(&self, names: &[String]) -> Option<Overload> {
        let mean =
            |trials: &[Trial], of: &dyn Fn(&Trial) -> f64| trials.iter().map(of).sum::<f64>() / trials.len() as f64;
        let stations = names.iter().enumerate().filter_map(|(i, name)| {
            let station = self.with[0].stations.get(i)?;
            let workers = f64::from(station.workers?.max(1));
            let busy = |trials| mean(trials, &|trial| trial.stations[i].busy) / workers;
            let present = |trials, half: usize| mean(trials, &|trial| trial.stations[i].present[half]);
            let (utilization, before) = (busy(self.with), busy(self.without));
            let (first, second) = (present(self.with, 0), present(self.with, 1));
            let full = station.serves && utilization >= FULL && utilization > before + 0.02;
            // more than there is room to work on, and more all the time
            let growing = second > 1.25 * first && second > 2.0 * workers.max(present(self.without, 1));
            (full || growing).then(|| Overload { station: name.clone(), utilization, growing })
        });
        stations.reduce(|most, next| {
            let rank = |one: &Overload| (one.growing, one.utilization);
            if rank(&next) > rank(&most) { next } else { most }
        })
    }

    /// Share of these classes' requests answered in time, by when they came; all runs together.
    pub fn success_over_time(&self, classes: std::ops::Range<usize>) -> Vec<Option<f64>> {
        let share = |window: usize| {
            let each = classes.clone().map(|class| self.lost_of_class(self.with, class, window));
            let (lost, arrived) = each.fold((0, 0), |sum, of_class| (sum.0 + of_class.0, sum.1 + of_class.1));
            // what a window can tell
            (arrived > 0).then(|| libm::round((1.0 - lost as f64 / arrived as f64) * 1e5) / 1e5)
        };
        (0..self.windows()).map(share).collect()
    }
}

/// The share, where it is more than the noise of a count.
fn seen(share: f64, of: f64) -> f64 {
    if share > SEEN.max(NOISE / libm::sqrt(of)) { share } else { 0.0 }
}

/// Of all classes.
pub fn verdict(classes: &[ClassSuccess], options: &Options) -> Verdict {
    let judged = classes.iter().filter_map(|class| {
        let value = class.settled.value?;
        let [low, high] = class.settled.ci95.unwrap_or([value, value]);
        Some(if high < options.objective {
            Verdict::Yes
        } else if low >= options.objective {
            Verdict::No
        } else {
            Verdict::Undecided
        })
    });
    judged.fold(Verdict::No, |worst, next| if next.rank() > worst.rank() { next } else { worst })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows of a second: all is lost for 5 s, a fifth once failover has settled, a half for 4 s after the repair.
    fn loss() -> Loss {
        let lost: Vec<f64> = (0..90)
            .map(|second| match second {
                0..5 => 1.0,
                5..60 => 0.2,
                60..64 => 0.5,
                _ => 0.0,
            })
            .collect();
        let down = lost.iter().map(|share| if *share > 0.5 { 1.0 } else { 0.0 }).collect();
        Loss { width_s: 1.0, lost, down, settled_lost: 0.2, settled_down: 0.0, judged_s: 50.0, lasts_s: 60.0 }
    }

    #[test]
    fn an_outage_goes_on_as_it_has_settled_and_ends_as_after_the_repair() {
        let near = |got: (f64, f64), expected: (f64, f64)| {
            assert!((got.0 - expected.0).abs() < 1e-9 && got.1 == expected.1, "{got:?} for {expected:?}");
        };
        near(loss().seconds(60.0), (5.0 + 0.2 * 55.0 + 2.0, 5.0));
        near(loss().seconds(3600.0), (5.0 + 0.2 * 3595.0 + 2.0, 5.0));
        near(loss().seconds(20.0), (5.0 + 0.2 * 15.0 + 2.0, 5.0));
        near(loss().seconds(3.0), (3.0 + 2.0, 3.0));
    }
}

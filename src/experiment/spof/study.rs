//! All that is asked of the runs: of none, of each failure, of pairs, and of all together.

use super::Options;
use super::component::{Component, fault_of};
use super::cost;
use super::effect::{Loss, Pairing, verdict};
use super::findings::{Baseline, ComponentFindings, OverTime, PairSimulated, Recovery, SystemFindings};
use super::structure::Structure;
use super::system::{self, Member};
use super::trial::Trials;
use crate::experiment::estimate::Doubt;
use crate::scenario::Scenario;
use crate::stats::analytic::Analytic;

pub struct Study<'a> {
    /// Without faults of its own.
    pub scenario: &'a Scenario,
    pub options: &'a Options,
    pub components: &'a [Component],
    /// Those that were simulated, as places in `components`.
    pub pairs: &'a [[usize; 2]],
    /// No failure, then each component's, then each pair's.
    pub trials: &'a Trials,
    pub doubt: Doubt,
}

impl Study<'_> {
    fn pairing(&self, case: usize) -> Pairing<'_> {
        let Study { trials, options, doubt, .. } = self;
        let (with, without) = (&trials.cases[case], &trials.cases[0]);
        Pairing { with, without, horizon: &options.horizon, doubt: *doubt }
    }

    fn of_component(&self, i: usize) -> Pairing<'_> {
        self.pairing(1 + i)
    }

    fn of_pair(&self, i: usize) -> Pairing<'_> {
        self.pairing(1 + self.components.len() + i)
    }

    fn classes(&self) -> Vec<String> {
        self.scenario.requests.iter().map(|class| class.name.clone()).collect()
    }

    /// Requests of each class in the part in which failures are judged, without any.
    pub fn arrivals(&self) -> Vec<f64> {
        let none = self.pairing(0);
        (0..self.scenario.requests.len()).map(|class| none.settled_arrivals(class) as f64).collect()
    }

    pub fn baseline(&self) -> Baseline {
        let none = self.pairing(0);
        Baseline { classes: none.classes(&self.classes()), p99_ms: none.p99_ms(), failures: none.reasons() }
    }

    pub fn component(&self, i: usize) -> ComponentFindings {
        let (component, pairing, names) = (self.components[i], self.of_component(i), self.classes());
        let horizon = &self.options.horizon;
        let classes = pairing.classes(&names);
        let (detected_s, detected) = pairing.detected();
        let of_class = |(class, name): (usize, &String)| (name.clone(), pairing.success_over_time(class..class + 1));
        let over_time = names.iter().enumerate().map(of_class);
        ComponentFindings {
            name: component.name(self.scenario),
            kind: component.kind(),
            fault: fault_of(component, self.scenario, horizon.at_s, horizon.lasts_s).1,
            spof: verdict(&classes, self.options),
            classes,
            failed: pairing.failed(),
            failures: pairing.reasons(),
            p99_ms: pairing.p99_ms(),
            detected_s,
            detected,
            noticed_s: pairing.noticed_s(),
            recovery: pairing.recovery(self.options.objective),
            overload: pairing.overload(&self.trials.stations),
            cost: cost::cost(&self.doubt, &pairing.losses(), &component.repair(self.scenario)),
            over_time: OverTime { success: over_time.collect(), all: pairing.success_over_time(0..names.len()) },
        }
    }

    /// `both_failed`: minutes in a year.
    pub fn pair(&self, i: usize, both_failed: f64) -> PairSimulated {
        let pairing = self.of_pair(i);
        let classes = pairing.classes(&self.classes());
        let lost = pairing.losses().into_iter().map(|loss| Some(loss.settled_lost().max(0.0) * both_failed));
        PairSimulated {
            below_objective: verdict(&classes, self.options),
            settled: pairing.settled_success_of_all(),
            budget_min_per_year: self.doubt.mean(lost),
            overload: pairing.overload(&self.trials.stations),
            classes,
        }
    }

    /// `found`: of the components, in their order.
    pub fn system(&self, found: &[ComponentFindings]) -> Analytic<SystemFindings> {
        let arrivals = self.arrivals();
        let structure = Structure::new(self.scenario, &arrivals);
        let below_objective = self.availability(
            found,
            &Level {
                is_below: &|pairing| self.misses(pairing),
                is_for_some_time: &|pairing| {
                    pairing.is_seen() || pairing.recovery(self.options.objective) != Recovery::Unharmed
                },
                serves: &|failed| structure.serves_all(failed),
            },
        )?;
        let below_half = self.availability(
            found,
            &Level {
                is_below: &halves,
                is_for_some_time: &|pairing| pairing.is_halved(),
                serves: &|failed| structure.served(failed) >= 0.5,
            },
        )?;
        Ok(SystemFindings { below_objective, below_half })
    }

    fn availability(&self, found: &[ComponentFindings], level: &Level) -> Analytic<super::findings::Availability> {
        let member = |(i, finding): (usize, &ComponentFindings)| {
            let pairing = self.of_component(i);
            // what would be if nothing took over is taken to be as bad as what is until something has
            let needs_failover = (level.is_for_some_time)(&pairing);
            let recovered_s = match finding.recovery {
                Recovery::Failover { after_s } => after_s,
                Recovery::Unharmed | Recovery::Repair { .. } | Recovery::Never => 0.0,
            };
            Member {
                component: self.components[i],
                repair: self.components[i].repair(self.scenario),
                single: (level.is_below)(&pairing),
                failover_s: recovered_s.max(finding.noticed_s.unwrap_or(0.0)),
                needs_failover,
            }
        };
        let members: Vec<Member> = found.iter().enumerate().map(member).collect();
        // two that together leave the others too much to do: a way is there, but not for all
        let overwhelmed: Vec<[Component; 2]> = (0..self.pairs.len())
            .filter(|&i| (level.is_below)(&self.of_pair(i)))
            .map(|i| self.pairs[i].map(|at| self.components[at]))
            .collect();
        system::availability(&members, &|failed| {
            (level.serves)(failed) && !overwhelmed.iter().any(|pair| pair.iter().all(|one| failed.contains(one)))
        })
    }

    fn misses(&self, pairing: &Pairing) -> bool {
        let classes = pairing.classes(&self.classes());
        let values = classes.iter().filter_map(|class| class.settled.value);
        values.into_iter().any(|value| value < self.options.objective)
    }
}

/// What "down" means.
struct Level<'a> {
    /// Once failover has settled.
    is_below: &'a dyn Fn(&Pairing) -> bool,
    /// While the failure lasts.
    is_for_some_time: &'a dyn Fn(&Pairing) -> bool,
    /// Whether there is a way without these.
    serves: &'a dyn Fn(&[Component]) -> bool,
}

/// Less than half of all requests are answered, in most runs.
fn halves(pairing: &Pairing) -> bool {
    let losses = pairing.losses();
    losses.iter().map(Loss::settled_down).sum::<f64>() > 0.5 * losses.len() as f64
}

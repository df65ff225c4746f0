//! Paths through stations.

use super::haproxy::{Dispatching, policy_of};
use super::{Compiler, SubId};
use crate::balance::Slot;
use crate::model::program::{Step, SwitchTable, threshold};
use crate::model::request::NONE;
use crate::model::station::dispatcher::Passive;
use crate::scenario::{Amount, Balance, PathStep, ServiceId};

impl Compiler<'_> {
    pub(super) fn path(&mut self, path: &[PathStep]) {
        self.path_from(path, &mut 0);
    }

    /// `count` numbers the places of a path, a step before the steps inside it, so that each draws apart.
    fn path_from(&mut self, path: &[PathStep], count: &mut u32) {
        for step in path {
            self.path_step(step, count);
        }
    }

    fn path_step(&mut self, step: &PathStep, count: &mut u32) {
        let place = *count;
        *count += 1;
        match step {
            PathStep::Visit { station, service } => {
                let name = self.service_name(*station);
                let purpose = match self.occurrence(*station) {
                    0 => format!("{name}.service"),
                    again => format!("{name}.service{again}"),
                };
                self.visit(*station, service.as_ref(), &purpose);
            }
            PathStep::Hold { station, path } => {
                let (pool, reason) = self.held(*station);
                let name = self.service_name(*station);
                let again = self.occurrence(*station);
                self.draw_patience(*station, &format!("{name}.hold{again}"));
                self.hold(pool, reason, |c| c.path_from(path, count));
            }
            PathStep::Delay(amount) => self.wait(&format!("path.delay{place}"), amount),
            PathStep::Maybe { probability, path } => {
                self.maybe(&format!("path.maybe{place}"), *probability, |c| c.path_from(path, count));
            }
            PathStep::Choose(choices) => self.choose(choices, place, count),
            PathStep::Balance { policy, stations, service } => {
                self.balanced(policy, stations, service.as_ref(), place);
            }
            PathStep::Repeat { count: times, path } => {
                for _ in 0..*times {
                    self.path_from(path, count);
                }
            }
            PathStep::Again { probability, path } => {
                let back = self.here();
                let outermost = !std::mem::replace(&mut self.repeating, true);
                self.weighted(1.0 / (1.0 - probability), |c| c.path_from(path, count));
                let draw = self.bits_draw(&format!("path.again{place}"));
                self.emit(Step::Again { draw, threshold: threshold(*probability), back });
                if outermost {
                    self.repeating = false;
                    // what follows draws the same however often this was
                    self.emit(Step::Visit { number: 0 });
                }
            }
            PathStep::Fork(branches) => {
                let (starts, longest) = self.branches(branches, count);
                let table = self.net.forks.len() as u32;
                self.net.forks.push(starts);
                self.emit(Step::Fork { table });
                self.spend(longest);
                // a branch that failed fails the whole, once all have ended
                self.emit_failing(Step::Join { fail: 0 });
            }
            PathStep::Spawn(path) => {
                let (starts, _) = self.branches(std::slice::from_ref(path), count);
                self.emit(Step::Spawn { to: starts[0] });
            }
        }
    }

    /// How many visits to this station the path has made already.
    fn occurrence(&mut self, station: ServiceId) -> u32 {
        let key = format!("{}.{}.visits", self.current, self.service_name(station));
        let seen = self.named.entry(key).or_insert(0);
        *seen += 1;
        *seen - 1
    }

    fn choose(&mut self, choices: &[(f64, Vec<PathStep>)], place: u32, count: &mut u32) {
        let total: f64 = choices.iter().map(|(weight, _)| weight).sum();
        let draw = self.bits_draw(&format!("path.choose{place}"));
        let table = self.net.switches.len() as u32;
        self.net.switches.push(SwitchTable { targets: Vec::new() });
        self.emit(Step::Switch { draw, table });
        let mut sum = 0.0;
        let mut targets = Vec::new();
        let mut ends = Vec::new();
        for (weight, path) in choices {
            sum += weight / total;
            targets.push((threshold(sum), self.here()));
            self.weighted(weight / total, |c| c.path_from(path, count));
            ends.push(self.emit(Step::Jump { to: 0 }));
        }
        targets.last_mut().expect("a choice has branches").0 = u32::MAX;
        let next = self.here();
        for end in ends {
            self.net.steps[end as usize] = Step::Jump { to: next };
        }
        self.net.switches[table as usize].targets = targets;
    }

    /// One of several stations, by their state.
    fn balanced(&mut self, policy: &Balance, stations: &[ServiceId], service: Option<&Amount>, place: u32) {
        let name = self.balancer_name(policy, stations);
        let skip = self.emit(Step::Jump { to: 0 });
        // each station in a program of its own, so that the choice is a call
        let mut subs: Vec<SubId> = Vec::new();
        for &station in stations {
            let (current, weight) = (self.current, self.weight);
            let fails = std::mem::take(&mut self.fails);
            let sub = self.open_sub();
            // the work belongs to the request: the same wherever the policy sends it
            self.visit(station, service, &format!("path.balance{place}.service"));
            subs.push(self.close_sub_returning(sub));
            (self.current, self.weight, self.fails) = (current, weight, fails);
        }
        let next = self.here();
        self.net.steps[skip as usize] = Step::Jump { to: next };
        let entries = self.table_of(&subs);
        let slots = vec![Slot { weight: 1, maxconn: None }; stations.len()];
        let dispatcher = self.dispatcher(Dispatching {
            name,
            backup: vec![false; slots.len()],
            server_names: stations.iter().map(|&station| self.service_name(station)).collect(),
            processes: vec![NONE; slots.len()],
            slots,
            policy: policy_of(policy),
            timeout_s: None,
            passive: Passive::default(),
            checked: false,
        });
        let share = 1.0 / stations.len() as f64;
        match dispatcher {
            Some(dispatcher) => {
                self.emit_failing(Step::Dispatch { dispatcher, fail: 0 });
                let undispatch = move |c: &mut Self| {
                    c.emit(Step::Undispatch { dispatcher, next: NONE });
                };
                self.protected(
                    |c| {
                        c.emit_failing(Step::CallChosen { entries, fail: 0 });
                    },
                    undispatch,
                    undispatch,
                );
            }
            None => {
                let to = self.net.entries[entries as usize];
                self.emit_failing(Step::CallFixed { to, chosen: 0, fail: 0 });
            }
        }
        for sub in subs {
            self.account_choice(sub, share, policy_of(policy).looks_at_state());
        }
    }

    /// Classes that balance alike over the same stations share one balancer; a second such step on a path is
    /// a balancer of its own, with its own counts and draws.
    fn balancer_name(&mut self, policy: &Balance, stations: &[ServiceId]) -> String {
        let names: Vec<String> = stations.iter().map(|&s| self.service_name(s)).collect();
        let policy = match *policy {
            Balance::RoundRobin => "roundrobin".into(),
            Balance::StaticRr => "static-rr".into(),
            Balance::LeastConn => "leastconn".into(),
            Balance::First => "first".into(),
            Balance::Source => "source".into(),
            Balance::Random { draws } => format!("random({draws})"),
        };
        let stations = names.join("+");
        let seen = self.named.entry(format!("{}.{policy}->{stations}.steps", self.current)).or_insert(0);
        *seen += 1;
        if *seen == 1 { format!("{policy}->{stations}") } else { format!("{policy} {seen}->{stations}") }
    }

    /// Parts that run on their own, each ending for itself; returns their first steps, and the mean time of
    /// the longest without waiting, nanoseconds.
    fn branches(&mut self, branches: &[Vec<PathStep>], count: &mut u32) -> (Vec<u32>, f64) {
        let skip = self.emit(Step::Jump { to: 0 });
        let before = self.elapsed();
        let mut starts = Vec::new();
        let mut longest = 0.0f64;
        for path in branches {
            starts.push(self.here());
            self.fails.push(Vec::new());
            self.path_from(path, count);
            let end = self.emit(Step::BranchEnd);
            self.land_failures_at(end);
            // beside the other parts, not behind them
            longest = longest.max((self.elapsed() - before) / self.weight);
            self.subs[self.current].time_ns = before;
        }
        let next = self.here();
        self.net.steps[skip as usize] = Step::Jump { to: next };
        (starts, longest)
    }
}

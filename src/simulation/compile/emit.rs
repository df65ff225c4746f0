//! Writing steps: holds that are given back on failure too, branches, draws, and the account of the load.

use super::{Compiler, Sub, SubId};
use crate::engine::Distribution;
use crate::model::network::StationAt;
use crate::model::program::{Draw, DrawId, Step, StepId, threshold};
use crate::model::request::NONE;
use crate::scenario::Amount;

impl Compiler<'_> {
    /// A new program begins here.
    pub(super) fn open_sub(&mut self) -> SubId {
        self.subs.push(Sub { entry: self.here(), ..Sub::default() });
        self.current = self.subs.len() - 1;
        self.weight = 1.0;
        self.fails = vec![Vec::new()];
        self.current
    }

    /// The program ends with a return, for failures too.
    pub(super) fn close_sub_returning(&mut self, sub: SubId) -> SubId {
        let end = self.emit(Step::Return);
        self.land_failures_at(end);
        sub
    }

    pub(super) fn here(&self) -> StepId {
        self.net.steps.len() as StepId
    }

    pub(super) fn emit(&mut self, step: Step) -> StepId {
        self.net.steps.push(step);
        self.net.process_of_step.push(self.process);
        self.here() - 1
    }

    /// A step that may fail: where failures go is known when the part around it is closed.
    pub(super) fn emit_failing(&mut self, step: Step) -> StepId {
        let at = self.emit(step);
        self.fails.last_mut().expect("a program is open").push(at);
        at
    }

    /// All failures of the innermost part go to `to`.
    pub(super) fn land_failures_at(&mut self, to: StepId) {
        for at in self.fails.pop().expect("a part is open") {
            match &mut self.net.steps[at as usize] {
                Step::Serve { fail, .. }
                | Step::ServeByRank { fail, .. }
                | Step::Acquire { fail, .. }
                | Step::Dispatch { fail, .. }
                | Step::CallChosen { fail, .. }
                | Step::CallFixed { fail, .. }
                | Step::Join { fail }
                | Step::TakeMemory { fail, .. } => *fail = to,
                Step::Fail { to: target, .. } | Step::Jump { to: target } => *target = to,
                other => panic!("{other:?} cannot fail"),
            }
        }
    }

    /// Runs `body`, then `give_back`; where `body` fails, `give_back_failed` and on outwards.
    pub(super) fn protected(
        &mut self,
        body: impl FnOnce(&mut Self),
        give_back: impl Fn(&mut Self),
        give_back_failed: impl Fn(&mut Self),
    ) {
        self.fails.push(Vec::new());
        body(self);
        give_back(self);
        if self.fails.last().is_some_and(|f| f.is_empty()) {
            self.fails.pop();
            return;
        }
        let skip = self.emit(Step::Jump { to: 0 });
        let pad = self.here();
        self.land_failures_at(pad);
        give_back_failed(self);
        self.emit_failing(Step::Jump { to: 0 });
        let next = self.here();
        self.net.steps[skip as usize] = Step::Jump { to: next };
    }

    /// Holds a slot of a pool around `body`.
    pub(super) fn hold(&mut self, pool: u32, reason: u8, body: impl FnOnce(&mut Self)) {
        self.emit_failing(Step::Acquire { reason, pool, fail: 0 });
        let release = move |c: &mut Self| {
            c.emit(Step::Release { pool, next: NONE });
        };
        let before = self.elapsed();
        self.protected(body, release, release);
        self.account_held(StationAt::Pool(pool), before);
    }

    /// Mean time of the program so far, without any waiting: nanoseconds.
    pub(super) fn elapsed(&self) -> f64 {
        self.subs[self.current].time_ns
    }

    /// Time passes in the program, in its present part.
    pub(super) fn spend(&mut self, time_ns: f64) {
        let weight = self.weight;
        self.subs[self.current].time_ns += weight * time_ns;
    }

    /// Accounts a slot that was held since `before`.
    pub(super) fn account_held(&mut self, at: StationAt, before: f64) {
        let weight = self.weight;
        let held = self.elapsed() - before;
        self.subs[self.current].loads.push((at, weight, held / weight));
    }

    /// Runs `body` with a probability.
    pub(super) fn maybe(&mut self, purpose: &str, probability: f64, body: impl FnOnce(&mut Self)) {
        if probability <= 0.0 {
            return;
        }
        if probability >= 1.0 {
            return body(self);
        }
        let draw = self.bits_draw(purpose);
        let branch = self.emit(Step::Branch { draw, threshold: threshold(probability), otherwise: 0 });
        self.weighted(probability, body);
        let otherwise = self.here();
        self.net.steps[branch as usize] = Step::Branch { draw, threshold: threshold(probability), otherwise };
    }

    /// Runs `first` with a probability, else `second`.
    pub(super) fn either(
        &mut self,
        purpose: &str,
        probability: f64,
        first: impl FnOnce(&mut Self),
        second: impl FnOnce(&mut Self),
    ) {
        if probability >= 1.0 {
            return first(self);
        }
        if probability <= 0.0 {
            return second(self);
        }
        let draw = self.bits_draw(purpose);
        let branch = self.emit(Step::Branch { draw, threshold: threshold(probability), otherwise: 0 });
        self.weighted(probability, first);
        let skip = self.emit(Step::Jump { to: 0 });
        let otherwise = self.here();
        self.net.steps[branch as usize] = Step::Branch { draw, threshold: threshold(probability), otherwise };
        self.weighted(1.0 - probability, second);
        let next = self.here();
        self.net.steps[skip as usize] = Step::Jump { to: next };
    }

    /// Accounts what `body` asks for as happening `times` on average.
    pub(super) fn weighted(&mut self, times: f64, body: impl FnOnce(&mut Self)) {
        let outer = self.weight;
        self.weight *= times;
        body(self);
        self.weight = outer;
    }

    /// Accounts a visit of `work` nanoseconds on average.
    pub(super) fn account(&mut self, at: StationAt, work_ns: f64) {
        if work_ns.is_nan() {
            // known only to the trace
            return;
        }
        self.spend(work_ns);
        self.account_beside(at, work_ns);
    }

    /// The same for work that goes on beside other work which is accounted already.
    pub(super) fn account_beside(&mut self, at: StationAt, work_ns: f64) {
        let weight = self.weight;
        self.subs[self.current].loads.push((at, weight, work_ns));
    }

    pub(super) fn account_call(&mut self, callee: SubId, share: f64) {
        self.account_choice(callee, share, false);
    }

    /// The same; `assumed` where the share follows from state that only a run knows.
    pub(super) fn account_choice(&mut self, callee: SubId, share: f64, assumed: bool) {
        let weight = self.weight;
        self.spend(share * self.subs[callee].time_ns);
        self.subs[self.current].calls.push((callee, weight * share, assumed));
    }

    /// The same for a part that nobody waits for.
    pub(super) fn account_spawned(&mut self, callee: SubId) {
        let weight = self.weight;
        self.subs[self.current].calls.push((callee, weight, false));
    }

    fn push_draw(&mut self, draw: Draw) -> DrawId {
        let same = |d: &Draw| {
            d.purpose == draw.purpose
                && d.sampler == draw.sampler
                && d.plus == draw.plus
                && d.column == draw.column
                && d.factor == draw.factor
        };
        // programs of the same class at other servers share their draws; look back a little only, so that
        // compiling stays linear
        let from = self.net.draws.len().saturating_sub(64);
        if let Some(at) = self.net.draws.as_slice()[from..].iter().position(same) {
            return (from + at) as DrawId;
        }
        self.net.draws.push(draw);
        self.net.draws.len() as DrawId - 1
    }

    /// A draw of random bits alone.
    pub(super) fn bits_draw(&mut self, purpose: &str) -> DrawId {
        self.push_draw(Draw::new(purpose, Distribution::Constant(0.0).sampler()))
    }

    /// A time in seconds, times `factor`, in nanoseconds.
    pub(super) fn time_draw(&mut self, purpose: &str, seconds: &Distribution, factor: f64) -> DrawId {
        self.push_draw(Draw::new(purpose, seconds.scaled(1e9 * factor).sampler()))
    }

    /// A plain number (bytes).
    pub(super) fn number_draw(&mut self, purpose: &str, number: &Distribution) -> DrawId {
        self.push_draw(Draw::new(purpose, number.sampler()))
    }

    /// A number times `factor`, plus a constant.
    pub(super) fn affine_draw(&mut self, purpose: &str, number: &Distribution, factor: f64, plus: f64) -> DrawId {
        let mut draw = Draw::new(purpose, number.scaled(factor).sampler());
        draw.plus = plus;
        self.push_draw(draw)
    }

    /// A number that the trace supplies (column), else drawn.
    pub(super) fn given_draw(&mut self, purpose: &str, otherwise: &Distribution, column: usize, factor: f64) -> DrawId {
        let mut draw = Draw::new(purpose, otherwise.sampler());
        draw.column = column as u8;
        draw.factor = factor as f32;
        self.push_draw(draw)
    }

    /// A constant with a factor that the step itself applies.
    pub(super) fn constant_draw(&mut self, purpose: &str, value: f64, factor: f64) -> DrawId {
        let mut draw = Draw::new(purpose, Distribution::Constant(value).sampler());
        draw.factor = factor as f32;
        self.push_draw(draw)
    }

    /// An amount of time, in nanoseconds times `factor`; and its mean.
    pub(super) fn amount_draw(&mut self, purpose: &str, amount: &Amount, factor: f64) -> (DrawId, f64) {
        match amount {
            Amount::Drawn(distribution) => {
                (self.time_draw(purpose, distribution, factor), distribution.mean() * 1e9 * factor)
            }
            // the source supplies every request of a trace with a value
            Amount::Recorded { index, factor: recorded } => {
                let nothing = Distribution::Constant(0.0);
                (self.given_draw(purpose, &nothing, *index, factor * recorded), f64::NAN)
            }
        }
    }

    /// Waits without using anything: a line where it is constant.
    pub(super) fn wait(&mut self, purpose: &str, amount: &Amount) {
        match amount {
            Amount::Drawn(distribution) => self.pass(purpose, distribution, 1.0, 0),
            Amount::Recorded { .. } => {
                let (draw, _) = self.amount_draw(purpose, amount, 1.0);
                self.emit(Step::DelayDrawn { draw, less_ns: 0 });
            }
        }
    }

    /// Passes `factor` times a time in seconds, less what was spent already.
    pub(super) fn pass(&mut self, purpose: &str, seconds: &Distribution, factor: f64, less_ns: u32) {
        self.spend((seconds.mean() * factor * 1e9 - less_ns as f64).max(0.0));
        if let Distribution::Constant(value) = seconds {
            let length = crate::model::program::round_nanos(value * factor * 1e9).saturating_sub(less_ns as u64);
            if length > 0 {
                let line = self.line(length);
                self.emit(Step::Delay { line });
            }
            return;
        }
        let draw = self.time_draw(purpose, seconds, factor);
        self.emit(Step::DelayDrawn { draw, less_ns });
    }
}

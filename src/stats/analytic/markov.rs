//! Continuous-time Markov chains with finitely many states, solved without a subtraction: rates that differ by ten
//! powers of ten (seconds of failover in years of operation) keep their digits.

use std::collections::BTreeMap;

use super::{Analytic, AnalyticError};

/// Up to here a matrix is kept whole.
const DENSE: usize = 1024;

/// State 0 is where it begins. States are eliminated from the last to the first: number those high that lead to few
/// others.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    rows: Vec<Row>,
}

/// States that a state leads to, with their rates.
type Row = BTreeMap<u32, f64>;

/// A state that has been eliminated.
struct Eliminated {
    /// Its total rate into states before it.
    out: f64,
    /// States before it that lead to it, and at which rate.
    from: Vec<(u32, f64)>,
}

impl Chain {
    pub fn new(states: usize) -> Chain {
        Chain { rows: vec![BTreeMap::new(); states] }
    }

    pub fn states(&self) -> usize {
        self.rows.len()
    }

    /// Adds to the rate from one state to another.
    pub fn add(&mut self, from: usize, to: usize, rate: f64) {
        assert!(rate >= 0.0 && rate.is_finite(), "a rate is a finite number, {rate} is none");
        if from != to && rate > 0.0 {
            *self.rows[from].entry(to as u32).or_default() += rate;
        }
    }

    /// Where a state leads to, and at which rate.
    pub fn leads(&self, from: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.rows[from].iter().map(|(&to, &rate)| (to as usize, rate))
    }

    /// Share of the time in each state, in the long run (Grassmann, Taksar, Heyman 1985). Every state must lead back
    /// to those before it.
    pub fn stationary(&self) -> Analytic<Vec<f64>> {
        let n = self.rows.len();
        if n == 0 {
            return Err(AnalyticError::Invalid("a chain has states"));
        }
        let mut steps = Vec::with_capacity(n);
        let few = self.eliminate_sparse(&mut steps)?;
        eliminate_dense(&few, &mut steps)?;
        let mut share = Vec::with_capacity(n);
        share.push(1.0);
        for step in steps.iter().rev() {
            let flow: f64 = step.from.iter().map(|&(from, rate)| share[from as usize] * rate).sum();
            share.push(flow / step.out);
        }
        let total: f64 = share.iter().sum();
        share.iter_mut().for_each(|s| *s /= total);
        Ok(share)
    }

    /// Eliminates the states from the last down to `DENSE`; the rows of those that are left.
    fn eliminate_sparse(&self, steps: &mut Vec<Eliminated>) -> Analytic<Vec<Row>> {
        let mut rows = self.rows.clone();
        let mut into: Vec<Vec<u32>> = vec![Vec::new(); rows.len()];
        for (from, row) in rows.iter().enumerate() {
            row.keys().for_each(|&to| into[to as usize].push(from as u32));
        }
        while rows.len() > DENSE {
            let last = rows.len() as u32 - 1;
            let row = rows.pop().expect("more than a few are left");
            let out = total(row.values().copied())?;
            let mut from = Vec::new();
            for before in into.pop().expect("as many as rows") {
                let Some(rate) = rows.get_mut(before as usize).and_then(|r| r.remove(&last)) else { continue };
                from.push((before, rate));
                for (&to, &onward) in row.iter().filter(|(to, _)| **to != before) {
                    let there = rows[before as usize].entry(to).or_insert_with(|| {
                        into[to as usize].push(before);
                        0.0
                    });
                    *there += rate * onward / out;
                }
            }
            steps.push(Eliminated { out, from });
        }
        Ok(rows)
    }

    /// Mean time from state 0 until one of these states is entered for the first time; they exclude state 0.
    pub fn mean_time_to(&self, reached: impl Fn(usize) -> bool) -> Analytic<f64> {
        if reached(0) || !(0..self.rows.len()).any(&reached) {
            return Err(AnalyticError::Invalid(
                "the states waited for are others than where it begins, and there are some",
            ));
        }
        // all of them in one, at the end, from which it begins anew at rate 1: the mean time between is a cycle less 1
        let mut numbers = vec![0; self.rows.len()];
        let mut next = 0;
        for state in (0..self.rows.len()).filter(|&state| !reached(state)) {
            numbers[state] = next;
            next += 1;
        }
        let mut cycle = Chain::new(next + 1);
        for state in (0..self.rows.len()).filter(|&state| !reached(state)) {
            for (to, rate) in self.leads(state) {
                cycle.add(numbers[state], if reached(to) { next } else { numbers[to] }, rate);
            }
        }
        cycle.add(next, 0, 1.0);
        let there = cycle.stationary()?[next];
        Ok((1.0 - there) / there)
    }
}

/// Eliminates these states, the last first, down to state 0.
fn eliminate_dense(rows: &[Row], steps: &mut Vec<Eliminated>) -> Analytic<()> {
    let n = rows.len();
    let mut a = vec![0.0; n * n];
    for (from, row) in rows.iter().enumerate() {
        row.iter().for_each(|(&to, &rate)| a[from * n + to as usize] = rate);
    }
    for k in (1..n).rev() {
        let (above, row) = a.split_at_mut(k * n);
        let row = &row[..k];
        let out = total(row.iter().copied())?;
        let mut from = Vec::new();
        for before in 0..k {
            let rate = above[before * n + k];
            if rate == 0.0 {
                continue;
            }
            from.push((before as u32, rate));
            let share = rate / out;
            let cells = &mut above[before * n..before * n + k];
            cells.iter_mut().zip(row).for_each(|(cell, onward)| *cell += share * onward);
        }
        steps.push(Eliminated { out, from });
    }
    Ok(())
}

fn total(rates: impl Iterator<Item = f64>) -> Analytic<f64> {
    let sum: f64 = rates.sum();
    if sum > 0.0 { Ok(sum) } else { Err(AnalyticError::Invalid("a state of the chain leads nowhere before it")) }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    /// Births at rate `up`, deaths at rate `down` for each present.
    fn birth_death(states: usize, up: f64, down: f64) -> Chain {
        let mut chain = Chain::new(states);
        for k in 1..states {
            chain.add(k - 1, k, up);
            chain.add(k, k - 1, down * k as f64);
        }
        chain
    }

    #[test]
    fn births_and_deaths_are_erlang_s_loss_system() {
        let share = birth_death(6, 3.0, 1.0).stationary().unwrap();
        let terms: Vec<f64> = (0..6)
            .scan(1.0, |t, k| {
                if k > 0 {
                    *t *= 3.0 / f64::from(k)
                }
                Some(*t)
            })
            .collect();
        let total: f64 = terms.iter().sum();
        share.iter().zip(&terms).for_each(|(s, t)| assert_close(*s, t / total));
    }

    #[test]
    fn a_chain_of_thousands_is_solved_like_a_small_one() {
        // M/M/1 with a limit: beyond what is kept whole
        let n = 3000;
        let mut chain = Chain::new(n);
        for k in 1..n {
            chain.add(k - 1, k, 0.999);
            chain.add(k, k - 1, 1.0);
        }
        let share = chain.stationary().unwrap();
        assert_close(share[2999] / share[0], 0.999f64.powi(2999));
        assert_close(share[0], 0.001 / (1.0 - 0.999f64.powi(3000)));
    }

    #[test]
    fn seconds_in_years_keep_their_digits() {
        // fails once in a hundred years, is noticed in a tenth of a second, and repaired in a second
        let (rare, soon) = (1.0 / 3.2e9, 10.0);
        let mut chain = Chain::new(3);
        chain.add(0, 1, rare);
        chain.add(1, 2, soon);
        chain.add(2, 0, 1.0);
        let share = chain.stationary().unwrap();
        let total = 1.0 + rare / soon + rare;
        assert!((share[1] * total / (rare / soon) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn the_first_time_is_the_sum_of_its_stages() {
        let mut chain = Chain::new(4);
        for (from, rate) in [(0, 0.5), (1, 0.25), (2, 2.0)] {
            chain.add(from, from + 1, rate);
        }
        assert_close(chain.mean_time_to(|state| state == 3).unwrap(), 6.5);
        assert!(chain.mean_time_to(|state| state == 0).is_err());
        assert!(chain.stationary().is_err(), "the last state is never left");
    }
}

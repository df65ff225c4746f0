//! Small solvers for models without a closed form: Markov chains truncated far out in their tails, exact
//! mean-value analysis of two classes, and a few formulas. Independent of the simulator.

/// P(Poisson >= n).
pub fn poisson_at_least(mean: f64, n: usize) -> f64 {
    let mut term = (-mean).exp();
    let mut below = 0.0;
    for k in 0..n {
        below += term;
        term *= mean / (k + 1) as f64;
    }
    1.0 - below
}

/// Stationary probabilities of states 0..n of a birth-and-death chain.
pub fn birth_death(n: usize, birth: impl Fn(usize) -> f64, death: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut p = vec![1.0];
    for k in 1..n {
        p.push(p[k - 1] * birth(k - 1) / death(k));
    }
    let total: f64 = p.iter().sum();
    p.iter().map(|p| p / total).collect()
}

pub fn mean_of(p: &[f64]) -> f64 {
    p.iter().enumerate().map(|(n, p)| n as f64 * p).sum()
}

/// M/M/1 whose customers leave after waiting for `patience`: share lost, and mean wait of all. The offered
/// wait has an atom at 0 and the density lambda p0 exp((lambda - mu) x) up to the patience, and
/// lambda p0 exp(lambda patience - mu x) beyond (Baccelli and Hebuterne 1981).
pub fn mm1_with_constant_patience(lambda: f64, mu: f64, patience: f64) -> (f64, f64) {
    let a = mu - lambda;
    let e = (-a * patience).exp();
    let p0 = 1.0 / (1.0 + lambda * (1.0 - e) / a + lambda / mu * e);
    let lost = lambda * p0 * e / mu;
    let wait = lambda * p0 * (1.0 - e * (1.0 + a * patience)) / (a * a) + patience * lost;
    (lost, wait)
}

/// GI/M/1's sigma for gaps that are hyperexponential with balanced means.
pub fn sigma_of_h2_gaps(mean: f64, scv: f64, mu: f64) -> f64 {
    let p = 0.5 * (1.0 + ((scv - 1.0) / (scv + 1.0)).sqrt());
    let (r1, r2) = (2.0 * p / mean, 2.0 * (1.0 - p) / mean);
    let mut sigma: f64 = 0.5;
    for _ in 0..10_000 {
        let s = mu * (1.0 - sigma);
        sigma = p * r1 / (r1 + s) + (1.0 - p) * r2 / (r2 + s);
    }
    sigma
}

/// A Markov chain in continuous time by its transitions (from, to, rate).
struct Chain {
    into: Vec<Vec<(usize, f64)>>,
    out: Vec<f64>,
}

impl Chain {
    fn new(states: usize) -> Chain {
        Chain { into: vec![Vec::new(); states], out: vec![0.0; states] }
    }

    fn add(&mut self, from: usize, to: usize, rate: f64) {
        if from != to && rate > 0.0 {
            self.into[to].push((from, rate));
            self.out[from] += rate;
        }
    }

    /// Gauss-Seidel, swept up and down, until nothing changes by more than 1e-13 of itself.
    fn stationary(&self) -> Vec<f64> {
        let n = self.out.len();
        let mut p = vec![1.0 / n as f64; n];
        for sweep in 0..200_000 {
            let mut change: f64 = 0.0;
            for i in 0..n {
                let j = if sweep % 2 == 0 { i } else { n - 1 - i };
                if self.out[j] == 0.0 {
                    continue;
                }
                let flow: f64 = self.into[j].iter().map(|&(from, rate)| p[from] * rate).sum();
                let new = flow / self.out[j];
                if new > 1e-16 {
                    change = change.max((new - p[j]).abs() / new);
                }
                p[j] = new;
            }
            let total: f64 = p.iter().sum();
            p.iter_mut().for_each(|p| *p /= total);
            if change < 1e-11 {
                break;
            }
        }
        p
    }
}

pub struct Renewed {
    pub present: f64,
    pub arrival_waits: f64,
}

/// Ek/M/c: gaps of `k` exponential stages.
pub fn erlang_gaps_many_workers(k: usize, rate: f64, mu: f64, c: usize) -> Renewed {
    const N: usize = 300;
    let state = |n: usize, stage: usize| n * k + stage;
    let mut chain = Chain::new(N * k);
    for n in 0..N {
        for stage in 0..k {
            let speed = k as f64 * rate;
            if stage + 1 < k {
                chain.add(state(n, stage), state(n, stage + 1), speed);
            } else {
                chain.add(state(n, stage), state((n + 1).min(N - 1), 0), speed);
            }
            if n > 0 {
                chain.add(state(n, stage), state(n - 1, stage), mu * n.min(c) as f64);
            }
        }
    }
    let p = chain.stationary();
    let last: f64 = (0..N).map(|n| p[state(n, k - 1)]).sum();
    Renewed {
        present: (0..N).flat_map(|n| (0..k).map(move |s| (n, s))).map(|(n, s)| n as f64 * p[state(n, s)]).sum(),
        arrival_waits: (c..N).map(|n| p[state(n, k - 1)]).sum::<f64>() / last,
    }
}

/// Mean number present of batches of `size` at Poisson instants at `c` workers.
pub fn batches_to_many_workers(rate: f64, size: usize, mu: f64, c: usize) -> f64 {
    const N: usize = 400;
    let mut chain = Chain::new(N);
    for n in 0..N {
        if n + size < N {
            chain.add(n, n + size, rate);
        }
        if n > 0 {
            chain.add(n, n - 1, mu * n.min(c) as f64);
        }
    }
    mean_of(&chain.stationary())
}

/// Mean sojourn when each request joins the shortest of three queues. States are the queues in order of
/// length, so that ties need no rule.
pub fn join_shortest_of_three(lambda: f64, mu: f64) -> f64 {
    const N: usize = 26;
    let mut index = vec![usize::MAX; N * N * N];
    let mut states = Vec::new();
    for a in 0..N {
        for b in a..N {
            for c in b..N {
                index[(a * N + b) * N + c] = states.len();
                states.push([a, b, c]);
            }
        }
    }
    let of = |mut s: [usize; 3]| {
        s.sort_unstable();
        index[(s[0] * N + s[1]) * N + s[2]]
    };
    let mut chain = Chain::new(states.len());
    for (i, &[a, b, c]) in states.iter().enumerate() {
        if a + 1 < N {
            chain.add(i, of([a + 1, b, c]), lambda);
        }
        for (q, n) in [a, b, c].into_iter().enumerate() {
            if n > 0 {
                let mut to = [a, b, c];
                to[q] -= 1;
                chain.add(i, of(to), mu);
            }
        }
    }
    let p = chain.stationary();
    let present: f64 = states.iter().zip(&p).map(|(s, p)| s.iter().sum::<usize>() as f64 * p).sum();
    present / lambda
}

/// Utilization of the first of two workers behind one queue when a request that finds both idle takes it.
pub fn preferred_of_two(lambda: f64, mu: f64) -> f64 {
    let offered = lambda / mu;
    let empty = (2.0 - offered) / (2.0 + offered);
    let two = empty * offered * offered / 2.0;
    let second_alone = mu * two / (lambda + mu);
    1.0 - empty - second_alone
}

pub struct Multiclass {
    pub throughput: [f64; 2],
    pub response: [f64; 2],
}

/// Exact mean-value analysis of two closed classes (Reiser and Lavenberg 1980): `demands[class][station]`.
pub fn multiclass_mva(demands: &[[f64; 2]; 2], think: &[f64; 2], users: [usize; 2]) -> Multiclass {
    let mut queues = vec![vec![[0.0f64; 2]; users[1] + 1]; users[0] + 1];
    let mut last = Multiclass { throughput: [0.0; 2], response: [0.0; 2] };
    for n0 in 0..=users[0] {
        for n1 in 0..=users[1] {
            let n = [n0, n1];
            let mut present = [0.0; 2];
            for class in 0..2 {
                if n[class] == 0 {
                    continue;
                }
                let without = if class == 0 { queues[n0 - 1][n1] } else { queues[n0][n1 - 1] };
                let residence = [0, 1].map(|k| demands[class][k] * (1.0 + without[k]));
                let response: f64 = residence.iter().sum();
                let throughput = n[class] as f64 / (think[class] + response);
                last.throughput[class] = throughput;
                last.response[class] = response;
                for k in 0..2 {
                    present[k] += throughput * residence[k];
                }
            }
            queues[n0][n1] = present;
        }
    }
    last
}

//! Distributions of times, sizes and counts, with their moments, sampled from keyed bits.
//!
//! Every transcendental function goes through `libm`; Exp(1) and the normal come from `rand_distr`'s
//! ziggurat, whose bits are stable. Units are the caller's: seconds, bytes or plain numbers.

use std::sync::Arc;

use rand_distr::{Distribution as _, Exp1, StandardNormal};

use super::random::KeyedRng;
use super::ziggurat::{self, Lognormals, Widths, exponential_widths, lognormals};

/// A non-negative random quantity. The first parameter is its mean wherever that exists.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    Constant(f64),
    Exponential {
        mean: f64,
    },
    Lognormal {
        mean: f64,
        cv: f64,
    },
    Gamma {
        mean: f64,
        cv: f64,
    },
    /// Sum of `k` exponentials; `mean` is that of the sum.
    Erlang {
        mean: f64,
        k: u32,
    },
    /// Two exponential branches with balanced means (p1/rate1 = p2/rate2); cv >= 1.
    Hyperexponential {
        mean: f64,
        cv: f64,
    },
    Weibull {
        mean: f64,
        shape: f64,
    },
    /// Classical Pareto (type I); shape > 1, else the mean does not exist.
    Pareto {
        mean: f64,
        shape: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    /// Each of the (sorted) values alike.
    Empirical {
        values: Arc<[f64]>,
    },
    /// Fitted to stated percentiles: linear in log(value) against the normal score between the knots,
    /// the outer slopes continued. `knots` are (probability, value), increasing; `fit_error` is the
    /// largest relative deviation at a knot.
    Percentiles {
        knots: Arc<[(f64, f64)]>,
        mean: f64,
        second_moment: f64,
        fit_error: f64,
    },
    /// Number of trials up to and with the first success: 1, 2, ...; mean >= 1.
    Geometric {
        mean: f64,
    },
}

impl Distribution {
    /// Compiles the constants of the hot path.
    pub fn sampler(&self) -> Sampler {
        match *self {
            Distribution::Constant(value) => Sampler::Constant(value),
            _ if self.is_constant() => Sampler::Constant(self.mean()),
            Distribution::Exponential { mean } => Sampler::Exponential(mean, exponential_widths()),
            Distribution::Lognormal { mean, cv } => {
                // E exp(mu + sigma Z) = exp(mu + sigma^2/2), cv^2 = exp(sigma^2) - 1
                let variance = libm::log1p(cv * cv);
                let (mu, sigma) = (libm::log(mean) - 0.5 * variance, libm::sqrt(variance));
                Sampler::Lognormal { mu, sigma, tables: lognormals() }
            }
            Distribution::Gamma { mean, cv } => Sampler::Gamma { shape: 1.0 / (cv * cv), scale: mean * cv * cv },
            Distribution::Erlang { mean, k } if k <= ERLANG_SUM_MAX => {
                Sampler::Erlang { k, scale: mean / f64::from(k) }
            }
            Distribution::Erlang { mean, k } => Sampler::Gamma { shape: f64::from(k), scale: mean / f64::from(k) },
            Distribution::Hyperexponential { mean, cv } => {
                Sampler::Hyperexponential { p1: balanced_branch(cv * cv), mean }
            }
            Distribution::Weibull { mean, shape } => {
                Sampler::Weibull { scale: mean / libm::tgamma(1.0 + 1.0 / shape), power: 1.0 / shape }
            }
            Distribution::Pareto { mean, shape } => {
                Sampler::Pareto { smallest: mean * (shape - 1.0) / shape, power: -1.0 / shape }
            }
            Distribution::Uniform { low, high } => Sampler::Uniform { low, width: high - low },
            Distribution::Empirical { ref values } => match runs(values) {
                Some(runs) => Sampler::Runs { runs, count: values.len() as f64 },
                None => Sampler::Empirical(values.clone()),
            },
            Distribution::Percentiles { ref knots, .. } => Sampler::Percentiles(log_knots(knots).into()),
            Distribution::Geometric { mean } => Sampler::Geometric { log_failure: libm::log1p(-1.0 / mean) },
        }
    }

    /// One draw; where there are many, keep a `sampler`.
    pub fn sample(&self, rng: &mut KeyedRng) -> f64 {
        self.sampler().sample(rng)
    }

    pub fn mean(&self) -> f64 {
        match *self {
            Distribution::Constant(value) => value,
            Distribution::Exponential { mean }
            | Distribution::Lognormal { mean, .. }
            | Distribution::Gamma { mean, .. }
            | Distribution::Erlang { mean, .. }
            | Distribution::Hyperexponential { mean, .. }
            | Distribution::Weibull { mean, .. }
            | Distribution::Pareto { mean, .. }
            | Distribution::Percentiles { mean, .. }
            | Distribution::Geometric { mean } => mean,
            Distribution::Uniform { low, high } => 0.5 * (low + high),
            Distribution::Empirical { ref values } => values.iter().sum::<f64>() / values.len() as f64,
        }
    }

    /// E[X^2]; infinite for a Pareto with shape <= 2.
    pub fn second_moment(&self) -> f64 {
        match *self {
            Distribution::Constant(value) => value * value,
            Distribution::Exponential { mean } => 2.0 * mean * mean,
            Distribution::Lognormal { mean, cv }
            | Distribution::Gamma { mean, cv }
            | Distribution::Hyperexponential { mean, cv } => mean * mean * (1.0 + cv * cv),
            Distribution::Erlang { mean, k } => mean * mean * (1.0 + 1.0 / f64::from(k)),
            Distribution::Weibull { mean, shape } => {
                let first = libm::tgamma(1.0 + 1.0 / shape);
                mean * mean * libm::tgamma(1.0 + 2.0 / shape) / (first * first)
            }
            Distribution::Pareto { shape, .. } if shape <= 2.0 => f64::INFINITY,
            Distribution::Pareto { mean, shape } => {
                mean * mean * (shape - 1.0) * (shape - 1.0) / (shape * (shape - 2.0))
            }
            Distribution::Uniform { low, high } => (low * low + low * high + high * high) / 3.0,
            Distribution::Empirical { ref values } => values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64,
            Distribution::Percentiles { second_moment, .. } => second_moment,
            Distribution::Geometric { mean } => mean * (2.0 * mean - 1.0),
        }
    }

    /// Squared coefficient of variation: variance over squared mean; 0 for a mean of 0.
    pub fn scv(&self) -> f64 {
        match *self {
            Distribution::Lognormal { cv, .. }
            | Distribution::Gamma { cv, .. }
            | Distribution::Hyperexponential { cv, .. } => cv * cv,
            _ => {
                let mean = self.mean();
                if mean == 0.0 { 0.0 } else { (self.second_moment() / (mean * mean) - 1.0).max(0.0) }
            }
        }
    }

    /// The law of `factor * X`: the same work on a slower core. Counts (`Geometric`) have no multiples.
    pub fn scaled(&self, factor: f64) -> Distribution {
        match *self {
            Distribution::Constant(value) => Distribution::Constant(value * factor),
            Distribution::Exponential { mean } => Distribution::Exponential { mean: mean * factor },
            Distribution::Lognormal { mean, cv } => Distribution::Lognormal { mean: mean * factor, cv },
            Distribution::Gamma { mean, cv } => Distribution::Gamma { mean: mean * factor, cv },
            Distribution::Erlang { mean, k } => Distribution::Erlang { mean: mean * factor, k },
            Distribution::Hyperexponential { mean, cv } => Distribution::Hyperexponential { mean: mean * factor, cv },
            Distribution::Weibull { mean, shape } => Distribution::Weibull { mean: mean * factor, shape },
            Distribution::Pareto { mean, shape } => Distribution::Pareto { mean: mean * factor, shape },
            Distribution::Uniform { low, high } => Distribution::Uniform { low: low * factor, high: high * factor },
            Distribution::Empirical { ref values } => {
                Distribution::Empirical { values: values.iter().map(|v| v * factor).collect() }
            }
            Distribution::Percentiles { ref knots, mean, second_moment, fit_error } => Distribution::Percentiles {
                knots: knots.iter().map(|&(p, v)| (p, v * factor)).collect(),
                mean: mean * factor,
                second_moment: second_moment * factor * factor,
                fit_error,
            },
            Distribution::Geometric { mean } => {
                assert!(factor == 1.0, "a count has no multiples: geometric({mean}) scaled by {factor}");
                Distribution::Geometric { mean }
            }
        }
    }

    /// Fits `Percentiles` to (probability, value) pairs in any order. Between two knots the law is a piece of
    /// a lognormal, so mean and second moment have closed forms. The message of an error is for users.
    pub fn from_percentiles(knots: &[(f64, f64)]) -> Result<Distribution, String> {
        let mut knots = knots.to_vec();
        knots.sort_by(|a, b| a.0.total_cmp(&b.0));
        if knots.len() < 2 {
            return Err("at least two percentiles are needed to fit a distribution".to_owned());
        }
        for &(p, value) in &knots {
            if !(p > 0.0 && p < 1.0) {
                return Err(format!("p{} is not between p0 and p100", p * 100.0));
            }
            if !(value > 0.0 && value.is_finite()) {
                return Err(format!("the value of p{} must be positive", p * 100.0));
            }
        }
        for pair in knots.windows(2) {
            if pair[0].0 == pair[1].0 {
                return Err(format!("p{} is given twice", pair[0].0 * 100.0));
            }
            if pair[0].1 > pair[1].1 {
                return Err(format!("p{} must not be smaller than p{}", pair[1].0 * 100.0, pair[0].0 * 100.0));
            }
        }
        let table = log_knots(&knots);
        let (mean, second_moment) = (log_linear_moment(&table, 1.0), log_linear_moment(&table, 2.0));
        if !second_moment.is_finite() {
            return Err("these percentiles rise so steeply that mean and variance do not exist; \
                        give percentiles further apart"
                .to_owned());
        }
        let fit_error = knots
            .iter()
            .map(|&(p, value)| (libm::exp(log_value(&table, normal_score(p))) / value - 1.0).abs())
            .fold(0.0, f64::max);
        Ok(Distribution::Percentiles { knots: knots.into(), mean, second_moment, fit_error })
    }

    /// Whether every draw is the same, however it is written.
    pub fn is_constant(&self) -> bool {
        match *self {
            Distribution::Constant(_) => true,
            Distribution::Exponential { mean }
            | Distribution::Erlang { mean, .. }
            | Distribution::Weibull { mean, .. }
            | Distribution::Pareto { mean, .. } => mean == 0.0,
            Distribution::Lognormal { mean, cv }
            | Distribution::Gamma { mean, cv }
            | Distribution::Hyperexponential { mean, cv } => mean == 0.0 || cv == 0.0,
            Distribution::Uniform { low, high } => low == high,
            Distribution::Empirical { ref values } => values.iter().all(|v| *v == values[0]),
            Distribution::Percentiles { ref knots, .. } => knots.iter().all(|k| k.1 == knots[0].1),
            Distribution::Geometric { mean } => mean == 1.0,
        }
    }

    /// Whether the law is the exponential, however it is written.
    pub fn is_exponential(&self) -> bool {
        match *self {
            Distribution::Exponential { .. } => true,
            Distribution::Gamma { cv, .. } | Distribution::Hyperexponential { cv, .. } => cv == 1.0,
            Distribution::Erlang { k, .. } => k == 1,
            Distribution::Weibull { shape, .. } => shape == 1.0,
            Distribution::Constant(_)
            | Distribution::Lognormal { .. }
            | Distribution::Pareto { .. }
            | Distribution::Uniform { .. }
            | Distribution::Empirical { .. }
            | Distribution::Percentiles { .. }
            | Distribution::Geometric { .. } => false,
        }
    }
}

/// Up to here an Erlang is a sum of exponentials; above, a gamma by rejection is cheaper.
const ERLANG_SUM_MAX: u32 = 8;

/// A distribution ready to draw from: its constants worked out, tables behind one pointer.
#[derive(Clone, Debug, PartialEq)]
pub enum Sampler {
    Constant(f64),
    Exponential(f64, &'static Widths),
    Lognormal {
        mu: f64,
        sigma: f64,
        tables: &'static Lognormals,
    },
    Gamma {
        shape: f64,
        scale: f64,
    },
    Erlang {
        k: u32,
        scale: f64,
    },
    Hyperexponential {
        p1: f64,
        mean: f64,
    },
    Weibull {
        scale: f64,
        power: f64,
    },
    Pareto {
        smallest: f64,
        power: f64,
    },
    Uniform {
        low: f64,
        width: f64,
    },
    Empirical(Arc<[f64]>),
    /// The same where few values come again and again: (place behind the last of its kind, value).
    Runs {
        runs: Arc<[(f64, f64)]>,
        count: f64,
    },
    /// (normal score, log of the value).
    Percentiles(Arc<[(f64, f64)]>),
    Geometric {
        log_failure: f64,
    },
}

/// Most kinds of values that are looked for one after the other.
const RUNS_MAX: usize = 16;

/// Sorted values as (place behind the last of its kind, value), where they are of few kinds.
fn runs(values: &[f64]) -> Option<Arc<[(f64, f64)]>> {
    let mut runs: Vec<(f64, f64)> = Vec::new();
    for kind in values.chunk_by(|a, b| a == b) {
        let before = runs.last().map_or(0.0, |(end, _)| *end);
        runs.push((before + kind.len() as f64, kind[0]));
        if runs.len() > RUNS_MAX {
            return None;
        }
    }
    Some(runs.into())
}

impl Sampler {
    #[inline(always)]
    pub fn sample(&self, rng: &mut KeyedRng) -> f64 {
        match *self {
            Sampler::Constant(value) => value,
            Sampler::Exponential(mean, widths) => mean * ziggurat::exponential(rng, widths),
            Sampler::Lognormal { mu, sigma, tables } => ziggurat::lognormal(rng, mu, sigma, tables),
            _ => self.sample_rare(rng),
        }
    }

    #[inline(never)]
    fn sample_rare(&self, rng: &mut KeyedRng) -> f64 {
        match *self {
            Sampler::Constant(_) | Sampler::Exponential(..) | Sampler::Lognormal { .. } => self.sample(rng),
            Sampler::Gamma { shape, scale } => scale * standard_gamma(shape, rng),
            Sampler::Erlang { k, scale } => {
                let sum: f64 = (0..k).map(|_| -> f64 { Exp1.sample(rng) }).sum();
                scale * sum
            }
            Sampler::Hyperexponential { p1, mean } => {
                let p = if rng.unit() < p1 { p1 } else { 1.0 - p1 };
                let unit: f64 = Exp1.sample(rng);
                mean / (2.0 * p) * unit
            }
            Sampler::Weibull { scale, power } => {
                let unit: f64 = Exp1.sample(rng);
                scale * libm::pow(unit, power)
            }
            Sampler::Pareto { smallest, power } => smallest * libm::pow(rng.unit_open(), power),
            Sampler::Uniform { low, width } => low + width * rng.unit(),
            Sampler::Empirical(ref values) => values[(rng.unit() * values.len() as f64) as usize],
            Sampler::Runs { ref runs, count } => {
                let place = rng.unit() * count;
                runs.iter().find(|(end, _)| place < *end).unwrap_or(&runs[runs.len() - 1]).1
            }
            Sampler::Percentiles(ref table) => {
                let normal: f64 = StandardNormal.sample(rng);
                libm::exp(log_value(table, normal))
            }
            Sampler::Geometric { log_failure } => 1.0 + libm::floor(libm::log(rng.unit_open()) / log_failure),
        }
    }
}

/// The share of the likelier branch of an H2 with balanced means; its rates are 2p/mean.
fn balanced_branch(scv: f64) -> f64 {
    0.5 * (1.0 + libm::sqrt((scv - 1.0).max(0.0) / (scv + 1.0)))
}

/// Marsaglia and Tsang 2000, "A simple method for generating gamma variables"; scale 1.
fn standard_gamma(shape: f64, rng: &mut KeyedRng) -> f64 {
    if shape < 1.0 {
        return standard_gamma(shape + 1.0, rng) * libm::pow(rng.unit_open(), 1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x: f64 = StandardNormal.sample(rng);
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        let u = rng.unit_open();
        let x2 = x * x;
        if u < 1.0 - 0.0331 * x2 * x2 || libm::log(u) < 0.5 * x2 + d * (1.0 - v + libm::log(v)) {
            return d * v;
        }
    }
}

/// P(Z > z) of the standard normal.
fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The z with P(Z <= z) = p: bisection on the logarithm of the smaller tail.
fn normal_score(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_score(1.0 - p);
    }
    let (mut low, mut high) = (0.0, 38.0);
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if normal_tail(middle) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    -0.5 * (low + high)
}

fn log_knots(knots: &[(f64, f64)]) -> Vec<(f64, f64)> {
    knots.iter().map(|&(p, value)| (normal_score(p), libm::log(value))).collect()
}

/// The line through knots `i - 1` and `i`: (value at z = 0, slope).
fn line(table: &[(f64, f64)], i: usize) -> (f64, f64) {
    let ((z0, y0), (z1, y1)) = (table[i - 1], table[i]);
    let slope = (y1 - y0) / (z1 - z0);
    (y0 - slope * z0, slope)
}

/// Log of the value at a normal score; the outer lines go on.
fn log_value(table: &[(f64, f64)], z: f64) -> f64 {
    let i = table.partition_point(|knot| knot.0 < z).clamp(1, table.len() - 1);
    let (base, slope) = line(table, i);
    base + slope * z
}

/// E[X^order]: on each piece the integral of exp(order (a + b z)) phi(z) is
/// exp(order a + (order b)^2 / 2) (Phi(end - order b) - Phi(start - order b)).
fn log_linear_moment(table: &[(f64, f64)], order: f64) -> f64 {
    (1..table.len())
        .map(|i| {
            let (a, b) = line(table, i);
            let (a, b) = (order * a, order * b);
            let start = if i == 1 { f64::NEG_INFINITY } else { table[i - 1].0 - b };
            let end = if i == table.len() - 1 { f64::INFINITY } else { table[i].0 - b };
            // the difference of the smaller tails, so that nothing cancels
            let mass = if start > 0.0 {
                normal_tail(start) - normal_tail(end)
            } else {
                normal_tail(-end) - normal_tail(-start)
            };
            if mass == 0.0 { 0.0 } else { libm::exp(a + 0.5 * b * b + libm::log(mass)) }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Key, mix};

    fn all_kinds() -> Vec<(&'static str, Distribution, u64)> {
        use Distribution::*;
        let percentiles = Distribution::from_percentiles(&[(0.5, 4.0), (0.95, 11.0), (0.99, 16.0)]).unwrap();
        vec![
            ("constant", Constant(2.5), 0xe5da_2fcd_db36_040c),
            ("exponential", Exponential { mean: 3.0 }, 0x2404_cde5_ee7e_e462),
            ("lognormal", Lognormal { mean: 4.0, cv: 0.8 }, 0x6d64_3b1c_8f73_a855),
            ("gamma", Gamma { mean: 2.0, cv: 0.6 }, 0x5eac_ed9a_d3dd_cea6),
            ("gamma, cv above 1", Gamma { mean: 2.0, cv: 1.6 }, 0x1de5_3f55_e24f_bc7b),
            ("erlang", Erlang { mean: 5.0, k: 3 }, 0xeb73_e8ef_249d_662a),
            ("erlang, many stages", Erlang { mean: 5.0, k: 40 }, 0x7633_9266_204a_c162),
            ("hyperexponential", Hyperexponential { mean: 1.5, cv: 2.0 }, 0x0d51_c625_a416_a2a7),
            ("weibull", Weibull { mean: 7.0, shape: 1.7 }, 0x5d0f_627c_928e_8204),
            ("pareto", Pareto { mean: 3.0, shape: 6.0 }, 0x80a0_bce0_cda5_a7d6),
            ("uniform", Uniform { low: 1.0, high: 4.0 }, 0x15b5_ccb2_ec90_6ce9),
            ("empirical", Empirical { values: vec![1.0, 2.0, 2.0, 9.0].into() }, 0xadf5_3689_9e01_f2c6),
            ("percentiles", percentiles, 0xeeaf_45a1_d559_9933),
            ("geometric", Geometric { mean: 4.0 }, 0x7084_ad94_dc14_46de),
        ]
    }

    #[test]
    fn draws_have_the_stated_moments() {
        let n = 400_000;
        for (name, distribution, _) in all_kinds() {
            let sampler = distribution.sampler();
            let (mut sum, mut squares, mut fourths) = (0.0, 0.0, 0.0);
            for i in 0..n {
                let x = sampler.sample(&mut Key::of_seed(7).indexed(i).draw(11, 0));
                assert!(x >= 0.0 && x.is_finite(), "{name}: {x}");
                sum += x;
                squares += x * x;
                fourths += x * x * x * x;
            }
            let n = n as f64;
            let (mean, second) = (sum / n, squares / n);
            let mean_error = ((second - mean * mean).max(0.0) / n).sqrt();
            let second_error = ((fourths / n - second * second).max(0.0) / n).sqrt();
            let slack = 1e-9 * distribution.mean();
            assert!((mean - distribution.mean()).abs() <= 4.5 * mean_error + slack, "{name}: mean {mean}");
            assert!(
                (second - distribution.second_moment()).abs() <= 4.5 * second_error + slack,
                "{name}: second moment {second} for {}",
                distribution.second_moment()
            );
        }
    }

    /// What changes one bit of a draw changes every published result: it must be seen.
    #[test]
    fn the_first_draws_keep_their_bits() {
        let got: Vec<(&str, u64)> = all_kinds()
            .into_iter()
            .map(|(name, distribution, _)| {
                let digest = (0..256).fold(0, |digest, i| {
                    let x = distribution.sample(&mut Key::of_seed(42).indexed(i).draw(5, 1));
                    mix(digest ^ x.to_bits())
                });
                (name, digest)
            })
            .collect();
        let expected: Vec<(&str, u64)> = all_kinds().into_iter().map(|(name, _, digest)| (name, digest)).collect();
        assert_eq!(got, expected, "got {got:#018x?}");
    }

    #[test]
    fn a_sampler_is_four_words() {
        assert!(size_of::<Sampler>() <= 32);
    }

    #[test]
    fn scaling_scales_every_draw() {
        for (name, distribution, _) in all_kinds() {
            if matches!(distribution, Distribution::Geometric { .. }) {
                continue;
            }
            let half = distribution.scaled(0.5);
            assert!((half.mean() / distribution.mean() - 0.5).abs() < 1e-12, "{name}");
            assert!((half.scv() - distribution.scv()).abs() < 1e-9, "{name}");
            for i in 0..50 {
                let key = Key::of_seed(3).indexed(i);
                let (x, y) = (distribution.sample(&mut key.draw(1, 0)), half.sample(&mut key.draw(1, 0)));
                assert!((y / x - 0.5).abs() < 1e-12, "{name}: {x} {y}");
            }
        }
    }

    #[test]
    fn percentiles_are_met_at_their_knots() {
        let knots = [(0.99, 0.060), (0.5, 0.004), (0.95, 0.020)];
        let distribution = Distribution::from_percentiles(&knots).unwrap();
        let Distribution::Percentiles { fit_error, .. } = distribution else { panic!("not percentiles") };
        assert!(fit_error < 1e-9);
        let sampler = distribution.sampler();
        let n = 200_000;
        let draws: Vec<f64> = (0..n).map(|i| sampler.sample(&mut Key::of_seed(1).indexed(i).draw(2, 0))).collect();
        for (p, value) in knots {
            let below = draws.iter().filter(|x| **x <= value).count() as f64 / n as f64;
            assert!((below - p).abs() < 4.5 * (p * (1.0 - p) / n as f64).sqrt(), "p{p}: {below}");
        }
    }

    #[test]
    fn percentiles_of_a_lognormal_give_back_its_moments() {
        // sigma = 1, median 1: mean exp(1/2), second moment exp(2)
        let knots: Vec<_> = [0.1, 0.5, 0.9, 0.99].iter().map(|&p| (p, libm::exp(normal_score(p)))).collect();
        let distribution = Distribution::from_percentiles(&knots).unwrap();
        assert!((distribution.mean() / libm::exp(0.5) - 1.0).abs() < 1e-12);
        assert!((distribution.second_moment() / libm::exp(2.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn impossible_percentiles_are_refused() {
        let refused = |knots: &[(f64, f64)]| Distribution::from_percentiles(knots).unwrap_err();
        assert!(refused(&[(0.5, 1.0)]).contains("two percentiles"));
        assert!(refused(&[(0.5, 1.0), (0.5, 2.0)]).contains("twice"));
        assert!(refused(&[(0.5, 3.0), (0.9, 2.0)]).contains("p90 must not be smaller than p50"));
        assert!(refused(&[(0.5, 3.0), (1.0, 4.0)]).contains("between"));
        assert!(refused(&[(0.5, 0.0), (0.9, 4.0)]).contains("positive"));
        assert!(refused(&[(0.5, 0.001), (0.501, 1.0)]).contains("steeply"));
    }

    #[test]
    fn one_law_written_two_ways_is_recognized() {
        assert!(Distribution::Erlang { mean: 2.0, k: 1 }.is_exponential());
        assert!(Distribution::Gamma { mean: 2.0, cv: 1.0 }.is_exponential());
        assert!(!Distribution::Lognormal { mean: 2.0, cv: 1.0 }.is_exponential());
        let flat = Distribution::Lognormal { mean: 2.0, cv: 0.0 };
        assert!(flat.is_constant());
        assert_eq!(flat.sample(&mut Key::of_seed(1).draw(1, 1)), 2.0);
        assert_eq!(Distribution::Exponential { mean: 0.0 }.sampler(), Sampler::Constant(0.0));
    }

    #[test]
    fn a_pareto_without_variance_says_so() {
        assert_eq!(Distribution::Pareto { mean: 1.0, shape: 1.5 }.second_moment(), f64::INFINITY);
        assert_eq!(Distribution::Pareto { mean: 1.0, shape: 1.5 }.scv(), f64::INFINITY);
    }
}

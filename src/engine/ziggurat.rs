//! Exponential and normal draws by `rand_distr`'s ziggurat, with the first try in line.
//!
//! Ninety-nine draws of a hundred fall inside a layer and need one multiplication. `rand_distr` does the rest
//! in the same function, whose calls of `exp` and `ln` then cost every draw of the event loop its registers.
//! So the first try is here, on the layers' widths as `rand_distr` itself shows them, and everything else is
//! a call. The bits are those of `rand_distr`.

use std::convert::Infallible;
use std::fmt;
use std::sync::OnceLock;

use rand::TryRng;
use rand_distr::{Distribution as _, Exp1, StandardNormal};

use super::exponent::Powers;
use super::random::KeyedRng;

const LAYERS: usize = 256;

/// Widths of the layers, the widest first; behind the last, 0: the top is never inside another.
#[derive(PartialEq)]
pub struct Widths([f64; LAYERS + 1]);

impl fmt::Debug for Widths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Widths")
    }
}

/// A generator that says one thing, and then the most that there is, which any layer accepts.
struct Saying(u64);

impl TryRng for Saying {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("a ziggurat asks for 64 bits")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(std::mem::replace(&mut self.0, u64::MAX))
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Infallible> {
        unreachable!("a ziggurat asks for 64 bits")
    }
}

/// Widths from what `sample` makes of the least position inside each layer: `unit` of the layer's width, a
/// power of two, so that the quotient is exact.
fn widths(mantissa: u64, unit: f64, sample: impl Fn(&mut Saying) -> f64) -> Widths {
    let mut widths = [0.0; LAYERS + 1];
    for (layer, width) in widths[..LAYERS].iter_mut().enumerate() {
        *width = sample(&mut Saying(mantissa << 12 | layer as u64)) / unit;
    }
    Widths(widths)
}

/// Of the exponential of mean 1.
pub fn exponential_widths() -> &'static Widths {
    static WIDTHS: OnceLock<Widths> = OnceLock::new();
    WIDTHS.get_or_init(|| widths(0, 0.5 * f64::EPSILON, |saying| Exp1.sample(saying)))
}

/// Of the standard normal.
fn normal_widths() -> Widths {
    widths(1 << 51 | 1, 2.0 * f64::EPSILON, |saying| StandardNormal.sample(saying))
}

/// What draws of the lognormal look up.
#[derive(Debug, PartialEq)]
pub struct Lognormals {
    widths: Widths,
    powers: Powers,
}

pub fn lognormals() -> &'static Lognormals {
    static TABLES: OnceLock<Lognormals> = OnceLock::new();
    TABLES.get_or_init(|| Lognormals { widths: normal_widths(), powers: Powers::of_two() })
}

/// A draw of e^(mu + sigma Z), where Z is a standard normal.
#[inline(always)]
pub fn lognormal(rng: &mut KeyedRng, mu: f64, sigma: f64, tables: &Lognormals) -> f64 {
    tables.powers.exp(mu + sigma * normal(rng, &tables.widths))
}

/// A draw of the exponential of mean 1.
#[inline(always)]
pub fn exponential(rng: &mut KeyedRng, widths: &Widths) -> f64 {
    let mut tried = rng.clone();
    let bits = tried.next();
    let layer = (bits & 0xFF) as usize;
    // in [1, 2), then in (0, 1)
    let position = f64::from_bits(0x3FF0_0000_0000_0000 | bits >> 12) - (1.0 - 0.5 * f64::EPSILON);
    let x = position * widths.0[layer];
    if x < widths.0[layer + 1] {
        *rng = tried;
        return x;
    }
    exponential_by_all_tries(rng)
}

#[cold]
#[inline(never)]
fn exponential_by_all_tries(rng: &mut KeyedRng) -> f64 {
    Exp1.sample(rng)
}

/// A draw of the standard normal.
#[inline(always)]
fn normal(rng: &mut KeyedRng, widths: &Widths) -> f64 {
    let mut tried = rng.clone();
    let bits = tried.next();
    let layer = (bits & 0xFF) as usize;
    // in [2, 4), then in [-1, 1)
    let position = f64::from_bits(0x4000_0000_0000_0000 | bits >> 12) - 3.0;
    let x = position * widths.0[layer];
    if x.abs() < widths.0[layer + 1] {
        *rng = tried;
        return x;
    }
    normal_by_all_tries(rng)
}

#[cold]
#[inline(never)]
fn normal_by_all_tries(rng: &mut KeyedRng) -> f64 {
    StandardNormal.sample(rng)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Key;

    #[test]
    fn draws_are_those_of_rand_distr_bit_for_bit() {
        let (key, normals) = (Key::of_seed(1), normal_widths());
        for i in 0..200_000 {
            let (mut ours, mut theirs) = (key.draw(i, 0), key.draw(i, 0));
            let (a, b): (f64, f64) = (exponential(&mut ours, exponential_widths()), Exp1.sample(&mut theirs));
            assert_eq!((a.to_bits(), ours.next()), (b.to_bits(), theirs.next()), "exponential {i}");
            let (a, b): (f64, f64) = (normal(&mut ours, &normals), StandardNormal.sample(&mut theirs));
            assert_eq!((a.to_bits(), ours.next()), (b.to_bits(), theirs.next()), "normal {i}");
        }
    }
}

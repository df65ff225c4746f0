//! Randomness that belongs to the request: every draw is a pure function of a key, so it does not
//! depend on the order of events, and two scenarios that differ in one policy see the same traffic.

use rand::rand_core::{Infallible, TryRng, utils};

/// The constants of SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64's finalizer: a bijection of 64 bits without visible structure.
#[inline(always)]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A constant for a purpose ("app.cpu", "arrival"), from its name and never from its position in a
/// program, so that editing a scenario leaves the other draws alone. FNV-1a, then mixed.
pub const fn purpose(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xCBF2_9CE4_8422_2325u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01B3);
        i += 1;
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    hash ^ (hash >> 33)
}

/// The key of a request (or of anything else that draws): combine with a purpose to draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key(pub u64);

impl Key {
    /// The root of a run's draws.
    pub fn of_seed(seed: u64) -> Key {
        Key(mix(seed.wrapping_add(GOLDEN)))
    }

    /// The key of a named part: a source, a component.
    pub fn named(self, name: &str) -> Key {
        Key(mix(self.0 ^ purpose(name)))
    }

    /// The key of the `index`-th of many.
    #[inline(always)]
    pub fn indexed(self, index: u64) -> Key {
        Key(mix(self.0.wrapping_add(index.wrapping_mul(GOLDEN))))
    }

    /// The generator of one draw: a purpose, and which visit (or attempt) it is.
    #[inline(always)]
    pub fn draw(self, purpose: u64, visit: u32) -> KeyedRng {
        self.draw_counted(purpose, visit as u64)
    }

    /// The generator of the `count`-th draw of one purpose.
    #[inline(always)]
    pub fn draw_counted(self, purpose: u64, count: u64) -> KeyedRng {
        KeyedRng { state: self.0 ^ purpose.wrapping_add(count.wrapping_mul(0xD1B5_4A32_D192_ED03)) }
    }
}

/// A counter-based generator: the n-th output is `mix(start + n * GOLDEN)`. Most draws take one output;
/// a rejection takes the next of the same key.
#[derive(Clone, Debug)]
pub struct KeyedRng {
    state: u64,
}

impl KeyedRng {
    #[inline(always)]
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// Uniform on [0, 1), 53 bits.
    #[inline(always)]
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform on (0, 1]: safe under a logarithm.
    #[inline(always)]
    pub fn unit_open(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 1.0) * (1.0 / 9_007_199_254_740_992.0)
    }
}

impl TryRng for KeyedRng {
    type Error = Infallible;

    #[inline(always)]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    #[inline(always)]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        utils::fill_bytes_via_next_word(destination, || self.try_next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_visits_draw_apart() {
        let key = Key::of_seed(1).indexed(7);
        let mut drawn: Vec<u64> = (0..1000).chain([u32::MAX]).map(|visit| key.draw(3, visit).next()).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 1001);
    }
}

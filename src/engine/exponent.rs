//! e^x for draws: a table of 2^(i/64) and a short polynomial, from additions and multiplications alone, so that every
//! machine has the same bits. Two units in the last place from `libm::exp` at most, in less than half its time: that one
//! divides, and looks at its argument in several branches.
//! Source of the method: Tang 1989, "Table-driven implementation of the exponential function in IEEE floating-point
//! arithmetic".

/// Parts of an octave.
const PARTS: usize = 64;
/// Beyond it the result is no ordinary number, or nearly none.
const FAR: f64 = 700.0;
/// Adding it leaves an integer in the low bits of the mantissa.
const TO_INTEGER: f64 = 6_755_399_441_055_744.0;
/// ln 2 / 64, its first 32 bits and the rest, so that a multiple of the first is exact.
const STEP: f64 = std::f64::consts::LN_2 / PARTS as f64;
const STEP_HIGH: f64 = f64::from_bits(STEP.to_bits() & !0x1F_FFFF);
/// Of ln 2 beyond 53 bits, too: 2.319e-17 (its 54th bit and on).
const STEP_LOW: f64 = STEP - STEP_HIGH + 2.319_046_813_846_299_6e-17 / PARTS as f64;

/// 2^(i/64).
#[derive(Debug, PartialEq)]
pub struct Powers([f64; PARTS]);

impl Powers {
    pub fn of_two() -> Powers {
        Powers(std::array::from_fn(|i| libm::exp2(i as f64 / PARTS as f64)))
    }

    /// e^x.
    #[inline(always)]
    pub fn exp(&self, x: f64) -> f64 {
        if x.abs() < FAR { self.of_ordinary(x) } else { libm::exp(x) }
    }

    #[inline(always)]
    fn of_ordinary(&self, x: f64) -> f64 {
        let shifted = x * (1.0 / STEP) + TO_INTEGER;
        let steps = shifted - TO_INTEGER;
        let n = shifted.to_bits() as i64;
        let part = self.0[n as usize % PARTS];
        // n / 64 into the exponent
        let scaled = f64::from_bits(part.to_bits().wrapping_add(((n >> PARTS.trailing_zeros()) << 52) as u64));
        let r = (x - steps * STEP_HIGH) - steps * STEP_LOW;
        let square = r * r;
        // e^r - 1, where |r| is at most ln 2 / 128: what is left out is below 4e-17
        let less_one = r + square * (0.5 + r * (1.0 / 6.0)) + square * square * (1.0 / 24.0 + r * (1.0 / 120.0));
        scaled + scaled * less_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Key;

    #[test]
    fn it_is_the_exponential_to_the_last_place_or_two() {
        let powers = Powers::of_two();
        let mut rng = Key::of_seed(3).draw(0, 0);
        let mut furthest: f64 = 0.0;
        for i in 0..2_000_000 {
            let reach = [1.0, 20.0, FAR][i % 3];
            let x = reach * (2.0 * rng.unit() - 1.0);
            let (ours, exact) = (powers.exp(x), libm::exp(x));
            furthest = furthest.max((ours.to_bits() as i64 - exact.to_bits() as i64).unsigned_abs() as f64);
        }
        assert!(furthest <= 2.0, "{furthest} units in the last place");
        assert_eq!(powers.exp(0.0), 1.0);
        assert_eq!((powers.exp(-1e9), powers.exp(1e9)), (0.0, f64::INFINITY));
        assert!(powers.exp(f64::NAN).is_nan());
    }

    #[test]
    fn neighbours_are_in_order() {
        let powers = Powers::of_two();
        let at = |i: i32| powers.exp(f64::from(i) * 1e-7);
        assert!((-1_000_000..1_000_000).all(|i| at(i) < at(i + 1)));
    }
}

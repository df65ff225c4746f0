//! A quantity observed all the time: mean, maximum and shares of time of a function made of constant pieces
//! and straight ramps, such as a replica's `seconds_behind`.

/// log2 of the buckets for each octave: at most 0.8% wide.
const SUB: u32 = 7;

/// Time spent at each value, in logarithmic buckets of nanoseconds. A ramp spends equal time at equal lengths
/// of value, so its whole buckets are kept as a step up and a step down of a density: one ramp costs the same
/// whether it crosses one octave or thirty.
#[derive(Clone, Debug, Default)]
pub struct TimeWeighted {
    /// Integral of the value (nanoseconds) over time (seconds).
    pub area: f64,
    pub total_s: f64,
    pub max_ns: u64,
    /// Seconds spent at zero.
    pub zero_s: f64,
    /// Seconds of constant pieces, and of the ends of ramps, in each bucket.
    mass: Vec<f64>,
    /// Change of the density (seconds for each nanosecond of value) at the lower edge of each bucket.
    density_steps: Vec<f64>,
}

const NANOSECOND: f64 = 1e-9;

fn index(value: u64) -> usize {
    let exponent = 63 - (value | (1 << SUB)).leading_zeros() - SUB;
    ((exponent as usize) << SUB) + (value >> exponent) as usize
}

/// Lower edge and width of a bucket, nanoseconds.
fn bounds(index: usize) -> (f64, f64) {
    if index < (2 << SUB) {
        return (index as f64, 1.0);
    }
    let exponent = (index >> SUB) - 1;
    let mantissa = (index & ((1 << SUB) - 1)) + (1 << SUB);
    let width = (1u64 << exponent) as f64;
    (mantissa as f64 * width, width)
}

impl TimeWeighted {
    fn reach(&mut self, bucket: usize) {
        if bucket + 1 >= self.mass.len() {
            let length = (((bucket + 1) >> SUB) + 1) << SUB;
            self.mass.resize(length, 0.0);
            self.density_steps.resize(length, 0.0);
        }
    }

    pub fn add_constant(&mut self, value_ns: u64, dt_ns: u64) {
        let dt = dt_ns as f64 * NANOSECOND;
        if dt_ns == 0 {
            return;
        }
        self.total_s += dt;
        self.area += value_ns as f64 * dt;
        self.max_ns = self.max_ns.max(value_ns);
        if value_ns == 0 {
            self.zero_s += dt;
        } else {
            let bucket = index(value_ns);
            self.reach(bucket);
            self.mass[bucket] += dt;
        }
    }

    /// The value goes in a straight line from one to the other, up or down.
    pub fn add_ramp(&mut self, from_ns: u64, to_ns: u64, dt_ns: u64) {
        if from_ns == to_ns {
            return self.add_constant(from_ns, dt_ns);
        }
        // a jump has no length, but its ends were reached
        self.max_ns = self.max_ns.max(from_ns).max(to_ns);
        if dt_ns == 0 {
            return;
        }
        let dt = dt_ns as f64 * NANOSECOND;
        let (low, high) = (from_ns.min(to_ns), from_ns.max(to_ns));
        self.total_s += dt;
        self.area += 0.5 * (low as f64 + high as f64) * dt;
        let (first, last) = (index(low), index(high));
        self.reach(last);
        if first == last {
            self.mass[first] += dt;
            return;
        }
        let density = dt / (high - low) as f64;
        let (first_low, first_width) = bounds(first);
        self.mass[first] += density * (first_low + first_width - low as f64);
        self.mass[last] += density * (high as f64 - bounds(last).0);
        self.density_steps[first + 1] += density;
        self.density_steps[last] -= density;
    }

    /// Nanoseconds; `None` when nothing was observed.
    pub fn mean(&self) -> Option<f64> {
        (self.total_s > 0.0).then(|| self.area / self.total_s)
    }

    /// Buckets as (lower edge, width in use, seconds), values of exactly zero apart.
    fn buckets(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        let mut density = 0.0f64;
        self.mass.iter().zip(&self.density_steps).enumerate().map(move |(i, (mass, step))| {
            density += step;
            let (low, width) = bounds(i);
            let seconds = (mass + density * width).max(0.0);
            // nothing lies beyond the maximum
            (low, width.min(self.max_ns as f64 - low).max(0.0), seconds)
        })
    }

    /// The value, in nanoseconds, at or below which it is for a share `q` of the time.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.total_s <= 0.0 {
            return None;
        }
        let wanted = q * self.total_s;
        let mut below = self.zero_s;
        if wanted <= below {
            return Some(0.0);
        }
        for (low, width, seconds) in self.buckets() {
            if below + seconds >= wanted && seconds > 0.0 {
                return Some((low + width * (wanted - below) / seconds).min(self.max_ns as f64));
            }
            below += seconds;
        }
        Some(self.max_ns as f64)
    }

    /// Share of the time above this value, with the value's own bucket shared out linearly.
    pub fn share_above(&self, value_ns: u64) -> Option<f64> {
        if self.total_s <= 0.0 {
            return None;
        }
        if value_ns == 0 {
            return Some(1.0 - self.zero_s / self.total_s);
        }
        let value = value_ns as f64;
        let seconds: f64 = self
            .buckets()
            .filter(|(low, width, _)| low + width > value)
            .map(|(low, width, seconds)| seconds * ((low + width - value) / width).min(1.0))
            .sum();
        Some((seconds / self.total_s).min(1.0))
    }

    /// What was added since an earlier state of this. Its maximum is known to a bucket, and at most that of the whole.
    pub fn since(&self, earlier: &TimeWeighted) -> TimeWeighted {
        let less = |now: &[f64], before: &[f64]| -> Vec<f64> {
            let before = before.iter().copied().chain(std::iter::repeat(0.0));
            now.iter().zip(before).map(|(now, before)| now - before).collect()
        };
        let mut part = TimeWeighted {
            area: self.area - earlier.area,
            total_s: self.total_s - earlier.total_s,
            max_ns: self.max_ns,
            zero_s: self.zero_s - earlier.zero_s,
            mass: less(&self.mass, &earlier.mass),
            density_steps: less(&self.density_steps, &earlier.density_steps),
        };
        if self.max_ns == earlier.max_ns {
            // sums of floats leave a little where nothing was added
            let least = 1e-9 * part.total_s;
            let highest = part.buckets().filter(|(_, _, seconds)| *seconds > least).last();
            part.max_ns = highest.map_or(0, |(low, width, _)| (low + width) as u64).min(self.max_ns);
        }
        part
    }

    pub fn merge(&mut self, other: &TimeWeighted) {
        self.area += other.area;
        self.total_s += other.total_s;
        self.max_ns = self.max_ns.max(other.max_ns);
        self.zero_s += other.zero_s;
        if other.mass.len() > self.mass.len() {
            self.mass.resize(other.mass.len(), 0.0);
            self.density_steps.resize(other.mass.len(), 0.0);
        }
        for (mine, theirs) in self.mass.iter_mut().zip(&other.mass) {
            *mine += theirs;
        }
        for (mine, theirs) in self.density_steps.iter_mut().zip(&other.density_steps) {
            *mine += theirs;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: Option<f64>, expected: f64, error: f64) {
        let got = got.unwrap();
        assert!((got - expected).abs() <= error * expected.abs(), "{got} for {expected}");
    }

    #[test]
    fn a_ramp_spends_equal_time_at_equal_lengths() {
        let mut lag = TimeWeighted::default();
        lag.add_ramp(0, 1_000_000_000, 1_000_000_000);
        near(lag.mean(), 5e8, 1e-12);
        for q in [0.001, 0.01, 0.37, 0.5, 0.9, 0.999, 1.0] {
            near(lag.quantile(q), q * 1e9, 1e-9);
            near(lag.share_above((1e9 * q) as u64), 1.0 - q, 1e-7);
        }
    }

    #[test]
    fn time_at_zero_is_an_atom() {
        let mut lag = TimeWeighted::default();
        lag.add_constant(0, 600);
        lag.add_ramp(5_000, 0, 400);
        near(lag.share_above(0), 0.4, 1e-12);
        assert_eq!(lag.quantile(0.5), Some(0.0));
        near(lag.quantile(0.8), 2_500.0, 1e-9);
        assert_eq!(lag.max_ns, 5_000);
    }

    #[test]
    fn a_sawtooth_of_many_ramps_keeps_its_shares() {
        // Age of the oldest of events each 10 ms that are applied 30 ms after: 20 to 30 ms for ever.
        let mut lag = TimeWeighted::default();
        for _ in 0..100_000 {
            lag.add_ramp(20_000_000, 30_000_000, 10_000_000);
            lag.add_ramp(30_000_000, 20_000_000, 0);
        }
        near(lag.mean(), 25e6, 1e-9);
        near(lag.quantile(0.25), 22.5e6, 1e-6);
        near(lag.share_above(29_000_000), 0.1, 1e-6);
        assert!(lag.share_above(30_000_000).unwrap() < 1e-9);
    }

    #[test]
    fn what_came_since_is_what_was_added_since() {
        let (mut whole, mut late) = (TimeWeighted::default(), TimeWeighted::default());
        whole.add_ramp(0, 8_000_000_000, 8_000_000_000);
        whole.add_ramp(8_000_000_000, 0, 100);
        let early = whole.clone();
        for lag in [&mut whole, &mut late] {
            lag.add_constant(0, 1_000_000_000);
            lag.add_ramp(0, 2_000_000_000, 3_000_000_000);
        }
        let since = whole.since(&early);
        near(since.mean(), late.mean().unwrap(), 1e-9);
        near(since.quantile(0.6), late.quantile(0.6).unwrap(), 1e-6);
        near(since.quantile(1.0), 2e9, 0.01);
        near(since.share_above(0), 0.75, 1e-9);
    }

    #[test]
    fn merging_is_adding_both() {
        let (mut a, mut b, mut both) = (TimeWeighted::default(), TimeWeighted::default(), TimeWeighted::default());
        a.add_constant(3_000, 77);
        b.add_ramp(1, 9_000_000, 5_000);
        both.add_constant(3_000, 77);
        both.add_ramp(1, 9_000_000, 5_000);
        a.merge(&b);
        assert_eq!((a.mean(), a.quantile(0.6), a.max_ns), (both.mean(), both.quantile(0.6), both.max_ns));
    }

    #[test]
    fn nothing_observed_has_no_mean() {
        assert_eq!(TimeWeighted::default().mean(), None);
        assert_eq!(TimeWeighted::default().quantile(0.5), None);
    }
}

//! A log-linear histogram of nanoseconds: 1,024 buckets for each octave (at most 0.1% wide), exact below
//! 2,048 ns, linear interpolation inside a bucket, exact sum, minimum and maximum.
//!
//! Our own in place of the `hdrhistogram` crate: recording is one shift and one increment in the event
//! loop, quantiles interpolate, and no feature of another crate (`num-traits/std`) is turned on by it.

use std::ops::Range;

/// log2 of the buckets for each octave.
const SUB: u32 = 10;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// The bucket that `counts` begins with, the first of an octave.
    first: usize,
    /// From the octave of the smallest value seen to that of the largest.
    counts: Vec<u64>,
    count: u64,
    sum: u128,
    /// `u64::MAX` while empty.
    min: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { first: 0, counts: Vec::new(), count: 0, sum: 0, min: u64::MAX, max: 0 }
    }
}

/// The bucket of a value.
#[inline(always)]
pub fn index(value: u64) -> usize {
    let exponent = 63 - (value | (1 << SUB)).leading_zeros() - SUB;
    ((exponent as usize) << SUB) + (value >> exponent) as usize
}

/// Lowest value of a bucket and its width.
pub fn bounds(index: usize) -> (f64, f64) {
    if index < (2 << SUB) {
        return (index as f64, 1.0);
    }
    let exponent = (index >> SUB) - 1;
    let mantissa = (index & ((1 << SUB) - 1)) + (1 << SUB);
    let width = (1u64 << exponent) as f64;
    (mantissa as f64 * width, width)
}

impl Histogram {
    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        self.record_in(index(value), value);
    }

    /// `record` where the value's `index` is known.
    #[inline(always)]
    pub fn record_in(&mut self, i: usize, value: u64) {
        match self.counts.get_mut(i.wrapping_sub(self.first)) {
            Some(count) => *count += 1,
            None => self.grow_and_count(i),
        }
        self.sum += value as u128;
        if value < self.min {
            self.min = value;
        }
        if value > self.max {
            self.max = value;
        }
        self.count += 1;
    }

    #[cold]
    #[inline(never)]
    fn grow_and_count(&mut self, i: usize) {
        self.make_room(i..i + 1);
        self.counts[i - self.first] += 1;
    }

    /// Room for these buckets, in whole octaves.
    fn make_room(&mut self, buckets: Range<usize>) {
        let (first, end) = ((buckets.start >> SUB) << SUB, buckets.end.next_multiple_of(1 << SUB));
        if self.counts.is_empty() {
            *self = Histogram { first, counts: vec![0; end - first], ..*self };
        }
        if first < self.first {
            self.counts.splice(..0, std::iter::repeat_n(0, self.first - first));
            self.first = first;
        }
        if end > self.first + self.counts.len() {
            self.counts.resize(end - self.first, 0);
        }
    }

    /// What lies in a bucket.
    fn at(&self, i: usize) -> u64 {
        self.counts.get(i.wrapping_sub(self.first)).copied().unwrap_or(0)
    }

    /// Memory that it takes.
    pub fn bytes(&self) -> usize {
        size_of::<Histogram>() + self.counts.len() * size_of::<u64>()
    }

    pub fn merge(&mut self, other: &Histogram) {
        if other.count == 0 {
            return;
        }
        let occupied = other.occupied();
        self.make_room(occupied.clone());
        let mine = &mut self.counts[occupied.start - self.first..];
        for (mine, theirs) in
            mine.iter_mut().zip(&other.counts[occupied.start - other.first..occupied.end - other.first])
        {
            *mine += theirs;
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum += other.sum;
    }

    /// What was recorded since an earlier state of this histogram. Its minimum and maximum are known to a bucket.
    pub fn since(&self, earlier: &Histogram) -> Histogram {
        let first = self.first;
        let counts: Vec<u64> = (first..).zip(&self.counts).map(|(i, n)| n - earlier.at(i)).collect();
        let lowest = counts.iter().position(|&n| n > 0).map(|i| first + i);
        let highest = counts.iter().rposition(|&n| n > 0).map(|i| first + i);
        let lowest = lowest.map_or(u64::MAX, |i| (bounds(i).0 as u64).max(self.min));
        let highest = highest.map_or(0, |i| {
            let (low, width) = bounds(i);
            ((low + width - 1.0) as u64).min(self.max)
        });
        let (count, sum) = (self.count - earlier.count, self.sum - earlier.sum);
        Histogram { first, counts, count, sum, min: lowest, max: highest }
    }

    pub fn clear(&mut self) {
        *self = Histogram::default();
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Exact sum, nanoseconds.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// Exact mean, nanoseconds.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// Variance from bucket midpoints, nanoseconds squared (relative error below 1e-6 for spread-out data).
    pub fn variance(&self) -> Option<f64> {
        let mean = self.mean()?;
        let sum: f64 = self
            .buckets()
            .map(|(low, width, n)| {
                let middle = low + (width - 1.0) / 2.0;
                n as f64 * ((middle - mean) * (middle - mean) + (width * width - 1.0) / 12.0)
            })
            .sum();
        Some(sum / self.count as f64)
    }

    /// The value below which a share `q` (0..=1) of the observations lies, nanoseconds: the observation of
    /// rank ceil(q n) (nearest rank), placed by linear interpolation inside its bucket.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count);
        Some(self.value_of_rank(rank))
    }

    /// The `rank`-th smallest observation (1-based), nanoseconds.
    pub fn value_of_rank(&self, rank: u64) -> f64 {
        let Some((i, below)) = self.bucket_of_rank(rank) else { return self.max as f64 };
        let (low, width) = bounds(i);
        let inside = ((rank - below) as f64 - 0.5) / self.at(i) as f64;
        // integers low ..= low + width - 1, spread evenly
        let value = low - 0.5 + width * inside;
        let value = if width == 1.0 { low } else { value };
        value.clamp(self.min as f64, self.max as f64)
    }

    /// Where the `rank`-th smallest observation is counted, and how many lie in the buckets below.
    fn bucket_of_rank(&self, rank: u64) -> Option<(usize, u64)> {
        /// Buckets that are passed over together.
        const BLOCK: usize = 64;
        let mut below = 0;
        let mut passed = self.occupied().start - self.first;
        for block in self.counts.get(passed..)?.chunks(BLOCK) {
            let inside: u64 = block.iter().sum();
            if below + inside >= rank {
                break;
            }
            (passed, below) = (passed + block.len(), below + inside);
        }
        for (i, n) in (self.first + passed..).zip(&self.counts[passed..]) {
            if below + n >= rank {
                return Some((i, below));
            }
            below += n;
        }
        None
    }

    /// Buckets below and above which nothing was recorded.
    fn occupied(&self) -> Range<usize> {
        if self.is_empty() { self.first..self.first } else { index(self.min)..index(self.max) + 1 }
    }

    /// How far the interpolated quantile may lie from the observation, nanoseconds: what the counts of the
    /// neighbouring buckets say of the density's change inside, and the scatter of the few that lie there; at
    /// most half a bucket.
    pub fn quantile_error(&self, q: f64) -> Option<f64> {
        let value = self.quantile(q)?;
        let i = index((value + 0.5) as u64).min(self.first + self.counts.len() - 1);
        let count = |i: usize| self.at(i) as f64;
        let (before, here, after) = (count(i.wrapping_sub(1)), count(i).max(1.0), count(i + 1));
        let (_, width) = bounds(i);
        if width == 1.0 {
            return Some(0.0);
        }
        let change = (here - before).abs().max((here - after).abs()) / here;
        Some(width * (0.5 * change + 0.5 / here.sqrt()).min(0.5))
    }

    /// Observations greater than `value`, with the bucket of `value` shared out linearly.
    pub fn count_above(&self, value: u64) -> f64 {
        let at = index(value);
        let above = self.counts.get((at + 1).saturating_sub(self.first)..).unwrap_or_default();
        let (low, width) = bounds(at);
        let share = (low + width - 1.0 - value as f64) / width;
        above.iter().sum::<u64>() as f64 + self.at(at) as f64 * share
    }

    /// Buckets that hold anything, as (lowest value, width, count), increasing.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, f64, u64)> + '_ {
        (self.first..).zip(&self.counts).filter(|(_, n)| **n > 0).map(|(i, &n)| {
            let (low, width) = bounds(i);
            (low, width, n)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket() {
        for value in (0..5000u64).chain((12..52).flat_map(|e| [1 << e, (1 << e) + 1, (1 << e) - 1, 3 << (e - 1)])) {
            let (low, width) = bounds(index(value));
            assert!(low <= value as f64 && (value as f64) < low + width, "{value}: {low} {width}");
            assert!(width <= 1.0 || width / low <= 1.0 / 1024.0, "{value}");
        }
    }

    #[test]
    fn quantiles_follow_the_observations() {
        let mut h = Histogram::default();
        for value in 1..=1_000_000u64 {
            h.record(value * 37);
        }
        for q in [0.001, 0.5, 0.9, 0.99, 0.999] {
            let exact = q * 37e6;
            let got = h.quantile(q).unwrap();
            assert!((got - exact).abs() / exact < 3e-4, "{q}: {got} for {exact}");
        }
        assert_eq!(h.quantile(1.0), Some(37e6));
        assert_eq!(h.mean(), Some(37.0 * 500_000.5));
        let uniform = 37f64.powi(2) * (1e12 - 1.0) / 12.0;
        assert!((h.variance().unwrap() / uniform - 1.0).abs() < 1e-6);
        assert!((h.count_above(18_500_000) - 500_000.0).abs() < 600.0);
    }

    #[test]
    fn what_came_since_is_what_was_recorded_since() {
        let (mut whole, mut late) = (Histogram::default(), Histogram::default());
        (0..500u64).for_each(|i| whole.record(i * i * 977));
        let early = whole.clone();
        for i in 100..400u64 {
            whole.record(i * 10_007);
            late.record(i * 10_007);
        }
        let since = whole.since(&early);
        assert_eq!((since.count(), since.sum()), (late.count(), late.sum()));
        for q in [0.01, 0.5, 0.99] {
            assert!((since.quantile(q).unwrap() / late.quantile(q).unwrap() - 1.0).abs() < 1e-3);
        }
        assert!((since.max().unwrap() as f64 / late.max().unwrap() as f64 - 1.0).abs() < 1e-3);
        assert!(whole.since(&whole).is_empty() && whole.since(&whole).max().is_none());
    }

    #[test]
    fn only_octaves_with_something_in_them_take_memory() {
        let mut h = Histogram::default();
        h.record(1 << 40);
        assert_eq!(h.counts.len(), 1 << SUB);
        h.record((1 << 38) + 1);
        assert_eq!(h.counts.len(), 3 << SUB);
        assert!((h.value_of_rank(1) / (1u64 << 38) as f64 - 1.0).abs() < 1e-3);
        assert_eq!(h.value_of_rank(2), (1u64 << 40) as f64);
        assert_eq!((h.count_above(0), h.count_above(1 << 39), h.count_above(1 << 41)), (2.0, 1.0, 0.0));
        let mut other = Histogram::default();
        other.record(7);
        other.merge(&h);
        h.record(7);
        assert_eq!(other, h);
        assert_eq!(h.buckets().map(|(_, _, n)| n).collect::<Vec<_>>(), [1, 1, 1]);
    }

    #[test]
    fn merging_is_recording_both() {
        let (mut a, mut b, mut both) = (Histogram::default(), Histogram::default(), Histogram::default());
        for i in 0..1000u64 {
            let value = i * i * 1013;
            if i % 3 == 0 {
                a.record(value)
            } else {
                b.record(value)
            }
            both.record(value);
        }
        a.merge(&b);
        assert_eq!(a.count(), both.count());
        assert_eq!(a.sum(), both.sum());
        assert_eq!((a.min(), a.max()), (both.min(), both.max()));
        assert_eq!(a.quantile(0.37), both.quantile(0.37));
    }
}

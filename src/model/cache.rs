//! How often a cache of a given size hits, from the popularity of what it caches.
//!
//! Che's approximation for LRU (Che, Tung, Wang 2002, "Hierarchical web caching systems"; Fricker, Robert,
//! Roberts 2012 show why it is so good): an object stays for a characteristic time T after its last use,
//! the same for all, so it is found with probability 1 - exp(-p T); T is what fills the cache.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// What was worked out before: the same few caches are asked for again by every scenario that differs in something
/// else. A pure function of its key, so that nobody can tell who asked first.
struct Memo<T>(Mutex<BTreeMap<[u64; 3], T>>);

/// Entries; more are forgotten together.
const REMEMBERED_MAX: usize = 1000;

impl<T: Clone> Memo<T> {
    const fn new() -> Memo<T> {
        Memo(Mutex::new(BTreeMap::new()))
    }

    fn get(&self, key: [f64; 3], make: impl FnOnce() -> T) -> T {
        let key = key.map(f64::to_bits);
        let entries = || self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(known) = entries().get(&key) {
            return known.clone();
        }
        let made = make();
        let mut entries = entries();
        if entries.len() >= REMEMBERED_MAX {
            entries.clear();
        }
        entries.insert(key, made.clone());
        made
    }
}

/// Hit ratio of an LRU cache that holds `cached` of `objects` equal objects, the popularity of the i-th
/// being proportional to i^-exponent (0: uniform).
pub fn hit_ratio(objects: f64, cached: f64, exponent: f64) -> f64 {
    if objects <= 0.0 || cached >= objects {
        return 1.0;
    }
    if cached <= 0.0 {
        return 0.0;
    }
    static KNOWN: Memo<f64> = Memo::new();
    KNOWN.get([objects, cached, exponent], || filled_and_hit(objects, cached, exponent))
}

fn filled_and_hit(objects: f64, cached: f64, exponent: f64) -> f64 {
    let groups = groups(objects, exponent);
    let filled = |time: f64| -> f64 { groups.iter().map(|&(n, p)| n * -libm::expm1(-p * time)).sum() };
    let (mut low, mut high) = (0.0, objects);
    while filled(high) < cached {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        // neighbours: nothing lies between them
        if middle == low || middle == high {
            break;
        }
        if filled(middle) < cached { low = middle } else { high = middle }
    }
    let time = 0.5 * (low + high);
    groups.iter().map(|&(n, p)| n * p * -libm::expm1(-p * time)).sum()
}

/// How an empty LRU cache of the same kind warms up: (reads since it was empty, hit ratio), up to the reads that fill
/// it. A cache that holds everything is as good as full when it hits 999 times in 1000.
pub fn warming(objects: f64, cached: f64, exponent: f64) -> Vec<(f64, f64)> {
    if objects <= 0.0 || cached <= 0.0 {
        return Vec::new();
    }
    static KNOWN: Memo<Vec<(f64, f64)>> = Memo::new();
    KNOWN.get([objects, cached, exponent], || warmed_up(objects, cached, exponent))
}

fn warmed_up(objects: f64, cached: f64, exponent: f64) -> Vec<(f64, f64)> {
    let groups = groups(objects, exponent);
    let filled = |reads: f64| -> f64 { groups.iter().map(|&(n, p)| n * -libm::expm1(-p * reads)).sum() };
    let hit = |reads: f64| -> f64 { groups.iter().map(|&(n, p)| n * p * -libm::expm1(-p * reads)).sum() };
    let full = |reads: f64| filled(reads) >= cached || hit(reads) >= 0.999;
    let mut end = 1.0;
    while !full(end) {
        end *= 2.0;
    }
    let mut low = 0.5 * end;
    for _ in 0..60 {
        let middle = 0.5 * (low + end);
        if full(middle) { end = middle } else { low = middle }
    }
    // closer together where little has been read
    const POINTS: i32 = 96;
    (1..=POINTS)
        .map(|i| end * libm::pow(f64::from(i) / f64::from(POINTS), 3.0))
        .map(|reads| (reads, hit(reads)))
        .collect()
}

/// Objects of like popularity together: (how many, popularity of each). The first thousand one by one, the
/// rest in groups that grow by 1%, with the integral of i^-s as their weight.
fn groups(objects: f64, exponent: f64) -> Vec<(f64, f64)> {
    let mut groups = Vec::new();
    let mut rank = 1.0;
    while rank <= objects && rank <= 1000.0 {
        groups.push((1.0, libm::pow(rank, -exponent)));
        rank += 1.0;
    }
    while rank <= objects {
        let n = (rank * 0.01).floor().max(1.0).min(objects - rank + 1.0);
        let (from, to) = (rank - 0.5, rank + n - 0.5);
        let weight = if (exponent - 1.0).abs() < 1e-9 {
            libm::log(to / from)
        } else {
            (libm::pow(to, 1.0 - exponent) - libm::pow(from, 1.0 - exponent)) / (1.0 - exponent)
        };
        groups.push((n, weight / n));
        rank += n;
    }
    let total: f64 = groups.iter().map(|(n, p)| n * p).sum();
    groups.iter().map(|&(n, p)| (n, p / total)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uniform_cache_hits_by_its_share() {
        assert!((hit_ratio(10_000.0, 2_500.0, 0.0) - 0.25).abs() < 1e-6);
        assert_eq!(hit_ratio(100.0, 100.0, 0.9), 1.0);
        assert_eq!(hit_ratio(100.0, 0.0, 0.9), 0.0);
    }

    /// An LRU list driven by the same popularity, counted.
    #[test]
    fn a_zipf_cache_hits_as_often_as_a_simulated_list() {
        let (objects, cached, exponent) = (2000usize, 200usize, 0.9);
        let weights: Vec<f64> = (1..=objects).map(|i| (i as f64).powf(-exponent)).collect();
        let total: f64 = weights.iter().sum();
        let mut cumulative = Vec::new();
        let mut sum = 0.0;
        for w in &weights {
            sum += w / total;
            cumulative.push(sum);
        }
        let mut list: Vec<usize> = Vec::new();
        let (mut hits, mut asked) = (0, 0);
        let key = crate::engine::Key::of_seed(3);
        for i in 0..120_000u64 {
            let u = key.indexed(i).draw(0, 0).unit();
            let object = cumulative.partition_point(|c| *c < u).min(objects - 1);
            let found = list.iter().position(|&o| o == object);
            if i > 20_000 {
                asked += 1;
                hits += found.is_some() as u32;
            }
            if let Some(at) = found {
                list.remove(at);
            } else if list.len() == cached {
                list.pop();
            }
            list.insert(0, object);
        }
        let simulated = hits as f64 / asked as f64;
        let computed = hit_ratio(objects as f64, cached as f64, exponent);
        assert!((simulated - computed).abs() < 0.01, "{simulated} {computed}");
    }
}

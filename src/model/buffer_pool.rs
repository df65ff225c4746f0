//! The buffer pool of a database after a restart: empty at first, it hits more often with each page that is read.
//!
//! Che's approximation says how often a full LRU pool hits: a page is found if it was used within a characteristic
//! time T. A pool that was emptied n page reads ago has kept all of them for as long as n < T, so it hits as one with
//! the characteristic time n: the sum of p (1 - exp(-p n)) over the pages (Che, Tung, Wang 2002, applied to the filling).

use crate::engine::random::KeyedRng;

#[derive(Clone, Debug)]
pub struct BufferPool {
    /// Whose it is.
    pub process: u32,
    /// How often it hits when it is full.
    pub hit: f64,
    /// (page reads since it was empty, hit ratio), both growing; behind the last it is as warm as it gets.
    pub curve: Vec<(f64, f64)>,
    pub cold: bool,
    /// Page reads since it was emptied.
    pub read: f64,
}

impl BufferPool {
    pub fn empty(&mut self) {
        self.cold = true;
        self.read = 0.0;
    }

    /// The hit ratio at present, on a straight line between two points of the curve, and never above that when full.
    pub fn present_hit(&self) -> f64 {
        let after = self.curve.partition_point(|(read, _)| *read <= self.read);
        let Some(&(to, high)) = self.curve.get(after) else { return self.hit };
        let (from, low) = if after == 0 { (0.0, 0.0) } else { self.curve[after - 1] };
        (low + (high - low) * (self.read - from) / (to - from)).min(self.hit)
    }

    /// So many pages are read: how many of them are not found.
    pub fn misses(&mut self, pages: u32, rng: &mut KeyedRng) -> u32 {
        let hit = self.present_hit();
        self.read += f64::from(pages);
        self.cold = self.curve.last().is_some_and(|(read, _)| self.read < *read);
        (0..pages).filter(|_| rng.unit() >= hit).count() as u32
    }
}

/// Page reads of a program while the pool is cold.
#[derive(Clone, Copy, Debug)]
pub struct ColdRead {
    pub pool: u32,
    /// Station of the disk; nanoseconds that it is occupied by a page, and those that pass after it.
    pub disk: u32,
    pub pages: u32,
    pub each_ns: f64,
    pub rest_ns: f64,
    pub purpose: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Key;
    use crate::model::cache::warming;

    #[test]
    fn an_emptied_pool_warms_up_as_a_simulated_one() {
        // uniform popularity over 1000 pages, all of which it holds
        let mut pool = BufferPool { process: 0, hit: 1.0, curve: warming(1000.0, 1000.0, 0.0), cold: false, read: 0.0 };
        pool.empty();
        let (mut seen, mut missed, mut really) = (vec![false; 1000], 0, 0);
        for i in 0..3000u64 {
            missed += pool.misses(1, &mut Key::of_seed(5).indexed(i).draw(1, 0));
            let page = (Key::of_seed(6).indexed(i).draw(1, 0).unit() * 1000.0) as usize;
            really += u32::from(!std::mem::replace(&mut seen[page], true));
        }
        assert!((f64::from(missed) / f64::from(really) - 1.0).abs() < 0.05, "{missed} {really}");
        assert!(pool.present_hit() > 0.94);
    }

    #[test]
    fn it_is_warm_when_it_is_full() {
        let mut pool = BufferPool { process: 0, hit: 0.25, curve: warming(1000.0, 250.0, 0.0), cold: false, read: 0.0 };
        pool.empty();
        let mut rng = Key::of_seed(5).draw(1, 0);
        while pool.cold {
            pool.misses(10, &mut rng);
        }
        assert!((pool.present_hit() - 0.25).abs() < 1e-3);
        // -1000 ln 0.75 reads fill a quarter of them
        assert!((pool.read - 287.7).abs() < 15.0, "{}", pool.read);
    }
}

//! Recorded timers to service times. A timer such as Tr contains the wait for a worker; behind N workers that
//! serve first come, first served, the wait is known: the k-th request begins when it has arrived and the
//! earliest worker is free, and all departures are in the log. Larson 1990, "The queue inference engine",
//! uses the same relation in the other direction.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Workers of one recorded station. Feed it every request that had the timer, in order of arrival, whether
/// or not it is played: those left out kept workers busy as well.
pub struct Inversion {
    /// When each worker is free, nanoseconds.
    free: BinaryHeap<Reverse<i64>>,
    workers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Service {
    pub service_s: f64,
    pub waiting_s: f64,
    /// The departure was before the begin of service: the timer is too coarse, the request did not pass
    /// through these workers, or there were more of them.
    pub clipped: bool,
}

impl Inversion {
    pub fn new(workers: u32) -> Inversion {
        Inversion { free: BinaryHeap::with_capacity(workers as usize), workers: workers.max(1) as usize }
    }

    /// `arrival_ns`: at the station; `timer_s`: from there to the departure.
    pub fn invert(&mut self, arrival_ns: i64, timer_s: f64) -> Service {
        let departure = arrival_ns.saturating_add((timer_s * 1e9).round() as i64);
        let free =
            if self.free.len() < self.workers { i64::MIN } else { self.free.pop().map_or(i64::MIN, |Reverse(at)| at) };
        let begin = arrival_ns.max(free);
        self.free.push(Reverse(departure.max(begin)));
        Service {
            service_s: (departure - begin).max(0) as f64 * 1e-9,
            waiting_s: (begin.min(departure) - arrival_ns) as f64 * 1e-9,
            clipped: departure < begin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_times_of_a_known_queue_come_back_exactly() {
        // Two workers; service 5, 3, 4, 1, 2 s; arrivals 0, 1, 2, 3, 20 s.
        // Begin 0, 1, 4 (second worker), 5 (first), 20.
        let arrivals = [0, 1, 2, 3, 20];
        let departures = [5, 4, 8, 6, 22];
        let mut inversion = Inversion::new(2);
        let found: Vec<(f64, f64)> = arrivals
            .iter()
            .zip(departures)
            .map(|(&arrival, departure)| {
                let service = inversion.invert(arrival * 1_000_000_000, (departure - arrival) as f64);
                assert!(!service.clipped);
                (service.service_s, service.waiting_s)
            })
            .collect();
        assert_eq!(found, [(5.0, 0.0), (3.0, 0.0), (4.0, 2.0), (1.0, 2.0), (2.0, 0.0)]);
    }

    #[test]
    fn a_departure_before_any_worker_was_free_is_clipped_to_nothing() {
        let mut inversion = Inversion::new(1);
        inversion.invert(0, 10.0);
        let service = inversion.invert(1_000_000_000, 2.0);
        assert_eq!(service, Service { service_s: 0.0, waiting_s: 2.0, clipped: true });
        // The worker stays busy until 10 s.
        assert_eq!(inversion.invert(2_000_000_000, 9.0).service_s, 1.0);
    }
}

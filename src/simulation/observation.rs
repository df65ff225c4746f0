//! What a run records, and when: from t = 0 to the end, in windows.

use super::result::{ClassResult, Transition, Window, Windows, failure};
use super::span::Spans;
use crate::engine::table::Table;
use crate::model::network::Network;
use crate::stats::histogram;

/// Windows of a time series; an open-ended run merges neighbours when it outgrows them.
const WINDOWS: u64 = 240;
/// Fewer where there are many stations: memory must not follow their product.
const WINDOWS_FEW: u64 = 60;
const MANY_STATIONS: usize = 2_000;
/// Windows of the warm-up that are kept.
const WARMING: usize = 80;
/// First width of an open-ended run's windows: 1/8 s in nanoseconds.
const WIDTH_FIRST: u64 = 125_000_000;

pub struct Observation {
    /// t = 0 on the clock, nanoseconds.
    pub origin: u64,
    /// `u64::MAX`: until nothing is left.
    pub end: u64,
    measuring: bool,
    pub classes: Table<ClassResult>,
    pub windows: Windows,
    /// Of the end of the warm-up; see `RunResult::warming`.
    pub warming: Vec<Window>,
    /// What was noticed, the warm-up's included.
    pub transitions: Vec<Transition>,
    /// When faults that come at random were there: (index, nanoseconds from when to when; `u64::MAX`: they still are).
    pub outages: Vec<(usize, u64, u64)>,
    /// Parts of the measured time that are looked at apart.
    pub spans: Spans,
    window: Window,
    window_end: u64,
    limit: usize,
    /// Areas of each station at the beginning of the window.
    areas: Vec<(u128, u128)>,
    /// Likewise of how long each replica was behind.
    behind_areas: Vec<u128>,
    pub in_flight: u64,
    pub in_flight_max: u64,
    pub in_flight_start: u64,
    pub finished_total: u64,
    /// When something last ended, was applied by a replica, or ended that nobody waits for. Timeouts
    /// that find nobody waiting come later and mean nothing.
    pub last_event: u64,
    /// Length of the measured part, nanoseconds; known at the end.
    pub measured: u64,
}

impl Observation {
    pub fn new(classes: usize, stations: usize, origin: u64, duration: Option<u64>) -> Observation {
        let limit = if stations > MANY_STATIONS { WINDOWS_FEW } else { WINDOWS };
        let width = duration.map_or(WIDTH_FIRST, |d| d.div_ceil(limit)).max(1);
        Observation {
            origin,
            end: duration.map_or(u64::MAX, |d| origin + d),
            measuring: false,
            classes: vec![ClassResult::default(); classes].into(),
            windows: Windows { width_ns: width, windows: Vec::new(), station_count: stations },
            warming: vec![
                Window::default();
                duration.map_or(0, |_| origin.div_ceil(width).min(WARMING as u64) as usize)
            ],
            transitions: Vec::new(),
            outages: Vec::new(),
            spans: Spans::default(),
            window: Window::default(),
            window_end: 0,
            limit: limit as usize,
            areas: vec![(0, 0); stations],
            behind_areas: Vec::new(),
            in_flight: 0,
            in_flight_max: 0,
            in_flight_start: 0,
            finished_total: 0,
            last_event: 0,
            measured: 0,
        }
    }

    /// When the next `tick` is wanted.
    pub fn next_tick(&self) -> u64 {
        if self.measuring { self.window_end.min(self.spans.next_edge()) } else { self.origin }
    }

    /// The warm-up ends, or a window does, or a part begins or ends that is looked at apart.
    pub fn tick(&mut self, net: &mut Network, now: u64) {
        if self.measuring {
            self.spans.pass(&self.classes, net, now);
            if now < self.window_end {
                return;
            }
            self.close_window(net, now);
            if self.windows.windows.len() == self.limit && self.end == u64::MAX {
                self.merge_windows();
            }
        } else {
            self.measuring = true;
            self.in_flight_start = self.in_flight;
            self.in_flight_max = self.in_flight;
            for i in 0..net.stations.len() {
                let at = net.stations[i].at;
                net.observed(at).begin(now);
            }
            for pool in &mut net.pools {
                pool.begin();
            }
            for dispatcher in &mut net.dispatchers {
                dispatcher.pool.begin();
            }
            for semi_sync in net.databases.iter_mut().filter_map(|d| d.semi_sync.as_mut()) {
                semi_sync.begin(now);
            }
            for replica in &mut net.replicas {
                replica.begin(now);
            }
            self.behind_areas = net.replicas.iter().map(|replica| replica.behind_area(now)).collect();
            self.spans.pass(&self.classes, net, now);
        }
        self.window_end = now + self.windows.width_ns;
    }

    fn close_window(&mut self, net: &mut Network, now: u64) {
        let mut window = std::mem::take(&mut self.window);
        window.present_ns.reserve_exact(net.stations.len());
        window.busy_ns.reserve_exact(net.stations.len());
        window.behind_area.reserve_exact(net.replicas.len());
        for i in 0..net.stations.len() {
            let at = net.stations[i].at;
            let observed = net.observed(at);
            observed.advance(now);
            let (present_area, busy_area) = (observed.present_area(now), observed.busy_area(now));
            let (present, busy) = self.areas[i];
            window.present_ns.push((present_area - present) as u64);
            window.busy_ns.push((busy_area - busy) as u64);
            self.areas[i] = (present_area, busy_area);
        }
        for (replica, before) in net.replicas.iter().zip(&mut self.behind_areas) {
            let area = replica.behind_area(now);
            window.behind_area.push(area - *before);
            *before = area;
        }
        self.windows.windows.push(window);
    }

    fn merge_windows(&mut self) {
        let windows = std::mem::take(&mut self.windows.windows);
        self.windows.windows = windows
            .chunks(2)
            .map(|pair| {
                let mut merged = pair[0].clone();
                if let Some(second) = pair.get(1) {
                    merged.merge(second);
                }
                merged
            })
            .collect();
        self.windows.width_ns *= 2;
    }

    #[inline(always)]
    pub fn arrived(&mut self, class: u16, now: u64) {
        self.in_flight += 1;
        if self.in_flight > self.in_flight_max {
            self.in_flight_max = self.in_flight;
        }
        if self.measuring {
            let c = &mut self.classes[class as usize];
            c.offered += 1;
            c.attempts += 1;
            self.window.arrived += 1;
        } else if let Some(window) = self.warming_at(now) {
            window.arrived += 1;
        }
    }

    /// The window of the warm-up that this instant lies in, if it is kept.
    #[cold]
    fn warming_at(&mut self, now: u64) -> Option<&mut Window> {
        let back = (self.origin.checked_sub(now + 1)? / self.windows.width_ns) as usize;
        let kept = self.warming.len();
        self.warming.get_mut(kept.checked_sub(back + 1)?)
    }

    /// A client repeats its request.
    pub fn tried_again(&mut self, class: u16) {
        if self.measuring {
            self.classes[class as usize].attempts += 1;
        }
    }

    #[inline(always)]
    pub fn finished(&mut self, class: u16, failure: u8, arrived: u64, now: u64) {
        self.in_flight -= 1;
        self.finished_total += 1;
        self.last_event = now;
        if !self.measuring {
            if let Some(window) = self.warming_at(now) {
                if failure == 0 {
                    window.completed += 1;
                    window.latency.record_in(histogram::index(now - arrived));
                } else {
                    window.failed[failure::reason(failure)] += 1;
                }
            }
            return;
        }
        let c = &mut self.classes[class as usize];
        let latency = now - arrived;
        if failure == 0 {
            c.completed += 1;
            let bucket = histogram::index(latency);
            c.latency_ns.record_in(bucket, latency);
            self.window.completed += 1;
            self.window.latency.record_in(bucket);
        } else {
            let reason = failure::reason(failure);
            c.failed[reason] += 1;
            c.failed_with[failure::status(failure)] += 1;
            c.failed_after_ns.record(latency);
            self.window.failed[reason] += 1;
        }
    }

    /// The run is over.
    pub fn finish(&mut self, net: &mut Network) {
        let end = if self.end == u64::MAX { self.last_event } else { self.end };
        if !self.measuring {
            self.tick(net, self.origin.min(end));
        }
        let begun = self.window_end - self.windows.width_ns;
        if end > begun {
            self.close_window(net, end);
        }
        for replica in &mut net.replicas {
            replica.advance(end);
        }
        self.measured = end - self.origin.min(end);
    }
}

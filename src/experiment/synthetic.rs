//! Runs made by hand for tests: one class at one FCFS worker, requests each 10 ms, worked out exactly.

use crate::engine::random::Key;
use crate::simulation::result::{ClassResult, RunResult, StationDetail, StationResult, StationRole, Window, Windows};
use crate::stats::histogram::Histogram;

const MS: u64 = 1_000_000;
pub const LENGTH_NS: u64 = 10_000 * MS;

/// Ten seconds from empty; service times of 3 to 12 ms differ from run to run.
pub fn run(index: u32) -> RunResult {
    let key = Key::of_seed(42).indexed(u64::from(index));
    let mut station = StationResult {
        name: "app".to_owned(),
        role: StationRole::Plain,
        workers: Some(1),
        arrivals: 0,
        departures: 0,
        lost: 0,
        present_start: 0,
        present_end: 0,
        present_area_ns: 0,
        busy_area_ns: 0,
        waiting_sum_ns: 0,
        service_sum_ns: 0,
        sojourn_sum_ns: 0,
        lost_waiting_sum_ns: 0,
        granted: 0,
        sojourn_before_ns: 0,
        sojourn_open_ns: 0,
        repaced: false,
        detail: None,
    };
    let mut class = ClassResult::default();
    let (mut waiting, mut sojourn) = (Histogram::default(), Histogram::default());
    let mut changes = Vec::new();
    let (mut free, mut waited) = (0, 0);
    for k in 0..1000 {
        let arrival = k * 10 * MS;
        let start = arrival.max(free);
        let service = 3 * MS + key.indexed(k).draw(1, 0).next() % (9 * MS);
        free = start + service;
        class.offered += 1;
        station.arrivals += 1;
        waited += u64::from(start > arrival);
        station.present_area_ns += u128::from(free.min(LENGTH_NS) - arrival);
        station.busy_area_ns += u128::from(free.min(LENGTH_NS).saturating_sub(start));
        changes.push((arrival, 1));
        if free > LENGTH_NS {
            station.present_end += 1;
            station.sojourn_open_ns += u128::from(LENGTH_NS - arrival);
            continue;
        }
        changes.push((free, -1));
        station.departures += 1;
        class.completed += 1;
        class.latency_ns.record(free - arrival);
        waiting.record(start - arrival);
        sojourn.record(free - arrival);
        station.waiting_sum_ns += u128::from(start - arrival);
        station.service_sum_ns += u128::from(service);
        station.sojourn_sum_ns += u128::from(free - arrival);
    }
    class.attempts = class.offered;
    changes.push((LENGTH_NS, 0));
    changes.sort_unstable();
    let (mut last, mut present, mut present_ns) = (0, 0i64, vec![0; 50]);
    for (at, change) in changes {
        present_ns[present as usize] += at - last;
        (last, present) = (at, present + change);
    }
    let window = Window { present_ns: vec![station.present_area_ns as u64], busy_ns: vec![0], ..Window::default() };
    let in_flight_end = station.present_end;
    station.detail = Some(Box::new(StationDetail {
        waiting_ns: waiting,
        sojourn_ns: sojourn,
        present_ns,
        arrivals_waiting: waited,
    }));
    RunResult {
        transitions: Vec::new(),
        outages: Vec::new(),
        spans: Vec::new(),
        seed: 42,
        run: index,
        warmup_s: 0.0,
        measured_s: LENGTH_NS as f64 / 1e9,
        events: 2000,
        finished_total: class.completed,
        classes: vec![class],
        stations: vec![station],
        replicas: Vec::new(),
        databases: Vec::new(),
        windows: Windows { width_ns: LENGTH_NS, windows: vec![window], station_count: 1 },
        warming: Vec::new(),
        in_flight_start: 0,
        in_flight_end,
        in_flight_max: 5,
        trace_notes: Vec::new(),
        oom_kills: Vec::new(),
    }
}

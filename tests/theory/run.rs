//! What is read off one run: `Seen` names stations and classes and gives seconds.

use foobar_sim::scenario::Scenario;
use foobar_sim::simulation::result::{ClassResult, DatabaseResult, ReplicaResult, RunResult, StationResult};
use foobar_sim::stats::histogram::Histogram;

const NS: f64 = 1e-9;

/// One run with its scenario.
pub struct Seen<'a> {
    pub scenario: &'a Scenario,
    pub run: &'a RunResult,
}

impl<'a> Seen<'a> {
    pub fn class(&self, name: &str) -> &'a ClassResult {
        let found = self.scenario.requests.iter().position(|r| r.name == name);
        &self.run.classes[found.unwrap_or_else(|| panic!("no request class {name}"))]
    }

    pub fn station(&self, name: &str) -> Station<'a> {
        let found = self.run.stations.iter().find(|s| s.name == name);
        let names = || self.run.stations.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
        Station {
            s: found.unwrap_or_else(|| panic!("no station {name} among {}", names())),
            measured_s: self.run.measured_s,
        }
    }

    /// Mean response time of a class, seconds.
    pub fn response(&self, class: &str) -> f64 {
        mean(&self.class(class).latency_ns)
    }

    pub fn response_quantile(&self, class: &str, q: f64) -> f64 {
        quantile(&self.class(class).latency_ns, q)
    }

    /// Share of the requests finished that were answered.
    pub fn answered(&self, class: &str) -> f64 {
        let class = self.class(class);
        let failed: u64 = class.failed.iter().sum();
        class.completed as f64 / (class.completed + failed) as f64
    }

    /// Requests answered per second.
    pub fn throughput(&self, class: &str) -> f64 {
        self.class(class).completed as f64 / self.run.measured_s
    }

    pub fn replica(&self) -> &'a ReplicaResult {
        &self.run.replicas[0]
    }

    pub fn database(&self) -> &'a DatabaseResult {
        &self.run.databases[0]
    }

    /// Mean number present at a station around an instant: over the window before it and the one behind.
    pub fn present_at(&self, station: &str, t: f64) -> f64 {
        let index = self.run.stations.iter().position(|s| s.name == station).expect("a station of that name");
        let width = self.run.windows.width_ns as f64 * NS;
        let after = (t / width).round() as usize;
        let windows = &self.run.windows.windows;
        let around = [after - 1, after];
        let area: u64 = around.iter().map(|&w| windows[w].present_ns[index]).sum();
        area as f64 * NS / (2.0 * width)
    }

    /// Mean and the first harmonic (cosine and sine) of the number present in [from, from + period).
    pub fn harmonic(&self, station: &str, from: f64, period: f64) -> (f64, f64, f64) {
        let index = self.run.stations.iter().position(|s| s.name == station).expect("a station of that name");
        let width = self.run.windows.width_ns as f64 * NS;
        let (first, count) = ((from / width).round() as usize, (period / width).round() as usize);
        let speed = std::f64::consts::TAU / period;
        let (mut mean, mut cosine, mut sine) = (0.0, 0.0, 0.0);
        for window in first..first + count {
            let present = self.run.windows.windows[window].present_ns[index] as f64 * NS / width;
            let t = (window as f64 + 0.5) * width;
            mean += present / count as f64;
            cosine += present * (speed * t).cos() * 2.0 / count as f64;
            sine += present * (speed * t).sin() * 2.0 / count as f64;
        }
        // a window's average flattens the wave by sin(x)/x
        let x = 0.5 * speed * width;
        let flat = x.sin() / x;
        (mean, cosine / flat, sine / flat)
    }
}

/// A station in one run. Times in seconds.
pub struct Station<'a> {
    pub s: &'a StationResult,
    measured_s: f64,
}

impl Station<'_> {
    pub fn utilization(&self) -> f64 {
        self.busy() / self.s.workers.expect("a limited station") as f64
    }

    /// Mean number of busy workers.
    pub fn busy(&self) -> f64 {
        self.s.busy_area_ns as f64 * NS / self.measured_s
    }

    /// Mean number present, waiting and in service.
    pub fn present(&self) -> f64 {
        self.s.present_area_ns as f64 * NS / self.measured_s
    }

    pub fn sojourn(&self) -> f64 {
        self.s.sojourn_sum_ns as f64 * NS / self.s.departures as f64
    }

    /// Of those served.
    pub fn wait(&self) -> f64 {
        self.s.waiting_sum_ns as f64 * NS / self.s.departures as f64
    }

    /// Of those served and of those who left.
    pub fn wait_of_all(&self) -> f64 {
        (self.s.waiting_sum_ns + self.s.lost_waiting_sum_ns) as f64 * NS / (self.s.departures + self.s.lost) as f64
    }

    /// Until a pool granted a slot.
    pub fn wait_for_slot(&self) -> f64 {
        self.s.waiting_sum_ns as f64 * NS / self.s.granted as f64
    }

    pub fn throughput(&self) -> f64 {
        self.s.departures as f64 / self.measured_s
    }

    pub fn lost(&self) -> f64 {
        self.s.lost as f64 / self.s.arrivals as f64
    }

    /// Share of arrivals that found all workers busy.
    pub fn waits(&self) -> f64 {
        self.detail().arrivals_waiting as f64 / self.s.arrivals as f64
    }

    pub fn wait_quantile(&self, q: f64) -> f64 {
        quantile(&self.detail().waiting_ns, q)
    }

    /// E[W^2], seconds squared.
    pub fn wait_second_moment(&self) -> f64 {
        let h = &self.detail().waiting_ns;
        let mean = h.mean().unwrap_or(f64::NAN);
        (h.variance().unwrap_or(f64::NAN) + mean * mean) * NS * NS
    }

    /// Share of the time with at least `n` present.
    pub fn present_at_least(&self, n: usize) -> f64 {
        let times = &self.detail().present_ns;
        let total: u64 = times.iter().sum();
        times.iter().skip(n).sum::<u64>() as f64 / total as f64
    }

    fn detail(&self) -> &foobar_sim::simulation::result::StationDetail {
        self.s.detail.as_deref().expect("the scenario says percentiles = true")
    }
}

/// Seconds.
pub fn mean(h: &Histogram) -> f64 {
    h.mean().unwrap_or(f64::NAN) * NS
}

/// Seconds.
pub fn quantile(h: &Histogram, q: f64) -> f64 {
    h.quantile(q).unwrap_or(f64::NAN) * NS
}

/// Seconds squared.
pub fn variance(h: &Histogram) -> f64 {
    h.variance().unwrap_or(f64::NAN) * NS * NS
}

/// Share above a time in seconds.
pub fn share_above(h: &Histogram, t: f64) -> f64 {
    h.count_above((t / NS).round() as u64) / h.count() as f64
}

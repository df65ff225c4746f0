//! What the pictures of a run are drawn from: of each station and window the figure alone, rounded to what can be seen.

use serde::{Deserialize, Serialize};

use super::super::band::Band;
use super::super::stored::{increasing, rounded, same_length};
use crate::experiment::Outcome;
use crate::experiment::pictured::OVER_TIME;
use crate::experiment::summary::Estimate;
use crate::report::series::{self, Point};
use crate::simulation::places::Spent;
use crate::simulation::result::{FailureReason, Window};

/// Stations in a heat map, and lines of queues.
const BUSIEST: usize = 20;
const LONGEST_QUEUES: usize = 7;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunData {
    /// Under every title.
    pub setting: String,
    pub measured_s: f64,
    pub incidents: Vec<Band>,
    pub traffic: OverTime,
    pub distribution: Vec<ClassCurve>,
    /// Edges of the windows of all that follows, one more than there are.
    pub edges_s: Vec<f64>,
    /// Busiest first.
    pub utilization: Vec<StationSeries>,
    /// Less busy ones that are left out.
    pub utilization_left_out: usize,
    /// Longest first, requests.
    pub queues: Vec<Series>,
    pub replication: Vec<Series>,
    /// Of a typical and of a slow request.
    pub time_spent: Vec<TimeSpentData>,
    pub topology: TopologyData,
}

/// Windows from the warm-up on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OverTime {
    /// One more than there are windows; before 0 is the warm-up.
    pub edges_s: Vec<f64>,
    pub arrived_per_s: Vec<f64>,
    pub completed_per_s: Series,
    pub failed_per_s: Vec<f64>,
    /// By reason, those that occurred.
    pub failed_for_per_s: Vec<Series>,
    /// p99, p95, p50, each with its interval.
    pub latency_ms: Vec<Percentile>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentile {
    pub name: String,
    pub value: Vec<Option<f64>>,
    pub ci95: Vec<Option<[f64; 2]>>,
}

/// A figure of something in each window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub name: String,
    pub values: Vec<f64>,
    /// Likewise; empty: there are none.
    pub ci95: Vec<Option<[f64; 2]>>,
}

impl Series {
    /// `at`: middles of the windows.
    pub fn interval(&self, at: &[f64]) -> Vec<(f64, f64, f64)> {
        at.iter().zip(&self.ci95).filter_map(|(at, ci)| ci.map(|[low, high]| (*at, low, high))).collect()
    }

    fn check(&self, windows: usize) -> Result<(), String> {
        same_length(&self.name, self.values.len(), windows)?;
        if self.ci95.is_empty() { Ok(()) } else { same_length(&self.name, self.ci95.len(), windows) }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StationSeries {
    pub name: String,
    pub mean: Value,
    pub values: Vec<f64>,
}

/// A number with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Value {
    pub value: Option<f64>,
    pub ci95: Option<[f64; 2]>,
}

impl Value {
    fn of(estimate: &Estimate) -> Value {
        Value { value: estimate.value.map(rounded), ci95: estimate.ci95.map(|ci| ci.map(rounded)) }
    }
}

/// Latency by percentile: (share of the requests that are faster, milliseconds, its interval).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassCurve {
    pub class: String,
    pub points: Vec<(f64, f64, Option<[f64; 2]>)>,
}

/// Of requests around a percentile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeSpentData {
    /// `p50`
    pub name: String,
    pub requests: u64,
    pub latency_ms: Value,
    /// The class that most are of, and its share.
    pub class: Option<(String, f64)>,
    /// Most time first.
    pub places: Vec<PlaceData>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceData {
    pub name: String,
    pub waiting_ms: f64,
    pub service_ms: f64,
    pub network_ms: f64,
    pub held_ms: f64,
    pub total_ms: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopologyData {
    pub servers: Vec<ServerNode>,
    pub services: Vec<ServiceNode>,
    /// (caller, called); null: the clients.
    pub calls: Vec<(Option<usize>, usize)>,
    /// (primary's server, replica's)
    pub replicates: Vec<(usize, usize)>,
    pub bottleneck: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerNode {
    pub name: String,
    /// (part, utilization): those that something uses.
    pub parts: Vec<(String, f64)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceNode {
    pub name: String,
    pub kind: String,
    pub servers: Vec<usize>,
    /// (pool, or the station itself; utilization), the fullest.
    pub fullest: Option<(String, f64)>,
}

impl RunData {
    pub fn of(outcome: &Outcome) -> RunData {
        let (summary, merged, pictured) = (&outcome.summary, &outcome.merged, &outcome.pictured);
        let all = series::points(outcome);
        let windows = together(all.chunks(pictured.together.max(1)));
        let points = placed(&windows, merged.runs);
        let utilization = utilization(outcome, &points);
        let shown = utilization.len().min(BUSIEST);
        let replication = pictured.replicas.iter().enumerate().map(|(i, server)| Series {
            name: server.clone(),
            values: points.iter().map(|point| rounded(point.seconds_behind(i))).collect(),
            ci95: intervals(pictured.behind_intervals.get(i), points.len()),
        });
        RunData {
            setting: format!("{}: {}", summary.scenario.name, super::super::super::content::setting(summary)),
            measured_s: summary.measured_s,
            incidents: incidents(outcome),
            traffic: traffic(outcome, &points),
            distribution: pictured.distribution.iter().map(curve).collect(),
            edges_s: edges(&points),
            utilization_left_out: utilization.len() - shown,
            utilization: utilization.into_iter().take(shown).collect(),
            queues: queues(outcome, &points),
            replication: replication.collect(),
            time_spent: pictured.time_spent.iter().flat_map(|spent| &spent.percentiles).map(time_spent).collect(),
            topology: topology(outcome),
        }
    }

    /// Whether it can be drawn: what is read from a file may be anything.
    pub fn check(&self) -> Result<(), String> {
        let traffic = &self.traffic;
        increasing("traffic.edges_s", &traffic.edges_s)?;
        increasing("edges_s", &self.edges_s)?;
        let windows = traffic.edges_s.len().saturating_sub(1);
        same_length("arrived_per_s", traffic.arrived_per_s.len(), windows)?;
        traffic.completed_per_s.check(windows)?;
        same_length("failed_per_s", traffic.failed_per_s.len(), windows)?;
        for reason in &traffic.failed_for_per_s {
            reason.check(windows)?;
        }
        for percentile in &traffic.latency_ms {
            same_length(&percentile.name, percentile.value.len(), windows)?;
            same_length(&percentile.name, percentile.ci95.len(), windows)?;
        }
        for station in &self.utilization {
            same_length(&station.name, station.values.len(), self.edges_s.len().saturating_sub(1))?;
        }
        for series in self.queues.iter().chain(&self.replication) {
            series.check(self.edges_s.len().saturating_sub(1))?;
        }
        let topology = &self.topology;
        let (servers, services) = (topology.servers.len(), topology.services.len());
        let calls = topology.calls.iter().all(|&(from, to)| from.is_none_or(|from| from < services) && to < services);
        let replicates = topology.replicates.iter().all(|&(from, to)| from < servers && to < servers);
        let placed = topology.services.iter().flat_map(|service| &service.servers).all(|&server| server < servers);
        if calls && replicates && placed { Ok(()) } else { Err("the topology names what is not in it".into()) }
    }
}

fn edges(points: &[Point]) -> Vec<f64> {
    let mut edges: Vec<f64> = points.iter().map(|point| rounded(point.start_s)).collect();
    edges.extend(points.last().map(|point| rounded(point.start_s + point.length_s)));
    edges
}

/// Neighbouring windows as one: beginning, length, and what happened.
fn together<'a, 'p: 'a>(parts: impl Iterator<Item = &'a [Point<'p>]>) -> Vec<(f64, f64, Window)> {
    let one = |part: &[Point]| {
        let mut window = part[0].window.clone();
        part[1..].iter().for_each(|point| window.merge(point.window));
        (part[0].start_s, part.iter().map(|point| point.length_s).sum(), window)
    };
    parts.map(one).collect()
}

fn placed(windows: &[(f64, f64, Window)], runs: u32) -> Vec<Point<'_>> {
    windows.iter().map(|(start_s, length_s, window)| Point::new(*start_s, *length_s, window, runs)).collect()
}

fn incidents(outcome: &Outcome) -> Vec<Band> {
    let measured_s = outcome.summary.measured_s;
    let band = |incident: &crate::experiment::summary::Incident| Band {
        number: incident.fault,
        what: incident.what.clone(),
        from_s: incident.at_s,
        to_s: incident.until_s.map_or(measured_s, |until_s| until_s.min(measured_s)),
    };
    outcome.summary.incidents.iter().map(band).collect()
}

fn traffic(outcome: &Outcome, points: &[Point]) -> OverTime {
    let before = warming(outcome);
    // whole ones up to t = 0
    let parts = before.rchunks(outcome.pictured.together.max(1)).rev();
    let before = together(parts);
    let warming = placed(&before, outcome.merged.runs);
    let mut edges_s: Vec<f64> = warming.iter().map(|point| rounded(point.start_s)).collect();
    edges_s.extend(edges(points));
    let all = || warming.iter().chain(points);
    let rate = |of: &dyn Fn(&Point) -> f64| all().map(|point| rounded(of(point))).collect::<Vec<f64>>();
    let reasons = FailureReason::ALL.iter().enumerate().map(|(i, reason)| Series {
        name: reason.name().to_owned(),
        values: all().map(|point| rounded(point.failed_for_per_s(i))).collect(),
        ci95: Vec::new(),
    });
    let completed_intervals = intervals(Some(&outcome.pictured.completed_intervals), points.len());
    let before = if completed_intervals.is_empty() { 0 } else { warming.len() };
    let completed = Series {
        name: "completed".into(),
        values: rate(&|point| point.completed_per_s()),
        ci95: std::iter::repeat_n(None, before).chain(completed_intervals).collect(),
    };
    let percentile = |i: usize| {
        let interval = |at: usize| outcome.pictured.intervals.get(at).and_then(|of_window| of_window[i]);
        let none = std::iter::repeat_n(None, warming.len());
        Percentile {
            name: format!("p{:.0}", OVER_TIME[i] * 100.0),
            value: all().map(|point| point.latency_ms(OVER_TIME[i]).map(rounded)).collect(),
            ci95: none.chain((0..points.len()).map(interval)).map(|ci| ci.map(|ci| ci.map(rounded))).collect(),
        }
    };
    OverTime {
        edges_s,
        arrived_per_s: rate(&|point| point.arrived_per_s()),
        completed_per_s: completed,
        failed_per_s: rate(&|point| point.failed_per_s()),
        failed_for_per_s: reasons.filter(|reason| reason.values.iter().any(|v| *v > 0.0)).collect(),
        latency_ms: (0..OVER_TIME.len()).rev().map(percentile).collect(),
    }
}

/// A quarter of the picture at most.
fn warming(outcome: &Outcome) -> Vec<Point<'_>> {
    let windows: &[Window] = &outcome.pictured.warming;
    let width_s = outcome.merged.windows.width_ns as f64 / 1e9;
    let most = (outcome.summary.measured_s / 3.0 / width_s) as usize;
    let shown = &windows[windows.len() - windows.len().min(most)..];
    let point = |(i, window)| {
        let end_s = (shown.len() - 1 - i) as f64 * -width_s;
        let start_s = (end_s - width_s).max(-outcome.summary.warmup_s);
        Point::new(start_s, end_s - start_s, window, outcome.merged.runs)
    };
    // before the beginning there may be a sliver, with absurd rates
    shown.iter().enumerate().map(point).filter(|point| point.length_s > width_s * 0.1).collect()
}

fn curve(class: &crate::experiment::pictured::ClassLatency) -> ClassCurve {
    let point = |(share, estimate): &(f64, Estimate)| {
        let value = estimate.value.filter(|_| !estimate.censored)?;
        Some((*share, rounded(value), estimate.ci95.map(|ci| ci.map(rounded))))
    };
    ClassCurve { class: class.class.clone(), points: class.points.iter().filter_map(point).collect() }
}

/// Busiest first; stations without a limit have no utilization.
fn utilization(outcome: &Outcome, points: &[Point]) -> Vec<StationSeries> {
    let merged = &outcome.merged;
    let stations = merged.station_names.iter().zip(&merged.station_workers).enumerate();
    let mut found: Vec<StationSeries> = stations
        .filter_map(|(station, (name, workers))| {
            let workers = f64::from((*workers)?.max(1));
            let area: f64 = points.iter().map(|p| p.busy(station) * p.length_s).sum();
            let length: f64 = points.iter().map(|p| p.length_s).sum();
            let share = if length > 0.0 { area / length / workers } else { 0.0 };
            let values = points.iter().map(|point| rounded(point.busy(station) / workers)).collect();
            let summed = outcome.summary.stations.iter().find(|summary| summary.name == *name);
            let mean = summed.map_or(Estimate { value: None, ci95: None, runs: 0, censored: false }, |s| s.utilization);
            let mean =
                Value { value: Some(rounded(mean.value.unwrap_or(share))), ci95: mean.ci95.map(|ci| ci.map(rounded)) };
            Some(StationSeries { name: name.clone(), mean, values })
        })
        .collect();
    let mean = |station: &StationSeries| station.mean.value.unwrap_or(0.0);
    found.sort_by(|a, b| mean(b).total_cmp(&mean(a)));
    found
}

/// Empty where there are none.
fn intervals(found: Option<&Vec<Option<[f64; 2]>>>, points: usize) -> Vec<Option<[f64; 2]>> {
    let found = found.filter(|found| found.len() == points && found.iter().any(Option::is_some));
    found.map_or_else(Vec::new, |found| found.iter().map(|ci| ci.map(|ci| ci.map(rounded))).collect())
}

/// Longest at their peaks first.
fn queues(outcome: &Outcome, points: &[Point]) -> Vec<Series> {
    let names = &outcome.merged.station_names;
    let mut found: Vec<Series> = names
        .iter()
        .enumerate()
        .map(|(station, name)| Series {
            name: name.clone(),
            values: points.iter().map(|point| rounded(point.queue(station))).collect(),
            ci95: intervals(outcome.pictured.queue_intervals.get(station), points.len()),
        })
        .collect();
    let peak = |series: &Series| series.values.iter().copied().fold(0.0, f64::max);
    found.retain(|series| peak(series) > 0.0);
    found.sort_by(|a, b| peak(b).total_cmp(&peak(a)));
    found.truncate(LONGEST_QUEUES);
    found
}

fn time_spent(percentile: &crate::experiment::time_spent::Percentile) -> TimeSpentData {
    let place = |place: &crate::experiment::time_spent::PlaceTime| {
        let rest = |spent: Spent| if place.spent == spent { rounded(place.rest_ms) } else { 0.0 };
        PlaceData {
            name: place.name.clone(),
            waiting_ms: rounded(place.waiting_ms),
            service_ms: rest(Spent::Service),
            network_ms: rest(Spent::Network),
            held_ms: rest(Spent::Held),
            total_ms: Value::of(&place.total_ms),
        }
    };
    TimeSpentData {
        name: format!("p{:.0}", percentile.share * 100.0),
        requests: percentile.requests,
        latency_ms: Value::of(&percentile.latency_ms),
        class: percentile.class.clone().map(|(name, share)| (name, rounded(share))),
        places: percentile.places.iter().map(place).collect(),
    }
}

fn topology(outcome: &Outcome) -> TopologyData {
    let topology = &outcome.pictured.topology;
    let stations = &outcome.summary.stations;
    let busy = |name: &str| {
        let station = stations.iter().find(|station| station.name == name)?;
        station.utilization.value.filter(|_| station.workers.is_some())
    };
    let parts = [("CPU", "cpu"), ("disk", "disk"), ("net out", "nic_out"), ("net in", "nic_in")];
    let server = |name: &String| ServerNode {
        name: name.clone(),
        parts: parts
            .iter()
            .filter_map(|(part, station)| Some(((*part).to_owned(), rounded(busy(&format!("{name}.{station}"))?))))
            .collect(),
    };
    let service = |service: &crate::experiment::topology::Placed| {
        let own = format!("{}.", service.name);
        let pools = stations.iter().filter(|station| station.name == service.name || station.name.starts_with(&own));
        let fullest = pools
            .filter(|station| station.workers.is_some())
            .filter_map(|station| Some((station.name.clone(), rounded(station.utilization.value?))))
            .reduce(|fullest, next| if next.1 > fullest.1 { next } else { fullest });
        ServiceNode {
            name: service.name.clone(),
            kind: service.kind.clone(),
            servers: service.servers.clone(),
            fullest,
        }
    };
    TopologyData {
        servers: topology.servers.iter().map(server).collect(),
        services: topology.services.iter().map(service).collect(),
        calls: topology.calls.clone(),
        replicates: topology.replicates.clone(),
        bottleneck: outcome.summary.bottleneck.as_ref().map(|bottleneck| bottleneck.station.clone()),
    }
}

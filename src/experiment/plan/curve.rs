//! Load against response time: simulated at some loads, beside what theory says of them, and the knee of both.
//!
//! The knee is where the mean response time is twice that of an idle system: for one M/M/1 queue that is the load of the
//! greatest throughput per response time (Kleinrock 1979, "power"). Where the simulated knee comes clearly before the
//! formula's, something else than the stations' work holds requests up: a pool, a limit, a policy.

use serde::Serialize;

use super::ladder::{self, Ask};
use super::subject::{Said, Subject};
use crate::experiment::bounds::is_product_form;
use crate::experiment::estimate::Doubt;
use crate::experiment::summary::Estimate;
use crate::scenario::Process;
use crate::simulation::compile::compile;
use crate::simulation::load::{LoadTable, StationLoad};
use crate::simulation::result::StationRole;
use crate::stats::analytic::closed::{self, ClosedStation};
use crate::stats::analytic::erlang::Mmc;
use crate::stats::special::bisect;
use crate::workload::arrival::Arrivals;

/// Of the rate at which the first station saturates. Nearer to it short runs do not settle.
const SHARES: [f64; 6] = [0.2, 0.4, 0.6, 0.75, 0.85, 0.93];
/// Of the users at which the asymptotes cross.
const CROWDS: [f64; 6] = [0.25, 0.5, 0.75, 1.0, 1.5, 2.5];
/// Knees that are further apart disagree.
const APART: f64 = 0.1;
/// A simulated utilization that is further off than this share disagrees.
const OFF: f64 = 0.05;

#[derive(Clone, Debug, Serialize)]
pub struct CurvePoint {
    pub scale: f64,
    /// Offered: requests per second, or users.
    pub load: f64,
    pub throughput_per_s: Estimate,
    pub in_flight: Estimate,
    pub mean_ms: Estimate,
    pub p99_ms: Estimate,
    /// Of the station that saturates first.
    pub utilization: Estimate,
    /// What theory says of the mean; `None` where it says nothing.
    pub theory: Theory,
}

/// Mean response times in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Theory {
    /// No answer is faster on average.
    pub idle_ms: Option<f64>,
    /// Every station as M/M/c, or closed users by mean value analysis: exact where the network is in product form.
    pub formula_ms: Option<f64>,
    /// Balanced-job bounds.
    pub balanced_ms: Option<[f64; 2]>,
    /// Utilization law, of the station that saturates first.
    pub utilization: Option<f64>,
    /// Asymptotic bound of the throughput.
    pub throughput_max_per_s: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Curve {
    pub points: Vec<CurvePoint>,
    /// Whether the formula is exact for this network.
    pub product_form: bool,
    /// Load at which the mean is twice that of an idle system, by linear interpolation; `None`: not among the points.
    pub knee_simulated: Option<f64>,
    pub knee_formula: Option<f64>,
    /// What the simulation and theory do not agree in.
    pub disagreements: Vec<String>,
}

/// `saturation`: scale at which the first station is full; `None` of closed users.
pub fn curve(subject: &Subject, asks: Option<&[Ask]>, present: f64) -> Curve {
    let compiled = compile(&subject.scenario);
    let table = Formulas::new(subject, asks, &compiled.load, present);
    let scales: Vec<f64> = match (&table.users, table.saturation) {
        (Some(users), _) => {
            let crossing = table.crossing_users().unwrap_or(*users);
            CROWDS.iter().map(|share| (share * crossing).round().max(1.0) / users).collect()
        }
        (None, Some(saturation)) => SHARES.iter().map(|share| share * saturation).collect(),
        (None, None) => [0.25, 0.5, 1.0, 1.5, 2.0].to_vec(),
    };
    let first = asks
        .and_then(|asks| asks.iter().filter(|ask| !ask.at_most).min_by(|a, b| a.saturates().total_cmp(&b.saturates())));
    let at = first.and_then(|ask| compiled.network.stations.iter().position(|s| s.name == ask.station));
    let mut points: Vec<CurvePoint> = Vec::new();
    for scale in scales {
        // two crowds that are one after rounding
        if points.iter().any(|point| point.scale == scale) {
            continue;
        }
        let said = subject.rough_at(scale);
        let workers = first.map_or(1.0, |ask| f64::from(ask.workers));
        let busy = |run: &Said| at.map(|at| run.busy[at] / workers);
        points.push(point(subject, scale, scale * present, &said, busy, table.at(scale)));
    }
    let idle_ms = table.idle_s * 1e3;
    let knee_simulated = crossing(&points, |point| point.mean_ms.value, 2.0 * idle_ms);
    let knee_formula = table.knee().map(|scale| scale * present);
    let mut curve =
        Curve { points, product_form: table.exact, knee_simulated, knee_formula, disagreements: Vec::new() };
    curve.disagreements = disagreements(&curve, first.map(|ask| ask.station.as_str()), table.exact);
    curve
}

fn point(
    subject: &Subject,
    scale: f64,
    load: f64,
    said: &[Said],
    busy: impl Fn(&Said) -> Option<f64>,
    theory: Theory,
) -> CurvePoint {
    let doubt = Doubt { intervals: subject.intervals, ..Doubt::default() };
    CurvePoint {
        scale,
        load,
        throughput_per_s: doubt.mean(said.iter().map(|run| Some(run.throughput_per_s))),
        in_flight: doubt.mean(said.iter().map(|run| Some(run.in_flight))),
        mean_ms: doubt.mean(said.iter().map(|run| run.mean_s.map(|s| s * 1e3))),
        p99_ms: doubt.mean(said.iter().map(|run| run.p99_s.map(|s| s * 1e3))),
        utilization: doubt.mean(said.iter().map(busy)),
        theory,
    }
}

/// The load at which a figure first passes a level.
fn crossing(points: &[CurvePoint], of: impl Fn(&CurvePoint) -> Option<f64>, level: f64) -> Option<f64> {
    let known: Vec<(f64, f64)> = points.iter().filter_map(|point| Some((point.load, of(point)?))).collect();
    let (_, first) = *known.first()?;
    if first > level {
        return None;
    }
    let pair = known.windows(2).find(|pair| pair[1].1 > level)?;
    let [(from, low), (to, high)] = [pair[0], pair[1]];
    // response times grow like 1 / (1 - utilization): their reciprocals are nearly straight
    let share = (1.0 / low - 1.0 / level) / (1.0 / low - 1.0 / high);
    Some(from + share * (to - from))
}

fn disagreements(curve: &Curve, first: Option<&str>, exact: bool) -> Vec<String> {
    let mut found = Vec::new();
    if let (Some(simulated), Some(formula)) = (curve.knee_simulated, curve.knee_formula) {
        let off = simulated / formula - 1.0;
        if off < -APART {
            found.push(format!(
                "the simulated knee comes {:.0}% before the formula's: something else than work holds requests up (a pool, \
                 a limit, a burst, a policy)",
                -100.0 * off
            ));
        } else if off > APART {
            found.push(format!(
                "the simulated knee comes {:.0}% after the formula's: work or arrivals vary less than exponential ones",
                100.0 * off
            ));
        }
    }
    for point in &curve.points {
        let (Some(measured), Some(law)) = (point.utilization.value, point.theory.utilization) else { continue };
        let noise = point.utilization.ci95.map_or(0.0, |[low, high]| 0.5 * (high - low));
        if (measured - law).abs() > (OFF * law).max(2.0 * noise) {
            let station = first.unwrap_or("the first station");
            found.push(format!(
                "{station} is {:.1}% busy at a load of {:.4}, and {:.1}% by the utilization law: requests fail or are \
                 repeated, or another station is full before it",
                100.0 * measured,
                point.load,
                100.0 * law
            ));
            break;
        }
    }
    let broken = curve.points.iter().find(|point| {
        let ([low, _], Some(value)) = (point.mean_ms.ci95.unwrap_or([f64::NAN; 2]), point.mean_ms.value) else {
            return false;
        };
        let [least, most] = match (exact, point.theory.balanced_ms) {
            (true, Some(bounds)) => bounds,
            _ => [point.theory.idle_ms.unwrap_or(0.0), f64::INFINITY],
        };
        let slack = 0.02 * value + 2.0 * (value - low);
        value + slack < least || value - slack > most
    });
    if let Some(point) = broken {
        found.push(format!("the mean response at a load of {:.4} lies outside of its analytic bounds", point.load));
    }
    found
}

/// What theory knows of this scenario.
struct Formulas {
    /// Closed users of the only traffic.
    users: Option<f64>,
    think_s: f64,
    /// At an idle system, requests of all classes.
    idle_s: f64,
    /// Time of it that is spent at no station.
    passing_s: f64,
    /// Those that work, and may have queues.
    stations: Vec<Queue>,
    /// Requests per second at scale 1, of all traffic and of what is scaled.
    rate: f64,
    present: f64,
    saturation: Option<f64>,
    exact: bool,
    /// Of the station that saturates first.
    first: Option<Ask>,
}

struct Queue {
    ask: Ask,
    /// Work of one visit.
    mean_s: f64,
}

impl Formulas {
    fn new(subject: &Subject, asks: Option<&[Ask]>, load: &LoadTable, present: f64) -> Formulas {
        let scenario = &subject.scenario;
        let closed = match scenario.traffic.as_slice() {
            [only] => match &only.process {
                Process::Closed { users, think, .. } => Some((f64::from(*users), think.mean())),
                _ => None,
            },
            _ => None,
        };
        let weights: Vec<f64> = scenario
            .traffic
            .iter()
            .map(|traffic| match &traffic.process {
                Process::Trace(_) | Process::Closed { .. } => 1.0,
                process => Arrivals::mean_rate(process, scenario.simulation.duration_s.unwrap_or(0.0)),
            })
            .collect();
        let all: f64 = weights.iter().sum();
        let idle_s: f64 = load.classes.iter().map(|c| weights[c.source] / all * c.share * c.unloaded_s).sum();
        // pools are held while others work: their time is that of the others
        let asked = if closed.is_some() { &load.of_one_request } else { &load.stations };
        let queue = |s: &StationLoad| {
            let ask = asks?.iter().find(|ask| ask.station == s.station && ask.role != StationRole::Pool)?;
            (s.offered_erlangs > 0.0).then(|| Queue { ask: ask.clone(), mean_s: s.offered_erlangs / s.visits_per_s })
        };
        let stations: Vec<Queue> = asked.iter().filter_map(queue).collect();
        let rate = load.rate_per_s.unwrap_or(if closed.is_some() { 1.0 } else { present });
        let at_stations = stations.iter().map(|s| s.ask.erlangs(1.0)).sum::<f64>() / rate;
        let unlimited = load.classes.is_empty();
        Formulas {
            users: closed.map(|(users, _)| users),
            think_s: closed.map_or(0.0, |(_, think)| think),
            passing_s: if unlimited { 0.0 } else { (idle_s - at_stations).max(0.0) },
            idle_s,
            exact: is_product_form(scenario) && subject.source.is_none(),
            stations,
            rate,
            present,
            saturation: closed.map_or_else(|| asks.and_then(ladder::saturation), |_| None),
            first: asks.and_then(|asks| {
                asks.iter().filter(|ask| !ask.at_most).min_by(|a, b| a.saturates().total_cmp(&b.saturates())).cloned()
            }),
        }
    }

    fn closed_network(&self) -> Vec<ClosedStation> {
        let mut network: Vec<ClosedStation> =
            self.stations.iter().map(|s| ClosedStation::multi(s.ask.erlangs(1.0), s.ask.workers)).collect();
        network.push(ClosedStation::delay(self.think_s + self.passing_s));
        network
    }

    /// For bounds, which are for single workers. `fast`: c workers as one that is c times as fast, and the rest of the time
    /// as a delay, which waits longer than they do; else as a delay alone, which never waits.
    fn single_workers(&self, fast: bool) -> Vec<ClosedStation> {
        let mut network = Vec::new();
        let mut delay = self.think_s + self.passing_s;
        for s in &self.stations {
            let (workers, demand) = (f64::from(s.ask.workers), s.ask.erlangs(1.0));
            if fast || s.ask.workers == 1 {
                network.push(ClosedStation::queue(demand / workers));
                delay += demand * (workers - 1.0) / workers;
            } else {
                delay += demand;
            }
        }
        network.push(ClosedStation::delay(delay));
        network
    }

    fn crossing_users(&self) -> Option<f64> {
        closed::bounds(&self.single_workers(true), 1).ok().map(|bounds| bounds.knee_users)
    }

    fn at(&self, scale: f64) -> Theory {
        let idle = (self.idle_s > 0.0).then_some(self.idle_s * 1e3);
        let mut theory = Theory { idle_ms: idle, ..Theory::default() };
        if let Some(users) = self.users {
            let users = (users * scale).round().max(1.0);
            if let Ok(solved) = closed::exact(&self.closed_network(), users as u32) {
                theory.formula_ms = Some((users / solved.throughput - self.think_s) * 1e3);
                theory.utilization = self.first.as_ref().map(|ask| solved.throughput / ask.saturates());
            }
            if let Ok(slow) = closed::bounds(&self.single_workers(true), users as u32) {
                theory.throughput_max_per_s = Some(slow.throughput_max);
                // R = N / X - Z
                let response = |throughput: f64| (users / throughput - self.think_s) * 1e3;
                let least = closed::bounds(&self.single_workers(false), users as u32)
                    .map_or(slow.throughput_max, |none| none.balanced_throughput_max.min(slow.throughput_max));
                theory.balanced_ms = Some([response(least), response(slow.balanced_throughput_min)]);
            }
            return theory;
        }
        theory.formula_ms = self.open_response(scale).map(|s| s * 1e3);
        theory.balanced_ms = self.balanced(scale).map(|ends| ends.map(|s| s * 1e3));
        theory.utilization = self.first.as_ref().map(|ask| ask.erlangs(scale) / f64::from(ask.workers));
        theory.throughput_max_per_s = self.saturation.map(|saturation| self.rate_at(saturation));
        theory
    }

    /// Requests per second.
    fn rate_at(&self, scale: f64) -> f64 {
        self.rate + (scale - 1.0) * self.present
    }

    /// Every station as M/M/c.
    fn open_response(&self, scale: f64) -> Option<f64> {
        let mut waiting = 0.0;
        for s in &self.stations {
            let visits_per_s = s.ask.erlangs(scale) / s.mean_s;
            let queue = Mmc::new(visits_per_s, 1.0 / s.mean_s, s.ask.workers).ok()?;
            waiting += visits_per_s / self.rate_at(scale) * queue.wait_mean();
        }
        (!self.stations.is_empty()).then_some(self.idle_s + waiting)
    }

    /// Open balanced-job bounds (Lazowska, Zahorjan, Graham, Sevcik 1984, table 5.3): as if all demands were the average
    /// one, or all the largest; several workers as [`Formulas::single_workers`] has them.
    fn balanced(&self, scale: f64) -> Option<[f64; 2]> {
        let rate = self.rate_at(scale);
        let demands = |single: bool| {
            let wanted = self.stations.iter().filter(move |s| !single || s.ask.workers == 1);
            wanted.map(move |s| s.ask.erlangs(scale) / rate / f64::from(s.ask.workers))
        };
        let singles: f64 = demands(true).sum();
        let average = singles / demands(true).count().max(1) as f64;
        let (total, largest) = (demands(false).sum::<f64>(), demands(false).fold(0.0, f64::max));
        (rate * largest < 1.0 && total > 0.0).then(|| {
            let least = self.idle_s - singles + singles / (1.0 - rate * average);
            [least, self.idle_s - total + total / (1.0 - rate * largest)]
        })
    }

    /// The scale at which the formula's mean is twice that of an idle system.
    fn knee(&self) -> Option<f64> {
        if self.idle_s <= 0.0 || self.stations.is_empty() {
            return None;
        }
        let doubled = 2.0 * self.idle_s;
        if let Some(users) = self.users {
            let network = self.closed_network();
            let slow = |n: u32| {
                closed::exact(&network, n).is_ok_and(|s| f64::from(n) / s.throughput - self.think_s >= doubled)
            };
            let (mut low, mut high) = (1, (8.0 * self.crossing_users()?).clamp(2.0, 1e5) as u32);
            if slow(low) || !slow(high) {
                return None;
            }
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if slow(middle) { high = middle } else { low = middle }
            }
            return Some(f64::from(high) / users);
        }
        let response = |scale: f64| self.open_response(scale).unwrap_or(f64::INFINITY);
        let most = self.saturation?;
        // a formula of no traffic at all is none
        Some(bisect(1e-6 * most, most, |scale| response(scale) >= doubled))
    }
}

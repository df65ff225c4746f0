//! The ladder of bottlenecks: what saturates first, at what rate, what it takes to lift it, what saturates next. From
//! the work that each station is asked for, before anything runs.

use serde::Serialize;

use crate::scenario::Scenario;
use crate::simulation::compile::{Compiled, compile};
use crate::simulation::result::StationRole;

/// Steps shown: the first, and three up.
pub const RUNGS: usize = 4;
/// Stations that saturate within this share of each other do so together.
const TOGETHER: f64 = 1e-6;

/// What one station is asked for as the traffic grows: erlangs = fixed + scaled x scale.
#[derive(Clone, Debug)]
pub struct Ask {
    pub station: String,
    pub role: StationRole,
    pub workers: u32,
    fixed: f64,
    scaled: f64,
    /// Where more comes here than in proportion: slots are held longer under load, a policy may choose otherwise.
    pub at_most: bool,
    /// A policy that looks at the servers' state decides how much comes here.
    pub assumed: bool,
}

impl Ask {
    pub fn erlangs(&self, scale: f64) -> f64 {
        self.fixed + self.scaled * scale
    }

    /// The scale at which it saturates.
    pub fn saturates(&self) -> f64 {
        (f64::from(self.workers) - self.fixed) / self.scaled
    }
}

/// Of all stations that more traffic brings nearer to saturation; `None` where the rates of closed users or traces are
/// not known beforehand. Scales of closed users are throughputs: requests per second.
pub fn asks(scenario: &Scenario, source: Option<usize>) -> Option<Vec<Ask>> {
    let once = compile(scenario);
    if once.load.rate_per_s.is_none() {
        return (!once.load.of_one_request.is_empty()).then(|| {
            let of_one = once.load.of_one_request.iter();
            of_one.filter_map(|s| ask(&once, &s.station, s.workers?, 0.0, s.offered_erlangs, s.assumed)).collect()
        });
    }
    let twice = compile(&scenario.with_traffic(2.0, source));
    let stations = once.load.stations.iter().zip(&twice.load.stations);
    let found = stations.filter_map(|(one, two)| {
        let scaled = two.offered_erlangs - one.offered_erlangs;
        ask(&once, &one.station, one.workers?, one.offered_erlangs - scaled, scaled, one.assumed)
    });
    Some(found.collect())
}

fn ask(compiled: &Compiled, name: &str, workers: u32, fixed: f64, scaled: f64, assumed: bool) -> Option<Ask> {
    let entry = compiled.network.stations.iter().find(|entry| entry.name == name)?;
    let known = matches!(entry.role, StationRole::Cpu | StationRole::NicOut | StationRole::NicIn | StationRole::Plain);
    // differences of the last bits are no load
    (scaled > 1e-12 * workers as f64).then(|| Ask {
        station: name.to_owned(),
        role: entry.role,
        workers,
        fixed,
        scaled,
        at_most: assumed || !known,
        assumed,
    })
}

/// The scale at which the first station saturates whose load is known for sure.
pub fn saturation(asks: &[Ask]) -> Option<f64> {
    let sure = asks.iter().filter(|ask| !ask.at_most).map(Ask::saturates).reduce(f64::min);
    sure.or_else(|| asks.iter().map(Ask::saturates).reduce(f64::min)).filter(|scale| *scale > 0.0)
}

#[derive(Clone, Debug, Serialize)]
pub struct Rung {
    /// All that saturate here.
    pub stations: Vec<String>,
    pub kind: &'static str,
    pub workers: u32,
    /// Busy now, of its workers.
    pub utilization: f64,
    /// In requests per second, all traffic together.
    pub saturates_at_rate: f64,
    pub saturates_at_scale: f64,
    /// Holding times grow under load, or a policy decides: it saturates there at the latest.
    pub at_the_latest: bool,
    /// To bear the rate of the next rung: so many workers, or as much less work for each request.
    pub lift_workers: Option<u32>,
    pub lift_less_work: Option<f64>,
}

/// The first steps. `rate_of` turns a scale into a rate.
pub fn ladder(asks: &[Ask], rate_of: impl Fn(f64) -> f64) -> Vec<Rung> {
    let mut order: Vec<&Ask> = asks.iter().filter(|ask| ask.saturates() > 0.0).collect();
    order.sort_by(|a, b| a.saturates().total_cmp(&b.saturates()));
    let mut rungs: Vec<(Rung, Vec<&Ask>)> = Vec::new();
    for ask in order {
        let scale = ask.saturates();
        let enough = rungs.len() > RUNGS;
        match rungs.last_mut() {
            Some((rung, members))
                if scale <= rung.saturates_at_scale * (1.0 + TOGETHER) && rung.kind == kind(ask.role) =>
            {
                rung.stations.push(ask.station.clone());
                members.push(ask);
            }
            _ if enough => break,
            _ => rungs.push((
                Rung {
                    stations: vec![ask.station.clone()],
                    kind: kind(ask.role),
                    workers: ask.workers,
                    utilization: ask.erlangs(1.0) / f64::from(ask.workers),
                    saturates_at_rate: rate_of(scale),
                    saturates_at_scale: scale,
                    at_the_latest: ask.at_most,
                    lift_workers: None,
                    lift_less_work: None,
                },
                vec![ask],
            )),
        }
    }
    for i in 1..rungs.len() {
        let next = rungs[i].0.saturates_at_scale;
        let (rung, members) = &mut rungs[i - 1];
        let most = members.iter().map(|ask| ask.erlangs(next)).fold(0.0, f64::max);
        // as busy as the next: at its own saturation, when that one is full
        rung.lift_workers = Some((most - 1e-9).ceil() as u32);
        rung.lift_less_work = Some(1.0 - f64::from(rung.workers) / most);
    }
    rungs.into_iter().map(|(rung, _)| rung).take(RUNGS).collect()
}

/// In the words of who would buy more of it.
fn kind(role: StationRole) -> &'static str {
    match role {
        StationRole::Cpu => "cores",
        StationRole::Disk => "disk",
        StationRole::NicOut | StationRole::NicIn => "NIC",
        StationRole::Pool => "slots",
        StationRole::Plain => "workers",
        StationRole::Stage => "commit stage",
        StationRole::Applier => "applier workers",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, load_str};

    fn chain(rate: &str) -> Scenario {
        let text = format!(
            r#"
[service.front]
kind = "station"
workers = 1
[service.back]
kind = "station"
workers = 4
[service.side]
kind = "station"
workers = 1
[request.page]
path = [
    {{ visit = "front", service = "2 ms" }},
    {{ visit = "back", service = "exponential(40 ms)" }},
]
[request.extra]
path = [{{ visit = "side", service = "1 ms" }}, {{ visit = "front", service = "1 ms" }}]
[traffic.pages]
process = "poisson"
rate = "{rate}"
mix = {{ page = 1 }}
[traffic.extras]
process = "poisson"
rate = "100/s"
mix = {{ extra = 1 }}
"#
        );
        load_str("chain.toml", &text, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[test]
    fn what_saturates_first_stands_first_with_what_lifts_it() {
        let asks = asks(&chain("50/s"), Some(0)).unwrap();
        let rungs = ladder(&asks, |scale| 50.0 * scale);
        // back: 4 / 0.04 = 100/s; front: (1 - 0.1) / 0.002 = 450/s; side is not asked more
        assert_eq!(rungs.len(), 2);
        assert_eq!((rungs[0].stations.as_slice(), rungs[0].kind), (["back".to_owned()].as_slice(), "workers"));
        assert!((rungs[0].saturates_at_rate - 100.0).abs() < 1e-9 && (rungs[1].saturates_at_rate - 450.0).abs() < 1e-6);
        assert_eq!(rungs[0].lift_workers, Some(18));
        assert!((rungs[0].lift_less_work.unwrap() - (1.0 - 100.0 / 450.0)).abs() < 1e-9);
        assert_eq!((rungs[1].lift_workers, rungs[1].lift_less_work), (None, None));
        assert!((saturation(&asks).unwrap() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn all_traffic_together_reaches_the_others_too() {
        let asks = asks(&chain("50/s"), None).unwrap();
        assert_eq!(asks.len(), 3);
        // front: 0.1 + 0.1 erlangs
        let front = asks.iter().find(|ask| ask.station == "front").unwrap();
        assert!((front.saturates() - 5.0).abs() < 1e-9);
    }
}

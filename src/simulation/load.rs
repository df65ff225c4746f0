//! The load that a scenario offers to each station, computed from its programs before anything runs.

/// What one station is asked for.
#[derive(Clone, Debug)]
pub struct StationLoad {
    pub station: String,
    /// `None`: unlimited.
    pub workers: Option<u32>,
    /// Visits per second.
    pub visits_per_s: f64,
    /// Arrival rate times mean service time.
    pub offered_erlangs: f64,
    /// A policy that looks at the servers' state decides how much comes here: the figures take its shares to be
    /// those of the weights.
    pub assumed: bool,
}

/// Of all stations, at the mean arrival rates of the scenario's open traffic.
#[derive(Clone, Debug, Default)]
pub struct LoadTable {
    /// Requests per second of all open sources; `None` when there are closed users or traces, whose rate is
    /// not known beforehand.
    pub rate_per_s: Option<f64>,
    pub stations: Vec<StationLoad>,
    /// What one request asks for on average (visits, and seconds of work in place of erlangs), where there is
    /// one source of traffic alone.
    pub of_one_request: Vec<StationLoad>,
    /// Response times on an idle system.
    pub classes: Vec<ClassTime>,
}

/// Mean response time of a request class without any waiting.
#[derive(Clone, Debug)]
pub struct ClassTime {
    /// Index in `Scenario::traffic`.
    pub source: usize,
    /// Index in `Scenario::requests`.
    pub class: usize,
    /// Its share of the source's requests.
    pub share: f64,
    /// Seconds; work that only a trace knows is not in it.
    pub unloaded_s: f64,
}

impl LoadTable {
    /// The station that saturates first when all traffic grows alike, and the total rate at which it does.
    pub fn bottleneck(&self) -> Option<(&StationLoad, f64)> {
        let rate = self.rate_per_s?;
        self.stations
            .iter()
            .filter_map(|s| Some((s, s.workers? as f64 / s.offered_erlangs * rate)))
            .filter(|(_, limit)| limit.is_finite())
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

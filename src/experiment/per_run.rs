//! What one run says: the value of each figure by which runs are compared, whether they were made just now or are read
//! from a stored result. And what all runs together say where that is not the mean of the runs.

use super::ranked::MS;
use super::stations::{ratio, waiting_ns};
use crate::scenario::Scenario;
use crate::simulation::result::{ClassResult, RunResult};
use crate::stats::histogram::Histogram;

use super::estimate::TAIL_SAMPLES;
use super::merge;

/// Nanoseconds in a second.
const SECOND: f64 = 1e9;

/// A figure: whose, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    pub of: Of,
    pub measure: Measure,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// A request class, or `all`.
    Class(String),
    Station(String),
    /// A server with a replica.
    Replica(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Of answered requests.
    Latency(Statistic),
    /// With every failure above every answer.
    LatencyAll(Statistic),
    Throughput,
    Availability,
    Failures,
    Utilization,
    Waiting,
    ApplyDelay(Statistic),
    SecondsBehind,
    Backlog,
    StaleReads,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    Mean,
    P50,
    P90,
    P95,
    P99,
    P99_9,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    Lower,
    Higher,
    /// It depends on what else is wanted.
    Neither,
}

impl Statistic {
    pub const ALL: [Statistic; 6] =
        [Statistic::Mean, Statistic::P50, Statistic::P90, Statistic::P95, Statistic::P99, Statistic::P99_9];

    /// As in summary.json.
    pub fn name(self) -> &'static str {
        match self {
            Statistic::Mean => "mean",
            Statistic::P50 => "p50",
            Statistic::P90 => "p90",
            Statistic::P95 => "p95",
            Statistic::P99 => "p99",
            Statistic::P99_9 => "p99_9",
        }
    }

    /// `None`: the mean.
    fn quantile(self) -> Option<f64> {
        match self {
            Statistic::Mean => None,
            Statistic::P50 => Some(0.5),
            Statistic::P90 => Some(0.9),
            Statistic::P95 => Some(0.95),
            Statistic::P99 => Some(0.99),
            Statistic::P99_9 => Some(0.999),
        }
    }
}

impl Measure {
    /// The keys that lead to it in summary.json, below whom it is of.
    pub fn keys(self) -> Vec<&'static str> {
        match self {
            Measure::Latency(statistic) => vec!["latency_ms", statistic.name()],
            Measure::LatencyAll(statistic) => vec!["latency_all_ms", statistic.name()],
            Measure::Throughput => vec!["throughput_per_s"],
            Measure::Availability => vec!["availability"],
            Measure::Failures => vec!["failures_per_s"],
            Measure::Utilization => vec!["utilization"],
            Measure::Waiting => vec!["waiting_ms"],
            Measure::ApplyDelay(statistic) => vec!["apply_delay_ms", statistic.name()],
            Measure::SecondsBehind => vec!["seconds_behind"],
            Measure::Backlog => vec!["backlog"],
            Measure::StaleReads => vec!["stale_reads"],
        }
    }

    pub fn better(self) -> Better {
        match self {
            Measure::Latency(_) | Measure::LatencyAll(_) | Measure::Failures | Measure::Waiting => Better::Lower,
            Measure::ApplyDelay(_) | Measure::SecondsBehind | Measure::Backlog | Measure::StaleReads => Better::Lower,
            Measure::Throughput | Measure::Availability => Better::Higher,
            Measure::Utilization => Better::Neither,
        }
    }

    /// Whether its value is that of all observations together, and not the mean of the runs.
    pub fn is_pooled(self) -> bool {
        match self {
            Measure::Latency(statistic) | Measure::LatencyAll(statistic) | Measure::ApplyDelay(statistic) => {
                statistic != Statistic::Mean
            }
            Measure::Availability | Measure::StaleReads => true,
            Measure::Throughput | Measure::Failures | Measure::Utilization | Measure::Waiting => false,
            Measure::SecondsBehind | Measure::Backlog => false,
        }
    }
}

impl Of {
    /// All that may be known of it.
    pub fn measures(&self) -> Vec<Measure> {
        match self {
            Of::Class(_) => {
                let latency = Statistic::ALL.into_iter().map(Measure::Latency);
                let all = Statistic::ALL.into_iter().map(Measure::LatencyAll);
                latency.chain(all).chain([Measure::Throughput, Measure::Availability, Measure::Failures]).collect()
            }
            Of::Station(_) => vec![Measure::Utilization, Measure::Waiting],
            Of::Replica(_) => {
                let delays = [Statistic::Mean, Statistic::P50, Statistic::P95, Statistic::P99];
                let rest = [Measure::SecondsBehind, Measure::Backlog, Measure::StaleReads];
                delays.into_iter().map(Measure::ApplyDelay).chain(rest).collect()
            }
        }
    }
}

impl Figure {
    pub fn class(name: &str, measure: Measure) -> Figure {
        Figure { of: Of::Class(name.to_owned()), measure }
    }

    /// The keys that lead to it in summary.json.
    pub fn path(&self) -> Vec<&str> {
        let mut path = match &self.of {
            Of::Class(name) => vec!["traffic", name],
            Of::Station(name) => vec!["stations", name],
            Of::Replica(name) => vec!["replication", name],
        };
        path.extend(self.measure.keys());
        path
    }

    /// `traffic.all.latency_ms.p99`
    pub fn key(&self) -> String {
        self.path().join(".")
    }
}

/// The value in one run. `None`: too few observations. Infinite: it lies among the failures.
pub type Observed = Option<f64>;

/// Every figure of a run, in an order that is the same in each run of a scenario.
pub fn figures(scenario: &Scenario, run: &RunResult) -> Vec<(Figure, Observed)> {
    let mut found = Vec::new();
    let names = scenario.requests.iter().map(|class| class.name.as_str());
    let total = merge::total(run);
    for (name, class) in std::iter::once(("all", &total)).chain(names.zip(&run.classes)) {
        found.extend(of_class(class, run.measured_s).map(|(measure, value)| (Figure::class(name, measure), value)));
    }
    for station in &run.stations {
        let time = run.measured_s * SECOND;
        let busy = station.workers.and_then(|n| ratio(station.busy_area_ns as f64, f64::from(n) * time));
        let of = || Of::Station(station.name.clone());
        found.push((Figure { of: of(), measure: Measure::Utilization }, busy));
        found.push((Figure { of: of(), measure: Measure::Waiting }, waiting_ns(station).map(|ns| ns / MS)));
    }
    for replica in &run.replicas {
        let delay = |statistic: Statistic| {
            (Measure::ApplyDelay(statistic), at(&replica.apply_delay_ns, 0, statistic).map(|ns| ns / MS))
        };
        let measures = [
            delay(Statistic::Mean),
            delay(Statistic::P50),
            delay(Statistic::P95),
            delay(Statistic::P99),
            (Measure::SecondsBehind, replica.seconds_behind.mean().map(|ns| ns / SECOND)),
            (Measure::Backlog, ratio(replica.backlog_area_ns as f64, run.measured_s * SECOND)),
            (Measure::StaleReads, ratio(replica.stale_reads as f64, replica.reads as f64)),
        ];
        let of = || Of::Replica(replica.server.clone());
        found.extend(measures.map(|(measure, value)| (Figure { of: of(), measure }, value)));
    }
    found
}

fn of_class(class: &ClassResult, measured_s: f64) -> impl Iterator<Item = (Measure, Observed)> {
    let failed = class.failures();
    let finished = (class.completed + failed) as f64;
    let latency = move |statistic| (Measure::Latency(statistic), at(&class.latency_ns, 0, statistic).map(|ns| ns / MS));
    let all =
        move |statistic| (Measure::LatencyAll(statistic), at(&class.latency_ns, failed, statistic).map(|ns| ns / MS));
    let rest = [
        (Measure::Throughput, ratio(class.completed as f64, measured_s)),
        (Measure::Availability, ratio(class.completed as f64, finished)),
        (Measure::Failures, ratio(failed as f64, measured_s)),
    ];
    Statistic::ALL.into_iter().map(latency).chain(Statistic::ALL.into_iter().map(all)).chain(rest)
}

/// Nanoseconds, with `failed` more above all.
fn at(answered: &Histogram, failed: u64, statistic: Statistic) -> Observed {
    let count = answered.count() + failed;
    let Some(q) = statistic.quantile() else {
        return if failed > 0 { Some(f64::INFINITY) } else { answered.mean() };
    };
    if count as f64 * (1.0 - q) < TAIL_SAMPLES - 1e-6 {
        return None;
    }
    Some(value_at(answered, failed, q))
}

/// Nearest rank.
fn value_at(answered: &Histogram, failed: u64, q: f64) -> f64 {
    let count = answered.count() + failed;
    let rank = ((q * count as f64).ceil() as u64).clamp(1, count.max(1));
    if rank <= answered.count() { answered.value_of_rank(rank) } else { f64::INFINITY }
}

/// All runs together, as far as figures ask for that.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    /// `all` first.
    pub classes: Vec<(String, ClassResult)>,
    /// Server, delays, reads and the stale ones among them.
    replicas: Vec<(String, Histogram, u64, u64)>,
}

impl Pool {
    pub fn of_run(scenario: &Scenario, run: &RunResult) -> Pool {
        let mut classes = vec![("all".to_owned(), merge::total(run))];
        let names = scenario.requests.iter().map(|class| class.name.clone());
        classes.extend(names.zip(run.classes.iter().cloned()));
        let replica = |r: &crate::simulation::result::ReplicaResult| {
            (r.server.clone(), r.apply_delay_ns.clone(), r.reads, r.stale_reads)
        };
        Pool { classes, replicas: run.replicas.iter().map(replica).collect() }
    }

    pub fn add(&mut self, other: Pool) {
        if self.classes.is_empty() {
            *self = other;
            return;
        }
        for ((_, mine), (_, theirs)) in self.classes.iter_mut().zip(&other.classes) {
            *mine = merge::over_runs([&*mine, theirs]);
        }
        for (mine, theirs) in self.replicas.iter_mut().zip(&other.replicas) {
            mine.1.merge(&theirs.1);
            mine.2 += theirs.2;
            mine.3 += theirs.3;
        }
    }

    pub fn class(&self, name: &str) -> Option<&ClassResult> {
        self.classes.iter().find(|(class, _)| class == name).map(|(_, class)| class)
    }

    /// Of a figure that is pooled; infinite: it lies among the failures.
    pub fn value(&self, figure: &Figure) -> Option<f64> {
        if !figure.measure.is_pooled() {
            return None;
        }
        let quantile = |histogram: &Histogram, failed: u64, statistic: Statistic| {
            let q = statistic.quantile()?;
            (histogram.count() + failed > 0).then(|| value_at(histogram, failed, q) / MS)
        };
        match (&figure.of, figure.measure) {
            (Of::Class(name), Measure::Latency(statistic)) => quantile(&self.class(name)?.latency_ns, 0, statistic),
            (Of::Class(name), Measure::LatencyAll(statistic)) => {
                let class = self.class(name)?;
                quantile(&class.latency_ns, class.failures(), statistic)
            }
            (Of::Class(name), _) => {
                let class = self.class(name)?;
                ratio(class.completed as f64, (class.completed + class.failures()) as f64)
            }
            (Of::Replica(server), measure) => {
                let (_, delays, reads, stale) = self.replicas.iter().find(|(name, ..)| name == server)?;
                match measure {
                    Measure::ApplyDelay(statistic) => quantile(delays, 0, statistic),
                    _ => ratio(*stale as f64, *reads as f64),
                }
            }
            (Of::Station(_), _) => None,
        }
    }
}

/// The values of each run, to be stored beside a summary; runs in their order.
#[derive(Clone, Debug)]
pub struct PerRun {
    /// Draws may differ in another.
    pub program_version: &'static str,
    pub figures: Vec<(Figure, Vec<Observed>)>,
}

/// With more runs than this the values of each are not stored, since the file would be nothing else.
pub const STORED_MAX: usize = 200;

impl PerRun {
    /// `None`: there are too many runs.
    pub fn of(scenario: &Scenario, runs: &[RunResult]) -> Option<PerRun> {
        if runs.len() > STORED_MAX {
            return None;
        }
        let mut figures: Vec<(Figure, Vec<Observed>)> = Vec::new();
        for run in runs {
            for (i, (figure, value)) in self::figures(scenario, run).into_iter().enumerate() {
                match figures.get_mut(i) {
                    Some((_, values)) => values.push(value),
                    None => figures.push((figure, vec![value])),
                }
            }
        }
        let all_answered = runs.iter().flat_map(|run| &run.classes).all(|class| class.failures() == 0);
        // it is then the same as that of the answered
        let spare = |figure: &Figure| all_answered && matches!(figure.measure, Measure::LatencyAll(_));
        // a percentile without enough observations in each run may have a value of all together
        let known =
            |figure: &Figure, values: &[Observed]| figure.measure.is_pooled() || values.iter().any(Option::is_some);
        figures.retain(|(figure, values)| !spare(figure) && known(figure, values));
        Some(PerRun { program_version: env!("CARGO_PKG_VERSION"), figures })
    }
}

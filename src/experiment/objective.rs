//! What one run says about an objective.

use std::borrow::Cow;

use super::merge;
use super::ranked::Ranked;
use crate::scenario::{Figure, Metric, Objective, Scenario, nearest, observed_spans};
use crate::simulation::compile::compile;
use crate::simulation::result::{ClassResult, DatabaseResult, LagResult, RunResult, SpanResult};
use crate::stats::histogram::Histogram;
use crate::stats::timeweighted::TimeWeighted;

/// Nanoseconds in a second.
const SECOND: f64 = 1e9;

/// The objective's figure in one run, in its own unit (seconds, per second, a share or a count). `None`: the run has
/// nothing to judge it by. A latency percentile that falls among the failures is infinite; in a mean each failure counts
/// as the slowest answer. What a failure costs is told of runs in which the primary of a database was gone; the time for
/// which writes failed is infinite where they still did at the end.
pub fn observed(objective: &Objective, scenario: &Scenario, run: &RunResult) -> Option<f64> {
    let part = Part::of(objective, scenario, run)?;
    match &objective.metric {
        Metric::Latency(figure) => latency_s(&part.requests(objective), *figure),
        Metric::Availability | Metric::ErrorRate | Metric::StaleReads { .. } => {
            let (events, trials) = part.trials(objective, scenario)?;
            (trials > 0).then(|| events as f64 / trials as f64)
        }
        Metric::Throughput => {
            let (completed, _) = part.counts(objective);
            (part.length_s() > 0.0).then(|| completed as f64 / part.length_s())
        }
        Metric::Utilization { station } => {
            let at = run.stations.iter().position(|s| s.name == *station)?;
            let busy = part.span.map_or(run.stations[at].busy_area_ns, |span| span.busy_area_ns[at]);
            let possible = f64::from(run.stations[at].workers?) * part.length_s() * SECOND;
            (possible > 0.0).then(|| busy as f64 / possible)
        }
        Metric::ApplyDelay { server, figure } => {
            let lag = part.lag(&scenario.servers[*server].name)?;
            figure_of(&lag.apply_delay_ns, *figure).map(|ns| ns / SECOND)
        }
        Metric::SecondsBehind { server, figure } => {
            let behind = part.lag(&scenario.servers[*server].name)?.seconds_behind;
            let ns = match figure {
                Figure::Mean => behind.mean(),
                Figure::Percentile(q) => behind.quantile(*q),
            };
            ns.map(|ns| ns / SECOND)
        }
        Metric::Rpo | Metric::Rto if !run.databases.iter().any(has_failed) => None,
        Metric::Rpo => Some(run.databases.iter().map(|d| d.transactions_lost).sum::<u64>() as f64),
        // how long writes would have failed is not known
        Metric::Rto if run.databases.iter().any(|d| d.broken_at_end) => Some(f64::INFINITY),
        Metric::Rto => Some(run.databases.iter().map(outage_ns).max().unwrap_or(0) as f64 / SECOND),
    }
}

/// Of a share: in how many of how many trials of one run it happened. `None`: it is no share, or there is no data.
pub fn trials(objective: &Objective, scenario: &Scenario, run: &RunResult) -> Option<(u64, u64)> {
    Part::of(objective, scenario, run)?.trials(objective, scenario)
}

/// A percentile of what all runs together have observed, in the objective's unit. `None`: nothing was observed, or the
/// objective is about no percentile.
pub fn observed_together(objective: &Objective, scenario: &Scenario, runs: &[RunResult]) -> Option<f64> {
    let parts = runs.iter().filter_map(|run| Part::of(objective, scenario, run));
    let lag_of = |server: usize| parts.clone().filter_map(move |part| part.lag(&scenario.servers[server].name));
    match objective.metric {
        Metric::Latency(figure @ Figure::Percentile(_)) => {
            latency_s(&requests_together(objective, scenario, runs), figure)
        }
        Metric::ApplyDelay { server, figure: Figure::Percentile(q) } => {
            let delays: Vec<Histogram> = lag_of(server).map(|lag| lag.apply_delay_ns).collect();
            merge::histogram(&delays).quantile(q).map(|ns| ns / SECOND)
        }
        Metric::SecondsBehind { server, figure: Figure::Percentile(q) } => {
            let mut behind = TimeWeighted::default();
            lag_of(server).for_each(|lag| behind.merge(&lag.seconds_behind));
            behind.quantile(q).map(|ns| ns / SECOND)
        }
        _ => None,
    }
}

/// What all runs together have observed of the requests that a latency objective is about.
pub fn requests_together(objective: &Objective, scenario: &Scenario, runs: &[RunResult]) -> ClassResult {
    let parts = runs.iter().filter_map(|run| Part::of(objective, scenario, run));
    merge::over_runs(parts.flat_map(|part| part.classes(objective)))
}

/// Of a latency objective: how many requests of one run were answered later than so many seconds, or not at all, and of
/// how many.
pub fn slower_than(objective: &Objective, scenario: &Scenario, run: &RunResult, limit_s: f64) -> Option<(u64, u64)> {
    let Metric::Latency(_) = objective.metric else { return None };
    let requests = Part::of(objective, scenario, run)?.requests(objective);
    let late = requests.latency_ns.count_above((limit_s * SECOND) as u64).round() as u64;
    Some((late + requests.failures(), requests.completed + requests.failures()))
}

/// Observations beyond a percentile in this run; `None`: the objective is about none, or nothing was observed.
pub fn beyond(objective: &Objective, scenario: &Scenario, run: &RunResult) -> Option<f64> {
    let part = Part::of(objective, scenario, run)?;
    let (count, figure) = match &objective.metric {
        Metric::Latency(figure) => {
            let (answered, failed) = part.counts(objective);
            (answered + failed, figure)
        }
        Metric::ApplyDelay { server, figure } => {
            (part.lag(&scenario.servers[*server].name)?.apply_delay_ns.count(), figure)
        }
        _ => return None,
    };
    match figure {
        Figure::Mean => None,
        Figure::Percentile(q) => Some(count as f64 * (1.0 - q)),
    }
}

/// An objective about a station that is not there, or has no limit to its workers.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownStation {
    /// Index in `Scenario::objectives`.
    pub objective: usize,
    pub what: String,
    pub help: String,
}

/// Which stations there are turns out only when the scenario is compiled.
pub fn unknown_stations(scenario: &Scenario) -> Vec<UnknownStation> {
    let asked = scenario.objectives.iter().enumerate();
    let asked = asked.filter_map(|(objective, one)| match &one.metric {
        Metric::Utilization { station } => Some((objective, station)),
        _ => None,
    });
    let asked: Vec<(usize, &String)> = asked.collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let stations = compile(scenario).network.stations;
    let limited: Vec<&str> = stations.iter().filter(|s| s.workers.is_some()).map(|s| s.name.as_str()).collect();
    let unknown = asked.into_iter().filter(|(_, station)| !limited.contains(&station.as_str()));
    unknown
        .map(|(objective, station)| {
            let what = match stations.iter().any(|s| s.name == *station) {
                true => format!("`{station}` has no limit to its workers, and so no utilization"),
                false => format!("there is no station `{station}`"),
            };
            let help = match nearest(station, limited.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("stations that requests use are {}", limited.join(", ")),
            };
            UnknownStation { objective, what, help }
        })
        .collect()
}

/// A run, or the part of it that an objective looks at.
struct Part<'a> {
    run: &'a RunResult,
    span: Option<&'a SpanResult>,
}

impl<'a> Part<'a> {
    fn of(objective: &Objective, scenario: &Scenario, run: &'a RunResult) -> Option<Part<'a>> {
        let span = match &objective.time {
            None => None,
            Some(time) => {
                let at = observed_spans(&scenario.objectives).iter().position(|span| span == time)?;
                Some(run.spans.get(at)?.as_ref()?)
            }
        };
        Some(Part { run, span })
    }

    fn length_s(&self) -> f64 {
        self.span.map_or(self.run.measured_s, |span| span.length_ns as f64 / SECOND)
    }

    /// Of the objective's class, or all.
    fn requests(&self, objective: &Objective) -> Cow<'a, ClassResult> {
        match self.classes(objective) {
            [only] => Cow::Borrowed(only),
            several => Cow::Owned(merge::over_runs(several)),
        }
    }

    fn classes(&self, objective: &Objective) -> &'a [ClassResult] {
        let classes = self.span.map_or(&self.run.classes[..], |span| &span.classes);
        match objective.class {
            Some(class) => &classes[class..=class],
            None => classes,
        }
    }

    /// Answered, and failed.
    fn counts(&self, objective: &Objective) -> (u64, u64) {
        let classes = self.classes(objective);
        (classes.iter().map(|c| c.completed).sum(), classes.iter().map(ClassResult::failures).sum())
    }

    fn lag(&self, server: &str) -> Option<LagResult> {
        let at = self.run.replicas.iter().position(|replica| replica.server == server)?;
        let whole = &self.run.replicas[at];
        Some(match self.span {
            Some(span) => span.replicas[at].clone(),
            None => LagResult {
                apply_delay_ns: whole.apply_delay_ns.clone(),
                seconds_behind: whole.seconds_behind.clone(),
                reads: whole.reads,
                stale_reads: whole.stale_reads,
            },
        })
    }

    fn trials(&self, objective: &Objective, scenario: &Scenario) -> Option<(u64, u64)> {
        match &objective.metric {
            Metric::Availability => {
                let (answered, failed) = self.counts(objective);
                Some((answered, answered + failed))
            }
            Metric::ErrorRate => {
                let (answered, failed) = self.counts(objective);
                Some((failed, answered + failed))
            }
            Metric::StaleReads { server } => {
                let lag = self.lag(&scenario.servers[*server].name)?;
                Some((lag.stale_reads, lag.reads))
            }
            Metric::Latency(_)
            | Metric::Throughput
            | Metric::Utilization { .. }
            | Metric::ApplyDelay { .. }
            | Metric::SecondsBehind { .. }
            | Metric::Rpo
            | Metric::Rto => None,
        }
    }
}

/// Its primary was gone, or another server has taken its place.
fn has_failed(database: &DatabaseResult) -> bool {
    database.broken > 0 || database.transactions_lost > 0 || !database.failovers.is_empty()
}

/// Longest time without writes; a primary that is cut off takes some until clients learn of the new one.
fn outage_ns(database: &DatabaseResult) -> u64 {
    let moved = database.failovers.iter().map(|f| f.switched_ns.unwrap_or(f.promoted_ns).saturating_sub(f.died_ns));
    moved.max().unwrap_or(0).max(database.outage_max_ns)
}

fn latency_s(requests: &ClassResult, figure: Figure) -> Option<f64> {
    let failed = requests.failures();
    let all = Ranked { answered: &requests.latency_ns, failed };
    if all.count() == 0 {
        return None;
    }
    Some(match figure {
        Figure::Percentile(q) => all.quantile(q).map_or(f64::INFINITY, |ns| ns / SECOND),
        Figure::Mean => {
            let Some(slowest) = requests.latency_ns.max() else { return Some(f64::INFINITY) };
            let sum = requests.latency_ns.sum() as f64 + failed as f64 * slowest as f64;
            sum / all.count() as f64 / SECOND
        }
    })
}

fn figure_of(histogram: &Histogram, figure: Figure) -> Option<f64> {
    match figure {
        Figure::Mean => histogram.mean(),
        Figure::Percentile(q) => histogram.quantile(q),
    }
}

#[cfg(test)]
mod tests {
    use super::super::runner::Prepared;
    use super::*;
    use crate::scenario::{Overrides, load_str};

    /// One worker at half of its capacity, who stands still for a while, and requests that do not need him.
    const TEXT: &str = r#"
[simulation]
duration = "40 s"
[service.cpu]
kind = "station"
service = "10 ms"
[request.job]
path = ["cpu"]
[request.other]
path = [{ delay = "3 ms" }]
[traffic.jobs]
process = "constant"
rate = "50/s"
mix = { job = 1 }
[traffic.others]
process = "constant"
rate = "200/s"
mix = { other = 1 }
[[fault]]
at = "10 s"
lasts = "5 s"
hang = { service = "cpu" }
"#;

    fn values(objectives: &str) -> Vec<Option<f64>> {
        values_of(TEXT, objectives)
    }

    fn values_of(text: &str, objectives: &str) -> Vec<Option<f64>> {
        let scenario = load_str("test.toml", &format!("{text}{objectives}"), &Overrides::default()).unwrap();
        let run = Prepared::new(&scenario).unwrap().run(0, 0.0, scenario.simulation.duration_s);
        scenario.objectives.iter().map(|objective| observed(objective, &scenario, &run)).collect()
    }

    fn near(got: Option<f64>, expected: f64) {
        let got = got.unwrap();
        assert!((got - expected).abs() <= 2e-3 * expected.abs() + 1e-12, "{got} for {expected}");
    }

    #[test]
    fn an_objective_sees_its_class_and_its_time_and_no_more() {
        let found = values(
            r#"
[[slo]]
that = "latency_p50 < 1 s"
class = "job"
to = "10 s"
[[slo]]
that = "latency_p50 < 1 s"
class = "other"
[[slo]]
that = "utilization < 0.9"
station = "cpu"
[[slo]]
that = "utilization < 0.9"
station = "cpu"
to = "10 s"
[[slo]]
that = "utilization < 0.9"
station = "cpu"
during = "fault 1"
[[slo]]
that = "throughput > 10/s"
class = "job"
during = "fault 1"
[[slo]]
that = "throughput > 10/s"
from = "15 s"
to = "16 s"
[[slo]]
that = "latency_mean < 1 s"
class = "job"
from = "35 s"
[[slo]]
that = "availability > 0.9"
[[slo]]
that = "latency_p99 < 9 s"
class = "job"
during = "fault 1"
"#,
        );
        near(found[0], 0.010);
        near(found[1], 0.003);
        // 10 ms for each of 50 a second; who is held on a worker that stands still keeps it busy
        near(found[2], 0.625);
        near(found[3], 0.5);
        near(found[4], 1.0);
        near(found[5], 0.0);
        // in the second after it, the worker works off what has waited, and the others come as always
        assert!((298.0..=301.0).contains(&found[6].unwrap()), "{:?}", found[6]);
        near(found[7], 0.010);
        near(found[8], 1.0);
        assert_eq!(found[9], None, "nobody of this class is answered meanwhile");
    }

    #[test]
    fn an_objective_sees_the_time_of_a_fault_that_comes_at_random_and_no_more() {
        let objectives = r#"
[[slo]]
that = "utilization < 0.9"
station = "cpu"
during = "fault 1"
[[slo]]
that = "throughput > 10/s"
class = "other"
during = "fault 1"
[[slo]]
that = "throughput > 10/s"
class = "job"
during = "fault 1"
[[slo]]
that = "latency_p99 < 1 s"
during = "fault 1"
[[slo]]
that = "availability > 0.9"
during = "fault 1"
"#;
        let text = |up: &str| {
            let when = format!("mttf = \"{up}\"\nmttr = \"5 s\"");
            TEXT.replace("at = \"10 s\"\nlasts = \"5 s\"", &when)
        };
        // from 10 to 15 s, from 25 to 30 s, and again from the end on
        let found = values_of(&text("10 s"), objectives);
        near(found[0], 1.0);
        near(found[1], 200.0);
        near(found[2], 0.0);
        near(found[3], 0.003);
        near(found[4], 1.0);
        // the run ends in the middle of the first
        let found = values_of(&text("38 s"), objectives);
        near(found[0], 1.0);
        near(found[1], 200.0);
        assert_eq!(values_of(&text("41 s"), objectives), [None; 5]);
    }

    #[test]
    fn a_percentile_among_the_failures_is_beyond_every_answer() {
        let mut requests = ClassResult::default();
        (1..=98).for_each(|ms| requests.latency_ns.record(ms * 1_000_000));
        requests.completed = 98;
        requests.failed[0] = 2;
        near(latency_s(&requests, Figure::Percentile(0.98)), 0.098);
        assert_eq!(latency_s(&requests, Figure::Percentile(0.99)), Some(f64::INFINITY));
        near(latency_s(&requests, Figure::Mean), (98.0 * 49.5 + 2.0 * 98.0) / 100.0 / 1000.0);
        assert_eq!(latency_s(&ClassResult::default(), Figure::Mean), None);
    }
}

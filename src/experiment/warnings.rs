//! What may mislead a reader, each kind once, with advice.

use super::summary::Warning;
use crate::scenario::{IdleFault, WithoutEffect};
use crate::stats::analytic::run_length::customers_for_wait;

/// The warm-up could not be found: no interval is given.
pub const NO_WARMUP_FOUND: &str = "no_warmup_found";
/// Arrivals and work both come from traces: one run says all there is.
pub const FIXED_TRACE: &str = "fixed_trace";

/// A station and its load or utilization, in shares of its workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub station: String,
    pub erlangs: f64,
    pub workers: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Caution {
    /// Work arrives faster than it is done, and nothing turns it away.
    NoSteadyState(Vec<Loaded>),
    /// The same, but requests are refused or give up.
    Overload {
        stations: Vec<Loaded>,
        failed_share: f64,
    },
    /// Above 90%.
    NearSaturation(Vec<Loaded>),
    /// Attempts for each request: clients who try again bring more traffic than the scenario says.
    Retries {
        attempts: f64,
    },
    FewRuns {
        runs: u32,
    },
    /// `--precision` ended at the most runs; widths are relative to the value.
    PrecisionNotReached {
        relative: f64,
        half_width: Option<f64>,
        runs: u32,
    },
    FewTailSamples(Vec<(String, u64)>),
    HistogramResolution(Vec<String>),
    NothingCompleted,
    /// Keys that nothing asks for.
    WithoutEffect(WithoutEffect),
    /// A fault that comes too late, or when another has taken all away.
    IdleFault(IdleFault),
}

impl Caution {
    pub fn warning(&self) -> Warning {
        let (id, message, advice) = match self {
            Caution::NoSteadyState(stations) => (
                "no_steady_state",
                format!(
                    "no steady state: {}",
                    each(stations, |s| {
                        format!("{} erlangs offered to {} of {}", erlangs(s.erlangs), workers(s.workers), s.station)
                    })
                ),
                format!(
                    "queues grow as long as the run lasts, so the figures depend on its length and have no interval; \
                     lower the rate, or give {}",
                    each(stations, relief)
                ),
            ),
            Caution::Overload { stations, failed_share } => (
                "overload",
                format!(
                    "more work is offered than can be done ({}): {:.1}% of requests fail",
                    each(stations, |s| {
                        format!("{} erlangs to {} of {}", erlangs(s.erlangs), workers(s.workers), s.station)
                    }),
                    100.0 * failed_share
                ),
                "latency_ms is that of the requests that got through; judge latency_all_ms".to_owned(),
            ),
            Caution::NearSaturation(stations) => {
                let highest = stations.iter().map(share).fold(0.0, f64::max);
                let millions = customers_for_wait(highest.min(0.999), 0.01, 0.95).unwrap_or(f64::INFINITY) / 1e6;
                (
                    "near_saturation",
                    format!(
                        "near saturation: {}",
                        each(stations, |s| format!("{} at {:.1}%", s.station, 100.0 * share(s)))
                    ),
                    format!(
                        "a little more load changes everything here, and averages settle slowly: a single queue this \
                         busy takes about {millions:.0} million requests for an interval of 1%; measure longer, or give {}",
                        each(stations, relief)
                    ),
                )
            }
            Caution::Retries { attempts } => (
                "retries",
                format!("clients who try again send {attempts:.2} attempts for each request"),
                "the stations' load is that of all attempts; compare with client.retries = 0, and bound what is repeated \
                 with client.budget"
                    .to_owned(),
            ),
            Caution::FewRuns { runs: 1 } => (
                "few_runs",
                "one run says nothing of its own chance: no figure has an interval".to_owned(),
                "set simulation.runs to 10".to_owned(),
            ),
            Caution::FewRuns { runs } => (
                "few_runs",
                format!("{runs} runs: percentiles have no interval below 5"),
                "set simulation.runs to 10".to_owned(),
            ),
            Caution::PrecisionNotReached { relative, half_width, runs } => (
                "precision_not_reached",
                format!(
                    "the precision of {:.1}% was not reached in {runs} runs{}",
                    100.0 * relative,
                    half_width.map(|w| format!(": it is {:.1}%", 100.0 * w)).unwrap_or_default()
                ),
                "set simulation.duration longer: four times as long halves the width".to_owned(),
            ),
            Caution::FewTailSamples(figures) => {
                let least = figures.iter().map(|f| f.1).min().unwrap_or(0);
                (
                    "few_tail_samples",
                    format!(
                        "no interval for {}: a run has as few as {least} observations beyond it, 20 are needed",
                        list(figures.iter().map(|f| f.0.clone()).collect())
                    ),
                    "set simulation.duration longer".to_owned(),
                )
            }
            Caution::HistogramResolution(figures) => (
                "histogram_resolution",
                format!(
                    "the histogram's buckets (0.1%) are not small beside the interval of {}",
                    list(figures.clone())
                ),
                "read these intervals as at least 0.1% wide".to_owned(),
            ),
            Caution::NothingCompleted => (
                "nothing_completed",
                "no request was completed in the measured time".to_owned(),
                "set simulation.duration longer, or look at the failures".to_owned(),
            ),
            Caution::WithoutEffect(WithoutEffect { keys, why, advice }) => (
                "without_effect",
                format!("{} {} no effect: {why}", list(keys.clone()), if keys.len() == 1 { "has" } else { "have" }),
                (*advice).to_owned(),
            ),
            Caution::IdleFault(IdleFault::AfterTheEnd { fault, line }) => (
                "fault_after_the_end",
                format!("{} comes when the run is over", numbered(*fault, line)),
                "let it happen earlier, or set simulation.duration longer".to_owned(),
            ),
            Caution::IdleFault(IdleFault::Gone { fault, line, by, until_s }) => {
                let before = until_s.map_or(String::new(), |until_s| format!(" before {}", duration(until_s)));
                let why =
                    by.iter().map(|(what, other, line)| format!("{what} already, by {}", numbered(*other, line))).collect();
                (
                    "fault_within_another",
                    format!("{} changes nothing{before}: {}", numbered(*fault, line), list(why)),
                    "let it happen when the other is over, name something else, or remove it".to_owned(),
                )
            }
        };
        Warning { id, message, advice }
    }
}

/// `fault 2 (peak.toml:130)`
pub fn numbered(fault: usize, line: &str) -> String {
    if line.is_empty() { format!("fault {fault}") } else { format!("fault {fault} ({line})") }
}

/// Seconds of simulated time.
fn duration(seconds: f64) -> String {
    format!("{seconds} s")
}

/// A queue that has room: its mean wait is that of a few requests.
const COMFORTABLE: f64 = 0.7;

/// What keeps a station below `COMFORTABLE` at its load. Disks and network cards are not bought by the piece.
fn relief(loaded: &Loaded) -> String {
    let Loaded { station, erlangs, workers } = loaded;
    if station.ends_with(".nic_in") || station.ends_with(".nic_out") || station.ends_with(".disk") {
        let factor = erlangs / f64::from(*workers) / COMFORTABLE;
        return format!(
            "{station} {:.1} x its speed, which keeps its utilization under {COMFORTABLE}",
            (factor * 10.0).ceil() / 10.0
        );
    }
    let what = if station.ends_with(".cpu") { "cores" } else { "workers" };
    let count = (erlangs / COMFORTABLE).floor() as u64 + 1;
    format!("{station} {count} {what}, which keep its utilization under {COMFORTABLE}")
}

fn share(loaded: &Loaded) -> f64 {
    loaded.erlangs / f64::from(loaded.workers)
}

/// Two decimals, and none where they say nothing.
fn erlangs(load: f64) -> String {
    if load < 1000.0 { format!("{load:.2}") } else { format!("{load:.0}") }
}

fn workers(count: u32) -> String {
    if count == 1 { "1 worker".to_owned() } else { format!("{count} workers") }
}

fn each(stations: &[Loaded], say: impl Fn(&Loaded) -> String) -> String {
    list(stations.iter().map(say).collect())
}

/// The first four, and how many more.
fn list(mut items: Vec<String>) -> String {
    const SHOWN: usize = 4;
    let more = items.len().saturating_sub(SHOWN);
    items.truncate(SHOWN);
    let shown = items.join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overloaded_worker_is_told_in_erlangs() {
        let loaded = Loaded { station: "app1.cpu".to_owned(), erlangs: 1.3, workers: 1 };
        let warning = Caution::NoSteadyState(vec![loaded]).warning();
        assert_eq!(warning.message, "no steady state: 1.30 erlangs offered to 1 worker of app1.cpu");
        assert!(
            warning.advice.ends_with("give app1.cpu 2 cores, which keep its utilization under 0.7"),
            "{}",
            warning.advice
        );
    }

    #[test]
    fn saturation_names_the_run_length() {
        let loaded = Loaded { station: "db1.disk".to_owned(), erlangs: 3.8, workers: 4 };
        let warning = Caution::NearSaturation(vec![loaded]).warning();
        assert_eq!(warning.message, "near saturation: db1.disk at 95.0%");
        assert!(warning.advice.contains("about 65 million requests"), "{}", warning.advice);
    }

    #[test]
    fn many_figures_are_one_warning() {
        let figures = (0..9).map(|i| (format!("p99 of class{i}"), 19 - i)).collect();
        let message = Caution::FewTailSamples(figures).warning().message;
        assert!(message.contains("class3 and 5 more: a run has as few as 11"), "{message}");
    }
}

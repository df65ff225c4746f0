//! What is in a trace: how much, how bursty, of what, how long, and in which order.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use super::detect::detect;
use super::parser::Request;
use super::scan::scan;
use super::{TraceCounts, TraceError, combined, haproxy};
use crate::scenario::TraceFormat;
use crate::stats::histogram::Histogram;

#[derive(Clone, Debug)]
pub struct TraceSummary {
    pub file: PathBuf,
    pub format: TraceFormat,
    pub detected: bool,
    pub counts: TraceCounts,
    /// First arrival, nanoseconds since 1970 (or since whatever the log counts from).
    pub begin_ns: Option<i64>,
    /// First arrival to last.
    pub span_s: f64,
    /// `None`: all at one moment.
    pub rate_mean_per_s: Option<f64>,
    /// Most arrivals within one second.
    pub rate_peak_per_s: u64,
    /// Index of dispersion of counts (variance over mean; Poisson: 1) in windows of so many seconds; `None`:
    /// fewer than two windows.
    pub dispersion: Vec<(u32, Option<f64>)>,
    /// Method and first part of the path, with their requests; the most frequent first.
    pub mix: Vec<(String, u64)>,
    /// Requests beyond those in `mix`.
    pub mix_rest: u64,
    /// Increasing; `None`: the line has none.
    pub statuses: Vec<(Option<u16>, u64)>,
    /// Bytes.
    pub sizes: Option<Spread>,
    pub timers: Vec<TimerSummary>,
    /// Requests after one with a later arrival; none: the file is in order of arrival.
    pub late: u64,
    /// Most lines by which a request is behind its place in order of arrival; `sort_buffer` must exceed it.
    pub displacement_max: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub mean: f64,
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TimerSummary {
    pub name: String,
    /// Seconds; `None`: no request has it.
    pub spread_s: Option<Spread>,
    /// Share of requests without it ("-", -1).
    pub missing: f64,
}

/// Windows for dispersion, seconds.
const WINDOWS_S: [u32; 3] = [1, 10, 60];

/// Entries of the mix that are kept for the reader.
const MIX_MAX: usize = 15;

/// Entries of the mix that are held while counting: paths may be of any number.
const MIX_HELD_MAX: usize = 10_000;

/// Moments at which the latest arrival so far moved, held for displacement.
const LATEST_HELD_MAX: usize = 1 << 20;

/// Errors: those of opening, detection and columns. Malformed lines are counted and shown, however many.
pub fn summary(file: &Path, format: Option<TraceFormat>) -> Result<TraceSummary, TraceError> {
    let detected = format.is_none();
    let format = format.map_or_else(|| detect(file), Ok)?;
    let timers = timers_of(&format);
    let columns: Vec<String> = timers.iter().map(|(name, _)| name.clone()).collect();
    let mut tally = Tally::new(timers.len());
    let counts = scan(file, &format, &columns, |_, request| {
        tally.add(request, &timers);
        Ok(())
    })?;
    Ok(tally.finish(file, format, detected, counts, timers))
}

/// Names, and seconds for each unit.
fn timers_of(format: &TraceFormat) -> Vec<(String, f64)> {
    match format {
        TraceFormat::HaproxyHttp | TraceFormat::HaproxyClf => {
            haproxy::TIMERS.iter().map(|name| (name.to_string(), 1e-3)).collect()
        }
        TraceFormat::Combined { .. } => combined::TIMERS.iter().map(|name| (name.to_string(), 1.0)).collect(),
        TraceFormat::JsonLines(columns) | TraceFormat::Csv(columns) => {
            columns.duration.iter().map(|name| (name.clone(), columns.duration_unit_s)).collect()
        }
    }
}

struct Tally {
    requests: u64,
    origin: Option<i64>,
    first: i64,
    last: i64,
    /// Arrivals in each second that has any, counted from the first line's arrival.
    seconds: BTreeMap<i64, u64>,
    mix: BTreeMap<Vec<u8>, u64>,
    mix_rest: u64,
    statuses: BTreeMap<Option<u16>, u64>,
    sizes: Histogram,
    /// Nanoseconds.
    timers: Vec<Histogram>,
    /// (arrival, number of the request) wherever the latest arrival so far moved: both increase.
    latest: VecDeque<(i64, u64)>,
    late: u64,
    displacement_max: u64,
    scratch: Vec<u8>,
}

impl Tally {
    fn new(timers: usize) -> Tally {
        Tally {
            requests: 0,
            origin: None,
            first: i64::MAX,
            last: i64::MIN,
            seconds: BTreeMap::new(),
            mix: BTreeMap::new(),
            mix_rest: 0,
            statuses: BTreeMap::new(),
            sizes: Histogram::default(),
            timers: vec![Histogram::default(); timers],
            latest: VecDeque::new(),
            late: 0,
            displacement_max: 0,
            scratch: Vec::new(),
        }
    }

    fn add(&mut self, request: &Request<'_>, timers: &[(String, f64)]) {
        self.first = self.first.min(request.arrival);
        self.last = self.last.max(request.arrival);
        let since_origin = request.arrival - *self.origin.get_or_insert(request.arrival);
        *self.seconds.entry(since_origin.div_euclid(1_000_000_000)).or_default() += 1;
        self.add_to_mix(request);
        *self.statuses.entry(request.status).or_default() += 1;
        if let Some(bytes) = request.bytes {
            self.sizes.record(bytes as u64);
        }
        for ((histogram, (_, unit_s)), timer) in self.timers.iter_mut().zip(timers).zip(request.timers) {
            if let Some(timer) = timer {
                histogram.record((timer * unit_s * 1e9).round() as u64);
            }
        }
        self.add_to_order(request.arrival);
        self.requests += 1;
    }

    fn add_to_mix(&mut self, request: &Request<'_>) {
        self.scratch.clear();
        self.scratch.extend_from_slice(request.method());
        if !self.scratch.is_empty() {
            self.scratch.push(b' ');
        }
        let path = request.path();
        let begin = usize::from(path.first() == Some(&b'/'));
        let end = path[begin..].iter().position(|b| matches!(b, b'/' | b'?' | b';' | b' '));
        self.scratch.extend_from_slice(&path[..end.map_or(path.len(), |end| begin + end)]);
        if let Some(count) = self.mix.get_mut(&self.scratch) {
            *count += 1;
        } else if self.mix.len() < MIX_HELD_MAX {
            self.mix.insert(self.scratch.clone(), 1);
        } else {
            self.mix_rest += 1;
        }
    }

    fn add_to_order(&mut self, arrival: i64) {
        match self.latest.back() {
            Some(&(latest, _)) if arrival < latest => {
                // The first request that came before this one in the file, but arrived after it.
                let at = self.latest.partition_point(|&(latest, _)| latest <= arrival);
                self.late += 1;
                self.displacement_max = self.displacement_max.max(self.requests - self.latest[at].1);
            }
            Some(&(latest, _)) if arrival == latest => {}
            _ => {
                if self.latest.len() == LATEST_HELD_MAX {
                    self.latest.pop_front();
                }
                self.latest.push_back((arrival, self.requests));
            }
        }
    }

    fn finish(
        self,
        file: &Path,
        format: TraceFormat,
        detected: bool,
        counts: TraceCounts,
        timers: Vec<(String, f64)>,
    ) -> TraceSummary {
        let any = self.requests > 0;
        let span_s = if any { (self.last - self.first) as f64 * 1e-9 } else { 0.0 };
        let mut mix: Vec<(String, u64)> =
            self.mix.iter().map(|(text, &count)| (String::from_utf8_lossy(text).into_owned(), count)).collect();
        mix.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let rest: u64 = mix.iter().skip(MIX_MAX).map(|(_, count)| count).sum();
        mix.truncate(MIX_MAX);
        let timer = |((name, _), histogram): ((String, f64), &Histogram)| TimerSummary {
            name,
            spread_s: spread(histogram, 1e-9),
            missing: if any { 1.0 - histogram.count() as f64 / self.requests as f64 } else { 0.0 },
        };
        TraceSummary {
            file: file.to_path_buf(),
            format,
            detected,
            counts,
            begin_ns: any.then_some(self.first),
            span_s,
            rate_mean_per_s: (span_s > 0.0).then(|| self.requests as f64 / span_s),
            rate_peak_per_s: self.seconds.values().copied().max().unwrap_or(0),
            dispersion: WINDOWS_S.iter().map(|&window_s| (window_s, dispersion(&self.seconds, window_s))).collect(),
            mix,
            mix_rest: rest + self.mix_rest,
            statuses: self.statuses.into_iter().collect(),
            sizes: spread(&self.sizes, 1.0),
            timers: timers.into_iter().zip(&self.timers).map(timer).collect(),
            late: self.late,
            displacement_max: self.displacement_max,
        }
    }
}

fn spread(histogram: &Histogram, unit: f64) -> Option<Spread> {
    Some(Spread {
        mean: histogram.mean()? * unit,
        p50: histogram.quantile(0.5)? * unit,
        p99: histogram.quantile(0.99)? * unit,
        max: histogram.max()? as f64 * unit,
    })
}

/// Variance over mean of the counts in windows from the first second on, empty ones included; the last one
/// is left out where it is not whole, since it would look like a lull.
fn dispersion(seconds: &BTreeMap<i64, u64>, window_s: u32) -> Option<f64> {
    let (&first, _) = seconds.first_key_value()?;
    let (&last, _) = seconds.last_key_value()?;
    let window_s = i64::from(window_s);
    let windows = (last - first + 1) / window_s;
    if windows < 2 {
        return None;
    }
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut add = |count: u64| {
        sum += count as f64;
        squares += (count as f64).powi(2);
    };
    let mut current = (0, 0);
    for (&second, &count) in seconds {
        let window = (second - first) / window_s;
        if window >= windows {
            break;
        }
        if window != current.0 {
            add(current.1);
            current = (window, 0);
        }
        current.1 += count;
    }
    add(current.1);
    let windows = windows as f64;
    let mean = sum / windows;
    Some((squares / windows - mean * mean) / mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispersion_counts_empty_windows_and_leaves_out_a_broken_last_one() {
        // Counts 4, 0, 0, 4, 2: mean 2, variance 3.2.
        let seconds = BTreeMap::from([(100, 4), (103, 4), (104, 2)]);
        assert!((dispersion(&seconds, 1).unwrap() - 1.6).abs() < 1e-12);
        // 4, 4 and the broken 2.
        assert_eq!(dispersion(&seconds, 2), Some(0.0));
        assert_eq!(dispersion(&seconds, 3), None);
    }

    #[test]
    fn displacement_is_how_many_lines_a_sort_must_hold() {
        let mut tally = Tally::new(0);
        for arrival in [10, 40, 50, 20, 45, 60] {
            tally.add(&Request::new(arrival, b"GET /"), &[]);
        }
        // 20 belongs before 40, two lines up; 45 before 50, two lines up.
        assert_eq!((tally.late, tally.displacement_max), (2, 2));
    }
}

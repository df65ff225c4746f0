//! What faults cost, read off the time series of the runs. Those that come at random are no incidents, since they come
//! at other times in each run: what they cost altogether stands in a list of its own.

use super::estimate::Doubt;
use super::merge;
use super::summary::{Estimate, Incident, Noticed, RandomFault};
use crate::scenario::{Effect, Fault, Scenario, ServiceId, When};
use crate::simulation::result::{CoarseHistogram, FailureReason, Outage, REASONS, RunResult, Transition, Window};

/// Above this share of failed requests a window is one of the incident.
const FAILED_SHARE: f64 = 0.01;

pub fn incidents(doubt: &Doubt, scenario: &Scenario, runs: &[RunResult]) -> Vec<Incident> {
    if scenario.faults.is_empty() {
        return Vec::new();
    }
    let merged = merge::windows(runs);
    let width_s = merged.width_ns as f64 / 1e9;
    let numbered = scenario.faults.iter().zip(1..);
    let found = numbered.filter_map(|(fault, number)| {
        let When::At { at_s, lasts_s } = fault.when else { return None };
        let first = (at_s / width_s) as usize;
        if first >= merged.windows.len() {
            return None;
        }
        let until_s = lasts_s.map(|lasts| at_s + lasts);
        let last = until_s.map_or(merged.windows.len(), |until| (until / width_s).ceil() as usize);
        let last = last.clamp(first + 1, merged.windows.len());
        // what fails once another fault begins, after this one is over, is the other's
        let others = scenario.faults.iter().filter_map(|other| match other.when {
            When::At { at_s: other_s, .. } if other_s >= until_s.unwrap_or(f64::INFINITY) => Some(other_s),
            _ => None,
        });
        let limit = others.fold(f64::INFINITY, f64::min) / width_s;
        let limit = (limit as usize).clamp(last, merged.windows.len());
        let failing = merged.windows[..limit].iter().rposition(is_failing).filter(|&window| window >= first);
        let recovered = failing.filter(|&window| window + 1 < merged.windows.len());
        let end = failing.map_or(last, |window| last.max(window + 1));
        let failed = |run: &RunResult| Some(part(run, width_s, first, end).iter().map(failures).sum::<u64>() as f64);
        let each: Vec<f64> = runs.iter().filter_map(|run| p99_ms(part(run, width_s, first, last).iter())).collect();
        let p99_ms_during = match p99_ms(merged.windows[first..last].iter()) {
            Some(all) => doubt.around(all, &each),
            None => super::estimate::nothing(),
        };
        let ends_s = if end == merged.windows.len() { f64::INFINITY } else { end as f64 * width_s };
        let noticed = noticed(doubt, runs, at_s, ends_s);
        let first_bad = |run: &RunResult| {
            run.transitions.iter().find(|t| t.bad && t.at_s >= at_s && t.at_s < ends_s).map(|t| t.at_s)
        };
        Some(Incident {
            fault: number,
            what: what(scenario, fault),
            at_s,
            until_s,
            detected_s: doubt.mean(runs.iter().map(first_bad)),
            noticed,
            recovered_s: recovered.map(|window| (window + 1) as f64 * width_s),
            failures: doubt.mean(runs.iter().map(failed)),
            failed_by: failed_by(doubt, runs, |run| part(run, width_s, first, end).iter().collect()),
            p99_ms_during,
        })
    });
    found.collect()
}

/// What each fault that comes at random did while it was there, in the order of the scenario.
pub fn random_faults(doubt: &Doubt, scenario: &Scenario, runs: &[RunResult]) -> Vec<RandomFault> {
    let random = scenario.faults.iter().enumerate().filter(|(_, fault)| matches!(fault.when, When::Random { .. }));
    let found = random.map(|(index, fault)| {
        let outages = |run: &RunResult| run.outages.iter().filter(|o| o.fault == index).copied().collect::<Vec<_>>();
        let each = |of_run: &dyn Fn(&RunResult) -> f64| doubt.mean(runs.iter().map(|run| Some(of_run(run))));
        let p99s: Vec<f64> = runs.iter().filter_map(|run| p99_ms(within(run, &outages(run)).into_iter())).collect();
        RandomFault {
            fault: index as u32 + 1,
            what: what(scenario, fault),
            times: each(&|run| outages(run).len() as f64),
            lasted_s: each(&|run| outages(run).iter().map(|outage| outage.until_s - outage.from_s).sum()),
            failures: each(&|run| within(run, &outages(run)).into_iter().map(failures).sum::<u64>() as f64),
            failed_by: failed_by(doubt, runs, |run| within(run, &outages(run))),
            p99_ms_during: match p99_ms(runs.iter().flat_map(|run| within(run, &outages(run)))) {
                Some(all) => doubt.around(all, &p99s),
                None => super::estimate::nothing(),
            },
        }
    });
    found.collect()
}

/// Windows of a run in which one of its outages was there.
fn within<'r>(run: &'r RunResult, outages: &[Outage]) -> Vec<&'r Window> {
    let width_s = run.windows.width_ns as f64 / 1e9;
    let touched = |at: usize| {
        let (from_s, until_s) = (at as f64 * width_s, (at + 1) as f64 * width_s);
        outages.iter().any(|outage| outage.from_s < until_s && outage.until_s > from_s)
    };
    run.windows.windows.iter().enumerate().filter(|(at, _)| touched(*at)).map(|(_, window)| window).collect()
}

/// Failures of a run by reason, those that occurred in any run.
fn failed_by<'r>(
    doubt: &Doubt,
    runs: &'r [RunResult],
    windows: impl Fn(&'r RunResult) -> Vec<&'r Window>,
) -> Vec<(String, Estimate)> {
    let count = |run: &'r RunResult| {
        windows(run).into_iter().fold([0; REASONS], |mut sum, window| {
            sum.iter_mut().zip(window.failed).for_each(|(sum, failed)| *sum += failed);
            sum
        })
    };
    let counts: Vec<[u64; REASONS]> = runs.iter().map(count).collect();
    let occurred = |reason: &FailureReason| counts.iter().any(|of_run| of_run[*reason as usize - 1] > 0);
    let estimate =
        |reason: FailureReason| doubt.mean(counts.iter().map(|of_run| Some(of_run[reason as usize - 1] as f64)));
    let reasons = FailureReason::ALL.into_iter().filter(occurred);
    reasons.map(|reason| (reason.name().to_owned(), estimate(reason))).collect()
}

/// What was noticed in this time, by the mean of when first.
fn noticed(doubt: &Doubt, runs: &[RunResult], from_s: f64, to_s: f64) -> Vec<Noticed> {
    let during = |run: &RunResult| {
        let lies = |t: &&Transition| t.at_s >= from_s && t.at_s < to_s;
        run.transitions.iter().filter(lies).cloned().collect::<Vec<Transition>>()
    };
    let each: Vec<Vec<Transition>> = runs.iter().map(during).collect();
    let mut whats: Vec<&str> = Vec::new();
    for transition in each.iter().flatten() {
        if !whats.contains(&transition.what.as_str()) {
            whats.push(&transition.what);
        }
    }
    let first =
        |what: &str| doubt.mean(each.iter().map(|of_run| of_run.iter().find(|t| t.what == what).map(|t| t.at_s)));
    let mut found: Vec<Noticed> =
        whats.into_iter().map(|what| Noticed { what: what.to_owned(), at_s: first(what) }).collect();
    found.sort_by(|a, b| a.at_s.value.partial_cmp(&b.at_s.value).unwrap_or(std::cmp::Ordering::Equal));
    found
}

/// Windows of one run that lie in those of the merged series.
fn part(run: &RunResult, width_s: f64, first: usize, end: usize) -> &[Window] {
    let own = run.windows.width_ns as f64 / 1e9;
    let windows = &run.windows.windows;
    let at = |window: usize| ((window as f64 * width_s / own).round() as usize).min(windows.len());
    &windows[at(first)..at(end)]
}

fn p99_ms<'w>(windows: impl Iterator<Item = &'w Window>) -> Option<f64> {
    let mut all = CoarseHistogram::default();
    windows.for_each(|window| all.merge(&window.latency));
    all.quantile(0.99).map(|ns| ns / 1e6)
}

fn failures(window: &Window) -> u64 {
    window.failed.iter().sum()
}

fn is_failing(window: &Window) -> bool {
    let failed = failures(window) as f64;
    failed > FAILED_SHARE * (failed + window.completed as f64)
}

/// In the words of the scenario.
fn what(scenario: &Scenario, fault: &Fault) -> String {
    match &fault.effect {
        Effect::Hang { service, instances } => format!("{} hangs", processes(scenario, *service, instances)),
        Effect::Kill { service, instances, keepalived } => {
            let with = if *keepalived { " with its keepalived" } else { "" };
            format!("{} is killed{with}", processes(scenario, *service, instances))
        }
        Effect::Stop { service, instances } => format!("{} is stopped", processes(scenario, *service, instances)),
        Effect::PowerOff { servers } => {
            let names: Vec<&str> = servers.iter().map(|&server| scenario.servers[server].name.as_str()).collect();
            match names[..] {
                [one] => format!("{one} loses its power"),
                _ => format!("{} lose their power", names.join(", ")),
            }
        }
        Effect::Maintenance { service, instances, drain_s } => {
            format!("{} is drained for {drain_s} s and maintained", processes(scenario, *service, instances))
        }
        Effect::Memory { server, bytes } => {
            format!("{:.1} GiB of the memory of {} are taken", bytes / 1_073_741_824.0, scenario.servers[*server].name)
        }
        Effect::Impair { server, other, delay, loss } => {
            let name = |server: usize| scenario.servers[server].name.as_str();
            let way = match other {
                Some(other) => format!("between {} and {}", name(*server), name(*other)),
                None => format!("around {}", name(*server)),
            };
            let slower = delay.as_ref().map(|d| format!("take {:.1} ms more", d.mean() * 1e3));
            let lost = (*loss > 0.0).then(|| format!("are lost with probability {loss}"));
            format!("messages {way} {}", [slower, lost].into_iter().flatten().collect::<Vec<_>>().join(" and "))
        }
        Effect::Cut { server, other } => {
            let name = |server: usize| scenario.servers[server].name.as_str();
            match other {
                Some(other) => format!("the network between {} and {} is cut", name(*server), name(*other)),
                None => format!("the network around {} is cut", name(*server)),
            }
        }
        Effect::Slow { server, cpu, disk, nic } => {
            let parts = [("cpu", cpu), ("disk", disk), ("nic", nic)];
            let slow: Vec<String> = parts
                .iter()
                .filter(|(_, f)| **f != 1.0)
                .map(|(part, f)| format!("{part} at {f} of its speed"))
                .collect();
            format!("{}: {}", scenario.servers[*server].name, slow.join(", "))
        }
    }
}

/// Processes of a service in words: `app on app1, app2`.
fn processes(scenario: &Scenario, service: ServiceId, instances: &[usize]) -> String {
    let service = &scenario.services[service];
    let on: Vec<&str> = instances
        .iter()
        .filter_map(|&i| service.servers.get(i))
        .map(|placement| scenario.servers[placement.server].name.as_str())
        .collect();
    if on.is_empty() { service.name.clone() } else { format!("{} on {}", service.name, on.join(", ")) }
}

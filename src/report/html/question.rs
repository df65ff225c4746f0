//! What was asked, in words: the traffic, what goes wrong, what shall hold, how it was simulated.

use crate::experiment::Outcome;
use crate::experiment::summary::Summary;
use crate::experiment::topology::topology;
use crate::report::figure::{counted, duration, number};
use crate::report::{content, objectives};
use crate::scenario::{Client, Process, RateProfile, Scenario, Traffic};

/// (term, what is said of it)
pub fn terms(scenario: &Scenario, outcome: &Outcome) -> Vec<(String, Vec<String>)> {
    let summary = &outcome.summary;
    let mut terms = subject(scenario);
    terms.push(("Faults".to_owned(), faults(summary)));
    let asked: Vec<String> = summary.slo.iter().map(objectives::name).collect();
    terms.push(("Objectives".to_owned(), or(asked, "none")));
    terms.push(("Runs".to_owned(), vec![content::setting(summary), content::size(summary)]));
    terms
}

/// The system, and what comes to it.
pub fn subject(scenario: &Scenario) -> Vec<(String, Vec<String>)> {
    let traffic = scenario.traffic.iter().map(|traffic| in_words(scenario, traffic)).collect();
    vec![("Traffic".into(), traffic), ("System".into(), vec![system(scenario)])]
}

fn or(said: Vec<String>, nothing: &str) -> Vec<String> {
    if said.is_empty() { vec![nothing.into()] } else { said }
}

fn system(scenario: &Scenario) -> String {
    let services = topology(scenario).services;
    let services: Vec<String> = services.iter().map(|service| format!("{} ({})", service.name, service.kind)).collect();
    let servers = counted(scenario.servers.len() as u64, "server");
    match (scenario.servers.len(), services.len()) {
        (_, 0) => servers,
        (0, _) => services.join(", "),
        _ => format!("{servers} with {}", services.join(", ")),
    }
}

fn faults(summary: &Summary) -> Vec<String> {
    let at = summary.incidents.iter().map(|incident| {
        let lasts = match incident.until_s {
            Some(until_s) => format!(" for {}", duration(until_s - incident.at_s)),
            None => ", to the end".into(),
        };
        format!("{}: at {}{lasts}: {}", incident.fault, duration(incident.at_s), incident.what)
    });
    let random = summary.random_faults.iter().map(|fault| format!("{}: at random: {}", fault.fault, fault.what));
    or(at.chain(random).collect(), "none")
}

fn in_words(scenario: &Scenario, traffic: &Traffic) -> String {
    let mut said = format!("{}: {}", traffic.name, process(scenario, &traffic.process));
    let total: f64 = traffic.mix.iter().map(|(_, weight)| weight).sum();
    if traffic.mix.len() > 1 && total > 0.0 {
        let share = |(class, weight): &(usize, f64)| {
            format!("{} {}%", scenario.requests[*class].name, number(weight / total * 100.0))
        };
        let shares: Vec<String> = traffic.mix.iter().map(share).collect();
        said.push_str(&format!("; {}", shares.join(", ")));
    }
    said.push_str(&client(&traffic.client));
    said
}

fn process(scenario: &Scenario, process: &Process) -> String {
    match process {
        Process::Poisson(profile) => format!("{} requests/s, each by itself (Poisson)", rate(profile)),
        Process::Constant(profile) => format!("{} requests/s, evenly spaced", rate(profile)),
        Process::Renewal(gaps) => format!("{} requests/s, gaps drawn alike", number(1.0 / gaps.mean())),
        Process::Mmpp(states) => {
            let rates: Vec<String> = states.iter().map(|state| number(state.rate_per_s)).collect();
            format!("rates of {} requests/s, changing at random (MMPP)", rates.join(", "))
        }
        Process::Batch { batches_per_s, size } => format!(
            "{} batches/s of {} requests on average, at random (Poisson)",
            number(*batches_per_s),
            number(size.mean())
        ),
        Process::Trace(trace) => {
            let file = trace.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let speed =
                if trace.speed == 1.0 { String::new() } else { format!(" at {} times its speed", number(trace.speed)) };
            let times = if trace.repeat > 1 { format!(", {} times", trace.repeat) } else { String::new() };
            format!("recorded: {file}{speed}{times}")
        }
        Process::Closed { users, think, session } => {
            let visits: Vec<&str> = session.iter().map(|class| scenario.requests[*class].name.as_str()).collect();
            let visits =
                if visits.is_empty() { String::new() } else { format!(", each in turn: {}", visits.join(", ")) };
            format!(
                "{}, who think {} on average between two requests{visits}",
                counted((*users).into(), "user"),
                duration(think.mean())
            )
        }
    }
}

fn rate(profile: &RateProfile) -> String {
    let rates = || profile.points.iter().map(|(_, rate)| *rate);
    let (low, high) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
    let mut said = if low < high { format!("{} to {}", number(low), number(high)) } else { number(high) };
    if let Some(wave) = &profile.wave {
        said.push_str(&format!(" (waves of {}% each {})", number(wave.amplitude * 100.0), duration(wave.period_s)));
    }
    for spike in &profile.spikes {
        said.push_str(&format!(
            " ({} times as many at {} for {})",
            number(spike.factor),
            duration(spike.at_s),
            duration(spike.lasts_s)
        ));
    }
    said
}

fn client(client: &Client) -> String {
    let mut said = String::new();
    if let Some(timeout_s) = client.timeout_s {
        said.push_str(&format!("; they wait {} for an answer", duration(timeout_s)));
    }
    match client.retries {
        0 => {}
        1 => said.push_str("; who gets none tries once more"),
        retries => said.push_str(&format!("; who gets none tries again, {retries} times at most")),
    }
    said
}

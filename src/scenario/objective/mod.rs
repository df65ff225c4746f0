//! `[[slo]]`: what shall hold, of which requests or which part of the system, and when.
//!
//! In reading order: this file (one objective), [`that`] (its sentence), [`together`] (objectives that cannot hold
//! at the same time).

mod that;
mod together;

use super::model::{
    ClassId, Fault, Figure, Metric, Network, Objective, ServerId, Service, ServiceKind, Simulation, TimeSpan, Traffic,
    When,
};
use super::names::Names;
use super::quantity::Dimension;
use super::reader::{Flaw, Reader, Section};
use super::tree::Place;
use super::values::{quantity, text};
use crate::engine::Distribution;
use that::{Sentence, Subject};
pub use together::check_together;

/// The rest of the scenario, as far as objectives speak of it.
pub struct Around<'a> {
    pub names: &'a Names,
    pub services: &'a [Option<Service>],
    pub traffic: &'a [Traffic],
    /// `None`: wrong, and reported elsewhere.
    pub faults: &'a [Option<Fault>],
    pub simulation: &'a Simulation,
    pub network: &'a Network,
}

/// An objective and where its sentence stands.
pub type Placed = (Objective, Place);

pub fn read(reader: &mut Reader, section: &mut Section<'_>, around: &Around<'_>) -> Option<Placed> {
    if !section.has("that") {
        section.missing(reader, "that", "say what shall hold: that = \"latency_p99 < 400 ms\"");
    }
    let sentence = section.optional(reader, "that", that::sentence);
    let class = section.optional(reader, "class", |_, node| around.names.class(node));
    let station = section.optional(reader, "station", text);
    let server = section.optional(reader, "server", |_, node| around.names.server(node));
    let (time, during) = read_time(reader, section, around);
    // what is wrong with the sentence itself has been said
    let sentence = sentence?;
    let before = reader.diagnostics.len();
    fitting_scope(reader, section, &sentence);
    let metric = metric(reader, section, &sentence, station, server, around);
    if let Some(class) = class {
        has_traffic(reader, section, class, around);
    }
    within_reach(reader, section, &sentence, around);
    let entry = section.get("that")?;
    let objective = Objective {
        that: sentence.text.clone(),
        metric: metric?,
        comparison: sentence.comparison,
        bound: sentence.bound,
        class,
        time,
        during,
        written: reader.files.locate(&entry.node.place),
    };
    (reader.diagnostics.len() == before).then(|| (objective, entry.node.place.clone()))
}

/// `from` and `to`, or the time of a fault.
fn read_time(reader: &mut Reader, section: &mut Section<'_>, around: &Around<'_>) -> (Option<TimeSpan>, Option<u32>) {
    for key in ["from", "to"] {
        section.conflict(reader, key, "during");
    }
    let from_s = section.optional(reader, "from", quantity(Dimension::Time));
    let to_s = section.optional(reader, "to", quantity(Dimension::Time));
    let during = section.optional(reader, "during", |files, node| {
        let wanted = text(files, node)?;
        let number = wanted.trim().strip_prefix("fault").and_then(|rest| rest.trim().parse::<u32>().ok());
        let known = around.faults.len();
        match number {
            Some(number) if number >= 1 && number as usize <= known => Ok(number),
            Some(number) if known > 0 => {
                let flaw = Flaw::new(format!("there is no fault {number}"), "unknown fault");
                Err(flaw.help(format!("faults are numbered in the order of the file, from 1 to {known}")))
            }
            Some(_) => Err(Flaw::new("there is no [[fault]] in this scenario", "unknown fault")
                .help("add a [[fault]], or name a time: from = \"10 min\", to = \"14 min\"")),
            None => Err(Flaw::new(format!("\"{wanted}\" names no fault"), "not a fault")
                .help("write during = \"fault 1\"; faults are numbered in the order of the file, from 1")),
        }
    });
    let run_s = around.simulation.duration_s.unwrap_or(f64::INFINITY);
    if let Some(number) = during {
        // what is wrong with the fault is reported there
        let Some(fault) = &around.faults[number as usize - 1] else { return (None, None) };
        let When::At { at_s, lasts_s } = fault.when else {
            return (Some(TimeSpan::Outages { fault: number as usize - 1 }), Some(number));
        };
        if at_s >= run_s {
            let flaw = Flaw::new(format!("fault {number} begins when the run is over"), "never happens")
                .help("let it begin earlier, or set simulation.duration longer");
            complain(reader, section, "during", flaw);
            return (None, None);
        }
        return (Some(TimeSpan::Between { from_s: at_s, to_s: lasts_s.map(|lasts| at_s + lasts) }), Some(number));
    }
    if from_s.is_none() && to_s.is_none() {
        return (None, None);
    }
    let (from_s, end_s) = (from_s.unwrap_or(0.0), to_s.unwrap_or(f64::INFINITY));
    if from_s >= end_s {
        let flaw = Flaw::new("this time ends before it has begun", "not after `from`").help("let `to` be after `from`");
        complain(reader, section, "to", flaw);
    } else if from_s >= run_s {
        let flaw = Flaw::new(format!("the run is over after {run_s} s"), "after the end")
            .help("let it begin earlier, or set simulation.duration longer");
        complain(reader, section, "from", flaw);
    } else if to_s.is_some() && end_s > run_s {
        let flaw = Flaw::new(format!("the run is over after {run_s} s"), "after the end")
            .help("leave `to` out: then it is to the end of the run");
        complain(reader, section, "to", flaw);
    }
    (Some(TimeSpan::Between { from_s, to_s }), None)
}

fn complain(reader: &mut Reader, section: &Section<'_>, key: &str, flaw: Flaw) {
    if let Some(entry) = section.get(key) {
        reader.flaw(&section.key(key), &entry.node, flaw);
    }
}

/// A key that cannot mean anything beside this metric.
fn fitting_scope(reader: &mut Reader, section: &Section<'_>, sentence: &Sentence) {
    let (of, allowed): (&str, &[&str]) = match sentence.subject {
        Subject::Latency(_) | Subject::Availability | Subject::ErrorRate | Subject::Throughput => {
            ("requests", &["class", "from", "to", "during"])
        }
        Subject::Utilization => ("a station", &["station", "from", "to", "during"]),
        Subject::ApplyDelay(_) | Subject::SecondsBehind(_) | Subject::StaleReads => {
            ("a replica", &["server", "from", "to", "during"])
        }
        Subject::Rpo | Subject::Rto => ("all that failures do to the databases in a run", &[]),
    };
    for key in ["class", "station", "server", "from", "to", "during"] {
        if section.has(key) && !allowed.contains(&key) {
            let flaw = Flaw::new(format!("{} is of {of}, so this says nothing", sentence.name), "without effect");
            let help = match allowed {
                [] => format!("remove `{key}`"),
                _ => format!("remove it; possible here are {}", allowed.join(", ")),
            };
            complain(reader, section, key, flaw.help(help));
        }
    }
}

fn metric(
    reader: &mut Reader,
    section: &Section<'_>,
    sentence: &Sentence,
    station: Option<String>,
    server: Option<ServerId>,
    around: &Around<'_>,
) -> Option<Metric> {
    Some(match sentence.subject {
        Subject::Latency(figure) => Metric::Latency(figure),
        Subject::Availability => Metric::Availability,
        Subject::ErrorRate => Metric::ErrorRate,
        Subject::Throughput => Metric::Throughput,
        Subject::Utilization => {
            if !section.has("station") {
                section.missing(reader, "station", "say of which station, as results name it: station = \"app1.cpu\"");
            }
            Metric::Utilization { station: station? }
        }
        Subject::ApplyDelay(figure) => Metric::ApplyDelay { server: replica(reader, section, server, around)?, figure },
        Subject::SecondsBehind(figure) => {
            Metric::SecondsBehind { server: replica(reader, section, server, around)?, figure }
        }
        Subject::StaleReads => Metric::StaleReads { server: replica(reader, section, server, around)? },
        Subject::Rpo | Subject::Rto => {
            let any = around.services.iter().flatten().any(|service| matches!(service.kind, ServiceKind::Mysql(_)));
            if !any {
                let flaw = Flaw::new(format!("{} is of a database, and there is none", sentence.name), "of nothing")
                    .help("add a service of kind mysql, or remove this objective");
                complain(reader, section, "that", flaw);
                return None;
            }
            if sentence.subject == Subject::Rpo { Metric::Rpo } else { Metric::Rto }
        }
    })
}

/// The server of a replica; the only one where none is named.
fn replica(
    reader: &mut Reader,
    section: &Section<'_>,
    server: Option<ServerId>,
    around: &Around<'_>,
) -> Option<ServerId> {
    let mut replicas: Vec<ServerId> = Vec::new();
    // a primary is a replica after it has come back
    let mut primaries: Vec<ServerId> = Vec::new();
    for service in around.services.iter().flatten() {
        let ServiceKind::Mysql(mysql) = &service.kind else { continue };
        replicas.extend(&mysql.replicas);
        primaries.extend(mysql.failover.iter().map(|_| mysql.primary));
    }
    let names = |of: &[ServerId]| of.iter().map(|&s| around.names.servers[s].clone()).collect::<Vec<_>>().join(", ");
    match (server, &replicas[..]) {
        (Some(server), _) if replicas.contains(&server) || primaries.contains(&server) => Some(server),
        (Some(server), known) => {
            let what = format!("`{}` is no replica", around.names.servers[server]);
            let help = match known {
                [] => "no database here has replicas: remove this objective, or add replicas = [...]".to_owned(),
                _ => format!("replicas are {}", names(known)),
            };
            complain(reader, section, "server", Flaw::new(what, "not a replica").help(help));
            None
        }
        // a name that is wrong was reported
        (None, _) if section.has("server") => None,
        (None, &[only]) => Some(only),
        (None, []) => {
            let flaw = Flaw::new("it is of a replica, and no database here has one", "of nothing")
                .help("remove this objective, or add replicas = [...] to the database");
            complain(reader, section, "that", flaw);
            None
        }
        (None, known) => {
            section.missing(reader, "server", &format!("say of which replica: server = one of {}", names(known)));
            None
        }
    }
}

fn has_traffic(reader: &mut Reader, section: &Section<'_>, class: ClassId, around: &Around<'_>) {
    if !around.traffic.iter().any(|one| one.mix.iter().any(|(of, _)| *of == class)) {
        let name = &around.names.classes[class];
        let flaw = Flaw::new(format!("no traffic asks for `{name}`, so nothing can be said of it"), "never asked for")
            .help(format!("add {name} to the mix of a traffic, or name another class"));
        complain(reader, section, "class", flaw);
    }
}

/// No answer comes before the client's round trip is over, where that is always the same.
fn within_reach(reader: &mut Reader, section: &Section<'_>, sentence: &Sentence, around: &Around<'_>) {
    let Distribution::Constant(rtt_s) = around.network.client_rtt else { return };
    let tiers = around.traffic.iter().all(|one| {
        one.target.is_some() && one.mix.iter().all(|(class, _)| !around.names.is_path.get(*class).is_some_and(|p| *p))
    });
    let Subject::Latency(figure) = sentence.subject else { return };
    if tiers && !around.traffic.is_empty() && rtt_s > 0.0 && sentence.bound <= rtt_s {
        let what = match figure {
            Figure::Mean => "on average",
            Figure::Percentile(_) => "so often",
        };
        let flaw = Flaw::new(
            format!("no answer can come so soon {what}: network.client_rtt alone is {} ms", rtt_s * 1e3),
            "never met",
        )
        .help("allow more time, or shorten network.client_rtt");
        complain(reader, section, "that", flaw);
    }
}

/// Objectives that only a trace which fixes everything could show to be met: nothing may ever fail.
pub fn beyond_proof(sentence_bound: f64, subject: &Metric) -> bool {
    match subject {
        Metric::Availability => sentence_bound >= 1.0,
        Metric::ErrorRate | Metric::StaleReads { .. } => sentence_bound <= 0.0,
        Metric::Latency(_)
        | Metric::Throughput
        | Metric::Utilization { .. }
        | Metric::ApplyDelay { .. }
        | Metric::SecondsBehind { .. }
        | Metric::Rpo
        | Metric::Rto => false,
    }
}

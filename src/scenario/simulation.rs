//! `[simulation]` and `[network]`.

use super::distribution::distribution;
use super::model::{Network, Process, Simulation, Tcp, Traffic, Warmup};
use super::quantity::Dimension;
use super::reader::{Flaw, Parsed, Reader, Section};
use super::tree::{Node, SourceFiles, Value};
use super::values::{positive, quantity, seed, whole, whole_from_zero};

/// Runs beyond it are a slip of the keyboard: each keeps its windows over time until the end, 60 KB of a small
/// scenario.
const RUNS_MAX: u32 = 10_000;

/// `faults`: the scenario has some.
pub fn read(reader: &mut Reader, section: &mut Section<'_>, traffic: &[Traffic], faults: bool) -> Simulation {
    let only_traces = !traffic.is_empty() && traffic.iter().all(|one| matches!(one.process, Process::Trace(_)));
    let duration_s = if only_traces && !section.has("duration") {
        section.optional(reader, "duration", positive(Dimension::Time))
    } else {
        let source = "our choice: long enough for thousands of requests at a few per second";
        Some(section.or_default(reader, "duration", positive(Dimension::Time), "10 min", source))
    };
    let runs_given = section.has("runs");
    let source = "our choice: the first of the fixed counts at which an experiment looks (10, 20, 40, ...)";
    let runs = section.or_default(reader, "runs", whole(1, RUNS_MAX), "10", source);
    let seed = section.or_default(reader, "seed", seed, "1", "our choice; any number serves");
    Simulation { duration_s, warmup: read_warmup(reader, section, traffic, faults), runs, seed, runs_given }
}

fn read_warmup(reader: &mut Reader, section: &mut Section<'_>, traffic: &[Traffic], faults: bool) -> Warmup {
    let changing = traffic.iter().find(|one| !is_stationary(&one.process)).map(|one| format!("traffic.{}", one.name));
    let changing = changing.or(faults.then(|| "[[fault]]".to_owned()));
    let parse = |files: &SourceFiles, node: &Node| -> Parsed<Warmup> {
        match (&node.value, &changing) {
            (Value::String(word), Some(what)) if word == "auto" => Err(Flaw::new(
                format!("\"auto\" is for what does not change in time, and {what} does"),
                "cannot be found",
            )
            .help("write a time, such as warmup = \"30 s\" (spent at the rate of t = 0), or \"0 s\"")),
            (Value::String(word), None) if word == "auto" => Ok(Warmup::Auto),
            _ => quantity(Dimension::Time)(files, node)
                .map(Warmup::Seconds)
                .map_err(|flaw| flaw.help("write \"auto\" or a time, such as \"30 s\"")),
        }
    };
    let (default, source) = match &changing {
        None => ("\"auto\"", "MSER-5 on pilot runs (White 1997; Hoad, Robinson, Davies 2010)"),
        Some(_) => ("\"0 s\"", "what changes in time begins as recorded or written"),
    };
    section.or_default(reader, "warmup", parse, default, source)
}

/// Whether it does not change in time.
pub fn is_stationary(process: &Process) -> bool {
    match process {
        Process::Poisson(profile) | Process::Constant(profile) => profile.is_steady(),
        Process::Renewal(_) | Process::Mmpp(_) | Process::Batch { .. } | Process::Closed { .. } => true,
        Process::Trace(_) => false,
    }
}

pub fn read_network(reader: &mut Reader, section: &mut Section<'_>) -> Network {
    let delay = "our choice: 0.2 ms there and back, usual within one data centre";
    let rtt = "our choice: latency as seen at the edge of the data centre; set your users' round trip";
    Network {
        delay_s: section.or_default(reader, "delay", quantity(Dimension::Time), "0.1 ms", delay),
        client_rtt: section.or_default(reader, "client_rtt", distribution(Dimension::Time), "0 ms", rtt),
        tcp: Tcp {
            syn_linear_timeouts: section.or_default(
                reader,
                "tcp_syn_linear_timeouts",
                whole_from_zero(255),
                "4",
                LINEAR,
            ),
            syn_retries: section.or_default(reader, "tcp_syn_retries", whole_from_zero(127), "6", RETRIES),
        },
    }
}

const LINEAR: &str = "Linux 6.5 and later (ip-sysctl): SYNs are repeated after 1, 2, 3, 4, 5, 7 s; 0 before: 1, 3, 7 s";
const RETRIES: &str = "Linux (ip-sysctl): 6, besides the linear ones";

//! What a station's discipline, or the way requests use it, makes meaningless: a key that would have no effect.

use super::check::{callees, inner_paths, place_of};
use super::diagnostics::Diagnostic;
use super::model::*;
use super::reader::Reader;
use super::tree::{Table, bare_or_quoted};

/// How requests use each station.
#[derive(Clone, Default)]
struct Use {
    /// It serves: visited on a path, or behind a tier.
    serves: bool,
    /// Its workers are held while something else happens.
    held: bool,
}

pub fn stations(reader: &mut Reader, root: &Table, scenario: &Scenario) {
    let mut uses = vec![Use::default(); scenario.services.len()];
    for request in &scenario.requests {
        if let RequestBody::Path(steps) = &request.body {
            note_uses(steps, &mut uses);
        }
    }
    for passed in scenario.services.iter().flat_map(callees).chain(scenario.traffic.iter().filter_map(|t| t.target)) {
        uses[passed].serves = true;
    }
    for (service, of) in scenario.services.iter().zip(uses) {
        let ServiceKind::Station(station) = &service.kind else { continue };
        let mut report = |key: &str, what: &str, label: &str, help: &str| {
            let place = place_of(root, &["service", &service.name, key]);
            let message = format!("service.{}.{key}: {what}", bare_or_quoted(&service.name));
            reader.error(Diagnostic::at(place, message).label(label).help(help));
        };
        match station.discipline {
            Discipline::ProcessorSharing => {
                let waits = "a shared station serves everyone at once, and nobody waits";
                let hold = "remove it; to limit how many are inside, hold a pool around the visit: { hold = \"pool\", path = [...] }";
                if station.queue_limit.is_some() {
                    report("queue_limit", waits, "would have no effect", hold);
                }
                if station.patience.is_some() {
                    report("patience", waits, "would have no effect", hold);
                }
                if station.workers.is_none() {
                    report(
                        "workers",
                        "nothing is shared without a limit",
                        "unlimited",
                        "write discipline = \"fcfs\", which serves everyone at once then, or a number",
                    );
                }
            }
            Discipline::Priority { .. } if station.workers.is_none() => {
                report(
                    "workers",
                    "nobody is served before others without a limit",
                    "unlimited",
                    "write discipline = \"fcfs\", or a number",
                );
            }
            Discipline::Fcfs | Discipline::Priority { .. } => {}
        }
        if of.held && of.serves {
            let what = "requests visit this station, and hold it elsewhere";
            report("kind", what, "a pool or a queue, not both", "make a second station, one to hold and one to visit");
        } else if of.held {
            if station.discipline != Discipline::Fcfs {
                let what = "requests only hold this station, and a pool is granted in order of arrival";
                report("discipline", what, "would have no effect", "remove it");
            }
            if station.service.is_some() {
                let what = "requests only hold this station, for as long as what happens inside takes";
                report(
                    "service",
                    what,
                    "would have no effect",
                    "remove it, or visit the station instead of holding it",
                );
            }
        }
    }
}

fn note_uses(steps: &[PathStep], uses: &mut [Use]) {
    for step in steps {
        match step {
            PathStep::Visit { station, .. } => uses[*station].serves = true,
            PathStep::Balance { stations, .. } => stations.iter().for_each(|&station| uses[station].serves = true),
            PathStep::Hold { station, .. } => uses[*station].held = true,
            PathStep::Delay(_)
            | PathStep::Maybe { .. }
            | PathStep::Choose(_)
            | PathStep::Repeat { .. }
            | PathStep::Again { .. }
            | PathStep::Fork(_)
            | PathStep::Spawn(_) => {}
        }
        inner_paths(step).into_iter().for_each(|inner| note_uses(inner, uses));
    }
}

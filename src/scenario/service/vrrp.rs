//! `vrrp = { ... }` of a haproxy with several servers: the words of keepalived.conf.

use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::model::{TrackScript, Vrrp};
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Flaw, Parsed, Reader, Section};
use crate::scenario::tree::{Node, SourceFiles, Value};
use crate::scenario::values::{boolean, positive, quantity, whole, whole_from_zero};

const MANUAL: &str = "keepalived.conf(5)";
/// VRRP's own, and keepalived's where nothing is said.
const PRIORITY: u32 = 100;
const ARP: &str = "Linux: an entry is trusted for 30 s (base_reachable_time), waits 5 s (delay_first_probe_time) and is \
                   asked 3 times in 3 s (ucast_solicit, retrans_time)";
const VERSION: &str = "RFC 5798: the skew is a share of advert_int; keepalived's own default is 2, where it is one of a \
                       second";

/// `priority` of each server, as it is read.
pub struct Priorities {
    /// Whether there is a `vrrp` that they are for.
    wanted: bool,
    found: Vec<(String, u32)>,
}

impl Priorities {
    pub fn of(section: &Section<'_>) -> Priorities {
        Priorities { wanted: section.has("vrrp") && !is_off(section), found: Vec::new() }
    }

    pub fn read(&mut self, reader: &mut Reader, server: &mut Section<'_>) {
        if self.wanted {
            let default = PRIORITY.to_string();
            let priority = server.or_default(reader, "priority", whole(1, 254), &default, MANUAL);
            self.found.push((server.path.clone(), priority));
        } else if let Some(entry) = server.take("priority") {
            reader.error(
                Diagnostic::at(entry.key_place.clone(), format!("{}: there is no vrrp", server.key("priority")))
                    .label("nothing to compare it with")
                    .help("add vrrp = { advert_int = \"1 s\" } to the service, or remove it"),
            );
        }
    }

    /// By server; those that are mere names have said none.
    fn by_server(&self, servers: &str, count: usize) -> Vec<u32> {
        let of = |i: usize| self.found.iter().find(|(path, _)| *path == format!("{servers}.{i}"));
        (0..count).map(|i| of(i).map_or(PRIORITY, |(_, priority)| *priority)).collect()
    }
}

/// `vrrp = false`: what a scenario that is extended has is not wanted here.
fn is_off(section: &Section<'_>) -> bool {
    section.get("vrrp").is_some_and(|entry| matches!(entry.node.value, Value::Boolean(false)))
}

/// `servers`: how many were read without a mistake.
pub fn read(reader: &mut Reader, section: &mut Section<'_>, priorities: Priorities, servers: usize) -> Option<Vrrp> {
    let entry = section.get("servers");
    let written = entry.map_or(&[][..], |entry| match &entry.node.value {
        Value::Array(items) => items,
        _ => &[],
    });
    let vrrp = match is_off(section) {
        true => {
            section.optional(reader, "vrrp", boolean);
            None
        }
        false => section.within_if(reader, "vrrp", read_instance),
    };
    match (&vrrp, written) {
        (None, [_, second, ..]) => reader.error(
            Diagnostic::at(second.place.clone(), format!("{}: who of them has the address?", section.key("servers")))
                .label("a second server")
                .help("add vrrp = { advert_int = \"1 s\" } and a priority to each server, or name one server"),
        ),
        (Some(_), [_]) => {
            let entry = section.get("vrrp").expect("it was read");
            reader.error(
                Diagnostic::at(entry.key_place.clone(), format!("{}: there is one server", section.key("vrrp")))
                    .label("nobody to take over")
                    .help("name a second server: servers = [{ name = \"lb1\", priority = 150 }, { name = \"lb2\", priority = 100 }]; or remove vrrp"),
            );
        }
        _ => {}
    }
    let priorities = priorities.by_server(&section.key("servers"), servers);
    vrrp.map(|vrrp| Vrrp { priorities, ..vrrp })
}

fn read_instance(reader: &mut Reader, vrrp: &mut Section<'_>) -> Vrrp {
    let version = vrrp.or_default(reader, "version", version, "3", VERSION);
    let advert_int = vrrp.or_default(reader, "advert_int", positive(Dimension::Time), "\"1 s\"", MANUAL);
    let advert_int_s = in_range(reader, vrrp, version, advert_int);
    if let Some(entry) = vrrp.take("nopreempt") {
        reader.error(
            Diagnostic::at(entry.key_place.clone(), format!("{}: said by `preempt` here", vrrp.key("nopreempt")))
                .label("another word")
                .help("write preempt = false"),
        );
    }
    let preempt = vrrp.or_default(reader, "preempt", boolean, "true", "keepalived.conf(5): unless nopreempt is set");
    let time = || quantity(Dimension::Time);
    let preempt_delay_s = if preempt {
        vrrp.or_default(reader, "preempt_delay", time(), "\"0 s\"", MANUAL)
    } else {
        if let Some(entry) = vrrp.take("preempt_delay") {
            let message = format!("{}: nobody preempts", vrrp.key("preempt_delay"));
            let remedy = "remove it, or write preempt = true";
            reader.error(Diagnostic::at(entry.key_place.clone(), message).label("without effect").help(remedy));
        }
        0.0
    };
    for later in ["garp_master_refresh", "garp_master_repeat", "garp_lower_prio_delay", "authentication"] {
        vrrp.unsupported(reader, later, "leave it out; gratuitous ARPs are not lost here");
    }
    Vrrp {
        priorities: Vec::new(),
        version,
        advert_int_s,
        preempt,
        preempt_delay_s,
        garp_master_delay_s: vrrp.or_default(reader, "garp_master_delay", time(), "\"5 s\"", MANUAL),
        garp_lower_prio_repeat: vrrp.or_default(reader, "garp_lower_prio_repeat", whole_from_zero(100), "5", MANUAL),
        lower_prio_no_advert: vrrp.or_default(reader, "lower_prio_no_advert", boolean, "false", MANUAL),
        higher_prio_send_advert: vrrp.or_default(reader, "higher_prio_send_advert", boolean, "false", MANUAL),
        arp_timeout_s: vrrp.or_default(reader, "arp_timeout", positive(Dimension::Time), "\"38 s\"", ARP),
        track_script: vrrp.within_if(reader, "track_script", read_script),
    }
}

fn version(files: &SourceFiles, node: &Node) -> Parsed<u32> {
    whole(2, 3)(files, node)
}

/// What the version's packets can say.
fn in_range(reader: &mut Reader, vrrp: &Section<'_>, version: u32, advert_int_s: f64) -> f64 {
    let whole = (advert_int_s - libm::round(advert_int_s)).abs() < 1e-9;
    let wrong = match version {
        2 if !whole || advert_int_s > 255.0 => "version 2 has whole seconds, up to 255",
        3 if !(0.01..=40.95).contains(&advert_int_s) => "version 3 has 0.01 to 40.95 s",
        _ => return advert_int_s,
    };
    if let Some(entry) = vrrp.get("advert_int") {
        let remedy =
            if version == 2 { "write version = 3, or advert_int = \"1 s\"" } else { "write advert_int = \"1 s\"" };
        reader.flaw(&vrrp.key("advert_int"), &entry.node, Flaw::new(wrong, "not possible").help(remedy));
    }
    1.0
}

fn read_script(reader: &mut Reader, script: &mut Section<'_>) -> TrackScript {
    let runs = || whole(1, 1000);
    for later in ["script", "timeout", "user", "init_fail"] {
        script.unsupported(reader, later, "leave it out; the script looks whether the process is there, in no time");
    }
    TrackScript {
        interval_s: script.or_default(reader, "interval", positive(Dimension::Time), "\"1 s\"", MANUAL),
        fall: script.or_default(reader, "fall", runs(), "1", MANUAL),
        rise: script.or_default(reader, "rise", runs(), "1", MANUAL),
        weight: script.or_default(reader, "weight", weight, "0", MANUAL),
    }
}

fn weight(_: &SourceFiles, node: &Node) -> Parsed<i32> {
    match node.value {
        Value::Integer(weight) if (-253..=253).contains(&weight) => Ok(weight as i32),
        _ => Err(Flaw::new("a weight is a whole number from -253 to 253", "not a weight")
            .help("write 0 to leave when the script fails, or what to add to the priority")),
    }
}

//! `path = [...]`: a request's way through stations.

use super::diagnostics::Diagnostic;
use super::distribution::amount;
use super::model::{PathStep, ServiceId};
use super::names::{Kind, Names};
use super::reader::{Flaw, Reader, Section};
use super::service::balance;
use super::tree::{Node, Value};
use super::values::{number, whole};

const EXAMPLE: &str = "[\"cpu\", { delay = \"1 ms\" }, { probability = 0.3, path = [\"disk\"] }]";
/// The keys of which each element has exactly one.
const STEPS: &[&str] =
    &["visit", "hold", "delay", "probability", "choose", "balance", "repeat", "again", "fork", "spawn"];
const DEPTH_MAX: usize = 64;

struct Paths<'a> {
    names: &'a Names,
    columns: &'a [String],
}

/// Reads the array and everything in it; what is wrong is left out of the result, and reported.
pub fn read(
    reader: &mut Reader,
    section: &Section<'_>,
    node: &Node,
    names: &Names,
    columns: &[String],
) -> Vec<PathStep> {
    let key = section.key("path");
    let steps = Paths { names, columns }.steps(reader, &key, node, section.source(), 0);
    if steps.is_empty() && matches!(&node.value, Value::Array(items) if items.is_empty()) {
        reader.flaw(&key, node, Flaw::new("goes nowhere", "empty").help(format!("write for example path = {EXAMPLE}")));
    }
    steps
}

impl Paths<'_> {
    fn steps(&self, reader: &mut Reader, key: &str, node: &Node, source: Option<&str>, depth: usize) -> Vec<PathStep> {
        let Value::Array(items) = &node.value else {
            let flaw =
                Flaw::new(format!("expected an array of steps, found {}", node.value.type_name()), "not an array");
            reader.flaw(key, node, flaw.help(format!("write for example {EXAMPLE}")));
            return Vec::new();
        };
        if depth > DEPTH_MAX {
            reader.flaw(key, node, Flaw::new("paths are nested too deeply", "too deep").help("make it flatter"));
            return Vec::new();
        }
        if items.is_empty() && depth > 0 {
            let holder = Section::new(reader, String::new(), node.place.clone(), None, source);
            holder.assume_at(reader, key.to_string(), node);
        }
        items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| self.step(reader, format!("{key}.{index}"), item, source, depth))
            .collect()
    }

    fn step(
        &self,
        reader: &mut Reader,
        key: String,
        node: &Node,
        source: Option<&str>,
        depth: usize,
    ) -> Option<PathStep> {
        match &node.value {
            Value::String(_) => {
                let station = self.station(reader, &key, node)?;
                let holder = Section::new(reader, String::new(), node.place.clone(), None, source);
                holder.assume_at(reader, key, node);
                Some(PathStep::Visit { station, service: None })
            }
            Value::Table(table) => {
                let mut section = Section::new(reader, key, node.place.clone(), Some(table), source);
                let step = self.table_step(reader, &mut section, node, depth);
                section.finish(reader);
                step
            }
            other => {
                let flaw =
                    Flaw::new(format!("expected a station or a step, found {}", other.type_name()), "not a step");
                reader.flaw(&key, node, flaw.help(format!("write for example path = {EXAMPLE}")));
                None
            }
        }
    }

    fn table_step(
        &self,
        reader: &mut Reader,
        section: &mut Section<'_>,
        node: &Node,
        depth: usize,
    ) -> Option<PathStep> {
        let said: Vec<&str> = STEPS.iter().copied().filter(|step| section.has(step)).collect();
        if said.len() != 1 {
            let what = match said.len() {
                0 => "says no step".to_string(),
                _ => format!("says {} steps at once: {}", said.len(), said.join(", ")),
            };
            section.rest().iter().for_each(|entry| {
                section.take_named(&entry.key);
            });
            let help = format!("an element has exactly one of {}", STEPS.join(", "));
            reader.error(
                Diagnostic::at(node.place.clone(), format!("{}: {what}", section.path))
                    .label("not one step")
                    .help(help),
            );
            return None;
        }
        Some(match said[0] {
            "visit" => {
                let station = self.station_key(reader, section, "visit");
                PathStep::Visit {
                    station: station?,
                    service: section.optional(reader, "service", amount(self.columns)),
                }
            }
            "hold" => {
                let station = self.station_key(reader, section, "hold");
                PathStep::Hold { path: self.inner(reader, section, depth), station: station? }
            }
            "delay" => PathStep::Delay(section.required(reader, "delay", amount(self.columns), "\"1 ms\"")),
            "probability" => {
                let probability = section.required(reader, "probability", number(0.0, 1.0), "0.3");
                PathStep::Maybe { probability, path: self.inner(reader, section, depth) }
            }
            "choose" => PathStep::Choose(self.choices(reader, section, depth)),
            "balance" => {
                let policy = section.required(reader, "balance", balance, "\"leastconn\"");
                let stations = self.stations(reader, section);
                PathStep::Balance {
                    policy,
                    stations,
                    service: section.optional(reader, "service", amount(self.columns)),
                }
            }
            "repeat" => {
                let count = section.required(reader, "repeat", whole(1, 1_000_000), "3");
                PathStep::Repeat { count, path: self.inner(reader, section, depth) }
            }
            "again" => {
                let probability = section.required(reader, "again", number(0.0, 0.9999), "0.375");
                PathStep::Again { probability, path: self.inner(reader, section, depth) }
            }
            "fork" => PathStep::Fork(self.branches(reader, section, depth)),
            "spawn" => {
                let entry = section.take("spawn")?;
                let key = section.key("spawn");
                PathStep::Spawn(self.steps(reader, &key, &entry.node, section.source(), depth + 1))
            }
            other => unreachable!("{other} is listed in STEPS and has no arm"),
        })
    }

    /// The `path` inside an element.
    fn inner(&self, reader: &mut Reader, section: &mut Section<'_>, depth: usize) -> Vec<PathStep> {
        let Some(entry) = section.take("path") else {
            section.missing(reader, "path", "say what happens inside: path = [\"cpu\"]");
            return Vec::new();
        };
        self.steps(reader, &section.key("path"), &entry.node, section.source(), depth + 1)
    }

    fn choices(&self, reader: &mut Reader, section: &mut Section<'_>, depth: usize) -> Vec<(f64, Vec<PathStep>)> {
        let example = "[{ weight = 0.6, path = [\"cpu\"] }, { weight = 0.4, path = [\"disk\"] }]";
        let place = section.place.clone();
        let key = section.key("choose");
        let choices = section.elements(reader, "choose", example, |reader, one| {
            let weight = one.required(reader, "weight", number(0.0, 1e12), "0.5");
            (weight, self.inner(reader, one, depth))
        });
        let choices = choices.unwrap_or_default();
        if choices.iter().map(|(weight, _)| weight).sum::<f64>() <= 0.0 {
            reader.error(
                Diagnostic::at(place, format!("{key}: nothing can be chosen"))
                    .label("no weight above zero")
                    .help(format!("write choose = {example}")),
            );
        }
        choices
    }

    fn branches(&self, reader: &mut Reader, section: &mut Section<'_>, depth: usize) -> Vec<Vec<PathStep>> {
        let Some(entry) = section.take("fork") else { return Vec::new() };
        let key = section.key("fork");
        let help = "write for example fork = [[\"cpu\"], [\"disk\", \"cpu\"]]";
        let Value::Array(items) = &entry.node.value else {
            let flaw = Flaw::new(
                format!("expected an array of paths, found {}", entry.node.value.type_name()),
                "not an array",
            );
            reader.flaw(&key, &entry.node, flaw.help(help));
            return Vec::new();
        };
        if items.is_empty() {
            reader.flaw(&key, &entry.node, Flaw::new("has no branches", "empty").help(help));
        }
        let source = section.source();
        items
            .iter()
            .enumerate()
            .map(|(index, item)| self.steps(reader, &format!("{key}.{index}"), item, source, depth + 1))
            .collect()
    }

    fn stations(&self, reader: &mut Reader, section: &mut Section<'_>) -> Vec<ServiceId> {
        let Some(entry) = section.take("stations") else {
            section.missing(reader, "stations", "name what is balanced over: stations = [\"a\", \"b\"]");
            return Vec::new();
        };
        let key = section.key("stations");
        section.assume_given(reader, "stations", &entry.node);
        match super::values::names(&entry.node, "stations = [\"a\", \"b\"]") {
            Ok(names) => {
                if names.is_empty() {
                    reader.flaw(
                        &key,
                        &entry.node,
                        Flaw::new("there is nothing to balance over", "empty").help("name stations"),
                    );
                }
                names.into_iter().filter_map(|(_, node)| self.station(reader, &key, node)).collect()
            }
            Err(flaw) => {
                reader.flaw(&key, &entry.node, flaw);
                Vec::new()
            }
        }
    }

    fn station_key(&self, reader: &mut Reader, section: &mut Section<'_>, key: &'static str) -> Option<ServiceId> {
        let entry = section.take(key)?;
        section.assume_given(reader, key, &entry.node);
        self.station(reader, &section.key(key), &entry.node)
    }

    fn station(&self, reader: &mut Reader, key: &str, node: &Node) -> Option<ServiceId> {
        match self.names.service_of(&[Kind::Station], "a path goes through services of kind")(&reader.files, node) {
            Ok(station) => Some(station),
            Err(flaw) => {
                reader.flaw(key, node, flaw);
                None
            }
        }
    }
}

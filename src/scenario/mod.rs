//! The scenario: from files as written to the validated `Scenario`; every message to users about input.
//!
//! In reading order: `merge` makes one tree of the files and the command line, `tree` is that tree,
//! `reader` takes it key by key with the parsers of `values`, `quantity` and `distribution`, and the
//! sections (`simulation`, `server`, `service`, `request`, `path`, `traffic`, `fault`, `objective`) give the keys their meaning.
//! `check` holds what spans sections. `model` is what comes out.
//!
//! Invariant: nothing is read and ignored. A key that cannot mean anything is an error; one that nothing in this
//! scenario happens to ask for is told by `without_effect`, and a fault that comes to nothing by `idle_fault`.

pub mod catalogue;
mod check;
mod check_stations;
mod diagnostics;
mod distribution;
mod draft;
mod effective;
mod fault;
mod idle_fault;
mod merge;
pub mod model;
mod names;
mod objective;
mod path;
mod plan;
mod quantity;
mod reader;
mod repair;
mod request;
mod scale;
mod sensitivity;
mod server;
mod service;
mod simulation;
#[cfg(test)]
mod tests;
mod traffic;
mod tree;
mod values;
mod without_effect;

use std::path::Path;

pub use diagnostics::{Diagnostic, Diagnostics};
pub use draft::{Draft, is_key};
pub use effective::{files, print_effective};
pub use idle_fault::{IdleFault, idle_faults};
pub use model::*;
pub use plan::{is_its as is_of_plan, parse_growth};
pub use quantity::Dimension;
pub use reader::nearest;
pub use repair::is_its as is_of_repair;
pub use sensitivity::moved_by;
pub use simulation::is_stationary;
pub use tree::quoted;
pub use without_effect::{WithoutEffect, immaterial_defaults, without_effect};

use names::Names;
use reader::{Flaw, Parsed, Reader, Section};
use tree::{Entry, Node, Place, SourceFiles, Table, Value};

/// What the command line changes in a scenario.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `service.app.workers=128`; the value is TOML, or else text.
    pub set: Vec<String>,
    pub runs: Option<u32>,
    pub seed: Option<u64>,
}

/// Reads a scenario file and all that it extends.
///
/// # Errors
/// Everything that is wrong with it, at once; also when a file cannot be read.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Scenario, Diagnostics> {
    let (mut files, mut diagnostics) = (SourceFiles::default(), Diagnostics::default());
    let root = merge::read(path, overrides, &mut files, &mut diagnostics);
    validate(root, &stem(path), files, diagnostics)
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or("scenario".into(), |stem| stem.to_string_lossy().into_owned())
}

/// Reads a scenario that is not in a file; files that it names are relative to the working directory.
///
/// # Errors
/// As [`load`].
pub fn load_str(name: &str, text: &str, overrides: &Overrides) -> Result<Scenario, Diagnostics> {
    let (mut files, mut diagnostics) = (SourceFiles::default(), Diagnostics::default());
    let root = merge::read_str(name, text, Path::new(""), overrides, &mut files, &mut diagnostics);
    validate(root, name.trim_end_matches(".toml"), files, diagnostics)
}

/// A time with its unit, as in a scenario: `"60 s"` is 60.
///
/// # Errors
/// What is wrong with it, and what to write.
pub fn parse_time(text: &str) -> Result<f64, String> {
    quantity::parse(text, quantity::Dimension::Time).map_err(|flaw| format!("{}; {}", flaw.what, flaw.help))
}

/// A rate as in a scenario: `"600/s"` is 600.
///
/// # Errors
/// What is wrong with it, and what to write.
pub fn parse_rate(text: &str) -> Result<f64, String> {
    quantity::parse(text, quantity::Dimension::Rate).map_err(|flaw| format!("{}; {}", flaw.what, flaw.help))
}

/// What turned out only when a valid scenario was used, about the value of one key.
pub struct Complaint<'a> {
    /// The tables and the key.
    pub key: &'a [&'a str],
    pub what: String,
    /// Beside the value.
    pub label: &'a str,
    pub help: String,
}

/// Points at the values in the files of a scenario, which was read before with these overrides.
pub fn point_out(path: &Path, overrides: &Overrides, complaints: &[Complaint<'_>]) -> Diagnostics {
    let (mut files, mut unread) = (SourceFiles::default(), Diagnostics::default());
    let root = merge::read(path, overrides, &mut files, &mut unread);
    let mut diagnostics = Diagnostics::default();
    for complaint in complaints {
        let keys: Vec<String> = complaint.key.iter().map(|key| tree::bare_or_quoted(key)).collect();
        let message = format!("{}: {}", keys.join("."), complaint.what);
        // gone or broken since it was read: then the key has to do
        let place = check::value_of(&root, complaint.key).map(|node| node.place.clone());
        let diagnostic = Diagnostic { place, ..Diagnostic::nowhere(message) };
        diagnostics.push(diagnostic.label(complaint.label).help(complaint.help.as_str()));
    }
    diagnostics.in_file_order(files)
}

fn validate(root: Table, stem: &str, files: SourceFiles, diagnostics: Diagnostics) -> Result<Scenario, Diagnostics> {
    if !diagnostics.is_empty() {
        return Err(diagnostics.in_file_order(files));
    }
    let mut reader = Reader { files, diagnostics, assumptions: Vec::new() };
    let scenario = read(&mut reader, &root, stem);
    if !reader.diagnostics.is_empty() {
        return Err(reader.diagnostics.in_file_order(reader.files));
    }
    Ok(scenario)
}

fn read(reader: &mut Reader, root: &Table, stem: &str) -> Scenario {
    let names = Names::of(root);
    let top = Place { file: 0, span: 0..0 };
    let mut section = Section::new(reader, String::new(), top, Some(root), None);
    let name =
        section.or_default(reader, "name", scenario_name, &tree::quoted(&safe_name(stem)), "the name of the file");
    let mut repairs = Repairs::default();
    let servers = named(reader, &mut section, "server", |reader, section, name| {
        let server = server::read(reader, section, name);
        repairs.servers.push(repair::read(reader, section, repair::Of::Server));
        server
    });
    let around = service::Surroundings { names: &names, servers: &servers };
    let services = named(reader, &mut section, "service", |reader, section, name| {
        let service = service::read(reader, section, name, &around);
        repairs.services.push(repair::read(reader, section, repair::Of::Process));
        service
    });
    let entry_point = check::entry_point(&services);
    let traffic = named(reader, &mut section, "traffic", |reader, section, name| {
        traffic::read(reader, section, name, &names, entry_point)
    });
    let columns = check::work_columns(reader, root, &traffic);
    let requests = named(reader, &mut section, "request", |reader, section, name| {
        request::read(reader, section, name, &names, &columns)
    });
    let simulation = section.within(reader, "simulation", |reader, section| {
        simulation::read(reader, section, &traffic, root.get("fault").is_some())
    });
    let faults =
        section.elements(reader, "fault", "[{ at = \"10 min\", hang = { service = \"app\" } }]", |reader, fault| {
            fault::read(reader, fault, &names, &servers, &services, &simulation)
        });
    let network = section.within(reader, "network", |reader, section| {
        repairs.links = repair::read(reader, section, repair::Of::Link);
        simulation::read_network(reader, section)
    });
    let faults = faults.unwrap_or_default();
    let around = objective::Around {
        names: &names,
        services: &services,
        traffic: &traffic,
        faults: &faults,
        simulation: &simulation,
        network: &network,
    };
    let objectives = section.elements(reader, "slo", "[{ that = \"latency_p99 < 400 ms\" }]", |reader, slo| {
        objective::read(reader, slo, &around)
    });
    let objectives = objectives.unwrap_or_default();
    objective::check_together(reader, &objectives, &traffic);
    let plan = section.within_if(reader, "plan", |reader, section| plan::read(reader, section, &names, &services));
    section.finish(reader);

    let mut scenario = Scenario {
        name,
        simulation,
        network,
        servers,
        services: services.into_iter().flatten().collect(),
        requests,
        traffic,
        faults: faults.into_iter().flatten().collect(),
        objectives: objectives.into_iter().flatten().map(|(objective, _)| objective).collect(),
        repairs,
        plan,
        assumptions: Vec::new(),
        written: reader.files.as_written(),
        sha256: effective::sha256(root),
    };
    check::presence(reader, &names, &scenario);
    // What spans sections is only judged when the sections are sound: ids then point where they should.
    if reader.diagnostics.is_empty() {
        check::references(reader, root, &mut scenario, &names, entry_point);
        check_stations::stations(reader, root, &scenario);
    }
    scenario.assumptions = effective::in_order(std::mem::take(&mut reader.assumptions));
    scenario
}

/// The tables below `[key.*]`, each with its name.
fn named<'t, T>(
    reader: &mut Reader,
    root: &mut Section<'t>,
    key: &'static str,
    mut read: impl FnMut(&mut Reader, &mut Section<'t>, &str) -> T,
) -> Vec<T> {
    let Some(entry) = root.take(key) else { return Vec::new() };
    let Value::Table(tables) = &entry.node.value else {
        let flaw =
            Flaw::new(format!("expected tables with names, found {}", entry.node.value.type_name()), "not a table");
        reader.flaw(key, &entry.node, flaw.help(format!("write [{key}.name]")));
        return Vec::new();
    };
    let mut values = Vec::with_capacity(tables.entries.len());
    for Entry { key: name, key_place, node } in &tables.entries {
        let path = format!("{key}.{}", tree::bare_or_quoted(name));
        let table = match &node.value {
            Value::Table(table) => Some(table),
            other => {
                let flaw = Flaw::new(format!("expected a table, found {}", other.type_name()), "not a table");
                reader.flaw(
                    &path,
                    node,
                    flaw.help(format!("{key}s have names: write [{key}.NAME] and its keys below")),
                );
                continue;
            }
        };
        let mut section = Section::new(reader, path, key_place.clone(), table, root.source());
        values.push(read(reader, &mut section, name));
        section.finish(reader);
    }
    values
}

/// Names folders of results: no separators.
fn scenario_name(files: &SourceFiles, node: &Node) -> Parsed<String> {
    let name = values::text(files, node)?;
    if name == safe_name(&name) {
        return Ok(name);
    }
    Err(Flaw::new(
        "names a folder of results; it has letters, digits, space, '.', '-' and '_', and begins with a letter or digit",
        "not a name for a folder",
    )
    .help(format!("write {}", tree::quoted(&safe_name(&name)))))
}

fn safe_name(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|letter| if letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | ' ') { letter } else { '-' })
        .collect();
    let safe = safe.trim_start_matches(|letter: char| !letter.is_alphanumeric()).trim_end();
    if safe.is_empty() { "scenario".to_string() } else { safe.chars().take(100).collect() }
}

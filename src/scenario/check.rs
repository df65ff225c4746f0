//! What spans sections: who refers to whom, what each request class can reach, and whether it finds there
//! what it asks for.

use super::diagnostics::Diagnostic;
use super::model::*;
use super::names::Names;
use super::reader::Reader;
use super::request::fill_proxy_cpu;
use super::tree::{Entry, Node, Place, Table, Value, bare_or_quoted};

/// Services that this one passes requests to.
pub fn callees(service: &Service) -> Vec<ServiceId> {
    match &service.kind {
        ServiceKind::Haproxy(haproxy) => haproxy.backend_of_class.clone(),
        ServiceKind::Nginx(nginx) => nginx.upstream.iter().map(|upstream| upstream.service).collect(),
        ServiceKind::App(app) => app.database.iter().map(|database| database.service).collect(),
        ServiceKind::Mysql(_) | ServiceKind::Station(_) => Vec::new(),
    }
}

/// The only service that no other refers to. Stations come second: they mostly belong to paths.
pub fn entry_point(services: &[Option<Service>]) -> Option<ServiceId> {
    let called: Vec<ServiceId> = services.iter().flatten().flat_map(callees).collect();
    let free = |is_wanted: fn(&ServiceKind) -> bool| -> Vec<ServiceId> {
        let ids = services.iter().enumerate().filter_map(|(id, service)| service.as_ref().map(|service| (id, service)));
        ids.filter(|(id, service)| is_wanted(&service.kind) && !called.contains(id)).map(|(id, _)| id).collect()
    };
    let tiers = free(|kind| matches!(kind, ServiceKind::Haproxy(_) | ServiceKind::Nginx(_) | ServiceKind::App(_)));
    let candidates = if tiers.is_empty() { free(|kind| matches!(kind, ServiceKind::Station(_))) } else { tiers };
    match candidates[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// The columns of work that traces supply. Their places are ids, so all traces that supply work agree on them.
pub fn work_columns(reader: &mut Reader, root: &Table, traffic: &[Traffic]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for one in traffic {
        let Process::Trace(trace) = &one.process else { continue };
        let own: Vec<String> = trace.work.iter().map(|work| work.column.clone()).collect();
        if columns.is_empty() {
            columns = own;
        } else if !own.is_empty() && own != columns {
            let place = place_of(root, &["traffic", &one.name, "work"]);
            reader.error(
                Diagnostic::at(
                    place,
                    format!("traffic.{}.work: another trace supplies {}", one.name, columns.join(", ")),
                )
                .label("not the same columns in the same order")
                .help("let all traces of a scenario name the same columns of work"),
            );
        }
    }
    columns
}

/// A scenario without one of these says nothing.
pub fn presence(reader: &mut Reader, names: &Names, scenario: &Scenario) {
    let file = reader.files.0.first().map_or(String::new(), |file| file.name.clone());
    let mut need = |is_missing: bool, key: &str, help: &str| {
        if is_missing {
            // nowhere in the file, so no line of it is shown
            let message = format!("{key}: missing; there is no [{key}.NAME] in this scenario");
            reader.error(Diagnostic::nowhere(message).label(file.as_str()).help(help));
        }
    };
    need(names.services.is_empty(), "service", "add a table such as [service.app] with its kind");
    need(
        names.classes.is_empty(),
        "request",
        "add a table such as [request.home] that says what one request asks of the services",
    );
    need(scenario.traffic.is_empty(), "traffic", "add a table such as [traffic.visitors] with rate = \"600/s\"");
}

pub fn entry_of<'t>(root: &'t Table, keys: &[&str]) -> Option<&'t Entry> {
    let (first, rest) = keys.split_first()?;
    let entry = root.get(first)?;
    match (&entry.node.value, rest) {
        (_, []) => Some(entry),
        (Value::Table(table), rest) => entry_of(table, rest),
        _ => None,
    }
}

/// The value of a key; elements of arrays are counted from 0.
pub fn value_of<'t>(root: &'t Table, keys: &[&str]) -> Option<&'t Node> {
    let (first, rest) = keys.split_first()?;
    rest.iter().try_fold(&root.get(first)?.node, |node, key| match &node.value {
        Value::Table(table) => Some(&table.get(key)?.node),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Of the deepest of these keys that is written.
pub fn place_of(root: &Table, keys: &[&str]) -> Place {
    (1..=keys.len())
        .rev()
        .find_map(|length| entry_of(root, &keys[..length]))
        .map_or(Place { file: 0, span: 0..0 }, |entry| entry.key_place.clone())
}

/// What needs sound sections; also gives the proxies' CPU to the classes that reach them.
pub fn references(
    reader: &mut Reader,
    root: &Table,
    scenario: &mut Scenario,
    names: &Names,
    entry_point: Option<ServiceId>,
) {
    for class in 0..scenario.requests.len() {
        let name = scenario.requests[class].name.clone();
        recorded_work(reader, root, scenario, class);
        let reach = match &scenario.requests[class].body {
            RequestBody::Path(steps) => {
                let mut silent = Vec::new();
                visits_without_service(steps, scenario, &mut silent);
                silent.sort_unstable();
                silent.dedup();
                for station in silent {
                    no_service_time(
                        reader,
                        scenario,
                        station,
                        place_of(root, &["request", &name, "path"]),
                        &name,
                        true,
                    );
                }
                continue;
            }
            RequestBody::Tiers(demands) => {
                let fronts = scenario.traffic.iter().filter(|one| one.mix.iter().any(|(of, _)| *of == class));
                let mut fronts: Vec<ServiceId> = fronts.filter_map(|one| one.target).collect();
                if fronts.is_empty() {
                    fronts.extend(entry_point);
                }
                let mut reach = Vec::new();
                fronts.into_iter().for_each(|front| walk(scenario, front, class, demands, &mut reach));
                reach
            }
        };
        for &service in &reach {
            demands_met(reader, root, scenario, class, service);
        }
        unreachable_demands(reader, root, scenario, class, &reach);
        for &service in &reach {
            fill_proxy_cpu(reader, &mut scenario.requests[class], names, service);
        }
    }
}

/// The services that a request of the class passes, from the front on.
fn walk(scenario: &Scenario, service: ServiceId, class: ClassId, demands: &Demands, reach: &mut Vec<ServiceId>) {
    if reach.contains(&service) {
        return;
    }
    reach.push(service);
    match &scenario.services[service].kind {
        ServiceKind::Haproxy(haproxy) => walk(scenario, haproxy.backend_of_class[class], class, demands, reach),
        ServiceKind::Nginx(_) if demands.of_service[service].file.is_some() => {}
        _ => callees(&scenario.services[service])
            .into_iter()
            .for_each(|next| walk(scenario, next, class, demands, reach)),
    }
}

fn demands_met(reader: &mut Reader, root: &Table, scenario: &Scenario, class: ClassId, service: ServiceId) {
    let request = &scenario.requests[class];
    let RequestBody::Tiers(demands) = &request.body else { return };
    let demand = &demands.of_service[service];
    let name = scenario.services[service].name.as_str();
    match &scenario.services[service].kind {
        ServiceKind::Nginx(nginx) if demand.file.is_some() && nginx.files.is_none() => {
            let place = place_of(root, &["request", &request.name, name, "file"]);
            reader.error(
                Diagnostic::at(place, format!("request.{}.{name}.file: service.{name} has no `files`", request.name))
                    .label("a static file out of nowhere")
                    .help(format!("add to [service.{name}] what the page cache is up against: files = {{ total = \"3 GiB\", popularity = \"zipf(0.9)\" }}")),
            );
        }
        ServiceKind::Station(station) if station.service.is_none() && demand.cpu.is_none() => {
            no_service_time(
                reader,
                scenario,
                service,
                place_of(root, &["request", &request.name]),
                &request.name,
                false,
            );
        }
        _ => {}
    }
}

fn no_service_time(
    reader: &mut Reader,
    scenario: &Scenario,
    station: ServiceId,
    place: Place,
    class: &str,
    in_path: bool,
) {
    let name = bare_or_quoted(&scenario.services[station].name);
    let here = match in_path {
        true => format!("{{ visit = \"{name}\", service = \"exponential(9 ms)\" }} in the path"),
        false => format!("{name}.service = \"exponential(9 ms)\" here"),
    };
    reader.error(
        Diagnostic::at(place, format!("request.{class}: nothing says how long the service at `{name}` takes"))
            .label("visits it")
            .help(format!("write service = \"exponential(9 ms)\" in [service.{name}], or {here}")),
    );
}

fn unreachable_demands(reader: &mut Reader, root: &Table, scenario: &Scenario, class: ClassId, reach: &[ServiceId]) {
    if reach.is_empty() {
        return;
    }
    let request = scenario.requests[class].name.as_str();
    for (service, of) in scenario.services.iter().enumerate() {
        if reach.contains(&service) || entry_of(root, &["request", request, &of.name]).is_none() {
            continue;
        }
        let passed: Vec<&str> = reach.iter().map(|&service| scenario.services[service].name.as_str()).collect();
        let last = passed.last().copied().unwrap_or("");
        let file = entry_of(root, &["request", request, last, "file"]).is_some();
        let help = match (&of.kind, file) {
            (_, true) => {
                format!("the request ends at `{last}`, which answers it with a file; remove `{last}.file` or this")
            }
            (ServiceKind::Mysql(_), _) => {
                format!("let an app on the way talk to it: database = {{ service = \"{}\" }}", of.name)
            }
            (ServiceKind::App(_), _) => format!(
                "let something on the way pass requests to it: upstream = {{ service = \"{0}\" }}, or backend = \"{0}\"",
                of.name
            ),
            _ => "remove it, or let a service on the way pass requests to it".to_string(),
        };
        reader.error(
            Diagnostic::at(
                place_of(root, &["request", request, &of.name]),
                format!("request.{request}.{}: the request never gets there", of.name),
            )
            .label(format!("it passes {}", passed.join(", ")))
            .help(help),
        );
    }
}

fn visits_without_service(steps: &[PathStep], scenario: &Scenario, silent: &mut Vec<ServiceId>) {
    let is_silent = |id: ServiceId| matches!(&scenario.services[id].kind, ServiceKind::Station(station) if station.service.is_none());
    for step in steps {
        match step {
            PathStep::Visit { station, service: None } if is_silent(*station) => silent.push(*station),
            PathStep::Balance { stations, service: None, .. } => {
                silent.extend(stations.iter().copied().filter(|&id| is_silent(id)))
            }
            _ => {}
        }
        inner_paths(step).into_iter().for_each(|inner| visits_without_service(inner, scenario, silent));
    }
}

pub fn inner_paths(step: &PathStep) -> Vec<&[PathStep]> {
    match step {
        PathStep::Visit { .. } | PathStep::Delay(_) | PathStep::Balance { .. } => Vec::new(),
        PathStep::Hold { path, .. }
        | PathStep::Maybe { path, .. }
        | PathStep::Repeat { path, .. }
        | PathStep::Again { path, .. }
        | PathStep::Spawn(path) => vec![path],
        PathStep::Choose(choices) => choices.iter().map(|(_, path)| &path[..]).collect(),
        PathStep::Fork(branches) => branches.iter().map(|path| &path[..]).collect(),
    }
}

/// A class that takes recorded work may only come from traces that supply it.
fn recorded_work(reader: &mut Reader, root: &Table, scenario: &Scenario, class: ClassId) {
    let request = &scenario.requests[class];
    let mut indexes = Vec::new();
    match &request.body {
        RequestBody::Tiers(demands) => {
            let amounts = demands.of_service.iter().flat_map(|demand| {
                let transactions = demand.transactions.iter();
                let transactions =
                    transactions.flat_map(|one| [Some(&one.cpu), Some(&one.apply_cpu), one.wait.as_ref()]);
                [demand.cpu.as_ref(), demand.wait.as_ref()].into_iter().chain(transactions)
            });
            indexes.extend(amounts.flatten().filter_map(recorded_index));
        }
        RequestBody::Path(steps) => recorded_in_path(steps, &mut indexes),
    }
    let Some(highest) = indexes.into_iter().max() else { return };
    for one in scenario.traffic.iter().filter(|one| one.mix.iter().any(|(of, _)| *of == class)) {
        if matches!(&one.process, Process::Trace(trace) if trace.work.len() > highest) {
            continue;
        }
        reader.error(
            Diagnostic::at(
                place_of(root, &["request", &request.name]),
                format!("request.{}: takes recorded work, and traffic.{} supplies none", request.name, one.name),
            )
            .label("\"trace\" stands in it")
            .help("give this traffic a class of its own, with a distribution in place of \"trace\"; or name the column in its `work`")
            .related(place_of(root, &["traffic", &one.name]), "asks for the class"),
        );
    }
}

fn recorded_index(amount: &Amount) -> Option<usize> {
    match amount {
        Amount::Recorded { index, .. } => Some(*index),
        Amount::Drawn(_) => None,
    }
}

fn recorded_in_path(steps: &[PathStep], indexes: &mut Vec<usize>) {
    for step in steps {
        match step {
            PathStep::Visit { service: Some(amount), .. }
            | PathStep::Balance { service: Some(amount), .. }
            | PathStep::Delay(amount) => {
                indexes.extend(recorded_index(amount));
            }
            _ => {}
        }
        inner_paths(step).into_iter().for_each(|inner| recorded_in_path(inner, indexes));
    }
}

//! `[plan]`: what may vary and what each choice costs, the growth of the traffic, and the traffic to buy for.

use super::model::{Choice, Lever, LeverKind, Plan, Service, ServiceId, ServiceKind};
use super::names::Names;
use super::reader::{Flaw, Parsed, Reader, Section, nearest};
use super::tree::{Node, SourceFiles, Value};
use super::values::{described, listed, positive_number, text};

const EXAMPLE: &str = "[{ key = \"service.app.workers\", values = [32, 64], prices = [0, 40] }, \
                       { servers = \"app\", values = [1, 2, 3], price_each = 180 }]";
const CURRENCY: &str = "our choice; say which, and for how long: currency = \"EUR a month\"";
const TRAFFIC: &str = "our choice: the traffic as it is written";

/// Whether a dotted key is one of the plan, which no run asks for.
pub fn is_its(key: &str) -> bool {
    key.starts_with("plan.")
}

/// To be read when everything else has been: keys that vary must be there.
pub fn read(reader: &mut Reader, section: &mut Section<'_>, names: &Names, services: &[Option<Service>]) -> Plan {
    let currency = section.or_default(reader, "currency", text, "\"units\"", CURRENCY);
    let growth_per_month = section.optional(reader, "growth", growth);
    let traffic = section.or_default(reader, "traffic", positive_number(1e6), "1.0", TRAFFIC);
    let vary = section.elements(reader, "vary", EXAMPLE, |reader, lever| read_lever(reader, lever, names, services));
    Plan { currency, growth_per_month, traffic, vary: vary.unwrap_or_default().into_iter().flatten().collect() }
}

/// `"5%"`, each month.
fn growth(_: &SourceFiles, node: &Node) -> Parsed<f64> {
    let help = "write growth = \"5%\" for 5% more traffic each month";
    let Value::String(text) = &node.value else {
        let what = format!("expected a share in percent, found {}", described(&node.value));
        return Err(Flaw::new(what, "not in percent").help(help));
    };
    parse_growth(text).map_err(|what| Flaw::new(what, "not a growth").help(help))
}

/// `5%` is 0.05: growth from one month to the next.
///
/// # Errors
/// What is wrong with it.
pub fn parse_growth(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').map(str::trim_end).and_then(|number| number.parse::<f64>().ok());
    match number {
        None => Err(format!("expected a share in percent, found \"{text}\"")),
        Some(percent) if !(percent > 0.0 && percent.is_finite()) => {
            Err("traffic that does not grow never runs out of headroom".into())
        }
        Some(percent) if percent > 1000.0 => Err(format!("{percent}% each month is surely a mistake")),
        Some(percent) => Ok(percent / 100.0),
    }
}

fn read_lever(
    reader: &mut Reader,
    section: &mut Section<'_>,
    names: &Names,
    services: &[Option<Service>],
) -> Option<Lever> {
    let written = reader.files.locate(&section.place);
    for pair in [["key", "servers"], ["key", "replicas"], ["servers", "replicas"]] {
        section.conflict(reader, pair[0], pair[1]);
    }
    let key = section.optional(reader, "key", text);
    let servers = section.optional(reader, "servers", |_, node| names_service(node, names, services, false));
    let replicas = section.optional(reader, "replicas", |_, node| names_service(node, names, services, true));
    if !["key", "servers", "replicas"].iter().any(|key| section.has(key)) {
        let help = format!("say what may vary: {EXAMPLE}");
        section.missing(reader, "key", &help);
    }
    let values = section.take("values");
    let prices = section.optional(reader, "prices", price_list);
    let each = section.optional(reader, "price_each", |_, node| price(node));
    section.conflict(reader, "prices", "price_each");
    let Some(values) = values else {
        section.missing(reader, "values", "list what it may be: values = [32, 64, 128]");
        return None;
    };
    section.assume_given(reader, "values", &values.node);
    let counted = servers.is_some() || replicas.is_some();
    let path = section.key("values");
    let items = match &values.node.value {
        Value::Array(items) if !items.is_empty() => items,
        other => {
            let what = match other {
                Value::Array(_) => "there is nothing to choose from".to_string(),
                other => format!("expected an array, found {}", other.type_name()),
            };
            let flaw = Flaw::new(what, "no choices").help("list what it may be: values = [32, 64, 128]");
            reader.flaw(&path, &values.node, flaw);
            return None;
        }
    };
    let mut choices = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let count = match count_of(item, counted, replicas.is_some()) {
            Ok(count) => count,
            Err(flaw) => {
                reader.flaw(&path, item, flaw);
                return None;
            }
        };
        let price = match (&prices, each) {
            (Some(prices), _) if prices.len() == items.len() => prices[i],
            (Some(prices), _) => {
                let what = format!("{} prices for {} values", prices.len(), items.len());
                let entry = section.get("prices").expect("prices were read");
                let flaw =
                    Flaw::new(what, "not one for each value").help("give each value its price, in the same order");
                reader.flaw(&section.key("prices"), &entry.node, flaw);
                return None;
            }
            (None, Some(each)) => match &item.value {
                Value::Integer(n) => each * *n as f64,
                Value::Float(n) => each * n,
                other => {
                    let what = format!("price_each is for numbers, and {} is none", described(other));
                    let flaw = Flaw::new(what, "not a number").help("give each value its price: prices = [10, 20]");
                    reader.flaw(&path, item, flaw);
                    return None;
                }
            },
            (None, None) => {
                if !section.has("prices") && !section.has("price_each") {
                    let help = "say what each value costs: prices = [0, 40, 80], or price_each = 1.25 for each \
                                worker, core or server; what costs nothing has price_each = 0";
                    section.missing(reader, "prices", help);
                }
                return None;
            }
        };
        choices.push(Choice { value: item.value.to_toml(), count, price });
    }
    let (kind, name) = match (key, servers, replicas) {
        (Some(key), None, None) => {
            known(reader, section, &key)?;
            (LeverKind::Key(key.clone()), key)
        }
        (None, Some(id), None) => (LeverKind::Servers(id), format!("servers of {}", names.services[id])),
        (None, None, Some(id)) => (LeverKind::Replicas(id), format!("replicas of {}", names.services[id])),
        _ => return None,
    };
    let present = present(reader, &kind, &choices, services);
    Some(Lever { kind, name, choices, present, written })
}

/// A number of servers or replicas; 0 where nothing is counted.
fn count_of(item: &Node, counted: bool, from_zero: bool) -> Parsed<u32> {
    if !counted {
        return Ok(0);
    }
    let least = if from_zero { 0 } else { 1 };
    match item.value {
        Value::Integer(n) if (least..=1000).contains(&n) => Ok(n as u32),
        _ => Err(Flaw::new(format!("expected a number of servers, found {}", item.value.to_toml()), "not a count")
            .help(format!("write whole numbers from {least} to 1000"))),
    }
}

fn price(node: &Node) -> Parsed<f64> {
    let value = match node.value {
        Value::Integer(n) => n as f64,
        Value::Float(n) => n,
        _ => f64::NAN,
    };
    if value.is_finite() && value >= 0.0 {
        return Ok(value);
    }
    Err(Flaw::new(format!("expected a price, found {}", node.value.to_toml()), "not a price")
        .help("write a number from 0; what it is in stands as plan.currency"))
}

fn price_list(_: &SourceFiles, node: &Node) -> Parsed<Vec<f64>> {
    let Value::Array(items) = &node.value else {
        return Err(Flaw::new(
            format!("expected an array of prices, found {}", node.value.type_name()),
            "not an array",
        )
        .help("give each value its price, in the same order: prices = [0, 40, 80]"));
    };
    items.iter().map(price).collect()
}

fn names_service(node: &Node, names: &Names, services: &[Option<Service>], replicas: bool) -> Parsed<ServiceId> {
    let Value::String(name) = &node.value else {
        return Err(Flaw::new(format!("expected a service, found {}", described(&node.value)), "not a name")
            .help("write the service's name: servers = \"app\""));
    };
    let may = |service: &Service| match &service.kind {
        ServiceKind::Mysql(_) => replicas,
        ServiceKind::Nginx(_) | ServiceKind::App(_) => !replicas,
        ServiceKind::Haproxy(haproxy) => !replicas && haproxy.vrrp.is_none(),
        ServiceKind::Station(_) => !replicas && !service.servers.is_empty(),
    };
    let possible = || services.iter().flatten().filter(|s| may(s)).map(|s| s.name.as_str());
    let all: Vec<&str> = possible().collect();
    match names.services.iter().position(|known| known == name) {
        Some(id) => match &services[id] {
            Some(service) if !may(service) => {
                let (what, help) = match &service.kind {
                    ServiceKind::Mysql(_) => ("a database has replicas", format!("write replicas = \"{name}\"")),
                    ServiceKind::Haproxy(_) if !replicas => (
                        "load balancers that share an address are not supported here yet",
                        "let something else vary, or the keys of its servers".into(),
                    ),
                    ServiceKind::Station(_) if !replicas => {
                        ("it is on no server", format!("let its workers vary: key = \"service.{name}.workers\""))
                    }
                    _ => ("only a database has replicas", format!("write servers = \"{name}\"")),
                };
                Err(Flaw::new(format!("{name}: {what}"), "cannot vary").help(help))
            }
            _ => Ok(id),
        },
        None => {
            let help = match nearest(name, possible()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None if all.is_empty() => "no service of this scenario can vary so".into(),
                None => format!("possible are {}", listed(&all)),
            };
            Err(Flaw::new(format!("there is no service \"{name}\""), "unknown").help(help))
        }
    }
}

/// Whether the scenario has this key, or keys below it. A value that is wrong is told where it stands.
fn known(reader: &mut Reader, section: &Section<'_>, key: &str) -> Option<()> {
    let below = format!("{key}.");
    let keys = || reader.assumptions.iter().map(|a| a.key.as_str()).filter(|key| !is_its(key));
    if !reader.diagnostics.is_empty() || keys().any(|known| known == key || known.starts_with(&below)) {
        return Some(());
    }
    let help = match nearest(key, keys()) {
        Some(near) => format!("did you mean {near}? All keys: --print-effective"),
        None => {
            "see --print-effective for all keys; one that is not there yet is to be written into the scenario first, \
                 so that there is a present value"
                .into()
        }
    };
    let entry = section.get("key").expect("the key was read");
    let flaw = Flaw::new(format!("there is no key {key} in this scenario"), "unknown").help(help);
    reader.flaw(&section.key("key"), &entry.node, flaw);
    None
}

fn present(reader: &Reader, kind: &LeverKind, choices: &[Choice], services: &[Option<Service>]) -> Option<usize> {
    match kind {
        LeverKind::Key(key) => {
            let now = &reader.assumptions.iter().find(|a| a.key == *key)?.value;
            choices.iter().position(|choice| choice.value == *now)
        }
        LeverKind::Servers(id) => {
            let now = services[*id].as_ref()?.servers.len();
            choices.iter().position(|choice| choice.count as usize == now)
        }
        LeverKind::Replicas(id) => {
            let now = services[*id].as_ref()?.servers.len() - 1;
            choices.iter().position(|choice| choice.count as usize == now)
        }
    }
}

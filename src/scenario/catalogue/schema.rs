//! The language as a JSON Schema (draft 2020-12), by which an editor completes keys, shows what they mean and marks
//! mistakes.
//!
//! It judges each value by itself. What must be there is the reader's to say, since a file may extend another; so
//! is what a key means beside others.

use serde_json::{Map, Value as Json, json};

use super::super::distribution::FORMS;
use super::super::quantity::Dimension;
use super::service::KINDS;
use super::{Default, Entry, SOURCE, Value, defaults, entries};

/// The schema, with a line break at the end.
pub fn schema() -> String {
    let language = Language { entries: entries(), defaults: defaults() };
    let mut root = language.table("", None, None);
    let object = root.as_object_mut().expect("a table is an object");
    object.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    object.insert("title".into(), json!(format!("A scenario of foobar-sim {}", env!("CARGO_PKG_VERSION"))));
    object.insert("$defs".into(), language.definitions());
    let mut text = serde_json::to_string_pretty(&root).expect("strings and numbers become JSON");
    text.push('\n');
    text
}

struct Language {
    entries: Vec<Entry>,
    defaults: Vec<Default>,
}

impl Language {
    /// Quantities by their dimension, and paths, which hold paths.
    fn definitions(&self) -> Json {
        let mut all = Map::new();
        for dimension in DIMENSIONS {
            all.insert(named(dimension).into(), quantity(dimension));
            all.insert(format!("{}_distribution", named(dimension)), distribution(dimension));
        }
        all.insert(
            "amount".into(),
            json!({ "anyOf": [
                { "$ref": "#/$defs/time_distribution" },
                { "type": "string", "pattern": r"^\s*trace\s*(\([^)]*\))?\s*(\*\s*[0-9.eE+-]+)?\s*$" },
            ] }),
        );
        all.insert("name".into(), json!({ "type": "string", "minLength": 1 }));
        all.insert("names".into(), json!({ "type": "array", "items": { "$ref": "#/$defs/name" } }));
        let step = self.table("request.NAME.path.N", None, None);
        let step = json!({ "anyOf": [{ "$ref": "#/$defs/name" }, step] });
        all.insert("path".into(), json!({ "type": "array", "items": step }));
        Json::Object(all)
    }

    /// The keys right below a path; `kind` is that of the service which the table belongs to.
    fn table(&self, path: &str, kind: Option<&str>, description: Option<&str>) -> Json {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for entry in &self.entries {
            let Some(name) = below(&entry.path, path) else { continue };
            if entry.kind.is_some() && entry.kind != kind {
                continue;
            }
            properties.insert(name.to_string(), self.key(entry, kind));
            // what an element of an array lacks, no other file can have
            if entry.key.required && path.ends_with(".N") {
                required.push(name);
            }
        }
        if let Some(kind) = kind.filter(|_| path == "service.NAME")
            && let Some(of_kind) = properties.get_mut("kind").and_then(Json::as_object_mut)
        {
            of_kind.remove("enum");
            of_kind.insert("const".into(), json!(kind));
        }
        if let Some(source) = self.entries.iter().find(|entry| entry.path == SOURCE) {
            properties.entry(SOURCE).or_insert_with(|| self.key(source, None));
        }
        let mut table = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if !required.is_empty() {
            table["required"] = json!(required);
        }
        if let Some(description) = description {
            table["description"] = json!(description);
        }
        if path == "request.NAME" {
            // whose kind a name is only the reader knows
            let asked = KINDS.iter().map(|kind| {
                let description = format!("What it asks of a service of kind {kind}.");
                self.table("request.NAME.SERVICE", Some(kind), Some(&description))
            });
            table["additionalProperties"] = json!({ "anyOf": asked.collect::<Vec<_>>() });
        }
        table
    }

    fn key(&self, entry: &Entry, kind: Option<&str>) -> Json {
        let mut schema = self.value(&entry.key.value, &entry.path, kind);
        let object = schema.as_object_mut().expect("a schema is an object");
        let mut description = entry.key.meaning.to_string();
        let of_key: Vec<&Default> =
            self.defaults.iter().filter(|default| default.path == entry.path && default.kind == entry.kind).collect();
        if entry.key.required {
            description.push_str(" Must be there.");
        }
        if let Some(default) = of_key.first() {
            description.push_str(&format!(" Default: {} ({}).", default.value, default.source));
        }
        if let [only] = of_key[..]
            && !matches!(entry.key.value, Value::Name(_) | Value::Names(_) | Value::Tables)
            && let Some(default) = json_of(&only.value)
        {
            object.insert("default".into(), default);
        }
        object.insert("description".into(), json!(description));
        schema
    }

    fn value(&self, value: &Value, path: &str, kind: Option<&str>) -> Json {
        let reference = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
        match value {
            Value::Table => self.table(path, kind, None),
            Value::TableOr(other) => {
                json!({ "anyOf": [self.table(path, kind, None), self.value(other, path, kind)] })
            }
            Value::Named if path == "service" => {
                let kinds = KINDS.iter().map(|kind| {
                    let mut table = self.table("service.NAME", Some(kind), None);
                    table["title"] = json!(kind);
                    table
                });
                json!({ "type": "object", "additionalProperties": { "anyOf": kinds.collect::<Vec<_>>() } })
            }
            Value::Named => {
                json!({ "type": "object", "additionalProperties": self.table(&format!("{path}.NAME"), kind, None) })
            }
            Value::Tables => {
                let table = self.table(&format!("{path}.N"), kind, None);
                // a server is named, or a table with its name
                let element = match path {
                    "service.NAME.servers" => json!({ "anyOf": [reference("name"), table] }),
                    _ => table,
                };
                json!({ "type": "array", "items": element })
            }
            Value::Off => json!({ "const": false }),
            Value::Text | Value::File => json!({ "type": "string", "minLength": 1 }),
            Value::Boolean => json!({ "type": "boolean" }),
            Value::Whole(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
            Value::WholeOr(low, high, word) => {
                json!({ "anyOf": [{ "type": "integer", "minimum": low, "maximum": high }, { "const": word }] })
            }
            Value::Number(low, high) => json!({ "type": "number", "minimum": low, "maximum": high }),
            Value::AtLeast(low) => json!({ "type": "number", "minimum": low }),
            Value::Above(high) => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": high }),
            Value::Choice(words) => json!({ "enum": words }),
            Value::Words(words) => json!({ "type": "array", "items": { "enum": words } }),
            Value::Quantity(of) | Value::Positive(of) => reference(named(*of)),
            Value::PositiveOr(of, word) | Value::QuantityOr(of, word) => {
                json!({ "anyOf": [reference(named(*of)), { "const": word }] })
            }
            Value::Distribution(of) | Value::PositiveDistribution(of) => {
                reference(&format!("{}_distribution", named(*of)))
            }
            Value::Amount => reference("amount"),
            Value::Popularity => json!({ "type": "string", "pattern": r"^\s*(uniform|zipf\s*\([^)]*\))\s*$" }),
            Value::Balance => json!({
                "type": "string",
                "pattern": r"^(roundrobin|static-rr|leastconn|first|source|random(\(\s*[0-9]+\s*\))?)$",
            }),
            Value::Name(_) => reference("name"),
            Value::Names(_) => reference("names"),
            Value::NameOrNames(_) => json!({ "anyOf": [reference("name"), reference("names")] }),
            Value::Weights => json!({ "type": "object", "additionalProperties": { "type": "number", "minimum": 0 } }),
            Value::Routes => json!({ "type": "object", "additionalProperties": reference("name") }),
            Value::Points => {
                let point = json!({ "type": "array", "prefixItems": [reference("time"), reference("rate")],
                                    "minItems": 2, "maxItems": 2 });
                json!({ "anyOf": [{ "type": "array", "items": point, "minItems": 1 }, reference("name")] })
            }
            Value::Window => {
                json!({ "type": "array", "items": reference("time"), "minItems": 2, "maxItems": 2 })
            }
            Value::List => json!({ "type": "array", "minItems": 1 }),
            Value::Path => reference("path"),
            Value::Paths => json!({ "type": "array", "items": reference("path"), "minItems": 1 }),
        }
    }
}

/// What stands right below `path`: its last part.
fn below<'e>(entry: &'e str, path: &str) -> Option<&'e str> {
    let name = if path.is_empty() { entry } else { entry.strip_prefix(path)?.strip_prefix('.')? };
    (!name.contains('.')).then_some(name)
}

const DIMENSIONS: [Dimension; 5] =
    [Dimension::Time, Dimension::Size, Dimension::Throughput, Dimension::Rate, Dimension::Count];

fn named(dimension: Dimension) -> &'static str {
    dimension.name().trim_start_matches("a ")
}

const NUMBER: &str = r"\+?[0-9._]+([eE][+-]?[0-9]+)?";

fn quantity(dimension: Dimension) -> Json {
    let units: Vec<&str> = dimension.units().iter().map(|(unit, _)| *unit).collect();
    let text = json!({
        "type": "string",
        "pattern": format!(r"^\s*{NUMBER}\s*({})\s*$", units.join("|")),
    });
    match dimension {
        Dimension::Count => json!({ "anyOf": [{ "type": "number", "minimum": 0 }, text] }),
        _ => text,
    }
}

fn distribution(dimension: Dimension) -> Json {
    let names: Vec<&str> = FORMS.iter().map(|(name, _)| *name).collect();
    json!({ "anyOf": [
        { "$ref": format!("#/$defs/{}", named(dimension)) },
        { "type": "string", "pattern": format!(r"^\s*({})\s*\(.*\)\s*$", names.join("|")) },
    ] })
}

/// A default of ours, which is TOML.
fn json_of(toml: &str) -> Option<Json> {
    fn json(value: &super::super::tree::Value) -> Option<Json> {
        use super::super::tree::Value as Toml;
        Some(match value {
            Toml::String(text) => json!(text),
            Toml::Integer(number) => json!(number),
            Toml::Float(number) => json!(number),
            Toml::Boolean(truth) => json!(truth),
            Toml::Array(items) => items.iter().map(|item| json(&item.value)).collect::<Option<Vec<_>>>()?.into(),
            Toml::Table(_) | Toml::Datetime(_) => return None,
        })
    }
    json(&super::super::reader::own(toml).value)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parsed() -> Json {
        serde_json::from_str(&schema()).unwrap()
    }

    /// What the schema says of a value: the words of it that this schema uses, and no others.
    fn complaints(schema: &Json, root: &Json, value: &Json, at: &str) -> Vec<String> {
        const KNOWN: &[&str] = &[
            "$schema",
            "$defs",
            "$ref",
            "title",
            "description",
            "default",
            "type",
            "const",
            "enum",
            "anyOf",
            "pattern",
            "minLength",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "items",
            "prefixItems",
            "minItems",
            "maxItems",
            "properties",
            "additionalProperties",
            "required",
        ];
        let rules = schema.as_object().unwrap_or_else(|| panic!("{at}: {schema} is no schema"));
        let mut found = Vec::new();
        let mut demand = |met: bool, rule: &str| {
            if !met {
                found.push(format!("{at}: {rule} of {value}"));
            }
        };
        for (rule, wanted) in rules {
            assert!(KNOWN.contains(&rule.as_str()), "{rule} is not understood here");
            let number = value.as_f64();
            match rule.as_str() {
                "type" => demand(
                    match wanted.as_str().unwrap() {
                        "object" => value.is_object(),
                        "array" => value.is_array(),
                        "string" => value.is_string(),
                        "boolean" => value.is_boolean(),
                        "integer" => value.is_i64() || value.is_u64(),
                        "number" => value.is_number(),
                        other => panic!("{other} is no type"),
                    },
                    "type",
                ),
                "const" => demand(value == wanted, "const"),
                "enum" => demand(wanted.as_array().unwrap().contains(value), "enum"),
                "minimum" => demand(number.is_none_or(|number| number >= wanted.as_f64().unwrap()), "minimum"),
                "maximum" => demand(number.is_none_or(|number| number <= wanted.as_f64().unwrap()), "maximum"),
                "exclusiveMinimum" => demand(number.is_none_or(|number| number > wanted.as_f64().unwrap()), "above"),
                "minLength" => demand(value.as_str().is_none_or(|text| !text.is_empty()), "minLength"),
                "pattern" => {
                    let pattern = regex::Regex::new(wanted.as_str().unwrap()).unwrap();
                    demand(value.as_str().is_none_or(|text| pattern.is_match(text)), "pattern");
                }
                "minItems" => {
                    demand(value.as_array().is_none_or(|a| a.len() as u64 >= wanted.as_u64().unwrap()), "minItems")
                }
                "maxItems" => {
                    demand(value.as_array().is_none_or(|a| a.len() as u64 <= wanted.as_u64().unwrap()), "maxItems")
                }
                "required" => {
                    let has = |name: &Json| value.get(name.as_str().unwrap()).is_some();
                    demand(!value.is_object() || wanted.as_array().unwrap().iter().all(has), "required");
                }
                _ => {}
            }
        }
        if let Some(name) = rules.get("$ref").and_then(Json::as_str) {
            let target = root.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{name} is nowhere"));
            found.extend(complaints(target, root, value, at));
        }
        if let Some(any) = rules.get("anyOf").and_then(Json::as_array) {
            let each: Vec<Vec<String>> = any.iter().map(|one| complaints(one, root, value, at)).collect();
            if each.iter().all(|one| !one.is_empty()) {
                found.extend(each.into_iter().min_by_key(Vec::len).unwrap());
            }
        }
        if let Some(items) = value.as_array() {
            let first = rules.get("prefixItems").and_then(Json::as_array);
            for (index, item) in items.iter().enumerate() {
                let of = first.and_then(|first| first.get(index)).or(rules.get("items"));
                found.extend(of.into_iter().flat_map(|of| complaints(of, root, item, &format!("{at}.{index}"))));
            }
        }
        if let Some(object) = value.as_object() {
            for (name, inner) in object {
                let at = format!("{at}.{name}");
                match (rules.get("properties").and_then(|known| known.get(name)), rules.get("additionalProperties")) {
                    (Some(of), _) => found.extend(complaints(of, root, inner, &at)),
                    (None, Some(Json::Bool(false))) => found.push(format!("{at}: unknown")),
                    (None, Some(of)) => found.extend(complaints(of, root, inner, &at)),
                    (None, None) => {}
                }
            }
        }
        found
    }

    fn judged(schema: &Json, text: &str) -> Vec<String> {
        let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}"));
        complaints(schema, schema, &serde_json::to_value(table).unwrap(), "")
    }

    #[test]
    fn every_scenario_here_is_valid_by_the_schema() {
        let schema = parsed();
        let mut seen = 0;
        for folder in ["scenarios", "benches/scenarios", "src/scenario/catalogue", "src/cli/init"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if file.extension().is_some_and(|extension| extension == "toml") {
                    let found = judged(&schema, &std::fs::read_to_string(&file).unwrap());
                    assert!(found.is_empty(), "{}: {found:#?}", file.display());
                    seen += 1;
                }
            }
        }
        assert!(seen > 20, "{seen}");
    }

    #[test]
    fn what_the_reader_would_not_take_the_schema_refuses_too() {
        let schema = parsed();
        assert_eq!(judged(&schema, "[server.a]\ncpu = { cores = 2 }\n"), [""; 0]);
        for (text, at) in [
            ("[simulaton]\nruns = 1\n", ".simulaton: unknown"),
            ("[simulation]\nrun = 1\n", ".simulation.run: unknown"),
            ("[server.a]\ncpu = { core = 2 }\n", ".server.a.cpu.core: unknown"),
            ("[server.a]\ncpu = { cores = 0 }\n", ".server.a.cpu.cores: minimum of 0"),
            ("[server.a]\ncpu = { cores = \"two\" }\n", ".server.a.cpu.cores: type of \"two\""),
            ("[server.a]\nmemory = 16\n", ".server.a.memory: type of 16"),
            ("[server.a]\nmemory = \"16 apples\"\n", ".server.a.memory: pattern of \"16 apples\""),
            ("[network]\nclient_rtt = \"lognorm(40 ms)\"\n", ".network.client_rtt: pattern of \"lognorm(40 ms)\""),
            ("[service.s]\nkind = \"apache\"\n", ".service.s.kind: const of \"apache\""),
            ("[service.s]\nkind = \"app\"\nmaxconn = 1\n", ".service.s."),
            ("[request.r]\napp = { file = \"1 KiB\", wait = \"1 ms\" }\n", ".request.r.app."),
            ("[request.r]\npath = [{ visits = \"cpu\" }]\n", ".request.r.path.0"),
            ("[request.r]\npath = [{ repeat = 2, path = [{ dely = \"1 ms\" }] }]\n", ".request.r.path.0"),
            ("[traffic.t]\nprocess = \"possion\"\n", ".traffic.t.process: enum of \"possion\""),
            ("[traffic.t]\nrules = [{ match = \"^GET\" }]\n", ".traffic.t.rules.0: required of {\"match\":\"^GET\"}"),
            ("[[fault]]\nat = \"1 min\"\npoweroff = \"a\"\n", ".fault.0.poweroff: unknown"),
        ] {
            let found = judged(&schema, text);
            assert!(found.iter().any(|one| one.starts_with(at)), "{text}: {found:#?}");
        }
    }

    #[test]
    fn an_editor_learns_what_a_key_means_and_its_default() {
        let schema = parsed();
        let runs = schema.pointer("/properties/simulation/properties/runs").unwrap();
        assert_eq!(runs["default"], 10);
        assert!(runs["description"].as_str().unwrap().starts_with("Independent runs"), "{runs}");
        // worked out from others, so it is none to fill in
        let kinds = schema.pointer("/properties/service/additionalProperties/anyOf").unwrap().as_array().unwrap();
        let app = kinds.iter().find(|kind| kind["title"] == "app").unwrap();
        assert!(app["properties"]["workers"].get("default").is_none());
        assert!(app["properties"]["workers"]["description"].as_str().unwrap().contains("2 x cores + 1"));
    }
}

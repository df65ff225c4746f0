//! What differs in two scenarios, key by key as they take effect.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::scenario::{Assumption, Mark, Scenario, is_of_repair};

/// One side's value of a key, as `--set` would write it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Written {
    pub value: String,
    /// Nobody wrote it.
    pub default: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    pub key: String,
    /// `None`: it is not there.
    pub a: Option<Written>,
    pub b: Option<Written>,
}

impl Difference {
    /// Only a default differs: what it belongs to is there on one side alone.
    pub fn is_default(&self) -> bool {
        [&self.a, &self.b].into_iter().flatten().all(|written| written.default)
    }
}

/// What takes effect, in the order of the file.
pub type Keys = Vec<(String, Written)>;

/// Without what no run asks for. Files are named in full, since the same name means another file in another folder.
pub fn keys(scenario: &Scenario) -> Keys {
    let written = |assumption: &Assumption| Written {
        value: assumption.anywhere.as_ref().unwrap_or(&assumption.value).clone(),
        default: assumption.mark == Mark::Default,
    };
    listed(scenario, written)
}

/// The same, with files as they are written: as summary.json has them.
pub fn keys_as_stored(scenario: &Scenario) -> Keys {
    listed(scenario, |a| Written { value: a.value.clone(), default: a.mark == Mark::Default })
}

fn listed(scenario: &Scenario, written: impl Fn(&Assumption) -> Written) -> Keys {
    let asked = scenario.assumptions.iter().filter(|assumption| is_asked(&assumption.key));
    asked.map(|assumption| (assumption.key.clone(), written(assumption))).collect()
}

/// Not a name, not how often things fail, and not how many runs there are.
pub fn is_asked(key: &str) -> bool {
    key != "name" && key != "simulation.runs" && !is_of_repair(key)
}

/// In the order of `a`, then what only `b` has.
pub fn differences(a: &Keys, b: &Keys) -> Vec<Difference> {
    let index = |keys: &Keys| keys.iter().cloned().collect::<BTreeMap<String, Written>>();
    let (in_a, in_b) = (index(a), index(b));
    let mut found: Vec<Difference> = a
        .iter()
        .map(|(key, written)| Difference { key: key.clone(), a: Some(written.clone()), b: in_b.get(key).cloned() })
        .filter(|one| one.a.as_ref().map(|w| &w.value) != one.b.as_ref().map(|w| &w.value))
        .collect();
    let new = b.iter().filter(|(key, _)| !in_a.contains_key(key));
    found.extend(new.map(|(key, written)| Difference { key: key.clone(), a: None, b: Some(written.clone()) }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(pairs: &[(&str, &str)]) -> Keys {
        let written = |value: &str| Written { value: value.to_owned(), default: value.starts_with('d') };
        pairs.iter().map(|(key, value)| ((*key).to_owned(), written(value))).collect()
    }

    #[test]
    fn changed_missing_and_new_keys_are_found_in_the_order_of_the_file() {
        let a = keys(&[("z.workers", "2"), ("z.queue", "d1"), ("a.rate", "\"1/s\""), ("same", "1")]);
        let b = keys(&[("same", "1"), ("a.rate", "\"2/s\""), ("z.workers", "4"), ("new", "d7")]);
        let found = differences(&a, &b);
        let names: Vec<&str> = found.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(names, ["z.workers", "z.queue", "a.rate", "new"]);
        assert!(found[1].is_default() && found[1].b.is_none() && !found[0].is_default());
        assert!(found[3].a.is_none() && found[3].is_default());
        assert!(differences(&a, &a).is_empty());
    }
}

//! What a sweep is: everything that its results depend on, and into how many shards it is divided. Two sweeps with
//! the same definition have the same results, whoever makes them and in whatever order.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::design::{Design, DesignError, Kind};
use super::vary::Axis;

/// Of the definition, the parts and the results.
pub const SCHEMA_VERSION: u32 = 1;
/// More shards than points make no sense, and more than this no engine takes.
pub const SHARDS_MAX: u64 = 100_000;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    pub schema_version: u32,
    pub program: Program,
    pub scenario: Identity,
    /// What the scenario reads.
    pub files: Vec<InputFile>,
    pub design: Kind,
    pub axes: Vec<Axis>,
    pub points: u64,
    /// Of the scenario; a Latin hypercube is drawn with it.
    pub seed: u64,
    /// Of every point alike, seconds. `None`: each has what its scenario says.
    pub warmup_s: Option<f64>,
    pub shards: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    pub version: String,
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    pub name: String,
    /// Of the scenario's text that lies beside the manifest.
    pub sha256: String,
    /// Files that points name are relative to it.
    pub folder: String,
}

/// A trace, a profile, a measured distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    pub file: String,
    pub sha256: String,
}

impl Definition {
    /// What tells this sweep from any other: SHA-256 of the definition.
    pub fn id(&self) -> String {
        sha256(serde_json::to_string(self).expect("a definition has string keys").as_bytes())
    }

    /// The points.
    ///
    /// # Errors
    /// Of a definition that nobody has checked.
    pub fn design(&self) -> Result<Design, DesignError> {
        let points = (self.design == Kind::Lhs).then_some(self.points);
        Design::new(self.axes.clone(), self.design, points, self.seed)
    }

    /// The numbers of a shard's points, from 0. Neighbours go to different shards, since what makes a point long (a
    /// high rate) makes its neighbours long as well.
    pub fn points_of(&self, shard: u64) -> impl Iterator<Item = u64> + use<> {
        (shard..self.points).step_by(self.shards as usize)
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
pub fn example(shards: u64) -> Definition {
    let axes = vec![Axis::parse("traffic.callers.rate=20/s..100/s/20/s").expect("it is valid")];
    Definition {
        schema_version: SCHEMA_VERSION,
        program: Program { version: "0.1.0".into(), sha256: "ab".repeat(32) },
        scenario: Identity { name: "desk".into(), sha256: "cd".repeat(32), folder: "/home/me".into() },
        files: Vec::new(),
        design: Kind::Grid,
        axes,
        points: 5,
        seed: 1,
        warmup_s: Some(62.5),
        shards,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shards_have_every_point_once() {
        for shards in [1, 2, 3, 5] {
            let definition = example(shards);
            let mut all: Vec<u64> = (0..shards).flat_map(|shard| definition.points_of(shard)).collect();
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3, 4]);
        }
    }

    #[test]
    fn a_definition_survives_being_written_and_read() {
        let definition = example(3);
        let text = serde_json::to_string_pretty(&definition).unwrap();
        let again: Definition = serde_json::from_str(&text).unwrap();
        assert_eq!((&again, again.id()), (&definition, definition.id()));
        assert_ne!(Definition { seed: 2, ..definition.clone() }.id(), definition.id());
    }
}

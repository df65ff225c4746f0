//! manifest.json: what reproduces a result. No time of day, no machine, no path of the program: the same
//! command gives the same bytes.

use serde::Serialize;

use crate::experiment::summary::{ScenarioId, Summary};

#[derive(Clone, Debug)]
pub struct Manifest {
    pub version: &'static str,
    /// Arguments as typed, without the program.
    pub arguments: Vec<String>,
}

impl Manifest {
    /// Of this build.
    pub fn new(arguments: Vec<String>) -> Manifest {
        Manifest { version: env!("CARGO_PKG_VERSION"), arguments }
    }
}

pub fn render(manifest: &Manifest, summary: &Summary) -> String {
    document(manifest, summary.schema_version, &summary.scenario, summary.seed, summary.runs)
}

pub(super) fn document(
    manifest: &Manifest,
    schema_version: u32,
    scenario: &ScenarioId,
    seed: u64,
    runs: u32,
) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        program: &'a str,
        version: &'a str,
        schema_version: u32,
        scenario: &'a str,
        scenario_sha256: &'a str,
        seed: u64,
        runs: u32,
        command: Vec<&'a str>,
    }
    let program = env!("CARGO_PKG_NAME");
    let mut command = vec![program];
    command.extend(manifest.arguments.iter().map(String::as_str));
    super::json::pretty(&Document {
        program,
        version: manifest.version,
        schema_version,
        scenario: &scenario.name,
        scenario_sha256: &scenario.sha256,
        seed,
        runs,
        command,
    })
}

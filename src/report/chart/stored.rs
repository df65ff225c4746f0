//! charts.json: the figures that pictures are drawn from, so that they can be drawn again, byte for byte.

use serde::{Deserialize, Serialize};

use super::drawing::Drawing;
use super::run::RunData;
use super::spof::SpofData;

pub const FILE: &str = "charts.json";
/// Of this file; one that an older or a newer program wrote is not drawn.
pub const SCHEMA_VERSION: u64 = 1;

/// What pictures there are, by the command that made the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Stored {
    Run(RunData),
    Spof(SpofData),
    /// Of a plan, a sweep or a comparison.
    Drawings {
        drawings: Vec<Drawing>,
    },
}

#[derive(Debug, thiserror::Error, PartialEq)]
pub enum StoredError {
    #[error("it is cut short or damaged ({0}); make the result again")]
    Damaged(String),
    #[error("it is of version {found}, and this program draws version {SCHEMA_VERSION}; make the result again")]
    Version { found: String },
}

pub fn render(stored: &Stored) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        charts_version: u64,
        #[serde(flatten)]
        stored: &'a Stored,
    }
    let document = Document { charts_version: SCHEMA_VERSION, stored };
    let mut text = serde_json::to_string(&document).expect("figures have string keys and no failing parts");
    text.push('\n');
    text
}

pub fn read(text: &str) -> Result<Stored, StoredError> {
    let damaged = |error: serde_json::Error| StoredError::Damaged(error.to_string());
    let value: serde_json::Value = serde_json::from_str(text).map_err(damaged)?;
    match value.get("charts_version") {
        Some(version) if version.as_u64() == Some(SCHEMA_VERSION) => {}
        Some(version) => return Err(StoredError::Version { found: version.to_string() }),
        None => return Err(StoredError::Damaged("charts_version is missing".into())),
    }
    let stored: Stored = serde_json::from_value(value).map_err(damaged)?;
    match &stored {
        Stored::Run(data) => data.check(),
        Stored::Spof(data) => data.check(),
        Stored::Drawings { drawings } => drawings.iter().try_for_each(Drawing::check),
    }
    .map_err(StoredError::Damaged)?;
    Ok(stored)
}

/// Six significant digits: more than any picture shows.
pub fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    format!("{value:.5e}").parse().expect("a number that was written is read")
}

pub fn same_length(name: &str, found: usize, wanted: usize) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{name} has {found} windows, not {wanted}")) }
}

pub fn increasing(name: &str, edges: &[f64]) -> Result<(), String> {
    if edges.windows(2).all(|pair| pair[0] < pair[1]) { Ok(()) } else { Err(format!("{name} do not increase")) }
}

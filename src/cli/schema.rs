//! `foobar-sim schema`: the language as a JSON Schema, for editors.

use super::console::Console;
use super::failure::Failure;

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim schema > scenario.schema.json")]
#[command(after_long_help = "Examples:
  foobar-sim schema > scenario.schema.json
  foobar-sim schema | jq '.properties.simulation.properties.runs'

With `#:schema ./scenario.schema.json` as the first line of a scenario, editors that use taplo (Even Better TOML for VS
Code, taplo's language server elsewhere) complete its keys, show what they mean and mark what is not valid. The schema
looks at each value by itself; what must be there, and what keys mean together, `foobar-sim validate` says.")]
pub struct Args {}

pub fn execute(_: &Args, console: &mut Console) -> Result<(), Failure> {
    console.print(&crate::scenario::catalogue::schema::schema())
}

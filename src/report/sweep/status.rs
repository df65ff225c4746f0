//! How far a sweep is.

use serde::Serialize;

use super::super::content::{Block, Tone};
use super::super::figure::{self, Figure};
use super::super::table::Table;
use super::super::{json, text};
use super::folder::{Folder, FolderError};

/// Shards listed on a terminal.
const SHARDS_SHOWN: usize = 40;

#[derive(Clone, Debug, Serialize)]
pub struct Status {
    pub scenario: String,
    pub points: u64,
    pub made: u64,
    pub shards: Vec<ShardStatus>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ShardStatus {
    /// From 1.
    pub shard: u64,
    pub points: u64,
    pub made: u64,
}

/// Reads every part, so that one that is damaged is told now and not when all are put together.
pub fn of(folder: &Folder) -> Result<Status, FolderError> {
    let definition = &folder.definition;
    let mut shards = Vec::with_capacity(definition.shards as usize);
    for shard in 0..definition.shards {
        let points = definition.points_of(shard).count() as u64;
        let missing = folder.missing(definition.points_of(shard))?.len() as u64;
        shards.push(ShardStatus { shard: shard + 1, points, made: points - missing });
    }
    let made = shards.iter().map(|shard| shard.made).sum();
    Ok(Status { scenario: definition.scenario.name.clone(), points: definition.points, made, shards })
}

pub fn json(status: &Status) -> String {
    json::pretty(status)
}

pub fn text(status: &Status, color: bool) -> String {
    let mut below = vec![(
        Tone::Plain,
        format!("{} of {} are made", figure::count(status.made), figure::counted(status.points, "point")),
    )];
    let open: Vec<&ShardStatus> = status.shards.iter().filter(|shard| shard.made < shard.points).collect();
    let done = status.shards.len() - open.len();
    if status.shards.len() > 1 {
        below.push((
            Tone::Plain,
            format!("{done} of {} are done", figure::counted(status.shards.len() as u64, "shard")),
        ));
    }
    let mut blocks = Vec::new();
    if status.shards.len() > 1 && !open.is_empty() {
        let mut table = Table::new(&["shard", "points", "made"]);
        for shard in open.iter().take(SHARDS_SHOWN) {
            let count = |n: u64| Figure::plain(figure::count(n));
            table.row(shard.shard.to_string(), vec![count(shard.points), count(shard.made)]);
        }
        blocks.push(Block::Heading("Shards that are not done".into()));
        blocks.push(Block::Table(table));
        let more = open.len().saturating_sub(SHARDS_SHOWN);
        if more > 0 {
            blocks.push(Block::Line(Tone::Faint, format!("and {more} more")));
        }
    }
    text::document(&format!("{}: a sweep", status.scenario), &below, &blocks, None, color)
}

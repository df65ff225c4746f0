//! All points' parts to one sweep.csv, in the order of points: the same bytes whoever made them, on however many
//! machines and however often.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::folder::{Folder, FolderError};
use super::part::PartFile;
use super::row;
use crate::experiment::summary::Estimate;
use crate::experiment::sweep::definition::hex;
use crate::experiment::sweep::design::Design;
use crate::experiment::sweep::findings::{Figures, Findings, Tally};
use crate::report::output::{OutputError, OutputFile};
use crate::scenario::{Figure, Metric, Objective};

pub const TABLE: &str = "sweep.csv";

#[derive(Debug, Error)]
pub enum MergeError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// `shards`: those that are not done, from 1.
    #[error("{missing} of {points} points are missing{}", of_shards(.shards))]
    Incomplete { missing: u64, points: u64, shards: Vec<u64> },
    #[error("{0}: its row does not fit its columns; remove the folder `points` and run again")]
    Row(String),
    #[error(transparent)]
    Output(#[from] OutputError),
}

fn of_shards(shards: &[u64]) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<String> = shards.iter().take(SHOWN).map(u64::to_string).collect();
    let more = if shards.len() > SHOWN { format!(" and {} more", shards.len() - SHOWN) } else { String::new() };
    match shards {
        [] => String::new(),
        [one] => format!(", all of shard {one}"),
        _ => format!(", of shards {}{more}", shown.join(", ")),
    }
}

/// Writes sweep.csv.
///
/// # Errors
/// Also where points are missing: then nothing is written.
pub fn merge(folder: &Folder, design: &Design) -> Result<Findings, MergeError> {
    folder.check_strangers()?;
    let mut layouts = Layouts::default();
    let (mut missing, mut shards) = (0, std::collections::BTreeSet::new());
    for point in 0..design.points() {
        match folder.part(point)? {
            Some(part) => layouts.learn(folder, &part.columns)?,
            None => {
                missing += 1;
                shards.insert(point % folder.definition.shards + 1);
            }
        }
    }
    if missing > 0 {
        let shards = if folder.definition.shards == 1 { Vec::new() } else { shards.into_iter().collect() };
        return Err(MergeError::Incomplete { missing, points: design.points(), shards });
    }

    let output = OutputFile::create(&folder.path.join(TABLE))?;
    let mut table = Hashed { to: BufWriter::new(output), digest: Sha256::new() };
    let failed = |error: io::Error, table: &Hashed| MergeError::Output(table.to.get_ref().failed(error));
    let mut tally = Tally::new(design);
    table.write_all(row::line(&layouts.all).as_bytes()).map_err(|e| failed(e, &table))?;
    for point in 0..design.points() {
        let part = folder.part(point)?;
        // nobody removes points while they are put together
        let part = part.ok_or(MergeError::Incomplete { missing: 1, points: design.points(), shards: Vec::new() })?;
        let (line, figures) = layouts.place(&part, design)?;
        table.write_all(line.as_bytes()).map_err(|e| failed(e, &table))?;
        let read = Read { cells: &figures, layout: &layouts.by_hash[&part.columns] };
        tally.totals.runs += read.count("runs");
        tally.totals.requests += read.count("requests");
        tally.totals.events += read.count("events");
        tally.totals.checks_failed += read.count("checks_failed");
        let warnings = read.text("warnings");
        let has = |id: &str| u64::from(warnings.split(' ').any(|one| one == id));
        tally.totals.without_steady_state += has("no_steady_state");
        tally.totals.without_warmup += has("no_warmup_found");
        tally.add(read.figures(point, design));
    }
    table.flush().map_err(|e| failed(e, &table))?;
    let Hashed { to, digest } = table;
    let output = to.into_inner().map_err(|error| FolderError::Unreadable(TABLE.into(), error.into_error()))?;
    output.place()?;
    Ok(tally.finish(&folder.definition, hex(&digest.finalize()), p99_limit_ms(folder, design)?))
}

/// What an objective allows for p99 of all requests, where all points have the same objectives.
fn p99_limit_ms(folder: &Folder, design: &Design) -> Result<Option<f64>, FolderError> {
    if design.axes.iter().any(|axis| axis.key == "slo" || axis.key.starts_with("slo.")) {
        return Ok(None);
    }
    let values = design.values(0);
    let Ok(scenario) = folder.draft()?.with(design.settings(&values)) else { return Ok(None) };
    let is_of_all = |objective: &&Objective| {
        objective.class.is_none()
            && objective.time.is_none()
            && matches!(objective.metric, Metric::Latency(Figure::Percentile(q)) if q == 0.99)
    };
    Ok(scenario.objectives.iter().find(is_of_all).map(|objective| objective.bound * 1e3))
}

struct Hashed {
    to: BufWriter<OutputFile>,
    digest: Sha256,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.digest.update(bytes);
        self.to.write_all(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The columns of sweep.csv are those of its points, each in the place in which it first appeared.
#[derive(Default)]
struct Layouts {
    all: Vec<String>,
    by_hash: BTreeMap<String, Layout>,
}

struct Layout {
    /// Of a point's cells.
    names: BTreeMap<String, usize>,
    count: usize,
    /// For each of a point's cells, its place in sweep.csv.
    places: Vec<usize>,
}

impl Layouts {
    fn learn(&mut self, folder: &Folder, hash: &str) -> Result<(), FolderError> {
        if self.by_hash.contains_key(hash) {
            return Ok(());
        }
        let columns = folder.columns(hash)?;
        let mut after = 0;
        for name in &columns {
            match self.all.iter().position(|other| other == name) {
                Some(at) => after = at + 1,
                // beside what it stands beside in its own row
                None => {
                    self.all.insert(after, name.clone());
                    after += 1;
                }
            }
        }
        let names = columns.iter().cloned().enumerate().map(|(at, name)| (name, at)).collect();
        self.by_hash.insert(hash.to_owned(), Layout { names, count: columns.len(), places: Vec::new() });
        for layout in self.by_hash.values_mut() {
            let places = layout.names.iter().map(|(name, at)| {
                (*at, self.all.iter().position(|other| other == name).expect("every column is among all"))
            });
            let mut places: Vec<(usize, usize)> = places.collect();
            places.sort_unstable();
            layout.places = places.into_iter().map(|(_, place)| place).collect();
        }
        Ok(())
    }

    /// A point's line in sweep.csv, and its cells.
    fn place(&self, part: &PartFile, design: &Design) -> Result<(String, Vec<String>), MergeError> {
        let layout = &self.by_hash[&part.columns];
        let cells = row::cells(&part.row).filter(|cells| cells.len() == layout.count);
        let cells =
            cells.ok_or_else(|| MergeError::Row(format!("point {} ({})", part.point, design.named(part.point - 1))))?;
        if self.by_hash.len() == 1 {
            return Ok((part.row.clone(), cells));
        }
        let mut placed = vec![""; self.all.len()];
        for (cell, place) in cells.iter().zip(&layout.places) {
            placed[*place] = cell;
        }
        Ok((row::line(&placed), cells))
    }
}

/// A point's cells by the names of their columns.
struct Read<'a> {
    cells: &'a [String],
    layout: &'a Layout,
}

impl Read<'_> {
    fn text(&self, name: &str) -> &str {
        self.layout.names.get(name).map_or("", |at| self.cells[*at].as_str())
    }

    fn count(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or(0)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.text(name).parse().ok()
    }

    fn estimate(&self, name: &str) -> Estimate {
        let low = self.number(&format!("{name}_low"));
        let high = self.number(&format!("{name}_high"));
        let value = self.number(name);
        // its interval begins with it and has no end
        let censored = low.is_some() && low == value && high.is_none();
        Estimate {
            value,
            ci95: low.zip(high).map(|(low, high)| [low, high]),
            runs: self.count("runs") as u32,
            censored,
        }
    }

    fn figures(&self, point: u64, design: &Design) -> Figures {
        let busiest = self.text("bottleneck");
        Figures {
            point: point + 1,
            values: design.values(point),
            throughput_per_s: self.estimate("traffic.all.throughput_per_s"),
            availability: self.estimate("traffic.all.availability"),
            latency_p50_ms: self.estimate("traffic.all.latency_p50_ms"),
            latency_all_p99_ms: self.estimate("traffic.all.latency_all_p99_ms"),
            busiest: (!busiest.is_empty()).then(|| busiest.to_owned()),
            busiest_utilization: self.number("bottleneck_utilization"),
            verdict: Some(self.text("verdict")).filter(|verdict| !verdict.is_empty()).map(str::to_owned),
        }
    }
}

//! Traces of an experiment: read once to be checked, kept in memory when small, read again for each run
//! when large.

use std::sync::Arc;

use crate::scenario::TraceSource;
use crate::simulation::Records;
use crate::workload::trace::{TraceCounts, TraceError, TraceReader, TraceRecord};

/// Up to this many records are kept in memory (48 bytes each) instead of being read for each run.
const KEPT_MAX: usize = 250_000;

/// A trace that can be played.
#[derive(Clone, Debug)]
pub struct Recording {
    source: TraceSource,
    kept: Option<Arc<[TraceRecord]>>,
    pub counts: TraceCounts,
}

impl Recording {
    /// Reads a trace through, so that whatever is wrong with it is known before the first run.
    pub fn open(source: &TraceSource) -> Result<Recording, TraceError> {
        let mut reader = TraceReader::open(source)?;
        let mut kept = Some(Vec::new());
        for record in &mut reader {
            let record = record?;
            match &mut kept {
                Some(records) if records.len() < KEPT_MAX => records.push(record),
                _ => kept = None,
            }
        }
        let counts = reader.counts().clone();
        Ok(Recording { source: source.clone(), kept: kept.map(Arc::from), counts })
    }

    /// The requests in order of arrival.
    pub fn records(&self) -> Records<'_> {
        match &self.kept {
            Some(records) => Box::new(records.iter().copied()),
            // it was readable a moment ago; should it have changed since, the run ends where the reading does
            None => match TraceReader::open(&self.source) {
                Ok(reader) => Box::new(reader.map_while(Result::ok)),
                Err(_) => Box::new(std::iter::empty()),
            },
        }
    }

    /// The same, played at another speed.
    pub fn at_speed(&self, speed: f64) -> Recording {
        let mut other = self.clone();
        let factor = self.source.speed / speed;
        if factor != 1.0 {
            let sooner = |record: &TraceRecord| TraceRecord { arrival_s: record.arrival_s * factor, ..*record };
            other.kept = self.kept.as_ref().map(|records| records.iter().map(sooner).collect());
            other.source.speed = speed;
        }
        other
    }

    pub fn file(&self) -> &std::path::Path {
        &self.source.file
    }
}

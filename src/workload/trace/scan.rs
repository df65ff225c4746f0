//! A file from its first line to its last, as it is written: for summaries and conversion, which want to
//! see what a reader would refuse.

use std::path::Path;

use super::TraceError;
use super::counts::TraceCounts;
use super::lines::{Input, Lines};
use super::parser::{Line, Parser, Request};
use crate::scenario::TraceFormat;

/// Calls `each` with the line's number and the request. A stamp out of range is a malformed line here.
pub fn scan(
    file: &Path,
    format: &TraceFormat,
    columns: &[String],
    mut each: impl FnMut(u64, &Request<'_>) -> Result<(), TraceError>,
) -> Result<TraceCounts, TraceError> {
    let no_column = |missing: super::parser::NoColumn| TraceError::Column {
        file: file.to_path_buf(),
        column: missing.column,
        known: missing.known,
    };
    let mut parser = Parser::new(format, columns).map_err(no_column)?;
    let mut lines = Lines::open(&Input::File(file.to_path_buf()))?;
    let mut counts = TraceCounts::default();
    loop {
        let number = lines.number() + 1;
        let Some((line, cut)) = lines.read()? else { return Ok(counts) };
        let parsed = if cut { Line::Malformed("longer than 128 KiB") } else { parser.parse(line) };
        counts.lines += u64::from(!matches!(parsed, Line::Nothing));
        match parsed {
            Line::Request(request) => {
                counts.requests += 1;
                each(number, &request)?;
            }
            Line::Other(why) => counts.other(number, line, why),
            Line::Malformed(why) | Line::OutOfRange(why) => counts.malformed(number, line, why),
            Line::Nothing => {}
            Line::NoColumn(missing) => return Err(no_column(missing)),
        }
    }
}

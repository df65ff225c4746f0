//! Any trace as CSV, in order of arrival: `arrival_s,method,path,status,bytes,duration_s`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::detect::detect;
use super::order::Order;
use super::scan::scan;
use super::{SORT_BUFFER_DEFAULT, TraceCounts, TraceError};
use crate::scenario::TraceFormat;

/// A row while it is sorted.
struct Row {
    line: u64,
    method: Vec<u8>,
    path: Vec<u8>,
    status: Option<u16>,
    bytes: Option<f64>,
    duration_s: Option<f64>,
}

/// Writes rows in order of arrival, with memory for `SORT_BUFFER_DEFAULT` of them.
struct Rows<W: Write> {
    file: PathBuf,
    writer: ::csv::Writer<W>,
    order: Order<Row>,
    first: Option<i64>,
    last: i64,
}

/// Nanoseconds are kept; what the log does not say is an empty field. `format`: detected where not given. What
/// was written before an error is no trace: the caller throws it away.
pub fn convert(file: &Path, format: Option<&TraceFormat>, out: impl Write) -> Result<TraceCounts, TraceError> {
    let format = format.cloned().map_or_else(|| detect(file), Ok)?;
    let mut rows = Rows {
        file: file.to_path_buf(),
        writer: ::csv::Writer::from_writer(out),
        order: Order::default(),
        first: None,
        last: i64::MIN,
    };
    rows.write(["arrival_s", "method", "path", "status", "bytes", "duration_s"].map(|name| name.into()))?;
    let counts = scan(file, &format, &[], |line, request| {
        let row = Row {
            line,
            method: request.method().to_vec(),
            path: request.path().to_vec(),
            status: request.status,
            bytes: request.bytes,
            duration_s: request.duration_s,
        };
        rows.order.push(request.arrival, row);
        if rows.order.len() > SORT_BUFFER_DEFAULT { rows.write_next() } else { Ok(()) }
    })?;
    while !rows.order.is_empty() {
        rows.write_next()?;
    }
    rows.writer.flush().map_err(|source| TraceError::Unwritable { source })?;
    Ok(counts)
}

impl<W: Write> Rows<W> {
    fn write_next(&mut self) -> Result<(), TraceError> {
        let Some((arrival, row)) = self.order.pop() else { return Ok(()) };
        if arrival < self.last {
            return Err(TraceError::Unsorted {
                file: self.file.clone(),
                line: row.line,
                behind_s: (self.last - arrival) as f64 * 1e-9,
                sort_buffer: SORT_BUFFER_DEFAULT,
            });
        }
        self.last = arrival;
        let since = arrival - *self.first.get_or_insert(arrival);
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default().into_bytes();
        self.write([
            format!("{}.{:09}", since / 1_000_000_000, since % 1_000_000_000).into_bytes(),
            row.method,
            row.path,
            row.status.map(|status| status.to_string()).unwrap_or_default().into_bytes(),
            number(row.bytes),
            number(row.duration_s),
        ])
    }

    fn write(&mut self, fields: [Vec<u8>; 6]) -> Result<(), TraceError> {
        self.writer.write_record(fields).map_err(|fault| TraceError::Unwritable {
            // as it is, so that a full disk is still told as one
            source: match fault.into_kind() {
                ::csv::ErrorKind::Io(source) => source,
                other => io::Error::other(format!("{other:?}")),
            },
        })
    }
}

//! sweep.csv as sweep.parquet, for tables too large for text: the same columns and rows, with types. Built in with the
//! cargo feature `parquet` only, since the crate and what it needs build longer than this program.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use thiserror::Error;

use crate::report::output::{OutputError, OutputFile};

pub const TABLE: &str = "sweep.parquet";

/// Cells in memory at a time.
const CELLS_MAX: usize = 1 << 20;

#[derive(Debug, Error)]
pub enum TableError {
    #[error("{0}: {1}")]
    Csv(String, csv::Error),
    #[error("{TABLE}: {0}")]
    Parquet(#[from] ParquetError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// What all cells of a column are; empty ones are null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Whole,
    Number,
    Text,
}

impl Kind {
    fn of(cell: &str) -> Kind {
        if cell.parse::<i64>().is_ok() {
            Kind::Whole
        } else if cell.parse::<f64>().is_ok() {
            Kind::Number
        } else {
            Kind::Text
        }
    }

    fn with(self, other: Kind) -> Kind {
        match (self, other) {
            (Kind::Text, _) | (_, Kind::Text) => Kind::Text,
            (Kind::Number, _) | (_, Kind::Number) => Kind::Number,
            (Kind::Whole, Kind::Whole) => Kind::Whole,
        }
    }

    fn schema(self, name: &str) -> Result<TypePtr, ParquetError> {
        let (physical, converted) = match self {
            Kind::Whole => (Physical::INT64, ConvertedType::NONE),
            Kind::Number => (Physical::DOUBLE, ConvertedType::NONE),
            Kind::Text => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
        };
        let column = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        Ok(Arc::new(column.with_converted_type(converted).build()?))
    }
}

/// Reads `csv` twice, once for the types; holds a group of rows.
///
/// # Errors
/// What cannot be read or written; then no file appears.
pub fn write(csv: &Path, to: &Path) -> Result<(), TableError> {
    let failed = |error| TableError::Csv(csv.display().to_string(), error);
    let names: Vec<String> =
        reader(csv).map_err(failed)?.headers().map_err(failed)?.iter().map(str::to_owned).collect();
    let kinds = kinds(csv, names.len()).map_err(failed)?;
    let columns = names.iter().zip(&kinds).map(|(name, kind)| kind.schema(name)).collect::<Result<_, _>>()?;
    let schema = Arc::new(Type::group_type_builder("sweep").with_fields(columns).build()?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut file = SerializedFileWriter::new(OutputFile::create(to)?, schema, Arc::new(properties))?;
    let rows = (CELLS_MAX / names.len().max(1)).max(1);
    let mut group = Vec::with_capacity(rows);
    for record in reader(csv).map_err(failed)?.into_records() {
        group.push(record.map_err(failed)?);
        if group.len() == rows {
            write_group(&mut file, &kinds, &group)?;
            group.clear();
        }
    }
    if !group.is_empty() {
        write_group(&mut file, &kinds, &group)?;
    }
    Ok(file.into_inner()?.place()?)
}

fn reader(csv: &Path) -> Result<csv::Reader<File>, csv::Error> {
    csv::Reader::from_path(csv)
}

/// A column without any cell is text.
fn kinds(csv: &Path, columns: usize) -> Result<Vec<Kind>, csv::Error> {
    let mut kinds: Vec<Option<Kind>> = vec![None; columns];
    for record in reader(csv)?.into_records() {
        for (cell, kind) in record?.iter().zip(&mut kinds).filter(|(cell, _)| !cell.is_empty()) {
            let here = Kind::of(cell);
            *kind = Some(kind.map_or(here, |kind| kind.with(here)));
        }
    }
    Ok(kinds.into_iter().map(|kind| kind.unwrap_or(Kind::Text)).collect())
}

fn write_group(
    file: &mut SerializedFileWriter<OutputFile>,
    kinds: &[Kind],
    rows: &[csv::StringRecord],
) -> Result<(), ParquetError> {
    let mut group = file.next_row_group()?;
    for (at, kind) in kinds.iter().enumerate() {
        let Some(mut column) = group.next_column()? else { break };
        let cells: Vec<&str> = rows.iter().map(|row| &row[at]).collect();
        write_column(&mut column, *kind, &cells)?;
        column.close()?;
    }
    group.close().map(|_| ())
}

fn write_column(column: &mut SerializedColumnWriter, kind: Kind, cells: &[&str]) -> Result<(), ParquetError> {
    let there: Vec<i16> = cells.iter().map(|cell| i16::from(!cell.is_empty())).collect();
    let full = cells.iter().filter(|cell| !cell.is_empty());
    let unlike = |cell: &str| ParquetError::External(Box::new(io::Error::other(format!("{cell} was a number before"))));
    match kind {
        Kind::Whole => {
            let values: Result<Vec<i64>, _> = full.map(|cell| cell.parse().map_err(|_| unlike(cell))).collect();
            column.typed::<Int64Type>().write_batch(&values?, Some(&there), None)
        }
        Kind::Number => {
            let values: Result<Vec<f64>, _> = full.map(|cell| cell.parse().map_err(|_| unlike(cell))).collect();
            column.typed::<DoubleType>().write_batch(&values?, Some(&there), None)
        }
        Kind::Text => {
            let values: Vec<ByteArray> = full.map(|cell| ByteArray::from(*cell)).collect();
            column.typed::<ByteArrayType>().write_batch(&values, Some(&there), None)
        }
    }
    .map(|_| ())
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    use super::*;

    fn read(path: &Path) -> Vec<Vec<(String, Field)>> {
        let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
        let rows = reader.get_row_iter(None).unwrap();
        rows.map(|row| row.unwrap().get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect())
            .collect()
    }

    #[test]
    fn every_cell_comes_back_with_its_type() {
        let folder = tempfile::tempdir().unwrap();
        let (csv, table) = (folder.path().join("sweep.csv"), folder.path().join(TABLE));
        let text = "point,rate,p99_ms,p99_ms_high,warnings,nothing\n\
            1,60/s,12.5,13,,\n2,80/s,14,inf,few_runs,\n3,100/s,,,\"a, b\",\n";
        std::fs::write(&csv, text).unwrap();
        write(&csv, &table).unwrap();
        let rows = read(&table);
        let names: Vec<&str> = rows[0].iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["point", "rate", "p99_ms", "p99_ms_high", "warnings", "nothing"]);
        let cells: Vec<Vec<Field>> =
            rows.into_iter().map(|row| row.into_iter().map(|(_, cell)| cell).collect()).collect();
        let text = |text: &str| Field::Str(text.into());
        let first = [Field::Long(1), text("60/s"), Field::Double(12.5), Field::Double(13.0), Field::Null, Field::Null];
        assert_eq!(cells[0], first);
        assert_eq!(cells[1][3], Field::Double(f64::INFINITY));
        let last = [Field::Long(3), text("100/s"), Field::Null, Field::Null, text("a, b"), Field::Null];
        assert_eq!(cells[2], last);
    }

    #[test]
    fn many_rows_come_in_groups() {
        let folder = tempfile::tempdir().unwrap();
        let (csv, table) = (folder.path().join("sweep.csv"), folder.path().join(TABLE));
        let columns = 1 << 12;
        let line = |of: &dyn Fn(usize) -> String| (0..columns).map(of).collect::<Vec<_>>().join(",") + "\n";
        let mut text = line(&|at| format!("c{at}"));
        (0..600).for_each(|row| text.push_str(&line(&|at| (row * columns + at).to_string())));
        std::fs::write(&csv, text).unwrap();
        write(&csv, &table).unwrap();
        let reader = SerializedFileReader::new(File::open(&table).unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), 3);
        assert_eq!(reader.metadata().file_metadata().num_rows(), 600);
        assert_eq!(read(&table)[599][1], ("c1".to_owned(), Field::Long(599 * columns as i64 + 1)));
    }

    #[test]
    fn a_table_that_cannot_be_read_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let (csv, table) = (folder.path().join("sweep.csv"), folder.path().join(TABLE));
        std::fs::write(&csv, "a,b\n1\n").unwrap();
        assert!(matches!(write(&csv, &table), Err(TableError::Csv(..))));
        assert!(!table.exists());
    }
}

//! Bytes → canonical batches and rejects: a local file and its source's description go
//! in, typed rows come out, a few thousand at a time. The first room of the house; it
//! knows no tables and no SQL, and refuses a file whose columns it cannot map.

mod canonical;
mod chunk;
mod convert;
mod csv;
mod error;
mod excel;
mod expression;
mod input;
mod mapping;
mod ndjson;
mod number;
mod parquet;
mod source;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arrow::array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch};
use arrow::compute::filter;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use chrono::NaiveDate;

pub use canonical::{Column, ColumnType, Dimensions, SourceKind, schema};
pub use chunk::Reject;
pub use error::{ExtractError, nearest};
pub use expression::{Compile, Expression};
pub use source::{
    ColumnConfig, ColumnTable, Format, MAX_REJECTED, Patterns, Scalar, Selector, SourceConfig,
    delivery_key,
};

use chunk::{Chunk, Raw, Reader};
use convert::{Failure, Failures};
use mapping::{Mapping, Resolver};

/// Some rows of a file.
#[derive(Debug)]
pub struct Piece {
    /// The good rows, in the schema of their kind but for texts that repeat, which are dictionaries.
    pub batch: RecordBatch,
    /// The other rows, in the order of their lines.
    pub rejects: Vec<Reject>,
    /// How many rows were read: the good ones and the rejects.
    pub rows_read: u64,
}

/// A file that is being extracted. Reading blocks.
pub struct Extract {
    file: String,
    reader: Box<dyn Reader>,
    mapping: Mapping,
    schema: SchemaRef,
    delivery: i32,
    chunk: Chunk,
    failures: Failures,
    rows: u64,
    bytes: Arc<AtomicU64>,
}

impl Extract {
    /// Opens a local file and settles its columns. `shown` names the file in messages,
    /// and its ending tells the format; `delivery` fills the column of that name;
    /// `today` bounds dates; `compile` makes the expressions of columns with `sql`.
    ///
    /// # Errors
    /// The file cannot be opened or is empty, or the description does not fit the kind or
    /// the file. A file with only a header is fine, and has no rows.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is another thing that the caller alone knows, and there is one caller"
    )]
    pub fn open(
        path: &Path,
        shown: &str,
        kind: SourceKind,
        source: &SourceConfig,
        dimensions: &Dimensions,
        delivery: i32,
        today: NaiveDate,
        compile: Compile<'_>,
    ) -> Result<Self, ExtractError> {
        let bytes = Arc::new(AtomicU64::new(0));
        let targets = mapping::targets(kind, dimensions, source)?;
        let wanted = mapping::wanted(&targets, source);
        let mut reader = open_reader(path, shown, source, &wanted, &bytes)?;
        let resolver = Resolver { file: shown, source, today, compile };
        let mapping = resolver.resolve(&targets, reader.as_mut())?;
        let raw = reader.raw();
        let width = reader.columns().len() + usize::from(matches!(raw, Raw::Last));
        Ok(Self {
            file: shown.to_owned(),
            reader,
            mapping,
            schema: schema(kind, dimensions),
            delivery,
            chunk: Chunk::new(width, raw),
            failures: Failures::default(),
            rows: 0,
            bytes,
        })
    }

    /// The schema of every batch, its texts plain.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// How many rows were read so far, good or not.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many of the file's bytes were read so far, as they lie on disk; kept up to
    /// date while another thread looks.
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }

    /// The next rows; none when the file has been read.
    ///
    /// # Errors
    /// The file cannot be read on, or unpacked.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator of results would invite reading on after an error"
    )]
    pub fn next(&mut self) -> Result<Option<Piece>, ExtractError> {
        if !self.reader.next_chunk(&mut self.chunk)? {
            return Ok(None);
        }
        let piece = self
            .piece()
            .map_err(|source| ExtractError::Batch { file: self.file.clone(), source })?;
        self.rows += piece.rows_read;
        Ok(Some(piece))
    }

    fn piece(&mut self) -> Result<Piece, ArrowError> {
        let mut columns = self.mapping.convert(&self.chunk, &mut self.failures)?;
        let lines = self.chunk.lines.iter().map(|line| *line as i64);
        columns.push(Arc::new(Int64Array::from_iter_values(lines)));
        if !self.failures.list().is_empty() {
            columns = without(&columns, self.failures.rows())?;
        }
        let line = columns.len() - 1;
        let delivery = Int32Array::from_value(self.delivery, columns[line].len());
        columns.insert(line, Arc::new(delivery));
        let rejects = self.rejects();
        Ok(Piece {
            batch: self.batch(columns)?,
            rows_read: (self.chunk.rows() + self.chunk.rejects.len()) as u64,
            rejects,
        })
    }

    fn batch(&self, columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
        let fields = self.schema.fields().iter().zip(&columns);
        let typed = |(field, column): (&Arc<Field>, &ArrayRef)| {
            field.as_ref().clone().with_data_type(column.data_type().clone())
        };
        let schema = Schema::new(fields.map(typed).collect::<Vec<_>>());
        RecordBatch::try_new(Arc::new(schema), columns)
    }

    /// The rows that could not be read, and those that could not be typed.
    fn rejects(&self) -> Vec<Reject> {
        let untyped = |failure: &Failure| Reject {
            line: self.chunk.lines[failure.row],
            column: Some(self.schema.field(failure.column).name().clone()),
            reason: failure.reason.clone(),
            raw: self.chunk.raw(failure.row),
        };
        let failed = self.failures.list().iter().map(untyped);
        let mut rejects: Vec<Reject> = self.chunk.rejects.iter().cloned().chain(failed).collect();
        rejects.sort_by_key(|reject| reject.line);
        rejects
    }
}

fn without(columns: &[ArrayRef], failed: &[bool]) -> Result<Vec<ArrayRef>, ArrowError> {
    let good: BooleanArray = failed.iter().map(|failed| Some(!failed)).collect();
    columns.iter().map(|column| filter(column, &good)).collect()
}

fn open_reader(
    path: &Path,
    shown: &str,
    source: &SourceConfig,
    wanted: &[&str],
    counter: &Arc<AtomicU64>,
) -> Result<Box<dyn Reader>, ExtractError> {
    let format = input::format(shown, source)?;
    let input = input::open(path, shown, counter)?;
    let bytes = input.bytes;
    Ok(match format {
        Format::Csv => Box::new(csv::CsvReader::open(bytes, shown, source)?),
        Format::Ndjson => {
            let sample = input::open(path, shown, &Arc::default())?.bytes;
            let reader = ndjson::NdjsonReader::open(bytes, sample, shown, source, wanted)?;
            Box::new(reader)
        }
        Format::Excel => Box::new(excel::ExcelReader::open(bytes, shown, source)?),
        Format::Parquet => {
            let file = match input.compressed {
                true => parquet::spool(bytes, shown)?,
                false => File::open(path).map_err(|problem| ExtractError::io(shown, problem))?,
            };
            let counter = Arc::clone(counter);
            Box::new(parquet::ParquetReader::open(file, shown, counter)?)
        }
    })
}

#[cfg(test)]
mod tests;

//! How rows become Parquet: one set of properties for all tables, so that equal rows make equal bytes
//! and a file can be named by its content.

mod bits;
mod delta;
mod dictionary;
mod encoder;
mod flags;
mod group;
mod numbers;
mod pages;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, ArrowWriterOptions};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

pub use self::encoder::Encoder;
use self::group::{Chunk, Writers, encode_columns};

/// How columns are encoded whose values hardly repeat, so that a dictionary would only cost time. Ids share
/// their beginnings with the row before; lines and moments hardly differ from it.
const UNREPEATED: [(&str, Encoding); 12] = [
    ("customer_id", Encoding::DELTA_BYTE_ARRAY),
    ("line_id", Encoding::DELTA_BYTE_ARRAY),
    ("event_id", Encoding::DELTA_BYTE_ARRAY),
    ("call_id", Encoding::DELTA_BYTE_ARRAY),
    ("line", Encoding::DELTA_BINARY_PACKED),
    ("occurred_at", Encoding::DELTA_BINARY_PACKED),
    ("called_at", Encoding::DELTA_BINARY_PACKED),
    ("annual_revenue", Encoding::DELTA_BINARY_PACKED),
    ("monthly_value", Encoding::DELTA_BINARY_PACKED),
    ("value_sum", Encoding::DELTA_BINARY_PACKED),
    ("tier_sum", Encoding::DELTA_BINARY_PACKED),
    ("revenue", Encoding::DELTA_BINARY_PACKED),
];
/// The quickest of zstd's levels.
const ZSTD_LEVEL: i32 = 1;
/// Files of fewer rows are not compressed: to set zstd up for each of their columns takes longer than to read them.
const FEW_ROWS: u64 = 1 << 14;
/// The rows of a row group: they wait in memory for each other.
pub const GROUP_ROWS: usize = 1 << 17;

/// The properties of every Parquet file in the warehouse: nothing that varies between runs.
/// Least and greatest values are noted of numbers and days: of texts they cost two comparisons a row, and
/// spare no read, since each file holds one month of all customers.
fn properties(schema: &Schema, compression: Compression) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by("churnhouse".into())
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_compression(compression);
    let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::Dictionary(..));
    let texts = schema.fields().iter().filter(|field| is_text(field.data_type()));
    for field in texts {
        let column = ColumnPath::from(field.name().as_str());
        builder = builder.set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    for field in schema.fields() {
        if let Some(encoding) = unrepeated(field) {
            let column = ColumnPath::from(field.name().as_str());
            builder = builder
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, encoding);
        }
    }
    builder.build()
}

fn zstd() -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default())
}

/// How a column is encoded whose values hardly repeat.
fn unrepeated(field: &Field) -> Option<Encoding> {
    let is_wide = matches!(field.data_type(), DataType::Decimal128(digits, _) if *digits > 18);
    let found = UNREPEATED.iter().find(|(name, _)| *name == field.name() && !is_wide);
    found.map(|(_, encoding)| *encoding)
}

/// Rows as the bytes of one Parquet file; see [`FileBytes`].
///
/// # Errors
/// The rows hold a type that Parquet has not.
pub fn encode(batch: &RecordBatch) -> Result<Bytes, ParquetError> {
    let mut file = FileBytes::new(batch.schema(), 1);
    file.push(batch)?;
    Ok(file.finish()?.0)
}

/// One Parquet file that is made in memory from rows that come in parts, its columns encoded by several threads.
/// Equal values give equal bytes, whatever the parts, and whether texts come as dictionaries or not.
pub struct FileBytes {
    schema: SchemaRef,
    threads: usize,
    begun: Option<Begun>,
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    rows: u64,
}

/// A file of which row groups may be written.
struct Begun {
    file: SerializedFileWriter<Vec<u8>>,
    groups: ArrowRowGroupWriterFactory,
    written: usize,
    compression: Compression,
}

impl FileBytes {
    /// A file without rows.
    pub fn new(schema: SchemaRef, threads: usize) -> Self {
        let (waiting, waiting_rows, rows) = (Vec::new(), 0, 0);
        Self { schema, threads, begun: None, waiting, waiting_rows, rows }
    }

    /// Adds rows. They wait until there are enough of them for a row group.
    ///
    /// # Errors
    /// The rows are of another schema.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        self.rows += batch.num_rows() as u64;
        let mut start = 0;
        while start < batch.num_rows() {
            let fit = (GROUP_ROWS - self.waiting_rows).min(batch.num_rows() - start);
            self.waiting.push(batch.slice(start, fit));
            self.waiting_rows += fit;
            start += fit;
            if self.waiting_rows == GROUP_ROWS {
                self.end_group()?;
            }
        }
        Ok(())
    }

    /// Ends the row group, so that no rows wait.
    ///
    /// # Errors
    /// The rows are of another schema, or hold a type that Parquet has not.
    fn end_group(&mut self) -> Result<(), ParquetError> {
        let parts = std::mem::take(&mut self.waiting);
        if parts.is_empty() {
            return Ok(());
        }
        self.waiting_rows = 0;
        let threads = self.threads;
        self.begun(zstd())?.write(&parts, threads)
    }

    /// The file, which is begun where it is not.
    fn begun(&mut self, compression: Compression) -> Result<&mut Begun, ParquetError> {
        let begun = match self.begun.take() {
            Some(begun) => begun,
            None => Begun::new(&self.schema, compression)?,
        };
        Ok(self.begun.insert(begun))
    }

    /// The bytes of memory that the rows take that wait, but for the words of dictionaries, which all
    /// rows share.
    fn waiting(&self) -> usize {
        let columns = self.waiting.iter().flat_map(RecordBatch::columns);
        let bytes = |column: &ArrayRef| match column.as_any_dictionary_opt() {
            Some(words) => words.keys().get_array_memory_size(),
            None => column.get_array_memory_size(),
        };
        columns.map(bytes).sum()
    }

    /// Hands out the bytes that have been written since it was asked last.
    fn written(&mut self) -> Result<Bytes, ParquetError> {
        let Some(begun) = &mut self.begun else { return Ok(Bytes::new()) };
        begun.file.flush()?;
        Ok(std::mem::take(begun.file.inner_mut()).into())
    }

    /// The file's bytes, but for those handed out before, and how many rows it has. Nothing is to be added after it.
    ///
    /// # Errors
    /// The last rows do not fit, or hold a type that Parquet has not.
    pub fn finish(&mut self) -> Result<(Bytes, u64), ParquetError> {
        let few = self.rows < FEW_ROWS;
        let compression = if few { Compression::UNCOMPRESSED } else { zstd() };
        self.begun(compression)?;
        self.end_group()?;
        let begun = self.begun(compression)?;
        begun.file.finish()?;
        Ok((std::mem::take(begun.file.inner_mut()).into(), self.rows))
    }
}

impl Begun {
    fn new(schema: &SchemaRef, compression: Compression) -> Result<Self, ParquetError> {
        let options = ArrowWriterOptions::new()
            .with_properties(properties(schema, compression))
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(schema), options)?;
        let (file, groups) = writer.into_serialized_writer()?;
        Ok(Self { file, groups, written: 0, compression })
    }

    /// Writes a row group.
    fn write(&mut self, rows: &[RecordBatch], threads: usize) -> Result<(), ParquetError> {
        let columns = self.file.schema_descr().columns().to_vec();
        let writers = Writers::new(&self.groups, self.written);
        let chunks = encode_columns(rows, &columns, &writers, self.compression, threads)?;
        // At once, instead of twice as much again and again.
        self.file.inner_mut().reserve(chunks.iter().map(Chunk::len).sum());
        let mut group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk.append_to(&mut group)?;
        }
        group.close()?;
        self.written += 1;
        Ok(())
    }
}

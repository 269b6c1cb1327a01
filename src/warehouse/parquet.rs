//! How rows become Parquet: one set of properties for all tables, so that equal rows make equal bytes
//! and a file can be named by its content.

use std::sync::{Arc, Mutex};

use arrow::array::{Array, ArrayRef, RecordBatch, make_array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::arrow::{ArrowWriter, AsyncArrowWriter};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::WarehouseError;

/// How columns are encoded whose values hardly repeat, so that a dictionary would only cost time. Ids share
/// their beginnings with the row before; lines, days and the one delivery of a file hardly differ from it.
const UNREPEATED: [(&str, Encoding); 15] = [
    ("customer_id", Encoding::DELTA_BYTE_ARRAY),
    ("line_id", Encoding::DELTA_BYTE_ARRAY),
    ("event_id", Encoding::DELTA_BYTE_ARRAY),
    ("call_id", Encoding::DELTA_BYTE_ARRAY),
    ("delivery", Encoding::DELTA_BINARY_PACKED),
    ("line", Encoding::DELTA_BINARY_PACKED),
    ("billed_on", Encoding::DELTA_BINARY_PACKED),
    ("paid_through", Encoding::DELTA_BINARY_PACKED),
    ("occurred_at", Encoding::DELTA_BINARY_PACKED),
    ("called_at", Encoding::DELTA_BINARY_PACKED),
    ("annual_revenue", Encoding::DELTA_BINARY_PACKED),
    ("monthly_value", Encoding::DELTA_BINARY_PACKED),
    ("value_sum", Encoding::DELTA_BINARY_PACKED),
    ("tier_sum", Encoding::DELTA_BINARY_PACKED),
    ("revenue", Encoding::DELTA_BINARY_PACKED),
];
/// The most rows of a row group that is written as rows come.
const ROW_GROUP_ROWS: usize = 1 << 20;
/// The rows of a row group of a file that is made in memory: they wait there for each other.
pub const GROUP_ROWS: usize = 1 << 17;

/// The properties of every Parquet file in the warehouse: zstd, nothing that varies between runs.
/// Least and greatest values are noted of numbers and days: of texts they cost two comparisons a row, and
/// spare no read, since each file holds one month of all customers.
pub fn properties(schema: &Schema) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by("churnhouse".into())
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()));
    let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::Dictionary(..));
    let texts = schema.fields().iter().filter(|field| is_text(field.data_type()));
    for field in texts {
        let column = ColumnPath::from(field.name().as_str());
        builder = builder.set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    let is_wide = |kind: &DataType| matches!(kind, DataType::Decimal128(digits, _) if *digits > 18);
    for (name, encoding) in UNREPEATED {
        let field = schema.field_with_name(name).ok();
        if field.is_some_and(|field| !is_wide(field.data_type())) {
            let column = ColumnPath::from(name);
            builder = builder
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, encoding);
        }
    }
    builder.build()
}

/// Rows as the bytes of one Parquet file; see [`FileBytes`].
///
/// # Errors
/// The rows hold a type that Parquet has not.
pub fn encode(batch: &RecordBatch) -> Result<Bytes, ParquetError> {
    let mut file = FileBytes::new(batch.schema(), 1)?;
    file.push(batch)?;
    Ok(file.finish()?.0)
}

/// One Parquet file that is made in memory from rows that come in parts, its columns encoded by several threads.
/// Equal values give equal bytes, whatever the parts, and whether texts come as dictionaries or not.
pub struct FileBytes {
    schema: SchemaRef,
    threads: usize,
    file: SerializedFileWriter<Vec<u8>>,
    groups: ArrowRowGroupWriterFactory,
    written: usize,
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    rows: u64,
}

impl FileBytes {
    /// A file without rows.
    ///
    /// # Errors
    /// The schema holds a type that Parquet has not.
    pub fn new(schema: SchemaRef, threads: usize) -> Result<Self, ParquetError> {
        let options = ArrowWriterOptions::new()
            .with_properties(properties(&schema))
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(&schema), options)?;
        let (file, groups) = writer.into_serialized_writer()?;
        let (written, waiting, waiting_rows, rows) = (0, Vec::new(), 0, 0);
        Ok(Self { schema, threads, file, groups, written, waiting, waiting_rows, rows })
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
                self.write_group()?;
            }
        }
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let parts = std::mem::take(&mut self.waiting);
        let rows = match parts.as_slice() {
            [part] => part.clone(),
            parts => concat_batches(&self.schema, parts)?,
        };
        let writers = self.groups.create_column_writers(self.written)?;
        let mut group = self.file.next_row_group()?;
        for chunk in encode_columns(&rows, writers, self.threads)? {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        self.written += 1;
        self.waiting_rows = 0;
        Ok(())
    }

    /// The file's bytes, and how many rows it has.
    ///
    /// # Errors
    /// The last rows do not fit.
    pub fn finish(mut self) -> Result<(Bytes, u64), ParquetError> {
        if self.waiting_rows > 0 {
            self.write_group()?;
        }
        Ok((self.file.into_inner()?.into(), self.rows))
    }
}

/// The columns of a row group, each thread taking the next one that is left.
fn encode_columns(
    batch: &RecordBatch,
    writers: Vec<ArrowColumnWriter>,
    threads: usize,
) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
    let columns = batch.schema_ref().fields().iter().zip(batch.columns()).zip(writers).enumerate();
    let left = Mutex::new(columns);
    let next = || left.lock().ok()?.next();
    let work = || {
        let mut done = Vec::new();
        while let Some((place, ((field, column), writer))) = next() {
            done.push((place, encode_column(field, column, writer)?));
        }
        Ok::<_, ParquetError>(done)
    };
    let fell = |_| ParquetError::General("a thread that encodes has panicked".into());
    let mut chunks = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut chunks = work()?;
        for other in others {
            chunks.extend(other.join().map_err(fell)??);
        }
        Ok::<_, ParquetError>(chunks)
    })?;
    chunks.sort_unstable_by_key(|(place, _)| *place);
    Ok(chunks.into_iter().map(|(_, chunk)| chunk).collect())
}

fn encode_column(
    field: &Field,
    column: &ArrayRef,
    mut writer: ArrowColumnWriter,
) -> Result<ArrowColumnChunk, ParquetError> {
    // That nothing is null is said in one way, so that equal values give equal bytes.
    let column = match column.nulls() {
        Some(nulls) if nulls.null_count() == 0 => {
            make_array(column.to_data().into_builder().nulls(None).build()?)
        }
        _ => Arc::clone(column),
    };
    for leaf in compute_leaves(field, &column)? {
        writer.write(&leaf)?;
    }
    writer.close()
}

/// A Parquet file being written to a store, batch by batch, with bounded memory.
pub struct Encoder {
    path: Path,
    writer: AsyncArrowWriter<BufWriter>,
    rows: u64,
}

impl Encoder {
    /// Begins a file; nothing is there before [`Encoder::finish`].
    ///
    /// # Errors
    /// The schema holds a type that Parquet has not.
    pub fn new(
        store: Arc<dyn ObjectStore>,
        path: Path,
        schema: SchemaRef,
    ) -> Result<Self, WarehouseError> {
        let sink = BufWriter::new(store, path.clone());
        let writer =
            AsyncArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties(&schema)))
                .map_err(|source| WarehouseError::Parquet { file: path.to_string(), source })?;
        Ok(Self { path, writer, rows: 0 })
    }

    /// Bytes that wait in memory.
    pub fn buffered(&self) -> usize {
        self.writer.in_progress_size()
    }

    /// Writes rows.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        self.rows += batch.num_rows() as u64;
        let written = self.writer.write(batch).await;
        written.map_err(|source| self.failed(source))
    }

    /// Ends the row group, so that its bytes leave memory.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn flush(&mut self) -> Result<(), WarehouseError> {
        let flushed = self.writer.flush().await;
        flushed.map_err(|source| self.failed(source))
    }

    /// Ends the file; tells its rows and bytes.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn finish(mut self) -> Result<(u64, u64), WarehouseError> {
        let finished = self.writer.finish().await;
        finished.map_err(|source| self.failed(source))?;
        Ok((self.rows, self.writer.bytes_written() as u64))
    }

    fn failed(&self, source: ParquetError) -> WarehouseError {
        WarehouseError::Parquet { file: self.path.to_string(), source }
    }
}

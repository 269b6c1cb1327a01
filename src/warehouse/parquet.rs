//! How rows become Parquet: one set of properties for all tables, so that equal rows make equal bytes
//! and a file can be named by its content.

mod bits;
mod delta;
mod dictionary;
mod encoder;
mod flags;
mod pages;

use std::sync::{Arc, Mutex};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, make_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnDescPtr, ColumnPath};

pub use self::encoder::Encoder;

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
const FEW_ROWS: u64 = 4096;
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
        let mut group = self.file.next_row_group()?;
        let made = Mutex::default();
        let writers = Writers { groups: &self.groups, group: self.written, made };
        for chunk in encode_columns(rows, &columns, &writers, self.compression, threads)? {
            chunk.append_to(&mut group)?;
        }
        group.close()?;
        self.written += 1;
        Ok(())
    }
}

/// A column of a row group, encoded by the crate or by us.
enum Chunk {
    Written(ArrowColumnChunk),
    Encoded(pages::Chunk),
}

impl Chunk {
    fn append_to(
        self,
        group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    ) -> Result<(), ParquetError> {
        match self {
            Self::Written(chunk) => chunk.append_to_row_group(group),
            Self::Encoded((bytes, close)) => group.append_column(&bytes, close),
        }
    }
}

/// The crate's writers of a row group, made where the first one is asked for: each of them sets zstd up, and
/// most row groups need none.
struct Writers<'a> {
    groups: &'a ArrowRowGroupWriterFactory,
    group: usize,
    made: Mutex<Vec<Option<ArrowColumnWriter>>>,
}

impl Writers<'_> {
    fn take(&self, place: usize) -> Result<ArrowColumnWriter, ParquetError> {
        let mut made = self.made.lock().map_err(|_| fell())?;
        if made.is_empty() {
            let writers = self.groups.create_column_writers(self.group)?;
            *made = writers.into_iter().map(Some).collect();
        }
        made.get_mut(place).and_then(Option::take).ok_or_else(fell)
    }
}

fn fell() -> ParquetError {
    ParquetError::General("a thread that encodes has panicked".into())
}

/// The columns of a row group, each thread taking the next one that is left.
fn encode_columns(
    rows: &[RecordBatch],
    described: &[ColumnDescPtr],
    writers: &Writers<'_>,
    compression: Compression,
    threads: usize,
) -> Result<Vec<Chunk>, ParquetError> {
    let left = Mutex::new(described.iter().enumerate());
    let next = || left.lock().ok()?.next();
    let work = || {
        let mut done = Vec::new();
        while let Some((place, described)) = next() {
            let schema = rows[0].schema();
            let parts: Vec<ArrayRef> =
                rows.iter().map(|rows| Arc::clone(rows.column(place))).collect();
            let field = schema.field(place);
            let chunk = match encode_column(field, &parts, described)? {
                Some(column) => Chunk::Encoded(pages::write(column, described, compression)?),
                None => Chunk::Written(write_column(field, &parts, writers.take(place)?)?),
            };
            done.push((place, chunk));
        }
        Ok::<_, ParquetError>(done)
    };
    let mut chunks = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut chunks = work()?;
        for other in others {
            chunks.extend(other.join().map_err(|_| fell())??);
        }
        Ok::<_, ParquetError>(chunks)
    })?;
    chunks.sort_unstable_by_key(|(place, _)| *place);
    Ok(chunks.into_iter().map(|(_, chunk)| chunk).collect())
}

/// A column encoded by us; none where that is left to the crate.
fn encode_column(
    field: &Field,
    parts: &[ArrayRef],
    described: &ColumnDescPtr,
) -> Result<Option<pages::Column>, ParquetError> {
    match (unrepeated(field), field.data_type()) {
        (Some(_), _) => Ok(delta::encode(&dictionary::unpacked(parts)?, described)),
        (None, DataType::Boolean) => Ok(flags::encode(parts, described)),
        (None, _) => dictionary::encode(parts, described),
    }
}

/// A column encoded by the crate.
fn write_column(
    field: &Field,
    parts: &[ArrayRef],
    mut writer: ArrowColumnWriter,
) -> Result<ArrowColumnChunk, ParquetError> {
    let parts = dictionary::unpacked(parts)?;
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    let column = without_empty_nulls(concat(&parts)?)?;
    let field = field.clone().with_data_type(column.data_type().clone());
    for leaf in compute_leaves(&field, &column)? {
        writer.write(&leaf)?;
    }
    writer.close()
}

/// That nothing is null is said in one way, so that equal values give equal bytes.
fn without_empty_nulls(column: ArrayRef) -> Result<ArrayRef, ParquetError> {
    Ok(match column.nulls() {
        Some(nulls) if nulls.null_count() == 0 => {
            make_array(column.to_data().into_builder().nulls(None).build()?)
        }
        _ => column,
    })
}

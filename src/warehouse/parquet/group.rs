//! The columns of a row group, most of them encoded by us, side by side.

use std::sync::{Arc, Mutex};

use arrow::array::{Array, ArrayRef, RecordBatch, make_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field};
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;

use super::{delta, dictionary, flags, pages, unrepeated};

/// A column of a row group, encoded by the crate or by us.
pub enum Chunk {
    /// By the crate.
    Written(ArrowColumnChunk),
    /// By us.
    Encoded(pages::Chunk),
}

impl Chunk {
    /// Its bytes, as far as they are known: all, where we have encoded it.
    pub fn len(&self) -> usize {
        match self {
            Self::Written(_) => 0,
            Self::Encoded((bytes, _)) => bytes.len(),
        }
    }

    /// Adds it to its row group.
    ///
    /// # Errors
    /// The bytes can't be written.
    pub fn append_to(
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
pub struct Writers<'a> {
    groups: &'a ArrowRowGroupWriterFactory,
    group: usize,
    made: Mutex<Vec<Option<ArrowColumnWriter>>>,
}

impl<'a> Writers<'a> {
    /// Those of a row group by its place, none made yet.
    pub fn new(groups: &'a ArrowRowGroupWriterFactory, group: usize) -> Self {
        Self { groups, group, made: Mutex::default() }
    }

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
///
/// # Errors
/// The rows are of another schema, or hold a type that Parquet has not.
pub fn encode_columns(
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

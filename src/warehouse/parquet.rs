//! How rows become Parquet: one set of properties for all tables, so that equal rows make equal bytes
//! and a file can be named by its content.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use bytes::Bytes;
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::arrow::{ArrowWriter, AsyncArrowWriter};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::WarehouseError;

/// How columns are encoded whose values hardly repeat, so that a dictionary would only cost time. Ids share
/// their beginnings with the row before; lines, days and the one delivery of a file hardly differ from it.
const UNREPEATED: [(&str, Encoding); 10] = [
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
];
const ROW_GROUP_ROWS: usize = 1 << 20;

/// The properties of every Parquet file in the warehouse: zstd, nothing that varies between runs.
/// Only what rows are looked up by has its least and greatest value noted: of other texts it costs a
/// comparison a row, and spares no read.
pub fn properties(schema: &Schema) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by("churnhouse".into())
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()));
    let texts = schema.fields().iter().filter(|field| *field.data_type() == DataType::Utf8);
    for field in texts.filter(|field| !field.name().ends_with("_id")) {
        let column = ColumnPath::from(field.name().as_str());
        builder = builder.set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    for (column, encoding) in UNREPEATED {
        let column = ColumnPath::from(column);
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, encoding);
    }
    builder.build()
}

/// Rows as the bytes of one Parquet file. Equal batches give equal bytes.
///
/// # Errors
/// The rows hold a type that Parquet has not.
pub fn encode(batch: &RecordBatch) -> Result<Bytes, ParquetError> {
    let mut writer =
        ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties(batch.schema_ref())))?;
    writer.write(batch)?;
    Ok(writer.into_inner()?.into())
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

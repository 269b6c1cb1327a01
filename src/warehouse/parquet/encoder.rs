//! A Parquet file that goes to its store while its rows come.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::errors::ParquetError;
use tokio::io::AsyncWriteExt;

use super::FileBytes;
use crate::warehouse::WarehouseError;

/// A Parquet file being written to a store, row group by row group, with bounded memory.
pub struct Encoder {
    path: Path,
    sink: BufWriter,
    file: FileBytes,
    size: u64,
}

impl Encoder {
    /// Begins a file; nothing is there before [`Encoder::finish`].
    pub fn new(store: Arc<dyn ObjectStore>, path: Path, schema: SchemaRef) -> Self {
        let sink = BufWriter::new(store, path.clone());
        Self { path, sink, file: FileBytes::new(schema, 1), size: 0 }
    }

    /// Bytes that wait in memory.
    pub fn buffered(&self) -> usize {
        self.file.waiting()
    }

    /// Writes rows.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        self.file.push(batch).map_err(|source| self.failed(source))?;
        self.put_written().await
    }

    /// Ends the row group, so that its rows leave memory.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn flush(&mut self) -> Result<(), WarehouseError> {
        self.file.end_group().map_err(|source| self.failed(source))?;
        self.put_written().await
    }

    async fn put_written(&mut self) -> Result<(), WarehouseError> {
        let written = self.file.written().map_err(|source| self.failed(source))?;
        self.put(written).await
    }

    async fn put(&mut self, bytes: Bytes) -> Result<(), WarehouseError> {
        self.size += bytes.len() as u64;
        let put = self.sink.put(bytes).await;
        put.map_err(|source| self.failed(ParquetError::External(Box::new(source))))
    }

    /// Ends the file; tells its rows and bytes.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn finish(mut self) -> Result<(u64, u64), WarehouseError> {
        let (footer, rows) = self.file.finish().map_err(|source| self.failed(source))?;
        self.put(footer).await?;
        let ended = self.sink.shutdown().await;
        ended.map_err(|source| self.failed(source.into()))?;
        Ok((rows, self.size))
    }

    fn failed(&self, source: ParquetError) -> WarehouseError {
        WarehouseError::Parquet { file: self.path.to_string(), source }
    }
}

//! Data files read back: landed rows, and what earlier closes left.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use futures::StreamExt;
use object_store::ObjectStoreExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
    RowSelectionPolicy,
};
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinHandle;

use crate::close::fell;
use crate::month::Month;
use crate::warehouse::{DataFile, Warehouse, WarehouseError, layout};

/// Rows of a batch: large enough to forget the cost of a batch, small enough for the cache.
const BATCH: usize = 16 << 10;
/// Batches of a file that wait to be taken.
const DECODED: usize = 2;
/// Rows selected are skipped to where so many lie between them, else decoded with the others: to skip costs as much
/// as to decode some hundred values.
const SELECTED: RowSelectionPolicy = RowSelectionPolicy::Auto { threshold: 256 };
/// Files that are read at a time.
const FILES: usize = 8;
/// Texts that hardly repeat; all others are read as dictionaries.
const IDS: [&str; 4] = ["customer_id", "line_id", "event_id", "call_id"];

/// The rows of a data file, of some of its columns or all. The file is fetched whole.
///
/// # Errors
/// The store can't be read, or the file is damaged.
pub async fn file(
    warehouse: &Warehouse,
    table: &str,
    file: &DataFile,
    columns: Option<&[&str]>,
) -> Result<Vec<RecordBatch>, WarehouseError> {
    Opened::new(warehouse, table, file).await?.rows(columns, None)?.collect()
}

/// What is made of rows as they are decoded.
pub struct Batches<T> {
    made: Receiver<Result<T, WarehouseError>>,
    decoding: JoinHandle<()>,
}

impl<T> Batches<T> {
    /// What is made of the next rows; not to be asked again after the last.
    ///
    /// # Errors
    /// The file is damaged, or the task has panicked.
    pub async fn next(&mut self) -> Result<Option<T>, WarehouseError> {
        match self.made.recv().await {
            Some(made) => made.map(Some),
            None => (&mut self.decoding).await.map(|()| None).map_err(fell),
        }
    }
}

/// What is made of the rows of a data file as they are decoded, by a task of its own, while the caller takes those
/// before.
///
/// # Errors
/// The store can't be read, or the file is damaged; a batch is an error where the damage lies in it.
pub async fn batches<T: Send + 'static>(
    warehouse: &Warehouse,
    table: &str,
    file: &DataFile,
    columns: Option<&[&str]>,
    make: impl Fn(RecordBatch) -> T + Send + 'static,
) -> Result<Batches<T>, WarehouseError> {
    let reader = Opened::new(warehouse, table, file).await?.rows(columns, None)?;
    let (sender, made) = mpsc::channel(DECODED);
    let decoding = tokio::spawn(async move {
        for batch in reader {
            // Nobody listens any more where an earlier batch did not fit.
            if sender.send(batch.map(&make)).await.is_err() {
                break;
            }
        }
    });
    Ok(Batches { made, decoding })
}

/// A data file that has been fetched.
pub struct Opened {
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
    shown: String,
}

impl Opened {
    /// Fetches a file whole.
    ///
    /// # Errors
    /// The store can't be read, or the file is damaged.
    pub async fn new(
        warehouse: &Warehouse,
        table: &str,
        file: &DataFile,
    ) -> Result<Self, WarehouseError> {
        let path = warehouse.path(&format!("{table}/{}", file.path));
        let shown = path.to_string();
        let storage =
            |source| WarehouseError::Storage { action: "read", path: shown.clone(), source };
        let got = warehouse.store().get(&path).await.map_err(storage)?;
        let bytes = got.bytes().await.map_err(storage)?;
        let damaged = |source| WarehouseError::Parquet { file: shown.clone(), source };
        let plain =
            ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new()).map_err(damaged)?;
        let options = ArrowReaderOptions::new().with_schema(Arc::new(taken_as(plain.schema())));
        let metadata =
            ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options).map_err(damaged)?;
        Ok(Self { bytes, metadata, shown })
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.metadata.metadata().file_metadata().num_rows() as usize
    }

    /// Its rows or those selected, of some of its columns or all.
    ///
    /// # Errors
    /// The file is damaged; a batch is an error where the damage lies in it.
    pub fn rows(
        &self,
        columns: Option<&[&str]>,
        selected: Option<RowSelection>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, WarehouseError>> + use<>, WarehouseError>
    {
        let (bytes, metadata) = (self.bytes.clone(), self.metadata.clone());
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata);
        if let Some(columns) = columns {
            let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
            builder = builder.with_projection(mask);
        }
        if let Some(selected) = selected {
            builder = builder.with_row_selection(selected).with_row_selection_policy(SELECTED);
        }
        let file = self.shown.clone();
        let damaged = move |source| WarehouseError::Parquet { file: file.clone(), source };
        let reader = builder.with_batch_size(BATCH).build().map_err(&damaged)?;
        Ok(reader.map(move |batch| batch.map_err(|source| damaged(source.into()))))
    }
}

/// The types in which columns are read: texts that repeat as dictionaries, money as it lies in the file.
fn taken_as(schema: &Schema) -> Schema {
    let dictionary = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
    let field = |field: &Arc<Field>| {
        let kind = match field.data_type() {
            DataType::Utf8 if !IDS.contains(&field.name().as_str()) => &dictionary,
            &layout::MONEY => &layout::CENTS,
            other => other,
        };
        field.as_ref().clone().with_data_type(kind.clone())
    };
    Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>())
}

/// Data files, each read by a task of its own, several at a time, in their order.
pub struct Reading<T>(Receiver<Result<(Month, T), WarehouseError>>);

impl<T: Send + 'static> Reading<T> {
    /// Begins to read files.
    pub fn begin<F>(files: Vec<DataFile>, read: impl Fn(DataFile) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<T, WarehouseError>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            let parts = files.into_iter().filter_map(|part| Some((part.month?, part)));
            let tasks = parts.map(move |(month, part)| {
                let task = tokio::spawn(read(part));
                async move { Ok((month, task.await.map_err(fell)??)) }
            });
            let mut read = futures::stream::iter(tasks).buffered(FILES);
            while let Some(rows) = read.next().await {
                // Nobody listens any more where nothing of this is needed.
                if sender.send(rows).await.is_err() {
                    break;
                }
            }
        });
        Self(receiver)
    }

    /// What the next file's month is and what came of reading it.
    ///
    /// # Errors
    /// The store can't be read, or the file is damaged.
    pub async fn next(&mut self) -> Result<Option<(Month, T)>, WarehouseError> {
        self.0.recv().await.transpose()
    }
}

//! Tables of a few thousand rows at most (the ledger, the closes): kept in one file that each commit
//! replaces, so that reading them is one request and the file's list stays short. Their rows are
//! structs; arrow's JSON reader and writer carry them over.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use object_store::ObjectStoreExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Change, DataFile, Table, Warehouse, WarehouseError, layout, parquet as file};

/// A table that is read and replaced whole.
#[derive(Debug)]
pub struct SmallTable {
    table: Table,
    schema: arrow::datatypes::SchemaRef,
}

impl SmallTable {
    /// Opens it; `None` where it does not exist yet.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn open(
        warehouse: &Warehouse,
        name: &'static str,
    ) -> Result<Option<Self>, WarehouseError> {
        Ok(warehouse.open(name).await?.map(|table| Self::of(warehouse, table)))
    }

    /// A table of few rows that is open already.
    pub fn of(warehouse: &Warehouse, table: Table) -> Self {
        Self { schema: layout::schema(table.name(), warehouse.dimensions()), table }
    }

    /// Opens it, and creates it where it does not exist yet.
    ///
    /// # Errors
    /// The store can't be written.
    pub async fn open_or_create(
        warehouse: &Warehouse,
        name: &'static str,
    ) -> Result<Self, WarehouseError> {
        Ok(Self::of(warehouse, warehouse.open_or_create(name).await?))
    }

    /// The version of its log that was read.
    pub fn version(&self) -> u64 {
        self.table.version()
    }

    /// All its rows, in the order in which they were written.
    ///
    /// # Errors
    /// The store can't be read, or the rows are not of this type.
    pub async fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>, WarehouseError> {
        let mut rows = Vec::new();
        for data in self.table.files() {
            for batch in read_file(&self.table, data).await? {
                rows.extend(from_batch(&batch).map_err(|source| self.arrow(source))?);
            }
        }
        Ok(rows)
    }

    /// Whether somebody else has committed since it was read, or since our own last commit.
    ///
    /// # Errors
    /// The log can't be read.
    pub async fn is_passed(&self) -> Result<bool, WarehouseError> {
        self.table.has(self.version() + 1).await
    }

    /// What the last commit says of itself.
    ///
    /// # Errors
    /// The log can't be read.
    pub async fn note(&self) -> Result<Option<serde_json::Value>, WarehouseError> {
        let last = self.table.version().saturating_sub(1);
        Ok(self.table.notes_since(last).await?.pop().map(|(_, note)| note))
    }

    /// Replaces all rows, and says `note` of it. The file is named by its content.
    ///
    /// # Errors
    /// The store refuses, or another writer was quicker.
    pub async fn replace<T: Serialize>(
        &mut self,
        rows: &[T],
        note: Option<serde_json::Value>,
    ) -> Result<(), WarehouseError> {
        let batch = to_batch(&self.schema, rows).map_err(|source| self.arrow(source))?;
        let before = self.table.files().to_vec();
        let name = format!("v{:06}", self.table.version() + 1);
        let add = write_file(&self.table, &name, &batch).await?;
        self.table.commit(Change { add: vec![add], remove: before, note }).await
    }

    fn arrow(&self, source: ArrowError) -> WarehouseError {
        WarehouseError::Arrow { table: self.table.name().to_owned(), source }
    }
}

/// Structs as rows of a table.
///
/// # Errors
/// A field does not fit its column.
pub fn to_batch<T: Serialize>(
    schema: &arrow::datatypes::SchemaRef,
    rows: &[T],
) -> Result<RecordBatch, ArrowError> {
    let mut decoder = arrow::json::ReaderBuilder::new(schema.clone())
        .with_batch_size(rows.len().max(1))
        .build_decoder()?;
    decoder.serialize(rows)?;
    Ok(decoder.flush()?.unwrap_or_else(|| RecordBatch::new_empty(schema.clone())))
}

/// Rows of a table as structs.
///
/// # Errors
/// A column does not fit its field.
pub fn from_batch<T: DeserializeOwned>(batch: &RecordBatch) -> Result<Vec<T>, ArrowError> {
    let mut writer = arrow::json::ArrayWriter::new(Vec::new());
    writer.write(batch)?;
    writer.finish()?;
    let json = writer.into_inner();
    if json.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(&json).map_err(|error| ArrowError::JsonError(error.to_string()))
}

/// Writes rows as one file of a table that is not partitioned, named `NAME-DIGEST`; it counts once it
/// is committed.
///
/// # Errors
/// The store refuses.
pub async fn write_file(
    table: &Table,
    name: &str,
    batch: &RecordBatch,
) -> Result<DataFile, WarehouseError> {
    let bytes = file::encode(batch)
        .map_err(|source| WarehouseError::Parquet { file: table.name().to_owned(), source })?;
    let path = format!("{name}-{}.parquet", layout::digest(&[&bytes]));
    let (rows, size) = (batch.num_rows() as u64, bytes.len() as u64);
    let place = table.place();
    let written = place.store.put(&place.below(&path), bytes.into()).await;
    written.map_err(|source| WarehouseError::Storage {
        action: "write",
        path: path.clone(),
        source,
    })?;
    Ok(DataFile { path, month: None, rows, size, ids: None })
}

/// All rows of one data file.
///
/// # Errors
/// The store can't be read.
pub async fn read_file(table: &Table, data: &DataFile) -> Result<Vec<RecordBatch>, WarehouseError> {
    let path = table.place().below(&data.path);
    let failed =
        |source| WarehouseError::Storage { action: "read", path: path.to_string(), source };
    let bytes =
        table.place().store.get(&path).await.map_err(failed)?.bytes().await.map_err(failed)?;
    let parquet = |source| WarehouseError::Parquet { file: path.to_string(), source };
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
        .map_err(parquet)?
        .build()
        .map_err(parquet)?;
    reader
        .collect::<Result<_, _>>()
        .map_err(|source| WarehouseError::Arrow { table: table.name().to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::CloseRecord;
    use crate::config::Config;
    use crate::month::Month;

    /// Opening replays the commits since a checkpoint, so a table that is replaced each month must come to one.
    #[tokio::test]
    async fn the_log_of_a_table_replaced_often_has_checkpoints() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { base: folder.path().to_owned(), ..Config::default() };
        let warehouse = Warehouse::new(&config).unwrap();
        let month = |number| Month::new(2020, 1).plus(number);
        for number in 0..41 {
            let mut record = CloseRecord::default();
            record.month = Some(month(number));
            let mut table = SmallTable::open_or_create(&warehouse, layout::CLOSES).await.unwrap();
            table.replace(&[record], None).await.unwrap();
        }
        let log = folder.path().join("warehouse").join(layout::CLOSES).join("_delta_log");
        let names = std::fs::read_dir(log).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        let mut checkpoints: Vec<_> =
            names.filter(|name| name.ends_with(".checkpoint.parquet")).collect();
        checkpoints.sort();
        let expected = [19, 39].map(|version| format!("{version:020}.checkpoint.parquet"));
        assert_eq!(checkpoints, expected);
        let table = SmallTable::open(&warehouse, layout::CLOSES).await.unwrap().unwrap();
        let records: Vec<CloseRecord> = table.read().await.unwrap();
        assert_eq!((table.version(), records.len(), records[0].month), (41, 1, Some(month(40))));
    }
}

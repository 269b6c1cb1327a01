//! Making closed months lasting: their files first, then the commits, then their rows in `closes`, which
//! are the moment from which readers see them. Months are committed together every few seconds.

use std::time::{Duration, Instant};

use object_store::ObjectStoreExt;

use super::month::Made;
use super::{CloseRecord, Closes};
use crate::month::Month;
use crate::warehouse::{
    Change, DataFile, SmallTable, Table, Warehouse, WarehouseError, encode, layout,
};

/// How much closing may be lost to a crash.
const EVERY: Duration = Duration::from_secs(3);

/// The tables of the core, in the order in which they are committed.
const CORE: [&str; 3] = [layout::CUSTOMER_MONTH, layout::DORMANT, layout::MOVEMENT];

/// Writes months, and commits them now and then.
pub struct Saver<'a> {
    warehouse: &'a Warehouse,
    saved: Instant,
    changed: bool,
}

impl<'a> Saver<'a> {
    pub fn new(warehouse: &'a Warehouse) -> Self {
        Self { warehouse, saved: Instant::now(), changed: false }
    }

    /// Notes that the records have changed without a month being closed.
    pub fn touch(&mut self) {
        self.changed = true;
    }

    /// Writes the files of a month, named by their content, and completes its record.
    pub async fn take(
        &mut self,
        made: Made,
        record: &mut CloseRecord,
    ) -> Result<(), WarehouseError> {
        let month = made.month;
        let mut digests = Vec::new();
        let batches = [&made.customer_month, &made.dormant, &made.movement];
        for (name, batch) in CORE.into_iter().zip(batches) {
            let bytes = encode(batch)
                .map_err(|source| WarehouseError::Parquet { file: name.to_owned(), source })?;
            let digest = layout::digest(&[&bytes]);
            let path = format!("{}/{digest}.parquet", layout::partition(month));
            let whole = self.warehouse.path(&format!("{name}/{path}"));
            let size = bytes.len() as u64;
            let written = self.warehouse.store().put(&whole, bytes.into()).await;
            written.map_err(|source| WarehouseError::Storage {
                action: "write",
                path: whole.to_string(),
                source,
            })?;
            let rows = batch.num_rows() as u64;
            record.set_file(name, &DataFile { path, month: Some(month), rows, size, ids: None });
            digests.push(digest);
        }
        if made.dormant.num_rows() > 0 {
            record.sleepers = layout::digest(&[record.sleepers.as_bytes(), digests[1].as_bytes()]);
        }
        record.state = layout::digest(&[digests[0].as_bytes(), record.sleepers.as_bytes()]);
        record.charges = made.charges;
        record.closed_at = Some(chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.6f").to_string());
        self.changed = true;
        Ok(())
    }

    /// Commits when it is time.
    pub async fn save_if_due(&mut self, closes: &Closes) -> Result<(), WarehouseError> {
        if self.saved.elapsed() < EVERY {
            return Ok(());
        }
        self.save(closes).await
    }

    /// Commits what has been taken.
    pub async fn save(&mut self, closes: &Closes) -> Result<(), WarehouseError> {
        if !self.changed {
            return Ok(());
        }
        for name in CORE {
            let table = self.warehouse.open_or_create(name).await?;
            replace(table, closes.files(name, |_: Month| true)).await?;
        }
        let mut table = SmallTable::open_or_create(self.warehouse, layout::CLOSES).await?;
        let records: Vec<&CloseRecord> = closes.records().collect();
        table.replace(&records).await?;
        (self.saved, self.changed) = (Instant::now(), false);
        Ok(())
    }
}

/// Makes a table's live files those that the records name.
async fn replace(mut table: Table, wanted: Vec<DataFile>) -> Result<(), WarehouseError> {
    let live = table.files()?;
    let among =
        |file: &DataFile, files: &[DataFile]| files.iter().any(|other| other.path == file.path);
    let remove: Vec<_> = live.iter().filter(|file| !among(file, &wanted)).cloned().collect();
    let add: Vec<_> = wanted.into_iter().filter(|file| !among(file, &live)).collect();
    if add.is_empty() && remove.is_empty() {
        return Ok(());
    }
    table.commit(Change { add, remove, note: None }).await
}

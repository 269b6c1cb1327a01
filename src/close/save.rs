//! Making closed months lasting: their files first, then the commits, then their rows in `closes`, which
//! are the moment from which readers see them. Months are committed together every few seconds.

use std::time::{Duration, Instant};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Decimal128Type;
use bytes::Bytes;
use futures::future::try_join_all;
use object_store::ObjectStoreExt;
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;

use super::{CloseRecord, Closes, Made, Schedule, Taken, fell};
use crate::month::Month;
use crate::warehouse::{Change, DataFile, SmallTable, Warehouse, WarehouseError, encode, layout};

/// How much closing may be lost to a crash.
const EVERY: Duration = Duration::from_secs(3);

/// Writes months, and commits them now and then.
pub struct Saver<'a> {
    warehouse: &'a Warehouse,
    threads: usize,
    writing: Option<JoinHandle<Result<Written, WarehouseError>>>,
    saved: Instant,
    changed: bool,
}

/// A month whose files are written.
struct Written {
    month: Month,
    /// In the order of [`layout::core`], each with its content's digest.
    files: Vec<(DataFile, String)>,
    charges: String,
}

impl<'a> Saver<'a> {
    /// Nothing is written yet. Files are encoded by so many threads.
    pub fn new(warehouse: &'a Warehouse, threads: usize) -> Self {
        Self { warehouse, threads, writing: None, saved: Instant::now(), changed: false }
    }

    /// Notes that the records have changed without a month being closed.
    pub fn touch(&mut self) {
        self.changed = true;
    }

    /// Begins to write the files of a month, named by their content; the one before must be settled.
    pub fn begin(&mut self, month: Month, taken: Taken) {
        let writing = write(self.warehouse.clone(), month, taken, self.threads);
        self.writing = Some(tokio::spawn(writing));
    }

    /// Waits until the files of the month that was begun are written, and puts its record; tells the month
    /// and whether it came out otherwise than before.
    pub async fn settle(
        &mut self,
        schedule: &Schedule<'_>,
        closes: &mut Closes,
    ) -> Result<Option<(Month, bool)>, WarehouseError> {
        let Some(writing) = self.writing.take() else { return Ok(None) };
        let written = writing.await.map_err(fell)??;
        let mut record = schedule.record(closes, written.month);
        for (name, (file, _)) in layout::core().zip(&written.files) {
            record.set_file(name, file);
        }
        let [(_, state), (dormant, asleep), ..] = written.files.as_slice() else { return Ok(None) };
        if dormant.rows > 0 {
            record.sleepers = layout::digest(&[record.sleepers.as_bytes(), asleep.as_bytes()]);
        }
        record.state = layout::digest(&[state.as_bytes(), record.sleepers.as_bytes()]);
        record.charges = written.charges;
        record.closed_at = Some(chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.6f").to_string());
        self.changed = true;
        let changed = closes.closed(written.month).is_none_or(|old| old.state != record.state);
        closes.put(record);
        Ok(Some((written.month, changed)))
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
        let replaced = layout::core().map(|name| replace(self.warehouse, name, closes));
        try_join_all(replaced).await?;
        let mut table = SmallTable::open_or_create(self.warehouse, layout::CLOSES).await?;
        let records: Vec<&CloseRecord> = closes.records().collect();
        table.replace(&records).await?;
        (self.saved, self.changed) = (Instant::now(), false);
        Ok(())
    }
}

/// Makes a table's live files those that the records name.
async fn replace(
    warehouse: &Warehouse,
    name: &'static str,
    closes: &Closes,
) -> Result<(), WarehouseError> {
    let mut table = warehouse.open_or_create(name).await?;
    let wanted = closes.files(name, |_: Month| true);
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

async fn write(
    warehouse: Warehouse,
    month: Month,
    taken: Taken,
    threads: usize,
) -> Result<Written, WarehouseError> {
    let encoding = tokio::task::spawn_blocking(move || encoded(&taken.made()?, threads));
    let (encoded, charges) = encoding.await.map_err(fell)??;
    let mut files = Vec::new();
    for (name, (bytes, rows)) in layout::core().zip(encoded) {
        let digest = layout::digest(&[&bytes]);
        let path = format!("{}/{digest}.parquet", layout::partition(month));
        let whole = warehouse.path(&format!("{name}/{path}"));
        let size = bytes.len() as u64;
        let written = warehouse.store().put(&whole, bytes.into()).await;
        written.map_err(|source| WarehouseError::Storage {
            action: "write",
            path: whole.to_string(),
            source,
        })?;
        files.push((DataFile { path, month: Some(month), rows, size, ids: None }, digest));
    }
    Ok(Written { month, files, charges })
}

type Encoded = (Vec<(Bytes, u64)>, String);

/// The files' bytes and rows, and the digest of the customers' revenue.
fn encoded(made: &Made, threads: usize) -> Result<Encoded, WarehouseError> {
    let batches = [&made.customer_month, &made.dormant].into_iter().chain(&made.sums);
    let encoded = layout::core().zip(batches).map(|(name, batch)| {
        let bytes = encode(batch, threads)
            .map_err(|source| WarehouseError::Parquet { file: name.to_owned(), source })?;
        Ok((bytes, batch.num_rows() as u64))
    });
    Ok((encoded.collect::<Result<_, WarehouseError>>()?, charges_digest(&made.customer_month)))
}

fn charges_digest(customer_month: &RecordBatch) -> String {
    let mut hash = Sha256::new();
    let ids = customer_month["customer_id"].as_string::<i32>();
    let revenue = customer_month["revenue"].as_primitive::<Decimal128Type>();
    for (id, cents) in ids.iter().zip(revenue.values()) {
        hash.update(id.unwrap_or_default());
        hash.update(cents.to_le_bytes());
    }
    format!("{:x}", hash.finalize())[..16].to_owned()
}

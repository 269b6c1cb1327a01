//! Making closed months lasting: their files first, then the commits, then their rows in `closes`, which
//! are the moment from which readers see them. Months are committed together every few seconds.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Decimal64Type;
use bytes::Bytes;
use object_store::ObjectStoreExt;
use parquet::errors::ParquetError;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{Closes, Making, Part, Schedule, Tables, fell};
use crate::month::Month;
use crate::warehouse::{DataFile, FileBytes, Warehouse, WarehouseError, layout};

/// How much closing may be lost to a crash.
const EVERY: Duration = Duration::from_secs(3);
/// Parts of a month's customers that wait to be encoded.
const WAITING: usize = 4;

/// Writes months, and commits them now and then.
pub struct Saver<'a> {
    warehouse: &'a Warehouse,
    threads: usize,
    /// Where the parts of the last month that was begun go, until all have gone.
    parts: Option<Parts>,
    /// What comes of the months that were begun.
    writing: VecDeque<JoinHandle<Result<Written, WarehouseError>>>,
    tables: Tables,
    saved: Instant,
    changed: bool,
}

/// Where the parts of a month go.
struct Parts {
    /// None after the last: where nothing comes any more the close has failed.
    customers: SyncSender<Option<Making>>,
    sums: SyncSender<Making>,
}

/// A month whose files are written.
struct Written {
    month: Month,
    /// In the order of [`layout::core`], each with its content's digest.
    files: Vec<(DataFile, String)>,
    charges: String,
}

impl<'a> Saver<'a> {
    /// Nothing is written yet. Files are encoded by so many threads; what is written is committed to `tables`.
    pub fn new(warehouse: &'a Warehouse, threads: usize, tables: Tables) -> Self {
        let (writing, saved) = (VecDeque::new(), Instant::now());
        Self { warehouse, threads, parts: None, writing, tables, saved, changed: false }
    }

    /// Notes that the records have changed without a month being closed.
    pub fn touch(&mut self) {
        self.changed = true;
    }

    /// Begins to write the files of a month, named by their content, while its customers come.
    pub fn begin(&mut self, month: Month) {
        let (customers, taken) = sync_channel(WAITING);
        let (sums, summed) = sync_channel(1);
        let threads = self.threads;
        // Threads that have begun: who pushes waits for them, and may hold the only one that tasks have.
        let customers_encoded = spawn_blocking(move || encode_customers(&taken, threads));
        let sums_encoded = spawn_blocking(move || encode_sums(&summed));
        let writing = write(self.warehouse.clone(), month, customers_encoded, sums_encoded);
        self.parts = Some(Parts { customers, sums });
        self.writing.push_back(tokio::spawn(writing));
        self.tables.begin();
    }

    /// Adds a part to the month that was begun; waits while too many others do.
    pub(super) fn push(&mut self, part: Part) {
        let Some(parts) = &self.parts else { return };
        // Where writing has failed, settling tells why.
        match part {
            Part::Customers(customers) => drop(parts.customers.send(Some(customers))),
            Part::Sums(sums) => {
                drop(parts.customers.send(None));
                drop(parts.sums.send(sums));
                self.parts = None;
            }
        }
    }

    /// Waits until the files of the earliest month that was begun are written, and puts its record; tells the
    /// month and whether it came out otherwise than before. None where no more than the last so many are left.
    pub async fn settle(
        &mut self,
        but: usize,
        schedule: &Schedule<'_>,
        closes: &mut Closes,
    ) -> Result<Option<(Month, bool)>, WarehouseError> {
        if self.writing.len() <= but {
            return Ok(None);
        }
        let Some(writing) = self.writing.pop_front() else { return Ok(None) };
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
        self.tables.commit(closes).await?;
        (self.saved, self.changed) = (Instant::now(), false);
        Ok(())
    }
}

/// Writes a month's files as they are encoded.
async fn write(
    warehouse: Warehouse,
    month: Month,
    customers: JoinHandle<Result<Encoded, WarehouseError>>,
    sums: JoinHandle<Result<Vec<(Bytes, u64)>, WarehouseError>>,
) -> Result<Written, WarehouseError> {
    let mut names = layout::core();
    let mut begin = |encoded: Vec<(Bytes, u64)>| -> Vec<_> {
        let named = encoded.into_iter().zip(names.by_ref());
        named.map(|(file, name)| tokio::spawn(put(warehouse.clone(), name, month, file))).collect()
    };
    let (encoded, charges) = customers.await.map_err(fell)??;
    let mut putting = begin(encoded);
    putting.extend(begin(sums.await.map_err(fell)??));
    let mut files = Vec::new();
    for put in putting {
        files.push(put.await.map_err(fell)??);
    }
    Ok(Written { month, files, charges })
}

/// Writes a file of a month, named by its content; tells the digest of that too.
async fn put(
    warehouse: Warehouse,
    name: &'static str,
    month: Month,
    (bytes, rows): (Bytes, u64),
) -> Result<(DataFile, String), WarehouseError> {
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
    Ok((DataFile { path, month: Some(month), rows, size, ids: None }, digest))
}

/// The bytes and rows of the files of a month's customers, and the digest of their revenue.
type Encoded = (Vec<(Bytes, u64)>, String);

/// Encodes a month's customers as they come.
fn encode_customers(
    parts: &Receiver<Option<Making>>,
    threads: usize,
) -> Result<Encoded, WarehouseError> {
    let mut encoding = Encoding { files: Vec::new(), charges: blake3::Hasher::new(), threads };
    while let Some(customers) = parts.recv().map_err(|_| unfinished())? {
        encoding.add(&customers()?)?;
    }
    encoding.finish()
}

/// Encodes a month's sums when they come.
fn encode_sums(sums: &Receiver<Making>) -> Result<Vec<(Bytes, u64)>, WarehouseError> {
    let rows = sums.recv().map_err(|_| unfinished())?()?;
    let encode = |(name, rows): (&str, RecordBatch)| {
        let mut file = FileBytes::new(rows.schema(), 1);
        file.push(&rows).and_then(|()| file.finish()).map_err(failed(name))
    };
    layout::SUMS.into_iter().zip(rows).map(encode).collect()
}

/// Not all of a month has come: its close has failed, and tells why.
fn unfinished() -> WarehouseError {
    failed("a month that is being closed")(ParquetError::General("it is not whole".into()))
}

fn failed(name: &str) -> impl Fn(ParquetError) -> WarehouseError {
    move |source| WarehouseError::Parquet { file: name.to_owned(), source }
}

/// The files of a month's customers in the making: customer_month and dormant.
struct Encoding {
    files: Vec<FileBytes>,
    charges: blake3::Hasher,
    threads: usize,
}

impl Encoding {
    /// Adds customers.
    fn add(&mut self, batches: &[RecordBatch]) -> Result<(), WarehouseError> {
        let customer_month = batches.first();
        customer_month.iter().for_each(|rows| add_charges(&mut self.charges, rows));
        for (place, (name, rows)) in layout::core().zip(batches).enumerate() {
            if self.files.len() == place {
                self.files.push(FileBytes::new(rows.schema(), self.threads));
            }
            self.files[place].push(rows).map_err(failed(name))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Encoded, WarehouseError> {
        let encoded = layout::core().zip(self.files);
        let encoded = encoded.map(|(name, mut file)| file.finish().map_err(failed(name)));
        let charges = self.charges.finalize().to_hex()[..16].to_owned();
        Ok((encoded.collect::<Result<_, WarehouseError>>()?, charges))
    }
}

fn add_charges(hash: &mut blake3::Hasher, customer_month: &RecordBatch) {
    let ids = customer_month["customer_id"].as_string::<i32>();
    let revenue = customer_month["revenue"].as_primitive::<Decimal64Type>();
    let mut rows =
        Vec::with_capacity(ids.value_data().len() + 2 * size_of_val(&**revenue.values()));
    for (id, cents) in ids.iter().zip(revenue.values()) {
        rows.extend_from_slice(id.unwrap_or_default().as_bytes());
        // As wide as when they were hashed in 128 bits, so that months closed then come out as they were.
        rows.extend_from_slice(&i128::from(*cents).to_le_bytes());
    }
    // In one piece: of short ones BLAKE3 hashes one after the other.
    hash.update(&rows);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_that_end_without_a_last_part_are_no_file() {
        let encoded = |parts: Vec<Option<Making>>| {
            let (send, taken) = sync_channel(parts.len());
            parts.into_iter().for_each(|part| send.send(part).unwrap());
            drop(send);
            encode_customers(&taken, 1)
        };
        let none = || -> Option<Making> { Some(Box::new(|| Ok(Vec::new()))) };
        assert!(encoded(vec![none()]).is_err());
        assert!(encoded(vec![none(), None]).is_ok());
    }
}

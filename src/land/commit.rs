//! The moment of landing: a staged file's rows become part of the tables by one commit, and a row of the
//! ledger. The tables are opened once a run, and are as this run's own commits left them: a commit of
//! somebody else's in between refuses ours.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::duplicates::{self, Known, delivery_of};
use super::stage::Plan;
use super::{FoundFile, LandError, Landing, Ledger, Outcome, Staged, ledger};
use crate::extract::SourceKind;
use crate::warehouse::{
    Change, DataFile, Table, Warehouse, WarehouseError, layout, to_batch, write_file,
};

/// What all sources write to: the ledger, and the tables beside theirs.
pub struct Books {
    warehouse: Warehouse,
    ledger: Mutex<Ledger>,
    beside: Mutex<HashMap<&'static str, Table>>,
}

impl Books {
    /// Reads the ledger.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn open(warehouse: &Warehouse) -> Result<Arc<Self>, WarehouseError> {
        let ledger = Mutex::new(Ledger::open(warehouse).await?);
        let beside = Mutex::new(HashMap::new());
        Ok(Arc::new(Self { warehouse: warehouse.clone(), ledger, beside }))
    }

    /// The files of a source, what the ledger says of them, and their places in the order of its deliveries: of two
    /// with one key the later one takes the place of the earlier.
    pub async fn plan(&self, kind: SourceKind, files: Vec<FoundFile>) -> Vec<Plan> {
        let ledger = self.ledger.lock().await;
        let first = ledger.next_delivery(kind);
        let mut new = HashMap::new();
        let plan = |file: FoundFile| {
            let current = ledger.current(kind, &file.key).cloned();
            let delivery = match &current {
                Some(landing) => landing.delivery,
                None => {
                    let next = first + new.len() as i32;
                    *new.entry(file.key.clone()).or_insert(next)
                }
            };
            Plan { file, current, delivery }
        };
        files.into_iter().map(plan).collect()
    }

    /// The landed file of a key.
    ///
    /// # Errors
    /// No source, or more than one, has one.
    pub async fn find(&self, kind: Option<SourceKind>, key: &str) -> Result<Landing, LandError> {
        Ok(self.ledger.lock().await.find(kind, key)?.clone())
    }

    /// Makes the ledger lasting.
    ///
    /// # Errors
    /// The store refuses, or another writer was quicker.
    pub async fn save(&self) -> Result<(), WarehouseError> {
        self.ledger.lock().await.save().await
    }

    /// Adds rows under a landing's name; a second time, after a crash, finds them there.
    async fn append<T: serde::Serialize>(
        &self,
        name: &'static str,
        landing: &Landing,
        rows: &[T],
    ) -> Result<(), WarehouseError> {
        if rows.is_empty() {
            return Ok(());
        }
        let schema = layout::schema(name, self.warehouse.dimensions());
        let batch = to_batch(&schema, rows)
            .map_err(|source| WarehouseError::Arrow { table: name.to_owned(), source })?;
        let mut beside = self.beside.lock().await;
        let table = match beside.entry(name) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(slot) => slot.insert(self.warehouse.open_or_create(name).await?),
        };
        let file = write_file(table, &landing.landing, &batch).await?;
        if table.files().iter().any(|live| live.path == file.path) {
            return Ok(());
        }
        table.commit(Change { add: vec![file], ..Change::default() }).await
    }
}

/// What commits the landings of one source.
pub struct Committer {
    kind: SourceKind,
    books: Arc<Books>,
    table: Option<Table>,
    known: Known,
}

impl Committer {
    /// Commits to the source's table, which may not be there yet.
    pub async fn new(books: &Arc<Books>, kind: SourceKind) -> Self {
        let table = books.ledger.lock().await.take_table(kind);
        Self { kind, books: Arc::clone(books), table, known: Known::default() }
    }

    async fn table(&mut self) -> Result<&mut Table, WarehouseError> {
        let table = match self.table.take() {
            Some(table) => table,
            None => self.books.warehouse.open_or_create(layout::landed(self.kind)).await?,
        };
        Ok(self.table.insert(table))
    }

    /// Commits one staged file: rejects and duplicates first, under its landing, then the rows, which is
    /// the moment of landing, then the ledger.
    ///
    /// # Errors
    /// The store can't be read or written, or another writer was quicker.
    pub async fn commit(&mut self, staged: Staged) -> Result<Outcome, LandError> {
        let Staged { mut landing, kind, files, rejects, mut warnings } = staged;
        let table = self.table().await?;
        let (place, (own, others)) = (table.place().clone(), of_delivery(table, landing.delivery));
        let repeated = self.known.repeats(&place, kind, &files, &others).await?;
        landing.duplicates = duplicates::repeats_of(&repeated, landing.delivery);
        self.books.append(layout::REJECTED, &landing, &rejects).await?;
        self.books.append(layout::DUPLICATES, &landing, &repeated).await?;
        let ledger = self.books.ledger.lock().await;
        let replaced = ledger.current(kind, &landing.key).is_some();
        if let Some(twin) = ledger.twin(kind, &landing.key, &landing.content) {
            warnings.push(format!(
                "{}: has the same bytes as {}, which has landed too",
                landing.file, twin.file
            ));
        }
        drop(ledger);
        self.land(&mut landing, Change::between(&own, &files)).await?;
        Ok(Outcome::Landed { landing, replaced, warnings })
    }

    /// Withdraws a landed file: its rows leave the table as if it had never been there.
    ///
    /// # Errors
    /// As [`Committer::commit`].
    pub async fn retract(&mut self, mut landing: Landing) -> Result<Landing, LandError> {
        let (remove, _) = of_delivery(self.table().await?, landing.delivery);
        landing.retracted = true;
        landing.landed_at = ledger::now();
        self.land(&mut landing, Change { remove, ..Change::default() }).await?;
        Ok(landing)
    }

    /// Commits a change with its row of the ledger as note, so that the ledger can be repaired from it.
    async fn land(&mut self, landing: &mut Landing, change: Change) -> Result<(), WarehouseError> {
        let table = self.table().await?;
        landing.version = table.version() as i64 + 1;
        let note = serde_json::to_value(&*landing).ok();
        table.commit(Change { note, ..change }).await?;
        self.books.ledger.lock().await.push(landing.clone());
        Ok(())
    }
}

/// The live files of a delivery, and the others.
fn of_delivery(table: &Table, delivery: i32) -> (Vec<DataFile>, Vec<DataFile>) {
    let own = |file: &DataFile| delivery_of(&file.path) == Some(delivery);
    table.files().iter().cloned().partition(own)
}

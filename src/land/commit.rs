//! The moment of landing: a staged file's rows become part of the tables by one commit, and a row of the
//! ledger. The tables are opened once a run, and are as this run's own commits left them: a commit of
//! somebody else's in between refuses ours.

use std::collections::{BTreeMap, HashMap};

use super::duplicates::{self, Known, delivery_of};
use super::{LandError, Landing, Ledger, Outcome, Staged, ledger};
use crate::extract::SourceKind;
use crate::warehouse::{
    Change, DataFile, Table, Warehouse, WarehouseError, layout, to_batch, write_file,
};

/// What commits landings: the ledger, and the tables that have been opened.
pub struct Committer {
    warehouse: Warehouse,
    ledger: Ledger,
    tables: HashMap<&'static str, Table>,
    known: BTreeMap<SourceKind, Known>,
}

impl Committer {
    /// Reads the ledger.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn open(warehouse: &Warehouse) -> Result<Self, WarehouseError> {
        let mut ledger = Ledger::open(warehouse).await?;
        let landed = ledger.take_landed().into_iter();
        let tables = landed.map(|table| (table.name(), table)).collect();
        Ok(Self { warehouse: warehouse.clone(), ledger, tables, known: BTreeMap::new() })
    }

    /// What has landed.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Makes the ledger lasting.
    ///
    /// # Errors
    /// The store refuses, or another writer was quicker.
    pub async fn save(&mut self) -> Result<(), WarehouseError> {
        self.ledger.save().await
    }

    async fn table(&mut self, name: &'static str) -> Result<&mut Table, WarehouseError> {
        use std::collections::hash_map::Entry;
        Ok(match self.tables.entry(name) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(slot) => slot.insert(self.warehouse.open_or_create(name).await?),
        })
    }

    /// Commits one staged file: rejects and duplicates first, under its landing, then the rows, which is
    /// the moment of landing, then the ledger.
    pub async fn commit(&mut self, staged: Staged) -> Result<Outcome, LandError> {
        let Staged { mut landing, kind, files, rejects, mut warnings } = staged;
        let table = self.table(layout::landed(kind)).await?.clone();
        let (own, others) = of_delivery(&table, landing.delivery)?;
        let known = self.known.entry(kind).or_default();
        let repeated = known.repeats(&table, kind, &files, &others).await?;
        landing.duplicates = duplicates::repeats_of(&repeated, landing.delivery);
        self.append(layout::REJECTED, &landing, &rejects).await?;
        self.append(layout::DUPLICATES, &landing, &repeated).await?;
        let replaced = self.ledger.current(kind, &landing.key).is_some();
        if let Some(twin) = self.ledger.twin(kind, &landing.key, &landing.content) {
            warnings.push(format!(
                "{}: has the same bytes as {}, which has landed too",
                landing.file, twin.file
            ));
        }
        let change =
            Change { add: without(&files, &own), remove: without(&own, &files), note: None };
        self.land(&mut landing, change).await?;
        Ok(Outcome::Landed { landing, replaced, warnings })
    }

    /// Withdraws the file of a key: its rows leave the tables as if it had never been there.
    pub async fn retract(
        &mut self,
        kind: Option<SourceKind>,
        key: &str,
    ) -> Result<Landing, LandError> {
        let mut landing = self.ledger.find(kind, key)?.clone();
        let table = self.table(layout::landed(landing.source)).await?;
        let (remove, _) = of_delivery(table, landing.delivery)?;
        landing.retracted = true;
        landing.landed_at = ledger::now();
        self.land(&mut landing, Change { remove, ..Change::default() }).await?;
        Ok(landing)
    }

    /// Commits a change with its row of the ledger as note, so that the ledger can be repaired from it.
    async fn land(&mut self, landing: &mut Landing, change: Change) -> Result<(), WarehouseError> {
        let table = self.table(layout::landed(landing.source)).await?;
        landing.version = table.version() as i64 + 1;
        let note = serde_json::to_value(&*landing).ok();
        table.commit(Change { note, ..change }).await?;
        self.ledger.push(landing.clone());
        Ok(())
    }

    /// Adds rows under a landing's name; a second time, after a crash, finds them there.
    async fn append<T: serde::Serialize>(
        &mut self,
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
        let table = self.table(name).await?;
        let file = write_file(table, &landing.landing, &batch).await?;
        if table.files()?.iter().any(|live| live.path == file.path) {
            return Ok(());
        }
        table.commit(Change { add: vec![file], ..Change::default() }).await
    }
}

/// The live files of a delivery, and the others.
fn of_delivery(
    table: &Table,
    delivery: i32,
) -> Result<(Vec<DataFile>, Vec<DataFile>), WarehouseError> {
    let own = |file: &DataFile| delivery_of(&file.path) == Some(delivery);
    Ok(table.files()?.into_iter().partition(own))
}

/// Those of `files` that are not among `others`.
fn without(files: &[DataFile], others: &[DataFile]) -> Vec<DataFile> {
    let among = |file: &&DataFile| others.iter().any(|other| other.path == file.path);
    files.iter().filter(|file| !among(file)).cloned().collect()
}

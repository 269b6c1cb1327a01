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
pub struct Committer<'a> {
    warehouse: &'a Warehouse,
    ledger: Ledger,
    tables: HashMap<&'static str, Table>,
    known: BTreeMap<SourceKind, Known>,
}

impl<'a> Committer<'a> {
    /// Reads the ledger.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn open(warehouse: &'a Warehouse) -> Result<Self, WarehouseError> {
        let ledger = Ledger::open(warehouse).await?;
        Ok(Self { warehouse, ledger, tables: HashMap::new(), known: BTreeMap::new() })
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

    /// Commits staged files, those of one source at once: rejects and duplicates first, under their landing,
    /// then the rows, which is the moment of landing, then the ledger. What becomes of each is told in the
    /// order of the files.
    pub async fn commit(&mut self, files: Vec<Staged>) -> Result<Vec<Outcome>, WarehouseError> {
        let mut outcomes = Vec::new();
        for files in files.chunk_by(|left, right| left.kind == right.kind) {
            outcomes.extend(self.commit_to(files[0].kind, files).await?);
        }
        Ok(outcomes)
    }

    async fn commit_to(
        &mut self,
        kind: SourceKind,
        files: &[Staged],
    ) -> Result<Vec<Outcome>, WarehouseError> {
        let table = self.table(layout::landed(kind)).await?.clone();
        let mut live = table.files()?;
        let mut change = Change::default();
        let (mut landings, mut outcomes) = (Vec::new(), Vec::new());
        for staged in files {
            let mut landing = staged.landing.clone();
            let (own, others) = of_delivery(live, landing.delivery);
            let known = self.known.entry(kind).or_default();
            let repeated = known.repeats(&table, kind, &staged.files, &others).await?;
            landing.duplicates = duplicates::repeats_of(&repeated, landing.delivery);
            self.append(layout::REJECTED, &landing, &staged.rejects).await?;
            self.append(layout::DUPLICATES, &landing, &repeated).await?;
            change.add.extend(without(&staged.files, &own));
            change.remove.extend(without(&own, &staged.files));
            live = [others, staged.files.clone()].concat();
            outcomes.push(self.outcome(landing.clone(), &landings, &staged.warnings));
            landings.push(landing);
        }
        self.land(kind, &mut landings, change).await?;
        Ok(outcomes)
    }

    /// What became of a file that lands after `earlier` ones.
    fn outcome(&self, landing: Landing, earlier: &[Landing], warnings: &[String]) -> Outcome {
        let replaced = self.ledger.current(landing.source, &landing.key).is_some();
        let same = |other: &&Landing| other.content == landing.content;
        let landed = self.ledger.twin(landing.source, &landing.key, &landing.content);
        let twin = landed.or_else(|| earlier.iter().find(same)).map(|twin| {
            format!("{}: has the same bytes as {}, which has landed too", landing.file, twin.file)
        });
        let warnings = warnings.iter().cloned().chain(twin).collect();
        Outcome::Landed { landing, replaced, warnings }
    }

    /// Withdraws the file of a key: its rows leave the tables as if it had never been there.
    pub async fn retract(
        &mut self,
        kind: Option<SourceKind>,
        key: &str,
    ) -> Result<Landing, LandError> {
        let mut landing = self.ledger.find(kind, key)?.clone();
        let kind = landing.source;
        let live = self.table(layout::landed(kind)).await?.files()?;
        let (remove, _) = of_delivery(live, landing.delivery);
        landing.retracted = true;
        landing.landed_at = ledger::now();
        let mut landings = vec![landing];
        self.land(kind, &mut landings, Change { remove, ..Change::default() }).await?;
        Ok(landings.remove(0))
    }

    /// Commits a change with its rows of the ledger as note, so that the ledger can be repaired from it.
    async fn land(
        &mut self,
        kind: SourceKind,
        landings: &mut [Landing],
        change: Change,
    ) -> Result<(), WarehouseError> {
        let table = self.table(layout::landed(kind)).await?;
        let version = table.version() as i64 + 1;
        landings.iter_mut().for_each(|landing| landing.version = version);
        let note = serde_json::to_value(&*landings).ok();
        table.commit(Change { note, ..change }).await?;
        landings.iter().for_each(|landing| self.ledger.push(landing.clone()));
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

/// The files of a delivery, and the others.
fn of_delivery(files: Vec<DataFile>, delivery: i32) -> (Vec<DataFile>, Vec<DataFile>) {
    files.into_iter().partition(|file| delivery_of(&file.path) == Some(delivery))
}

/// Those of `files` that are not among `others`.
fn without(files: &[DataFile], others: &[DataFile]) -> Vec<DataFile> {
    let among = |file: &&DataFile| others.iter().any(|other| other.path == file.path);
    files.iter().filter(|file| !among(file)).cloned().collect()
}

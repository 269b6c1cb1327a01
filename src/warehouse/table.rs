//! One Delta table: its live files, and commits that either add and remove files as one or fail.
//! A commit is made against the state that was read and our own commits since; anybody else's commit in between refuses
//! it. So after a commit we know the state without reading the log again, which for a landed file takes longer than to
//! write it.

mod actions;

use std::collections::HashSet;
use std::sync::Arc;

use deltalake_core::checkpoints::create_checkpoint;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::{
    CommitBuilder, CommitProperties, TableReference, TransactionError,
};
use deltalake_core::kernel::{Action, StructType};
use deltalake_core::logstore::{StorageConfig, default_logstore};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableError};
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::prefix::PrefixStore;

use self::actions::{add_action, ids_of, remove_action};
use super::{Place, Warehouse, WarehouseError, layout};
use crate::month::Month;

/// The key of a commit's own information in the log.
const NOTE: &str = "churnhouse";
/// Commits between checkpoints of a table's log: opening replays at most so many.
const CHECKPOINT_INTERVAL: u64 = 20;

/// A live data file of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Its path below the table.
    pub path: String,
    /// The month partition that it belongs to, in tables that are partitioned.
    pub month: Option<Month>,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub size: u64,
    /// The least and greatest id in it, where the table's rows carry one.
    pub ids: Option<(String, String)>,
}

/// What one commit changes.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Files that come.
    pub add: Vec<DataFile>,
    /// Files that go.
    pub remove: Vec<DataFile>,
    /// What the commit says of itself, for those who read the log.
    pub note: Option<serde_json::Value>,
}

impl Change {
    /// What takes a table from some live files to others.
    pub fn between(before: &[DataFile], after: &[DataFile]) -> Self {
        Self { add: without(after, before), remove: without(before, after), note: None }
    }

    /// Whether it changes nothing.
    pub fn is_none(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }
}

/// Those of `files` that are not among `others`.
fn without(files: &[DataFile], others: &[DataFile]) -> Vec<DataFile> {
    let others: HashSet<&str> = others.iter().map(|file| file.path.as_str()).collect();
    files.iter().filter(|file| !others.contains(file.path.as_str())).cloned().collect()
}

/// An open table.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    place: Place,
    /// As it was when it was opened, or at its last checkpoint; without its state where that was told.
    delta: DeltaTable,
    version: u64,
    /// Ordered by path.
    files: Vec<DataFile>,
}

impl Table {
    fn new(name: &'static str, place: Place, delta: DeltaTable) -> Result<Self, WarehouseError> {
        let snapshot = delta.snapshot().map_err(delta_error(name))?;
        let (version, views) = (snapshot.version(), snapshot.log_data().into_iter());
        let mut files: Vec<DataFile> = views
            .map(|view| {
                let month = view.partition_values_map().remove("month").flatten();
                DataFile {
                    path: view.path().into_owned(),
                    month: month.and_then(|day| day.get(..7)?.parse().ok()),
                    rows: view.num_records().unwrap_or_default() as u64,
                    size: view.size().unsigned_abs(),
                    ids: view.stats().as_deref().and_then(ids_of),
                }
            })
            .collect();
        files.sort_unstable_by(|left, right| left.path.cmp(&right.path));
        Ok(Self { name, place, delta, version, files })
    }

    pub(super) async fn open(
        warehouse: &Warehouse,
        name: &'static str,
    ) -> Result<Option<Self>, WarehouseError> {
        let place = place_of(warehouse, name);
        let mut delta = DeltaTable::new(log_store(&place));
        match delta.load().await {
            Ok(()) => Self::new(name, place, delta).map(Some),
            Err(DeltaTableError::NotATable(_)) => Ok(None),
            Err(_) if !has_log(&place).await? => Ok(None),
            Err(source) => Err(delta_error(name)(source)),
        }
    }

    /// The table as it is said to be: the log is not read for it, so that it is to be asked whether it
    /// [has](Table::has) this version and none after it.
    pub(super) fn told(
        warehouse: &Warehouse,
        name: &'static str,
        version: u64,
        mut files: Vec<DataFile>,
    ) -> Self {
        files.sort_unstable_by(|left, right| left.path.cmp(&right.path));
        let place = place_of(warehouse, name);
        let delta = DeltaTable::new(log_store(&place));
        Self { name, place, delta, version, files }
    }

    /// Whether the log has a version.
    ///
    /// # Errors
    /// The log can't be read.
    pub async fn has(&self, version: u64) -> Result<bool, WarehouseError> {
        let entry = self.delta.log_store().read_commit_entry(version).await;
        Ok(entry.map_err(delta_error(self.name))?.is_some())
    }

    pub(super) async fn create(
        warehouse: &Warehouse,
        name: &'static str,
    ) -> Result<Self, WarehouseError> {
        let place = place_of(warehouse, name);
        let schema = layout::schema(name, warehouse.dimensions());
        let kernel: StructType = schema
            .as_ref()
            .try_into_kernel()
            .map_err(|source| WarehouseError::Arrow { table: name.to_owned(), source })?;
        let delta = CreateBuilder::new()
            .with_log_store(log_store(&place))
            .with_table_name(name)
            .with_columns(kernel.fields().cloned())
            .with_partition_columns(layout::partition_columns(name))
            .with_configuration([(
                "delta.checkpointInterval",
                Some(CHECKPOINT_INTERVAL.to_string()),
            )])
            .with_save_mode(SaveMode::Ignore)
            .await
            .map_err(delta_error(name))?;
        Self::new(name, place, delta)
    }

    /// The table's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where its data lies.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The version of its log that was read, or committed since.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Its live files, ordered by path.
    pub fn files(&self) -> &[DataFile] {
        &self.files
    }

    /// Commits a change against the state that was read and the commits made since.
    ///
    /// # Errors
    /// [`WarehouseError::Conflict`] where somebody committed in between; nothing has changed then.
    pub async fn commit(&mut self, change: Change) -> Result<(), WarehouseError> {
        let Change { add, remove, note } = change;
        let version = self.version + 1;
        let put = self.put(version, &add, &remove, note).await;
        put.map_err(|error| self.commit_error(error))?;
        self.version = version;
        let gone: HashSet<&str> = remove.iter().map(|file| file.path.as_str()).collect();
        self.files.retain(|file| !gone.contains(file.path.as_str()));
        self.files.extend(add);
        self.files.sort_unstable_by(|left, right| left.path.cmp(&right.path));
        if (version + 1).is_multiple_of(CHECKPOINT_INTERVAL) {
            self.checkpoint().await.map_err(delta_error(self.name))?;
        }
        Ok(())
    }

    /// Writes the state down, so that who opens the table need not read the log from its beginning.
    async fn checkpoint(&mut self) -> Result<(), DeltaTableError> {
        self.delta.update_state().await?;
        create_checkpoint(&self.delta, None).await
    }

    /// Adds a version to the log, which nobody may have done before.
    async fn put(
        &self,
        version: u64,
        add: &[DataFile],
        remove: &[DataFile],
        note: Option<serde_json::Value>,
    ) -> Result<(), DeltaTableError> {
        let adds = add.iter().map(|file| Action::Add(add_action(file)));
        let removes = remove.iter().map(|file| Action::Remove(remove_action(file)));
        let operation =
            DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
        let note = note.map(|note| (NOTE.to_owned(), note));
        let log = self.delta.log_store();
        let prepared = CommitBuilder::from(CommitProperties::default().with_metadata(note))
            .with_actions(removes.chain(adds).collect())
            .build(self.state(), Arc::clone(&log), operation)
            .into_prepared_commit_future()
            .await?;
        let entry = prepared.commit_or_bytes().clone();
        Ok(log.write_commit_entry(version, entry, Default::default()).await?)
    }

    /// What a commit is checked against: whether the table may be written by us, which its log tells.
    fn state(&self) -> Option<&dyn TableReference> {
        self.delta.snapshot().ok().map(|state| state as _)
    }

    /// The notes of the commits after `version`, oldest first, each with its version.
    ///
    /// # Errors
    /// The log can't be read.
    pub async fn notes_since(
        &self,
        version: u64,
    ) -> Result<Vec<(u64, serde_json::Value)>, WarehouseError> {
        let log = self.delta.log_store();
        let mut notes = Vec::new();
        for version in version + 1..=self.version() {
            let entry = log.read_commit_entry(version).await.map_err(delta_error(self.name))?;
            let lines = entry.unwrap_or_default();
            let found = lines.split(|byte| *byte == b'\n').find_map(note_of);
            notes.extend(found.map(|note| (version, note)));
        }
        Ok(notes)
    }

    fn commit_error(&self, error: DeltaTableError) -> WarehouseError {
        match error {
            DeltaTableError::VersionAlreadyExists(_)
            | DeltaTableError::Transaction {
                source:
                    TransactionError::MaxCommitAttempts(_)
                    | TransactionError::CommitConflict(_)
                    | TransactionError::VersionAlreadyExists(_),
            } => WarehouseError::Conflict(self.name.to_owned()),
            source => delta_error(self.name)(source),
        }
    }
}

fn note_of(line: &[u8]) -> Option<serde_json::Value> {
    let mut action: serde_json::Value = serde_json::from_slice(line).ok()?;
    action.get_mut("commitInfo")?.get_mut(NOTE).map(serde_json::Value::take)
}

fn delta_error(table: &str) -> impl Fn(DeltaTableError) -> WarehouseError {
    move |source| WarehouseError::Delta { table: table.to_owned(), source }
}

fn place_of(warehouse: &Warehouse, name: &str) -> Place {
    let place = &warehouse.place;
    Place { url: place.url_below(name), store: Arc::clone(&place.store), prefix: place.below(name) }
}

/// A log store over our own object store, so that one set of credentials serves everything.
fn log_store(place: &Place) -> deltalake_core::logstore::LogStoreRef {
    let prefixed = PrefixStore::new(Arc::clone(&place.store), place.prefix.clone());
    default_logstore(
        Arc::new(prefixed),
        Arc::clone(&place.store),
        &place.url,
        &StorageConfig::default(),
    )
}

async fn has_log(place: &Place) -> Result<bool, WarehouseError> {
    let log = place.below("_delta_log");
    let mut listed = place.store.list(Some(&log));
    let first = listed.try_next().await;
    let path = log.to_string();
    Ok(first.map_err(|source| WarehouseError::Storage { action: "read", path, source })?.is_some())
}

#[cfg(test)]
mod tests;
